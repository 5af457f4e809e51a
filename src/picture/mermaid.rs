//! Pictures as Mermaid, which GitHub, GitLab and others draw in Markdown.
//!
//! Mermaid refuses more than 500 edges and more than 50,000 characters. What is least told by a picture goes first, and the
//! picture says so: the order of components, then the clusters of a stage.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Graph, Lane, Matrix, Stage};
use crate::diag::render::text::is_direction;
use crate::plan::text::counted;

/// What Mermaid draws at most, with room for what is around.
const MOST_EDGES: usize = 450;
/// What Mermaid reads at most, with room for what is around.
const LONGEST: usize = 49_000;

/// A flowchart.
pub fn graph(graph: &Graph) -> String {
    let whole = drawn(graph, true, true);
    if graph.order.len() + graph.lanes.iter().map(|lane| lane.stages.len()).sum::<usize>() <= MOST_EDGES && fits(&whole)
    {
        return whole;
    }
    [drawn(graph, true, false), drawn(graph, false, false)]
        .into_iter()
        .find(|text| fits(text))
        .unwrap_or_else(|| format!("flowchart LR\n  n0[\"{}\"]\n", escaped("too large for Mermaid: see fleetc graph")))
}

fn fits(text: &str) -> bool {
    text.len() <= LONGEST
}

fn drawn(graph: &Graph, clusters: bool, order: bool) -> String {
    let mut text = String::from("flowchart LR\n");
    let mut number = 0;
    for lane in &graph.lanes {
        text += &self::lane(lane, clusters, &mut number);
    }
    let left_out = if order { 0 } else { graph.order.len() };
    if order && !graph.order.is_empty() {
        text += &self::order(graph);
    }
    if left_out > 0 {
        let words = format!("the order of components ({}) does not fit here", counted(left_out, "arrow"));
        _ = writeln!(text, "  left[\"{}\"]:::note", escaped(&words));
    }
    text + "  classDef protected stroke-width:3px\n  classDef suspended stroke-dasharray:4\n  classDef note stroke:none\n"
}

fn lane(lane: &Lane, clusters: bool, number: &mut usize) -> String {
    let first = *number;
    let count = lane.components.len();
    let what = if count <= 3 { lane.components.join(", ") } else { counted(count, "component") };
    let name = lane.rollout.as_ref().map_or_else(|| "no rollout".to_owned(), |name| format!("rollout {name}"));
    let mut text = format!("  subgraph r{first} [\"{}\"]\n", escaped(&format!("{name}: {what}")));
    text += "    direction LR\n";
    let mut edges = String::new();
    for (place, stage) in lane.stages.iter().enumerate() {
        text += &self::stage(stage, clusters, *number);
        if place > 0 {
            _ = writeln!(edges, "    s{} -- \"{}\" --> s{number}", *number - 1, escaped(&stage.gate));
        }
        *number += 1;
    }
    text + &edges + "  end\n"
}

fn stage(stage: &Stage, clusters: bool, number: usize) -> String {
    let remarks = if stage.remarks.is_empty() { String::new() } else { format!(" ({})", stage.remarks.join(", ")) };
    let title = escaped(&format!("{}{remarks}", stage.title));
    let mut text = format!("    subgraph s{number} [\"{title}\"]\n");
    if clusters && !stage.groups.is_empty() {
        for (place, group) in stage.groups.iter().enumerate() {
            let class = match group.remarks.iter().any(|remark| remark == "suspended") {
                true => ":::suspended",
                false
                    if [&group.remarks, &stage.remarks].iter().any(|all| all.iter().any(|one| one == "protected")) =>
                {
                    ":::protected"
                }
                false => "",
            };
            let label: Vec<&str> = [&group.label].into_iter().chain(&group.remarks).map(String::as_str).collect();
            _ = writeln!(text, "      c{number}_{place}[\"{}\"]{class}", escaped(&label.join(", ")));
        }
    } else {
        let words =
            if stage.clusters == 0 { "nothing runs here".to_owned() } else { counted(stage.clusters, "cluster") };
        _ = writeln!(text, "      c{number}_0[\"{}\"]", escaped(&words));
    }
    text + "    end\n"
}

fn order(graph: &Graph) -> String {
    let mut ids: BTreeMap<&str, usize> = BTreeMap::new();
    for edge in &graph.order {
        for name in [&edge.from, &edge.to] {
            let next = ids.len();
            ids.entry(name).or_insert(next);
        }
    }
    let mut text = String::from("  subgraph order [\"order, on each cluster\"]\n    direction LR\n");
    for (name, id) in &ids {
        _ = writeln!(text, "    k{id}[\"{}\"]", escaped(name));
    }
    for edge in &graph.order {
        let id = |name: &str| ids.get(name).copied().unwrap_or_default();
        let line = match &edge.remark {
            None => "-->".to_owned(),
            Some(remark) => format!("-- \"{}\" -->", escaped(remark)),
        };
        _ = writeln!(text, "    k{} {line} k{}", id(&edge.from), id(&edge.to));
    }
    text + "  end\n"
}

/// A grid of blocks.
pub fn matrix(matrix: &Matrix) -> String {
    let mut text = format!("block-beta\n  columns {}\n  corner[\" \"]\n", matrix.components.len() + 1);
    for (place, component) in matrix.components.iter().enumerate() {
        _ = writeln!(text, "  h{place}[\"{}\"]", escaped(component));
    }
    for (line, row) in matrix.rows.iter().enumerate() {
        _ = writeln!(text, "  r{line}[\"{}\"]", escaped(&row.label));
        for (place, cell) in row.cells.iter().enumerate() {
            match cell {
                None => text += "  space\n",
                Some(cell) => {
                    let words = format!("{}{}", cell.short(), cell.marks());
                    _ = writeln!(text, "  c{line}_{place}[\"{}\"]", escaped(&words));
                }
            }
        }
    }
    if fits(&text) {
        return text;
    }
    format!("block-beta\n  columns 1\n  n0[\"{}\"]\n", escaped("too large for Mermaid: see fleetc matrix"))
}

/// Text inside of quotes: nothing in it ends the quotes, is HTML or Markdown.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '#' | '<' | '>' | '&' | '`' | '\\' | ';' => {
                _ = write!(out, "#{};", u32::from(c));
            }
            c if c.is_control() || is_direction(c) => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
