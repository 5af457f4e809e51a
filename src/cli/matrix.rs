//! `fleetc matrix`: which version runs where, as a picture.

use std::collections::BTreeSet;

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args, ValueEnum};
use clap_complete::ArgValueCandidates;

use super::graph::scope;
use super::plan::known;
use super::terminal::Terminal;
use super::{Exit, Failure, Global, completions, load};
use crate::picture::{self, html};

/// Show which version runs where
///
/// Clusters that are alike are one row, with how many they are.
#[derive(Debug, Args)]
pub struct Matrix {
    /// How it is drawn
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "ascii")]
    #[arg(env = "FLEETC_MATRIX_FORMAT", hide_env_values = true)]
    format: Format,
    /// Group the clusters by this label
    #[arg(long, value_name = "LABEL", add = ArgValueCandidates::new(completions::labels))]
    #[arg(env = "FLEETC_MATRIX_BY", hide_env_values = true)]
    by: Option<String>,
    /// Only this component. May be repeated
    #[arg(long, value_name = "NAME", value_delimiter = ',', add = ArgValueCandidates::new(completions::components))]
    #[arg(env = "FLEETC_MATRIX_COMPONENT", hide_env_values = true)]
    component: Vec<String>,
    /// Only this cluster. May be repeated
    #[arg(long, value_name = "CLUSTER", value_delimiter = ',', add = ArgValueCandidates::new(completions::clusters))]
    #[arg(env = "FLEETC_MATRIX_CLUSTER", hide_env_values = true)]
    cluster: Vec<String>,
    /// A row for every cluster
    #[arg(long, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    #[arg(env = "FLEETC_MATRIX_ALL", hide_env_values = true)]
    all: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a terminal
    Ascii,
    /// For Markdown, as GitHub and GitLab draw it
    Mermaid,
    /// For Graphviz
    Dot,
    /// A picture
    Svg,
    /// A page with the table, in one file
    Html,
    /// For spreadsheets, a line for every cluster
    Csv,
}

impl Matrix {
    pub fn run(&self, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
        let (_, compilation) = load::compile(&load::start(global)?, &[], terminal)?;
        terminal.diagnostics(&compilation.diagnostics, &compilation.sources);
        let Some(plan) = &compilation.plan else { return Ok(Exit::Problems) };
        let scope = scope(plan, &self.component, &self.cluster, &[], self.all)?;
        if let Some(by) = &self.by {
            let labels: BTreeSet<&str> =
                plan.clusters.iter().flat_map(|cluster| cluster.labels.keys()).map(String::as_str).collect();
            known("label", by, labels.iter().copied())?;
        }
        let matrix = picture::matrix(plan, &compilation.sources, &scope, self.by.as_deref());
        terminal.result(&match self.format {
            Format::Ascii => picture::matrix_text(&matrix, terminal.canvas()),
            Format::Mermaid => picture::matrix_mermaid(&matrix),
            Format::Dot => picture::matrix_dot(&matrix),
            Format::Svg => picture::matrix_svg(&matrix),
            Format::Html => html::matrix(&matrix),
            Format::Csv => picture::csv(&matrix),
        });
        Ok(Exit::Fine)
    }
}
