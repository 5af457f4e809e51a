//! `fleetc adopt`: takes over files that are in the way of a build, by name.

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args, ValueHint};

use super::build::Build;
use super::terminal::Terminal;
use super::{Exit, Failure, Global};

/// Take over files that are in the way of a build
///
/// A build overwrites only what it wrote. Without PATH this lists the files that stand in its way, writes nothing, and exits
/// with 3 when there are any. With PATH it builds, and overwrites these. An object in them that the fleet does not make would
/// be deleted from the clusters, so that is an error.
#[derive(Debug, Args)]
pub struct Adopt {
    /// The files to overwrite, or folders that hold them
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    paths: Vec<String>,
    /// What is removed is judged by the output that was committed here
    #[arg(long, value_name = "REV", default_value = "HEAD", env = "FLEETC_ADOPT_BASE", hide_env_values = true)]
    base: String,
    /// Do not ask Git what was committed; then nothing may be removed
    #[arg(long, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    #[arg(env = "FLEETC_ADOPT_NO_BASELINE", hide_env_values = true)]
    no_baseline: bool,
}

impl Adopt {
    pub fn run(&self, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
        Build::adopting(self.paths.clone(), self.base.clone(), self.no_baseline).run(global, terminal)
    }
}
