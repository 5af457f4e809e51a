//! Whether what the `test` blocks expect holds of the plan.
//!
//! Takes the model and the plan made from it; gives an [`Outcome`] for each test, and a diagnostic for each `expect` that
//! does not hold, for each attribute of it. Where the value stands that decides is asked of [`why`](mod@super::why), so a
//! test cannot disagree with `fleetc why`.

mod actual;
mod attributes;

use std::collections::{BTreeMap, BTreeSet};

use super::why::{self, Why};
use super::{Deployment, Plan};
use crate::diag::{Diagnostic, Diagnostics, codes};
use crate::model::Model;
use crate::model::predicate::select;
use crate::source::Span;
use crate::syntax::ast::{ExpectationKind, Expr, ExprKind, Name};

/// How a test ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What must hold, in words.
    pub name: String,
    /// Where the name stands.
    pub span: Span,
    /// From the name to the end of its block: whatever does not hold stands in it.
    pub extent: Span,
    /// Whether all that it expects holds.
    pub passed: bool,
}

/// The names of all tests in the order of the text, with their places.
pub fn names(model: &Model) -> Vec<(String, Span)> {
    let mut names: Vec<(String, Span)> =
        model.names.tests.iter().map(|(name, declared)| (name.clone(), declared.name.span)).collect();
    names.sort_by_key(|(_, span)| *span);
    names
}

/// Judges the tests whose names are `wanted`, in the order of the text.
pub fn run(model: &Model, plan: &Plan, wanted: impl Fn(&str) -> bool, diagnostics: &mut Diagnostics) -> Vec<Outcome> {
    let judge = Judge::new(model, plan);
    let mut outcomes = Vec::new();
    for (name, span) in names(model).into_iter().filter(|(name, _)| wanted(name)) {
        let Some(declared) = model.names.tests.get(&name) else { continue };
        let mut found = Diagnostics::default();
        for expectation in &declared.node.expectations {
            judge.judge(&expectation.kind, &mut found);
        }
        let extent = span.to(declared.node.body.span);
        outcomes.push(Outcome { name, span, extent, passed: found.is_empty() });
        diagnostics.extend(found);
    }
    outcomes
}

/// The plan, by what is asked of it.
struct Judge<'a> {
    model: &'a Model<'a>,
    plan: &'a Plan,
    /// The deployments of each component, by cluster.
    deployments: BTreeMap<&'a str, BTreeMap<&'a str, &'a Deployment>>,
}

impl<'a> Judge<'a> {
    fn new(model: &'a Model<'a>, plan: &'a Plan) -> Self {
        let mut deployments: BTreeMap<&str, BTreeMap<&str, &Deployment>> = BTreeMap::new();
        for deployment in &plan.deployments {
            deployments.entry(&*deployment.component).or_default().insert(&*deployment.cluster, deployment);
        }
        Self { model, plan, deployments }
    }

    fn judge(&self, kind: &ExpectationKind, found: &mut Diagnostics) {
        match kind {
            ExpectationKind::Error => {}
            ExpectationKind::Component { negated, name, on } => _ = self.component(*negated, name, on, found),
            ExpectationKind::Cluster { name, components } => self.cluster(name, components, found),
            ExpectationKind::Deployment { name, on, body } => {
                let clusters = self.component(false, name, on, found);
                attributes::judge(self, &clusters, body, found);
            }
        }
    }

    fn deployment(&self, component: &str, cluster: &str) -> Option<&'a Deployment> {
        self.deployments.get(component)?.get(cluster).copied()
    }

    fn why(&self, component: &str, cluster: &str) -> Option<Why> {
        why::why(self.model, self.plan, cluster, component).ok()
    }

    /// The clusters on which `on` holds; reports that there is none, because nothing would be tested.
    fn clusters(&self, on: &Expr, found: &mut Diagnostics) -> Vec<usize> {
        let predicate = self.model.conditions.get(&on.span);
        let clusters: Vec<usize> =
            predicate.map(|predicate| select(self.model, predicate).set.iter().collect()).unwrap_or_default();
        if clusters.is_empty() {
            found.push(
                Diagnostic::new(codes::SELECTS_NOTHING, on.span, "no declared cluster satisfies this predicate")
                    .label("so nothing would be tested")
                    .help("name clusters that are declared; tests look at no others"),
            );
        }
        clusters
    }

    fn name_of(&self, cluster: usize) -> &'a str {
        self.model.clusters.get(cluster).map_or("", |cluster| &*cluster.name)
    }

    /// Judges that the component runs on each of the clusters, or on none; gives its deployments there.
    fn component(&self, negated: bool, name: &Name, on: &Expr, found: &mut Diagnostics) -> Vec<&'a Deployment> {
        let clusters = self.clusters(on, found);
        let runs = |cluster: &usize| self.deployment(&name.text, self.name_of(*cluster));
        let wrong: Vec<usize> = clusters.iter().copied().filter(|cluster| runs(cluster).is_some() == negated).collect();
        if let Some(first) = wrong.first() {
            let where_ = self.model.list_clusters(wrong.iter().copied());
            let message = if negated {
                format!("`{}` runs on {where_}", name.text)
            } else {
                format!("`{}` does not run on {where_}", name.text)
            };
            let all = clusters.len();
            let label = match (negated, all) {
                (_, 1) => "not as expected".to_string(),
                (true, _) => format!("expected on none of {all} clusters, and runs on {}", wrong.len()),
                (false, _) => format!("expected on {all} clusters, and runs on {}", all - wrong.len()),
            };
            let made = Diagnostic::new(codes::EXPECTATION_FAILED, name.span, message)
                .label(label)
                .help("change where the component runs, or what the test expects");
            found.push(self.because(made, &name.text, self.name_of(*first)));
        }
        clusters.iter().filter_map(runs).collect()
    }

    /// Judges that exactly these components run on the cluster.
    fn cluster(&self, name: &Name, components: &Expr, found: &mut Diagnostics) {
        let ExprKind::List(items) = &components.kind else { return };
        let mut listed: BTreeMap<String, Span> = BTreeMap::new();
        for item in items {
            match &item.kind {
                ExprKind::Path(path) => _ = listed.insert(path.text(), item.span),
                ExprKind::Text(text) => _ = listed.insert(text.as_literal().unwrap_or_default().to_string(), item.span),
                _ => {}
            }
        }
        let there = self.deployments.iter().filter(|(_, clusters)| clusters.contains_key(name.text.as_str()));
        let running: BTreeSet<&str> = there.map(|(component, _)| *component).collect();
        for (component, span) in &listed {
            if !running.contains(component.as_str()) {
                let message = format!("`{component}` does not run on `{}`", name.text);
                let made = Diagnostic::new(codes::EXPECTATION_FAILED, *span, message)
                    .label("expected there")
                    .help("let it run there, or take it out of the list");
                found.push(self.because(made, component, &name.text));
            }
        }
        let more: Vec<&str> = running.iter().copied().filter(|component| !listed.contains_key(*component)).collect();
        if let Some(first) = more.first() {
            let shown: Vec<String> = more.iter().map(|component| format!("`{component}`")).collect();
            let verb = if more.len() == 1 { "runs" } else { "run" };
            let message = format!("{} {verb} on `{}`, too", shown.join(", "), name.text);
            let made = Diagnostic::new(codes::EXPECTATION_FAILED, name.span, message)
                .label("expected to run what is listed, and nothing else")
                .help("add what is missing to the list, or let it not run there");
            found.push(self.because(made, first, &name.text));
        }
    }

    /// Adds where it stands that a component runs on a cluster, or does not.
    fn because(&self, made: Diagnostic, component: &str, cluster: &str) -> Diagnostic {
        if let Some(object) = self.plan.hub_objects.iter().find(|object| &*object.name == component) {
            let help = "take it out of the test, which looks at what runs on clusters".to_owned();
            let made = Diagnostic { helps: vec![help], ..made };
            return made.related(object.span, "this object is made where the engine runs, and on no cluster");
        }
        let Some(why) = self.why(component, cluster) else { return made };
        let runs = if why.runs { "runs" } else { "does not run" };
        let text = match why.because.kind {
            "with" => format!("`{component}` is added to `{cluster}` here"),
            "without" => format!("`{component}` is taken from `{cluster}` here"),
            "nothing" => format!("`{component}` has no `on`, so it {runs} on `{cluster}`"),
            _ if why.runs => format!("this holds on `{cluster}`"),
            _ => format!("this does not hold on `{cluster}`"),
        };
        made.related(why.because.place.span, text)
    }
}
