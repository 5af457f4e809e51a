//! What the generated fleets exercise: a generator that stops making something must not go unnoticed.

use std::collections::BTreeMap;

use super::model::{Expr, Fleet, Part, Pred, Presence};
use super::print::{print, show};
use super::reference::Reference;

/// How many of the fleets have each feature.
pub fn count(fleets: &[Fleet]) -> BTreeMap<&'static str, usize> {
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    for (seed, fleet) in fleets.iter().enumerate() {
        for (feature, there) in features(fleet, seed as u64) {
            *counts.entry(feature).or_default() += usize::from(there);
        }
    }
    counts
}

fn features(fleet: &Fleet, seed: u64) -> Vec<(&'static str, bool)> {
    let mut all = declared(fleet);
    all.extend(planned(fleet));
    all.extend(written(fleet, seed));
    all
}

fn declared(fleet: &Fleet) -> Vec<(&'static str, bool)> {
    let components = || fleet.components.iter();
    let fields = || fleet.fields.iter();
    vec![
        ("both engines", fleet.argocd.is_some() && fleet.flux.is_some()),
        ("Argo CD alone", fleet.flux.is_none()),
        ("Flux alone", fleet.argocd.is_none()),
        ("Applications written out", fleet.argocd.as_ref().is_some_and(|argocd| argocd.app_of_apps)),
        ("destination by server", fleet.argocd.as_ref().is_some_and(|argocd| argocd.by_server)),
        ("two for variables", fleet.clusters.iter().any(|cluster| cluster.bindings.len() == 2)),
        ("a cluster name with a dot", fleet.clusters.iter().any(|it| it.name == [Part::Literal("10.alpha".into())])),
        ("with", fleet.clusters.iter().any(|cluster| !cluster.with.is_empty())),
        ("without", fleet.clusters.iter().any(|cluster| !cluster.without.is_empty())),
        ("defaults cluster", !fleet.cluster_defaults.is_empty()),
        ("optional label", fields().any(|it| !it.fact && matches!(it.presence, Presence::Optional))),
        ("label with default", fields().any(|it| !it.fact && matches!(it.presence, Presence::Default(_)))),
        ("label with a key", fields().any(|it| it.key.is_some())),
        ("derived label", fields().any(|it| matches!(it.presence, Presence::Derived(_)))),
        ("required fact", fields().any(|it| it.fact && matches!(it.presence, Presence::Required))),
        (
            "group of groups",
            fleet.groups.iter().any(|(_, pred)| {
                any_pred(
                    pred,
                    &|it| matches!(it, Pred::Name(name) if fleet.groups.iter().any(|(group, _)| group == name)),
                )
            }),
        ),
        ("two templates", components().any(|it| it.from.len() == 2)),
        (
            "param set",
            components().any(|it| {
                let params = it.from.iter().flat_map(|name| &fleet.template(name).params);
                params.clone().any(|param| it.body.attributes.contains_key(&param.name))
            }),
        ),
        (
            "param left",
            components().any(|it| {
                let params = it.from.iter().flat_map(|name| &fleet.template(name).params);
                params.clone().any(|param| !it.body.attributes.contains_key(&param.name))
            }),
        ),
        (
            "param in an on block",
            components().any(|it| {
                let params = it.from.iter().flat_map(|name| &fleet.template(name).params);
                params.clone().any(|param| it.body.on.iter().any(|on| on.body.attributes.contains_key(&param.name)))
            }),
        ),
        ("on none", components().any(|it| it.on == Some(Pred::None))),
        ("no on", components().any(|it| it.on.is_none())),
        ("if in an attribute", components().any(|it| it.body.attributes.values().any(|it| matches!(it, Expr::If(..))))),
        (
            "predicate as a value",
            components().any(|it| it.body.attributes.values().any(|value| matches!(value, Expr::Pred(_)))),
        ),
    ]
}

fn planned(fleet: &Fleet) -> Vec<(&'static str, bool)> {
    let reference = Reference::new(fleet);
    let deployments = reference.deployments();
    let any = |holds: &dyn Fn(&super::reference::Deployment) -> bool| deployments.iter().any(holds);
    let bodies = || fleet.components.iter().map(|it| &it.body).chain(fleet.templates.iter().map(|it| &it.body));
    let overlap = |body: &super::model::Body| {
        reference
            .clusters
            .iter()
            .any(|cluster| body.on.iter().filter(|it| reference.holds(&it.on, cluster)).count() > 1)
    };
    let stages = |component: &str| {
        let own = deployments.iter().filter(|it| it.component == component);
        own.filter_map(|it| it.stage.clone()).collect::<std::collections::BTreeSet<_>>().len()
    };
    vec![
        ("more than five clusters", reference.clusters.len() > 5),
        ("more than ten deployments", deployments.len() > 10),
        ("shortened name", any(&|it| it.name != format!("{}-{}", it.component, it.cluster))),
        ("chart", any(&|it| !it.source["chart"].is_null())),
        ("oci chart", any(&|it| !it.source["chart"].is_null() && it.source["kind"] == "oci")),
        ("folder", any(&|it| it.source["chart"].is_null())),
        ("oci folder", any(&|it| it.source["chart"].is_null() && it.source["kind"] == "oci")),
        ("patches", any(&|it| !it.patches.is_empty())),
        ("images", any(&|it| it.rest["images"] != serde_json::json!({}))),
        ("nested values", any(&|it| it.values.as_object().is_some_and(|it| it.values().any(|it| it.is_object())))),
        ("health", any(&|it| !it.health.is_empty())),
        ("no namespace", any(&|it| it.namespace.is_none())),
        ("no project", any(&|it| it.project.is_none())),
        ("protected", any(&|it| it.protected)),
        ("after", any(&|it| !it.after.is_empty())),
        (
            "after, written out",
            fleet.argocd.as_ref().is_some_and(|argocd| argocd.app_of_apps) && any(&|it| !it.after.is_empty()),
        ),
        ("after two", any(&|it| it.after.len() > 1)),
        ("rollout", any(&|it| it.rollout.is_some())),
        ("rollout over two stages", fleet.components.iter().any(|it| stages(&it.name) > 1)),
        ("after under a rollout", any(&|it| !it.after.is_empty() && it.rollout.is_some())),
        ("max", fleet.rollouts.iter().any(|it| it.stages.iter().any(|stage| stage.max.is_some()))),
        (
            "gate",
            any(&|it| {
                it.rollout.is_some()
                    && fleet.rollouts.iter().any(|rollout| {
                        Some(&rollout.name) == it.rollout.as_ref()
                            && rollout.stages.iter().any(|stage| stage.manual && Some(&stage.name) == it.stage.as_ref())
                    })
            }),
        ),
        ("rest", fleet.rollouts.iter().any(|it| it.stages.iter().any(|stage| stage.on.is_none()))),
        ("two on blocks on a cluster", bodies().any(overlap)),
    ]
}

fn written(fleet: &Fleet, seed: u64) -> Vec<(&'static str, bool)> {
    let files = print(fleet, seed, seed);
    let text = show(&files);
    let has = |part: &str| text.contains(part);
    vec![
        ("several files", files.len() > 1),
        ("literal ${", has("$${")),
        ("braces", has("{{ .Release.Name }}")),
        ("012", has("\"012\"")),
        ("lines between three quotes", has("= \"\"\"\n")),
        ("escaped newline", has("\\n")),
        ("escaped code point", has("\\u{")),
        ("has", has("has ")),
        ("name like", has("name like")),
        ("label like", has("env like")),
        ("not in", has(" not in [")),
        ("parentheses", has("(")),
        ("else if", has("else if ") || has("else if")),
        ("if has", has("if has")),
        ("bare reference in values", has("= cluster")),
        ("namespace in a string", has("${namespace}")),
        ("component in a string", has("${component}")),
        ("null", has("= null")),
        ("merge", has("merge {")),
        ("test", has("test \"/")),
        ("ignore", has("ignore \"")),
        ("fleet in a project's sources", has("[fleet")),
        ("clusters of a project", has("clusters = ")),
    ]
}

fn any_pred(pred: &Pred, holds: &impl Fn(&Pred) -> bool) -> bool {
    holds(pred)
        || match pred {
            Pred::Not(inner) => any_pred(inner, holds),
            Pred::And(all) | Pred::Or(all) => all.iter().any(|each| any_pred(each, holds)),
            _ => false,
        }
}
