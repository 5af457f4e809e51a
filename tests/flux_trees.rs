//! Whole fleets as Flux gets them in every mode and layout: that a Flux in each cluster gets what a hub's Flux would
//! apply there, and that overlays build to the objects that the other layout writes out.
//!
//! `FLEETC_FLUX_TREES` names a folder into which every tree is written, for kustomize itself to build
//! (`tests/conformance/kustomize.sh`).

#![allow(missing_docs, dead_code, unused_imports, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::indexing_slicing, clippy::string_slice)]

#[path = "flux/fleet.rs"]
mod fleet;

/// The fleets of the random tests, without those tests.
mod random {
    pub mod generate;
    pub mod model;
    pub mod print;
    pub mod reference;
    pub mod rng;
    pub mod text;
}

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use fleet::{Fleet, deployment_object};
use fleetc::analysis::compile;
use fleetc::plan::*;
use fleetc::project::{MemoryFiles, Project};
use fleetc::target::{OutputTree, flux};
use serde_json::Value;

/// A plan for one instance of Flux, in any mode.
struct Case {
    name: String,
    plan: Plan,
    settings: Flux,
}

impl Case {
    /// Of a project whose files say so, for the first Flux in it.
    fn compiled(name: &str, project: &Project) -> Self {
        let compilation = compile(project, &[]);
        let plan = compilation.plan.unwrap_or_else(|| panic!("{name}: {:?}", compilation.diagnostics));
        let settings = plan.flux[0].clone();
        Self { name: name.into(), plan: plan.of(&settings.instance).into_owned(), settings }
    }

    fn of(name: &str, fleet: Fleet) -> Self {
        let mut fleet = fleet;
        assert_eq!(fleet.check(), Vec::<String>::new());
        Self { name: name.into(), plan: fleet.plan, settings: fleet.settings }
    }

    /// The tree of a mode. What asks for an order of clusters is left out where `ordered` is false.
    fn tree(&self, mode: FluxMode, ordered: bool) -> OutputTree {
        self.tree_in(mode, FluxLayout::Kustomizations, ordered)
    }

    fn tree_in(&self, mode: FluxMode, layout: FluxLayout, ordered: bool) -> OutputTree {
        let settings = Flux { mode, layout, ..self.settings.clone() };
        let mut plan = self.plan.clone();
        for deployment in plan.deployments.iter_mut().filter(|_| !ordered) {
            (deployment.rollout, deployment.stage) = (None, None);
        }
        flux::build(&plan, &settings)
    }
}

/// The examples, one fleet that is as awkward as fleets get, and some random ones.
fn cases(seeds: u64) -> Vec<Case> {
    let examples = ["hub-and-spoke", "my-org"].map(|name| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name);
        Case::compiled(name, &Project::discover(&folder).unwrap_or_else(|_| panic!("{name}")))
    });
    let random = (0..seeds).map(|seed| (seed, random::generate::generate(seed)));
    let random = random.filter(|(_, fleet)| fleet.flux.is_some()).map(|(seed, fleet)| {
        let files = random::print::print(&fleet, seed, seed);
        let files = files.into_iter().fold(MemoryFiles::new(), |files, (path, text)| files.file(&path, text));
        Case::compiled(&format!("random-{seed}"), &files.into_project())
    });
    examples.into_iter().chain([Case::of("awkward", awkward())]).chain(random).collect()
}

/// Everything that differs between the clusters of one component, and names that are each other's.
fn awkward() -> Fleet {
    let mut fleet = Fleet::new();
    let git = fleet.git("apps");
    let other = fleet.git("other");
    let charts = fleet.helm("charts");
    let both = fleet.source("registry", SourceKind::Oci, "oci://ghcr.io/my-org/all", Revision::Tag("1.2".into()));
    for cluster in ["a", "b", "c", "10.edge", "edge.git"] {
        fleet.cluster(cluster).suspend = cluster == "b";
        // `x` on `a` is named as the component `x-a`, and so on.
        for component in ["x", "x-a", "x-a-a", "x-b"] {
            fleet.path(component, cluster, &git, &format!("{component}/{cluster}"));
        }
        let texts = fleet.path("texts", cluster, &git, "texts");
        texts.annotations = ["no", "1e3", "a: b", " two\n lines\n", "# none", "${x} $$", "{}", "null", "é\u{1f600}"]
            .iter()
            .enumerate()
            .map(|(number, text)| (format!("note-{number}"), (*text).to_owned()))
            .collect();
        texts.annotations.insert(format!("only-{cluster}"), "on".into());
        texts.substitute = [("SAME".into(), "010".into()), ("CLUSTER".into(), cluster.into())].into();
        texts.labels.insert("shard".into(), if cluster == "a" { "1" } else { "2" }.into());
    }
    let on_a = fleet.path("mixed", "a", &other, "mixed");
    on_a.wait = false;
    on_a.health = vec![deployment_object("mixed", "one"), deployment_object("mixed", "two")];
    on_a.after = Arc::new(["x".into(), "texts".into()]);
    let on_b = fleet.chart("mixed", "b", &charts, "1.2.3");
    on_b.health = vec![deployment_object("mixed", "two")];
    on_b.after = Arc::new(["x".into()]);
    fleet.path("mixed", "c", &both, "mixed").namespace = Some("mixed".into());
    fleet.chart("registry-chart", "b", &both, "1.0.0").service_account = Some("deployer".into());
    let long = "long-".repeat(11) + "name";
    for cluster in ["a", "10.edge"] {
        fleet.path(&long, cluster, &git, "long").name = format!("shortened-{}", cluster.len()).into();
    }
    fleet
}

fn documents(text: &str) -> Vec<Value> {
    let options = serde_saphyr::options! { budget: None, legacy_octal_numbers: true };
    serde_saphyr::from_multiple_with_options(text, options).unwrap()
}

/// The objects of the files below a folder, by kind and name.
fn objects(tree: &OutputTree, folder: &str) -> BTreeMap<String, Value> {
    let files = tree.iter().filter(|(path, _)| path.starts_with(folder));
    let documents = files.flat_map(|(_, text)| documents(text));
    let objects = documents.filter(|object| object["apiVersion"] != "kustomize.config.k8s.io/v1beta1");
    objects.map(|object| (key(&object), object)).collect()
}

fn key(object: &Value) -> String {
    format!("{} {}", object["kind"], object["metadata"]["name"])
}

/// Takes away what a hub needs to reach a cluster, and what only a cluster's own Flux can look at.
fn at_home(mut object: Value, is_chart: bool) -> Value {
    let spec = object["spec"].as_object_mut().unwrap();
    spec.remove("kubeConfig");
    if is_chart {
        spec.remove("healthChecks");
        spec.remove("wait");
    }
    object
}

#[test]
fn a_clusters_own_flux_gets_what_a_hub_would_apply() {
    for case in cases(30) {
        let (hub, pull) = (case.tree(FluxMode::Hub, false), case.tree(FluxMode::Pull, false));
        let sources = objects(&hub, "flux/hub/sources/");
        let mut kustomizations = 0;
        for cluster in &case.plan.clusters {
            let ours = objects(&pull, &format!("flux/clusters/{}/", cluster.name));
            for (key, object) in &ours {
                let name = object["metadata"]["name"].as_str().unwrap();
                let Some(deployment) = case.plan.deployments.iter().find(|deployment| *deployment.name == *name) else {
                    assert_eq!(object, &sources[key], "{}", case.name);
                    continue;
                };
                let is_chart = matches!(deployment.content, Content::Chart(_));
                let theirs = objects(&hub, &format!("flux/hub/clusters/{}.yaml", cluster.name)).remove(key).unwrap();
                assert_eq!(deployment.cluster, cluster.name);
                assert_eq!(at_home(object.clone(), is_chart), at_home(theirs, is_chart), "{}", case.name);
                assert_eq!(object["spec"].get("kubeConfig"), None);
                let source = &object["spec"]["sourceRef"];
                assert!(ours.contains_key(&format!("{} {}", source["kind"], source["name"])), "{key} reads {source}");
                kustomizations += 1;
            }
        }
        assert_eq!(kustomizations, case.plan.deployments.len(), "{}", case.name);
        let releases = |tree: &OutputTree| {
            let objects = objects(tree, "flux/releases/").into_iter();
            objects
                .map(|(key, object)| (key, if object["kind"] == "ConfigMap" { object } else { at_home(object, false) }))
                .collect::<Vec<_>>()
        };
        assert_eq!(releases(&hub), releases(&pull), "{}", case.name);
    }
}

/// Builds a folder as kustomize does, as far as what is written needs it: resources, then patches that find their target
/// by name, merge maps and rename. Two objects of one name are an error at any time, as in kustomize.
fn kustomize(tree: &OutputTree, folder: &str) -> Vec<Value> {
    let file = documents(&tree[&format!("{folder}/kustomization.yaml")]).remove(0);
    let mut objects: Vec<(Value, String)> = Vec::new();
    for resource in file["resources"].as_array().unwrap() {
        let path = joined(folder, resource.as_str().unwrap());
        let found = match tree.get(&path) {
            Some(text) => documents(text),
            None => kustomize(tree, &path),
        };
        objects.extend(found.into_iter().map(|object| {
            let name = object["metadata"]["name"].as_str().unwrap().to_owned();
            (object, name)
        }));
    }
    for patch in file["patches"].as_array().into_iter().flatten() {
        assert_eq!(patch["options"]["allowNameChange"], true);
        let change = documents(patch["patch"].as_str().unwrap()).remove(0);
        let wanted = patch["target"]["name"].as_str().unwrap().replace('\\', "");
        let mut targets = objects.iter_mut().filter(|(object, original)| {
            let name = &object["metadata"]["name"];
            object["kind"] == patch["target"]["kind"] && (*original == wanted || *name == *wanted)
        });
        merge(&mut targets.next().unwrap().0, &change);
        assert!(targets.next().is_none(), "{folder}: several targets for {wanted}");
        let names: BTreeSet<String> = objects.iter().map(|(object, _)| key(object)).collect();
        assert_eq!(names.len(), objects.len(), "{folder}: two objects of one name after {wanted}");
    }
    objects.into_iter().map(|(object, _)| object).collect()
}

fn merge(into: &mut Value, change: &Value) {
    match (into.as_object_mut(), change.as_object()) {
        (Some(into), Some(change)) => {
            for (key, value) in change {
                merge(into.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        _ => *into = change.clone(),
    }
}

/// `path`, which may begin with `../`, seen from `folder`.
fn joined(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').collect();
    for part in path.split('/') {
        match part {
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[test]
fn overlays_build_to_the_objects_of_the_other_layout() {
    for case in cases(30) {
        for mode in [FluxMode::Hub, FluxMode::Pull] {
            let ordered = mode == FluxMode::Hub;
            let plain = case.tree(mode, ordered);
            let overlays = case.tree_in(mode, FluxLayout::Overlays, ordered);
            let clusters = plain.keys().filter_map(|path| path.strip_suffix("/fleet.yaml"));
            let folders: Vec<(&str, String)> = match mode {
                FluxMode::Hub => vec![("flux/hub", "flux/hub".into())],
                FluxMode::Pull => clusters.map(|folder| (folder, format!("{folder}/fleet"))).collect(),
            };
            for (folder, overlay) in folders {
                let built: BTreeMap<String, Value> =
                    kustomize(&overlays, &overlay).into_iter().map(|object| (key(&object), object)).collect();
                assert_eq!(built, objects(&plain, &format!("{folder}/")), "{} {folder}", case.name);
            }
            let releases = |tree: &OutputTree| {
                tree.iter()
                    .filter(|(path, _)| path.contains("/releases/"))
                    .map(|(_, text)| text.clone())
                    .collect::<Vec<_>>()
            };
            assert_eq!(releases(&plain), releases(&overlays));
        }
    }
}

/// Writes the trees for kustomize: `<fleet>/<mode>-<layout>/gitops/…`.
#[test]
fn the_trees_are_written_where_they_are_asked_for() {
    let Some(folder) = std::env::var_os("FLEETC_FLUX_TREES") else { return };
    for case in cases(12) {
        for (mode, word) in [(FluxMode::Hub, "hub"), (FluxMode::Pull, "pull")] {
            for (layout, kind) in [(FluxLayout::Kustomizations, "kustomizations"), (FluxLayout::Overlays, "overlays")] {
                let root = Path::new(&folder).join(&case.name).join(format!("{word}-{kind}")).join("gitops");
                for (path, text) in case.tree_in(mode, layout, mode == FluxMode::Hub) {
                    let path = root.join(path);
                    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                    std::fs::write(path, text).unwrap();
                }
            }
        }
    }
}
