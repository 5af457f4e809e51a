//! What Flux is given: plans beside the whole tree that is built for them, in `tests/build/flux`.
//!
//! `FLEETC_BLESS=1` writes the expected trees anew.

#![allow(
    missing_docs,
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice
)]

#[path = "flux/fleet.rs"]
mod fleet;

use std::sync::Arc;

use fleet::{Fleet, deployment_object};
use fleetc::plan::*;
use fleetc::target::OutputTree;
use fleetc::target::yaml::HEADER;
use serde_json::{Value, json};

/// Compares a tree with `tests/build/flux/<name>.yaml`, one stream in which each file follows its path.
#[track_caller]
fn expect(name: &str, tree: &OutputTree) {
    let mut text = String::from(HEADER);
    for (path, file) in tree.iter().filter(|(path, _)| path.ends_with(".yaml")) {
        text += &format!("---\n# {path}\n{}", file.strip_prefix(HEADER).expect("every file begins with the header"));
    }
    let file = format!("{}/tests/build/flux/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("FLEETC_BLESS").is_some() {
        std::fs::write(&file, &text).unwrap();
    }
    let expected = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(text == expected, "{name} differs:\n{}", similar::TextDiff::from_lines(&expected, &text).unified_diff());
}

fn object(value: Value) -> serde_json::Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn seconds(seconds: u64) -> Duration {
    Duration { milliseconds: seconds * 1_000 }
}

#[test]
fn a_folder_becomes_one_kustomization_with_all_that_was_said() {
    let mut fleet = Fleet::new();
    let api = fleet.git("payments-api");
    fleet.cluster("prod");
    fleet.plan.projects.push(project("payments-team", "payments-deployer", &api));
    let payments = fleet.path("payments", "prod", &api, "k8s/overlays/prod/");
    payments.namespace = Some("payments".into());
    payments.project = Some("payments-team".into());
    payments.patches = Arc::new(vec![
        Patch {
            kind: "Deployment".into(),
            name: "api.v1".into(),
            change: Change::Operations(vec![json!({"op": "replace", "path": "/spec/replicas", "value": 3})]),
        },
        Patch {
            kind: "ConfigMap".into(),
            name: "api".into(),
            change: Change::Merge(object(json!({"metadata": {"labels": {"a": "b"}}, "data": {"mode": "no"}}))),
        },
    ]);
    payments.images =
        vec![Image { name: "ghcr.io/my-org/api".into(), new_name: None, tag: Some("1.10".into()), digest: None }];
    payments.wait = false;
    payments.health = vec![deployment_object("payments", "api")];
    payments.ignore = vec![Ignore {
        group: "apps".into(),
        kind: "Deployment".into(),
        name: None,
        fields: vec!["/spec/replicas".into()],
        jq: vec![],
    }];
    payments.force = true;
    payments.interval = Some(seconds(3_600));
    payments.timeout = Some(seconds(90));
    payments.retry = Some(Retry { limit: -1, duration: Some(seconds(30)), factor: None, max_duration: None });
    payments.labels.insert("team".into(), "payments".into());
    payments.annotations.insert("note".into(), "costs $$ and ${money}".into());
    payments.on_delete = OnDelete::Keep;
    payments.prune = false;
    expect("folder", &fleet.build());
}

fn project(name: &str, account: &str, place: &Source) -> Project {
    Project {
        span: place.span,
        name: name.into(),
        description: None,
        sources: vec![],
        clusters: ProjectClusters::All,
        namespaces: vec![],
        cluster_resources: vec![],
        deny_cluster_resources: vec![],
        namespace_resources: None,
        deny_namespace_resources: vec![],
        source_namespaces: vec![],
        windows: vec![],
        roles: vec![],
        orphaned_resources: None,
        service_account: Some(account.into()),
    }
}

#[test]
fn a_chart_becomes_a_kustomization_on_the_hub_and_a_release_on_the_cluster() {
    let mut fleet = Fleet::new();
    let jetstack = fleet.helm("jetstack");
    let config = fleet.plan.home.clone().unwrap();
    fleet.cluster("prod");
    let issuer = fleet.chart("cert-manager", "prod", &jetstack, "v1.16.2");
    issuer.wait = false;
    issuer.health = vec![deployment_object("cert-manager", "cert-manager")];
    issuer.self_heal = true;
    issuer.service_account = Some("deployer".into());
    issuer.ignore = vec![Ignore {
        group: String::new(),
        kind: "Secret".into(),
        name: Some("ca.tls".into()),
        fields: vec!["/data".into()],
        jq: vec![],
    }];
    issuer.patches = Arc::new(vec![Patch {
        kind: "Deployment".into(),
        name: "cert-manager".into(),
        change: Change::Merge(object(json!({"spec": {"replicas": 2}}))),
    }]);
    let values = json!({"crds": {"enabled": true}, "text": "${not} a $$variable {{ nor }} a template"});
    issuer.values = object(values).into();
    let Content::Chart(chart) = &mut issuer.content else { unreachable!() };
    for path in ["values.yaml", "values/prod.yaml"] {
        let text = Some(format!("# {path}\nreplicas: 2\n").into());
        chart.values_files.push(ValuesFile { source: config.clone(), path: path.into(), text });
    }
    expect("chart", &fleet.build());
}

#[test]
fn a_chart_is_kept_forced_and_retried_as_helm_does_it() {
    let mut fleet = Fleet::new();
    let charts = fleet.helm("charts");
    fleet.cluster("prod");
    let crds = fleet.chart("crds", "prod", &charts, "1.0.0");
    crds.prune = false;
    crds.on_delete = OnDelete::Keep;
    crds.force = true;
    crds.wait = false;
    crds.create_namespace = false;
    crds.retry = Some(Retry { limit: 3, duration: None, factor: None, max_duration: None });
    expect("chart-options", &fleet.build());
}

#[test]
fn every_kind_of_source_becomes_the_object_that_its_use_needs() {
    let mut fleet = Fleet::new();
    fleet.cluster("prod");
    let tag = Revision::Tag("1.2".into());
    let both = fleet.source("registry", SourceKind::Oci, "oci://ghcr.io/my-org/all", tag);
    fleet.path("files", "prod", &both, ".");
    fleet.chart("charted", "prod", &both, "1.0.0");
    let whole = fleet.source("podinfo", SourceKind::Oci, "oci://ghcr.io/stefan/charts/podinfo", Revision::Default);
    let Content::Chart(chart) = &mut fleet.chart("whole", "prod", &whole, "6.0.0").content else { unreachable!() };
    chart.name.clear();
    let mut secret = (*fleet.source("ssh", SourceKind::Git, "ssh://git@host/repo", commit())).clone();
    secret.secret = Some("credentials".into());
    fleet.path("secret", "prod", &secret.into(), "deploy");
    for (name, url) in [
        ("aws", "s3://my-bucket/apps"),
        ("azure", "https://account.blob.core.windows.net/container"),
        ("minio", "http://minio:9000/apps"),
    ] {
        let bucket = fleet.source(name, SourceKind::Bucket, url, Revision::Default);
        fleet.path(name, "prod", &bucket, "apps");
    }
    let mut tree = fleet.build();
    tree.retain(|path, _| path.starts_with("flux/hub/sources/") || path.ends_with("whole/helmrelease.yaml"));
    expect("sources", &tree);
}

fn commit() -> Revision {
    Revision::Commit("0123456789012345678901234567890123456789".into())
}

#[test]
fn what_the_fleet_writes_survives_its_own_substitution() {
    let mut fleet = Fleet::new();
    let config = fleet.plan.home.clone().unwrap();
    fleet.cluster("prod");
    let app = fleet.path("app", "prod", &config, "app");
    app.substitute.insert("REGION".into(), "eu-${x}".into());
    app.patches = Arc::new(vec![
        Patch {
            kind: "ConfigMap".into(),
            name: "script".into(),
            change: Change::Merge(object(json!({"data": {"run": "echo ${HOME} $1 $$"}}))),
        },
        Patch {
            kind: "ConfigMap".into(),
            name: "script".into(),
            change: Change::Operations(vec![
                json!({"op": "test", "path": "/data/a${b}", "value": "$5"}),
                json!({"op": "add", "path": "/data/a${b}", "value": ["${HOME}"]}),
            ]),
        },
    ]);
    let mut tree = fleet.build();
    tree.retain(|path, _| path.starts_with("flux/hub/clusters/"));
    expect("substitute", &tree);
}

#[test]
fn a_component_waits_for_those_of_its_own_cluster() {
    let mut fleet = Fleet::new();
    let config = fleet.plan.home.clone().unwrap();
    let charts = fleet.helm("charts");
    for cluster in ["dev", "prod"] {
        fleet.cluster(cluster);
        fleet.chart("operator", cluster, &charts, "1.0.0");
        fleet.path("issuers", cluster, &config, "issuers");
        fleet.path("app", cluster, &config, "app").after = Arc::from(["issuers".into(), "operator".into()]);
    }
    let mut tree = fleet.build();
    tree.retain(|path, _| path.starts_with("flux/hub/clusters/"));
    expect("after", &tree);
}

/// A component on five clusters in three stages, the last in batches of two.
fn staged(fleet: &mut Fleet, component: &str, manual: bool, chart: bool) {
    let source = if chart { fleet.helm("charts") } else { fleet.git("app-source") };
    let stages: [fleet::StageOf; 3] = [
        ("dev", &["dev"], None, false),
        ("canary", &["eu"], None, false),
        ("prod", &["ap", "us", "za"], Some(Max::Count(2)), manual),
    ];
    fleet.rollout("careful", &stages);
    for (stage, clusters, ..) in stages {
        for cluster in clusters {
            fleet.cluster(cluster);
            let deployment = match chart {
                true => fleet.chart(component, cluster, &source, "1.2.3"),
                false => fleet.path(component, cluster, &source, &format!("overlays/{cluster}")),
            };
            deployment.rollout = Some("careful".into());
            deployment.stage = Some(stage.into());
        }
    }
}

#[test]
fn stages_of_folders_open_for_the_content_that_was_proved() {
    let mut fleet = Fleet::new();
    staged(&mut fleet, "app", true, false);
    fleet.plan.deployments[2].images =
        vec![Image { name: "app".into(), new_name: None, tag: Some("2".into()), digest: None }];
    expect("rollout-folders", &fleet.build());
}

#[test]
fn stages_of_charts_need_the_revision_only() {
    let mut fleet = Fleet::new();
    staged(&mut fleet, "app", false, true);
    fleet.version(5);
    expect("rollout-charts", &fleet.build());
}

#[test]
fn a_first_stage_can_be_held() {
    let mut fleet = Fleet::new();
    let source = fleet.git("app-source");
    fleet.rollout("held", &[("all", &["dev"], None, true)]);
    fleet.cluster("dev");
    let app = fleet.path("app", "dev", &source, "app");
    app.rollout = Some("held".into());
    app.stage = Some("all".into());
    let mut tree = fleet.build();
    tree.retain(|path, _| path.starts_with("flux/hub/rollouts/"));
    expect("held", &tree);
}

/// The names of the gates of `app`, with one image tag on `eu` (proved before the last stage) and one on `us` (behind).
fn gates(eu: &str, us: &str) -> Vec<String> {
    let mut fleet = Fleet::new();
    staged(&mut fleet, "app", true, false);
    for deployment in &mut fleet.plan.deployments {
        let tag = match deployment.cluster.as_ref() {
            "eu" => eu,
            "us" => us,
            _ => "0",
        };
        deployment.images = vec![Image { name: "app".into(), new_name: None, tag: Some(tag.into()), digest: None }];
    }
    let tree = fleet.build();
    let names = |text: &String| {
        let lines = text.lines().filter_map(|line| line.strip_prefix("  name: "));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    tree.iter().filter(|(path, _)| path.contains("/rollouts/")).flat_map(|(_, text)| names(text)).collect()
}

#[test]
fn a_gate_is_another_one_when_what_it_vouches_for_changes() {
    let [canary, prod, second] = gates("1", "1").try_into().unwrap();
    assert!(canary.starts_with("app-canary-gate-") && prod.starts_with("app-prod-gate-"));
    assert!(second.starts_with("app-prod-gate-2-"));
    let [same_canary, other_prod, other_second] = gates("2", "1").try_into().unwrap();
    assert_eq!(canary, same_canary);
    assert_ne!(prod, other_prod);
    assert_ne!(second, other_second);
    // `us` is behind the gate that somebody opens: that is opened for what it holds, too.
    let [same_canary, held_prod, _] = gates("1", "2").try_into().unwrap();
    assert_eq!(canary, same_canary);
    assert_ne!(prod, held_prod);
}

#[test]
fn gates_of_different_stages_never_share_a_name() {
    let mut fleet = Fleet::new();
    let charts = fleet.helm("charts");
    fleet.rollout("one", &[("x", &["k1"], None, false), ("b-c", &["k2"], None, false)]);
    fleet.rollout("two", &[("x", &["k1"], None, false), ("c", &["k2"], None, false)]);
    for cluster in ["k1", "k2"] {
        fleet.cluster(cluster);
        for (component, rollout, last) in [("a", "one", "b-c"), ("a-b", "two", "c")] {
            let deployment = fleet.chart(component, cluster, &charts, "1.0.0");
            deployment.rollout = Some(rollout.into());
            deployment.stage = Some(if cluster == "k1" { "x" } else { last }.into());
        }
    }
    let tree = fleet.build();
    let gate = |path: &str| tree[path].lines().find_map(|line| line.strip_prefix("  name: ")).unwrap().to_owned();
    let (one, two) = (gate("flux/hub/rollouts/one/b-c.yaml"), gate("flux/hub/rollouts/two/c.yaml"));
    assert_ne!(one, two);
    assert!(tree["flux/hub/clusters/k2.yaml"].contains(&format!("- name: {one}\n")));
    assert!(tree["flux/hub/clusters/k2.yaml"].contains(&format!("- name: {two}\n")));
}

#[test]
fn paused_clusters_and_components_are_suspended() {
    let mut fleet = Fleet::new();
    let config = fleet.plan.home.clone().unwrap();
    fleet.cluster("down").suspend = true;
    fleet.cluster("up");
    fleet.path("app", "down", &config, "app");
    fleet.path("app", "up", &config, "app");
    fleet.path("job", "up", &config, "job").suspend = true;
    let tree = fleet.build();
    let suspended = |cluster: &str| tree[&format!("flux/hub/clusters/{cluster}.yaml")].matches("suspend: true").count();
    assert_eq!((suspended("down"), suspended("up")), (1, 1));
}

#[test]
fn a_fleet_without_sources_and_deployments_has_no_hub_folder() {
    let mut fleet = Fleet::new();
    fleet.plan.home = None;
    assert_eq!(fleet.build(), OutputTree::new());
}

/// What each cluster's own Flux is given: a folder and a chart with `after`, variables, an account and what is paused.
#[test]
fn each_cluster_gets_one_file_for_its_own_flux() {
    let mut fleet = Fleet::new();
    fleet.settings.mode = FluxMode::Pull;
    let api = fleet.git("payments-api");
    let charts = fleet.helm("charts");
    fleet.plan.projects.push(project("payments-team", "payments-deployer", &api));
    fleet.cluster("dev").suspend = true;
    fleet.cluster("empty");
    fleet.cluster("prod").kubeconfig = Kubeconfig::ConfigMap { name: "not-read".into() };
    for cluster in ["dev", "prod"] {
        let payments = fleet.path("payments", cluster, &api, &format!("k8s/overlays/{cluster}"));
        payments.project = Some("payments-team".into());
        payments.substitute.insert("CLUSTER".into(), cluster.into());
        payments.health = vec![deployment_object("payments", "api")];
        payments.wait = false;
    }
    let operator = fleet.chart("operator", "prod", &charts, "1.2.3");
    operator.service_account = Some("deployer".into());
    fleet.plan.deployments[1].after = Arc::from(["operator".into()]);
    expect("pull", &fleet.build());
}

#[test]
fn a_clusters_own_flux_looks_at_the_objects_of_a_chart_itself() {
    let mut fleet = Fleet::new();
    fleet.settings.mode = FluxMode::Pull;
    let charts = fleet.helm("charts");
    fleet.cluster("prod");
    for (component, wait, health) in [("all", true, false), ("listed", true, true), ("none", false, false)] {
        let deployment = fleet.chart(component, "prod", &charts, "1.2.3");
        deployment.wait = wait;
        deployment.health.extend(health.then(|| deployment_object("made-by-it", "later")));
    }
    let mut tree = fleet.build();
    tree.retain(|path, _| path.starts_with("flux/clusters/"));
    expect("pull-health", &tree);
}

#[test]
fn a_stage_that_holds_nothing_back_is_built_for_a_flux_in_each_cluster() {
    let mut fleet = Fleet::new();
    fleet.settings.mode = FluxMode::Pull;
    let config = fleet.plan.home.clone().unwrap();
    fleet.rollout("careful", &[("dev", &["dev"], Some(Max::Count(1)), false), ("prod", &[], None, true)]);
    fleet.cluster("dev");
    let app = fleet.path("app", "dev", &config, "app");
    app.rollout = Some("careful".into());
    app.stage = Some("dev".into());
    let tree = fleet.build();
    assert_eq!(tree.keys().collect::<Vec<_>>(), ["flux/bootstrap.sh", "flux/clusters/dev/fleet.yaml"]);
    assert!(!tree["flux/clusters/dev/fleet.yaml"].contains("digest"));
}

#[test]
fn an_instance_of_its_own_name_has_a_folder_of_its_own() {
    let mut fleet = Fleet::new();
    fleet.settings.mode = FluxMode::Pull;
    fleet.settings.instance.name = Some("edge".into());
    let charts = fleet.helm("charts");
    fleet.cluster("prod");
    fleet.chart("app", "prod", &charts, "1.2.3");
    let tree = fleet.build();
    assert!(tree.keys().all(|path| path.starts_with("flux/edge/")), "{:?}", tree.keys());
    assert!(tree["flux/edge/clusters/prod/fleet.yaml"].contains("path: ./gitops/flux/edge/releases/prod/app\n"));
}

/// Two clusters that share what they can: a folder under a rollout, and a chart that waits for it.
fn overlaid(mode: FluxMode) -> Fleet {
    let mut fleet = Fleet::new();
    (fleet.settings.mode, fleet.settings.layout) = (mode, FluxLayout::Overlays);
    let api = fleet.git("payments-api");
    let charts = fleet.helm("charts");
    fleet.rollout("careful", &[("dev", &["dev"], None, false), ("prod", &["prod"], None, false)]);
    for cluster in ["dev", "prod"] {
        fleet.cluster(cluster);
        let payments = fleet.path("payments", cluster, &api, &format!("k8s/overlays/{cluster}"));
        payments.namespace = Some("payments".into());
        payments.labels.insert("team".into(), "payments".into());
        if mode == FluxMode::Hub {
            payments.rollout = Some("careful".into());
            payments.stage = Some(cluster.into());
        }
        let portal = fleet.chart("portal", cluster, &charts, "1.2.3");
        portal.after = Arc::from(["payments".into()]);
        portal.suspend = cluster == "prod";
    }
    fleet
}

#[test]
fn a_hub_builds_a_folder_of_patches_for_each_cluster() {
    let mut tree = overlaid(FluxMode::Hub).build();
    tree.retain(|path, _| !path.starts_with("flux/releases/"));
    expect("overlays", &tree);
}

#[test]
fn a_clusters_own_flux_takes_in_a_folder_of_patches() {
    let mut tree = overlaid(FluxMode::Pull).build();
    tree.retain(|path, _| path.starts_with("flux/clusters/") || path.starts_with("flux/base/sources/"));
    expect("overlays-pull", &tree);
}
