//! What the last build of a project read, left and said, kept for the next one: when all of it is still so, there is nothing
//! to compile.
//!
//! It is kept among the user's caches, a file a project, by builds that had to compile; those that only look write nothing
//! anywhere. Nothing depends on it: without it, with a broken one, or with one of another version a build does the same and
//! takes longer (`tests/cache.rs`).

use std::env;
use std::fs::{self, DirBuilder};
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::analysis;
use crate::diag::{Diagnostics, Kept};
use crate::output::{self, Changes, CommittedObject, Left, Place};
use crate::project::{Answers, Project, Watch};
use crate::source::Sources;

/// What is kept for so long and not written again goes.
const LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The ending of the files.
const ENDING: &str = ".json";

/// What the name of a file begins with that is not written yet.
const UNFINISHED: &str = ".unfinished-";

/// Where a build of a project is kept.
pub(super) struct Cache {
    folder: PathBuf,
    file: PathBuf,
    /// The hash of the program and of the sources.
    key: String,
}

/// What is kept of a build.
#[derive(Serialize, Deserialize)]
struct Entry {
    key: String,
    /// What else was read.
    answers: Answers,
    /// The output folder.
    output: String,
    /// What was there when it ended.
    left: Left,
    /// Git's name for the committed lock that removals were judged by.
    base: Option<String>,
    /// What the compiler found.
    found: Kept,
    /// What stands against no removal and is worth saying, beside `base`.
    judged: Kept,
}

/// A build that has nothing to do.
pub(super) struct Known {
    /// The changes it makes: none.
    pub changes: Changes<'static>,
    /// What it says, one after the other, with the files that this is about.
    pub said: Vec<(Diagnostics, Sources)>,
}

impl Cache {
    /// The one for `project`; none where the user has no folder for caches, and for what cannot be read.
    pub fn of(project: &Project) -> Option<Self> {
        if !project.diagnostics.is_empty() {
            return None;
        }
        let folder = folder()?;
        let name = hash(&[project.root.as_os_str().as_encoded_bytes()]);
        let program = program().ok()?;
        let texts = project.sources.iter().flat_map(|(_, file)| [file.path.as_bytes(), file.text.as_bytes()]);
        let key = hash(&[&[program.as_bytes()], texts.collect::<Vec<_>>().as_slice()].concat());
        Some(Self { file: folder.join(format!("{name}{ENDING}")), folder, key })
    }

    /// What a build of `project` by `revision` would do and say, when that is known to be nothing.
    pub fn known(&self, project: &Project, revision: Option<&str>) -> Option<Known> {
        let entry = self.read().filter(|entry| entry.key == self.key)?;
        if !entry.answers.are_those_of(project.files.as_ref()) {
            return None;
        }
        let place = Place::new(&project.root, &project.root, &entry.output).ok()?;
        let (changes, committed) = rayon::join(
            || entry.left.is_in(&place),
            || revision.map(|revision| output::committed_object(&place, revision)),
        );
        let judged = match committed {
            // Beside what is there nothing is removed, and nothing is said of that.
            None | Some(Some(CommittedObject::Nothing)) => false,
            Some(Some(CommittedObject::Lock(object))) if entry.left.is_lock(&object) => false,
            Some(Some(CommittedObject::Lock(object))) if entry.base.as_ref() == Some(&object) => true,
            Some(_) => return None,
        };
        let changes = changes?;
        let mut said = Vec::new();
        for kept in [Some(entry.found), judged.then_some(entry.judged)].into_iter().flatten() {
            let mut sources = analysis::sources_of(project);
            said.push((kept.into_diagnostics(&mut sources)?, sources));
        }
        Some(Known { changes, said })
    }

    /// Keeps what a build of `project` did. Says nothing when that fails: it is no part of the build.
    pub fn keep(&self, project: &Project, reads: &Reads, built: &Built) {
        let known = analysis::sources_of(project).iter().count();
        let kept = |diagnostics| Kept::of(diagnostics, &reads.sources, known);
        let entry = Entry {
            key: self.key.clone(),
            answers: reads.watch.answers(),
            output: built.output.to_string(),
            left: Left::of(built.changes),
            base: built.judged.base.clone(),
            found: kept(built.found),
            judged: kept(&built.judged.found),
        };
        _ = self.write(&entry);
        self.clear();
    }

    fn read(&self) -> Option<Entry> {
        let text = fs::read_to_string(&self.file).ok()?;
        let (digest, entry) = text.split_once('\n')?;
        if digest != hash(&[entry.as_bytes()]) {
            return None;
        }
        serde_json::from_str(entry).ok()
    }

    fn write(&self, entry: &Entry) -> io::Result<()> {
        let text = serde_json::to_string(entry)?;
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(&self.folder)?;
        let mut file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(&self.folder)?;
        write!(file, "{}\n{text}", hash(&[text.as_bytes()]))?;
        file.persist(&self.file)?;
        Ok(())
    }

    /// Removes what is kept of projects that were not built for long, and what builds left that were killed.
    fn clear(&self) {
        let Ok(files) = fs::read_dir(&self.folder) else { return };
        for file in files.flatten().filter(|file| is_ours(&file.file_name().to_string_lossy())) {
            let modified = file.metadata().and_then(|metadata| metadata.modified());
            if modified.is_ok_and(|modified| modified.elapsed().unwrap_or_default() > LIFETIME) {
                // Another build may have removed it meanwhile.
                _ = fs::remove_file(file.path());
            }
        }
    }
}

/// Whether a file of this name is one that builds keep.
fn is_ours(name: &str) -> bool {
    let is_hash = |name: &str| name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    name.starts_with(UNFINISHED) || name.strip_suffix(ENDING).is_some_and(is_hash)
}

/// What a build reads.
pub(super) struct Reads {
    /// What it asks of the project's files.
    pub watch: Watch,
    /// All texts, whose paths are relative to the root of the project.
    pub sources: Sources,
}

/// A build that is to be kept.
pub(super) struct Built<'b> {
    /// The output folder, as the fleet says.
    pub output: &'b str,
    pub changes: &'b Changes<'b>,
    /// What the compiler found.
    pub found: &'b Diagnostics,
    pub judged: &'b Judged,
}

/// What is worth saying of what a build takes away.
pub(super) struct Judged {
    /// Git's name for the lock that this was judged by; none where none is committed, or Git was not asked.
    pub base: Option<String>,
    pub found: Diagnostics,
}

/// The user's folder for what is kept.
fn folder() -> Option<PathBuf> {
    let variable = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let caches = if cfg!(windows) {
        variable("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        variable("HOME").map(|home| home.join("Library/Caches"))
    } else {
        variable("XDG_CACHE_HOME").or_else(|| variable("HOME").map(|home| home.join(".cache")))
    };
    caches.map(|caches| caches.join("fleetc"))
}

/// What tells this program from another one: builds of one version differ while it is worked on.
fn program() -> io::Result<String> {
    let path = env::current_exe()?;
    let metadata = fs::metadata(&path)?;
    let version = env!("CARGO_PKG_VERSION");
    Ok(format!("{version} {} {} {:?} {}", path.display(), metadata.len(), metadata.modified()?, inode(&metadata)))
}

#[cfg(unix)]
fn inode(metadata: &fs::Metadata) -> String {
    use std::os::unix::fs::MetadataExt as _;
    format!("{} {} {}", metadata.ino(), metadata.ctime(), metadata.ctime_nsec())
}

#[cfg(not(unix))]
fn inode(_: &fs::Metadata) -> String {
    String::new()
}

/// The hash of `parts`, each with its length.
fn hash(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    format!("{:x}", hash.finalize())
}
