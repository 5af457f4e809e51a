//! The JSON Schemas that `fleetc schema` prints: what the program writes suits them, and what is spoiled does not.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod folder;
#[path = "folder/program.rs"]
mod program;

use std::fs;
use std::path::Path;

use fleetc::diag::codes::ALL;
use folder::Folder;
use jsonschema::Validator;
use serde_json::{Value, json};

fn schema(name: &str) -> Value {
    serde_json::from_str(&Folder::new().fleetc(&["schema", name]).ends_with(0).stderr("").stdout).unwrap()
}

fn validator(name: &str) -> Validator {
    let schema = schema(name);
    assert!(jsonschema::meta::is_valid(&schema), "{name}: no JSON Schema");
    jsonschema::draft202012::new(&schema).unwrap()
}

fn problems(validator: &Validator, value: &Value) -> Vec<String> {
    validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// What `arguments` print in a folder of the repository.
fn printed(folder: &Path, arguments: &[&str]) -> Value {
    let program = Folder::new().fleetc(arguments).started_in(folder.to_path_buf());
    serde_json::from_str(&program.ends_with(0).stdout).unwrap()
}

fn examples() -> Vec<std::path::PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let found: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    assert!(found.len() >= 3, "{found:?}");
    found
}

/// The files of the wrong example of a page.
fn wrong_example(page: &str) -> Option<Folder> {
    let (_, rest) = page.split_once("\n## Wrong\n")?;
    let (_, rest) = rest.split_once("```fleet\n")?;
    let (text, _) = rest.split_once("```")?;
    let folder = Folder::new();
    let (mut path, mut part) = ("demo.fleet".to_string(), String::new());
    for line in text.lines() {
        if let Some(next) = line.strip_prefix("#! file: ") {
            folder.write(&path, &part);
            (path, part) = (next.trim().to_string(), String::new());
        } else {
            part.push_str(line);
            part.push('\n');
        }
    }
    folder.write(&path, &part);
    Some(folder)
}

#[test]
fn reports_of_all_examples_suit_the_schema() {
    let validator = validator("diagnostics");
    for folder in examples() {
        let report = printed(&folder, &["check", "--format", "json"]);
        assert_eq!(problems(&validator, &report), [""; 0], "{}", folder.display());
    }
    let (mut shown, mut found) = (0, 0);
    for code in ALL {
        let Some(folder) = wrong_example(code.page) else { continue };
        let command = if code.id == "F0418" { "test" } else { "check" };
        let program = folder.fleetc(&[command, "--format", "json"]);
        let expected = i32::from(code.severity == fleetc::diag::Severity::Error);
        let report: Value = serde_json::from_str(&program.ends_with(expected).stdout).unwrap();
        assert_eq!(problems(&validator, &report), [""; 0], "{}", code.id);
        shown += 1;
        found += report["diagnostics"].as_array().unwrap().len();
    }
    assert!(shown > 70 && found >= shown, "{found} diagnostics of {shown} pages");
}

#[test]
fn plans_suit_the_schema() {
    let validator = validator("plan");
    for folder in examples() {
        let plan = printed(&folder, &["plan", "--format", "json"]);
        assert_eq!(problems(&validator, &plan), [""; 0], "{}", folder.display());
    }
    // Every field with and without a value.
    let full: Value = serde_json::from_str(include_str!("plan_formats/plan.json")).unwrap();
    assert_eq!(problems(&validator, &full), [""; 0]);
}

/// A simulation in which every field has a value somewhere: a case of `tests/simulate`.
fn simulation() -> Value {
    let (_, printed) = include_str!("simulate/json.txt").split_once("\n$ fleetc ").unwrap();
    serde_json::from_str(printed.split_once('\n').unwrap().1).unwrap()
}

#[test]
fn simulations_suit_the_schema() {
    let validator = validator("simulation");
    for folder in examples() {
        for unhealthy in ["", "dev-us-east-1", "dev-eu-west-1", "prod-us-east-1"] {
            let known = fs::read_to_string(folder.join("gitops/fleet.lock")).unwrap().contains(unhealthy);
            let arguments = ["plan", "--simulate", "--format", "json", "--unhealthy", unhealthy];
            let arguments = if unhealthy.is_empty() { &arguments[..4] } else { &arguments };
            if known {
                let simulation = printed(&folder, arguments);
                assert_eq!(problems(&validator, &simulation), [""; 0], "{} {unhealthy}", folder.display());
            }
        }
    }
    assert_eq!(problems(&validator, &simulation()), [""; 0]);
}

#[test]
fn a_spoiled_simulation_is_refused() {
    let simulation = simulation();
    for filled in ["rounds", "waits", "unhealthy", "frozen", "prices", "after", "rollouts", "because", "waits_for"] {
        let begins = |item: &str| simulation.to_string().contains(&format!("\"{filled}\":[{item}"));
        assert!(begins("{") || begins("\""), "{filled}");
    }
    refuses_all_spoiled("simulation", &simulation, &[], &[]);
}

/// The drift of a case of `tests/drift`.
fn drift(case: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/drift/{case}/drift.json.txt"));
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn drift_suits_the_schema_and_what_is_spoiled_does_not() {
    let validator = validator("drift");
    for case in ["sets", "apps", "hub", "pull"] {
        assert_eq!(problems(&validator, &drift(case)), [""; 0], "{case}");
    }
    refuses_all_spoiled("drift", &drift("pull"), &["wanted", "live"], &[]);
}

/// What a case of `tests/change` makes other, as `file` holds it.
fn changed(case: &str, file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/change/{case}/{file}.json"));
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn changes_suit_the_schema_and_what_is_spoiled_does_not() {
    for name in ["change", "diff"] {
        let validator = validator(name);
        for case in ["owners", "web"] {
            let value = changed(case, name);
            assert_eq!(problems(&validator, &value), [""; 0], "{case}");
            refuses_all_spoiled(name, &value, &["old", "new"], &[]);
        }
    }
    for (name, pointer, wrong) in [
        ("change", "/deployments/0/change", json!("new")),
        ("change", "/deployments/0/causes/0/line", json!(0)),
        ("change", "/declared/0/what", json!("label")),
        ("change", "/risk/level", json!("grave")),
        ("diff", "/groups/0/hunks/0/lines/0", json!("path: web")),
        ("diff", "/groups/0/hunks/0/places", json!([])),
        ("diff", "/groups/0/causes/0/side", json!("both")),
        ("diff", "/schema", json!("fleetc.diff/2")),
    ] {
        let mut spoiled = changed("web", name);
        *spoiled.pointer_mut(pointer).unwrap() = wrong;
        assert!(!validator(name).is_valid(&spoiled), "{name}: {pointer}");
    }
}

/// Every way to spoil `value` by a key that is not known, or one that is gone, with the pointer of the place. Keys of
/// maps that the user fills, below `free`, are left alone.
fn spoil(value: &Value, pointer: &str, free: &[&str], spoiled: &mut Vec<(String, Option<String>)>) {
    match value {
        Value::Object(members) => {
            spoiled.push((pointer.to_string(), None));
            for (key, inner) in members {
                spoiled.push((pointer.to_string(), Some(key.clone())));
                if !free.contains(&key.as_str()) {
                    spoil(inner, &format!("{pointer}/{key}"), free, spoiled);
                }
            }
        }
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                spoil(item, &format!("{pointer}/{place}"), free, spoiled);
            }
        }
        _ => {}
    }
}

fn refuses_all_spoiled(name: &str, value: &Value, free: &[&str], optional: &[&str]) {
    let validator = validator(name);
    let mut ways = Vec::new();
    spoil(value, "", free, &mut ways);
    assert!(ways.len() > 50, "{name}: {} ways", ways.len());
    for (pointer, gone) in ways {
        let mut spoiled = value.clone();
        let members = spoiled.pointer_mut(&pointer).unwrap().as_object_mut().unwrap();
        match &gone {
            None => _ = members.insert("unheard-of".into(), json!(1)),
            Some(key) if optional.contains(&key.as_str()) => continue,
            Some(key) => _ = members.shift_remove(key),
        }
        assert!(!validator.is_valid(&spoiled), "{name}: {pointer} without {gone:?} is accepted");
    }
}

fn report() -> Value {
    let page = ALL.iter().find(|code| code.id == "F0302").unwrap().page;
    let printed = wrong_example(page).unwrap().fleetc(&["check", "--format", "json"]).ends_with(1).stdout;
    let report: Value = serde_json::from_str(&printed).unwrap();
    let first = &report["diagnostics"][0];
    assert!(first["related"][0].is_object() && first["fixes"][0]["edits"][0].is_object(), "{report}");
    report
}

#[test]
fn a_spoiled_report_is_refused() {
    let optional = ["item", "fingerprint", "hidden", "suppressed"];
    let mut report = report();
    // `notes` is optional in the summary, and is not in a diagnostic.
    report["summary"].as_object_mut().unwrap().shift_remove("notes");
    refuses_all_spoiled("diagnostics", &report, &[], &optional);
}

#[test]
fn a_spoiled_plan_is_refused() {
    let plan: Value = serde_json::from_str(include_str!("plan_formats/plan.json")).unwrap();
    let free = [
        "values",
        "labels",
        "annotations",
        "substitute",
        "merge",
        "namespace_labels",
        "namespace_annotations",
        "argocd",
        "flux",
    ];
    refuses_all_spoiled("plan", &plan, &free, &["value", "argocd", "flux"]);
}

#[test]
fn what_a_report_may_have_besides_is_typed() {
    let validator = validator("diagnostics");
    let mut report = report();
    for key in ["notes", "hidden", "suppressed"] {
        report["summary"][key] = json!(2);
    }
    report["diagnostics"][0]["item"] = json!("component web");
    let range = report["diagnostics"][0]["range"].clone();
    report["tests"] = json!([{ "name": "it holds", "file": "a.fleet", "range": range, "passed": true }]);
    report["diagnostics"][0]["fingerprint"] = json!("0123456789abcdef");
    assert_eq!(problems(&validator, &report), [""; 0]);
    for (pointer, wrong) in [
        ("/summary/hidden", json!("2")),
        ("/diagnostics/0/item", json!(1)),
        ("/diagnostics/0/fingerprint", json!("xyz")),
        ("/tests/0/passed", json!("yes")),
        ("/schema", json!(2)),
        ("/diagnostics/0/severity", json!("fatal")),
    ] {
        let mut spoiled = report.clone();
        *spoiled.pointer_mut(pointer).unwrap() = wrong;
        assert!(!validator.is_valid(&spoiled), "{pointer}");
    }
}

/// Every property has one line that says what it is.
#[test]
fn every_field_is_described() {
    fn walk(value: &Value, at: &str) {
        let Value::Object(members) = value else { return };
        if let Some(Value::Object(properties)) = members.get("properties") {
            assert_eq!(members["additionalProperties"], json!(false), "{at}");
            for (name, property) in properties {
                let said = property["description"].as_str().or(property["$ref"].as_str());
                assert!(said.is_some_and(|line| !line.contains('\n')), "{at}/{name} is not described");
            }
        }
        for (key, inner) in members {
            walk(inner, &format!("{at}/{key}"));
            for (place, item) in inner.as_array().into_iter().flatten().enumerate() {
                walk(item, &format!("{at}/{key}/{place}"));
            }
        }
    }
    for name in ["diagnostics", "plan", "simulation", "drift", "change", "diff"] {
        walk(&schema(name), name);
    }
}

#[test]
fn another_name_is_answered_with_those_there_are() {
    Folder::new()
        .fleetc(&["schema", "plans"])
        .ends_with(2)
        .stdout("")
        .stderr_has("diagnostics, plan, simulation, drift, change, diff");
}
