//! `fleetc completions`: scripts that let a shell ask this program what may come next, and the names it answers with.
//!
//! The script calls the program with [`VARIABLE`] set; [`answer`] replies before anything else is done. Nothing here
//! fails: where there is no project there are no names, and a project with errors has those that it declares.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use clap_complete::engine::{CompletionCandidate, PathCompleter, ValueCompleter as _};
use clap_complete::env::{CompleteEnv, Shells};

use super::terminal::Terminal;
use super::{Exit, Failure};
use crate::diag::Diagnostics;
use crate::diag::codes::ALL;
use crate::model;
use crate::project::{Project, reason};
use crate::{syntax, terms};

/// Holds the name of the shell when one asks for completions.
const VARIABLE: &str = "FLEETC_COMPLETE";

/// Print the completion script of a shell
///
/// The script asks fleetc itself, so that names of clusters, components, codes and terms are completed too. For bash:
/// `source <(fleetc completions bash)` in ~/.bashrc.
#[derive(Debug, Args)]
pub struct Completions {
    /// Which shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(clippy::missing_docs_in_private_items)]
enum Shell {
    Bash,
    Zsh,
    Fish,
    Elvish,
    Powershell,
}

impl Shell {
    fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
            Self::Elvish => "elvish",
            Self::Powershell => "powershell",
        }
    }
}

impl Completions {
    pub fn run(&self, terminal: &mut Terminal) -> Result<Exit, Failure> {
        let shells = Shells::builtins();
        let name = self.shell.name();
        let shell = shells.completer(name).ok_or_else(|| Failure::new(format!("no script for the shell `{name}`")))?;
        let mut script = Vec::new();
        shell
            .write_registration(VARIABLE, "fleetc", "fleetc", "fleetc", &mut script)
            .map_err(|error| Failure::new(format!("cannot write the script: {}", reason(&error))))?;
        terminal.result(&String::from_utf8_lossy(&script));
        Ok(Exit::Fine)
    }
}

/// Answers a shell that asks what may come next; whether one did.
pub(super) fn answer(arguments: &[OsString], command: fn() -> clap::Command) -> bool {
    let current = std::env::current_dir().ok();
    let asked = CompleteEnv::with_factory(command).var(VARIABLE).try_complete(arguments.to_vec(), current.as_deref());
    match asked {
        Ok(answered) => answered,
        Err(error) => {
            // What a shell cannot complete is no reason to print into the user's line.
            _ = error;
            true
        }
    }
}

/// The clusters of the project around the current folder, or around the folder that `-C` names.
pub fn clusters() -> Vec<CompletionCandidate> {
    candidates(declared(folder().as_deref()).clusters)
}

/// The components of that project.
pub fn components() -> Vec<CompletionCandidate> {
    candidates(declared(folder().as_deref()).components)
}

/// The rollouts of that project.
pub fn rollouts() -> Vec<CompletionCandidate> {
    candidates(declared(folder().as_deref()).rollouts)
}

/// The labels of that project.
pub fn labels() -> Vec<CompletionCandidate> {
    candidates(declared(folder().as_deref()).labels)
}

/// The tests of that project.
pub fn tests() -> Vec<CompletionCandidate> {
    candidates(declared(folder().as_deref()).tests)
}

fn candidates(names: Vec<String>) -> Vec<CompletionCandidate> {
    names.into_iter().map(CompletionCandidate::new).collect()
}

/// What `explain` knows: codes, their names, and terms.
pub fn explained() -> Vec<CompletionCandidate> {
    let candidate = |name: &str, help: &str| CompletionCandidate::new(name).help(Some(help.to_string().into()));
    let codes = ALL.iter().flat_map(|code| [candidate(code.id, code.title), candidate(code.slug, code.title)]);
    let terms = terms::names().into_iter().filter_map(|name| Some(candidate(&name, &terms::find(&name)?.title)));
    codes.chain(terms).collect()
}

/// The `.fleet` files and the folders that `current` may become.
pub fn fleet_files(current: &OsStr) -> Vec<CompletionCandidate> {
    let wanted = |path: &Path| path.is_dir() || path.extension().is_some_and(|ending| ending == "fleet");
    match folder() {
        Some(folder) => PathCompleter::any().filter(wanted).current_dir(folder).complete(current),
        None => Vec::new(),
    }
}

/// The names that a project declares.
#[derive(Debug, Default)]
struct Declared {
    clusters: Vec<String>,
    components: Vec<String>,
    rollouts: Vec<String>,
    labels: Vec<String>,
    tests: Vec<String>,
}

/// What the project around `folder` declares, whatever is wrong with it; nothing without a project.
fn declared(folder: Option<&Path>) -> Declared {
    let Some(project) = folder.and_then(|folder| Project::discover(folder).ok()) else { return Declared::default() };
    let mut parsed: Vec<_> = project.sources.iter().map(|(id, file)| syntax::parse(id, &file.text)).collect();
    let mut sources = project.sources.clone();
    // What is wrong is said by `check`; what is declared is declared all the same.
    let mut silent = Diagnostics::default();
    let inventories = model::inventory::read(&parsed, &mut sources, project.files.as_ref(), &mut silent);
    parsed.extend(inventories.clusters);
    let model = model::build(&parsed, &sources, &mut silent);
    Declared {
        clusters: model.clusters.iter().map(|cluster| cluster.name.to_string()).collect(),
        components: model.names.components.keys().cloned().collect(),
        rollouts: model.names.rollouts.iter().filter(|(_, one)| !one.std).map(|(name, _)| name.clone()).collect(),
        labels: model.fields.iter().filter(|field| !field.fact).map(|field| field.name.text.clone()).collect(),
        tests: model.names.tests.keys().cloned().collect(),
    }
}

/// Where the command that is being typed would run.
fn folder() -> Option<PathBuf> {
    let typed: Vec<OsString> = std::env::args_os().skip_while(|word| word != "--").skip(1).collect();
    let current = std::env::current_dir().ok()?;
    let named = directory(&typed).or_else(|| std::env::var_os("FLEETC_DIRECTORY")).filter(|name| !name.is_empty());
    Some(named.map_or_else(|| current.clone(), |name| current.join(name)))
}

/// The folder that `-C` names among the words of a command.
fn directory(words: &[OsString]) -> Option<OsString> {
    let mut words = words.iter();
    let mut found = None;
    while let Some(word) = words.next() {
        let text = word.to_string_lossy();
        if text == "-C" || text == "--directory" {
            // The shell may hand `=` over as a word of its own.
            let value = words.next().filter(|value| *value != "=").or_else(|| words.next());
            found = value.cloned().or(found);
        } else if let Some(value) = text.strip_prefix("--directory=").or_else(|| text.strip_prefix("-C")) {
            found = Some(OsString::from(value));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_with_errors_has_the_names_that_it_declares() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        let text = "fleet home { }\nlabel env: dev | prod\n\
                    cluster \"${env}-eu\" for env in [dev, prod] { nonsense = 1 }\n\
                    component web on all { path = }\ncomponent api on nowhere {\n";
        std::fs::write(folder.path().join("main.fleet"), text)?;
        let found = declared(Some(folder.path()));
        assert_eq!(found.clusters, ["dev-eu", "prod-eu"]);
        assert_eq!(found.components, ["api", "web"]);
        let none = declared(None);
        assert!(none.clusters.is_empty() && none.components.is_empty());
        Ok(())
    }

    #[test]
    fn the_folder_of_the_typed_command_is_known() {
        let named = |words: &[&str]| directory(&words.iter().map(OsString::from).collect::<Vec<_>>());
        for words in [&["-C", "org"][..], &["-Corg"], &["--directory", "org"], &["--directory=org"]] {
            assert_eq!(named(words), Some("org".into()), "{words:?}");
        }
        assert_eq!(named(&["--directory", "=", "org"]), Some("org".into()));
        assert_eq!(named(&["fleetc", "check"]), None);
    }
}
