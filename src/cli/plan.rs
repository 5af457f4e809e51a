//! `fleetc plan`: what runs where, and in which order.

use clap::{Args, ValueEnum};

use super::terminal::Terminal;
use super::{Exit, Failure, Global, load};
use crate::plan::{json, text};

/// Show what runs where, and in which order
#[derive(Debug, Args)]
pub struct Plan {
    /// How it is printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    #[arg(env = "FLEETC_PLAN_FORMAT", hide_env_values = true)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For reading
    Text,
    /// For programs, with the schema `fleetc.plan/1`
    Json,
}

impl Plan {
    pub fn run(&self, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
        let (_, compilation) = load::compile(&load::start(global)?, &[], terminal)?;
        terminal.diagnostics(&compilation.diagnostics, &compilation.sources);
        let Some(plan) = &compilation.plan else { return Ok(Exit::Problems) };
        terminal.result(&match self.format {
            Format::Text => text::text(plan),
            Format::Json => format!("{:#}\n", json::json(plan)),
        });
        Ok(Exit::Fine)
    }
}
