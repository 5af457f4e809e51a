//! What Flux of the declared version cannot do of a plan.
//!
//! One file a family of rules. Everything is reported at once, each mistake once: what is wrong on many clusters for
//! one reason has one place in the source and is said there.

mod deployments;
mod kubeconfigs;
mod names;
mod order;
mod projects;
mod pull;
mod sources;
mod tenancy;

use std::collections::BTreeSet;

use super::hub::Hub;
use crate::diag::{Diagnostic, Diagnostics, codes};
use crate::source::Span;

/// All rules.
pub(super) fn check(hub: &Hub, diagnostics: &mut Diagnostics) {
    let mut report = Report { diagnostics, said: BTreeSet::new() };
    check_version(hub, &mut report);
    sources::check(hub, &mut report);
    deployments::check(hub, &mut report);
    order::check(hub, &mut report);
    names::check(hub, &mut report);
    projects::check(hub, &mut report);
    tenancy::check(hub, &mut report);
    kubeconfigs::check(hub, &mut report);
    for object in hub.plan.hub_objects.iter().filter(|_| hub.is_pull()) {
        let message = format!("`{}` is for the hub, and there is none", object.name);
        report.add(
            Diagnostic::new(codes::NOT_EXPRESSIBLE, object.span, message)
                .label("nowhere to apply it")
                .related(hub.settings.span, "`mode = pull` here puts a Flux into each cluster")
                .help("write `mode = hub`, or leave `hub` out and let the object be on clusters"),
        );
    }
}

/// Collects diagnostics and keeps the first of each code at a place: a plan may hold the same mistake on 5,000,000
/// pairs.
struct Report<'d> {
    diagnostics: &'d mut Diagnostics,
    said: BTreeSet<(Span, &'static str)>,
}

impl Report<'_> {
    /// Adds a diagnostic, which is only made when its code was not yet said there.
    fn add(&mut self, diagnostic: Diagnostic) {
        if self.said.insert((diagnostic.primary.span, diagnostic.code.id)) {
            self.diagnostics.push(diagnostic);
        }
    }

    /// Says that `what` came with Flux 2.`minor`, unless the declared version has it.
    fn needs(&mut self, hub: &Hub, minor: u32, at: Span, what: &str) {
        if hub.has(minor) {
            return;
        }
        let declared = hub.settings.version;
        let message = format!("{what} needs Flux 2.{minor}");
        self.add(
            Diagnostic::new(codes::NEEDS_NEWER_ENGINE, at, message)
                .label(format!("not in Flux {}.{}", declared.major, declared.minor))
                .related(hub.settings.span, format!("Flux {}.{} is declared here", declared.major, declared.minor))
                .help(format!("write `version = \"2.{minor}\"` in `flux` when {} runs it", hub.runner())),
        );
    }
}

fn check_version(hub: &Hub, report: &mut Report) {
    let version = hub.settings.version;
    if (super::OLDEST..=super::NEWEST).contains(&version) {
        return;
    }
    let message = format!("fleetc does not know Flux {}.{}", version.major, version.minor);
    let known = format!("fleetc knows Flux 2.{} to 2.{}", super::OLDEST.minor, super::NEWEST.minor);
    report.add(Diagnostic::new(codes::UNKNOWN_ENGINE_VERSION, hub.settings.span, message).help(known));
}
