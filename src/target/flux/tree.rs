//! Which objects stand in which files.
//!
//! A hub has one folder for all clusters, whose `kustomization.yaml` lists its files. In pull mode each cluster has a
//! folder without one, on purpose: `flux bootstrap` puts `flux-system/` into the same folder, and a list that lacks it
//! would make Flux prune itself. Where no list is, Flux takes every file and every sub-folder that has one
//! (fluxcd/pkg, kustomize/kustomize_generator.go, `scanManifests`).
//!
//! The objects are the same in both layouts.

use std::collections::BTreeMap;

use serde_json::Value;

use super::hub::{self, Hub};
use super::rollout::Order;
use super::{bootstrap, kubeconfigs, kustomization, namespace, object, objects, overlays, release, sources, tenancy};
use crate::plan::{Content, Deployment, FluxLayout};
use crate::target::OutputTree;
use crate::target::yaml;

/// What belongs to one cluster.
pub(super) struct ClusterObjects<'a> {
    /// The objects of the sources that its own Flux needs, by name; none on a hub, where clusters share them.
    pub(super) sources: Vec<Value>,
    /// Its Kustomizations, by name.
    pub(super) kustomizations: Vec<(&'a Deployment, Value)>,
}

/// The clusters that something runs on, by name.
pub(super) type Clusters<'a> = BTreeMap<&'a str, ClusterObjects<'a>>;

/// Every file of the instance.
pub(super) fn files(hub: &Hub, order: &Order) -> OutputTree {
    let clusters = clusters(hub, order);
    let mut tree = OutputTree::new();
    if !hub.is_pull() {
        tree.extend(hub_folder(hub, order, &clusters));
    }
    match hub.settings.layout {
        FluxLayout::Overlays => tree.extend(overlays::files(hub, &clusters)),
        FluxLayout::Kustomizations if hub.is_pull() => tree.extend(cluster_folders(hub, &clusters)),
        FluxLayout::Kustomizations => {}
    }
    add_releases(hub, &mut tree);
    if let Some(text) = kubeconfigs::terraform(hub) {
        tree.insert(format!("{}/{}", hub.folder(), kubeconfigs::TERRAFORM), text);
    }
    if let Some((path, text)) = bootstrap::file(hub, &tree) {
        tree.insert(path, text);
    }
    tree.extend(objects::files(hub));
    tree
}

fn clusters<'a>(hub: &Hub<'a>, order: &Order) -> Clusters<'a> {
    let mut deployments: BTreeMap<&str, BTreeMap<&str, (usize, &Deployment)>> = BTreeMap::new();
    for (index, deployment) in hub.plan.deployments.iter().enumerate() {
        deployments.entry(&deployment.cluster).or_default().insert(&deployment.name, (index, deployment));
    }
    let objects = |deployments: BTreeMap<&str, (usize, &'a Deployment)>| {
        let own = deployments.values().filter(|_| hub.is_pull()).map(|(_, deployment)| *deployment);
        let sources = sources::objects(hub, sources::uses_of(hub, own)).into_values().flatten().collect();
        let object =
            |(index, deployment)| Some((deployment, kustomization::deployment(hub, order, index, deployment)?));
        ClusterObjects { sources, kustomizations: deployments.into_values().filter_map(object).collect() }
    };
    let clusters = deployments.into_iter().map(|(cluster, deployments)| (cluster, objects(deployments)));
    clusters.filter(|(_, objects)| !objects.kustomizations.is_empty()).collect()
}

/// What the Kustomization that leads to the hub's folder builds.
fn hub_folder(hub: &Hub, order: &Order, clusters: &Clusters) -> OutputTree {
    let mut folder: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let mut elsewhere = Vec::new();
    for (name, objects) in sources::objects(hub, sources::uses(hub)) {
        folder.insert(format!("sources/{name}.yaml"), objects);
    }
    let accounts = tenancy::accounts(hub);
    if !accounts.is_empty() {
        folder.insert("accounts.yaml".into(), accounts);
    }
    for (cluster, objects) in clusters {
        match hub.settings.layout {
            FluxLayout::Overlays => elsewhere.push(format!("../{}", overlays::cluster_folder(hub, cluster))),
            FluxLayout::Kustomizations => {
                let objects = objects.kustomizations.iter().map(|(_, object)| object.clone()).collect();
                folder.insert(format!("clusters/{cluster}.yaml"), objects);
            }
        }
    }
    for (cluster, config_map) in kubeconfigs::config_maps(hub) {
        folder.insert(format!("kubeconfigs/{cluster}.yaml"), vec![config_map]);
    }
    // The gates of a stage, by component and then in the order in which they open.
    for gate in order.gates() {
        if let Some(object) = kustomization::gate(hub, order, gate) {
            folder.entry(format!("rollouts/{}/{}.yaml", gate.rollout, gate.stage)).or_default().push(object);
        }
    }
    folder.extend(objects::on_hub(hub));
    let mut tree = OutputTree::new();
    let flux = hub.folder();
    let names: Vec<String> = elsewhere.into_iter().chain(folder.keys().cloned()).collect();
    if !names.is_empty() {
        tree.insert(format!("{flux}/hub/kustomization.yaml"), yaml::stream(&[object::kustomization_file(&names)]));
    }
    tree.extend(folder.into_iter().map(|(path, objects)| (format!("{flux}/hub/{path}"), yaml::stream(&objects))));
    tree
}

/// One file for each cluster, with all that its own Flux needs.
fn cluster_folders(hub: &Hub, clusters: &Clusters) -> OutputTree {
    let mut tree = OutputTree::new();
    for (cluster, objects) in clusters {
        let kustomizations = objects.kustomizations.iter().map(|(_, object)| object);
        let objects: Vec<Value> = objects.sources.iter().chain(kustomizations).cloned().collect();
        tree.insert(format!("{}/clusters/{cluster}/fleet.yaml", hub.folder()), yaml::stream(&objects));
    }
    tree
}

fn add_releases(hub: &Hub, tree: &mut OutputTree) {
    for deployment in &hub.plan.deployments {
        let Content::Chart(chart) = &deployment.content else { continue };
        let folder = format!("{}/{}", hub.folder(), hub::release_folder(deployment));
        let mut files = vec!["helmrelease.yaml".to_owned()];
        if let Some(namespace) = namespace::object(hub, deployment) {
            files.insert(0, "namespace.yaml".into());
            tree.insert(format!("{folder}/namespace.yaml"), yaml::stream(&[namespace]));
        }
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
