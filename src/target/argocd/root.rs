//! The root Application: the one object that is applied by hand, over all the others.

use serde_json::{Map, Value, json};

use crate::plan::permission::argocd_url;
use crate::plan::{ArgoCd, Content, Plan, Revision, Source, SourceKind, Version};

use super::API_VERSION;

/// Argo CD 3.2: a retry may take up a newer commit.
const RETRY_REFRESH: Version = Version { major: 3, minor: 2 };

/// Its name: the fleet's and the instance's, in the letters that Kubernetes takes.
pub(super) fn name(plan: &Plan, settings: &ArgoCd) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let fleet: String = plan.fleet.chars().map(plain).collect();
    let fleet = fleet.trim_matches('-');
    match &settings.instance.name {
        Some(instance) => format!("{fleet}-{instance}-root"),
        None => format!("{fleet}-root"),
    }
}

/// The root Application over the `argocd` folder of the output.
///
/// It does not contain itself (`exclude`): where the health of Applications is told to Argo CD, as those who use waves
/// between Applications do, its first wave would wait for its own health and so for the waves behind it, for ever.
///
/// It has no finalizer: who deletes it deletes nothing else. It applies on the server's side, because an
/// ApplicationSet of 400 elements does not fit into the annotation of a client-side apply.
pub(super) fn application(plan: &Plan, settings: &ArgoCd, home: &Source) -> Value {
    json!({
        "apiVersion": API_VERSION,
        "kind": "Application",
        "metadata": { "name": name(plan, settings), "namespace": settings.namespace },
        "spec": {
            "project": "default",
            "destination": { "server": "https://kubernetes.default.svc", "namespace": settings.namespace },
            "source": {
                "repoURL": argocd_url(home, &Content::Path(String::new())),
                "path": folder(&plan.home_path, &settings.instance.folder("argocd")),
                "targetRevision": revision(home),
                "directory": { "recurse": true, "exclude": "root.yaml" },
            },
            "syncPolicy": sync_policy(settings),
        },
    })
}

fn folder(home_path: &str, below: &str) -> String {
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
        let backoff = json!({ "duration": "10s", "factor": 2, "maxDuration": "3m" });
        policy.insert("retry".to_owned(), json!({ "limit": -1, "refresh": true, "backoff": backoff }));
    }
    Value::Object(policy)
}
