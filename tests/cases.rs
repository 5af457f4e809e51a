//! The checker's cases, which are data: `tests/cases/*.md`, one topic a file.
//!
//! A case is a fenced block `fleet`: a project of one file, or of several that begin with `#! file: PATH`. What
//! `fleet shared` holds is part of every later case of its page. At the end of a line stands what is reported there,
//! `# error: [F0201] "the underlined text"`, several behind each other; a line of nothing else speaks of the next line.
//! Text behind it, ` ~ words`, must be among the words of the diagnostic. Whatever is reported must be expected.
//!
//! A block `plan` behind it lists facts of the plan as JSON: `web on a, b` (exactly the clusters of a component),
//! `web/a key.key = JSON` (a deployment), `cluster a key = JSON`, `rollout r key = JSON`, `project p key = JSON`.
//!
//! Of every case it is also held that the order of its declarations does not matter, and that a fix that is offered
//! takes its diagnostic away. `FLEETC_BLESS=1` writes what was found in place of what was expected: read the diff.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]
#![allow(missing_docs)]

#[path = "cases/runner/mod.rs"]
mod runner;

use std::fs;
use std::path::Path;

use runner::page::{Page, Part};

/// Runs every case of the page; gives what failed.
fn run(name: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name);
    let text = fs::read_to_string(&path).unwrap();
    let page = Page::read(&text);
    let mut failures = Vec::new();
    for case in &page.cases {
        failures.extend(
            case.failures().into_iter().map(|failure| format!("{name}:{} {}: {failure}", case.line, case.title)),
        );
    }
    if std::env::var_os("FLEETC_BLESS").is_some() {
        let blessed: String = page
            .parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.clone(),
                Part::Case(index) => page.cases[*index].blessed(),
            })
            .collect();
        fs::write(&path, blessed).unwrap();
    }
    failures
}

#[test]
fn every_case_reports_what_it_says_and_nothing_else() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".md")).collect();
    names.sort();
    assert!(!names.is_empty());
    let failures: Vec<String> = std::thread::scope(|scope| {
        let pages: Vec<_> = names.iter().map(|name| scope.spawn(move || run(name))).collect();
        pages.into_iter().flat_map(|page| page.join().unwrap()).collect()
    });
    assert!(failures.is_empty(), "{} failures\n\n{}", failures.len(), failures.join("\n\n"));
}

/// What a file declares that cannot be read is unknown, so whatever is not found may be there.
#[test]
fn a_file_that_cannot_be_read_makes_nothing_else_unknown() {
    let good = "fleet demo { source = home }
argocd { }
cluster one { env = dev }
component web on somewhere { path = \"x/${region}\", namespace = 3, after = [other] }
";
    let files = fleetc::project::MemoryFiles::new().file("bad.fleet", vec![0xff, 0xfe]).file("good.fleet", good);
    let compilation = fleetc::analysis::compile(&files.into_project(), &[]);
    let found: Vec<&str> = compilation.diagnostics.iter().map(|diagnostic| diagnostic.code.id).collect();
    assert_eq!(found, ["F0002", "F0301"], "{:?}", compilation.diagnostics);
}
