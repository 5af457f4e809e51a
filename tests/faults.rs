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
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fleetc::output::{Disk, Folder as OpenedFolder, Found, Hold, OpenFolder, Place, Trouble, Wanted, compare};
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
    /// Somebody moves a folder away, and puts a link to another one in its place.
    #[cfg(unix)]
    Swap,
    /// Somebody puts a file into a folder that the build makes.
    Intruder,
    /// What is written reaches the disk only in part, and only the sync beside it hears of that.
    SyncBeside,
}

/// A disk on which something happens.
#[derive(Debug)]
struct Faulty {
    disk: OpenFolder,
    root: PathBuf,
    fault: Fault,
    at: usize,
    operations: AtomicUsize,
    /// Where something was renamed to, one after another.
    renamed: Mutex<Vec<String>>,
}

impl Faulty {
    fn new(folder: &Folder, fault: Fault, at: usize) -> Arc<Self> {
        let (disk, root) = (OpenFolder::open(&folder.root()).unwrap(), folder.root());
        Arc::new(Self { disk, root, fault, at, operations: AtomicUsize::new(0), renamed: Mutex::default() })
    }

    fn step(&self) -> io::Result<()> {
        let number = self.operations.fetch_add(1, Ordering::SeqCst);
        match self.fault {
            Fault::Death if number >= self.at => Err(io::Error::other("killed")),
            Fault::Error(kind) if number == self.at => Err(kind.into()),
            #[cfg(unix)]
            Fault::Swap if number == self.at => {
                for (path, text) in OLD.iter().filter_map(|(path, text)| Some((path.strip_prefix("flux/")?, text))) {
                    let theirs = self.root.join("theirs").join(path);
                    std::fs::create_dir_all(theirs.parent().unwrap())?;
                    std::fs::write(theirs, text)?;
                }
                std::fs::rename(self.root.join("gitops/flux"), self.root.join("moved"))?;
                std::os::unix::fs::symlink("../theirs", self.root.join("gitops/flux"))
            }
            Fault::Intruder if number == self.at => {
                std::fs::write(self.root.join("came"), "")?;
                std::fs::create_dir_all(self.root.join("gitops/flux/releases/c"))?;
                std::fs::write(self.root.join("gitops/flux/releases/c/mine"), "precious")
            }
            _ => Ok(()),
        }
    }
}

impl Disk for Faulty {
    fn root(&self) -> io::Result<OpenedFolder> {
        self.disk.root()
    }
    fn open(&self, folder: &OpenedFolder, name: &str) -> io::Result<OpenedFolder> {
        self.step().and_then(|()| self.disk.open(folder, name))
    }
    fn look(&self, folder: &OpenedFolder, name: &str) -> io::Result<Found> {
        self.step().and_then(|()| self.disk.look(folder, name))
    }
    fn read(&self, folder: &OpenedFolder, name: &str, likely: usize) -> io::Result<Vec<u8>> {
        self.step().and_then(|()| self.disk.read(folder, name, likely))
    }
    fn entries(&self, folder: &OpenedFolder) -> io::Result<Vec<(String, Found)>> {
        self.step().and_then(|()| self.disk.entries(folder))
    }
    fn create(&self, folder: &OpenedFolder, name: &str, bytes: &[u8]) -> io::Result<()> {
        if let Err(error) = self.step() {
            // Killed in the middle of a file, or no space for the rest of it.
            if self.operations.load(Ordering::SeqCst) == self.at + 1 {
                _ = self.disk.create(folder, name, &bytes[..bytes.len() / 2]);
            }
            return Err(error);
        }
        self.disk.create(folder, name, bytes)
    }
    fn make_folder(&self, folder: &OpenedFolder, name: &str) -> io::Result<()> {
        self.step().and_then(|()| self.disk.make_folder(folder, name))
    }
    fn may_change(&self, folder: &OpenedFolder) -> io::Result<()> {
        self.step().and_then(|()| self.disk.may_change(folder))
    }
    fn rename(&self, from: (&OpenedFolder, &str), to: (&OpenedFolder, &str)) -> io::Result<()> {
        self.renamed.lock().unwrap().push(to.0.join(to.1));
        self.step().and_then(|()| self.disk.rename(from, to))
    }
    fn remove_file(&self, folder: &OpenedFolder, name: &str) -> io::Result<()> {
        self.step().and_then(|()| self.disk.remove_file(folder, name))
    }
    fn remove_folder(&self, folder: &OpenedFolder, name: &str) -> io::Result<()> {
        self.step().and_then(|()| self.disk.remove_folder(folder, name))
    }
    fn sync(&self) -> io::Result<()> {
        self.step()
    }
    fn sync_beside(&self, work: &mut dyn FnMut()) -> io::Result<()> {
        work();
        match self.fault {
            Fault::SyncBeside => Err(io::Error::other("lost")),
            _ => self.step(),
        }
    }
    fn hold(&self, folder: &OpenedFolder) -> io::Result<Option<Box<dyn Hold>>> {
        self.step().and_then(|()| self.disk.hold(folder))
    }
}

type Tree = BTreeMap<String, String>;

/// A disk on which nothing happens; it does not wait for what is written, which a busy machine takes long for.
fn real(folder: &Folder) -> Result<Place, Trouble> {
    Place::on(Faulty::new(folder, Fault::Death, usize::MAX), &folder.root(), "gitops")
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
        let disk = Faulty::new(&folder, fault, at);
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
        let disk = Faulty::new(folder, Fault::Death, 90 - at % 60);
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
fn a_sync_that_fails_while_a_build_writes_leaves_the_old_tree() {
    let folder = Folder::new();
    build(real(&folder), &wanted(OLD)).unwrap();
    let before = folder.tree("gitops");
    let disk = Faulty::new(&folder, Fault::SyncBeside, usize::MAX);
    let said = build(Place::on(disk, &folder.root(), "gitops"), &wanted(NEW));
    assert_eq!(said.unwrap_err().to_string(), "cannot write `gitops/.fleetc-build`: lost");
    assert_eq!(folder.tree("gitops"), before);
}

#[cfg(unix)]
#[test]
fn a_folder_that_is_swapped_for_a_link_at_any_operation_leads_nowhere() {
    let (old, new) = (wanted(OLD), wanted(NEW));
    at_every_operation(&old, &new, Fault::Swap, |folder, _, at| {
        if !folder.path("theirs").exists() {
            // The last round swaps nothing.
            return;
        }
        let theirs: Vec<_> = OLD.iter().filter_map(|(path, text)| Some((path.strip_prefix("flux/")?, *text))).collect();
        let now = folder.tree("theirs");
        assert_eq!(now.iter().map(|(path, text)| (&**path, &**text)).collect::<Vec<_>>(), theirs, "operation {at}");
    });
}

#[test]
fn a_file_that_somebody_puts_into_a_folder_that_is_being_made_is_not_lost() {
    let (old, new) = (wanted(OLD), wanted(NEW));
    let new_tree = clean(&new);
    let mut both = new_tree.clone();
    both.insert("flux/releases/c/mine".into(), "precious".into());
    at_every_operation(&old, &new, Fault::Intruder, |folder, _, at| {
        build(real(folder), &new).unwrap_or_else(|trouble| panic!("operation {at}: {trouble}"));
        // The last round has no intruder.
        let expected = if folder.path("came").exists() { &both } else { &new_tree };
        assert_eq!(folder.tree("gitops"), *expected, "operation {at}");
    });
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
        fn root(&self) -> io::Result<OpenedFolder> {
            self.0.root()
        }
        fn open(&self, folder: &OpenedFolder, name: &str) -> io::Result<OpenedFolder> {
            self.0.open(folder, name)
        }
        fn look(&self, folder: &OpenedFolder, name: &str) -> io::Result<Found> {
            self.0.look(folder, name)
        }
        fn read(&self, folder: &OpenedFolder, name: &str, likely: usize) -> io::Result<Vec<u8>> {
            self.0.read(folder, name, likely)
        }
        fn entries(&self, folder: &OpenedFolder) -> io::Result<Vec<(String, Found)>> {
            self.0.entries(folder)
        }
        fn create(&self, _: &OpenedFolder, name: &str, _: &[u8]) -> io::Result<()> {
            panic!("creates `{name}`")
        }
        fn make_folder(&self, _: &OpenedFolder, name: &str) -> io::Result<()> {
            panic!("makes `{name}`")
        }
        fn may_change(&self, folder: &OpenedFolder) -> io::Result<()> {
            panic!("looks whether `{}` may be changed", folder.path())
        }
        fn rename(&self, from: (&OpenedFolder, &str), _: (&OpenedFolder, &str)) -> io::Result<()> {
            panic!("renames `{}`", from.1)
        }
        fn remove_file(&self, _: &OpenedFolder, name: &str) -> io::Result<()> {
            panic!("removes `{name}`")
        }
        fn remove_folder(&self, _: &OpenedFolder, name: &str) -> io::Result<()> {
            panic!("removes `{name}`")
        }
        fn sync(&self) -> io::Result<()> {
            panic!("syncs")
        }
        fn hold(&self, folder: &OpenedFolder) -> io::Result<Option<Box<dyn Hold>>> {
            self.0.hold(folder)
        }
    }
    let disk = Arc::new(ReadOnly(OpenFolder::open(&folder.root()).unwrap()));
    build(Place::on(disk, &folder.root(), "gitops"), &wanted(OLD)).unwrap();
}

/// Where a build of these files into `folder` puts something, one after another.
fn put_in_place(folder: &Folder, files: &[(&str, &str)]) -> Vec<String> {
    let disk = Faulty::new(folder, Fault::Death, usize::MAX);
    build(Place::on(disk.clone(), &folder.root(), "gitops"), &wanted(files)).unwrap();
    let renamed = disk.renamed.lock().unwrap();
    renamed.iter().filter_map(|path| Some(path.strip_prefix("gitops/")?.to_owned())).collect()
}

#[test]
fn what_others_refer_to_is_put_in_place_first_and_a_new_folder_at_once() {
    let files: Vec<(&str, &str)> = [
        "argocd/apps/a.yaml",
        "argocd/apps/a/web.yaml",
        "argocd/root.yaml",
        "flux/bootstrap.sh",
        "flux/clusters/a/kustomization.yaml",
        "flux/edge/hub/clusters/a.yaml",
        "flux/edge/hub/kustomization.yaml",
        "flux/edge/releases/a/web/helmrelease.yaml",
        "flux/edge/releases/a/web/kustomization.yaml",
        "objects/a/web/objects.yaml",
    ]
    .map(|path| (path, "text\n"))
    .into();
    let folder = Folder::new();
    let cold = [
        ".fleetc-build/journal",
        "objects",
        "argocd/apps/a",
        "flux/edge/releases",
        "argocd/apps/a.yaml",
        "flux/bootstrap.sh",
        "flux/clusters",
        "argocd/root.yaml",
        "flux/edge/hub",
        "fleet.lock",
    ];
    assert_eq!(put_in_place(&folder, &files), cold);
    // What is there already gets its files one by one, and an index comes after what it lists.
    let more = ["flux/edge/hub/clusters/b.yaml", "flux/edge/releases/a/new/x.yaml", "objects/a/web/kustomization.yaml"];
    let more: Vec<_> = files.iter().copied().chain(more.map(|path| (path, "text\n"))).collect();
    let more: Vec<_> =
        more.iter().map(|(path, text)| (*path, if path.contains("hub/k") { "more\n" } else { *text })).collect();
    let later = [
        ".fleetc-build/journal",
        "objects/a/web/kustomization.yaml",
        "flux/edge/releases/a/new",
        "flux/edge/hub/clusters/b.yaml",
        "flux/edge/hub/kustomization.yaml",
        "fleet.lock",
    ];
    assert_eq!(put_in_place(&folder, &more), later);
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
