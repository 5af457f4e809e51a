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
use super::own::Own;
use super::rollout::Order;
use super::stencils::Stencils;
use super::{bootstrap, kubeconfigs, kustomization, namespace, object, objects, overlays, sources, tenancy};
use crate::plan::{Deployment, FluxLayout};
use crate::target::OutputTree;
use crate::target::yaml;

/// What belongs to one cluster.
pub(super) struct ClusterObjects<'a> {
    /// The objects of the sources that its own Flux needs, by name; none on a hub, where clusters share them.
    pub(super) sources: Vec<Value>,
    /// Its Kustomizations, by name.
    pub(super) kustomizations: Vec<(&'a Deployment, Value)>,
}

/// Deployments with their places in the plan.
type Deployments<'a> = Vec<(usize, &'a Deployment)>;

/// The clusters that something runs on, by name.
pub(super) type Clusters<'a> = BTreeMap<&'a str, ClusterObjects<'a>>;

/// Every file of the instance.
pub(super) fn files(hub: &Hub, order: &Order) -> OutputTree {
    // Most of an instance is these two, about half each.
    let (mut tree, mut releases) = rayon::join(|| kustomizations(hub, order), || releases(hub, order));
    tree.append(&mut releases);
    if let Some(text) = kubeconfigs::terraform(hub) {
        tree.insert(format!("{}/{}", hub.folder(), kubeconfigs::TERRAFORM), text);
    }
    if let Some((path, text)) = bootstrap::file(hub, &tree) {
        tree.insert(path, text);
    }
    tree.extend(objects::files(hub));
    tree
}

/// The files with the Kustomizations, and on a hub all else that its folder holds.
fn kustomizations<'a>(hub: &Hub<'a>, order: &Order<'a>) -> OutputTree {
    let mut tree = OutputTree::new();
    let mut stencils = Stencils::new(hub, order);
    match hub.settings.layout {
        FluxLayout::Overlays => {
            let clusters = objects_of_clusters(hub, order);
            if !hub.is_pull() {
                let folders = clusters.keys().map(|cluster| format!("../{}", overlays::cluster_folder(hub, cluster)));
                tree.extend(hub_folder(hub, order, folders.collect(), BTreeMap::new()));
            }
            tree.extend(overlays::files(hub, &clusters));
        }
        FluxLayout::Kustomizations if hub.is_pull() => tree.extend(cluster_folders(hub, &mut stencils)),
        FluxLayout::Kustomizations => {
            let file = |(cluster, deployments): (&str, Deployments<'a>)| {
                let text = stencils.kustomizations(yaml::Stream::default(), deployments)?;
                Some((format!("clusters/{cluster}.yaml"), text))
            };
            let files = clusters(hub).into_iter().filter_map(file).collect();
            tree.extend(hub_folder(hub, order, Vec::new(), files));
        }
    }
    tree
}

/// The deployments on each cluster, by name, each with its place in the plan.
fn clusters<'a>(hub: &Hub<'a>) -> BTreeMap<&'a str, Deployments<'a>> {
    let mut clusters: BTreeMap<&str, Deployments> = BTreeMap::new();
    for (index, deployment) in hub.plan.deployments.iter().enumerate() {
        clusters.entry(&deployment.cluster).or_default().push((index, deployment));
    }
    for deployments in clusters.values_mut() {
        deployments.sort_by_key(|(_, deployment)| &deployment.name);
    }
    clusters
}

/// The objects of the clusters that something runs on.
fn objects_of_clusters<'a>(hub: &Hub<'a>, order: &Order) -> Clusters<'a> {
    let objects = |(cluster, deployments): (&'a str, Deployments<'a>)| {
        let sources = own_sources(hub, &deployments);
        let object = |(index, deployment)| {
            let own = Own::of(hub, order, index, deployment);
            Some((deployment, kustomization::deployment(hub, deployment, &own)?))
        };
        let kustomizations: Vec<_> = deployments.into_iter().filter_map(object).collect();
        (!kustomizations.is_empty()).then_some((cluster, ClusterObjects { sources, kustomizations }))
    };
    clusters(hub).into_iter().filter_map(objects).collect()
}

/// The objects of the sources that the own Flux of a cluster needs for these deployments.
fn own_sources(hub: &Hub, deployments: &Deployments) -> Vec<Value> {
    let own = deployments.iter().filter(|_| hub.is_pull()).map(|(_, deployment)| *deployment);
    sources::objects(hub, sources::uses_of(hub, own)).into_values().flatten().collect()
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
fn cluster_folders<'a>(hub: &Hub<'a>, stencils: &mut Stencils<'_, 'a>) -> OutputTree {
    let file = |(cluster, deployments): (&str, Deployments<'a>)| {
        let mut stream = yaml::Stream::default();
        own_sources(hub, &deployments).iter().for_each(|source| stream.add(source));
        let text = stencils.kustomizations(stream, deployments)?;
        Some((format!("{}/clusters/{cluster}/fleet.yaml", hub.folder()), text))
    };
    clusters(hub).into_iter().filter_map(file).collect()
}

/// The folders of the releases, made in the order of their paths, or nearly so, in which a tree takes them best.
fn releases(hub: &Hub, order: &Order) -> OutputTree {
    let mut stencils = Stencils::new(hub, order);
    let flux = hub.folder();
    let mut lists: BTreeMap<Vec<String>, String> = BTreeMap::new();
    let mut releases: Vec<(String, String)> = Vec::new();
    for (_, deployment) in clusters(hub).into_values().flatten() {
        let Some(release) = stencils.release(deployment) else { continue };
        let folder = format!("{flux}/{}", hub::release_folder(deployment));
        let mut files = vec!["helmrelease.yaml".to_owned()];
        if let Some(namespace) = namespace::object(hub, deployment) {
            files.insert(0, "namespace.yaml".into());
            releases.push((format!("{folder}/namespace.yaml"), yaml::stream(&[namespace])));
        }
        if let Some(config_map) = release.config_map {
            files.insert(0, "configmap.yaml".into());
            releases.push((format!("{folder}/configmap.yaml"), config_map));
        }
        releases.push((format!("{folder}/helmrelease.yaml"), release.helm_release));
        let list =
            lists.entry(files).or_insert_with_key(|files| yaml::stream(&[object::kustomization_file(files)])).clone();
        releases.push((format!("{folder}/kustomization.yaml"), list));
    }
    releases.into_iter().collect()
}
