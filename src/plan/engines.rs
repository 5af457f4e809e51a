//! The engines that a fleet is built for: their settings, and what of the plan each of them sees.

use std::borrow::Cow;
use std::sync::Arc;

use foldhash::HashSet;

use super::space::Space;
use super::values::Values;
use super::{Duration, OnDelete, Plan, ProjectClusters, Provisioner, Register};
use crate::source::Span;

/// A minor version of an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// The major part.
    pub major: u32,
    /// The minor part.
    pub minor: u32,
}

/// Where Argo CD's objects say a cluster is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// By the name of its cluster Secret.
    Name,
    /// By the URL of its API server.
    Server,
}

/// Whether clusters are listed or chosen at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    /// The manifests list the clusters.
    Static,
    /// The manifests select clusters by the labels of their Secrets.
    Labels,
}

/// Which objects of Argo CD hold the Applications.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgoCdLayout {
    /// ApplicationSets make them.
    ApplicationSets,
    /// They are written out, below an Application for each cluster.
    AppOfApps,
}

/// Where Flux runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FluxMode {
    /// On a hub, which applies to all clusters.
    Hub,
    /// On each cluster, which applies to itself.
    Pull,
}

/// Which objects of Flux hold the deployments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FluxLayout {
    /// A Kustomization for each.
    Kustomizations,
    /// A kustomize overlay for each cluster.
    Overlays,
}

/// One of several installations of an engine, or the only one.
#[derive(Clone, Debug, Default)]
pub struct Instance {
    /// Its name, unless it is the only one and has none.
    pub name: Option<String>,
    /// The clusters it deploys to; all when absent.
    pub clusters: Option<Arc<HashSet<Arc<str>>>>,
}

impl Instance {
    /// Whether it deploys to `cluster`.
    pub fn serves(&self, cluster: &str) -> bool {
        self.clusters.as_ref().is_none_or(|clusters| clusters.contains(cluster))
    }

    /// Its folder below the output folder: `argocd`, `flux/east`.
    pub fn folder(&self, engine: &str) -> String {
        self.name.as_ref().map_or_else(|| engine.to_owned(), |name| format!("{engine}/{name}"))
    }
}

/// Argo CD's settings.
#[derive(Clone, Debug)]
pub struct ArgoCd {
    /// The declaration.
    pub span: Span,
    /// Which installation.
    pub instance: Instance,
    /// How its clusters are found.
    pub membership: Membership,
    /// Which objects hold the Applications.
    pub layout: ArgoCdLayout,
    /// The minor the manifests must suit.
    pub version: Version,
    /// Where Applications, ApplicationSets and AppProjects live.
    pub namespace: String,
    /// How a cluster is addressed.
    pub destination: Destination,
    /// Whether the controller runs with progressive syncs.
    pub progressive_syncs: bool,
    /// How its clusters are made known to it.
    pub register: Register,
    /// Whether workloads go with their Application, where the component does not say.
    pub on_delete: Option<OnDelete>,
}

impl ArgoCd {
    /// Whether it waits between components on a cluster: with progressive syncs, or where a root waits for Applications.
    pub fn keeps_order(&self) -> bool {
        self.progressive_syncs || self.layout == ArgoCdLayout::AppOfApps
    }
}

/// Flux's settings.
#[derive(Clone, Debug)]
pub struct Flux {
    /// The declaration.
    pub span: Span,
    /// Which installation.
    pub instance: Instance,
    /// Where it runs.
    pub mode: FluxMode,
    /// Which objects hold the deployments.
    pub layout: FluxLayout,
    /// The minor the manifests must suit.
    pub version: Version,
    /// Where sources, Kustomizations and HelmReleases live on the hub.
    pub namespace: String,
    /// What makes the Secrets with kubeconfigs.
    pub provisioner: Provisioner,
    /// How often a source is fetched and a deployment reconciled; a deployment's own interval wins.
    pub interval: Duration,
    /// How long after a failure it is tried again.
    pub retry: Duration,
    /// How long a reconciliation may take.
    pub timeout: Duration,
    /// How many controllers share the clusters.
    pub shards: u32,
    /// Whether its controllers run locked down: no references between namespaces, and nothing applied as themselves.
    pub multi_tenant: bool,
}

impl Plan {
    /// The label space as an installation of Argo CD sees it that finds its clusters by labels, and its settings there: which
    /// of the clusters that stand for others it serves.
    pub fn space_of(&self, settings: &ArgoCd) -> Option<(Space, &ArgoCd)> {
        let space = self.space.as_ref().filter(|_| settings.membership == Membership::Labels)?;
        let same = space.plan.argocd.iter().find(|other| other.instance.name == settings.instance.name)?;
        Some((space.of(&same.instance), same))
    }

    /// The plan as an installation of Argo CD sees it: as [`Plan::of`], and without the order that follows from secrets and
    /// stores where it keeps none.
    pub fn of_argocd(&self, settings: &ArgoCd) -> Cow<'_, Self> {
        let plan = self.of(&settings.instance);
        if settings.keeps_order() || plan.deployments.iter().all(|deployment| deployment.implied.is_empty()) {
            return plan;
        }
        let mut plan = plan.into_owned();
        for deployment in &mut plan.deployments {
            let implied = std::mem::take(&mut deployment.implied);
            if !implied.is_empty() {
                let after = deployment.after.iter().filter(|component| !implied.contains(component));
                deployment.after = after.cloned().collect();
            }
        }
        Cow::Owned(plan)
    }

    /// Lets go of the values and patches of all deployments, which of a large plan are the most. For when the manifests are
    /// built and what runs is recorded: the guard asks nothing of them, but an engine or a record of this plan would be of
    /// another fleet.
    pub fn forget_manifests(&mut self) {
        let (values, patches) = (Values::default(), Arc::default());
        for deployment in &mut self.deployments {
            deployment.values = values.clone();
            deployment.patches = Arc::clone(&patches);
        }
    }

    /// The plan as `instance` sees it: its clusters, what runs on them, and what of projects and rollouts speaks of them.
    pub fn of(&self, instance: &Instance) -> Cow<'_, Self> {
        if self.clusters.iter().all(|cluster| instance.serves(&cluster.name)) {
            return Cow::Borrowed(self);
        }
        let serves = |cluster: &Arc<str>| instance.serves(cluster);
        // Most of a large plan is its clusters and deployments, so only those that are served are copied.
        let mut plan = Self {
            fleet: self.fleet.clone(),
            label_prefix: self.label_prefix.clone(),
            home: self.home.clone(),
            home_path: self.home_path.clone(),
            argocd: self.argocd.clone(),
            flux: self.flux.clone(),
            clusters: self.clusters.iter().filter(|cluster| serves(&cluster.name)).cloned().collect(),
            sources: self.sources.clone(),
            projects: self.projects.clone(),
            rollouts: self.rollouts.clone(),
            deployments: self.deployments.iter().filter(|one| serves(&one.cluster)).cloned().collect(),
            guards: self.guards.clone(),
            hub_objects: self.hub_objects.clone(),
            space: self.space.clone(),
        };
        plan.hub_objects.retain_mut(|object| {
            object.clusters.retain(serves);
            !object.clusters.is_empty()
        });
        for stage in plan.rollouts.iter_mut().flat_map(|rollout| &mut rollout.stages) {
            stage.clusters.retain(serves);
        }
        let serves_some = |clusters: &mut ProjectClusters| match clusters {
            ProjectClusters::Names(names) => {
                let before = names.len();
                names.retain(|cluster| instance.serves(cluster));
                before == 0 || !names.is_empty()
            }
            ProjectClusters::All | ProjectClusters::Globs(_) => true,
        };
        plan.projects.retain_mut(|project| serves_some(&mut project.clusters));
        for project in &mut plan.projects {
            project.windows.retain_mut(|window| serves_some(&mut window.clusters));
        }
        Cow::Owned(plan)
    }
}
