//! `fleetc explain`: the pages of the codes, and the registry.

use std::fmt::Write as _;

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args, ValueEnum};

use super::terminal::Terminal;
use super::{Exit, Failure};
use crate::diag::codes::{ALL, find_code};
use crate::diag::{Code, did_you_mean, explain};

/// Explain a diagnostic
///
/// Says what a code means, shows what raises it and what does not.
#[derive(Debug, Args)]
pub struct Explain {
    /// The code or its name: `F0201`, `unknown-cluster`
    #[arg(value_name = "CODE", required_unless_present = "all", conflicts_with = "all")]
    code: Option<String>,
    /// List every code
    #[arg(long, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    all: bool,
    /// How it is printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    #[arg(env = "FLEETC_EXPLAIN_FORMAT", hide_env_values = true)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Markdown, or a table
    Text,
    /// One JSON object
    Json,
}

impl Explain {
    pub fn run(&self, terminal: &mut Terminal) -> Result<Exit, Failure> {
        let text = match (&self.code, self.format) {
            (None, Format::Text) => table(),
            (None, Format::Json) => explain::registry_json(),
            (Some(name), Format::Text) => explain::explain(find(name)?, &terminal.look()),
            (Some(name), Format::Json) => explain::code_json(find(name)?),
        };
        terminal.result(&text);
        Ok(Exit::Fine)
    }
}

fn find(name: &str) -> Result<&'static Code, Failure> {
    find_code(name).ok_or_else(|| {
        let failure = Failure::new(format!("no diagnostic has the code `{name}`"));
        let written = name.to_ascii_uppercase();
        let near = did_you_mean(&written, ALL.iter().map(|code| code.id))
            .filter(|_| written.starts_with('F') && written.contains(|c: char| c.is_ascii_digit()))
            .or_else(|| did_you_mean(name, ALL.iter().map(|code| code.slug)));
        failure.help(match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`fleetc explain --all` lists them".to_string(),
        })
    })
}

fn table() -> String {
    let width = ALL.iter().map(|code| code.slug.len()).max().unwrap_or(0);
    let mut text = String::new();
    for code in ALL {
        _ = writeln!(text, "{}  {:7}  {:width$}  {}", code.id, code.severity.word(), code.slug, code.title);
    }
    text
}
