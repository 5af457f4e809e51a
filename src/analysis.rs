//! The one door to the compiler: from a project's files to a plan and diagnostics.

use std::collections::BTreeSet;

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
    compile_with(project, also, |known| and(known.model, known.plan))
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
    compile_with(project, &[], |known| {
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

fn compile_with<T>(
    project: &Project,
    also: &[ast::EngineKind],
    and: impl FnOnce(Known) -> T,
) -> (Compilation, Option<T>) {
    let mut sources = project.sources.clone();
    let own = sources.iter().count();
    for (path, text) in stdlib::FILES {
        sources.add(SourceFile::new(path, Origin::StandardLibrary, text));
    }
    let mut diagnostics = project.diagnostics.clone();
    let unreadable: BTreeSet<SourceId> =
        project.diagnostics.iter().map(|diagnostic| diagnostic.primary.span.source).collect();
    let files: Vec<(SourceId, &SourceFile)> = sources.iter().collect();
    let parse = |(place, (id, file)): (usize, &(SourceId, &SourceFile))| match place.checked_sub(own) {
        Some(number) => stdlib::parse(number, *id),
        None => syntax::parse(*id, &file.text),
    };
    let parses: Vec<Parse> = files.par_iter().enumerate().map(parse).collect();
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
    let mut plan = if unread { None } else { resolve::resolve(&model, files, also, &mut diagnostics) };
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
    let reach = if diagnostics.has_errors() { Reach::Part } else { Reach::Whole };
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
