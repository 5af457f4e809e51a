//! What tests name: components, clusters, predicates and attributes.
//!
//! A misspelt name in a test is a mistake like any other, so it is reported with all others. Whether what a test expects
//! holds is asked by `fleetc test` alone: it is a question about the plan, not about the text.

use super::body;
use super::declarations::selects_something;
use super::schema::{self, Kind};
use super::scope::{Place, Scope};
use super::value::Checker;
use crate::diag::{Applicability, Diagnostic, codes, did_you_mean, one_of};
use crate::source::Span;
use crate::syntax::ast::{self, Entry, ExpectationKind, Expr, ExprKind, Name};

/// Checks the names in a test.
pub fn check(checker: &mut Checker, node: &ast::Test) {
    body::check(checker, &node.body, &schema::TEST, &Scope::of(Place::Fixed), "a test");
    if node.expectations.is_empty() && node.body.entries.is_empty() {
        nothing(checker, node.name.as_ref().map_or(node.body.span, |name| name.span), "the test");
    }
    for expectation in &node.expectations {
        match &expectation.kind {
            ExpectationKind::Error => {}
            ExpectationKind::Component { name, on, .. } => {
                component(checker, name);
                predicate(checker, on);
            }
            ExpectationKind::Cluster { name, components } => {
                cluster(checker, name);
                listed(checker, components);
            }
            ExpectationKind::Deployment { name, on, body } => {
                component(checker, name);
                predicate(checker, on);
                body::check(checker, body, &schema::EXPECT, &Scope::of(Place::Body), "`expect`");
                stage(checker, body);
                if body.entries.is_empty() {
                    nothing(checker, name.span, "this");
                }
            }
        }
    }
}

fn component(checker: &mut Checker, name: &Name) {
    checker.declared(Kind::Component, &name.text, name.span);
}

fn predicate(checker: &mut Checker, on: &Expr) {
    checker.condition(on, &Scope::of(Place::Fixed));
    selects_something(checker, on);
}

fn cluster(checker: &mut Checker, name: &Name) {
    let model = checker.model;
    if model.find_cluster(&name.text).is_none() && !model.clusters_poisoned {
        checker.diagnostics.push(model.unknown_cluster(name.span, &name.text));
    }
}

/// The components behind `runs`: names, each once.
fn listed(checker: &mut Checker, list: &Expr) {
    let ExprKind::List(items) = &list.kind else { return };
    let mut names = Vec::new();
    for item in items {
        let text = match &item.kind {
            ExprKind::Error => continue,
            ExprKind::Path(path) => Some(path.text()),
            ExprKind::Text(text) => text.as_literal().map(str::to_string),
            _ => None,
        };
        match text.filter(|text| !text.starts_with("std.")) {
            Some(text) => names.push(Name { text, span: item.span }),
            None => checker.diagnostics.push(
                Diagnostic::new(codes::WRONG_TYPE, item.span, "expected the name of a component")
                    .label("names no component")
                    .help("write the names of the components that run there"),
            ),
        }
    }
    checker.keys(names.iter());
    for name in &names {
        component(checker, name);
    }
}

/// A stage that no rollout has.
fn stage(checker: &mut Checker, body: &ast::Block) {
    let Some(attribute) = body::find(body, "stage") else { return };
    let written = match &attribute.value.kind {
        ExprKind::Path(path) if path.parts.len() == 1 => path.text(),
        ExprKind::Text(text) => match text.as_literal() {
            Some(text) => text.to_string(),
            None => return,
        },
        _ => return,
    };
    let rollouts = checker.model.names.rollouts.values();
    let blocks = rollouts.flat_map(|declared| &declared.node.body.entries).filter_map(|entry| match entry {
        Entry::Block(block) if block.keyword.text == "stage" => block.arguments.first(),
        _ => None,
    });
    let known: Vec<&str> = blocks.filter_map(ast::Text::as_literal).collect();
    if known.contains(&written.as_str()) {
        return;
    }
    let span = attribute.value.span;
    let made = Diagnostic::new(codes::UNKNOWN_VALUE, span, format!("no rollout has a stage `{written}`"));
    checker.diagnostics.push(match did_you_mean(&written, known.iter().copied()) {
        Some(near) => made.label("not declared").help(format!("did you mean `{near}`?")).fix(
            format!("write `{near}`"),
            Applicability::Unsafe,
            span,
            super::names::quoted(near),
        ),
        None if known.is_empty() => made.label("no rollout is declared").help("leave it out"),
        None => made.label("not declared").help(format!("write {}", one_of(known))),
    });
}

/// F0308: a test, or an `expect` with a block, that can never fail.
fn nothing(checker: &mut Checker, span: Span, what: &str) {
    checker.diagnostics.push(
        Diagnostic::new(codes::MISSING_ATTRIBUTE, span, format!("{what} expects nothing"))
            .label("can never fail")
            .help("write what must hold: `expect component NAME on PREDICATE`, `expect NAME on PREDICATE { version = \"…\" }`"),
    );
}
