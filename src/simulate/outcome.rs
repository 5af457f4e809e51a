//! From a walk to what is said of each component.

use std::collections::{BTreeMap, BTreeSet};

use super::flow::{Course, Flow, Part, What};
use super::{Cause, Component, Engine, Frozen, Instance, Opening, Price, Reading, Round, SUSPENDED, Times, Unhealthy};
use crate::plan::{Deployment, Plan};

const NOT_HEALTHY: &str = "not healthy";
const NOT_DEPLOYED: &str = "no manifest deploys it";

/// Walks through what a reader found, and says of each component of `plan` how it went.
pub(super) fn instance(
    engine: Engine,
    name: Option<String>,
    plan: &Plan,
    reading: &Reading,
    unhealthy: &BTreeSet<String>,
) -> Instance {
    let flow = &reading.flow;
    let ill = |part: usize| deployment(plan, flow, part).is_some_and(|d| unhealthy.contains(&*d.cluster));
    let course = flow.walk(ill);
    let outcome = Outcome { engine, plan, reading, course: &course, causes: causes(flow, &course), polls: polls(flow) };
    let mut parts: BTreeMap<usize, usize> = BTreeMap::new();
    for (index, part) in flow.parts.iter().enumerate() {
        if let What::Deployment(place) = part.what {
            parts.insert(place, index);
        }
    }
    let mut first = 0;
    let mut components = Vec::new();
    for deployments in plan.deployments.chunk_by(|a, b| a.component == b.component) {
        components.extend(outcome.component(first, deployments, &parts));
        first += deployments.len();
    }
    Instance { engine, name, rounds: course.rounds, components }
}

fn deployment<'p>(plan: &'p Plan, flow: &Flow, part: usize) -> Option<&'p Deployment> {
    match flow.parts.get(part)?.what {
        What::Deployment(place) => plan.deployments.get(place),
        What::Gate(_) => None,
    }
}

/// For each part that is not healthy, the parts that this is owed to: itself, or those of what it waits for.
fn causes(flow: &Flow, course: &Course) -> Vec<BTreeSet<usize>> {
    let is_healthy = |part: &usize| course.healthy.get(*part).copied().unwrap_or(false);
    let started = |part: &usize| course.round.get(*part).copied().flatten().is_some();
    let mut in_place: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (index, part) in flow.parts.iter().enumerate() {
        if let Some(place) = part.place.filter(|_| started(&index) && !is_healthy(&index)) {
            in_place.entry(place).or_default().insert(index);
        }
    }
    let mut causes = vec![BTreeSet::new(); flow.parts.len()];
    for index in flow.in_order() {
        let Some(part) = flow.parts.get(index).filter(|_| !is_healthy(&index)) else { continue };
        let mut own: BTreeSet<usize> = BTreeSet::new();
        if started(&index) || part.stuck.is_some() {
            own.insert(index);
        } else {
            for before in part.behind.iter().filter(|before| !is_healthy(before)) {
                own.extend(causes.get(*before).into_iter().flatten());
            }
            if own.is_empty() {
                own.extend(part.place.and_then(|place| in_place.get(&place)).into_iter().flatten());
            }
        }
        if let Some(slot) = causes.get_mut(index) {
            *slot = own;
        }
    }
    causes
}

/// For each part, how many stand before it on the longest way.
fn polls(flow: &Flow) -> Vec<usize> {
    let mut polls = vec![0; flow.parts.len()];
    for index in flow.in_order() {
        let before = flow.parts.get(index).map(|part| part.behind.as_slice()).unwrap_or_default();
        let most = before.iter().filter_map(|part| polls.get(*part)).map(|before| before + 1).max();
        if let Some(slot) = polls.get_mut(index) {
            *slot = most.unwrap_or(0);
        }
    }
    polls
}

struct Outcome<'a> {
    engine: Engine,
    plan: &'a Plan,
    reading: &'a Reading,
    course: &'a Course,
    causes: Vec<BTreeSet<usize>>,
    polls: Vec<usize>,
}

/// What starts together: the round, the place of the stage in its rollout, the stage, what is typed, what is waited.
type Together = (usize, usize, Option<String>, Option<String>, Option<String>);

impl Outcome<'_> {
    /// A component, whose deployments are in the plan from `first` on.
    fn component(&self, first: usize, deployments: &[Deployment], parts: &BTreeMap<usize, usize>) -> Option<Component> {
        let name = deployments.first()?.component.to_string();
        let mut openings: BTreeMap<Together, Vec<String>> = BTreeMap::new();
        let mut unhealthy = Vec::new();
        let mut frozen: Vec<(usize, Frozen)> = Vec::new();
        let mut own = BTreeSet::new();
        for (place, deployment) in (first..).zip(deployments) {
            let Some(index) = parts.get(&place).copied() else {
                frozen.push((self.stage(deployment).0, not_deployed(deployment)));
                continue;
            };
            own.insert(index);
            let Some(part) = self.reading.flow.parts.get(index) else { continue };
            match self.course.round.get(index).copied().flatten() {
                Some(round) => {
                    let (number, stage) = self.stage(deployment);
                    let together = (round, number, stage, part.by_hand.clone(), self.bake(part));
                    openings.entry(together).or_default().push(deployment.cluster.to_string());
                    if !self.is_healthy(index) {
                        unhealthy.push(self.unhealthy(deployment, round));
                    }
                }
                None => frozen.push((self.stage(deployment).0, self.frozen(index, part, deployment))),
            }
        }
        frozen.sort_by_key(|(stage, _)| *stage);
        let names = |of: &dyn Fn(&Deployment) -> Vec<String>| -> Vec<String> {
            deployments.iter().flat_map(of).collect::<BTreeSet<_>>().into_iter().collect()
        };
        Some(Component {
            rollouts: names(&|d| d.rollout.iter().map(ToString::to_string).collect()),
            after: names(&|d| d.after.iter().map(ToString::to_string).collect()),
            rounds: rounds(openings),
            unhealthy,
            frozen: frozen.into_iter().map(|(_, frozen)| frozen).collect(),
            prices: self.prices(&name),
            times: self.times(&own),
            name,
        })
    }

    fn is_healthy(&self, part: usize) -> bool {
        self.course.healthy.get(part).copied().unwrap_or(false)
    }

    fn stage(&self, deployment: &Deployment) -> (usize, Option<String>) {
        let rollout = self.plan.rollouts.iter().find(|rollout| Some(&rollout.name) == deployment.rollout.as_ref());
        let stages = rollout.map(|rollout| rollout.stages.as_slice()).unwrap_or_default();
        let number = stages.iter().position(|stage| Some(&stage.name) == deployment.stage.as_ref());
        (number.unwrap_or(0), deployment.stage.as_deref().map(str::to_owned))
    }

    /// The time that the gates directly before a part take.
    fn bake(&self, part: &Part) -> Option<String> {
        part.behind.iter().find_map(|before| self.reading.flow.parts.get(*before)?.bake.clone())
    }

    fn unhealthy(&self, deployment: &Deployment, round: usize) -> Unhealthy {
        let state = match self.engine {
            Engine::ArgoCd => "Progressing",
            Engine::Flux => "HealthCheckFailed",
        };
        Unhealthy { cluster: deployment.cluster.to_string(), stage: self.stage(deployment).1, round, state }
    }

    fn frozen(&self, index: usize, part: &Part, deployment: &Deployment) -> Frozen {
        let flow = &self.reading.flow;
        let missing = part.behind.iter().filter(|before| !self.is_healthy(**before));
        let mut waits_for: Vec<String> = missing.filter_map(|before| self.words(*before)).collect();
        waits_for.sort();
        waits_for.dedup();
        if part.stuck.is_some() {
            waits_for.clear();
        } else if waits_for.is_empty() {
            let most = part.place.and_then(|place| flow.places.get(place)).copied().unwrap_or(0);
            waits_for.push(format!("a place ({most} at a time)"));
        }
        let causes = self.causes.get(index).into_iter().flatten();
        let mut because: Vec<Cause> = causes.filter_map(|cause| self.cause(*cause)).collect();
        because.sort();
        Frozen {
            cluster: deployment.cluster.to_string(),
            stage: self.stage(deployment).1,
            state: self.state(part),
            waits_for,
            because,
        }
    }

    /// What a part that is waited for is called: a component, or a gate and the stage that is before it.
    fn words(&self, part: usize) -> Option<String> {
        let flow = &self.reading.flow;
        let found = flow.parts.get(part)?;
        let words = match &found.what {
            What::Gate(words) => words,
            What::Deployment(_) => return Some(deployment(self.plan, flow, part)?.component.to_string()),
        };
        let before = found.behind.iter().filter_map(|before| deployment(self.plan, flow, *before));
        let stages: BTreeSet<&str> = before.filter_map(|d| d.stage.as_deref()).collect();
        match (self.engine, stages.first()) {
            (Engine::ArgoCd, Some(stage)) if stages.len() == 1 => Some(format!("{words} ({stage})")),
            _ => Some(words.clone()),
        }
    }

    fn cause(&self, part: usize) -> Option<Cause> {
        let of = deployment(self.plan, &self.reading.flow, part)?;
        let reason = self.reading.flow.parts.get(part)?.stuck.unwrap_or(NOT_HEALTHY).to_owned();
        Some(Cause { component: of.component.to_string(), cluster: of.cluster.to_string(), reason })
    }

    /// The engine's word for a deployment that never starts. Where not even its ApplicationSet is applied, nothing about
    /// it changes.
    fn state(&self, part: &Part) -> &'static str {
        match (part.stuck, self.engine) {
            (Some(SUSPENDED), _) => "Suspended",
            (_, Engine::ArgoCd) if part.applied_by.is_some_and(|gate| !self.is_healthy(gate)) => "Unchanged",
            (_, Engine::ArgoCd) => "Waiting",
            (_, Engine::Flux) => "DependencyNotReady",
        }
    }

    fn prices(&self, component: &str) -> Vec<Price> {
        let mut prices = Vec::new();
        for (kind, gate, holds) in &self.reading.prices {
            let held = holds.iter().filter_map(|part| deployment(self.plan, &self.reading.flow, *part));
            let mut holds: Vec<String> =
                held.filter(|d| *d.component == *component).map(|d| d.cluster.to_string()).collect();
            holds.sort();
            if !holds.is_empty() {
                prices.push(Price { gate: gate.clone(), kind: *kind, holds });
            }
        }
        prices.sort_by(|a, b| (a.kind, &a.gate).cmp(&(b.kind, &b.gate)));
        prices
    }

    fn times(&self, own: &BTreeSet<usize>) -> Times {
        let polls = own.iter().filter_map(|part| self.polls.get(*part)).max().copied();
        let mut times = Times { polls: polls.filter(|_| self.engine == Engine::Flux), ..Times::default() };
        let mut gates = BTreeSet::new();
        for part in own.iter().filter_map(|part| self.reading.flow.parts.get(*part)) {
            if let Some((retry, timeout)) = &part.times {
                times.retry.insert(retry.clone());
                times.timeout.insert(timeout.clone());
            }
            gates.extend(part.behind.iter().copied());
        }
        times.bake =
            gates.iter().filter_map(|gate| self.reading.flow.parts.get(*gate)).filter_map(|p| p.bake.clone()).collect();
        times
    }
}

fn not_deployed(deployment: &Deployment) -> Frozen {
    let (component, cluster) = (deployment.component.to_string(), deployment.cluster.to_string());
    Frozen {
        cluster: cluster.clone(),
        stage: deployment.stage.as_deref().map(str::to_owned),
        state: "Unchanged",
        waits_for: Vec::new(),
        because: vec![Cause { component, cluster, reason: NOT_DEPLOYED.to_owned() }],
    }
}

fn rounds(openings: BTreeMap<Together, Vec<String>>) -> Vec<Round> {
    let mut rounds: Vec<Round> = Vec::new();
    for ((number, _, stage, by_hand, bake), clusters) in openings {
        let opening = Opening { stage, clusters, by_hand, bake };
        match rounds.last_mut().filter(|round| round.number == number) {
            Some(round) => round.opens.push(opening),
            None => rounds.push(Round { number, opens: vec![opening] }),
        }
    }
    rounds
}
