//! The lock that was committed last, which a build is compared with.
//!
//! Only Git knows it, so this file runs `git`. A baseline that cannot be read is an error and never none: without it
//! nothing would be protected.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use super::compare::unreadable_lock;
use super::lock::Lock;
use super::place::Place;
use super::{LOCK, Trouble};
use crate::diag::{Diagnostic, Diagnostics, codes};
use crate::source::{Origin, SourceFile, Sources, Span};

/// Variables by which Git, when it runs a hook, says which repository it means. It is asked for the output folder's own.
const OF_GIT: [&str; 6] =
    ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"];

/// The lock at the commit `revision` of the repository around the output folder at `place`; none where there is no
/// repository, no commit yet, or no lock in it.
///
/// Fails with F0609 where there is a repository and it cannot be asked, or where `revision` is not there, unless it is
/// `HEAD`; and with F0603 for a lock that cannot be read.
pub fn committed(place: &Place, revision: &str, sources: &mut Sources) -> Result<Option<Lock>, Trouble> {
    let root = place.root();
    // `.git` is looked for without Git, so that a machine without Git is told from a folder without a repository.
    if !root.ancestors().any(|above| above.join(".git").exists()) {
        return Ok(None);
    }
    let path = format!("{revision}:./{}", place.show(LOCK));
    let mut answers = match ask(root, &[&format!("{revision}^{{commit}}"), &path]) {
        Ok(answers) => answers.into_iter(),
        // What looks like a repository to nobody but us has no commits.
        Err(reason) if reason.contains("not a git repository") => return Ok(None),
        Err(reason) => return Err(unreadable(&path, &reason, sources)),
    };
    let (commit, lock) = (answers.next().flatten(), answers.next().flatten());
    if commit.is_none() && revision != "HEAD" {
        return Err(unreadable(&path, "there is no such commit here; a shallow clone may lack it", sources));
    }
    let Some(bytes) = lock else { return Ok(None) };
    let text = String::from_utf8_lossy(&bytes);
    let name = format!("{revision}:{}", place.show(LOCK));
    match Lock::parse(&text) {
        Ok(lock) => Ok(Some(lock)),
        Err(error) => Err(Trouble::Refused(unreadable_lock(&name, &text, &error, sources))),
    }
}

/// The bytes of each of `objects`, as `git cat-file --batch` names them; none for one that is not there.
fn ask(folder: &Path, objects: &[&str]) -> Result<Vec<Option<Vec<u8>>>, String> {
    let mut command = Command::new("git");
    for variable in OF_GIT {
        command.env_remove(variable);
    }
    // Its words are read.
    command.env("LC_ALL", "C");
    command.arg("-C").arg(folder).args(["cat-file", "--batch"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child =
        command.spawn().map_err(|error| format!("`git` cannot be run: {}", crate::project::reason(&error)))?;
    if let Some(mut input) = child.stdin.take() {
        // Git that ends early says why itself.
        _ = input.write_all(format!("{}\n", objects.join("\n")).as_bytes());
    }
    let output = child.wait_with_output().map_err(|error| crate::project::reason(&error))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("`git` says: {}", said.lines().next().unwrap_or("nothing").trim()));
    }
    read_batch(&output.stdout, objects.len()).ok_or_else(|| "`git` answered something unexpected".to_string())
}

/// Takes an answer of `git cat-file --batch` apart: `<hash> <type> <size>`, a newline, the bytes, a newline; or a line
/// that ends with `missing`.
fn read_batch(mut answer: &[u8], count: usize) -> Option<Vec<Option<Vec<u8>>>> {
    let mut objects = Vec::new();
    for _ in 0..count {
        let end = answer.iter().position(|byte| *byte == b'\n')?;
        let (line, rest) = answer.split_at_checked(end)?;
        let rest = rest.get(1..)?;
        let line = String::from_utf8_lossy(line);
        if line.ends_with(" missing") {
            objects.push(None);
            answer = rest;
            continue;
        }
        let size: usize = line.rsplit(' ').next()?.parse().ok()?;
        objects.push(Some(rest.get(..size)?.to_vec()));
        answer = rest.get(size.checked_add(1)?..)?;
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
    use super::read_batch;

    #[test]
    fn the_answer_of_git_is_taken_apart() {
        let answer = b"abc commit 3\nx\ny\nHEAD:./a b missing\ndef blob 0\n\n";
        assert_eq!(read_batch(answer, 3), Some(vec![Some(b"x\ny".to_vec()), None, Some(Vec::new())]));
        assert_eq!(read_batch(b"abc blob 9\nx\n", 1), None);
        assert_eq!(read_batch(b"", 1), None);
    }
}
