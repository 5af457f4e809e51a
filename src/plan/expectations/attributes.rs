//! `expect NAME on PREDICATE { version = "1.2" }`: what a component is on each of the clusters.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Judge, actual};
use crate::diag::{Diagnostic, Diagnostics, codes};
use crate::model::body::is_free;
use crate::model::eval::{At, Evaluator};
use crate::model::schema::{self, Type};
use crate::model::scope::{Env, Place, Scope};
use crate::plan::json::{self as form, duration};
use crate::plan::why::{Field, Why};
use crate::plan::{Deployment, Duration};
use crate::source::Span;
use crate::syntax::ast::{self, Attribute, Block, Entry, Expr, ExprKind};

/// A value that is another one than expected.
struct Difference {
    /// The attribute, and the keys below it.
    path: Vec<String>,
    /// Where the expected value stands.
    span: Span,
    expected: Value,
    actual: Value,
}

/// Where the expected value stands, and of which attribute and keys it is.
type Key = (Span, Vec<String>);

/// What is expected of one attribute: written as one, or as a block.
struct Expected<'b> {
    name: &'b str,
    ty: Type,
    /// The value; none for a block.
    expr: Option<&'b Expr>,
    /// The entries of the block.
    entries: Vec<&'b Attribute>,
}

/// Judges each attribute of `body` on all of `deployments`, which are of one component.
pub fn judge(judge: &Judge, deployments: &[&Deployment], body: &Block, found: &mut Diagnostics) {
    let attributes: Vec<Expected> = body.entries.iter().filter_map(expected).collect();
    let mut evaluator = Evaluator::default();
    // One mistake may show on many clusters: the first says what is there, the others are named.
    let mut differences: BTreeMap<Key, (Difference, Vec<&Deployment>)> = BTreeMap::new();
    for deployment in deployments {
        let planned = Planned { judge, deployment, whole: form::deployment(deployment) };
        for difference in attributes.iter().flat_map(|expected| planned.differences(&mut evaluator, expected)) {
            let key = (difference.span, difference.path.clone());
            differences.entry(key).or_insert_with(|| (difference, Vec::new())).1.push(deployment);
        }
    }
    evaluator.finish(judge.model, found);
    for (difference, on) in differences.values() {
        if let Some(diagnostic) = failed(judge, difference, on) {
            found.push(diagnostic);
        }
    }
}

fn expected(entry: &Entry) -> Option<Expected<'_>> {
    let (key, expr, entries) = match entry {
        Entry::Attribute(attribute) => (&attribute.key, Some(&attribute.value), Vec::new()),
        Entry::Block(block) => {
            let entries = block.body.entries.iter().filter_map(|entry| match entry {
                Entry::Attribute(attribute) => Some(attribute),
                _ => None,
            });
            (&block.keyword, None, entries.collect())
        }
        _ => return None,
    };
    let ty = schema::EXPECT.attribute(&key.text)?.ty;
    Some(Expected { name: &key.text, ty, expr, entries })
}

/// A deployment with all that the plan says of it.
struct Planned<'p> {
    judge: &'p Judge<'p>,
    deployment: &'p Deployment,
    whole: Value,
}

impl Planned<'_> {
    fn differences(&self, evaluator: &mut Evaluator, expected: &Expected) -> Vec<Difference> {
        let (judge, deployment) = (self.judge, self.deployment);
        let Some(cluster) = judge.model.find_cluster(&deployment.cluster) else { return Vec::new() };
        let scope = Scope::of(Place::Body);
        let namespace = deployment.namespace.as_deref();
        let env = Env { component: &deployment.component, namespace, ..Env::on(cluster) };
        let at = At { model: judge.model, scope: &scope, env: &env };
        let there = self.value(expected.name);
        let mut found = Vec::new();
        let mut path = vec![expected.name.to_string()];
        match expected.expr {
            Some(expr) => {
                let Some(value) = evaluator.attribute(at, &expected.ty, expr) else { return found };
                let value = normal(judge, deployment, expected, value);
                compare(Some(expr), &value, &there, is_free(expected.name), &mut path, &mut found);
            }
            None => {
                let value = normal(judge, deployment, expected, map(at, evaluator, expected));
                keys(&expected.entries, &value, &there, &mut path, &mut found);
            }
        }
        found
    }

    /// The value of the attribute `name` as the engine will have it.
    fn value(&self, name: &str) -> Value {
        let value = actual::actual(self.deployment, &self.whole, name);
        if !value.is_null() || !matches!(name, "interval" | "timeout" | "service-account") {
            return value;
        }
        let why = self.judge.why(&self.deployment.component, &self.deployment.cluster);
        let field = why.and_then(|why| why.fields.into_iter().find(|field| field.name == name));
        field.map_or(Value::Null, |field| field.value)
    }
}

/// The entries of a block as a map.
fn map(at: At, evaluator: &mut Evaluator, expected: &Expected) -> Value {
    let mut map = Map::new();
    for entry in &expected.entries {
        let value = match expected.ty {
            Type::Map => evaluator.free(at, &entry.value),
            _ => evaluator.attribute(at, &Type::Text, &entry.value),
        };
        if let Some(value) = value {
            map.insert(entry.key.text.clone(), value);
        }
    }
    Value::Object(map)
}

/// What is expected, in the form in which the plan has it.
fn normal(judge: &Judge, deployment: &Deployment, expected: &Expected, value: Value) -> Value {
    match (expected.name, &expected.ty) {
        ("source", _) => value.as_str().map_or(Value::Null, |name| name.strip_prefix("std.").unwrap_or(name).into()),
        ("images", _) => actual::images(value),
        ("after", _) => components(judge, deployment, &value),
        (_, Type::Duration) => {
            value.as_u64().map_or(Value::Null, |milliseconds| duration(Duration { milliseconds }).into())
        }
        // A number where text is meant, as a label may be.
        (_, Type::TextMap) => texts(value),
        (_, Type::Text | Type::Name) => text(value),
        _ => value,
    }
}

fn text(value: Value) -> Value {
    match value {
        Value::Number(number) => number.to_string().into(),
        Value::Bool(value) => value.to_string().into(),
        other => other,
    }
}

fn texts(value: Value) -> Value {
    match value {
        Value::Object(map) => map.into_iter().map(|(key, value)| (key, text(value))).collect::<Map<_, _>>().into(),
        other => other,
    }
}

/// The components that `after` names, sorted, those made from a template of the library in its place.
fn components(judge: &Judge, deployment: &Deployment, value: &Value) -> Value {
    let mut names: Vec<String> = Vec::new();
    for name in value.as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !name.starts_with("std.") {
            names.push(name.to_string());
            continue;
        }
        let made = judge.model.names.components.iter().filter(|(_, declared)| {
            let component: &ast::Component = declared.node;
            component.from.iter().any(|path| path.text() == name)
        });
        let runs = |component: &str| judge.deployment(component, &deployment.cluster).is_some();
        names.extend(made.map(|(component, _)| component.clone()).filter(|component| runs(component)));
    }
    names.sort();
    names.dedup();
    names.into()
}

/// Compares a value with what is there. With `subset`, keys of maps that are not expected may be anything.
fn compare(
    expr: Option<&Expr>,
    expected: &Value,
    actual: &Value,
    subset: bool,
    path: &mut Vec<String>,
    found: &mut Vec<Difference>,
) {
    let map = expr.and_then(|expr| match &expr.kind {
        ExprKind::Map(entries) => Some(entries.iter().collect::<Vec<_>>()),
        _ => None,
    });
    if let (true, Some(entries), Value::Object(_)) = (subset, map, actual) {
        return keys(&entries, expected, actual, path, found);
    }
    let same = if subset { contains(actual, expected) } else { actual == expected };
    if let (false, Some(expr)) = (same, expr) {
        let (expected, actual) = (expected.clone(), actual.clone());
        found.push(Difference { path: path.clone(), span: expr.span, expected, actual });
    }
}

/// Compares each key of a map by itself, so that the one that differs is marked.
fn keys(entries: &[&Attribute], expected: &Value, actual: &Value, path: &mut Vec<String>, found: &mut Vec<Difference>) {
    for entry in entries {
        let key = &entry.key.text;
        let Some(value) = expected.get(key) else { continue };
        path.push(key.clone());
        compare(Some(&entry.value), value, actual.get(key).unwrap_or(&Value::Null), true, path, found);
        path.pop();
    }
}

/// Whether `actual` has all that `expected` has, maps within maps too.
fn contains(actual: &Value, expected: &Value) -> bool {
    match (actual, expected) {
        (Value::Object(actual), Value::Object(expected)) => {
            expected.iter().all(|(key, value)| actual.get(key).is_some_and(|actual| contains(actual, value)))
        }
        _ => actual == expected,
    }
}

/// F0418 for a value that is another one on these clusters.
fn failed(judge: &Judge, difference: &Difference, on: &[&Deployment]) -> Option<Diagnostic> {
    let first = on.first()?;
    let dotted = difference.path.join(".");
    let (component, cluster) = (&first.component, &first.cluster);
    let message = match &difference.actual {
        Value::Null => format!("`{dotted}` of `{component}` is not set on `{cluster}`"),
        value => format!("`{dotted}` of `{component}` is {} on `{cluster}`", shown(value)),
    };
    let mut made = Diagnostic::new(codes::EXPECTATION_FAILED, difference.span, message)
        .label(format!("expected {}", shown(&difference.expected)))
        .help("change what is set, or what the test expects");
    let others = on.iter().skip(1).filter_map(|other| judge.model.find_cluster(&other.cluster));
    if on.len() > 1 {
        made = made.note(format!("it is not as expected on {} either", judge.model.list_clusters(others)));
    }
    let (span, text) = decided(judge, difference, first);
    Some(made.related(span, text))
}

/// Where the value stands that decides.
fn decided(judge: &Judge, difference: &Difference, deployment: &Deployment) -> (Span, String) {
    let component = judge.model.names.components.get(&*deployment.component);
    let declared = component.map_or(difference.span, |declared| declared.name.span);
    let nowhere = (declared, "nothing sets it for this component".to_string());
    let Some(why) = judge.why(&deployment.component, &deployment.cluster) else { return nowhere };
    match difference.path.first().map(String::as_str) {
        Some("revision") => (deployment.source.span, "its source is declared here".to_string()),
        Some("stage") => match &why.stage {
            Some(stage) => (stage.place.span, format!("`{}` is in this stage", deployment.cluster)),
            None => nowhere,
        },
        _ => match field(&why, &difference.path).and_then(|field| field.from.as_ref()) {
            Some(said) => said.place.as_ref().map_or(nowhere, |place| (place.span, "set here".to_string())),
            None => nowhere,
        },
    }
}

/// The field at `path`, or the nearest one above it.
fn field<'w>(why: &'w Why, path: &[String]) -> Option<&'w Field> {
    let above = (1..=path.len()).rev().filter_map(|length| path.get(..length));
    above.into_iter().find_map(|path| why.fields.iter().find(|field| field.path == path))
}

/// A value in a message: text as it is, anything else as JSON.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("`{text}`"),
        Value::Array(items) if items.is_empty() => "an empty list".to_string(),
        other => format!("`{other}`"),
    }
}
