//! What is written for an object of an engine, against the fields that it has.
//!
//! Takes the entries of a map as they are written and reports fields that are not there, values of the wrong type, and
//! fields that are not free. That names exist and keys come once is [`Checker::free`]'s; what only a cluster can tell, and
//! what the declared version of an engine lacks, is found by `plan::resolve::raw`.

use super::body::attributes;
use super::field::{FieldType, declared_here};
use super::scope::{Referent, Scope};
use super::value::{Checker, describe, is_predicate};
use crate::diag::{Applicability, Diagnostic, codes, did_you_mean, one_of};
use crate::kinds::{Fields, Kind, Object, Place, Type, When};
use crate::source::Span;
use crate::syntax::ast::{self, Attribute, Expr, ExprKind, Name, Path};

/// Checks the field `key` at the top of a whole object of `kind`, which is `value` or a block of `entries`. What may come
/// from another layer is not missing.
pub fn check_field(checker: &mut Checker, kind: &'static Kind, (key, written): (&Name, Written), scope: &Scope) {
    let root = kind.fields();
    let mut walk = Walk { checker, scope, kind, object: None, root, path: Vec::new() };
    walk.field(key, written, root);
}

/// How a field is written.
#[derive(Clone, Copy)]
pub enum Written<'e> {
    /// `key = value`
    Value(&'e Expr),
    /// `key { … }`
    Block(&'e ast::Block),
}

/// Checks raw fields of `object`, which stand below its `spec`. What may come from another layer is not missing.
pub fn check_raw<'e>(
    checker: &mut Checker,
    object: Object,
    entries: impl Iterator<Item = &'e Attribute>,
    scope: &Scope,
) {
    let (Some(kind), Some(root)) = (object.kind(), object.spec()) else { return };
    let mut walk = Walk { checker, scope, kind, object: Some(object), root, path: Vec::new() };
    walk.fields(entries, root);
}

/// F0323 for an object at `span` that lacks the field `name`.
pub fn missing_field(span: Span, owner: &str, name: &str) -> Diagnostic {
    Diagnostic::new(codes::MISSING_FIELD, span, format!("{owner} lacks the field `{name}`"))
        .label(format!("needs `{name}`"))
        .help(format!("write `{name} = …`"))
}

/// What a value of `ty` is, in words.
pub fn words(ty: &Type) -> &'static str {
    match ty {
        Type::Text => "a string",
        Type::Int => "a whole number",
        Type::Number => "a number",
        Type::Bool => "`true` or `false`",
        Type::Duration => "a duration",
        Type::IntOrText => "a whole number or a string",
        Type::Any => "a value",
        Type::Object | Type::Map(_) => "a map",
        Type::List(_) => "a list",
    }
}

/// F0302 for `written`, which is none of the values of `place`.
pub fn unknown_value(span: Span, written: &str, path: &str, place: Place) -> Diagnostic {
    let known = one_of(place.values());
    let diagnostic = Diagnostic::new(codes::UNKNOWN_VALUE, span, format!("`{written}` is not a value of `{path}`"))
        .label(format!("expected {known}"));
    match did_you_mean(written, place.values()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
            format!("write `{near}`"),
            Applicability::Unsafe,
            span,
            format!("\"{near}\""),
        ),
        None => diagnostic.help(format!("write {known}")),
    }
}

/// F0314 for what Flux does not read as a duration.
pub fn no_duration(span: Span, written: &str, path: &str) -> Diagnostic {
    Diagnostic::new(codes::INVALID_VALUE, span, format!("`{written}` is no duration for `{path}`"))
        .label("Flux reads hours, minutes, seconds and milliseconds")
        .help("write for example `30s`, `10m` or `1h30m`")
}

/// Whether Flux takes `text` as a duration: numbers, each with `ms`, `s`, `m` or `h` behind it.
pub fn is_duration(text: &str) -> bool {
    let mut rest = text;
    while !rest.is_empty() {
        let unit = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let number = rest.strip_suffix(unit).unwrap_or(rest);
        let whole = number.split_once('.').is_none_or(|(_, parts)| !parts.is_empty() && !parts.contains('.'));
        let Some(behind) = ["ms", "s", "m", "h"].iter().find_map(|word| unit.strip_prefix(word)) else { return false };
        if !number.starts_with(|c: char| c.is_ascii_digit()) || !whole {
            return false;
        }
        rest = behind;
    }
    !text.is_empty()
}

struct Walk<'w, 'c, 'a> {
    checker: &'w mut Checker<'c, 'a>,
    scope: &'w Scope<'w>,
    kind: &'static Kind,
    /// Where raw fields go, of which some are not free.
    object: Option<Object>,
    /// The fields that `path` begins in.
    root: Fields,
    path: Vec<String>,
}

impl Walk<'_, '_, '_> {
    fn fields<'e>(&mut self, entries: impl Iterator<Item = &'e Attribute>, fields: Fields) {
        entries.for_each(|entry| self.field(&entry.key, Written::Value(&entry.value), fields));
    }

    fn field(&mut self, key: &Name, written: Written, fields: Fields) {
        self.path.push(key.text.clone());
        let path = self.path.join(".");
        let owner = self.object.and_then(|object| object.owner(&path));
        match (fields.find(&key.text), owner) {
            (_, Some(owned)) if matches!(owned.when, When::Always) => {
                self.checker.diagnostics.push(self.not_free(key.span, &path, owned.instead));
            }
            (Some(place), _) => match written {
                Written::Value(value) => self.value(value, place),
                Written::Block(body) => self.block(body, place, key.span),
            },
            (None, _) => {
                let diagnostic = self.unknown(key, fields);
                self.checker.diagnostics.push(diagnostic);
            }
        }
        self.path.pop();
    }

    fn block(&mut self, body: &ast::Block, place: Place, span: Span) {
        match place.ty {
            Type::Object => self.fields(attributes(body), place.fields()),
            Type::Map(_) => self.inner(attributes(body).map(|entry| &entry.value), place),
            Type::Any => {}
            ty => {
                let message = format!("`{}` takes {}", self.path.join("."), words(ty));
                let diagnostic = Diagnostic::new(codes::WRONG_TYPE, span, message).label("found a block");
                self.checker.diagnostics.push(diagnostic.help(format!("write `{} = …`", self.path.join("."))));
            }
        }
    }

    fn value(&mut self, expr: &Expr, place: Place) {
        match (&expr.kind, place.ty) {
            (ExprKind::If { branches, otherwise }, _) => {
                branches.iter().for_each(|branch| self.value(&branch.value, place));
                self.value(otherwise, place);
            }
            // Reported where free values are checked.
            (ExprKind::Error | ExprKind::Tagged(..), _) | (_, Type::Any) => {}
            (ExprKind::Path(path), _) => self.reference(path, place),
            (ExprKind::Map(entries), Type::Object) => {
                self.fields(entries.iter(), place.fields());
            }
            (ExprKind::Map(entries), Type::Map(_)) => self.inner(entries.iter().map(|entry| &entry.value), place),
            (ExprKind::List(items), Type::List(_)) => self.inner(items.iter(), place),
            (ExprKind::Text(text), Type::Text | Type::Duration | Type::IntOrText) => {
                if let Some(text) = text.as_literal() {
                    self.text(text, expr.span, place);
                }
            }
            (ExprKind::Duration(_) | ExprKind::Share(_), Type::Text | Type::Duration | Type::IntOrText) => {
                let text = self.checker.model.text(expr.span).to_owned();
                self.text(&text, expr.span, place);
            }
            (ExprKind::Int(_), Type::Int | Type::Number | Type::IntOrText)
            | (ExprKind::Float(_), Type::Number)
            | (ExprKind::Bool(_), Type::Bool) => {}
            (_, Type::Bool) if is_predicate(expr) => {}
            _ => self.wrong(expr, place),
        }
    }

    fn inner<'e>(&mut self, items: impl Iterator<Item = &'e Expr>, place: Place) {
        if let Some(inner) = place.inner() {
            items.for_each(|item| self.value(item, inner));
        }
    }

    fn text(&mut self, text: &str, span: Span, place: Place) {
        let path = self.path.join(".");
        if *place.ty == Type::Duration && !is_duration(text) {
            self.checker.diagnostics.push(no_duration(span, text, &path));
        } else if place.values().next().is_some() && place.value_since(text).is_none() {
            self.checker.diagnostics.push(unknown_value(span, text, &path, place));
        }
    }

    fn reference(&mut self, path: &Path, place: Place) {
        let model = self.checker.model;
        let name = path.text();
        let (found, declared) = match self.scope.find(model, &name) {
            None => return,
            Some(Referent::Field(index)) => match model.fields.get(index) {
                Some(field) => (field.ty.clone(), Some(declared_here(field))),
                None => return,
            },
            Some(Referent::Param(index)) => match self.scope.params.get(index) {
                Some(param) => (param.ty.clone(), Some((param.span, "the parameter is declared here".to_owned()))),
                None => return,
            },
            Some(_) => (FieldType::Text, None),
        };
        let text = matches!(found, FieldType::Text | FieldType::Choice(_));
        let fits = match place.ty {
            Type::Text | Type::Duration => text,
            Type::IntOrText => text || found == FieldType::Int,
            Type::Int | Type::Number => found == FieldType::Int,
            Type::Bool => found == FieldType::Bool,
            Type::List(_) => found == FieldType::List,
            Type::Any => true,
            Type::Object | Type::Map(_) => false,
        };
        if fits || found == FieldType::Error {
            return;
        }
        let message = format!("`{}` takes {}, but `{name}` is {}", self.path.join("."), words(place.ty), found.words());
        let help = match place.ty {
            Type::Text if found != FieldType::List => format!("write `\"${{{name}}}\"` for its text"),
            _ => format!("write {}", words(place.ty)),
        };
        let diagnostic = Diagnostic::new(codes::WRONG_TYPE, path.span, message).label("has another type").help(help);
        self.checker.diagnostics.push(match declared {
            Some((span, text)) => diagnostic.related(span, text),
            None => diagnostic,
        });
    }

    fn wrong(&mut self, expr: &Expr, place: Place) {
        let message = format!("`{}` takes {}", self.path.join("."), words(place.ty));
        let diagnostic =
            Diagnostic::new(codes::WRONG_TYPE, expr.span, message).label(format!("found {}", describe(expr)));
        let written = self.checker.model.text(expr.span).to_owned();
        self.checker.diagnostics.push(match (&expr.kind, place.ty) {
            (ExprKind::Null, _) => diagnostic.help("leave the field out"),
            (ExprKind::Int(_) | ExprKind::Float(_) | ExprKind::Bool(_), Type::Text) => diagnostic
                .help("write it in quotes")
                .fix("quote it", Applicability::Unsafe, expr.span, format!("\"{written}\"")),
            (_, Type::List(_)) => diagnostic.help("write `[…]`"),
            (_, Type::Object) => diagnostic.help(format!("write `{{ … }}` with {}", one_of(place.fields().names()))),
            (_, Type::Map(_)) => diagnostic.help("write `{ key = \"value\" }`"),
            (_, ty) => diagnostic.help(format!("write {}", words(ty))),
        });
    }

    /// What stands `depth` keys down, in words.
    fn named(&self, depth: usize) -> String {
        match self.path.get(..depth).unwrap_or_default() {
            [] => format!("the `{}`", self.kind.name),
            keys => format!("`{}` of the `{}`", keys.join("."), self.kind.name),
        }
    }

    /// F0322
    fn unknown(&self, key: &Name, fields: Fields) -> Diagnostic {
        let message = format!("{} has no field `{}`", self.named(self.path.len().saturating_sub(1)), key.text);
        let diagnostic = Diagnostic::new(codes::UNKNOWN_FIELD, key.span, message)
            .label(format!("not a field of {}", self.kind.engine.name()));
        if let Some(near) = did_you_mean(&key.text, fields.names()) {
            return diagnostic.help(format!("did you mean `{near}`?")).fix(
                format!("write `{near}`"),
                Applicability::Unsafe,
                key.span,
                near,
            );
        }
        if let Some(path) = elsewhere(self.root, &key.text, 4) {
            return diagnostic.help(format!("the field `{path}` has this name"));
        }
        diagnostic.help(format!("it has {}", one_of(fields.names())))
    }

    /// F0527
    fn not_free(&self, span: Span, path: &str, instead: &str) -> Diagnostic {
        Diagnostic::new(codes::OWNED_FIELD, span, format!("fleetc itself writes `{path}` of the `{}`", self.kind.name))
            .label("not a raw field")
            .help(instead)
    }
}

/// The path of a field of this name in `fields` or in the objects below, the shortest there is.
fn elsewhere(fields: Fields, name: &str, depth: usize) -> Option<String> {
    let mut level: Vec<(String, Fields)> = vec![(String::new(), fields)];
    for _ in 0..depth {
        let mut below = Vec::new();
        for (path, fields) in &level {
            for place in fields.places() {
                let path = if path.is_empty() { place.name().to_owned() } else { format!("{path}.{}", place.name()) };
                if place.name() == name {
                    return Some(path);
                }
                if *place.ty == Type::Object {
                    below.push((path, place.fields()));
                }
            }
        }
        level = below;
    }
    None
}
