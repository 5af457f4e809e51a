//! Expected diagnostics, as comments.

use std::collections::BTreeMap;

use fleetc::analysis::Compilation;
use fleetc::diag::Diagnostic;

use super::{Files, compiled};

/// One expectation.
#[derive(Clone, Debug)]
struct Expected {
    severity: String,
    code: String,
    text: String,
    words: Option<String>,
}

/// Where the expectations of a line begin.
fn start(line: &str) -> Option<usize> {
    ["error", "warning", "note"].iter().filter_map(|word| line.find(&format!("# {word}: [F"))).min()
}

/// Whether the line holds nothing but expectations.
pub fn is_alone(line: &str) -> bool {
    start(line).is_some_and(|at| line[..at].trim().is_empty())
}

/// The text without its expectations.
pub fn without(text: &str) -> String {
    let lines = text.lines().filter(|line| !is_alone(line));
    lines.map(|line| format!("{}\n", start(line).map_or(line, |at| line[..at].trim_end()))).collect()
}

fn parse(line: &str) -> Vec<Expected> {
    let Some(at) = start(line) else { return Vec::new() };
    let mut rest = &line[at..];
    let mut all = Vec::new();
    while !rest.is_empty() {
        let next = start(&rest[1..]).map_or(rest.len(), |next| next + 1);
        let one = rest[..next].trim_end();
        rest = &rest[next..];
        let (severity, one) = one.trim_start_matches("# ").split_once(": [").unwrap();
        let (code, one) = one.split_once("] \"").unwrap_or_else(|| panic!("no text in `{line}`"));
        let (text, words) = match one.split_once("\" ~ ") {
            Some((text, words)) => (text, Some(words.to_owned())),
            None => (one.strip_suffix('"').unwrap_or_else(|| panic!("no closing quote in `{line}`")), None),
        };
        let text = text.to_owned();
        all.push(Expected { severity: severity.to_owned(), code: code.to_owned(), text, words });
    }
    all
}

/// By path and line.
fn expectations(files: &Files) -> BTreeMap<(String, u32), Vec<Expected>> {
    let mut all: BTreeMap<(String, u32), Vec<Expected>> = BTreeMap::new();
    for (path, text) in files {
        let mut number = 1;
        for line in text.lines() {
            let found = parse(line);
            if !found.is_empty() {
                all.entry((path.clone(), number)).or_default().extend(found);
            }
            number += u32::from(!is_alone(line));
        }
    }
    all
}

/// The path and line of a diagnostic.
fn place(diagnostic: &Diagnostic, compilation: &Compilation) -> (String, u32) {
    let file = compilation.sources.file(diagnostic.primary.span.source);
    (file.path.clone(), file.position(diagnostic.primary.span.start).line)
}

fn underlined(diagnostic: &Diagnostic, compilation: &Compilation) -> String {
    compilation.sources.text(diagnostic.primary.span).replace('\n', "\\n")
}

/// All words of a diagnostic.
fn words(diagnostic: &Diagnostic) -> String {
    let mut all = vec![diagnostic.message.clone(), diagnostic.primary.text.clone()];
    all.extend(diagnostic.related.iter().map(|label| label.text.clone()));
    all.extend(diagnostic.helps.iter().chain(&diagnostic.notes).cloned());
    all.join("\n")
}

fn show(diagnostic: &Diagnostic, compilation: &Compilation) -> String {
    let (path, line) = place(diagnostic, compilation);
    let code = diagnostic.code;
    let text = underlined(diagnostic, compilation);
    format!(
        "{path}:{line} # {}: [{}] \"{text}\" ({})",
        code.severity.word(),
        code.id,
        words(diagnostic).replace('\n', "; ")
    )
}

/// What was expected and not found, and the other way round.
pub fn failures(expected: &Files, compilation: &Compilation) -> Vec<String> {
    let mut expected = expectations(expected);
    let mut failures = Vec::new();
    for diagnostic in compilation.diagnostics.iter() {
        let here = expected.entry(place(diagnostic, compilation)).or_default();
        let text = underlined(diagnostic, compilation);
        let found = here.iter().position(|expected| {
            expected.code == diagnostic.code.id
                && expected.severity == diagnostic.code.severity.word()
                && expected.text == text
                && expected.words.as_ref().is_none_or(|part| words(diagnostic).contains(part))
        });
        match found {
            Some(index) => _ = here.remove(index),
            None => failures.push(format!("not expected: {}", show(diagnostic, compilation))),
        }
    }
    for ((path, line), left) in expected {
        failures.extend(left.iter().map(|one| format!("not found: {path}:{line} {one:?}")));
    }
    failures
}

/// Fixes whose application leaves their diagnostic where it is.
pub fn fixes(files: &Files, compilation: &Compilation) -> Vec<String> {
    let mut failures = Vec::new();
    for diagnostic in compilation.diagnostics.iter() {
        for fix in &diagnostic.fixes {
            let mut fixed = files.clone();
            let mut edits = fix.edits.clone();
            edits.sort_by_key(|edit| std::cmp::Reverse(edit.span.start));
            for edit in &edits {
                let path = &compilation.sources.file(edit.span.source).path;
                let (_, text) = fixed.iter_mut().find(|(other, _)| other == path).expect("a fix of a file of the user");
                text.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
            }
            let after = compiled(&fixed);
            let before = place(diagnostic, compilation);
            let syntax = |compilation: &Compilation| {
                compilation.diagnostics.iter().filter(|d| d.code.id.starts_with("F01")).count()
            };
            // How often the code stands on the line.
            let count = |compilation: &Compilation| {
                let same = |d: &&Diagnostic| d.code == diagnostic.code && place(d, compilation) == before;
                compilation.diagnostics.iter().filter(same).count()
            };
            if count(&after) >= count(compilation) || syntax(&after) > syntax(compilation) {
                let written: Vec<&str> = edits.iter().map(|edit| edit.text.as_str()).collect();
                failures.push(format!("the fix {written:?} does not help: {}", show(diagnostic, compilation)));
            }
        }
    }
    failures
}

/// The line with what was found there.
pub fn blessed(path: &str, number: u32, line: &str, compilation: &Compilation) -> String {
    let mut old = parse(line);
    let text = start(line).map_or(line, |at| line[..at].trim_end());
    let mut whole = text.to_owned();
    for diagnostic in compilation.diagnostics.iter() {
        if place(diagnostic, compilation) != (path.to_owned(), number) {
            continue;
        }
        let code = diagnostic.code;
        let text = underlined(diagnostic, compilation);
        let known = old.iter().position(|old| old.code == code.id && old.text == text);
        let kept = known.and_then(|index| old.remove(index).words).filter(|part| words(diagnostic).contains(part));
        whole.push_str(&format!(" # {}: [{}] \"{text}\"", code.severity.word(), code.id));
        if let Some(part) = kept {
            whole.push_str(&format!(" ~ {part}"));
        }
    }
    whole.push('\n');
    whole
}
