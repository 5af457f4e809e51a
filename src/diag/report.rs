//! Diagnostics as the public contract has them: the JSON of `fleetc check --format json`.
//!
//! Takes what was found and the texts it was found in, gives a [`Report`]: places as lines and columns, the words for
//! everything. Every machine format and the line formats are functions of a report alone, so whoever has the JSON has
//! all of them. Its schema is `fleetc schema diagnostics`.

use serde::{Deserialize, Serialize};

use super::codes::Severity;
use super::diagnostic::{Applicability, Diagnostic, Diagnostics, Edit, Fix, Label};
use crate::source::{Origin, Sources, Span};

/// The version of the format; it grows when a field changes its meaning or goes.
const SCHEMA: u32 = 1;

/// All that was found in one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// The version of the format.
    pub schema: u32,
    /// `fleetc`.
    pub tool: String,
    /// The version of fleetc.
    pub version: String,
    /// How much was found.
    pub summary: Summary,
    /// What was found, sorted by file, place and code.
    pub diagnostics: Vec<Finding>,
    /// The tests that were run, in the order of the text; none where none were to be run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tests: Option<Vec<TestCase>>,
}

/// One `test` block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestCase {
    /// What must hold, in words.
    pub name: String,
    /// The file, as in the diagnostics.
    pub file: String,
    /// From its name to the end of its block.
    pub range: Range,
    /// Whether all that it expects holds.
    pub passed: bool,
}

/// How much was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// How many errors, also those that are hidden.
    pub errors: usize,
    /// How many warnings, also those that are hidden.
    pub warnings: usize,
    /// How many notes, also those that are hidden.
    pub notes: usize,
    /// How many files the project has.
    pub files: usize,
    /// How many diagnostics of the report have a fix, safe or not.
    pub fixable: usize,
    /// How many diagnostics are not in the report because of a limit.
    pub hidden: usize,
    /// How many warnings and notes the sources or the baseline allow.
    pub suppressed: usize,
}

/// One diagnostic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// `F` and four digits.
    pub code: String,
    /// The same in words.
    pub slug: String,
    /// `error`, `warning` or `note`.
    pub severity: String,
    /// What is wrong.
    pub message: String,
    /// The file, relative to the project's root, with `/` between the parts.
    pub file: String,
    /// The smallest wrong text.
    pub range: Range,
    /// What that text is; may be empty.
    pub label: String,
    /// Other places that matter.
    pub related: Vec<Related>,
    /// What to do.
    pub help: Vec<String>,
    /// Which rules demand it.
    pub notes: Vec<String>,
    /// Changes that remove it.
    pub fixes: Vec<FixText>,
    /// The declaration it stands in, such as `component web`.
    pub item: Option<String>,
    /// What it is known by from run to run: 16 hex digits that stay when lines move.
    pub fingerprint: String,
}

/// A range of text; the end is behind its last character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// Where it starts.
    pub start: Position,
    /// Where it ends.
    pub end: Position,
}

/// A place. Lines and columns count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The column in code points.
    pub column: u32,
    /// The column in UTF-16 units.
    pub utf16: u32,
    /// The column in bytes of the line.
    pub byte: u32,
    /// Bytes from the start of the file, from 0.
    pub offset: u32,
}

/// Another place that matters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Related {
    /// The file.
    pub file: String,
    /// The text.
    pub range: Range,
    /// What it is.
    pub message: String,
}

/// A change that removes a diagnostic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FixText {
    /// What it does, in the imperative.
    pub title: String,
    /// `safe` or `unsafe`.
    pub applicability: String,
    /// The replacements, which do not overlap.
    pub edits: Vec<EditText>,
}

/// One replacement of text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EditText {
    /// The file.
    pub file: String,
    /// What is replaced; empty to insert.
    pub range: Range,
    /// By what.
    pub text: String,
}

impl Report {
    /// The report of `diagnostics`, which were found in `sources`.
    pub fn new(diagnostics: &Diagnostics, sources: &Sources) -> Self {
        let files = sources.iter().filter(|(_, file)| file.origin != Origin::StandardLibrary).count();
        Self {
            schema: SCHEMA,
            tool: "fleetc".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            summary: Summary {
                errors: diagnostics.count(Severity::Error),
                warnings: diagnostics.count(Severity::Warning),
                notes: diagnostics.count(Severity::Note),
                files,
                fixable: diagnostics.iter().filter(|item| !item.fixes.is_empty()).count(),
                hidden: diagnostics.hidden(),
                suppressed: diagnostics.suppressed(),
            },
            diagnostics: diagnostics.iter().map(|item| finding(item, sources)).collect(),
            tests: None,
        }
    }

    /// Adds the tests that were run: the name, from it to the end of the block, whether it passed.
    pub fn with_tests<'t>(self, tests: impl Iterator<Item = (&'t str, Span, bool)>, sources: &Sources) -> Self {
        let case = |(name, extent, passed): (&str, Span, bool)| TestCase {
            name: name.to_owned(),
            file: sources.file(extent.source).path.clone(),
            range: range(extent, sources),
            passed,
        };
        Self { tests: Some(tests.map(case).collect()), ..self }
    }
}

fn finding(item: &Diagnostic, sources: &Sources) -> Finding {
    let Place { file, range } = Place::of(&item.primary, sources);
    Finding {
        code: item.code.id.to_owned(),
        slug: item.code.slug.to_owned(),
        severity: item.severity.word().to_owned(),
        message: item.message.clone(),
        file,
        range,
        label: item.primary.text.clone(),
        related: item.related.iter().map(|label| related(label, sources)).collect(),
        help: item.helps.clone(),
        notes: item.notes.clone(),
        fixes: item.fixes.iter().map(|fix| fix_text(fix, sources)).collect(),
        item: item.identity.item.clone(),
        fingerprint: item.identity.fingerprint.clone(),
    }
}

fn related(label: &Label, sources: &Sources) -> Related {
    let Place { file, range } = Place::of(label, sources);
    Related { file, range, message: label.text.clone() }
}

fn fix_text(fix: &Fix, sources: &Sources) -> FixText {
    let applicability = match fix.applicability {
        Applicability::Safe => "safe",
        Applicability::Unsafe => "unsafe",
    };
    let edit = |edit: &Edit| EditText {
        file: sources.file(edit.span.source).path.clone(),
        range: range(edit.span, sources),
        text: edit.text.clone(),
    };
    FixText {
        title: fix.title.clone(),
        applicability: applicability.to_owned(),
        edits: fix.edits.iter().map(edit).collect(),
    }
}

/// A label's place.
struct Place {
    file: String,
    range: Range,
}

impl Place {
    fn of(label: &Label, sources: &Sources) -> Self {
        Self { file: sources.file(label.span.source).path.clone(), range: range(label.span, sources) }
    }
}

fn range(span: Span, sources: &Sources) -> Range {
    let file = sources.file(span.source);
    let position = |offset: u32| {
        let at = file.position(offset);
        Position { line: at.line, column: at.column, utf16: at.utf16, byte: at.byte, offset: at.offset }
    };
    Range { start: position(span.start), end: position(span.end) }
}
