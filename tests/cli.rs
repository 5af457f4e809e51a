//! The command line itself: arguments, streams, exit codes. What needs a whole fleet is in `tests/cli_fleet.rs` and
//! `tests/cli_build.rs`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod folder;
#[path = "folder/program.rs"]
mod program;

use folder::Folder;
use serde_json::Value;

#[test]
fn help_and_version_are_results() {
    let folder = Folder::new();
    let help = folder.fleetc(&["--help"]).ends_with(0).stderr("");
    for text in ["check", "build", "plan", "explain", "Exit codes: 0 fine", "FLEETC_COLOR", "never uses the network"] {
        assert!(help.stdout.contains(text), "{text} in {}", help.stdout);
    }
    folder.fleetc(&["--version"]).ends_with(0).stdout(&format!("fleetc {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_mistyped_command_flag_or_value_is_answered_with_the_nearest() {
    let folder = Folder::new();
    folder.fleetc(&["chekc"]).ends_with(2).stdout("").stderr_has("'check'");
    folder.fleetc(&["check", "--fromat", "json"]).ends_with(2).stderr_has("'--format'");
    folder.fleetc(&["check", "--format", "jsn"]).ends_with(2).stderr_has("'json'");
    folder.fleetc(&[]).ends_with(2).stdout("").stderr_has("Usage: fleetc");
}

#[test]
fn without_a_fleet_the_exit_code_is_that_of_usage() {
    let folder = Folder::with(&[("notes.txt", "")]);
    let root = folder.root().display().to_string();
    for command in ["check", "build", "plan", "drift", "fmt"] {
        folder.fleetc(&[command]).ends_with(2).stdout("").stderr(&format!(
            "error: no `.fleet` file in `{root}` or a folder above it declares a fleet\n\
             help: a fleet begins with `fleet NAME {{ }}` in a `.fleet` file\n"
        ));
    }
    folder.fleetc(&["-C", "nowhere", "check"]).ends_with(2).stderr_has("cannot enter `");
    folder.write("org/main.fleet", "fleet home { }");
    folder.fleetc(&["check"]).ends_with(2).stderr_has("help: there is one in `org`: use `-C org`\n");
}

#[test]
fn a_code_is_explained_by_its_number_or_name() {
    let folder = Folder::new();
    let page = folder.fleetc(&["explain", "F0601"]).ends_with(0).stderr("").stdout;
    assert!(page.starts_with("F0601: a generated file was edited by hand\n"), "{page}");
    for name in ["f0601", "edited-output"] {
        folder.fleetc(&["explain", name]).ends_with(0).stdout(&page);
    }
    for (name, near) in [("F06O1", "F0601"), ("edited-outputs", "edited-output")] {
        let help = format!("error: no diagnostic or term is named `{name}`\nhelp: did you mean `{near}`?\n");
        folder.fleetc(&["explain", name]).ends_with(2).stdout("").stderr(&help);
    }
    folder.fleetc(&["explain", "zebra"]).ends_with(2).stderr_has("`fleetc explain --all` lists them");
    folder.fleetc(&["explain"]).ends_with(2);
    folder.fleetc(&["explain", "F0601", "--all"]).ends_with(2);
}

#[test]
fn the_registry_of_codes_can_be_read_by_programs() {
    let folder = Folder::new();
    let all: Value =
        serde_json::from_str(&folder.fleetc(&["explain", "--all", "--format", "json"]).ends_with(0).stdout).unwrap();
    assert_eq!(all["schema"], 1);
    let one: Value =
        serde_json::from_str(&folder.fleetc(&["explain", "F0414", "--format", "json"]).ends_with(0).stdout).unwrap();
    assert!(all["codes"].as_array().unwrap().contains(&one));
    assert_eq!((&one["slug"], &one["severity"]), (&"runs-nowhere".into(), &"warning".into()));
    folder.fleetc(&["explain", "--all"]).ends_with(0).stdout_has("F0414  warning  runs-nowhere ");
}

#[test]
fn every_flag_is_also_a_variable() {
    let folder = Folder::new();
    folder.fleetc(&["explain", "F0601"]).env("FLEETC_EXPLAIN_FORMAT", "json").ends_with(0).stdout_has("\"slug\"");
    folder.fleetc(&["check"]).env("FLEETC_DIRECTORY", "nowhere").ends_with(2).stderr_has("nowhere");
    folder.fleetc(&["check"]).env("FLEETC_CHECK_FORMAT", "xml").ends_with(2).stderr_has("xml");
    let prints = ["build", "--output", "-"];
    folder.fleetc(&prints).env("FLEETC_BUILD_CHECK", "1").ends_with(2).stderr_has("writes to no folder");
    folder.fleetc(&prints).env("FLEETC_BUILD_CHECK", "0").ends_with(2).stderr_has("no `.fleet` file");
}

#[test]
fn colours_are_used_when_they_are_wanted() {
    let folder = Folder::new();
    let coloured = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut program = folder.fleetc(arguments);
        for (name, value) in variables {
            program = program.env(name, value);
        }
        program.ends_with(2).stderr.contains('\x1b')
    };
    for wrong in [["explain", "zebra"], ["explain", "--zebra"]] {
        assert!(!coloured(&wrong, &[]), "{wrong:?}");
        assert!(coloured(&wrong, &[("CLICOLOR_FORCE", "1")]), "{wrong:?}");
        assert!(coloured(&wrong, &[("FORCE_COLOR", "1")]), "{wrong:?}");
        assert!(coloured(&wrong, &[("FLEETC_COLOR", "always"), ("NO_COLOR", "1")]), "{wrong:?}");
        assert!(!coloured(&wrong, &[("FORCE_COLOR", "1"), ("NO_COLOR", "1")]), "{wrong:?}");
        assert!(coloured(&["--color", "always", wrong[0], wrong[1]], &[("NO_COLOR", "1")]), "{wrong:?}");
        assert!(!coloured(&[wrong[0], "--color=never", wrong[1]], &[("FORCE_COLOR", "1")]), "{wrong:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_ends_the_output_quietly() {
    let folder = Folder::new();
    for arguments in [["explain", "--all"], ["explain", "F0601"], ["--help", ""]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let arguments: Vec<&str> = arguments.into_iter().filter(|argument| !argument.is_empty()).collect();
        folder.fleetc(&arguments).stdout_to(writer).exits_with(0).stderr("");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_an_error() {
    let folder = Folder::new();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let said = "error: cannot write to stdout: the disk is full\n";
    folder.fleetc(&["explain", "--all"]).stdout_to(full).exits_with(2).stderr(said);
}

#[test]
fn a_file_that_cannot_be_read_is_reported_in_every_format() {
    let folder = Folder::with(&[("main.fleet", "fleet home { }\nargocd { }\n")]);
    folder.write("old.fleet", b"# one\n# caf\xE9\n");
    folder.write("large.fleet", vec![b'\n'; (4 << 20) + 1]);
    let checked = folder.fleetc(&["check", "--format", "concise"]).ends_with(1).stderr("");
    let lines: Vec<&str> = checked.stdout.lines().collect();
    assert_eq!(
        lines[..2],
        [
            "large.fleet:1:1: error[F0001] `large.fleet` has 4194305 bytes, more than the 4194304 (4 MiB) that a file may have",
            "old.fleet:2:6: error[F0002] `old.fleet` is not UTF-8 text",
        ]
    );
    assert_eq!(lines.last(), Some(&"2 errors in 3 files"));
    folder.fleetc(&["check"]).ends_with(1).stdout_has("F0002").stdout_ends_with("2 errors in 3 files\n");
    let json: Value = serde_json::from_str(&folder.fleetc(&["check", "--format", "json"]).ends_with(1).stdout).unwrap();
    assert_eq!(json["schema"], 1);
    for command in ["build", "plan"] {
        folder.fleetc(&[command]).ends_with(1).stdout("").stderr_has("F0001");
    }
    assert!(!folder.path("gitops").exists());
}
