//! The engines: which instances there are, what each is set to, and which clusters it deploys to.

use std::collections::BTreeMap;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _};

use super::settings::{Fixed, FleetSettings};
use crate::diag::{Applicability, Diagnostic, Diagnostics, codes, one_of};
use crate::model::body;
use crate::model::eval::{At, Evaluator};
use crate::model::schema::{self, Type};
use crate::model::scope::{Env, Place, Scope};
use crate::model::{Model, predicate};
use crate::plan::{
    ArgoCd, ArgoCdLayout, Deployment, Destination, Duration, Flux, FluxLayout, FluxMode, Instance, Kubeconfig,
    Membership, OnDelete, Provisioner, Register, Registration, Version,
};
use crate::source::Span;
use crate::syntax::ast::{self, EngineKind};

/// The minors of Argo CD that fleetc knows; the newest released is the default.
const ARGOCD_VERSIONS: [Version; 7] = versions::<7>(3, 0);
const ARGOCD_DEFAULT: Version = Version { major: 3, minor: 5 };
/// The minors of Flux that fleetc knows; the newest is the default.
const FLUX_VERSIONS: [Version; 5] = versions::<5>(2, 5);
const FLUX_DEFAULT: Version = Version { major: 2, minor: 9 };

/// The most shards that one would run.
const MOST_SHARDS: u32 = 1_000;

const fn versions<const N: usize>(major: u32, first: u32) -> [Version; N] {
    let mut all = [Version { major, minor: first }; N];
    let mut index = 1;
    while index < N {
        #[expect(clippy::indexing_slicing, reason = "the loop ends at the length")]
        {
            all[index].minor = all[index - 1].minor + 1;
        }
        index += 1;
    }
    all
}

/// The engines that are built: those declared and those asked for.
#[derive(Debug, Default)]
pub struct Engines {
    /// The instances of Argo CD, by name.
    pub argocd: Vec<ArgoCd>,
    /// The instances of Flux, by name.
    pub flux: Vec<Flux>,
    /// Whether something wrong, reported already, makes the clusters of an instance unreliable.
    doubtful: bool,
}

impl Engines {
    /// Whether an engine that deploys to `cluster` waits between what runs there.
    pub fn keep_order(&self, cluster: &str) -> bool {
        let argocd = self.argocd.iter().any(|one| one.instance.serves(cluster) && one.keeps_order());
        argocd || self.flux.iter().any(|one| one.instance.serves(cluster))
    }

    /// What the engines of `cluster` say of workloads whose deployment goes.
    pub fn on_delete(&self, cluster: &str) -> Option<OnDelete> {
        let mut serving = self.argocd.iter().filter(|argocd| argocd.instance.serves(cluster));
        serving.find_map(|argocd| argocd.on_delete)
    }

    /// Reports what runs where no engine deploys to, and rollouts that no engine orders because several share them.
    pub fn check(&self, model: &Model, deployments: &[Deployment], diagnostics: &mut Diagnostics) {
        let instances = self.instances();
        if instances.is_empty() || self.doubtful {
            return;
        }
        let mut unserved: BTreeMap<Span, (&Deployment, Vec<usize>)> = BTreeMap::new();
        // For each component under a rollout and each engine, the instances that deploy it.
        let mut spread: BTreeMap<(&str, &str, &str), BTreeMap<&str, &Deployment>> = BTreeMap::new();
        let mut serving: HashMap<&str, Vec<(&str, &Instance)>> = HashMap::new();
        for deployment in deployments {
            let serving = serving.entry(&deployment.cluster).or_insert_with(|| {
                let all = instances.iter().filter(|(_, one, _)| one.serves(&deployment.cluster));
                all.map(|(engine, one, _)| (*engine, *one)).collect()
            });
            let served = !serving.is_empty();
            for (engine, instance) in serving {
                if let Some(rollout) = &deployment.rollout {
                    let name = instance.name.as_deref().unwrap_or_default();
                    let key = (*engine, &*deployment.component, &**rollout);
                    spread.entry(key).or_default().entry(name).or_insert(deployment);
                }
            }
            if !served && let Some(cluster) = model.find_cluster(&deployment.cluster) {
                let entry = unserved.entry(deployment.origin.component);
                entry.or_insert_with(|| (deployment, Vec::new())).1.push(cluster);
            }
        }
        for (span, (deployment, clusters)) in unserved {
            diagnostics.push(no_engine_here(model, span, deployment, clusters, &instances));
        }
        for ((engine, component, _), by_instance) in &spread {
            let deployed: Vec<(&&str, &&Deployment)> = by_instance.iter().collect();
            if let [(one, first), (two, second), ..] = deployed.as_slice() {
                diagnostics.push(across_instances(engine, component, (one, first), (two, second)));
            }
        }
    }

    /// Every instance, each with its engine's name and where it is declared.
    fn instances(&self) -> Vec<(&'static str, &Instance, Span)> {
        let argocd = self.argocd.iter().map(|settings| ("Argo CD", &settings.instance, settings.span));
        argocd.chain(self.flux.iter().map(|settings| ("Flux", &settings.instance, settings.span))).collect()
    }
}

/// Reads the engines' blocks.
pub fn read(model: &Model, fleet: &FleetSettings, also: &[EngineKind], diagnostics: &mut Diagnostics) -> Engines {
    let mut engines = Engines::default();
    let empty = ast::Block { span: fleet.span, entries: Vec::new() };
    for kind in [EngineKind::ArgoCd, EngineKind::Flux] {
        let mut declared: Vec<(Option<&ast::Engine>, Span)> =
            of_kind(model, kind).map(|(node, keyword)| (Some(*node), *keyword)).collect();
        declared.sort_by_key(|(node, _)| node.and_then(|node| node.name.as_ref()).map(|name| name.text.clone()));
        if declared.is_empty() && also.contains(&kind) {
            declared.push((None, fleet.span));
        }
        for (node, span) in declared {
            let block = node.map_or(&empty, |node| &node.body);
            let instance = instance(model, node);
            match kind {
                EngineKind::ArgoCd => {
                    let fixed = Fixed::new(model, &schema::ARGOCD, block, false);
                    engines.argocd.push(argocd(&fixed, instance, span, diagnostics));
                }
                EngineKind::Flux => {
                    let fixed = Fixed::new(model, &schema::FLUX, block, false);
                    engines.flux.push(flux(&fixed, instance, span, diagnostics));
                }
            }
        }
    }
    let predicates = model.names.engines.iter().filter_map(|(node, _)| node.on.as_ref());
    engines.doubtful = model.names.has_unnamed_instance();
    engines.doubtful |= predicates.into_iter().any(|on| match model.conditions.get(&on.span) {
        Some(predicate) => predicate::select(model, predicate).poisoned,
        None => true,
    });
    if !engines.doubtful {
        report_claimed_twice(model, &engines, diagnostics);
        report_two_engines(model, &engines, fleet, diagnostics);
    }
    if engines.argocd.is_empty() && engines.flux.is_empty() {
        diagnostics.push(
            Diagnostic::new(codes::NO_ENGINE, fleet.span, "the fleet declares no engine")
                .label("nothing would be built")
                .help("add `argocd { }` or `flux { }`"),
        );
    }
    engines
}

/// The declarations of one engine.
pub fn of_kind<'m, 'a>(model: &'m Model<'a>, kind: EngineKind) -> impl Iterator<Item = &'m (&'a ast::Engine, Span)> {
    model.names.engines.iter().filter(move |(node, _)| node.engine == kind)
}

fn no_engine_here(
    model: &Model,
    span: Span,
    deployment: &Deployment,
    clusters: Vec<usize>,
    instances: &[(&'static str, &Instance, Span)],
) -> Diagnostic {
    let on = model.list_clusters(clusters.into_iter());
    let message = format!("`{}` runs on {on}, where no engine deploys to", deployment.component);
    let diagnostic = Diagnostic::new(codes::NO_ENGINE_HERE, span, message).label("would be built for no engine there");
    let diagnostic = instances.iter().take(3).fold(diagnostic, |diagnostic, (engine, _, declared)| {
        diagnostic.related(*declared, format!("this instance of {engine} deploys to other clusters"))
    });
    diagnostic.help("let an engine's `on` cover these clusters, or take the component away from them")
}

/// Instances do not know of each other: neither waits for the other's clusters, and each counts its own for `max`.
fn across_instances(
    engine: &str,
    component: &str,
    (one, first): (&str, &Deployment),
    (two, second): (&str, &Deployment),
) -> Diagnostic {
    let message = format!("the rollout of `{component}` spans several instances of {engine}");
    Diagnostic::new(codes::ROLLOUT_ACROSS_INSTANCES, first.origin.of("rollout"), message)
        .label("no instance waits for what another one deploys")
        .related(first.origin.component, format!("`{one}` deploys it to `{}`", first.cluster))
        .related(second.origin.component, format!("`{two}` deploys it to `{}`", second.cluster))
        .help("write a component with a rollout for the clusters of each instance, or let one instance have them all")
}

/// The name of an instance and its clusters.
fn instance(model: &Model, node: Option<&ast::Engine>) -> Instance {
    let name = node.and_then(|node| node.name.as_ref()).map(|name| name.text.clone());
    let predicate = node.and_then(|node| node.on.as_ref()).and_then(|on| model.conditions.get(&on.span));
    let clusters = predicate.map(|predicate| {
        let set = predicate::select(model, predicate).set;
        let clusters = set.iter().filter_map(|place| model.clusters.get(place));
        Arc::new(clusters.map(|cluster| cluster.name.clone()).collect())
    });
    Instance { name, clusters }
}

/// The places of the clusters that both serve.
fn shared(model: &Model, one: &Instance, two: &Instance) -> Vec<usize> {
    match (&one.clusters, &two.clusters) {
        (Some(clusters), _) => {
            clusters.iter().filter(|name| two.serves(name)).filter_map(|name| model.find_cluster(name)).collect()
        }
        (None, Some(_)) => shared(model, two, one),
        (None, None) => (0..model.clusters.len()).collect(),
    }
}

fn report_claimed_twice(model: &Model, engines: &Engines, diagnostics: &mut Diagnostics) {
    let instances = engines.instances();
    for (index, (engine, two, span)) in instances.iter().enumerate() {
        for (other, one, first) in instances.iter().take(index) {
            let clusters = if engine == other { shared(model, one, two) } else { Vec::new() };
            if clusters.is_empty() {
                continue;
            }
            let on = model.list_clusters(clusters.into_iter());
            diagnostics.push(
                Diagnostic::new(codes::CLAIMED_TWICE, *span, format!("two instances of {engine} deploy to {on}"))
                    .label("one of them")
                    .related(*first, "the other one")
                    .help("give each instance its own clusters, with `on` behind its name"),
            );
        }
    }
}

fn report_two_engines(model: &Model, engines: &Engines, fleet: &FleetSettings, diagnostics: &mut Diagnostics) {
    for (flux, argocd) in engines.flux.iter().flat_map(|flux| engines.argocd.iter().map(move |argocd| (flux, argocd))) {
        let clusters = shared(model, &argocd.instance, &flux.instance);
        let nowhere = clusters.is_empty() && !model.clusters.is_empty();
        if fleet.migrating || nowhere {
            continue;
        }
        let on = model.list_clusters(clusters.into_iter());
        diagnostics.push(
            Diagnostic::new(codes::TWO_ENGINES, flux.span, "Argo CD and Flux would both deploy to the same clusters")
                .label(format!("would fight over {on}"))
                .related(argocd.span, "Argo CD is declared here")
                .help("keep one engine, or say `migrating = true` in the `fleet` block while you move"),
        );
    }
}

/// `keep` or `cascade`.
pub fn on_delete(word: &str) -> Option<OnDelete> {
    match word {
        "keep" => Some(OnDelete::Keep),
        "cascade" => Some(OnDelete::Cascade),
        _ => None,
    }
}

fn argocd(fixed: &Fixed, instance: Instance, span: Span, diagnostics: &mut Diagnostics) -> ArgoCd {
    let destination = match fixed.text("destination") {
        Some((word, _)) if word == "server" => Destination::Server,
        _ => Destination::Name,
    };
    let said = |name: &str, word: &str| fixed.text(name).filter(|(text, _)| text == word).map(|(_, at)| at);
    let is = |name: &str, word: &str| said(name, word).is_some();
    if let (Some(at), Some(other)) = (said("layout", "app-of-apps"), said("membership", "labels")) {
        let why = "only an ApplicationSet finds its clusters at run time";
        let (name, other_name) = ("layout = app-of-apps", "membership = labels");
        diagnostics.push(super::sources::exclusive(at, name, other, other_name, why));
    }
    ArgoCd {
        span,
        instance,
        membership: if is("membership", "labels") { Membership::Labels } else { Membership::Static },
        layout: if is("layout", "app-of-apps") { ArgoCdLayout::AppOfApps } else { ArgoCdLayout::ApplicationSets },
        version: version(fixed, "Argo CD", &ARGOCD_VERSIONS, ARGOCD_DEFAULT, diagnostics),
        namespace: namespace(fixed, "argocd", diagnostics),
        destination,
        progressive_syncs: fixed.flag("progressive-syncs"),
        register: register(fixed, diagnostics),
        on_delete: fixed.text("on-delete").and_then(|(word, _)| on_delete(&word)),
    }
}

fn register(fixed: &Fixed, diagnostics: &mut Diagnostics) -> Register {
    let register = match fixed.text("register").map(|(word, _)| word).as_deref() {
        Some("secrets") => Register::Secrets,
        Some("external-secrets") => Register::ExternalSecrets,
        Some("script") => Register::Script,
        _ => Register::None,
    };
    if register == Register::ExternalSecrets {
        return register;
    }
    for name in ["register-store", "register-key"] {
        if let Some(key) = fixed.key(name) {
            let message = format!("`{name}` says where external secrets come from, and there are none");
            let diagnostic = Diagnostic::new(codes::CONFLICTING_ATTRIBUTES, key, message).label("is never read");
            let diagnostic = match fixed.text("register") {
                Some((_, at)) => diagnostic.related(at, "clusters are registered in another way"),
                None => diagnostic.related(fixed.whole(), "clusters are not registered by this block"),
            };
            diagnostics.push(diagnostic.help("write `register = external-secrets`, or leave it out"));
        }
    }
    register
}

/// Where the rest of a cluster's registration is found.
pub fn fill_store(model: &Model, cluster: usize, registration: &mut Registration, evaluator: &mut Evaluator) {
    let Some(name) = model.clusters.get(cluster).map(|cluster| cluster.name.clone()) else { return };
    registration.store_key = format!("clusters/{name}");
    let Some((node, _)) = of_kind(model, EngineKind::ArgoCd).find(|(node, _)| claims(model, node, cluster)) else {
        return;
    };
    let scope = Scope::of(Place::Engine);
    let env = Env::on(cluster);
    let mut text = |name: &str, ty: &Type| {
        let attribute = body::find(&node.body, name)?;
        let value = evaluator.attribute(At { model, scope: &scope, env: &env }, ty, &attribute.value)?;
        Some((value.as_str()?.to_owned(), attribute.value.span))
    };
    if let Some((store, at)) = text("register-store", &Type::Name) {
        registration.places.insert("register-store", at);
        registration.store = Some(store);
    }
    if let Some((key, at)) = text("register-key", &Type::Text) {
        registration.places.insert("register-key", at);
        registration.store_key = key;
    }
}

fn flux(fixed: &Fixed, instance: Instance, span: Span, diagnostics: &mut Diagnostics) -> Flux {
    let version = version(fixed, "Flux", &FLUX_VERSIONS, FLUX_DEFAULT, diagnostics);
    let namespace = namespace(fixed, "flux-system", diagnostics);
    report_useless_on_clusters(fixed, diagnostics);
    let shards = shards(fixed, diagnostics);
    let provisioner = provisioner(fixed, diagnostics);
    let mut duration = |name: &str| {
        let (value, at) = fixed.value(name)?;
        let milliseconds = value.as_u64()?;
        if milliseconds == 0 {
            diagnostics.push(super::check::zero(at, name));
        }
        Some(Duration { milliseconds })
    };
    let minutes = |minutes: u64| Duration { milliseconds: minutes * 60_000 };
    let is = |name: &str, word: &str| fixed.text(name).is_some_and(|(text, _)| text == word);
    Flux {
        span,
        instance,
        mode: if is("mode", "pull") { FluxMode::Pull } else { FluxMode::Hub },
        layout: if is("layout", "overlays") { FluxLayout::Overlays } else { FluxLayout::Kustomizations },
        version,
        namespace,
        provisioner,
        interval: duration("interval").unwrap_or(minutes(10)),
        retry: duration("retry").unwrap_or(minutes(2)),
        timeout: duration("timeout").unwrap_or(minutes(5)),
        shards,
        multi_tenant: fixed.flag("multi-tenant"),
    }
}

fn shards(fixed: &Fixed, diagnostics: &mut Diagnostics) -> u32 {
    let Some((value, span)) = fixed.value("shards") else { return 1 };
    let count =
        value.as_i64().and_then(|count| u32::try_from(count).ok()).filter(|count| (1..=MOST_SHARDS).contains(count));
    if count.is_none() {
        diagnostics.push(super::check::invalid(
            span,
            format!("`shards` is between 1 and {MOST_SHARDS}"),
            "out of range",
            "write how many controllers of each kind share the clusters",
        ));
    }
    count.unwrap_or(1)
}

fn provisioner(fixed: &Fixed, diagnostics: &mut Diagnostics) -> Provisioner {
    let Some((_, at)) = fixed.text("kubeconfig-provisioner").filter(|(word, _)| word == "terraform") else {
        return Provisioner::None;
    };
    let (name, other) = ("kubeconfig-provisioner = terraform", "kubeconfig-map");
    if let Some(map) = fixed.key(other) {
        let why = "with workload identity there are no kubeconfigs";
        diagnostics.push(super::sources::exclusive(at, name, map, other, why));
    }
    if let Some((_, mode)) = fixed.text("mode").filter(|(word, _)| word == "pull") {
        let why = "a Flux in each cluster needs no kubeconfig";
        diagnostics.push(super::sources::exclusive(at, name, mode, "mode = pull", why));
    }
    Provisioner::Terraform
}

/// A Flux in each cluster needs no way to reach it, and shares it with no other.
fn report_useless_on_clusters(fixed: &Fixed, diagnostics: &mut Diagnostics) {
    let Some((_, mode)) = fixed.text("mode").filter(|(word, _)| word == "pull") else { return };
    for name in ["kubeconfig", "kubeconfig-key", "kubeconfig-map", "shards"] {
        if let Some(key) = fixed.key(name) {
            let what = if name == "shards" { "how many controllers of a hub share" } else { "how a hub reaches" };
            let message = format!("`{name}` says {what} its clusters, and with `mode = pull` there is no hub");
            diagnostics.push(
                Diagnostic::new(codes::CONFLICTING_ATTRIBUTES, key, message)
                    .label("is never read")
                    .related(mode, "puts a Flux into each cluster")
                    .help(format!("leave out `{name}`, or write `mode = hub`")),
            );
        }
    }
}

fn namespace(fixed: &Fixed, default: &str, diagnostics: &mut Diagnostics) -> String {
    let Some((text, span)) = fixed.text("namespace") else { return default.to_string() };
    if !crate::model::cluster::is_dns_label(&text) {
        diagnostics.push(super::check::invalid_name(span, &text, "a namespace", 63));
    }
    text
}

fn version(fixed: &Fixed, engine: &str, known: &[Version], default: Version, diagnostics: &mut Diagnostics) -> Version {
    let Some((text, span)) = fixed.text("version") else { return default };
    let found = known.iter().find(|version| format!("{}.{}", version.major, version.minor) == text);
    if let Some(version) = found {
        return *version;
    }
    let words: Vec<String> = known.iter().map(|version| format!("{}.{}", version.major, version.minor)).collect();
    diagnostics.push(
        Diagnostic::new(codes::UNKNOWN_ENGINE_VERSION, span, format!("fleetc does not know {engine} `{text}`"))
            .label("not a minor version that it can write for")
            .help(format!("write {}", one_of(words.iter().map(String::as_str))))
            .fix(
                format!("write `{}.{}`", default.major, default.minor),
                Applicability::Unsafe,
                span,
                format!("\"{}.{}\"", default.major, default.minor),
            ),
    );
    default
}

/// Whether the engine at `node` deploys to the cluster at `cluster`.
pub fn claims(model: &Model, node: &ast::Engine, cluster: usize) -> bool {
    let predicate = node.on.as_ref().and_then(|on| model.conditions.get(&on.span));
    predicate.is_none_or(|predicate| predicate.holds(model, &Env::on(cluster)) == Some(true))
}

/// Where Flux finds the kubeconfig of the cluster at `cluster`.
pub fn kubeconfig(model: &Model, cluster: usize, evaluator: &mut Evaluator) -> Option<Kubeconfig> {
    let name = model.clusters.get(cluster)?.name.clone();
    let fallback = Kubeconfig::Secret { name: format!("{name}-kubeconfig"), key: "value".into() };
    let Some((node, _)) = of_kind(model, EngineKind::Flux).find(|(node, _)| claims(model, node, cluster)) else {
        return Some(fallback);
    };
    let scope = Scope::of(Place::Engine);
    let env = Env::on(cluster);
    let at = At { model, scope: &scope, env: &env };
    let mut text = |name: &str| -> Option<Option<String>> {
        let Some(attribute) = body::find(&node.body, name) else { return Some(None) };
        evaluator
            .attribute(at, &Type::Text, &attribute.value)
            .and_then(|value| value.as_str().map(String::from))
            .map(Some)
    };
    if let Some(name) = text("kubeconfig-map")? {
        return Some(Kubeconfig::ConfigMap { name });
    }
    let name = text("kubeconfig")?.unwrap_or_else(|| format!("{name}-kubeconfig"));
    let key = text("kubeconfig-key")?.unwrap_or_else(|| "value".into());
    Some(Kubeconfig::Secret { name, key })
}
