//! The laws of `fleetc plan --simulate` over random fleets, against a naive view of the plan: everything is reached once
//! when nothing is unhealthy, nothing before what comes before it, and with an unhealthy cluster exactly what is not
//! behind it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]
#![allow(missing_docs)]

#[allow(dead_code)]
mod random;

use std::collections::{BTreeMap, BTreeSet};

use fleetc::analysis;
use fleetc::plan::{ArgoCdLayout, Deployment, Max, Plan, Stage};
use fleetc::project::MemoryFiles;
use fleetc::simulate::{Engine, Instance, simulate};
use fleetc::target::{self, Engines};

type Names = BTreeSet<(String, String)>;

fn name(deployment: &Deployment) -> (String, String) {
    (deployment.component.to_string(), deployment.cluster.to_string())
}

fn is_suspended(plan: &Plan, deployment: &Deployment) -> bool {
    deployment.suspend || plan.clusters.iter().any(|cluster| cluster.name == deployment.cluster && cluster.suspend)
}

/// The stages of a component's deployments under one rollout, in order, with its deployments by cluster.
fn stages<'p>(plan: &'p Plan, component: &str) -> Vec<Vec<(&'p Stage, Vec<&'p Deployment>)>> {
    let mut all = Vec::new();
    for rollout in &plan.rollouts {
        let of = |stage: &'p Stage| {
            let here = plan.deployments.iter().filter(|d| {
                *d.component == *component
                    && d.rollout.as_ref() == Some(&rollout.name)
                    && d.stage.as_ref() == Some(&stage.name)
            });
            (stage, here.collect::<Vec<_>>())
        };
        all.push(rollout.stages.iter().map(of).filter(|(_, here)| !here.is_empty()).collect());
    }
    all
}

fn components(plan: &Plan) -> Vec<String> {
    let mut names: Vec<String> = plan.deployments.iter().map(|d| d.component.to_string()).collect();
    names.dedup();
    names
}

fn find<'p>(plan: &'p Plan, component: &str, cluster: &str) -> Option<&'p Deployment> {
    plan.deployments.iter().find(|d| *d.component == *component && *d.cluster == *cluster)
}

/// The components in waves: each behind all that one of its deployments is `after`.
fn wave(plan: &Plan, component: &str) -> usize {
    let of = |d: &Deployment| d.after.iter().map(|other| wave(plan, other) + 1).max().unwrap_or(0);
    plan.deployments.iter().filter(|d| *d.component == *component).map(of).max().unwrap_or(0)
}

/// Whether the Applications of an instance are written out, each below the root of its cluster.
fn is_written_out(plan: &Plan, instance: &Instance) -> bool {
    plan.argocd.iter().any(|settings| {
        settings.instance.name == instance.name
            && instance.engine == Engine::ArgoCd
            && settings.layout == ArgoCdLayout::AppOfApps
    })
}

/// What the root of the cluster `ill` never comes to: all that is behind a wave of it.
fn frozen_below_roots(plan: &Plan, ill: &str) -> Names {
    fn wave(plan: &Plan, deployment: &Deployment) -> usize {
        let before = deployment.after.iter().filter_map(|other| find(plan, other, &deployment.cluster));
        before.map(|other| wave(plan, other) + 1).max().unwrap_or(0)
    }
    let here: Vec<&Deployment> = plan.deployments.iter().filter(|d| &*d.cluster == ill).collect();
    let first = here.iter().map(|d| wave(plan, d)).min();
    here.into_iter().filter(|d| Some(wave(plan, d)) > first).map(name).collect()
}

/// What Argo CD never syncs while `ill` is not healthy.
fn frozen_by_argocd(plan: &Plan, ill: &str) -> Names {
    let mut frozen = Names::new();
    let waves: BTreeMap<String, usize> =
        components(plan).into_iter().map(|one| (one.clone(), wave(plan, &one))).collect();
    let ordered: BTreeSet<&str> = plan
        .deployments
        .iter()
        .filter(|d| !d.after.is_empty())
        .flat_map(|d| d.after.iter().chain([&d.component]))
        .map(|name| &**name)
        .collect();
    for number in 0..=waves.values().copied().max().unwrap_or(0) {
        let earlier = plan.deployments.iter().filter(|d| waves[&*d.component] < number);
        let judged = earlier.filter(|d| d.rollout.is_some() || ordered.contains(&*d.component));
        let is_closed = judged.into_iter().any(|d| &*d.cluster == ill || frozen.contains(&name(d)));
        for component in waves.iter().filter(|(_, wave)| **wave == number).map(|(component, _)| component) {
            if is_closed {
                frozen.extend(plan.deployments.iter().filter(|d| *d.component == **component).map(name));
                continue;
            }
            for stages in stages(plan, component) {
                let mut is_held = false;
                for (stage, here) in stages {
                    let mut places = stage.max.filter(|_| !stage.manual).map(|max| max.of(here.len()));
                    for deployment in here.iter().copied() {
                        if is_held || places == Some(0) {
                            frozen.insert(name(deployment));
                        } else if &*deployment.cluster == ill {
                            places = places.map(|places| places - 1);
                        }
                    }
                    is_held |= here.iter().any(|d| &*d.cluster == ill || frozen.contains(&name(d)));
                }
            }
        }
    }
    frozen
}

/// What Flux never reconciles while `ill` is not healthy.
fn frozen_by_flux(plan: &Plan, ill: &str) -> Names {
    let mut before: BTreeMap<(String, String), Vec<&Deployment>> = BTreeMap::new();
    for deployment in &plan.deployments {
        let targets = deployment.after.iter().filter_map(|other| find(plan, other, &deployment.cluster));
        before.entry(name(deployment)).or_default().extend(targets);
    }
    for component in components(plan) {
        for stages in stages(plan, &component) {
            let mut earlier: Vec<&Deployment> = Vec::new();
            for (stage, here) in stages {
                let size = stage.max.map_or(here.len(), |max: Max| max.of(here.len())).max(1);
                for batch in here.chunks(size) {
                    for deployment in batch {
                        before.entry(name(deployment)).or_default().extend(&earlier);
                    }
                    earlier.extend(batch);
                }
            }
        }
    }
    let mut frozen = Names::new();
    loop {
        let is_bad = |d: &&Deployment| &*d.cluster == ill || frozen.contains(&name(d));
        let next: Names =
            before.iter().filter(|(_, before)| before.iter().any(is_bad)).map(|(of, _)| of.clone()).collect();
        if next == frozen {
            return frozen;
        }
        frozen = next;
    }
}

fn rounds(instance: &Instance, context: &str) -> BTreeMap<(String, String), usize> {
    let mut rounds = BTreeMap::new();
    for component in &instance.components {
        for round in &component.rounds {
            for opening in &round.opens {
                for cluster in &opening.clusters {
                    let before = rounds.insert((component.name.clone(), cluster.clone()), round.number);
                    assert_eq!(before, None, "{context}: {} on {cluster} starts twice", component.name);
                }
            }
        }
    }
    rounds
}

fn frozen(instance: &Instance) -> Names {
    let each =
        instance.components.iter().flat_map(|one| one.frozen.iter().map(|it| (one.name.clone(), it.cluster.clone())));
    each.collect()
}

/// Stages and `after` are kept, and no more of a stage than `max` start in a round.
fn assert_order(plan: &Plan, instance: &Instance, rounds: &BTreeMap<(String, String), usize>, context: &str) {
    let engine = instance.engine;
    let in_sets = engine == Engine::ArgoCd && !is_written_out(plan, instance);
    for component in components(plan) {
        for stages in stages(plan, &component) {
            let mut last = 0;
            for (stage, here) in stages {
                let starts: Vec<usize> = here.iter().map(|d| rounds[&name(d)]).collect();
                assert!(
                    starts.iter().all(|round| *round > last),
                    "{context}: {component} in {} is too early",
                    stage.name
                );
                let most = if stage.manual && engine == Engine::ArgoCd { None } else { stage.max };
                for round in &starts {
                    let together = starts.iter().filter(|other| *other == round).count();
                    assert!(most.is_none_or(|max| together <= max.of(here.len())), "{context}: {component}");
                }
                last = starts.into_iter().max().unwrap();
            }
        }
    }
    for deployment in &plan.deployments {
        for target in deployment.after.iter() {
            let on =
                |other: &&Deployment| other.component == *target && (in_sets || other.cluster == deployment.cluster);
            for other in plan.deployments.iter().filter(on) {
                assert!(rounds[&name(other)] < rounds[&name(deployment)], "{context}: {:?}", name(deployment));
            }
        }
    }
}

#[test]
fn everything_is_reached_once_and_in_order_and_behind_an_unhealthy_cluster_nothing() {
    let (mut deployments, mut held) = (0, 0);
    let seeds = std::env::var("FLEETC_SEEDS").map_or(60, |count| count.parse().expect("a number"));
    for seed in 0..seeds {
        let mut memory = MemoryFiles::new();
        for (path, text) in &random::print::print(&random::generate::generate(seed), seed, seed) {
            memory = memory.file(path, text.as_str());
        }
        let plan = analysis::compile(&memory.into_project(), &[]).plan.unwrap_or_else(|| panic!("seed {seed}"));
        let tree = target::build(&plan, &Engines { argocd: true, flux: true });
        let suspended: Names = plan.deployments.iter().filter(|d| is_suspended(&plan, d)).map(name).collect();
        for instance in simulate(&plan, &tree, &BTreeSet::new()).instances {
            let context = format!("seed {seed}, {}", instance.words());
            let rounds = rounds(&instance, &context);
            assert_eq!(frozen(&instance), suspended, "{context}");
            assert_eq!(rounds.len() + suspended.len(), plan.deployments.len(), "{context}");
            deployments += rounds.len();
            if suspended.is_empty() {
                assert_order(&plan, &instance, &rounds, &context);
            }
        }
        for cluster in plan.clusters.iter().filter(|_| suspended.is_empty()) {
            for instance in simulate(&plan, &tree, &[cluster.name.to_string()].into()).instances {
                let context = format!("seed {seed}, {}, {} is unhealthy", instance.words(), cluster.name);
                let expected = match instance.engine {
                    Engine::ArgoCd if is_written_out(&plan, &instance) => frozen_below_roots(&plan, &cluster.name),
                    Engine::ArgoCd => frozen_by_argocd(&plan, &cluster.name),
                    Engine::Flux => frozen_by_flux(&plan, &cluster.name),
                };
                assert_eq!(frozen(&instance), expected, "{context}");
                let because = instance.components.iter().flat_map(|one| &one.frozen);
                for one in because.into_iter().flat_map(|one| &one.because) {
                    assert_eq!((&*one.cluster, one.reason.as_str()), (&*cluster.name, "not healthy"), "{context}");
                }
                held += expected.len();
            }
        }
    }
    assert!(deployments > 500 && held > 300, "{deployments} deployments, {held} held up");
}
