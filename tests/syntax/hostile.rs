//! Texts made to hurt: deep, unclosed, huge. Each ends with a diagnostic, in work linear in its length.
//!
//! No clock is asked: pest counts its calls and stops at a limit (F0114), so a text that is read to its end has
//! cost no more than that. Were the grammar not linear, the large ones would not end in any time.

use crate::read;

const MIB: usize = 1024 * 1024;

/// The codes of a text's diagnostics, each once, and how many diagnostics there are.
fn codes(text: &str) -> (Vec<&'static str>, usize) {
    let (_, _, parsed) = read(text);
    let mut codes: Vec<&'static str> = parsed.diagnostics.iter().map(|item| item.code.id).collect();
    let count = codes.len();
    codes.sort_unstable();
    codes.dedup();
    (codes, count)
}

fn filled(piece: &str) -> String {
    piece.repeat(4 * MIB / piece.len())
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
    assert_eq!(codes(&"#".repeat(4 * MIB)).1, 0);
    assert_eq!(codes(&"#".repeat(4 * MIB + 1)), (vec!["F0001"], 1));
}

#[test]
fn four_mebibytes_of_anything_end_with_a_diagnostic() {
    let pieces = [
        "(",
        "\"",
        "{",
        "a ",
        "}",
        "=",
        "\"\"\"",
        "${",
        "\\",
        "\"${",
        "é",
        "]\n",
        "a\n",
        "a = 1\n",
        "component ",
        "if ",
        "\u{202e}",
        "on ",
        "component a {} ",
        "\"\\\"\"\"\"",
        ". ",
        "a.",
        "1.",
    ];
    for piece in pieces {
        let (found, count) = codes(&filled(piece));
        assert!(count > 0 && count <= 1_001, "{piece:?}: {found:?}");
        assert!(!found.contains(&"F0901"), "{piece:?}: {found:?}");
    }
}

#[test]
fn four_mebibytes_inside_of_a_block_end_with_a_diagnostic() {
    for piece in [
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
    ] {
        let (found, count) =
            codes(&format!("component a {{ x = 1\n  y = {}", filled(piece).get(..4 * MIB - 40).unwrap()));
        assert!(count > 0 && count <= 1_001, "{piece:?}: {found:?}");
        assert!(!found.contains(&"F0901"), "{piece:?}: {found:?}");
    }
}

#[test]
fn four_mebibytes_of_fleet_are_read() {
    let one = "cluster c { region = us-east-1, labels = [a, \"b\"], on env == prod { x = 10m } } # c\n";
    let (_, _, parsed) = read(&filled(one));
    assert!(parsed.diagnostics.is_empty());
    assert_eq!(parsed.file.declarations.len(), 4 * MIB / one.len());
    for blank in ["\n", " ", "\r\n", "# c\n", "\n#"] {
        assert_eq!(codes(&filled(blank)).1, 0, "{blank:?}");
    }
}
