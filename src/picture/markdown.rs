//! The plan as Markdown that fits into a comment: counts, the rollouts as a graph, the versions as a table.

use super::{Matrix, Scope, graph, graph_mermaid, matrix};
use crate::plan::Plan;
use crate::plan::markdown::{LONGEST, escaped};
use crate::plan::text::counted;
use crate::source::Sources;

/// What is kept for the line that says what was left out.
const REST: usize = 300;

/// All of it, or as much as fits and what was left out: the table goes before the graph.
pub fn markdown(plan: &Plan, sources: &Sources) -> String {
    let scope = Scope::default();
    let matrix = matrix(plan, sources, &scope, None);
    let mut text = format!(
        "**{}**: {} on {}, {}\n",
        escaped(&plan.fleet),
        counted(matrix.components.len(), "component"),
        counted(plan.clusters.len(), "cluster"),
        counted(plan.deployments.len(), "deployment")
    );
    let mut dropped = Vec::new();
    let picture = graph_mermaid(&graph(plan, &scope));
    let picture = format!("\n### Rollouts\n\n```mermaid\n{picture}```\n");
    if fits(&text, &picture) {
        text += &picture;
    } else {
        dropped.push("the graph of the rollouts (`fleetc graph`)".to_owned());
    }
    let left = table(&matrix, &mut text);
    if left > 0 {
        dropped.push(format!("{} of versions (`fleetc matrix`)", counted(left, "row")));
    }
    if !dropped.is_empty() {
        text += &format!("\nLeft out, since it does not fit here: {}.\n", dropped.join(", "));
    }
    text
}

fn fits(text: &str, more: &str) -> bool {
    text.chars().count() + more.chars().count() + REST <= LONGEST
}

/// Adds the rows that fit, and says how many do not.
fn table(matrix: &Matrix, text: &mut String) -> usize {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let heading = ["clusters".to_owned()].into_iter().chain(matrix.components.iter().map(|name| escaped(name)));
    let rule = vec!["---".to_owned(); matrix.components.len() + 1];
    let mut before = format!("\n### Versions\n\n{}{}", line(heading.collect()), line(rule));
    for (place, row) in matrix.rows.iter().enumerate() {
        let cell = |cell: &Option<super::Cell>| match cell {
            None => "·".to_owned(),
            Some(cell) => escaped(&format!("{}{}", cell.short(), cell.marks())),
        };
        let cells = [escaped(&row.label)].into_iter().chain(row.cells.iter().map(cell));
        let row = format!("{before}{}", line(cells.collect()));
        if !fits(text, &row) {
            return matrix.rows.len() - place;
        }
        before.clear();
        *text += &row;
    }
    let marks = "\n`*` pinned, `!` not the most common version, `~` suspended, `·` not there\n";
    if !matrix.rows.is_empty() && fits(text, marks) {
        *text += marks;
    }
    0
}
