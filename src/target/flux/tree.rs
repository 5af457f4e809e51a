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
    let mut tree = OutputTree::new();
    match hub.settings.layout {
        FluxLayout::Overlays => {
            let clusters: Clusters = clusters(hub, order).collect();
            if !hub.is_pull() {
                let folders = clusters.keys().map(|cluster| format!("../{}", overlays::cluster_folder(hub, cluster)));
                tree.extend(hub_folder(hub, order, folders.collect(), BTreeMap::new()));
            }
            tree.extend(overlays::files(hub, &clusters));
        }
        FluxLayout::Kustomizations if hub.is_pull() => tree.extend(cluster_folders(hub, order)),
        FluxLayout::Kustomizations => {
            let file = |(cluster, objects): (&str, ClusterObjects)| {
                let objects = objects.kustomizations.iter().map(|(_, object)| object);
                (format!("clusters/{cluster}.yaml"), yaml::stream(objects))
            };
            tree.extend(hub_folder(hub, order, Vec::new(), clusters(hub, order).map(file).collect()));
        }
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

/// The clusters that something runs on, by name. The objects of one are made when it is asked for: those of all together
/// take many times the room of their text.
fn clusters<'h, 'a>(hub: &'h Hub<'a>, order: &'h Order) -> impl Iterator<Item = (&'a str, ClusterObjects<'a>)> {
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
    let clusters = deployments.into_iter().map(move |(cluster, deployments)| (cluster, objects(deployments)));
    clusters.filter(|(_, objects)| !objects.kustomizations.is_empty())
}

/// What the Kustomization that leads to the hub's folder builds: `files` in it, and what is `elsewhere`.
fn hub_folder(hub: &Hub, order: &Order, elsewhere: Vec<String>, files: BTreeMap<String, String>) -> OutputTree {
    let mut folder = files;
    for (name, objects) in sources::objects(hub, sources::uses(hub)) {
        folder.insert(format!("sources/{name}.yaml"), yaml::stream(&objects));
    }
    let accounts = tenancy::accounts(hub);
    if !accounts.is_empty() {
        folder.insert("accounts.yaml".into(), yaml::stream(&accounts));
    }
    for (cluster, config_map) in kubeconfigs::config_maps(hub) {
        folder.insert(format!("kubeconfigs/{cluster}.yaml"), yaml::stream(&[config_map]));
    }
    // The gates of a stage, by component and then in the order in which they open.
    let mut gates: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for gate in order.gates() {
        if let Some(object) = kustomization::gate(hub, order, gate) {
            gates.entry(format!("rollouts/{}/{}.yaml", gate.rollout, gate.stage)).or_default().push(object);
        }
    }
    folder.extend(gates.into_iter().chain(objects::on_hub(hub)).map(|(path, objects)| (path, yaml::stream(&objects))));
    let mut tree = OutputTree::new();
    let flux = hub.folder();
    let names: Vec<String> = elsewhere.into_iter().chain(folder.keys().cloned()).collect();
    if !names.is_empty() {
        tree.insert(format!("{flux}/hub/kustomization.yaml"), yaml::stream(&[object::kustomization_file(&names)]));
    }
    tree.extend(folder.into_iter().map(|(path, text)| (format!("{flux}/hub/{path}"), text)));
    tree
}

/// One file for each cluster, with all that its own Flux needs.
fn cluster_folders(hub: &Hub, order: &Order) -> OutputTree {
    let file = |(cluster, objects): (&str, ClusterObjects)| {
        let kustomizations = objects.kustomizations.iter().map(|(_, object)| object);
        let text = yaml::stream(objects.sources.iter().chain(kustomizations));
        (format!("{}/clusters/{cluster}/fleet.yaml", hub.folder()), text)
    };
    clusters(hub, order).map(file).collect()
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
