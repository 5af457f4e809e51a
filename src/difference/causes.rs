//! The lines of the sources that a difference comes from: what the change of the plan says of its owner.

use std::collections::{BTreeMap, BTreeSet};

use super::owner::Owner;
use crate::change::{Cause, Change, Declared, Group, Kind, Side};

/// What is known of a change, found by the names that manifests have.
pub struct Causes<'a> {
    change: &'a Change,
    /// The groups of each component, under its name and the one that it had.
    groups: BTreeMap<&'a str, Vec<&'a Group>>,
    /// The rollouts that each component follows or followed.
    rollouts: BTreeMap<&'a str, BTreeSet<&'a str>>,
    /// The components that each source has or had.
    of_source: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Causes<'a> {
    pub fn of(change: &'a Change, old: &Side<'a>, new: &Side<'a>) -> Self {
        let mut causes =
            Self { change, groups: BTreeMap::new(), rollouts: BTreeMap::new(), of_source: BTreeMap::new() };
        for group in &change.groups {
            for name in [Some(&group.component), group.was.as_ref()].into_iter().flatten() {
                causes.groups.entry(name).or_default().push(group);
            }
        }
        for one in [old.plan, new.plan].into_iter().flatten().flat_map(|plan| &plan.deployments) {
            causes.of_source.entry(&one.source.name).or_default().insert(&one.component);
            if let Some(rollout) = &one.rollout {
                causes.rollouts.entry(&one.component).or_default().insert(rollout);
            }
        }
        causes
    }

    /// The places, sorted; none where the plan became other in nothing that the owner is made of. `path` is that of its
    /// file below the output folder.
    pub fn of_owner(&self, owner: &Owner, path: &str) -> Vec<Cause> {
        let component = owner.component.as_deref();
        let mut causes = match (component, &owner.declared) {
            (Some(name), _) => [self.of_component(name, owner.cluster.as_deref()), self.around(name)].concat(),
            (None, Some(("source", name))) => self.of_source(name),
            (None, Some((what, name))) => self.declared(what, name),
            (None, None) => Vec::new(),
        };
        if causes.is_empty() {
            causes = self.of_engine(path);
        }
        causes.sort();
        causes.dedup();
        causes
    }

    fn of_component(&self, name: &str, cluster: Option<&str>) -> Vec<Cause> {
        let groups = self.groups.get(name).map(Vec::as_slice).unwrap_or_default();
        let causes = |groups: &mut dyn Iterator<Item = &&Group>| -> Vec<Cause> {
            groups.flat_map(|group| group.causes.iter().cloned()).collect()
        };
        let is_here = |group: &&&Group| {
            cluster.is_some_and(|cluster| group.clusters.binary_search_by(|name| name.as_str().cmp(cluster)).is_ok())
        };
        let here = causes(&mut groups.iter().filter(is_here));
        // A cluster that was renamed has its new name there.
        if here.is_empty() { causes(&mut groups.iter()) } else { here }
    }

    /// Where the source was said, by what reads it.
    fn of_source(&self, name: &str) -> Vec<Cause> {
        let components = self.of_source.get(name).into_iter().flatten();
        let groups = components.filter_map(|component| self.groups.get(component)).flatten();
        let says = |group: &&&Group| {
            group.kind != Kind::Changed || group.fields.iter().any(|field| field.name.starts_with("source."))
        };
        groups.filter(says).flat_map(|group| group.causes.iter().cloned()).collect()
    }

    fn declared(&self, what: &str, name: &str) -> Vec<Cause> {
        let found = self.change.declared.iter().filter(|one| one.what == what && one.name == name);
        found.filter_map(|one| one.cause.clone()).collect()
    }

    /// What a component has a part in: its object on the hub, its rollouts.
    fn around(&self, component: &str) -> Vec<Cause> {
        let mut causes = self.declared("hub object", component);
        for rollout in self.rollouts.get(component).into_iter().flatten() {
            causes.extend(self.declared("rollout", rollout));
        }
        causes
    }

    /// The instance of an engine that has the folder of `path`, otherwise the fleet.
    fn of_engine(&self, path: &str) -> Vec<Cause> {
        let above = |one: &&Declared| match one.what {
            "engine" => path.strip_prefix(one.name.as_str()).is_some_and(|rest| rest.starts_with('/')),
            _ => one.what == "fleet",
        };
        // The nearer one has the longer name.
        let of = self.change.declared.iter().filter(above).max_by_key(|one| (one.what == "engine", one.name.len()));
        of.and_then(|one| one.cause.clone()).into_iter().collect()
    }
}
