//! `check` and `plan` on a whole fleet, and what every command does with a wrong one.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

#[path = "folder/fleet.rs"]
mod fleet;
mod folder;
#[path = "folder/program.rs"]
mod program;

use fleet::{API, FLEET, IDLE, WRONG, built, fleet};
use folder::Folder;
use serde_json::Value;

#[test]
fn check_says_how_many_problems_are_in_how_many_files() {
    let folder = fleet();
    folder.fleetc(&["check"]).ends_with(0).stdout("no problems in 2 files\n").stderr("");
    folder.fleetc(&["check", "-q"]).ends_with(0).stdout("").stderr("");
    folder.write("wrong.fleet", WRONG);
    folder.write("idle.fleet", IDLE);
    let all = folder.fleetc(&["check", "--format", "concise"]).ends_with(1).stderr("").stdout;
    assert!(all.contains("wrong.fleet:1:1: error[F0112] "), "{all}");
    assert!(all.contains("idle.fleet:1:11: warning[F0414] "), "{all}");
    assert!(all.ends_with("\n1 error, 1 warning in 4 files (1 fixable with --fix --unsafe)\n"), "{all}");
    folder
        .fleetc(&["check"])
        .ends_with(1)
        .stdout_has("F0112")
        .stdout_ends_with("\n1 error, 1 warning in 4 files (1 fixable with --fix --unsafe)\n");
}

#[test]
fn warnings_are_no_failure_unless_they_are_denied() {
    let folder = fleet();
    folder.write("idle.fleet", IDLE);
    folder.fleetc(&["check"]).ends_with(0).stdout_ends_with("\n1 warning in 3 files\n");
    folder.fleetc(&["check", "--deny-warnings"]).ends_with(1);
    folder.fleetc(&["check"]).env("FLEETC_CHECK_DENY_WARNINGS", "true").ends_with(1);
}

#[test]
fn check_as_json_is_one_object_on_stdout() {
    let folder = fleet();
    folder.write("wrong.fleet", WRONG);
    let ran = folder.fleetc(&["check", "--format", "json"]).ends_with(1).stderr("");
    let value: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(value["schema"], 1);
}

#[test]
fn check_shows_what_is_in_the_files_that_are_named() {
    let folder = fleet();
    folder.write("apps/wrong.fleet", WRONG);
    folder.write("apps/idle.fleet", IDLE);
    folder.write("other/main.fleet", FLEET);
    let check = |paths: &[&str], code: i32| {
        let arguments = [&["check", "--format", "concise"], paths].concat();
        folder.fleetc(&arguments).ends_with(code).stdout.lines().last().unwrap().to_string()
    };
    assert_eq!(check(&["apps"], 1), "1 error, 1 warning in 4 files (1 fixable with --fix --unsafe)");
    assert_eq!(check(&["apps/idle.fleet"], 0), "1 warning in 4 files");
    assert_eq!(check(&["main.fleet", "apps/wrong.fleet"], 1), "1 error in 4 files (1 fixable with --fix --unsafe)");
    assert_eq!(check(&["."], 1), "1 error, 1 warning in 4 files (1 fixable with --fix --unsafe)");
    // A folder with a fleet of its own is that fleet.
    assert_eq!(check(&["other"], 0), "no problems in 1 file");
    folder
        .fleetc(&["check", "main.fleet", "other/main.fleet"])
        .ends_with(2)
        .stdout("")
        .stderr_has("one fleet at a time");
    folder.fleetc(&["check", "nothing.fleet"]).ends_with(2).stderr_has("nothing.fleet");
}

#[test]
fn a_project_is_found_from_below_and_from_elsewhere() {
    let folder = fleet();
    folder.fleetc(&["check"]).started_in(folder.path("apps")).ends_with(0).stdout("no problems in 2 files\n");
    let elsewhere = Folder::new();
    let root = folder.root().display().to_string();
    elsewhere.fleetc(&["-C", &root, "check"]).ends_with(0).stdout("no problems in 2 files\n");
    elsewhere.fleetc(&["build", "-C", &root]).ends_with(0);
    assert!(folder.path("gitops/fleet.lock").exists());
}

#[test]
fn nothing_is_touched_when_anything_is_wrong() {
    let folder = built();
    let before = folder.tree("gitops");
    folder.write("apps/api.fleet", API);
    folder.write("wrong.fleet", WRONG);
    folder.fleetc(&["build"]).ends_with(1).stdout("").stderr_has("F0112");
    folder.fleetc(&["build", "-o", "-"]).ends_with(1).stdout("").stderr_has("F0112");
    folder.fleetc(&["plan"]).ends_with(1).stdout("").stderr_has("F0112");
    assert_eq!(folder.tree("gitops"), before);
}

#[test]
fn the_plan_is_text_or_json() {
    let folder = fleet();
    folder
        .fleetc(&["plan"])
        .ends_with(0)
        .stderr("")
        .stdout_has("home: 1 component on 2 clusters, 2 deployments\n\nweb");
    let json = folder.fleetc(&["plan", "--format", "json"]).ends_with(0).stderr("").stdout;
    let plan: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(plan["schema"], "fleetc.plan/1");
    let names: Vec<&Value> = plan["deployments"].as_array().unwrap().iter().map(|entry| &entry["name"]).collect();
    assert_eq!(names, ["web-a", "web-b"]);
    folder.write("idle.fleet", IDLE);
    folder.fleetc(&["plan", "--format", "json"]).ends_with(0).stdout(&json).stderr_has("F0414");
}

const TESTS: &str = "test \"web runs\" { expect component web on all }
test \"nothing runs\" {
  expect not component web on all
  expect web on a { namespace = api }
}
";

#[test]
fn tests_end_with_the_code_that_ci_reads() {
    let folder = fleet();
    folder.fleetc(&["test"]).ends_with(0).stdout_has("there are no tests");
    folder.write("tests.fleet", TESTS);
    // Neither is asked whether a test holds.
    folder.fleetc(&["check"]).ends_with(0).stdout("no problems in 3 files\n");
    folder.fleetc(&["build"]).ends_with(0);
    let failed = folder.fleetc(&["test"]).ends_with(1).stderr("").stdout;
    assert_eq!(failed.matches("error[F0418]").count(), 2, "{failed}");
    assert!(failed.ends_with("\n\n1 test passed, 1 failed\n"), "{failed}");
    folder.fleetc(&["test", "web"]).ends_with(0).stdout("1 test passed, 0 failed, 1 not run\n");
    folder.fleetc(&["test", "web", "-q"]).ends_with(0).stdout("");
    folder.fleetc(&["test", "wbe runs"]).ends_with(2).stdout("").stderr_has("did you mean `web runs`?");
    let listed = "tests.fleet:1:6: web runs\ntests.fleet:2:6: nothing runs\n";
    folder.fleetc(&["test", "--list"]).ends_with(0).stdout(listed);
    folder.fleetc(&["test", "--list", "nothing"]).ends_with(0).stdout("tests.fleet:2:6: nothing runs\n");
    let lines = folder.fleetc(&["test", "--format", "concise"]).ends_with(1).stdout;
    assert!(lines.starts_with("tests.fleet:3:24: error[F0418] `web` runs on `a`, `b`\n"), "{lines}");
}

#[test]
fn programs_read_which_tests_failed() {
    let folder = fleet();
    folder.write("tests.fleet", TESTS);
    let json = folder.fleetc(&["test", "--format", "json"]).ends_with(1).stdout;
    let report: Value = serde_json::from_str(&json).unwrap();
    let tests: Vec<(&Value, &Value)> =
        report["tests"].as_array().unwrap().iter().map(|test| (&test["name"], &test["passed"])).collect();
    assert_eq!(tests, [(&Value::from("web runs"), &true.into()), (&Value::from("nothing runs"), &false.into())]);
    assert_eq!(report["diagnostics"][0]["item"], "test nothing runs");
    let junit = folder.fleetc(&["test", "--format", "junit"]).ends_with(1).stdout;
    for part in [
        "<testsuites name=\"fleetc\" tests=\"2\" failures=\"1\" errors=\"0\">",
        "<testcase classname=\"tests.fleet\" name=\"web runs\"/>",
        "<testcase classname=\"tests.fleet\" name=\"nothing runs\">",
        "<failure message=\"`web` runs on `a`, `b` (and 1 more)\" type=\"expectation-failed\">",
    ] {
        assert!(junit.contains(part), "{part}\n{junit}");
    }
    assert_eq!(junit.matches("<failure").count(), 1, "{junit}");
}

#[test]
fn a_fleet_with_errors_is_not_tested() {
    let folder = fleet();
    folder.write("tests.fleet", TESTS);
    folder.write("wrong.fleet", WRONG);
    folder.fleetc(&["test"]).ends_with(1).stdout_has("F0112").stderr_has("no test was run");
    let junit = folder.fleetc(&["test", "--format", "junit"]).ends_with(1).stdout;
    assert!(junit.contains("unknown-keyword") && !junit.contains("web runs"), "{junit}");
}
