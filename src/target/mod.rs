//! The back ends: from a plan to manifests.
//!
//! Each engine is a room of its own with two doors: `check`, which says what the engine cannot do, and `build`, which
//! writes manifests for a plan that passed. They read the [`Plan`](crate::plan::Plan) and nothing else.

pub mod argocd;
pub mod yaml;

use std::collections::BTreeMap;

/// Generated files: the path below the output folder, with `/` between the parts, and the text.
pub type OutputTree = BTreeMap<String, String>;
