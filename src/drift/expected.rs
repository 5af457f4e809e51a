//! The objects that an engine is to have, each with its place in the plan.
//!
//! They are what a build writes, read back. Only the Applications that ApplicationSets make stand in no file: they are those
//! that the sets were made of.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::live::Kind;
use crate::plan::{ArgoCd, Flux, FluxLayout, FluxMode, Plan};
use crate::simulate::manifests::{Object, all, overlaid, text};
use crate::target::OutputTree;
use crate::target::argocd::applications;

/// The folder of what clusters have in common, which none of them takes as it is.
const BASE: &str = "base/";

/// Where an object belongs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// To no cluster, and perhaps to a component.
    Shared(Option<String>),
    /// To all that runs on a cluster.
    Cluster(String),
    /// To a rollout: what stands before a stage of a component.
    Stage { component: String, rollout: String, stage: String },
    /// To a deployment: its place in the plan.
    Deployment(usize),
}

/// An object that is to be there.
#[derive(Clone)]
pub(super) struct Expected {
    pub(super) kind: Kind,
    pub(super) value: Value,
    pub(super) place: Place,
    /// Whose Flux has it, where each cluster has its own.
    pub(super) scope: Option<String>,
}

impl Expected {
    pub(super) fn name(&self) -> &str {
        text(&self.value, "/metadata/name")
    }

    pub(super) fn namespace(&self) -> &str {
        text(&self.value, "/metadata/namespace")
    }

    pub(super) fn key(&self) -> (Kind, &str, &str) {
        (self.kind, self.namespace(), self.name())
    }

    pub(super) fn deployment(&self) -> Option<usize> {
        match self.place {
            Place::Deployment(index) => Some(index),
            _ => None,
        }
    }
}

fn places(plan: &Plan) -> BTreeMap<&str, usize> {
    plan.deployments.iter().enumerate().map(|(index, d)| (&*d.name, index)).collect()
}

/// What a build wrote into a folder, by kind.
fn by_kind(tree: &OutputTree, folder: &str, argocd: bool) -> BTreeMap<Kind, Vec<Object>> {
    let mut found: BTreeMap<Kind, Vec<Object>> = BTreeMap::new();
    for object in all(tree, folder) {
        if let Some(kind) = Kind::of(&object.value).filter(|kind| kind.is_argocd() == argocd) {
            found.entry(kind).or_default().push(object);
        }
    }
    found
}

/// The label by which the objects of a component are found.
pub(super) fn component_of(plan: &Plan, value: &Value) -> Option<String> {
    let labels = value.pointer("/metadata/labels")?;
    Some(labels.get(format!("{}/component", plan.label_prefix))?.as_str()?.to_owned())
}

/// What an instance of Argo CD is to have.
pub(super) fn argocd(plan: &Plan, settings: &ArgoCd, tree: &OutputTree) -> Vec<Expected> {
    let folder = settings.instance.folder("argocd");
    let mut read = by_kind(tree, &folder, true);
    let mut expected = Vec::new();
    let mut add = |kind, value, place| expected.push(Expected { kind, value, place, scope: None });
    for object in read.remove(&Kind::AppProject).unwrap_or_default() {
        add(Kind::AppProject, object.value, Place::Shared(None));
    }
    for object in read.remove(&Kind::ApplicationSet).unwrap_or_default() {
        let component = component_of(plan, &object.value).unwrap_or_else(|| object.name().to_owned());
        add(Kind::ApplicationSet, object.value, Place::Shared(Some(component)));
    }
    let places = places(plan);
    let mut roots = read.remove(&Kind::Application).unwrap_or_default();
    roots.retain(|object| !places.contains_key(object.name()));
    for object in roots {
        let cluster = object.path.strip_prefix("apps/").and_then(|file| file.strip_suffix(".yaml"));
        let place = cluster.map_or(Place::Shared(None), |cluster| Place::Cluster(cluster.to_owned()));
        add(Kind::Application, object.value, place);
    }
    for mut value in applications(plan, settings) {
        if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.insert("namespace".to_owned(), json!(settings.namespace));
        }
        if let Some(index) = places.get(text(&value, "/metadata/name")) {
            add(Kind::Application, value, Place::Deployment(*index));
        }
    }
    expected
}

/// What an instance of Flux is to have.
pub(super) fn flux(plan: &Plan, settings: &Flux, tree: &OutputTree) -> Vec<Expected> {
    let folder = settings.instance.folder("flux");
    let places = places(plan);
    let mut all = Vec::new();
    let mut read = by_kind(tree, &folder, false);
    for kind in Kind::all(false) {
        let mut found = read.remove(&kind).unwrap_or_default();
        found.retain(|object| !object.path.starts_with(BASE));
        if settings.layout == FluxLayout::Overlays && kind != Kind::HelmRelease {
            found.extend(overlaid(tree, &folder, kind.api(), kind.word()));
        }
        for object in found {
            let scope = match settings.mode {
                FluxMode::Hub => None,
                FluxMode::Pull => object.path.split('/').nth(1).map(str::to_owned),
            };
            let place = place(plan, &places, kind, &object, scope.as_ref());
            all.push(Expected { kind, value: object.value, place, scope });
        }
    }
    all
}

fn place(plan: &Plan, places: &BTreeMap<&str, usize>, kind: Kind, object: &Object, scope: Option<&String>) -> Place {
    let shared = |component| scope.map_or(Place::Shared(component), |cluster| Place::Cluster(cluster.clone()));
    if kind.is_source() {
        return shared(None);
    }
    if let Some(index) = places.get(object.name()) {
        return Place::Deployment(*index);
    }
    let component = component_of(plan, &object.value);
    let mut parts = object.path.strip_prefix("hub/rollouts/").into_iter().flat_map(|path| path.split('/'));
    match (parts.next(), parts.next().and_then(|file| file.strip_suffix(".yaml"))) {
        (Some(rollout), Some(stage)) => Place::Stage {
            component: component.unwrap_or_default(),
            rollout: rollout.to_owned(),
            stage: stage.to_owned(),
        },
        _ => shared(component),
    }
}
