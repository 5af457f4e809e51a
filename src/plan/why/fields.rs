//! The attributes of a deployment, each with what won and what lost.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Beaten, Field, Said, dotted, inputs, place_of};
use crate::kinds::Object;
use crate::model::body::{self, is_free, is_nested};
use crate::model::eval::{At, Evaluator};
use crate::model::schema::{self, Type};
use crate::model::{Model, names::Table};
use crate::plan::resolve::layers::Candidate;
use crate::plan::resolve::parts;
use crate::plan::resolve::pick::{Findings, Spot};
use crate::plan::{Content, Deployment, Duration, Plan, json as form};
use crate::source::Span;
use crate::syntax::ast::{self, EngineKind, Expr, NestedBlock};

/// Attributes that say how another one is read, and are nothing of the deployment themselves.
const NOT_PLANNED: [&str; 3] = ["values-source", "missing-values-files", "allow-empty"];

/// Tells where the parts of one deployment came from.
pub struct Teller<'t, 'a> {
    /// The model.
    pub model: &'t Model<'a>,
    /// The plan.
    pub plan: &'t Plan,
    /// The deployment.
    pub deployment: &'t Deployment,
    /// The component on the cluster.
    pub spot: Spot<'t, 'a>,
    /// The same before the namespace is known.
    pub early: Spot<'t, 'a>,
}

impl<'a> Teller<'_, 'a> {
    /// All fields, in the order of the table of attributes; parameters behind them.
    pub fn fields(&self) -> Vec<Field> {
        let mut fields = Vec::new();
        for attribute in self.spot.layers.table().attributes {
            match attribute.name {
                name if is_free(name) => fields.extend(self.map(name)),
                name => fields.push(self.attribute(name)),
            }
        }
        for name in self.spot.layers.attributes.keys().filter(|name| self.known(name).is_none()) {
            fields.push(self.attribute(name));
        }
        if matches!(self.spot.layers.node.form, ast::Form::Object(_)) {
            fields.extend(self.map(body::OBJECT_FIELDS));
        }
        fields.extend(self.blocks("patch"));
        fields.extend(self.blocks("ignore"));
        fields.extend(self.retry());
        let raw = Object::ALL.map(Object::block);
        // What `defaults` say of releases is said of charts alone.
        let is_chart = matches!(self.deployment.content, Content::Chart(_));
        let raw = raw.into_iter().filter(|name| is_chart || Object::of_block(name) != Some(Object::Release));
        let raw = raw.filter(|name| self.spot.layers.maps.contains_key(name));
        fields.extend(raw.flat_map(|name| self.map(name)));
        fields.push(self.protected());
        fields
    }

    /// The attribute `name` of such a declaration.
    pub fn known(&self, name: &str) -> Option<&'static schema::Attribute> {
        self.spot.layers.table().attribute(name)
    }

    /// A field without a story.
    pub fn field(&self, path: Vec<String>, value: Value) -> Field {
        Field { name: dotted(&path), path, value, from: None, beat: Vec::new(), inputs: Vec::new() }
    }

    /// A field that the language gives its value, or that has none.
    pub fn default(&self, path: Vec<String>, value: Value) -> Field {
        let layer = "default".to_string();
        let said = Said { layer, on: None, clusters: None, place: None, value: value.clone() };
        Field { from: Some(said), ..self.field(path, value) }
    }

    /// The plan's value of the attribute `name`.
    pub fn planned(&self, name: &str) -> Value {
        let plan = form::deployment(self.deployment);
        let found = match name {
            "source" => plan.pointer("/source/name"),
            "path" => plan.pointer("/source/path"),
            "chart" => plan.pointer("/source/chart"),
            "version" if plan.pointer("/source/chart").is_some_and(Value::is_null) => None,
            "version" => plan.pointer("/source/revision"),
            _ => plan.get(name.replace('-', "_")),
        };
        found.cloned().unwrap_or(Value::Null)
    }

    fn attribute(&self, name: &str) -> Field {
        let known = self.known(name);
        let spot = if name == "namespace" || known.is_none() { &self.early } else { &self.spot };
        let candidates = self.spot.layers.attributes.get(name).map(Vec::as_slice).unwrap_or_default();
        let eval = |evaluator: &mut Evaluator, at: At, expr: &Expr| self.eval(evaluator, at, name, expr);
        let chosen = spot.choose(name, candidates, &mut Findings::default(), &eval).ok().flatten();
        let said = chosen.as_ref().map(|(value, _)| self.shown(name, value.clone()));
        let of_deployment = schema::COMPONENT.attribute(name).is_some() && !NOT_PLANNED.contains(&name);
        let objects = self.spot.layers.node.form != ast::Form::Component;
        let planned =
            known.is_some() && of_deployment && (!objects || name == "namespace" || schema::SHARED.contains(&name));
        let value = if planned { self.planned(name) } else { said.clone().unwrap_or(Value::Null) };
        let mut field = match (chosen, said) {
            (Some((_, chosen)), Some(said)) => {
                let mut field = self.field(vec![name.to_string()], value);
                field.from = Some(self.said(chosen, said));
                let mut used = BTreeSet::new();
                inputs::names(chosen.expr, self.names_values(name), &mut used);
                field.inputs = inputs::of_layer(&self.spot, chosen.layer, &used);
                for other in candidates.iter().filter(|other| other.expr.span != chosen.expr.span) {
                    field.beat.push(self.beaten(name, *other, chosen, name));
                }
                field
            }
            _ => {
                let mut field = self.default(vec![name.to_string()], value);
                field.beat.extend(candidates.iter().map(|other| self.beaten(name, *other, *other, name)));
                self.unsaid(name, &mut field);
                field
            }
        };
        self.suspended(name, &mut field);
        field
    }

    fn eval(&self, evaluator: &mut Evaluator, at: At, name: &str, expr: &Expr) -> Option<Value> {
        if let Some(attribute) = self.known(name) {
            return evaluator.attribute(at, &attribute.ty, expr);
        }
        let params = self.spot.layers.scopes.iter().flat_map(|scope| &scope.params);
        let ty = params.into_iter().find(|param| param.name == name).map(|param| &param.ty)?;
        evaluator.field(at, ty, expr, &name, true)
    }

    /// Whether a bare name in the value of `name` is one of a label, fact or parameter.
    fn names_values(&self, name: &str) -> bool {
        let ty = self.known(name).map_or(Type::Text, |attribute| attribute.ty);
        let inner = if let Type::List(inner) = ty { *inner } else { ty };
        !matches!(inner, Type::Name | Type::Choice(_) | Type::Reference(_) | Type::Repositories)
    }

    fn shown(&self, name: &str, value: Value) -> Value {
        match self.known(name) {
            Some(attribute) => duration_of(&attribute.ty, value),
            None => value,
        }
    }

    /// Who else gives `name` a value that no layer of the component gives.
    fn unsaid(&self, name: &str, field: &mut Field) {
        let fleet = self.model.names.fleet.map(|(node, _)| &node.body);
        let engine = |kind| self.model.names.engines.iter().find(|(node, _)| node.engine == kind);
        let found = match name {
            "source" => fleet.map(|body| ("fleet".to_string(), body, "source")),
            "on-delete" => engine(EngineKind::ArgoCd).map(|(node, _)| ("argocd".to_string(), &node.body, name)),
            "interval" | "timeout" => {
                let serves = |flux: &&crate::plan::Flux| flux.instance.serves(&self.deployment.cluster);
                let Some(flux) = self.plan.flux.iter().find(serves) else { return };
                let duration = if name == "interval" { flux.interval } else { flux.timeout };
                field.value = form::duration(duration).into();
                engine(EngineKind::Flux).map(|(node, _)| ("flux".to_string(), &node.body, name))
            }
            "service-account" => {
                let project = self.deployment.project.as_ref().filter(|_| !self.plan.flux.is_empty());
                let Some(project) = project else { return };
                let planned = self.plan.projects.iter().find(|one| one.name == *project);
                let Some(account) = planned.and_then(|one| one.service_account.clone()) else { return };
                field.value = account.into();
                body_of(&self.model.names.projects, project).map(|body| (format!("project {project}"), body, name))
            }
            _ => None,
        };
        if let (Some(from), true) = (&mut field.from, name == "after" && !self.deployment.implied.is_empty()) {
            from.layer = "secrets".to_string();
        }
        let place = found.and_then(|(layer, body, key)| Some((layer, body::find(body, key)?)));
        if let Some(from) = &mut field.from {
            from.value = field.value.clone();
            if let Some((layer, attribute)) = place {
                from.layer = layer;
                from.place = Some(place_of(self.model, attribute.value.span));
            }
        }
    }

    /// A cluster that is suspended suspends all that is on it.
    fn suspended(&self, name: &str, field: &mut Field) {
        let already = field.from.as_ref().is_some_and(|from| from.value == Value::Bool(true));
        if name != "suspend" || field.value != Value::Bool(true) || already {
            return;
        }
        let node = self.model.clusters.get(self.spot.cluster).map(|cluster| &cluster.node.body);
        let own = node.and_then(|body| body::find(body, name));
        let defaults = self.model.names.cluster_defaults.and_then(|node| body::find(&node.body, name));
        let layer = if own.is_some() { "cluster" } else { "defaults cluster" }.to_string();
        let place = own.or(defaults).map(|attribute| place_of(self.model, attribute.value.span));
        let from = Said { layer, on: None, clusters: None, place, value: Value::Bool(true) };
        if let Some(said) = field.from.replace(from)
            && said.layer != "default"
        {
            let why = "the whole cluster is suspended".to_string();
            field.beat.insert(0, Beaten { field: name.to_string(), said, why });
        }
    }

    /// Where and in which layer `candidate` says `value`.
    pub fn said(&self, candidate: Candidate, value: Value) -> Said {
        self.said_at(candidate.layer, candidate.expr.span, value)
    }

    fn said_at(&self, layer: usize, span: Span, value: Value) -> Said {
        let layers = self.spot.layers;
        let found = layers.layer(layer);
        let template = found.and_then(|layer| layers.scopes.get(layer.scope)).and_then(|scope| scope.template.clone());
        let word = match (found.map_or(0, |layer| layer.rank), template) {
            (0 | 1, _) => "defaults component".to_string(),
            (_, Some(template)) => format!("template {template}"),
            _ => layers.node.form.word().to_string(),
        };
        Said {
            layer: word,
            on: found.and_then(|layer| layer.predicate).map(|span| self.model.text(span).to_string()),
            clusters: found.and_then(|layer| layer.on.as_ref()).map(|on| on.len()),
            place: Some(place_of(self.model, span)),
            value,
        }
    }

    /// Why `other`, said for `field` of the attribute `name`, lost against `chosen`, which may be itself.
    pub fn beaten(&self, field: &str, other: Candidate, chosen: Candidate, name: &str) -> Beaten {
        self.beaten_as(field.to_string(), other, chosen, name)
    }

    fn beaten_as(&self, field: String, other: Candidate, chosen: Candidate, name: &str) -> Beaten {
        let value = if is_free(name) || is_nested(name) {
            self.map_value(name, other)
        } else {
            let mut findings = Findings::default();
            let value = self.spot.with(other.layer, |at| self.eval(&mut findings.evaluator, at, name, other.expr));
            self.shown(name, value.unwrap_or(Value::Null))
        };
        Beaten { field, said: self.said(other, value), why: self.reason(other.layer, chosen.layer) }
    }

    fn reason(&self, other: usize, chosen: usize) -> String {
        let layers = self.spot.layers;
        let (Some(other), Some(chosen)) = (layers.layer(other), layers.layer(chosen)) else { return String::new() };
        if !other.covers(self.spot.cluster) {
            return "does not cover this cluster".to_string();
        }
        if other.rank < chosen.rank {
            return if other.rank + 1 == chosen.rank && other.scope == chosen.scope && chosen.on.is_some() {
                "an `on` block wins over the body".to_string()
            } else {
                "a lower layer".to_string()
            };
        }
        if chosen.narrower(other) { "a wider `on` block".to_string() } else { "says the same".to_string() }
    }

    /// A field for each block of `keyword`: all that cover the cluster count.
    fn blocks(&self, keyword: &str) -> Vec<Field> {
        let mut findings = Findings::default();
        let mut values: Vec<(Span, Value)> = Vec::new();
        let found = self.spot.layers.blocks.iter().filter(|(_, block)| block.keyword.text == keyword);
        let covers = |layer: usize| self.spot.layers.layer(layer).is_some_and(|one| one.covers(self.spot.cluster));
        if keyword == "patch" {
            let patches = parts::patches(&self.spot, &mut findings, &mut super::nowhere()).unwrap_or_default();
            values.extend(patches.iter().map(|(patch, span)| (*span, form::patch(patch))));
        } else {
            let ignores = parts::ignores(&self.spot, &mut findings, &mut super::nowhere()).unwrap_or_default();
            let covering = found.clone().filter(|(layer, _)| covers(*layer));
            let spans = covering.filter_map(|(_, block)| block.arguments.last()).map(|text| text.span);
            values.extend(spans.zip(ignores.iter().map(form::ignore)));
        }
        let mut fields = Vec::new();
        for (layer, block) in found {
            let span = block.arguments.last().map_or(block.keyword.span, |text| text.span);
            let mine: Vec<Value> =
                values.iter().filter(|(at, _)| *at == span).map(|(_, value)| value.clone()).collect();
            fields.push(self.block(*layer, block, mine));
        }
        fields
    }

    fn block(&self, layer: usize, block: &NestedBlock, values: Vec<Value>) -> Field {
        let mut used = BTreeSet::new();
        let arguments: Vec<String> = block
            .arguments
            .iter()
            .map(|text| {
                inputs::names_in(text, &mut used);
                let filled = self.spot.with(layer, |at| Evaluator::default().text(at, text));
                filled.unwrap_or_else(|| self.model.text(text.span).to_string())
            })
            .collect();
        for entry in &block.body.entries {
            match entry {
                ast::Entry::Operation(operation) => {
                    inputs::names_in(&operation.pointer, &mut used);
                    operation.value.iter().for_each(|value| inputs::names(value, true, &mut used));
                }
                ast::Entry::Attribute(attribute) => inputs::names(&attribute.value, true, &mut used),
                ast::Entry::Block(inner) => {
                    for entry in &inner.body.entries {
                        if let ast::Entry::Attribute(attribute) = entry {
                            inputs::names(&attribute.value, true, &mut used);
                        }
                    }
                }
                ast::Entry::Param(_) => {}
            }
        }
        let name = format!("{} {}", block.keyword.text, arguments.join(" "));
        let value = Value::Array(values);
        let covers = self.spot.layers.layer(layer).is_some_and(|one| one.covers(self.spot.cluster));
        let said = self.said_at(layer, block.keyword.span, value.clone());
        let mut field = Field { name: name.clone(), ..self.field(vec![block.keyword.text.clone()], value) };
        if covers {
            field.from = Some(said);
            field.inputs = inputs::of_layer(&self.spot, layer, &used);
        } else {
            let why = "does not cover this cluster".to_string();
            field.value = Value::Null;
            field.beat.push(Beaten { field: name, said: Said { value: Value::Null, ..said }, why });
        }
        field
    }

    /// The keys of the `retry` blocks.
    fn retry(&self) -> Vec<Field> {
        let blocks: Vec<_> =
            self.spot.layers.blocks.iter().filter(|(_, block)| block.keyword.text == "retry").collect();
        if blocks.is_empty() {
            return Vec::new();
        }
        let planned = self.planned("retry");
        let one = |known: &schema::Attribute| {
            let candidates: Vec<Candidate> = blocks
                .iter()
                .filter_map(|(layer, block)| {
                    let attribute = body::find(&block.body, known.name)?;
                    Some(Candidate { layer: *layer, key: attribute.key.span, expr: &attribute.value })
                })
                .collect();
            let value = planned.get(known.name.replace('-', "_")).cloned().unwrap_or(Value::Null);
            let path = vec!["retry".to_string(), known.name.to_string()];
            let mut field = self.default(path, value.clone());
            let winners = self.spot.layers.winners(&candidates, self.spot.cluster, |candidate| candidate.layer);
            if let Some(chosen) = winners.first() {
                field.from = Some(self.said(*chosen, value));
            }
            for other in candidates.iter().filter(|other| winners.first().is_none_or(|it| it.key != other.key)) {
                let chosen = winners.first().unwrap_or(other);
                let there = self.spot.with(other.layer, |at| Evaluator::default().attribute(at, &known.ty, other.expr));
                let there = duration_of(&known.ty, there.unwrap_or(Value::Null));
                let why = self.reason(other.layer, chosen.layer);
                field.beat.push(Beaten { field: field.name.clone(), said: self.said(*other, there), why });
            }
            field
        };
        schema::RETRY.attributes.iter().map(one).collect()
    }

    /// Whether removals here need a declaration.
    fn protected(&self) -> Field {
        let mut field = self.default(vec!["protected".to_string()], self.deployment.protected.into());
        let fleet = self.model.names.fleet.map(|(node, _)| &node.body);
        if let Some(attribute) = fleet.and_then(|body| body::find(body, "protected")) {
            let (_, parts) = super::because::deciding(self.model, self.spot.cluster, &attribute.value);
            field.from = Some(Said {
                layer: "fleet".to_string(),
                on: Some(self.model.text(attribute.value.span).to_string()),
                clusters: None,
                place: Some(place_of(self.model, attribute.value.span)),
                value: field.value.clone(),
            });
            field.inputs = parts.into_iter().flat_map(|part| part.inputs).collect();
        }
        field
    }
}

fn body_of<'a>(table: &Table<'a, ast::Named>, name: &str) -> Option<&'a ast::Block> {
    table.get(name).map(|declared| &declared.node.body)
}

/// A duration as it is written.
fn duration_of(ty: &Type, value: Value) -> Value {
    match (ty, value.as_u64()) {
        (Type::Duration, Some(milliseconds)) => json!(form::duration(Duration { milliseconds })),
        _ => value,
    }
}
