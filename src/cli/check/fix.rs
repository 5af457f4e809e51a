//! `--fix` and `--diff`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::scope::Scope;
use crate::analysis::{Compilation, Session};
use crate::cli::terminal::Terminal;
use crate::cli::{Exit, Failure, paths};
use crate::diag::render::text::escape;
use crate::diag::{Applicability, fix};
use crate::output;
use crate::plan::text::counted;
use crate::project::save;
use crate::source::{SourceFile, SourceId};

/// How often the fleet is compiled again: a fix may bring another mistake to light, and fixes that touch wait for each
/// other. It ends on its own long before, unless a fix does not remove what it is for.
const ROUNDS: usize = 10;

/// What was fixed.
#[derive(Default)]
pub struct Fixed {
    /// How many fixes.
    count: usize,
    /// The texts as they were.
    before: BTreeMap<SourceId, Arc<str>>,
}

/// Compiles, and applies fixes to the texts in memory until there are none left; gives what was done and the last compilation.
pub fn fix(scope: &mut Scope, also_unsafe: bool) -> (Fixed, Compilation) {
    let allowed = if also_unsafe { Applicability::Unsafe } else { Applicability::Safe };
    let mut fixed = Fixed::default();
    let mut session = Session::default();
    let mut compilation = session.compile(&scope.project, &[]);
    for _ in 0..ROUNDS {
        let mut shown = compilation.diagnostics.clone();
        shown.retain(|diagnostic| scope.shows(&compilation.sources, diagnostic));
        let together = fix::together(&shown, &compilation.sources, allowed, |file| scope.shows_file(&file.path));
        if together.count == 0 {
            break;
        }
        let saved = scope.project.sources.clone();
        for (id, edits) in &together.edits {
            if let Some(text) = fix::apply(&saved.file(*id).text, edits) {
                scope.project.sources.replace(*id, text);
            }
        }
        let after = session.compile(&scope.project, &[]);
        // Text that no longer reads is never written, whoever is to blame.
        if syntax_errors(&after) > syntax_errors(&compilation) {
            scope.project.sources = saved;
            break;
        }
        for id in together.edits.keys() {
            fixed.before.entry(*id).or_insert_with(|| saved.file(*id).text.clone());
        }
        fixed.count += together.count;
        compilation = after;
    }
    (fixed, compilation)
}

fn syntax_errors(compilation: &Compilation) -> usize {
    compilation.diagnostics.iter().filter(|diagnostic| diagnostic.code.id.starts_with("F01")).count()
}

impl Fixed {
    /// The changed files with their old texts.
    fn files<'s>(&'s self, scope: &'s Scope) -> impl Iterator<Item = (&'s SourceFile, &'s str)> {
        self.before.iter().map(|(id, before)| (scope.project.sources.file(*id), before.as_ref()))
    }
}

/// Prints the changes; problems when there are any.
pub fn diff(fixed: &Fixed, scope: &Scope, start: &Path, terminal: &mut Terminal) -> Exit {
    let mut text = String::new();
    for (file, before) in fixed.files(scope) {
        let path = paths::relative(start, &scope.project.root.join(&file.path));
        let path = escape(&path);
        let diff = output::unified_texts((&format!("a/{path}"), before), (&format!("b/{path}"), &file.text));
        text += &if terminal.look().colour { output::coloured(&diff) } else { diff };
    }
    terminal.result(&text);
    terminal.say(&match fixed.count {
        0 => "nothing to fix".to_owned(),
        count => format!("would fix {} in {}", counted(count, "problem"), counted(fixed.before.len(), "file")),
    });
    if fixed.count == 0 { Exit::Fine } else { Exit::Problems }
}

/// Writes the changed files; the text of stdin goes to stdout, changed or not.
pub fn write(fixed: &Fixed, scope: &Scope, terminal: &mut Terminal) -> Result<(), Failure> {
    for (file, before) in fixed.files(scope) {
        if !scope.is_from_stdin(&file.path) {
            save(&scope.project.root, &file.path, before, &file.text).map_err(Failure::new)?;
            terminal.detail(&format!("wrote: {}", escape(&file.path)));
        }
    }
    for (_, file) in scope.project.sources.iter().filter(|(_, file)| scope.is_from_stdin(&file.path)) {
        terminal.result(&file.text);
    }
    if fixed.count > 0 {
        let files = counted(fixed.before.len(), "file");
        terminal.say(&format!("fixed {} in {files}", counted(fixed.count, "problem")));
    }
    Ok(())
}
