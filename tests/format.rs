//! `fleetc fmt`: what it makes of texts, and what it must never do to any.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]
#![allow(missing_docs)]

#[path = "support/golden.rs"]
mod golden;

use std::fs;
use std::path::{Path, PathBuf};

use fleetc::format::{Formatted, format};
use fleetc::source::SourceId;
use fleetc::syntax::kind::SyntaxKind;
use fleetc::syntax::{Parse, parse};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn below(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let hidden = path.file_name().unwrap().to_string_lossy().starts_with('.');
        if path.is_dir() && !hidden && !path.ends_with("target") && !path.ends_with("node_modules") {
            below(&path, ending, found);
        } else if path.extension().is_some_and(|extension| extension == ending) {
            found.push(path);
        }
    }
    found.sort();
}

/// The texts of the repository: every `.fleet` file, and every block of fleet in a document or a case.
fn corpus() -> Vec<(String, String)> {
    let (mut files, mut pages, mut all) = (Vec::new(), Vec::new(), Vec::new());
    below(&root(), "fleet", &mut files);
    below(&root(), "md", &mut pages);
    for path in files {
        all.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
    }
    for path in pages {
        let text = fs::read_to_string(&path).unwrap();
        for (number, block) in text.split("```fleet").skip(1).enumerate() {
            let block = block.split_once('\n').map_or("", |(_, block)| block);
            let block = block.split("\n```").next().unwrap();
            all.push((format!("{} block {number}", path.display()), format!("{block}\n")));
        }
    }
    assert!(all.len() > 300, "{}", all.len());
    all
}

fn comments(text: &str) -> Vec<String> {
    let parse = parse(SourceId::default(), text);
    let comments = parse.cst.leaves().filter(|leaf| leaf.kind == SyntaxKind::Comment);
    comments.map(|leaf| text[leaf.start as usize..leaf.end as usize].to_owned()).collect()
}

/// The declarations without their places.
fn tree(parse: &Parse) -> String {
    let text = format!("{:?}", parse.file);
    let mut out = String::new();
    for (index, part) in text.split("start: ").enumerate() {
        out += if index == 0 { part } else { part.split_once('}').unwrap().1 };
    }
    out
}

fn codes(parse: &Parse) -> Vec<&'static str> {
    let mut codes: Vec<_> = parse.diagnostics.iter().map(|diagnostic| diagnostic.code.id).collect();
    codes.sort_unstable();
    codes
}

/// Formats `text` and checks all that holds of every text.
fn formatted(name: &str, text: &str) -> String {
    let (out, broken) = match format(SourceId::default(), text) {
        Formatted::Text { text, broken } => (text, broken),
        Formatted::Unread(_) => return text.to_owned(),
        Formatted::Bug(bug) => panic!("{name}: {} at {:?}\n{text}", bug.message, bug.primary.span),
    };
    let (before, after) = (parse(SourceId::default(), text), parse(SourceId::default(), &out));
    assert_eq!(comments(&out), comments(text), "{name}: comments\n{text}\n--\n{out}");
    let (one, other) = (tree(&before), tree(&after));
    let same = one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    let around = |text: &str| text.get(same.saturating_sub(300)..).unwrap_or("").chars().take(500).collect::<String>();
    assert!(one == other, "{name}: declarations: {}\n--\n{}\n{text}\n--\n{out}", around(&one), around(&other));
    assert_eq!(codes(&after), codes(&before), "{name}: problems\n{text}\n--\n{out}");
    match format(SourceId::default(), &out) {
        Formatted::Text { text: again, .. } => assert_eq!(again, out, "{name}: not idempotent\n{text}"),
        other => panic!("{name}: {other:?}\n{out}"),
    }
    if !broken {
        assert!(out.is_empty() || out.ends_with('\n') && !out.ends_with("\n\n"), "{name}: {out:?}");
        let untidy = |line: &str| line.ends_with([' ', '\t']);
        assert!(out.contains("\"\"\"") || !out.lines().any(untidy), "{name}: blanks at ends of lines\n{out}");
    }
    out
}

#[test]
fn texts_become_what_stands_beside_them() {
    let mut inputs = Vec::new();
    below(&root().join("tests/format"), "fleet", &mut inputs);
    inputs.retain(|path| !path.to_string_lossy().ends_with(".formatted.fleet"));
    assert!(!inputs.is_empty());
    for path in inputs {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let out = formatted(&name, &fs::read_to_string(&path).unwrap());
        golden::golden(&format!("tests/format/{name}.formatted.fleet"), &out);
    }
}

#[test]
fn a_string_that_nobody_closed_keeps_the_end_of_its_line() {
    let text = "cluster  a {}\r\ncomponent web on all { path = \"x,\nnamespace = \"y }\ncluster  b {}\r\n";
    let laid_out = text.replace("  ", " ").replace("{}", "{ }");
    assert_eq!(formatted("open", text), laid_out);
}

#[test]
fn every_text_of_the_repository_keeps_what_it_says() {
    for (name, text) in corpus() {
        formatted(&name, &text);
        let other = text.replace('\n', "\r\n");
        assert_eq!(
            formatted(&name, &other).replace("\r\n", "\n"),
            formatted(&name, &text).replace("\r\n", "\n"),
            "{name}"
        );
    }
}

#[test]
fn the_examples_the_standard_library_and_the_documents_are_formatted() {
    let kept = ["/examples/", "/stdlib/", "/docs/", "/README.md"];
    let elsewhere = ["/src/", "/tests/"];
    let mut wrong = Vec::new();
    for (name, text) in corpus() {
        let ours = kept.iter().any(|part| name.contains(part)) && !elsewhere.iter().any(|part| name.contains(part));
        let broken = parse(SourceId::default(), &text).diagnostics.has_errors();
        if ours && !broken && formatted(&name, &text) != text {
            wrong.push(format!("{name}\n{}", formatted(&name, &text)));
        }
    }
    assert!(wrong.is_empty(), "{} are not formatted:\n{}", wrong.len(), wrong.join("\n"));
}

/// What the texts are broken at: the ends of their tokens.
fn boundaries(text: &str) -> Vec<usize> {
    let parse = parse(SourceId::default(), text);
    let mut all: Vec<usize> = parse.cst.leaves().flat_map(|leaf| [leaf.start as usize, leaf.end as usize]).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Texts with everything in them that the grammar has.
fn rich() -> Vec<(String, String)> {
    let mut all = vec![("all.fleet".to_owned(), fs::read_to_string(root().join("tests/format/all.fleet")).unwrap())];
    let example = root().join("examples/three-tier/shop/services.fleet");
    all.push(("services.fleet".to_owned(), fs::read_to_string(example).unwrap()));
    all
}

#[test]
fn a_comment_between_any_two_tokens_survives() {
    for (name, text) in rich() {
        for (index, at) in boundaries(&text).into_iter().enumerate() {
            let comment = [" # here\n", "\n\n  # here\n"][index % 2];
            let with = format!("{}{comment}{}", &text[..at], &text[at..]);
            // In a string it is no comment.
            if comments(&with).len() == comments(&text).len() {
                continue;
            }
            let out = formatted(&name, &with);
            assert_eq!(out.matches("# here").count(), 1, "{name}: {at}\n{out}");
        }
    }
}

#[test]
fn a_text_that_ends_anywhere_keeps_what_it_says() {
    for (name, text) in rich() {
        for at in (0..text.len()).step_by(9).filter(|at| text.is_char_boundary(*at)) {
            formatted(&format!("{name} up to {at}"), &text[..at]);
        }
    }
}

#[test]
fn a_text_with_a_token_too_few_or_too_many_keeps_what_it_says() {
    let junk = [
        "}",
        "{",
        "]",
        "[",
        "(",
        ")",
        "\"",
        "\"\"\"",
        ",",
        "=",
        ":",
        "$",
        "x",
        " and ",
        "\n",
        "\ncomponent x on all {\n",
    ];
    for (name, text) in rich() {
        let boundaries = boundaries(&text);
        for (index, pair) in boundaries.windows(2).enumerate() {
            let (start, end) = (pair[0], pair[1]);
            let changed = match index % 3 {
                0 => format!("{}{}", &text[..start], &text[end..]),
                1 => format!("{}{}", &text[..end], &text[start..]),
                _ => format!("{}{}{}", &text[..start], junk[index / 3 % junk.len()], &text[start..]),
            };
            formatted(&name, &changed);
        }
    }
}
