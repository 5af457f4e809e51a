//! Objects that fleetc writes itself: files in the output, which the Application of a deployment reads.
//!
//! They lie outside of the folder of the engine: its root applies to the hub whatever it finds there. Those of the hub lie
//! in it. An Application reads its folder as plain manifests, for there is nothing in it that looks like anything else.

use crate::plan::{ArgoCd, Deployment, HubObject, Plan};
use crate::target::yaml;

/// How the root keeps an object on the hub that would take others along.
const KEPT: (&str, &str) = ("argocd.argoproj.io/sync-options", "Delete=false,Prune=false");

/// The folder of a deployment's objects, below the output.
pub(super) fn folder(deployment: &Deployment) -> String {
    format!("objects/{}/{}", deployment.cluster, deployment.component)
}

/// The files, below the output.
pub(super) fn files(plan: &Plan, settings: &ArgoCd) -> Vec<(String, String)> {
    let engine = settings.instance.folder("argocd");
    let of_clusters = plan.deployments.iter().filter(|deployment| !deployment.objects().is_empty());
    let of_clusters = of_clusters
        .map(|deployment| (format!("{}/objects.yaml", folder(deployment)), yaml::stream(deployment.objects())));
    let declared = plan.hub_objects.chunk_by(|a, b| a.name == b.name);
    let of_hub = declared.filter_map(|all| {
        let objects: Vec<_> = all.iter().map(|object: &HubObject| object.kept_by(KEPT)).collect();
        Some((format!("{engine}/objects/{}.yaml", all.first()?.name), yaml::stream(&objects)))
    });
    of_clusters.chain(of_hub).collect()
}
