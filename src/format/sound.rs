//! Proves that a formatted text says what the old one said.

use crate::source::SourceId;
use crate::syntax::{self, cst::Cst, kind::SyntaxKind};

/// Where `after` says something else than `text`, whose tree is `before`: an offset in `text`; none when it does not.
///
/// Equal are the trees with the text of every token, but for blanks and the commas that separate entries, and the
/// comments. Lowering makes the declarations from nothing else.
pub(super) fn difference(before: &Cst, text: &str, after: &str) -> Option<u32> {
    let parsed = syntax::parse(SourceId::default(), after);
    let tokens = first_difference(tree(before, text), tree(&parsed.cst, after));
    tokens.or_else(|| first_difference(comments(before, text), comments(&parsed.cst, after)))
}

/// What a node is, without its place.
type Told<'t> = (usize, SyntaxKind, &'t str);

fn first_difference<'t>(
    mut before: impl Iterator<Item = (u32, Told<'t>)>,
    mut after: impl Iterator<Item = (u32, Told<'t>)>,
) -> Option<u32> {
    let mut last = 0;
    loop {
        match (before.next(), after.next()) {
            (None, None) => return None,
            (Some((at, one)), Some((_, other))) if one == other => last = at,
            (one, _) => return Some(one.map_or(last, |(at, _)| at)),
        }
    }
}

/// The nodes with their depth and, of leaves, their text.
fn tree<'t>(cst: &'t Cst, text: &'t str) -> impl Iterator<Item = (u32, Told<'t>)> {
    let mut open: Vec<(usize, SyntaxKind)> = Vec::new();
    cst.nodes().iter().enumerate().filter_map(move |(index, node)| {
        while open.last().is_some_and(|(end, _)| *end <= index) {
            open.pop();
        }
        let parent = open.last().map(|(_, kind)| *kind);
        let depth = open.len();
        open.push((index + node.subtree as usize, node.kind));
        let separates = node.kind == SyntaxKind::Comma
            && matches!(parent, Some(SyntaxKind::Block | SyntaxKind::List | SyntaxKind::Group));
        if node.kind.is_trivia() || separates {
            return None;
        }
        let leaf = if node.subtree == 1 { slice(text, node.start, node.end) } else { "" };
        Some((node.start, (depth, node.kind, leaf)))
    })
}

fn comments<'t>(cst: &'t Cst, text: &'t str) -> impl Iterator<Item = (u32, Told<'t>)> {
    cst.leaves()
        .filter(|node| node.kind == SyntaxKind::Comment)
        .map(move |node| (node.start, (0, node.kind, slice(text, node.start, node.end))))
}

fn slice(text: &str, start: u32, end: u32) -> &str {
    text.get(start as usize..end as usize).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_says_something_else_is_found() {
        let text = "cluster a { env = prod, tier = 3 }  # c\n";
        let cst = syntax::parse(SourceId::default(), text).cst;
        assert_eq!(difference(&cst, text, "cluster a {\n  env = prod\n  tier = 3\n}\n# c\n"), None);
        for other in [
            "cluster a { env = prod, tier = 4 } # c\n",
            "cluster a { env = prod, tier = 3 }\n",
            "cluster a { env = prod, tier = 3 } # d\n",
            "cluster a { env = prod } # c\n",
            "cluster a { tier = 3, env = prod } # c\n",
            "cluster a { env = prod, tier = [3] } # c\n",
            "cluster a { env = prod, tier = 3 # c\n",
        ] {
            assert!(difference(&cst, text, other).is_some(), "{other}");
        }
    }
}
