//! What a build left in the output folder, and whether it is still there.

use std::collections::BTreeMap;
use std::io;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::compare::{AT_ONCE, Changes, Wanted};
use super::journal::STAGING;
use super::lock::{Lock, hash};
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
    /// How many bytes each of the other files has, in the order of their paths.
    lengths: Vec<usize>,
}

/// What there is to know of a lock that is known by its hash: then all of it is as a build wrote it.
#[derive(Deserialize)]
struct Files<'l> {
    #[serde(borrow)]
    files: BTreeMap<&'l str, &'l str>,
}

impl Left {
    /// What a build of `wanted` left in `place`; none where that is not all there is.
    pub fn of(place: &Place, wanted: &Wanted) -> Option<Self> {
        let lock = hash(&lock_in(place)?);
        let object = baseline::object_of(place, LOCK);
        Some(Self { lock, object, lengths: wanted.tree.values().map(String::len).collect() })
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
        let lock = lock_in(place).filter(|bytes| hash(bytes) == self.lock)?;
        let Files { files } = serde_json::from_slice(&lock).ok()?;
        let files: Vec<(&str, &str, usize)> =
            files.into_iter().zip(&self.lengths).map(|((path, hash), length)| (path, hash, *length)).collect();
        let alike = files.par_chunks(AT_ONCE).all(|files| {
            let mut walk = place.walk();
            files.iter().all(|(path, known, length)| {
                let bytes = read(place, &mut walk, path, *length).ok().flatten();
                bytes.is_some_and(|bytes| hash(&bytes) == *known)
            })
        });
        (alike && files.len() == self.lengths.len()).then(|| Changes {
            place: place.clone(),
            files: Vec::new(),
            unchanged: files.len() + 1,
            old: Lock::default(),
            new: Lock::default(),
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

/// The bytes of the file at `path`, if there are `length` of them.
fn read(place: &Place, walk: &mut Walk, path: &str, length: usize) -> io::Result<Option<Vec<u8>>> {
    match walk.before(&place.show(path))? {
        (Way::Open(folder), name) => place.disk().read_exactly(folder, name, length),
        (Way::Missing(_) | Way::Blocked(..), _) => Ok(None),
    }
}
