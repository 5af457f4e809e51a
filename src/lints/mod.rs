//! What is allowed and nearly always a mistake, or worth knowing before it hurts.
//!
//! Takes a model and its plan, of which nothing is wrong; gives warnings and notes. Every one of them may be allowed, by
//! the fleet or at its place. One file a family; what the figures are and where they come from is in `docs/lints.md`.
//!
//! Invariant: a lint speaks of the user's declarations, never of the standard library, and once of one cause.

mod literal;
mod namespaces;
mod projects;
mod scale;
mod stages;
mod unused;
mod uses;
mod version;
mod versions;

use std::collections::BTreeSet;

use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Model, body};
use crate::plan::{Deployment, Plan};
use crate::source::Span;
use crate::syntax::Parse;

/// What the lints look at.
#[derive(Clone, Copy)]
struct Subject<'s, 'a> {
    /// The trees of all files.
    parsed: &'s [Parse],
    /// What they mean.
    model: &'s Model<'a>,
    /// What runs where.
    plan: &'s Plan,
}

/// Looks at a fleet of which nothing is wrong.
pub fn check(parsed: &[Parse], model: &Model, plan: &Plan, diagnostics: &mut Diagnostics) {
    let subject = Subject { parsed, model, plan };
    unused::check(subject, diagnostics);
    versions::check(subject, diagnostics);
    namespaces::check(subject, diagnostics);
    projects::check(subject, diagnostics);
    stages::check(subject, diagnostics);
    scale::check(subject, diagnostics);
}

impl<'s> Subject<'s, '_> {
    /// What runs on the declared clusters, then what would run on others.
    fn deployments(&self) -> impl Iterator<Item = &'s Deployment> + use<'s> {
        let plan = self.plan;
        plan.deployments.iter().chain(plan.space.iter().flat_map(|space| &space.plan.deployments))
    }

    /// The predicate that says which clusters are protected.
    fn protected(&self) -> Option<Span> {
        let (fleet, _) = self.model.names.fleet?;
        body::find(&fleet.body, "protected").map(|attribute| attribute.value.span)
    }

    /// `diagnostic` with the place that says which clusters are protected.
    fn beside_protected(&self, diagnostic: Diagnostic) -> Diagnostic {
        match self.protected() {
            Some(at) => diagnostic.related(at, "these clusters are protected"),
            None => diagnostic,
        }
    }
}

/// Some names for a message: at most three, then how many more.
fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let names: BTreeSet<&str> = names.into_iter().collect();
    let shown: Vec<String> = names.iter().take(3).map(|name| format!("`{name}`")).collect();
    match (names.len().saturating_sub(shown.len()), shown.split_last()) {
        (0, Some((last, []))) => last.clone(),
        (0, Some((last, rest))) => format!("{} and {last}", rest.join(", ")),
        (0, None) => String::new(),
        (more, _) => format!("{} and {more} more", shown.join(", ")),
    }
}
