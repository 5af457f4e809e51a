//! A JUnit report: a suite a file, a case a test; where no tests were run, a case a diagnostic.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::text::escape;
use crate::diag::report::{Finding, Report, TestCase};

/// The findings as JUnit XML. Errors and warnings are failures, notes pass; where nothing is wrong one case passes, so that
/// no reader says that there are no tests.
pub fn junit(report: &Report) -> String {
    if let Some(tests) = &report.tests {
        return junit_of_tests(report, tests);
    }
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

/// The tests, each with all that does not hold in one failure, because readers show no second one. No times: the same
/// fleet gives the same report.
fn junit_of_tests(report: &Report, tests: &[TestCase]) -> String {
    let mut files: BTreeMap<&str, Vec<&TestCase>> = BTreeMap::new();
    for test in tests {
        files.entry(&test.file).or_default().push(test);
    }
    let failed = |tests: &[&TestCase]| tests.iter().filter(|test| !test.passed).count();
    let (all, failures) = (tests.len(), failed(&tests.iter().collect::<Vec<_>>()));
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    _ = writeln!(out, "<testsuites name=\"fleetc\" tests=\"{all}\" failures=\"{failures}\" errors=\"0\">");
    for (file, tests) in files {
        let (name, all, failures) = (text(file), tests.len(), failed(&tests));
        _ = writeln!(out, "  <testsuite name=\"{name}\" tests=\"{all}\" failures=\"{failures}\" errors=\"0\">");
        for test in tests {
            test_case(test, report, &mut out);
        }
        out += "  </testsuite>\n";
    }
    out + "</testsuites>\n"
}

fn test_case(test: &TestCase, report: &Report, out: &mut String) {
    let (file, name) = (text(&test.file), text(&test.name));
    let extent = test.range.start.offset..test.range.end.offset;
    let inside = |one: &&Finding| one.file == test.file && extent.contains(&one.range.start.offset);
    let found: Vec<&Finding> = report.diagnostics.iter().filter(inside).collect();
    let Some(first) = found.first() else {
        _ = writeln!(out, "    <testcase classname=\"{file}\" name=\"{name}\"/>");
        return;
    };
    let more = if found.len() > 1 { format!(" (and {} more)", found.len() - 1) } else { String::new() };
    let message = text(&format!("{}{more}", first.message));
    let body: Vec<String> = found.iter().copied().map(told).collect();
    let (slug, body) = (text(&first.slug), text(&body.join("\n\n")));
    _ = writeln!(out, "    <testcase classname=\"{file}\" name=\"{name}\">");
    _ = writeln!(out, "      <failure message=\"{message}\" type=\"{slug}\">{body}</failure>\n    </testcase>");
}

/// A finding in lines: where, what, and what to do.
fn told(finding: &Finding) -> String {
    let at = finding.range.start;
    let mut body = format!("{}:{}:{}: {}", finding.file, at.line, at.column, finding.message);
    for more in [&finding.label].into_iter().chain(&finding.help).filter(|more| !more.is_empty()) {
        _ = write!(body, "\n{more}");
    }
    body
}

fn case(finding: &Finding, out: &mut String) {
    let at = finding.range.start;
    let name = format!("{} {}:{}", finding.code, at.line, at.column);
    _ = writeln!(out, "    <testcase classname=\"{}\" name=\"{}\">", text(&finding.file), text(&name));
    let body = told(finding);
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
