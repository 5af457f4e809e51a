//! Stages as boxes from left to right; what does not fit goes on below.

use std::collections::BTreeMap;

use textwrap::core::display_width;

use super::{Canvas, Pen, padded};
use crate::picture::{Edge, Graph, Group, Lane, Stage};
use crate::plan::text::counted;

/// The picture for a terminal.
pub fn graph(graph: &Graph, canvas: Canvas) -> String {
    let mut text = format!(
        "{}: {} on {}, {}\n",
        graph.fleet,
        counted(graph.components.len(), "component"),
        counted(graph.clusters, "cluster"),
        counted(graph.deployments, "deployment")
    );
    for lane in &graph.lanes {
        text += &self::lane(lane, canvas);
    }
    if !graph.order.is_empty() {
        text += "\norder, on each cluster\n";
        text += &order(&graph.order, canvas);
    }
    text
}

fn lane(lane: &Lane, canvas: Canvas) -> String {
    let name = lane.rollout.as_ref().map_or_else(|| "no rollout: ".to_owned(), |name| format!("rollout {name}: "));
    let mut text = format!("\n{}", canvas.hung(&name, &lane.components.join(", ")));
    let pen = canvas.pen();
    let blocks: Vec<Vec<String>> = lane.stages.iter().map(|stage| block(stage, &pen)).collect();
    let mut line: Vec<Vec<String>> = Vec::new();
    for (place, block) in blocks.into_iter().enumerate() {
        let mut new = Vec::new();
        if let Some(stage) = lane.stages.get(place).filter(|_| place > 0) {
            new.push(arrow(&stage.gate, &pen));
        }
        new.push(block);
        if !line.is_empty() && 1 + width(&line) + width(&new) > canvas.width {
            text += &beside(&std::mem::take(&mut line));
        }
        line.extend(new);
    }
    text + &beside(&line)
}

/// A title and the clusters in a box below.
fn block(stage: &Stage, pen: &Pen) -> Vec<String> {
    let remarks = if stage.remarks.is_empty() { String::new() } else { format!(" ({})", stage.remarks.join(", ")) };
    let title = format!("{}{remarks}", stage.title);
    let mut rows: Vec<String> = stage.groups.iter().map(row).collect();
    if rows.is_empty() {
        rows.push("nothing runs here".to_owned());
    }
    let widest =
        rows.iter().map(|row| display_width(row)).max().unwrap_or(0).max(display_width(&title).saturating_sub(4));
    let [left, right, low_left, low_right] = pen.corners;
    let edge = pen.horizontal.to_string().repeat(widest + 2);
    let mut lines = vec![padded(&title, widest + 4), format!("{left}{edge}{right}")];
    lines.extend(rows.iter().map(|row| format!("{} {} {}", pen.vertical, padded(row, widest), pen.vertical)));
    lines.push(format!("{low_left}{edge}{low_right}"));
    lines
}

fn row(group: &Group) -> String {
    let remarks = if group.remarks.is_empty() { String::new() } else { format!(" ({})", group.remarks.join(", ")) };
    format!("{}{remarks}", group.label)
}

/// The gate over an arrow.
fn arrow(gate: &str, pen: &Pen) -> Vec<String> {
    let wide = display_width(gate);
    let line: String = pen.horizontal.to_string().repeat(wide);
    vec![" ".repeat(wide + 3), format!(" {gate}  "), format!(" {line}{} ", pen.head)]
}

fn width(blocks: &[Vec<String>]) -> usize {
    blocks.iter().map(|block| block.first().map_or(0, |line| display_width(line))).sum()
}

fn beside(blocks: &[Vec<String>]) -> String {
    let height = blocks.iter().map(Vec::len).max().unwrap_or(0);
    let mut text = String::new();
    for place in 0..height {
        let mut line = String::from(" ");
        for block in blocks {
            let empty = String::new();
            let own = block.get(place).unwrap_or(&empty);
            line += &padded(own, block.first().map_or(0, |first| display_width(first)));
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

/// A line for each component that others come after.
fn order(edges: &[Edge], canvas: Canvas) -> String {
    let mut after: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for edge in edges {
        let remark = edge.remark.as_ref().map(|remark| format!(" ({remark})")).unwrap_or_default();
        after.entry(&edge.from).or_default().push(format!("{}{remark}", edge.to));
    }
    let widest = after.keys().map(|name| display_width(name)).max().unwrap_or(0);
    let pen = canvas.pen();
    let line = pen.horizontal.to_string().repeat(2);
    let row = |(from, all): (&&str, &Vec<String>)| {
        canvas.hung(&format!("  {} {line}{} ", padded(from, widest), pen.head), &all.join(", "))
    };
    after.iter().map(row).collect()
}
