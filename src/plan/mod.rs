//! What runs where, in which order: all that a back end may know.
//!
//! Invariant: `deployments` is sorted by (component, cluster), `clusters`, `projects`, `sources` and `rollouts` by name;
//! every name is final (already shortened) and every string is resolved.

pub mod base64;
mod deployment;
pub mod engines;
pub mod expectations;
mod glob;
pub mod guards;
mod hub;
pub mod json;
mod kind_glob;
pub mod markdown;
pub mod permission;
pub mod raw;
pub mod registration;
mod repository;
pub mod resolve;
pub mod space;
pub mod text;
pub mod values;
pub mod why;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

pub use deployment::{Deployment, Settings};
pub use engines::{ArgoCd, ArgoCdLayout, Destination, Flux, FluxLayout, FluxMode, Instance, Membership, Version};
pub use hub::HubObject;
pub use registration::{Provisioner, Register, Registration};

use crate::source::Span;

/// The longest name of what a deployment becomes: Argo CD and Flux name what they make after it, and Helm takes 53
/// characters.
pub const MAX_NAME: usize = 53;

/// The whole plan of a fleet.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The fleet's name.
    pub fleet: String,
    /// Prefix of the labels that fleetc itself writes, such as `fleetc.dev`.
    pub label_prefix: String,
    /// The source that holds the output folder: the fleet's `source`.
    pub home: Option<Arc<Source>>,
    /// The path of the output folder in the home source, such as `gitops`.
    pub home_path: String,
    /// The instances of Argo CD that are built, by name.
    pub argocd: Vec<ArgoCd>,
    /// The instances of Flux that are built, by name.
    pub flux: Vec<Flux>,
    /// The clusters.
    pub clusters: Vec<Cluster>,
    /// The sources that a deployment uses, or that is the home.
    pub sources: Vec<Arc<Source>>,
    /// The projects.
    pub projects: Vec<Project>,
    /// The rollouts.
    pub rollouts: Vec<Rollout>,
    /// One entry for each component on each cluster.
    pub deployments: Vec<Deployment>,
    /// What the fleet says of removals.
    pub guards: guards::Guards,
    /// The objects on the hub, sorted by declaration.
    pub hub_objects: Vec<HubObject>,
    /// What would run on clusters that nobody declared, when an engine finds its clusters by labels.
    pub space: Option<Box<space::Space>>,
}

/// A span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration {
    /// In milliseconds.
    pub milliseconds: u64,
}

/// A declared cluster.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// The declaration.
    pub span: Span,
    /// The name.
    pub name: Arc<str>,
    /// Every label it has, also derived ones, by the language's name, as text.
    pub labels: BTreeMap<String, String>,
    /// The API server's URL.
    pub server: Option<String>,
    /// The Secret on the hub with its kubeconfig, for Flux.
    pub kubeconfig: Kubeconfig,
    /// What is written about it where it is registered.
    pub registration: Registration,
    /// Whether removals here need a declaration.
    pub protected: bool,
    /// Whether its deployments are paused.
    pub suspend: bool,
    /// Whether it stands for clusters that nobody declared, of any name.
    pub many: bool,
}

/// How Flux on the hub reaches a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kubeconfig {
    /// A Secret and the key in it that holds the kubeconfig.
    Secret {
        /// The Secret's name.
        name: String,
        /// The key in it.
        key: String,
    },
    /// A ConfigMap for workload identity.
    ConfigMap {
        /// The ConfigMap's name.
        name: String,
    },
}

/// Which kind of source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SourceKind {
    /// A Git repository.
    Git,
    /// A Helm repository.
    Helm,
    /// An OCI registry.
    Oci,
    /// An object-storage bucket.
    Bucket,
}

impl SourceKind {
    /// The word for it, in the language and in the plan.
    pub fn word(self) -> &'static str {
        match self {
            Self::Git => "git",
            Self::Helm => "helm",
            Self::Oci => "oci",
            Self::Bucket => "bucket",
        }
    }
}

/// Which revision of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revision {
    /// The source's own default.
    Default,
    /// A branch (Git).
    Branch(String),
    /// A tag (Git, OCI).
    Tag(String),
    /// A range of versions (Git tags, OCI tags).
    Semver(String),
    /// A commit (Git).
    Commit(String),
    /// A digest (OCI).
    Digest(String),
}

impl Revision {
    /// The text of it, if there is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Default => None,
            Self::Branch(text) | Self::Tag(text) | Self::Semver(text) | Self::Commit(text) | Self::Digest(text) => {
                Some(text)
            }
        }
    }
}

/// A declared source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The declaration.
    pub span: Span,
    /// The name without the namespace `std`.
    pub name: String,
    /// What it is.
    pub kind: SourceKind,
    /// Its URL as written; `oci://…` for OCI.
    pub url: String,
    /// Which revision, for sources without charts.
    pub revision: Revision,
    /// The credential Secret on the hub.
    pub secret: Option<String>,
}

/// What a deployment takes from its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A folder of plain manifests or with a kustomization.
    Path(String),
    /// A Helm chart.
    Chart(Chart),
    /// Objects that fleetc writes itself, whole.
    Objects(Vec<Value>),
}

/// A Helm chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chart {
    /// The chart's name; empty when an OCI URL names it whole.
    pub name: String,
    /// The version or range.
    pub version: String,
    /// The release's name, at most 53 characters.
    pub release: String,
    /// Values files below the fleet's values, later ones win.
    pub values_files: Vec<ValuesFile>,
    /// Whether a values file that cannot be looked for here may be missing.
    pub missing_values_files: bool,
}

/// One values file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValuesFile {
    /// The source that holds it.
    pub source: Arc<Source>,
    /// The path in that source.
    pub path: String,
    /// Its text, when the source is this repository.
    pub text: Option<Arc<str>>,
}

/// A change of objects by kustomize.
#[derive(Clone, Debug, PartialEq)]
pub struct Patch {
    /// The kind of the objects.
    pub kind: String,
    /// The name of the object.
    pub name: String,
    /// The change.
    pub change: Change,
}

/// The two kinds of patch.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// JSON 6902 operations, each an object with `op`, `path` and, but for `remove`, `value`.
    Operations(Vec<Value>),
    /// A strategic merge patch: the fields below the object's own `apiVersion`, `kind` and `metadata.name`.
    Merge(Map<String, Value>),
}

/// A replaced image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// The image as the manifests name it.
    pub name: String,
    /// The new repository.
    pub new_name: Option<String>,
    /// The new tag.
    pub tag: Option<String>,
    /// The new digest.
    pub digest: Option<String>,
}

/// An object whose health counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectRef {
    /// `v1`, `apps/v1`.
    pub api_version: String,
    /// `Deployment`.
    pub kind: String,
    /// The namespace, unless the object has none.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
}

/// Fields that somebody else owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignore {
    /// The API group; empty for the core group.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// The object's name; all of the kind without it.
    pub name: Option<String>,
    /// JSON pointers.
    pub fields: Vec<String>,
    /// jq path expressions, which only Argo CD knows.
    pub jq: Vec<String>,
}

/// Whether workloads go with their deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDelete {
    /// They stay.
    Keep,
    /// They are deleted.
    Cascade,
}

/// How failed syncs are repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// How often; -1 for ever.
    pub limit: i64,
    /// The first pause.
    pub duration: Option<Duration>,
    /// By how much it grows.
    pub factor: Option<i64>,
    /// The longest pause.
    pub max_duration: Option<Duration>,
}

/// Where the parts of a deployment were said, for the diagnostics of the back ends.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The component's name in its declaration.
    pub component: Span,
    /// For each attribute that is set, the place of the value that won, by the attribute's name.
    pub attributes: BTreeMap<&'static str, Span>,
}

impl ObjectRef {
    /// What `object` is, with its name.
    pub fn of(object: &Value) -> Self {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        Self {
            api_version: text("/apiVersion").unwrap_or_default(),
            kind: text("/kind").unwrap_or_default(),
            namespace: text("/metadata/namespace"),
            name: text("/metadata/name").unwrap_or_default(),
        }
    }

    /// The API group; empty for the core group.
    pub fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// Whether other objects go with it: all in a namespace, all of a kind.
    pub fn takes_others_along(&self) -> bool {
        matches!(
            (self.group(), self.kind.as_str()),
            ("", "Namespace") | ("apiextensions.k8s.io", "CustomResourceDefinition")
        )
    }
}

impl Origin {
    /// The value of `attribute`, or the component's name when it is not set.
    pub fn of(&self, attribute: &str) -> Span {
        self.attributes.get(attribute).copied().unwrap_or(self.component)
    }
}

/// How many clusters of a stage change at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Max {
    /// That many.
    Count(u32),
    /// That many of a hundred, rounded down, at least one.
    Percent(u32),
}

impl Max {
    /// How many of `clusters` that is, at least one.
    pub fn of(self, clusters: usize) -> usize {
        match self {
            Self::Count(count) => count as usize,
            Self::Percent(percent) => clusters.saturating_mul(percent as usize) / 100,
        }
        .max(1)
    }
}

/// A rollout.
#[derive(Clone, Debug)]
pub struct Rollout {
    /// The declaration.
    pub span: Span,
    /// The name.
    pub name: Arc<str>,
    /// The stages in order.
    pub stages: Vec<Stage>,
}

/// A stage of a rollout.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The declaration.
    pub span: Span,
    /// The name.
    pub name: Arc<str>,
    /// The fleet's clusters in it, sorted by name.
    pub clusters: Vec<Arc<str>>,
    /// How many change at once.
    pub max: Option<Max>,
    /// Whether somebody must open it.
    pub manual: bool,
    /// How long it is kept, once healthy, before the next one opens.
    pub bake: Option<Duration>,
}

/// A project.
#[derive(Clone, Debug)]
pub struct Project {
    /// The declaration.
    pub span: Span,
    /// The name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Globs over repository URLs, as written; names of sources are replaced by their URLs.
    pub sources: Vec<String>,
    /// Which clusters.
    pub clusters: ProjectClusters,
    /// Globs over namespaces.
    pub namespaces: Vec<String>,
    /// Cluster-scoped objects that are allowed.
    pub cluster_resources: Vec<GroupKind>,
    /// Cluster-scoped objects that are not.
    pub deny_cluster_resources: Vec<GroupKind>,
    /// Namespaced objects that are allowed; all when absent.
    pub namespace_resources: Option<Vec<GroupKind>>,
    /// Namespaced objects that are not.
    pub deny_namespace_resources: Vec<GroupKind>,
    /// Namespaces in which Applications may live besides the engine's.
    pub source_namespaces: Vec<String>,
    /// For Flux: the account its Kustomizations act as.
    pub service_account: Option<String>,
    /// When syncs are allowed or denied.
    pub windows: Vec<Window>,
    /// Who may do what in Argo CD.
    pub roles: Vec<Role>,
    /// Whether Argo CD looks for objects that belong to nothing.
    pub orphaned_resources: Option<OrphanedResources>,
}

/// When syncs of a project are allowed or denied. It is about what matches all of its parts.
#[derive(Clone, Debug)]
pub struct Window {
    /// The declaration.
    pub span: Span,
    /// Whether syncs are allowed then, and at no other time; else they are denied.
    pub allow: bool,
    /// What it is for.
    pub description: Option<String>,
    /// When it begins: five fields of cron.
    pub schedule: String,
    /// How long it lasts.
    pub duration: Duration,
    /// The time zone of the schedule.
    pub timezone: Option<String>,
    /// Whether what somebody syncs by hand is let through.
    pub manual_sync: bool,
    /// Globs over components of the project; all when there are none.
    pub components: Vec<String>,
    /// Which clusters.
    pub clusters: ProjectClusters,
    /// Globs over namespaces; all when there are none.
    pub namespaces: Vec<String>,
}

/// Who may do what in Argo CD.
#[derive(Clone, Debug)]
pub struct Role {
    /// The declaration.
    pub span: Span,
    /// The name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Groups of the sign-in, as Argo CD writes them.
    pub groups: Vec<String>,
    /// What it may do with Applications.
    pub actions: Vec<String>,
    /// Globs over components of the project, for the actions; all when there are none.
    pub components: Vec<String>,
    /// More policies, as Argo CD writes them.
    pub policies: Vec<String>,
}

/// How Argo CD looks for objects that belong to nothing.
#[derive(Clone, Debug)]
pub struct OrphanedResources {
    /// Whether Applications beside such objects get a warning.
    pub warn: bool,
    /// Objects that may be there: the group and kind, and a name where not all are meant.
    pub ignore: Vec<(GroupKind, Option<String>)>,
}

/// Which clusters a project may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProjectClusters {
    /// All, also later ones.
    All,
    /// Those whose names match a glob, as written.
    Globs(Vec<String>),
    /// These, sorted by name.
    Names(Vec<Arc<str>>),
}

/// `"group/Kind"`
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GroupKind {
    /// The API group, or `*`; empty for the core group.
    pub group: String,
    /// The kind, or `*`.
    pub kind: String,
}
