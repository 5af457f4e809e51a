//! The kinds of Kubernetes itself: which group has them, and whether they are in a namespace.
//!
//! As Kubernetes 1.36 serves them (`kubectl api-resources`), without those that only the API server makes.

use crate::diag::did_you_mean;
use crate::kinds::{self, Engine};
use crate::model::object::ObjectKind;

/// Where objects of a kind are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In a namespace.
    Namespaced,
    /// In the cluster as a whole.
    Cluster,
}

use Scope::{Cluster, Namespaced};

/// The kinds by API group and version: those in a namespace, then the others.
const KINDS: [(&str, &[&str], &[&str]); 17] = [
    (
        "v1",
        &[
            "ConfigMap",
            "Endpoints",
            "Event",
            "LimitRange",
            "PersistentVolumeClaim",
            "Pod",
            "PodTemplate",
            "ReplicationController",
            "ResourceQuota",
            "Secret",
            "Service",
            "ServiceAccount",
        ],
        &["Namespace", "Node", "PersistentVolume"],
    ),
    ("apps/v1", &["ControllerRevision", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"], &[]),
    ("batch/v1", &["CronJob", "Job"], &[]),
    ("autoscaling/v2", &["HorizontalPodAutoscaler"], &[]),
    ("policy/v1", &["PodDisruptionBudget"], &[]),
    ("networking.k8s.io/v1", &["Ingress", "NetworkPolicy"], &["IngressClass", "IPAddress", "ServiceCIDR"]),
    ("rbac.authorization.k8s.io/v1", &["Role", "RoleBinding"], &["ClusterRole", "ClusterRoleBinding"]),
    ("scheduling.k8s.io/v1", &[], &["PriorityClass"]),
    (
        "storage.k8s.io/v1",
        &["CSIStorageCapacity"],
        &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"],
    ),
    (
        "admissionregistration.k8s.io/v1",
        &[],
        &[
            "MutatingWebhookConfiguration",
            "ValidatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
        ],
    ),
    ("apiextensions.k8s.io/v1", &[], &["CustomResourceDefinition"]),
    ("apiregistration.k8s.io/v1", &[], &["APIService"]),
    ("coordination.k8s.io/v1", &["Lease"], &[]),
    ("discovery.k8s.io/v1", &["EndpointSlice"], &[]),
    ("node.k8s.io/v1", &[], &["RuntimeClass"]),
    ("certificates.k8s.io/v1", &[], &["CertificateSigningRequest"]),
    ("flowcontrol.apiserver.k8s.io/v1", &[], &["FlowSchema", "PriorityLevelConfiguration"]),
];

/// Kinds of others that a fleet is likely to hold.
const OTHERS: [(&str, &[&str], &[&str]); 2] = [
    ("cert-manager.io/v1", &["Certificate", "CertificateRequest", "Issuer"], &["ClusterIssuer"]),
    ("external-secrets.io/v1", &["ExternalSecret", "SecretStore"], &["ClusterExternalSecret", "ClusterSecretStore"]),
];

/// Groups that get no new kinds.
const CLOSED: [&str; 3] = ["", "apps", "batch"];

fn group_of(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

/// Where objects of the kind are, if it is known. Those of the engines are all in a namespace.
pub fn scope(group: &str, kind: &str) -> Option<Scope> {
    if kinds::all().iter().any(|known| known.name == kind && group_of(known.api_version) == group) {
        return Some(Namespaced);
    }
    let all = KINDS.iter().chain(&OTHERS).filter(|(api_version, ..)| group_of(api_version) == group);
    all.flat_map(|(_, namespaced, cluster)| {
        let inside = namespaced.iter().map(|kind| (kind, Namespaced));
        inside.chain(cluster.iter().map(|kind| (kind, Cluster)))
    })
    .find_map(|(known, scope)| (*known == kind).then_some(scope))
}

/// Whether all kinds of the group are known.
pub fn is_closed(group: &str) -> bool {
    CLOSED.contains(&group)
}

/// The engine that has kinds in `api_version`.
pub fn engine_of(api_version: &str) -> Option<Engine> {
    kinds::all().iter().find(|known| known.api_version == api_version).map(|known| known.engine)
}

/// The `apiVersion/Kind` of an engine that was meant by a kind that nothing is known of. Others have kinds in such groups,
/// too, so only a name that is near to one says that it is misspelt.
pub fn nearest_of_engine(kind: &ObjectKind) -> Option<String> {
    let known = kinds::all().iter().filter(|known| known.api_version == kind.api_version).map(|known| known.name);
    did_you_mean(&kind.kind, known).map(|near| format!("{}/{near}", kind.api_version))
}

/// The `apiVersion/Kind` that was meant by a kind that its group does not have.
pub fn nearest(kind: &str) -> Option<String> {
    let all = || {
        KINDS.iter().flat_map(|(api_version, namespaced, cluster)| {
            namespaced.iter().chain(cluster.iter()).map(move |kind| (*api_version, *kind))
        })
    };
    let exact = all().map(|(_, known)| known).find(|known| *known == kind);
    let near = exact.or_else(|| did_you_mean(kind, all().map(|(_, known)| known)))?;
    all().find(|(_, known)| *known == near).map(|(api_version, kind)| format!("{api_version}/{kind}"))
}
