//! From manifests back to deployments: what Argo CD and Flux make of the emitted files, compared with the plan.
//!
//! Knows the engines' objects and the output tree of `cli.md`, and nothing of the compiler.

mod app_of_apps;
pub mod argocd;
pub mod flux;
pub mod gotemplate;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::reference::{Deployment, Reference};

/// The documents of each file, by its path below the output folder.
pub type Tree = BTreeMap<String, Vec<Value>>;

/// What both engines are compared with.
pub struct Expected<'a> {
    pub reference: &'a Reference<'a>,
    pub deployments: Vec<Deployment>,
}

/// Reads every YAML file below `folder`.
pub fn read_tree(folder: &Path) -> Tree {
    let mut tree = Tree::new();
    read_folder(folder, "", &mut tree);
    tree
}

fn read_folder(folder: &Path, prefix: &str, tree: &mut Tree) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().into_string().unwrap());
        if entry.file_type().unwrap().is_dir() {
            read_folder(&entry.path(), &format!("{name}/"), tree);
        } else if name.ends_with(".yaml") {
            tree.insert(name, documents(&fs::read_to_string(entry.path()).unwrap()));
        }
    }
}

/// The documents of a YAML text, which lines of `---` divide.
pub fn documents(text: &str) -> Vec<Value> {
    let mut parts = vec![String::new()];
    for line in text.split_inclusive('\n') {
        match line.trim_end() {
            "---" => parts.push(String::new()),
            _ => parts.last_mut().expect("one part").push_str(line),
        }
    }
    let documents =
        parts.iter().map(|part| serde_yaml::from_str(part).unwrap_or_else(|error| panic!("{error} in\n{part}")));
    documents.filter(|document: &Value| !document.is_null()).collect()
}

/// The objects of a kind in the files below a folder, with the file of each.
pub fn objects<'t>(tree: &'t Tree, folder: &str, kind: &str) -> Vec<(&'t str, &'t Value)> {
    let mut found = Vec::new();
    for (path, documents) in tree.range(folder.to_string()..).take_while(|(path, _)| path.starts_with(folder)) {
        found.extend(documents.iter().filter(|it| it["kind"] == kind).map(|document| (path.as_str(), document)));
    }
    found
}

/// A text at a JSON pointer; empty when there is none.
pub fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// Patches of kustomize in the words of the plan. A target's name is a regular expression, anchored by kustomize: one of
/// `^$` is no object's, and its patch does nothing.
pub fn patches(patches: &Value) -> Vec<Value> {
    let patches = patches.as_array().into_iter().flatten().filter(|it| text(it, "/target/name") != "^$");
    let read = patches.map(|it| {
        let (kind, name) = (text(it, "/target/kind"), text(it, "/target/name").replace('\\', ""));
        let patch = serde_yaml::from_str(text(it, "/patch")).unwrap_or_else(|error| json!(error.to_string()));
        match patch {
            Value::Object(mut fields) => {
                let own = json!({ "name": fields["metadata"]["name"] });
                fields.retain(|key, _| !["apiVersion", "kind", "metadata"].contains(&key.as_str()));
                json!({ "kind": kind, "name": name, "merge": fields, "own": own })
            }
            operations => json!({ "kind": kind, "name": name, "operations": operations }),
        }
    });
    read.collect()
}

/// Adds the places where `actual` is not what is expected. Objects may have more keys than expected, unless they are
/// the user's own: below `values`, `labels`, `operations`, `merge` everything must be the same.
pub fn differences(expected: &Value, actual: &Value, at: &str, found: &mut Vec<String>) {
    let own = ["/values", "/labels", "/operations", "/merge"].iter().any(|key| at.contains(key));
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => {
            for (key, value) in expected {
                match actual.get(key) {
                    Some(other) => differences(value, other, &format!("{at}/{key}"), found),
                    None => found.push(format!("{at}/{key}: expected {value}, found nothing")),
                }
            }
            for (key, value) in actual.iter().filter(|(key, _)| own && !expected.contains_key(*key)) {
                found.push(format!("{at}/{key}: expected nothing, found {value}"));
            }
        }
        (Value::Array(expected), Value::Array(actual)) if expected.len() == actual.len() => {
            for (index, (expected, actual)) in expected.iter().zip(actual).enumerate() {
                differences(expected, actual, &format!("{at}/{index}"), found);
            }
        }
        (Value::Array(expected), Value::Array(actual)) if expected.iter().any(|item| item["name"].is_string()) => {
            let names = |items: &[Value]| items.iter().map(|it| text(it, "/name").to_string()).collect::<Vec<_>>();
            let (expected, actual) = (names(expected), names(actual));
            found.extend(expected.iter().filter(|it| !actual.contains(it)).map(|it| format!("{at}: no {it}")));
            found.extend(actual.iter().filter(|it| !expected.contains(it)).map(|it| format!("{at}: {it} is too much")));
        }
        _ if same(expected, actual) => {}
        _ => found.push(format!("{at}: expected {expected}, found {actual}")),
    }
}

/// Equality in which numbers are the same when their values are.
pub fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || (a.is_f64() || b.is_f64()) && a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

impl<'a> Expected<'a> {
    /// What `reference` says.
    pub fn new(reference: &'a Reference<'a>) -> Self {
        Self { reference, deployments: reference.deployments() }
    }

    /// The deployment of a component on a cluster.
    pub fn find(&self, component: &str, cluster: &str) -> Option<&Deployment> {
        self.deployments.iter().find(|it| it.component == component && it.cluster == cluster)
    }

    /// The deployments of a component under its rollout: stages in order, clusters by name.
    pub fn stages(&self, component: &str) -> Vec<(String, Vec<&Deployment>)> {
        let own: Vec<&Deployment> = self.deployments.iter().filter(|it| it.component == component).collect();
        let Some(rollout) = own.first().and_then(|it| it.rollout.clone()) else { return Vec::new() };
        let rollouts = &self.reference.fleet.rollouts;
        let rollout = rollouts.iter().find(|it| it.name == rollout).expect("a declared rollout");
        let stages = rollout.stages.iter().map(|stage| {
            let here = own.iter().copied().filter(|it| it.stage.as_ref() == Some(&stage.name)).collect();
            (stage.name.clone(), here)
        });
        stages.filter(|(_, here): &(String, Vec<&Deployment>)| !here.is_empty()).collect()
    }

    /// The stage that a deployment is in.
    pub fn stage(&self, deployment: &Deployment) -> &super::model::Stage {
        let rollouts = &self.reference.fleet.rollouts;
        let rollout = rollouts.iter().find(|it| Some(&it.name) == deployment.rollout.as_ref()).expect("a rollout");
        rollout.stages.iter().find(|it| Some(&it.name) == deployment.stage.as_ref()).expect("a stage")
    }

    /// The images that a deployment replaces: `name=new`.
    pub fn images(&self, deployment: &Deployment) -> Vec<String> {
        let images = deployment.rest["images"].as_object().into_iter().flatten();
        let mut images: Vec<String> =
            images.map(|(name, new)| format!("{name}={}", new.as_str().unwrap_or_default())).collect();
        images.sort();
        images
    }

    /// The names of the components that run somewhere.
    pub fn components(&self) -> Vec<String> {
        let mut names: Vec<String> = self.deployments.iter().map(|it| it.component.clone()).collect();
        names.dedup();
        names
    }
}
