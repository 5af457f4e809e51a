//! `fleetc why`: where each value of a deployment came from.

use clap::{Args, ValueEnum};
use clap_complete::ArgValueCandidates;

use super::terminal::{self, Terminal};
use super::{Exit, Failure, Global, completions, load};
use crate::analysis;
use crate::diag::{did_you_mean, one_of};
use crate::plan::why::{Unknown, json, text};

/// Say where each value came from, and what it beat
#[derive(Debug, Args)]
pub struct Why {
    /// The cluster
    #[arg(value_name = "CLUSTER", add = ArgValueCandidates::new(completions::clusters))]
    cluster: String,
    /// The component
    #[arg(value_name = "COMPONENT", add = ArgValueCandidates::new(completions::components))]
    component: String,
    /// Only this: `version`, `values`, `values.image.tag` [default: everything that is set]
    #[arg(value_name = "FIELD")]
    field: Option<String>,
    /// How it is printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    #[arg(env = "FLEETC_WHY_FORMAT", hide_env_values = true)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For reading
    Text,
    /// For programs, with the schema `fleetc.why/1`
    Json,
}

impl Why {
    pub fn run(&self, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
        let project = load::project(&load::start(global)?, None, terminal)?;
        let (compilation, answer) = analysis::why(&project, &self.cluster, &self.component);
        let Some(answer) = answer else {
            terminal.diagnostics(&compilation.diagnostics, &compilation.sources);
            return Ok(Exit::Problems);
        };
        let mut why = answer.map_err(|unknown| failure(&unknown))?;
        if let Some(field) = &self.field {
            why.select(field).map_err(|unknown| failure(&unknown))?;
        }
        terminal.result(&match self.format {
            Format::Text => text::text(&why, &terminal.look()),
            Format::Json => terminal::json(&json::json(&why)),
        });
        Ok(Exit::Fine)
    }
}

fn failure(unknown: &Unknown) -> Failure {
    let Unknown { what, name, known } = unknown;
    let failure = Failure::new(format!("no {what} is named `{name}`"));
    match did_you_mean(name, known.iter().map(String::as_str)) {
        Some(near) => failure.help(format!("did you mean `{near}`?")),
        None => failure.help(format!("write {}", one_of(known.iter().map(String::as_str)))),
    }
}
