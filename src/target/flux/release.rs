//! Charts: the HelmRelease beside its Kustomization, which Helm makes a release on the cluster from.

use serde_json::{Map, Value, json};

use super::hub::{Hub, has_health_gate};
use super::own::{Own, Part};
use super::patches::{self, AllChange, Variables};
use super::{kustomization, list, object, sources, text};
use crate::kinds::Object;
use crate::plan::raw::lay_over;
use crate::plan::{Chart, Deployment, Duration};
use crate::target::yaml;

const API_VERSION: &str = "helm.toolkit.fluxcd.io/v2";
const KIND: &str = "HelmRelease";

/// The HelmRelease of a deployment. In the places of its values there are holes, whose numbers follow those of `own`.
pub(super) fn helm_release(hub: &Hub, deployment: &Deployment, chart: &Chart, own: &Own) -> Value {
    let mut spec = Map::with_capacity(16);
    spec.insert("interval".into(), duration(hub.interval(deployment)));
    spec.insert("timeout".into(), duration(hub.timeout(deployment)));
    spec.insert("releaseName".into(), json!(chart.release));
    if let Some(namespace) = &deployment.namespace {
        spec.insert("targetNamespace".into(), json!(namespace));
        // Helm's records lie on the cluster, by default in the HelmRelease's own namespace, which nobody makes there.
        spec.insert("storageNamespace".into(), json!(namespace));
    }
    spec.extend(kustomization::identity(hub, deployment, own));
    spec.insert("chart".into(), json!({ "spec": chart_spec(hub, deployment, chart) }));
    spec.insert("install".into(), install(hub, deployment));
    spec.insert("upgrade".into(), upgrade(hub, deployment));
    if let Some(detection) = drift_detection(deployment) {
        spec.insert("driftDetection".into(), detection);
    }
    if let Some(renderer) = post_renderer(deployment, own) {
        spec.insert("postRenderers".into(), json!([{ "kustomize": renderer }]));
    }
    if let Some((name, files)) = own.get(Part::ValuesFiles).zip(values_files(chart)) {
        let entry = |(key, _)| json!({ "kind": "ConfigMap", "name": name, "valuesKey": key });
        spec.insert("valuesFrom".into(), files.into_iter().map(entry).collect());
    }
    if !deployment.values.is_empty() {
        let hole = |number| json!(yaml::hole(own.len() + number));
        spec.insert("values".into(), Value::Object(deployment.values.shape().filled(&hole)));
    }
    lay_over(&mut spec, &deployment.raw.release);
    let labels = object::labels(hub, &deployment.component, own);
    let metadata = object::metadata(hub, own.name(), labels, Default::default());
    object::object(API_VERSION, KIND, metadata, ("spec", Value::Object(spec)))
}

/// The HelmRelease of a deployment, as something to wait for.
pub(super) fn health_check(hub: &Hub, own: &Own) -> Value {
    json!({ "apiVersion": API_VERSION, "kind": KIND, "name": own.name(), "namespace": hub.settings.namespace })
}

/// The ConfigMap with the values files of a chart, if it has any.
pub(super) fn config_map(hub: &Hub, deployment: &Deployment, chart: &Chart, own: &Own) -> Option<Value> {
    let (name, files) = own.get(Part::ValuesFiles).zip(values_files(chart))?;
    let data: Map<String, Value> = files.into_iter().map(|(key, text)| (key, json!(text))).collect();
    let labels = object::labels(hub, &deployment.component, own);
    let metadata = object::metadata(hub, name, labels, Default::default());
    Some(object::object("v1", "ConfigMap", metadata, ("data", Value::Object(data))))
}

/// How the name of that ConfigMap ends, with a digest of the entries: helm-controller looks at a HelmRelease when its spec
/// changes, not when a ConfigMap does, and only then does its Kustomization wait for the upgrade.
pub(super) fn config_map_ending(chart: &Chart) -> Option<String> {
    let all = json!(values_files(chart)?).to_string();
    Some(format!("values-{}", text::digest(&all, 8)))
}

/// The entries of that ConfigMap, in the order in which they are laid over each other.
fn values_files(chart: &Chart) -> Option<Vec<(String, &str)>> {
    let mut files = Vec::new();
    for file in &chart.values_files {
        let name = file.path.rsplit('/').next().unwrap_or_default();
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let name: String = name.chars().map(|c| if allowed(c) { c } else { '-' }).take(200).collect();
        files.push((format!("{}-{name}", files.len() + 1), file.text.as_deref()?));
    }
    (!files.is_empty()).then_some(files)
}

fn chart_spec(hub: &Hub, deployment: &Deployment, chart: &Chart) -> Value {
    json!({
        "chart": sources::chart_name(&deployment.source, chart),
        "version": chart.version,
        "interval": duration(hub.interval(deployment)),
        "sourceRef": { "kind": "HelmRepository", "name": deployment.source.name },
    })
}

fn install(hub: &Hub, deployment: &Deployment) -> Value {
    let mut install = Map::new();
    install.insert("createNamespace".into(), json!(deployment.create_namespace));
    operation("install", &mut install, hub, deployment);
    Value::Object(install)
}

fn upgrade(hub: &Hub, deployment: &Deployment) -> Value {
    let mut upgrade = Map::new();
    operation("upgrade", &mut upgrade, hub, deployment);
    if deployment.force {
        upgrade.insert("force".into(), json!(true));
        if hub.has(8) {
            // Helm 4 replaces no object that it applies on the server's side (helm-controller, action/upgrade.go).
            upgrade.insert("serverSideApply".into(), json!("disabled"));
        }
    }
    Value::Object(upgrade)
}

/// What install and upgrade have in common. Without a strategy a failed release would stay failed until its spec
/// changes; `RetryOnFailure` (Flux 2.7) tries again without uninstalling first. What raw fields say of failures counts
/// in place of it: a remediation is none of the strategy that retries.
fn operation(name: &str, map: &mut Map<String, Value>, hub: &Hub, deployment: &Deployment) {
    map.insert("crds".into(), json!("CreateReplace"));
    let raw = |field: &str| deployment.raw.find(Object::Release, &format!("{name}.{field}")).is_some();
    let limit = deployment.retry.map(|retry| retry.limit).filter(|limit| *limit >= 0);
    match limit {
        _ if raw("strategy") => {}
        None if hub.has(7) && !raw("remediation") => {
            let retry = duration(hub.retry(deployment));
            map.insert("strategy".into(), json!({ "name": "RetryOnFailure", "retryInterval": retry }));
        }
        limit => {
            if hub.has(7) {
                map.insert("strategy".into(), json!({ "name": "RemediateOnFailure" }));
            }
            map.insert("remediation".into(), json!({ "retries": limit.unwrap_or(-1) }));
        }
    }
    if !has_health_gate(deployment) {
        map.insert("disableWait".into(), json!(true));
    }
}

/// Without self-healing nobody looks for drift, unless raw fields say so, and there is nothing to ignore either.
fn drift_detection(deployment: &Deployment) -> Option<Value> {
    let mut detection = Map::new();
    if deployment.self_heal {
        detection.insert("mode".into(), json!("enabled"));
    } else if !deployment.raw.release.contains_key("driftDetection") {
        return None;
    }
    if let Some(rules) = list(patches::ignore_rules(&deployment.ignore)) {
        detection.insert("ignore".into(), rules);
    }
    Some(Value::Object(detection))
}

fn post_renderer(deployment: &Deployment, own: &Own) -> Option<Value> {
    let mut renderer = Map::new();
    let mut changes = patches::of(deployment, own, Variables::Kept);
    if !deployment.prune {
        // Helm deletes what left the chart, unless the object itself says otherwise.
        changes.push(patches::patch_of_kinds(".*", AllChange::Annotate("helm.sh/resource-policy", "keep")));
    }
    if let Some(changes) = list(changes) {
        renderer.insert("patches".into(), changes);
    }
    if let Some(images) = list(patches::images(&deployment.images)) {
        renderer.insert("images".into(), images);
    }
    (!renderer.is_empty()).then_some(Value::Object(renderer))
}

fn duration(duration: Duration) -> Value {
    json!(text::duration(duration))
}
