//! How long it takes to show 1,000 diagnostics in 5 MB of source: `cargo bench --bench render`.
//!
//! Prints the median of several runs for each form. Nothing fails: the machine decides.

#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use fleetc::diag::render::{Look, concise, full, json, summary};
use fleetc::diag::{Applicability, Diagnostic, Diagnostics, Report, codes};
use fleetc::source::{Origin, SourceFile, Sources, Span};

const RUNS: usize = 11;
const DIAGNOSTICS: usize = 1_000;
/// Two files of this size, 5 MB together.
const FILE: usize = 2_500_000;

fn main() {
    let (diagnostics, sources) = case();
    let look = Look { colour: true, width: 100, unicode: true, links: false };
    let report = Report::new(&diagnostics, &sources);
    let bytes: usize = sources.iter().map(|(_, file)| file.text.len()).sum();
    println!("{DIAGNOSTICS} diagnostics in {bytes} bytes of source, median of {RUNS} runs");
    let cases: [(&str, &dyn Fn() -> String); 5] = [
        ("report", &|| Report::new(&diagnostics, &sources).version),
        ("full", &|| full(&diagnostics, &sources, &look)),
        ("concise", &|| concise(&report)),
        ("json", &|| json(&report)),
        ("summary", &|| summary(&report)),
    ];
    for (name, run) in cases {
        println!("{name:8} {:>10.3} ms", median(run).as_secs_f64() * 1e3);
    }
}

fn median(run: &dyn Fn() -> String) -> Duration {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            black_box(run());
            start.elapsed()
        })
        .collect();
    times.sort();
    times.get(RUNS / 2).copied().unwrap_or_default()
}

/// A typo every few lines in one file, each with the declaration in the other.
fn case() -> (Diagnostics, Sources) {
    let line = "component web on env == pord { path = \"web/${env}\", namespace = web } # größe 日本\n";
    let text = line.repeat(FILE / line.len());
    let mut sources = Sources::default();
    let uses = sources.add(SourceFile::new("uses.fleet", Origin::Project, text.as_str()));
    let declares = sources.add(SourceFile::new("declares.fleet", Origin::Project, text.as_str()));
    let mut diagnostics = Diagnostics::default();
    let step = text.len() / line.len() / DIAGNOSTICS * line.len();
    for number in 0..DIAGNOSTICS {
        let start = number * step + line.find("pord").unwrap_or(0);
        let span = |source, len: usize| {
            Span::new(source, u32::try_from(start).unwrap_or(0), u32::try_from(start + len).unwrap_or(0))
        };
        diagnostics.push(
            Diagnostic::new(codes::UNKNOWN_VALUE, span(uses, 4), "`pord` is not a value of the label `env`")
                .label("expected one of `dev`, `staging` and `prod`")
                .related(span(declares, 4), "the label is declared here")
                .help("did you mean `prod`?")
                .fix("write `prod`", Applicability::Unsafe, span(uses, 4), "prod"),
        );
    }
    diagnostics.sort();
    (diagnostics, sources)
}
