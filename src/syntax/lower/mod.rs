//! From the lossless tree to the typed one, with the syntax errors on the way.
//!
//! Takes a [`Cst`] and its text, gives an [`ast::File`] and diagnostics. Knows the shape of the language (which
//! keyword takes which clauses), not its attributes.
//!
//! All recursion is over brackets, of which at most 64 are open at once; chains of operators and of `if` are loops.

mod block;
mod change;
mod declaration;
mod expectation;
mod expr;
mod head;
mod literal;
mod objects;
mod text;
mod unclosed;

use super::ast;
use super::cst::{Cst, NodeRef};
use super::errors::{self, Sink};
use super::kind::SyntaxKind as K;
use crate::source::Span;

pub(super) use text::may_be_escaped;

/// Reads the whole file.
pub(super) fn lower(cst: &Cst, text: &str, sink: &mut Sink) -> ast::File {
    let mut lower = Lower { cst, text, sink, cut: None, swallowed: false, missing: None, nested: false, guesses: 0 };
    let declarations = cst.root().map(|root| lower.file(root)).unwrap_or_default();
    ast::File { source: cst.source, declarations }
}

/// What lowering carries along.
struct Lower<'a> {
    cst: &'a Cst,
    text: &'a str,
    sink: &'a mut Sink,
    /// Where a bracket should have been closed last: a bracket that closes nothing right there is the same mistake.
    cut: Option<u32>,
    /// Whether a `"""` that is never closed took the rest of the text, closing brackets included.
    swallowed: bool,
    /// Where a value is missing, or the list of YAML that stands in its place ends.
    missing: Option<u32>,
    /// Whether the next declaration stands inside of a block, which has been reported.
    nested: bool,
    /// How often a misspelt keyword has been looked up, which takes time.
    guesses: u32,
}

impl<'a> Lower<'a> {
    /// The text under a span.
    fn slice(&self, span: Span) -> &'a str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// The text of a node.
    fn text_of(&self, node: NodeRef<'_>) -> &'a str {
        self.slice(node.span())
    }

    /// The comment block whose last line is right above `at`, without the `#` and one blank.
    fn doc(&self, at: Span) -> Option<String> {
        if !self.begins_line(at) {
            return None;
        }
        let mut above = self.text.get(..self.sink.line_start(at.start) as usize)?.strip_suffix('\n')?;
        let mut lines = Vec::new();
        loop {
            let line = above.rsplit('\n').next().unwrap_or(above);
            let Some(text) = line.trim().strip_prefix('#') else { break };
            // A line of a `"""` text may begin with `#`, too.
            if !self.is_comment(above.len() - line.trim_start().len()) {
                break;
            }
            lines.push(text.strip_prefix(' ').unwrap_or(text));
            match above.rsplit_once('\n') {
                Some((rest, _)) => above = rest,
                None => break,
            }
        }
        lines.reverse();
        if lines.is_empty() { None } else { Some(lines.join("\n")) }
    }

    /// Whether a comment begins at the offset `start`.
    fn is_comment(&self, start: usize) -> bool {
        let nodes = self.cst.nodes();
        // They are in pre-order, so that their starts never fall.
        let first = nodes.partition_point(|node| (node.start as usize) < start);
        let mut here = nodes.iter().skip(first).take_while(|node| node.start as usize == start);
        here.any(|node| node.kind == K::Comment)
    }

    /// The text of its line before `at`, at most as much of it as can matter: the lines of hostile texts are long.
    fn line_before(&self, at: Span) -> &'a str {
        const MOST: u32 = 1_000;
        let start = self.sink.line_start(at.start);
        if at.start - start > MOST { "…" } else { self.slice(Span { start, end: at.start, ..at }) }
    }

    /// Whether `at` is the first token of its line.
    fn begins_line(&self, at: Span) -> bool {
        self.line_before(at).trim().is_empty()
    }

    /// How many blanks the line of `at` begins with.
    fn indentation(&self, at: Span) -> usize {
        let line = self.line_before(at);
        line.len() - line.trim_start_matches([' ', '\t']).len()
    }

    /// Whether a newline or a comma stands between two offsets that lie between tokens; comments are stepped over.
    fn separated(&self, from: u32, to: u32) -> bool {
        let between = self.text.get(from as usize..to as usize).unwrap_or("");
        between.contains('\n') || between.trim_start().starts_with(',')
    }

    /// Reports text that stands where nothing is expected. Where its quotes do not pair, one is missing before it.
    fn unexpected(&mut self, node: NodeRef<'_>, expected: &str) {
        let span = node.span();
        let text = self.text_of(node);
        let unpaired = text.matches('"').count() % 2 == 1 && !text.contains('\n');
        if let Some(at) = text.rfind('"').filter(|_| unpaired) {
            let start = span.start + u32::try_from(at).unwrap_or(0);
            self.sink.push(errors::unpaired_quote(Span { start, end: start + 1, ..span }));
        } else if matches!(text, ")" | "]") {
            self.sink.push(errors::stray_close(span, text));
        } else {
            self.sink.push(errors::unexpected_text(span, text, expected));
        }
    }

    /// Whether the bracket at `span`, which closes nothing, stands where another one should have been closed.
    fn is_caused(&mut self, span: Span) -> bool {
        let between = self.cut.and_then(|cut| self.text.get(cut as usize..span.start as usize));
        let caused = between.is_some_and(|between| between.chars().all(|c| matches!(c, ' ' | '\t')));
        if caused {
            self.cut = Some(span.end);
        }
        caused
    }
}

/// Whether a node is a string of any form.
fn is_string(kind: K) -> bool {
    matches!(kind, K::PlainString | K::ShortString | K::LongString)
}
