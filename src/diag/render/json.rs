//! A report as JSON: the public contract itself.

use super::text::harmless_json;
use crate::diag::report::Report;

/// The report as one JSON object on one line.
pub fn json(report: &Report) -> String {
    // A report holds texts and numbers only, which always can be written.
    let text = serde_json::to_string(report).unwrap_or_default();
    harmless_json(format!("{text}\n"))
}
