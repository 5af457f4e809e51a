//! The frame of every object: kind, name, labels and annotations.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::hub::Hub;
use super::own::{Own, Part};
use super::{shards, text};

/// Flux replaces `${…}` and `$$` in what a Kustomization applies when that has `postBuild`. Our objects are applied by
/// Kustomizations that fleetc does not write (the hub's root) or that others may patch, and they hold the text of the
/// fleet; so each says that it takes no part. The value is compared as it is, with its case (fluxcd/pkg,
/// kustomize/kustomize_varsub.go).
pub(super) const NO_SUBSTITUTION: (&str, &str) = ("kustomize.toolkit.fluxcd.io/substitute", "disabled");

/// An object in Flux's namespace.
pub(super) fn object(api_version: &str, kind: &str, metadata: Value, body: (&str, Value)) -> Value {
    let mut object = Map::with_capacity(4);
    object.insert("apiVersion".into(), json!(api_version));
    object.insert("kind".into(), json!(kind));
    object.insert("metadata".into(), metadata);
    object.insert(body.0.into(), body.1);
    Value::Object(object)
}

/// The metadata of an object in Flux's namespace.
pub(super) fn metadata(
    hub: &Hub,
    name: &str,
    labels: BTreeMap<String, String>,
    mut annotations: BTreeMap<String, String>,
) -> Value {
    annotations.insert(NO_SUBSTITUTION.0.into(), NO_SUBSTITUTION.1.into());
    let mut metadata = Map::with_capacity(4);
    metadata.insert("name".into(), json!(name));
    metadata.insert("namespace".into(), json!(hub.settings.namespace));
    if !labels.is_empty() {
        metadata.insert("labels".into(), json!(labels));
    }
    metadata.insert("annotations".into(), json!(annotations));
    Value::Object(metadata)
}

/// The labels by which an object of a deployment of `component` is found.
pub(super) fn labels(hub: &Hub, component: &str, own: &Own) -> BTreeMap<String, String> {
    let mut labels = component_label(hub, component);
    let cluster = own.get(Part::Cluster);
    labels.extend(cluster.map(|cluster| (format!("{}/cluster", hub.plan.label_prefix), cluster.to_owned())));
    labels.extend(own.get(Part::Shard).map(|shard| (shards::KEY.to_owned(), shard.to_owned())));
    labels
}

/// The label by which an object of a component is found.
pub(super) fn component_label(hub: &Hub, component: &str) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    if text::is_label_value(component) {
        labels.insert(format!("{}/component", hub.plan.label_prefix), component.to_owned());
    }
    labels
}

/// A `kustomization.yaml` that lists the files beside it. Without one Flux would take every file it finds.
pub(super) fn kustomization_file(files: &[String]) -> Value {
    json!({ "apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": files })
}
