//! Leads from folder to folder below the root of a disk, and keeps those on the way open.
//!
//! Takes a disk and paths, gives open folders, or what stands in the way of one. In the order of paths each folder is
//! opened once. Knows nothing of what is in them.

use std::io;

use super::disk::{Disk, Folder, Found};

/// What is found on the way to a folder.
#[derive(Debug)]
pub(super) enum Way<'w> {
    /// It is there.
    Open(&'w Folder),
    /// It is not there; this folder on the way to it is the first that is not.
    Missing(&'w str),
    /// This folder on the way is none; what it is in words.
    Blocked(&'w str, &'static str),
}

/// Where a way ended.
#[derive(Debug)]
struct End {
    path: String,
    /// What is there instead of a folder, if anything is.
    what: Option<&'static str>,
}

/// The way to the folder that was asked for last.
#[derive(Debug)]
pub(super) struct Walk<'d> {
    disk: &'d dyn Disk,
    /// The root, and each folder in the one before.
    open: Vec<Folder>,
    end: Option<End>,
}

impl<'d> Walk<'d> {
    /// A walk that begins at the root of `disk`.
    pub fn new(disk: &'d dyn Disk) -> Self {
        Self { disk, open: Vec::new(), end: None }
    }

    /// Leads to `folder`, which is relative to the root.
    pub fn to(&mut self, folder: &str) -> io::Result<Way<'_>> {
        if self.end.as_ref().is_some_and(|end| rest(&end.path, folder).is_none()) {
            self.end = None;
        }
        if self.end.is_none() {
            self.open_towards(folder)?;
        }
        match (&self.end, self.open.last()) {
            (Some(End { path, what: Some(what) }), _) => Ok(Way::Blocked(path, what)),
            (Some(End { path, what: None }), _) => Ok(Way::Missing(path)),
            (None, Some(folder)) => Ok(Way::Open(folder)),
            (None, None) => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Leads to the folder that `path` is in. Gives its last name as well.
    pub fn before<'p>(&mut self, path: &'p str) -> io::Result<(Way<'_>, &'p str)> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        Ok((self.to(folder)?, name))
    }

    /// Leads to `folder` and makes what is missing of it. The new folders are added to `made`, those above first.
    pub fn make(&mut self, folder: &str, made: &mut Vec<String>) -> io::Result<&Folder> {
        while let Way::Missing(path) = self.to(folder)? {
            let path = path.to_string();
            self.make_next(path.rsplit('/').next().unwrap_or_default())?;
            made.push(path);
        }
        self.there(folder)
    }

    /// Leads to `folder`, of which everything is new below what is open already.
    pub fn make_new(&mut self, folder: &str) -> io::Result<&Folder> {
        self.close_but(folder);
        while let Some(name) = self.open.last().and_then(|last| next(last.path(), folder)) {
            self.make_next(name)?;
            self.open_next(name)?;
        }
        self.there(folder)
    }

    /// Leads to `folder`. Fails where it is not there.
    pub fn there(&mut self, folder: &str) -> io::Result<&Folder> {
        match self.to(folder)? {
            Way::Open(folder) => Ok(folder),
            Way::Missing(_) => Err(io::ErrorKind::NotFound.into()),
            Way::Blocked(..) => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    /// The folder that was asked for last; closes those on the way to it.
    pub fn into_last(mut self) -> io::Result<Folder> {
        self.open.pop().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Closes what does not lead to `folder`.
    fn close_but(&mut self, folder: &str) {
        while self.open.last().is_some_and(|last| rest(last.path(), folder).is_none()) {
            self.open.pop();
        }
    }

    fn open_towards(&mut self, folder: &str) -> io::Result<()> {
        self.close_but(folder);
        if self.open.is_empty() {
            self.open.push(self.disk.root()?);
        }
        while let Some(name) = self.open.last().and_then(|last| next(last.path(), folder)) {
            let Err(error) = self.open_next(name) else { continue };
            let Some(above) = self.open.last() else { return Err(error) };
            let what = match self.disk.look(above, name)? {
                // It is there, and cannot be opened.
                Found::Folder => return Err(error),
                Found::Nothing => None,
                Found::Link => Some(Found::Link.words()),
                Found::File | Found::Other => Some("not a folder"),
            };
            self.end = Some(End { path: above.join(name), what });
            break;
        }
        Ok(())
    }

    fn open_next(&mut self, name: &str) -> io::Result<()> {
        let above = self.open.last().ok_or(io::ErrorKind::NotFound)?;
        let folder = self.disk.open(above, name)?;
        self.open.push(folder);
        Ok(())
    }

    fn make_next(&mut self, name: &str) -> io::Result<()> {
        self.end = None;
        let above = self.open.last().ok_or(io::ErrorKind::NotFound)?;
        self.disk.make_folder(above, name)
    }
}

/// What is left of `folder` after `above`, if it is that or in it.
fn rest<'f>(above: &str, folder: &'f str) -> Option<&'f str> {
    if above.is_empty() {
        return Some(folder);
    }
    match folder.strip_prefix(above)? {
        "" => Some(""),
        rest => rest.strip_prefix('/'),
    }
}

/// The name of the next folder on the way from `above` to `folder`, unless that is it.
fn next<'f>(above: &str, folder: &'f str) -> Option<&'f str> {
    rest(above, folder)?.split('/').next().filter(|name| !name.is_empty())
}
