//! Whole trees, beside which stand the plans that they are made from. The expected files are in `tests/build/argocd`.

use std::sync::Arc;

use fleetc::plan::*;
use fleetc::target::yaml::HEADER;
use fleetc::target::{OutputTree, argocd};
use serde_json::{Value, json};

use crate::builder::*;
use crate::golden::golden;

fn build(plan: &Plan) -> OutputTree {
    argocd::build(plan, plan.argocd.first().unwrap())
}

/// The tree as one stream, each document behind its path.
fn expect(case: &str, plan: &Plan) {
    let mut text = HEADER.to_owned();
    for (path, file) in build(plan) {
        text.push_str(&format!("---\n# {path}\n{}", file.strip_prefix(HEADER).unwrap()));
    }
    golden(&format!("tests/build/argocd/{case}.yaml"), &text);
}

fn object(value: Value) -> serde_json::Map<String, Value> {
    value.as_object().unwrap().clone()
}

#[test]
fn a_folder_on_two_clusters_is_one_application_set() {
    let on = |cluster: &str| {
        let mut d = deployment("prometheus", cluster);
        d.content = Content::Path(format!("platform/prometheus/overlays/{cluster}"));
        d.namespace = Some("monitoring".to_owned());
        d.labels.insert("team".to_owned(), "platform".to_owned());
        d.annotations.insert("notifications.argoproj.io/channel".to_owned(), format!("alerts-{cluster}"));
        d
    };
    let mut plan = plan(vec![on("dev"), on("prod")]);
    plan.projects.push(project("platform"));
    plan.deployments.iter_mut().for_each(|d| d.project = Some("platform".to_owned()));
    expect("folder", &plan);
}

#[test]
fn charts_take_values_as_object_or_text() {
    let helm = source("jetstack", SourceKind::Helm, "https://charts.jetstack.io", Revision::Default);
    let registry = source("charts", SourceKind::Oci, "oci://ghcr.io/acme/charts", Revision::Default);
    let whole = source("podinfo", SourceKind::Oci, "oci://ghcr.io/stefanprodan/charts/podinfo", Revision::Default);
    let on = |component: &str, cluster: &str, source: &Arc<Source>, (chart, values): (Chart, Value)| {
        let mut d = deployment(component, cluster);
        d.source = source.clone();
        d.content = Content::Chart(chart);
        d.values = object(values).into();
        d
    };
    let mut all = Vec::new();
    for (cluster, replicas) in [("dev", 1), ("prod", 3)] {
        // The same on all clusters, with text that Go would take for a template.
        let chart_ = chart("cert-manager", "v1.16.2", "cert-manager");
        let text = "{{ .Release.Name }} and {{{`x`}}}";
        let values = json!({ "crds": { "enabled": true }, "text": text, "{{key}}": [text, 1, 0.5, []] });
        all.push(on("cert-manager", cluster, &helm, (chart_, values)));

        // Different on each cluster, and none on one.
        let chart_ = chart("app", &format!("1.{replicas}.0"), "app");
        let some = json!({ "replicas": replicas, "note": "{{ not escaped in elements }}" });
        let values = if replicas > 1 { some } else { json!({}) };
        all.push(on("app", cluster, &registry, (chart_, values)));

        // A null takes a default away, and Argo CD's templating would lose it in an object.
        let values = json!({ "resources": { "limits": null }, "ui": "{{ x }}" });
        all.push(on("podinfo", cluster, &whole, (chart("", "6.7.1", "podinfo"), values)));
    }
    expect("charts", &plan(all));
}

#[test]
fn values_files_are_read_from_sources_of_their_own() {
    let file = |source: &std::sync::Arc<Source>, path: &str| ValuesFile {
        source: source.clone(),
        path: path.to_owned(),
        text: None,
    };
    let all = ["dev", "prod"].map(|cluster| {
        let mut d = deployment("redis", cluster);
        d.source = source("bitnami", SourceKind::Helm, "https://charts.bitnami.com/bitnami", Revision::Default);
        let mut chart = chart("redis", "20.1.0", "redis");
        chart.values_files = vec![
            file(&git("fleet.config"), "redis/values.yaml"),
            file(&git("teams"), &format!("redis/{cluster}.yaml")),
        ];
        if cluster == "prod" {
            chart.values_files.push(file(&git("teams"), "redis/$more.yaml"));
        }
        d.content = Content::Chart(chart);
        d
    });
    expect("values-files", &plan(all.to_vec()));
}

#[test]
fn a_rollout_is_a_rolling_sync_over_one_application_set() {
    let mut rollout = rollout(
        "progressive",
        &[("dev", &["dev"]), ("staging", &[]), ("canary", &["prod-1"]), ("prod", &["prod-2", "prod-3"])],
    );
    rollout.stages[0].max = Some(Max::Count(2));
    rollout.stages[2].manual = true;
    rollout.stages[2].max = Some(Max::Count(1));
    rollout.stages[3].max = Some(Max::Percent(25));
    let on = |cluster: &str| {
        let mut d = under(&rollout, deployment("payments", cluster));
        d.on_delete = OnDelete::Keep;
        d.suspend = cluster == "prod-3";
        if cluster.starts_with("prod") {
            Arc::make_mut(&mut d.patches).push(Patch {
                kind: "Deployment".to_owned(),
                name: "payments.api".to_owned(),
                change: Change::Operations(vec![json!({ "op": "replace", "path": "/spec/replicas", "value": 5 })]),
            });
        }
        if cluster == "prod-1" {
            d.images.push(Image {
                name: "payments".to_owned(),
                new_name: None,
                tag: Some("canary".to_owned()),
                digest: None,
            });
        }
        d
    };
    let mut plan = plan(["dev", "prod-1", "prod-2", "prod-3"].map(on).to_vec());
    plan.rollouts.push(rollout.clone());
    expect("rollout", &plan);
}

#[test]
fn after_becomes_waves_under_the_root() {
    let mut plan = plan(vec![
        deployment("crds", "dev"),
        deployment("crds", "prod"),
        deployment("operator", "prod"),
        deployment("app", "prod"),
        deployment("other", "prod"),
    ]);
    for deployment in &mut plan.deployments {
        deployment.after = match &*deployment.component {
            "operator" => Arc::new(["crds".into()]),
            "app" => Arc::new(["crds".into(), "operator".into()]),
            _ => Arc::default(),
        };
    }
    expect("after", &plan);
}

#[test]
fn clusters_that_differ_in_fields_have_application_sets_of_their_own() {
    let mut plan = plan(["a-keep", "b", "c-keep", "d-ignores", "e"].map(|cluster| deployment("web", cluster)).to_vec());
    for deployment in &mut plan.deployments {
        if deployment.cluster.ends_with("keep") {
            deployment.on_delete = OnDelete::Keep;
        }
        if deployment.cluster.ends_with("ignores") {
            let ignore = Ignore {
                group: "apps".to_owned(),
                kind: "Deployment".to_owned(),
                name: None,
                fields: vec!["/spec/replicas".to_owned()],
                jq: vec![".spec.template.spec.containers[].env[] | select(.name == \"{{x}}\")".to_owned()],
            };
            deployment.ignore.push(ignore);
        }
    }
    expect("structure", &plan);
}

#[test]
fn every_attribute_of_a_deployment_has_its_field() {
    let mut d = deployment("web", "prod");
    d.server_side = true;
    d.prune = false;
    d.self_heal = true;
    d.sync_options = vec!["PruneLast=true".to_owned(), "ServerSideApply=true".to_owned()];
    let milliseconds = |milliseconds| Some(Duration { milliseconds });
    d.retry =
        Some(Retry { limit: 3, duration: milliseconds(5_000), factor: Some(2), max_duration: milliseconds(5_400_500) });
    d.ignore.push(Ignore {
        group: String::new(),
        kind: "Service".to_owned(),
        name: Some("web".to_owned()),
        fields: vec!["/spec/clusterIP".to_owned()],
        jq: Vec::new(),
    });
    d.patches = Arc::new(vec![
        Patch {
            kind: "ConfigMap".to_owned(),
            name: "web".to_owned(),
            change: Change::Merge(object(json!({
                "metadata": { "name": "ignored", "labels": { "tier": "{{ front }}" } },
                "data": { "key": "yes" },
            }))),
        },
        Patch {
            kind: "ClusterRole".to_owned(),
            name: "web.acme.com".to_owned(),
            change: Change::Operations(vec![json!({ "op": "remove", "path": "/rules/0" })]),
        },
    ]);
    let image = |name: &str, new_name: Option<&str>, tag: Option<&str>, digest: Option<&str>| Image {
        name: name.to_owned(),
        new_name: new_name.map(str::to_owned),
        tag: tag.map(str::to_owned),
        digest: digest.map(str::to_owned),
    };
    d.images = vec![
        image("nginx", None, Some("1.27"), None),
        image("redis", Some("registry.local:5000/redis"), None, None),
        image("app", Some("ghcr.io/acme/app"), Some("v2"), Some("sha256:00")),
        image("unchanged", None, None, None),
    ];
    expect("attributes", &plan(vec![d]));
}

#[test]
fn a_project_is_an_app_project() {
    let item = |group: &str, kind: &str| GroupKind { group: group.to_owned(), kind: kind.to_owned() };
    let mut full = project("full");
    full.description = Some("everything: said".to_owned());
    full.sources = vec!["https://github.com/acme/**".to_owned(), "oci://ghcr.io/acme/*".to_owned()];
    full.clusters = ProjectClusters::Globs(vec!["prod-*".to_owned(), "edge".to_owned()]);
    full.namespaces = vec!["web".to_owned(), "web-*".to_owned()];
    full.cluster_resources = vec![item("", "Namespace"), item("apiextensions.k8s.io", "*")];
    full.deny_cluster_resources = vec![item("rbac.authorization.k8s.io", "ClusterRoleBinding")];
    full.namespace_resources = Some(vec![item("apps", "Deployment"), item("", "Service")]);
    full.deny_namespace_resources = vec![item("", "ResourceQuota")];
    full.source_namespaces = vec!["team-web".to_owned()];
    let mut named = project("named");
    named.clusters = ProjectClusters::Names(vec!["dev".into(), "prod".into()]);
    named.namespace_resources = Some(Vec::new());
    let mut web = deployment("web", "dev");
    web.project = Some("named".to_owned());
    let mut shop = deployment("shop", "dev");
    shop.project = Some("named".to_owned());
    let mut plan = plan(vec![web, shop]);
    plan.projects = vec![full, named];
    expect("projects", &plan);

    // Before 3.3 a cluster resource has no name.
    plan.argocd.first_mut().unwrap().version = Version { major: 3, minor: 2 };
    let tree = build(&plan);
    assert!(tree["argocd/projects/named.yaml"].ends_with(concat!(
        "  clusterResourceWhitelist:\n    - group: \"\"\n      kind: Namespace\n",
        "  namespaceResourceBlacklist:\n    - group: \"*\"\n      kind: \"*\"\n",
    )));
}

#[test]
fn a_cluster_may_be_addressed_by_its_server() {
    let mut plan = plan(vec![deployment("web", "dev"), deployment("web", "prod")]);
    for cluster in &mut plan.clusters {
        cluster.server = Some(format!("https://{}.acme.com/", cluster.name));
    }
    let settings = plan.argocd.first_mut().unwrap();
    settings.destination = Destination::Server;
    settings.version = Version { major: 3, minor: 0 };
    settings.namespace = "gitops".to_owned();
    plan.fleet = "My_Org".to_owned();
    plan.home_path = ".".to_owned();
    expect("server", &plan);
}

#[test]
fn a_name_that_was_shortened_is_an_element() {
    let mut plan = plan(vec![deployment("web", "dev"), deployment("web", "prod")]);
    plan.deployments[1].name = "web-pr-0123abcd".into();
    let set = &build(&plan)["argocd/applicationsets/web.yaml"];
    assert!(set.contains("name: \"{{.name}}\""), "{set}");
    assert!(set.contains("name: web-pr-0123abcd"), "{set}");
}

#[test]
fn more_than_400_clusters_are_split_by_their_names() {
    let all = |count: usize| plan((0..count).map(|index| deployment("web", &format!("c{index:04}"))).collect());
    let sets = |plan: &Plan| -> Vec<Vec<String>> {
        let tree = build(plan);
        let sets = tree.iter().filter(|(path, _)| path.starts_with("argocd/applicationsets/"));
        sets.map(|(_, text)| {
            text.lines().filter_map(|l| l.trim().strip_prefix("- cluster: ")).map(str::to_owned).collect()
        })
        .collect()
    };
    assert_eq!(sets(&all(400)).len(), 1);
    let before = sets(&all(700));
    let after = sets(&all(701));
    assert_eq!(before.len(), 2);
    assert!(before.iter().all(|set| set.len() <= 400 && set.is_sorted()));
    // A new cluster moves no other one.
    let moved = before.iter().zip(&after).filter(|(a, b)| !a.iter().all(|cluster| b.contains(cluster))).count();
    assert_eq!(moved, 0);
    assert_eq!(after.iter().map(Vec::len).sum::<usize>(), 701);
}

#[test]
fn large_elements_are_split_by_size() {
    let mut plan = plan((0..20).map(|index| deployment("web", &format!("c{index:02}"))).collect());
    for deployment in &mut plan.deployments {
        let chart = chart("web", "1.0.0", "web");
        let text = format!("{}{}", deployment.cluster, "x".repeat(100_000));
        deployment.values = object(json!({ "text": text })).into();
        deployment.content = Content::Chart(chart);
    }
    let tree = build(&plan);
    let sets: Vec<&String> = tree.keys().filter(|path| path.starts_with("argocd/applicationsets/")).collect();
    assert!(sets.len() >= 3, "{sets:?}");
    assert!(tree.values().all(|text| text.len() < 1_000_000));
}

#[test]
fn nothing_is_built_for_a_fleet_without_deployments() {
    let mut plan = plan(Vec::new());
    plan.home = None;
    assert!(build(&plan).is_empty());
}

fn app_of_apps(plan: &mut Plan) {
    plan.argocd.first_mut().unwrap().layout = ArgoCdLayout::AppOfApps;
}

#[test]
fn applications_may_be_written_out_below_a_root_for_each_cluster() {
    let mut prod = deployment("web", "prod");
    prod.project = Some("platform".to_owned());
    prod.annotations.insert("note".to_owned(), "{{ stays as it is }}".to_owned());
    prod.on_delete = OnDelete::Keep;
    prod.suspend = true;
    prod.images.push(Image { name: "web".to_owned(), new_name: None, tag: Some("2".to_owned()), digest: None });
    let mut plan = plan(vec![deployment("web", "dev"), prod]);
    plan.projects.push(project("platform"));
    app_of_apps(&mut plan);
    expect("app-of-apps", &plan);
}

#[test]
fn after_becomes_waves_on_each_cluster_by_itself() {
    let mut plan = plan(
        ["a", "b", "c"].into_iter().flat_map(|name| ["x", "y", "z"].map(|cluster| deployment(name, cluster))).collect(),
    );
    for deployment in &mut plan.deployments {
        deployment.after = match (&*deployment.component, &*deployment.cluster) {
            ("b", "x") => Arc::new(["a".into()]),
            ("c", "x") => Arc::new(["a".into(), "b".into()]),
            // The other way round than on the first cluster.
            ("a", "y") => Arc::new(["b".into()]),
            _ => Arc::default(),
        };
    }
    plan.deployments.iter_mut().for_each(|d| {
        d.annotations.insert("note".to_owned(), "kept".to_owned());
    });
    plan.deployments[4].annotations.clear();
    app_of_apps(&mut plan);
    let tree = build(&plan);
    let wave = |path: &str| -> Option<String> {
        let application: Value = serde_yaml::from_str(&tree[&format!("argocd/apps/{path}.yaml")]).unwrap();
        Some(application["metadata"]["annotations"].get("argocd.argoproj.io/sync-wave")?.as_str()?.to_owned())
    };
    let waves = |cluster: &str| ["a", "b", "c"].map(|name| wave(&format!("{cluster}/{name}")).unwrap_or_default());
    assert_eq!(waves("x"), ["", "1", "2"]);
    assert_eq!(waves("y"), ["1", "", ""]);
    assert_eq!(waves("z"), ["", "", ""]);
    let patch = &tree["argocd/argocd-cm-health.patch"];
    let command = "kubectl apply --server-side --field-manager=fleetc -f gitops/argocd/argocd-cm-health.patch\n";
    assert!(patch.contains(command), "{patch}");
    let read: Value = serde_yaml::from_str(patch).unwrap();
    assert_eq!(read["metadata"]["name"], "argocd-cm");
    let script = &read["data"]["resource.customizations.health.argoproj.io_Application"];
    assert_eq!(script.as_str().unwrap(), include_str!("../../src/target/argocd/health.lua"));

    plan.deployments.iter_mut().for_each(|d| d.after = Arc::default());
    assert!(!build(&plan).contains_key("argocd/argocd-cm-health.patch"));
}

#[test]
fn what_changes_on_a_cluster_changes_no_file_of_another() {
    let mut plan = plan(vec![deployment("web", "dev"), deployment("web", "prod"), deployment("db", "prod")]);
    app_of_apps(&mut plan);
    let before = build(&plan);
    let web = &mut plan.deployments[2];
    web.suspend = true;
    web.after = Arc::new(["db".into()]);
    Arc::make_mut(&mut web.patches).push(Patch {
        kind: "Deployment".to_owned(),
        name: "web".to_owned(),
        change: Change::Merge(object(json!({ "x": 1 }))),
    });
    let after = build(&plan);
    let changed: Vec<&String> = after.keys().filter(|path| after.get(*path) != before.get(*path)).collect();
    assert_eq!(changed, ["argocd/apps/prod/web.yaml", "argocd/argocd-cm-health.patch"]);
}

#[test]
fn an_instance_has_its_own_roots() {
    let mut plan = plan(vec![deployment("web", "dev")]);
    plan.argocd.first_mut().unwrap().instance.name = Some("east".to_owned());
    app_of_apps(&mut plan);
    let tree = build(&plan);
    let paths: Vec<&String> = tree.keys().collect();
    assert_eq!(paths, ["argocd/east/apps/dev.yaml", "argocd/east/apps/dev/web.yaml", "argocd/east/root.yaml"]);
    let root: Value = serde_yaml::from_str(&tree["argocd/east/apps/dev.yaml"]).unwrap();
    assert_eq!(root["metadata"]["name"], "acme-east-dev-root");
    assert_eq!(root["spec"]["source"]["path"], "gitops/argocd/east/apps/dev");
}
