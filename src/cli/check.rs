//! `fleetc check`: the diagnostics are the result.

mod baseline;
mod fix;
mod scope;

use std::path::{Path, PathBuf};

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args, ValueEnum};
use clap_complete::ArgValueCompleter;

use super::terminal::Terminal;
use super::{Exit, Failure, Global, completions, load, paths};
use crate::analysis::{self, Compilation};
use crate::diag::render::Look;
use crate::diag::{Diagnostics, Report, Severity, render};
use crate::project::Project;
use crate::source::Sources;
use baseline::Baseline;
use scope::Scope;

/// Check everything and write nothing
///
/// The whole fleet is checked. With PATHs, only what is found in those files and folders is shown. With `-` the text of
/// one file is read from stdin, and with `--stdin-filename` it stands for that file of the project.
#[derive(Debug, Args)]
pub struct Check {
    /// Files or folders of one fleet whose problems are shown, or `-` for stdin
    #[arg(value_name = "PATH", add = ArgValueCompleter::new(completions::fleet_files))]
    paths: Vec<PathBuf>,
    /// Which file of the project the text on stdin stands for
    #[arg(long, value_name = "FILE", alias = "stdin-filepath")]
    stdin_filename: Option<PathBuf>,
    /// With `-`, show the problems of all files
    #[arg(long, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    #[arg(env = "FLEETC_CHECK_ALL_FILES", hide_env_values = true)]
    all_files: bool,
    /// How problems are shown
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "full")]
    #[arg(env = "FLEETC_CHECK_FORMAT", hide_env_values = true)]
    format: Format,
    /// Apply the fixes that keep the meaning
    #[arg(long, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    #[arg(env = "FLEETC_CHECK_FIX", hide_env_values = true)]
    fix: bool,
    /// With `--fix` or `--diff`, apply good guesses too
    #[arg(long = "unsafe", action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    #[arg(env = "FLEETC_CHECK_UNSAFE", hide_env_values = true)]
    also_unsafe: bool,
    /// Read the fleet from the Git index: what the next commit holds
    #[arg(long, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    #[arg(env = "FLEETC_CHECK_INDEX", hide_env_values = true)]
    index: bool,
    /// Print what `--fix` would change, and write nothing
    #[arg(long, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    #[arg(env = "FLEETC_CHECK_DIFF", hide_env_values = true)]
    diff: bool,
    /// Show the N worst problems, and say how many more there are
    #[arg(long, value_name = "N", env = "FLEETC_CHECK_MAX_ERRORS", hide_env_values = true)]
    max_errors: Option<usize>,
    /// Exit with 1 for warnings too
    #[arg(long, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    #[arg(env = "FLEETC_CHECK_DENY_WARNINGS", hide_env_values = true)]
    deny_warnings: bool,
    /// Allow the warnings and notes that FILE lists
    #[arg(long, value_name = "FILE", env = "FLEETC_CHECK_BASELINE", hide_env_values = true)]
    baseline: Option<PathBuf>,
    /// Write the warnings and notes of now to the file of `--baseline`
    #[arg(long, requires = "baseline", action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    update_baseline: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// With the source, drawn
    Full,
    /// One line each: `path:line:column: severity[code] message`
    Concise,
    /// Sentences, for screen readers
    Plain,
    /// One JSON object
    Json,
    /// One JSON object a line
    Jsonl,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of a GitHub Actions run
    Github,
    /// A GitLab code quality report
    Gitlab,
    /// JUnit XML
    Junit,
    /// The diagnostics of reviewdog
    Rdjson,
    /// One line each with everything to mend it, for programs that write code
    Agent,
}

/// What the paths of a format are relative to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base {
    /// The folder in which fleetc was started: for people and editors.
    Start,
    /// The root of the project: the contract.
    Project,
    /// The root of the Git repository, if there is one: for those who annotate its files.
    Repository,
}

impl Format {
    pub(super) fn base(self) -> Base {
        match self {
            Self::Full | Self::Concise | Self::Plain | Self::Agent => Base::Start,
            Self::Json | Self::Jsonl => Base::Project,
            Self::Sarif | Self::Github | Self::Gitlab | Self::Junit | Self::Rdjson => Base::Repository,
        }
    }

    /// Whether the summary follows it as a line of text.
    pub(super) fn has_summary(self) -> bool {
        matches!(self, Self::Full | Self::Concise | Self::Plain | Self::Agent)
    }
}

impl Format {
    /// What was found, in this format, without a summary.
    pub(super) fn text(self, diagnostics: &Diagnostics, sources: &Sources, report: &Report, look: &Look) -> String {
        match self {
            Self::Full => {
                let mut text = render::full(diagnostics, sources, look);
                if !text.is_empty() {
                    text.push('\n');
                }
                text
            }
            Self::Concise => render::concise(report),
            Self::Plain => render::plain(report),
            Self::Json => render::json(report),
            Self::Jsonl => render::jsonl(report),
            Self::Sarif => render::sarif(report),
            Self::Github => render::github(report),
            Self::Gitlab => render::gitlab(report),
            Self::Junit => render::junit(report),
            Self::Rdjson => render::rdjson(report),
            Self::Agent => render::agent(report),
        }
    }
}

impl Base {
    /// The folder itself.
    pub(super) fn folder(self, start: &Path, project: &Project) -> PathBuf {
        match self {
            Self::Start => start.to_path_buf(),
            Self::Project => project.root.clone(),
            Self::Repository => project.repository_root(),
        }
    }
}

impl Check {
    pub fn run(&self, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
        self.refuse_combinations()?;
        let start = load::start(global)?;
        let mut scope = Scope::find(self, &start, terminal)?;
        let mut compilation = if self.fix || self.diff {
            let (fixed, after) = fix::fix(&mut scope, self.also_unsafe);
            if self.diff {
                return Ok(fix::diff(&fixed, &scope, &start, terminal));
            }
            fix::write(&fixed, &scope, terminal)?;
            after
        } else {
            analysis::compile(&scope.project, &[])
        };
        compilation.diagnostics.retain(|diagnostic| scope.shows(&compilation.sources, diagnostic));
        if let Some(file) = &self.baseline {
            Baseline::apply(&start.join(file), self.update_baseline, &mut compilation, terminal)?;
        }
        let bad = |severity| compilation.diagnostics.count(severity) > 0;
        let bad = bad(Severity::Error) || self.deny_warnings && bad(Severity::Warning);
        self.show(&mut compilation, &scope, &start, terminal);
        // The process ends here, and to free what a large plan holds takes longer than to leave it.
        std::mem::forget(compilation);
        Ok(if bad { Exit::Problems } else { Exit::Fine })
    }

    fn refuse_combinations(&self) -> Result<(), Failure> {
        if self.also_unsafe && !self.fix && !self.diff {
            return Err(Failure::new("`--unsafe` says which fixes are applied").help("add `--fix` or `--diff`"));
        }
        if self.index && (self.fix || !self.paths.is_empty() || self.stdin_filename.is_some()) {
            let message = "`--index` checks the whole fleet as it is staged, and writes nothing";
            return Err(Failure::new(message).help("leave out the paths and `--fix`"));
        }
        Ok(())
    }

    /// Prints the diagnostics. The result of `--fix` with `-` is the text, so they go to stderr then.
    fn show(&self, compilation: &mut Compilation, scope: &Scope, start: &Path, terminal: &mut Terminal) {
        if let Some(most) = self.max_errors {
            compilation.diagnostics.limit(most);
        }
        let diagnostics = &compilation.diagnostics;
        let root = &scope.project.root;
        let base = self.format.base().folder(start, &scope.project);
        let sources = &paths::relative_to(&base, root, &compilation.sources);
        let report = Report::new(diagnostics, sources);
        let look = if self.fix && scope.is_stdin() { terminal.look_of_stderr() } else { terminal.look() };
        let mut text = self.format.text(diagnostics, sources, &report, &look);
        if self.format.has_summary() && !terminal.is_quiet() {
            text.push_str(&render::summary(&report));
            text.push('\n');
        }
        if self.fix && scope.is_stdin() { terminal.log(&text) } else { terminal.result(&text) }
    }
}
