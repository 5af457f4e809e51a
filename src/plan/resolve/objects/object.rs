//! An `object`: the fields that the fleet says, below the kind and name that it has.

use serde_json::{Map, Value, json};

use super::kinds::{self, Scope};
use super::missing;
use crate::diag::{Diagnostic, codes};
use crate::model::body::OBJECT_FIELDS;
use crate::model::cluster::{is_dns_label, is_dns_subdomain};
use crate::model::field::{invalid_value, is_label_text};
use crate::model::object::ObjectKind;
use crate::plan::resolve::check::{invalid, invalid_name};
use crate::plan::resolve::deployment::Attributes;
use crate::plan::resolve::pick::{Picked, Poison};
use crate::syntax::ast::{Form, Name};

/// The object.
pub(super) fn object(at: &mut Attributes, namespace: Option<&str>) -> Picked<Value> {
    let Form::Object(Some(head)) = &at.spot.layers.node.form else { return Err(Poison) };
    // What names no kind was reported.
    let kind = ObjectKind::read(&head.text).ok_or(Poison)?;
    let known = known(at, head, &kind);
    let name = name(at, &kind);
    let maps = ["labels", "annotations"].map(|map| at.text_map(map));
    let fields = at.spot.map(OBJECT_FIELDS, at.sinks.findings);
    if let [Ok(labels), _] = &maps {
        for (key, text) in labels.iter().filter(|(_, text)| !is_label_text(text)) {
            let span = at.spot.place_of("labels", key).unwrap_or(at.spot.layers.name.span);
            at.report(invalid_value(span, text).label("written as a label of the object"));
        }
    }
    scope(at, &kind, known?, namespace)?;
    let mut metadata = Map::new();
    metadata.insert("name".into(), json!(name?));
    super::insert(&mut metadata, "namespace", namespace.map(|namespace| json!(namespace)));
    for (field, map) in ["labels", "annotations"].into_iter().zip(maps) {
        let map = map?;
        super::insert(&mut metadata, field, (!map.is_empty()).then(|| json!(map)));
    }
    let mut object = Map::new();
    object.insert("apiVersion".into(), json!(kind.api_version));
    object.insert("kind".into(), json!(kind.kind));
    object.insert("metadata".into(), Value::Object(metadata));
    object.extend(fields?);
    Ok(Value::Object(object))
}

/// Where objects of the kind are, if that is known; F0318 for a kind that its group does not have.
fn known(at: &mut Attributes, head: &Name, kind: &ObjectKind) -> Picked<Option<Scope>> {
    if let Some(scope) = kinds::scope(kind.group(), &kind.kind) {
        return Ok(Some(scope));
    }
    let engine = kinds::engine_of(&kind.api_version).filter(|_| kinds::nearest_of_engine(kind).is_some());
    let (whose, near) = match engine {
        Some(engine) => (engine.name(), kinds::nearest_of_engine(kind)),
        None if kinds::is_closed(kind.group()) => ("Kubernetes", kinds::nearest(&kind.kind)),
        None => return Ok(None),
    };
    let message = format!("{whose} has no {} in `{}`", kind.kind, kind.api_version);
    let diagnostic = Diagnostic::new(codes::INVALID_OBJECT, head.span, message).label("no such kind");
    at.report(match near {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
            format!("write `{near}`"),
            crate::diag::Applicability::Unsafe,
            head.span,
            format!("\"{near}\""),
        ),
        None => diagnostic.help("write the group that has it: `object \"group/version/Kind\" NAME`"),
    });
    Err(Poison)
}

/// Whether it has a namespace just where its kind has one. A kind that is not known has one where the fleet says so.
fn scope(at: &mut Attributes, kind: &ObjectKind, known: Option<Scope>, namespace: Option<&str>) -> Picked<()> {
    match (known, namespace) {
        (Some(Scope::Namespaced), None) => {
            let why = format!("a {} is in a namespace", kind.kind);
            Err(missing(at, "namespace", &why, "write `namespace = NAME`"))
        }
        (Some(Scope::Cluster), Some(_)) => {
            let span = at.span("namespace");
            let message = format!("a {} is in no namespace", kind.kind);
            let diagnostic = Diagnostic::new(codes::INVALID_OBJECT, span, message);
            at.report(diagnostic.label("belongs to the whole cluster").help("leave `namespace` out"));
            Err(Poison)
        }
        _ => Ok(()),
    }
}

/// Its name: most kinds take a DNS name, those of access control anything that can stand in a URL.
fn name(at: &mut Attributes, kind: &ObjectKind) -> Picked<String> {
    let Some(name) = at.filled("name")? else { return Ok(at.spot.layers.name.text.clone()) };
    let of_access = kind.group() == "rbac.authorization.k8s.io";
    let plain = |c: char| !c.is_control() && !c.is_whitespace() && !"/%".contains(c);
    let fits = match kind.kind.as_str() {
        _ if of_access => name.chars().all(plain) && name != "." && name != ".." && name.len() <= 253,
        "Namespace" if kind.group().is_empty() => is_dns_label(&name),
        _ => is_dns_subdomain(&name),
    };
    if fits {
        return Ok(name);
    }
    let span = at.span("name");
    at.report(if of_access {
        let message = format!("Kubernetes does not take `{name}` as a name");
        invalid(span, message, "becomes the object's name", "leave blanks, `/` and `%` out")
    } else {
        invalid_name(span, &name, "an object", 253)
    });
    Err(Poison)
}
