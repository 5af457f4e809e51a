//! Sources: what Flux fetches, and from where.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::hub::{Hub, source_ref};
use super::{object, text};
use crate::plan::{Chart, Content, Deployment, Revision, Source, SourceKind};

const API_VERSION: &str = "source.toolkit.fluxcd.io/v1";

/// What a source is used for.
#[derive(Clone, Copy, Default)]
pub(super) struct Uses {
    /// A Kustomization reads its files.
    pub(super) files: bool,
    /// A chart of it is named.
    pub(super) charts: bool,
    /// It is a chart itself.
    pub(super) whole_chart: bool,
}

/// Sources by name, and what each is used for.
pub(super) type SourceUses<'a> = BTreeMap<&'a str, (&'a Source, Uses)>;

/// What the sources of the instance are used for. On a hub the fleet's own source is always among them.
pub(super) fn uses<'a>(hub: &Hub<'a>) -> SourceUses<'a> {
    let mut all = uses_of(hub, &hub.plan.deployments);
    if let Some(home) = hub.plan.home.as_deref().filter(|_| !hub.is_pull()) {
        all.entry(&home.name).or_insert((home, Uses::default())).1.files = true;
    }
    all
}

/// What these deployments use: their sources, and for a chart also the fleet's own, which holds the release.
pub(super) fn uses_of<'a>(hub: &Hub<'a>, deployments: impl IntoIterator<Item = &'a Deployment>) -> SourceUses<'a> {
    let mut all = SourceUses::new();
    for deployment in deployments {
        let source = deployment.source.as_ref();
        let (_, uses) = all.entry(&source.name).or_insert((source, Uses::default()));
        match &deployment.content {
            Content::Path(_) => uses.files = true,
            Content::Chart(chart) if chart.name.is_empty() => uses.whole_chart = true,
            Content::Chart(_) => uses.charts = true,
            // What fleetc writes lies in the fleet's own source, which is this one.
            Content::Objects(_) => uses.files = true,
        }
        if let (Content::Chart(_), Some(home)) = (&deployment.content, hub.plan.home.as_deref()) {
            all.entry(&home.name).or_insert((home, Uses::default())).1.files = true;
        }
    }
    all
}

/// The objects of each source, by its name. An OCI registry is one object for files and another for charts.
pub(super) fn objects(hub: &Hub, uses: SourceUses) -> BTreeMap<String, Vec<Value>> {
    let mut all = BTreeMap::new();
    for (name, (source, uses)) in uses {
        let mut objects = Vec::new();
        if uses.files {
            objects.extend(files_object(hub, source));
        }
        if uses.charts || uses.whole_chart {
            objects.extend(helm_repository(hub, source, uses));
        }
        if !objects.is_empty() {
            all.insert(name.to_owned(), objects);
        }
    }
    all
}

/// The name of a chart in its HelmRepository.
pub(super) fn chart_name<'a>(source: &'a Source, chart: &'a Chart) -> &'a str {
    if chart.name.is_empty() { split_whole_chart(&source.url).1 } else { &chart.name }
}

/// An OCI URL that names a chart as the registry it is in and the chart: Flux asks for both.
fn split_whole_chart(url: &str) -> (&str, &str) {
    let url = url.trim_end_matches('/');
    url.rsplit_once('/').unwrap_or((url, ""))
}

/// The object that holds the files of a source.
pub(super) fn files_object(hub: &Hub, source: &Source) -> Option<Value> {
    let kind = source_ref(source)?.kind;
    let mut spec = Map::new();
    spec.insert("interval".into(), json!(text::duration(hub.settings.interval)));
    match source.kind {
        SourceKind::Bucket => spec.extend(Bucket::parse(&source.url)?.fields()),
        _ => {
            spec.insert("url".into(), json!(source.url));
            spec.insert("ref".into(), reference(source)?);
        }
    }
    Some(finish(hub, source, kind, spec))
}

/// Which revision. Nothing for a Git repository that names none: Flux would read the branch `master`.
pub(super) fn reference(source: &Source) -> Option<Value> {
    let reference = match (source.kind, &source.revision) {
        (SourceKind::Git, Revision::Branch(branch)) => json!({ "branch": branch }),
        (SourceKind::Git | SourceKind::Oci, Revision::Tag(tag)) => json!({ "tag": tag }),
        (SourceKind::Git | SourceKind::Oci, Revision::Semver(range)) => json!({ "semver": range }),
        (SourceKind::Git, Revision::Commit(commit)) => json!({ "commit": commit }),
        (SourceKind::Oci, Revision::Digest(digest)) => json!({ "digest": digest }),
        (SourceKind::Oci, Revision::Default) => json!({ "tag": "latest" }),
        _ => return None,
    };
    Some(reference)
}

/// A repository of charts. One of type `oci` is only a URL and credentials, which nothing fetches at an interval; it
/// serves every chart and version below the URL, where an OCIRepository would be needed for each of them.
fn helm_repository(hub: &Hub, source: &Source, uses: Uses) -> Option<Value> {
    let mut spec = Map::new();
    match source.kind {
        SourceKind::Helm => {
            spec.insert("interval".into(), json!(text::duration(hub.settings.interval)));
            spec.insert("url".into(), json!(source.url));
        }
        SourceKind::Oci => {
            let url = if uses.whole_chart { split_whole_chart(&source.url).0 } else { &source.url };
            spec.insert("type".into(), json!("oci"));
            spec.insert("url".into(), json!(url));
        }
        SourceKind::Git | SourceKind::Bucket => return None,
    }
    Some(finish(hub, source, "HelmRepository", spec))
}

fn finish(hub: &Hub, source: &Source, kind: &str, mut spec: Map<String, Value>) -> Value {
    if let Some(secret) = &source.secret {
        spec.insert("secretRef".into(), json!({ "name": secret }));
    }
    let metadata = object::metadata(hub, &source.name, BTreeMap::new(), BTreeMap::new());
    object::object(API_VERSION, kind, metadata, ("spec", Value::Object(spec)))
}

/// What a bucket's URL says.
pub(super) struct Bucket<'a> {
    provider: &'static str,
    endpoint: String,
    name: &'a str,
    prefix: &'a str,
    insecure: bool,
}

impl<'a> Bucket<'a> {
    /// `s3://bucket/prefix`, `gs://bucket/prefix`, `https://account.blob.core.windows.net/container/prefix`, and
    /// `https://host/bucket/prefix` for all that speaks S3.
    pub(super) fn parse(url: &'a str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (first, below) = path.split_once('/').unwrap_or((path, ""));
        let azure = host.ends_with(".blob.core.windows.net");
        let (provider, endpoint, name, prefix) = match scheme {
            "s3" => ("aws", "s3.amazonaws.com".to_owned(), host, path),
            "gs" => ("gcp", "storage.googleapis.com".to_owned(), host, path),
            "https" if azure => ("azure", format!("https://{host}"), first, below),
            "http" | "https" => ("generic", host.to_owned(), first, below),
            _ => return None,
        };
        let prefix = prefix.trim_matches('/');
        (!name.is_empty() && !host.is_empty()).then_some(Self {
            provider,
            endpoint,
            name,
            prefix,
            insecure: scheme == "http",
        })
    }

    fn fields(&self) -> Map<String, Value> {
        let mut spec = Map::new();
        spec.insert("provider".into(), json!(self.provider));
        spec.insert("endpoint".into(), json!(self.endpoint));
        spec.insert("bucketName".into(), json!(self.name));
        if !self.prefix.is_empty() {
            spec.insert("prefix".into(), json!(self.prefix));
        }
        if self.insecure {
            spec.insert("insecure".into(), json!(true));
        }
        spec
    }
}
