//! Labels, facts and groups in the order in which they need each other.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::eval::{At, Evaluator};
use super::field::{as_text, declared_here, invalid_value, is_label_text};
use super::names::duplicate;
use super::predicate::{lower, select};
use super::scope::{Env, Place, Scope};
use super::set::ClusterSet;
use super::value::Checker;
use super::{Group, Model, Slot};
use crate::diag::{Diagnostic, Diagnostics, codes, drawn_loop};
use crate::source::Span;
use crate::syntax::ast::{Entry, Expr, ExprKind, Name, TextPart};

/// Something to evaluate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    Field(usize),
    Group(usize),
}

/// Evaluates every label, fact and group.
pub fn evaluate(model: &mut Model, diagnostics: &mut Diagnostics) {
    report_ambiguous(model, diagnostics);
    let groups: Vec<String> = model.names.groups.keys().cloned().collect();
    let needs = dependencies(model, &groups);
    let (sorted, stuck) = sort(&needs);
    let mut missing = Missing::new();
    for node in sorted {
        match node {
            Node::Field(field) => evaluate_field(model, field, &mut missing, diagnostics),
            Node::Group(group) => evaluate_group(model, groups.get(group), diagnostics),
        }
    }
    report_missing(model, missing, diagnostics);
    report_cycles(model, &groups, &needs, &stuck, diagnostics);
}

/// The labels that clusters lack, and those clusters, by the place of the clusters' declaration.
type Missing = BTreeMap<Span, (BTreeSet<usize>, BTreeSet<usize>)>;

/// Why two of them cannot have one name.
const ONE_NAMESPACE: &str = "groups, clusters and labels share one namespace";

/// A word in a predicate must mean one thing.
fn report_ambiguous(model: &Model, diagnostics: &mut Diagnostics) {
    for cluster in &model.clusters {
        if let Some(label) = model.find_field(&cluster.name).and_then(|field| model.fields.get(field)) {
            let name = Name { text: cluster.name.to_string(), span: cluster.span };
            diagnostics.push(duplicate("cluster", &name, label.name.span).note(ONE_NAMESPACE));
        }
    }
    for (name, group) in &model.names.groups {
        let label = model.find_field(name).and_then(|field| model.fields.get(field)).map(|field| field.name.span);
        if let Some(first) = model.cluster_span(name).or(label) {
            diagnostics.push(duplicate("group", group.name, first).note(ONE_NAMESPACE));
        }
        if let "all" | "none" | "rest" | "name" = name.as_str() {
            diagnostics.push(
                Diagnostic::new(
                    codes::RESERVED_NAME,
                    group.name.span,
                    format!("the name `{name}` is taken by the language"),
                )
                .label("means something else in predicates")
                .help("choose another name"),
            );
        }
    }
}

fn dependencies(model: &Model, groups: &[String]) -> BTreeMap<Node, BTreeSet<Node>> {
    // Where a group has a label's name, which was reported, the label is meant.
    let node_of = |name: &str| {
        let group = || groups.binary_search_by(|group| group.as_str().cmp(name)).ok().map(Node::Group);
        model.find_field(name).map(Node::Field).or_else(group)
    };
    let mut needs: BTreeMap<Node, BTreeSet<Node>> = BTreeMap::new();
    for field in 0..model.fields.len() {
        let mut names = BTreeSet::new();
        for expr in written(model, field) {
            value_mentioned(expr, &mut names);
        }
        let nodes = names.iter().filter_map(|name| node_of(name));
        let derived = model.fields.get(field).is_some_and(|field| field.derived.is_some());
        needs.insert(Node::Field(field), nodes.filter(|node| derived || *node != Node::Field(field)).collect());
    }
    for (index, group) in groups.iter().enumerate() {
        let mut names = BTreeSet::new();
        if let Some(declared) = model.names.groups.get(group) {
            mentioned(&declared.node.predicate, &mut names);
        }
        needs.insert(Node::Group(index), names.iter().filter_map(|name| node_of(name)).collect());
    }
    needs
}

/// Every expression that gives the field at `field` a value.
fn written<'a>(model: &Model<'a>, field: usize) -> Vec<&'a Expr> {
    let Some(field) = model.fields.get(field) else { return Vec::new() };
    let mut exprs: Vec<&Expr> = field.derived.or(field.default).into_iter().collect();
    let defaults = model.names.cluster_defaults.map(|node| &node.body);
    for body in defaults.into_iter().chain(model.names.clusters.iter().map(|node| &node.body)) {
        exprs.extend(set_in(body, &field.name.text).map(|attribute| &attribute.value));
    }
    exprs
}

/// The names that `expr` mentions as references, or may.
fn mentioned<'e>(expr: &'e Expr, names: &mut BTreeSet<&'e str>) {
    match &expr.kind {
        ExprKind::Path(path) => names.extend(path.parts.iter().map(|part| part.text.as_str())),
        ExprKind::Has(name) => {
            names.insert(&name.text);
        }
        ExprKind::Text(text) => names.extend(text.parts.iter().filter_map(|part| match part {
            TextPart::Name(name) => Some(name.text.as_str()),
            TextPart::Literal(_) => None,
        })),
        ExprKind::Not(inner) => mentioned(inner, names),
        ExprKind::And(parts) | ExprKind::Or(parts) | ExprKind::List(parts) => {
            parts.iter().for_each(|part| mentioned(part, names));
        }
        // Values of labels are no references: `env == prod` mentions `env` alone.
        ExprKind::Compare { left, .. } | ExprKind::In { left, .. } | ExprKind::Like { left, .. } => {
            mentioned(left, names)
        }
        ExprKind::If { branches, otherwise } => {
            for branch in branches {
                mentioned(&branch.condition, names);
                value_mentioned(&branch.value, names);
            }
            value_mentioned(otherwise, names);
        }
        _ => {}
    }
}

/// As [`mentioned`], where a bare name is a value and no reference.
fn value_mentioned<'e>(expr: &'e Expr, names: &mut BTreeSet<&'e str>) {
    if !matches!(expr.kind, ExprKind::Path(_)) {
        mentioned(expr, names);
    }
}

/// The nodes in an order in which each comes after what it needs, and those that wait for themselves.
fn sort(needs: &BTreeMap<Node, BTreeSet<Node>>) -> (Vec<Node>, BTreeSet<Node>) {
    let mut waiting: BTreeMap<Node, usize> = needs.iter().map(|(node, needed)| (*node, needed.len())).collect();
    let mut needed_by: BTreeMap<Node, Vec<Node>> = BTreeMap::new();
    for (node, needed) in needs {
        for other in needed {
            needed_by.entry(*other).or_default().push(*node);
        }
    }
    let mut ready: Vec<Node> = waiting.iter().filter(|(_, count)| **count == 0).map(|(node, _)| *node).collect();
    let mut sorted = Vec::new();
    while let Some(node) = ready.pop() {
        sorted.push(node);
        waiting.remove(&node);
        for other in needed_by.get(&node).into_iter().flatten() {
            if let Some(count) = waiting.get_mut(other) {
                *count -= 1;
                if *count == 0 {
                    ready.push(*other);
                }
            }
        }
    }
    (sorted, waiting.into_keys().collect())
}

fn evaluate_group(model: &mut Model, name: Option<&String>, diagnostics: &mut Diagnostics) {
    let Some((name, declared)) = name.and_then(|name| model.names.groups.get_key_value(name)) else { return };
    let predicate = lower(model, &Scope::of(Place::Fixed), &declared.node.predicate, diagnostics);
    let selection = select(model, &predicate);
    let group = Group { span: declared.name.span, set: selection.set, poisoned: selection.poisoned };
    let name = name.clone();
    model.groups.insert(name, group);
}

fn evaluate_field(model: &mut Model, index: usize, missing: &mut Missing, diagnostics: &mut Diagnostics) {
    let mut conditions = std::mem::take(&mut model.conditions);
    check_field(model, index, &mut conditions, diagnostics);
    model.conditions = conditions;
    let mut evaluator = Evaluator::default();
    let slots: Vec<Slot> = (0..model.clusters.len())
        .map(|cluster| slot_of(model, index, cluster, &mut evaluator, missing, diagnostics))
        .collect();
    evaluator.finish(model, diagnostics);
    for (cluster, slot) in model.clusters.iter_mut().zip(slots) {
        if let Some(place) = cluster.slots.get_mut(index) {
            *place = slot;
        }
    }
}

/// F0303, once for each declaration of clusters.
fn report_missing(model: &Model, missing: Missing, diagnostics: &mut Diagnostics) {
    for (span, (fields, clusters)) in super::inventory::missing_together(model, missing) {
        let fields: Vec<&super::field::Field> = fields.iter().filter_map(|field| model.fields.get(*field)).collect();
        let names: Vec<String> = fields.iter().map(|field| format!("`{}`", field.name.text)).collect();
        let (noun, verb) = if clusters.len() == 1 { ("cluster", "lacks") } else { ("clusters", "lack") };
        let labels = if names.len() == 1 { "label" } else { "labels" };
        let on = model.list_clusters(clusters.into_iter());
        let message = format!("the {noun} {on} {verb} the {labels} {}", names.join(", "));
        let label = match fields.as_slice() {
            [field] => format!("set `{}` to {}", field.name.text, field.ty.words()),
            _ => format!("set {}", names.join(", ")),
        };
        let mut diagnostic = Diagnostic::new(codes::MISSING_LABEL, span, message).label(label);
        for field in &fields {
            let (at, text) = declared_here(field);
            diagnostic = diagnostic.related(at, text);
        }
        let written: Vec<String> = fields.iter().map(|field| format!("{} = …", field.name.text)).collect();
        let rest = if names.len() == 1 { "make the label optional with `?`" } else { "make them optional with `?`" };
        let help = match model.sources.file(span.source).origin {
            crate::source::Origin::Data => format!("let the data say {}, or {rest}", names.join(", ")),
            _ => format!("write `{}` in the cluster, or {rest}", written.join(", ")),
        };
        diagnostics.push(diagnostic.help(help));
    }
}

fn check_field(model: &Model, index: usize, conditions: &mut super::value::Conditions, diagnostics: &mut Diagnostics) {
    let Some(field) = model.fields.get(index) else { return };
    let what = format!("the {} `{}`", field.what(), field.name.text);
    let declared = declared_here(field);
    let mut checker = Checker { model, conditions, diagnostics };
    if let Some(expr) = field.derived.or(field.default) {
        let scope = Scope::of(if field.fact { Place::Cluster } else { Place::Label });
        checker.field(&field.ty, expr, &scope, &what, declared.clone(), false);
    }
    let defaults = model.names.cluster_defaults.map(|node| (&node.body, Vec::new()));
    let bodies = model.names.clusters.iter().map(|node| (&node.body, super::cluster::variables(node)));
    for (body, variables) in defaults.into_iter().chain(bodies) {
        let scope = Scope { place: Place::Cluster, params: &[], variables: &variables, std: false };
        for attribute in set_in(body, &field.name.text) {
            if field.derived.is_some() {
                checker.diagnostics.push(derived_set(field, &attribute.key));
            } else {
                checker.field(&field.ty, &attribute.value, &scope, &what, declared.clone(), false);
            }
        }
    }
}

fn derived_set(field: &super::field::Field, key: &Name) -> Diagnostic {
    Diagnostic::new(
        codes::DERIVED_LABEL_SET,
        key.span,
        format!("the label `{}` is derived and cannot be set", key.text),
    )
    .label("leave this out")
    .related(field.name.span, "derived here")
    .help("set the labels it is derived from, or declare it with a type")
}

fn set_in<'b>(
    body: &'b crate::syntax::ast::Block,
    name: &str,
) -> impl Iterator<Item = &'b crate::syntax::ast::Attribute> {
    let name = name.to_string();
    body.entries.iter().filter_map(move |entry| match entry {
        Entry::Attribute(attribute) if attribute.key.text == name => Some(attribute),
        _ => None,
    })
}

/// What gives a label or fact its value on a cluster.
#[derive(Clone, Copy, Debug)]
pub enum Given<'a> {
    /// The cluster's body.
    Own(&'a Expr),
    /// A `for` variable of the cluster, with its place.
    Variable(usize, Span),
    /// `defaults cluster`.
    Defaults(&'a Expr),
    /// It is derived from others.
    Derived(&'a Expr),
    /// Its own default.
    Default(&'a Expr),
    /// Nothing.
    Nothing,
}

/// What gives `field` its value on `cluster`.
pub fn given<'a>(model: &Model<'a>, field: &super::field::Field<'a>, cluster: &super::Cluster<'a>) -> Given<'a> {
    let name = &field.name.text;
    let mut bindings = cluster.node.bindings.iter();
    let variable = bindings.position(|binding| binding.name.text == *name);
    if field.derived.is_none()
        && let Some(attribute) = set_in(&cluster.node.body, name).next()
    {
        return Given::Own(&attribute.value);
    }
    if let Some(variable) = variable {
        let span = cluster.node.bindings.get(variable).map_or(cluster.span, |binding| binding.name.span);
        return Given::Variable(variable, span);
    }
    if let Some(derived) = field.derived {
        return Given::Derived(derived);
    }
    match model.names.cluster_defaults.and_then(|node| set_in(&node.body, name).next()) {
        Some(attribute) => Given::Defaults(&attribute.value),
        None => field.default.map_or(Given::Nothing, Given::Default),
    }
}

/// What the field at `index` holds on the cluster at `place`.
fn slot_of(
    model: &Model,
    index: usize,
    place: usize,
    evaluator: &mut Evaluator,
    missing: &mut Missing,
    diagnostics: &mut Diagnostics,
) -> Slot {
    let (Some(field), Some(cluster)) = (model.fields.get(index), model.clusters.get(place)) else {
        return Slot::Poisoned;
    };
    if let Some(Some(slot)) = cluster.assigned.as_ref().and_then(|slots| slots.get(index)) {
        return slot.clone();
    }
    let given = given(model, field, cluster);
    let expr = match given {
        Given::Variable(variable, _) => {
            return cluster.variables.get(variable).cloned().map_or(Slot::Poisoned, Slot::Value);
        }
        Given::Own(expr) | Given::Defaults(expr) | Given::Derived(expr) | Given::Default(expr) => expr,
        Given::Nothing if field.ty == super::field::FieldType::Error => return Slot::Poisoned,
        Given::Nothing if field.optional || field.fact => return Slot::Absent,
        Given::Nothing => {
            let (fields, clusters) = missing.entry(cluster.span).or_default();
            fields.insert(index);
            clusters.insert(place);
            return Slot::Poisoned;
        }
    };
    let variables = super::cluster::variables(cluster.node);
    // What stands elsewhere than in the cluster knows nothing of its variables.
    let (names, values) =
        if matches!(given, Given::Own(_)) { (&variables[..], &cluster.variables[..]) } else { (&[][..], &[][..]) };
    let scope = Scope { place: Place::Cluster, params: &[], variables: names, std: false };
    let env = Env { variables: values, ..Env::on(place) };
    let what = format!("the {} `{}`", field.what(), field.name.text);
    let value = evaluator.field(At { model, scope: &scope, env: &env }, &field.ty, expr, &what, false);
    match value {
        None => Slot::Poisoned,
        Some(value) if !field.fact && !is_label_value(&value) => {
            let text = as_text(&value).unwrap_or_default();
            let diagnostic = invalid_value(expr.span, &text).label("written as a label of the cluster");
            diagnostics.push(
                diagnostic.note("longer or other values belong into a `fact`, which is written as an annotation"),
            );
            Slot::Poisoned
        }
        // Derived from what is known at run time only.
        Some(value) if model.tokens.are_in(&value) => Slot::Token { value, differs: false },
        Some(value) => Slot::Value(value),
    }
}

fn is_label_value(value: &Value) -> bool {
    as_text(value).is_some_and(|text| is_label_text(&text))
}

fn report_cycles(
    model: &mut Model,
    groups: &[String],
    needs: &BTreeMap<Node, BTreeSet<Node>>,
    stuck: &BTreeSet<Node>,
    diagnostics: &mut Diagnostics,
) {
    let mut seen: BTreeSet<Node> = BTreeSet::new();
    for start in stuck {
        let mut path: Vec<Node> = Vec::new();
        let mut node = *start;
        while seen.insert(node) {
            path.push(node);
            let next = needs.get(&node).into_iter().flatten().find(|next| stuck.contains(next));
            let Some(next) = next else { break };
            node = *next;
        }
        if let Some(first) = path.iter().position(|step| *step == node) {
            let names: Vec<(&str, &str, Span)> =
                path.iter().skip(first).filter_map(|node| name_of(model, groups, *node)).collect();
            diagnostics.push(cycle(model, &names));
        }
    }
    for node in stuck {
        match node {
            Node::Field(field) => {
                for cluster in &mut model.clusters {
                    if let Some(slot) = cluster.slots.get_mut(*field) {
                        *slot = Slot::Poisoned;
                    }
                }
            }
            Node::Group(group) => {
                if let Some(name) = groups.get(*group)
                    && let Some(declared) = model.names.groups.get(name)
                {
                    let set = ClusterSet::empty(model.clusters.len());
                    let group = Group { span: declared.name.span, set, poisoned: true };
                    model.groups.insert(name.clone(), group);
                }
            }
        }
    }
}

fn name_of<'m>(model: &'m Model, groups: &'m [String], node: Node) -> Option<(&'m str, &'m str, Span)> {
    match node {
        Node::Field(field) => {
            model.fields.get(field).map(|field| (field.what(), field.name.text.as_str(), field.name.span))
        }
        Node::Group(group) => {
            let declared = model.names.groups.get(groups.get(group)?)?;
            Some(("group", declared.name.text.as_str(), declared.name.span))
        }
    }
}

fn cycle(model: &Model, names: &[(&str, &str, Span)]) -> Diagnostic {
    let chain: Vec<String> = names.iter().chain(names.first()).map(|(_, name, _)| format!("`{name}`")).collect();
    let Some((what, name, span)) = names.first() else {
        return Diagnostic::new(
            codes::INTERNAL_ERROR,
            Span::new(crate::source::SourceId::default(), 0, 0),
            "an empty cycle",
        );
    };
    let mut diagnostic =
        Diagnostic::new(codes::DEFINITION_CYCLE, *span, format!("the {what} `{name}` is defined by itself"))
            .label(format!("needs {}", chain.join(" → ")));
    for (what, name, span) in names.iter().skip(1) {
        diagnostic = diagnostic.related(*span, format!("the {what} `{name}` is part of the circle"));
    }
    let steps: Vec<(&str, Span)> = names.iter().map(|(_, name, span)| (*name, *span)).collect();
    diagnostic.help("give one of them a definition of its own").note(drawn_loop(model.sources, "needs", &steps))
}
