//! The one door to the compiler: from a project's files to a plan and diagnostics.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use crate::diag::{Diagnostic, Diagnostics, codes};
use crate::lints;
use crate::model::{self, inventory::Inventories};
use crate::plan::expectations::{self, Outcome};
use crate::plan::why::{self, Unknown, Why};
use crate::plan::{Plan, resolve};
use crate::policy::{self, Levels, Reach};
use crate::project::Project;
use crate::source::{Origin, SourceFile, SourceId, Sources, Span};
use crate::stdlib;
use crate::syntax::{self, Parse, ast};
use crate::target;

/// What came of a compilation.
#[derive(Debug)]
pub struct Compilation {
    /// The project's files, then those of the standard library.
    pub sources: Sources,
    /// All that was found, in order.
    pub diagnostics: Diagnostics,
    /// The plan, when there is no error.
    pub plan: Option<Plan>,
    /// The output folder, relative to the project root.
    pub output: String,
    /// The levels that the fleet gives to codes, for what is found later.
    pub levels: Levels,
}

/// What a compilation of `project` reads first: its files, and behind them those of the standard library.
pub fn sources_of(project: &Project) -> Sources {
    let mut sources = project.sources.clone();
    for (path, text) in stdlib::FILES {
        sources.add(SourceFile::new(path, Origin::StandardLibrary, text));
    }
    sources
}

/// Compiles `project` for the engines it declares and for those of `also`.
pub fn compile(project: &Project, also: &[ast::EngineKind]) -> Compilation {
    compile_and(project, also, |_, _| ()).0
}

/// Why the values of `component` on `cluster` are what they are, when there is no error; else what is not known.
pub fn why(project: &Project, cluster: &str, component: &str) -> (Compilation, Option<Result<Why, Unknown>>) {
    compile_and(project, &[], |model, plan| why::why(model, plan, cluster, component))
}

/// Compiles, and asks `and` while the model is there, when there is no error.
pub fn compile_and<T>(
    project: &Project,
    also: &[ast::EngineKind],
    and: impl FnOnce(&model::Model, &Plan) -> T,
) -> (Compilation, Option<T>) {
    let work = Work { also, depth: Depth::Whole, session: None };
    compile_with(project, work, |known| and(known.model, known.plan))
}

/// What a process keeps that compiles one project again and again, as an editor's does: what each file was read as. A file
/// whose text is another is read anew; all else is made anew each time.
#[derive(Debug, Default)]
pub struct Session {
    /// The text and what it was read as.
    files: BTreeMap<SourceId, (Arc<str>, Parse)>,
    reads: usize,
}

impl Session {
    /// Compiles `project` as [`compile`] does.
    pub fn compile(&mut self, project: &Project, also: &[ast::EngineKind]) -> Compilation {
        let work = Work { also, depth: Depth::Whole, session: Some(self) };
        compile_with(project, work, |_| ()).0
    }

    /// What is wrong with the syntax, the names and the types of `project`, which there is to say whenever a key is typed.
    /// There is no plan, and nothing is said of what only a plan can tell: [`Session::compile`] does that when a file is saved.
    pub fn look(&mut self, project: &Project) -> Compilation {
        let work = Work { also: &[], depth: Depth::Model, session: Some(self) };
        compile_with(project, work, |_| ()).0
    }

    /// How many files were read so far, those of the standard library left out.
    pub fn reads(&self) -> usize {
        self.reads
    }

    /// What each of `files` is read as.
    fn read(&mut self, files: &[(SourceId, &SourceFile)]) -> Vec<Parse> {
        let is_known = |(id, file): &(SourceId, &SourceFile)| {
            self.files.get(id).is_some_and(|(text, _)| Arc::ptr_eq(text, &file.text) || *text == file.text)
        };
        let new: Vec<_> = files.iter().filter(|file| !is_known(file)).collect();
        let read: Vec<Parse> = new.par_iter().map(|(id, file)| syntax::parse(*id, &file.text)).collect();
        self.reads += read.len();
        for ((id, file), parse) in new.into_iter().zip(read) {
            self.files.insert(*id, (file.text.clone(), parse));
        }
        files.iter().filter_map(|(id, _)| self.files.get(id)).map(|(_, parse)| parse.clone()).collect()
    }
}

/// How far a compilation goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// To what is declared.
    Model,
    /// To what runs where.
    Whole,
}

/// What there is to do.
struct Work<'w> {
    also: &'w [ast::EngineKind],
    depth: Depth,
    session: Option<&'w mut Session>,
}

/// How the tests ended, and what they found; the diagnostics of the compilation are beside it.
#[derive(Debug)]
pub struct Tested {
    /// The tests that were run, in the order of the text.
    pub outcomes: Vec<Outcome>,
    /// The names of all tests with their places.
    pub all: Vec<(String, Span)>,
    /// What does not hold.
    pub diagnostics: Diagnostics,
}

/// Runs the tests whose names are `wanted`, when there is no error.
pub fn test(project: &Project, wanted: impl Fn(&str) -> bool) -> (Compilation, Option<Tested>) {
    let work = Work { also: &[], depth: Depth::Whole, session: None };
    compile_with(project, work, |known| {
        let mut diagnostics = Diagnostics::default();
        let outcomes = expectations::run(known.model, known.plan, wanted, &mut diagnostics);
        policy::identify(known.parsed, known.sources, &mut diagnostics);
        Tested { outcomes, all: expectations::names(known.model), diagnostics }
    })
}

/// What is known of a project without errors.
struct Known<'k> {
    parsed: &'k [Parse],
    sources: &'k Sources,
    model: &'k model::Model<'k>,
    plan: &'k Plan,
}

fn compile_with<T>(project: &Project, work: Work, and: impl FnOnce(Known) -> T) -> (Compilation, Option<T>) {
    let Work { also, depth, session } = work;
    let mut sources = sources_of(project);
    let own = project.sources.iter().count();
    let mut diagnostics = project.diagnostics.clone();
    let unreadable: BTreeSet<SourceId> =
        project.diagnostics.iter().map(|diagnostic| diagnostic.primary.span.source).collect();
    let files: Vec<(SourceId, &SourceFile)> = sources.iter().collect();
    let (own, library) = files.split_at(own.min(files.len()));
    let mut parses: Vec<Parse> = match session {
        Some(session) => session.read(own),
        None => own.par_iter().map(|(id, file)| syntax::parse(*id, &file.text)).collect(),
    };
    parses.par_extend(library.par_iter().enumerate().map(|(number, (id, _))| stdlib::parse(number, *id)));
    let mut parsed = Vec::new();
    for ((id, file), parse) in files.into_iter().zip(parses) {
        // What cannot be read makes no sense either.
        if !unreadable.contains(&id) {
            diagnostics.extend(parse.diagnostics.clone());
        }
        if file.origin == Origin::Project {
            resolve::credentials::check(&parse.file, &mut diagnostics);
        }
        parsed.push(Parse { diagnostics: Diagnostics::default(), ..parse });
    }
    let unread = project.diagnostics.has_errors();
    let mut found = Diagnostics::default();
    model::mend::mend(&mut parsed, &sources, Origin::Project, &mut found);
    let inventories = clusters_of_data(project, &mut parsed, &mut sources, &mut found);
    let model = model::build(&parsed, &sources, &mut found);
    for diagnostic in found.iter().filter(|found| !unread || !is_fall_out(found)) {
        diagnostics.push(diagnostic.clone());
    }
    if model.names.fleet.is_none()
        && !diagnostics.has_errors()
        && let Some((first, _)) = sources.iter().next()
    {
        diagnostics.push(
            Diagnostic::new(codes::MISSING_ATTRIBUTE, Span::new(first, 0, 0), "the project has no `fleet` declaration")
                .label("expected in one of its files")
                .help("write `fleet NAME { source = … }`"),
        );
    }
    let files = project.files.as_ref();
    // Without a file of the project the plan is another one, and what it lacks is no mistake of the user.
    let is_resolved = !unread && depth == Depth::Whole;
    let mut plan = if is_resolved { resolve::resolve(&model, files, also, &mut diagnostics) } else { None };
    let output = resolve::output(&model);
    let nothing = no_cluster();
    if let Some(plan) = &mut plan
        && !diagnostics.has_errors()
    {
        let inputs = resolve::space::Inputs { parsed: &parsed, sources: &sources, files, also, nothing: &nothing };
        plan.space = resolve::space::resolve(inputs, &model, plan, &mut diagnostics).map(Box::new);
    }
    if let Some(plan) = &plan
        && !diagnostics.has_errors()
    {
        target::check(plan, &mut diagnostics);
    }
    if let Some(plan) = &plan
        && !diagnostics.has_errors()
    {
        lints::check(&parsed, &model, plan, &mut diagnostics);
    }
    model::inventory::settle(&inventories, &sources, &mut diagnostics);
    let reach = if diagnostics.has_errors() || depth == Depth::Model { Reach::Part } else { Reach::Whole };
    policy::apply(&parsed, &model, &sources, reach, &mut diagnostics);
    if diagnostics.has_errors() {
        plan = None;
    }
    let answer = plan.as_ref().map(|plan| and(Known { parsed: &parsed, sources: &sources, model: &model, plan }));
    let levels = Levels::of(&model);
    drop(model);
    (Compilation { sources, diagnostics, plan, output, levels }, answer)
}

/// Reads the inventories, and adds their clusters to `parsed`.
fn clusters_of_data(
    project: &Project,
    parsed: &mut Vec<Parse>,
    sources: &mut Sources,
    found: &mut Diagnostics,
) -> Inventories {
    let mut inventories = model::inventory::read(parsed, sources, project.files.as_ref(), found);
    for parse in std::mem::take(&mut inventories.clusters) {
        resolve::credentials::check(&parse.file, found);
        parsed.push(parse);
    }
    model::mend::mend(parsed, sources, Origin::Data, found);
    inventories
}

/// The declaration of clusters that nobody declared.
fn no_cluster() -> ast::Cluster {
    let span = Span::new(SourceId::default(), 0, 0);
    ast::Cluster { name: None, bindings: Vec::new(), body: ast::Block { span, entries: Vec::new() } }
}

/// Whether `diagnostic` may only be there because a file of the project could not be read: what it misses may be declared
/// there.
fn is_fall_out(diagnostic: &Diagnostic) -> bool {
    let sure = [
        codes::UNKNOWN_BLOCK,
        codes::DUPLICATE_DECLARATION,
        codes::DUPLICATE_ENTRY,
        codes::RESERVED_NAME,
        codes::WRONG_TYPE,
        codes::UNKNOWN_VALUE,
        codes::DERIVED_LABEL_SET,
        codes::INVALID_LABEL_VALUE,
        codes::INVALID_NAME,
        codes::INVALID_VALUE,
    ];
    let code = diagnostic.code;
    (code.id.starts_with("F02") || code.id.starts_with("F03")) && !sure.contains(&code)
}
