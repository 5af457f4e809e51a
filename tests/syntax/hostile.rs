//! Texts made to hurt: deep, unclosed, huge. Each ends with a diagnostic, in work linear in its length.
//!
//! No clock is asked: pest counts its calls and stops at a limit (F0114), so a text that is read to its end has
//! cost no more than that. Were the grammar not linear, the large ones would not end in any time.
//!
//! The size limit is 4 MiB, and with `cargo test --release` every text here has that size. Without optimisation the
//! texts that make a node every few bytes take seconds a MiB, so they are [`SIZE`] long.

use crate::read;

const LIMIT: usize = 4 * 1024 * 1024;
const SIZE: usize = if cfg!(debug_assertions) { 32 * 1024 } else { LIMIT };

/// The codes of a text's diagnostics, each once, and how many diagnostics there are.
fn codes(text: &str) -> (Vec<&'static str>, usize) {
    let (_, _, parsed) = read(text);
    let mut codes: Vec<&'static str> = parsed.diagnostics.iter().map(|item| item.code.id).collect();
    let count = codes.len();
    codes.sort_unstable();
    codes.dedup();
    (codes, count)
}

fn filled(piece: &str, size: usize) -> String {
    piece.repeat(size / piece.len())
}

#[test]
fn two_thousand_unclosed_declarations_are_each_reported() {
    assert_eq!(codes(&"component a {\n".repeat(2_000)), (vec!["F0103", "F0114"], 1_001));
    assert_eq!(codes(&"component a {\n  values { x = [1,\n".repeat(300)), (vec!["F0103", "F0105"], 900));
}

#[test]
fn unclosed_brackets_on_one_line_are_too_deep() {
    assert_eq!(codes(&"component a { ".repeat(2_000)), (vec!["F0102"], 1));
    assert_eq!(codes(&"x { ".repeat(2_000)), (vec!["F0102"], 1));
    assert_eq!(codes(&"[".repeat(100_000)), (vec!["F0102"], 1));
}

#[test]
fn sixty_four_levels_of_anything_are_read() {
    for (open, close) in [("[", "]"), ("(", ")"), ("{ a = ", "}"), ("x { ", "}"), ("[{ a = (", ")}]")] {
        let times = 63 / open.chars().filter(|c| "[({".contains(*c)).count();
        let closed = format!("component a {{ x = {}b{} }}", open.repeat(times), close.repeat(times));
        let (_, _, parsed) = read(&closed);
        assert!(parsed.file.declarations.len() == 1, "{closed}");
        let unclosed = format!("component a {{ x = {}", open.repeat(times));
        let (found, _) = codes(&unclosed);
        assert!(!found.is_empty() && !found.contains(&"F0114"), "{unclosed}: {found:?}");
    }
    let levels = "x { ".repeat(63);
    let (_, count) = codes(&format!("component a {{ {levels}{} }}", "}".repeat(63)));
    assert_eq!(count, 0);
}

#[test]
fn chains_of_operators_are_not_deep() {
    let chains = [
        format!("group g = {}a", "not ".repeat(50_000)),
        format!("group g = a{}", " and b or c".repeat(50_000)),
        format!("label l = {}d", "if a then b else ".repeat(50_000)),
        format!("group g = a{}", " == b".repeat(50_000)),
        format!("group g = {}a", "has ".repeat(50_000)),
        format!("label l: a{}", " | b".repeat(50_000)),
    ];
    for chain in chains {
        let (found, count) = codes(&chain);
        assert!(count <= 1 && !found.contains(&"F0114"), "{}: {found:?}", &chain[..40]);
    }
}

#[test]
fn one_byte_more_than_four_mebibytes_is_too_large() {
    assert_eq!(codes(&"#".repeat(LIMIT)).1, 0);
    assert_eq!(codes(&"#".repeat(LIMIT + 1)), (vec!["F0001"], 1));
}

#[test]
fn four_mebibytes_of_anything_end_with_a_diagnostic() {
    for piece in ["(", "{", "[", "${", "\"${", "é", "\u{202e}", "component a {\n{{{"] {
        let (found, count) = codes(&filled(piece, LIMIT));
        assert!(count > 0 && count <= 1_001 && !found.contains(&"F0901"), "{piece:?}: {found:?}");
    }
    let pieces = [
        "\"",
        "a ",
        "}",
        "=",
        "\"\"\"",
        "\\",
        "]\n",
        "a\n",
        "a = 1\n",
        "component ",
        "if ",
        "on ",
        "component a {} ",
        "\"\\\"\"\"\"",
        "\"\"\"\ncomponent a {\n\\",
        ". ",
        "a.",
        "1.",
    ];
    for piece in pieces {
        let (found, count) = codes(&filled(piece, SIZE));
        assert!(count > 0 && count <= 1_001, "{piece:?}: {found:?}");
        assert!(!found.contains(&"F0901") && !found.contains(&"F0114") || count > 1_000, "{piece:?}: {found:?}");
    }
}

#[test]
fn four_mebibytes_inside_of_a_block_end_with_a_diagnostic() {
    let pieces = [
        "a",
        "a ",
        "a\n",
        "a = ",
        "a = 1 ",
        "x { } ",
        "\"\" ",
        "= ",
        "[] ",
        "on ",
        ", ",
        "not ",
        "if a then ",
        "stage a on b ",
        "a, ",
        "then ",
        "] ",
        ") ",
    ];
    for piece in pieces {
        for head in ["component a { x = 1\n  y = ", "component a {\n  y = ["] {
            let (found, count) = codes(&format!("{head}{}", filled(piece, SIZE - 40)));
            assert!(count > 0 && count <= 1_001, "{piece:?}: {found:?}");
            assert!(!found.contains(&"F0901"), "{piece:?}: {found:?}");
        }
    }
}

#[test]
fn four_mebibytes_of_fleet_are_read() {
    let one = "cluster c { region = us-east-1, labels = [a, \"b\"], on env == prod { x = 10m } } # c\n";
    let (_, _, parsed) = read(&filled(one, SIZE));
    assert!(parsed.diagnostics.is_empty());
    assert_eq!(parsed.file.declarations.len(), SIZE / one.len());
    for blank in ["\n", " ", "\r\n", "# c\n", "\n#"] {
        assert_eq!(codes(&filled(blank, SIZE)).1, 0, "{blank:?}");
    }
}
