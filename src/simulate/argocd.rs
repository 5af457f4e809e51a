//! What Argo CD makes of its manifests: waves of ApplicationSets under the root, and in each the steps of a rolling sync.
//!
//! Everything was synced and healthy before, and every ApplicationSet changes. A step starts when all Applications of the
//! steps before it are Healthy and Synced (applicationset/progressivesync of Argo CD 3.5, `getAppsToSync`), a wave when
//! all ApplicationSets of the waves before it are healthy, and an ApplicationSet with a rolling sync is healthy when all
//! its steps are done (resource_customizations/argoproj.io/ApplicationSet/health.lua). Applications that are written out
//! are in waves of the root of their cluster, which waits for them where Argo CD is told to judge their health.

use std::collections::BTreeMap;

use serde_json::Value;

use super::flow::What;
use super::manifests::{Object, entries, objects, text};
use super::{Kind, Reading, SUSPENDED};
use crate::plan::{ArgoCd, Plan};
use crate::target::OutputTree;
use crate::target::argocd::applications;
use crate::target::argocd::steps::{Expression, MaxUpdate, Step, step_of};

const API: &str = "argoproj.io/";
const SYNC_WAVE: &str = "argocd.argoproj.io/sync-wave";
const SKIP_RECONCILE: &str = "argocd.argoproj.io/skip-reconcile";

const NO_STEP: &str = "no step takes it";

/// One Application, as it is generated or written.
struct Application {
    name: String,
    labels: BTreeMap<String, String>,
    suspended: bool,
}

/// What a root applies: an ApplicationSet, or an Application that is written out.
struct Member {
    wave: i64,
    /// Waves of different roots have nothing to do with each other.
    root: String,
    steps: Option<Vec<Step>>,
    /// The label of its Applications that names the component, as a selector.
    component: Option<String>,
    /// By name.
    applications: Vec<Application>,
}

/// The flow of an instance, read from its manifests.
pub(super) fn read(plan: &Plan, settings: &ArgoCd, tree: &OutputTree) -> Reading {
    let folder = settings.instance.folder("argocd");
    let mut reader = Reader {
        plan,
        places: plan.deployments.iter().enumerate().map(|(index, d)| (&*d.name, index)).collect(),
        reading: Reading::default(),
    };
    let mut members = reader.sets(settings, &objects(tree, &folder, API, "ApplicationSet"));
    members.extend(reader.written(&objects(tree, &folder, API, "Application")));
    let mut roots: BTreeMap<String, BTreeMap<i64, Vec<Member>>> = BTreeMap::new();
    for member in members {
        roots.entry(member.root.clone()).or_default().entry(member.wave).or_default().push(member);
    }
    for waves in roots.into_values() {
        reader.waves(waves);
    }
    reader.reading
}

struct Reader<'p> {
    plan: &'p Plan,
    /// The deployments by the names of their Applications.
    places: BTreeMap<&'p str, usize>,
    reading: Reading,
}

impl Reader<'_> {
    fn sets(&self, settings: &ArgoCd, sets: &[Object]) -> Vec<Member> {
        let key = self.component_key();
        let member = |set: &Object| Member {
            wave: wave(set),
            root: String::new(),
            steps: rolling_steps(&set.value),
            component: label(&set.value, &key).map(|name| format!("{key}={name}")),
            applications: generated(&set.value).unwrap_or_else(|| self.planned(settings, set)),
        };
        sets.iter().map(member).map(by_name).collect()
    }

    /// The Applications of a set whose generator learns its clusters only when it runs: those of the set's component.
    fn planned(&self, settings: &ArgoCd, set: &Object) -> Vec<Application> {
        let key = self.component_key();
        let Some(component) = label(&set.value, &key) else { return Vec::new() };
        let all = applications(self.plan, settings);
        all.iter().map(application).filter(|one| one.labels.get(&key).is_some_and(|it| it == component)).collect()
    }

    /// The Applications that are written out; the roots among them are nobody's deployment.
    fn written(&self, all: &[Object]) -> Vec<Member> {
        let member = |object: &Object| Member {
            wave: wave(object),
            root: object.path.rsplit_once('/').map(|(folder, _)| folder.to_owned()).unwrap_or_default(),
            steps: None,
            component: None,
            applications: vec![application(&object.value)],
        };
        all.iter().filter(|object| self.places.contains_key(object.name())).map(member).collect()
    }

    fn component_key(&self) -> String {
        format!("{}/component", self.plan.label_prefix)
    }

    /// The waves of one root, each behind all of those before it.
    fn waves(&mut self, waves: BTreeMap<i64, Vec<Member>>) {
        let mut waves = waves.into_iter().peekable();
        let mut gate = None;
        while let Some((number, members)) = waves.next() {
            let mut ends: Vec<usize> = gate.into_iter().collect();
            let mut started = Vec::new();
            for member in &members {
                let parts = self.applications(member, gate);
                ends.extend(match &member.steps {
                    Some(steps) => self.steps(member, steps, &parts, gate).into_iter().collect(),
                    // A set without a rolling sync is healthy as soon as it has made its Applications.
                    None if member.root.is_empty() => Vec::new(),
                    // A root over Applications waits for a health check, for which a suspended one is not healthy.
                    None => parts.iter().copied().flatten().collect(),
                });
                started.extend(parts.into_iter().flatten());
            }
            if gate.is_some() {
                let of_cluster = members.iter().any(|member| !member.root.is_empty());
                let kind = if of_cluster { Kind::ClusterWave } else { Kind::Wave };
                self.reading.price(kind, format!("wave {number}"), started);
            }
            if waves.peek().is_some() {
                gate = Some(self.reading.flow.gate(format!("wave {number}"), ends));
            }
        }
    }

    /// A part for each Application of a member, none for one that is not in the plan. One that is suspended stays
    /// Synced and Healthy as it was: it does not change, and it holds nobody up.
    fn applications(&mut self, member: &Member, gate: Option<usize>) -> Vec<Option<usize>> {
        let mut add = |one: &Application| {
            let place = *self.places.get(one.name.as_str())?;
            let part = self.reading.flow.add(What::Deployment(place));
            self.reading.flow.change(part, |part| {
                part.behind.extend(gate.filter(|_| member.steps.is_none()));
                part.applied_by = gate;
                part.stuck = one.suspended.then_some(SUSPENDED);
            });
            Some(part)
        };
        member.applications.iter().map(&mut add).collect()
    }

    fn moving(&self, parts: impl Iterator<Item = usize>) -> Vec<usize> {
        let is_suspended =
            |index: usize| self.reading.flow.parts.get(index).is_some_and(|part| part.stuck == Some(SUSPENDED));
        parts.filter(|part| !is_suspended(*part)).collect()
    }

    /// The steps of a rolling sync; gives the gate that opens when they are done.
    ///
    /// An Application of no step holds nobody up. It counts in the total of the first step, as Go's missing entry is 0.
    fn steps(
        &mut self,
        member: &Member,
        steps: &[Step],
        parts: &[Option<usize>],
        gate: Option<usize>,
    ) -> Option<usize> {
        let chosen: Vec<Option<usize>> = member.applications.iter().map(|one| step_of(&one.labels, steps)).collect();
        let of_none = parts.iter().zip(&chosen).filter(|(_, step)| step.is_none());
        for part in of_none.filter_map(|(part, _)| *part) {
            self.reading.flow.change(part, |part| part.stuck = part.stuck.or(Some(NO_STEP)));
        }
        let mut before = gate;
        for (index, step) in steps.iter().enumerate() {
            let of_step = parts.iter().zip(&chosen).filter(|(_, step)| **step == Some(index));
            let of_step: Vec<usize> = of_step.filter_map(|(part, _)| *part).collect();
            let total = chosen.iter().filter(|step| step.unwrap_or(0) == index).count();
            let at_once = step.max_update.as_ref().map(|max| max.of(total));
            let place = at_once.filter(|most| *most > 0).map(|most| self.reading.places(most));
            let by_hand = (at_once == Some(0)).then(|| by_hand(member, step, &chosen, index));
            for part in &of_step {
                self.reading.flow.change(*part, |part| {
                    part.behind.extend(before);
                    part.place = place;
                    part.by_hand.clone_from(&by_hand);
                });
            }
            let words = format!("step {}", index + 1);
            let kind = if by_hand.is_some() { Kind::ManualStep } else { Kind::Step };
            if index > 0 || by_hand.is_some() {
                self.reading.price(kind, words.clone(), of_step.clone());
            }
            let mut ends = self.moving(of_step.into_iter());
            ends.extend(before);
            before = Some(self.reading.flow.gate(words, ends));
        }
        before
    }
}

/// What somebody types to sync a step: by the labels that make it, or else by name.
fn by_hand(member: &Member, step: &Step, chosen: &[Option<usize>], index: usize) -> String {
    let equal = |expression: &Expression| match (expression.operator.as_str(), expression.values.as_slice()) {
        ("In", [value]) => Some(format!("{}={value}", expression.key)),
        _ => None,
    };
    let labels: Option<Vec<String>> = step.expressions.iter().map(equal).collect();
    match (&member.component, labels) {
        (Some(component), Some(labels)) => {
            let all: Vec<&str> = std::iter::once(component).chain(&labels).map(String::as_str).collect();
            format!("argocd app sync -l {}", all.join(","))
        }
        _ => {
            let of_step = member.applications.iter().zip(chosen).filter(|(_, step)| **step == Some(index));
            let names: Vec<&str> = of_step.map(|(one, _)| one.name.as_str()).collect();
            format!("argocd app sync {}", names.join(" "))
        }
    }
}

/// The status of a set lists its Applications by name.
fn by_name(mut member: Member) -> Member {
    member.applications.sort_by(|a, b| a.name.cmp(&b.name));
    member
}

/// A text that is no whole number counts as 0, as for Argo CD.
fn wave(object: &Object) -> i64 {
    annotation(&object.value, SYNC_WAVE).and_then(|wave| wave.parse().ok()).unwrap_or(0)
}

fn annotation<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.pointer("/metadata/annotations")?.get(key)?.as_str()
}

fn label<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.pointer("/metadata/labels")?.get(key)?.as_str()
}

/// The steps of a set with the strategy `RollingSync`; with no steps it is as without.
fn rolling_steps(set: &Value) -> Option<Vec<Step>> {
    let steps = entries(set, "/spec/strategy/rollingSync/steps");
    let is_rolling = text(set, "/spec/strategy/type") == "RollingSync" && !steps.is_empty();
    is_rolling.then(|| steps.iter().map(step).collect())
}

fn step(step: &Value) -> Step {
    let expression = |expression: &Value| Expression {
        key: text(expression, "/key").to_owned(),
        operator: text(expression, "/operator").to_owned(),
        values: entries(expression, "/values").iter().filter_map(Value::as_str).map(str::to_owned).collect(),
    };
    let max_update = match step.get("maxUpdate") {
        Some(Value::String(text)) => Some(MaxUpdate::Text(text.clone())),
        Some(number) => number.as_i64().map(MaxUpdate::Count),
        None => None,
    };
    Step { expressions: entries(step, "/matchExpressions").iter().map(expression).collect(), max_update }
}

/// The Applications of list generators; none where anything is written in a way that fleetc does not write it.
fn generated(set: &Value) -> Option<Vec<Application>> {
    let template = set.pointer("/spec/template")?;
    let mut all = Vec::new();
    for generator in entries(set, "/spec/generators") {
        for element in generator.pointer("/list/elements")?.as_array()? {
            let rendered = render(&Value::Object(template.get("metadata")?.as_object()?.clone()), element)?;
            all.push(application(&serde_json::json!({ "metadata": rendered })));
        }
    }
    Some(all)
}

fn application(object: &Value) -> Application {
    let labels = object.pointer("/metadata/labels").and_then(Value::as_object).into_iter().flatten();
    Application {
        name: text(object, "/metadata/name").to_owned(),
        labels: labels.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect(),
        suspended: annotation(object, SKIP_RECONCILE) == Some("true"),
    }
}

/// A part of a template with the parameters of an element.
fn render(template: &Value, element: &Value) -> Option<Value> {
    Some(match template {
        Value::String(text) => Value::String(render_text(text, element)?),
        Value::Array(items) => Value::Array(items.iter().map(|item| render(item, element)).collect::<Option<_>>()?),
        Value::Object(map) => {
            let entry = |(key, value): (&String, &Value)| Some((render_text(key, element)?, render(value, element)?));
            Value::Object(map.iter().map(entry).collect::<Option<_>>()?)
        }
        other => other.clone(),
    })
}

/// A text with `{{.name}}` and ``{{`…`}}`` in it, which is all that fleetc writes.
fn render_text(text: &str, element: &Value) -> Option<String> {
    let mut rendered = String::new();
    let mut rest = text;
    while let Some((before, action)) = rest.split_once("{{") {
        rendered.push_str(before);
        rest = if let Some(quoted) = action.strip_prefix('`') {
            let (constant, behind) = quoted.split_once("`}}")?;
            rendered.push_str(constant);
            behind
        } else {
            let (name, behind) = action.strip_prefix('.')?.split_once("}}")?;
            rendered.push_str(element.get(name)?.as_str()?);
            behind
        };
    }
    rendered.push_str(rest);
    Some(rendered)
}
