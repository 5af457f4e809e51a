//! Data that other tools write, with the place of every value.
//!
//! Takes a text of JSON, YAML or CSV, gives a tree of [`Node`]s or the first thing that is wrong with it. What readers do
//! not agree on is refused or marked as [`Kind::Unclear`], never guessed. Knows nothing of clusters.

mod csv;
mod json;
pub mod pointer;
mod yaml;
mod yaml_scalar;

use foldhash::{HashMap, HashMapExt as _};

use crate::diag::{Diagnostic, codes};
use crate::source::{SourceId, Span};

/// The largest data file, in bytes: 64 MiB, known before it is read.
pub const LARGEST: u64 = 64 * 1024 * 1024;
/// How deep lists and maps may be nested.
const MAX_DEPTH: usize = 64;
/// How many values a file may hold, so that a small text cannot fill the memory.
const MAX_NODES: usize = 4_000_000;

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// RFC 8259.
    Json,
    /// YAML 1.2, without what its readers do not agree on.
    Yaml,
    /// RFC 4180, with a first row of names.
    Csv,
}

impl Format {
    /// The format of the file `path`, by its ending.
    pub fn of(path: &str) -> Option<Self> {
        let (_, ending) = path.rsplit('/').next()?.rsplit_once('.')?;
        match ending {
            "json" => Some(Self::Json),
            "yaml" | "yml" => Some(Self::Yaml),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::Yaml => "YAML",
            Self::Csv => "CSV",
        }
    }
}

/// A value in its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its place, quotes and brackets included.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
}

/// What a value is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Nothing: `null`, an empty cell.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Another number.
    Float(f64),
    /// Text.
    Text(String),
    /// What is not the same to all readers, with the reason.
    Unclear(&'static str),
    /// A list.
    List(Vec<Node>),
    /// A map; no key comes twice.
    Map(Vec<Entry>),
}

/// One entry of a map.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// The place of the key.
    pub at: Span,
    /// The value.
    pub value: Node,
}

/// Why a text cannot be read.
pub type Refused = Box<Diagnostic>;

impl Node {
    /// The value of a key; none where there is no map or no such key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// The entries of a map; none elsewhere.
    pub fn entries(&self) -> &[Entry] {
        if let Kind::Map(entries) = &self.kind { entries } else { &[] }
    }

    /// The text, where it is one.
    pub fn text(&self) -> Option<&str> {
        if let Kind::Text(text) = &self.kind { Some(text) } else { None }
    }

    /// Whether it is a map.
    pub fn is_map(&self) -> bool {
        matches!(self.kind, Kind::Map(_))
    }

    /// Whether it is nothing.
    pub fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Null)
    }

    /// The smallest place that stands for it: of a list its first byte, of a map its first key. The keys of a row of CSV
    /// stand in the first row, so there it is the row.
    pub fn place(&self) -> Span {
        let is_inside = |at: &Span| self.span.start <= at.start && at.end <= self.span.end;
        match &self.kind {
            Kind::Map(entries) => entries.first().map(|entry| entry.at).filter(is_inside).unwrap_or(self.span),
            Kind::List(_) => Span { end: self.span.end.min(self.span.start + 1), ..self.span },
            _ => self.span,
        }
    }

    /// What it is, in words for a label.
    pub fn describe(&self) -> &'static str {
        match &self.kind {
            Kind::Null => "nothing",
            Kind::Bool(_) => "`true` or `false`",
            Kind::Int(_) => "a whole number",
            Kind::Float(_) => "a number",
            Kind::Text(_) => "a string",
            Kind::Unclear(what) => what,
            Kind::List(_) => "a list",
            Kind::Map(_) => "a map",
        }
    }
}

/// Reads `text`, the whole of the file `source`: its documents, of which only YAML may have several.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn read(source: SourceId, text: &str, format: Format) -> Result<Vec<Node>, Refused> {
    match format {
        Format::Json => json::read(source, text).map(|node| vec![node]),
        Format::Yaml => yaml::read(source, text),
        Format::Csv => csv::read(source, text).map(|node| vec![node]),
    }
}

/// Counts values.
#[derive(Debug, Default)]
struct Counter(usize);

impl Counter {
    /// One more value, at `span`.
    fn count(&mut self, span: Span) -> Result<(), Refused> {
        self.0 += 1;
        if self.0 <= MAX_NODES {
            return Ok(());
        }
        let message = format!("a data file holds at most {MAX_NODES} values");
        Err(Box::new(
            Diagnostic::new(codes::FILE_TOO_LARGE, span, message)
                .label("one too many")
                .help("split it into several files in one folder, and name the folder"),
        ))
    }
}

/// F0010 at `span`.
fn invalid(span: Span, format: Format, expected: &str) -> Diagnostic {
    Diagnostic::new(codes::INVALID_DATA, span, format!("this is not valid {}", format.name())).label(expected)
}

/// F0102 at `span`.
fn too_deep(span: Span) -> Refused {
    let message = format!("lists and maps are nested more than {MAX_DEPTH} deep");
    Box::new(
        Diagnostic::new(codes::NESTED_TOO_DEEP, span, message)
            .label("one level too many")
            .help("let the other tool write a flatter file"),
    )
}

/// F0213 for keys that come twice.
fn unique(entries: &[Entry]) -> Result<(), Refused> {
    let twice = |entry: &Entry, first: Span| {
        let message = format!("the key `{}` comes twice", entry.key);
        Err(Box::new(
            Diagnostic::new(codes::DUPLICATE_ENTRY, entry.at, message)
                .label("again here")
                .related(first, "first here")
                .help("keep one of them: readers do not agree which one counts"),
        ))
    };
    if entries.len() <= 8 {
        for (index, entry) in entries.iter().enumerate() {
            if let Some(first) = entries.iter().take(index).find(|other| other.key == entry.key) {
                return twice(entry, first.at);
            }
        }
        return Ok(());
    }
    let mut seen: HashMap<&str, Span> = HashMap::with_capacity(entries.len());
    for entry in entries {
        match seen.get(entry.key.as_str()) {
            Some(first) => return twice(entry, *first),
            None => _ = seen.insert(&entry.key, entry.at),
        }
    }
    Ok(())
}

/// The span of the bytes from `start` to `end`.
fn span(source: SourceId, start: usize, end: usize) -> Span {
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span::new(source, offset(start), offset(end))
}
