//! Names of objects and files: that they fit, and that no two are one.

use std::collections::BTreeMap;

use foldhash::{HashMap, HashMapExt as _};

use super::super::bootstrap::ROOT;
use super::super::hub::Hub;
use super::super::sources::uses;
use super::super::text::LONGEST_NAME;
use super::Report;
use crate::diag::{Diagnostic, codes};
use crate::plan::{Content, Source, SourceKind};
use crate::source::Span;

/// Helm's own limit for a release.
const LONGEST_RELEASE: usize = 53;

pub(super) fn check(hub: &Hub, report: &mut Report) {
    check_kustomizations(hub, report);
    check_releases(hub, report);
    check_sources(hub, report);
    check_files(hub, report);
}

fn check_kustomizations(hub: &Hub, report: &mut Report) {
    let mut names: HashMap<&str, Span> = HashMap::with_capacity(hub.plan.deployments.len());
    for deployment in &hub.plan.deployments {
        let at = deployment.origin.component;
        let name = &*deployment.name;
        if name.len() > LONGEST_NAME {
            report.add(too_long(at, name, LONGEST_NAME));
        }
        if name == hub.settings.namespace {
            report.add(bootstrap(at, "Kustomization", name));
        }
        if name == ROOT {
            report.add(root(at, "Kustomization"));
        }
        if let Some(first) = names.insert(name, at) {
            report.add(collision(at, format!("two Kustomizations would be named `{name}`"), first));
        }
    }
}

/// Two releases of one name in one namespace would upgrade each other in turns.
fn check_releases(hub: &Hub, report: &mut Report) {
    let mut releases = HashMap::new();
    for deployment in &hub.plan.deployments {
        let Content::Chart(chart) = &deployment.content else { continue };
        let at = deployment.origin.of("release");
        if chart.release.len() > LONGEST_RELEASE {
            report.add(too_long(at, &chart.release, LONGEST_RELEASE));
        }
        let key = (&deployment.cluster, &deployment.namespace, &chart.release);
        if let Some(first) = releases.insert(key, at) {
            let message = format!("two releases on `{}` would be named `{}`", deployment.cluster, chart.release);
            report.add(collision(at, message, first).help("give one of them another `release`"));
        }
    }
}

fn check_sources(hub: &Hub, report: &mut Report) {
    let mut names: BTreeMap<&str, &Source> = BTreeMap::new();
    let used = hub.plan.deployments.iter().map(|deployment| &deployment.source).chain(&hub.plan.home);
    for source in used {
        let first = names.entry(&source.name).or_insert(source);
        if **first != **source {
            let message = format!("two sources would be named `{}` in Flux", source.name);
            report.add(collision(source.span, message, first.span));
        }
    }
    for (source, uses) in uses(hub).into_values() {
        if uses.files && source.kind == SourceKind::Git && source.name == hub.settings.namespace {
            report.add(bootstrap(source.span, "GitRepository", &source.name));
        }
        if uses.files && source.name == ROOT {
            report.add(root(source.span, "source"));
        }
    }
}

/// Files that differ only in upper and lower case are one file on some disks.
fn check_files(hub: &Hub, report: &mut Report) {
    let plan = hub.plan;
    let mut files = Files { names: BTreeMap::new() };
    for (source, _) in uses(hub).into_values() {
        files.add("source", "", &source.name, source.span, report);
    }
    for cluster in &plan.clusters {
        files.add("cluster", "", &cluster.name, cluster.span, report);
    }
    let components = plan.deployments.chunk_by(|one, other| one.component == other.component);
    for deployment in components.filter_map(<[_]>::first) {
        files.add("component", "", &deployment.component, deployment.origin.component, report);
    }
    for rollout in &plan.rollouts {
        files.add("rollout", "", &rollout.name, rollout.span, report);
        for stage in &rollout.stages {
            files.add("stage", &rollout.name, &stage.name, stage.span, report);
        }
    }
}

struct Files<'a> {
    names: BTreeMap<(&'static str, &'a str, String), (&'a str, Span)>,
}

impl<'a> Files<'a> {
    fn add(&mut self, what: &'static str, within: &'a str, name: &'a str, at: Span, report: &mut Report) {
        let (first, first_at) = *self.names.entry((what, within, name.to_lowercase())).or_insert((name, at));
        if first != name {
            let message = format!("the {what}s `{first}` and `{name}` would share a file where case does not count");
            report.add(collision(at, message, first_at));
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if !name.chars().all(allowed) || name.starts_with('.') || name.is_empty() {
            let message = format!("the {what} `{name}` cannot be the name of a file");
            report.add(
                Diagnostic::new(codes::INVALID_NAME, at, message)
                    .help("use letters, digits, `-`, `_` and `.`, and begin with no dot"),
            );
        }
    }
}

fn collision(at: Span, message: String, first: Span) -> Diagnostic {
    Diagnostic::new(codes::NAME_COLLISION, at, message).related(first, "the first is declared here")
}

/// `flux bootstrap` names the GitRepository and the Kustomization that it makes after Flux's namespace.
fn bootstrap(at: Span, kind: &str, name: &str) -> Diagnostic {
    let message = format!("the {kind} `{name}` would replace the one that `flux bootstrap` made");
    Diagnostic::new(codes::NAME_COLLISION, at, message).help("choose another name")
}

fn root(at: Span, kind: &str) -> Diagnostic {
    let message = format!("the {kind} `{ROOT}` would replace the one that `bootstrap.sh` makes");
    Diagnostic::new(codes::NAME_COLLISION, at, message).help("choose another name")
}

fn too_long(at: Span, name: &str, longest: usize) -> Diagnostic {
    let message = format!("`{name}` has more than {longest} characters");
    Diagnostic::new(codes::INVALID_NAME, at, message)
}
