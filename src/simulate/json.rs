//! A simulation as JSON: a public contract with the schema `fleetc.simulation/1`.
//!
//! Takes a [`Simulation`], gives a value whose keys stand in the order that is documented. Keys may be added within a
//! version of the schema; none is renamed, removed or given another type.

use serde_json::{Value, json};

use super::{Cause, Component, Frozen, Instance, Opening, Price, Round, Simulation, Times, Unhealthy};

/// The whole simulation, or one component of it.
pub fn json(simulation: &Simulation, component: Option<&str>) -> Value {
    let instances: Vec<Value> = simulation.instances.iter().map(|one| instance(one, component)).collect();
    json!({
        "schema": "fleetc.simulation/1",
        "fleet": simulation.fleet,
        "unhealthy": simulation.unhealthy,
        "instances": instances,
    })
}

fn each<T>(items: &[T], one: impl Fn(&T) -> Value) -> Value {
    items.iter().map(one).collect()
}

fn instance(instance: &Instance, wanted: Option<&str>) -> Value {
    let shown = instance.components.iter().filter(|one| wanted.is_none_or(|name| one.name == name));
    let components: Vec<Value> = shown.map(component).collect();
    json!({
        "engine": instance.engine.word(),
        "instance": instance.name,
        "rounds": instance.rounds,
        "deployments": instance.deployments(),
        "not_reached": instance.not_reached(),
        "components": components,
    })
}

fn component(component: &Component) -> Value {
    json!({
        "component": component.name,
        "rollouts": component.rollouts,
        "after": component.after,
        "rounds": each(&component.rounds, round),
        "waits": waits(component),
        "unhealthy": each(&component.unhealthy, unhealthy),
        "frozen": each(&component.frozen, frozen),
        "prices": each(&component.prices, price),
        "times": times(&component.times),
    })
}

fn round(round: &Round) -> Value {
    let opening = |opening: &Opening| json!({ "stage": opening.stage, "clusters": opening.clusters, "by_hand": opening.by_hand, "bake": opening.bake });
    json!({ "round": round.number, "opens": each(&round.opens, opening) })
}

/// What somebody has to type, before which round.
fn waits(component: &Component) -> Value {
    let mut all = Vec::new();
    for round in &component.rounds {
        for opening in &round.opens {
            if let Some(command) = &opening.by_hand {
                all.push(json!({ "round": round.number, "stage": opening.stage, "command": command }));
            }
        }
    }
    Value::Array(all)
}

fn unhealthy(one: &Unhealthy) -> Value {
    json!({ "cluster": one.cluster, "stage": one.stage, "round": one.round, "state": one.state })
}

fn frozen(one: &Frozen) -> Value {
    json!({
        "cluster": one.cluster,
        "stage": one.stage,
        "state": one.state,
        "waits_for": one.waits_for,
        "because": each(&one.because, cause),
    })
}

fn cause(cause: &Cause) -> Value {
    json!({ "component": cause.component, "cluster": cause.cluster, "reason": cause.reason })
}

fn price(price: &Price) -> Value {
    json!({ "gate": price.gate, "kind": price.kind.word(), "holds": price.holds, "price": price.kind.price() })
}

fn times(times: &Times) -> Value {
    json!({ "polls": times.polls, "retry": times.retry, "timeout": times.timeout, "bake": times.bake })
}
