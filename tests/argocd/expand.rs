//! What the ApplicationSet controller makes of an ApplicationSet with one list generator, in miniature.
//!
//! Written against Argo CD's documentation and shares nothing with the compiler. Of Go's templates it knows `{{.name}}`
//! and the raw string constant; `tests/conformance/argocd` holds that Go reads these the same.

use serde_json::{Map, Value};

/// The `metadata` and `spec` of each Application.
pub fn expand(set: &Value) -> Vec<Value> {
    assert_eq!(set["spec"]["goTemplate"], true);
    assert_eq!(set["spec"]["goTemplateOptions"], serde_json::json!(["missingkey=error"]));
    let generators = set["spec"]["generators"].as_array().unwrap();
    assert_eq!(generators.len(), 1);
    let elements = generators[0]["list"]["elements"].as_array().unwrap();
    elements.iter().map(|element| render(&set["spec"]["template"], element.as_object().unwrap())).collect()
}

/// Renders every string, the keys of maps too, and drops nulls in maps, as `Render.deeplyReplace` does.
fn render(value: &Value, element: &Map<String, Value>) -> Value {
    match value {
        Value::String(text) => Value::String(evaluate(text, element)),
        Value::Array(items) => items.iter().map(|item| render(item, element)).collect(),
        Value::Object(map) => map
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (evaluate(key, element), render(value, element)))
            .collect::<Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

pub fn evaluate(text: &str, element: &Map<String, Value>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        out.push_str(&rest[..start]);
        let action = &rest[start + 2..];
        if let Some(raw) = action.strip_prefix('`') {
            let end = raw.find('`').expect("an unclosed constant");
            out.push_str(&raw[..end]);
            rest = raw[end + 1..].strip_prefix("}}").expect("an unclosed action");
        } else {
            let end = action.find("}}").expect("an unclosed action");
            let name = action[..end].strip_prefix('.').expect("something other than a field");
            assert!(name.starts_with(|c: char| c.is_ascii_alphabetic()), "{name}");
            assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'), "{name}");
            out.push_str(element.get(name).expect("a missing key").as_str().expect("an element that is no string"));
            rest = &action[end + 2..];
        }
    }
    out + rest
}

/// Replaces Helm values by what Helm reads: text and object mean the same.
pub fn with_plain_values(mut application: Value) -> Value {
    for pointer in ["/spec/source/helm", "/spec/sources/0/helm"] {
        let Some(Value::Object(helm)) = application.pointer_mut(pointer) else { continue };
        if let Some(text) = helm.remove("values") {
            let read: Value = serde_yaml::from_str(text.as_str().unwrap()).unwrap();
            helm.insert("valuesObject".to_owned(), read);
        }
    }
    application
}
