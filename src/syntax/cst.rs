//! The lossless tree: every token, comment and line end of a text, in its place.
//!
//! The nodes lie in one vector in pre-order, 16 bytes each, without lifetimes; the tree can be sent to other threads.
//! Invariant: what lies between two neighbouring leaves is blank (space, tab, carriage return); `tests/syntax/properties.rs` holds it.
//! Invariant: a node ends with its last token; comments and newlines behind it belong to the parent.

use super::kind::SyntaxKind;
use crate::source::{SourceId, Span};

/// One node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// What it is.
    pub kind: SyntaxKind,
    /// Offset of its first byte.
    pub start: u32,
    /// Offset behind its last byte.
    pub end: u32,
    /// How many nodes it has below it, itself included.
    pub subtree: u32,
}

/// The tree of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cst {
    /// Which file.
    pub source: SourceId,
    nodes: Vec<Node>,
}

impl Cst {
    /// A tree of nodes in pre-order; the first is the root.
    pub(super) fn new(source: SourceId, nodes: Vec<Node>) -> Self {
        Self { source, nodes }
    }

    /// A tree of one node over a text that could not be parsed.
    pub(super) fn unparsed(source: SourceId, text: &str) -> Self {
        let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
        Self::new(source, vec![Node { kind: SyntaxKind::Unparsed, start: 0, end, subtree: 1 }])
    }

    /// The root.
    pub fn root(&self) -> Option<NodeRef<'_>> {
        self.node(0)
    }

    /// The nodes in pre-order.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The nodes without children, in the order of the text.
    pub fn leaves(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|node| node.subtree == 1)
    }

    fn node(&self, index: usize) -> Option<NodeRef<'_>> {
        self.nodes.get(index).map(|node| NodeRef { cst: self, index, node: *node })
    }
}

/// A place in a [`Cst`].
#[derive(Clone, Copy, Debug)]
pub struct NodeRef<'c> {
    cst: &'c Cst,
    index: usize,
    node: Node,
}

impl<'c> NodeRef<'c> {
    /// What it is.
    pub fn kind(self) -> SyntaxKind {
        self.node.kind
    }

    /// Where it is.
    pub fn span(self) -> Span {
        Span::new(self.cst.source, self.node.start, self.node.end)
    }

    /// Its place in [`Cst::nodes`].
    pub fn index(self) -> usize {
        self.index
    }

    /// Whether it has no children.
    pub fn is_leaf(self) -> bool {
        self.node.subtree == 1
    }

    /// Its children in the order of the text, comments and newlines included.
    pub fn children(self) -> impl Iterator<Item = NodeRef<'c>> {
        let end = self.index + self.node.subtree as usize;
        let mut next = self.index + 1;
        std::iter::from_fn(move || {
            if next >= end {
                return None;
            }
            let child = self.cst.node(next)?;
            next += child.node.subtree.max(1) as usize;
            Some(child)
        })
    }

    /// Its children without comments and newlines.
    pub fn parts(self) -> impl Iterator<Item = NodeRef<'c>> {
        self.children().filter(|child| !child.kind().is_trivia())
    }

    /// Its first child of a kind.
    pub fn child(self, kind: SyntaxKind) -> Option<NodeRef<'c>> {
        self.children().find(|child| child.kind() == kind)
    }

    /// It and everything below it, in pre-order.
    pub fn descendants(self) -> impl Iterator<Item = NodeRef<'c>> {
        (self.index..self.index + self.node.subtree as usize).filter_map(|index| self.cst.node(index))
    }
}
