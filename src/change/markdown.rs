//! A change as Markdown that fits into a comment: the consequence, then a table for each component.
//!
//! It measures itself. What does not fit is left out step by step, the least needed first, and it says what: the fields
//! beyond the names, the graph, the rows. Text of users makes no table, no link and mentions nobody.

use std::fmt::Write as _;

use super::text::{place, value};
use super::{Change, Declared, Field, Group};
use crate::picture::mermaid;
use crate::plan::markdown::{LONGEST, escaped};
use crate::plan::text::{counted, some_of};

/// What is kept for the line that says what was left out.
const REST: usize = 200;
/// How many edges and nodes of a graph are drawn; Mermaid draws no more than 500 edges.
const NODES: usize = 200;

/// How much of it is shown.
#[derive(Clone, Copy)]
struct Shown {
    details: bool,
    graph: bool,
}

/// All of it, or as much as fits and what was left out.
pub fn markdown(change: &Change) -> String {
    let steps = [(true, true, ""), (false, true, "details"), (false, false, "details and the graph")];
    for (details, graph, left_out) in steps {
        let mut text = head(change);
        rows(change, Shown { details, graph }).iter().for_each(|row| text += row);
        if !left_out.is_empty() {
            _ = write!(text, "\nLeft out, to fit here: {left_out}.\n");
        }
        if text.chars().count() <= LONGEST {
            return text;
        }
    }
    let mut text = head(change);
    let rows = rows(change, Shown { details: false, graph: false });
    let mut length = text.chars().count() + REST;
    let mut shown = 0;
    for row in &rows {
        length += row.chars().count();
        if length > LONGEST {
            break;
        }
        text += row;
        shown += 1;
    }
    let count = counted(rows.len() - shown, "row");
    _ = write!(text, "\nLeft out, to fit here: details, the graph and the last {count}.\n");
    text
}

fn head(change: &Change) -> String {
    let risk = &change.risk;
    if !change.is_any() {
        let stay = counted(change.unchanged, "deployment");
        return format!("**{}**: nothing changes, {stay} unchanged\n", escaped(&change.fleet));
    }
    let mut reasons: String = risk.reasons.iter().take(5).map(|reason| format!("\n- {}", escaped(reason))).collect();
    if let more @ 1.. = risk.reasons.len().saturating_sub(5) {
        _ = write!(reasons, "\n- and {}", counted(more, "more reason"));
    }
    let unchanged = counted(change.unchanged, "deployment");
    format!("**{}**: risk **{}**, {unchanged} unchanged\n{reasons}\n", escaped(&change.fleet), risk.level.word())
}

fn rows(change: &Change, shown: Shown) -> Vec<String> {
    let mut rows = Vec::new();
    if shown.graph {
        rows.extend(graph(change));
    }
    let table = "\n| component | change | stage | clusters | what | cause |\n| --- | --- | --- | --- | --- | --- |\n";
    for (index, group) in change.groups.iter().enumerate() {
        let head = if index == 0 { table } else { "" };
        rows.push(format!("{head}{}", row(group, shown)));
    }
    let table = "\n| declared | name | change | what | cause |\n| --- | --- | --- | --- | --- |\n";
    for (index, one) in change.declared.iter().enumerate() {
        let head = if index == 0 { table } else { "" };
        rows.push(format!("{head}{}", declared(one, shown)));
    }
    rows
}

fn row(group: &Group, shown: Shown) -> String {
    let names: Vec<&str> = group.clusters.iter().map(String::as_str).collect();
    let protected = if group.protected.is_empty() { "" } else { ", protected" };
    let mut what: Vec<String> = Vec::new();
    what.extend(group.was.as_ref().map(|was| format!("was {}", escaped(was))));
    if group.kind == super::Kind::Moved {
        let owners = |owners: &[String]| escaped(&owners.join(" and "));
        what.push(format!("{} to {}", owners(&group.owners_before), owners(&group.owners)));
    }
    what.extend(group.fate.map(|fate| format!("workloads {}", fate.word())));
    what.extend(fields(&group.fields, shown));
    let causes: Vec<String> = group.causes.iter().map(|cause| escaped(&place(cause))).collect();
    format!(
        "| {} | {} {} | {} | {}: {}{protected} | {} | {} |\n",
        escaped(&group.component),
        sign(group.kind.sign()),
        group.kind.word(),
        escaped(group.stage.as_deref().unwrap_or_default()),
        names.len(),
        escaped(&some_of(&names)),
        what.join("<br>"),
        causes.join(", ")
    )
}

fn declared(one: &Declared, shown: Shown) -> String {
    let mut what: Vec<String> = one.shifts().into_iter().map(str::to_owned).collect();
    what.extend(fields(&one.fields, shown));
    let cause = one.cause.as_ref().map(|cause| escaped(&place(cause))).unwrap_or_default();
    let (sign, word, what) = (sign(one.kind.sign()), one.kind.word(), what.join("<br>"));
    format!("| {} | {} | {sign} {word} | {what} | {cause} |\n", one.what, escaped(&one.name))
}

fn fields(fields: &[Field], shown: Shown) -> Vec<String> {
    let one = |field: &Field| {
        if shown.details {
            format!("{}: {} → {}", escaped(&field.name), escaped(&value(&field.old)), escaped(&value(&field.new)))
        } else {
            escaped(&field.name)
        }
    };
    let most = if shown.details { 12 } else { 4 };
    let mut said: Vec<String> = fields.iter().take(most).map(one).collect();
    if let more @ 1.. = fields.len().saturating_sub(most) {
        said.push(format!("and {}", counted(more, "more field")));
    }
    said
}

/// A sign that Markdown reads as nothing else.
fn sign(sign: char) -> String {
    escaped(&sign.to_string())
}

/// The stages that something changes in, in their order; of each rollout a row of its own.
fn graph(change: &Change) -> Option<String> {
    let stages = change.stages();
    if stages.is_empty() || stages.len() > NODES {
        return None;
    }
    let mut text = "\n```mermaid\nflowchart LR\n".to_owned();
    let mut before: Option<(&str, usize)> = None;
    for (index, ((rollout, number), (stage, [changed, added, removed]))) in stages.iter().enumerate() {
        let words = format!("{rollout} {number}: {stage}");
        let words = mermaid::escaped(&words);
        _ = writeln!(text, "  s{index}[\"{words}<br/>~{changed} +{added} -{removed}\"]");
        if let Some((of, last)) = before
            && of == *rollout
        {
            _ = writeln!(text, "  s{last} --> s{index}");
        }
        before = Some((rollout, index));
    }
    text += "```\n";
    Some(text)
}
