//! Projects.

use std::collections::BTreeSet;

use super::check::{group_kind, invalid, invalid_name, known_kind};
use super::settings::Fixed;
use super::sources::Table;
use super::{roles, windows};
use crate::diag::Diagnostics;
use crate::model::predicate::select;
use crate::model::{Model, body, schema};
use crate::plan::permission::unsound_glob;
use crate::plan::{GroupKind, Project, ProjectClusters};
use crate::syntax::ast::{self, ExprKind};

/// The projects.
#[derive(Debug, Default)]
pub struct Projects {
    /// All, sorted by name.
    pub all: Vec<Project>,
    /// The names of those about which something wrong was reported, so that what they permit is not known.
    pub doubtful: BTreeSet<String>,
}

/// Resolves every project.
pub fn resolve(model: &Model, sources: &Table, home: Option<&str>, diagnostics: &mut Diagnostics) -> Projects {
    let mut projects = Projects::default();
    for declared in model.names.projects.values().filter(|declared| !declared.std) {
        let name = &declared.name.text;
        if !crate::model::cluster::is_dns_subdomain(name) {
            diagnostics.push(invalid_name(declared.name.span, name, "an AppProject", 63));
        }
        let fixed = Fixed::new(model, &schema::PROJECT, &declared.node.body, false);
        let unsound = report_globs(&declared.node.body, &fixed, diagnostics);
        if unsound || is_doubtful(model, &declared.node.body, &fixed, sources, home) {
            projects.doubtful.insert(name.clone());
        }
        projects.all.push(Project {
            span: declared.name.span,
            name: name.clone(),
            description: description(&fixed, diagnostics),
            sources: repositories(&declared.node.body, &fixed, sources, home).unwrap_or_default(),
            clusters: clusters(model, &declared.node.body, &fixed),
            namespaces: texts(&fixed, "namespaces"),
            cluster_resources: kinds(&fixed, "cluster-resources", diagnostics).unwrap_or_default(),
            deny_cluster_resources: kinds(&fixed, "deny-cluster-resources", diagnostics).unwrap_or_default(),
            namespace_resources: kinds(&fixed, "namespace-resources", diagnostics),
            deny_namespace_resources: kinds(&fixed, "deny-namespace-resources", diagnostics).unwrap_or_default(),
            source_namespaces: texts(&fixed, "source-namespaces"),
            service_account: fixed.text("service-account").map(|(text, _)| text),
            windows: windows::windows(model, &declared.node.body, diagnostics),
            roles: roles::roles(model, name, &declared.node.body, diagnostics),
            orphaned_resources: roles::orphaned_resources(model, &declared.node.body, diagnostics),
        });
    }
    projects
}

/// F0314 for globs that no engine should be given. Gives whether there is one.
fn report_globs(block: &ast::Block, fixed: &Fixed, diagnostics: &mut Diagnostics) -> bool {
    let mut found = false;
    for name in ["sources", "namespaces", "clusters"] {
        let is_list = |attribute: &ast::Attribute| matches!(attribute.value.kind, ExprKind::List(_));
        if !body::find(block, name).is_some_and(is_list) {
            continue;
        }
        for (glob, span) in fixed.texts(name).unwrap_or_default() {
            if let Some(why) = unsound_glob(&glob) {
                found = true;
                diagnostics.push(invalid(
                    span,
                    format!("the glob `{glob}` {why}"),
                    "not a glob that Argo CD reads as it is meant",
                    "a glob is made of text, `*`, `**`, `?`, `[abc]` and `{a,b}`; write `\\` before such a character that is meant itself",
                ));
            }
        }
    }
    found
}

/// Whether a value that says what is permitted could not be read.
fn is_doubtful(model: &Model, block: &ast::Block, fixed: &Fixed, sources: &Table, home: Option<&str>) -> bool {
    let unread = |name: &str| body::find(block, name).is_some() && fixed.texts(name).is_none();
    let clusters = body::find(block, "clusters").is_some_and(|attribute| match &attribute.value.kind {
        ExprKind::List(_) => unread("clusters"),
        _ => {
            let predicate = model.conditions.get(&attribute.value.span);
            predicate.is_none_or(|predicate| select(model, predicate).poisoned)
        }
    });
    clusters || unread("sources") || unread("namespaces") || repositories(block, fixed, sources, home).is_none()
}

/// The description, of which Argo CD takes only so much.
pub fn description(fixed: &Fixed, diagnostics: &mut Diagnostics) -> Option<String> {
    let (text, span) = fixed.text("description")?;
    if text.chars().count() > 255 {
        diagnostics.push(invalid(
            span,
            "a description in a project has at most 255 characters",
            format!("has {}", text.chars().count()),
            "shorten it",
        ));
    }
    Some(text)
}

/// The texts of the list `name`.
pub fn texts(fixed: &Fixed, name: &str) -> Vec<String> {
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

/// The globs; none when a source among them is not known.
fn repositories(block: &ast::Block, fixed: &Fixed, sources: &Table, home: Option<&str>) -> Option<Vec<String>> {
    let Some(attribute) = body::find(block, "sources") else { return Some(Vec::new()) };
    let ExprKind::List(items) = &attribute.value.kind else { return None };
    let texts = fixed.texts("sources")?;
    let mut urls = Vec::new();
    for ((text, _), item) in texts.into_iter().zip(items) {
        let key = match &item.kind {
            ExprKind::Path(path) if path.text() == "fleet" => Some(home?.to_string()),
            ExprKind::Path(_) => Some(text.clone()),
            _ => None,
        };
        match key {
            Some(key) => urls.push(sources.get(&key)?.source.url.clone()),
            None => urls.push(text),
        }
    }
    Some(urls)
}

/// Which clusters the attribute `clusters` of `block` says.
pub fn clusters(model: &Model, block: &ast::Block, fixed: &Fixed) -> ProjectClusters {
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
