//! Raw fields of the engines' objects: what a component says in `argocd { … }` and `flux { … }`.
//!
//! Invariant: they suit the engines' schemas, and none of them is one that is fleetc's own (`kinds::Owned`).

use serde_json::{Map, Value};

use crate::kinds::{Engine, Minor, Object};
use crate::source::Span;

/// The raw fields of one deployment, each map below the `spec` of its object.
#[derive(Clone, Debug, Default)]
pub struct Raw {
    /// Of the Application.
    pub application: Map<String, Value>,
    /// Of the Kustomization.
    pub kustomization: Map<String, Value>,
    /// Of the HelmRelease.
    pub release: Map<String, Value>,
    /// The keys of all maps, but for those in lists, and where each is written.
    pub keys: Vec<Key>,
    /// What not every known minor of its engine has; of an `object`, of its own fields.
    pub newer: Vec<Newer>,
}

/// A key among raw fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The object.
    pub object: Object,
    /// The path below its `spec`, with dots.
    pub path: String,
    /// The key in the source.
    pub span: Span,
}

/// A field or a value that came with a minor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newer {
    /// The engine.
    pub engine: Engine,
    /// The object whose raw field it is; none in an `object`.
    pub object: Option<Object>,
    /// The minor.
    pub since: Minor,
    /// What came, in words.
    pub what: String,
    /// Where it is written.
    pub span: Span,
}

impl Raw {
    /// The fields of `object`.
    pub fn of(&self, object: Object) -> &Map<String, Value> {
        match object {
            Object::Application => &self.application,
            Object::Kustomization => &self.kustomization,
            Object::Release => &self.release,
        }
    }

    /// The value at `path`, with dots, below the `spec` of `object`.
    pub fn find(&self, object: Object, path: &str) -> Option<&Value> {
        let mut keys = path.split('.');
        let first = self.of(object).get(keys.next()?)?;
        keys.try_fold(first, |value, key| value.get(key))
    }

    /// Where the key at `path` of `object` is written.
    pub fn span(&self, object: Object, path: &str) -> Option<Span> {
        self.keys.iter().find(|key| key.object == object && key.path == path).map(|key| key.span)
    }

    /// What of `engine` came behind `declared`.
    pub fn newer_than(&self, engine: Engine, declared: Minor) -> impl Iterator<Item = &Newer> {
        newer_than(&self.newer, engine, declared)
    }
}

/// What of `engine` came behind `declared`.
pub fn newer_than(newer: &[Newer], engine: Engine, declared: Minor) -> impl Iterator<Item = &Newer> {
    newer.iter().filter(move |newer| newer.since > declared && newer.engine == engine)
}

/// Lays `raw` over `written`, key by key; where both are no map, `raw` counts.
pub fn lay_over(written: &mut Map<String, Value>, raw: &Map<String, Value>) {
    for (key, value) in raw {
        match (written.get_mut(key), value) {
            (Some(Value::Object(below)), Value::Object(value)) => lay_over(below, value),
            (Some(below), value) => *below = value.clone(),
            (None, value) => {
                written.insert(key.clone(), value.clone());
            }
        }
    }
}
