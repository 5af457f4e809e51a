//! Flux: from a plan to the manifests that a hub's Flux, or the Flux of each cluster, reconciles.
//!
//! Takes the plan and Flux's settings, gives diagnostics ([`check`]) and files ([`build`]). It reads no disk and no
//! cluster, and it knows nothing of Argo CD.
//!
//! Invariant: each deployment is exactly one Kustomization of its own name; the only other Kustomizations are the gates
//! of rollouts, which apply nothing (`tests/flux.rs`). Invariant: `dependsOn` has no cycle and refines the order of
//! every rollout (`tests/flux_order.rs`). Why each object looks as it does is told in `docs/engines-flux.md`.

mod bootstrap;
mod check;
mod hub;
mod kubeconfigs;
mod kustomization;
mod namespace;
mod object;
mod objects;
mod overlays;
mod own;
mod patches;
mod release;
mod rollout;
mod shards;
mod sources;
mod stencils;
pub mod substitution;
mod tenancy;
mod text;
mod tree;

use serde_json::{Value, json};

use crate::diag::Diagnostics;
use crate::plan::{Flux, Plan, Version};
use crate::target::OutputTree;
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
    tree::files(&hub, &Order::new(&hub))
}

/// A field that is left out when there is nothing to say.
fn list(items: Vec<Value>) -> Option<Value> {
    (!items.is_empty()).then(|| json!(items))
}
