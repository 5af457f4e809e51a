//! The standard library: every template builds for both engines with nothing but a version and its parameters.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]
#![allow(missing_docs)]

#[path = "support/golden.rs"]
mod support;

use std::collections::BTreeMap;

use fleetc::analysis::{Compilation, compile};
use fleetc::diag::Severity;
use fleetc::model::body::find;
use fleetc::plan::Content;
use fleetc::project::MemoryFiles;
use fleetc::source::{Origin, SourceFile, Sources};
use fleetc::stdlib;
use fleetc::syntax;
use fleetc::syntax::ast::{Attribute, Block, Declaration, DeclarationKind, Entry};
use fleetc::target::{Engines, build};

/// Every template, with the parameters that have no default; a part for configuration wants a folder.
const TEMPLATES: [(&str, &str); 53] = [
    ("alloy", ""),
    ("argo-cd", ""),
    ("argo-events", ""),
    ("argo-events.config", "path = \"config\""),
    ("argo-rollouts", ""),
    ("argo-workflows", ""),
    ("argo-workflows.config", "path = \"config\""),
    ("aws-load-balancer-controller", ""),
    ("cert-manager", ""),
    ("cert-manager.config", "path = \"config\""),
    ("cilium", ""),
    ("cilium.config", "path = \"config\""),
    ("cloudnative-pg", ""),
    ("cluster-autoscaler", "region = \"eu-west-1\""),
    ("crossplane", ""),
    ("crossplane.config", "path = \"config\""),
    ("envoy-gateway", ""),
    ("envoy-gateway.config", "path = \"config\""),
    ("external-dns", ""),
    ("external-secrets", ""),
    ("external-secrets.config", "path = \"config\""),
    ("flagger", "provider = \"istio\""),
    ("gatekeeper", ""),
    ("gatekeeper.config", "path = \"config\""),
    ("grafana", ""),
    ("ingress-nginx", ""),
    ("istio.base", ""),
    ("istio.gateway", ""),
    ("istio.istiod", ""),
    ("karpenter", ""),
    ("karpenter.config", "path = \"config\""),
    ("karpenter.crds", ""),
    ("keda", ""),
    ("kube-prometheus-stack", ""),
    ("kyverno", ""),
    ("kyverno.config", "path = \"config\""),
    ("kyverno.policies", ""),
    ("loki", "bucket = \"logs\""),
    ("metrics-server", ""),
    ("oauth2-proxy", "secret = \"oauth2-proxy\""),
    ("prometheus-operator-crds", ""),
    ("reflector", ""),
    ("reloader", ""),
    ("rook-ceph", ""),
    ("rook-ceph.cluster", ""),
    ("sealed-secrets", ""),
    ("traefik", ""),
    ("traefik.config", "path = \"config\""),
    ("trust-manager", ""),
    ("trust-manager.config", "path = \"config\""),
    ("vault", ""),
    ("velero", "provider = \"aws\", bucket = \"backups\", plugin = \"velero/velero-plugin-for-aws:v1.13.0\""),
    ("velero.config", "path = \"config\""),
];

fn fleet(components: &str) -> Compilation {
    let text = format!(
        "fleet demo {{ source = config, migrating = true }}\n\
         argocd {{ progressive-syncs = true }}\n\
         flux {{ }}\n\
         source config {{ git = \"https://github.com/acme/config\", branch = \"main\" }}\n\
         label env: dev | prod\n\
         cluster one {{ env = dev }}\n\
         cluster two {{ env = prod }}\n{components}\n"
    );
    compile(&MemoryFiles::new().file("demo.fleet", text.as_str()).into_project(), &[])
}

fn component(name: &str, parameters: &str) -> String {
    let version = if is_config(name) { "" } else { "version = \"1.2.3\"" };
    format!("component {} from std.{name} on all {{ {version}\n {parameters} }}\n", name.replace('.', "-"))
}

/// Whether the part takes a folder of the user instead of a chart.
fn is_config(name: &str) -> bool {
    name.ends_with(".config")
}

fn problems(compilation: &Compilation) -> Vec<String> {
    let found = compilation.diagnostics.iter().filter(|found| found.severity != Severity::Note);
    found.map(|found| format!("{}: {}", found.code.id, found.message)).collect()
}

#[test]
fn the_list_of_templates_is_whole() {
    let mut found: Vec<String> = Vec::new();
    for (_, text) in stdlib::FILES {
        let heads = text.lines().filter_map(|line| line.strip_prefix("template "));
        found.extend(heads.map(|head| head.split(['{', ' ']).next().unwrap().trim_matches('"').to_string()));
    }
    found.sort();
    assert_eq!(found, TEMPLATES.map(|(name, _)| name.to_string()));
}

#[test]
fn every_template_builds_for_both_engines() {
    for (name, parameters) in TEMPLATES {
        let compilation = fleet(&component(name, parameters));
        assert_eq!(problems(&compilation), Vec::<String>::new(), "std.{name}");
        let plan = compilation.plan.unwrap();
        assert_eq!(plan.deployments.len(), 2, "std.{name}");
        for deployment in &plan.deployments {
            let chart = matches!(&deployment.content, Content::Chart(chart) if chart.version == "1.2.3");
            assert!(chart != is_config(name), "std.{name}");
            assert!(deployment.namespace.is_some(), "std.{name}");
        }
        let tree = build(&plan, &Engines { argocd: true, flux: true });
        let set = format!("argocd/applicationsets/{}.yaml", name.replace('.', "-"));
        assert!(tree.contains_key(&set), "std.{name}: {:?}", tree.keys());
    }
}

#[test]
fn all_of_it_fits_on_one_cluster() {
    let components: String = TEMPLATES.iter().map(|(name, parameters)| component(name, parameters)).collect();
    assert_eq!(problems(&fleet(&components)), Vec::<String>::new());
}

#[test]
fn a_component_without_a_version_is_told_so() {
    let compilation = fleet("component dns from std.external-dns on all { }");
    assert_eq!(problems(&compilation), ["F0308: the component `dns` does not say which version"]);
}

/// On one cluster with all of it, what each part comes after.
#[test]
fn parts_come_in_order() {
    let components: String = TEMPLATES.iter().map(|(name, parameters)| component(name, parameters)).collect();
    let plan = fleet(&components).plan.unwrap();
    let after = |component: &str| {
        let found = plan.deployments.iter().find(|deployment| deployment.component.as_ref() == component);
        found.unwrap().after.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    for (part, first) in [
        ("istio-istiod", "istio-base"),
        ("istio-gateway", "istio-istiod"),
        ("karpenter", "karpenter-crds"),
        ("kube-prometheus-stack", "prometheus-operator-crds"),
        ("kyverno-policies", "kyverno"),
        ("rook-ceph-cluster", "rook-ceph"),
        ("trust-manager", "cert-manager"),
    ] {
        assert_eq!(after(part), [first], "{part}");
    }
    for (name, _) in TEMPLATES.iter().filter(|(name, _)| is_config(name)) {
        let controller = name.trim_end_matches(".config");
        assert_eq!(after(&name.replace('.', "-")), [controller], "{name}");
    }
}

#[test]
fn no_template_pins_a_version_or_leaves_health_to_chance() {
    // Charts without a workload of their own.
    let only_objects = ["istio.base", "karpenter.crds", "kyverno.policies", "prometheus-operator-crds"];
    for (path, text) in stdlib::FILES {
        for (name, body) in templates(path, text) {
            assert!(find(&body, "version").is_none(), "std.{name}");
            let wants_health = !is_config(&name) && !only_objects.contains(&name.as_str());
            assert_eq!(find(&body, "health").is_some(), wants_health, "std.{name}");
            assert_eq!(find(&body, "chart").is_some(), !is_config(&name), "std.{name}");
        }
    }
}

/// The templates of a file: their names and bodies.
fn templates(path: &str, text: &str) -> Vec<(String, Block)> {
    declarations(path, text)
        .into_iter()
        .filter_map(|declaration| match declaration.kind {
            DeclarationKind::Template(node) => Some((node.name.unwrap().text, node.body)),
            _ => None,
        })
        .collect()
}

fn declarations(path: &str, text: &str) -> Vec<Declaration> {
    let mut sources = Sources::default();
    let id = sources.add(SourceFile::new(path, Origin::StandardLibrary, text));
    syntax::parse(id, text).file.declarations.clone()
}

/// What the page of the library says, made from the files.
#[test]
fn the_page_lists_what_the_files_hold() {
    let mut urls = BTreeMap::new();
    for (path, text) in stdlib::FILES {
        for declaration in declarations(path, text) {
            if let DeclarationKind::Source(node) = declaration.kind {
                let url = ["helm", "oci"].iter().find_map(|key| find(&node.body, key)).unwrap();
                urls.insert(node.name.unwrap().text, written(url, text));
            }
        }
    }
    let mut table =
        String::from("| template | is | chart | namespace | comes after | you give |\n|---|---|---|---|---|---|\n");
    for (path, text) in stdlib::FILES {
        for declaration in declarations(path, text) {
            let DeclarationKind::Template(node) = declaration.kind else { continue };
            let doc = declaration.doc.unwrap();
            let is = doc.split("\n\n").next().unwrap().replace('\n', " ");
            let of = |key: &str| find(&node.body, key).map(|value| written(value, text)).unwrap_or_default();
            let chart = match urls.get(&of("source")) {
                Some(url) => format!("`{}` of {url}", of("chart")),
                None => String::from("a folder of yours"),
            };
            let mut given: Vec<String> = node.body.entries.iter().filter_map(param).collect();
            given.push(if chart.starts_with('`') { "`version`".to_string() } else { "`path`".to_string() });
            let after = of("after").trim_matches(['[', ']']).to_string();
            let after = if after.is_empty() { after } else { format!("`{after}`") };
            let first = is.split(". ").next().unwrap().trim_end_matches('.').replace(": a folder of yours", "");
            let (name, namespace, given) = (node.name.unwrap().text, of("namespace"), given.join(", "));
            table.push_str(&format!("| `std.{name}` | {first} | {chart} | `{namespace}` | {after} | {given} |\n"));
        }
    }
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/standard-library.md")).unwrap();
    let (before, rest) = page.split_once("<!-- templates -->\n").unwrap();
    let (_, behind) = rest.split_once("<!-- /templates -->").unwrap();
    let page = format!("{before}<!-- templates -->\n\n{table}\n<!-- /templates -->{behind}");
    support::golden("docs/standard-library.md", &page);
}

/// A parameter without a default.
fn param(entry: &Entry) -> Option<String> {
    match entry {
        Entry::Param(param) if param.field.value.is_none() => Some(format!("`{}`", param.field.name.as_ref()?.text)),
        _ => None,
    }
}

/// A value as it is written, without quotes.
fn written(value: &Attribute, text: &str) -> String {
    let span = value.value.span;
    text[span.start as usize..span.end as usize].trim_matches('"').to_string()
}

/// What the documents say of how many there are.
#[test]
fn the_documents_count_the_components() {
    let count = stdlib::FILES.len();
    for (path, said) in [
        ("README.md", format!("{count} components that most clusters need")),
        ("docs/language.md", format!("There are {count} components")),
    ] {
        let text = std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        assert!(text.contains(&said), "{path} does not say `{said}`");
    }
}

#[test]
fn the_example_of_the_page_builds() {
    let page = include_str!("../docs/standard-library.md");
    let (_, rest) = page.split_once("```fleet\n").unwrap();
    assert_eq!(problems(&fleet(rest.split_once("```").unwrap().0)), Vec::<String>::new());
}
