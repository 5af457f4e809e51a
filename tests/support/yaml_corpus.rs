//! What the YAML writer is measured with: values, each with a name, and the strings and trees of the property tests.
//!
//! `tests/yaml.rs` reads them back in process; `tests/conformance/yaml.sh` lets Go's and Python's readers do the same.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

/// A value to write and to read back.
pub struct Case {
    /// Says what is tried, for the report of a failure.
    pub name: String,
    /// The value that every reader must give back, types included.
    pub meant: Value,
}

/// The strings that some YAML reader or writer is known to get wrong, with those that no reader keeps.
pub fn nasty_strings() -> Vec<String> {
    serde_json::from_str(include_str!("../data/yaml-strings.json")).unwrap()
}

/// Every case: each nasty string in each position, every other type, nesting, and trees drawn with a fixed seed.
pub fn cases() -> Vec<Case> {
    let mut all = Vec::new();
    for text in nasty_strings().iter().filter(|text| fleetc::target::yaml::writable(text).is_ok()) {
        all.extend(positions(text));
    }
    for text in long_strings() {
        all.extend(positions(&text));
    }
    all.extend(config_maps());
    all.extend(typed().into_iter().enumerate().map(|(at, meant)| case(format!("type {at}"), meant)));
    all.extend(drawn(tree(), 400).into_iter().enumerate().map(|(at, meant)| case(format!("drawn {at}"), meant)));
    all
}

fn case(name: String, meant: Value) -> Case {
    Case { name, meant }
}

/// One string wherever a string may stand.
fn positions(text: &str) -> Vec<Case> {
    let label: String = text.chars().take(40).collect();
    let object = |key: &str, value: Value| Value::Object(Map::from_iter([(key.to_owned(), value)]));
    vec![
        case(format!("root {label:?}"), json!(text)),
        case(format!("value {label:?}"), json!({ "before": 1, "text": text, "after": 2 })),
        case(format!("key {label:?}"), object(text, json!("value"))),
        case(format!("item {label:?}"), json!({ "list": ["first", text, "last"] })),
        case(format!("inner item {label:?}"), json!([[text, [text]], text])),
        case(format!("key of a map {label:?}"), json!({ "outer": object(text, object(text, json!([text]))) })),
        case(
            format!("key in a list {label:?}"),
            json!([object(text, object(text, json!(1))), object(text, json!(text))]),
        ),
        case(format!("deep value {label:?}"), json!({ "a": [{ "b": { "c": text }, "d": text }] })),
    ]
}

/// The strings in objects that kustomize accepts: `tests/conformance/kustomize` builds them, as Flux would.
fn config_maps() -> Vec<Case> {
    let kept = nasty_strings().into_iter().filter(|text| fleetc::target::yaml::writable(text).is_ok());
    kept.chain(long_strings())
        .chain(drawn(text(), 600))
        .enumerate()
        .map(|(at, text)| {
            let name = format!("text-{at}");
            let meant = json!({
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": { "name": name, "annotations": { "text": text } },
                "data": { "text": text },
            });
            case(format!("config map {at}"), meant)
        })
        .collect()
}

fn long_strings() -> Vec<String> {
    let many = |text: &str, times: usize| text.repeat(times);
    vec![
        many("k", 120),
        many("k", 121),
        many("word ", 3000),
        many("word ", 3000).trim_end().to_owned(),
        format!("{}\n{}\n", many("x", 10_000), many("y z ", 3000).trim_end()),
        many("\u{1}", 120),
        many("\u{1}", 121),
        many("\u{10ffff}", 30),
        many("line\n\n", 50).trim_end().to_owned(),
        many("é", 60),
        "kind: A\nlist:\n  - \"b\"\n".to_owned(),
        "# a comment\n---\n...\n- x\n".to_owned(),
        "---\nroot: text\n".to_owned(),
        "first\n  indented\n\n\nlast".to_owned(),
        "visible\u{202e}reversed\u{2066}".to_owned(),
        "zero\u{200b}width\u{ad}hyphen\u{e0041}".to_owned(),
        "10m".to_owned(),
        "1h30m".to_owned(),
        "0h".to_owned(),
        "500ms".to_owned(),
        "1.5h".to_owned(),
        "5ms5".to_owned(),
        "./k8s/overlays/prod".to_owned(),
        "${env}".to_owned(),
        "{{ .cluster }}".to_owned(),
        "infinity".to_owned(),
        "-Infinity".to_owned(),
    ]
}

/// Every type but strings, and the shapes of nesting.
fn typed() -> Vec<Value> {
    let integers = [0, 1, -1, 12, 1000, i64::MAX, i64::MIN];
    let floats = [
        0.0,
        -0.0,
        1.0,
        -1.5,
        0.1,
        1e15,
        1e16,
        1e21,
        -1e21,
        1.5e300,
        1e-7,
        2.5e-9,
        f64::MAX,
        f64::MIN_POSITIVE,
        5e-324,
    ];
    let scalars = [json!(null), json!(true), json!(false), json!(u64::MAX), json!(u64::MAX - 1)];
    let all: Vec<Value> =
        integers.iter().map(|n| json!(n)).chain(floats.iter().map(|n| json!(n))).chain(scalars).collect();
    let mut typed: Vec<Value> = all.iter().map(|value| json!({ "a": value, "b": [value, [value]] })).collect();
    typed.extend(all);
    typed.extend([
        json!({}),
        json!([]),
        json!([[]]),
        json!([{}]),
        json!([[[[]]], {}]),
        json!({ "a": {}, "b": [], "c": null }),
        json!([{ "a": {} }, { "b": [] }]),
        json!([[1, [2, [3, "no"]], { "a": [[], {}] }], [[["x"]]]]),
        json!({ "z": 1, "a": { "y": [{ "k": "v", "l": ["w"] }, ["u"]], "b": true } }),
        json!({ "true": true, "null": null, "1": 1, "1.0": 1.0, "~": "~", "yes": "yes" }),
    ]);
    typed
}

/// Values from a fixed seed, so that the readers outside of this process see the same ones on every run.
fn drawn<S: Strategy>(strategy: S, count: usize) -> Vec<S::Value> {
    let mut runner = TestRunner::deterministic();
    (0..count).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

/// Strings of every kind that may be written: any characters, and sequences of those that mean something in YAML.
pub fn text() -> impl Strategy<Value = String> {
    let telling = prop::sample::select(vec![
        "\n",
        "\n\n",
        " ",
        "  ",
        "\t",
        "\r",
        ": ",
        ":",
        " #",
        "#",
        "- ",
        "-",
        "---",
        "...",
        "?",
        "|",
        ">",
        "|-",
        "'",
        "\"",
        "\\",
        "{",
        "}",
        "[",
        "]",
        ",",
        "&",
        "*",
        "!",
        "%",
        "@",
        "`",
        "~",
        "=",
        "<<",
        "y",
        "no",
        "null",
        "0",
        "1",
        "9",
        "_",
        ".",
        "e",
        "+",
        "x",
        "a",
        "b",
        "é",
        "\u{a0}",
        "\u{feff}",
        "\u{2028}",
        "\u{1f600}",
        "\u{1}",
        "\u{200b}",
    ]);
    let known = prop::sample::select(nasty_strings());
    prop_oneof![
        3 => prop::collection::vec(telling, 0..9).prop_map(|parts| parts.concat()),
        2 => any::<String>(),
        1 => (known.clone(), known).prop_map(|(left, right)| left + &right),
    ]
    .prop_map(|text| {
        text.chars().filter(|c| fleetc::target::yaml::writable(c.encode_utf8(&mut [0; 4])).is_ok()).collect()
    })
}

/// Values of every type, nested.
pub fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        6 => text().prop_map(Value::String),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<u64>().prop_map(Value::from),
        1 => any::<f64>().prop_filter("JSON has no other numbers", |n| n.is_finite()).prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    leaf.prop_recursive(5, 48, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            prop::collection::vec((text(), inner), 0..5).prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}
