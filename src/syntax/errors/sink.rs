//! Where syntax errors are gathered: bounded, and one mistake one diagnostic.

use crate::diag::{Diagnostic, Diagnostics, codes};
use crate::source::{LineIndex, SourceId, Span};
use crate::syntax::cst::Cst;
use crate::syntax::kind::SyntaxKind;

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
    /// Where a string is never closed, or a character that cannot be seen stands outside of strings and comments, all
    /// else on that line is guesswork, and so is a block that was opened there.
    pub(in crate::syntax) fn finish(self, cst: &Cst) -> Diagnostics {
        let line = |span: Span| self.lines.line_of(span.start);
        let unseen: Vec<u32> =
            self.items.iter().filter(|item| is_unseen(item)).map(|item| item.primary.span.start).collect();
        let harmless = in_text(cst, &unseen);
        let spoils = |item: &&Diagnostic| {
            is_lexical(item) && !(is_unseen(item) && harmless.binary_search(&item.primary.span.start).is_ok())
        };
        let mut spoilt: Vec<usize> = self.items.iter().filter(spoils).map(|item| line(item.primary.span)).collect();
        spoilt.sort_unstable();
        let mut found = Diagnostics::default();
        for item in &self.items {
            if is_lexical(item) || spoilt.binary_search(&line(item.primary.span)).is_err() {
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

fn is_unseen(item: &Diagnostic) -> bool {
    item.code.id == codes::INVISIBLE_CHARACTER.id
}

fn is_lexical(item: &Diagnostic) -> bool {
    is_unseen(item) || item.code.id == codes::UNCLOSED_STRING.id
}

/// Those of `offsets`, which ascend, that lie in a string or a comment.
fn in_text(cst: &Cst, offsets: &[u32]) -> Vec<u32> {
    let mut found = Vec::new();
    let mut rest = offsets.iter().copied().peekable();
    for leaf in cst.leaves() {
        let text = matches!(leaf.kind, SyntaxKind::Comment | SyntaxKind::PlainString | SyntaxKind::StringText);
        while let Some(offset) = rest.next_if(|offset| *offset < leaf.end) {
            if text && offset >= leaf.start {
                found.push(offset);
            }
        }
    }
    found
}
