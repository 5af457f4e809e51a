//! Writes a tree.

use super::WIDTH;
use super::columns::{self, Pads};
use super::entries::{Entries, Entry};
use super::lines::Lines;
use super::shape::{Shape, is_body, is_bracketed, is_glued, slice};
use crate::source::Span;
use crate::syntax::cst::NodeRef;
use crate::syntax::kind::SyntaxKind as K;

/// How much further in the entries of a block stand.
const STEP: usize = 2;

/// How much further in the second line of an entry stands: more than what is in its block.
const CONTINUATION: usize = 4;

/// What may follow a bracket that stays on its line: ` {` or a comma.
const BEHIND: usize = 2;

/// Whether what is written has been found to fit on its line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Fits,
    Measure,
}

/// Writes one file.
pub(super) struct Printer<'t> {
    text: &'t str,
    shape: &'t Shape,
    lines: Lines,
    pads: Pads,
    /// Where the entry that is being written begins.
    indent: usize,
}

impl<'t> Printer<'t> {
    /// A printer of `text`, of whose nodes `shape` knows.
    pub fn new(text: &'t str, shape: &'t Shape) -> Self {
        Self { text, shape, lines: Lines::default(), pads: Pads::new(), indent: 0 }
    }

    /// The whole text.
    pub fn file(mut self, root: NodeRef<'_>) -> String {
        let entries = Entries::of(root, self.text);
        self.declarations(&entries.list);
        let first_end = self.text.find('\n').and_then(|end| self.text.get(..end)).unwrap_or("");
        let end = if first_end.ends_with('\r') { "\r\n" } else { "\n" };
        let mut out = self.lines.text(end);
        // What is broken and goes on to the end gets no line end, which may become part of it.
        let last = entries.list.last().and_then(|entry| entry.node);
        let behind = |node: NodeRef<'_>| self.text.get(node.span().end as usize..).unwrap_or("");
        let is_last = |node: NodeRef<'_>| behind(node).chars().all(|c| matches!(c, ' ' | '\t'));
        let is_open = |node| self.shape.is_verbatim(node) && is_last(node) && !slice(self.text, node).ends_with('\n');
        let open = last.is_some_and(is_open);
        if open && !self.text.ends_with('\n') {
            out.truncate(out.len() - if self.text.ends_with('\r') { 1 } else { end.len() });
        }
        out
    }

    /// The declarations of a file. What is indented behind a broken one may be meant for it, and stands as it stood: where
    /// it begins says what is reported.
    fn declarations(&mut self, entries: &[Entry<'_>]) {
        columns::align(entries, 0, self.shape, self.text, &mut self.pads);
        let mut broken = false;
        let mut end = 0;
        for (index, entry) in entries.iter().enumerate() {
            let before = self.text.get(..entry.span.start as usize).unwrap_or("");
            let line = before.rsplit_once('\n').map_or(before, |(_, line)| line);
            let indent = if line.trim().is_empty() { line.len() } else { 0 };
            broken = self.is_broken(entry) || broken && (indent > 0 || !entry.line);
            if entry.blank && index > 0 {
                self.lines.blank();
            }
            // Declarations side by side are a mistake that a new line would hide.
            if entry.line || index == 0 || self.lines.is_ended() {
                self.lines.line(0);
                self.lines.code(if broken { line.get(..indent).unwrap_or("") } else { "" });
            } else {
                self.lines.code(self.text.get(end..entry.span.start as usize).unwrap_or(" "));
            }
            match broken {
                true => self.verbatim(entry.span),
                false => self.entry(entry, 0, 0),
            }
            self.trailing(entry.trailing);
            end = entry.span.end as usize;
        }
    }

    /// One entry a line, from column `indent` on.
    fn spread(&mut self, entries: &[Entry<'_>], indent: usize) {
        columns::align(entries, indent, self.shape, self.text, &mut self.pads);
        for (index, entry) in entries.iter().enumerate() {
            if entry.blank && index > 0 {
                self.lines.blank();
            }
            self.lines.line(indent);
            self.entry(entry, indent, 0);
            // What is broken might go on into the next line, or begin in the one before.
            let next = entries.get(index + 1).is_some_and(|next| self.is_broken(next));
            if entry.comma && (self.is_broken(entry) || next) {
                self.lines.code(",");
            }
            self.trailing(entry.trailing);
        }
    }

    fn is_broken(&self, entry: &Entry<'_>) -> bool {
        entry.node.is_some_and(|node| self.shape.is_verbatim(node))
    }

    /// An entry at the beginning of a line, with `behind` columns of what must follow on its last.
    fn entry(&mut self, entry: &Entry<'_>, indent: usize, behind: usize) {
        let Some(node) = entry.node else { return self.lines.code(self.written(entry.span)) };
        let pads: usize = if is_bracketed(node.kind()) { 0 } else { self.pads_of(node) };
        let fits = self.shape.flat(node).is_some_and(|width| self.lines.column() + width + pads + behind <= WIDTH);
        let around = std::mem::replace(&mut self.indent, indent);
        self.node(node, if fits { Mode::Fits } else { Mode::Measure });
        self.indent = around;
    }

    /// The blanks that alignment adds to an entry: in its own parts and, of a field, in its type.
    fn pads_of(&self, node: NodeRef<'_>) -> usize {
        let pad = |part: NodeRef<'_>| self.pads.get(&part.index()).copied().unwrap_or(0);
        node.parts().map(|part| pad(part) + part.parts().nth(1).map_or(0, pad)).sum()
    }

    fn node(&mut self, node: NodeRef<'_>, mode: Mode) {
        if self.shape.is_verbatim(node) {
            self.verbatim(node.span());
        } else if is_bracketed(node.kind()) {
            self.bracketed(node, self.lines.indent(), mode);
        } else {
            self.parts(node, mode);
        }
    }

    /// The parts of a node side by side; where its author began a line, one begins.
    fn parts(&mut self, node: NodeRef<'_>, mode: Mode) {
        let (mut first, mut turned, mut commented) = (true, false, false);
        for child in node.children() {
            match child.kind() {
                K::Newline => turned = true,
                K::Comment if turned => {
                    self.lines.line(self.indent + CONTINUATION);
                    self.lines.code(self.written(child.span()));
                    commented = true;
                }
                K::Comment => {
                    self.trailing(Some(child.span()));
                    (turned, commented) = (true, true);
                }
                _ => {
                    let body = is_body(node, child);
                    if turned && (commented || !body) {
                        self.lines.line(self.indent + if body { 0 } else { CONTINUATION });
                    } else if !first && !is_glued(child) {
                        self.lines.blanks(1 + self.pads.get(&child.index()).copied().unwrap_or(0));
                    }
                    if body && !self.shape.is_verbatim(child) {
                        self.bracketed(child, self.indent, mode);
                    } else {
                        self.node(child, mode);
                    }
                    (first, turned, commented) = (false, false, false);
                }
            }
        }
    }

    /// `{ … }`, `[ … ]` or `( … )`; on several lines it closes at column `indent`.
    fn bracketed(&mut self, node: NodeRef<'_>, indent: usize, mode: Mode) {
        let (open, close, pad) = match node.kind() {
            K::Block => ("{", "}", " "),
            K::List => ("[", "]", ""),
            _ => ("(", ")", ""),
        };
        let entries = Entries::of(node, self.text);
        self.lines.code(open);
        let flat = self.shape.flat(node);
        let fits = flat.is_some_and(|width| self.lines.column() - 1 + width + BEHIND <= WIDTH);
        // The parentheses around something long are no reason to break it.
        let hugs = node.kind() == K::Group && !entries.spread;
        if entries.list.is_empty() && entries.opening.is_none() {
            self.lines.code(pad);
        } else if flat.is_some() && (mode == Mode::Fits || fits) || hugs {
            self.lines.code(pad);
            self.in_line(&entries.list, if hugs { mode } else { Mode::Fits });
            self.lines.code(pad);
        } else {
            self.trailing(entries.opening);
            let around = std::mem::replace(&mut self.indent, indent);
            match node.kind() {
                K::Block => self.spread(&entries.list, indent + STEP),
                kind => self.items(&entries, indent + STEP, kind == K::List),
            }
            self.indent = around;
            self.lines.line(indent);
        }
        self.lines.code(close);
    }

    fn in_line(&mut self, entries: &[Entry<'_>], mode: Mode) {
        for (index, entry) in entries.iter().enumerate() {
            if index > 0 {
                self.lines.code(", ");
            }
            if let Some(node) = entry.node {
                self.node(node, mode);
            }
        }
    }

    /// The items of a list on several lines: on those of their author if each fits, else on one each.
    fn items(&mut self, entries: &Entries<'_>, indent: usize, is_list: bool) {
        let one_each = !entries.spread || !self.lines_fit(&entries.list, indent);
        let last = entries.list.iter().rposition(|entry| entry.node.is_some());
        let mut behind_comment = true;
        for (index, entry) in entries.list.iter().enumerate() {
            if entry.blank && index > 0 {
                self.lines.blank();
            }
            if one_each || entry.line || behind_comment {
                self.lines.line(indent);
            } else {
                self.lines.blanks(1);
            }
            self.entry(entry, indent, 1);
            if entry.node.is_some() && (entry.comma || is_list && last == Some(index)) {
                self.lines.code(",");
            }
            self.trailing(entry.trailing);
            behind_comment = entry.trailing.is_some() || entry.node.is_none();
        }
    }

    fn lines_fit(&self, entries: &[Entry<'_>], indent: usize) -> bool {
        let mut column = indent;
        entries.iter().all(|entry| {
            let Some(node) = entry.node else { return true };
            column = if entry.line { indent } else { column + 1 };
            match self.shape.flat(node) {
                Some(width) => {
                    column += width + 1;
                    column <= WIDTH
                }
                None => false,
            }
        })
    }

    fn trailing(&mut self, comment: Option<Span>) {
        let Some(span) = comment else { return };
        let before = self.text.get(..span.start as usize).unwrap_or("");
        let line = before.rsplit_once('\n').map_or(before, |(_, line)| line);
        // One blank is no column that somebody chose.
        let column = if line.ends_with("  ") { line.chars().count() } else { 0 };
        self.lines.comment(self.written(span), column);
    }

    fn verbatim(&mut self, span: Span) {
        let behind = self.text.get(span.end as usize..).unwrap_or("");
        self.lines.verbatim(self.written(span), behind);
    }

    fn written(&self, span: Span) -> &'t str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or("")
    }
}
