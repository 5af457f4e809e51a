//! Clusters: their names, the `for` variables they come from, and the entries of their bodies.

use std::sync::Arc;

use serde_json::Value;

use super::eval::{At, Evaluator};
use super::field::FieldType;
use super::names::duplicate;
use super::schema;
use super::scope::{Env, Place, Scope};
use super::value::{Checker, literal_of};
use super::{Cluster, Model, Slot};
use crate::diag::{Applicability, Diagnostic, Diagnostics, codes, did_you_mean};
use crate::source::{Origin, Span};
use crate::syntax::ast::{self, Entry, Expr, ExprKind};

/// At most this many clusters, so that one line cannot fill the memory.
const MAX_CLUSTERS: usize = 1_000_000;

/// The `for` variables of a declaration.
pub fn variables(node: &ast::Cluster) -> Vec<String> {
    node.bindings.iter().map(|binding| binding.name.text.clone()).collect()
}

/// Makes the clusters of every declaration.
pub fn expand(model: &mut Model, diagnostics: &mut Diagnostics) {
    let mut clusters: Vec<Cluster> = Vec::new();
    let mut evaluator = Evaluator::default();
    for node in model.names.clusters.clone() {
        let Some(name) = &node.name else {
            model.clusters_poisoned = true;
            continue;
        };
        let names = variables(node);
        let scope = Scope { place: Place::ClusterName, params: &[], variables: &names, std: false };
        let mut conditions = std::mem::take(&mut model.conditions);
        let before = diagnostics.len();
        Checker { model, conditions: &mut conditions, diagnostics }.text(name, &scope);
        model.conditions = conditions;
        let rows = combinations(model, node, diagnostics);
        if diagnostics.len() > before {
            model.clusters_poisoned = true;
        }
        for variables in rows {
            let env = Env { variables: &variables, ..Env::on(usize::MAX) };
            let Some(text) = evaluator.text(At { model, scope: &scope, env: &env }, name) else { continue };
            if !is_cluster_name(&text) {
                diagnostics.push(invalid_name(name.span, &text));
            }
            let name_text: Arc<str> = Arc::from(text);
            clusters.push(Cluster {
                name: name_text.clone(),
                text: name_text,
                span: name.span,
                node,
                variables,
                slots: Vec::new(),
                assigned: None,
            });
        }
    }
    clusters.sort_by(|a, b| a.name.cmp(&b.name).then(a.span.cmp(&b.span)));
    report_duplicates(&clusters, diagnostics);
    clusters.dedup_by(|b, a| a.name == b.name);
    model.clusters = clusters;
    sort(model);
}

/// Brings the clusters into order, with nothing yet in their labels and facts.
pub fn sort(model: &mut Model) {
    let fields = model.fields.len();
    model.clusters.sort_by(|a, b| a.name.cmp(&b.name));
    for cluster in &mut model.clusters {
        cluster.slots = vec![Slot::Poisoned; fields];
    }
    let names = model.clusters.iter().enumerate();
    model.by_name = names.map(|(place, cluster)| (cluster.name.clone(), place)).collect();
}

fn report_duplicates(clusters: &[Cluster], diagnostics: &mut Diagnostics) {
    for pair in clusters.windows(2) {
        if let [first, second] = pair
            && first.name == second.name
        {
            if first.span == second.span {
                diagnostics.push(
                    Diagnostic::new(
                        codes::DUPLICATE_DECLARATION,
                        second.span,
                        format!("two of these clusters are named `{}`", second.name),
                    )
                    .label("the same for several values of the variables")
                    .help("let the name hold every `for` variable"),
                );
            } else {
                let name = ast::Name { text: second.name.to_string(), span: second.span };
                diagnostics.push(duplicate("cluster", &name, first.span));
            }
        }
    }
}

/// Every combination of the values of the `for` variables.
fn combinations(model: &Model, node: &ast::Cluster, diagnostics: &mut Diagnostics) -> Vec<Vec<Value>> {
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    for binding in &node.bindings {
        let values = binding_values(model, binding, diagnostics);
        if rows.len().saturating_mul(values.len()) > MAX_CLUSTERS {
            diagnostics.push(
                Diagnostic::new(
                    codes::TOO_MANY_DEPLOYMENTS,
                    binding.name.span,
                    "these are more than 1,000,000 clusters",
                )
                .label("the variables multiply")
                .help("split the declaration"),
            );
            return Vec::new();
        }
        rows = rows
            .iter()
            .flat_map(|row| {
                values.iter().map(|value| {
                    let mut row = row.clone();
                    row.push(value.clone());
                    row
                })
            })
            .collect();
    }
    rows
}

fn binding_values(model: &Model, binding: &ast::Binding, diagnostics: &mut Diagnostics) -> Vec<Value> {
    let ExprKind::List(items) = &binding.values.kind else {
        if !binding.values.kind_is_error() {
            diagnostics.push(
                Diagnostic::new(codes::WRONG_TYPE, binding.values.span, "expected a list of values behind `in`")
                    .label("no list")
                    .help("write `[a, b]`"),
            );
        }
        return Vec::new();
    };
    let field = model.find_field(&binding.name.text).and_then(|index| model.fields.get(index));
    let mut values = Vec::new();
    for item in items {
        if item.kind_is_error() {
            continue;
        }
        let value = match field {
            Some(field) if field.ty != FieldType::Error => literal_of(&field.ty, item).or_else(|| {
                let what = format!("the {} `{}`", field.what(), field.name.text);
                let declared = super::field::declared_here(field);
                let text = model.text(item.span);
                diagnostics.push(super::predicate::not_a_value(&field.ty, &what, Some(&declared), item, text));
                None
            }),
            _ => literal_of(&FieldType::Text, item)
                .or_else(|| literal_of(&FieldType::Int, item))
                .or_else(|| literal_of(&FieldType::Bool, item))
                .or_else(|| {
                    diagnostics.push(
                        Diagnostic::new(codes::WRONG_TYPE, item.span, "expected a name, a string or a number")
                            .label(format!("found {}", super::value::describe(item)))
                            .help("write the values out, such as `[a, b]`"),
                    );
                    None
                }),
        };
        values.extend(value);
    }
    values
}

/// Cluster names become parts of object names: lower-case letters, digits, `-` and `.`, a letter or digit at both ends.
fn is_cluster_name(name: &str) -> bool {
    is_dns_subdomain(name) && name.len() <= 63
}

/// A DNS subdomain of RFC 1123, as Kubernetes names objects.
pub fn is_dns_subdomain(name: &str) -> bool {
    name.len() <= 253 && name.split('.').all(is_dns_label)
}

/// A DNS label of RFC 1123 of at most 63 characters, as Kubernetes names namespaces.
pub fn is_dns_label(part: &str) -> bool {
    let ends = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let bytes = part.as_bytes();
    part.len() <= 63
        && bytes.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-')
        && ends(bytes.first())
        && ends(bytes.last())
}

fn invalid_name(span: Span, name: &str) -> Diagnostic {
    Diagnostic::new(codes::INVALID_NAME, span, format!("Kubernetes does not take `{name}` as a name"))
        .label("part of the names of objects")
        .help("use at most 63 lower-case letters, digits, `-` and `.`, with a letter or digit at both ends")
}

/// Checks the bodies: every key is a label, a fact or an attribute, and attributes have their types.
pub fn check(model: &mut Model, diagnostics: &mut Diagnostics) {
    let mut conditions = std::mem::take(&mut model.conditions);
    let mut checker = Checker { model, conditions: &mut conditions, diagnostics };
    if let Some(node) = model.names.cluster_defaults {
        check_body(&mut checker, &node.body, &[]);
    }
    for node in &model.names.clusters {
        let names = variables(node);
        for binding in &node.bindings {
            let derived = model.find_field(&binding.name.text).and_then(|index| model.fields.get(index));
            if let Some(field) = derived.filter(|field| field.derived.is_some()) {
                checker.diagnostics.push(
                    Diagnostic::new(
                        codes::DERIVED_LABEL_SET,
                        binding.name.span,
                        format!("the label `{}` is derived and cannot be set", binding.name.text),
                    )
                    .label("a `for` variable with a label's name sets it")
                    .related(field.name.span, "derived here")
                    .help("give the variable another name"),
                );
            }
        }
        for entry in &node.body.entries {
            if let Entry::Attribute(attribute) = entry
                && let Some(first) = node.bindings.iter().find(|binding| binding.name.text == attribute.key.text)
                && checker.model.find_field(&attribute.key.text).is_some()
            {
                checker.diagnostics.push(set_by_variable(&attribute.key, first.name.span));
            }
        }
        check_body(&mut checker, &node.body, &names);
    }
    model.conditions = conditions;
}

fn set_by_variable(key: &ast::Name, variable: Span) -> Diagnostic {
    Diagnostic::new(codes::DUPLICATE_ENTRY, key.span, format!("`{}` is set twice", key.text))
        .label("set again here")
        .related(variable, "a `for` variable with a label's name sets it")
        .help("leave it out, or give the variable another name")
}

fn check_body(checker: &mut Checker, body: &ast::Block, variables: &[String]) {
    checker.keys(body.entries.iter().filter_map(|entry| match entry {
        Entry::Attribute(attribute) => Some(&attribute.key),
        _ => None,
    }));
    let scope = Scope { place: Place::Cluster, params: &[], variables, std: false };
    for entry in &body.entries {
        match entry {
            Entry::Attribute(attribute) if checker.model.find_field(&attribute.key.text).is_some() => {}
            Entry::Attribute(attribute) => match schema::CLUSTER.attribute(&attribute.key.text) {
                Some(known) => {
                    let scope = Scope { place: place_of(known.name), ..scope };
                    checker.attribute(&known.ty, &attribute.value, &scope);
                }
                None => {
                    let model = checker.model;
                    let mut known: Vec<&str> = model.fields.iter().map(|field| field.name.text.as_str()).collect();
                    known.extend(schema::CLUSTER.names());
                    let is_data = model.sources.file(attribute.key.span.source).origin == Origin::Data;
                    if is_data && matches!(attribute.value.kind, ExprKind::Map(_)) {
                        known.extend(["labels", "facts"]);
                    }
                    let declared = |name: &str| Some(model.fields.get(model.find_field(name)?)?.name.span);
                    let found = unknown_key(&attribute.key, Some(&attribute.value), "a cluster", &known, declared);
                    checker.diagnostics.push(found);
                }
            },
            Entry::Block(block) => checker.diagnostics.push(match schema::CLUSTER.attribute(&block.keyword.text) {
                Some(attribute) => super::body::no_block(block, attribute, "a cluster"),
                None => misplaced_block(&block.keyword),
            }),
            Entry::Param(param) => {
                checker.diagnostics.push(super::body::misplaced_param(param, "a cluster"));
            }
            Entry::Operation(operation) => {
                checker.diagnostics.push(super::body::misplaced(&operation.word, "a cluster", &[]));
            }
        }
    }
}

/// F0211 for a block in a cluster, which has none, but attributes of that name.
fn misplaced_block(keyword: &ast::Name) -> Diagnostic {
    let found = super::body::misplaced(keyword, "a cluster", &[]);
    let help = match keyword.text.as_str() {
        "labels" | "facts" => "write each of them by its name: `env = prod`".to_owned(),
        _ => return found,
    };
    Diagnostic { helps: vec![help], ..found }
}

/// What the attribute `name` of a cluster may name. Facts, too, where it says how to reach the cluster and what is written
/// into its registration, but not where it decides what runs there.
pub fn place_of(name: &str) -> Place {
    match name {
        "server" | "auth" | "ca" | "projects" | "shard" | "namespaces" | "annotations" => Place::Engine,
        _ => Place::Cluster,
    }
}

/// A block of `table`, in words.
pub fn owner(table: &schema::Block) -> &'static str {
    if table.keyword == "inventory" { "an inventory" } else { "a cluster" }
}

/// How to declare the label or fact `key` so that it takes `value`.
fn declare(key: &str, value: Option<&Expr>) -> String {
    let name = super::names::quoted(key);
    if name != key {
        return format!("declare it: `label {name} as NAME: a | b`");
    }
    match value.map(|value| &value.kind) {
        Some(ExprKind::List(_)) => format!("declare it: `fact {key}: list`"),
        Some(ExprKind::Map(_)) => "write each label and fact of it by its own name; none of them is a map".to_owned(),
        Some(ExprKind::Bool(_)) => format!("declare it: `label {key}: bool`, or `fact {key}: bool`"),
        Some(ExprKind::Int(_)) => format!("declare it: `label {key}: int`, or `fact {key}: int`"),
        _ => format!("declare it: `label {key}: a | b`, or `fact {key}: string`"),
    }
}

/// F0210 for `key`, which is none of the `known` of `owner` and is set to `value`; `declared` says where a label or fact is.
pub fn unknown_key(
    key: &ast::Name,
    value: Option<&Expr>,
    owner: &str,
    known: &[&str],
    declared: impl Fn(&str) -> Option<Span>,
) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        codes::UNKNOWN_ATTRIBUTE,
        key.span,
        format!("{owner} has no label, fact or attribute named `{}`", key.text),
    )
    .label("not declared");
    match did_you_mean(&key.text, known.iter().copied()) {
        Some(near) => {
            let diagnostic = diagnostic.help(format!("did you mean `{near}`?")).fix(
                format!("write `{near}`"),
                Applicability::Unsafe,
                key.span,
                super::names::quoted(near),
            );
            match declared(near) {
                Some(at) => diagnostic.related(at, "a similar name is declared here"),
                None => diagnostic,
            }
        }
        None => diagnostic.help(declare(&key.text, value)),
    }
}
