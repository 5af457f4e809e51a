//! Where the output folder is: always inside the project, never behind a symbolic link.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::Trouble;

/// The output folder of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    root: PathBuf,
    /// Relative to the root, with `/` between the parts; empty for the root itself.
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
        let place = Self { root: root.to_path_buf(), folder: parts.join("/") };
        match place.blocked(&parts.join("/")) {
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
        let place = Self { root: parent, folder: name.to_string() };
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

    /// The folder on disk.
    pub(super) fn on_disk(&self) -> PathBuf {
        self.root.join(&self.folder)
    }

    /// `path` below the folder, on disk.
    pub(super) fn file(&self, path: &str) -> PathBuf {
        self.on_disk().join(path)
    }

    /// What stands at `path` below the folder. Never follows a link.
    pub(super) fn standing(&self, path: &str) -> Result<Standing, Trouble> {
        let file = self.file(path);
        let failed = |error| Trouble::Io { action: "read", path: self.show(path), error };
        match fs::symlink_metadata(&file) {
            Ok(found) if found.is_file() => fs::read(&file).map(Standing::File).map_err(failed),
            Ok(found) if found.is_dir() => Ok(Standing::Folder),
            Ok(found) if found.is_symlink() => Ok(Standing::Other("a symbolic link")),
            Ok(_) => Ok(Standing::Other("not a regular file")),
            Err(error) if absent(&error) => Ok(Standing::Nothing),
            Err(error) => Err(failed(error)),
        }
    }

    /// The first folder on the way to `path` below the output folder that is none, and what it is instead.
    pub(super) fn blocked_below(&self, path: &str) -> Option<(String, &'static str)> {
        let (folder, _) = path.rsplit_once('/')?;
        self.blocked(&self.show(folder))
    }

    /// The same for `folder` relative to the root, itself included.
    fn blocked(&self, folder: &str) -> Option<(String, &'static str)> {
        let ends = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
        for above in ends.filter_map(|end| folder.get(..end)).filter(|above| !above.is_empty()) {
            match fs::symlink_metadata(self.root.join(above)) {
                Ok(found) if found.is_dir() => {}
                Ok(found) if found.is_symlink() => return Some((above.to_string(), "a symbolic link")),
                Ok(_) => return Some((above.to_string(), "not a folder")),
                Err(_) => return None,
            }
        }
        None
    }
}

/// Whether an error of looking at a path says that nothing is there.
fn absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
