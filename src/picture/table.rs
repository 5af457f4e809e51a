//! The matrix for spreadsheets: a line for each cluster, as RFC 4180 has it.

use super::Matrix;

/// A line for each cluster, a column for each component; nothing where a component is not.
pub fn csv(matrix: &Matrix) -> String {
    let mut lines = vec![line([&"cluster".to_owned()].into_iter().chain(&matrix.components))];
    let mut rows: Vec<(&String, Vec<String>)> = Vec::new();
    for row in &matrix.rows {
        let cells: Vec<String> =
            row.cells.iter().map(|cell| cell.as_ref().map_or_else(String::new, |cell| cell.version.clone())).collect();
        rows.extend(row.clusters.iter().map(|cluster| (cluster, cells.clone())));
    }
    rows.sort();
    lines.extend(rows.iter().map(|(cluster, cells)| line([*cluster].into_iter().chain(cells))));
    lines.concat()
}

fn line<'c>(cells: impl Iterator<Item = &'c String>) -> String {
    let cells: Vec<String> = cells.map(|cell| quoted(cell)).collect();
    format!("{}\r\n", cells.join(","))
}

/// A spreadsheet takes what begins with `=`, `+`, `-` or `@` for a formula, so a `'` stands before it.
fn quoted(cell: &str) -> String {
    let cell = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}
