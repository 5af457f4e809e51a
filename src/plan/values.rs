//! The values of charts. Clusters that are alike but for a few texts hold what they have in common once.

use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

/// The values of a chart on one cluster.
#[derive(Clone, Debug, Default)]
pub struct Values {
    shape: Arc<Shape>,
    own: Arc<[Value]>,
}

/// The values of clusters that are alike, with places that are left to each of them.
#[derive(Debug, Default)]
pub struct Shape {
    /// By key; of free-form maps the keys are sorted.
    entries: Vec<(String, Part)>,
}

/// The value of a key.
#[derive(Debug)]
pub enum Part {
    /// The same on each cluster.
    Value(Value),
    /// A map with places in it.
    Map(Shape),
    /// The place with this number.
    Own(usize),
}

impl Values {
    /// Those of a cluster that has `own` in the places of `shape`, by number.
    #[must_use]
    pub fn new(shape: Arc<Shape>, own: Vec<Value>) -> Self {
        Self { shape, own: own.into() }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shape.entries.is_empty()
    }

    /// What they have in common with others. Who shares it differs in [`Self::own`] alone.
    #[must_use]
    pub fn shape(&self) -> &Arc<Shape> {
        &self.shape
    }

    /// What stands in the places, by number.
    #[must_use]
    pub fn own(&self) -> &[Value] {
        &self.own
    }

    /// All of them.
    #[must_use]
    pub fn to_map(&self) -> Map<String, Value> {
        self.shape.filled(&|number| self.at(number).clone())
    }

    /// The keys down to the first text for which `holds`, given the last of them.
    pub fn find(&self, holds: &impl Fn(&str, &str) -> bool) -> Option<String> {
        self.find_in(&self.shape, holds)
    }

    fn find_in(&self, shape: &Shape, holds: &impl Fn(&str, &str) -> bool) -> Option<String> {
        shape.entries.iter().find_map(|(key, part)| match part {
            Part::Value(value) => find_below(key, value, holds),
            Part::Own(number) => find_below(key, self.at(*number), holds),
            Part::Map(below) => self.find_in(below, holds).map(|below| format!("{key}.{below}")),
        })
    }

    fn at(&self, number: usize) -> &Value {
        // A shape has no more places than what was made for it.
        self.own.get(number).unwrap_or(&Value::Null)
    }
}

fn find_below(key: &str, value: &Value, holds: &impl Fn(&str, &str) -> bool) -> Option<String> {
    match value {
        Value::String(text) => holds(key, text).then(|| key.to_owned()),
        Value::Object(map) => {
            let below = map.iter().find_map(|(key, value)| find_below(key, value, holds));
            below.map(|below| format!("{key}.{below}"))
        }
        _ => None,
    }
}

impl Shape {
    /// The map with these entries, in their order.
    #[must_use]
    pub fn new(entries: Vec<(String, Part)>) -> Self {
        Self { entries }
    }

    /// The values with what `own` gives in each place, by number.
    #[must_use]
    pub fn filled(&self, own: &impl Fn(usize) -> Value) -> Map<String, Value> {
        let mut map = Map::with_capacity(self.entries.len());
        for (key, part) in &self.entries {
            let value = match part {
                Part::Value(value) => value.clone(),
                Part::Map(below) => Value::Object(below.filled(own)),
                Part::Own(number) => own(*number),
            };
            map.insert(key.clone(), value);
        }
        map
    }
}

impl From<Map<String, Value>> for Values {
    fn from(map: Map<String, Value>) -> Self {
        let entries = map.into_iter().map(|(key, value)| (key, Part::Value(value)));
        Self::new(Arc::new(Shape::new(entries.collect())), Vec::new())
    }
}

impl PartialEq for Values {
    fn eq(&self, other: &Self) -> bool {
        let is_same = Arc::ptr_eq(&self.shape, &other.shape) && self.own == other.own;
        is_same || self.to_map() == other.to_map()
    }
}

impl Serialize for Values {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Below { values: self, shape: &self.shape }.serialize(serializer)
    }
}

/// A map in values.
struct Below<'v> {
    values: &'v Values,
    shape: &'v Shape,
}

impl Serialize for Below<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.shape.entries.len()))?;
        for (key, part) in &self.shape.entries {
            match part {
                Part::Value(value) => map.serialize_entry(key, value)?,
                Part::Map(shape) => map.serialize_entry(key, &Below { values: self.values, shape })?,
                Part::Own(number) => map.serialize_entry(key, self.values.at(*number))?,
            }
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    fn of(host: &str) -> Values {
        let below = Shape::new(vec![("host".into(), Part::Own(1)), ("port".into(), Part::Value(json!(80)))]);
        let entries = vec![
            ("a".into(), Part::Own(0)),
            ("b".into(), Part::Map(below)),
            ("c".into(), Part::Value(json!({"d": []}))),
        ];
        Values::new(Arc::new(Shape::new(entries)), vec![json!({ "tag": "latest" }), json!(host)])
    }

    #[test]
    fn values_with_places_are_those_that_are_written_out() {
        let whole = map(json!({ "a": { "tag": "latest" }, "b": { "host": "x", "port": 80 }, "c": { "d": [] } }));
        assert_eq!(of("x").to_map(), whole);
        assert_eq!(of("x"), Values::from(whole.clone()));
        assert_ne!(of("y"), Values::from(whole.clone()));
        assert_eq!(serde_json::to_string(&of("x")).unwrap(), serde_json::to_string(&whole).unwrap());
        assert!(!of("x").is_empty() && Values::default().is_empty());
    }

    #[test]
    fn a_text_is_found_in_a_place_and_beside_it() {
        for values in [of("x"), Values::from(of("x").to_map())] {
            assert_eq!(values.find(&|_, text| text == "x").as_deref(), Some("b.host"));
            assert_eq!(values.find(&|key, text| key == "tag" && text == "latest").as_deref(), Some("a.tag"));
            assert_eq!(values.find(&|key, _| key == "port"), None);
        }
    }
}
