//! The plan for reading: what comes from where, on which clusters, in which order.
//!
//! Takes a [`Plan`], gives text whose form is no contract; programs read the JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::json::{chart_name, object_ref};
use super::{Content, Deployment, Max, ObjectRef, Plan, Stage};

/// How many clusters of a row are named.
const NAMED: usize = 8;

/// The whole plan: a block for each component, in an order in which they can become healthy.
pub fn text(plan: &Plan) -> String {
    let mut components: BTreeMap<&str, Vec<&Deployment>> = BTreeMap::new();
    for deployment in &plan.deployments {
        components.entry(&deployment.component).or_default().push(deployment);
    }
    let mut text = format!(
        "{}: {} on {}, {}\n",
        plan.fleet,
        counted(components.len(), "component"),
        counted(plan.clusters.len(), "cluster"),
        counted(plan.deployments.len(), "deployment")
    );
    for component in in_order(&components) {
        if let Some(deployments) = components.get(component) {
            _ = write!(text, "\n{component}{}\n{}", remarks(deployments), rows(plan, deployments));
        }
    }
    for declared in plan.hub_objects.chunk_by(|a, b| a.name == b.name) {
        if let Some(first) = declared.first() {
            _ = writeln!(text, "\n{}  (on the hub)", first.name);
        }
        for object in declared {
            let clusters: Vec<&str> = object.clusters.iter().map(|cluster| &**cluster).collect();
            _ = writeln!(text, "  {}  {}", object_ref(&ObjectRef::of(&object.object)), some_of(&clusters));
        }
    }
    text
}

/// The components, each behind those it waits for, and by name where that leaves a choice.
fn in_order<'a>(components: &BTreeMap<&'a str, Vec<&'a Deployment>>) -> Vec<&'a str> {
    let mut waiting: BTreeMap<&str, BTreeSet<&str>> = components
        .iter()
        .map(|(name, deployments)| {
            (*name, deployments.iter().flat_map(|d| d.after.iter().map(|name| &**name)).collect())
        })
        .collect();
    let mut order: Vec<&str> = Vec::new();
    while !waiting.is_empty() {
        let free = |after: &BTreeSet<&str>| !after.iter().any(|name| waiting.contains_key(name));
        let ready: Vec<&str> = waiting.iter().filter(|(_, after)| free(after)).map(|(name, _)| *name).collect();
        // A checked plan has no cycle; one that is shown all the same is shown by name.
        let ready = if ready.is_empty() { waiting.keys().copied().collect() } else { ready };
        for name in ready {
            waiting.remove(name);
            order.push(name);
        }
    }
    order
}

/// What holds for the component as a whole: `  (project platform, namespace monitoring, after cert-manager)`.
fn remarks(deployments: &[&Deployment]) -> String {
    let all = |what: &str, of: &dyn Fn(&Deployment) -> Vec<String>| {
        let values: BTreeSet<String> = deployments.iter().flat_map(|deployment| of(deployment)).collect();
        let values: Vec<String> = values.into_iter().collect();
        (!values.is_empty()).then(|| format!("{what} {}", values.join(", ")))
    };
    let remarks: Vec<String> = [
        all("project", &|d| d.project.clone().into_iter().collect()),
        all("namespace", &|d| d.namespace.clone().into_iter().collect()),
        all("after", &|d| d.after.iter().map(ToString::to_string).collect()),
        all("rollout", &|d| d.rollout.iter().map(ToString::to_string).collect()),
    ]
    .into_iter()
    .flatten()
    .collect();
    if remarks.is_empty() { String::new() } else { format!("  ({})", remarks.join("; ")) }
}

/// A row for each stage and each thing that is taken from a source there.
fn rows(plan: &Plan, deployments: &[&Deployment]) -> String {
    let mut rows: BTreeMap<(usize, String, String), Vec<&str>> = BTreeMap::new();
    for deployment in deployments {
        let (number, stage) = stage_of(plan, deployment);
        rows.entry((number, stage, from(deployment))).or_default().push(&deployment.cluster);
    }
    let width = |of: &dyn Fn(&(usize, String, String)) -> usize| rows.keys().map(of).max().unwrap_or(0);
    let (stages, froms) = (width(&|row| row.1.chars().count()), width(&|row| row.2.chars().count()));
    let mut text = String::new();
    for ((_, stage, from), clusters) in &rows {
        let gap = if stages > 0 { "  " } else { "" };
        _ = writeln!(text, "  {stage:stages$}{gap}{from:froms$}  {}", some_of(clusters));
    }
    text
}

/// The place of a deployment's stage in its rollout, and the words for it.
fn stage_of(plan: &Plan, deployment: &Deployment) -> (usize, String) {
    let find = || {
        let rollout = plan.rollouts.iter().find(|rollout| Some(&rollout.name) == deployment.rollout.as_ref())?;
        rollout.stages.iter().enumerate().find(|(_, stage)| Some(&stage.name) == deployment.stage.as_ref())
    };
    find().map_or((0, String::new()), |(index, stage)| (index + 1, words(index + 1, stage)))
}

fn words(number: usize, stage: &Stage) -> String {
    let max = match stage.max {
        None => String::new(),
        Some(Max::Count(count)) => format!(", {count} at a time"),
        Some(Max::Percent(percent)) => format!(", {percent}% at a time"),
    };
    let gate = if stage.manual { ", opened by hand" } else { "" };
    format!("{number} {}{max}{gate}", stage.name)
}

/// What is taken from where: `jetstack cert-manager v1.16.2`, `fleet-config main platform/prometheus`.
pub(crate) fn from(deployment: &Deployment) -> String {
    let source = &deployment.source;
    let suspended = if deployment.suspend { " (suspended)" } else { "" };
    match &deployment.content {
        Content::Chart(chart) => {
            format!("{} {} {}{suspended}", source.name, chart_name(chart, source), chart.version)
        }
        Content::Objects(objects) => {
            let names: Vec<String> = objects.iter().map(|object| object_ref(&ObjectRef::of(object))).collect();
            format!("{}{suspended}", names.join(", "))
        }
        Content::Path(path) => {
            let revision = source.revision.text().map(|text| format!(" {text}")).unwrap_or_default();
            format!("{}{revision} {path}{suspended}", source.name)
        }
    }
}

/// The clusters, or the first of many and how many there are.
pub(crate) fn some_of(clusters: &[&str]) -> String {
    match clusters.get(..NAMED) {
        Some(first) if clusters.len() > NAMED + 1 => format!("{}, … ({} in all)", first.join(", "), clusters.len()),
        _ => clusters.join(", "),
    }
}

/// `1 file`, `2 files`.
pub(crate) fn counted(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}
