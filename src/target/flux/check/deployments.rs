//! What Flux cannot do for a single deployment.

use serde_json::Value;

use super::super::hub::Hub;
use super::Report;
use crate::diag::{Diagnostic, codes};
use crate::plan::{Change, Chart, Content, Deployment, Kubeconfig, OnDelete};
use crate::target::yaml;

/// Options of Argo CD that ask for what Flux does anyway: it never writes ignored fields, applies only what differs,
/// and always applies on the server's side.
const INHERENT_OPTIONS: [&str; 3] =
    ["RespectIgnoreDifferences=true", "ApplyOutOfSyncOnly=true", "ServerSideApply=true"];
/// The most text of values files that one ConfigMap takes: Kubernetes refuses 1 MiB, names and quoting included.
const MOST_VALUES: usize = 1_000_000;
/// kustomize-controller waits at least that long (api/v1/kustomization_types.go, `GetTimeout`).
const LEAST_TIMEOUT: u64 = 30_000;

pub(super) fn check(hub: &Hub, report: &mut Report) {
    for cluster in hub.plan.clusters.iter().filter(|_| !hub.is_pull()) {
        if matches!(cluster.kubeconfig, Kubeconfig::ConfigMap { .. }) {
            report.needs(hub, 7, cluster.span, "`kubeconfig-map`");
        }
    }
    for deployment in &hub.plan.deployments {
        check_times(hub, deployment, report);
        check_retry(deployment, report);
        check_engine_words(deployment, report);
        check_texts(deployment, report);
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
    if patched || !deployment.annotations.values().all(|text| yaml::survives_kustomize(text)) {
        let message = "Flux cannot write several lines of which the first begins with a tab";
        report.add(
            not_expressible(deployment.origin.component, message)
                .label(if patched { "in one of its patches" } else { "in one of its annotations" })
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
