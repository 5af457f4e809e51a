//! What projects permit beyond what anybody needs.
//!
//! One project may reach everything: the platform team's. It is the only one that does, or the one that
//! `defaults component` names; every other one is reported. A fleet without projects has not asked for limits, and no lint
//! asks it to.

use std::collections::BTreeSet;

use super::{Subject, listed};
use crate::diag::{Diagnostic, Diagnostics, codes};
use crate::model::body;
use crate::plan::permission::{DestinationItem, destination_permitted, destinations};
use crate::plan::{FluxMode, GroupKind, Project, ProjectClusters};
use crate::source::Span;
use crate::syntax::ast::{Block, Expr, ExprKind};

/// How Argo CD addresses the cluster that it runs on.
const HUB: (&str, &str) = ("https://kubernetes.default.svc", "in-cluster");

/// The namespace of an engine: its name, the engine's declaration, and whether it is on every cluster.
struct Seat<'p> {
    namespace: &'p str,
    engine: &'static str,
    at: Span,
    everywhere: bool,
}

/// Reports projects that permit too much, and what escapes them.
pub fn check(subject: Subject, diagnostics: &mut Diagnostics) {
    let projects = &subject.plan.projects;
    without_project(subject, diagnostics);
    let seats = seats(subject);
    let reach: Vec<(&Project, Option<&Seat>)> =
        projects.iter().map(|project| (project, seats.iter().find(|seat| reaches(subject, project, seat)))).collect();
    let is_mighty = |(project, seat): &(&Project, Option<&Seat>)| seat.is_some() || is_wild(subject, project);
    let mighty: Vec<(&Project, Option<&Seat>)> = reach.into_iter().filter(is_mighty).collect();
    let platform = platform(subject, &mighty);
    for (project, seat) in mighty.iter().filter(|(project, _)| Some(project.name.as_str()) != platform) {
        let other = mighty.iter().map(|(other, _)| *other).find(|other| other.name != project.name);
        let diagnostic = match seat {
            Some(seat) if !is_wild(subject, project) => reaches_engine(subject, project, seat),
            _ => wild(subject, project),
        };
        diagnostics.push(match other {
            Some(other) => diagnostic.related(other.span, "this project reaches as much"),
            None => diagnostic,
        });
    }
    for project in projects {
        lists(subject, project, platform, diagnostics);
    }
}

/// The one project that may reach everything.
fn platform<'p>(subject: Subject, mighty: &[(&'p Project, Option<&Seat>)]) -> Option<&'p str> {
    if let [(only, _)] = mighty {
        return Some(&only.name);
    }
    let defaults = subject.model.names.component_defaults?;
    let attribute = body::find(&defaults.body, "project")?;
    let named = mighty.iter().find(|(project, _)| body::is_word(attribute, &project.name));
    named.map(|(project, _)| project.name.as_str())
}

/// F0725 for components without a project, where others have one.
fn without_project(subject: Subject, diagnostics: &mut Diagnostics) {
    let Some(other) = subject.deployments().find(|deployment| deployment.project.is_some()) else { return };
    let mut said: BTreeSet<&str> = BTreeSet::new();
    for deployment in subject.deployments().filter(|deployment| deployment.project.is_none()) {
        if !said.insert(&deployment.component) {
            continue;
        }
        let name = &deployment.component;
        let message = if subject.plan.argocd.is_empty() {
            format!("`{name}` has no project, so nothing says what it may use")
        } else {
            format!("`{name}` has no project, so it runs in Argo CD's `default`, which permits everything")
        };
        diagnostics.push(
            Diagnostic::new(codes::NO_PROJECT, deployment.origin.component, message)
                .label("limited by nothing")
                .related(other.origin.of("project"), format!("`{}` has one", other.component))
                .help("write `project = …` in it, or in `defaults component` for all that have none"),
        );
    }
}

fn seats<'p>(subject: Subject<'p, '_>) -> Vec<Seat<'p>> {
    let argocd = subject.plan.argocd.iter().map(|settings| Seat {
        namespace: &settings.namespace,
        engine: "Argo CD",
        at: settings.span,
        everywhere: false,
    });
    let flux = subject.plan.flux.iter().map(|settings| Seat {
        namespace: &settings.namespace,
        engine: "Flux",
        at: settings.span,
        everywhere: settings.mode == FluxMode::Pull,
    });
    argocd.chain(flux).collect()
}

/// Whether `project` permits the namespace of the engine, where that runs.
fn reaches(subject: Subject, project: &Project, seat: &Seat) -> bool {
    if !covers(&project.namespaces, seat.namespace) {
        return false;
    }
    let is_hub = |server: Option<&str>, name: &str| {
        let server = server.map(|server| server.trim_end_matches('/'));
        seat.everywhere || server == Some(HUB.0) || name == HUB.1
    };
    match &project.clusters {
        ProjectClusters::All => true,
        ProjectClusters::Names(names) => {
            let of = |cluster: &&crate::plan::Cluster| names.binary_search(&cluster.name).is_ok();
            let mut clusters = subject.plan.clusters.iter().filter(of);
            clusters.any(|cluster| is_hub(cluster.server.as_deref(), &cluster.name))
        }
        ProjectClusters::Globs(_) => {
            let items = destinations(project);
            let permits = |server: &str, name: &str| destination_permitted(&items, server, name, seat.namespace);
            let clusters = subject.plan.clusters.iter().map(|cluster| (cluster.server.as_deref(), &*cluster.name));
            let mut hubs = clusters.filter(|(server, name)| is_hub(*server, name));
            permits(HUB.0, HUB.1) || hubs.any(|(server, name)| permits(server.unwrap_or("*"), name))
        }
    }
}

/// Whether these globs permit `namespace`, on a cluster that is permitted.
fn covers(namespaces: &[String], namespace: &str) -> bool {
    let item = |glob: &String| DestinationItem { server: "*".to_owned(), namespace: glob.clone(), name: String::new() };
    let items: Vec<DestinationItem> = namespaces.iter().map(item).collect();
    destination_permitted(&items, HUB.0, "", namespace)
}

/// Whether it permits every namespace and, beside them, objects of whole clusters, on any cluster that is protected. In a
/// fleet that protects none, all count.
fn is_wild(subject: Subject, project: &Project) -> bool {
    let is_namespace = |kind: &GroupKind| kind.group.is_empty() && kind.kind == "Namespace";
    let all = project.namespaces.iter().any(|glob| is_star(glob));
    if !all || project.cluster_resources.iter().all(is_namespace) {
        return false;
    }
    let clusters = &subject.plan.clusters;
    let mut protected = clusters.iter().filter(|cluster| cluster.protected).peekable();
    if protected.peek().is_none() {
        return true;
    }
    match &project.clusters {
        ProjectClusters::All => true,
        ProjectClusters::Names(names) => protected.any(|cluster| names.binary_search(&cluster.name).is_ok()),
        ProjectClusters::Globs(_) => {
            let items = destinations(project);
            protected.any(|cluster| destination_permitted(&items, "*", &cluster.name, "default"))
        }
    }
}

fn is_star(glob: &str) -> bool {
    matches!(glob, "*" | "**")
}

/// F0726.
fn wild(subject: Subject, project: &Project) -> Diagnostic {
    let body = body_of(subject, project);
    let at = body.and_then(|body| item(body, "namespaces", is_star)).unwrap_or(project.span);
    let message = format!("the project `{}` permits every namespace, and objects of whole clusters", project.name);
    let diagnostic = Diagnostic::new(codes::WILDCARD_PROJECT, at, message)
        .label("everything in every namespace")
        .help(narrower(subject, project));
    match body.and_then(|body| body::find(body, "cluster-resources")) {
        Some(attribute) => diagnostic.related(attribute.value.span, "and these objects of clusters"),
        None => diagnostic,
    }
}

/// F0727.
fn reaches_engine(subject: Subject, project: &Project, seat: &Seat) -> Diagnostic {
    let (namespace, engine) = (seat.namespace, seat.engine);
    let one = |glob: &str| !glob.starts_with('!') && covers(&[glob.to_owned()], namespace);
    let at = body_of(subject, project).and_then(|body| item(body, "namespaces", one)).unwrap_or(project.span);
    let message = format!("the project `{}` permits `{namespace}`, the namespace of {engine}", project.name);
    Diagnostic::new(codes::PROJECT_REACHES_ENGINE, at, message)
        .label(format!("permits `{namespace}`"))
        .related(seat.at, format!("{engine} lives in `{namespace}`"))
        .help(narrower(subject, project))
        .note("whoever may write there may change what the engine does, on all clusters")
}

/// Which namespaces would do. What has none, such as a store, needs `""`.
fn narrower(subject: Subject, project: &Project) -> String {
    let own = |name: &Option<String>| name.as_ref() == Some(&project.name);
    let deployments = subject.deployments().filter(|deployment| own(&deployment.project));
    let used: BTreeSet<&str> =
        deployments.map(|deployment| deployment.namespace.as_deref().unwrap_or_default()).collect();
    let written: Vec<String> = used.iter().take(5).map(|name| format!("\"{name}\"")).collect();
    let more = if used.len() > written.len() { ", …" } else { "" };
    match written.as_slice() {
        [] => "name the namespaces that it needs, such as `namespaces = [\"team-*\"]`".to_owned(),
        _ => format!("its components need `namespaces = [{}{more}]`", written.join(", ")),
    }
}

/// Lists that say something else than they seem to.
fn lists(subject: Subject, project: &Project, platform: Option<&str>, diagnostics: &mut Diagnostics) {
    let Some(body) = body_of(subject, project) else { return };
    refusals_only(project, body, diagnostics);
    let deny = body::find(body, "deny-cluster-resources");
    if let Some(deny) =
        deny.filter(|_| !project.deny_cluster_resources.is_empty() && project.cluster_resources.is_empty())
    {
        let message = format!("the project `{}` permits no object of clusters, so there is none to deny", project.name);
        diagnostics.push(
            Diagnostic::new(codes::DENIES_NOTHING, deny.key.span, message)
                .label("changes nothing")
                .help("write `cluster-resources = [\"*/*\"]` beside it if all others are meant, or take it out"),
        );
    }
    let is_team = subject.plan.projects.len() > 1 && platform != Some(project.name.as_str());
    if let Some(at) = item(body, "sources", is_star).filter(|_| is_team) {
        let own = |name: &Option<String>| name.as_ref() == Some(&project.name);
        let deployments = subject.deployments().filter(|deployment| own(&deployment.project));
        let used = listed(deployments.map(|deployment| deployment.source.name.as_str()));
        let help = if used.is_empty() {
            "name the sources that it needs".to_owned()
        } else {
            format!("name those it uses: {used}")
        };
        let message = format!("the project `{}` takes from any repository", project.name);
        diagnostics.push(Diagnostic::new(codes::ANY_SOURCE, at, message).label("also what others own").help(help));
    }
    let any = |glob: &str| is_star(glob) || glob == "/.*/";
    if let Some(at) = item(body, "source-namespaces", any) {
        let message = format!("Applications of any namespace may use the project `{}`", project.name);
        diagnostics.push(
            Diagnostic::new(codes::ANY_SOURCE_NAMESPACE, at, message)
                .label("whoever may make an Application has what it permits")
                .help("name the namespaces of the team, such as `source-namespaces = [\"team-a\"]`"),
        );
    }
}

/// F0728 for lists of nothing but refusals: Argo CD lets everything else through.
fn refusals_only(project: &Project, body: &Block, diagnostics: &mut Diagnostics) {
    for name in ["sources", "namespaces", "clusters"] {
        let Some(attribute) = body::find(body, name) else { continue };
        let texts = items(&attribute.value);
        let all_refuse =
            !texts.is_empty() && texts.iter().all(|(text, _)| text.is_some_and(|text| text.starts_with('!')));
        if let Some((_, first)) = texts.first().filter(|_| all_refuse) {
            let message =
                format!("`{name}` of the project `{}` only refuses, and so permits everything else", project.name);
            diagnostics.push(
                Diagnostic::new(codes::ONLY_REFUSALS, *first, message)
                    .label("anything but this")
                    .help(format!("name what is permitted; `{name} = [\"*\", \"!…\"]` says that all else is meant")),
            );
        }
    }
}

fn body_of<'a>(subject: Subject<'_, 'a>, project: &Project) -> Option<&'a Block> {
    subject.model.names.projects.get(&project.name).map(|declared| &declared.node.body)
}

/// The items of a list: their texts, where they are written out, and places.
fn items(list: &Expr) -> Vec<(Option<&str>, Span)> {
    let ExprKind::List(items) = &list.kind else { return Vec::new() };
    items.iter().map(|item| (literal(item), item.span)).collect()
}

fn literal(item: &Expr) -> Option<&str> {
    match &item.kind {
        ExprKind::Text(text) => text.as_literal(),
        _ => None,
    }
}

/// The place of the first item of the list `name` that `wanted` says yes to.
fn item(body: &Block, name: &str, wanted: impl Fn(&str) -> bool) -> Option<Span> {
    let attribute = body::find(body, name)?;
    let found = items(&attribute.value).into_iter().find(|(text, _)| text.is_some_and(&wanted));
    found.map(|(_, span)| span)
}
