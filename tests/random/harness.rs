//! Asks the built compiler about one fleet and compares its answers with the reference interpreter.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use fleetc::analysis::{self, Compilation};
use fleetc::plan::json;
use fleetc::project::MemoryFiles;
use fleetc::target::{self, Engines};
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
            .env("FLEETC_BUILD_NO_CACHE", "1")
            .output()
            .unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        match output.status.code() {
            Some(0) => Ok(stdout),
            status => Err(Failure {
                kind: format!("{} {}", arguments[0], codes(&stdout, &stderr)),
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

/// The codes of the errors that a run reported.
fn codes(stdout: &str, stderr: &str) -> String {
    let json: Value = serde_json::from_str(stdout).unwrap_or(Value::Null);
    let errors = json["diagnostics"].as_array().into_iter().flatten().filter(|it| it["severity"] == "error");
    let listed = errors.filter_map(|it| it["code"].as_str());
    let drawn = stderr.split("error[").skip(1).filter_map(|behind| behind.get(..5));
    let codes: BTreeSet<&str> = listed.chain(drawn).collect();
    codes.into_iter().collect::<Vec<_>>().join(" ")
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

/// The texts of the output folder of `fleet` by path; none when it fails.
pub fn output(fleet: &Fleet, dress: u64) -> Option<BTreeMap<String, String>> {
    Some(built(&print(fleet, dress, dress))?.1)
}

/// The plan of `fleet` as JSON and the texts of its output folder by path; none when it fails.
pub fn plan_and_output(fleet: &Fleet, dress: u64) -> Option<(Value, BTreeMap<String, String>)> {
    plan_and_output_of(&print(fleet, dress, dress))
}

/// The same of a project that is already written.
pub fn plan_and_output_of(files: &Files) -> Option<(Value, BTreeMap<String, String>)> {
    let (compilation, tree) = built(files)?;
    Some((json::json(compilation.plan.as_ref()?), tree))
}

/// What a project is compiled and built to, in this process: a corpus holds thousands. [`examine`] asks the program.
fn built(files: &Files) -> Option<(Compilation, BTreeMap<String, String>)> {
    let memory = files.iter().fold(MemoryFiles::new(), |memory, (path, text)| memory.file(path, text.as_str()));
    let compilation = analysis::compile(&memory.into_project(), &[]);
    let plan = compilation.plan.as_ref()?;
    let tree = target::build(plan, &Engines { argocd: !plan.argocd.is_empty(), flux: !plan.flux.is_empty() });
    Some((compilation, tree))
}

/// The files below a folder by their paths from there.
pub fn texts_of(folder: &Path) -> BTreeMap<String, String> {
    let prefix = format!("{}/", folder.display());
    files_of(folder).into_iter().map(|(path, text)| (path.replacen(&prefix, "", 1), text)).collect()
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

/// Makes `fleet` smaller while it fails in the same way, until no part of it can go. Some failures depend on how a
/// name is written, so each try is dressed in three ways; the one that fails is given back, too.
pub fn shrink(fleet: &Fleet, dress: u64, kind: &str) -> (Fleet, u64) {
    let fails = |fleet: &Fleet| {
        let same = |dress: &u64| examine_safely(fleet, *dress).is_err_and(|failure| failure.kind == kind);
        (dress..dress + 3).find(same)
    };
    let mut smallest = (fleet.clone(), dress);
    loop {
        let (mut index, mut found) = (0, false);
        while let Some(smaller) = super::shrink::without(&smallest.0, index) {
            match fails(&smaller) {
                Some(dress) => {
                    smallest = (smaller, dress);
                    found = true;
                }
                None => index += 1,
            }
        }
        if !found {
            return smallest;
        }
    }
}

/// Everything about a failed fleet, for the person who has to find out why.
pub fn describe(seed: u64, fleet: &Fleet, failure: &Failure) -> String {
    let mut text = format!("\nseed {seed}: {}\n{}\n\n", failure.kind, failure.report);
    if std::env::var_os("FLEETC_SHRINK").is_some() && failure.kind != "panic" {
        let (small, dress) = shrink(fleet, seed, &failure.kind);
        let report = examine(&small, dress).err().map(|failure| failure.report).unwrap_or_default();
        let _ = write!(text, "shrunk:\n{}\n{report}\n", show(&print(&small, dress, dress)));
    } else {
        text += &show(&print(fleet, seed, seed));
    }
    let _ = write!(text, "\nFLEETC_SEED={seed} runs this fleet alone, FLEETC_SHRINK=1 makes it smaller");
    text
}
