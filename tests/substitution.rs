//! Flux's substitution of variables, against what Flux itself answers: what surprises as a table, each answer got from
//! fluxcd/pkg envsubst 1.7.1, and random texts for `tests/conformance/flux.sh`, which asks it again.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "random/rng.rs"]
#[allow(dead_code)]
mod rng;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;

use fleetc::target::flux::substitution::{SubstitutionError as Wrong, substitute};
use rng::Rng;
use serde_json::json;

fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn strict(text: &str) -> Result<String, Wrong> {
    let set = variables(&[("v", "a/b/été.yaml"), ("w", "W"), ("empty", ""), ("n", "2")]);
    substitute(text, &set, true)
}

#[test]
fn a_text_becomes_what_flux_makes_of_it() {
    for (text, expected) in [
        ("", ""),
        ("no $v $(v) {{ $x }} $ {v}", "no $v $(v) {{ $x }} $ {v}"),
        ("<${v}>", "<a/b/été.yaml>"),
        // Every pair of dollars is one, with a brace behind it or not.
        ("$$ $$v $${v} $$$${v}", "$ $v ${v} $${v}"),
        ("$$${w}", "$W"),
        ("$${v:=${w}}", "${v:=W}"),
        // All of these are defaults, `?` and `+` too.
        ("${x=d} ${x:=d} ${x:-d} ${x:?d} ${x:+d} ${w:+d}", "d d d d d W"),
        ("${x:=} ${x:=${w}-${w}} ${empty:=d} ${w:=${w}}", " W-W d W"),
        ("${x:=$$ a:b}", "$$ a:b"),
        // Lengths and places are in bytes.
        ("${#v} ${#empty}", "14 0"),
        ("${v:4} ${v:0:1} ${v:-3} ${v: -3}", "été.yaml a a/b/été.yaml a/b/été.yaml"),
        ("${v:${n}:1} ${v:1::2} ${v:x} ${v:99}.", "b /b a/b/été.yaml ."),
        ("${w:0:-1}. ${w:0:9} ${v:9:-2}", ". W .ya"),
        ("${w,} ${w,,} ${v^} ${v^^} ${w^,}", "w w A/b/été.yaml A/B/ÉTÉ.YAML W"),
        ("${v#*/} ${v##*/} ${v%/*} ${v%%/*}", "b/été.yaml été.yaml a/b a"),
        ("${v#a/?} ${v#[^x-z]} ${v#b}", "/été.yaml /b/été.yaml a/b/été.yaml"),
        (
            "${v/b/c} ${v//\\//-} ${v/#a/x} ${v/%yaml/json} ${v/a/}",
            "a/c/été.yaml a-b-été.yaml x/b/été.yaml a/b/été.json /b/été.yaml",
        ),
        // A name is letters and digits, and may begin with one; only what is set is found.
        ("${1:=one} ${é:=d}", "one d"),
    ] {
        assert_eq!(strict(text).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn a_text_is_refused_for_flux_s_reason() {
    let not_set = |name: &str| Wrong::NotSet(name.to_owned());
    for (text, wrong) in [
        ("${}", Wrong::Name),
        ("${ v }", Wrong::Name),
        ("${.Values.x}", Wrong::Name),
        ("${{ v }}", Wrong::Name),
        ("${v", Wrong::Brace),
        ("${v-d}", Wrong::Brace),
        ("${v?d}", Wrong::Brace),
        ("${a.b}", Wrong::Brace),
        ("${a-b}", Wrong::Brace),
        ("^[a-z]${1,3}$", Wrong::Grammar),
        ("${v:=d", Wrong::Parameter),
        ("${v:}", Wrong::Parameter),
        ("${v#}", Wrong::Parameter),
        ("${v/a}", Wrong::Grammar),
        ("${v:é}", Wrong::Grammar),
        ("${#}", Wrong::Grammar),
        ("${x}", not_set("x")),
        ("${#x} ${y}", not_set("x")),
        ("${w:=${x}}", not_set("x")),
        // The grammar of the whole text comes first.
        ("${x} ${", Wrong::Name),
        ("${v:1:9223372036854775807}", Wrong::Overflow),
        ("${v:5}", Wrong::Encoding),
    ] {
        assert_eq!(strict(text), Err(wrong), "{text}");
    }
}

#[test]
fn what_is_not_set_is_empty_unless_strict() {
    let none = BTreeMap::new();
    assert_eq!(substitute("<${x}> <${#x}> <${x^}>", &none, false).as_deref(), Ok("<> <0> <>"));
    assert_eq!(substitute("${x}", &none, true), Err(Wrong::NotSet("x".to_owned())));
}

#[test]
fn functions_nest_as_deep_as_the_text_wants() {
    let depth = 200_000;
    let text = format!("{}x{}", "${v:=".repeat(depth), "}".repeat(depth));
    assert_eq!(substitute(&text, &BTreeMap::new(), true).as_deref(), Ok("x"));
    assert_eq!(substitute(&"${v:=".repeat(depth), &BTreeMap::new(), true), Err(Wrong::Parameter));
}

/// Names of variables, of which some are never set. Outside ASCII only letters and digits that Rust and Flux agree upon.
const NAMES: [&str; 14] = ["v", "v", "v", "w", "w", "u", "_1", "long_name", "empty", "missing", "é", "名", "٣", "1"];

/// What texts and values are made of.
const PIECES: [&str; 62] = [
    "a", "b", "c", "ab", "abc", "A", "B", "Z", "x", "yaml", "/", "/", "\\", "\\/", "\\\\", ":", ":", "=", "-", "+",
    "?", "#", "##", "%", "%%", "^", ",", "*", "*", "**", "[a-c]", "[^a]", "[", "]", "[a", "[-", "[\\]]", ".", " ", "$",
    "$$", "$$$", "{", "}", "0", "1", "2", "-1", "-3", "10", "+4", "é", "ß", "İ", "ŉ", "ᾳ", "日本", "😀", "\u{301}",
    "\u{fffd}", "\t", "\n",
];

/// What is put into texts to break them.
const BREAKS: [&str; 16] = ["$", "{", "}", "${", "/", ":", "#", "%", "\\", "=", "-", "?", "^", ",", "é", "\0"];

fn pieces(rng: &mut Rng, most: usize) -> String {
    (0..rng.below(most + 1)).map(|_| *rng.pick(&PIECES)).collect()
}

/// Text of which a part are functions.
fn text(rng: &mut Rng, depth: usize, most: usize) -> String {
    let mut text = String::new();
    for _ in 0..rng.below(most + 1) {
        if depth > 0 && rng.chance(35) {
            text += &function(rng, depth - 1);
        } else {
            text += *rng.pick(&PIECES);
        }
    }
    text
}

/// Mostly short, and a number where one is wanted.
fn operand(rng: &mut Rng, depth: usize) -> String {
    if rng.chance(40) { text(rng, depth, 3) } else { pieces(rng, 2) }
}

/// A pattern over the few characters that half of the values are made of.
fn pattern(rng: &mut Rng) -> String {
    let parts = [
        "a",
        "b",
        "c",
        "/",
        "é",
        "*",
        "*",
        "**",
        "?",
        "?",
        "[a-c]",
        "[abé]",
        "[^a]",
        "[^/]",
        "[a-",
        "[",
        "[^",
        "[]",
        "[]a]",
        "[a-a]",
        "[c-a]",
        "[\\]]",
        "[\\a-\\c]",
        "[*]",
        "]",
        "\\a",
        "\\*",
        "\\",
        "-",
    ];
    (0..rng.between(1, 4)).map(|_| *rng.pick(&parts)).collect()
}

fn value(rng: &mut Rng) -> String {
    if rng.chance(50) {
        return pieces(rng, 6);
    }
    (0..rng.below(9)).map(|_| *rng.pick(&["a", "b", "c", "/", "é", "-", "*"])).collect()
}

fn number(rng: &mut Rng) -> String {
    let numbers =
        ["0", "1", "2", "3", "7", "100", "-1", "-2", "-9", "+1", "9223372036854775807", "9223372036854775808"];
    (*rng.pick(&numbers)).to_owned()
}

fn function(rng: &mut Rng, depth: usize) -> String {
    let name = *rng.pick(&NAMES);
    let place = |rng: &mut Rng| match rng.below(20) {
        0..=8 => number(rng),
        9..=14 => "${n}".to_owned(),
        _ => operand(rng, depth),
    };
    match rng.below(12) {
        0 => format!("${{{name}}}"),
        1 => format!("${{#{name}}}"),
        2 => format!("${{{name}{}}}", rng.pick(&["^", "^^", ",", ",,", "^,", ",^"])),
        3 => format!("${{{name}:{}}}", place(rng)),
        4 => format!("${{{name}:{}:{}}}", place(rng), place(rng)),
        5..=8 => {
            let pattern = if rng.chance(70) { pattern(rng) } else { operand(rng, depth) };
            format!("${{{name}{}{pattern}}}", rng.pick(&["#", "##", "%", "%%"]))
        }
        9 => {
            let marks = ["/", "//", "/#", "/%"];
            format!("${{{name}{}{}/{}}}", rng.pick(&marks), operand(rng, depth), operand(rng, depth))
        }
        _ => {
            let marks = ["=", ":=", ":-", ":?", ":+", "-", "?", "+"];
            format!("${{{name}{}{}}}", rng.pick(&marks), text(rng, depth, 4))
        }
    }
}

/// Removes, puts in or changes a character.
fn spoil(rng: &mut Rng, text: &mut String) {
    let mut characters: Vec<char> = text.chars().collect();
    let at = rng.below(characters.len() + 1);
    if rng.chance(50) && at < characters.len() {
        characters.remove(at);
    }
    let put: Vec<char> = if rng.chance(60) { rng.pick(&BREAKS).chars().collect() } else { Vec::new() };
    let at = at.min(characters.len());
    characters.splice(at..at, put);
    *text = characters.into_iter().collect();
}

/// A text, its variables, and whether it is strict.
fn case(rng: &mut Rng) -> (String, BTreeMap<String, String>, bool) {
    // Of a long text mostly one thing is told: what is wrong with it. So half of the texts are a single function.
    let alone = rng.chance(50);
    let mut text = if alone { function(rng, 1) } else { text(rng, 3, 6) };
    for _ in 0..rng.below(3) {
        if rng.chance(if alone { 5 } else { 35 }) {
            spoil(rng, &mut text);
        }
    }
    let mut variables = BTreeMap::new();
    for name in ["v", "w", "u", "_1", "long_name"] {
        if rng.chance(90) {
            variables.insert(name.to_owned(), value(rng));
        }
    }
    variables.insert("empty".to_owned(), String::new());
    // `:-3` is a default, so a place from the end comes from a variable only.
    variables.insert("n".to_owned(), number(rng));
    (text, variables, rng.chance(70))
}

/// The answer as the corpus has it: what comes out, or why nothing does.
fn answer(text: &str, variables: &BTreeMap<String, String>, strict: bool) -> (Option<String>, String) {
    match substitute(text, variables, strict) {
        Ok(text) => (Some(text), String::new()),
        Err(wrong) => (None, format!("{wrong:?}")),
    }
}

#[test]
fn random_texts_get_every_answer() {
    let mut rng = Rng::new(2, 1);
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..20_000 {
        let (text, variables, strict) = case(&mut rng);
        let (result, wrong) = answer(&text, &variables, strict);
        let kind = wrong.split('(').next().unwrap_or_default().to_owned();
        *seen.entry(kind).or_default() += 1;
        if result.is_some_and(|result| result != text) {
            *seen.entry("changed".to_owned()).or_default() += 1;
        }
    }
    println!("{seen:?}");
    let all: BTreeSet<&str> = seen.iter().filter(|(_, count)| **count >= 20).map(|(kind, _)| kind.as_str()).collect();
    let kinds = ["", "Brace", "Encoding", "Grammar", "Name", "NotSet", "Overflow", "Parameter", "changed"];
    assert_eq!(all, BTreeSet::from(kinds), "{seen:?}");
}

/// `tests/conformance/flux.sh` sets `FLEETC_SUBSTITUTION_CORPUS`; without it there is nothing to do. Writes every
/// character in both cases and `FLEETC_SUBSTITUTION_CASES` random texts (200,000), with what we say of each.
#[test]
fn the_corpus_is_written_where_it_is_asked_for() {
    let Some(path) = std::env::var_os("FLEETC_SUBSTITUTION_CORPUS") else { return };
    let cases = std::env::var("FLEETC_SUBSTITUTION_CASES").map_or(200_000, |count| count.parse().unwrap());
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    let mut write = |text: &str, variables: &BTreeMap<String, String>, strict: bool| {
        let (result, wrong) = answer(text, variables, strict);
        let line = json!({
            "text": text, "variables": variables, "strict": strict, "result": result.unwrap_or_default(), "error": wrong,
        });
        writeln!(file, "{line}").unwrap();
    };
    let characters: Vec<char> = ('\u{1}'..=char::MAX).collect();
    for some in characters.chunks(256) {
        write("${v^^}${v,,}", &BTreeMap::from([("v".to_owned(), some.iter().collect())]), true);
    }
    let mut rng = Rng::new(1, 1);
    for _ in 0..cases {
        let (text, variables, strict) = case(&mut rng);
        write(&text, &variables, strict);
    }
}
