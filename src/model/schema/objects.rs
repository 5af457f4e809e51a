//! The declarations that make objects: `store`, `secret` and `object`.

use super::{ANNOTATIONS, Attribute, Block, Kind, LABELS, ON, RETRY, Type, built};

/// The providers of secrets that a `store` may have.
const PROVIDERS: Type = Type::Choice(&[
    "aws-secrets-manager",
    "aws-parameter-store",
    "gcp-secret-manager",
    "azure-key-vault",
    "vault",
    "kubernetes",
]);

// What they have in common with components.
const PROJECT: Attribute = built("project", Type::Reference(Kind::Project), "", "what it may use");
const AFTER: Attribute =
    built("after", Type::List(&Type::Reference(Kind::Component)), "", "what comes first on the same cluster");
const ROLLOUT: Attribute = built("rollout", Type::Reference(Kind::Rollout), "", "the order of its clusters");
const PRUNE: Attribute = built("prune", Type::Bool, "true", "objects that are no longer made are deleted");
const SELF_HEAL: Attribute = built("self-heal", Type::Bool, "false", "changes made by hand are undone at once");
const SUSPEND: Attribute = built("suspend", Type::Bool, "false", "paused");
const INTERVAL: Attribute = built("interval", Type::Duration, "the engine's", "how often it is reconciled");
const TIMEOUT: Attribute = built("timeout", Type::Duration, "the engine's", "how long a reconciliation may take");
const ACCOUNT: Attribute = built("service-account", Type::Name, "the project's", "the account that applies it");
const ON_DELETE: Attribute =
    built("on-delete", Type::Choice(&["keep", "cascade"]), "the engine's", "whether the objects go with it");
const ALLOW_EMPTY: Attribute = built("allow-empty", Type::Bool, "false", "the predicate may select no cluster");
const CREATE_NAMESPACE: Attribute = built("create-namespace", Type::Bool, "true", "the namespace is made");

/// The attributes that `defaults component` gives to objects, too.
pub const SHARED: [&str; 11] = [
    "project",
    "after",
    "rollout",
    "prune",
    "self-heal",
    "suspend",
    "interval",
    "timeout",
    "service-account",
    "on-delete",
    "create-namespace",
];

/// `store NAME { … }`
pub static STORE: Block = Block {
    keyword: "store",
    doc: "where secrets are kept, as a ClusterSecretStore",
    attributes: &[
        built("provider", PROVIDERS, "", "what keeps the secrets"),
        built("region", Type::Text, "", "the region (AWS)"),
        built("role", Type::Text, "", "the IAM role to take on (AWS); the role to log in as (Vault)"),
        built("gcp-project", Type::Text, "", "the project that holds the secrets (Google Cloud)"),
        built("vault-url", Type::Text, "", "the URL of the key vault (Azure)"),
        built("tenant", Type::Text, "the identity's", "the tenant's id (Azure)"),
        built("server", Type::Text, "", "the URL of the server (Vault); of the API server (Kubernetes)"),
        built("path", Type::Text, "", "the mount path of the key-value engine (Vault)"),
        built("version", Type::Choice(&["v1", "v2"]), "v2", "the version of the key-value engine (Vault)"),
        built("mount", Type::Text, "kubernetes", "the mount path of the Kubernetes login (Vault)"),
        built("vault-namespace", Type::Text, "", "the namespace in Vault Enterprise (Vault)"),
        built("remote-namespace", Type::Text, "default", "the namespace that holds the secrets (Kubernetes)"),
        built("identity", Type::Text, "the operator's", "the ServiceAccount to act as, as `namespace/name`"),
        built(
            "ca",
            Type::Text,
            "",
            "the ConfigMap with the server's `ca.crt`, as `namespace/name` (Vault, Kubernetes)",
        ),
        built("namespaces", Type::List(&Type::Text), "all", "the only namespaces whose secrets may use it"),
        PROJECT,
        AFTER,
        ROLLOUT,
        PRUNE,
        SELF_HEAL,
        SUSPEND,
        INTERVAL,
        TIMEOUT,
        ACCOUNT,
        ON_DELETE,
        ALLOW_EMPTY,
    ],
    blocks: &[&ON, &RETRY],
};

/// `secret NAME [on PREDICATE] { … }`
pub static SECRET: Block = Block {
    keyword: "secret",
    doc: "a Secret whose values come from a store, as an ExternalSecret",
    attributes: &[
        built("store", Type::Reference(Kind::Store), "", "the store that holds the values"),
        built("namespace", Type::Name, "", "the namespace of the Secret"),
        built(
            "from",
            Type::Text,
            "",
            "the entry of the store; without `property` and `keys` each of its properties is a key",
        ),
        built("property", Type::Text, "", "the one property of `from` that becomes a key, of the same name"),
        built(
            "keys",
            Type::TextMap,
            "",
            "the keys of the Secret: `KEY = \"entry#property\"`; `\"#property\"` is of `from`",
        ),
        built("refresh", Type::Duration, "1h", "how often the values are read again"),
        built("target", Type::Name, "the declaration's name", "the name of the Secret"),
        built("type", Type::Text, "Opaque", "the type of the Secret"),
        CREATE_NAMESPACE,
        PROJECT,
        AFTER,
        ROLLOUT,
        PRUNE,
        SELF_HEAL,
        SUSPEND,
        INTERVAL,
        TIMEOUT,
        ACCOUNT,
        ON_DELETE,
        ALLOW_EMPTY,
    ],
    blocks: &[&KEYS, &ON, &RETRY],
};

static KEYS: Block = super::free("keys", "the keys of the Secret");

/// `object "apiVersion/Kind" NAME [on PREDICATE] { … }`; what is not listed is a field of the object.
pub static OBJECT: Block = Block {
    keyword: "object",
    doc: "any other Kubernetes object",
    attributes: &[
        built("hub", Type::Bool, "false", "the object is made where the engine runs, not on the clusters"),
        built("name", Type::Text, "the declaration's name", "the object's name"),
        built("namespace", Type::Name, "", "the object's namespace"),
        built("labels", Type::TextMap, "", "the object's labels"),
        built("annotations", Type::TextMap, "", "the object's annotations"),
        built("health", Type::List(&Type::Text), "", "objects that must be healthy, as `Kind/name`"),
        built("wait", Type::Bool, "true without `health`", "the object must be healthy"),
        built("server-side", Type::Bool, "false", "it is applied on the server's side"),
        built("force", Type::Bool, "false", "it is made anew where it cannot be changed"),
        CREATE_NAMESPACE,
        PROJECT,
        AFTER,
        ROLLOUT,
        PRUNE,
        SELF_HEAL,
        SUSPEND,
        INTERVAL,
        TIMEOUT,
        ACCOUNT,
        ON_DELETE,
        ALLOW_EMPTY,
    ],
    blocks: &[&LABELS, &ANNOTATIONS, &ON, &RETRY],
};
