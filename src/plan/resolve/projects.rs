//! Projects.

use super::check::{group_kind, invalid, invalid_name, known_kind};
use super::settings::Fixed;
use super::sources::Table;
use crate::diag::Diagnostics;
use crate::model::predicate::select;
use crate::model::{Model, body, schema};
use crate::plan::{GroupKind, Project, ProjectClusters};
use crate::syntax::ast::{self, ExprKind};

/// Resolves every project, sorted by name.
pub fn resolve(model: &Model, sources: &Table, home: Option<&str>, diagnostics: &mut Diagnostics) -> Vec<Project> {
    let mut projects = Vec::new();
    for declared in model.names.projects.values().filter(|declared| !declared.std) {
        let name = &declared.name.text;
        if !crate::model::cluster::is_dns_subdomain(name) {
            diagnostics.push(invalid_name(declared.name.span, name, "an AppProject", 63));
        }
        let fixed = Fixed::new(model, &schema::PROJECT, &declared.node.body, false);
        projects.push(Project {
            span: declared.name.span,
            name: name.clone(),
            description: description(&fixed, diagnostics),
            sources: repositories(&declared.node.body, &fixed, sources, home),
            clusters: clusters(model, &declared.node.body, &fixed),
            namespaces: texts(&fixed, "namespaces"),
            cluster_resources: kinds(&fixed, "cluster-resources", diagnostics).unwrap_or_default(),
            deny_cluster_resources: kinds(&fixed, "deny-cluster-resources", diagnostics).unwrap_or_default(),
            namespace_resources: kinds(&fixed, "namespace-resources", diagnostics),
            deny_namespace_resources: kinds(&fixed, "deny-namespace-resources", diagnostics).unwrap_or_default(),
            source_namespaces: texts(&fixed, "source-namespaces"),
            service_account: fixed.text("service-account").map(|(text, _)| text),
        });
    }
    projects
}

fn description(fixed: &Fixed, diagnostics: &mut Diagnostics) -> Option<String> {
    let (text, span) = fixed.text("description")?;
    if text.chars().count() > 255 {
        diagnostics.push(invalid(
            span,
            "a project's description has at most 255 characters",
            format!("has {}", text.chars().count()),
            "shorten it",
        ));
    }
    Some(text)
}

fn texts(fixed: &Fixed, name: &str) -> Vec<String> {
    fixed.texts(name).unwrap_or_default().into_iter().map(|(text, _)| text).collect()
}

fn kinds(fixed: &Fixed, name: &str, diagnostics: &mut Diagnostics) -> Option<Vec<GroupKind>> {
    let mut kinds = Vec::new();
    for (text, span) in fixed.texts(name)? {
        match group_kind(&text) {
            Some(kind) => kinds.push(kind),
            None => {
                let group =
                    known_kind(&text).map(|(version, _)| version.rsplit_once('/').map_or("", |(group, _)| group));
                let help = match group {
                    Some(group) => format!("write `\"{group}/{text}\"`"),
                    None => "write for example `apps/Deployment`, `/Namespace` or `*/*`".to_string(),
                };
                let label = "expected `group/Kind`, with nothing before the `/` for the core group";
                diagnostics.push(invalid(span, format!("`{text}` names no kind"), label, help));
            }
        }
    }
    Some(kinds)
}

fn repositories(block: &ast::Block, fixed: &Fixed, sources: &Table, home: Option<&str>) -> Vec<String> {
    let Some(attribute) = body::find(block, "sources") else { return Vec::new() };
    let ExprKind::List(items) = &attribute.value.kind else { return Vec::new() };
    let Some(texts) = fixed.texts("sources") else { return Vec::new() };
    let mut urls = Vec::new();
    for ((text, _), item) in texts.into_iter().zip(items) {
        let key = match &item.kind {
            ExprKind::Path(path) if path.text() == "fleet" => home.map(String::from),
            ExprKind::Path(_) => Some(text.clone()),
            _ => None,
        };
        match key {
            Some(key) => urls.extend(sources.get(&key).map(|found| found.source.url.clone())),
            None => urls.push(text),
        }
    }
    urls
}

fn clusters(model: &Model, block: &ast::Block, fixed: &Fixed) -> ProjectClusters {
    let Some(attribute) = body::find(block, "clusters") else { return ProjectClusters::All };
    match &attribute.value.kind {
        ExprKind::List(_) => ProjectClusters::Globs(texts(fixed, "clusters")),
        ExprKind::Path(path) if path.text() == "all" => ProjectClusters::All,
        _ => {
            let Some(predicate) = model.conditions.get(&attribute.value.span) else { return ProjectClusters::All };
            let set = select(model, predicate).set;
            let names = set.iter().filter_map(|place| model.clusters.get(place)).map(|cluster| cluster.name.clone());
            ProjectClusters::Names(names.collect())
        }
    }
}
