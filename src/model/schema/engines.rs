//! The attributes of the engines.

use super::{Block, Type, built};

/// `argocd { … }`
pub static ARGOCD: Block = Block {
    keyword: "argocd",
    doc: "Argo CD builds this fleet",
    attributes: &[
        built("version", Type::EngineVersion, "newest known", "the minor the manifests must suit"),
        built("namespace", Type::Name, "argocd", "where Applications, ApplicationSets and AppProjects live"),
        built(
            "membership",
            Type::Choice(&["static", "labels"]),
            "static",
            "whether clusters are listed or selected by labels at run time",
        ),
        built(
            "layout",
            Type::Choice(&["applicationsets", "app-of-apps"]),
            "applicationsets",
            "which objects hold the Applications",
        ),
        built("destination", Type::Choice(&["name", "server"]), "name", "how a cluster is addressed"),
        built("progressive-syncs", Type::Bool, "false", "whether the controller runs with progressive syncs"),
        built(
            "register",
            Type::Choice(&["none", "secrets", "external-secrets", "script"]),
            "none",
            "how clusters are made known to Argo CD",
        ),
        built(
            "register-store",
            Type::Name,
            "",
            "the ClusterSecretStore on the hub that external secrets are read from",
        ),
        built("register-key", Type::Text, "clusters/${cluster}", "the entry of a cluster in that store"),
        built(
            "on-delete",
            Type::Choice(&["keep", "cascade"]),
            "keep on protected clusters, else cascade",
            "whether workloads go with their Application",
        ),
    ],
    blocks: &[],
};

/// `flux { … }`
pub static FLUX: Block = Block {
    keyword: "flux",
    doc: "Flux builds this fleet",
    attributes: &[
        built("version", Type::EngineVersion, "newest known", "the minor the manifests must suit"),
        built("namespace", Type::Name, "flux-system", "where sources, Kustomizations and HelmReleases live"),
        built("mode", Type::Choice(&["hub", "pull"]), "hub", "one Flux for all clusters, or one in each"),
        built(
            "layout",
            Type::Choice(&["kustomizations", "overlays"]),
            "kustomizations",
            "which objects hold the deployments",
        ),
        built("kubeconfig", Type::Text, "${cluster}-kubeconfig", "the Secret on the hub with a cluster's kubeconfig"),
        built("kubeconfig-key", Type::Text, "value", "the key in that Secret"),
        built("kubeconfig-map", Type::Text, "", "the ConfigMap on the hub for workload identity, in place of a Secret"),
        built("interval", Type::Duration, "10m", "how often a source is fetched and a deployment reconciled"),
        built("retry", Type::Duration, "2m", "how long after a failure it is tried again"),
        built("timeout", Type::Duration, "5m", "how long a reconciliation may take"),
        built("shards", Type::Int, "1", "how many controllers share the clusters"),
        built(
            "multi-tenant",
            Type::Bool,
            "false",
            "Flux runs locked down, so everything is applied by a service account",
        ),
        built(
            "kubeconfig-provisioner",
            Type::Choice(&["none", "terraform"]),
            "none",
            "what makes the kubeconfig Secrets",
        ),
    ],
    blocks: &[],
};
