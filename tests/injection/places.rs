//! A text that is accepted is that text and nothing else in what is built: apart from it, the manifests are those of a
//! harmless text in the same place, once the engine has done with them what it does with templates and variables.

use std::collections::{BTreeMap, BTreeSet};

use fleetc::analysis::{Compilation, compile};
use fleetc::diag::Severity;
use fleetc::project::MemoryFiles;
use fleetc::target::flux::substitution::substitute;
use fleetc::target::yaml::writable;
use fleetc::target::{self, Engines};
use serde_json::{Map, Value};

use super::{expand, texts, written};

const COMMON: &str = r#"source home { git = "https://github.com/acme/home", branch = "main" }
source charts { helm = "https://charts.example.com" }
label env: dev | prod
fact told: string = "none"
fact many: list = []
cluster one { env = dev, server = "https://one.example.com" }
cluster two { env = prod, server = "https://two.example.com" }
group both = one or two
"#;

/// How many of the first places take any text that YAML can hold.
const FREE: usize = 6;

/// Each line is a declaration in which the text stands at `@`; `%` is a number of its own, for names.
const BOTH: &[&str] = &[
    r#"component annotation% on both { path = "p", namespace = n, annotations { "example.com/a" = "@" } }"#,
    r#"component differs% on both { path = "p", namespace = n, annotations { "example.com/a" = "x" }, on env == prod { annotations { "example.com/a" = "@" } } }"#,
    r#"component values% on both { source = charts, chart = "c", version = "1.0.0", namespace = n, values { k = "@", l = [{ m = ["@", "a@b"] }] } }"#,
    r#"component valuediffers% on both { source = charts, chart = "c", version = "1.0.0", namespace = n, values { k = "x" }, on env == prod { values { k = "@", "@" = { y = ["@"] } } } }"#,
    r#"component patch% on both { path = "p", namespace = n, patch ConfigMap c { replace "/data/x" = "@" } }"#,
    r#"object "v1/ConfigMap" object% on both { namespace = n, data { k = "@" } }"#,
    r#"component key% on both { path = "p", namespace = n, annotations { "@" = "x" } }"#,
    r#"component lab% on both { path = "p", namespace = n, labels { l = "@" } }"#,
    r#"component labkey% on both { path = "p", namespace = n, labels { "@" = "x" } }"#,
    r#"component valuekey% on both { source = charts, chart = "c", version = "1.0.0", namespace = n, values { "@" = 1 } }"#,
    r#"component path% on both { path = "p/@", namespace = n }"#,
    r#"component pathdiffers% on both { path = "p", namespace = n, on env == prod { path = "@" } }"#,
    r#"component namespace% on both { path = "p", namespace = "@" }"#,
    r#"component version% on both { source = charts, chart = "c", version = "1.0.0-@", namespace = n }"#,
    r#"component chart% on both { source = charts, chart = "@", version = "1.0.0", namespace = n }"#,
    r#"component image% on both { path = "p", namespace = n, images { nginx = "@" } }"#,
    r#"component imagename% on both { path = "p", namespace = n, images { "@" = "1.0" } }"#,
    r#"component patchpath% on both { path = "p", namespace = n, patch ConfigMap c { remove "/data/@" } }"#,
    r#"component patchname% on both { path = "p", namespace = n, patch ConfigMap "@" { remove "/data" } }"#,
    r#"source branch% { git = "https://github.com/acme/branch%", branch = "@" } component branched% on both { source = branch%, path = "p", namespace = n }"#,
    r#"source tag% { git = "https://github.com/acme/tag%", tag = "@" } component tagged% on both { source = tag%, path = "p", namespace = n }"#,
    r#"source url% { git = "https://github.com/acme/@", branch = "main" } component from% on both { source = url%, path = "p", namespace = n }"#,
    r#"component "name-@-%" on both { path = "p", namespace = n }"#,
    r#"component "@" on env == prod { path = "p", namespace = n }"#,
    r#"cluster cluster% { env = dev, told = "@", server = "https://c%.example.com" } component told% on cluster% { source = charts, chart = "c", version = "1.0.0", namespace = n, values { told = told } }"#,
    r#"object "v1/ConfigMap" objectkey% on both { namespace = n, data { "@" = "x" } }"#,
];
const ARGOCD: &[&str] = &[
    r#"component raw% on both { path = "p", namespace = n, argocd { info = [{ name = "@", value = "@" }] } }"#,
    r#"project project% { sources = [fleet], namespaces = ["*"], description = "@" } component projected% on both { path = "p", namespace = n, project = project% }"#,
];
const FLUX: &[&str] = &[
    r#"component substitute% on both { path = "p", namespace = n, substitute { A = "@" } }"#,
    r#"component substituted% on both { path = "p", namespace = n, substitute { HOME = "x" }, patch ConfigMap c { replace "/data/x" = "@" } }"#,
    r#"component raw% on both { path = "p", namespace = n, flux { commonMetadata = { annotations = { a = "@" } } } }"#,
];

/// What stands in the place of a text so that nothing happens.
fn harmless(number: usize) -> String {
    format!("hv{number}v")
}

struct World {
    head: String,
    lines: Vec<(usize, String)>,
    texts: Vec<(String, String)>,
}

impl World {
    fn new(engine: &str, own: &[&str]) -> Self {
        let texts = texts();
        let mut lines = Vec::new();
        for (place, line) in BOTH.iter().chain(own).enumerate() {
            // Everywhere each third of the texts, so that the test stays quick.
            for text in (0..texts.len()).filter(|text| place < FREE || (text + place) % 3 == 0) {
                let line = line.replace('%', &format!("-{}", lines.len())).replace(" component ", "\ncomponent ");
                lines.push((text, line));
            }
        }
        let head = format!("fleet demo {{ source = home }}\n{engine}\n{COMMON}");
        Self { head, lines, texts }
    }

    /// The fleet with the lines that are wanted, each a file, so that what is refused says which it is.
    fn compiled(&self, refused: &BTreeSet<usize>, text: impl Fn(usize) -> String) -> Compilation {
        let mut files = MemoryFiles::new().file("main.fleet", self.head.as_str());
        for (number, (index, line)) in self.lines.iter().enumerate().filter(|(number, _)| !refused.contains(number)) {
            files = files.file(&format!("{number}.fleet"), line.replace('@', &written(&text(*index))));
        }
        compile(&files.into_project(), &[])
    }

    /// The lines that are refused, each by an error in its own file.
    fn refused(&self, compilation: &Compilation) -> BTreeSet<usize> {
        let errors = compilation.diagnostics.iter().filter(|found| found.severity == Severity::Error);
        errors
            .map(|found| {
                let path = &compilation.sources.file(found.primary.span.source).path;
                let number = path.strip_suffix(".fleet").and_then(|number| number.parse().ok());
                number.unwrap_or_else(|| panic!("{} in {path}", found.message))
            })
            .collect()
    }

    /// Compares what becomes of the hostile texts with what becomes of harmless ones. Gives for each line how many texts were
    /// accepted there.
    fn judge(&self) -> BTreeMap<&'static str, usize> {
        // What a harmless text does not pass either is no place for a text.
        let hostile = |index: usize| self.texts[index].1.clone();
        let mut refused = self.refused(&self.compiled(&BTreeSet::new(), harmless));
        // One mistake may hide another.
        let accepted = loop {
            let compilation = self.compiled(&refused, hostile);
            if compilation.plan.is_some() {
                break compilation;
            }
            let more = self.refused(&compilation);
            let before = refused.len();
            refused.extend(more);
            assert!(refused.len() > before, "{:?}", compilation.diagnostics);
        };
        let calm = self.compiled(&refused, harmless);
        let written = output(&accepted);
        let mut expected = output(&calm);
        expected =
            expected.into_iter().map(|(path, value)| (self.with_texts(&path), self.with_texts_in(value))).collect();
        let paths = |tree: &BTreeMap<String, Value>| tree.keys().cloned().collect::<BTreeSet<_>>();
        let (ours, theirs) = (paths(&written), paths(&expected));
        let strange: Vec<_> = ours.symmetric_difference(&theirs).collect();
        assert!(strange.is_empty(), "files: {strange:?}");
        for (path, value) in &written {
            let (ours, theirs) = (alike(value.clone(), false), alike(expected[path].clone(), true));
            assert!(
                ours == theirs,
                "{path}\n{}",
                similar::TextDiff::from_lines(format!("{theirs:#}"), format!("{ours:#}")).unified_diff()
            );
        }
        let mut counts = BTreeMap::new();
        for (number, (_, line)) in self.lines.iter().enumerate() {
            let place = BOTH.iter().chain(ARGOCD).chain(FLUX).find(|place| {
                line == &place.replace('%', &format!("-{number}")).replace(" component ", "\ncomponent ")
            });
            *counts.entry(*place.unwrap()).or_default() += usize::from(!refused.contains(&number));
        }
        counts
    }

    fn with_texts(&self, text: &str) -> String {
        let mut text = text.to_owned();
        if !text.contains("hv") {
            return text;
        }
        for (number, (_, hostile)) in self.texts.iter().enumerate() {
            text = text.replace(&harmless(number), hostile);
        }
        text
    }

    fn with_texts_in(&self, value: Value) -> Value {
        each_text(value, &|text| self.with_texts(&text))
    }
}

/// `value` with every text in it, keys too, put through `change`.
fn each_text(value: Value, change: &dyn Fn(String) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(change(text)),
        Value::Array(items) => items.into_iter().map(|item| each_text(item, change)).collect(),
        Value::Object(map) => {
            map.into_iter().map(|(key, value)| (change(key), each_text(value, change))).collect::<Map<_, _>>().into()
        }
        other => other,
    }
}

fn read(text: &str) -> Vec<Value> {
    let options = serde_saphyr::options! { budget: None, legacy_octal_numbers: true, strict_booleans: false };
    serde_saphyr::from_multiple_with_options(text, options).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// What is built, as the engines have it in the end: a list of objects a file.
fn output(compilation: &Compilation) -> BTreeMap<String, Value> {
    let tree = target::build(compilation.plan.as_ref().unwrap(), &Engines { argocd: true, flux: true });
    let files = tree.into_iter().filter(|(path, _)| path.ends_with(".yaml"));
    files.map(|(path, text)| (path, read(&text).into_iter().map(applied).collect())).collect()
}

/// The object that an engine has in the end.
fn applied(object: Value) -> Value {
    let object = match object["kind"].as_str() {
        Some("ApplicationSet") => {
            let applications = expand::expand(&object);
            let applications: Vec<Value> = applications.into_iter().map(expand::with_plain_values).collect();
            serde_json::json!({ "metadata": object["metadata"], "applications": applications })
        }
        _ => object,
    };
    let variables: Option<BTreeMap<String, String>> = object.pointer("/spec/postBuild/substitute").map(|map| {
        map.as_object()
            .unwrap()
            .iter()
            .map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned()))
            .collect()
    });
    patches(object, variables.as_ref())
}

/// Reads the patches, which are YAML in a text. Where there are variables, they are put through the substitution first.
fn patches(value: Value, variables: Option<&BTreeMap<String, String>>) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(|item| patches(item, variables)).collect(),
        Value::Object(map) => {
            let part = |(key, value): (String, Value)| match (key.as_str(), &value) {
                ("patch", Value::String(text)) => {
                    let read: Value = read(text).into_iter().collect();
                    let read = match variables {
                        Some(variables) => each_text(read, &|text| substitute(&text, variables, true).unwrap()),
                        None => read,
                    };
                    (key, read)
                }
                _ => (key, patches(value, variables)),
            };
            map.into_iter().map(part).collect::<Map<_, _>>().into()
        }
        other => other,
    }
}

/// Writes alike what may be written in two ways, with the lists sorted: their order may follow from the texts. In `plain`
/// values the names of targets are not yet the patterns that kustomize takes them for.
fn alike(value: Value, plain: bool) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<Value> = items.into_iter().map(|item| alike(item, plain)).collect();
            items.sort_by_key(Value::to_string);
            Value::Array(items)
        }
        Value::Object(map) => {
            let part = |(key, value): (String, Value)| match (key.as_str(), &value) {
                ("target", _) if plain => (key, each_text(value, &pattern)),
                ("images", Value::Array(images)) => (key, images.iter().map(image).collect()),
                // Blank parts of a path are left out.
                ("path", Value::String(path)) => {
                    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
                    (key, Value::from(parts.join("/")))
                }
                _ => (key, alike(value, plain)),
            };
            let sorted: BTreeMap<String, Value> = map.into_iter().map(part).collect();
            sorted.into_iter().collect::<Map<_, _>>().into()
        }
        other => other,
    }
}

/// A pattern that matches `text` alone.
fn pattern(text: String) -> String {
    let special = |c: char| r"\.+*?()|[]{}^$".contains(c);
    text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

/// `name=new-name:tag@digest`
fn image(image: &Value) -> Value {
    let part = |key: &str, mark: &str| image.get(key).map(|part| format!("{mark}{}", part.as_str().unwrap()));
    let parts = [part("name", ""), part("newName", "="), part("newTag", ":"), part("digest", "@")];
    let text = image.as_str().map_or_else(|| parts.into_iter().flatten().collect(), str::to_owned);
    Value::from(text.replace("=@", "@"))
}

/// Where any text may stand, all were accepted that a manifest can hold; everywhere some, or nothing was compared.
fn are_accepted(counts: &BTreeMap<&str, usize>) {
    let kept = texts().iter().filter(|(_, text)| writable(text).is_ok()).count();
    assert!(BOTH[..FREE].iter().all(|place| counts[place] == kept), "{kept}: {counts:#?}");
    assert!(counts.values().all(|count| *count > 0), "{counts:#?}");
}

#[test]
fn argo_cd_has_each_text_as_it_was_meant() {
    are_accepted(&World::new("argocd { }", ARGOCD).judge());
}

#[test]
fn flux_has_each_text_as_it_was_meant() {
    are_accepted(&World::new("flux { }", FLUX).judge());
}
