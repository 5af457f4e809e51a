//! The Git index: what `--stage` puts there, what `--index` reads from it, and when `--fail-on-change` fails.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
#![allow(missing_docs)]

#[path = "folder/fleet.rs"]
mod fleet;
mod folder;
#[path = "folder/program.rs"]
mod program;

use std::fs;
use std::path::Path;
use std::process::Command;

use fleet::{API, FLEET, WEB};
use folder::Folder;

/// What `git` prints in `folder`.
fn git_in(folder: &Path, arguments: &[&str]) -> String {
    let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
    let output = Command::new("git").arg("-C").arg(folder).args(identity).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn git(folder: &Folder, arguments: &[&str]) -> String {
    git_in(&folder.root(), arguments)
}

/// A repository with the small fleet in it, its sources staged.
fn sources() -> Folder {
    let folder = fleet::fleet();
    git(&folder, &["init", "-q", "-b", "main"]);
    git(&folder, &["add", "-A"]);
    folder
}

/// The same, built and committed.
fn committed() -> Folder {
    let folder = sources();
    folder.fleetc(&["build", "--stage"]).ends_with(0);
    git(&folder, &["commit", "-q", "-m", "first"]);
    assert_eq!(git(&folder, &["status", "--porcelain"]), "");
    folder
}

fn in_another_namespace(text: &str) -> String {
    text.replace("namespace = web", "namespace = shop")
}

/// Takes `web` out of the fleet, which says so, and puts `api` into it.
fn replace_web(folder: &Folder) {
    folder.write("apps/api.fleet", format!("{API}removed component web\n"));
    folder.remove("apps/web.fleet");
}

#[test]
fn exactly_the_owned_files_are_staged_and_what_went_is_taken_out() {
    let folder = committed();
    folder.write("gitops/notes.txt", "mine\n");
    folder.write("other.txt", "mine\n");
    replace_web(&folder);
    git(&folder, &["add", "-A", "apps"]);
    folder.fleetc(&["build", "--stage"]).ends_with(0).stderr_has("gitops: staged\n");
    let status = git(&folder, &["status", "--porcelain", "-uall", "--no-renames"]);
    assert!(status.contains("A  gitops/argocd/applicationsets/api.yaml\n"), "{status}");
    assert!(status.contains("D  gitops/argocd/applicationsets/web.yaml\n"), "{status}");
    assert!(status.contains("M  gitops/fleet.lock\n"), "{status}");
    assert!(status.contains("?? gitops/notes.txt\n?? other.txt\n"), "{status}");
    git(&folder, &["commit", "-q", "-m", "second"]);
    folder.fleetc(&["build", "--check", "--index"]).ends_with(0).stdout("");
}

#[test]
fn what_an_earlier_build_removed_is_taken_out_too() {
    let folder = committed();
    replace_web(&folder);
    folder.fleetc(&["build"]).ends_with(0);
    git(&folder, &["add", "-A", "apps"]);
    folder.fleetc(&["build", "--stage"]).ends_with(0);
    assert!(!git(&folder, &["ls-files"]).contains("web.yaml"));
    assert_eq!(git(&folder, &["diff", "--name-only"]), "");
}

#[test]
fn output_of_what_is_not_staged_is_not_staged() {
    let folder = committed();
    folder.write("apps/web.fleet", in_another_namespace(WEB));
    let before = folder.tree("gitops");
    folder.fleetc(&["build", "--stage"]).ends_with(2).stderr_has("`apps/web.fleet` is not staged as it is on disk");
    assert_eq!(folder.tree("gitops"), before);
    assert_eq!(git(&folder, &["diff", "--cached", "--name-only"]), "");
    // What changes no output does not matter.
    folder.write("apps/web.fleet", format!("# a comment\n{WEB}"));
    folder.fleetc(&["build", "--stage"]).ends_with(0);
}

#[test]
fn the_index_is_built_and_the_edits_on_disk_stay() {
    let folder = committed();
    folder.write("apps/api.fleet", API);
    git(&folder, &["add", "apps/api.fleet"]);
    let edited = in_another_namespace(WEB);
    folder.write("apps/web.fleet", &edited);
    folder.fleetc(&["build", "--stage", "--index"]).ends_with(0).stderr_has("gitops: staged\n");
    // The folder was as it was staged, so it follows.
    assert_eq!(git(&folder, &["diff", "--name-only"]), "apps/web.fleet\n");
    assert_eq!(folder.read("apps/web.fleet"), edited);
    assert!(!git(&folder, &["show", ":gitops/argocd/applicationsets/web.yaml"]).contains("namespace: shop"));
    git(&folder, &["commit", "-q", "-m", "api"]);
    // One that has somebody's own build in it stays as it is.
    folder.fleetc(&["build"]).ends_with(0);
    folder.write("more.fleet", API.replace("api", "more"));
    git(&folder, &["add", "more.fleet"]);
    let before = folder.tree("gitops");
    folder.fleetc(&["build", "--stage", "--index"]).ends_with(0).stderr_has("gitops: left as it is on disk");
    assert_eq!(folder.tree("gitops"), before);
    assert!(git(&folder, &["ls-files"]).contains("gitops/argocd/applicationsets/more.yaml\n"));
    folder.fleetc(&["build", "--check", "--index"]).ends_with(0);
    git(&folder, &["commit", "-q", "-m", "more"]);
    folder.fleetc(&["build"]).ends_with(0);
    folder.fleetc(&["build", "--check"]).ends_with(0);
}

#[test]
fn check_of_the_index_judges_what_is_committed() {
    let folder = committed();
    // Not staged: neither a source nor an output counts.
    folder.write("apps/web.fleet", "wrong\n");
    folder.write("gitops/argocd/root.yaml", "mine: true\n");
    folder.fleetc(&["build", "--check", "--index"]).ends_with(0);
    git(&folder, &["add", "gitops"]);
    let said = folder.fleetc(&["build", "--check", "--index"]).ends_with(3);
    let said = said.stdout("edited by hand: gitops/argocd/root.yaml\n");
    said.stderr_has("out of date in 1 file in the Git index; run `fleetc build --stage --index`");
    folder.fleetc(&["build", "--diff", "--index"]).ends_with(0).stdout_has("-mine: true\n");
    folder.fleetc(&["build", "--stage", "--index"]).ends_with(1).stderr_has("F0601");
    git(&folder, &["add", "apps"]);
    folder.fleetc(&["build", "--check", "--index"]).ends_with(1).stderr_has("F01");
    // A data folder of the disk that is not staged is not there.
    git(&folder, &["reset", "-q", "--hard"]);
    folder.write("apps/api.fleet", API);
    git(&folder, &["add", "apps"]);
    let missing = "missing: gitops/argocd/applicationsets/api.yaml\n";
    folder.fleetc(&["build", "--check", "--index"]).ends_with(3).stdout_has(missing);
    folder.fleetc(&["build", "--index", "-o", "-"]).ends_with(0).stdout_has("# argocd/applicationsets/api.yaml\n");
}

#[test]
fn a_hook_fails_until_the_output_is_staged() {
    let folder = sources();
    let hook = ["build", "--fail-on-change"];
    folder.fleetc(&hook).ends_with(3).stderr_has("wrote: gitops/fleet.lock\n").stderr_has(", deleted 0; run: git add");
    // Written, and in no commit yet.
    let said = folder.fleetc(&hook).ends_with(3).stderr_has("not staged: gitops/fleet.lock\n");
    said.stderr_has("run: git add -A gitops/ && git commit\n");
    git(&folder, &["add", "-A"]);
    folder.fleetc(&hook).ends_with(0);
    git(&folder, &["commit", "-q", "-m", "first"]);
    // A source that is not staged, with its output staged.
    folder.write("apps/web.fleet", in_another_namespace(WEB));
    folder.fleetc(&["build"]).ends_with(0);
    git(&folder, &["add", "gitops"]);
    folder.fleetc(&hook).ends_with(3).stderr_has("`apps/web.fleet` is not staged as it is on disk");
    git(&folder, &["add", "apps"]);
    folder.fleetc(&hook).ends_with(0);
    // A deletion that is not staged.
    git(&folder, &["commit", "-q", "-m", "second"]);
    replace_web(&folder);
    git(&folder, &["add", "-A", "apps"]);
    folder.fleetc(&hook).ends_with(3).stderr_has("deleted: gitops/argocd/applicationsets/web.yaml\n");
    git(&folder, &["add", "--ignore-removal", "gitops"]);
    let missing = "not staged: gitops/argocd/applicationsets/web.yaml\n";
    folder.fleetc(&hook).ends_with(3).stderr_has(missing);
    let left = "no longer generated: gitops/argocd/applicationsets/web.yaml\n";
    folder.fleetc(&["build", "--check", "--index"]).ends_with(3).stdout(left);
    for arguments in [&["build", "--stage"][..], &["build", "--stage", "--index"]] {
        git(&folder, &["reset", "-q", "HEAD", "gitops/argocd/applicationsets/web.yaml"]);
        folder.fleetc(arguments).ends_with(0);
        assert!(!git(&folder, &["ls-files"]).contains("sets/web.yaml"), "{arguments:?}");
        folder.fleetc(&hook).ends_with(0);
    }
}

#[test]
fn check_of_the_index_reads_staged_sources() {
    let folder = committed();
    folder.write("apps/web.fleet", fleet::WRONG);
    folder.fleetc(&["check", "--index"]).ends_with(0);
    git(&folder, &["add", "apps"]);
    folder.write("apps/web.fleet", WEB);
    let arguments = ["check", "--index", "--format", "concise"];
    folder.fleetc(&arguments).ends_with(1).stdout_has("apps/web.fleet:1:1: error[");
    folder.fleetc(&["check", "--index", "--fix"]).ends_with(2).stderr_has("leave out the paths and `--fix`");
    // The plain hook of a sub-folder shows paths from where it was started.
    folder.fleetc(&arguments).started_in(folder.path("apps")).ends_with(1).stdout_has("web.fleet:1:1: error[");
}

#[test]
fn reading_the_index_runs_no_filter_of_the_repository() {
    let folder = sources();
    folder.write(".gitattributes", "* filter=server\n");
    git(&folder, &["add", ".gitattributes"]);
    // Whatever a machine has set up for a checkout, such as `git lfs`, stays out of it.
    git(&folder, &["config", "filter.server.smudge", "false"]);
    git(&folder, &["config", "filter.server.required", "true"]);
    folder.fleetc(&["check", "--index"]).ends_with(0);
    git(&folder, &["config", "filter.server.process", "false"]);
    folder.fleetc(&["check", "--index"]).ends_with(0);
}

#[test]
fn an_ignored_folder_is_an_error() {
    let folder = sources();
    folder.write(".gitignore", "gitops/\n");
    folder.fleetc(&["build", "--stage"]).ends_with(2).stderr_has("Git ignores `gitops/");
    assert!(!folder.path("gitops").join("fleet.lock").exists());
}

#[test]
fn without_a_repository_there_is_no_index() {
    let folder = fleet::fleet();
    folder.fleetc(&["build", "--stage"]).ends_with(2).stderr_has("needs a Git repository");
    assert!(!folder.path("gitops/fleet.lock").exists());
    folder.fleetc(&["build", "--check", "--index"]).ends_with(2).stderr_has("is in none");
    folder.fleetc(&["build", "--index"]).ends_with(2).stderr_has("add `--check`");
    folder.fleetc(&["build", "--stage", "--check"]).ends_with(2).stderr_has("`--stage` writes");
}

#[test]
fn odd_paths_and_sub_folders_are_staged_as_they_are() {
    let folder = Folder::new();
    git(&folder, &["init", "-q", "-b", "main"]);
    for place in [":(top) a b", "*", "-x"] {
        let text = FLEET.replace("source = config\n", "source = config\n  output = \":out put\"\n");
        folder.write(&format!("{place}/main.fleet"), text);
        folder.write(&format!("{place}/apps/web.fleet"), WEB);
        git(&folder, &["--literal-pathspecs", "add", "--", place]);
    }
    for place in [":(top) a b", "*", "-x"] {
        folder.fleetc(&["build", "--stage"]).started_in(folder.path(place).join("apps")).ends_with(0);
        let status = git(&folder, &["--literal-pathspecs", "status", "--porcelain", "-z", "-uall"]);
        assert!(status.contains(&format!("A  {place}/:out put/fleet.lock\0")), "{status}");
        folder.fleetc(&["build", "--check", "--index", "-C", &format!("./{place}")]).ends_with(0);
        folder.fleetc(&["build", "--fail-on-change", "-C", &format!("./{place}")]).ends_with(0);
    }
    assert!(!git(&folder, &["status", "--porcelain", "-z", "-uall"]).contains("?? "));
}

/// Makes `fleetc` with these arguments the hook of `folder`.
fn hook(folder: &Folder, arguments: &str) {
    let file = folder.path(".git/hooks/pre-commit");
    folder.write(".git/hooks/pre-commit", format!("#!/bin/sh\nexec '{}' {arguments}\n", env!("CARGO_BIN_EXE_fleetc")));
    #[cfg(unix)]
    fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    #[cfg(not(unix))]
    drop(file);
}

fn commit(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(identity).args(["commit", "-q", "-m", "x"]).args(arguments);
    let output = command.output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
#[cfg(unix)]
fn a_hook_works_on_the_index_that_git_gives_it() {
    for arguments in ["build --stage", "build --stage --index"] {
        let folder = committed();
        hook(&folder, arguments);
        folder.write("apps/web.fleet", in_another_namespace(WEB));
        // What `-a` stages is in an index of its own.
        let (fine, said) = commit(&folder.root(), &["-a"]);
        assert!(fine, "{said}");
        assert_eq!(git(&folder, &["status", "--porcelain"]), "", "{arguments}");
        assert!(git(&folder, &["show", "--name-only"]).contains("gitops/argocd/applicationsets/web.yaml"));
        // Git throws the index of `commit PATH` away.
        folder.write("apps/web.fleet", WEB);
        let (fine, said) = commit(&folder.root(), &["apps/web.fleet"]);
        assert!(!fine && said.contains("`git commit PATH`"), "{said}");
        // In a worktree.
        let tree = Folder::new();
        let there = tree.path("tree");
        git(&folder, &["worktree", "add", "-q", there.to_str().unwrap()]);
        fs::write(there.join("apps/web.fleet"), WEB).unwrap();
        let (fine, said) = commit(&there, &["-a"]);
        assert!(fine, "{said}");
        assert_eq!(git_in(&there, &["status", "--porcelain"]), "");
        assert!(git_in(&there, &["show", "--name-only"]).contains("gitops/argocd/applicationsets/web.yaml"));
    }
}

#[test]
#[cfg(unix)]
fn a_plain_hook_refuses_a_commit_without_its_output() {
    let folder = committed();
    hook(&folder, "build --check --index");
    folder.write("apps/web.fleet", in_another_namespace(WEB));
    let (fine, said) = commit(&folder.root(), &["-a"]);
    assert!(!fine && said.contains("out of date"), "{said}");
    folder.fleetc(&["build"]).ends_with(0);
    let (fine, said) = commit(&folder.root(), &["apps"]);
    assert!(!fine && said.contains("out of date"), "{said}");
    let (fine, said) = commit(&folder.root(), &["-a"]);
    assert!(fine, "{said}");
}

#[test]
fn the_index_of_another_repository_is_not_taken_for_this_one() {
    let (other, folder) = (sources(), sources());
    let before = git(&other, &["ls-files", "-s"]);
    let index = other.path(".git/index");
    for started_in in [&other, &folder] {
        let there = folder.root();
        let arguments = ["build", "--stage", "-C", there.to_str().unwrap()];
        let program = folder.fleetc(&arguments).started_in(started_in.root());
        let program = program.env("GIT_INDEX_FILE", index.to_str().unwrap());
        program.env("GIT_DIR", other.path(".git").to_str().unwrap()).ends_with(0);
    }
    assert_eq!(git(&other, &["ls-files", "-s"]), before);
    assert!(git(&folder, &["ls-files"]).contains("gitops/fleet.lock\n"));
}

#[test]
fn a_commit_without_the_fleet_is_none_of_its_business() {
    let folder = committed();
    git(&folder, &["rm", "-q", "-r", "--cached", "main.fleet", "apps", "gitops"]);
    git(&folder, &["commit", "-q", "-m", "out"]);
    folder.fleetc(&["build", "--fail-on-change"]).ends_with(0);
    folder.fleetc(&["build", "--stage"]).ends_with(2).stderr_has("`git add` them first");
    folder.fleetc(&["build", "--check", "--index"]).ends_with(2).stderr_has("in the Git index, no `.fleet` file");
}
