//! How clusters are made known to the engines: fleets in `tests/registration` beside the objects that register their
//! clusters, and scripts that are run with programs that only write down how they are called.
//!
//! That Argo CD reads the Secrets as they are meant is compared in `tests/conformance/argocd`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]
#![allow(missing_docs)]

#[path = "support/golden.rs"]
mod golden;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use fleetc::analysis;
use fleetc::diag::Severity;
use fleetc::plan::registration::Auth;
use fleetc::plan::{Cluster, Plan};
use fleetc::project::MemoryFiles;
use fleetc::target::{self, Engines, OutputTree};
use serde_json::{Value, json};

fn plan(text: &str) -> Plan {
    let compilation = analysis::compile(&MemoryFiles::new().file("demo.fleet", text).into_project(), &[]);
    let errors = compilation.diagnostics.iter().filter(|found| found.severity == Severity::Error);
    let errors: Vec<&String> = errors.map(|found| &found.message).collect();
    assert!(errors.is_empty(), "{errors:?}");
    compilation.plan.unwrap()
}

fn build(text: &str) -> OutputTree {
    target::build(&plan(text), &Engines { argocd: true, flux: true })
}

fn fleet(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/registration/{name}.fleet"))).unwrap()
}

const EXTERNAL: &str = "register = external-secrets, register-store = vault";

/// The fleet for Argo CD with another way to register, and without what a script cannot write.
fn argocd(register: &str) -> String {
    fleet("argocd").replace("register = secrets", register)
}

fn below(tree: &OutputTree, folder: &str) -> String {
    let files = tree.iter().filter(|(path, _)| path.starts_with(folder));
    let text: String = files
        .map(|(path, text)| format!("---\n# {path}\n{}", text.strip_prefix(target::yaml::HEADER).unwrap()))
        .collect();
    format!("{}{text}", target::yaml::HEADER)
}

fn objects(tree: &OutputTree, folder: &str) -> Vec<Value> {
    let files = tree.iter().filter(|(path, _)| path.starts_with(folder));
    files.map(|(_, text)| serde_yaml::from_str(text).unwrap()).collect()
}

#[test]
fn a_secret_says_what_the_fleet_says() {
    let tree = build(&argocd("register = secrets"));
    golden::golden("tests/registration/secrets.yaml", &below(&tree, "argocd/clusters/"));
    for secret in objects(&tree, "argocd/clusters/") {
        let config: Value = serde_json::from_str(secret["stringData"]["config"].as_str().unwrap()).unwrap();
        let keys: Vec<&String> = config.as_object().unwrap().keys().collect();
        let known = ["awsAuthConfig", "execProviderConfig", "tlsClientConfig"];
        assert!(keys.iter().all(|key| known.contains(&key.as_str())), "{keys:?}: nothing that could be a credential");
        assert_eq!(config["tlsClientConfig"]["insecure"], json!(false));
    }
}

#[test]
fn an_external_secret_asks_only_for_what_the_fleet_does_not_say() {
    let text = argocd(EXTERNAL).replace(
        "cluster mesh { env = dev, auth = none }",
        "cluster mesh { env = dev }\ncluster late { env = dev, server = \"https://late.example.com\" }",
    );
    golden::golden("tests/registration/external.yaml", &below(&build(&text), "argocd/clusters/"));
    let text = text.replace("defaults cluster { server = \"https://${cluster}.example.com/\" }", "");
    let text =
        text.replace("register-store = vault", "register-store = \"vault-${env}\", register-key = \"k/${cluster}\"");
    let secrets = objects(&build(&text), "argocd/clusters/");
    let mesh = secrets.iter().find(|secret| secret["metadata"]["name"] == "cluster-mesh").unwrap();
    let asked: Vec<Value> = mesh["spec"]["data"].as_array().unwrap().to_vec();
    let from = |property: &str| {
        // The rest is what the operator fills in by itself, which Argo CD would take for a difference.
        let filled = json!({
            "key": "k/mesh", "property": property,
            "conversionStrategy": "Default", "decodingStrategy": "None", "metadataPolicy": "None",
        });
        json!({ "secretKey": property, "remoteRef": filled })
    };
    assert_eq!(asked, [from("server"), from("config")]);
    assert_eq!(mesh["spec"]["target"]["template"]["data"]["server"], "{{ .server }}");
    assert_eq!(mesh["spec"]["secretStoreRef"]["name"], "vault-dev");
}

#[test]
fn each_instance_registers_its_own_clusters() {
    let tree = build(
        "fleet demo { source = config }
argocd east on one { register = secrets }
argocd west on two { register = script }
source config { git = \"https://github.com/acme/config\", branch = \"main\" }
defaults cluster { server = \"https://${cluster}.example.com\", auth = gke }
cluster one { }
cluster two { }
component web on all { path = \"web\", namespace = web }
",
    );
    let files: Vec<&String> = tree.keys().filter(|path| path.contains("clusters/") || path.ends_with(".sh")).collect();
    assert_eq!(files, ["argocd/east/clusters/one.yaml", "argocd/west/register.sh"]);
    assert!(!tree["argocd/west/register.sh"].contains("'one'"));
}

#[test]
fn a_config_map_says_which_cluster_of_which_cloud() {
    let tree = build(&fleet("flux"));
    golden::golden("tests/registration/flux.yaml", &below(&tree, "flux/hub/k"));
    let pull = build(&fleet("flux").replace("kubeconfig-map = \"${cluster}-identity\"", "mode = pull"));
    assert!(!pull.keys().any(|path| path.contains("kubeconfigs")), "a Flux in each cluster needs none");
}

const TERRAFORM: &str = r#"fleet demo { source = config, protected = env == prod }
flux { kubeconfig-provisioner = terraform, kubeconfig-key = "value.yaml" }
source config { git = "https://github.com/acme/config", branch = "main" }
label env: dev | prod
cluster "1.eu" { env = prod }
cluster dev { env = dev, server = "https://$${x}-%{if}.example.com", ca = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==" }
component web on all { path = "web", namespace = web }
"#;

#[test]
fn terraform_makes_a_secret_for_each_cluster() {
    let tree = build(TERRAFORM);
    golden::golden("tests/registration/kubeconfigs.tf.json", &tree["flux/kubeconfigs.tf.json"]);
    let list: Value = serde_yaml::from_str(&tree["flux/hub/kustomization.yaml"]).unwrap();
    assert!(!list.to_string().contains("kubeconfigs"), "Flux does not read it");
}

/// The JSON syntax of Terraform: known blocks at the top, names that are identifiers, and every `${` either escaped or the
/// beginning of a reference to something that the file declares.
#[test]
fn the_file_for_terraform_keeps_to_its_syntax() {
    let module: Value = serde_json::from_str(&build(TERRAFORM)["flux/kubeconfigs.tf.json"]).unwrap();
    let top: Vec<&String> = module.as_object().unwrap().keys().collect();
    assert_eq!(top, ["//", "terraform", "variable", "locals", "resource"]);
    for name in module["resource"]["kubernetes_secret"].as_object().unwrap().keys() {
        assert!(name.starts_with(|c: char| c.is_ascii_alphabetic()), "{name}");
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)), "{name}");
    }
    let mut texts = Vec::new();
    strings(&module["resource"], &mut texts);
    strings(&module["locals"], &mut texts);
    let mut references = 0;
    for text in texts {
        let plain = text.replace("$${", "").replace("%%{", "");
        assert!(!plain.contains("%{"), "{text}");
        for (at, _) in plain.match_indices("${") {
            let expression = plain[at + 2..].strip_suffix('}').unwrap();
            let local =
                expression.strip_prefix("yamlencode(local.kubeconfigs.").and_then(|rest| rest.strip_suffix(')'));
            let declared = match local {
                Some(name) => module["locals"]["kubeconfigs"].get(name).is_some(),
                None => expression.starts_with("var.clusters[\"") && module["variable"].get("clusters").is_some(),
            };
            assert!(declared, "{expression}");
            references += 1;
        }
    }
    assert_eq!(references, 6, "two Secrets, two tokens, and what is not said of `1.eu`");
}

fn strings(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
        Value::Object(map) => map.values().for_each(|value| strings(value, found)),
        _ => {}
    }
}

/// A folder in which programs are called that only write down their arguments, one a line, and what they read.
struct Stage {
    folder: PathBuf,
}

impl Stage {
    fn new(name: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("registration-{name}"));
        _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("bin")).unwrap();
        Self { folder }
    }

    /// A program that writes down its arguments and then does what `body` says.
    fn program(&self, name: &str, body: &str) {
        let path = self.folder.join("bin").join(name);
        let mut file = fs::File::create(&path).unwrap();
        let log = self.folder.join("log");
        write!(file, "#!/bin/sh\n{{ echo '{name}'; printf '  <%s>\\n' \"$@\"; }} >>'{}'\n{body}\n", log.display())
            .unwrap();
        Command::new("chmod").arg("+x").arg(&path).status().unwrap();
    }

    /// Runs the script; gives how it ended, what was called, and what it said.
    fn run(&self, script: &str, arguments: &[&str]) -> (bool, String, String) {
        let file = self.folder.join("script.sh");
        fs::write(&file, script).unwrap();
        fs::write(self.folder.join("log"), "").unwrap();
        let path = format!("{}:/usr/bin:/bin", self.folder.join("bin").display());
        let output = Command::new("sh").arg(&file).args(arguments).env("PATH", path).output().unwrap();
        let log = fs::read_to_string(self.folder.join("log")).unwrap();
        (output.status.success(), log, String::from_utf8(output.stderr).unwrap())
    }
}

/// What a script cannot do is taken out of the fleet.
fn script() -> String {
    let text = argocd("register = script").replace(", auth = none", "");
    let text = text
        .replace("fact certificate: string", "fact certificate: string?")
        .replace(" = \"LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUIKLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo=\"", "");
    text.replace("ca   = certificate", "").replace("ca = certificate", "")
}

#[cfg(unix)]
#[test]
fn the_script_adds_what_is_not_known_and_says_all_of_it_again() {
    let script = &build(&script())["argocd/register.sh"];
    let stage = Stage::new("script");
    // Argo CD knows `eks-1`, and nothing else.
    let known = "case \"$2 $3 $4\" in\n  'get eks-1 ') ;;\n  'get '*' --output') echo \"https://$3.example.com/\" ;;\n  'get '*) exit 20 ;;\nesac";
    stage.program(
        "argocd",
        &known.replace(
            "echo \"https",
            "[ \"$3\" != hub ] || { echo https://kubernetes.default.svc; exit; }; echo \"https",
        ),
    );
    let (fine, log, said) = stage.run(script, &[]);
    assert!(fine, "{said}");
    golden::golden("tests/registration/script.txt", &log);
    let (fine, log, _) = stage.run(script, &["gke-1", "mesh"]);
    assert!(fine && log.contains("<gke-1>") && log.contains("<mesh>") && !log.contains("eks"), "{log}");
    let (fine, _, said) = stage.run(script, &["gke-1", "gke-9"]);
    assert!(!fine && said.contains("1 of the arguments are no clusters"), "{said}");
    // One that is registered with another server is not what the fleet means.
    stage.program("argocd", "case \"$2 $4\" in 'get --output') echo https://elsewhere.example.com ;; esac");
    let (fine, _, said) = stage.run(script, &["gke-1"]);
    assert!(!fine && said.contains("https://elsewhere.example.com"), "{said}");
}

#[cfg(unix)]
#[test]
fn a_hub_is_connected_once_and_an_installed_flux_is_left_as_it_is() {
    let script = &build(&fleet("flux"))["flux/bootstrap.sh"];
    let stage = Stage::new("hub");
    let kubectl = "case \"$*\" in\n  *'get deployment'*) INSTALLED ;;\n  *' apply '*) cat >>log ;;\nesac";
    let kubectl = kubectl.replace("log", &stage.folder.join("log").display().to_string());
    stage.program("flux", "");
    stage.program("kubectl", &kubectl.replace("INSTALLED", "exit 1"));
    let (fine, log, said) = stage.run(script, &["hub context"]);
    assert!(fine, "{said}");
    golden::golden("tests/registration/bootstrap.txt", &log);
    stage.program("kubectl", &kubectl.replace("INSTALLED", "exit 0"));
    let (fine, log, _) = stage.run(script, &["hub"]);
    assert!(fine && !log.contains("flux\n  <install>"), "{log}");
    let (fine, log, said) = stage.run(script, &[]);
    assert!(!fine && log.is_empty() && said.contains("usage: sh bootstrap.sh CONTEXT"), "{said}");
    stage.program("kubectl", "case \"$*\" in *'get secret'*) exit 1 ;; esac");
    let (fine, log, said) = stage.run(script, &["hub"]);
    assert!(!fine && !log.contains("<apply>") && said.contains("make this Secret first"), "{log}{said}");
}

#[cfg(unix)]
#[test]
fn each_cluster_is_connected_to_its_own_folder() {
    let text = fleet("flux").replace("kubeconfig-map = \"${cluster}-identity\"", "mode = pull");
    let tree = build(&text);
    let stage = Stage::new("pull");
    let applied = stage.folder.join("applied");
    stage.program("flux", "");
    stage.program("kubectl", &format!("case \"$*\" in *' apply '*) cat >'{}' ;; esac", applied.display()));
    for cluster in ["aws", "own"] {
        let (fine, log, said) = stage.run(&tree["flux/bootstrap.sh"], &[cluster]);
        assert!(fine && log.contains(&format!("<--context>\n  <{cluster}>")), "{log}{said}");
        let text = fs::read_to_string(&applied).unwrap();
        let root: Value = serde_yaml::from_str(text.split("---\n").nth(1).unwrap()).unwrap();
        let path = root["spec"]["path"].as_str().unwrap();
        assert_eq!(path, format!("./gitops/flux/clusters/{cluster}"));
        assert!(tree.contains_key(&format!("flux/clusters/{cluster}/fleet.yaml")));
    }
}

/// What Argo CD must read of a cluster.
fn meant(cluster: &Cluster) -> Value {
    let said = &cluster.registration;
    let is_hub = cluster.server.as_deref() == Some("https://kubernetes.default.svc");
    let exec = |cloud: &str, env: Value| {
        json!({
            "command": "argocd-k8s-auth", "args": [cloud], "env": env,
            "apiVersion": "client.authentication.k8s.io/v1beta1",
        })
    };
    let (aws, exec) = match said.auth.as_ref().filter(|_| !is_hub) {
        Some(Auth::Eks { role, cluster, profile }) => {
            let name = cluster.rsplit('/').next();
            (json!({ "clusterName": name, "roleARN": role, "profile": profile }), Value::Null)
        }
        Some(Auth::Gke { .. }) => (Value::Null, exec("gcp", Value::Null)),
        Some(Auth::Aks { client, tenant, environment, .. }) => {
            let env = json!({
                "AAD_ENVIRONMENT_NAME": environment, "AAD_LOGIN_METHOD": "workloadidentity",
                "AZURE_CLIENT_ID": client, "AZURE_TENANT_ID": tenant,
            });
            (Value::Null, exec("azure", env))
        }
        Some(Auth::None) | None => (Value::Null, Value::Null),
    };
    json!({
        "name": &*cluster.name, "server": cluster.server, "labels": said.labels, "annotations": said.annotations,
        "project": said.projects.first(), "namespaces": said.namespaces, "shard": said.shard,
        "aws": aws, "exec": exec, "ca": said.ca,
    })
}

/// `tests/conformance/argocd.sh` sets `FLEETC_REGISTRATION_CORPUS`; without it there is nothing to do. Writes the Secrets and
/// ExternalSecrets of the fleet, what they must say, and the ApplicationSets that find and that list its clusters.
#[test]
fn the_corpus_is_written_where_it_is_asked_for() {
    let Some(path) = std::env::var_os("FLEETC_REGISTRATION_CORPUS") else { return };
    let secrets = argocd("register = secrets");
    let listed = secrets.replace("membership = labels", "membership = static").replace(", inventory = open", "");
    let clusters: Vec<Value> = plan(&secrets).clusters.iter().map(meant).collect();
    let line = json!({
        "name": "all", "secrets": build(&secrets), "external": build(&argocd(EXTERNAL)), "listed": build(&listed),
        "clusters": clusters,
    });
    fs::write(path, format!("{line}\n")).unwrap();
}
