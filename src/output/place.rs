//! Where the output folder is: always inside the project, never behind a symbolic link.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Trouble;
use super::disk::{Disk, Found, Hold, OpenFolder};
use super::journal::{STAGING, end_staging};

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
        match place.blocked(folder) {
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
        match place.blocked(name) {
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

    /// What stands at `path` below the folder. Never follows a link.
    pub(super) fn standing(&self, path: &str) -> Result<Standing, Trouble> {
        let failed = |error| Trouble::Io { action: "read", path: self.show(path), error };
        let at = self.show(path);
        match self.disk.look(&at).map_err(failed)? {
            Found::Nothing => Ok(Standing::Nothing),
            Found::File => match self.disk.read(&at) {
                // It went while it was being looked at.
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Standing::Nothing),
                read => read.map(Standing::File).map_err(failed),
            },
            Found::Folder => Ok(Standing::Folder),
            other => Ok(Standing::Other(other.words())),
        }
    }

    /// Holds the folder against other builds, and makes it if it is not there. Waits as long as `patience`.
    pub fn hold(&self, patience: Duration) -> Result<Held, Trouble> {
        let start = Instant::now();
        let failed = |error| Trouble::Io { action: "lock", path: self.name().to_string(), error };
        let made = self.make_folders(&self.folder, &mut HashSet::new()).map_err(failed)?;
        loop {
            match self.disk.hold(&self.folder).map_err(failed)? {
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

    /// Makes `folder`, relative to the root, and those above it; gives the new ones, those above first. Those of `there` are
    /// known to be there, and what is found or made is added.
    pub(super) fn make_folders(&self, folder: &str, there: &mut HashSet<String>) -> io::Result<Vec<String>> {
        let ends = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
        let mut made = Vec::new();
        for above in ends.filter_map(|end| folder.get(..end)).filter(|above| !above.is_empty()) {
            if there.contains(above) {
                continue;
            }
            if self.disk.look(above)? == Found::Nothing {
                self.disk.make_folder(above)?;
                made.push(above.to_string());
            }
            there.insert(above.to_string());
        }
        Ok(made)
    }

    /// What may be found on the ways to many paths, each folder looked at once.
    pub(super) fn ways(&self) -> Ways<'_> {
        Ways { place: self, known: HashMap::new() }
    }

    /// The first folder on the way to `folder`, which is relative to the root, that is none, itself included, and what it is
    /// instead.
    fn blocked(&self, folder: &str) -> Option<(String, &'static str)> {
        match self.ways().leading_to(folder) {
            Way::Blocked(at, what) => Some((at, what)),
            Way::Open | Way::Missing => None,
        }
    }
}

/// What is found on the way to a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// It is there.
    Open,
    /// It is not there.
    Missing,
    /// This folder on the way is none; what it is in words.
    Blocked(String, &'static str),
}

/// The ways to folders, as they were when each of them was first asked for.
pub(super) struct Ways<'p> {
    place: &'p Place,
    known: HashMap<String, Way>,
}

impl Ways<'_> {
    /// The way to the folder of `path`, which lies below the output folder.
    pub(super) fn before(&mut self, path: &str) -> Way {
        match path.rsplit_once('/') {
            Some((folder, _)) => self.leading_to(&self.place.show(folder)),
            None => Way::Open,
        }
    }

    /// The way to `folder`, which is relative to the root.
    fn leading_to(&mut self, folder: &str) -> Way {
        if folder.is_empty() {
            return Way::Open;
        }
        if let Some(known) = self.known.get(folder) {
            return known.clone();
        }
        let above = folder.rsplit_once('/').map_or(Way::Open, |(above, _)| self.leading_to(above));
        let way = match above {
            Way::Open => match self.place.disk.look(folder) {
                Ok(Found::Folder) => Way::Open,
                Ok(Found::Link) => Way::Blocked(folder.to_string(), "a symbolic link"),
                Ok(Found::File | Found::Other) => Way::Blocked(folder.to_string(), "not a folder"),
                Ok(Found::Nothing) => Way::Missing,
                // Whoever asks for what is in it is told.
                Err(_) => Way::Open,
            },
            way => way,
        };
        self.known.insert(folder.to_string(), way.clone());
        way
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
        for folder in self.made.iter().rev() {
            // Fails when it is not empty, which is what ends it.
            if self.place.disk.remove_folder(folder).is_err() {
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
