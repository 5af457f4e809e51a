//! What comes after what: each component to the right of all that it comes after.

use std::collections::{BTreeMap, BTreeSet};

use super::{LINE, MARGIN, Sheet, columns};
use crate::picture::Edge;

/// How far apart columns and rows are.
const BETWEEN: usize = 64;
const ROW: usize = LINE + 14;

/// Draws the order below `top`.
pub(super) fn order(sheet: &mut Sheet, edges: &[Edge], top: usize) {
    let columns_of = sorted(edges);
    let mut places: BTreeMap<&str, (usize, usize, usize)> = BTreeMap::new();
    let mut x = MARGIN;
    for names in &columns_of {
        let width = names.iter().map(|name| columns(name)).max().unwrap_or(0) + 20;
        for (row, name) in names.iter().enumerate() {
            places.insert(name, (x, top + row * ROW, width));
        }
        x += width + BETWEEN;
    }
    for edge in edges {
        let (Some(from), Some(to)) = (places.get(&*edge.from), places.get(&*edge.to)) else { continue };
        let middle = |y: usize| y + (LINE + 4) / 2;
        sheet.arrow((from.0 + from.2, middle(from.1)), (to.0 - 1, middle(to.1)));
    }
    for (name, (x, y, width)) in places {
        sheet.boxed(x, y, width, LINE + 4, "fp-box");
        sheet.text(x + 10, y + 16, "fp-name", name);
    }
    // What holds on some clusters only is said below: between the boxes there may be no room.
    let mut y = top + columns_of.iter().map(Vec::len).max().unwrap_or(0) * ROW + 8;
    for edge in edges {
        if let Some(remark) = &edge.remark {
            sheet.text(MARGIN, y + 14, "fp-faint", &format!("{} after {}: {remark}", edge.to, edge.from));
            y += LINE;
        }
    }
}

/// The components by how many others are before them, each column in an order with few crossings.
fn sorted(edges: &[Edge]) -> Vec<Vec<&str>> {
    let names: BTreeSet<&str> = edges.iter().flat_map(|edge| [&*edge.from, &*edge.to]).collect();
    let mut depth: BTreeMap<&str, usize> = names.iter().map(|name| (*name, 0)).collect();
    // As often as a chain may be long. A checked plan has no cycle; one would end here all the same.
    for _ in 0..names.len() {
        let mut changed = false;
        for edge in edges {
            let least = depth.get(&*edge.from).copied().unwrap_or(0) + 1;
            if let Some(own) = depth.get_mut(&*edge.to).filter(|own| **own < least && least < names.len()) {
                *own = least;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    let mut columns: Vec<Vec<&str>> = Vec::new();
    let mut rows: BTreeMap<&str, usize> = BTreeMap::new();
    for level in 0..names.len() {
        let mut column: Vec<(usize, &str)> = Vec::new();
        for name in depth.iter().filter(|(_, depth)| **depth == level).map(|(name, _)| *name) {
            let before: Vec<usize> =
                edges.iter().filter(|edge| edge.to == name).filter_map(|edge| rows.get(&*edge.from).copied()).collect();
            // The mean, in hundredths of a row.
            column.push((before.iter().sum::<usize>() * 100 / before.len().max(1), name));
        }
        if column.is_empty() {
            continue;
        }
        column.sort_unstable();
        let column: Vec<&str> = column.into_iter().map(|(_, name)| name).collect();
        rows.extend(column.iter().enumerate().map(|(row, name)| (*name, row)));
        columns.push(column);
    }
    columns
}
