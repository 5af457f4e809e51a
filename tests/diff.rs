//! `fleetc diff`, by the real program in real folders.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

#[path = "folder/fleet.rs"]
mod fleet;
mod folder;
#[path = "folder/program.rs"]
mod program;

use std::process::Command;

use fleet::{FLEET, WEB, WRONG};
use folder::Folder;

fn git(folder: &Folder, arguments: &[&str]) {
    let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
    let output = Command::new("git").arg("-C").arg(folder.root()).args(identity).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A small fleet, built and committed.
fn committed() -> Folder {
    let folder = fleet::built();
    git(&folder, &["init", "-q", "-b", "main"]);
    git(&folder, &["add", "-A"]);
    git(&folder, &["commit", "-q", "-m", "first"]);
    folder
}

#[test]
fn an_edit_is_told_below_its_line_and_what_is_equal_once() {
    let folder = committed();
    folder.fleetc(&["diff"]).ends_with(0).stdout("").stderr_has("no file differs");
    folder.write("apps/web.fleet", WEB.replace("path = \"web\"", "path = \"shop\""));
    for arguments in [["diff"].as_slice(), &["diff", "--base", "HEAD"]] {
        let ran = folder.fleetc(arguments).ends_with(3).stdout_has("\n-  path: ./web\n+  path: ./shop\n");
        assert!(ran.stdout.starts_with("apps/web.fleet:1: component web on all { path = \"shop\""), "{}", ran.stdout);
        assert_eq!(ran.stdout.matches("+  path: ./shop\n").count(), 1, "{}", ran.stdout);
        assert!(ran.stdout.contains("= in 1 place, too: gitops/flux/hub/clusters/b.yaml:"), "{}", ran.stdout);
        assert!(ran.stderr.contains("3 files differ, 3 changes, 2 of them distinct"), "{}", ran.stderr);
    }
    // Once it is built, the folder is as it should be, and the commit is not.
    folder.fleetc(&["build"]).ends_with(0);
    folder.fleetc(&["diff"]).ends_with(0);
    folder.fleetc(&["diff", "--base", "HEAD"]).ends_with(3);
}

#[test]
fn an_edit_of_the_output_comes_from_no_line() {
    let folder = committed();
    let path = "gitops/argocd/applicationsets/web.yaml";
    folder.write(path, folder.read(path).replace("path: web", "path: wob"));
    let ran = folder.fleetc(&["diff"]).ends_with(3).stdout_has("no line of the sources\n--- a/gitops/argocd");
    assert!(ran.stdout.contains("wob"), "{}", ran.stdout);
    folder.fleetc(&["diff", "--base", "HEAD"]).ends_with(0);
}

#[test]
fn without_git_the_folder_is_compared_all_the_same() {
    let folder = fleet::built();
    folder.write("apps/web.fleet", WEB.replace("path = \"web\"", "path = \"shop\""));
    folder.fleetc(&["diff"]).ends_with(3).stdout_has("apps/web.fleet:1: component web on all");
    folder.fleetc(&["diff", "--base", "HEAD"]).ends_with(2).stderr_has("is in no Git repository");
}

#[test]
fn what_is_new_and_what_goes_is_told_whole() {
    let folder = committed();
    folder.write("apps/web.fleet", WEB.replace("web", "shop"));
    let ran = folder.fleetc(&["diff", "--base", "HEAD"]).ends_with(3);
    assert!(ran.stdout.contains("apps/web.fleet:1 (before): component web on all"), "{}", ran.stdout);
    assert!(ran.stdout.contains("--- /dev/null\n+++ b/gitops/argocd/applicationsets/shop.yaml\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("--- a/gitops/argocd/applicationsets/web.yaml\n+++ /dev/null\n"), "{}", ran.stdout);
    assert!(ran.stderr.contains("(1 new, 1 gone)"), "{}", ran.stderr);
}

#[test]
fn a_lock_that_alone_is_out_of_date_differs() {
    let folder = Folder::with(&[("main.fleet", FLEET), ("apps/web.fleet", &WEB.replace("on all", "on a"))]);
    folder.fleetc(&["build"]).ends_with(0);
    folder.write("main.fleet", FLEET.replace("migrating = true", "migrating = true\n  protected = b"));
    folder.fleetc(&["diff"]).ends_with(3).stdout("").stderr_has("`fleet.lock` alone is out of date");
}

#[test]
fn errors_of_the_sources_are_shown_and_nothing_is_compared() {
    let folder = committed();
    folder.write("main.fleet", format!("{FLEET}{WRONG}"));
    folder.fleetc(&["diff"]).ends_with(1).stdout("").stderr_has("clsuter");
    folder.write("main.fleet", FLEET);
    folder.fleetc(&["diff", "--base", "nowhere"]).ends_with(2).stdout("").stderr_has("there is no commit `nowhere`");
}

#[test]
fn nothing_is_written() {
    let folder = committed();
    folder.write("apps/web.fleet", WEB.replace("path = \"web\"", "path = \"shop\""));
    let before = folder.tree(".");
    for format in ["text", "json", "markdown"] {
        folder.fleetc(&["diff", "--format", format]).ends_with(3);
        folder.fleetc(&["diff", "--base", "HEAD", "--format", format]).ends_with(3);
    }
    assert_eq!(folder.tree("."), before);
}
