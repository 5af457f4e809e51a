//! Objects where the engine runs.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{ObjectRef, raw};
use crate::source::Span;

/// An object where the engine runs.
#[derive(Clone, Debug, PartialEq)]
pub struct HubObject {
    /// The name of its declaration.
    pub name: Arc<str>,
    /// The name in its declaration.
    pub span: Span,
    /// The object, whole.
    pub object: Value,
    /// The clusters that it is for.
    pub clusters: Vec<Arc<str>>,
    /// What not every known minor of its engine has.
    pub newer: Vec<raw::Newer>,
}

impl HubObject {
    /// The object, with `annotation` where it takes others along when it is deleted, unless it says something there itself.
    pub fn kept_by(&self, (key, value): (&str, &str)) -> Value {
        let mut object = self.object.clone();
        if ObjectRef::of(&object).takes_others_along()
            && let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut)
            && let Some(annotations) =
                metadata.entry("annotations").or_insert_with(|| Value::Object(Map::new())).as_object_mut()
        {
            annotations.entry(key).or_insert_with(|| Value::String(value.to_owned()));
        }
        object
    }
}
