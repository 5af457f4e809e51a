//! What comes after what.

use std::collections::BTreeSet;

use super::super::model::{Body, Component, Expr, On};
use super::{Generator, named};

impl Generator {
    /// `after` between components: only to earlier ones, and only where those run.
    pub(super) fn after(&mut self) {
        if self.rng.chance(45) {
            self.suspend();
            return;
        }
        let clusters: Vec<BTreeSet<String>> =
            self.fleet.components.clone().iter().map(|component| self.clusters_of_component(component)).collect();
        for index in 0..self.fleet.components.len() {
            let earlier: Vec<String> = (0..index)
                .filter(|&other| clusters[index].is_subset(&clusters[other]) && !clusters[index].is_empty())
                .map(|other| self.fleet.components[other].name.clone())
                .collect();
            let chosen = self.rng.some(&earlier, 2);
            if !chosen.is_empty() && self.rng.chance(70) {
                self.fleet.components[index].body.attributes.insert("after".into(), names(&chosen));
            }
            let steady = self.so_far().deployments().iter().any(|deployment| {
                deployment.component == self.fleet.components[index].name && deployment.rollout.is_some()
            });
            if !steady && !clusters[index].is_empty() && self.rng.chance(12) {
                self.after_somewhere(index, &clusters);
            }
        }
    }

    /// Another `after` on some clusters.
    fn after_somewhere(&mut self, index: usize, clusters: &[BTreeSet<String>]) {
        let on = self.selecting();
        let here: BTreeSet<String> = self.clusters_of(&on).intersection(&clusters[index]).cloned().collect();
        let earlier: Vec<String> = (0..index)
            .filter(|&other| here.is_subset(&clusters[other]))
            .map(|other| self.fleet.components[other].name.clone())
            .collect();
        let mut body = Body::default();
        body.attributes.insert("after".into(), names(&self.rng.some(&earlier, 2)));
        self.fleet.components[index].body.on.push(On { on, body });
    }

    fn clusters_of_component(&self, component: &Component) -> BTreeSet<String> {
        let reference = self.so_far();
        let runs = reference.clusters.iter().filter(|cluster| reference.runs(component, cluster));
        runs.map(|cluster| cluster.name.clone()).collect()
    }

    /// Where nothing waits for anything, something may be paused.
    fn suspend(&mut self) {
        if !self.fleet.rollouts.is_empty() {
            return;
        }
        for index in 0..self.fleet.components.len() {
            if self.rng.chance(8) {
                self.fleet.components[index].body.attributes.insert("suspend".into(), Expr::Bool(true));
            }
        }
    }
}

fn names(components: &[String]) -> Expr {
    Expr::List(components.iter().map(named).collect())
}
