//! Rollouts and `after` need progressive syncs (F0503), which switch off what syncs by itself (F0504, F0505), and
//! order components over all clusters at once (F0508).

use super::{Context, Report, some_of};
use crate::diag::codes::{AUTOMATED_SYNC_OFF, NEEDS_PROGRESSIVE_SYNCS, NOT_EXPRESSIBLE, SELF_HEAL_OFF};
use crate::plan::Deployment;
use crate::source::Span;

/// How many more places the one diagnostic names.
const MOST_RELATED: usize = 5;

pub(super) fn check(context: &Context<'_>, report: &mut Report<'_>) {
    opposed(context, report);
    bakes(context, report);
    let rolling: Vec<&[Deployment]> =
        context.components().filter(|c| c.ordered || !c.stages.is_empty()).map(|c| c.deployments).collect();
    let reasons: Vec<(&Deployment, &str)> = rolling.iter().filter_map(|all| reason(all)).collect();
    if !context.settings.progressive_syncs {
        needs_progressive_syncs(context, &reasons, report);
        return;
    }
    let mut warned = false;
    for deployment in rolling.iter().copied().flatten() {
        let is_rolling = deployment.rollout.is_some() || context.order.is_ordered(&deployment.component);
        if deployment.self_heal && is_rolling {
            warned = true;
            self_heal_off(deployment, report);
        }
    }
    if let Some((deployment, attribute)) = reasons.first().filter(|_| !warned) {
        automated_sync_off(deployment, attribute, report);
    }
}

/// The first deployment that says why its component is synced in an order, and the attribute that says so. A component
/// that others wait for says nothing itself.
fn reason(deployments: &[Deployment]) -> Option<(&Deployment, &'static str)> {
    let rollout = deployments.iter().find(|d| d.rollout.is_some()).map(|d| (d, "rollout"));
    rollout.or_else(|| deployments.iter().find(|d| !d.after.is_empty()).map(|d| (d, "after")))
}

/// What puts a deployment into an order, in words.
fn cause(deployment: &Deployment) -> &'static str {
    match (&deployment.rollout, deployment.after.len() > deployment.implied.len()) {
        (Some(_), _) => "a rollout",
        (None, true) => "`after`",
        (None, false) if deployment.implied.is_empty() => "what waits for it",
        (None, false) => "a secret or store that it waits for",
    }
}

/// One cause, one error: it stands where the first component asks for an order and names the others.
fn needs_progressive_syncs(context: &Context<'_>, reasons: &[(&Deployment, &str)], report: &mut Report<'_>) {
    let Some(((deployment, attribute), others)) = reasons.split_first() else { return };
    let names = reasons.iter().map(|(deployment, _)| &*deployment.component);
    let message = format!("Argo CD keeps the order of {} only with progressive syncs", some_of(names));
    report.once(
        NEEDS_PROGRESSIVE_SYNCS,
        deployment.origin.of(attribute),
        |mut d| {
            for (other, attribute) in others.iter().take(MOST_RELATED) {
                d = d.related(other.origin.of(attribute), format!("so is `{attribute}` of `{}`", other.component));
            }
            d = d
                .label(format!("without them `{attribute}` would be ignored in silence"))
                .related(context.settings.span, "progressive syncs are not declared here")
                .help(
                    "write `progressive-syncs = true` here, and set \
                     `applicationsetcontroller.enable.progressive.syncs: \"true\"` in `argocd-cmd-params-cm`",
                );
            if reasons.iter().any(|(_, attribute)| *attribute == "rollout") {
                return d;
            }
            d.help("or write `layout = app-of-apps`, where `after` needs no progressive syncs")
        },
        message,
    );
}

fn self_heal_off(deployment: &Deployment, report: &mut Report<'_>) {
    let reason = cause(deployment);
    let message = format!("Argo CD will not undo changes by hand of `{}`", deployment.component);
    report.once(
        SELF_HEAL_OFF,
        deployment.origin.of("self-heal"),
        |d| {
            d.label(format!("switched off because of {reason}"))
                .note("the ApplicationSet controller disables automated sync, and self-heal with it, under a rolling sync")
                .help("write `self-heal = false` for it, or take it out of the order")
        },
        message,
    );
}

fn automated_sync_off(deployment: &Deployment, attribute: &str, report: &mut Report<'_>) {
    let written = deployment.origin.attributes.contains_key(attribute);
    let cause = if written { format!("`{attribute}`") } else { cause(deployment).to_owned() };
    let message = format!("with {cause}, Argo CD syncs only when the order says so");
    report.once(
        AUTOMATED_SYNC_OFF,
        deployment.origin.of(attribute),
        |d| {
            d.label("automated sync is switched off for what stands in an order").note(
                "under a rolling sync the ApplicationSet controller disables it and syncs by itself, step by step",
            )
        },
        message,
    );
}

/// Argo CD 3.5 opens a step as soon as every Application before it is healthy and synced, and has no clock.
fn bakes(context: &Context<'_>, report: &mut Report<'_>) {
    for component in context.components() {
        for stages in component.stages.values() {
            let before_last = stages.split_last().map(|(_, before)| before).unwrap_or_default();
            let Some(stage) = before_last.iter().find(|stage| stage.bake.is_some()) else { continue };
            let Some(first) = component.deployments.first() else { continue };
            let message = format!("Argo CD cannot keep the stage `{}` for a time", stage.name);
            report.once(
                NOT_EXPRESSIBLE,
                stage.span,
                |d| {
                    d.label("`bake` is said here")
                        .related(first.origin.of("rollout"), format!("`{}` follows this rollout", first.component))
                        .note("a rolling sync opens the next step as soon as this one is healthy")
                        .help("write `gate = manual` on the next stage and open it when the time is over, or let Flux deploy it")
                },
                message,
            );
        }
    }
}

/// On each cluster the order is sound, or the checker would have said so.
fn opposed(context: &Context<'_>, report: &mut Report<'_>) {
    let names = context.order.cycle();
    let deployments = &context.plan.deployments;
    let waits = |d: &&Deployment| names.contains(&&*d.component) && d.after.iter().any(|t| names.contains(&&**t));
    let Some(first) = deployments.iter().find(waits) else { return };
    let message = format!("{} wait for each other, on different clusters", some_of(names.iter().copied()));
    let others = deployments.iter().filter(waits).filter(|d| d.component != first.component);
    let places: std::collections::BTreeSet<Span> = others.map(|d| d.origin.of("after")).collect();
    report.once(
        NOT_EXPRESSIBLE,
        first.origin.of("after"),
        |mut d| {
            for place in places {
                d = d.related(place, "the opposite order");
            }
            d.label(format!("on `{}`, this order", first.cluster))
                .note("Argo CD orders ApplicationSets, so a component comes after another on all clusters or on none")
                .help("say `after` in one direction only, or split one of the components in two")
        },
        message,
    );
}
