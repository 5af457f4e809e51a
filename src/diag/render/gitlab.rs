//! A GitLab code quality report.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::text::harmless_json;
use crate::diag::report::{Finding, Position, Report};

/// The findings as one JSON list. Equal fingerprints would be dropped, so a repeated one gets a number. Columns are code
/// points; the end is that of the last character.
pub fn gitlab(report: &Report) -> String {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut issues = Vec::new();
    for finding in &report.diagnostics {
        let count = seen.entry(&finding.fingerprint).or_default();
        *count += 1;
        let fingerprint = match *count {
            1 => finding.fingerprint.clone(),
            count => format!("{}-{count}", finding.fingerprint),
        };
        issues.push(issue(finding, &fingerprint));
    }
    harmless_json(format!("{}\n", Value::Array(issues)))
}

fn issue(finding: &Finding, fingerprint: &str) -> Value {
    let severity = match finding.severity.as_str() {
        "error" => "major",
        "warning" => "minor",
        _ => "info",
    };
    let position = |at: Position, column: u32| json!({ "line": at.line, "column": column });
    let (start, end) = (finding.range.start, finding.range.end);
    let last = if start.line == end.line { end.column.saturating_sub(1).max(start.column) } else { end.column };
    json!({
        "description": format!("{}: {}", finding.code, finding.message),
        "check_name": finding.slug,
        "fingerprint": fingerprint,
        "severity": severity,
        "location": {
            "path": finding.file,
            "positions": { "begin": position(start, start.column), "end": position(end, last) },
        },
    })
}
