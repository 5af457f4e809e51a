//! A change for reading: the consequence first, then what is other, with the place that it comes from.
//!
//! Takes a [`Change`], gives text whose form is no contract; programs read the JSON.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use super::{Cause, Change, Field, Group};
use crate::diag::render::text::escape;
use crate::plan::text::{counted, some_of};

/// How many fields of one group are told.
const FIELDS: usize = 12;
/// How much of a value is shown.
const LONGEST: usize = 60;

/// All of it.
pub fn text(change: &Change) -> String {
    if !change.is_any() {
        return format!("{}: nothing changes, {} stay\n", change.fleet, counted(change.unchanged, "deployment"));
    }
    let touched: BTreeSet<&String> = change.groups.iter().flat_map(|group| &group.clusters).collect();
    let mut text = format!(
        "{}: changes on {}, {} unchanged\nrisk: {}",
        change.fleet,
        counted(touched.len(), "cluster"),
        counted(change.unchanged, "deployment"),
        change.risk.level.word()
    );
    if !change.risk.reasons.is_empty() {
        _ = write!(text, " ({})", change.risk.reasons.join("; "));
    }
    text.push('\n');
    for groups in change.groups.chunk_by(|one, other| one.component == other.component) {
        _ = writeln!(text, "\n{}", groups.first().map(|group| group.component.as_str()).unwrap_or_default());
        groups.iter().for_each(|group| self::group(group, &mut text));
    }
    if !change.declared.is_empty() {
        text.push('\n');
    }
    for one in &change.declared {
        let shifts: String = one.shifts().iter().map(|shift| format!(", {shift}")).collect();
        let protected = if one.protected { " (protected)" } else { "" };
        let cause = one.cause.as_ref().map(|cause| format!("  {}", place(cause))).unwrap_or_default();
        let (sign, word) = (one.kind.sign(), one.kind.word());
        _ = writeln!(text, "{sign} {} {}{protected} {word}{shifts}{cause}", one.what, one.name);
        fields(&one.fields, "    ", &mut text);
    }
    text
}

fn group(group: &Group, text: &mut String) {
    let names: Vec<&str> = group.clusters.iter().map(String::as_str).collect();
    let stage = group.stage.as_ref().map(|stage| format!("  {} {stage}", group.number)).unwrap_or_default();
    let protected = match group.protected.len() {
        0 => String::new(),
        count if count == names.len() => " (protected)".to_owned(),
        count => format!(" ({count} protected)"),
    };
    let fate = group.fate.map(|fate| format!(", workloads {}", fate.word())).unwrap_or_default();
    let was = group.was.as_ref().map(|was| format!(" from {was}")).unwrap_or_default();
    let owners = if group.owners_before != group.owners && !group.owners.is_empty() && !group.owners_before.is_empty() {
        format!(", {} to {}", group.owners_before.join(" and "), group.owners.join(" and "))
    } else {
        String::new()
    };
    let causes: Vec<String> = group.causes.iter().map(place).collect();
    _ = writeln!(
        text,
        "  {} {}{was}{stage}  {}: {}{protected}{owners}{fate}  {}",
        group.kind.sign(),
        group.kind.word(),
        counted(names.len(), "cluster"),
        some_of(&names),
        causes.join(", ")
    );
    fields(&group.fields, "      ", text);
}

fn fields(fields: &[Field], indent: &str, text: &mut String) {
    for field in fields.iter().take(FIELDS) {
        _ = writeln!(text, "{indent}{}  {} -> {}", escape(&field.name), value(&field.old), value(&field.new));
    }
    if let more @ 1.. = fields.len().saturating_sub(FIELDS) {
        _ = writeln!(text, "{indent}and {}", counted(more, "more field"));
    }
}

pub(super) fn value(value: &Value) -> String {
    let text = match value {
        Value::Null => return "nothing".to_owned(),
        Value::String(text) if !text.is_empty() => text.clone(),
        other => other.to_string(),
    };
    let cut: String = text.chars().take(LONGEST).collect();
    let end = if cut.len() < text.len() { "..." } else { "" };
    format!("{}{end}", escape(&cut.replace('\n', " ")))
}

pub(super) fn place(cause: &Cause) -> String {
    let was = if cause.old { " (before)" } else { "" };
    format!("{}:{}{was}", cause.file, cause.line)
}
