//! Where a text is written out in a component, its templates or the defaults.

use crate::model::{Model, names::Names};
use crate::source::Span;
use crate::syntax::ast::{Block, Entry, Expr, ExprKind};

/// The first string in what makes up `component` that `wanted` says yes to: in the component itself, then its templates,
/// then the defaults. None where it is put together from pieces or stands in the standard library.
pub fn find(model: &Model, component: &str, wanted: &dyn Fn(&str) -> bool) -> Option<Span> {
    bodies(&model.names, component).into_iter().find_map(|body| in_block(body, wanted))
}

fn bodies<'a>(names: &Names<'a>, component: &str) -> Vec<&'a Block> {
    let Some(declared) = names.components.get(component) else { return Vec::new() };
    let templates = declared.node.from.iter().filter_map(|path| names.templates.get(&path.text()));
    let mut bodies = vec![&declared.node.body];
    bodies.extend(templates.filter(|template| !template.std).map(|template| &template.node.body));
    bodies.extend(names.component_defaults.map(|node| &node.body));
    bodies
}

fn in_block(block: &Block, wanted: &dyn Fn(&str) -> bool) -> Option<Span> {
    block.entries.iter().find_map(|entry| match entry {
        Entry::Attribute(attribute) => in_expr(&attribute.value, wanted),
        Entry::Block(block) => in_block(&block.body, wanted),
        Entry::Param(param) => param.field.value.as_ref().and_then(|value| in_expr(value, wanted)),
        Entry::Operation(operation) => operation.value.as_ref().and_then(|value| in_expr(value, wanted)),
    })
}

fn in_expr(expr: &Expr, wanted: &dyn Fn(&str) -> bool) -> Option<Span> {
    match &expr.kind {
        ExprKind::Text(text) => text.as_literal().filter(|text| wanted(text)).map(|_| text.span),
        ExprKind::List(items) => items.iter().find_map(|item| in_expr(item, wanted)),
        ExprKind::Map(entries) | ExprKind::Tagged(_, entries) => {
            entries.iter().find_map(|entry| in_expr(&entry.value, wanted))
        }
        ExprKind::If { branches, otherwise } => {
            let in_branches = branches.iter().find_map(|branch| in_expr(&branch.value, wanted));
            in_branches.or_else(|| in_expr(otherwise, wanted))
        }
        _ => None,
    }
}
