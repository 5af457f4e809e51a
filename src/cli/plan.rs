//! `fleetc plan`: what runs where, and in which order.

use std::collections::BTreeSet;

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args, ValueEnum};
use clap_complete::ArgValueCandidates;

use super::base::Base;
use super::terminal::{self, Terminal};
use super::{Exit, Failure, Global, completions, load};
use crate::change::{self, Side};
use crate::diag::{did_you_mean, one_of};
use crate::picture::{html, markdown};
use crate::plan::{self, json, text};
use crate::simulate;
use crate::source::Sources;
use crate::target::{self, Engines};

/// Show what runs where, and in which order
#[derive(Debug, Args)]
pub struct Plan {
    /// How it is printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    #[arg(env = "FLEETC_PLAN_FORMAT", hide_env_values = true)]
    format: Format,
    /// Step through a change of every component: what starts when, and what each gate costs
    #[arg(long, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    #[arg(env = "FLEETC_PLAN_SIMULATE", hide_env_values = true)]
    simulate: bool,
    /// With `--simulate`: nothing becomes healthy on this cluster; what freezes? May be repeated
    #[arg(long, value_name = "CLUSTER", value_delimiter = ',', add = ArgValueCandidates::new(completions::clusters))]
    #[arg(env = "FLEETC_PLAN_UNHEALTHY", hide_env_values = true)]
    unhealthy: Vec<String>,
    /// With `--simulate`: show this component only
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(completions::components))]
    #[arg(env = "FLEETC_PLAN_COMPONENT", hide_env_values = true)]
    component: Option<String>,
    /// Say what becomes other since this commit, and how careful to be
    #[arg(long, value_name = "REV", env = "FLEETC_PLAN_BASE", hide_env_values = true)]
    base: Option<String>,
    /// With `--base`: exit with 3 when anything differs
    #[arg(long, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new(), requires = "base")]
    #[arg(env = "FLEETC_PLAN_EXIT_CODE", hide_env_values = true)]
    exit_code: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For reading
    Text,
    /// For programs, with the schema `fleetc.plan/1`, `fleetc.simulation/1` or `fleetc.change/1`
    Json,
    /// For a comment, with at most 65,536 characters
    Markdown,
    /// A page in one file
    Html,
}

impl Plan {
    pub fn run(&self, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
        if !self.simulate && (!self.unhealthy.is_empty() || self.component.is_some()) {
            let flag = if self.unhealthy.is_empty() { "--component" } else { "--unhealthy" };
            return Err(Failure::new(format!("`{flag}` says something of a simulation")).help("add `--simulate`"));
        }
        if self.base.is_some() && self.simulate {
            return Err(Failure::new("`--simulate` says nothing of a change").help("leave out one of them"));
        }
        let start = load::start(global)?;
        let (_, compilation) = load::compile(&start, &[], terminal)?;
        terminal.diagnostics(&compilation.diagnostics, &compilation.sources);
        let Some(plan) = &compilation.plan else { return Ok(Exit::Problems) };
        if let Some(revision) = &self.base {
            let base = Base::at(&start, revision, terminal)?;
            let none = Sources::default();
            let change = change::compare(&base.side(&none), &Side { plan: Some(plan), sources: &compilation.sources });
            terminal.result(&match self.format {
                Format::Json => terminal::json(&change::json::json(&change)),
                Format::Markdown => change::markdown::markdown(&change),
                Format::Html => change::html::html(&change),
                Format::Text => change::text::text(&change),
            });
            return Ok(if self.exit_code && change.is_any() { Exit::Differs } else { Exit::Fine });
        }
        terminal.result(&match (self.simulate, self.format) {
            (true, format) => self.simulated(plan, format)?,
            (false, Format::Text) => text::text(plan),
            (false, Format::Json) => terminal::json(&json::written(plan)),
            (false, Format::Markdown) => markdown::markdown(plan, &compilation.sources),
            (false, Format::Html) => html::report(plan, &compilation.sources),
        });
        Ok(Exit::Fine)
    }

    fn simulated(&self, plan: &plan::Plan, format: Format) -> Result<String, Failure> {
        let clusters: Vec<&str> = plan.clusters.iter().map(|cluster| &*cluster.name).collect();
        let components: BTreeSet<&str> = plan.deployments.iter().map(|deployment| &*deployment.component).collect();
        for name in &self.unhealthy {
            known("cluster", name, clusters.iter().copied())?;
        }
        if let Some(name) = &self.component {
            known("component", name, components.iter().copied())?;
        }
        let tree = target::build(plan, &Engines { argocd: true, flux: true });
        let simulation = simulate::simulate(plan, &tree, &self.unhealthy.iter().cloned().collect());
        let component = self.component.as_deref();
        Ok(match format {
            Format::Text => simulate::text::text(&simulation, component),
            Format::Json => terminal::json(&simulate::json::json(&simulation, component)),
            Format::Markdown | Format::Html => {
                let failure = Failure::new("a simulation is printed as text or JSON only");
                return Err(failure.help("leave out `--simulate`, or write `--format text` or `--format json`"));
            }
        })
    }
}

pub(super) fn known<'n>(what: &str, name: &str, names: impl Iterator<Item = &'n str> + Clone) -> Result<(), Failure> {
    if names.clone().any(|known| known == name) {
        return Ok(());
    }
    let failure = Failure::new(format!("no {what} is named `{name}`"));
    Err(match did_you_mean(name, names.clone()) {
        Some(near) => failure.help(format!("did you mean `{near}`?")),
        None => failure.help(format!("write {}", one_of(names))),
    })
}
