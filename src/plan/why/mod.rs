//! Where each value of a deployment came from, and what it beat.
//!
//! Takes the model and the plan made from it; gives one [`Why`], of which [`json`] and [`text`] are two forms. Which
//! value wins is asked of the plan's own layers, and the effective values are the plan's: no rule is decided here.

mod because;
mod fields;
mod inputs;
pub mod json;
mod maps;
pub mod text;

use serde_json::Value;

use super::Plan;
use super::resolve::layers;
use super::resolve::pick::{Findings, Spot};
use crate::diag::Diagnostics;
use crate::model::scope;
use crate::model::{Model, names};
use crate::source::Span;

/// Why a component runs on a cluster as it does, or not at all.
#[derive(Clone, Debug)]
pub struct Why {
    /// The cluster.
    pub cluster: String,
    /// The component.
    pub component: String,
    /// Whether it runs there.
    pub runs: bool,
    /// Why it does, or does not.
    pub because: Because,
    /// The stage of its rollout.
    pub stage: Option<Stage>,
    /// Every attribute and key, each by itself.
    pub fields: Vec<Field>,
    /// Whether only some of the fields were asked for.
    pub selected: bool,
}

/// A name that is not there.
#[derive(Clone, Debug)]
pub struct Unknown {
    /// `cluster`, `component` or `field`.
    pub what: &'static str,
    /// What was written.
    pub name: String,
    /// What there is.
    pub known: Vec<String>,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its path from the project root.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// From 1, in code points.
    pub column: u32,
    /// The line, without its indentation.
    pub text: String,
    /// What stands there.
    pub span: Span,
}

/// A predicate or a part of one, on the cluster.
#[derive(Clone, Debug)]
pub struct Part {
    /// As written.
    pub text: String,
    /// Whether it holds.
    pub holds: bool,
    /// Where it is.
    pub place: Place,
    /// The labels in it.
    pub inputs: Vec<Input>,
}

/// Why a component runs, or not.
#[derive(Clone, Debug)]
pub struct Because {
    /// `on`, `with`, `without`, `secret` (a store without `on`), `hub` (an object there) or `nothing` (it has no `on` and is
    /// named in no `with`).
    pub kind: &'static str,
    /// The predicate, or the component's name in the list.
    pub text: String,
    /// Where that is.
    pub place: Place,
    /// The parts of the predicate that decide.
    pub parts: Vec<Part>,
}

/// The stage that took the cluster.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The rollout.
    pub rollout: String,
    /// The stage.
    pub name: String,
    /// Its number in the rollout, from 1.
    pub number: usize,
    /// How many stages there are.
    pub of: usize,
    /// Where it is declared.
    pub place: Place,
    /// The parts of its predicate that decide; none for `on rest`.
    pub parts: Vec<Part>,
}

/// A value that was said somewhere.
#[derive(Clone, Debug)]
pub struct Said {
    /// `defaults component`, `template NAME`, `component`, `cluster`, `project NAME`, `source NAME`, `fleet`, `argocd`,
    /// `flux`, `secrets`, from which an order follows, or `default`, which is the language's.
    pub layer: String,
    /// The predicate of an `on` block, as written.
    pub on: Option<String>,
    /// How many clusters that covers.
    pub clusters: Option<usize>,
    /// Where; none for a default of the language.
    pub place: Option<Place>,
    /// What it says on this cluster; null when it has no meaning there.
    pub value: Value,
}

/// A value that lost.
#[derive(Clone, Debug)]
pub struct Beaten {
    /// The key that it was said for, which may be one above or below the field.
    pub field: String,
    /// What was said.
    pub said: Said,
    /// Why it lost.
    pub why: String,
}

/// A name that a value uses.
#[derive(Clone, Debug)]
pub struct Input {
    /// The name.
    pub name: String,
    /// What it is on this cluster; null when it is not set.
    pub value: Value,
    /// Where that comes from, in words.
    pub how: String,
    /// Where that is.
    pub place: Option<Place>,
}

/// One attribute, or one key of a map.
#[derive(Clone, Debug)]
pub struct Field {
    /// Dotted.
    pub name: String,
    /// Its parts.
    pub path: Vec<String>,
    /// The effective value.
    pub value: Value,
    /// What won; none when nothing says it here and the language has no default.
    pub from: Option<Said>,
    /// What lost.
    pub beat: Vec<Beaten>,
    /// What the value uses.
    pub inputs: Vec<Input>,
}

impl Field {
    /// Whether anything was said of it: else it is only a default.
    fn is_said(&self) -> bool {
        !self.beat.is_empty() || self.from.as_ref().is_some_and(|from| from.layer != "default")
    }

    fn is_in(&self, field: &str) -> bool {
        let rest = self.name.strip_prefix(field);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', ' ']))
    }
}

impl Why {
    /// Keeps only `field` and what is below it.
    ///
    /// # Errors
    /// Gives [`Unknown`] when there is none of this name.
    pub fn select(&mut self, field: &str) -> Result<(), Unknown> {
        if !self.runs {
            return Ok(());
        }
        if !self.fields.iter().any(|one| one.is_in(field)) {
            let mut known: Vec<String> = Vec::new();
            for one in &self.fields {
                known.extend(one.path.first().cloned());
                known.push(one.name.clone());
            }
            known.dedup();
            return Err(Unknown { what: "field", name: field.to_string(), known });
        }
        self.fields.retain(|one| one.is_in(field));
        self.selected = true;
        Ok(())
    }
}

/// Answers for `component` on `cluster`.
///
/// # Errors
/// Gives [`Unknown`] when one of them is not declared.
pub fn why(model: &Model, plan: &Plan, cluster: &str, component: &str) -> Result<Why, Unknown> {
    let unknown = |what, name: &str, known| Unknown { what, name: name.to_string(), known };
    let Some(place) = model.find_cluster(cluster) else {
        let known = model.clusters.iter().map(|cluster| cluster.name.to_string()).collect();
        return Err(unknown("cluster", cluster, known));
    };
    let Some(declared) = model.names.components.get(component) else {
        return Err(unknown("component", component, model.names.components.keys().cloned().collect()));
    };
    let found = plan.deployments.iter().find(|one| *one.component == *component && *one.cluster == *cluster);
    let mut why = Why {
        cluster: cluster.to_string(),
        component: component.to_string(),
        runs: found.is_some(),
        because: because::because(model, place, declared),
        stage: None,
        fields: Vec::new(),
        selected: false,
    };
    let Some(deployment) = found else { return Ok(why) };
    let layers = layers::gather(model, declared.node, declared.name);
    let bare =
        Spot { model, layers: &layers, cluster: place, params: &[], place: scope::Place::Parameter, namespace: None };
    let params = bare.params(&mut Findings::default());
    let early = Spot { params: &params, ..bare };
    let spot = Spot { place: scope::Place::Body, namespace: deployment.namespace.as_deref(), ..early };
    why.stage = because::stage(model, place, plan, deployment);
    why.fields = fields::Teller { model, plan, deployment, spot, early }.fields();
    Ok(why)
}

/// The place of `span`, with the text of its line.
fn place_of(model: &Model, span: Span) -> Place {
    let file = model.sources.file(span.source);
    let position = file.position(span.start);
    let text = file.text.lines().nth(position.line.saturating_sub(1) as usize).unwrap_or_default();
    Place { file: file.path.clone(), line: position.line, column: position.column, text: text.trim().to_string(), span }
}

/// The parts joined by dots, those that hold one in quotes.
fn dotted(path: &[String]) -> String {
    let parts: Vec<String> = path.iter().map(|part| names::quoted(part)).collect();
    parts.join(".")
}

/// Where nothing can be reported any more: the plan is whole.
fn nowhere() -> Diagnostics {
    Diagnostics::default()
}
