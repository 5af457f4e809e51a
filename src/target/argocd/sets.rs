//! The ApplicationSets of a component.
//!
//! One when its Applications have one shape, one answer to what happens when they are removed, and one rollout; more
//! otherwise, or when there are too many. The order of several, and so their names, does not depend on the clusters:
//! a new cluster must not rename what is there, for that would move Applications between ApplicationSets.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::plan::{Content, Deployment, Max, OnDelete, Settings, Stage};

use super::template::{Naming, Refer, fold, shape};
use super::{API_VERSION, Component, Context, application, labels, split};

/// Deployments that one template can give, under the same settings of an ApplicationSet.
pub(super) struct Group<'a> {
    /// By cluster, each with its Application.
    pub(super) members: Vec<(&'a Deployment, Value)>,
    pub(super) on_delete: OnDelete,
    pub(super) rollout: Option<&'a str>,
}

/// What decides an Application but for the texts that differ from cluster to cluster.
#[derive(PartialEq, Eq, Hash)]
struct Alike {
    /// The address of the settings: deployments that share them are alike in them.
    settings: *const Settings,
    keeps: bool,
    has_step: bool,
    /// Whether the cluster's name is written as a label, and its server as the destination.
    has_label: bool,
    has_server: bool,
}

impl Alike {
    fn of(context: &Context<'_>, component: &Component<'_>, deployment: &Deployment) -> Self {
        let cluster = context.clusters.get(&*deployment.cluster);
        Self {
            settings: Arc::as_ptr(&deployment.settings),
            keeps: deployment.on_delete == OnDelete::Keep,
            has_step: component.step(deployment).is_some(),
            has_label: application::is_label_value(&deployment.cluster),
            has_server: cluster.is_some_and(|cluster| cluster.server.is_some()),
        }
    }
}

/// One ApplicationSet.
pub(super) struct Set<'a> {
    /// Its name.
    pub(super) name: String,
    /// The rollout of its deployments.
    pub(super) rollout: Option<&'a str>,
    on_delete: OnDelete,
    template: Value,
    generators: Vec<Value>,
}

/// The groups of a component: what cascades before what is kept, the plainer shape before the richer.
pub(super) fn groups<'a>(context: &Context<'a>, component: &Component<'a>) -> Vec<Group<'a>> {
    let mut groups = BTreeMap::new();
    // The first Application of the deployments that share their settings, and what else decides its shape.
    let mut alike: HashMap<Alike, (Value, Arc<str>)> = HashMap::new();
    let mut sharing: HashMap<*const Settings, usize> = HashMap::new();
    for deployment in component.deployments {
        *sharing.entry(Arc::as_ptr(&deployment.settings)).or_default() += 1;
    }
    let is_shared = |deployment: &Deployment| sharing.get(&Arc::as_ptr(&deployment.settings)) > Some(&1);
    for deployment in component.deployments {
        let (manifest, shape) = match alike.entry(Alike::of(context, component, deployment)) {
            Entry::Occupied(entry) => {
                let (like, shape) = entry.get();
                (application::manifest_like(context, component, deployment, like), shape.clone())
            }
            Entry::Vacant(entry) => {
                let manifest = application::manifest(context, component, deployment);
                let shape: Arc<str> = shape(&manifest).into();
                // What fleetc writes itself lies in a folder of the cluster, and raw fields are laid over everything.
                let is_plain =
                    !matches!(deployment.content, Content::Objects(_)) && deployment.raw.application.is_empty();
                if is_plain && is_shared(deployment) {
                    entry.insert((application::without_own(manifest.clone()), shape.clone()));
                }
                (manifest, shape)
            }
        };
        let keep = deployment.on_delete == OnDelete::Keep;
        let rollout = deployment.rollout.as_deref();
        let group = groups.entry((keep, rollout, shape.len(), shape)).or_insert_with(|| Group {
            members: Vec::new(),
            on_delete: deployment.on_delete,
            rollout,
        });
        group.members.push((deployment, manifest));
    }
    groups.into_values().collect()
}

/// The ApplicationSets of a component. All groups are numbered before the further parts of any.
pub(super) fn of<'a>(context: &Context<'a>, component: &Component<'a>) -> Vec<Set<'a>> {
    let mut first = Vec::new();
    let mut further = Vec::new();
    for group in groups(context, component) {
        let mut sets = parts(context, component, group).into_iter();
        first.extend(sets.next());
        further.extend(sets);
    }
    first.append(&mut further);
    for (index, set) in first.iter_mut().enumerate().skip(1) {
        set.name = format!("{}-{}", component.name, index + 1);
    }
    first
}

fn parts<'a>(context: &Context<'a>, component: &Component<'a>, group: Group<'a>) -> Vec<Set<'a>> {
    let set = |template: Value, generators: Vec<Value>| Set {
        name: component.name.to_owned(),
        on_delete: group.on_delete,
        rollout: group.rollout,
        template,
        generators,
    };
    let (cluster_label, step_label) = (context.label("cluster"), context.label("step"));
    let naming = Naming { component: component.name, cluster_label: &cluster_label, step_label: &step_label };
    if let Some(space) = context.space {
        let made = labels::made(context, space, component, &group.members, &naming);
        return vec![set(made.template, made.generators)];
    }
    let (members, manifests): (Vec<&Deployment>, Vec<Value>) = group.members.into_iter().unzip();
    let clusters: Vec<&str> = members.iter().map(|member| &*member.cluster).collect();
    let folded = fold(&manifests, &clusters, &naming, &Refer::Elements);
    let part = |part: Vec<usize>| {
        let elements: Vec<&Value> = part.iter().filter_map(|index| folded.elements.get(*index)).collect();
        set(folded.template.clone(), vec![json!({ "list": { "elements": elements } })])
    };
    split::parts(&folded.elements, &clusters).into_iter().map(part).collect()
}

impl Set<'_> {
    /// Its file below the folder of the engine.
    pub(super) fn path(&self) -> String {
        format!("applicationsets/{}.yaml", self.name)
    }

    /// The ApplicationSet.
    pub(super) fn manifest(&self, context: &Context<'_>, component: &Component<'_>) -> Value {
        let mut spec = Map::new();
        spec.insert("goTemplate".to_owned(), json!(true));
        spec.insert("goTemplateOptions".to_owned(), json!(["missingkey=error"]));
        spec.insert("generators".to_owned(), json!(self.generators));
        if let Some(strategy) = self.strategy(context, component) {
            spec.insert("strategy".to_owned(), strategy);
        }
        spec.insert("syncPolicy".to_owned(), self.sync_policy());
        spec.insert("template".to_owned(), self.template.clone());
        json!({
            "apiVersion": API_VERSION,
            "kind": "ApplicationSet",
            "metadata": self.metadata(context, component),
            "spec": spec,
        })
    }

    fn metadata(&self, context: &Context<'_>, component: &Component<'_>) -> Value {
        let mut metadata = Map::new();
        metadata.insert("name".to_owned(), json!(self.name));
        metadata.insert("namespace".to_owned(), json!(context.settings.namespace));
        if application::is_label_value(component.name) {
            metadata.insert("labels".to_owned(), json!({ context.label("component"): component.name }));
        }
        if let Some(wave) = context.order.wave(component.name).filter(|wave| *wave > 0) {
            metadata.insert("annotations".to_owned(), json!({ super::SYNC_WAVE: wave.to_string() }));
        }
        Value::Object(metadata)
    }

    /// What happens to Applications that are no longer wanted. To keep, Argo CD may neither delete the Application nor,
    /// when it is deleted by hand, its workloads.
    fn sync_policy(&self) -> Value {
        match self.on_delete {
            OnDelete::Keep => json!({ "applicationsSync": "create-update", "preserveResourcesOnDeletion": true }),
            OnDelete::Cascade => json!({ "applicationsSync": "sync" }),
        }
    }

    fn strategy(&self, context: &Context<'_>, component: &Component<'_>) -> Option<Value> {
        let stages = self.rollout.and_then(|rollout| component.stages.get(rollout));
        let label = context.label("step");
        let step = |(index, stage): (usize, Option<&&Stage>)| {
            let number = (index + 1).to_string();
            let mut step = Map::new();
            let expression = json!([{ "key": label, "operator": "In", "values": [number] }]);
            step.insert("matchExpressions".to_owned(), expression);
            if let Some(max) = stage.and_then(|stage| max_update(stage)) {
                step.insert("maxUpdate".to_owned(), max);
            }
            Value::Object(step)
        };
        let steps: Vec<Value> = match stages {
            Some(stages) => stages.iter().map(Some).enumerate().map(step).collect(),
            None if component.ordered => vec![step((0, None))],
            None => return None,
        };
        Some(json!({ "type": "RollingSync", "rollingSync": { "steps": steps } }))
    }
}

/// With 0, Argo CD syncs nothing of a step by itself, and the next step waits until somebody did (argocd.md 4.3). What
/// somebody syncs by hand is not counted, so beside a manual gate `max` says nothing.
fn max_update(stage: &Stage) -> Option<Value> {
    if stage.manual {
        return Some(json!(0));
    }
    stage.max.map(|max| match max {
        Max::Count(count) => json!(count.max(1)),
        // Argo CD rounds down, too, and takes at least one unless it is exactly `0%`.
        Max::Percent(0) => json!(1),
        Max::Percent(percent) => json!(format!("{percent}%")),
    })
}
