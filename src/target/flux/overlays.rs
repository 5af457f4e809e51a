//! `layout = overlays`: a base for each component, and for each cluster a folder that patches what differs there.
//!
//! Invariant: kustomize builds a cluster's folder to the objects that the other layout writes out for it
//! (`tests/flux_trees.rs`, `tests/conformance/kustomize.sh`). So nothing is decided here: the objects are made first, a
//! base is what they have in common, and a patch is what an object has beyond its base. Patches thus only ever add, and
//! never meet kustomize's rules for taking away and for merging lists.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::hub::Hub;
use super::text::literal_pattern;
use super::tree::{ClusterObjects, Clusters};
use super::{object, shards};
use crate::plan::{Content, Deployment};
use crate::target::OutputTree;
use crate::target::yaml;

/// The folders of the bases and of the clusters.
pub(super) fn files(hub: &Hub, clusters: &Clusters) -> OutputTree {
    let flux = hub.folder();
    let bases = bases(hub, clusters);
    let mut tree = OutputTree::new();
    for (component, base) in &bases {
        add_base(&mut tree, &format!("{flux}/base/components/{component}"), "component.yaml", base);
    }
    for object in clusters.values().flat_map(|objects| &objects.sources) {
        add_base(&mut tree, &format!("{flux}/base/sources/{}", source_folder(object)), "source.yaml", object);
    }
    for (cluster, objects) in clusters {
        let folder = format!("{flux}/{}", cluster_folder(hub, cluster));
        tree.insert(format!("{folder}/kustomization.yaml"), yaml::stream(&[overlay(hub, objects, &bases)]));
    }
    tree
}

/// The folder that patches the bases for a cluster. A cluster's own Flux takes it in from the folder above, which
/// `flux bootstrap` writes into as well and which therefore has no list (see `tree`).
pub(super) fn cluster_folder(hub: &Hub, cluster: &str) -> String {
    if hub.is_pull() { format!("clusters/{cluster}/fleet") } else { format!("clusters/{cluster}") }
}

/// A folder with one object. kustomize reads folders from anywhere, but files only from below the one it builds, unless
/// it is told otherwise as Flux tells it.
fn add_base(tree: &mut OutputTree, folder: &str, file: &str, object: &Value) {
    tree.insert(format!("{folder}/kustomization.yaml"), yaml::stream(&[object::kustomization_file(&[file.into()])]));
    tree.insert(format!("{folder}/{file}"), yaml::stream(std::slice::from_ref(object)));
}

/// A source may be one object for files and another for charts, and a cluster may use it for one of them only.
fn source_folder(object: &Value) -> String {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    format!("{}/{}", text("/kind").to_lowercase(), text("/metadata/name"))
}

/// What the Kustomizations of each component have in common, under the component's name.
fn bases<'a>(hub: &Hub, clusters: &Clusters<'a>) -> BTreeMap<&'a str, Value> {
    let mut bases: BTreeMap<&str, Value> = BTreeMap::new();
    for (deployment, object) in clusters.values().flat_map(|objects| &objects.kustomizations) {
        let base = bases.remove(deployment.component.as_ref());
        let object = base_of_one(hub, deployment, object.clone());
        let shared = match base {
            Some(base) => common(&base, &object),
            None => Some(object),
        };
        bases.extend(shared.map(|shared| (deployment.component.as_ref(), shared)));
    }
    bases
}

/// The object without what only its cluster can say, so that a base does not change when a second cluster joins.
fn base_of_one(hub: &Hub, deployment: &Deployment, mut object: Value) -> Value {
    let local = format!("{}/cluster", hub.plan.label_prefix);
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.insert("name".into(), json!(*deployment.component));
        if let Some(labels) = metadata.get_mut("labels").and_then(Value::as_object_mut) {
            labels.shift_remove(&local);
            labels.shift_remove(shards::KEY);
            if labels.is_empty() {
                metadata.shift_remove("labels");
            }
        }
    }
    if let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) {
        spec.shift_remove("kubeConfig");
        spec.shift_remove("dependsOn");
        if !matches!(deployment.content, Content::Path(_)) {
            spec.shift_remove("path");
        }
    }
    object
}

/// What two values have in common. A list is so as a whole or not at all.
fn common(one: &Value, two: &Value) -> Option<Value> {
    let (Value::Object(one), Value::Object(two)) = (one, two) else {
        return (one == two).then(|| one.clone());
    };
    let shared = one.iter().filter_map(|(key, value)| Some((key.clone(), common(value, two.get(key)?)?)));
    let shared: Map<String, Value> = shared.collect();
    (!shared.is_empty()).then_some(Value::Object(shared))
}

/// What `whole` has beyond `base`, which is in it.
fn beyond(whole: &Map<String, Value>, base: &Map<String, Value>) -> Map<String, Value> {
    let mut more = Map::new();
    for (key, value) in whole {
        match (value, base.get(key)) {
            (value, Some(base)) if value == base => {}
            (Value::Object(value), Some(Value::Object(base))) => {
                more.insert(key.clone(), Value::Object(beyond(value, base)));
            }
            (value, _) => {
                more.insert(key.clone(), value.clone());
            }
        }
    }
    more
}

/// The `kustomization.yaml` of a cluster.
fn overlay(hub: &Hub, objects: &ClusterObjects, bases: &BTreeMap<&str, Value>) -> Value {
    let up = if hub.is_pull() { "../../.." } else { "../.." };
    let components = objects.kustomizations.iter().map(|(deployment, _)| deployment.component.as_ref());
    let components: BTreeSet<&str> = components.collect();
    let resources: Vec<String> = components
        .into_iter()
        .map(|component| format!("{up}/base/components/{component}"))
        .chain(objects.sources.iter().map(|object| format!("{up}/base/sources/{}", source_folder(object))))
        .collect();
    let mut file = object::kustomization_file(&resources);
    let written = by_free_name(&objects.kustomizations).into_iter();
    let patches: Vec<Value> = written
        .filter_map(|(deployment, object)| Some(patch(deployment, object, bases.get(deployment.component.as_ref())?)))
        .collect();
    if let Some(file) = file.as_object_mut().filter(|_| !patches.is_empty()) {
        file.insert("patches".into(), json!(patches));
    }
    file
}

/// The patch that makes an object of its base. It renames it, which kustomize must be told to let happen.
fn patch(deployment: &Deployment, object: &Value, base: &Value) -> Value {
    let mut body = Map::new();
    for field in ["apiVersion", "kind"] {
        body.insert(field.into(), object.get(field).cloned().unwrap_or_default());
    }
    body.insert("metadata".into(), json!({ "name": &*deployment.name }));
    if let (Some(object), Some(base)) = (object.as_object(), base.as_object()) {
        body.extend(beyond(object, base));
    }
    json!({
        "target": { "kind": body.get("kind"), "name": literal_pattern(&deployment.component) },
        "options": { "allowNameChange": true },
        "patch": yaml::document(&Value::Object(body)),
    })
}

/// The Kustomizations of a cluster by name, but each behind the one whose base has the name that it takes: kustomize
/// allows no two objects of one name even between two patches, and a patch finds its target by its old and new name.
fn by_free_name<'o, 'a>(objects: &'o [(&'a Deployment, Value)]) -> Vec<(&'a Deployment, &'o Value)> {
    let by_component: BTreeMap<&str, usize> =
        objects.iter().enumerate().map(|(place, (deployment, _))| (deployment.component.as_ref(), place)).collect();
    let mut written = Vec::new();
    let mut done = BTreeSet::new();
    for start in 0..objects.len() {
        let mut waiting = Vec::new();
        let mut next = Some(start);
        while let Some(place) = next.filter(|&place| done.insert(place)) {
            waiting.push(place);
            let name = objects.get(place).map(|(deployment, _)| &*deployment.name);
            next = name.and_then(|name| by_component.get(name).copied());
        }
        written.extend(waiting.into_iter().rev().filter_map(|place| objects.get(place)));
    }
    written.into_iter().map(|(deployment, object)| (*deployment, object)).collect()
}
