//! What the declarations mean together: names resolved, types checked, labels known on every cluster.
//!
//! Takes the syntax trees, gives a [`Model`]. Knows nothing of what runs where (that is the plan) nor of engines.

pub mod body;
pub mod changes;
pub mod cluster;
pub mod deciding;
pub mod declarations;
pub mod eval;
pub mod expectations;
pub mod field;
pub mod inventory;
pub mod mend;
pub mod names;
pub mod object;
pub mod order;
pub mod predicate;
pub mod project;
pub mod reads;
pub mod schema;
pub mod scope;
pub mod set;
pub mod shapes;
pub mod space;
pub mod tagged;
pub mod value;

use std::collections::BTreeMap;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _};
use serde_json::Value;

use crate::diag::{Applicability, Diagnostic, Diagnostics, codes, nearest, one_of, question};
use crate::source::{Sources, Span};
use crate::syntax::{Parse, ast};
use declarations::Params;
use field::Field;
use names::{Names, quoted};
use schema::Kind;
use set::ClusterSet;
use value::Conditions;

/// What a label, fact or parameter holds on a cluster.
#[derive(Clone, Debug, PartialEq)]
pub enum Slot {
    /// Nothing.
    Absent,
    /// Something wrong that was reported.
    Poisoned,
    /// A value.
    Value(Value),
    /// What stands for a value that is known at run time only.
    Token {
        /// The text or number that stands for it.
        value: Value,
        /// Whether it is sure to be none of the values that the fleet compares it with.
        differs: bool,
    },
}

/// A declared cluster.
#[derive(Debug)]
pub struct Cluster<'a> {
    /// Its name.
    pub name: Arc<str>,
    /// What `${cluster}` gives: its name, or what stands for a name that is known at run time only.
    pub text: Arc<str>,
    /// The name in its declaration.
    pub span: Span,
    /// The declaration.
    pub node: &'a ast::Cluster,
    /// The values of the `for` variables.
    pub variables: Vec<Value>,
    /// Labels and facts, in the order of [`Model::fields`].
    pub slots: Vec<Slot>,
    /// For a cluster that nobody declared, its labels and facts but those that follow from others.
    pub assigned: Option<Vec<Option<Slot>>>,
}

/// A group.
#[derive(Debug)]
pub struct Group {
    /// The name in its declaration.
    pub span: Span,
    /// Its clusters.
    pub set: ClusterSet,
    /// Whether something wrong, reported already, makes the set unreliable.
    pub poisoned: bool,
}

/// The checked meaning of a project's declarations.
#[derive(Debug)]
pub struct Model<'a> {
    /// The texts.
    pub sources: &'a Sources,
    /// Every declaration by name.
    pub names: Names<'a>,
    /// Labels and facts, sorted by name.
    pub fields: Vec<Field<'a>>,
    /// The clusters, sorted by name.
    pub clusters: Vec<Cluster<'a>>,
    /// Whether a cluster could not be read, so that what seems to be missing may not be.
    pub clusters_poisoned: bool,
    /// The groups.
    pub groups: BTreeMap<String, Group>,
    /// Every checked condition.
    pub conditions: Conditions,
    /// The parameters of every template.
    pub params: Params,
    /// What stands for what is known at run time only.
    pub tokens: space::Tokens,
    /// The clusters on which each component is looked at; all, for one that is not listed.
    pub looked_at: BTreeMap<String, ClusterSet>,
    by_name: HashMap<Arc<str>, usize>,
}

/// Builds the model of `files`, and reports what is wrong with labels, facts, clusters and groups.
pub fn build<'a>(files: &'a [Parse], sources: &'a Sources, diagnostics: &mut Diagnostics) -> Model<'a> {
    let mut model = begin(files, sources, diagnostics);
    finish(&mut model, diagnostics);
    model
}

/// The model as far as its clusters' names.
fn begin<'a>(files: &'a [Parse], sources: &'a Sources, diagnostics: &mut Diagnostics) -> Model<'a> {
    let names = names::collect(files, sources, diagnostics);
    let fields = field::fields(&names, diagnostics);
    let mut model = Model {
        sources,
        names,
        fields,
        clusters: Vec::new(),
        clusters_poisoned: false,
        groups: BTreeMap::new(),
        conditions: Conditions::new(),
        params: Params::new(),
        tokens: space::Tokens::default(),
        looked_at: BTreeMap::new(),
        by_name: HashMap::new(),
    };
    cluster::expand(&mut model, diagnostics);
    model
}

/// What needs the clusters.
fn finish(model: &mut Model, diagnostics: &mut Diagnostics) {
    order::evaluate(model, diagnostics);
    cluster::check(model, diagnostics);
    model.params = declarations::check(model, diagnostics);
}

impl<'a> Model<'a> {
    /// Whether all clusters are here that the fleet may have: those of an open fleet are only in the model over the label
    /// space.
    pub fn lists_all_clusters(&self) -> bool {
        !self.tokens.cluster.is_empty() || self.names.open().is_none()
    }

    /// The place of the label or fact `name` in [`Model::fields`].
    pub fn find_field(&self, name: &str) -> Option<usize> {
        self.fields.binary_search_by(|field| field.name.text.as_str().cmp(name)).ok()
    }

    /// The place of the cluster `name` in [`Model::clusters`].
    pub fn find_cluster(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// Where the cluster `name` is declared.
    pub fn cluster_span(&self, name: &str) -> Option<Span> {
        self.clusters.get(self.find_cluster(name)?).map(|cluster| cluster.span)
    }

    /// What the field at `field` holds on the cluster at `cluster`.
    pub fn slot(&self, cluster: usize, field: usize) -> &Slot {
        self.clusters.get(cluster).and_then(|cluster| cluster.slots.get(field)).unwrap_or(&Slot::Poisoned)
    }

    /// The source text under `span`.
    pub fn text(&self, span: Span) -> &'a str {
        self.sources.text(span)
    }

    /// The names of some clusters for a message: at most five, then how many more.
    pub fn list_clusters(&self, clusters: impl Iterator<Item = usize>) -> String {
        let mut places: Vec<usize> = clusters.collect();
        places.sort_unstable();
        places.dedup();
        let names: Vec<String> = places
            .iter()
            .take(5)
            .filter_map(|place| self.clusters.get(*place))
            .map(|cluster| format!("`{}`", cluster.name))
            .collect();
        match places.len().saturating_sub(names.len()) {
            0 => names.join(", "),
            more => format!("{} and {more} more", names.join(", ")),
        }
    }

    /// F0201 for `name`.
    pub fn unknown_cluster(&self, span: Span, name: &str) -> Diagnostic {
        let diagnostic = Diagnostic::new(codes::UNKNOWN_CLUSTER, span, format!("no cluster is named `{name}`"))
            .label("not declared");
        let guesses = nearest(name, self.clusters.iter().map(|cluster| cluster.name.as_ref()));
        match guesses.first().copied() {
            Some(near) => {
                let written = if self.text(span).starts_with('"') { format!("\"{near}\"") } else { quoted(near) };
                let diagnostic = diagnostic.help(question(&guesses)).fix(
                    format!("write `{near}`"),
                    Applicability::Unsafe,
                    span,
                    written,
                );
                match self.cluster_span(near) {
                    Some(at) => diagnostic.related(at, "a similar name is declared here"),
                    None => diagnostic,
                }
            }
            None => diagnostic.help(format!("declare it: `cluster {name} {{ … }}`")),
        }
    }

    /// The diagnostic for a reference to something that is not declared; none when it is.
    pub fn unknown_reference(&self, kind: Kind, name: &str, span: Span) -> Option<Diagnostic> {
        match kind {
            Kind::Source => unknown(&self.names.sources, codes::UNKNOWN_SOURCE, "source", name, span),
            Kind::Project => unknown(&self.names.projects, codes::UNKNOWN_PROJECT, "project", name, span),
            Kind::Rollout => unknown(&self.names.rollouts, codes::UNKNOWN_ROLLOUT, "rollout", name, span),
            Kind::Store => self.unknown_store(name, span),
            Kind::Component if name.starts_with("std.") => self.unknown_template(name, span),
            Kind::Component => unknown(&self.names.components, codes::UNKNOWN_COMPONENT, "component", name, span),
        }
    }

    /// F0317 for a store that is not declared; none when it is.
    fn unknown_store(&self, name: &str, span: Span) -> Option<Diagnostic> {
        let is_store = |declared: &names::Declared<'_, ast::Component>| declared.node.form == ast::Form::Store;
        match self.names.components.get(name) {
            Some(declared) if is_store(declared) => return None,
            Some(declared) => {
                let what = declared.node.form.owner();
                let diagnostic =
                    Diagnostic::new(codes::UNKNOWN_STORE, span, format!("`{name}` is {what}, not a store"))
                        .label("not a store")
                        .related(declared.name.span, "declared here");
                return Some(diagnostic.help("name a store"));
            }
            None => {}
        }
        let stores: names::Table<'_, ()> = self
            .names
            .components
            .iter()
            .filter(|(_, declared)| is_store(declared))
            .map(|(key, d)| (key.clone(), names::Declared { name: d.name, node: &(), std: d.std }))
            .collect();
        unknown(&stores, codes::UNKNOWN_STORE, "store", name, span)
    }

    /// F0208 for a template that is not declared; none when it is.
    pub fn unknown_template(&self, name: &str, span: Span) -> Option<Diagnostic> {
        unknown(&self.names.templates, codes::UNKNOWN_TEMPLATE, "template", name, span)
    }
}

fn unknown<T>(
    known: &names::Table<'_, T>,
    code: &'static crate::diag::Code,
    what: &str,
    name: &str,
    span: Span,
) -> Option<Diagnostic> {
    if known.contains_key(name) {
        return None;
    }
    let diagnostic = Diagnostic::new(code, span, format!("no {what} is named `{name}`")).label("not declared");
    let guesses = nearest(name, known.keys().map(String::as_str));
    if let Some(near) = guesses.first().copied() {
        // Names of the library and of templates hold dots, which need no quotes.
        let dotted = near.split('.').all(|part| quoted(part) == part);
        let written = if dotted { near.to_string() } else { quoted(near) };
        let diagnostic = diagnostic.help(question(&guesses));
        let diagnostic = diagnostic.fix(format!("write `{near}`"), Applicability::Unsafe, span, written);
        return Some(match known.get(near) {
            Some(declared) => diagnostic.related(declared.name.span, "a similar name is declared here"),
            None => diagnostic,
        });
    }
    let declare = format!("declare it: `{what} {} {{ … }}`", quoted(name));
    let own: Vec<&str> = known.keys().map(String::as_str).filter(|name| !name.starts_with("std.")).collect();
    Some(if own.is_empty() {
        diagnostic.help(declare)
    } else {
        diagnostic.help(format!("name {}, or {declare}", one_of(own)))
    })
}
