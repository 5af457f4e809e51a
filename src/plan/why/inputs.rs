//! The labels, facts and parameters that a value or a predicate uses.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Input, place_of};
use crate::model::deciding::compared;
use crate::model::eval::At;
use crate::model::order::{Given, given};
use crate::model::scope::{Env, Place, Referent, Scope};
use crate::model::{Model, Slot};
use crate::plan::resolve::pick::Spot;
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Text, TextPart};

/// The names in `expr`; a bare name is one of them where `bare` says so.
pub fn names(expr: &Expr, bare: bool, found: &mut BTreeSet<String>) {
    match &expr.kind {
        ExprKind::Text(text) => names_in(text, found),
        ExprKind::Path(path) if bare => _ = found.insert(path.text()),
        ExprKind::List(items) => items.iter().for_each(|item| names(item, bare, found)),
        ExprKind::Map(entries) => entries.iter().for_each(|entry| names(&entry.value, bare, found)),
        ExprKind::If { branches, otherwise } => {
            for branch in branches {
                compared(&branch.condition, found);
                names(&branch.value, bare, found);
            }
            names(otherwise, bare, found);
        }
        _ => compared(expr, found),
    }
}

/// The names in `${…}`.
pub fn names_in(text: &Text, found: &mut BTreeSet<String>) {
    for part in &text.parts {
        if let TextPart::Name(name) = part {
            found.insert(name.text.clone());
        }
    }
}

/// What `names` are on the cluster, for a value of the layer at `layer`.
pub fn of_layer(spot: &Spot, layer: usize, names: &BTreeSet<String>) -> Vec<Input> {
    let inputs = names.iter().filter_map(|name| {
        let (referent, slot) = spot.with(layer, |at| find(at, name))?;
        let (how, span) = match &referent {
            Referent::Param(_) => parameter(spot, layer, name),
            Referent::Component => ("the component's name".to_string(), Some(spot.layers.name.span)),
            Referent::Namespace => ("the component's namespace".to_string(), None),
            _ => of_cluster(spot.model, spot.cluster, &referent),
        };
        Some(input(spot.model, name, slot, how, span))
    });
    inputs.collect()
}

/// What `names` are on the cluster at `cluster`, for a predicate.
pub fn of_predicate(model: &Model, cluster: usize, names: &BTreeSet<String>) -> Vec<Input> {
    let scope = Scope::of(Place::Label);
    let env = Env::on(cluster);
    let inputs = names.iter().filter_map(|name| {
        let (referent, slot) = find(At { model, scope: &scope, env: &env }, name)?;
        let (how, span) = of_cluster(model, cluster, &referent);
        Some(input(model, name, slot, how, span))
    });
    inputs.collect()
}

fn find(at: At, name: &str) -> Option<(Referent, Slot)> {
    let referent = at.scope.find(at.model, name)?;
    let slot = at.env.get(at.model, &referent);
    Some((referent, slot))
}

fn input(model: &Model, name: &str, slot: Slot, how: String, span: Option<Span>) -> Input {
    let value = match slot {
        Slot::Value(value) => value,
        Slot::Absent | Slot::Poisoned | Slot::Token { .. } => Value::Null,
    };
    Input { name: name.to_string(), value, how, place: span.map(|span| place_of(model, span)) }
}

fn of_cluster(model: &Model, cluster: usize, referent: &Referent) -> (String, Option<Span>) {
    let Some(cluster) = model.clusters.get(cluster) else { return (String::new(), None) };
    let Referent::Field(index) = referent else { return ("the cluster's name".to_string(), Some(cluster.span)) };
    let Some(field) = model.fields.get(*index) else { return (String::new(), None) };
    let what = field.what();
    match given(model, field, cluster) {
        Given::Own(expr) => (format!("{what}, set on the cluster"), Some(expr.span)),
        Given::Variable(_, span) => (format!("{what}, a `for` variable of the cluster"), Some(span)),
        Given::Defaults(expr) => (format!("{what}, from `defaults cluster`"), Some(expr.span)),
        Given::Derived(expr) => (format!("{what}, derived"), Some(expr.span)),
        Given::Default(expr) => (format!("{what}, its default"), Some(expr.span)),
        Given::Nothing => (format!("{what}, not set"), Some(field.name.span)),
    }
}

fn parameter(spot: &Spot, layer: usize, name: &str) -> (String, Option<Span>) {
    let candidates = spot.layers.attributes.get(name).map(Vec::as_slice).unwrap_or_default();
    let winners = spot.layers.winners(candidates, spot.cluster, |candidate| candidate.layer);
    if let Some(winner) = winners.first() {
        return ("parameter, set".to_string(), Some(winner.expr.span));
    }
    let scope = spot.layers.layer(layer).map_or(0, |layer| layer.scope);
    let default = spot.default_of(scope, name).map(|(expr, _)| expr.span);
    ("parameter, its default".to_string(), default)
}
