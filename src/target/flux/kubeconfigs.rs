//! How the hub's Flux reaches clusters: a file for Terraform that makes kubeconfig Secrets, and the ConfigMaps of workload
//! identity.
//!
//! Neither holds a credential. A token comes from a variable of Terraform, and with workload identity there is none.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::hub::Hub;
use super::object;
use crate::plan::registration::Auth;
use crate::plan::{Cluster, Kubeconfig, Provisioner, base64};

/// The file for Terraform, below Flux's folder. It stands in no folder that Flux reads.
pub(super) const TERRAFORM: &str = "kubeconfigs.tf.json";

/// The Kustomization of the hub's root would take the map away together with what is deployed by it, which Flux could then
/// not delete any more.
const KEPT: (&str, &str) = ("kustomize.toolkit.fluxcd.io/prune", "disabled");

/// The ConfigMaps on the hub, each with its cluster's name.
pub(super) fn config_maps<'a>(hub: &Hub<'a>) -> Vec<(&'a str, Value)> {
    let clusters = hub.plan.clusters.iter().filter(|_| !hub.is_pull());
    clusters.filter_map(|cluster| Some((&*cluster.name, config_map(hub, cluster)?))).collect()
}

/// The ConfigMap of a cluster that says how to sign in; none where it does not: then the map is the user's own.
fn config_map(hub: &Hub, cluster: &Cluster) -> Option<Value> {
    let Kubeconfig::ConfigMap { name } = &cluster.kubeconfig else { return None };
    let identity = identity(cluster)?;
    let mut data = Map::new();
    data.insert("provider".into(), json!(identity.provider));
    data.insert("cluster".into(), json!(identity.cluster?));
    data.extend(cluster.server.iter().map(|server| ("address".to_owned(), json!(server))));
    data.extend(cluster.registration.ca.iter().map(|pem| ("ca.crt".to_owned(), json!(pem))));
    let annotations = BTreeMap::from([(KEPT.0.to_owned(), KEPT.1.to_owned())]);
    let metadata = object::metadata(hub, name, BTreeMap::new(), annotations);
    Some(object::object("v1", "ConfigMap", metadata, ("data", Value::Object(data))))
}

/// What Flux has to know of a cluster in a cloud.
pub(super) struct Identity<'a> {
    /// The cloud.
    pub(super) provider: &'static str,
    /// The cluster's name in the cloud's API, if it has the form that Flux reads.
    pub(super) cluster: Option<&'a str>,
    /// The form.
    pub(super) form: &'static str,
}

/// The identity by which Flux signs in; none where nothing or nobody is said.
///
/// The forms are those that fluxcd/pkg parses (auth/aws, auth/azure and auth/gcp, options.go).
pub(super) fn identity(cluster: &Cluster) -> Option<Identity<'_>> {
    let (provider, name, form): (_, Option<&str>, _) = match cluster.registration.auth.as_ref()? {
        Auth::Eks { cluster, .. } => ("aws", Some(cluster.as_str()), "arn:aws:eks:<region>:<account>:cluster/<name>"),
        Auth::Gke { cluster } => ("gcp", cluster.as_deref(), "projects/<project>/locations/<location>/clusters/<name>"),
        Auth::Aks { cluster, .. } => (
            "azure",
            cluster.as_deref(),
            "/subscriptions/<id>/resourceGroups/<name>/providers/Microsoft.ContainerService/managedClusters/<name>",
        ),
        Auth::None => return None,
    };
    Some(Identity { provider, cluster: name.filter(|name| has_form(name, form)), form })
}

/// Whether `text` is `form` with something, without its separator, for each `<…>`. `aws` stands for each partition of AWS.
fn has_form(text: &str, form: &str) -> bool {
    let separator = if form.starts_with("arn:") { ':' } else { '/' };
    let (parts, forms): (Vec<&str>, Vec<&str>) = (text.split(separator).collect(), form.split(separator).collect());
    let fits = |(part, form): (&&str, &&str)| match form.split_once('<') {
        Some((before, _)) => part.strip_prefix(before).is_some_and(|rest| !rest.is_empty() && !rest.contains('/')),
        None if *form == "aws" => part.starts_with("aws"),
        None => part.eq_ignore_ascii_case(form),
    };
    parts.len() == forms.len() && parts.iter().zip(&forms).all(fits)
}

/// The text of the file for Terraform, where one is asked for.
pub(super) fn terraform(hub: &Hub) -> Option<String> {
    if hub.settings.provisioner == Provisioner::None || hub.plan.clusters.is_empty() {
        return None;
    }
    let mut secrets = Map::new();
    for cluster in &hub.plan.clusters {
        let Kubeconfig::Secret { name, key } = &cluster.kubeconfig else { continue };
        let mut resource = Map::new();
        resource
            .insert("metadata".into(), json!({ "name": literal(name), "namespace": literal(&hub.settings.namespace) }));
        resource.insert("type".into(), json!("Opaque"));
        resource.insert("data".into(), json!({ literal(key): format!("${{yamlencode({})}}", reference(cluster)) }));
        if cluster.protected {
            resource.insert("lifecycle".into(), json!({ "prevent_destroy": true }));
        }
        secrets.insert(identifier(&cluster.name), Value::Object(resource));
    }
    let kubeconfigs: Map<String, Value> =
        hub.plan.clusters.iter().map(|cluster| (identifier(&cluster.name), kubeconfig(cluster))).collect();
    let module = json!({
        "//": "Code generated by fleetc. DO NOT EDIT.",
        "terraform": {
            "required_version": ">= 1.3",
            "required_providers": { "kubernetes": { "source": "hashicorp/kubernetes" } },
        },
        "variable": {
            "clusters": {
                "description": "What is not in Git of each cluster, by its name: the token of the service account that \
                                Flux acts as, and the URL and the CA (base64) of the API server where the fleet does \
                                not say them.",
                "type": "map(object({ token = string, server = optional(string), ca = optional(string) }))",
                "sensitive": true,
            },
        },
        "locals": { "kubeconfigs": kubeconfigs },
        "resource": { "kubernetes_secret": secrets },
    });
    Some(format!("{module:#}\n"))
}

fn reference(cluster: &Cluster) -> String {
    format!("local.kubeconfigs.{}", identifier(&cluster.name))
}

/// The kubeconfig of a cluster, as an expression.
fn kubeconfig(cluster: &Cluster) -> Value {
    let name = literal(&cluster.name);
    // Names of clusters hold nothing that a string of the language would read as something else.
    let variable = |attribute: &str| format!("${{var.clusters[\"{}\"].{attribute}}}", cluster.name);
    let server = cluster.server.as_deref().map_or_else(|| variable("server"), literal);
    let ca = cluster.registration.ca.as_deref().map_or_else(|| variable("ca"), |pem| base64::encode(pem.as_bytes()));
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{ "name": name, "cluster": { "server": server, "certificate-authority-data": ca } }],
        "users": [{ "name": name, "user": { "token": variable("token") } }],
        "contexts": [{ "name": name, "context": { "cluster": name, "user": name } }],
        "current-context": name,
    })
}

/// A text in Terraform's JSON, where every text is a template.
fn literal(text: &str) -> String {
    text.replace("${", "$${").replace("%{", "%%{")
}

/// A name of Terraform for a cluster: no other cluster has it, since no cluster's name holds `_`.
fn identifier(cluster: &str) -> String {
    format!("cluster_{}", cluster.replace('.', "_"))
}
