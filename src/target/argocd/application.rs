//! The Application of one deployment, whole and resolved.

use std::borrow::Cow;
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
    whole(context, component, deployment, &Own::of(context, component, deployment))
}

/// The same for all deployments that share these settings and have texts of the same parts, but for values and patches: a
/// [`hole`] stands for each text that a cluster decides.
pub(super) fn of_class(context: &Context<'_>, component: &Component<'_>, deployment: &Deployment) -> Value {
    whole(context, component, deployment, &Own::of(context, component, deployment).holes())
}

/// Leaves a hole where values and patches are.
pub(super) fn take_own(manifest: &mut Value) {
    for (tool, field, part) in [("helm", "valuesObject", Part::Values), ("kustomize", "patches", Part::Patches)] {
        if let Some(own) = own_field(manifest, tool, field) {
            *own = Value::String(hole(part));
        }
    }
}

fn whole(context: &Context<'_>, component: &Component<'_>, deployment: &Deployment, own: &Own<'_>) -> Value {
    json!({
        "metadata": metadata(context, component, deployment, own),
        "spec": spec(context, component, deployment, own),
    })
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
    let own = Own::of(context, component, deployment);
    let own = match context.space {
        Some(space) => own.on_any(context, space, &deployment.component),
        None => own,
    };
    whole(context, component, deployment, &own)
}

/// What of an Application its cluster alone decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The name of the Application.
    Name,
    /// The name of the cluster.
    Cluster,
    /// The URL of its API server.
    Server,
    /// The step of a rolling sync.
    Step,
    /// Whether it is paused.
    Suspend,
    /// Helm values, which are no text.
    Values,
    /// Patches, which are none either.
    Patches,
}

const HOLES: [(Part, &str); 7] = [
    (Part::Name, "\0name"),
    (Part::Cluster, "\0cluster"),
    (Part::Server, "\0server"),
    (Part::Step, "\0step"),
    (Part::Suspend, "\0suspend"),
    (Part::Values, "\0values"),
    (Part::Patches, "\0patches"),
];

/// What stands for a part. No text of a fleet has its first character.
fn hole(part: Part) -> String {
    HOLES.iter().find(|(other, _)| *other == part).map_or("", |(_, text)| text).to_owned()
}

impl Part {
    /// The part that `text` stands for, if it is a hole.
    pub(super) fn of_hole(text: &str) -> Option<Self> {
        let holes = if text.starts_with('\0') { &HOLES[..] } else { &[] };
        holes.iter().find(|(_, hole)| *hole == text).map(|(part, _)| *part)
    }
}

/// The texts of a cluster in an Application.
pub(super) struct Own<'o> {
    name: Cow<'o, str>,
    cluster: Cow<'o, str>,
    /// Whether the cluster's name is a label, too.
    is_label: bool,
    /// Where it is addressed by its URL.
    server: Option<Cow<'o, str>>,
    step: Option<Cow<'o, str>>,
    suspend: Cow<'o, str>,
}

impl<'o> Own<'o> {
    pub(super) fn of(context: &Context<'o>, component: &Component<'_>, deployment: &'o Deployment) -> Self {
        let cluster = &*deployment.cluster;
        let server = context.clusters.get(cluster).and_then(|cluster| cluster.server.as_deref());
        // Argo CD trims the slash from the cluster Secret's URL, not from this one's in every place (argocd.md 5.4).
        let server = server.filter(|_| context.settings.destination == Destination::Server);
        let own = Self {
            name: (*deployment.name).into(),
            cluster: cluster.into(),
            is_label: is_label_value(cluster),
            server: server.map(|server| server.trim_end_matches('/').into()),
            step: component.step(deployment).map(|step| step.to_string().into()),
            suspend: if context.is_suspended(deployment) { "true" } else { "false" }.into(),
        };
        match context.space {
            Some(space) if context.is_any(cluster) => own.on_any(context, space, &deployment.component),
            // Over the label space a name is shortened by the template, if at all.
            Some(_) => Self { name: format!("{}-{cluster}", deployment.component).into(), ..own },
            None => own,
        }
    }

    /// The same on whatever cluster there will be.
    fn on_any(self, context: &Context<'_>, space: &'o Space, component: &str) -> Self {
        let by_server = context.settings.destination == Destination::Server;
        Self {
            name: format!("{component}-{}", space.cluster).into(),
            is_label: is_label_value(&space.cluster),
            cluster: space.cluster.as_str().into(),
            server: by_server.then(|| space.server.as_str().into()),
            ..self
        }
    }

    fn holes(&self) -> Own<'static> {
        let hole = |part| Cow::Owned(hole(part));
        Own {
            name: hole(Part::Name),
            cluster: hole(Part::Cluster),
            is_label: self.is_label,
            server: self.server.is_some().then(|| hole(Part::Server)),
            step: self.step.is_some().then(|| hole(Part::Step)),
            suspend: hole(Part::Suspend),
        }
    }

    /// The text of a part; none for what is no text.
    pub(super) fn get(&self, part: Part) -> &str {
        match part {
            Part::Name => &self.name,
            Part::Cluster => &self.cluster,
            Part::Server => self.server.as_deref().unwrap_or_default(),
            Part::Step => self.step.as_deref().unwrap_or_default(),
            Part::Suspend => &self.suspend,
            Part::Values | Part::Patches => "",
        }
    }

    /// What decides which fields there are.
    pub(super) fn form(&self) -> (bool, bool, bool) {
        (self.is_label, self.server.is_some(), self.step.is_some())
    }
}

fn metadata(context: &Context<'_>, component: &Component<'_>, deployment: &Deployment, own: &Own<'_>) -> Value {
    let mut labels: BTreeMap<String, &str> = deployment.labels.iter().map(|(k, v)| (k.clone(), v.as_str())).collect();
    if let Some(step) = &own.step {
        labels.insert(context.label("step"), step);
    }
    if is_label_value(&deployment.component) {
        labels.insert(context.label("component"), &deployment.component);
    }
    if own.is_label {
        labels.insert(context.label("cluster"), &own.cluster);
    }
    let mut annotations: BTreeMap<&str, &str> =
        deployment.annotations.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    if component.alignment.suspend {
        annotations.insert(SKIP_RECONCILE, &own.suspend);
    }
    let mut metadata = Map::with_capacity(4);
    metadata.insert("name".to_owned(), json!(own.name));
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

fn spec(context: &Context<'_>, component: &Component<'_>, deployment: &Deployment, own: &Own<'_>) -> Value {
    let mut spec = Map::with_capacity(6);
    // The ApplicationSet controller fills in no project (argocd.md 2.5).
    spec.insert("project".to_owned(), json!(deployment.project.as_deref().unwrap_or("default")));
    spec.insert("destination".to_owned(), destination(deployment, own));
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

fn destination(deployment: &Deployment, own: &Own<'_>) -> Value {
    let mut destination = Map::new();
    match &own.server {
        Some(server) => destination.insert("server".to_owned(), json!(server)),
        None => destination.insert("name".to_owned(), json!(own.cluster)),
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
        helm.insert("valuesObject".to_owned(), Value::Object(deployment.values.to_map()));
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
