//! What a build leaves behind that was interrupted: a folder with the new files and a journal.
//!
//! The journal is there from the moment that the first file of the output may change until the lock says so. It owns
//! what that build may have written, beside what the lock owns. So the next build finds nothing that somebody edited
//! and nothing foreign, and goes on from whatever stands there to what is wanted now.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::disk::{Disk, Found};
use super::place::{Place, Standing};
use super::{Trouble, names};

/// The folder, in the output folder. No generated file has a name like it, and no controller reads what is in it.
pub(super) const STAGING: &str = ".fleetc-build";
/// The journal, below [`STAGING`].
const JOURNAL: &str = "journal";
/// The journal before it takes the place of one that is there.
const NEW_JOURNAL: &str = "journal.new";
/// What tells Git to take nothing here for a new file.
const IGNORE: &str = ".gitignore";
/// The format, and the only one that is read.
const SCHEMA: &str = "fleetc.journal/1";

/// What builds that were interrupted may have written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Journal {
    /// By the path below the output folder, the hashes that a file there may have.
    pub files: BTreeMap<String, BTreeSet<String>>,
}

impl Journal {
    /// The journal in the output folder; none when no build was interrupted.
    pub fn read(place: &Place) -> Result<Option<Self>, Trouble> {
        match place.standing(STAGING)? {
            Standing::Folder => {}
            Standing::Nothing => return Ok(None),
            _ => return Err(Trouble::Unusable(format!("`{}` is in the way of the build", place.show(STAGING)))),
        }
        let path = format!("{STAGING}/{JOURNAL}");
        match place.standing(&path)? {
            Standing::Nothing => Ok(None),
            Standing::File(bytes) => Self::parse(&bytes).map(Some).ok_or_else(|| unreadable(&place.show(&path))),
            _ => Err(unreadable(&place.show(&path))),
        }
    }

    /// Reads the text of a journal. Nothing in it is trusted: a path that no build would write is an error.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(bytes).ok()?;
        if value.get("schema")?.as_str()? != SCHEMA {
            return None;
        }
        let mut journal = Self::default();
        for (path, hashes) in value.get("files")?.as_object()? {
            names::check_path(path).ok()?;
            let hashes = hashes.as_array()?.iter().map(|hash| Some(hash.as_str()?.to_string()));
            journal.files.insert(path.clone(), hashes.collect::<Option<_>>()?);
        }
        Some(journal)
    }

    /// Adds that `path` may have the bytes of this hash.
    pub fn add(&mut self, path: &str, hash: String) {
        self.files.entry(path.to_string()).or_default().insert(hash);
    }

    /// Whether a file at `path` with this hash may be a build's.
    pub fn owns(&self, path: &str, hash: &str) -> bool {
        self.files.get(path).is_some_and(|hashes| hashes.contains(hash))
    }

    /// The text of the journal.
    fn text(&self) -> String {
        format!("{}\n", json!({ "schema": SCHEMA, "files": self.files }))
    }

    /// Writes the journal in place of one that is there. What was written before has reached the disk when it appears.
    pub fn write(&self, place: &Place) -> Result<(), Trouble> {
        let disk = place.disk();
        let path = place.show(&format!("{STAGING}/{JOURNAL}"));
        let new = place.show(&format!("{STAGING}/{NEW_JOURNAL}"));
        disk.create(&new, self.text().as_bytes())
            .and_then(|()| disk.sync())
            .and_then(|()| disk.rename(&new, &path))
            .and_then(|()| disk.sync())
            .map_err(|error| Trouble::Io { action: "write", path, error })
    }
}

/// Makes the staging folder, empty but for a journal that is there. Git takes nothing in it for a new file.
pub(super) fn begin_staging(place: &Place) -> Result<(), Trouble> {
    let failed = |error| Trouble::Io { action: "write", path: place.show(STAGING), error };
    let (disk, folder) = (place.disk(), place.show(STAGING));
    if disk.look(&folder).map_err(failed)? == Found::Nothing {
        disk.make_folder(&folder).map_err(failed)?;
    }
    empty(disk, &folder, |name| name == JOURNAL).map_err(failed)?;
    disk.create(&format!("{folder}/{IGNORE}"), b"*\n").map_err(failed)
}

/// Removes the staging folder, the journal first: without it, what is left is rubbish.
pub(super) fn end_staging(place: &Place) -> Result<(), Trouble> {
    let failed = |error| Trouble::Io { action: "remove", path: place.show(STAGING), error };
    let (disk, folder) = (place.disk(), place.show(STAGING));
    let journal = format!("{folder}/{JOURNAL}");
    if disk.look(&journal).map_err(failed)? == Found::File {
        disk.remove_file(&journal).map_err(failed)?;
    }
    empty(disk, &folder, |_| false).and_then(|()| disk.remove_folder(&folder)).map_err(failed)
}

/// Removes the files in `folder` but those to `keep`, and nothing when anything in it is not a build's.
fn empty(disk: &dyn Disk, folder: &str, keep: impl Fn(&str) -> bool) -> std::io::Result<()> {
    let names = disk.names(folder)?;
    for name in &names {
        if !is_ours(name) || disk.look(&format!("{folder}/{name}"))? == Found::Folder {
            return Err(std::io::Error::other(format!("it holds `{name}`, which no build wrote; move it away")));
        }
    }
    for name in names.iter().filter(|name| !keep(name)) {
        disk.remove_file(&format!("{folder}/{name}"))?;
    }
    Ok(())
}

/// Whether a build gives this name to a file in the staging folder: new texts are numbered.
fn is_ours(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_digit()) || [JOURNAL, NEW_JOURNAL, IGNORE].contains(&name)
}

fn unreadable(path: &str) -> Trouble {
    Trouble::Unusable(format!(
        "`{path}`, which a build left that was interrupted, cannot be read; restore the folder from Git, remove it, and \
         build again"
    ))
}
