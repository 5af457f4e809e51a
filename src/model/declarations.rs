//! Checks every declaration's body against the table of attributes, before any cluster is looked at.

use std::collections::BTreeMap;

use super::Model;
use super::deciding::nearest_clusters;
use super::field::{FieldType, written_type};
use super::predicate::select;
use super::schema;
use super::scope::{Param, Place, Scope};
use super::value::Checker;
use super::{body, changes};
use crate::diag::{Diagnostic, Diagnostics, codes};
use crate::source::Span;
use crate::syntax::ast::{self, EngineKind, Entry, Expr, ExprKind};

/// The parameters of every template.
pub type Params = BTreeMap<String, Vec<Param>>;

/// Checks all bodies and gives the templates' parameters.
pub fn check(model: &mut Model, diagnostics: &mut Diagnostics) -> Params {
    let mut conditions = std::mem::take(&mut model.conditions);
    let params = template_params(model, diagnostics);
    let mut checker = Checker { model, conditions: &mut conditions, diagnostics };
    check_fixed(&mut checker);
    let always_allowed = model.names.component_defaults.is_some_and(|node| allows_empty(&node.body));
    for (name, declared) in &model.names.templates {
        let own = params.get(name).map(Vec::as_slice).unwrap_or_default();
        check_params(&mut checker, &declared.node.body, own, declared.std);
        let scope = Scope { place: Place::Body, params: own, variables: &[], std: declared.std };
        body::check(&mut checker, &declared.node.body, &schema::COMPONENT, &scope, "a template");
    }
    if let Some(node) = model.names.component_defaults {
        body::check(&mut checker, &node.body, &schema::COMPONENT, &Scope::of(Place::Body), "`defaults component`");
    }
    for declared in model.names.components.values() {
        check_component(&mut checker, declared.node, &params, always_allowed);
    }
    // Tests look at declared clusters only: over the label space there is nothing to check of them.
    for declared in model.names.tests.values().filter(|_| model.tokens.cluster.is_empty()) {
        super::expectations::check(&mut checker, declared.node);
    }
    model.conditions = conditions;
    params
}

/// What does not depend on clusters: the fleet, engines, sources, projects and rollouts.
fn check_fixed(checker: &mut Checker) {
    let names = &checker.model.names;
    let fixed = Scope::of(Place::Fixed);
    if let Some((node, _)) = names.fleet {
        body::check(checker, &node.body, &schema::FLEET, &fixed, "`fleet`");
        if let Some(protected) = body::find(&node.body, "protected") {
            selects_something(checker, &protected.value);
        }
    }
    for (node, _) in &names.engines {
        let (table, owner) = match node.engine {
            EngineKind::ArgoCd => (&schema::ARGOCD, "`argocd`"),
            EngineKind::Flux => (&schema::FLUX, "`flux`"),
        };
        body::check(checker, &node.body, table, &Scope::of(Place::Engine), owner);
        if let Some(on) = &node.on {
            checker.condition(on, &fixed);
            selects_something(checker, on);
        }
    }
    for declared in names.sources.values() {
        body::check(checker, &declared.node.body, &schema::SOURCE, &fixed, "a source");
    }
    for declared in names.projects.values() {
        body::check(checker, &declared.node.body, &schema::PROJECT, &fixed, "a project");
        super::project::check(checker, &declared.node.body);
        if let Some(clusters) = body::find(&declared.node.body, "clusters")
            && !matches!(clusters.value.kind, ExprKind::List(_))
        {
            selects_something(checker, &clusters.value);
        }
    }
    for declared in names.rollouts.values() {
        check_rollout(checker, declared.node);
    }
    changes::check(checker);
    for node in &names.inventories {
        super::inventory::check(checker, node);
    }
}

/// F0309 where the checked predicate `expr` holds on no cluster, unless it is `none`.
pub fn selects_something(checker: &mut Checker, expr: &Expr) {
    let Some(predicate) = checker.conditions.get(&expr.span) else { return };
    let selection = select(checker.model, predicate);
    let deliberate = matches!(&expr.kind, ExprKind::Path(path) if path.text() == "none");
    let sure = checker.model.lists_all_clusters();
    if selection.set.is_empty() && !selection.poisoned && !deliberate && sure {
        checker.diagnostics.push(selects_nothing(checker, expr));
    }
}

/// F0309 at `expr`, with the clusters that come nearest.
fn selects_nothing(checker: &Checker, expr: &Expr) -> Diagnostic {
    let model = checker.model;
    let count = model.clusters.len();
    let clusters = if count == 1 { "the one cluster".to_string() } else { format!("any of the {count} clusters") };
    let diagnostic = Diagnostic::new(codes::SELECTS_NOTHING, expr.span, "no cluster satisfies this predicate")
        .label(format!("does not hold on {clusters}"))
        .help("write `none` if that is meant, or say `allow-empty = true` where the block has it");
    let predicate = checker.conditions.get(&expr.span);
    match predicate.and_then(|predicate| nearest_clusters(model, expr, predicate)) {
        Some(note) => diagnostic.note(note),
        None => diagnostic,
    }
}

fn template_params(model: &Model, diagnostics: &mut Diagnostics) -> Params {
    let mut all = Params::new();
    for (name, declared) in &model.names.templates {
        let mut params: Vec<Param> = Vec::new();
        for entry in &declared.node.body.entries {
            let Entry::Param(node) = entry else { continue };
            let Some(param) = &node.field.name else { continue };
            if let Some(first) = params.iter().find(|other| other.name == param.text) {
                diagnostics.push(super::names::duplicate("parameter", param, first.span));
                continue;
            }
            let taken = schema::COMPONENT.attribute(&param.text).is_some()
                || matches!(param.text.as_str(), "cluster" | "component" | "namespace" | "name");
            if taken {
                diagnostics.push(
                    Diagnostic::new(
                        codes::RESERVED_NAME,
                        param.span,
                        format!("the name `{}` is taken by the language", param.text),
                    )
                    .label("already an attribute of a component")
                    .help("choose another name for the parameter"),
                );
                continue;
            }
            let ty = match &node.field.ty {
                Some(ty) => written_type(ty, true, diagnostics),
                None => FieldType::Error,
            };
            params.push(Param { name: param.text.clone(), ty, span: param.span });
        }
        all.insert(name.clone(), params);
    }
    all
}

fn check_params(checker: &mut Checker, body: &ast::Block, own: &[Param], std: bool) {
    for entry in &body.entries {
        let Entry::Param(node) = entry else { continue };
        let (Some(name), Some(value)) = (&node.field.name, &node.field.value) else { continue };
        if let Some(param) = own.iter().find(|param| param.span == name.span) {
            let scope = Scope { place: Place::Parameter, params: &[], variables: &[], std };
            let declared = (param.span, "the parameter is declared here".to_string());
            checker.field(&param.ty, value, &scope, &format!("the parameter `{}`", param.name), declared, true);
        }
    }
}

/// The parameters of all templates behind `from`; the first of equal names counts.
pub fn params_of(node: &ast::Component, params: &Params) -> Vec<Param> {
    let mut union: Vec<Param> = Vec::new();
    for path in &node.from {
        for param in params.get(&path.text()).into_iter().flatten() {
            if !union.iter().any(|other| other.name == param.name) {
                union.push(param.clone());
            }
        }
    }
    union
}

/// Whether `body` says that its predicate may select nothing.
pub fn allows_empty(body: &ast::Block) -> bool {
    body::find(body, "allow-empty").is_some_and(|attribute| matches!(attribute.value.kind, ExprKind::Bool(true)))
}

/// Templates that do not exist, that come twice, or whose parameters cannot be the same.
fn check_templates(checker: &mut Checker, node: &ast::Component, params: &Params) {
    let mut declared: BTreeMap<&str, &Param> = BTreeMap::new();
    for (index, path) in node.from.iter().enumerate() {
        let name = path.text();
        if let Some(first) = node.from.iter().take(index).find(|other| other.text() == name) {
            checker.diagnostics.push(
                Diagnostic::new(codes::DUPLICATE_ENTRY, path.span, format!("the template `{name}` is named twice"))
                    .label("named again here")
                    .related(first.span, "first named here")
                    .help("keep one of them"),
            );
            continue;
        }
        if let Some(diagnostic) = checker.model.unknown_template(&name, path.span) {
            checker.diagnostics.push(diagnostic);
        }
        for param in params.get(&name).into_iter().flatten() {
            match declared.get(param.name.as_str()) {
                Some(first) if first.ty != param.ty && first.ty != FieldType::Error && param.ty != FieldType::Error => {
                    checker.diagnostics.push(different_params(path.span, first, param));
                }
                Some(_) => {}
                None => _ = declared.insert(&param.name, param),
            }
        }
    }
}

fn different_params(span: Span, first: &Param, second: &Param) -> Diagnostic {
    let name = &second.name;
    let message = format!("two templates declare the parameter `{name}` with different types");
    Diagnostic::new(codes::CONFLICTING_TEMPLATES, span, message)
        .label("cannot be used together with the other one")
        .related(first.span, format!("{} here", first.ty.words()))
        .related(second.span, format!("{} here", second.ty.words()))
        .help("rename one of the parameters")
}

fn check_component(checker: &mut Checker, node: &ast::Component, params: &Params, always_allowed: bool) {
    check_templates(checker, node, params);
    super::object::check_head(checker, node);
    if let Some(on) = &node.on {
        checker.condition(on, &Scope::of(Place::Fixed));
        let templates = node.from.iter().filter_map(|path| checker.model.names.templates.get(&path.text()));
        let by_template = templates.map(|declared| &declared.node.body).any(allows_empty);
        if !always_allowed && !by_template && !allows_empty(&node.body) {
            selects_something(checker, on);
        }
    }
    let union = params_of(node, params);
    let scope = Scope { place: Place::Body, params: &union, variables: &[], std: false };
    let unknown = node.from.iter().any(|path| !params.contains_key(&path.text()));
    if unknown {
        return check_known(checker, node, &scope);
    }
    body::check(checker, &node.body, schema::of_form(&node.form), &scope, node.form.owner());
    super::object::check_kind(checker, node, &scope);
}

/// With an unknown template any attribute may be a parameter: only those that cannot be are checked.
fn check_known(checker: &mut Checker, node: &ast::Component, scope: &Scope) {
    for entry in &node.body.entries {
        if let Entry::Attribute(attribute) = entry
            && let Some(known) = schema::COMPONENT.attribute(&attribute.key.text)
        {
            checker.attribute(&known.ty, &attribute.value, scope);
        }
    }
}

fn check_rollout(checker: &mut Checker, node: &ast::Named) {
    body::check(checker, &node.body, &schema::ROLLOUT, &Scope::of(Place::Fixed), "a rollout");
    let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
    for entry in &node.body.entries {
        let Entry::Block(stage) = entry else { continue };
        if stage.keyword.text != "stage" {
            continue;
        }
        body::check(checker, &stage.body, &schema::STAGE, &Scope::of(Place::Fixed), "a stage");
        if let Some(on) = &stage.on
            && !matches!(&on.kind, ExprKind::Path(path) if path.text() == "rest")
        {
            checker.condition(on, &Scope::of(Place::Fixed));
        }
        let Some(name) = stage.arguments.first() else {
            checker.diagnostics.push(
                Diagnostic::new(codes::MISSING_NAME, stage.keyword.span, "a stage needs a name")
                    .label("expected a name behind it")
                    .help("write `stage NAME on PREDICATE`"),
            );
            continue;
        };
        if let Some(extra) = stage.arguments.get(1) {
            checker.diagnostics.push(
                Diagnostic::new(codes::UNEXPECTED_TEXT, extra.span, "expected `on` here")
                    .label("does not belong here")
                    .help("write `stage NAME on PREDICATE`"),
            );
        }
        let Some(text) = name.as_literal() else {
            checker.diagnostics.push(
                Diagnostic::new(codes::WRONG_TYPE, name.span, "a stage's name takes no `${…}`")
                    .label("belongs to no cluster")
                    .help("write the name out"),
            );
            continue;
        };
        match seen.get(text) {
            Some(first) => {
                let again = ast::Name { text: text.to_string(), span: name.span };
                checker.diagnostics.push(super::names::duplicate("stage", &again, *first));
            }
            None => {
                seen.insert(text, name.span);
            }
        }
    }
}
