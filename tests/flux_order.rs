//! The graph of `dependsOn` over random plans: no cycle, every rollout kept, edges that grow with the clusters, and one
//! Kustomization a deployment.

#![allow(missing_docs, dead_code, clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice)]

#[path = "flux/fleet.rs"]
mod fleet;

use std::collections::{BTreeMap, BTreeSet};

use fleet::Fleet;
use fleetc::plan::{Max, Plan};
use fleetc::target::OutputTree;
use proptest::prelude::*;
use serde_json::Value;

/// A component: whether it is a chart, its clusters, the rollout, and the components before it that it waits for.
type Component = (bool, Vec<bool>, Option<usize>, Vec<bool>);
/// A rollout: for each stage `max` and whether it is held; for each cluster its stage.
type Stages = (Vec<(Option<Max>, bool)>, Vec<usize>);

const CLUSTERS: usize = 9;
const COMPONENTS: usize = 5;

fn stages() -> impl Strategy<Value = Stages> {
    let max = prop_oneof![
        Just(None),
        (1..4u32).prop_map(|count| Some(Max::Count(count))),
        (1..=100u32).prop_map(|percent| Some(Max::Percent(percent)))
    ];
    let stages = prop::collection::vec((max, prop::bool::weighted(0.2)), 1..4);
    (stages, prop::collection::vec(0..3usize, CLUSTERS))
}

fn component() -> impl Strategy<Value = Component> {
    (
        any::<bool>(),
        prop::collection::vec(prop::bool::weighted(0.7), CLUSTERS),
        prop::option::weighted(0.8, 0..2usize),
        prop::collection::vec(prop::bool::weighted(0.3), COMPONENTS),
    )
}

/// Every component waits only for those of lower numbers, so no order contradicts another.
fn plan(rollouts: &[Stages], components: &[Component]) -> Fleet {
    let mut fleet = Fleet::new();
    let source = fleet.git("apps");
    let charts = fleet.helm("charts");
    let clusters: Vec<String> = (0..CLUSTERS).map(|cluster| format!("k{cluster}")).collect();
    for cluster in &clusters {
        fleet.cluster(cluster);
    }
    let names: Vec<String> = (0..4).map(|stage| format!("s{stage}")).collect();
    for (number, (stages, of)) in rollouts.iter().enumerate() {
        let members: Vec<Vec<&str>> = (0..stages.len())
            .map(|stage| {
                (0..CLUSTERS).filter(|&c| of[c] % stages.len() == stage).map(|c| clusters[c].as_str()).collect()
            })
            .collect();
        let stages: Vec<_> = stages
            .iter()
            .enumerate()
            .map(|(stage, &(max, manual))| (names[stage].as_str(), members[stage].as_slice(), max, manual))
            .collect();
        fleet.rollout(&format!("r{number}"), &stages);
    }
    for (number, (chart, on, rollout, after)) in components.iter().enumerate() {
        for (cluster, _) in on.iter().enumerate().filter(|(_, on)| **on) {
            let name = format!("c{number}");
            let deployment = match chart {
                true => fleet.chart(&name, &clusters[cluster], &charts, "1.0.0"),
                false => fleet.path(&name, &clusters[cluster], &source, &format!("{name}/k{cluster}")),
            };
            let earlier = (0..number).filter(|&other| after[other] && components[other].1[cluster]);
            deployment.after = earlier.map(|other| format!("c{other}").into()).collect();
            if let Some(rollout) = *rollout {
                let (stages, of) = &rollouts[rollout];
                deployment.rollout = Some(format!("r{rollout}").into());
                deployment.stage = Some(names[of[cluster] % stages.len()].as_str().into());
            }
        }
    }
    fleet
}

/// What each Kustomization of a folder depends on, by name.
fn kustomizations(tree: &OutputTree, folder: &str) -> BTreeMap<String, Vec<Value>> {
    let mut all = BTreeMap::new();
    for (_, text) in tree.iter().filter(|(path, _)| path.starts_with(folder)) {
        for document in text.split("\n---\n") {
            let document: Value = serde_yaml::from_str(document).unwrap();
            let name = document["metadata"]["name"].as_str().unwrap().to_owned();
            let depends_on = document["spec"]["dependsOn"].as_array().cloned().unwrap_or_default();
            assert_eq!(all.insert(name, depends_on), None);
        }
    }
    all
}

/// All that a Kustomization waits for, directly or not; fails on a cycle.
fn closure(
    name: &str,
    graph: &BTreeMap<String, Vec<Value>>,
    open: &mut Vec<String>,
    known: &mut BTreeMap<String, BTreeSet<String>>,
) -> BTreeSet<String> {
    if let Some(found) = known.get(name) {
        return found.clone();
    }
    assert!(!open.iter().any(|other| other == name), "cycle: {open:?} -> {name}");
    open.push(name.to_owned());
    let mut found = BTreeSet::new();
    assert!(graph.contains_key(name), "nothing is named {name}");
    for entry in &graph[name] {
        let next = entry["name"].as_str().unwrap();
        found.insert(next.to_owned());
        found.extend(closure(next, graph, open, known));
    }
    open.pop();
    known.insert(name.to_owned(), found.clone());
    found
}

/// Every deployment waits for all deployments of its component in earlier stages, and within a stage no more than
/// `max` are free to change at once.
fn assert_order_is_kept(plan: &Plan, waits: &BTreeMap<String, BTreeSet<String>>) {
    for rollout in &plan.rollouts {
        for component in plan.deployments.iter().map(|d| &d.component).collect::<BTreeSet<_>>() {
            let mut earlier: Vec<&str> = Vec::new();
            for stage in &rollout.stages {
                let of_stage = |d: &&fleetc::plan::Deployment| {
                    d.component == *component
                        && d.rollout.as_ref() == Some(&rollout.name)
                        && d.stage.as_ref() == Some(&stage.name)
                };
                let members: Vec<&str> = plan.deployments.iter().filter(of_stage).map(|d| &*d.name).collect();
                for member in &members {
                    assert!(
                        earlier.iter().all(|other| waits[*member].contains(*other)),
                        "{member} waits for {earlier:?}"
                    );
                    let free = members
                        .iter()
                        .filter(|other| !waits[*member].contains(**other) && !waits[**other].contains(*member));
                    assert!(stage.max.is_none_or(|max| free.count() <= max.of(members.len())));
                }
                earlier.extend(members);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_graph_is_acyclic_and_refines_every_rollout(
        rollouts in prop::collection::vec(stages(), 2),
        components in prop::collection::vec(component(), COMPONENTS),
    ) {
        let mut fleet = plan(&rollouts, &components);
        fleet.check();
        let plan = fleet.plan.clone();
        let tree = fleet.build();

        let deployments = kustomizations(&tree, "flux/hub/clusters/");
        let names: BTreeSet<&str> = plan.deployments.iter().map(|deployment| &*deployment.name).collect();
        prop_assert_eq!(deployments.keys().map(String::as_str).collect::<BTreeSet<_>>(), names);
        let gates = kustomizations(&tree, "flux/hub/rollouts/");
        prop_assert!(gates.keys().all(|gate| !deployments.contains_key(gate)));

        let mut graph = deployments;
        graph.extend(gates);
        let mut waits = BTreeMap::new();
        for name in graph.keys() {
            closure(name, &graph, &mut Vec::new(), &mut waits);
        }
        assert_order_is_kept(&plan, &waits);

        // One edge to a gate for each deployment, and two entries in a gate.
        let edges: usize = graph.values().map(Vec::len).sum();
        let after: usize = plan.deployments.iter().map(|deployment| deployment.after.len()).sum();
        prop_assert!(edges <= after + 3 * plan.deployments.len());
    }
}
