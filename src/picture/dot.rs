//! Pictures in the language of Graphviz.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{Graph, Lane, Matrix, Stage};
use crate::diag::render::text::is_direction;
use crate::picture::svg::xml;

/// A directed graph: rollouts and stages are clusters in the words of Graphviz.
pub fn graph(graph: &Graph) -> String {
    let mut text = format!(
        "digraph {} {{\n  rankdir = LR\n  compound = true\n  node [shape = box, style = rounded, fontname = \"sans-serif\"]\n  \
         edge [fontname = \"sans-serif\"]\n  fontname = \"sans-serif\"\n",
        quoted(&graph.fleet)
    );
    for (number, lane) in graph.lanes.iter().enumerate() {
        text += &self::lane(lane, number);
    }
    if !graph.order.is_empty() {
        text += "  subgraph cluster_order {\n    label = \"order, on each cluster\"\n";
        let names: BTreeSet<&String> = graph.order.iter().flat_map(|edge| [&edge.from, &edge.to]).collect();
        for name in names {
            _ = writeln!(text, "    {} [label = {}]", quoted(&format!("component {name}")), quoted(name));
        }
        for edge in &graph.order {
            let ends = [&edge.from, &edge.to].map(|name| quoted(&format!("component {name}")));
            let label = edge.remark.as_ref().map(|remark| format!(" [label = {}]", quoted(remark))).unwrap_or_default();
            _ = writeln!(text, "    {}{label}", ends.join(" -> "));
        }
        text += "  }\n";
    }
    text + "}\n"
}

fn lane(lane: &Lane, number: usize) -> String {
    let name = lane.rollout.as_ref().map_or_else(|| "no rollout".to_owned(), |name| format!("rollout {name}"));
    let mut text = format!("  subgraph cluster_{number} {{\n");
    _ = writeln!(text, "    label = {}", quoted(&format!("{name}\n{}", lane.components.join(", "))));
    for (place, stage) in lane.stages.iter().enumerate() {
        text += &self::stage(stage, number, place);
    }
    text += "  }\n";
    for (place, stage) in lane.stages.iter().enumerate().skip(1) {
        let node = |place: usize| format!("g{number}_{place}_0");
        _ = writeln!(
            text,
            "  {} -> {} [ltail = cluster_{number}_{}, lhead = cluster_{number}_{place}, label = {}]",
            node(place - 1),
            node(place),
            place - 1,
            quoted(&stage.gate)
        );
    }
    text
}

fn stage(stage: &Stage, lane: usize, place: usize) -> String {
    let remarks = if stage.remarks.is_empty() { String::new() } else { format!("\n{}", stage.remarks.join(", ")) };
    let mut text = format!("    subgraph cluster_{lane}_{place} {{\n");
    _ = writeln!(text, "      label = {}", quoted(&format!("{}{remarks}", stage.title)));
    for (number, group) in stage.groups.iter().enumerate() {
        let label: Vec<&str> = [&group.label].into_iter().chain(&group.remarks).map(String::as_str).collect();
        let suspended = group.remarks.iter().any(|remark| remark == "suspended");
        let style = if suspended { ", style = \"rounded,dashed\"" } else { "" };
        _ = writeln!(text, "      g{lane}_{place}_{number} [label = {}{style}]", quoted(&label.join("\n")));
    }
    if stage.groups.is_empty() {
        _ = writeln!(text, "      g{lane}_{place}_0 [label = \"nothing runs here\", style = dashed]");
    }
    text + "    }\n"
}

/// A table in one node.
pub fn matrix(matrix: &Matrix) -> String {
    let cell = |text: &str| format!("<td align=\"left\">{}</td>", xml(text));
    let mut table =
        format!("    <tr><td></td>{}</tr>\n", matrix.components.iter().map(|name| cell(name)).collect::<String>());
    for row in &matrix.rows {
        let cells = row.cells.iter().map(|one| match one {
            None => "<td>·</td>".to_owned(),
            Some(one) => cell(&format!("{}{}", one.short(), one.marks())),
        });
        _ = writeln!(table, "    <tr>{}{}</tr>", cell(&row.label), cells.collect::<String>());
    }
    format!(
        "digraph {} {{\n  matrix [shape = plain, fontname = \"sans-serif\", label = <<table border=\"0\" cellborder=\"1\" \
         cellspacing=\"0\" cellpadding=\"6\">\n{table}  </table>>]\n}}\n",
        quoted(&matrix.fleet)
    )
}

/// Graphviz reads `\` and what follows, also inside of quotes.
fn quoted(text: &str) -> String {
    let kept = |c: char| if c.is_control() && c != '\n' || is_direction(c) { ' ' } else { c };
    let text: String = text.chars().map(kept).collect();
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
