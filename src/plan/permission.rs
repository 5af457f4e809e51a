//! What a project permits, by Argo CD's own matching rules.
//!
//! Takes projects, deployments and clusters of the plan. The rules are those of Argo CD 3.5
//! (pkg/apis/application/v1alpha1/app_project_types.go, `IsSourcePermitted` and `isDestinationMatched`; the same on
//! 3.0 to 3.6), quirks included. They hold for Flux too: one fleet has one meaning.

use super::glob::Glob;
use super::kind_glob::matches;
use super::repository::normalize;
use super::{Cluster, Content, Deployment, GroupKind, ObjectRef, Project, ProjectClusters};

pub use super::repository::{argocd_patterns, argocd_url};

/// One item of an AppProject's `destinations`; an empty part is not written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DestinationItem {
    /// A glob over the names of clusters.
    pub name: String,
    /// A glob over the URLs of API servers.
    pub server: String,
    /// A glob over namespaces.
    pub namespace: String,
}

/// Why a project does not permit a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No glob over sources permits this URL.
    Source {
        /// The URL as the Application would have it.
        url: String,
    },
    /// Nothing permits this namespace on this cluster.
    Destination,
}

/// Whether `project` permits `deployment` on `cluster`.
pub fn project_permits(project: &Project, deployment: &Deployment, cluster: &Cluster) -> Result<(), Refusal> {
    let patterns = argocd_patterns(&project.sources);
    let mut urls = vec![argocd_url(&deployment.source, &deployment.content)];
    if let Content::Chart(chart) = &deployment.content {
        urls.extend(chart.values_files.iter().map(|file| file.source.url.as_str()));
    }
    if let Some(url) = urls.into_iter().find(|url| !source_permitted(&patterns, url)) {
        return Err(Refusal::Source { url: url.to_owned() });
    }
    // A cluster Secret always has a server. Where the fleet does not say which, any text stands for it: `*` is the
    // only glob over servers that `destinations` writes.
    let server = cluster.server.as_deref().unwrap_or("*").trim_end_matches('/');
    let namespace = deployment.namespace.as_deref().unwrap_or_default();
    if cluster.many && !permits_any_name(project) {
        return Err(Refusal::Destination);
    }
    if destination_permitted(&destinations_on(project, &cluster.name), server, &cluster.name, namespace) {
        Ok(())
    } else {
        Err(Refusal::Destination)
    }
}

/// Whether `project` permits an object of this kind (Argo CD 3.5, `IsGroupKindNamePermitted`).
///
/// Of the kinds without a namespace only those that are listed are permitted; of the others all, unless some are listed.
pub fn kind_permitted(project: &Project, object: &ObjectRef) -> bool {
    let hit = |kinds: &[GroupKind]| {
        let hit = |kind: &GroupKind| matches(&kind.kind, &object.kind) && matches(&kind.group, object.group());
        kinds.iter().any(hit)
    };
    if object.namespace.is_some() {
        let listed = project.namespace_resources.as_ref().is_none_or(|kinds| hit(kinds));
        return listed && !hit(&project.deny_namespace_resources);
    }
    hit(&project.cluster_resources) && !hit(&project.deny_cluster_resources)
}

/// Whether the project permits clusters whatever their names: only globs may say otherwise.
fn permits_any_name(project: &Project) -> bool {
    let ProjectClusters::Globs(globs) = &project.clusters else { return true };
    globs.iter().all(|glob| !glob.starts_with('!')) && globs.iter().any(|glob| glob == "*" || glob == "**")
}

/// Those of [`destinations`] that speak of `cluster`: an item with the plain name of another one neither permits nor
/// refuses.
fn destinations_on(project: &Project, cluster: &str) -> Vec<DestinationItem> {
    match &project.clusters {
        ProjectClusters::Names(names) => items(
            project,
            names.iter().map(|name| &**name).filter(|name| *name == cluster).map(|name| (name, "")).collect(),
        ),
        ProjectClusters::All | ProjectClusters::Globs(_) => destinations(project),
    }
}

/// The `destinations` of the AppProject of `project`.
pub fn destinations(project: &Project) -> Vec<DestinationItem> {
    let clusters: Vec<(&str, &str)> = match &project.clusters {
        // By server, as in Argo CD's own project `default`: a cluster Secret without a name matches no glob over names.
        ProjectClusters::All => vec![("", "*")],
        ProjectClusters::Globs(globs) => globs.iter().map(|glob| (glob.as_str(), "")).collect(),
        ProjectClusters::Names(names) => names.iter().map(|name| (&**name, "")).collect(),
    };
    items(project, clusters)
}

fn items(project: &Project, clusters: Vec<(&str, &str)>) -> Vec<DestinationItem> {
    let item = |(name, server): (&str, &str), namespace: &String| DestinationItem {
        name: name.to_owned(),
        server: server.to_owned(),
        namespace: namespace.clone(),
    };
    let mut items = Vec::new();
    for cluster in clusters {
        items.extend(project.namespaces.iter().map(|namespace| item(cluster, namespace)));
    }
    items
}

/// Whether an AppProject with these `sourceRepos` permits `url`.
///
/// `*` stops at `/` and `**` does not, in both URLs are normalised first. A pattern with `!` that does not hit counts
/// as a match, so a list of nothing but refusals permits everything else.
pub fn source_permitted(patterns: &[String], url: &str) -> bool {
    let url = normalize(url);
    let mut permitted = false;
    for pattern in patterns {
        let (denies, glob) = split_deny(pattern);
        let glob = normalize(glob);
        // A second `!` is behind the first and part of the glob, but a `!` of the normalised glob denies too.
        let (denies, glob) = if denies { (true, glob.as_str()) } else { split_deny(&glob) };
        if matched(denies, glob, &url, Some('/')) {
            permitted = true;
        } else if denies {
            return false;
        }
    }
    permitted
}

/// Whether an AppProject with these `destinations` permits a namespace of a cluster, both of whose `server` and `name`
/// come from the cluster's Secret, however an Application addresses it.
///
/// Name and server of one item are alternatives; a `!` on the namespace refuses only where the server is matched.
pub fn destination_permitted(items: &[DestinationItem], server: &str, name: &str, namespace: &str) -> bool {
    let hit = |pattern: &str, text: &str| {
        let (denies, glob) = split_deny(pattern);
        matched(denies, glob, text, None)
    };
    let mut permitted = false;
    for item in items {
        let by_name = !name.is_empty() && hit(&item.name, name);
        let by_server = !server.is_empty() && hit(&item.server, server);
        let by_namespace = hit(&item.namespace, namespace);
        let denies_name = !by_name && item.name.starts_with('!');
        let denies_server = !by_server && item.server.starts_with('!') && by_namespace;
        let denies_namespace = !by_namespace && item.namespace.starts_with('!') && by_server;
        if (by_server || by_name) && by_namespace {
            permitted = true;
        } else if denies_name || denies_server || denies_namespace {
            return false;
        }
    }
    permitted
}

/// Why nobody should write this glob, in words that follow "the glob `…` "; none when it may be written.
///
/// Argo CD 3.5 with gobwas/glob 0.2.3: a bracket that is never closed makes a glob that matches nothing, some braces that
/// are never closed make the controller panic, and `***` does not match what `**` does.
pub fn unsound_glob(glob: &str) -> Option<&'static str> {
    let (mut open, mut escaped) = (0_i32, false);
    for c in glob.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '{' => open += 1,
            '}' => open -= 1,
            _ => {}
        }
        if open < 0 {
            break;
        }
    }
    if open != 0 {
        Some("has braces that do not pair")
    } else if glob.contains("***") {
        Some("has three stars in a row")
    } else if Glob::new(split_deny(glob).1).is_none() {
        Some("has a bracket that is never closed")
    } else {
        None
    }
}

/// Whether the whole of `text` matches `glob`, in which `*` takes any characters and `!` means nothing.
pub fn glob_matches(glob: &str, text: &str) -> bool {
    matched(false, glob, text, None)
}

/// Whether a pattern begins with `!`, and the glob behind it.
fn split_deny(pattern: &str) -> (bool, &str) {
    pattern.strip_prefix('!').map_or((false, pattern), |glob| (true, glob))
}

/// A glob that does not compile matches nothing, which behind a `!` permits everything.
fn matched(denies: bool, glob: &str, text: &str, separator: Option<char>) -> bool {
    let hit = (!denies && glob == "*") || Glob::new(glob).is_some_and(|glob| glob.matches(text, separator));
    hit != denies
}
