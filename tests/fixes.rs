//! Every fix applies, reads as fleet text, and removes what it is for.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]
#![allow(missing_docs)]

#[path = "support/golden.rs"]
mod golden;
#[path = "support/pages.rs"]
mod pages;

use fleetc::analysis::Compilation;
use fleetc::diag::fix::apply;
use fleetc::diag::{Applicability, Diagnostic, Fix};

type Files = Vec<(String, String)>;

/// The project after `fix`.
fn fixed(compilation: &Compilation, files: &Files, fix: &Fix) -> Files {
    let mut files = files.clone();
    for (path, text) in &mut files {
        let here = |edit: &&fleetc::diag::Edit| compilation.sources.file(edit.span.source).path == *path;
        let edits: Vec<_> = fix.edits.iter().filter(here).cloned().collect();
        *text = apply(text, &edits).unwrap_or_else(|| panic!("the edits of `{}` do not apply", fix.title));
    }
    files
}

fn syntax_errors(compilation: &Compilation) -> usize {
    compilation.diagnostics.iter().filter(|found| found.code.id.starts_with("F01")).count()
}

/// What is wrong with `fix`, which is for `found`.
fn judge(compilation: &Compilation, files: &Files, found: &Diagnostic, fix: &Fix) -> Result<(), String> {
    let count = |compilation: &Compilation| compilation.diagnostics.iter().filter(|one| one.code == found.code).count();
    let after = pages::compiled(&fixed(compilation, files, fix));
    if syntax_errors(&after) > syntax_errors(compilation) {
        return Err("brings a syntax error".to_owned());
    }
    if count(&after) >= count(compilation) {
        return Err("does not remove it".to_owned());
    }
    if fix.applicability == Applicability::Safe && after.diagnostics.len() >= compilation.diagnostics.len() {
        return Err("is safe and brings something else".to_owned());
    }
    Ok(())
}

/// Judges every fix of `files`; gives how many there are.
fn judge_all(name: &str, files: &Files, wrong: &mut Vec<String>) -> usize {
    let compilation = pages::compiled(files);
    let mut fixes = 0;
    for found in compilation.diagnostics.iter() {
        for fix in &found.fixes {
            fixes += 1;
            if let Err(why) = judge(&compilation, files, found, fix) {
                wrong.push(format!("{name}: {} `{}` {why}", found.code.id, fix.title));
            }
        }
    }
    fixes
}

#[test]
fn every_fix_of_the_pages_removes_what_it_is_for() {
    let mut wrong = Vec::new();
    let mut table = String::new();
    for (code, files) in pages::wrong_examples() {
        let fixes = judge_all(code.id, &files, &mut wrong);
        let compilation = pages::compiled(&files);
        let titles: Vec<String> = compilation
            .diagnostics
            .iter()
            .filter(|found| found.code == code)
            .flat_map(|found| &found.fixes)
            .map(|fix| {
                format!("{} ({})", fix.title, if fix.applicability == Applicability::Safe { "safe" } else { "unsafe" })
            })
            .collect();
        assert!(fixes >= titles.len());
        table += &format!("{} {}\n", code.id, if titles.is_empty() { "-".to_owned() } else { titles.join("; ") });
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    golden::golden("tests/fixes/pages.txt", &table);
}

/// Mistakes whose fix is not on a page: what is written, and what it becomes with all guesses applied.
const MENDED: [(&str, &str); 11] = [
    ("component a on all { path = web, namespace = x }", "component a on all { path = \"web\", namespace = x }"),
    ("component a on al { path = \"a\", namespace = x }", "component a on all { path = \"a\", namespace = x }"),
    ("group g = all)", "group g = all"),
    (
        "component a on env in [dev, prod { path = \"a\", namespace = x }",
        "component a on env in [dev, prod] { path = \"a\", namespace = x }",
    ),
    (
        "component a on env in [dev, prod) { path = \"a\", namespace = x }",
        "component a on env in [dev, prod] { path = \"a\", namespace = x }",
    ),
    ("component a on all { path: \"a\", namespace = x }", "component a on all { path = \"a\", namespace = x }"),
    (
        "component a on env = dev { path = \"a\", namespace = x }",
        "component a on env == dev { path = \"a\", namespace = x }",
    ),
    (
        "component a on env == dev && one { path = \"a\", namespace = x }",
        "component a on env == dev and one { path = \"a\", namespace = x }",
    ),
    ("component a on all { path = \"a\" namespace = x }", "component a on all { path = \"a\", namespace = x }"),
    (
        "component a on all { chrat = a, namespce = x, path = \"a\" }",
        "component a on all { chart = \"a\", namespace = x, path = \"a\" }",
    ),
    ("compnent a on all { path = \"a\", namespace = x }", "component a on all { path = \"a\", namespace = x }"),
];

/// What the mistakes stand in.
const HEAD: &str = "fleet demo { source = config, allow = [unused-label] }\nargocd { }\n\
    source config { git = \"https://github.com/acme/config\", branch = \"main\" }\n\
    label env: dev | prod\ncluster one { env = dev }\n";

#[test]
fn mistakes_are_mended_by_the_text_that_was_meant() {
    let mut wrong = Vec::new();
    for (before, after) in MENDED {
        let mut files = vec![("demo.fleet".to_owned(), format!("{HEAD}{before}\n"))];
        judge_all(before, &files, &mut wrong);
        // As `check --fix --unsafe` does: what can be applied together, again until nothing is left.
        for _ in 0..5 {
            let compilation = pages::compiled(&files);
            let all = fleetc::diag::fix::together(
                &compilation.diagnostics,
                &compilation.sources,
                Applicability::Unsafe,
                |_| true,
            );
            let Some((_, edits)) = all.edits.first_key_value() else { break };
            files[0].1 = apply(&files[0].1, edits).unwrap();
        }
        let mended = files[0].1.strip_prefix(HEAD).unwrap_or(&files[0].1).trim_end();
        if mended != after {
            wrong.push(format!("{before}\n  became {mended}\n  meant  {after}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
