//! Drift as JSON: a public contract with the schema `fleetc.drift/1`.
//!
//! Takes a [`Drift`], gives a value whose keys stand in the order that is documented. Keys may be added within a
//! version of the schema; none is renamed, removed or given another type.

use serde_json::{Value, json};

use super::{Compared, Drift, Finding, Foreign, Position, StagePosition};

/// All of it; with `all` also the names of what is of other people.
pub fn json(drift: &Drift, all: bool) -> Value {
    let instances: Vec<Value> = drift.instances.iter().map(|one| instance(one, all)).collect();
    json!({
        "schema": "fleetc.drift/1",
        "fleet": drift.fleet,
        "summary": {
            "deployments": drift.deployments(),
            "drifting": drift.drifting(),
            "findings": drift.findings().count(),
            "clusters": drift.clusters().len(),
            "drifting_clusters": drift.drifting_clusters(false),
            "protected": drift.drifting_clusters(true),
        },
        "instances": instances,
        "not_compared": drift.not_compared,
    })
}

fn instance(instance: &Compared, all: bool) -> Value {
    let foreign: Vec<Value> = instance.foreign.iter().filter(|_| all).map(foreign).collect();
    json!({
        "engine": instance.engine.word(),
        "instance": instance.name,
        "deployments": instance.deployments,
        "clusters": instance.clusters,
        "findings": instance.findings.iter().map(finding).collect::<Value>(),
        "rollouts": instance.rollouts.iter().map(position).collect::<Value>(),
        "undeclared": instance.undeclared,
        "foreign": { "count": instance.foreign.len(), "objects": foreign },
        "not_compared": instance.not_compared,
    })
}

fn finding(finding: &Finding) -> Value {
    json!({
        "state": finding.wrong.word(),
        "kind": finding.kind.word(),
        "namespace": finding.namespace,
        "name": finding.name,
        "component": finding.component,
        "cluster": finding.cluster,
        "rollout": finding.rollout,
        "stage": finding.stage,
        "protected": finding.protected,
        "deployment": finding.is_deployment,
        "field": finding.field,
        "wanted": finding.wanted,
        "live": finding.live,
        "hidden": finding.hidden,
        "why": finding.why,
        "hint": finding.hint,
    })
}

fn position(position: &Position) -> Value {
    json!({
        "component": position.component,
        "rollout": position.rollout,
        "stage": position.stage,
        "stages": position.stages.iter().map(stage).collect::<Value>(),
    })
}

fn stage(stage: &StagePosition) -> Value {
    json!({
        "stage": stage.stage,
        "closed": stage.is_closed,
        "done": stage.done,
        "progressing": stage.progressing,
        "waiting": stage.waiting,
        "stopped": stage.stopped,
    })
}

fn foreign(foreign: &Foreign) -> Value {
    json!({ "kind": foreign.kind.word(), "namespace": foreign.namespace, "name": foreign.name })
}
