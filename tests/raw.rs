//! Raw fields: fleets beside what is built for them, in `tests/raw`, and that no raw field can be where fleetc writes.
#![allow(clippy::string_slice, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

#[path = "support/golden.rs"]
mod golden;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use fleetc::analysis::{Compilation, compile};
use fleetc::diag::Severity;
use fleetc::kinds::{self, Fields, Object, Type, find};
use fleetc::project::MemoryFiles;
use fleetc::target::yaml::HEADER;
use fleetc::target::{self, Engines};
use serde_json::{Map, Value};

fn compiled(name: &str) -> Compilation {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/raw/{name}.fleet"));
    let files = MemoryFiles::new().file("demo.fleet", fs::read_to_string(path).unwrap());
    let files = files.file("redis.yaml", "replicas: 2\n").file("web/service.yaml", "kind: Service\n");
    let compilation = compile(&files.into_project(), &[]);
    let errors = compilation.diagnostics.iter().filter(|found| found.severity == Severity::Error);
    let errors: Vec<&String> = errors.map(|found| &found.message).collect();
    assert!(errors.is_empty(), "{errors:?}");
    compilation
}

/// The tree of `tests/raw/<name>.fleet` as one stream, each file below its path.
fn tree(name: &str) -> String {
    let tree = target::build(&compiled(name).plan.unwrap(), &Engines { argocd: true, flux: true });
    let mut text = String::from(HEADER);
    for (path, file) in tree.iter().filter(|(path, _)| path.ends_with(".yaml") && !path.ends_with("root.yaml")) {
        text += &format!("---\n# {path}\n{}", file.strip_prefix(HEADER).unwrap());
    }
    text
}

#[test]
fn raw_fields_are_merged_into_the_objects_of_both_engines() {
    golden::golden("tests/raw/both.yaml", &tree("both"));
}

#[test]
fn raw_fields_may_hold_what_only_a_cluster_knows() {
    golden::golden("tests/raw/labels.yaml", &tree("labels"));
}

#[test]
fn what_a_raw_field_does_to_a_build_reaches_gates_and_patches() {
    golden::golden("tests/raw/rollout.yaml", &tree("rollout"));
}

#[test]
fn the_plan_has_raw_fields_where_there_are_any() {
    let plan = fleetc::plan::json::json(&compiled("both").plan.unwrap());
    let raw = |deployment: &Value| {
        let keys = ["component", "cluster", "argocd", "flux"];
        let kept = keys.iter().filter_map(|key| Some(((*key).to_owned(), deployment.get(*key)?.clone())));
        Value::Object(kept.collect())
    };
    let all: Vec<Value> = plan["deployments"].as_array().unwrap().iter().map(raw).collect();
    golden::golden("tests/raw/plan.json", &(serde_json::to_string_pretty(&all).unwrap() + "\n"));
    let rollout = fleetc::plan::json::json(&compiled("rollout").plan.unwrap());
    assert!(rollout["deployments"][0].get("argocd").is_none());
}

/// What fleetc writes without an attribute that says it, so that a raw field may say something else.
const DEFAULTS: [&str; 4] = ["install.crds", "upgrade.crds", "syncPolicy.retry.refresh", "healthCheckExprs"];

/// No raw field can be where fleetc writes something: every field of every generated object is known not to be free.
#[test]
fn no_field_that_is_written_is_free() {
    let mut seen: [BTreeSet<String>; 3] = Default::default();
    for file in generated() {
        // What a component is on a cluster; gates and roots have no raw fields.
        let made = |document: &Value| {
            let labels = ["/metadata/labels", "/spec/template/metadata/labels"];
            let has = |label: &str| {
                labels.iter().any(|all| document.pointer(all).is_some_and(|all| all.get(label).is_some()))
            };
            has("fleetc.dev/component") && has("fleetc.dev/cluster")
        };
        for document in read(&file).into_iter().filter(made) {
            let (object, spec) = match document["kind"].as_str().unwrap_or_default() {
                "Application" => (Object::Application, &document["spec"]),
                "ApplicationSet" => (Object::Application, &document["spec"]["template"]["spec"]),
                "Kustomization" if document.get("spec").is_some() => (Object::Kustomization, &document["spec"]),
                "HelmRelease" => (Object::Release, &document["spec"]),
                _ => continue,
            };
            let index = Object::ALL.iter().position(|one| *one == object).unwrap();
            leaves(object, spec.as_object().unwrap(), "", &mut seen[index]);
        }
    }
    for (object, paths) in Object::ALL.into_iter().zip(&seen) {
        assert!(paths.len() > 8, "{object:?} has few fields: {paths:?}");
        for path in paths.iter().filter(|path| !DEFAULTS.contains(&path.as_str())) {
            let heads = path.match_indices('.').map(|(at, _)| &path[..at]).chain([path.as_str()]);
            let owned = heads.into_iter().any(|head| object.owner(head).is_some());
            assert!(owned, "{object:?}: `{path}` is written and could be a raw field");
        }
    }
}

/// Every list of what is not free names fields that are there.
#[test]
fn what_is_not_free_is_in_the_schema() {
    for object in Object::ALL {
        for owned in object.owned() {
            let mut fields: Fields = object.spec().unwrap();
            let mut found: Option<kinds::Place> = None;
            for key in owned.path.split('.') {
                found = fields.find(key);
                fields = found.unwrap_or_else(|| panic!("{object:?} has no `{}`", owned.path)).fields();
            }
            assert!(found.is_some());
        }
    }
    assert_eq!(find("argoproj.io/v1alpha1", "ApplicationSet").map(|kind| kind.since), Some((3, 0)));
    let exprs = Object::Release.spec().unwrap().find("healthCheckExprs").unwrap();
    assert_eq!(exprs.since, (2, 8));
    assert!(matches!(exprs.ty, Type::List(inner) if **inner == Type::Object));
}

/// The paths of what is written, but for lists, maps of any keys, and text that an ApplicationSet fills in.
fn leaves(object: Object, map: &Map<String, Value>, above: &str, found: &mut BTreeSet<String>) {
    for (key, value) in map {
        let path = if above.is_empty() { key.clone() } else { format!("{above}.{key}") };
        match value {
            Value::Object(below) if object.owner(&path).is_none() => leaves(object, below, &path, found),
            _ => _ = found.insert(path),
        }
    }
}

/// Generated files without raw fields: those of the other tests and of the examples. Not the objects that no component makes.
fn generated() -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "yaml") && !path.ends_with("root.yaml") {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    walk(&root.join("examples"), &mut found);
    walk(&root.join("tests/build"), &mut found);
    found.retain(|file| fs::read_to_string(file).unwrap().starts_with(HEADER));
    found.sort();
    found
}

fn read(file: &Path) -> Vec<Value> {
    serde_saphyr::from_multiple(&fs::read_to_string(file).unwrap()).unwrap()
}
