//! Findings: what they say of their object, what of two objects is different, and the order in which they are told.

use serde_json::Value;

use super::differences::{Difference, differences};
use super::expected::{Expected, Place};
use super::live::{Kind, Live};
use super::position::{Position, Progress};
use super::scope::View;
use super::words::command;
use super::{Finding, Wrong, normal};
use crate::plan::{Deployment, Plan};

/// What an engine's reader makes of the objects of an installation.
#[derive(Default)]
pub(super) struct Judged {
    pub(super) findings: Vec<Finding>,
    pub(super) rollouts: Vec<Position>,
    /// How far each deployment is.
    pub(super) progress: Vec<Option<Progress>>,
}

impl Judged {
    pub(super) fn new(plan: &Plan) -> Self {
        Self { progress: vec![None; plan.deployments.len()], ..Self::default() }
    }

    /// How far a deployment is; of several objects of one, the one that is least far counts.
    pub(super) fn reach(&mut self, expected: &Expected, progress: Progress) {
        if let Some(place) = expected.deployment().and_then(|index| self.progress.get_mut(index)) {
            *place = Some(place.map_or(progress, |before| before.min(progress)));
        }
    }
}

/// A finding about an object that is to be there, with nothing said yet.
pub(super) fn about(view: &View, expected: &Expected, wrong: Wrong) -> Finding {
    let mut finding = bare(wrong, expected.kind, expected.namespace(), expected.name());
    match &expected.place {
        Place::Shared(component) => finding.component.clone_from(component),
        Place::Cluster(cluster) => finding.cluster = Some(cluster.clone()),
        Place::Stage { component, rollout, stage } => {
            finding.component = Some(component.clone()).filter(|name| !name.is_empty());
            finding.rollout = Some(rollout.clone());
            finding.stage = Some(stage.clone());
        }
        Place::Deployment(index) => {
            if let Some(deployment) = view.plan.deployments.get(*index) {
                of_deployment(&mut finding, deployment);
            }
        }
    }
    finding.protected = is_protected(&view.plan, &finding);
    finding
}

fn of_deployment(finding: &mut Finding, deployment: &Deployment) {
    finding.is_deployment = true;
    finding.component = Some(deployment.component.to_string());
    finding.cluster = Some(deployment.cluster.to_string());
    finding.rollout = deployment.rollout.as_ref().map(ToString::to_string);
    finding.stage = deployment.stage.as_ref().map(ToString::to_string);
}

fn is_protected(plan: &Plan, finding: &Finding) -> bool {
    plan.clusters.iter().any(|cluster| cluster.protected && Some(&*cluster.name) == finding.cluster.as_deref())
}

fn bare(wrong: Wrong, kind: Kind, namespace: &str, name: &str) -> Finding {
    Finding {
        wrong,
        kind,
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        component: None,
        cluster: None,
        rollout: None,
        stage: None,
        protected: false,
        is_deployment: false,
        field: None,
        wanted: None,
        live: None,
        hidden: false,
        why: None,
        hint: None,
    }
}

/// A finding about an object that is there and not in the plan; its labels say what it is of.
pub(super) fn about_live(view: &View, wrong: Wrong, live: &Live, scope: Option<&String>) -> Finding {
    let mut finding = bare(wrong, live.kind, live.namespace(), live.name());
    let label = |key: &str| {
        let labels = live.value.pointer("/metadata/labels")?;
        Some(labels.get(format!("{}/{key}", view.plan.label_prefix))?.as_str()?.to_owned())
    };
    finding.component = label("component");
    finding.cluster = label("cluster").or_else(|| scope.cloned());
    finding.protected = is_protected(&view.plan, &finding);
    finding
}

/// An object that is not to be there. What it made is kept by each way to remove it that is shown.
pub(super) fn unexpected(view: &View, live: &Live, scope: Option<&String>) -> Finding {
    let finding = about_live(view, Wrong::Unexpected, live, scope);
    let (name, namespace) = (live.name(), live.namespace());
    let delete = |options: &[&str]| {
        let words = ["kubectl", "delete", live.kind.plural(), name].into_iter().chain(options.iter().copied());
        command(&words.collect::<Vec<_>>(), "-n", namespace)
    };
    match live.kind {
        Kind::Application => {
            finding.hint(command(&["argocd", "app", "delete", name, "--cascade=false"], "-N", namespace))
        }
        Kind::ApplicationSet => finding.hint(delete(&["--cascade=orphan"])),
        // Their finalizers prune and uninstall, but for what is suspended.
        Kind::Kustomization | Kind::HelmRelease => {
            let kind = if live.kind == Kind::HelmRelease { "helmrelease" } else { "kustomization" };
            let hint = command(&["flux", "suspend", kind, name], "-n", namespace);
            finding.why("deleted while suspended, it leaves what it made").hint(hint)
        }
        _ => finding.hint(delete(&[])),
    }
}

impl Finding {
    pub(super) fn why(mut self, why: impl Into<String>) -> Self {
        self.why = Some(why.into()).filter(|why| !why.is_empty());
        self
    }

    /// Whether the deployment gets no further by itself. One that is behind its source is under way.
    pub(super) fn stops(&self) -> bool {
        let is_behind =
            self.wrong == Wrong::WrongRevision && self.field.as_deref().is_some_and(|f| f.starts_with("status."));
        !is_behind && !matches!(self.wrong, Wrong::Waiting | Wrong::Progressing)
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into()).filter(|hint| !hint.is_empty());
        self
    }
}

/// Everything in which what is there is not what is to be there.
pub(super) fn different(view: &View, expected: &Expected, live: &Live) -> Vec<Finding> {
    let namespace = expected.namespace();
    let one = normal::spec(expected.kind, namespace, &expected.value);
    let other = normal::spec(expected.kind, namespace, &live.value);
    let mut found = metadata(expected, live);
    found.extend(differences("spec", Some(&one), Some(&other)));
    let finding = |difference: Difference| {
        let mut finding = about(view, expected, kind_of(expected.kind, &difference.field));
        let is_shown = !difference.is_private;
        finding.hidden = !is_shown && difference.live.is_some();
        finding.live = difference.live.filter(|_| is_shown);
        finding.wanted = difference.wanted;
        finding.field = Some(difference.field);
        finding
    };
    found.into_iter().map(finding).collect()
}

/// Labels, annotations and finalizers that the plan gives; others may add more. But the finalizer of Argo CD, which
/// deletes the workloads, may not be there where the plan keeps them.
fn metadata(expected: &Expected, live: &Live) -> Vec<Difference> {
    let mut found = Vec::new();
    let of = |value: &Value, group: &str, key: &str| value.pointer("/metadata")?.get(group)?.get(key).cloned();
    for group in ["labels", "annotations"] {
        let wanted = expected.value.pointer(&format!("/metadata/{group}")).and_then(Value::as_object);
        for (key, value) in wanted.into_iter().flatten() {
            // Whether something stands still is looked at by itself.
            if key != super::argocd::SKIP_RECONCILE {
                let field = format!("metadata.{group}[{}]", Value::from(key.as_str()));
                found.extend(differences(&field, Some(value), of(&live.value, group, key).as_ref()));
            }
        }
    }
    if expected.kind == Kind::Application {
        let cascades = |value: &Value| {
            let all = value.pointer("/metadata/finalizers").and_then(Value::as_array);
            let is_ours = |one: &Value| one.as_str().is_some_and(|one| one.starts_with(super::argocd::FINALIZER));
            all.and_then(|all| all.iter().find(|one| is_ours(one)).cloned())
        };
        let (one, other) = (cascades(&expected.value), cascades(&live.value));
        if one.is_some() != other.is_some() {
            let field = "metadata.finalizers".to_owned();
            found.push(Difference { field, wanted: one, live: other, is_private: false });
        }
    }
    found
}

/// What a field is about.
fn kind_of(kind: Kind, field: &str) -> Wrong {
    let last = field.rsplit('.').next().unwrap_or_default();
    let is_below =
        |parent: &str| field == parent || field.strip_prefix(parent).is_some_and(|rest| rest.starts_with('.'));
    match kind {
        Kind::Application if last == "targetRevision" => Wrong::WrongRevision,
        Kind::Application if is_source(field) && matches!(last, "path" | "chart") => Wrong::WrongPath,
        Kind::Kustomization if field == "spec.path" => Wrong::WrongPath,
        Kind::HelmRelease if field == "spec.chart.spec.version" => Wrong::WrongRevision,
        Kind::HelmRelease if field == "spec.chart.spec.chart" => Wrong::WrongPath,
        kind if kind.is_source() && is_below("spec.ref") => Wrong::WrongRevision,
        _ => Wrong::Differs,
    }
}

/// `spec.source.path`, `spec.sources[1].path`, and nothing below.
fn is_source(field: &str) -> bool {
    field.starts_with("spec.source") && field.matches('.').count() == 2
}

/// The order in which findings are told: what is nobody's, then by rollout, stage, cluster and component, and last what
/// is under no rollout.
pub(super) fn sort(plan: &Plan, findings: &mut [Finding]) {
    findings.sort_by_cached_key(|finding| {
        let group = match (&finding.rollout, &finding.cluster) {
            (None, None) => 0,
            (Some(_), _) => 1,
            (None, Some(_)) => 2,
        };
        let place = (group, finding.rollout.clone(), stage(plan, finding), finding.cluster.clone());
        let what = (finding.component.clone(), finding.kind, finding.namespace.clone(), finding.name.clone());
        (place, what, finding.wrong, finding.field.clone(), finding.why.clone())
    });
}

/// The number of a finding's stage in its rollout.
fn stage(plan: &Plan, finding: &Finding) -> usize {
    let rollout = plan.rollouts.iter().find(|rollout| Some(&*rollout.name) == finding.rollout.as_deref());
    let place = |stage: &str| rollout?.stages.iter().position(|one| &*one.name == stage);
    finding.stage.as_deref().and_then(place).unwrap_or_default()
}
