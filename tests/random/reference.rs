//! The language once more, as plainly as it can be said: for each component, for each cluster, what is there?
//!
//! Takes a fleet of the model and gives its plan as `cli.md` states it. Nothing is shared with the compiler and nothing
//! is clever: no index, no cache, no order other than that of the specification. A name that does not resolve is a
//! mistake of the generator and panics.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::model::{
    Body, Change, Clusters, Component, Expr, Field, Fleet, Max, Part, Pred, Presence, Repository, Type,
};

/// A declared cluster with everything that is known of it.
#[derive(Clone, Debug)]
pub struct Cluster {
    pub name: String,
    /// Which of the fleet's cluster declarations it comes from.
    pub declaration: usize,
    /// Labels and facts that it has.
    pub values: BTreeMap<String, Value>,
    pub server: Option<String>,
    pub protected: bool,
}

/// One component on one cluster.
#[derive(Clone, Debug)]
pub struct Deployment {
    pub component: String,
    pub cluster: String,
    pub name: String,
    pub project: Option<String>,
    pub namespace: Option<String>,
    pub source: Value,
    pub values: Value,
    pub patches: Vec<Value>,
    pub health: Vec<String>,
    pub wait: bool,
    pub after: Vec<String>,
    pub rollout: Option<String>,
    pub stage: Option<String>,
    pub prune: bool,
    pub self_heal: bool,
    pub create_namespace: bool,
    pub protected: bool,
    /// What the plan's JSON does not show: the other switches, and `images`, `labels`, `annotations`, `ignore`.
    pub rest: Value,
}

/// What a bare name means where it stands (section 3: "never from what happens to exist").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bare {
    /// The name itself: a name, a declaration, a label's value.
    Itself,
    /// A label, a fact, a parameter, `cluster`, `component` or `namespace`.
    Refers,
}

/// What names mean for one component on one cluster.
struct Scope<'a> {
    reference: &'a Reference<'a>,
    cluster: &'a Cluster,
    component: Option<&'a str>,
    namespace: Option<String>,
    /// Parameters of the templates in use, or the `for` variables of a cluster.
    params: BTreeMap<String, Value>,
}

/// All that is said of one component on one cluster.
struct Said<'a> {
    /// Weakest first.
    layers: Vec<&'a Body>,
    scope: Scope<'a>,
}

/// The interpreter: a fleet and its clusters.
pub struct Reference<'a> {
    pub fleet: &'a Fleet,
    /// Sorted by name.
    pub clusters: Vec<Cluster>,
}

impl<'a> Reference<'a> {
    /// Finds the clusters of `fleet`.
    pub fn new(fleet: &'a Fleet) -> Self {
        let mut reference = Self { fleet, clusters: Vec::new() };
        let mut clusters = Vec::new();
        for (declaration, cluster) in fleet.clusters.iter().enumerate() {
            for variables in combinations(&cluster.bindings) {
                clusters.push(reference.cluster(declaration, variables));
            }
        }
        clusters.sort_by(|a, b| a.name.cmp(&b.name));
        reference.clusters = clusters;
        // Section 4: `protected` is a predicate over the clusters.
        let protected: Vec<bool> = reference
            .clusters
            .iter()
            .map(|cluster| fleet.protected.as_ref().is_some_and(|pred| reference.holds(pred, cluster)))
            .collect();
        for (cluster, protected) in reference.clusters.iter_mut().zip(protected) {
            cluster.protected = protected;
        }
        reference
    }

    /// One cluster of a declaration, for one choice of its `for` variables.
    fn cluster(&self, declaration: usize, variables: BTreeMap<String, Value>) -> Cluster {
        let said = &self.fleet.clusters[declaration];
        let nameless =
            Cluster { name: String::new(), declaration, values: BTreeMap::new(), server: None, protected: false };
        let name = self.cluster_scope(&nameless, &variables).text(&said.name);
        let mut cluster = Cluster { name, ..nameless };
        // The model lists fields so that each needs only earlier ones.
        for field in &self.fleet.fields {
            let scope = self.cluster_scope(&cluster, &variables);
            let value = match &field.presence {
                Presence::Derived(expr) => Some(scope.value(expr, Bare::Itself)),
                presence => {
                    let set = said.fields.get(&field.name).map(|expr| scope.value(expr, bare(&field.ty)));
                    let by_variable = || variables.get(&field.name).cloned();
                    let by_defaults =
                        || self.fleet.cluster_defaults.get(&field.name).map(|expr| scope.value(expr, bare(&field.ty)));
                    let by_type = || match presence {
                        Presence::Default(expr) => Some(scope.value(expr, bare(&field.ty))),
                        _ => None,
                    };
                    set.or_else(by_variable).or_else(by_defaults).or_else(by_type)
                }
            };
            if let Some(value) = value {
                cluster.values.insert(field.name.clone(), value);
            }
        }
        let server = said.server.as_ref().map(|parts| self.cluster_scope(&cluster, &variables).text(parts));
        Cluster { server, ..cluster }
    }

    fn cluster_scope<'s>(&'s self, cluster: &'s Cluster, variables: &BTreeMap<String, Value>) -> Scope<'s> {
        Scope { reference: self, cluster, component: None, namespace: None, params: variables.clone() }
    }

    /// Whether `pred` holds on `cluster`.
    pub fn holds(&self, pred: &Pred, cluster: &Cluster) -> bool {
        let value = |label: &str| cluster.values.get(label);
        match pred {
            Pred::All => true,
            Pred::None => false,
            Pred::Name(name) => match self.fleet.groups.iter().find(|(group, _)| group == name) {
                Some((_, group)) => self.holds(group, cluster),
                None if self.fleet.field(name).is_some() => value(name) == Some(&Value::Bool(true)),
                None => cluster.name == *name,
            },
            // "On a cluster that lacks an optional label, `==`, `in` and `like` are false, `!=` and `not in` true."
            Pred::Equal { label, negated, value: wanted } => (value(label) == Some(&literal(wanted))) != *negated,
            Pred::In { label, negated, values } => {
                values.iter().any(|wanted| value(label) == Some(&literal(wanted))) != *negated
            }
            Pred::Has(label) => value(label).is_some(),
            Pred::Like { label: None, glob } => matches(glob, &cluster.name),
            Pred::Like { label: Some(label), glob } => {
                value(label).and_then(Value::as_str).is_some_and(|text| matches(glob, text))
            }
            Pred::Not(inner) => !self.holds(inner, cluster),
            Pred::And(all) => all.iter().all(|each| self.holds(each, cluster)),
            Pred::Or(any) => any.iter().any(|each| self.holds(each, cluster)),
        }
    }

    /// The names of the clusters on which `pred` holds.
    pub fn selected(&self, pred: &Pred) -> BTreeSet<String> {
        self.clusters.iter().filter(|cluster| self.holds(pred, cluster)).map(|cluster| cluster.name.clone()).collect()
    }

    /// Whether `component` runs on `cluster`: its `on`, and what the cluster adds and takes away.
    pub fn runs(&self, component: &Component, cluster: &Cluster) -> bool {
        let said = &self.fleet.clusters[cluster.declaration];
        let selected = component.on.as_ref().is_some_and(|pred| self.holds(pred, cluster));
        (selected || said.with.contains(&component.name)) && !said.without.contains(&component.name)
    }

    /// The bodies that speak of `component` on `cluster`, weakest first: defaults, templates, the component, each
    /// followed by its own `on` blocks, of which the one with fewer clusters is the stronger.
    fn layers(&self, component: &'a Component, cluster: &Cluster) -> Vec<&'a Body> {
        let defaults = self.fleet.defaults.iter();
        let templates = component.from.iter().map(|name| &self.fleet.template(name).body);
        let mut layers = Vec::new();
        for body in defaults.chain(templates).chain([&component.body]) {
            layers.push(body);
            let mut blocks: Vec<_> = body.on.iter().filter(|block| self.holds(&block.on, cluster)).collect();
            blocks.sort_by_key(|block| std::cmp::Reverse(self.selected(&block.on).len()));
            layers.extend(blocks.into_iter().map(|block| &block.body));
        }
        layers
    }

    /// Every deployment, sorted by component and cluster.
    pub fn deployments(&self) -> Vec<Deployment> {
        let mut components: Vec<&Component> = self.fleet.components.iter().collect();
        components.sort_by(|a, b| a.name.cmp(&b.name));
        let mut deployments = Vec::new();
        for component in components {
            for cluster in &self.clusters {
                if self.runs(component, cluster) {
                    deployments.push(self.deployment(component, cluster));
                }
            }
        }
        deployments
    }

    fn deployment(&self, component: &'a Component, cluster: &'a Cluster) -> Deployment {
        let said = Said::new(self, component, cluster);
        let namespace = said.scope.namespace.clone();
        let health = said.list("health", Bare::Refers);
        let health: Vec<String> = health.iter().map(|object| object_of(object, namespace.as_deref())).collect();
        let after: BTreeSet<String> = said.list("after", Bare::Itself).into_iter().collect();
        let rollout = said.name("rollout");
        Deployment {
            name: short(&format!("{}-{}", component.name, cluster.name)),
            component: component.name.clone(),
            cluster: cluster.name.clone(),
            project: said.name("project"),
            namespace,
            source: self.source(&said),
            values: Value::Object(said.merged("values")),
            patches: said.layers.iter().flat_map(|body| &body.patches).map(|patch| said.scope.patch(patch)).collect(),
            wait: said.bool("wait", health.is_empty()),
            health,
            after: after.into_iter().collect(),
            stage: rollout.as_ref().and_then(|rollout| self.stage(rollout, cluster)),
            rollout,
            prune: said.bool("prune", true),
            self_heal: said.bool("self-heal", false),
            create_namespace: said.bool("create-namespace", true),
            protected: cluster.protected,
            rest: said.rest(),
        }
    }

    /// `source` of a deployment: the revision is the chart's version, or what the source says.
    fn source(&self, said: &Said) -> Value {
        let name = said.name("source").unwrap_or_else(|| self.fleet.home.clone());
        let source = self.fleet.sources.iter().find(|source| source.name == name).expect("a declared source");
        let (path, chart) = (said.text("path"), said.text("chart"));
        let revision = match chart {
            Some(_) => said.text("version"),
            None => source.revision.as_ref().map(|(_, value)| value.clone()),
        };
        json!({
            "name": source.name, "kind": source.kind, "url": source.url,
            "revision": revision, "path": path, "chart": chart,
        })
    }

    /// The stage of `cluster`: "the FIRST stage whose predicate holds"; `rest` takes what no earlier one took.
    pub fn stage(&self, rollout: &str, cluster: &Cluster) -> Option<String> {
        let rollout = self.fleet.rollouts.iter().find(|each| each.name == rollout).expect("a declared rollout");
        let takes = |on: &Option<Pred>| on.as_ref().is_none_or(|pred| self.holds(pred, cluster));
        rollout.stages.iter().find(|stage| takes(&stage.on)).map(|stage| stage.name.clone())
    }

    /// The plan as `fleetc plan --format json` prints it.
    pub fn plan(&self) -> Value {
        let mut projects = self.fleet.projects.clone();
        projects.sort_by(|a, b| a.name.cmp(&b.name));
        let mut rollouts = self.fleet.rollouts.clone();
        rollouts.sort_by(|a, b| a.name.cmp(&b.name));
        json!({
            "schema": "fleetc.plan/1",
            "fleet": self.fleet.name,
            "clusters": self.clusters.iter().map(|cluster| self.cluster_json(cluster)).collect::<Vec<_>>(),
            "deployments": self.deployments().iter().map(Deployment::json).collect::<Vec<_>>(),
            "rollouts": rollouts.iter().map(|rollout| json!({
                "name": rollout.name,
                "stages": rollout.stages.iter().map(|stage| json!({
                    "name": stage.name,
                    "clusters": self.clusters.iter()
                        .filter(|cluster| self.stage(&rollout.name, cluster).as_ref() == Some(&stage.name))
                        .map(|cluster| cluster.name.clone()).collect::<Vec<_>>(),
                    "max": stage.max.map(|max| match max {
                        Max::Count(count) => json!(count),
                        Max::Percent(percent) => json!(format!("{percent}%")),
                    }),
                    "gate": stage.manual.then_some("manual"), "bake": null,
                })).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
            "projects": projects.iter().map(|project| json!({
                "name": project.name,
                "sources": project.sources.iter().map(|source| self.repository(source)).collect::<Vec<_>>(),
                "clusters": match &project.clusters {
                    None => vec!["*".to_string()],
                    Some(Clusters::Globs(globs)) => globs.clone(),
                    Some(Clusters::Pred(pred)) => self.selected(pred).into_iter().collect(),
                },
                "namespaces": project.namespaces,
            })).collect::<Vec<_>>(),
        })
    }

    /// "repository globs; `fleet` and `source` names allowed": a name stands for its URL.
    fn repository(&self, repository: &Repository) -> String {
        let name = match repository {
            Repository::Glob(glob) => return glob.clone(),
            Repository::Home => &self.fleet.home,
            Repository::Source(name) => name,
        };
        self.fleet.sources.iter().find(|source| source.name == *name).expect("a declared source").url.clone()
    }

    fn cluster_json(&self, cluster: &Cluster) -> Value {
        let labels: BTreeMap<String, String> = self
            .fleet
            .fields
            .iter()
            .filter(|field| !field.fact)
            .filter_map(|field| Some((field.name.clone(), string(cluster.values.get(&field.name)?))))
            .collect();
        json!({ "name": cluster.name, "labels": labels, "server": cluster.server })
    }
}

impl Deployment {
    fn json(&self) -> Value {
        json!({
            "component": self.component, "cluster": self.cluster, "name": self.name,
            "project": self.project, "namespace": self.namespace, "source": self.source,
            "values": self.values, "patches": self.patches, "health": self.health, "wait": self.wait,
            "after": self.after, "rollout": self.rollout, "stage": self.stage,
            "prune": self.prune, "self_heal": self.self_heal, "create_namespace": self.create_namespace,
            "protected": self.protected,
        })
    }
}

impl Scope<'_> {
    /// What a name stands for.
    fn name(&self, name: &str) -> Value {
        match name {
            "cluster" => json!(self.cluster.name),
            "component" => json!(self.component.expect("a component")),
            "namespace" => json!(self.namespace.as_deref().expect("a namespace")),
            _ => match self.params.get(name).or_else(|| self.cluster.values.get(name)) {
                Some(value) => value.clone(),
                None => panic!("`{name}` is not there on {} for {:?}", self.cluster.name, self.component),
            },
        }
    }

    fn text(&self, parts: &[Part]) -> String {
        parts
            .iter()
            .map(|part| match part {
                Part::Literal(text) => text.clone(),
                Part::Hole(name) => string(&self.name(name)),
            })
            .collect()
    }

    fn value(&self, expr: &Expr, bare: Bare) -> Value {
        match expr {
            Expr::Null => Value::Null,
            Expr::Bool(value) => json!(value),
            Expr::Int(value) => json!(value),
            Expr::Float(value) => json!(value),
            Expr::Duration(value) => json!(value),
            Expr::Text(parts) => json!(self.text(parts)),
            Expr::Name(name) if bare == Bare::Itself => json!(name),
            Expr::Name(name) => self.name(name),
            Expr::List(items) => items.iter().map(|item| self.value(item, bare)).collect(),
            Expr::Map(entries) => entries.iter().map(|(key, value)| (key.clone(), self.value(value, bare))).collect(),
            Expr::If(branches, otherwise) => {
                let branch = branches.iter().find(|(pred, _)| self.reference.holds(pred, self.cluster));
                self.value(branch.map_or(otherwise, |(_, value)| value), bare)
            }
            Expr::Pred(pred) => json!(self.reference.holds(pred, self.cluster)),
        }
    }

    fn patch(&self, patch: &super::model::Patch) -> Value {
        match &patch.change {
            Change::Operations(operations) => json!({
                "kind": patch.kind, "name": patch.name,
                "operations": operations.iter().map(|(word, pointer, value)| match value {
                    Some(value) => json!({ "op": word, "path": pointer, "value": self.value(value, Bare::Refers) }),
                    None => json!({ "op": word, "path": pointer }),
                }).collect::<Vec<_>>(),
            }),
            Change::Merge(fields) => json!({
                "kind": patch.kind, "name": patch.name,
                "merge": fields.iter().map(|(key, value)| (key.clone(), self.value(value, Bare::Refers)))
                    .collect::<Map<String, Value>>(),
            }),
        }
    }
}

impl<'a> Said<'a> {
    fn new(reference: &'a Reference<'a>, component: &'a Component, cluster: &'a Cluster) -> Self {
        let layers = reference.layers(component, cluster);
        let component_name = Some(component.name.as_str());
        let scope = Scope { reference, cluster, component: component_name, namespace: None, params: BTreeMap::new() };
        let mut said = Self { layers, scope };
        let mut params = BTreeMap::new();
        for param in component.from.iter().flat_map(|name| &reference.fleet.template(name).params) {
            let argument = argument(param, said.last(&param.name));
            params.insert(param.name.clone(), said.scope.value(argument, bare(&param.ty)));
        }
        said.scope.params = params;
        said.scope.namespace = said.name("namespace");
        said
    }

    /// What the strongest layer that speaks of `key` says.
    fn last(&self, key: &str) -> Option<&'a Expr> {
        self.layers.iter().rev().find_map(|body| body.attributes.get(key))
    }

    fn name(&self, key: &str) -> Option<String> {
        self.last(key).map(|expr| string(&self.scope.value(expr, Bare::Itself)))
    }

    fn text(&self, key: &str) -> Option<String> {
        self.last(key).map(|expr| string(&self.scope.value(expr, Bare::Refers)))
    }

    fn bool(&self, key: &str, default: bool) -> bool {
        let value = self.last(key).map(|expr| self.scope.value(expr, Bare::Refers));
        value.map_or(default, |value| value.as_bool().expect("a bool"))
    }

    fn list(&self, key: &str, bare: Bare) -> Vec<String> {
        match self.last(key).map(|expr| self.scope.value(expr, bare)) {
            Some(Value::Array(items)) => items.iter().map(string).collect(),
            _ => Vec::new(),
        }
    }

    /// "Maps merge key by key, nested maps too; lists and scalars replace."
    fn merged(&self, map: &str) -> Map<String, Value> {
        let mut result = Map::new();
        for entries in self.layers.iter().filter_map(|body| body.maps.get(map)) {
            for (key, expr) in entries {
                merge(&mut result, key, self.scope.value(expr, Bare::Refers));
            }
        }
        result
    }

    fn rest(&self) -> Value {
        let ignores = self.layers.iter().flat_map(|body| &body.ignores);
        json!({
            "server_side": self.bool("server-side", false), "suspend": self.bool("suspend", false),
            "force": self.bool("force", false), "on_delete": self.name("on-delete"), "release": self.name("release"),
            "images": self.merged("images"), "labels": self.merged("labels"),
            "annotations": self.merged("annotations"), "interval": self.name("interval"),
            "ignore": ignores.map(|ignore| json!([ignore.target, ignore.fields])).collect::<Vec<_>>(),
        })
    }
}

fn merge(map: &mut Map<String, Value>, key: &str, value: Value) {
    match (map.get_mut(key), value) {
        (Some(Value::Object(old)), Value::Object(new)) => {
            for (key, value) in new {
                merge(old, &key, value);
            }
        }
        (_, value) => {
            map.insert(key.to_string(), value);
        }
    }
}

/// What a parameter is: what the component says, or its default.
fn argument<'e>(param: &'e Field, said: Option<&'e Expr>) -> &'e Expr {
    match (said, &param.presence) {
        (Some(expr), _) | (None, Presence::Default(expr)) => expr,
        _ => panic!("the parameter `{}` is not set", param.name),
    }
}

/// A label's value is one of that label's values; elsewhere a bare name refers.
fn bare(ty: &Type) -> Bare {
    match ty {
        Type::Choice(_) => Bare::Itself,
        _ => Bare::Refers,
    }
}

/// The right side of a comparison, which is always a literal.
fn literal(expr: &Expr) -> Value {
    match expr {
        Expr::Bool(value) => json!(value),
        Expr::Int(value) => json!(value),
        Expr::Name(name) => json!(name),
        Expr::Text(parts) => match parts.as_slice() {
            [] => json!(""),
            [Part::Literal(text)] => json!(text),
            _ => panic!("a comparison with `${{…}}`"),
        },
        other => panic!("a comparison with {other:?}"),
    }
}

/// A value inside a string.
fn string(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        other => panic!("{other} inside a string"),
    }
}

/// Each choice of the `for` variables.
fn combinations(bindings: &[(String, Vec<Expr>)]) -> Vec<BTreeMap<String, Value>> {
    let mut all = vec![BTreeMap::new()];
    for (variable, values) in bindings {
        all = all
            .iter()
            .flat_map(|chosen| {
                values.iter().map(|value| {
                    let mut chosen = chosen.clone();
                    chosen.insert(variable.clone(), literal(value));
                    chosen
                })
            })
            .collect();
    }
    all
}

/// Whether `glob`, in which `*` is any text and `?` any character, is the whole of `text`.
pub fn matches(glob: &str, text: &str) -> bool {
    match glob.chars().next() {
        None => text.is_empty(),
        Some('*') => {
            (0..=text.len()).filter(|&at| text.is_char_boundary(at)).any(|at| matches(&glob[1..], &text[at..]))
        }
        Some('?') => text.chars().next().is_some_and(|first| matches(&glob[1..], &text[first.len_utf8()..])),
        Some(first) => text.strip_prefix(first).is_some_and(|rest| matches(&glob[first.len_utf8()..], rest)),
    }
}

/// `"Kind/name"`, `"Kind/namespace/name"`, `"group/version/Kind/namespace/name"` as the plan writes it.
fn object_of(object: &str, namespace: Option<&str>) -> String {
    let parts: Vec<&str> = object.split('/').collect();
    match parts.as_slice() {
        [kind, name] => format!("{}/{kind}/{}/{name}", api_version(kind), namespace.expect("a namespace")),
        [kind, namespace, name] => format!("{}/{kind}/{namespace}/{name}", api_version(kind)),
        [_, _, _, _, _] => object.to_string(),
        _ => panic!("`{object}` is no object"),
    }
}

/// The usual API version of a kind.
fn api_version(kind: &str) -> &'static str {
    match kind {
        "Deployment" | "StatefulSet" | "DaemonSet" => "apps/v1",
        "Job" | "CronJob" => "batch/v1",
        "ConfigMap" | "Service" => "v1",
        other => panic!("the usual API version of {other} is not known"),
    }
}

/// At most 53 characters: the first 44 without trailing `-` and `.`, `-`, and 8 digits of the SHA-256 of the whole.
fn short(name: &str) -> String {
    if name.len() <= 53 {
        return name.to_string();
    }
    let hash: String = Sha256::digest(name.as_bytes()).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{hash}", name[..44].trim_end_matches(['-', '.']))
}
