//! `config` of a cluster's Secret: JSON that says how Argo CD signs in.
//!
//! Facts (Argo CD 3.5, types.go, ClusterConfig): `awsAuthConfig` and `execProviderConfig` name identities; for the cluster that
//! it runs on Argo CD reads neither.

use serde_json::{Map, Value, json};

use crate::plan::base64;
use crate::plan::registration::{Auth, eks_name};

/// The program in Argo CD's image that signs in to clouds, and the interface that it speaks.
pub(super) const EXEC: (&str, &str) = ("argocd-k8s-auth", "client.authentication.k8s.io/v1beta1");

/// The configuration for `auth`, with the certificates of `ca` or what stands for them, in base64.
pub(super) fn of(auth: &Auth, ca_data: Option<String>) -> Value {
    let mut config = Map::new();
    match auth {
        Auth::Eks { role, cluster, profile } => {
            let mut aws = Map::new();
            aws.insert("clusterName".to_owned(), json!(eks_name(cluster)));
            aws.extend(role.iter().map(|role| ("roleARN".to_owned(), json!(role))));
            aws.extend(profile.iter().map(|profile| ("profile".to_owned(), json!(profile))));
            config.insert("awsAuthConfig".to_owned(), Value::Object(aws));
        }
        Auth::Gke { .. } => _ = config.insert("execProviderConfig".to_owned(), exec("gcp", &[])),
        Auth::Aks { .. } => _ = config.insert("execProviderConfig".to_owned(), exec("azure", &azure(auth))),
        Auth::None => {}
    }
    let mut tls = Map::new();
    tls.insert("insecure".to_owned(), json!(false));
    tls.extend(ca_data.map(|data| ("caData".to_owned(), json!(data))));
    config.insert("tlsClientConfig".to_owned(), Value::Object(tls));
    Value::Object(config)
}

/// The base64 of certificates.
pub(super) fn ca_data(pem: &str) -> String {
    base64::encode(pem.as_bytes())
}

fn exec(cloud: &str, env: &[(&str, &str)]) -> Value {
    let (command, interface) = EXEC;
    let mut exec = Map::new();
    exec.insert("command".to_owned(), json!(command));
    exec.insert("args".to_owned(), json!([cloud]));
    if !env.is_empty() {
        let env: Map<String, Value> = env.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
        exec.insert("env".to_owned(), Value::Object(env));
    }
    exec.insert("apiVersion".to_owned(), json!(interface));
    Value::Object(exec)
}

/// What the program is told of Azure. What is not said of the identity comes from the pod that it runs in.
pub(super) fn azure(auth: &Auth) -> Vec<(&'static str, &str)> {
    let Auth::Aks { client, tenant, environment, .. } = auth else { return Vec::new() };
    let mut env = vec![
        ("AAD_ENVIRONMENT_NAME", environment.as_deref().unwrap_or("AzurePublicCloud")),
        ("AAD_LOGIN_METHOD", "workloadidentity"),
    ];
    env.extend(client.as_deref().map(|client| ("AZURE_CLIENT_ID", client)));
    env.extend(tenant.as_deref().map(|tenant| ("AZURE_TENANT_ID", tenant)));
    env
}
