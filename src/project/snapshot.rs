//! A project as Git has it at a commit.
//!
//! Nothing is checked out. What belongs to the project is decided as on disk ([`Project::discover`]), and what the
//! compiler asks of files is answered by Git's tree. So a commit compiles to what its checkout would, but for this: a
//! submodule is an empty folder, and what Git changes at a checkout (line ends, large files kept elsewhere) is as Git
//! stores it.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use super::declaration::holds_fleet;
use super::discover::{self, Found};
use super::load::{self, Unread};
use super::paths::{join, levels_up, normalise};
use super::tree::{Tree, TreeFiles};
use super::{NoProject, Project, git};
use crate::diag::Diagnostics;
use crate::source::Sources;

/// Why there is no project in Git.
#[derive(Debug)]
pub enum NoSnapshot {
    /// The folder to begin with cannot be entered.
    Folder(NoProject),
    /// The folder is in no Git repository.
    Repository {
        /// Which folder.
        folder: PathBuf,
    },
    /// There is no commit of this name.
    Revision {
        /// The name.
        revision: String,
    },
    /// Neither the folder nor one above it holds a `fleet` declaration there.
    Nowhere {
        /// Which folder.
        folder: PathBuf,
        /// The name of the commit.
        revision: String,
    },
    /// Git cannot be run, or says no; the text says why.
    Git(String),
}

impl fmt::Display for NoSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(error) => error.fmt(f),
            Self::Repository { folder } => write!(f, "`{}` is in no Git repository", folder.display()),
            Self::Revision { revision } => {
                write!(f, "there is no commit `{revision}` here; a shallow clone may lack it")
            }
            Self::Nowhere { folder, revision } => {
                let folder = folder.display();
                write!(f, "no `.fleet` file in `{folder}` or a folder above it declares a fleet in `{revision}`")
            }
            Self::Git(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for NoSnapshot {}

impl Project {
    /// The project that the folder `start` is in, as Git has it at the commit `revision`, by any name that Git takes for
    /// one. `start` must be there on disk.
    ///
    /// # Errors
    /// Where there is no repository, no such commit or no fleet in it, and where Git says no.
    pub fn at(start: &Path, revision: &str) -> Result<Self, NoSnapshot> {
        let start = fs::canonicalize(start)
            .map_err(|error| NoSnapshot::Folder(NoProject::Folder { path: start.to_path_buf(), error }))?;
        let repository = git::find(&start).ok_or_else(|| NoSnapshot::Repository { folder: start.clone() })?;
        let top = start.ancestors().nth(levels_up(&repository.root)).unwrap_or(&start).to_path_buf();
        let tree = Tree::of_commit(&top, revision)?;
        let nowhere = || NoSnapshot::Nowhere { folder: start.clone(), revision: revision.to_string() };
        let below: Vec<&str> =
            start.strip_prefix(&top).into_iter().flatten().filter_map(|part| part.to_str()).collect();
        let folder = (0..=below.len())
            .rev()
            .filter_map(|length| normalise(&below.get(..length)?.join("/")))
            .find(|folder| declares_fleet(&tree, folder))
            .ok_or_else(nowhere)?;
        let mut sources = Sources::default();
        let mut diagnostics = Diagnostics::default();
        for (path, bytes) in collect(&tree, &folder) {
            load::add(&mut sources, &mut diagnostics, &path, bytes);
        }
        let root = if folder == "." { top } else { top.join(&folder) };
        let files = TreeFiles::new(tree, folder, root.clone(), repository.remotes);
        Ok(Self { root, sources, files: Box::new(files), diagnostics })
    }
}

/// Whether a file directly in `folder` holds a `fleet` declaration.
fn declares_fleet(tree: &Tree, folder: &str) -> bool {
    let entries = tree.list(folder).unwrap_or_default();
    entries
        .iter()
        .filter(|entry| {
            !entry.is_dir && !entry.name.starts_with('.') && discover::is_fleet_file(Path::new(&entry.name))
        })
        .any(|entry| tree.read(&join(folder, &entry.name), load::LARGEST).is_ok_and(|bytes| holds_fleet(&bytes)))
}

/// The `.fleet` files of the project at `folder`, sorted by path.
fn collect(tree: &Tree, folder: &str) -> Vec<Found> {
    let read = |from_above: bool| -> Vec<Found> {
        let paths = tree
            .below(folder, from_above, &|name, is_dir| !(name.starts_with('.') || is_dir && discover::is_built(name)));
        paths.into_iter().filter_map(|path| read_leaf(tree, folder, path)).collect()
    };
    let mut found = read(true);
    if !found.iter().any(|(path, bytes)| !path.contains('/') && discover::declares(bytes)) {
        // Git ignores the project as a whole, and has it nevertheless. Then rules from above say nothing about its files.
        found = read(false);
    }
    discover::without_other_projects(found)
}

/// The bytes of the file at `path` below `folder`, or of what a link there leads to; none for what is no `.fleet` file.
fn read_leaf(tree: &Tree, folder: &str, path: String) -> Option<Found> {
    if !discover::is_fleet_file(Path::new(&path)) {
        return None;
    }
    let at = join(folder, &path);
    let inside = |target: &str| folder == "." || target.starts_with(&format!("{folder}/"));
    let bytes = match tree.resolve(&at) {
        None => Err(Unread::Because("is a symbolic link to nothing")),
        Some((_, true)) => return None,
        Some((target, false)) if target == at => tree.read_source(&at),
        // What it points to is a file of the project itself, and read as that.
        Some((target, false)) if inside(&target) && discover::is_fleet_file(Path::new(&target)) => return None,
        Some((target, false)) if inside(&target) => tree.read_source(&target),
        Some(_) => Err(Unread::Because("is a symbolic link that leaves the project")),
    };
    Some((path, bytes))
}
