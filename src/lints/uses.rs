//! What the declarations refer to.
//!
//! Takes the syntax trees and gives too much rather than too little: what is not understood counts as a use of every word
//! in it, so that nothing is called unused because of a part of the language that this file does not know.

use std::collections::BTreeSet;

use crate::model::Model;
use crate::model::body::is_free;
use crate::model::declarations::params_of;
use crate::model::schema::{self, Kind, Type};
use crate::source::{Origin, Span};
use crate::syntax::Parse;
use crate::syntax::ast::{Attribute, Block, Cluster, Component, DeclarationKind, Entry, Expr, ExprKind, Name};
use crate::syntax::ast::{NestedBlock, Path, Text, TextPart};

/// The names that something refers to, by what they may be names of.
#[derive(Debug, Default)]
pub struct Uses {
    fields: BTreeSet<String>,
    groups: BTreeSet<String>,
    sources: BTreeSet<String>,
    projects: BTreeSet<String>,
    rollouts: BTreeSet<String>,
    templates: BTreeSet<String>,
    /// Parameters, each with its template.
    params: BTreeSet<(String, String)>,
    /// Words of what is not understood.
    any: BTreeSet<String>,
}

impl Uses {
    /// Everything that the declarations of `subject` refer to.
    pub fn of(subject: super::Subject) -> Self {
        let mut uses = Self::default();
        let is_own = |parse: &&Parse| subject.model.sources.file(parse.cst.source).origin == Origin::Project;
        for declaration in subject.parsed.iter().filter(is_own).flat_map(|parse| &parse.file.declarations) {
            let walker =
                Walker { model: subject.model, uses: &mut uses, params: BTreeSet::new(), read: BTreeSet::new() };
            walker.declaration(&declaration.kind, declaration.span);
        }
        uses
    }

    /// Whether a label or fact is read.
    pub fn field(&self, name: &str) -> bool {
        self.fields.contains(name) || self.any.contains(name)
    }

    /// Whether a group stands in a predicate.
    pub fn group(&self, name: &str) -> bool {
        self.groups.contains(name) || self.any.contains(name)
    }

    /// Whether something names a source.
    pub fn source(&self, name: &str) -> bool {
        self.sources.contains(name) || self.any.contains(name)
    }

    /// Whether something names a project.
    pub fn project(&self, name: &str) -> bool {
        self.projects.contains(name) || self.any.contains(name)
    }

    /// Whether something names a rollout.
    pub fn rollout(&self, name: &str) -> bool {
        self.rollouts.contains(name) || self.any.contains(name)
    }

    /// Whether a component is made from a template.
    pub fn template(&self, name: &str) -> bool {
        self.templates.contains(name) || self.any.contains(name)
    }

    /// Whether a template, or what is made from it, reads one of its parameters.
    pub fn param(&self, template: &str, name: &str) -> bool {
        self.any.contains(name) || self.params.contains(&(template.to_owned(), name.to_owned()))
    }
}

/// Walks one declaration.
struct Walker<'w, 'a> {
    model: &'w Model<'a>,
    uses: &'w mut Uses,
    /// The parameters that hide labels and facts.
    params: BTreeSet<String>,
    /// Those of them that are read.
    read: BTreeSet<String>,
}

impl Walker<'_, '_> {
    fn declaration(mut self, kind: &DeclarationKind, span: Span) {
        match kind {
            DeclarationKind::Fleet(node) => self.body(&node.body, Some(&schema::FLEET)),
            DeclarationKind::Engine(node) => {
                node.on.iter().for_each(|on| self.predicate(on));
                let argocd = node.engine == crate::syntax::ast::EngineKind::ArgoCd;
                self.body(&node.body, Some(if argocd { &schema::ARGOCD } else { &schema::FLUX }));
            }
            DeclarationKind::Source(node) => self.body(&node.body, Some(&schema::SOURCE)),
            DeclarationKind::Label(field) | DeclarationKind::Fact(field) => {
                field.value.iter().for_each(|value| self.free(value));
            }
            DeclarationKind::Cluster(node) => self.cluster(node),
            DeclarationKind::Group(node) => self.predicate(&node.predicate),
            DeclarationKind::Project(node) => self.body(&node.body, Some(&schema::PROJECT)),
            DeclarationKind::Component(node) => self.component(node),
            DeclarationKind::Template(node) => self.template(node.name.as_ref(), &node.body),
            DeclarationKind::Defaults(node) if node.name.as_ref().is_some_and(|name| name.text == "cluster") => {
                self.cluster_body(&node.body);
            }
            DeclarationKind::Defaults(node) => self.body(&node.body, Some(&schema::COMPONENT)),
            // It says where labels and facts come from, and reads none of them.
            DeclarationKind::Inventory(_) => {}
            DeclarationKind::Rollout(node) => self.body(&node.body, Some(&schema::ROLLOUT)),
            // What is new to this file counts with all its words.
            _ => self.any(span),
        }
    }

    fn component(&mut self, node: &Component) {
        node.on.iter().for_each(|on| self.predicate(on));
        self.uses.templates.extend(node.from.iter().map(Path::text));
        self.params = params_of(node, &self.model.params).into_iter().map(|param| param.name).collect();
        self.body(&node.body, Some(&schema::COMPONENT));
        for template in node.from.iter().map(Path::text) {
            self.uses.params.extend(self.read.iter().map(|name| (template.clone(), name.clone())));
        }
    }

    fn template(&mut self, name: Option<&Name>, body: &Block) {
        let params = body.entries.iter().filter_map(|entry| match entry {
            Entry::Param(param) => param.field.name.as_ref().map(|name| name.text.clone()),
            _ => None,
        });
        self.params = params.collect();
        self.body(body, Some(&schema::COMPONENT));
        let Some(name) = name else { return };
        self.uses.params.extend(self.read.iter().map(|param| (name.text.clone(), param.clone())));
    }

    fn cluster(&mut self, node: &Cluster) {
        node.name.iter().for_each(|name| self.text(name));
        self.cluster_body(&node.body);
    }

    /// Labels and facts that a cluster sets are not read by that.
    fn cluster_body(&mut self, body: &Block) {
        for entry in &body.entries {
            match entry {
                Entry::Attribute(attribute) if self.model.find_field(&attribute.key.text).is_some() => {
                    self.free(&attribute.value);
                }
                entry => self.entry(entry, Some(&schema::CLUSTER)),
            }
        }
    }

    fn body(&mut self, body: &Block, table: Option<&'static schema::Block>) {
        body.entries.iter().for_each(|entry| self.entry(entry, table));
    }

    fn entry(&mut self, entry: &Entry, table: Option<&'static schema::Block>) {
        match entry {
            Entry::Attribute(attribute) => self.attribute(attribute, table),
            Entry::Block(block) => self.block(block, table),
            Entry::Param(param) => param.field.value.iter().for_each(|value| self.free(value)),
            Entry::Operation(operation) => {
                self.text(&operation.pointer);
                operation.value.iter().for_each(|value| self.free(value));
            }
        }
    }

    fn attribute(&mut self, attribute: &Attribute, table: Option<&'static schema::Block>) {
        let name = attribute.key.text.as_str();
        match table.and_then(|table| table.attribute(name)) {
            _ if self.params.contains(name) => self.free(&attribute.value),
            Some(known) => self.value(&known.ty, &attribute.value),
            None => self.any(attribute.value.span),
        }
    }

    fn block(&mut self, block: &NestedBlock, table: Option<&'static schema::Block>) {
        block.on.iter().for_each(|on| self.predicate(on));
        let keyword = block.keyword.text.as_str();
        let inner = table.and_then(|table| table.block(keyword));
        if keyword == "on" {
            self.body(&block.body, table);
        } else if is_free(keyword) || keyword == "merge" {
            self.free_body(&block.body);
        } else if inner.is_some() {
            block.arguments.iter().for_each(|text| self.text(text));
            self.body(&block.body, inner);
        } else {
            self.any(block.span);
        }
    }

    fn free_body(&mut self, body: &Block) {
        for entry in &body.entries {
            match entry {
                Entry::Attribute(attribute) => self.free(&attribute.value),
                Entry::Block(block) => self.any(block.span),
                Entry::Param(param) => self.any(param.span),
                Entry::Operation(operation) => self.any(operation.span),
            }
        }
    }

    /// A value of an attribute of type `ty`.
    fn value(&mut self, ty: &Type, expr: &Expr) {
        if let ExprKind::If { branches, otherwise } = &expr.kind {
            for branch in branches {
                self.predicate(&branch.condition);
                self.value(ty, &branch.value);
            }
            return self.value(ty, otherwise);
        }
        match (ty, &expr.kind) {
            (Type::List(inner), ExprKind::List(items)) => items.iter().for_each(|item| self.value(inner, item)),
            (Type::Repositories, ExprKind::List(items)) => {
                items.iter().for_each(|item| self.value(&Type::Reference(Kind::Source), item));
            }
            (Type::Clusters, ExprKind::List(_)) => self.free(expr),
            (Type::Predicate | Type::Clusters, _) => self.predicate(expr),
            (Type::Reference(kind), ExprKind::Path(path)) => self.reference(*kind, &path.text()),
            (Type::Reference(kind), ExprKind::Text(text)) => match text.as_literal() {
                Some(name) => self.reference(*kind, name),
                None => self.text(text),
            },
            // A bare word is that word.
            (Type::Name | Type::Choice(_) | Type::EngineVersion, ExprKind::Path(_)) => {}
            _ => self.free(expr),
        }
    }

    fn reference(&mut self, kind: Kind, name: &str) {
        let names = match kind {
            Kind::Source => &mut self.uses.sources,
            Kind::Project => &mut self.uses.projects,
            Kind::Rollout => &mut self.uses.rollouts,
            _ => &mut self.uses.any,
        };
        names.insert(name.to_owned());
    }

    /// A value in which bare words are labels, facts and parameters.
    fn free(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Path(path) => self.name(&path.text()),
            ExprKind::Text(text) => self.text(text),
            ExprKind::List(items) => items.iter().for_each(|item| self.free(item)),
            ExprKind::Map(entries) | ExprKind::Tagged(_, entries) => {
                entries.iter().for_each(|entry| self.free(&entry.value));
            }
            ExprKind::If { branches, otherwise } => {
                for branch in branches {
                    self.predicate(&branch.condition);
                    self.free(&branch.value);
                }
                self.free(otherwise);
            }
            _ => self.predicate(expr),
        }
    }

    fn predicate(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Path(path) => self.word(&path.text()),
            ExprKind::Text(text) => {
                self.text(text);
                text.as_literal().into_iter().for_each(|word| self.word(word));
            }
            ExprKind::Not(inner) => self.predicate(inner),
            ExprKind::And(parts) | ExprKind::Or(parts) => parts.iter().for_each(|part| self.predicate(part)),
            ExprKind::Compare { left, .. } | ExprKind::In { left, .. } | ExprKind::Like { left, .. } => {
                self.predicate(left);
            }
            ExprKind::Has(name) => self.name(&name.text),
            ExprKind::If { .. } | ExprKind::List(_) | ExprKind::Map(_) | ExprKind::Tagged(..) => self.free(expr),
            ExprKind::Error | ExprKind::Null | ExprKind::Bool(_) | ExprKind::Int(_) | ExprKind::Float(_) => {}
            ExprKind::Duration(_) | ExprKind::Share(_) => {}
        }
    }

    /// A word of a predicate: a group, a label, or a cluster.
    fn word(&mut self, word: &str) {
        self.name(word);
        self.uses.groups.insert(word.to_owned());
    }

    fn text(&mut self, text: &Text) {
        for part in &text.parts {
            if let TextPart::Name(name) = part {
                self.name(&name.text);
            }
        }
    }

    fn name(&mut self, name: &str) {
        let names = if self.params.contains(name) { &mut self.read } else { &mut self.uses.fields };
        names.insert(name.to_owned());
    }

    /// Every word of a text that is not understood.
    fn any(&mut self, span: Span) {
        let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '-' || c == '.';
        let words = self.model.text(span).split(|c| !is_part(c)).filter(|word| !word.is_empty());
        self.uses.any.extend(words.map(str::to_owned));
    }
}
