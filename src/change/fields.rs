//! What is other between two JSON values, field by field.

use serde_json::{Map, Value};

use super::Field;
use crate::model::names::quoted;
use crate::plan::{Content, Deployment, ObjectRef, json};

/// The fields of `old` and `new` that differ: maps key by key, all else whole.
pub fn differences(old: &Value, new: &Value) -> Vec<Field> {
    let mut found = Vec::new();
    walk(&mut Vec::new(), old, new, &mut found);
    found
}

fn walk(path: &mut Vec<String>, old: &Value, new: &Value, found: &mut Vec<Field>) {
    if old == new {
        return;
    }
    let none = Map::new();
    let (one, other) = match (old, new) {
        (Value::Object(one), Value::Object(other)) => (one, other),
        // An empty map says no more than none, so a filled one beside it is told key by key.
        (Value::Object(one), Value::Null) if !path.is_empty() && !one.is_empty() => (one, &none),
        (Value::Null, Value::Object(other)) if !path.is_empty() && !other.is_empty() => (&none, other),
        _ => {
            found.push(Field { name: path.join("."), old: old.clone(), new: new.clone() });
            return;
        }
    };
    let mut keys: Vec<&String> = one.keys().chain(other.keys()).collect();
    keys.sort();
    keys.dedup();
    for key in keys {
        path.push(quoted(key));
        walk(path, one.get(key).unwrap_or(&Value::Null), other.get(key).unwrap_or(&Value::Null), found);
        path.pop();
    }
}

/// What of the plan's JSON of a deployment is compared: all but its names and what is its cluster's, and the whole of what
/// the JSON only names.
pub fn form(deployment: &Deployment) -> Value {
    let mut form = json::deployment(deployment);
    if let Some(fields) = form.as_object_mut() {
        for name in ["component", "cluster", "name", "protected"] {
            fields.remove(name);
        }
        if !deployment.objects().is_empty() {
            let named = deployment.objects().iter().map(|object| {
                let of = ObjectRef::of(object);
                let namespace = of.namespace.map(|namespace| format!("{namespace}/")).unwrap_or_default();
                (format!("{}/{}/{namespace}{}", of.api_version, of.kind, of.name), object.clone())
            });
            fields.insert("objects".to_owned(), Value::Object(named.collect()));
        }
        if let Some(source) = fields.get_mut("source").and_then(Value::as_object_mut) {
            source.insert("secret".to_owned(), deployment.source.secret.clone().into());
        }
        if let Content::Chart(chart) = &deployment.content {
            fields.insert("missing_values_files".to_owned(), chart.missing_values_files.into());
            let texts = chart.values_files.iter().filter_map(|file| {
                let key = format!("{} {}", file.source.name, file.path);
                Some((key, Value::from(&**file.text.as_ref()?)))
            });
            fields.insert("values_file_texts".to_owned(), Value::Object(texts.collect()));
        }
    }
    form
}
