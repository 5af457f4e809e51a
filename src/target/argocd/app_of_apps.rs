//! The layout `app-of-apps`: Applications written out, below a root Application for each cluster.
//!
//! Each Application is made by itself, so what changes on a cluster changes no file of another one.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::plan::Deployment;

use super::order::{self, Order};
use super::{API_VERSION, Component, Context, SYNC_WAVE, application, root};

/// The clusters that something runs on, sorted: those that have a root.
pub(super) fn clusters<'a>(context: &Context<'a>) -> Vec<&'a str> {
    let running: std::collections::BTreeSet<&str> = context.plan.deployments.iter().map(|d| &*d.cluster).collect();
    running.into_iter().collect()
}

/// The roots of the clusters and the Applications below them, each with its file below the folder of the engine.
pub(super) fn manifests(context: &Context<'_>) -> Vec<(String, Value)> {
    let mut files = Vec::new();
    for (home, cluster) in clusters(context).into_iter().filter_map(|c| Some((context.plan.home.as_ref()?, c))) {
        let manifest = root::of_cluster(context.plan, context.settings, home, cluster);
        files.push((format!("apps/{cluster}.yaml"), manifest));
    }
    for (deployment, mut manifest) in context.plan.deployments.iter().zip(applications(context)) {
        if let Some(Value::Object(metadata)) = manifest.get_mut("metadata") {
            // Behind the name, as in every other object.
            metadata.shift_insert(1, "namespace".to_owned(), json!(context.settings.namespace));
        }
        let mut object = Map::new();
        object.insert("apiVersion".to_owned(), json!(API_VERSION));
        object.insert("kind".to_owned(), json!("Application"));
        if let Value::Object(parts) = manifest {
            object.extend(parts);
        }
        files.push((format!("apps/{}/{}.yaml", deployment.cluster, deployment.component), Value::Object(object)));
    }
    files
}

/// `metadata`, without the namespace, and `spec` of each deployment's Application, in the order of the plan.
pub(super) fn applications(context: &Context<'_>) -> Vec<Value> {
    let orders = order::by_cluster(&context.plan.deployments);
    context.plan.deployments.iter().map(|deployment| application(context, &orders, deployment)).collect()
}

fn application(context: &Context<'_>, orders: &BTreeMap<&str, Order<'_>>, deployment: &Deployment) -> Value {
    let mut manifest = application::manifest(context, &Component::alone(context, deployment), deployment);
    let wave = orders.get(&*deployment.cluster).and_then(|order| order.wave(&deployment.component));
    if let Some(wave) = wave.filter(|wave| *wave > 0)
        && let Some(Value::Object(metadata)) = manifest.get_mut("metadata")
    {
        match metadata.get_mut("annotations") {
            Some(Value::Object(annotations)) => {
                annotations.insert(SYNC_WAVE.to_owned(), json!(wave.to_string()));
            }
            // Behind name and labels.
            _ => {
                metadata.shift_insert(2, "annotations".to_owned(), json!({ SYNC_WAVE: wave.to_string() }));
            }
        }
    }
    manifest
}
