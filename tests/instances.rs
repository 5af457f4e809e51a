//! Several instances of an engine: each gets its own clusters and its own folder, with what concerns them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

#[path = "support/golden.rs"]
mod golden;

use std::path::Path;

use fleetc::analysis;
use fleetc::project::MemoryFiles;
use fleetc::target::{self, Engines};

#[test]
fn each_instance_has_its_clusters_and_what_concerns_them() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/instances/fleet.fleet");
    let text = std::fs::read_to_string(path).unwrap();
    let compilation = analysis::compile(&MemoryFiles::new().file("demo.fleet", text).into_project(), &[]);
    assert!(!compilation.diagnostics.has_errors(), "{:?}", compilation.diagnostics);
    let tree = target::build(&compilation.plan.unwrap(), &Engines { argocd: true, flux: true });
    let manifests = tree.iter().filter(|(path, _)| path.ends_with(".yaml"));
    let stream: String = manifests.map(|(path, text)| format!("# {path}\n{text}---\n")).collect();
    golden::golden("tests/instances/fleet.yaml", &stream);
}
