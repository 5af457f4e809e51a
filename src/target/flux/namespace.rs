//! The Namespace of a chart whose labels or annotations somebody gave.
//!
//! Helm makes the namespace of a release, and cannot say anything of it. Where a cluster's own Flux applies the release's
//! folder, the Namespace stands in that folder. On a hub the folder is applied to the hub, so there it is refused.

use serde_json::{Map, Value, json};

use super::hub::Hub;
use super::object;
use crate::plan::Deployment;

/// The Namespace, if there is something to say of it. It is never pruned: its workloads would go with it, and another
/// release may live there.
pub(super) fn object(hub: &Hub, deployment: &Deployment) -> Option<Value> {
    let said = !deployment.namespace_labels.is_empty() || !deployment.namespace_annotations.is_empty();
    let name = deployment.namespace.as_ref().filter(|_| said && hub.is_pull())?;
    let mut annotations = deployment.namespace_annotations.clone();
    annotations.insert("kustomize.toolkit.fluxcd.io/prune".into(), "disabled".into());
    let mut metadata = Map::new();
    metadata.insert("name".into(), json!(name));
    if !deployment.namespace_labels.is_empty() {
        metadata.insert("labels".into(), json!(deployment.namespace_labels));
    }
    annotations.insert(object::NO_SUBSTITUTION.0.into(), object::NO_SUBSTITUTION.1.into());
    metadata.insert("annotations".into(), json!(annotations));
    Some(json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": metadata }))
}
