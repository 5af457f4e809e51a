//! A project that is nowhere on disk, for tests and for whoever embeds the compiler.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use super::paths::{levels_up, normalise, split_last};
use super::{Entry, Files, Project, Repository, load};
use crate::diag::Diagnostics;
use crate::source::Sources;

/// Files in memory.
///
/// ```
/// use fleetc::project::{Files, MemoryFiles};
///
/// let files = MemoryFiles::new().file("main.fleet", "fleet home { }").file("apps/web/kustomization.yaml", "");
/// assert_eq!(files.list("apps").unwrap()[0].name, "web");
/// assert!(files.list("Apps").is_none());
/// assert_eq!(files.into_project().sources.iter().count(), 1);
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryFiles {
    files: BTreeMap<String, Vec<u8>>,
    repository: Option<Repository>,
    place: String,
}

impl MemoryFiles {
    /// No files and no repository.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file, or replaces it. Paths are relative to the project root and may begin with `..`; one that no disk
    /// would take is not added.
    #[must_use]
    pub fn file(mut self, path: &str, bytes: impl Into<Vec<u8>>) -> Self {
        if let Some(path) = normalise(path) {
            self.files.insert(path, bytes.into());
        }
        self
    }

    /// Puts a Git repository around the project: its root relative to the project (`.`, `..`), and its remotes.
    #[must_use]
    pub fn repository<'a>(mut self, root: &str, remotes: impl IntoIterator<Item = &'a str>) -> Self {
        let mut remotes: Vec<String> = remotes.into_iter().map(str::to_string).collect();
        remotes.sort();
        self.repository = Some(Repository { root: root.to_string(), remotes });
        self
    }

    /// Says where the project lies: its path below some folder above, such as `org/fleet`.
    #[must_use]
    pub fn at(mut self, place: &str) -> Self {
        self.place = place.to_string();
        self
    }

    /// The project of these files: every `*.fleet` below the root, hidden folders or not.
    pub fn into_project(self) -> Project {
        let mut sources = Sources::default();
        let mut diagnostics = Diagnostics::default();
        for (path, bytes) in &self.files {
            if path.ends_with(".fleet") && !path.starts_with("../") {
                load::add(&mut sources, &mut diagnostics, path, Ok(bytes.clone()));
            }
        }
        Project { root: PathBuf::new(), sources, files: Box::new(self), diagnostics }
    }
}

impl Files for MemoryFiles {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        let path = normalise(path).ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.files.get(&path).ok_or(io::ErrorKind::NotFound)?.clone())
    }

    fn list(&self, path: &str) -> Option<Vec<Entry>> {
        let folder = normalise(path)?;
        let mut entries: BTreeMap<&str, bool> = BTreeMap::new();
        for file in self.files.keys() {
            let below = if folder == "." { Some(file.as_str()) } else { file.strip_prefix(&format!("{folder}/")) };
            match below.map(|below| below.split_once('/').map_or((below, false), |(name, _)| (name, true))) {
                Some((name, is_dir)) if name != ".." => _ = entries.insert(name, is_dir),
                _ => {}
            }
        }
        let root = folder == ".";
        (root || !entries.is_empty())
            .then(|| entries.into_iter().map(|(name, is_dir)| Entry { name: name.to_string(), is_dir }).collect())
    }

    fn repository(&self) -> Option<Repository> {
        self.repository.clone()
    }

    fn path_from(&self, ancestor: &str) -> Option<String> {
        let ancestor = normalise(ancestor)?;
        if split_last(&ancestor).is_some() {
            return None;
        }
        let parts: Vec<&str> = self.place.split('/').filter(|part| !part.is_empty()).collect();
        let from = parts.len().checked_sub(levels_up(&ancestor))?;
        Some(parts.get(from..)?.join("/"))
    }
}
