//! `fleetc` compiles a fleet, written in `.fleet` files, to Argo CD and Flux.
//!
//! The pipeline is [`analysis::compile`] and [`target::build`]; `ARCHITECTURE.md` tells the same story in words.

pub mod analysis;
pub mod change;
pub mod cli;
pub mod data;
pub mod diag;
pub mod difference;
pub mod drift;
pub mod format;
pub mod guard;
pub mod kinds;
pub mod lints;
pub mod model;
pub mod output;
pub mod picture;
pub mod plan;
pub mod policy;
pub mod project;
pub mod simulate;
pub mod source;
pub mod stdlib;
pub mod syntax;
pub mod target;
pub mod terms;
