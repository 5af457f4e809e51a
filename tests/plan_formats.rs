//! The plan as JSON and as text, from a plan made by hand. `tests/plan_formats/` holds what they are to be.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::sync::Arc;

use fleetc::plan::{
    Change, Chart, Cluster, Content, Deployment, Duration, GroupKind, Ignore, Image, Kubeconfig, Max, ObjectRef,
    OnDelete, Origin, OrphanedResources, Patch, Plan, Project, ProjectClusters, Retry, Revision, Role, Rollout,
    Settings, Source, SourceKind, Stage, ValuesFile, Window, json, text,
};
use fleetc::source::{self, SourceFile, Sources, Span};
use serde_json::{Value, json};

fn nowhere() -> Span {
    Span::new(Sources::default().add(SourceFile::new("", source::Origin::Project, "")), 0, 0)
}

fn source(name: &str, kind: SourceKind, url: &str, revision: Revision) -> Arc<Source> {
    Arc::new(Source { span: nowhere(), name: name.into(), kind, url: url.into(), revision, secret: None })
}

fn cluster(name: &str, env: &str) -> Cluster {
    Cluster {
        span: nowhere(),
        name: name.into(),
        labels: [("env".to_string(), env.to_string())].into(),
        server: (env == "prod").then(|| format!("https://{name}.example.com")),
        kubeconfig: Kubeconfig::Secret { name: format!("{name}-kubeconfig"), key: "value".into() },
        protected: env == "prod",
        suspend: false,
        many: false,
        registration: fleetc::plan::Registration::default(),
    }
}

fn deployment(component: &str, cluster: &str, source: &Arc<Source>, content: Content) -> Deployment {
    Deployment {
        cluster: cluster.into(),
        name: format!("{component}-{cluster}").into(),
        after: Arc::default(),
        implied: Arc::default(),
        stage: None,
        suspend: false,
        on_delete: OnDelete::Cascade,
        protected: cluster.starts_with("prod"),
        values: Default::default(),
        patches: Arc::default(),
        settings: Arc::new(Settings {
            component: component.into(),
            project: None,
            namespace: None,
            source: Arc::clone(source),
            content,
            images: Vec::new(),
            components: Vec::new(),
            substitute: BTreeMap::new(),
            health: Vec::new(),
            wait: true,
            ignore: Vec::new(),
            rollout: None,
            prune: true,
            self_heal: false,
            create_namespace: true,
            namespace_labels: BTreeMap::new(),
            namespace_annotations: BTreeMap::new(),
            server_side: false,
            force: false,
            sync_options: Vec::new(),
            interval: None,
            timeout: None,
            retry: None,
            service_account: None,
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
            raw: Default::default(),
            origin: Origin { component: nowhere(), attributes: BTreeMap::new() },
        }),
    }
}

fn chart(name: &str, version: &str) -> Chart {
    Chart {
        name: name.into(),
        version: version.into(),
        release: "release".into(),
        values_files: Vec::new(),
        missing_values_files: false,
    }
}

/// A chart with everything set, on one cluster.
fn everything(home: &Arc<Source>) -> Deployment {
    let registry = source("registry", SourceKind::Oci, "oci://example.com/charts/web/", Revision::Default);
    let mut web = chart("", "1.2.x");
    web.values_files = vec![ValuesFile { source: Arc::clone(home), path: "values/prod-b.yaml".into(), text: None }];
    let duration = |milliseconds| Some(Duration { milliseconds });
    let pairs = |key: &str, value: &str| [(key.to_string(), value.to_string())].into();
    let raw = |value: serde_json::Value| value.as_object().unwrap().clone();
    let fields = fleetc::plan::raw::Raw {
        application: raw(json!({ "revisionHistoryLimit": 3 })),
        kustomization: raw(json!({ "commonMetadata": { "labels": { "a": "b" } } })),
        release: raw(json!({ "maxHistory": 3 })),
        ..Default::default()
    };
    let values = raw(json!({ "replicas": 3, "nested": { "z": true, "a": null } }));
    let patches = vec![
        Patch {
            kind: "Deployment".into(),
            name: "web".into(),
            change: Change::Operations(vec![json!({ "op": "remove", "path": "/spec/replicas" })]),
        },
        Patch {
            kind: "Service".into(),
            name: "web".into(),
            change: Change::Merge(json!({ "spec": { "type": "ClusterIP" } }).as_object().unwrap().clone()),
        },
    ];
    let base = deployment("web", "prod-b", &registry, Content::Chart(web));
    let settings = Settings {
        raw: fields,
        project: Some("team".into()),
        namespace: Some("web".into()),
        images: vec![Image { name: "web".into(), new_name: None, tag: Some("v2".into()), digest: None }],
        substitute: pairs("region", "eu"),
        health: vec![
            ObjectRef {
                api_version: "apps/v1".into(),
                kind: "Deployment".into(),
                namespace: Some("web".into()),
                name: "web".into(),
            },
            ObjectRef { api_version: "v1".into(), kind: "Namespace".into(), namespace: None, name: "web".into() },
        ],
        wait: false,
        ignore: vec![Ignore {
            group: "apps".into(),
            kind: "Deployment".into(),
            name: None,
            fields: vec!["/spec/replicas".into()],
            jq: Vec::new(),
        }],
        rollout: Some("progressive".into()),
        self_heal: true,
        sync_options: vec!["RespectIgnoreDifferences=true".into()],
        interval: duration(5_400_000),
        timeout: duration(250),
        retry: Some(Retry { limit: -1, duration: duration(5_000), factor: Some(2), max_duration: None }),
        service_account: Some("web".into()),
        labels: pairs("team", "web"),
        annotations: pairs("note", "x"),
        ..(*base.settings).clone()
    };
    Deployment {
        after: Arc::new(["cert-manager".into()]),
        stage: Some("prod".into()),
        on_delete: OnDelete::Keep,
        values: values.into(),
        patches: Arc::new(patches),
        settings: Arc::new(settings),
        ..base
    }
}

fn stage(name: &str, clusters: &[&str], max: Option<Max>, manual: bool) -> Stage {
    Stage {
        span: nowhere(),
        name: name.into(),
        clusters: clusters.iter().map(|name| (*name).into()).collect(),
        max,
        manual,
        bake: None,
    }
}

fn project(name: &str, clusters: ProjectClusters) -> Project {
    Project {
        span: nowhere(),
        name: name.into(),
        description: None,
        sources: vec!["https://example.com/*".into()],
        clusters,
        namespaces: vec!["*".into()],
        cluster_resources: vec![GroupKind { group: "*".into(), kind: "*".into() }],
        deny_cluster_resources: Vec::new(),
        namespace_resources: None,
        deny_namespace_resources: vec![GroupKind { group: String::new(), kind: "Secret".into() }],
        source_namespaces: Vec::new(),
        windows: vec![Window {
            span: nowhere(),
            allow: false,
            description: Some("weekends".into()),
            schedule: "0 22 * * 5".into(),
            duration: Duration { milliseconds: 180_000_000 },
            timezone: Some("Europe/Berlin".into()),
            manual_sync: true,
            components: vec!["web*".into()],
            clusters: ProjectClusters::Globs(vec!["prod-*".into()]),
            namespaces: vec!["web".into()],
        }],
        roles: vec![Role {
            span: nowhere(),
            name: "ops".into(),
            description: None,
            groups: vec!["ops".into()],
            actions: vec!["sync".into()],
            components: vec!["web".into()],
            policies: vec!["p, proj:a:ops, logs, get, a/*, allow".into()],
        }],
        orphaned_resources: Some(OrphanedResources {
            warn: true,
            ignore: vec![(GroupKind { group: String::new(), kind: "ConfigMap".into() }, Some("ca".into()))],
        }),
        service_account: None,
    }
}

fn plan() -> Plan {
    let home = source("home", SourceKind::Git, "https://example.com/fleet", Revision::Branch("main".into()));
    let jetstack = source("jetstack", SourceKind::Helm, "https://charts.jetstack.io", Revision::Default);
    let path = |cluster: &str, at: &str| {
        let mut deployment = deployment("web", cluster, &home, Content::Path(at.into()));
        deployment.after = Arc::new(["cert-manager".into()]);
        deployment.rollout = Some("progressive".into());
        deployment.stage = Some(if cluster.starts_with("dev") { "dev".into() } else { "prod".into() });
        deployment
    };
    let cert_manager = |cluster: &str| {
        deployment("cert-manager", cluster, &jetstack, Content::Chart(chart("cert-manager", "v1.16.2")))
    };
    let mut agent = deployment("agent", "dev-a", &home, Content::Path("agent".into()));
    agent.after = Arc::new(["web".into()]);
    Plan {
        fleet: "my-org".into(),
        label_prefix: "fleetc.dev".into(),
        home: Some(Arc::clone(&home)),
        home_path: "gitops".into(),
        argocd: Vec::new(),
        flux: Vec::new(),
        guards: fleetc::plan::guards::Guards::new(nowhere()),
        hub_objects: Vec::new(),
        space: None,
        clusters: vec![cluster("dev-a", "dev"), cluster("prod-a", "prod"), cluster("prod-b", "prod")],
        sources: vec![Arc::clone(&home), Arc::clone(&jetstack)],
        projects: vec![
            project("a", ProjectClusters::All),
            project("g", ProjectClusters::Globs(vec!["prod-*".into()])),
            project("team", ProjectClusters::Names(vec!["prod-a".into(), "prod-b".into()])),
        ],
        rollouts: vec![Rollout {
            span: nowhere(),
            name: "progressive".into(),
            stages: vec![
                stage("dev", &["dev-a"], None, false),
                stage("prod", &["prod-a", "prod-b"], Some(Max::Percent(50)), true),
                stage("rest", &[], Some(Max::Count(2)), false),
            ],
        }],
        deployments: vec![
            agent,
            cert_manager("dev-a"),
            cert_manager("prod-a"),
            cert_manager("prod-b"),
            path("dev-a", "web/dev"),
            path("prod-a", "web/prod"),
            everything(&home),
        ],
    }
}

#[test]
fn the_json_has_the_documented_shape() {
    let json = format!("{:#}\n", json::json(&plan()));
    assert_eq!(json, include_str!("plan_formats/plan.json"));
}

#[test]
fn the_documented_keys_come_first_and_in_order() {
    let plan = json::json(&plan());
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&plan), ["schema", "fleet", "clusters", "deployments", "rollouts", "projects", "hub_objects"]);
    assert_eq!(keys(&plan["clusters"][0])[..3], ["name", "labels", "server"]);
    let documented = [
        "component",
        "cluster",
        "name",
        "project",
        "namespace",
        "source",
        "values",
        "patches",
        "health",
        "wait",
        "after",
        "rollout",
        "stage",
        "prune",
        "self_heal",
        "create_namespace",
        "protected",
    ];
    assert_eq!(keys(&plan["deployments"][0])[..documented.len()], documented);
    let source = ["name", "kind", "url", "revision", "path", "chart"];
    assert_eq!(keys(&plan["deployments"][0]["source"]), source);
    assert_eq!(keys(&plan["rollouts"][0]["stages"][0]), ["name", "clusters", "max", "gate", "bake"]);
    assert_eq!(keys(&plan["projects"][0])[..4], ["name", "sources", "clusters", "namespaces"]);
}

#[test]
fn the_text_names_what_comes_from_where_in_which_order() {
    assert_eq!(text::text(&plan()), include_str!("plan_formats/plan.txt"));
}

#[test]
fn a_long_list_of_clusters_is_cut() {
    let mut plan = plan();
    let one = plan.deployments[1].clone();
    let named = |number: usize| Deployment { cluster: format!("c{number}").into(), ..one.clone() };
    plan.deployments = (0..60).map(named).collect();
    assert!(text::text(&plan).ends_with("c0, c1, c2, c3, c4, c5, c6, c7, … (60 in all)\n"));
    plan.deployments = (0..9).map(named).collect();
    assert!(text::text(&plan).ends_with(", c8\n"));
}
