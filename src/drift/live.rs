//! Reads what engines report: the objects of a `List`, of several documents, or of what `argocd … list` prints.
//!
//! Takes text that anybody may have written. What is no object of an engine is counted and never looked into, so nothing
//! of a Secret that came along can be shown.

use std::fmt;

use serde_json::Value;

use super::words::message;
use crate::simulate::manifests::text;

/// The kinds of objects that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Argo CD: what may be deployed where.
    AppProject,
    /// Argo CD: makes Applications.
    ApplicationSet,
    /// Argo CD: a component on a cluster, or a root.
    Application,
    /// Flux: a Git repository.
    GitRepository,
    /// Flux: an OCI registry.
    OciRepository,
    /// Flux: a repository of charts.
    HelmRepository,
    /// Flux: a bucket.
    Bucket,
    /// Flux: a component on a cluster, or a gate.
    Kustomization,
    /// Flux: a chart on a cluster.
    HelmRelease,
}

/// The kinds, each with the beginning of its `apiVersion`, its name, and what kubectl calls it.
const KINDS: [(Kind, &str, &str, &str); 9] = [
    (Kind::AppProject, "argoproj.io/", "AppProject", "appprojects"),
    (Kind::ApplicationSet, "argoproj.io/", "ApplicationSet", "applicationsets"),
    (Kind::Application, "argoproj.io/", "Application", "applications.argoproj.io"),
    (Kind::GitRepository, "source.toolkit.fluxcd.io/", "GitRepository", "gitrepositories"),
    (Kind::OciRepository, "source.toolkit.fluxcd.io/", "OCIRepository", "ocirepositories"),
    (Kind::HelmRepository, "source.toolkit.fluxcd.io/", "HelmRepository", "helmrepositories"),
    (Kind::Bucket, "source.toolkit.fluxcd.io/", "Bucket", "buckets.source.toolkit.fluxcd.io"),
    (
        Kind::Kustomization,
        "kustomize.toolkit.fluxcd.io/",
        "Kustomization",
        "kustomizations.kustomize.toolkit.fluxcd.io",
    ),
    (Kind::HelmRelease, "helm.toolkit.fluxcd.io/", "HelmRelease", "helmreleases"),
];

impl Kind {
    fn row(self) -> (&'static str, &'static str, &'static str) {
        let row = KINDS.iter().find(|(kind, ..)| *kind == self);
        row.map_or(("", "", ""), |(_, api, word, plural)| (api, word, plural))
    }

    /// As it stands in a manifest.
    pub fn word(self) -> &'static str {
        self.row().1
    }

    /// What `apiVersion` begins with.
    pub(super) fn api(self) -> &'static str {
        self.row().0
    }

    /// What kubectl calls it: with its group where other APIs have a kind of the same name.
    pub fn plural(self) -> &'static str {
        self.row().2
    }

    /// Whether it is of Argo CD.
    pub(super) fn is_argocd(self) -> bool {
        self.api() == "argoproj.io/"
    }

    /// Whether it is a source of Flux.
    pub(super) fn is_source(self) -> bool {
        self.api() == "source.toolkit.fluxcd.io/"
    }

    /// Every kind of an engine: of Argo CD, or else of Flux.
    pub fn all(argocd: bool) -> impl Iterator<Item = Self> {
        KINDS.iter().map(|(kind, ..)| *kind).filter(move |kind| kind.is_argocd() == argocd)
    }

    /// The kind of an object. What `argocd … list` prints names none, and is known by its fields.
    pub(super) fn of(object: &Value) -> Option<Self> {
        let (api, kind) = (text(object, "/apiVersion"), text(object, "/kind"));
        if kind.is_empty() && api.is_empty() {
            let spec = object.get("spec")?;
            let has = |field: &str| spec.get(field).is_some();
            return match () {
                () if has("generators") => Some(Self::ApplicationSet),
                () if has("sourceRepos") || has("destinations") => Some(Self::AppProject),
                () if has("destination") => Some(Self::Application),
                () => None,
            };
        }
        KINDS.iter().find(|(_, group, word, _)| *word == kind && api.starts_with(group)).map(|(kind, ..)| *kind)
    }
}

/// An object that an engine reports.
#[derive(Clone, Debug)]
pub struct Live {
    /// What it is.
    pub(super) kind: Kind,
    /// The whole of it.
    pub(super) value: Value,
}

impl Live {
    pub(super) fn name(&self) -> &str {
        text(&self.value, "/metadata/name")
    }

    pub(super) fn namespace(&self) -> &str {
        text(&self.value, "/metadata/namespace")
    }

    pub(super) fn key(&self) -> (Kind, &str, &str) {
        (self.kind, self.namespace(), self.name())
    }
}

/// What one file, or one run of a command, reports.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// The objects of engines, in the order in which they stand there.
    pub(super) objects: Vec<Live>,
    /// Whether every kind was asked for, so that a kind of which there is nothing is one that is not there.
    pub(super) is_whole: bool,
}

impl State {
    /// What a command printed that asked for every kind of an engine.
    pub fn whole(self) -> Self {
        Self { is_whole: true, ..self }
    }
}

/// Why a text is no state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable(String);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&message(&self.0))
    }
}

/// The state in a text, JSON or YAML.
///
/// # Errors
///
/// When the text is neither, or holds no object and no list of them.
pub fn read(text: &str) -> Result<State, Unreadable> {
    let begin = text.trim_start_matches('\u{feff}').trim_start();
    if begin.is_empty() {
        return Err(Unreadable("it is empty".to_owned()));
    }
    let mut state = State::default();
    for document in documents(begin)? {
        take(document, &mut state)?;
    }
    Ok(state)
}

/// What several commands print may stand behind each other.
fn documents(text: &str) -> Result<Vec<Value>, Unreadable> {
    if !text.starts_with(['{', '[']) {
        return yaml(text);
    }
    let values = serde_json::Deserializer::from_str(text).into_iter();
    values.map(|value| value.map_err(|error| Unreadable(format!("it is no JSON: {error}")))).collect()
}

/// How much of YAML is read: a thousand clusters, and no text that is small and means a lot.
fn yaml(text: &str) -> Result<Vec<Value>, Unreadable> {
    let budget = serde_saphyr::budget! { max_events: 20_000_000, max_nodes: 5_000_000, max_documents: 100_000 };
    let options = serde_saphyr::options! { budget: budget };
    serde_saphyr::from_multiple_with_options(text, options).map_err(|error| {
        let line = error.to_string();
        Unreadable(format!("it is neither JSON nor YAML: {}", line.lines().next().unwrap_or_default()))
    })
}

/// Adds the objects of a document.
fn take(document: Value, state: &mut State) -> Result<(), Unreadable> {
    match document {
        Value::Null => Ok(()),
        Value::Array(items) => {
            add(items, state);
            Ok(())
        }
        Value::Object(mut object) => {
            let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default();
            match object.get("items") {
                Some(items) if kind.is_empty() || kind.ends_with("List") => match items {
                    Value::Array(_) | Value::Null => {
                        if let Some(Value::Array(items)) = object.shift_remove("items") {
                            add(items, state);
                        }
                        Ok(())
                    }
                    _ => Err(Unreadable("its `items` are no list".to_owned())),
                },
                _ if kind == "Status" => {
                    let message = object.get("message").and_then(Value::as_str).unwrap_or_default();
                    Err(Unreadable(format!("it is an answer of an API server that failed: {message}")))
                }
                _ => {
                    add(vec![Value::Object(object)], state);
                    Ok(())
                }
            }
        }
        _ => Err(Unreadable("it holds no object and no list of objects".to_owned())),
    }
}

fn add(items: Vec<Value>, state: &mut State) {
    for value in items {
        let Some(kind) = Kind::of(&value) else { continue };
        let live = Live { kind, value };
        if !live.name().is_empty() {
            state.objects.push(live);
        }
    }
}
