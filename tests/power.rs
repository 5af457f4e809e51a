//! The power fails during a build: what had not been synced is lost, in one of the ways that disks lose it.
//!
//! The disk is a model in memory. It remembers what was done since the last sync; a loss of power applies only a part
//! of that, and the bytes of a file that was not synced may be missing. Two kinds of disks: one that keeps the order of
//! renames and removals, as file systems with a journal do, and one that keeps none at all.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
#![allow(missing_docs)]

#[path = "support/trees.rs"]
mod trees;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use fleetc::output::{Disk, Folder, Found, Hold, Place, Trouble, Wanted};
use trees::{NEW, OLD, wanted};

/// What is on a disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct State {
    folders: BTreeSet<String>,
    files: BTreeMap<String, Vec<u8>>,
}

#[derive(Clone, Debug)]
enum Operation {
    Create(String, Vec<u8>),
    MakeFolder(String),
    Rename(String, String),
    RemoveFile(String),
    RemoveFolder(String),
}

fn above(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(above, _)| above)
}

impl State {
    fn look(&self, path: &str) -> Found {
        match () {
            () if path.is_empty() || self.folders.contains(path) => Found::Folder,
            () if self.files.contains_key(path) => Found::File,
            () => Found::Nothing,
        }
    }

    /// The names directly in a folder.
    fn names(&self, folder: &str) -> Vec<String> {
        let all = self.folders.iter().chain(self.files.keys());
        let inside = all.filter(|path| above(path) == folder && !path.is_empty());
        inside.map(|path| path.rsplit('/').next().unwrap().to_string()).collect()
    }

    /// Fails, and does nothing, where it is not possible.
    fn apply(&mut self, operation: &Operation) -> io::Result<()> {
        let missing = || io::Error::from(io::ErrorKind::NotFound);
        match operation {
            Operation::Create(path, bytes) => match (self.look(above(path)), self.look(path)) {
                (Found::Folder, Found::Nothing) => _ = self.files.insert(path.clone(), bytes.clone()),
                _ => return Err(missing()),
            },
            Operation::MakeFolder(path) => match (self.look(above(path)), self.look(path)) {
                (Found::Folder, Found::Nothing) => _ = self.folders.insert(path.clone()),
                _ => return Err(missing()),
            },
            Operation::Rename(from, to) => {
                let taken = match self.look(from) {
                    Found::Folder => self.look(to) != Found::Nothing,
                    _ => self.look(to) == Found::Folder,
                };
                if taken || self.look(from) == Found::Nothing || self.look(above(to)) != Found::Folder {
                    return Err(missing());
                }
                let moved = |path: &String| match path.strip_prefix(from.as_str()) {
                    Some(inside) if inside.is_empty() || inside.starts_with('/') => format!("{to}{inside}"),
                    _ => path.clone(),
                };
                self.files.remove(to);
                self.files = self.files.iter().map(|(path, bytes)| (moved(path), bytes.clone())).collect();
                self.folders = self.folders.iter().map(moved).collect();
            }
            Operation::RemoveFile(path) => _ = self.files.remove(path).ok_or_else(missing)?,
            Operation::RemoveFolder(path) => {
                if !self.names(path).is_empty() || !self.folders.remove(path) {
                    return Err(io::Error::other("not empty, or not there"));
                }
            }
        }
        Ok(())
    }
}

#[derive(Debug, Default)]
struct Inner {
    now: State,
    synced: State,
    since: Vec<Operation>,
    /// How many operations are still done.
    left: usize,
}

/// A disk in memory, whose power fails after a number of operations.
#[derive(Debug)]
struct Model(Mutex<Inner>);

impl Model {
    fn new(state: State, left: usize) -> Self {
        Self(Mutex::new(Inner { now: state.clone(), synced: state, since: Vec::new(), left }))
    }

    fn change(&self, operation: Operation) -> io::Result<()> {
        let mut inner = self.0.lock().unwrap();
        inner.left = inner.left.checked_sub(1).ok_or_else(|| io::Error::other("no power"))?;
        inner.now.apply(&operation)?;
        inner.since.push(operation);
        Ok(())
    }
}

#[derive(Debug)]
struct Nobody;
impl Hold for Nobody {}

impl Disk for Model {
    fn look(&self, folder: &Folder, name: &str) -> io::Result<Found> {
        Ok(self.0.lock().unwrap().now.look(&folder.join(name)))
    }
    fn read(&self, folder: &Folder, name: &str, _: usize) -> io::Result<Vec<u8>> {
        let inner = self.0.lock().unwrap();
        inner.now.files.get(&folder.join(name)).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
    fn entries(&self, folder: &Folder) -> io::Result<Vec<(String, Found)>> {
        let names = self.0.lock().unwrap().now.names(folder.path());
        names.into_iter().map(|name| self.look(folder, &name).map(|found| (name, found))).collect()
    }
    fn create(&self, folder: &Folder, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.change(Operation::Create(folder.join(name), bytes.to_vec()))
    }
    fn make_folder(&self, folder: &Folder, name: &str) -> io::Result<()> {
        self.change(Operation::MakeFolder(folder.join(name)))
    }
    fn may_change(&self, _: &Folder) -> io::Result<()> {
        Ok(())
    }
    fn rename(&self, from: (&Folder, &str), to: (&Folder, &str)) -> io::Result<()> {
        self.change(Operation::Rename(from.0.join(from.1), to.0.join(to.1)))
    }
    fn remove_file(&self, folder: &Folder, name: &str) -> io::Result<()> {
        self.change(Operation::RemoveFile(folder.join(name)))
    }
    fn remove_folder(&self, folder: &Folder, name: &str) -> io::Result<()> {
        self.change(Operation::RemoveFolder(folder.join(name)))
    }
    fn sync(&self) -> io::Result<()> {
        let mut inner = self.0.lock().unwrap();
        inner.left = inner.left.checked_sub(1).ok_or_else(|| io::Error::other("no power"))?;
        inner.synced = inner.now.clone();
        inner.since.clear();
        Ok(())
    }
    fn hold(&self, _: &Folder) -> io::Result<Option<Box<dyn Hold>>> {
        Ok(Some(Box::new(Nobody)))
    }
}

/// Builds on `disk`.
fn build(disk: &Arc<Model>, wanted: &Wanted) -> Result<(), Trouble> {
    trees::build(Place::on(disk.clone(), Path::new("/"), "gitops"), wanted)
}

fn built(state: State, wanted: &Wanted) -> State {
    let disk = Arc::new(Model::new(state, usize::MAX));
    build(&disk, wanted).unwrap();
    let inner = disk.0.lock().unwrap();
    inner.now.clone()
}

/// A machine-independent source of choices.
struct Choices(u64);

impl Choices {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

/// What is there when the power is back: what was synced, and of `since` what `keeps` says. Of a file that was not synced
/// the bytes may be missing.
fn lost(
    synced: &State,
    since: &[Operation],
    choices: &mut Choices,
    keeps: impl Fn(&mut Choices, usize) -> bool,
) -> State {
    let mut state = synced.clone();
    for (number, operation) in since.iter().enumerate() {
        if !keeps(choices, number) {
            continue;
        }
        let operation = match operation {
            Operation::Create(path, bytes) => {
                let kept = [0, bytes.len() / 2, bytes.len()][choices.below(3)];
                Operation::Create(path.clone(), bytes[..kept].to_vec())
            }
            other => other.clone(),
        };
        // What it needs was lost.
        _ = state.apply(&operation);
    }
    state
}

/// What is seen: without what is staged.
fn visible(state: &State) -> BTreeMap<&str, &[u8]> {
    let files = state.files.iter().filter(|(path, _)| !path.contains(".fleetc-build/"));
    files.map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect()
}

/// Lets the power fail after each operation of a build from `old` to `new`, and hands over what is there then.
fn at_every_loss(rounds: usize, ordered: bool, mut then: impl FnMut(State, &State, &State, &str)) {
    let (old, new) = (wanted(OLD), wanted(NEW));
    let before = built(State::default(), &old);
    let after = built(before.clone(), &new);
    let mut choices = Choices(7);
    let mut losses = 0;
    for left in 0.. {
        let disk = Arc::new(Model::new(before.clone(), left));
        let said = build(&disk, &new);
        let inner = disk.0.lock().unwrap();
        for round in 0..rounds {
            let upto = choices.below(inner.since.len() + 1);
            let state = lost(&inner.synced, &inner.since, &mut choices, |choices, number| {
                if ordered { number < upto } else { choices.below(2) == 0 }
            });
            then(state, &before, &after, &format!("after {left} operations, round {round}"));
            losses += 1;
        }
        if said.is_ok() {
            break;
        }
    }
    assert!(losses > 30 * rounds, "{losses}");
}

/// What a build of `new` makes of a folder whose power failed.
fn finishes(state: State, after: &State, at: &str) {
    let disk = Arc::new(Model::new(state, usize::MAX));
    build(&disk, &wanted(NEW)).unwrap_or_else(|trouble| panic!("{at}: {trouble}"));
    let inner = disk.0.lock().unwrap();
    assert_eq!(inner.now.files, after.files, "{at}");
}

#[test]
fn on_a_disk_that_keeps_the_order_the_tree_is_whole_and_the_next_build_finishes() {
    at_every_loss(12, true, |state, before, after, at| {
        let (now, old, new) = (visible(&state), visible(before), visible(after));
        for (path, bytes) in &now {
            assert!(old.get(path) == Some(bytes) || new.get(path) == Some(bytes), "{at}: {path}: {bytes:?}");
        }
        for path in old.keys().filter(|path| new.contains_key(*path)) {
            assert!(now.contains_key(path), "{at}: {path} is missing");
        }
        let index = String::from_utf8_lossy(now["gitops/flux/hub/kustomization.yaml"]).into_owned();
        for listed in index.lines().filter_map(|line| line.strip_prefix("- ")) {
            assert!(now.contains_key(format!("gitops/flux/hub/{listed}").as_str()), "{at}: {listed} is not there");
        }
        finishes(state.clone(), after, at);
    });
}

#[test]
fn on_a_disk_that_keeps_no_order_no_file_is_torn_and_the_next_build_finishes() {
    at_every_loss(40, false, |state, before, after, at| {
        let (now, old, new) = (visible(&state), visible(before), visible(after));
        for (path, bytes) in &now {
            assert!(old.get(path) == Some(bytes) || new.get(path) == Some(bytes), "{at}: {path}: {bytes:?}");
        }
        // The lock never says more than what is there.
        if now.get("gitops/fleet.lock") == new.get("gitops/fleet.lock") {
            assert_eq!(now, new, "{at}");
        }
        finishes(state.clone(), after, at);
    });
}
