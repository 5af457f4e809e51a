//! The raw fields of a component on a cluster: merged over the layers, and held against the engines' schemas where that
//! takes a cluster. What is wrong wherever it runs was reported by `model::shapes`. The fields of an `object` of an engine's
//! kind are held against its schema by the same rules.

use serde_json::{Map, Value};

use super::layers::Candidate;
use super::pick::{Findings, Picked, Poison, Spot, Trace};
use super::sources::exclusive;
use crate::diag::{Diagnostic, Diagnostics, codes};
use crate::kinds::{Fields, Kind, Minor, Object, Place, Type, When, find};
use crate::model::body::OBJECT_FIELDS;
use crate::model::object::ObjectKind;
use crate::model::shapes::{is_duration, missing_field, no_duration, unknown_value, words};
use crate::plan::raw::{Key, Newer, Raw};
use crate::plan::{Content, Deployment};
use crate::source::Span;
use crate::syntax::ast::{Attribute, Expr, ExprKind, Form};

/// The raw fields of `spot`.
///
/// # Errors
/// Gives [`Poison`] when something is wrong with them that was reported.
pub fn fields(spot: &Spot, findings: &mut Findings, diagnostics: &mut Diagnostics) -> Picked<Raw> {
    if let Form::Object(Some(head)) = &spot.layers.node.form {
        let kind = ObjectKind::read(&head.text).and_then(|kind| find(&kind.api_version, &kind.kind));
        return kind.map_or_else(|| Ok(Raw::default()), |kind| of_object(spot, kind, findings, diagnostics));
    }
    let mut raw = Raw::default();
    let mut whole = Ok(());
    for object in Object::ALL.into_iter().filter(|object| spot.layers.maps.contains_key(object.block())) {
        let mut trace = Some(Trace::default());
        let Ok(merged) = spot.traced_map(object.block(), findings, &mut trace) else {
            whole = Err(Poison);
            continue;
        };
        let (Some(kind), Some(root)) = (object.kind(), object.spec()) else { continue };
        let mut reader = Reader::new(spot, (kind, Some(object)), root, findings, diagnostics);
        if !reader.read(&trace.unwrap_or_default(), &merged) {
            whole = Err(Poison);
        }
        raw.newer.append(&mut reader.newer);
        raw.keys.extend(reader.keys.into_iter().map(|(path, span)| Key { object, path, span }));
        *match object {
            Object::Application => &mut raw.application,
            Object::Kustomization => &mut raw.kustomization,
            Object::Release => &mut raw.release,
        } = merged;
    }
    whole.map(|()| raw)
}

/// What the fields of a whole object of `kind` have that not every minor of its engine knows.
fn of_object(spot: &Spot, kind: &'static Kind, findings: &mut Findings, diagnostics: &mut Diagnostics) -> Picked<Raw> {
    let mut trace = Some(Trace::default());
    let merged = spot.traced_map(OBJECT_FIELDS, findings, &mut trace)?;
    let head = match &spot.layers.node.form {
        Form::Object(Some(head)) => head.span,
        _ => spot.layers.name.span,
    };
    let mut reader = Reader::new(spot, (kind, None), kind.fields(), findings, diagnostics);
    let what = format!("the kind `{}`", kind.name);
    reader.newer.push(Newer { engine: kind.engine, object: None, since: kind.since, what, span: head });
    if !reader.read(&trace.unwrap_or_default(), &merged) {
        return Err(Poison);
    }
    Ok(Raw { newer: reader.newer, ..Raw::default() })
}

/// Reports raw fields that stand where fleetc writes something because of an attribute, and those of a HelmRelease that there
/// is not.
pub fn check(spot: &Spot, deployment: &mut Deployment, diagnostics: &mut Diagnostics) {
    let raw = &deployment.raw;
    for object in Object::ALL {
        for owned in object.owned() {
            let When::Says(attributes) = owned.when else { continue };
            let (Some(span), Some(said)) =
                (raw.span(object, owned.path), attributes.iter().find(|attribute| says(deployment, attribute)))
            else {
                continue;
            };
            let place = place_of(spot, deployment, said);
            let why = "both are written to the same field of the object";
            diagnostics.push(exclusive(span, owned.path, place, said, why).help(owned.instead));
        }
    }
    check_annotations(&deployment.raw, diagnostics);
    let Content::Path(_) = &deployment.content else { return };
    let own = |layer: usize| spot.layers.layer(layer).is_some_and(|one| one.rank > 1 && one.covers(spot.cluster));
    let mut parts = spot.layers.maps.get(Object::Release.block()).into_iter().flatten();
    if let Some(part) = parts.rfind(|part| own(part.layer)) {
        let path = deployment.origin.of("path");
        diagnostics.push(exclusive(part.span, "release", path, "path", "a folder has no HelmRelease"));
    }
    // What `defaults` say of releases is said of charts alone.
    let raw = &mut deployment.raw;
    raw.release.clear();
    raw.newer.retain(|newer| newer.object != Some(Object::Release));
    raw.keys.retain(|key| key.object != Object::Release);
}

/// F0527 for annotations of all objects that tell Flux to pass them over, keep them or replace them: what is pruned, applied
/// and waited for is decided by attributes (kustomize-controller 1.9, api/v1 and internal/controller).
fn check_annotations(raw: &Raw, diagnostics: &mut Diagnostics) {
    const FLUX: &str = "commonMetadata.annotations.kustomize.toolkit.fluxcd.io/";
    let keys = raw.keys.iter().filter(|key| key.object == Object::Kustomization && key.path.starts_with(FLUX));
    for key in keys {
        let name = key.path.trim_start_matches("commonMetadata.annotations.");
        let message = format!("fleetc itself decides what `{name}` says for all objects");
        diagnostics.push(
            Diagnostic::new(codes::OWNED_FIELD, key.span, message)
                .label("not a raw field")
                .help("annotate the objects that are meant, in their source or with `patch`"),
        );
    }
}

/// Whether `deployment` has something to write because of `attribute`.
fn says(deployment: &Deployment, attribute: &str) -> bool {
    match attribute {
        "ignore" => !deployment.ignore.is_empty(),
        "retry" => deployment.retry.is_some(),
        "patch" => !deployment.patches.is_empty(),
        "images" => !deployment.images.is_empty(),
        "components" => !deployment.components.is_empty(),
        "prune" => !deployment.prune,
        "create-namespace" => !deployment.create_namespace,
        "self-heal" => deployment.self_heal,
        "force" => deployment.force,
        "values-files" => matches!(&deployment.content, Content::Chart(chart) if !chart.values_files.is_empty()),
        _ => false,
    }
}

/// Where the attribute or block `name` is written.
fn place_of(spot: &Spot, deployment: &Deployment, name: &str) -> Span {
    if let Some(span) = deployment.origin.attributes.get(name) {
        return *span;
    }
    let layers = spot.layers;
    let covers = |layer: usize| layers.layer(layer).is_some_and(|one| one.covers(spot.cluster));
    let blocks = layers.blocks.iter().filter(|(layer, block)| block.keyword.text == name && covers(*layer));
    let maps = layers.maps.get(name).into_iter().flatten().filter(|part| covers(part.layer)).map(|part| part.span);
    let found = blocks.map(|(_, block)| block.keyword.span).chain(maps).last();
    found.unwrap_or(deployment.origin.component)
}

struct Reader<'r, 's, 'a> {
    spot: &'r Spot<'s, 'a>,
    kind: &'static Kind,
    /// Where raw fields go; nowhere when a whole object is read.
    object: Option<Object>,
    /// The fields that every path begins in.
    root: Fields,
    findings: &'r mut Findings,
    diagnostics: &'r mut Diagnostics,
    /// The keys that were read, by path.
    keys: Vec<(String, Span)>,
    newer: Vec<Newer>,
    path: Vec<String>,
    /// Whether nothing was reported.
    sound: bool,
}

impl<'r, 's, 'a> Reader<'r, 's, 'a> {
    fn new(
        spot: &'r Spot<'s, 'a>,
        (kind, object): (&'static Kind, Option<Object>),
        root: Fields,
        findings: &'r mut Findings,
        diagnostics: &'r mut Diagnostics,
    ) -> Self {
        let (keys, newer, path) = (Vec::new(), Vec::new(), Vec::new());
        Self { spot, kind, object, root, findings, diagnostics, keys, newer, path, sound: true }
    }

    /// Reads all that is `merged`; gives whether nothing was reported.
    fn read(&mut self, trace: &Trace<'a>, merged: &Map<String, Value>) -> bool {
        self.keys(&trace.decisions);
        for (path, candidate, value) in &trace.decisions {
            self.decision(path, *candidate, value);
        }
        self.path.clear();
        if self.object.is_none() {
            self.missing(merged, self.root, self.spot.layers.name.span);
        }
        self.required(merged, self.root);
        self.sound
    }

    /// The map that holds the fields where layers are merged.
    fn map(&self) -> &'static str {
        self.object.map_or(OBJECT_FIELDS, Object::block)
    }

    /// Where the key at `path` is written.
    fn span(&self, path: &str) -> Option<Span> {
        self.keys.iter().find(|(key, _)| key == path).map(|(_, span)| *span)
    }

    fn note(&mut self, since: Minor, what: String, span: Span) {
        self.newer.push(Newer { engine: self.kind.engine, object: self.object, since, what, span });
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.sound = false;
        self.diagnostics.push(diagnostic);
    }

    /// The keys that lead to the values that won.
    fn keys(&mut self, decisions: &[(Vec<String>, Candidate<'a>, Value)]) {
        for (path, candidate, _) in decisions {
            for depth in 1..=path.len() {
                let Some(head) = path.get(..depth) else { continue };
                let path = head.join(".");
                if self.span(&path).is_none() {
                    let span = self.key(candidate.layer, head).unwrap_or(candidate.key);
                    let above = head.split_last().and_then(|(_, above)| self.place(above)).map(|above| above.since);
                    if let Some(place) = self.place(head) {
                        self.note_since(place, above, &path, span);
                    }
                    self.keys.push((path, span));
                }
            }
        }
    }

    /// Where the layer writes the key at `path`.
    fn key(&mut self, layer: usize, path: &[String]) -> Option<Span> {
        let parts = self.spot.layers.maps.get(self.map())?;
        let part = *parts.iter().find(|part| part.layer == layer)?;
        let mut entries = self.spot.entries(&part, self.findings).ok()?;
        let (last, above) = path.split_last()?;
        for key in above {
            let entry: &'a Attribute = entries.iter().find(|entry| entry.key.text == *key)?;
            let leaf = self.spot.leaf(layer, &entry.value, self.findings).ok()?;
            let ExprKind::Map(below) = &leaf.kind else { return None };
            entries = below.iter().collect();
        }
        entries.iter().find(|entry| entry.key.text == *last).map(|entry| entry.key.span)
    }

    /// Notes a field that came later than what it is in.
    fn note_since(&mut self, place: Place, above: Option<Minor>, path: &str, span: Span) {
        if place.since > above.unwrap_or(self.kind.since) {
            let what = format!("the field `{path}` of the `{}`", self.kind.name);
            self.note(place.since, what, span);
        }
    }

    /// The field at `path`.
    fn place(&self, path: &[String]) -> Option<Place> {
        let mut keys = path.iter();
        let first = self.root.find(keys.next()?)?;
        keys.try_fold(first, |place, key| match place.ty {
            Type::Object => place.fields().find(key),
            Type::Map(_) => place.inner(),
            _ => None,
        })
    }

    fn decision(&mut self, path: &[String], candidate: Candidate<'a>, value: &Value) {
        let Some(place) = self.place(path) else { return };
        self.path = path.to_vec();
        self.value(candidate.layer, candidate.expr, value, place);
    }

    /// What could not be known of a value before it was evaluated, and what is required inside of lists.
    fn value(&mut self, layer: usize, expr: &'a Expr, value: &Value, place: Place) {
        let Ok(leaf) = self.spot.leaf(layer, expr, self.findings) else { return };
        match (&leaf.kind, value, place.inner()) {
            (ExprKind::List(items), Value::Array(values), Some(inner)) => {
                for (item, value) in items.iter().zip(values) {
                    self.value(layer, item, value, inner);
                }
            }
            (ExprKind::Map(entries), Value::Object(values), inner) => {
                for entry in entries {
                    let below = inner.or_else(|| place.fields().find(&entry.key.text));
                    let (Some(below), Some(value)) = (below, values.get(&entry.key.text)) else { continue };
                    self.path.push(entry.key.text.clone());
                    let path = self.path.join(".");
                    self.note_since(below, Some(place.since), &path, entry.key.span);
                    self.value(layer, &entry.value, value, below);
                    self.path.pop();
                }
                if *place.ty == Type::Object {
                    self.missing(values, place.fields(), leaf.span);
                }
            }
            (ExprKind::Path(_), _, _) => self.resolved(leaf.span, value, place),
            (ExprKind::Text(text), _, _) => {
                if text.as_literal().is_none() {
                    self.resolved(leaf.span, value, place);
                } else {
                    self.value_since(leaf.span, value, place);
                }
            }
            _ => {}
        }
    }

    /// A value that a label, a fact or a parameter gave.
    fn resolved(&mut self, span: Span, value: &Value, place: Place) {
        let path = self.path.join(".");
        match (place.ty, value) {
            (Type::List(_), Value::Array(values)) => {
                if let Some(inner) = place.inner() {
                    values.iter().for_each(|value| self.resolved(span, value, inner));
                }
            }
            (Type::Duration, Value::String(text)) if !is_duration(text) => self.report(no_duration(span, text, &path)),
            (Type::Text, Value::String(text)) if place.values().next().is_some() => {
                if place.value_since(text).is_none() {
                    self.report(unknown_value(span, text, &path, place));
                }
                self.value_since(span, value, place);
            }
            (Type::Text | Type::Duration | Type::IntOrText, Value::String(_))
            | (Type::Int | Type::Number | Type::IntOrText, Value::Number(_))
            | (Type::Bool, Value::Bool(_))
            | (Type::Any, _) => {}
            (ty, _) => self.report(
                Diagnostic::new(codes::WRONG_TYPE, span, format!("`{path}` takes {}", words(ty)))
                    .label("is something else on some cluster")
                    .help(format!("write {}", words(ty))),
            ),
        }
    }

    /// Notes a value that not every minor knows.
    fn value_since(&mut self, span: Span, value: &Value, place: Place) {
        let Some(text) = value.as_str() else { return };
        if let Some(since) = place.value_since(text).filter(|since| *since > place.since) {
            let what = format!("the value `{text}` of `{}`", self.path.join("."));
            self.note(since, what, span);
        }
    }

    /// What is required in the maps that are merged over the layers. What fleetc writes itself is not the user's to say.
    fn required(&mut self, merged: &Map<String, Value>, fields: Fields) {
        for (key, value) in merged {
            let (Some(place), Value::Object(values)) = (fields.find(key), value) else { continue };
            if *place.ty != Type::Object {
                continue;
            }
            self.path.push(key.clone());
            let span = self.span(&self.path.join("."));
            self.missing(values, place.fields(), span.unwrap_or(self.spot.layers.name.span));
            self.required(values, place.fields());
            self.path.pop();
        }
    }

    /// F0323 for what every minor requires and `values` lacks, unless a key is not known, which may be what was meant.
    fn missing(&mut self, values: &Map<String, Value>, fields: Fields, span: Span) {
        if values.keys().any(|key| fields.find(key).is_none()) {
            return;
        }
        let path = self.path.join(".");
        let lacking = || fields.places().filter(|place| !values.contains_key(place.name()));
        for (place, since) in lacking().filter_map(|place| Some((place, place.optional_since()?))) {
            let owner = if path.is_empty() { self.kind.name } else { &path };
            let what = format!("`{owner}` without the field `{}`", place.name());
            self.note(since, what, span);
        }
        let Some(place) = lacking().find(|place| place.is_required()) else { return };
        let whole = format!("{path}.{}", place.name());
        if self.object.is_some_and(|object| object.owner(&whole).is_some()) {
            return;
        }
        let owner = if path.is_empty() { format!("the `{}`", self.kind.name) } else { format!("`{path}`") };
        self.report(missing_field(span, &owner, place.name()));
    }
}
