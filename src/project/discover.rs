//! Finds the project a folder belongs to, and its `.fleet` files.
//!
//! What is found depends on the checkout alone: the user's own Git configuration, `.ignore` files and the order in
//! which a disk lists its entries do not matter.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use ignore::{DirEntry, WalkBuilder, WalkState};

use super::declaration::holds_fleet;
use super::load::{self, Unread};
use super::{DiskFiles, Project, git, reason};
use crate::diag::Diagnostics;
use crate::source::Sources;

/// How many threads look for sources, at most: a disk has no use for more.
pub const MOST_SEARCHERS: usize = 12;

/// Why there is no project.
#[derive(Debug)]
pub enum NoProject {
    /// The folder, or a file in it, cannot be read.
    Folder {
        /// Which one.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Neither the folder nor one above it holds a `fleet` declaration.
    Nowhere {
        /// Where the search began.
        start: PathBuf,
        /// Folders below, relative to it, that hold one.
        below: Vec<String>,
    },
}

impl fmt::Display for NoProject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder { path, error } => write!(f, "cannot read `{}`: {}", path.display(), reason(error)),
            Self::Nowhere { start, .. } => {
                write!(f, "no `.fleet` file in `{}` or a folder above it declares a fleet", start.display())
            }
        }
    }
}

impl std::error::Error for NoProject {}

/// A text that stands for a file of the disk: what an editor holds and has not saved.
#[derive(Clone, Debug)]
pub struct Overlay {
    /// The file; absolute, symbolic links resolved as far as the path exists.
    pub path: PathBuf,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Project {
    /// The project that the folder `start` is in: the nearest folder, going up, which holds a file with a `fleet`
    /// declaration, and every `*.fleet` below it but for hidden ones, those in `target` and `node_modules`, those that
    /// Git ignores, and those of other projects further down.
    pub fn discover(start: &Path) -> Result<Self, NoProject> {
        Self::discover_with(start, None)
    }

    /// The same with `overlay` in place of the file at its path, which need not exist.
    pub fn discover_with(start: &Path, overlay: Option<&Overlay>) -> Result<Self, NoProject> {
        let folder_error = |error| NoProject::Folder { path: start.to_path_buf(), error };
        let start = fs::canonicalize(start).map_err(folder_error)?;
        if !start.is_dir() {
            return Err(folder_error(io::ErrorKind::NotADirectory.into()));
        }
        let root = root_of(&start, overlay)?;
        let mut found = collect(root);
        if let Some(overlay) = overlay.filter(|overlay| overlay.path.starts_with(root)) {
            let path = relative(root, &overlay.path);
            found.retain(|(other, _)| *other != path);
            found.push((path, Ok(overlay.bytes.clone())));
            found.sort_by(|a, b| a.0.cmp(&b.0));
        }
        let mut sources = Sources::default();
        let mut diagnostics = Diagnostics::default();
        for (path, bytes) in found {
            load::add(&mut sources, &mut diagnostics, &path, bytes);
        }
        Ok(Self { root: root.to_path_buf(), sources, files: Box::new(DiskFiles::new(root)), diagnostics })
    }
}

impl Project {
    /// A project of one file that is nowhere on disk; what it names is looked for in `folder`.
    ///
    /// # Errors
    /// When the folder cannot be entered.
    pub fn alone(folder: &Path, name: &str, bytes: Vec<u8>) -> Result<Self, NoProject> {
        let root = fs::canonicalize(folder).map_err(|error| NoProject::Folder { path: folder.to_path_buf(), error })?;
        let mut sources = Sources::default();
        let mut diagnostics = Diagnostics::default();
        load::add(&mut sources, &mut diagnostics, name, Ok(bytes));
        Ok(Self { files: Box::new(DiskFiles::new(&root)), root, sources, diagnostics })
    }
}

/// The nearest folder from `start` up that declares a fleet. Where one cannot be read, a fleet above it may be another one
/// than the one that is meant, so none is taken; many a folder above is nobody's to read, and then there is just none.
fn root_of<'p>(start: &'p Path, overlay: Option<&Overlay>) -> Result<&'p Path, NoProject> {
    let mut unreadable: Option<NoProject> = None;
    for folder in start.ancestors() {
        // A declaration that is being written still counts as it was saved, so that its project is not lost meanwhile.
        let open = overlay.is_some_and(|file| file.path.parent() == Some(folder) && holds_fleet(&file.bytes));
        match (declares_fleet(folder), unreadable) {
            (Ok(false), before) if !open => unreadable = before,
            (Err((path, error)), before) if !open => {
                unreadable = before.or(Some(NoProject::Folder { path, error }));
            }
            (_, Some(before)) => return Err(before),
            (_, None) => return Ok(folder),
        }
    }
    match unreadable {
        Some(NoProject::Folder { path, error }) if path.starts_with(start) => Err(NoProject::Folder { path, error }),
        _ => Err(NoProject::Nowhere { start: start.to_path_buf(), below: projects_below(start) }),
    }
}

/// Whether a file directly in `folder` holds a `fleet` declaration. Fails with the path that says no.
fn declares_fleet(folder: &Path) -> Result<bool, (PathBuf, io::Error)> {
    let failed = |error| (folder.to_path_buf(), error);
    let mut unreadable = None;
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_name().to_string_lossy().starts_with('.') || !is_fleet_file(&entry.path()) {
            continue;
        }
        match load::read(&entry.path()) {
            Ok(bytes) if holds_fleet(&bytes) => return Ok(true),
            Err(Unread::Io(error)) => unreadable = Some((entry.path(), error)),
            Ok(_) | Err(_) => {}
        }
    }
    unreadable.map_or(Ok(false), Err)
}

/// The folders not far below `start` that hold a `fleet` declaration, for a message. Not far, because `start` may be
/// a home folder.
fn projects_below(start: &Path) -> Vec<String> {
    let mut folders = BTreeSet::new();
    for entry in walk(start, false).max_depth(Some(3)).build().flatten() {
        if entry.file_type().is_some_and(|kind| kind.is_file())
            && is_fleet_file(entry.path())
            && load::read(entry.path()).is_ok_and(|bytes| holds_fleet(&bytes))
            && let Some(folder) = entry.path().parent()
        {
            folders.insert(relative(start, folder));
        }
    }
    folders.into_iter().collect()
}

/// A path below the root, and what the file holds.
pub(super) type Found = (String, Result<Vec<u8>, Unread>);

/// The `.fleet` files of the project at `root`, sorted by path.
fn collect(root: &Path) -> Vec<Found> {
    let in_repository = git::find(root).is_some();
    let mut found = read_all(root, in_repository);
    if in_repository && !found.iter().any(|(path, bytes)| !path.contains('/') && declares(bytes)) {
        // Git ignores the project as a whole, say because it lies in a build folder; then its rules say nothing
        // about what belongs to it.
        found = read_all(root, false);
    }
    without_other_projects(found)
}

/// `found` without the files of projects further down, sorted by path.
pub(super) fn without_other_projects(mut found: Vec<Found>) -> Vec<Found> {
    let others: BTreeSet<String> = found
        .iter()
        .filter(|(_, bytes)| declares(bytes))
        .filter_map(|(path, _)| path.rsplit_once('/').map(|(folder, _)| format!("{folder}/")))
        .collect();
    found.retain(|(path, _)| !path.match_indices('/').any(|(at, _)| others.contains(path.get(..=at).unwrap_or(""))));
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

/// The `.fleet` files below `folder`, of whatever fleet or none.
pub(super) fn below(folder: &Path) -> Vec<Found> {
    let found = read_all(folder, git::find(folder).is_some());
    // What was named is wanted, also where Git ignores it.
    if found.is_empty() { read_all(folder, false) } else { found }
}

/// Whether the file holds a `fleet` declaration.
pub(super) fn declares(bytes: &Result<Vec<u8>, Unread>) -> bool {
    bytes.as_ref().is_ok_and(|bytes| holds_fleet(bytes))
}

/// All that may belong to the project at `root`, sorted by path. Most of a large one is its output, which several threads
/// look through.
fn read_all(root: &Path, in_repository: bool) -> Vec<Found> {
    let found = Mutex::new(Vec::new());
    let take = |entry: Result<DirEntry, ignore::Error>| {
        let read = match entry {
            Ok(entry) => read_entry(root, &entry),
            Err(error) => {
                let (path, error) = place_of(&error, root);
                Some((path, Err(error)))
            }
        };
        found.lock().unwrap_or_else(PoisonError::into_inner).extend(read);
    };
    let mut walk = walk(root, in_repository);
    match rayon::current_num_threads() {
        // Where the system has no more threads to give, one that asks for them waits for ever.
        1 => walk.build().for_each(take),
        count => walk.threads(count.min(MOST_SEARCHERS)).build_parallel().run(|| {
            Box::new(|entry| {
                take(entry);
                WalkState::Continue
            })
        }),
    }
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    // Several things may be the matter with one path.
    let matter = |found: &Found| found.1.as_ref().err().map(|error| format!("{error:?}"));
    found.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| matter(a).cmp(&matter(b))));
    found
}

/// The walk over what may belong to the project at `root`.
fn walk(root: &Path, in_repository: bool) -> WalkBuilder {
    let mut walk = WalkBuilder::new(root);
    walk.standard_filters(false)
        .hidden(true)
        .git_ignore(true)
        .git_exclude(true)
        .follow_links(false)
        // In a repository the rules reach up to its root. Without one (an unpacked archive) the `.gitignore` files of
        // the project still hold, and none above it.
        .parents(in_repository)
        .require_git(in_repository)
        .filter_entry(|entry| {
            let is_dir = entry.file_type().is_some_and(|kind| kind.is_dir());
            entry.depth() == 0 || !is_dir || !is_built(&entry.file_name().to_string_lossy())
        });
    walk
}

/// Whether a folder of this name holds what was built or fetched.
pub(super) fn is_built(name: &str) -> bool {
    name == "target" || name == "node_modules"
}

/// Whether it is named as a `.fleet` file.
pub(super) fn is_fleet_file(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "fleet")
}

fn read_entry(root: &Path, entry: &DirEntry) -> Option<Found> {
    let kind = entry.file_type()?;
    if kind.is_dir() || !is_fleet_file(entry.path()) {
        return None;
    }
    let path = relative(root, entry.path());
    if !kind.is_symlink() {
        return Some((path, load::read(entry.path())));
    }
    match fs::canonicalize(entry.path()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Some((path, Err(Unread::Because("is a symbolic link to nothing"))))
        }
        Err(error) => Some((path, Err(Unread::Io(error)))),
        Ok(target) if target.is_dir() => None,
        // What it points to is a file of the project itself, and read as that.
        Ok(target) if target.starts_with(root) && is_fleet_file(&target) => None,
        Ok(target) if target.starts_with(root) => Some((path, load::read(&target))),
        Ok(_) => Some((path, Err(Unread::Because("is a symbolic link that leaves the project")))),
    }
}

/// `path` below `root` with `/` between the parts; `.` for `root` itself.
fn relative(root: &Path, path: &Path) -> String {
    let below = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<_> = below.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    if parts.is_empty() { ".".to_string() } else { parts.join("/") }
}

/// Which path an error of the walk speaks of, and what it says.
fn place_of(error: &ignore::Error, root: &Path) -> (String, Unread) {
    let mut path = None;
    let mut inner = error;
    loop {
        inner = match inner {
            ignore::Error::WithPath { path: at, err } => {
                path = Some(relative(root, at));
                err
            }
            ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => err,
            _ => break,
        };
    }
    let kind = inner.io_error().map_or(io::ErrorKind::Other, io::Error::kind);
    (path.unwrap_or_else(|| ".".to_string()), Unread::Io(kind.into()))
}
