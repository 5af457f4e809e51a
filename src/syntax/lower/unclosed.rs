//! Blocks that are never closed: which one it was, and what ended it.

use super::{Lower, errors};
use crate::source::Span;
use crate::syntax::cst::NodeRef;
use crate::syntax::kind::SyntaxKind as K;
use crate::syntax::limits::DECLARATION_WORDS;

impl Lower<'_> {
    /// Reports a block that is never closed, at the opening brace that most likely lacks its partner.
    ///
    /// Called once what is inside of the block has been read: a string without its end takes the braces behind it.
    pub(super) fn report_unclosed_block(&mut self, node: NodeRef<'_>) {
        let (Some(open), Some(missing)) = (node.child(K::OpenBrace), node.child(K::Unclosed)) else { return };
        if self.swallowed {
            return;
        }
        let next = self.next_declaration(missing.span());
        let margin = self.indentation(open.span());
        if let Some(keyword) = next.filter(|keyword| self.indentation(*keyword) > margin) {
            self.nested = true;
            self.sink.push(errors::nested_declaration(keyword, self.slice(keyword), open.span()));
            return;
        }
        if let Some((open, close)) = self.closed_by_another(node) {
            self.sink.push(errors::unclosed_block(open, Some((close, "this brace is indented like one further out"))));
            return;
        }
        let next = next.map(|keyword| (keyword, "the next declaration begins here"));
        self.sink.push(errors::unclosed_block(open.span(), next));
    }

    /// The first block inside of `node` whose closing brace begins a line further left than the line that opens it:
    /// by the count of braces it is closed, by the eye that brace is another block's.
    fn closed_by_another(&self, node: NodeRef<'_>) -> Option<(Span, Span)> {
        let blocks = node.descendants().skip(1).filter(|inner| inner.kind() == K::Block);
        blocks
            .filter_map(|inner| Some((inner.child(K::OpenBrace)?.span(), inner.child(K::CloseBrace)?.span())))
            .filter(|(open, close)| self.begins_line(*close) && self.indentation(*close) < self.indentation(*open))
            .min_by_key(|(_, close)| close.start)
    }

    /// The keyword of the declaration that begins behind `at`, over blanks and comments.
    fn next_declaration(&self, at: Span) -> Option<Span> {
        let mut start = at.end as usize;
        loop {
            let rest = self.text.get(start..)?;
            let code = rest.trim_start();
            start += rest.len() - code.len();
            if code.starts_with('#') {
                start += code.find('\n').unwrap_or(code.len());
                continue;
            }
            let word = code.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or("");
            let from = u32::try_from(start).ok()?;
            let to = from + u32::try_from(word.len()).ok()?;
            return DECLARATION_WORDS.contains(&word).then(|| Span::new(at.source, from, to));
        }
    }
}
