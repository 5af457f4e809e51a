//! The table of the engines' fields, `src/kinds/fields.txt`, and the program that makes it.
//!
//! The CRDs are not in this repository. `FLEETC_CRDS` names a folder of folders such as `argocd-3.5.1` and `flux-2.9`: what
//! the table says of each of these minors is compared with it. `FLEETC_ALL_CRDS` names one with a folder for every known
//! minor, as `tests/conformance/crds.sh` fetches them: the table is made anew from them and must be the same to the byte;
//! with `FLEETC_BLESS=1` it is written. Without the variables the program is tried on small CRDs alone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "support/crd_gate.rs"]
#[allow(dead_code)]
mod crd_gate;
#[path = "support/distil.rs"]
mod distil;
#[path = "support/golden.rs"]
mod golden;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;

use distil::{Kinds, Minor, Node};
use fleetc::kinds::{self, Fields, Place, Type};

const HEADER: &str =
    "# Facts distilled from the CRDs of the engines by tests/kinds.rs; src/kinds/table.rs says how to read them.\n";

#[test]
fn the_table_is_made_of_the_crds_of_every_minor() {
    let Some(root) = folder("FLEETC_ALL_CRDS") else { return };
    let mut made = HEADER.to_owned();
    for engine in ["argocd", "flux"] {
        let read = |(minor, texts): (Minor, Vec<String>)| (minor, distil::kinds(&texts, minor));
        let releases: Vec<(Minor, Kinds)> = distil::releases(Path::new(&root), engine).into_iter().map(read).collect();
        let minors: Vec<Minor> = releases.iter().map(|(minor, _)| *minor).collect();
        made += &distil::write(engine, &minors, &distil::merge(&releases));
    }
    golden::golden("src/kinds/fields.txt", &made);
}

#[test]
fn the_table_agrees_with_the_crds_of_a_minor() {
    let Some(root) = folder("FLEETC_CRDS") else { return };
    let mut compared = 0;
    for engine in ["argocd", "flux"] {
        for (minor, texts) in distil::releases(Path::new(&root), engine) {
            for (name, node) in distil::kinds(&texts, minor) {
                let (api_version, kind) = name.rsplit_once('/').unwrap();
                // Not every kind that is there is known, but for those that fleetc writes.
                if let Some(kind) = kinds::find(api_version, kind) {
                    agree(&node, kind.fields(), minor, &name);
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 8, "{compared} kinds compared");
}

fn folder(variable: &str) -> Option<std::ffi::OsString> {
    let folder = std::env::var_os(variable);
    if folder.is_none() {
        let note = format!("{variable} is not set: the table of fields is not compared with CRDs\n");
        std::io::stderr().write_all(note.as_bytes()).unwrap();
    }
    folder
}

/// Fails unless `fields` at `minor` are those of `node`.
fn agree(node: &Node, fields: Fields, minor: Minor, path: &str) {
    let known: Vec<Place> = fields.places().filter(|place| place.since <= minor).collect();
    let names: BTreeSet<&str> = known.iter().map(|place| place.name()).collect();
    assert_eq!(names, node.fields.keys().map(String::as_str).collect(), "the fields of {path} at {minor:?}");
    for place in known {
        let (node, path) = (&node.fields[place.name()], format!("{path}/{}", place.name()));
        assert_eq!(written(place.ty), node.ty, "the type of {path} at {minor:?}");
        let required = place.is_required() || place.optional_since().is_some_and(|since| minor < since);
        assert_eq!(required, node.required, "whether {path} is required at {minor:?}");
        let values = place.values().filter(|value| place.value_since(value).unwrap() <= minor);
        let values: BTreeSet<&str> = values.collect();
        assert_eq!(values, node.values.keys().map(String::as_str).collect(), "the values of {path} at {minor:?}");
        agree(node, place.fields(), minor, &path);
    }
}

fn written(ty: &Type) -> String {
    match ty {
        Type::Text => "string".into(),
        Type::Int => "int".into(),
        Type::Number => "number".into(),
        Type::Bool => "bool".into(),
        Type::Duration => "duration".into(),
        Type::IntOrText => "int|string".into(),
        Type::Any => "any".into(),
        Type::Object => "{}".into(),
        Type::List(inner) => format!("[{}]", written(inner)),
        Type::Map(inner) => format!("<{}>", written(inner)),
    }
}

/// A small CRD with `fields` below `spec`, YAML in one line.
fn crd(fields: &str, required: &str) -> Vec<String> {
    vec![format!(
        "kind: CustomResourceDefinition\nspec:\n  group: example.org\n  names: {{ kind: Thing }}\n  versions:\n  - name: v1\n\
         \u{20}   served: true\n    schema: {{ openAPIV3Schema: {{ type: object, properties: {{ status: {{ type: object }}, \
         spec: {{ type: object, required: [{required}], properties: {{ {fields} }} }} }} }} }}\n"
    )]
}

fn distilled(minors: &[(Minor, Vec<String>)]) -> String {
    let read = |(minor, texts): &(Minor, Vec<String>)| (*minor, distil::kinds(texts, *minor));
    let releases: Vec<(Minor, Kinds)> = minors.iter().map(read).collect();
    let all: Vec<Minor> = minors.iter().map(|(minor, _)| *minor).collect();
    distil::write("flux", &all, &distil::merge(&releases))
}

const PAIR: &str = "{ type: object, properties: { key: { type: string }, name: { type: string } } }";

#[test]
fn a_table_has_types_values_and_what_came_when() {
    let every = r"every: { type: string, pattern: '^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$' }";
    let old = format!("{every}, mode: {{ type: string, enum: [a, b] }}, one: {PAIR}");
    let new = format!(
        "{every}, mode: {{ type: string, enum: [a, b, c] }}, one: {PAIR}, two: {{ type: array, items: {PAIR} }}, \
         labels: {{ type: object, additionalProperties: {{ type: string }} }}, \
         share: {{ x-kubernetes-int-or-string: true }}, free: {{ type: object, x-kubernetes-preserve-unknown-fields: true }}"
    );
    let minors = [((2, 1), crd(&old, "every, mode")), ((2, 2), crd(&new, "every"))];
    let expected = "engine flux 2.1 2.2\nkind example.org/v1/Thing\n spec {}\n  every! duration\n  free any since 2.2\n  \
                    labels <string> since 2.2\n  mode!<2.2 string = a|b|c@2.2\n  one {}\n   key string\n   name string\n  \
                    share int|string since 2.2\n  two [{=example.org/v1/Thing/spec/one}] since 2.2\n";
    assert_eq!(distilled(&minors), expected);
    assert_eq!(distilled(&minors), distilled(&minors));
}

#[test]
fn a_field_that_goes_or_changes_is_refused() {
    let text = crd("a: { type: string }", "");
    for other in [crd("b: { type: string }", ""), crd("a: { type: integer }", ""), crd("a: { type: string }", "a")] {
        let minors = [((2, 1), text.clone()), ((2, 2), other)];
        assert!(std::panic::catch_unwind(|| distilled(&minors)).is_err());
    }
}
