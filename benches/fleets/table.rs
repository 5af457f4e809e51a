//! The table of what fleetc takes.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::generate::{self, SIZES, Shape, Size};
use super::measure::{CACHES, Cost, has_valgrind, instructions, median, run, this_program, told};
use super::{FLEETC, floors, named, workplace, write};

/// What is measured, in the order of the table. Floors stand above what they are the floor of.
const ROWS: [&str; 11] = [
    READ,
    UNCHANGED,
    "`check`",
    "`build --no-cache`, nothing changed",
    "`build`, one line changed",
    "`diff`, one line changed",
    "`plan --format json`",
    STREAM,
    "`build -o -`",
    WRITE,
    COLD,
];
const READ: &str = "only read the output";
const WRITE: &str = "only write the output";
const STREAM: &str = "only write the stream";
const UNCHANGED: &str = "`build`, nothing changed";
const COLD: &str = "`build`, cold";

/// What of the rows is counted in instructions as well, for the smaller sizes.
const COUNTED: [(&str, &[&str]); 4] = [
    (UNCHANGED, &["build"]),
    ("`check`", &["check"]),
    ("`build --no-cache`, nothing changed", &["build", "--no-cache"]),
    ("`build -o -`", &["build", "-o", "-"]),
];

/// Measures and prints, with what was typed.
pub fn run_all(words: &[&str]) {
    let sizes: Vec<Size> =
        words.iter().filter(|word| SIZES.iter().any(|size| size.name == **word)).map(|word| named(word)).collect();
    let sizes = if sizes.is_empty() { SIZES.to_vec() } else { sizes };
    let rounds = words.iter().position(|word| *word == "--rounds").and_then(|at| words.get(at + 1)?.parse().ok());
    let shape = if words.contains(&"--one") { Shape::One } else { Shape::Many };
    let mut all = Vec::new();
    for size in sizes {
        let rounds = rounds.unwrap_or(match size.name {
            "S" => 21,
            "M" => 11,
            "L" => 7,
            _ => 3,
        });
        let fleet = Fleet::new(size, shape);
        let taken = fleet.measure(rounds);
        print(&fleet, &taken, rounds);
        all.push((fleet, taken));
    }
    if let (Some(first), Some(last)) = (all.first(), all.last().filter(|_| all.len() > 1)) {
        print_growth(first, last);
    }
    // Not before: see the end of a round.
    for (fleet, _) in all {
        _ = fs::remove_dir_all(&fleet.folder);
        _ = fs::remove_dir_all(&fleet.beside);
    }
}

/// Rows with their costs, and instructions.
type Taken = Vec<(&'static str, Cost, Option<u64>)>;

struct Fleet {
    size: Size,
    shape: Shape,
    folder: PathBuf,
    /// Where everything goes that is no part of the fleet.
    beside: PathBuf,
    files: Vec<(String, String)>,
    deployments: usize,
    output: Bytes,
    /// How many folders earlier rounds left behind.
    left: Cell<usize>,
}

#[derive(Clone, Copy)]
struct Bytes {
    files: usize,
    bytes: u64,
}

impl Fleet {
    /// A repository with the fleet, its lock committed, and everything built.
    fn new(size: Size, shape: Shape) -> Self {
        let (folder, beside) = (workplace(size.name), workplace(&format!("beside-{}", size.name)));
        let files = generate::fleet(size, shape);
        write(&files, &folder);
        git(&folder, &["init", "-q"]);
        fleetc(&folder, &["build", "-q"]);
        git(&folder, &["add", "*.fleet", "gitops/fleet.lock"]);
        git(&folder, &["-c", "user.name=n", "-c", "user.email=e", "commit", "-q", "-m", "fleet"]);
        let plan = Command::new(FLEETC).args(["plan", "--format", "json"]).current_dir(&folder).output();
        let plan: serde_json::Value = serde_json::from_slice(&plan.expect("fleetc runs").stdout).expect("a plan");
        let deployments = plan["deployments"].as_array().expect("deployments").len();
        let output = count(&folder.join("gitops"));
        Self { size, shape, folder, beside, files, deployments, output, left: Cell::new(0) }
    }

    fn measure(&self, rounds: usize) -> Taken {
        let mut costs: Vec<(&str, Vec<Cost>)> = ROWS.iter().map(|row| (*row, Vec::new())).collect();
        for _ in 0..rounds {
            for (row, cost) in self.round() {
                let found = costs.iter_mut().find(|(name, _)| *name == row).expect("every row is in the list");
                found.1.push(cost);
            }
        }
        let counted = |row: &str| {
            let (_, words) = COUNTED.iter().find(|(name, _)| *name == row)?;
            let small = matches!(self.size.name, "S" | "M") && has_valgrind();
            small.then(|| instructions(FLEETC, words, &self.folder))
        };
        costs.into_iter().map(|(row, costs)| (row, median(&costs), counted(row))).collect()
    }

    /// Everything once. The folder is afterwards as it was.
    fn round(&self) -> Vec<(&'static str, Cost)> {
        let (gitops, aside) = (self.folder.join("gitops"), self.beside.join("aside"));
        let stream = self.beside.join("stream.txt");
        let mut round = vec![
            (READ, floor(&["read", text(&gitops)])),
            (UNCHANGED, self.run(&["build"], 0)),
            ("`check`", self.run(&["check"], 0)),
            ("`build --no-cache`, nothing changed", self.run(&["build", "--no-cache"], 0)),
            ("`plan --format json`", self.run(&["plan", "--format", "json"], 0)),
            ("`build -o -`", self.run(&["build", "-o", "-"], 0)),
            (STREAM, floor(&["stream", text(&stream), text(&self.beside.join("copy.txt"))])),
        ];
        let mut files = self.files.clone();
        let changed = generate::change_a_line(&mut files);
        write(&files[changed..=changed], &self.folder);
        round.push(("`diff`, one line changed", self.run(&["diff"], 3)));
        settle();
        round.push(("`build`, one line changed", self.run(&["build"], 0)));
        write(&self.files[changed..=changed], &self.folder);
        fleetc(&self.folder, &["build", "-q"]);
        fs::rename(&gitops, &aside).expect("a folder can be renamed");
        settle();
        round.push((COLD, self.run(&["build"], 0)));
        settle();
        let copy = self.beside.join("copy");
        round.push((WRITE, floor(&["write", text(&aside), text(&copy)])));
        // A file system may be slow to make files where many were removed a moment ago (ext4 passes over their inodes), so
        // what a round leaves behind stays until the end.
        for folder in [aside, copy] {
            fs::rename(folder, self.beside.join(format!("old-{}", self.left.replace(self.left.get() + 1))))
                .expect("it moves");
        }
        round
    }

    fn run(&self, words: &[&str], code: i32) -> Cost {
        let output = self.beside.join("stream.txt");
        run((FLEETC, words), &self.folder, code, &output)
    }
}

fn print(fleet: &Fleet, taken: &Taken, rounds: usize) {
    let Size { name, clusters, components } = fleet.size;
    let source: usize = fleet.files.iter().map(|(_, text)| text.len()).sum();
    let lines: usize = fleet.files.iter().map(|(_, text)| text.lines().count()).sum();
    let shape = if fleet.shape == Shape::One { "one file" } else { "files" };
    println!(
        "\n### {name}: {clusters} clusters, {components} components, {} deployments\n\n{} {shape} with {lines} lines and \
         {:.2} MB give {} files with {:.1} MB. Median of {rounds} rounds.\n",
        fleet.deployments,
        fleet.files.len(),
        source as f64 / 1e6,
        fleet.output.files,
        fleet.output.bytes as f64 / 1e6,
    );
    println!("| | time, ms | processor, ms | times the floor | by processor | memory, MB | million instructions |");
    println!("|---|--:|--:|--:|--:|--:|--:|");
    let cost = |row: &str| taken.iter().find(|(name, ..)| *name == row).map(|(_, cost, _)| *cost);
    for (row, taken, instructions) in taken {
        let floor = match *row {
            UNCHANGED => cost(READ),
            COLD => cost(WRITE),
            "`build -o -`" => cost(STREAM),
            _ => None,
        };
        let times = |of: fn(&Cost) -> std::time::Duration| {
            // What is shorter than a tick of the clock is no floor.
            let floor = floor.filter(|floor| !of(floor).is_zero());
            floor.map_or(String::new(), |floor| format!("{:.2}", of(taken).as_secs_f64() / of(&floor).as_secs_f64()))
        };
        println!(
            "| {row} | {:.1} | {:.1} | {} | {} | {} | {} |",
            taken.wall.as_secs_f64() * 1e3,
            taken.cpu.as_secs_f64() * 1e3,
            times(|cost| cost.wall),
            times(|cost| cost.cpu),
            if taken.peak == 0 { String::new() } else { format!("{:.0}", taken.peak as f64 / 1e6) },
            instructions.map_or(String::new(), |count| format!("{:.0}", count as f64 / 1e6)),
        );
    }
    let (Some(check), Some(cold)) = (cost("`check`"), cost(COLD)) else { return };
    println!(
        "\n`check` is {:.2} of a cold `build` ({:.2} by processor). The most memory of a `build` is {:.2} times the output and \
         50 MB.",
        check.wall.as_secs_f64() / cold.wall.as_secs_f64(),
        check.cpu.as_secs_f64() / cold.cpu.as_secs_f64(),
        (cold.peak as f64 - 50e6).max(0.0) / fleet.output.bytes as f64,
    );
}

/// How costs grow with deployments: 1 is in proportion, 2 would be with the square.
fn print_growth((first, small): &(Fleet, Taken), (last, large): &(Fleet, Taken)) {
    let (few, many) = (first.deployments, last.deployments);
    println!("\n### Growth\n\nFrom {few} to {many} deployments, as the exponent: 1 is in proportion.\n");
    println!("| | time | processor | memory |\n|---|--:|--:|--:|");
    let exponent = |small: f64, large: f64| (large / small).ln() / (many as f64 / few as f64).ln();
    for ((row, small, _), (_, large, _)) in small.iter().zip(large) {
        let memory = if small.peak == 0 {
            String::new()
        } else {
            format!("{:.2}", exponent(small.peak as f64, large.peak as f64))
        };
        println!(
            "| {row} | {:.2} | {:.2} | {memory} |",
            exponent(small.wall.as_secs_f64(), large.wall.as_secs_f64()),
            exponent(small.cpu.as_secs_f64(), large.cpu.as_secs_f64()),
        );
    }
}

/// One of [`floors`], in a process of its own.
fn floor(words: &[&str]) -> Cost {
    told(this_program().arg("floor").args(words))
}

/// Waits until what was written before has reached the disk, so that nobody else pays for it.
fn settle() {
    assert!(Command::new("sync").status().expect("sync runs").success());
}

fn fleetc(folder: &Path, words: &[&str]) {
    let mut command = Command::new(FLEETC);
    let output = command.args(words).current_dir(folder).env("XDG_CACHE_HOME", CACHES).output().expect("fleetc runs");
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn git(folder: &Path, words: &[&str]) {
    assert!(Command::new("git").args(words).current_dir(folder).status().expect("git runs").success(), "git {words:?}");
}

fn count(folder: &Path) -> Bytes {
    let files = floors::files(folder);
    let bytes = files.iter().map(|path| path.metadata().expect("a file").len()).sum();
    Bytes { files: files.len(), bytes }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("the build folder has a plain name")
}
