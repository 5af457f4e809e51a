//! `.fleet` files for what looks at one file at a time, whether or not they are part of a fleet.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::discover::below;
use super::load::{self, Unread};
use super::reason;
use crate::diag::Diagnostics;
use crate::source::{SourceId, Sources};

/// Files that were named one by one, or by the folders they are in.
#[derive(Debug, Default)]
pub struct LooseFiles {
    /// Each file with where it is on disk, sorted by that.
    pub files: Vec<(PathBuf, SourceId)>,
    /// Their texts.
    pub sources: Sources,
    /// What went wrong while reading.
    pub diagnostics: Diagnostics,
}

impl LooseFiles {
    /// The files that `paths` name: each itself, or every `.fleet` file below, hidden ones and those that Git ignores left
    /// out. `show` gives the path that a file has in the sources.
    ///
    /// # Errors
    /// Says in words which path names nothing that can be read.
    pub fn find(paths: &[PathBuf], show: impl Fn(&Path) -> String) -> Result<Self, String> {
        let mut found: BTreeMap<PathBuf, Result<Vec<u8>, Unread>> = BTreeMap::new();
        for path in paths {
            let failed = |error: io::Error| format!("cannot read `{}`: {}", show(path), reason(&error));
            let real = fs::canonicalize(path).map_err(failed)?;
            if real.is_dir() {
                found.extend(below(&real).into_iter().map(|(name, bytes)| (real.join(name), bytes)));
            } else if real.extension().is_some_and(|extension| extension == "fleet") {
                found.insert(real.clone(), load::read(&real));
            } else {
                return Err(format!("`{}` is no `.fleet` file", show(path)));
            }
        }
        let mut all = Self::default();
        for (path, bytes) in found {
            all.add(path.clone(), &show(&path), bytes);
        }
        Ok(all)
    }

    /// One text that is nowhere on disk.
    pub fn alone(name: &str, bytes: Vec<u8>) -> Self {
        let mut all = Self::default();
        all.add(PathBuf::from(name), name, Ok(bytes));
        all
    }

    fn add(&mut self, path: PathBuf, name: &str, bytes: Result<Vec<u8>, Unread>) {
        load::add(&mut self.sources, &mut self.diagnostics, name, bytes);
        self.files.extend(self.sources.iter().last().map(|(id, _)| (path, id)));
    }
}
