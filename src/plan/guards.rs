//! What a fleet says of what may go: whom it protects, how much may go at once, and what was moved or removed on purpose.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Max;
use crate::source::Span;

/// How much may go from clusters that are not protected, unless the fleet says otherwise.
pub const MAX_REMOVALS: Max = Max::Percent(10);

/// What a fleet says of removals.
#[derive(Clone, Debug)]
pub struct Guards {
    /// The name of the fleet in its declaration.
    pub fleet: Span,
    /// The predicate of `protected`, if there is one.
    pub protected: Option<Span>,
    /// How much may go from the other clusters in one build.
    pub max_removals: Max,
    /// Where that is said, if it is.
    pub max_removals_at: Option<Span>,
    /// What was moved or removed on purpose.
    pub changes: Vec<Changed>,
}

impl Guards {
    /// What holds where nothing is said: no cluster is protected, and nothing moved.
    pub fn new(fleet: Span) -> Self {
        Self { fleet, protected: None, max_removals: MAX_REMOVALS, max_removals_at: None, changes: Vec::new() }
    }
}

/// What became of a name that an earlier build knew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Where it is said.
    pub span: Span,
    /// Whether it is a cluster's name; else it is a component's.
    pub cluster: bool,
    /// The name.
    pub name: String,
    /// What it is called now; none when it was removed.
    pub to: Option<String>,
    /// From which clusters a component was removed; all without it.
    pub on: Option<BTreeSet<Arc<str>>>,
}
