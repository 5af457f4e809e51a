//! Runs `git`, for what only Git knows: what was committed, and what is about to be.

use std::io;
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
