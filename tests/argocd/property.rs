//! Nothing is lost: the Applications that Argo CD makes of the ApplicationSets are those that the plan asks for.

use std::collections::BTreeMap;
use std::sync::Arc;

use fleetc::plan::*;
use fleetc::target::argocd;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::builder::*;
use crate::expand::{expand, with_plain_values};

/// Text that Go's templates, YAML or regular expressions might take for theirs.
pub fn text() -> impl Strategy<Value = String> {
    let parts = prop::sample::select(vec![
        "{{", "}}", "{", "`", "\"", "'", "{{-", "-}}", ".x", "$", "\\", "\n", " ", ": ", "#", "a", "yes", "0x1", "é",
        "/*",
    ]);
    prop::collection::vec(parts, 0..6).prop_map(|parts| parts.concat())
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        text().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1000..1000).prop_map(|n| json!(f64::from(n) / 8.0)),
        Just(Value::Null),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(text(), inner, 0..3).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

fn values() -> impl Strategy<Value = Map<String, Value>> {
    let some = prop::collection::btree_map(text(), value(), 0..3).prop_map(|map| map.into_iter().collect());
    // Often the same on several clusters.
    prop_oneof![Just(Map::new()), Just(json!({ "a": ["{{ b }}"] }).as_object().unwrap().clone()), some]
}

fn few<T: std::fmt::Debug + Clone>(of: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<T>> {
    prop::collection::vec(of, 0..3)
}

fn patch() -> impl Strategy<Value = Patch> {
    let change = prop_oneof![
        value().prop_map(|v| Change::Operations(vec![json!({ "op": "add", "path": "/x", "value": v })])),
        values().prop_map(Change::Merge),
    ];
    ("[A-Z][a-z]{0,3}", "[a-z.]{1,4}", change).prop_map(|(kind, name, change)| Patch { kind, name, change })
}

/// What is taken, and the values of a chart.
fn content() -> impl Strategy<Value = (Content, Map<String, Value>)> {
    let files = few(prop::sample::select(vec!["values.yaml", "more.yaml", "{{x}}.yaml"]));
    let chart = (prop::sample::select(vec!["1.0.0", "2.0.0"]), values(), files).prop_map(|(version, values, files)| {
        let file = |path: &str| ValuesFile { source: git("teams"), path: path.to_owned(), text: None };
        let files = files.into_iter().map(file).collect();
        let chart = Chart { values_files: files, missing_values_files: false, ..chart("c", version, "r") };
        (Content::Chart(chart), values)
    });
    prop_oneof![
        prop::sample::select(vec!["one", "two"]).prop_map(|path| (Content::Path(path.to_owned()), Map::new())),
        chart
    ]
}

fn image() -> impl Strategy<Value = Image> {
    (prop::option::of("[a-z]{1,3}"), prop::option::of("[a-z]{1,3}")).prop_map(|(new_name, tag)| Image {
        name: "image".to_owned(),
        new_name,
        tag,
        digest: None,
    })
}

/// Raw fields of an Application, of the shapes that the schema has.
fn raw() -> impl Strategy<Value = serde_json::Map<String, Value>> {
    let info = prop::collection::vec((text(), text()), 0..3);
    (info, prop::option::weighted(0.2, 0..3_u8), prop::option::of(text()), prop::bool::weighted(0.2)).prop_map(
        |(info, history, exclude, refresh)| {
            let mut raw = serde_json::Map::new();
            let info: Vec<Value> = info.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
            if !info.is_empty() {
                raw.insert("info".into(), json!(info));
            }
            if let Some(history) = history {
                raw.insert("revisionHistoryLimit".into(), json!(history));
            }
            if let Some(exclude) = exclude {
                raw.insert("source".into(), json!({ "directory": { "exclude": exclude } }));
            }
            if refresh {
                raw.insert("syncPolicy".into(), json!({ "retry": { "refresh": true } }));
            }
            raw
        },
    )
}

prop_compose! {
    fn random_deployment()(
        (content, values) in content(),
        patches in few(patch()),
        images in few(image()),
        texts in prop::collection::vec(text(), 3),
        flags in prop::collection::vec(prop::bool::weighted(0.2), 6),
        namespace in prop::option::of("[a-z]{1,3}"),
        raw in raw(),
    ) -> Deployment {
        let mut d = deployment("x", "y");
        d.content = content;
        d.values = values.into();
        d.patches = Arc::new(patches);
        d.images = images;
        d.namespace = namespace;
        d.raw.application = raw;
        d.labels = BTreeMap::from([("team".to_owned(), texts[0].clone())]);
        d.annotations = BTreeMap::from([("note".to_owned(), texts[1].clone()), (texts[2].clone(), "x".to_owned())]);
        d.prune = !flags[0];
        d.self_heal = flags[1];
        d.server_side = flags[2];
        d.suspend = flags[3];
        d.on_delete = if flags[4] { OnDelete::Keep } else { OnDelete::Cascade };
        d.after = if flags[5] { Arc::from(["a".into()]) } else { Arc::default() };
        d
    }
}

/// Some of three components on some of six clusters, some of them under a rollout.
pub fn random_plan() -> impl Strategy<Value = Plan> {
    let deployments = prop::collection::vec(prop::option::of(random_deployment()), 18);
    (deployments, any::<[bool; 3]>()).prop_map(|(deployments, rolling)| {
        let rollout = rollout("r", &[("first", &["c0", "c1"]), ("second", &["c2"]), ("rest", &["c3", "c4", "c5"])]);
        let mut all = Vec::new();
        for (index, deployment) in deployments.into_iter().enumerate() {
            let Some(mut d) = deployment else { continue };
            d.component = ["a", "b", "c"][index / 6].into();
            d.cluster = format!("c{}", index % 6).into();
            d.name = format!("{}-{}", d.component, d.cluster).into();
            if *d.component == *"a" {
                d.after = Arc::default();
            }
            all.push(if rolling[index / 6] { under(&rollout, d) } else { d });
        }
        let mut plan = plan(all);
        plan.rollouts.push(rollout);
        plan
    })
}

/// The ApplicationSets of a plan, as they are read from the files.
pub fn application_sets(plan: &Plan) -> Vec<Value> {
    let tree = argocd::build(plan, plan.argocd.first().unwrap());
    let sets = tree.iter().filter(|(path, _)| path.starts_with("argocd/applicationsets/"));
    sets.map(|(_, text)| serde_yaml::from_str(text).unwrap()).collect()
}

fn by_name(applications: impl IntoIterator<Item = Value>) -> BTreeMap<String, Value> {
    let mut named = BTreeMap::new();
    for application in applications {
        let name = application["metadata"]["name"].as_str().unwrap().to_owned();
        assert!(named.insert(name.clone(), with_plain_values(application)).is_none(), "{name} twice");
    }
    named
}

/// In how many steps of its ApplicationSet an Application is.
fn steps(set: &Value, application: &Value) -> usize {
    let steps = set["spec"]["strategy"]["rollingSync"]["steps"].as_array().unwrap();
    let is_in = |step: &Value| {
        step["matchExpressions"].as_array().unwrap().iter().all(|expression| {
            assert_eq!(expression["operator"], "In");
            let label = &application["metadata"]["labels"][expression["key"].as_str().unwrap()];
            expression["values"].as_array().unwrap().contains(label)
        })
    };
    steps.iter().filter(|step| is_in(step)).count()
}

/// The plan with its Applications written out.
fn written_out(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    plan.argocd[0].layout = ArgoCdLayout::AppOfApps;
    plan
}

/// The Application of a deployment that is alone in its fleet: with nothing to be like and nothing to wait for.
fn alone(plan: &Plan, deployment: &Deployment) -> Value {
    let mut plan = plan.clone();
    let mut alone = Deployment { after: Arc::default(), stage: None, ..deployment.clone() };
    alone.rollout = None;
    plan.deployments = vec![alone];
    argocd::applications(&plan, &plan.argocd[0]).remove(0)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn the_application_sets_expand_to_the_applications_of_the_plan(plan in random_plan()) {
        let sets = application_sets(&plan);
        let expected = by_name(argocd::applications(&plan, plan.argocd.first().unwrap()));
        let actual = by_name(sets.iter().flat_map(expand));
        prop_assert_eq!(actual, expected);
    }

    #[test]
    fn every_application_of_a_rolling_sync_is_in_one_step(plan in random_plan()) {
        for set in application_sets(&plan) {
            for application in expand(&set) {
                if set["spec"]["strategy"].is_object() {
                    prop_assert_eq!(steps(&set, &application), 1);
                }
                let keeps = set["spec"]["syncPolicy"]["preserveResourcesOnDeletion"] == true;
                prop_assert_eq!(keeps, application["metadata"]["finalizers"].is_null());
                prop_assert_eq!(keeps, set["spec"]["syncPolicy"]["applicationsSync"] == "create-update");
            }
        }
    }

    #[test]
    fn applications_that_are_written_out_are_those_of_application_sets(plan in random_plan()) {
        let other = written_out(&plan);
        let tree = argocd::build(&other, &other.argocd[0]);
        let mut files = tree.iter().filter(|(path, _)| path.starts_with("argocd/apps/") && path.matches('/').count() == 3);
        for deployment in &plan.deployments {
            let path = format!("argocd/apps/{}/{}.yaml", deployment.cluster, deployment.component);
            let mut application: Value = serde_yaml::from_str(&tree[&path]).unwrap();
            prop_assert_eq!(application["metadata"].as_object_mut().unwrap().remove("namespace"), Some(json!("argocd")));
            if let Some(annotations) = application["metadata"]["annotations"].as_object_mut() {
                annotations.remove("argocd.argoproj.io/sync-wave");
                if annotations.is_empty() {
                    application["metadata"].as_object_mut().unwrap().remove("annotations");
                }
            }
            let expected = alone(&plan, deployment);
            prop_assert_eq!(&application["metadata"], &expected["metadata"]);
            prop_assert_eq!(&application["spec"], &expected["spec"]);
            files.next();
        }
        prop_assert!(files.next().is_none());
        prop_assert!(!tree.keys().any(|path| path.starts_with("argocd/applicationsets/")));
    }
}
