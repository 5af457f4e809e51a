//! The plan as JSON: a public contract with the schema `fleetc.plan/1`.
//!
//! Takes a [`Plan`], gives a value whose keys stand in the order that is documented. Keys may be added behind the
//! others within a version of the schema; none is renamed, removed or given another type. The JSON is written out by
//! hand, so that a change of the types inside the compiler cannot change it unseen.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::raw::Raw;
use super::values::Values;
use super::{
    Change, Chart, Cluster, Content, Deployment, Duration, GroupKind, HubObject, Ignore, Image, Max, ObjectRef,
    OnDelete, OrphanedResources, Patch, Plan, Project, ProjectClusters, Retry, Role, Rollout, Source, Stage, Window,
};

/// The whole plan.
pub fn json(plan: &Plan) -> Value {
    // What is written here are texts, numbers and lists, which JSON always takes.
    serde_json::to_value(written(plan)).unwrap_or_default()
}

/// The same to be written out, which needs no value of the whole.
pub fn written(plan: &Plan) -> impl Serialize {
    Whole {
        schema: "fleetc.plan/1",
        fleet: &plan.fleet,
        clusters: each(&plan.clusters, cluster),
        deployments: each(&plan.deployments, Written::whole),
        rollouts: each(&plan.rollouts, rollout),
        projects: each(&plan.projects, project),
        hub_objects: each(&plan.hub_objects, hub_object),
    }
}

#[derive(Serialize)]
struct Whole<'a> {
    schema: &'static str,
    fleet: &'a str,
    clusters: Vec<Value>,
    deployments: Vec<Written<'a>>,
    rollouts: Vec<Value>,
    projects: Vec<Value>,
    hub_objects: Vec<Value>,
}

fn each<'a, T, W>(items: &'a [T], one: impl Fn(&'a T) -> W) -> Vec<W> {
    items.iter().map(one).collect()
}

/// A cluster.
pub(crate) fn cluster(cluster: &Cluster) -> Value {
    json!({
        "name": &*cluster.name,
        "labels": cluster.labels,
        "server": cluster.server,
        "protected": cluster.protected,
        "suspend": cluster.suspend,
    })
}

/// A deployment.
pub(crate) fn deployment(deployment: &Deployment) -> Value {
    // What is written here are texts, numbers and lists, which JSON always takes.
    serde_json::to_value(Written::whole(deployment)).unwrap_or_default()
}

/// What a deployment is, whatever it is called: the same bytes for one that was renamed. Written as it is, because a value
/// of every deployment takes many times as long.
pub fn content(deployment: &Deployment, out: &mut Vec<u8>) {
    let nameless =
        Written { component: None, name: None, release: None, protected: None, ..Written::whole(deployment) };
    // Writing to memory cannot fail.
    _ = serde_json::to_writer(out, &nameless);
}

/// The fields of a deployment, in the order in which they are written. Those that are names are left out where there is
/// none.
#[derive(Serialize)]
struct Written<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    component: Option<&'a str>,
    cluster: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    project: Option<&'a str>,
    namespace: Option<&'a str>,
    source: From<'a>,
    values: &'a Values,
    patches: Vec<Value>,
    health: Vec<String>,
    wait: bool,
    after: Vec<&'a str>,
    rollout: Option<&'a str>,
    stage: Option<&'a str>,
    prune: bool,
    self_heal: bool,
    create_namespace: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    protected: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    release: Option<Option<&'a str>>,
    values_files: Vec<Value>,
    images: Vec<Value>,
    substitute: &'a BTreeMap<String, String>,
    ignore: Vec<Value>,
    server_side: bool,
    suspend: bool,
    force: bool,
    sync_options: &'a [String],
    interval: Option<String>,
    timeout: Option<String>,
    retry: Option<Value>,
    service_account: Option<&'a str>,
    labels: &'a BTreeMap<String, String>,
    annotations: &'a BTreeMap<String, String>,
    on_delete: &'static str,
    components: &'a [String],
    namespace_labels: &'a BTreeMap<String, String>,
    namespace_annotations: &'a BTreeMap<String, String>,
    objects: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    argocd: Option<&'a Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flux: Option<Map<String, Value>>,
}

/// Where a deployment comes from.
#[derive(Serialize)]
struct From<'a> {
    name: &'a str,
    kind: &'static str,
    url: &'a str,
    revision: Option<&'a str>,
    path: Option<&'a str>,
    chart: Option<&'a str>,
}

impl<'a> Written<'a> {
    fn whole(d: &'a Deployment) -> Self {
        let chart = match &d.content {
            Content::Chart(chart) => Some(chart),
            Content::Path(_) | Content::Objects(_) => None,
        };
        Self {
            component: Some(&d.component),
            cluster: &d.cluster,
            name: Some(&d.name),
            project: d.project.as_deref(),
            namespace: d.namespace.as_deref(),
            source: source(&d.source, &d.content),
            values: &d.values,
            patches: each(&d.patches, patch),
            health: each(&d.health, object_ref),
            wait: d.wait,
            after: each(&d.after, |name| &**name),
            rollout: d.rollout.as_deref(),
            stage: d.stage.as_deref(),
            prune: d.prune,
            self_heal: d.self_heal,
            create_namespace: d.create_namespace,
            protected: Some(d.protected),
            release: Some(chart.map(|chart| chart.release.as_str())),
            values_files: chart.map_or_else(Vec::new, values_files),
            images: each(&d.images, image),
            substitute: &d.substitute,
            ignore: each(&d.ignore, ignore),
            server_side: d.server_side,
            suspend: d.suspend,
            force: d.force,
            sync_options: &d.sync_options,
            interval: d.interval.map(duration),
            timeout: d.timeout.map(duration),
            retry: d.retry.map(|retry| self::retry(&retry)),
            service_account: d.service_account.as_deref(),
            labels: &d.labels,
            annotations: &d.annotations,
            on_delete: match d.on_delete {
                OnDelete::Keep => "keep",
                OnDelete::Cascade => "cascade",
            },
            components: &d.components,
            namespace_labels: &d.namespace_labels,
            namespace_annotations: &d.namespace_annotations,
            objects: each(d.objects(), |object| object_ref(&ObjectRef::of(object))),
            argocd: (!d.raw.application.is_empty()).then_some(&d.raw.application),
            flux: flux(&d.raw),
        }
    }
}

/// The raw fields for Flux, where there are any.
fn flux(raw: &Raw) -> Option<Map<String, Value>> {
    if raw.kustomization.is_empty() && raw.release.is_empty() {
        return None;
    }
    let mut flux = raw.kustomization.clone();
    if !raw.release.is_empty() {
        flux.insert("release".to_owned(), Value::Object(raw.release.clone()));
    }
    Some(flux)
}

fn hub_object(object: &HubObject) -> Value {
    json!({
        "name": &*object.name,
        "object": object_ref(&ObjectRef::of(&object.object)),
        "clusters": names(&object.clusters),
    })
}

fn source<'a>(source: &'a Source, content: &'a Content) -> From<'a> {
    let (revision, path, chart) = match content {
        Content::Path(path) => (source.revision.text(), Some(path.as_str()), None),
        Content::Objects(_) => (source.revision.text(), None, None),
        Content::Chart(chart) => (Some(chart.version.as_str()), None, Some(chart_name(chart, source))),
    };
    From { name: &source.name, kind: source.kind.word(), url: &source.url, revision, path, chart }
}

/// The chart's name, which an OCI URL may hold as its last part.
pub(crate) fn chart_name<'a>(chart: &'a Chart, source: &'a Source) -> &'a str {
    if chart.name.is_empty() {
        source.url.trim_end_matches('/').rsplit('/').next().unwrap_or(&source.url)
    } else {
        &chart.name
    }
}

fn values_files(chart: &Chart) -> Vec<Value> {
    each(&chart.values_files, |file| json!({ "source": file.source.name, "path": file.path }))
}

pub(super) fn patch(patch: &Patch) -> Value {
    match &patch.change {
        Change::Operations(operations) => json!({ "kind": patch.kind, "name": patch.name, "operations": operations }),
        Change::Merge(fields) => json!({ "kind": patch.kind, "name": patch.name, "merge": fields }),
    }
}

/// `apps/v1/Deployment/cert-manager/cert-manager`; without the namespace for an object that has none.
pub(crate) fn object_ref(object: &ObjectRef) -> String {
    let namespace = object.namespace.as_ref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
    format!("{}/{}/{namespace}{}", object.api_version, object.kind, object.name)
}

fn image(image: &Image) -> Value {
    json!({ "name": image.name, "new_name": image.new_name, "tag": image.tag, "digest": image.digest })
}

pub(super) fn ignore(ignore: &Ignore) -> Value {
    json!({
        "group": ignore.group,
        "kind": ignore.kind,
        "name": ignore.name,
        "fields": ignore.fields,
        "jq": ignore.jq,
    })
}

fn retry(retry: &Retry) -> Value {
    json!({
        "limit": retry.limit,
        "duration": retry.duration.map(duration),
        "factor": retry.factor,
        "max_duration": retry.max_duration.map(duration),
    })
}

/// A rollout.
pub(crate) fn rollout(rollout: &Rollout) -> Value {
    json!({ "name": &*rollout.name, "stages": each(&rollout.stages, stage) })
}

fn stage(stage: &Stage) -> Value {
    json!({
        "name": &*stage.name,
        "clusters": names(&stage.clusters),
        "max": stage.max.map(max),
        "gate": stage.manual.then_some("manual"),
        "bake": stage.bake.map(duration),
    })
}

fn max(max: Max) -> Value {
    match max {
        Max::Count(count) => Value::from(count),
        Max::Percent(percent) => Value::from(format!("{percent}%")),
    }
}

/// A project.
pub(crate) fn project(project: &Project) -> Value {
    json!({
        "name": project.name,
        "sources": project.sources,
        "clusters": project_clusters(&project.clusters),
        "namespaces": project.namespaces,
        "description": project.description,
        "cluster_resources": each(&project.cluster_resources, group_kind),
        "deny_cluster_resources": each(&project.deny_cluster_resources, group_kind),
        "namespace_resources": project.namespace_resources.as_deref().map(|kinds| each(kinds, group_kind)),
        "deny_namespace_resources": each(&project.deny_namespace_resources, group_kind),
        "source_namespaces": project.source_namespaces,
        "service_account": project.service_account,
        "windows": each(&project.windows, window),
        "roles": each(&project.roles, role),
        "orphaned_resources": project.orphaned_resources.as_ref().map(orphaned_resources),
    })
}

fn orphaned_resources(orphaned: &OrphanedResources) -> Value {
    let ignored = |(kind, name): &(GroupKind, Option<String>)| {
        let name = name.as_ref().map_or_else(String::new, |name| format!("/{name}"));
        Value::from(format!("{}/{}{name}", kind.group, kind.kind))
    };
    json!({ "warn": orphaned.warn, "ignore": each(&orphaned.ignore, ignored) })
}

fn window(window: &Window) -> Value {
    json!({
        "kind": if window.allow { "allow" } else { "deny" },
        "description": window.description,
        "schedule": window.schedule,
        "duration": duration(window.duration),
        "timezone": window.timezone,
        "manual_sync": window.manual_sync,
        "components": window.components,
        "clusters": project_clusters(&window.clusters),
        "namespaces": window.namespaces,
    })
}

fn role(role: &Role) -> Value {
    json!({
        "name": role.name,
        "description": role.description,
        "groups": role.groups,
        "actions": role.actions,
        "components": role.components,
        "policies": role.policies,
    })
}

fn project_clusters(clusters: &ProjectClusters) -> Value {
    match clusters {
        ProjectClusters::All => json!(["*"]),
        ProjectClusters::Globs(globs) => json!(globs),
        ProjectClusters::Names(clusters) => names(clusters),
    }
}

fn group_kind(kind: &GroupKind) -> Value {
    Value::from(format!("{}/{}", kind.group, kind.kind))
}

fn names(names: &[std::sync::Arc<str>]) -> Value {
    names.iter().map(|name| Value::from(&**name)).collect()
}

/// As Go and the language write it: `1h30m`, `250ms`, `0s`.
pub(crate) fn duration(duration: Duration) -> String {
    let mut left = duration.milliseconds;
    let mut text = String::new();
    for (unit, length) in [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)] {
        if left >= length {
            text.push_str(&format!("{}{unit}", left / length));
            left %= length;
        }
    }
    if text.is_empty() { "0s".to_string() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_go_reads_them() {
        for (milliseconds, text) in [(0, "0s"), (5_400_000, "1h30m"), (90_250, "1m30s250ms"), (600_000, "10m")] {
            assert_eq!(duration(Duration { milliseconds }), text);
        }
    }
}
