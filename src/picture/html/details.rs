//! All about a component: what it is on which clusters.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::table::MOST_ROWS;
use super::xml;
use crate::plan::text::{counted, from};
use crate::plan::{Deployment, json};
use crate::source::Sources;

/// With how many rows at most a component is shown with all its settings. Past that, clusters that differ in settings only
/// are one row.
const WITH_SETTINGS: usize = 50;

/// What the columns of a row say, or who the deployment is.
const SAID: [&str; 10] =
    ["component", "cluster", "name", "release", "source", "namespace", "rollout", "stage", "protected", "objects"];

/// What is the same on several clusters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Alike {
    order: String,
    from: String,
    namespace: String,
    settings: String,
}

/// A part that unfolds.
pub(super) fn component(name: &str, deployments: &[&Deployment], sources: &Sources) -> String {
    let whole = rows(deployments, true);
    let with_settings = whole.len() <= WITH_SETTINGS;
    let rows = if with_settings { whole } else { rows(deployments, false) };
    let place = deployments.first().map(|one| {
        let file = sources.file(one.origin.component.source);
        format!("{}:{}", file.path, file.position(one.origin.component.start).line)
    });
    let mut text = format!(
        "<details id=\"component-{0}\" data-find=\"{0}\"><summary><b class=\"name\">{0}</b> \
         <span class=\"faint\">{1}, <code>{2}</code></span></summary>\n<div class=\"wide\" tabindex=\"0\"><table><thead><tr>\
         <th scope=\"col\">rollout, stage</th><th scope=\"col\">from</th><th scope=\"col\">namespace</th>\
         <th scope=\"col\">settings</th><th scope=\"col\">clusters</th></tr></thead><tbody>\n",
        xml(name),
        counted(deployments.len(), "cluster"),
        xml(&place.unwrap_or_default())
    );
    for (alike, clusters) in rows.iter().take(MOST_ROWS) {
        let settings = if alike.settings.is_empty() {
            String::new()
        } else {
            format!("<details class=\"settings\"><summary>show</summary><pre>{}</pre></details>", xml(&alike.settings))
        };
        _ = writeln!(
            text,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{settings}</td><td>{}</td></tr>",
            xml(&alike.order),
            xml(&alike.from),
            xml(&alike.namespace),
            named(clusters)
        );
    }
    text += "</tbody></table></div>\n";
    if !with_settings {
        text += "<p class=\"note\">Settings differ on too many clusters to show them here; \
                 <code>fleetc plan --format json</code> has all.</p>\n";
    }
    text + &left_out(rows.len(), "fleetc plan") + "</details>\n"
}

fn rows<'d>(deployments: &[&'d Deployment], with_settings: bool) -> Vec<(Alike, Vec<&'d str>)> {
    let mut rows: BTreeMap<Alike, Vec<&str>> = BTreeMap::new();
    for one in deployments {
        let order: Vec<&str> = [one.rollout.as_deref(), one.stage.as_deref()].into_iter().flatten().collect();
        let alike = Alike {
            order: order.join(", "),
            from: from(one),
            namespace: one.namespace.clone().unwrap_or_default(),
            settings: if with_settings { settings(one) } else { String::new() },
        };
        rows.entry(alike).or_default().push(&one.cluster);
    }
    rows.into_iter().collect()
}

/// What is set beside that, as the plan's JSON has it.
fn settings(deployment: &Deployment) -> String {
    let Value::Object(all) = json::deployment(deployment) else { return String::new() };
    let is_empty = |value: &Value| match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    };
    let set: Map<String, Value> =
        all.into_iter().filter(|(name, value)| !SAID.contains(&name.as_str()) && !is_empty(value)).collect();
    format!("{:#}", Value::Object(set))
}

/// The names; many of them are folded.
fn named(clusters: &[&str]) -> String {
    const OPEN: usize = 6;
    let names = xml(&clusters.join(", "));
    if clusters.len() <= OPEN {
        return names;
    }
    format!("<details><summary>{}</summary>{names}</details>", counted(clusters.len(), "cluster"))
}

pub(super) fn left_out(rows: usize, command: &str) -> String {
    match rows.checked_sub(MOST_ROWS) {
        None | Some(0) => String::new(),
        Some(left) => format!("<p class=\"note\">{left} more are not shown; <code>{command}</code> shows all.</p>\n"),
    }
}
