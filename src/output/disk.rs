//! What the output room asks of the disk, and the disk itself.
//!
//! Invariant: no path leaves the root. The root is opened once, and each folder below it from the one above, never through
//! a link. So a folder that somebody swaps for a symbolic link while a build runs leads nowhere else
//! (`tests/faults.rs`).

use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::panic::resume_unwind;
use std::path::Path;
#[cfg(unix)]
use std::sync::OnceLock;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, File, FileType, OpenOptions};
#[cfg(unix)]
use rustix::fs::{AtFlags, Mode, OFlags};

/// The mode of every file: Git knows this one only.
#[cfg(unix)]
const MODE: u32 = 0o644;

/// Most files have fewer bytes than this.
#[cfg(unix)]
const LIKELY: usize = 1 << 16;
/// The most that is made room for at once for a file of unknown size. One of megabytes, as a lock may be, does not grow into
/// twice of what it needs; one that says it is endless takes no more than it has.
const MOST: usize = 1 << 26;

/// No file that is generated has more bytes than this; what never ends has.
#[cfg(unix)]
const LARGEST: usize = 1 << 28;

/// What is written for longer than this is synced while the rest of it is written.
const BETWEEN: Duration = Duration::from_millis(50);

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

    fn of(found: FileType) -> Self {
        match found {
            found if found.is_file() => Self::File,
            found if found.is_dir() => Self::Folder,
            found if found.is_symlink() => Self::Link,
            _ => Self::Other,
        }
    }
}

/// Holds a folder against other builds until it is dropped.
pub trait Hold: fmt::Debug + Send {}

/// A folder that a disk has opened.
#[derive(Debug)]
pub struct Folder {
    path: String,
    /// None on a disk that is none.
    opened: Option<Dir>,
}

impl Folder {
    /// The folder at `path`, on a disk that knows its folders by their paths.
    pub fn at(path: String) -> Self {
        Self { path, opened: None }
    }

    /// Where it was when it was opened, relative to the root.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The path of what has this name in it.
    pub fn join(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_string() } else { format!("{}/{name}", self.path) }
    }

    fn opened(&self) -> io::Result<&Dir> {
        self.opened.as_ref().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// All that the output room asks of a disk. A name is one part of a path, in a folder that is open. Paths are relative to
/// the root, with `/` between the parts; the root itself is `""`. A test puts a failing one in its place, or one that knows its
/// folders by their paths: then what opens them is here.
pub trait Disk: fmt::Debug + Send + Sync {
    /// The root.
    fn root(&self) -> io::Result<Folder> {
        Ok(Folder::at(String::new()))
    }
    /// Opens a folder. Fails where it is none, also where it is a link to one.
    fn open(&self, folder: &Folder, name: &str) -> io::Result<Folder> {
        match self.look(folder, name)? {
            Found::Folder => Ok(Folder::at(folder.join(name))),
            _ => Err(io::ErrorKind::NotADirectory.into()),
        }
    }
    /// What stands there. Never follows a link.
    fn look(&self, folder: &Folder, name: &str) -> io::Result<Found>;
    /// The bytes of a file, which are `likely` that many; 0 for a number that nobody knows. Fails where it is a link.
    fn read(&self, folder: &Folder, name: &str, likely: usize) -> io::Result<Vec<u8>>;
    /// Puts the bytes of a file that are to be compared with a hash at the beginning of `buffer`, and gives how many there are.
    /// Nothing is asked before: what stands there instead fails, or has other bytes.
    fn read_into(&self, folder: &Folder, name: &str, buffer: &mut Vec<u8>) -> io::Result<usize> {
        match self.look(folder, name)? {
            Found::File => *buffer = self.read(folder, name, 0)?,
            _ => return Err(io::ErrorKind::InvalidInput.into()),
        }
        Ok(buffer.len())
    }
    /// What is in a folder, in no order.
    fn entries(&self, folder: &Folder) -> io::Result<Vec<(String, Found)>>;
    /// Makes a file that is not there yet, readable by all and writable by its owner.
    fn create(&self, folder: &Folder, name: &str, bytes: &[u8]) -> io::Result<()>;
    /// Makes a folder that is not there yet.
    fn make_folder(&self, folder: &Folder, name: &str) -> io::Result<()>;
    /// Fails where what is in `folder` may not be changed.
    fn may_change(&self, folder: &Folder) -> io::Result<()>;
    /// Renames a file over what is at the new place, or a folder to where nothing is. What is in a folder is never lost.
    fn rename(&self, from: (&Folder, &str), to: (&Folder, &str)) -> io::Result<()>;
    /// Removes a file.
    fn remove_file(&self, folder: &Folder, name: &str) -> io::Result<()>;
    /// Removes a folder that is empty.
    fn remove_folder(&self, folder: &Folder, name: &str) -> io::Result<()>;
    /// Returns when everything that was written has reached the disk.
    fn sync(&self) -> io::Result<()>;
    /// Does `work`, which may write a great deal, and may sync beside it: then the next [`Disk::sync`], which alone promises
    /// something, has little left to do. Fails where such a sync failed, since no later one need hear of what it did not write.
    fn sync_beside(&self, work: &mut dyn FnMut()) -> io::Result<()> {
        work();
        Ok(())
    }
    /// Holds `folder` against other processes; none when one of them holds it.
    fn hold(&self, folder: &Folder) -> io::Result<Option<Box<dyn Hold>>>;
}

/// The real disk, below a folder that is open.
pub struct OpenFolder {
    root: Dir,
    /// Whether new files have [`MODE`] by themselves.
    #[cfg(unix)]
    has_mode: OnceLock<bool>,
}

impl fmt::Debug for OpenFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenFolder").finish_non_exhaustive()
    }
}

impl OpenFolder {
    /// Opens `root`, which is absolute and there.
    pub fn open(root: &Path) -> io::Result<Self> {
        Ok(Self {
            root: Dir::open_ambient_dir(root, ambient_authority())?,
            #[cfg(unix)]
            has_mode: OnceLock::new(),
        })
    }
}

impl Disk for OpenFolder {
    fn root(&self) -> io::Result<Folder> {
        Ok(Folder { path: String::new(), opened: Some(self.root.try_clone()?) })
    }

    fn open(&self, folder: &Folder, name: &str) -> io::Result<Folder> {
        Ok(Folder { path: folder.join(name), opened: Some(open_folder(folder.opened()?, name)?) })
    }

    fn look(&self, folder: &Folder, name: &str) -> io::Result<Found> {
        match folder.opened()?.symlink_metadata(name) {
            Ok(found) => Ok(Found::of(found.file_type())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Found::Nothing),
            Err(error) => Err(error),
        }
    }

    fn read(&self, folder: &Folder, name: &str, likely: usize) -> io::Result<Vec<u8>> {
        let mut file = open_file(folder.opened()?, name)?;
        let room = match likely {
            0 => usize::try_from(file.metadata()?.len()).map_or(MOST, |length| length.min(MOST)),
            likely => likely,
        };
        // One more byte than there should be: so that one call says that it was all.
        let mut bytes = vec![0; room.saturating_add(1)];
        let mut length = 0;
        loop {
            let read = file.read(bytes.get_mut(length..).unwrap_or_default())?;
            length += read;
            // Who does not know its length is given all of it; who does sees when it is another file.
            if read == 0 || (likely != 0 && length == likely) {
                break;
            }
            if length == bytes.len() {
                bytes.resize(2 * length + 1, 0);
            }
        }
        bytes.truncate(length);
        Ok(bytes)
    }

    #[cfg(unix)]
    fn read_into(&self, folder: &Folder, name: &str, buffer: &mut Vec<u8>) -> io::Result<usize> {
        let mut file = open_file(folder.opened()?, name)?;
        buffer.resize(buffer.len().max(LIKELY), 0);
        let mut length = 0;
        // A file ends where less is read than there is room for; if it did not, the hash would be another one.
        loop {
            let room = buffer.get_mut(length..).unwrap_or_default();
            let most = room.len();
            let read = file.read(room)?;
            length += read;
            if read < most {
                return Ok(length);
            }
            if length > LARGEST {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            buffer.resize(2 * length, 0);
        }
    }

    fn entries(&self, folder: &Folder) -> io::Result<Vec<(String, Found)>> {
        let entries = folder.opened()?.entries()?.map(|entry| {
            let entry = entry?;
            Ok((entry.file_name().to_string_lossy().into_owned(), Found::of(entry.file_type()?)))
        });
        entries.collect()
    }

    fn create(&self, folder: &Folder, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        cap_std::fs::OpenOptionsExt::mode(&mut options, MODE);
        let mut file = folder.opened()?.open_with(name, &options)?;
        self.set_mode(&file)?;
        file.write_all(bytes)
    }

    fn make_folder(&self, folder: &Folder, name: &str) -> io::Result<()> {
        folder.opened()?.create_dir(name)
    }

    #[cfg(unix)]
    fn may_change(&self, folder: &Folder) -> io::Result<()> {
        use rustix::fs::Access;
        let access = Access::WRITE_OK | Access::EXEC_OK;
        Ok(rustix::fs::accessat(folder.opened()?, ".", access, AtFlags::EACCESS)?)
    }

    #[cfg(not(unix))]
    fn may_change(&self, _: &Folder) -> io::Result<()> {
        Ok(())
    }

    fn rename(&self, from: (&Folder, &str), to: (&Folder, &str)) -> io::Result<()> {
        // Elsewhere the system itself says no where something is in a folder.
        #[cfg(windows)]
        if self.look(from.0, from.1)? == Found::Folder && self.look(to.0, to.1)? != Found::Nothing {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let (old, new) = (from.0.opened()?, to.0.opened()?);
        patiently(|| old.rename(from.1, new, to.1))
    }

    fn remove_file(&self, folder: &Folder, name: &str) -> io::Result<()> {
        let opened = folder.opened()?;
        patiently(|| opened.remove_file(name))
    }

    fn remove_folder(&self, folder: &Folder, name: &str) -> io::Result<()> {
        folder.opened()?.remove_dir(name)
    }

    /// One call for all files: 2,000 of them take 0.2 s like this, and 8.7 s one by one.
    fn sync(&self) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        rustix::fs::syncfs(self.root.open(".")?)?;
        #[cfg(all(unix, not(target_os = "linux")))]
        rustix::fs::sync();
        Ok(())
    }

    /// Of a cold build of 24,000 files this hides 0.3 of 1.9 s, which the processors would wait.
    fn sync_beside(&self, work: &mut dyn FnMut()) -> io::Result<()> {
        thread::scope(|scope| {
            let (done, until) = mpsc::channel::<()>();
            let syncs = move || {
                while until.recv_timeout(BETWEEN) == Err(RecvTimeoutError::Timeout) {
                    self.sync()?;
                }
                Ok(())
            };
            // Where no thread is to be had, all is left to the sync that follows.
            let beside = thread::Builder::new().spawn_scoped(scope, syncs);
            work();
            drop(done);
            beside.map_or(Ok(()), |beside| beside.join().unwrap_or_else(|panic| resume_unwind(panic)))
        })
    }

    fn hold(&self, folder: &Folder) -> io::Result<Option<Box<dyn Hold>>> {
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
    fn open_to_hold(&self, folder: &Folder) -> io::Result<std::fs::File> {
        Ok(folder.opened()?.open(".")?.into_std())
    }

    /// A file beside the folder: Windows does not lock folders.
    #[cfg(not(unix))]
    fn open_to_hold(&self, folder: &Folder) -> io::Result<std::fs::File> {
        let at = if folder.path().is_empty() { "." } else { folder.path() };
        let name = format!(".{}.fleetc-hold", at.replace(['/', '.'], "-"));
        Ok(self.root.open_with(name, OpenOptions::new().write(true).create(true))?.into_std())
    }

    /// Whatever the umask: the tree is to be the same on every machine. All new files lie below one folder, so what takes
    /// bits away from the first of them takes them from all, and what does not, from none.
    #[cfg(unix)]
    fn set_mode(&self, file: &File) -> io::Result<()> {
        use cap_std::fs::PermissionsExt;
        let has_mode = match self.has_mode.get() {
            Some(has_mode) => *has_mode,
            None => {
                let has_mode = file.metadata()?.permissions().mode() & 0o777 == MODE;
                *self.has_mode.get_or_init(|| has_mode)
            }
        };
        if has_mode { Ok(()) } else { file.set_permissions(PermissionsExt::from_mode(MODE)) }
    }

    #[cfg(not(unix))]
    fn set_mode(&self, _: &File) -> io::Result<()> {
        Ok(())
    }
}

/// Opens a folder that is no link. cap-std would follow one that stays below the folder above.
#[cfg(unix)]
fn open_folder(above: &Dir, name: &str) -> io::Result<Dir> {
    // Where that can be had, a handle that only leads on: a folder need not be readable for that.
    #[cfg(target_os = "linux")]
    let access = OFlags::PATH;
    #[cfg(not(target_os = "linux"))]
    let access = OFlags::RDONLY;
    let flags = access | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = rustix::fs::openat(above, name, flags, Mode::empty())?;
    Ok(Dir::from_std_file(std::fs::File::from(opened)))
}

#[cfg(not(unix))]
fn open_folder(above: &Dir, name: &str) -> io::Result<Dir> {
    match Found::of(above.symlink_metadata(name)?.file_type()) {
        Found::Folder => above.open_dir(name),
        _ => Err(io::ErrorKind::NotADirectory.into()),
    }
}

/// Opens a file that is no link.
#[cfg(unix)]
fn open_file(folder: &Dir, name: &str) -> io::Result<File> {
    // A pipe that took the file's place since it was looked at must not hold the build up.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = rustix::fs::openat(folder, name, flags, Mode::empty())?;
    Ok(File::from_std(std::fs::File::from(opened)))
}

#[cfg(not(unix))]
fn open_file(folder: &Dir, name: &str) -> io::Result<File> {
    folder.open(name)
}

/// Tries again for a second where Windows says that somebody, such as a virus scanner, has the file open.
fn patiently(action: impl Fn() -> io::Result<()>) -> io::Result<()> {
    let mut tries = if cfg!(windows) { 20 } else { 0 };
    loop {
        match action() {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied && tries > 0 => {
                tries -= 1;
                thread::sleep(Duration::from_millis(50));
            }
            done => return done,
        }
    }
}
