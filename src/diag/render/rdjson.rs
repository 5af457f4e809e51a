//! The diagnostics of reviewdog.

use serde_json::{Value, json};

use super::text::harmless_json;
use crate::diag::report::{Finding, FixText, Position, Range, Report};

/// The findings as one `DiagnosticResult`. Columns are bytes of UTF-8 from 1, ends exclusive. A fix is suggested when all of
/// it is one edit of the same file: each suggestion is applied alone.
pub fn rdjson(report: &Report) -> String {
    let diagnostics: Vec<Value> = report.diagnostics.iter().map(diagnostic).collect();
    let value = json!({ "source": { "name": "fleetc" }, "diagnostics": diagnostics });
    harmless_json(format!("{value}\n"))
}

fn diagnostic(finding: &Finding) -> Value {
    let severity = match finding.severity.as_str() {
        "error" => "ERROR",
        "warning" => "WARNING",
        _ => "INFO",
    };
    let message: Vec<&str> =
        [finding.message.as_str()].into_iter().chain(finding.help.iter().map(String::as_str)).collect();
    let related: Vec<Value> = finding
        .related
        .iter()
        .map(|other| json!({ "message": other.message, "location": location(&other.file, other.range) }))
        .collect();
    json!({
        "message": message.join("\n"),
        "location": location(&finding.file, finding.range),
        "severity": severity,
        "code": { "value": finding.code },
        "suggestions": finding.fixes.iter().filter_map(|fix| suggestion(finding, fix)).collect::<Vec<_>>(),
        "related_locations": related,
    })
}

fn suggestion(finding: &Finding, fix: &FixText) -> Option<Value> {
    match fix.edits.as_slice() {
        [edit] if edit.file == finding.file => Some(json!({ "range": range(edit.range), "text": edit.text })),
        _ => None,
    }
}

fn location(file: &str, place: Range) -> Value {
    json!({ "path": file, "range": range(place) })
}

fn range(range: Range) -> Value {
    let position = |at: Position| json!({ "line": at.line, "column": at.byte });
    json!({ "start": position(range.start), "end": position(range.end) })
}
