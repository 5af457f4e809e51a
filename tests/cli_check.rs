//! `fleetc check` beyond showing what is wrong: the text of an editor, fixes, limits, baselines.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

#[path = "folder/fleet.rs"]
mod fleets;
mod folder;
#[path = "folder/program.rs"]
mod program;

use fleets::{IDLE, WEB, fleet};
use folder::Folder;
use serde_json::Value;

/// A typo, whose fix is a guess.
const TYPO: &str = "component web on alll { path = \"web\", namespace = web }\n";
/// What that guess makes of it.
const MENDED: &str = "component web on all { path = \"web\", namespace = web }\n";

#[test]
fn the_text_on_stdin_stands_for_a_file_of_the_project() {
    let folder = fleet();
    let check = |arguments: &[&str], text: &str, code: i32| {
        let all = [&["check", "-", "--format", "concise"], arguments].concat();
        folder.fleetc(&all).reads(text).ends_with(code).stderr("").stdout
    };
    let web = ["--stdin-filename", "apps/web.fleet"];
    assert_eq!(check(&web, WEB, 0), "no problems in 2 files\n");
    let wrong = check(&web, TYPO, 1);
    assert!(wrong.starts_with("apps/web.fleet:1:18: error[F0202] "), "{wrong}");
    assert_eq!(check(&["--stdin-filepath", "apps/web.fleet"], TYPO, 1), wrong);
    // A file that was never saved belongs to it, too, and what the disk holds is not touched.
    let new = check(&["--stdin-filename", "new/folder/x.fleet"], &TYPO.replace("web", "x"), 1);
    assert!(new.contains("F0202") && new.contains(" in 3 files "), "{new}");
    assert_eq!(folder.read("apps/web.fleet"), WEB);
    assert!(!folder.path("new").exists());
}

#[test]
fn only_the_problems_of_the_text_on_stdin_are_shown_unless_all_are_wanted() {
    let folder = fleet();
    folder.write("wrong.fleet", "clsuter c { }\n");
    let web = ["check", "-", "--stdin-filename", "apps/web.fleet", "--format", "concise"];
    folder.fleetc(&web).reads(WEB).ends_with(0).stdout("no problems in 3 files\n");
    folder.fleetc(&[&web[..], &["--all-files"]].concat()).reads(WEB).ends_with(1).stdout_has("wrong.fleet:1:1: error");
}

#[test]
fn a_fleet_declaration_that_is_being_written_keeps_its_project() {
    let folder = fleet();
    let main = ["check", "-", "--stdin-filename", "main.fleet", "--format", "concise"];
    folder.fleetc(&main).reads("flee home {").ends_with(1).stdout_has("main.fleet:1:1: error[F0112]");
    let new = Folder::new();
    new.fleetc(&main).reads("fleet home { source = x }\n").ends_with(1).stdout_has("main.fleet:1:23: error[F0205]");
    new.fleetc(&main).reads("component x { }\n").ends_with(2).stderr_has("declares a fleet");
}

#[test]
fn a_text_without_a_name_is_a_project_of_its_own() {
    let folder = Folder::new();
    let text = "fleet home { source = x }\nsource x { git = \"https://example.com/x\" }\nargocd { }\ncluster a { }\n";
    folder.fleetc(&["check", "-"]).reads(text).ends_with(0).stdout("no problems in 1 file\n");
    folder
        .fleetc(&["check", "-", "--format", "concise"])
        .reads("clsuter a { }")
        .ends_with(1)
        .stdout_has("stdin.fleet:1:1: error[F0112]");
}

#[test]
fn what_makes_no_sense_with_stdin_is_refused() {
    let folder = fleet();
    for (arguments, said) in [
        (&["check", "--stdin-filename", "x.fleet"][..], "write `-` in place of the paths"),
        (&["check", "-", "main.fleet"], "`-` stands alone"),
        (&["check", "-", "--stdin-filename", "x.yaml"], "is no `.fleet` file"),
        (&["check", "--unsafe"], "add `--fix` or `--diff`"),
        (&["check", "--update-baseline"], "--baseline"),
    ] {
        folder.fleetc(arguments).reads("").ends_with(2).stdout("").stderr_has(said);
    }
}

#[test]
fn the_same_file_gives_the_same_report_from_stdin_and_from_disk() {
    let folder = fleet();
    folder.write("apps/web.fleet", TYPO);
    let json = ["check", "--format", "json"];
    let disk = folder.fleetc(&[&json[..], &["apps/web.fleet"]].concat()).ends_with(1).stdout;
    folder
        .fleetc(&[&json[..], &["-", "--stdin-filename", "apps/web.fleet"]].concat())
        .reads(TYPO)
        .ends_with(1)
        .stdout(&disk);
}

#[test]
fn paths_are_relative_to_where_fleetc_was_started_and_in_json_to_the_project() {
    let folder = fleet();
    folder.write("apps/web.fleet", TYPO);
    let line = |start: &str, arguments: &[&str]| {
        let all = [&["check", "--format", "concise"], arguments].concat();
        let printed = folder.fleetc(&all).started_in(folder.path(start)).ends_with(1).stdout;
        printed.split(':').next().unwrap().to_owned()
    };
    assert_eq!(line(".", &[]), "apps/web.fleet");
    assert_eq!(line("apps", &[]), "web.fleet");
    assert_eq!(line("apps", &["-C", ".."]), "apps/web.fleet");
    folder.write("other/notes.txt", "");
    assert_eq!(line("other", &[]), "../apps/web.fleet");
    let json = folder.fleetc(&["check", "--format", "json"]).started_in(folder.path("apps")).ends_with(1).stdout;
    let report: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["diagnostics"][0]["file"], "apps/web.fleet");
    folder.fleetc(&["plan"]).started_in(folder.path("apps")).ends_with(1).stderr_has("[web.fleet:1:18]");
}

#[test]
fn guesses_are_applied_only_when_they_are_asked_for() {
    let folder = fleet();
    folder.write("apps/web.fleet", TYPO);
    folder.fleetc(&["check", "--fix"]).ends_with(1).stdout_has("(1 fixable with --fix --unsafe)");
    assert_eq!(folder.read("apps/web.fleet"), TYPO);
    let diff = folder.fleetc(&["check", "--diff", "--unsafe"]).ends_with(1);
    let diff = diff.stderr("would fix 1 problem in 1 file\n").stdout;
    assert!(diff.starts_with("--- a/apps/web.fleet\n+++ b/apps/web.fleet\n@@ -1 +1 @@\n-"), "{diff}");
    assert_eq!(folder.read("apps/web.fleet"), TYPO);
    let fixed = folder.fleetc(&["check", "--fix", "--unsafe"]).ends_with(0);
    fixed.stdout("no problems in 2 files\n").stderr("fixed 1 problem in 1 file\n");
    assert_eq!(folder.read("apps/web.fleet"), MENDED);
    folder.fleetc(&["check", "--diff", "--unsafe"]).ends_with(0).stdout("").stderr("nothing to fix\n");
}

#[test]
fn safe_fixes_are_applied_and_what_is_left_is_shown() {
    let folder = fleet();
    let allowed = format!("# fleetc: allow(F0414) reason=\"soon\"\n{WEB}");
    folder.write("apps/web.fleet", &allowed);
    folder.fleetc(&["check"]).ends_with(0).stdout_has("1 warning in 2 files (1 fixable with --fix)");
    folder.fleetc(&["check", "--fix"]).ends_with(0).stdout("no problems in 2 files\n");
    assert_eq!(folder.read("apps/web.fleet"), WEB);
}

#[test]
fn only_files_that_are_named_are_fixed() {
    let folder = fleet();
    folder.write("apps/web.fleet", TYPO);
    folder.write("other.fleet", TYPO.replace("web", "other"));
    folder.fleetc(&["check", "--fix", "--unsafe", "apps"]).ends_with(0).stderr("fixed 1 problem in 1 file\n");
    assert_eq!(folder.read("apps/web.fleet"), MENDED);
    assert_eq!(folder.read("other.fleet"), TYPO.replace("web", "other"));
}

#[test]
fn the_fixed_text_of_stdin_is_the_result() {
    let folder = fleet();
    let arguments = ["check", "-", "--stdin-filename", "apps/web.fleet", "--fix", "--unsafe"];
    let ran = folder.fleetc(&arguments).reads(TYPO).ends_with(0);
    ran.stdout(MENDED).stderr("fixed 1 problem in 1 file\nno problems in 2 files\n");
    folder.fleetc(&arguments).reads(WEB).ends_with(0).stdout(WEB);
    assert_eq!(folder.read("apps/web.fleet"), WEB);
}

#[cfg(unix)]
#[test]
fn a_fixed_file_keeps_its_permissions_and_a_link_stays_a_link() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let folder = fleet();
    folder.remove("apps/web.fleet");
    folder.write("texts/web.txt", TYPO);
    std::fs::set_permissions(folder.path("texts/web.txt"), std::fs::Permissions::from_mode(0o640)).unwrap();
    symlink("../texts/web.txt", folder.path("apps/web.fleet")).unwrap();
    folder.fleetc(&["check", "--fix", "--unsafe"]).ends_with(0);
    assert!(folder.path("apps/web.fleet").is_symlink());
    assert_eq!(folder.read("texts/web.txt"), MENDED);
    let mode = std::fs::metadata(folder.path("texts/web.txt")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
}

/// What stands in the place of bytes that are no text is never written back.
#[test]
fn a_file_that_is_not_utf8_is_not_fixed() {
    let folder = fleet();
    let bytes = [b"# \xff\n".as_slice(), TYPO.as_bytes()].concat();
    folder.write("apps/web.fleet", &bytes);
    folder.fleetc(&["check", "--fix", "--unsafe"]).exits_with(1);
    assert_eq!(std::fs::read(folder.path("apps/web.fleet")).unwrap(), bytes);
}

#[test]
fn a_limit_keeps_the_worst_and_says_how_many_it_hides() {
    let folder = fleet();
    folder.write("a.fleet", IDLE);
    folder.write("b.fleet", TYPO.replace("web", "b"));
    folder.write("c.fleet", TYPO.replace("web", "c"));
    let check = |most: &str, format: &str| {
        folder.fleetc(&["check", "--max-errors", most, "--format", format]).ends_with(1).stdout
    };
    let two = check("2", "concise");
    assert!(two.starts_with("b.fleet:1:16: error"), "{two}");
    assert!(two.ends_with("2 errors, 1 warning in 5 files (2 fixable with --fix --unsafe, 1 not shown)\n"), "{two}");
    assert_eq!(two.lines().count(), 3);
    let report: Value = serde_json::from_str(&check("1", "json")).unwrap();
    assert_eq!(report["diagnostics"].as_array().unwrap().len(), 1);
    assert_eq!((&report["summary"]["errors"], &report["summary"]["hidden"]), (&2.into(), &2.into()));
    assert_eq!(check("0", "concise").lines().count(), 1);
}

#[test]
fn a_baseline_allows_what_was_there_and_nothing_new() {
    let folder = fleet();
    folder.write("idle.fleet", IDLE);
    let check = ["check", "--deny-warnings", "--baseline", "known.json", "--format", "concise"];
    folder.fleetc(&check).ends_with(2).stdout("").stderr_has("`--update-baseline` writes it");
    let update = [&check[..], &["--update-baseline"]].concat();
    folder.fleetc(&update).ends_with(0).stdout("no problems in 3 files (1 allowed)\n").stderr_has("1 known problem");
    let written = folder.read("known.json");
    folder.fleetc(&update).ends_with(0);
    assert_eq!(folder.read("known.json"), written);
    // Lines above change nothing.
    folder.write("idle.fleet", format!("# Moved down.\n\n{IDLE}"));
    folder.fleetc(&check).ends_with(0).stdout("no problems in 3 files (1 allowed)\n").stderr("");
    // Another one is new, and an error is never known.
    folder.write("lazy.fleet", IDLE.replace("idle", "lazy"));
    folder.fleetc(&check).ends_with(1).stdout_has("lazy.fleet:1:11: warning[F0414]");
    folder.write("lazy.fleet", TYPO.replace("web", "lazy"));
    folder.fleetc(&update).ends_with(1).stdout_has("lazy.fleet:1:19: error[F0202]");
    folder.remove("lazy.fleet");
    folder.remove("idle.fleet");
    folder.fleetc(&check).ends_with(0).stderr_has("1 problem of it no longer there; add `--update-baseline`");
}

#[test]
fn a_baseline_that_cannot_be_read_is_no_baseline() {
    let folder = fleet();
    for text in ["", "{}", "[]", "{\"schema\":\"fleetc.baseline/9\",\"diagnostics\":[]}"] {
        folder.write("known.json", text);
        folder.fleetc(&["check", "--baseline", "known.json"]).ends_with(2).stdout("").stderr_has("the baseline `");
    }
}

#[test]
fn ascii_is_drawn_where_it_is_wanted() {
    let folder = fleet();
    folder.write("apps/web.fleet", TYPO);
    assert!(!folder.fleetc(&["check"]).ends_with(1).stdout.is_ascii());
    assert!(folder.fleetc(&["check", "--ascii"]).ends_with(1).stdout.is_ascii());
    assert!(folder.fleetc(&["check"]).env("LC_ALL", "C").ends_with(1).stdout.is_ascii());
}
