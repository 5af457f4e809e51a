//! What Flux makes of a variable that stands alone in a folder of this repository.
//!
//! Flux writes each object out anew before it replaces `${…}`, and then `"${account}"` has no quotes any more: the value
//! is read as YAML, so that `004` is a number, `yes` a bool, and `*.example.com` no YAML at all
//! (fluxcd/pkg, kustomize/kustomize_varsub.go). Where text is wanted Kubernetes refuses the object.

use std::collections::BTreeMap;

use serde_json::Value;

use super::deployment::Sinks;
use super::folders::{Folders, KUSTOMIZATIONS, join};
use crate::diag::{Diagnostic, codes};
use crate::plan::Deployment;
use crate::source::Span;

/// At most this deep, so that kustomizations that name each other end.
const MAX_DEPTH: usize = 20;

/// A variable that stands alone, and where.
#[derive(Debug)]
pub struct Lone {
    name: String,
    file: String,
    place: String,
    /// Whether Kubernetes takes nothing but text there.
    wants_text: bool,
}

/// Reports, once for each place and variable, values that Flux reads as something else than the text that is wanted.
pub fn check(
    checkout: &str,
    path: &str,
    (deployment, places): (&Deployment, &BTreeMap<String, Span>),
    sinks: &mut Sinks,
) {
    if deployment.substitute.is_empty() {
        return;
    }
    for Lone { name, file, place, wants_text } in &*sinks.folders.lone_variables(&join(checkout, path)) {
        let Some(value) = deployment.substitute.get(name) else { continue };
        let Some(why) = unreadable(value).or_else(|| other_type(value).filter(|_| *wants_text)) else { continue };
        let span = places.get(name).copied().unwrap_or_else(|| deployment.origin.of("substitute"));
        if !sinks.folders.is_new(span, format!("variable {name}")) {
            continue;
        }
        sinks.diagnostics.push(
            Diagnostic::new(
                codes::VARIABLE_CHANGES_TYPE,
                span,
                format!("Flux would read `{value}`, the value of `{name}`, as {why} and not as text"),
            )
            .label(format!("`{file}` has `${{{name}}}` alone in `{place}`"))
            .help(format!("write `${{quote}}${{{name}}}${{quote}}` there, and `quote = \"\\\"\"` in `substitute`"))
            .help("or write a `patch` in place of the variable")
            .note("Flux writes objects anew before it puts values in, so quotes around `${…}` do not last"),
        );
    }
}

/// The variables that stand alone in the objects of `folder`, as far as they can be read.
pub fn find(folders: &mut Folders, folder: &str) -> Vec<Lone> {
    let mut files = Vec::new();
    gather(folders, folder, 0, &mut files);
    let mut found = Vec::new();
    for (file, document) in &files {
        Search { file, kind: kind(document), found: &mut found }.value(document, &mut Vec::new());
    }
    found
}

fn kind(document: &Value) -> &str {
    document.get("kind").and_then(Value::as_str).unwrap_or_default()
}

/// The objects of `folder` with the files they are in, as far as they can be read.
fn gather(folders: &mut Folders, folder: &str, depth: usize, found: &mut Vec<(String, Value)>) {
    let Some(entries) = folders.list(folder).filter(|_| depth < MAX_DEPTH) else { return };
    let names: Vec<String> = match entries.iter().find(|entry| KUSTOMIZATIONS.contains(&entry.name.as_str())) {
        Some(file) => {
            let kustomization = folders.documents(&join(folder, &file.name)).unwrap_or_default().into_iter().next();
            let resources = kustomization.as_ref().and_then(|file| file.get("resources")).and_then(Value::as_array);
            let names = resources.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
            names.filter(|name| !name.contains("://")).collect()
        }
        None => entries.iter().map(|entry| entry.name.clone()).collect(),
    };
    for path in names.iter().map(|name| join(folder, name)) {
        if folders.list(&path).is_some() {
            gather(folders, &path, depth + 1, found);
        } else if path.ends_with(".yaml") || path.ends_with(".yml") {
            let documents = folders.documents(&path).unwrap_or_default();
            found.extend(documents.into_iter().map(|document| (path.clone(), document)));
        }
    }
}

struct Search<'s> {
    file: &'s str,
    kind: &'s str,
    found: &'s mut Vec<Lone>,
}

impl Search<'_> {
    fn value<'v>(&mut self, value: &'v Value, path: &mut Vec<&'v str>) {
        match value {
            Value::String(text) => self.text(text, path),
            Value::Array(items) => items.iter().for_each(|item| self.value(item, path)),
            Value::Object(map) => {
                for (key, value) in map {
                    path.push(key);
                    self.value(value, path);
                    path.pop();
                }
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &str, path: &[&str]) {
        let Some(name) = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) else { return };
        self.found.push(Lone {
            name: name.to_owned(),
            file: self.file.to_owned(),
            place: path.join("."),
            wants_text: self.wants_text(path),
        });
    }

    /// Whether Kubernetes takes nothing but text there.
    fn wants_text(&self, path: &[&str]) -> bool {
        match path {
            [.., "metadata", "labels" | "annotations", _] | [.., "env", "value"] | [.., "args" | "command"] => true,
            ["data", _] => self.kind == "ConfigMap",
            ["stringData", _] => self.kind == "Secret",
            _ => false,
        }
    }
}

/// What a plain YAML text is, where it is no text (YAML 1.1, as sigs.k8s.io/yaml reads it).
fn other_type(value: &str) -> Option<&'static str> {
    let lower = value.to_ascii_lowercase();
    let cased = value == lower || value == value.to_ascii_uppercase() || {
        let mut rest = value.chars();
        rest.next().is_some_and(|first| first.is_ascii_uppercase()) && rest.all(|c| c.is_ascii_lowercase())
    };
    match lower.trim() {
        "" | "~" => return Some("nothing"),
        "null" if cased => return Some("nothing"),
        "y" | "yes" | "n" | "no" | "true" | "false" | "on" | "off" if cased => return Some("a bool"),
        ".inf" | "-.inf" | "+.inf" | ".nan" => return Some("a number"),
        _ => {}
    }
    let digits = lower.trim().replace('_', "");
    let unsigned = digits.strip_prefix(['-', '+']).unwrap_or(&digits);
    let is_of = |prefix: &str, radix: u32| {
        unsigned.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_digit(radix)))
    };
    let begins = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let plain = unsigned.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | '-' | '+'));
    let is_float = begins && plain && unsigned.parse::<f64>().is_ok();
    (is_float || is_of("0x", 16) || is_of("0o", 8) || is_of("0b", 2)).then_some("a number")
}

/// What a plain YAML text is, where it is not even a scalar, or only a part of it.
fn unreadable(value: &str) -> Option<&'static str> {
    let value = value.trim();
    match value.chars().next()? {
        '*' => return Some("a reference to an anchor"),
        '&' => return Some("an anchor"),
        '!' => return Some("a tag"),
        '@' | '`' | '%' | '|' | '>' => return Some("no YAML"),
        '#' => return Some("a comment"),
        _ => {}
    }
    // What somebody put into quotes or brackets is meant as YAML.
    if value.starts_with(['"', '\'', '{', '[']) {
        return None;
    }
    if value.contains(" #") {
        Some("a text that ends at `#`")
    } else if value.contains(": ") || value.ends_with(':') || value.starts_with("- ") || value == "-" {
        Some("a map or a list")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{other_type, unreadable};

    #[test]
    fn what_yaml_reads_as_something_else_is_told_from_text() {
        for other in [
            "333333333333",
            "004",
            "1e3",
            "0x10",
            "1_000",
            "08",
            "2.4",
            "-1",
            ".5",
            "yes",
            "No",
            "TRUE",
            "on",
            "",
            "~",
            "null",
        ] {
            assert!(other_type(other).is_some(), "{other}");
        }
        for text in ["eu-west-1", "v1", "1.2.3", "10.0.0.0/8", "1h", "nope", "yEs", "e3", "0x", "dead", "-", "a1"] {
            assert_eq!(other_type(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_yaml_alone_is_found() {
        for wrong in ["*.example.com", "a: b", "a #b", "@x", "%x", "&x", "key:", "- a"] {
            assert!(unreadable(wrong).is_some(), "{wrong}");
        }
        for fine in ["a:b", "a#b", "\"004\"", "{a: b}", "https://example.com", "-x", "a b"] {
            assert_eq!(unreadable(fine), None, "{fine}");
        }
    }
}
