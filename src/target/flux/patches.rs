//! Patches, images and ignored fields, as kustomize and Flux take them.

use serde_json::{Map, Value, json};

use super::own::{Own, Part};
use super::text::{escape_variables, literal_pattern};
use crate::kinds::Object;
use crate::plan::{Change, Deployment, Ignore, Image, Patch};
use crate::target::yaml;

/// What happens to `${…}` in the values of patches.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Variables {
    /// Nothing: nobody substitutes.
    Kept,
    /// They are escaped, because what is patched is substituted afterwards.
    Escaped,
}

/// Whether Flux substitutes variables in what it builds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Substitution {
    /// It does not.
    Never,
    /// Only where it finds a variable on the cluster.
    Perhaps,
    /// It does.
    Always,
}

impl Substitution {
    /// Flux substitutes where it has a variable, or always when it is told so (kustomize-controller 1.9,
    /// `substituteStrategy`; fluxcd/pkg, kustomize/kustomize_varsub.go). What `substituteFrom` names may hold none.
    pub(super) fn of(deployment: &Deployment) -> Self {
        let raw = |field: &str| deployment.raw.find(Object::Kustomization, field);
        if !deployment.substitute.is_empty() || raw("postBuild.substituteStrategy") == Some(&json!("Always")) {
            return Self::Always;
        }
        let named = raw("postBuild.substituteFrom").and_then(Value::as_array).is_some_and(|from| !from.is_empty());
        if named { Self::Perhaps } else { Self::Never }
    }
}

/// `patches` of a Kustomization or of a post-renderer.
///
/// Kind and name select the object; they are regular expressions there, so they are escaped. A JSON 6902 patch without
/// a target is an error, a target that matches nothing is not.
pub(super) fn patches(patches: &[Patch], variables: Variables) -> Vec<Value> {
    with_texts(patches, texts(patches, variables))
}

/// Those of a deployment, with the texts that `own` has for them, if it has any.
pub(super) fn of(deployment: &Deployment, own: &Own, variables: Variables) -> Vec<Value> {
    match own.all(Part::Patch).next() {
        Some(_) => with_texts(&deployment.patches, own.all(Part::Patch).map(str::to_owned)),
        None => patches(&deployment.patches, variables),
    }
}

fn with_texts(patches: &[Patch], texts: impl Iterator<Item = String>) -> Vec<Value> {
    let written = of_something(patches).zip(texts).map(|(patch, text)| {
        let target = json!({ "kind": literal_pattern(&patch.kind), "name": literal_pattern(&patch.name) });
        json!({ "patch": text, "target": target })
    });
    written.collect()
}

/// The text of each patch.
pub(super) fn texts(patches: &[Patch], variables: Variables) -> impl Iterator<Item = String> {
    of_something(patches).map(move |patch| yaml::trimmable(&body(patch, variables)))
}

/// The kind and name that each patch selects, beside its text.
pub(super) fn objects(patches: &[Patch]) -> impl Iterator<Item = (&str, &str)> {
    of_something(patches).map(|patch| (patch.kind.as_str(), patch.name.as_str()))
}

/// The patches that change something.
fn of_something(patches: &[Patch]) -> impl Iterator<Item = &Patch> {
    let is_nothing = |change: &Change| matches!(change, Change::Operations(operations) if operations.is_empty());
    patches.iter().filter(move |patch| !is_nothing(&patch.change))
}

/// A patch speaks of the objects as they end up, so with variables all of it is escaped, what it looks for included:
/// text that a substitution leaves alone stands escaped in the folder, too.
fn body(patch: &Patch, variables: Variables) -> Value {
    let body = match &patch.change {
        Change::Operations(operations) => Value::Array(operations.clone()),
        Change::Merge(fields) => merge(&patch.kind, &patch.name, fields),
    };
    if variables == Variables::Escaped { escaped(&body) } else { body }
}

/// A strategic merge patch. kustomize demands the three fields that name an object, and with a target reads none of
/// them: the API version, which the plan does not know, may be any.
fn merge(kind: &str, name: &str, fields: &Map<String, Value>) -> Value {
    let mut metadata = fields.get("metadata").and_then(Value::as_object).cloned().unwrap_or_default();
    metadata.insert("name".into(), json!(name));
    let mut body = Map::new();
    body.insert("apiVersion".into(), json!("not-used/v1"));
    body.insert("kind".into(), json!(kind));
    body.insert("metadata".into(), Value::Object(metadata));
    for (key, value) in fields {
        if !body.contains_key(key) {
            body.insert(key.clone(), value.clone());
        }
    }
    Value::Object(body)
}

/// `value` with every key and text escaped against one substitution.
fn escaped(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(escape_variables(text)),
        Value::Array(items) => items.iter().map(escaped).collect(),
        Value::Object(map) => {
            map.iter().map(|(key, value)| (escape_variables(key), escaped(value))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

/// A strategic merge patch for all objects of `kinds`, a regular expression. With a target kustomize reads neither kind
/// nor name of the patch, but demands them.
pub(super) fn patch_of_kinds(kinds: &str, change: AllChange) -> Value {
    let body = match change {
        AllChange::Delete => json!({
            "apiVersion": "not-used/v1", "kind": "not-used", "metadata": { "name": "not-used" }, "$patch": "delete",
        }),
        AllChange::Annotate(key, value) => json!({
            "apiVersion": "not-used/v1", "kind": "not-used",
            "metadata": { "name": "not-used", "annotations": { key: value } },
        }),
    };
    json!({ "patch": yaml::document(&body), "target": { "kind": kinds } })
}

/// What a patch does to all objects of a kind.
pub(super) enum AllChange {
    /// They are left out.
    Delete,
    /// They get this annotation.
    Annotate(&'static str, &'static str),
}

/// `images` of a Kustomization or of a post-renderer.
pub(super) fn images(images: &[Image]) -> Vec<Value> {
    let written = images.iter().map(|image| {
        let mut entry = Map::new();
        entry.insert("name".into(), json!(image.name));
        let fields = [("newName", &image.new_name), ("newTag", &image.tag), ("digest", &image.digest)];
        for (field, value) in fields {
            if let Some(value) = value {
                entry.insert(field.into(), json!(value));
            }
        }
        Value::Object(entry)
    });
    written.collect()
}

/// `ignore` of a Kustomization, `driftDetection.ignore` of a HelmRelease. Flux knows JSON pointers only.
pub(super) fn ignore_rules(rules: &[Ignore]) -> Vec<Value> {
    let written = rules.iter().filter(|rule| !rule.fields.is_empty()).map(|rule| {
        let mut target = Map::new();
        let parts = [("group", Some(&rule.group)), ("kind", Some(&rule.kind)), ("name", rule.name.as_ref())];
        for (field, value) in parts {
            // An empty group would match any; there is no way to say "the core group" in a selector of Flux.
            if let Some(value) = value.filter(|value| !value.is_empty() && *value != "*") {
                target.insert(field.into(), json!(literal_pattern(value)));
            }
        }
        let mut entry = Map::new();
        entry.insert("paths".into(), json!(rule.fields));
        if !target.is_empty() {
            entry.insert("target".into(), Value::Object(target));
        }
        Value::Object(entry)
    });
    written.collect()
}
