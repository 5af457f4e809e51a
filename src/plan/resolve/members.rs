//! Which component runs on which clusters: `on`, `with` and `without`.

use std::collections::{BTreeMap, BTreeSet};

use super::layers;
use super::pick::{Findings, Spot};
use crate::diag::{Diagnostic, Diagnostics, codes};
use crate::model::declarations::allows_empty;
use crate::model::eval::{At, Evaluator};
use crate::model::names::Declared;
use crate::model::predicate::select;
use crate::model::scope::{Env, Place, Scope};
use crate::model::set::ClusterSet;
use crate::model::{Model, body, cluster};
use crate::source::Span;
use crate::syntax::ast::{self, Attribute, Expr, ExprKind};

/// The clusters of every component.
#[derive(Debug, Default)]
pub struct Members {
    /// By component.
    pub sets: BTreeMap<String, ClusterSet>,
    /// The components whose clusters are not known, because of something that was reported.
    pub doubtful: BTreeSet<String>,
}

/// An exception that a cluster's declaration makes: the component, the place of its name, the clusters.
struct Exception {
    component: String,
    span: Span,
    clusters: Vec<usize>,
}

/// The clusters of every component.
pub fn resolve(model: &Model, evaluator: &mut Evaluator, diagnostics: &mut Diagnostics) -> Members {
    let mut members = selected(model);
    let mut taken: BTreeMap<String, Span> = BTreeMap::new();
    let mut stores = Stores::default();
    stores.follow(model, &mut members);
    for (word, add) in [("with", true), ("without", false)] {
        let Some(exceptions) = exceptions(model, word, evaluator) else {
            members.doubtful.extend(model.names.components.keys().cloned());
            continue;
        };
        for exception in exceptions {
            members.apply(model, word, add, &exception, diagnostics);
            if !add {
                taken.entry(exception.component).or_insert(exception.span);
            }
        }
        // A secret that a cluster adds brings its store along.
        stores.follow(model, &mut members);
    }
    for (name, declared) in &model.names.components {
        let nowhere = members.sets.get(name).is_some_and(ClusterSet::is_empty) && !members.doubtful.contains(name);
        if !nowhere || model.clusters_poisoned {
            continue;
        }
        match (&declared.node.on, taken.get(name)) {
            (None, _) => diagnostics.push(nowhere_at_all(name, declared)),
            (Some(on), Some(at))
                if !is_none(on) && !allows_empty(&declared.node.body) && model.lists_all_clusters() =>
            {
                diagnostics.push(
                    runs_nowhere(name, declared)
                        .label("every cluster that `on` selects takes it away")
                        .related(*at, "taken away here")
                        .help("take it out of a `without`, or write `on none` if that is meant"),
                );
            }
            _ => {}
        }
    }
    members
}

/// F0414 for what is declared as `name`.
fn runs_nowhere(name: &str, declared: &Declared<ast::Component>) -> Diagnostic {
    let form = &declared.node.form;
    let (word, verb) = (form.word(), if *form == ast::Form::Component { "runs" } else { "is" });
    Diagnostic::new(codes::RUNS_NOWHERE, declared.name.span, format!("the {word} `{name}` {verb} on no cluster"))
}

/// Whether a predicate is the word `none`.
fn is_none(on: &Expr) -> bool {
    matches!(&on.kind, ExprKind::Path(path) if path.text() == "none")
}

fn nowhere_at_all(name: &str, declared: &Declared<ast::Component>) -> Diagnostic {
    let diagnostic = runs_nowhere(name, declared);
    match &declared.node.form {
        ast::Form::Store => diagnostic.label("no secret reads it").help("write `on all`, or take it out"),
        ast::Form::Object(kind) => {
            let kind = kind.as_ref().map(|kind| kind.text.as_str()).unwrap_or_default();
            let diagnostic = diagnostic.label("has no `on`, and no cluster names it in `with`");
            diagnostic.help(format!("write `object \"{kind}\" {name} on all {{ … }}`"))
        }
        _ => diagnostic.label("has no `on`, and no cluster names it in `with`").help(format!(
            "write `{} {name} on all {{ … }}`, or `with = [{name}]` in a cluster",
            declared.node.form.word()
        )),
    }
}

/// The stores without `on`: each is where a secret reads it.
#[derive(Default)]
struct Stores {
    /// The secrets whose clusters were looked at, with those clusters.
    seen: BTreeMap<String, ClusterSet>,
}

impl Stores {
    /// Adds the clusters of secrets that were not there before.
    fn follow(&mut self, model: &Model, members: &mut Members) {
        for (name, declared) in &model.names.components {
            let Some(set) = members.sets.get(name).filter(|_| declared.node.form == ast::Form::Secret) else {
                continue;
            };
            let mut fresh = set.clone();
            if let Some(seen) = self.seen.insert(name.clone(), set.clone()) {
                fresh.subtract(&seen);
            }
            let mut doubtful = members.doubtful.contains(name);
            let layers = layers::gather(model, declared.node, declared.name);
            let mut read = Vec::new();
            for cluster in fresh.iter() {
                let place = Place::Body;
                let spot = Spot { model, layers: &layers, cluster, params: &[], place, namespace: None };
                // What is wrong with it is found when the secret is resolved; until then any store may be meant.
                let store = spot.attribute("store", &mut Findings::default()).ok().flatten();
                let store = store.and_then(|(store, _)| store.as_str().map(str::to_owned));
                doubtful |= store.as_ref().is_none_or(|store| !model.names.components.contains_key(store));
                read.extend(store.map(|store| (store, cluster)));
            }
            if doubtful {
                let stores = model.names.components.iter().filter(|(_, declared)| follows(declared));
                members.doubtful.extend(stores.map(|(store, _)| store.clone()));
            }
            for (store, cluster) in read {
                if model.names.components.get(&store).is_some_and(follows) {
                    members.sets.entry(store).or_insert_with(|| set_of(model)).insert(cluster);
                }
            }
        }
    }
}

/// Whether it is a store that is wherever a secret reads it.
fn follows(declared: &Declared<ast::Component>) -> bool {
    declared.node.form == ast::Form::Store && declared.node.on.is_none()
}

fn set_of(model: &Model) -> ClusterSet {
    ClusterSet::empty(model.clusters.len())
}

/// What `on` selects.
fn selected(model: &Model) -> Members {
    let mut members = Members::default();
    for (name, declared) in &model.names.components {
        let mut set = ClusterSet::empty(model.clusters.len());
        if let Some(on) = &declared.node.on {
            match model.conditions.get(&on.span).map(|predicate| select(model, predicate)) {
                // That it selects nothing was reported, unless it is meant.
                Some(selection) if !selection.poisoned => {
                    set = selection.set;
                    if set.is_empty()
                        && !is_none(on)
                        && !allows_empty(&declared.node.body)
                        && model.lists_all_clusters()
                    {
                        members.doubtful.insert(name.clone());
                    }
                }
                Some(selection) => {
                    set = selection.set;
                    members.doubtful.insert(name.clone());
                }
                None => _ = members.doubtful.insert(name.clone()),
            }
        } else if super::hub::is_on_hub(declared.node) {
            set = ClusterSet::full(model.clusters.len());
        }
        members.sets.insert(name.clone(), set);
    }
    members
}

impl Members {
    fn apply(&mut self, model: &Model, word: &str, add: bool, exception: &Exception, diagnostics: &mut Diagnostics) {
        let Exception { component, span, clusters } = exception;
        let Some(set) = self.sets.get_mut(component) else {
            if model.names.templates.contains_key(component) {
                diagnostics.push(template(component, *span));
            }
            return;
        };
        let unchanged = clusters.iter().all(|cluster| set.contains(*cluster) == add);
        if unchanged && !self.doubtful.contains(component) {
            diagnostics.push(changes_nothing(model, word, exception));
        }
        for cluster in clusters {
            if add { set.insert(*cluster) } else { set.remove(*cluster) }
        }
    }
}

/// The exceptions that `with` or `without` makes; none when they are not known.
fn exceptions(model: &Model, word: &str, evaluator: &mut Evaluator) -> Option<Vec<Exception>> {
    let mut found: BTreeMap<(Span, String), Vec<usize>> = BTreeMap::new();
    for place in 0..model.clusters.len() {
        for (name, span) in exceptions_of(model, place, word, evaluator)? {
            found.entry((span, name)).or_default().push(place);
        }
    }
    let exception = |((span, component), clusters)| Exception { component, span, clusters };
    Some(found.into_iter().map(exception).collect())
}

/// The components that `with` or `without` names for the cluster at `place`, with their places; none when not known.
pub fn exceptions_of(
    model: &Model,
    place: usize,
    word: &str,
    evaluator: &mut Evaluator,
) -> Option<Vec<(String, Span)>> {
    let cluster = model.clusters.get(place)?;
    let defaults = model.names.cluster_defaults.and_then(|node| body::find(&node.body, word));
    let own = body::find(&cluster.node.body, word);
    let Some(attribute) = own.or(defaults) else { return Some(Vec::new()) };
    let variables = if own.is_some() { cluster::variables(cluster.node) } else { Vec::new() };
    let scope = Scope { place: Place::Cluster, params: &[], variables: &variables, std: false };
    let env = Env { variables: &cluster.variables, ..Env::on(place) };
    named(At { model, scope: &scope, env: &env }, attribute, evaluator)
}

/// The components that `attribute` names on a cluster, with their places.
fn named(at: At, attribute: &Attribute, evaluator: &mut Evaluator) -> Option<Vec<(String, Span)>> {
    let ExprKind::List(items) = &evaluator.leaf(at, &attribute.value)?.kind else { return None };
    let mut name = |item: &Expr| {
        let leaf = evaluator.leaf(at, item)?;
        let name = match &leaf.kind {
            ExprKind::Path(path) => path.text(),
            ExprKind::Text(text) => text.as_literal()?.to_string(),
            _ => return None,
        };
        Some((name, leaf.span))
    };
    items.iter().map(&mut name).collect()
}

fn template(name: &str, span: Span) -> Diagnostic {
    Diagnostic::new(codes::UNKNOWN_COMPONENT, span, format!("`{name}` is a template and runs nowhere by itself"))
        .label("not a component")
        .help(format!("declare a component: `component NAME from {name} {{ … }}`"))
}

fn changes_nothing(model: &Model, word: &str, exception: &Exception) -> Diagnostic {
    let on = model.list_clusters(exception.clusters.iter().copied());
    let component = &exception.component;
    let (message, help) = if word == "with" {
        (format!("`{component}` is selected on {on} anyway"), "leave it out of `with`")
    } else {
        (format!("`{component}` is not selected on {on}"), "leave it out of `without`")
    };
    Diagnostic::new(codes::MEMBERSHIP_UNCHANGED, exception.span, message).label("changes nothing").help(help)
}
