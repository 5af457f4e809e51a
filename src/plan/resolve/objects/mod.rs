//! The objects that a `store`, `secret` or `object` becomes on a cluster, whole.
//!
//! Facts of the External Secrets Operator are those of 2.9 (config/crds/bases, apis/externalsecrets/v1): the API version
//! `v1` is served since 0.16 and the only one since 0.17.

pub mod kinds;
mod object;
mod secret;
mod store;

use serde_json::{Map, Value, json};

use super::deployment::Attributes;
use super::pick::{Picked, Poison};
use crate::diag::{Diagnostic, codes};
use crate::plan::{Content, ObjectRef};
use crate::syntax::ast::Form;

/// The API version of stores and secrets.
pub const EXTERNAL_SECRETS: &str = "external-secrets.io/v1";

/// The kind of a store.
pub const STORE_KIND: &str = "ClusterSecretStore";

/// The kind of a secret.
pub const SECRET_KIND: &str = "ExternalSecret";

/// What a declaration of this form becomes in `namespace`.
pub(super) fn content(at: &mut Attributes, namespace: Option<&str>) -> Picked<Content> {
    let object = match &at.spot.layers.node.form {
        Form::Store => store::object(at),
        Form::Secret => secret::object(at, namespace),
        Form::Object(_) => object::object(at, namespace),
        Form::Component => Err(Poison),
    }?;
    Ok(Content::Objects(vec![object]))
}

/// What must be healthy: stores and secrets say by themselves whether they are.
pub(super) fn health(content: &Content) -> Vec<ObjectRef> {
    let Content::Objects(objects) = content else { return Vec::new() };
    objects.iter().map(ObjectRef::of).collect()
}

fn whole(api_version: &str, kind: &str, metadata: Value, spec: Value) -> Value {
    json!({ "apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec })
}

/// `map` with `field`, when there is a value for it.
fn insert(map: &mut Map<String, Value>, field: &str, value: Option<Value>) {
    if let Some(value) = value {
        map.insert(field.to_owned(), value);
    }
}

/// F0308: the declaration lacks `name`, which `why` needs.
fn missing(at: &mut Attributes, name: &str, why: &str, help: &str) -> Poison {
    let declared = at.spot.layers.name;
    let what = at.spot.layers.node.form.word();
    let diagnostic = Diagnostic::new(
        codes::MISSING_ATTRIBUTE,
        declared.span,
        format!("the {what} `{}` has no `{name}`", declared.text),
    );
    at.report_missing(diagnostic.label(why.to_owned()).help(help.to_owned()));
    Poison
}

/// `namespace/name`, as the attribute `name` has it.
fn pair(at: &mut Attributes, name: &str) -> Picked<Option<(String, String)>> {
    let Some(text) = at.filled(name)? else { return Ok(None) };
    let parts = text.split_once('/').filter(|(namespace, object)| {
        crate::model::cluster::is_dns_label(namespace) && crate::model::cluster::is_dns_subdomain(object)
    });
    match parts {
        Some((namespace, object)) => Ok(Some((namespace.to_owned(), object.to_owned()))),
        None => {
            let span = at.span(name);
            at.report(super::check::invalid(
                span,
                format!("`{text}` names nothing in a namespace"),
                "expected `namespace/name`",
                format!("write for example `{name} = \"external-secrets/{name}\"`"),
            ));
            Err(Poison)
        }
    }
}
