//! The layout `app-of-apps`: no rollouts (F0508), an order that needs the health of Applications (F0516), and waves that
//! nobody else says (F0315).

use std::collections::BTreeMap;

use super::names::Names;
use super::{Component, Context, Report};
use crate::diag::codes::{CONFLICTING_ATTRIBUTES, NEEDS_APPLICATION_HEALTH, NOT_EXPRESSIBLE};
use crate::plan::{Deployment, Stage};
use crate::target::argocd::{SYNC_WAVE, health};

pub(super) fn check(context: &Context<'_>, report: &mut Report<'_>) {
    let mut names = Names::new(context, report);
    for component in context.components() {
        rollout(context, &component, report);
        names.add(&component, &[], report);
    }
    if let Some(first) = context.plan.deployments.iter().find(|deployment| !deployment.after.is_empty()) {
        needs_health(context, first, report);
        own_waves(context, report);
    }
}

/// What orders clusters is an ApplicationSet. A rollout that does everything at once orders nothing.
fn rollout(context: &Context<'_>, component: &Component<'_>, report: &mut Report<'_>) {
    let at_once = |stage: &&Stage| stage.max.is_none() && !stage.manual && stage.bake.is_none();
    for (rollout, stages) in &component.stages {
        if matches!(stages.as_slice(), [stage] if at_once(stage)) {
            continue;
        }
        let under = |deployment: &&Deployment| deployment.rollout.as_deref() == Some(rollout);
        let Some(first) = component.deployments.iter().find(under) else { continue };
        let message = format!("Argo CD cannot roll `{}` out in stages with `layout = app-of-apps`", component.name);
        report.once(
            NOT_EXPRESSIBLE,
            first.origin.of("rollout"),
            |d| {
                d.label("nothing orders one cluster after another")
                    .related(context.settings.span, "the layout is said here")
                    .note("an Application that is written out syncs by itself; only an ApplicationSet syncs in steps")
                    .help(
                        "write `layout = applicationsets` and `progressive-syncs = true`, let Flux on a hub deploy it, \
                         or leave `rollout` out and pin a revision for the clusters of each stage",
                    )
            },
            message,
        );
    }
}

fn needs_health(context: &Context<'_>, first: &Deployment, report: &mut Report<'_>) {
    let file = format!("{}/{}", context.settings.instance.folder("argocd"), health::FILE);
    let message = format!("Argo CD keeps this order only with the health check in `{file}`");
    report.once(
        NEEDS_APPLICATION_HEALTH,
        first.origin.of("after"),
        |d| {
            d.label("without it, all Applications of a cluster sync at once")
                .note(
                    "it holds when Applications are made and changed, not for a new commit that one follows by itself",
                )
                .help(
                    "merge the file into the ConfigMap `argocd-cm` and write `allow = [needs-application-health]` \
                     in the `fleet` block",
                )
        },
        message,
    );
}

/// The waves of a cluster follow from `after`, or they would not keep it.
fn own_waves(context: &Context<'_>, report: &mut Report<'_>) {
    let waits = context.plan.deployments.iter().filter(|deployment| !deployment.after.is_empty());
    let waiting: BTreeMap<&str, &Deployment> = waits.map(|deployment| (&*deployment.cluster, deployment)).collect();
    for deployment in context.plan.deployments.iter().filter(|d| d.annotations.contains_key(SYNC_WAVE)) {
        let Some(waiting) = waiting.get(&*deployment.cluster) else { continue };
        let message = format!("`annotations` and `after` both give Applications of `{}` a wave", deployment.cluster);
        report.once(
            CONFLICTING_ATTRIBUTES,
            deployment.origin.of("annotations"),
            |d| {
                d.label(format!("`{}` gets the annotation `{SYNC_WAVE}` here", deployment.component))
                    .related(waiting.origin.of("after"), format!("`{}` waits here", waiting.component))
                    .help("leave the annotation out and say `after`")
            },
            message,
        );
    }
}
