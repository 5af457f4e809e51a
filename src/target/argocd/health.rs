//! How Argo CD is told to judge the health of an Application.
//!
//! Since 1.8 it does not judge it by itself, so the waves of a cluster's root do not wait. What makes them wait is a
//! script in `argocd-cm`, a ConfigMap that belongs to the installation. fleetc writes it as a patch that stands beside
//! the manifests. The ending keeps it out of everything that reads whole folders: applied by the root, `argocd-cm` would
//! be the root's to prune, and `kubectl apply` would take away the keys that it set itself before.

use serde_json::json;

use crate::plan::{ArgoCd, Plan};
use crate::target::yaml;

use super::root;

/// Its file below the folder of the engine.
pub(super) const FILE: &str = "argocd-cm-health.patch";

/// The key of `argocd-cm` under which Argo CD looks for the script.
const KEY: &str = "resource.customizations.health.argoproj.io_Application";

/// The script. Argo CD runs it with `obj`, the Application, and with the libraries `base`, `table` and a part of `os`.
const SCRIPT: &str = include_str!("health.lua");

/// Whether a wave has to wait.
pub(super) fn is_needed(plan: &Plan) -> bool {
    plan.deployments.iter().any(|deployment| !deployment.after.is_empty())
}

/// The patch, and how it is applied.
///
/// A field manager of its own, because the fields that a manager does not say again are taken away: `kubectl`, the
/// default one, may be the one that installed Argo CD.
pub(super) fn patch(plan: &Plan, settings: &ArgoCd) -> String {
    let patch = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": "argocd-cm",
            "namespace": settings.namespace,
            "labels": { "app.kubernetes.io/part-of": "argocd" },
        },
        "data": { KEY: SCRIPT },
    });
    let path = root::folder(&plan.home_path, &format!("{}/{FILE}", settings.instance.folder("argocd")));
    format!(
        "{}# Merge it into the ConfigMap argocd-cm where that is kept, or apply it by hand, and only so:\n\
         #   kubectl apply --server-side --field-manager=fleetc -f {path}\n{}",
        yaml::HEADER,
        yaml::document(&patch)
    )
}
