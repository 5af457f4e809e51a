//! Clusters on which a component resolves alike are resolved once, and of its values what they have in common is made once.
//! Nobody may see that: what runs on a cluster is the same where each is resolved by itself, which it is when something beside
//! values and patches names the cluster.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

use std::collections::BTreeSet;
use std::sync::Arc;

use fleetc::analysis::{Compilation, compile};
use fleetc::project::MemoryFiles;
use fleetc::target::{Engines, OutputTree, build};
use serde_json::{Value, json};

/// A fleet in which values and patches read of a cluster whatever they can, in each place where they can.
const FLEET: &str = r#"
fleet demo { source = config }
flux { }
source config { git = "https://github.com/acme/config", branch = "main" }
source charts { helm = "https://charts.example.com" }
label env: dev | prod
label region: string = "eu"
label size: int = 1
label canary: bool = false
fact account: string = "none"
fact zones: list = []
fact owner: string?
group big = size in [3, 4]

template service {
  param host: string
  param port: int = 80
  param loud: bool = canary
  param tag: string = "1.0"
  source = charts, version = "1.0.0", namespace = web
  values {
    host   = host
    port   = port
    tag    = tag
    deep   = { name = "${cluster}-${component}", same = { x = 1, y = ["a", "b"] }, both = { loud = loud } }
    level  = if loud then "debug" else "info"
    chosen = if env == prod then { kind = "prod", at = cluster } else { kind = "dev" }
  }
}

component plain on all { source = charts, chart = "plain", version = "1.0.0", namespace = web
  values { a = 1, b = { c = "text", d = [1, 2] } }
}
component named on all { source = charts, chart = "named", version = "1.0.0", namespace = web
  values { pick = { it = if canary then { a = cluster } else { b = size } }, name = cluster, region = "${region}", zones = zones, size = size, list = [cluster, { in = account }] }
  patch Deployment web { add "/metadata/labels/cluster" = cluster }
}
component layered from service on all { chart = "layered", host = "${cluster}.example.com"
  values { deep = { same = { x = 2 }, own = account }, extra = { big = if big then "yes" else "no", canary = canary } }
  on env == prod { values { deep = { same = { z = region } }, level = "error" }, port = size }
  on canary and region != "us" { values { deep = "gone", chosen = { kind = "canary", of = account } } }
  on region == "us" { values { deep = { both = { region = region } } } }
}
component chosen on all { source = charts, chart = "chosen", version = "1.0.0", namespace = web
  values = if region == "us" then { of = cluster } else { of = "elsewhere", env = env }
}
component patched on all { path = "apps/web", namespace = web
  patch Deployment web { replace "/spec/replicas" = size }
  patch Deployment web { merge { spec = { template = { metadata = { labels = { cluster = cluster } } } } } }
  patch ConfigMap "${region}" { add "/data/cluster" = cluster }
  on env == prod { patch Service web { add "/metadata/annotations/owner" = account } }
}
"#;

/// What makes no two clusters alike.
const BY_ITSELF: &str = "defaults component { labels = { me = cluster } }\n";

/// The clusters, each with its text.
fn clusters() -> Vec<(String, String)> {
    let mut clusters = Vec::new();
    for (number, region) in ["eu", "us", "ap"].into_iter().cycle().take(24).enumerate() {
        let (env, size, canary) = (["dev", "prod"][number % 2], number % 5, number % 4 == 3);
        let name = format!("c{number:02}");
        let account = if number % 3 == 0 { String::new() } else { format!("account = \"{}\" ", number / 6) };
        let text = format!(
            "cluster {name} {{ env = {env}, size = {size}, canary = {canary}, region = \"{region}\", \
             zones = [\"{region}-{size}\"], {account}}}\n"
        );
        clusters.push((name, text));
    }
    clusters
}

fn compiled(fleet: &str, clusters: &[(String, String)]) -> Compilation {
    let text: String = clusters.iter().map(|(_, text)| text.as_str()).collect();
    compile(&MemoryFiles::new().file("all.fleet", format!("{fleet}{text}")).into_project(), &[])
}

/// What runs where, but for the labels of the engine's objects.
fn deployments(compilation: &Compilation) -> Vec<Value> {
    let said: Vec<&str> = compilation.diagnostics.iter().map(|found| found.message.as_str()).collect();
    let plan = compilation.plan.as_ref().unwrap_or_else(|| panic!("{said:?}"));
    let mut all = fleetc::plan::json::json(plan)["deployments"].as_array().unwrap().clone();
    all.iter_mut().for_each(|deployment| deployment["labels"] = json!({}));
    all
}

#[test]
fn what_runs_on_a_cluster_is_the_same_where_each_is_resolved_by_itself() {
    let clusters = clusters();
    let alike = deployments(&compiled(FLEET, &clusters));
    let by_itself = deployments(&compiled(&format!("{FLEET}{BY_ITSELF}"), &clusters));
    assert_eq!(alike.len(), 5 * clusters.len());
    for (alike, by_itself) in alike.iter().zip(&by_itself) {
        assert_eq!(alike, by_itself);
    }
}

#[test]
fn what_is_written_for_a_cluster_is_the_same_where_each_is_resolved_by_itself() {
    let clusters = clusters();
    let built = |fleet: &str| -> OutputTree {
        let plan = compiled(fleet, &clusters).plan.unwrap();
        let mut tree = build(&plan, &Engines { argocd: false, flux: true });
        // But for the label.
        tree.values_mut().for_each(|text| *text = text.lines().filter(|line| !line.contains("    me: c")).collect());
        tree
    };
    let (alike, by_itself) = (built(FLEET), built(&format!("{FLEET}{BY_ITSELF}")));
    assert!(alike.keys().eq(by_itself.keys()) && alike.len() > clusters.len());
    for (path, text) in &alike {
        assert_eq!(text, &by_itself[path], "{path}");
    }
}

#[test]
fn what_alike_clusters_have_in_common_is_held_once() {
    let together = compiled(FLEET, &clusters());
    let deployments = &together.plan.as_ref().unwrap().deployments;
    let shapes = |component: &str| -> usize {
        let of = deployments.iter().filter(|one| &*one.component == component);
        of.map(|one| Arc::as_ptr(one.values.shape())).collect::<BTreeSet<_>>().len()
    };
    // The first cluster of a class is resolved whole, and the others after it; of `patched` there are two classes.
    assert_eq!((shapes("plain"), shapes("named"), shapes("patched")), (1, 2, 2));
}

#[test]
fn what_is_wrong_on_some_clusters_is_said_of_these_alone() {
    let fleet = FLEET.replace("size = size,", "size = size, owner = owner,").replace(" and region != \"us\"", "");
    let mut clusters = clusters();
    for (_, text) in clusters.iter_mut().filter(|(name, _)| name != "c05" && name != "c11") {
        *text = text.replace("{ env", "{ owner = \"me\", env");
    }
    for fleet in [fleet.clone(), format!("{fleet}{BY_ITSELF}")] {
        let found = compiled(&fleet, &clusters).diagnostics;
        let said: Vec<&str> = found.iter().map(|found| found.message.as_str()).collect();
        let absent = "the fact `owner` is not set on `c05`, `c11`";
        assert_eq!(said, [absent, "two `on` blocks set `deep` differently on `c07`, `c19`"]);
    }
}
