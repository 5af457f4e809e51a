//! What a build runs where, which the next one is judged by.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use foldhash::HashMap;
use rayon::prelude::*;
use sha2::{Digest as _, Sha256};

use super::hash::Hash;
use crate::plan::{Content, Deployment, Instance, ObjectRef, OnDelete, Plan, json};
use crate::target::Engines;

/// Clusters, by their names.
pub type Clusters = BTreeSet<Arc<str>>;

/// `<engine>/component/<name>`, for a named instance `<engine>/<instance>/component/<name>`, with the clusters it runs on.
pub type Identities = BTreeMap<String, Clusters>;

/// By identity and by place, the protected clusters where its workloads are there. A place is a namespace; with a slash
/// and the release for a chart; the objects, for a declaration that makes some.
pub type Places = BTreeMap<String, BTreeMap<String, Clusters>>;

/// What a build runs where, and how it would go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The fleet's name.
    pub fleet: String,
    /// What runs where.
    pub identities: Identities,
    /// The protected clusters; none when that was not recorded.
    pub protected: Option<Clusters>,
    /// Those of the identities whose workloads go with what deploys them.
    pub cascade: Identities,
    /// Where the workloads on protected clusters are. An engine deletes them when they are elsewhere from then on.
    pub places: Places,
    /// For each identity the hash of what it is, but for its name.
    pub contents: BTreeMap<String, Hash>,
}

/// What an instance of an engine runs of a component.
#[derive(Default)]
struct Found {
    clusters: Vec<Arc<str>>,
    cascade: Vec<Arc<str>>,
    places: BTreeMap<String, Vec<Arc<str>>>,
    content: Sha256,
}

impl Found {
    /// What each of so many instances runs of a component, whose deployments these are; `serving` are the instances of each
    /// cluster.
    fn of(deployments: &[Deployment], serving: &HashMap<&str, Vec<usize>>, instances: usize) -> Vec<Option<Self>> {
        let mut all: Vec<Option<Self>> = (0..instances).map(|_| None).collect();
        let mut content = Vec::new();
        for deployment in deployments {
            content.clear();
            for place in serving.get(&*deployment.cluster).into_iter().flatten() {
                let Some(found) = all.get_mut(*place) else { continue };
                if content.is_empty() {
                    json::content(deployment, &mut content);
                }
                found.get_or_insert_with(Self::default).add(deployment, &content);
            }
        }
        all
    }

    fn add(&mut self, deployment: &Deployment, content: &[u8]) {
        let cluster = &deployment.cluster;
        if deployment.protected {
            self.places.entry(place_of(deployment)).or_default().push(Arc::clone(cluster));
        }
        if deployment.on_delete == OnDelete::Cascade {
            self.cascade.push(Arc::clone(cluster));
        }
        self.clusters.push(Arc::clone(cluster));
        self.content.update(content);
    }
}

impl Record {
    /// What `plan` runs with `engines`.
    pub fn of(plan: &Plan, engines: &Engines) -> Self {
        let protected = plan.clusters.iter().filter(|cluster| cluster.protected);
        let protected = Some(protected.map(|cluster| Arc::clone(&cluster.name)).collect());
        let mut record = Self { fleet: plan.fleet.clone(), protected, ..Self::default() };
        let argocd: Vec<_> = plan.argocd.iter().filter(|_| engines.argocd).map(|settings| &settings.instance).collect();
        let flux: Vec<_> = plan.flux.iter().filter(|_| engines.flux).map(|settings| &settings.instance).collect();
        let mut contents: BTreeMap<String, Sha256> = BTreeMap::new();
        let instances: Vec<(&str, &Instance)> = [("argocd", &argocd), ("flux", &flux)]
            .into_iter()
            .flat_map(|(engine, all)| all.iter().map(move |instance| (engine, *instance)))
            .collect();
        let serving: HashMap<&str, Vec<usize>> = plan
            .clusters
            .iter()
            .map(|cluster| {
                let serves = |place: &usize| instances.get(*place).is_some_and(|(_, one)| one.serves(&cluster.name));
                (&*cluster.name, (0..instances.len()).filter(serves).collect())
            })
            .collect();
        let components: Vec<&[Deployment]> = plan.deployments.chunk_by(|a, b| a.component == b.component).collect();
        let found: Vec<_> = components.par_iter().map(|all| Found::of(all, &serving, instances.len())).collect();
        for (all, found) in components.into_iter().zip(found) {
            let Some(first) = all.first() else { continue };
            for ((engine, instance), found) in instances.iter().zip(found) {
                let Some(found) = found else { continue };
                let identity = identity(engine, instance.name.as_deref(), &first.component);
                if !found.cascade.is_empty() {
                    record.cascade.insert(identity.clone(), set(found.cascade));
                }
                if !found.places.is_empty() {
                    let places = found.places.into_iter().map(|(place, clusters)| (place, set(clusters)));
                    record.places.insert(identity.clone(), places.collect());
                }
                record.identities.insert(identity.clone(), set(found.clusters));
                contents.insert(identity, found.content);
            }
        }
        // What an object on the hub is for is what would miss it.
        for object in &plan.hub_objects {
            let keeps = ObjectRef::of(&object.object).takes_others_along();
            for (engine, instances) in [("argocd", &argocd), ("flux", &flux)] {
                for instance in instances {
                    let served = object.clusters.iter().filter(|cluster| instance.serves(cluster));
                    let served: Clusters = served.cloned().collect();
                    if !served.is_empty() {
                        let identity = identity(engine, instance.name.as_deref(), &object.name);
                        contents.entry(identity.clone()).or_default().update(object.object.to_string().as_bytes());
                        if !keeps {
                            record.cascade.entry(identity.clone()).or_default().extend(served.iter().cloned());
                        }
                        record.identities.entry(identity).or_default().extend(served);
                    }
                }
            }
        }
        record.contents = contents.into_iter().map(|(identity, hash)| (identity, hash.into())).collect();
        record
    }
}

/// A set that takes no more room than it needs; one that grows in the order of its names is half empty.
fn set(clusters: Vec<Arc<str>>) -> Clusters {
    clusters.into_iter().collect()
}

/// Where the workloads of a deployment are.
fn place_of(deployment: &Deployment) -> String {
    let namespace = deployment.namespace.as_deref().unwrap_or_default();
    match &deployment.content {
        Content::Path(_) => namespace.to_string(),
        Content::Chart(chart) => format!("{namespace}/{}", chart.release),
        Content::Objects(objects) => {
            let objects: Vec<_> = objects.iter().map(|object| json::object_ref(&ObjectRef::of(object))).collect();
            objects.join(" ")
        }
    }
}

/// The identity of a component in an engine.
fn identity(engine: &str, instance: Option<&str>, component: &str) -> String {
    match instance {
        Some(instance) => format!("{engine}/{instance}/component/{component}"),
        None => format!("{engine}/component/{component}"),
    }
}
