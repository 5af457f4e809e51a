//! Asks the built compiler about one fleet and compares its answers with the reference interpreter.

use std::fmt::Write as _;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use super::expand::{Expected, Tree, argocd, differences, flux, read_tree};
use super::model::Fleet;
use super::print::{Files, print, show};
use super::reference::Reference;

/// What went wrong, and a word for its kind: what shrinking must keep.
#[derive(Debug)]
pub struct Failure {
    pub kind: String,
    pub report: String,
}

/// A project on disk, gone when dropped.
pub struct Project {
    folder: PathBuf,
}

impl Project {
    /// Writes `files` into a folder of their own.
    pub fn new(files: &Files) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("fleetc-random-{}-{number}", std::process::id()));
        for (path, text) in files {
            let path = folder.join("fleet").join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self { folder }
    }

    /// Runs the compiler here; gives what it printed when it succeeded.
    pub fn run(&self, arguments: &[&str]) -> Result<String, Failure> {
        let output = Command::new(env!("CARGO_BIN_EXE_fleetc"))
            .args(arguments)
            .arg("-C")
            .arg(self.folder.join("fleet"))
            .env_remove("FLEETC_SEED")
            .env_remove("FLEETC_SEEDS")
            .output()
            .unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        match output.status.code() {
            Some(0) => Ok(stdout),
            status => Err(Failure {
                kind: format!("{} {}", arguments[0], first_code(&stdout, &stderr)),
                report: format!("`fleetc {}` ended with {status:?}\n{stdout}\n{stderr}", arguments.join(" ")),
            }),
        }
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The first code of an error that a text mentions.
fn first_code(stdout: &str, stderr: &str) -> String {
    let json: Value = serde_json::from_str(stdout).unwrap_or(Value::Null);
    let errors = json["diagnostics"].as_array().into_iter().flatten().filter(|it| it["severity"] == "error");
    if let Some(code) = errors.filter_map(|it| it["code"].as_str()).next() {
        return code.to_string();
    }
    let code = |text: &str| text.split_once("error[").and_then(|(_, behind)| behind.get(..5)).map(String::from);
    code(stdout).or_else(|| code(stderr)).unwrap_or_else(|| "no code".into())
}

/// Compares everything the compiler says of `fleet` with the reference.
pub fn examine(fleet: &Fleet, dress: u64) -> Result<(), Failure> {
    let reference = Reference::new(fleet);
    let project = Project::new(&print(fleet, dress, dress));
    project.run(&["check", "--format", "json"])?;

    let text = project.run(&["plan", "--format", "json"])?;
    let failed = |kind: &str, found: &[String]| Failure { kind: kind.into(), report: found.join("\n") };
    let plan: Value = serde_json::from_str(&text).map_err(|error| failed("plan", &[error.to_string()]))?;
    let mut found = Vec::new();
    differences(&reference.plan(), &plan, "", &mut found);
    if !found.is_empty() {
        return Err(failed("plan", &found));
    }

    project.run(&["build", "-o", "out"])?;
    let output = project.folder.join("fleet/out");
    let tree = read_tree(&output);
    let expected = Expected::new(&reference);
    let mut found = Vec::new();
    if fleet.argocd.is_some() {
        found.extend(argocd::compare(&expected, &tree).into_iter().map(|line| format!("argocd: {line}")));
    }
    if fleet.flux.is_some() {
        found.extend(flux::compare(&expected, &tree).into_iter().map(|line| format!("flux: {line}")));
    }
    if !found.is_empty() {
        let files: String = files_of(&output).iter().map(|(path, text)| format!("# ---- {path}\n{text}")).collect();
        let kind = if found[0].starts_with("argocd") { "argocd" } else { "flux" };
        return Err(Failure { kind: kind.into(), report: format!("{}\n\n{files}", found.join("\n")) });
    }
    Ok(())
}

/// What the compiler builds of `fleet`; none when it fails.
pub fn build(fleet: &Fleet, dress: u64) -> Option<Tree> {
    let project = Project::new(&print(fleet, dress, dress));
    project.run(&["build", "-o", "out"]).ok()?;
    Some(read_tree(&project.folder.join("fleet/out")))
}

/// The files below a folder.
fn files_of(folder: &Path) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_of(&path));
        } else {
            files.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
        }
    }
    files.sort();
    files
}

/// [`examine`], with a panic of the reference or of a comparison as a failure of its own.
pub fn examine_safely(fleet: &Fleet, dress: u64) -> Result<(), Failure> {
    catch_unwind(AssertUnwindSafe(|| examine(fleet, dress)))
        .unwrap_or_else(|_| Err(Failure { kind: "panic".into(), report: "the test panicked, see above".into() }))
}

/// Makes `fleet` smaller while it fails in the same way.
pub fn shrink(fleet: &Fleet, dress: u64, kind: &str) -> Fleet {
    let mut fleet = fleet.clone();
    let mut index = 0;
    let mut missed = 0;
    // Two rounds without success end it; a fleet has some hundred parts.
    while let Some(smaller) = super::shrink::without(&fleet, index) {
        let fails =
            catch_unwind(AssertUnwindSafe(|| examine(&smaller, dress).is_err_and(|failure| failure.kind == kind)));
        if fails.unwrap_or(false) {
            fleet = smaller;
            missed = 0;
        } else {
            index += 1;
            missed += 1;
        }
        if missed > 600 {
            break;
        }
    }
    fleet
}

/// Everything about a failed fleet, for the person who has to find out why.
pub fn describe(seed: u64, fleet: &Fleet, failure: &Failure) -> String {
    let mut text = format!("\nseed {seed}: {}\n{}\n\n", failure.kind, failure.report);
    if std::env::var_os("FLEETC_SHRINK").is_some() && failure.kind != "panic" {
        let small = shrink(fleet, seed, &failure.kind);
        let report = examine(&small, seed).err().map(|failure| failure.report).unwrap_or_default();
        let _ = write!(text, "shrunk:\n{}\n{report}\n", show(&print(&small, seed, seed)));
    } else {
        text += &show(&print(fleet, seed, seed));
    }
    let _ = write!(text, "\nFLEETC_SEED={seed} runs this fleet alone, FLEETC_SHRINK=1 makes it smaller");
    text
}
