//! The project on disk: which files it has and what they hold.
//!
//! Only this room and `output` touch the disk; the others ask through [`Files`].

use std::io;

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

    /// The entries of a folder sorted by name; none when `path` is no folder.
    fn list(&self, path: &str) -> Option<Vec<Entry>>;

    /// The Git repository around the project, if there is one.
    fn repository(&self) -> Option<Repository>;

    /// The path from `ancestor`, such as `..`, down to the project root; empty for `.`.
    fn path_from(&self, ancestor: &str) -> Option<String>;
}
