//! Counts of instructions that may not rise unnoticed: the figures in `benches/instructions.txt`.
//!
//! A count does not depend on how busy or how fast the machine is, so this cannot fail by chance. It does depend on the
//! compiler: whoever takes another one writes the figures anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, exit};

use super::generate::{self, SIZES, Shape, Size};
use super::measure::{has_valgrind, instructions};
use super::{FLEETC, workplace, write};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions.txt");

const HEAD: &str = "# Millions of instructions for fleets of benches/fleets/generate.rs, and how they grow with the number of clusters\n\
                    # (1 is in proportion). Written by `bash benches/guard.sh --bless`, compared by `bash benches/guard.sh`.\n";

/// By how much of itself a count may rise.
const MAY_RISE: f64 = 0.05;
/// By how much an exponent may rise.
const MAY_BEND: f64 = 0.03;

/// The fleets: two of the table, and one that is like M but twice as large.
const TWICE: Size = Size { name: "2M", clusters: 200, components: 50 };

/// What is counted, in a folder that is built by the second and found so by the third.
const COMMANDS: [(&str, &[&str]); 5] = [
    ("check", &["check"]),
    ("build-cold", &["build"]),
    ("build-unchanged", &["build", "--no-cache"]),
    ("build-known", &["build"]),
    ("build-stream", &["build", "-o", "-"]),
];

/// Counts and compares, or writes the figures down. Ends the process with 1 when one rose.
pub fn run(bless: bool) {
    if !has_valgrind() {
        println!("guard: NOT CHECKED: valgrind is not installed, and instructions are counted by it");
        return;
    }
    let now = figures();
    if bless {
        let text = now.iter().fold(HEAD.to_string(), |mut text, (name, figure)| {
            writeln!(text, "{name} {figure}").expect("a text takes all");
            text
        });
        fs::write(FILE, text).expect("the figures can be written");
        println!("guard: {} figures written to {FILE}", now.len());
        return;
    }
    let before = read(Path::new(FILE));
    let mut rose = 0;
    for (name, figure) in &now {
        let Some(was) = before.get(name) else {
            println!("guard: `{name}` is {figure} and has no figure yet");
            rose += 1;
            continue;
        };
        let limit = if name.ends_with("growth") { was + MAY_BEND } else { was * (1.0 + MAY_RISE) };
        let word = if *figure > limit { "ROSE" } else { "ok" };
        rose += usize::from(*figure > limit);
        println!("guard: {name}: {figure}, was {was}: {word}");
        if *figure < was * (1.0 - MAY_RISE) {
            println!("guard: {name}: fell; `bash benches/guard.sh --bless` keeps it there");
        }
    }
    if rose > 0 {
        println!(
            "guard: {rose} figures rose; if that is meant, run `bash benches/guard.sh --bless` and commit the file"
        );
        exit(1);
    }
}

fn figures() -> BTreeMap<String, f64> {
    let mut counts: BTreeMap<(&str, &str), f64> = BTreeMap::new();
    for size in [SIZES[0], SIZES[1], TWICE] {
        let folder = workplace(&format!("guard-{}", size.name));
        write(&generate::fleet(size, Shape::Many), &folder);
        let made = Command::new("git").args(["init", "-q"]).current_dir(&folder).status();
        assert!(made.expect("git runs").success());
        for (name, words) in COMMANDS {
            counts.insert((size.name, name), instructions(FLEETC, words, &folder) as f64 / 1e6);
        }
        _ = fs::remove_dir_all(folder);
    }
    let rounded = |number: f64, digits: i32| (number * 10f64.powi(digits)).round() / 10f64.powi(digits);
    let mut figures: BTreeMap<String, f64> =
        counts.iter().map(|((size, name), count)| (format!("{size}/{name}"), rounded(*count, 1))).collect();
    for (name, _) in COMMANDS {
        let (once, twice) = (counts[&(SIZES[1].name, name)], counts[&(TWICE.name, name)]);
        figures.insert(format!("M-to-2M/{name}/growth"), rounded((twice / once).log2(), 3));
    }
    figures
}

fn read(path: &Path) -> BTreeMap<String, f64> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let figure = |line: &str| {
        let (name, figure) = line.split_once(' ')?;
        Some((name.to_string(), figure.parse().ok()?))
    };
    lines.filter_map(figure).collect()
}
