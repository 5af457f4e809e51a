//! The AppProject of a project.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::plan::permission::{DestinationItem, argocd_patterns, destinations};
use crate::plan::{ArgoCd, ArgoCdLayout, GroupKind, Plan, Project, Version};

use super::{API_VERSION, Context, RESOURCES_FINALIZER, windows};

/// Argo CD 3.3 gives an item of `clusterResourceWhitelist` a `name`.
const NAMED_CLUSTER_RESOURCES: Version = Version { major: 3, minor: 3 };

/// The AppProject.
///
/// It stands in the wave before the ApplicationSets, whose controller makes no Application of a project that is not
/// there, and looks again only after minutes. Beside the roots of clusters it stands in no wave: a sync of several waves
/// waits for the health of each, and the root would take up no commit before every cluster is healthy.
///
/// Its finalizer keeps it while an Application is of it, without which the deletion of the Application would hang.
pub(super) fn manifest(context: &Context<'_>, project: &Project) -> Value {
    let settings = context.settings;
    let mut metadata = Map::new();
    metadata.insert("name".to_owned(), json!(project.name));
    metadata.insert("namespace".to_owned(), json!(settings.namespace));
    if settings.layout == ArgoCdLayout::ApplicationSets {
        metadata.insert("annotations".to_owned(), json!({ super::SYNC_WAVE: "-1" }));
    }
    metadata.insert("finalizers".to_owned(), json!([RESOURCES_FINALIZER]));
    json!({
        "apiVersion": API_VERSION,
        "kind": "AppProject",
        "metadata": metadata,
        "spec": spec(context, project),
    })
}

fn spec(context: &Context<'_>, project: &Project) -> Value {
    let mut spec = Map::new();
    if let Some(description) = &project.description {
        spec.insert("description".to_owned(), json!(description));
    }
    spec.insert("sourceRepos".to_owned(), json!(argocd_patterns(&project.sources)));
    spec.insert("destinations".to_owned(), destinations(project).iter().map(destination).collect());
    let mut allowed: Vec<Value> = project.cluster_resources.iter().map(group_kind).collect();
    allowed.extend(own_namespaces(context.plan, context.settings, project));
    let mut denied: Vec<Value> = project.deny_namespace_resources.iter().map(group_kind).collect();
    let mut lists = vec![
        ("clusterResourceWhitelist", allowed),
        ("clusterResourceBlacklist", project.deny_cluster_resources.iter().map(group_kind).collect()),
    ];
    match project.namespace_resources.as_deref() {
        // An empty list allows nothing, but Argo CD's own API loses it, and a missing list allows everything
        // (argocd.md 5.5). To deny everything says the same and stays.
        Some([]) => denied = vec![json!({ "group": "*", "kind": "*" })],
        Some(allowed) => lists.push(("namespaceResourceWhitelist", allowed.iter().map(group_kind).collect())),
        None => {}
    }
    lists.push(("namespaceResourceBlacklist", denied));
    for (key, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
        spec.insert(key.to_owned(), Value::Array(list));
    }
    if !project.source_namespaces.is_empty() {
        spec.insert("sourceNamespaces".to_owned(), json!(project.source_namespaces));
    }
    let roles: Vec<Value> = project.roles.iter().map(|role| windows::role(context, project, role)).collect();
    let busy = project.windows.iter().filter(|window| !windows::is_idle(context, project, window));
    let busy: Vec<Value> = busy.map(|window| windows::window(context, project, window)).collect();
    for (key, list) in [("roles", roles), ("syncWindows", busy)].into_iter().filter(|(_, list)| !list.is_empty()) {
        spec.insert(key.to_owned(), Value::Array(list));
    }
    if let Some(orphaned) = &project.orphaned_resources {
        spec.insert("orphanedResources".to_owned(), windows::orphaned_resources(orphaned));
    }
    Value::Object(spec)
}

fn destination(item: &DestinationItem) -> Value {
    let mut destination = Map::new();
    for (key, glob) in [("name", &item.name), ("server", &item.server)] {
        if !glob.is_empty() {
            destination.insert(key.to_owned(), json!(glob));
        }
    }
    destination.insert("namespace".to_owned(), json!(item.namespace));
    Value::Object(destination)
}

fn group_kind(item: &GroupKind) -> Value {
    json!({ "group": item.group, "kind": item.kind })
}

/// The namespaces that deployments of the project make.
///
/// Argo CD asks the project for permission also for the Namespace that `CreateNamespace=true` makes (3.5,
/// gitops-engine/pkg/sync/sync_context.go: `autoCreateNamespace` comes before the check), and the sync fails with
/// "resource :Namespace is not permitted in project". Who lets a component make its namespace means to permit that.
fn own_namespaces(plan: &Plan, settings: &ArgoCd, project: &Project) -> Vec<Value> {
    let is = |text: &str, wanted: &str| text == "*" || text == wanted;
    if project.cluster_resources.iter().any(|item| is(&item.group, "") && is(&item.kind, "Namespace")) {
        return Vec::new();
    }
    let own = plan.deployments.iter().filter(|d| d.create_namespace && d.project.as_ref() == Some(&project.name));
    let namespaces: BTreeSet<&str> = own.filter_map(|deployment| deployment.namespace.as_deref()).collect();
    if settings.version >= NAMED_CLUSTER_RESOURCES {
        namespaces.iter().map(|name| json!({ "group": "", "kind": "Namespace", "name": name })).collect()
    } else {
        namespaces.first().map(|_| json!({ "group": "", "kind": "Namespace" })).into_iter().collect()
    }
}
