//! Where each component under a rollout is: which stages are done, and which one the rollout has come to.

use std::collections::BTreeMap;

use super::findings::Judged;
use crate::plan::{Deployment, Plan};

/// How far a deployment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Progress {
    /// It failed, stands still or is missing.
    Stopped,
    /// It waits for another.
    Waiting,
    /// It is under way.
    UnderWay,
    /// It is as the plan says.
    Done,
}

/// Where a component is in a rollout.
#[derive(Clone, Debug)]
pub struct Position {
    /// The component.
    pub component: String,
    /// The rollout.
    pub rollout: String,
    /// The stage it has come to; none when it is through.
    pub stage: Option<String>,
    /// Its stages, in order.
    pub stages: Vec<StagePosition>,
}

/// How far the clusters of a stage are.
#[derive(Clone, Debug, Default)]
pub struct StagePosition {
    /// The stage.
    pub stage: String,
    /// Whether somebody has to open it, and it is not open.
    pub is_closed: bool,
    /// The clusters that are as the plan says, sorted.
    pub done: Vec<String>,
    /// Those that are under way.
    pub progressing: Vec<String>,
    /// Those that wait.
    pub waiting: Vec<String>,
    /// Those that failed, stand still or are missing.
    pub stopped: Vec<String>,
}

impl StagePosition {
    /// How many clusters it has.
    pub fn clusters(&self) -> usize {
        self.done.len() + self.progressing.len() + self.waiting.len() + self.stopped.len()
    }
}

/// The positions of all components, by component and rollout. `closed` says which stages of a component nobody opened.
pub(super) fn positions(plan: &Plan, judged: &Judged, closed: impl Fn(&str, &str, &str) -> bool) -> Vec<Position> {
    let mut all: BTreeMap<(&str, &str), BTreeMap<usize, StagePosition>> = BTreeMap::new();
    for (deployment, progress) in plan.deployments.iter().zip(&judged.progress) {
        let (Some(progress), Some((rollout, number, stage))) = (progress, place(plan, deployment)) else { continue };
        let stages = all.entry((&deployment.component, rollout)).or_default();
        let position = stages.entry(number).or_insert_with(|| StagePosition {
            stage: stage.to_owned(),
            is_closed: closed(&deployment.component, rollout, stage),
            ..StagePosition::default()
        });
        let clusters = match progress {
            Progress::Stopped => &mut position.stopped,
            Progress::Waiting => &mut position.waiting,
            Progress::UnderWay => &mut position.progressing,
            Progress::Done => &mut position.done,
        };
        clusters.push(deployment.cluster.to_string());
    }
    let position = |((component, rollout), stages): ((&str, &str), BTreeMap<usize, StagePosition>)| {
        let stages: Vec<StagePosition> = stages.into_values().collect();
        let at = stages.iter().find(|stage| stage.done.len() < stage.clusters());
        Position {
            component: component.to_owned(),
            rollout: rollout.to_owned(),
            stage: at.map(|stage| stage.stage.clone()),
            stages,
        }
    };
    all.into_iter().map(position).collect()
}

/// The rollout of a deployment, and the number and name of its stage.
fn place<'a>(plan: &Plan, deployment: &'a Deployment) -> Option<(&'a str, usize, &'a str)> {
    let (rollout, stage) = (deployment.rollout.as_deref()?, deployment.stage.as_deref()?);
    let of = plan.rollouts.iter().find(|one| &*one.name == rollout)?;
    Some((rollout, of.stages.iter().position(|one| &*one.name == stage)?, stage))
}
