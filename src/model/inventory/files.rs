//! The files of an inventory: one, those of a folder, or those that a glob finds.

use std::io;

use globset::GlobBuilder;

use super::asked::Asked;
use super::{mask, parsed};
use crate::data::{Format, LARGEST, Node};
use crate::diag::{Applicability, Diagnostic, Diagnostics, codes, did_you_mean};
use crate::project::{Files, normalise, reason};
use crate::source::{Origin, SourceFile, SourceId, Sources, Span};

/// A data file.
#[derive(Debug)]
pub struct Loaded {
    /// Its path from the project root.
    pub path: String,
    /// Its place among the sources.
    pub source: SourceId,
    /// How it is written.
    pub format: Format,
    /// What it holds; none when that was reported.
    pub documents: Option<Vec<Node>>,
}

/// The paths of the files that `asked` names, sorted; none when that is wrong, which is reported.
pub fn find(disk: &dyn Files, asked: &Asked, diagnostics: &mut Diagnostics) -> Vec<String> {
    match paths(disk, asked) {
        Ok(paths) => paths,
        Err(diagnostic) => {
            diagnostics.push(*diagnostic);
            Vec::new()
        }
    }
}

fn paths(disk: &dyn Files, asked: &Asked) -> Result<Vec<String>, Box<Diagnostic>> {
    let path = asked.path.as_str();
    if normalise(path).is_none() {
        return Err(Box::new(
            Diagnostic::new(codes::UNSAFE_PATH, asked.at, format!("`{path}` is no path that every machine has"))
                .label("expected a path from the project's root")
                .help("write it relative to the project's root, with `/` between its parts"),
        ));
    }
    let up = |path: &str| path.split('/').take_while(|part| *part == "..").count();
    if disk.repository().is_some_and(|repository| up(path) > up(&repository.root)) {
        return Err(Box::new(
            Diagnostic::new(codes::UNSAFE_PATH, asked.at, format!("`{path}` leaves the repository"))
                .label("outside, where another checkout has something else")
                .help("let the other tool write into this repository"),
        ));
    }
    let (folder, name) = path.rsplit_once('/').unwrap_or((".", path));
    if folder.contains(['*', '?', '[', '{']) {
        return Err(Box::new(
            not_found(asked.at, "a glob stands in the last part of a path only")
                .help("name one folder: `\"clusters/*.yaml\"`"),
        ));
    }
    if name.contains(['*', '?', '[', '{']) {
        return by_glob(disk, asked, folder, name);
    }
    if let Some(entries) = disk.list(path) {
        let files = entries.into_iter().filter(|entry| !entry.is_dir && Format::of(&entry.name).is_some());
        let found: Vec<String> = files.map(|entry| join(path, &entry.name)).collect();
        return some(found, asked.at, format!("the folder `{path}` holds no data file"));
    }
    if Format::of(path).is_none() {
        let there = disk.list(folder).is_some_and(|entries| entries.iter().any(|entry| entry.name == name));
        if !there {
            return Err(Box::new(missing(disk, path, asked.at, "file or folder")));
        }
        return Err(Box::new(
            not_found(asked.at, &format!("`{path}` does not say how it is written"))
                .help("name it `.json`, `.yaml`, `.yml` or `.csv`, or name a folder"),
        ));
    }
    Ok(vec![path.to_owned()])
}

fn by_glob(disk: &dyn Files, asked: &Asked, folder: &str, name: &str) -> Result<Vec<String>, Box<Diagnostic>> {
    let glob = GlobBuilder::new(name).literal_separator(true).build().map_err(|_| {
        let message = format!("`{name}` is no glob");
        Box::new(not_found(asked.at, &message).help("write for example `\"clusters/*.yaml\"`"))
    })?;
    let matcher = glob.compile_matcher();
    let entries = disk.list(folder).unwrap_or_default().into_iter();
    let files = entries.filter(|entry| !entry.is_dir && matcher.is_match(&entry.name));
    let found: Vec<String> = files.map(|entry| join(folder, &entry.name)).collect();
    if let Some(other) = found.iter().find(|path| Format::of(path).is_none()) {
        let message = format!("`{other}` does not say how it is written");
        let help = "let the glob end in `.json`, `.yaml`, `.yml` or `.csv`";
        return Err(Box::new(not_found(asked.at, &message).help(help)));
    }
    some(found, asked.at, format!("no file is found by `{}`", asked.path))
}

fn some(found: Vec<String>, at: Span, message: String) -> Result<Vec<String>, Box<Diagnostic>> {
    if found.is_empty() {
        let help = "data files end in `.json`, `.yaml`, `.yml` or `.csv`; the path is from the project's root";
        return Err(Box::new(not_found(at, &message).help(help)));
    }
    Ok(found)
}

fn join(folder: &str, name: &str) -> String {
    if folder == "." { name.to_owned() } else { format!("{folder}/{name}") }
}

/// F0009 at `at`.
fn not_found(at: Span, message: &str) -> Diagnostic {
    Diagnostic::new(codes::DATA_NOT_FOUND, at, message).label("no clusters come from here")
}

/// Reads the file `path`, which the inventory at `at` names, and adds it to `sources`.
pub fn load(disk: &dyn Files, path: &str, at: Span, sources: &mut Sources, diagnostics: &mut Diagnostics) -> Loaded {
    let format = Format::of(path).unwrap_or(Format::Json);
    let mut add = |text: String| sources.add(SourceFile::new(path, Origin::Data, text));
    let bytes = match disk.read_at_most(path, LARGEST) {
        Ok(bytes) => bytes,
        Err(error) => {
            diagnostics.push(unread(disk, path, at, &error));
            return Loaded { path: path.to_owned(), source: add(String::new()), format, documents: None };
        }
    };
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let (text, start) = shown(error.as_bytes(), valid);
            let width = if text.is_empty() { 0 } else { 3 };
            let source = add(text);
            let place = Span::new(source, start, start + width);
            diagnostics.push(not_utf8(place, path, error.as_bytes().get(valid).copied()));
            return Loaded { path: path.to_owned(), source, format, documents: None };
        }
    };
    let source = add(text.clone());
    if text.trim_matches(['\u{feff}', ' ', '\t', '\r', '\n']).is_empty() {
        diagnostics.push(
            Diagnostic::new(codes::UNKNOWN_SHAPE, at, format!("`{path}` is empty"))
                .label("no clusters come from here")
                .help("let the other tool write it again, or take the inventory out"),
        );
        return Loaded { path: path.to_owned(), source, format, documents: None };
    }
    let (read, masked) = parsed(source, &text, format);
    if let Some(masked) = masked {
        sources.replace(source, masked);
    }
    let documents = read.map_err(|refused| diagnostics.push(*refused)).ok();
    Loaded { path: path.to_owned(), source, format, documents }
}

/// What can be shown of `bytes`, which are UTF-8 up to `valid`, and where the first wrong one is in it. Nothing of what
/// seems to be no text; else letters and digits are hidden, for nobody knows what they are.
fn shown(bytes: &[u8], valid: usize) -> (String, u32) {
    if bytes.contains(&0) {
        return (String::new(), 0);
    }
    let text = mask::everything(&String::from_utf8_lossy(bytes));
    (text, u32::try_from(valid).unwrap_or(u32::MAX))
}

fn not_utf8(span: Span, path: &str, byte: Option<u8>) -> Diagnostic {
    Diagnostic::new(codes::NOT_UTF8, span, format!("`{path}` is not UTF-8 text"))
        .label(format!("the byte 0x{:02X} is not part of a character", byte.unwrap_or_default()))
        .help("let the other tool write it as UTF-8")
}

/// Why a file cannot be read, at the path in the inventory.
fn unread(disk: &dyn Files, path: &str, at: Span, error: &io::Error) -> Diagnostic {
    if error.kind() == io::ErrorKind::FileTooLarge {
        let message = format!("`{path}` has more than the {LARGEST} bytes (64 MiB) that a data file may have");
        let help = "split it into several files in one folder, and name the folder";
        return Diagnostic::new(codes::FILE_TOO_LARGE, at, message).label("not read").help(help);
    }
    if error.kind() != io::ErrorKind::NotFound {
        let found = not_found(at, &format!("`{path}` cannot be read: {}", reason(error)));
        return found.help("name a file of this repository; symbolic links that lead out of it are not followed");
    }
    missing(disk, path, at, "file")
}

/// F0009 for a file or folder that is not there, with what is there instead.
fn missing(disk: &dyn Files, path: &str, at: Span, what: &str) -> Diagnostic {
    let found = not_found(at, &format!("there is no {what} `{path}`"));
    let (folder, name) = path.rsplit_once('/').unwrap_or((".", path));
    let entries = disk.list(folder).unwrap_or_default();
    let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    match did_you_mean(name, names.iter().copied()) {
        Some(near) => {
            let near = join(folder, near);
            found.help(format!("did you mean `{near}`?")).fix(
                format!("write `{near}`"),
                Applicability::Unsafe,
                at,
                format!("\"{near}\""),
            )
        }
        None => found.help("the path is from the project's root; let the other tool write the file and commit it"),
    }
}
