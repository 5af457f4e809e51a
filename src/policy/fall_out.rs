//! What is said of a declaration only because one of its keys is not known.
//!
//! A key that is near to a known one was read as that (`model::mend`). Any other may be what seems to be missing, in words
//! that nobody can guess: `environment` for `env`. So what a declaration seems to lack is not said beside such a key.

use std::collections::BTreeSet;

use super::identity::around;
use crate::diag::{Diagnostics, codes};
use crate::source::Span;
use crate::syntax::Parse;
use crate::syntax::ast::{Declaration, DeclarationKind, Path};

/// Takes out what is missing in declarations with a key that is not known.
pub fn drop_missing(parsed: &[Parse], diagnostics: &mut Diagnostics) {
    let declaration = |span: Span| -> Option<&Declaration> {
        let parse = parsed.iter().find(|parse| parse.cst.source == span.source)?;
        around(&parse.file.declarations, span)
    };
    let unknown = diagnostics.iter().filter(|found| found.code == codes::UNKNOWN_ATTRIBUTE);
    let doubtful: BTreeSet<Span> =
        unknown.filter_map(|found| declaration(found.primary.span).map(|declaration| declaration.span)).collect();
    if doubtful.is_empty() {
        return;
    }
    let missing = [codes::MISSING_LABEL, codes::MISSING_ATTRIBUTE, codes::MISSING_PARAMETER];
    diagnostics.retain(|found| {
        let at = found.primary.span;
        let of_head = || declaration(at).is_some_and(|one| doubtful.contains(&one.span) && is_in_head(one, at));
        !(missing.contains(&found.code) && of_head())
    });
}

/// Whether `at` is the name of `declaration` or of a template behind it: what is said there is said of the whole.
fn is_in_head(declaration: &Declaration, at: Span) -> bool {
    let templates: &[Path] = match &declaration.kind {
        DeclarationKind::Component(component) => &component.from,
        _ => &[],
    };
    declaration.keyword == at
        || declaration.kind.name_span() == Some(at)
        || templates.iter().any(|template| template.span == at)
}
