//! `fleetc build`: writes the manifests, or says what it would write.

mod adoption;
mod cache;
mod staged;
mod stream;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args, ValueEnum};

use cache::{Built, Cache, Judged, Known, Reads};

use super::interrupt::Interrupt;
use super::terminal::Terminal;
use super::{Exit, Failure, Global, load, paths};
use crate::analysis::{self, Compilation};
use crate::diag::Diagnostics;
use crate::guard::{self, Baseline};
use crate::output::{self, Change, Changes, Kind, Permit, Place, Record, Trouble, Wanted};
use crate::plan::Plan;
use crate::plan::text::counted;
use crate::project::{Index, Project, Watch};
use crate::syntax::ast::EngineKind;
use crate::target::{self, Engines};

/// Write the manifests of the engines
///
/// Writes only what differs, removes only what an earlier build wrote, and touches nothing when anything is wrong.
#[derive(Debug, Default, Args)]
pub struct Build {
    /// Build this engine only; may be repeated [default: those that the fleet declares]
    #[arg(long, value_enum, value_name = "ENGINE", value_delimiter = ',')]
    #[arg(env = "FLEETC_BUILD_TARGET", hide_env_values = true)]
    target: Vec<Target>,
    /// Write to this folder; `-` prints everything as one YAML stream [default: the fleet's `output`]
    #[arg(short, long, value_name = "DIR", env = "FLEETC_BUILD_OUTPUT", hide_env_values = true)]
    output: Option<String>,
    /// Write nothing, and exit with 3 when the output is out of date
    #[arg(long, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    #[arg(env = "FLEETC_BUILD_CHECK", hide_env_values = true)]
    check: bool,
    /// Write nothing, and print the differences
    #[arg(long, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    #[arg(env = "FLEETC_BUILD_DIFF", hide_env_values = true)]
    diff: bool,
    /// Write nothing, and list what would be written and removed
    #[arg(long, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    #[arg(env = "FLEETC_BUILD_DRY_RUN", hide_env_values = true)]
    dry_run: bool,
    /// Overwrite generated files that were edited by hand
    #[arg(long, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    #[arg(env = "FLEETC_BUILD_OVERWRITE_EDITS", hide_env_values = true)]
    overwrite_edits: bool,
    /// Exit with 3 when a file was created, changed or removed: for commit hooks
    #[arg(long, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    #[arg(env = "FLEETC_BUILD_FAIL_ON_CHANGE", hide_env_values = true)]
    fail_on_change: bool,
    /// Put the generated files into the Git index too, and take out those that went
    #[arg(long, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    #[arg(env = "FLEETC_BUILD_STAGE", hide_env_values = true)]
    stage: bool,
    /// Read sources and output from the Git index: what the next commit holds
    #[arg(long, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    #[arg(env = "FLEETC_BUILD_INDEX", hide_env_values = true)]
    index: bool,
    /// What is removed is judged by the output that was committed here
    #[arg(long, value_name = "REV", default_value = "HEAD", env = "FLEETC_BUILD_BASE", hide_env_values = true)]
    base: String,
    /// Do not ask Git what was committed; then nothing may be removed
    #[arg(long, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    #[arg(env = "FLEETC_BUILD_NO_BASELINE", hide_env_values = true)]
    no_baseline: bool,
    /// Compile although nothing changed since the last build
    #[arg(long, action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    #[arg(env = "FLEETC_BUILD_NO_CACHE", hide_env_values = true)]
    no_cache: bool,
    /// The files that are taken over; none says that it is no `adopt`, an empty list that they are only listed.
    #[arg(skip)]
    adopt: Option<Vec<String>>,
}

/// What a build is of.
struct Job {
    start: PathBuf,
    project: Project,
    /// The index, when the project is the one in it.
    index: Option<Index>,
    /// Where the build is kept, and what it reads.
    kept: Option<(Cache, Reads)>,
}

impl Job {
    /// The folder that holds the files of the project: its root, or the copy of that in the index.
    fn root(&self) -> PathBuf {
        self.index.as_ref().map_or_else(|| self.project.root.clone(), |index| index.copy_of(&self.project.root))
    }
}

/// An engine, as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Target {
    /// Argo CD
    Argocd,
    /// Flux
    Flux,
}

impl Build {
    pub fn run(&self, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
        let prints = self.output.as_deref() == Some("-");
        if prints && (self.check || self.diff || self.dry_run || self.fail_on_change) {
            let message = "`--output -` writes to no folder, so there is nothing to compare with";
            return Err(Failure::new(message).help("leave out `--check`, `--diff`, `--dry-run` and `--fail-on-change`"));
        }
        self.refuse_combinations(prints)?;
        let start = load::start(global)?;
        let (index, mut project) = if self.index {
            let (index, project) = load::index(&start, terminal)?;
            (Some(index), project)
        } else {
            (None, load::project(&start, None, terminal)?)
        };
        let cache = if self.may_be_known() { Cache::of(&project) } else { None };
        if let Some(known) = cache.as_ref().and_then(|cache| cache.known(&project, self.revision())) {
            return Ok(self.show_known(&known, (&start, &project), terminal));
        }
        let cache = cache.filter(|_| !self.only_looks()).map(|cache| (cache, Watch::over(&mut project)));
        let mut compilation = analysis::compile(&project, &self.asked_for());
        let kept = cache.map(|(cache, watch)| (cache, Reads { watch, sources: compilation.sources.clone() }));
        compilation.sources = paths::relative_to(&start, &project.root, &compilation.sources);
        terminal.diagnostics(&compilation.diagnostics, &compilation.sources);
        let Some(mut plan) = compilation.plan.take() else { return Ok(Exit::Problems) };
        let engines = self.engines(&plan);
        if prints {
            let tree = target::build(&plan, &engines);
            stream::print(&tree, |text| terminal.result(text));
            // The process ends here, and to free what a large plan holds takes longer than to leave it.
            std::mem::forget((tree, plan, compilation));
            return Ok(Exit::Fine);
        }
        let wanted = self.wanted(&plan, engines);
        plan.forget_manifests();
        let job = Job { start, project, index, kept };
        let exit = self.bring_up_to_date(&job, &mut compilation, (plan, &wanted), terminal);
        let exit = exit.or_else(|trouble| match trouble {
            Trouble::Refused(diagnostics) => {
                terminal.diagnostics(&diagnostics, &compilation.sources);
                Ok(Exit::Problems)
            }
            trouble => Err(Failure::new(trouble.to_string())),
        });
        // As above.
        std::mem::forget((wanted, compilation));
        exit
    }

    fn refuse_combinations(&self, prints: bool) -> Result<(), Failure> {
        let reads = self.check || self.diff || self.dry_run;
        if self.stage && (prints || reads) {
            return Err(Failure::new("`--stage` writes").help("leave out `--check`, `--diff`, `--dry-run` and `-o -`"));
        }
        if self.index && !prints && !reads && !self.stage {
            let message = "`--index` alone would write what is staged over what is on disk";
            return Err(Failure::new(message).help("add `--check`, `--diff` or `--dry-run` to look, or `--stage`"));
        }
        if (self.stage || self.index) && !prints && self.output.is_some() {
            return Err(Failure::new("`--stage` and `--index` are about the fleet's own output").help("leave out `-o`"));
        }
        Ok(())
    }

    fn wanted(&self, plan: &Plan, engines: Engines) -> Wanted {
        let (tree, record) = rayon::join(|| target::build(plan, &engines), || Record::of(plan, &engines));
        Wanted { tree, record: Arc::new(record), untouched: self.untouched(engines) }
    }

    fn bring_up_to_date(
        &self,
        job: &Job,
        compilation: &mut Compilation,
        (plan, wanted): (Plan, &Wanted),
        terminal: &mut Terminal,
    ) -> Result<Exit, Trouble> {
        let place = match &self.output {
            Some(folder) => Place::chosen(&job.project.root, &job.start, folder)?,
            None => Place::new(&job.root(), &job.root(), &compilation.output)?,
        };
        let held = if self.only_looks() { None } else { Some(place.hold(output::PATIENCE)?) };
        let changes = output::compare(&place, wanted, &mut compilation.sources)?;
        let judged = self.guard(&changes, &plan, compilation, terminal)?;
        if changes.is_empty() {
            // As in `run`: nothing needs its room.
            std::mem::forget(plan);
        } else {
            drop(plan);
        }
        if self.check || self.diff {
            let left = if self.index { staged::left(&changes, &job.root())? } else { Vec::new() };
            for path in &left {
                let line = format!("no longer generated: {}", changes.place.show(path));
                if self.diff { terminal.say(&line) } else { terminal.result(&format!("{line}\n")) }
            }
            let exit = if left.is_empty() || !changes.is_empty() { self.show(&changes, terminal) } else { Exit::Fine };
            return Ok(if self.check && !left.is_empty() { Exit::Differs } else { exit });
        }
        if self.lists_foreign() {
            return Ok(self.list_foreign(job, &changes, terminal));
        }
        let adopted = self.adopted(job, wanted, &changes, compilation)?;
        let permit = Permit { edits: self.overwrite_edits, adopted };
        let refusals = changes.refusals(&permit, &mut compilation.sources);
        if !refusals.is_empty() {
            return Err(Trouble::Refused(refusals));
        }
        let Some(held) = held else {
            terminal
                .result(&list(&changes, |change| if change.after.is_none() { "would remove" } else { "would write" }));
            if changes.is_empty() {
                terminal.say(&up_to_date(&changes));
            }
            return Ok(Exit::Fine);
        };
        let interrupt = Interrupt::watch();
        if self.stage {
            self.may_stage(job, wanted, &changes)?;
        }
        let follows = self.follows(job, wanted, compilation, &changes)?;
        changes.write(&held, &|| interrupt.asked())?;
        if changes.goes_on() {
            terminal.say(&format!("{}: went on from a build that was interrupted", place.name()));
        }
        terminal.detail(list(&changes, |change| if change.after.is_none() { "removed" } else { "wrote" }).trim_end());
        terminal.say(&summary(&changes));
        if interrupt.asked() {
            return Err(Trouble::Unusable("interrupted when everything was written".into()));
        }
        if self.stage {
            self.stage(job, &changes, follows, terminal)?;
        }
        if self.fail_on_change {
            return self.judge_commit(job, wanted, &changes, terminal);
        }
        if let Some((cache, reads)) = &job.kept {
            let (output, found) = (compilation.output.as_str(), &compilation.diagnostics);
            cache.keep(&job.project, reads, &Built { output, changes: &changes, found, judged: &judged });
        }
        Ok(Exit::Fine)
    }

    /// Whether nothing is to be written, whatever is found.
    fn only_looks(&self) -> bool {
        self.check || self.diff || self.dry_run || self.lists_foreign()
    }

    /// Whether it is enough to know what the last build did: one of all engines, to the fleet's own output, that is about
    /// nothing else.
    fn may_be_known(&self) -> bool {
        let asks_git = self.fail_on_change || self.stage || self.index;
        !(self.no_cache || asks_git || self.output.is_some() || self.adopt.is_some() || !self.target.is_empty())
    }

    /// The commit that removals are judged by; none when Git is not asked.
    fn revision(&self) -> Option<&str> {
        if self.no_baseline { None } else { Some(&self.base) }
    }

    /// Says of a build that has nothing to do what it says when it was compiled.
    fn show_known(&self, known: &Known, (start, project): (&Path, &Project), terminal: &mut Terminal) -> Exit {
        terminal.detail("nothing changed since the last build, so nothing is compiled");
        for (diagnostics, sources) in &known.said {
            terminal.diagnostics(diagnostics, &paths::relative_to(start, &project.root, sources));
        }
        if self.check || self.diff {
            return self.show(&known.changes, terminal);
        }
        terminal.say(&if self.dry_run { up_to_date(&known.changes) } else { summary(&known.changes) });
        Exit::Fine
    }

    /// Judges what would be removed, by what was committed last. Gives what is worth saying of it.
    fn guard(
        &self,
        changes: &Changes,
        plan: &Plan,
        compilation: &mut Compilation,
        terminal: &mut Terminal,
    ) -> Result<Judged, Trouble> {
        let built = |sources: &mut _| output::built(changes, self.overwrite_edits, sources);
        let mut object = None;
        let base = if self.no_baseline {
            Baseline::Unasked(built(&mut compilation.sources)?)
        } else {
            match output::committed(changes, &self.base, self.output.is_none(), &mut compilation.sources)? {
                Some(committed) => {
                    object = Some(committed.object);
                    Baseline::Committed(committed.record)
                }
                None => Baseline::Built(built(&mut compilation.sources)?),
            }
        };
        let mut found = Diagnostics::default();
        guard::check(&base, &changes.new.record, plan, &compilation.sources, &mut found);
        compilation.levels.apply(&mut found);
        if found.has_errors() {
            return Err(Trouble::Refused(found));
        }
        terminal.diagnostics(&found, &compilation.sources);
        Ok(Judged { base: object, found })
    }

    /// The engines that are compiled for, whether or not the fleet declares them.
    fn asked_for(&self) -> Vec<EngineKind> {
        let kind = |target: &Target| match target {
            Target::Argocd => EngineKind::ArgoCd,
            Target::Flux => EngineKind::Flux,
        };
        self.target.iter().map(kind).collect()
    }

    /// Which engines are built: those asked for, else those that the fleet declares.
    fn engines(&self, plan: &Plan) -> Engines {
        if self.target.is_empty() {
            return Engines { argocd: !plan.argocd.is_empty(), flux: !plan.flux.is_empty() };
        }
        Engines { argocd: self.target.contains(&Target::Argocd), flux: self.target.contains(&Target::Flux) }
    }

    /// The folders that `--target` leaves alone. Without it an engine that is not built is one that the fleet no
    /// longer declares, and what it left behind goes.
    fn untouched(&self, engines: Engines) -> BTreeSet<&'static str> {
        let all = [(engines.argocd, "argocd"), (engines.flux, "flux")];
        all.into_iter().filter(|(built, _)| !built && !self.target.is_empty()).map(|(_, folder)| folder).collect()
    }

    /// Prints what differs and writes nothing.
    fn show(&self, changes: &Changes, terminal: &mut Terminal) -> Exit {
        let name = changes.place.name();
        if self.diff {
            let colour = terminal.look().colour;
            let diffs = changes.files.iter().map(|change| output::unified(change, &changes.place));
            terminal.result(&diffs.map(|diff| if colour { output::coloured(&diff) } else { diff }).collect::<String>());
        } else {
            terminal.result(&list(changes, state));
        }
        if changes.is_empty() {
            terminal.say(&up_to_date(changes));
            return Exit::Fine;
        }
        if changes.goes_on() {
            terminal
                .say(&format!("{name}: a build was interrupted here; run `fleetc build`, which goes on from there"));
            return if self.check { Exit::Differs } else { Exit::Fine };
        }
        let count = counted(changes.files.len(), "file");
        let (where_, run) =
            if self.index { (" in the Git index", "fleetc build --stage --index") } else { ("", "fleetc build") };
        terminal.say(&format!("{name}: out of date in {count}{where_}; run `{run}` and commit the result"));
        if self.check { Exit::Differs } else { Exit::Fine }
    }
}

fn up_to_date(changes: &Changes) -> String {
    format!("{}: up to date, {}", changes.place.name(), counted(changes.unchanged, "file"))
}

/// What is the matter with a file, for `--check`.
fn state(change: &Change) -> &'static str {
    match change.kind {
        Kind::Create => "missing",
        Kind::Update => "out of date",
        Kind::Remove => "no longer generated",
        Kind::Edited => "edited by hand",
        Kind::Foreign(_) => "not written by fleetc",
    }
}

/// One line a file: what is the matter or what becomes of it, and its path.
fn list(changes: &Changes, word: impl Fn(&Change) -> &'static str) -> String {
    changes.files.iter().map(|change| format!("{}: {}\n", word(change), changes.place.show(&change.path))).collect()
}

/// `gitops: 12 files written, 3 unchanged, 1 removed`
fn summary(changes: &Changes) -> String {
    let removed = changes.files.iter().filter(|change| change.after.is_none()).count();
    let written = counted(changes.files.len() - removed, "file");
    let mut text = format!("{}: {written} written, {} unchanged", changes.place.name(), changes.unchanged);
    if removed > 0 {
        _ = write!(text, ", {removed} removed");
    }
    text
}
