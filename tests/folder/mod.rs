//! A temporary folder with files, for the tests that need a disk.

#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Removed with everything in it when it is dropped.
pub struct Folder {
    folder: tempfile::TempDir,
}

impl Folder {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A folder with these files.
    pub fn with(files: &[(&str, &str)]) -> Self {
        let folder = Self::new();
        for (path, text) in files {
            folder.write(path, text);
        }
        folder
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    /// The folder itself, without symbolic links on the way.
    pub fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    pub fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let file = self.path(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, bytes).unwrap();
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub fn remove(&self, path: &str) {
        fs::remove_file(self.path(path)).unwrap();
    }

    /// Every file below `path`, with its text; `-> target` for a symbolic link.
    pub fn tree(&self, path: &str) -> BTreeMap<String, String> {
        let mut tree = BTreeMap::new();
        add_to(&mut tree, &self.path(path), "");
        tree
    }

    /// The paths of [`Folder::tree`].
    pub fn paths(&self, path: &str) -> Vec<String> {
        self.tree(path).into_keys().collect()
    }
}

fn add_to(tree: &mut BTreeMap<String, String>, folder: &Path, prefix: &str) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            add_to(tree, &entry.path(), &format!("{name}/"));
        } else if kind.is_symlink() {
            tree.insert(name, format!("-> {}", fs::read_link(entry.path()).unwrap().display()));
        } else {
            tree.insert(name, String::from_utf8_lossy(&fs::read(entry.path()).unwrap()).into_owned());
        }
    }
}
