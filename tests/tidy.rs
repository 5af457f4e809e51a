//! The rules of the house that no compiler checks: who may know whom, and how large a file may grow.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms, each of which may use those before it. `render` and `explain` are part of `diag`.
const ROOMS: [&str; 23] = [
    "source",
    "diag",
    "project",
    "data",
    "syntax",
    "format",
    "kinds",
    "model",
    "policy",
    "plan",
    "lints",
    "stdlib",
    "target",
    "simulate",
    "drift",
    "picture",
    "analysis",
    "output",
    "guard",
    "change",
    "difference",
    "terms",
    "cli",
];

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}

/// Every source file below `src` with its path from there and its text.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&root, &mut files);
    files.sort();
    let named = files.into_iter().map(|path| {
        let name = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
        (name, fs::read_to_string(&path).unwrap())
    });
    named.collect()
}

fn code_lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim_start().starts_with("//"))
}

#[test]
fn a_room_knows_only_the_rooms_before_it() {
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        let room = name.split(['/', '.']).next().unwrap();
        let Some(place) = ROOMS.iter().position(|known| *known == room) else {
            assert!(room == "lib" || room == "main", "{name}: say in ARCHITECTURE.md and here where this room stands");
            continue;
        };
        for line in code_lines(&text) {
            for later in &ROOMS[place + 1..] {
                if line.contains(&format!("crate::{later}::")) || line.contains(&format!("crate::{later};")) {
                    wrong.push(format!("{name}: {}", line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "a room uses one that comes after it:\n{}", wrong.join("\n"));
}

/// Fails where a file outside of `allowed` has `word` in its code.
fn only_in(word: &str, allowed: &[&str]) {
    for (name, text) in sources() {
        if !allowed.iter().any(|prefix| name.starts_with(prefix)) {
            let line = code_lines(&text).find(|line| line.contains(word));
            assert!(line.is_none(), "{name} names `{word}`: {}", line.unwrap_or_default());
        }
    }
}

#[test]
fn pest_is_known_to_the_parser_alone() {
    only_in("pest", &["syntax/parser.rs"]);
}

#[test]
fn miette_is_known_to_one_renderer_alone() {
    only_in("miette", &["diag/render/graphical.rs"]);
}

#[test]
fn only_two_rooms_and_the_command_line_touch_the_disk() {
    only_in("std::fs", &["project/", "output/", "cli/"]);
}

#[test]
fn engines_do_not_know_the_source_language() {
    for (name, text) in sources().iter().filter(|(name, _)| name.starts_with("target/")) {
        for word in ["crate::model", "crate::syntax"] {
            assert!(
                !code_lines(text).any(|line| line.contains(word)),
                "{name} uses `{word}`: engines read the plan alone"
            );
        }
    }
}

#[test]
fn files_stay_small() {
    for (name, text) in sources() {
        let lines = text.lines().count();
        assert!(lines <= 600, "{name} has {lines} lines: split it");
    }
}

#[test]
fn nothing_unfinished_is_left() {
    for (name, text) in sources() {
        for word in ["todo!(", "unimplemented!(", "dbg!(", "FIXME", "XXX"] {
            assert!(!text.contains(word), "{name} holds `{word}`");
        }
    }
}
