//! From what was found to the declaration of a cluster, as if it were written by hand.

use super::shape::{Found, Setting, Texts};
use crate::data::{Kind, Node};
use crate::diag::{Diagnostic, Diagnostics, codes};
use crate::model::field::{Field, FieldType};
use crate::source::Span;
use crate::syntax::ast::{
    Attribute, Block, Cluster, Declaration, DeclarationKind, Entry, Expr, ExprKind, Name, Text, TextPart,
};
use crate::syntax::limits::is_invisible;

/// A cluster of which nothing is known, in a file that could not be read.
pub fn unknown(at: Span) -> Declaration {
    of(at, None, Vec::new())
}

/// The declaration of `found`.
pub fn declaration(found: Found, fields: &[Field], diagnostics: &mut Diagnostics) -> Declaration {
    // Without its name nothing else of it is said to be wrong: it may be no cluster at all.
    let Some((name, at)) = found.name else { return unknown(found.span) };
    let name = Some(literal(name, at));
    let mut entries = Vec::with_capacity(found.settings.len());
    for Setting { key, at, value, text } in found.settings {
        if value.is_null() {
            continue;
        }
        let field = fields.binary_search_by(|field| field.name.text.as_str().cmp(&key)).ok();
        let ty = field.and_then(|index| fields.get(index)).map(|field| &field.ty);
        let ty = if key == "suspend" { Some(&FieldType::Bool) } else { ty };
        let value = Converter { texts: text, diagnostics }.expr(&value, ty);
        entries.push(Entry::Attribute(Attribute { key: Name { text: key, span: at }, value }));
    }
    of(found.span, name, entries)
}

fn of(span: Span, name: Option<Text>, entries: Vec<Entry>) -> Declaration {
    let cluster = Cluster { name, bindings: Vec::new(), body: Block { span, entries } };
    let keyword = Span { end: span.start, ..span };
    Declaration { span, keyword, doc: None, kind: DeclarationKind::Cluster(cluster) }
}

fn literal(text: String, span: Span) -> Text {
    let parts = if text.is_empty() { Vec::new() } else { vec![TextPart::Literal(text)] };
    Text { span, parts }
}

struct Converter<'d> {
    texts: Texts,
    diagnostics: &'d mut Diagnostics,
}

impl Converter<'_> {
    /// `node` as an expression that stands for itself.
    fn expr(&mut self, node: &Node, ty: Option<&FieldType>) -> Expr {
        let kind = match &node.kind {
            Kind::Null => ExprKind::Null,
            Kind::Bool(value) => ExprKind::Bool(*value),
            Kind::Int(value) => ExprKind::Int(*value),
            Kind::Float(value) => ExprKind::Float(*value),
            Kind::Text(text) => self.text(node, text, ty),
            Kind::Unclear(what) => {
                self.diagnostics.push(unclear(node.span, what));
                ExprKind::Error
            }
            Kind::List(items) => ExprKind::List(items.iter().map(|item| self.expr(item, None)).collect()),
            Kind::Map(entries) => {
                let entry = |entry: &crate::data::Entry| Attribute {
                    key: Name { text: entry.key.clone(), span: entry.at },
                    value: self.expr(&entry.value, None),
                };
                ExprKind::Map(entries.iter().map(entry).collect())
            }
        };
        Expr { span: node.span, kind }
    }

    fn text(&mut self, node: &Node, text: &str, ty: Option<&FieldType>) -> ExprKind {
        if let Some(character) = text.chars().find(|c| is_invisible(*c)) {
            let message = format!("the text holds the character U+{:04X}, which cannot be seen", u32::from(character));
            self.diagnostics.push(
                Diagnostic::new(codes::INVISIBLE_CHARACTER, node.span, message)
                    .label("not what it looks like")
                    .help("let the other tool write the text without it"),
            );
            return ExprKind::Error;
        }
        match ty.filter(|_| self.texts != Texts::Themselves) {
            Some(FieldType::Bool) if text == "true" => ExprKind::Bool(true),
            Some(FieldType::Bool) if text == "false" => ExprKind::Bool(false),
            Some(FieldType::Bool) if self.texts == Texts::Cells && text == "TRUE" => ExprKind::Bool(true),
            Some(FieldType::Bool) if self.texts == Texts::Cells && text == "FALSE" => ExprKind::Bool(false),
            Some(FieldType::Int) => match text.parse::<i64>() {
                // `03` and `+3` are not how a number is written.
                Ok(number) if number.to_string() == text => ExprKind::Int(number),
                _ => ExprKind::Text(literal(text.to_owned(), node.span)),
            },
            _ => ExprKind::Text(literal(text.to_owned(), node.span)),
        }
    }
}

/// F0011 for a value that is not the same to all readers.
fn unclear(span: Span, what: &str) -> Diagnostic {
    Diagnostic::new(codes::UNCLEAR_DATA, span, "this value is not the same to all readers")
        .label(what.to_owned())
        .help("put it into quotes if it is text, else write it in the usual way")
}
