//! The script that lets a Flux read this fleet: on the hub, or on each cluster.
//!
//! It makes a source and a Kustomization of its own, which nothing that Flux applies contains, so that Flux cannot prune what
//! it lives by. An installed Flux is left as it is.

use serde_json::{Value, json};

use super::hub::{Hub, source_ref};
use super::text::duration;
use super::{object, sources};
use crate::plan::Source;
use crate::target::shell::{head, of_names, quoted};
use crate::target::{OutputTree, yaml};

/// The script's file below Flux's folder.
const FILE: &str = "bootstrap.sh";

/// The name of the source and the Kustomization that it makes.
pub(super) const ROOT: &str = "fleet-root";

const ABOUT_HUB: [&str; 7] = [
    "Lets Flux on the hub reconcile the fleet. It may be run again.",
    "",
    "  sh bootstrap.sh CONTEXT",
    "",
    "Needs `kubectl` with that context of the kubeconfig, which is the hub, and `flux` where Flux is not installed yet.",
    "The Secrets with kubeconfigs are not made here.",
    "Not for a hub on which a Kustomization of yours leads to the folder already.",
];

const ABOUT_CLUSTERS: [&str; 7] = [
    "Lets the Flux of each cluster reconcile its folder. It may be run again.",
    "",
    "  sh bootstrap.sh              all clusters",
    "  sh bootstrap.sh NAME...      only these",
    "",
    "Needs `kubectl` with a context for each cluster, of the cluster's name, and `flux` where Flux is not installed yet.",
    "Not for a cluster that `flux bootstrap` was run for: its Flux has a root already.",
];

/// The script, where there is something to reconcile and a source that Flux reads.
pub(super) fn file(hub: &Hub, tree: &OutputTree) -> Option<(String, String)> {
    let home = hub.plan.home.as_deref()?;
    let folder = hub.folder();
    let manifest = manifest(hub, home)?;
    let exists = |path: &str| {
        let first = tree.range(format!("{path}/")..).next();
        first.is_some_and(|(file, _)| file.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')))
    };
    let functions = functions(hub, home, &manifest);
    let text = if hub.is_pull() {
        let parts: Vec<(&str, String)> = hub
            .plan
            .clusters
            .iter()
            .filter_map(|cluster| {
                let below = format!("clusters/{}", cluster.name);
                exists(&format!("{folder}/{below}"))
                    .then(|| (&*cluster.name, format!("  connect {} {}\n", quoted(&cluster.name), path(hub, &below))))
            })
            .collect();
        if parts.is_empty() {
            return None;
        }
        of_names(&head(&ABOUT_CLUSTERS), &functions, &parts)
    } else {
        if !exists(&format!("{folder}/hub")) {
            return None;
        }
        let usage = "context=${1:?usage: sh bootstrap.sh CONTEXT}";
        format!("{}{usage}\n\n{functions}\nconnect \"$context\" {}\n", head(&ABOUT_HUB), path(hub, "hub"))
    };
    Some((format!("{folder}/{FILE}"), text))
}

/// The line of YAML that says which folder, as a word of the shell.
fn path(hub: &Hub, below: &str) -> String {
    quoted(yaml::document(&json!({ "path": hub.below(below) })).trim_end())
}

/// The source and the Kustomization, whose last line, the folder, is still to come.
fn manifest(hub: &Hub, home: &Source) -> Option<String> {
    let kind = source_ref(home)?.kind;
    let mut source = sources::files_object(hub, home)?;
    if let Some(name) = source.pointer_mut("/metadata/name") {
        *name = json!(ROOT);
    }
    let spec = json!({
        "interval": duration(hub.settings.interval),
        "retryInterval": duration(hub.settings.retry),
        "timeout": duration(hub.settings.timeout),
        "prune": true,
        "wait": false,
        // Who deletes it deletes nothing else.
        "deletionPolicy": "Orphan",
        "sourceRef": { "kind": kind, "name": ROOT },
    });
    let metadata = json!({ "name": ROOT, "namespace": hub.settings.namespace });
    let root: Value = object::object("kustomize.toolkit.fluxcd.io/v1", "Kustomization", metadata, ("spec", spec));
    Some(format!("{}---\n{}", yaml::document(&source), yaml::document(&root)))
}

fn functions(hub: &Hub, home: &Source, manifest: &str) -> String {
    let namespace = quoted(&hub.settings.namespace);
    // A line of the manifest never begins so: it is YAML with keys of Kubernetes.
    let mut text = format!(
        "# root PATH: the source and the Kustomization that Flux begins with.\nroot() {{\n  cat <<'END-OF-MANIFEST'\n\
         {manifest}END-OF-MANIFEST\n  printf '  %s\\n' \"$1\"\n}}\n\n"
    );
    text.push_str(&format!(
        "# connect CONTEXT PATH: lets the Flux there reconcile the folder.\nconnect() {{\n  \
         if ! kubectl --context \"$1\" --namespace {namespace} get deployment kustomize-controller >/dev/null 2>&1; then\n    \
         flux install --context \"$1\" --namespace {namespace}\n  fi\n"
    ));
    if let Some(secret) = &home.secret {
        let secret = quoted(secret);
        text.push_str(&format!(
            "  if ! kubectl --context \"$1\" --namespace {namespace} get secret {secret} >/dev/null; then\n    \
             echo \"make this Secret first; Flux reads the repository with it\" >&2\n    exit 1\n  fi\n"
        ));
    }
    text.push_str(
        "  root \"$2\" | kubectl --context \"$1\" apply --server-side --field-manager fleetc --filename -\n}\n",
    );
    text
}
