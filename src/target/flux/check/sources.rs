//! Sources that Flux can fetch.

use super::super::hub::Hub;
use super::super::sources::{Bucket, Uses, reference, uses};
use super::Report;
use crate::diag::{Diagnostic, codes};
use crate::plan::{Content, Deployment, Revision, Source, SourceKind};

pub(super) fn check(hub: &Hub, report: &mut Report) {
    for (source, uses) in uses(hub).into_values() {
        match source.kind {
            SourceKind::Git => check_git(source, uses, report),
            SourceKind::Oci => check_oci(hub, source, uses, report),
            SourceKind::Helm => check_scheme(source, &["https", "http", "oci"], report),
            SourceKind::Bucket if Bucket::parse(&source.url).is_none() => unreadable_bucket(source, report),
            SourceKind::Bucket => {}
        }
    }
    if let Some(home) = hub.plan.home.as_deref().filter(|home| home.kind == SourceKind::Helm) {
        let message = format!("the fleet's source `{}` is a Helm repository, which holds no manifests", home.name);
        report.add(unsupported(home, message).help("name a source with `git`, `oci` or `bucket`"));
    }
    for deployment in &hub.plan.deployments {
        check_use(deployment, report);
    }
}

fn check_git(source: &Source, uses: Uses, report: &mut Report) {
    if let Some(url) = scp_as_url(&source.url) {
        // source-controller, api/v1: the URL's pattern is `^(http|https|ssh)://`.
        let message = format!("Flux does not read `{}`, a Git address without a scheme", source.url);
        report.add(unsupported(source, message).help(format!("write `git = \"{url}\"`")));
        return;
    }
    check_scheme(source, &["https", "http", "ssh"], report);
    if uses.files && source.revision == Revision::Default {
        let message = format!("source `{}` names no branch, tag, range or commit", source.name);
        report.add(
            Diagnostic::new(codes::MISSING_ATTRIBUTE, source.span, message)
                .help("write `branch = \"main\"`, or the branch that is meant")
                .note("without one Flux reads the branch `master`, whatever the repository's own default is"),
        );
    }
}

fn check_oci(hub: &Hub, source: &Source, uses: Uses, report: &mut Report) {
    if !source.url.starts_with("oci://") {
        check_scheme(source, &["oci"], report);
        return;
    }
    let last = source.url.rsplit('/').next().unwrap_or_default();
    if last.contains([':', '@']) && uses.files {
        let message = format!("the URL of `{}` names a version", source.name);
        report.add(unsupported(source, message).help("write the version as `tag = \"…\"` or `semver = \"…\"`"));
    }
    if uses.files {
        report.needs(hub, 6, source.span, "an OCI source of manifests");
        if reference(source).is_none() {
            let message = format!("source `{}` of kind `oci` has neither branches nor commits", source.name);
            report.add(unsupported(source, message).help("write `tag = \"…\"` or `semver = \"…\"`"));
        }
    }
    if uses.charts && uses.whole_chart {
        let message =
            format!("source `{}` is a chart for one component and a registry of charts for another", source.name);
        report.add(unsupported(source, message).help("declare the registry and the chart as two sources"));
    }
}

fn check_scheme(source: &Source, schemes: &[&str], report: &mut Report) {
    let scheme = source.url.split_once("://").map(|(scheme, _)| scheme);
    if scheme.is_some_and(|scheme| schemes.contains(&scheme)) {
        return;
    }
    let message = format!("Flux does not read `{}` as a source of kind `{}`", source.url, source.kind.word());
    let known: Vec<String> = schemes.iter().map(|scheme| format!("`{scheme}://`")).collect();
    report.add(unsupported(source, message).help(format!("write a URL that begins with {}", known.join(" or "))));
}

fn unreadable_bucket(source: &Source, report: &mut Report) {
    let message = format!("`{}` names no bucket", source.url);
    report.add(unsupported(source, message).help(
        "write `s3://bucket`, `gs://bucket`, `https://name.blob.core.windows.net/container` or `https://host/bucket`",
    ));
}

/// Charts come from repositories of charts, manifests from everything else.
fn check_use(deployment: &Deployment, report: &mut Report) {
    let source = &deployment.source;
    let holds_charts = matches!(source.kind, SourceKind::Helm | SourceKind::Oci);
    let (wrong, attribute, help) = match deployment.content {
        Content::Path(_) => (source.kind == SourceKind::Helm, "path", "name a chart of it with `chart`"),
        // They are read from the fleet's own source, which was checked.
        Content::Objects(_) => return,
        Content::Chart(_) => (!holds_charts, "chart", "name a source with `helm` or `oci`"),
    };
    if wrong {
        let message = format!("a source of kind `{}` has no `{attribute}`", source.kind.word());
        report.add(
            Diagnostic::new(codes::UNSUPPORTED_SOURCE, deployment.origin.of(attribute), message)
                .related(source.span, format!("`{}` is declared here", source.name))
                .help(help),
        );
    }
}

fn unsupported(source: &Source, message: String) -> Diagnostic {
    Diagnostic::new(codes::UNSUPPORTED_SOURCE, source.span, message)
}

/// `git@host:path` as the URL that Flux reads.
fn scp_as_url(address: &str) -> Option<String> {
    let (host, path) = address.split_once(':')?;
    let is_address = !host.is_empty() && !host.contains('/') && !path.starts_with("//");
    is_address.then(|| format!("ssh://{host}/{}", path.trim_start_matches('/')))
}
