//! `fleetc plan --simulate`: what it prints of small fleets, that it reads what was built and not the plan, and the laws.
//!
//! `tests/simulate/*.txt` each hold a fleet, and below it commands with what they print.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice, missing_docs)]

mod folder;
#[path = "folder/program.rs"]
mod program;
#[path = "support/golden.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use fleetc::analysis;
use fleetc::plan::Plan;
use fleetc::project::Project;
use fleetc::simulate::{Component, Engine, Instance, Simulation, simulate};
use fleetc::target::{self, Engines, OutputTree};
use folder::Folder;

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
    let (plan, _) = case("after");
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
