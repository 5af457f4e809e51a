//! The back ends: from a plan to manifests.
//!
//! Each engine is a room of its own with two doors: `check`, which says what the engine cannot do, and `build`, which
//! writes manifests for a plan that passed. They read the [`Plan`] and nothing else.

pub mod argocd;
pub mod flux;
pub mod yaml;

use std::collections::BTreeMap;

use crate::diag::Diagnostics;
use crate::plan::space::Space;
use crate::plan::{ArgoCd, Membership, Plan};

/// Generated files: the path below the output folder, with `/` between the parts, and the text.
pub type OutputTree = BTreeMap<String, String>;

/// Which engines are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Engines {
    /// Argo CD.
    pub argocd: bool,
    /// Flux.
    pub flux: bool,
}

/// Reports what the engines of `plan` cannot do.
pub fn check(plan: &Plan, diagnostics: &mut Diagnostics) {
    for settings in &plan.argocd {
        argocd::check(&plan.of(&settings.instance), settings, diagnostics);
    }
    for (space, settings) in over_space(plan) {
        if !diagnostics.has_errors() {
            argocd::check_over(&space, settings, diagnostics);
        }
    }
    for settings in &plan.flux {
        flux::check(&plan.of(&settings.instance), settings, diagnostics);
    }
}

/// The instances of Argo CD that find their clusters by labels, each with the label space as it sees it.
fn over_space(plan: &Plan) -> impl Iterator<Item = (Space, &ArgoCd)> {
    let by_labels = |settings: &&ArgoCd| settings.membership == Membership::Labels;
    let space = plan.space.iter();
    space.flat_map(move |space| {
        space.plan.argocd.iter().filter(by_labels).map(|settings| (space.of(&settings.instance), settings))
    })
}

/// The manifests of `engines` for `plan`, which passed [`check`].
pub fn build(plan: &Plan, engines: &Engines) -> OutputTree {
    let mut tree = OutputTree::new();
    for settings in plan.argocd.iter().filter(|_| engines.argocd) {
        let space = over_space(plan).find(|(_, other)| other.instance.name == settings.instance.name);
        tree.extend(match &space {
            Some((space, settings)) => argocd::build_over(&plan.of(&settings.instance), settings, Some(space)),
            None => argocd::build(&plan.of(&settings.instance), settings),
        });
    }
    for settings in plan.flux.iter().filter(|_| engines.flux) {
        tree.extend(flux::build(&plan.of(&settings.instance), settings));
    }
    tree
}
