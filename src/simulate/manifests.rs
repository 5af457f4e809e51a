//! Reads what a build writes: the objects of an instance, and fields of them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::target::OutputTree;

/// An object and the path of its file below the folder of the instance.
pub(crate) struct Object {
    pub(crate) path: String,
    pub(crate) value: Value,
}

impl Object {
    pub(crate) fn text(&self, pointer: &str) -> &str {
        text(&self.value, pointer)
    }

    pub(crate) fn name(&self) -> &str {
        self.text("/metadata/name")
    }
}

/// A text at a JSON pointer; empty where there is none.
pub(crate) fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The entries of a list at a JSON pointer; none where there is none.
pub(crate) fn entries<'v>(value: &'v Value, pointer: &str) -> &'v [Value] {
    value.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The objects of this API and kind below `folder`, in order of path and then as they stand in their files.
pub(crate) fn objects(tree: &OutputTree, folder: &str, api: &str, kind: &str) -> Vec<Object> {
    let mut found = Vec::new();
    for (path, text) in tree {
        let Some(path) = path.strip_prefix(folder).and_then(|path| path.strip_prefix('/')) else { continue };
        // Most files are not looked at in vain: reading YAML is what a simulation takes its time for.
        if !text.contains(&format!("kind: {kind}")) {
            continue;
        }
        let documents = documents(text);
        let wanted = documents.into_iter().filter(|document| {
            self::text(document, "/apiVersion").starts_with(api) && self::text(document, "/kind") == kind
        });
        found.extend(wanted.map(|value| Object { path: path.to_owned(), value }));
    }
    found
}

/// Every object below `folder`, in order of path and then as they stand in their files. To read a text once is what it is for.
pub(crate) fn all(tree: &OutputTree, folder: &str) -> Vec<Object> {
    let below = |path: &str| Some(path.strip_prefix(folder)?.strip_prefix('/')?.to_owned());
    let files = tree.iter().filter_map(|(path, text)| Some((below(path)?, text)));
    let objects = files
        .flat_map(|(path, text)| documents(text).into_iter().map(move |value| Object { path: path.clone(), value }));
    objects.collect()
}

/// The documents of a YAML text; none where it is not YAML.
fn documents(text: &str) -> Vec<Value> {
    // What we wrote ourselves may be as long as it is: the gates of a thousand clusters stand in one file.
    let options = serde_saphyr::options! { budget: None };
    serde_saphyr::from_multiple_with_options(text, options).unwrap_or_default()
}

/// The objects of this API and kind that kustomize makes of the folders with patches below `folder`: their bases, each
/// with the patch that aims at its name. Only what fleetc writes is understood: patches that merge, and aim at one name.
pub(crate) fn overlaid(tree: &OutputTree, folder: &str, api: &str, kind: &str) -> Vec<Object> {
    let bases: Vec<Object> = objects(tree, folder, api, kind);
    let mut by_folder: BTreeMap<&str, Vec<&Object>> = BTreeMap::new();
    for base in &bases {
        by_folder.entry(parent(&base.path)).or_default().push(base);
    }
    let mut found = Vec::new();
    for list in objects(tree, folder, "kustomize.config.k8s.io/", "Kustomization") {
        let patches: BTreeMap<String, Value> = entries(&list.value, "/patches").iter().filter_map(aimed).collect();
        if patches.is_empty() {
            continue;
        }
        let resources = entries(&list.value, "/resources").iter().filter_map(Value::as_str);
        let folders = resources.map(|resource| joined(parent(&list.path), resource));
        for base in folders.filter_map(|folder| by_folder.get(folder.as_str())).flatten() {
            let mut value = base.value.clone();
            if let Some(patch) = patches.get(base.name()) {
                merge(&mut value, patch);
            }
            found.push(Object { path: list.path.clone(), value });
        }
    }
    found
}

/// The name that a patch aims at, which is a literal pattern, and what it merges.
fn aimed(patch: &Value) -> Option<(String, Value)> {
    let merged = documents(text(patch, "/patch")).into_iter().next()?;
    Some((text(patch, "/target/name").replace('\\', ""), merged))
}

fn merge(value: &mut Value, patch: &Value) {
    match (value, patch) {
        (Value::Object(value), Value::Object(patch)) => {
            for (key, patch) in patch {
                merge(value.entry(key.clone()).or_insert(Value::Null), patch);
            }
        }
        (value, patch) => *value = patch.clone(),
    }
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn joined(folder: &str, relative: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').collect();
    for part in relative.split('/') {
        match part {
            ".." => _ = parts.pop(),
            "." => {}
            part => parts.push(part),
        }
    }
    parts.join("/")
}
