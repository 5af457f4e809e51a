//! What is known at run time only: from what stands for it to the Go templates that read it.
//!
//! Facts (Argo CD 3.5, docs of the clusters generator and applicationset/utils): a generator's `values` and the template
//! are Go templates over `name`, `server` and `metadata` of the cluster's Secret; `index` gives an empty text for a key
//! that is not there, which no option catches.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::super::Context;
use crate::plan::space::{Runtime, RuntimePlace, Space};
use crate::plan::{Cluster, Destination, MAX_NAME};
use crate::target::yaml;

/// How a text begins that is YAML yet to be written, as JSON.
const DEFERRED: &str = "\u{0}yaml:";

/// What stands for what is known at run time only.
pub(in super::super) struct Runtimes<'s> {
    space: &'s Space,
    /// What stands for something, with the expression that reads it; the longest first, since one may begin another.
    tokens: Vec<(String, String)>,
    /// The words that stand in YAML for whole texts, and the templates that write those.
    words: RefCell<BTreeMap<String, String>>,
}

impl<'s> Runtimes<'s> {
    pub(in super::super) fn new(space: &'s Space) -> Self {
        let mut tokens =
            vec![(space.server.clone(), ".server".to_owned()), (space.cluster.clone(), ".name".to_owned())];
        tokens.extend(space.runtime.iter().map(|runtime| (text(&runtime.token), expression(runtime))));
        tokens.sort_by(|(a, _), (b, _)| b.len().cmp(&a.len()).then(a.cmp(b)));
        Self { space, tokens, words: RefCell::new(BTreeMap::new()) }
    }

    /// Whether a number of `value` is known at run time only, which a map of values cannot hold.
    pub(in super::super) fn has_number(&self, value: &Value) -> bool {
        match value {
            Value::Number(_) => self.space.runtime.iter().any(|runtime| runtime.token == *value),
            Value::Array(items) => items.iter().any(|item| self.has_number(item)),
            Value::Object(map) => map.values().any(|value| self.has_number(value)),
            Value::Null | Value::Bool(_) | Value::String(_) => false,
        }
    }

    /// Whether something of `manifest` is read from labels or annotations.
    pub(super) fn reads_more_than_names(&self, manifest: &Value) -> bool {
        let text = manifest.to_string();
        self.space.runtime.iter().any(|runtime| text.contains(&self::text(&runtime.token)))
    }

    fn is_in(&self, text: &str) -> bool {
        self.tokens.iter().any(|(token, _)| text.contains(token))
    }

    pub(in super::super) fn has_any(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => self.is_in(text),
            Value::Array(items) => items.iter().any(|item| self.has_any(item)),
            Value::Object(map) => map.iter().any(|(key, value)| self.is_in(key) || self.has_any(value)),
            Value::Number(_) => self.has_number(value),
            Value::Null | Value::Bool(_) => false,
        }
    }

    /// `value` as the YAML of a patch: at once, or when it is known what of it is read at run time.
    pub(in super::super) fn patch(&self, value: &Value) -> String {
        if self.has_any(value) { format!("{DEFERRED}{value}") } else { yaml::trimmable(value) }
    }

    /// What `manifest` says of the declared cluster `name`.
    pub(super) fn on(&self, manifest: &Value, context: &Context<'_>, name: &str) -> Value {
        let url = context.clusters.get(name).and_then(|cluster: &&Cluster| cluster.server.as_deref());
        let server_text = match (context.settings.destination, url) {
            (Destination::Server, Some(url)) => url.trim_end_matches('/').to_owned(),
            _ => name.to_owned(),
        };
        let mut texts =
            vec![(self.space.server.clone(), json!(server_text)), (self.space.cluster.clone(), json!(name))];
        let known = self.space.runtime.iter().filter_map(|r| Some((text(&r.token), r.declared.get(name)?.clone())));
        texts.extend(known);
        texts.sort_by(|(a, _), (b, _)| b.len().cmp(&a.len()).then(a.cmp(b)));
        replaced(manifest, &texts)
    }

    /// `manifest` with its YAML written.
    pub(super) fn written(&self, manifest: &Value) -> Value {
        match manifest {
            Value::String(text) => match deferred(text) {
                Some(value) => Value::String(yaml::trimmable(&self.in_words(&value))),
                None => manifest.clone(),
            },
            Value::Array(items) => items.iter().map(|item| self.written(item)).collect(),
            Value::Object(map) => {
                Value::Object(map.iter().map(|(key, value)| (key.clone(), self.written(value))).collect())
            }
            other => other.clone(),
        }
    }

    /// `value` as YAML, in which a word stands for every text that is read at run time: such a text must be quoted when it
    /// is known, or it could be taken for a number, or for more YAML.
    pub(in super::super) fn document(&self, value: &Value) -> String {
        yaml::document(&self.in_words(value))
    }

    fn in_words(&self, value: &Value) -> Value {
        match value {
            Value::String(text) if self.has_any(value) => Value::String(self.word(text)),
            Value::Array(items) => items.iter().map(|item| self.in_words(item)).collect(),
            Value::Object(map) => {
                let key = |key: &String| if self.is_in(key) { self.word(key) } else { key.clone() };
                let entries: Map<String, Value> =
                    map.iter().map(|(name, value)| (key(name), self.in_words(value))).collect();
                Value::Object(entries)
            }
            other => other.clone(),
        }
    }

    /// A word for `text`, whose template writes it as JSON, which is YAML, too.
    fn word(&self, text: &str) -> String {
        let digest: String =
            Sha256::digest(text.as_bytes()).iter().take(10).map(|byte| format!("{byte:02x}")).collect();
        let word = format!("fleetc{digest}");
        let mut format = String::new();
        let mut arguments = String::new();
        let mut rest = text;
        while let Some((at, (token, expression))) =
            self.tokens.iter().filter_map(|one| Some((rest.find(&one.0)?, one))).min_by_key(|(at, _)| *at)
        {
            format.push_str(&rest.get(..at).unwrap_or_default().replace('%', "%%"));
            format.push_str("%s");
            arguments.push_str(&format!(" ({expression})"));
            rest = rest.get(at + token.len()..).unwrap_or_default();
        }
        format.push_str(&rest.replace('%', "%%"));
        let expression = format!("{{{{printf {}{arguments} | toJson}}}}", quoted(&format));
        self.words.borrow_mut().insert(word.clone(), expression);
        word
    }

    /// `value`, texts of a Go template, with what stands for something replaced by what reads it.
    pub(super) fn expressed(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.expressed_text(text)),
            Value::Array(items) => items.iter().map(|item| self.expressed(item)).collect(),
            Value::Object(map) => {
                let entry = |(key, value): (&String, &Value)| (self.expressed_text(key), self.expressed(value));
                Value::Object(map.iter().map(entry).collect())
            }
            other => other.clone(),
        }
    }

    fn expressed_text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (word, expression) in self.words.borrow().iter() {
            text = text.replace(word, expression);
        }
        for (token, expression) in &self.tokens {
            text = text.replace(token, &format!("{{{{{expression}}}}}"));
        }
        text
    }
}

/// The JSON of a text that is YAML yet to be written.
fn deferred(text: &str) -> Option<Value> {
    serde_json::from_str(text.strip_prefix(DEFERRED)?).ok()
}

/// `value` with texts and numbers replaced by others.
fn replaced(value: &Value, texts: &[(String, Value)]) -> Value {
    let in_text =
        |whole: &str| texts.iter().fold(whole.to_owned(), |all, (token, value)| all.replace(token, &text(value)));
    match value {
        Value::String(whole) => match deferred(whole) {
            Some(value) => Value::String(yaml::trimmable(&replaced(&value, texts))),
            None => Value::String(in_text(whole)),
        },
        Value::Number(number) => {
            let found = texts.iter().find(|(token, _)| *token == number.to_string());
            found.map_or_else(|| value.clone(), |(_, value)| value.clone())
        }
        Value::Array(items) => items.iter().map(|item| replaced(item, texts)).collect(),
        Value::Object(map) => {
            Value::Object(map.iter().map(|(key, value)| (in_text(key), replaced(value, texts))).collect())
        }
        other => other.clone(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What reads it from a cluster's Secret. A label is there, for the selector asks for it. An annotation may be missing: then
/// the default holds, and where there is none the ApplicationSet says so and changes nothing. So it does where a whole number
/// is none, which as it is could be taken for another type, or for more YAML.
fn expression(runtime: &Runtime) -> String {
    let (what, read) = match &runtime.place {
        RuntimePlace::Label(key) => (format!("label {key}"), format!("index .metadata.labels {}", quoted(key))),
        RuntimePlace::Annotation(key) => {
            let annotations = r#"default (dict) (get .metadata "annotations")"#;
            let key_text = quoted(key);
            // An annotation that is empty is one. Argo CD gives a map of texts, and `hasKey` takes one of anything only.
            let is_there = format!("hasKey ({annotations} | toJson | fromJson) {key_text}");
            let read = match &runtime.default {
                Some(default) => {
                    format!("ternary (index ({annotations}) {key_text}) {} ({is_there})", quoted(default))
                }
                None => {
                    let missing = format!("the cluster has no annotation {key}");
                    let found = format!("(and ({is_there}) {key_text})");
                    format!("index ({annotations}) ({})", or_fail(&found, key, &missing, runtime))
                }
            };
            (format!("annotation {key}"), read)
        }
    };
    if runtime.token.is_number() {
        let wrong = format!("the {what} of the cluster is no whole number");
        let found = format!("(regexFind {} ({read}))", quoted("^(0|-?[1-9][0-9]*)$"));
        return or_fail(&found, "0", &wrong, runtime);
    }
    read
}

/// The first that is there: what was found, `instead` on the clusters that lack it, or the end of it all. Argo CD writes the
/// values of a cluster before it leaves out those that a generator refuses by name, so a cluster that reads nothing of this
/// must not end it.
fn or_fail(found: &str, instead: &str, message: &str, runtime: &Runtime) -> String {
    let names: Vec<String> = runtime.lacking.iter().map(|name| quoted(name)).collect();
    let lacks = match runtime.place {
        RuntimePlace::Annotation(_) if !names.is_empty() => {
            format!("(and (has .name (list {})) {}) ", names.join(" "), quoted(instead))
        }
        _ => String::new(),
    };
    format!("or {found} {lacks}(fail {})", quoted(message))
}

/// A name as the plan shortens it when it is too long for a label's value and a Helm release.
pub(super) fn shortened(component: &str) -> String {
    const HASH: usize = 8;
    let kept = MAX_NAME - HASH - 1;
    format!(
        "{{{{$name := printf \"%s-%s\" {} .name}}}}{{{{if le (len $name) {MAX_NAME}}}}}{{{{$name}}}}{{{{else}}}}\
         {{{{regexReplaceAll \"[-.]+$\" (trunc {kept} $name) \"\"}}}}-{{{{sha256sum $name | trunc {HASH}}}}}{{{{end}}}}",
        quoted(component)
    )
}

/// `text` as a string constant of a Go template.
fn quoted(text: &str) -> String {
    json!(text).to_string()
}
