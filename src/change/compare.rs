//! Two plans beside each other.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Cause, Change, Fate, Group, Kind, causes, declared, fields, json as written, risk};
use crate::plan::guards::Changed;
use crate::plan::{Deployment, Instance, OnDelete, Plan};
use crate::source::Sources;

/// One of the two versions.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// The plan; none where there was no fleet yet.
    pub plan: Option<&'a Plan>,
    /// The sources that it was made of.
    pub sources: &'a Sources,
}

type Key<'a> = (&'a str, &'a str);
type Known<'a> = BTreeMap<Key<'a>, (&'a Deployment, Value)>;

/// What becomes other from `old` to `new`.
pub fn compare(old: &Side, new: &Side) -> Change {
    let (before, now) = (deployments(old), deployments(new));
    let mut found = Found { old, new, groups: BTreeMap::new(), unchanged: 0 };
    let mut met: BTreeSet<Key> = BTreeSet::new();
    for (key, entry) in &now {
        let was = if before.contains_key(key) { Some(*key) } else { name_before(new, key, &before, &now) };
        match was.and_then(|was| Some((was, before.get(&was)?))) {
            Some((was, earlier)) => {
                met.insert(was);
                found.both(earlier, entry);
            }
            None => found.alone(entry.0, Kind::Added),
        }
    }
    for (key, entry) in before.iter().filter(|(key, _)| !met.contains(*key)) {
        debug_assert!(!now.contains_key(key), "what is in both was met");
        found.alone(entry.0, Kind::Removed);
    }
    let groups: Vec<Group> = found.groups.into_values().collect();
    let declared = declared::compare(old, new);
    let fleet = new.plan.or(old.plan).map(|plan| plan.fleet.clone()).unwrap_or_default();
    Change {
        fleet,
        risk: risk::of(&groups, &declared),
        groups,
        declared,
        unchanged: found.unchanged,
        clusters: new.plan.map_or(0, |plan| plan.clusters.len()),
    }
}

fn deployments<'a>(side: &Side<'a>) -> Known<'a> {
    let Some(plan) = side.plan else { return Known::new() };
    let key = |one: &'a Deployment| (&*one.component, &*one.cluster);
    plan.deployments.iter().map(|one| (key(one), (one, fields::form(one)))).collect()
}

/// What `key` was called before, where a `moved` says so and what it names went.
fn name_before<'a>(new: &Side<'a>, key: &Key<'a>, before: &Known<'a>, now: &Known<'a>) -> Option<Key<'a>> {
    let changes = &new.plan?.guards.changes;
    let olds = |name: &'a str, cluster: bool| -> Vec<&'a str> {
        let mut names = vec![name];
        // Moves can follow each other; none is followed twice.
        for _ in 0..changes.len() {
            let came = |change: &&'a Changed| {
                change.cluster == cluster && change.to.as_deref().is_some_and(|to| names.contains(&to))
            };
            let more: Vec<&str> = changes.iter().filter(came).map(|change| change.name.as_str()).collect();
            let count = names.len();
            names.extend(more);
            names.sort_unstable();
            names.dedup();
            if names.len() == count {
                break;
            }
        }
        names
    };
    let clusters = olds(key.1, true);
    let pairs = olds(key.0, false).into_iter().flat_map(|name| clusters.iter().map(move |cluster| (name, *cluster)));
    let mut gone = pairs.filter_map(|pair| before.get_key_value(&pair)).map(|(pair, _)| *pair);
    gone.find(|pair| pair != key && !now.contains_key(pair))
}

struct Found<'a, 's> {
    old: &'s Side<'a>,
    new: &'s Side<'a>,
    /// By component, stage, kind and all that it says but for the clusters.
    groups: BTreeMap<(String, usize, Kind, String), Group>,
    unchanged: usize,
}

impl Found<'_, '_> {
    fn both(&mut self, earlier: &(&Deployment, Value), entry: &(&Deployment, Value)) {
        let (was, one) = (earlier.0, entry.0);
        let fields = fields::differences(&earlier.1, &entry.1);
        let (before, now) = (owners(self.old, was), owners(self.new, one));
        let renamed = was.component != one.component || was.cluster != one.cluster;
        let moved = before != now;
        if fields.is_empty() && !renamed && !moved {
            self.unchanged += 1;
            return;
        }
        let kind = if renamed {
            Kind::Renamed
        } else if moved {
            Kind::Moved
        } else {
            Kind::Changed
        };
        let goes = renamed || before.iter().any(|owner| !now.contains(owner));
        let mut group = group(self.new, one, kind);
        group.was = (was.component != one.component).then(|| was.component.to_string());
        group.fate = goes.then(|| if was.on_delete == OnDelete::Cascade { Fate::Deleted } else { Fate::TakenOver });
        group.causes = causes::of((self.old, was), (self.new, one), &fields);
        if fields.is_empty() {
            group.causes = vec![causes::place(self.new, false, one.origin.component)];
        }
        if moved {
            group.causes.extend(engines(self.new, &now).filter(|(name, _)| !before.contains(name)).map(|(_, at)| at));
            group.causes.sort();
            group.causes.dedup();
        }
        group.fields = fields;
        (group.owners_before, group.owners) = (before, now);
        self.add(group, one, was.protected || one.protected);
    }

    fn alone(&mut self, one: &Deployment, kind: Kind) {
        let gone = kind == Kind::Removed;
        let side = if gone { self.old } else { self.new };
        let mut group = group(side, one, kind);
        group.causes = vec![causes::place(side, gone, one.origin.component)];
        if gone {
            let deleted = one.on_delete == OnDelete::Cascade;
            group.fate = Some(if deleted { Fate::Deleted } else { Fate::Orphaned });
            group.owners_before = owners(side, one);
        } else {
            group.owners = owners(side, one);
        }
        self.add(group, one, one.protected);
    }

    fn add(&mut self, group: Group, one: &Deployment, protected: bool) {
        let text = written::group(&group).to_string();
        let key = (group.component.clone(), group.number, group.kind, text);
        let group = self.groups.entry(key).or_insert(group);
        group.clusters.push(one.cluster.to_string());
        if protected {
            group.protected.push(one.cluster.to_string());
        }
    }
}

/// A group without clusters yet.
fn group(side: &Side, one: &Deployment, kind: Kind) -> Group {
    let text = |name: &Option<std::sync::Arc<str>>| name.as_ref().map(ToString::to_string);
    let rollouts = side.plan.map(|plan| plan.rollouts.as_slice()).unwrap_or_default();
    let rollout = rollouts.iter().find(|rollout| Some(&rollout.name) == one.rollout.as_ref());
    let number =
        rollout.and_then(|rollout| rollout.stages.iter().position(|stage| Some(&stage.name) == one.stage.as_ref()));
    Group {
        component: one.component.to_string(),
        kind,
        rollout: text(&one.rollout),
        stage: text(&one.stage),
        number: number.map_or(0, |index| index + 1),
        clusters: Vec::new(),
        protected: Vec::new(),
        was: None,
        owners_before: Vec::new(),
        owners: Vec::new(),
        fate: None,
        fields: Vec::new(),
        causes: Vec::new(),
    }
}

/// What deploys it: each engine's instance that serves its cluster.
fn owners(side: &Side, one: &Deployment) -> Vec<String> {
    let Some(plan) = side.plan else { return Vec::new() };
    let name = |engine: &str, instance: &Instance| instance.serves(&one.cluster).then(|| instance.folder(engine));
    let argocd = plan.argocd.iter().filter_map(|settings| name("argocd", &settings.instance));
    argocd.chain(plan.flux.iter().filter_map(|settings| name("flux", &settings.instance))).collect()
}

/// Where the engines' instances of these names are declared.
fn engines<'a>(side: &'a Side, names: &'a [String]) -> impl Iterator<Item = (String, Cause)> + 'a {
    let plan = side.plan.into_iter();
    let all = plan.flat_map(|plan| {
        let argocd = plan.argocd.iter().map(|settings| (settings.instance.folder("argocd"), settings.span));
        argocd.chain(plan.flux.iter().map(|settings| (settings.instance.folder("flux"), settings.span)))
    });
    all.filter(|(name, _)| names.contains(name)).map(|(name, span)| (name, causes::place(side, false, span)))
}
