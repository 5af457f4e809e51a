//! The table of blocks and attributes.
//!
//! The one place that says which attributes a block has, of which type, with which default and meaning. The checker
//! reads it today; hover, completion, the formatter's order and the reference page read the same.

mod objects;

pub use objects::{OBJECT, SECRET, SHARED, STORE};

use crate::syntax::ast::Form;

/// What a value must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// A name: bare, or a string that may hold `${…}`.
    Name,
    /// A string; a bare name refers to a label, fact or parameter.
    Text,
    /// A relative path with `/` between its parts.
    Path,
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Int,
    /// `10m`.
    Duration,
    /// A count or a share of clusters.
    Share,
    /// `"3.5"`.
    EngineVersion,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// The name of a declaration.
    Reference(Kind),
    /// Which clusters.
    Predicate,
    /// Which clusters, or a list of globs over their names.
    Clusters,
    /// A list.
    List(&'static Type),
    /// A map of anything; bare names refer to labels, facts, parameters.
    Map,
    /// A map of strings.
    TextMap,
    /// Repository globs; bare names are sources.
    Repositories,
    /// One of several words, each with attributes of its own in braces behind it.
    Tagged(&'static [Tag]),
}

impl Type {
    /// The type in words, for readers.
    pub fn words(&self) -> String {
        match self {
            Self::Name => "name".into(),
            Self::Text => "string".into(),
            Self::Path => "path".into(),
            Self::Bool => "bool".into(),
            Self::Int => "int".into(),
            Self::Duration => "duration".into(),
            Self::Share => "count or share".into(),
            Self::EngineVersion => "version".into(),
            Self::Choice(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "),
            Self::Reference(Kind::Source) => "source".into(),
            Self::Reference(Kind::Project) => "project".into(),
            Self::Reference(Kind::Rollout) => "rollout".into(),
            Self::Reference(Kind::Component) => "component".into(),
            Self::Reference(Kind::Store) => "store".into(),
            Self::Predicate => "predicate".into(),
            Self::Clusters => "predicate, or list of globs".into(),
            Self::List(inner) => format!("list of {}s", inner.words()),
            Self::Map => "map".into(),
            Self::TextMap => "map of strings".into(),
            Self::Repositories => "list of globs and sources".into(),
            Self::Tagged(tags) => tags.iter().map(Tag::shape).collect::<Vec<_>>().join(", "),
        }
    }
}

/// What a reference refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A `source`.
    Source,
    /// A `project`.
    Project,
    /// A `rollout`.
    Rollout,
    /// A `component`, or a template of the standard library standing for the components made from it.
    Component,
    /// A `store`.
    Store,
}

/// One of the words of a [`Type::Tagged`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag {
    /// The word.
    pub word: &'static str,
    /// What may stand in the braces behind it; without braces nothing of it is said.
    pub attributes: &'static [Attribute],
}

impl Tag {
    /// How it is written.
    fn shape(&self) -> String {
        if self.attributes.is_empty() { format!("`{}`", self.word) } else { format!("`{} {{ … }}`", self.word) }
    }
}

/// One attribute of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// How it is written.
    pub name: &'static str,
    /// What its value must be.
    pub ty: Type,
    /// What holds without it, in words; empty when there is nothing to say.
    pub default: &'static str,
    /// What it means, in one line.
    pub doc: &'static str,
    /// Whether this version builds it.
    pub status: Status,
}

/// Whether something is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It is.
    Built,
    /// It is part of the language, and of a later version.
    Later,
}

/// One block.
#[derive(Debug)]
pub struct Block {
    /// Its keyword.
    pub keyword: &'static str,
    /// Its attributes in the order of the formatter.
    pub attributes: &'static [Attribute],
    /// The blocks inside it.
    pub blocks: &'static [&'static Block],
    /// What it means, in one line.
    pub doc: &'static str,
    /// Whether this version builds it.
    pub status: Status,
}

impl Block {
    /// The attribute of this name.
    pub fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// The inner block of this keyword.
    pub fn block(&self, keyword: &str) -> Option<&'static Block> {
        self.blocks.iter().copied().find(|block| block.keyword == keyword)
    }

    /// What has such a body, with its article, for sentences.
    pub fn owner(&self) -> &'static str {
        match self.keyword {
            "store" => "a store",
            "secret" => "a secret",
            "object" => "an object",
            _ => "a component",
        }
    }

    /// The names of all attributes.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.attributes.iter().map(|attribute| attribute.name)
    }
}

const fn built(name: &'static str, ty: Type, default: &'static str, doc: &'static str) -> Attribute {
    Attribute { name, ty, default, doc, status: Status::Built }
}

const fn free(keyword: &'static str, doc: &'static str) -> Block {
    Block { keyword, attributes: &[], blocks: &[], doc, status: Status::Built }
}

/// Every block that stands in no other; the rest is inside of these.
pub static BLOCKS: &[&Block] = &[
    &FLEET, &ARGOCD, &FLUX, &SOURCE, &CLUSTER, &INVENTORY, &PROJECT, &COMPONENT, &ROLLOUT, &TEST, &STORE, &SECRET,
    &OBJECT,
];

/// The table of a declaration of this form.
pub fn of_form(form: &Form) -> &'static Block {
    match form {
        Form::Component => &COMPONENT,
        Form::Store => &STORE,
        Form::Secret => &SECRET,
        Form::Object(_) => &OBJECT,
    }
}

/// `fleet NAME { … }`
pub static FLEET: Block = Block {
    keyword: "fleet",
    doc: "the fleet as a whole",
    status: Status::Built,
    attributes: &[
        built(
            "source",
            Type::Reference(Kind::Source),
            "",
            "where paths live unless a component says otherwise, and where the output is committed",
        ),
        built("protected", Type::Predicate, "none", "clusters on which a removal needs a declaration"),
        built("max-removals", Type::Share, "10%", "how much may go from the other clusters in one build"),
        built("label-prefix", Type::Text, "fleetc.dev", "prefix of the labels that fleetc writes"),
        built("output", Type::Path, "gitops", "the folder of the manifests"),
        built("migrating", Type::Bool, "false", "both engines are built on purpose"),
        built("allow", Type::List(&Type::Name), "", "warnings and notes that are silent, by code or name"),
        built("deny", Type::List(&Type::Name), "", "warnings and notes that are errors, by code or name"),
        built(
            "inventory",
            Type::Choice(&["closed", "open"]),
            "closed",
            "whether clusters that are not declared may join",
        ),
    ],
    blocks: &[],
};

/// `argocd { … }`
pub static ARGOCD: Block = Block {
    keyword: "argocd",
    doc: "Argo CD builds this fleet",
    status: Status::Built,
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
    status: Status::Built,
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

/// `source NAME { … }`
pub static SOURCE: Block = Block {
    keyword: "source",
    doc: "a repository, registry or bucket",
    status: Status::Built,
    attributes: &[
        built("git", Type::Text, "", "URL of a Git repository"),
        built("helm", Type::Text, "", "URL of a Helm repository"),
        built("oci", Type::Text, "", "`oci://` URL of a registry"),
        built("bucket", Type::Text, "", "`https://endpoint/name` of a bucket"),
        built("branch", Type::Text, "", "the branch (git)"),
        built("tag", Type::Text, "", "the tag (git, oci)"),
        built("semver", Type::Text, "", "a range of versions among the tags (git, oci)"),
        built("commit", Type::Text, "", "the commit (git)"),
        built("digest", Type::Text, "", "the digest (oci)"),
        built("secret", Type::Name, "", "the credential Secret on the hub"),
        built("local", Type::Text, "", "where this source is checked out, from the project root"),
    ],
    blocks: &[],
};

/// `cluster NAME { … }`, besides labels and facts
pub static CLUSTER: Block = Block {
    keyword: "cluster",
    doc: "a Kubernetes cluster",
    status: Status::Built,
    attributes: &[
        built(
            "with",
            Type::List(&Type::Reference(Kind::Component)),
            "",
            "components added to those that select this cluster",
        ),
        built("without", Type::List(&Type::Reference(Kind::Component)), "", "components taken away"),
        built("server", Type::Text, "", "URL of the API server"),
        built("auth", Type::Tagged(AUTH), "", "how the engines sign in"),
        built("ca", Type::Text, "", "the certificate authority of the API server, as PEM or its base64"),
        built("projects", Type::List(&Type::Reference(Kind::Project)), "", "the only projects that may use it"),
        built("shard", Type::Int, "", "the controller that serves it"),
        built("namespaces", Type::List(&Type::Name), "", "the only namespaces that are managed"),
        built("suspend", Type::Bool, "false", "pauses all its deployments"),
        built("annotations", Type::TextMap, "", "annotations of the cluster Secret"),
    ],
    blocks: &[],
};

/// How an engine signs in to a cluster, without a credential.
static AUTH: &[Tag] = &[
    Tag {
        word: "eks",
        attributes: &[
            built("role", Type::Text, "", "ARN of the role that Argo CD assumes"),
            built("cluster", Type::Text, "the cluster's name", "the name at AWS, or the ARN, which Flux needs"),
            built("profile", Type::Text, "", "a profile of the AWS configuration that Argo CD runs with"),
        ],
    },
    Tag {
        word: "gke",
        attributes: &[built("cluster", Type::Text, "", "`projects/…/locations/…/clusters/…`, which Flux needs")],
    },
    Tag {
        word: "aks",
        attributes: &[
            built("client", Type::Text, "that of Argo CD's pods", "the client ID of the identity"),
            built("tenant", Type::Text, "that of Argo CD's pods", "the tenant ID"),
            built("environment", Type::Text, "AzurePublicCloud", "the name of the Azure cloud"),
            built("cluster", Type::Text, "", "`/subscriptions/…/managedClusters/…`, which Flux needs"),
        ],
    },
    Tag { word: "none", attributes: &[] },
];

/// `inventory "file" { … }`, besides labels and facts
pub static INVENTORY: Block = Block {
    keyword: "inventory",
    doc: "clusters from data that another tool writes",
    status: Status::Built,
    attributes: &[
        built("each", Type::Text, "the whole file", "JSON pointer to the clusters in the file"),
        built("name", Type::Text, "/name", "JSON pointer to the name in each of them"),
        built("server", Type::Text, "", "JSON pointer to the URL of the API server"),
    ],
    blocks: &[],
};

/// `project NAME { … }`
pub static PROJECT: Block = Block {
    keyword: "project",
    doc: "what a group of components may use",
    status: Status::Built,
    attributes: &[
        built("description", Type::Text, "", "what it is for"),
        built("sources", Type::Repositories, "none", "globs over repository URLs; source names are allowed"),
        built("clusters", Type::Clusters, "all", "a predicate, or globs over cluster names"),
        built("namespaces", Type::List(&Type::Text), "none", "globs over namespaces"),
        built(
            "cluster-resources",
            Type::List(&Type::Text),
            "none",
            "cluster-scoped kinds that are allowed, as `group/Kind`",
        ),
        built("deny-cluster-resources", Type::List(&Type::Text), "none", "cluster-scoped kinds that are not"),
        built("namespace-resources", Type::List(&Type::Text), "all", "namespaced kinds that are allowed"),
        built("deny-namespace-resources", Type::List(&Type::Text), "none", "namespaced kinds that are not"),
        built("source-namespaces", Type::List(&Type::Text), "none", "more namespaces in which Applications may live"),
        built("service-account", Type::Name, "", "the account that Flux acts as for this project"),
    ],
    blocks: &[&WINDOW, &ROLE, &ORPHANED_RESOURCES],
};

/// `window allow { … }`, `window deny { … }`
pub static WINDOW: Block = Block {
    keyword: "window",
    doc: "when syncs are allowed or denied",
    status: Status::Built,
    attributes: &[
        built("description", Type::Text, "", "what it is for"),
        built("schedule", Type::Text, "", "when it begins: minute, hour, day of the month, month, day of the week"),
        built("duration", Type::Duration, "", "how long it lasts"),
        built("timezone", Type::Text, "UTC", "the time zone of the schedule, such as `Europe/Berlin`"),
        built("manual-sync", Type::Bool, "false", "what somebody syncs by hand is let through"),
        built("components", Type::List(&Type::Text), "all", "globs over the project's components"),
        built("clusters", Type::Clusters, "all", "a predicate, or globs over cluster names"),
        built("namespaces", Type::List(&Type::Text), "all", "globs over namespaces"),
    ],
    blocks: &[],
};

/// `role NAME { … }`
pub static ROLE: Block = Block {
    keyword: "role",
    doc: "who may do what in Argo CD",
    status: Status::Built,
    attributes: &[
        built("description", Type::Text, "", "what it is for"),
        built("groups", Type::List(&Type::Text), "", "groups of the sign-in that have the role"),
        built("actions", Type::List(&Type::Name), "", "what it may do with Applications: `get`, `sync`, …"),
        built("components", Type::List(&Type::Text), "all", "globs over the project's components"),
        built("policies", Type::List(&Type::Text), "", "more policies, as Argo CD writes them"),
    ],
    blocks: &[],
};

/// `orphaned-resources { … }`
pub static ORPHANED_RESOURCES: Block = Block {
    keyword: "orphaned-resources",
    doc: "Argo CD looks for objects that belong to no Application",
    status: Status::Built,
    attributes: &[
        built("warn", Type::Bool, "true", "Applications beside such objects get a warning"),
        built("ignore", Type::List(&Type::Text), "", "those that may be there, as `group/Kind` or `group/Kind/name`"),
    ],
    blocks: &[],
};

/// `rollout NAME { … }`
pub static ROLLOUT: Block = Block {
    keyword: "rollout",
    doc: "an order of clusters",
    status: Status::Built,
    attributes: &[],
    blocks: &[&STAGE],
};

/// `stage NAME on PREDICATE { … }`
pub static STAGE: Block = Block {
    keyword: "stage",
    doc: "clusters that change together",
    status: Status::Built,
    attributes: &[
        built("max", Type::Share, "all", "how many change at once"),
        built("gate", Type::Choice(&["manual"]), "", "somebody must open the stage"),
        built("bake", Type::Duration, "", "how long the stage is kept before the next"),
        built("allow-empty", Type::Bool, "false", "the stage may receive no cluster"),
    ],
    blocks: &[],
};

/// `component NAME { … }`, and the body of a template and of `defaults component`
pub static COMPONENT: Block = Block {
    keyword: "component",
    doc: "something that runs on clusters",
    status: Status::Built,
    attributes: &[
        built("source", Type::Reference(Kind::Source), "the fleet's source", "where it comes from"),
        built("path", Type::Path, "", "a folder in the source"),
        built("chart", Type::Text, "", "a Helm chart of the source"),
        built("version", Type::Text, "", "the chart's version"),
        built("release", Type::Name, "the component's name", "the name of the Helm release"),
        built("namespace", Type::Name, "", "where namespaced objects go"),
        built("project", Type::Reference(Kind::Project), "", "what it may use"),
        built("values", Type::Map, "", "Helm values, merged key by key"),
        built("values-files", Type::List(&Type::Path), "", "Helm values files, later ones win"),
        built("values-source", Type::Reference(Kind::Source), "the fleet's source", "where values files live"),
        built(
            "missing-values-files",
            Type::Choice(&["error", "ignore"]),
            "error",
            "what a values file that is not there means",
        ),
        built("images", Type::TextMap, "", "replaced images: `name = \"new-name:tag\"`"),
        built("components", Type::List(&Type::Path), "", "kustomize components that a folder is built with"),
        built("substitute", Type::TextMap, "", "variables for Flux's substitution"),
        built("health", Type::List(&Type::Text), "", "objects that must be healthy, as `Kind/name`"),
        built("wait", Type::Bool, "true without `health`", "everything applied must be healthy"),
        built(
            "after",
            Type::List(&Type::Reference(Kind::Component)),
            "",
            "components that come first on the same cluster",
        ),
        built("rollout", Type::Reference(Kind::Rollout), "", "the order of its clusters"),
        built("prune", Type::Bool, "true", "objects that left the source are deleted"),
        built("self-heal", Type::Bool, "false", "changes made by hand are undone at once"),
        built(
            "create-namespace",
            Type::Bool,
            "true",
            "the namespace is made (Flux: for charts; a folder has to hold it)",
        ),
        built("namespace-labels", Type::TextMap, "", "labels of the namespace that is made"),
        built("namespace-annotations", Type::TextMap, "", "annotations of the namespace that is made"),
        built("server-side", Type::Bool, "false", "objects are applied on the server's side"),
        built("suspend", Type::Bool, "false", "paused"),
        built("force", Type::Bool, "false", "objects that cannot be changed are made anew"),
        built("sync-options", Type::List(&Type::Text), "", "more of Argo CD's sync options"),
        built("interval", Type::Duration, "the engine's", "how often it is reconciled"),
        built("timeout", Type::Duration, "the engine's", "how long a reconciliation may take"),
        built("service-account", Type::Name, "the project's", "the account that applies it"),
        built("labels", Type::TextMap, "", "labels of the engine's object"),
        built("annotations", Type::TextMap, "", "annotations of the engine's object"),
        built("on-delete", Type::Choice(&["keep", "cascade"]), "the engine's", "whether its workloads go with it"),
        built("allow-empty", Type::Bool, "false", "the predicate may select no cluster"),
    ],
    blocks: &[
        &VALUES,
        &PATCH,
        &IGNORE,
        &ON,
        &RETRY,
        &RAW_ARGOCD,
        &RAW_FLUX,
        &LABELS,
        &ANNOTATIONS,
        &SUBSTITUTE,
        &IMAGES,
        &NAMESPACE_LABELS,
        &NAMESPACE_ANNOTATIONS,
    ],
};

static VALUES: Block = free("values", "Helm values");
static LABELS: Block = free("labels", "labels of the engine's object");
static ANNOTATIONS: Block = free("annotations", "annotations of the engine's object");
static SUBSTITUTE: Block = free("substitute", "variables for Flux's substitution");
static IMAGES: Block = free("images", "replaced images");
static NAMESPACE_LABELS: Block = free("namespace-labels", "labels of the namespace that is made");
static NAMESPACE_ANNOTATIONS: Block = free("namespace-annotations", "annotations of the namespace that is made");
static ON: Block = free("on", "overrides on some clusters");
static RAW_ARGOCD: Block = free("argocd", "raw fields of the Application");
static RAW_FLUX: Block = Block {
    keyword: "flux",
    doc: "raw fields of the Kustomization",
    status: Status::Built,
    attributes: &[],
    blocks: &[&RAW_RELEASE],
};
static RAW_RELEASE: Block = free("release", "raw fields of the HelmRelease");

/// `patch KIND NAME { … }`
pub static PATCH: Block =
    Block { keyword: "patch", doc: "changes of one object", status: Status::Built, attributes: &[], blocks: &[&MERGE] };

static MERGE: Block = free("merge", "a strategic merge patch");

/// `ignore "group/Kind/name" { … }`
pub static IGNORE: Block = Block {
    keyword: "ignore",
    doc: "fields that somebody else owns",
    status: Status::Built,
    attributes: &[
        built("fields", Type::List(&Type::Text), "", "JSON pointers"),
        built("jq", Type::List(&Type::Text), "", "jq path expressions, which only Argo CD knows"),
    ],
    blocks: &[],
};

/// `retry { … }`
pub static RETRY: Block = Block {
    keyword: "retry",
    doc: "how failed syncs are repeated",
    status: Status::Built,
    attributes: &[
        built("limit", Type::Int, "5", "how often; -1 for ever"),
        built("duration", Type::Duration, "5s", "the first pause"),
        built("factor", Type::Int, "2", "by how much it grows"),
        built("max-duration", Type::Duration, "3m", "the longest pause"),
    ],
    blocks: &[],
};

/// `test "what must hold" { … }`
pub static TEST: Block = Block {
    keyword: "test",
    doc: "what must hold of the plan, for `fleetc test`",
    status: Status::Built,
    attributes: &[],
    blocks: &[&EXPECT],
};

/// `expect NAME on PREDICATE { … }`
pub static EXPECT: Block = Block {
    keyword: "expect",
    doc: "what a component is on some clusters",
    status: Status::Built,
    attributes: &[
        built("source", Type::Reference(Kind::Source), "", "where it comes from"),
        built("path", Type::Path, "", "the folder in the source"),
        built("chart", Type::Text, "", "the Helm chart"),
        built("version", Type::Text, "", "the chart's version"),
        built("revision", Type::Text, "", "the branch, tag, commit, range or digest of a source without charts"),
        built("release", Type::Name, "", "the name of the Helm release"),
        built("namespace", Type::Name, "", "where namespaced objects go"),
        built("project", Type::Reference(Kind::Project), "", "what it may use"),
        built("values", Type::Map, "", "Helm values; keys that are not named may be anything"),
        built("values-files", Type::List(&Type::Path), "", "exactly these Helm values files, in order"),
        built("images", Type::TextMap, "", "replaced images; others may be there"),
        built("substitute", Type::TextMap, "", "variables for Flux's substitution; others may be there"),
        built("wait", Type::Bool, "", "everything applied must be healthy"),
        built(
            "after",
            Type::List(&Type::Reference(Kind::Component)),
            "",
            "exactly these components come first on the same cluster",
        ),
        built("rollout", Type::Reference(Kind::Rollout), "", "the order of its clusters"),
        built("stage", Type::Name, "", "the stage of its rollout"),
        built("prune", Type::Bool, "", "objects that left the source are deleted"),
        built("self-heal", Type::Bool, "", "changes made by hand are undone at once"),
        built("create-namespace", Type::Bool, "", "the namespace is made"),
        built("server-side", Type::Bool, "", "objects are applied on the server's side"),
        built("suspend", Type::Bool, "", "paused"),
        built("force", Type::Bool, "", "objects that cannot be changed are made anew"),
        built("sync-options", Type::List(&Type::Text), "", "exactly these sync options of Argo CD"),
        built("interval", Type::Duration, "", "how often it is reconciled"),
        built("timeout", Type::Duration, "", "how long a reconciliation may take"),
        built("service-account", Type::Name, "", "the account that applies it"),
        built("labels", Type::TextMap, "", "labels of the engine's object; others may be there"),
        built("annotations", Type::TextMap, "", "annotations of the engine's object; others may be there"),
        built("on-delete", Type::Choice(&["keep", "cascade"]), "", "whether its workloads go with it"),
        built("protected", Type::Bool, "", "whether a removal needs a declaration"),
    ],
    blocks: &[&VALUES, &LABELS, &ANNOTATIONS, &SUBSTITUTE, &IMAGES],
};
