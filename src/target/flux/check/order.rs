//! Whether Flux can hold the order that `after` and rollouts ask for.

use super::super::hub::{Hub, has_health_gate};
use super::super::rollout::{Order, Sequence, sequences};
use super::{Report, pull};
use crate::diag::{Diagnostic, codes};
use crate::plan::{Content, Deployment};

pub(super) fn check(hub: &Hub, report: &mut Report) {
    for deployment in &hub.plan.deployments {
        check_after(hub, deployment, report);
    }
    if hub.is_pull() {
        return pull::check(hub, report);
    }
    for sequence in sequences(hub).iter().filter(|sequence| sequence.has_gates()) {
        check_sequence(hub, sequence, report);
    }
    check_cycle(hub, report);
}

fn check_sequence(hub: &Hub, sequence: &Sequence, report: &mut Report) {
    let deployment = |index: usize| hub.plan.deployments.get(index);
    let Some(first) = sequence.members().find_map(deployment) else { return };
    for member in sequence.members().filter_map(deployment) {
        if hub.source_ref(member) != hub.source_ref(first) {
            different_sources(first, member, report);
        }
        if matches!(member.content, Content::Path(_)) {
            // `readyExpr`: kustomize-controller 1.7.
            report.needs(hub, 7, member.origin.of("rollout"), "the rollout of a component with a `path`");
        }
        check_exact_version(member, report);
    }
    let bakes = sequence.batches.iter().rev().skip(1).any(|batch| batch.bake.is_some());
    if bakes {
        // `readyExpr` and `status.history`: kustomize-controller 1.7.
        report.needs(hub, 7, first.origin.of("rollout"), "`bake` in a rollout");
    }
    if sequence.batches.first().is_some_and(|batch| batch.manual) {
        // Before fluxcd/pkg ssa 0.58 an object that is passed over and not there had no name in the inventory.
        report.needs(hub, 7, first.origin.of("rollout"), "to hold a component's first stage");
    }
    let last = sequence.batches.len().saturating_sub(1);
    for member in sequence.batches.iter().take(last).flat_map(|batch| &batch.members) {
        if let Some(member) = deployment(*member).filter(|member| !has_health_gate(member)) {
            no_health_gate_in_stage(member, report);
        }
    }
}

/// Flux compares revisions only of Kustomizations that read the same source (kustomize-controller,
/// `checkDependencies`); without that, a cluster runs ahead as soon as the one before it is merely still healthy.
fn different_sources(first: &Deployment, member: &Deployment, report: &mut Report) {
    let message = format!("the clusters of `{}` read different sources, so Flux cannot order them", member.component);
    report.add(
        Diagnostic::new(codes::STAGE_SOURCE_DIFFERS, member.origin.of("rollout"), message)
            .related(member.origin.of("source"), format!("`{}` reads `{}`", member.cluster, member.source.name))
            .related(first.origin.of("source"), format!("`{}` reads `{}`", first.cluster, first.source.name))
            .help("give all clusters of the rollout one source, or make two components of it"),
    );
}

/// A range is resolved by each HelmRelease for itself, at its own interval; no gate sees it.
fn check_exact_version(member: &Deployment, report: &mut Report) {
    let Content::Chart(chart) = &member.content else { return };
    if is_exact(&chart.version) {
        return;
    }
    let message = format!("`{}` is a range, which every cluster follows at once, past the rollout", chart.version);
    report.add(
        Diagnostic::new(codes::NOT_EXPRESSIBLE, member.origin.of("version"), message)
            .related(member.origin.of("rollout"), "the order is asked for here")
            .help("write one version, such as `1.2.3`"),
    );
}

fn is_exact(version: &str) -> bool {
    let version = version.strip_prefix('v').unwrap_or(version);
    let core = version.split(['-', '+']).next().unwrap_or_default();
    let parts: Vec<&str> = core.split('.').collect();
    let number = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    parts.len() == 3 && parts.iter().all(number) && !version.contains([' ', ',', '|'])
}

fn no_health_gate_in_stage(member: &Deployment, report: &mut Report) {
    let message = format!("the next stage waits for `{}`, and nothing says when that is healthy", member.component);
    report.add(
        Diagnostic::new(codes::NO_HEALTH_GATE, member.origin.of("wait"), message)
            .label("without a health check Flux waits only until it is applied")
            .related(member.origin.of("rollout"), "its clusters change in the order of this rollout")
            .help("write `wait = true`, or list what must be healthy in `health`"),
    );
}

fn check_after(hub: &Hub, deployment: &Deployment, report: &mut Report) {
    for component in &*deployment.after {
        let Some((_, target)) = hub.find(component, &deployment.cluster) else { continue };
        if has_health_gate(target) {
            continue;
        }
        let message =
            format!("`{}` waits for `{component}`, and nothing says when that is healthy", deployment.component);
        report.add(
            Diagnostic::new(codes::NO_HEALTH_GATE, deployment.origin.of("after"), message)
                .label("without a health check Flux waits only until it is applied")
                .related(target.origin.of("wait"), format!("`{component}` has neither `wait` nor `health`"))
                .help(format!("write `wait = true` in `{component}`, or list what must be healthy in `health`")),
        );
    }
}

/// A cycle stops not only its own members: kustomize-controller then drops the event of a new revision for every
/// Kustomization of that source (kustomize-controller#1712).
fn check_cycle(hub: &Hub, report: &mut Report) {
    let graph = Graph { hub, order: &Order::new(hub) };
    let Some(cycle) = graph.cycle() else { return };
    let deployments = || cycle.iter().filter_map(|&node| hub.plan.deployments.get(node));
    let names: Vec<String> = deployments().chain(deployments().take(1)).map(|d| format!("`{}`", d.name)).collect();
    let Some(waiting) = deployments().find(|deployment| !deployment.after.is_empty()) else { return };
    let message = format!("`after` and the rollouts wait for each other: {}", names.join(" waits for "));
    report.add(
        Diagnostic::new(codes::DEPENDENCY_AGAINST_ROLLOUT, waiting.origin.of("after"), message)
            .related(waiting.origin.of("rollout"), "the other order comes from here")
            .help("let both components change their clusters in the same order"),
    );
}

/// Kustomizations by number: the deployments, then the gates.
struct Graph<'g, 'a> {
    hub: &'g Hub<'a>,
    order: &'g Order<'a>,
}

impl Graph<'_, '_> {
    fn edges(&self, node: usize) -> Vec<usize> {
        let deployments = &self.hub.plan.deployments;
        let Some(deployment) = deployments.get(node) else {
            let gate = self.order.gates().get(node.saturating_sub(deployments.len()));
            return gate.map(|gate| gate.before.clone()).unwrap_or_default();
        };
        let after = deployment.after.iter();
        let mut edges: Vec<usize> =
            after.filter_map(|component| Some(self.hub.find(component, &deployment.cluster)?.0)).collect();
        edges.extend(self.order.gate_index(node).map(|gate| deployments.len() + gate));
        edges
    }

    /// Some cycle, in the order of waiting. Depth first with a stack of its own: a chain may be as long as the fleet.
    fn cycle(&self) -> Option<Vec<usize>> {
        let nodes = self.hub.plan.deployments.len() + self.order.gates().len();
        let mut done = vec![false; nodes];
        let mut open = vec![false; nodes];
        for start in 0..nodes {
            if done.get(start).copied().unwrap_or(true) {
                continue;
            }
            let mut stack = vec![(start, self.edges(start))];
            set(&mut open, start, true);
            while let Some((node, edges)) = stack.last_mut() {
                let Some(next) = edges.pop() else {
                    set(&mut open, *node, false);
                    set(&mut done, *node, true);
                    stack.pop();
                    continue;
                };
                if open.get(next).copied().unwrap_or(false) {
                    return Some(stack.iter().map(|(node, _)| *node).skip_while(|node| *node != next).collect());
                }
                if !done.get(next).copied().unwrap_or(true) {
                    set(&mut open, next, true);
                    stack.push((next, self.edges(next)));
                }
            }
        }
        None
    }
}

fn set(flags: &mut [bool], index: usize, value: bool) {
    if let Some(flag) = flags.get_mut(index) {
        *flag = value;
    }
}
