//! The saved corpus of the fuzz targets, replayed: what once was a bug stays mended without a fuzzer.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]
#![allow(missing_docs)]

#[path = "support/golden.rs"]
mod golden;
#[path = "../fuzz/laws.rs"]
mod laws;

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use laws::{LAWS, obey};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

fn inputs(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = root().join("corpus").join(target);
    let entries = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap());
    let mut inputs: Vec<(String, Vec<u8>)> =
        entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect();
    inputs.sort();
    inputs
}

/// Gives every saved input of a target to its law, and names those that break it.
fn replay(target: &str) {
    let inputs = inputs(target);
    assert!(inputs.len() >= 10, "{target}: only {} inputs", inputs.len());
    let broken: Vec<String> = inputs
        .into_iter()
        .filter(|(_, bytes)| catch_unwind(AssertUnwindSafe(|| obey(target, bytes))).is_err())
        .map(|(name, _)| name)
        .collect();
    assert!(broken.is_empty(), "fuzz/corpus/{target}: {}", broken.join(", "));
}

#[test]
fn parse() {
    replay("parse");
}

#[test]
fn format() {
    replay("format");
}

#[test]
fn check() {
    replay("check");
}

#[test]
fn manifests() {
    replay("manifests");
}

#[test]
fn lock() {
    replay("lock");
}

#[test]
fn inventory() {
    replay("inventory");
}

#[test]
fn yaml() {
    replay("yaml");
}

/// Else the target would see no lock that a build wrote.
#[test]
fn the_corpus_holds_a_lock_that_a_build_wrote() {
    golden::golden("fuzz/corpus/lock/built", &laws::built_lock());
}

#[test]
fn every_target_is_declared_replayed_and_documented() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let declared: BTreeSet<&str> =
        manifest.split("[[bin]]").skip(1).map(|bin| bin.split('"').nth(1).unwrap()).collect();
    assert_eq!(declared, LAWS.iter().map(|(name, _)| *name).collect());
    let page = fs::read_to_string(root().join("../docs/security.md")).unwrap();
    let tests = include_str!("fuzz.rs");
    for target in declared {
        let program = fs::read_to_string(root().join(format!("fuzz_targets/{target}.rs"))).unwrap();
        assert!(program.contains(&format!("|bytes: &[u8]| laws::obey(\"{target}\", bytes)")), "{target}");
        assert!(tests.contains(&format!("replay(\"{target}\")")), "{target} is not replayed");
        assert!(page.contains(&format!("| `{target}` |")), "{target} is not in docs/security.md");
    }
    let size: u64 = fs::read_dir(root().join("corpus"))
        .unwrap()
        .map(|folder| {
            let files = fs::read_dir(folder.unwrap().path()).unwrap();
            files.map(|file| file.unwrap().metadata().unwrap().len()).sum::<u64>()
        })
        .sum();
    assert!(size < 500_000, "the corpus has {size} bytes: keep what is small");
}
