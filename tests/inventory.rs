//! Inventories: what is read of data files, and what is said of those that are wrong.
//!
//! `tests/inventory/*.txt` hold the cases: `=== title`, then files, each behind `#! file: PATH`, then `--- answer`. A case
//! stands in the fleet of `HEAD`. The answer to a fleet without a mistake is its clusters with what is known of them, else
//! what fleetc says. `FLEETC_BLESS=1` writes the answers: read the diff.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]
#![allow(missing_docs)]

#[path = "inventory/disk.rs"]
mod disk;
#[path = "support/golden.rs"]
mod golden;
#[path = "inventory/hostile.rs"]
mod hostile;
#[path = "support/pages.rs"]
mod pages;
#[path = "inventory/same.rs"]
mod same;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use fleetc::analysis::{Compilation, compile};
use fleetc::diag::Severity;
use fleetc::diag::render::{Look, full};
use fleetc::plan::Content;
use fleetc::project::MemoryFiles;

/// The fleet of every case but for its inventory.
pub const HEAD: &str = r#"fleet demo { source = config }
argocd { }
source config { git = "https://github.com/acme/config", branch = "main" }
label env: dev | prod
label region: string?
label canary: bool = false
label "topology.kubernetes.io/zone" as zone: string?
label tier = if env == prod then high else low
fact domain: string = "none"
fact nodes: int = 3
fact cidrs: list = []
source charts { helm = "https://charts.example.com" }
component web on all {
  source = charts, chart = "web", version = "1.2.3", namespace = web
  values { domain = domain, nodes = nodes, cidrs = cidrs }
}
component debug on none { path = "debug", namespace = web }
"#;

pub fn compiled(files: &[(String, String)]) -> Compilation {
    let head = MemoryFiles::new().file("head.fleet", HEAD);
    let memory = files.iter().fold(head, |all, (path, text)| all.file(path, text.as_str()));
    compile(&memory.into_project(), &[])
}

/// The clusters of a plan, a line each: name, server, labels; then what the component of each gets from facts.
pub fn clusters(compilation: &Compilation) -> String {
    let plan = compilation.plan.as_ref().unwrap();
    let mut out = String::new();
    for cluster in &plan.clusters {
        let labels: Vec<String> = cluster.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let server = cluster.server.as_deref().unwrap_or("-");
        let runs = plan.deployments.iter().filter(|one| one.cluster == cluster.name);
        let with_values = |one: &fleetc::plan::Deployment| match &one.content {
            Content::Chart(_) => format!("{} {}", one.component, serde_json::to_string(&one.values).unwrap()),
            Content::Path(_) | Content::Objects(_) => one.component.to_string(),
        };
        let runs: Vec<String> = runs.map(with_values).collect();
        let suspended = if cluster.suspend { " suspended" } else { "" };
        let (name, labels, runs) = (&cluster.name, labels.join(" "), runs.join(", "));
        writeln!(out, "{name} {server} {labels} runs {runs}{suspended}").unwrap();
    }
    out
}

fn answer(files: &[(String, String)]) -> String {
    let compilation = compiled(files);
    if compilation.diagnostics.iter().all(|found| found.severity != Severity::Error) {
        return clusters(&compilation);
    }
    let look = Look { colour: false, width: 110, unicode: true, links: false };
    full(&compilation.diagnostics, &compilation.sources, &look)
}

/// The cases of a page with their answers written anew.
fn answered(text: &str) -> String {
    let mut out = String::new();
    for case in text.split("=== ").skip(1) {
        let (title, rest) = case.split_once('\n').unwrap();
        let (files, _) = rest.split_once("--- answer\n").unwrap_or((rest.trim_end(), ""));
        let files = format!("{}\n", files.trim_end());
        let answer = answer(&pages::files(&files));
        write!(out, "=== {title}\n{files}--- answer\n{}\n\n", answer.trim_end()).unwrap();
    }
    out
}

#[test]
fn every_case_has_its_answer() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inventory");
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name.ends_with(".txt"));
    assert_eq!(names.len(), 3);
    for name in names {
        let path = format!("tests/inventory/{name}");
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&path)).unwrap();
        golden::golden(&path, &answered(&text));
    }
}
