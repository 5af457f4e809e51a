//! The objects of the engines: which fields they have, of which types, since which version.
//!
//! Facts alone, in `fields.txt`, which `tests/kinds.rs` distils from the CRDs of every minor that fleetc knows; read once,
//! when something asks. Takes an `apiVersion` and a kind, gives the fields below it. Knows no value and no text: what is
//! written is held against it by `model::fields`, what is resolved by `plan::resolve::raw`.

mod owned;
mod table;

pub use owned::{Object, Owned, When};
pub use table::{Engine, Fields, Kind, Minor, Place, Type, all, dotted, find};
