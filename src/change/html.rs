//! A change as a page in one file: how careful to be, what each stage sees, then every change with all of its fields.

use std::fmt::Write as _;

use serde_json::Value;

use super::text::place;
use super::{Change, Field, Group};
use crate::picture::html::{FILTER, MOST_ROWS, page, xml};
use crate::plan::text::counted;

/// How many clusters are named before the rest is folded.
const NAMED: usize = 3;
/// How many characters of a value are shown before the rest is folded.
const LONGEST: usize = 80;

/// The page.
pub fn html(change: &Change) -> String {
    let mut body = String::from("<main>\n");
    let unchanged = format!("{} unchanged", counted(change.unchanged, "deployment"));
    if change.is_any() {
        let level = change.risk.level.word();
        _ = writeln!(body, "<p>Risk: <b class=\"risk {level}\">{level}</b> · {unchanged}</p>");
        body += &list(change.risk.reasons.iter().map(|reason| with_code(reason)));
        body += &stages(change);
        body += &groups(change);
        body += &declared(change);
    } else {
        _ = writeln!(body, "<p>Nothing changes, {unchanged}.</p>");
    }
    body += "</main>\n<footer class=\"note\"><p>Made by <code>fleetc plan --base REV --format html</code>. What becomes \
             other in the output: <code>fleetc diff --base REV</code>.</p></footer>\n";
    page(&format!("Change of {}", change.fleet), FILTER, &body)
}

/// A message, with code where it has backticks.
fn with_code(message: &str) -> String {
    let parts = message.split('`').enumerate();
    parts.map(|(place, part)| if place % 2 == 1 { format!("<code>{}</code>", xml(part)) } else { xml(part) }).collect()
}

fn list(items: impl Iterator<Item = String>) -> String {
    let items: String = items.map(|item| format!("<li>{item}</li>\n")).collect();
    if items.is_empty() { items } else { format!("<ul>\n{items}</ul>\n") }
}

/// The opening of a table that may be wider than the page.
fn table(id: &str, title: &str, columns: &[&str]) -> String {
    let columns: String = columns.iter().map(|column| format!("<th scope=\"col\">{column}</th>")).collect();
    format!(
        "<h2 id=\"{id}\">{title}</h2>\n<div class=\"wide\" tabindex=\"0\"><table>\n<thead><tr>{columns}</tr></thead>\n<tbody>\n"
    )
}

const END: &str = "</tbody></table></div>\n";

/// What each stage of a rollout sees, in their order.
fn stages(change: &Change) -> String {
    let stages = change.stages();
    if stages.is_empty() {
        return String::new();
    }
    let mut text = table("stages", "Stages", &["rollout", "stage", "changed", "added", "removed"]);
    for ((rollout, number), (stage, [changed, added, removed])) in stages {
        _ = writeln!(
            text,
            "<tr><th scope=\"row\" class=\"name\">{}</th><td>{number} {}</td><td>{changed}</td><td>{added}</td><td>{removed}</td></tr>",
            xml(rollout),
            xml(stage)
        );
    }
    text + END
}

fn groups(change: &Change) -> String {
    if change.groups.is_empty() {
        return String::new();
    }
    let columns = ["component", "change", "stage", "clusters", "what", "cause"];
    let mut text = table("deployments", "Deployments", &columns);
    for group in change.groups.iter().take(MOST_ROWS) {
        let stage = group.stage.as_ref().map(|stage| format!("{} {}", group.number, xml(stage))).unwrap_or_default();
        let causes: Vec<String> = group.causes.iter().map(|cause| xml(&place(cause))).collect();
        let find = format!("{} {} {}", group.component, group.kind.word(), group.clusters.join(" "));
        _ = writeln!(
            text,
            "<tr data-find=\"{}\"><th scope=\"row\" class=\"name\">{}</th><td class=\"word\">{} {}</td><td class=\"word\">{stage}</td><td>{}</td><td>{}</td>\
             <td>{}</td></tr>",
            xml(&find),
            xml(&group.component),
            xml(&group.kind.sign().to_string()),
            group.kind.word(),
            clusters(group),
            what(group),
            causes.join("<br>")
        );
    }
    text += END;
    let left = change.groups.len().saturating_sub(MOST_ROWS);
    if left > 0 {
        _ = writeln!(
            text,
            "<p class=\"note\">{} not shown; <code>--format json</code> has all.</p>",
            counted(left, "row")
        );
    }
    text
}

/// Protected clusters first: they are why somebody reads this.
fn clusters(group: &Group) -> String {
    let is_protected = |name: &&String| group.protected.contains(*name);
    let (protected, others): (Vec<&String>, Vec<&String>) = group.clusters.iter().partition(is_protected);
    let protected = protected.into_iter().map(|name| format!("{} (protected)", xml(name)));
    let all: Vec<String> = protected.chain(others.into_iter().map(|name| xml(name))).collect();
    if all.len() <= NAMED {
        return all.join("<br>");
    }
    let count = match group.protected.len() {
        0 => counted(all.len(), "cluster"),
        some => format!("{}, {some} protected", counted(all.len(), "cluster")),
    };
    format!("<details><summary>{count}</summary>{}</details>", all.join("<br>"))
}

fn what(group: &Group) -> String {
    let mut words: Vec<String> = Vec::new();
    words.extend(group.was.as_ref().map(|was| format!("was {}", xml(was))));
    if group.owners_before != group.owners && !group.owners.is_empty() && !group.owners_before.is_empty() {
        words.push(xml(&format!("{} to {}", group.owners_before.join(" and "), group.owners.join(" and "))));
    }
    words.extend(group.fate.map(|fate| format!("workloads {}", fate.word())));
    words.extend(group.fields.iter().map(field));
    words.join("<br>")
}

fn declared(change: &Change) -> String {
    if change.declared.is_empty() {
        return String::new();
    }
    let mut text = table("declared", "Declared", &["what", "name", "change", "what", "cause"]);
    for one in &change.declared {
        let cause = one.cause.as_ref().map(|cause| xml(&place(cause))).unwrap_or_default();
        let protected = if one.protected { " (protected)" } else { "" };
        let words: Vec<String> =
            one.shifts().iter().map(|word| (*word).to_owned()).chain(one.fields.iter().map(field)).collect();
        _ = writeln!(
            text,
            "<tr data-find=\"{0} {1}\"><th scope=\"row\">{0}</th><td class=\"name\">{1}{protected}</td><td class=\"word\">{2} {3}</td><td>{4}</td>\
             <td>{cause}</td></tr>",
            one.what,
            xml(&one.name),
            xml(&one.kind.sign().to_string()),
            one.kind.word(),
            words.join("<br>")
        );
    }
    text + END
}

fn field(field: &Field) -> String {
    format!("{}: {} → {}", xml(&field.name), value(&field.old), value(&field.new))
}

/// The whole of a value, folded where it is long.
fn value(value: &Value) -> String {
    let text = match value {
        Value::Null => return "<span class=\"faint\">nothing</span>".to_owned(),
        Value::String(text) if !text.is_empty() => text.clone(),
        other => other.to_string(),
    };
    if text.chars().count() <= LONGEST && !text.contains('\n') {
        return format!("<code>{}</code>", xml(&text));
    }
    let head: String = text.lines().next().unwrap_or_default().chars().take(LONGEST).collect();
    format!("<details><summary><code>{}…</code></summary><pre>{}</pre></details>", xml(&head), xml(&text))
}
