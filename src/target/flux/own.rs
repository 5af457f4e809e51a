//! What of a deployment's objects its cluster alone decides. All else is alike where deployments share their settings.

use std::borrow::Cow;

use super::hub::Hub;
use super::patches::{self, Variables};
use super::rollout::Order;
use super::{shards, text};
use crate::plan::{Cluster, Deployment, Kubeconfig};
use crate::target::yaml;

/// What a text of the cluster's is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The name of the deployment.
    Name,
    /// The cluster, as the value of a label.
    Cluster,
    /// Which controller serves the cluster.
    Shard,
    /// The folder that the Kustomization builds.
    Path,
    /// What the gates of a rollout look at.
    Digest,
    /// The Secret with the kubeconfig, and the key in it.
    Secret,
    Key,
    /// The ConfigMap in its place.
    ConfigMap,
    /// The ConfigMap with the values files of a chart.
    ValuesFiles,
    /// A Kustomization that comes first.
    Dependency,
    /// A patch, where deployments that share all else have patches of their own.
    Patch,
}

/// The texts of one deployment, in a fixed order.
#[derive(Clone, Debug)]
pub(super) struct Own<'o> {
    texts: Vec<(Part, Cow<'o, str>)>,
}

/// Which texts there are: deployments of one form differ in nothing but them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Form {
    /// A bit for each part.
    parts: u16,
    dependencies: usize,
    patches: usize,
}

impl<'o> Own<'o> {
    /// Those of the deployment at `index` of the plan.
    pub(super) fn of(hub: &Hub<'o>, order: &'o Order<'o>, index: usize, deployment: &'o Deployment) -> Self {
        let mut own = Self::without_order(hub, deployment);
        own.texts.extend(order.digest(index).map(|digest| (Part::Digest, digest.into())));
        let dependencies = order.dependencies(hub, index, deployment).into_iter();
        own.texts.extend(dependencies.map(|dependency| (Part::Dependency, dependency.name.into())));
        own
    }

    /// Those that do not follow from the order of deployments.
    pub(super) fn without_order(hub: &Hub<'o>, deployment: &'o Deployment) -> Self {
        let mut texts = Vec::with_capacity(8);
        texts.push((Part::Name, (*deployment.name).into()));
        if text::is_label_value(&deployment.cluster) {
            texts.push((Part::Cluster, (*deployment.cluster).into()));
        }
        texts.extend(shards::of(hub, &deployment.cluster).map(|shard| (Part::Shard, shard.into())));
        texts.push((Part::Path, hub.path(deployment).into()));
        let remote = hub.cluster(deployment).filter(|_| !hub.is_pull());
        texts.extend(remote.into_iter().flat_map(kubeconfig));
        Self { texts }
    }

    /// Adds a text.
    pub(super) fn push(&mut self, part: Part, text: impl Into<Cow<'o, str>>) {
        self.texts.push((part, text.into()));
    }

    /// Adds the texts of the patches of `deployment`.
    pub(super) fn push_patches(&mut self, deployment: &Deployment, variables: Variables) {
        let texts = patches::texts(&deployment.patches, variables);
        self.texts.extend(texts.map(|text| (Part::Patch, text.into())));
    }

    /// Adds a hole for a text.
    pub(super) fn push_hole(&mut self, part: Part) {
        self.push(part, yaml::hole(self.texts.len()));
    }

    /// The text of a part, if there is one.
    pub(super) fn get(&self, part: Part) -> Option<&str> {
        self.texts.iter().find(|(other, _)| *other == part).map(|(_, text)| &**text)
    }

    /// The name of the deployment.
    pub(super) fn name(&self) -> &str {
        self.get(Part::Name).unwrap_or_default()
    }

    /// What comes first, by name.
    pub(super) fn dependencies(&self) -> impl Iterator<Item = &str> {
        self.all(Part::Dependency)
    }

    /// All texts of a part.
    pub(super) fn all(&self, part: Part) -> impl Iterator<Item = &str> {
        self.texts.iter().filter(move |(other, _)| *other == part).map(|(_, text)| &**text)
    }

    /// The same with a hole in place of each text.
    pub(super) fn holes(&self) -> Own<'static> {
        let hole = |(number, (part, _)): (usize, &(Part, _))| (*part, yaml::hole(number).into());
        Own { texts: self.texts.iter().enumerate().map(hole).collect() }
    }

    /// How many texts there are. Holes with greater numbers are for something else.
    pub(super) fn len(&self) -> usize {
        self.texts.len()
    }

    /// The text for the hole with this number.
    pub(super) fn at(&self, number: usize) -> Option<&str> {
        self.texts.get(number).map(|(_, text)| &**text)
    }

    pub(super) fn form(&self) -> Form {
        let parts = self.texts.iter().fold(0, |parts, (part, _)| parts | 1 << (*part as u16));
        Form { parts, dependencies: self.dependencies().count(), patches: self.all(Part::Patch).count() }
    }
}

/// How Flux on a hub reaches a cluster.
fn kubeconfig(cluster: &Cluster) -> Vec<(Part, Cow<'_, str>)> {
    match &cluster.kubeconfig {
        Kubeconfig::Secret { name, key } => vec![(Part::Secret, name.into()), (Part::Key, key.into())],
        Kubeconfig::ConfigMap { name } => vec![(Part::ConfigMap, name.into())],
    }
}
