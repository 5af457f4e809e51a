//! Which findings count: levels in the `fleet` block, allowances in comments, and what each finding is known by.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]
#![allow(missing_docs)]

use fleetc::analysis::{Compilation, compile};
use fleetc::diag::fix::{apply, together};
use fleetc::diag::{Applicability, Report};
use fleetc::project::MemoryFiles;

/// What every fleet here begins with; `SETTINGS` is the rest of its `fleet` block.
const HEAD: &str = "fleet demo { source = home SETTINGS }
argocd { }
source home { git = \"https://github.com/acme/home\", branch = \"main\" }
cluster one { }
";

fn fleet(settings: &str, body: &str) -> Compilation {
    let text = HEAD.replace("SETTINGS", settings) + body;
    compile(&MemoryFiles::new().file("main.fleet", text).into_project(), &[])
}

/// `severity code line "marked text"` of each finding, and how many are allowed.
fn found(compilation: &Compilation) -> Vec<String> {
    let sources = &compilation.sources;
    let mut lines: Vec<String> = compilation
        .diagnostics
        .iter()
        .map(|one| {
            let span = one.primary.span;
            let line = sources.file(span.source).position(span.start).line;
            format!("{} {} {line} {:?}", one.severity.word(), one.code.id, sources.text(span))
        })
        .collect();
    if compilation.diagnostics.suppressed() > 0 {
        lines.push(format!("{} allowed", compilation.diagnostics.suppressed()));
    }
    lines
}

#[test]
fn levels_of_the_fleet_block() {
    let idle = "component idle { path = \"idle\", namespace = idle }\n";
    let cases: [(&str, &[&str]); 10] = [
        ("", &["warning F0414 5 \"idle\""]),
        ("allow = [F0414]", &["1 allowed"]),
        ("allow = [runs-nowhere]", &["1 allowed"]),
        ("allow = [\"f0414\"]", &["1 allowed"]),
        ("deny = [runs-nowhere]", &["error F0414 5 \"idle\""]),
        ("allow = [runs-nowehre]", &["error F0302 1 \"runs-nowehre\"", "warning F0414 5 \"idle\""]),
        ("allow = [F0302]", &["error F0314 1 \"F0302\"", "warning F0414 5 \"idle\""]),
        ("deny = [F0302]", &["error F0314 1 \"F0302\"", "warning F0414 5 \"idle\""]),
        ("allow = [F0414], deny = [runs-nowhere]", &["error F0315 1 \"runs-nowhere\"", "1 allowed"]),
        ("allow = [F0504, two-engines]", &["warning F0414 5 \"idle\""]),
    ];
    for (settings, expected) in cases {
        assert_eq!(found(&fleet(&format!(", {settings}").replace(",  ", ""), idle)), expected, "{settings}");
    }
}

#[test]
fn what_is_denied_builds_nothing() {
    let idle = "component idle { path = \"idle\", namespace = idle }\n";
    assert!(fleet("", idle).plan.is_some());
    assert!(fleet(", deny = [F0414]", idle).plan.is_none());
    assert!(fleet(", allow = [F0414]", idle).plan.is_some());
}

const REASON: &str = "reason=\"it is on its way\"";

#[test]
fn where_an_allowance_holds() {
    let idle = "component idle { path = \"idle\", namespace = idle }";
    let cases = [
        ("above a declaration", format!("# fleetc: allow(F0414) {REASON}\n{idle}\n"), vec!["1 allowed"]),
        ("by name", format!("# fleetc: allow(runs-nowhere) {REASON}\n{idle}\n"), vec!["1 allowed"]),
        ("at the end of the line", format!("{idle} # fleetc: allow(F0414) {REASON}\n"), vec!["1 allowed"]),
        ("above other comments", format!("# fleetc: allow(F0414) {REASON}\n# Idle.\n\n{idle}\n"), vec!["1 allowed"]),
        (
            "below it, to the end of the declaration and no further",
            format!("# fleetc: allow(F0414) {REASON}\n{idle}\n{}\n", idle.replace("idle", "lazy")),
            vec!["warning F0414 7 \"lazy\"", "1 allowed"],
        ),
        (
            "inside of a block it is too late for its name",
            format!(
                "component idle {{\n  # fleetc: allow(F0414) {REASON}\n  path = \"idle\"\n  namespace = idle\n}}\n"
            ),
            vec!["warning F0414 5 \"idle\"", "warning F0701 6 \"F0414\""],
        ),
        (
            "for nothing",
            format!("component web on all {{ path = \"w\", namespace = w }} # fleetc: allow(F0414) {REASON}\n"),
            vec!["warning F0701 5 \"F0414\""],
        ),
        (
            "two codes, one for nothing",
            format!("# fleetc: allow(F0414, two-engines) {REASON}\n{idle}\n"),
            vec!["warning F0701 5 \"two-engines\"", "1 allowed"],
        ),
        (
            "at the end of the file",
            format!("{idle}\n# fleetc: allow(F0414) {REASON}"),
            vec!["warning F0414 5 \"idle\"", "warning F0701 6 \"F0414\""],
        ),
        (
            "a comment that only speaks of it",
            format!("# see fleetc: allow(F0414)\n{idle}\n"),
            vec!["warning F0414 6 \"idle\""],
        ),
    ];
    for (name, body, expected) in cases {
        assert_eq!(found(&fleet("", &body)), expected, "{name}");
    }
}

/// Before everything is checked nobody knows what an allowance is for.
#[test]
fn an_allowance_is_not_called_unused_beside_an_error() {
    let body = format!("component web on al {{ path = \"w\", namespace = w }} # fleetc: allow(F0506) {REASON}\n");
    assert_eq!(found(&fleet("", &body)), ["error F0202 5 \"al\""]);
}

#[test]
fn an_allowance_that_cannot_be_read() {
    let cases = [
        ("allow(F0414)", ""),
        ("allow(F0414) because", "because"),
        ("allow(F0414) reason=\"\"", "\"\""),
        ("allow(F0414) reason=\"open", "\"open"),
        ("allow(F0414) reason=\"x\" y", "\"x\" y"),
        ("allow()", ")"),
        ("allow F0414", "F0414"),
        ("allow(F0414", ""),
        ("alow(F0414) reason=\"x\"", "alow"),
        ("allow(F9999) reason=\"x\"", "F9999"),
        ("allow(F0302) reason=\"x\"", "F0302"),
        ("", ""),
    ];
    for (comment, marked) in cases {
        let body = format!("component web on all {{ path = \"w\", namespace = w }} # fleetc: {comment}\n");
        assert_eq!(found(&fleet("", &body)), [format!("error F0702 5 {marked:?}")], "{comment}");
    }
}

/// The level of the fleet holds for the diagnostics about allowances, too.
#[test]
fn unused_allowances_may_be_allowed_and_denied() {
    let body = format!("component web on all {{ path = \"w\", namespace = w }} # fleetc: allow(F0414) {REASON}\n");
    assert_eq!(found(&fleet(", allow = [F0701]", &body)), ["1 allowed"]);
    assert_eq!(found(&fleet(", deny = [unused-allowance]", &body)), ["error F0701 5 \"F0414\""]);
}

#[test]
fn the_fix_of_an_unused_allowance_takes_it_out() {
    let idle = "component idle { path = \"idle\", namespace = idle }\n";
    let cases = [
        (format!("# fleetc: allow(F0414, F0506) {REASON}\n{idle}"), format!("# fleetc: allow(F0414) {REASON}\n{idle}")),
        (format!("# fleetc: allow(F0506, F0414) {REASON}\n{idle}"), format!("# fleetc: allow(F0414) {REASON}\n{idle}")),
        (
            format!("component web on all {{ path = \"w\", namespace = w }} # fleetc: allow(F0414) {REASON}\n"),
            "component web on all { path = \"w\", namespace = w }\n".to_owned(),
        ),
        (
            format!("group g = all\r\n  # fleetc: allow(F0414) {REASON}\r\ngroup h = all\n"),
            "group g = all\r\ngroup h = all\n".to_owned(),
        ),
    ];
    for (before, after) in cases {
        let compilation = fleet("", &before);
        let fixes = together(&compilation.diagnostics, &compilation.sources, Applicability::Safe, |_| true);
        assert_eq!(fixes.count, 1, "{before}");
        let (id, edits) = fixes.edits.first_key_value().unwrap();
        let fixed = apply(&compilation.sources.file(*id).text, edits).unwrap();
        assert!(fixed.ends_with(&after), "{fixed}");
        let project = MemoryFiles::new().file("main.fleet", fixed.as_str()).into_project();
        assert!(found(&compile(&project, &[])).iter().all(|line| !line.contains("F0701")), "{fixed}");
    }
}

fn fingerprints(text: &str) -> Vec<String> {
    let compilation = compile(&MemoryFiles::new().file("main.fleet", text).into_project(), &[]);
    let report = Report::new(&compilation.diagnostics, &compilation.sources);
    report.diagnostics.into_iter().map(|one| one.fingerprint).collect()
}

#[test]
fn a_fingerprint_outlives_edits_elsewhere_and_nothing_else() {
    let head = HEAD.replace("SETTINGS", "");
    let web = "component web on al { path = \"w\", namespace = w }\n";
    let api = "component api on al { path = \"w\", namespace = w }\n";
    let base = fingerprints(&format!("{head}{web}{api}"));
    assert_eq!(base.len(), 2);
    assert_ne!(base[0], base[1]);
    assert!(base.iter().all(|one| one.len() == 16 && one.bytes().all(|byte| byte.is_ascii_hexdigit())));
    // Lines above, other spacing, another order.
    assert_eq!(fingerprints(&format!("# a\n# b\n{head}\n\n{web}\n{api}")), base);
    assert_eq!(fingerprints(&format!("{head}{api}{web}")), [base[1].clone(), base[0].clone()]);
    // Another text is another finding.
    assert_ne!(fingerprints(&format!("{head}{}{api}", web.replace("al ", "alll "))), base);
    // Of several alike each has its own.
    let twice = format!("{head}component web {{ path = \"w\", namespace = w, after = [x, x] }}\n");
    let twice = fingerprints(&twice);
    assert_eq!(twice.iter().collect::<std::collections::BTreeSet<_>>().len(), twice.len());
}

#[test]
fn the_item_is_the_declaration_around_it() {
    let body = "component web on al { path = \"w\", namespace = w }\ncluster \"10.edge\" { nevv = 1 }\n";
    let compilation = fleet(", allow = [x]", body);
    let report = Report::new(&compilation.diagnostics, &compilation.sources);
    let items: Vec<Option<&str>> = report.diagnostics.iter().map(|one| one.item.as_deref()).collect();
    assert_eq!(items, [Some("fleet demo"), Some("component web"), Some("cluster 10.edge")]);
}
