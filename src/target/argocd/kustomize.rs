//! The `kustomize` block of a source: patches, images and components.
//!
//! There is no block where there is nothing to say: with one, Argo CD runs kustomize on the folder whatever it holds
//! (3.5, util/app/discovery: an explicit block fixes the type of the source), and kustomize refuses a folder without a
//! kustomization. So a folder that is patched must have one.

use serde_json::{Map, Value, json};

use super::Context;
use super::align::{Alignment, replaces};
use crate::plan::{Change, Content, Deployment, Image, Patch};
use crate::target::relative_path;

/// An image that no manifest names.
const NO_IMAGE: &str = "fleetc.dev/none:none";
/// A pattern that matches no name, for names are never empty. kustomize skips a patch without an object.
const NO_NAME: &str = "^$";

/// The block, if there is something to say.
pub(super) fn block(context: &Context<'_>, deployment: &Deployment, alignment: &Alignment<'_>) -> Option<Value> {
    let mut block = Map::new();
    if !alignment.patches.is_empty() {
        block.insert("patches".to_owned(), patches(context, deployment, alignment));
    }
    if alignment.images > 0 {
        let mut images: Vec<String> = deployment.images.iter().filter(|i| replaces(i)).map(image).collect();
        // Said twice, the last image means the same.
        let padding = images.last().cloned().unwrap_or_else(|| NO_IMAGE.to_owned());
        images.resize(alignment.images, padding);
        block.insert("images".to_owned(), json!(images));
    }
    let folder = if let Content::Path(path) = &deployment.content { path.as_str() } else { "." };
    if !deployment.components.is_empty() {
        let components: Vec<String> = deployment.components.iter().map(|c| relative_path(folder, c)).collect();
        block.insert("components".to_owned(), json!(components));
    }
    (!block.is_empty()).then_some(Value::Object(block))
}

/// As many patches as every Application of the component has.
pub(super) fn patches(context: &Context<'_>, deployment: &Deployment, alignment: &Alignment<'_>) -> Value {
    let own = deployment.patches.iter().map(|p| patch(&p.kind, &anchored(&p.name), &context.patch(&body(p))));
    let padding = alignment.patches.iter().skip(deployment.patches.len()).map(|p| padding(context, p));
    own.chain(padding).collect()
}

/// kustomize takes `kind` and `name` of a target for regular expressions and anchors them itself.
fn patch(kind: &str, name: &str, text: &str) -> Value {
    json!({ "target": { "kind": anchored(kind), "name": name }, "patch": text })
}

/// `like`, which another deployment has, aimed at nothing.
fn padding(context: &Context<'_>, like: &Patch) -> Value {
    let body = body(like);
    // With the same text the two are alike. But what another one reads from its cluster need not be there on this one.
    let nothing = json!({ "kind": like.kind, "metadata": { "name": "nothing" } });
    let body = if context.is_read_at_run_time(&body) { nothing } else { body };
    patch(&like.kind, NO_NAME, &context.patch(&body))
}

fn body(patch: &Patch) -> Value {
    match &patch.change {
        Change::Operations(operations) => Value::Array(operations.clone()),
        // kustomize 5 takes apiVersion, kind and name from the object it is aimed at; it only wants the last two there.
        Change::Merge(fields) => {
            let mut object = Map::new();
            object.insert("kind".to_owned(), json!(patch.kind));
            object.insert("metadata".to_owned(), json!({ "name": patch.name }));
            for (key, value) in fields {
                match (object.get_mut(key), value) {
                    (Some(Value::Object(metadata)), Value::Object(more)) if key == "metadata" => {
                        more.iter().filter(|(key, _)| *key != "name").for_each(|(k, v)| {
                            metadata.insert(k.clone(), v.clone());
                        });
                    }
                    (Some(_), _) => {}
                    (None, value) => {
                        object.insert(key.clone(), value.clone());
                    }
                }
            }
            Value::Object(object)
        }
    }
}

/// `name` with the metacharacters of Go's regular expressions escaped.
fn anchored(name: &str) -> String {
    let mut pattern = String::with_capacity(name.len());
    for c in name.chars() {
        if r"\.+*?()|[]{}^$".contains(c) {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

/// Argo CD's `name=newName:tag` or `name=newName@digest`, which is what `kustomize edit set image` takes.
///
/// A digest names the image alone, and older kustomize reads the tag of `name:tag@digest` as part of the name. Argo CD
/// replaces `$NAME` in images (3.5, util/kustomize), and `$$` by `$`.
fn image(image: &Image) -> String {
    let mut text = image.name.clone();
    if let Some(new) = &image.new_name {
        text = format!("{text}={new}");
    }
    let text = match (&image.digest, &image.tag) {
        (Some(digest), _) => format!("{text}@{digest}"),
        (None, Some(tag)) => format!("{text}:{tag}"),
        (None, None) => text,
    };
    text.replace('$', "$$")
}
