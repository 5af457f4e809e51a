//! From Applications to the template and the list elements that Argo CD makes them from: anti-unification.
//!
//! Takes Applications of one shape. Knows nothing of deployments.
//!
//! Facts (Argo CD 3.5, applicationset/utils/utils.go): every string of the template, also a key of a map, is a Go
//! template of its own; nothing else is one. The values of elements are put in and not looked at again. So text in the
//! template has its `{{` written as a string constant, and text in elements stands as it is.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _};
use serde_json::{Map, Value};

use super::application::{Part, SKIP_RECONCILE};
use super::labels::Runtimes;
use crate::plan::values::Values;
use crate::target::yaml::{self, Filling, Stencil};

/// Applications of one shape, folded.
pub(super) struct Folded {
    /// The `template` of the ApplicationSet.
    pub(super) template: Value,
    /// The names of the parameters, each with its text for every Application. An element of the list has all of them.
    pub(super) parameters: Vec<(String, Vec<String>)>,
}

/// Applications of one shape, most of which are alike but for the texts of their clusters.
pub(super) struct Applications<'v> {
    /// What each class of them says, perhaps with holes.
    pub(super) classes: Vec<&'v Value>,
    /// The class of each Application.
    pub(super) class_of: Vec<usize>,
    /// What stands in the holes.
    pub(super) own: &'v dyn Fill<'v>,
}

/// What stands in the holes of Applications, by their places.
pub(super) trait Fill<'v> {
    /// The text of a part.
    fn text(&self, application: usize, part: Part) -> String;
    /// The values.
    fn values(&self, application: usize) -> Option<&'v Values>;
    /// The patches; the same list for those that share it.
    fn patches(&self, application: usize) -> Rc<Value>;
}

/// Nothing, where there are no holes.
pub(super) struct Whole;

impl<'v> Fill<'v> for Whole {
    fn text(&self, _: usize, _: Part) -> String {
        String::new()
    }

    fn values(&self, _: usize) -> Option<&'v Values> {
        None
    }

    fn patches(&self, _: usize) -> Rc<Value> {
        Rc::default()
    }
}

/// What the names of parameters depend on.
pub(super) struct Naming<'a> {
    /// The component.
    pub(super) component: &'a str,
    /// The key of the label with the cluster's name.
    pub(super) cluster_label: &'a str,
    /// The key of the label with the step of a rolling sync.
    pub(super) step_label: &'a str,
}

/// What is the same in all Applications that one template can give: everything but the strings that may vary, as JSON.
pub(super) fn shape(application: &Value) -> String {
    let mut shape = Vec::new();
    write_masked(application, &mut Path::default(), &mut shape);
    String::from_utf8(shape).unwrap_or_default()
}

/// Writes what [`masked`] gives, which is too dear to be made for each of many Applications.
fn write_masked<'v>(value: &'v Value, path: &mut Path<'v>, out: &mut Vec<u8>) {
    match value {
        Value::Object(_) if path.is_values() => out.extend(b"null"),
        Value::Object(map) => {
            for (index, (key, value)) in map.iter().enumerate() {
                out.push(if index == 0 { b'{' } else { b',' });
                // Writing to memory cannot fail.
                _ = serde_json::to_writer(&mut *out, key);
                out.push(b':');
                path.within(key, |path| write_masked(value, path, out));
            }
            out.extend(if map.is_empty() { &b"{}"[..] } else { b"}" });
        }
        Value::Array(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                path.within_item(index, |path| write_masked(item, path, out));
            }
            out.push(b']');
        }
        Value::String(_) if !path.is_structural() => out.extend(b"null"),
        other => _ = serde_json::to_writer(out, other),
    }
}

fn masked<'v>(value: &'v Value, path: &mut Path<'v>) -> Value {
    match value {
        Value::Object(_) if path.is_values() => Value::Null,
        Value::Object(map) => {
            let entry =
                |(key, value): (&'v String, &'v Value)| (key.clone(), path.within(key, |path| masked(value, path)));
            Value::Object(map.iter().map(entry).collect())
        }
        Value::Array(items) => {
            let item = |(index, item): (usize, &'v Value)| path.within_item(index, |path| masked(item, path));
            Value::Array(items.iter().enumerate().map(item).collect())
        }
        Value::String(_) if !path.is_structural() => Value::Null,
        other => other.clone(),
    }
}

/// Where two Applications differ in shape: the way to the first place.
pub(super) fn difference(a: &Value, b: &Value) -> Option<Vec<String>> {
    fn walk(a: &Value, b: &Value, path: &mut Vec<String>) -> bool {
        let (Value::Object(a), Value::Object(b)) = (a, b) else { return a != b };
        for key in a.keys().chain(b.keys()) {
            path.push(key.clone());
            match (a.get(key), b.get(key)) {
                (Some(a), Some(b)) if !walk(a, b, path) => {}
                _ => return true,
            }
            path.pop();
        }
        false
    }
    let mut path = Vec::new();
    let masked = |value| masked(value, &mut Path::default());
    walk(&masked(a), &masked(b), &mut path).then_some(path)
}

/// The template and the parameters of Applications of one shape, of which each runs on the cluster beside it.
pub(super) fn fold(
    applications: &Applications<'_>,
    clusters: &[&str],
    naming: &Naming<'_>,
    refer: &Refer<'_>,
) -> Folded {
    let mut folder = Folder { naming, refer, own: applications.own, parameters: Vec::new() };
    if let Refer::Elements = refer {
        let clusters = clusters.iter().map(|cluster| (*cluster).to_owned()).collect();
        folder.parameters.push(("cluster".to_owned(), clusters));
    }
    let all = All { values: applications.classes.clone(), class_of: &applications.class_of };
    let template = folder.node(&all, &mut Path::default());
    Folded { template, parameters: folder.parameters }
}

/// Where a template finds its parameters.
pub(super) enum Refer<'r> {
    /// In the elements of a list, which are put in as they are.
    Elements,
    /// In the `values` of a generator of clusters, each of which is a Go template, too.
    Values(&'r Runtimes<'r>),
}

impl Refer<'_> {
    fn parameter(&self, name: &str) -> String {
        match self {
            Self::Elements => format!("{{{{.{name}}}}}"),
            Self::Values(_) => format!("{{{{.values.{name}}}}}"),
        }
    }

    fn document(&self, value: &Value) -> String {
        match self {
            Self::Elements => yaml::document(value),
            Self::Values(runtimes) => runtimes.document(value),
        }
    }

    fn has_number(&self, value: &Value) -> bool {
        match self {
            Self::Elements => false,
            Self::Values(runtimes) => runtimes.has_number(value),
        }
    }
}

struct Folder<'a, 'v> {
    naming: &'a Naming<'a>,
    refer: &'a Refer<'a>,
    own: &'a dyn Fill<'v>,
    /// The names of the parameters, each with its text for every Application. The first one is the cluster.
    parameters: Vec<(String, Vec<String>)>,
}

/// What stands at one path of all Applications.
struct All<'v, 'c> {
    /// Of each class.
    values: Vec<&'v Value>,
    /// The class of each Application.
    class_of: &'c [usize],
}

impl<'v, 'c> All<'v, 'c> {
    fn below(&self, below: impl Fn(&'v Value) -> Option<&'v Value>) -> Self {
        Self { values: self.values.iter().filter_map(|value| below(value)).collect(), class_of: self.class_of }
    }

    /// Whether a class has this hole, or any where it is not said which.
    fn has_hole(&self, part: Option<Part>) -> bool {
        let holes = self.values.iter().filter_map(|value| hole(value));
        holes.into_iter().any(|hole| part.is_none_or(|part| part == hole))
    }

    /// What `of` gives for each Application and what its class says.
    fn each<T>(&self, of: impl Fn(usize, &'v Value) -> T) -> Vec<T> {
        let one = |(place, class): (usize, &usize)| self.values.get(*class).map(|value| of(place, value));
        self.class_of.iter().enumerate().filter_map(one).collect()
    }
}

/// The part that `value` stands for.
fn hole(value: &Value) -> Option<Part> {
    Part::of_hole(value.as_str()?)
}

impl<'f> Folder<'_, 'f> {
    /// Folds the values that stand at one path of all Applications.
    fn node<'v>(&mut self, all: &All<'v, '_>, path: &mut Path<'v>) -> Value {
        if all.has_hole(Some(Part::Patches)) {
            return self.patches(all, path);
        }
        match all.values.first() {
            Some(Value::Object(first)) => {
                let mut map = Map::new();
                for key in first.keys() {
                    let children = all.below(|value| value.get(key));
                    let (key, value) = path.within(key, |path| self.entry(key, &children, path));
                    map.insert(key, value);
                }
                Value::Object(map)
            }
            Some(Value::Array(first)) => {
                let item = |index: usize| {
                    let children = all.below(|value| value.get(index));
                    path.within_item(index, |path| self.node(&children, path))
                };
                Value::Array((0..first.len()).map(item).collect())
            }
            Some(Value::String(_)) => Value::String(self.text(all, path)),
            Some(other) => (*other).clone(),
            None => Value::Null,
        }
    }

    /// Folds lists of patches, each list once.
    fn patches(&mut self, all: &All<'_, '_>, path: &Path<'_>) -> Value {
        let lists = all.each(|place, value| match hole(value) {
            Some(_) => self.own.patches(place),
            None => Rc::new(value.clone()),
        });
        let (mut values, mut places) = (Vec::new(), HashMap::new());
        let mut place_of = |list| {
            *places.entry(Rc::as_ptr(list)).or_insert_with(|| {
                values.push(&**list);
                values.len() - 1
            })
        };
        let class_of: Vec<usize> = lists.iter().map(&mut place_of).collect();
        self.node(&All { values, class_of: &class_of }, &mut path.clone())
    }

    fn entry<'v>(&mut self, key: &str, all: &All<'v, '_>, path: &mut Path<'v>) -> (String, Value) {
        if !path.is_values() {
            return (escape(key), self.node(all, path));
        }
        if all.has_hole(None) {
            return self.values(key, all, path);
        }
        match all.values.first() {
            Some(first)
                if all.values.iter().all(|value| value == first)
                    && survives(first)
                    && !self.refer.has_number(first) =>
            {
                (key.to_owned(), escape_all(first))
            }
            _ => {
                let texts: Vec<String> = all.values.iter().map(|value| self.refer.document(value)).collect();
                let texts = all.class_of.iter().filter_map(|class| texts.get(*class).cloned()).collect();
                ("values".to_owned(), Value::String(self.folded(texts, path)))
            }
        }
    }

    /// Folds values that lie beside the Applications.
    fn values<'v>(&mut self, key: &str, all: &All<'v, '_>, path: &Path<'v>) -> (String, Value) {
        let all = all.each(|place, value| match value.as_object() {
            // There the values are a part of the Application.
            Some(map) => Cow::Owned(Values::from(map.clone())),
            None => self.own.values(place).map_or_else(Cow::default, Cow::Borrowed),
        });
        if let Some((first, others)) = all.split_first()
            && others.iter().all(|values| values == first)
        {
            let map = first.to_map();
            if map.values().all(survives) {
                return (key.to_owned(), escape_entries(&map));
            }
        }
        let mut documents = HashMap::new();
        let text = |values: &Cow<Values>| {
            let document = documents.entry(Arc::as_ptr(values.shape())).or_insert_with(|| {
                let hole = |number| Value::String(yaml::hole(number));
                Stencil::new(&Value::Object(values.shape().filled(&hole)))
            });
            let filling = |number| Filling::Value(values.own().get(number).unwrap_or(&Value::Null));
            yaml::filled_document(document, filling)
        };
        let texts = all.iter().map(text).collect();
        ("values".to_owned(), Value::String(self.folded(texts, path)))
    }

    fn text(&mut self, all: &All<'_, '_>, path: &Path<'_>) -> String {
        let texts: Vec<&str> = all.values.iter().filter_map(|value| value.as_str()).collect();
        let is_alike = texts.first().is_some_and(|first| texts.iter().all(|text| text == first));
        match texts.first() {
            Some(first) if is_alike && !all.has_hole(None) && !path.may_be_cluster() => escape(first),
            _ => {
                let text = |place, value: &Value| match hole(value) {
                    Some(part) => self.own.text(place, part),
                    None => value.as_str().unwrap_or_default().to_owned(),
                };
                let texts = all.each(text);
                self.folded(texts, path)
            }
        }
    }

    /// A constant where the texts are equal, else a parameter.
    fn folded(&mut self, texts: Vec<String>, path: &Path<'_>) -> String {
        let keys = path.keys();
        let is_cluster = match keys.as_slice() {
            ["metadata", "name"] => {
                let prefix = format!("{}-", self.naming.component);
                if self.is_cluster(texts.iter().map(|text| text.strip_prefix(&prefix))) {
                    return format!("{}{{{{.cluster}}}}", escape(&prefix));
                }
                false
            }
            ["metadata", "labels", key] => *key == self.naming.cluster_label,
            ["spec", "destination", "name"] => true,
            _ => false,
        };
        if is_cluster && self.is_cluster(texts.iter().map(|text| Some(text.as_str()))) {
            return "{{.cluster}}".to_owned();
        }
        match texts.first() {
            Some(first) if texts.iter().all(|text| text == first) => escape(first),
            _ => {
                let name = self.parameter(texts, path);
                self.refer.parameter(&name)
            }
        }
    }

    fn is_cluster<'t>(&'t self, texts: impl Iterator<Item = Option<&'t str>>) -> bool {
        if let Refer::Values(_) = self.refer {
            return false;
        }
        let clusters = self.parameters.first().map(|(_, clusters)| clusters.as_slice()).unwrap_or_default();
        texts.eq(clusters.iter().map(|cluster| Some(cluster.as_str())))
    }

    /// The name of the parameter with these texts; a new one unless there is one.
    fn parameter(&mut self, texts: Vec<String>, path: &Path) -> String {
        if let Some((name, _)) = self.parameters.iter().find(|(_, others)| *others == texts) {
            return name.clone();
        }
        let stem = self.naming.parameter(path);
        let mut name = stem.clone();
        let mut number = 2;
        while self.parameters.iter().any(|(other, _)| *other == name) {
            name = format!("{stem}_{number}");
            number += 1;
        }
        self.parameters.push((name.clone(), texts));
        name
    }
}

impl Naming<'_> {
    /// A name that a reader of the elements understands; always an identifier of Go.
    fn parameter(&self, path: &Path) -> String {
        let keys = path.keys();
        let keys = match keys.as_slice() {
            ["metadata", "name"] => return "name".to_owned(),
            ["metadata", "labels", key] if *key == self.step_label => return "step".to_owned(),
            ["metadata", "labels", key] => return camel_case(["label", after_slash(key)]),
            ["metadata", "annotations", SKIP_RECONCILE] => return "suspend".to_owned(),
            ["metadata", "annotations", key] => return camel_case(["annotation", after_slash(key)]),
            ["spec", "destination", key] => return (*key).to_owned(),
            ["spec", "source", rest @ ..] | ["spec", "sources", "0", rest @ ..] => rest,
            ["spec", rest @ ..] => rest,
            rest => rest,
        };
        match keys {
            ["targetRevision"] => "revision".to_owned(),
            ["helm", "releaseName"] => "release".to_owned(),
            ["helm", "valuesObject"] => "values".to_owned(),
            ["helm", "valueFiles", index] => camel_case(["valuesFile", &from_one(index)]),
            ["kustomize", "images", index] => camel_case(["image", &from_one(index)]),
            ["kustomize", "patches", index, rest @ ..] => {
                camel_case(["patch", &from_one(index), rest.last().copied().filter(|k| *k != "patch").unwrap_or("")])
            }
            ["sources", index, key] => camel_case(["source", &from_one(index), key]),
            keys => camel_case(keys.iter().copied()),
        }
    }
}

fn after_slash(key: &str) -> &str {
    key.rsplit_once('/').map_or(key, |(_, name)| name)
}

fn from_one(index: &str) -> String {
    index.parse::<usize>().map_or_else(|_| index.to_owned(), |index| (index + 1).to_string())
}

/// `[label, team-name]` as `labelTeamName`. The first word is one of ours, so the name begins with a letter.
fn camel_case<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    let mut name = String::new();
    for word in words.into_iter().flat_map(|word| word.split(|c: char| !c.is_ascii_alphanumeric())) {
        let mut characters = word.chars();
        if let Some(first) = characters.next() {
            name.push(if name.is_empty() { first } else { first.to_ascii_uppercase() });
            name.extend(characters);
        }
    }
    name
}

/// Whether Argo CD gives Helm values back as they are when it has put them through its template.
///
/// It leaves out the entries of maps that are null, which in Helm means to take a default away, and turns integers into
/// 64-bit floating-point numbers.
fn survives(value: &Value) -> bool {
    const EXACT: u64 = 1 << 53;
    match value {
        Value::Null => false,
        Value::Number(number) if number.is_f64() => true,
        Value::Number(number) => number.as_i64().map_or(number.as_u64(), |n| Some(n.unsigned_abs())) <= Some(EXACT),
        Value::Array(items) => items.iter().all(survives),
        Value::Object(map) => map.values().all(survives),
        Value::Bool(_) | Value::String(_) => true,
    }
}

fn escape_all(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(escape(text)),
        Value::Array(items) => Value::Array(items.iter().map(escape_all).collect()),
        Value::Object(map) => escape_entries(map),
        other => other.clone(),
    }
}

fn escape_entries(map: &Map<String, Value>) -> Value {
    Value::Object(map.iter().map(|(key, value)| (escape(key), escape_all(value))).collect())
}

/// Text as a Go template that gives it back. A `}}` outside of an action is text.
pub(super) fn escape(text: &str) -> String {
    text.replace("{{", "{{`{{`}}")
}

/// Where a value stands in an Application.
#[derive(Clone, Default)]
struct Path<'v> {
    keys: Vec<Cow<'v, str>>,
}

impl<'v> Path<'v> {
    /// Does something one level deeper.
    fn within<T>(&mut self, key: &'v str, act: impl FnOnce(&mut Self) -> T) -> T {
        self.keys.push(Cow::Borrowed(key));
        let result = act(self);
        self.keys.pop();
        result
    }

    /// Does something with an item of a list.
    fn within_item<T>(&mut self, index: usize, act: impl FnOnce(&mut Self) -> T) -> T {
        self.keys.push(Cow::Owned(index.to_string()));
        let result = act(self);
        self.keys.pop();
        result
    }

    fn keys(&self) -> Vec<&str> {
        self.keys.iter().map(|key| &**key).collect()
    }

    /// Whether the cluster's name may stand there.
    fn may_be_cluster(&self) -> bool {
        matches!(self.keys().as_slice(), ["metadata", "name" | "labels", ..] | ["spec", "destination", "name"])
    }

    /// Helm values, which may vary as a whole.
    fn is_values(&self) -> bool {
        (4..=5).contains(&self.keys.len())
            && self.keys.last().is_some_and(|key| key == "valuesObject")
            && matches!(self.keys().as_slice(), ["spec", "source", "helm", _] | ["spec", "sources", "0", "helm", _])
    }

    /// Strings that never vary within an ApplicationSet: Argo CD advises against a templated project (argocd.md 3.1),
    /// and the others are better read in one place.
    fn is_structural(&self) -> bool {
        let [first, second, ..] = self.keys.as_slice() else { return false };
        match &**first {
            "spec" => matches!(&**second, "project" | "syncPolicy" | "ignoreDifferences"),
            "metadata" => second == "finalizers",
            _ => false,
        }
    }
}
