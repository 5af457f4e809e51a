//! The Application of one deployment, whole and resolved.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::plan::permission::argocd_url;
use crate::plan::raw::lay_over;
use crate::plan::{Chart, Content, Deployment, Destination, Ignore, OnDelete, Retry, Revision, Source, SourceKind};

use super::{Component, Context, RESOURCES_FINALIZER, kustomize, objects, root};
use crate::plan::space::Space;

/// Pauses an Application: its controller neither compares nor syncs it (Argo CD 3.5, controller/appcontroller.go; the
/// documentation calls it alpha). Leaving out `automated` would not do: a rolling sync syncs such Applications too.
pub(super) const SKIP_RECONCILE: &str = "argocd.argoproj.io/skip-reconcile";

/// `metadata` and `spec`.
pub(super) fn manifest(context: &Context<'_>, component: &Component<'_>, deployment: &Deployment) -> Value {
    let cluster = Named::of(context, deployment);
    json!({
        "metadata": metadata(context, component, deployment, &cluster),
        "spec": spec(context, component, deployment, &cluster),
    })
}

/// The same, where `like` is [`without_own`] of the Application of a deployment with the same settings: only its values, its
/// patches and what its cluster, its step and whether it is paused decide is another.
pub(super) fn manifest_like(
    context: &Context<'_>,
    component: &Component<'_>,
    deployment: &Deployment,
    like: &Value,
) -> Value {
    let cluster = Named::of(context, deployment);
    let mut manifest = like.clone();
    let said = metadata(context, component, deployment, &cluster);
    if let (Some(metadata), Value::Object(said)) = (manifest.get_mut("metadata").and_then(Value::as_object_mut), said) {
        metadata.extend(said);
    }
    if let Some(values) = own_field(&mut manifest, "helm", "valuesObject") {
        *values = Value::Object((*deployment.values).clone());
    }
    if let Some(patches) = own_field(&mut manifest, "kustomize", "patches") {
        *patches = kustomize::patches(context, deployment, &component.alignment);
    }
    if let Some(spec) = manifest.get_mut("spec").and_then(Value::as_object_mut) {
        spec.insert("destination".to_owned(), destination(deployment, &cluster));
    }
    manifest
}

/// `manifest` without what values and patches became: copying them is what is dear.
pub(super) fn without_own(mut manifest: Value) -> Value {
    for (tool, field) in [("helm", "valuesObject"), ("kustomize", "patches")] {
        if let Some(own) = own_field(&mut manifest, tool, field) {
            *own = Value::Null;
        }
    }
    manifest
}

/// A field of what a tool is told about the main source.
fn own_field<'m>(manifest: &'m mut Value, tool: &str, field: &str) -> Option<&'m mut Value> {
    main_source(manifest.get_mut("spec")?.as_object_mut()?)?.get_mut(tool)?.get_mut(field)
}

/// The main source. Beside the sources of values files it is the first of a list.
fn main_source(spec: &mut Map<String, Value>) -> Option<&mut Value> {
    let field = if spec.contains_key("sources") { "sources" } else { "source" };
    match spec.get_mut(field)? {
        Value::Array(sources) => sources.first_mut(),
        source => Some(source),
    }
}

/// The same for any cluster, with all else as it is on that of `deployment`.
pub(super) fn of_any_cluster(context: &Context<'_>, component: &Component<'_>, deployment: &Deployment) -> Value {
    let cluster = context.space.map_or_else(|| Named::of(context, deployment), |space| Named::any(context, space));
    json!({
        "metadata": metadata(context, component, deployment, &cluster),
        "spec": spec(context, component, deployment, &cluster),
    })
}

/// How a cluster is named.
struct Named {
    name: String,
    /// The URL of its API server, where it is addressed by that.
    server: Option<String>,
}

impl Named {
    fn of(context: &Context<'_>, deployment: &Deployment) -> Self {
        let name = &*deployment.cluster;
        if let Some(space) = context.space.filter(|_| context.is_any(name)) {
            return Self::any(context, space);
        }
        let server = context.clusters.get(name).and_then(|cluster| cluster.server.as_deref());
        // Argo CD trims the slash from the cluster Secret's URL, not from this one's in every place (argocd.md 5.4).
        let server = server.filter(|_| context.settings.destination == Destination::Server);
        Self { name: name.to_owned(), server: server.map(|server| server.trim_end_matches('/').to_owned()) }
    }

    fn any(context: &Context<'_>, space: &Space) -> Self {
        let by_server = context.settings.destination == Destination::Server;
        Self { name: space.cluster.clone(), server: by_server.then(|| space.server.clone()) }
    }
}

fn metadata(context: &Context<'_>, component: &Component<'_>, deployment: &Deployment, cluster: &Named) -> Value {
    let mut labels: BTreeMap<String, &str> = deployment.labels.iter().map(|(k, v)| (k.clone(), v.as_str())).collect();
    let step = component.step(deployment).map(|step| step.to_string());
    if let Some(step) = &step {
        labels.insert(context.label("step"), step);
    }
    for (key, value) in [("component", &*deployment.component), ("cluster", &cluster.name)] {
        if is_label_value(value) {
            labels.insert(context.label(key), value);
        }
    }
    let mut annotations: BTreeMap<&str, &str> =
        deployment.annotations.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    if component.alignment.suspend {
        annotations.insert(SKIP_RECONCILE, if context.is_suspended(deployment) { "true" } else { "false" });
    }
    let mut metadata = Map::with_capacity(4);
    // Over the label space a name is shortened by the template, if at all.
    let name = match context.space {
        Some(_) => format!("{}-{}", deployment.component, cluster.name),
        None => deployment.name.clone(),
    };
    metadata.insert("name".to_owned(), json!(name));
    metadata.insert("labels".to_owned(), json!(labels));
    if !annotations.is_empty() {
        metadata.insert("annotations".to_owned(), json!(annotations));
    }
    if deployment.on_delete == OnDelete::Cascade {
        metadata.insert("finalizers".to_owned(), json!([RESOURCES_FINALIZER]));
    }
    Value::Object(metadata)
}

/// Whether Kubernetes takes `text` as the value of a label.
pub(super) fn is_label_value(text: &str) -> bool {
    let ends = |c: Option<char>| c.is_none_or(|c| c.is_ascii_alphanumeric());
    text.len() <= 63
        && ends(text.chars().next())
        && ends(text.chars().next_back())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

fn spec(context: &Context<'_>, component: &Component<'_>, deployment: &Deployment, cluster: &Named) -> Value {
    let mut spec = Map::with_capacity(6);
    // The ApplicationSet controller fills in no project (argocd.md 2.5).
    spec.insert("project".to_owned(), json!(deployment.project.as_deref().unwrap_or("default")));
    spec.insert("destination".to_owned(), destination(deployment, cluster));
    match sources(context, component, deployment).as_mut_slice() {
        [source] => spec.insert("source".to_owned(), source.take()),
        sources => spec.insert("sources".to_owned(), Value::Array(sources.to_vec())),
    };
    spec.insert("syncPolicy".to_owned(), sync_policy(context, deployment));
    if !deployment.ignore.is_empty() {
        let ignored = deployment.ignore.iter().map(ignore_differences).collect();
        spec.insert("ignoreDifferences".to_owned(), Value::Array(ignored));
    }
    lay_raw(&mut spec, &deployment.raw.application);
    Value::Object(spec)
}

/// Lays the raw fields over what was written; `source` is the main one.
fn lay_raw(spec: &mut Map<String, Value>, raw: &Map<String, Value>) {
    if let (Some(Value::Object(main)), Some(Value::Object(source))) = (main_source(spec), raw.get("source")) {
        lay_over(main, source);
    }
    lay_over(spec, &raw.iter().filter(|(key, _)| *key != "source").map(|(k, v)| (k.clone(), v.clone())).collect());
    // Argo CD tries again five times where nothing is said, and never where a retry is without a limit (3.5,
    // controller/appcontroller.go, `autoSync`).
    if let Some(Value::Object(retry)) = spec.get_mut("syncPolicy").and_then(|policy| policy.get_mut("retry")) {
        retry.entry("limit").or_insert_with(|| json!(5));
    }
}

fn destination(deployment: &Deployment, cluster: &Named) -> Value {
    let mut destination = Map::new();
    match &cluster.server {
        Some(server) => destination.insert("server".to_owned(), json!(server)),
        None => destination.insert("name".to_owned(), json!(cluster.name)),
    };
    if let Some(namespace) = &deployment.namespace {
        destination.insert("namespace".to_owned(), json!(namespace));
    }
    Value::Object(destination)
}

/// The source and, behind it, the Git sources of its values files.
fn sources(context: &Context<'_>, component: &Component<'_>, deployment: &Deployment) -> Vec<Value> {
    let source = &*deployment.source;
    let mut main = Map::new();
    main.insert("repoURL".to_owned(), json!(argocd_url(source, &deployment.content)));
    let mut references = References::default();
    match &deployment.content {
        Content::Path(path) => {
            main.insert("path".to_owned(), json!(folder(path)));
            main.insert("targetRevision".to_owned(), json!(revision(source)));
            if let Some(block) = kustomize::block(context, deployment, &component.alignment) {
                main.insert("kustomize".to_owned(), block);
            }
        }
        Content::Objects(_) => {
            let path = objects::folder(deployment);
            main.insert("path".to_owned(), json!(root::folder(&context.plan.home_path, &path)));
            main.insert("targetRevision".to_owned(), json!(revision(source)));
        }
        Content::Chart(chart) => {
            let place = match source.kind {
                SourceKind::Git => ("path", folder(&chart.name), revision(source)),
                // Argo CD 3.5, docs/user-guide/oci.md: the path of an OCI chart that its URL names whole is `.`.
                _ if chart.name.is_empty() => ("path", ".", chart.version.as_str()),
                _ => ("chart", chart.name.as_str(), chart.version.as_str()),
            };
            main.insert(place.0.to_owned(), json!(place.1));
            main.insert("targetRevision".to_owned(), json!(place.2));
            main.insert("helm".to_owned(), helm(component, deployment, chart, &mut references));
        }
    }
    let mut sources = vec![Value::Object(main)];
    sources.extend(
        references
            .sources
            .iter()
            .map(|(name, source)| json!({ "repoURL": source.url, "targetRevision": revision(source), "ref": name })),
    );
    sources
}

/// A path as Argo CD wants it, which takes an empty one for a missing one.
fn folder(path: &str) -> &str {
    if path.is_empty() { "." } else { path }
}

fn revision(source: &Source) -> &str {
    match (&source.revision, source.kind) {
        (Revision::Default, SourceKind::Oci) => "latest",
        (Revision::Default, _) => "HEAD",
        (revision, _) => revision.text().unwrap_or_default(),
    }
}

fn helm<'a>(
    component: &Component<'_>,
    deployment: &Deployment,
    chart: &'a Chart,
    references: &mut References<'a>,
) -> Value {
    let mut helm = Map::new();
    helm.insert("releaseName".to_owned(), json!(chart.release));
    let mut files: Vec<String> = Vec::new();
    for file in &chart.values_files {
        // Behind the reference Argo CD replaces `$NAME` (3.5, reposerver/repository: `env.Envsubst`), and `$$` by `$`.
        files.push(format!("${}/{}", references.name(&file.source), file.path.replace('$', "$$")));
    }
    if let Some(last) = files.last().cloned() {
        files.resize(component.alignment.values_files.max(files.len()), last);
        helm.insert("valueFiles".to_owned(), json!(files));
    }
    if chart.missing_values_files {
        helm.insert("ignoreMissingValueFiles".to_owned(), json!(true));
    }
    if component.alignment.values {
        helm.insert("valuesObject".to_owned(), Value::Object((*deployment.values).clone()));
    }
    Value::Object(helm)
}

/// The sources that values files are read from, each with the name by which `$name/path` refers to it.
#[derive(Default)]
struct References<'a> {
    sources: Vec<(String, &'a Source)>,
}

impl<'a> References<'a> {
    /// Argo CD 3.5, util/argo: a `ref` holds letters, digits, `_` and `-` only, and no two are the same.
    fn name(&mut self, source: &'a Source) -> String {
        if let Some((name, _)) = self.sources.iter().find(|(_, other)| *other == source) {
            return name.clone();
        }
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
        let stem: String = source.name.chars().map(plain).collect();
        let mut name = stem.clone();
        while self.sources.iter().any(|(other, _)| *other == name) {
            name = format!("{stem}-{}", self.sources.len() + 1);
        }
        self.sources.push((name.clone(), source));
        name
    }
}

/// `health` and `wait` are not here: Argo CD waits for all objects of an Application. Nor are `interval` and `timeout`:
/// how often Argo CD looks and how long it waits is said to its controller, not to an Application.
fn sync_policy(context: &Context<'_>, deployment: &Deployment) -> Value {
    let mut policy = Map::new();
    policy.insert("automated".to_owned(), json!({ "prune": deployment.prune, "selfHeal": deployment.self_heal }));
    let options = sync_options(deployment);
    if !options.is_empty() {
        policy.insert("syncOptions".to_owned(), json!(options));
    }
    let mut namespace = Map::new();
    for (key, map) in [("labels", &deployment.namespace_labels), ("annotations", &deployment.namespace_annotations)] {
        if !map.is_empty() {
            namespace.insert(key.to_owned(), json!(map));
        }
    }
    if !namespace.is_empty() {
        policy.insert("managedNamespaceMetadata".to_owned(), Value::Object(namespace));
    }
    if let Some(retry) = &deployment.retry {
        policy.insert("retry".to_owned(), retry_policy(retry));
    } else if !deployment.objects().is_empty() && context.settings.version >= root::RETRY_REFRESH {
        // Whatever defines their kinds may come later, and Argo CD gives a failed commit up after five tries.
        policy.insert("retry".to_owned(), root::for_ever());
    }
    Value::Object(policy)
}

fn sync_options(deployment: &Deployment) -> Vec<&str> {
    let mut options = Vec::new();
    if deployment.create_namespace && deployment.namespace.is_some() {
        options.push("CreateNamespace=true");
    }
    if deployment.server_side {
        options.push("ServerSideApply=true");
    }
    if !deployment.ignore.is_empty() {
        // Without it a sync writes over what it was told to ignore.
        options.push("RespectIgnoreDifferences=true");
    }
    for option in &deployment.sync_options {
        if !options.contains(&option.as_str()) {
            options.push(option);
        }
    }
    options
}

fn retry_policy(retry: &Retry) -> Value {
    let mut backoff = Map::new();
    if let Some(duration) = retry.duration {
        backoff.insert("duration".to_owned(), json!(super::go_duration(duration)));
    }
    if let Some(factor) = retry.factor {
        backoff.insert("factor".to_owned(), json!(factor));
    }
    if let Some(duration) = retry.max_duration {
        backoff.insert("maxDuration".to_owned(), json!(super::go_duration(duration)));
    }
    let mut policy = Map::new();
    policy.insert("limit".to_owned(), json!(retry.limit));
    if !backoff.is_empty() {
        policy.insert("backoff".to_owned(), Value::Object(backoff));
    }
    Value::Object(policy)
}

fn ignore_differences(ignore: &Ignore) -> Value {
    let mut item = Map::new();
    if !ignore.group.is_empty() {
        item.insert("group".to_owned(), json!(ignore.group));
    }
    item.insert("kind".to_owned(), json!(ignore.kind));
    if let Some(name) = &ignore.name {
        item.insert("name".to_owned(), json!(name));
    }
    if !ignore.fields.is_empty() {
        item.insert("jsonPointers".to_owned(), json!(ignore.fields));
    }
    if !ignore.jq.is_empty() {
        item.insert("jqPathExpressions".to_owned(), json!(ignore.jq));
    }
    Value::Object(item)
}
