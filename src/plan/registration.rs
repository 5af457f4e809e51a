//! How clusters are made known to the engines: what is written about each, and how an engine signs in to it.
//!
//! Nothing here is a credential: who signs in is an identity of the cloud that the engine runs in.

use std::collections::BTreeMap;

use crate::source::Span;

/// The API server of the cluster that an engine runs in, as seen from there.
pub const IN_CLUSTER: &str = "https://kubernetes.default.svc";

/// How clusters are made known to Argo CD.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Register {
    /// By somebody else.
    #[default]
    None,
    /// By a Secret for each.
    Secrets,
    /// By an ExternalSecret for each, of which the Secret comes.
    ExternalSecrets,
    /// By a script that calls the `argocd` program.
    Script,
}

/// What makes the Secrets with the kubeconfigs that Flux reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Provisioner {
    /// Somebody else.
    #[default]
    None,
    /// Terraform, by a file that is written for it.
    Terraform,
}

/// What is written about a cluster where it is registered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registration {
    /// Its labels, by key: those that engines select it by.
    pub labels: BTreeMap<String, String>,
    /// Its facts and annotations, by key.
    pub annotations: BTreeMap<String, String>,
    /// How an engine signs in.
    pub auth: Option<Auth>,
    /// The certificates of the authority that its API server is known by, as PEM.
    pub ca: Option<String>,
    /// The only projects that may use it; all when empty.
    pub projects: Vec<String>,
    /// The controller that serves it.
    pub shard: Option<u32>,
    /// The only namespaces that are managed; all when empty.
    pub namespaces: Vec<String>,
    /// The ClusterSecretStore on the hub that knows the rest.
    pub store: Option<String>,
    /// Its entry in that store.
    pub store_key: String,
    /// Where each attribute was said, by its name.
    pub places: BTreeMap<&'static str, Span>,
}

impl Registration {
    /// Where the attribute `name` was said.
    #[must_use]
    pub fn place(&self, name: &str) -> Option<Span> {
        self.places.get(name).copied()
    }
}

/// How an engine signs in to a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Auth {
    /// By an identity of AWS.
    Eks {
        /// The ARN of the role that it assumes.
        role: Option<String>,
        /// The cluster's name or its ARN.
        cluster: String,
        /// A profile of its AWS configuration.
        profile: Option<String>,
    },
    /// By an identity of Google Cloud.
    Gke {
        /// The cluster's name in Google's API.
        cluster: Option<String>,
    },
    /// By an identity of Azure.
    Aks {
        /// The client ID.
        client: Option<String>,
        /// The tenant ID.
        tenant: Option<String>,
        /// The name of the cloud.
        environment: Option<String>,
        /// The cluster's ID in Azure's API.
        cluster: Option<String>,
    },
    /// Not at all: the API server knows the engine by its network, or by a proxy.
    None,
}

/// The name of a cluster at AWS: of an ARN its last part.
#[must_use]
pub fn eks_name(cluster: &str) -> &str {
    cluster.rsplit_once(":cluster/").map_or(cluster, |(_, name)| name)
}
