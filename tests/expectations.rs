//! What a plan says of itself holds when a test says it, and does not when the test says something else: over random
//! fleets, through the same door as `fleetc test`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]
#![allow(missing_docs)]

#[allow(dead_code)]
mod random;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use fleetc::analysis::{Tested, compile, test};
use fleetc::diag::codes;
use fleetc::plan::json::json;
use fleetc::project::MemoryFiles;
use fleetc::target::{Engines, build};
use serde_json::Value;

use random::generate::generate;
use random::print::print;

/// Attributes whose value in a test is the one of the plan.
const SAME: [&str; 18] = [
    "project",
    "namespace",
    "release",
    "rollout",
    "stage",
    "wait",
    "prune",
    "self-heal",
    "create-namespace",
    "server-side",
    "suspend",
    "force",
    "protected",
    "on-delete",
    "after",
    "sync-options",
    "values",
    "substitute",
];

/// A JSON value as fleet text.
fn written(value: &Value) -> String {
    match value {
        Value::String(text) => {
            let character = |c: char| match c {
                '"' | '\\' => format!("\\{c}"),
                ' '..='~' => c.to_string(),
                _ => format!("\\u{{{:x}}}", u32::from(c)),
            };
            format!("\"{}\"", text.chars().map(character).collect::<String>().replace("${", "$${"))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(written).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let entries =
                map.iter().map(|(key, value)| format!("{} = {}", written(&key.as_str().into()), written(value)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

/// What the plan says of a deployment, as the attributes of an `expect`.
fn attributes(deployment: &Value) -> String {
    let mut text = String::new();
    let mut add = |name: &str, value: &Value| {
        if !value.is_null() {
            write!(text, "{name} = {}\n    ", written(value)).unwrap();
        }
    };
    for name in SAME {
        add(name, &deployment[name.replace('-', "_")]);
    }
    let source = &deployment["source"];
    add("path", &source["path"]);
    add("chart", &source["chart"]);
    let revision = if source["chart"].is_null() { "revision" } else { "version" };
    add(revision, &source["revision"]);
    let files = deployment["values_files"].as_array().unwrap().iter().map(|file| file["path"].clone());
    if !source["chart"].is_null() {
        add("values-files", &files.collect());
    }
    text
}

/// The fleet of `seed` with one more file; none where the fleet by itself has errors.
fn run(seed: u64, tests: impl Fn(&Value) -> String) -> Option<(Value, Tested)> {
    let files = print(&generate(seed), seed, seed);
    let memory = || files.iter().fold(MemoryFiles::new(), |all, (path, text)| all.file(path, text.as_str()));
    let plan = json(&compile(&memory().into_project(), &[]).plan?);
    let text = tests(&plan);
    let project = memory().file("zz-tests.fleet", text.as_str()).into_project();
    let (compilation, tested) = test(&project, |_| true);
    let problems: Vec<String> =
        compilation.diagnostics.iter().map(|found| format!("{} {}", found.code.id, found.message)).collect();
    Some((plan, tested.unwrap_or_else(|| panic!("seed {seed}: {problems:#?}\n{text}"))))
}

fn deployments(plan: &Value) -> &[Value] {
    plan["deployments"].as_array().unwrap()
}

#[test]
fn what_the_plan_says_of_itself_holds() {
    let mut judged = 0;
    for seed in 0..12 {
        let tests = |plan: &Value| {
            let mut running: BTreeMap<String, Vec<Value>> = BTreeMap::new();
            for cluster in plan["clusters"].as_array().unwrap() {
                running.entry(written(&cluster["name"])).or_default();
            }
            let mut text = "test \"all\" {\n".to_string();
            for deployment in deployments(plan) {
                let (component, cluster) = (written(&deployment["component"]), written(&deployment["cluster"]));
                running.get_mut(&cluster).unwrap().push(deployment["component"].clone());
                let attributes = attributes(deployment);
                writeln!(text, "  expect component {component} on {cluster}").unwrap();
                writeln!(text, "  expect {component} on {cluster} {{\n    {attributes}}}").unwrap();
            }
            for (cluster, components) in running {
                writeln!(text, "  expect cluster {cluster} runs {}", written(&components.into())).unwrap();
            }
            text + "}\n"
        };
        let Some((plan, tested)) = run(seed, tests) else { continue };
        judged += deployments(&plan).len();
        let failed: Vec<&str> = tested.diagnostics.iter().map(|found| found.message.as_str()).collect();
        assert!(failed.is_empty() && tested.outcomes[0].passed, "seed {seed}: {failed:#?}");
    }
    assert!(judged > 100, "{judged} deployments");
}

#[test]
fn the_opposite_of_what_the_plan_says_does_not_hold() {
    let mut judged = 0;
    for seed in 0..12 {
        let tests = |plan: &Value| {
            let mut text = String::new();
            for (index, deployment) in deployments(plan).iter().enumerate() {
                let (component, cluster) = (written(&deployment["component"]), written(&deployment["cluster"]));
                let prune = !deployment["prune"].as_bool().unwrap();
                writeln!(text, "test \"{index} not\" {{ expect not component {component} on {cluster} }}").unwrap();
                writeln!(text, "test \"{index} prune\" {{ expect {component} on {cluster} {{ prune = {prune} }} }}")
                    .unwrap();
                writeln!(text, "test \"{index} none\" {{ expect cluster {cluster} runs [] }}").unwrap();
            }
            text
        };
        let Some((plan, tested)) = run(seed, tests) else { continue };
        judged += deployments(&plan).len();
        assert_eq!(tested.outcomes.len(), 3 * deployments(&plan).len(), "seed {seed}");
        assert!(tested.outcomes.iter().all(|outcome| !outcome.passed), "seed {seed}");
        for found in tested.diagnostics.iter() {
            assert_eq!(found.code, codes::EXPECTATION_FAILED, "seed {seed}: {}", found.message);
            assert!(
                !found.related.is_empty() && !found.identity.fingerprint.is_empty(),
                "seed {seed}: {}",
                found.message
            );
        }
    }
    assert!(judged > 100, "{judged} deployments");
}

/// The manifests of a fleet whose clusters may register later, with `tests` beside it.
fn manifests(tests: &str) -> BTreeMap<String, String> {
    let fleet = "fleet demo { source = config, inventory = open }
argocd { membership = labels }
source config { git = \"https://github.com/acme/config\", branch = \"main\" }
label zone: string
cluster one { zone = \"a\" }
component web on zone != \"b\" { path = \"web/${zone}\", namespace = web }
component dns on all { path = \"dns\", namespace = dns }
";
    let project = MemoryFiles::new().file("a.fleet", fleet).file("b.fleet", tests).into_project();
    let (compilation, tested) = test(&project, |_| true);
    let problems: Vec<&str> = compilation.diagnostics.iter().map(|found| found.message.as_str()).collect();
    let tested = tested.unwrap_or_else(|| panic!("{problems:#?}"));
    assert!(tested.outcomes.iter().all(|outcome| outcome.passed), "{:?}", tested.diagnostics);
    build(&compilation.plan.unwrap(), &Engines { argocd: true, flux: true })
}

/// What a test compares labels with does not matter to clusters that nobody declared, which no glob can select.
#[test]
fn tests_change_no_output() {
    let tests = "test \"one\" {
  expect component web on zone like \"a*\"
  expect web on zone not in [\"c\", \"d\"] { path = \"web/${zone}\" }
}
";
    let with = manifests(tests);
    assert!(with.len() > 1);
    assert_eq!(with, manifests(""));
}

/// Tests speak of what runs on the clusters of an inventory: secrets and objects do, an object on the hub does not.
#[test]
fn objects_on_the_hub_run_on_no_cluster() {
    let fleet = "fleet demo { source = config }
argocd { }
source config { git = \"https://github.com/acme/config\", branch = \"main\" }
label env: dev | prod
inventory \"clusters.json\"
store vault { provider = aws-secrets-manager, region = env }
secret database on all { store = vault, namespace = web, from = \"database\" }
object \"v1/ConfigMap\" info on all { namespace = web, data { env = env } }
object \"v1/ConfigMap\" table { hub = true, namespace = argocd, data { a = \"b\" } }
test \"clusters\" {
  expect cluster one runs [vault, database, info]
  expect info on env == prod { namespace = web }
}
test \"hub\" { expect component table on all }
";
    let clusters = "[{ \"name\": \"one\", \"env\": \"prod\" }]";
    let project = MemoryFiles::new().file("a.fleet", fleet).file("clusters.json", clusters).into_project();
    let (compilation, tested) = test(&project, |_| true);
    let problems: Vec<&str> = compilation.diagnostics.iter().map(|found| found.message.as_str()).collect();
    let tested = tested.unwrap_or_else(|| panic!("{problems:#?}"));
    let passed: Vec<bool> = tested.outcomes.iter().map(|outcome| outcome.passed).collect();
    assert_eq!(passed, [true, false], "{:?}", tested.diagnostics);
    let found = tested.diagnostics.iter().next().unwrap();
    assert!(found.related[0].text.contains("where the engine runs"), "{found:?}");
}
