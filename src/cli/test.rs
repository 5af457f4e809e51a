//! `fleetc test`: whether what the `test` blocks expect holds.

use std::path::Path;

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args};
use clap_complete::ArgValueCandidates;

use super::check::Format;
use super::terminal::Terminal;
use super::{Exit, Failure, Global, completions, load, paths};
use crate::analysis::{self, Compilation, Tested};
use crate::diag::{Report, did_you_mean, one_of, render};
use crate::plan::expectations::Outcome;
use crate::project::Project;
use crate::source::{Sources, Span};

/// Run the `test` blocks of the fleet
///
/// What a test expects is compared with the plan. What does not hold is shown like any other problem, with the place that
/// decides. A fleet with errors is not tested: its problems are shown, as `check` does.
#[derive(Debug, Args)]
pub struct Test {
    /// Only the tests whose name holds this text
    #[arg(value_name = "FILTER", add = ArgValueCandidates::new(completions::tests))]
    filter: Option<String>,
    /// Name the tests, and run none
    #[arg(long, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    #[arg(env = "FLEETC_TEST_LIST", hide_env_values = true)]
    list: bool,
    /// How problems are shown
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "full")]
    #[arg(env = "FLEETC_TEST_FORMAT", hide_env_values = true)]
    format: Format,
}

impl Test {
    pub fn run(&self, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
        let start = load::start(global)?;
        let project = load::project(&start, None, terminal)?;
        let filter = self.filter.as_deref().unwrap_or("");
        let wanted = |name: &str| name.contains(filter);
        let (compilation, tested) = analysis::test(&project, |name| !self.list && wanted(name));
        let base = self.format.base().folder(&start, &project);
        let sources = paths::relative_to(&base, &project.root, &compilation.sources);
        let Some(tested) = tested else { return Ok(self.refuse(&compilation, &sources, terminal)) };
        let chosen: Vec<&(String, Span)> = tested.all.iter().filter(|(name, _)| wanted(name)).collect();
        if chosen.is_empty() && !tested.all.is_empty() {
            return Err(no_such(filter, &tested));
        }
        if self.list {
            terminal.result(&listed(&chosen, &project, &start, &compilation));
            return Ok(Exit::Fine);
        }
        self.show(&tested, &sources, terminal);
        let failed = tested.outcomes.iter().any(|outcome| !outcome.passed);
        Ok(if failed { Exit::Problems } else { Exit::Fine })
    }

    /// Shows why nothing was tested.
    fn refuse(&self, compilation: &Compilation, sources: &Sources, terminal: &mut Terminal) -> Exit {
        let report = Report::new(&compilation.diagnostics, sources);
        let mut text = self.format.text(&compilation.diagnostics, sources, &report, &terminal.look());
        if self.format.has_summary() && !terminal.is_quiet() {
            text.push_str(&format!("{}\n", render::summary(&report)));
        }
        terminal.result(&text);
        terminal.say("no test was run, because the fleet has errors");
        Exit::Problems
    }

    fn show(&self, tested: &Tested, sources: &Sources, terminal: &mut Terminal) {
        for outcome in &tested.outcomes {
            let ended = if outcome.passed { "passed" } else { "failed" };
            terminal.detail(&format!("{ended}: {}", outcome.name));
        }
        let cases = tested.outcomes.iter().map(|one: &Outcome| (one.name.as_str(), one.extent, one.passed));
        let report = Report::new(&tested.diagnostics, sources).with_tests(cases, sources);
        let mut text = self.format.text(&tested.diagnostics, sources, &report, &terminal.look());
        if self.format.has_summary() && !terminal.is_quiet() {
            text.push_str(&format!("{}\n", summary(tested)));
        }
        terminal.result(&text);
    }
}

/// `3 tests passed, 1 failed`, and how many were not asked for.
fn summary(tested: &Tested) -> String {
    if tested.all.is_empty() {
        return "there are no tests: write `test \"what must hold\" { expect component NAME on PREDICATE }`".to_owned();
    }
    let passed = tested.outcomes.iter().filter(|outcome| outcome.passed).count();
    let failed = tested.outcomes.len() - passed;
    let tests = if passed == 1 { "test" } else { "tests" };
    match tested.all.len() - tested.outcomes.len() {
        0 => format!("{passed} {tests} passed, {failed} failed"),
        others => format!("{passed} {tests} passed, {failed} failed, {others} not run"),
    }
}

/// Each test on a line of its own, with its place as editors read it.
fn listed(tests: &[&(String, Span)], project: &Project, start: &Path, compilation: &Compilation) -> String {
    let sources = paths::relative_to(start, &project.root, &compilation.sources);
    let line = |(name, span): &&(String, Span)| {
        let file = sources.file(span.source);
        let at = file.position(span.start);
        format!("{}:{}:{}: {name}\n", file.path, at.line, at.column)
    };
    tests.iter().map(line).collect()
}

fn no_such(filter: &str, tested: &Tested) -> Failure {
    let names = || tested.all.iter().map(|(name, _)| name.as_str());
    let failure = Failure::new(format!("no test has `{filter}` in its name"));
    match did_you_mean(filter, names()) {
        Some(near) => failure.help(format!("did you mean `{near}`?")),
        None => failure.help(format!("there is {}", one_of(names()))),
    }
}
