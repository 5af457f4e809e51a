//! An object as it is compared: without what API servers fill in, and with one of several ways to say the same.
//!
//! The defaults are those of the engines' CRDs (Argo CD 3.5, Flux 2.9); Argo CD's have none.

use serde_json::{Map, Value};

use super::live::Kind;

/// What an API server fills in: below `spec` of a kind, at a pointer.
const DEFAULTS: [(Kind, &str, &str); 8] = [
    (Kind::HelmRelease, "/chart/spec/reconcileStrategy", "ChartVersion"),
    (Kind::GitRepository, "/timeout", "60s"),
    (Kind::GitRepository, "/verify/mode", "HEAD"),
    (Kind::OciRepository, "/timeout", "60s"),
    (Kind::OciRepository, "/provider", "generic"),
    (Kind::HelmRepository, "/provider", "generic"),
    (Kind::Bucket, "/timeout", "60s"),
    (Kind::Bucket, "/provider", "generic"),
];

/// The `spec` of an object in `namespace` as it is compared.
pub(super) fn spec(kind: Kind, namespace: &str, value: &Value) -> Value {
    let Some(Value::Object(mut spec)) = value.get("spec").cloned() else {
        return value.get("spec").cloned().unwrap_or_default();
    };
    if kind == Kind::Application {
        application(&mut spec);
    }
    // Whether something stands still is looked at by itself.
    if !kind.is_argocd() {
        spec.shift_remove("suspend");
    }
    let mut spec = Value::Object(spec);
    for (_, pointer, default) in DEFAULTS.iter().filter(|(of, ..)| *of == kind) {
        let Some((parent, key)) = pointer.rsplit_once('/') else { continue };
        if let Some(map) = spec.pointer_mut(parent).and_then(Value::as_object_mut)
            && map.get(key).and_then(Value::as_str) == Some(default)
        {
            map.shift_remove(key);
        }
    }
    own_namespace(&mut spec, namespace);
    spec
}

/// Who refers to an object beside itself may say so.
fn own_namespace(spec: &mut Value, namespace: &str) {
    let drop = |reference: &mut Value| {
        if let Some(map) = reference.as_object_mut()
            && map.get("namespace").and_then(Value::as_str) == Some(namespace)
        {
            map.shift_remove("namespace");
        }
    };
    for pointer in ["/sourceRef", "/chart/spec/sourceRef"] {
        spec.pointer_mut(pointer).into_iter().for_each(drop);
    }
    spec.get_mut("dependsOn").and_then(Value::as_array_mut).into_iter().flatten().for_each(drop);
}

fn application(spec: &mut Map<String, Value>) {
    // Argo CD does not look at `source` where there are `sources`.
    if let Some(Value::Array(sources)) = spec.get_mut("sources")
        && !sources.is_empty()
    {
        let single = if sources.len() == 1 { sources.pop() } else { None };
        spec.shift_remove("source");
        if let Some(single) = single {
            spec.shift_remove("sources");
            spec.insert("source".to_owned(), single);
        }
    }
    spec.get_mut("source").into_iter().for_each(source);
    spec.get_mut("sources").and_then(Value::as_array_mut).into_iter().flatten().for_each(source);
    if let Some(destination) = spec.get_mut("destination").and_then(Value::as_object_mut)
        && let Some(server) = destination.get("server").and_then(Value::as_str)
    {
        let server = server.trim_end_matches('/').to_owned();
        destination.insert("server".to_owned(), Value::from(server));
    }
}

fn source(source: &mut Value) {
    let Some(source) = source.as_object_mut() else { return };
    if !source.contains_key("chart") {
        let is_unsaid = source.get("targetRevision").and_then(Value::as_str).is_none_or(str::is_empty);
        if is_unsaid {
            source.insert("targetRevision".to_owned(), Value::from("HEAD"));
        }
    }
    let Some(helm) = source.get_mut("helm").and_then(Value::as_object_mut) else { return };
    // A template writes as text what differs between clusters. The object wins where both are there.
    let has_object = helm.get("valuesObject").is_some_and(|values| !values.is_null());
    if has_object {
        helm.shift_remove("values");
    } else if let Some(text) = helm.get("values").and_then(Value::as_str)
        && let Ok(values) = serde_saphyr::from_str::<Value>(text)
    {
        helm.shift_remove("values");
        helm.insert("valuesObject".to_owned(), values);
    }
    // No values and empty ones are the same, of which only these may be left out.
    if helm.get("valuesObject").and_then(Value::as_object).is_some_and(Map::is_empty) {
        helm.shift_remove("valuesObject");
    }
}
