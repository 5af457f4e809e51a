//! Every declaration by its name.
//!
//! Takes the files' syntax trees, gives tables; a name that is declared twice is reported and the first one kept.

use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Diagnostics, codes};
use crate::source::{Origin, Sources, Span};
use crate::syntax::Parse;
use crate::syntax::ast::{self, DeclarationKind};

/// A named declaration.
#[derive(Debug)]
pub struct Declared<'a, T> {
    /// The name in its declaration.
    pub name: &'a ast::Name,
    /// What is declared.
    pub node: &'a T,
    /// Whether it stands in the standard library.
    pub std: bool,
}

/// A table of one kind of declaration. Those of the standard library have the prefix `std.`.
pub type Table<'a, T> = BTreeMap<String, Declared<'a, T>>;

/// All declarations.
#[derive(Debug, Default)]
pub struct Names<'a> {
    /// The `fleet` declaration, with its keyword.
    pub fleet: Option<(&'a ast::Named, Span)>,
    /// The engines, with their keywords.
    pub engines: Vec<(&'a ast::Engine, Span)>,
    /// The labels and facts in the order of the files.
    pub fields: Vec<(&'a ast::Field, bool)>,
    /// The cluster declarations in the order of the files.
    pub clusters: Vec<&'a ast::Cluster>,
    /// The inventories in the order of the files.
    pub inventories: Vec<&'a ast::Named>,
    /// `defaults component`.
    pub component_defaults: Option<&'a ast::Named>,
    /// `defaults cluster`.
    pub cluster_defaults: Option<&'a ast::Named>,
    /// The sources.
    pub sources: Table<'a, ast::Named>,
    /// The groups.
    pub groups: Table<'a, ast::Group>,
    /// The projects.
    pub projects: Table<'a, ast::Named>,
    /// The components, stores, secrets and objects.
    pub components: Table<'a, ast::Component>,
    /// The templates.
    pub templates: Table<'a, ast::Named>,
    /// The rollouts.
    pub rollouts: Table<'a, ast::Named>,
    /// What became of names that an earlier build knew, in the order of the files.
    pub changes: Vec<&'a ast::Change>,
    /// The tests.
    pub tests: Table<'a, ast::Test>,
}

/// Collects the declarations of `files`.
pub fn collect<'a>(files: &'a [Parse], sources: &Sources, diagnostics: &mut Diagnostics) -> Names<'a> {
    let mut names = Names::default();
    for file in files.iter().map(|parse| &parse.file) {
        let std = sources.file(file.source).origin == Origin::StandardLibrary;
        for declaration in &file.declarations {
            names.declare(declaration, std, diagnostics);
        }
    }
    names.report_unnamed(diagnostics);
    names
}

impl<'a> Names<'a> {
    /// Where the fleet says that clusters may join that are not declared.
    pub fn open(&self) -> Option<Span> {
        let (node, _) = self.fleet?;
        let attribute = super::body::find(&node.body, "inventory")?;
        super::body::is_word(attribute, "open").then_some(attribute.value.span)
    }

    /// F0111 for an engine without a name beside others that have one.
    fn report_unnamed(&self, diagnostics: &mut Diagnostics) {
        for (node, keyword) in self.engines.iter().filter(|(node, _)| node.name.is_none()) {
            let named = |(other, _): &&(&ast::Engine, Span)| other.engine == node.engine && other.name.is_some();
            let Some((_, other)) = self.engines.iter().find(named) else { continue };
            diagnostics.push(
                Diagnostic::new(codes::MISSING_NAME, *keyword, "one of several instances of an engine has no name")
                    .label("one instance")
                    .related(*other, "another one")
                    .help("give each of them a name and its clusters: `argocd east on …`"),
            );
        }
    }

    /// Whether an engine without a name stands beside others that have one.
    pub fn has_unnamed_instance(&self) -> bool {
        let mut kinds = self.engines.iter().filter(|(node, _)| node.name.is_none()).map(|(node, _)| node.engine);
        kinds.any(|kind| self.engines.iter().any(|(node, _)| node.engine == kind && node.name.is_some()))
    }

    fn declare(&mut self, declaration: &'a ast::Declaration, std: bool, diagnostics: &mut Diagnostics) {
        match &declaration.kind {
            DeclarationKind::Fleet(node) => match self.fleet {
                None => self.fleet = Some((node, declaration.keyword)),
                Some((_, first)) => diagnostics.push(
                    Diagnostic::new(
                        codes::DUPLICATE_FLEET,
                        declaration.keyword,
                        "a project has one `fleet` declaration",
                    )
                    .label("a second one")
                    .related(first, "the first one")
                    .help("keep one of them; a folder of its own with a `fleet` declaration is a project of its own"),
                ),
            },
            DeclarationKind::Engine(node) => self.engine(node, declaration.keyword, diagnostics),
            DeclarationKind::Label(node) => self.fields.push((node, false)),
            DeclarationKind::Fact(node) => self.fields.push((node, true)),
            DeclarationKind::Cluster(node) => self.clusters.push(node),
            DeclarationKind::Defaults(node) => self.defaults(node, diagnostics),
            DeclarationKind::Source(node) => insert(&mut self.sources, "source", &node.name, node, std, diagnostics),
            DeclarationKind::Group(node) => insert(&mut self.groups, "group", &node.name, node, std, diagnostics),
            DeclarationKind::Project(node) => insert(&mut self.projects, "project", &node.name, node, std, diagnostics),
            DeclarationKind::Component(node) => self.component(node, std, diagnostics),
            DeclarationKind::Template(node) => {
                insert(&mut self.templates, "template", &node.name, node, std, diagnostics)
            }
            DeclarationKind::Test(node) => insert(&mut self.tests, "test", &node.name, node, std, diagnostics),
            DeclarationKind::Rollout(node) => insert(&mut self.rollouts, "rollout", &node.name, node, std, diagnostics),
            DeclarationKind::Change(node) => self.changes.push(node),
            DeclarationKind::Inventory(node) => self.inventories.push(node),
        }
    }

    /// Components, stores, secrets and objects share one namespace: each is deployed under its name.
    fn component(&mut self, node: &'a ast::Component, std: bool, diagnostics: &mut Diagnostics) {
        let first = node.name.as_ref().and_then(|name| self.components.get(&name.text));
        match (first, &node.name) {
            (Some(first), Some(name)) if first.node.form.word() != node.form.word() => {
                let found = duplicate(node.form.word(), name, first.name.span);
                diagnostics.push(found.note("components, stores, secrets and objects share one namespace"));
            }
            _ => insert(&mut self.components, node.form.word(), &node.name, node, std, diagnostics),
        }
    }

    fn engine(&mut self, node: &'a ast::Engine, keyword: Span, diagnostics: &mut Diagnostics) {
        let named = |node: &ast::Engine| node.name.as_ref().map(|name| name.text.clone());
        let of_kind = self.engines.iter().filter(|(other, _)| other.engine == node.engine);
        let others: Vec<(Option<String>, Span)> = of_kind.map(|(other, first)| (named(other), *first)).collect();
        let own = named(node);
        if let Some((_, first)) = others.iter().find(|(other, _)| *other == own) {
            diagnostics.push(match &node.name {
                Some(name) => duplicate("engine", name, *first),
                None => Diagnostic::new(codes::DUPLICATE_DECLARATION, keyword, "this engine is declared twice")
                    .label("declared again here")
                    .related(*first, "first declared here")
                    .help("put all settings into one block, or give each a name and its clusters: `argocd east on …`"),
            });
            return;
        }
        if let Some(name) = &node.name
            && !super::cluster::is_dns_label(&name.text)
        {
            diagnostics.push(
                Diagnostic::new(
                    codes::INVALID_NAME,
                    name.span,
                    format!("`{}` cannot be an instance's name", name.text),
                )
                .label("the name of a folder and of objects")
                .help("use at most 63 lower-case letters, digits and `-`, with a letter or digit at both ends"),
            );
        }
        self.engines.push((node, keyword));
    }

    fn defaults(&mut self, node: &'a ast::Named, diagnostics: &mut Diagnostics) {
        let Some(name) = &node.name else { return };
        let slot = match name.text.as_str() {
            "component" => &mut self.component_defaults,
            "cluster" => &mut self.cluster_defaults,
            other => {
                diagnostics.push(
                    Diagnostic::new(codes::UNKNOWN_VALUE, name.span, format!("`{other}` has no defaults"))
                        .label("expected `component` or `cluster`")
                        .help("write `defaults component { … }` or `defaults cluster { … }`"),
                );
                return;
            }
        };
        match slot.and_then(|first| first.name.as_ref()) {
            Some(first) => diagnostics.push(duplicate("defaults", name, first.span)),
            None => *slot = Some(node),
        }
    }
}

fn insert<'a, T>(
    table: &mut Table<'a, T>,
    what: &str,
    name: &'a Option<ast::Name>,
    node: &'a T,
    std: bool,
    diagnostics: &mut Diagnostics,
) {
    let Some(name) = name else { return };
    let key = if std { format!("std.{}", name.text) } else { name.text.clone() };
    match table.get(&key) {
        Some(first) => diagnostics.push(duplicate(what, name, first.name.span)),
        None => {
            table.insert(key, Declared { name, node, std });
        }
    }
}

/// F0212: `name` is the second `what` of this name.
pub fn duplicate(what: &str, name: &ast::Name, first: Span) -> Diagnostic {
    Diagnostic::new(codes::DUPLICATE_DECLARATION, name.span, format!("the {what} `{}` is declared twice", name.text))
        .label("declared again here")
        .related(first, "first declared here")
        .help("rename one of them, or put both into one declaration")
}

/// `name` as it is written where a name may stand: in quotes unless it is a plain word.
pub fn quoted(name: &str) -> String {
    let mut bytes = name.bytes();
    let plain = bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
        && !matches!(name, "true" | "false" | "null");
    if plain { name.to_string() } else { format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")) }
}
