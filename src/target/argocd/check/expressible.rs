//! What Argo CD has no field for (F0508), sources that it cannot read (F0511), clusters without a URL (F0308).

use super::{Context, Report};
use crate::diag::codes::{MISSING_ATTRIBUTE, NOT_EXPRESSIBLE, UNSUPPORTED_SOURCE};
use crate::kinds::Object;
use crate::plan::{Content, Deployment, Destination, Source, SourceKind};
use crate::source::Span;

pub(super) fn check(context: &Context<'_>, report: &mut Report<'_>) {
    if let Some(home) = context.plan.home.as_deref().filter(|home| !is_readable(home.kind)) {
        let help = "keep the output in a Git repository".to_owned();
        unreadable(home.span, home, help, report);
    }
    for deployment in &context.plan.deployments {
        fields(deployment, report);
        objects(context, deployment, report);
        sources(deployment, report);
        tools(deployment, report);
        if context.settings.destination == Destination::Server {
            server(context, deployment, report);
        }
    }
}

fn fields(deployment: &Deployment, report: &mut Report<'_>) {
    let component = &deployment.component;
    let chart = matches!(deployment.content, Content::Chart(_));
    let own_account =
        deployment.service_account.is_some() && deployment.origin.attributes.contains_key("service-account");
    let rules = [
        (
            "substitute",
            !deployment.substitute.is_empty(),
            "Argo CD has no substitution",
            "write what differs between clusters as a `patch`, or deploy the component with Flux alone",
        ),
        (
            "service-account",
            own_account,
            "Argo CD takes the account from the project, not from an Application",
            "leave `service-account` out, or deploy the component with Flux alone",
        ),
        (
            "force",
            deployment.force,
            "an Application that syncs by itself cannot force",
            "leave `force` out, and annotate the objects that must be made anew with \
             `argocd.argoproj.io/sync-options: Force=true,Replace=true`",
        ),
        (
            "patch",
            chart && !deployment.patches.is_empty(),
            "Argo CD does not run kustomize on a Helm chart",
            "say it in `values`, or deploy the component with Flux alone",
        ),
        (
            "images",
            chart && !deployment.images.is_empty(),
            "Argo CD does not run kustomize on a Helm chart",
            "say it in `values`, or deploy the component with Flux alone",
        ),
    ];
    for (attribute, _, why, help) in rules.into_iter().filter(|(_, applies, ..)| *applies) {
        let message = format!("Argo CD cannot do what `{attribute}` of `{component}` says");
        report.once(NOT_EXPRESSIBLE, deployment.origin.of(attribute), |d| d.label(why).help(help), message);
    }
}

/// Argo CD 3.5, `ApplicationSource.ExplicitType`: an Application whose source names two tools is not synced at all.
fn tools(deployment: &Deployment, report: &mut Report<'_>) {
    if deployment.raw.keys.is_empty() {
        return;
    }
    let raw = |tool: &str| deployment.raw.span(Object::Application, &format!("source.{tool}"));
    let written = match &deployment.content {
        Content::Chart(_) => Some("helm"),
        Content::Path(_) if !deployment.patches.is_empty() || !deployment.images.is_empty() => Some("kustomize"),
        Content::Path(_) | Content::Objects(_) => None,
    };
    let said = ["directory", "helm", "kustomize", "plugin"].into_iter().filter_map(|tool| Some((tool, raw(tool)?)));
    let others: Vec<(&str, Span)> = said.filter(|(tool, _)| Some(*tool) != written).collect();
    let (first, second) = match (written, others.as_slice()) {
        (Some(written), [(tool, span), ..]) => (written, (*tool, *span)),
        (None, [(first, _), second, ..]) => (*first, *second),
        _ => return,
    };
    let message = format!("Argo CD makes manifests with `{first}` or with `{}`, not with both", second.0);
    let label = match written {
        Some("helm") => "the component is a chart".to_owned(),
        Some(_) => "the component has patches or images, which are kustomize's".to_owned(),
        None => format!("`{first}` is set as well"),
    };
    report.once(NOT_EXPRESSIBLE, second.1, |d| d.label(label).help("keep the fields of one of them"), message);
}

/// The objects of a cluster are files in the output, and of a cluster that nobody declared there can be none.
fn objects(context: &Context<'_>, deployment: &Deployment, report: &mut Report<'_>) {
    if deployment.objects().is_empty() || context.space.is_none() {
        return;
    }
    let message = format!("Argo CD cannot make `{}` on clusters that it finds by labels", deployment.component);
    report.once(
        NOT_EXPRESSIBLE,
        deployment.origin.component,
        |d| {
            d.label("its objects are files, one for each cluster")
                .related(context.settings.span, "clusters are found by labels here")
                .help(
                    "write `membership = static` for Argo CD, or put the objects into a folder or chart of a component",
                )
        },
        message,
    );
}

fn sources(deployment: &Deployment, report: &mut Report<'_>) {
    let source = &*deployment.source;
    if !is_readable(source.kind) {
        let help = "put the manifests into a Git repository or an OCI registry, or deploy with Flux alone".to_owned();
        unreadable(deployment.origin.of("source"), source, help, report);
    }
    let Content::Chart(chart) = &deployment.content else { return };
    // Argo CD 3.5, docs/user-guide/multiple_sources.md: `$ref/path` is a path in a Git repository.
    for source in chart.values_files.iter().map(|file| &*file.source).filter(|source| source.kind != SourceKind::Git) {
        let attribute =
            if deployment.origin.attributes.contains_key("values-source") { "values-source" } else { "values-files" };
        let help = "keep values files in a Git repository".to_owned();
        unreadable(deployment.origin.of(attribute), source, help, report);
    }
}

fn is_readable(kind: SourceKind) -> bool {
    kind != SourceKind::Bucket
}

fn unreadable(span: Span, source: &Source, help: String, report: &mut Report<'_>) {
    let kind = match source.kind {
        SourceKind::Bucket => "a bucket",
        SourceKind::Helm => "a Helm repository",
        SourceKind::Oci => "an OCI registry",
        SourceKind::Git => "a Git repository",
    };
    let message = format!("Argo CD cannot read this from {kind}");
    let label = format!("`{}` is {kind}", source.name);
    let related =
        |d: crate::diag::Diagnostic| if span == source.span { d } else { d.related(source.span, "declared here") };
    report.once(UNSUPPORTED_SOURCE, span, |d| related(d.label(label)).help(help), message);
}

fn server(context: &Context<'_>, deployment: &Deployment, report: &mut Report<'_>) {
    let Some(cluster) = context
        .clusters
        .get(&*deployment.cluster)
        .filter(|cluster| cluster.server.is_none() && !context.is_any(&cluster.name))
    else {
        return;
    };
    let message = format!("cluster `{}` has no `server`", cluster.name);
    report.once(
        MISSING_ATTRIBUTE,
        cluster.span,
        |d| {
            d.label("the URL of its API server is missing")
                .related(context.settings.span, "this says to address clusters by their server")
                .help("add `server = \"https://…\"` to the cluster, or write `destination = name` for Argo CD")
        },
        message,
    );
}
