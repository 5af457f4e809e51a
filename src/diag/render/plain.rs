//! Sentences, for screen readers: no drawing, no columns of text, no colour.

use super::text::escape;
use crate::diag::report::{Finding, Range, Report};

/// Every diagnostic as a paragraph: what is wrong and where, what is there, what to do.
pub fn plain(report: &Report) -> String {
    report.diagnostics.iter().map(|finding| paragraph(finding) + "\n").collect()
}

fn paragraph(finding: &Finding) -> String {
    let mut lines = vec![
        format!("{} {}: {}.", capital(&finding.severity), finding.code, finding.message),
        format!("In {}, {}{}", finding.file, place(finding.range), said(&finding.label)),
    ];
    for other in &finding.related {
        lines.push(format!("See also {}, {}{}", other.file, place(other.range), said(&other.message)));
    }
    lines.extend(finding.help.iter().map(|help| format!("Help: {}", sentence(help))));
    for fix in &finding.fixes {
        lines.push(format!("Fix ({}): {}.", fix.applicability, fix.title));
    }
    lines.extend(finding.notes.iter().map(|note| format!("Note: {}", sentence(note))));
    lines.iter().map(|line| format!("{}\n", escape(line))).collect()
}

/// `line 3, columns 5 to 8`
fn place(range: Range) -> String {
    let (start, end) = (range.start, range.end);
    if start.line != end.line {
        return format!("line {}, column {}, to line {}, column {}", start.line, start.column, end.line, end.column);
    }
    match end.column.saturating_sub(1) {
        last if last > start.column => format!("line {}, columns {} to {last}", start.line, start.column),
        _ => format!("line {}, column {}", start.line, start.column),
    }
}

fn said(label: &str) -> String {
    if label.is_empty() { ".".to_owned() } else { format!(": {}", sentence(label)) }
}

/// The text with a stop behind it, on one line.
fn sentence(text: &str) -> String {
    let text = text.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    if text.ends_with(['.', '?', '!']) { text } else { text + "." }
}

fn capital(word: &str) -> String {
    let mut characters = word.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}
