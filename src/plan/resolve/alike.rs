//! Clusters on which a component resolves alike, so that it is resolved once for all of them.
//!
//! What a component is on a cluster follows from which of its `on` blocks count there and from what the names in its values
//! hold there. Where both are the same, so is the rest. A component that may read the cluster's name is like itself only.

use std::collections::{BTreeSet, HashMap};

use super::deployment::{Context, shorten, stage_of};
use super::layers::Layers;
use crate::model::set::ClusterSet;
use crate::model::{Cluster, Model, Slot, reads};
use crate::plan::{Deployment, MAX_NAME, OnDelete};
use crate::syntax::ast::Form;

/// What tells clusters apart: for each `on` block and group whether the cluster is in it, for each label and fact which of
/// its values it has.
pub type Class = Vec<u32>;

/// The classes of a component that are known.
pub struct Alike<'m> {
    /// The sets that decide; none when every cluster is a class of its own.
    sets: Option<Vec<&'m ClusterSet>>,
    fields: Vec<Field<'m>>,
    model: &'m Model<'m>,
    known: HashMap<Class, Deployment>,
}

/// A label or fact that is read.
struct Field<'m> {
    place: usize,
    /// The values seen so far, by number.
    values: HashMap<Seen<'m>, u32>,
}

/// What a cluster holds.
#[derive(PartialEq, Eq, Hash)]
enum Seen<'m> {
    Nothing,
    Text(&'m str),
    /// Anything else, as JSON.
    Other(String),
}

impl<'m> Alike<'m> {
    /// Knows none yet of those of the component with `layers`.
    pub fn new(model: &'m Model<'m>, layers: &'m Layers<'m>) -> Self {
        let mut words = BTreeSet::new();
        for layer in &layers.layers {
            reads::in_values(layer.entries, &mut words);
        }
        // Objects are written by rules of their own, and over the label space a name stands for many clusters.
        let is_plain = layers.node.form == Form::Component && model.looked_at.is_empty();
        let names_clusters =
            |word: &String| matches!(word.as_str(), "cluster" | "name") || model.find_cluster(word).is_some();
        let mut alike = Self { sets: None, fields: Vec::new(), model, known: HashMap::new() };
        if is_plain && !words.iter().any(names_clusters) {
            let groups = words.iter().filter_map(|word| model.groups.get(word)).map(|group| &group.set);
            alike.sets = Some(layers.layers.iter().filter_map(|layer| layer.on.as_ref()).chain(groups).collect());
            let fields = words.iter().filter_map(|word| model.find_field(word));
            alike.fields = fields.map(|place| Field { place, values: HashMap::new() }).collect();
        }
        alike
    }

    /// The class of `cluster`; none when it is alone.
    pub fn class(&mut self, cluster: usize) -> Option<Class> {
        let sets = self.sets.as_ref()?;
        let mut class = Vec::with_capacity(sets.len() / 32 + 1 + self.fields.len());
        class.extend(sets.chunks(32).map(|sets| {
            let bit = |word: u32, set: &&ClusterSet| word << 1 | u32::from(set.contains(cluster));
            sets.iter().fold(0, bit)
        }));
        for field in &mut self.fields {
            let seen = match self.model.slot(cluster, field.place) {
                Slot::Absent => Seen::Nothing,
                Slot::Value(serde_json::Value::String(text)) => Seen::Text(text),
                Slot::Value(other) => Seen::Other(other.to_string()),
                Slot::Poisoned | Slot::Token { .. } => return None,
            };
            let next = u32::try_from(field.values.len()).ok()?;
            class.push(*field.values.entry(seen).or_insert(next));
        }
        Some(class)
    }

    /// The deployment of a cluster of `class`, if there is one.
    pub fn known(&self, class: Option<&Class>) -> Option<&Deployment> {
        self.known.get(class?)
    }

    /// Keeps what was resolved for `class` without anything to report.
    pub fn learn(&mut self, class: Option<Class>, deployment: &Deployment) {
        if let Some(class) = class {
            self.known.insert(class, deployment.clone());
        }
    }
}

/// The deployment on the cluster at `place`, on which all that decides is as on that of `like`.
pub fn deployment(context: Context, like: &Deployment, place: usize) -> Option<Deployment> {
    let here = context.model.clusters.get(place)?;
    let protected = context.protected.contains(place);
    let is_said = like.origin.attributes.contains_key("on-delete");
    Some(Deployment {
        cluster: here.name.clone(),
        name: name_of(&like.component, here),
        after: like.after.clone(),
        implied: Vec::new(),
        stage: like.rollout.as_deref().and_then(|rollout| stage_of(context.rollouts, rollout, place)),
        suspend: like.suspend,
        on_delete: if is_said { like.on_delete } else { kept(protected) },
        protected,
        settings: like.settings.clone(),
    })
}

/// What becomes of workloads where nobody says it.
pub(super) fn kept(protected: bool) -> OnDelete {
    if protected { OnDelete::Keep } else { OnDelete::Cascade }
}

/// The name of what a deployment of `component` becomes. Who stands for many clusters has no name of its own.
pub(super) fn name_of(component: &str, here: &Cluster) -> String {
    let name = format!("{component}-{}", here.name);
    if here.assigned.is_some() { name } else { shorten(&name, MAX_NAME) }
}
