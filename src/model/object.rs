//! What an `object` is, and its fields before any cluster is looked at.
//!
//! A closed list of attributes is the language's ([`schema::OBJECT`]); everything else is a field of the object. None of the
//! fields at the top of Kubernetes' own objects has such a name.

use super::schema;
use super::scope::Scope;
use super::shapes::{self, Written};
use super::value::Checker;
use crate::diag::{Applicability, Diagnostic, codes, did_you_mean};
use crate::kinds;
use crate::syntax::ast::{self, Entry, Form, Name};

use super::cluster::is_dns_subdomain;

/// The longest name of a kind.
const MAX_KIND: usize = 63;

/// Fields at the top of Kubernetes' own objects that are near to an attribute and not meant as one.
const FIELDS: [&str; 12] = [
    "data", "spec", "rules", "roleRef", "subjects", "webhooks", "value", "type", "secrets", "subsets", "handler",
    "items",
];

/// `apiVersion/Kind`, taken apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectKind {
    /// `v1`, `apps/v1`.
    pub api_version: String,
    /// `Deployment`.
    pub kind: String,
}

impl ObjectKind {
    /// Reads `"v1/ConfigMap"` or `"apps/v1/Deployment"`.
    pub fn read(text: &str) -> Option<Self> {
        let (api_version, kind) = text.rsplit_once('/')?;
        let version = match api_version.split_once('/') {
            Some((group, version)) => is_dns_subdomain(group).then_some(version)?,
            None => api_version,
        };
        let plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric());
        let is_version = version.starts_with('v') && plain(version) && version.contains(|c: char| c.is_ascii_digit());
        let is_kind = kind.starts_with(|c: char| c.is_ascii_uppercase()) && plain(kind) && kind.len() <= MAX_KIND;
        let read = || Self { api_version: api_version.to_owned(), kind: kind.to_owned() };
        (is_version && !version.contains(|c: char| c.is_ascii_uppercase()) && is_kind).then(read)
    }

    /// The API group; empty for the core group.
    pub fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }
}

/// F0318 for what an object says that it is.
pub fn check_head(checker: &mut Checker, node: &ast::Component) {
    let Form::Object(Some(kind)) = &node.form else { return };
    if ObjectKind::read(&kind.text).is_none() {
        checker.diagnostics.push(unreadable(kind));
    }
}

/// Checks the fields that an object of an engine's kind says, in its own body and in its `on` blocks, against those that the
/// kind has. What is missing is known when all that it says is merged.
pub fn check_kind(checker: &mut Checker, node: &ast::Component, scope: &Scope) {
    let Form::Object(Some(head)) = &node.form else { return };
    let Some(kind) = ObjectKind::read(&head.text).and_then(|kind| kinds::find(&kind.api_version, &kind.kind)) else {
        return;
    };
    let parts = node.body.entries.iter().filter_map(|entry| match entry {
        Entry::Block(block) if block.keyword.text == "on" => Some(&block.body),
        _ => None,
    });
    for entry in std::iter::once(&node.body).chain(parts).flat_map(|body| &body.entries) {
        let (key, written) = match entry {
            Entry::Attribute(attribute) => (&attribute.key, Written::Value(&attribute.value)),
            Entry::Block(block) => (&block.keyword, Written::Block(&block.body)),
            _ => continue,
        };
        let table = &schema::OBJECT;
        let own = table.attribute(&key.text).is_some() || table.block(&key.text).is_some();
        if !own && not_a_field(key).is_none() {
            shapes::check_field(checker, kind, (key, written), scope);
        }
    }
}

fn unreadable(kind: &Name) -> Diagnostic {
    Diagnostic::new(codes::INVALID_OBJECT, kind.span, format!("`{}` names no kind of object", kind.text))
        .label("expected an API version and a kind, with `/` between")
        .help("write for example `object \"v1/ConfigMap\" NAME` or `object \"apps/v1/Deployment\" NAME`")
}

/// A field at the top of an object.
pub fn check_field(checker: &mut Checker, attribute: &ast::Attribute, scope: &Scope) {
    match not_a_field(&attribute.key) {
        Some(diagnostic) => checker.diagnostics.push(diagnostic),
        None => checker.free(&attribute.value, scope),
    }
}

/// F0210 for a key that is no field of any object, and for one that must be a misspelt attribute.
fn not_a_field(key: &Name) -> Option<Diagnostic> {
    let refused = |message: String| Diagnostic::new(codes::UNKNOWN_ATTRIBUTE, key.span, message);
    match key.text.as_str() {
        "apiVersion" | "kind" => {
            let message = format!("`{}` is said before the object's name", key.text);
            return Some(refused(message).label("said twice").help("leave it out"));
        }
        "metadata" => {
            let diagnostic =
                refused("the metadata of an object is said by attributes".into()).label("not a field here");
            return Some(diagnostic.help("write `name`, `namespace`, `labels { … }` and `annotations { … }`"));
        }
        "status" => {
            let diagnostic = refused("the status of an object is its controller's to write".into());
            return Some(diagnostic.label("not a field here").help("leave it out"));
        }
        text if FIELDS.contains(&text) => return None,
        _ => {}
    }
    let own: Vec<&str> = schema::OBJECT.names().chain(["retry", "on"]).collect();
    match did_you_mean(&key.text, own.iter().copied()) {
        Some(near) => {
            let diagnostic = refused(format!("an object has no attribute `{}`", key.text)).label("not known here");
            let diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
            Some(diagnostic.fix(format!("write `{near}`"), Applicability::Unsafe, key.span, near))
        }
        None if key.text.contains(['-', '.', '/']) => {
            let message = format!("no object has a field `{}` at its top", key.text);
            Some(refused(message).label("not a field").help("fields of objects are written like `roleRef`"))
        }
        None => None,
    }
}
