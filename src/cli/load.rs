//! From a folder to a compilation.

use std::path::{Path, PathBuf};

use super::terminal::Terminal;
use super::{Failure, Global, paths, threads};
use crate::analysis::{self, Compilation};
use crate::diag::render::text::escape;
use crate::project::{Index, NoProject, Overlay, Project, reason};
use crate::syntax::ast::EngineKind;
use crate::syntax::limits;

/// The folder that everything typed is relative to.
pub fn start(global: &Global) -> Result<PathBuf, Failure> {
    // Whoever goes somewhere has something to do there.
    threads::start();
    let current =
        || std::env::current_dir().map_err(|error| Failure::new(format!("no current folder: {}", reason(&error))));
    match &global.directory {
        None => current(),
        Some(folder) => {
            let folder = if folder.is_absolute() { folder.clone() } else { current()?.join(folder) };
            folder
                .canonicalize()
                .map_err(|error| Failure::new(format!("cannot enter `{}`: {}", folder.display(), reason(&error))))
        }
    }
}

/// What is read of a source on stdin: one byte more than one may have, which is then said to be too many.
pub const MOST_OF_STDIN: u64 = limits::MAX_BYTES as u64 + 1;

/// The project that `folder` is in, with `overlay` in place of a file of it.
pub fn project(folder: &Path, overlay: Option<&Overlay>, terminal: &Terminal) -> Result<Project, Failure> {
    let project = Project::discover_with(folder, overlay).map_err(|error| nowhere(&error))?;
    tell(&project, terminal);
    Ok(project)
}

fn nowhere(error: &NoProject) -> Failure {
    let failure = Failure::new(error.to_string());
    match error {
        NoProject::Folder { .. } => failure,
        NoProject::Nowhere { below, .. } => match below.as_slice() {
            [] => failure.help("a fleet begins with `fleet NAME { }` in a `.fleet` file"),
            [one] => failure.help(format!("there is one in `{one}`: use `-C {one}`")),
            some => failure.help(format!("choose one with `-C`: `{}`", some.join("`, `"))),
        },
    }
}

fn tell(project: &Project, terminal: &Terminal) {
    terminal.detail(&format!("root: {}", project.root.display()));
    for (_, file) in project.sources.iter() {
        terminal.detail(&format!("read: {}", escape(&file.path)));
    }
}

/// The Git index around `folder`, and the project in it.
pub fn index(folder: &Path, terminal: &Terminal) -> Result<(Index, Project), Failure> {
    let index =
        Index::open(folder).map_err(|reason| Failure::new(format!("the Git index cannot be read: {reason}")))?;
    let index = index.ok_or_else(|| {
        let message = format!("`--index` reads the index of a Git repository, and `{}` is in none", folder.display());
        Failure::new(message).help("leave out `--index`")
    })?;
    let project = index.project(folder).map_err(|error| {
        let failure = nowhere(&error);
        Failure {
            message: format!("in the Git index, {}", failure.message),
            help: Some("`git add` the sources".into()),
        }
    })?;
    tell(&project, terminal);
    Ok((index, project))
}

/// The project that `folder` is in, compiled for the engines it declares and those of `also`; the paths of its sources are
/// relative to `folder`.
pub fn compile(folder: &Path, also: &[EngineKind], terminal: &Terminal) -> Result<(Project, Compilation), Failure> {
    let project = project(folder, None, terminal)?;
    let compilation = compiled(folder, &project, also);
    Ok((project, compilation))
}

/// `project`, compiled as by [`compile`].
pub fn compiled(folder: &Path, project: &Project, also: &[EngineKind]) -> Compilation {
    let mut compilation = analysis::compile(project, also);
    compilation.sources = paths::relative_to(folder, &project.root, &compilation.sources);
    compilation
}
