//! Stages as boxes from left to right, and below them the order of components.

use super::{COLUMN, LINE, MARGIN, Sheet, WIDEST, columns, order};
use crate::picture::{Graph, Group, Lane, Stage};
use crate::plan::text::counted;

/// How much is around what stands in a box.
const PAD: usize = 10;

/// The picture as a file.
pub fn graph(graph: &Graph) -> String {
    let mut sheet = Sheet::default();
    let mut y = MARGIN;
    for lane in &graph.lanes {
        y = self::lane(&mut sheet, lane, y) + 2 * LINE;
    }
    if !graph.order.is_empty() {
        sheet.text(MARGIN, y + 14, "fp-strong", "order, on each cluster");
        order::order(&mut sheet, &graph.order, y + LINE + 8);
    }
    let title = format!("Rollouts of {}", graph.fleet);
    sheet.finish("graph", &title, &description(graph))
}

/// What the picture says, in words.
fn description(graph: &Graph) -> String {
    let stages = |lane: &Lane| {
        let words = |stage: &Stage| {
            let gate = if stage.gate.is_empty() { String::new() } else { format!(", opened by: {}", stage.gate) };
            format!("{} ({}{gate})", stage.title, counted(stage.clusters, "cluster"))
        };
        lane.stages.iter().map(words).collect::<Vec<_>>().join(", then ")
    };
    let lane = |lane: &Lane| {
        let name =
            lane.rollout.as_ref().map_or_else(|| "Without a rollout".to_owned(), |name| format!("Rollout {name}"));
        format!("{name} of {}: {}.", counted(lane.components.len(), "component"), stages(lane))
    };
    let mut sentences: Vec<String> = graph.lanes.iter().map(lane).collect();
    if !graph.order.is_empty() {
        let edges: Vec<String> =
            graph.order.iter().take(50).map(|edge| format!("{} after {}", edge.to, edge.from)).collect();
        let more = if graph.order.len() > edges.len() { " and more" } else { "" };
        sentences.push(format!("Order on each cluster: {}{more}.", edges.join(", ")));
    }
    sentences.join(" ")
}

/// Draws a lane below `top`, and says where it ends.
fn lane(sheet: &mut Sheet, lane: &Lane, top: usize) -> usize {
    let name = lane.rollout.as_ref().map_or_else(|| "no rollout".to_owned(), |name| format!("rollout {name}"));
    sheet.text(MARGIN, top + 14, "fp-strong", &name);
    let mut y = top + 14;
    for line in textwrap::wrap(&lane.components.join(", "), WIDEST / COLUMN) {
        y += LINE;
        sheet.text(MARGIN, y, "fp-faint", &line);
    }
    y += PAD;
    let (mut x, mut bottom) = (MARGIN, y);
    for (place, stage) in lane.stages.iter().enumerate() {
        let gap = if place == 0 { 0 } else { columns(&stage.gate) + 28 };
        let (width, height) = size(stage);
        if x > MARGIN && x + gap + width > WIDEST {
            (x, y) = (MARGIN, bottom + LINE);
        }
        if place > 0 {
            let middle = y + 2 * LINE;
            sheet.text(x + 10, middle - 6, "fp-faint", &stage.gate);
            sheet.arrow((x + 4, middle), (x + gap - 3, middle));
        }
        self::stage(sheet, stage, (x + gap, y), (width, height));
        x += gap + width;
        bottom = bottom.max(y + height);
    }
    bottom
}

fn remarks(stage: &Stage) -> String {
    stage.remarks.join(", ")
}

fn words(group: &Group) -> String {
    if group.remarks.is_empty() { String::new() } else { format!(" {}", group.remarks.join(", ")) }
}

fn size(stage: &Stage) -> (usize, usize) {
    let rows = stage.groups.iter().map(|group| columns(&group.label) + columns(&words(group)) + 2 * PAD);
    let widest = rows.chain([columns(&stage.title), columns(&remarks(stage)), 120]).max().unwrap_or(0);
    let titles = if stage.remarks.is_empty() { 1 } else { 2 };
    (widest + 2 * PAD, titles * LINE + stage.groups.len().max(1) * (LINE + 10) + PAD)
}

fn stage(sheet: &mut Sheet, stage: &Stage, (x, y): (usize, usize), (width, height): (usize, usize)) {
    sheet.boxed(x, y, width, height, "fp-stage");
    let mut line = y + 17;
    sheet.text(x + PAD, line, "fp-strong", &stage.title);
    if !stage.remarks.is_empty() {
        line += LINE;
        sheet.text(x + PAD, line, "fp-faint", &remarks(stage));
    }
    line += 9;
    if stage.groups.is_empty() {
        sheet.text(x + PAD, line + 17, "fp-faint", "nothing runs here");
    }
    for group in &stage.groups {
        let is = |word: &str, all: &[String]| all.iter().any(|remark| remark == word);
        let class = match (is("suspended", &group.remarks), is("protected", &group.remarks)) {
            (true, _) => "fp-suspended",
            (false, true) => "fp-protected",
            (false, false) if is("protected", &stage.remarks) => "fp-protected",
            (false, false) => "fp-box",
        };
        sheet.boxed(x + PAD, line, width - 2 * PAD, LINE + 4, class);
        sheet.text(x + 2 * PAD, line + 16, "fp-name", &group.label);
        sheet.text(x + 2 * PAD + columns(&group.label), line + 16, "fp-faint", &words(group));
        line += LINE + 10;
    }
}
