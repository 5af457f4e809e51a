//! The blocks inside a project: windows and roles, before any cluster is looked at.

use std::collections::BTreeMap;

use super::body;
use super::declarations::selects_something;
use super::schema;
use super::scope::{Place, Scope};
use super::value::Checker;
use crate::diag::{Applicability, Diagnostic, codes, did_you_mean};
use crate::source::Span;
use crate::syntax::ast::{self, Entry, ExprKind, NestedBlock, Text};

/// The two kinds of window.
const KINDS: [&str; 2] = ["allow", "deny"];

/// Checks the windows and roles of the project with this body.
pub fn check(checker: &mut Checker, project: &ast::Block) {
    let fixed = Scope::of(Place::Fixed);
    let mut roles: BTreeMap<String, Span> = BTreeMap::new();
    for entry in &project.entries {
        let Entry::Block(block) = entry else { continue };
        match block.keyword.text.as_str() {
            "window" => {
                body::arguments(checker, block, 1, "`window allow { … }` or `window deny { … }`", &fixed);
                body::check(checker, &block.body, &schema::WINDOW, &fixed, "`window`");
                check_kind(checker, block);
                if let Some(clusters) = body::find(&block.body, "clusters")
                    && !matches!(clusters.value.kind, ExprKind::List(_))
                {
                    selects_something(checker, &clusters.value);
                }
            }
            "role" => {
                body::arguments(checker, block, 1, "`role NAME { … }`", &fixed);
                body::check(checker, &block.body, &schema::ROLE, &fixed, "`role`");
                check_role(checker, block, &mut roles);
            }
            _ => {}
        }
    }
}

/// Whether the word behind `window` is `allow`; nothing where it is neither.
pub fn allows(block: &NestedBlock) -> Option<bool> {
    let word = block.arguments.first().and_then(Text::as_literal)?;
    KINDS.contains(&word).then_some(word == "allow")
}

fn check_kind(checker: &mut Checker, block: &NestedBlock) {
    let Some(argument) = block.arguments.first() else { return };
    let Some(word) = argument.as_literal().filter(|word| !KINDS.contains(word)) else { return };
    let diagnostic =
        Diagnostic::new(codes::UNKNOWN_VALUE, argument.span, format!("there is no window of kind `{word}`"))
            .label("expected `allow` or `deny`");
    checker.diagnostics.push(match did_you_mean(word, KINDS) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
            format!("write `{near}`"),
            Applicability::Unsafe,
            argument.span,
            near,
        ),
        None => diagnostic.help("write `window allow { … }` or `window deny { … }`"),
    });
}

/// Argo CD (`ValidateProject`): `^[a-zA-Z0-9]([-_a-zA-Z0-9]*[a-zA-Z0-9])?$`, and no two of one name.
fn check_role(checker: &mut Checker, block: &NestedBlock, seen: &mut BTreeMap<String, Span>) {
    let Some(argument) = block.arguments.first() else { return };
    let Some(name) = argument.as_literal() else { return };
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let ends =
        name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.ends_with(|c: char| c.is_ascii_alphanumeric());
    if !ends || !name.chars().all(inside) {
        checker.diagnostics.push(
            Diagnostic::new(codes::INVALID_NAME, argument.span, format!("Argo CD takes no role of the name `{name}`"))
                .label("stands in policies")
                .help("use letters, digits, `-` and `_`, with a letter or digit at both ends"),
        );
    }
    match seen.get(name) {
        Some(first) => {
            let again = ast::Name { text: name.to_string(), span: argument.span };
            checker.diagnostics.push(super::names::duplicate("role", &again, *first));
        }
        None => _ = seen.insert(name.to_string(), argument.span),
    }
}
