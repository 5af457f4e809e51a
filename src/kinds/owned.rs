//! The objects that raw fields go into, and what in them is not free: what fleetc writes from an attribute, and what would
//! undo what the checker holds, such as the order, the project and what a removal takes along.
//!
//! Invariant: no raw field can be where fleetc writes something else (`tests/raw.rs` compares all that is generated).

use super::table::{Fields, Kind, find};

/// An object that raw fields go into, below its `spec`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Object {
    /// `argocd { … }`: the Application.
    Application,
    /// `flux { … }`: the Kustomization.
    Kustomization,
    /// `flux { release { … } }`: the HelmRelease.
    Release,
}

/// A field that is not free.
#[derive(Debug)]
pub struct Owned {
    /// Its path below `spec`, with dots.
    pub path: &'static str,
    /// What to write instead.
    pub instead: &'static str,
    /// When.
    pub when: When,
}

/// When a field is not free.
#[derive(Debug)]
pub enum When {
    /// Always.
    Always,
    /// Where fleetc has something to write there because of one of these attributes or blocks.
    Says(&'static [&'static str]),
}

const fn always(path: &'static str, instead: &'static str) -> Owned {
    Owned { path, instead, when: When::Always }
}

const fn when(path: &'static str, says: &'static [&'static str], instead: &'static str) -> Owned {
    Owned { path, instead, when: When::Says(says) }
}

impl Object {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Application, Self::Kustomization, Self::Release];

    /// Its `apiVersion` and kind.
    pub fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Application => ("argoproj.io/v1alpha1", "Application"),
            Self::Kustomization => ("kustomize.toolkit.fluxcd.io/v1", "Kustomization"),
            Self::Release => ("helm.toolkit.fluxcd.io/v2", "HelmRelease"),
        }
    }

    /// Its kind in the table.
    pub fn kind(self) -> Option<&'static Kind> {
        let (api_version, name) = self.names();
        find(api_version, name)
    }

    /// The fields below its `spec`.
    pub fn spec(self) -> Option<Fields> {
        Some(self.kind()?.fields().find("spec")?.fields())
    }

    /// The block of a component that holds its raw fields, as its map is called where layers are merged.
    pub fn block(self) -> &'static str {
        match self {
            Self::Application => "argocd",
            Self::Kustomization => "flux",
            Self::Release => "flux release",
        }
    }

    /// The object whose raw fields the map `block` holds.
    pub fn of_block(block: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|object| object.block() == block)
    }

    /// What of it is not free.
    pub fn owned(self) -> &'static [Owned] {
        match self {
            Self::Application => APPLICATION,
            Self::Kustomization => KUSTOMIZATION,
            Self::Release => RELEASE,
        }
    }

    /// Whether the field at `path` below `spec` is never free.
    pub fn is_never_free(self, path: &str) -> bool {
        self.owner(path).is_some_and(|owned| matches!(owned.when, When::Always))
    }

    /// What is known of the field at `path` below `spec`, unless it is free.
    pub fn owner(self, path: &str) -> Option<&'static Owned> {
        self.owned().iter().find(|owned| owned.path == path)
    }
}

const SOURCE: &str = "say it in the `source` of the component, or in the declaration of that source";
const COMPONENTS: &str = "leave one of the two out: `components` is for both engines, from the root of the source";
const NAMESPACE: &str = "write `namespace = …`";
const RETRY: &str = "write it into the `retry { … }` block";
const VALUES: &str = "write `values { … }`";

static APPLICATION: &[Owned] = &[
    always("destination", "the cluster comes from the predicate, the namespace from `namespace`"),
    when("ignoreDifferences", &["ignore"], "write `ignore \"group/Kind/name\" { fields = […] }`"),
    always("project", "write `project = …`"),
    always("source.chart", "write `chart = …`"),
    always("source.helm.ignoreMissingValueFiles", "write `missing-values-files = ignore`"),
    always("source.helm.namespace", NAMESPACE),
    always("source.helm.releaseName", "write `release = …`"),
    always("source.helm.valueFiles", "write `values-files = […]`"),
    always("source.helm.values", VALUES),
    always("source.helm.valuesObject", VALUES),
    when("source.kustomize.components", &["components"], COMPONENTS),
    always("source.kustomize.images", "write `images { … }`"),
    always("source.kustomize.namespace", NAMESPACE),
    always("source.kustomize.patches", "write `patch Kind name { … }`"),
    always("source.path", "write `path = …`"),
    always("source.ref", "fleetc names the sources of values files itself"),
    always("source.repoURL", SOURCE),
    always("source.targetRevision", "say it in the declaration of the source, or for a chart as `version`"),
    always("sourceHydrator", "fleetc writes what the Application deploys; leave it out"),
    always("sources", SOURCE),
    always(
        "syncPolicy.automated.allowEmpty",
        "leave it out: a source that is empty by mistake would delete everything",
    ),
    always("syncPolicy.automated.enabled", "write `suspend = true` to pause it"),
    always("syncPolicy.automated.prune", "write `prune = …`"),
    always("syncPolicy.automated.selfHeal", "write `self-heal = …`"),
    when("syncPolicy.managedNamespaceMetadata", &["create-namespace"], "only a namespace that is made gets labels"),
    always("syncPolicy.retry.backoff", RETRY),
    always("syncPolicy.retry.limit", RETRY),
    always("syncPolicy.syncOptions", "write `sync-options = […]`"),
];

const ACCOUNT: &str = "write `service-account = …`";
const AFTER: &str = "write `after = […]`";
const IGNORE: &str = "write `ignore \"group/Kind/name\" { fields = […] }`";
const INTERVAL: &str = "write `interval = …`";
const KUBECONFIG: &str = "write `kubeconfig = …` in the fleet's `flux` block";
const SUSPEND: &str = "write `suspend = …`";
const TIMEOUT: &str = "write `timeout = …`";
const WAIT: &str = "write `wait = …`";

static KUSTOMIZATION: &[Owned] = &[
    when("components", &["components"], COMPONENTS),
    always("deletionPolicy", "write `on-delete = keep` or `on-delete = cascade`"),
    always("dependsOn", AFTER),
    always("force", "write `force = …`"),
    always("healthChecks", "write `health = [\"Kind/name\"]`"),
    always("ignore", IGNORE),
    always("images", "write `images { … }`"),
    always("interval", INTERVAL),
    always("kubeConfig", KUBECONFIG),
    always("patches", "write `patch Kind name { … }`"),
    always("path", "write `path = …`"),
    always("postBuild.substitute", "write `substitute { … }`"),
    always("prune", "write `prune = …`"),
    always("retryInterval", "write `retry { duration = … }`"),
    always("serviceAccountName", ACCOUNT),
    always("sourceRef", SOURCE),
    always("suspend", SUSPEND),
    always("targetNamespace", NAMESPACE),
    always("timeout", TIMEOUT),
    always("wait", WAIT),
];

static RELEASE: &[Owned] = &[
    always("chart.spec.chart", "write `chart = …`"),
    always("chart.spec.interval", INTERVAL),
    always("chart.spec.sourceRef", SOURCE),
    always("chart.spec.version", "write `version = …`"),
    always("chartRef", "write `chart` and `version`"),
    always("dependsOn", AFTER),
    when("driftDetection.ignore", &["ignore"], IGNORE),
    when("driftDetection.mode", &["self-heal"], "leave one of the two out"),
    always("install.createNamespace", "write `create-namespace = …`"),
    always("install.disableWait", WAIT),
    always("install.disableWaitForJobs", WAIT),
    when("install.remediation", &["retry"], RETRY),
    when("install.strategy", &["retry"], RETRY),
    always("install.timeout", TIMEOUT),
    always("interval", INTERVAL),
    always("kubeConfig", KUBECONFIG),
    when("postRenderers", &["patch", "images", "prune"], "say it in `patch` and `images`"),
    always("releaseName", "write `release = …`"),
    always("serviceAccountName", ACCOUNT),
    always("storageNamespace", NAMESPACE),
    always("suspend", SUSPEND),
    always("targetNamespace", NAMESPACE),
    always("timeout", TIMEOUT),
    always("upgrade.disableWait", WAIT),
    always("upgrade.disableWaitForJobs", WAIT),
    always("upgrade.force", "write `force = …`"),
    when("upgrade.remediation", &["retry"], RETRY),
    when("upgrade.serverSideApply", &["force"], "Helm replaces no object that it applies on the server's side"),
    when("upgrade.strategy", &["retry"], RETRY),
    always("upgrade.timeout", TIMEOUT),
    always("values", VALUES),
    when("valuesFrom", &["values-files"], "keep these values in the files, or all of them in `valuesFrom`"),
];
