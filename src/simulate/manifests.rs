//! Reads what a build writes: the objects of an instance, and fields of them.

use serde_json::Value;

use crate::target::OutputTree;

/// An object and the path of its file below the folder of the instance.
pub(super) struct Object {
    pub(super) path: String,
    pub(super) value: Value,
}

impl Object {
    pub(super) fn text(&self, pointer: &str) -> &str {
        text(&self.value, pointer)
    }

    pub(super) fn name(&self) -> &str {
        self.text("/metadata/name")
    }
}

/// A text at a JSON pointer; empty where there is none.
pub(super) fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The entries of a list at a JSON pointer; none where there is none.
pub(super) fn entries<'v>(value: &'v Value, pointer: &str) -> &'v [Value] {
    value.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The objects of this API and kind below `folder`, in order of path and then as they stand in their files.
pub(super) fn objects(tree: &OutputTree, folder: &str, api: &str, kind: &str) -> Vec<Object> {
    let mut found = Vec::new();
    for (path, text) in tree {
        let Some(path) = path.strip_prefix(folder).and_then(|path| path.strip_prefix('/')) else { continue };
        // Most files are not looked at in vain: reading YAML is what a simulation takes its time for.
        if !text.contains(&format!("kind: {kind}")) {
            continue;
        }
        // What we wrote ourselves may be as long as it is: the gates of a thousand clusters stand in one file.
        let options = serde_saphyr::options! { budget: None };
        let documents: Vec<Value> = serde_saphyr::from_multiple_with_options(text, options).unwrap_or_default();
        let wanted = documents.into_iter().filter(|document| {
            self::text(document, "/apiVersion").starts_with(api) && self::text(document, "/kind") == kind
        });
        found.extend(wanted.map(|value| Object { path: path.to_owned(), value }));
    }
    found
}
