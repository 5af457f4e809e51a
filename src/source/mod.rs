//! Source text and places in it.
//!
//! Takes file contents, gives ids, spans and positions. Knows nothing of the language.
//!
//! Inside the compiler a place is a [`Span`] of byte offsets. Lines and columns exist only at the
//! edges, where [`SourceFile::position`] computes them.

mod line_index;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use line_index::{LineIndex, Position};

/// Which file of a [`Sources`] a span lies in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SourceId(u32);

/// A range of bytes in one file.
///
/// Both ends are offsets in bytes from the start of the file; a file is at most 64 MiB, so `u32` is wide enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// The file.
    pub source: SourceId,
    /// Offset of the first byte.
    pub start: u32,
    /// Offset behind the last byte.
    pub end: u32,
}

impl Span {
    /// The span from `start` to `end` in `source`.
    pub fn new(source: SourceId, start: u32, end: u32) -> Self {
        Self { source, start, end }
    }

    /// The smallest span that holds `self` and `other`, which lie in the same file.
    pub fn to(self, other: Self) -> Self {
        Self { source: self.source, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// Whether it holds nothing.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The empty span at the end of `self`, where something is missing.
    pub fn after(self) -> Self {
        Self { start: self.end, ..self }
    }
}

/// Where a source file comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// A file of the project.
    Project,
    /// A file of the standard library, part of the compiler.
    StandardLibrary,
    /// A file of data that another tool writes, which an inventory names.
    Data,
}

/// One file of text.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Path relative to the project root, with `/` between the parts; `std/<name>.fleet` for the standard library.
    pub path: String,
    /// Where it comes from.
    pub origin: Origin,
    /// The whole text.
    pub text: Arc<str>,
    lines: Arc<LineIndex>,
}

impl SourceFile {
    /// The file `path` with `text`.
    pub fn new(path: impl Into<String>, origin: Origin, text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        let lines = Arc::new(LineIndex::new(&text));
        Self { path: path.into(), origin, text, lines }
    }

    /// The line and columns of a byte offset; an offset behind the end is taken as the end.
    pub fn position(&self, offset: u32) -> Position {
        self.lines.position(&self.text, offset)
    }

    /// The index of the lines.
    pub fn lines(&self) -> &LineIndex {
        &self.lines
    }
}

/// All files of one run.
///
/// Invariant: ids are given out in the order of [`Sources::add`]; callers add the project's files sorted by path.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

impl Sources {
    /// Adds a file and gives its id.
    pub fn add(&mut self, file: SourceFile) -> SourceId {
        let id = SourceId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(file);
        id
    }

    /// The file of an id of this collection.
    #[expect(clippy::indexing_slicing, reason = "ids are made by `add` only")]
    pub fn file(&self, id: SourceId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// The text under a span; empty when the span lies outside the text.
    pub fn text(&self, span: Span) -> &str {
        self.file(span.source).text.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// Whether `span` is a place in one of these files.
    pub fn has(&self, span: Span) -> bool {
        let file = self.files.get(span.source.0 as usize);
        file.is_some_and(|file| file.text.get(span.start as usize..span.end as usize).is_some())
    }

    /// The same files under other paths.
    #[must_use]
    pub fn renamed(&self, path: impl Fn(&SourceFile) -> String) -> Self {
        let files = self.files.iter().map(|file| SourceFile { path: path(file), ..file.clone() });
        Self { files: files.collect() }
    }

    /// Puts another text in place of that of `id`.
    pub fn replace(&mut self, id: SourceId, text: impl Into<Arc<str>>) {
        if let Some(file) = self.files.get_mut(id.0 as usize) {
            *file = SourceFile::new(std::mem::take(&mut file.path), file.origin, text);
        }
    }

    /// All files with their ids, in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &SourceFile)> {
        self.files.iter().enumerate().map(|(index, file)| (SourceId(u32::try_from(index).unwrap_or(u32::MAX)), file))
    }
}
