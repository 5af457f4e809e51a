//! What Flux cannot do for a single deployment.

use serde_json::Value;

use super::super::hub::Hub;
use super::super::patches::{self, Substitution, Variables};
use super::Report;
use crate::diag::{Diagnostic, codes};
use crate::kinds::{Engine, Object};
use crate::plan::raw::newer_than;
use crate::plan::{Change, Chart, Content, Deployment, Kubeconfig, OnDelete};
use crate::target::yaml;

/// Options of Argo CD that ask for what Flux does anyway: it never writes ignored fields, applies only what differs,
/// and always applies on the server's side.
const INHERENT_OPTIONS: [&str; 3] =
    ["RespectIgnoreDifferences=true", "ApplyOutOfSyncOnly=true", "ServerSideApply=true"];
/// The most text of values files that one ConfigMap takes: Kubernetes refuses 1 MiB, names and quoting included.
const MOST_VALUES: usize = 1_000_000;
/// Raw fields that change what is in a folder. The folder of a chart's Kustomization is fleetc's and holds its HelmRelease.
const OF_A_FOLDER: [&str; 5] = ["components", "ignoreMissingComponents", "namePrefix", "nameSuffix", "postBuild"];
/// kustomize-controller waits at least that long (api/v1/kustomization_types.go, `GetTimeout`).
const LEAST_TIMEOUT: u64 = 30_000;

pub(super) fn check(hub: &Hub, report: &mut Report) {
    for cluster in hub.plan.clusters.iter().filter(|_| !hub.is_pull()) {
        if matches!(cluster.kubeconfig, Kubeconfig::ConfigMap { .. }) {
            report.needs(hub, 7, cluster.span, "`kubeconfig-map`");
        }
    }
    let declared = (hub.settings.version.major, hub.settings.version.minor);
    for object in &hub.plan.hub_objects {
        for newer in newer_than(&object.newer, Engine::Flux, declared) {
            report.needs(hub, newer.since.1, newer.span, &newer.what);
        }
    }
    for deployment in &hub.plan.deployments {
        check_times(hub, deployment, report);
        check_retry(deployment, report);
        check_engine_words(deployment, report);
        check_texts(deployment, report);
        check_namespace(hub, deployment, report);
        for newer in deployment.raw.newer_than(Engine::Flux, declared) {
            report.needs(hub, newer.since.1, newer.span, &newer.what);
        }
        match &deployment.content {
            Content::Path(_) => check_path(hub, deployment, report),
            Content::Chart(chart) => check_chart(hub, deployment, chart, report),
            Content::Objects(objects) => check_objects(deployment, objects, report),
        }
    }
}

fn check_times(hub: &Hub, deployment: &Deployment, report: &mut Report) {
    if hub.interval(deployment).milliseconds < 1_000 {
        let at = deployment.interval.map_or(hub.settings.span, |_| deployment.origin.of("interval"));
        report.add(
            Diagnostic::new(codes::INVALID_VALUE, at, "an interval of less than a second")
                .help("write a minute or more: every deployment is built and compared that often"),
        );
    }
    if hub.timeout(deployment).milliseconds < LEAST_TIMEOUT {
        let at = deployment.timeout.map_or(hub.settings.span, |_| deployment.origin.of("timeout"));
        let message = "Flux waits for at least 30 seconds, whatever its timeout";
        report.add(Diagnostic::new(codes::NOT_EXPRESSIBLE, at, message).help("write `30s` or more"));
    }
}

fn check_retry(deployment: &Deployment, report: &mut Report) {
    let Some(retry) = deployment.retry else { return };
    let at = deployment.origin.of("retry");
    if retry.factor.is_some() || retry.max_duration.is_some() {
        let message = "Flux tries again after a constant pause, which does not grow";
        report.add(not_expressible(at, message).help("leave out `factor` and `max-duration`"));
    } else if retry.limit >= 0 && !matches!(deployment.content, Content::Chart(_)) {
        let message = "Flux tries to apply a folder again for ever";
        report.add(not_expressible(at, message).help("leave out `limit`, or set it for Argo CD's clusters only"));
    }
}

/// Text that kustomize cannot give back where it writes an object anew.
fn check_texts(deployment: &Deployment, report: &mut Report) {
    let lost = |value: &Value| !strings(value).into_iter().all(yaml::survives_kustomize);
    let patched = deployment.patches.iter().any(|patch| match &patch.change {
        Change::Operations(operations) => operations.iter().any(&lost),
        Change::Merge(fields) => fields.values().any(&lost),
    });
    let noted = !deployment.annotations.values().all(|text| yaml::survives_kustomize(text));
    if patched || noted || deployment.raw.kustomization.values().any(lost) {
        let message = "Flux cannot write several lines of which the first begins with a tab";
        report.add(
            not_expressible(deployment.origin.component, message)
                .label(match (patched, noted) {
                    (true, _) => "in one of its patches",
                    (_, true) => "in one of its annotations",
                    _ => "in one of its raw fields",
                })
                .help("let the text begin with something else")
                .note("kustomize writes it as a block that it cannot read again"),
        );
    }
}

fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(strings).collect(),
        Value::Object(map) => map.values().flat_map(strings).collect(),
        _ => Vec::new(),
    }
}

/// What only Argo CD knows.
fn check_engine_words(deployment: &Deployment, report: &mut Report) {
    let foreign = deployment.sync_options.iter().find(|option| !INHERENT_OPTIONS.contains(&option.as_str()));
    if let Some(option) = foreign {
        let message = format!("`{option}` is an option of Argo CD, and Flux has nothing like it");
        report.add(
            not_expressible(deployment.origin.of("sync-options"), message)
                .help("set `sync-options` only for clusters that Argo CD deploys to"),
        );
    }
    let foreign = deployment.annotations.keys().find(|key| {
        key.split_once('/').is_some_and(|(owner, _)| owner == "argoproj.io" || owner.ends_with(".argoproj.io"))
    });
    if let Some(key) = foreign {
        let message = format!("only Argo CD reads the annotation `{key}`, and Flux deploys `{}`", deployment.component);
        report.add(
            Diagnostic::new(codes::NOT_READ_BY_FLUX, deployment.origin.of("annotations"), message)
                .label("does nothing there")
                .help("leave it out; for notifications of Flux write an Alert beside Flux itself"),
        );
    }
    if deployment.ignore.iter().any(|rule| !rule.jq.is_empty()) {
        report.add(
            not_expressible(
                deployment.origin.of("ignore"),
                "Flux ignores fields by JSON pointer, not by jq expression",
            )
            .help("name the fields in `fields`"),
        );
    }
}

/// Labels and annotations of a namespace that Flux does not make.
fn check_namespace(hub: &Hub, deployment: &Deployment, report: &mut Report) {
    let maps = [
        ("namespace-labels", &deployment.namespace_labels),
        ("namespace-annotations", &deployment.namespace_annotations),
    ];
    let Some((name, _)) = maps.into_iter().find(|(_, map)| !map.is_empty()) else { return };
    let (message, help) = match (&deployment.content, hub.is_pull()) {
        (Content::Path(_) | Content::Objects(_), _) => (
            "Flux makes no namespace for a folder, so there is none to label",
            "put a Namespace with them into the folder",
        ),
        (Content::Chart(_), false) => (
            "Helm makes the namespace of a chart, and gives it no labels and no annotations",
            "let a component come first whose folder holds the Namespace with them, and write `create-namespace = false`",
        ),
        (Content::Chart(_), true) => return,
    };
    report.add(not_expressible(deployment.origin.of(name), message).help(help));
}

/// kustomize writes annotations anew, and for a gate of a rollout whole objects.
fn check_objects(deployment: &Deployment, objects: &[Value], report: &mut Report) {
    let whole = deployment.rollout.is_some();
    let read =
        |object: &Value| if whole { Some(object.clone()) } else { object.pointer("/metadata/annotations").cloned() };
    let lost = |value: Value| !strings(&value).into_iter().all(yaml::survives_kustomize);
    if objects.iter().filter_map(read).any(lost) {
        let message = "Flux cannot write several lines of which the first begins with a tab";
        report.add(
            not_expressible(deployment.origin.component, message)
                .label("in one of its fields")
                .help("let the text begin with something else")
                .note("kustomize writes it as a block that it cannot read again"),
        );
    }
}

fn check_path(hub: &Hub, deployment: &Deployment, report: &mut Report) {
    let origin = &deployment.origin;
    if deployment.ignore.iter().any(|rule| !rule.fields.is_empty()) {
        report.needs(hub, 9, origin.of("ignore"), "`ignore` for a component with a `path`");
    }
    if deployment.wait && !deployment.health.is_empty() {
        let message = "Flux waits for all it applied or for what `health` lists, not for both";
        report.add(
            not_expressible(origin.of("wait"), message)
                .label("with this, `health` is not read")
                .related(origin.of("health"), "what must be healthy is listed here")
                .help("leave out one of the two"),
        );
    }
    let written = |variables| patches::patches(&deployment.patches, variables);
    if Substitution::of(deployment) == Substitution::Perhaps && written(Variables::Escaped) != written(Variables::Kept)
    {
        let span = deployment.raw.span(Object::Kustomization, "postBuild.substituteFrom").unwrap_or(origin.component);
        let message = "Flux replaces no variable where it finds none, and then `$` in a patch would stand there twice";
        report.add(
            not_expressible(span, message)
                .label("may hold no variable")
                .help("set a variable in `substitute { … }`, or write `substituteStrategy = \"Always\"` (Flux 2.9)"),
        );
    }
    for (name, value) in &deployment.substitute {
        if !is_variable(name) {
            let message = format!("`{name}` cannot be a variable of Flux");
            report.add(
                Diagnostic::new(codes::INVALID_VALUE, origin.of("substitute"), message)
                    .help("write a name of letters, digits and `_` that begins with no digit")
                    .note("one such name makes Flux refuse the whole deployment"),
            );
        }
        if value.contains('\n') {
            let message = format!("Flux takes the line breaks out of `{name}`");
            report.add(not_expressible(origin.of("substitute"), message).help("write the value in one line"));
        }
    }
}

fn check_chart(hub: &Hub, deployment: &Deployment, chart: &Chart, report: &mut Report) {
    let origin = &deployment.origin;
    for field in OF_A_FOLDER {
        if let Some(span) = deployment.raw.span(Object::Kustomization, field) {
            let message = format!("`{field}` changes a folder, and `{}` is a chart", deployment.component);
            report.add(
                not_expressible(span, message)
                    .label("would change the HelmRelease itself")
                    .help("leave it out for charts, or write raw fields of the HelmRelease into `release { … }`"),
            );
        }
    }
    if deployment.namespace.is_none() {
        let message = format!("`{}` is a chart and has no namespace", deployment.component);
        let elsewhere =
            if hub.is_pull() { "its own namespace" } else { "the hub's own namespace, which the cluster may lack" };
        report.add(
            Diagnostic::new(codes::MISSING_ATTRIBUTE, origin.component, message)
                .help("write `namespace = …`")
                .note(format!("Flux would put the release into {elsewhere}")),
        );
    }
    if !deployment.substitute.is_empty() {
        let message = "Flux substitutes variables in manifests, not in a chart";
        report.add(not_expressible(origin.of("substitute"), message).help("write the value into `values` with `${…}`"));
    }
    if !deployment.prune && deployment.on_delete == OnDelete::Cascade {
        let message = "Helm keeps what left the chart only if it also keeps it when the release goes";
        report.add(not_expressible(origin.of("prune"), message).help("write `on-delete = keep`, or leave out `prune`"));
    }
    if deployment.force && deployment.server_side && hub.has(8) {
        let message = "Helm does not replace objects that it applies on the server's side";
        report.add(not_expressible(origin.of("force"), message).help("leave out `force` or `server-side`"));
    }
    check_values_files(deployment, chart, report);
}

fn check_values_files(deployment: &Deployment, chart: &Chart, report: &mut Report) {
    let at = deployment.origin.of("values-files");
    if let Some(file) = chart.values_files.iter().find(|file| file.text.is_none()) {
        let message = format!("`{}` is in another repository, where Flux cannot read it for a chart", file.path);
        report.add(
            not_expressible(at, message)
                .related(file.source.span, format!("source `{}` is declared here", file.source.name))
                .help("keep the file in this repository; its text goes into a ConfigMap beside the release"),
        );
    }
    let size: usize = chart.values_files.iter().filter_map(|file| file.text.as_ref()).map(|text| text.len()).sum();
    if size > MOST_VALUES {
        let message =
            format!("the values files of `{}` hold {size} bytes, and a ConfigMap takes 1 MiB", deployment.name);
        report.add(not_expressible(at, message).help("keep only what differs from the chart's own values"));
    }
}

/// fluxcd/pkg, kustomize/kustomize_varsub.go: `^[_[:alpha:]][_[:alpha:][:digit:]]*$`.
fn is_variable(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
}

fn not_expressible(at: crate::source::Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(codes::NOT_EXPRESSIBLE, at, message)
}
