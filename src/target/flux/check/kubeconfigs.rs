//! How the hub's Flux reaches clusters: that it is told what it needs (F0308, F0314), and each cluster by a name of its own
//! (F0408).

use std::collections::BTreeMap;

use super::super::hub::Hub;
use super::super::kubeconfigs::identity;
use super::Report;
use crate::diag::{Diagnostic, codes};
use crate::plan::registration::Auth;
use crate::plan::{Cluster, Kubeconfig, Provisioner};

pub(super) fn check(hub: &Hub, report: &mut Report) {
    if hub.is_pull() {
        return;
    }
    let mut written: BTreeMap<(&str, &str), &Cluster> = BTreeMap::new();
    for cluster in &hub.plan.clusters {
        let object = match &cluster.kubeconfig {
            Kubeconfig::ConfigMap { name } => {
                check_identity(hub, cluster, report);
                identity(cluster).map(|_| ("ConfigMap", name))
            }
            Kubeconfig::Secret { name, .. } => {
                (hub.settings.provisioner == Provisioner::Terraform).then_some(("Secret", name))
            }
        };
        let Some((kind, name)) = object else { continue };
        if !is_name(name) {
            let message = format!("Kubernetes does not take `{name}` as the name of a {kind}");
            report.add(
                Diagnostic::new(codes::INVALID_NAME, hub.settings.span, message)
                    .label(format!("would be written for `{}`", cluster.name))
                    .help("use lower-case letters, digits, `-` and `.`, with a letter or digit at both ends"),
            );
        }
        if let Some(first) = written.insert((kind, name), cluster) {
            let message = format!("the {kind} `{name}` would be that of `{}` and of `{}`", first.name, cluster.name);
            report.add(
                Diagnostic::new(codes::NAME_COLLISION, cluster.span, message)
                    .label("has no name of its own there")
                    .related(first.span, "the first is declared here")
                    .help("write `${cluster}` into the name that the `flux` block gives"),
            );
        }
    }
}

/// A DNS subdomain (RFC 1123).
fn is_name(text: &str) -> bool {
    let fits = |part: &str| {
        let bytes = part.as_bytes();
        let plain = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        bytes.iter().all(|b| plain(Some(b)) || *b == b'-') && plain(bytes.first()) && plain(bytes.last())
    };
    text.len() <= 253 && text.split('.').all(fits)
}

/// For workload identity Flux asks the cloud for the cluster, by its full name there.
fn check_identity(hub: &Hub, cluster: &Cluster, report: &mut Report) {
    let Some(identity) = identity(cluster).filter(|identity| identity.cluster.is_none()) else { return };
    let said = match cluster.registration.auth.as_ref() {
        Some(Auth::Eks { cluster, .. }) => Some(cluster),
        Some(Auth::Gke { cluster } | Auth::Aks { cluster, .. }) => cluster.as_ref(),
        Some(Auth::None) | None => None,
    };
    let (code, message) = match said {
        Some(said) => (codes::INVALID_VALUE, format!("Flux cannot find the cluster `{said}` by this name")),
        None => (codes::MISSING_ATTRIBUTE, format!("`auth` does not say which cluster `{}` is", cluster.name)),
    };
    let registration = &cluster.registration;
    let at = registration.place("auth.cluster").or_else(|| registration.place("auth")).unwrap_or(cluster.span);
    report.add(
        Diagnostic::new(code, at, message)
            .label("the cloud's full name of the cluster is missing")
            .related(hub.settings.span, "this signs in by workload identity, through `kubeconfig-map`")
            .help(format!("write `cluster = \"{}\"` with what stands for `<…>`", identity.form))
            .help("or leave `auth` out when the ConfigMap is yours"),
    );
}
