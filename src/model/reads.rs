//! Which labels and facts a component may read: in predicates, texts and values, its own and those of what it names.
//!
//! Takes syntax trees and gives too much rather than too little: a word that is also a label's name counts as the label. What
//! a cluster is by `defaults cluster` counts as said by the component.

use std::collections::{BTreeMap, BTreeSet};

use super::Model;
use crate::syntax::Parse;
use crate::syntax::ast::{Attribute, Block, DeclarationKind, Entry, Expr, ExprKind, Text, TextPart};

/// For each component, the places of what it may read in [`Model::fields`]. Components that name each other, as in `after`,
/// read the same: where one of them runs is asked together with where the other does.
pub fn of_components(files: &[Parse], model: &Model) -> BTreeMap<String, BTreeSet<usize>> {
    let everywhere = everywhere(files);
    let mut names: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (name, declared) in &model.names.components {
        let mut own = everywhere.clone();
        declared.node.on.iter().for_each(|on| in_expr(on, &mut own));
        in_block(&declared.node.body, &mut own);
        for template in declared.node.from.iter().filter_map(|path| model.names.templates.get(&path.text())) {
            in_block(&template.node.body, &mut own);
        }
        complete(model, &mut own);
        names.insert(name, own);
    }
    let fields = |names: &BTreeSet<String>| -> BTreeSet<usize> {
        names.iter().filter_map(|name| model.find_field(name)).collect()
    };
    let mut all = BTreeMap::new();
    for together in groups(model, &names) {
        let read: BTreeSet<usize> = together.iter().filter_map(|name| names.get(name)).flat_map(fields).collect();
        all.extend(together.into_iter().map(|name| (name.to_owned(), read.clone())));
    }
    all
}

/// What is said for all components.
fn everywhere(files: &[Parse]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for declaration in files.iter().flat_map(|parse| &parse.file.declarations) {
        match &declaration.kind {
            DeclarationKind::Defaults(node) if node.name.as_ref().is_some_and(|name| name.text == "component") => {
                in_block(&node.body, &mut names);
            }
            // Labels and facts that it sets are looked up where they are read.
            DeclarationKind::Defaults(node) if node.name.as_ref().is_some_and(|name| name.text == "cluster") => {
                let attributes = ["with", "without", "suspend", "server"];
                let said = attributes.iter().filter_map(|name| super::body::find(&node.body, name));
                said.for_each(|attribute| in_expr(&attribute.value, &mut names));
            }
            DeclarationKind::Fleet(node) => in_block(&node.body, &mut names),
            DeclarationKind::Engine(node) => node.on.iter().for_each(|on| in_expr(on, &mut names)),
            _ => {}
        }
    }
    names
}

/// Adds what the things named in `names` name themselves.
fn complete(model: &Model, names: &mut BTreeSet<String>) {
    let mut waiting: Vec<String> = names.iter().cloned().collect();
    while let Some(name) = waiting.pop() {
        let mut more = BTreeSet::new();
        if let Some(group) = model.names.groups.get(&name) {
            in_expr(&group.node.predicate, &mut more);
        }
        for declared in [model.names.rollouts.get(&name), model.names.projects.get(&name)].into_iter().flatten() {
            in_block(&declared.node.body, &mut more);
        }
        if let Some(field) = model.find_field(&name).and_then(|index| model.fields.get(index)) {
            let default = super::space::default_of(model, field);
            [field.derived, default, field.default].into_iter().flatten().for_each(|expr| in_expr(expr, &mut more));
        }
        waiting.extend(more.into_iter().filter(|name| names.insert(name.clone())));
    }
}

/// The components, those together that name each other, directly or not.
fn groups<'n>(model: &Model, names: &BTreeMap<&'n str, BTreeSet<String>>) -> Vec<Vec<&'n str>> {
    let made_from = |component: &str, template: &str| {
        let declared = model.names.components.get(component);
        declared.is_some_and(|declared| declared.node.from.iter().any(|path| path.text() == template))
    };
    let mut groups: Vec<(Vec<&str>, BTreeSet<&String>)> = Vec::new();
    for (name, own) in names {
        let named = |other: &str, by: &BTreeSet<&String>| {
            by.iter().any(|word| *word == other || (word.contains('.') && made_from(other, word)))
        };
        let own: BTreeSet<&String> = own.iter().collect();
        let touches = |(members, words): &(Vec<&str>, BTreeSet<&String>)| {
            members.iter().any(|member| named(member, &own)) || named(name, words)
        };
        let (touched, rest): (Vec<_>, Vec<_>) = groups.into_iter().partition(touches);
        let mut joined = (vec![*name], own);
        for (members, words) in touched {
            joined.0.extend(members);
            joined.1.extend(words);
        }
        groups = rest;
        groups.push(joined);
    }
    groups.into_iter().map(|(members, _)| members).collect()
}

/// Adds the words in the values of `entries`: in what is said, not in where `on` blocks say it, and not in those blocks.
pub fn in_values(entries: &[Entry], names: &mut BTreeSet<String>) {
    for entry in entries {
        match entry {
            Entry::Attribute(Attribute { value, .. }) => in_expr(value, names),
            Entry::Block(block) if block.keyword.text == "on" => {}
            Entry::Block(block) => {
                block.arguments.iter().for_each(|text| in_text(text, names));
                in_block(&block.body, names);
            }
            Entry::Param(param) => param.field.value.iter().for_each(|value| in_expr(value, names)),
            Entry::Operation(operation) => {
                in_text(&operation.pointer, names);
                operation.value.iter().for_each(|value| in_expr(value, names));
            }
        }
    }
}

fn in_block(block: &Block, names: &mut BTreeSet<String>) {
    for entry in &block.entries {
        match entry {
            Entry::Attribute(Attribute { value, .. }) => in_expr(value, names),
            Entry::Block(block) => {
                block.arguments.iter().for_each(|text| in_text(text, names));
                block.on.iter().for_each(|on| in_expr(on, names));
                in_block(&block.body, names);
            }
            Entry::Param(param) => param.field.value.iter().for_each(|value| in_expr(value, names)),
            Entry::Operation(operation) => {
                in_text(&operation.pointer, names);
                operation.value.iter().for_each(|value| in_expr(value, names));
            }
        }
    }
}

fn in_text(text: &Text, names: &mut BTreeSet<String>) {
    // A quoted word on the left of a comparison is a label's name, so literals count, too.
    names.extend(text.parts.iter().map(|part| match part {
        TextPart::Name(name) => name.text.clone(),
        TextPart::Literal(text) => text.clone(),
    }));
}

/// Adds the words in `expr`.
pub fn in_expr(expr: &Expr, names: &mut BTreeSet<String>) {
    match &expr.kind {
        ExprKind::Path(path) => _ = names.insert(path.text()),
        ExprKind::Text(text) => in_text(text, names),
        ExprKind::Has(name) => _ = names.insert(name.text.clone()),
        ExprKind::Not(inner) => in_expr(inner, names),
        ExprKind::And(parts) | ExprKind::Or(parts) | ExprKind::List(parts) => {
            parts.iter().for_each(|part| in_expr(part, names));
        }
        ExprKind::Compare { left, .. } | ExprKind::In { left, .. } | ExprKind::Like { left, .. } => {
            in_expr(left, names)
        }
        ExprKind::If { branches, otherwise } => {
            for branch in branches {
                in_expr(&branch.condition, names);
                in_expr(&branch.value, names);
            }
            in_expr(otherwise, names);
        }
        ExprKind::Map(entries) | ExprKind::Tagged(_, entries) => {
            entries.iter().for_each(|entry| in_expr(&entry.value, names));
        }
        ExprKind::Error | ExprKind::Null | ExprKind::Bool(_) | ExprKind::Int(_) | ExprKind::Float(_) => {}
        ExprKind::Duration(_) | ExprKind::Share(_) => {}
    }
}
