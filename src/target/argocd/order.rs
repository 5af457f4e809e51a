//! What comes before what under a root Application: sync waves from `after`.
//!
//! Argo CD has no `after` between Applications. Under a root Application a wave of objects waits for the health of the
//! wave before. Of ApplicationSets there is one order for all clusters, and one with a rolling sync is healthy when all
//! its Applications are (argocd.md 4.8): a component waits for its targets on every cluster, which is more than `after`
//! asks for. Applications that are written out have an order for each cluster.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::Deployment;

/// The graph of `after` between components, over all clusters or on one.
pub(super) struct Order<'a> {
    waves: BTreeMap<&'a str, usize>,
    cycle: Vec<&'a str>,
    ordered: BTreeSet<&'a str>,
}

impl<'a> Order<'a> {
    pub(super) fn new(deployments: impl IntoIterator<Item = &'a Deployment>) -> Self {
        let mut after: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for deployment in deployments {
            let targets = after.entry(&deployment.component).or_default();
            targets.extend(deployment.after.iter().map(|target| &**target));
        }
        let waiting = after.iter().filter(|(_, targets)| !targets.is_empty());
        let ordered = waiting.flat_map(|(name, targets)| targets.iter().chain([name])).copied().collect();
        let waves = waves(&after);
        Self { cycle: cycle(&after, &waves), waves, ordered }
    }

    /// Components that wait for each other, sorted; empty when there are none.
    pub(super) fn cycle(&self) -> &[&'a str] {
        &self.cycle
    }

    /// Whether a component waits for another or another for it.
    pub(super) fn is_ordered(&self, component: &str) -> bool {
        self.ordered.contains(component)
    }

    /// The number of components on the longest way to one that waits for nothing; none on or behind a cycle.
    ///
    /// The language forbids a cycle on a cluster. Two clusters with opposite orders still make one here.
    pub(super) fn wave(&self, component: &str) -> Option<usize> {
        self.waves.get(component).copied()
    }
}

/// The order of each cluster.
pub(super) fn by_cluster(deployments: &[Deployment]) -> BTreeMap<&str, Order<'_>> {
    let mut clusters: BTreeMap<&str, Vec<&Deployment>> = BTreeMap::new();
    for deployment in deployments {
        clusters.entry(&deployment.cluster).or_default().push(deployment);
    }
    clusters.into_iter().map(|(cluster, here)| (cluster, Order::new(here))).collect()
}

/// Takes, wave by wave, the components all of whose targets are taken.
fn waves<'a>(after: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeMap<&'a str, usize> {
    let mut waves = BTreeMap::new();
    for wave in 0..=after.len() {
        let is_next = |name: &&'a str, targets: &BTreeSet<&'a str>| {
            !waves.contains_key(name) && targets.iter().all(|t| waves.contains_key(t) || !after.contains_key(t))
        };
        let next: Vec<&str> =
            after.iter().filter(|(name, targets)| is_next(name, targets)).map(|(name, _)| *name).collect();
        if next.is_empty() {
            break;
        }
        waves.extend(next.into_iter().map(|name| (name, wave)));
    }
    waves
}

/// A cycle among the components without a wave: whoever has none waits for one that has none, so going on from target
/// to target ends in a cycle.
fn cycle<'a>(after: &BTreeMap<&'a str, BTreeSet<&'a str>>, waves: &BTreeMap<&'a str, usize>) -> Vec<&'a str> {
    let stuck = |name: &&&'a str| after.contains_key(**name) && !waves.contains_key(**name);
    let mut way: Vec<&str> = after.keys().find(|name| stuck(name)).copied().into_iter().collect();
    while let Some(next) = way.last().and_then(|name| after.get(name)?.iter().find(stuck)) {
        if let Some(start) = way.iter().position(|name| name == next) {
            let mut cycle = way.split_off(start);
            cycle.sort_unstable();
            return cycle;
        }
        way.push(next);
    }
    Vec::new()
}
