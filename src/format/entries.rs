//! What stands between two brackets, or in a file: entries, each with the comments around it.

use crate::source::Span;
use crate::syntax::cst::NodeRef;
use crate::syntax::kind::SyntaxKind as K;

/// An entry of a block, an item of a list, a declaration of a file, or a comment on a line of its own.
pub(super) struct Entry<'c> {
    /// None for a comment, whose text is at `span`.
    pub node: Option<NodeRef<'c>>,
    /// Where it is.
    pub span: Span,
    /// Whether it begins a line.
    pub line: bool,
    /// Whether there is an empty line above it.
    pub blank: bool,
    /// Whether a comma follows.
    pub comma: bool,
    /// The comment behind it on its line.
    pub trailing: Option<Span>,
}

/// The entries of a node with brackets, or of a file.
#[derive(Default)]
pub(super) struct Entries<'c> {
    /// The comment on the line of the opening bracket.
    pub opening: Option<Span>,
    /// In the order of the text.
    pub list: Vec<Entry<'c>>,
    /// Whether there is a line end directly between the brackets.
    pub spread: bool,
    /// Whether a comma is missing or there is one too many.
    pub irregular: bool,
}

impl<'c> Entries<'c> {
    /// Those of `node` in `text`.
    pub fn of(node: NodeRef<'c>, text: &str) -> Self {
        let mut found = Self::default();
        let (mut line, mut blank, mut separated) = (true, false, true);
        let is_file = node.kind() == K::File;
        let in_list = matches!(node.kind(), K::List | K::Group);
        for child in node.children() {
            let span = child.span();
            match child.kind() {
                K::OpenBrace | K::OpenBracket | K::OpenParen if !is_file && found.list.is_empty() && line => {
                    line = false
                }
                K::CloseBrace | K::CloseBracket | K::CloseParen | K::Bom => {}
                K::Newline => {
                    let ends = text.get(span.start as usize..span.end as usize).unwrap_or("");
                    blank = ends.bytes().filter(|byte| *byte == b'\n').count() > 1;
                    (line, found.spread) = (true, true);
                    separated |= !in_list;
                }
                K::Comma => {
                    let last = found.list.iter_mut().rev().find(|entry| entry.node.is_some());
                    match last {
                        Some(last) if !last.comma => last.comma = true,
                        _ => found.irregular = true,
                    }
                    separated = true;
                }
                K::Comment => found.comment(span, &mut line, &mut blank, is_file),
                _ => {
                    found.irregular |= !separated && !is_file;
                    found.list.push(Entry { node: Some(child), span, line, blank, comma: false, trailing: None });
                    (line, blank, separated) = (false, false, false);
                }
            }
        }
        found
    }

    fn comment(&mut self, span: Span, line: &mut bool, blank: &mut bool, is_file: bool) {
        self.spread = true;
        let place = match self.list.last_mut() {
            _ if *line => None,
            None if !is_file => Some(&mut self.opening),
            Some(last) if last.node.is_some() => Some(&mut last.trailing),
            _ => None,
        };
        match place {
            Some(place) if place.is_none() => *place = Some(span),
            _ => {
                self.list.push(Entry { node: None, span, line: true, blank: *blank, comma: false, trailing: None });
                *blank = false;
            }
        }
        *line = false;
    }
}
