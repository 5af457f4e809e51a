//! One component on one cluster: every attribute, resolved.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::alike::{kept, name_of};
use super::check::{clean_path, invalid, invalid_name, unsafe_path, unsafe_path_diagnostic, unusable, zero};
use super::engines::on_delete;
use super::folders::Folders;
use super::pick::{Findings, Picked, Poison, Spot};
use super::settings::FleetSettings;
use super::sources::{Resolved, Table, exclusive};
use super::{checkout, folder, objects, parts, raw, rollouts};
use crate::diag::{Diagnostic, Diagnostics, codes};
use crate::model::field::{as_text, invalid_value, is_label_text};
use crate::model::scope::Place;
use crate::model::set::ClusterSet;
use crate::model::{Model, cluster, schema};
use crate::plan::{
    Chart, Content, Deployment, Duration, Image, MAX_NAME, ObjectRef, Origin, Settings, SourceKind, ValuesFile,
};
use crate::source::Span;
use crate::syntax::ast::Form;

/// What every deployment is made with.
#[derive(Clone, Copy)]
pub struct Context<'c, 'a> {
    /// The model.
    pub model: &'c Model<'a>,
    /// The fleet's settings.
    pub fleet: &'c FleetSettings,
    /// The sources.
    pub sources: &'c Table,
    /// The rollouts.
    pub rollouts: &'c [rollouts::Resolved],
    /// The protected clusters.
    pub protected: &'c ClusterSet,
}

/// What is gathered on the way.
pub struct Sinks<'s, 'f> {
    /// What is reported once for each place.
    pub findings: &'s mut Findings,
    /// This repository.
    pub folders: &'s mut Folders<'f>,
    /// Problems.
    pub diagnostics: &'s mut Diagnostics,
}

/// `name`, or when it is longer than `limit` its beginning, `-` and 8 hex digits of its SHA-256.
pub fn shorten(name: &str, limit: usize) -> String {
    if name.len() <= limit {
        return name.to_string();
    }
    let digest = Sha256::digest(name.as_bytes());
    let hash: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let head: String = name.chars().take(limit - hash.len() - 1).collect();
    format!("{}-{hash}", head.trim_end_matches(['-', '.']))
}

/// The attributes of one spot, each picked on its own so that every problem is found.
pub(super) struct Attributes<'t, 'a, 's, 'x, 'f> {
    /// The component on its cluster.
    pub(super) spot: Spot<'t, 'a>,
    pub(super) sinks: &'x mut Sinks<'s, 'f>,
    spans: BTreeMap<&'static str, Span>,
}

impl Attributes<'_, '_, '_, '_, '_> {
    pub(super) fn value(&mut self, name: &str) -> Picked<Option<Value>> {
        let found = self.spot.attribute(name, self.sinks.findings)?;
        if let (Some((_, span)), Some(attribute)) = (&found, self.spot.layers.table().attribute(name)) {
            self.spans.insert(attribute.name, *span);
        }
        Ok(found.map(|(value, _)| value))
    }

    pub(super) fn text(&mut self, name: &str) -> Picked<Option<String>> {
        match self.value(name)? {
            None => Ok(None),
            Some(value) => as_text(&value).map(Some).ok_or(Poison),
        }
    }

    pub(super) fn flag(&mut self, name: &str, default: bool) -> Picked<bool> {
        Ok(self.value(name)?.and_then(|value| value.as_bool()).unwrap_or(default))
    }

    pub(super) fn duration(&mut self, name: &str) -> Picked<Option<Duration>> {
        let value = self.value(name)?.and_then(|value| value.as_u64());
        if value == Some(0) {
            let span = self.span(name);
            self.report(zero(span, name));
            return Err(Poison);
        }
        Ok(value.map(|milliseconds| Duration { milliseconds }))
    }

    pub(super) fn texts(&mut self, name: &str) -> Picked<Vec<String>> {
        let Some(Value::Array(items)) = self.value(name)? else { return Ok(Vec::new()) };
        items.iter().map(|item| as_text(item).ok_or(Poison)).collect()
    }

    /// The items of a list with their places.
    pub(super) fn items(&mut self, name: &str) -> Picked<Vec<(String, Span)>> {
        let Some((items, span)) = self.spot.items(name, self.sinks.findings)? else { return Ok(Vec::new()) };
        if let Some(attribute) = self.spot.layers.table().attribute(name) {
            self.spans.insert(attribute.name, span);
        }
        items.iter().map(|(item, span)| as_text(item).map(|text| (text, *span)).ok_or(Poison)).collect()
    }

    /// Reports what is missing, unless something that was reported may be why it is.
    pub(super) fn report_missing(&mut self, diagnostic: Diagnostic) {
        if !self.spot.layers.doubtful {
            self.report(diagnostic);
        }
    }

    pub(super) fn text_map(&mut self, name: &str) -> Picked<BTreeMap<String, String>> {
        let map = self.spot.map(name, self.sinks.findings)?;
        if let (Some(span), Some(attribute)) = (self.spot.place_of_map(name), schema::COMPONENT.attribute(name)) {
            self.spans.insert(attribute.name, span);
        }
        map.into_iter().map(|(key, value)| as_text(&value).map(|text| (key, text)).ok_or(Poison)).collect()
    }

    /// A text that may not be empty.
    pub(super) fn filled(&mut self, name: &str) -> Picked<Option<String>> {
        let text = self.text(name)?;
        // What a path may not hold is said by who takes it.
        let judged = text.as_deref().filter(|text| name != "path" || text.is_empty());
        if let Some(wrong) = judged.and_then(|text| unusable(self.span(name), name, text)) {
            self.report(wrong);
            return Err(Poison);
        }
        Ok(text)
    }

    pub(super) fn span(&self, name: &str) -> Span {
        self.spans.get(name).copied().unwrap_or(self.spot.layers.name.span)
    }

    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.sinks.diagnostics.push(diagnostic);
    }
}

/// The deployment of `spot`'s component on its cluster.
///
/// # Errors
/// Gives [`Poison`] when something is wrong with it that was reported.
pub fn deployment(context: Context, spot: Spot, sinks: &mut Sinks) -> Picked<Deployment> {
    let here = context.model.clusters.get(spot.cluster).ok_or(Poison)?;
    let component: Arc<str> = Arc::from(spot.layers.name.text.as_str());
    let mut first = Attributes { spot, sinks, spans: BTreeMap::new() };
    let namespace = namespace(&mut first);
    let named = namespace.clone().ok().flatten();
    let spans = first.spans;
    let mut at = Attributes { spot: Spot { place: Place::Body, namespace: named.as_deref(), ..spot }, sinks, spans };
    let source = source(context, &mut at);
    let is_component = spot.layers.node.form == Form::Component;
    let values = if is_component { at.spot.map("values", at.sinks.findings) } else { Ok(Map::new()) };
    let content = match spot.layers.node.form {
        Form::Component => source
            .as_ref()
            .map_err(|poison| *poison)
            .and_then(|found| content(context, (found, values.as_ref().map_err(|poison| *poison)), &mut at)),
        // What its namespace is was reported, or is missing for certain.
        _ => namespace.as_ref().map_err(|poison| *poison).and_then(|_| objects::content(&mut at, named.as_deref())),
    };
    let mut health = health(&mut at, (named.as_deref(), namespace.is_err() || spot.layers.doubtful));
    let judged = matches!(spot.layers.node.form, Form::Store | Form::Secret);
    if let (true, Ok(content)) = (judged, &content) {
        health = Ok(objects::health(content));
    }
    let wait = wait(&mut at, health.as_ref().is_ok_and(|health| !health.is_empty()));
    let patches = parts::patches(&at.spot, at.sinks.findings, at.sinks.diagnostics);
    let ignore = parts::ignores(&at.spot, at.sinks.findings, at.sinks.diagnostics);
    let retry = parts::retry(&at.spot, at.sinks.findings, at.sinks.diagnostics);
    let raw = raw::fields(&at.spot, at.sinks.findings, at.sinks.diagnostics);
    let images = images(&mut at);
    let components = folder::components(&mut at, content.as_ref().ok());
    let namespace_metadata = folder::namespace_metadata(&mut at, named.as_deref());
    let (project, after, rollout) = (at.text("project"), at.texts("after"), at.text("rollout"));
    let flags = [("prune", true), ("self-heal", false), ("create-namespace", true), ("server-side", false)];
    let flags = flags.map(|(name, default)| at.flag(name, default));
    let (suspend, force) = (at.flag("suspend", false), at.flag("force", false));
    let sync_options = sync_options(&mut at);
    let (interval, timeout) = (at.duration("interval"), at.duration("timeout"));
    let service_account = service_account(&mut at);
    let maps = if matches!(spot.layers.node.form, Form::Object(_)) {
        // They are the object's own.
        [Ok(BTreeMap::new()), Ok(BTreeMap::new()), Ok(BTreeMap::new())]
    } else {
        ["labels", "annotations", "substitute"].map(|name| at.text_map(name))
    };
    if let [Ok(labels), ..] = &maps {
        check_labels("labels", labels, &mut at);
    }
    let on_delete = at.text("on-delete").map(|word| word.and_then(|word| on_delete(&word)));
    let protected = context.protected.contains(spot.cluster);
    let spans = at.spans.into_iter().map(|(name, span)| (name, own_place(context, spot, span))).collect();
    let name = name_of(&component, here);
    let [prune, self_heal, create_namespace, server_side] = flags;
    let [labels, annotations, substitute] = maps;
    let (components, component_spans): (Vec<_>, Vec<_>) = components?.into_iter().unzip();
    let (namespace_labels, namespace_annotations) = namespace_metadata?;
    let substitute = substitute?;
    let place = |name: &String| Some((name.clone(), spot.place_of("substitute", name)?));
    let variables: BTreeMap<String, Span> = substitute.keys().filter_map(place).collect();
    let rollout: Option<Arc<str>> = rollout?.map(Arc::from);
    let (patches, patch_spans): (Vec<_>, Vec<_>) = patches?.into_iter().unzip();
    let found = source?;
    let on_delete = on_delete?;
    let settings = Settings {
        component,
        project: project?,
        namespace: namespace?,
        source: found.source.clone(),
        content: content?,
        images: images?,
        components,
        substitute,
        health: health?,
        wait: wait?,
        ignore: ignore?,
        rollout,
        prune: prune?,
        self_heal: self_heal?,
        create_namespace: create_namespace?,
        namespace_labels,
        namespace_annotations,
        server_side: server_side?,
        force: force?,
        sync_options: sync_options?,
        interval: interval?,
        timeout: timeout?,
        retry: retry?,
        service_account: service_account?,
        labels: labels?,
        annotations: annotations?,
        raw: raw?,
        origin: Origin { component: spot.layers.name.span, attributes: spans },
    };
    let mut deployment = Deployment {
        cluster: here.name.clone(),
        name: name.into(),
        after: after?.into_iter().map(Arc::from).collect(),
        implied: Arc::default(),
        stage: settings.rollout.as_deref().and_then(|rollout| stage_of(context.rollouts, rollout, spot.cluster)),
        suspend: suspend?,
        on_delete: on_delete.unwrap_or(kept(protected)),
        protected,
        values: values?.into(),
        patches: Arc::new(patches),
        settings: Arc::new(settings),
    };
    raw::check(&spot, &mut deployment, sinks.diagnostics);
    if let Some(checkout) = found.checkout.as_deref() {
        checkout::check(
            checkout,
            &deployment,
            checkout::Places { patches: &patch_spans, components: &component_spans, variables: &variables },
            sinks,
        );
    }
    // What is not known to be whole would only be found at fault for something else.
    if spot.layers.doubtful { Err(Poison) } else { Ok(deployment) }
}

/// F0306 for labels of the engine's object.
pub(super) fn check_labels(name: &str, labels: &BTreeMap<String, String>, at: &mut Attributes) {
    for (key, text) in labels.iter().filter(|(_, text)| !is_label_text(text)) {
        let span = at.spot.place_of(name, key).unwrap_or(at.spot.layers.name.span);
        let of = if name == "labels" { "the engine's object" } else { "the namespace" };
        at.report(invalid_value(span, text).label(format!("written as a label of {of}")));
    }
}

/// `span`, or when it is in the standard library, where nobody can change it, the template's name behind `from`.
fn own_place(context: Context, spot: Spot, span: Span) -> Span {
    if context.model.sources.file(span.source).origin == crate::source::Origin::Project {
        return span;
    }
    let from = spot.layers.node.from.iter().find(|path| path.text().starts_with("std."));
    from.map_or(spot.layers.name.span, |path| path.span)
}

pub(super) fn stage_of(rollouts: &[rollouts::Resolved], rollout: &str, cluster: usize) -> Option<Arc<str>> {
    let found = rollouts::find(rollouts, rollout)?;
    let index = found.sets.iter().position(|set| set.contains(cluster))?;
    found.rollout.stages.get(index).map(|stage| stage.name.clone())
}

fn images(at: &mut Attributes) -> Picked<Vec<Image>> {
    let map = at.text_map("images")?;
    let images: Vec<Image> = map.iter().map(|(name, text)| parts::image(name, text)).collect();
    for image in &images {
        let changes = image.tag.is_some() || image.digest.is_some() || image.new_name.as_ref() != Some(&image.name);
        let empty = [&image.new_name, &image.tag, &image.digest].into_iter().all(Option::is_none);
        let blank = [&image.tag, &image.digest].into_iter().flatten().any(String::is_empty);
        let why = if !parts::may_be_image(image) {
            Some((format!("`{}` names no image", image.name), "not what may stand in the name of an image"))
        } else if !changes || empty || blank {
            let message = format!("nothing would replace the image `{}`", image.name);
            Some((message, "says no other name, tag or digest"))
        } else {
            None
        };
        if let Some((message, label)) = why {
            let span = at.spot.layers.maps.get("images").and_then(|parts| parts.last()).map(|part| part.span);
            let span = span.unwrap_or(at.spot.layers.name.span);
            let help = "write for example `nginx = \":1.2.3\"`, or `nginx = \"registry/nginx:1.2.3\"`";
            at.report(invalid(span, message, label, help));
            return Err(Poison);
        }
    }
    Ok(images)
}

fn namespace(at: &mut Attributes) -> Picked<Option<String>> {
    object_name(at, "namespace", cluster::is_dns_label, ("a namespace", 63))
}

fn service_account(at: &mut Attributes) -> Picked<Option<String>> {
    object_name(at, "service-account", cluster::is_dns_subdomain, ("a service account", 253))
}

/// The attribute `name`, which becomes the name of `what` of at most so many characters.
fn object_name(at: &mut Attributes, name: &str, fits: fn(&str) -> bool, what: (&str, usize)) -> Picked<Option<String>> {
    let Some(text) = at.text(name)? else { return Ok(None) };
    if fits(&text) {
        return Ok(Some(text));
    }
    let span = at.span(name);
    at.report(invalid_name(span, &text, what.0, what.1));
    Err(Poison)
}

fn source<'c>(context: Context<'c, '_>, at: &mut Attributes) -> Picked<&'c Resolved> {
    let key = match at.text("source")? {
        Some(key) => key,
        None => match &context.fleet.source {
            Some((key, _)) => key.clone(),
            None => {
                at.report_missing(no_source(at.spot));
                return Err(Poison);
            }
        },
    };
    context.sources.get(&key).ok_or(Poison)
}

fn no_source(spot: Spot) -> Diagnostic {
    let name = spot.layers.name;
    let what = spot.layers.node.form.word();
    let diagnostic =
        Diagnostic::new(codes::MISSING_ATTRIBUTE, name.span, format!("the {what} `{}` has no source", name.text));
    if spot.layers.node.form == Form::Component {
        let diagnostic = diagnostic.label("where does it come from?");
        return diagnostic.help("write `source = …` here, or in the `fleet` block for all components");
    }
    let diagnostic = diagnostic.label("the engines read it from the output of the fleet");
    diagnostic.help("write `source = …` in the `fleet` block, naming the repository of this fleet")
}

fn content(
    context: Context,
    (found, values): (&Resolved, Picked<&Map<String, Value>>),
    at: &mut Attributes,
) -> Picked<Content> {
    let (path, chart, version) = (at.filled("path"), at.text("chart"), at.filled("version"));
    let release = at.text("release");
    let files = values_files(context, at);
    let kind = found.source.kind;
    match (path?, chart?) {
        (Some(path), None) => {
            let (values, files) = (values?, files?);
            let _ = (version?, release?);
            for (name, set) in [("values", !values.is_empty()), ("values-files", !files.is_empty())] {
                if set {
                    let span = at.spot.layers.maps.get(name).and_then(|parts| parts.last()).map(|part| part.span);
                    let span = span.unwrap_or_else(|| at.span(name));
                    let path_span = at.span("path");
                    at.report(exclusive(span, name, path_span, "path", "values are for Helm charts"));
                }
            }
            if at.spans.contains_key("version") {
                let (version, path) = (at.span("version"), at.span("path"));
                at.report(exclusive(version, "version", path, "path", "a folder's revision is that of its source"));
            }
            if kind == SourceKind::Helm {
                let (path, source) = (at.span("path"), found.source.span);
                at.report(
                    Diagnostic::new(codes::CONFLICTING_ATTRIBUTES, path, "a Helm repository has no folders")
                        .label("needs a source of kind `git`, `oci` or `bucket`")
                        .related(source, "the source is declared here")
                        .help("write `chart` and `version`, or another `source`"),
                );
                return Err(Poison);
            }
            folder_path(at, &path).map(Content::Path)
        }
        (None, Some(name)) => {
            if !matches!(kind, SourceKind::Helm | SourceKind::Oci) {
                let (chart, source) = (at.span("chart"), found.source.span);
                at.report(
                    Diagnostic::new(
                        codes::CONFLICTING_ATTRIBUTES,
                        chart,
                        format!("a `{}` source has no charts", kind.word()),
                    )
                    .label("needs a source of kind `helm` or `oci`")
                    .related(source, "the source is declared here")
                    .help("write `path`, or another `source`"),
                );
                return Err(Poison);
            }
            // The URL of an OCI source may name the chart itself.
            let said = kind == SourceKind::Helm || !name.is_empty();
            if let Some(wrong) = unusable(at.span("chart"), "chart", &name).filter(|_| said) {
                at.report(wrong);
                return Err(Poison);
            }
            let version = chart_version(at, &name, version?)?;
            let release = release_name(at, release?)?;
            let (_, values_files) = (values?, files?);
            // What is known to be missing is left out; only what cannot be looked for is left to the engine.
            let is_unseen = values_files.iter().any(|file| file.text.is_none());
            let missing_values_files = is_unseen && may_miss(at)?;
            Ok(Content::Chart(Chart { name, version, release, values_files, missing_values_files }))
        }
        (Some(_), Some(_)) => {
            let (chart, path) = (at.span("chart"), at.span("path"));
            at.report(exclusive(chart, "chart", path, "path", "a component is a folder or a chart"));
            Err(Poison)
        }
        (None, None) => {
            let name = at.spot.layers.name;
            at.report_missing(
                Diagnostic::new(
                    codes::MISSING_ATTRIBUTE,
                    name.span,
                    format!("the component `{}` has neither `path` nor `chart`", name.text),
                )
                .label("what does it run?")
                .help("write `path = \"…\"` for a folder, or `chart = \"…\"` and `version = \"…\"`"),
            );
            Err(Poison)
        }
    }
}

fn folder_path(at: &mut Attributes, path: &str) -> Picked<String> {
    if let Some(why) = unsafe_path(path) {
        let span = at.span("path");
        at.report(unsafe_path_diagnostic(span, path, why));
        return Err(Poison);
    }
    Ok(clean_path(path))
}

fn chart_version(at: &mut Attributes, chart: &str, version: Option<String>) -> Picked<String> {
    if let Some(version) = version {
        return Ok(version);
    }
    let name = at.spot.layers.name;
    at.report_missing(
        Diagnostic::new(
            codes::MISSING_ATTRIBUTE,
            name.span,
            format!("the component `{}` does not say which version", name.text),
        )
        .label(format!("runs the chart `{chart}`"))
        .help("write `version = \"…\"`")
        .note("a chart without a version follows whatever is newest, on every cluster at once"),
    );
    Err(Poison)
}

fn release_name(at: &mut Attributes, release: Option<String>) -> Picked<String> {
    let Some(release) = release else { return Ok(shorten(&at.spot.layers.name.text, MAX_NAME)) };
    if release.len() > MAX_NAME || !cluster::is_dns_subdomain(&release) {
        let span = at.span("release");
        at.report(invalid_name(span, &release, "a Helm release", MAX_NAME));
        return Err(Poison);
    }
    Ok(release)
}

fn values_files(context: Context, at: &mut Attributes) -> Picked<Vec<ValuesFile>> {
    let paths = at.items("values-files")?;
    let Some((_, first)) = paths.first() else { return Ok(Vec::new()) };
    let key = at.text("values-source")?.or_else(|| context.fleet.source.as_ref().map(|(key, _)| key.clone()));
    let Some(found) = key.as_ref().and_then(|key| context.sources.get(key)) else {
        if key.is_none() {
            at.report_missing(
                Diagnostic::new(codes::MISSING_ATTRIBUTE, *first, "the source of these values files is not known")
                    .label("in which repository?")
                    .help("write `values-source = …`, or `source = …` in the `fleet` block"),
            );
        }
        return Err(Poison);
    };
    let ignore_missing = may_miss(at)?;
    let mut read = Vec::new();
    for (path, span) in paths {
        read.push(values_file(found, &path, span, ignore_missing, at));
    }
    Ok(read.into_iter().collect::<Picked<Vec<_>>>()?.into_iter().flatten().collect())
}

fn may_miss(at: &mut Attributes) -> Picked<bool> {
    Ok(at.text("missing-values-files")?.as_deref() == Some("ignore"))
}

/// The values file `path`; none when it may be missing and is.
fn values_file(
    found: &Resolved,
    path: &str,
    span: Span,
    ignore_missing: bool,
    at: &mut Attributes,
) -> Picked<Option<ValuesFile>> {
    if let Some(why) = unsafe_path(path) {
        at.report(unsafe_path_diagnostic(span, path, why));
        return Err(Poison);
    }
    let path = clean_path(path);
    let text = match &found.checkout {
        None => None,
        Some(checkout) => match at.sinks.folders.values_file(checkout, &path, span) {
            Ok(text) => Some(text),
            Err(missing) if ignore_missing && missing.code == codes::VALUES_FILE_NOT_FOUND => return Ok(None),
            Err(diagnostic) => {
                at.report(*diagnostic);
                return Err(Poison);
            }
        },
    };
    Ok(Some(ValuesFile { source: found.source.clone(), path, text }))
}

fn health(at: &mut Attributes, namespace: (Option<&str>, bool)) -> Picked<Vec<ObjectRef>> {
    let items = at.items("health")?;
    let diagnostics = &mut *at.sinks.diagnostics;
    let read: Vec<Option<ObjectRef>> =
        items.iter().map(|(text, span)| parts::object_ref(text, *span, namespace, diagnostics)).collect();
    read.into_iter().map(|object| object.ok_or(Poison)).collect()
}

fn wait(at: &mut Attributes, has_health: bool) -> Picked<bool> {
    let wait = at.value("wait")?.and_then(|value| value.as_bool());
    if wait == Some(true) && has_health {
        let (wait, health) = (at.span("wait"), at.span("health"));
        at.report(exclusive(
            wait,
            "wait",
            health,
            "health",
            "with `wait = true` everything applied counts, and `health` would be ignored",
        ));
        return Err(Poison);
    }
    Ok(wait.unwrap_or(!has_health))
}

fn sync_options(at: &mut Attributes) -> Picked<Vec<String>> {
    let items = at.items("sync-options")?;
    for (option, span) in &items {
        parts::check_sync_option(option, *span, at.sinks.diagnostics);
    }
    let mut options: Vec<String> = items.into_iter().map(|(option, _)| option).collect();
    options.sort();
    options.dedup();
    Ok(options)
}
