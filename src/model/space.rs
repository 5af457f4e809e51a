//! The label space: every combination of labels that a cluster may register with at run time.
//!
//! Takes a checked model and gives another one, in which a cluster stands for each combination beside the declared
//! ones. So what holds for clusters that nobody declared is found by the same rules as for those that somebody did.
//!
//! Such a cluster has no name and no facts that anybody knows now. A [`Token`](Slot::Token) stands in their place,
//! which may go into texts and decides nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::field::{Field, FieldType, as_text, is_label_text};
use super::order::{Given, given};
use super::predicate::{Predicate, lower};
use super::scope::{Place, Referent, Scope};
use super::set::ClusterSet;
use super::{Cluster, Model, Slot};
use crate::diag::Diagnostics;
use crate::source::{Sources, Span};
use crate::syntax::Parse;
use crate::syntax::ast::{self, Expr, ExprKind};

/// At most this many combinations: each is a cluster to the compiler.
pub const MAX_POINTS: usize = 20_000;
/// The first of the numbers that stand for a number which is known at run time only; the others lie less than 2^40 above it.
/// All have 16 digits and are exact as 64-bit floats, too.
const FIRST_NUMBER: u64 = 7_205_759_403_792_000;

/// A label by which combinations differ.
#[derive(Clone, Debug)]
pub struct Dimension {
    /// The label's place in [`Model::fields`].
    pub field: usize,
    /// What a cluster may have there.
    pub coordinates: Vec<Coordinate>,
}

/// What a cluster may have for a label.
#[derive(Clone, Debug, PartialEq)]
pub enum Coordinate {
    /// This value.
    Value(Value),
    /// A value that the fleet nowhere compares it with.
    Other,
    /// Nothing.
    Absent,
}

/// The texts and numbers that stand for what is known at run time only.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    /// For the cluster's name.
    pub cluster: String,
    /// For the URL of its API server.
    pub server: String,
    /// For labels and facts, by their place in [`Model::fields`].
    pub fields: BTreeMap<usize, Value>,
}

impl Tokens {
    /// Whether something of `value` is known at run time only.
    pub fn are_in(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => self.are_in_text(text),
            Value::Number(_) => self.fields.values().any(|token| token == value),
            Value::Array(items) => items.iter().any(|item| self.are_in(item)),
            Value::Object(map) => map.iter().any(|(key, value)| self.are_in_text(key) || self.are_in(value)),
            Value::Null | Value::Bool(_) => false,
        }
    }

    /// Whether something of `text` is known at run time only.
    pub fn are_in_text(&self, text: &str) -> bool {
        let mut tokens = self.fields.values().filter_map(as_text);
        !self.cluster.is_empty() && text.contains(&self.cluster) || tokens.any(|token| text.contains(&token))
    }
}

/// The combinations.
#[derive(Clone, Debug, Default)]
pub struct Space {
    /// The labels that tell them apart.
    pub dimensions: Vec<Dimension>,
    /// For each component, the places of the dimensions that it may read.
    pub read: BTreeMap<String, BTreeSet<usize>>,
    /// For each, by the name of the cluster that stands for it, a coordinate in each dimension.
    pub points: BTreeMap<Arc<str>, Vec<usize>>,
    /// What stands for what is not known.
    pub tokens: Tokens,
}

/// What the facts of a cluster are that nobody declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Facts {
    /// Nobody knows them, so nothing that needs them can run there.
    Unknown,
    /// Annotations of its Secret.
    Annotations,
}

/// How many combinations there are, by label.
pub type TooMany = Vec<(String, usize)>;

/// The model of `files` with a cluster for each combination of the labels that the fleet reads, beside those of `declared`.
/// `nothing` is the declaration that the added ones are said to have.
///
/// # Errors
/// Gives the sizes of the dimensions when there are more than [`MAX_POINTS`] combinations.
pub fn model<'a>(
    files: &'a [Parse],
    sources: &'a Sources,
    declared: &Model,
    nothing: &'a ast::Cluster,
    facts: Facts,
    diagnostics: &mut Diagnostics,
) -> Result<(Model<'a>, Space), TooMany> {
    let reads = super::reads::of_components(files, declared);
    let all: BTreeSet<usize> = reads.values().flatten().copied().collect();
    let dimensions = dimensions(declared, &all);
    let mut wanted: BTreeSet<Vec<usize>> = BTreeSet::new();
    for read in reads.values() {
        let too_many = match combinations(&dimensions, read) {
            Some(combinations) => {
                wanted.extend(combinations);
                wanted.len() > MAX_POINTS
            }
            None => true,
        };
        if too_many {
            let count = |dimension: &Dimension| {
                let name = declared.fields.get(dimension.field).map(|field| field.name.text.clone());
                (name.unwrap_or_default(), dimension.coordinates.len())
            };
            return Err(dimensions.iter().filter(|d| read.contains(&d.field)).map(count).collect());
        }
    }
    let tokens = tokens(declared, sources);
    let places = |read: &BTreeSet<usize>| {
        let all = dimensions.iter().enumerate();
        all.filter(|(_, dimension)| read.contains(&dimension.field)).map(|(place, _)| place).collect()
    };
    let read = reads.iter().map(|(component, read)| (component.clone(), places(read))).collect();
    let mut space = Space { points: BTreeMap::new(), read, tokens, dimensions };
    let span = declared.names.fleet.map(|(_, keyword)| keyword);
    let mut added = Vec::new();
    for coordinates in wanted {
        let name: Arc<str> = Arc::from(describe(declared, &space.dimensions, &coordinates));
        added.push(Cluster {
            name: name.clone(),
            text: Arc::from(space.tokens.cluster.as_str()),
            span: span.unwrap_or(nothing.body.span),
            node: nothing,
            variables: Vec::new(),
            slots: Vec::new(),
            assigned: Some(assigned(declared, &space, &coordinates, facts)),
        });
        space.points.insert(name, coordinates);
    }
    let mut model = super::begin(files, sources, diagnostics);
    model.clusters.extend(added);
    super::cluster::sort(&mut model);
    model.tokens = space.tokens.clone();
    model.looked_at = looked_at(&model, &space, &reads);
    super::finish(&mut model, diagnostics);
    Ok((model, space))
}

/// The coordinates that the declared cluster at `cluster` may have in each dimension; none where it has a value that is in no
/// dimension. What it has by default its Secret may say or not.
pub fn coordinates_of(space: &Space, model: &Model, cluster: usize) -> Option<Vec<Vec<usize>>> {
    let of = |dimension: &Dimension| {
        let all = &dimension.coordinates;
        let at = |wanted: &Coordinate| all.iter().position(|coordinate| coordinate == wanted);
        let own = match model.slot(cluster, dimension.field) {
            Slot::Value(value) => at(&Coordinate::Value(value.clone())).or_else(|| at(&Coordinate::Other)),
            Slot::Absent => at(&Coordinate::Absent),
            Slot::Token { .. } | Slot::Poisoned => None,
        }?;
        let (field, declared) = (model.fields.get(dimension.field)?, model.clusters.get(cluster)?);
        let by_default = matches!(given(model, field, declared), Given::Defaults(_) | Given::Default(_));
        let unsaid = at(&Coordinate::Absent).filter(|absent| by_default && *absent != own);
        Some(std::iter::once(own).chain(unsaid).collect())
    };
    space.dimensions.iter().map(of).collect()
}

/// `any cluster with env = prod, region = eu`
fn describe(model: &Model, dimensions: &[Dimension], coordinates: &[usize]) -> String {
    let mut parts = Vec::new();
    for (dimension, coordinate) in dimensions.iter().zip(coordinates) {
        let Some(field) = model.fields.get(dimension.field) else { continue };
        let name = &field.name.text;
        parts.push(match dimension.coordinates.get(*coordinate) {
            Some(Coordinate::Value(value)) => format!("{name} = {}", as_text(value).unwrap_or_default()),
            Some(Coordinate::Other) => format!("another {name}"),
            Some(Coordinate::Absent) | None => format!("no {name}"),
        });
    }
    if parts.is_empty() { "any other cluster".to_owned() } else { format!("any cluster with {}", parts.join(", ")) }
}

/// Every combination of the labels `read`, with the first coordinate for the others; none when there are too many.
fn combinations(dimensions: &[Dimension], read: &BTreeSet<usize>) -> Option<Vec<Vec<usize>>> {
    let mut all = vec![Vec::new()];
    for dimension in dimensions {
        let count = if read.contains(&dimension.field) { dimension.coordinates.len() } else { 1 };
        if all.len().saturating_mul(count) > MAX_POINTS {
            return None;
        }
        let longer = |row: &Vec<usize>| {
            let row = row.clone();
            (0..count).map(move |coordinate| [row.as_slice(), &[coordinate]].concat())
        };
        all = all.iter().flat_map(longer).collect();
    }
    Some(all)
}

/// The clusters that each component is looked at on: of those that stand for combinations, one for each combination of the
/// labels that it reads.
fn looked_at(model: &Model, space: &Space, reads: &BTreeMap<String, BTreeSet<usize>>) -> BTreeMap<String, ClusterSet> {
    let mut all = BTreeMap::new();
    for (component, read) in reads {
        let mut set = ClusterSet::full(model.clusters.len());
        for (place, cluster) in model.clusters.iter().enumerate() {
            let Some(point) = space.points.get(&cluster.name) else { continue };
            let mut unread = space.dimensions.iter().zip(point).filter(|(d, _)| !read.contains(&d.field));
            if unread.any(|(_, coordinate)| *coordinate != 0) {
                set.remove(place);
            }
        }
        all.insert(component.clone(), set);
    }
    all
}

/// What the labels and facts of an added cluster are, by their place; none where they follow from others.
fn assigned(model: &Model, space: &Space, coordinates: &[usize], facts: Facts) -> Vec<Option<Slot>> {
    let mut slots: Vec<Option<Slot>> = Vec::new();
    for (index, field) in model.fields.iter().enumerate() {
        let dimension = space.dimensions.iter().position(|dimension| dimension.field == index);
        let token = space.tokens.fields.get(&index);
        let found = dimension.and_then(|place| Some((space.dimensions.get(place)?, coordinates.get(place)?)));
        slots.push(match found.and_then(|(dimension, coordinate)| dimension.coordinates.get(*coordinate)) {
            Some(Coordinate::Value(value)) => Some(Slot::Value(value.clone())),
            Some(Coordinate::Other) => token.map(|token| Slot::Token { value: token.clone(), differs: true }),
            Some(Coordinate::Absent) => None,
            None if field.derived.is_some() => None,
            None if field.fact && field.optional => Some(Slot::Absent),
            None if field.fact && facts == Facts::Annotations => {
                // A default that is no plain value may be another one on each cluster.
                let plain = !has_default(model, field) || plain_default(model, field).is_some();
                let token = token.filter(|_| plain).map(|token| Slot::Token { value: token.clone(), differs: false });
                Some(token.unwrap_or(Slot::Poisoned))
            }
            // What nothing reads may be anything.
            None => Some(Slot::Poisoned),
        });
    }
    slots
}

/// The labels that the fleet reads, one in each dimension.
fn dimensions(model: &Model, read: &BTreeSet<usize>) -> Vec<Dimension> {
    let constants = constants(model);
    let mut dimensions = Vec::new();
    for (index, field) in model.fields.iter().enumerate() {
        if field.fact || field.derived.is_some() || !read.contains(&index) {
            continue;
        }
        let mut coordinates: Vec<Coordinate> = match &field.ty {
            FieldType::Choice(values) => values.iter().map(|v| Coordinate::Value(v.as_str().into())).collect(),
            FieldType::Bool => [true, false].into_iter().map(|v| Coordinate::Value(v.into())).collect(),
            FieldType::Text | FieldType::Int => {
                let known = constants.get(&index).into_iter().flatten().cloned().map(Coordinate::Value);
                known.chain([Coordinate::Other]).collect()
            }
            FieldType::List | FieldType::Error => continue,
        };
        if field.optional || has_default(model, field) {
            coordinates.push(Coordinate::Absent);
        }
        dimensions.push(Dimension { field: index, coordinates });
    }
    dimensions
}

/// What a label or fact is on a cluster that does not say: by `defaults cluster`, else by its own default.
pub fn default_of<'a>(model: &Model<'a>, field: &Field<'a>) -> Option<&'a Expr> {
    let defaults = model.names.cluster_defaults.map(|node| &node.body);
    let said = defaults.and_then(|body| super::body::find(body, &field.name.text)).map(|attribute| &attribute.value);
    said.or(field.default)
}

fn has_default(model: &Model, field: &Field) -> bool {
    default_of(model, field).is_some()
}

/// The default of a label or fact as text, when it is the same on every cluster.
pub fn plain_default(model: &Model, field: &Field) -> Option<String> {
    match &default_of(model, field)?.kind {
        ExprKind::Text(text) => text.as_literal().map(str::to_owned),
        ExprKind::Int(number) => Some(number.to_string()),
        ExprKind::Path(path) => Some(path.text()),
        _ => None,
    }
}

/// The values that predicates compare each label with, sorted.
fn constants(model: &Model) -> BTreeMap<usize, Vec<Value>> {
    let mut all: BTreeMap<usize, Vec<Value>> = BTreeMap::new();
    each_predicate(model, |_, predicate| {
        predicate.visit(&mut |part| {
            if let Predicate::Among { left: Referent::Field(field), values, .. } = part {
                let known = all.entry(*field).or_default();
                known.extend(values.iter().filter(|value| !known.contains(value)).cloned().collect::<Vec<_>>());
            }
        });
    });
    for values in all.values_mut() {
        // A selector takes no value that a label cannot have, and none has it.
        values.retain(|value| as_text(value).is_some_and(|text| is_label_text(&text)));
        values.sort_by_key(|value| value.to_string());
        values.dedup();
    }
    all
}

/// Does something with every checked predicate and its place, but for those of tests, which change no output.
fn each_predicate(model: &Model, mut act: impl FnMut(Span, &Predicate)) {
    let mut tests: Vec<Span> = model.names.tests.values().map(|declared| declared.node.body.span).collect();
    tests.sort_unstable();
    let in_test = |span: Span| {
        let before = tests.partition_point(|test| (test.source, test.start) <= (span.source, span.start));
        let last = before.checked_sub(1).and_then(|last| tests.get(last));
        last.is_some_and(|test| test.source == span.source && span.start < test.end)
    };
    for (span, predicate) in model.conditions.iter().filter(|(span, _)| !in_test(**span)) {
        act(*span, predicate);
    }
    for group in model.names.groups.values() {
        let expr = &group.node.predicate;
        let predicate = lower(model, &Scope::of(Place::Fixed), expr, &mut Diagnostics::default());
        act(expr.span, &predicate);
    }
}

/// The places of predicates that ask for what no selector can: a fact, or whether a name is like a glob. Each with what it
/// asks for, in words.
pub fn unselectable(model: &Model) -> BTreeMap<Span, String> {
    let mut found = BTreeMap::new();
    let words = |referent: &Referent| match referent {
        Referent::Field(index) => {
            let field = model.fields.get(*index)?;
            let is_token = |cluster: &Cluster| {
                matches!(cluster.slots.get(*index), Some(Slot::Token { differs: false, .. })) && !field.fact
            };
            let derived = model.clusters.iter().any(is_token);
            let words = format!("the {} `{}`", field.what(), field.name.text);
            (field.fact || derived).then_some(words)
        }
        _ => None,
    };
    each_predicate(model, |span, predicate| {
        predicate.visit(&mut |part| {
            let asked = match part {
                Predicate::Has(left) | Predicate::True(left) | Predicate::Among { left, .. } => words(left),
                Predicate::Like(Referent::Cluster, _) => Some("a glob over names".to_owned()),
                Predicate::Like(Referent::Field(index), _) => {
                    let field = model.fields.get(*index);
                    let open = field.filter(|field| field.fact || field.ty == FieldType::Text);
                    open.map(|field| format!("a glob over the {} `{}`", field.what(), field.name.text))
                }
                _ => None,
            };
            if let Some(asked) = asked {
                found.entry(span).or_insert(asked);
            }
        });
    });
    found
}

/// Words and numbers that no text of the sources can make: they hold a digest of all of it, and are equally long, so that
/// none is part of another one.
fn tokens(model: &Model, sources: &Sources) -> Tokens {
    let mut digest = Sha256::new();
    let mut files: Vec<(&str, &str)> = sources.iter().map(|(_, file)| (&*file.path, &*file.text)).collect();
    files.sort_unstable();
    for (path, text) in files {
        digest.update((path.len() as u64).to_le_bytes());
        digest.update(path);
        digest.update((text.len() as u64).to_le_bytes());
        digest.update(text);
    }
    let seed = digest.finalize();
    let word = |what: String| {
        let digest = Sha256::new().chain_update(seed).chain_update(what).finalize();
        let digits: String = digest.iter().take(7).map(|byte| format!("{byte:02x}")).collect();
        format!("x{digits}x")
    };
    let number = |what: String| {
        let digest = Sha256::new().chain_update(seed).chain_update(what).finalize();
        FIRST_NUMBER + digest.iter().take(5).fold(0_u64, |all, byte| all << 8 | u64::from(*byte))
    };
    let mut tokens = Tokens { cluster: word("cluster".into()), server: word("server".into()), fields: BTreeMap::new() };
    for (index, field) in model.fields.iter().enumerate().filter(|(_, field)| field.derived.is_none()) {
        let name = format!("field {}", field.name.text);
        match field.ty {
            FieldType::Text => _ = tokens.fields.insert(index, word(name).into()),
            FieldType::Choice(_) if field.fact => _ = tokens.fields.insert(index, word(name).into()),
            FieldType::Int => _ = tokens.fields.insert(index, number(name).into()),
            _ => {}
        }
    }
    tokens
}
