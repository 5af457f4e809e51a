//! What Argo CD says of its objects (3.5: controller/appcontroller.go, controller/state.go,
//! applicationset/progressivesync).
//!
//! - A rolling sync turns automated sync off in the Applications that it makes, so whether it is on says nothing there;
//!   before 3.3 it took the whole of `automated` away.
//! - An Application that its controller passes over keeps an old status, which is not looked at.
//! - `status.sync.revision` is what was compared last. Two Applications of one source that were compared at different
//!   times may have seen different revisions; the one that was compared last has the newest.
//! - The health of a root is that of what it applies, so it is told only when nothing of that is.

mod alike;
mod status;

use std::collections::BTreeMap;

use serde_json::Value;

use super::expected::{Expected, Place};
use super::findings::{Judged, about, different};
use super::live::{Kind, Live};
use super::position::{Progress, positions};
use super::scope::View;
use super::words::command;
use super::{Finding, Wrong};
use crate::simulate::manifests::{entries, text};
use status::{error, health_message, progress, resources, said};

/// Makes a controller pass an Application over.
pub(super) const SKIP_RECONCILE: &str = "argocd.argoproj.io/skip-reconcile";

/// What finalizers begin with that delete workloads with their Application.
pub(super) const FINALIZER: &str = "resources-finalizer.argocd.argoproj.io";

/// Compares an installation of Argo CD.
pub(super) fn judge(view: &View) -> Judged {
    let mut judged = Judged::new(&view.plan);
    let reader = Reader { view, statuses: statuses(view), newest: newest(view) };
    let (roots, others): (Vec<&Expected>, Vec<&Expected>) = view
        .expected
        .iter()
        .filter(|expected| view.knows(expected))
        .partition(|one| one.kind == Kind::Application && one.deployment().is_none());
    for expected in others {
        let (findings, progress) = reader.judge(expected);
        judged.findings.extend(findings);
        judged.reach(expected, progress);
    }
    let is_ill = |finding: &Finding| !matches!(finding.wrong, Wrong::Differs | Wrong::Unexpected);
    let is_ill_below = judged.findings.iter().any(is_ill);
    for root in roots {
        let (mut findings, _) = reader.judge(root);
        if is_ill_below {
            findings.retain(|finding| !is_of_health(finding));
        }
        judged.findings.extend(findings);
    }
    let manual = |_: &str, rollout: &str, stage: &str| {
        let rollout = view.plan.rollouts.iter().find(|one| &*one.name == rollout);
        rollout.is_some_and(|one| one.stages.iter().any(|one| &*one.name == stage && one.manual))
    };
    judged.rollouts = positions(&view.plan, &judged, manual);
    judged
}

fn is_of_health(finding: &Finding) -> bool {
    matches!(finding.wrong, Wrong::NotReady | Wrong::Progressing)
        && finding.why.as_deref().is_some_and(|why| !why.contains("Error: "))
}

/// What the ApplicationSets say of their Applications, by namespace and name: step, status and message.
type Statuses<'a> = BTreeMap<(&'a str, &'a str), &'a Value>;

fn statuses<'a>(view: &View<'a>) -> Statuses<'a> {
    let mut all = BTreeMap::new();
    for live in view.live.values().flat_map(|found| found.objects.values().copied()) {
        if live.kind == Kind::ApplicationSet {
            for status in entries(&live.value, "/status/applicationStatus") {
                all.insert((live.namespace(), text(status, "/application")), status);
            }
        }
    }
    all
}

/// For each source, the revision that was compared last, with the time and the Application.
type Newest = BTreeMap<(String, String), (String, String, String)>;

fn newest(view: &View) -> Newest {
    let mut all = Newest::new();
    for live in view.expected.iter().filter(|one| one.deployment().is_some()).filter_map(|one| view.find(one)) {
        let (Some(source), Some(revision)) = (source(live), revision(live)) else { continue };
        let time = text(&live.value, "/status/reconciledAt");
        let is_newer = all.get(&source).is_none_or(|(before, ..)| before.as_str() < time);
        if is_newer {
            all.insert(source, (time.to_owned(), revision.to_owned(), live.name().to_owned()));
        }
    }
    all
}

/// The repository and revision that an Application follows.
fn source(live: &Live) -> Option<(String, String)> {
    let spec = live.value.get("spec")?;
    let source = entries(spec, "/sources").first().or(spec.get("source"))?;
    Some((text(source, "/repoURL").to_owned(), text(source, "/targetRevision").to_owned()))
}

/// The commit that it was compared with.
fn revision(live: &Live) -> Option<&str> {
    let several = entries(&live.value, "/status/sync/revisions").first().and_then(Value::as_str);
    several.or(Some(text(&live.value, "/status/sync/revision"))).filter(|revision| !revision.is_empty())
}

struct Reader<'v, 'a> {
    view: &'v View<'a>,
    statuses: Statuses<'a>,
    newest: Newest,
}

impl Reader<'_, '_> {
    fn about(&self, expected: &Expected, wrong: Wrong) -> Finding {
        about(self.view, expected, wrong)
    }

    fn judge(&self, expected: &Expected) -> (Vec<Finding>, Progress) {
        let Some(live) = self.view.find(expected) else {
            let finding = self.about(expected, Wrong::Missing).hint(self.how_to_make(expected));
            return (vec![finding], Progress::Stopped);
        };
        match expected.kind {
            Kind::Application => self.application(expected, live),
            Kind::ApplicationSet => {
                let mut found = different(self.view, expected, live);
                found.extend(self.set(expected, live));
                (found, Progress::Done)
            }
            _ => (different(self.view, expected, live), Progress::Done),
        }
    }

    fn how_to_make(&self, expected: &Expected) -> String {
        let root = self.view.expected.iter().find(|one| one.kind == Kind::Application && is_root(one));
        let sync = |name: &str| command(&["argocd", "app", "sync", name], "-N", expected.namespace());
        match (&expected.place, expected.kind) {
            (Place::Shared(_), Kind::Application) => {
                let home = format!("{}/{}/root.yaml", self.view.plan.home_path.trim_end_matches('/'), self.view.home);
                format!("kubectl apply -f {}", home.trim_start_matches(['/', '.']))
            }
            (Place::Deployment(_), _) => self.how_to_make_application(expected),
            _ => root.map(|root| sync(root.name())).unwrap_or_default(),
        }
    }

    /// By the root of its cluster, or by the ApplicationSet of its component.
    fn how_to_make_application(&self, expected: &Expected) -> String {
        let deployment = expected.deployment().and_then(|index| self.view.plan.deployments.get(index));
        let Some(deployment) = deployment else { return String::new() };
        let of_cluster = Place::Cluster(deployment.cluster.to_string());
        if let Some(root) = self.view.expected.iter().find(|one| one.place == of_cluster) {
            return command(&["argocd", "app", "sync", root.name()], "-N", root.namespace());
        }
        let label = format!("{}/component={}", self.view.plan.label_prefix, deployment.component);
        command(&["kubectl", "describe", Kind::ApplicationSet.plural(), "-l", &label], "-n", expected.namespace())
    }

    fn application(&self, expected: &Expected, live: &Live) -> (Vec<Finding>, Progress) {
        let is_rolling = self.is_rolling(expected);
        let mut live = live.clone();
        let mut wanted = expected.clone();
        let automated = alike::automation(&mut wanted.value, &mut live.value, is_rolling);
        alike::same_destination(&self.view.plan, &wanted, &mut live.value);
        let mut found = different(self.view, &wanted, &live);
        let stands = |value: &Value| {
            value.pointer("/metadata/annotations").and_then(|all| all.get(SKIP_RECONCILE)) == Some(&Value::from("true"))
        };
        let annotate = |change: &str| {
            let annotation = format!("{SKIP_RECONCILE}{change}");
            command(
                &["kubectl", "annotate", Kind::Application.plural(), expected.name(), &annotation],
                "-n",
                expected.namespace(),
            )
        };
        match (stands(&expected.value), stands(&live.value)) {
            (true, true) => return (found, Progress::Done),
            (false, true) => {
                let why = format!("the annotation `{SKIP_RECONCILE}` makes Argo CD pass it over");
                found.push(self.about(expected, Wrong::Suspended).why(why).hint(annotate("-")));
                return (found, Progress::Stopped);
            }
            (true, false) => {
                let why = format!("the plan suspends it, and the annotation `{SKIP_RECONCILE}` is not \"true\"");
                found.push(self.about(expected, Wrong::NotSuspended).why(why).hint(annotate("=true")));
            }
            (false, false) => {}
        }
        if !automated {
            let finding = self.about(expected, Wrong::Suspended).why("automated sync was turned off");
            found.push(finding.hint(command(
                &["argocd", "app", "set", expected.name(), "--sync-policy=automated"],
                "-N",
                expected.namespace(),
            )));
        }
        let (status, progress) = self.status(expected, &live);
        found.extend(status);
        let is_stopped = found.iter().any(Finding::stops);
        (found, if is_stopped { Progress::Stopped } else { progress })
    }

    /// Whether a rolling sync takes it, by the label of its step.
    fn is_rolling(&self, expected: &Expected) -> bool {
        let step = format!("{}/step", self.view.plan.label_prefix);
        expected.value.pointer("/metadata/labels").is_some_and(|labels| labels.get(step).is_some())
    }

    /// What Argo CD says of an Application.
    fn status(&self, expected: &Expected, live: &Live) -> (Vec<Finding>, Progress) {
        let value = &live.value;
        let (sync, health) = (text(value, "/status/sync/status"), text(value, "/status/health/status"));
        let get = || command(&["argocd", "app", "get", expected.name()], "-N", expected.namespace());
        let one = |wrong, why: String, hint: String| self.about(expected, wrong).why(why).hint(hint);
        if value.pointer("/metadata/deletionTimestamp").is_some() {
            return (vec![one(Wrong::NotReady, "it is being deleted".to_owned(), get())], Progress::Stopped);
        }
        if sync.is_empty() && health.is_empty() {
            return (
                vec![one(Wrong::Progressing, "Argo CD has not looked at it yet".to_owned(), get())],
                Progress::UnderWay,
            );
        }
        if let Some(error) = error(value).filter(|_| sync != "Synced") {
            return (vec![one(Wrong::NotReady, error, get())], Progress::Stopped);
        }
        let (phase, message) =
            (text(value, "/status/operationState/phase"), text(value, "/status/operationState/message"));
        let rolling = self.statuses.get(&(expected.namespace(), expected.name())).copied();
        let mut found = Vec::new();
        match (sync, phase) {
            (_, "Running") => found.push(one(Wrong::Progressing, said("it is being synced", message), String::new())),
            ("OutOfSync", "Failed" | "Error") => {
                found.push(one(Wrong::OutOfSync, said("the last sync failed", message), get()));
            }
            ("OutOfSync", _) => found.push(self.out_of_sync(expected, live, rolling)),
            ("Synced", _) => found.extend(self.behind(expected, live)),
            (other, _) => {
                found.push(one(Wrong::NotReady, said(&format!("its sync status is {other}"), message), get()))
            }
        }
        let why = said(health, &health_message(value));
        match health {
            "Healthy" | "" => {}
            // Nothing is there before the first sync.
            "Missing" if sync == "OutOfSync" => {}
            "Progressing" if phase == "Running" => {}
            "Progressing" => {
                let why = said("not everything is healthy yet", &health_message(value));
                found.push(one(Wrong::Progressing, why, String::new()));
            }
            _ => found.push(one(Wrong::NotReady, why, get())),
        }
        (found, progress(sync, phase, health, rolling))
    }

    fn out_of_sync(&self, expected: &Expected, live: &Live, rolling: Option<&Value>) -> Finding {
        let sync = command(&["argocd", "app", "sync", expected.name()], "-N", expected.namespace());
        let status = rolling.map(|status| text(status, "/status")).unwrap_or_default();
        let step = rolling.map(|status| text(status, "/step")).unwrap_or_default();
        let message = rolling.map(|status| text(status, "/message")).unwrap_or_default();
        match status {
            "Waiting" if self.is_manual(expected) => {
                let why = format!("it is in step {step}, which somebody opens");
                self.about(expected, Wrong::Waiting).why(why).hint(sync)
            }
            "Waiting" => {
                let why = said(&format!("it is in step {step} of the rolling sync"), message);
                self.about(expected, Wrong::Waiting).why(why)
            }
            "Pending" => self.about(expected, Wrong::Progressing).why(said("its sync begins", message)),
            _ => {
                let diff = command(&["argocd", "app", "diff", expected.name()], "-N", expected.namespace());
                self.about(expected, Wrong::OutOfSync).why(resources(&live.value)).hint(diff)
            }
        }
    }

    fn is_manual(&self, expected: &Expected) -> bool {
        let deployment = expected.deployment().and_then(|index| self.view.plan.deployments.get(index));
        let stages =
            self.view.plan.rollouts.iter().filter(|rollout| {
                deployment.is_some_and(|deployment| deployment.rollout.as_ref() == Some(&rollout.name))
            });
        let mut stages = stages.flat_map(|rollout| &rollout.stages);
        stages.any(|stage| stage.manual && deployment.is_some_and(|d| d.stage.as_ref() == Some(&stage.name)))
    }

    /// Whether others of its source were compared with a newer revision.
    fn behind(&self, expected: &Expected, live: &Live) -> Option<Finding> {
        expected.deployment()?;
        let (time, newest, other) = self.newest.get(&source(live)?)?;
        let own = revision(live)?;
        if own == newest || text(&live.value, "/status/reconciledAt") == time {
            return None;
        }
        let mut finding = self.about(expected, Wrong::WrongRevision);
        finding.field = Some("status.sync.revision".to_owned());
        finding.wanted = Some(Value::from(newest.as_str()));
        finding.live = Some(Value::from(own));
        let get = command(&["argocd", "app", "get", expected.name(), "--refresh"], "-N", expected.namespace());
        Some(finding.why(format!("`{other}` of the same source was compared later")).hint(get))
    }

    /// What the controller says of an ApplicationSet.
    fn set(&self, expected: &Expected, live: &Live) -> Option<Finding> {
        let is = |condition: &&Value| match text(condition, "/type") {
            "ErrorOccurred" => text(condition, "/status") == "True",
            "ParametersGenerated" | "ResourcesUpToDate" => text(condition, "/status") == "False",
            _ => false,
        };
        let conditions = entries(&live.value, "/status/conditions");
        let why = match conditions.iter().find(is) {
            Some(condition) => said(text(condition, "/reason"), text(condition, "/message")),
            None if self.ignores_steps(expected, live) && !conditions.is_empty() => IGNORES_STEPS.to_owned(),
            None => return None,
        };
        let kind = Kind::ApplicationSet.plural();
        let describe = command(&["kubectl", "describe", kind, expected.name()], "-n", expected.namespace());
        Some(self.about(expected, Wrong::NotReady).why(why).hint(describe))
    }

    /// A controller without progressive syncs reads no steps, and notes of no Application where it is in them.
    fn ignores_steps(&self, expected: &Expected, live: &Live) -> bool {
        let has_steps = |value: &Value| !entries(value, "/spec/strategy/rollingSync/steps").is_empty();
        let is_made = |one: &&Live| {
            let owners = entries(&one.value, "/metadata/ownerReferences");
            one.kind == Kind::Application && owners.iter().any(|owner| text(owner, "/name") == expected.name())
        };
        let all = || self.view.live.values().flat_map(|found| found.objects.values().copied());
        has_steps(&expected.value)
            && has_steps(&live.value)
            && entries(&live.value, "/status/applicationStatus").is_empty()
            && all().any(|one| is_made(&one))
    }
}

const IGNORES_STEPS: &str = "it has steps, and the controller runs without progressive syncs: all of them sync at once";

fn is_root(expected: &Expected) -> bool {
    matches!(expected.place, Place::Shared(_))
}
