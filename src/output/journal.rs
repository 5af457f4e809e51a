//! What a build leaves behind that was interrupted: a folder with the new files and a journal.
//!
//! The journal is there from the moment that the first file of the output may change until the lock says so. It owns
//! what that build may have written, beside what the lock owns. So the next build finds nothing that somebody edited
//! and nothing foreign, and goes on from whatever stands there to what is wanted now.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;

use serde_json::Value;

use super::disk::{Disk, Folder, Found};
use super::hash::Hash;
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
pub(super) struct Journal<'j> {
    /// By the path below the output folder, the hashes that a file there may have, sorted.
    pub files: BTreeMap<Cow<'j, str>, Vec<Hash>>,
}

impl<'j> Journal<'j> {
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
            for hash in hashes.as_array()? {
                journal.add(path.clone(), Hash::parse(hash.as_str()?)?);
            }
        }
        Some(journal)
    }

    /// Adds that `path` may have the bytes of this hash.
    pub fn add(&mut self, path: impl Into<Cow<'j, str>>, hash: Hash) {
        let hashes = self.files.entry(path.into()).or_default();
        if let Err(place) = hashes.binary_search(&hash) {
            hashes.insert(place, hash);
        }
    }

    /// Whether a file at `path` with this hash may be a build's.
    pub fn owns(&self, path: &str, hash: &Hash) -> bool {
        self.files.get(path).is_some_and(|hashes| hashes.binary_search(hash).is_ok())
    }

    /// The text of the journal.
    fn text(&self) -> io::Result<Vec<u8>> {
        let mut text = format!("{{\"schema\":\"{SCHEMA}\",\"files\":").into_bytes();
        serde_json::to_writer(&mut text, &self.files)?;
        text.extend(b"}\n");
        Ok(text)
    }

    /// Writes the journal in place of one that is there. What was written before has reached the disk when it appears.
    pub fn write(&self, place: &Place, staging: &Folder) -> Result<(), Trouble> {
        let disk = place.disk();
        self.text()
            .and_then(|text| disk.create(staging, NEW_JOURNAL, &text))
            .and_then(|()| disk.sync())
            .and_then(|()| disk.rename((staging, NEW_JOURNAL), (staging, JOURNAL)))
            .and_then(|()| disk.sync())
            .map_err(|error| Trouble::Io { action: "write", path: staging.join(JOURNAL), error })
    }
}

/// Makes the staging folder, empty but for a journal that is there. Git takes nothing in it for a new file.
pub(super) fn begin_staging(place: &Place) -> Result<Folder, Trouble> {
    let failed = |error| Trouble::Io { action: "write", path: place.show(STAGING), error };
    let begin = || {
        let mut walk = place.walk();
        walk.make(&place.show(STAGING), &mut Vec::new())?;
        let folder = walk.into_last()?;
        empty(place.disk(), &folder, |name| name == JOURNAL)?;
        place.disk().create(&folder, IGNORE, b"*\n")?;
        Ok(folder)
    };
    begin().map_err(failed)
}

/// Removes the staging folder, the journal first: without it, what is left is rubbish.
pub(super) fn end_staging(place: &Place) -> Result<(), Trouble> {
    let (disk, path) = (place.disk(), place.show(STAGING));
    let end = || {
        let mut walk = place.walk();
        let folder = walk.there(&path)?;
        if disk.look(folder, JOURNAL)? == Found::File {
            disk.remove_file(folder, JOURNAL)?;
        }
        empty(disk, folder, |_| false)?;
        place.remove_folder(&mut walk, &path)
    };
    end().map_err(|error| Trouble::Io { action: "remove", path: path.clone(), error })
}

/// Removes what is in `folder` but for those to `keep`, and nothing when anything in it is not a build's.
fn empty(disk: &dyn Disk, folder: &Folder, keep: impl Fn(&str) -> bool) -> io::Result<()> {
    let entries = disk.entries(folder)?;
    for (name, found) in &entries {
        let is_folder = *found == Found::Folder;
        let foreign = match is_number(name) {
            true if is_folder => foreign_in(disk, &disk.open(folder, name)?)?.map(|inside| format!("{name}/{inside}")),
            true => None,
            false => (is_folder || ![JOURNAL, NEW_JOURNAL, IGNORE].contains(&&**name)).then(|| name.clone()),
        };
        if let Some(foreign) = foreign {
            return Err(io::Error::other(format!("it holds `{foreign}`, which no build wrote; move it away")));
        }
    }
    entries.iter().filter(|(name, _)| !keep(name)).try_for_each(|entry| remove(disk, folder, entry))
}

/// Whether a build gives this name to what it puts into the staging folder.
fn is_number(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_digit())
}

/// The path of something in `folder`, which is staged, that no build writes, if anything is.
fn foreign_in(disk: &dyn Disk, folder: &Folder) -> io::Result<Option<String>> {
    for (name, found) in disk.entries(folder)? {
        let foreign = match found {
            _ if names::check_path(&name).is_err() => Some(name),
            Found::File => None,
            Found::Folder => foreign_in(disk, &disk.open(folder, &name)?)?.map(|inside| format!("{name}/{inside}")),
            Found::Nothing | Found::Link | Found::Other => Some(name),
        };
        if foreign.is_some() {
            return Ok(foreign);
        }
    }
    Ok(None)
}

/// Removes a file, or a folder with all that is in it.
fn remove(disk: &dyn Disk, folder: &Folder, (name, found): &(String, Found)) -> io::Result<()> {
    if *found != Found::Folder {
        return disk.remove_file(folder, name);
    }
    let inside = disk.open(folder, name)?;
    disk.entries(&inside)?.iter().try_for_each(|entry| remove(disk, &inside, entry))?;
    drop(inside);
    disk.remove_folder(folder, name)
}

fn unreadable(path: &str) -> Trouble {
    Trouble::Unusable(format!(
        "`{path}`, which a build left that was interrupted, cannot be read; restore the folder from Git, remove it, and \
         build again"
    ))
}
