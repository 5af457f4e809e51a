//! Predicates: from an expression to a test over clusters.
//!
//! Lowering resolves and type-checks once, so that testing a cluster is only looking.

use globset::{GlobBuilder, GlobMatcher};
use serde_json::Value;

use super::field::{FieldType, as_text, declared_here};
use super::names::quoted;
use super::scope::{Env, Place, Referent, Scope};
use super::set::ClusterSet;
use super::value::literal_of;
use super::{Model, Slot};
use crate::diag::{Applicability, Diagnostic, Diagnostics, codes, did_you_mean, nearest, one_of, question};
use crate::source::Span;
use crate::syntax::ast::{self, Expr, ExprKind};

/// A checked predicate.
#[derive(Clone, Debug)]
pub enum Predicate {
    /// Not readable, reported already.
    Error,
    /// `all`, `none`.
    Constant(bool),
    /// A group or a cluster.
    Set(ClusterSet),
    /// `has label`
    Has(Referent),
    /// A bool label.
    True(Referent),
    /// `==`, `!=`, `in`, `not in`
    Among {
        /// The left side.
        left: Referent,
        /// The values.
        values: Vec<Value>,
        /// Whether it must be none of them.
        negated: bool,
    },
    /// `like`
    Like(Referent, GlobMatcher),
    /// `not`
    Not(Box<Predicate>),
    /// `and`
    And(Vec<Predicate>),
    /// `or`
    Or(Vec<Predicate>),
}

impl Predicate {
    /// Whether it holds; none when that depends on something wrong.
    ///
    /// A label that is absent is equal to nothing, in nothing and like nothing.
    pub fn holds(&self, model: &Model, env: &Env) -> Option<bool> {
        match self {
            Self::Error => None,
            Self::Constant(value) => Some(*value),
            Self::Set(set) => Some(set.contains(env.cluster)),
            Self::Has(referent) => match env.get(model, referent) {
                Slot::Token { .. } => Some(true),
                slot => present(slot, |_| true),
            },
            Self::True(referent) => present(env.get(model, referent), |value| *value == Value::Bool(true)),
            Self::Among { left, values, negated } => match env.get(model, left) {
                Slot::Token { differs: true, .. } => Some(*negated),
                slot => present(slot, |value| values.contains(value)).map(|among| among != *negated),
            },
            Self::Like(left, glob) => {
                present(env.get(model, left), |value| as_text(value).is_some_and(|text| glob.is_match(text)))
            }
            Self::Not(inner) => inner.holds(model, env).map(|holds| !holds),
            Self::And(parts) => fold(parts.iter().map(|part| part.holds(model, env)), false),
            Self::Or(parts) => fold(parts.iter().map(|part| part.holds(model, env)), true),
        }
    }

    /// Does something with this predicate and each part of it.
    pub fn visit(&self, act: &mut impl FnMut(&Self)) {
        act(self);
        match self {
            Self::Not(inner) => inner.visit(act),
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.visit(act)),
            _ => {}
        }
    }
}

fn present(slot: Slot, test: impl Fn(&Value) -> bool) -> Option<bool> {
    match slot {
        Slot::Absent => Some(false),
        Slot::Poisoned | Slot::Token { .. } => None,
        Slot::Value(value) => Some(test(&value)),
    }
}

/// `dominant` if one part is; otherwise unknown if one part is; otherwise the opposite.
fn fold(parts: impl Iterator<Item = Option<bool>>, dominant: bool) -> Option<bool> {
    let mut unknown = false;
    for part in parts {
        match part {
            Some(value) if value == dominant => return Some(dominant),
            Some(_) => {}
            None => unknown = true,
        }
    }
    if unknown { None } else { Some(!dominant) }
}

/// The clusters for which a predicate holds.
#[derive(Clone, Debug)]
pub struct Selection {
    /// The clusters.
    pub set: ClusterSet,
    /// Whether something wrong, reported already, makes the set unreliable.
    pub poisoned: bool,
}

/// The clusters of `predicate`.
pub fn select(model: &Model, predicate: &Predicate) -> Selection {
    let mut set = ClusterSet::empty(model.clusters.len());
    let mut poisoned = model.clusters_poisoned;
    for cluster in 0..model.clusters.len() {
        match predicate.holds(model, &Env::on(cluster)) {
            Some(true) => set.insert(cluster),
            Some(false) => {}
            None => poisoned = true,
        }
    }
    Selection { set, poisoned }
}

/// The clusters that stand for others of which it is not known whether `predicate` holds.
pub fn unknown(model: &Model, predicate: &Predicate) -> ClusterSet {
    let mut unknown = ClusterSet::empty(model.clusters.len());
    for (place, cluster) in model.clusters.iter().enumerate() {
        if cluster.assigned.is_some() && predicate.holds(model, &Env::on(place)).is_none() {
            unknown.insert(place);
        }
    }
    unknown
}

/// Checks `expr` as a predicate.
pub fn lower(model: &Model, scope: &Scope, expr: &Expr, diagnostics: &mut Diagnostics) -> Predicate {
    Lowering { model, scope, diagnostics }.predicate(expr)
}

/// The left side of a comparison.
struct Left<'t> {
    referent: Referent,
    /// None for the cluster's name.
    ty: Option<&'t FieldType>,
    what: String,
    declared: Option<(Span, String)>,
}

struct Lowering<'l, 'a> {
    model: &'l Model<'a>,
    scope: &'l Scope<'l>,
    diagnostics: &'l mut Diagnostics,
}

impl<'l> Lowering<'l, '_> {
    fn predicate(&mut self, expr: &Expr) -> Predicate {
        match &expr.kind {
            ExprKind::Error => Predicate::Error,
            ExprKind::Path(path) => self.word(path),
            ExprKind::Text(text) => self.quoted(text),
            ExprKind::Not(inner) => Predicate::Not(Box::new(self.predicate(inner))),
            ExprKind::And(parts) => Predicate::And(parts.iter().map(|part| self.predicate(part)).collect()),
            ExprKind::Or(parts) => Predicate::Or(parts.iter().map(|part| self.predicate(part)).collect()),
            ExprKind::Has(name) => match self.left(&name.text, name.span) {
                Some(left) => Predicate::Has(left.referent),
                None => Predicate::Error,
            },
            ExprKind::Compare { left, negated, right } => self.among(left, std::slice::from_ref(right), *negated),
            ExprKind::In { left, negated, values } => match &values.kind {
                ExprKind::List(items) => self.among(left, items, *negated),
                ExprKind::Error => Predicate::Error,
                _ => self.wrong(values.span, "expected a list of values behind `in`", "write `[a, b]`"),
            },
            ExprKind::Like { left, pattern } => self.like(left, pattern),
            ExprKind::Bool(value) => {
                let word = if *value { "all" } else { "none" };
                self.wrong(expr.span, "expected a predicate", &format!("write `{word}`"))
            }
            _ => self.wrong(
                expr.span,
                "expected a predicate",
                "name a group or cluster, or compare a label, such as `env == prod`",
            ),
        }
    }

    fn wrong(&mut self, span: Span, message: &str, help: &str) -> Predicate {
        self.diagnostics.push(
            Diagnostic::new(codes::WRONG_TYPE, span, message).label("this selects no clusters").help(help.to_string()),
        );
        Predicate::Error
    }

    fn word(&mut self, path: &ast::Path) -> Predicate {
        let text = path.text();
        match text.as_str() {
            "all" => return Predicate::Constant(true),
            "none" => return Predicate::Constant(false),
            _ => {}
        }
        if self.scope.place.in_body()
            && let Some(index) = self.scope.params.iter().position(|param| param.name == text)
        {
            let is_bool =
                self.scope.params.get(index).is_some_and(|p| matches!(p.ty, FieldType::Bool | FieldType::Error));
            if is_bool {
                return Predicate::True(Referent::Param(index));
            }
        }
        if let Some(group) = self.model.groups.get(&text) {
            return if group.poisoned { Predicate::Error } else { Predicate::Set(group.set.clone()) };
        }
        if let Some(cluster) = self.model.find_cluster(&text) {
            return self.one(cluster);
        }
        if let Some(index) = self.model.find_field(&text)
            && let Some(field) = self.model.fields.get(index)
        {
            if matches!(field.ty, FieldType::Bool) && (!field.fact || self.scope.place.in_body()) {
                return Predicate::True(Referent::Field(index));
            }
            if field.ty == FieldType::Error {
                return Predicate::Error;
            }
            let (span, here) = declared_here(field);
            self.diagnostics.push(
                Diagnostic::new(
                    codes::UNKNOWN_SELECTOR,
                    path.span,
                    format!("the {} `{text}` alone selects nothing", field.what()),
                )
                .label(format!("its values are {}", field.ty.words()))
                .related(span, here)
                .help(format!("compare it: `{text} == …`, or ask whether a cluster has it: `has {text}`")),
            );
            return Predicate::Error;
        }
        if !self.model.clusters_poisoned {
            self.unknown(path.span, &text);
        }
        Predicate::Error
    }

    fn one(&self, cluster: usize) -> Predicate {
        let mut set = ClusterSet::empty(self.model.clusters.len());
        set.insert(cluster);
        Predicate::Set(set)
    }

    fn unknown(&mut self, span: Span, text: &str) {
        let model = self.model;
        let bools = model.fields.iter().filter(|field| field.ty == FieldType::Bool && !field.fact);
        // All groups that are declared: one may be read before the one that it names.
        let known = ["all", "none"]
            .into_iter()
            .chain(model.names.groups.keys().map(String::as_str))
            .chain(model.clusters.iter().map(|cluster| cluster.name.as_ref()))
            .chain(bools.map(|field| field.name.text.as_str()));
        let diagnostic =
            Diagnostic::new(codes::UNKNOWN_SELECTOR, span, format!("no group or cluster is named `{text}`"))
                .label("not a group, a cluster or a bool label");
        let guesses = nearest(text, known);
        self.diagnostics.push(match guesses.first().copied() {
            Some(near) => {
                let found =
                    model.names.groups.get(near).map(|group| group.name.span).or_else(|| model.cluster_span(near));
                let diagnostic = diagnostic.help(question(&guesses)).fix(
                    format!("write `{near}`"),
                    Applicability::Unsafe,
                    span,
                    if matches!(near, "all" | "none") { near.to_owned() } else { quoted(near) },
                );
                match found {
                    Some(at) => diagnostic.related(at, "a similar name is declared here"),
                    None => diagnostic,
                }
            }
            None => diagnostic.help("name a group or cluster, or compare a label, such as `env == prod`"),
        });
    }

    fn quoted(&mut self, text: &ast::Text) -> Predicate {
        let Some(name) = text.as_literal() else {
            return self.wrong(text.span, "a predicate names a cluster without `${…}`", "write the cluster's name");
        };
        if let Some(group) = self.model.groups.get(name) {
            return if group.poisoned { Predicate::Error } else { Predicate::Set(group.set.clone()) };
        }
        match self.model.find_cluster(name) {
            Some(cluster) => self.one(cluster),
            None if self.model.clusters_poisoned => Predicate::Error,
            None => {
                let near = |names: Vec<&str>| did_you_mean(name, names).is_some();
                let clusters = self.model.clusters.iter().map(|cluster| cluster.name.as_ref()).collect();
                if !near(clusters) && near(self.model.groups.keys().map(String::as_str).collect()) {
                    self.unknown(text.span, name);
                } else {
                    self.diagnostics.push(self.model.unknown_cluster(text.span, name));
                }
                Predicate::Error
            }
        }
    }

    /// The label, fact, parameter or `name` on the left of a comparison.
    fn left(&mut self, text: &str, span: Span) -> Option<Left<'l>> {
        let (model, scope) = (self.model, self.scope);
        if text == "name" || (text == "cluster" && scope.place.in_body()) {
            return Some(Left {
                referent: Referent::Cluster,
                ty: None,
                what: "the cluster's name".into(),
                declared: None,
            });
        }
        if let Some(index) = scope.params.iter().position(|param| param.name == text) {
            let param = scope.params.get(index)?;
            let declared = Some((param.span, "the parameter is declared here".to_string()));
            let what = format!("the parameter `{text}`");
            return Some(Left { referent: Referent::Param(index), ty: Some(&param.ty), what, declared });
        }
        let Some(index) = model.find_field(text) else {
            let facts = scope.place.in_body();
            let fields = model.fields.iter().filter(|field| facts || !field.fact);
            let known = fields.map(|field| field.name.text.as_str()).chain(["name"]);
            self.diagnostics.push(unknown_label(model, text, span, known.collect()));
            return None;
        };
        let field = model.fields.get(index)?;
        if field.fact && !scope.place.in_body() && scope.place != Place::Engine {
            self.diagnostics.push(
                Diagnostic::new(codes::UNKNOWN_LABEL, span, format!("the fact `{text}` cannot select clusters"))
                    .label("a fact, not a label")
                    .related(field.name.span, "declared as a fact here")
                    .help(format!("declare it with `label {text}: …` to select by it")),
            );
            return None;
        }
        let what = format!("the {} `{text}`", field.what());
        Some(Left { referent: Referent::Field(index), ty: Some(&field.ty), what, declared: Some(declared_here(field)) })
    }

    fn left_of(&mut self, expr: &Expr) -> Option<Left<'l>> {
        match &expr.kind {
            ExprKind::Path(path) => self.left(&path.text(), path.span),
            // A label whose name is no plain word.
            ExprKind::Text(text)
                if text
                    .as_literal()
                    .is_some_and(|name| quoted(name) != name && self.model.find_field(name).is_some()) =>
            {
                self.left(text.as_literal().unwrap_or_default(), text.span)
            }
            ExprKind::Error => None,
            _ => {
                self.wrong(
                    expr.span,
                    "expected a label on the left of a comparison",
                    "write the label's name, without quotes",
                );
                None
            }
        }
    }

    fn among(&mut self, left: &Expr, items: &[Expr], negated: bool) -> Predicate {
        let Some(left) = self.left_of(left) else { return Predicate::Error };
        let mut values = Vec::new();
        let mut broken = false;
        for item in items {
            match self.compared(&left, item) {
                Some(value) => values.push(value),
                None => broken = true,
            }
        }
        if broken { Predicate::Error } else { Predicate::Among { left: left.referent, values, negated } }
    }

    /// The value of `item`, which must be one that `left` can have.
    fn compared(&mut self, left: &Left, item: &Expr) -> Option<Value> {
        if item.kind_is_error() {
            return None;
        }
        let Some(ty) = left.ty else {
            let text = match &item.kind {
                ExprKind::Path(path) => path.text(),
                ExprKind::Text(text) if text.as_literal().is_some() => {
                    text.as_literal().unwrap_or_default().to_string()
                }
                _ => {
                    let declared = left.declared.as_ref();
                    let written = self.model.text(item.span);
                    self.diagnostics.push(not_a_value(&FieldType::Text, &left.what, declared, item, written));
                    return None;
                }
            };
            if self.model.find_cluster(&text).is_none() {
                if !self.model.clusters_poisoned {
                    self.diagnostics.push(self.model.unknown_cluster(item.span, &text));
                }
                return None;
            }
            return Some(text.into());
        };
        if *ty == FieldType::Error {
            return None;
        }
        let value = literal_of(ty, item);
        if value.is_none() {
            self.diagnostics.push(not_a_value(
                ty,
                &left.what,
                left.declared.as_ref(),
                item,
                self.model.text(item.span),
            ));
        }
        value
    }

    fn like(&mut self, left: &Expr, pattern: &Expr) -> Predicate {
        let Some(left) = self.left_of(left) else { return Predicate::Error };
        if matches!(left.ty, Some(FieldType::Bool | FieldType::Int | FieldType::List)) {
            return self.wrong(
                pattern.span,
                &format!("{} is no string, so it is like nothing", left.what),
                "compare it with `==`",
            );
        }
        let ExprKind::Text(text) = &pattern.kind else {
            if pattern.kind_is_error() {
                return Predicate::Error;
            }
            return self.wrong(
                pattern.span,
                "expected a glob in quotes behind `like`",
                "write for example `\"prod-*\"`",
            );
        };
        let Some(glob) = text.as_literal() else {
            return self.wrong(pattern.span, "a glob takes no `${…}`", "write the glob out");
        };
        match GlobBuilder::new(glob).build() {
            Ok(glob) => Predicate::Like(left.referent, glob.compile_matcher()),
            Err(error) => {
                self.diagnostics.push(
                    Diagnostic::new(
                        codes::INVALID_VALUE,
                        pattern.span,
                        format!("this glob cannot be read: {}", error.kind()),
                    )
                    .label("`*`, `?`, `[a-z]` and `{a,b}` have a meaning here")
                    .help("close every bracket, or escape it with `\\\\`"),
                );
                Predicate::Error
            }
        }
    }
}

/// F0203 for `text`.
fn unknown_label(model: &Model, text: &str, span: Span, known: Vec<&str>) -> Diagnostic {
    let diagnostic =
        Diagnostic::new(codes::UNKNOWN_LABEL, span, format!("no label is named `{text}`")).label("not declared");
    match did_you_mean(text, known.iter().copied()) {
        Some(near) => {
            let fixed = diagnostic.help(format!("did you mean `{near}`?")).fix(
                format!("write `{near}`"),
                Applicability::Unsafe,
                span,
                quoted(near),
            );
            match model.find_field(near).and_then(|index| model.fields.get(index)) {
                Some(field) => fixed.related(field.name.span, "a similar name is declared here"),
                None => fixed,
            }
        }
        None if known.len() > 1 => diagnostic.help(format!("the labels are {}", one_of(known))),
        None => diagnostic.help(format!("declare it: `label {text}: a | b`")),
    }
}

/// F0302 or F0301: `item` is no value of type `ty`, the type of `what`.
pub fn not_a_value(
    ty: &FieldType,
    what: &str,
    declared: Option<&(Span, String)>,
    item: &Expr,
    written: &str,
) -> Diagnostic {
    let plain = written.trim_matches('"');
    let diagnostic = match ty {
        FieldType::Choice(values) if matches!(item.kind, ExprKind::Path(_) | ExprKind::Text(_) | ExprKind::Int(_)) => {
            let diagnostic =
                Diagnostic::new(codes::UNKNOWN_VALUE, item.span, format!("`{plain}` is not a value of {what}"))
                    .label(format!("expected {}", ty.words()));
            if values.iter().any(|value| value == plain) {
                let written = format!("\"{plain}\"");
                return related(diagnostic.help(format!("write `{written}`, in quotes")), declared).fix(
                    "quote it",
                    Applicability::Safe,
                    item.span,
                    written,
                );
            }
            match did_you_mean(plain, values.iter().map(String::as_str)) {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
                    format!("write `{near}`"),
                    Applicability::Unsafe,
                    item.span,
                    quoted(near),
                ),
                None => diagnostic.help(format!("write {}", ty.words())),
            }
        }
        _ => Diagnostic::new(codes::WRONG_TYPE, item.span, format!("expected {} for {what}", ty.words()))
            .label(format!("found {}", super::value::describe(item)))
            .help(format!("write {}", ty.words())),
    };
    related(diagnostic, declared)
}

fn related(diagnostic: Diagnostic, declared: Option<&(Span, String)>) -> Diagnostic {
    match declared {
        Some((span, text)) => diagnostic.related(*span, text.clone()),
        None => diagnostic,
    }
}
