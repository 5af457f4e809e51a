//! The words that a component may read, and which of them hold other things on clusters on which it resolves alike.

use std::collections::{BTreeMap, BTreeSet};

use super::layers::Layers;
use crate::model::{Model, reads};
use crate::syntax::ast::{Entry, Expr};

/// Words, as [`reads`] gives them: rather too many than too few.
#[derive(Debug, Default)]
pub struct Words {
    /// What is not read in values and patches alone.
    pub shared: BTreeSet<String>,
    values: BTreeSet<String>,
    patches: BTreeSet<String>,
    /// What is read in the values of each parameter.
    params: BTreeMap<String, BTreeSet<String>>,
}

/// What of a cluster is read by values and patches, and by nothing else.
#[derive(Debug, Default)]
pub struct Varying {
    words: BTreeSet<String>,
    /// Whether values read it.
    pub values: bool,
    /// Whether patches read it.
    pub patches: bool,
    /// Whether parameters read it.
    pub params: bool,
}

impl Words {
    /// Those of the component with `layers`.
    pub fn of(layers: &Layers) -> Self {
        let mut words = Self::default();
        let params = layers.scopes.iter().flat_map(|scope| &scope.params);
        words.params = params.map(|param| (param.name.clone(), BTreeSet::new())).collect();
        for entry in layers.layers.iter().flat_map(|layer| layer.entries) {
            let place = match entry {
                Entry::Param(param) => param.field.name.as_ref().and_then(|name| words.params.get_mut(&name.text)),
                Entry::Attribute(attribute) if attribute.key.text == "values" => Some(&mut words.values),
                Entry::Attribute(attribute) => words.params.get_mut(&attribute.key.text),
                Entry::Block(block) if block.keyword.text == "values" => Some(&mut words.values),
                Entry::Block(block) if block.keyword.text == "patch" => Some(&mut words.patches),
                _ => None,
            };
            reads::in_values(std::slice::from_ref(entry), place.unwrap_or(&mut words.shared));
        }
        if words.params.keys().any(|param| words.shared.contains(param)) {
            words.shared.extend(words.params.values().flatten().cloned());
        }
        words
    }

    /// Those that hold something of a cluster and are not shared.
    pub fn varying(&self, model: &Model) -> Varying {
        let is_of_cluster = |word: &String| {
            names_cluster(model, word) || model.find_field(word).is_some() || model.groups.contains_key(word)
        };
        let varies = |word: &String| !self.shared.contains(word) && is_of_cluster(word);
        let params: BTreeSet<&String> =
            self.params.iter().filter(|(_, words)| words.iter().any(varies)).map(|(param, _)| param).collect();
        let read = self.values.iter().chain(&self.patches);
        let words: BTreeSet<String> = read.filter(|word| varies(word) || params.contains(word)).cloned().collect();
        Varying {
            values: !words.is_disjoint(&self.values),
            patches: !words.is_disjoint(&self.patches),
            params: words.iter().any(|word| params.contains(word)),
            words,
        }
    }
}

impl Varying {
    /// Whether `expr` reads it.
    pub fn is_read(&self, expr: &Expr) -> bool {
        let mut words = BTreeSet::new();
        reads::in_expr(expr, &mut words);
        !words.is_disjoint(&self.words)
    }
}

/// Whether a word may be the name of one cluster.
pub fn names_cluster(model: &Model, word: &str) -> bool {
    matches!(word, "cluster" | "name") || model.find_cluster(word).is_some()
}
