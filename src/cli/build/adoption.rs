//! What `fleetc adopt` does within a build: which files are taken over.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use super::super::terminal::Terminal;
use super::super::{Exit, paths};
use super::{Build, Job};
use crate::analysis::Compilation;
use crate::diag::Diagnostics;
use crate::guard::{self, Adopted};
use crate::output::{Changes, Kind, Trouble, Wanted};
use crate::plan::text::counted;

impl Build {
    /// A build that takes over `paths`; without any, one that lists what could be.
    pub fn adopting(paths: Vec<String>, base: String, no_baseline: bool) -> Self {
        Self { adopt: Some(paths), base, no_baseline, ..Self::default() }
    }

    /// Whether nothing is to be written, because no path was given.
    pub(super) fn lists_foreign(&self) -> bool {
        self.adopt.as_ref().is_some_and(Vec::is_empty)
    }

    /// The paths below the output folder of the files that are taken over.
    ///
    /// Fails where a path that was given stands in the way of nothing, and with F0604 where something would go.
    pub(super) fn adopted(
        &self,
        job: &Job,
        wanted: &Wanted,
        changes: &Changes,
        compilation: &mut Compilation,
    ) -> Result<BTreeSet<String>, Trouble> {
        let root = job.root();
        let foreign: Vec<Adopted> = changes
            .foreign_files()
            .map(|change| Adopted {
                path: change.path.to_string(),
                shown: changes.place.show(&change.path),
                text: String::from_utf8_lossy(change.before.as_deref().unwrap_or_default()).into_owned(),
            })
            .collect();
        let mut adopted = BTreeSet::new();
        for path in self.adopt.iter().flatten() {
            let asked = plain(&job.start.join(path));
            let of_it = foreign.iter().filter(|file| root.join(&file.shown).starts_with(&asked));
            let before = adopted.len();
            adopted.extend(of_it.map(|file| file.path.clone()));
            if adopted.len() == before {
                let text = format!("`{path}` is in the way of nothing; `fleetc adopt` lists what is");
                return Err(Trouble::Unusable(text));
            }
        }
        let taken: Vec<Adopted> = foreign.into_iter().filter(|file| adopted.contains(&file.path)).collect();
        let mut found = Diagnostics::default();
        guard::check_adopted(&taken, &wanted.tree, &mut compilation.sources, &mut found);
        if found.is_empty() { Ok(adopted) } else { Err(Trouble::Refused(found)) }
    }

    /// Lists what stands in the way.
    pub(super) fn list_foreign(&self, job: &Job, changes: &Changes, terminal: &mut Terminal) -> Exit {
        let root = job.root();
        let from_here = |path: &str| paths::relative(&job.start, &root.join(changes.place.show(path)));
        let files: Vec<String> = changes.foreign_files().map(|change| from_here(&change.path)).collect();
        terminal.result(&files.iter().map(|path| format!("{path}\n")).collect::<String>());
        for change in &changes.files {
            if let (Kind::Foreign(what), None) = (change.kind, &change.before) {
                terminal.say(&format!("{}: {what} is in the way, and cannot be taken over", from_here(&change.path)));
            }
        }
        let name = changes.place.name();
        if files.is_empty() {
            terminal.say(&format!("{name}: no file is in the way of a build"));
            return Exit::Fine;
        }
        let are = if files.len() == 1 { "is" } else { "are" };
        let count = counted(files.len(), "file");
        terminal.say(&format!(
            "{name}: {count} that no build wrote {are} in the way; `fleetc adopt PATH` overwrites what it is given"
        ));
        Exit::Differs
    }
}

/// `path` without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => _ = plain.pop(),
            part => plain.push(part),
        }
    }
    plain
}
