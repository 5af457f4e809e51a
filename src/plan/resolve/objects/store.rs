//! A `store`: a ClusterSecretStore, signed in by an identity of the cluster and never by a credential.

use serde_json::{Map, Value, json};

use super::{EXTERNAL_SECRETS, STORE_KIND, insert, missing, pair, whole};
use crate::plan::resolve::check;
use crate::plan::resolve::deployment::Attributes;
use crate::plan::resolve::pick::{Picked, Poison};
use crate::plan::resolve::sources::exclusive;

/// The ConfigMap with the cluster's own authority, which every namespace has.
const OWN_CA: &str = "kube-root-ca.crt";

/// What a provider takes.
struct Provider {
    /// The word for it.
    word: &'static str,
    /// Its name for readers.
    name: &'static str,
    /// The attributes that it needs.
    needs: &'static [&'static str],
    /// The others that it takes.
    takes: &'static [&'static str],
}

const PROVIDERS: [Provider; 6] = [
    Provider {
        word: "aws-secrets-manager",
        name: "AWS Secrets Manager",
        needs: &["region"],
        takes: &["role", "identity"],
    },
    Provider {
        word: "aws-parameter-store",
        name: "the AWS Parameter Store",
        needs: &["region"],
        takes: &["role", "identity"],
    },
    Provider {
        word: "gcp-secret-manager",
        name: "Google Secret Manager",
        needs: &["gcp-project"],
        takes: &["identity"],
    },
    Provider {
        word: "azure-key-vault",
        name: "Azure Key Vault",
        needs: &["vault-url"],
        takes: &["tenant", "identity"],
    },
    Provider {
        word: "vault",
        name: "Vault",
        needs: &["server", "role"],
        takes: &["path", "version", "mount", "vault-namespace", "identity", "ca"],
    },
    Provider {
        word: "kubernetes",
        name: "a Kubernetes API server",
        needs: &["identity"],
        takes: &["server", "remote-namespace", "ca"],
    },
];

/// The attributes that belong to some provider.
const OF_PROVIDERS: [&str; 12] = [
    "region",
    "role",
    "gcp-project",
    "vault-url",
    "tenant",
    "server",
    "path",
    "version",
    "mount",
    "vault-namespace",
    "remote-namespace",
    "ca",
];

/// The ClusterSecretStore.
pub(super) fn object(at: &mut Attributes) -> Picked<Value> {
    let Some(word) = at.text("provider")? else {
        return Err(missing(
            at,
            "provider",
            "who keeps the secrets?",
            "write for example `provider = aws-secrets-manager`",
        ));
    };
    // Another word was reported.
    let provider = PROVIDERS.iter().find(|provider| provider.word == word).ok_or(Poison)?;
    let settings = settings(at, provider);
    let namespaces = at.texts("namespaces");
    let mut spec = Map::new();
    spec.insert("provider".into(), settings?);
    let namespaces = namespaces?;
    if !namespaces.is_empty() {
        spec.insert("conditions".into(), json!([{ "namespaces": namespaces }]));
    }
    let metadata = json!({ "name": at.spot.layers.name.text });
    Ok(whole(EXTERNAL_SECRETS, STORE_KIND, metadata, Value::Object(spec)))
}

/// `spec.provider`, once it is clear that the store has what its provider needs and nothing that is another one's.
fn settings(at: &mut Attributes, provider: &Provider) -> Picked<Value> {
    let mut texts = Map::new();
    let mut sound = Ok(());
    for name in OF_PROVIDERS {
        let takes = provider.needs.contains(&name) || provider.takes.contains(&name);
        match at.filled(name) {
            Ok(Some(_)) if !takes => {
                let (span, of) = (at.span(name), at.span("provider"));
                at.report(exclusive(span, name, of, "provider", &format!("{} has no `{name}`", provider.name)));
                sound = Err(Poison);
            }
            Ok(Some(text)) => _ = texts.insert(name.to_owned(), json!(text)),
            Ok(None) => {}
            Err(poison) => sound = Err(poison),
        }
    }
    let (identity, ca) = (pair(at, "identity"), pair(at, "ca"));
    for url in ["server", "vault-url"] {
        if let Some(Value::String(text)) = texts.get(url).cloned()
            && !text.starts_with("https://")
            && !text.starts_with("http://")
        {
            let span = at.span(url);
            let message = format!("`{text}` is no URL of a server");
            at.report(check::invalid(span, message, "expected `https://…`", "write the whole URL, with `https://`"));
            sound = Err(Poison);
        }
    }
    let (identity, ca) = (identity?, ca?);
    for name in provider.needs {
        let there = texts.contains_key(*name) || (*name == "identity" && identity.is_some());
        if !there && sound.is_ok() {
            let help = if *name == "identity" {
                "write `identity = \"namespace/name\"`, a ServiceAccount that may read them".to_owned()
            } else {
                format!("write `{name} = \"…\"`")
            };
            sound = Err(missing(at, name, &format!("{} needs it", provider.name), &help));
        }
    }
    sound?;
    Ok(written(provider, &texts, identity, ca))
}

fn written(
    provider: &Provider,
    texts: &Map<String, Value>,
    identity: Option<(String, String)>,
    ca: Option<(String, String)>,
) -> Value {
    let text = |name: &str| texts.get(name).cloned();
    let account = identity.as_ref().map(|(namespace, name)| json!({ "name": name, "namespace": namespace }));
    let authority = |(namespace, name): &(String, String)| json!({ "type": "ConfigMap", "name": name, "namespace": namespace, "key": "ca.crt" });
    let mut spec = Map::new();
    let key = match provider.word {
        "gcp-secret-manager" => {
            insert(&mut spec, "projectID", text("gcp-project"));
            let auth = account.map(|account| json!({ "workloadIdentity": { "serviceAccountRef": account } }));
            insert(&mut spec, "auth", auth);
            "gcpsm"
        }
        "azure-key-vault" => {
            spec.insert("authType".into(), json!("WorkloadIdentity"));
            insert(&mut spec, "vaultUrl", text("vault-url"));
            insert(&mut spec, "tenantId", text("tenant"));
            insert(&mut spec, "serviceAccountRef", account);
            "azurekv"
        }
        "vault" => {
            insert(&mut spec, "server", text("server"));
            insert(&mut spec, "path", text("path"));
            spec.insert("version".into(), text("version").unwrap_or_else(|| json!("v2")));
            insert(&mut spec, "namespace", text("vault-namespace"));
            insert(&mut spec, "caProvider", ca.as_ref().map(authority));
            let mut login = Map::new();
            login.insert("mountPath".into(), text("mount").unwrap_or_else(|| json!("kubernetes")));
            insert(&mut login, "role", text("role"));
            insert(&mut login, "serviceAccountRef", account);
            spec.insert("auth".into(), json!({ "kubernetes": login }));
            "vault"
        }
        "kubernetes" => {
            insert(&mut spec, "remoteNamespace", text("remote-namespace"));
            // The operator's own API server shows a certificate of the cluster's own authority.
            let own = || identity.as_ref().map(|(namespace, _)| (namespace.clone(), OWN_CA.to_owned()));
            let ca = ca.or_else(|| own().filter(|_| text("server").is_none()));
            let mut server = Map::new();
            insert(&mut server, "url", text("server"));
            insert(&mut server, "caProvider", ca.as_ref().map(authority));
            insert(&mut spec, "server", (!server.is_empty()).then_some(Value::Object(server)));
            insert(&mut spec, "auth", account.map(|account| json!({ "serviceAccount": account })));
            "kubernetes"
        }
        word => {
            let service = if word == "aws-parameter-store" { "ParameterStore" } else { "SecretsManager" };
            spec.insert("service".into(), json!(service));
            insert(&mut spec, "region", text("region"));
            insert(&mut spec, "role", text("role"));
            insert(&mut spec, "auth", account.map(|account| json!({ "jwt": { "serviceAccountRef": account } })));
            "aws"
        }
    };
    json!({ key: spec })
}
