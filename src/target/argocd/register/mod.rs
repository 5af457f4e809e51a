//! How clusters are made known to Argo CD: Secrets, ExternalSecrets that render them, or a script.
//!
//! A cluster's Secret carries what the clusters generator selects by and reads: labels under their keys, facts and annotations
//! as annotations. It holds no credential: `config` names an identity that Argo CD's own pods have.

mod config;
mod external;
mod script;
mod secret;

pub(super) use secret::{KEPT, SECRET_TYPE};

use crate::plan::registration::IN_CLUSTER;
use crate::plan::{ArgoCd, Cluster, Plan, Register};
use crate::target::OutputTree;
use crate::target::yaml;

/// The files that register the clusters of `plan`, below `folder`.
pub(super) fn files(plan: &Plan, settings: &ArgoCd, folder: &str) -> OutputTree {
    let mut tree = OutputTree::new();
    for cluster in &plan.clusters {
        let manifest = match settings.register {
            Register::Secrets => secret::manifest(settings, cluster),
            Register::ExternalSecrets => external::manifest(settings, cluster),
            Register::None | Register::Script => continue,
        };
        tree.insert(format!("{folder}/clusters/{}.yaml", cluster.name), yaml::stream(&[manifest]));
    }
    if settings.register == Register::Script && !plan.clusters.is_empty() {
        tree.insert(format!("{folder}/register.sh"), script::text(plan));
    }
    tree
}

/// Whether Argo CD runs on this cluster.
pub(super) fn is_hub(cluster: &Cluster) -> bool {
    server(cluster) == Some(IN_CLUSTER)
}

/// The URL of the API server as Argo CD compares it.
pub(super) fn server(cluster: &Cluster) -> Option<&str> {
    cluster.server.as_deref().map(|server| server.trim_end_matches('/'))
}
