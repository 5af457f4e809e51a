//! What a shell is told may come next, asked as its script asks; and the man pages. `tests/conformance/completions.sh`
//! runs the scripts in the shells themselves.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "folder/fleet.rs"]
mod fleet;
mod folder;
#[path = "folder/program.rs"]
mod program;

use fleet::{FLEET, WRONG};
use folder::Folder;

/// What may stand for the last of `words`.
fn completed(folder: &Folder, words: &[&str]) -> Vec<String> {
    let arguments = [&["--", "fleetc"], words].concat();
    let last = words.len().to_string();
    let program = folder.fleetc(&arguments).env("FLEETC_COMPLETE", "bash").env("_CLAP_COMPLETE_INDEX", &last);
    program.env("_CLAP_IFS", "\n").ends_with(0).stderr("").stdout.lines().map(str::to_string).collect()
}

#[test]
fn commands_and_flags_are_completed() {
    let folder = Folder::new();
    assert_eq!(completed(&folder, &["che"]), ["check"]);
    assert_eq!(completed(&folder, &["plan", "--form"]), ["--format"]);
    assert_eq!(completed(&folder, &["explain", "--format", "m"]), ["markdown"]);
    assert_eq!(completed(&folder, &["schema", ""])[..2], ["diagnostics", "plan"]);
    assert_eq!(completed(&folder, &["completions", "z"]), ["zsh"]);
}

#[test]
fn codes_and_terms_are_completed() {
    let folder = Folder::new();
    assert_eq!(completed(&folder, &["explain", "F070"]), ["F0701", "F0702"]);
    assert_eq!(completed(&folder, &["explain", "edited"]), ["edited-output"]);
    assert_eq!(completed(&folder, &["explain", "stage.m"]), ["stage.max"]);
    assert_eq!(completed(&folder, &["explain", "predica"]), ["predicate", "predicates"]);
}

/// Also of a fleet that has errors: what is declared is declared.
#[test]
fn clusters_and_components_of_the_project_are_completed() {
    let folder = Folder::with(&[(
        "main.fleet",
        "fleet home { source = nowhere }\ncluster prod-eu { }\ncluster prod-us { }\ncluster dev { }\n\
         component web on al { }\ncomponent cache { }\ntest \"web runs\" { }\n\
         rollout careful { }\nlabel env: dev | prod = dev\n",
    )]);
    assert_eq!(completed(&folder, &["graph", "--rollout", "c"]), ["careful"]);
    assert_eq!(completed(&folder, &["matrix", "--by", "e"]), ["env"]);
    assert_eq!(completed(&folder, &["why", "prod"]), ["prod-eu", "prod-us"]);
    assert_eq!(completed(&folder, &["why", "prod-eu", "w"]), ["web"]);
    assert_eq!(completed(&folder, &["test", "w"]), ["web runs"]);
    assert_eq!(completed(&Folder::new(), &["why", "prod"]), [""; 0]);
}

#[test]
fn files_of_fleets_are_completed_for_check() {
    let folder = Folder::with(&[("main.fleet", FLEET), ("mail.txt", ""), ("maps/a.fleet", "")]);
    assert_eq!(completed(&folder, &["check", "ma"]), ["main.fleet", "maps/"]);
    assert_eq!(completed(&folder, &["check", "maps/"]), ["maps/a.fleet"]);
    assert_eq!(completed(&folder, &["-C", "maps", "check", "a"]), ["a.fleet"]);
    assert_eq!(completed(&folder, &["-C", "m"]), ["maps/"]);
}

#[test]
fn nothing_is_said_where_nothing_can_come() {
    let folder = Folder::with(&[("wrong.fleet", WRONG)]);
    assert_eq!(completed(&folder, &["explain", "zebra"]), [""; 0]);
    let unknown = folder.fleetc(&["--", "fleetc", ""]).env("FLEETC_COMPLETE", "csh");
    unknown.ends_with(0).stdout("").stderr("");
}

#[test]
fn every_shell_has_a_script_that_asks_the_program() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = folder.fleetc(&["completions", shell]).ends_with(0).stderr("").stdout;
        assert!(script.contains("FLEETC_COMPLETE") && script.contains("fleetc"), "{shell}: {script}");
    }
    folder.fleetc(&["completions", "csh"]).ends_with(2).stdout("").stderr_has("bash, zsh, fish, elvish, powershell");
}

/// The long flags that `--help` names.
fn flags(help: &str) -> Vec<&str> {
    let words = help.split(|c: char| c.is_whitespace() || ",[]=`".contains(c));
    words
        .filter(|word| word.starts_with("--") && word.len() > 2)
        .map(|word| word.trim_end_matches(['.', ';', ':']))
        .collect()
}

#[test]
fn man_pages_name_every_flag() {
    let folder = Folder::new();
    folder.fleetc(&["man", "--dir", "pages"]).ends_with(0).stdout("").stderr_has("fleetc-check.1");
    let pages = folder.tree("pages");
    let commands = [
        "check",
        "build",
        "adopt",
        "plan",
        "graph",
        "matrix",
        "diff",
        "why",
        "explain",
        "schema",
        "completions",
        "man",
    ];
    assert!(commands.iter().all(|command| pages.contains_key(&format!("fleetc-{command}.1"))), "{:?}", pages.keys());
    folder.fleetc(&["man"]).ends_with(0).stdout(&pages["fleetc.1"]);
    for command in commands {
        let page = folder.fleetc(&["man", command]).ends_with(0).stderr("").stdout;
        assert_eq!(page, pages[&format!("fleetc-{command}.1")]);
        assert!(page.contains(&format!(".TH fleetc-{command} 1")), "{page}");
        let plain = page.replace('\\', "");
        let help = folder.fleetc(&[command, "--help"]).ends_with(0).stdout;
        let flags = flags(&help);
        assert!(flags.len() > 5, "{command}: {flags:?}");
        for flag in flags {
            assert!(plain.contains(flag), "{command}: no {flag} in\n{plain}");
        }
    }
    folder.fleetc(&["man", "chekc"]).ends_with(2).stdout("").stderr_has("did you mean `check`?");
}
