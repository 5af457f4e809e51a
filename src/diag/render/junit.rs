//! A JUnit report: a suite a file, a case a diagnostic.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::text::escape;
use crate::diag::report::{Finding, Report};

/// The findings as JUnit XML. Errors and warnings are failures, notes pass; where nothing is wrong one case passes, so that
/// no reader says that there are no tests.
pub fn junit(report: &Report) -> String {
    let mut files: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in &report.diagnostics {
        files.entry(&finding.file).or_default().push(finding);
    }
    let fails = |finding: &&Finding| finding.severity != "note";
    let failures = report.diagnostics.iter().filter(fails).count();
    let tests = report.diagnostics.len().max(1);
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    _ = writeln!(out, "<testsuites name=\"fleetc\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">");
    if files.is_empty() {
        out += "  <testsuite name=\"fleetc check\" tests=\"1\" failures=\"0\" errors=\"0\">\n";
        out += "    <testcase classname=\"fleetc\" name=\"check\"/>\n  </testsuite>\n";
    }
    for (file, findings) in files {
        let failures = findings.iter().copied().filter(|finding| fails(finding)).count();
        let (name, tests) = (text(file), findings.len());
        _ = writeln!(out, "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">");
        for finding in findings {
            case(finding, &mut out);
        }
        out += "  </testsuite>\n";
    }
    out + "</testsuites>\n"
}

fn case(finding: &Finding, out: &mut String) {
    let at = finding.range.start;
    let name = format!("{} {}:{}", finding.code, at.line, at.column);
    _ = writeln!(out, "    <testcase classname=\"{}\" name=\"{}\">", text(&finding.file), text(&name));
    let mut body = format!("{}:{}:{}: {}", finding.file, at.line, at.column, finding.message);
    for more in [&finding.label].into_iter().chain(&finding.help).filter(|more| !more.is_empty()) {
        _ = write!(body, "\n{more}");
    }
    if finding.severity == "note" {
        _ = writeln!(out, "      <system-out>{}</system-out>", text(&body));
    } else {
        let (message, slug) = (text(&finding.message), text(&finding.slug));
        _ = writeln!(out, "      <failure message=\"{message}\" type=\"{slug}\">{}</failure>", text(&body));
    }
    *out += "    </testcase>\n";
}

/// Text for XML 1.0, in which control characters cannot be written at all.
fn text(raw: &str) -> String {
    let lines: Vec<String> = raw.split('\n').map(|line| escape(line).into_owned()).collect();
    let allowed = |c: char| if matches!(c, '\u{fffe}' | '\u{ffff}') { '\u{fffd}' } else { c };
    let plain: String = lines.join("\n").chars().map(allowed).collect();
    plain.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\n', "&#10;")
}
