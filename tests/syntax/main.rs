//! The front end: text to tree, and the words for what is wrong.
//!
//! `cases/*.txt` hold the behaviours as data: an input, the tree it is read as, the diagnostics it gets.
//! `FLEETC_BLESS=1 cargo test --test syntax` rewrites what is expected.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::string_slice)]

mod cases;
mod hostile;

mod outline;
mod properties;

use fleetc::source::{Origin, SourceFile, SourceId, Sources};
use fleetc::syntax::{Parse, parse};

/// Parses one text as the only file of a project.
pub fn read(text: &str) -> (Sources, SourceId, Parse) {
    let mut sources = Sources::default();
    let id = sources.add(SourceFile::new("a.fleet", Origin::Project, text));
    let parsed = parse(id, text);
    (sources, id, parsed)
}
