//! What is different in two objects, field by field.
//!
//! An API server and the engines' own clients leave out what is empty and write what is the default, so an absent field
//! and an empty one are the same here, but for where a user's own values stand. There only `null` is as good as nothing.

use serde_json::Value;

/// A field that is not as it should be.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Difference {
    /// Where it stands: `spec.source.path`, `metadata.labels["fleetc.dev/step"]`.
    pub(super) field: String,
    /// What the plan says; nothing where it says nothing.
    pub(super) wanted: Option<Value>,
    /// What is there.
    pub(super) live: Option<Value>,
    /// Whether somebody may have put a password there, so that nobody shows what is there.
    pub(super) is_private: bool,
}

/// Below these keys stand values of users, of which `0` and `false` mean something.
const OWN: [&str; 5] = ["valuesObject", "values", "elements", "substitute", "parameters"];

/// What is one thing to whoever writes it: a branch, a tag or a commit; a cluster and a namespace there.
const WHOLE: [&str; 2] = ["ref", "destination"];

/// Everything in which `live`, which stands at `field`, is not `wanted`.
pub(super) fn differences(field: &str, wanted: Option<&Value>, live: Option<&Value>) -> Vec<Difference> {
    let mut found = Vec::new();
    let last = field.rsplit('.').next().unwrap_or_default();
    Walk { found: &mut found }.compare(field, last, false, wanted, live);
    found
}

struct Walk<'f> {
    found: &'f mut Vec<Difference>,
}

impl Walk<'_> {
    fn compare(&mut self, field: &str, key: &str, own: bool, wanted: Option<&Value>, live: Option<&Value>) {
        let own = own || OWN.contains(&key);
        match (wanted, live) {
            (Some(wanted), Some(live)) if is_same(wanted, live, own) => {}
            (Some(Value::Object(one)), Some(Value::Object(other))) if !WHOLE.contains(&key) => {
                for (key, value) in one {
                    self.compare(&below(field, key), key, own, Some(value), other.get(key));
                }
                for (key, value) in other.iter().filter(|(key, _)| !one.contains_key(*key)) {
                    self.compare(&below(field, key), key, own, None, Some(value));
                }
            }
            (Some(Value::Array(one)), Some(Value::Array(other))) if one.len() == other.len() => {
                for (place, (one, other)) in one.iter().zip(other).enumerate() {
                    self.compare(&format!("{field}[{place}]"), "", own, Some(one), Some(other));
                }
            }
            (wanted, live) => {
                let is_nothing = |value: Option<&Value>| value.is_none_or(|value| is_empty(key, value, own));
                if !(is_nothing(wanted) && is_nothing(live)) {
                    let (wanted, live) = (wanted.cloned(), live.cloned());
                    self.found.push(Difference { field: field.to_owned(), wanted, live, is_private: own });
                }
            }
        }
    }
}

fn below(field: &str, key: &str) -> String {
    let is_plain = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if is_plain { format!("{field}.{key}") } else { format!("{field}[{}]", Value::from(key)) }
}

/// Whether a field may as well be absent. Automated sync is on even when nothing is said of it.
fn is_empty(key: &str, value: &Value, own: bool) -> bool {
    match value {
        Value::Null => true,
        _ if own || key == "automated" => false,
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.iter().all(|(key, value)| is_empty(key, value, own)),
    }
}

fn is_same(one: &Value, other: &Value, own: bool) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::String(one), Value::String(other)) if !own => {
            one.trim_end() == other.trim_end() || is_same_time(one, other)
        }
        (one, other) => one == other,
    }
}

/// `1h` and `60m0s`: clients of Go write a duration anew.
fn is_same_time(one: &str, other: &str) -> bool {
    nanoseconds(one).is_some_and(|time| Some(time) == nanoseconds(other))
}

fn nanoseconds(text: &str) -> Option<u128> {
    let mut rest = text;
    let mut total = 0u128;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).filter(|end| *end > 0)?;
        let (number, behind) = rest.split_at_checked(digits)?;
        let (unit, size) = [("ms", 1_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000)]
            .into_iter()
            .find(|(unit, _)| behind.starts_with(unit))?;
        total = total.checked_add(number.parse::<u128>().ok()?.checked_mul(size)?)?;
        rest = behind.strip_prefix(unit)?;
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::differences;
    use serde_json::json;

    #[test]
    fn what_a_client_writes_anew_is_the_same() {
        for (wanted, live) in [
            (json!({ "prune": false, "list": [], "map": { "inner": {} } }), json!({})),
            (json!({}), json!({ "template": { "metadata": {}, "spec": { "project": "" } } })),
            (json!({ "interval": "1h" }), json!({ "interval": "60m0s" })),
            (json!({ "patch": "a: b" }), json!({ "patch": "a: b\n" })),
            (json!({ "values": { "count": 1, "off": null } }), json!({ "values": { "count": 1.0 } })),
        ] {
            assert_eq!(differences("spec", Some(&wanted), Some(&live)), [], "{wanted} {live}");
        }
    }

    #[test]
    fn each_field_that_differs_is_named() {
        for (wanted, live, field) in [
            (json!({ "values": { "count": 0 } }), json!({ "values": {} }), "spec.values.count"),
            (json!({ "automated": {} }), json!({}), "spec.automated"),
            (json!({ "sources": [{ "path": "a" }] }), json!({ "sources": [{ "path": "b" }] }), "spec.sources[0].path"),
            (json!({ "labels": { "a.b/c": "1" } }), json!({ "labels": {} }), "spec.labels[\"a.b/c\"]"),
            (json!({ "list": [1] }), json!({ "list": [1, 2] }), "spec.list"),
            (json!({}), json!({ "force": true }), "spec.force"),
        ] {
            let found = differences("spec", Some(&wanted), Some(&live));
            assert_eq!(found.iter().map(|one| one.field.as_str()).collect::<Vec<_>>(), [field]);
        }
    }
}
