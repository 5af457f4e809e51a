//! Rollouts: which cluster is in which stage.

use std::sync::Arc;

use super::check::invalid;
use super::settings::Fixed;
use crate::diag::{Diagnostic, Diagnostics, codes};
use crate::model::deciding::nearest_clusters;
use crate::model::predicate::{select, unknown};
use crate::model::set::ClusterSet;
use crate::model::{Model, schema};
use crate::plan::{Duration, Max, Rollout, Stage};
use crate::syntax::ast::{self, Entry, ExprKind, NestedBlock};

/// A rollout and the sets of its stages.
#[derive(Debug)]
pub struct Resolved {
    /// The rollout.
    pub rollout: Rollout,
    /// The clusters of each stage.
    pub sets: Vec<ClusterSet>,
    /// Whether something wrong, reported already, makes the sets unreliable.
    pub poisoned: bool,
}

/// Resolves every rollout, sorted by name. A cluster belongs to the first stage whose predicate holds.
pub fn resolve(model: &Model, diagnostics: &mut Diagnostics) -> Vec<Resolved> {
    let declared = model.names.rollouts.values().filter(|declared| !declared.std);
    declared.map(|declared| rollout(model, declared.name, declared.node, diagnostics)).collect()
}

/// The rollout of this name among `rollouts`, which are sorted by name.
pub fn find<'r>(rollouts: &'r [Resolved], name: &str) -> Option<&'r Resolved> {
    let place = rollouts.binary_search_by(|resolved| resolved.rollout.name.as_ref().cmp(name)).ok()?;
    rollouts.get(place)
}

fn rollout(model: &Model, name: &ast::Name, node: &ast::Named, diagnostics: &mut Diagnostics) -> Resolved {
    let mut left = ClusterSet::full(model.clusters.len());
    let mut resolved = Resolved {
        rollout: Rollout { span: name.span, name: Arc::from(name.text.as_str()), stages: Vec::new() },
        sets: Vec::new(),
        poisoned: model.clusters_poisoned,
    };
    let mut taken = false;
    for entry in &node.body.entries {
        let Entry::Block(block) = entry else { continue };
        if block.keyword.text != "stage" {
            continue;
        }
        // A name that is missing or cannot be read was reported.
        let stage_name = block.arguments.first().and_then(|argument| argument.as_literal()).unwrap_or_default();
        let (reached, poisoned) = reached(model, block, &left, diagnostics);
        resolved.poisoned |= poisoned;
        let mut set = reached.clone();
        set.intersect(&left);
        left.subtract(&set);
        // Where it is not known whether this stage is for them, no later one is.
        if let Some(predicate) = block.on.as_ref().and_then(|on| model.conditions.get(&on.span)) {
            left.subtract(&unknown(model, predicate));
        }
        let fixed = Fixed::new(model, &schema::STAGE, &block.body, false);
        let rest = block.on.as_ref().is_some_and(|on| model.text(on.span) == "rest");
        let sure = model.lists_all_clusters();
        // Stages behind one that took everything are empty for one reason, which was said of the first of them.
        let caused = taken && (rest || !reached.is_empty());
        if set.is_empty() && !resolved.poisoned && !fixed.flag("allow-empty") && sure && !caused {
            diagnostics.push(empty_stage(model, block, stage_name, &reached, &resolved));
            taken = !reached.is_empty();
        }
        taken &= set.is_empty();
        let names = set.iter().filter_map(|place| model.clusters.get(place)).map(|cluster| cluster.name.clone());
        resolved.rollout.stages.push(Stage {
            span: block.keyword.span.to(block.arguments.first().map_or(block.keyword.span, |argument| argument.span)),
            name: Arc::from(stage_name),
            clusters: names.collect(),
            max: share(&fixed, "max", diagnostics),
            manual: fixed.text("gate").is_some(),
            bake: bake(&fixed, diagnostics),
        });
        resolved.sets.push(set);
    }
    resolved
}

/// The clusters that satisfy the stage's predicate, and whether that is unreliable.
fn reached(model: &Model, block: &NestedBlock, left: &ClusterSet, diagnostics: &mut Diagnostics) -> (ClusterSet, bool) {
    match &block.on {
        None => {
            diagnostics.push(
                Diagnostic::new(codes::MISSING_VALUE, block.keyword.span, "a stage says which clusters it is for")
                    .label("expected `on` and a predicate")
                    .help("write `stage NAME on PREDICATE`, or `on rest` for all that no earlier stage took"),
            );
            (ClusterSet::empty(model.clusters.len()), true)
        }
        Some(on) if matches!(&on.kind, ExprKind::Path(path) if path.text() == "rest") => (left.clone(), false),
        Some(on) => match model.conditions.get(&on.span) {
            Some(predicate) => {
                let selection = select(model, predicate);
                (selection.set, selection.poisoned)
            }
            None => (ClusterSet::empty(model.clusters.len()), true),
        },
    }
}

fn empty_stage(model: &Model, block: &NestedBlock, name: &str, reached: &ClusterSet, before: &Resolved) -> Diagnostic {
    let span = block.on.as_ref().map_or(block.keyword.span, |on| on.span);
    let diagnostic = Diagnostic::new(codes::EMPTY_STAGE, span, format!("the stage `{name}` receives no cluster"));
    let help = "change the predicate, take the stage out, or say `allow-empty = true`";
    if reached.is_empty() {
        let diagnostic = diagnostic.label("no cluster satisfies this").help(help);
        let nearest = block.on.as_ref().and_then(|on| nearest_clusters(model, on, model.conditions.get(&on.span)?));
        return match nearest {
            Some(note) => diagnostic.note(note),
            None => diagnostic,
        };
    }
    let on = model.list_clusters(reached.iter());
    let mut diagnostic = diagnostic.label(format!("holds on {on}, which earlier stages took"));
    for (stage, set) in before.rollout.stages.iter().zip(&before.sets) {
        if reached.iter().any(|cluster| set.contains(cluster)) {
            diagnostic = diagnostic.related(stage.span, format!("`{}` took some of them", stage.name));
        }
    }
    diagnostic.help(help).note("a cluster belongs to the first stage whose predicate holds")
}

fn bake(fixed: &Fixed, diagnostics: &mut Diagnostics) -> Option<Duration> {
    let (value, span) = fixed.value("bake")?;
    let milliseconds = value.as_u64()?;
    if milliseconds == 0 {
        diagnostics.push(super::check::zero(span, "bake"));
        return None;
    }
    Some(Duration { milliseconds })
}

/// The count or share `name`.
pub fn share(fixed: &Fixed, name: &str, diagnostics: &mut Diagnostics) -> Option<Max> {
    let (value, span) = fixed.value(name)?;
    if let Some(text) = value.as_str() {
        // A text that is none was reported.
        let percent = text.strip_suffix('%')?.parse::<u32>().ok().filter(|percent| (1..=100).contains(percent));
        if percent.is_none() {
            diagnostics.push(invalid(
                span,
                "a share is between 1% and 100%",
                "out of range",
                "write for example `25%`",
            ));
        }
        return percent.map(Max::Percent);
    }
    let least = u32::from(name == "max");
    let count = value.as_i64().and_then(|count| u32::try_from(count).ok()).filter(|count| *count >= least);
    if count.is_none() && name != "max" {
        diagnostics.push(invalid(span, "a count is not negative", "too small", "write 0 or more"));
    } else if count.is_none() {
        diagnostics.push(invalid(
            span,
            "at least one cluster must change at once",
            "too small",
            "write 1 or more; to hold a stage, write `gate = manual`",
        ));
    }
    count.map(Max::Count)
}
