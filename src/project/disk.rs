//! The files of a project on disk.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use foldhash::HashMap;

use super::load::{self, Unread};
use super::paths::{self, join, levels_up, normalise, split_last};
use super::{Entry, Files, Repository, find_among, git};

/// The disk below a project root, and above it as far as the Git repository reaches.
///
/// Names are compared exactly, also where the disk takes `Apps` for `apps`: what builds on one machine must build on
/// all. A symbolic link counts as what it points to unless that lies outside, in which case it is no folder and
/// cannot be read: Argo CD refuses such links too (3.x, out-of-bounds symlinks in a repository).
#[derive(Debug)]
pub struct DiskFiles {
    root: PathBuf,
    repository: Option<Repository>,
    /// Listings that were asked for; a fleet asks for the same folders once for every cluster.
    listings: Mutex<HashMap<String, Option<Vec<Entry>>>>,
}

impl DiskFiles {
    /// The files around `root`, which is absolute and without symbolic links.
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_path_buf(), repository: git::find(root), listings: Mutex::default() }
    }

    /// Where the normalised `path` is on disk, links resolved, and none when it is not within its bounds.
    fn locate(&self, path: &str) -> io::Result<PathBuf> {
        let up = levels_up(path);
        let farthest = self.repository.as_ref().map(|repository| levels_up(&repository.root));
        if farthest.is_some_and(|farthest| up > farthest) {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let base = self.root.ancestors().nth(up.max(farthest.unwrap_or(0))).ok_or(io::ErrorKind::NotFound)?;
        let found = fs::canonicalize(self.root.join(path))?;
        if found.starts_with(base) { Ok(found) } else { Err(io::ErrorKind::PermissionDenied.into()) }
    }

    /// Where the file `path` is on disk, which is spelled exactly like this.
    fn locate_file(&self, path: &str) -> io::Result<PathBuf> {
        let path = normalise(path).ok_or(io::ErrorKind::InvalidInput)?;
        let (folder, name) = split_last(&path).ok_or(io::ErrorKind::IsADirectory)?;
        if self.find(folder, name).is_none_or(|entry| entry.name != name) {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.locate(&path)
    }

    /// What `read` makes of the entries of a folder; none when `path` is no folder.
    fn with_listing<T>(&self, path: &str, read: impl FnOnce(&[Entry]) -> T) -> Option<T> {
        let path = normalise(path)?;
        if let Some(known) = self.listings.lock().unwrap_or_else(PoisonError::into_inner).get(&path) {
            return known.as_deref().map(read);
        }
        let exact = split_last(&path).is_none_or(|(folder, name)| {
            self.find(folder, name).is_some_and(|entry| entry.is_dir && entry.name == name)
        });
        let listing = if exact { self.read_folder(&path) } else { None };
        let answer = listing.as_deref().map(read);
        self.listings.lock().unwrap_or_else(PoisonError::into_inner).insert(path, listing);
        answer
    }

    fn read_folder(&self, path: &str) -> Option<Vec<Entry>> {
        let folder = self.locate(path).ok()?;
        let mut entries = Vec::new();
        for entry in fs::read_dir(folder).ok()? {
            let entry = entry.ok()?;
            // A name that is no UTF-8 can be named by no fleet.
            let Ok(name) = entry.file_name().into_string() else { continue };
            let is_dir = match entry.file_type() {
                Ok(kind) if kind.is_symlink() => self.locate(&join(path, &name)).is_ok_and(|target| target.is_dir()),
                Ok(kind) => kind.is_dir(),
                Err(_) => false,
            };
            entries.push(Entry { name, is_dir });
        }
        entries.sort();
        Some(entries)
    }
}

impl Files for DiskFiles {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        fs::read(self.locate_file(path)?)
    }

    fn read_at_most(&self, path: &str, most: u64) -> io::Result<Vec<u8>> {
        load::read_at_most(&self.locate_file(path)?, most).map_err(|unread| match unread {
            Unread::TooLarge { .. } => io::ErrorKind::FileTooLarge.into(),
            Unread::Io(error) => error,
            Unread::Because(reason) => io::Error::other(reason),
        })
    }

    fn list(&self, path: &str) -> Option<Vec<Entry>> {
        self.with_listing(path, <[Entry]>::to_vec)
    }

    fn find(&self, folder: &str, name: &str) -> Option<Entry> {
        self.with_listing(folder, |entries| find_among(entries, name).cloned())?
    }

    fn has_folder(&self, path: &str) -> bool {
        self.with_listing(path, |_| ()).is_some()
    }

    fn repository(&self) -> Option<Repository> {
        self.repository.clone()
    }

    fn path_from(&self, ancestor: &str) -> Option<String> {
        paths::from_ancestor(&self.root, ancestor)
    }
}
