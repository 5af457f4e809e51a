//! Runs `git`, for what only Git knows: what was committed, and what is about to be.

use std::io::{self, BufRead, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::reason;

/// Variables by which Git, when it runs a hook, says which repository it means. It is asked for a folder's own.
const OF_GIT: [&str; 6] =
    ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"];

/// `git` in `folder`, whatever hook runs this.
pub(crate) fn command(folder: &Path) -> Command {
    let mut command = Command::new("git");
    for variable in OF_GIT {
        command.env_remove(variable);
    }
    // Its words are read.
    command.env("LC_ALL", "C");
    // A folder of a repository may be made to look like a repository of its own, without a work tree, whose settings name
    // commands. Git then takes it for none.
    command.args(["-c", "safe.bareRepository=explicit"]);
    command.arg("-C").arg(folder);
    command
}

/// What `git` prints.
pub(crate) fn run(command: &mut Command) -> Result<Vec<u8>, String> {
    let output = command.stdin(Stdio::null()).output();
    answer(output.map_err(|error| not_run(&error))?)
}

/// What `read` takes of what `git` prints when it is asked `input`. That fits into a pipe, or Git answers only when it has
/// read all of it.
///
/// Git may write as much as it likes to either of its outputs at any time, so one thread reads what it complains of while
/// another one reads the answer; and an answer is read to its end also where `read` gives it up, or Git would fail in
/// writing it and nobody would know of what it complained.
pub(crate) fn talk<T>(
    mut command: Command,
    input: &[u8],
    read: impl FnOnce(&mut dyn BufRead) -> io::Result<T>,
) -> Result<T, String> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| not_run(&error))?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (taken, said) = std::thread::scope(|scope| {
        let said = scope.spawn(|| {
            let mut said = Vec::new();
            // What was read before a failure says more than the failure.
            _ = stderr.map(|mut stderr| stderr.read_to_end(&mut said));
            said
        });
        // Git that ends early says why itself.
        _ = stdin.map(|mut stdin| stdin.write_all(input));
        let mut stdout = BufReader::new(stdout.ok_or(io::ErrorKind::BrokenPipe)?);
        let taken = read(&mut stdout);
        io::copy(&mut stdout, &mut io::sink())?;
        Ok((taken, said.join().unwrap_or_default()))
    })
    .map_err(|error: io::Error| reason(&error))?;
    let status = child.wait().map_err(|error| reason(&error))?;
    answer(Output { status, stdout: Vec::new(), stderr: said })?;
    taken.map_err(|error| reason(&error))
}

/// What was printed, unless it failed.
pub(crate) fn answer(output: Output) -> Result<Vec<u8>, String> {
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("`git` says: {}", said.lines().next().unwrap_or("nothing").trim()))
}

/// Why `git` does not run, in words.
pub(crate) fn not_run(error: &io::Error) -> String {
    format!("`git` cannot be run: {}", reason(error))
}
