//! "did you mean": whoever mistypes a name is told the name, and whoever writes nonsense is told nothing.
//!
//! Every typo is compiled as part of a fleet; what counts is the first fix that is offered.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]
#![allow(missing_docs)]

#[path = "support/pages.rs"]
mod pages;

use std::fs;
use std::path::Path;

const HEAD: &str = r#"fleet demo { source = fleet-config }
argocd { version = "3.5", progressive-syncs = true }
source fleet-config { git = "https://github.com/acme/fleet-config" }
label env: development | staging | production
label region: us-east-1 | eu-west-1 | ap-southeast-1
label cost-center: platform | payments
label tier: gold | silver | bronze
"#;

const CLUSTERS: &[&str] =
    &["prod-us-east-1", "prod-eu-west-1", "staging-us-east-1", "prod-ap-southeast-1", "edge-berlin", "hub-frankfurt"];
const COMPONENTS: &[&str] = &["cert-manager", "prometheus-stack", "external-dns", "payments-api", "ingress-nginx"];
const LABELS: &[&str] = &["region", "cost-center", "tier"];
const VALUES: &[&str] = &["development", "staging", "production"];
const ATTRIBUTES: &[&str] = &[
    "namespace",
    "create-namespace",
    "self-heal",
    "values-files",
    "service-account",
    "server-side",
    "suspend",
    "on-delete",
    "interval",
    "version",
];
const KEYWORDS: &[&str] = &["component", "cluster", "project", "template", "rollout", "group", "label", "source"];

/// Where a name can be mistyped.
fn names() -> Vec<(&'static str, &'static str)> {
    let all = [
        ("cluster", CLUSTERS),
        ("component", COMPONENTS),
        ("label", LABELS),
        ("value", VALUES),
        ("attribute", ATTRIBUTES),
        ("keyword", KEYWORDS),
    ];
    all.into_iter().flat_map(|(kind, names)| names.iter().map(move |name| (kind, *name))).collect()
}

/// A fleet in which `written` stands where a name of this kind belongs.
fn fleet(kind: &str, written: &str) -> String {
    let mut text = HEAD.to_owned();
    for name in CLUSTERS {
        text +=
            &format!("cluster {name} {{ env = staging, region = us-east-1, cost-center = platform, tier = gold }}\n");
    }
    for name in COMPONENTS {
        text += &format!("component {name} on all {{ path = \"{name}\", namespace = {name} }}\n");
    }
    text += &match kind {
        "cluster" => format!("group chosen = {written}\n"),
        "component" => format!("component web on all {{ path = \"web\", namespace = web, after = [{written}] }}\n"),
        "label" => format!("group chosen = {written} == gold\n"),
        "value" => format!("group chosen = env == {written}\n"),
        "attribute" => format!("component web on all {{\n  path = \"web\", namespace = web\n  {written} = true\n}}\n"),
        _ => format!("{written} thing {{ }}\n"),
    };
    text
}

/// The first guess, and whether there is any.
fn guess(kind: &str, written: &str) -> Option<String> {
    let compilation = pages::compiled(&[(pages::MAIN.to_owned(), fleet(kind, written))]);
    let found = compilation.diagnostics.iter().find(|found| compilation.sources.text(found.primary.span) == written)?;
    let guessed = found.helps.iter().any(|help| help.starts_with("did you mean"));
    let fix = found.fixes.first().filter(|_| guessed)?;
    Some(fix.edits[0].text.trim_matches('"').to_owned())
}

/// Every way to mistype `name`, each at a place that the name decides.
fn typos(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().collect();
    let at = 1 + name.bytes().map(usize::from).sum::<usize>() % (letters.len() - 2);
    let with = |change: &dyn Fn(&mut Vec<char>)| {
        let mut changed = letters.clone();
        change(&mut changed);
        changed.into_iter().collect::<String>()
    };
    let mut all = vec![
        with(&|word| word.swap(at, at + 1)),
        with(&|word| word.swap(letters.len() - 2, letters.len() - 1)),
        with(&|word| _ = word.remove(at)),
        with(&|word| _ = word.pop()),
        with(&|word| word.insert(at, letters[at])),
        with(&|word| word[at] = beside(letters[at])),
        with(&|word| word[letters.len() - 1] = beside(letters[letters.len() - 1])),
        name.to_uppercase(),
        with(&|word| word[0] = word[0].to_ascii_uppercase()),
        name.strip_suffix('s').map_or_else(|| format!("{name}s"), str::to_owned),
    ];
    if name.contains('-') {
        let parts: Vec<&str> = name.split('-').collect();
        all.push(name.replace('-', "_"));
        all.push(name.replacen('-', "", 1));
        if parts.len() > 2 {
            all.push(parts[..parts.len() - 1].join("-"));
            all.push(parts[1..].join("-"));
            all.push([&parts[1..2], &parts[..1], &parts[2..]].concat().join("-"));
        }
        all.push(format!("{}-{}", parts[parts.len() - 1], parts[..parts.len() - 1].join("-")));
    }
    let legal = |typo: &String| typo.starts_with(|c: char| c.is_ascii_alphabetic()) && !typo.ends_with('-');
    all.retain(|typo| legal(typo) && names().iter().all(|(_, known)| known != typo));
    all.sort();
    all.dedup();
    all
}

/// The key beside a letter's.
fn beside(letter: char) -> char {
    let rows = ["qwertyuiopo", "asdfghjklk", "zxcvbnmn", "12345678909"];
    let mut keys = rows.iter().filter_map(|row| row.find(letter).and_then(|at| row[at + 1..].chars().next()));
    keys.next().unwrap_or('x')
}

/// Fails when fewer than 95 of 100 first guesses are right; says which are wrong.
fn right(corpus: &[(String, String, String)]) {
    let mut wrong = Vec::new();
    for (kind, written, meant) in corpus {
        let guess = guess(kind, written);
        if guess.as_deref() != Some(meant) {
            wrong.push(format!("{kind} {written}: {meant}, got {guess:?}"));
        }
    }
    assert!(wrong.len() * 20 <= corpus.len(), "{} of {} wrong\n{}", wrong.len(), corpus.len(), wrong.join("\n"));
}

fn data(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suggest").join(name)).unwrap()
}

#[test]
fn generated_typos_are_guessed() {
    let corpus: Vec<(String, String, String)> = names()
        .into_iter()
        .flat_map(|(kind, name)| typos(name).into_iter().map(move |typo| (kind.to_owned(), typo, name.to_owned())))
        .collect();
    assert!(corpus.len() >= 300, "{}", corpus.len());
    right(&corpus);
}

#[test]
fn typos_of_people_are_guessed() {
    let text = data("typos.txt");
    let corpus: Vec<(String, String, String)> = text
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .map(|words| (words[0].to_owned(), words[1].to_owned(), words[2].to_owned()))
        .collect();
    assert!(corpus.len() >= 60, "{}", corpus.len());
    right(&corpus);
}

#[test]
fn nonsense_gets_no_guess() {
    let text = data("nonsense.txt");
    assert!(text.lines().count() >= 60, "{}", text.lines().count());
    for word in text.lines() {
        for kind in ["cluster", "component", "label", "value", "attribute", "keyword"] {
            assert_eq!(guess(kind, word), None, "{kind} {word}");
        }
    }
}
