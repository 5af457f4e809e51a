//! `fleetc fmt`: the text of `.fleet` files, laid out anew.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args};
use clap_complete::ArgValueCompleter;

use super::terminal::Terminal;
use super::{Exit, Failure, Global, completions, load, paths};
use crate::diag::Diagnostics;
use crate::diag::render::text::escape;
use crate::format::{Formatted, format};
use crate::output;
use crate::plan::text::counted;
use crate::project::{LooseFiles, reason, save};
use crate::source::SourceFile;

/// The name of a text on stdin that stands for no file.
const NAMELESS: &str = "stdin.fleet";

/// Lay out the text of `.fleet` files
///
/// Without a PATH, all files of the fleet. Comments stay where they are, and so do line breaks within brackets; what has
/// syntax errors is left as it is and the rest formatted. With `-` the text is read from stdin and the result printed.
#[derive(Debug, Args)]
pub struct Fmt {
    /// Files or folders, or `-` for stdin
    #[arg(value_name = "PATH", add = ArgValueCompleter::new(completions::fleet_files))]
    paths: Vec<PathBuf>,
    /// What the text on stdin is called in messages
    #[arg(long, value_name = "FILE", alias = "stdin-filepath")]
    stdin_filename: Option<String>,
    /// Write nothing; list the files that are not formatted and exit with 3 if there are any
    #[arg(long, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    #[arg(env = "FLEETC_FMT_CHECK", hide_env_values = true)]
    check: bool,
    /// Write nothing; print what would change
    #[arg(long, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    #[arg(env = "FLEETC_FMT_DIFF", hide_env_values = true)]
    diff: bool,
}

/// A file that is not formatted.
struct Change<'f> {
    path: &'f Path,
    file: &'f SourceFile,
    text: String,
}

/// What became of all files.
#[derive(Default)]
struct Outcome<'f> {
    changes: Vec<Change<'f>>,
    /// The names of files with syntax errors.
    broken: Vec<&'f str>,
    /// Of files that could not be read as text of the language.
    unread: Diagnostics,
    bugs: Diagnostics,
}

impl Fmt {
    pub fn run(&self, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
        let start = load::start(global)?;
        let is_stdin = self.is_stdin()?;
        let found = if is_stdin { self.stdin()? } else { self.files(&start, terminal)? };
        let outcome = outcome(&found);
        self.tell(&found, &outcome, is_stdin, &start, terminal)?;
        terminal.diagnostics(&outcome.unread, &found.sources);
        terminal.diagnostics(&outcome.bugs, &found.sources);
        for name in &outcome.broken {
            let name = escape(name);
            terminal.say(&format!("{name}: left as it is where it has syntax errors; `fleetc check` shows them"));
        }
        let differs = self.check && !outcome.changes.is_empty();
        Ok(match () {
            () if !outcome.bugs.is_empty() => Exit::Bug,
            () if !outcome.unread.is_empty() => Exit::Usage,
            () if differs => Exit::Differs,
            () => Exit::Fine,
        })
    }

    fn is_stdin(&self) -> Result<bool, Failure> {
        let dashes = self.paths.iter().filter(|path| path.as_os_str() == "-").count();
        match (dashes, self.paths.len()) {
            (0, _) if self.stdin_filename.is_some() => {
                Err(Failure::new("`--stdin-filename` names the text on stdin").help("write `-` in place of the paths"))
            }
            (0, _) => Ok(false),
            (1, 1) => Ok(true),
            _ => Err(Failure::new("`-` stands alone: the text on stdin is one file")),
        }
    }

    fn stdin(&self) -> Result<LooseFiles, Failure> {
        let mut bytes = Vec::new();
        let read = std::io::stdin().lock().take(load::MOST_OF_STDIN).read_to_end(&mut bytes);
        read.map_err(|error| Failure::new(format!("cannot read stdin: {}", reason(&error))))?;
        Ok(LooseFiles::alone(self.stdin_filename.as_deref().unwrap_or(NAMELESS), bytes))
    }

    fn files(&self, start: &Path, terminal: &Terminal) -> Result<LooseFiles, Failure> {
        let show = |path: &Path| paths::relative(start, path);
        let wanted: Vec<PathBuf> = if self.paths.is_empty() {
            let project = load::project(start, None, terminal)?;
            project.sources.iter().map(|(_, file)| project.root.join(&file.path)).collect()
        } else {
            self.paths.iter().map(|path| start.join(path)).collect()
        };
        LooseFiles::find(&wanted, show).map_err(Failure::new)
    }

    /// Prints or writes the result.
    fn tell(
        &self,
        found: &LooseFiles,
        outcome: &Outcome<'_>,
        is_stdin: bool,
        start: &Path,
        terminal: &mut Terminal,
    ) -> Result<(), Failure> {
        let changes = &outcome.changes;
        if self.diff {
            for change in changes {
                let path = escape(&change.file.path);
                let names = (format!("a/{path}"), format!("b/{path}"));
                let diff = output::unified_texts((&names.0, &change.file.text), (&names.1, &change.text));
                terminal.result(&if terminal.look().colour { output::coloured(&diff) } else { diff });
            }
        } else if self.check {
            for change in changes {
                terminal.result(&format!("{}\n", escape(&change.file.path)));
            }
        } else if is_stdin {
            // A text that could not be formatted is given back as it came, so that no editor loses it.
            let old = found.sources.iter().next().map(|(_, file)| file.text.to_string());
            let readable = found.diagnostics.is_empty();
            let new = changes.first().map(|change| change.text.clone()).or(old.filter(|_| readable));
            terminal.result(&new.unwrap_or_default());
            return Ok(());
        } else {
            for change in changes {
                let shown = paths::relative(start, change.path);
                save(start, &shown, &change.file.text, &change.text).map_err(Failure::new)?;
                terminal.detail(&format!("wrote: {}", escape(&shown)));
            }
        }
        let count = counted(found.files.len(), "file");
        terminal.say(&match (changes.len(), self.check || self.diff) {
            (0, _) => format!("nothing to format in {count}"),
            (some, true) => format!("would format {some} of {count}"),
            (some, false) => format!("formatted {some} of {count}"),
        });
        Ok(())
    }
}

fn outcome(found: &LooseFiles) -> Outcome<'_> {
    let mut outcome = Outcome::default();
    let unreadable: Vec<_> = found.diagnostics.iter().map(|diagnostic| diagnostic.primary.span.source).collect();
    for diagnostic in found.diagnostics.iter() {
        outcome.unread.push(diagnostic.clone());
    }
    for (path, id) in found.files.iter().filter(|(_, id)| !unreadable.contains(id)) {
        let file = found.sources.file(*id);
        match format(*id, &file.text) {
            Formatted::Text { text, broken } => {
                outcome.broken.extend(broken.then_some(file.path.as_str()));
                if text != *file.text {
                    outcome.changes.push(Change { path, file, text });
                }
            }
            Formatted::Unread(why) => why.iter().for_each(|diagnostic| outcome.unread.push(diagnostic.clone())),
            Formatted::Bug(bug) => outcome.bugs.push(*bug),
        }
    }
    outcome
}
