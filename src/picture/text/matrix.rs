//! The versions as a table; columns that do not fit are a table of their own below.

use textwrap::core::display_width;

use super::{Canvas, padded};
use crate::picture::{Cell, Matrix};
use crate::plan::text::{counted, some_of};

/// What is between two columns.
const GAP: &str = "  ";

/// The picture for a terminal.
pub fn matrix(matrix: &Matrix, canvas: Canvas) -> String {
    let clusters: usize = matrix.rows.iter().map(|row| row.clusters.len()).sum();
    let by = matrix.by.as_ref().map(|by| format!(", by {by}")).unwrap_or_default();
    let all = [counted(matrix.components.len(), "component"), counted(clusters, "cluster")];
    let mut text = format!("{}: {}{by}\n", matrix.fleet, all.join(" on "));
    let names: Vec<String> = matrix.rows.iter().map(|row| row.label.clone()).collect();
    let names = column("", names);
    let mut table: Vec<Vec<String>> = Vec::new();
    for (place, component) in matrix.components.iter().enumerate() {
        let cells = matrix.rows.iter().map(|row| shown(row.cells.get(place).and_then(Option::as_ref), canvas));
        let column = column(component, cells.collect());
        let full = [&names].into_iter().chain(&table).chain([&column]).map(|one| wide(one) + GAP.len()).sum::<usize>();
        if !table.is_empty() && full > canvas.width {
            text += &written(&names, &std::mem::take(&mut table));
        }
        table.push(column);
    }
    text += &written(&names, &table);
    text + &below(matrix, canvas)
}

fn shown(cell: Option<&Cell>, canvas: Canvas) -> String {
    match cell {
        None => canvas.pen().absent.to_string(),
        Some(cell) => format!("{}{}", cell.short(), cell.marks()),
    }
}

/// The cells below their heading, all equally wide.
fn column(heading: &str, cells: Vec<String>) -> Vec<String> {
    let mut column = vec![heading.to_owned()];
    column.extend(cells);
    let widest = column.iter().map(|cell| display_width(cell)).max().unwrap_or(0);
    column.iter().map(|cell| padded(cell, widest)).collect()
}

fn wide(column: &[String]) -> usize {
    column.first().map_or(0, |cell| display_width(cell))
}

fn written(names: &[String], table: &[Vec<String>]) -> String {
    let mut text = String::from("\n");
    for (place, name) in names.iter().enumerate() {
        let cells: Vec<&str> = table.iter().filter_map(|column| column.get(place)).map(String::as_str).collect();
        text += format!("{name}{GAP}{}", cells.join(GAP)).trim_end();
        text.push('\n');
    }
    text
}

/// What the marks mean, where pinned versions are said, and what has several versions.
fn below(matrix: &Matrix, canvas: Canvas) -> String {
    let mut lines = String::new();
    let cells = || matrix.rows.iter().flat_map(|row| &row.cells);
    let absent = canvas.pen().absent;
    let marks: Vec<String> = [
        (cells().flatten().any(|cell| cell.pinned), "* said elsewhere than for most".to_owned()),
        (cells().flatten().any(|cell| cell.differs), "! not the most common version".to_owned()),
        (cells().flatten().any(|cell| cell.suspended), "~ suspended".to_owned()),
        (cells().any(Option::is_none), format!("{absent} not there")),
    ]
    .into_iter()
    .filter(|(is, _)| *is)
    .map(|(_, words)| words)
    .collect();
    if !marks.is_empty() {
        lines += &canvas.hung("", &marks.join("   "));
    }
    for versions in &matrix.versions {
        let counts: Vec<String> =
            versions.counts.iter().map(|(version, count)| format!("{version} on {count}")).collect();
        let first = format!("{}: {}, ", versions.component, counted(versions.counts.len(), "version"));
        lines += &canvas.hung(&first, &counts.join(", "));
    }
    for note in &matrix.notes {
        let clusters: Vec<&str> = note.clusters.iter().map(String::as_str).collect();
        let mut clusters = some_of(&clusters);
        clusters = clusters.replace('…', canvas.pen().more);
        lines +=
            &canvas.hung(&format!("* {} ", note.place), &format!("{} {} on {clusters}", note.component, note.version));
    }
    if lines.is_empty() { lines } else { format!("\n{lines}") }
}
