//! A `secret`: an ExternalSecret. It says where the values are and never what they are.

use serde_json::{Map, Value, json};

use super::{EXTERNAL_SECRETS, SECRET_KIND, STORE_KIND, missing, whole};
use crate::model::cluster::is_dns_subdomain;
use crate::plan::Duration;
use crate::plan::json::duration;
use crate::plan::resolve::check::{invalid, invalid_name};
use crate::plan::resolve::deployment::Attributes;
use crate::plan::resolve::pick::{Picked, Poison};
use crate::plan::resolve::sources::exclusive;

/// How often the values are read again when nothing is said.
const REFRESH: Duration = Duration { milliseconds: 3_600_000 };

/// The ExternalSecret.
pub(super) fn object(at: &mut Attributes, namespace: Option<&str>) -> Picked<Value> {
    let name = at.spot.layers.name.text.clone();
    let (store, refresh, target, kind) = (at.text("store"), at.duration("refresh"), target(at), at.filled("type"));
    let data = data(at);
    let mut sound = Ok(());
    let store = store?;
    if store.is_none() {
        sound = Err(missing(at, "store", "who keeps the values?", "write `store = NAME`, naming a `store`"));
    }
    if namespace.is_none() && sound.is_ok() {
        sound = Err(missing(at, "namespace", "where is the Secret?", "write `namespace = NAME`"));
    }
    sound?;
    let mut to = Map::new();
    to.insert("name".into(), json!(target?.unwrap_or_else(|| name.clone())));
    if let Some(kind) = kind? {
        to.insert("template".into(), json!({ "type": kind }));
    }
    let mut spec = Map::new();
    spec.insert("refreshInterval".into(), json!(duration(refresh?.unwrap_or(REFRESH))));
    spec.insert("secretStoreRef".into(), json!({ "kind": STORE_KIND, "name": store }));
    spec.insert("target".into(), Value::Object(to));
    let (field, data) = data?;
    spec.insert(field.into(), data);
    let metadata = json!({ "name": name, "namespace": namespace });
    Ok(whole(EXTERNAL_SECRETS, SECRET_KIND, metadata, Value::Object(spec)))
}

fn target(at: &mut Attributes) -> Picked<Option<String>> {
    let Some(name) = at.text("target")? else { return Ok(None) };
    if is_dns_subdomain(&name) {
        return Ok(Some(name));
    }
    let span = at.span("target");
    at.report(invalid_name(span, &name, "a Secret", 253));
    Err(Poison)
}

/// `data` or `dataFrom`, with what it holds.
fn data(at: &mut Attributes) -> Picked<(&'static str, Value)> {
    let (from, property, keys) = (at.filled("from"), at.filled("property"), at.text_map("keys"));
    let (from, property, keys) = (from?, property?, keys?);
    match (from, property, keys.is_empty()) {
        (None, None, true) => Err(missing(
            at,
            "from",
            "where are its values?",
            "write `from = \"…\"`, or `keys { KEY = \"entry#property\" }`",
        )),
        (None, Some(_), true) => {
            let help = "write `from = \"…\"`, the entry that has this property";
            Err(missing(at, "from", "of which entry is the property?", help))
        }
        (_, Some(_), false) => {
            let (keys, property) = (keys_span(at), at.span("property"));
            let why = "`keys` names the property of each key itself, as `\"entry#property\"`";
            at.report(exclusive(keys, "keys", property, "property", why));
            Err(Poison)
        }
        (Some(from), None, true) => Ok(("dataFrom", json!([{ "extract": remote(&from, None) }]))),
        (Some(from), Some(property), true) => {
            if !is_key(&property) {
                let span = at.span("property");
                at.report(not_a_key(
                    span,
                    &property,
                    "write `keys { KEY = \"entry#property\" }`, which names the key itself",
                ));
                return Err(Poison);
            }
            Ok(("data", json!([{ "secretKey": property, "remoteRef": remote(&from, Some(&property)) }])))
        }
        (from, None, false) => {
            let used = keys.values().any(|value| value.starts_with('#'));
            if from.is_some() && !used {
                let (keys, from) = (keys_span(at), at.span("from"));
                at.report(exclusive(keys, "keys", from, "from", "no key is `\"#property\"` of that entry"));
                return Err(Poison);
            }
            let items: Vec<Picked<Value>> =
                keys.iter().map(|(key, value)| item(at, key, value, from.as_deref())).collect();
            Ok(("data", items.into_iter().collect::<Picked<Vec<_>>>()?.into()))
        }
    }
}

/// A key and where its value is: `entry`, `entry#property`, or `#property` of `from`.
fn item(at: &mut Attributes, key: &str, value: &str, from: Option<&str>) -> Picked<Value> {
    let span = at.spot.place_of("keys", key).unwrap_or(at.spot.layers.name.span);
    if !is_key(key) {
        at.report(not_a_key(span, key, "use letters, digits, `-`, `_` and `.`"));
        return Err(Poison);
    }
    let (entry, property) = match value.rsplit_once('#') {
        Some((entry, property)) => (entry, Some(property)),
        None => (value, None),
    };
    let entry = if entry.is_empty() { from } else { Some(entry) };
    match (entry, property) {
        (Some(entry), property) if property != Some("") => {
            Ok(json!({ "secretKey": key, "remoteRef": remote(entry, property) }))
        }
        _ => {
            let message = format!("`{value}` does not say where the value of `{key}` is");
            let help = "write `\"entry\"`, `\"entry#property\"`, or with `from` the `\"#property\"` alone";
            at.report(invalid(span, message, "names no entry of the store", help));
            Err(Poison)
        }
    }
}

/// A reference with everything written out: what the operator's webhook or CRD fills in by itself, inside a list, Argo CD
/// takes for a difference that never goes away (0.16 fills these three in, 2.9 none of them).
fn remote(key: &str, property: Option<&str>) -> Value {
    let mut reference = Map::new();
    reference.insert("key".into(), json!(key));
    super::insert(&mut reference, "property", property.map(|property| json!(property)));
    for (field, value) in [("conversionStrategy", "Default"), ("decodingStrategy", "None"), ("metadataPolicy", "None")]
    {
        reference.insert(field.into(), json!(value));
    }
    Value::Object(reference)
}

/// What the operator and Kubernetes take as a key of a Secret.
fn is_key(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !text.is_empty() && text.len() <= 253 && text.chars().all(plain)
}

fn not_a_key(span: crate::source::Span, key: &str, help: &str) -> crate::diag::Diagnostic {
    invalid(span, format!("a Secret has no key `{key}`"), "becomes a key of the Secret", help)
}

fn keys_span(at: &Attributes) -> crate::source::Span {
    let parts = at.spot.layers.maps.get("keys");
    parts.and_then(|parts| parts.last()).map_or(at.spot.layers.name.span, |part| part.span)
}
