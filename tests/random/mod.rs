//! Random fleets: a generator, a printer, a reference interpreter, and the engines read back.
//!
//! Nothing here uses the compiler's own types or functions; it is asked through its command line.

pub mod coverage;
mod example;
pub mod expand;
pub mod generate;
pub mod harness;
pub mod joined;
pub mod model;
pub mod print;
pub mod reference;
pub mod rng;
pub mod shrink;
pub mod tamper;
pub mod text;
