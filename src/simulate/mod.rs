//! What happens when a change arrives for every component: what starts when, what freezes, and what each gate costs.
//!
//! Takes a plan and what was built of it, and steps through the order that the *manifests* give the engines, so that a
//! mistake of a back end shows. Time is counted in rounds: what starts in one is healthy at its end.
//!
//! Knows the objects of both engines, and nothing of how they were made. What is assumed is written down at the readers
//! (`argocd.rs`, `flux.rs`).

mod argocd;
mod flow;
mod flux;
pub mod json;
pub(crate) mod manifests;
mod outcome;
mod price;
pub mod text;

use std::collections::BTreeSet;

use crate::plan::Plan;
use crate::target::OutputTree;
use flow::Flow;
pub use price::Kind;

/// Why a deployment that is suspended does not change.
const SUSPENDED: &str = "suspended";

/// Which engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Argo CD.
    ArgoCd,
    /// Flux.
    Flux,
}

impl Engine {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::ArgoCd => "argocd",
            Self::Flux => "flux",
        }
    }
}

/// The course of a change through a whole fleet.
#[derive(Clone, Debug)]
pub struct Simulation {
    /// The fleet's name.
    pub fleet: String,
    /// The clusters that do not become healthy, sorted.
    pub unhealthy: Vec<String>,
    /// What each installation of an engine does: Argo CD before Flux, then by name.
    pub instances: Vec<Instance>,
}

/// What one installation of an engine does.
#[derive(Clone, Debug)]
pub struct Instance {
    /// Which engine.
    pub engine: Engine,
    /// The name of the installation, unless it is the only one.
    pub name: Option<String>,
    /// How many rounds there are in all.
    pub rounds: usize,
    /// The components, by name.
    pub components: Vec<Component>,
}

impl Instance {
    /// The engine and the installation: `argocd`, `flux east`.
    pub fn words(&self) -> String {
        let name = self.name.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
        format!("{}{name}", self.engine.word())
    }

    /// How many deployments it has.
    pub fn deployments(&self) -> usize {
        let openings = self.components.iter().flat_map(|component| &component.rounds).flat_map(|round| &round.opens);
        openings.map(|opening| opening.clusters.len()).sum::<usize>() + self.not_reached()
    }

    /// How many of its deployments never start.
    pub fn not_reached(&self) -> usize {
        self.components.iter().map(|component| component.frozen.len()).sum()
    }
}

/// The course of a change through one component.
#[derive(Clone, Debug)]
pub struct Component {
    /// Its name.
    pub name: String,
    /// The rollouts of its deployments, sorted.
    pub rollouts: Vec<String>,
    /// What its deployments wait for by `after`, sorted.
    pub after: Vec<String>,
    /// The rounds in which something of it starts, in order.
    pub rounds: Vec<Round>,
    /// What started and does not become healthy, by cluster.
    pub unhealthy: Vec<Unhealthy>,
    /// What never starts, in order of the stages and then by cluster.
    pub frozen: Vec<Frozen>,
    /// What its gates cost, by kind and gate.
    pub prices: Vec<Price>,
    /// What is known of time.
    pub times: Times,
}

/// What starts together.
#[derive(Clone, Debug)]
pub struct Round {
    /// From 1, counted over the whole instance.
    pub number: usize,
    /// In order of the stages.
    pub opens: Vec<Opening>,
}

/// The clusters of a stage that start in a round.
#[derive(Clone, Debug)]
pub struct Opening {
    /// The stage, for a component under a rollout.
    pub stage: Option<String>,
    /// Sorted by name.
    pub clusters: Vec<String>,
    /// What somebody has to type first.
    pub by_hand: Option<String>,
    /// How long what is before them is kept, once healthy.
    pub bake: Option<String>,
}

/// A deployment that started and stays as it is.
#[derive(Clone, Debug)]
pub struct Unhealthy {
    /// The cluster.
    pub cluster: String,
    /// The stage.
    pub stage: Option<String>,
    /// The round in which it started.
    pub round: usize,
    /// The engine's word for how it is.
    pub state: &'static str,
}

/// A deployment that never starts.
#[derive(Clone, Debug)]
pub struct Frozen {
    /// The cluster.
    pub cluster: String,
    /// The stage.
    pub stage: Option<String>,
    /// The engine's word for how it is.
    pub state: &'static str,
    /// What it waits for directly: a step, a wave, a gate, another component, a place. Empty when it waits for nothing.
    pub waits_for: Vec<String>,
    /// The deployments that all this is owed to, sorted by component and cluster.
    pub because: Vec<Cause>,
}

/// A deployment that holds up others or itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cause {
    /// The component.
    pub component: String,
    /// The cluster.
    pub cluster: String,
    /// What is wrong with it: `not healthy`, `suspended`.
    pub reason: String,
}

/// What a gate costs.
#[derive(Clone, Debug)]
pub struct Price {
    /// Which gate: `step 2`, `wave 1`, the name of a Kustomization.
    pub gate: String,
    /// What kind of gate it is.
    pub kind: Kind,
    /// The clusters of the component behind it, sorted.
    pub holds: Vec<String>,
}

/// What is known of time besides the work itself. All of it is as the engine writes it.
#[derive(Clone, Debug, Default)]
pub struct Times {
    /// How many polls there are at most on the longest way to one of its deployments; none where nothing polls.
    pub polls: Option<usize>,
    /// After what time a failure is tried again.
    pub retry: BTreeSet<String>,
    /// How long health is waited for at a time.
    pub timeout: BTreeSet<String>,
    /// The bake times on the way.
    pub bake: Vec<String>,
}

/// Simulates a change of every component of `plan`, of which `tree` was built, while nothing gets healthy on the clusters
/// `unhealthy`. Somebody opens every gate that is opened by hand.
pub fn simulate(plan: &Plan, tree: &OutputTree, unhealthy: &BTreeSet<String>) -> Simulation {
    let argocd = plan.argocd.iter().map(|settings| {
        let seen = plan.of_argocd(settings);
        let reading = argocd::read(&seen, settings, tree);
        outcome::instance(Engine::ArgoCd, settings.instance.name.clone(), &seen, &reading, unhealthy)
    });
    let flux = plan.flux.iter().map(|settings| {
        let seen = plan.of(&settings.instance);
        let reading = flux::read(&seen, settings, tree);
        outcome::instance(Engine::Flux, settings.instance.name.clone(), &seen, &reading, unhealthy)
    });
    Simulation {
        fleet: plan.fleet.clone(),
        unhealthy: unhealthy.iter().cloned().collect(),
        instances: argocd.chain(flux).collect(),
    }
}

/// What a reader found in the manifests of an instance.
#[derive(Debug, Default)]
struct Reading {
    flow: Flow,
    /// The kind and name of each gate, and the parts directly behind it.
    prices: Vec<(Kind, String, Vec<usize>)>,
}

impl Reading {
    fn price(&mut self, kind: Kind, gate: String, holds: Vec<usize>) {
        self.prices.push((kind, gate, holds));
    }

    /// A stage in which so many may be under way.
    fn places(&mut self, most: usize) -> usize {
        self.flow.places.push(most);
        self.flow.places.len() - 1
    }
}
