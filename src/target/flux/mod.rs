//! Flux on a hub: from a plan to the manifests that the hub's Flux reconciles.
//!
//! Takes the plan and Flux's settings, gives diagnostics ([`check`]) and files ([`build`]). It reads no disk and no
//! cluster, and it knows nothing of Argo CD.
//!
//! Invariant: each deployment is exactly one Kustomization of its own name; the only other Kustomizations are the gates
//! of rollouts, which apply nothing (`tests/flux.rs`). Invariant: `dependsOn` has no cycle and refines the order of
//! every rollout (`tests/flux_order.rs`). Why each object looks as it does is told in `docs/engines-flux.md`.

mod check;
mod hub;
mod kustomization;
mod object;
mod patches;
mod release;
mod rollout;
mod sources;
pub mod substitution;
mod text;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::diag::Diagnostics;
use crate::plan::{Content, Flux, Plan, Version};
use crate::target::OutputTree;
use crate::target::yaml;
use hub::Hub;
use rollout::Order;

/// The oldest minor of Flux that fleetc writes manifests for.
pub const OLDEST: Version = Version { major: 2, minor: 5 };
/// The newest minor of Flux whose rules fleetc knows.
pub const NEWEST: Version = Version { major: 2, minor: 9 };

/// Says what Flux of the declared version cannot do of this plan.
pub fn check(plan: &Plan, settings: &Flux, diagnostics: &mut Diagnostics) {
    check::check(&Hub::new(plan, settings), diagnostics);
}

/// The files for Flux, for a plan that passed [`check`].
pub fn build(plan: &Plan, settings: &Flux) -> OutputTree {
    let hub = Hub::new(plan, settings);
    let order = Order::new(&hub);
    let mut folder = BTreeMap::new();
    add_sources(&hub, &mut folder);
    add_clusters(&hub, &order, &mut folder);
    add_gates(&hub, &order, &mut folder);
    let mut tree = OutputTree::new();
    if !folder.is_empty() {
        let names: Vec<String> = folder.keys().cloned().collect();
        tree.insert("flux/hub/kustomization.yaml".into(), yaml::stream(&[object::kustomization_file(&names)]));
    }
    tree.extend(folder.into_iter().map(|(path, objects)| (format!("flux/hub/{path}"), yaml::stream(&objects))));
    add_releases(&hub, &mut tree);
    tree
}

fn add_sources(hub: &Hub, folder: &mut BTreeMap<String, Vec<Value>>) {
    for (name, objects) in sources::objects(hub) {
        folder.entry(format!("sources/{name}.yaml")).or_default().extend(objects);
    }
}

fn add_clusters(hub: &Hub, order: &Order, folder: &mut BTreeMap<String, Vec<Value>>) {
    let mut files: BTreeMap<&str, BTreeMap<&str, Value>> = BTreeMap::new();
    for (index, deployment) in hub.plan.deployments.iter().enumerate() {
        if let Some(object) = kustomization::deployment(hub, order, index, deployment) {
            files.entry(&deployment.cluster).or_default().insert(&deployment.name, object);
        }
    }
    for (cluster, objects) in files {
        folder.insert(format!("clusters/{cluster}.yaml"), objects.into_values().collect());
    }
}

/// The gates of a stage, by component and then in the order in which they open.
fn add_gates(hub: &Hub, order: &Order, folder: &mut BTreeMap<String, Vec<Value>>) {
    for gate in order.gates() {
        if let Some(object) = kustomization::gate(hub, order, gate) {
            folder.entry(format!("rollouts/{}/{}.yaml", gate.rollout, gate.stage)).or_default().push(object);
        }
    }
}

fn add_releases(hub: &Hub, tree: &mut OutputTree) {
    for deployment in &hub.plan.deployments {
        let Content::Chart(chart) = &deployment.content else { continue };
        let folder = format!("flux/{}", hub::release_folder(deployment));
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

/// A field that is left out when there is nothing to say.
fn list(items: Vec<Value>) -> Option<Value> {
    (!items.is_empty()).then(|| json!(items))
}
