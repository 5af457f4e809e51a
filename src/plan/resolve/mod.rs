//! From the model to the plan: every component on every cluster, resolved.
//!
//! Takes a [`Model`] and gives a [`Plan`] when nothing is wrong. Asks [`Files`] only for what is in this repository.

mod check;
pub mod credentials;
mod deployment;
mod folders;
mod layers;
mod order;
mod parts;
mod pick;
mod projects;
mod rollouts;
mod settings;
mod sources;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use self::deployment::{Context, Sinks, deployment};
use self::folders::Folders;
use self::pick::{Findings, Spot};
use self::settings::{Engines, FleetSettings};
use super::permission::{Refusal, project_permits};
use super::{Cluster, Deployment, OnDelete, Plan, Source};
use crate::diag::{Diagnostic, Diagnostics, codes};
use crate::model::eval::{At, Evaluator};
use crate::model::field::as_text;
use crate::model::predicate::select;
use crate::model::schema::{self, Type};
use crate::model::scope::{Env, Place, Scope};
use crate::model::set::ClusterSet;
use crate::model::{Model, Slot, body};
use crate::project::Files;
use crate::source::Span;
use crate::syntax::ast::{self, EngineKind, ExprKind};

/// The language's limit on pairs of component and cluster.
const MAX_DEPLOYMENTS: usize = 5_000_000;

/// Resolves the plan of `model` for the engines declared and for those of `also`. Reports what is wrong; the plan is worth
/// something only when nothing is.
pub fn resolve(model: &Model, files: &dyn Files, also: &[EngineKind], diagnostics: &mut Diagnostics) -> Option<Plan> {
    let fleet = settings::fleet(model)?;
    let engines = settings::engines(model, &fleet, also, diagnostics);
    let sources = sources::resolve(model, files, diagnostics);
    let rollouts = rollouts::resolve(model, diagnostics);
    check_names(model, &fleet, diagnostics);
    let home_key = fleet.source.as_ref().map(|(key, _)| key.as_str());
    let projects = projects::resolve(model, &sources, home_key, diagnostics);
    let protected = match &fleet.protected {
        Some(predicate) => select(model, predicate).set,
        None => ClusterSet::empty(model.clusters.len()),
    };
    let mut findings = Findings::default();
    let clusters = clusters(model, &protected, &mut findings.evaluator);
    let context = Context { model, fleet: &fleet, sources: &sources, rollouts: &rollouts, protected: &protected };
    let (mut deployments, complete) = deployments(context, files, &mut findings, diagnostics);
    findings.finish(model, diagnostics);
    order::resolve(model, &rollouts, &mut deployments, complete, diagnostics);
    settle_on_delete(&engines, &mut deployments);
    report_collisions(&deployments, diagnostics);
    report_refusals(model, &projects, &deployments, &clusters, diagnostics);
    let home = home_key.and_then(|key| sources.get(key));
    let home_path = home_path(&fleet, home, files, !deployments.is_empty(), diagnostics);
    let home = home.map(|found| found.source.clone());
    Some(Plan {
        sources: used_sources(&deployments, home.as_ref(), diagnostics),
        fleet: fleet.name,
        label_prefix: fleet.label_prefix,
        home,
        home_path,
        argocd: engines.argocd,
        flux: engines.flux,
        clusters,
        projects,
        rollouts: rollouts.into_iter().map(|resolved| resolved.rollout).collect(),
        deployments,
    })
}

/// The output folder of the fleet, relative to the project root.
pub fn output(model: &Model) -> String {
    settings::fleet(model).map_or_else(|| "gitops".to_string(), |fleet| fleet.output)
}

fn clusters(model: &Model, protected: &ClusterSet, evaluator: &mut Evaluator) -> Vec<Cluster> {
    let mut clusters = Vec::new();
    for (place, cluster) in model.clusters.iter().enumerate() {
        let labels = model.fields.iter().zip(&cluster.slots).filter(|(field, _)| !field.fact);
        let labels = labels.filter_map(|(field, slot)| match slot {
            Slot::Value(value) => as_text(value).map(|text| (field.name.text.clone(), text)),
            Slot::Absent | Slot::Poisoned => None,
        });
        let server = attribute(model, place, "server", evaluator).and_then(|value| as_text(&value));
        let suspend = attribute(model, place, "suspend", evaluator) == Some(Value::Bool(true));
        let Some(kubeconfig) = settings::kubeconfig(model, place, evaluator) else { continue };
        clusters.push(Cluster {
            span: cluster.span,
            name: cluster.name.clone(),
            labels: labels.collect(),
            server,
            kubeconfig,
            protected: protected.contains(place),
            suspend,
        });
    }
    clusters
}

/// An attribute of a cluster, from its body or `defaults cluster`.
fn attribute(model: &Model, place: usize, name: &str, evaluator: &mut Evaluator) -> Option<Value> {
    let cluster = model.clusters.get(place)?;
    let defaults = model.names.cluster_defaults.and_then(|node| body::find(&node.body, name));
    let own = body::find(&cluster.node.body, name);
    let (attribute, variables) = match own {
        Some(attribute) => (attribute, crate::model::cluster::variables(cluster.node)),
        None => (defaults?, Vec::new()),
    };
    let ty = schema::CLUSTER.attribute(name).map_or(Type::Text, |attribute| attribute.ty);
    let scope = Scope { place: Place::Cluster, params: &[], variables: &variables, std: false };
    let env = Env { variables: &cluster.variables, ..Env::on(place) };
    evaluator.attribute(At { model, scope: &scope, env: &env }, &ty, &attribute.value)
}

/// The components that `with` or `without` names, for every declaration: component, place of the word, its clusters.
fn exceptions<'a>(model: &Model<'a>, name: &str) -> Vec<(String, Span, Vec<usize>)> {
    let mut found: BTreeMap<(String, Span), Vec<usize>> = BTreeMap::new();
    for (place, cluster) in model.clusters.iter().enumerate() {
        let defaults = model.names.cluster_defaults.and_then(|node| body::find(&node.body, name));
        let Some(attribute) = body::find(&cluster.node.body, name).or(defaults) else { continue };
        let ExprKind::List(items) = &attribute.value.kind else { continue };
        for item in items {
            let text = match &item.kind {
                ExprKind::Path(path) => path.text(),
                ExprKind::Text(text) => text.as_literal().unwrap_or_default().to_string(),
                _ => continue,
            };
            found.entry((text, item.span)).or_default().push(place);
        }
    }
    found.into_iter().map(|((text, span), clusters)| (text, span, clusters)).collect()
}

/// The clusters of every component.
fn members<'a>(model: &Model<'a>, diagnostics: &mut Diagnostics) -> BTreeMap<String, ClusterSet> {
    let mut members: BTreeMap<String, ClusterSet> = BTreeMap::new();
    for (name, declared) in &model.names.components {
        let predicate = declared.node.on.as_ref().and_then(|on| model.conditions.get(&on.span));
        let set = predicate.map(|predicate| select(model, predicate).set);
        members.insert(name.clone(), set.unwrap_or_else(|| ClusterSet::empty(model.clusters.len())));
    }
    for (word, add) in [("with", true), ("without", false)] {
        for (component, span, clusters) in exceptions(model, word) {
            let Some(set) = members.get_mut(&component) else { continue };
            if clusters.iter().all(|cluster| set.contains(*cluster) == add) {
                diagnostics.push(unchanged(model, word, &component, span, &clusters));
            }
            for cluster in clusters {
                if add { set.insert(cluster) } else { set.remove(cluster) }
            }
        }
    }
    // A misspelt name in `with` may have meant any of them.
    let misspelt = exceptions(model, "with").iter().any(|(name, _, _)| !members.contains_key(name));
    let unreliable = misspelt || model.clusters_poisoned || model.names.has_later;
    for (name, declared) in &model.names.components {
        let nowhere = members.get(name).is_some_and(ClusterSet::is_empty);
        if nowhere && declared.node.on.is_none() && !unreliable {
            diagnostics.push(
                Diagnostic::new(
                    codes::RUNS_NOWHERE,
                    declared.name.span,
                    format!("the component `{name}` runs on no cluster"),
                )
                .label("has no `on`, and no cluster names it in `with`")
                .help(format!("write `component {name} on all {{ … }}`, or `with = [{name}]` in a cluster")),
            );
        }
    }
    members
}

fn unchanged(model: &Model, word: &str, component: &str, span: Span, clusters: &[usize]) -> Diagnostic {
    let on = model.list_clusters(clusters.iter().copied());
    let (message, help) = if word == "with" {
        (format!("`{component}` is selected on {on} anyway"), "leave it out of `with`")
    } else {
        (format!("`{component}` is not selected on {on}"), "leave it out of `without`")
    };
    Diagnostic::new(codes::MEMBERSHIP_UNCHANGED, span, message).label("changes nothing").help(help)
}

/// Every deployment, and whether none was left out because of an error.
fn deployments(
    context: Context,
    files: &dyn Files,
    findings: &mut Findings,
    diagnostics: &mut Diagnostics,
) -> (Vec<Deployment>, bool) {
    let model = context.model;
    let members = members(model, diagnostics);
    let total = members.values().map(ClusterSet::len).fold(0usize, usize::saturating_add);
    if total > MAX_DEPLOYMENTS {
        diagnostics.push(
            Diagnostic::new(
                codes::TOO_MANY_DEPLOYMENTS,
                context.fleet.span,
                format!("the fleet has {total} pairs of component and cluster, and fleetc takes {MAX_DEPLOYMENTS}"),
            )
            .label("too many")
            .help("split the fleet into several projects"),
        );
        return (Vec::new(), false);
    }
    let mut folders = Folders::new(files);
    let mut all = Vec::with_capacity(total);
    for (name, declared) in &model.names.components {
        check_component_name(declared.name, diagnostics);
        let Some(set) = members.get(name) else { continue };
        let layers = layers::gather(model, declared.node, declared.name);
        for cluster in set.iter() {
            let bare = Spot { model, layers: &layers, cluster, params: &[], namespace: None };
            let params = bare.params(findings);
            let spot = Spot { params: &params, ..bare };
            let mut sinks = Sinks { findings, folders: &mut folders, diagnostics };
            if let Ok(mut deployment) = deployment(context, spot, &mut sinks) {
                deployment.suspend |=
                    attribute(model, cluster, "suspend", &mut Evaluator::default()) == Some(Value::Bool(true));
                all.push(deployment);
            }
        }
    }
    let complete = all.len() == total;
    (all, complete)
}

/// Component names begin object names.
fn check_component_name(name: &ast::Name, diagnostics: &mut Diagnostics) {
    if !crate::model::cluster::is_dns_label(&name.text) {
        diagnostics.push(check::invalid_name(name.span, &name.text, "an object", 63));
    }
}

/// Names that become names of objects, or parts of them.
fn check_names(model: &Model, fleet: &FleetSettings, diagnostics: &mut Diagnostics) {
    if !fleet.name.is_empty() && !crate::model::cluster::is_dns_label(&fleet.name) {
        diagnostics.push(check::invalid_name(fleet.span, &fleet.name, "an Application", 63));
    }
    let sources = model.names.sources.values().map(|declared| (declared.name, "a source"));
    let rollouts = model.names.rollouts.values().map(|declared| (declared.name, "a part of an object's name"));
    for (name, what) in sources.chain(rollouts) {
        if !crate::model::cluster::is_dns_label(&name.text) {
            diagnostics.push(check::invalid_name(name.span, &name.text, what, 63));
        }
    }
    for declared in model.names.rollouts.values() {
        for stage in declared.node.body.entries.iter().filter_map(|entry| match entry {
            ast::Entry::Block(block) => block.arguments.first(),
            _ => None,
        }) {
            let text = stage.as_literal().unwrap_or("");
            if !crate::model::cluster::is_dns_label(text) {
                diagnostics.push(check::invalid_name(stage.span, text, "a part of an object's name", 63));
            }
        }
    }
    if !crate::model::cluster::is_dns_subdomain(&fleet.label_prefix) {
        let span = model.names.fleet.and_then(|(node, _)| body::find(&node.body, "label-prefix"));
        let span = span.map_or(fleet.span, |attribute| attribute.value.span);
        diagnostics.push(check::invalid(
            span,
            format!("`{}` is no DNS name", fleet.label_prefix),
            "stands before the `/` of a label's key",
            "write for example `fleetc.dev`",
        ));
    }
}

/// Where nothing is said, workloads stay on protected clusters; a rollout is one ApplicationSet, which has one answer.
fn settle_on_delete(engines: &Engines, deployments: &mut [Deployment]) {
    let careful: BTreeSet<Arc<str>> = deployments
        .iter()
        .filter(|deployment| deployment.rollout.is_some() && deployment.protected)
        .map(|deployment| deployment.component.clone())
        .collect();
    for deployment in deployments {
        if deployment.origin.attributes.contains_key("on-delete") {
            continue;
        }
        deployment.on_delete = match engines.on_delete {
            Some(on_delete) => on_delete,
            None if deployment.protected || careful.contains(&deployment.component) => OnDelete::Keep,
            None => OnDelete::Cascade,
        };
    }
}

fn report_collisions(deployments: &[Deployment], diagnostics: &mut Diagnostics) {
    let mut names: BTreeMap<&str, &Deployment> = BTreeMap::new();
    for deployment in deployments {
        match names.get(deployment.name.as_str()) {
            Some(first) => diagnostics.push(
                Diagnostic::new(
                    codes::NAME_COLLISION,
                    deployment.origin.component,
                    format!(
                        "`{}` on `{}` and `{}` on `{}` would both be named `{}`",
                        deployment.component, deployment.cluster, first.component, first.cluster, deployment.name
                    ),
                )
                .label("named after the component and the cluster")
                .related(first.origin.component, "the other one")
                .help("rename one of the components"),
            ),
            None => {
                names.insert(&deployment.name, deployment);
            }
        }
    }
}

fn report_refusals(
    model: &Model,
    projects: &[super::Project],
    deployments: &[Deployment],
    clusters: &[Cluster],
    diagnostics: &mut Diagnostics,
) {
    let by_name: BTreeMap<&str, &Cluster> = clusters.iter().map(|cluster| (cluster.name.as_ref(), cluster)).collect();
    let mut refused: BTreeMap<(Span, bool, String, String), Vec<usize>> = BTreeMap::new();
    for deployment in deployments {
        let project = projects.iter().find(|project| Some(&project.name) == deployment.project.as_ref());
        let (Some(project), Some(cluster)) = (project, by_name.get(deployment.cluster.as_ref())) else { continue };
        if let Err(refusal) = project_permits(project, deployment, cluster) {
            let (span, is_source, what) = match refusal {
                Refusal::Source { .. } if misses_a_source(model, &project.name) => continue,
                Refusal::Source { url } => (deployment.origin.of("source"), true, url),
                Refusal::Destination { .. } => {
                    (deployment.origin.of("namespace"), false, deployment.namespace.clone().unwrap_or_default())
                }
            };
            let key = (span, is_source, project.name.clone(), what);
            refused.entry(key).or_default().extend(model.find_cluster(&deployment.cluster));
        }
    }
    for ((span, is_source, name, what), on) in refused {
        let Some(project) = projects.iter().find(|project| project.name == name) else { continue };
        let on = model.list_clusters(on.into_iter());
        diagnostics.push(if is_source {
            source_refused(span, project, &what)
        } else {
            destination_refused(span, project, &what, &on)
        });
    }
}

/// Whether one of the project's sources is a name that is not declared, which was reported.
fn misses_a_source(model: &Model, project: &str) -> bool {
    let declared = model.names.projects.get(project);
    let attribute = declared.and_then(|declared| body::find(&declared.node.body, "sources"));
    let Some(ExprKind::List(items)) = attribute.map(|attribute| &attribute.value.kind) else { return false };
    items.iter().any(|item| match &item.kind {
        ExprKind::Path(path) => path.text() != "fleet" && !model.names.sources.contains_key(&path.text()),
        _ => false,
    })
}

fn source_refused(span: Span, project: &super::Project, url: &str) -> Diagnostic {
    let name = &project.name;
    Diagnostic::new(
        codes::SOURCE_NOT_PERMITTED,
        span,
        format!("the project `{name}` does not permit the source `{url}`"),
    )
    .label("comes from there")
    .related(project.span, "the project is declared here")
    .help(format!("add `\"{url}\"` to the `sources` of `{name}`"))
    .note("in `sources`, `*` stays inside one part of a URL and `**` crosses `/`, as Argo CD matches them")
}

fn destination_refused(span: Span, project: &super::Project, namespace: &str, on: &str) -> Diagnostic {
    let name = &project.name;
    let place = if namespace.is_empty() {
        "objects without a namespace".to_string()
    } else {
        format!("the namespace `{namespace}`")
    };
    Diagnostic::new(
        codes::DESTINATION_NOT_PERMITTED,
        span,
        format!("the project `{name}` does not permit {place} on {on}"),
    )
    .label("goes there")
    .related(project.span, "the project is declared here")
    .help(format!("add it to the `namespaces` and `clusters` of `{name}`"))
}

/// Where the output folder is in the fleet's own source.
fn home_path(
    fleet: &FleetSettings,
    home: Option<&sources::Resolved>,
    files: &dyn Files,
    needed: bool,
    diagnostics: &mut Diagnostics,
) -> String {
    if let Some(why) = check::unsafe_path(&fleet.output) {
        diagnostics.push(check::unsafe_path_diagnostic(fleet.span, &fleet.output, why));
    }
    let Some(home) = home else {
        if needed && fleet.source.is_none() {
            diagnostics.push(
                Diagnostic::new(
                    codes::MISSING_ATTRIBUTE,
                    fleet.span,
                    "the fleet does not say where its output is committed",
                )
                .label("the engines read the manifests from there")
                .help("write `source = …` in the `fleet` block, naming the repository of this fleet"),
            );
        }
        return fleet.output.clone();
    };
    let below = home.local.as_deref().and_then(|local| files.path_from(local));
    match below.as_deref() {
        None | Some("" | ".") => fleet.output.clone(),
        Some(prefix) => format!("{}/{}", prefix.trim_end_matches('/'), fleet.output),
    }
}

fn used_sources(
    deployments: &[Deployment],
    home: Option<&Arc<Source>>,
    diagnostics: &mut Diagnostics,
) -> Vec<Arc<Source>> {
    let mut used: BTreeMap<&str, &Arc<Source>> = BTreeMap::new();
    let files = deployments.iter().flat_map(|deployment| match &deployment.content {
        super::Content::Chart(chart) => chart.values_files.iter().map(|file| &file.source).collect(),
        super::Content::Path(_) => Vec::new(),
    });
    for source in deployments.iter().map(|deployment| &deployment.source).chain(files).chain(home) {
        match used.get(source.name.as_str()) {
            Some(first) if first.span != source.span => diagnostics.push(
                Diagnostic::new(codes::NAME_COLLISION, source.span, format!("two sources are named `{}`", source.name))
                    .label("one of them")
                    .related(first.span, "the other one")
                    .help("rename yours; the other belongs to the standard library"),
            ),
            _ => {
                used.insert(&source.name, source);
            }
        }
    }
    used.into_values().cloned().collect()
}
