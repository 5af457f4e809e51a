//! The gate of the emitted manifests: YAML documents against the real CRDs, with unknown fields as errors.
//!
//! Takes CustomResourceDefinitions as text or as a folder of files and makes a strict JSON Schema of each version: an
//! object with `properties` allows no others (the API server would drop them, or refuse them when strict), a status is
//! not ours to write, and names, labels and namespaces are as Kubernetes limits them. Kinds without a CRD are only
//! those of `core_kinds.json`. Of the CEL rules it knows those in [`RULES`]; the others are not checked.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use jsonschema::{ValidationError, Validator};
use serde_json::{Map, Value, json};

/// What checks documents. Made once, used for many.
pub struct Gate {
    /// By `apiVersion/Kind`.
    kinds: BTreeMap<String, Validator>,
}

/// How the folder with the CRDs of the External Secrets Operator begins.
const EXTERNAL_SECRETS: &str = "external-secrets-";

impl Gate {
    /// The gate that the variable `FLEETC_CRDS` asks for: a folder that holds folders `argocd-*` and `flux-*` of CRDs.
    pub fn from_environment() -> Option<Self> {
        let folder = std::env::var_os("FLEETC_CRDS")?;
        let root = Path::new(&folder);
        let mut texts = Vec::new();
        for engine in ["argocd-", "flux-", EXTERNAL_SECRETS] {
            let found = below(root).into_iter().filter(|file| {
                let inner = file.strip_prefix(root).unwrap().to_string_lossy().into_owned();
                inner.starts_with(engine) && is_yaml(file)
            });
            let before = texts.len();
            texts.extend(found.map(|file| fs::read_to_string(file).unwrap()));
            // Without those of the operator its objects are held against what `core_kinds.json` says of them.
            let found = texts.len() > before || engine == EXTERNAL_SECRETS;
            assert!(found, "FLEETC_CRDS: no folder `{engine}*` with YAML files in {}", root.display());
        }
        Some(Self::from_texts(&texts))
    }

    /// The gate of these CRD files and of the core kinds. Documents that are no CRDs are passed over.
    pub fn from_texts<T: AsRef<str>>(texts: &[T]) -> Self {
        let mut kinds = BTreeMap::new();
        let core: Map<String, Value> = serde_json::from_str(include_str!("core_kinds.json")).unwrap();
        for (name, kind) in core {
            let (api_version, kind_name) = name.rsplit_once('/').unwrap();
            let mut schema = kind["schema"].clone();
            close(&mut schema, &name);
            schema["properties"]["apiVersion"] = json!({ "const": api_version });
            schema["properties"]["kind"] = json!({ "const": kind_name });
            if let Some(scope) = kind["scope"].as_str() {
                schema["properties"]["metadata"] = metadata(scope);
                require(&mut schema, "metadata");
            }
            kinds.insert(name, validator(&schema));
        }
        for text in texts {
            for definition in read(text.as_ref()).unwrap() {
                if definition["kind"] == "CustomResourceDefinition" {
                    kinds.extend(versions(&definition));
                }
            }
        }
        Self { kinds }
    }

    /// Whether any CRD of this API group is known.
    pub fn knows(&self, group: &str) -> bool {
        self.kinds.keys().any(|name| name.strip_prefix(group).is_some_and(|rest| rest.starts_with('/')))
    }

    /// Every problem of every document in the text, each with the object and the path in it; empty when all are right.
    pub fn check(&self, yaml: &str) -> Vec<String> {
        match read(yaml) {
            Ok(documents) => documents.iter().flat_map(|document| self.check_document(document)).collect(),
            Err(error) => vec![format!("not YAML: {error}")],
        }
    }

    /// How many documents the text holds; none when it cannot be read.
    pub fn count(yaml: &str) -> usize {
        read(yaml).map_or(0, |documents| documents.len())
    }

    fn check_document(&self, document: &Value) -> Vec<String> {
        let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str).unwrap_or("?");
        let kind = format!("{}/{}", text("/apiVersion"), text("/kind"));
        let object = format!("{kind} {}", text("/metadata/name"));
        let Some(validator) = self.kinds.get(&kind) else {
            return vec![format!(
                "{object}: no schema for this kind: neither a CRD nor tests/support/core_kinds.json has it"
            )];
        };
        validator.iter_errors(document).map(|error| format!("{object}: {}", problem(&error))).collect()
    }
}

/// Where and what, without the whole of a large object that the message may repeat.
fn problem(error: &ValidationError<'_>) -> String {
    let at = error.instance_path().as_str();
    let message: String = error.to_string().chars().take(300).collect();
    format!("{}: {message}", if at.is_empty() { "/" } else { at })
}

/// All files below a folder, sorted; none when there is no such folder.
pub fn below(folder: &Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().flat_map(|path| if path.is_dir() { below(&path) } else { vec![path] }).collect()
}

/// Whether the file's name says YAML.
pub fn is_yaml(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

/// The documents of a text, read as Kubernetes does: a bare `yes` is a boolean, a key given twice is an error.
fn read(yaml: &str) -> Result<Vec<Value>, String> {
    let options = serde_saphyr::options! { budget: None, legacy_octal_numbers: true };
    serde_saphyr::from_multiple_with_options(yaml, options).map_err(|error| error.to_string())
}

/// A validator for each served version of a CRD.
fn versions(definition: &Value) -> Vec<(String, Validator)> {
    let spec = &definition["spec"];
    let (group, kind) = (spec["group"].as_str().unwrap(), spec["names"]["kind"].as_str().unwrap());
    let served = spec["versions"].as_array().unwrap().iter().filter(|version| version["served"] == true);
    served
        .map(|version| {
            let api_version = format!("{group}/{}", version["name"].as_str().unwrap());
            let name = format!("{api_version}/{kind}");
            let mut schema = version["schema"]["openAPIV3Schema"].clone();
            close(&mut schema, &name);
            let properties = schema["properties"].as_object_mut().unwrap();
            properties.shift_remove("status");
            properties.insert("apiVersion".to_owned(), json!({ "const": api_version }));
            properties.insert("kind".to_owned(), json!({ "const": kind }));
            properties.insert("metadata".to_owned(), metadata(spec["scope"].as_str().unwrap()));
            require(&mut schema, "metadata");
            require(&mut schema, "spec");
            (name, validator(&schema))
        })
        .collect()
}

fn validator(schema: &Value) -> Validator {
    jsonschema::draft202012::new(schema).unwrap()
}

fn require(schema: &mut Value, field: &str) {
    let required = schema.as_object_mut().unwrap().entry("required").or_insert_with(|| json!([]));
    let required = required.as_array_mut().unwrap();
    if !required.contains(&json!(field)) {
        required.push(json!(field));
    }
}

/// What of `metadata` may be written, as the API server checks it.
fn metadata(scope: &str) -> Value {
    let name = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
    let key = json!({ "pattern": r"^([a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-._A-Za-z0-9]{0,61}[A-Za-z0-9])?$" });
    let label =
        json!({ "type": "string", "maxLength": 63, "pattern": "^([A-Za-z0-9]([-._A-Za-z0-9]*[A-Za-z0-9])?)?$" });
    let mut schema = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["name"],
        "properties": {
            "name": { "type": "string", "maxLength": 253, "pattern": name },
            "labels": { "type": "object", "propertyNames": key, "additionalProperties": label },
            "annotations": { "type": "object", "propertyNames": key, "additionalProperties": { "type": "string" } },
            "finalizers": { "type": "array", "items": { "type": "string" } },
        }
    });
    if scope == "Namespaced" {
        let namespace = json!({ "type": "string", "maxLength": 63, "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" });
        schema["properties"]["namespace"] = namespace;
        require(&mut schema, "namespace");
    }
    schema
}

/// The CEL rules that can be said in JSON Schema, by their text.
const RULES: [(&str, &str); 6] = [
    (
        "has(self.configMapRef) || has(self.secretRef)",
        r#"{"anyOf":[{"required":["configMapRef"]},{"required":["secretRef"]}]}"#,
    ),
    ("!has(self.configMapRef) || !has(self.secretRef)", r#"{"not":{"required":["configMapRef","secretRef"]}}"#),
    (
        "!has(self.retryInterval) || self.name != 'RemediateOnFailure'",
        r#"{"not":{"required":["retryInterval"],"properties":{"name":{"const":"RemediateOnFailure"}}}}"#,
    ),
    (
        "!has(self.retryInterval) || self.name == 'RetryOnFailure'",
        r#"{"not":{"required":["retryInterval"],"not":{"properties":{"name":{"const":"RetryOnFailure"}}}}}"#,
    ),
    (
        "(has(self.chart) && !has(self.chartRef)) || (!has(self.chart) && has(self.chartRef))",
        r#"{"oneOf":[{"required":["chart"]},{"required":["chartRef"]}]}"#,
    ),
    (
        "!has(self.verify) || self.sourceRef.kind == 'HelmRepository'",
        r#"{"anyOf":[{"not":{"required":["verify"]}},{"properties":{"sourceRef":{"properties":{"kind":{"const":"HelmRepository"}}}}}]}"#,
    ),
];

/// Makes a structural schema of Kubernetes a strict JSON Schema, in place.
///
/// A keyword that this does not know is an error, so that a newer CRD cannot make the gate weaker unseen.
fn close(schema: &mut Value, at: &str) {
    let Some(object) = schema.as_object_mut() else { return };
    let is_open = object.get("x-kubernetes-preserve-unknown-fields") == Some(&json!(true));
    let is_object = object.get("type") == Some(&json!("object"));
    if is_object && !is_open && !object.contains_key("additionalProperties") {
        object.insert("additionalProperties".to_owned(), json!(false));
    }
    if object.get("x-kubernetes-int-or-string") == Some(&json!(true)) {
        object.shift_remove("anyOf"); // says the same again
        object.insert("type".to_owned(), json!(["integer", "string"]));
    }
    if object.get("nullable") == Some(&json!(true)) {
        let listed = object.get("type").cloned();
        object.insert("type".to_owned(), json!([listed, "null"]));
        if let Some(values) = object.get_mut("enum").and_then(Value::as_array_mut) {
            values.push(Value::Null);
        }
    }
    let rules: Vec<Value> = object
        .get("x-kubernetes-validations")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|rule| RULES.iter().find(|(cel, _)| squeezed(&rule["rule"]) == *cel))
        .map(|(_, schema)| serde_json::from_str(schema).unwrap())
        .collect();
    if !rules.is_empty() {
        object.insert("allOf".to_owned(), json!(rules));
    }
    for keyword in ["format", "default", "description", "nullable", "example"] {
        object.shift_remove(keyword);
    }
    object.retain(|keyword, _| !keyword.starts_with("x-kubernetes-"));
    for (keyword, value) in object.iter_mut() {
        match keyword.as_str() {
            "properties" => {
                for (name, inner) in value.as_object_mut().unwrap() {
                    close(inner, &format!("{at}.{name}"));
                }
            }
            "items" | "additionalProperties" => close(value, &format!("{at}[]")),
            "type" | "required" | "enum" | "pattern" | "minLength" | "maxLength" | "minimum" | "maximum"
            | "minItems" | "maxItems" | "minProperties" | "maxProperties" | "uniqueItems" => {}
            // Branches only narrow what the fields beside them allow, so they stay open.
            "allOf" | "anyOf" | "oneOf" | "not" => {}
            other => panic!("{at}: the gate does not know the keyword `{other}` of this CRD"),
        }
    }
}

/// The text of a rule with its line breaks as single blanks.
fn squeezed(rule: &Value) -> String {
    rule.as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}
