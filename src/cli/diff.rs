//! `fleetc diff`: what becomes other in the output, and which line of the sources causes it.

use std::collections::BTreeMap;
use std::path::Path;

use clap::{Args, ValueEnum};

use super::base::Base;
use super::terminal::{self, Terminal};
use super::{Exit, Failure, Global, load};
use crate::analysis::Compilation;
use crate::change::{self, Side};
use crate::diag::Diagnostics;
use crate::difference::{self, Difference, File, json, markdown, text};
use crate::output::{self, LOCK, Place, Record, Trouble, Wanted};
use crate::plan::Plan;
use crate::project::Project;
use crate::source::Sources;
use crate::target::{self, Engines, OutputTree};

/// Show what becomes other in the output, and why
///
/// Compares the output folder with what the sources build to, or with `--base` what a commit builds to. Equal differences
/// are shown once. Writes nothing, and exits with 3 when anything differs.
#[derive(Debug, Args)]
pub struct Diff {
    /// Compare with what this commit builds to [default: the files in the output folder]
    #[arg(long, value_name = "REV", env = "FLEETC_DIFF_BASE", hide_env_values = true)]
    base: Option<String>,
    /// How it is printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    #[arg(env = "FLEETC_DIFF_FORMAT", hide_env_values = true)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For reading
    Text,
    /// For programs, with the schema `fleetc.diff/1`
    Json,
    /// For a comment, with at most 65,536 characters
    Markdown,
}

/// Files under the paths that are shown: the path below the output folder, and the text before and after.
type Files = BTreeMap<String, (String, [Option<String>; 2])>;

impl Diff {
    pub fn run(&self, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
        let start = load::start(global)?;
        let (project, mut compilation) = load::compile(&start, &[], terminal)?;
        terminal.diagnostics(&compilation.diagnostics, &compilation.sources);
        let Some(plan) = compilation.plan.take() else { return Ok(Exit::Problems) };
        let tree = tree(&plan);
        let mut lock_differs = false;
        let (base, files) = match &self.base {
            Some(revision) => {
                let base = Base::at(&start, revision, terminal)?;
                let old =
                    base.compilation().and_then(|old| Some((old.output.as_str(), self::tree(old.plan.as_ref()?))));
                let mut files = Files::new();
                for (path, text) in old.into_iter().flat_map(|(output, tree)| shown(output, tree)) {
                    files.insert(path.0, (path.1, [Some(text), None]));
                }
                for ((path, below), text) in shown(&compilation.output, tree) {
                    let (_, [_, after]) = files.entry(path).or_insert((below, [None, None]));
                    *after = Some(text);
                }
                (base, files)
            }
            None => match on_disk(&project, &mut compilation, &plan, tree) {
                Ok((files, differs)) => {
                    lock_differs = differs;
                    // What was committed last says where a difference comes from.
                    (Base::known_at(&start, "HEAD"), files)
                }
                Err(Trouble::Refused(diagnostics)) => return Ok(refused(&diagnostics, &compilation, terminal)),
                Err(trouble) => return Err(Failure::new(trouble.to_string())),
            },
        };
        let none = Sources::default();
        let new = Side { plan: Some(&plan), sources: &compilation.sources };
        let difference = told(&files, &base.side(&none), &new);
        terminal.result(&match self.format {
            Format::Text => text::text(&difference, terminal.look().colour),
            Format::Json => terminal::json(&json::json(&difference)),
            Format::Markdown => markdown::markdown(&difference),
        });
        terminal.say(&text::summary(&difference));
        if difference.files() == 0 && lock_differs {
            terminal.say(&format!("`{LOCK}` alone is out of date; run `fleetc build` and commit the result"));
        }
        Ok(if difference.files() > 0 || lock_differs { Exit::Differs } else { Exit::Fine })
    }
}

/// What `plan` is built to, for the engines that the fleet declares.
fn tree(plan: &Plan) -> OutputTree {
    target::build(plan, &engines(plan))
}

fn engines(plan: &Plan) -> Engines {
    Engines { argocd: !plan.argocd.is_empty(), flux: !plan.flux.is_empty() }
}

/// The files of a tree, with the path that is shown and the one below the output folder.
fn shown(output: &str, tree: OutputTree) -> impl Iterator<Item = ((String, String), String)> {
    let output = if output == "." { String::new() } else { format!("{output}/") };
    tree.into_iter().map(move |(path, text)| ((format!("{output}{path}"), path), text))
}

/// The files of the output folder that a build would write or remove, and whether the lock is one of them.
fn on_disk(
    project: &Project,
    compilation: &mut Compilation,
    plan: &Plan,
    tree: OutputTree,
) -> Result<(Files, bool), Trouble> {
    let root: &Path = &project.root;
    let place = Place::new(root, root, &compilation.output)?;
    let record = Record::of(plan, &engines(plan)).into();
    let wanted = Wanted { tree, record, untouched: std::collections::BTreeSet::new() };
    let changes = output::compare(&place, &wanted, &mut compilation.sources)?;
    let mut files = Files::new();
    let mut lock_differs = false;
    for change in &changes.files {
        if change.path == LOCK {
            lock_differs = true;
            continue;
        }
        let before = change.before.as_deref().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        files.insert(
            changes.place.show(&change.path),
            (change.path.to_string(), [before, change.after.as_deref().map(str::to_owned)]),
        );
    }
    Ok((files, lock_differs))
}

fn told(files: &Files, old: &Side, new: &Side) -> Difference {
    let change = change::compare(old, new);
    let files: Vec<File> = files
        .iter()
        .map(|(shown, (path, [before, after]))| File {
            path,
            shown,
            before: before.as_deref(),
            after: after.as_deref(),
        })
        .collect();
    difference::difference(&files, &change, old, new)
}

fn refused(diagnostics: &Diagnostics, compilation: &Compilation, terminal: &mut Terminal) -> Exit {
    terminal.diagnostics(diagnostics, &compilation.sources);
    Exit::Problems
}
