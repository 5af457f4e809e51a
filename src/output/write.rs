//! Writes changes to the output folder, so that at every moment it is what it was, or what it will be.
//!
//! 1. Every new file is written into a folder of its own ([`STAGING`]), so a full disk leaves the output as it was.
//! 2. The folders are made, and looked at whether they may be changed. Then the [`Journal`] says what is about to change.
//! 3. The files are renamed into place: those that others refer to first. Then what is no longer generated goes: what
//!    refers to others first. A controller that reads in between finds the old files, or more; never an index without
//!    what it lists.
//! 4. The lock comes last: what it records is there.
//!
//! Each step has reached the disk before the next begins. Killed before step 2, nothing has changed; later, the next
//! build goes on from there. `tests/faults.rs` stops it at every operation.

use std::collections::BTreeSet;
use std::io;

use super::compare::{Change, Changes};
use super::disk::Folder;
use super::journal::{begin_staging, end_staging};
use super::lock::hash;
use super::place::{Held, Standing};
use super::walk::Walk;
use super::{LOCK, Trouble};

impl Changes<'_> {
    /// Makes the changes in the folder that is held. The caller has looked at [`Changes::refusals`]. Asks `stop` between
    /// the files whether to give up, until the first one is renamed: [`Trouble::Interrupted`], and nothing has changed.
    pub fn write(&self, _held: &Held, stop: &dyn Fn() -> bool) -> Result<(), Trouble> {
        if self.files.is_empty() && self.interrupted.is_none() {
            return self.place.clear();
        }
        let staging = begin_staging(&self.place)?;
        let mut made = Vec::new();
        let prepared = self
            .stage(&staging, stop)
            .and_then(|()| self.make_folders(&mut made))
            .and_then(|()| self.announce(&staging));
        prepared.inspect_err(|_| {
            // The journal of an earlier build stays: what it says is still so.
            if self.interrupted.is_none() {
                _ = end_staging(&self.place);
            }
            let mut walk = self.place.walk();
            for folder in made.iter().rev() {
                _ = self.place.remove_folder(&mut walk, folder);
            }
        })?;
        self.put_in_place(&staging)?;
        drop(staging);
        end_staging(&self.place)
    }

    /// Writes every new text; the number of its change is its name.
    fn stage(&self, staging: &Folder, stop: &dyn Fn() -> bool) -> Result<(), Trouble> {
        for (number, change) in self.files.iter().enumerate() {
            if stop() {
                return Err(Trouble::Interrupted);
            }
            let Some(text) = &change.after else { continue };
            let written = self.place.disk().create(staging, &number.to_string(), text.as_bytes());
            written.map_err(|error| self.failed("write", &change.path, error))?;
        }
        if stop() { Err(Trouble::Interrupted) } else { Ok(()) }
    }

    /// Makes the folders that are missing, adds them to `made`, and looks that what is in them may be changed.
    fn make_folders(&self, made: &mut Vec<String>) -> Result<(), Trouble> {
        let mut looked_at = BTreeSet::new();
        let mut walk = self.place.walk();
        for change in &self.files {
            let path = self.place.show(&change.path);
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            if !looked_at.insert(folder.to_string()) {
                continue;
            }
            let may_change = walk.make(folder, made).and_then(|folder| self.place.disk().may_change(folder));
            may_change.map_err(|error| self.failed("write", &change.path, error))?;
        }
        Ok(())
    }

    /// Looks that nobody changed anything meanwhile, and writes the journal.
    fn announce(&self, staging: &Folder) -> Result<(), Trouble> {
        let mut journal = self.interrupted.clone().unwrap_or_default();
        let mut walk = self.place.walk();
        for change in &self.files {
            let likely = change.before.as_ref().map_or(0, Vec::len);
            let same = match (self.place.standing_by(&mut walk, &change.path, likely)?, &change.before) {
                (Standing::File(bytes), Some(before)) => bytes == *before,
                (Standing::Nothing, None) => true,
                _ => false,
            };
            if !same {
                let path = self.place.show(&change.path);
                return Err(Trouble::Unusable(format!("`{path}` changed while it was being built; build again")));
            }
            if let Some(text) = &change.after
                && change.path != LOCK
            {
                let known = self.new.files.get(&change.path).cloned();
                journal.add(&change.path, known.unwrap_or_else(|| hash(text.as_bytes())));
            }
        }
        journal.write(&self.place, staging)
    }

    fn put_in_place(&self, staging: &Folder) -> Result<(), Trouble> {
        let mut order: Vec<(usize, &Change)> = self.files.iter().enumerate().collect();
        order.sort_by_key(|(_, change)| rank(&change.path));
        let mut walk = self.place.walk();
        for (number, change) in order.iter().filter(|(_, change)| change.after.is_some() && change.path != LOCK) {
            self.rename(staging, *number, change, &mut walk)?;
        }
        for (_, change) in order.iter().rev().filter(|(_, change)| change.after.is_none()) {
            self.remove(change, &mut walk)?;
        }
        self.sync()?;
        if let Some((number, lock)) = order.iter().find(|(_, change)| change.path == LOCK) {
            self.rename(staging, *number, lock, &mut walk)?;
            self.sync()?;
        }
        Ok(())
    }

    fn rename(&self, staging: &Folder, number: usize, change: &Change, walk: &mut Walk) -> Result<(), Trouble> {
        let path = self.place.show(&change.path);
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
        let folder = walk.there(folder);
        let renamed =
            folder.and_then(|folder| self.place.disk().rename((staging, &number.to_string()), (folder, name)));
        renamed.map_err(|error| self.failed("write", &change.path, error))
    }

    /// Removes a file, and the folders above it that it leaves empty, up to the output folder.
    fn remove(&self, change: &Change, walk: &mut Walk) -> Result<(), Trouble> {
        let path = self.place.show(&change.path);
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
        let removed = walk.there(folder).and_then(|folder| self.place.disk().remove_file(folder, name));
        removed.map_err(|error| self.failed("remove", &change.path, error))?;
        let mut folder = change.path.as_str();
        while let Some((above, _)) = folder.rsplit_once('/') {
            // Fails when it is not empty, which is what ends it.
            if self.place.remove_folder(walk, &self.place.show(above)).is_err() {
                break;
            }
            folder = above;
        }
        Ok(())
    }

    fn sync(&self) -> Result<(), Trouble> {
        self.place.disk().sync().map_err(|error| self.failed("write", LOCK, error))
    }

    fn failed(&self, action: &'static str, path: &str, error: io::Error) -> Trouble {
        Trouble::Io { action, path: self.place.show(path), error }
    }
}

/// How late a file is put in place: what refers to others comes after these.
fn rank(path: &str) -> u8 {
    let index = path.ends_with("kustomization.yaml") || path.ends_with("/root.yaml");
    match path.split('/').collect::<Vec<_>>().as_slice() {
        _ if index => 3,
        // Folders that a Kustomization or an Application applies.
        ["objects", ..] | ["flux", "releases", ..] | ["argocd", "apps", _, ..] => 0,
        _ => 1,
    }
}
