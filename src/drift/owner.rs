//! What is there and not in the plan: whether the fleet made it.
//!
//! Argo CD marks what an Application applies with its name (annotation `argocd.argoproj.io/tracking-id`, label
//! `app.kubernetes.io/instance`) and an ApplicationSet owns what it makes; Flux marks what a Kustomization applies with
//! labels. So what is marked like something of the fleet was the fleet's. But what applies the fleet's folder for Flux may
//! apply more: `flux bootstrap` writes into the folder of a cluster, and applies itself from there. So an object of Flux
//! must have the fleet's label of a component, too, unless the hub's folder and nothing else is what was applied. What
//! nobody marked was the fleet's when it has that label. All else is of other people.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::expected::{Expected, Place};
use super::live::{Kind, Live};
use super::scope::{View, plain};
use super::{Engine, Finding, findings};
use crate::plan::Content;
use crate::plan::text::counted;
use crate::simulate::manifests::{entries, text};

/// What is there besides what is to be there.
#[derive(Default)]
pub(super) struct Others<'a> {
    pub(super) unexpected: Vec<Finding>,
    pub(super) foreign: Vec<&'a Live>,
    /// Applications that generators made for clusters that nobody declared, as they should.
    pub(super) undeclared: usize,
}

/// Who made an object: the kind, the namespace and the name.
pub(super) type Owner = (Kind, String, String);

/// An object as something that others name.
fn owned(live: &Live) -> Owner {
    (live.kind, live.namespace().to_owned(), live.name().to_owned())
}

/// Everything that is there and not to be there.
pub(super) fn others<'a>(view: &View<'a>) -> Others<'a> {
    let mut others = Others::default();
    for (scope, found) in &view.live {
        let owners = Owners::new(view, scope.as_ref());
        let mut rest: Vec<&Live> = found.objects.values().copied().collect();
        rest.retain(|live| {
            live.kind.is_argocd() == (view.engine == Engine::ArgoCd) && !view.wanted.contains(&owned(live))
        });
        let owners = owners.with_stale(view, &rest);
        let mut follow: BTreeMap<Owner, usize> = BTreeMap::new();
        let mut unexpected = Vec::new();
        for live in rest {
            match owners.whose(view, live) {
                Whose::Ours if is_undeclared(view, live) => others.undeclared += 1,
                Whose::Ours => unexpected.push(live),
                Whose::Applier => {}
                Whose::FollowsFrom(owner) => *follow.entry(owner).or_default() += 1,
                Whose::Others => others.foreign.push(live),
            }
        }
        for live in unexpected {
            let finding = findings::unexpected(view, live, scope.as_ref());
            let owner = owned(live);
            others.unexpected.push(match follow.get(&owner) {
                Some(count) => {
                    let made = format!("and so is what it makes, {}", counted(*count, "object"));
                    let why = finding.why.as_ref().map_or_else(|| made.clone(), |why| format!("{made}; {why}"));
                    finding.why(why)
                }
                None => finding,
            });
        }
    }
    others
}

/// An Application of a generator that looks for clusters, on one that the fleet does not know.
fn is_undeclared(view: &View, live: &Live) -> bool {
    if !view.is_by_labels || live.kind != Kind::Application {
        return false;
    }
    let cluster = text(&live.value, "/spec/destination/name");
    let label =
        live.value.pointer("/metadata/labels").and_then(|all| all.get(format!("{}/cluster", view.plan.label_prefix)));
    let name = label.and_then(Value::as_str).unwrap_or(cluster);
    !view.plan.clusters.iter().any(|cluster| &*cluster.name == name)
}

enum Whose {
    Ours,
    /// It applies what is the fleet's.
    Applier,
    /// It goes with something else that is told already.
    FollowsFrom(Owner),
    Others,
}

struct Owners {
    /// Those that make objects of the fleet.
    ours: BTreeSet<Owner>,
    /// Those of them that make nothing else.
    only_ours: BTreeSet<Owner>,
    /// Those of them that are not to be there any more.
    stale: BTreeSet<Owner>,
}

impl Owners {
    fn new(view: &View, scope: Option<&String>) -> Self {
        let owner = |one: &Expected| (one.kind, one.namespace().to_owned(), one.name().to_owned());
        let is_owner = |one: &&Expected| match (one.kind, &one.place) {
            (Kind::ApplicationSet, _) | (Kind::Application, Place::Shared(_) | Place::Cluster(_)) => true,
            // A chart's folder holds what fleetc writes and nothing else.
            (Kind::Kustomization, Place::Deployment(index)) => {
                let deployment = view.plan.deployments.get(*index);
                deployment.is_some_and(|deployment| matches!(deployment.content, Content::Chart(_)))
            }
            _ => false,
        };
        let mut ours: BTreeSet<Owner> = view.expected.iter().filter(is_owner).map(owner).collect();
        let mut only_ours = ours.clone();
        // Who applies the fleet's folder is not in the plan: what it applied tells.
        if view.engine == Engine::Flux {
            let there = view.expected.iter().filter(|one| one.scope.as_ref() == scope && one.kind != Kind::HelmRelease);
            ours.extend(there.filter_map(|one| made_by(view.find(one)?)));
            only_ours.extend(ours.iter().filter(|owner| view.builds_hub(scope, owner)).cloned());
        }
        Self { ours, only_ours, stale: BTreeSet::new() }
    }

    /// With what makes objects and was the fleet's itself: the ApplicationSet of a component that is gone.
    fn with_stale(mut self, view: &View, rest: &[&Live]) -> Self {
        for live in rest {
            let makes = matches!(live.kind, Kind::ApplicationSet | Kind::Application | Kind::Kustomization);
            if makes && matches!(self.whose(view, live), Whose::Ours) {
                self.stale.insert(owned(live));
            }
        }
        self
    }

    fn whose(&self, view: &View, live: &Live) -> Whose {
        let own = owned(live);
        match made_by(live) {
            _ if self.ours.contains(&own) => Whose::Applier,
            Some(owner) if self.only_ours.contains(&owner) => Whose::Ours,
            Some(owner) if self.ours.contains(&owner) && has_labels(view, live) => Whose::Ours,
            Some(owner) if self.stale.contains(&owner) => Whose::FollowsFrom(owner),
            None if has_labels(view, live) => Whose::Ours,
            _ => Whose::Others,
        }
    }
}

/// The Kustomizations that apply what Flux is to have, where they are in the state, with the cluster whose Flux it is.
pub(super) fn appliers<'a>(view: &View<'a>) -> Vec<(Option<String>, &'a Live)> {
    let there = view.expected.iter().filter(|one| one.kind != Kind::HelmRelease);
    let owners: BTreeSet<_> = there.filter_map(|one| Some((one.scope.clone(), made_by(view.find(one)?)?))).collect();
    let applier = |(scope, (kind, namespace, name)): (Option<String>, Owner)| {
        let live = view.live.get(&scope)?.get((kind, &namespace, &name))?;
        Some((scope, live))
    };
    owners.into_iter().filter_map(applier).collect()
}

impl View<'_> {
    /// Whether a Kustomization that is there builds the folder of the hub and so nothing else.
    fn builds_hub(&self, scope: Option<&String>, (kind, namespace, name): &Owner) -> bool {
        let found = self.live.get(&scope.cloned()).and_then(|found| found.get((*kind, namespace, name)));
        let hub = plain(&format!("{}/{}/hub", self.plan.home_path, self.home));
        found.is_some_and(|live| plain(text(&live.value, "/spec/path")) == hub)
    }
}

/// Whether it is where the fleet's objects are, with the label of a component.
fn has_labels(view: &View, live: &Live) -> bool {
    let label = format!("{}/component", view.plan.label_prefix);
    let labels = live.value.pointer("/metadata/labels").and_then(Value::as_object);
    live.namespace() == view.namespace && labels.is_some_and(|labels| labels.contains_key(&label))
}

/// Who made an object, by what the engines write on it.
pub(super) fn made_by(live: &Live) -> Option<Owner> {
    let label = |key: &str| live.value.pointer("/metadata/labels")?.get(key)?.as_str();
    if !live.kind.is_argocd() {
        let name = label("kustomize.toolkit.fluxcd.io/name")?;
        let namespace = label("kustomize.toolkit.fluxcd.io/namespace").unwrap_or(live.namespace());
        return Some((Kind::Kustomization, namespace.to_owned(), name.to_owned()));
    }
    let of_set =
        entries(&live.value, "/metadata/ownerReferences").iter().find(|one| text(one, "/kind") == "ApplicationSet");
    if let Some(set) = of_set {
        return Some((Kind::ApplicationSet, live.namespace().to_owned(), text(set, "/name").to_owned()));
    }
    let annotations = live.value.pointer("/metadata/annotations");
    let tracking = annotations.and_then(|all| all.get("argocd.argoproj.io/tracking-id")).and_then(Value::as_str);
    let name = tracking.and_then(|id| id.split(':').next()).or_else(|| label("app.kubernetes.io/instance"))?;
    // An Application of another namespace is `<namespace>_<name>`.
    let (namespace, name) = name.split_once('_').unwrap_or((live.namespace(), name));
    Some((Kind::Application, namespace.to_owned(), name.to_owned()))
}
