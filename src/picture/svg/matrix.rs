//! The versions as a table.

use super::{LINE, MARGIN, Sheet, columns};
use crate::picture::{Cell, Matrix};
use crate::plan::text::counted;

/// The room between two columns.
const GAP: usize = 24;
/// The height of a row.
const ROW: usize = LINE + 6;

/// The picture as a file.
pub fn matrix(matrix: &Matrix) -> String {
    let mut sheet = Sheet::default();
    let widest = matrix.rows.iter().map(|row| columns(&row.label)).max().unwrap_or(0);
    let mut xs = vec![MARGIN + widest + GAP];
    for (place, component) in matrix.components.iter().enumerate() {
        let cells = matrix
            .rows
            .iter()
            .map(|row| row.cells.get(place).and_then(Option::as_ref).map_or(0, |cell| columns(&shown(cell))));
        let width = cells.chain([columns(component)]).max().unwrap_or(0);
        xs.push(xs.last().copied().unwrap_or(0) + width + GAP);
    }
    let right = xs.last().copied().unwrap_or(0);
    let line = |row: usize| MARGIN + row * ROW;
    for (component, x) in matrix.components.iter().zip(&xs) {
        sheet.text(*x, line(0) + 17, "fp-strong", component);
    }
    for (number, row) in matrix.rows.iter().enumerate() {
        let top = line(number + 1);
        if number % 2 == 0 {
            sheet.boxed(MARGIN / 2, top, right.saturating_sub(MARGIN / 2), ROW, "fp-band");
        }
        sheet.text(MARGIN, top + 17, "fp-strong", &row.label);
        for (cell, x) in row.cells.iter().zip(&xs) {
            match cell {
                None => sheet.text(*x, top + 17, "fp-faint", "·"),
                Some(cell) => {
                    let class = if cell.differs { "fp-differs" } else { "fp-name" };
                    sheet.text(*x, top + 17, class, &shown(cell));
                }
            }
        }
    }
    let bottom = line(matrix.rows.len() + 1) + LINE;
    sheet.text(MARGIN, bottom + 8, "fp-faint", "* said elsewhere   ! not the most common   ~ suspended   · not there");
    let title = format!("Versions in {}", matrix.fleet);
    sheet.finish("matrix", &title, &description(matrix))
}

fn shown(cell: &Cell) -> String {
    format!("{}{}", cell.short(), cell.marks())
}

/// What the picture says, in words.
fn description(matrix: &Matrix) -> String {
    let clusters: usize = matrix.rows.iter().map(|row| row.clusters.len()).sum();
    let mut words = format!("{} on {}.", counted(matrix.components.len(), "component"), counted(clusters, "cluster"));
    for versions in &matrix.versions {
        let counts: Vec<String> =
            versions.counts.iter().map(|(version, count)| format!("{version} on {count}")).collect();
        words += &format!(" {}: {}.", versions.component, counts.join(", "));
    }
    words
}
