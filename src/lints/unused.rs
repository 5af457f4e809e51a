//! Declarations that nothing refers to.
//!
//! A label or fact is only noted: clusters may be described before anything reads it. What is there for others is no
//! concern: labels of clusters that register, a label with a key in Kubernetes, a project for Applications of other
//! namespaces. A component that runs nowhere is found by the plan (F0414).

use super::Subject;
use super::uses::Uses;
use crate::diag::{Code, Diagnostic, Diagnostics, codes};
use crate::model::names::{Declared, Table, quoted};
use crate::model::{Model, body};
use crate::source::Span;
use crate::syntax::ast::{Engine, EngineKind, Entry, Name};

/// Reports what nothing refers to.
pub fn check(subject: Subject, diagnostics: &mut Diagnostics) {
    let uses = Uses::of(subject);
    let names = &subject.model.names;
    if !has_readers(subject.model) {
        fields(subject.model, &uses, diagnostics);
    }
    for name in unused(&names.groups, |name| uses.group(name)) {
        let help = format!("write it in a predicate, such as `on {}`, or take it out", quoted(&name.text));
        diagnostics.push(report(codes::UNUSED_GROUP, name, "group", "in no predicate", help));
    }
    for name in unused(&names.sources, |name| uses.source(name)) {
        let help = format!("write `source = {}` in a component, or take it out", quoted(&name.text));
        diagnostics.push(report(codes::UNUSED_SOURCE, name, "source", "nothing comes from it", help));
    }
    for (key, declared) in own(&names.projects).filter(|(key, _)| !uses.project(key)) {
        // Other people's Applications may be in it.
        if ["source-namespaces", "roles"].iter().all(|name| body::find(&declared.node.body, name).is_none()) {
            let help = format!("write `project = {}` in its components, or take it out", quoted(key));
            let label = "permits what nobody asks for";
            diagnostics.push(report(codes::UNUSED_PROJECT, declared.name, "project", label, help));
        }
    }
    for name in unused(&names.rollouts, |name| uses.rollout(name)) {
        let help = format!("write `rollout = {}` in a component, or take it out", quoted(&name.text));
        diagnostics.push(report(codes::UNUSED_ROLLOUT, name, "rollout", "orders nothing", help));
    }
    for name in unused(&names.templates, |name| uses.template(name)) {
        let help = format!("write `component NAME from {} {{ … }}`, or take it out", quoted(&name.text));
        diagnostics.push(report(codes::UNUSED_TEMPLATE, name, "template", "no component is made from it", help));
    }
    params(subject.model, &uses, diagnostics);
}

/// The declarations of the user.
fn own<'t, 'a, T>(table: &'t Table<'a, T>) -> impl Iterator<Item = (&'t String, &'t Declared<'a, T>)> {
    table.iter().filter(|(_, declared)| !declared.std)
}

fn unused<'t, 'a: 't, T>(table: &'t Table<'a, T>, used: impl Fn(&str) -> bool) -> impl Iterator<Item = &'a Name> {
    own(table).filter(move |(key, _)| !used(key)).map(|(_, declared)| declared.name)
}

fn report(code: &'static Code, name: &Name, what: &str, label: &str, help: String) -> Diagnostic {
    Diagnostic::new(code, name.span, format!("nothing uses the {what} `{}`", name.text)).label(label).help(help)
}

/// Whether somebody else reads the labels of clusters: those who register them, or an engine that selects by them.
fn has_readers(model: &Model) -> bool {
    let names = &model.names;
    let by_engine = |node: &Engine| {
        let said = |name: &str, silent: &str| {
            body::find(&node.body, name).is_some_and(|attribute| !body::is_word(attribute, silent))
        };
        node.engine == EngineKind::ArgoCd && (said("membership", "static") || said("register", "none"))
    };
    names.open().is_some() || names.engines.iter().any(|(node, _)| by_engine(node))
}

fn fields(model: &Model, uses: &Uses, diagnostics: &mut Diagnostics) {
    for (field, fact) in &model.names.fields {
        let Some(name) = field.name.as_ref().filter(|name| !uses.field(&name.text)) else { continue };
        // What has a key in Kubernetes is for others, and regions are looked at by F0733.
        if field.key.is_some() || name.text == super::stages::REGION {
            continue;
        }
        let (what, help) = if *fact {
            ("fact", format!("read it, such as `\"${{{}}}\"` in `values`, or take it out", name.text))
        } else {
            ("label", format!("choose clusters by it, read it as `\"${{{}}}\"`, or take it out", name.text))
        };
        diagnostics.push(report(codes::UNUSED_LABEL, name, what, "nothing reads it", help));
    }
}

/// Parameters that do nothing, in templates that something is made from.
fn params(model: &Model, uses: &Uses, diagnostics: &mut Diagnostics) {
    for (template, declared) in own(&model.names.templates).filter(|(name, _)| uses.template(name)) {
        let params = declared.node.body.entries.iter().filter_map(|entry| match entry {
            Entry::Param(param) => param.field.name.as_ref(),
            _ => None,
        });
        for name in params.filter(|name| !uses.param(template, &name.text)) {
            let help = format!("read it, such as `\"${{{}}}\"`, or take it out", name.text);
            let label = "what it is set to has no effect";
            let diagnostic = report(codes::UNUSED_PARAMETER, name, "parameter", label, help);
            diagnostics.push(match set_by(model, template, &name.text) {
                Some(at) => diagnostic.related(at, "set here"),
                None => diagnostic,
            });
        }
    }
}

/// Where a component made from `template` sets the parameter `name`.
fn set_by(model: &Model, template: &str, name: &str) -> Option<Span> {
    let components = own(&model.names.components).map(|(_, declared)| declared.node);
    let mut made = components.filter(|node| node.from.iter().any(|path| path.text() == template));
    made.find_map(|node| body::find(&node.body, name).map(|attribute| attribute.key.span))
}
