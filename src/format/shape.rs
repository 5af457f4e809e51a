//! What is known of every node before anything is written: its width on one line, and whether it is broken.

use super::entries::Entries;
use crate::syntax::cst::NodeRef;
use crate::syntax::kind::SyntaxKind as K;

/// Facts of the nodes of one tree, by their place in it.
pub(super) struct Shape {
    flat: Vec<Option<usize>>,
    verbatim: Vec<bool>,
}

/// Whether a node is the smallest thing that is left alone when something in it is broken.
fn is_unit(kind: K) -> bool {
    matches!(
        kind,
        K::File
            | K::Declaration
            | K::Change
            | K::Attribute
            | K::Parameter
            | K::Operation
            | K::OnBlock
            | K::Nested
            | K::Expectation
    )
}

/// Whether a node stands between brackets.
pub(super) fn is_bracketed(kind: K) -> bool {
    matches!(kind, K::Block | K::List | K::Group)
}

/// Whether a node is text, whatever is in it.
fn is_string(kind: K) -> bool {
    matches!(kind, K::ShortString | K::LongString)
}

/// Whether `child` of `parent` is the `{ … }` that belongs to a head.
pub(super) fn is_body(parent: NodeRef<'_>, child: NodeRef<'_>) -> bool {
    child.kind() == K::Block && is_unit(parent.kind())
}

/// Whether no blank stands before `child` in its node.
pub(super) fn is_glued(child: NodeRef<'_>) -> bool {
    matches!(child.kind(), K::Comma | K::Question | K::TypeClause | K::Colon)
}

impl Shape {
    /// The shape of everything below `root`.
    pub fn of(root: NodeRef<'_>, text: &str) -> Self {
        let count = root.descendants().count();
        let mut shape = Self { flat: vec![None; count], verbatim: vec![false; count] };
        shape.visit(root, text);
        shape
    }

    /// The width of `node` on one line; none when it needs several or its author gave it several.
    pub fn flat(&self, node: NodeRef<'_>) -> Option<usize> {
        self.flat.get(node.index()).copied().flatten()
    }

    /// Whether `node` is written as it stands.
    pub fn is_verbatim(&self, node: NodeRef<'_>) -> bool {
        self.verbatim.get(node.index()).copied().unwrap_or(false)
    }

    /// Learns of `node` and all below; whether something in it is broken that no unit in it holds.
    ///
    /// Recursion is bounded by `syntax::limits::MAX_DEPTH`.
    fn visit(&mut self, node: NodeRef<'_>, text: &str) -> bool {
        let kind = node.kind();
        let written = slice(text, node);
        // Ends of lines with more than blanks in them hold a merge conflict, which the parser read over.
        let hidden = kind == K::Newline && !written.trim().is_empty();
        let mut broken = kind.is_error() || hidden;
        let mut verbatim = node.is_leaf() || is_string(kind);
        if !node.is_leaf() {
            let mut end = node.span().start;
            for child in node.children() {
                let between = text.get(end as usize..child.span().start as usize).unwrap_or("");
                broken |= !between.trim().is_empty();
                let inner = self.visit(child, text);
                // What begins like no entry is one of its own.
                let stands_alone =
                    matches!(kind, K::File | K::Block) && matches!(child.kind(), K::Junk | K::Stray | K::Extra);
                broken |= inner && !stands_alone;
                end = child.span().end;
            }
        }
        broken |= is_bracketed(kind) && Entries::of(node, text).irregular;
        if broken && is_unit(kind) {
            (verbatim, broken) = (true, false);
        }
        let flat = if verbatim { width(written) } else { self.width_of_parts(node, text) };
        if let Some(place) = self.flat.get_mut(node.index()) {
            *place = flat;
        }
        if let Some(place) = self.verbatim.get_mut(node.index()) {
            *place = verbatim;
        }
        broken
    }

    fn width_of_parts(&self, node: NodeRef<'_>, text: &str) -> Option<usize> {
        if is_bracketed(node.kind()) {
            return self.width_between_brackets(node, text);
        }
        let mut width = 0;
        let mut turned = false;
        for child in node.children() {
            match child.kind() {
                K::Comment => return None,
                K::Newline => turned = true,
                _ if turned && !is_body(node, child) => return None,
                _ => {
                    let blank = usize::from(width > 0 && !is_glued(child));
                    width += blank + self.flat(child)?;
                    turned = false;
                }
            }
        }
        Some(width)
    }

    fn width_between_brackets(&self, node: NodeRef<'_>, text: &str) -> Option<usize> {
        let entries = Entries::of(node, text);
        if entries.spread && !entries.list.is_empty() || entries.opening.is_some() {
            return None;
        }
        let mut width = 2;
        for (index, entry) in entries.list.iter().enumerate() {
            width += self.flat(entry.node?)? + if index == 0 { 0 } else { 2 };
        }
        Some(width + if node.kind() == K::Block { 2 - usize::from(entries.list.is_empty()) } else { 0 })
    }
}

/// The text of a node.
pub(super) fn slice<'t>(text: &'t str, node: NodeRef<'_>) -> &'t str {
    text.get(node.span().start as usize..node.span().end as usize).unwrap_or("")
}

fn width(text: &str) -> Option<usize> {
    if text.contains('\n') { None } else { Some(text.chars().count()) }
}
