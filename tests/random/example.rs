//! The reference interpreter itself, on the fleet of `language.md`, section 1, whose plan is known by hand.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::harness::examine;
use super::model::{
    ArgoCd, Body, Change, Cluster, Component, Expr, Field, Fleet, Flux, Max, On, Part, Patch, Pred, Presence, Project,
    Repository, Rollout, Safety, Source, Stage, Type, text,
};
use super::reference::Reference;

fn name(name: &str) -> Expr {
    Expr::Name(name.into())
}

fn env_is(value: &str) -> Pred {
    Pred::Equal { label: "env".into(), negated: false, value: Box::new(name(value)) }
}

fn choice(field: &str, values: &[&str], presence: Presence) -> Field {
    let values = values.iter().map(|value| value.to_string()).collect();
    Field { name: field.into(), key: None, fact: false, ty: Type::Choice(values), presence, safety: Safety::Name }
}

fn git(source: &str, branch: &str) -> Source {
    let url = format!("https://github.com/my-org/{source}");
    Source { name: source.into(), kind: "git", url, revision: Some(("branch", branch.into())), charts: false }
}

fn cluster(parts: Vec<Part>, bindings: Vec<(String, Vec<Expr>)>, fields: &[(&str, &str)]) -> Cluster {
    let fields = fields.iter().map(|(key, value)| (key.to_string(), name(value))).collect();
    Cluster { name: parts, bindings, fields, with: Vec::new(), without: Vec::new(), server: None }
}

fn attributes(entries: &[(&str, Expr)]) -> BTreeMap<String, Expr> {
    entries.iter().map(|(key, value)| (key.to_string(), value.clone())).collect()
}

fn overlay(before: &str) -> Expr {
    Expr::Text(vec![Part::Literal(before.into()), Part::Hole("env".into())])
}

fn project(name: &str, sources: Vec<Repository>, namespace: &str) -> Project {
    Project { name: name.into(), description: None, sources, clusters: None, namespaces: vec![namespace.into()] }
}

fn components() -> Vec<Component> {
    let prometheus = Body {
        attributes: attributes(&[
            ("path", overlay("platform/prometheus/overlays/")),
            ("namespace", name("monitoring")),
            ("after", Expr::List(vec![name("cert-manager")])),
        ]),
        patches: vec![Patch {
            kind: "HelmRelease".into(),
            name: "prometheus-stack".into(),
            change: Change::Operations(vec![(
                "replace".into(),
                "/spec/values/global/clusterName".into(),
                Some(name("cluster")),
            )]),
        }],
        ..Body::default()
    };
    let payments = Body {
        attributes: attributes(&[
            ("project", name("payments-team")),
            ("source", name("payments-api")),
            ("path", overlay("k8s/overlays/")),
            ("namespace", name("payments")),
            ("rollout", name("progressive")),
            ("health", Expr::List(vec![text("Deployment/payments-api")])),
        ]),
        on: vec![
            On {
                on: env_is("prod"),
                body: Body { attributes: attributes(&[("prune", Expr::Bool(false))]), ..Body::default() },
            },
            On {
                on: Pred::Name("prod-us-east-1".into()),
                body: Body { attributes: attributes(&[("prune", Expr::Bool(true))]), ..Body::default() },
            },
        ],
        ..Body::default()
    };
    let cert_manager = Body {
        attributes: attributes(&[("path", text("platform/cert-manager")), ("project", name("platform"))]),
        ..Body::default()
    };
    let on_all =
        |name: &str, on: Pred, body: Body| Component { name: name.into(), from: Vec::new(), on: Some(on), body };
    vec![
        on_all("prometheus", Pred::Name("production".into()), prometheus),
        on_all("payments-api", Pred::All, payments),
        on_all("cert-manager", Pred::All, cert_manager),
    ]
}

fn clusters() -> Vec<Cluster> {
    vec![
        cluster(
            vec![Part::Hole("env".into()), Part::Literal("-us-east-1".into())],
            vec![("env".into(), vec![name("dev"), name("staging"), name("prod")])],
            &[("region", "us-east-1")],
        ),
        cluster(vec![Part::Literal("prod-eu-west-1".into())], vec![], &[("env", "prod"), ("region", "eu-west-1")]),
        cluster(
            vec![Part::Literal("prod-ap-southeast-1".into())],
            vec![],
            &[("env", "prod"), ("region", "ap-southeast-1")],
        ),
    ]
}

fn fleet() -> Fleet {
    let stage = |name: &str, on: Pred, max| Stage { name: name.into(), on: Some(on), max, manual: false };
    Fleet {
        name: "my-org".into(),
        home: "fleet-config".into(),
        open: false,
        protected: Some(env_is("prod")),
        label_prefix: None,
        argocd: Some(ArgoCd { progressive_syncs: true, ..ArgoCd::default() }),
        flux: Some(Flux::default()),
        sources: vec![git("fleet-config", "main"), git("payments-api", "main")],
        fields: vec![
            choice("env", &["dev", "staging", "prod"], Presence::Required),
            choice("region", &["us-east-1", "eu-west-1", "ap-southeast-1"], Presence::Required),
            choice(
                "tier",
                &["production", "non-production"],
                Presence::Derived(Expr::If(
                    vec![(env_is("prod"), name("production"))],
                    Box::new(name("non-production")),
                )),
            ),
        ],
        cluster_defaults: BTreeMap::new(),
        clusters: clusters(),
        groups: vec![(
            "production".into(),
            Pred::Equal { label: "tier".into(), negated: false, value: Box::new(name("production")) },
        )],
        projects: vec![
            project("platform", vec![Repository::Glob("https://github.com/my-org/*".into()), Repository::Home], "*"),
            project("payments-team", vec![Repository::Source("payments-api".into())], "payments"),
        ],
        rollouts: vec![Rollout {
            name: "progressive".into(),
            stages: vec![
                stage("dev", env_is("dev"), None),
                stage("staging", env_is("staging"), None),
                stage("canary", Pred::Name("prod-us-east-1".into()), None),
                stage("prod", env_is("prod"), Some(Max::Count(1))),
            ],
        }],
        templates: Vec::new(),
        defaults: Some(Body {
            attributes: attributes(&[("project", name("platform")), ("interval", Expr::Duration("10m".into()))]),
            ..Body::default()
        }),
        components: components(),
    }
}

/// The same on 401 more clusters: more than one ApplicationSet may list.
fn wide() -> Fleet {
    let mut fleet = fleet();
    let numbers = (1..=401).map(Expr::Int).collect();
    fleet.clusters.push(cluster(
        vec![Part::Literal("edge-".into()), Part::Hole("n".into())],
        vec![("n".into(), numbers)],
        &[("env", "prod"), ("region", "eu-west-1")],
    ));
    let payments = &mut fleet.components[1].body.attributes;
    payments.remove("rollout");
    fleet
}

fn deployment(plan: &Value, component: &str, cluster: &str) -> Value {
    let deployments = plan["deployments"].as_array().unwrap();
    deployments.iter().find(|it| it["component"] == component && it["cluster"] == cluster).unwrap().clone()
}

#[test]
fn clusters_have_their_labels() {
    let plan = Reference::new(&fleet()).plan();
    let names: Vec<&str> = plan["clusters"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        ["dev-us-east-1", "prod-ap-southeast-1", "prod-eu-west-1", "prod-us-east-1", "staging-us-east-1"]
    );
    assert_eq!(plan["clusters"][3]["labels"], json!({ "env": "prod", "region": "us-east-1", "tier": "production" }));
}

#[test]
fn components_run_where_their_predicates_hold() {
    let plan = Reference::new(&fleet()).plan();
    let pairs: Vec<String> = plan["deployments"].as_array().unwrap().iter().map(|it| it["name"].to_string()).collect();
    assert_eq!(pairs.len(), 5 + 5 + 3);
    assert!(pairs.is_sorted());
    let prometheus = deployment(&plan, "prometheus", "prod-eu-west-1");
    assert_eq!(prometheus["project"], "platform");
    assert_eq!(prometheus["after"], json!(["cert-manager"]));
    assert_eq!(
        prometheus["source"],
        json!({
            "name": "fleet-config", "kind": "git", "url": "https://github.com/my-org/fleet-config", "revision": "main",
            "path": "platform/prometheus/overlays/prod", "chart": null,
        })
    );
    assert_eq!(prometheus["patches"][0]["operations"][0]["value"], "prod-eu-west-1");
}

#[test]
fn the_narrower_block_wins_and_the_first_stage_takes() {
    let plan = Reference::new(&fleet()).plan();
    let of = |cluster: &str| {
        let payments = deployment(&plan, "payments-api", cluster);
        (payments["stage"].as_str().unwrap().to_string(), payments["prune"].as_bool().unwrap())
    };
    assert_eq!(of("dev-us-east-1"), ("dev".into(), true));
    assert_eq!(of("prod-us-east-1"), ("canary".into(), true));
    assert_eq!(of("prod-eu-west-1"), ("prod".into(), false));
    let payments = deployment(&plan, "payments-api", "dev-us-east-1");
    assert_eq!(payments["health"], json!(["apps/v1/Deployment/payments/payments-api"]));
    assert_eq!(payments["wait"], json!(false));
    assert_eq!(
        plan["rollouts"][0]["stages"][3],
        json!({ "name": "prod", "clusters": ["prod-ap-southeast-1", "prod-eu-west-1"], "max": 1, "gate": null, "bake": null })
    );
    assert_eq!(
        plan["projects"][1]["sources"],
        json!(["https://github.com/my-org/*", "https://github.com/my-org/fleet-config"])
    );
}

#[test]
fn the_example_compiles_as_it_should() {
    let mut fleet = fleet();
    // Argo CD rolls out one ApplicationSet, whose Applications prune or do not.
    fleet.components[1].body.on.clear();
    examine(&fleet, 1).unwrap_or_else(|failure| panic!("{}", failure.report));
}

#[test]
fn four_hundred_clusters_are_not_the_limit() {
    examine(&wide(), 1).unwrap_or_else(|failure| panic!("{}", failure.report));
}
