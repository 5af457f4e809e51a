//! The Secret by which Argo CD knows a cluster.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::SYNC_WAVE;
use super::{config, is_hub, server};
use crate::plan::registration::Auth;
use crate::plan::{ArgoCd, Cluster};

/// The label that makes a Secret a cluster.
pub(in super::super) const SECRET_TYPE: (&str, &str) = ("argocd.argoproj.io/secret-type", "cluster");

/// How the root keeps a cluster's Secret. It is there before what is deployed by it, as the projects are. It is never
/// pruned: deployments that go with their cluster are deleted through it, and Argo CD forgets those of a cluster that it does
/// not know, with all that they deployed.
pub(in super::super) const KEPT: [(&str, &str); 2] =
    [("argocd.argoproj.io/sync-options", "Delete=false,Prune=false"), (SYNC_WAVE, "-1")];

/// The Secret of a cluster of which all is known.
pub(super) fn manifest(settings: &ArgoCd, cluster: &Cluster) -> Value {
    let ca = cluster.registration.ca.as_deref().filter(|_| !is_hub(cluster)).map(config::ca_data);
    let auth = cluster.registration.auth.as_ref().filter(|_| !is_hub(cluster)).unwrap_or(&Auth::None);
    let config = format!("{:#}\n", config::of(auth, ca));
    let mut annotations = cluster.registration.annotations.clone();
    annotations.extend(KEPT.map(|(key, value)| (key.to_owned(), value.to_owned())));
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": name(cluster),
            "namespace": settings.namespace,
            "labels": labels(cluster),
            "annotations": annotations,
        },
        "type": "Opaque",
        "stringData": data(cluster, server(cluster).unwrap_or_default(), &config),
    })
}

/// The name of the Secret.
pub(super) fn name(cluster: &Cluster) -> String {
    format!("cluster-{}", cluster.name)
}

/// Its labels: those of the cluster, and the one by which Argo CD finds it.
pub(super) fn labels(cluster: &Cluster) -> BTreeMap<String, String> {
    let (key, value) = SECRET_TYPE;
    let mut labels = cluster.registration.labels.clone();
    labels.insert(key.to_owned(), value.to_owned());
    labels
}

/// What it holds. The restrictions are written also where there are none: an apply on the server's side leaves a key in the
/// Secret that is merely no longer said in `stringData`.
pub(super) fn data(cluster: &Cluster, server: &str, config: &str) -> Map<String, Value> {
    let registration = &cluster.registration;
    let mut data = Map::new();
    let mut put = |key: &str, text: &str| _ = data.insert(key.to_owned(), json!(text));
    put("name", &cluster.name);
    put("server", server);
    put("project", registration.projects.first().map(String::as_str).unwrap_or_default());
    put("namespaces", &registration.namespaces.join(","));
    if let Some(shard) = registration.shard {
        put("shard", &shard.to_string());
    }
    put("config", config);
    data
}
