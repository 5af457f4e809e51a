//! Drift for reading: the consequence first, then one line for each finding, below its stage.
//!
//! Takes a [`Drift`], gives text whose form is no contract; programs read the JSON.

use std::fmt::Write as _;

use super::words::{group, name, object, position, sentence, summary};
use super::{Compared, Drift, Finding};
use crate::plan::text::counted;

/// How many fields of one object are told.
const FIELDS: usize = 3;

/// All of it; with `all` also what is of other people.
pub fn text(drift: &Drift, all: bool) -> String {
    let mut text = format!("{}: {}\n", drift.fleet, summary(drift));
    for instance in &drift.instances {
        text += &self::instance(instance, all);
    }
    if !drift.not_compared.is_empty() {
        text += "\nnot compared\n";
        for words in &drift.not_compared {
            _ = writeln!(text, "  {words}");
        }
    }
    text
}

fn instance(instance: &Compared, all: bool) -> String {
    let mut text = String::new();
    for findings in instance.findings.chunk_by(|one, other| group(one) == group(other)) {
        _ = writeln!(text, "  {}", findings.first().map(group).unwrap_or_default());
        text += &table(findings);
    }
    let positions: Vec<(&str, String)> =
        instance.rollouts.iter().filter_map(|one| Some((one.rollout.as_str(), position(one)?))).collect();
    for of in positions.chunk_by(|one, other| one.0 == other.0) {
        _ = writeln!(text, "  rollout {}", of.first().map(|(rollout, _)| *rollout).unwrap_or_default());
        for (_, words) in of {
            _ = writeln!(text, "    {words}");
        }
    }
    if !instance.not_compared.is_empty() {
        text += "  not compared\n";
        for words in &instance.not_compared {
            _ = writeln!(text, "    {words}");
        }
    }
    text += &others(instance, all);
    if text.is_empty() {
        return text;
    }
    format!(
        "\n{}: {} on {}\n{text}",
        instance.words(),
        counted(instance.deployments, "deployment"),
        counted(instance.clusters.len(), "cluster")
    )
}

fn others(instance: &Compared, all: bool) -> String {
    let mut text = String::new();
    if instance.undeclared > 0 {
        let count = counted(instance.undeclared, "Application");
        _ = writeln!(text, "  {count} on clusters that are found by labels and not declared");
    }
    if instance.foreign.is_empty() {
        return text;
    }
    let count = counted(instance.foreign.len(), "object");
    if !all {
        _ = writeln!(text, "  {count} of others: `--all` names them");
        return text;
    }
    _ = writeln!(text, "  {count} of others");
    for one in &instance.foreign {
        _ = writeln!(text, "    {} {}/{}", one.kind.word(), name(&one.namespace), name(&one.name));
    }
    text
}

/// A row for each finding; of many fields of one object the first ones.
fn table(findings: &[Finding]) -> String {
    let mut rows: Vec<[String; 4]> = Vec::new();
    let of_one = |one: &Finding, other: &Finding| {
        let key = |finding: &Finding| (finding.kind, finding.namespace.clone(), finding.name.clone(), finding.wrong);
        key(one) == key(other) && one.field.is_some()
    };
    for same in findings.chunk_by(of_one) {
        let shown = if same.len() > FIELDS + 1 { FIELDS } else { same.len() };
        rows.extend(same.iter().take(shown).map(row));
        if let (Some(first), more @ 1..) = (same.first(), same.len() - shown) {
            let [cluster, object, wrong, _] = row(first);
            rows.push([cluster, object, wrong, format!("and {} more", counted(more, "field"))]);
        }
    }
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths = [width(0), width(1), width(2), 0];
    let mut text = String::new();
    for row in &rows {
        let filled = row.iter().zip(widths).enumerate().filter(|(place, (_, width))| *place == 3 || *width > 0);
        let cells: Vec<String> = filled.map(|(_, (cell, width))| format!("{cell:width$}")).collect();
        _ = writeln!(text, "    {}", cells.join("  ").trim_end());
    }
    text
}

fn row(finding: &Finding) -> [String; 4] {
    let hint = finding.hint.as_ref().map(|hint| format!("`{hint}`"));
    let sentence = Some(sentence(finding)).filter(|words| !words.is_empty());
    let words: Vec<String> = sentence.into_iter().chain(hint).collect();
    let cluster = finding.cluster.as_deref().map(name).unwrap_or_default();
    [cluster, object(finding), finding.wrong.words().to_owned(), words.join(": ")]
}
