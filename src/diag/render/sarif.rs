//! SARIF 2.1.0, for code scanning.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::text::harmless_json;
use crate::diag::codes::find_code;
use crate::diag::explain::markdown;
use crate::diag::report::{Finding, FixText, Range, Report};

/// How many results GitHub takes of one run.
const MOST: usize = 25_000;

/// The findings as one run. Columns are code points, as `columnKind` says; ends exclusive, as SARIF has them. The rules are
/// the codes that occur.
pub fn sarif(report: &Report) -> String {
    let mut codes: Vec<&str> = report.diagnostics.iter().map(|finding| finding.code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    let results: Vec<Value> = report.diagnostics.iter().take(MOST).map(|finding| result(finding, &codes)).collect();
    let left = report.summary.hidden + report.diagnostics.len().saturating_sub(MOST);
    let mut invocation = json!({ "executionSuccessful": true });
    if left > 0 {
        let text = format!("{left} more results are left out");
        let notification = json!({ "level": "warning", "message": { "text": text } });
        invocation = json!({ "executionSuccessful": true, "toolExecutionNotifications": [notification] });
    }
    let driver = json!({
        "name": report.tool,
        "version": report.version,
        "semanticVersion": report.version,
        "rules": codes.iter().map(|code| rule(code)).collect::<Vec<_>>(),
    });
    let value = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": driver },
            "invocations": [invocation],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    harmless_json(format!("{value}\n"))
}

fn rule(id: &str) -> Value {
    // A report of another version may hold a code that this one does not know.
    let Some(code) = find_code(id) else { return json!({ "id": id }) };
    let (level, page) = (code.severity.word(), markdown(code));
    json!({
        "id": code.id,
        "name": code.slug,
        "shortDescription": { "text": code.title },
        "fullDescription": { "text": code.title },
        "help": { "text": page, "markdown": page },
        "defaultConfiguration": { "level": level },
    })
}

fn result(finding: &Finding, codes: &[&str]) -> Value {
    let mut text = finding.message.clone();
    for help in &finding.help {
        _ = write!(text, "\n{help}");
    }
    let mut location = physical(&finding.file, finding.range);
    if let (Some(item), Some(location)) = (&finding.item, location.as_object_mut()) {
        location.insert("logicalLocations".to_owned(), json!([{ "fullyQualifiedName": item }]));
    }
    let related: Vec<Value> = (finding.related.iter().enumerate())
        .map(|(id, other)| {
            let mut place = physical(&other.file, other.range);
            if let Some(place) = place.as_object_mut() {
                place.insert("id".to_owned(), id.into());
                place.insert("message".to_owned(), json!({ "text": other.message }));
            }
            place
        })
        .collect();
    json!({
        "ruleId": finding.code,
        "ruleIndex": codes.binary_search(&finding.code.as_str()).unwrap_or_default(),
        "level": finding.severity,
        "message": { "text": text },
        "locations": [location],
        "relatedLocations": related,
        "fixes": finding.fixes.iter().map(fix).collect::<Vec<_>>(),
        "partialFingerprints": {
            "fleetcFingerprint/v1": finding.fingerprint,
            "primaryLocationLineHash": finding.fingerprint,
        },
    })
}

fn fix(fix: &FixText) -> Value {
    let mut files: Vec<(&str, Vec<Value>)> = Vec::new();
    for edit in &fix.edits {
        let replacement = json!({ "deletedRegion": region(edit.range), "insertedContent": { "text": edit.text } });
        match files.iter_mut().find(|(file, _)| *file == edit.file) {
            Some((_, replacements)) => replacements.push(replacement),
            None => files.push((&edit.file, vec![replacement])),
        }
    }
    let changes: Vec<Value> = files
        .into_iter()
        .map(|(file, replacements)| json!({ "artifactLocation": { "uri": uri(file) }, "replacements": replacements }))
        .collect();
    json!({ "description": { "text": format!("{} ({})", fix.title, fix.applicability) }, "artifactChanges": changes })
}

fn physical(file: &str, range: Range) -> Value {
    let mut place = Map::new();
    place.insert(
        "physicalLocation".to_owned(),
        json!({ "artifactLocation": { "uri": uri(file) }, "region": region(range) }),
    );
    Value::Object(place)
}

fn region(range: Range) -> Value {
    json!({
        "startLine": range.start.line,
        "startColumn": range.start.column,
        "endLine": range.end.line,
        "endColumn": range.end.column,
    })
}

/// A relative path as a URI: everything but letters, digits and `-._~/` in percent and hexadecimal digits.
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(char::from(byte)),
            byte => _ = write!(out, "%{byte:02X}"),
        }
    }
    out
}
