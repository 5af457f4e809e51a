//! What of the findings counts, and what each is known by.
//!
//! Takes the diagnostics of a compilation; leaves out what has its cause in another of them, applies the levels of the `fleet` block (`allow`, `deny`) and the allowances
//! in comments (`# fleetc: allow(F0505) reason="…"`), reports those that are wrong or of no use, and gives every
//! diagnostic its [`Identity`](crate::diag::Identity). Knows no rule that found anything.
//!
//! Invariant: an error of the language is never silenced (`tests/policy.rs`).

mod allowance;
mod fall_out;
mod identity;
mod levels;

pub use levels::Levels;

use crate::diag::{Code, Diagnostics, did_you_mean};
use crate::model::Model;
use crate::source::{Origin, Sources};
use crate::syntax::Parse;

/// How far the compilation came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Everything was checked.
    Whole,
    /// Something was not, because of an error: what was not found may still be there.
    Part,
}

/// Applies levels and allowances to `diagnostics`, sorts them, and says what each is known by.
pub fn apply(parsed: &[Parse], model: &Model, sources: &Sources, reach: Reach, diagnostics: &mut Diagnostics) {
    fall_out::drop_missing(parsed, diagnostics);
    levels::apply(model, diagnostics);
    for parse in parsed.iter().filter(|parse| sources.file(parse.cst.source).origin == Origin::Project) {
        allowance::apply(parse, sources, reach, diagnostics);
    }
    levels::apply_to_own(model, diagnostics);
    diagnostics.sort();
    identity::identify(parsed, sources, diagnostics);
}

/// Sorts what was found later than the rest, and says what each is known by.
pub fn identify(parsed: &[Parse], sources: &Sources, diagnostics: &mut Diagnostics) {
    diagnostics.sort();
    identity::identify(parsed, sources, diagnostics);
}

/// The codes that may be silenced.
fn lints() -> impl Iterator<Item = &'static Code> {
    crate::diag::codes::ALL.iter().copied().filter(|code| code.severity != crate::diag::Severity::Error)
}

/// The code or name of a lint nearest to `written`.
fn nearest_lint(written: &str) -> Option<&'static str> {
    let upper = written.to_ascii_uppercase();
    did_you_mean(&upper, lints().map(|code| code.id))
        .filter(|_| upper.starts_with('F') && upper.contains(|c: char| c.is_ascii_digit()))
        .or_else(|| did_you_mean(written, lints().map(|code| code.slug)))
}
