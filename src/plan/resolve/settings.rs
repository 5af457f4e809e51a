//! What the `fleet` block says, and values of blocks that belong to no cluster.

use serde_json::Value;

use crate::model::body;
use crate::model::eval::{At, Evaluator};
use crate::model::schema::{self, Type};
use crate::model::scope::{Env, Place, Scope};
use crate::model::{Model, predicate};
use crate::source::Span;
use crate::syntax::ast;

/// What the `fleet` block says.
#[derive(Debug)]
pub struct FleetSettings {
    /// The name.
    pub name: String,
    /// The place of the name or the keyword.
    pub span: Span,
    /// The default source, as in the source.
    pub source: Option<(String, Span)>,
    /// The protected clusters.
    pub protected: Option<predicate::Predicate>,
    /// The prefix of fleetc's labels.
    pub label_prefix: String,
    /// The output folder.
    pub output: String,
    /// Both engines on purpose.
    pub migrating: bool,
}

/// Evaluates attributes of a block that needs no cluster.
pub struct Fixed<'f, 'a> {
    model: &'f Model<'a>,
    table: &'static schema::Block,
    body: &'f ast::Block,
    std: bool,
}

impl<'f, 'a> Fixed<'f, 'a> {
    /// The attributes of `body`.
    pub fn new(model: &'f Model<'a>, table: &'static schema::Block, body: &'f ast::Block, std: bool) -> Self {
        Self { model, table, body, std }
    }

    /// The value of `name` and its place.
    pub fn value(&self, name: &str) -> Option<(Value, Span)> {
        let ty = self.table.attribute(name).map_or(Type::Text, |attribute| attribute.ty);
        let attribute = body::find(self.body, name)?;
        let scope = Scope { std: self.std, ..Scope::of(Place::Fixed) };
        let env = Env::on(usize::MAX);
        let at = At { model: self.model, scope: &scope, env: &env };
        let value = Evaluator::default().attribute(at, &ty, &attribute.value)?;
        Some((value, attribute.value.span))
    }

    /// The place of the key `name`, where it is set.
    pub fn key(&self, name: &str) -> Option<Span> {
        Some(body::find(self.body, name)?.key.span)
    }

    /// The place of the block.
    pub fn whole(&self) -> Span {
        self.body.span
    }

    /// The text of `name` and its place.
    pub fn text(&self, name: &str) -> Option<(String, Span)> {
        let (value, span) = self.value(name)?;
        Some((value.as_str()?.to_string(), span))
    }

    /// Whether `name` is true.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.value(name), Some((Value::Bool(true), _)))
    }

    /// The texts of the list `name`, with the place of each.
    pub fn texts(&self, name: &str) -> Option<Vec<(String, Span)>> {
        let attribute = body::find(self.body, name)?;
        let ast::ExprKind::List(items) = &attribute.value.kind else { return None };
        let (value, _) = self.value(name)?;
        let texts = value.as_array()?.iter().zip(items);
        texts.map(|(text, item)| Some((text.as_str()?.to_string(), item.span))).collect()
    }
}

/// Reads the `fleet` block.
pub fn fleet(model: &Model) -> Option<FleetSettings> {
    let (node, keyword) = model.names.fleet?;
    let fixed = Fixed::new(model, &schema::FLEET, &node.body, false);
    let output = fixed.text("output").map_or_else(|| "gitops".to_string(), |(text, _)| text);
    Some(FleetSettings {
        name: node.name.as_ref().map(|name| name.text.clone()).unwrap_or_default(),
        span: node.name.as_ref().map_or(keyword, |name| name.span),
        source: fixed.text("source"),
        protected: body::find(&node.body, "protected").and_then(|a| model.conditions.get(&a.value.span).cloned()),
        label_prefix: fixed.text("label-prefix").map_or_else(|| "fleetc.dev".to_string(), |(text, _)| text),
        output: output.trim_end_matches('/').to_string(),
        // A value that cannot be read was reported, and may well be meant as true.
        migrating: fixed.flag("migrating")
            || body::find(&node.body, "migrating").is_some() && fixed.value("migrating").is_none(),
    })
}
