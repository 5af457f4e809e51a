//! `--baseline`: the warnings and notes that were there when a team began to look at them.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use crate::analysis::Compilation;
use crate::cli::Failure;
use crate::cli::terminal::Terminal;
use crate::diag::Severity;
use crate::plan::text::counted;
use crate::project::reason;

/// The format of the file.
const SCHEMA: &str = "fleetc.baseline/1";

/// The file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    schema: String,
    /// Sorted by file, code and fingerprint, so that it merges well.
    diagnostics: Vec<Known>,
}

/// A diagnostic that is known. Only the fingerprint counts; the rest is for reviewers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    file: String,
    code: String,
    item: Option<String>,
    fingerprint: String,
}

impl Baseline {
    /// Takes what the file lists out of the diagnostics; with `update` writes it anew first.
    pub fn apply(file: &Path, update: bool, compilation: &mut Compilation, terminal: &Terminal) -> Result<(), Failure> {
        let baseline = if update {
            let now = Self::of(compilation);
            now.write(file)?;
            terminal.say(&format!("{}: {}", file.display(), counted(now.diagnostics.len(), "known problem")));
            now
        } else {
            Self::read(file)?
        };
        let mut known: BTreeMap<&str, bool> =
            baseline.diagnostics.iter().map(|known| (known.fingerprint.as_str(), false)).collect();
        compilation.diagnostics.suppress(|diagnostic| {
            let found = known.get_mut(diagnostic.identity.fingerprint.as_str());
            match found.filter(|_| diagnostic.severity != Severity::Error) {
                Some(used) => {
                    *used = true;
                    true
                }
                None => false,
            }
        });
        let gone = known.values().filter(|used| !**used).count();
        if gone > 0 && !compilation.diagnostics.has_errors() {
            let gone = counted(gone, "problem");
            terminal.say(&format!("{}: {gone} of it no longer there; add `--update-baseline`", file.display()));
        }
        Ok(())
    }

    fn of(compilation: &Compilation) -> Self {
        let lints = compilation.diagnostics.iter().filter(|one| one.severity != Severity::Error);
        let mut diagnostics: Vec<Known> = lints
            .map(|one| Known {
                file: compilation.sources.file(one.primary.span.source).path.clone(),
                code: one.code.id.to_owned(),
                item: one.identity.item.clone(),
                fingerprint: one.identity.fingerprint.clone(),
            })
            .collect();
        diagnostics.sort();
        Self { schema: SCHEMA.to_owned(), diagnostics }
    }

    fn read(file: &Path) -> Result<Self, Failure> {
        let shown = file.display();
        let text = fs::read_to_string(file).map_err(|error| {
            let failure = Failure::new(format!("cannot read the baseline `{shown}`: {}", reason(&error)));
            failure.help("`--update-baseline` writes it")
        })?;
        let baseline: Self = serde_json::from_str(&text)
            .map_err(|error| Failure::new(format!("the baseline `{shown}` cannot be read: {error}")))?;
        if baseline.schema != SCHEMA {
            let message = format!("the baseline `{shown}` has the format `{}`, not `{SCHEMA}`", baseline.schema);
            return Err(Failure::new(message).help("`--update-baseline` writes it anew"));
        }
        Ok(baseline)
    }

    fn write(&self, file: &Path) -> Result<(), Failure> {
        let folder = file.parent().unwrap_or(Path::new("."));
        let failed = |error: io::Error| {
            Failure::new(format!("cannot write the baseline `{}`: {}", file.display(), reason(&error)))
        };
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        let mut temporary = NamedTempFile::new_in(folder).map_err(failed)?;
        temporary.write_all(text.as_bytes()).map_err(failed)?;
        temporary.persist(file).map_err(|error| failed(error.error))?;
        Ok(())
    }
}
