//! `fleetc drift`: the plan beside what Argo CD or Flux report.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args, ValueEnum, ValueHint};

use super::build::Target;
use super::terminal::{self, Terminal};
use super::{Exit, Failure, Global, load};
use crate::diag::{did_you_mean, one_of};
use crate::drift::{self, Kind, Selection, State, Unclear, json, markdown, text};
use crate::plan::Plan;
use crate::project::reason;
use crate::target::{self, Engines};

/// The most bytes of a state: what a thousand clusters report, some times over.
const LARGEST: u64 = 1024 * 1024 * 1024;

/// Compare the plan with what Argo CD or Flux report
///
/// Reads what `kubectl get … -o json` or `argocd app list -o json` print. With `--run` it runs `kubectl get` itself; without
/// it, it runs nothing. It reads no Secret and changes nothing. Exits with 3 when anything is not as the plan says.
#[derive(Debug, Args)]
pub struct Drift {
    /// Compare this engine only; may be repeated [default: those that the state is of]
    #[arg(long, value_enum, value_name = "ENGINE", value_delimiter = ',')]
    #[arg(env = "FLEETC_DRIFT_TARGET", hide_env_values = true)]
    target: Vec<Target>,
    /// Compare this installation of an engine only
    #[arg(long, value_name = "NAME", env = "FLEETC_DRIFT_INSTANCE", hide_env_values = true)]
    instance: Option<String>,
    /// Read the state from this file, `-` for stdin; may be repeated
    #[arg(long, value_name = "FILE", conflicts_with = "run", value_hint = ValueHint::FilePath)]
    #[arg(env = "FLEETC_DRIFT_FROM", hide_env_values = true)]
    from: Vec<String>,
    /// Run `kubectl get` for the state
    #[arg(long, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    #[arg(env = "FLEETC_DRIFT_RUN", hide_env_values = true)]
    run: bool,
    /// With `--run`: the context of kubectl [default: its current one]
    #[arg(long, value_name = "CONTEXT", env = "FLEETC_DRIFT_CONTEXT", hide_env_values = true)]
    context: Option<String>,
    /// How it is printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    #[arg(env = "FLEETC_DRIFT_FORMAT", hide_env_values = true)]
    format: Format,
    /// Name the objects of others, too
    #[arg(long, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    #[arg(env = "FLEETC_DRIFT_ALL", hide_env_values = true)]
    all: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For reading
    Text,
    /// For programs, with the schema `fleetc.drift/1`
    Json,
    /// For a comment
    Markdown,
}

impl Drift {
    pub fn run(&self, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
        if self.context.is_some() && !self.run {
            return Err(Failure::new("`--context` is said to kubectl, which is not run").help("add `--run`"));
        }
        let start = load::start(global)?;
        let (_, compilation) = load::compile(&start, &[], terminal)?;
        terminal.diagnostics(&compilation.diagnostics, &compilation.sources);
        let Some(plan) = &compilation.plan else { return Ok(Exit::Problems) };
        let states = self.states(&start, plan, terminal)?;
        let tree = target::build(plan, &Engines { argocd: true, flux: true });
        let selection = Selection { engines: self.engines(), instance: self.instance.clone() };
        let drift = drift::compare(plan, &tree, &states, &selection).map_err(|unclear| self.unclear(&unclear))?;
        terminal.result(&match self.format {
            Format::Text => text::text(&drift, self.all),
            Format::Json => terminal::json(&json::json(&drift, self.all)),
            Format::Markdown => markdown::markdown(&drift),
        });
        Ok(if drift.is_any() { Exit::Differs } else { Exit::Fine })
    }

    fn engines(&self) -> Option<Engines> {
        let has = |target| self.target.contains(&target);
        (!self.target.is_empty()).then(|| Engines { argocd: has(Target::Argocd), flux: has(Target::Flux) })
    }

    /// Which engines a state is asked for of: those that are wanted, of those that the fleet has.
    fn asked(&self, plan: &Plan) -> Vec<bool> {
        let wanted = self.engines().unwrap_or(Engines { argocd: true, flux: true });
        let argocd = (wanted.argocd && !plan.argocd.is_empty()).then_some(true);
        let flux = (wanted.flux && !plan.flux.is_empty()).then_some(false);
        argocd.into_iter().chain(flux).collect()
    }

    fn states(&self, start: &Path, plan: &Plan, terminal: &Terminal) -> Result<Vec<State>, Failure> {
        let commands: Vec<Vec<String>> = self.asked(plan).into_iter().map(|argocd| self.command(argocd)).collect();
        if self.run {
            return commands.iter().map(|command| run(command, terminal)).collect();
        }
        if self.from.is_empty() {
            let lines = commands.iter().map(|command| format!("`{} | fleetc drift --from -`", command.join(" ")));
            let help =
                format!("{}, or let fleetc run it: `fleetc drift --run`", lines.collect::<Vec<_>>().join(" or "));
            return Err(Failure::new("there is no state to compare with").help(help));
        }
        self.from.iter().map(|from| file(start, from)).collect()
    }

    fn command(&self, argocd: bool) -> Vec<String> {
        let kinds: Vec<&str> = Kind::all(argocd).map(Kind::plural).collect();
        let mut words = vec!["kubectl".to_owned(), "get".to_owned(), kinds.join(","), "-A".to_owned()];
        words.extend(["-o".to_owned(), "json".to_owned()]);
        if let Some(context) = &self.context {
            words.push(format!("--context={context}"));
        }
        words
    }

    fn unclear(&self, unclear: &Unclear) -> Failure {
        match unclear {
            Unclear::NoObject(engine) => Failure::new(format!("the state holds no object of {engine}"))
                .help("without `--from` and `--run`, fleetc says which command prints it"),
            Unclear::Whose(names) => {
                let failure = Failure::new("nothing in the state is of this fleet, so it cannot be told whose it is");
                failure.help(format!("say it with `--target` or `--instance`; the fleet has {}", names.join(", ")))
            }
            Unclear::NoInstance(names) => {
                let name = self.instance.as_deref().unwrap_or_default();
                let failure = match &self.instance {
                    Some(name) => Failure::new(format!("no installation of these engines is named `{name}`")),
                    None => Failure::new("the fleet declares no such engine"),
                };
                let known = || names.iter().map(String::as_str);
                match did_you_mean(name, known()) {
                    Some(near) => failure.help(format!("did you mean `{near}`?")),
                    None if names.is_empty() => failure,
                    None => failure.help(format!("write {}", one_of(known()))),
                }
            }
        }
    }
}

/// What a file, or stdin, holds.
fn file(start: &Path, from: &str) -> Result<State, Failure> {
    let shown = if from == "-" { "stdin".to_owned() } else { format!("`{from}`") };
    let at_most = |input: &mut dyn Read| {
        let mut bytes = Vec::new();
        match input.take(LARGEST + 1).read_to_end(&mut bytes)? as u64 {
            read if read > LARGEST => Err(io::ErrorKind::FileTooLarge.into()),
            _ => Ok(bytes),
        }
    };
    let bytes = match from {
        "-" => at_most(&mut io::stdin().lock()),
        _ => File::open(start.join(from)).and_then(|mut file| match file.metadata()?.len() {
            size if size > LARGEST => Err(io::ErrorKind::FileTooLarge.into()),
            _ => at_most(&mut file),
        }),
    };
    let bytes = bytes.map_err(|error| Failure::new(format!("cannot read {shown}: {}", reason(&error))))?;
    read(&shown, &bytes)
}

fn read(shown: &str, bytes: &[u8]) -> Result<State, Failure> {
    let failed = |why: &str| Failure::new(format!("cannot read a state from {shown}: {why}"));
    let text = std::str::from_utf8(bytes).map_err(|_| failed("it is no UTF-8"))?;
    drift::read(text).map_err(|unreadable| failed(&unreadable.to_string()))
}

/// Runs a command that asks for every kind of an engine.
fn run(command: &[String], terminal: &Terminal) -> Result<State, Failure> {
    let shown = command.join(" ");
    terminal.say(&format!("run: {shown}"));
    let (program, arguments) = command.split_first().ok_or_else(|| Failure::new("no command"))?;
    let ran = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    let output = ran.map_err(|error| {
        let failure = Failure::new(format!("cannot run `{program}`: {}", reason(&error)));
        failure.help("it must be on the PATH; or give what it prints with `--from`")
    })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let first = drift::shown(said.lines().find(|line| !line.trim().is_empty()).unwrap_or_default());
        return Err(Failure::new(format!("`{shown}` failed: {first}")));
    }
    read(&format!("`{shown}`"), &output.stdout).map(State::whole)
}
