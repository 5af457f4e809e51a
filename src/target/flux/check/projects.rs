//! What a project says that Flux cannot hold.

use super::super::hub::Hub;
use super::Report;
use crate::diag::{Diagnostic, codes};

/// Flux reconciles whenever something changes and at its intervals; it knows no time of the day.
pub(super) fn check(hub: &Hub, report: &mut Report) {
    for project in &hub.plan.projects {
        let Some(window) = project.windows.first() else { continue };
        let of_project = |d: &&crate::plan::Deployment| d.project.as_ref() == Some(&project.name);
        let Some(deployment) = hub.plan.deployments.iter().find(of_project) else { continue };
        report.add(
            Diagnostic::new(
                codes::NOT_EXPRESSIBLE,
                window.span,
                "Flux has no windows: it applies whatever is new at any time",
            )
            .label(format!("of `{}`, which Flux deploys", project.name))
            .related(deployment.origin.component, format!("`{}` is of this project", deployment.component))
            .related(hub.settings.span, "Flux is declared here")
            .help("give what Flux deploys another project, or hold it by hand with `suspend = true`"),
        );
    }
}
