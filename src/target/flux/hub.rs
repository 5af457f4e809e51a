//! What every part of this room asks of the plan.

use std::collections::BTreeMap;
use std::ops::Range;

use foldhash::{HashMap, HashMapExt as _};

use crate::plan::{Cluster, Content, Deployment, Duration, Flux, FluxMode, Plan, Source, SourceKind, Version};

/// The plan, seen from where Flux runs: a hub or, in pull mode, each cluster.
pub(super) struct Hub<'a> {
    pub(super) plan: &'a Plan,
    pub(super) settings: &'a Flux,
    clusters: HashMap<&'a str, &'a Cluster>,
    accounts: BTreeMap<&'a str, &'a str>,
    /// Where the deployments of a component are in the plan.
    components: HashMap<&'a str, Range<usize>>,
}

/// What a Kustomization reads. Two of them that have the same one are held to the same revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SourceRef<'a> {
    pub(super) kind: &'static str,
    pub(super) name: &'a str,
}

impl<'a> Hub<'a> {
    pub(super) fn new(plan: &'a Plan, settings: &'a Flux) -> Self {
        let clusters = plan.clusters.iter().map(|cluster| (cluster.name.as_ref(), cluster)).collect();
        let account =
            |project: &'a crate::plan::Project| Some((project.name.as_str(), project.service_account.as_deref()?));
        let mut components = HashMap::new();
        let mut end = 0;
        for deployments in plan.deployments.chunk_by(|one, other| one.component == other.component) {
            let start = end;
            end += deployments.len();
            components.extend(deployments.first().map(|deployment| (deployment.component.as_ref(), start..end)));
        }
        Self { plan, settings, clusters, accounts: plan.projects.iter().filter_map(account).collect(), components }
    }

    /// Whether Flux is at least this minor of version 2.
    pub(super) fn has(&self, minor: u32) -> bool {
        self.settings.version >= Version { major: 2, minor }
    }

    /// Whether each cluster has a Flux of its own.
    pub(super) fn is_pull(&self) -> bool {
        self.settings.mode == FluxMode::Pull
    }

    /// What runs Flux, in words.
    pub(super) fn runner(&self) -> &'static str {
        if self.is_pull() { "every cluster" } else { "the hub" }
    }

    /// Flux's folder below the output folder.
    pub(super) fn folder(&self) -> String {
        self.settings.instance.folder("flux")
    }

    pub(super) fn cluster(&self, deployment: &Deployment) -> Option<&'a Cluster> {
        self.clusters.get(deployment.cluster.as_ref()).copied()
    }

    /// The deployment of a component on a cluster, with its place in the plan.
    pub(super) fn find(&self, component: &str, cluster: &str) -> Option<(usize, &'a Deployment)> {
        let places = self.components.get(component)?;
        let deployments = self.plan.deployments.get(places.clone())?;
        let index = deployments.binary_search_by(|deployment| deployment.cluster.as_ref().cmp(cluster)).ok()?;
        Some((places.start + index, deployments.get(index)?))
    }

    /// What a deployment's Kustomization reads: its source, or the fleet's own for what fleetc writes.
    pub(super) fn source_ref(&self, deployment: &'a Deployment) -> Option<SourceRef<'a>> {
        match deployment.content {
            Content::Path(_) => source_ref(&deployment.source),
            Content::Chart(_) | Content::Objects(_) => source_ref(self.plan.home.as_ref()?),
        }
    }

    /// The folder that a deployment's Kustomization builds, in its source.
    pub(super) fn path(&self, deployment: &Deployment) -> String {
        match &deployment.content {
            Content::Path(path) => relative(&[path]),
            Content::Chart(_) | Content::Objects(_) => self.below(&release_folder(deployment)),
        }
    }

    /// The path in the fleet's own source of what lies `below` Flux's folder.
    pub(super) fn below(&self, below: &str) -> String {
        relative(&[&self.plan.home_path, &self.folder(), below])
    }

    /// Whom a deployment acts as on its cluster: its own account, else its project's.
    pub(super) fn service_account(&self, deployment: &'a Deployment) -> Option<&'a str> {
        let of_project = || self.accounts.get(deployment.project.as_deref()?).copied();
        deployment.service_account.as_deref().or_else(of_project)
    }

    pub(super) fn is_suspended(&self, deployment: &Deployment) -> bool {
        deployment.suspend || self.cluster(deployment).is_some_and(|cluster| cluster.suspend)
    }

    pub(super) fn interval(&self, deployment: &Deployment) -> Duration {
        deployment.interval.unwrap_or(self.settings.interval)
    }

    pub(super) fn timeout(&self, deployment: &Deployment) -> Duration {
        deployment.timeout.unwrap_or(self.settings.timeout)
    }

    pub(super) fn retry(&self, deployment: &Deployment) -> Duration {
        deployment.retry.and_then(|retry| retry.duration).unwrap_or(self.settings.retry)
    }
}

/// Whether Ready of a deployment's Kustomization means more than "applied".
pub(super) fn has_health_gate(deployment: &Deployment) -> bool {
    deployment.wait || !deployment.health.is_empty()
}

/// The object that holds the files of a source; a Helm repository holds charts only.
pub(super) fn source_ref(source: &Source) -> Option<SourceRef<'_>> {
    let kind = match source.kind {
        SourceKind::Git => "GitRepository",
        SourceKind::Oci => "OCIRepository",
        SourceKind::Bucket => "Bucket",
        SourceKind::Helm => return None,
    };
    Some(SourceRef { kind, name: &source.name })
}

/// The folder of what fleetc writes for a deployment, below `flux`.
pub(super) fn release_folder(deployment: &Deployment) -> String {
    format!("releases/{}/{}", deployment.cluster, deployment.component)
}

/// A path that begins with `./`, without empty parts.
fn relative(parts: &[&str]) -> String {
    let mut path = String::from("./");
    for part in parts.iter().flat_map(|part| part.split('/')).filter(|part| !part.is_empty() && *part != ".") {
        if !path.ends_with('/') {
            path.push('/');
        }
        path.push_str(part);
    }
    path
}
