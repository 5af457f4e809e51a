//! What is written about a cluster where it is registered, and what it lets be deployed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::check::{invalid, invalid_name};
use super::{attribute, credentials, entry_at, said_at};
use crate::diag::{Code, Diagnostic, Diagnostics, codes};
use crate::model::eval::Evaluator;
use crate::model::field::{as_text, invalid_key, is_label_key};
use crate::model::{Model, Slot};
use crate::plan::registration::{Auth, Registration};
use crate::plan::{Cluster, Deployment, base64};
use crate::source::Span;

/// The attributes of a cluster that say how it is registered.
const ATTRIBUTES: [&str; 7] = ["server", "auth", "ca", "projects", "shard", "namespaces", "annotations"];

/// Attributes of `auth` that are looked at again, each with the name of its place.
const IN_AUTH: [(&str, &str); 2] = [("role", "auth.role"), ("cluster", "auth.cluster")];

/// How a PEM certificate begins.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----";

/// Reads what is said of clusters; says once for a place what is wrong there.
pub struct Reader<'r, 'a> {
    model: &'r Model<'a>,
    said: BTreeSet<(&'static str, Span)>,
    diagnostics: &'r mut Diagnostics,
}

impl<'r, 'a> Reader<'r, 'a> {
    /// A reader of the clusters of `model`.
    pub fn new(model: &'r Model<'a>, diagnostics: &'r mut Diagnostics) -> Self {
        Self { model, said: BTreeSet::new(), diagnostics }
    }

    /// The registration of the cluster at `place`.
    pub fn read(&mut self, place: usize, evaluator: &mut Evaluator) -> Registration {
        let model = self.model;
        let Some(cluster) = model.clusters.get(place) else { return Registration::default() };
        let mut places: BTreeMap<&'static str, Span> =
            ATTRIBUTES.iter().filter_map(|name| Some((*name, said_at(model, place, name)?))).collect();
        places.extend(IN_AUTH.iter().filter_map(|(key, name)| Some((*name, entry_at(model, place, "auth", key)?.1))));
        let mut value = |name: &str| attribute(model, place, name, evaluator);
        let mut registration = Registration { places, ..Registration::default() };
        registration.auth = value("auth").and_then(|auth| self.auth(place, &auth, &cluster.name));
        let ca = value("ca").and_then(|ca| as_text(&ca));
        registration.ca = ca.and_then(|text| self.certificate(&registration, &text));
        registration.projects = texts(value("projects"));
        registration.shard = value("shard").and_then(|shard| self.shard(&registration, &shard));
        registration.namespaces = texts(value("namespaces"));
        for namespace in &registration.namespaces {
            if !crate::model::cluster::is_dns_label(namespace) {
                let wrong = |at| invalid_name(at, namespace, "a namespace", 63);
                self.once(codes::INVALID_NAME, registration.place("namespaces"), wrong);
            }
        }
        for (field, slot) in model.fields.iter().zip(&cluster.slots) {
            let Slot::Value(value) = slot else { continue };
            let key = field.key.unwrap_or(&field.name.text).to_owned();
            match as_text(value) {
                Some(text) if !field.fact => _ = registration.labels.insert(key, text),
                // A list has no form of its own in an annotation.
                text => _ = registration.annotations.insert(key, text.unwrap_or_else(|| value.to_string())),
            }
        }
        if let Some(Value::Object(annotations)) = value("annotations") {
            let texts = annotations.iter().filter_map(|(key, value)| Some((key.clone(), as_text(value)?)));
            self.annotations(place, &mut registration, texts.collect());
        }
        registration
    }

    fn auth(&mut self, place: usize, value: &Value, name: &str) -> Option<Auth> {
        let (word, said) = value.as_object()?.iter().next()?;
        let texts: BTreeMap<&str, String> =
            said.as_object()?.iter().filter_map(|(key, value)| Some((key.as_str(), as_text(value)?))).collect();
        for (key, _) in texts.iter().filter(|(_, text)| text.trim().is_empty()) {
            let at = entry_at(self.model, place, "auth", key).map(|(_, value)| value);
            self.once(codes::INVALID_VALUE, at, |at| super::check::empty(at, key));
        }
        let text = |key: &str| texts.get(key).cloned();
        let auth = match word.as_str() {
            "eks" => Auth::Eks {
                role: text("role"),
                cluster: text("cluster").unwrap_or_else(|| name.to_owned()),
                profile: text("profile"),
            },
            "gke" => Auth::Gke { cluster: text("cluster") },
            "aks" => Auth::Aks {
                client: text("client"),
                tenant: text("tenant"),
                environment: text("environment"),
                cluster: text("cluster"),
            },
            _ => Auth::None,
        };
        if let Auth::Eks { role: Some(role), .. } = &auth
            && !(role.starts_with("arn:") && role.contains(":role/") || role.trim().is_empty())
        {
            let wrong = |at| {
                let message = format!("`{role}` is no role of AWS");
                let help = "write its ARN: `role = \"arn:aws:iam::111122223333:role/argocd\"`";
                invalid(at, message, "expected the ARN of a role", help)
            };
            let at = entry_at(self.model, place, "auth", "role").map(|(_, value)| value);
            self.once(codes::INVALID_VALUE, at, wrong);
        }
        Some(auth)
    }

    /// The PEM text of certificates that are written so or in base64.
    fn certificate(&mut self, registration: &Registration, text: &str) -> Option<String> {
        let text = text.trim();
        let pem = if text.starts_with("-----BEGIN ") {
            Some(format!("{text}\n"))
        } else {
            base64::decode(text).and_then(|bytes| String::from_utf8(bytes).ok())
        };
        let place = registration.place("ca");
        if let Some(what) = pem.as_deref().and_then(credentials::looks_like) {
            self.once(codes::CREDENTIAL_IN_SOURCE, place, |at| credentials::found(at, what));
            return None;
        }
        let pem = pem.filter(|pem| pem.trim_start().starts_with(CERTIFICATE));
        if pem.is_none() {
            let wrong = |at| {
                let help = "write what the cloud gives as the cluster's CA: base64, or lines from \
                            `-----BEGIN CERTIFICATE-----` on";
                invalid(at, "`ca` is no certificate", "neither PEM nor the base64 of it", help)
            };
            self.once(codes::INVALID_VALUE, place, wrong);
        }
        pem
    }

    fn shard(&mut self, registration: &Registration, value: &Value) -> Option<u32> {
        let number = value.as_i64()?;
        let shard = u32::try_from(number).ok();
        if shard.is_none() {
            let wrong = |at| {
                let help = "write the number of a controller, from 0 on";
                invalid(at, format!("`shard` cannot be {number}"), "no controller has this number", help)
            };
            self.once(codes::INVALID_VALUE, registration.place("shard"), wrong);
        }
        shard
    }

    fn annotations(&mut self, place: usize, registration: &mut Registration, texts: BTreeMap<String, String>) {
        for (key, text) in texts {
            let place = entry_at(self.model, place, "annotations", &key).map(|(key, _)| key);
            let fact = self.model.fields.iter().find(|field| field.fact && field.name.text == key);
            if let Some(fact) = fact.filter(|_| registration.annotations.contains_key(&key)) {
                let declared = fact.name.span;
                let wrong = |at| {
                    Diagnostic::new(codes::DUPLICATE_ENTRY, at, format!("the annotation `{key}` is said twice"))
                        .label("said again here")
                        .related(declared, "this fact is written as an annotation of the same key")
                        .help("leave it out here, or give it another key")
                };
                self.once(codes::DUPLICATE_ENTRY, place, wrong);
            } else if !is_label_key(&key) {
                self.once(codes::INVALID_NAME, place, |at| invalid_key(&key, at, "an annotation"));
            }
            registration.annotations.insert(key, text);
        }
    }

    fn once(&mut self, code: &'static Code, at: Option<Span>, make: impl FnOnce(Span) -> Diagnostic) {
        if let Some(at) = at
            && self.said.insert((code.id, at))
        {
            self.diagnostics.push(make(at));
        }
    }
}

fn texts(value: Option<Value>) -> Vec<String> {
    let Some(Value::Array(items)) = value else { return Vec::new() };
    items.iter().filter_map(as_text).collect()
}

/// F0307 for facts that cannot be written as annotations.
pub fn check_keys(model: &Model, diagnostics: &mut Diagnostics) {
    for field in model.fields.iter().filter(|field| field.fact && !is_label_key(&field.name.text)) {
        diagnostics.push(invalid_key(&field.name.text, field.name.span, "an annotation"));
    }
}

/// F0519 for what goes to clusters that do not take it: of another project, or to a namespace that is not managed there.
pub fn check_admission(model: &Model, clusters: &[Cluster], deployments: &[Deployment], diagnostics: &mut Diagnostics) {
    let admits_some =
        |cluster: &&Cluster| !cluster.registration.projects.is_empty() || !cluster.registration.namespaces.is_empty();
    let by_name: BTreeMap<&str, &Cluster> =
        clusters.iter().filter(admits_some).map(|cluster| (&*cluster.name, cluster)).collect();
    let mut refused: BTreeMap<(Span, Span, &str, &str), Vec<usize>> = BTreeMap::new();
    for deployment in deployments {
        let Some(cluster) = by_name.get(&*deployment.cluster) else { continue };
        let registration = &cluster.registration;
        let asked = [
            ("projects", "project", &registration.projects, &deployment.project),
            ("namespaces", "namespace", &registration.namespaces, &deployment.namespace),
        ];
        for (list, attribute, admitted, own) in asked {
            let own = own.as_deref().unwrap_or_default();
            // Without a namespace the objects say where they go.
            let unknown = own.is_empty() && attribute == "namespace";
            if admitted.is_empty() || unknown || admitted.iter().any(|name| name == own) {
                continue;
            }
            let Some(declared) = registration.place(list) else { continue };
            let key = (deployment.origin.of(attribute), declared, attribute, own);
            refused.entry(key).or_default().extend(model.find_cluster(&deployment.cluster));
        }
    }
    for ((at, declared, attribute, own), on) in refused {
        let on = model.list_clusters(on.into_iter());
        diagnostics.push(not_admitted(at, declared, attribute, own, &on));
    }
}

fn not_admitted(at: Span, declared: Span, attribute: &str, own: &str, on: &str) -> Diagnostic {
    let (message, related) = match (attribute, own) {
        ("project", "") => (format!("{on} is for components of certain projects"), "only of these projects"),
        ("project", _) => (format!("{on} is not for components of the project `{own}`"), "only of these projects"),
        _ => (format!("the namespace `{own}` is not managed on {on}"), "only these namespaces are"),
    };
    let label = if own.is_empty() { "this component is of none".to_owned() } else { format!("`{own}`") };
    Diagnostic::new(codes::NOT_ADMITTED, at, message).label(label).related(declared, related).help(if own.is_empty() {
        format!("write `{attribute} = …` with one of them, or keep the component off there")
    } else {
        format!("add it to the `{attribute}s` of {on}, or keep the component off there")
    })
}
