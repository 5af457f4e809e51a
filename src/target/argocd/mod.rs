//! Argo CD: AppProjects, ApplicationSets or Applications, and the root Application over them.
//!
//! Takes a plan, gives files below the output folder. What each construct of the plan becomes is written down in
//! `docs/engines-argocd.md`. Knows nothing of `.fleet` text and nothing of Flux.
//!
//! An ApplicationSet is made backwards: first the Application of every cluster (`application.rs`), resolved, once for clusters
//! that are alike and with holes for what is their own, then the template and the list elements from which Argo CD makes
//! exactly these (`template.rs`). So what a cluster gets does not depend on which clusters share its ApplicationSet.
//!
//! Invariant: Argo CD's expansion of the ApplicationSets equals [`applications`] (`tests/argocd`).
//!
//! The layout `app-of-apps` writes the Applications out instead (`app_of_apps.rs`).

mod align;
mod app_of_apps;
mod application;
mod check;
pub mod cover;
mod health;
mod kustomize;
mod labels;
pub mod normalize;
mod objects;
mod order;
mod project;
mod reach;
mod register;
mod root;
pub mod selector;
mod sets;
mod split;
pub mod steps;
mod template;
mod windows;

use std::collections::BTreeMap;

use foldhash::HashMap;
use serde_json::Value;

pub use check::{check, check_over};

use crate::plan::space::Space;
use crate::plan::{ArgoCd, ArgoCdLayout, Cluster, Deployment, Duration, Plan, Rollout, Stage};
use crate::target::{OutputTree, yaml};
use align::Alignment;
use order::Order;

const API_VERSION: &str = "argoproj.io/v1alpha1";

/// Deletes the workloads with their Application (argocd.md 6.3), and keeps an AppProject while Applications name it.
const RESOURCES_FINALIZER: &str = "resources-finalizer.argocd.argoproj.io";

/// The order in which a sync of the root takes its objects.
const SYNC_WAVE: &str = "argocd.argoproj.io/sync-wave";

/// The manifests of a plan that passed [`check`].
pub fn build(plan: &Plan, settings: &ArgoCd) -> OutputTree {
    build_over(plan, settings, None)
}

/// The manifests of a plan whose clusters are found by labels, for which `space` passed [`check_over`].
pub fn build_over(plan: &Plan, settings: &ArgoCd, space: Option<&Space>) -> OutputTree {
    let context = Context::new(space.map_or(plan, |space| &space.plan), settings, space);
    let mut tree = OutputTree::new();
    let folder = settings.instance.folder("argocd");
    let mut write = |path: String, manifest: Value| tree.insert(format!("{folder}/{path}"), yaml::stream(&[manifest]));
    if let Some(home) = &plan.home {
        write("root.yaml".to_owned(), root::application(plan, settings, home));
    }
    for project in &plan.projects {
        write(format!("projects/{}.yaml", project.name), project::manifest(&context, project));
    }
    tree.extend(register::files(plan, settings, &folder));
    let objects = objects::files(plan, settings);
    match settings.layout {
        ArgoCdLayout::ApplicationSets => {
            for component in context.components() {
                for set in sets::of(&context, &component) {
                    tree.insert(format!("{folder}/{}", set.path()), set.text(&context, &component));
                }
            }
        }
        ArgoCdLayout::AppOfApps => {
            for (path, manifest) in app_of_apps::manifests(&context) {
                tree.insert(format!("{folder}/{path}"), yaml::stream(&[manifest]));
            }
            if health::is_needed(plan) {
                tree.insert(format!("{folder}/{}", health::FILE), health::patch(plan, settings));
            }
        }
    }
    tree.extend(objects);
    tree
}

/// The Application of each deployment in the order of the plan: `metadata` (without the namespace, which is that of
/// its ApplicationSet or of the settings) and `spec`.
pub fn applications(plan: &Plan, settings: &ArgoCd) -> Vec<Value> {
    if let Some((space, settings)) = plan.space_of(settings) {
        return declared_applications(&space, settings);
    }
    let context = Context::new(plan, settings, None);
    if settings.layout == ArgoCdLayout::AppOfApps {
        return app_of_apps::applications(&context);
    }
    let of = |component: Component<'_>| -> Vec<Value> {
        component.deployments.iter().map(|d| application::manifest(&context, &component, d)).collect()
    };
    context.components().flat_map(of).collect()
}

/// The Applications of the declared clusters among those over the label space.
fn declared_applications(space: &Space, settings: &ArgoCd) -> Vec<Value> {
    let context = Context::new(&space.plan, settings, Some(space));
    let of = |component: Component<'_>| -> Vec<Value> {
        let declared = component.deployments.iter().filter(|deployment| !context.is_any(&deployment.cluster));
        let manifest = |deployment: &Deployment| {
            let mut manifest = application::manifest(&context, &component, deployment);
            // Over the label space it is the template that shortens names.
            if let Some(name) = manifest.pointer_mut("/metadata/name") {
                *name = Value::from(&*deployment.name);
            }
            manifest
        };
        declared.map(manifest).collect()
    };
    context.components().flat_map(of).collect()
}

/// What every part of this room looks up.
struct Context<'a> {
    plan: &'a Plan,
    settings: &'a ArgoCd,
    clusters: HashMap<&'a str, &'a Cluster>,
    rollouts: BTreeMap<&'a str, &'a Rollout>,
    order: Order<'a>,
    /// The label space, when clusters are found by labels. Then the plan is the one over it.
    space: Option<&'a Space>,
    runtimes: Option<labels::Runtimes<'a>>,
}

impl<'a> Context<'a> {
    fn new(plan: &'a Plan, settings: &'a ArgoCd, space: Option<&'a Space>) -> Self {
        Self {
            space,
            runtimes: space.map(labels::Runtimes::new),
            plan,
            settings,
            clusters: plan.clusters.iter().map(|cluster| (&*cluster.name, cluster)).collect(),
            rollouts: plan.rollouts.iter().map(|rollout| (&*rollout.name, rollout)).collect(),
            order: Order::new(&plan.deployments),
        }
    }

    /// The components in order of name.
    fn components(&self) -> impl Iterator<Item = Component<'a>> {
        self.plan.deployments.chunk_by(|a, b| a.component == b.component).filter_map(|all| Component::new(self, all))
    }

    /// A key of a label that fleetc writes.
    fn label(&self, name: &str) -> String {
        format!("{}/{name}", self.plan.label_prefix)
    }

    /// Whether `cluster` stands for clusters that nobody declared.
    fn is_any(&self, cluster: &str) -> bool {
        self.space.is_some_and(|space| space.points.contains_key(cluster))
    }

    /// `value` as the YAML of a patch, which kustomize trims.
    fn patch(&self, value: &Value) -> String {
        self.runtimes.as_ref().map_or_else(|| yaml::trimmable(value), |runtimes| runtimes.patch(value))
    }

    /// Whether something of `value` is known only when a cluster is there.
    fn is_read_at_run_time(&self, value: &Value) -> bool {
        self.runtimes.as_ref().is_some_and(|runtimes| runtimes.has_any(value))
    }

    /// Whether a deployment or its cluster is paused.
    fn is_suspended(&self, deployment: &Deployment) -> bool {
        deployment.suspend || self.clusters.get(&*deployment.cluster).is_some_and(|cluster| cluster.suspend)
    }
}

/// One component with all its deployments.
struct Component<'a> {
    name: &'a str,
    deployments: &'a [Deployment],
    /// What its Applications need to be alike.
    alignment: Alignment<'a>,
    /// For each rollout that one of its deployments is under, the stages that they reach, in order.
    stages: BTreeMap<&'a str, Vec<&'a Stage>>,
    /// Whether it waits for a component, or one waits for it.
    ordered: bool,
}

impl<'a> Component<'a> {
    fn new(context: &Context<'a>, deployments: &'a [Deployment]) -> Option<Self> {
        let name = &*deployments.first()?.component;
        let mut stages = BTreeMap::new();
        for rollout in deployments.iter().filter_map(|d| context.rollouts.get(d.rollout.as_deref()?)) {
            stages.entry(&*rollout.name).or_insert_with(|| reached(rollout, deployments));
        }
        let alignment = Alignment::new(context, deployments);
        Some(Self { name, deployments, alignment, stages, ordered: context.order.is_ordered(name) })
    }

    /// One deployment by itself: no other one must be like it, and nothing rolls.
    fn alone(context: &Context<'a>, deployment: &'a Deployment) -> Self {
        let deployments = std::slice::from_ref(deployment);
        let alignment = Alignment::new(context, deployments);
        Self { name: &deployment.component, deployments, alignment, stages: BTreeMap::new(), ordered: false }
    }

    /// The step, from 1, in which a rolling sync takes a deployment.
    fn step(&self, deployment: &Deployment) -> Option<usize> {
        let stages = deployment.rollout.as_deref().and_then(|rollout| self.stages.get(rollout));
        match stages {
            // The checker holds that every cluster is in a stage.
            Some(stages) => {
                Some(1 + stages.iter().position(|s| Some(&s.name) == deployment.stage.as_ref()).unwrap_or_default())
            }
            None => self.ordered.then_some(1),
        }
    }
}

/// The stages of `rollout` in which one of these deployments is.
fn reached<'a>(rollout: &'a Rollout, deployments: &[Deployment]) -> Vec<&'a Stage> {
    let is_reached = |stage: &&Stage| {
        deployments.iter().any(|d| d.rollout.as_ref() == Some(&rollout.name) && d.stage.as_ref() == Some(&stage.name))
    };
    rollout.stages.iter().filter(is_reached).collect()
}

/// A duration as Go reads and writes it: `1h30m`, `10m`, `500ms`.
fn go_duration(duration: Duration) -> String {
    let parts = [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
    let mut rest = duration.milliseconds;
    let mut text = String::new();
    for (unit, size) in parts {
        if rest >= size {
            text.push_str(&format!("{}{unit}", rest / size));
            rest %= size;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}
