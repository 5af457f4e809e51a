//! Every YAML document that the compiler can emit, against the real CRDs of Argo CD and Flux, unknown fields refused.
//!
//! The CRDs are not in this repository: `FLEETC_CRDS` names a folder with folders `argocd-*` and `flux-*`, and
//! `external-secrets-*` for stores and secrets, that hold their `*.yaml` files as the projects release them. WITHOUT THE VARIABLE NOTHING THAT IS EMITTED IS CHECKED HERE: then
//! the tests prove the gate itself on a small CRD of their own and say so on standard error. What is checked is every
//! generated file below the folders of [`ROOTS`]: those in a folder `gitops` and those that begin with the header.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "support/crd_gate.rs"]
mod crd_gate;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crd_gate::{Gate, below, is_yaml};
use fleetc::target::yaml::HEADER;

/// Where generated files stand in this repository: committed outputs of the examples and of the tests.
const ROOTS: [&str; 2] = ["examples", "tests"];

#[test]
fn generated_documents_suit_the_crds() {
    let Some(gate) = Gate::from_environment() else {
        // Not `eprintln!`, which the test harness swallows when the test passes.
        let note = "FLEETC_CRDS is not set: no generated document is checked against the CRDs of Argo CD and Flux\n";
        std::io::stderr().write_all(note.as_bytes()).unwrap();
        return;
    };
    for group in ["argoproj.io", "kustomize.toolkit.fluxcd.io", "helm.toolkit.fluxcd.io", "source.toolkit.fluxcd.io"] {
        assert!(gate.knows(group), "FLEETC_CRDS holds no CRD of {group}");
    }
    let files = generated_files();
    let mut problems = Vec::new();
    let mut documents = 0;
    for file in &files {
        let text = fs::read_to_string(file).unwrap();
        let name = file.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().display().to_string();
        if !text.starts_with(HEADER) {
            problems.push(format!("{name}: does not begin with the line `{}`", HEADER.trim_end()));
        }
        documents += Gate::count(&text);
        problems.extend(gate.check(&text).into_iter().map(|problem| format!("{name}: {problem}")));
    }
    let note = format!("{documents} documents in {} files checked, {} problems\n", files.len(), problems.len());
    std::io::stderr().write_all(note.as_bytes()).unwrap();
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

#[test]
fn every_example_has_generated_files() {
    let files = generated_files();
    let examples = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples"));
    let folders = examples.into_iter().flatten().map(|entry| entry.unwrap().path());
    for folder in
        folders.filter(|folder| below(folder).iter().any(|file| file.extension().is_some_and(|e| e == "fleet")))
    {
        let has_output = files.iter().any(|file| file.starts_with(&folder));
        assert!(has_output, "{} has no generated file: build it and commit its output", folder.display());
    }
}

fn generated_files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let all = ROOTS.iter().flat_map(|folder| below(&root.join(folder)));
    all.filter(|file| is_yaml(file)).filter(|file| in_output(file) || has_header(file)).collect()
}

fn in_output(file: &Path) -> bool {
    file.components().any(|part| part.as_os_str() == "gitops")
}

fn has_header(file: &Path) -> bool {
    fs::read(file).unwrap().starts_with(HEADER.as_bytes())
}

/// A change to a right document that makes it wrong, and what the gate must say.
struct Fault {
    from: &'static str,
    to: &'static str,
    says: &'static str,
}

const fn fault(from: &'static str, to: &'static str, says: &'static str) -> Fault {
    Fault { from, to, says }
}

/// Asserts that the document passes, and that each fault alone is found and is all that is found.
fn assert_found(gate: &Gate, document: &str, faults: &[Fault]) {
    assert_eq!(gate.check(document), Vec::<String>::new(), "the right document:\n{document}");
    for fault in faults {
        assert!(document.contains(fault.from), "`{}` is not in the document", fault.from);
        let problems = gate.check(&document.replacen(fault.from, fault.to, 1));
        let found = problems.len() == 1 && problems[0].contains(fault.says);
        assert!(found, "`{}` -> `{}`: wanted `{}`, got {problems:#?}", fault.from, fault.to, fault.says);
    }
}

const KUSTOMIZATION: &str = r#"
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: payments-api-dev
  namespace: flux-system
  labels:
    fleetc.dev/component: payments-api
spec:
  interval: 10m
  path: ./k8s
  prune: true
  sourceRef:
    kind: GitRepository
    name: payments-api
  kubeConfig:
    secretRef:
      name: dev-kubeconfig
"#;

/// What a Kustomization of Flux must not get past the gate; the small CRD below and the real one agree on all of it.
const KUSTOMIZATION_FAULTS: [Fault; 18] = [
    fault(
        "prune: true",
        "prune: true\n  retry: 1m",
        "/spec: Additional properties are not allowed ('retry' was unexpected)",
    ),
    fault("interval: 10m", "interval: 10 minutes", "/spec/interval: \"10 minutes\" does not match"),
    fault("interval: 10m", "interval: 1d", "/spec/interval: \"1d\" does not match"),
    fault("prune: true", "prune: \"true\"", "/spec/prune: \"true\" is not of type \"boolean\""),
    fault("path: ./k8s", "path: yes", "/spec/path: true is not of type \"string\""),
    fault("path: ./k8s", "path: 012", "/spec/path: 10 is not of type \"string\""),
    fault("kind: GitRepository", "kind: GitRepo", "/spec/sourceRef/kind: \"GitRepo\" is not one of"),
    fault("    name: payments-api\n", "    nmae: payments-api\n    name: payments-api\n", "('nmae' was unexpected)"),
    fault("    kind: GitRepository\n", "", "/spec/sourceRef: \"kind\" is a required property"),
    fault("  namespace: flux-system\n", "", "/metadata: \"namespace\" is a required property"),
    fault("name: payments-api-dev", "name: Payments_API", "/metadata/name: \"Payments_API\" does not match"),
    fault("component: payments-api", "component: -payments", "/metadata/labels/fleetc.dev~1component"),
    fault("fleetc.dev/component:", "fleet c/component:", "/metadata/labels: \"fleet c/component\" does not match"),
    fault("fluxcd.io/v1\n", "fluxcd.io/v1beta2\n", "no schema for this kind"),
    fault("kind: Kustomization\n", "kind: Kustomisation\n", "no schema for this kind"),
    fault("spec:\n", "status: {}\nspec:\n", "('status' was unexpected)"),
    fault("prune: true", "prune: true\n  prune: false", "not YAML"),
    fault("    secretRef:\n      name: dev-kubeconfig", "    {}", "/spec/kubeConfig: {}"),
];

/// The shapes that the real CRDs have, small enough to be read.
const SMALL_CRD: &str = r##"
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
spec:
  group: kustomize.toolkit.fluxcd.io
  names: { kind: Kustomization }
  scope: Namespaced
  versions:
    - name: v1beta2
      served: false
      schema: { openAPIV3Schema: { type: object, properties: {} } }
    - name: v1
      served: true
      schema:
        openAPIV3Schema:
          description: a small one
          type: object
          properties:
            apiVersion: { type: string }
            kind: { type: string }
            metadata: { type: object }
            status: { type: object, properties: { ready: { type: boolean } } }
            spec:
              type: object
              required: [interval, prune, sourceRef]
              properties:
                interval: { type: string, pattern: '^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$' }
                path: { type: string, default: "" }
                prune: { type: boolean }
                since: { type: string, format: date-time, nullable: true }
                share: { anyOf: [{ type: integer }, { type: string }], x-kubernetes-int-or-string: true }
                values: { x-kubernetes-preserve-unknown-fields: true }
                substitute: { type: object, additionalProperties: { type: string } }
                sourceRef:
                  type: object
                  required: [kind, name]
                  properties:
                    kind: { type: string, enum: [GitRepository, OCIRepository] }
                    name: { type: string }
                kubeConfig:
                  type: object
                  properties:
                    secretRef: { type: object, properties: { name: { type: string } } }
                    configMapRef: { type: object, properties: { name: { type: string } } }
                  x-kubernetes-validations:
                    - message: one of them
                      rule: has(self.configMapRef) || has(self.secretRef)
"##;

#[test]
fn planted_faults_are_found_with_a_small_crd() {
    let gate = Gate::from_texts(&[SMALL_CRD]);
    assert_found(&gate, KUSTOMIZATION, &KUSTOMIZATION_FAULTS);
    let shapes = "  share: 25%\n  since: null\n  values: { any: [1, { x: y }] }\n  substitute: { a: \"1\" }\n";
    assert_found(
        &gate,
        &format!("{KUSTOMIZATION}{shapes}"),
        &[
            fault("share: 25%", "share: 0.5", "/spec/share: 0.5"),
            fault("since: null", "since: 5", "/spec/since: 5"),
            fault("{ a: \"1\" }", "{ a: 1 }", "/spec/substitute/a: 1 is not of type \"string\""),
        ],
    );
    let several = format!("{KUSTOMIZATION}---{}---\nkind: x\n", KUSTOMIZATION.replace("10m", "soon"));
    assert_eq!(gate.check(&several).len(), 2);
}

#[test]
fn core_kinds_are_few_and_checked() {
    let gate = Gate::from_texts::<&str>(&[]);
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, namespace: b }\ndata: { c: d }\n";
    assert_found(
        &gate,
        map,
        &[fault("c: d", "c: 1", "/data/c: 1 is not of type"), fault("\ndata:", "\ndate:", "'date'")],
    );
    let layer = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n";
    assert_found(
        &gate,
        layer,
        &[fault("a.yaml]", "a.yaml, a.yaml]", "/resources"), fault("[a.yaml]", "[1]", "/resources/0")],
    );
    let store = "apiVersion: external-secrets.io/v1\nkind: ClusterSecretStore\nmetadata: { name: a }\n\
                 spec: { provider: { aws: { service: SecretsManager, region: b } } }\n";
    assert_found(
        &gate,
        store,
        &[
            fault(", region: b", "", "\"region\""),
            fault("aws:", "amazon:", "'amazon'"),
            fault("SecretsManager", "S3", "S3"),
        ],
    );
    assert_eq!(gate.check("apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: a }\n").len(), 1);
}

#[test]
fn a_crd_with_an_unknown_keyword_is_refused() {
    let crd = [SMALL_CRD.replace("description: a small one", "dependentRequired: {}")];
    let refused = std::panic::catch_unwind(|| Gate::from_texts(&crd)).err().unwrap();
    let words = refused.downcast::<String>().unwrap();
    assert!(words.contains("the gate does not know the keyword `dependentRequired`"), "{words}");
}

#[test]
fn planted_faults_are_found_with_the_real_crds() {
    let Some(gate) = Gate::from_environment() else { return };
    assert_found(&gate, KUSTOMIZATION, &KUSTOMIZATION_FAULTS);
    assert_found(
        &gate,
        include_str!("data/crd-gate/applicationset.yaml"),
        &[
            fault("goTemplate: true", "goTemplate: yes please", "/spec/goTemplate"),
            fault("goTemplate: true", "gotemplate: true", "('gotemplate' was unexpected)"),
            fault("selfHeal: true", "selfheal: true", "/spec/template/spec/syncPolicy/automated"),
            fault("maxUpdate: 1\n", "maxUpdate: true\n", "/spec/strategy/rollingSync/steps/0/maxUpdate"),
            fault("operator: In", "operater: In", "/spec/strategy/rollingSync/steps/0/matchExpressions/0"),
            fault("      project: platform\n", "", "\"project\" is a required property"),
            fault("applicationsSync: create-update", "applicationsSync: never", "/spec/syncPolicy/applicationsSync"),
        ],
    );
    assert_found(
        &gate,
        include_str!("data/crd-gate/helmrelease.yaml"),
        &[
            fault("timeout: 5m", "timeout: 5", "/spec/timeout: 5 is not of type"),
            fault("  chart:\n", "  chartRef: { kind: HelmChart, name: x }\n  chart:\n", "/spec: "),
            fault("retries: 3", "retries: \"3\"", "/spec/upgrade/remediation/retries"),
            fault("name: RetryOnFailure", "name: RemediateOnFailure", "/spec/install/strategy"),
            fault("crds: CreateReplace", "crds: Replace", "/spec/install/crds"),
        ],
    );
}
