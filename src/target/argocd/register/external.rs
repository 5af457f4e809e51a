//! The ExternalSecret that renders a cluster's Secret.
//!
//! What the fleet does not say comes from the cluster's entry in a store. Labels, annotations and data of `template` are
//! templates of Go (External Secrets Operator, engine v2), so `{{` in the fleet's texts is written as a constant.

use serde_json::{Map, Value, json};

use super::secret::{self, KEPT};
use super::{config, is_hub, server};
use crate::plan::{ArgoCd, Cluster};

/// What stands for a text of the store until the others are escaped. No text of a fleet holds this character.
const HOLE: char = '\0';

/// The ExternalSecret; a Secret where nothing is left to ask the store for, as for the hub itself.
pub(super) fn manifest(settings: &ArgoCd, cluster: &Cluster) -> Value {
    let registration = &cluster.registration;
    let auth = registration.auth.as_ref();
    let hole = |property: &str| format!("{HOLE}{property}{HOLE}");
    let mut asked = Vec::new();
    let server = match server(cluster) {
        Some(server) => server.to_owned(),
        None => {
            asked.push("server");
            hole("server")
        }
    };
    let config = match (auth, &registration.ca) {
        (None, _) => {
            asked.push("config");
            hole("config")
        }
        (Some(auth), Some(pem)) => format!("{:#}\n", config::of(auth, Some(config::ca_data(pem)))),
        (Some(auth), None) => {
            asked.push("caData");
            format!("{:#}\n", config::of(auth, Some("HOLE".to_owned())))
                .replace("\"HOLE\"", &format!("\"{}\"", hole("caData")))
        }
    };
    if is_hub(cluster) || asked.is_empty() {
        return secret::manifest(settings, cluster);
    }
    let escaped = |texts: Map<String, Value>| -> Map<String, Value> {
        texts.into_iter().map(|(key, text)| (key, json!(template(text.as_str().unwrap_or_default())))).collect()
    };
    let texts = |map: std::collections::BTreeMap<String, String>| map.into_iter().map(|(k, v)| (k, json!(v))).collect();
    let mut metadata = Map::new();
    metadata.insert("labels".to_owned(), Value::Object(escaped(texts(secret::labels(cluster)))));
    if !registration.annotations.is_empty() {
        let annotations = escaped(texts(registration.annotations.clone()));
        metadata.insert("annotations".to_owned(), Value::Object(annotations));
    }
    let from =
        |property: &str| json!({ "secretKey": property, "remoteRef": remote(&registration.store_key, property) });
    let annotations: Map<String, Value> = KEPT.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
    json!({
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": { "name": secret::name(cluster), "namespace": settings.namespace, "annotations": annotations },
        "spec": {
            "refreshInterval": "1h",
            "secretStoreRef": { "kind": "ClusterSecretStore", "name": registration.store },
            "target": {
                "name": secret::name(cluster),
                // Without its operator, or when it is deleted by mistake, the cluster stays known.
                "creationPolicy": "Orphan",
                "template": {
                    "engineVersion": "v2",
                    "type": "Opaque",
                    "metadata": metadata,
                    "data": escaped(secret::data(cluster, &server, &config)),
                },
            },
            "data": asked.iter().map(|property| from(property)).collect::<Vec<_>>(),
        },
    })
}

/// A property of an entry, with what the operator fills in by itself inside a list (0.16): Argo CD takes that for a difference
/// that never goes away.
fn remote(key: &str, property: &str) -> Value {
    json!({
        "key": key,
        "property": property,
        "conversionStrategy": "Default",
        "decodingStrategy": "None",
        "metadataPolicy": "None",
    })
}

/// `text` as a template that gives it back, with what is asked of the store.
fn template(text: &str) -> String {
    let escaped = text.replace("{{", "{{`{{`}}");
    let mut parts = escaped.split(HOLE);
    let mut out = parts.next().unwrap_or_default().to_owned();
    // Between two of them stands a name, then again text.
    while let (Some(property), Some(text)) = (parts.next(), parts.next()) {
        out.push_str(&format!("{{{{ .{property} }}}}{text}"));
    }
    out
}
