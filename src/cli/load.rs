//! From a folder to a compilation.

use std::path::{Path, PathBuf};

use super::terminal::Terminal;
use super::{Failure, Global, paths};
use crate::analysis::{self, Compilation};
use crate::project::{NoProject, Overlay, Project, reason};
use crate::syntax::ast::EngineKind;

/// The folder that everything typed is relative to.
pub fn start(global: &Global) -> Result<PathBuf, Failure> {
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

/// The project that `folder` is in, with `overlay` in place of a file of it.
pub fn project(folder: &Path, overlay: Option<&Overlay>, terminal: &Terminal) -> Result<Project, Failure> {
    let project = Project::discover_with(folder, overlay).map_err(|error| {
        let failure = Failure::new(error.to_string());
        match &error {
            NoProject::Folder { .. } => failure,
            NoProject::Nowhere { below, .. } => match below.as_slice() {
                [] => failure.help("a fleet begins with `fleet NAME { }` in a `.fleet` file"),
                [one] => failure.help(format!("there is one in `{one}`: use `-C {one}`")),
                some => failure.help(format!("choose one with `-C`: `{}`", some.join("`, `"))),
            },
        }
    })?;
    terminal.detail(&format!("root: {}", project.root.display()));
    for (_, file) in project.sources.iter() {
        terminal.detail(&format!("read: {}", file.path));
    }
    Ok(project)
}

/// The project that `folder` is in, compiled for the engines it declares and those of `also`; the paths of its sources are
/// relative to `folder`.
pub fn compile(folder: &Path, also: &[EngineKind], terminal: &Terminal) -> Result<(Project, Compilation), Failure> {
    let project = project(folder, None, terminal)?;
    let mut compilation = analysis::compile(&project, also);
    compilation.sources = paths::relative_to(folder, &project.root, &compilation.sources);
    Ok((project, compilation))
}
