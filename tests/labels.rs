//! `membership = labels`: a fleet beside the ApplicationSets that find its clusters, in `tests/labels`.
//!
//! What the engine makes of such sets is compared in `tests/conformance/argocd`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

#[path = "support/golden.rs"]
mod golden;

use std::path::Path;

use fleetc::analysis;
use fleetc::diag::Severity;
use fleetc::project::MemoryFiles;
use fleetc::target::{self, Engines};

/// The ApplicationSets of `tests/labels/<name>.fleet`, each below its path.
fn sets(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/labels/{name}.fleet"));
    let text = std::fs::read_to_string(path).unwrap();
    let compilation = analysis::compile(&MemoryFiles::new().file("demo.fleet", text).into_project(), &[]);
    let errors = compilation.diagnostics.iter().filter(|found| found.severity == Severity::Error);
    let errors: Vec<&String> = errors.map(|found| &found.message).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let tree = target::build(&compilation.plan.unwrap(), &Engines { argocd: true, flux: false });
    let sets = tree.iter().filter(|(path, _)| path.contains("/applicationsets/"));
    sets.map(|(path, text)| format!("# {path}\n{text}---\n")).collect()
}

#[test]
fn what_labels_decide_becomes_selectors_and_what_names_decide_lists_of_names() {
    golden::golden("tests/labels/closed.yaml", &sets("closed"));
}

#[test]
fn what_is_not_known_is_read_from_the_secret() {
    golden::golden("tests/labels/open.yaml", &sets("open"));
}

#[test]
fn texts_defaults_and_names_keep_to_themselves() {
    golden::golden("tests/labels/awkward.yaml", &sets("awkward"));
}

#[test]
fn a_patch_that_reads_a_label_asks_it_only_of_the_clusters_that_are_patched() {
    golden::golden("tests/labels/padding.yaml", &sets("padding"));
}

#[test]
fn a_cluster_that_lacks_a_fact_ends_nothing_where_nobody_asks_it() {
    golden::golden("tests/labels/lacking.yaml", &sets("lacking"));
}
