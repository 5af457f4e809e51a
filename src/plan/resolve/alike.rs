//! Clusters on which a component resolves alike, so that it is resolved once for all of them.
//!
//! What a component is on a cluster follows from which of its `on` blocks count there and from what the names in its values
//! hold there. Where both are the same, so is the rest. Helm values and patches are what often reads more: where they do, they
//! alone are made for each cluster ([`Own`]). A component that may read the cluster's name elsewhere is on each cluster like
//! itself only.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _};

use super::deployment::{Context, shorten, stage_of};
use super::layers::Layers;
use super::own::Own;
use super::words::{Varying, Words, names_cluster};
use crate::model::set::ClusterSet;
use crate::model::{Cluster, Model, Slot};
use crate::plan::{Content, Deployment, MAX_NAME, OnDelete};
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
    layers: &'m Layers<'m>,
    /// What is read of a cluster that its class does not say.
    varying: Varying,
    known: HashMap<Class, Like>,
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
        let (fields, varying, known) = (Vec::new(), Varying::default(), HashMap::new());
        let mut alike = Self { sets: None, fields, model, layers, varying, known };
        // Objects are written by rules of their own, and over the label space a name stands for many clusters.
        if layers.node.form != Form::Component || !model.looked_at.is_empty() {
            return alike;
        }
        let words = Words::of(layers);
        if words.shared.iter().any(|word| names_cluster(model, word)) {
            return alike;
        }
        alike.varying = words.varying(model);
        let groups = words.shared.iter().filter_map(|word| model.groups.get(word)).map(|group| &group.set);
        alike.sets = Some(layers.layers.iter().filter_map(|layer| layer.on.as_ref()).chain(groups).collect());
        let fields = words.shared.iter().filter_map(|word| model.find_field(word));
        alike.fields = fields.map(|place| Field { place, values: HashMap::new() }).collect();
        alike
    }

    /// Whether values and patches are made for each cluster.
    fn varies(&self) -> bool {
        self.varying.values || self.varying.patches
    }

    /// What is read of a cluster that its class does not say.
    pub fn into_varying(self) -> Varying {
        self.varying
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

    /// The deployment on the cluster at `place`, which is of `class`; none when nothing is known of that. Its values and patches
    /// are those of another cluster where they are [`Own`] to each.
    pub fn deployment(
        &self,
        context: Context,
        class: Option<&Class>,
        place: usize,
    ) -> Option<(Deployment, Option<Own>)> {
        let Like { number, deployment: like, checkout } = self.known.get(class?)?;
        let here = context.model.clusters.get(place)?;
        let protected = context.protected.contains(place);
        let is_said = like.origin.attributes.contains_key("on-delete");
        let deployment = Deployment {
            cluster: here.name.clone(),
            name: name_of(&like.component, here).into(),
            after: like.after.clone(),
            implied: Arc::default(),
            stage: like.rollout.as_deref().and_then(|rollout| stage_of(context.rollouts, rollout, place)),
            suspend: like.suspend,
            on_delete: if is_said { like.on_delete } else { kept(protected) },
            protected,
            values: like.values.clone(),
            patches: like.patches.clone(),
            settings: like.settings.clone(),
        };
        Some((deployment, self.varies().then(|| Own { cluster: place, class: *number, checkout: checkout.clone() })))
    }

    /// Keeps what was resolved for `class` without anything to report.
    pub fn learn(&mut self, context: Context, class: Option<Class>, deployment: &Deployment) {
        // Values beside a folder are reported unless there are none, which a cluster may decide.
        let is_sure = matches!(deployment.content, Content::Chart(_)) || !self.layers.maps.contains_key("values");
        if let Some(class) = class.filter(|_| !self.varies() || is_sure) {
            let source = context.sources.values().find(|found| Arc::ptr_eq(&found.source, &deployment.source));
            let checkout = source.and_then(|found| found.checkout.as_deref()).map(Arc::from);
            let number = self.known.len();
            self.known.insert(class, Like { number, deployment: deployment.clone(), checkout });
        }
    }
}

/// What is known of a class.
struct Like {
    /// Which of the classes it is.
    number: usize,
    /// The deployment of the first of its clusters.
    deployment: Deployment,
    /// Where its source is checked out, if it is this repository.
    checkout: Option<Arc<str>>,
}

/// What becomes of workloads where nobody says it.
pub(super) fn kept(protected: bool) -> OnDelete {
    if protected { OnDelete::Keep } else { OnDelete::Cascade }
}

/// The name of what a deployment of `component` becomes. Who stands for many clusters has no name of its own.
pub(super) fn name_of(component: &str, here: &Cluster) -> String {
    let name = format!("{component}-{}", here.name);
    if here.assigned.is_some() || name.len() <= MAX_NAME { name } else { shorten(&name, MAX_NAME) }
}
