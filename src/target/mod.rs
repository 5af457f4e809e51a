//! The back ends: from a plan to manifests.
//!
//! Each engine is a room of its own with two doors: `check`, which says what the engine cannot do, and `build`, which
//! writes manifests for a plan that passed. They read the [`Plan`] and nothing else.

pub mod argocd;
pub mod flux;
pub(crate) mod shell;
pub mod yaml;

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::diag::Diagnostics;
use crate::plan::Plan;

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

/// The path of the folder `to` as it is written in the folder `from`, both from the root of one source.
fn relative_path(from: &str, to: &str) -> String {
    let parts = |path: &str| -> Vec<String> {
        path.split('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_owned).collect()
    };
    let (from, to) = (parts(from), parts(to));
    let shared = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
    let up = from.iter().skip(shared).map(|_| "..".to_owned());
    let path: Vec<String> = up.chain(to.into_iter().skip(shared)).collect();
    if path.is_empty() { ".".to_owned() } else { path.join("/") }
}

/// Reports what the engines of `plan` cannot do.
pub fn check(plan: &Plan, diagnostics: &mut Diagnostics) {
    let alone = |check: &(dyn Fn(&mut Diagnostics) + Sync)| {
        let mut found = Diagnostics::default();
        check(&mut found);
        found
    };
    // Instances know nothing of each other. What they report is taken in the order of the plan.
    let argocd = plan
        .argocd
        .par_iter()
        .map(|settings| alone(&|found: &mut Diagnostics| argocd::check(&plan.of_argocd(settings), settings, found)));
    let flux = plan
        .flux
        .par_iter()
        .map(|settings| alone(&|found: &mut Diagnostics| flux::check(&plan.of(&settings.instance), settings, found)));
    let (argocd, flux): (Vec<_>, Vec<_>) = rayon::join(|| argocd.collect(), || flux.collect());
    argocd.into_iter().for_each(|found| diagnostics.extend(found));
    for settings in &plan.argocd {
        if let Some((space, settings)) = plan.space_of(settings).filter(|_| !diagnostics.has_errors()) {
            argocd::check_over(&space, settings, diagnostics);
        }
    }
    flux.into_iter().for_each(|found| diagnostics.extend(found));
}

/// The manifests of `engines` for `plan`, which passed [`check`].
pub fn build(plan: &Plan, engines: &Engines) -> OutputTree {
    let argocd = plan.argocd.par_iter().filter(|_| engines.argocd).map(|settings| match &plan.space_of(settings) {
        Some((space, settings)) => argocd::build_over(&plan.of_argocd(settings), settings, Some(space)),
        None => argocd::build(&plan.of_argocd(settings), settings),
    });
    let flux = plan.flux.par_iter().filter(|_| engines.flux);
    let flux = flux.map(|settings| flux::build(&plan.of(&settings.instance), settings));
    let (argocd, flux): (Vec<_>, Vec<_>) = rayon::join(|| argocd.collect(), || flux.collect());
    argocd.into_iter().chain(flux).flatten().collect()
}
