//! What a build may take away.
//!
//! Argo CD and Flux delete what the output folder no longer holds. So a build is compared with the lock of what was
//! committed last: on a cluster that was protected *then*, nothing goes unless the fleet says so by name; elsewhere no more
//! than `max-removals`. Takes two records and the plan, gives diagnostics. Knows nothing of files and of Git.
//!
//! Invariant (`tests/guard.rs`): whatever builds are accepted one after the other, a deployment that was protected in the
//! one before is there in the next, or a declaration names it.

mod adopted;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _};

pub use adopted::{Adopted, check_adopted};

use crate::diag::{Applicability, Diagnostic, Diagnostics, codes};
use crate::output::{Clusters, Identities, Record};
use crate::plan::guards::Changed;
use crate::plan::text::counted;
use crate::plan::{Max, OnDelete, Plan};
use crate::source::{Sources, Span};

/// How many clusters a message names.
const NAMED: usize = 5;

/// What a build is compared with.
#[derive(Clone, Debug)]
pub enum Baseline {
    /// What the committed lock records: what the clusters run.
    Committed(Arc<Record>),
    /// That of the last build, where nothing is committed. Nothing runs it yet, so no more is asked than that what is
    /// protected stays.
    Built(Arc<Record>),
    /// That of the last build, where Git is not asked what is committed. Nobody knows what was protected then, so nothing may
    /// go.
    Unasked(Arc<Record>),
}

/// Reports what stands against going from `base` to `new`, which is made from `plan`.
pub fn check(base: &Baseline, new: &Record, plan: &Plan, sources: &Sources, diagnostics: &mut Diagnostics) {
    let (base, counts, asked) = match base {
        Baseline::Committed(record) => (record, true, true),
        Baseline::Built(record) => (record, false, true),
        Baseline::Unasked(record) => (record, false, false),
    };
    let guard = Guard { base, new, plan, sources, counts, asked };
    if base.fleet != new.fleet && base.identities.keys().any(|identity| identity.starts_with("argocd/")) {
        diagnostics.push(guard.fleet_renamed(&base.fleet, &new.fleet));
    }
    let mut gone = Gone::default();
    for (identity, clusters) in &base.identities {
        let still = new.identities.get(identity);
        for cluster in clusters.iter().filter(|cluster| still.is_none_or(|still| !still.contains(*cluster))) {
            guard.judge(identity, cluster, &mut gone);
        }
    }
    guard.report(&gone, diagnostics);
    guard.report_cascades(diagnostics);
    guard.report_replaced(diagnostics);
    guard.report_lost_protection(diagnostics);
}

/// The clusters that an identity ran on, and those of them where its workloads went with it.
type Ran<'b> = (&'b Clusters, Option<&'b Clusters>);

/// What a build would take away against the rules.
#[derive(Default)]
struct Gone {
    /// From protected clusters that are still declared, by component.
    components: BTreeMap<String, BTreeSet<String>>,
    /// Protected clusters that are not, with their components.
    clusters: BTreeMap<String, BTreeSet<String>>,
    /// Moves that would delete workloads, by component, with the clusters.
    moves: BTreeMap<String, BTreeSet<String>>,
    /// Deployments on other clusters, and whether something else deploys it from now on.
    others: BTreeMap<(String, String), bool>,
}

struct Guard<'a> {
    base: &'a Record,
    new: &'a Record,
    plan: &'a Plan,
    sources: &'a Sources,
    /// Whether `max-removals` counts.
    counts: bool,
    /// Whether it is known what was protected.
    asked: bool,
}

impl Guard<'_> {
    /// Whether `cluster` was protected, or may have been. A lock that does not say so is taken by what is protected now.
    fn protects(&self, cluster: &str) -> bool {
        match &self.base.protected {
            _ if !self.asked => true,
            Some(protected) => protected.contains(cluster),
            None => self.plan.clusters.iter().any(|known| &*known.name == cluster && known.protected),
        }
    }

    fn is_declared(&self, cluster: &str) -> bool {
        self.plan.clusters.iter().any(|known| &*known.name == cluster)
    }

    fn judge(&self, identity: &str, cluster: &str, gone: &mut Gone) {
        let component = component_of(identity);
        let keeps = self.base.cascade.get(identity).is_none_or(|clusters| !clusters.contains(cluster));
        let protected = self.protects(cluster);
        let runs_on = self.runs_elsewhere(identity, component, cluster) || self.moved(identity, component, cluster);
        if runs_on && keeps || !runs_on && self.removed(component, cluster) {
            return;
        }
        let entry = |map: &mut BTreeMap<String, BTreeSet<String>>, key: &str, value: &str| {
            map.entry(key.to_string()).or_default().insert(value.to_string());
        };
        match (protected, runs_on) {
            (false, _) => _ = gone.others.insert((component.to_string(), cluster.to_string()), runs_on),
            (true, true) => entry(&mut gone.moves, component, cluster),
            (true, false) if self.is_declared(cluster) => entry(&mut gone.components, component, cluster),
            (true, false) => entry(&mut gone.clusters, cluster, component),
        }
    }

    /// Whether another engine or instance deploys the component to the cluster: there is a new owner.
    fn runs_elsewhere(&self, identity: &str, component: &str, cluster: &str) -> bool {
        let others = self.new.identities.iter().filter(|(other, _)| *other != identity);
        others.into_iter().any(|(other, clusters)| component_of(other) == component && clusters.contains(cluster))
    }

    /// Whether it runs under the name that the fleet says it has now.
    fn moved(&self, identity: &str, component: &str, cluster: &str) -> bool {
        let to = |of_cluster: bool, name: &str| {
            let changes = self.plan.guards.changes.iter();
            let change = changes.filter(|change| change.cluster == of_cluster).find(|change| change.name == name);
            change.and_then(|change| change.to.as_deref())
        };
        let new_component = to(false, component).unwrap_or(component);
        let new_cluster = to(true, cluster).unwrap_or(cluster);
        if (new_component, new_cluster) == (component, cluster) {
            return false;
        }
        let renamed = format!("{}{new_component}", identity.strip_suffix(component).unwrap_or_default());
        let runs = |record: &Record| record.identities.get(&renamed).is_some_and(|on| on.contains(new_cluster));
        // What ran beside it already is not what it became.
        runs(self.new) && !runs(self.base)
    }

    /// Whether the fleet says that it goes.
    fn removed(&self, component: &str, cluster: &str) -> bool {
        self.plan.guards.changes.iter().filter(|change| change.to.is_none()).any(|change| match change.cluster {
            true => change.name == cluster,
            false => change.name == component && covers(change, cluster),
        })
    }

    fn report(&self, gone: &Gone, diagnostics: &mut Diagnostics) {
        for (component, clusters) in &gone.components {
            diagnostics.push(self.component_gone(component, clusters));
        }
        for (cluster, components) in &gone.clusters {
            diagnostics.push(self.cluster_gone(cluster, components));
        }
        for (component, clusters) in &gone.moves {
            diagnostics.push(self.unsafe_move(component, clusters));
        }
        if !self.counts {
            return;
        }
        let total = self.base.identities.iter().flat_map(|(identity, clusters)| {
            let clusters = clusters.iter().filter(|cluster| !self.protects(cluster));
            clusters.map(move |cluster| (component_of(identity), cluster))
        });
        let total = total.collect::<BTreeSet<_>>().len();
        let limit = match self.plan.guards.max_removals {
            Max::Count(count) => count as usize,
            share => share.of(total),
        };
        if gone.others.len() > limit {
            diagnostics.push(self.too_many(&gone.others, total, limit));
        }
    }

    fn component_gone(&self, component: &str, clusters: &BTreeSet<String>) -> Diagnostic {
        let of_it = self.declaration(component);
        let span = of_it.unwrap_or(self.plan.guards.fleet);
        let message = format!("this build removes `{component}` from {}", protected(clusters));
        let diagnostic = Diagnostic::new(codes::PROTECTED_REMOVAL, span, message);
        let written = match of_it {
            Some(_) => format!("removed component {component} on {}", predicate(clusters)),
            None => format!("removed component {component}"),
        };
        let diagnostic = match of_it {
            Some(_) => diagnostic.label(format!("does not run on {} any more", named(clusters))),
            None => diagnostic.label(format!("it ran on {}", named(clusters))),
        };
        let diagnostic = self.with_protection(diagnostic);
        match self.new_name(component) {
            Some(new) if of_it.is_none() => self.with_line(diagnostic, "it seems to be", &new, component),
            _ => diagnostic,
        }
        .help(
            match self.plan.guards.changes.iter().find(|change| !change.cluster && change.name == component) {
                Some(Changed { to: Some(to), .. }) => {
                    format!(
                        "it did not become `{to}` there; if it is to go, write `{written}` in place of the `moved` line"
                    )
                }
                _ => format!("if that is meant, say so: `{written}`"),
            },
        )
    }

    /// Where something is declared that still runs somewhere.
    fn declaration(&self, component: &str) -> Option<Span> {
        let on_hub = self.plan.hub_objects.iter().find(|object| &*object.name == component).map(|object| object.span);
        let mut deployments = self.plan.deployments.iter();
        let deployment = deployments.find(|deployment| &*deployment.component == component);
        deployment.map(|deployment| deployment.origin.component).or(on_hub)
    }

    fn cluster_gone(&self, cluster: &str, components: &BTreeSet<String>) -> Diagnostic {
        let count = counted(components.len(), "component");
        let message = format!("this build removes the protected cluster `{cluster}`, with {count}");
        let diagnostic = Diagnostic::new(codes::PROTECTED_REMOVAL, self.plan.guards.fleet, message)
            .label(format!("`{cluster}` ran {}", named(components)));
        let diagnostic = self.with_protection(diagnostic);
        let diagnostic = match self.new_cluster(cluster) {
            Some(new) => self.append(diagnostic, &format!("moved cluster {cluster} to {new}"), &new),
            None => diagnostic,
        };
        diagnostic.help(format!("if that is meant, say so: `removed cluster {cluster}`"))
    }

    fn unsafe_move(&self, component: &str, clusters: &BTreeSet<String>) -> Diagnostic {
        let of_it = self.plan.deployments.iter().find(|deployment| &*deployment.component == component);
        let change = self.plan.guards.changes.iter().find(|change| change.to.is_some() && change.name == component);
        let span = change.map(|change| change.span).or(of_it.map(|deployment| deployment.origin.component));
        let message = format!("moving `{component}` would delete its workloads on {}", protected(clusters));
        let diagnostic = Diagnostic::new(codes::UNSAFE_MOVE, span.unwrap_or(self.plan.guards.fleet), message)
            .label(format!("committed with `on-delete = cascade` on {}", named(clusters)))
            .note("what deploys it now goes, and its workloads with it, before the new one is there");
        self.with_protection(diagnostic)
            .help("undo the move, say `on-delete = keep`, build and commit that; then move it")
    }

    fn too_many(&self, gone: &BTreeMap<(String, String), bool>, total: usize, limit: usize) -> Diagnostic {
        let guards = &self.plan.guards;
        let span = guards.max_removals_at.unwrap_or(guards.fleet);
        let message = format!(
            "this build removes {} of {total} deployments from clusters that are not protected, and {limit} may go",
            gone.len()
        );
        let pairs: Vec<String> = gone.keys().map(|(component, cluster)| format!("{component} on {cluster}")).collect();
        let diagnostic =
            Diagnostic::new(codes::TOO_MANY_REMOVALS, span, message).label(format!("removes {}", list(&pairs, "")));
        let components: BTreeSet<&str> = gone.keys().map(|(component, _)| component.as_str()).collect();
        // Nothing that is declared can be said to go.
        if gone.values().all(|runs_on| *runs_on) {
            return diagnostic
                .note("what deploys them goes, and their workloads with it, before the new one is there")
                .help("say `on-delete = keep`, build and commit that before; or allow more with `max-removals`");
        }
        let renamed = components.iter().find_map(|component| Some((*component, self.new_name(component)?)));
        match renamed {
            Some((old, new)) => self.with_line(diagnostic, "it seems that", &new, old),
            None => diagnostic,
        }
        .help("say what goes, `removed component NAME` or `removed cluster NAME`, or allow more with `max-removals`")
    }

    /// What was protected when, and by which line now.
    fn with_protection(&self, diagnostic: Diagnostic) -> Diagnostic {
        let diagnostic = match self.plan.guards.protected {
            Some(span) => diagnostic.related(span, "protected by this"),
            None => diagnostic,
        };
        diagnostic.note("what is protected is read from the lock that was committed last")
    }

    fn with_line(&self, diagnostic: Diagnostic, seems: &str, new: &str, old: &str) -> Diagnostic {
        let diagnostic = diagnostic.note(format!("{seems} `{old}` is `{new}` now: it is the same but for its name"));
        self.append(diagnostic, &format!("moved component {old} to {new}"), new)
    }

    /// Offers to write `line` at the end of the file that declares the fleet.
    fn append(&self, diagnostic: Diagnostic, line: &str, new: &str) -> Diagnostic {
        let at = self.plan.guards.fleet;
        let text = &self.sources.file(at.source).text;
        let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
        let newline = if text.ends_with('\n') { "" } else { "\n" };
        diagnostic.help(format!("if it was renamed to `{new}`, say so: `{line}`")).fix(
            format!("write `{line}`"),
            Applicability::Unsafe,
            Span { start: end, end, ..at },
            format!("{newline}{line}\n"),
        )
    }

    /// The component that is new, and the same as `old` was but for its name.
    fn new_name(&self, old: &str) -> Option<String> {
        let (identity, hash) = self.base.contents.iter().find(|(identity, _)| component_of(identity) == old)?;
        let place = identity.strip_suffix(old)?;
        let same = self.new.contents.iter().find(|(other, content)| {
            *content == hash && other.starts_with(place) && !self.base.identities.contains_key(*other)
        });
        same.map(|(other, _)| component_of(other).to_string())
    }

    /// The cluster that is new, and runs all that `old` did.
    fn new_cluster(&self, old: &str) -> Option<String> {
        let ran = components_on(&self.base.identities, old);
        let new = self.plan.clusters.iter().map(|cluster| &cluster.name);
        let mut new = new.filter(|name| components_on(&self.base.identities, name).is_empty());
        new.find(|name| components_on(&self.new.identities, name) == ran).map(|name| name.to_string())
    }

    /// F0616 where workloads stay with their component on a protected cluster, and are elsewhere on it from now on: an engine
    /// deletes what it does not find any more, whatever `on-delete` says.
    fn report_replaced(&self, diagnostics: &mut Diagnostics) {
        let mut found: BTreeMap<(&str, &str, &str), BTreeSet<String>> = BTreeMap::new();
        for (identity, places) in &self.base.places {
            let Some(now) = self.new.places.get(identity) else { continue };
            for (old, clusters) in places {
                for (new, there) in now.iter().filter(|(new, _)| *new != old) {
                    let moved: BTreeSet<String> =
                        clusters.intersection(there).map(|cluster| cluster.to_string()).collect();
                    if !moved.is_empty() {
                        found.entry((component_of(identity), old, new)).or_default().extend(moved);
                    }
                }
            }
        }
        for ((component, old, new), clusters) in found {
            let of_it = self
                .plan
                .deployments
                .iter()
                .find(|deployment| &*deployment.component == component && clusters.contains(&*deployment.cluster));
            let Some(origin) = of_it.map(|deployment| &deployment.origin) else { continue };
            if of_it.is_some_and(|deployment| deployment.on_delete == OnDelete::Cascade)
                && origin.attributes.contains_key("on-delete")
            {
                continue;
            }
            let (attribute, old, new) = differing(old, new);
            let message = format!("the workloads of `{component}` would be deleted on {}", protected(&clusters));
            let diagnostic = Diagnostic::new(codes::WORKLOADS_REPLACED, origin.of(attribute), message)
                .label(format!("{attribute} `{new}` instead of `{old}` on {}", named(&clusters)))
                .note("the engine deletes them there and makes them anew in the other place, with empty volumes");
            diagnostics.push(self.with_protection(diagnostic).help(format!(
                "keep the {attribute}, or say `on-delete = cascade` in the component if its workloads may go"
            )));
        }
    }

    /// F0615: the root Application is the only object that somebody applies by hand, and it has the fleet's name.
    fn fleet_renamed(&self, old: &str, new: &str) -> Diagnostic {
        let message = format!("the fleet was called `{old}`, so its root Application has another name from now on");
        Diagnostic::new(codes::FLEET_RENAMED, self.plan.guards.fleet, message)
            .label(format!("is called `{new}` now"))
            .note("Argo CD keeps the old root until somebody deletes it, and then both apply the same folder")
            .help("delete the old root Application, which deletes nothing else, and apply the new `root.yaml`")
    }

    /// F0613 where workloads of a protected cluster stayed so far, and go now though no component says so.
    fn report_cascades(&self, diagnostics: &mut Diagnostics) {
        let mut found: BTreeMap<&Arc<str>, (Span, BTreeSet<String>)> = BTreeMap::new();
        let mut identities: HashMap<&str, Vec<Ran>> = HashMap::new();
        for (identity, clusters) in &self.base.identities {
            let cascades = self.base.cascade.get(identity);
            identities.entry(component_of(identity)).or_default().push((clusters, cascades));
        }
        for deployment in &self.plan.deployments {
            let said = deployment.origin.attributes.contains_key("on-delete");
            if said || deployment.on_delete != OnDelete::Cascade || !self.protects(&deployment.cluster) {
                continue;
            }
            let cluster = &*deployment.cluster;
            let kept = identities.get(&*deployment.component).into_iter().flatten().any(|(clusters, cascades)| {
                clusters.contains(cluster) && cascades.is_none_or(|cascades| !cascades.contains(cluster))
            });
            if kept {
                let entry =
                    found.entry(&deployment.component).or_insert((deployment.origin.component, BTreeSet::new()));
                entry.1.insert(deployment.cluster.to_string());
            }
        }
        for (component, (span, clusters)) in found {
            let message =
                format!("the workloads of `{component}` would from now on go with it on {}", protected(&clusters));
            let diagnostic = Diagnostic::new(codes::CASCADE_ON_PROTECTED, span, message)
                .label(format!("stayed so far on {}", named(&clusters)));
            diagnostics.push(
                self.with_protection(diagnostic)
                    .help("say `on-delete = keep`, or `on-delete = cascade` if that is meant, in the component"),
            );
        }
    }

    /// F0614 for clusters that are still there and no longer protected.
    fn report_lost_protection(&self, diagnostics: &mut Diagnostics) {
        let Some(protected) = &self.base.protected else { return };
        let lost = self.plan.clusters.iter().filter(|cluster| !cluster.protected && protected.contains(&*cluster.name));
        let lost: Vec<_> = lost.collect();
        let Some(first) = lost.first() else { return };
        let names: BTreeSet<String> = lost.iter().map(|cluster| cluster.name.to_string()).collect();
        let message = format!("{} no longer protected", is_or_are(&names));
        let span = self.plan.guards.protected.unwrap_or(self.plan.guards.fleet);
        diagnostics.push(
            Diagnostic::new(codes::PROTECTION_LOST, span, message)
                .label("does not hold there")
                .related(first.span, format!("`{}` is declared here", first.name))
                .help("widen `protected`, or commit this by itself so that it is seen"),
        );
    }
}

/// What is other of two places: the attribute, and its values.
fn differing<'p>(old: &'p str, new: &'p str) -> (&'static str, &'p str, &'p str) {
    match (old.split_once('/'), new.split_once('/')) {
        (Some((namespace, release)), Some((new_namespace, new_release))) if namespace == new_namespace => {
            ("release", release, new_release)
        }
        (Some((namespace, _)), Some((new_namespace, _))) => ("namespace", namespace, new_namespace),
        _ => ("namespace", old, new),
    }
}

/// The name of the component of an identity.
fn component_of(identity: &str) -> &str {
    identity.rsplit_once("component/").map_or(identity, |(_, component)| component)
}

fn components_on<'a>(identities: &'a Identities, cluster: &str) -> BTreeSet<&'a str> {
    identities
        .iter()
        .filter(|(_, clusters)| clusters.contains(cluster))
        .map(|(identity, _)| identity.as_str())
        .collect()
}

fn covers(change: &Changed, cluster: &str) -> bool {
    change.on.as_ref().is_none_or(|on| on.contains(cluster))
}

/// `3 protected clusters`, `the protected cluster `a``
fn protected(clusters: &BTreeSet<String>) -> String {
    match clusters.first() {
        Some(one) if clusters.len() == 1 => format!("the protected cluster `{one}`"),
        _ => format!("{} protected clusters", clusters.len()),
    }
}

fn is_or_are(names: &BTreeSet<String>) -> String {
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", named(names))
}

/// The predicate that selects `clusters`.
fn predicate(clusters: &BTreeSet<String>) -> String {
    if clusters.len() > NAMED {
        return "…".to_string();
    }
    clusters.iter().map(|name| crate::model::names::quoted(name)).collect::<Vec<_>>().join(" or ")
}

fn named(names: &BTreeSet<String>) -> String {
    let names: Vec<String> = names.iter().cloned().collect();
    list(&names, "`")
}

fn list(names: &[String], quote: &str) -> String {
    let shown: Vec<String> = names.iter().take(NAMED).map(|name| format!("{quote}{name}{quote}")).collect();
    match names.len().saturating_sub(shown.len()) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
