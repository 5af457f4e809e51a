//! Where the output folder is: always inside the project, never behind a symbolic link.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Trouble;
use super::disk::{Disk, Found, Hold, OpenFolder};
use super::journal::{STAGING, end_staging};
use super::walk::{Walk, Way};

/// The output folder of a project.
#[derive(Clone, Debug)]
pub struct Place {
    disk: Arc<dyn Disk>,
    /// The root of the disk, for whoever must be told where it is.
    root: PathBuf,
    /// Relative to the root of the disk, with `/` between the parts; empty for the root itself.
    folder: String,
}

/// What stands at a path.
pub(super) enum Standing {
    Nothing,
    File(Vec<u8>),
    Folder,
    /// Neither; in words.
    Other(&'static str),
    /// Nothing, for a folder that it would be in is none; what that is, in words.
    Behind(&'static str),
}

impl Place {
    /// The folder `folder` of the project at `root`. It is taken relative to `base`, which is absolute: the root for
    /// the fleet's `output`, the current folder for `-o`. One outside of the project is refused, and so is one that
    /// is reached through a symbolic link.
    pub fn new(root: &Path, base: &Path, folder: &str) -> Result<Self, Trouble> {
        let outside = || Trouble::Unusable(format!("the output folder `{folder}` is not inside the project"));
        let wanted = base.join(folder);
        // The folder need not exist, and a path to the root may lead through links of the system (`/tmp` on macOS).
        let root_as_written = wanted
            .ancestors()
            .find(|above| fs::canonicalize(above).is_ok_and(|found| found == root))
            .map(Path::to_path_buf)
            .or_else(|| wanted.starts_with(root).then(|| root.to_path_buf()))
            .ok_or_else(outside)?;
        let mut parts: Vec<&str> = Vec::new();
        for part in wanted.strip_prefix(&root_as_written).map_err(|_| outside())?.components() {
            match part {
                Component::CurDir => {}
                Component::ParentDir => _ = parts.pop().ok_or_else(outside)?,
                Component::Normal(part) => parts.push(part.to_str().ok_or_else(outside)?),
                Component::Prefix(_) | Component::RootDir => return Err(outside()),
            }
        }
        if parts.contains(&".git") {
            return Err(Trouble::Unusable(format!("the output folder `{folder}` lies in Git's own folder")));
        }
        Self::on(open(root)?, root, &parts.join("/"))
    }

    /// The folder `folder` below the root of `disk`, which is at `root`.
    pub fn on(disk: Arc<dyn Disk>, root: &Path, folder: &str) -> Result<Self, Trouble> {
        let place = Self { disk, root: root.to_path_buf(), folder: folder.to_string() };
        match place.blocked()? {
            Some((at, what)) => Err(Trouble::Unusable(format!("the output folder cannot be used: `{at}` is {what}"))),
            None => Ok(place),
        }
    }

    /// The folder that somebody chose on the command line, relative to `base`: one of the project as by [`Place::new`], or
    /// any other that is not reached through a symbolic link itself.
    pub fn chosen(root: &Path, base: &Path, folder: &str) -> Result<Self, Trouble> {
        let wanted = base.join(folder);
        let above = wanted.ancestors().find_map(|above| fs::canonicalize(above).ok());
        if above.is_some_and(|above| above.starts_with(root)) {
            return Self::new(root, base, folder);
        }
        let unusable = |what: &str| Trouble::Unusable(format!("the output folder `{folder}` {what}"));
        let name = wanted.file_name().and_then(|name| name.to_str()).ok_or_else(|| unusable("has no name"))?;
        let parent = wanted.parent().and_then(|parent| fs::canonicalize(parent).ok());
        let parent = parent.ok_or_else(|| unusable("cannot be made: the folder above it does not exist"))?;
        let place = Self { disk: open(&parent)?, root: parent, folder: name.to_string() };
        match place.blocked()? {
            Some((_, what)) => Err(unusable(&format!("cannot be used: it is {what}"))),
            None => Ok(place),
        }
    }

    /// How the folder is called in messages: relative to the project root.
    pub fn name(&self) -> &str {
        if self.folder.is_empty() { "." } else { &self.folder }
    }

    /// `path`, which lies below the folder, relative to the project root.
    pub fn show(&self, path: &str) -> String {
        if self.folder.is_empty() { path.to_string() } else { format!("{}/{path}", self.folder) }
    }

    /// The root that paths are shown from: the project's, or the folder above one that was chosen elsewhere.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The disk that the folder is on.
    pub(super) fn disk(&self) -> &dyn Disk {
        self.disk.as_ref()
    }

    /// A walk over the disk that the folder is on.
    pub(super) fn walk(&self) -> Walk<'_> {
        Walk::new(self.disk())
    }

    /// What stands at `path` below the folder.
    pub(super) fn standing(&self, path: &str) -> Result<Standing, Trouble> {
        self.standing_by(&mut self.walk(), path, 0)
    }

    /// What stands at `path` below the folder; if that is a file, it likely has so many bytes. Never follows a link.
    pub(super) fn standing_by(&self, walk: &mut Walk, path: &str, likely: usize) -> Result<Standing, Trouble> {
        let at = self.show(path);
        let failed = |error| Trouble::Io { action: "read", path: at.clone(), error };
        let (folder, name) = match walk.before(&at).map_err(failed)? {
            (Way::Open(folder), name) => (folder, name),
            (Way::Missing(_), _) => return Ok(Standing::Nothing),
            (Way::Blocked(_, what), _) => return Ok(Standing::Behind(what)),
        };
        match self.disk.look(folder, name).map_err(failed)? {
            Found::Nothing => Ok(Standing::Nothing),
            Found::File => match self.disk.read(folder, name, likely) {
                // It went while it was being looked at.
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Standing::Nothing),
                read => read.map(Standing::File).map_err(failed),
            },
            Found::Folder => Ok(Standing::Folder),
            other => Ok(Standing::Other(other.words())),
        }
    }

    /// Whether something is at `path`, which is relative to the root.
    pub(super) fn has(&self, path: &str) -> io::Result<bool> {
        match self.walk().before(path)? {
            (Way::Open(folder), name) => Ok(self.disk.look(folder, name)? != Found::Nothing),
            (Way::Missing(_) | Way::Blocked(..), _) => Ok(false),
        }
    }

    /// Removes the folder `path`, which is relative to the root and empty.
    pub(super) fn remove_folder(&self, walk: &mut Walk, path: &str) -> io::Result<()> {
        let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
        self.disk.remove_folder(walk.there(above)?, name)
    }

    /// Holds the folder against other builds, and makes it if it is not there. Waits as long as `patience`.
    pub fn hold(&self, patience: Duration) -> Result<Held, Trouble> {
        let start = Instant::now();
        let failed = |error| Trouble::Io { action: "lock", path: self.name().to_string(), error };
        let mut made = Vec::new();
        loop {
            // Each time: another build that ends takes away a folder that it made and left empty.
            let mut walk = self.walk();
            let folder = walk.make(&self.folder, &mut made).map_err(failed)?;
            match self.disk.hold(folder).map_err(failed)? {
                Some(hold) => return Ok(Held { place: self.clone(), made, _hold: hold }),
                None if start.elapsed() < patience => std::thread::sleep(Duration::from_millis(50)),
                None => return Err(Trouble::Unusable(format!("another build is writing to `{}`", self.name()))),
            }
        }
    }

    /// Removes what a build left that was interrupted before it changed anything.
    pub(super) fn clear(&self) -> Result<(), Trouble> {
        match self.standing(STAGING)? {
            Standing::Folder => end_staging(self),
            _ => Ok(()),
        }
    }

    /// The first folder on the way to this one, itself included, that is none, and what it is instead.
    fn blocked(&self) -> Result<Option<(String, &'static str)>, Trouble> {
        match self.walk().to(&self.folder) {
            Ok(Way::Blocked(at, what)) => Ok(Some((at.to_string(), what))),
            Ok(Way::Open(_) | Way::Missing(_)) => Ok(None),
            Err(error) => Err(Trouble::Io { action: "open", path: self.name().to_string(), error }),
        }
    }
}

/// The output folder, held against other builds until this is dropped. A folder that was made for it and is empty then
/// goes again.
#[derive(Debug)]
pub struct Held {
    place: Place,
    made: Vec<String>,
    _hold: Box<dyn Hold>,
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut walk = self.place.walk();
        for folder in self.made.iter().rev() {
            // Fails when it is not empty, which is what ends it.
            if self.place.remove_folder(&mut walk, folder).is_err() {
                break;
            }
        }
    }
}

fn open(root: &Path) -> Result<Arc<dyn Disk>, Trouble> {
    match OpenFolder::open(root) {
        Ok(folder) => Ok(Arc::new(folder)),
        Err(error) => Err(Trouble::Io { action: "open", path: root.display().to_string(), error }),
    }
}
