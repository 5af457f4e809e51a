//! The order between deployments: `after` and rollouts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _, HashSet, HashSetExt as _};

use super::engines::Engines;
use super::rollouts;
use crate::diag::{Diagnostic, Diagnostics, codes, drawn_loop};
use crate::model::Model;
use crate::plan::Deployment;
use crate::source::Span;
use crate::syntax::ast::{self, Entry, Expr, ExprKind};

/// How many more places a diagnostic names that stands for several components.
const MOST_RELATED: usize = 5;

/// Turns what `after` names into components on the same cluster, and reports what cannot be kept. Of the components in
/// `doubtful` some deployments may be missing.
pub fn resolve(
    model: &Model,
    rollouts: &[rollouts::Resolved],
    engines: &Engines,
    deployments: &mut [Deployment],
    doubtful: &BTreeSet<String>,
    diagnostics: &mut Diagnostics,
) {
    targets(model, deployments, doubtful, diagnostics);
    report_cycles(model, deployments, diagnostics);
    super::implied::add(model, engines, deployments, doubtful, diagnostics);
    report_uncovered(model, rollouts, deployments, diagnostics);
    report_opposite(rollouts, deployments, diagnostics);
}

/// The components made from each template.
pub(super) fn made_from(model: &Model) -> BTreeMap<String, Vec<Arc<str>>> {
    let mut made: BTreeMap<String, Vec<Arc<str>>> = BTreeMap::new();
    for (name, declared) in &model.names.components {
        for path in &declared.node.from {
            made.entry(path.text()).or_default().push(Arc::from(name.as_str()));
        }
    }
    made
}

fn targets(model: &Model, deployments: &mut [Deployment], doubtful: &BTreeSet<String>, diagnostics: &mut Diagnostics) {
    let made = made_from(model);
    // The clusters of what somebody waits for.
    let targets = deployments.iter().flat_map(|deployment| &*deployment.after).flat_map(|target| {
        let made = made.get(target.as_ref()).into_iter().flatten();
        made.chain((!target.starts_with("std.")).then_some(target))
    });
    let mut present: HashMap<Arc<str>, HashSet<Arc<str>>> =
        targets.map(|target| (target.clone(), HashSet::new())).collect();
    for deployment in &*deployments {
        if let Some(clusters) = present.get_mut(&deployment.component) {
            clusters.insert(deployment.cluster.clone());
        }
    }
    let runs =
        |component: &str, cluster: &str| present.get(component).is_some_and(|clusters| clusters.contains(cluster));
    let mut missing: BTreeMap<(Span, Arc<str>, Arc<str>), Vec<usize>> = BTreeMap::new();
    let mut kept: Arc<[Arc<str>]> = Arc::default();
    for deployment in deployments.iter_mut().filter(|deployment| !deployment.after.is_empty()) {
        let mut after = BTreeSet::new();
        for target in &*deployment.after {
            if target.starts_with("std.") {
                let others = made.get(target.as_ref()).into_iter().flatten();
                let here = others.filter(|other| runs(other, &deployment.cluster));
                after.extend(here.filter(|other| **other != deployment.component).cloned());
            } else if runs(target, &deployment.cluster) {
                after.insert(target.clone());
            } else if let Some(cluster) = model.find_cluster(&deployment.cluster)
                && model.names.components.contains_key(target.as_ref())
                && !doubtful.contains(target.as_ref())
            {
                let key = (deployment.origin.of("after"), deployment.component.clone(), target.clone());
                missing.entry(key).or_default().push(cluster);
            }
        }
        // Clusters that are alike share what they wait for, and so do those beside each other.
        if !deployment.after.iter().eq(&after) {
            if !kept.iter().eq(&after) {
                kept = after.into_iter().collect();
            }
            deployment.after = kept.clone();
        }
    }
    for ((list, component, target), clusters) in missing {
        let span = item_of(model, &component, list, &target);
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

/// The place of `target` in the value at `list`, one that a layer of `component` gives `after`; else `list`.
fn item_of(model: &Model, component: &str, list: Span, target: &str) -> Span {
    let Some(declared) = model.names.components.get(component) else { return list };
    let templates = declared.node.from.iter().filter_map(|path| model.names.templates.get(&path.text()));
    let templates = templates.map(|template| &template.node.body);
    let defaults = model.names.component_defaults.iter().map(|node| &node.body);
    let bodies = std::iter::once(&declared.node.body).chain(templates).chain(defaults);
    bodies.filter_map(|body| item_in(body, list, target)).next().unwrap_or(list)
}

fn item_in(body: &ast::Block, list: Span, target: &str) -> Option<Span> {
    body.entries.iter().find_map(|entry| match entry {
        Entry::Attribute(attribute) if attribute.value.span == list => word_in(&attribute.value, target),
        Entry::Block(block) if block.keyword.text == "on" => item_in(&block.body, list, target),
        _ => None,
    })
}

fn word_in(expr: &Expr, word: &str) -> Option<Span> {
    match &expr.kind {
        ExprKind::List(items) => items.iter().find_map(|item| word_in(item, word)),
        ExprKind::If { branches, otherwise } => {
            let found = branches.iter().find_map(|branch| word_in(&branch.value, word));
            found.or_else(|| word_in(otherwise, word))
        }
        ExprKind::Path(path) => (path.text() == word).then_some(expr.span),
        ExprKind::Text(text) => (text.as_literal() == Some(word)).then_some(expr.span),
        _ => None,
    }
}

/// What each component waits for, and where that is said.
type Needs<'d> = BTreeMap<&'d str, BTreeMap<&'d str, Span>>;

/// Components must not wait for each other, on any clusters: Argo CD keeps the order for a component as a whole.
fn report_cycles(model: &Model, deployments: &[Deployment], diagnostics: &mut Diagnostics) {
    let mut needs = Needs::new();
    for deployment in deployments {
        let edges = needs.entry(&deployment.component).or_default();
        for target in &*deployment.after {
            edges.entry(target).or_insert_with(|| deployment.origin.of("after"));
        }
    }
    let left = in_circles(&needs);
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for start in &left {
        let mut path: Vec<&str> = Vec::new();
        let mut here = *start;
        while seen.insert(here) {
            path.push(here);
            let next = needs.get(here).into_iter().flatten().find(|(target, _)| left.contains(*target));
            let Some((next, _)) = next else { break };
            here = next;
        }
        if let Some(first) = path.iter().position(|step| *step == here) {
            diagnostics.push(cycle(model, path.get(first..).unwrap_or(&[]), &needs));
        }
    }
}

/// The components that wait, through others or not, for themselves or for such a one.
fn in_circles<'d>(needs: &Needs<'d>) -> BTreeSet<&'d str> {
    let mut waiting: BTreeMap<&str, usize> = needs.iter().map(|(name, edges)| (*name, edges.len())).collect();
    let mut needed_by: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, edges) in needs {
        for target in edges.keys() {
            needed_by.entry(target).or_default().push(name);
        }
    }
    let mut ready: Vec<&str> = waiting.iter().filter(|(_, count)| **count == 0).map(|(name, _)| *name).collect();
    while let Some(done) = ready.pop() {
        waiting.remove(done);
        for name in needed_by.get(done).into_iter().flatten() {
            if let Some(count) = waiting.get_mut(name) {
                *count -= 1;
                if *count == 0 {
                    ready.push(name);
                }
            }
        }
    }
    waiting.into_keys().collect()
}

fn cycle(model: &Model, names: &[&str], needs: &Needs) -> Diagnostic {
    let chain: Vec<String> = names.iter().chain(names.first()).map(|name| format!("`{name}`")).collect();
    let next = |index: usize| names.get(index + 1).or(names.first()).copied().unwrap_or("");
    let edge = |index: usize, name: &str| {
        let list = needs.get(name).and_then(|edges| edges.get(next(index))).copied()?;
        Some(item_of(model, name, list, next(index)))
    };
    let steps: Vec<(&str, Span)> =
        names.iter().enumerate().filter_map(|(index, name)| Some((*name, edge(index, name)?))).collect();
    let mut spans =
        names.iter().enumerate().filter_map(|(index, name)| edge(index, name).map(|span| (index, name, span)));
    let first = spans.next();
    let span = first.map_or(Span::new(crate::source::SourceId::default(), 0, 0), |(_, _, span)| span);
    let message = match names {
        [only] => format!("the component `{only}` waits for itself"),
        _ => "these components wait for each other".to_string(),
    };
    let mut diagnostic = Diagnostic::new(codes::DEPENDENCY_CYCLE, span, message).label(chain.join(" → "));
    for (index, name, span) in spans {
        diagnostic = diagnostic.related(span, format!("`{name}` waits for `{}`", next(index)));
    }
    diagnostic.help("take one `after` out").note(drawn_loop(model.sources, "waits for", &steps))
}

/// Of a rollout: the components with the places that name it, and the clusters that no stage takes.
type Uncovered = (BTreeMap<Span, Arc<str>>, Vec<usize>);

fn report_uncovered(
    model: &Model,
    rollouts: &[rollouts::Resolved],
    deployments: &[Deployment],
    diagnostics: &mut Diagnostics,
) {
    let mut uncovered: BTreeMap<Arc<str>, Uncovered> = BTreeMap::new();
    let mut differing: BTreeMap<Arc<str>, (Option<Arc<str>>, Span)> = BTreeMap::new();
    for deployment in deployments {
        if deployment.rollout.is_none()
            && differing.get(&deployment.component).is_some_and(|(first, _)| first.is_none())
        {
            continue;
        }
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
        let Some(found) = rollouts::find(rollouts, &rollout) else { continue };
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
        let rollout = rollouts::find(rollouts, deployment.rollout.as_deref()?).filter(|found| !found.poisoned)?;
        rollout.rollout.stages.iter().position(|stage| Some(&stage.name) == deployment.stage.as_ref())
    };
    let components = deployments.chunk_by(|one, other| one.component == other.component);
    let by_component: BTreeMap<&str, &[Deployment]> =
        components.filter_map(|all| Some((all.first()?.component.as_ref(), all))).collect();
    let mut by_cluster: HashMap<&str, HashMap<&str, &Deployment>> = HashMap::new();
    for (component, here) in &by_component {
        let targets: BTreeSet<&str> =
            here.iter().flat_map(|deployment| deployment.after.iter().map(AsRef::as_ref)).collect();
        for target in targets {
            let Some(there) = by_component.get(target) else { continue };
            // Most components are under no rollout or under the same.
            let mut rollouts = here.iter().chain(*there).map(|deployment| &deployment.rollout);
            let first = rollouts.next();
            if rollouts.all(|rollout| Some(rollout) == first) {
                continue;
            }
            let there = by_cluster
                .entry(target)
                .or_insert_with(|| there.iter().map(|theirs| (theirs.cluster.as_ref(), theirs)).collect());
            let mut pairs: Vec<(usize, usize, &str, &Deployment)> = here
                .iter()
                .filter(|deployment| deployment.after.iter().any(|after| after.as_ref() == target))
                .filter_map(|mine| {
                    let theirs = there.get(mine.cluster.as_ref())?;
                    (mine.rollout != theirs.rollout).then_some(())?;
                    Some((position(mine)?, position(theirs)?, mine.cluster.as_ref(), mine))
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
