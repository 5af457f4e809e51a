//! The value of an attribute of a component on a cluster.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use serde_json::{Map, Value};

use super::layers::{Candidate, Layer, Layers, MapPart};
use crate::diag::{Diagnostic, Diagnostics, codes};
use crate::model::body::is_nested;
use crate::model::eval::{At, Evaluator};
use crate::model::field::FieldType;
use crate::model::schema::{self, Type};
use crate::model::scope::{Env, Place, Scope};
use crate::model::{Model, Slot};
use crate::source::Span;
use crate::syntax::ast::{self, Attribute, Expr, ExprKind};

/// Something that was reported already stands in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Poison;

/// A value or what was reported in its place.
pub type Picked<T> = Result<T, Poison>;

/// The items of a list with their places.
pub type Items = Vec<(Value, Span)>;

/// The keys of a map, each with what says its value.
pub type Keys<'a> = Vec<(&'a str, Candidate<'a>)>;

/// How a value is read from its expression.
pub type Eval<'e> = &'e dyn Fn(&mut Evaluator, At, &Expr) -> Option<Value>;

/// Which key of a map took which value, recorded while maps are merged.
#[derive(Debug, Default)]
pub struct Trace<'a> {
    path: Vec<String>,
    /// The keys in order, each with its path from the map, what said its value, and the value.
    pub decisions: Vec<(Vec<String>, Candidate<'a>, Value)>,
}

/// What is gathered over all components and clusters, and reported once for each place.
#[derive(Debug, Default)]
pub struct Findings {
    /// Evaluates, gathers what is absent.
    pub evaluator: Evaluator,
    conflicts: BTreeMap<(Span, Span), Conflict>,
    missing_params: BTreeMap<Span, BTreeMap<Span, (String, Vec<usize>)>>,
}

/// Two places of one rank that say different things.
#[derive(Debug)]
struct Conflict {
    /// What they set.
    name: String,
    /// On which clusters.
    clusters: Vec<usize>,
    /// Whether they are two templates.
    templates: bool,
    /// Everything that sets it on the first of the clusters, a line each.
    chain: String,
}

impl Findings {
    /// Whether nothing was found so far.
    pub fn is_empty(&self) -> bool {
        self.evaluator.is_clean() && self.conflicts.is_empty() && self.missing_params.is_empty()
    }

    /// Adds what was found in others' places.
    pub fn extend(&mut self, other: Self) {
        self.evaluator.extend(other.evaluator);
        for (places, conflict) in other.conflicts {
            match self.conflicts.entry(places) {
                Entry::Vacant(entry) => _ = entry.insert(conflict),
                Entry::Occupied(entry) => entry.into_mut().clusters.extend(conflict.clusters),
            }
        }
        for (at, params) in other.missing_params {
            let known = self.missing_params.entry(at).or_default();
            for (declared, (name, clusters)) in params {
                known.entry(declared).or_insert_with(|| (name, Vec::new())).1.extend(clusters);
            }
        }
    }

    /// Reports all.
    pub fn finish(self, model: &Model, diagnostics: &mut Diagnostics) {
        self.evaluator.finish(model, diagnostics);
        for ((first, second), Conflict { name, clusters, templates, chain }) in self.conflicts {
            let on = model.list_clusters(clusters.into_iter());
            diagnostics.push(if templates {
                Diagnostic::new(codes::CONFLICTING_TEMPLATES, second, format!("two templates set `{name}` differently"))
                    .label("set here")
                    .related(first, "and differently here")
                    .help(format!("set `{name}` in the component"))
                    .note(chain)
            } else {
                Diagnostic::new(codes::CONFLICTING_OVERRIDES, second, format!("two `on` blocks set `{name}` differently on {on}"))
                    .label("set here")
                    .related(first, "and differently here")
                    .help("narrow one of the predicates, so that it is part of the other or apart from it")
                    .note(chain)
                    .note("of two blocks the one whose clusters are a proper subset of the other's wins; their order does not count")
            });
        }
        for (at, params) in self.missing_params {
            diagnostics.push(missing_params(model, at, params));
        }
    }
}

fn missing_params(model: &Model, at: Span, params: BTreeMap<Span, (String, Vec<usize>)>) -> Diagnostic {
    let names: Vec<String> = params.values().map(|(name, _)| format!("`{name}`")).collect();
    let (noun, verb) = if names.len() == 1 { ("parameter", "is") } else { ("parameters", "are") };
    let written: Vec<String> = params.values().map(|(name, _)| format!("{name} = …")).collect();
    let on = model.list_clusters(params.values().flat_map(|(_, clusters)| clusters.iter().copied()));
    let message = format!("the {noun} {} {verb} not set on {on}", names.join(", "));
    let mut diagnostic = Diagnostic::new(codes::MISSING_PARAMETER, at, message).label("needs a value");
    for declared in params.keys() {
        diagnostic = diagnostic.related(*declared, "declared here, without a default");
    }
    diagnostic.help(format!("write `{}` in the component", written.join(", ")))
}

/// A component on a cluster.
#[derive(Clone, Copy, Debug)]
pub struct Spot<'s, 'a> {
    /// The model.
    pub model: &'s Model<'a>,
    /// The component.
    pub layers: &'s Layers<'a>,
    /// The cluster.
    pub cluster: usize,
    /// The parameters of each scope.
    pub params: &'s [Vec<Slot>],
    /// Whether the namespace is still to come ([`Place::Parameter`]).
    pub place: Place,
    /// The namespace, once it is known.
    pub namespace: Option<&'s str>,
}

impl<'s, 'a> Spot<'s, 'a> {
    /// Runs `eval` with the names of the layer at `layer`.
    pub fn with<T>(&self, layer: usize, eval: impl FnOnce(At) -> T) -> T {
        let index = self.layers.layer(layer).map_or(0, |layer| layer.scope);
        self.with_scope(index, eval)
    }

    fn with_scope<T>(&self, index: usize, eval: impl FnOnce(At) -> T) -> T {
        let (params, std) = match self.layers.scopes.get(index) {
            Some(scope) => (scope.params.as_slice(), scope.std),
            None => (&[][..], false),
        };
        let slots = self.params.get(index).map(Vec::as_slice).unwrap_or_default();
        // Without values, as when the parameters themselves are evaluated, the parameters are no names either.
        let params = if slots.is_empty() { &[][..] } else { params };
        let scope = Scope { place: self.place, params, variables: &[], std };
        let component = self.layers.name.text.as_str();
        let env = Env { cluster: self.cluster, component, namespace: self.namespace, params: slots, variables: &[] };
        eval(At { model: self.model, scope: &scope, env: &env })
    }

    /// The value of the attribute `name` and where it was said; none when nothing sets it.
    pub fn attribute(&self, name: &str, findings: &mut Findings) -> Picked<Option<(Value, Span)>> {
        if !self.layers.attributes.contains_key(name) {
            return Ok(None);
        }
        let ty = self.layers.table().attribute(name).map_or(Type::Text, |attribute| attribute.ty);
        self.picked(name, findings, &|evaluator, at, expr| evaluator.attribute(at, &ty, expr))
    }

    fn picked(&self, name: &str, findings: &mut Findings, eval: Eval) -> Picked<Option<(Value, Span)>> {
        let Some(found) = self.layers.attributes.get(name) else { return Ok(None) };
        let chosen = self.choose(name, found, findings, eval)?;
        Ok(chosen.map(|(value, candidate)| (value, candidate.expr.span)))
    }

    /// The value of the candidate that counts here; F0311 or F0312 when several do and differ.
    pub fn choose(
        &self,
        name: &str,
        found: &[Candidate<'a>],
        findings: &mut Findings,
        eval: Eval,
    ) -> Picked<Option<(Value, Candidate<'a>)>> {
        let winners = self.layers.winners(found, self.cluster, |candidate| candidate.layer);
        let mut chosen: Option<(Value, Candidate)> = None;
        for candidate in winners {
            let value =
                self.with(candidate.layer, |at| eval(&mut findings.evaluator, at, candidate.expr)).ok_or(Poison)?;
            match &chosen {
                None => chosen = Some((value, candidate)),
                Some((before, _)) if *before == value => {}
                Some((_, other)) => {
                    self.conflict(name, (*other, candidate), found, findings);
                    return Err(Poison);
                }
            }
        }
        Ok(chosen)
    }

    /// The items of the list `name`, each with its place, and the place of the list; none when nothing sets it.
    pub fn items(&self, name: &str, findings: &mut Findings) -> Picked<Option<(Items, Span)>> {
        let Some(found) = self.layers.attributes.get(name) else { return Ok(None) };
        let ty = self.layers.table().attribute(name).map_or(Type::Text, |attribute| attribute.ty);
        let chosen = self.choose(name, found, findings, &|evaluator, at, expr| evaluator.attribute(at, &ty, expr))?;
        let Some((value, candidate)) = chosen else { return Ok(None) };
        let leaf = self.leaf(candidate.layer, candidate.expr, findings)?;
        let (Value::Array(values), ExprKind::List(items)) = (value, &leaf.kind) else { return Err(Poison) };
        let items = values.into_iter().zip(items.iter().map(|item| item.span)).collect();
        Ok(Some((items, candidate.expr.span)))
    }

    /// Where the free-form map `name` is written that counts here above the others.
    pub fn place_of_map(&self, name: &str) -> Option<Span> {
        let covers = |layer: usize| self.layers.layer(layer).is_some_and(|layer| layer.covers(self.cluster));
        let parts = self.layers.maps.get(name)?.iter().rev();
        parts.filter(|part| covers(part.layer)).map(|part| part.span).next()
    }

    /// Where the value of `key` in the free-form map `name` is written.
    pub fn place_of(&self, name: &str, key: &str) -> Option<Span> {
        let parts = self.layers.maps.get(name)?.iter().rev();
        let mut parts =
            parts.filter(|part| self.layers.layer(part.layer).is_some_and(|layer| layer.covers(self.cluster)));
        parts.find_map(|part| {
            let written: Vec<&Attribute> = match part.expr.map(|expr| &expr.kind) {
                Some(ExprKind::Map(entries)) => entries.iter().collect(),
                _ => part
                    .entries
                    .iter()
                    .filter_map(|entry| match entry {
                        ast::Entry::Attribute(attribute) => Some(attribute),
                        _ => None,
                    })
                    .collect(),
            };
            written.into_iter().find(|attribute| attribute.key.text == key).map(|attribute| attribute.value.span)
        })
    }

    /// Notes that `a` and `b`, of the candidates `all` for `name`, count here both and differ.
    fn conflict(&self, name: &str, (a, b): (Candidate, Candidate), all: &[Candidate], findings: &mut Findings) {
        let templates = self.layers.layer(a.layer).is_some_and(|layer| layer.on.is_none());
        let places = (a.key.min(b.key), a.key.max(b.key));
        let conflict = findings.conflicts.entry(places).or_insert_with(|| Conflict {
            name: name.to_string(),
            clusters: Vec::new(),
            templates,
            chain: self.chain(name, all),
        });
        conflict.clusters.push(self.cluster);
    }

    /// All that sets `name` on this cluster, the highest first, each with its place.
    fn chain(&self, name: &str, all: &[Candidate]) -> String {
        let mut here: Vec<(&Layer, Candidate)> =
            all.iter().filter_map(|one| self.layers.layer(one.layer).map(|layer| (layer, *one))).collect();
        here.retain(|(layer, _)| layer.covers(self.cluster));
        here.sort_by_key(|(layer, one)| {
            (std::cmp::Reverse(layer.rank), layer.on.as_ref().map_or(usize::MAX, |on| on.len()), one.key)
        });
        let lines = here.iter().map(|(layer, one)| {
            let file = self.model.sources.file(one.key.source);
            let place = format!("{}:{}", file.path, file.position(one.key.start).line);
            let written = self.model.text(one.expr.span).lines().next().unwrap_or_default();
            let on = match layer.on.as_ref().map(|on| on.len()) {
                None => "for all its clusters".to_string(),
                Some(1) => "for 1 cluster".to_string(),
                Some(count) => format!("for {count} clusters"),
            };
            format!("\n{place}  {name} = {written}  {on}")
        });
        let cluster = self.model.clusters.get(self.cluster).map_or("", |cluster| cluster.name.as_ref());
        format!("what sets `{name}` on `{cluster}`, highest first:{}", lines.collect::<String>())
    }

    /// The values of the parameters of every scope.
    pub fn params(&self, findings: &mut Findings) -> Vec<Vec<Slot>> {
        let mut all: Vec<Vec<Slot>> = Vec::new();
        for (index, scope) in self.layers.scopes.iter().enumerate() {
            let slots =
                scope.params.iter().map(|param| self.param(index, &param.name, &param.ty, param.span, findings));
            all.push(slots.collect());
        }
        all
    }

    fn param(&self, scope: usize, name: &str, ty: &FieldType, declared: Span, findings: &mut Findings) -> Slot {
        let what = Parameter(name);
        let given = self.picked(name, findings, &|evaluator, at, expr| evaluator.field(at, ty, expr, &what, true));
        match given {
            Err(Poison) => return Slot::Poisoned,
            Ok(Some((value, _))) => return self.slot(value),
            Ok(None) => {}
        }
        let Some((default, scope)) = self.default_of(scope, name) else {
            if !self.layers.doubtful {
                let at = self.layers.node.from.first().map_or(self.layers.name.span, |path| path.span);
                let params = findings.missing_params.entry(at).or_default();
                let (_, clusters) = params.entry(declared).or_insert_with(|| (name.to_string(), Vec::new()));
                clusters.push(self.cluster);
            }
            return Slot::Poisoned;
        };
        let value = self.with_scope(scope, |at| findings.evaluator.field(at, ty, default, &what, true));
        value.map_or(Slot::Poisoned, |value| self.slot(value))
    }

    fn slot(&self, value: Value) -> Slot {
        // What is made of something known at run time only decides nothing.
        if self.model.tokens.are_in(&value) { Slot::Token { value, differs: false } } else { Slot::Value(value) }
    }

    /// The default of a parameter, in the template of `scope` or, for the component's own scope, in any template.
    pub fn default_of(&self, scope: usize, name: &str) -> Option<(&'a Expr, usize)> {
        let scopes = self.layers.scopes.iter().enumerate().filter(|(index, _)| scope == 0 || *index == scope);
        for (index, layer_scope) in scopes {
            let Some(template) = &layer_scope.template else { continue };
            let declared = self.model.names.templates.get(template)?;
            for entry in &declared.node.body.entries {
                if let ast::Entry::Param(param) = entry
                    && param.field.name.as_ref().is_some_and(|own| own.text == name)
                {
                    return param.field.value.as_ref().map(|value| (value, index));
                }
            }
        }
        None
    }

    /// The free-form map `name`, merged key by key over all layers, keys sorted.
    pub fn map(&self, name: &str, findings: &mut Findings) -> Picked<Map<String, Value>> {
        self.traced_map(name, findings, &mut None)
    }

    /// The same, and which key took which value when there is a trace for it.
    pub fn traced_map(
        &self,
        name: &str,
        findings: &mut Findings,
        trace: &mut Option<Trace<'a>>,
    ) -> Picked<Map<String, Value>> {
        let Some(parts) = self.layers.maps.get(name) else { return Ok(Map::new()) };
        let mut keys = Keys::new();
        for part in parts {
            keys.extend(self.keys(part, findings)?);
        }
        self.merge(keys, !is_nested(name), findings, trace)
    }

    /// The keys of `part`, with what says their values; none where it does not count.
    pub fn keys(&self, part: &MapPart<'a>, findings: &mut Findings) -> Picked<Keys<'a>> {
        if self.layers.layer(part.layer).is_none_or(|layer| !layer.covers(self.cluster)) {
            return Ok(Keys::new());
        }
        Ok(of_layer(part.layer, self.entries(part, findings)?).collect())
    }

    /// What `part` says, key by key.
    pub fn entries(&self, part: &MapPart<'a>, findings: &mut Findings) -> Picked<Vec<&'a Attribute>> {
        let Some(expr) = part.expr else {
            let written = part.entries.iter().filter_map(|entry| match entry {
                ast::Entry::Attribute(attribute) => Some(attribute),
                _ => None,
            });
            let own = |attribute: &&Attribute| part.fields && schema::OBJECT.attribute(&attribute.key.text).is_some();
            return Ok(written.filter(|attribute| !own(attribute)).collect());
        };
        let leaf = self.leaf(part.layer, expr, findings)?;
        match &leaf.kind {
            ExprKind::Map(entries) => Ok(entries.iter().collect()),
            _ => Err(Poison),
        }
    }

    /// The expression that counts here, looking through `if`.
    pub fn leaf(&self, layer: usize, expr: &'a Expr, findings: &mut Findings) -> Picked<&'a Expr> {
        self.with(layer, |at| findings.evaluator.leaf(at, expr)).ok_or(Poison)
    }

    fn merge(
        &self,
        keys: Keys<'a>,
        text_values: bool,
        findings: &mut Findings,
        trace: &mut Option<Trace<'a>>,
    ) -> Picked<Map<String, Value>> {
        let keys = sorted(keys);
        let mut merged = Map::with_capacity(keys.len());
        for same in keys.chunk_by(|(one, _), (other, _)| one == other) {
            let Some((key, _)) = same.first() else { continue };
            if let Some(trace) = trace {
                trace.path.push((*key).to_string());
            }
            let value = match same {
                // It counts here, as all of them do.
                [(_, only)] => self.merged_one(*only, text_values, findings, trace),
                _ => {
                    let candidates: Vec<Candidate> = same.iter().map(|(_, candidate)| *candidate).collect();
                    self.merged_key(key, &candidates, text_values, findings, trace)
                }
            };
            merged.insert((*key).to_string(), value?);
            if let Some(trace) = trace {
                trace.path.pop();
            }
        }
        Ok(merged)
    }

    /// The value of `key` in a free-form map, by the candidates for it, which all count here.
    pub fn value_of(&self, key: &str, candidates: &[Candidate<'a>], findings: &mut Findings) -> Picked<Value> {
        match candidates {
            [only] => self.merged_one(*only, false, findings, &mut None),
            _ => self.merged_key(key, candidates, false, findings, &mut None),
        }
    }

    /// The value of a key that one layer alone says.
    fn merged_one(
        &self,
        only: Candidate<'a>,
        text_values: bool,
        findings: &mut Findings,
        trace: &mut Option<Trace<'a>>,
    ) -> Picked<Value> {
        let leaf = self.leaf(only.layer, only.expr, findings)?;
        if let (false, ExprKind::Map(entries)) = (text_values, &leaf.kind) {
            return self.merged_map(of_layer(only.layer, entries).collect(), only, findings, trace);
        }
        let value = self.value(only.layer, leaf, text_values, findings)?;
        if let Some(trace) = trace {
            trace.decisions.push((trace.path.clone(), only, value.clone()));
        }
        Ok(value)
    }

    fn merged_key(
        &self,
        key: &str,
        candidates: &[Candidate<'a>],
        text_values: bool,
        findings: &mut Findings,
        trace: &mut Option<Trace<'a>>,
    ) -> Picked<Value> {
        let winners = self.layers.winners(candidates, self.cluster, |candidate| candidate.layer);
        if let (Some(first), false) = (winners.first(), text_values)
            && let Some(keys) = self.keys_below(candidates, findings)?
        {
            return self.merged_map(keys, *first, findings, trace);
        }
        let mut chosen: Option<(Value, Candidate)> = None;
        for candidate in winners {
            let leaf = self.leaf(candidate.layer, candidate.expr, findings)?;
            let value = self.value(candidate.layer, leaf, text_values, findings)?;
            match &chosen {
                None => chosen = Some((value, candidate)),
                Some((before, _)) if *before == value => {}
                Some((_, other)) => {
                    self.conflict(key, (*other, candidate), candidates, findings);
                    return Err(Poison);
                }
            }
        }
        let (value, candidate) = chosen.ok_or(Poison)?;
        if let Some(trace) = trace {
            trace.decisions.push((trace.path.clone(), candidate, value.clone()));
        }
        Ok(value)
    }

    /// A map in a map, of which `first` says something.
    fn merged_map(
        &self,
        keys: Keys<'a>,
        first: Candidate<'a>,
        findings: &mut Findings,
        trace: &mut Option<Trace<'a>>,
    ) -> Picked<Value> {
        let merged = self.merge(keys, false, findings, trace)?;
        if let (Some(trace), true) = (trace, merged.is_empty()) {
            trace.decisions.push((trace.path.clone(), first, Value::Object(Map::new())));
        }
        Ok(Value::Object(merged))
    }

    fn value(&self, layer: usize, leaf: &Expr, text_values: bool, findings: &mut Findings) -> Picked<Value> {
        let evaluator = &mut findings.evaluator;
        let value = self.with(layer, |at| {
            if text_values { evaluator.attribute(at, &Type::Text, leaf) } else { evaluator.free(at, leaf) }
        });
        value.ok_or(Poison)
    }

    /// The keys of the map that `candidates` say together; none when what counts is no map. They are those of the highest down
    /// to the first that is no map.
    pub fn keys_below(&self, candidates: &[Candidate<'a>], findings: &mut Findings) -> Picked<Option<Keys<'a>>> {
        for winner in self.layers.winners(candidates, self.cluster, |candidate| candidate.layer) {
            if !matches!(self.leaf(winner.layer, winner.expr, findings)?.kind, ExprKind::Map(_)) {
                return Ok(None);
            }
        }
        let mut order: Vec<Candidate> = candidates.to_vec();
        order.sort_by_key(|candidate| {
            let layer = self.layers.layer(candidate.layer);
            let size = layer.and_then(|layer| layer.on.as_ref()).map_or(usize::MAX, |on| on.len());
            (std::cmp::Reverse(layer.map_or(0, |layer| layer.rank)), size)
        });
        let mut keys = Keys::new();
        for candidate in order {
            match &self.leaf(candidate.layer, candidate.expr, findings)?.kind {
                ExprKind::Map(entries) => keys.extend(of_layer(candidate.layer, entries)),
                _ => break,
            }
        }
        Ok(Some(keys))
    }
}

/// A parameter, in words.
struct Parameter<'n>(&'n str);

impl fmt::Display for Parameter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the parameter `{}`", self.0)
    }
}

/// `keys` in order; the candidates for one of them stay in the order of their layers.
pub fn sorted(mut keys: Keys) -> Keys {
    keys.sort_by_key(|(key, _)| *key);
    // A second one in the same map was reported as such.
    keys.dedup_by_key(|(key, candidate)| (*key, candidate.layer));
    keys
}

/// What `layer` says with `entries`.
fn of_layer<'a>(
    layer: usize,
    entries: impl IntoIterator<Item = &'a Attribute>,
) -> impl Iterator<Item = (&'a str, Candidate<'a>)> {
    let candidate = move |attribute: &'a Attribute| {
        (attribute.key.text.as_str(), Candidate { layer, key: attribute.key.span, expr: &attribute.value })
    };
    entries.into_iter().map(candidate)
}
