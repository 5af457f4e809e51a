//! A JSON object a line, for programs that read as they go.

use serde_json::{Map, Value, json};

use super::text::harmless_json;
use crate::diag::report::Report;

/// Each finding of the report on a line, with `"type":"diagnostic"`, and at the end the rest of it with
/// `"type":"summary"`.
pub fn jsonl(report: &Report) -> String {
    let mut out = String::new();
    for finding in &report.diagnostics {
        out += &line("diagnostic", serde_json::to_value(finding).unwrap_or_default());
    }
    let rest = json!({
        "schema": report.schema, "tool": report.tool, "version": report.version, "summary": report.summary,
    });
    out + &line("summary", rest)
}

fn line(kind: &str, value: Value) -> String {
    let mut object = Map::new();
    object.insert("type".to_owned(), kind.into());
    if let Value::Object(fields) = value {
        object.extend(fields);
    }
    harmless_json(format!("{}\n", Value::Object(object)))
}
