//! From the model to the plan: every component on every cluster, resolved.
//!
//! Takes a [`Model`] and gives a [`Plan`] when nothing is wrong. Asks [`Files`] only for what is in this repository.

mod alike;
mod check;
mod checkout;
pub mod credentials;
mod cron;
mod deployment;
pub mod engines;
mod folder;
mod folders;
mod guards;
pub(super) mod hub;
mod implied;
pub(super) mod layers;
pub(super) mod members;
mod names;
pub mod objects;
mod order;
mod own;
pub(super) mod parts;
pub(super) mod pick;
mod projects;
mod raw;
mod refusals;
mod registration;
mod roles;
mod rollouts;
mod settings;
mod shape;
mod sources;
pub mod space;
mod substitution;
mod windows;
mod words;

use std::collections::BTreeSet;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _};
use serde_json::Value;

use self::alike::Alike;
use self::deployment::{Context, Sinks, deployment};
use self::engines::Engines;
use self::folders::Folders;
use self::pick::{Findings, Poison, Spot};
use self::settings::FleetSettings;
use super::{Cluster, Deployment, ObjectRef, OnDelete, Plan, Register, Registration};
use crate::diag::{Diagnostic, Diagnostics, codes};
use crate::model::cluster::place_of;
use crate::model::eval::{At, Evaluator};
use crate::model::field::as_text;
use crate::model::predicate::{select, unknown};
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
    let engines = engines::read(model, &fleet, also, diagnostics);
    let sources = sources::resolve(model, files, diagnostics);
    let rollouts = rollouts::resolve(model, diagnostics);
    names::check_all(model, &fleet, diagnostics);
    let home_key = fleet.source.as_ref().map(|(key, _)| key.as_str());
    let projects = projects::resolve(model, &sources, home_key, diagnostics);
    let nowhere = || ClusterSet::empty(model.clusters.len());
    let protected = fleet.protected.as_ref().map_or_else(nowhere, |predicate| select(model, predicate).set);
    // Nothing is built where it is not known whether a cluster is protected.
    let unsure = fleet.protected.as_ref().map_or_else(nowhere, |predicate| unknown(model, predicate));
    let mut findings = Findings::default();
    let (clusters, suspended) = clusters(model, &protected, &mut findings.evaluator, diagnostics);
    if engines.argocd.iter().any(|argocd| argocd.register != Register::None) {
        registration::check_keys(model, diagnostics);
    }
    let context = Context { model, fleet: &fleet, sources: &sources, rollouts: &rollouts, protected: &protected };
    let Resolved { mut deployments, hub, doubtful } =
        deployments(context, (&suspended, &unsure), files, &mut findings, diagnostics);
    findings.finish(model, diagnostics);
    order::resolve(model, &rollouts, &engines, &mut deployments, &doubtful, diagnostics);
    settle_on_delete(&engines, &mut deployments);
    if also.is_empty() {
        engines.check(model, &deployments, diagnostics);
    }
    names::report_collisions(&deployments, diagnostics);
    folder::report_different_namespaces(&deployments, diagnostics);
    hub::report_same_objects(&deployments, diagnostics);
    let hub_objects = hub::objects(hub, diagnostics);
    refusals::report(model, &projects, &deployments, &clusters, diagnostics);
    registration::check_admission(model, &clusters, &deployments, diagnostics);
    report_losses(model, &doubtful, diagnostics);
    let home = home_key.and_then(|key| sources.get(key));
    let home_path =
        home_path(model, &fleet, home, files, !deployments.is_empty() || !hub_objects.is_empty(), diagnostics);
    let home = home.map(|found| found.source.clone());
    let guards = guards::read(model, &fleet, &deployments, diagnostics);
    Some(Plan {
        guards,
        sources: names::used_sources(&deployments, home.as_ref(), diagnostics),
        fleet: fleet.name,
        label_prefix: fleet.label_prefix,
        home,
        home_path,
        argocd: engines.argocd,
        flux: engines.flux,
        clusters,
        projects: projects.all,
        rollouts: rollouts.into_iter().map(|resolved| resolved.rollout).collect(),
        deployments,
        hub_objects,
        space: None,
    })
}

/// The output folder of the fleet, relative to the project root.
pub fn output(model: &Model) -> String {
    settings::fleet(model).map_or_else(|| "gitops".to_string(), |fleet| fleet.output)
}

/// The clusters, and those of them whose deployments are suspended.
fn clusters(
    model: &Model,
    protected: &ClusterSet,
    evaluator: &mut Evaluator,
    diagnostics: &mut Diagnostics,
) -> (Vec<Cluster>, ClusterSet) {
    let mut reader = registration::Reader::new(model, diagnostics);
    let mut clusters = Vec::new();
    let mut suspended = ClusterSet::empty(model.clusters.len());
    for (place, cluster) in model.clusters.iter().enumerate() {
        let labels = model.fields.iter().zip(&cluster.slots).filter(|(field, _)| !field.fact);
        let labels = labels.filter_map(|(field, slot)| match slot {
            Slot::Value(value) => as_text(value).map(|text| (field.name.text.clone(), text)),
            Slot::Absent | Slot::Poisoned | Slot::Token { .. } => None,
        });
        // Nobody registers a cluster that stands for others.
        let many = cluster.assigned.is_some();
        let said = |evaluator: &mut Evaluator| attribute(model, place, "server", evaluator);
        let server = if many { None } else { said(evaluator).and_then(|value| as_text(&value)) };
        let mut registration = if many { Registration::default() } else { reader.read(place, evaluator) };
        if !many {
            engines::fill_store(model, place, &mut registration, evaluator);
        }
        let suspend = attribute(model, place, "suspend", evaluator) == Some(Value::Bool(true));
        if suspend {
            suspended.insert(place);
        }
        let Some(kubeconfig) = engines::kubeconfig(model, place, evaluator) else { continue };
        clusters.push(Cluster {
            span: cluster.span,
            name: cluster.name.clone(),
            labels: labels.collect(),
            server,
            kubeconfig,
            registration,
            protected: protected.contains(place),
            suspend,
            many,
        });
    }
    (clusters, suspended)
}

/// An attribute of a cluster, from its body or `defaults cluster`.
fn attribute(model: &Model, place: usize, name: &str, evaluator: &mut Evaluator) -> Option<Value> {
    let cluster = model.clusters.get(place)?;
    let (own, defaults) = (body::find(&cluster.node.body, name), default_of(model, name));
    let (attribute, variables) = match own {
        Some(attribute) => (attribute, crate::model::cluster::variables(cluster.node)),
        None => (defaults?, Vec::new()),
    };
    let ty = schema::CLUSTER.attribute(name).map_or(Type::Text, |attribute| attribute.ty);
    let scope = Scope { place: place_of(name), params: &[], variables: &variables, std: false };
    let env = Env { variables: &cluster.variables, ..Env::on(place) };
    evaluator.attribute(At { model, scope: &scope, env: &env }, &ty, &attribute.value)
}

/// Where an attribute of a cluster is said, in its body or in `defaults cluster`.
fn said_at(model: &Model, place: usize, name: &str) -> Option<Span> {
    let own = body::find(&model.clusters.get(place)?.node.body, name);
    own.or_else(|| default_of(model, name)).map(|attribute| attribute.value.span)
}

/// Where the key and the value of an entry of such an attribute stand.
fn entry_at(model: &Model, place: usize, name: &str, key: &str) -> Option<(Span, Span)> {
    let own = body::find(&model.clusters.get(place)?.node.body, name);
    let entries = match &own.or_else(|| default_of(model, name))?.value.kind {
        ExprKind::Map(entries) | ExprKind::Tagged(_, entries) => entries,
        _ => return None,
    };
    let entry = entries.iter().find(|entry| entry.key.text == key)?;
    Some((entry.key.span, entry.value.span))
}

fn default_of<'a>(model: &Model<'a>, name: &str) -> Option<&'a ast::Attribute> {
    model.names.cluster_defaults.and_then(|node| body::find(&node.body, name))
}

/// The deployments that could be resolved.
#[derive(Default)]
struct Resolved {
    deployments: Vec<Deployment>,
    /// The objects for the hub, as if they were on the cluster that they are for.
    hub: Vec<Deployment>,
    /// The components of which some may be missing, because of something that was reported.
    doubtful: BTreeSet<String>,
}

fn deployments(
    context: Context,
    (suspended, unsure): (&ClusterSet, &ClusterSet),
    files: &dyn Files,
    findings: &mut Findings,
    diagnostics: &mut Diagnostics,
) -> Resolved {
    let model = context.model;
    let members = members::resolve(model, &mut findings.evaluator, diagnostics);
    let total = members.sets.values().map(ClusterSet::len).fold(0usize, usize::saturating_add);
    if total > MAX_DEPLOYMENTS {
        diagnostics.push(too_many(context.fleet.span, total));
        return Resolved { doubtful: members.sets.into_keys().collect(), ..Resolved::default() };
    }
    let mut folders = Folders::new(files, model.sources);
    let mut of_clusters = Vec::new();
    let mut resolved = Resolved { deployments: Vec::with_capacity(total), hub: Vec::new(), doubtful: members.doubtful };
    for (name, declared) in &model.names.components {
        names::check_component(declared.name, diagnostics);
        let Some(set) = members.sets.get(name) else { continue };
        let layers = layers::gather(model, declared.node, declared.name);
        hub::check(&layers, diagnostics);
        let looked_at = model.looked_at.get(name);
        let on_hub = hub::is_on_hub(declared.node);
        let is_any = |cluster: usize| model.clusters.get(cluster).is_some_and(|cluster| cluster.assigned.is_some());
        // An object on the hub is for clusters that are declared: it is a file.
        let looked_at =
            |cluster: &usize| looked_at.is_none_or(|set| set.contains(*cluster)) && !(on_hub && is_any(*cluster));
        let mut alike = Alike::new(model, &layers);
        let mut own = Vec::new();
        for cluster in set.iter().filter(|cluster| looked_at(cluster) && !unsure.contains(*cluster)) {
            let class = alike.class(cluster);
            let known = alike.deployment(context, class.as_ref(), cluster).map(|(deployment, is_own)| {
                own.extend(is_own.map(|is_own| (resolved.deployments.len(), is_own)));
                deployment
            });
            let found = known.ok_or(Poison).or_else(|_| {
                let mut sinks = Sinks { findings, folders: &mut folders, diagnostics };
                let reported = sinks.diagnostics.len();
                let bare =
                    Spot { model, layers: &layers, cluster, params: &[], place: Place::Parameter, namespace: None };
                let params = bare.params(sinks.findings);
                let found = deployment(context, Spot { params: &params, ..bare }, &mut sinks);
                // What is reported may name every cluster that it is about.
                if let Ok(deployment) = &found
                    && sinks.findings.is_empty()
                    && sinks.diagnostics.len() == reported
                {
                    alike.learn(context, class, deployment);
                }
                found
            });
            if let Ok(mut deployment) = found {
                deployment.suspend |= suspended.contains(cluster);
                let place = if on_hub { &mut resolved.hub } else { &mut resolved.deployments };
                place.push(deployment);
            } else if !resolved.doubtful.contains(name) {
                resolved.doubtful.insert(name.clone());
            }
        }
        if !own.is_empty() {
            let varying = alike.into_varying();
            of_clusters.push(own::OfComponent { layers, varying, own });
        }
    }
    let mut sinks = Sinks { findings, folders: &mut folders, diagnostics };
    resolved.doubtful.extend(own::fill(model, &of_clusters, &mut resolved.deployments, &mut sinks));
    resolved
}

fn too_many(span: Span, total: usize) -> Diagnostic {
    let message = format!("the fleet has {total} pairs of component and cluster, and fleetc takes {MAX_DEPLOYMENTS}");
    Diagnostic::new(codes::TOO_MANY_DEPLOYMENTS, span, message)
        .label("too many")
        .help("split the fleet into several projects")
}

/// F0901 where a deployment was left out and nothing said why: a plan must never lack something in silence.
fn report_losses(model: &Model, doubtful: &BTreeSet<String>, diagnostics: &mut Diagnostics) {
    // Over the label space an error may turn out to be none, and must not hide what is lost.
    let over_space = !model.looked_at.is_empty();
    if doubtful.is_empty() || (diagnostics.has_errors() && !over_space) {
        return;
    }
    for declared in doubtful.iter().filter_map(|name| model.names.components.get(name)) {
        let name = &declared.name.text;
        let what = declared.node.form.word();
        let message = format!("the {what} `{name}` cannot be resolved, and fleetc does not know why");
        diagnostics.push(
            Diagnostic::new(codes::INTERNAL_ERROR, declared.name.span, message)
                .label("left out on some cluster")
                .help("report it with this file; it is a bug in fleetc"),
        );
    }
}

/// The components of whose rollout a protected cluster is part.
fn careful(deployments: &[Deployment]) -> BTreeSet<Arc<str>> {
    let protected = deployments.iter().filter(|deployment| deployment.rollout.is_some() && deployment.protected);
    protected.map(|deployment| deployment.component.clone()).collect()
}

/// Where nothing is said, workloads stay on protected clusters; a rollout is one ApplicationSet, which has one answer.
fn settle_on_delete(engines: &Engines, deployments: &mut [Deployment]) {
    let careful = careful(deployments);
    let mut of_engines: HashMap<Arc<str>, Option<OnDelete>> = HashMap::new();
    for deployment in deployments {
        if deployment.origin.attributes.contains_key("on-delete") {
            continue;
        }
        if deployment.objects().iter().map(ObjectRef::of).any(|object| object.takes_others_along()) {
            deployment.on_delete = OnDelete::Keep;
            continue;
        }
        let said = of_engines.entry(deployment.cluster.clone());
        deployment.on_delete = match *said.or_insert_with(|| engines.on_delete(&deployment.cluster)) {
            Some(on_delete) => on_delete,
            None if deployment.protected || careful.contains(&deployment.component) => OnDelete::Keep,
            None => OnDelete::Cascade,
        };
    }
}

/// Where the output folder is in the fleet's own source.
fn home_path(
    model: &Model,
    fleet: &FleetSettings,
    home: Option<&sources::Resolved>,
    files: &dyn Files,
    needed: bool,
    diagnostics: &mut Diagnostics,
) -> String {
    if let Some(why) = check::unsafe_path(&fleet.output) {
        let said = model.names.fleet.and_then(|(node, _)| body::find(&node.body, "output"));
        let span = said.map_or(fleet.span, |attribute| attribute.value.span);
        diagnostics.push(
            Diagnostic::new(codes::UNSAFE_PATH, span, format!("the path `{}` {why}", fleet.output))
                .label("must stay inside the project")
                .help("write a path from the root of the project, with `/` between its parts"),
        );
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
