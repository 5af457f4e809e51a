//! `fleetc why`: what it says over the examples and over a fleet with every layer, and that it agrees with the plan.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

mod folder;
#[path = "folder/program.rs"]
mod program;
#[allow(dead_code)]
mod random;
#[path = "support/golden.rs"]
mod support;

use std::fs;
use std::path::Path;

use fleetc::analysis::compile_and;
use fleetc::plan::json::json;
use fleetc::plan::why::{json::json as told, why};
use fleetc::project::{MemoryFiles, Project};
use folder::Folder;
use serde_json::{Map, Value, json};

fn root() -> String {
    env!("CARGO_MANIFEST_DIR").to_string()
}

/// The project in `folder` of this repository, with a copy of the folder for those without a Git repository.
fn run(folder: &str, arguments: &[&str]) -> String {
    let folder = format!("{}/{folder}", root());
    let arguments = [&["why", "-C", &folder], arguments].concat();
    Folder::new().fleetc(&arguments).env("COLUMNS", "100").ends_with(0).stderr("").stdout
}

const CASES: [(&str, &str, &[&str]); 15] = [
    ("my-org", "examples/my-org", &["prod-eu-west-1", "prometheus"]),
    ("my-org-canary", "examples/my-org", &["prod-us-east-1", "payments-api"]),
    ("my-org-not", "examples/my-org", &["dev-us-east-1", "prometheus"]),
    ("hub", "examples/hub-and-spoke", &["staging-us-east-1", "checkout"]),
    ("three-tier", "examples/three-tier", &["prod-us-east-1", "monitoring"]),
    ("three-tier-retry", "examples/three-tier", &["prod-us-east-1", "backups"]),
    ("layers", "tests/why/fleet", &["prod-us", "web"]),
    ("layers-eu", "tests/why/fleet", &["prod-eu", "web"]),
    ("layers-values", "tests/why/fleet", &["prod-us", "web", "values.image"]),
    ("layers-std", "tests/why/fleet", &["dev", "certs"]),
    ("layers-suspended", "tests/why/fleet", &["prod-edge", "certs"]),
    ("layers-raw", "tests/why/fleet", &["prod-us", "cache"]),
    ("layers-with", "tests/why/fleet", &["dev", "debug"]),
    ("layers-without", "tests/why/fleet", &["prod-edge", "web"]),
    ("layers-nowhere", "tests/why/fleet", &["prod-eu", "debug"]),
];

#[test]
fn the_answers_are_these() {
    for (name, folder, arguments) in CASES {
        support::golden(&format!("tests/why/{name}.txt"), &run(folder, arguments));
        let json = run(folder, &[arguments, &["--format", "json"]].concat());
        support::golden(&format!("tests/why/{name}.json"), &json);
    }
}

#[test]
fn a_narrow_terminal_without_unicode_gets_no_longer_line_and_only_ascii() {
    let folder = format!("{}/tests/why/fleet", root());
    let program = Folder::new();
    let ran = program.fleetc(&["why", "-C", &folder, "prod-us", "web"]).env("COLUMNS", "50").env("LC_ALL", "C");
    let text = ran.ends_with(0).stdout;
    assert!(text.is_ascii(), "{text}");
    let long: Vec<&str> = text.lines().filter(|line| line.len() > 50).collect();
    assert!(long.is_empty(), "{long:#?}");
    let painted = program.fleetc(&["why", "-C", &folder, "--color", "always", "prod-us", "web"]);
    painted.ends_with(0).stdout_has("\u{1b}[");
}

#[test]
fn what_is_not_there_is_a_usage_error_with_the_nearest_name() {
    let folder = format!("{}/tests/why/fleet", root());
    let asked = |arguments: &[&str], help: &str| {
        let all = [&["why", "-C", &folder], arguments].concat();
        Folder::new().fleetc(&all).ends_with(2).stdout("").stderr_has(help);
    };
    asked(&["prod-uss", "web"], "did you mean `prod-us`?");
    asked(&["prod-us", "webb"], "did you mean `web`?");
    asked(&["prod-us", "web", "verson"], "did you mean `version`?");
    asked(&["prod-us", "web", "values.image.tga"], "did you mean `values.image.tag`?");
}

#[test]
fn sources_with_errors_have_no_answer() {
    let folder = Folder::with(&[("a.fleet", "fleet a { }\nclsuter b { }\n")]);
    folder.fleetc(&["why", "b", "c"]).ends_with(1).stdout("").stderr_has("F0112");
}

/// Attributes whose value in the plan is the one that is written.
const AS_WRITTEN: [&str; 17] = [
    "project",
    "namespace",
    "chart",
    "version",
    "release",
    "rollout",
    "wait",
    "prune",
    "self-heal",
    "create-namespace",
    "server-side",
    "suspend",
    "force",
    "interval",
    "timeout",
    "service-account",
    "on-delete",
];

fn find<'v>(why: &'v Value, name: &str) -> &'v Value {
    let found = why["fields"].as_array().unwrap().iter().find(|field| field["field"] == name);
    found.unwrap_or_else(|| panic!("nothing is said of `{name}`"))
}

/// The map `name` put together from its keys.
fn whole(why: &Value, name: &str) -> Value {
    let mut whole = json!({});
    for field in why["fields"].as_array().unwrap() {
        let path: Vec<&str> = field["path"].as_array().unwrap().iter().map(|part| part.as_str().unwrap()).collect();
        if path[0] != name || path.len() == 1 || field["from"].is_null() {
            continue;
        }
        assert_eq!(field["from"]["value"], field["value"]);
        let mut at = &mut whole;
        for part in &path[1..] {
            at = at.as_object_mut().unwrap().entry(*part).or_insert_with(|| Value::Object(Map::new()));
        }
        *at = field["value"].clone();
    }
    whole
}

/// Every value of every block of `keyword`.
fn blocks(why: &Value, keyword: &str) -> Value {
    let fields = why["fields"].as_array().unwrap().iter().filter(|field| field["path"][0] == keyword);
    fields.filter_map(|field| field["value"].as_array()).flatten().cloned().collect()
}

fn image(image: &Value) -> (String, Value) {
    let part = |before: &str, key: &str| image[key].as_str().map(|text| format!("{before}{text}")).unwrap_or_default();
    let text = format!("{}{}{}", part("", "new_name"), part(":", "tag"), part("@", "digest"));
    (image["name"].as_str().unwrap().to_string(), text.into())
}

/// Compares all that the plan shows of a deployment with what `why` tells.
fn agree(plan: &Value, why: &Value, context: &str) {
    for (key, planned) in plan.as_object().unwrap() {
        let name = key.replace('_', "-");
        let told = match key.as_str() {
            "component" | "cluster" => why[key].clone(),
            "name" => continue,
            "source" => {
                assert_eq!(planned["name"], find(why, "source")["value"], "{context}");
                assert_eq!(planned["path"], find(why, "path")["value"], "{context}");
                assert_eq!(planned["chart"], find(why, "chart")["value"], "{context}");
                let version = &find(why, "version")["value"];
                assert!(planned["chart"].is_null() || planned["revision"] == *version, "{context}");
                continue;
            }
            "stage" => why["stage"].get("name").cloned().unwrap_or(Value::Null),
            "values" | "labels" | "annotations" | "substitute" | "argocd" | "flux" => whole(why, key),
            "images" => {
                let planned: Map<String, Value> = planned.as_array().unwrap().iter().map(image).collect();
                assert_eq!(Value::Object(planned), whole(why, "images"), "{context}: images");
                continue;
            }
            // An object's fields are told one by one.
            "objects" => {
                assert_eq!(*planned, json!([]), "{context}");
                continue;
            }
            "patches" => blocks(why, "patch"),
            "ignore" => blocks(why, "ignore"),
            "retry" if planned.is_null() => continue,
            "retry" => {
                for (key, value) in planned.as_object().unwrap() {
                    let told = &find(why, &format!("retry.{}", key.replace('_', "-")))["value"];
                    assert_eq!(value, told, "{context}: retry.{key}");
                }
                continue;
            }
            // Where the deployment says nothing, the engine's or the project's counts.
            "interval" | "timeout" | "service_account" if planned.is_null() => {
                let layer = find(why, &name)["from"]["layer"].as_str().unwrap();
                assert!(layer == "default" || layer == "flux" || layer.starts_with("project "), "{context}: {layer}");
                continue;
            }
            _ => find(why, &name)["value"].clone(),
        };
        assert_eq!(*planned, told, "{context}: {key}");
    }
    for name in AS_WRITTEN {
        let field = find(why, name);
        if field["from"]["layer"] != "default" {
            assert_eq!(field["from"]["value"], field["value"], "{context}: {name} as it is written");
        }
    }
}

/// Compares every component on every cluster; gives how many deployments there were.
fn compare(project: &Project, context: &str) -> usize {
    let (_, count) = compile_and(project, &[], |model, plan| {
        let form = json(plan);
        let deployments = form["deployments"].as_array().unwrap();
        for deployment in deployments {
            let name = |key: &str| deployment[key].as_str().unwrap();
            let answer = why(model, plan, name("cluster"), name("component")).unwrap();
            agree(deployment, &told(&answer), &format!("{context}: {} on {}", name("component"), name("cluster")));
        }
        deployments.len()
    });
    count.unwrap_or_else(|| panic!("{context} has errors"))
}

#[test]
fn every_answer_agrees_with_the_plan_of_the_examples() {
    for folder in ["examples/my-org", "examples/hub-and-spoke", "examples/three-tier", "tests/why/fleet"] {
        let project = Project::discover(&Path::new(&root()).join(folder)).unwrap();
        assert!(compare(&project, folder) > 5);
        compile_and(&project, &[], |model, plan| {
            for cluster in &plan.clusters {
                for component in plan.deployments.iter().map(|deployment| &deployment.component) {
                    let here =
                        plan.deployments.iter().find(|it| it.cluster == cluster.name && it.component == *component);
                    let answer = why(model, plan, &cluster.name, component).unwrap();
                    let (runs, kind) = (here.is_some(), answer.because.kind);
                    assert_eq!(answer.runs, runs);
                    assert!(if runs { kind == "on" || kind == "with" } else { kind != "with" }, "{component}: {kind}");
                }
            }
        });
    }
}

#[test]
fn every_answer_agrees_with_the_plan_of_random_fleets() {
    let mut deployments = 0;
    for seed in 0..50 {
        let files = random::print::print(&random::generate::generate(seed), seed, seed);
        let mut memory = MemoryFiles::new();
        for (path, text) in &files {
            memory = memory.file(path, text.as_str());
        }
        deployments += compare(&memory.into_project(), &format!("seed {seed}"));
    }
    assert!(deployments > 200, "{deployments}");
}

#[test]
fn every_golden_file_belongs_to_a_case() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/why");
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        let case = name.split('.').next().unwrap();
        assert!(name == "fleet" || CASES.iter().any(|(known, ..)| *known == case), "{name}");
    }
}
