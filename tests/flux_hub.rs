//! A hub that several controllers or several tenants share: fleets as text beside what Flux is given.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::string_slice)]

#[path = "support/golden.rs"]
mod support;

use std::collections::BTreeMap;

use fleetc::analysis::compile;
use fleetc::project::MemoryFiles;
use fleetc::target::{OutputTree, flux};
use serde_json::Value;

/// What a fleet, given as text, becomes for Flux.
fn built(text: &str) -> OutputTree {
    let compilation = compile(&MemoryFiles::new().file("fleet.fleet", text).into_project(), &[]);
    let errors = compilation.diagnostics.iter().filter(|d| d.severity == fleetc::diag::Severity::Error);
    let said: Vec<_> = errors.map(|d| format!("{} {}", d.code.id, d.message)).collect();
    assert!(said.is_empty(), "{said:?}");
    let plan = compilation.plan.expect("a fleet without mistakes has a plan");
    flux::build(&plan, &plan.flux[0])
}

/// Every object of a tree.
fn objects(tree: &OutputTree) -> Vec<Value> {
    let manifests = tree.iter().filter(|(path, _)| path.ends_with(".yaml"));
    manifests.flat_map(|(_, text)| serde_saphyr::from_multiple::<Value>(text).unwrap()).collect()
}

fn text<'v>(object: &'v Value, pointer: &str) -> &'v str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

const KEY: &str = "/metadata/labels/sharding.fluxcd.io~1key";

/// The shard of each of so many clusters, of which each has a folder and a chart.
fn shards(clusters: usize, count: u32) -> BTreeMap<String, String> {
    let mut fleet = format!(
        "fleet demo {{ source = home }}\nflux {{ shards = {count} }}\n\
         source home {{ git = \"https://github.com/acme/home\", branch = \"main\" }}\n\
         source charts {{ helm = \"https://charts.acme.org\" }}\n\
         component web on all {{ path = \"web\", namespace = web }}\n\
         component redis on all {{ source = charts, chart = \"redis\", version = \"1.2.3\", namespace = redis }}\n"
    );
    for cluster in 0..clusters {
        fleet += &format!("cluster cluster-{cluster} {{ }}\n");
    }
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut sharded = 0;
    for object in objects(&built(&fleet)) {
        let (kind, shard) = (text(&object, "/kind"), text(&object, KEY).to_owned());
        let of_cluster = text(&object, "/metadata/labels/fleetc.dev~1cluster");
        if of_cluster.is_empty() {
            assert_eq!(shard, "", "{kind} is shared by all clusters");
            continue;
        }
        sharded += 1;
        let first = found.entry(of_cluster.to_owned()).or_insert_with(|| shard.clone());
        assert_eq!(*first, shard, "all of a cluster is of one shard");
    }
    assert_eq!(sharded, clusters * 3);
    found
}

#[test]
fn a_cluster_that_joins_moves_no_other() {
    for count in [2, 7] {
        let before = shards(30, count);
        let after = shards(31, count);
        assert!(before.iter().all(|(cluster, shard)| after[cluster] == *shard));
    }
}

#[test]
fn a_shard_that_is_added_takes_its_share_and_moves_nothing_else() {
    let clusters = 160;
    for count in [3, 4, 8] {
        let before = shards(clusters, count - 1);
        let after = shards(clusters, count);
        let new = format!("shard{count}");
        let moved = after.iter().filter(|(cluster, shard)| before[*cluster] != **shard);
        let moved: Vec<&String> = moved.map(|(_, shard)| shard).collect();
        assert!(moved.iter().all(|shard| **shard == new), "only to the shard that is new");
        // The share of the new shard is one of `count`; so many clusters are seldom half of it off.
        let share = clusters / count as usize;
        assert!((share / 2..=share * 3 / 2).contains(&moved.len()), "{count}: {} of {share}", moved.len());
        let used: std::collections::BTreeSet<&String> = after.values().collect();
        assert_eq!(used.len(), count as usize);
    }
}

#[test]
fn one_controller_for_all_needs_no_label() {
    assert!(shards(3, 1).values().all(String::is_empty));
}

/// A gate is of the shard of the cluster that it looks at, and what waits for it may be of another.
#[test]
fn a_locked_down_hub_has_accounts_for_all_and_shards_for_what_is_of_a_cluster() {
    let fleet = r#"
fleet demo { source = home }
flux { shards = 3, multi-tenant = true }
source home { git = "https://github.com/acme/home", branch = "main" }
source charts { helm = "https://charts.acme.org" }
label env: dev | prod
cluster dev { env = dev }
cluster prod { env = prod }
rollout staged { stage dev on env == dev, stage prod on env == prod { gate = manual } }
project shop { sources = [fleet, charts], namespaces = ["*"], service-account = shop }
component web on all { path = "web", namespace = web, project = shop, rollout = staged }
component redis on all {
  source = charts, chart = "redis", version = "1.2.3", namespace = redis, project = shop, rollout = staged
}
component crds on prod { path = "crds", namespace = web, service-account = default }
"#;
    let tree = built(fleet);
    for object in objects(&tree) {
        let kind = text(&object, "/kind");
        if matches!(kind, "Kustomization" | "HelmRelease") && object.get("metadata").is_some() {
            assert_ne!(text(&object, "/spec/serviceAccountName"), "", "{object}");
            assert_ne!(text(&object, KEY), "", "{object}");
        }
        // `--no-cross-namespace-refs` refuses references to other namespaces.
        for reference in ["/spec/sourceRef/namespace", "/spec/chart/spec/sourceRef/namespace"] {
            assert!(object.pointer(reference).is_none(), "{object}");
        }
    }
    let mut all = fleetc::target::yaml::HEADER.to_owned();
    for (path, file) in tree.iter().filter(|(path, _)| path.ends_with(".yaml")) {
        all += &format!("---\n# {path}\n{}", file.strip_prefix(fleetc::target::yaml::HEADER).unwrap());
    }
    support::golden("tests/build/flux/multi-tenant.yaml", &all);
}
