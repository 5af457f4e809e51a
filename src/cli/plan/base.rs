//! `fleetc plan --base REV`: what a change means.

use std::path::Path;

use super::super::terminal::Terminal;
use super::super::{Failure, load};
use crate::analysis::Compilation;
use crate::change::{self, Change, Side};
use crate::diag::Severity;
use crate::project::{NoSnapshot, Project};
use crate::source::Sources;

/// What becomes other between the fleet at the commit `revision` and `new`, which was compiled from the folder `start`.
///
/// Fails where the commit cannot be read and where its fleet is wrong: then nobody knows what becomes other, and saying
/// nothing of it would pass for no change.
pub fn change(start: &Path, revision: &str, new: &Compilation, terminal: &Terminal) -> Result<Change, Failure> {
    let new = Side { plan: new.plan.as_ref(), sources: &new.sources };
    let project = match Project::at(start, revision) {
        Ok(project) => project,
        Err(NoSnapshot::Nowhere { .. }) => {
            terminal.say(&format!("there is no fleet in `{revision}`, so all of it is new"));
            return Ok(change::compare(&Side { plan: None, sources: &Sources::default() }, &new));
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
    Ok(change::compare(&Side { plan: old.plan.as_ref(), sources: &old.sources }, &new))
}
