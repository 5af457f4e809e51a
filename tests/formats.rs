//! The formats of `fleetc check`: functions of the JSON, each with columns in its own unit, whatever the text holds.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]
#![allow(missing_docs)]

#[path = "support/golden.rs"]
mod support;

use fleetc::analysis::compile;
use fleetc::diag::{Applicability, Diagnostic, Diagnostics, Report, codes, render};
use fleetc::project::MemoryFiles;
use fleetc::source::{Origin, SourceFile, Sources, Span};
use serde_json::Value;

type Format = (&'static str, fn(&Report) -> String);

const FORMATS: [Format; 10] = [
    ("concise", render::concise),
    ("plain", render::plain),
    ("json", render::json),
    ("jsonl", render::jsonl),
    ("sarif", render::sarif),
    ("github", render::github),
    ("gitlab", render::gitlab),
    ("junit", render::junit),
    ("rdjson", render::rdjson),
    ("agent", render::agent),
];

fn format(name: &str, report: &Report) -> String {
    FORMATS.iter().find(|(known, _)| *known == name).unwrap().1(report)
}

/// Errors with their other end in another file and a fix, a warning and a note.
fn fleet() -> Report {
    let files = MemoryFiles::new()
        .file(
            "fleet.fleet",
            "fleet demo { source = config }\nargocd { progressive-syncs = true }\n\
             source config { git = \"https://github.com/acme/config\", branch = \"main\" }\n\
             label env: dev | prod\ncluster one { env = dev }\nrollout slow {\n  stage dev on env == dev\n}\n",
        )
        .file("apps/größe 1.fleet", "component web on env == pord { path = \"web\", namespace = web }\n");
    let wrong = compile(&files.clone().into_project(), &[]);
    let files = files.file(
        "apps/größe 1.fleet",
        "component web on all { path = \"web\", namespace = web, rollout = slow }\ncomponent idle { path = \"x\", namespace = x }\n",
    );
    let right = compile(&files.into_project(), &[]);
    let mut report = Report::new(&wrong.diagnostics, &wrong.sources);
    let other = Report::new(&right.diagnostics, &right.sources);
    report.summary.warnings += other.summary.warnings;
    report.summary.notes += other.summary.notes;
    report.diagnostics.extend(other.diagnostics);
    let severities: Vec<&str> = report.diagnostics.iter().map(|one| one.severity.as_str()).collect();
    assert_eq!(severities, ["error", "note", "warning"]);
    report
}

/// A report of one typo at the end of `before`, in a file of one line.
fn after(before: &str) -> Report {
    let mut sources = Sources::default();
    let text = format!("{before}pord }}\r\n");
    let id = sources.add(SourceFile::new("a.fleet", Origin::Project, text.as_str()));
    let start = u32::try_from(before.len()).unwrap();
    let span = Span::new(id, start, start + 4);
    let mut found = Diagnostics::default();
    found.push(Diagnostic::new(codes::UNKNOWN_VALUE, span, "`pord` is not a value of the label `env`").fix(
        "write `prod`",
        Applicability::Unsafe,
        span,
        "prod",
    ));
    Report::new(&found, &sources)
}

#[test]
fn what_each_format_looks_like() {
    let report = fleet();
    for (name, format) in FORMATS {
        let text = format(&report);
        // JSON on one line is nothing to read.
        let text = match serde_json::from_str::<Value>(&text) {
            Ok(value) => format!("{value:#}\n"),
            Err(_) => text,
        };
        support::golden(&format!("tests/formats/{name}.txt"), &text);
    }
}

#[test]
fn nothing_is_wrong_in_every_format() {
    let report = Report::new(&Diagnostics::default(), &Sources::default());
    for (name, expected) in [("concise", ""), ("plain", ""), ("agent", ""), ("github", ""), ("gitlab", "[]\n")] {
        assert_eq!(format(name, &report), expected, "{name}");
    }
    assert!(format("junit", &report).contains("<testcase classname=\"fleetc\" name=\"check\"/>"));
    let sarif: Value = serde_json::from_str(&format("sarif", &report)).unwrap();
    assert_eq!(sarif["runs"][0]["results"], serde_json::json!([]));
    assert_eq!(format("jsonl", &report).lines().count(), 1);
}

/// Whoever has the JSON has every other format.
#[test]
fn every_format_is_a_function_of_the_json() {
    for code in codes::ALL {
        let Some((_, example)) = code.page.split_once("## Wrong\n\n```fleet\n") else { continue };
        let text = example.split("```").next().unwrap();
        let found = compile(&MemoryFiles::new().file("demo.fleet", text).into_project(), &[]);
        let report = Report::new(&found.diagnostics, &found.sources);
        let read: Report = serde_json::from_str(&render::json(&report)).unwrap();
        assert_eq!(read, report, "{}", code.id);
        for (name, format) in FORMATS {
            assert_eq!(format(&read), format(&report), "{name} of {}", code.id);
        }
    }
}

/// Lines before the typo, and its column in code points, UTF-16 units and bytes, counted by hand.
const COLUMNS: [(&str, u32, u32, u32); 8] = [
    ("", 1, 1, 1),
    ("env = ", 7, 7, 7),
    ("\tenv = ", 8, 8, 8),
    ("é = ", 5, 5, 6),
    ("e\u{301} = ", 6, 6, 7),
    ("😀 = ", 5, 6, 8),
    ("日本 = ", 6, 6, 10),
    ("\u{feff}x = ", 6, 6, 8),
];

#[test]
fn columns_are_counted_in_each_formats_own_unit() {
    for (before, points, utf16, bytes) in COLUMNS {
        let report = after(before);
        let at = report.diagnostics[0].range.start;
        assert_eq!((at.column, at.utf16, at.byte), (points, utf16, bytes), "{before:?}");
        let value = |name: &str| serde_json::from_str::<Value>(&format(name, &report)).unwrap();
        assert!(format("concise", &report).starts_with(&format!("a.fleet:1:{points}: ")), "{before:?}");
        assert!(format("agent", &report).starts_with(&format!("a.fleet:1:{points}: ")), "{before:?}");
        let last = points + 3;
        assert!(format("plain", &report).contains(&format!("line 1, columns {points} to {last}")), "{before:?}");
        assert!(format("github", &report).contains(&format!(",col={points},endColumn={last},")), "{before:?}");
        assert!(format("junit", &report).contains(&format!("name=\"F0302 1:{points}\"")), "{before:?}");
        let sarif = value("sarif");
        let run = &sarif["runs"][0];
        assert_eq!(run["columnKind"], "unicodeCodePoints");
        let region = &run["results"][0]["locations"][0]["physicalLocation"]["region"];
        assert_eq!(
            (&region["startColumn"], &region["endColumn"]),
            (&points.into(), &(points + 4).into()),
            "{before:?}"
        );
        let gitlab = &value("gitlab")[0]["location"]["positions"];
        assert_eq!((&gitlab["begin"]["column"], &gitlab["end"]["column"]), (&points.into(), &last.into()));
        let rdjson = &value("rdjson")["diagnostics"][0];
        for range in [&rdjson["location"]["range"], &rdjson["suggestions"][0]["range"]] {
            let columns = (&range["start"]["column"], &range["end"]["column"]);
            assert_eq!(columns, (&bytes.into(), &(bytes + 4).into()), "{before:?}");
        }
    }
}

/// A message that tries to break out of every format.
fn hostile() -> Report {
    let mut report = after("env = ");
    let bad = "a\nb\r::error::x ]]> \"q\" <x> & % \u{0} \u{1b}[31m \u{202e} \u{ffff} , ; ".to_owned();
    let finding = &mut report.diagnostics[0];
    finding.file = format!("d:ir/{bad}.fleet");
    finding.message = bad.clone();
    finding.label = bad.clone();
    finding.help = vec![bad.clone(), bad.repeat(20_000)];
    finding.item = Some(bad.clone());
    report
}

#[test]
fn no_text_breaks_out_of_a_format() {
    let report = hostile();
    for (name, format) in FORMATS {
        let text = format(&report);
        let control = |c: char| c.is_control() && c != '\n';
        assert!(!text.contains(control), "{name} holds a control character");
        if ["json", "sarif", "gitlab", "rdjson"].contains(&name) {
            assert!(serde_json::from_str::<Value>(&text).is_ok(), "{name}");
            assert_eq!(text.lines().count(), 1, "{name}");
        }
    }
    assert_eq!(format("concise", &report).lines().count(), 1);
    assert_eq!(format("agent", &report).lines().count(), 1);
    assert!(format("jsonl", &report).lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
    let xml = format("junit", &report);
    assert!(!xml.contains("]]>") && !xml.contains('\u{ffff}') && !xml.contains("<x>"));
}

/// What a runner of GitHub reads of a line: `::command key=value,…::text`, unescaped.
fn command(line: &str) -> (String, Vec<(String, String)>, String) {
    let (head, text) = line.strip_prefix("::").unwrap().split_once("::").unwrap();
    let (name, properties) = head.split_once(' ').unwrap();
    let data = |text: &str| text.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%");
    let property = |text: &str| data(&text.replace("%3A", ":").replace("%2C", ","));
    let properties = properties.split(',').map(|pair| {
        let (key, value) = pair.split_once('=').unwrap();
        (key.to_owned(), property(value))
    });
    (name.to_owned(), properties.collect(), data(text))
}

#[test]
fn a_github_runner_reads_what_was_meant() {
    let report = hostile();
    let text = format("github", &report);
    assert_eq!(text.lines().count(), 1);
    let (name, properties, message) = command(text.trim_end());
    assert_eq!(name, "error");
    assert!(properties[0].0 == "file" && properties[0].1.starts_with("d:ir/a\nb\\r::error::x"), "{properties:?}");
    assert_eq!(properties.last().unwrap().1, "F0302 unknown-value");
    assert!(message.starts_with("a\nb\\r::error::x ]]> \"q\""), "{}", &message[..80]);
}

#[test]
fn github_is_shown_the_first_ten_of_each_kind_and_how_many_more() {
    let mut report = after("env = ");
    let one = report.diagnostics[0].clone();
    report.diagnostics = vec![one; 25];
    let text = format("github", &report);
    assert_eq!(text.lines().count(), 11);
    assert!(
        text.ends_with("::notice title=fleetc::15 more problems not shown; see the log of `fleetc check`\n"),
        "{text}"
    );
}

#[test]
fn equal_findings_stay_apart_in_gitlab() {
    let mut report = after("env = ");
    let mut one = report.diagnostics[0].clone();
    one.fingerprint = "0123456789abcdef".to_owned();
    report.diagnostics = vec![one; 3];
    let issues: Value = serde_json::from_str(&format("gitlab", &report)).unwrap();
    let known: Vec<&str> = issues.as_array().unwrap().iter().map(|one| one["fingerprint"].as_str().unwrap()).collect();
    assert_eq!(known, ["0123456789abcdef", "0123456789abcdef-2", "0123456789abcdef-3"]);
}

#[test]
fn paths_are_uris_in_sarif() {
    let sarif: Value = serde_json::from_str(&format("sarif", &fleet())).unwrap();
    let place = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"];
    assert_eq!(place["uri"], "apps/gr%C3%B6%C3%9Fe%201.fleet");
}

/// `tests/conformance/formats.sh` sets `FLEETC_FORMATS_CORPUS`; without it there is nothing to do.
#[test]
fn the_corpus_is_written_where_it_is_asked_for() {
    let Some(folder) = std::env::var_os("FLEETC_FORMATS_CORPUS") else { return };
    let mut reports = vec![
        ("nothing".to_owned(), Report::new(&Diagnostics::default(), &Sources::default())),
        ("hostile".to_owned(), hostile()),
        ("fleet".to_owned(), fleet()),
    ];
    for (number, (before, ..)) in COLUMNS.iter().enumerate() {
        reports.push((format!("columns-{number}"), after(before)));
    }
    for code in codes::ALL {
        let Some((_, example)) = code.page.split_once("## Wrong\n\n```fleet\n") else { continue };
        let text = example.split("```").next().unwrap();
        let found = compile(&MemoryFiles::new().file("demo.fleet", text).into_project(), &[]);
        reports.push((code.id.to_owned(), Report::new(&found.diagnostics, &found.sources)));
    }
    for (name, format) in FORMATS {
        let folder = std::path::Path::new(&folder).join(name);
        std::fs::create_dir_all(&folder).unwrap();
        for (case, report) in &reports {
            std::fs::write(folder.join(case), format(report)).unwrap();
        }
    }
}
