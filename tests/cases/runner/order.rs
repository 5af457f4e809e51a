//! The order of declarations does not matter.

use fleetc::analysis::Compilation;
use fleetc::source::SourceId;

use super::{Files, compiled, plan_of};

/// The text with its declarations in the opposite order; none where it cannot be taken apart.
fn reversed(text: &str) -> Option<String> {
    let parse = fleetc::syntax::parse(SourceId::default(), text);
    if !parse.diagnostics.is_empty() {
        return None;
    }
    let spans = parse.file.declarations.iter().rev().map(|declaration| declaration.span);
    Some(spans.map(|span| format!("{}\n", &text[span.start as usize..span.end as usize])).collect())
}

/// Code and underlined text of every diagnostic, sorted. Which of two is the second is a matter of order.
fn reported(compilation: &Compilation) -> Vec<(&'static str, String)> {
    let one = |d: &fleetc::diag::Diagnostic| match d.code.id {
        second @ ("F0005" | "F0212" | "F0213") => (second, String::new()),
        id => (id, compilation.sources.text(d.primary.span).to_owned()),
    };
    let mut all: Vec<(&str, String)> = compilation.diagnostics.iter().map(one).collect();
    all.sort();
    all
}

/// What differs when the declarations stand in the opposite order.
pub fn failures(files: &Files, compilation: &Compilation) -> Vec<String> {
    let mut other = Files::new();
    for (path, text) in files {
        let text = if path.ends_with(".fleet") { reversed(text) } else { Some(text.clone()) };
        let Some(text) = text else { return Vec::new() };
        other.push((path.clone(), text));
    }
    let other = compiled(&other);
    let mut failures = Vec::new();
    if reported(compilation) != reported(&other) {
        failures.push(format!("with the declarations reversed it reports {:?}", reported(&other)));
    }
    if plan_of(compilation) != plan_of(&other) {
        failures.push("with the declarations reversed it is another plan".to_owned());
    }
    failures
}
