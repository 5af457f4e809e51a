//! Whatever happens to a build, the output folder is the old tree, the new one, or what the next build makes the new one.
//!
//! The disk is one that dies or fails at its k-th operation, for every k.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
#![allow(missing_docs)]

mod folder;
#[path = "support/trees.rs"]
mod trees;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use fleetc::output::{Disk, Found, Hold, OpenFolder, Place, Trouble, Wanted, compare};
use fleetc::source::Sources;
use folder::Folder;
use trees::{NEW, OLD, build, wanted};

/// What happens at the k-th operation.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// The program is killed: that operation and all later ones do nothing.
    Death,
    /// The disk says this, once.
    Error(io::ErrorKind),
}

/// A disk on which something happens.
#[derive(Debug)]
struct Faulty {
    disk: OpenFolder,
    fault: Fault,
    at: usize,
    operations: AtomicUsize,
}

impl Faulty {
    fn step(&self) -> io::Result<()> {
        let number = self.operations.fetch_add(1, Ordering::SeqCst);
        match self.fault {
            Fault::Death if number >= self.at => Err(io::Error::other("killed")),
            Fault::Error(kind) if number == self.at => Err(kind.into()),
            _ => Ok(()),
        }
    }
}

impl Disk for Faulty {
    fn look(&self, path: &str) -> io::Result<Found> {
        self.step().and_then(|()| self.disk.look(path))
    }
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        self.step().and_then(|()| self.disk.read(path))
    }
    fn names(&self, folder: &str) -> io::Result<Vec<String>> {
        self.step().and_then(|()| self.disk.names(folder))
    }
    fn create(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        if let Err(error) = self.step() {
            // Killed in the middle of a file, or no space for the rest of it.
            if self.operations.load(Ordering::SeqCst) == self.at + 1 {
                _ = self.disk.create(path, &bytes[..bytes.len() / 2]);
            }
            return Err(error);
        }
        self.disk.create(path, bytes)
    }
    fn make_folder(&self, path: &str) -> io::Result<()> {
        self.step().and_then(|()| self.disk.make_folder(path))
    }
    fn may_change(&self, folder: &str) -> io::Result<()> {
        self.step().and_then(|()| self.disk.may_change(folder))
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.step().and_then(|()| self.disk.rename(from, to))
    }
    fn remove_file(&self, path: &str) -> io::Result<()> {
        self.step().and_then(|()| self.disk.remove_file(path))
    }
    fn remove_folder(&self, path: &str) -> io::Result<()> {
        self.step().and_then(|()| self.disk.remove_folder(path))
    }
    fn sync(&self) -> io::Result<()> {
        self.step()
    }
    fn hold(&self, folder: &str) -> io::Result<Option<Box<dyn Hold>>> {
        self.step().and_then(|()| self.disk.hold(folder))
    }
}

type Tree = BTreeMap<String, String>;

/// A disk on which nothing happens; it does not wait for what is written, which a busy machine takes long for.
fn real(folder: &Folder) -> Result<Place, Trouble> {
    let disk = OpenFolder::open(&folder.root()).unwrap();
    let never = AtomicUsize::new(0);
    Place::on(
        Arc::new(Faulty { disk, fault: Fault::Death, at: usize::MAX, operations: never }),
        &folder.root(),
        "gitops",
    )
}

/// The tree that a build of `wanted` into an empty folder makes.
fn clean(wanted: &Wanted) -> Tree {
    let folder = Folder::new();
    build(real(&folder), wanted).unwrap();
    folder.tree("gitops")
}

/// Builds `new` over `old` with `fault` at every operation in turn, and hands over the folder and what the build said.
fn at_every_operation(
    old: &Wanted,
    new: &Wanted,
    fault: Fault,
    mut then: impl FnMut(&Folder, Result<(), Trouble>, usize),
) {
    for at in 0.. {
        let folder = Folder::new();
        build(real(&folder), old).unwrap();
        let disk = OpenFolder::open(&folder.root()).unwrap();
        let disk = Arc::new(Faulty { disk, fault, at, operations: AtomicUsize::new(0) });
        let said = build(Place::on(disk.clone(), &folder.root(), "gitops"), new);
        let over = disk.operations.load(Ordering::SeqCst) <= at;
        then(&folder, said, at);
        if over {
            assert!(at > 40, "only {at} operations");
            return;
        }
    }
}

/// The visible files: without what is staged.
fn visible(folder: &Folder) -> Tree {
    let mut tree = folder.tree("gitops");
    tree.retain(|path, _| !path.starts_with(".fleetc-build/"));
    tree
}

/// What holds at every moment.
fn assert_whole(now: &Tree, old: &Tree, new: &Tree, at: usize) {
    for (path, text) in now {
        let known = old.get(path) == Some(text) || new.get(path) == Some(text);
        assert!(known, "operation {at}: `{path}` is neither old nor new: {text:?}");
    }
    for path in old.keys().filter(|path| new.contains_key(*path)) {
        assert!(now.contains_key(path), "operation {at}: `{path}` is missing");
    }
    let index = &now["flux/hub/kustomization.yaml"];
    for listed in index.lines().filter_map(|line| line.strip_prefix("- ")) {
        assert!(now.contains_key(&format!("flux/hub/{listed}")), "operation {at}: the index lists `{listed}`");
    }
    for name in ["a", "b", "c"] {
        let (cluster, release) =
            (format!("flux/hub/clusters/{name}.yaml"), format!("flux/releases/{name}/shop/release.yaml"));
        if name != "a" && now.contains_key(&cluster) {
            assert!(now.contains_key(&release), "operation {at}: `{cluster}` refers to a release that is not there");
        }
    }
}

#[test]
fn killed_at_any_operation_the_tree_is_whole_and_the_next_build_finishes() {
    let (old, new) = (wanted(OLD), wanted(NEW));
    let (old_tree, new_tree) = (clean(&old), clean(&new));
    at_every_operation(&old, &new, Fault::Death, |folder, _, at| {
        assert_whole(&visible(folder), &old_tree, &new_tree, at);
        build(real(folder), &new).unwrap_or_else(|trouble| panic!("operation {at}: {trouble}"));
        assert_eq!(folder.tree("gitops"), new_tree, "operation {at}");
    });
}

#[test]
fn killed_twice_in_different_builds_the_third_one_finishes() {
    let third = wanted(&[("flux/hub/clusters/d.yaml", "d\n"), ("flux/hub/kustomization.yaml", "- clusters/d.yaml\n")]);
    let (old, new) = (wanted(OLD), wanted(NEW));
    let third_tree = clean(&third);
    at_every_operation(&old, &new, Fault::Death, |folder, _, at| {
        // Somewhere else in each run, so that the pairs differ.
        let disk = OpenFolder::open(&folder.root()).unwrap();
        let disk = Arc::new(Faulty { disk, fault: Fault::Death, at: 90 - at % 60, operations: AtomicUsize::new(0) });
        _ = build(Place::on(disk, &folder.root(), "gitops"), &third);
        build(real(folder), &third).unwrap_or_else(|trouble| panic!("operation {at}: {trouble}"));
        assert_eq!(folder.tree("gitops"), third_tree, "operation {at}");
    });
}

#[test]
fn killed_at_any_operation_the_old_sources_can_be_built_again() {
    let (old, new) = (wanted(OLD), wanted(NEW));
    let old_tree = clean(&old);
    at_every_operation(&old, &new, Fault::Death, |folder, _, at| {
        build(real(folder), &old).unwrap_or_else(|trouble| panic!("operation {at}: {trouble}"));
        assert_eq!(folder.tree("gitops"), old_tree, "operation {at}");
    });
}

#[test]
fn a_first_build_that_is_killed_leaves_nothing_in_the_way_of_the_next() {
    let (old, new) = (wanted(&[]), wanted(NEW));
    let new_tree = clean(&new);
    at_every_operation(&old, &new, Fault::Death, |folder, _, at| {
        build(real(folder), &new).unwrap_or_else(|trouble| panic!("operation {at}: {trouble}"));
        assert_eq!(folder.tree("gitops"), new_tree, "operation {at}");
    });
}

#[test]
fn a_disk_that_fails_once_is_named_and_leaves_the_old_tree_or_one_that_the_next_build_finishes() {
    let (old, new) = (wanted(OLD), wanted(NEW));
    let (old_tree, new_tree) = (clean(&old), clean(&new));
    for kind in [io::ErrorKind::StorageFull, io::ErrorKind::PermissionDenied, io::ErrorKind::Other] {
        at_every_operation(&old, &new, Fault::Error(kind), |folder, said, at| {
            let now = folder.tree("gitops");
            match said {
                // A look that fails may count for nothing there; a folder that cannot be removed stays, empty.
                Ok(()) => assert_eq!(now, new_tree, "operation {at}"),
                Err(trouble) => {
                    assert!(!trouble.to_string().is_empty());
                    assert_whole(&visible(folder), &old_tree, &new_tree, at);
                    let begun =
                        now.contains_key(".fleetc-build/journal") || now["fleet.lock"] == new_tree["fleet.lock"];
                    assert!(begun || visible(folder) == old_tree, "operation {at}: {trouble}");
                }
            }
            build(real(folder), &new).unwrap_or_else(|trouble| panic!("operation {at}: {trouble}"));
            assert_eq!(folder.tree("gitops"), new_tree, "operation {at}");
        });
    }
}

#[test]
fn a_build_that_is_asked_to_stop_leaves_the_old_tree() {
    let (old, new) = (wanted(OLD), wanted(NEW));
    let folder = Folder::new();
    build(real(&folder), &old).unwrap();
    let before = folder.tree("gitops");
    for after in 0..20 {
        let asked = AtomicUsize::new(0);
        let held = real(&folder).unwrap().hold(Duration::ZERO).unwrap();
        let changes = compare(&real(&folder).unwrap(), &new, &mut Sources::default()).unwrap();
        let said = changes.write(&held, &|| asked.fetch_add(1, Ordering::SeqCst) == after);
        if said.is_ok() {
            assert!(after > 5);
            return;
        }
        assert!(matches!(said, Err(Trouble::Interrupted)));
        assert_eq!(folder.tree("gitops"), before);
    }
    panic!("it was always asked once more");
}

#[test]
fn an_unchanged_build_writes_nothing_and_syncs_nothing() {
    let folder = Folder::new();
    build(real(&folder), &wanted(OLD)).unwrap();
    #[derive(Debug)]
    struct ReadOnly(OpenFolder);
    impl Disk for ReadOnly {
        fn look(&self, path: &str) -> io::Result<Found> {
            self.0.look(path)
        }
        fn read(&self, path: &str) -> io::Result<Vec<u8>> {
            self.0.read(path)
        }
        fn names(&self, folder: &str) -> io::Result<Vec<String>> {
            self.0.names(folder)
        }
        fn create(&self, path: &str, _: &[u8]) -> io::Result<()> {
            panic!("creates `{path}`")
        }
        fn make_folder(&self, path: &str) -> io::Result<()> {
            panic!("makes `{path}`")
        }
        fn may_change(&self, folder: &str) -> io::Result<()> {
            panic!("looks whether `{folder}` may be changed")
        }
        fn rename(&self, from: &str, _: &str) -> io::Result<()> {
            panic!("renames `{from}`")
        }
        fn remove_file(&self, path: &str) -> io::Result<()> {
            panic!("removes `{path}`")
        }
        fn remove_folder(&self, path: &str) -> io::Result<()> {
            panic!("removes `{path}`")
        }
        fn sync(&self) -> io::Result<()> {
            panic!("syncs")
        }
        fn hold(&self, folder: &str) -> io::Result<Option<Box<dyn Hold>>> {
            self.0.hold(folder)
        }
    }
    let disk = Arc::new(ReadOnly(OpenFolder::open(&folder.root()).unwrap()));
    build(Place::on(disk, &folder.root(), "gitops"), &wanted(OLD)).unwrap();
}

#[test]
fn a_second_build_waits_and_then_says_who_is_in_the_way() {
    let folder = Folder::new();
    let held = real(&folder).unwrap().hold(Duration::ZERO).unwrap();
    let trouble = build(real(&folder), &wanted(OLD)).unwrap_err();
    assert_eq!(trouble.to_string(), "another build is writing to `gitops`");
    assert_eq!(folder.tree("gitops"), Tree::new());
    drop(held);
    build(real(&folder), &wanted(OLD)).unwrap();
}

#[test]
fn a_file_that_changes_between_the_look_and_the_write_is_not_lost() {
    let folder = Folder::new();
    build(real(&folder), &wanted(OLD)).unwrap();
    let held = real(&folder).unwrap().hold(Duration::ZERO).unwrap();
    let new = wanted(NEW);
    let changes = compare(&real(&folder).unwrap(), &new, &mut Sources::default()).unwrap();
    folder.write("gitops/flux/hub/clusters/a.yaml", "by hand\n");
    let trouble = changes.write(&held, &|| false).unwrap_err();
    assert_eq!(trouble.to_string(), "`gitops/flux/hub/clusters/a.yaml` changed while it was being built; build again");
    assert_eq!(folder.tree("gitops")["flux/hub/clusters/a.yaml"], "by hand\n");
    assert!(!folder.path("gitops/.fleetc-build").exists());
}

#[test]
fn a_folder_of_somebody_where_a_build_works_is_named() {
    let folder = Folder::new();
    build(real(&folder), &wanted(OLD)).unwrap();
    folder.write("gitops/.fleetc-build/mine/x", "precious");
    let before = visible(&folder);
    let trouble = build(real(&folder), &wanted(NEW)).unwrap_err().to_string();
    assert!(trouble.contains("holds `mine`"), "{trouble}");
    assert_eq!((visible(&folder), folder.read("gitops/.fleetc-build/mine/x").as_str()), (before, "precious"));
}

#[test]
fn a_journal_that_lies_owns_nothing_outside_and_stops_the_build() {
    for text in [
        "",
        "{",
        "{\"schema\":\"fleetc.journal/2\",\"files\":{}}",
        "{\"schema\":\"fleetc.journal/1\",\"files\":{\"../x\":[]}}",
        "{\"schema\":\"fleetc.journal/1\",\"files\":{\"/etc/passwd\":[]}}",
        "{\"schema\":\"fleetc.journal/1\",\"files\":[]}",
    ] {
        let folder = Folder::new();
        build(real(&folder), &wanted(OLD)).unwrap();
        folder.write("gitops/.fleetc-build/journal", text);
        let before = folder.tree("gitops");
        let trouble = build(real(&folder), &wanted(NEW)).unwrap_err().to_string();
        assert!(trouble.contains("cannot be read"), "{trouble}");
        assert_eq!(folder.tree("gitops"), before);
    }
}

#[test]
fn an_edit_is_refused_also_where_a_build_was_interrupted() {
    let (old, new) = (wanted(OLD), wanted(NEW));
    at_every_operation(&old, &new, Fault::Death, |folder, _, at| {
        folder.write("gitops/flux/hub/clusters/a.yaml", "by hand\n");
        match build(real(folder), &new) {
            Err(Trouble::Refused(refusals)) => assert_eq!(refusals.iter().next().unwrap().code.id, "F0601"),
            other => panic!("operation {at}: {other:?}"),
        }
        assert_eq!(folder.tree("gitops")["flux/hub/clusters/a.yaml"], "by hand\n");
    });
}
