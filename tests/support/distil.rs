//! From CustomResourceDefinitions to the table of fields, `src/kinds/fields.txt`.
//!
//! Takes the files of several minors of an engine and keeps facts alone: names of fields, types, values, what is required,
//! and since which minor each is there. Descriptions, defaults and status are left out. The same files give the same bytes.
//!
//! What no minor did so far is refused instead of guessed: a field that goes or changes its type within one API version.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::crd_gate::{below, is_yaml};

/// A minor version of an engine.
pub type Minor = (u32, u32);

/// Durations of Flux; a `timeout` takes no hours.
const DURATION: &str = r"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$";
const SHORT_DURATION: &str = r"^([0-9]+(\.[0-9]+)?(ms|s|m))+$";

/// A field, or what a list or map holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// `string`, `{}`, `[string]`, `<{}>`; values and fields are those of the innermost item.
    pub ty: String,
    /// The only values of a string.
    pub values: BTreeMap<String, Minor>,
    /// The fields of an object.
    pub fields: BTreeMap<String, Node>,
    since: Minor,
    /// Whether it is required.
    pub required: bool,
    /// The first minor that does not require it any more.
    loosened: Option<Minor>,
}

/// The kinds of one engine, by `apiVersion/Kind`.
pub type Kinds = BTreeMap<String, Node>;

/// The folders `ENGINE-MAJOR.MINOR*` below `root`, each with its minor, oldest first.
pub fn releases(root: &Path, engine: &str) -> Vec<(Minor, Vec<String>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let Some(version) = name.strip_prefix(&format!("{engine}-")) else { continue };
        let mut numbers = version.split('.').map(|part| part.parse::<u32>().unwrap());
        let minor = (numbers.next().unwrap(), numbers.next().unwrap());
        let files = below(&path).into_iter().filter(|file| is_yaml(file));
        found.push((minor, files.map(|file| fs::read_to_string(file).unwrap()).collect()));
    }
    found.sort();
    found
}

/// The kinds of one minor.
pub fn kinds(texts: &[String], minor: Minor) -> Kinds {
    let options = serde_saphyr::options! { budget: None, legacy_octal_numbers: true };
    let mut kinds = Kinds::new();
    for text in texts {
        let documents: Vec<Value> = serde_saphyr::from_multiple_with_options(text, options.clone()).unwrap();
        for definition in documents.iter().filter(|one| one["kind"] == "CustomResourceDefinition") {
            let text = |pointer: &str| definition.pointer(pointer).and_then(Value::as_str).unwrap().to_owned();
            for version in definition["spec"]["versions"].as_array().unwrap() {
                if version["served"] == true && version["deprecated"] != true {
                    let name = format!(
                        "{}/{}/{}",
                        text("/spec/group"),
                        version["name"].as_str().unwrap(),
                        text("/spec/names/kind")
                    );
                    let mut root = node(&version["schema"]["openAPIV3Schema"], minor, false);
                    for known in ["apiVersion", "kind", "metadata", "status"] {
                        root.fields.remove(known);
                    }
                    kinds.insert(name, root);
                }
            }
        }
    }
    kinds
}

fn node(schema: &Value, since: Minor, required: bool) -> Node {
    let plain = |ty: &str| Node {
        ty: ty.to_owned(),
        values: BTreeMap::new(),
        fields: BTreeMap::new(),
        since,
        required,
        loosened: None,
    };
    let within = |item: &Value, open: char, close: char| {
        let inner = node(item, since, required);
        Node { ty: format!("{open}{}{close}", inner.ty), ..inner }
    };
    if schema["x-kubernetes-int-or-string"] == true {
        return plain("int|string");
    }
    if schema["x-kubernetes-preserve-unknown-fields"] == true {
        return plain("any");
    }
    match schema["type"].as_str() {
        Some("string") => match schema["pattern"].as_str() {
            Some(DURATION | SHORT_DURATION) => plain("duration"),
            _ => {
                let values = schema["enum"].as_array().into_iter().flatten().map(|value| value.as_str().unwrap());
                Node { values: values.map(|value| (value.to_owned(), since)).collect(), ..plain("string") }
            }
        },
        Some("integer") => plain("int"),
        Some("number") => plain("number"),
        Some("boolean") => plain("bool"),
        Some("array") => within(&schema["items"], '[', ']'),
        Some("object") => match (&schema["additionalProperties"], schema["properties"].as_object()) {
            (Value::Object(_), _) => within(&schema["additionalProperties"], '<', '>'),
            (_, Some(properties)) => {
                let is_required = |name: &str| {
                    schema["required"].as_array().is_some_and(|all| all.iter().any(|required| required == name))
                };
                let field = |(name, schema): (&String, &Value)| (name.clone(), node(schema, since, is_required(name)));
                Node { fields: properties.iter().map(field).collect(), ..plain("{}") }
            }
            _ => plain("any"),
        },
        _ => plain("any"),
    }
}

/// The kinds of several minors, oldest first, as one: what the newest has, each part with the first minor that has it.
pub fn merge(releases: &[(Minor, Kinds)]) -> Kinds {
    let Some(((_, newest), older)) = releases.split_last() else { return Kinds::new() };
    let mut all = newest.clone();
    for (name, kind) in &mut all {
        for (minor, kinds) in older.iter().rev() {
            let Some(before) = kinds.get(name) else { break };
            back(kind, before, *minor, name);
        }
    }
    all
}

/// `now` as it is when it was `before` at an older minor.
fn back(now: &mut Node, before: &Node, minor: Minor, path: &str) {
    assert_eq!(now.ty, before.ty, "{path} changed its type behind {minor:?}");
    if before.required && !now.required && now.loosened.is_none() {
        now.loosened = Some(now.since);
    }
    assert!(!now.required || before.required, "{path} became required behind {minor:?}");
    now.since = minor;
    assert_eq!(now.values.is_empty(), before.values.is_empty(), "{path} changed how it is limited behind {minor:?}");
    for value in before.values.keys() {
        let since = now.values.get_mut(value).unwrap_or_else(|| panic!("{path} lost `{value}` behind {minor:?}"));
        *since = minor;
    }
    for (name, field) in &before.fields {
        let path = format!("{path}/{name}");
        back(
            now.fields.get_mut(name).unwrap_or_else(|| panic!("{path} is gone behind {minor:?}")),
            field,
            minor,
            &path,
        );
    }
}

/// The part of the table for one engine.
pub fn write(engine: &str, minors: &[Minor], kinds: &Kinds) -> String {
    let texts: Vec<String> = minors.iter().map(|minor| dotted(*minor)).collect();
    let mut out = format!("engine {engine} {}\n", texts.join(" "));
    let oldest = minors[0];
    let mut known: Vec<(String, Node)> = Vec::new();
    for (name, kind) in kinds {
        writeln!(out, "kind {name}{}", since(kind.since, oldest)).unwrap();
        fields(&mut out, kind, name, 1, oldest.max(kind.since), &mut known);
    }
    out
}

fn fields(out: &mut String, parent: &Node, path: &str, depth: usize, floor: Minor, known: &mut Vec<(String, Node)>) {
    for (name, node) in &parent.fields {
        let mark = match (node.required, node.loosened) {
            (true, _) => "!".to_owned(),
            (false, Some(loosened)) => format!("!<{}", dotted(loosened)),
            (false, None) => String::new(),
        };
        let mut ty = node.ty.clone();
        let path = format!("{path}/{name}");
        let floor_here = floor.max(node.since);
        let same = known.iter().find(|(_, other)| alike(node, other, floor_here)).map(|(path, _)| path.clone());
        if node.fields.is_empty() {
        } else if let Some(same) = &same {
            ty = ty.replace("{}", &format!("{{={same}}}"));
        }
        write!(out, "{}{name}{mark} {ty}", " ".repeat(depth)).unwrap();
        if !node.values.is_empty() {
            let value = |(value, from): (&String, &Minor)| format!("{value}{}", at_minor(*from, floor_here));
            write!(out, " = {}", node.values.iter().map(value).collect::<Vec<_>>().join("|")).unwrap();
        }
        writeln!(out, "{}", since(node.since, floor)).unwrap();
        if !node.fields.is_empty() && same.is_none() {
            fields(out, node, &path, depth + 1, floor_here, known);
            known.push((path, node.clone()));
        }
    }
}

/// Whether two objects have the same fields where nothing before `floor` counts.
fn alike(a: &Node, b: &Node, floor: Minor) -> bool {
    a.fields.len() == b.fields.len()
        && a.fields.iter().zip(&b.fields).all(|((name, a), (other, b))| {
            let floor_here = floor.max(a.since);
            name == other
                && a.ty == b.ty
                && a.required == b.required
                && a.loosened == b.loosened
                && floor.max(a.since) == floor.max(b.since)
                && a.values.len() == b.values.len()
                && a.values.iter().zip(&b.values).all(|((v, x), (w, y))| v == w && floor.max(*x) == floor.max(*y))
                && alike(a, b, floor_here)
        })
}

fn since(minor: Minor, floor: Minor) -> String {
    if minor > floor { format!(" since {}", dotted(minor)) } else { String::new() }
}

fn at_minor(minor: Minor, floor: Minor) -> String {
    if minor > floor { format!("@{}", dotted(minor)) } else { String::new() }
}

fn dotted((major, minor): Minor) -> String {
    format!("{major}.{minor}")
}
