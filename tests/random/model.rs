//! A fleet as the tests see it: what `language.md` can say, without any text.
//!
//! The generator makes it, the printer writes it down as `.fleet` files, the reference interpreter computes its plan.

use std::collections::BTreeMap;

/// A whole fleet.
#[derive(Clone, Debug)]
pub struct Fleet {
    pub name: String,
    /// `fleet { source = … }`
    pub home: String,
    /// `inventory = open`
    pub open: bool,
    pub protected: Option<Pred>,
    pub label_prefix: Option<String>,
    pub argocd: Option<ArgoCd>,
    pub flux: Option<Flux>,
    pub sources: Vec<Source>,
    pub fields: Vec<Field>,
    pub cluster_defaults: BTreeMap<String, Expr>,
    pub clusters: Vec<Cluster>,
    pub groups: Vec<(String, Pred)>,
    pub projects: Vec<Project>,
    pub rollouts: Vec<Rollout>,
    pub templates: Vec<Template>,
    pub defaults: Option<Body>,
    pub components: Vec<Component>,
}

/// `argocd { … }`
#[derive(Clone, Debug, Default)]
pub struct ArgoCd {
    pub version: Option<String>,
    pub namespace: Option<String>,
    pub by_server: bool,
    pub progressive_syncs: bool,
    /// `membership = labels`
    pub labels: bool,
    /// `layout = app-of-apps`
    pub app_of_apps: bool,
}

/// `flux { … }`
#[derive(Clone, Debug, Default)]
pub struct Flux {
    pub version: Option<String>,
    pub namespace: Option<String>,
    pub hub_said: bool,
    /// `mode = pull`
    pub pull: bool,
    /// `layout = overlays`
    pub overlays: bool,
    pub interval: Option<String>,
    /// `kubeconfig = "…${cluster}…"`, as the text before and after the name.
    pub kubeconfig: Option<(String, String)>,
}

/// `source NAME { … }`
#[derive(Clone, Debug)]
pub struct Source {
    pub name: String,
    /// `git`, `helm`, `oci`
    pub kind: &'static str,
    pub url: String,
    /// `branch`, `tag`, `semver`, `commit`, `digest` and its value.
    pub revision: Option<(&'static str, String)>,
    /// Whether its contents are charts.
    pub charts: bool,
}

/// The type of a label, fact or parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    Choice(Vec<String>),
    Text,
    Bool,
    Int,
    List,
}

/// What there is when a cluster (or component) says nothing.
#[derive(Clone, Debug)]
pub enum Presence {
    Required,
    Optional,
    Default(Expr),
    /// `label NAME = EXPRESSION`
    Derived(Expr),
}

/// Which texts the values of a field can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Safety {
    /// Part of any Kubernetes name.
    Name,
    /// A Kubernetes label value, part of a path.
    Label,
    /// Anything.
    Text,
}

/// A label, a fact or a parameter.
#[derive(Clone, Debug)]
pub struct Field {
    pub name: String,
    /// `label "key" as name`
    pub key: Option<String>,
    pub fact: bool,
    pub ty: Type,
    pub presence: Presence,
    pub safety: Safety,
}

/// `cluster NAME [for …] { … }`
#[derive(Clone, Debug)]
pub struct Cluster {
    pub name: Vec<Part>,
    pub bindings: Vec<(String, Vec<Expr>)>,
    pub fields: BTreeMap<String, Expr>,
    pub with: Vec<String>,
    pub without: Vec<String>,
    pub server: Option<Vec<Part>>,
}

/// `project NAME { … }`
#[derive(Clone, Debug)]
pub struct Project {
    pub name: String,
    pub description: Option<String>,
    pub sources: Vec<Repository>,
    pub clusters: Option<Clusters>,
    pub namespaces: Vec<String>,
}

/// An entry of a project's `sources`.
#[derive(Clone, Debug)]
pub enum Repository {
    Glob(String),
    /// `fleet`: the fleet's own source.
    Home,
    Source(String),
}

/// The clusters of a project.
#[derive(Clone, Debug)]
pub enum Clusters {
    Globs(Vec<String>),
    Pred(Pred),
}

/// `rollout NAME { … }`
#[derive(Clone, Debug)]
pub struct Rollout {
    pub name: String,
    pub stages: Vec<Stage>,
}

/// `stage NAME on PREDICATE { … }`
#[derive(Clone, Debug)]
pub struct Stage {
    pub name: String,
    /// None is `rest`.
    pub on: Option<Pred>,
    pub max: Option<Max>,
    /// `gate = manual`
    pub manual: bool,
}

/// `max`
#[derive(Clone, Copy, Debug)]
pub enum Max {
    Count(usize),
    Percent(usize),
}

/// `template NAME { … }`
#[derive(Clone, Debug)]
pub struct Template {
    pub name: String,
    pub params: Vec<Field>,
    pub body: Body,
}

/// `component NAME from … on … { … }`
#[derive(Clone, Debug)]
pub struct Component {
    pub name: String,
    pub from: Vec<String>,
    pub on: Option<Pred>,
    pub body: Body,
}

/// The body of a component, a template, `defaults component` or an `on` block.
#[derive(Clone, Debug, Default)]
pub struct Body {
    /// `key = value`; also the parameters that a component fills.
    pub attributes: BTreeMap<String, Expr>,
    /// `values`, `labels`, `annotations`, `images`
    pub maps: BTreeMap<String, BTreeMap<String, Expr>>,
    pub patches: Vec<Patch>,
    pub ignores: Vec<Ignore>,
    pub on: Vec<On>,
}

/// `on PREDICATE { … }`
#[derive(Clone, Debug)]
pub struct On {
    pub on: Pred,
    pub body: Body,
}

/// `patch KIND NAME { … }`
#[derive(Clone, Debug)]
pub struct Patch {
    pub kind: String,
    pub name: String,
    pub change: Change,
}

/// What a patch does.
#[derive(Clone, Debug)]
pub enum Change {
    /// Word, pointer, value.
    Operations(Vec<(String, String, Option<Expr>)>),
    Merge(BTreeMap<String, Expr>),
}

/// `ignore "group/Kind" { fields = […] }`
#[derive(Clone, Debug)]
pub struct Ignore {
    pub target: String,
    pub fields: Vec<String>,
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Duration(String),
    Text(Vec<Part>),
    /// A bare name: itself or a reference, as the place says.
    Name(String),
    List(Vec<Expr>),
    Map(BTreeMap<String, Expr>),
    If(Vec<(Pred, Expr)>, Box<Expr>),
    /// A predicate as a value.
    Pred(Pred),
}

/// A piece of a string.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    Literal(String),
    /// `${name}`
    Hole(String),
}

/// A predicate.
#[derive(Clone, Debug, PartialEq)]
pub enum Pred {
    All,
    None,
    /// A group, a cluster or a bool label.
    Name(String),
    /// `==`, or `!=` when negated.
    Equal {
        label: String,
        negated: bool,
        value: Box<Expr>,
    },
    /// `in`, or `not in` when negated.
    In {
        label: String,
        negated: bool,
        values: Vec<Expr>,
    },
    Has(String),
    /// `name like "…"` when there is no label.
    Like {
        label: Option<String>,
        glob: String,
    },
    Not(Box<Pred>),
    And(Vec<Pred>),
    Or(Vec<Pred>),
}

/// A string without `${…}`.
pub fn text(literal: impl Into<String>) -> Expr {
    Expr::Text(vec![Part::Literal(literal.into())])
}

impl Fleet {
    /// The field of this name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The same fleet for Flux alone, with a Flux in each cluster or as overlays. A Flux in each cluster orders no clusters.
    pub fn for_flux(&self, pull: bool, overlays: bool) -> Option<Self> {
        let mut fleet = self.clone();
        fleet.argocd = None;
        let flux = fleet.flux.as_mut()?;
        (flux.pull, flux.overlays) = (pull, overlays);
        if pull {
            flux.kubeconfig = None;
            fleet.rollouts.clear();
            let bodies = fleet.components.iter_mut().map(|component| &mut component.body);
            let bodies = bodies.chain(fleet.templates.iter_mut().map(|template| &mut template.body));
            bodies.chain(&mut fleet.defaults).for_each(Body::forget_rollouts);
        }
        Some(fleet)
    }

    /// The template of this name.
    pub fn template(&self, name: &str) -> &Template {
        self.templates.iter().find(|template| template.name == name).expect("a declared template")
    }
}

impl Body {
    fn forget_rollouts(&mut self) {
        self.attributes.remove("rollout");
        self.on.iter_mut().for_each(|on| on.body.forget_rollouts());
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        let Self { attributes, maps, patches, ignores, on } = self;
        attributes.is_empty() && maps.is_empty() && patches.is_empty() && ignores.is_empty() && on.is_empty()
    }
}

impl Pred {
    /// Whether `all` or `none` stands in it.
    pub fn mentions_all(&self) -> bool {
        match self {
            Self::All | Self::None => true,
            Self::Not(inner) => inner.mentions_all(),
            Self::And(parts) | Self::Or(parts) => parts.iter().any(Self::mentions_all),
            _ => false,
        }
    }
}
