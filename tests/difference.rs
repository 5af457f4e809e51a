//! What becomes other in the output: `tests/change/NAME/` holds two fleets and what is to be told, and the laws hold over
//! random fleets and edits of them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]
#![allow(missing_docs)]

#[path = "support/golden.rs"]
mod golden;
#[allow(dead_code)]
mod random;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use fleetc::analysis::{self, Compilation};
use fleetc::change::{Side, compare};
use fleetc::difference::{Difference, File, Hunk, Sign, difference, json, markdown, text};
use fleetc::project::MemoryFiles;
use fleetc::target::{self, Engines, OutputTree};

/// A fleet that is right, and what it is built to.
struct Built {
    compilation: Compilation,
    tree: OutputTree,
}

fn built(files: &BTreeMap<String, String>) -> Option<Built> {
    let memory = files.iter().fold(MemoryFiles::new(), |memory, (path, text)| memory.file(path, text.as_str()));
    let compilation = analysis::compile(&memory.into_project(), &[]);
    let plan = compilation.plan.as_ref()?;
    let engines = Engines { argocd: !plan.argocd.is_empty(), flux: !plan.flux.is_empty() };
    let tree = target::build(plan, &engines);
    Some(Built { compilation, tree })
}

impl Built {
    fn side(&self) -> Side<'_> {
        Side { plan: self.compilation.plan.as_ref(), sources: &self.compilation.sources }
    }

    fn text(&self, path: &str) -> Option<&str> {
        self.tree.get(path).map(String::as_str)
    }
}

fn told(old: &Built, new: &Built) -> Difference {
    let paths: BTreeSet<&String> = old.tree.keys().chain(new.tree.keys()).collect();
    let file = |path: &&'_ String| -> (String, Option<String>, Option<String>) {
        (path.to_string(), old.text(path).map(str::to_string), new.text(path).map(str::to_string))
    };
    let files: Vec<_> = paths.iter().map(file).collect();
    let files: Vec<File> = files
        .iter()
        .map(|(path, before, after)| File { path, shown: path, before: before.as_deref(), after: after.as_deref() })
        .collect();
    let change = compare(&old.side(), &new.side());
    difference(&files, &change, &old.side(), &new.side())
}

fn one_file(text: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("fleet.fleet".to_string(), text.to_string())])
}

fn pairs() -> Vec<(String, Built, Built)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/change");
    let mut names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    let read = |folder: &Path, name: &str| built(&one_file(&fs::read_to_string(folder.join(name)).unwrap())).unwrap();
    let pair = |folder: &std::path::PathBuf| {
        let name = folder.file_name().unwrap().to_str().unwrap().to_string();
        (name, read(folder, "old.fleet"), read(folder, "new.fleet"))
    };
    names.iter().map(pair).collect()
}

#[test]
fn differences_are_told_as_expected() {
    for (name, old, new) in pairs() {
        let difference = told(&old, &new);
        let summary = text::summary(&difference);
        golden::golden(
            &format!("tests/change/{name}/diff.txt"),
            &format!("{}{summary}\n", text::text(&difference, false)),
        );
        golden::golden(&format!("tests/change/{name}/diff.md"), &markdown::markdown(&difference));
        golden::golden(&format!("tests/change/{name}/diff.json"), &format!("{:#}\n", json::json(&difference)));
    }
}

/// Fails unless the places of `difference` lead from the old files to the new ones, and its lines stand there.
fn leads_from_old_to_new(difference: &Difference, old: &Built, new: &Built) {
    let mut places: BTreeMap<&str, Vec<(usize, usize, usize, usize)>> = BTreeMap::new();
    for hunk in difference.groups.iter().flat_map(|group| &group.hunks) {
        for place in &hunk.places {
            let at = |(first, count): (usize, usize)| if count == 0 { first } else { first - 1 };
            let (old, new) = (place.old, place.new);
            places.entry(&place.file).or_default().push((at(old), old.1, at(new), new.1));
        }
        stands_at_its_first_place(hunk, old, new);
    }
    let lines = |text: Option<&str>| -> Vec<String> { text.unwrap_or_default().lines().map(str::to_string).collect() };
    let paths: BTreeSet<&String> = old.tree.keys().chain(new.tree.keys()).collect();
    let mut other = 0;
    for path in paths {
        let (before, after) = (lines(old.text(path)), lines(new.text(path)));
        let mut stretches = places.remove(path.as_str()).unwrap_or_default();
        stretches.sort_unstable();
        other += usize::from(old.text(path) != new.text(path));
        let (mut made, mut read) = (Vec::new(), 0);
        for (at, count, new_at, new_count) in stretches {
            made.extend_from_slice(&before[read..at]);
            made.extend_from_slice(&after[new_at..new_at + new_count]);
            read = at + count;
        }
        made.extend_from_slice(&before[read..]);
        assert_eq!(made, after, "{path}");
    }
    assert!(places.is_empty(), "no such files: {places:?}");
    assert_eq!(other, difference.files());
}

fn stands_at_its_first_place(hunk: &Hunk, old: &Built, new: &Built) {
    let place = hunk.places.first().unwrap();
    let said = |other: Sign| -> Vec<&str> {
        hunk.lines.iter().filter(|(sign, _)| *sign != other).map(|(_, text)| text.as_str()).collect()
    };
    let there = |built: &Built, (first, count): (usize, usize)| -> Vec<String> {
        let lines = built.text(&place.file).unwrap_or_default().lines();
        lines.skip(first.saturating_sub(1)).take(count).map(str::to_string).collect()
    };
    assert_eq!(said(Sign::Added), there(old, place.old), "{place:?}");
    assert_eq!(said(Sign::Removed), there(new, place.new), "{place:?}");
}

#[test]
fn the_hunks_lead_from_the_old_files_to_the_new_ones() {
    for (_, old, new) in pairs() {
        leads_from_old_to_new(&told(&old, &new), &old, &new);
        leads_from_old_to_new(&told(&new, &old), &new, &old);
    }
}

#[test]
fn what_is_equal_differs_nowhere() {
    for (_, old, new) in pairs() {
        for built in [old, new] {
            let difference = told(&built, &built);
            assert!(difference.groups.is_empty() && difference.files() == 0, "{difference:?}");
        }
    }
}

fn seeds() -> u64 {
    std::env::var("FLEETC_SEEDS").map_or(40, |count| count.parse().expect("a number"))
}

/// What is written in place of what, once, where a fleet has it.
const EDITS: [(&str, &str); 10] = [
    ("prune = true", "prune = false"),
    ("namespace = ", "namespace = other-"),
    ("path = \"", "path = \"other/"),
    ("max = 1", "max = 2"),
    ("branch = \"main\"", "branch = \"next\""),
    ("tag = \"", "tag = \"9"),
    ("version = \"1", "version = \"2"),
    ("self-heal = ", "timeout = 7m\nself-heal = "),
    ("wait = true", "wait = false"),
    ("values {", "values {\n edited = true\n"),
];

fn edited(files: &BTreeMap<String, String>, from: &str, to: &str) -> Option<BTreeMap<String, String>> {
    let (path, text) = files.iter().find(|(_, text)| text.contains(from))?;
    let mut files = files.clone();
    files.insert(path.clone(), text.replacen(from, to, 1));
    Some(files)
}

#[test]
fn what_an_edit_of_a_random_fleet_makes_other_has_a_cause() {
    let mut other: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 0..seeds() {
        let files = random::print::print(&random::generate::generate(seed), seed, seed);
        let old = built(&files).unwrap();
        for (from, to) in EDITS {
            let Some(new) = edited(&files, from, to).and_then(|files| built(&files)) else { continue };
            let difference = told(&old, &new);
            leads_from_old_to_new(&difference, &old, &new);
            *other.entry(from).or_default() += usize::from(difference.files() > 0);
            let aimless = difference.groups.iter().find(|group| group.lines.is_empty());
            assert!(aimless.is_none(), "seed {seed}, {from:?} to {to:?}: no cause for {aimless:#?}");
        }
    }
    assert!(seeds() < 40 || other.values().filter(|count| **count > 0).count() >= 6, "{other:?}");
}
