//! Runs `cases/*.txt`.
//!
//! A file holds cases. Each begins with `=== name`, then the input, then `--- tree` and `--- diagnostics` with what is
//! expected. Files whose name begins with `valid-` are valid text: no diagnostic, no error node.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use fleetc::source::{Sources, Span};

use crate::outline::outline;
use crate::read;

struct Case {
    name: String,
    input: String,
    expected: String,
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/syntax/cases");
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn cases(text: &str) -> Vec<Case> {
    text.split("=== ")
        .skip(1)
        .map(|part| {
            let (name, rest) = part.split_once('\n').unwrap();
            let (input, expected) = rest.split_once("--- tree\n").unwrap_or((rest, ""));
            let input = input.strip_suffix('\n').unwrap_or(input);
            Case { name: name.to_owned(), input: input.to_owned(), expected: expected.trim_end().to_owned() }
        })
        .collect()
}

fn place(sources: &Sources, span: Span) -> String {
    let file = sources.file(span.source);
    let at = file.position(span.start);
    format!("{}:{} `{}`", at.line, at.column, sources.text(span).replace('\n', "⏎"))
}

fn actual(input: &str) -> (String, usize) {
    let (sources, _, parsed) = read(input);
    let mut out = outline(&parsed.file);
    let count = parsed.diagnostics.iter().count();
    if count > 0 {
        out.push_str("--- diagnostics\n");
    }
    for item in parsed.diagnostics.iter() {
        writeln!(out, "{} {} {}", item.code.id, place(&sources, item.primary.span), item.message).unwrap();
        writeln!(out, "  label: {}", item.primary.text).unwrap();
        for label in &item.related {
            writeln!(out, "  also {} {}", place(&sources, label.span), label.text).unwrap();
        }
        for help in &item.helps {
            writeln!(out, "  help: {help}").unwrap();
        }
        for note in &item.notes {
            writeln!(out, "  note: {note}").unwrap();
        }
        for fix in &item.fixes {
            let edits: Vec<String> =
                fix.edits.iter().map(|edit| format!("{} -> {:?}", place(&sources, edit.span), edit.text)).collect();
            writeln!(out, "  fix, {:?}: {}: {}", fix.applicability, fix.title, edits.join(", ")).unwrap();
        }
    }
    (out.trim_end().to_owned(), count)
}

#[test]
fn every_case_reads_as_it_says() {
    let bless = std::env::var_os("FLEETC_BLESS").is_some();
    let mut failures = String::new();
    for path in files() {
        let text = fs::read_to_string(&path).unwrap();
        let mut blessed = String::new();
        for case in cases(&text) {
            let (actual, _) = actual(&case.input);
            write!(blessed, "=== {}\n{}\n--- tree\n{actual}\n\n", case.name, case.input).unwrap();
            if actual != case.expected {
                write!(
                    failures,
                    "\n{}: {}\n{}\nexpected:\n{}\nfound:\n{actual}\n",
                    path.display(),
                    case.name,
                    case.input,
                    case.expected
                )
                .unwrap();
            }
        }
        if bless {
            fs::write(&path, blessed.trim_end().to_owned() + "\n").unwrap();
        }
    }
    assert!(bless || failures.is_empty(), "{failures}");
}

#[test]
fn valid_text_has_no_diagnostic_and_no_error_node() {
    for path in files().iter().filter(|path| path.to_string_lossy().contains("valid-")) {
        for case in cases(&fs::read_to_string(path).unwrap()) {
            let (_, _, parsed) = read(&case.input);
            let broken: Vec<_> = parsed.cst.nodes().iter().filter(|node| node.kind.is_error()).collect();
            assert!(broken.is_empty(), "{}: {broken:?}", case.name);
            assert!(parsed.diagnostics.is_empty(), "{}: {:?}", case.name, parsed.diagnostics);
        }
    }
}

#[test]
fn every_safe_fix_removes_its_diagnostic() {
    for path in files() {
        for case in cases(&fs::read_to_string(&path).unwrap()) {
            let (_, _, parsed) = read(&case.input);
            for item in parsed.diagnostics.iter() {
                for fix in item.fixes.iter().filter(|fix| fix.applicability == fleetc::diag::Applicability::Safe) {
                    let mut text = case.input.clone();
                    for edit in fix.edits.iter().rev() {
                        text.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
                    }
                    let (_, _, after) = read(&text);
                    let (before, after) = (parsed.diagnostics.iter().count(), after.diagnostics.iter().count());
                    assert!(after < before, "{}: {}\n{text}", case.name, fix.title);
                }
            }
        }
    }
}
