//! What a Flux in each cluster cannot do, which a Flux on a hub can: hold the order of clusters.

use super::super::hub::Hub;
use super::super::rollout::{Sequence, sequences};
use super::Report;
use crate::diag::{Diagnostic, codes};
use crate::plan::{Content, Deployment, Rollout, SourceKind, Stage};

/// A rollout asks one cluster to wait for another, and no Flux reads the state of another one's cluster.
pub(super) fn check(hub: &Hub, report: &mut Report) {
    for sequence in sequences(hub) {
        let rollout = hub.plan.rollouts.iter().find(|rollout| rollout.name.as_ref() == sequence.rollout);
        let first = sequence.members().find_map(|member| hub.plan.deployments.get(member));
        let (Some(rollout), Some(deployment)) = (rollout, first) else { continue };
        let unkept = unkept(&sequence, rollout);
        if !unkept.is_empty() {
            report.add(refusal(hub, deployment, &unkept));
        }
    }
}

/// The stages of a component that ask for more than that their clusters change at once, and for what.
fn unkept<'a>(sequence: &Sequence, rollout: &'a Rollout) -> Vec<(&'a Stage, String)> {
    let mut asked = Vec::new();
    let mut before: Option<&Stage> = None;
    for stage in &rollout.stages {
        let batches = || sequence.batches.iter().filter(|batch| batch.stage == stage.name.as_ref());
        if batches().next().is_none() {
            continue;
        }
        if let Some(before) = before {
            asked.push((stage, format!("stage `{}` has to wait for stage `{}`", stage.name, before.name)));
        } else if stage.manual {
            asked.push((stage, format!("stage `{}` has to wait until somebody opens it", stage.name)));
        } else if batches().count() > 1 {
            asked.push((stage, format!("the clusters of stage `{}` have to wait for each other", stage.name)));
        } else if stage.bake.is_some() {
            asked.push((stage, format!("stage `{}` is kept for a while before what follows", stage.name)));
        }
        before = Some(stage);
    }
    asked
}

fn refusal(hub: &Hub, deployment: &Deployment, unkept: &[(&Stage, String)]) -> Diagnostic {
    let component = &deployment.component;
    let message = format!("no Flux can keep the rollout of `{component}`: each one sees its own cluster only");
    let at = deployment.origin.of("rollout");
    let diagnostic =
        Diagnostic::new(codes::NOT_EXPRESSIBLE, at, message).label("an order of clusters is asked for here");
    let diagnostic =
        unkept.iter().take(3).fold(diagnostic, |diagnostic, (stage, why)| diagnostic.related(stage.span, why));
    diagnostic
        .related(hub.settings.span, "`mode = pull` here puts a Flux into each cluster")
        .help("write `mode = hub`, or let Argo CD deploy it: either sees all clusters and keeps the order")
        .help(format!("or leave `rollout` out, and {}", by_hand(deployment)))
        .note(example(deployment, unkept.last().map_or("later", |(stage, _)| &stage.name)))
}

/// What takes the place of an order: each stage names what it runs, and somebody moves that on.
fn by_hand(deployment: &Deployment) -> &'static str {
    match (&deployment.content, deployment.source.kind) {
        (Content::Chart(_), _) => {
            "give the clusters of each stage a `version`, raised once the stage before is healthy"
        }
        (Content::Objects(_), _) => {
            "say what changes in `on` blocks for the clusters of each stage, one after the other as they get healthy"
        }
        (Content::Path(_), SourceKind::Git) => {
            "give the clusters of each stage a source with its own branch or tag, moved once the stage before is healthy"
        }
        (Content::Path(_), SourceKind::Oci) => {
            "give the clusters of each stage a source with its own tag, moved once the stage before is healthy"
        }
        (Content::Path(_), _) => {
            "give the clusters of each stage a source of its own, filled once the stage before is healthy"
        }
    }
}

fn example(deployment: &Deployment, stage: &str) -> String {
    let component = &deployment.component;
    let source = &deployment.source;
    let of_stage = format!("{}-{stage}", source.name);
    let url = &source.url;
    let declaration = match (&deployment.content, source.kind) {
        (Content::Chart(chart), _) => {
            let version = &chart.version;
            return format!("for stage `{stage}` that is, in `{component}`, `on … {{ version = \"{version}\" }}`");
        }
        (Content::Objects(_), _) => {
            return format!("for stage `{stage}` that is, in `{component}`, `on … {{ … }}` with what is new");
        }
        (Content::Path(_), SourceKind::Git) => format!("git = \"{url}\", branch = \"{stage}\""),
        (Content::Path(_), SourceKind::Oci) => format!("oci = \"{url}\", tag = \"{stage}\""),
        (Content::Path(_), kind) => format!("{} = \"{url}/{stage}\"", kind.word()),
    };
    format!(
        "for stage `{stage}` that is `source {of_stage} {{ {declaration} }}` and, in `{component}`, \
         `on … {{ source = {of_stage} }}`"
    )
}
