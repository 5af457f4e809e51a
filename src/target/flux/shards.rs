//! Which controller of several serves a cluster.
//!
//! A controller that runs with `--watch-label-selector=sharding.fluxcd.io/key=shard2` sees only objects with this label,
//! and the main one, with `!sharding.fluxcd.io/key`, those without. kustomize-controller asks so for Kustomizations only,
//! helm-controller for HelmReleases (their main.go, `ByObject`), so sources, which all clusters share, stay with the main
//! source-controller, and with them the charts: a source-controller of a shard would not see the HelmRepository. What a
//! Kustomization waits for is read past that filter (`APIReader` in `checkDependencies`), so it may be of another shard.

use sha2::{Digest, Sha256};

use super::hub::Hub;

/// The label by which Flux's controllers share objects.
pub(super) const KEY: &str = "sharding.fluxcd.io/key";

/// The shard that serves `cluster`; nothing when one controller serves all.
pub(super) fn of(hub: &Hub, cluster: &str) -> Option<String> {
    let count = hub.settings.shards;
    (count > 1).then(|| shard(cluster, count))
}

/// The label of what belongs to `cluster`.
pub(super) fn label(hub: &Hub, cluster: &str) -> Option<(String, String)> {
    of(hub, cluster).map(|shard| (KEY.to_owned(), shard))
}

/// The shard of a cluster among `shard1` to `shard<count>`.
///
/// Rendezvous hashing: each pair of cluster and shard has a weight, and the heaviest counts. So a cluster that joins moves
/// no other, and a shard that is added takes its share of all others and moves nothing between them.
fn shard(cluster: &str, count: u32) -> String {
    let shards = (1..=count).map(|number| format!("shard{number}"));
    shards.max_by_key(|shard| weight(cluster, shard)).unwrap_or_default()
}

fn weight(cluster: &str, shard: &str) -> [u8; 32] {
    Sha256::digest(format!("{shard}/{cluster}")).into()
}
