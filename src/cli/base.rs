//! The fleet at a commit, to compare with.

use std::path::Path;

use super::terminal::Terminal;
use super::{Failure, load};
use crate::analysis::Compilation;
use crate::change::Side;
use crate::diag::Severity;
use crate::project::{NoSnapshot, Project};
use crate::source::Sources;

/// The fleet of before, compiled.
pub struct Base(Option<Compilation>);

impl Base {
    /// No fleet: then all of it is new.
    pub const NONE: Self = Self(None);

    /// The fleet at the commit `revision` that the folder `start` is in.
    ///
    /// Fails where the commit cannot be read and where its fleet is wrong: then nobody knows what becomes other, and
    /// saying nothing of it would pass for no change.
    pub fn at(start: &Path, revision: &str, terminal: &Terminal) -> Result<Self, Failure> {
        let project = match Project::at(start, revision) {
            Ok(project) => project,
            Err(NoSnapshot::Nowhere { .. }) => {
                terminal.say(&format!("there is no fleet in `{revision}`, so all of it is new"));
                return Ok(Self::NONE);
            }
            Err(error) => {
                let failure = Failure::new(format!("cannot compare with `{revision}`: {error}"));
                return Err(failure.help("name a commit, a branch or a tag of this repository; in CI fetch it first"));
            }
        };
        let old = load::compiled(start, &project, &[]);
        if old.plan.is_none() {
            let first = old.diagnostics.iter().find(|found| found.severity == Severity::Error);
            let first = first.map_or_else(String::new, |found| {
                let file = old.sources.file(found.primary.span.source);
                let line = file.position(found.primary.span.start).line;
                format!(": {}:{line}: {} [{}]", file.path, found.message, found.code.id)
            });
            return Err(Failure::new(format!("the fleet in `{revision}` has errors{first}"))
                .help("compare with a commit whose fleet was right"));
        }
        Ok(Self(Some(old)))
    }

    /// The same, where the commit can be read and its fleet is right.
    pub fn known_at(start: &Path, revision: &str) -> Self {
        let old = Project::at(start, revision).ok().map(|project| load::compiled(start, &project, &[]));
        Self(old.filter(|old| old.plan.is_some()))
    }

    /// What was compiled.
    pub fn compilation(&self) -> Option<&Compilation> {
        self.0.as_ref()
    }

    /// This side of a comparison, with `nothing` for the sources where there are none.
    pub fn side<'a>(&'a self, nothing: &'a Sources) -> Side<'a> {
        match &self.0 {
            Some(old) => Side { plan: old.plan.as_ref(), sources: &old.sources },
            None => Side { plan: None, sources: nothing },
        }
    }
}
