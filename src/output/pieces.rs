//! What is put in place at once: a file, or a folder that is not there yet with all that is in it.
//!
//! Takes the changes in the order of paths, gives the pieces in that order, each with its turn, and the folders that are
//! made for them. What others refer to has its turn before these, and an index after what it lists. A folder is one piece
//! where all in it belongs together, so nobody ever sees its index without the rest; it then has the turn of what the
//! index lists. Otherwise it is made, and its parts are pieces.

use super::compare::{Change, Changes};
use super::walk::Way;
use super::{LOCK, Trouble};

/// What is put in place by one rename, or removed.
#[derive(Debug)]
pub(super) struct Piece<'c> {
    /// Where it goes, below the output folder.
    pub path: &'c str,
    /// When it does, or in reverse when it is removed.
    pub turn: u8,
    /// What is in it: one file, or those of a new folder.
    pub changes: &'c [Change<'c>],
}

/// All pieces of a build.
#[derive(Debug, Default)]
pub(super) struct Pieces<'c> {
    /// In the order of paths.
    pub all: Vec<Piece<'c>>,
    /// The folders that are made for them, below the output folder, those above first.
    pub folders: Vec<&'c str>,
}

impl<'c> Pieces<'c> {
    /// The pieces of `changes`, by the folders that are there now.
    pub fn of(changes: &'c Changes) -> Result<Self, Trouble> {
        let mut pieces = Self::default();
        let mut walk = changes.place.walk();
        let mut rest = changes.files.as_slice();
        while let Some(change) = rest.first() {
            let path = changes.place.show(&change.path);
            let failed = |error| Trouble::Io { action: "write", path: path.clone(), error };
            let missing = match walk.before(&path).map_err(failed)? {
                (Way::Missing(folder), _) => path.strip_prefix(folder).map(str::len),
                (Way::Open(_) | Way::Blocked(..), _) => None,
            };
            let folder = missing.and_then(|left| change.path.get(..change.path.len().checked_sub(left)?));
            let count = folder.map_or(1, |folder| rest.iter().take_while(|other| is_in(folder, &other.path)).count());
            let (these, others) = rest.split_at(count.max(1));
            match folder {
                Some(folder) => pieces.add_folder(folder, these),
                None => pieces.add_files(these),
            }
            rest = others;
        }
        Ok(pieces)
    }

    fn add_files(&mut self, changes: &'c [Change<'c>]) {
        self.all.extend(changes.chunks(1).filter_map(|changes| {
            let path = &changes.first()?.path;
            Some(Piece { path, turn: turn(path), changes })
        }));
    }

    /// Adds `folder`, which is not there.
    fn add_folder(&mut self, folder: &'c str, changes: &'c [Change<'c>]) {
        let mut kinds = changes.iter().map(|change| kind(&change.path));
        let first = kinds.next().unwrap_or_default();
        if kinds.all(|kind| kind == first) {
            self.all.push(Piece { path: folder, turn: first * 2, changes });
            return;
        }
        self.folders.push(folder);
        for changes in changes.chunk_by(|a, b| folder_in(folder, &a.path) == folder_in(folder, &b.path)) {
            match changes.first().and_then(|change| folder_in(folder, &change.path)) {
                Some(inner) => self.add_folder(inner, changes),
                None => self.add_files(changes),
            }
        }
    }
}

impl Piece<'_> {
    /// Whether it is put in place: all but what is removed, and the lock, whose turn is after all others.
    pub fn is_put(&self) -> bool {
        self.path != LOCK && self.changes.iter().any(|change| change.after.is_some())
    }

    /// Whether it is a file that goes.
    pub fn is_removed(&self) -> bool {
        self.changes.iter().all(|change| change.after.is_none())
    }
}

/// Whether `path` is in `folder`.
fn is_in(folder: &str, path: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// The folder directly in `folder` that `path`, which is in it, is in; none for a file directly in it.
fn folder_in<'p>(folder: &str, path: &'p str) -> Option<&'p str> {
    let below = folder.len().checked_add(1)?;
    let name = path.get(below..)?.find('/')?;
    path.get(..below.checked_add(name)?)
}

/// The turn of a file: an index comes after what it lists.
fn turn(path: &str) -> u8 {
    let is_index = path.ends_with("kustomization.yaml") || path.ends_with("/root.yaml");
    kind(path) * 2 + u8::from(is_index)
}

/// How late files of this kind have their turn: what refers to others comes after these. A named instance of an engine
/// has a folder of its own.
fn kind(path: &str) -> u8 {
    match path.split('/').collect::<Vec<_>>().as_slice() {
        ["objects", ..] => 0,
        // Folders that a Kustomization, an Application or the folder of a cluster takes in.
        ["flux", "releases" | "base", ..] | ["flux", _, "releases" | "base", ..] => 1,
        ["argocd", "apps", _, _, ..] | ["argocd", _, "apps", _, _, ..] => 1,
        // What leads to the folders of clusters.
        ["flux", "hub", ..] | ["flux", _, "hub", ..] => 3,
        _ => 2,
    }
}
