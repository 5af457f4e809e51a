//! Diagnostics as JSON, the public contract that all other machine formats are computed from.

use serde_json::{Value, json};

use super::project_files;
use crate::diag::codes::Severity;
use crate::diag::diagnostic::{Applicability, Diagnostic, Diagnostics, Edit, Fix, Label};
use crate::source::{Position, Sources, Span};

/// The version of the format; it grows when a field changes its meaning or goes.
const SCHEMA: u32 = 1;

/// All diagnostics as one JSON object on one line.
///
/// Lines and columns count from 1: `column` in code points, `utf16` in UTF-16 units, `byte` in bytes of the line;
/// `offset` in bytes from the start of the file. `fixable` is how many diagnostics have a fix, safe or not.
pub fn json(diagnostics: &Diagnostics, sources: &Sources) -> String {
    let items: Vec<Value> = diagnostics.iter().map(|item| diagnostic(item, sources)).collect();
    let value = json!({
        "schema": SCHEMA,
        "tool": "fleetc",
        "version": env!("CARGO_PKG_VERSION"),
        "summary": {
            "errors": diagnostics.count(Severity::Error),
            "warnings": diagnostics.count(Severity::Warning),
            "files": project_files(sources),
            "fixable": diagnostics.iter().filter(|item| !item.fixes.is_empty()).count(),
        },
        "diagnostics": items,
    });
    format!("{value}\n")
}

fn diagnostic(item: &Diagnostic, sources: &Sources) -> Value {
    json!({
        "code": item.code.id,
        "slug": item.code.slug,
        "severity": item.severity().word(),
        "message": item.message,
        "file": path(item.primary.span, sources),
        "range": range(item.primary.span, sources),
        "label": item.primary.text,
        "related": item.related.iter().map(|label| related(label, sources)).collect::<Vec<_>>(),
        "help": item.helps,
        "notes": item.notes,
        "fixes": item.fixes.iter().map(|fix| one_fix(fix, sources)).collect::<Vec<_>>(),
    })
}

fn related(label: &Label, sources: &Sources) -> Value {
    json!({
        "file": path(label.span, sources),
        "range": range(label.span, sources),
        "message": label.text,
    })
}

fn one_fix(fix: &Fix, sources: &Sources) -> Value {
    let applicability = match fix.applicability {
        Applicability::Safe => "safe",
        Applicability::Unsafe => "unsafe",
    };
    let edit = |edit: &Edit| {
        json!({
            "file": path(edit.span, sources),
            "range": range(edit.span, sources),
            "text": edit.text,
        })
    };
    json!({
        "title": fix.title,
        "applicability": applicability,
        "edits": fix.edits.iter().map(edit).collect::<Vec<_>>(),
    })
}

fn path(span: Span, sources: &Sources) -> &str {
    &sources.file(span.source).path
}

fn range(span: Span, sources: &Sources) -> Value {
    let file = sources.file(span.source);
    json!({ "start": position(file.position(span.start)), "end": position(file.position(span.end)) })
}

fn position(at: Position) -> Value {
    json!({ "line": at.line, "column": at.column, "utf16": at.utf16, "byte": at.byte, "offset": at.offset })
}
