//! `fleetc` compiles a fleet, written in `.fleet` files, to Argo CD and Flux.

pub mod diag;
pub mod output;
pub mod plan;
pub mod project;
pub mod source;
pub mod syntax;
pub mod target;
