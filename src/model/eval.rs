//! Values on a cluster.
//!
//! Takes checked expressions and gives JSON values. What was reported by [`Checker`](super::value::Checker) gives
//! nothing and stays silent; what is absent on some clusters is gathered and reported once for each place.

use std::collections::BTreeMap;
use std::fmt::Display;

use serde_json::{Map, Value};

use super::field::{FieldType, as_text};
use super::predicate::not_a_value;
use super::schema::{Kind, Type};
use super::scope::{Env, Scope};
use super::value::literal_of;
use super::{Model, Slot};
use crate::diag::{Diagnostic, Diagnostics, codes};
use crate::source::Span;
use crate::syntax::ast::{Attribute, Expr, ExprKind, Text, TextPart};

/// Evaluates; gathers what is absent where.
#[derive(Debug, Default)]
pub struct Evaluator {
    absent: BTreeMap<(Span, String), Vec<usize>>,
    unfit: BTreeMap<Span, Diagnostic>,
}

/// A context of names and values.
#[derive(Clone, Copy, Debug)]
pub struct At<'t, 'a> {
    /// The model.
    pub model: &'t Model<'a>,
    /// What may be named.
    pub scope: &'t Scope<'t>,
    /// What it holds.
    pub env: &'t Env<'t>,
}

impl Evaluator {
    /// The expression that counts here, looking through `if`.
    pub fn leaf<'e>(&mut self, at: At, expr: &'e Expr) -> Option<&'e Expr> {
        let ExprKind::If { branches, otherwise } = &expr.kind else { return Some(expr) };
        for branch in branches {
            if self.condition(at, &branch.condition)? {
                return self.leaf(at, &branch.value);
            }
        }
        self.leaf(at, otherwise)
    }

    /// Whether the checked condition `expr` holds.
    pub fn condition(&mut self, at: At, expr: &Expr) -> Option<bool> {
        at.model.conditions.get(&expr.span)?.holds(at.model, at.env)
    }

    /// The value of an attribute of type `ty`. Durations are numbers of milliseconds, shares numbers or text such as `25%`.
    pub fn attribute(&mut self, at: At, ty: &Type, expr: &Expr) -> Option<Value> {
        let leaf = self.leaf(at, expr)?;
        match (&leaf.kind, ty) {
            (_, Type::Tagged(tags)) => self.tagged(at, tags, leaf),
            (ExprKind::Text(text), _) => self.text(at, text).map(Value::from),
            // A dot in a name was reported.
            (ExprKind::Path(path), Type::Name) if path.parts.len() > 1 => None,
            (ExprKind::Path(path), Type::Reference(Kind::Source)) if at.scope.std => {
                Some(format!("std.{}", path.text()).into())
            }
            (ExprKind::Path(path), Type::Name | Type::Choice(_) | Type::Reference(_) | Type::Repositories) => {
                Some(path.text().into())
            }
            (ExprKind::Path(path), _) => self.name(at, &path.text(), path.span),
            (ExprKind::Duration(milliseconds), _) => Some((*milliseconds).into()),
            (ExprKind::Share(percent), _) => Some(format!("{percent}%").into()),
            (ExprKind::List(items), Type::List(inner)) => {
                items.iter().map(|item| self.attribute(at, inner, item)).collect::<Option<Vec<_>>>().map(Value::Array)
            }
            (ExprKind::List(items), _) => {
                items.iter().map(|item| self.attribute(at, ty, item)).collect::<Option<Vec<_>>>().map(Value::Array)
            }
            _ => self.free(at, leaf),
        }
    }

    /// The value of a label, fact or parameter of type `ty`.
    pub fn field(
        &mut self,
        at: At,
        ty: &FieldType,
        expr: &Expr,
        what: &dyn Display,
        references: bool,
    ) -> Option<Value> {
        let leaf = self.leaf(at, expr)?;
        match (&leaf.kind, ty) {
            (ExprKind::Text(text), FieldType::Text | FieldType::Choice(_)) => {
                let value = self.text(at, text)?;
                self.fitting(at, ty, Value::from(value), leaf, what)
            }
            (ExprKind::Path(path), FieldType::Bool | FieldType::Int | FieldType::List)
                if at.scope.variables.contains(&path.text()) =>
            {
                let value = self.name(at, &path.text(), path.span)?;
                self.fitting(at, ty, value, leaf, what)
            }
            (ExprKind::Path(path), FieldType::Text | FieldType::Bool | FieldType::Int | FieldType::List)
                if references =>
            {
                let value = self.name(at, &path.text(), path.span)?;
                if *ty == FieldType::Text { as_text(&value).map(Value::from) } else { Some(value) }
            }
            (ExprKind::List(_), FieldType::List) if references => self.free(at, leaf),
            _ => match at.model.conditions.get(&leaf.span) {
                Some(predicate) => predicate.holds(at.model, at.env).map(Value::Bool),
                None => literal_of(ty, leaf),
            },
        }
    }

    fn fitting(&mut self, at: At, ty: &FieldType, value: Value, leaf: &Expr, what: &dyn Display) -> Option<Value> {
        let ok = match (ty, &value) {
            (FieldType::Choice(values), Value::String(text)) => values.contains(text),
            (FieldType::Text, Value::String(_)) | (FieldType::Int, Value::Number(_)) => true,
            (FieldType::Bool, Value::Bool(_)) | (FieldType::List, Value::Array(_)) => true,
            _ => false,
        };
        if ok {
            return Some(value);
        }
        let written = as_text(&value).unwrap_or_else(|| at.model.text(leaf.span).to_string());
        self.unfit.entry(leaf.span).or_insert_with(|| not_a_value(ty, &what.to_string(), None, leaf, &written));
        None
    }

    /// A free-form value. Keys of maps are sorted, so that no order of the source matters.
    pub fn free(&mut self, at: At, expr: &Expr) -> Option<Value> {
        let leaf = self.leaf(at, expr)?;
        match &leaf.kind {
            ExprKind::Error | ExprKind::Tagged(..) | ExprKind::If { .. } => None,
            ExprKind::Null => Some(Value::Null),
            ExprKind::Bool(value) => Some(Value::Bool(*value)),
            ExprKind::Int(value) => Some((*value).into()),
            ExprKind::Float(value) => serde_json::Number::from_f64(*value).map(Value::Number),
            ExprKind::Duration(_) | ExprKind::Share(_) => Some(at.model.text(leaf.span).into()),
            ExprKind::Text(text) => self.text(at, text).map(Value::from),
            ExprKind::Path(path) => self.name(at, &path.text(), path.span),
            ExprKind::List(items) => {
                let mut list = Vec::with_capacity(items.len());
                for item in items {
                    list.push(self.free(at, item)?);
                }
                Some(Value::Array(list))
            }
            ExprKind::Map(entries) => self.map(at, entries),
            _ => self.condition(at, leaf).map(Value::Bool),
        }
    }

    fn map(&mut self, at: At, entries: &[Attribute]) -> Option<Value> {
        let mut sorted: Vec<(&str, Value)> = Vec::with_capacity(entries.len());
        for entry in entries {
            sorted.push((&entry.key.text, self.free(at, &entry.value)?));
        }
        sorted.sort_by_key(|(key, _)| *key);
        let mut map = Map::with_capacity(sorted.len());
        map.extend(sorted.into_iter().map(|(key, value)| (key.to_string(), value)));
        Some(Value::Object(map))
    }

    /// A string with its `${…}` filled.
    pub fn text(&mut self, at: At, text: &Text) -> Option<String> {
        let mut whole = String::new();
        for part in &text.parts {
            match part {
                TextPart::Literal(literal) => whole.push_str(literal),
                TextPart::Name(name) => match self.name(at, &name.text, name.span)? {
                    Value::String(text) => whole.push_str(&text),
                    other => whole.push_str(&as_text(&other)?),
                },
            }
        }
        Some(whole)
    }

    fn name(&mut self, at: At, name: &str, span: Span) -> Option<Value> {
        let referent = at.scope.find(at.model, name)?;
        match at.env.get(at.model, &referent) {
            Slot::Value(value) | Slot::Token { value, .. } => Some(value),
            Slot::Poisoned => None,
            Slot::Absent => {
                self.absent.entry((span, name.to_string())).or_default().push(at.env.cluster);
                None
            }
        }
    }

    /// Whether nothing is to be reported so far.
    pub fn is_clean(&self) -> bool {
        self.absent.is_empty() && self.unfit.is_empty()
    }

    /// Adds what another one gathered.
    pub fn extend(&mut self, other: Self) {
        for (place, clusters) in other.absent {
            self.absent.entry(place).or_default().extend(clusters);
        }
        for (span, diagnostic) in other.unfit {
            self.unfit.entry(span).or_insert(diagnostic);
        }
    }

    /// Reports what was absent.
    pub fn finish(self, model: &Model, diagnostics: &mut Diagnostics) {
        for ((span, name), clusters) in self.absent {
            diagnostics.push(absent(model, span, &name, &clusters));
        }
        for diagnostic in self.unfit.into_values() {
            diagnostics.push(diagnostic);
        }
    }
}

/// F0304 or F0310: `name` is not set on `clusters`.
fn absent(model: &Model, span: Span, name: &str, clusters: &[usize]) -> Diagnostic {
    let on = model.list_clusters(clusters.iter().copied());
    let field = model.find_field(name).and_then(|index| model.fields.get(index));
    match field {
        Some(field) if field.fact => {
            Diagnostic::new(codes::MISSING_FACT, span, format!("the fact `{name}` is not set on {on}"))
                .label("used here")
                .related(field.name.span, "declared here, without a default")
                .help(format!("set `{name}` on {on}, or give the fact a default"))
        }
        Some(field) => {
            Diagnostic::new(codes::LABEL_NOT_EVERYWHERE, span, format!("the label `{name}` is not set on {on}"))
                .label("needed on every cluster selected here")
                .related(field.name.span, "declared here as one that a cluster may lack")
                .help(format!("set it there, or write `if has {name} then … else …`"))
        }
        None => Diagnostic::new(codes::MISSING_ATTRIBUTE, span, format!("`{name}` is not set on {on}"))
            .label("used here")
            .help(format!("set `{name}`, or write the text out")),
    }
}
