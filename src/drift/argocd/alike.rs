//! Makes alike what says the same in the Application of the plan and in the one that is there.

use serde_json::{Map, Value};

use super::super::expected::Expected;
use crate::plan::Plan;

/// A cluster may be said by its name or by its URL.
pub(super) fn same_destination(plan: &Plan, expected: &Expected, live: &mut Value) {
    let deployment = expected.deployment().and_then(|index| plan.deployments.get(index));
    let Some(wanted) = expected.value.pointer("/spec/destination").and_then(Value::as_object) else { return };
    let Some(there) = live.pointer_mut("/spec/destination").and_then(Value::as_object_mut) else { return };
    let cluster = deployment.and_then(|d| plan.clusters.iter().find(|cluster| cluster.name == d.cluster));
    let Some(cluster) = cluster else { return };
    let is_its_name = text_of(there, "name").is_none_or(|name| name == &*cluster.name);
    let url = cluster.server.as_deref().map(|url| url.trim_end_matches('/'));
    let is_its_url = text_of(there, "server").is_none_or(|server| Some(server.trim_end_matches('/')) == url);
    let says_one = text_of(there, "name").is_some() || text_of(there, "server").is_some();
    // Older clients write the URL beside the name.
    let is_known_by_name = text_of(there, "name").is_some() && text_of(wanted, "name").is_some() && url.is_none();
    if says_one && is_its_name && (is_its_url || is_known_by_name) {
        for key in ["name", "server"] {
            there.shift_remove(key);
            if let Some(value) = wanted.get(key) {
                there.insert(key.to_owned(), value.clone());
            }
        }
    }
}

fn text_of<'m>(map: &'m Map<String, Value>, key: &str) -> Option<&'m str> {
    map.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// Makes alike what automated sync is in both objects where it says the same. Gives whether it is on where it should be.
pub(super) fn automation(wanted: &mut Value, live: &mut Value, is_rolling: bool) -> bool {
    let policy =
        |value: &mut Value| value.pointer_mut("/spec/syncPolicy").and_then(Value::as_object_mut).map(std::mem::take);
    let put = |value: &mut Value, policy: Map<String, Value>| {
        if let Some(spec) = value.get_mut("spec").and_then(Value::as_object_mut) {
            spec.insert("syncPolicy".to_owned(), Value::Object(policy));
        }
    };
    let (mut one, mut other) = (policy(wanted).unwrap_or_default(), policy(live).unwrap_or_default());
    let enabled = |policy: &mut Map<String, Value>| {
        let automated = policy.get_mut("automated").and_then(Value::as_object_mut);
        automated.is_some_and(|map| map.shift_remove("enabled") != Some(Value::Bool(false)))
    };
    let (is_wanted, is_on) = (enabled(&mut one), enabled(&mut other));
    let is_gone = !other.get("automated").is_some_and(Value::is_object);
    let is_off = is_wanted && !is_on && !is_rolling;
    if is_off || is_rolling && is_gone {
        one.shift_remove("automated");
        other.shift_remove("automated");
    }
    put(wanted, one);
    put(live, other);
    !is_off
}
