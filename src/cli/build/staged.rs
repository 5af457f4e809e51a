//! What a build has to do with the Git index: `--stage`, `--index`, and the verdict of `--fail-on-change`.
//!
//! One rule: what a commit takes as output is what its own sources build to.

use std::collections::BTreeSet;
use std::path::Path;

use super::super::terminal::Terminal;
use super::super::{Exit, load, paths};
use super::{Build, Job, list};
use crate::analysis::Compilation;
use crate::output::{self, Changes, LOCK, Lock, Place, Trouble, Wanted};
use crate::plan::text::counted;
use crate::project::{Index, Project};
use crate::source::Sources;
use crate::target::shell;

/// How many files a message names.
const NAMED: usize = 20;

/// What the index says of what was built from the disk.
enum Staged {
    /// It holds nothing of this fleet, or there is none.
    Nothing,
    /// Its sources build to something else; in words what is not staged.
    Other(String),
    /// Its sources build to the same, and these of its files are not yet as they should be.
    Same(Vec<String>),
}

impl Build {
    /// Fails where the output must not be staged, before anything is written.
    pub(super) fn may_stage(&self, job: &Job, wanted: &Wanted, changes: &Changes) -> Result<(), Trouble> {
        let opened;
        let index = match &job.index {
            Some(index) => index,
            None => {
                opened = open(&job.project.root)?.ok_or_else(|| unusable("`--stage` needs a Git repository"))?;
                &opened
            }
        };
        let owned: Vec<String> = changes.new.files.keys().map(|path| changes.place.show(path)).collect();
        let owned = [owned, vec![changes.place.show(LOCK)]].concat();
        if let Some(path) = index.ignored(&job.project.root, &owned).map_err(unusable)? {
            let name = changes.place.name();
            return Err(unusable(format!(
                "Git ignores `{path}`; take `{name}` out of `.gitignore`, or do not use `--stage`"
            )));
        }
        let missing = if job.index.is_some() {
            changes.files.iter().map(|change| change.path.to_string()).collect()
        } else {
            match self.staged(job, index, wanted)? {
                Staged::Same(missing) => missing,
                Staged::Nothing => return Err(unusable("none of the sources is staged: `git add` them first")),
                Staged::Other(what) => {
                    return Err(unusable(format!(
                        "{what}, so the output of what is on disk does not belong into this commit; \
                         `git add` the sources, or use `--stage --index`"
                    )));
                }
            }
        };
        if index.is_of_partial_commit() && !missing.is_empty() {
            return Err(unusable(
                "`git commit PATH` uses an index that Git throws away, so what is staged now would be undone by the next \
                 commit; `git add` the paths and run `git commit` without them",
            ));
        }
        Ok(())
    }

    /// The same changes on disk, with `--index`: where the output folder needs exactly those, it is as the index was, and
    /// follows it. Any other difference is somebody's own, and stays.
    pub(super) fn follows<'w>(
        &self,
        job: &Job,
        wanted: &'w Wanted,
        compilation: &mut Compilation,
        changes: &Changes,
    ) -> Result<Option<Changes<'w>>, Trouble> {
        if job.index.is_none() {
            return Ok(None);
        }
        let root = &job.project.root;
        let on_disk = Place::new(root, root, &compilation.output)
            .and_then(|place| output::compare(&place, wanted, &mut compilation.sources.clone()));
        Ok(on_disk.ok().filter(|on_disk| on_disk.is_empty() || on_disk.files == changes.files))
    }

    /// Puts the output into the index, once it is written.
    pub(super) fn stage(
        &self,
        job: &Job,
        changes: &Changes,
        follows: Option<Changes>,
        terminal: &Terminal,
    ) -> Result<(), Trouble> {
        let root = &job.project.root;
        let name = changes.place.name();
        let opened;
        let (index, before) = match &job.index {
            Some(index) => {
                match follows {
                    Some(on_disk) => {
                        let held = on_disk.place.hold(output::PATIENCE)?;
                        on_disk.write(&held, &|| false)?;
                    }
                    None => terminal.say(&format!("{name}: left as it is on disk, where it is not as it was staged")),
                }
                (index, changes.old.clone())
            }
            None => {
                opened = open(root)?.ok_or_else(|| unusable("`--stage` needs a Git repository"))?;
                let copy = opened.copy_of(root);
                // A lock that cannot be read names nothing that went.
                let lock = std::fs::read_to_string(copy.join(changes.place.show(LOCK))).unwrap_or_default();
                (&opened, Lock::parse(&lock).unwrap_or_default())
            }
        };
        let there = job.root();
        let new = &changes.new.files;
        let committed = committed(changes)?;
        if job.index.is_some() {
            for path in left_behind(&committed, changes, &there) {
                // It is in the copy alone that it goes, and so from the index.
                _ = std::fs::remove_file(there.join(changes.place.show(&path)));
            }
        }
        let old = before.files.keys().chain(changes.old.files.keys()).chain(committed.files.keys());
        let gone = old.filter(|path| !new.contains_key(*path));
        // What still stands there is somebody's own.
        let gone = gone.filter(|path| !there.join(changes.place.show(path)).exists());
        let paths: BTreeSet<String> = new.keys().chain(gone).map(|path| changes.place.show(path)).collect();
        let paths: Vec<String> = paths.into_iter().chain([changes.place.show(LOCK)]).collect();
        index.stage(root, &there, &paths).map_err(unusable)?;
        terminal.say(&format!("{name}: staged"));
        Ok(())
    }

    /// The verdict of `--fail-on-change`: whether anything changed, and whether a commit of what is staged now would be
    /// right.
    pub(super) fn judge_commit(
        &self,
        job: &Job,
        wanted: &Wanted,
        changes: &Changes,
        terminal: &Terminal,
    ) -> Result<Exit, Trouble> {
        let name = changes.place.name();
        let folder = job.root().join(name);
        let run = format!("run: git add -A {}/ && git commit", shell_word(&relative_to_here(&folder)));
        let removed = changes.files.iter().filter(|change| change.after.is_none()).count();
        if !changes.is_empty() {
            let all = list(changes, |change| if change.after.is_none() { "deleted" } else { "wrote" });
            terminal.say(&shortened(&all.lines().map(str::to_string).collect::<Vec<_>>()));
            let count = changes.files.len() - removed;
            terminal.say(&format!("{name}: wrote {count}, deleted {removed}; {run}"));
        }
        let opened = if self.output.is_none() && job.index.is_none() { open(&job.project.root)? } else { None };
        let staged = match &opened {
            Some(index) => self.staged(job, index, wanted)?,
            None => Staged::Nothing,
        };
        match staged {
            Staged::Other(what) => terminal.say(&format!(
                "{name}: {what}, so this commit would lack what belongs to it; stage all of it, or use `--stage --index`"
            )),
            Staged::Same(missing) if !missing.is_empty() && changes.is_empty() => {
                let missing: Vec<String> =
                    missing.iter().map(|path| format!("not staged: {}", changes.place.show(path))).collect();
                terminal.say(&shortened(&missing));
                terminal.say(&format!("{name}: up to date, and not staged in {}; {run}", counted(missing.len(), "file")));
            }
            Staged::Same(missing) if missing.is_empty() && changes.is_empty() => return Ok(Exit::Fine),
            Staged::Nothing if changes.is_empty() => return Ok(Exit::Fine),
            _ => {}
        }
        Ok(Exit::Differs)
    }

    fn staged(&self, job: &Job, index: &Index, wanted: &Wanted) -> Result<Staged, Trouble> {
        // A fleet of which nothing is staged is not in the commit.
        let Ok(project) = index.project(&job.project.root) else { return Ok(Staged::Nothing) };
        if project.root != job.project.root {
            return Ok(Staged::Nothing);
        }
        let mut compilation = load::compiled(&job.start, &project, &self.asked_for());
        let Some(plan) = compilation.plan.take() else {
            return Ok(Staged::Other(format!("{}, and what is staged has errors", unstaged(&project, &job.project))));
        };
        let engines = self.engines(&plan);
        let of_index = self.wanted(&plan, engines);
        if of_index.tree != wanted.tree || of_index.record != wanted.record {
            return Ok(Staged::Other(unstaged(&project, &job.project)));
        }
        let copy = index.copy_of(&project.root);
        let place = Place::new(&copy, &copy, &compilation.output)?;
        let changes = output::compare(&place, wanted, &mut compilation.sources)?;
        let left = left_behind(&committed(&changes)?, &changes, &copy);
        let differs = changes.files.iter().map(|change| change.path.to_string());
        Ok(Staged::Same(differs.chain(left).collect::<BTreeSet<_>>().into_iter().collect()))
    }
}

/// The files that the last commit owns and the index has no owner for: they stay in the commit, and an engine would go on
/// applying them. With `--check --index`, below the copy `root`.
pub(super) fn left(changes: &Changes, root: &Path) -> Result<Vec<String>, Trouble> {
    Ok(left_behind(&committed(changes)?, changes, root))
}

fn left_behind(committed: &Lock, changes: &Changes, root: &Path) -> Vec<String> {
    let known = |path: &String| changes.new.files.contains_key(path) || changes.old.files.contains_key(path);
    let gone = committed.files.keys().filter(|path| !known(path));
    gone.filter(|path| root.join(changes.place.show(path)).exists()).cloned().collect()
}

/// The lock of the last commit in the same folder; an empty one without.
fn committed(changes: &Changes) -> Result<Lock, Trouble> {
    Ok(output::committed_lock(changes, &mut Sources::default())?.unwrap_or_default())
}

/// Which sources are not staged as they are on disk.
fn unstaged(index: &Project, disk: &Project) -> String {
    let texts = |project: &Project| -> BTreeSet<(String, String)> {
        project.sources.iter().map(|(_, file)| (file.path.to_string(), file.text.to_string())).collect()
    };
    let (index, disk) = (texts(index), texts(disk));
    let paths: BTreeSet<&str> = index.symmetric_difference(&disk).map(|(path, _)| path.as_str()).collect();
    let paths: Vec<String> = paths.into_iter().map(|path| format!("`{path}`")).collect();
    match paths.as_slice() {
        [] => "what the sources name is not staged as it is on disk".to_string(),
        [one] => format!("{one} is not staged as it is on disk"),
        several => format!("{} are not staged as they are on disk", several.join(", ")),
    }
}

fn shortened(lines: &[String]) -> String {
    let shown = lines.iter().take(NAMED).cloned();
    let more = lines.len().saturating_sub(NAMED);
    shown.chain((more > 0).then(|| format!("and {more} more"))).collect::<Vec<_>>().join("\n")
}

/// `folder` as it can be typed where the program was started.
fn relative_to_here(folder: &Path) -> String {
    match std::env::current_dir().and_then(|here| here.canonicalize()) {
        Ok(here) => paths::relative(&here, folder),
        Err(_) => folder.display().to_string(),
    }
}

/// `text` as one word of a shell, as a person would type it.
fn shell_word(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'/');
    if text.bytes().all(plain) && !text.starts_with('-') { text.to_string() } else { shell::quoted(text) }
}

fn open(folder: &Path) -> Result<Option<Index>, Trouble> {
    Index::open(folder).map_err(|reason| unusable(format!("the Git index cannot be read: {reason}")))
}

fn unusable(reason: impl Into<String>) -> Trouble {
    Trouble::Unusable(reason.into())
}
