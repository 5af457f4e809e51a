//! The YAML writer, read back: every value comes back as it was written, types included.
//!
//! Two readers stand here, one for each version of YAML: serde-saphyr with the options that read as Kubernetes does
//! (YAML 1.1 booleans and octals) and `serde_yaml` (YAML 1.2). Go's and Python's readers are asked by
//! `tests/conformance/yaml.sh`, which sets `FLEETC_YAML_CORPUS` to the file that this test then writes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "support/yaml_corpus.rs"]
mod yaml_corpus;

use std::fmt::Write as _;

use fleetc::target::yaml::{HEADER, document, stream, survives_kustomize, trimmable, writable};
use proptest::prelude::*;
use serde_json::{Value, json};
use yaml_corpus::{cases, nasty_strings, text, tree};

/// Reads as Kubernetes does: `yes` is a boolean, `012` is ten.
fn read_as_kubernetes(yaml: &str) -> Result<Value, String> {
    let options = serde_saphyr::options! {
        budget: None,
        legacy_octal_numbers: true,
        strict_booleans: false,
    };
    serde_saphyr::from_str_with_options(yaml, options).map_err(|error| error.to_string())
}

/// Reads by YAML 1.2.
fn read_as_core(yaml: &str) -> Result<Value, String> {
    serde_yaml::from_str(yaml).map_err(|error| error.to_string())
}

/// What is wrong with the text written for `meant`, by either reader or in itself.
fn faults(meant: &Value) -> Vec<String> {
    let yaml = document(meant);
    let mut faults = Vec::new();
    for (reader, got) in [("serde-saphyr", read_as_kubernetes(&yaml)), ("serde_yaml", read_as_core(&yaml))] {
        match got {
            Ok(got) if same(&got, meant) => {}
            Ok(got) => faults.push(format!("{reader} reads {got} for {meant} in:\n{yaml}")),
            Err(error) => faults.push(format!("{reader}: {error} for {meant} in:\n{yaml}")),
        }
    }
    if !yaml.ends_with('\n') {
        faults.push(format!("no newline at the end of:\n{yaml}"));
    }
    if yaml.lines().any(|line| line.ends_with(' ') || line.contains(['\t', '\r'])) {
        faults.push(format!("a blank at the end of a line, a tab or a CR in:\n{yaml}"));
    }
    faults
}

/// Equality that also tells `-0.0` from `0.0` and `1.0` from `1`.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => a.to_string() == b.to_string(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((ka, a), (kb, b))| ka == kb && same(a, b))
        }
        (a, b) => a == b,
    }
}

#[test]
fn every_case_comes_back_as_it_was_written() {
    let faults: Vec<String> = cases()
        .iter()
        .flat_map(|case| faults(&case.meant).into_iter().map(|fault| format!("{}: {fault}", case.name)))
        .collect();
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn a_trimmed_document_says_the_same() {
    let faults: Vec<String> = cases()
        .iter()
        .map(|case| (&case.name, &case.meant, trimmable(&case.meant)))
        .filter(|(_, meant, yaml)| !read_as_core(yaml.trim()).is_ok_and(|got| same(&got, meant)))
        .map(|(name, _, yaml)| format!("{name}:\n{yaml}"))
        .collect();
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
    for (value, text) in [
        (json!({ "a": "x\n\ny\n", "b": "x\ny" }), "a: |\n  x\n\n  y\nb: |-\n  x\n  y\n"),
        (json!({ "a": [{ "b": "x\n\ny\n" }] }), "a:\n  - b: \"x\\n\\ny\\n\"\n"),
        (json!(["x\ny\u{3000}"]), "- \"x\\ny\u{3000}\"\n"),
    ] {
        assert_eq!(trimmable(&value), text);
    }
}

#[test]
fn the_corpus_holds_every_string_that_can_be_kept() {
    let strings = nasty_strings();
    let refused: Vec<&String> = strings.iter().filter(|text| writable(text).is_err()).collect();
    assert_eq!((strings.len(), refused.len()), (402, 12), "{refused:?}");
}

#[test]
fn characters_that_no_reader_keeps_are_named() {
    for (text, lost) in [
        ("a\0b", '\0'),
        ("\u{7f}", '\u{7f}'),
        ("ok\u{85}\u{9f}", '\u{85}'),
        ("\u{9f}", '\u{9f}'),
        ("x\u{fffe}", '\u{fffe}'),
        ("\u{ffff}\0", '\u{ffff}'),
    ] {
        assert_eq!(writable(text), Err(lost), "{text:?}");
    }
    for text in ["", "plain", "tab\tand\nnewline\r", "\u{1}", "\u{a0}\u{feff}\u{2028}", "\u{fffd}\u{10ffff}"] {
        assert_eq!(writable(text), Ok(()), "{text:?}");
    }
}

/// The other side is `TestTextThatBeginsWithATab` of `tests/conformance/kustomize`.
#[test]
fn lines_that_begin_with_a_tab_do_not_survive_kustomize() {
    assert!(!survives_kustomize("\ta\nb") && !survives_kustomize("\t\n"));
    assert!(survives_kustomize("\ta") && survives_kustomize("a\n\tb") && survives_kustomize(""));
}

#[test]
fn a_stream_has_the_header_and_separates_documents() {
    assert_eq!(stream(&[]), HEADER);
    assert_eq!(stream(&[json!({ "a": 1 })]), format!("{HEADER}a: 1\n"));
    assert_eq!(stream(&[json!({ "a": 1 }), json!(["---"])]), format!("{HEADER}a: 1\n---\n- \"---\"\n"));
    let documents: Vec<Value> = cases().into_iter().map(|case| case.meant).collect();
    let read: Vec<Value> = serde_saphyr::from_multiple_with_options(
        &stream(&documents),
        serde_saphyr::options! { budget: None, legacy_octal_numbers: true },
    )
    .unwrap();
    // The reader leaves out documents that are null.
    let expected: Vec<Value> = documents.into_iter().filter(|value| !value.is_null()).collect();
    assert_eq!(read.len(), expected.len());
    assert!(read.iter().zip(&expected).all(|(read, expected)| same(read, expected)));
}

/// The forms that people read, beside the values they stand for. `FLEETC_BLESS=1` writes the file anew.
#[test]
fn readable_forms_stay_as_they_are() {
    let source: Vec<(String, Value)> =
        serde_json::from_str::<serde_json::Map<String, Value>>(include_str!("golden/yaml.json"))
            .unwrap()
            .into_iter()
            .collect();
    let mut written = String::new();
    for (name, value) in source {
        write!(written, "# {name}\n{}", document(&value)).unwrap();
    }
    if std::env::var_os("FLEETC_BLESS").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/yaml.txt"), &written).unwrap();
    }
    let golden = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/yaml.txt")).unwrap();
    assert_eq!(written, golden);
}

/// Writes the corpus for the readers outside of this process: a JSON value a line with the text and what it means.
#[test]
fn the_corpus_is_written_where_it_is_asked_for() {
    let lines: String = cases()
        .iter()
        .map(|case| json!({ "name": case.name, "yaml": document(&case.meant), "meant": case.meant }).to_string() + "\n")
        .collect();
    assert!(lines.lines().count() > 402 * 7);
    if let Some(path) = std::env::var_os("FLEETC_YAML_CORPUS") {
        std::fs::write(path, lines).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_string_comes_back(text in text()) {
        for meant in [json!(text), json!({ text.clone(): text }), json!([[text]])] {
            let faults = faults(&meant);
            prop_assert!(faults.is_empty(), "{}", faults.join("\n"));
        }
    }

    #[test]
    fn any_tree_comes_back(meant in tree()) {
        let faults = faults(&meant);
        prop_assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}
