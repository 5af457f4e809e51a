//! The windows and roles of a project, as an AppProject has them.

use serde_json::{Map, Value, json};

use super::{Context, go_duration, reach};
use crate::plan::permission::glob_matches;
use crate::plan::{Destination, OrphanedResources, Project, ProjectClusters, Role, Window};

/// An item of `syncWindows`.
///
/// Argo CD takes an Application that matches any of the three lists unless `andOperator` is set; a window is about what
/// matches all of them. It compares clusters with what the Application says, by name or by server.
pub(super) fn window(context: &Context<'_>, project: &Project, window: &Window) -> Value {
    let mut item = Map::new();
    item.insert("kind".to_owned(), json!(if window.allow { "allow" } else { "deny" }));
    item.insert("schedule".to_owned(), json!(window.schedule));
    item.insert("duration".to_owned(), json!(go_duration(window.duration)));
    if let Some(timezone) = &window.timezone {
        item.insert("timeZone".to_owned(), json!(timezone));
    }
    if window.manual_sync {
        item.insert("manualSync".to_owned(), json!(true));
    }
    if let Some(description) = &window.description {
        item.insert("description".to_owned(), json!(description));
    }
    let clusters = clusters(context, &window.clusters);
    let is_about_all = window.components.is_empty() && window.namespaces.is_empty() && clusters.is_none();
    let components = is_about_all || !window.components.is_empty();
    // What cannot be told apart was reported.
    let applications = components.then(|| reach::applications(context, &project.name, &window.components));
    let applications = applications.map(Result::unwrap_or_default);
    let namespaces = (!window.namespaces.is_empty()).then(|| window.namespaces.clone());
    let lists = [("applications", applications), ("clusters", clusters), ("namespaces", namespaces)];
    let said: Vec<(&str, Vec<String>)> = lists.into_iter().filter_map(|(key, list)| Some((key, list?))).collect();
    if said.len() > 1 {
        item.insert("andOperator".to_owned(), json!(true));
    }
    item.extend(said.into_iter().map(|(key, list)| (key.to_owned(), json!(list))));
    Value::Object(item)
}

/// The clusters of a window as Applications write them; nothing for all.
fn clusters(context: &Context<'_>, clusters: &ProjectClusters) -> Option<Vec<String>> {
    let globs: Vec<&str> = match clusters {
        ProjectClusters::All => return None,
        ProjectClusters::Globs(globs) => globs.iter().map(String::as_str).collect(),
        ProjectClusters::Names(names) => names.iter().map(|name| &**name).collect(),
    };
    if context.settings.destination == Destination::Name {
        return Some(globs.into_iter().map(str::to_owned).collect());
    }
    let is_meant = |name: &str| match clusters {
        ProjectClusters::Globs(_) => globs.iter().any(|glob| glob_matches(glob, name)),
        _ => globs.contains(&name),
    };
    let meant = context.plan.clusters.iter().filter(|cluster| !cluster.many && is_meant(&cluster.name));
    Some(meant.filter_map(|cluster| Some(cluster.server.as_deref()?.trim_end_matches('/').to_owned())).collect())
}

/// Whether nothing that runs is what the window is about, so that there is nothing to write.
pub(super) fn is_idle(context: &Context<'_>, project: &Project, window: &Window) -> bool {
    let nowhere = clusters(context, &window.clusters).is_some_and(|clusters| clusters.is_empty());
    let nothing = reach::applications(context, &project.name, &window.components).is_ok_and(|found| found.is_empty());
    nowhere || nothing
}

/// An item of `roles`.
pub(super) fn role(context: &Context<'_>, project: &Project, role: &Role) -> Value {
    let mut item = Map::new();
    item.insert("name".to_owned(), json!(role.name));
    if let Some(description) = &role.description {
        item.insert("description".to_owned(), json!(description));
    }
    if !role.groups.is_empty() {
        item.insert("groups".to_owned(), json!(role.groups));
    }
    let applications = if role.actions.is_empty() {
        Vec::new()
    } else {
        reach::applications(context, &project.name, &role.components).unwrap_or_default()
    };
    let name = &project.name;
    let mut policies: Vec<String> = Vec::new();
    for application in applications {
        let policy = |action: &String| {
            format!("p, proj:{name}:{}, applications, {action}, {name}/{application}, allow", role.name)
        };
        policies.extend(role.actions.iter().map(policy));
    }
    // Argo CD takes no policy twice.
    for policy in &role.policies {
        if !policies.contains(policy) {
            policies.push(policy.clone());
        }
    }
    if !policies.is_empty() {
        item.insert("policies".to_owned(), json!(policies));
    }
    Value::Object(item)
}

/// `orphanedResources`. Argo CD warns only when it is told to.
pub(super) fn orphaned_resources(orphaned: &OrphanedResources) -> Value {
    let mut settings = Map::new();
    settings.insert("warn".to_owned(), json!(orphaned.warn));
    if !orphaned.ignore.is_empty() {
        let item = |(kind, name): &(crate::plan::GroupKind, Option<String>)| {
            let mut item = Map::new();
            if !kind.group.is_empty() {
                item.insert("group".to_owned(), json!(kind.group));
            }
            item.insert("kind".to_owned(), json!(kind.kind));
            if let Some(name) = name {
                item.insert("name".to_owned(), json!(name));
            }
            Value::Object(item)
        };
        settings.insert("ignore".to_owned(), orphaned.ignore.iter().map(item).collect());
    }
    Value::Object(settings)
}
