//! How careful a reviewer must be.
//!
//! High: something goes from a protected cluster, or its workloads are deleted there; a protected cluster goes, or is
//! protected no more; workloads would from now on go with what deploys them there. Medium: anything else on a protected
//! cluster; anything that goes or has another owner elsewhere; another URL of a source; a project that permits more; a
//! rollout that less holds up; other settings of an engine or of the fleet. Low: the rest.

use serde_json::Value;

use super::{Declared, Fate, Group, Kind};
use crate::plan::text::counted;

/// How careful.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As always.
    #[default]
    Low,
    /// More than that.
    Medium,
    /// Something may be lost.
    High,
}

impl Level {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// How careful, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Risk {
    /// The highest level that a reason has.
    pub level: Level,
    /// The reasons of that level; none where it is low.
    pub reasons: Vec<String>,
}

/// The risk of all of it.
pub fn of(groups: &[Group], declared: &[Declared]) -> Risk {
    let mut reasons: Vec<(Level, String)> = Vec::new();
    groups.iter().for_each(|group| of_group(group, &mut reasons));
    declared.iter().for_each(|one| of_declared(one, &mut reasons));
    let level = reasons.iter().map(|(level, _)| *level).max().unwrap_or_default();
    let mut said: Vec<String> = Vec::new();
    for (_, reason) in reasons.into_iter().filter(|(of, _)| *of == level) {
        if !said.contains(&reason) {
            said.push(reason);
        }
    }
    Risk { level, reasons: said }
}

fn of_group(group: &Group, reasons: &mut Vec<(Level, String)>) {
    let name = &group.component;
    let clusters = counted(group.clusters.len(), "cluster");
    let protected = counted(group.protected.len(), "protected cluster");
    let is_protected = !group.protected.is_empty();
    let level = if is_protected { Level::High } else { Level::Medium };
    let place = if is_protected { &protected } else { &clusters };
    let moves = |one: &super::Field| matches!(one.name.as_str(), "namespace" | "release");
    let turns = |field: &str, to: Value| group.fields.iter().any(|one| one.name == field && one.new == to);
    if group.fate == Some(Fate::Deleted) {
        reasons.push((level, format!("workloads of `{name}` are deleted on {place}")));
    } else if group.kind == Kind::Removed {
        reasons.push((level, format!("`{name}` goes from {place}")));
    } else if matches!(group.kind, Kind::Renamed | Kind::Moved) {
        reasons.push((Level::Medium, format!("`{name}` is {} on {clusters}", group.kind.word())));
    } else if group.kind == Kind::Changed && group.fields.iter().any(moves) {
        reasons.push((level, format!("workloads of `{name}` are made anew elsewhere on {place}")));
    } else if is_protected && turns("on_delete", "cascade".into()) {
        reasons.push((Level::High, format!("workloads of `{name}` would go with it on {protected}")));
    } else if is_protected {
        reasons.push((Level::Medium, format!("`{name}` is {} on {protected}", group.kind.word())));
    } else if group.fields.iter().any(|one| one.name == "source.url") {
        reasons.push((Level::Medium, format!("`{name}` comes from elsewhere on {clusters}")));
    }
}

fn of_declared(one: &Declared, reasons: &mut Vec<(Level, String)>) {
    let name = &one.name;
    let lost = |field: &super::Field| field.name == "protected" && field.new == Value::Bool(false);
    match (one.what, one.kind) {
        ("cluster", Kind::Removed) if one.protected => {
            reasons.push((Level::High, format!("protected cluster `{name}` goes")));
        }
        ("cluster", Kind::Changed) if one.fields.iter().any(lost) => {
            reasons.push((Level::High, format!("cluster `{name}` is protected no more")));
        }
        (_, Kind::Removed) => reasons.push((Level::Medium, format!("{} `{name}` goes", one.what))),
        ("project", _) if one.widened => reasons.push((Level::Medium, format!("project `{name}` permits more"))),
        ("rollout", _) if one.narrowed => {
            reasons.push((Level::Medium, format!("less holds up rollout `{name}`")));
        }
        ("engine" | "fleet", Kind::Changed) => reasons.push((Level::Medium, format!("settings of `{name}` change"))),
        _ => {}
    }
}
