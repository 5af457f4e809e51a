//! The script that registers clusters by Argo CD's own program.
//!
//! Facts (Argo CD 3.5, cmd/argocd/commands/cluster.go): `cluster add` takes a context of the kubeconfig, `cluster set` replaces
//! labels, annotations and namespaces, and the hub is known as `in-cluster` from the start. Neither takes a label or
//! annotation with a second `=`; the checker says so.

use super::{config, is_hub, server};
use crate::plan::registration::{Auth, eks_name};
use crate::plan::{Cluster, Plan};
use crate::target::shell::{command, head, of_names, quoted};

const ABOUT: [&str; 7] = [
    "Makes the clusters of the fleet known to Argo CD, and gives them their labels and annotations.",
    "It may be run again: what is known is only given what the fleet says now.",
    "",
    "Needs `argocd`, logged in, and in the kubeconfig a context for each cluster, of the cluster's name.",
    "",
    "  sh register.sh               all clusters",
    "  sh register.sh NAME...       only these",
];

const FUNCTIONS: &str = "\
# known NAME: whether Argo CD has a cluster of this name.
known() {
  argocd cluster get \"$1\" >/dev/null 2>&1
}

# reached_at NAME SERVER: fails unless Argo CD reaches the cluster where the fleet says.
reached_at() {
  found=$(argocd cluster get \"$1\" --output server)
  if [ \"${found%/}\" != \"$2\" ]; then
    echo \"$1 is registered with the server $found, and the fleet says $2\" >&2
    exit 1
  fi
}
";

/// The script for all clusters of `plan`.
pub(super) fn text(plan: &Plan) -> String {
    let parts: Vec<(&str, String)> = plan.clusters.iter().map(|cluster| (&*cluster.name, commands(cluster))).collect();
    of_names(&head(&ABOUT), FUNCTIONS, &parts)
}

fn commands(cluster: &Cluster) -> String {
    let name = quoted(&cluster.name);
    let mut text = if is_hub(cluster) {
        format!("  known {name} || argocd cluster set in-cluster --name {name}\n")
    } else {
        let first = format!("known {name} || argocd cluster add {name} --name {name} --yes");
        command(&first, &[sign_in(cluster), placed(cluster), described(cluster)].concat())
    };
    if let Some(server) = server(cluster) {
        text.push_str(&format!("  reached_at {name} {}\n", quoted(server)));
    }
    let described = described(cluster);
    if !described.is_empty() {
        text.push_str(&command(&format!("argocd cluster set {name}"), &described));
    }
    text
}

fn flag(name: &str, value: &str) -> String {
    format!("--{name} {}", quoted(value))
}

/// As whom Argo CD signs in; without it, as a service account that `cluster add` makes.
fn sign_in(cluster: &Cluster) -> Vec<String> {
    let (exec, interface) = config::EXEC;
    let program = |cloud: &str| {
        let words = [("exec-command", exec), ("exec-command-args", cloud), ("exec-command-api-version", interface)];
        words.iter().map(|(name, value)| flag(name, value)).collect::<Vec<_>>()
    };
    match &cluster.registration.auth {
        Some(Auth::Eks { role, cluster, profile }) => {
            let mut flags = vec![flag("aws-cluster-name", eks_name(cluster))];
            flags.extend(role.iter().map(|role| flag("aws-role-arn", role)));
            flags.extend(profile.iter().map(|profile| flag("aws-profile", profile)));
            flags
        }
        Some(Auth::Gke { .. }) => program("gcp"),
        Some(auth @ Auth::Aks { .. }) => {
            let mut flags = program("azure");
            let env = config::azure(auth);
            flags.extend(env.iter().map(|(key, value)| flag("exec-command-env", &field(&format!("{key}={value}")))));
            flags
        }
        Some(Auth::None) | None => Vec::new(),
    }
}

/// A field of a list with commas, as `--exec-command-env` reads it.
fn field(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

/// What can only be said when a cluster is added.
fn placed(cluster: &Cluster) -> Vec<String> {
    let registration = &cluster.registration;
    let mut flags: Vec<String> = registration.projects.iter().map(|project| flag("project", project)).collect();
    flags.extend(registration.shard.map(|shard| flag("shard", &shard.to_string())));
    flags
}

/// What may be said again.
fn described(cluster: &Cluster) -> Vec<String> {
    let registration = &cluster.registration;
    let mut flags: Vec<String> = registration.namespaces.iter().map(|namespace| flag("namespace", namespace)).collect();
    flags.extend(registration.labels.iter().map(|(key, value)| flag("label", &format!("{key}={value}"))));
    flags.extend(registration.annotations.iter().map(|(key, value)| flag("annotation", &format!("{key}={value}"))));
    flags
}
