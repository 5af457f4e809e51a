//! The plan as pictures: which stage follows which, what comes after what, and which version runs where.
//!
//! A [`Plan`] is first made into one of two small models, [`Graph`] and [`Matrix`], in which clusters that are alike are
//! one. Each format only draws what is in them, so that no two formats can say different things. A colour never says
//! anything that a word or a mark does not say too.

mod alike;
mod dot;
mod graph;
pub mod html;
pub mod markdown;
mod matrix;
pub(crate) mod mermaid;
mod svg;
mod table;
mod text;

use std::collections::BTreeSet;

pub use dot::{graph as graph_dot, matrix as matrix_dot};
pub use graph::{Edge, Graph, Group, Lane, Stage, graph};
pub use matrix::{Cell, Matrix, Note, Row, Versions, matrix};
pub use mermaid::{graph as graph_mermaid, matrix as matrix_mermaid};
pub use svg::{graph as graph_svg, matrix as matrix_svg};
pub use table::csv;
pub use text::{Canvas, graph::graph as graph_text, matrix::matrix as matrix_text};

use crate::plan::{Deployment, Plan};

/// What of a plan a picture shows.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Only these components; all when empty.
    pub components: BTreeSet<String>,
    /// Only these clusters; all when empty.
    pub clusters: BTreeSet<String>,
    /// Only these rollouts; all when empty, and then also what is in none.
    pub rollouts: BTreeSet<String>,
    /// Whether every cluster is shown for itself, however many are alike.
    pub each: bool,
}

impl Scope {
    /// The deployments that are shown, in the order of the plan.
    pub(crate) fn deployments<'p>(&'p self, plan: &'p Plan) -> impl Iterator<Item = &'p Deployment> {
        plan.deployments.iter().filter(|deployment| {
            let has = |set: &BTreeSet<String>, name: Option<&str>| {
                set.is_empty() || name.is_some_and(|name| set.contains(name))
            };
            has(&self.components, Some(&deployment.component))
                && has(&self.clusters, Some(&deployment.cluster))
                && has(&self.rollouts, deployment.rollout.as_deref())
        })
    }
}
