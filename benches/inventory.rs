//! How long it takes to read 10,000 clusters, and to check a fleet of them: `cargo bench --bench inventory`.
//!
//! Prints the fastest of several runs for each format, so that what else the machine does counts little. Nothing fails.

#![allow(missing_docs, clippy::unwrap_used)]

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use fleetc::analysis::compile;
use fleetc::data::{self, Format};
use fleetc::model;
use fleetc::project::{Files, MemoryFiles, Project};
use fleetc::source::{Origin, SourceFile, Sources};
use fleetc::syntax;

const RUNS: usize = 7;
const CLUSTERS: usize = 10_000;

const FLEET: &str = r#"fleet demo { source = config }
argocd { }
source config { git = "https://github.com/acme/config", branch = "main" }
label env: dev | staging | prod
label region: string
label canary: bool = false
fact account: string
fact nodes: int = 3
component web on env == prod and canary { path = "web", namespace = web }
"#;

fn main() {
    println!(
        "{CLUSTERS} clusters, fastest of {RUNS} runs, {} build",
        if cfg!(debug_assertions) { "debug" } else { "optimised" }
    );
    let cases = [("a.json", json()), ("a.yaml", yaml()), ("a.csv", csv()), ("secrets.json", secrets())];
    for (path, text) in cases {
        let source = Sources::default().add(SourceFile::new(path, Origin::Data, ""));
        let format = Format::of(path).unwrap();
        let text_only = fastest(|| _ = black_box(data::read(source, &text, format).unwrap()));
        let project = project(path, &text);
        let parsed: Vec<_> = project.sources.iter().map(|(id, file)| syntax::parse(id, &file.text)).collect();
        let files: &dyn Files = project.files.as_ref();
        let inventory = fastest(|| {
            let (mut sources, mut found) = (project.sources.clone(), fleetc::diag::Diagnostics::default());
            black_box(model::inventory::read(&parsed, &mut sources, files, &mut found));
            assert!(found.is_empty());
        });
        let all = fastest(|| assert!(black_box(compile(&project, &[])).plan.is_some()));
        let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
        println!(
            "{path:14} {:>6.2} MB   text {:>8.1} ms   clusters {:>8.1} ms   whole check {:>8.1} ms",
            text.len() as f64 / 1e6,
            milliseconds(text_only),
            milliseconds(inventory),
            milliseconds(all)
        );
    }
}

fn fastest(mut run: impl FnMut()) -> Duration {
    let time = |_| {
        let start = Instant::now();
        run();
        start.elapsed()
    };
    (0..RUNS).map(time).min().unwrap_or_default()
}

fn project(path: &str, text: &str) -> Project {
    let main = format!("{FLEET}inventory \"{path}\"\n");
    MemoryFiles::new().file("main.fleet", main).file(path, text).into_project()
}

/// The environment, region, canary, account and number of nodes of a cluster.
fn row(number: usize) -> (&'static str, String, bool, String, usize) {
    let env = ["dev", "staging", "prod"].get(number % 3).copied().unwrap();
    (env, format!("region-{}", number % 20), number.is_multiple_of(5), format!("{:012}", number * 7), number % 40)
}

fn json() -> String {
    let mut out = String::from("[\n");
    for number in 0..CLUSTERS {
        let (env, region, canary, account, nodes) = row(number);
        let comma = if number == 0 { "" } else { ",\n" };
        write!(
            out,
            "{comma}  {{ \"name\": \"cluster-{number}\", \"server\": \"https://cluster-{number}.example.com\", \"labels\": \
             {{ \"env\": \"{env}\", \"region\": \"{region}\", \"canary\": {canary} }}, \"facts\": {{ \"account\": \
             \"{account}\", \"nodes\": {nodes} }} }}"
        )
        .unwrap();
    }
    out + "\n]\n"
}

fn yaml() -> String {
    let mut out = String::new();
    for number in 0..CLUSTERS {
        let (env, region, canary, account, nodes) = row(number);
        write!(
            out,
            "- name: cluster-{number}\n  server: https://cluster-{number}.example.com\n  labels:\n    env: {env}\n    \
             region: {region}\n    canary: {canary}\n  facts:\n    account: \"{account}\"\n    nodes: {nodes}\n"
        )
        .unwrap();
    }
    out
}

fn csv() -> String {
    let mut out = String::from("name,server,env,region,canary,account,nodes\n");
    for number in 0..CLUSTERS {
        let (env, region, canary, account, nodes) = row(number);
        writeln!(
            out,
            "cluster-{number},https://cluster-{number}.example.com,{env},{region},{canary},{account},{nodes}"
        )
        .unwrap();
    }
    out
}

/// As kubectl prints them.
fn secrets() -> String {
    let mut out = String::from("{ \"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [\n");
    for number in 0..CLUSTERS {
        let (env, region, canary, account, nodes) = row(number);
        let comma = if number == 0 { "" } else { ",\n" };
        write!(
            out,
            "{comma}  {{ \"apiVersion\": \"v1\", \"kind\": \"Secret\", \"type\": \"Opaque\", \"metadata\": {{ \"name\": \
             \"c-{number}\", \"namespace\": \"argocd\", \"labels\": {{ \"argocd.argoproj.io/secret-type\": \"cluster\", \
             \"env\": \"{env}\", \"region\": \"{region}\", \"canary\": \"{canary}\" }}, \"annotations\": {{ \"account\": \
             \"{account}\", \"nodes\": \"{nodes}\" }} }}, \"data\": {{ \"config\": \"eyJhIjoxfQ==\", \"name\": \"{}\", \
             \"server\": \"aHR0cHM6Ly9hLmV4YW1wbGUuY29t\" }} }}",
            base64(&format!("cluster-{number}"))
        )
        .unwrap();
    }
    out + "\n] }\n"
}

fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |bits: u32| char::from(DIGITS.get((bits & 63) as usize).copied().unwrap());
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let at = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        out.extend([digit(bits >> 18), digit(bits >> 12)]);
        out.push(if chunk.len() > 1 { digit(bits >> 6) } else { '=' });
        out.push(if chunk.len() > 2 { digit(bits) } else { '=' });
    }
    out
}
