//! What the registration of clusters lacks (F0308), what Argo CD cannot do of it (F0508), and what would be read for
//! something else (F0214, F0314, F0518).

use std::collections::BTreeMap;

use super::super::register::{KEPT, SECRET_TYPE, is_hub, server};
use super::{Context, Report};
use crate::diag::Diagnostic;
use crate::diag::codes::{INVALID_VALUE, MISSING_ATTRIBUTE, NOT_EXPRESSIBLE, RESERVED_NAME, SAME_SERVER};
use crate::plan::registration::Auth;
use crate::plan::{Cluster, Register};
use crate::source::Span;

pub(super) fn check(context: &Context<'_>, report: &mut Report<'_>) {
    let register = context.settings.register;
    if register == Register::None {
        return;
    }
    let mut servers: BTreeMap<&str, &Cluster> = BTreeMap::new();
    for cluster in &context.plan.clusters {
        match register {
            Register::Secrets => complete(context, cluster, report),
            Register::ExternalSecrets => has_store(context, cluster, report),
            Register::Script => fits_the_program(context, cluster, report),
            Register::None => {}
        }
        one_project(context, cluster, report);
        free_keys(cluster, report);
        let Some(server) = server(cluster) else { continue };
        is_url(cluster, server, report);
        match servers.get(server) {
            Some(first) => same_server(first, cluster, server, report),
            None => _ = servers.insert(server, cluster),
        }
    }
}

fn place(cluster: &Cluster, attribute: &str) -> Span {
    cluster.registration.place(attribute).unwrap_or(cluster.span)
}

fn registered_here<'d>(context: &Context<'_>) -> impl FnOnce(Diagnostic) -> Diagnostic + use<'d> {
    let at = context.settings.span;
    move |diagnostic| diagnostic.related(at, "this says to register the clusters")
}

/// F0308 for a Secret that would say too little.
fn complete(context: &Context<'_>, cluster: &Cluster, report: &mut Report<'_>) {
    let missing = |attribute: &str, label: &str, help: &str, report: &mut Report<'_>| {
        let message = format!("cluster `{}` has no `{attribute}`", cluster.name);
        let related = registered_here(context);
        report.once(MISSING_ATTRIBUTE, cluster.span, |d| related(d.label(label)).help(help), message);
    };
    if cluster.server.is_none() {
        let help = "add `server = \"https://…\"`; for the cluster that Argo CD runs on it is \
                    `https://kubernetes.default.svc`";
        missing("server", "the URL of its API server is missing", help, report);
    } else if cluster.registration.auth.is_none() && !is_hub(cluster) {
        let help = "add `auth = eks { role = \"arn:aws:iam::…:role/…\" }`, `gke`, `aks`, or `none` when the API server \
                    asks for nobody";
        missing("auth", "how Argo CD signs in is missing", help, report);
    }
}

/// F0308 for an ExternalSecret of no store, F0508 for certificates beside a configuration that comes whole from the store.
fn has_store(context: &Context<'_>, cluster: &Cluster, report: &mut Report<'_>) {
    if cluster.registration.ca.is_some() && cluster.registration.auth.is_none() && !is_hub(cluster) {
        let message = format!("the `ca` of `{}` would not reach Argo CD", cluster.name);
        let related = registered_here(context);
        let make = |d: Diagnostic| {
            d.label("without `auth` all of `config` comes from the store")
                .help("add `auth`, or put the certificates into the `config` of the store's entry")
        };
        report.once(NOT_EXPRESSIBLE, place(cluster, "ca"), |d| related(make(d)), message);
    }
    if cluster.registration.store.is_some() {
        return;
    }
    let message = "it is not said which store the external secrets come from".to_owned();
    let help = "add `register-store = …`, the name of a ClusterSecretStore on the hub";
    report.once(MISSING_ATTRIBUTE, context.settings.span, |d| d.label("names no store").help(help), message);
}

/// F0508 for what `argocd cluster` takes no flag for.
fn fits_the_program(context: &Context<'_>, cluster: &Cluster, report: &mut Report<'_>) {
    if cluster.registration.auth == Some(Auth::None) && !is_hub(cluster) {
        let message = format!("`argocd cluster add` cannot add `{}` without signing in", cluster.name);
        let help = "leave `auth` out for a service account that it makes, or write `register = secrets`";
        let related = registered_here(context);
        let make = |d: Diagnostic| related(d.label("asks for no identity")).help(help);
        report.once(NOT_EXPRESSIBLE, place(cluster, "auth"), make, message);
    }
    let split = cluster.registration.annotations.iter().find(|(_, text)| text.contains('='));
    if let Some((key, _)) = split {
        let message = format!("`argocd cluster set` cannot write the annotation `{key}` of `{}`", cluster.name);
        let help = "write `register = secrets`, or take the `=` out of the text";
        let related = registered_here(context);
        let make = |d: Diagnostic| {
            let label = "a text with `=`, at which the program splits";
            related(d.label(label)).help(help).note("facts are annotations, too")
        };
        report.once(NOT_EXPRESSIBLE, place(cluster, "annotations"), make, message);
    }
}

/// F0508 for several projects.
fn one_project(context: &Context<'_>, cluster: &Cluster, report: &mut Report<'_>) {
    if cluster.registration.projects.len() < 2 {
        return;
    }
    let message = format!("Argo CD keeps a cluster for one project, and `{}` names several", cluster.name);
    let help = "name one project, or none, and say in `clusters` of each project which clusters it may use";
    let related = registered_here(context);
    let make = |d: Diagnostic| related(d.label("a cluster's Secret has one field for it")).help(help);
    report.once(NOT_EXPRESSIBLE, place(cluster, "projects"), make, message);
}

/// F0214 for labels and annotations that fleetc writes itself.
fn free_keys(cluster: &Cluster, report: &mut Report<'_>) {
    let registration = &cluster.registration;
    let label = registration.labels.keys().find(|key| key.as_str() == SECRET_TYPE.0);
    let annotation = registration.annotations.keys().find(|key| KEPT.iter().any(|(kept, _)| kept == key));
    for (key, what, at) in [(label, "label", cluster.span), (annotation, "annotation", place(cluster, "annotations"))] {
        let Some(key) = key else { continue };
        let message = format!("the {what} `{key}` of a cluster's Secret is taken");
        let make = |d: Diagnostic| d.label("written by fleetc itself").help(format!("leave the {what} out"));
        report.once(RESERVED_NAME, at, make, message);
    }
}

/// F0314 for a server that no client could call.
fn is_url(cluster: &Cluster, server: &str, report: &mut Report<'_>) {
    let host = server.strip_prefix("https://").or_else(|| server.strip_prefix("http://"));
    if host.is_some_and(|host| !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || c.is_control())) {
        return;
    }
    let message = format!("`{server}` is no URL of an API server");
    let make =
        |d: Diagnostic| d.label("expected `https://` and a host").help("write for example `https://10.0.0.1:6443`");
    report.once(INVALID_VALUE, place(cluster, "server"), make, message);
}

/// F0518: Argo CD keeps one cache for a server, and looks a cluster up by it.
fn same_server(first: &Cluster, second: &Cluster, server: &str, report: &mut Report<'_>) {
    let message = format!("`{}` and `{}` have the same `server`", first.name, second.name);
    // One that both have from elsewhere is nobody's in particular.
    let (one, two) = match (place(first, "server"), place(second, "server")) {
        (one, two) if one == two => (first.span, second.span),
        both => both,
    };
    let make = |d: Diagnostic| {
        d.label(format!("`{server}` again"))
            .related(one, format!("`{}` has it, too", first.name))
            .help("give each cluster its own, such as `server = \"https://${cluster}.example.com\"`")
    };
    report.once(SAME_SERVER, two, make, message);
}
