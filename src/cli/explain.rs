//! `fleetc explain`: the pages of the codes and of the language's terms, and the registry of both.

use std::fmt::Write as _;

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args, ValueEnum};
use clap_complete::ArgValueCandidates;

use super::terminal::Terminal;
use super::{Exit, Failure, completions};
use crate::diag::codes::{ALL, find_code};
use crate::diag::{Code, did_you_mean, explain};
use crate::terms::{self, Term};

/// Explain a diagnostic or a term of the language
///
/// Says what a code means, shows what raises it and what does not. Says what a block, an attribute or an idea of the
/// language is.
#[derive(Debug, Args)]
pub struct Explain {
    /// A code or its name, `F0201`, `unknown-cluster`; or a term, `rollout`, `after`, `stage.max`
    #[arg(value_name = "CODE|TERM", required_unless_present = "all", conflicts_with = "all")]
    #[arg(add = ArgValueCandidates::new(completions::explained))]
    code: Option<String>,
    /// List every code and term
    #[arg(long, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    all: bool,
    /// How it is printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    #[arg(env = "FLEETC_EXPLAIN_FORMAT", hide_env_values = true)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For reading in a terminal
    Text,
    /// Markdown
    #[value(alias = "md")]
    Markdown,
    /// One JSON object
    Json,
}

/// What has a page.
enum Subject {
    Code(&'static Code),
    Term(Term),
}

impl Explain {
    pub fn run(&self, terminal: &mut Terminal) -> Result<Exit, Failure> {
        let subject = self.code.as_deref().map(find).transpose()?;
        let text = match (&subject, self.format) {
            (None, Format::Text) => table(),
            (None, Format::Markdown) => markdown_table(),
            (None, Format::Json) => terms::registry_json(),
            (Some(Subject::Code(code)), Format::Text) => explain::explain(code, &terminal.look()),
            (Some(Subject::Code(code)), Format::Markdown) => explain::markdown(code),
            (Some(Subject::Code(code)), Format::Json) => explain::code_json(code),
            (Some(Subject::Term(term)), Format::Text) => explain::page(&term.page, &terminal.look()),
            (Some(Subject::Term(term)), Format::Markdown) => term.page.clone(),
            (Some(Subject::Term(term)), Format::Json) => terms::term_json(term),
        };
        terminal.result(&text);
        Ok(Exit::Fine)
    }
}

fn find(name: &str) -> Result<Subject, Failure> {
    if let Some(code) = find_code(name) {
        return Ok(Subject::Code(code));
    }
    terms::find(name).map(Subject::Term).ok_or_else(|| {
        let failure = Failure::new(format!("no diagnostic or term is named `{name}`"));
        failure.help(match nearest(name) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`fleetc explain --all` lists them".to_string(),
        })
    })
}

/// The nearest code when `name` looks like one, else the nearest slug or term.
fn nearest(name: &str) -> Option<String> {
    let written = name.to_ascii_uppercase();
    let like_a_code = written.starts_with('F') && written.contains(|c: char| c.is_ascii_digit());
    let code = did_you_mean(&written, ALL.iter().map(|code| code.id)).filter(|_| like_a_code);
    let terms = terms::names();
    let words = terms.iter().map(String::as_str).chain(ALL.iter().map(|code| code.slug));
    code.or_else(|| did_you_mean(name, words)).map(str::to_string)
}

fn table() -> String {
    let width = ALL.iter().map(|code| code.slug.len()).max().unwrap_or(0);
    let mut text = String::new();
    for code in ALL {
        _ = writeln!(text, "{}  {:7}  {:width$}  {}", code.id, code.severity.word(), code.slug, code.title);
    }
    let terms = terms::all();
    let width = terms.iter().map(|term| term.name.len()).max().unwrap_or(0);
    text.push('\n');
    for term in &terms {
        _ = writeln!(text, "{:9}  {:width$}  {}", term.kind.word(), term.name, term.title);
    }
    text
}

fn markdown_table() -> String {
    let cell = |text: &str| text.replace('|', "\\|");
    let mut text = String::from("# Diagnostics\n\n| code | name | severity | what is wrong |\n|---|---|---|---|\n");
    for code in ALL {
        let title = cell(code.title);
        _ = writeln!(text, "| {} | `{}` | {} | {title} |", code.id, code.slug, code.severity.word());
    }
    text.push_str("\n# Terms\n\n| term | kind | meaning |\n|---|---|---|\n");
    for term in terms::all() {
        _ = writeln!(text, "| `{}` | {} | {} |", term.name, term.kind.word(), cell(&term.title));
    }
    text
}
