//! What stores, secrets and objects become: fleets beside the files that are built of them, in `tests/build/objects`.
//!
//! `FLEETC_BLESS=1` writes the expected files anew. The gate of `tests/crds.rs` reads them, too.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use fleetc::analysis::{Compilation, compile};
use fleetc::plan::{Membership, Plan};
use fleetc::project::MemoryFiles;
use fleetc::target::yaml::HEADER;
use fleetc::target::{Engines, OutputTree, build};
use serde_json::Value;

const HEAD: &str = r#"
fleet demo { source = config, migrating = true, allow = [needs-application-health, automated-sync-off] }
source config { git = "https://github.com/acme/config", branch = "main" }
label env: dev | prod
label region: string
cluster dev { env = dev, region = eu-west-1 }
cluster prod { env = prod, region = us-east-1 }
"#;

const SECRETS: &str = r##"
component eso from std.external-secrets on all { version = "2.9.0" }
component web on all { path = "web", namespace = shop }
store aws { provider = aws-secrets-manager, region = region, role = "arn:aws:iam::1:role/reader" }
store parameters on prod { provider = aws-parameter-store, region = region, identity = "eso/reader", namespaces = ["shop"] }
store google on prod { provider = gcp-secret-manager, gcp-project = "acme-${env}", identity = "eso/reader" }
store azure on prod { provider = azure-key-vault, vault-url = "https://acme.vault.azure.net", tenant = "0-0", identity = "eso/reader" }
store keep on prod {
  provider = vault, server = "https://vault.acme.org", path = "secret", role = "eso", mount = "kubernetes-${cluster}"
  vault-namespace = "acme", identity = "eso/reader", ca = "eso/vault-ca"
}
store own on prod { provider = kubernetes, identity = "eso/reader", remote-namespace = "secrets" }
store far on prod { provider = kubernetes, identity = "eso/reader", server = "https://api.acme.org", ca = "eso/far-ca" }
secret database on all { store = aws, namespace = shop, from = "acme/${cluster}/database" }
secret token on prod { store = aws, namespace = shop, from = "acme/token", property = "token", refresh = 10m, target = "api-token" }
secret registry on prod {
  store = aws, namespace = shop, from = "acme/${env}"
  type  = "kubernetes.io/dockerconfigjson"
  keys { ".dockerconfigjson" = "acme/registry", user = "#user", password = "other#pass word" }
  create-namespace = false
}
"##;

const OBJECTS: &str = r#"
object "v1/ConfigMap" settings on all {
  namespace = shop
  labels { env = env }
  annotations { "acme.org/note" = "yes" }
  data { cluster = cluster, "app.conf" = "level = ${env}\n$${HOME} {{ x }}", bool = "true" }
  on prod { data { bool = "false" } }
}
object "v1/Namespace" ops on prod { project = base }
object "v1/ConfigMap" clusters { hub = true, namespace = ops, name = "cluster-${cluster}", data { env = env, text = "$${x}" } }
object "v1/ConfigMap" banner { hub = true, namespace = ops, data { text = "one for all" } }
project base { sources = ["**"], namespaces = ["*"], cluster-resources = ["*/*"] }
"#;

fn compiled(parts: &[&str]) -> Compilation {
    let text = format!("{HEAD}{}", parts.concat());
    let compilation = compile(&MemoryFiles::new().file("demo.fleet", text.as_str()).into_project(), &[]);
    let errors = compilation.diagnostics.iter().filter(|d| d.severity == fleetc::diag::Severity::Error);
    let found: Vec<String> = errors.map(|d| format!("{}: {}", d.code.id, d.message)).collect();
    assert_eq!(found, Vec::<String>::new());
    compilation
}

fn built(parts: &[&str]) -> (Plan, OutputTree) {
    let plan = compiled(parts).plan.unwrap();
    let tree = build(&plan, &Engines { argocd: true, flux: true });
    (plan, tree)
}

/// Compares what lies below these folders with `tests/build/objects/<name>.yaml`.
#[track_caller]
fn expect(name: &str, tree: &OutputTree, below: &[&str]) {
    let mut text = String::from(HEADER);
    let manifests = tree.iter().filter(|(path, _)| path.ends_with(".yaml"));
    for (path, file) in manifests.filter(|(path, _)| below.iter().any(|folder| path.starts_with(folder))) {
        text += &format!("---\n# {path}\n{}", file.strip_prefix(HEADER).expect("every file begins with the header"));
    }
    let file = format!("{}/tests/build/objects/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("FLEETC_BLESS").is_some() {
        std::fs::write(&file, &text).unwrap();
    }
    let expected = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(text == expected, "{name} differs:\n{}", similar::TextDiff::from_lines(&expected, &text).unified_diff());
}

#[test]
fn stores_and_secrets_on_argo_cd() {
    let (_, tree) = built(&["argocd { layout = app-of-apps }", SECRETS]);
    expect("argocd-secrets", &tree, &["objects/", "argocd/apps/dev/"]);
}

#[test]
fn stores_and_secrets_on_flux() {
    let (_, tree) = built(&["flux { }", SECRETS]);
    expect("flux-secrets", &tree, &["flux/releases/dev/", "flux/hub/clusters/dev", "flux/releases/prod/registry"]);
}

#[test]
fn objects_on_both_engines() {
    let (_, tree) = built(&["argocd { }\nflux { layout = overlays }", OBJECTS]);
    expect("both-objects", &tree, &["objects/", "argocd/objects", "argocd/applicationsets", "flux/"]);
}

fn documents(tree: &OutputTree, below: &str) -> Vec<Value> {
    let files = tree.iter().filter(|(path, _)| path.starts_with(below) && path.ends_with("/objects.yaml"));
    files.flat_map(|(_, text)| serde_saphyr::from_multiple::<Value>(text).unwrap()).collect()
}

#[test]
fn both_engines_apply_the_same_objects_and_the_plan_names_each() {
    let (plan, tree) = built(&["argocd { }\nflux { }", SECRETS, OBJECTS]);
    let sorted = |mut all: Vec<Value>| {
        all.sort_by_key(Value::to_string);
        all
    };
    let argocd = sorted(documents(&tree, "objects/"));
    assert_eq!(argocd, sorted(documents(&tree, "flux/releases/")));
    let planned: Vec<Value> = plan.deployments.iter().flat_map(|one| one.objects().to_vec()).collect();
    assert_eq!(argocd, sorted(planned));
    assert_eq!(argocd.len(), 15);
}

#[test]
fn text_reaches_the_cluster_as_it_is_written() {
    let hostile = [
        "no",
        "1e3",
        "0x1f",
        "null",
        "~",
        "a: b",
        "- a",
        "#x",
        "{{ .Values.x }}",
        "$${a}",
        "'\"`",
        "\\u{e9}",
        "---",
        "*a",
        "&a",
        "\\ttab\\nsecond",
        " x ",
        "%TAG",
        "<<",
        "!!str x",
    ];
    let data: Vec<String> =
        hostile.iter().enumerate().map(|(n, text)| format!("k{n} = \"{}\"", text.replace('"', "\\\""))).collect();
    let text = format!(
        "object \"v1/ConfigMap\" a on dev {{ namespace = x, data {{ {} }} }}\nobject \"v1/ConfigMap\" h on dev {{ hub = true, namespace = x, data {{ {} }} }}",
        data.join(", "),
        data.join(", ")
    );
    let (plan, tree) = built(&["argocd { }\nflux { }\n", &text]);
    let planned = &plan.deployments[0].objects()[0]["data"];
    assert_eq!(planned["k9"], "${a}");
    for path in [
        "objects/dev/a/objects.yaml",
        "flux/releases/dev/a/objects.yaml",
        "argocd/objects/h.yaml",
        "flux/hub/objects/h.yaml",
    ] {
        let read: Vec<Value> = serde_saphyr::from_multiple(&tree[path]).unwrap();
        assert_eq!(&read[0]["data"], planned, "{path}");
    }
}

#[test]
fn an_instance_gets_the_objects_of_its_clusters_only() {
    let engines = "argocd early on env == dev { }\nargocd late on env == prod { }\n";
    let (_, tree) = built(&[engines, OBJECTS]);
    let hub = |instance: &str| {
        let text = &tree[&format!("argocd/{instance}/objects/clusters.yaml")];
        serde_saphyr::from_multiple::<Value>(text)
            .unwrap()
            .iter()
            .map(|one| one["metadata"]["name"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(hub("early"), ["cluster-dev"]);
    assert_eq!(hub("late"), ["cluster-prod"]);
    assert!(
        tree.contains_key("argocd/early/objects/banner.yaml") && tree.contains_key("argocd/late/objects/banner.yaml")
    );
}

#[test]
fn an_order_that_nobody_wrote_is_no_order_for_argo_cd_without_progressive_syncs() {
    let (plan, tree) = built(&["argocd { }\nflux { }", SECRETS]);
    assert!(plan.argocd.iter().all(|one| one.membership == Membership::Static));
    let sets = tree.iter().filter(|(path, _)| path.starts_with("argocd/applicationsets"));
    assert!(sets.clone().count() > 0);
    for (path, text) in sets {
        assert!(!text.contains("RollingSync") && !text.contains("sync-wave"), "{path}");
    }
    assert!(tree["flux/hub/clusters/dev.yaml"].contains("- name: database-dev"));
}
