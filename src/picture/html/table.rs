//! The versions as a table of a page.

use std::fmt::Write as _;

use super::xml;
use crate::picture::{Cell, Matrix};
use crate::plan::text::some_of;

/// How many rows a table has at most.
pub(crate) const MOST_ROWS: usize = 500;

/// The table with what is said below it; `linked` when components and clusters are on the same page.
pub(super) fn matrix(matrix: &Matrix, linked: bool) -> String {
    let heading = |name: &String| match linked {
        true => format!("<th scope=\"col\"><a href=\"#component-{0}\">{0}</a></th>", xml(name)),
        false => format!("<th scope=\"col\">{}</th>", xml(name)),
    };
    let headings: String = matrix.components.iter().map(heading).collect();
    let mut text = format!(
        "<div class=\"wide\" tabindex=\"0\"><table>\n<caption><span>* pinned: said elsewhere than for most; ! not the most common \
         version; ~ suspended; · not there</span></caption>\n<thead><tr><th scope=\"col\">clusters</th>{headings}</tr></thead>\n<tbody>\n"
    );
    for row in matrix.rows.iter().take(MOST_ROWS) {
        let first = row.clusters.first().map(String::as_str).unwrap_or_default();
        let label = if linked {
            format!("<a href=\"#cluster-{}\">{}</a>", xml(first), xml(&row.label))
        } else {
            xml(&row.label)
        };
        let find = xml(&format!("{} {}", row.label, row.clusters.join(" ")));
        let cells: String = row.cells.iter().map(|one| cell(one.as_ref())).collect();
        _ = writeln!(text, "<tr data-find=\"{find}\"><th scope=\"row\" class=\"name\">{label}</th>{cells}</tr>");
    }
    text += "</tbody></table></div>\n";
    if matrix.rows.len() > MOST_ROWS {
        let left = matrix.rows.len() - MOST_ROWS;
        _ = writeln!(
            text,
            "<p class=\"note\">{left} more rows are not shown; <code>fleetc matrix</code> shows all.</p>"
        );
    }
    text + &notes(matrix)
}

fn cell(cell: Option<&Cell>) -> String {
    let Some(cell) = cell else { return "<td class=\"faint\">·</td>".to_owned() };
    let class = if cell.differs { " class=\"differs\"" } else { "" };
    let words = cell.words().join(", ");
    let title = if words.is_empty() { String::new() } else { format!(" title=\"{words}\"") };
    format!("<td{class}{title}>{}{}</td>", xml(&cell.short()), cell.marks())
}

fn notes(matrix: &Matrix) -> String {
    let mut items = String::new();
    for versions in &matrix.versions {
        let counts: Vec<String> =
            versions.counts.iter().map(|(version, count)| format!("{version} on {count}")).collect();
        _ = writeln!(items, "<li><b>{}</b>: {}</li>", xml(&versions.component), xml(&counts.join(", ")));
    }
    for note in &matrix.notes {
        let clusters: Vec<&str> = note.clusters.iter().map(String::as_str).collect();
        let what = format!("{} {} on {}", note.component, note.version, some_of(&clusters));
        _ = writeln!(items, "<li>* <code>{}</code>: {}</li>", xml(&note.place), xml(&what));
    }
    if items.is_empty() { items } else { format!("<ul>\n{items}</ul>\n") }
}
