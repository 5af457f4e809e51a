//! `allow` and `deny` in the `fleet` block.

use super::{lints, nearest_lint};
use crate::diag::codes::find_code;
use crate::diag::{Applicability, Code, Diagnostic, Diagnostics, Severity, codes, one_of};
use crate::model::{Model, body};
use crate::source::Span;
use crate::syntax::ast::{self, ExprKind};

/// What a fleet says of the levels of codes, for what is found after the model is gone.
#[derive(Clone, Debug, Default)]
pub struct Levels(Vec<Level>);

impl Levels {
    /// What the fleet of `model` says.
    pub fn of(model: &Model) -> Self {
        Self(levels(model, &mut Diagnostics::default()))
    }

    /// Silences what the fleet allows, and makes errors of what it denies.
    pub fn apply(&self, diagnostics: &mut Diagnostics) {
        set(&self.0, |_| true, diagnostics);
    }
}

/// A code that the fleet sets to another level.
#[derive(Clone, Debug)]
struct Level {
    code: &'static Code,
    denied: bool,
    at: Span,
}

/// Silences what the fleet allows and makes errors of what it denies; reports codes that are wrong.
pub fn apply(model: &Model, diagnostics: &mut Diagnostics) {
    let levels = levels(model, diagnostics);
    set(&levels, |_| true, diagnostics);
}

/// The same for the diagnostics about allowances themselves, which are found last.
pub fn apply_to_own(model: &Model, diagnostics: &mut Diagnostics) {
    let Levels(levels) = Levels::of(model);
    set(&levels, |code| *code == *codes::UNUSED_ALLOWANCE, diagnostics);
}

fn set(levels: &[Level], which: impl Fn(&Code) -> bool, diagnostics: &mut Diagnostics) {
    let level = |diagnostic: &Diagnostic| {
        let mut found = levels.iter().filter(|level| level.code == diagnostic.code);
        found.find(|level| which(level.code)).map(|level| level.denied)
    };
    diagnostics.suppress(|diagnostic| level(diagnostic) == Some(false));
    for diagnostic in diagnostics.iter_mut() {
        if level(diagnostic) == Some(true) {
            diagnostic.severity = Severity::Error;
        }
    }
}

/// What the fleet says, without what is wrong with it.
fn levels(model: &Model, diagnostics: &mut Diagnostics) -> Vec<Level> {
    let Some((fleet, _)) = model.names.fleet else { return Vec::new() };
    let mut levels: Vec<Level> = Vec::new();
    for (attribute, denied) in [("allow", false), ("deny", true)] {
        let Some(written) = body::find(&fleet.body, attribute) else { continue };
        let ExprKind::List(items) = &written.value.kind else { continue };
        for (name, at) in items.iter().filter_map(name) {
            match find_code(&name) {
                None => diagnostics.push(unknown(at, &name)),
                Some(code) if code.severity == Severity::Error => diagnostics.push(fixed(at, code)),
                Some(code) => match levels.iter().find(|level| level.code == code && level.denied != denied) {
                    Some(other) => diagnostics.push(both(at, code, other.at)),
                    None => levels.push(Level { code, denied, at }),
                },
            }
        }
    }
    levels
}

fn name(item: &ast::Expr) -> Option<(String, Span)> {
    match &item.kind {
        ExprKind::Path(path) => Some((path.text(), item.span)),
        ExprKind::Text(text) => text.as_literal().map(|text| (text.to_owned(), item.span)),
        _ => None,
    }
}

/// F0302 for a code that does not exist.
fn unknown(at: Span, name: &str) -> Diagnostic {
    let diagnostic = Diagnostic::new(codes::UNKNOWN_VALUE, at, format!("no diagnostic has the code or name `{name}`"));
    match nearest_lint(name) {
        Some(near) => diagnostic.label("not known").help(format!("did you mean `{near}`?")).fix(
            format!("write `{near}`"),
            Applicability::Unsafe,
            at,
            near,
        ),
        None => diagnostic
            .label("not known")
            .help(format!("name {}", one_of(lints().map(|code| code.slug))))
            .note("`fleetc explain --all` lists every code"),
    }
}

/// F0314 for an error, which no fleet can silence and none needs to deny.
fn fixed(at: Span, code: &Code) -> Diagnostic {
    let message = format!("`{}` ({}) is an error, and errors keep their level", code.id, code.slug);
    Diagnostic::new(codes::INVALID_VALUE, at, message)
        .label("always an error")
        .help("leave it out; only warnings and notes can be allowed or denied")
}

/// F0315 for a code that is allowed and denied.
fn both(at: Span, code: &Code, first: Span) -> Diagnostic {
    Diagnostic::new(codes::CONFLICTING_ATTRIBUTES, at, format!("`{}` is both allowed and denied", code.id))
        .label("denied here")
        .related(first, "and allowed here")
        .help("keep one of them")
}
