//! A line a diagnostic, for editors.

use super::text::escape;
use crate::diag::report::Report;

/// Every diagnostic on exactly one line, `path:line:column: severity[F0201] message`, the column in code points.
///
/// Vim, Emacs and the problem matchers of VS Code read it as it is.
pub fn concise(report: &Report) -> String {
    let mut out = String::new();
    for finding in &report.diagnostics {
        let at = finding.range.start;
        let (file, message) = (escape(&finding.file), escape(&finding.message));
        out += &format!("{file}:{}:{}: {}[{}] {message}\n", at.line, at.column, finding.severity, finding.code);
    }
    out
}
