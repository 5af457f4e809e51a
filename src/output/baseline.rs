//! The lock that was committed last, which a build is compared with.
//!
//! Only Git knows it, so this file runs `git`. A baseline that cannot be read is an error and never none: without it
//! nothing would be protected.

use std::collections::BTreeSet;
use std::io::{self, BufRead, Read as _};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::compare::{Changes, GENERATED, Kind, unreadable_lock};
use super::hash::Hash;
use super::lock::{Lock, LockError};
use super::place::Place;
use super::record::Record;
use super::{LOCK, Trouble};
use crate::diag::{Diagnostic, Diagnostics, codes};
use crate::project::run_git;
use crate::source::{Origin, SourceFile, Sources, Span};

/// How many generated files are looked at where no lock is committed.
const LOOKED_AT: usize = 20;

/// What the lock records at the commit `revision` of the repository around the folder of `changes`; none where there is no
/// repository, no commit yet, or nothing of this fleet in it. With `moves` it is also found where the output folder was
/// before the fleet chose another one, and another name.
///
/// Fails with F0609 where there is a repository and it cannot be asked, where `revision` is not there, unless it is a
/// `HEAD` without a commit, and where it has generated files without their lock; and with F0603 for a lock that cannot be
/// read.
pub fn committed(
    changes: &Changes,
    revision: &str,
    moves: bool,
    sources: &mut Sources,
) -> Result<Option<Committed>, Trouble> {
    let repository = Repository { root: changes.place.root(), revision };
    if in_repository(repository.root)
        && let Ok(Look::Lock((object, hash))) = repository.look(&changes.place.show(LOCK), ask_hashes)
        && let Some((_, record)) = changes.locks.iter().find(|(known, _)| *known == hash)
    {
        return Ok(Some(Committed { record: Arc::clone(record), object }));
    }
    let found = read(changes, revision, moves, sources)?;
    Ok(found.map(|(lock, object)| Committed { record: lock.record, object }))
}

/// The lock at the last commit, in the same folder, as [`committed`] finds it.
pub fn committed_lock(changes: &Changes, sources: &mut Sources) -> Result<Option<Lock>, Trouble> {
    Ok(read(changes, "HEAD", false, sources)?.map(|(lock, _)| lock))
}

/// The lock, and Git's name for it.
fn read(
    changes: &Changes,
    revision: &str,
    moves: bool,
    sources: &mut Sources,
) -> Result<Option<(Lock, String)>, Trouble> {
    let place = &changes.place;
    let root = place.root();
    if !in_repository(root) {
        return Ok(None);
    }
    let repository = Repository { root, revision };
    let (path, Blob { object, bytes }) = match repository.find(changes, moves) {
        Ok(Some(found)) => found,
        Ok(None) => return Ok(None),
        Err(reason) => return Err(unreadable(&repository.name(&place.show(LOCK)), &reason, sources)),
    };
    let name = format!("{revision}:{path}");
    let text = String::from_utf8_lossy(&bytes);
    match Lock::parse(&text) {
        Ok(lock) => Ok(Some((lock, object))),
        Err(error) => {
            let help = "build with `--base` and the last commit whose lock was right (after a merge, `--base HEAD^1`), \
                        and commit the result";
            let error = LockError { help, ..error };
            Err(Trouble::Refused(unreadable_lock(&name, &text, &error, sources)))
        }
    }
}

/// What was recorded in a lock that was committed.
#[derive(Clone, Debug)]
pub struct Committed {
    /// What it says.
    pub record: Arc<Record>,
    /// Git's name for the lock.
    pub object: String,
}

/// What [`committed`] is known to find without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommittedObject {
    /// There is none: no repository, no commit yet, or no lock of any fleet in it.
    Nothing,
    /// It stands where the output folder is; this is Git's name for it.
    Lock(String),
}

/// What [`committed`] finds for the output folder `place`; none where it would have to look any further.
pub fn committed_object(place: &Place, revision: &str) -> Option<CommittedObject> {
    let root = place.root();
    if !in_repository(root) {
        return Some(CommittedObject::Nothing);
    }
    let repository = Repository { root, revision };
    match repository.look(&place.show(LOCK), ask_names).ok()? {
        Look::Nothing => Some(CommittedObject::Nothing),
        Look::Lock(name) => Some(CommittedObject::Lock(name)),
        Look::Others(files) if !files.split('\0').any(is_lock) => Some(CommittedObject::Nothing),
        Look::Others(_) => None,
    }
}

/// Git's name for a file with these bytes, whether or not Git has it; none without a repository.
pub(super) fn object_of(place: &Place, bytes: &[u8]) -> Option<String> {
    if !in_repository(place.root()) {
        return None;
    }
    let mut command = run_git::command(place.root());
    command.args(["hash-object", "--stdin"]);
    let name = run_git::talk(command, bytes, |answer| answer.lines().next().transpose());
    name.ok().flatten()
}

/// Whether a lock of whatever fleet has this path.
fn is_lock(path: &str) -> bool {
    path.rsplit('/').next() == Some(LOCK)
}

/// Whether Git has something to say of what is in `folder`. Git is not asked, so that a machine without it is told from a
/// folder without a repository.
fn in_repository(folder: &Path) -> bool {
    folder.ancestors().any(|above| above.join(".git").exists())
}

/// What the last build recorded, where no commit is to be asked or none holds one. `overwrite` says that generated files which
/// the lock does not know may be overwritten.
///
/// Fails with F0609 where such files stand in the way and there is no lock at all: a build ran, and nobody knows what
/// it protected.
pub fn built(changes: &Changes, overwrite: bool, sources: &mut Sources) -> Result<Arc<Record>, Trouble> {
    let orphan = changes.files.iter().find(|change| matches!(change.kind, Kind::Foreign(_)) && change.is_generated());
    match orphan {
        Some(orphan) if overwrite && changes.old == Lock::default() => {
            let (lock, path) = (changes.place.show(LOCK), changes.place.show(&orphan.path));
            let id = sources.add(SourceFile::new(lock.as_str(), Origin::Project, String::new()));
            let message = format!("`{lock}` is not there, and `{path}` was generated");
            let mut diagnostics = Diagnostics::default();
            diagnostics.push(
                Diagnostic::new(codes::UNREADABLE_BASELINE, Span::new(id, 0, 0), message)
                    .label("what the last build recorded")
                    .help("restore it from Git, or take the files over by name with `fleetc adopt`")
                    .note("without it nobody knows what is protected, so nothing was written"),
            );
            Err(Trouble::Refused(diagnostics))
        }
        _ => Ok(Arc::clone(&changes.old.record)),
    }
}

/// What Git has of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Blob {
    /// Git's name for it.
    object: String,
    bytes: Vec<u8>,
}

/// What a commit has of a lock.
enum Look<T> {
    /// There is no commit yet.
    Nothing,
    /// What was asked of it.
    Lock(T),
    /// Not this lock, but these files, with zeros between them.
    Others(String),
}

/// A commit of the repository around a folder. Paths are relative to that folder.
struct Repository<'a> {
    root: &'a Path,
    revision: &'a str,
}

impl Repository<'_> {
    /// Git's name of the file at `path`.
    fn name(&self, path: &str) -> String {
        format!("{}:./{path}", self.revision)
    }

    /// Looks for the lock at the path `lock`, and asks of it what `ask` asks of objects.
    fn look<T>(
        &self,
        lock: &str,
        ask: impl Fn(&Path, &[String]) -> Result<Vec<Option<T>>, String>,
    ) -> Result<Look<T>, String> {
        let mut answers = match ask(self.root, &[format!("{}^{{commit}}", self.revision), self.name(lock)]) {
            // What looks like a repository to nobody but us has no commits.
            Err(reason) if reason.contains("not a git repository") => return Ok(Look::Nothing),
            answers => answers?.into_iter(),
        };
        let (commit, lock) = (answers.next().flatten(), answers.next().flatten());
        if commit.is_none() {
            // A branch without a commit has no name for one either.
            let unborn = self.revision == "HEAD" && git(self.root, &["rev-parse", "-q", "--verify", "HEAD"]).is_err();
            return if unborn {
                Ok(Look::Nothing)
            } else {
                Err("there is no such commit here; a shallow clone may lack it".into())
            };
        }
        match lock {
            Some(lock) => Ok(Look::Lock(lock)),
            None => git(self.root, &["ls-tree", "-r", "-z", "--name-only", self.revision]).map(Look::Others),
        }
    }

    /// The path and the bytes of the lock.
    fn find(&self, changes: &Changes, moves: bool) -> Result<Option<(String, Blob)>, String> {
        let lock = changes.place.show(LOCK);
        let files = match self.look(&lock, ask)? {
            Look::Nothing => return Ok(None),
            Look::Lock(blob) => return Ok(Some((lock, blob))),
            Look::Others(files) => files,
        };
        let files: BTreeSet<&str> = files.split('\0').collect();
        if files.contains(&*lock) {
            return Err("Git knows the file and has lost its contents".into());
        }
        if moves && let Some(found) = self.find_elsewhere(changes, &files)? {
            return Ok(Some(found));
        }
        // A lock in the folder still says what ran, and what an interrupted build wrote may have none yet.
        if changes.old == Lock::default() && !changes.goes_on() {
            self.refuse_generated(changes, &files)?;
        }
        Ok(None)
    }

    /// The lock of the fleet in another folder: where its output was before. It has the fleet's name; or it stands there
    /// no more, so whoever took it away moved this fleet and renamed it, or must say that what it ran goes.
    fn find_elsewhere(&self, changes: &Changes, files: &BTreeSet<&str>) -> Result<Option<(String, Blob)>, String> {
        let locks: Vec<&str> = files.iter().filter(|path| is_lock(path)).take(LOOKED_AT).copied().collect();
        let names: Vec<String> = locks.iter().map(|path| self.name(path)).collect();
        let read = |blob: &Blob| Lock::parse(&String::from_utf8_lossy(&blob.bytes)).ok();
        let found = locks.iter().zip(ask(self.root, &names)?);
        let found: Vec<_> = found.filter_map(|(path, blob)| blob.map(|blob| (*path, blob))).collect();
        let same =
            |(_, blob): &&(&str, Blob)| read(blob).is_some_and(|lock| lock.record.fleet == changes.new.record.fleet);
        let is_gone =
            |(path, blob): &&(&str, Blob)| read(blob).is_some() && changes.place.has(path).is_ok_and(|there| !there);
        let found = found.iter().find(same).or_else(|| found.iter().find(is_gone));
        Ok(found.map(|(path, blob)| ((*path).to_string(), blob.clone())))
    }

    /// Fails where one of the generated files is committed: then a build ran, and nobody knows what it protected.
    fn refuse_generated(&self, changes: &Changes, files: &BTreeSet<&str>) -> Result<(), String> {
        let generated = changes.new.files.keys().map(|path| changes.place.show(path));
        let committed: Vec<String> = generated.filter(|path| files.contains(&**path)).take(LOOKED_AT).collect();
        let names: Vec<String> = committed.iter().map(|path| self.name(path)).collect();
        let answers = ask(self.root, &names)?;
        let is_ours = |blob: &Blob| blob.bytes.starts_with(GENERATED.as_bytes());
        match committed.iter().zip(answers).find(|(_, blob)| blob.as_ref().is_some_and(is_ours)) {
            Some((path, _)) => Err(format!("`{path}` is committed without it; does Git ignore `{LOCK}`?")),
            None => Ok(()),
        }
    }
}

/// What `git` prints.
fn git(folder: &Path, arguments: &[&str]) -> Result<String, String> {
    run_git::run(run_git::command(folder).args(arguments)).map(|printed| String::from_utf8_lossy(&printed).into_owned())
}

/// The bytes of each of `objects`, as Git names them; none for one that is not there.
fn ask(folder: &Path, objects: &[String]) -> Result<Vec<Option<Blob>>, String> {
    ask_for(folder, objects, blob)
}

/// Git's name for each of `objects`, and the hash of its bytes; none for one that is not there.
fn ask_hashes(folder: &Path, objects: &[String]) -> Result<Vec<Option<(String, Hash)>>, String> {
    ask_for(folder, objects, |object, content, size| {
        let mut hash = Sha256::new();
        let length = io::copy(content, &mut hash).ok()?;
        (length == size as u64).then(|| (object, hash.into()))
    })
}

/// Of each of `objects` what `take` takes of it.
fn ask_for<T>(folder: &Path, objects: &[String], take: Take<T>) -> Result<Vec<Option<T>>, String> {
    if objects.is_empty() {
        return Ok(Vec::new());
    }
    let read = |answer: &mut dyn BufRead| Ok(read_batch(answer, objects.len(), take));
    let answer = run_git::talk(cat_file(folder, "--batch"), &lines(objects), read)?;
    answer.ok_or_else(|| "`git` answered something unexpected".to_string())
}

/// Takes the content of an object, which has a name and a size.
type Take<T> = fn(String, &mut dyn io::Read, usize) -> Option<T>;

/// The hash by which Git knows each of `objects`; none for one that is not there.
fn ask_names(folder: &Path, objects: &[String]) -> Result<Vec<Option<String>>, String> {
    let read = |answer: &mut dyn BufRead| answer.lines().collect::<io::Result<Vec<_>>>();
    let names = run_git::talk(cat_file(folder, "--batch-check=%(objectname)"), &lines(objects), read)?;
    Ok(names.into_iter().map(|name| (!name.ends_with(" missing")).then_some(name)).collect())
}

/// `git cat-file`, which reads what it is asked.
fn cat_file(folder: &Path, mode: &str) -> Command {
    let mut command = run_git::command(folder);
    command.args(["cat-file", mode]);
    command
}

fn lines(objects: &[String]) -> Vec<u8> {
    format!("{}\n", objects.join("\n")).into_bytes()
}

fn blob(object: String, content: &mut dyn io::Read, size: usize) -> Option<Blob> {
    let mut bytes = Vec::new();
    // Of a large fleet a lock is megabytes, so it takes no more room than it needs.
    bytes.try_reserve_exact(size).ok()?;
    (content.read_to_end(&mut bytes).ok()? == size).then_some(Blob { object, bytes })
}

/// Takes an answer of `git cat-file --batch` apart: `<hash> <type> <size>`, a newline, the bytes, a newline; or a line
/// that ends with `missing`.
fn read_batch<T>(answer: &mut dyn BufRead, count: usize, take: Take<T>) -> Option<Vec<Option<T>>> {
    let mut objects = Vec::new();
    for _ in 0..count {
        let mut line = Vec::new();
        answer.read_until(b'\n', &mut line).ok()?;
        let line = String::from_utf8_lossy(line.strip_suffix(b"\n")?);
        if line.ends_with(" missing") {
            objects.push(None);
            continue;
        }
        let size: usize = line.rsplit(' ').next()?.parse().ok()?;
        let object = line.split(' ').next()?.to_string();
        objects.push(Some(take(object, &mut answer.take(size as u64), size)?));
        let mut end = [0];
        answer.read_exact(&mut end).ok().filter(|()| end == *b"\n")?;
    }
    Some(objects)
}

fn unreadable(path: &str, reason: &str, sources: &mut Sources) -> Trouble {
    let id = sources.add(SourceFile::new(path, Origin::Project, String::new()));
    let mut diagnostics = Diagnostics::default();
    diagnostics.push(
        Diagnostic::new(codes::UNREADABLE_BASELINE, Span::new(id, 0, 0), format!("`{path}` cannot be read: {reason}"))
            .label("what was committed last")
            .help("make it readable, or build with `--no-baseline`, which then removes nothing")
            .note("without it nobody knows what is protected, so nothing was written"),
    );
    Trouble::Refused(diagnostics)
}

#[cfg(test)]
mod tests {
    use super::{Blob, blob, read_batch};

    #[test]
    fn the_answer_of_git_is_taken_apart() {
        let answer = b"abc commit 3\nx\ny\nHEAD:./a b missing\ndef blob 0\n\n";
        let of = |object: &str, bytes: &[u8]| Some(Blob { object: object.into(), bytes: bytes.to_vec() });
        assert_eq!(read_batch(&mut &answer[..], 3, blob), Some(vec![of("abc", b"x\ny"), None, of("def", b"")]));
        assert_eq!(read_batch(&mut &b"abc blob 9\nx\n"[..], 1, blob), None);
        assert_eq!(read_batch(&mut &b""[..], 1, blob), None);
    }
}
