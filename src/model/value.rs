//! Checking values without a cluster: names, types, shapes.
//!
//! Every value of the source passes here once. What can only be known on a cluster, such as a label that is absent
//! there, is found by [`eval`](super::eval), which stays silent on what was reported here.

use foldhash::{HashMap, HashMapExt as _};
use serde_json::Value;

use super::Model;
use super::field::FieldType;
use super::predicate::{Predicate, lower, not_a_value};
use super::schema::{Kind, Type};
use super::scope::{Place, Referent, Scope};
use crate::diag::{Applicability, Diagnostic, Diagnostics, codes, did_you_mean, one_of};
use crate::source::{Origin, Span};
use crate::syntax::ast::{Expr, ExprKind, Name, Path, Text, TextPart};

/// The checked conditions of `if`, and predicates that stand as values, by their place.
pub type Conditions = HashMap<Span, Predicate>;

/// A value of type `ty` that needs no cluster: a literal, or a bare name that stands for itself.
pub fn literal_of(ty: &FieldType, expr: &Expr) -> Option<Value> {
    match (&expr.kind, ty) {
        (ExprKind::Path(path), FieldType::Choice(_) | FieldType::Text) if path.parts.len() == 1 => {
            fits(ty, path.text().into())
        }
        (ExprKind::Text(text), FieldType::Choice(_) | FieldType::Text) => fits(ty, text.as_literal()?.into()),
        (ExprKind::Bool(value), FieldType::Bool) => Some(Value::Bool(*value)),
        (ExprKind::Int(value), FieldType::Int) => Some((*value).into()),
        (ExprKind::List(items), FieldType::List) => {
            items.iter().map(scalar).collect::<Option<Vec<_>>>().map(Value::Array)
        }
        _ => None,
    }
}

fn fits(ty: &FieldType, value: Value) -> Option<Value> {
    match (ty, value.as_str()) {
        (FieldType::Choice(values), Some(text)) if !values.iter().any(|known| known == text) => None,
        _ => Some(value),
    }
}

fn scalar(expr: &Expr) -> Option<Value> {
    match &expr.kind {
        ExprKind::Bool(value) => Some(Value::Bool(*value)),
        ExprKind::Int(value) => Some((*value).into()),
        ExprKind::Float(value) => serde_json::Number::from_f64(*value).map(Value::Number),
        ExprKind::Text(text) => text.as_literal().map(Value::from),
        ExprKind::Path(path) if path.parts.len() == 1 => Some(path.text().into()),
        ExprKind::List(items) => items.iter().map(scalar).collect::<Option<Vec<_>>>().map(Value::Array),
        _ => None,
    }
}

/// What an expression is, in words for a label.
pub fn describe(expr: &Expr) -> &'static str {
    match &expr.kind {
        ExprKind::Error => "nothing",
        ExprKind::Null => "`null`",
        ExprKind::Bool(_) => "`true` or `false`",
        ExprKind::Int(_) => "a whole number",
        ExprKind::Float(_) => "a number",
        ExprKind::Duration(_) => "a duration",
        ExprKind::Share(_) => "a share",
        ExprKind::Text(_) => "a string",
        ExprKind::Path(_) => "a name",
        ExprKind::List(_) => "a list",
        ExprKind::Map(_) | ExprKind::Tagged(..) => "a map",
        ExprKind::If { .. } => "an `if`",
        ExprKind::Not(_) | ExprKind::And(_) | ExprKind::Or(_) => "a predicate",
        ExprKind::Compare { .. } | ExprKind::In { .. } | ExprKind::Like { .. } | ExprKind::Has(_) => "a predicate",
    }
}

/// Whether `expr` is text without its quotes to some readers.
fn is_bare(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Int(_) | ExprKind::Float(_) | ExprKind::Bool(_))
}

/// Whether an expression is a predicate, which stands for `true` or `false`.
pub fn is_predicate(expr: &Expr) -> bool {
    describe(expr) == "a predicate"
}

/// Checks values; holds what is found.
pub struct Checker<'c, 'a> {
    /// The model so far.
    pub model: &'c Model<'a>,
    /// Where checked conditions go.
    pub conditions: &'c mut Conditions,
    /// Where problems go.
    pub diagnostics: &'c mut Diagnostics,
}

impl Checker<'_, '_> {
    /// Checks `expr` as a value of an attribute of type `ty`.
    pub fn attribute(&mut self, ty: &Type, expr: &Expr, scope: &Scope) {
        if *ty == Type::Predicate || (*ty == Type::Clusters && !matches!(expr.kind, ExprKind::List(_))) {
            self.condition(expr, scope);
            return;
        }
        self.each_leaf(expr, scope, &mut |checker, leaf| checker.leaf(ty, leaf, scope));
    }

    /// Checks `expr` as a value of a label, fact or parameter named by `what`. Whether a bare name may be a reference
    /// instead of a value is `references`.
    pub fn field(
        &mut self,
        ty: &FieldType,
        expr: &Expr,
        scope: &Scope,
        what: &str,
        declared: (Span, String),
        references: bool,
    ) {
        self.each_leaf(expr, scope, &mut |checker, leaf| {
            if *ty == FieldType::Error || leaf.kind_is_error() {
                return;
            }
            match (&leaf.kind, ty) {
                (ExprKind::Text(text), FieldType::Text | FieldType::Choice(_)) if text.as_literal().is_none() => {
                    checker.text(text, scope);
                }
                (_, FieldType::Bool) if is_predicate(leaf) => checker.condition(leaf, scope),
                (ExprKind::List(_), FieldType::List) if references => checker.free(leaf, scope),
                (ExprKind::Path(path), FieldType::Text | FieldType::Bool | FieldType::Int | FieldType::List)
                    if references =>
                {
                    checker.reference(path, scope, Some(ty));
                }
                _ if literal_of(ty, leaf).is_some() => {}
                // A word that could be a value is one; where it cannot, a `for` variable may be meant.
                (ExprKind::Path(path), FieldType::Bool | FieldType::Int | FieldType::List)
                    if scope.variables.contains(&path.text()) => {}
                _ => {
                    let written = checker.written(leaf);
                    let mut diagnostic = not_a_value(ty, what, Some(&declared), leaf, written);
                    if checker.is_data(leaf) && *ty == FieldType::Text && is_bare(leaf) {
                        diagnostic.helps = vec![format!("quote it in the data file: `\"{written}\"`")];
                    }
                    if scope.variables.iter().any(|variable| variable == written) {
                        diagnostic.helps = vec![format!("write `\"${{{written}}}\"` for the variable's value")];
                        diagnostic.fixes.clear();
                    }
                    checker.diagnostics.push(diagnostic);
                }
            }
        });
    }

    /// Whether `expr` stands in a data file, where text is written in other ways than in the language.
    pub(super) fn is_data(&self, expr: &Expr) -> bool {
        self.model.sources.file(expr.span.source).origin == Origin::Data
    }

    /// How `expr` is written; in a data file, the text that it means.
    fn written<'e>(&'e self, expr: &'e Expr) -> &'e str {
        match &expr.kind {
            ExprKind::Text(text) if self.is_data(expr) => text.as_literal().unwrap_or(""),
            _ => self.model.text(expr.span),
        }
    }

    /// Checks `expr` as a predicate and keeps it.
    pub fn condition(&mut self, expr: &Expr, scope: &Scope) {
        let predicate = lower(self.model, scope, expr, self.diagnostics);
        self.conditions.insert(expr.span, predicate);
    }

    fn each_leaf(&mut self, expr: &Expr, scope: &Scope, visit: &mut dyn FnMut(&mut Self, &Expr)) {
        match &expr.kind {
            ExprKind::If { .. } if scope.place == Place::Fixed => self.diagnostics.push(
                Diagnostic::new(codes::WRONG_TYPE, expr.span, "this takes no `if`, because it belongs to no cluster")
                    .label("the same on every cluster")
                    .help("write one value"),
            ),
            ExprKind::If { branches, otherwise } => {
                for branch in branches {
                    self.condition(&branch.condition, scope);
                    self.each_leaf(&branch.value, scope, visit);
                }
                self.each_leaf(otherwise, scope, visit);
            }
            _ => visit(self, expr),
        }
    }

    fn leaf(&mut self, ty: &Type, expr: &Expr, scope: &Scope) {
        match (ty, &expr.kind) {
            (_, ExprKind::Error) => {}
            (Type::Map, _) => self.map(expr, scope),
            (Type::Tagged(tags), _) => self.tagged(tags, expr, scope),
            (Type::TextMap, ExprKind::Map(entries)) => {
                self.keys(entries.iter().map(|entry| &entry.key));
                for entry in entries {
                    self.attribute(&Type::Text, &entry.value, scope);
                }
            }
            (Type::Name | Type::Text | Type::Path | Type::EngineVersion, ExprKind::Text(text)) => {
                self.text(text, scope)
            }
            (Type::Name, ExprKind::Path(path)) => {
                if let [_, second, ..] = path.parts.as_slice() {
                    self.wrong(second.span, "a name has no dots", "a dot", "quote it if the dot belongs to the name");
                }
            }
            (Type::Text | Type::Path, ExprKind::Path(path)) => self.reference(path, scope, Some(&FieldType::Text)),
            (Type::Bool, ExprKind::Bool(_)) | (Type::Int, ExprKind::Int(_)) => {}
            (Type::Bool, ExprKind::Path(path)) => self.reference(path, scope, Some(&FieldType::Bool)),
            (Type::Bool, _) if is_predicate(expr) => self.condition(expr, scope),
            (Type::Int, ExprKind::Path(path)) => self.reference(path, scope, Some(&FieldType::Int)),
            (Type::Duration, ExprKind::Duration(_)) | (Type::Share, ExprKind::Int(_) | ExprKind::Share(_)) => {}
            (Type::Choice(words), ExprKind::Path(path)) => self.choice(words, &path.text(), expr.span),
            (Type::Choice(words), ExprKind::Text(text)) if text.as_literal().is_some() => {
                self.choice(words, text.as_literal().unwrap_or(""), expr.span);
            }
            (Type::Reference(Kind::Source), ExprKind::Path(path)) if scope.std => {
                self.declared(Kind::Source, &format!("std.{}", path.text()), path.span);
            }
            (Type::Reference(kind), ExprKind::Path(path)) => self.declared(*kind, &path.text(), path.span),
            (Type::Reference(kind), ExprKind::Text(text)) if text.as_literal().is_some() => {
                self.declared(*kind, text.as_literal().unwrap_or(""), expr.span);
            }
            (Type::List(inner), ExprKind::List(items)) => {
                for item in items {
                    self.attribute(inner, item, scope);
                }
            }
            (Type::Clusters, ExprKind::List(items)) => {
                for item in items {
                    self.attribute(&Type::Text, item, &Scope::of(Place::Fixed));
                }
            }
            (Type::Repositories, ExprKind::List(items)) => items.iter().for_each(|item| self.repository(item, scope)),
            _ => {
                let (expected, help) = expectation(ty);
                self.wrong(expr.span, &format!("expected {expected}"), describe(expr), &help);
            }
        }
    }

    fn repository(&mut self, item: &Expr, scope: &Scope) {
        match &item.kind {
            ExprKind::Path(path) if path.text() == "fleet" => {}
            ExprKind::Path(path) => self.declared(Kind::Source, &path.text(), path.span),
            _ => self.attribute(&Type::Text, item, scope),
        }
    }

    fn wrong(&mut self, span: Span, message: &str, found: &str, help: &str) {
        self.diagnostics.push(
            Diagnostic::new(codes::WRONG_TYPE, span, message).label(format!("found {found}")).help(help.to_string()),
        );
    }

    fn choice(&mut self, words: &[&'static str], written: &str, span: Span) {
        if words.contains(&written) {
            return;
        }
        let diagnostic =
            Diagnostic::new(codes::UNKNOWN_VALUE, span, format!("`{written}` is not a value of this attribute"))
                .label(format!("expected {}", one_of(words.iter().copied())));
        self.diagnostics.push(match did_you_mean(written, words.iter().copied()) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
                format!("write `{near}`"),
                Applicability::Unsafe,
                span,
                near,
            ),
            None => diagnostic.help(format!("write {}", one_of(words.iter().copied()))),
        });
    }

    /// A name that must be declared.
    pub fn declared(&mut self, kind: Kind, name: &str, span: Span) {
        if let Some(diagnostic) = self.model.unknown_reference(kind, name, span) {
            self.diagnostics.push(diagnostic);
        }
    }

    fn map(&mut self, expr: &Expr, scope: &Scope) {
        if matches!(expr.kind, ExprKind::Map(_)) {
            self.free(expr, scope);
        } else {
            self.wrong(expr.span, "expected a map", describe(expr), "write `{ key = value }`");
        }
    }

    /// Checks a free-form value.
    pub fn free(&mut self, expr: &Expr, scope: &Scope) {
        match &expr.kind {
            ExprKind::If { .. } => self.each_leaf(expr, scope, &mut |checker, leaf| checker.free(leaf, scope)),
            ExprKind::Text(text) => self.text(text, scope),
            ExprKind::Path(path) => self.reference(path, scope, None),
            ExprKind::List(items) => items.iter().for_each(|item| self.free(item, scope)),
            ExprKind::Map(entries) => {
                self.keys(entries.iter().map(|entry| &entry.key));
                entries.iter().for_each(|entry| self.free(&entry.value, scope));
            }
            ExprKind::Tagged(tag, _) => {
                self.wrong(
                    tag.span,
                    "a map has no word before its brace",
                    "a word",
                    "leave the word out, or write `key = { … }`",
                );
            }
            _ if is_predicate(expr) => self.condition(expr, scope),
            _ => {}
        }
    }

    /// F0213 for keys that come twice.
    pub fn keys<'n>(&mut self, keys: impl Iterator<Item = &'n Name>) {
        let mut seen: HashMap<&str, Span> = HashMap::new();
        for key in keys {
            match seen.get(key.text.as_str()) {
                Some(first) => self.diagnostics.push(
                    Diagnostic::new(codes::DUPLICATE_ENTRY, key.span, format!("`{}` is set twice", key.text))
                        .label("set again here")
                        .related(*first, "first set here")
                        .help("keep one of them"),
                ),
                None => {
                    seen.insert(&key.text, key.span);
                }
            }
        }
    }

    /// Checks the `${…}` of a string.
    pub fn text(&mut self, text: &Text, scope: &Scope) {
        for part in &text.parts {
            if let TextPart::Name(name) = part {
                self.named(&name.text, name.span, scope, Some(&FieldType::Text));
            }
        }
    }

    fn reference(&mut self, path: &Path, scope: &Scope, expected: Option<&FieldType>) {
        self.named(&path.text(), path.span, scope, expected);
    }

    fn named(&mut self, name: &str, span: Span, scope: &Scope, expected: Option<&FieldType>) {
        let Some(referent) = scope.find(self.model, name) else {
            self.unknown(name, span, scope, expected);
            return;
        };
        let (found, declared) = match referent {
            Referent::Field(index) => match self.model.fields.get(index) {
                Some(field) => (field.ty.clone(), Some(super::field::declared_here(field))),
                None => return,
            },
            Referent::Param(index) => match scope.params.get(index) {
                Some(param) => (param.ty.clone(), Some((param.span, "the parameter is declared here".to_string()))),
                None => return,
            },
            Referent::Cluster | Referent::Component | Referent::Namespace | Referent::Variable(_) => {
                (FieldType::Text, None)
            }
        };
        let ok = match (expected, &found) {
            (None, _) | (_, FieldType::Error) => true,
            (Some(FieldType::Text), found) => *found != FieldType::List,
            (Some(expected), found) => expected == found,
        };
        if let (false, Some(expected)) = (ok, expected) {
            let mut diagnostic = Diagnostic::new(
                codes::WRONG_TYPE,
                span,
                format!("expected {}, but `{name}` is {}", expected.words(), found.words()),
            )
            .label("has another type")
            .help(format!("write {}", expected.words()));
            if let Some((at, text)) = declared {
                diagnostic = diagnostic.related(at, text);
            }
            self.diagnostics.push(diagnostic);
        }
    }

    fn unknown(&mut self, name: &str, span: Span, scope: &Scope, expected: Option<&FieldType>) {
        let known = scope.names(self.model);
        let diagnostic = Diagnostic::new(codes::UNKNOWN_NAME, span, format!("nothing is named `{name}` here")).label(
            match (name, scope.place) {
                ("namespace", Place::Parameter) => "the namespace itself may depend on this value",
                _ => "not a label, fact or parameter",
            },
        );
        let diagnostic = match did_you_mean(name, known.iter().map(String::as_str)) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
                format!("write `{near}`"),
                Applicability::Unsafe,
                span,
                near,
            ),
            None if matches!(expected, Some(FieldType::Bool | FieldType::Int)) => {
                diagnostic.help(format!("write {}", expected.map(FieldType::words).unwrap_or_default()))
            }
            None if known.is_empty() => diagnostic.help("nothing can be named here; write the text out, in quotes"),
            None => {
                let diagnostic = diagnostic
                    .help(format!("quote it if it is text, or name {}", one_of(known.iter().map(String::as_str))));
                // In a `${…}` it is part of a text already.
                let before = Span { start: span.start.saturating_sub(2), end: span.start, ..span };
                match self.model.text(before) {
                    "${" => diagnostic,
                    _ => diagnostic.fix("quote it", Applicability::Unsafe, span, format!("\"{name}\"")),
                }
            }
        };
        self.diagnostics.push(diagnostic);
    }
}

/// What a type expects, and what to write.
fn expectation(ty: &Type) -> (String, String) {
    let (expected, help) = match ty {
        Type::Name => ("a name", "write a name, or a string"),
        Type::Text => ("a string", "write it in quotes: `\"…\"`"),
        Type::Path => ("a path", "write it in quotes: `\"a/b\"`"),
        Type::Bool => ("`true` or `false`", "write `true` or `false`"),
        Type::Int => ("a whole number", "write a number such as `3`"),
        Type::Duration => ("a duration", "write for example `30s`, `10m` or `1h30m`"),
        Type::Share => ("a count or a share", "write for example `3` or `25%`"),
        Type::EngineVersion => ("a version in quotes", "write for example `\"3.5\"`"),
        Type::Choice(words) => {
            let words = one_of(words.iter().copied());
            return (words.clone(), format!("write {words}"));
        }
        Type::Reference(kind) => {
            let what = match kind {
                Kind::Source => "the name of a source",
                Kind::Project => "the name of a project",
                Kind::Rollout => "the name of a rollout",
                Kind::Component => "the name of a component",
                Kind::Store => "the name of a store",
            };
            (what, "write its name, without `${…}`")
        }
        Type::Predicate | Type::Clusters => ("a predicate", "write for example `env == prod`"),
        Type::List(_) => ("a list", "write `[a, b]`"),
        Type::Map | Type::TextMap => ("a map", "write `{ key = \"value\" }`"),
        Type::Tagged(_) => ("a word", "write one of the words that it takes"),
        Type::Repositories => ("a list of repositories", "write `[\"https://…/*\"]`"),
    };
    (expected.to_string(), help.to_string())
}
