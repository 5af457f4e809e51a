//! A line a diagnostic with everything that is needed to mend it, for programs that write code.

use super::text::escape;
use crate::diag::report::{Finding, Report};

/// `path:line:column: severity[code] message; label; see path:line: …; help: …; fix (unsafe): …`
pub fn agent(report: &Report) -> String {
    report.diagnostics.iter().map(|finding| format!("{}\n", escape(&line(finding)))).collect()
}

fn line(finding: &Finding) -> String {
    let at = finding.range.start;
    let mut parts = vec![format!(
        "{}:{}:{}: {}[{}] {}",
        finding.file, at.line, at.column, finding.severity, finding.code, finding.message
    )];
    if !finding.label.is_empty() {
        parts.push(finding.label.clone());
    }
    for other in &finding.related {
        parts.push(format!("see {}:{}: {}", other.file, other.range.start.line, other.message));
    }
    parts.extend(finding.help.iter().map(|help| format!("help: {help}")));
    for fix in &finding.fixes {
        let edits = fix.edits.iter().map(|edit| {
            let (start, end) = (edit.range.start, edit.range.end);
            format!("{}:{}:{}-{}:{} = {:?}", edit.file, start.line, start.column, end.line, end.column, edit.text)
        });
        parts.push(format!("fix ({}): {}", fix.applicability, edits.collect::<Vec<_>>().join(", ")));
    }
    parts.join("; ")
}
