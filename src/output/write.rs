//! Writes changes to the output folder, so that at every moment it is what it was, or what it will be.
//!
//! 1. Every new text is written into a folder of its own ([`STAGING`]), so a full disk leaves the output as it was. The
//!    disk syncs while they are written. A folder that is not there yet is made there with all that is in it ([`Pieces`]).
//! 2. The folders that get some of it later are made, and all are looked at whether they may be changed. Then the
//!    [`Journal`](super::journal) says what is about to change.
//! 3. The files and the new folders are renamed into place: those that others refer to first. Then what is no longer
//!    generated goes: what refers to others first. A controller that reads in between finds the old files, or more; never
//!    an index without what it lists.
//! 4. The lock comes last: what it records is there.
//!
//! Each step has reached the disk before the next begins. Killed before step 2, nothing has changed; later, the next
//! build goes on from there. `tests/faults.rs` stops it at every operation.

use std::collections::BTreeSet;
use std::io;

use super::compare::Changes;
use super::disk::Folder;
use super::hash::Hash;
use super::journal::{STAGING, begin_staging, end_staging};
use super::pieces::{Piece, Pieces};
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
        let pieces = Pieces::of(self)?;
        let staging = begin_staging(&self.place)?;
        let mut made = Vec::new();
        let prepared = self
            .stage(&pieces, stop)
            .and_then(|()| self.make_folders(&pieces, &mut made))
            .and_then(|()| self.announce(&pieces, &staging));
        if let Err(trouble) = prepared {
            drop(staging);
            self.take_back(&made);
            return Err(trouble);
        }
        self.put_in_place(&pieces, &staging)?;
        drop(staging);
        end_staging(&self.place)
    }

    /// Removes what was made so far, when nothing was changed yet.
    fn take_back(&self, made: &[String]) {
        // The journal of an earlier build stays: what it says is still so.
        if self.interrupted.is_none() {
            _ = end_staging(&self.place);
        }
        let mut walk = self.place.walk();
        for folder in made.iter().rev() {
            _ = self.place.remove_folder(&mut walk, folder);
        }
    }

    /// Writes every new text, and begins to sync while it does.
    fn stage(&self, pieces: &Pieces, stop: &dyn Fn() -> bool) -> Result<(), Trouble> {
        let mut staged = Ok(());
        let synced = self.place.disk().sync_beside(&mut || staged = self.write_texts(pieces, stop));
        staged.and_then(|()| synced.map_err(|error| self.failed("write", STAGING, error)))
    }

    /// Writes every new text. The number of a piece is its name.
    fn write_texts(&self, pieces: &Pieces, stop: &dyn Fn() -> bool) -> Result<(), Trouble> {
        let mut walk = self.place.walk();
        let staging = self.place.show(STAGING);
        walk.there(&staging).map_err(|error| self.failed("write", STAGING, error))?;
        for (number, piece) in pieces.all.iter().enumerate() {
            for change in piece.changes {
                if stop() {
                    return Err(Trouble::Interrupted);
                }
                let Some(text) = &change.after else { continue };
                // What follows the path of a folder; nothing for a file.
                let inside = change.path.strip_prefix(piece.path).unwrap_or_default();
                let path = format!("{staging}/{number}{inside}");
                let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
                let folder = walk.make_new(folder);
                let written = folder.and_then(|folder| self.place.disk().create(folder, name, text.as_bytes()));
                written.map_err(|error| self.failed("write", &change.path, error))?;
            }
        }
        if stop() { Err(Trouble::Interrupted) } else { Ok(()) }
    }

    /// Makes the folders that are missing, adds them to `made`, and looks that what is in folders may be changed.
    fn make_folders(&self, pieces: &Pieces, made: &mut Vec<String>) -> Result<(), Trouble> {
        let mut walk = self.place.walk();
        for folder in &pieces.folders {
            walk.make(&self.place.show(folder), made).map_err(|error| self.failed("write", folder, error))?;
        }
        let mut looked_at = BTreeSet::new();
        for piece in &pieces.all {
            let path = self.place.show(piece.path);
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            if looked_at.insert(folder.to_string()) {
                let may_change = walk.there(folder).and_then(|folder| self.place.disk().may_change(folder));
                may_change.map_err(|error| self.failed("write", piece.path, error))?;
            }
        }
        Ok(())
    }

    /// Looks that nobody changed anything meanwhile, and writes the journal.
    fn announce(&self, pieces: &Pieces, staging: &Folder) -> Result<(), Trouble> {
        let mut walk = self.place.walk();
        for piece in &pieces.all {
            let before = piece.changes.iter().find_map(|change| change.before.as_ref());
            let same = match (self.place.standing_by(&mut walk, piece.path, before.map_or(0, Vec::len))?, before) {
                (Standing::File(bytes), Some(before)) => bytes == *before,
                (Standing::Nothing, None) => true,
                _ => false,
            };
            if !same {
                let path = self.place.show(piece.path);
                return Err(Trouble::Unusable(format!("`{path}` changed while it was being built; build again")));
            }
        }
        let mut journal = self.interrupted.clone().unwrap_or_default();
        for change in &self.files {
            if let Some(text) = &change.after
                && change.path != LOCK
            {
                let known = self.new.files.get(&*change.path).copied();
                journal.add(&*change.path, known.unwrap_or_else(|| Hash::of(text.as_bytes())));
            }
        }
        journal.write(&self.place, staging)
    }

    fn put_in_place(&self, pieces: &Pieces, staging: &Folder) -> Result<(), Trouble> {
        let mut order: Vec<(usize, &Piece)> = pieces.all.iter().enumerate().collect();
        order.sort_by_key(|(_, piece)| piece.turn);
        let mut walk = self.place.walk();
        for (number, piece) in order.iter().filter(|(_, piece)| piece.is_put()) {
            self.put(*number, piece, staging, &mut walk)?;
        }
        for (_, piece) in order.iter().rev().filter(|(_, piece)| piece.is_removed()) {
            self.remove(piece.path, &mut walk)?;
        }
        self.sync()?;
        if let Some((number, lock)) = order.iter().find(|(_, piece)| piece.path == LOCK) {
            self.put(*number, lock, staging, &mut walk)?;
            self.sync()?;
        }
        Ok(())
    }

    fn put(&self, number: usize, piece: &Piece, staging: &Folder, walk: &mut Walk) -> Result<(), Trouble> {
        let path = self.place.show(piece.path);
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
        let folder = walk.there(folder);
        let renamed =
            folder.and_then(|folder| self.place.disk().rename((staging, &number.to_string()), (folder, name)));
        renamed.map_err(|error| self.failed("write", piece.path, error))
    }

    /// Removes a file, and the folders above it that it leaves empty, up to the output folder.
    fn remove(&self, removed: &str, walk: &mut Walk) -> Result<(), Trouble> {
        let path = self.place.show(removed);
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
        let done = walk.there(folder).and_then(|folder| self.place.disk().remove_file(folder, name));
        done.map_err(|error| self.failed("remove", removed, error))?;
        let mut folder = removed;
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
