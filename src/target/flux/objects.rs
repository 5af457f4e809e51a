//! Objects that fleetc writes itself: a folder for each deployment, and those of the hub.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::hub::{self, Hub};
use super::object;
use crate::plan::{Deployment, HubObject, ObjectRef};
use crate::target::{OutputTree, yaml};

/// The group of stores and secrets.
const EXTERNAL_SECRETS: &str = "external-secrets.io";

/// How the hub's Kustomization keeps an object that would take others along.
const KEPT: (&str, &str) = ("kustomize.toolkit.fluxcd.io/prune", "disabled");

/// Whether the Ready condition is there and true. Without an expression kstatus takes an object without any condition, as
/// every new one is, for healthy (cli-utils, kstatus/status/status.go). With it an object that has no status yet is not known to be
/// healthy.
const READY: &str = "status.conditions.exists(c, c.type == 'Ready' && c.status == 'True')";

/// Of a secret it may still speak of the values that were asked for before: what was synced begins with the generation
/// (external-secrets 2.9, pkg/controllers/util: `GetResourceVersion`).
const SYNCED: &str = "status.syncedResourceVersion.startsWith(string(metadata.generation) + '-')";

/// The files of the objects of all deployments, below the output.
pub(super) fn files(hub: &Hub) -> OutputTree {
    let mut tree = OutputTree::new();
    for deployment in hub.plan.deployments.iter().filter(|deployment| !deployment.objects().is_empty()) {
        let folder = format!("{}/{}", hub.folder(), hub::release_folder(deployment));
        let mut names = vec!["objects.yaml".to_owned()];
        tree.insert(format!("{folder}/objects.yaml"), yaml::stream(deployment.objects()));
        if let Some(namespace) = deployment.namespace.as_deref().filter(|_| makes_namespace(deployment)) {
            names.insert(0, "namespace.yaml".to_owned());
            tree.insert(format!("{folder}/namespace.yaml"), yaml::stream(&[self::namespace(namespace)]));
        }
        tree.insert(format!("{folder}/kustomization.yaml"), yaml::stream(&[object::kustomization_file(&names)]));
    }
    tree
}

fn makes_namespace(deployment: &Deployment) -> bool {
    let is_namespace = |object: &Value| {
        let object = ObjectRef::of(object);
        object.kind == "Namespace" && object.api_version == "v1"
    };
    deployment.create_namespace && !deployment.objects().iter().any(is_namespace)
}

/// A namespace that others may use: made where it is missing, otherwise left as it is, and never deleted.
fn namespace(name: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": name,
            "annotations": {
                "kustomize.toolkit.fluxcd.io/prune": "disabled",
                "kustomize.toolkit.fluxcd.io/ssa": "IfNotPresent",
            },
        },
    })
}

/// The files of the objects on the hub, below the hub's folder.
pub(super) fn on_hub(hub: &Hub) -> Vec<(String, Vec<Value>)> {
    let declared = hub.plan.hub_objects.chunk_by(|a, b| a.name == b.name);
    let file = |all: &[HubObject]| {
        let objects = all.iter().map(|object: &HubObject| unsubstituted(object.kept_by(KEPT))).collect();
        Some((format!("objects/{}.yaml", all.first()?.name), objects))
    };
    declared.filter_map(file).collect()
}

/// The hub's Kustomization is not fleetc's, and may substitute.
fn unsubstituted(mut whole: Value) -> Value {
    if whole.to_string().contains('$')
        && let Some(metadata) = whole.get_mut("metadata").and_then(Value::as_object_mut)
    {
        let annotations = metadata.entry("annotations").or_insert_with(|| Value::Object(Map::new()));
        if let Some(annotations) = annotations.as_object_mut() {
            annotations.insert(object::NO_SUBSTITUTION.0.to_owned(), json!(object::NO_SUBSTITUTION.1));
        }
    }
    whole
}

/// How the health of a deployment's stores and secrets is judged, each kind once.
pub(super) fn expressions(deployment: &Deployment) -> Vec<Value> {
    let objects = deployment.objects().iter().map(ObjectRef::of);
    let own: BTreeSet<(String, String)> = objects
        .filter(|object| object.group() == EXTERNAL_SECRETS)
        .map(|object| (object.kind, object.api_version))
        .collect();
    let expression = |(kind, api_version): (String, String)| {
        let current = match kind.as_str() {
            "ExternalSecret" => format!("{READY} && {SYNCED}"),
            _ => READY.to_owned(),
        };
        json!({ "apiVersion": api_version, "kind": kind, "current": current })
    };
    own.into_iter().map(expression).collect()
}
