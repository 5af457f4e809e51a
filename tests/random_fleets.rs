//! Random fleets: the compiler against a naive interpreter of the language, and both engines read back.
//!
//! `FLEETC_SEEDS=n` runs n fleets instead of 200, `FLEETC_SEED=n` the one of that seed, `FLEETC_SHRINK=1` makes a
//! failing fleet as small as it gets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

mod random;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use random::expand::{Expected, argocd, flux};
use random::generate::generate;
use random::harness::{Project, build, describe, examine_safely, plan_and_output, plan_and_output_of, texts_of};
use random::print::print;
use random::reference::Reference;

/// The seeds of one of `parts` tests, which run side by side.
fn seeds(part: u64, parts: u64) -> Vec<u64> {
    let number = |name: &str| std::env::var(name).ok().map(|value| value.parse::<u64>().expect("a number"));
    match number("FLEETC_SEED") {
        Some(seed) if part == 0 => vec![seed],
        Some(_) => Vec::new(),
        None => (0..number("FLEETC_SEEDS").unwrap_or(200)).filter(|seed| seed % parts == part).collect(),
    }
}

/// Examines the fleets of one part; shows the first failure whole and names the others.
fn compare(part: u64) {
    let mut failures = Vec::new();
    let mut first = String::new();
    for seed in seeds(part, 4) {
        let fleet = generate(seed);
        if let Err(failure) = examine_safely(&fleet, seed) {
            if failures.is_empty() {
                first = describe(seed, &fleet, &failure);
            }
            failures.push(format!("seed {seed}: {}", failure.kind));
        }
    }
    assert!(failures.is_empty(), "{first}\n\n{} fleets fail:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn plans_and_manifests_equal_the_reference_0() {
    compare(0);
}

#[test]
fn plans_and_manifests_equal_the_reference_1() {
    compare(1);
}

#[test]
fn plans_and_manifests_equal_the_reference_2() {
    compare(2);
}

#[test]
fn plans_and_manifests_equal_the_reference_3() {
    compare(3);
}

#[test]
fn the_order_of_files_and_declarations_changes_no_byte() {
    for seed in seeds(0, 5) {
        let fleet = generate(seed);
        let build = |order: u64| {
            let files = print(&fleet, seed, order);
            let output = Project::new(&files).run(&["build", "-o", "-"]);
            output.unwrap_or_else(|failure| panic!("{}", describe(seed, &fleet, &failure)))
        };
        let (one, other) = (build(seed), build(seed + 1));
        assert!(!one.is_empty(), "seed {seed}: nothing was built");
        assert!(one == other, "seed {seed}:\n{}", similar::TextDiff::from_lines(&one, &other).unified_diff());
    }
}

#[test]
fn formatting_changes_no_byte_of_what_is_built() {
    for seed in seeds(0, 4) {
        let files = print(&generate(seed), seed, seed);
        let format = |text: &str| match fleetc::format::format(fleetc::source::SourceId::default(), text) {
            fleetc::format::Formatted::Text { text, broken: false } => text,
            other => panic!("seed {seed}: {other:?}\n{text}"),
        };
        let formatted: BTreeMap<String, String> =
            files.iter().map(|(path, text)| (path.clone(), format(text))).collect();
        for (path, text) in &formatted {
            assert_eq!(&format(text), text, "seed {seed}: {path} formatted again");
        }
        if seed % 20 == 0 {
            let build =
                |files| Project::new(files).run(&["build", "-o", "-"]).unwrap_or_else(|_| panic!("seed {seed}"));
            assert!(build(&files) == build(&formatted), "seed {seed}");
        }
    }
}

#[test]
fn the_reference_gives_a_plan_for_every_fleet() {
    for seed in seeds(0, 1) {
        let fleet = generate(seed);
        let plan = Reference::new(&fleet).plan();
        assert_eq!(plan["schema"], "fleetc.plan/1", "seed {seed}");
    }
}

#[test]
fn the_same_seeds_give_the_same_text() {
    for seed in seeds(1, 4) {
        let (one, other) = (print(&generate(seed), 1, 2), print(&generate(seed), 1, 2));
        assert_eq!(one, other, "seed {seed}");
        let mut lines: Vec<Vec<&str>> = Vec::new();
        let shuffled = print(&generate(seed), 1, 3);
        for files in [&one, &shuffled] {
            let mut all: Vec<&str> = files.values().flat_map(|text| text.lines()).filter(|it| !it.is_empty()).collect();
            all.sort_unstable();
            lines.push(all);
        }
        assert_eq!(lines[0], lines[1], "seed {seed}: another order is another text");
    }
}

#[test]
fn two_hundred_fleets_have_every_feature() {
    let fleets: Vec<_> = (0..200).map(generate).collect();
    let counts = random::coverage::count(&fleets);
    println!("{counts:#?}");
    let rare: Vec<_> = counts.iter().filter(|(_, count)| **count < 3).collect();
    assert!(rare.is_empty(), "hardly any fleet has {rare:?}");
}

#[test]
fn the_comparison_notices_what_is_wrong() {
    let mut missed = Vec::new();
    let mut tried: BTreeMap<&str, usize> = random::tamper::ALL.iter().map(|(what, _)| (*what, 0)).collect();
    for seed in 0..60 {
        let fleet = generate(seed);
        let reference = Reference::new(&fleet);
        let expected = Expected::new(&reference);
        let Some(tree) = build(&fleet, seed) else { continue };
        for (what, spoil) in random::tamper::ALL {
            let mut spoiled = tree.clone();
            if !spoil(&mut spoiled) {
                continue;
            }
            *tried.entry(what).or_default() += 1;
            let argocd = fleet.argocd.as_ref().map(|_| argocd::compare(&expected, &spoiled)).unwrap_or_default();
            let flux = fleet.flux.as_ref().map(|_| flux::compare(&expected, &spoiled)).unwrap_or_default();
            if argocd.is_empty() && flux.is_empty() {
                missed.push(format!("seed {seed}: {what}"));
            }
        }
    }
    println!("{tried:#?}");
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    assert!(tried.values().all(|tried| *tried > 0), "{tried:#?}");
}

/// `tests/conformance/argocd.sh` and `flux.sh` set `FLEETC_FLEETS_CORPUS`; without it there is nothing to do. Writes the plan and the
/// output of every example, of the fleet that says what those do not, and of `FLEETC_SEEDS` random fleets (500), a line
/// each, for the engines' own packages.
#[test]
fn the_corpus_is_written_where_it_is_asked_for() {
    let Some(path) = std::env::var_os("FLEETC_FLEETS_CORPUS") else { return };
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    let mut write = |name: String, plan: &Value, files: &BTreeMap<String, String>| {
        writeln!(file, "{}", serde_json::json!({ "name": name, "plan": plan, "files": files })).unwrap();
    };
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for example in std::fs::read_dir(&examples).unwrap() {
        let folder = example.unwrap().path();
        let plan = Command::new(env!("CARGO_BIN_EXE_fleetc"))
            .args(["plan", "--format", "json", "-C"])
            .arg(&folder)
            .output()
            .unwrap();
        let plan: Value = serde_json::from_slice(&plan.stdout).unwrap();
        write(folder.display().to_string(), &plan, &texts_of(&folder.join("gitops")));
    }
    let everything = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/flux/everything");
    let (plan, files) = plan_and_output_of(&texts_of(&everything)).expect("builds");
    write("everything".into(), &plan, &files);
    let objects = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/objects");
    let (plan, files) = plan_and_output_of(&texts_of(&objects)).expect("builds");
    write("objects".into(), &plan, &files);
    let seeds = std::env::var("FLEETC_SEEDS").map_or(500, |count| count.parse().expect("a number"));
    for seed in 0..seeds {
        let Some((plan, files)) = plan_and_output(&generate(seed), seed) else { panic!("seed {seed} does not build") };
        write(format!("seed {seed}"), &plan, &files);
        // The other ways to write for Flux, in turns.
        let (pull, overlays) = [(true, false), (false, true), (true, true)][seed as usize % 3];
        if let Some(fleet) = generate(seed).for_flux(pull, overlays) {
            let name = format!("seed {seed}, pull {pull}, overlays {overlays}");
            let (plan, files) = plan_and_output(&fleet, seed).unwrap_or_else(|| panic!("{name} does not build"));
            write(name, &plan, &files);
        }
    }
}

/// `tests/conformance/argocd.sh` sets `FLEETC_LABELS_CORPUS`; see `random::joined`.
#[test]
fn the_corpus_of_labels_is_written_where_it_is_asked_for() {
    let Some(path) = std::env::var_os("FLEETC_LABELS_CORPUS") else { return };
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    let seeds: u64 = std::env::var("FLEETC_SEEDS").map_or(500, |count| count.parse().expect("a number"));
    let (mut closed, mut open) = (0, 0);
    for seed in 0..seeds {
        for (is_open, count) in [(false, &mut closed), (true, &mut open)] {
            if let Some(line) = random::joined::case(seed, is_open) {
                *count += 1;
                writeln!(file, "{line}").unwrap();
            }
        }
    }
    println!("{closed} closed fleets and {open} open ones of {seeds}");
    assert!(
        seeds < 100 || (closed * 10 > seeds * 8 && open * 50 > seeds),
        "too few fleets are built: {closed}, {open} of {seeds}"
    );
}
