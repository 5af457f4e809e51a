//! A page about the whole plan: the consequence first, then pictures, then every component and cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::table::MOST_ROWS;
use super::{FILTER, details, page, svg, table, xml};
use crate::picture::{Matrix, Row, Scope, graph, matrix};
use crate::plan::text::counted;
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
        "<h2 id=\"rollouts\">Rollouts</h2>\n<div class=\"wide\" tabindex=\"0\">\n{}</div>\n",
        svg::graph(&graph(plan, &scope))
    );
    _ = write!(body, "<h2 id=\"versions\">Versions</h2>\n{}", table::matrix(&matrix, true));
    body += "<h2 id=\"components\">Components</h2>\n";
    for (name, deployments) in of_components(plan) {
        body += &details::component(name, &deployments, sources);
    }
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
        "<h2 id=\"reach\">Reach</h2>\n<div class=\"wide\" tabindex=\"0\"><table>\n<caption>What a change of a component reaches</caption>\n\
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

fn clusters(plan: &Plan, matrix: &Matrix) -> String {
    let known: BTreeMap<&str, &Cluster> = plan.clusters.iter().map(|cluster| (&*cluster.name, cluster)).collect();
    let mut text = String::from("<h2 id=\"clusters\">Clusters</h2>\n");
    for row in matrix.rows.iter().take(MOST_ROWS) {
        text += &alike(row, matrix, &known);
    }
    text + &details::left_out(matrix.rows.len(), "fleetc matrix")
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
