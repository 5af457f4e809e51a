//! A page about the whole plan: the consequence first, then pictures, then every component and cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::table::MOST_ROWS;
use super::{FILTER, page, svg, table, xml};
use crate::picture::{Matrix, Row, Scope, graph, matrix};
use crate::plan::text::{counted, from};
use crate::plan::{Cluster, Deployment, Plan};
use crate::source::Sources;

/// The report.
pub fn report(plan: &Plan, sources: &Sources) -> String {
    let scope = Scope::default();
    let matrix = matrix(plan, sources, &scope, None);
    let mut body = String::from(
        "<nav aria-label=\"Parts\"><a href=\"#reach\">Reach</a> <a href=\"#rollouts\">Rollouts</a> \
         <a href=\"#versions\">Versions</a> <a href=\"#components\">Components</a> <a href=\"#clusters\">Clusters</a></nav>\n\
         <main>\n",
    );
    body += &summary(plan);
    body += &reach(plan);
    _ = write!(
        body,
        "<h2 id=\"rollouts\">Rollouts</h2>\n<div class=\"wide\">\n{}</div>\n",
        svg::graph(&graph(plan, &scope))
    );
    _ = write!(body, "<h2 id=\"versions\">Versions</h2>\n{}", table::matrix(&matrix, true));
    body += &components(plan, sources);
    body += &clusters(plan, &matrix);
    body += "</main>\n<footer class=\"note\"><p>Made by <code>fleetc plan --format html</code>. Where a value comes from: \
             <code>fleetc why CLUSTER COMPONENT</code>.</p></footer>\n";
    page(&format!("Plan of {}", plan.fleet), FILTER, &body)
}

fn of_components(plan: &Plan) -> BTreeMap<&str, Vec<&Deployment>> {
    let mut components: BTreeMap<&str, Vec<&Deployment>> = BTreeMap::new();
    for deployment in &plan.deployments {
        components.entry(&deployment.component).or_default().push(deployment);
    }
    components
}

fn summary(plan: &Plan) -> String {
    let mut words = vec![
        counted(of_components(plan).len(), "component"),
        counted(plan.clusters.len(), "cluster"),
        counted(plan.deployments.len(), "deployment"),
        counted(plan.rollouts.len(), "rollout"),
    ];
    let protected = plan.clusters.iter().filter(|cluster| cluster.protected).count();
    let suspended = plan.deployments.iter().filter(|deployment| deployment.suspend).count();
    if protected > 0 {
        words.push(format!("{} protected", counted(protected, "cluster")));
    }
    if suspended > 0 {
        words.push(format!("{} suspended", counted(suspended, "deployment")));
    }
    format!("<p>{}</p>\n", words.join(" · "))
}

/// What a change of each component reaches.
fn reach(plan: &Plan) -> String {
    let mut text = String::from(
        "<h2 id=\"reach\">Reach</h2>\n<div class=\"wide\"><table>\n<caption>What a change of a component reaches</caption>\n\
         <thead><tr><th scope=\"col\">component</th><th scope=\"col\">clusters</th><th scope=\"col\">protected</th>\
         <th scope=\"col\">in which order</th></tr></thead>\n<tbody>\n",
    );
    let all = plan.clusters.len();
    for (name, deployments) in of_components(plan) {
        let protected = deployments.iter().filter(|one| one.protected).count();
        let count = deployments.len();
        let rollouts: BTreeSet<&str> = deployments.iter().filter_map(|one| one.rollout.as_deref()).collect();
        let after: BTreeSet<&str> = deployments.iter().flat_map(|one| one.after.iter().map(|name| &**name)).collect();
        let rollouts = rollouts.into_iter().map(|rollout| format!("rollout {rollout}"));
        let after = after.into_iter().map(|other| format!("after {other}"));
        let order: Vec<String> = rollouts.chain(after).collect();
        let order = if order.is_empty() { "all at once".to_owned() } else { order.join(", ") };
        _ = writeln!(
            text,
            "<tr data-find=\"{0}\"><th scope=\"row\" class=\"name\"><a href=\"#component-{0}\">{0}</a></th>\
             <td><meter min=\"0\" max=\"{all}\" value=\"{count}\">{count} of {all}</meter> {count} of {all}</td>\
             <td>{protected}</td><td>{1}</td></tr>",
            xml(name),
            xml(&order)
        );
    }
    text + "</tbody></table></div>\n"
}

/// What is said alike on several clusters.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Alike {
    rollout: String,
    stage: String,
    from: String,
    namespace: String,
}

fn components(plan: &Plan, sources: &Sources) -> String {
    let mut text = String::from("<h2 id=\"components\">Components</h2>\n");
    for (name, deployments) in of_components(plan) {
        let mut rows: BTreeMap<Alike, Vec<&str>> = BTreeMap::new();
        for one in &deployments {
            let alike = Alike {
                rollout: one.rollout.as_deref().unwrap_or_default().to_owned(),
                stage: one.stage.as_deref().unwrap_or_default().to_owned(),
                from: from(one),
                namespace: one.namespace.clone().unwrap_or_default(),
            };
            rows.entry(alike).or_default().push(&one.cluster);
        }
        let rows: Vec<(Alike, Vec<&str>)> = rows.into_iter().collect();
        let place = deployments.first().map(|one| {
            let file = sources.file(one.origin.component.source);
            format!("{}:{}", file.path, file.position(one.origin.component.start).line)
        });
        _ = write!(
            text,
            "<details id=\"component-{0}\" data-find=\"{0}\"><summary><b class=\"name\">{0}</b> \
             <span class=\"faint\">{1}, <code>{2}</code></span></summary>\n<div class=\"wide\"><table><thead><tr>\
             <th scope=\"col\">rollout, stage</th><th scope=\"col\">from</th><th scope=\"col\">namespace</th>\
             <th scope=\"col\">clusters</th></tr></thead><tbody>\n",
            xml(name),
            counted(deployments.len(), "cluster"),
            xml(&place.unwrap_or_default())
        );
        for (alike, clusters) in rows.iter().take(MOST_ROWS) {
            let order: Vec<&str> =
                [&*alike.rollout, &*alike.stage].into_iter().filter(|words| !words.is_empty()).collect();
            _ = writeln!(
                text,
                "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                xml(&order.join(", ")),
                xml(&alike.from),
                xml(&alike.namespace),
                named(clusters)
            );
        }
        text += "</tbody></table></div>\n";
        text += &left_out(rows.len(), "fleetc plan");
        text += "</details>\n";
    }
    text
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

fn left_out(rows: usize, command: &str) -> String {
    match rows.checked_sub(MOST_ROWS) {
        None | Some(0) => String::new(),
        Some(left) => format!("<p class=\"note\">{left} more are not shown; <code>{command}</code> shows all.</p>\n"),
    }
}

fn clusters(plan: &Plan, matrix: &Matrix) -> String {
    let known: BTreeMap<&str, &Cluster> = plan.clusters.iter().map(|cluster| (&*cluster.name, cluster)).collect();
    let mut text = String::from("<h2 id=\"clusters\">Clusters</h2>\n");
    for row in matrix.rows.iter().take(MOST_ROWS) {
        text += &alike(row, matrix, &known);
    }
    text + &left_out(matrix.rows.len(), "fleetc matrix")
}

/// The clusters of a row, with the labels of each, and what runs on all of them.
fn alike(row: &Row, matrix: &Matrix, known: &BTreeMap<&str, &Cluster>) -> String {
    let mut members = String::new();
    let mut find = row.label.clone();
    for name in &row.clusters {
        let cluster = known.get(name.as_str());
        let labels: Vec<String> = cluster
            .iter()
            .flat_map(|cluster| &cluster.labels)
            .map(|(label, value)| format!("{label}={value}"))
            .collect();
        let protected = if cluster.is_some_and(|cluster| cluster.protected) { " (protected)" } else { "" };
        let labels = labels.join(" ");
        _ = writeln!(
            members,
            "<li id=\"cluster-{0}\"><b class=\"name\">{0}</b>{protected} <span class=\"faint\">{1}</span></li>",
            xml(name),
            xml(&labels)
        );
        _ = write!(find, " {name} {labels}");
    }
    let runs = matrix.components.iter().zip(&row.cells).filter_map(|(name, cell)| Some((name, cell.as_ref()?)));
    let mut items = String::new();
    for (name, cell) in runs {
        let words = cell.words();
        let words = if words.is_empty() { String::new() } else { format!(" ({})", words.join(", ")) };
        _ = writeln!(
            items,
            "<li><a class=\"name\" href=\"#component-{0}\">{0}</a> <span class=\"name\">{1}</span>{words}</li>",
            xml(name),
            xml(&cell.short())
        );
    }
    let count = row.cells.iter().flatten().count();
    format!(
        "<details data-find=\"{}\"><summary><b class=\"name\">{}</b> <span class=\"faint\">{}</span></summary>\n\
         <ul>\n{members}</ul>\n<p>What runs {}:</p>\n<ul>\n{items}</ul>\n</details>\n",
        xml(&find),
        xml(&row.label),
        counted(count, "component"),
        if row.clusters.len() == 1 { "there" } else { "on each" }
    )
}
