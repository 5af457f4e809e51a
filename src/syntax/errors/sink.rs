//! Where syntax errors are gathered: bounded, and one mistake one diagnostic.

use crate::diag::{Diagnostic, Diagnostics, codes};
use crate::source::{LineIndex, SourceId, Span};

/// The most syntax errors kept of one file. A number nobody reads to the end; it bounds the memory that 4 MiB of
/// something else than Fleet can take.
const MOST: usize = 1_000;

/// Gathers the syntax errors of one file.
pub(in crate::syntax) struct Sink {
    source: SourceId,
    lines: LineIndex,
    items: Vec<Diagnostic>,
    overflow: Option<Span>,
}

impl Sink {
    /// An empty one for `text`.
    pub(in crate::syntax) fn new(source: SourceId, text: &str) -> Self {
        Self { source, lines: LineIndex::new(text), items: Vec::new(), overflow: None }
    }

    /// Whether further errors are no longer kept, so that no work need go into their words.
    pub(in crate::syntax) fn is_full(&self) -> bool {
        self.overflow.is_some()
    }

    /// Where the line of a byte offset starts.
    pub(in crate::syntax) fn line_start(&self, offset: u32) -> u32 {
        self.lines.start_of(self.lines.line_of(offset)).unwrap_or(0)
    }

    /// Adds an error.
    pub(in crate::syntax) fn push(&mut self, diagnostic: Diagnostic) {
        if self.items.len() < MOST {
            self.items.push(diagnostic);
        } else if self.overflow.is_none() {
            self.overflow = Some(diagnostic.primary.span);
        }
    }

    /// The errors in the order of the text, without those that another one caused.
    ///
    /// Where a string is never closed or a character cannot be seen, all else on that line is guesswork, and so is a
    /// block that was opened there.
    pub(in crate::syntax) fn finish(self) -> Diagnostics {
        let line = |span: Span| self.lines.line_of(span.start);
        let is_lexical =
            |item: &Diagnostic| [codes::UNCLOSED_STRING.id, codes::INVISIBLE_CHARACTER.id].contains(&item.code.id);
        let mut lexical: Vec<usize> =
            self.items.iter().filter(|item| is_lexical(item)).map(|item| line(item.primary.span)).collect();
        lexical.sort_unstable();
        let mut found = Diagnostics::default();
        for item in &self.items {
            if is_lexical(item) || lexical.binary_search(&line(item.primary.span)).is_err() {
                found.push(item.clone());
            }
        }
        if let Some(span) = self.overflow {
            found.push(super::too_many(Span { source: self.source, ..span }, MOST));
        }
        found.sort();
        found
    }
}
