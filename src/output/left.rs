//! What a build left in the output folder, and whether it is still there.

use std::borrow::Cow;
use std::io;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::compare::{AT_ONCE, Changes};
use super::hash::Hash;
use super::journal::STAGING;
use super::lock::{Lock, files_of};
use super::place::{Place, Standing};
use super::walk::{Walk, Way};
use super::{LOCK, baseline};

/// The output folder as a build left it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// The hash of the lock, which lists the other files with the hashes of what is in them.
    lock: String,
    /// Git's name for the lock, where there is a repository.
    object: Option<String>,
}

impl Left {
    /// What a build leaves that made these changes.
    pub fn of(changes: &Changes) -> Self {
        let written =
            changes.files.iter().find(|change| change.path == LOCK).and_then(|change| change.after.as_deref());
        let text = written.map_or_else(|| Cow::Owned(changes.new.text()), Cow::Borrowed);
        let object = baseline::object_of(&changes.place, text.as_bytes());
        Self { lock: Hash::of(text.as_bytes()).to_string(), object }
    }

    /// Whether `object`, by Git's name, is the lock.
    pub fn is_lock(&self, object: &str) -> bool {
        self.object.as_deref() == Some(object)
    }

    /// The changes of a build that has none to make, for all is in `place` that was left there, and no build was interrupted
    /// since; none when anything is otherwise, or cannot be read. They do not say what the locks record.
    ///
    /// It takes no more than reading each file once.
    pub fn is_in(&self, place: &Place) -> Option<Changes<'static>> {
        if !matches!(place.standing(STAGING), Ok(Standing::Nothing)) {
            return None;
        }
        let lock = lock_in(place).filter(|bytes| Hash::of(bytes).to_string() == self.lock)?;
        let files = files_of(std::str::from_utf8(&lock).ok()?)?;
        let alike = files.par_chunks(AT_ONCE).all(|files| {
            let (mut walk, mut bytes) = (place.walk(), Vec::new());
            files.iter().all(|(path, known)| {
                let length = read(place, &mut walk, path, &mut bytes).ok();
                length
                    .and_then(|length| bytes.get(..length))
                    .is_some_and(|bytes| Hash::parse(known) == Some(Hash::of(bytes)))
            })
        });
        alike.then(|| Changes {
            place: place.clone(),
            files: Vec::new(),
            unchanged: files.len() + 1,
            old: Lock::default(),
            new: Lock::default(),
            locks: Vec::new(),
            interrupted: None,
        })
    }
}

/// The bytes of the lock that the folder has.
fn lock_in(place: &Place) -> Option<Vec<u8>> {
    match place.standing(LOCK) {
        Ok(Standing::File(bytes)) => Some(bytes),
        _ => None,
    }
}

/// Reads the file at `path` into `bytes`; gives how many there are.
fn read(place: &Place, walk: &mut Walk, path: &str, bytes: &mut Vec<u8>) -> io::Result<usize> {
    match walk.before(&place.show(path))? {
        (Way::Open(folder), name) => place.disk().read_into(folder, name, bytes),
        (Way::Missing(_) | Way::Blocked(..), _) => Err(io::ErrorKind::NotFound.into()),
    }
}
