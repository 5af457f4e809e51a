//! Annotations of a GitHub Actions run.

use super::{counted, text::escape};
use crate::diag::report::{Finding, Report};

/// How many errors, and how many warnings, GitHub shows for a step.
const SHOWN: usize = 10;

/// Workflow commands: the first ten errors, warnings and notes, and a notice of how many more there are.
///
/// Columns are code points; GitHub does not say which it counts. Its `endColumn` is taken as that of the last character,
/// and columns are left out where a range has several lines, as GitHub ignores them there.
pub fn github(report: &Report) -> String {
    let mut out = String::new();
    let mut left = report.summary.hidden;
    for (severity, command) in [("error", "error"), ("warning", "warning"), ("note", "notice")] {
        let all = report.diagnostics.iter().filter(|finding| finding.severity == severity);
        for (index, finding) in all.enumerate() {
            if index < SHOWN { out += &annotation(command, finding) } else { left += 1 }
        }
    }
    if left > 0 {
        out += &format!(
            "::notice title=fleetc::{} not shown; see the log of `fleetc check`\n",
            counted(left, "more problem")
        );
    }
    out
}

fn annotation(command: &str, finding: &Finding) -> String {
    let (start, end) = (finding.range.start, finding.range.end);
    let mut properties = format!("file={},line={},endLine={}", property(&finding.file), start.line, end.line);
    if start.line == end.line {
        let last = end.column.saturating_sub(1).max(start.column);
        properties += &format!(",col={},endColumn={last}", start.column);
    }
    properties += &format!(",title={}", property(&format!("{} {}", finding.code, finding.slug)));
    let mut message = finding.message.clone();
    for more in [&finding.label].into_iter().chain(&finding.help).filter(|more| !more.is_empty()) {
        message += &format!("\n{more}");
    }
    format!("::{command} {properties}::{}\n", data(&message))
}

/// The text of a command: what cannot be seen first, then the percent sign, then the ends of lines.
fn data(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(|line| escape(line).into_owned()).collect();
    lines.join("\n").replace('%', "%25").replace('\n', "%0A")
}

/// The value of a property, in which colons and commas mean something, too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
