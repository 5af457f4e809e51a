//! The keys of the maps that are merged over the layers, each by itself.

use std::collections::BTreeSet;

use serde_json::Value;

use super::fields::Teller;
use super::{Field, dotted, inputs};
use crate::model::body::{OBJECT_FIELDS, is_free, is_nested};
use crate::plan::resolve::layers::{Candidate, MapPart};
use crate::plan::resolve::pick::{Findings, Trace};
use crate::syntax::ast::{Attribute, ExprKind};

/// A key that a layer gives a value, with its path from the map.
type Statement<'a> = (Vec<String>, Candidate<'a>);

impl<'a> Teller<'_, 'a> {
    /// The keys of the map `name`, sorted; the map as a whole when it has none.
    pub fn map(&self, name: &str) -> Vec<Field> {
        debug_assert!(is_free(name) || is_nested(name));
        let mut trace = Some(Trace::default());
        let merged = self.spot.traced_map(name, &mut Findings::default(), &mut trace).unwrap_or_default();
        let decisions = trace.map(|trace| trace.decisions).unwrap_or_default();
        let said = self.statements(name);
        let mut left: BTreeSet<usize> = (0..said.len()).collect();
        let mut fields = Vec::new();
        for (path, chosen, value) in decisions {
            let mut names = BTreeSet::new();
            inputs::names(chosen.expr, true, &mut names);
            let mut field = self.field(whole(name, &path), value.clone());
            field.from = Some(self.said(chosen, value));
            field.inputs = inputs::of_layer(&self.spot, chosen.layer, &names);
            for (index, (other, candidate)) in said.iter().enumerate() {
                if other.starts_with(&path) || path.starts_with(other) {
                    left.remove(&index);
                    // A map that gave another of its keys did not lose.
                    if candidate.expr.span != chosen.expr.span {
                        field.beat.push(self.beaten(&dotted(&whole(name, other)), *candidate, chosen, name));
                    }
                }
            }
            fields.push(field);
        }
        // What only other clusters have.
        for (path, candidate) in left.into_iter().filter_map(|index| said.get(index)) {
            let mut field = self.field(whole(name, path), Value::Null);
            field.beat.push(self.beaten(&dotted(&whole(name, path)), *candidate, *candidate, name));
            match fields.iter_mut().find(|one| one.path == field.path) {
                Some(one) => one.beat.append(&mut field.beat),
                None => fields.push(field),
            }
        }
        fields.sort_by(|a, b| a.path.cmp(&b.path));
        if fields.is_empty() {
            fields.push(self.default(whole(name, &[]), Value::Object(merged)));
        }
        fields
    }

    fn statements(&self, name: &str) -> Vec<Statement<'a>> {
        let mut found = Vec::new();
        for part in self.spot.layers.maps.get(name).into_iter().flatten() {
            for attribute in self.entries(part) {
                self.flatten(part.layer, attribute, &mut Vec::new(), is_nested(name), &mut found);
            }
        }
        found
    }

    fn entries(&self, part: &MapPart<'a>) -> Vec<&'a Attribute> {
        self.spot.entries(part, &mut Findings::default()).unwrap_or_default()
    }

    fn flatten(
        &self,
        layer: usize,
        attribute: &'a Attribute,
        path: &mut Vec<String>,
        nested: bool,
        found: &mut Vec<Statement<'a>>,
    ) {
        path.push(attribute.key.text.clone());
        let leaf = self.spot.leaf(layer, &attribute.value, &mut Findings::default()).unwrap_or(&attribute.value);
        match &leaf.kind {
            ExprKind::Map(entries) if nested && !entries.is_empty() => {
                for entry in entries {
                    self.flatten(layer, entry, path, nested, found);
                }
            }
            _ => {
                let candidate = Candidate { layer, key: attribute.key.span, expr: &attribute.value };
                found.push((path.clone(), candidate));
            }
        }
        path.pop();
    }

    /// The value of a key of the map `name` on this cluster.
    pub fn map_value(&self, name: &str, candidate: Candidate) -> Value {
        let mut findings = Findings::default();
        let value = self.spot.with(candidate.layer, |at| {
            if is_nested(name) {
                findings.evaluator.free(at, candidate.expr)
            } else {
                findings.evaluator.attribute(at, &crate::model::schema::Type::Text, candidate.expr)
            }
        });
        value.unwrap_or(Value::Null)
    }
}

fn whole(name: &str, path: &[String]) -> Vec<String> {
    // The fields of an object are said by themselves.
    let name = (name != OBJECT_FIELDS).then(|| name.split(' ').map(String::from));
    name.into_iter().flatten().chain(path.iter().cloned()).collect()
}
