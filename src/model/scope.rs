//! What a name refers to, and what it holds on a cluster.

use serde_json::Value;

use super::field::FieldType;
use super::{Model, Slot};
use crate::source::Span;

/// Where an expression stands, which decides what `${…}` and bare names may refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The name of a cluster: only `for` variables.
    ClusterName,
    /// The body of a cluster, or `defaults cluster`.
    Cluster,
    /// A derived label.
    Label,
    /// The body of a component or template, or `defaults component`.
    Body,
    /// The value of a parameter or of the namespace, which may not need the namespace: as [`Place::Body`] without it.
    Parameter,
    /// An engine's settings that are given for each cluster.
    Engine,
    /// Where nothing depends on a cluster.
    Fixed,
}

impl Place {
    /// Whether it is a value of a component.
    pub fn in_body(self) -> bool {
        matches!(self, Self::Body | Self::Parameter)
    }
}

/// A parameter of a template, as a name.
#[derive(Clone, Debug)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: FieldType,
    /// Its declaration.
    pub span: Span,
}

/// What may be named somewhere.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'s> {
    /// Where.
    pub place: Place,
    /// The parameters of the templates in use.
    pub params: &'s [Param],
    /// The `for` variables.
    pub variables: &'s [String],
    /// Whether it is the standard library, whose sources are its own.
    pub std: bool,
}

impl Scope<'static> {
    /// A scope without parameters and variables.
    pub fn of(place: Place) -> Self {
        Self { place, params: &[], variables: &[], std: false }
    }
}

/// What a name refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Referent {
    /// The cluster's name.
    Cluster,
    /// The component's name.
    Component,
    /// The component's namespace.
    Namespace,
    /// A label or fact.
    Field(usize),
    /// A parameter, by its place in the scope.
    Param(usize),
    /// A `for` variable, by its place in the scope.
    Variable(usize),
}

impl Scope<'_> {
    /// What `name` refers to here, if anything.
    pub fn find(&self, model: &Model, name: &str) -> Option<Referent> {
        if let Some(index) = self.variables.iter().position(|variable| variable == name) {
            return Some(Referent::Variable(index));
        }
        if let Some(index) = self.params.iter().position(|param| param.name == name) {
            return Some(Referent::Param(index));
        }
        match (name, self.place) {
            (_, Place::ClusterName | Place::Fixed) => None,
            ("cluster", _) => Some(Referent::Cluster),
            ("component", place) if place.in_body() => Some(Referent::Component),
            ("namespace", Place::Body) => Some(Referent::Namespace),
            _ => {
                let index = model.find_field(name)?;
                let fact = model.fields.get(index).is_some_and(|field| field.fact);
                let allowed = !fact || self.place.in_body() || self.place == Place::Engine;
                allowed.then_some(Referent::Field(index))
            }
        }
    }

    /// Every name that [`Scope::find`] finds, for suggestions.
    pub fn names(&self, model: &Model) -> Vec<String> {
        let mut names: Vec<String> = self.variables.to_vec();
        names.extend(self.params.iter().map(|param| param.name.clone()));
        names.extend(model.fields.iter().map(|field| field.name.text.clone()));
        names.extend(["cluster", "component", "namespace"].map(String::from));
        names.retain(|name| self.find(model, name).is_some());
        names
    }
}

/// What names hold for one evaluation.
#[derive(Clone, Copy, Debug)]
pub struct Env<'e> {
    /// The cluster, by its place in the model.
    pub cluster: usize,
    /// The component's name.
    pub component: &'e str,
    /// The component's namespace.
    pub namespace: Option<&'e str>,
    /// The parameters, in the order of the scope.
    pub params: &'e [Slot],
    /// The `for` variables, in the order of the scope.
    pub variables: &'e [Value],
}

impl Env<'static> {
    /// Only a cluster.
    pub fn on(cluster: usize) -> Self {
        Self { cluster, component: "", namespace: None, params: &[], variables: &[] }
    }
}

impl Env<'_> {
    /// What `referent` holds.
    pub fn get(&self, model: &Model, referent: &Referent) -> Slot {
        match referent {
            Referent::Cluster => {
                model.clusters.get(self.cluster).map_or(Slot::Poisoned, |cluster| match cluster.assigned {
                    Some(_) => Slot::Token { value: cluster.text.as_ref().into(), differs: true },
                    None => Slot::Value(cluster.text.as_ref().into()),
                })
            }
            Referent::Component => Slot::Value(self.component.into()),
            Referent::Namespace => self.namespace.map_or(Slot::Absent, |namespace| Slot::Value(namespace.into())),
            Referent::Field(index) => model.slot(self.cluster, *index).clone(),
            Referent::Param(index) => self.params.get(*index).cloned().unwrap_or(Slot::Poisoned),
            Referent::Variable(index) => self.variables.get(*index).cloned().map_or(Slot::Poisoned, Slot::Value),
        }
    }
}
