//! Kustomizations: one a deployment, and the gates of rollouts.
//!
//! `interval`, `retryInterval`, `timeout`, `prune` and `wait` are always written: Flux's own defaults retry a failure
//! only after the interval and give up half a minute before it (kustomize-controller, api/v1/kustomization_types.go).
//! `suspend` is written only when it is true, so that `flux suspend` by hand is not undone by the next build.

use serde_json::{Map, Value, json};

use super::hub::{Hub, has_health_gate};
use super::own::{Own, Part};
use super::patches::{self, AllChange, Substitution, Variables};
use super::rollout::{Dependency, Gate, Order};
use super::{list, object, objects, release, shards, tenancy, text};
use crate::plan::raw::lay_over;
use crate::plan::{Content, Deployment, Duration, ObjectRef, OnDelete};
use crate::target::relative_path;

const API_VERSION: &str = "kustomize.toolkit.fluxcd.io/v1";

/// How much longer the Kustomization of a chart waits than Helm may take: the chart is fetched first, and Helm's own
/// verdict says more than "timeout waiting for HelmRelease".
const CHART_MARGIN: u64 = 60_000;

/// How often a gate that opened looks again at what is before it. It looks at every new revision and content anyway;
/// were it to look more often, a cluster that falls ill long after its turn would keep Flux from those behind it.
const GATE_INTERVAL: Duration = Duration { milliseconds: 24 * 3_600_000 };

/// Kinds whose objects kustomize-controller applies and waits for before all others, even when it skips them
/// (fluxcd/pkg, ssa/utils/is.go and `ApplyAllStaged`).
const EARLY_KINDS: &str = "CustomResourceDefinition|Namespace|ClusterRole|.*Class";

/// The raw fields that change what is built.
const BUILD_FIELDS: [&str; 8] = [
    "buildMetadata",
    "commonMetadata",
    "components",
    "decryption",
    "ignoreMissingComponents",
    "namePrefix",
    "nameSuffix",
    "postBuild",
];

/// The one Kustomization of a deployment; nothing when there is no source that it could read.
pub(super) fn deployment(hub: &Hub, deployment: &Deployment, own: &Own) -> Option<Value> {
    let is_chart = matches!(deployment.content, Content::Chart(_));
    let mut labels = deployment.labels.clone();
    labels.extend(object::labels(hub, &deployment.component, own));
    let mut annotations = deployment.annotations.clone();
    if let Some(digest) = own.get(Part::Digest) {
        annotations.insert(digest_key(hub), digest.into());
    }
    let mut spec = Map::with_capacity(20);
    let timeout = hub.timeout(deployment).milliseconds + if is_chart { CHART_MARGIN } else { 0 };
    rhythm(&mut spec, hub.interval(deployment), hub.retry(deployment), Duration { milliseconds: timeout });
    spec.extend(content(hub, deployment, own)?);
    removal(&mut spec, deployment, is_chart);
    health(&mut spec, hub, deployment, own);
    if deployment.force && !is_chart {
        spec.insert("force".into(), json!(true));
    }
    if hub.is_suspended(deployment) {
        spec.insert("suspend".into(), json!(true));
    }
    if is_chart {
        spec.extend(own_account(hub));
    } else {
        spec.extend(identity(hub, deployment, own));
    }
    let dependencies = own.dependencies().map(|name| Dependency { name, digest: None, bake: None });
    insert(&mut spec, "dependsOn", depends_on(hub, dependencies));
    if !is_chart {
        insert(&mut spec, "ignore", list(patches::ignore_rules(&deployment.ignore)));
    }
    lay_over(&mut spec, &deployment.raw.kustomization);
    Some(finish(object::metadata(hub, own.name(), labels, annotations), spec))
}

/// The Kustomization that stands between two batches and applies nothing.
///
/// It builds what the first deployment of the batch before it builds, from the same source, so that Flux holds it and
/// what waits for it to the same revision; and every object says `ssa: Ignore`, so that kustomize-controller passes all
/// of them over and becomes Ready with the revision as the last applied one.
pub(super) fn gate(hub: &Hub, order: &Order, gate: &Gate) -> Option<Value> {
    let shadowed = hub.plan.deployments.get(*gate.before.first().or(gate.behind.first())?)?;
    let own = Own::without_order(hub, shadowed);
    let mut spec = Map::new();
    rhythm(&mut spec, GATE_INTERVAL, hub.settings.retry, hub.settings.timeout);
    spec.extend(content(hub, shadowed, &own)?);
    spec.insert("prune".into(), json!(false));
    spec.insert("deletionPolicy".into(), json!("Orphan"));
    spec.insert("wait".into(), json!(false));
    spec.insert("commonMetadata".into(), json!({ "annotations": { "kustomize.toolkit.fluxcd.io/ssa": "Ignore" } }));
    match (&shadowed.content, gate.before.is_empty()) {
        // Nothing of it may be on the cluster yet, so the gate looks at the hub and must not wait for namespaces.
        (Content::Path(_) | Content::Objects(_), true) => {
            delete_early_kinds(&mut spec);
            spec.extend(own_account(hub));
        }
        (Content::Path(_) | Content::Objects(_), false) => spec.extend(identity(hub, shadowed, &own)),
        (Content::Chart(_), _) => spec.extend(own_account(hub)),
    }
    if gate.manual {
        spec.insert("suspend".into(), json!(true));
    }
    insert(&mut spec, "dependsOn", depends_on(hub, order.before(hub, gate).into_iter()));
    let mut labels = object::component_label(hub, gate.component);
    labels.extend(shards::label(hub, &shadowed.cluster));
    Some(finish(object::metadata(hub, &gate.name, labels, Default::default()), spec))
}

/// Where the objects come from and what is done to them: what two builds of the same revision differ in.
pub(super) fn content(hub: &Hub, deployment: &Deployment, own: &Own) -> Option<Map<String, Value>> {
    let source = hub.source_ref(deployment)?;
    let mut spec = Map::new();
    spec.insert("sourceRef".into(), json!({ "kind": source.kind, "name": source.name }));
    spec.insert("path".into(), json!(own.get(Part::Path)));
    // Objects that fleetc writes have their namespaces already.
    if !matches!(deployment.content, Content::Path(_)) {
        return Some(spec);
    }
    if let Some(namespace) = &deployment.namespace {
        spec.insert("targetNamespace".into(), json!(namespace));
    }
    let raw = &deployment.raw.kustomization;
    insert(&mut spec, "patches", list(patches::of(deployment, own, variables(deployment))));
    insert(&mut spec, "images", list(patches::images(&deployment.images)));
    if let Content::Path(path) = &deployment.content {
        let relative = |component: &String| json!(relative_path(path, component));
        insert(&mut spec, "components", list(deployment.components.iter().map(relative).collect()));
    }
    if !deployment.substitute.is_empty() {
        spec.insert("postBuild".into(), json!({ "substitute": deployment.substitute }));
    }
    let of_build = raw.iter().filter(|(field, _)| BUILD_FIELDS.contains(&field.as_str()));
    lay_over(&mut spec, &of_build.map(|(field, value)| (field.clone(), value.clone())).collect());
    Some(spec)
}

/// What happens to variables in the patches of a deployment.
pub(super) fn variables(deployment: &Deployment) -> Variables {
    if Substitution::of(deployment) == Substitution::Never { Variables::Kept } else { Variables::Escaped }
}

/// The annotation by which a gate knows which version of a deployment it looks at.
fn digest_key(hub: &Hub) -> String {
    format!("{}/digest", hub.plan.label_prefix)
}

fn rhythm(spec: &mut Map<String, Value>, interval: Duration, retry: Duration, timeout: Duration) {
    for (field, value) in [("interval", interval), ("retryInterval", retry), ("timeout", timeout)] {
        spec.insert(field.into(), json!(text::duration(value)));
    }
}

/// `prune` is about objects that left the source, `deletionPolicy` (Flux 2.5) about the end of the Kustomization;
/// without the latter the former would decide both. What leaves a chart is Helm's affair.
fn removal(spec: &mut Map<String, Value>, deployment: &Deployment, is_chart: bool) {
    spec.insert("prune".into(), json!(deployment.prune || is_chart));
    let policy = match deployment.on_delete {
        OnDelete::Keep => "Orphan",
        OnDelete::Cascade => "Delete",
    };
    spec.insert("deletionPolicy".into(), json!(policy));
}

/// With `wait` Flux reads no `healthChecks`. The Kustomization of a chart waits for the HelmRelease, and Helm for the
/// objects. From a hub it cannot look at those, which are on another cluster; a cluster's own Flux can.
fn health(spec: &mut Map<String, Value>, hub: &Hub, deployment: &Deployment, own: &Own) {
    let is_chart = matches!(deployment.content, Content::Chart(_));
    let mut checks: Vec<Value> = deployment.health.iter().map(health_check).collect();
    let wait = match (is_chart, hub.is_pull()) {
        (false, _) => deployment.wait,
        (true, false) => has_health_gate(deployment),
        (true, true) => deployment.wait && checks.is_empty(),
    };
    if is_chart && !checks.is_empty() {
        checks.insert(0, release::health_check(hub, own));
    }
    spec.insert("wait".into(), json!(wait));
    if !wait {
        insert(spec, "healthChecks", list(checks));
    }
    if has_health_gate(deployment) {
        insert(spec, "healthCheckExprs", list(objects::expressions(deployment)));
    }
}

fn health_check(object: &ObjectRef) -> Value {
    let mut check = Map::new();
    check.insert("apiVersion".into(), json!(object.api_version));
    check.insert("kind".into(), json!(object.kind));
    check.insert("name".into(), json!(object.name));
    insert(&mut check, "namespace", object.namespace.as_ref().map(|namespace| json!(namespace)));
    Value::Object(check)
}

/// The account of what is applied where Flux runs: a locked down Flux applies nothing as itself unless it is told to.
/// Nothing but what fleetc writes is applied so, a HelmRelease and its values, or nothing at all by a gate.
fn own_account(hub: &Hub) -> Option<(String, Value)> {
    hub.settings.multi_tenant.then(|| ("serviceAccountName".into(), json!(tenancy::OWN_ACCOUNT)))
}

/// Which cluster, unless it is Flux's own, and as whom there.
pub(super) fn identity(hub: &Hub, deployment: &Deployment, own: &Own) -> Map<String, Value> {
    let mut fields = Map::new();
    insert(&mut fields, "serviceAccountName", hub.service_account(deployment).map(|account| json!(account)));
    let secret = own.get(Part::Secret).zip(own.get(Part::Key));
    let secret = secret.map(|(name, key)| json!({ "secretRef": { "name": name, "key": key } }));
    let config_map = own.get(Part::ConfigMap).map(|name| json!({ "configMapRef": { "name": name } }));
    insert(&mut fields, "kubeConfig", secret.or(config_map));
    fields
}

/// Flux reads the entries one after the other, each time anew. The first of those for a deployment with a digest says
/// that it is the wanted version, the second that this version is applied and healthy: an expression alone would
/// switch the built-in test off (kustomize-controller, `checkDependencies`). Only behind it may stand how long it has
/// been so, which would otherwise be said of the version before.
fn depends_on<'d>(hub: &Hub, dependencies: impl Iterator<Item = Dependency<'d>>) -> Option<Value> {
    let mut entries = Vec::new();
    for Dependency { name, digest, bake } in dependencies {
        if let Some(digest) = digest {
            let key = digest_key(hub);
            let expression = format!("dep.metadata.?annotations[?'{key}'].orValue('') == '{digest}'");
            entries.push(json!({ "name": name, "readyExpr": expression }));
        }
        entries.push(json!({ "name": name }));
        if let Some(bake) = bake {
            entries.push(json!({ "name": name, "readyExpr": baked(bake) }));
        }
    }
    list(entries)
}

/// The newest entry of the history is of what is applied now: it succeeded, and has done so for that long. Its last
/// time moves on with each reconciliation, so the answer comes in steps of the interval (fluxcd/pkg,
/// apis/meta/history.go).
fn baked(bake: Duration) -> String {
    let time = |field: &str| format!("timestamp(dep.status.history[0].{field})");
    format!(
        "dep.?status.?history[?0].?lastReconciledStatus.orValue('') == 'ReconciliationSucceeded' && \
         {} - {} >= duration('{}')",
        time("lastReconciled"),
        time("firstReconciled"),
        text::duration(bake)
    )
}

fn delete_early_kinds(spec: &mut Map<String, Value>) {
    let patch = patches::patch_of_kinds(EARLY_KINDS, AllChange::Delete);
    match spec.get_mut("patches").and_then(Value::as_array_mut) {
        Some(patches) => patches.push(patch),
        None => insert(spec, "patches", Some(json!([patch]))),
    }
}

fn insert(map: &mut Map<String, Value>, field: &str, value: Option<Value>) {
    if let Some(value) = value {
        map.insert(field.into(), value);
    }
}

fn finish(metadata: Value, spec: Map<String, Value>) -> Value {
    object::object(API_VERSION, "Kustomization", metadata, ("spec", Value::Object(spec)))
}
