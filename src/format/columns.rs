//! What is aligned: the values of neighbouring attributes, labels and facts, and the `on` and `{` of neighbouring
//! declarations and blocks that have a line each.

use std::collections::BTreeMap;

use super::WIDTH;
use super::entries::Entry;
use super::shape::{Shape, is_glued, slice};
use crate::syntax::cst::NodeRef;
use crate::syntax::kind::SyntaxKind as K;

/// How many blanks more than one stand before a node, by its place in the tree.
pub(super) type Pads = BTreeMap<usize, usize>;

/// What is aligned in an entry: for each column its kind, the node that is moved, and the width before it.
struct Row<'t> {
    /// Only rows of one class are aligned.
    class: (K, &'t str),
    cells: Vec<(Cell, usize, usize)>,
    /// The whole width, where it has to fit.
    width: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Cell {
    Value,
    On,
    Brace,
    BraceBehindOn,
}

/// The blanks that align `entries`, each on a line of its own from column `indent` on.
pub(super) fn align(entries: &[Entry<'_>], indent: usize, shape: &Shape, text: &str, pads: &mut Pads) {
    let rows: Vec<Option<Row<'_>>> =
        entries.iter().map(|entry| entry.node.and_then(|node| row(node, indent, shape, text))).collect();
    let mut run: Vec<&Row<'_>> = Vec::new();
    for (entry, row) in entries.iter().zip(&rows) {
        let goes_on =
            !entry.blank && row.as_ref().is_some_and(|row| run.last().is_none_or(|last| last.class == row.class));
        if !goes_on {
            align_run(&run, indent, pads);
            run.clear();
        }
        run.extend(row);
    }
    align_run(&run, indent, pads);
}

fn align_run(run: &[&Row<'_>], indent: usize, pads: &mut Pads) {
    let mut columns: BTreeMap<Cell, usize> = BTreeMap::new();
    for (cell, _, before) in run.iter().flat_map(|row| &row.cells) {
        let widest = columns.entry(*cell).or_default();
        *widest = (*widest).max(*before);
    }
    let pad = |cell: &(Cell, usize, usize)| columns.get(&cell.0).map_or(0, |widest| widest - cell.2);
    let fits = run.iter().all(|row| indent + row.width + row.cells.iter().map(pad).sum::<usize>() <= WIDTH);
    if fits {
        pads.extend(run.iter().flat_map(|row| &row.cells).map(|cell| (cell.1, pad(cell))));
    }
}

fn row<'t>(node: NodeRef<'_>, indent: usize, shape: &Shape, text: &'t str) -> Option<Row<'t>> {
    if shape.is_verbatim(node) {
        return None;
    }
    match node.kind() {
        K::Attribute => {
            let mut parts = node.parts();
            let key = shape.flat(parts.next()?)?;
            let equals = parts.next().filter(|part| part.kind() == K::Equals)?;
            Some(Row { class: (K::Attribute, ""), cells: vec![(Cell::Value, equals.index(), key + 2)], width: 0 })
        }
        K::Declaration | K::Parameter => field(node, shape, text).or_else(|| head(node, indent, shape, text)),
        K::Nested | K::OnBlock => head(node, indent, shape, text),
        _ => None,
    }
}

/// `label NAME: TYPE`, `group NAME = PREDICATE`
fn field<'t>(node: NodeRef<'_>, shape: &Shape, text: &'t str) -> Option<Row<'t>> {
    let mut before = 0;
    for part in node.parts() {
        let cell = match part.kind() {
            K::TypeClause => Some((Cell::Value, part.parts().nth(1)?.index(), before + 1)),
            K::ValueClause => Some((Cell::Value, part.index(), before + 2)),
            K::Block | K::OnClause | K::FromClause | K::ForClause | K::AsClause => return None,
            _ => None,
        };
        if let Some(cell) = cell {
            return Some(Row { class: (node.kind(), keyword(node, text)), cells: vec![cell], width: 0 });
        }
        before += usize::from(before > 0) + shape.flat(part)?;
    }
    None
}

/// `stage NAME on PREDICATE { … }` on one line.
fn head<'t>(node: NodeRef<'_>, indent: usize, shape: &Shape, text: &'t str) -> Option<Row<'t>> {
    let width = shape.flat(node).filter(|width| indent + width <= WIDTH)?;
    let mut cells = Vec::new();
    let mut before = 0;
    for part in node.parts() {
        match part.kind() {
            K::OnClause => {
                cells.push((Cell::On, part.index(), before));
                before = 0;
            }
            K::Block if cells.is_empty() => cells.push((Cell::Brace, part.index(), before)),
            K::Block => cells.push((Cell::BraceBehindOn, part.index(), before)),
            K::FromClause | K::ForClause | K::AsClause => return None,
            _ => {}
        }
        before += usize::from(before > 0 && !is_glued(part)) + shape.flat(part)?;
    }
    Some(Row { class: (node.kind(), keyword(node, text)), cells, width })
}

/// The word that `node` begins with; the engines count as one.
fn keyword<'t>(node: NodeRef<'_>, text: &'t str) -> &'t str {
    let first = node.parts().next().map_or("", |part| slice(text, part));
    match first.split_whitespace().next().unwrap_or("") {
        "flux" => "argocd",
        word => word,
    }
}
