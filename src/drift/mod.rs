//! What engines report, beside the plan: what is missing, different, not ready or standing still.
//!
//! Takes a plan, what was built of it, and the text that an engine's objects were read into ([`read`]). What is compared are
//! the objects that a build writes, so there is no second opinion of what an engine is to have.
//!
//! One cause is one finding: what stands still is not said to be out of date, too. What is assumed of an engine's status is
//! written down where it is read (`argocd.rs`, `flux.rs`).

mod argocd;
mod differences;
mod expected;
mod findings;
mod flux;
pub mod json;
mod live;
pub mod markdown;
mod normal;
mod owner;
mod position;
mod scope;
pub mod text;
mod words;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::plan::Plan;
pub use crate::simulate::Engine;
use crate::target::{Engines, OutputTree};
pub use live::{Kind, State, Unreadable, read};
pub use position::{Position, StagePosition};
pub use scope::Unclear;
pub use words::message as shown;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wrong {
    /// It is not there.
    Missing,
    /// It is there, belongs to the fleet, and is not in the plan.
    Unexpected,
    /// It stands still, and the plan does not say so.
    Suspended,
    /// It does not stand still, and the plan says so.
    NotSuspended,
    /// It takes another revision than the plan says, or is behind others.
    WrongRevision,
    /// It takes another folder or chart.
    WrongPath,
    /// Another field is not as the plan says.
    Differs,
    /// The engine says that it failed, or is not healthy.
    NotReady,
    /// What is on the cluster is not what the source says.
    OutOfSync,
    /// It waits for another: a step, a gate, a component.
    Waiting,
    /// It is under way.
    Progressing,
}

impl Wrong {
    /// Every one with its word, in the JSON and for reading.
    pub const ALL: [(Self, &'static str, &'static str); 11] = [
        (Self::Missing, "missing", "missing"),
        (Self::Unexpected, "unexpected", "unexpected"),
        (Self::Suspended, "suspended", "suspended"),
        (Self::NotSuspended, "not-suspended", "not suspended"),
        (Self::WrongRevision, "wrong-revision", "wrong revision"),
        (Self::WrongPath, "wrong-path", "wrong path"),
        (Self::Differs, "differs", "differs"),
        (Self::NotReady, "not-ready", "not ready"),
        (Self::OutOfSync, "out-of-sync", "out of sync"),
        (Self::Waiting, "waiting", "waiting"),
        (Self::Progressing, "progressing", "progressing"),
    ];

    /// The word for it in the JSON.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(one, ..)| *one == self).map_or("", |(_, word, _)| word)
    }

    /// The words for it.
    pub fn words(self) -> &'static str {
        Self::ALL.iter().find(|(one, ..)| *one == self).map_or("", |(.., words)| words)
    }
}

/// One thing that is not as the plan says.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What is wrong.
    pub wrong: Wrong,
    /// What kind of object.
    pub kind: Kind,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The component it is of.
    pub component: Option<String>,
    /// The cluster it is on or for.
    pub cluster: Option<String>,
    /// The rollout it is under.
    pub rollout: Option<String>,
    /// The stage of the rollout.
    pub stage: Option<String>,
    /// Whether its cluster is protected.
    pub protected: bool,
    /// Whether it is a deployment of the plan.
    pub is_deployment: bool,
    /// Which field is not as it should be.
    pub field: Option<String>,
    /// What the plan says of the field; nothing where it says nothing.
    pub wanted: Option<Value>,
    /// What is there; nothing where there is nothing, and where it is not shown.
    pub live: Option<Value>,
    /// Whether what is there is not shown: somebody may have put a password there.
    pub hidden: bool,
    /// Why it is so, in the words of the engine where it has any.
    pub why: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
}

/// An object that is nobody's business here.
#[derive(Clone, Debug)]
pub struct Foreign {
    /// What it is.
    pub kind: Kind,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// One installation of an engine beside its part of the plan.
#[derive(Clone, Debug)]
pub struct Compared {
    /// Which engine.
    pub engine: Engine,
    /// The name of the installation, unless it is the only one.
    pub name: Option<String>,
    /// The clusters of the deployments that were compared.
    pub clusters: BTreeSet<String>,
    /// How many deployments were compared.
    pub deployments: usize,
    /// What is not as the plan says, in the order of the rollouts, their stages, clusters and components.
    pub findings: Vec<Finding>,
    /// Where each component under a rollout is.
    pub rollouts: Vec<Position>,
    /// The objects of other people.
    pub foreign: Vec<Foreign>,
    /// How many deployments there are on clusters that nobody declared and that are found by labels.
    pub undeclared: usize,
    /// What could not be compared, in words.
    pub not_compared: Vec<String>,
}

impl Compared {
    /// The engine and the installation: `argocd`, `flux east`.
    pub fn words(&self) -> String {
        let name = self.name.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
        format!("{}{name}", self.engine.word())
    }
}

/// A fleet beside what its engines report.
#[derive(Clone, Debug)]
pub struct Drift {
    /// The fleet's name.
    pub fleet: String,
    /// The installations of which there is a state: Argo CD before Flux, then by name.
    pub instances: Vec<Compared>,
    /// The installations of which there is none, in words.
    pub not_compared: Vec<String>,
}

impl Drift {
    /// Whether anything is not as the plan says.
    pub fn is_any(&self) -> bool {
        self.instances.iter().any(|instance| !instance.findings.is_empty())
    }

    /// How many deployments were compared.
    pub fn deployments(&self) -> usize {
        self.instances.iter().map(|instance| instance.deployments).sum()
    }

    /// The clusters of what was compared.
    pub fn clusters(&self) -> BTreeSet<&str> {
        self.instances.iter().flat_map(|instance| &instance.clusters).map(String::as_str).collect()
    }

    /// Everything that is not as the plan says.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.instances.iter().flat_map(|instance| &instance.findings)
    }

    /// How many deployments of the plan drift.
    pub fn drifting(&self) -> usize {
        let of = |instance: &Compared| {
            let found = instance.findings.iter().filter(|finding| finding.is_deployment);
            found.map(|finding| finding.name.as_str()).collect::<BTreeSet<_>>().len()
        };
        self.instances.iter().map(of).sum()
    }

    /// The clusters on which anything drifts; those that are protected only, or all.
    pub fn drifting_clusters(&self, protected: bool) -> BTreeSet<&str> {
        let found = self.findings().filter(|finding| finding.protected || !protected);
        found.filter_map(|finding| finding.cluster.as_deref()).collect()
    }
}

/// Which installations are compared.
#[derive(Clone, Debug)]
pub struct Selection {
    /// Of which engines; those of which there is a state when absent.
    pub engines: Option<Engines>,
    /// Of which name; every one when absent.
    pub instance: Option<String>,
}

/// Compares `plan`, of which `tree` was built, with what engines report.
///
/// # Errors
///
/// When it cannot be told whose state it is.
pub fn compare(plan: &Plan, tree: &OutputTree, states: &[State], selection: &Selection) -> Result<Drift, Unclear> {
    let scope::Chosen { views, not_compared } = scope::choose(plan, tree, states, selection)?;
    let instances = views.iter().map(scope::View::compared).collect();
    Ok(Drift { fleet: plan.fleet.clone(), instances, not_compared })
}
