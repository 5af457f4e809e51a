//! Which parts of a predicate decide on a cluster, and how near the clusters come to one that holds on none.
//!
//! Takes checked predicates beside their expressions, which have the same form, and walks them side by side.

use std::collections::BTreeSet;

use super::field::as_text;
use super::predicate::{Predicate, lower};
use super::scope::{Env, Place, Scope};
use super::{Model, Slot};
use crate::diag::Diagnostics;
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind};

/// How many clusters a note names.
const SHOWN: usize = 8;

/// A part of a predicate that makes it hold on a cluster, or not.
#[derive(Clone, Debug)]
pub struct Deciding {
    /// Where it is written.
    pub span: Span,
    /// Whether it holds.
    pub holds: bool,
    /// The labels and facts that it asks for.
    pub names: BTreeSet<String>,
}

/// The parts of the checked predicate `expr` that decide on `cluster`, and whether it holds there; none when it is not known
/// to the model.
pub fn deciding(model: &Model, cluster: usize, expr: &Expr) -> Option<(bool, Vec<Deciding>)> {
    let predicate = model.conditions.get(&expr.span)?;
    let mut parts = Vec::new();
    collect(model, cluster, (expr, predicate), &mut parts);
    Some((predicate.holds(model, &Env::on(cluster)).unwrap_or(false), parts))
}

fn collect(model: &Model, cluster: usize, (expr, predicate): (&Expr, &Predicate), parts: &mut Vec<Deciding>) {
    let holds = |predicate: &Predicate| predicate.holds(model, &Env::on(cluster)).unwrap_or(false);
    let whole = holds(predicate);
    match (&expr.kind, predicate) {
        (ExprKind::And(inner), Predicate::And(lowered)) | (ExprKind::Or(inner), Predicate::Or(lowered)) => {
            for (expr, predicate) in inner.iter().zip(lowered).filter(|(_, part)| holds(part) == whole) {
                collect(model, cluster, (expr, predicate), parts);
            }
        }
        (ExprKind::Not(inner), Predicate::Not(lowered)) => collect(model, cluster, (inner, lowered), parts),
        _ => {
            let mut names = BTreeSet::new();
            compared(expr, &mut names);
            parts.push(Deciding { span: expr.span, holds: whole, names });
            group(model, cluster, expr, parts);
        }
    }
}

/// What decides in the group that `expr` names.
fn group(model: &Model, cluster: usize, expr: &Expr, parts: &mut Vec<Deciding>) {
    let name = match &expr.kind {
        ExprKind::Path(path) => path.text(),
        ExprKind::Text(text) => text.as_literal().unwrap_or_default().to_string(),
        _ => return,
    };
    let Some(declared) = model.names.groups.get(&name) else { return };
    let inner = &declared.node.predicate;
    // What is wrong with it was reported where it is declared.
    let predicate = lower(model, &Scope::of(Place::Fixed), inner, &mut Diagnostics::default());
    collect(model, cluster, (inner, &predicate), parts);
}

/// The names that a predicate compares.
pub fn compared(expr: &Expr, found: &mut BTreeSet<String>) {
    match &expr.kind {
        ExprKind::Not(inner) => compared(inner, found),
        ExprKind::And(parts) | ExprKind::Or(parts) => parts.iter().for_each(|part| compared(part, found)),
        ExprKind::Compare { left, .. } | ExprKind::In { left, .. } | ExprKind::Like { left, .. } => {
            if let ExprKind::Path(path) = &left.kind {
                found.insert(path.text());
            }
        }
        ExprKind::Has(name) => _ = found.insert(name.text.clone()),
        ExprKind::Path(path) => _ = found.insert(path.text()),
        _ => {}
    }
}

/// What a note says of the checked predicate `expr`, which holds on no cluster: the clusters on which the fewest parts of it
/// fail, with those parts and what the cluster has in their place. None when there is nothing to tell.
pub fn nearest_clusters(model: &Model, expr: &Expr, predicate: &Predicate) -> Option<String> {
    let mut found: Vec<(usize, usize, Vec<Deciding>)> = Vec::new();
    for cluster in 0..model.clusters.len() {
        let mut parts = Vec::new();
        collect(model, cluster, (expr, predicate), &mut parts);
        // A group is told by its own parts.
        parts.retain(|part| !model.names.groups.contains_key(model.text(part.span)));
        found.push((parts.len(), cluster, parts));
    }
    found.sort_by_key(|(count, cluster, _)| (*count, *cluster));
    found.retain(|(count, ..)| *count > 0);
    if found.is_empty() {
        return None;
    }
    let name = |cluster: usize| model.clusters.get(cluster).map_or("", |cluster| cluster.name.as_ref());
    let shown = found.iter().take(SHOWN);
    let width = shown.clone().map(|(_, cluster, _)| name(*cluster).chars().count()).max().unwrap_or(0);
    let mut text = String::from("what decides on the nearest clusters:");
    for (_, cluster, parts) in shown {
        let parts: Vec<String> = parts.iter().map(|part| said(model, *cluster, part)).collect();
        text += &format!("\n{:width$}  {}", name(*cluster), parts.join(", "));
    }
    match model.clusters.len() - found.len().min(SHOWN) {
        0 => {}
        1 => text += "\nand 1 cluster more",
        more => text += &format!("\nand {more} clusters more"),
    }
    Some(text)
}

/// `region == mars: region is eu-west-1`
fn said(model: &Model, cluster: usize, part: &Deciding) -> String {
    let values = part.names.iter().filter_map(|name| {
        let slot = model.slot(cluster, model.find_field(name)?);
        match slot {
            Slot::Value(value) => as_text(value).map(|text| format!("{name} is {text}")),
            Slot::Absent => Some(format!("has no {name}")),
            Slot::Poisoned | Slot::Token { .. } => None,
        }
    });
    let values: Vec<String> = values.collect();
    let written = model.text(part.span);
    if values.is_empty() { format!("`{written}`") } else { format!("`{written}`: {}", values.join(", ")) }
}
