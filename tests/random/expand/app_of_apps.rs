//! Applications that are written out, below a root for each cluster.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::argocd::{permitted, projects, resolved, root, wanted};
use super::{Expected, Tree, differences, text};

/// Adds everything that is not as the plan says.
pub fn compare(expected: &Expected, tree: &Tree, found: &mut Vec<String>) {
    // By cluster and component, as the path says.
    let mut applications: BTreeMap<(String, String), &Value> = BTreeMap::new();
    let mut roots: BTreeMap<String, &Value> = BTreeMap::new();
    for (path, documents) in tree.iter().filter(|(path, _)| path.starts_with("argocd/")) {
        let [document] = documents.as_slice() else {
            found.push(format!("{path} holds {} objects", documents.len()));
            continue;
        };
        let parts: Vec<&str> = path.strip_suffix(".yaml").unwrap_or_default().split('/').collect();
        match (parts.as_slice(), text(document, "/kind")) {
            (["argocd", "apps", cluster], "Application") => {
                roots.insert((*cluster).into(), document);
            }
            (["argocd", "apps", cluster, component], "Application") => {
                applications.insert(((*cluster).into(), (*component).into()), document);
            }
            (["argocd", "root"], "Application") | (["argocd", "projects", _], "AppProject") => {}
            (_, kind) => found.push(format!("{path} is of kind {kind}")),
        }
    }
    let mut names = BTreeSet::new();
    for application in applications.values().chain(roots.values()) {
        if !names.insert(text(application, "/metadata/name")) {
            found.push(format!("two Applications are named {}", text(application, "/metadata/name")));
        }
    }
    waves(expected, &applications, found);
    let mut clusters = BTreeSet::new();
    for deployment in &expected.deployments {
        clusters.insert(deployment.cluster.clone());
        match applications.remove(&(deployment.cluster.clone(), deployment.component.clone())) {
            Some(application) => {
                if text(application, "/metadata/name") != deployment.name {
                    found.push(format!("{} is named {}", deployment.name, application["metadata"]["name"]));
                }
                let actual = resolved(true, application);
                differences(&wanted(expected, deployment), &actual, &deployment.name, found);
                permitted(expected, tree, deployment, application, found);
            }
            None => found.push(format!("no Application {}", deployment.name)),
        }
    }
    found.extend(applications.keys().map(|place| format!("the Application {place:?} is not in the plan")));
    if !roots.keys().eq(&clusters) {
        found.push(format!("roots for {:?}, Applications on {clusters:?}", roots.keys()));
    }
    for (cluster, root) in roots {
        let place = format!("argocd/apps/{cluster}");
        if !text(root, "/spec/source/path").ends_with(&place) || text(root, "/spec/project") != "default" {
            found.push(format!("the root of {cluster} is {root}"));
        }
        // With the cluster go its Applications; those that keep their workloads have no finalizer themselves.
        if root["metadata"]["finalizers"] != json!(["resources-finalizer.argocd.argoproj.io"]) {
            found.push(format!("the root of {cluster} leaves its Applications behind"));
        }
    }
    projects(expected, tree, found);
    root(tree, found);
}

/// `after`: what comes first has an earlier wave on that cluster. Where nothing waits there are no waves.
fn waves(expected: &Expected, applications: &BTreeMap<(String, String), &Value>, found: &mut Vec<String>) {
    let wave = |component: &str, cluster: &str| -> Option<i64> {
        let application = applications.get(&(cluster.into(), component.into()))?;
        application["metadata"]["annotations"].get("argocd.argoproj.io/sync-wave")?.as_str()?.parse().ok()
    };
    for deployment in &expected.deployments {
        let (component, cluster) = (&deployment.component, &deployment.cluster);
        let own = wave(component, cluster);
        if deployment.after.is_empty() && own.is_some() {
            found.push(format!("{} has the wave {own:?} and waits for nothing", deployment.name));
        }
        for after in &deployment.after {
            if wave(after, cluster).unwrap_or(0) >= own.unwrap_or(0) {
                found.push(format!("{} does not come after {after}", deployment.name));
            }
        }
    }
}
