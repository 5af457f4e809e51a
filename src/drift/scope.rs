//! Whose state it is: which installations, which clusters of those that have a Flux each, and which kinds of objects.
//!
//! A kind of which nothing is in the state may not have been asked for. It counts as asked for where the state has an
//! object that only the whole command gives: a project of Argo CD, of which there always is one, or a source of Flux.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::expected::{self, Expected};
use super::live::{Kind, Live, State};
use super::{Compared, Engine, Foreign, Selection, argocd, findings, flux, owner};
use crate::plan::{FluxMode, Plan};
use crate::simulate::manifests::text;
use crate::target::{Engines, OutputTree};

/// Why nothing can be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unclear {
    /// The state holds no object of the engine that is asked about.
    NoObject(&'static str),
    /// The state may be of any of these installations.
    Whose(Vec<String>),
    /// No installation has the name.
    NoInstance(Vec<String>),
}

/// An installation of an engine beside its part of the plan.
pub(super) struct View<'a> {
    pub(super) engine: Engine,
    pub(super) name: Option<String>,
    pub(super) plan: Cow<'a, Plan>,
    pub(super) namespace: String,
    pub(super) expected: Vec<Expected>,
    /// What is there, by whose it is (one cluster's or the only one), kind, namespace and name.
    pub(super) live: BTreeMap<Option<String>, Found<'a>>,
    /// What is to be there of any installation.
    pub(super) wanted: Arc<BTreeSet<(Kind, String, String)>>,
    /// The installation's folder below the output folder.
    pub(super) home: String,
    pub(super) is_by_labels: bool,
    is_pull: bool,
}

/// The objects of one installation, each once.
#[derive(Default)]
pub(super) struct Found<'a> {
    pub(super) objects: BTreeMap<(Kind, &'a str, &'a str), &'a Live>,
    is_whole: bool,
}

impl<'a> Found<'a> {
    fn add(&mut self, state: &'a State) {
        self.is_whole |= state.is_whole;
        for live in &state.objects {
            self.objects.entry(live.key()).or_insert(live);
        }
    }

    pub(super) fn get(&self, key: (Kind, &str, &str)) -> Option<&'a Live> {
        self.objects.get(&key).copied()
    }

    /// Whether the state says what there is of a kind.
    pub(super) fn knows(&self, kind: Kind) -> bool {
        let has = |wanted: &dyn Fn(Kind) -> bool| self.objects.keys().any(|(kind, ..)| wanted(*kind));
        self.is_whole
            || match kind {
                Kind::Application | Kind::Kustomization => true,
                Kind::AppProject => has(&|kind| kind == Kind::AppProject),
                Kind::ApplicationSet => has(&|kind| matches!(kind, Kind::AppProject | Kind::ApplicationSet)),
                Kind::HelmRelease => has(&|kind| kind == Kind::HelmRelease || kind.is_source()),
                _ => has(&Kind::is_source),
            }
    }
}

/// What is compared, and what is not, in words.
pub(super) struct Chosen<'a> {
    pub(super) views: Vec<View<'a>>,
    pub(super) not_compared: Vec<String>,
}

/// The installations that `states` are of.
pub(super) fn choose<'a>(
    plan: &'a Plan,
    tree: &OutputTree,
    states: &'a [State],
    selection: &Selection,
) -> Result<Chosen<'a>, Unclear> {
    let views = candidates(plan, tree, states, selection)?;
    let is_only_one = views.len() == 1;
    if is_only_one {
        let is_argocd = views.iter().any(|view| view.engine == Engine::ArgoCd);
        let all = || states.iter().flat_map(|state| &state.objects);
        if all().next().is_some() && !all().any(|live| live.kind.is_argocd() == is_argocd) {
            return Err(Unclear::NoObject(if is_argocd { "Argo CD" } else { "Flux" }));
        }
    }
    let names: Vec<String> = views.iter().map(View::words).collect();
    let engines: Vec<Engine> = views.iter().map(|view| view.engine).collect();
    let is_only_of = |engine: Engine| engines.iter().filter(|one| **one == engine).count() == 1;
    let mut chosen = Chosen { views: Vec::new(), not_compared: Vec::new() };
    for view in views {
        // Of an engine that was asked for everything, nothing is there where nothing came.
        let was_asked = is_only_of(view.engine) && view.live.values().any(|found| found.is_whole);
        if (is_only_one && !view.live.is_empty()) || was_asked || view.is_there() {
            chosen.views.push(view);
        } else {
            chosen.not_compared.push(format!("{}: nothing of it is in the state", view.words()));
        }
    }
    if chosen.views.is_empty() { Err(Unclear::Whose(names)) } else { Ok(chosen) }
}

fn candidates<'a>(
    plan: &'a Plan,
    tree: &OutputTree,
    states: &'a [State],
    selection: &Selection,
) -> Result<Vec<View<'a>>, Unclear> {
    let engines = selection.engines.unwrap_or(Engines { argocd: true, flux: true });
    let is_engine = |view: &View| if view.engine == Engine::ArgoCd { engines.argocd } else { engines.flux };
    let is_named = |view: &View| selection.instance.is_none() || view.name == selection.instance;
    let argocd = plan.argocd.iter().map(|settings| {
        let seen = plan.of_argocd(settings);
        View {
            expected: expected::argocd(&seen, settings, tree),
            engine: Engine::ArgoCd,
            name: settings.instance.name.clone(),
            namespace: settings.namespace.clone(),
            home: settings.instance.folder("argocd"),
            is_by_labels: seen.space_of(settings).is_some(),
            plan: seen,
            live: BTreeMap::new(),
            is_pull: false,
            wanted: Arc::default(),
        }
    });
    let flux = plan.flux.iter().map(|settings| {
        let seen = plan.of(&settings.instance);
        View {
            expected: expected::flux(&seen, settings, tree),
            engine: Engine::Flux,
            name: settings.instance.name.clone(),
            namespace: settings.namespace.clone(),
            home: settings.instance.folder("flux"),
            is_by_labels: false,
            plan: seen,
            live: BTreeMap::new(),
            is_pull: settings.mode == FluxMode::Pull,
            wanted: Arc::default(),
        }
    });
    let mut views: Vec<View> = argocd.chain(flux).collect();
    let key = |one: &Expected| (one.kind, one.namespace().to_owned(), one.name().to_owned());
    let keys: Arc<BTreeSet<_>> = Arc::new(views.iter().flat_map(|view| view.expected.iter().map(key)).collect());
    views.retain(is_engine);
    if !views.iter().any(is_named) {
        return Err(Unclear::NoInstance(views.into_iter().filter_map(|view| view.name).collect()));
    }
    views.retain(is_named);
    let with = |view: View<'a>| View { wanted: Arc::clone(&keys), ..view.with(states) };
    Ok(views.into_iter().map(with).collect())
}

impl<'a> View<'a> {
    /// With what of `states` it is about.
    fn with(mut self, states: &'a [State]) -> Self {
        if !self.is_pull {
            let found = self.live.entry(None).or_default();
            states.iter().for_each(|state| found.add(state));
            return self;
        }
        let mut nobodys = Vec::new();
        for state in states {
            let clusters = self.clusters_of(state);
            if clusters.is_empty() {
                nobodys.push(state);
            }
            for cluster in clusters {
                self.live.entry(Some(cluster)).or_default().add(state);
            }
        }
        let all: BTreeSet<&Option<String>> = self.expected.iter().map(|one| &one.scope).collect();
        if let (true, [Some(only)]) = (self.live.is_empty(), Vec::from_iter(all).as_slice()) {
            self.live.entry(Some(only.clone())).or_default();
        }
        // Sources may have been asked for by themselves.
        if self.live.len() == 1 {
            for found in self.live.values_mut() {
                nobodys.iter().for_each(|state| found.add(state));
            }
        }
        self
    }

    /// The clusters whose own Flux reports `state`: it has a Kustomization of theirs, or the one that leads to their folder.
    fn clusters_of(&self, state: &State) -> BTreeSet<String> {
        let known: BTreeSet<_> = state.objects.iter().map(Live::key).collect();
        let of_ours = self.expected.iter().filter(|one| one.kind == Kind::Kustomization && known.contains(&one.key()));
        let mut clusters: BTreeSet<String> = of_ours.filter_map(|one| one.scope.clone()).collect();
        let paths: BTreeSet<String> = state
            .objects
            .iter()
            .filter(|live| live.kind == Kind::Kustomization)
            .map(|live| plain(text(&live.value, "/spec/path")))
            .collect();
        for cluster in self.expected.iter().filter_map(|one| one.scope.as_ref()) {
            if paths.contains(&plain(&format!("{}/{}/clusters/{cluster}", self.plan.home_path, self.home))) {
                clusters.insert(cluster.clone());
            }
        }
        clusters
    }

    pub(super) fn words(&self) -> String {
        let name = self.name.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
        format!("{}{name}", self.engine.word())
    }

    /// Whether anything that is to be there is.
    fn is_there(&self) -> bool {
        self.expected.iter().any(|one| self.find(one).is_some() && one.kind != Kind::AppProject)
    }

    /// The object that is there for one that is to be.
    pub(super) fn find(&self, expected: &Expected) -> Option<&'a Live> {
        self.live.get(&expected.scope)?.get(expected.key())
    }

    /// Whether the state would have it if it were there.
    pub(super) fn knows(&self, expected: &Expected) -> bool {
        self.live.get(&expected.scope).is_some_and(|found| found.knows(expected.kind))
    }

    /// Everything that is different.
    pub(super) fn compared(&self) -> Compared {
        let mut judged = match self.engine {
            Engine::ArgoCd => argocd::judge(self),
            Engine::Flux => flux::judge(self),
        };
        let owner::Others { unexpected, foreign, undeclared } = owner::others(self);
        judged.findings.extend(unexpected);
        findings::sort(&self.plan, &mut judged.findings);
        let main = match self.engine {
            Engine::ArgoCd => Kind::Application,
            Engine::Flux => Kind::Kustomization,
        };
        let compared: Vec<usize> = self
            .expected
            .iter()
            .filter(|one| one.kind == main && self.knows(one))
            .filter_map(Expected::deployment)
            .collect();
        let clusters = compared.iter().filter_map(|index| self.plan.deployments.get(*index));
        Compared {
            engine: self.engine,
            name: self.name.clone(),
            clusters: clusters.map(|deployment| deployment.cluster.to_string()).collect(),
            deployments: compared.len(),
            findings: judged.findings,
            rollouts: judged.rollouts,
            foreign: foreign.iter().map(|live| foreign_of(live)).collect(),
            undeclared,
            not_compared: self.not_compared(),
        }
    }

    /// What of the plan the state says nothing of.
    fn not_compared(&self) -> Vec<String> {
        let mut clusters = BTreeSet::new();
        let mut kinds: BTreeMap<Kind, usize> = BTreeMap::new();
        for one in &self.expected {
            match (&one.scope, self.live.contains_key(&one.scope)) {
                (Some(cluster), false) => _ = clusters.insert(cluster.as_str()),
                _ if !self.knows(one) => *kinds.entry(one.kind).or_default() += 1,
                _ => {}
            }
        }
        let of_kind = |(kind, count): (&Kind, &usize)| {
            format!("{count} {}{}: the state has none, ask for `{}`", kind.word(), plural(*count), kind.plural())
        };
        let mut words: Vec<String> = kinds.iter().map(of_kind).collect();
        if !clusters.is_empty() {
            let names: Vec<&str> = clusters.into_iter().collect();
            words.push(format!("{}: there is no state of its own Flux", crate::plan::text::some_of(&names)));
        }
        words
    }
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

fn foreign_of(live: &Live) -> Foreign {
    Foreign { kind: live.kind, namespace: live.namespace().to_owned(), name: live.name().to_owned() }
}

/// A path without what does not matter.
pub(super) fn plain(path: &str) -> String {
    let parts = path.split('/').filter(|part| !part.is_empty() && *part != ".");
    parts.collect::<Vec<_>>().join("/")
}
