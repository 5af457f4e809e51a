//! The Git index: what the next commit holds, whatever stands on disk.
//!
//! It is checked out into a temporary folder, with a `.git` file that leads to the repository. So a project in it is read
//! by the same rules as one on disk, and nothing of the working tree is touched.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::{NoProject, Project, run_git};

/// A copy of what is in the index.
#[derive(Debug)]
pub struct Index {
    copy: TempDir,
    top: PathBuf,
    git: PathBuf,
    /// The file that holds the index, where a hook has one of its own.
    file: Option<PathBuf>,
}

impl Index {
    /// The index of the repository around `folder`, which is absolute; none without a repository.
    ///
    /// # Errors
    /// Says why Git cannot be asked.
    pub fn open(folder: &Path) -> Result<Option<Self>, String> {
        if !folder.ancestors().any(|above| above.join(".git").exists()) {
            return Ok(None);
        }
        let of_folder =
            run_git::run(run_git::command(folder).args(["rev-parse", "--absolute-git-dir", "--show-toplevel"]));
        let of_folder = match of_folder {
            Err(reason) if reason.contains("not a git repository") => return Ok(None),
            printed => lines(&printed?),
        };
        let [git, top] = of_folder.as_slice() else { return Err("`git` answered something unexpected".into()) };
        let failed = |error: std::io::Error| format!("the index cannot be copied: {}", super::reason(&error));
        let top = fs::canonicalize(top).map_err(failed)?;
        let copy = tempfile::Builder::new().prefix("fleetc-index-").tempdir().map_err(failed)?;
        let index = Self { file: hook_index(git), copy, top, git: PathBuf::from(git) };
        let mut prefix = std::ffi::OsString::from("--prefix=");
        prefix.push(index.copy.path());
        prefix.push("/");
        let mut command = index.command(&index.top);
        // The bytes that are committed, not those that some machine would check out.
        command.args(["-c", "core.autocrlf=false", "-c", "core.eol=lf"]);
        for setting in without_filters(&index.top)? {
            command.arg("-c").arg(setting);
        }
        command.args(["checkout-index", "-a", "-f", "-q"]);
        run_git::run(command.arg("--ignore-skip-worktree-bits").arg(prefix))?;
        fs::write(index.copy.path().join(".git"), format!("gitdir: {git}\n")).map_err(failed)?;
        Ok(Some(index))
    }

    /// Where `folder`, which is in the working tree, is in the copy.
    pub fn copy_of(&self, folder: &Path) -> PathBuf {
        let copy = fs::canonicalize(self.copy.path()).unwrap_or_else(|_| self.copy.path().to_path_buf());
        copy.join(folder.strip_prefix(&self.top).unwrap_or(Path::new("")))
    }

    /// The project that the folder `start` of the working tree is in, as it is in the index. Its root is the one on disk.
    ///
    /// # Errors
    /// When the index holds none there.
    pub fn project(&self, start: &Path) -> Result<Project, NoProject> {
        let start = fs::canonicalize(start).unwrap_or_else(|_| start.to_path_buf());
        // The folder itself may have nothing that is staged.
        let copy = self.copy_of(&start);
        let there = copy.ancestors().find(|above| above.is_dir()).unwrap_or(&copy);
        let mut project = Project::discover(there).map_err(|error| match error {
            NoProject::Nowhere { below, .. } => NoProject::Nowhere { start: start.clone(), below },
            other => other,
        })?;
        let below = project.root.strip_prefix(self.copy_of(&self.top)).map(Path::to_path_buf);
        match below {
            Ok(below) => project.root = self.top.join(below),
            Err(_) => return Err(NoProject::Nowhere { start, below: Vec::new() }),
        }
        Ok(project)
    }

    /// Whether this is the index of `git commit PATH`, which Git throws away after the commit.
    pub fn is_of_partial_commit(&self) -> bool {
        let name = self.file.as_ref().and_then(|file| file.file_name());
        name.is_some_and(|name| name.to_string_lossy().starts_with("next-index-"))
    }

    /// The first of `paths`, which are relative to the folder `root` of the working tree, that Git ignores.
    ///
    /// # Errors
    /// Says why Git cannot be asked.
    pub fn ignored(&self, root: &Path, paths: &[String]) -> Result<Option<String>, String> {
        let mut command = self.command(root);
        command.args(["check-ignore", "-z", "--stdin"]);
        let output = feed(&mut command, paths)?;
        // It ends with 1 when nothing is ignored.
        if output.status.code() == Some(1) {
            return Ok(None);
        }
        let printed = run_git::answer(output)?;
        Ok(String::from_utf8_lossy(&printed).split('\0').next().filter(|path| !path.is_empty()).map(str::to_string))
    }

    /// Puts the files at `paths`, relative to the folder `root` of the working tree, into the index as they are below
    /// `from`: that folder itself, or its copy. What is not there goes from the index.
    ///
    /// # Errors
    /// Says why Git does not do it.
    pub fn stage(&self, root: &Path, from: &Path, paths: &[String]) -> Result<(), String> {
        let tree = if from == root { self.top.clone() } else { self.copy_of(&self.top) };
        let mut command = self.command(from);
        command.arg("--git-dir").arg(&self.git).arg("--work-tree").arg(tree);
        // Its paths are taken as they are written, also those that begin with `:` or hold `*`.
        command.args(["update-index", "--add", "--remove", "-z", "--stdin"]);
        run_git::answer(feed(&mut command, paths)?).map(|_| ())
    }

    fn command(&self, folder: &Path) -> Command {
        let mut command = run_git::command(folder);
        if let Some(file) = &self.file {
            command.env("GIT_INDEX_FILE", file);
        }
        command
    }
}

/// Settings that take away every filter that the repository at `top` has: some run other programs or ask a server for the
/// bytes (`git lfs`).
fn without_filters(top: &Path) -> Result<Vec<String>, String> {
    let mut command = run_git::command(top);
    command.args(["config", "-z", "--name-only", "--get-regexp", r"^filter\."]).stdin(Stdio::null());
    // It ends with 1 when there is none.
    let output = command.output().map_err(|error| run_git::not_run(&error))?;
    let names = if output.status.code() == Some(1) { Vec::new() } else { run_git::answer(output)? };
    let names = String::from_utf8_lossy(&names).into_owned();
    let filters: BTreeSet<&str> = names.split('\0').filter_map(|name| Some(name.rsplit_once('.')?.0)).collect();
    let settings = ["smudge=", "process=", "required=false"];
    Ok(filters.iter().flat_map(|filter| settings.map(|setting| format!("{filter}.{setting}"))).collect())
}

/// The index that a hook was given, when it is one of the repository `git`: another one, say of the repository around a
/// submodule, must not be taken for it.
fn hook_index(git: &str) -> Option<PathBuf> {
    std::env::var_os("GIT_INDEX_FILE")?;
    let asked = ["rev-parse", "--path-format=absolute", "--absolute-git-dir", "--git-path", "index"];
    let printed = run_git::run(Command::new("git").env("LC_ALL", "C").args(asked)).ok()?;
    match lines(&printed).as_slice() {
        [of_hook, file] if of_hook == git => Some(PathBuf::from(file)),
        _ => None,
    }
}

/// Runs `command` with `paths` on stdin, each with a NUL behind it.
fn feed(command: &mut Command, paths: &[String]) -> Result<std::process::Output, String> {
    let mut input = tempfile::tempfile().map_err(|error| super::reason(&error))?;
    let text: String = paths.iter().map(|path| format!("{path}\0")).collect();
    let written = input.write_all(text.as_bytes()).and_then(|()| std::io::Seek::rewind(&mut input));
    written.map_err(|error| super::reason(&error))?;
    command.stdin(Stdio::from(input)).output().map_err(|error| run_git::not_run(&error))
}

fn lines(printed: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(printed).lines().map(str::to_string).collect()
}
