//! A Flux that is locked down, as its documents advise for clusters with several tenants.
//!
//! Its controllers run with `--no-cross-namespace-refs` and `--default-service-account=default`: nothing refers to another
//! namespace, and what names no account is applied by one without rights. All that fleetc writes is in one namespace.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::hub::Hub;
use super::object;

/// The account that kustomize-controller itself runs as.
pub(super) const OWN_ACCOUNT: &str = "kustomize-controller";

/// The account that every namespace has.
const EVERYWHERE: &str = "default";

/// The accounts of the tenants, as objects on a hub.
///
/// With a kubeconfig Flux acts as an account of the cluster, and the hub's own account of that name has no rights and does
/// nothing. But at the end of a Kustomization Flux looks for the account on the hub, and leaves everything behind when it
/// is not there (fluxcd/pkg#959). So it must be there, and outlive the last Kustomization of its tenant.
pub(super) fn accounts(hub: &Hub) -> Vec<Value> {
    if !hub.settings.multi_tenant || hub.is_pull() {
        return Vec::new();
    }
    let used = hub.plan.deployments.iter().filter_map(|deployment| hub.service_account(deployment));
    let names: BTreeSet<&str> = used.filter(|name| *name != EVERYWHERE).collect();
    let account = |name: &str| {
        let kept = [("kustomize.toolkit.fluxcd.io/prune".to_owned(), "disabled".to_owned())];
        let metadata = object::metadata(hub, name, BTreeMap::new(), BTreeMap::from(kept));
        object::object("v1", "ServiceAccount", metadata, ("automountServiceAccountToken", json!(false)))
    };
    names.into_iter().map(account).collect()
}
