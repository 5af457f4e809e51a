//! What Git has at a commit is the project that a checkout would be.

#![allow(clippy::unwrap_used, clippy::panic)]

mod folder;

use std::collections::BTreeSet;
use std::process::Command;

use fleetc::project::{NoSnapshot, Project};
use folder::Folder;

const FLEET: &str = "fleet home { }\n";

fn git(folder: &Folder, arguments: &[&str]) {
    let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "core.autocrlf=false"];
    let output = Command::new("git").arg("-C").arg(folder.root()).args(identity).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The files in a repository, committed whatever it ignores.
fn repository(files: &[(&str, &str)]) -> Folder {
    let folder = Folder::with(files);
    git(&folder, &["init", "-q", "-b", "main"]);
    commit(&folder);
    folder
}

fn commit(folder: &Folder) {
    git(folder, &["add", "-A", "-f"]);
    git(folder, &["commit", "-q", "-m", "all"]);
}

/// All that a compiler sees of a project: its sources, what is wrong with them, and every answer about the folders and
/// files that `folder` has, asked for from the project's root.
fn seen(project: &Project, folder: &Folder, root: &str) -> Vec<String> {
    let mut seen = vec![format!("root {}", project.root.strip_prefix(folder.root()).unwrap().display())];
    seen.extend(project.sources.iter().map(|(_, file)| format!("source {} {:?}", file.path, file.text)));
    seen.extend(project.diagnostics.iter().map(|found| format!("{} {}", found.code.id, found.message)));
    let up = "../".repeat(root.split('/').filter(|part| !part.is_empty()).count());
    let mut paths = BTreeSet::from([format!("{up}.."), format!("{up}nothing"), "..".to_string(), ".".to_string()]);
    for path in folder.paths(".").iter().filter(|path| !path.starts_with(".git/")) {
        let above = path.match_indices('/').filter_map(|(at, _)| path.get(..at));
        paths.extend(above.chain([path.as_str(), &*format!("{path}/within")]).map(|path| format!("{up}{path}")));
    }
    for path in paths {
        seen.push(format!("{path} {:?} {:?}", project.files.read(&path).ok(), project.files.list(&path)));
    }
    seen.push(format!("{:?} {:?}", project.files.repository(), project.files.path_from("..")));
    seen
}

/// What Git has is what is on disk. `.git` itself is in no tree.
fn assert_same(folder: &Folder, root: &str) {
    let disk = seen(&Project::discover(&folder.path(root)).unwrap(), folder, root);
    let without_git = |line: String| line.replace("Entry { name: \".git\", is_dir: true }, ", "");
    let disk: Vec<String> = disk.into_iter().map(without_git).collect();
    let found = seen(&Project::at(&folder.path(root), "HEAD").unwrap(), folder, root);
    for (disk, found) in disk.iter().zip(&found) {
        assert_eq!(disk, found);
    }
    assert_eq!(disk.len(), found.len());
}

#[test]
fn a_commit_holds_the_files_of_its_checkout() {
    let folder = repository(&[
        ("main.fleet", FLEET),
        ("teams/a.fleet", "# ä\n"),
        ("teams/kustomization.yaml", "resources: []\n"),
        (".hidden/a.fleet", ""),
        (".a.fleet", ""),
        ("target/a.fleet", ""),
        ("x/node_modules/a.fleet", ""),
        ("x/target.fleet", ""),
        ("other/fleet.fleet", "fleet other { }"),
        ("other/deep/a.fleet", ""),
        ("others/a.fleet", ""),
        (".gitignore", "ignored*\n/out\n!ignored-not.fleet\n[\n"),
        ("ignored.fleet", ""),
        ("ignored-not.fleet", ""),
        ("out/a.fleet", ""),
        ("deep/out/a.fleet", ""),
        ("deep/.gitignore", "b.fleet\n!ignored.fleet\n"),
        ("deep/b.fleet", ""),
        ("deep/ignored.fleet", ""),
        ("deep/er/b.fleet", ""),
    ]);
    git(&folder, &["remote", "add", "origin", "https://example.com/acme/home"]);
    assert_same(&folder, "");
    assert_same(&folder, "teams");
    assert_same(&folder, "other/deep");
}

#[test]
fn a_project_in_a_folder_sees_the_repository_around_it() {
    let folder = repository(&[
        (".gitignore", "no.fleet\n"),
        ("org/.gitignore", "never.fleet\n"),
        ("org/fleet/main.fleet", FLEET),
        ("org/fleet/no.fleet", ""),
        ("org/fleet/never.fleet", ""),
        ("org/fleet/yes.fleet", ""),
        ("apps/web/kustomization.yaml", ""),
    ]);
    assert_same(&folder, "org/fleet");
}

#[test]
fn a_project_that_git_ignores_as_a_whole_is_one_nevertheless() {
    let folder = repository(&[
        (".gitignore", "*.fleet\n"),
        ("fleet/.gitignore", "c.fleet\n"),
        ("fleet/main.fleet", FLEET),
        ("fleet/a/b.fleet", ""),
        ("fleet/a/c.fleet", ""),
    ]);
    assert_same(&folder, "fleet");
}

#[test]
fn a_file_that_is_no_text_is_the_same_diagnostic() {
    let folder = repository(&[("main.fleet", FLEET)]);
    folder.write("latin.fleet", b"# \xE4\n");
    folder.write("large.fleet", "#".repeat(4 * 1024 * 1024 + 1));
    commit(&folder);
    assert_same(&folder, "");
}

#[cfg(unix)]
#[test]
fn links_lead_where_they_lead_on_disk() {
    use std::os::unix::fs::symlink;
    let folder = repository(&[
        ("fleet/main.fleet", FLEET),
        ("fleet/real/a.fleet", "# a\n"),
        ("fleet/real/text.txt", "# text\n"),
        ("outside/b.fleet", "# b\n"),
    ]);
    for (link, target) in [
        ("fleet/to-a.fleet", "real/a.fleet"),
        ("fleet/to-text.fleet", "real/text.txt"),
        ("fleet/real/up.txt", "../main.fleet"),
        ("fleet/folder", "real"),
        ("fleet/folder.fleet", "real"),
        ("fleet/chain", "folder/../folder"),
        ("fleet/outside", "../outside"),
        ("fleet/loop", "loop"),
    ] {
        symlink(target, folder.path(link)).unwrap();
    }
    commit(&folder);
    assert_same(&folder, "fleet");
    for (link, target) in
        [("fleet/leaves.fleet", "../outside/b.fleet"), ("fleet/nothing.fleet", "nowhere"), ("fleet/far", "/etc")]
    {
        symlink(target, folder.path(link)).unwrap();
    }
    commit(&folder);
    assert_same(&folder, "fleet");
}

#[test]
fn what_is_not_committed_does_not_count() {
    let folder = repository(&[("main.fleet", FLEET), ("gone.fleet", "")]);
    folder.write("main.fleet", "fleet home { }\n# not committed\n");
    folder.write("new.fleet", "");
    folder.remove("gone.fleet");
    git(&folder, &["add", "main.fleet"]);
    let project = Project::at(&folder.path("."), "HEAD").unwrap();
    let texts: Vec<(&str, &str)> = project.sources.iter().map(|(_, file)| (&*file.path, &*file.text)).collect();
    assert_eq!(texts, [("gone.fleet", ""), ("main.fleet", FLEET)]);
}

#[test]
fn what_cannot_be_read_is_an_error_and_never_an_empty_project() {
    let folder = repository(&[("main.fleet", FLEET), ("sub/notes.txt", "")]);
    let root = folder.path("sub");
    let error = |revision: &str| match Project::at(&root, revision) {
        Err(error) => error.to_string().replace(&*folder.root().to_string_lossy(), "ROOT"),
        Ok(project) => panic!("{project:?}"),
    };
    let missing = "there is no commit `nope` here; a shallow clone may lack it";
    assert_eq!(error("nope"), missing);
    assert_eq!(error("--help"), missing.replace("nope", "--help"));
    assert_eq!(error("HEAD:main.fleet"), missing.replace("nope", "HEAD:main.fleet"));
    git(&folder, &["rm", "-q", "--cached", "main.fleet"]);
    git(&folder, &["commit", "-q", "-m", "no fleet"]);
    assert_eq!(error("HEAD"), "no `.fleet` file in `ROOT/sub` or a folder above it declares a fleet in `HEAD`");
    let alone = Folder::with(&[("main.fleet", FLEET)]);
    assert!(matches!(Project::at(&alone.root(), "HEAD"), Err(NoSnapshot::Repository { .. })));
    assert!(matches!(Project::at(&alone.path("nothing"), "HEAD"), Err(NoSnapshot::Folder(_))));
}
