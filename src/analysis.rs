//! The one door to the compiler: from a project's files to a plan and diagnostics.

use crate::diag::{Diagnostic, Diagnostics, codes};
use crate::model;
use crate::plan::{Plan, resolve};
use crate::project::Project;
use crate::source::{Origin, SourceFile, Sources, Span};
use crate::stdlib;
use crate::syntax::{self, ast};
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
}

/// Compiles `project` for the engines it declares and for those of `also`.
pub fn compile(project: &Project, also: &[ast::EngineKind]) -> Compilation {
    let mut sources = project.sources.clone();
    for (path, text) in stdlib::FILES {
        sources.add(SourceFile::new(path, Origin::StandardLibrary, text));
    }
    let mut diagnostics = project.diagnostics.clone();
    let mut parsed = Vec::new();
    for (id, file) in sources.iter() {
        let parse = syntax::parse(id, &file.text);
        diagnostics.extend(parse.diagnostics);
        if file.origin == Origin::Project {
            resolve::credentials::check(&parse.file, &mut diagnostics);
        }
        parsed.push(parse.file);
    }
    let model = model::build(&parsed, &sources, &mut diagnostics);
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
    let mut plan = resolve::resolve(&model, files, also, &mut diagnostics);
    let output = resolve::output(&model);
    if let Some(plan) = &plan
        && !diagnostics.has_errors()
    {
        target::check(plan, &mut diagnostics);
    }
    if diagnostics.has_errors() {
        plan = None;
    }
    diagnostics.sort();
    drop(model);
    Compilation { sources, diagnostics, plan, output }
}
