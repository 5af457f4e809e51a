//! One component on one cluster.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use serde_json::Value;

use super::raw::Raw;
use super::values::Values;
use super::{Content, Duration, Ignore, Image, ObjectRef, OnDelete, Origin, Patch, Retry, Source};

/// One component on one cluster.
///
/// What is the same on several clusters is held once: its fields are read as if they stood here.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// The cluster.
    pub cluster: Arc<str>,
    /// `<component>-<cluster>`, shortened when too long.
    pub name: Arc<str>,
    /// Components on the same cluster that come first, sorted.
    pub after: Arc<[Arc<str>]>,
    /// Those of them that follow from secrets and stores and that nobody wrote.
    pub implied: Arc<[Arc<str>]>,
    /// The stage of the rollout.
    pub stage: Option<Arc<str>>,
    /// Whether it is paused.
    pub suspend: bool,
    /// Whether its workloads go with it.
    pub on_delete: OnDelete,
    /// Whether its cluster is protected.
    pub protected: bool,
    /// For a chart, the values of the fleet. They and the patches are what most often names the cluster.
    pub values: Values,
    /// Changes of the objects.
    pub patches: Arc<Vec<Patch>>,
    /// All else.
    pub settings: Arc<Settings>,
}

/// What of a deployment does not follow from its cluster's name alone.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The component.
    pub component: Arc<str>,
    /// The project.
    pub project: Option<String>,
    /// Where namespaced objects go.
    pub namespace: Option<String>,
    /// Where it comes from.
    pub source: Arc<Source>,
    /// What is taken from there.
    pub content: Content,
    /// Replaced images.
    pub images: Vec<Image>,
    /// Folders of the source with kustomize components, in the order in which they are laid over each other.
    pub components: Vec<String>,
    /// Variables for Flux's substitution.
    pub substitute: BTreeMap<String, String>,
    /// What must be healthy.
    pub health: Vec<ObjectRef>,
    /// Whether everything applied must be healthy.
    pub wait: bool,
    /// Fields that somebody else owns.
    pub ignore: Vec<Ignore>,
    /// The rollout.
    pub rollout: Option<Arc<str>>,
    /// Whether objects that left the source are deleted.
    pub prune: bool,
    /// Whether changes made by hand are undone at once.
    pub self_heal: bool,
    /// Whether the namespace is made.
    pub create_namespace: bool,
    /// Labels of the namespace that is made.
    pub namespace_labels: BTreeMap<String, String>,
    /// Annotations of the namespace that is made.
    pub namespace_annotations: BTreeMap<String, String>,
    /// Whether objects are applied on the server's side.
    pub server_side: bool,
    /// Whether objects that cannot be changed are made anew.
    pub force: bool,
    /// More of Argo CD's sync options.
    pub sync_options: Vec<String>,
    /// How often it is reconciled.
    pub interval: Option<Duration>,
    /// How long a reconciliation may take.
    pub timeout: Option<Duration>,
    /// How failures are repeated.
    pub retry: Option<Retry>,
    /// The service account that applies it.
    pub service_account: Option<String>,
    /// Labels of the engine's object.
    pub labels: BTreeMap<String, String>,
    /// Annotations of the engine's object.
    pub annotations: BTreeMap<String, String>,
    /// Raw fields of the engines' objects.
    pub raw: Raw,
    /// Where it was said.
    pub origin: Origin,
}

impl Deref for Deployment {
    type Target = Settings;

    fn deref(&self) -> &Settings {
        &self.settings
    }
}

impl DerefMut for Deployment {
    fn deref_mut(&mut self) -> &mut Settings {
        Arc::make_mut(&mut self.settings)
    }
}

impl Deployment {
    /// The objects that fleetc writes for it.
    pub fn objects(&self) -> &[Value] {
        match &self.content {
            Content::Objects(objects) => objects,
            Content::Path(_) | Content::Chart(_) => &[],
        }
    }
}
