//! `fleetc check`: the diagnostics are the result.

use std::path::{Path, PathBuf};

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args, ValueEnum};

use super::terminal::Terminal;
use super::{Exit, Failure, Global, load};
use crate::analysis::{self, Compilation};
use crate::diag::{Diagnostics, Report, Severity, render};
use crate::project::{Project, reason};

/// Check everything and write nothing
///
/// The whole fleet is checked. With PATHs, only what is found in those files and folders is shown.
#[derive(Debug, Args)]
pub struct Check {
    /// Files or folders of one fleet whose problems are shown
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// How problems are shown
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "full")]
    #[arg(env = "FLEETC_CHECK_FORMAT", hide_env_values = true)]
    format: Format,
    /// Exit with 1 for warnings too
    #[arg(long, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    #[arg(env = "FLEETC_CHECK_DENY_WARNINGS", hide_env_values = true)]
    deny_warnings: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// With the source, drawn
    Full,
    /// One line each: `path:line:column: severity[code] message`
    Concise,
    /// One JSON object
    Json,
}

impl Check {
    pub fn run(&self, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
        let start = load::start(global)?;
        let (project, shown) = self.scope(&start, terminal)?;
        let mut compilation = analysis::compile(&project, &[]);
        if let Some(shown) = &shown {
            compilation.diagnostics = within(&compilation, shown);
        }
        let (diagnostics, sources) = (&compilation.diagnostics, &compilation.sources);
        let report = Report::new(diagnostics, sources);
        let mut text = match self.format {
            Format::Full => render::full(diagnostics, sources, &terminal.look()),
            Format::Concise => render::concise(&report),
            Format::Json => render::json(&report),
        };
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        if self.format != Format::Json && !terminal.is_quiet() {
            text.push_str(&render::summary(&report));
            text.push('\n');
        }
        terminal.result(&text);
        let bad = diagnostics.has_errors() || self.deny_warnings && diagnostics.count(Severity::Warning) > 0;
        Ok(if bad { Exit::Problems } else { Exit::Fine })
    }

    /// The one project of the paths, and which of its files are shown, as paths below its root; all without them.
    fn scope(&self, start: &Path, terminal: &Terminal) -> Result<(Project, Option<Vec<PathBuf>>), Failure> {
        let mut paths = self.paths.iter().map(|path| resolve(start, path));
        let Some(first) = paths.next().transpose()? else {
            return Ok((load::project(start, terminal)?, None));
        };
        let project = load::project(folder_of(&first), terminal)?;
        let mut shown = vec![first];
        for path in paths {
            let path = path?;
            let other = Project::discover(folder_of(&path)).ok().map(|other| other.root);
            if other.as_ref() != Some(&project.root) {
                let root = project.root.display();
                let message = format!("`{}` is not part of the fleet in `{root}`", path.display());
                return Err(Failure::new(message).help("check one fleet at a time"));
            }
            shown.push(path);
        }
        let below =
            shown.iter().map(|path| path.strip_prefix(&project.root).map(Path::to_path_buf).unwrap_or_default());
        let below = below.collect();
        Ok((project, Some(below)))
    }
}

fn resolve(start: &Path, path: &Path) -> Result<PathBuf, Failure> {
    let path = start.join(path);
    path.canonicalize().map_err(|error| Failure::new(format!("cannot read `{}`: {}", path.display(), reason(&error))))
}

fn folder_of(path: &Path) -> &Path {
    if path.is_dir() { path } else { path.parent().unwrap_or(path) }
}

/// The diagnostics in the files that are one of `shown`, or below it. The path of the root itself is empty.
fn within(compilation: &Compilation, shown: &[PathBuf]) -> Diagnostics {
    let mut kept = Diagnostics::default();
    for diagnostic in compilation.diagnostics.iter() {
        let path = Path::new(&compilation.sources.file(diagnostic.primary.span.source).path);
        if shown.iter().any(|shown| path.starts_with(shown)) {
            kept.push(diagnostic.clone());
        }
    }
    kept
}
