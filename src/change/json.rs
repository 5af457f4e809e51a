//! A change as JSON: a public contract with the schema `fleetc.change/1`.

use serde_json::{Value, json};

use super::{Cause, Change, Declared, Field, Group};

/// All of it.
pub fn json(change: &Change) -> Value {
    json!({
        "schema": "fleetc.change/1",
        "fleet": change.fleet,
        "risk": { "level": change.risk.level.word(), "reasons": change.risk.reasons },
        "deployments": each(&change.groups, group),
        "declared": each(&change.declared, declared),
        "unchanged": change.unchanged,
        "clusters": change.clusters,
    })
}

fn each<T>(items: &[T], one: impl Fn(&T) -> Value) -> Value {
    items.iter().map(one).collect()
}

pub(super) fn group(group: &Group) -> Value {
    json!({
        "component": group.component,
        "change": group.kind.word(),
        "rollout": group.rollout,
        "stage": group.stage,
        "number": group.number,
        "clusters": group.clusters,
        "protected": group.protected,
        "was": group.was,
        "owners_before": group.owners_before,
        "owners": group.owners,
        "workloads": group.fate.map(super::Fate::word),
        "fields": each(&group.fields, field),
        "causes": each(&group.causes, cause),
    })
}

fn declared(one: &Declared) -> Value {
    json!({
        "what": one.what,
        "name": one.name,
        "change": one.kind.word(),
        "protected": one.protected,
        "widened": one.widened,
        "narrowed": one.narrowed,
        "fields": each(&one.fields, field),
        "cause": one.cause.as_ref().map(cause),
    })
}

fn field(field: &Field) -> Value {
    json!({ "field": field.name, "old": field.old, "new": field.new })
}

fn cause(cause: &Cause) -> Value {
    json!({
        "side": if cause.old { "old" } else { "new" },
        "file": cause.file,
        "line": cause.line,
        "column": cause.column,
    })
}
