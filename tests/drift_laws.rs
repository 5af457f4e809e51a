//! The laws of `fleetc drift` over random fleets: what engines report of exactly what was built is no drift, and one
//! change of it is one finding.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]
#![allow(missing_docs)]

#[allow(dead_code)]
mod random;
#[path = "drift/world.rs"]
mod world;

use fleetc::analysis;
use fleetc::drift::{self, Drift, Selection, Wrong, compare};
use fleetc::plan::Plan;
use fleetc::project::MemoryFiles;
use fleetc::target::{self, Engines, OutputTree};
use random::rng::Rng;
use serde_json::{Value, json};

fn seeds() -> u64 {
    std::env::var("FLEETC_SEEDS").map_or(60, |count| count.parse().expect("a number"))
}

/// A random fleet, built, and what its engines report.
fn world(seed: u64) -> (Plan, OutputTree, Vec<Value>) {
    let mut memory = MemoryFiles::new();
    for (path, text) in &random::print::print(&random::generate::generate(seed), seed, seed) {
        memory = memory.file(path, text.as_str());
    }
    world_of(memory, &format!("seed {seed}"))
}

fn world_of(memory: MemoryFiles, what: &str) -> (Plan, OutputTree, Vec<Value>) {
    let plan = analysis::compile(&memory.into_project(), &[]).plan.unwrap_or_else(|| panic!("{what}"));
    let tree = target::build(&plan, &Engines { argocd: true, flux: true });
    let objects = world::live(&tree, &plan.home_path);
    (plan, tree, objects)
}

/// Clusters of an inventory that are registered, secrets, objects on clusters and on the hub, and accounts.
const REGISTERED: &str = r#"
fleet shop { source = config, protected = env == prod, migrating = true }
argocd { register = secrets }
flux { kubeconfig-map = "${cluster}-identity", multi-tenant = true }
source config { git = "https://github.com/acme/config", branch = "main" }
label env: dev | prod
label region: string
fact account: string
defaults cluster {
  auth = eks { role = "arn:aws:iam::${account}:role/argocd", cluster = "arn:aws:eks:${region}:${account}:cluster/${cluster}" }
}
inventory "clusters.json"
project platform {
  sources           = [fleet, std.external-secrets]
  namespaces        = ["*"]
  cluster-resources = ["*/*"]
  service-account   = platform
}
defaults component { project = platform }
component external-secrets from std.external-secrets on all { version = "2.9.0" }
component web on all { path = "web", namespace = web }
store aws { provider = aws-secrets-manager, region = region, project = platform }
secret database on all { store = aws, namespace = web, from = "${env}/database", project = platform }
object "v1/ConfigMap" info on all { namespace = web, project = platform, data { env = env } }
object "v1/ConfigMap" inventory { hub = true, namespace = argocd, name = "inventory-${cluster}", data { env = env } }
"#;

const CLUSTERS: &str = r#"[
  { "name": "dev", "server": "https://a.gr7.eu-west-1.eks.amazonaws.com",
    "env": "dev", "region": "eu-west-1", "account": "111122223333" },
  { "name": "prod", "server": "https://b.gr7.eu-west-1.eks.amazonaws.com",
    "env": "prod", "region": "eu-west-1", "account": "444455556666" }
]"#;

#[test]
fn secrets_objects_and_registrations_are_no_drift() {
    // Without an order in Argo CD nothing of it is in the Applications, though Flux keeps what follows from secrets.
    for argocd in ["argocd {", "argocd { progressive-syncs = true,", "argocd { layout = app-of-apps,"] {
        let fleet = REGISTERED.replace("argocd {", argocd);
        let memory = MemoryFiles::new().file("fleet.fleet", fleet.as_str()).file("clusters.json", CLUSTERS);
        let (plan, tree, mut objects) = world_of(memory, argocd);
        assert!(tree.keys().any(|path| path.ends_with("flux/hub/accounts.yaml")), "{argocd}");
        // What a wide `kubectl get` gives besides.
        for kind in ["Secret", "ConfigMap", "ServiceAccount"] {
            let metadata = json!({ "name": "cluster-dev", "namespace": "argocd" });
            objects.push(json!({ "apiVersion": "v1", "kind": kind, "metadata": metadata }));
        }
        let found = drift(&plan, &tree, &objects);
        assert_eq!(lines(&found), [""; 0], "{argocd}");
        assert_eq!(found.deployments(), 20, "{argocd}");
    }
}

fn drift(plan: &Plan, tree: &OutputTree, objects: &[Value]) -> Drift {
    let state = drift::read(&world::list(objects)).unwrap();
    let selection = Selection { engines: None, instance: None };
    compare(plan, tree, &[state], &selection).unwrap()
}

/// Each finding in a line: what it is about and what is wrong.
fn lines(drift: &Drift) -> Vec<String> {
    let line = |one: &drift::Finding| {
        let field = one.field.as_deref().unwrap_or_default();
        let why = one.why.as_deref().unwrap_or_default();
        format!(
            "{} {} {}/{} {field} {:?} {:?} {why}",
            one.wrong.word(),
            one.kind.word(),
            one.namespace,
            one.name,
            one.wanted,
            one.live
        )
    };
    drift.findings().map(line).collect()
}

#[test]
fn what_was_built_is_no_drift() {
    let mut deployments = 0;
    for seed in 0..seeds() {
        let (plan, tree, objects) = world(seed);
        let found = drift(&plan, &tree, &objects);
        assert_eq!(lines(&found), [""; 0], "seed {seed}");
        let engines = usize::from(!plan.argocd.is_empty()) + usize::from(!plan.flux.is_empty());
        assert_eq!(found.deployments(), plan.deployments.len() * engines, "seed {seed}");
        for instance in &found.instances {
            assert!(instance.rollouts.iter().all(|one| one.stage.is_none()), "seed {seed}: {:?}", instance.rollouts);
            assert!(instance.not_compared.iter().all(|one| !one.contains("Application")), "seed {seed}");
            let foreign: Vec<&str> = instance.foreign.iter().map(|one| one.name.as_str()).collect();
            assert!(foreign.is_empty() || foreign == ["default"], "seed {seed}: {foreign:?}");
        }
        deployments += found.deployments();
    }
    assert!(deployments > 500, "{deployments}");
}

/// One change of one object: what it is called, and which findings it makes.
fn change(object: &mut Value, way: u64) -> Option<(&'static str, Wrong)> {
    let is_suspended = object["spec"]["suspend"] == true
        || object["metadata"]["annotations"]["argocd.argoproj.io/skip-reconcile"] == "true";
    let kind = object["kind"].as_str().unwrap().to_owned();
    let is_deployment =
        ["Application", "Kustomization"].contains(&kind.as_str()) && object["metadata"]["labels"].is_object();
    match way {
        0 => {
            object["spec"]["somethingByHand"] = json!("x");
            Some(("a field by hand", Wrong::Differs))
        }
        1 if kind == "Kustomization" => {
            object["spec"]["path"] = json!("./elsewhere");
            Some(("another path", Wrong::WrongPath))
        }
        1 if object["spec"]["source"]["path"].is_string() => {
            object["spec"]["source"]["path"] = json!("elsewhere");
            Some(("another path", Wrong::WrongPath))
        }
        2 if object["spec"]["source"]["targetRevision"].is_string() => {
            object["spec"]["source"]["targetRevision"] = json!("by-hand");
            Some(("another revision", Wrong::WrongRevision))
        }
        2 if kind == "GitRepository" => {
            object["spec"]["ref"] = json!({ "commit": "0123" });
            Some(("another revision", Wrong::WrongRevision))
        }
        3 if kind == "Application" && is_deployment && !is_suspended => {
            object["status"]["health"] = json!({ "status": "Degraded", "message": "it is ill" });
            Some(("degraded", Wrong::NotReady))
        }
        3 if kind == "HelmRelease" => {
            object["status"]["conditions"][0] =
                json!({ "type": "Ready", "status": "False", "reason": "InstallFailed", "message": "it is ill" });
            Some(("not ready", Wrong::NotReady))
        }
        4 if kind == "Application" && is_deployment && !is_suspended => {
            object["metadata"]["annotations"]["argocd.argoproj.io/skip-reconcile"] = json!("true");
            Some(("suspended by hand", Wrong::Suspended))
        }
        4 if !["Application", "ApplicationSet", "AppProject"].contains(&kind.as_str()) && !is_suspended => {
            object["spec"]["suspend"] = json!(true);
            Some(("suspended by hand", Wrong::Suspended))
        }
        5 if kind == "Application" && is_deployment && !is_suspended => {
            object["status"]["sync"]["status"] = json!("OutOfSync");
            Some(("out of sync", Wrong::OutOfSync))
        }
        6 if object["metadata"]["labels"].is_object() && ["Application", "HelmRelease"].contains(&kind.as_str()) => {
            object["metadata"]["labels"].as_object_mut().unwrap().retain(|key, _| !key.contains("/component"));
            Some(("a label less", Wrong::Differs))
        }
        7 if object["spec"]["syncPolicy"]["automated"]["enabled"].is_null()
            && kind == "Application"
            && is_deployment
            && !is_suspended =>
        {
            object["spec"]["syncPolicy"]["automated"]["enabled"] = json!(false);
            Some(("automated sync turned off", Wrong::Suspended))
        }
        _ => None,
    }
}

#[test]
fn one_change_is_one_finding() {
    let mut told = std::collections::BTreeMap::<&str, usize>::new();
    for seed in 0..seeds() / 5 {
        let (plan, tree, objects) = world(seed);
        let mut rng = Rng::new(seed, 77);
        for way in 0..10 {
            let mut changed = objects.clone();
            // Not every object can change in every way.
            let found = (0..20).find_map(|_| {
                let place = rng.below(objects.len());
                if ["default", "fleet"].contains(&objects[place]["metadata"]["name"].as_str().unwrap()) {
                    return None;
                }
                let told = match way {
                    8 => {
                        changed.remove(place);
                        Some(("gone", Wrong::Missing))
                    }
                    9 => {
                        let mut copy = objects[place].clone();
                        let name = copy["metadata"]["name"].as_str().unwrap();
                        copy["metadata"]["name"] = json!(format!("{name}-copy"));
                        changed.push(copy);
                        Some(("a copy", Wrong::Unexpected))
                    }
                    way => change(&mut changed[place], way),
                };
                told.map(|told| (place, told))
            });
            let Some((place, (what, wrong))) = found else { continue };
            let name = objects[place]["metadata"]["name"].as_str().unwrap();
            let context = |what: &str| format!("seed {seed}: {what} of {} {name}", objects[place]["kind"]);
            // The root is applied by hand, and nobody knows a copy of it.
            if what == "a copy"
                && objects[place]["metadata"]["annotations"]["argocd.argoproj.io/tracking-id"].is_null()
                && objects[place]["metadata"]["ownerReferences"].is_null()
                && objects[place]["kind"] != "Kustomization"
            {
                continue;
            }
            let found = drift(&plan, &tree, &changed);
            let all = lines(&found);
            assert_eq!(all.len(), 1, "{}: {all:#?}", context(what));
            let finding = found.findings().next().unwrap();
            assert_eq!(finding.wrong, wrong, "{}: {all:?}", context(what));
            assert!(finding.name.starts_with(name), "{}: {all:?}", context(what));
            *told.entry(what).or_default() += 1;
        }
    }
    assert!(told.len() >= 11, "{told:?}");
}
