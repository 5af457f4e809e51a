//! `fleetc fmt` on files, folders and stdin.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod folder;
#[path = "folder/program.rs"]
mod program;

use folder::Folder;

const LOOSE: &str = "fleet home{source=x}\n";
const TIDY: &str = "fleet home { source = x }\n";

#[test]
fn only_what_changes_is_written() {
    let folder = Folder::with(&[("a.fleet", LOOSE), ("b/c.fleet", "label env:dev|prod\n"), ("b/d.fleet", "# tidy\n")]);
    folder.fleetc(&["fmt"]).ends_with(0).stdout("").stderr("formatted 2 of 3 files\n");
    assert_eq!(folder.read("a.fleet"), TIDY);
    assert_eq!(folder.read("b/c.fleet"), "label env: dev | prod\n");
    folder.fleetc(&["fmt"]).ends_with(0).stdout("").stderr("nothing to format in 3 files\n");
    folder.fleetc(&["fmt", "-q"]).ends_with(0).stdout("").stderr("");
}

#[test]
fn check_lists_and_diff_shows_and_neither_writes() {
    let folder = Folder::with(&[("a.fleet", LOOSE), ("b.fleet", "# tidy\n")]);
    folder.fleetc(&["fmt", "--check"]).ends_with(3).stdout("a.fleet\n").stderr("would format 1 of 2 files\n");
    let diff = "--- a/a.fleet\n+++ b/a.fleet\n@@ -1 +1 @@\n-fleet home{source=x}\n+fleet home { source = x }\n";
    folder.fleetc(&["fmt", "--diff"]).ends_with(0).stdout(diff);
    folder.fleetc(&["fmt", "--diff", "--check"]).ends_with(3).stdout(diff);
    folder.fleetc(&["fmt", "--check", "b.fleet"]).ends_with(0).stdout("");
    assert_eq!(folder.read("a.fleet"), LOOSE);
}

#[test]
fn files_and_folders_need_no_fleet() {
    let folder = Folder::with(&[("lib/a.fleet", "source a{helm=\"https://a.example\"}\n"), ("notes.txt", "")]);
    folder.fleetc(&["fmt", "lib"]).ends_with(0).stderr("formatted 1 of 1 file\n");
    folder.fleetc(&["fmt", "lib/a.fleet", "lib"]).ends_with(0).stderr("nothing to format in 1 file\n");
    folder.fleetc(&["fmt"]).ends_with(2).stderr_has("declares a fleet");
    folder.fleetc(&["fmt", "notes.txt"]).ends_with(2).stderr_has("`notes.txt` is no `.fleet` file");
    folder.fleetc(&["fmt", "nowhere"]).ends_with(2).stderr_has("cannot read `nowhere`");
}

#[test]
fn stdin_is_answered_on_stdout() {
    let folder = Folder::new();
    folder.fleetc(&["fmt", "-"]).reads(LOOSE).ends_with(0).stdout(TIDY).stderr("");
    folder.fleetc(&["fmt", "-"]).reads(TIDY).ends_with(0).stdout(TIDY);
    let named = ["fmt", "-", "--stdin-filename", "x/y.fleet", "--check"];
    folder.fleetc(&named).reads(LOOSE).ends_with(3).stdout("x/y.fleet\n");
    folder.fleetc(&["fmt", "-", "a.fleet"]).ends_with(2).stderr_has("stands alone");
    folder.fleetc(&["fmt", "--stdin-filename", "x"]).ends_with(2).stderr_has("write `-`");
}

#[test]
fn a_broken_file_is_formatted_around_its_errors() {
    let broken = "fleet home{source=}\nlabel env:dev|prod\n";
    let folder = Folder::with(&[("a.fleet", broken)]);
    let ran = folder.fleetc(&["fmt", "a.fleet"]).ends_with(0);
    assert_eq!(folder.read("a.fleet"), "fleet home { source= }\nlabel env: dev | prod\n");
    ran.stderr_has("a.fleet: left as it is where it has syntax errors");
}

#[test]
fn what_cannot_be_read_is_said_and_the_rest_formatted() {
    let folder = Folder::with(&[("a.fleet", LOOSE)]);
    folder.write("b.fleet", b"label env:\xff\n");
    folder.write("c.fleet", format!("label a = {}\n", "(".repeat(99)));
    let ran = folder.fleetc(&["fmt"]).ends_with(2);
    assert_eq!(folder.read("a.fleet"), TIDY);
    ran.stderr_has("`b.fleet` is not UTF-8 text").stderr_has("nested more than 64 deep");
}

#[test]
fn line_ends_are_kept_and_a_byte_order_mark_goes() {
    let folder = Folder::with(&[("a.fleet", "\u{feff}fleet home{source=x}\r\n\r\n\r\nlabel env:dev|prod # c \r\n")]);
    folder.fleetc(&["fmt", "a.fleet"]).ends_with(0);
    assert_eq!(folder.read("a.fleet"), "fleet home { source = x }\r\n\r\nlabel env: dev | prod  # c\r\n");
}
