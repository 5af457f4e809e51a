//! What the declared version of Argo CD does not have yet (F0501).

use super::{Context, Report};
use crate::diag::codes::NEEDS_NEWER_ENGINE;
use crate::kinds::Engine;
use crate::plan::raw::newer_than;
use crate::plan::{Content, Deployment, Source, SourceKind, Version};
use crate::source::Span;

/// OCI artifacts as sources, `oci://…` with a path (Argo CD 3.1, util/oci).
const OCI_SOURCES: Version = Version { major: 3, minor: 1 };

/// Sync options that act on a whole Application since a minor later than 3.0 (argocd: controller/sync.go and
/// controller/appcontroller.go at the tags v3.0.23 to v3.5.1).
const SYNC_OPTIONS: [(&str, Version); 4] = [
    ("ClientSideApplyMigration=", Version { major: 3, minor: 1 }),
    ("SkipDryRunOnMissingResource=", Version { major: 3, minor: 1 }),
    ("Prune=", Version { major: 3, minor: 4 }),
    ("Delete=", Version { major: 3, minor: 4 }),
];

pub(super) fn check(context: &Context<'_>, report: &mut Report<'_>) {
    let Version { major, minor } = context.settings.version;
    for object in &context.plan.hub_objects {
        for newer in newer_than(&object.newer, Engine::ArgoCd, (major, minor)) {
            let (major, minor) = newer.since;
            needs(context, Version { major, minor }, newer.span, &newer.what, report);
        }
    }
    if let Some(home) = context.plan.home.as_deref().filter(|home| home.kind == SourceKind::Oci) {
        needs(context, OCI_SOURCES, home.span, "an OCI registry that holds manifests", report);
    }
    for deployment in &context.plan.deployments {
        if is_oci_artifact(&deployment.source, deployment) {
            let span = deployment.origin.of("source");
            needs(context, OCI_SOURCES, span, "an OCI source without the name of a chart", report);
        }
        for option in &deployment.sync_options {
            for (prefix, since) in SYNC_OPTIONS {
                if option.starts_with(prefix) {
                    let what = format!("the sync option `{option}` of an Application");
                    needs(context, since, deployment.origin.of("sync-options"), &what, report);
                }
            }
        }
        for newer in deployment.raw.newer_than(Engine::ArgoCd, (major, minor)) {
            let (major, minor) = newer.since;
            needs(context, Version { major, minor }, newer.span, &newer.what, report);
        }
    }
}

fn is_oci_artifact(source: &Source, deployment: &Deployment) -> bool {
    let chart = matches!(&deployment.content, Content::Chart(chart) if !chart.name.is_empty());
    source.kind == SourceKind::Oci && !chart
}

/// F0501 for `what`, unless the declared version has it.
pub(super) fn needs(context: &Context<'_>, since: Version, span: Span, what: &str, report: &mut Report<'_>) {
    let declared = context.settings.version;
    if declared >= since {
        return;
    }
    let text = |version: Version| format!("{}.{}", version.major, version.minor);
    let message = format!("{what} needs Argo CD {}", text(since));
    report.once(
        NEEDS_NEWER_ENGINE,
        span,
        |d| {
            d.label(format!("Argo CD {} has no such thing", text(declared)))
                .related(context.settings.span, format!("the fleet is built for Argo CD {}", text(declared)))
                .help(format!("upgrade Argo CD and write `version = \"{}\"`", text(since)))
        },
        message,
    );
}
