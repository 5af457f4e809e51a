//! Which files belong to a project, and what the compiler is told of the others.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod folder;

use fleetc::diag::codes;
use fleetc::project::{DiskFiles, Entry, Files, MemoryFiles, NoProject, Project, Repository};
use folder::Folder;

const FLEET: &str = "fleet home { }\n";

fn discover(folder: &Folder, start: &str) -> Project {
    Project::discover(&folder.path(start)).unwrap()
}

fn files_of(project: &Project) -> Vec<&str> {
    project.sources.iter().map(|(_, file)| file.path.as_str()).collect()
}

fn names(entries: Option<Vec<Entry>>) -> Option<Vec<String>> {
    entries.map(|entries| {
        entries.into_iter().map(|entry| format!("{}{}", entry.name, if entry.is_dir { "/" } else { "" })).collect()
    })
}

#[test]
fn the_root_is_the_nearest_folder_above_with_a_fleet_declaration() {
    let folder = Folder::with(&[
        ("outer.fleet", "fleet outer { }"),
        ("fleet/main.fleet", "# fleet not { \n\nfleet inner {\n}\n"),
        ("fleet/teams/a.fleet", "component a { }"),
        ("fleet/teams/deep/er/notes.txt", ""),
    ]);
    let project = discover(&folder, "fleet/teams/deep/er");
    assert_eq!(project.root, folder.path("fleet"));
    assert_eq!(files_of(&project), ["main.fleet", "teams/a.fleet"]);
}

#[test]
fn without_a_declaration_the_folders_below_that_have_one_are_named() {
    let folder = Folder::with(&[("x.fleet", "cluster a { }"), ("org/fleet/main.fleet", FLEET), ("b/b.fleet", FLEET)]);
    match Project::discover(&folder.path(".")) {
        Err(NoProject::Nowhere { below, .. }) => assert_eq!(below, ["b", "org/fleet"]),
        other => panic!("{other:?}"),
    }
    assert!(matches!(Project::discover(&folder.path("nothing")), Err(NoProject::Folder { .. })));
}

#[test]
fn files_are_sorted_by_the_bytes_of_their_paths() {
    let folder = Folder::with(&[
        ("main.fleet", FLEET),
        ("a/z.fleet", ""),
        ("a-b.fleet", ""),
        ("Z.fleet", ""),
        ("é.fleet", ""),
        ("a.fleet", ""),
    ]);
    let project = discover(&folder, ".");
    assert_eq!(files_of(&project), ["Z.fleet", "a-b.fleet", "a.fleet", "a/z.fleet", "main.fleet", "é.fleet"]);
}

#[test]
fn hidden_built_and_foreign_folders_are_not_read() {
    let folder = Folder::with(&[
        ("main.fleet", FLEET),
        (".hidden/a.fleet", ""),
        (".#a.fleet", ""),
        ("target/a.fleet", ""),
        ("x/node_modules/a.fleet", ""),
        ("x/target.fleet", ""),
        ("x/a.fleet.bak", ""),
        ("other/fleet.fleet", "  fleet other { }"),
        ("other/deep/a.fleet", ""),
        ("others/a.fleet", ""),
    ]);
    assert_eq!(files_of(&discover(&folder, ".")), ["main.fleet", "others/a.fleet", "x/target.fleet"]);
}

#[test]
fn what_git_ignores_is_not_read() {
    let folder = Folder::with(&[
        (".git/HEAD", "ref: refs/heads/main"),
        (".git/info/exclude", "excluded.fleet\n"),
        (".gitignore", "generated/\n*.tmp.fleet\n"),
        (".ignore", "kept.fleet\n"),
        ("fleet/main.fleet", FLEET),
        ("fleet/kept.fleet", ""),
        ("fleet/excluded.fleet", ""),
        ("fleet/a.tmp.fleet", ""),
        ("fleet/generated/a.fleet", ""),
        ("fleet/x/.gitignore", "/a.fleet\n!b.tmp.fleet\n"),
        ("fleet/x/a.fleet", ""),
        ("fleet/x/b.tmp.fleet", ""),
    ]);
    assert_eq!(files_of(&discover(&folder, "fleet")), ["kept.fleet", "main.fleet", "x/b.tmp.fleet"]);
}

#[test]
fn without_a_repository_only_the_projects_own_rules_hold() {
    let folder = Folder::with(&[
        (".gitignore", "*.fleet\n"),
        ("fleet/.gitignore", "old.fleet\n"),
        ("fleet/main.fleet", FLEET),
        ("fleet/old.fleet", ""),
    ]);
    assert_eq!(files_of(&discover(&folder, "fleet")), ["main.fleet"]);
}

#[test]
fn a_project_that_git_ignores_as_a_whole_is_read() {
    let folder = Folder::with(&[
        (".git/HEAD", ""),
        (".gitignore", "/build\n"),
        ("build/main.fleet", FLEET),
        ("build/a/b.fleet", ""),
    ]);
    assert_eq!(files_of(&discover(&folder, "build")), ["a/b.fleet", "main.fleet"]);
}

#[test]
fn a_file_that_is_not_utf8_has_the_place_of_its_first_wrong_byte() {
    let folder = Folder::with(&[("main.fleet", FLEET)]);
    folder.write("latin1.fleet", b"# ok\n# caf\xE9\ncluster a { }\n");
    folder.write("utf16.fleet", b"\xFF\xFEf\0l\0");
    let project = discover(&folder, ".");
    let found: Vec<_> = project.diagnostics.iter().collect();
    assert_eq!(found.iter().map(|d| d.code.id).collect::<Vec<_>>(), ["F0002", "F0002"]);
    assert_eq!(found[0].message, "`latin1.fleet` is not UTF-8 text");
    assert_eq!(found[0].primary.text, "the byte 0xE9 is not part of a character");
    assert_eq!(project.sources.text(found[0].primary.span), "\u{fffd}");
    let at = project.sources.file(found[0].primary.span.source).position(found[0].primary.span.start);
    assert_eq!((at.line, at.column), (2, 6));
    assert_eq!(found[1].helps, ["it is UTF-16: save it as UTF-8"]);
}

#[test]
fn a_file_may_have_four_mebibytes_and_no_byte_more() {
    let folder = Folder::with(&[("main.fleet", FLEET)]);
    folder.write("fits.fleet", vec![b'\n'; 4 << 20]);
    folder.write("large.fleet", vec![b'\n'; (4 << 20) + 1]);
    let project = discover(&folder, ".");
    let found: Vec<_> = project.diagnostics.iter().collect();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].code, codes::FILE_TOO_LARGE);
    assert_eq!(project.sources.file(found[0].primary.span.source).path, "large.fleet");
}

#[cfg(unix)]
#[test]
fn a_pipe_in_place_of_a_file_is_named_and_not_waited_for() {
    let folder = Folder::with(&[("main.fleet", FLEET)]);
    assert!(std::process::Command::new("mkfifo").arg(folder.path("a.fleet")).status().unwrap().success());
    let project = discover(&folder, ".");
    let messages: Vec<_> = project.diagnostics.iter().map(|d| (d.code.id, d.message.as_str())).collect();
    assert_eq!(messages, [("F0004", "`a.fleet` is not a regular file")]);
}

#[cfg(unix)]
#[test]
fn symbolic_links_are_not_followed_out_of_the_project() {
    use std::os::unix::fs::symlink;

    let folder = Folder::with(&[
        ("p/main.fleet", FLEET),
        ("p/real/a.fleet", ""),
        ("p/text.txt", "group g = all\n"),
        ("outside/b.fleet", ""),
    ]);
    symlink(folder.path("outside"), folder.path("p/folder")).unwrap();
    symlink(folder.path("p/real"), folder.path("p/again")).unwrap();
    symlink(folder.path("p/real/a.fleet"), folder.path("p/same.fleet")).unwrap();
    symlink(folder.path("p/text.txt"), folder.path("p/text.fleet")).unwrap();
    symlink(folder.path("outside/b.fleet"), folder.path("p/out.fleet")).unwrap();
    symlink(folder.path("nowhere"), folder.path("p/dangling.fleet")).unwrap();
    let project = discover(&folder, "p");
    assert_eq!(files_of(&project), ["dangling.fleet", "main.fleet", "out.fleet", "real/a.fleet", "text.fleet"]);
    let messages: Vec<_> = project.diagnostics.iter().map(|d| (d.code.id, d.message.as_str())).collect();
    assert_eq!(
        messages,
        [
            ("F0004", "`dangling.fleet` is a symbolic link to nothing"),
            ("F0004", "`out.fleet` is a symbolic link that leaves the project"),
        ]
    );
}

#[test]
fn the_disk_is_asked_with_exact_names() {
    let folder = Folder::with(&[("apps/web/k.yaml", "x"), ("apps/a.txt", ""), ("top", "")]);
    let files = DiskFiles::new(&folder.root());
    assert_eq!(names(files.list("apps")).unwrap(), ["a.txt", "web/"]);
    assert_eq!(names(files.list("./apps/../apps/web/")).unwrap(), ["k.yaml"]);
    assert_eq!(names(files.list("")).unwrap(), ["apps/", "top"]);
    assert_eq!(names(files.list("Apps")), None);
    assert_eq!(names(files.list("apps/a.txt")), None);
    assert_eq!(names(files.list("/")), None);
    assert_eq!(files.read("apps/web/k.yaml").unwrap(), b"x");
    assert!(files.read("apps/web/K.yaml").is_err());
    assert!(files.read("apps").is_err());
    assert_eq!(files.repository(), None);
}

#[cfg(unix)]
#[test]
fn the_disk_is_not_asked_beyond_the_repository() {
    use std::os::unix::fs::symlink;

    let folder = Folder::with(&[
        ("repo/.git/HEAD", ""),
        ("repo/fleet/main.fleet", FLEET),
        ("repo/apps/k.yaml", ""),
        ("secret/key", ""),
    ]);
    symlink(folder.path("secret"), folder.path("repo/apps/link")).unwrap();
    symlink(folder.path("repo/apps"), folder.path("repo/fleet/apps")).unwrap();
    let files = DiskFiles::new(&folder.path("repo/fleet"));
    assert_eq!(names(files.list("../apps")).unwrap(), ["k.yaml", "link"]);
    assert_eq!(names(files.list("apps")).unwrap(), ["k.yaml", "link"]);
    assert_eq!(names(files.list("../apps/link")), None);
    assert!(files.read("../apps/link/key").is_err());
    assert_eq!(names(files.list("../../secret")), None);
    assert!(files.read("../../secret/key").is_err());
}

#[test]
fn remotes_are_those_of_the_repository_around_the_project() {
    let config = "[remote \"origin\"]\n\turl = https://example.com/a.git\n";
    let folder = Folder::with(&[
        ("repo/.git/HEAD", ""),
        ("repo/.git/config", config),
        ("repo/deep/fleet/main.fleet", FLEET),
        ("repo/.git/worktrees/w/HEAD", ""),
        ("repo/.git/worktrees/w/commondir", "../..\n"),
        ("repo/.git/modules/m/HEAD", ""),
        ("repo/.git/modules/m/config", "[remote \"origin\"]\n\turl = https://example.com/m.git\n"),
        ("repo/m/.git", "gitdir: ../.git/modules/m\n"),
    ]);
    folder.write("w/.git", format!("gitdir: {}\n", folder.path("repo/.git/worktrees/w").display()));
    for (at, root, remote) in [
        ("repo/deep/fleet", "../..", "https://example.com/a.git"),
        ("repo", ".", "https://example.com/a.git"),
        ("w", ".", "https://example.com/a.git"),
        ("repo/m", ".", "https://example.com/m.git"),
    ] {
        let found = DiskFiles::new(&folder.path(at)).repository();
        assert_eq!(found, Some(Repository { root: root.into(), remotes: vec![remote.into()] }), "{at}");
    }
}

#[test]
fn the_way_down_from_a_folder_above_is_known() {
    let folder = Folder::with(&[("org/fleet/main.fleet", FLEET)]);
    let disk = DiskFiles::new(&folder.path("org/fleet"));
    let memory = MemoryFiles::new().at("org/fleet");
    for files in [&disk as &dyn Files, &memory] {
        assert_eq!(files.path_from(".").as_deref(), Some(""));
        assert_eq!(files.path_from("..").as_deref(), Some("fleet"));
        assert_eq!(files.path_from("../x/..").as_deref(), Some("fleet"));
        assert_eq!(files.path_from("../..").as_deref(), Some("org/fleet"));
        assert_eq!(files.path_from("x"), None);
        assert_eq!(files.path_from("../x"), None);
    }
    assert_eq!(memory.path_from("../../.."), None);
}
