//! Sizes at which engines and repositories are known to become slow.
//!
//! Every figure has its source in `docs/lints.md`. They are notes: each of them was passed by somebody, with care.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::{HashMap, HashMapExt as _};

use super::Subject;
use crate::diag::{Diagnostic, Diagnostics, codes};
use crate::model::body;
use crate::plan::{ArgoCd, ArgoCdLayout, Flux, FluxMode, Instance, SourceKind};
use crate::source::Span;
use crate::syntax::ast::{EngineKind, ExprKind};

/// Applications of one Argo CD. 50,000 were shown once, in a lab, with nine shards of the controller on large nodes.
const APPLICATIONS: usize = 10_000;

/// Files that one root Application reads. The repo server takes 10 MB of manifests for an Application, and up to 300
/// times as much memory.
const ROOT_FILES: usize = 2_000;

/// Elements of an ApplicationSet, past which there is a second one.
const SET_ELEMENTS: usize = 400;

/// Objects that one Kustomization of Flux holds: about 75 bytes each in its status, of the 1.5 MiB that etcd takes.
const ROOT_OBJECTS: usize = 5_000;

/// Milliseconds for a Kustomization in Flux's own benchmark: 1,000 in 4 min 13 s, by one controller with two CPUs.
const RECONCILIATION: u64 = 253;

/// Reads a second that GitHub recommends as the most for one repository.
const READS: u64 = 15;

/// Reports what is large.
pub fn check(subject: Subject, diagnostics: &mut Diagnostics) {
    let by_cluster = by_cluster(subject);
    let of = |instance: &Instance| -> Vec<usize> {
        by_cluster.iter().filter(|(cluster, _)| instance.serves(cluster)).map(|(_, count)| *count).collect()
    };
    for settings in &subject.plan.argocd {
        argocd(subject, settings, &of(&settings.instance), diagnostics);
    }
    for settings in &subject.plan.flux {
        flux(subject, settings, of(&settings.instance).iter().sum(), diagnostics);
    }
    polling(subject, diagnostics);
}

/// How many deployments each cluster has.
fn by_cluster<'p>(subject: Subject<'p, '_>) -> HashMap<&'p str, usize> {
    let mut count = HashMap::new();
    for deployment in &subject.plan.deployments {
        *count.entry(&*deployment.cluster).or_default() += 1;
    }
    count
}

fn argocd(subject: Subject, settings: &ArgoCd, clusters: &[usize], diagnostics: &mut Diagnostics) {
    let applications: usize = clusters.iter().sum();
    if applications > APPLICATIONS {
        let message = format!("this Argo CD would run {applications} Applications on {} clusters", clusters.len());
        diagnostics.push(
            Diagnostic::new(codes::LARGE_INSTANCE, settings.span, message)
                .label(format!("more than {APPLICATIONS}"))
                .help("divide the clusters among instances: `argocd east on … { }`, `argocd west on … { }`"),
        );
    }
    let (files, what) = match settings.layout {
        ArgoCdLayout::AppOfApps => (clusters.len(), "roots of clusters"),
        ArgoCdLayout::ApplicationSets => (sets(subject, &settings.instance), "ApplicationSets"),
    };
    if files > ROOT_FILES {
        let message = format!("the root of this Argo CD would read {files} {what}");
        diagnostics.push(
            Diagnostic::new(codes::LARGE_ROOT, settings.span, message)
                .label(format!("more than {ROOT_FILES} files"))
                .help("divide the clusters among instances, each of which has a root: `argocd east on … { }`"),
        );
    }
}

/// How many ApplicationSets there are at least.
fn sets(subject: Subject, instance: &Instance) -> usize {
    let components = subject.plan.deployments.chunk_by(|one, other| one.component == other.component);
    let served = components.map(|all| all.iter().filter(|deployment| instance.serves(&deployment.cluster)).count());
    served.map(|count| count.div_ceil(SET_ELEMENTS)).sum()
}

fn flux(subject: Subject, settings: &Flux, deployments: usize, diagnostics: &mut Diagnostics) {
    if settings.mode == FluxMode::Pull {
        return;
    }
    if deployments > ROOT_OBJECTS {
        let message = format!("one Kustomization of this Flux would hold {deployments} others");
        diagnostics.push(
            Diagnostic::new(codes::LARGE_ROOT, settings.span, message)
                .label(format!("more than {ROOT_OBJECTS} objects"))
                .help("divide the clusters among instances: `flux east on … { }`, or let them pull: `mode = pull`"),
        );
    }
    let shards = shards(subject, settings).max(1);
    let needed = (deployments as u64).saturating_mul(RECONCILIATION) / shards;
    let interval = settings.interval.milliseconds;
    if needed > interval {
        let message = format!(
            "reconciling the {deployments} deployments of this Flux would take about {}, longer than its interval of {}",
            time(needed),
            time(interval)
        );
        let minutes = needed.div_ceil(60_000);
        diagnostics.push(
            Diagnostic::new(codes::BUSY_FLUX, settings.span, message)
                .label("a change may wait for the round to end")
                .help(format!("write `interval = {minutes}m` or more, or divide the clusters: `flux east on … {{ }}`")),
        );
    }
}

/// How many controllers share the clusters.
fn shards(subject: Subject, settings: &Flux) -> u64 {
    let named = |name: Option<&str>| name == settings.instance.name.as_deref();
    let engines = subject.model.names.engines.iter();
    let mut own = engines.filter(|(node, _)| {
        node.engine == EngineKind::Flux && named(node.name.as_ref().map(|name| name.text.as_str()))
    });
    let said = own.find_map(|(node, _)| body::find(&node.body, "shards"));
    match said.map(|attribute| &attribute.value.kind) {
        Some(ExprKind::Int(shards)) => u64::try_from(*shards).unwrap_or(1),
        _ => 1,
    }
}

/// F0737 for repositories that the clusters' own Flux reads too often together.
fn polling(subject: Subject, diagnostics: &mut Diagnostics) {
    let mut reads: BTreeMap<&str, Reads> = BTreeMap::new();
    for settings in subject.plan.flux.iter().filter(|settings| settings.mode == FluxMode::Pull) {
        let mut pairs: BTreeSet<(&str, &str, &str)> = BTreeSet::new();
        for deployment in subject.plan.deployments.iter().filter(|one| settings.instance.serves(&one.cluster)) {
            for source in subject.plan.home.iter().chain([&deployment.source]) {
                if source.kind == SourceKind::Git {
                    pairs.insert((&source.url, &deployment.cluster, &source.name));
                }
            }
        }
        for (url, ..) in pairs {
            let all = reads.entry(url).or_insert(Reads { at: settings.span, readers: 0, an_hour: 0 });
            all.readers += 1;
            all.an_hour += 3_600_000 / settings.interval.milliseconds.max(1);
        }
    }
    for (url, reads) in reads.into_iter().filter(|(_, reads)| reads.an_hour > READS * 3600) {
        let (readers, rate) = (reads.readers, reads.an_hour / 3600);
        let message = format!("{readers} readers would ask `{url}` for news about {rate} times a second");
        let seconds = readers.div_ceil(READS);
        diagnostics.push(
            Diagnostic::new(codes::POLLING_LOAD, reads.at, message)
                .label(format!("more than {READS} times a second"))
                .help(format!(
                    "write `interval = {seconds}s` or more, or let the clusters read a mirror or a registry"
                )),
        );
    }
}

/// How often a repository is read.
struct Reads {
    at: Span,
    readers: u64,
    an_hour: u64,
}

/// A time for a message.
fn time(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds}s"),
        (minutes, 0) => format!("{minutes}m"),
        (minutes, seconds) => format!("{minutes}m{seconds}s"),
    }
}
