//! How long fleetc takes for fleets of 200 to 500,000 deployments, beside programs that only write or read the same files:
//! `cargo bench --bench fleets`. It prints a table in Markdown; the last one is in `docs/performance.md`.
//!
//! - `-- S M` measures those sizes only, `--rounds N` as often as that, `--one` the fleet as one file
//! - `-- generate L one|many DIR` writes a fleet
//! - `-- guard` compares counts of instructions with `benches/instructions.txt`, `guard --bless` writes them there
//!
//! All costs of a round are taken one after the other, and a table shows medians over the rounds: what else the machine does
//! then falls on all of them.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "fleets/floors.rs"]
mod floors;
#[path = "fleets/generate.rs"]
mod generate;
#[path = "fleets/guard.rs"]
mod guard;
#[path = "fleets/measure.rs"]
mod measure;
#[path = "fleets/table.rs"]
mod table;

use std::fs;
use std::path::{Path, PathBuf};

use generate::{SIZES, Shape, Size};

/// The program that is measured, built with the same profile.
const FLEETC: &str = env!("CARGO_BIN_EXE_fleetc");

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["floor", "write", from, to] => floors::write(Path::new(from), Path::new(to)),
        ["floor", "read", from] => floors::read(Path::new(from)),
        ["floor", "stream", from, to] => floors::stream(Path::new(from), Path::new(to)),
        ["generate", size, shape, folder] => {
            write(&generate::fleet(named(size), shape_named(shape)), Path::new(folder));
        }
        ["start", code, output, program, words @ ..] => measure::start(code, output, program, words),
        ["guard", rest @ ..] => guard::run(rest.contains(&"--bless")),
        _ => table::run_all(&words),
    }
}

fn named(name: &str) -> Size {
    SIZES.into_iter().find(|size| size.name == name).unwrap_or_else(|| panic!("`{name}` is not S, M, L or XL"))
}

fn shape_named(name: &str) -> Shape {
    match name {
        "one" => Shape::One,
        "many" => Shape::Many,
        _ => panic!("`{name}` is not `one` or `many`"),
    }
}

/// Writes `files` to `folder`, which becomes a repository of nobody's: fleetc looks for no `.git` above it.
fn write(files: &[(String, String)], folder: &Path) {
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder can be made");
        fs::write(path, text).expect("a file can be written");
    }
}

/// A new folder for a fleet, below the build folder.
fn workplace(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fleets").join(name);
    _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder can be made");
    folder
}
