//! Which objects stand in which files.
//!
//! A hub has one folder for all clusters, whose `kustomization.yaml` lists its files. In pull mode each cluster has a
//! folder without one, on purpose: `flux bootstrap` puts `flux-system/` into the same folder, and a list that lacks it
//! would make Flux prune itself. Where no list is, Flux takes every file and every sub-folder that has one
//! (fluxcd/pkg, kustomize/kustomize_generator.go, `scanManifests`).

use std::collections::BTreeMap;

use serde_json::Value;

use super::hub::{self, Hub};
use super::rollout::Order;
use super::{kustomization, object, release, sources};
use crate::plan::{Content, Deployment, FluxMode};
use crate::target::OutputTree;
use crate::target::yaml;

/// Every file of the instance.
pub(super) fn files(hub: &Hub, order: &Order) -> OutputTree {
    let mut tree = match hub.settings.mode {
        FluxMode::Hub => hub_folder(hub, order),
        FluxMode::Pull => cluster_folders(hub, order),
    };
    add_releases(hub, &mut tree);
    tree
}

/// What the Kustomization that leads to the hub's folder builds.
fn hub_folder(hub: &Hub, order: &Order) -> OutputTree {
    let mut folder: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (name, objects) in sources::objects(hub, sources::uses(hub)) {
        folder.insert(format!("sources/{name}.yaml"), objects);
    }
    for (cluster, deployments) in clusters(hub) {
        let objects = kustomizations(hub, order, &deployments);
        if !objects.is_empty() {
            folder.insert(format!("clusters/{cluster}.yaml"), objects);
        }
    }
    // The gates of a stage, by component and then in the order in which they open.
    for gate in order.gates() {
        if let Some(object) = kustomization::gate(hub, order, gate) {
            folder.entry(format!("rollouts/{}/{}.yaml", gate.rollout, gate.stage)).or_default().push(object);
        }
    }
    let mut tree = OutputTree::new();
    let flux = hub.folder();
    if !folder.is_empty() {
        let names: Vec<String> = folder.keys().cloned().collect();
        tree.insert(format!("{flux}/hub/kustomization.yaml"), yaml::stream(&[object::kustomization_file(&names)]));
    }
    tree.extend(folder.into_iter().map(|(path, objects)| (format!("{flux}/hub/{path}"), yaml::stream(&objects))));
    tree
}

/// One file for each cluster that something runs on, with all that its own Flux needs.
fn cluster_folders(hub: &Hub, order: &Order) -> OutputTree {
    let mut tree = OutputTree::new();
    for (cluster, deployments) in clusters(hub) {
        let uses = sources::uses_of(hub, deployments.iter().map(|(_, deployment)| *deployment));
        let mut objects: Vec<Value> = sources::objects(hub, uses).into_values().flatten().collect();
        objects.extend(kustomizations(hub, order, &deployments));
        tree.insert(format!("{}/clusters/{cluster}/fleet.yaml", hub.folder()), yaml::stream(&objects));
    }
    tree
}

/// The deployments of each cluster, with their places in the plan.
fn clusters<'a>(hub: &Hub<'a>) -> BTreeMap<&'a str, Vec<(usize, &'a Deployment)>> {
    let mut clusters: BTreeMap<&str, Vec<(usize, &Deployment)>> = BTreeMap::new();
    for (index, deployment) in hub.plan.deployments.iter().enumerate() {
        clusters.entry(&deployment.cluster).or_default().push((index, deployment));
    }
    clusters
}

/// The Kustomizations of deployments, by name.
fn kustomizations(hub: &Hub, order: &Order, deployments: &[(usize, &Deployment)]) -> Vec<Value> {
    let object = |&(index, deployment): &(usize, &Deployment)| {
        Some((deployment.name.clone(), kustomization::deployment(hub, order, index, deployment)?))
    };
    deployments.iter().filter_map(object).collect::<BTreeMap<_, _>>().into_values().collect()
}

fn add_releases(hub: &Hub, tree: &mut OutputTree) {
    for deployment in &hub.plan.deployments {
        let Content::Chart(chart) = &deployment.content else { continue };
        let folder = format!("{}/{}", hub.folder(), hub::release_folder(deployment));
        let mut files = vec!["helmrelease.yaml".to_owned()];
        if let Some(config_map) = release::config_map(hub, deployment, chart) {
            files.insert(0, "configmap.yaml".into());
            tree.insert(format!("{folder}/configmap.yaml"), yaml::stream(&[config_map]));
        }
        tree.insert(
            format!("{folder}/helmrelease.yaml"),
            yaml::stream(&[release::helm_release(hub, deployment, chart)]),
        );
        tree.insert(format!("{folder}/kustomization.yaml"), yaml::stream(&[object::kustomization_file(&files)]));
    }
}
