//! The project on disk: which files it has and what they hold.
//!
//! Only this room and `output` touch the disk; the others ask through [`Files`].

mod declaration;
mod discover;
mod disk;
mod git;
mod index;
mod load;
mod loose;
mod memory;
mod paths;
pub(crate) mod run_git;
mod save;
mod snapshot;
mod tree;
mod watch;

use std::fmt;
use std::io;
use std::path::PathBuf;

pub use discover::{MOST_SEARCHERS, NoProject, Overlay};
pub use disk::DiskFiles;
pub use index::Index;
pub use loose::LooseFiles;
pub use memory::MemoryFiles;
pub use paths::normalise;
pub use save::save;
pub use snapshot::NoSnapshot;
pub use watch::{Answers, Watch};

use crate::diag::Diagnostics;
use crate::source::Sources;

/// A project as it was found: its `.fleet` files and a door to all its other files.
pub struct Project {
    /// The folder that holds the file with the `fleet` declaration; absolute, symbolic links resolved. Empty for a
    /// project in memory.
    pub root: PathBuf,
    /// The `.fleet` files, sorted by the bytes of their paths.
    ///
    /// A file that could not be read is here with an empty text, so that its diagnostic has a place. What such a file
    /// declares is unknown, so where `diagnostics` has errors an unknown name may only be their consequence.
    pub sources: Sources,
    /// Every other file.
    pub files: Box<dyn Files + Send + Sync>,
    /// What went wrong while reading.
    pub diagnostics: Diagnostics,
}

impl fmt::Debug for Project {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Project").field("root", &self.root).field("sources", &self.sources).finish_non_exhaustive()
    }
}

impl Project {
    /// The root of the Git repository around the project; the project's own root without one.
    pub fn repository_root(&self) -> PathBuf {
        let up = self.files.repository().map_or(0, |repository| paths::levels_up(&repository.root));
        self.root.ancestors().nth(up).unwrap_or(&self.root).to_path_buf()
    }
}

/// An entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The name, exactly as it is spelled on disk.
    pub name: String,
    /// Whether it is a folder.
    pub is_dir: bool,
}

/// The Git repository around a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// Its root, relative to the project root: `.`, `..`, `../..`.
    pub root: String,
    /// The URLs of its remotes, sorted.
    pub remotes: Vec<String>,
}

/// What the compiler may ask of the disk. Paths are relative to the project root, with `/` between the parts;
/// they may begin with `..` where a source is checked out above the project.
pub trait Files {
    /// The bytes of a file.
    fn read(&self, path: &str) -> io::Result<Vec<u8>>;

    /// The bytes of a file that has at most `most` of them; a larger one is [`io::ErrorKind::FileTooLarge`].
    fn read_at_most(&self, path: &str, most: u64) -> io::Result<Vec<u8>> {
        let bytes = self.read(path)?;
        if bytes.len() as u64 > most { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
    }

    /// The entries of a folder sorted by name; none when `path` is no folder.
    fn list(&self, path: &str) -> Option<Vec<Entry>>;

    /// What has this name in a folder; or else what upper and lower case alone tell from it. None when there is neither.
    fn find(&self, folder: &str, name: &str) -> Option<Entry> {
        find_among(&self.list(folder)?, name).cloned()
    }

    /// Whether `path` is a folder.
    fn has_folder(&self, path: &str) -> bool {
        self.list(path).is_some()
    }

    /// The Git repository around the project, if there is one.
    fn repository(&self) -> Option<Repository>;

    /// The path from `ancestor`, such as `..`, down to the project root; empty for `.`.
    fn path_from(&self, ancestor: &str) -> Option<String>;
}

/// The one of `entries`, which are sorted, that [`Files::find`] means.
fn find_among<'e>(entries: &'e [Entry], name: &str) -> Option<&'e Entry> {
    let exact = entries.binary_search_by(|entry| entry.name.as_str().cmp(name)).ok();
    let like = || entries.iter().find(|entry| entry.name.to_lowercase() == name.to_lowercase());
    exact.and_then(|place| entries.get(place)).or_else(like)
}

/// Why the disk said no, in words that are the same on every system.
pub(crate) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".to_string(),
        io::ErrorKind::IsADirectory => "it is a folder".to_string(),
        io::ErrorKind::NotADirectory => "it is not a folder".to_string(),
        io::ErrorKind::StorageFull => "the disk is full".to_string(),
        io::ErrorKind::QuotaExceeded => "the disk quota is used up".to_string(),
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only".to_string(),
        // What is left without a name of its own is clearer in the system's words.
        io::ErrorKind::Other => error.to_string(),
        kind => kind.to_string(),
    }
}
