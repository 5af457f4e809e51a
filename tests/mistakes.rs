//! Realistic mistakes on a fleet for two engines, in several files: each is answered by one error at the text that is wrong,
//! with what to do and a page.
//!
//! `tests/mistakes/*.txt` hold them: `fresh.txt` those of somebody who had read the reference and the fleet and nothing of the
//! compiler, `meaning.txt` and `form.txt` those of somebody who worked on it. `tests/mistakes/answers/` shows what fleetc
//! says of each.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]
#![allow(missing_docs)]

#[path = "support/golden.rs"]
mod golden;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use fleetc::analysis::{Compilation, compile};
use fleetc::diag::fix::apply;
use fleetc::diag::render::{Look, full};
use fleetc::diag::{Diagnostic, Diagnostics, Edit, Fix, Severity};
use fleetc::project::MemoryFiles;

type Files = BTreeMap<String, String>;

/// One mistake.
#[derive(Debug)]
struct Mistake {
    name: String,
    what: String,
    /// The place of the error: `F0302 teams.fleet "stagign"`.
    expected: String,
    /// A file, the text that goes and the text that comes; a new file when nothing goes.
    changes: Vec<(String, String, String)>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mistakes")
}

fn read(folder: &Path, prefix: &str, files: &mut Files) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type().unwrap().is_dir() {
            read(&entry.path(), &format!("{name}/"), files);
        } else {
            files.insert(name, fs::read_to_string(entry.path()).unwrap());
        }
    }
}

/// The fleet without a mistake.
fn fleet() -> Files {
    let mut files = Files::new();
    read(&root().join("fleet"), "", &mut files);
    files
}

/// The mistakes of one file: entries that begin with `### name`.
fn mistakes(text: &str) -> Vec<Mistake> {
    text.split("### ").skip(1).map(mistake).collect()
}

fn mistake(text: &str) -> Mistake {
    let (name, rest) = text.split_once('\n').unwrap();
    let mut mistake =
        Mistake { name: name.trim().to_owned(), what: String::new(), expected: String::new(), changes: Vec::new() };
    for line in rest.lines() {
        let last = mistake.changes.last_mut();
        if let Some(what) = line.strip_prefix("what: ") {
            mistake.what = what.to_owned();
        } else if let Some(expected) = line.strip_prefix("expect: ") {
            mistake.expected = expected.to_owned();
        } else if let Some(file) = line.strip_prefix("file: ").or_else(|| line.strip_prefix("new: ")) {
            mistake.changes.push((file.trim().to_owned(), String::new(), String::new()));
        } else if let (Some(old), Some((_, text, _))) = (marked(line, '-'), last) {
            add(text, old);
        } else if let (Some(new), Some((_, _, text))) = (marked(line, '+'), mistake.changes.last_mut()) {
            add(text, new);
        } else {
            assert!(line.trim().is_empty(), "{name}: {line}");
        }
    }
    mistake
}

fn marked(line: &str, mark: char) -> Option<&str> {
    let rest = line.strip_prefix(mark)?;
    Some(rest.strip_prefix(' ').unwrap_or(rest))
}

fn add(text: &mut String, line: &str) {
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(line);
}

/// The fleet with `mistake` in it.
fn spoiled(fleet: &Files, mistake: &Mistake) -> Files {
    let mut files = fleet.clone();
    for (file, old, new) in &mistake.changes {
        if old.is_empty() {
            assert!(files.insert(file.clone(), format!("{new}\n")).is_none(), "{}: {file} is there", mistake.name);
            continue;
        }
        let text = files.get_mut(file).unwrap_or_else(|| panic!("{}: no file {file}", mistake.name));
        assert_eq!(text.matches(old.as_str()).count(), 1, "{}: `{old}` in {file}", mistake.name);
        *text = text.replacen(old.as_str(), new, 1);
    }
    files
}

fn compiled(files: &Files) -> Compilation {
    let memory = files.iter().fold(MemoryFiles::new(), |all, (path, text)| all.file(path, text.as_str()));
    let memory = memory.repository(".", ["https://github.com/acme/config"]);
    compile(&memory.into_project(), &[])
}

/// What is wrong with the answer to `mistake`, if anything; and the answer as people see it.
fn answer(fleet: &Files, mistake: &Mistake, known: &BTreeSet<String>) -> (Vec<String>, String) {
    let compilation = compiled(&spoiled(fleet, mistake));
    let sources = &compilation.sources;
    let mut shown = Diagnostics::default();
    let mut wrong = Vec::new();
    let mut errors = Vec::new();
    let mut before = None;
    for found in compilation.diagnostics.iter().filter(|found| !known.contains(&found.message)) {
        shown.push(found.clone());
        let place = format!(
            "{} {} {:?}",
            found.code.id,
            sources.file(found.primary.span.source).path,
            sources.text(found.primary.span)
        );
        let key = (found.primary.span, found.code.id);
        if before.is_some_and(|before| before >= key) {
            wrong.push("out of order, or twice at one place".to_owned());
        }
        before = Some(key);
        match found.severity {
            Severity::Error => errors.push(place),
            Severity::Warning => wrong.push(format!("a warning: {place} {}", found.message)),
            Severity::Note => {}
        }
        for fix in &found.fixes {
            if let Err(why) = applied(&spoiled(fleet, mistake), &compilation, found, fix) {
                wrong.push(format!("the fix `{}` {why}", fix.title));
            }
        }
        if found.severity == Severity::Error && found.helps.is_empty() && found.fixes.is_empty() {
            wrong.push(format!("neither help nor fix: {}", found.message));
        }
    }
    if errors != [mistake.expected.as_str()] {
        wrong.push(format!("expected {}, found {errors:#?}", mistake.expected));
    }
    let look = Look { colour: false, width: 100, unicode: true, links: false };
    (wrong, full(&shown, sources, &look))
}

/// A fix reads as fleet text and removes what it is for.
fn applied(files: &Files, compilation: &Compilation, found: &Diagnostic, fix: &Fix) -> Result<(), &'static str> {
    let mut files = files.clone();
    for (path, text) in &mut files {
        let here = |edit: &&Edit| compilation.sources.file(edit.span.source).path == *path;
        let edits: Vec<Edit> = fix.edits.iter().filter(here).cloned().collect();
        *text = apply(text, &edits).ok_or("does not apply")?;
    }
    let after = compiled(&files);
    let syntax = |compilation: &Compilation| compilation.diagnostics.iter().filter(|one| is_syntax(one)).count();
    if syntax(&after) > syntax(compilation) {
        return Err("brings a syntax error");
    }
    let same = after.diagnostics.iter().any(|one| one.code == found.code && one.message == found.message);
    if same { Err("does not remove it") } else { Ok(()) }
}

fn is_syntax(found: &Diagnostic) -> bool {
    found.code.id.starts_with("F01")
}

#[test]
fn each_mistake_has_one_answer() {
    let fleet = fleet();
    let clean = compiled(&fleet);
    assert!(!clean.diagnostics.has_errors());
    let known: BTreeSet<String> = clean.diagnostics.iter().map(|found| found.message.clone()).collect();
    let mut wrong = Vec::new();
    let mut count = 0;
    for page in ["fresh", "meaning", "form"] {
        let mistakes = mistakes(&fs::read_to_string(root().join(format!("{page}.txt"))).unwrap());
        let names: BTreeSet<&str> = mistakes.iter().map(|mistake| mistake.name.as_str()).collect();
        assert_eq!(names.len(), mistakes.len(), "a name twice in {page}");
        let mut answers = String::new();
        for mistake in &mistakes {
            count += 1;
            let (found, shown) = answer(&fleet, mistake, &known);
            wrong.extend(found.iter().map(|found| format!("{}: {found}", mistake.name)));
            answers += &format!("### {}\n{}\n\n{shown}\n", mistake.name, mistake.what);
        }
        golden::golden(&format!("tests/mistakes/answers/{page}.txt"), &answers);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 35, "{count} mistakes");
}
