//! `fleetc graph`: rollouts, and what comes after what, as a picture.

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args, ValueEnum};
use clap_complete::ArgValueCandidates;

use super::plan::known;
use super::terminal::Terminal;
use super::{Exit, Failure, Global, completions, load};
use crate::picture::{self, Scope, html};
use crate::plan::Plan;

/// Draw the rollouts, and what comes after what
///
/// Clusters of a stage that are alike are drawn as one, with how many they are.
#[derive(Debug, Args)]
pub struct Graph {
    /// How it is drawn
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "ascii")]
    #[arg(env = "FLEETC_GRAPH_FORMAT", hide_env_values = true)]
    format: Format,
    /// Only this component. May be repeated
    #[arg(long, value_name = "NAME", value_delimiter = ',', add = ArgValueCandidates::new(completions::components))]
    #[arg(env = "FLEETC_GRAPH_COMPONENT", hide_env_values = true)]
    component: Vec<String>,
    /// Only this rollout. May be repeated
    #[arg(long, value_name = "NAME", value_delimiter = ',', add = ArgValueCandidates::new(completions::rollouts))]
    #[arg(env = "FLEETC_GRAPH_ROLLOUT", hide_env_values = true)]
    rollout: Vec<String>,
    /// Only this cluster. May be repeated
    #[arg(long, value_name = "CLUSTER", value_delimiter = ',', add = ArgValueCandidates::new(completions::clusters))]
    #[arg(env = "FLEETC_GRAPH_CLUSTER", hide_env_values = true)]
    cluster: Vec<String>,
    /// Every cluster for itself
    #[arg(long, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    #[arg(env = "FLEETC_GRAPH_ALL", hide_env_values = true)]
    all: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a terminal; without `--ascii` with lines of Unicode
    Ascii,
    /// For Markdown, as GitHub and GitLab draw it
    Mermaid,
    /// For Graphviz
    Dot,
    /// A picture
    Svg,
    /// A page with the picture, in one file
    Html,
}

impl Graph {
    pub fn run(&self, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
        let (_, compilation) = load::compile(&load::start(global)?, &[], terminal)?;
        terminal.diagnostics(&compilation.diagnostics, &compilation.sources);
        let Some(plan) = &compilation.plan else { return Ok(Exit::Problems) };
        let scope = scope(plan, &self.component, &self.cluster, &self.rollout, self.all)?;
        let graph = picture::graph(plan, &scope);
        terminal.result(&match self.format {
            Format::Ascii => picture::graph_text(&graph, terminal.canvas()),
            Format::Mermaid => picture::graph_mermaid(&graph),
            Format::Dot => picture::graph_dot(&graph),
            Format::Svg => picture::graph_svg(&graph),
            Format::Html => html::graph(&graph),
        });
        Ok(Exit::Fine)
    }
}

/// What is to be shown, when all of it is known.
pub(super) fn scope(
    plan: &Plan,
    components: &[String],
    clusters: &[String],
    rollouts: &[String],
    each: bool,
) -> Result<Scope, Failure> {
    let mut declared: Vec<&str> = plan.deployments.iter().map(|deployment| &*deployment.component).collect();
    declared.dedup();
    for name in components {
        known("component", name, declared.iter().copied())?;
    }
    for name in clusters {
        known("cluster", name, plan.clusters.iter().map(|cluster| &*cluster.name))?;
    }
    for name in rollouts {
        known("rollout", name, plan.rollouts.iter().map(|rollout| &*rollout.name))?;
    }
    let set = |names: &[String]| names.iter().cloned().collect();
    Ok(Scope { components: set(components), clusters: set(clusters), rollouts: set(rollouts), each })
}
