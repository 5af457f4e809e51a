//! What Flux says of its objects (2.9: the conditions of kstatus, `dependsOn` of kustomize-controller).
//!
//! - `status.observedGeneration` moves only with Ready or Stalled, so a failure may be of an older `spec`.
//! - An object that stands still keeps an old status, which is not looked at.
//! - A gate that waits for those before it is the order at work and no fault of its own; a gate that somebody opens is
//!   suspended in the plan and, once opened, not there.
//! - A Kustomization that is missing has made no HelmRelease, which is then no finding of its own.
//! - A Kustomization that waits for a HelmRelease says that the HelmRelease is not healthy. That is told once, where it is.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::expected::{Expected, Place};
use super::findings::{Judged, about, about_live, different};
use super::live::{Kind, Live};
use super::owner::{self, Owner, made_by};
use super::position::{Progress, positions};
use super::scope::View;
use super::words::command;
use super::{Finding, Wrong};
use crate::simulate::manifests::{entries, text};

/// Compares an installation of Flux.
pub(super) fn judge(view: &View) -> Judged {
    let mut judged = Judged::new(&view.plan);
    let made = view.expected.iter().filter(|one| one.kind != Kind::HelmRelease);
    let appliers = made.filter_map(|one| Some((one.scope.clone(), made_by(view.find(one)?)?))).collect();
    let reader = Reader { view, closed: closed(view), appliers };
    let mut ill_releases = BTreeSet::new();
    for expected in view.expected.iter().filter(|one| view.knows(one)) {
        let (findings, progress) = reader.judge(expected);
        if expected.kind == Kind::HelmRelease && findings.iter().any(|one| is_of_status(one.wrong)) {
            ill_releases.extend(expected.deployment());
        }
        judged.findings.extend(findings);
        judged.reach(expected, progress);
    }
    let names: BTreeSet<String> =
        ill_releases.iter().filter_map(|index| view.plan.deployments.get(*index)).map(|d| d.name.to_string()).collect();
    let is_echo = |one: &Finding| {
        let is_health = one.why.as_deref().is_some_and(|why| why.starts_with("HealthCheck"));
        let is_waiting = one.wrong == Wrong::Progressing;
        one.kind == Kind::Kustomization && names.contains(&one.name) && (is_health || is_waiting)
    };
    judged.findings.retain(|one| !is_echo(one));
    // A HelmRelease is missing as long as what makes it is.
    let missing = |kind: Kind, one: &&Finding| one.kind == kind && one.wrong == Wrong::Missing;
    let unmade: BTreeSet<(String, String)> = judged
        .findings
        .iter()
        .filter(|one| missing(Kind::Kustomization, one))
        .map(|one| (one.namespace.clone(), one.name.clone()))
        .collect();
    judged.findings.retain(|one| {
        !missing(Kind::HelmRelease, &one) || !unmade.contains(&(one.namespace.clone(), one.name.clone()))
    });
    for (scope, live) in owner::appliers(view) {
        judged.findings.extend(applier(view, scope.as_ref(), live));
    }
    let is_closed = |component: &str, rollout: &str, stage: &str| {
        reader.closed.values().any(|gate| match &gate.place {
            Place::Stage { component: of, rollout: under, stage: before } => {
                of == component && under == rollout && before == stage
            }
            _ => false,
        })
    };
    judged.rollouts = positions(&view.plan, &judged, is_closed);
    judged
}

/// What applies the objects must neither stand still nor fail, or nothing of a new build arrives.
fn applier(view: &View, scope: Option<&String>, live: &Live) -> Option<Finding> {
    let about = |wrong| about_live(view, wrong, live, scope);
    if stands(&live.value) {
        let resume = command(&["flux", "resume", "kustomization", live.name()], "-n", live.namespace());
        return Some(
            about(Wrong::Suspended).why("it applies what a build writes, and was suspended by hand").hint(resume),
        );
    }
    let ready = entries(&live.value, "/status/conditions").iter().find(|one| text(one, "/type") == "Ready")?;
    let is_failed = text(ready, "/status") == "False";
    let words = || format!("it applies what a build writes: {}", reason(ready));
    is_failed.then(|| about(Wrong::NotReady).why(words()))
}

/// `BuildFailed: no such file`
fn reason(condition: &Value) -> String {
    match (text(condition, "/reason"), text(condition, "/message")) {
        (reason, "") => reason.to_owned(),
        (reason, message) => format!("{reason}: {message}"),
    }
}

fn is_of_status(wrong: Wrong) -> bool {
    matches!(wrong, Wrong::NotReady | Wrong::Progressing | Wrong::Suspended | Wrong::Missing)
}

/// The gates that somebody opens and nobody opened, by name.
fn closed<'v>(view: &'v View) -> BTreeMap<&'v str, &'v Expected> {
    let gates = view.expected.iter().filter(|one| matches!(one.place, Place::Stage { .. }) && stands(&one.value));
    let closed = gates.filter(|gate| view.find(gate).is_some_and(|live| stands(&live.value)));
    closed.map(|gate| (gate.name(), gate)).collect()
}

fn stands(value: &Value) -> bool {
    value.pointer("/spec/suspend") == Some(&Value::Bool(true))
}

struct Reader<'v, 'a> {
    view: &'v View<'a>,
    closed: BTreeMap<&'v str, &'v Expected>,
    /// What applies the objects of each Flux.
    appliers: BTreeMap<Option<String>, Owner>,
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
        let mut found = different(self.view, expected, live);
        let (suspended, is_over) = self.suspension(expected, live);
        let is_suspended = suspended.is_some();
        found.extend(suspended);
        let progress = if is_over {
            if is_suspended { Progress::Stopped } else { Progress::Done }
        } else {
            let (status, progress) = self.status(expected, live);
            found.extend(status);
            progress
        };
        let is_stopped = found.iter().any(Finding::stops);
        (found, if is_stopped { Progress::Stopped } else { progress })
    }

    /// Whether it stands still as the plan says, and whether its status is thereby old.
    fn suspension(&self, expected: &Expected, live: &Live) -> (Option<Finding>, bool) {
        let flux = |what: &str| {
            let words = ["flux", what].into_iter().chain(flux_kind(expected.kind).split(' ')).chain([expected.name()]);
            command(&words.collect::<Vec<_>>(), "-n", expected.namespace())
        };
        match (stands(&expected.value), stands(&live.value)) {
            (true, true) => (None, true),
            (false, true) => {
                let finding =
                    self.about(expected, Wrong::Suspended).why("it was suspended by hand").hint(flux("resume"));
                (Some(finding), true)
            }
            // What somebody opens is open.
            (true, false) if matches!(expected.place, Place::Stage { .. }) => (None, false),
            (true, false) => {
                let finding =
                    self.about(expected, Wrong::NotSuspended).why("the plan suspends it").hint(flux("suspend"));
                (Some(finding), false)
            }
            (false, false) => (None, false),
        }
    }

    /// What a Kustomization of ours makes is made when that is reconciled. Who applies the others is not in the plan, but
    /// stands on those of them that are there.
    fn how_to_make(&self, expected: &Expected) -> String {
        if expected.kind == Kind::HelmRelease {
            return reconcile(Kind::Kustomization, expected.name(), expected.namespace());
        }
        let owner = self.appliers.get(&expected.scope);
        owner.map(|(kind, namespace, name)| reconcile(*kind, name, namespace)).unwrap_or_default()
    }

    /// What the conditions say, and whether its revision is the newest.
    fn status(&self, expected: &Expected, live: &Live) -> (Vec<Finding>, Progress) {
        let value = &live.value;
        let is_gate = matches!(expected.place, Place::Stage { .. });
        let of = |wrong, why: String, hint: String| vec![self.about(expected, wrong).why(why).hint(hint)];
        if value.pointer("/metadata/deletionTimestamp").is_some() {
            return (of(Wrong::NotReady, "it is being deleted".to_owned(), String::new()), Progress::Stopped);
        }
        // A HelmRepository of type `oci` has no status: nothing fetches it.
        if expected.kind == Kind::HelmRepository && text(value, "/spec/type") == "oci" {
            return (Vec::new(), Progress::Done);
        }
        let conditions = entries(value, "/status/conditions");
        let find = |kind: &str| conditions.iter().find(|condition| text(condition, "/type") == kind);
        let Some(ready) = find("Ready") else {
            let why = "Flux has not reconciled it yet".to_owned();
            return (
                of(Wrong::Progressing, why, reconcile(expected.kind, expected.name(), expected.namespace())),
                Progress::UnderWay,
            );
        };
        let (reason, why) = (text(ready, "/reason"), reason(ready));
        match text(ready, "/status") {
            "True" if is_behind(value) => {
                let why = "Flux has not seen its newest `spec` yet".to_owned();
                (of(Wrong::Progressing, why, String::new()), Progress::UnderWay)
            }
            "True" => match self.behind(expected, live) {
                Some(finding) => (vec![finding], Progress::UnderWay),
                None => (Vec::new(), Progress::Done),
            },
            "False" if reason == "DependencyNotReady" && is_gate => (Vec::new(), Progress::Waiting),
            "False" if reason == "DependencyNotReady" => {
                (of(Wrong::Waiting, why, self.how_to_open(expected)), Progress::Waiting)
            }
            "False" => (of(Wrong::NotReady, why, get(expected)), Progress::Stopped),
            _ if is_gate => (Vec::new(), Progress::UnderWay),
            _ => (of(Wrong::Progressing, why, String::new()), Progress::UnderWay),
        }
    }

    /// The gate that somebody has to open first.
    fn how_to_open(&self, expected: &Expected) -> String {
        let names = entries(&expected.value, "/spec/dependsOn").iter().map(|one| text(one, "/name"));
        let mut gates = names.filter_map(|name| self.closed.get(name));
        let resume =
            |gate: &&Expected| command(&["flux", "resume", "kustomization", gate.name()], "-n", gate.namespace());
        gates.next().map(resume).unwrap_or_default()
    }

    /// Whether what was applied is not the newest: of its source where that is in the state, else of what was tried.
    fn behind(&self, expected: &Expected, live: &Live) -> Option<Finding> {
        if expected.kind != Kind::Kustomization || matches!(expected.place, Place::Stage { .. }) {
            return None;
        }
        let applied = text(&live.value, "/status/lastAppliedRevision");
        let of_source = self.source(expected, live).map(|source| text(&source.value, "/status/artifact/revision"));
        let tried = text(&live.value, "/status/lastAttemptedRevision");
        let newest = of_source.filter(|revision| !revision.is_empty()).unwrap_or(tried);
        if newest.is_empty() || newest == applied {
            return None;
        }
        let mut finding = self.about(expected, Wrong::WrongRevision);
        finding.field = Some("status.lastAppliedRevision".to_owned());
        finding.wanted = Some(Value::from(newest));
        finding.live = Some(Value::from(applied)).filter(|_| !applied.is_empty());
        let why =
            if of_source.is_some() { "its source has a newer revision" } else { "the newest revision was tried only" };
        Some(finding.why(why).hint(reconcile(expected.kind, expected.name(), expected.namespace())))
    }

    /// The source that it reads, where the state has it.
    fn source(&self, expected: &Expected, live: &Live) -> Option<&Live> {
        let reference = |field: &str| text(&live.value, &format!("/spec/sourceRef/{field}"));
        let kind = Kind::all(false).find(|kind| kind.is_source() && kind.word() == reference("kind"))?;
        let namespace = Some(reference("namespace")).filter(|one| !one.is_empty()).unwrap_or(live.namespace());
        self.view.live.get(&expected.scope)?.get((kind, namespace, reference("name")))
    }
}

/// Whether `spec` was changed since Flux looked.
fn is_behind(value: &Value) -> bool {
    let number = |pointer: &str| value.pointer(pointer).and_then(Value::as_i64);
    match (number("/metadata/generation"), number("/status/observedGeneration")) {
        (Some(generation), Some(seen)) => generation != seen,
        _ => false,
    }
}

/// What Flux's own command line calls a kind.
fn flux_kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Kustomization => "kustomization",
        Kind::HelmRelease => "helmrelease",
        Kind::GitRepository => "source git",
        Kind::OciRepository => "source oci",
        Kind::HelmRepository => "source helm",
        Kind::Bucket => "source bucket",
        Kind::Application | Kind::ApplicationSet | Kind::AppProject => "",
    }
}

fn reconcile(kind: Kind, name: &str, namespace: &str) -> String {
    let words = ["flux", "reconcile"].into_iter().chain(flux_kind(kind).split(' ')).chain([name]);
    let with_source = matches!(kind, Kind::Kustomization | Kind::HelmRelease).then_some("--with-source");
    command(&words.chain(with_source).collect::<Vec<_>>(), "-n", namespace)
}

fn get(expected: &Expected) -> String {
    let name = expected.name();
    command(&["kubectl", "describe", expected.kind.plural(), name], "-n", expected.namespace())
}
