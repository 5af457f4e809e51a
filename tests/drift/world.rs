//! What API servers and the engines' controllers make of a build, in miniature: the objects that `kubectl get` would print
//! some time after everything was applied and is healthy.
//!
//! Written against the engines' documentation and CRDs and shares nothing with the compiler, but the folder that a build
//! writes.

#![allow(dead_code)]

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

const REVISION: &str = "8f1c2d3e4a5b6c7d8e9f00112233445566778899";

/// The documents of a YAML text.
fn documents(text: &str) -> Vec<Value> {
    let all = serde_saphyr::from_multiple_with_options(text, serde_saphyr::options! { budget: None });
    all.unwrap_or_else(|error| panic!("{error} in\n{text}"))
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// Every object of both engines that a hub has, from an output that stands in the folder `home` of its repository.
pub fn live(tree: &BTreeMap<String, String>, home: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let roots = roots(tree);
    // Scripts, patches of settings and Terraform's files are for people.
    for (path, content) in tree.iter().filter(|(path, _)| path.ends_with(".yaml")) {
        let root = above(path).and_then(|root| roots.get(&root));
        for object in documents(content) {
            let api = text(&object, "/apiVersion").to_owned();
            match text(&object, "/kind") {
                "ApplicationSet" => all.extend(set(object, root)),
                "Application" => all.push(application(object, root)),
                "AppProject" => all.push(project(object, root)),
                "Kustomization" if api.starts_with("kustomize.toolkit") => all.push(reconciled(object, "fleet")),
                "HelmRelease" => {
                    let owner = text(&object, "/metadata/name").to_owned();
                    all.push(reconciled(object, &owner));
                }
                _ if api.starts_with("source.toolkit.") => all.push(reconciled(object, "fleet")),
                _ => {}
            }
        }
    }
    if tree.keys().any(|path| path.starts_with("flux/hub/")) {
        let root = json!({
            "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
            "metadata": { "name": "fleet", "namespace": "flux-system" }, "spec": { "path": format!("./{home}/flux/hub") },
        });
        all.push(reconciled(root, "flux-system"));
    }
    if all.iter().any(|object| object["apiVersion"] == "argoproj.io/v1alpha1") {
        all.push(project(
            json!({
                "apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject",
                "metadata": { "name": "default", "namespace": "argocd" }, "spec": { "sourceRepos": ["*"] },
            }),
            None,
        ));
    }
    all
}

/// As `kubectl get … -o json` prints them.
pub fn list(objects: &[Value]) -> String {
    json!({ "apiVersion": "v1", "kind": "List", "metadata": { "resourceVersion": "" }, "items": objects }).to_string()
}

/// The names of the root Applications by their files.
fn roots(tree: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let is_root = |path: &str| path.ends_with("/root.yaml") || path.split('/').rev().nth(1) == Some("apps");
    let name = |content: &str| text(&documents(content)[0], "/metadata/name").to_owned();
    tree.iter().filter(|(path, _)| is_root(path)).map(|(path, content)| (path.clone(), name(content))).collect()
}

/// The file of the root that applies a file; nobody applies the root itself.
fn above(path: &str) -> Option<String> {
    let (folder, file) = path.rsplit_once('/')?;
    match folder.rsplit_once('/') {
        _ if file == "root.yaml" => None,
        Some((engine, "apps" | "applicationsets" | "projects")) => Some(format!("{engine}/root.yaml")),
        Some(_) => Some(format!("{folder}.yaml")),
        None => None,
    }
}

fn tracked(object: &mut Value, root: Option<&String>) {
    if let Some(root) = root {
        let of = |pointer: &str| text(object, pointer).to_owned();
        let id = format!("{root}:argoproj.io/{}:{}/{}", of("/kind"), of("/metadata/namespace"), of("/metadata/name"));
        annotate(object, "annotations", "argocd.argoproj.io/tracking-id", &id);
    }
}

/// What a server adds to every object.
fn served(object: &mut Value) {
    let metadata = object["metadata"].as_object_mut().unwrap();
    metadata.insert("uid".into(), json!("5d1c9c4e-3f0e-4b1f-9b0a-000000000000"));
    metadata.insert("resourceVersion".into(), json!("4711"));
    metadata.insert("generation".into(), json!(3));
    metadata.insert("creationTimestamp".into(), json!("2026-01-01T00:00:00Z"));
    metadata.insert("managedFields".into(), json!([{ "manager": "argocd-controller", "operation": "Apply" }]));
}

fn annotate(object: &mut Value, group: &str, key: &str, value: &str) {
    let metadata = object["metadata"].as_object_mut().unwrap();
    metadata.entry(group).or_insert_with(|| json!({}))[key] = json!(value);
}

/// Without what a client of Go leaves out, as every such field of Argo CD's types is `omitempty`.
fn omit_empty(value: &mut Value, key: &str) {
    if ["valuesObject", "elements"].contains(&key) {
        return;
    }
    match value {
        Value::Object(map) => {
            map.iter_mut().for_each(|(key, value)| omit_empty(value, key));
            let is_kept = |key: &str, value: &Value| match value {
                Value::Null | Value::Bool(false) => false,
                Value::String(text) => !text.is_empty(),
                Value::Array(items) => !items.is_empty(),
                Value::Object(map) => !map.is_empty() || key == "automated" || key == "valuesObject",
                _ => true,
            };
            map.retain(|key, value| is_kept(key, value));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| omit_empty(item, "")),
        _ => {}
    }
}

fn application(mut object: Value, root: Option<&String>) -> Value {
    object["apiVersion"] = json!("argoproj.io/v1alpha1");
    object["kind"] = json!("Application");
    omit_empty(&mut object["spec"], "spec");
    served(&mut object);
    tracked(&mut object, root);
    object["status"] = json!({
        "health": { "status": "Healthy" },
        "sync": { "status": "Synced", "revision": REVISION },
        "reconciledAt": "2026-01-02T00:00:00Z",
        "operationState": { "phase": "Succeeded", "message": "successfully synced (all tasks run)" },
        "resources": [{ "kind": "Deployment", "name": "web", "status": "Synced" }],
    });
    object
}

/// An ApplicationSet and the Applications that its controller makes.
fn set(mut object: Value, root: Option<&String>) -> Vec<Value> {
    let name = text(&object, "/metadata/name").to_owned();
    let namespace = text(&object, "/metadata/namespace").to_owned();
    let is_rolling = !object["spec"]["strategy"].is_null();
    let mut all = Vec::new();
    let template = object["spec"]["template"].clone();
    for generator in object["spec"]["generators"].as_array_mut().unwrap() {
        for element in generator["list"]["elements"].as_array().unwrap() {
            let mut made = render(&template, element.as_object().unwrap());
            made["metadata"]["namespace"] = json!(namespace);
            made["metadata"]["ownerReferences"] = json!([{ "apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet", "name": name, "controller": true }]);
            if is_rolling {
                made["spec"]["syncPolicy"]["automated"]["enabled"] = json!(false);
            }
            let mut made = application(made, None);
            if is_rolling {
                made["spec"]["syncPolicy"]["automated"]["enabled"] = json!(false);
            }
            all.push(made);
        }
        generator["list"]["template"] = json!({ "metadata": {}, "spec": { "destination": {}, "project": "" } });
    }
    served(&mut object);
    tracked(&mut object, root);
    let healthy = |application: &Value| json!({ "application": application["metadata"]["name"], "status": "Healthy", "step": "1" });
    object["status"] = json!({
        "conditions": [
            { "type": "ErrorOccurred", "status": "False", "reason": "ApplicationSetUpToDate", "message": "done" },
            { "type": "ParametersGenerated", "status": "True", "reason": "ParametersGenerated", "message": "done" },
            { "type": "ResourcesUpToDate", "status": "True", "reason": "ApplicationSetUpToDate", "message": "done" },
        ],
        "applicationStatus": if is_rolling { all.iter().map(healthy).collect() } else { Vec::new() },
    });
    all.push(object);
    all
}

fn project(mut object: Value, root: Option<&String>) -> Value {
    served(&mut object);
    tracked(&mut object, root);
    object["status"] = json!({});
    object
}

/// Renders every string, the keys of maps too, and drops nulls in maps, as `Render.deeplyReplace` does.
fn render(value: &Value, element: &Map<String, Value>) -> Value {
    match value {
        Value::String(text) => Value::String(evaluate(text, element)),
        Value::Array(items) => items.iter().map(|item| render(item, element)).collect(),
        Value::Object(map) => map
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (evaluate(key, element), render(value, element)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Number(number) if number.is_i64() => json!(number.as_f64()),
        other => other.clone(),
    }
}

fn evaluate(text: &str, element: &Map<String, Value>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, action)) = rest.split_once("{{") {
        out.push_str(before);
        if let Some(raw) = action.strip_prefix('`') {
            let (constant, behind) = raw.split_once("`}}").unwrap();
            out.push_str(constant);
            rest = behind;
        } else {
            let (name, behind) = action.strip_prefix('.').unwrap().split_once("}}").unwrap();
            out.push_str(element[name].as_str().unwrap());
            rest = behind;
        }
    }
    out + rest
}

/// An object of Flux that the Kustomization `owner` applied.
fn reconciled(mut object: Value, owner: &str) -> Value {
    served(&mut object);
    annotate(&mut object, "labels", "kustomize.toolkit.fluxcd.io/name", owner);
    let namespace = text(&object, "/metadata/namespace").to_owned();
    annotate(&mut object, "labels", "kustomize.toolkit.fluxcd.io/namespace", &namespace);
    object["metadata"]["finalizers"] = json!(["finalizers.fluxcd.io"]);
    let ready = |reason: &str| {
        json!([{
            "type": "Ready", "status": "True", "reason": reason, "message": "done", "observedGeneration": 3,
            "lastTransitionTime": "2026-01-02T00:00:00Z",
        }])
    };
    let revision = format!("main@sha1:{REVISION}");
    match text(&object, "/kind").to_owned().as_str() {
        "Kustomization" => {
            object["spec"]["force"] = json!(object["spec"]["force"] == true);
            object["status"] = json!({
                "conditions": ready("ReconciliationSucceeded"), "observedGeneration": 3,
                "lastAppliedRevision": revision, "lastAttemptedRevision": revision,
            });
        }
        "HelmRelease" => {
            object["spec"]["chart"]["spec"]["reconcileStrategy"] = json!("ChartVersion");
            object["status"] = json!({ "conditions": ready("UpgradeSucceeded"), "observedGeneration": 3 });
        }
        kind => {
            if kind != "HelmRepository" && kind != "Bucket" {
                object["spec"]["timeout"] = json!("60s");
            }
            if kind == "HelmRepository" {
                object["spec"]["provider"] = json!("generic");
            }
            if kind == "OCIRepository" {
                object["spec"]["provider"] = json!("generic");
            }
            if object["spec"]["type"] != "oci" {
                object["status"] = json!({
                    "conditions": ready("Succeeded"), "observedGeneration": 3, "artifact": { "revision": revision },
                });
            }
        }
    }
    object
}
