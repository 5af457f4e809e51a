//! What the output room asks of the disk, and the disk itself.
//!
//! Invariant: no path leaves the root. The root is opened once, and everything else is looked up from that handle, so a
//! folder that somebody swaps for a symbolic link while a build runs leads nowhere else (`tests/output.rs`).

use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};

/// What stands at a path, without following a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// Something else: a device, a socket, a pipe.
    Other,
}

impl Found {
    /// What it is, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::File => "a file",
            Self::Folder => "a folder",
            Self::Link => "a symbolic link",
            Self::Other => "not a regular file",
        }
    }
}

/// Holds a folder against other builds until it is dropped.
pub trait Hold: fmt::Debug + Send {}

/// All that the output room asks of a disk. Paths are relative to its root, with `/` between the parts; the root itself
/// is `""`. A test puts a failing one in its place.
pub trait Disk: fmt::Debug + Send + Sync {
    /// What stands at `path`. Never follows a link at its end.
    fn look(&self, path: &str) -> io::Result<Found>;
    /// The bytes of a file.
    fn read(&self, path: &str) -> io::Result<Vec<u8>>;
    /// The names in a folder, in no order.
    fn names(&self, folder: &str) -> io::Result<Vec<String>>;
    /// Makes a file that is not there yet, readable by all and writable by its owner.
    fn create(&self, path: &str, bytes: &[u8]) -> io::Result<()>;
    /// Makes a folder in one that is there.
    fn make_folder(&self, path: &str) -> io::Result<()>;
    /// Fails where files of `folder`, which is there, may not be changed.
    fn may_change(&self, folder: &str) -> io::Result<()>;
    /// Renames a file over what is at `to`.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file.
    fn remove_file(&self, path: &str) -> io::Result<()>;
    /// Removes a folder that is empty.
    fn remove_folder(&self, path: &str) -> io::Result<()>;
    /// Returns when everything that was written has reached the disk.
    fn sync(&self) -> io::Result<()>;
    /// Holds `folder`, which is there, against other processes; none when one of them holds it.
    fn hold(&self, folder: &str) -> io::Result<Option<Box<dyn Hold>>>;
}

/// The real disk, below a folder that is open.
pub struct OpenFolder {
    root: Dir,
}

impl fmt::Debug for OpenFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenFolder").finish_non_exhaustive()
    }
}

impl OpenFolder {
    /// Opens `root`, which is absolute and there.
    pub fn open(root: &Path) -> io::Result<Self> {
        Ok(Self { root: Dir::open_ambient_dir(root, ambient_authority())? })
    }
}

/// cap-std has no word for the opened folder itself but `.`.
fn at(path: &str) -> &str {
    if path.is_empty() { "." } else { path }
}

impl Disk for OpenFolder {
    fn look(&self, path: &str) -> io::Result<Found> {
        match self.root.symlink_metadata(at(path)) {
            Ok(found) if found.is_file() => Ok(Found::File),
            Ok(found) if found.is_dir() => Ok(Found::Folder),
            Ok(found) if found.is_symlink() => Ok(Found::Link),
            Ok(_) => Ok(Found::Other),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                Ok(Found::Nothing)
            }
            Err(error) => Err(error),
        }
    }

    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        let mut options = OpenOptions::new();
        options.read(true);
        // A pipe that took the file's place since it was looked at must not hold the build up.
        #[cfg(unix)]
        cap_std::fs::OpenOptionsExt::custom_flags(&mut options, rustix::fs::OFlags::NONBLOCK.bits() as i32);
        let mut file = self.root.open_with(path, &options)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn names(&self, folder: &str) -> io::Result<Vec<String>> {
        let entries = self.root.read_dir(at(folder))?;
        entries.map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned())).collect()
    }

    fn create(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let mut file = self.root.open_with(path, OpenOptions::new().write(true).create_new(true))?;
        // Whatever the umask: the tree is to be the same on every machine, and Git knows this mode only.
        #[cfg(unix)]
        file.set_permissions(cap_std::fs::PermissionsExt::from_mode(0o644))?;
        file.write_all(bytes)
    }

    fn make_folder(&self, path: &str) -> io::Result<()> {
        self.root.create_dir(at(path))
    }

    #[cfg(unix)]
    fn may_change(&self, folder: &str) -> io::Result<()> {
        use rustix::fs::{Access, AtFlags};
        let access = Access::WRITE_OK | Access::EXEC_OK;
        Ok(rustix::fs::accessat(self.root.open(at(folder))?, ".", access, AtFlags::EACCESS)?)
    }

    #[cfg(not(unix))]
    fn may_change(&self, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        patiently(|| self.root.rename(from, &self.root, to))
    }

    fn remove_file(&self, path: &str) -> io::Result<()> {
        patiently(|| self.root.remove_file(path))
    }

    fn remove_folder(&self, path: &str) -> io::Result<()> {
        self.root.remove_dir(path)
    }

    /// One call for all files: 2,000 of them take 0.2 s like this, and 8.7 s one by one.
    fn sync(&self) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        rustix::fs::syncfs(self.root.open(".")?)?;
        #[cfg(all(unix, not(target_os = "linux")))]
        rustix::fs::sync();
        Ok(())
    }

    fn hold(&self, folder: &str) -> io::Result<Option<Box<dyn Hold>>> {
        let file = self.open_to_hold(folder)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Box::new(file))),
            Err(std::fs::TryLockError::WouldBlock) => Ok(None),
            // A file system without locks: a build alone is better than none.
            Err(std::fs::TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                Ok(Some(Box::new(file)))
            }
            Err(std::fs::TryLockError::Error(error)) => Err(error),
        }
    }
}

impl Hold for std::fs::File {}

impl OpenFolder {
    /// The folder itself, so that no file is left behind. cap-std's own handle of a folder can only be passed on.
    #[cfg(unix)]
    fn open_to_hold(&self, folder: &str) -> io::Result<std::fs::File> {
        Ok(self.root.open(at(folder))?.into_std())
    }

    /// A file beside the folder: Windows does not lock folders.
    #[cfg(not(unix))]
    fn open_to_hold(&self, folder: &str) -> io::Result<std::fs::File> {
        let name = format!(".{}.fleetc-hold", at(folder).replace(['/', '.'], "-"));
        Ok(self.root.open_with(name, OpenOptions::new().write(true).create(true))?.into_std())
    }
}

/// Tries again for a second where Windows says that somebody, such as a virus scanner, has the file open.
fn patiently(action: impl Fn() -> io::Result<()>) -> io::Result<()> {
    let mut tries = if cfg!(windows) { 20 } else { 0 };
    loop {
        match action() {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied && tries > 0 => {
                tries -= 1;
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
            done => return done,
        }
    }
}
