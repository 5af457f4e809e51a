//! Keys that are misspelt, read as what was meant.
//!
//! A misspelt `path` is one mistake, not also a component without a path, a project that permits nothing and a cluster
//! without its label. So before anything is looked up, each key that its block does not know and that is near to one it
//! knows and does not have yet is reported and then taken for that one. Everything later sees the trees as they were meant.
//!
//! Invariant: a key that is mended was reported (`tests/mutations.rs`: one error for each).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::body::unknown_attribute;
use super::cluster::{owner, unknown_key};
use super::schema::{self, Block};
use crate::diag::{Diagnostics, did_you_mean};
use crate::source::{Origin, Sources, Span};
use crate::syntax::Parse;
use crate::syntax::ast::{self, DeclarationKind, EngineKind, Entry, Form};

/// What the files declare that may be a key.
#[derive(Debug, Default)]
struct Declared {
    /// Labels and facts.
    fields: BTreeMap<String, Span>,
    /// The parameters of each template, by its full name.
    params: BTreeMap<String, Vec<String>>,
}

/// What the misspelt keys of one declaration are to be, by their places. The clusters of a table share the places of
/// its header, so no two declarations have one of these together.
type Meant = BTreeMap<Span, String>;

/// Mends the keys of the files of `origin`. A file without a misspelt one, which others may share, is not touched.
pub fn mend(files: &mut [Parse], sources: &Sources, origin: Origin, diagnostics: &mut Diagnostics) {
    let declared = declared(files, sources);
    for parse in files.iter_mut().filter(|parse| sources.file(parse.cst.source).origin == origin) {
        let look = |declaration| look_at(declaration, &declared, diagnostics);
        let meant: Vec<Meant> = parse.file.declarations.iter().map(look).collect();
        if meant.iter().any(|meant| !meant.is_empty()) {
            let declarations = &mut Arc::make_mut(&mut parse.file).declarations;
            declarations.iter_mut().zip(&meant).for_each(|(declaration, meant)| rename(declaration, meant));
        }
    }
}

/// Writes what was meant into a declaration.
fn rename(declaration: &mut ast::Declaration, meant: &Meant) {
    match &mut declaration.kind {
        DeclarationKind::Fleet(node) => rename_in(&mut node.body, meant),
        DeclarationKind::Engine(node) => rename_in(&mut node.body, meant),
        DeclarationKind::Source(node) => rename_in(&mut node.body, meant),
        DeclarationKind::Project(node) => rename_in(&mut node.body, meant),
        DeclarationKind::Rollout(node) => rename_in(&mut node.body, meant),
        DeclarationKind::Cluster(node) => rename_in(&mut node.body, meant),
        DeclarationKind::Inventory(node) => rename_in(&mut node.body, meant),
        DeclarationKind::Template(node) => rename_in(&mut node.body, meant),
        DeclarationKind::Component(node) => rename_in(&mut node.body, meant),
        DeclarationKind::Defaults(node) => rename_in(&mut node.body, meant),
        DeclarationKind::Label(_)
        | DeclarationKind::Fact(_)
        | DeclarationKind::Group(_)
        | DeclarationKind::Change(_) => {}
        DeclarationKind::Test(test) => {
            for expectation in &mut test.expectations {
                if let ast::ExpectationKind::Deployment { body, .. } = &mut expectation.kind {
                    rename_in(body, meant);
                }
            }
        }
    }
}

fn rename_in(body: &mut ast::Block, meant: &Meant) {
    for entry in &mut body.entries {
        match entry {
            Entry::Attribute(attribute) => {
                if let Some(meant) = meant.get(&attribute.key.span) {
                    attribute.key.text.clone_from(meant);
                }
            }
            Entry::Block(block) => rename_in(&mut block.body, meant),
            _ => {}
        }
    }
}

fn declared(files: &[Parse], sources: &Sources) -> Declared {
    let mut declared = Declared::default();
    for parse in files {
        let std = sources.file(parse.cst.source).origin == Origin::StandardLibrary;
        for declaration in &parse.file.declarations {
            match &declaration.kind {
                DeclarationKind::Label(field) | DeclarationKind::Fact(field) => {
                    if let Some(name) = &field.name {
                        declared.fields.insert(name.text.clone(), name.span);
                    }
                }
                DeclarationKind::Template(template) => {
                    if let Some(name) = &template.name {
                        let full = if std { format!("std.{}", name.text) } else { name.text.clone() };
                        declared.params.insert(full, params(&template.body));
                    }
                }
                _ => {}
            }
        }
    }
    declared
}

fn params(body: &ast::Block) -> Vec<String> {
    let params = body.entries.iter().filter_map(|entry| match entry {
        Entry::Param(param) => param.field.name.as_ref().map(|name| name.text.clone()),
        _ => None,
    });
    params.collect()
}

/// Reports the misspelt keys of a declaration, and gives what they are to be.
fn look_at(declaration: &ast::Declaration, declared: &Declared, diagnostics: &mut Diagnostics) -> Meant {
    let mut meant = Meant::new();
    let mut mending = Mending { params: Vec::new(), meant: &mut meant, diagnostics };
    match &declaration.kind {
        DeclarationKind::Fleet(node) => mending.body(&node.body, &schema::FLEET, "`fleet`"),
        DeclarationKind::Engine(node) => match node.engine {
            EngineKind::ArgoCd => mending.body(&node.body, &schema::ARGOCD, "`argocd`"),
            EngineKind::Flux => mending.body(&node.body, &schema::FLUX, "`flux`"),
        },
        DeclarationKind::Source(node) => mending.body(&node.body, &schema::SOURCE, "a source"),
        DeclarationKind::Project(node) => mending.body(&node.body, &schema::PROJECT, "a project"),
        DeclarationKind::Rollout(node) => mending.body(&node.body, &schema::ROLLOUT, "a rollout"),
        DeclarationKind::Cluster(node) => mending.cluster(&node.body, &schema::CLUSTER, declared),
        DeclarationKind::Inventory(node) => mending.cluster(&node.body, &schema::INVENTORY, declared),
        DeclarationKind::Template(node) => {
            mending.params = params(&node.body);
            mending.body(&node.body, &schema::COMPONENT, "a template");
        }
        // With an unknown template any key may be a parameter of it.
        DeclarationKind::Component(node)
            if !node.from.iter().all(|path| declared.params.contains_key(&path.text())) => {}
        // Any key may be a field of an object.
        DeclarationKind::Component(node) if matches!(node.form, Form::Object(_)) => {}
        DeclarationKind::Component(node) => {
            let of = |path: &ast::Path| declared.params.get(&path.text()).cloned().unwrap_or_default();
            mending.params = node.from.iter().flat_map(of).collect();
            let owner = node.form.owner();
            mending.body(&node.body, schema::of_form(&node.form), owner);
        }
        DeclarationKind::Defaults(node) => match node.name.as_ref().map(|name| name.text.as_str()) {
            Some("cluster") => mending.cluster(&node.body, &schema::CLUSTER, declared),
            _ => mending.body(&node.body, &schema::COMPONENT, "`defaults component`"),
        },
        DeclarationKind::Label(_)
        | DeclarationKind::Fact(_)
        | DeclarationKind::Group(_)
        | DeclarationKind::Change(_) => {}
        DeclarationKind::Test(test) => {
            for expectation in &test.expectations {
                if let ast::ExpectationKind::Deployment { body, .. } = &expectation.kind {
                    mending.body(body, &schema::EXPECT, "`expect`");
                }
            }
        }
    }
    meant
}

struct Mending<'d> {
    /// The parameters that may be set.
    params: Vec<String>,
    meant: &'d mut Meant,
    diagnostics: &'d mut Diagnostics,
}

impl Mending<'_> {
    fn body(&mut self, body: &ast::Block, table: &'static Block, owner: &str) {
        let known: Vec<&str> = self.params.iter().map(String::as_str).chain(table.names()).collect();
        let blocks = table.blocks.iter().map(|block| block.keyword);
        let all: Vec<&str> = known.iter().copied().chain(blocks).collect();
        for (entry, meant) in misspelt(body, &known, &all) {
            self.diagnostics.push(unknown_attribute(&entry.key, &all, owner));
            self.meant.insert(entry.key.span, meant);
        }
        for entry in &body.entries {
            let Entry::Block(block) = entry else { continue };
            match table.block(&block.keyword.text) {
                Some(inner) if inner.keyword == "on" => self.body(&block.body, table, table.owner()),
                Some(inner) if !inner.attributes.is_empty() => {
                    let owner =
                        if inner.keyword == "stage" { "a stage".to_owned() } else { format!("`{}`", inner.keyword) };
                    let (meant, diagnostics) = (&mut *self.meant, &mut *self.diagnostics);
                    Mending { params: Vec::new(), meant, diagnostics }.body(&block.body, inner, &owner);
                }
                _ => {}
            }
        }
    }

    /// Labels and facts are keys of a cluster, too, and of an inventory.
    fn cluster(&mut self, body: &ast::Block, table: &'static Block, declared: &Declared) {
        let known: Vec<&str> = declared.fields.keys().map(String::as_str).chain(table.names()).collect();
        for (entry, meant) in misspelt(body, &known, &known) {
            let near = declared.fields.get(&meant).copied();
            self.diagnostics.push(unknown_key(&entry.key, None, owner(table), &known, |_| near));
            self.meant.insert(entry.key.span, meant);
        }
    }
}

/// The entries of `body` whose keys are none of `all` and near to one of `known`, which is not there yet, with that one.
fn misspelt<'b>(body: &'b ast::Block, known: &[&str], all: &[&str]) -> Vec<(&'b ast::Attribute, String)> {
    let mut there: BTreeSet<String> = BTreeSet::new();
    for entry in &body.entries {
        match entry {
            Entry::Attribute(attribute) => _ = there.insert(attribute.key.text.clone()),
            Entry::Block(block) => _ = there.insert(block.keyword.text.clone()),
            _ => {}
        }
    }
    let mut found = Vec::new();
    for entry in &body.entries {
        let Entry::Attribute(attribute) = entry else { continue };
        let key = attribute.key.text.as_str();
        if all.contains(&key) {
            continue;
        }
        let near = did_you_mean(key, all.iter().copied()).filter(|near| known.contains(near));
        if let Some(near) = near.map(str::to_owned).filter(|near| !there.contains(near)) {
            there.insert(near.clone());
            found.push((attribute, near));
        }
    }
    found
}
