//! Argo CD's manifests: plans by hand, and the files they become.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]

mod builder;
mod check;
mod conformance;
mod expand;
mod manifests;
mod property;

#[path = "../support/golden.rs"]
mod golden;
