//! The plan over the label space, for engines that find their clusters by labels.
//!
//! In an open fleet what is wrong with a combination is an error. In a closed one there is no cluster with it, so it is
//! merely left out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::engines::of_kind;
use crate::diag::{Code, Diagnostic, Diagnostics, Severity, codes};
use crate::kinds::Object;
use crate::model::field::{Field, FieldType, as_text};
use crate::model::space::{self, Facts};
use crate::model::{Model, Slot, body};
use crate::plan::space::{Coordinate, Dimension, Required, Runtime, RuntimePlace, Space};
use crate::plan::{Deployment, Membership, OnDelete, Plan, ProjectClusters};
use crate::project::Files;
use crate::source::{Sources, Span};
use crate::syntax::Parse;
use crate::syntax::ast::{self, EngineKind};

/// What a diagnostic may say of a cluster that nobody declared because nobody can look it up.
const UNKNOWABLE: [&Code; 4] =
    [codes::PATH_NOT_FOUND, codes::PATH_CASE, codes::PATCH_TARGET_NOT_FOUND, codes::VALUES_FILE_NOT_FOUND];

/// What a space is resolved from.
#[derive(Clone, Copy)]
pub struct Inputs<'i, 'a> {
    /// The trees.
    pub parsed: &'a [Parse],
    /// Their texts.
    pub sources: &'a Sources,
    /// This repository.
    pub files: &'i dyn Files,
    /// Engines that are asked for.
    pub also: &'i [EngineKind],
    /// A cluster's declaration that says nothing.
    pub nothing: &'a ast::Cluster,
}

/// The space of `plan`, when one of its engines finds clusters by labels; reports what cannot be built over it.
pub fn resolve(inputs: Inputs, model: &Model, plan: &mut Plan, diagnostics: &mut Diagnostics) -> Option<Space> {
    let open = model.names.open();
    if open.is_some() {
        report_closed_engines(model, plan, diagnostics);
        report_unselectable(model, diagnostics);
        report_projects(plan, diagnostics);
    }
    if plan.argocd.iter().all(|settings| settings.membership == Membership::Static) || diagnostics.has_errors() {
        return None;
    }
    let facts = if open.is_some() { Facts::Annotations } else { Facts::Unknown };
    let mut found = Diagnostics::default();
    let Inputs { parsed, sources, nothing, .. } = inputs;
    let (wide, combinations) = match space::model(parsed, sources, model, nothing, facts, &mut found) {
        Ok(both) => both,
        Err(sizes) => {
            diagnostics.push(too_many(plan, &sizes));
            return None;
        }
    };
    if open.is_some() {
        // Also what follows from something that nobody knows: a derived label.
        report_unselectable(&wide, diagnostics);
        if diagnostics.has_errors() {
            return None;
        }
    }
    let mut resolved = super::resolve(&wide, inputs.files, inputs.also, &mut found)?;
    // What is not known of a cluster that nobody declared may hide a whole component; of the declared ones all is known.
    // Nor is anything built that no stage of its rollout receives.
    let is_staged = |deployment: &Deployment| deployment.rollout.is_none() || deployment.stage.is_some();
    let of_others = |deployment: &Deployment| combinations.points.contains_key(&deployment.cluster);
    resolved.deployments.retain(|deployment| of_others(deployment) && is_staged(deployment));
    report_numbers(&mut resolved, &combinations.tokens, open.is_some().then_some(&mut *diagnostics));
    resolved.deployments.extend(plan.deployments.iter().cloned());
    resolved.deployments.sort_by(|a, b| (&a.component, &a.cluster).cmp(&(&b.component, &b.cluster)));
    keep_alike(plan, &mut resolved);
    if open.is_some() {
        report(&found, &combinations.tokens, diagnostics);
    }
    let declared = model.clusters.iter().enumerate().filter_map(|(place, cluster)| {
        Some((cluster.name.clone(), space::coordinates_of(&combinations, model, place)?))
    });
    let declared = declared.collect();
    Some(Space {
        plan: resolved,
        dimensions: combinations.dimensions.iter().filter_map(|d| dimension(model, d)).collect(),
        read: combinations.read,
        points: combinations.points,
        declared,
        required: required(model),
        cluster: combinations.tokens.cluster.clone(),
        server: combinations.tokens.server.clone(),
        runtime: runtime(model, &combinations.tokens),
        open: open.is_some(),
    })
}

fn key<'m>(field: &Field<'m>) -> &'m str {
    field.key.unwrap_or(&field.name.text)
}

fn dimension(model: &Model, dimension: &space::Dimension) -> Option<Dimension> {
    let coordinate = |coordinate: &space::Coordinate| match coordinate {
        space::Coordinate::Value(value) => Coordinate::Value(as_text(value).unwrap_or_default()),
        space::Coordinate::Other => Coordinate::Other,
        space::Coordinate::Absent => Coordinate::Absent,
    };
    let key = key(model.fields.get(dimension.field)?).to_owned();
    Some(Dimension { key, coordinates: dimension.coordinates.iter().map(coordinate).collect() })
}

/// The labels that a cluster must have to be one of the fleet's.
fn required(model: &Model) -> Vec<Required> {
    let defaults = model.names.cluster_defaults.map(|node| &node.body);
    let is_set = |name: &str| defaults.is_some_and(|block| body::find(block, name).is_some());
    let labels = model.fields.iter().filter(|field| !field.fact && !field.optional);
    let given = |field: &&Field| field.derived.is_some() || field.default.is_some() || is_set(&field.name.text);
    let required = labels.filter(|field| !given(field)).map(|field| Required {
        key: key(field).to_owned(),
        values: match &field.ty {
            FieldType::Choice(values) => Some(values.clone()),
            FieldType::Bool => Some(vec!["true".to_owned(), "false".to_owned()]),
            _ => None,
        },
    });
    required.collect()
}

fn runtime(model: &Model, tokens: &space::Tokens) -> Vec<Runtime> {
    let one = |(index, token): (&usize, &Value)| {
        let field = model.fields.get(*index)?;
        let slots =
            model.clusters.iter().filter_map(|cluster| Some((cluster.name.clone(), cluster.slots.get(*index)?)));
        let declared: BTreeMap<Arc<str>, Value> = slots
            .filter_map(|(name, slot)| match slot {
                Slot::Value(value) => Some((name, value.clone())),
                _ => None,
            })
            .collect();
        let all = model.clusters.iter().map(|cluster| cluster.name.clone());
        let lacking = all.filter(|name| !declared.contains_key(name)).collect();
        let place = if field.fact { RuntimePlace::Annotation } else { RuntimePlace::Label };
        let default = space::plain_default(model, field);
        Some(Runtime { token: token.clone(), place: place(key(field).to_owned()), default, declared, lacking })
    };
    tokens.fields.iter().filter_map(one).collect()
}

/// F0508 for engines that must know every cluster.
fn report_closed_engines(model: &Model, plan: &Plan, diagnostics: &mut Diagnostics) {
    let fixed = |what: &str, span: Span, help: &str| {
        Diagnostic::new(codes::NOT_EXPRESSIBLE, span, format!("{what} must know every cluster, and this fleet is open"))
            .label("lists the clusters that are declared")
            .help(help)
    };
    let because = |diagnostic: Diagnostic| match model.names.open() {
        Some(open) => diagnostic.related(open, "clusters that are not declared may join"),
        None => diagnostic,
    };
    for settings in plan.argocd.iter().filter(|settings| settings.membership == Membership::Static) {
        let help = "write `membership = labels` in this block";
        diagnostics.push(because(fixed("Argo CD with `membership = static`", settings.span, help)));
    }
    for (_, span) in of_kind(model, EngineKind::Flux) {
        let help =
            "deploy with Argo CD and `membership = labels`, or declare every cluster and leave out `inventory = open`";
        diagnostics.push(because(fixed("Flux", *span, help)));
    }
}

/// F0508 for predicates that no selector of labels can ask.
fn report_unselectable(model: &Model, diagnostics: &mut Diagnostics) {
    for (span, asked) in space::unselectable(model) {
        if model.sources.file(span.source).origin != crate::source::Origin::Project {
            continue;
        }
        diagnostics.push(
            Diagnostic::new(codes::NOT_EXPRESSIBLE, span, format!("in an open fleet nothing can be chosen by {asked}"))
                .label("not known before a cluster registers")
                .help("compare a label, which a cluster registers with")
                .note("Argo CD selects clusters by the labels of their Secrets, by equality and by lists of values"),
        );
    }
}

/// F0508 for projects that permit clusters by a predicate.
fn report_projects(plan: &Plan, diagnostics: &mut Diagnostics) {
    for project in plan.projects.iter().filter(|project| matches!(project.clusters, ProjectClusters::Names(_))) {
        let message = format!("the project `{}` lists its clusters, and this fleet is open", project.name);
        diagnostics.push(
            Diagnostic::new(codes::NOT_EXPRESSIBLE, project.span, message)
                .label("an AppProject permits clusters by name")
                .help("write `clusters = all`"),
        );
    }
    let windows = plan.projects.iter().flat_map(|project| project.windows.iter().map(move |window| (project, window)));
    for (project, window) in windows.filter(|(_, window)| matches!(window.clusters, ProjectClusters::Names(_))) {
        let message = format!("a window of the project `{}` lists its clusters, and this fleet is open", project.name);
        diagnostics.push(
            Diagnostic::new(codes::NOT_EXPRESSIBLE, window.span, message)
                .label("a window is about clusters by name")
                .help("leave out `clusters`, or write globs over names"),
        );
    }
}

/// A rollout is one ApplicationSet, which has one answer to what happens to workloads: that of a protected cluster that may
/// join counts for those that are declared, too.
fn keep_alike(plan: &mut Plan, wide: &mut Plan) {
    let careful = super::careful(&wide.deployments);
    let engines = plan.argocd.clone();
    let is_said = |deployment: &Deployment| {
        let mut serving = engines.iter().filter(|settings| settings.instance.serves(&deployment.cluster));
        deployment.origin.attributes.contains_key("on-delete") || serving.any(|settings| settings.on_delete.is_some())
    };
    for deployment in plan.deployments.iter_mut().chain(&mut wide.deployments) {
        if deployment.rollout.is_some() && careful.contains(&deployment.component) && !is_said(deployment) {
            deployment.on_delete = OnDelete::Keep;
        }
    }
}

/// A template holds no number that is known at run time only: in an open fleet an error, else nothing is built there.
fn report_numbers(wide: &mut Plan, tokens: &space::Tokens, diagnostics: Option<&mut Diagnostics>) {
    let is_token = |number: i64| tokens.are_in(&Value::from(number));
    let unwritable = |deployment: &Deployment| {
        let numbers = deployment.retry.map(|retry| [Some(retry.limit), retry.factor]);
        if numbers.into_iter().flatten().flatten().any(is_token) {
            return Some(("retry", deployment.origin.of("retry")));
        }
        let (field, _) = deployment.raw.application.iter().find(|(_, value)| has_number(value, tokens))?;
        let span = deployment.raw.span(Object::Application, field);
        Some(("argocd", span.unwrap_or(deployment.origin.component)))
    };
    if let (Some((word, span)), Some(diagnostics)) = (wide.deployments.iter().find_map(unwritable), diagnostics) {
        let message = "Argo CD's template cannot hold a number that is known only when a cluster registers";
        diagnostics.push(
            Diagnostic::new(codes::NOT_EXPRESSIBLE, span, message)
                .label(format!("in `{word}`"))
                .help("write the number out, or let it depend on a label with a closed list of values"),
        );
    }
    wide.deployments.retain(|deployment| unwritable(deployment).is_none());
}

/// Whether a number in `value` is known at run time only.
fn has_number(value: &Value, tokens: &space::Tokens) -> bool {
    match value {
        Value::Number(_) => tokens.are_in(value),
        Value::Array(items) => items.iter().any(|item| has_number(item, tokens)),
        Value::Object(map) => map.values().any(|item| has_number(item, tokens)),
        Value::String(_) | Value::Bool(_) | Value::Null => false,
    }
}

/// What was found over the space, but for what was said of the declared clusters already or cannot be known.
fn report(found: &Diagnostics, tokens: &space::Tokens, diagnostics: &mut Diagnostics) {
    let said: BTreeSet<(&str, Span)> = diagnostics.iter().map(|d| (d.code.id, d.primary.span)).collect();
    let errors = found.iter().filter(|d| d.severity == Severity::Error);
    let unsaid: Vec<&Diagnostic> = errors.filter(|d| !said.contains(&(d.code.id, d.primary.span))).collect();
    let (losses, others): (Vec<&Diagnostic>, Vec<&Diagnostic>) =
        unsaid.into_iter().partition(|diagnostic| diagnostic.code == codes::INTERNAL_ERROR);
    let mut new = Vec::new();
    for diagnostic in others {
        if !tokens.are_in_text(&diagnostic.message) {
            new.push(diagnostic.clone());
        } else if !UNKNOWABLE.contains(&diagnostic.code) {
            new.push(not_known(diagnostic.primary.span, "this is not known before a cluster registers".to_owned()));
        }
    }
    if new.is_empty() {
        // A component that is missing somewhere for no reason that is said depends on something that nobody knows.
        let message = "this component depends on something that is not known before a cluster registers";
        new.extend(losses.iter().map(|loss| not_known(loss.primary.span, message.to_owned())));
    }
    for diagnostic in new {
        diagnostics.push(diagnostic);
    }
}

fn not_known(span: Span, message: String) -> Diagnostic {
    Diagnostic::new(codes::NOT_EXPRESSIBLE, span, message)
        .label("must be known when the manifests are written")
        .help("write it out, or let it depend on a label with a closed list of values")
        .note("what a cluster brings is read as text: its name, labels of any value, facts of type `string` and `int`")
}

fn too_many(plan: &Plan, sizes: &[(String, usize)]) -> Diagnostic {
    let at = plan.argocd.iter().find(|settings| settings.membership == Membership::Labels);
    let span = at.map_or_else(|| crate::source::Span::new(crate::source::SourceId::default(), 0, 0), |s| s.span);
    let mut sizes: Vec<&(String, usize)> = sizes.iter().filter(|(_, size)| *size > 1).collect();
    sizes.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    let listed: Vec<String> = sizes.iter().map(|(name, size)| format!("`{name}` {size}")).collect();
    let message = format!("the labels of this fleet make more than {} combinations", space::MAX_POINTS);
    Diagnostic::new(codes::LABEL_SPACE_TOO_LARGE, span, message)
        .label("`membership = labels` looks at each of them")
        .help("let fewer labels decide what runs where, or in a closed fleet write `membership = static`")
        .note(format!("values of each label that the fleet reads: {}", listed.join(", ")))
}
