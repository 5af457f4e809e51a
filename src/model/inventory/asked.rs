//! What an inventory asks for: a file, and pointers into its shape.

use crate::data::pointer;
use crate::diag::{Diagnostic, codes};
use crate::model::body::{misplaced, misplaced_param, not_a_pointer};
use crate::model::cluster::unknown_key;
use crate::model::field::Field;
use crate::model::schema::{INVENTORY, Type};
use crate::model::scope::{Place, Scope};
use crate::model::value::Checker;
use crate::project::normalise;
use crate::source::Span;
use crate::syntax::ast::{self, Attribute, Entry, ExprKind};

/// A pointer in its place.
#[derive(Clone, Debug)]
pub struct Pointer {
    /// As it is written.
    pub text: String,
    /// Its parts.
    pub parts: Vec<String>,
    /// Its place.
    pub at: Span,
}

/// What an inventory asks for.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// The path, with one spelling where it has one.
    pub path: String,
    /// Where it stands.
    pub at: Span,
    /// Where the clusters are.
    pub each: Option<Pointer>,
    /// Where the name of each is.
    pub name: Option<Pointer>,
    /// Where the URL of each is.
    pub server: Option<Pointer>,
    /// Where labels and facts are.
    pub fields: Vec<(&'a str, Pointer)>,
    /// Whether all that it says is right; what is wrong is reported by [`check`].
    pub sound: bool,
}

impl<'a> Asked<'a> {
    /// What `node` asks for; none when it has no path.
    pub fn of(node: &'a ast::Named, fields: &[Field]) -> Option<Self> {
        let name = node.name.as_ref()?;
        let path = normalise(&name.text).unwrap_or_else(|| name.text.clone());
        let mut asked =
            Self { path, at: name.span, each: None, name: None, server: None, fields: Vec::new(), sound: true };
        for entry in &node.body.entries {
            let Entry::Attribute(attribute) = entry else {
                asked.sound = false;
                continue;
            };
            let key = attribute.key.text.as_str();
            let Some(pointer) = literal(attribute) else {
                asked.sound = false;
                continue;
            };
            match key {
                "each" => asked.each = Some(pointer),
                "name" => asked.name = Some(pointer),
                "server" => asked.server = Some(pointer),
                _ => match fields.iter().find(|field| field.name.text == key) {
                    Some(field) if field.derived.is_none() => asked.fields.push((key, pointer)),
                    _ => asked.sound = false,
                },
            }
        }
        Some(asked)
    }

    /// Whether the shape is the user's own.
    pub fn is_own(&self) -> bool {
        self.name.is_some() || self.server.is_some() || !self.fields.is_empty()
    }

    /// The pointer to the clusters, for comparison.
    pub fn each_text(&self) -> &str {
        self.each.as_ref().map_or("", |each| &each.text)
    }
}

fn literal(attribute: &Attribute) -> Option<Pointer> {
    let ExprKind::Text(text) = &attribute.value.kind else { return None };
    let text = text.as_literal()?;
    let sound = not_a_pointer(text, attribute.value.span).is_none();
    sound.then(|| Pointer { text: text.to_owned(), parts: pointer::parts(text), at: attribute.value.span })
}

/// Checks the body of an inventory: pointers under the names of labels, facts and attributes.
pub fn check(checker: &mut Checker, node: &ast::Named) {
    checker.keys(node.body.entries.iter().filter_map(|entry| match entry {
        Entry::Attribute(attribute) => Some(&attribute.key),
        _ => None,
    }));
    for entry in &node.body.entries {
        match entry {
            Entry::Attribute(attribute) => check_attribute(checker, attribute),
            Entry::Block(block) => checker.diagnostics.push(misplaced(&block.keyword, "an inventory", &[])),
            Entry::Param(param) => checker.diagnostics.push(misplaced_param(param, "an inventory")),
            Entry::Operation(operation) => {
                checker.diagnostics.push(misplaced(&operation.word, "an inventory", &[]));
            }
        }
    }
}

fn check_attribute(checker: &mut Checker, attribute: &Attribute) {
    let model = checker.model;
    let key = &attribute.key;
    let field = model.find_field(&key.text).and_then(|index| model.fields.get(index));
    if field.is_none() && INVENTORY.attribute(&key.text).is_none() {
        let mut known: Vec<&str> = super::names_of(&model.fields).into_iter().collect();
        known.extend(INVENTORY.names());
        let declared = |name: &str| Some(model.fields.get(model.find_field(name)?)?.name.span);
        checker.diagnostics.push(unknown_key(key, None, "an inventory", &known, declared));
        return;
    }
    if let Some(field) = field.filter(|field| field.derived.is_some()) {
        checker.diagnostics.push(
            Diagnostic::new(
                codes::DERIVED_LABEL_SET,
                key.span,
                format!("the label `{}` is derived and cannot be set", key.text),
            )
            .label("leave this out")
            .related(field.name.span, "derived here")
            .help("map the labels it is derived from, or declare it with a type"),
        );
        return;
    }
    match &attribute.value.kind {
        ExprKind::Text(text) if text.as_literal().is_some() => {
            let pointer = text.as_literal().unwrap_or("");
            if let Some(diagnostic) = not_a_pointer(pointer, attribute.value.span) {
                checker.diagnostics.push(diagnostic);
            }
        }
        ExprKind::Text(_) => checker.attribute(&Type::Text, &attribute.value, &Scope::of(Place::Fixed)),
        ExprKind::Error => {}
        _ => checker.diagnostics.push(
            Diagnostic::new(codes::WRONG_TYPE, attribute.value.span, "expected a JSON pointer in quotes")
                .label(format!("found {}", crate::model::value::describe(&attribute.value)))
                .help("write for example `\"/metadata/name\"`"),
        ),
    }
}
