//! The root Application: the one object that is applied by hand, over all the others; and the roots of clusters below
//! it, over Applications that are written out.

use serde_json::{Map, Value, json};

use crate::plan::permission::argocd_url;
use crate::plan::{ArgoCd, Content, Plan, Revision, Source, SourceKind, Version};

use super::{API_VERSION, RESOURCES_FINALIZER};

/// Argo CD 3.2: a retry may take up a newer commit.
pub(super) const RETRY_REFRESH: Version = Version { major: 3, minor: 2 };

/// What the root leaves out: itself, and what the roots of clusters apply. It is the same for both layouts, so that a
/// root that stands applies no object that is not its own when the layout changes.
///
/// The pattern is matched with the path below the root's folder, and its `*` takes every character, `/` too (Argo CD
/// 3.5, reposerver/repository: `getPotentiallyValidManifestFile`).
const EXCLUDED: &str = "{root.yaml,apps/*/*}";

/// Its name: the fleet's and the instance's, in the letters that Kubernetes takes.
pub(super) fn name(plan: &Plan, settings: &ArgoCd) -> String {
    format!("{}-root", prefix(plan, settings))
}

/// The name of the root of a cluster.
pub(super) fn cluster_name(plan: &Plan, settings: &ArgoCd, cluster: &str) -> String {
    format!("{}-{cluster}-root", prefix(plan, settings))
}

fn prefix(plan: &Plan, settings: &ArgoCd) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let fleet: String = plan.fleet.chars().map(plain).collect();
    let fleet = fleet.trim_matches('-');
    match &settings.instance.name {
        Some(instance) => format!("{fleet}-{instance}"),
        None => fleet.to_owned(),
    }
}

/// The root Application over the `argocd` folder of the output.
///
/// It does not contain itself: where the health of Applications is told to Argo CD, as those who use waves between
/// Applications do, its first wave would wait for its own health and so for the waves behind it, for ever.
///
/// It has no finalizer: who deletes it deletes nothing else. It applies on the server's side, because an
/// ApplicationSet of 400 elements does not fit into the annotation of a client-side apply.
pub(super) fn application(plan: &Plan, settings: &ArgoCd, home: &Source) -> Value {
    json!({
        "apiVersion": API_VERSION,
        "kind": "Application",
        "metadata": { "name": name(plan, settings), "namespace": settings.namespace },
        "spec": spec(plan, settings, home, "", json!({ "recurse": true, "exclude": EXCLUDED })),
    })
}

/// The root of a cluster, over the folder of its Applications.
///
/// It has the finalizer: with the cluster its Applications go, the last wave first, and each takes its workloads along
/// only if it has a finalizer itself. Without it they would stay, and go on syncing, with nobody over them.
///
/// `recurse` is there because an empty `directory` is no `directory` to Argo CD, which then guesses from the files what
/// the folder is: `kustomization.yaml` may be the Application of a component of that name.
pub(super) fn of_cluster(plan: &Plan, settings: &ArgoCd, home: &Source, cluster: &str) -> Value {
    json!({
        "apiVersion": API_VERSION,
        "kind": "Application",
        "metadata": {
            "name": cluster_name(plan, settings, cluster),
            "namespace": settings.namespace,
            "finalizers": [RESOURCES_FINALIZER],
        },
        "spec": spec(plan, settings, home, &format!("/apps/{cluster}"), json!({ "recurse": true })),
    })
}

/// An Application over a folder of the output, on the cluster where Argo CD runs.
fn spec(plan: &Plan, settings: &ArgoCd, home: &Source, below: &str, directory: Value) -> Value {
    json!({
        "project": "default",
        "destination": { "server": "https://kubernetes.default.svc", "namespace": settings.namespace },
        "source": {
            "repoURL": argocd_url(home, &Content::Path(String::new())),
            "path": folder(&plan.home_path, &format!("{}{below}", settings.instance.folder("argocd"))),
            "targetRevision": revision(home),
            "directory": directory,
        },
        "syncPolicy": sync_policy(settings),
    })
}

/// The path of what lies `below` the output folder in the home source.
pub(super) fn folder(home_path: &str, below: &str) -> String {
    match home_path.trim_end_matches('/') {
        "" | "." => below.to_owned(),
        path => format!("{path}/{below}"),
    }
}

fn revision(home: &Source) -> &str {
    match home.kind {
        SourceKind::Oci if home.revision == Revision::Default => "latest",
        _ => home.revision.text().unwrap_or("HEAD"),
    }
}

/// Argo CD gives a failed commit up after five tries, and a wave fails when an ApplicationSet of it is degraded for a
/// moment. From 3.2 on, where a retry does not hold on to the commit that failed, it tries for ever.
fn sync_policy(settings: &ArgoCd) -> Value {
    let mut policy = Map::new();
    policy.insert("automated".to_owned(), json!({ "prune": true, "selfHeal": true }));
    policy.insert("syncOptions".to_owned(), json!(["ServerSideApply=true"]));
    if settings.version >= RETRY_REFRESH {
        policy.insert("retry".to_owned(), for_ever());
    }
    Value::Object(policy)
}

/// Tries again for ever, with whatever commit is there by then.
pub(super) fn for_ever() -> Value {
    let backoff = json!({ "duration": "10s", "factor": 2, "maxDuration": "3m" });
    json!({ "limit": -1, "refresh": true, "backoff": backoff })
}
