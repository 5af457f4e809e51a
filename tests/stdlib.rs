//! The standard library: every template builds for both engines with nothing but a version and its parameters.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

use fleetc::analysis::{Compilation, compile};
use fleetc::diag::Severity;
use fleetc::plan::Content;
use fleetc::project::MemoryFiles;
use fleetc::stdlib;
use fleetc::target::{Engines, build};

/// Every template, with the parameters that have no default.
const TEMPLATES: [(&str, &str); 15] = [
    ("argo-rollouts", ""),
    ("aws-load-balancer-controller", ""),
    ("cert-manager", ""),
    ("external-dns", ""),
    ("external-secrets", ""),
    ("ingress-nginx", ""),
    ("istio.base", ""),
    ("istio.gateway", ""),
    ("istio.istiod", ""),
    ("karpenter", ""),
    ("karpenter.crds", ""),
    ("kube-prometheus-stack", ""),
    ("kyverno", ""),
    ("metrics-server", ""),
    ("velero", "provider = \"aws\", bucket = \"backups\", plugin = \"velero/velero-plugin-for-aws:v1.13.0\""),
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
    format!("component {} from std.{name} on all {{ version = \"1.2.3\"\n {parameters} }}\n", name.replace('.', "-"))
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
            assert!(matches!(&deployment.content, Content::Chart(chart) if chart.version == "1.2.3"), "std.{name}");
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

#[test]
fn istio_comes_up_in_order() {
    let components: String = ["istio.base", "istio.istiod", "istio.gateway"].map(|name| component(name, "")).concat();
    let plan = fleet(&components).plan.unwrap();
    let after = |component: &str| {
        let found = plan.deployments.iter().find(|deployment| deployment.component.as_ref() == component);
        found.unwrap().after.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(after("istio-istiod"), ["istio-base"]);
    assert_eq!(after("istio-gateway"), ["istio-istiod"]);
}
