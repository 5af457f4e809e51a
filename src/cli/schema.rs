//! `fleetc schema`: the JSON Schemas of the formats that programs read.

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::terminal::Terminal;
use super::{Exit, Failure};

/// The schemas that there are: the name and the text. A further one is a further line.
const SCHEMAS: &[(&str, &str)] = &[
    ("diagnostics", include_str!("../../schemas/diagnostics.json")),
    ("plan", include_str!("../../schemas/plan.json")),
    ("simulation", include_str!("../../schemas/simulation.json")),
    ("drift", include_str!("../../schemas/drift.json")),
    ("change", include_str!("../../schemas/change.json")),
    ("diff", include_str!("../../schemas/diff.json")),
];

/// Print the JSON Schema of a machine format
///
/// `diagnostics` is what `check --format json` prints, `plan` what `plan --format json` prints, `simulation` what it prints
/// with `--simulate` and `change` with `--base`, `drift` what `drift --format json` prints, and `diff` what
/// `diff --format json` prints.
#[derive(Debug, Args)]
pub struct Schema {
    /// Which format
    #[arg(value_name = "NAME", value_parser = PossibleValuesParser::new(SCHEMAS.iter().map(|(name, _)| *name)))]
    name: String,
}

impl Schema {
    pub fn run(&self, terminal: &mut Terminal) -> Result<Exit, Failure> {
        let found = SCHEMAS.iter().find(|(name, _)| *name == self.name);
        let (_, text) = found.ok_or_else(|| Failure::new(format!("no schema is named `{}`", self.name)))?;
        terminal.result(text);
        Ok(Exit::Fine)
    }
}
