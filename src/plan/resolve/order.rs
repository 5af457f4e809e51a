//! The order between deployments: `after` and rollouts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::rollouts;
use crate::diag::{Diagnostic, Diagnostics, codes};
use crate::model::Model;
use crate::plan::Deployment;
use crate::source::Span;

/// How many more places a diagnostic names that stands for several components.
const MOST_RELATED: usize = 5;

/// Turns what `after` names into components on the same cluster, and reports what cannot be kept.
pub fn resolve(
    model: &Model,
    rollouts: &[rollouts::Resolved],
    deployments: &mut [Deployment],
    complete: bool,
    diagnostics: &mut Diagnostics,
) {
    targets(model, deployments, complete, diagnostics);
    report_cycles(deployments, diagnostics);
    report_uncovered(model, rollouts, deployments, diagnostics);
    report_opposite(rollouts, deployments, diagnostics);
}

/// The components made from each template.
fn made_from(model: &Model) -> BTreeMap<String, Vec<Arc<str>>> {
    let mut made: BTreeMap<String, Vec<Arc<str>>> = BTreeMap::new();
    for (name, declared) in &model.names.components {
        for path in &declared.node.from {
            made.entry(path.text()).or_default().push(Arc::from(name.as_str()));
        }
    }
    made
}

fn targets(model: &Model, deployments: &mut [Deployment], complete: bool, diagnostics: &mut Diagnostics) {
    let made = made_from(model);
    let present: BTreeSet<(Arc<str>, Arc<str>)> =
        deployments.iter().map(|deployment| (deployment.component.clone(), deployment.cluster.clone())).collect();
    let mut missing: BTreeMap<(Span, Arc<str>, Arc<str>), Vec<usize>> = BTreeMap::new();
    for deployment in deployments.iter_mut() {
        let mut after = BTreeSet::new();
        for target in &deployment.after {
            if target.starts_with("std.") {
                let others = made.get(target.as_ref()).into_iter().flatten();
                let here = others.filter(|other| present.contains(&((*other).clone(), deployment.cluster.clone())));
                after.extend(here.filter(|other| **other != deployment.component).cloned());
            } else if present.contains(&(target.clone(), deployment.cluster.clone())) {
                after.insert(target.clone());
            } else if let Some(cluster) = model.find_cluster(&deployment.cluster)
                && model.names.components.contains_key(target.as_ref())
            {
                let key = (deployment.origin.of("after"), deployment.component.clone(), target.clone());
                missing.entry(key).or_default().push(cluster);
            }
        }
        deployment.after = after.into_iter().collect();
    }
    if !complete {
        return;
    }
    for ((span, component, target), clusters) in missing {
        let on = model.list_clusters(clusters.into_iter());
        let diagnostic = Diagnostic::new(
            codes::DEPENDENCY_MISSING,
            span,
            format!("`{target}` does not run on {on}, where `{component}` waits for it"),
        )
        .label("would wait for ever");
        let diagnostic = match model.names.components.get(target.as_ref()) {
            Some(declared) => diagnostic.related(declared.name.span, format!("`{target}` is declared here")),
            None => diagnostic,
        };
        diagnostics.push(diagnostic.help(format!(
            "let `{target}` run there, too, or move `after` into an `on` block for the clusters that have it"
        )));
    }
}

/// Components must not wait for each other, on any clusters: Argo CD keeps the order for a component as a whole.
fn report_cycles(deployments: &[Deployment], diagnostics: &mut Diagnostics) {
    let mut needs: BTreeMap<&str, BTreeMap<&str, Span>> = BTreeMap::new();
    for deployment in deployments {
        let edges = needs.entry(&deployment.component).or_default();
        for target in &deployment.after {
            edges.entry(target).or_insert(deployment.origin.of("after"));
        }
    }
    let mut left: BTreeMap<&str, usize> = needs.iter().map(|(name, edges)| (*name, edges.len())).collect();
    let mut ready: Vec<&str> = left.iter().filter(|(_, count)| **count == 0).map(|(name, _)| *name).collect();
    while let Some(done) = ready.pop() {
        left.remove(done);
        for (name, edges) in &needs {
            if edges.contains_key(done)
                && let Some(count) = left.get_mut(name)
            {
                *count -= 1;
                if *count == 0 {
                    ready.push(name);
                }
            }
        }
    }
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for start in left.keys() {
        let mut path: Vec<&str> = Vec::new();
        let mut here = *start;
        while seen.insert(here) {
            path.push(here);
            let next = needs.get(here).into_iter().flatten().find(|(target, _)| left.contains_key(*target));
            let Some((next, _)) = next else { break };
            here = next;
        }
        if let Some(first) = path.iter().position(|step| *step == here) {
            diagnostics.push(cycle(path.get(first..).unwrap_or(&[]), &needs));
        }
    }
}

fn cycle(names: &[&str], needs: &BTreeMap<&str, BTreeMap<&str, Span>>) -> Diagnostic {
    let chain: Vec<String> = names.iter().chain(names.first()).map(|name| format!("`{name}`")).collect();
    let next = |index: usize| names.get(index + 1).or(names.first()).copied().unwrap_or("");
    let edge = |index: usize, name: &str| needs.get(name).and_then(|edges| edges.get(next(index))).copied();
    let mut spans =
        names.iter().enumerate().filter_map(|(index, name)| edge(index, name).map(|span| (index, name, span)));
    let first = spans.next();
    let span = first.map_or(Span::new(crate::source::SourceId::default(), 0, 0), |(_, _, span)| span);
    let mut diagnostic =
        Diagnostic::new(codes::DEPENDENCY_CYCLE, span, "these components wait for each other").label(chain.join(" → "));
    for (index, name, span) in spans {
        diagnostic = diagnostic.related(span, format!("`{name}` waits for `{}`", next(index)));
    }
    diagnostic.help("take one `after` out")
}

fn report_uncovered(
    model: &Model,
    rollouts: &[rollouts::Resolved],
    deployments: &[Deployment],
    diagnostics: &mut Diagnostics,
) {
    let mut uncovered: BTreeMap<Arc<str>, (BTreeMap<Span, Arc<str>>, Vec<usize>)> = BTreeMap::new();
    let mut differing: BTreeMap<Arc<str>, (Option<Arc<str>>, Span)> = BTreeMap::new();
    for deployment in deployments {
        let span = deployment.origin.of("rollout");
        match differing.get(&deployment.component) {
            None => {
                differing.insert(deployment.component.clone(), (deployment.rollout.clone(), span));
            }
            Some((first, at)) if *first != deployment.rollout => {
                let at = *at;
                diagnostics.push(super::sources::exclusive(
                    span.max(at),
                    "rollout",
                    span.min(at),
                    "another rollout",
                    "a rollout orders all clusters of a component",
                ));
            }
            Some(_) => {}
        }
        if let (Some(rollout), None) = (&deployment.rollout, &deployment.stage)
            && let Some(cluster) = model.find_cluster(&deployment.cluster)
        {
            let (uses, clusters) = uncovered.entry(rollout.clone()).or_default();
            uses.insert(span, deployment.component.clone());
            clusters.push(cluster);
        }
    }
    for (rollout, (uses, clusters)) in uncovered {
        let mut uses = uses.into_iter();
        let Some((span, component)) = uses.next() else { continue };
        let Some(found) = rollouts.iter().find(|resolved| resolved.rollout.name == rollout) else { continue };
        if found.poisoned {
            continue;
        }
        let on = model.list_clusters(clusters.into_iter());
        let mut diagnostic =
            Diagnostic::new(codes::UNCOVERED_CLUSTER, span, format!("the rollout `{rollout}` has no stage for {on}"))
                .label(format!("`{component}` runs there, too"))
                .related(found.rollout.span, "the rollout is declared here")
                .help("add a stage for them, such as `stage others on rest`");
        for (span, component) in uses.take(MOST_RELATED) {
            diagnostic = diagnostic.related(span, format!("so does `{component}`"));
        }
        diagnostics.push(diagnostic);
    }
}

/// `after` and the rollouts of both sides must order two clusters the same way.
fn report_opposite(rollouts: &[rollouts::Resolved], deployments: &[Deployment], diagnostics: &mut Diagnostics) {
    let position = |deployment: &Deployment| -> Option<usize> {
        let rollout = rollouts.iter().find(|resolved| Some(&resolved.rollout.name) == deployment.rollout.as_ref())?;
        rollout.rollout.stages.iter().position(|stage| Some(&stage.name) == deployment.stage.as_ref())
    };
    let mut by_component: BTreeMap<&str, BTreeMap<&str, &Deployment>> = BTreeMap::new();
    for deployment in deployments {
        by_component.entry(&deployment.component).or_default().insert(&deployment.cluster, deployment);
    }
    for (component, here) in &by_component {
        let targets: BTreeSet<&str> =
            here.values().flat_map(|deployment| deployment.after.iter().map(AsRef::as_ref)).collect();
        for target in targets {
            let Some(there) = by_component.get(target) else { continue };
            let mut pairs: Vec<(usize, usize, &str, &Deployment)> = here
                .iter()
                .filter(|(_, deployment)| deployment.after.iter().any(|after| after.as_ref() == target))
                .filter_map(|(cluster, mine)| {
                    let theirs = there.get(cluster)?;
                    (mine.rollout != theirs.rollout).then_some(())?;
                    Some((position(mine)?, position(theirs)?, *cluster, *mine))
                })
                .collect();
            pairs.sort_by_key(|(mine, theirs, cluster, _)| (*mine, *theirs, *cluster));
            // Sorted by my stage: a later one of mine that is earlier than the highest of theirs so far is opposite.
            let mut highest: Option<(usize, usize, &str)> = None;
            for (mine, theirs, cluster, deployment) in pairs {
                if let Some((before, most, other)) = highest
                    && mine > before
                    && theirs < most
                {
                    diagnostics.push(opposite(component, target, (other, cluster), deployment));
                    break;
                }
                if highest.is_none_or(|(_, most, _)| theirs > most) {
                    highest = Some((mine, theirs, cluster));
                }
            }
        }
    }
}

fn opposite(component: &str, target: &str, clusters: (&str, &str), deployment: &Deployment) -> Diagnostic {
    let (first, second) = clusters;
    Diagnostic::new(
        codes::DEPENDENCY_AGAINST_ROLLOUT,
        deployment.origin.of("after"),
        format!("`{component}` and `{target}` reach `{first}` and `{second}` in opposite orders"),
    )
    .label(format!("waits for `{target}` on each cluster"))
    .related(deployment.origin.of("rollout"), format!("this rollout reaches `{first}` before `{second}`"))
    .help("give both the same rollout, or take `after` out")
}
