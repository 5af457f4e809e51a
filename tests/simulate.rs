//! `fleetc plan --simulate`: what it prints of small fleets, that it reads what was built and not the plan, and the laws.
//!
//! `tests/simulate/*.txt` each hold a fleet, and below it commands with what they print.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice, missing_docs)]

mod folder;
#[path = "folder/program.rs"]
mod program;
#[path = "random/rng.rs"]
#[allow(dead_code)]
mod rng;
#[path = "support/golden.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use fleetc::analysis;
use fleetc::plan::{FluxMode, Plan};
use fleetc::project::Project;
use fleetc::simulate::{Component, Engine, Instance, Simulation, simulate};
use fleetc::target::{self, Engines, OutputTree, yaml};
use folder::Folder;
use rng::Rng;
use serde_json::{Value, json};

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/simulate");
    let mut found: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

/// The fleet of a case and its commands.
fn read(path: &Path) -> (String, Vec<String>) {
    let text = fs::read_to_string(path).unwrap();
    let (fleet, _) = text.split_once("\n$ ").unwrap();
    let commands = text.lines().filter_map(|line| line.strip_prefix("$ fleetc ")).map(str::to_owned);
    (format!("{fleet}\n"), commands.collect())
}

#[test]
fn the_timelines_are_these() {
    for path in cases() {
        let (fleet, commands) = read(&path);
        let folder = Folder::with(&[("fleet.fleet", &fleet)]);
        let mut text = fleet;
        for command in commands {
            let arguments: Vec<&str> = command.split(' ').collect();
            let ran = folder.fleetc(&[arguments.as_slice(), &["--color", "never"]].concat()).ends_with(0);
            text += &format!("$ fleetc {command}\n{}\n", ran.stdout);
        }
        let name = path.file_name().unwrap().to_str().unwrap();
        support::golden(&format!("tests/simulate/{name}"), &format!("{}\n", text.trim_end()));
    }
}

fn compile(project: &Project, context: &str) -> Plan {
    let compilation = analysis::compile(project, &[]);
    compilation.plan.unwrap_or_else(|| panic!("{context} has errors"))
}

fn build(plan: &Plan) -> OutputTree {
    target::build(plan, &Engines { argocd: true, flux: true })
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The plan and the output of a case.
fn case(name: &str) -> (Plan, OutputTree) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/simulate/{name}.txt"));
    let (fleet, _) = read(&path);
    let folder = Folder::with(&[("fleet.fleet", &fleet)]);
    let plan = compile(&Project::discover(&folder.root()).unwrap(), name);
    let tree = build(&plan);
    (plan, tree)
}

/// The round in which each deployment starts, by component and cluster; none twice.
fn rounds(instance: &Instance) -> BTreeMap<(String, String), usize> {
    let mut rounds = BTreeMap::new();
    for component in &instance.components {
        for round in &component.rounds {
            for cluster in round.opens.iter().flat_map(|opening| &opening.clusters) {
                let before = rounds.insert((component.name.clone(), cluster.clone()), round.number);
                assert_eq!(before, None, "{} on {cluster} starts twice", component.name);
            }
        }
    }
    rounds
}

fn frozen(instance: &Instance) -> BTreeSet<(String, String)> {
    let of = |component: &Component| {
        component.frozen.iter().map(|one| (component.name.clone(), one.cluster.clone())).collect::<Vec<_>>()
    };
    instance.components.iter().flat_map(of).collect()
}

fn instance(simulation: &Simulation, engine: Engine) -> &Instance {
    simulation.instances.iter().find(|instance| instance.engine == engine).unwrap()
}

fn round_of(simulation: &Simulation, engine: Engine, component: &str, cluster: &str) -> Option<usize> {
    rounds(instance(simulation, engine)).get(&(component.to_owned(), cluster.to_owned())).copied()
}

/// Replaces a text that stands in one file of the output.
fn spoil(tree: &mut OutputTree, path: &str, from: &str, to: &str) {
    let text = tree.get_mut(path).unwrap_or_else(|| panic!("no {path}"));
    assert!(text.contains(from), "{path} has no {from}:\n{text}");
    *text = text.replace(from, to);
}

#[test]
fn a_gate_that_lost_what_it_depends_on_lets_everything_through() {
    let (plan, mut tree) = case("stages");
    spoil(&mut tree, "flux/hub/rollouts/careful/prod.yaml", "dependsOn:", "dependedOn:");
    let simulation = simulate(&plan, &tree, &set(&["dev-1"]));
    assert_eq!(round_of(&simulation, Engine::Flux, "web", "prod-1"), Some(1));
}

#[test]
fn a_dependency_that_is_not_there_is_waited_for_without_end() {
    let (plan, mut tree) = case("after");
    spoil(&mut tree, "flux/hub/clusters/dev.yaml", "    - name: operator-dev", "    - name: operator");
    let simulation = simulate(&plan, &tree, &set(&[]));
    assert_eq!(round_of(&simulation, Engine::Flux, "database", "dev"), None);
    let frozen = &instance(&simulation, Engine::Flux).components[0].frozen[0];
    assert_eq!(frozen.because[0].reason, "it depends on a Kustomization that is not there");
}

#[test]
fn an_application_of_no_step_is_never_synced_and_holds_up_nobody() {
    let (plan, mut tree) = case("stages");
    let path = "argocd/applicationsets/web.yaml";
    spoil(&mut tree, path, "cluster: dev-2\n            step: \"1\"", "cluster: dev-2\n            step: \"7\"");
    let simulation = simulate(&plan, &tree, &set(&[]));
    assert_eq!(round_of(&simulation, Engine::ArgoCd, "web", "dev-2"), None);
    assert_eq!(round_of(&simulation, Engine::ArgoCd, "web", "prod-1"), Some(2));
    let frozen = &instance(&simulation, Engine::ArgoCd).components[1].frozen[0];
    assert_eq!((frozen.state, frozen.because[0].reason.as_str()), ("Waiting", "no step takes it"));
}

#[test]
fn a_deployment_that_no_manifest_deploys_is_not_reached() {
    let (plan, mut tree) = case("stages");
    tree.remove("flux/hub/clusters/prod-2.yaml");
    let simulation = simulate(&plan, &tree, &set(&[]));
    assert_eq!(frozen(instance(&simulation, Engine::Flux)), [pair("tools", "prod-2"), pair("web", "prod-2")].into());
}

/// The gates of a stage stand in one file, as many as there are batches and components.
#[test]
fn a_file_may_hold_thousands_of_objects() {
    let (plan, mut tree) = case("stages");
    let filler = kustomization("filler", "");
    tree.get_mut("flux/hub/rollouts/careful/prod.yaml").unwrap().push_str(&format!("---\n{filler}").repeat(3_000));
    let simulation = simulate(&plan, &tree, &set(&[]));
    assert_eq!(round_of(&simulation, Engine::Flux, "web", "prod-1"), Some(2));
}

fn pair(component: &str, cluster: &str) -> (String, String) {
    (component.to_owned(), cluster.to_owned())
}

/// A Kustomization as the Flux of a cluster reads it.
fn kustomization(name: &str, depends_on: &str) -> String {
    format!(
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: {name}\n\
         spec:\n  dependsOn: [{depends_on}]\n"
    )
}

/// Where each cluster has its own Flux, names are known in its folder only.
#[test]
fn clusters_with_a_flux_of_their_own_wait_for_nobody_else() {
    let (mut plan, _) = case("after");
    plan.flux[0].mode = FluxMode::Pull;
    let mut tree = OutputTree::new();
    for cluster in ["dev", "prod"] {
        let all = ["operator", "database", "web", "tools"].map(|component| {
            let before =
                if component == "database" { format!("{{ name: operator-{cluster} }}") } else { String::new() };
            kustomization(&format!("{component}-{cluster}"), &before)
        });
        tree.insert(format!("flux/clusters/{cluster}/fleet.yaml"), all.join("---\n"));
    }
    let simulation = simulate(&plan, &tree, &set(&["dev"]));
    assert_eq!(frozen(instance(&simulation, Engine::Flux)), [pair("database", "dev")].into());
}

/// A folder of patches over what clusters have in common is read as kustomize builds it.
#[test]
fn patches_say_what_a_kustomization_depends_on() {
    let (plan, _) = case("after");
    let mut tree = OutputTree::new();
    let list = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n";
    let components = ["operator", "database", "web", "tools"];
    for component in components {
        let folder = format!("flux/base/components/{component}");
        tree.insert(format!("{folder}/kustomization.yaml"), format!("{list}  - component.yaml\n"));
        tree.insert(format!("{folder}/component.yaml"), kustomization(component, ""));
    }
    for cluster in ["dev", "prod"] {
        let mut text = list.to_owned();
        for component in components {
            text += &format!("  - ../../base/components/{component}\n");
        }
        text += "patches:\n";
        for component in components {
            let before =
                if component == "database" { format!("{{ name: operator-{cluster} }}") } else { String::new() };
            let patch = kustomization(&format!("{component}-{cluster}"), &before).replace('\n', "\n      ");
            text += &format!("  - target:\n      name: {component}\n    patch: |\n      {}\n", patch.trim_end());
        }
        tree.insert(format!("flux/clusters/{cluster}/kustomization.yaml"), text);
    }
    let simulation = simulate(&plan, &tree, &set(&["dev"]));
    assert_eq!(frozen(instance(&simulation, Engine::Flux)), [pair("database", "dev")].into());
}

/// Applications that are written out are in waves of their cluster's root.
#[test]
fn applications_of_a_cluster_wait_for_the_waves_of_that_cluster() {
    let (plan, _) = case("after");
    let mut tree = OutputTree::new();
    for cluster in ["dev", "prod"] {
        for (component, wave) in [("operator", 0), ("database", 1), ("web", 2), ("tools", 0)] {
            let manifest = format!(
                "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: {component}-{cluster}\n  \
                 annotations:\n    argocd.argoproj.io/sync-wave: \"{wave}\"\n"
            );
            tree.insert(format!("argocd/apps/{cluster}/{component}.yaml"), manifest);
        }
        let root = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: acme-root\n";
        tree.insert(format!("argocd/apps/{cluster}.yaml"), root.to_owned());
    }
    let simulation = simulate(&plan, &tree, &set(&["dev"]));
    assert_eq!(frozen(instance(&simulation, Engine::ArgoCd)), [pair("database", "dev"), pair("web", "dev")].into());
    assert_eq!(round_of(&simulation, Engine::ArgoCd, "web", "prod"), Some(3));
}

#[test]
fn names_that_are_not_there_are_usage_errors() {
    let (fleet, _) = read(&cases()[0]);
    let folder = Folder::with(&[("fleet.fleet", &fleet)]);
    let ran = folder.fleetc(&["plan", "--simulate", "--unhealthy", "dve"]).ends_with(2).stdout("");
    ran.stderr_has("no cluster is named `dve`").stderr_has("did you mean `dev`?");
    let ran = folder.fleetc(&["plan", "--simulate", "--component", "wep"]).ends_with(2).stdout("");
    ran.stderr_has("no component is named `wep`").stderr_has("did you mean `web`?");
    folder.fleetc(&["plan", "--unhealthy", "dev"]).ends_with(2).stdout("").stderr_has("add `--simulate`");
}

/// An ApplicationSet over clusters `c0`, `c1`, … with steps of any kind.
fn random_set(rng: &mut Rng, clusters: usize) -> Value {
    let element = |rng: &mut Rng, number: usize| {
        let suspend = if rng.chance(8) { "true" } else { "false" };
        json!({ "cluster": format!("c{number}"), "step": rng.between(1, 4).to_string(), "suspend": suspend })
    };
    let elements: Vec<Value> = (0..clusters).map(|number| element(rng, number)).collect();
    let steps: Vec<Value> = (0..rng.between(1, 4)).map(|number| random_step(rng, number + 1)).collect();
    json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "metadata": { "name": "web", "namespace": "argocd", "labels": { "fleetc.dev/component": "web" } },
        "spec": {
            "goTemplate": true,
            "goTemplateOptions": ["missingkey=error"],
            "generators": [{ "list": { "elements": elements } }],
            "strategy": { "type": "RollingSync", "rollingSync": { "steps": steps } },
            "template": {
                "metadata": {
                    "name": "web-{{.cluster}}",
                    "labels": { "cluster": "{{.cluster}}", "step": "{{.step}}" },
                    "annotations": { "argocd.argoproj.io/skip-reconcile": "{{.suspend}}" },
                },
                "spec": { "project": "default", "destination": { "name": "{{.cluster}}" } },
            },
        },
    })
}

/// Mostly the step of that number, as fleetc writes it.
fn random_step(rng: &mut Rng, number: usize) -> Value {
    let expression = match rng.below(10) {
        0 => json!({ "key": "step", "operator": "NotIn", "values": ["1"] }),
        1 => json!({ "key": "cluster", "operator": "In", "values": ["c1", "c2", "c5"] }),
        2 => json!({ "key": "zone", "operator": "Exists" }),
        3 => json!({ "key": "step", "operator": "In", "values": ["1", "2"] }),
        _ => json!({ "key": "step", "operator": "In", "values": [number.to_string()] }),
    };
    let expressions = if rng.chance(5) { Vec::new() } else { vec![expression] };
    let mut step = json!({ "matchExpressions": expressions });
    match rng.below(8) {
        0 => step["maxUpdate"] = json!(0),
        1 | 2 => step["maxUpdate"] = json!(rng.between(1, 3)),
        3 | 4 => step["maxUpdate"] = json!(format!("{}%", rng.between(0, 100))),
        5 => step["maxUpdate"] = json!(*rng.pick(&["0%", "all", "2"])),
        _ => {}
    }
    step
}

/// `tests/conformance/argocd.sh` sets `FLEETC_ROLLOUTS_CORPUS`; without it there is nothing to do. Writes
/// `FLEETC_ROLLOUTS_CASES` random ApplicationSets (2,000), each with unhealthy clusters and the Applications that start
/// in each round.
#[test]
fn the_corpus_is_written_where_it_is_asked_for() {
    const CLUSTERS: usize = 9;
    let Some(path) = std::env::var_os("FLEETC_ROLLOUTS_CORPUS") else { return };
    let cases = std::env::var("FLEETC_ROLLOUTS_CASES").map_or(2_000, |count| count.parse().unwrap());
    let clusters: String = (0..CLUSTERS).map(|number| format!("cluster c{number} {{ }}\n")).collect();
    let fleet = "fleet acme { source = apps }\nargocd { progressive-syncs = true }\n\
                 source apps { git = \"https://github.com/acme/apps\" }\n\
                 component web on all { path = \"web\" }\n";
    let folder = Folder::with(&[("fleet.fleet", &format!("{fleet}{clusters}"))]);
    let plan = compile(&Project::discover(&folder.root()).unwrap(), "the fleet of the corpus");
    let mut file = std::io::BufWriter::new(fs::File::create(path).unwrap());
    let mut rng = Rng::new(1, 4);
    for _ in 0..cases {
        let number = rng.between(1, CLUSTERS);
        let set = random_set(&mut rng, number);
        let all: Vec<String> = (0..number).map(|number| format!("c{number}")).collect();
        let unhealthy: BTreeSet<String> = rng.some(&all, 2).into_iter().collect();
        let mut tree = OutputTree::new();
        tree.insert("argocd/applicationsets/web.yaml".into(), yaml::stream(std::slice::from_ref(&set)));
        let simulation = simulate(&plan, &tree, &unhealthy);
        let mut starts: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for ((_, cluster), round) in rounds(&simulation.instances[0]) {
            starts.entry(round).or_default().push(format!("web-{cluster}"));
        }
        let starts: Vec<Vec<String>> = starts.into_values().collect();
        let line = json!({ "set": set, "unhealthy": unhealthy, "rounds": starts });
        writeln!(file, "{line}").unwrap();
    }
}
