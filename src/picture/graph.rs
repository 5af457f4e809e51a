//! The picture of the order: stages of rollouts with their clusters, and which component comes after which.

use std::collections::{BTreeMap, BTreeSet};

use super::{Scope, alike};
use crate::plan::json::duration;
use crate::plan::{self, Deployment, Max, Plan};

/// From how many on clusters that are alike are drawn as one.
const FOLDED: usize = 4;

/// The whole picture.
#[derive(Clone, Debug)]
pub struct Graph {
    /// The fleet's name.
    pub fleet: String,
    /// The components that are shown.
    pub components: Vec<String>,
    /// How many clusters are shown.
    pub clusters: usize,
    /// How many deployments are shown.
    pub deployments: usize,
    /// The rollouts by name, and last what is in none.
    pub lanes: Vec<Lane>,
    /// What comes after what, on the same cluster, sorted.
    pub order: Vec<Edge>,
}

/// A rollout, or what is in none.
#[derive(Clone, Debug)]
pub struct Lane {
    /// The rollout's name.
    pub rollout: Option<String>,
    /// What it rolls out, sorted.
    pub components: Vec<String>,
    /// The stages in order; one without a name where there is no rollout.
    pub stages: Vec<Stage>,
}

/// What changes at one time.
#[derive(Clone, Debug)]
pub struct Stage {
    /// `1 dev`
    pub title: String,
    /// `max 1`, `protected`
    pub remarks: Vec<String>,
    /// What stands before it, behind the stage before: `bake 30m, by hand`; `healthy` when nothing else is asked.
    pub gate: String,
    /// How many clusters there are.
    pub clusters: usize,
    /// The clusters, those that are alike in one.
    pub groups: Vec<Group>,
}

/// A cluster, or several that are alike.
#[derive(Clone, Debug)]
pub struct Group {
    /// `prod-eu`, `prod x12`
    pub label: String,
    /// Their names, sorted.
    pub clusters: Vec<String>,
    /// `suspended`, `2 of 3 components`, `protected`
    pub remarks: Vec<String>,
}

/// `to` comes after `from`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// What is first.
    pub from: String,
    /// What waits.
    pub to: String,
    /// `on 2 of 5 clusters`, `for its secrets`; nothing when it holds wherever the component runs.
    pub remark: Option<String>,
}

/// The picture of `plan`, as far as `scope` goes.
pub fn graph(plan: &Plan, scope: &Scope) -> Graph {
    let shown: Vec<&Deployment> = scope.deployments(plan).collect();
    let mut lanes: BTreeMap<(bool, &str), Vec<&Deployment>> = BTreeMap::new();
    for deployment in &shown {
        let rollout = deployment.rollout.as_deref();
        lanes.entry((rollout.is_none(), rollout.unwrap_or_default())).or_default().push(deployment);
    }
    let lanes = lanes.into_iter().map(|((_, name), deployments)| lane(plan, scope, name, &deployments)).collect();
    Graph {
        fleet: plan.fleet.clone(),
        components: names(shown.iter().map(|one| &*one.component)),
        clusters: names(shown.iter().map(|one| &*one.cluster)).len(),
        deployments: shown.len(),
        lanes,
        order: order(&shown),
    }
}

/// Sorted, each once.
fn names<'n>(names: impl Iterator<Item = &'n str>) -> Vec<String> {
    names.collect::<BTreeSet<_>>().into_iter().map(str::to_owned).collect()
}

fn lane(plan: &Plan, scope: &Scope, name: &str, deployments: &[&Deployment]) -> Lane {
    let components = names(deployments.iter().map(|one| &*one.component));
    let rollout = plan.rollouts.iter().find(|rollout| &*rollout.name == name);
    let mut stages = Vec::new();
    let mut before: Option<&plan::Stage> = None;
    for (place, declared) in rollout.iter().flat_map(|rollout| rollout.stages.iter().enumerate()) {
        let here: Vec<&Deployment> =
            deployments.iter().copied().filter(|one| one.stage.as_deref() == Some(&*declared.name)).collect();
        let mut stage = stage(scope, format!("{} {}", place + 1, declared.name), &here, components.len());
        stage.gate = gate(before, declared);
        stage.remarks.splice(0..0, remarks(before, declared));
        stages.push(stage);
        before = Some(declared);
    }
    let rest: Vec<&Deployment> = deployments.iter().copied().filter(|one| one.stage.is_none()).collect();
    if !rest.is_empty() {
        stages.push(stage(scope, "all at once".to_owned(), &rest, components.len()));
    }
    Lane { rollout: rollout.map(|rollout| rollout.name.to_string()), components, stages }
}

/// What must be before the next stage opens.
fn gate(before: Option<&plan::Stage>, stage: &plan::Stage) -> String {
    let bake = before.and_then(|before| before.bake).map(|bake| format!("bake {}", duration(bake)));
    let by_hand = stage.manual.then(|| "by hand".to_owned());
    let all: Vec<String> = bake.into_iter().chain(by_hand).collect();
    if all.is_empty() { "healthy".to_owned() } else { all.join(", ") }
}

fn remarks(before: Option<&plan::Stage>, stage: &plan::Stage) -> Vec<String> {
    let max = stage.max.map(|max| match max {
        Max::Count(count) => format!("max {count}"),
        Max::Percent(percent) => format!("max {percent}%"),
    });
    let by_hand = (before.is_none() && stage.manual).then(|| "by hand".to_owned());
    max.into_iter().chain(by_hand).collect()
}

/// What makes clusters of a stage alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Likeness {
    components: BTreeSet<String>,
    suspended: usize,
    protected: bool,
}

fn stage(scope: &Scope, title: String, here: &[&Deployment], all: usize) -> Stage {
    let mut clusters: BTreeMap<&str, Likeness> = BTreeMap::new();
    for one in here {
        let new = Likeness { components: BTreeSet::new(), suspended: 0, protected: one.protected };
        let likeness = clusters.entry(&one.cluster).or_insert(new);
        likeness.components.insert(one.component.to_string());
        likeness.suspended += usize::from(one.suspend);
    }
    let count = clusters.len();
    let protected = count > 0 && clusters.values().all(|one| one.protected);
    let mut alike: BTreeMap<&Likeness, Vec<String>> = BTreeMap::new();
    for (cluster, likeness) in &clusters {
        alike.entry(likeness).or_default().push((*cluster).to_owned());
    }
    let mut groups: Vec<(Vec<String>, &Likeness)> = Vec::new();
    for (likeness, members) in alike {
        if members.len() < FOLDED || scope.each {
            groups.extend(members.into_iter().map(|member| (vec![member], likeness)));
        } else {
            groups.push((members, likeness));
        }
    }
    groups.sort();
    let labels = alike::labels(&groups.iter().map(|(members, _)| members.clone()).collect::<Vec<_>>());
    let groups = groups.into_iter().zip(labels).map(|((clusters, likeness), label)| {
        let remarks = group_remarks(likeness, all, likeness.protected && !protected);
        Group { label, clusters, remarks }
    });
    let groups = groups.collect();
    let remarks = if protected { vec!["protected".to_owned()] } else { Vec::new() };
    Stage { title, remarks, gate: String::new(), clusters: count, groups }
}

fn group_remarks(likeness: &Likeness, all: usize, protected: bool) -> Vec<String> {
    let count = likeness.components.len();
    let some = (count < all).then(|| format!("{count} of {all} components"));
    let paused = match likeness.suspended {
        0 => None,
        some if some == count => Some("suspended".to_owned()),
        some => Some(format!("{some} suspended")),
    };
    let protected = protected.then(|| "protected".to_owned());
    [some, paused, protected].into_iter().flatten().collect()
}

fn order(shown: &[&Deployment]) -> Vec<Edge> {
    let known: BTreeSet<&str> = shown.iter().map(|one| &*one.component).collect();
    let mut runs: BTreeMap<&str, usize> = BTreeMap::new();
    let mut edges: BTreeMap<(&str, &str), (usize, bool)> = BTreeMap::new();
    for one in shown {
        *runs.entry(&one.component).or_default() += 1;
        for before in one.after.iter().filter(|before| known.contains(&***before)) {
            let edge = edges.entry((before, &one.component)).or_insert((0, true));
            edge.0 += 1;
            edge.1 &= one.implied.contains(before);
        }
    }
    let edge = |((from, to), (count, implied)): ((&str, &str), (usize, bool))| {
        let all = runs.get(to).copied().unwrap_or(0);
        let some = (count < all).then(|| format!("on {count} of {all} clusters"));
        let why = implied.then(|| "for its secrets".to_owned());
        let remarks: Vec<String> = why.into_iter().chain(some).collect();
        let remark = (!remarks.is_empty()).then(|| remarks.join(", "));
        Edge { from: from.to_owned(), to: to.to_owned(), remark }
    };
    edges.into_iter().map(edge).collect()
}
