//! The back ends: from a plan to manifests.
//!
//! Each engine is a room of its own with two doors: `check`, which says what the engine cannot do, and `build`, which
//! writes manifests for a plan that passed. They read the [`Plan`](crate::plan::Plan) and nothing else.

use std::collections::BTreeMap;

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

/// The manifests of `engines` for a plan.
pub fn build(_plan: &crate::plan::Plan, _engines: &Engines) -> OutputTree {
    OutputTree::new()
}
