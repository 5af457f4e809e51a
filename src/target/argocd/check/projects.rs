//! Windows and roles of projects that an AppProject cannot hold (F0508, F0501).

use super::{Context, Report};
use crate::diag::codes::NOT_EXPRESSIBLE;
use crate::plan::{Destination, ProjectClusters, Version};
use crate::source::Span;
use crate::target::argocd::reach;

/// Argo CD 3.1 gives a window a `description`.
const DESCRIBED_WINDOWS: Version = Version { major: 3, minor: 1 };

pub(super) fn check(context: &Context<'_>, report: &mut Report<'_>) {
    for project in &context.plan.projects {
        for window in &project.windows {
            if window.description.is_some() {
                super::version::needs(context, DESCRIBED_WINDOWS, window.span, "the `description` of a window", report);
            }
            by_name(context, &project.name, &window.components, window.span, report);
            let by_globs = matches!(window.clusters, ProjectClusters::Globs(_));
            if by_globs && context.space.is_some() && context.settings.destination == Destination::Server {
                unknown_servers(window.span, context.settings.span, report);
            }
        }
        for role in project.roles.iter().filter(|role| !role.actions.is_empty()) {
            by_name(context, &project.name, &role.components, role.span, report);
        }
    }
}

/// Of clusters that nobody declared a glob over names must tell the project's components apart.
fn by_name(context: &Context<'_>, project: &str, components: &[String], span: Span, report: &mut Report<'_>) {
    let Err((one, other)) = reach::applications(context, project, components) else { return };
    let message = format!("Argo CD cannot tell `{one}` from `{other}` on clusters that are found by labels");
    report.once(
        NOT_EXPRESSIBLE,
        span,
        |d| {
            d.label("chooses Applications by name")
                .related(context.settings.span, "clusters are found by their labels")
                .help("put them into two projects, or rename one so that neither name begins with the other")
        },
        message,
    );
}

fn unknown_servers(span: Span, settings: Span, report: &mut Report<'_>) {
    let message = "Argo CD compares a window with the servers of clusters, which are not known before they register";
    report.once(
        NOT_EXPRESSIBLE,
        span,
        |d| {
            d.label("chooses clusters by globs over their names")
                .related(settings, "clusters are found by labels and addressed by their servers")
                .help("write `destination = name`, or leave `clusters` out")
        },
        message.to_owned(),
    );
}
