//! Why a component runs on a cluster or not, and in which stage.

use super::{Because, Part, Stage, inputs, place_of};
use crate::model::Model;
use crate::model::eval::Evaluator;
use crate::model::names::Declared;
use crate::plan::resolve::hub::is_on_hub;
use crate::plan::resolve::members::exceptions_of;
use crate::plan::{Deployment, Plan};
use crate::syntax::ast::{self, Entry, Expr};

/// Why `declared` runs on the cluster at `cluster`, or not.
pub fn because(model: &Model, cluster: usize, declared: &Declared<ast::Component>) -> Because {
    let name = &declared.name.text;
    let named = |word: &str| {
        let named = exceptions_of(model, cluster, word, &mut Evaluator::default()).unwrap_or_default();
        named.into_iter().find(|(component, _)| component == name).map(|(_, span)| span)
    };
    let listed = |kind, span| Because { kind, text: name.clone(), place: place_of(model, span), parts: Vec::new() };
    if let Some(span) = named("without") {
        return listed("without", span);
    }
    let (holds, parts) = declared.node.on.as_ref().map_or((false, Vec::new()), |on| deciding(model, cluster, on));
    if let (false, Some(span)) = (holds, named("with")) {
        return listed("with", span);
    }
    if is_on_hub(declared.node) {
        return listed("hub", declared.name.span);
    }
    match &declared.node.on {
        None if declared.node.form == ast::Form::Store => listed("secret", declared.name.span),
        Some(on) => {
            Because { kind: "on", text: model.text(on.span).to_string(), place: place_of(model, on.span), parts }
        }
        None => listed("nothing", declared.name.span),
    }
}

/// The stage of `deployment`.
pub fn stage(model: &Model, cluster: usize, plan: &Plan, deployment: &Deployment) -> Option<Stage> {
    let (rollout, stage) = (deployment.rollout.as_ref()?, deployment.stage.as_ref()?);
    let planned = plan.rollouts.iter().find(|one| one.name == *rollout)?;
    let (index, found) = planned.stages.iter().enumerate().find(|(_, one)| one.name == *stage)?;
    let blocks = model.names.rollouts.get(rollout.as_ref())?.node.body.entries.iter();
    let blocks = blocks.filter_map(|entry| match entry {
        Entry::Block(block) if block.keyword.text == "stage" => Some(block),
        _ => None,
    });
    let on = blocks.clone().nth(index).and_then(|block| block.on.as_ref());
    Some(Stage {
        rollout: rollout.to_string(),
        name: stage.to_string(),
        number: index + 1,
        of: planned.stages.len(),
        place: place_of(model, found.span),
        parts: on.map(|on| deciding(model, cluster, on).1).unwrap_or_default(),
    })
}

/// Whether the checked predicate `expr` holds on a cluster, and the parts of it that make it so.
pub fn deciding(model: &Model, cluster: usize, expr: &Expr) -> (bool, Vec<Part>) {
    let Some((holds, parts)) = crate::model::deciding::deciding(model, cluster, expr) else {
        return (true, Vec::new());
    };
    let parts = parts.iter().map(|part| Part {
        text: model.text(part.span).to_string(),
        holds: part.holds,
        place: place_of(model, part.span),
        inputs: inputs::of_predicate(model, cluster, &part.names),
    });
    (holds, parts.collect())
}
