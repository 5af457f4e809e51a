//! The order of clusters: batches of a rollout and the gates between them.
//!
//! Takes the plan, gives for each deployment what it depends on. It says nothing about whether Flux can hold the order;
//! `check` does.

use std::collections::BTreeMap;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _};
use serde_json::Value;

use super::hub::Hub;
use super::kustomization;
use super::own::Own;
use super::text::{self, LONGEST_NAME};
use crate::plan::{Content, Deployment, Duration, Rollout};

/// How many digits of a digest a name and an annotation carry.
const NAME_DIGITS: usize = 8;
const DIGEST_DIGITS: usize = 16;

/// Deployments of one component that change at the same time.
pub(super) struct Batch<'a> {
    pub(super) stage: &'a str,
    /// Which batch of its stage it is, from 1.
    pub(super) number: usize,
    /// Whether somebody must open it.
    pub(super) manual: bool,
    /// Places in the plan, by the clusters' names.
    pub(super) members: Vec<usize>,
    /// How long it is kept before the next one; said of the last batch of a stage.
    pub(super) bake: Option<Duration>,
}

/// The batches of one component under one rollout, in order; none is empty.
pub(super) struct Sequence<'a> {
    pub(super) component: &'a str,
    pub(super) rollout: &'a str,
    pub(super) batches: Vec<Batch<'a>>,
}

impl Sequence<'_> {
    /// Whether there is any order to keep.
    pub(super) fn has_gates(&self) -> bool {
        self.batches.len() > 1 || self.batches.iter().any(|batch| batch.manual)
    }

    pub(super) fn members(&self) -> impl Iterator<Item = usize> {
        self.batches.iter().flat_map(|batch| batch.members.iter().copied())
    }
}

/// What stands between two batches of a component.
pub(super) struct Gate<'a> {
    pub(super) name: String,
    pub(super) rollout: &'a str,
    /// The stage that it opens, or opens further.
    pub(super) stage: &'a str,
    pub(super) component: &'a str,
    pub(super) manual: bool,
    /// How long those before it must have been healthy.
    pub(super) bake: Option<Duration>,
    /// The deployments that it waits for; none when the very first batch is held.
    pub(super) before: Vec<usize>,
    /// The deployments that wait for it.
    pub(super) behind: Vec<usize>,
}

/// A Kustomization that another one waits for.
pub(super) struct Dependency<'a> {
    pub(super) name: &'a str,
    /// The digest that it must carry.
    pub(super) digest: Option<&'a str>,
    /// How long it must have been healthy with what it applied last.
    pub(super) bake: Option<Duration>,
}

/// The order of all deployments.
pub(super) struct Order<'a> {
    gates: Vec<Gate<'a>>,
    /// For a deployment behind a gate, the gate's place.
    opened_by: BTreeMap<usize, usize>,
    digests: BTreeMap<usize, Arc<str>>,
}

impl<'a> Order<'a> {
    pub(super) fn new(hub: &Hub<'a>) -> Self {
        let mut order = Self { gates: Vec::new(), opened_by: BTreeMap::new(), digests: BTreeMap::new() };
        for sequence in sequences(hub).iter().filter(|sequence| sequence.has_gates()) {
            order.add_digests(hub, sequence);
            order.add_gates(sequence);
        }
        keep_names_apart(hub, &mut order.gates);
        order
    }

    pub(super) fn gates(&self) -> &[Gate<'a>] {
        &self.gates
    }

    /// The digest of a deployment that a gate looks at.
    pub(super) fn digest(&self, index: usize) -> Option<&str> {
        self.digests.get(&index).map(AsRef::as_ref)
    }

    /// What a deployment waits for: its components of `after` on the same cluster, and its gate.
    pub(super) fn dependencies<'s>(
        &'s self,
        hub: &Hub<'s>,
        index: usize,
        deployment: &Deployment,
    ) -> Vec<Dependency<'s>> {
        let mut names: Vec<&str> = deployment
            .after
            .iter()
            .filter_map(|component| Some(&*hub.find(component, &deployment.cluster)?.1.name))
            .chain(self.gate_of(index).map(|gate| gate.name.as_str()))
            .collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter().map(|name| Dependency { name, digest: None, bake: None }).collect()
    }

    /// What a gate waits for, by name.
    pub(super) fn before<'s>(&'s self, hub: &Hub<'s>, gate: &Gate) -> Vec<Dependency<'s>> {
        let dependency = |&index: &usize| {
            let name = &hub.plan.deployments.get(index)?.name;
            Some(Dependency { name, digest: self.digest(index), bake: gate.bake })
        };
        let mut dependencies: Vec<Dependency> = gate.before.iter().filter_map(dependency).collect();
        dependencies.sort_by_key(|dependency| dependency.name);
        dependencies
    }

    /// The place of the gate that a deployment stands behind.
    pub(super) fn gate_index(&self, index: usize) -> Option<usize> {
        self.opened_by.get(&index).copied()
    }

    fn gate_of(&self, index: usize) -> Option<&Gate<'a>> {
        self.gates.get(self.gate_index(index)?)
    }

    /// The revision of a source says nothing of the patches, images and variables that the fleet adds to it, and those
    /// reach all clusters at once. So what a Kustomization builds has a digest, which gates ask for. The content of a
    /// chart is in the source itself, as files of `releases`.
    fn add_digests(&mut self, hub: &Hub, sequence: &Sequence) {
        // What is built from a path of a source follows from what deployments share.
        let mut known: HashMap<_, Option<Arc<str>>> = HashMap::new();
        for index in sequence.members() {
            let Some(deployment) = hub.plan.deployments.get(index) else { continue };
            if !matches!(deployment.content, Content::Path(_)) {
                continue;
            }
            let shared = (Arc::as_ptr(&deployment.settings), Arc::as_ptr(&deployment.patches));
            let digest = known.entry(shared).or_insert_with(|| {
                let content = kustomization::content(hub, deployment, &Own::without_order(hub, deployment))?;
                Some(text::digest(&Value::Object(content).to_string(), DIGEST_DIGITS).into())
            });
            self.digests.extend(digest.clone().map(|digest| (index, digest)));
        }
    }

    fn add_gates(&mut self, sequence: &Sequence<'a>) {
        let mut before: &[usize] = &[];
        let mut bake = None;
        let mut seen = Vec::new();
        for (position, batch) in sequence.batches.iter().enumerate() {
            if position > 0 || batch.manual {
                // What somebody opens by hand is opened for exactly this content, so it also counts what comes behind.
                let stage = sequence.batches.iter().filter(|other| batch.manual && other.stage == batch.stage);
                let held = stage.flat_map(|batch| batch.members.iter().copied());
                let name = self.gate_name(sequence, batch, seen.iter().copied().chain(held));
                self.opened_by.extend(batch.members.iter().map(|&member| (member, self.gates.len())));
                self.gates.push(Gate {
                    name,
                    rollout: sequence.rollout,
                    stage: batch.stage,
                    component: sequence.component,
                    manual: batch.manual,
                    bake,
                    before: before.to_vec(),
                    behind: batch.members.clone(),
                });
            }
            before = &batch.members;
            bake = batch.bake;
            seen.extend_from_slice(&batch.members);
        }
    }

    /// `<component>-<stage>-gate`, with the batch's number from the second on, and with a digest of all content that it
    /// vouches for. A gate for other content is thus another object, which nothing has opened yet: a gate that kept its
    /// name would still be Ready for the old content when Flux applies the new one behind it.
    fn gate_name(&self, sequence: &Sequence, batch: &Batch, vouched: impl Iterator<Item = usize>) -> String {
        let mut name = format!("{}-{}-gate", sequence.component, batch.stage);
        if batch.number > 1 {
            name.push_str(&format!("-{}", batch.number));
        }
        let digests: Vec<&str> = vouched.filter_map(|index| self.digest(index)).collect();
        if digests.is_empty() {
            return text::object_name(&name, LONGEST_NAME);
        }
        let name = text::object_name(&name, LONGEST_NAME - 1 - NAME_DIGITS);
        format!("{name}-{}", text::digest(&digests.join(" "), NAME_DIGITS))
    }
}

/// The sequences of all components that have a rollout, by component and rollout.
pub(super) fn sequences<'a>(hub: &Hub<'a>) -> Vec<Sequence<'a>> {
    let rollouts: BTreeMap<&str, &Rollout> =
        hub.plan.rollouts.iter().map(|rollout| (rollout.name.as_ref(), rollout)).collect();
    let mut members: BTreeMap<(&str, &str), BTreeMap<&str, Vec<usize>>> = BTreeMap::new();
    for (index, deployment) in hub.plan.deployments.iter().enumerate() {
        if let (Some(rollout), Some(stage)) = (&deployment.rollout, &deployment.stage) {
            let stages = members.entry((&deployment.component, rollout)).or_default();
            stages.entry(stage).or_default().push(index);
        }
    }
    let sequence = |((component, rollout), mut stages): ((&'a str, &str), BTreeMap<&str, Vec<usize>>)| {
        let rollout = *rollouts.get(rollout)?;
        let mut batches = Vec::new();
        for stage in &rollout.stages {
            let clusters = stages.remove(stage.name.as_ref()).unwrap_or_default();
            let size = stage.max.map_or(clusters.len(), |max| max.of(clusters.len())).max(1);
            let chunks = clusters.chunks(size);
            let last = chunks.len();
            for (number, members) in (1..).zip(chunks) {
                let manual = stage.manual && number == 1;
                let bake = stage.bake.filter(|_| number == last);
                batches.push(Batch { stage: &stage.name, number, manual, members: members.to_vec(), bake });
            }
        }
        Some(Sequence { component, rollout: &rollout.name, batches })
    };
    members.into_iter().filter_map(sequence).collect()
}

/// `a` with the stage `b-c` and `a-b` with `c` would give their gates one name; so might a deployment. Such gates get a
/// digest of what they are instead.
fn keep_names_apart(hub: &Hub, gates: &mut [Gate]) {
    let mut uses: HashMap<&str, usize> = HashMap::new();
    for gate in &*gates {
        *uses.entry(&gate.name).or_default() += 1;
    }
    for deployment in &hub.plan.deployments {
        uses.entry(&deployment.name).and_modify(|uses| *uses += 1);
    }
    let several: Vec<bool> = gates.iter().map(|gate| uses.get(&*gate.name) > Some(&1)).collect();
    for (gate, _) in gates.iter_mut().zip(several).filter(|(_, several)| *several) {
        let what = format!("{}\n{}\n{}\n{}", gate.name, gate.component, gate.rollout, gate.stage);
        let kept: String = gate.name.chars().take(LONGEST_NAME - 1 - NAME_DIGITS).collect();
        gate.name = format!("{}-{}", kept.trim_end_matches('-'), text::digest(&what, NAME_DIGITS));
    }
}
