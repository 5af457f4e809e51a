//! Objects on the hub, and objects that two declarations would both make.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::layers::Layers;
use super::objects::{EXTERNAL_SECRETS, SECRET_KIND};
use super::sources::exclusive;
use crate::diag::{Diagnostic, Diagnostics, codes};
use crate::model::body;
use crate::plan::{Deployment, HubObject, ObjectRef};
use crate::source::Span;
use crate::syntax::ast::{self, ExprKind, Form};

/// What an object on the hub has nothing of: it is applied with all else that is there.
const OF_CLUSTERS: [&str; 13] = [
    "project",
    "after",
    "rollout",
    "prune",
    "self-heal",
    "suspend",
    "interval",
    "timeout",
    "service-account",
    "on-delete",
    "create-namespace",
    "wait",
    "health",
];

/// Whether the declaration is an object on the hub.
pub fn is_on_hub(node: &ast::Component) -> bool {
    let hub = body::find(&node.body, "hub").filter(|_| matches!(node.form, Form::Object(_)));
    hub.is_some_and(|hub| matches!(hub.value.kind, ExprKind::Bool(true)))
}

/// F0315 for what an object on the hub says and does not have.
pub fn check(layers: &Layers, diagnostics: &mut Diagnostics) {
    let Some(hub) = body::find(&layers.node.body, "hub").filter(|_| is_on_hub(layers.node)) else { return };
    let own = |layer: usize| layers.layer(layer).is_some_and(|layer| layer.rank >= super::layers::OWN);
    for name in OF_CLUSTERS {
        let candidates = layers.attributes.get(name).map(Vec::as_slice).unwrap_or_default();
        if let Some(said) = candidates.iter().rfind(|candidate| own(candidate.layer)) {
            let why = "an object on the hub is applied there with the engine's own objects";
            diagnostics.push(exclusive(said.key, name, hub.key.span, "hub", why));
        }
    }
}

/// The objects on the hub: equal ones that a declaration makes for several clusters are one. F0408 for others of one name.
pub fn objects(made: Vec<Deployment>, diagnostics: &mut Diagnostics) -> Vec<HubObject> {
    let mut all: Vec<HubObject> = Vec::new();
    let mut taken: BTreeMap<Identity, usize> = BTreeMap::new();
    let mut reported: Vec<Span> = Vec::new();
    for deployment in made {
        let span = deployment.origin.component;
        for object in deployment.objects() {
            let identity = identity(&ObjectRef::of(object));
            let same = taken.get(&identity).and_then(|place| all.get_mut(*place));
            match same {
                Some(same) if same.name == deployment.component && same.object == *object => {
                    same.clusters.push(deployment.cluster.clone());
                }
                Some(same) if !reported.contains(&span) => {
                    reported.push(span);
                    let diagnostic = collision(span, &ObjectRef::of(object), "on the hub");
                    diagnostics.push(if same.name == deployment.component {
                        let help = "name it after the cluster: `name = \"…-${cluster}\"`";
                        diagnostic.related(span, "differs between the clusters that it is for").help(help)
                    } else {
                        diagnostic
                            .related(same.span, "the other one")
                            .help("keep one of them, or name them differently")
                    });
                }
                Some(_) => {}
                None => {
                    taken.insert(identity, all.len());
                    all.push(HubObject {
                        name: deployment.component.clone(),
                        span,
                        object: object.clone(),
                        clusters: vec![deployment.cluster.clone()],
                        newer: deployment.raw.newer.clone(),
                    });
                }
            }
        }
    }
    all
}

/// F0408 for objects of one kind and name on a cluster, and for Secrets that two declarations fill.
pub fn report_same_objects(deployments: &[Deployment], diagnostics: &mut Diagnostics) {
    let mut taken: BTreeMap<(Arc<str>, Identity), &Deployment> = BTreeMap::new();
    let mut reported: Vec<(Span, Span)> = Vec::new();
    for deployment in deployments {
        for object in deployment.objects() {
            let object_ref = ObjectRef::of(object);
            let secret = filled(&object_ref, object);
            for made in [Some(object_ref), secret].into_iter().flatten() {
                let key = (deployment.cluster.clone(), identity(&made));
                let Some(first) = taken.get(&key) else {
                    taken.insert(key, deployment);
                    continue;
                };
                let places = (first.origin.component, deployment.origin.component);
                if first.component == deployment.component || reported.contains(&places) {
                    continue;
                }
                reported.push(places);
                let place = format!("on `{}`", deployment.cluster);
                let diagnostic = collision(places.1, &made, &place).related(places.0, "the other one");
                diagnostics.push(diagnostic.help("keep one of them, or name them differently"));
            }
        }
    }
}

/// The Secret that an ExternalSecret fills.
fn filled(secret: &ObjectRef, object: &serde_json::Value) -> Option<ObjectRef> {
    let is_secret = secret.api_version == EXTERNAL_SECRETS && secret.kind == SECRET_KIND;
    let target = object.pointer("/spec/target/name").filter(|_| is_secret)?.as_str()?;
    Some(ObjectRef {
        api_version: "v1".into(),
        kind: "Secret".into(),
        namespace: secret.namespace.clone(),
        name: target.to_owned(),
    })
}

/// What Kubernetes tells objects apart by: group, kind, namespace, name.
type Identity = (String, String, Option<String>, String);

fn identity(object: &ObjectRef) -> Identity {
    (object.group().to_owned(), object.kind.clone(), object.namespace.clone(), object.name.clone())
}

fn collision(span: Span, object: &ObjectRef, place: &str) -> Diagnostic {
    let namespace = object.namespace.as_ref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
    let message = format!("two declarations make the {} `{namespace}{}` {place}", object.kind, object.name);
    Diagnostic::new(codes::NAME_COLLISION, span, message).label("one of the two")
}
