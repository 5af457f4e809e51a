//! The command line: what may be typed, what is printed where, and the exit code.
//!
//! A command's result goes to stdout and everything said about the way there to stderr. The commands only call the
//! pipeline and show what comes back; no rule of the language or of an engine is decided here.

mod adopt;
mod base;
mod build;
mod check;
mod colour;
mod completions;
mod diff;
mod drift;
mod explain;
mod fmt;
mod graph;
mod interrupt;
mod load;
mod man;
mod matrix;
mod panic;
mod paths;
mod plan;
mod schema;
mod terminal;
mod test;
mod threads;
mod why;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueHint};

use colour::Choice;
use terminal::Terminal;

use crate::project::reason;

/// Compiles a fleet, written in `.fleet` files, to Argo CD and Flux.
#[derive(Debug, Parser)]
#[command(name = "fleetc", version, max_term_width = 100, after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    global: Global,
}

const AFTER_HELP: &str = "Exit codes: 0 fine, 1 the sources have problems, 2 usage, configuration or I/O, \
                          3 out of date or different, 101 a bug in fleetc.\nfleetc never uses the network; `drift --run` runs kubectl.";

/// What every command takes. Each flag is also an environment variable; a command's own are `FLEETC_<COMMAND>_<FLAG>`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
struct Global {
    /// Run as if started in DIR
    #[arg(short = 'C', long = "directory", value_name = "DIR", global = true)]
    #[arg(env = "FLEETC_DIRECTORY", hide_env_values = true, value_hint = ValueHint::DirPath)]
    directory: Option<PathBuf>,
    /// When to use colours
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto", global = true)]
    #[arg(env = "FLEETC_COLOR", hide_env_values = true)]
    color: Choice,
    /// Print results and problems only
    #[arg(short, long, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new(), global = true)]
    #[arg(env = "FLEETC_QUIET", hide_env_values = true)]
    quiet: bool,
    /// Say more about what is done
    #[arg(short, long, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new(), global = true)]
    #[arg(conflicts_with = "quiet", env = "FLEETC_VERBOSE", hide_env_values = true)]
    verbose: bool,
    /// Show no progress
    #[arg(long, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new(), global = true)]
    #[arg(env = "FLEETC_NO_PROGRESS", hide_env_values = true)]
    // Nothing shows progress yet; scripts can say already that they want none.
    no_progress: bool,
    /// Draw with ASCII only
    #[arg(long, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new(), global = true)]
    #[arg(env = "FLEETC_ASCII", hide_env_values = true)]
    ascii: bool,
}

// What each one does is said at its own type, which `--help` shows.
#[derive(Debug, Subcommand)]
enum Command {
    Check(check::Check),
    Build(build::Build),
    Adopt(adopt::Adopt),
    Plan(plan::Plan),
    Diff(diff::Diff),
    Graph(graph::Graph),
    Matrix(matrix::Matrix),
    Test(test::Test),
    Why(why::Why),
    Drift(drift::Drift),
    Fmt(fmt::Fmt),
    Explain(explain::Explain),
    Schema(schema::Schema),
    Completions(completions::Completions),
    Man(man::Man),
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// All is well.
    Fine,
    /// The sources have problems.
    Problems,
    /// What was typed, the project's folder or the disk is at fault.
    Usage,
    /// Something is out of date or different.
    Differs,
    /// fleetc itself is at fault.
    Bug,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Fine => Self::SUCCESS,
            Exit::Problems => Self::from(1),
            Exit::Usage => Self::from(2),
            Exit::Differs => Self::from(3),
            Exit::Bug => Self::from(101),
        }
    }
}

/// What no diagnostic can say, because it has no place in a source: exit code 2.
#[derive(Debug)]
struct Failure {
    message: String,
    help: Option<String>,
}

impl Failure {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Runs the program with the arguments of the process.
pub fn main() -> ExitCode {
    panic::install();
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if completions::answer(&arguments, Cli::command) {
        return ExitCode::SUCCESS;
    }
    let typed = colour::typed(&arguments);
    let command = Cli::command().color(colour::for_clap(typed));
    let cli = command.try_get_matches_from(arguments).and_then(|matches| Cli::from_arg_matches(&matches));
    match cli {
        Ok(cli) => run(cli).into(),
        Err(error) => {
            // Fails when nobody reads it, which is no reason to say more.
            _ = error.print();
            if error.use_stderr() { Exit::Usage.into() } else { ExitCode::SUCCESS }
        }
    }
}

fn run(cli: Cli) -> Exit {
    let mut terminal = Terminal::new(&cli.global);
    let result = match &cli.command {
        Command::Check(check) => check.run(&cli.global, &mut terminal),
        Command::Build(build) => build.run(&cli.global, &mut terminal),
        Command::Adopt(adopt) => adopt.run(&cli.global, &mut terminal),
        Command::Plan(plan) => plan.run(&cli.global, &mut terminal),
        Command::Diff(diff) => diff.run(&cli.global, &mut terminal),
        Command::Graph(graph) => graph.run(&cli.global, &mut terminal),
        Command::Matrix(matrix) => matrix.run(&cli.global, &mut terminal),
        Command::Test(test) => test.run(&cli.global, &mut terminal),
        Command::Why(why) => why.run(&cli.global, &mut terminal),
        Command::Drift(drift) => drift.run(&cli.global, &mut terminal),
        Command::Fmt(fmt) => fmt.run(&cli.global, &mut terminal),
        Command::Explain(explain) => explain.run(&mut terminal),
        Command::Schema(schema) => schema.run(&mut terminal),
        Command::Completions(completions) => completions.run(&mut terminal),
        Command::Man(man) => man.run(&cli.global, Cli::command(), &mut terminal),
    };
    let exit = result.unwrap_or_else(|failure| {
        terminal.failure(&failure);
        Exit::Usage
    });
    match terminal.broken() {
        None => exit,
        Some(error) => {
            terminal.failure(&Failure::new(format!("cannot write to stdout: {}", reason(&error))));
            Exit::Usage
        }
    }
}
