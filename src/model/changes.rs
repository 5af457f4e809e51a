//! `moved` and `removed`: what became of names that an earlier build knew.

use std::collections::{BTreeMap, BTreeSet};

use super::Model;
use super::declarations::selects_something;
use super::schema::Kind;
use super::scope::{Place, Scope};
use super::value::Checker;
use crate::diag::{Diagnostic, codes};
use crate::source::Span;
use crate::syntax::ast::{Change, ChangeOf, Name};

/// Every change by what it speaks of and the old name; the first of equal ones counts.
type Known<'a> = BTreeMap<(ChangeOf, &'a str), &'a Change>;

/// Checks every change: an old name is no longer declared, a new one is, and no name moves in a circle.
pub fn check(checker: &mut Checker) {
    let changes = checker.model.names.changes.clone();
    let mut known = Known::new();
    for change in &changes {
        // What runs elsewhere may go from several sets of clusters.
        if change.on.is_some() {
            continue;
        }
        match known.get(&(change.of, change.name.text.as_str())) {
            Some(first) => checker.diagnostics.push(said_twice(change, first.name.span)),
            None => _ = known.insert((change.of, change.name.text.as_str()), change),
        }
    }
    for change in &changes {
        if let Some(on) = &change.on {
            checker.condition(on, &Scope::of(Place::Fixed));
            selects_something(checker, on);
        } else if let Some(declared) = declared(checker.model, change.of, &change.name.text) {
            checker.diagnostics.push(still_declared(change, declared));
        }
        if let Some(to) = &change.to {
            check_new_name(checker, change, to, &known);
        }
    }
}

/// The new name of `name` at the end of all moves; none when it did not move, or in a circle.
pub fn last_name<'a>(model: &Model<'a>, of: ChangeOf, name: &'a str) -> Option<&'a str> {
    let moves = model.names.changes.iter().filter(|change| change.of == of);
    let moves: BTreeMap<&str, &str> =
        moves.filter_map(|change| Some((change.name.text.as_str(), change.to.as_ref()?.text.as_str()))).collect();
    let mut seen = BTreeSet::from([name]);
    let mut last = None;
    let mut at = name;
    while let Some(next) = moves.get(at).copied() {
        if !seen.insert(next) {
            return None;
        }
        last = Some(next);
        at = next;
    }
    last
}

/// Where `name` is declared.
fn declared(model: &Model, of: ChangeOf, name: &str) -> Option<Span> {
    match of {
        ChangeOf::Component => Some(model.names.components.get(name)?.name.span),
        ChangeOf::Cluster => model.cluster_span(name),
    }
}

fn check_new_name(checker: &mut Checker, change: &Change, to: &Name, known: &Known) {
    let model = checker.model;
    let moves = !known.contains_key(&(change.of, to.text.as_str()));
    let unknown = match change.of {
        ChangeOf::Component => model.unknown_reference(Kind::Component, &to.text, to.span),
        ChangeOf::Cluster if model.find_cluster(&to.text).is_some() || model.clusters_poisoned => None,
        ChangeOf::Cluster => Some(model.unknown_cluster(to.span, &to.text)),
    };
    if let Some(diagnostic) = unknown.filter(|_| moves) {
        checker.diagnostics.push(diagnostic);
    } else if !moves && last_name(model, change.of, &change.name.text).is_none() {
        checker.diagnostics.push(
            Diagnostic::new(codes::DEFINITION_CYCLE, to.span, format!("`{}` moves in a circle", change.name.text))
                .label("leads back to the old name")
                .related(change.name.span, "moves from here")
                .help("name what it is called now"),
        );
    }
}

fn said_twice(change: &Change, first: Span) -> Diagnostic {
    let message = format!("what became of `{}` is said twice", change.name.text);
    Diagnostic::new(codes::DUPLICATE_ENTRY, change.name.span, message)
        .label("said again here")
        .related(first, "first said here")
        .help("keep one of them")
}

fn still_declared(change: &Change, declared: Span) -> Diagnostic {
    let name = &change.name.text;
    let word = if change.to.is_some() { "moved" } else { "removed" };
    let diagnostic =
        Diagnostic::new(codes::STILL_DECLARED, change.name.span, format!("`{name}` was {word}, and is still declared"))
            .label("a name that is in use")
            .related(declared, "declared here");
    match change.of {
        ChangeOf::Component if change.to.is_none() => diagnostic
            .help(format!("to take it from some clusters, write `removed component {name} on …`"))
            .help("else remove its declaration, or this line"),
        _ => diagnostic.help("remove its declaration, or this line"),
    }
}
