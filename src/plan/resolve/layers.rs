//! The layers of a component, and which of them counts where.
//!
//! Lowest first: `defaults component`, the templates, the component; in each, its `on` blocks rank above its body. In
//! one layer the block whose clusters are a proper subset of the other's wins. The order of the text never decides.

use std::collections::{BTreeMap, BTreeSet};

use crate::kinds::Object;
use crate::model::Model;
use crate::model::body::{OBJECT_FIELDS, is_free};
use crate::model::declarations::params_of;
use crate::model::predicate::select;
use crate::model::schema::{self, Block, SHARED};
use crate::model::scope::Param;
use crate::model::set::ClusterSet;
use crate::source::Span;
use crate::syntax::ast::{self, Attribute, Entry, Expr, Form, NestedBlock};

/// The rank of templates; below are the defaults.
const TEMPLATES: u8 = 2;

/// The rank of the declaration itself.
pub const OWN: u8 = 4;

/// One body, or one `on` block of a body.
#[derive(Debug)]
pub struct Layer<'a> {
    /// Higher wins.
    pub rank: u8,
    /// The clusters of an `on` block; none for a body.
    pub on: Option<ClusterSet>,
    /// Where the predicate of an `on` block is.
    pub predicate: Option<Span>,
    /// Which of [`Layers::scopes`] its names are looked up in.
    pub scope: usize,
    /// What it holds.
    pub entries: &'a [Entry],
}

impl Layer<'_> {
    /// Whether it counts on `cluster`.
    pub fn covers(&self, cluster: usize) -> bool {
        self.on.as_ref().is_none_or(|on| on.contains(cluster))
    }

    /// Whether it is for fewer clusters than `other`, of which it has none more.
    pub fn narrower(&self, other: &Self) -> bool {
        match (&self.on, &other.on) {
            (Some(mine), Some(theirs)) => mine.is_proper_subset(theirs),
            (Some(_), None) => true,
            _ => false,
        }
    }
}

/// What the names in a layer may refer to.
#[derive(Debug)]
pub struct LayerScope {
    /// The parameters.
    pub params: Vec<Param>,
    /// Whether it is the standard library.
    pub std: bool,
    /// The template; none for the component and the defaults.
    pub template: Option<String>,
}

/// A value that a layer gives an attribute.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// Which of [`Layers::layers`].
    pub layer: usize,
    /// The key.
    pub key: Span,
    /// The value.
    pub expr: &'a Expr,
}

/// A map that a layer gives `values` and the like.
#[derive(Clone, Copy, Debug)]
pub struct MapPart<'a> {
    /// Which of [`Layers::layers`].
    pub layer: usize,
    /// Written as an attribute.
    pub expr: Option<&'a Expr>,
    /// Written as a block.
    pub entries: &'a [Entry],
    /// Where.
    pub span: Span,
    /// Whether only those of the entries count that are fields of an object.
    pub fields: bool,
}

/// All layers of a component.
#[derive(Debug)]
pub struct Layers<'a> {
    /// The component.
    pub node: &'a ast::Component,
    /// Its name in its declaration.
    pub name: &'a ast::Name,
    /// The scopes of the layers.
    pub scopes: Vec<LayerScope>,
    /// The layers, lowest first.
    pub layers: Vec<Layer<'a>>,
    /// Attributes by name, and parameters.
    pub attributes: BTreeMap<&'a str, Vec<Candidate<'a>>>,
    /// Free-form maps by name.
    pub maps: BTreeMap<&'a str, Vec<MapPart<'a>>>,
    /// The `patch`, `ignore` and `retry` blocks with their layers, lowest first.
    pub blocks: Vec<(usize, &'a NestedBlock)>,
    /// Whether a template is not known or a predicate is wrong, which was reported: what seems to be missing may be there.
    pub doubtful: bool,
}

/// Gathers the layers of `node`.
pub fn gather<'a>(model: &Model<'a>, node: &'a ast::Component, name: &'a ast::Name) -> Layers<'a> {
    let mut layers = Layers {
        node,
        name,
        scopes: Vec::new(),
        layers: Vec::new(),
        attributes: BTreeMap::new(),
        maps: BTreeMap::new(),
        blocks: Vec::new(),
        doubtful: false,
    };
    layers.scopes.push(LayerScope { params: params_of(node, &model.params), std: false, template: None });
    if let Some(defaults) = model.names.component_defaults {
        // The defaults know nothing of the parameters of a component's templates.
        layers.scopes.push(LayerScope { params: Vec::new(), std: false, template: None });
        layers.add(model, &defaults.body, 0, 1);
    }
    let mut seen = BTreeSet::new();
    for path in &node.from {
        let text = path.text();
        if !seen.insert(text.clone()) {
            continue;
        }
        let Some(declared) = model.names.templates.get(&text) else {
            layers.doubtful = true;
            continue;
        };
        let params = model.params.get(&text).cloned().unwrap_or_default();
        layers.scopes.push(LayerScope { params, std: declared.std, template: Some(text) });
        let scope = layers.scopes.len() - 1;
        layers.add(model, &declared.node.body, TEMPLATES, scope);
    }
    layers.add(model, &node.body, OWN, 0);
    layers.index();
    layers
}

impl<'a> Layers<'a> {
    fn add(&mut self, model: &Model<'a>, body: &'a ast::Block, rank: u8, scope: usize) {
        self.layers.push(Layer { rank, on: None, predicate: None, scope, entries: &body.entries });
        for entry in &body.entries {
            if let Entry::Block(block) = entry
                && block.keyword.text == "on"
            {
                let predicate = block.on.as_ref().and_then(|on| model.conditions.get(&on.span));
                let Some(selection) = predicate.map(|predicate| select(model, predicate)) else {
                    self.doubtful = true;
                    continue;
                };
                self.doubtful |= selection.poisoned;
                self.layers.push(Layer {
                    rank: rank + 1,
                    on: Some(selection.set),
                    predicate: block.on.as_ref().map(|on| on.span),
                    scope,
                    entries: &block.body.entries,
                });
            }
        }
    }

    fn index(&mut self) {
        let mut order: Vec<usize> = (0..self.layers.len()).collect();
        order.sort_by_key(|layer| self.layers.get(*layer).map(|layer| layer.rank));
        for layer in order {
            let Some((entries, rank)) = self.layers.get(layer).map(|layer| (layer.entries, layer.rank)) else {
                continue;
            };
            let of_defaults = rank < TEMPLATES;
            if matches!(self.node.form, Form::Object(_)) && !of_defaults {
                let part = MapPart { layer, expr: None, entries, span: self.name.span, fields: true };
                self.maps.entry(OBJECT_FIELDS).or_default().push(part);
            }
            for entry in entries {
                if self.takes(entry, of_defaults) {
                    self.index_entry(layer, entry);
                }
            }
        }
    }

    /// The table of its attributes.
    pub fn table(&self) -> &'static Block {
        schema::of_form(&self.node.form)
    }

    /// Whether an entry speaks of this declaration: `defaults component` gives objects only what they have in common with
    /// components, and what is no attribute of an object is a field of it.
    fn takes(&self, entry: &Entry, of_defaults: bool) -> bool {
        let key = match entry {
            Entry::Attribute(attribute) => attribute.key.text.as_str(),
            Entry::Block(block) => block.keyword.text.as_str(),
            _ => return true,
        };
        match (&self.node.form, of_defaults) {
            (Form::Component, _) => true,
            (_, true) => key == "retry" || (SHARED.contains(&key) && self.table().attribute(key).is_some()),
            (Form::Object(_), false) => self.table().attribute(key).is_some() || self.table().block(key).is_some(),
            (_, false) => true,
        }
    }

    fn index_entry(&mut self, layer: usize, entry: &'a Entry) {
        match entry {
            Entry::Attribute(Attribute { key, value }) if is_free(&key.text) => {
                let part = MapPart { layer, expr: Some(value), entries: &[], span: key.span, fields: false };
                self.maps.entry(&key.text).or_default().push(part);
            }
            // In an `on` block it was reported.
            Entry::Attribute(attribute)
                if attribute.key.text == "rollout" && self.layer(layer).is_some_and(|layer| layer.on.is_some()) => {}
            Entry::Attribute(Attribute { key, value }) => {
                let candidates = self.attributes.entry(&key.text).or_default();
                // A second one in the same body was reported as such.
                if candidates.last().is_none_or(|last| last.layer != layer) {
                    candidates.push(Candidate { layer, key: key.span, expr: value });
                }
            }
            Entry::Block(block) if is_free(&block.keyword.text) => {
                let (entries, span) = (block.body.entries.as_slice(), block.keyword.span);
                let part = MapPart { layer, expr: None, entries, span, fields: false };
                self.maps.entry(&block.keyword.text).or_default().push(part);
            }
            Entry::Block(block) if Object::of_block(&block.keyword.text).is_some() => self.index_raw(layer, block),
            Entry::Block(block) if block.keyword.text != "on" => self.blocks.push((layer, block)),
            _ => {}
        }
    }

    fn index_raw(&mut self, layer: usize, block: &'a NestedBlock) {
        let part = |block: &'a NestedBlock| MapPart {
            layer,
            expr: None,
            entries: &block.body.entries,
            span: block.keyword.span,
            fields: false,
        };
        self.maps.entry(&block.keyword.text).or_default().push(part(block));
        for entry in &block.body.entries {
            if let Entry::Block(release) = entry
                && block.keyword.text == "flux"
                && release.keyword.text == "release"
            {
                self.maps.entry(Object::Release.block()).or_default().push(part(release));
            }
        }
    }

    /// The layer at `index`; layers are never removed.
    pub fn layer(&self, index: usize) -> Option<&Layer<'a>> {
        self.layers.get(index)
    }

    /// Those of `found` that count on `cluster`: of the highest rank, none of them wider than another.
    pub fn winners<T: Copy>(&self, found: &[T], cluster: usize, layer_of: impl Fn(&T) -> usize) -> Vec<T> {
        let covering: Vec<(T, &Layer)> = found
            .iter()
            .filter_map(|item| self.layer(layer_of(item)).map(|layer| (*item, layer)))
            .filter(|(_, layer)| layer.covers(cluster))
            .collect();
        let Some(top) = covering.iter().map(|(_, layer)| layer.rank).max() else { return Vec::new() };
        covering
            .iter()
            .filter(|(_, layer)| layer.rank == top)
            .filter(|(_, layer)| !covering.iter().any(|(_, other)| other.rank == top && other.narrower(layer)))
            .map(|(item, _)| *item)
            .collect()
    }
}
