//! What Argo CD's ApplicationSets make of labels and names. Each answer was got from the engine's own functions
//! (`buildAppDependencyList`, `UpdateApplicationSetApplicationStatusProgress` and `SanitizeName` of Argo CD 3.5,
//! `LabelSelectorAsSelector` of apimachinery 0.36).

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "random/rng.rs"]
#[allow(dead_code)]
mod rng;

use std::collections::BTreeMap;
use std::io::Write as _;

use rng::Rng;
use serde_json::{Value, json};

use fleetc::target::argocd::normalize::normalize_name;
use fleetc::target::argocd::selector::{LabelSelector, Requirement, matches_selector};
use fleetc::target::argocd::steps::{Expression, MaxUpdate, Step, step_of};

type Labels = BTreeMap<String, String>;

/// `a=1 b=2`
fn labels(text: &str) -> Labels {
    let pair = |pair: &str| pair.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned())).unwrap();
    text.split_whitespace().map(pair).collect()
}

/// `env In dev,qa`
fn parts(text: &str) -> (String, String, Vec<String>) {
    let mut words = text.split(' ').map(str::to_owned);
    let (key, operator) = (words.next().unwrap(), words.next().unwrap());
    (key, operator, words.next().map(|values| values.split(',').map(str::to_owned).collect()).unwrap_or_default())
}

fn step(expressions: &str) -> Step {
    let expression = |text: &str| {
        let (key, operator, values) = parts(text);
        Expression { key, operator, values }
    };
    Step {
        expressions: expressions.split("; ").filter(|text| !text.is_empty()).map(expression).collect(),
        max_update: None,
    }
}

/// Labels, the expressions of each step, the step.
const STEPS: &[(&str, &[&str], Option<usize>)] = &[
    ("env=dev", &["env In dev", "env In prod"], Some(0)),
    ("env=prod", &["env In dev", "env In prod"], Some(1)),
    ("env=qa", &["env In dev", "env In prod"], None),
    ("env=dev", &[], None),
    // Without the label: never with `In`, always with `NotIn`.
    ("", &["env In dev", "env NotIn dev"], Some(1)),
    ("env=dev", &["env NotIn dev", "env NotIn qa"], Some(1)),
    // No other operator is known, so one selects those that have no such label.
    ("env=dev", &["env Exists"], None),
    ("", &["env Exists"], Some(0)),
    ("", &["env DoesNotExist"], Some(0)),
    ("env=dev", &["env in dev"], None),
    ("", &["env in dev"], Some(0)),
    // All expressions must hold; the first step that does counts; one without any takes all.
    ("env=dev region=eu", &["env In dev; region In us", "env In dev; region In eu"], Some(1)),
    ("env=dev", &["env In dev", "env In dev"], Some(0)),
    ("env=qa", &["env In dev", "", "env In qa"], Some(1)),
    ("env=dev", &["env In"], None),
    ("env=dev", &["env NotIn"], Some(0)),
];

#[test]
fn a_step_is_chosen_as_argo_cd_does() {
    for (with, steps, expected) in STEPS {
        let steps: Vec<Step> = steps.iter().map(|expressions| step(expressions)).collect();
        assert_eq!(step_of(&labels(with), &steps), *expected, "{with} in {steps:?}");
    }
}

#[test]
fn at_once_change_as_many_as_argo_cd_lets() {
    let text = |text: &str| MaxUpdate::Text(text.into());
    for (max, total, expected) in [
        (MaxUpdate::Count(3), 10, 3),
        (MaxUpdate::Count(0), 10, 0),
        (MaxUpdate::Count(-1), 10, 0),
        (text("25%"), 10, 2),
        (text("10%"), 3, 1),
        (text("0%"), 10, 0),
        (text("00%"), 10, 1),
        (text("-50%"), 10, 1),
        (text("200%"), 10, 20),
        (text("3"), 10, 1),
        (text("all"), 10, 1),
        (text("50.5%"), 10, 1),
        (text(" 50%"), 10, 1),
    ] {
        assert_eq!(max.of(total), expected, "{max:?} of {total}");
    }
}

/// Labels, then `matchLabels`, then the expressions, then whether it selects; none where Kubernetes takes no such selector.
const SELECTORS: &[(&str, &str, &[&str], Option<bool>)] = &[
    ("env=dev", "", &[], Some(true)),
    ("env=dev region=eu", "env=dev", &["region In eu,us"], Some(true)),
    ("env=dev region=ap", "env=dev", &["region In eu,us"], Some(false)),
    ("env=dev", "env=dev region=eu", &[], Some(false)),
    // Without the label `NotIn` and `DoesNotExist` hold.
    ("env=dev", "", &["region NotIn eu"], Some(true)),
    ("env=dev", "", &["region DoesNotExist"], Some(true)),
    ("env=dev", "", &["env DoesNotExist"], Some(false)),
    ("env=dev", "", &["env Exists"], Some(true)),
    ("env=", "", &["env Exists", "env In ,dev"], Some(true)),
    // One part that Kubernetes does not take spoils the whole, also where another does not hold.
    ("env=dev", "", &["env in dev"], None),
    ("env=dev", "", &["env Gt 1"], None),
    ("env=dev", "", &["env In"], None),
    ("env=dev", "env=qa", &["env NotIn"], None),
    ("env=dev", "", &["env Exists dev"], None),
    ("env=dev", "", &["a/b/c Exists"], None),
    ("env=dev", "", &["-env Exists"], None),
    ("env=dev", "", &["UP.example/env Exists"], None),
    ("env=dev", "", &["up.example/Env_1 Exists"], Some(false)),
    ("env=dev", "", &["env In de:v"], None),
];

#[test]
fn a_selector_selects_as_kubernetes_does() {
    for (with, match_labels, expressions, expected) in SELECTORS {
        let requirement = |text: &&str| {
            let (key, operator, values) = parts(text);
            Requirement { key, operator, values }
        };
        let selector = LabelSelector {
            match_labels: labels(match_labels),
            match_expressions: expressions.iter().map(requirement).collect(),
        };
        assert_eq!(matches_selector(&selector, &labels(with)).ok(), *expected, "{with} by {selector:?}");
    }
}

#[test]
fn names_are_normalised_as_argo_cd_does() {
    for (name, expected) in [
        ("prod-eu", "prod-eu"),
        ("My_Cluster", "my-cluster"),
        ("ünï", "n"),
        ("-abc-", "abc"),
        ("", ""),
        ("__", ""),
        ("a..b", "a..b"),
        (".a/b.", "a-b"),
        // The lower case of these is a letter of ASCII.
        ("\u{212a}1", "k1"),
        ("\u{130}x", "ix"),
    ] {
        assert_eq!(normalize_name(name), expected, "{name}");
    }
    // It is cut first, then trimmed.
    assert_eq!(normalize_name(&format!("{}-{}", "a".repeat(252), "b")), "a".repeat(252));
}

/// Keys of labels; the last ones are none.
const KEYS: [&str; 14] = [
    "env",
    "env",
    "env",
    "region",
    "region",
    "fleetc.dev/step",
    "e",
    "Env",
    "a_b.c",
    "x.y/z",
    "",
    "a/b/c",
    "-env",
    "X.y/z",
];
const VALUES: [&str; 12] = ["dev", "dev", "prod", "prod", "1", "2", "eu", "", "Dev", "a-b_c.d", "a:b", "-a"];
const OPERATORS: [&str; 14] = [
    "In",
    "In",
    "In",
    "In",
    "NotIn",
    "NotIn",
    "NotIn",
    "Exists",
    "Exists",
    "DoesNotExist",
    "DoesNotExist",
    "in",
    "Gt",
    "",
];

fn word(rng: &mut Rng, words: &[&str], usual: usize) -> String {
    // Mostly from the beginning, where those stand that Kubernetes takes.
    let words = if rng.chance(92) { &words[..usual] } else { words };
    match rng.below(200) {
        0 => "k".repeat(rng.between(62, 65)),
        1 => format!("{}.a/b", "d".repeat(rng.between(250, 253))),
        _ => (*rng.pick(words)).to_owned(),
    }
}

fn random_labels(rng: &mut Rng, most: usize) -> Labels {
    (0..rng.below(most + 1)).map(|_| (word(rng, &KEYS, 10), word(rng, &VALUES, 10))).collect()
}

fn random_expressions(rng: &mut Rng) -> Vec<(String, String, Vec<String>)> {
    let expression = |rng: &mut Rng| {
        let operator = word(rng, &OPERATORS, 11);
        let lists = operator.contains("xist") == rng.chance(8);
        let values = if lists { (0..rng.below(4)).map(|_| word(rng, &VALUES, 10)).collect() } else { Vec::new() };
        (word(rng, &KEYS, 10), operator, values)
    };
    (0..rng.below(4)).map(|_| expression(rng)).collect()
}

fn written(expressions: &[(String, String, Vec<String>)]) -> Vec<Value> {
    expressions
        .iter()
        .map(|(key, operator, values)| json!({ "key": key, "operator": operator, "values": values }))
        .collect()
}

fn random_max(rng: &mut Rng) -> Option<MaxUpdate> {
    let texts = ["25%", "0%", "00%", "100%", "150%", "-10%", "+30%", "1%", "5", "x", "", "%", "5%%", " 5%", "33.3%"];
    match rng.below(3) {
        0 => None,
        1 => Some(MaxUpdate::Count(i64::try_from(rng.below(9)).unwrap() - 1)),
        _ if rng.chance(30) => Some(MaxUpdate::Text(format!("{}%", rng.below(130)))),
        _ => Some(MaxUpdate::Text((*rng.pick(&texts)).to_owned())),
    }
}

fn steps_case(rng: &mut Rng) -> Value {
    let labels = random_labels(rng, 4);
    let steps: Vec<(Step, Value)> = (0..rng.below(5))
        .map(|_| {
            let random = random_expressions(rng);
            let expression =
                |(key, operator, values): (String, String, Vec<String>)| Expression { key, operator, values };
            let mut object = json!({ "matchExpressions": written(&random) });
            let max_update = random_max(rng);
            match &max_update {
                Some(MaxUpdate::Count(count)) => object["maxUpdate"] = json!(count),
                Some(MaxUpdate::Text(text)) => object["maxUpdate"] = json!(text),
                None => {}
            }
            (Step { expressions: random.into_iter().map(expression).collect(), max_update }, object)
        })
        .collect();
    let (steps, objects): (Vec<Step>, Vec<Value>) = steps.into_iter().unzip();
    let total = rng.between(1, 20);
    let selected: Vec<bool> = steps.iter().map(|step| step.selects(&labels)).collect();
    let at_once: Vec<usize> =
        steps.iter().map(|step| step.max_update.as_ref().map_or(total, |max| max.of(total).min(total))).collect();
    let step = step_of(&labels, &steps).map_or(-1, |step| i64::try_from(step).unwrap() + 1);
    json!({ "labels": labels, "steps": objects, "total": total, "step": step, "selected": selected, "at_once": at_once })
}

fn selectors_case(rng: &mut Rng) -> Value {
    let labels = random_labels(rng, 5);
    let match_labels = if rng.chance(50) { random_labels(rng, 2) } else { Labels::new() };
    let random = random_expressions(rng);
    let object = json!({ "matchLabels": match_labels, "matchExpressions": written(&random) });
    let requirement = |(key, operator, values): (String, String, Vec<String>)| Requirement { key, operator, values };
    let selector = LabelSelector { match_labels, match_expressions: random.into_iter().map(requirement).collect() };
    json!({ "labels": labels, "selector": object, "selected": matches_selector(&selector, &labels).ok() })
}

fn names_case(rng: &mut Rng) -> Value {
    const CHARACTERS: [char; 24] = [
        'a', 'b', 'z', 'A', 'Z', '0', '9', '-', '-', '.', '.', '_', '/', ' ', ':', 'é', 'İ', '\u{212a}', 'ß', 'Σ',
        '中', '\n', '𝕏', 'ǅ',
    ];
    let length = if rng.chance(10) { rng.between(245, 260) } else { rng.below(14) };
    let character = |rng: &mut Rng| match rng.below(20) {
        0 => char::from_u32(u32::try_from(rng.below(0x11_0000)).unwrap()).unwrap_or('x'),
        _ => *rng.pick(&CHARACTERS),
    };
    let name: String = (0..length).map(|_| character(rng)).collect();
    json!({ "name": name, "normalized": normalize_name(&name) })
}

/// `tests/conformance/argocd.sh` sets these; without them there is nothing to do. `FLEETC_PREDICTIONS_CASES` random cases
/// (200,000) of each are written, a line each, with what we say of them.
#[test]
fn the_corpus_is_written_where_it_is_asked_for() {
    let cases = std::env::var("FLEETC_PREDICTIONS_CASES").map_or(200_000, |count| count.parse().unwrap());
    type Case = fn(&mut Rng) -> Value;
    let all: [(&str, Case); 3] = [
        ("FLEETC_STEPS_CORPUS", steps_case),
        ("FLEETC_SELECTORS_CORPUS", selectors_case),
        ("FLEETC_NAMES_CORPUS", names_case),
    ];
    for (stream, (variable, case)) in (1..).zip(all) {
        let Some(path) = std::env::var_os(variable) else { continue };
        let mut file = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
        let mut rng = Rng::new(1, stream);
        for _ in 0..cases {
            writeln!(file, "{}", case(&mut rng)).unwrap();
        }
    }
}
