//! What Flux cannot do: plans beside the diagnostics, as code, underlined text and message.

#![allow(missing_docs, dead_code, clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice)]

#[path = "flux/fleet.rs"]
mod fleet;

use std::sync::Arc;

use fleet::{Fleet, StageOf};
use fleetc::plan::*;

/// A fleet with the clusters `dev` and `prod`.
fn two_clusters() -> (Fleet, Arc<Source>) {
    let mut fleet = Fleet::new();
    fleet.cluster("dev");
    fleet.cluster("prod");
    let config = fleet.plan.home.clone().unwrap();
    (fleet, config)
}

const STAGES: [StageOf; 2] = [("dev", &["dev"], None, false), ("prod", &["prod"], None, false)];

/// Puts all deployments of a component under the rollout `staged`, where each cluster is a stage of its own.
fn stage(fleet: &mut Fleet, component: &str) {
    for deployment in fleet.plan.deployments.iter_mut().filter(|d| d.component.as_ref() == component) {
        deployment.rollout = Some("staged".into());
        deployment.stage = Some(deployment.cluster.clone());
    }
}

#[track_caller]
fn expect(fleet: &mut Fleet, diagnostics: &[&str]) {
    assert_eq!(fleet.check(), diagnostics);
}

#[test]
fn only_known_minors_are_built_for() {
    let (mut fleet, _) = two_clusters();
    for minor in 5..=9 {
        fleet.version(minor);
        expect(&mut fleet, &[]);
    }
    for minor in [4, 10] {
        fleet.version(minor);
        expect(&mut fleet, &[&format!("F0502 flux: fleetc does not know Flux 2.{minor}")]);
    }
}

#[test]
fn what_a_minor_lacks_is_named_with_the_minor_that_has_it() {
    let (mut fleet, config) = two_clusters();
    fleet.cluster("aws").kubeconfig = Kubeconfig::ConfigMap { name: "aws-identity".into() };
    let oci = fleet.source("registry", SourceKind::Oci, "oci://ghcr.io/my-org/manifests", Revision::Default);
    fleet.path("oci", "dev", &oci, ".");
    let ignore = |fields: &[&str]| Ignore {
        group: "apps".into(),
        kind: "Deployment".into(),
        name: None,
        fields: fields.iter().map(|&field| field.into()).collect(),
        jq: vec![],
    };
    fleet.path("app", "dev", &config, "app").ignore = vec![ignore(&["/spec/replicas"])];
    fleet.path("app", "prod", &config, "app").ignore = vec![ignore(&["/spec/replicas"])];
    fleet.rollout("staged", &STAGES);
    stage(&mut fleet, "app");
    fleet.version(5);
    expect(
        &mut fleet,
        &[
            "F0501 cluster aws: `kubeconfig-map` needs Flux 2.7",
            "F0501 source registry: an OCI source of manifests needs Flux 2.6",
            "F0501 app.rollout: the rollout of a component with a `path` needs Flux 2.7",
            "F0501 app.ignore: `ignore` for a component with a `path` needs Flux 2.9",
        ],
    );
    fleet.version(9);
    expect(&mut fleet, &[]);
}

#[test]
fn addresses_that_flux_does_not_read_are_refused() {
    for (kind, url, message) in [
        (
            SourceKind::Git,
            "git@github.com:my-org/app",
            "Flux does not read `git@github.com:my-org/app`, a Git address without a scheme",
        ),
        (SourceKind::Git, "git://host/app", "Flux does not read `git://host/app` as a source of kind `git`"),
        (SourceKind::Bucket, "ftp://host/app", "`ftp://host/app` names no bucket"),
        (SourceKind::Bucket, "https://host", "`https://host` names no bucket"),
        (SourceKind::Oci, "oci://ghcr.io/app:1.0", "the URL of `it` names a version"),
    ] {
        let (mut fleet, _) = two_clusters();
        let revision = if kind == SourceKind::Git { Revision::Branch("main".into()) } else { Revision::Default };
        let source = fleet.source("it", kind, url, revision);
        fleet.path("app", "dev", &source, ".");
        expect(&mut fleet, &[&format!("F0511 source it: {message}")]);
    }
}

#[test]
fn a_git_source_names_what_it_means() {
    let (mut fleet, _) = two_clusters();
    let source = fleet.source("it", SourceKind::Git, "https://host/app", Revision::Default);
    fleet.path("app", "dev", &source, ".");
    expect(&mut fleet, &["F0308 source it: source `it` names no branch, tag, range or commit"]);
}

#[test]
fn charts_and_folders_come_from_different_kinds_of_source() {
    let (mut fleet, config) = two_clusters();
    let helm = fleet.helm("charts");
    fleet.path("folder", "dev", &helm, "app");
    fleet.chart("chart", "dev", &config, "1.0.0");
    expect(
        &mut fleet,
        &[
            "F0511 folder.path: a source of kind `helm` has no `path`",
            "F0511 chart.chart: a source of kind `git` has no `chart`",
        ],
    );
}

#[test]
fn the_home_of_the_output_holds_manifests() {
    let (mut fleet, _) = two_clusters();
    fleet.plan.home = Some(fleet.helm("charts"));
    expect(
        &mut fleet,
        &["F0511 source charts: the fleet's source `charts` is a Helm repository, which holds no manifests"],
    );
}

#[test]
fn what_only_argo_cd_does_is_refused() {
    let (mut fleet, config) = two_clusters();
    let app = fleet.path("app", "dev", &config, "app");
    app.sync_options = vec!["RespectIgnoreDifferences=true".into(), "Validate=false".into()];
    app.ignore = vec![Ignore {
        group: "apps".into(),
        kind: "Deployment".into(),
        name: None,
        fields: vec![],
        jq: vec![".spec.replicas".into()],
    }];
    let retry = Retry { limit: -1, duration: None, factor: Some(2), max_duration: None };
    app.retry = Some(retry);
    fleet.path("job", "dev", &config, "job").retry = Some(Retry { limit: 5, factor: None, ..retry });
    expect(
        &mut fleet,
        &[
            "F0508 app.ignore: Flux ignores fields by JSON pointer, not by jq expression",
            "F0508 app.sync-options: `Validate=false` is an option of Argo CD, and Flux has nothing like it",
            "F0508 app.retry: Flux tries again after a constant pause, which does not grow",
            "F0508 job.retry: Flux tries to apply a folder again for ever",
        ],
    );
}

#[test]
fn text_that_kustomize_loses_is_refused() {
    let (mut fleet, config) = two_clusters();
    let app = fleet.path("app", "dev", &config, "app");
    app.annotations.insert("note".into(), "\tone\ntwo".into());
    let change = Change::Operations(vec![serde_json::json!({ "op": "add", "path": "/data/x", "value": "\ta\nb" })]);
    let job = fleet.path("job", "dev", &config, "job");
    job.patches = Arc::new(vec![Patch { kind: "ConfigMap".into(), name: "x".into(), change }]);
    fleet.path("web", "dev", &config, "web").annotations.insert("note".into(), "one\n\ttwo".into());
    expect(
        &mut fleet,
        &[
            "F0508 app: Flux cannot write several lines of which the first begins with a tab",
            "F0508 job: Flux cannot write several lines of which the first begins with a tab",
        ],
    );
}

#[test]
fn times_that_flux_would_not_keep_are_refused() {
    let (mut fleet, config) = two_clusters();
    let app = fleet.path("app", "dev", &config, "app");
    app.interval = Some(Duration { milliseconds: 0 });
    app.timeout = Some(Duration { milliseconds: 10_000 });
    expect(
        &mut fleet,
        &[
            "F0314 app.interval: an interval of less than a second",
            "F0508 app.timeout: Flux waits for at least 30 seconds, whatever its timeout",
        ],
    );
}

#[test]
fn flux_waits_for_all_or_for_what_is_listed() {
    let (mut fleet, config) = two_clusters();
    fleet.path("app", "dev", &config, "app").health = vec![fleet::deployment_object("app", "app")];
    expect(&mut fleet, &["F0508 app.wait: Flux waits for all it applied or for what `health` lists, not for both"]);
}

#[test]
fn a_variable_that_would_break_its_deployment_is_refused() {
    let (mut fleet, config) = two_clusters();
    let app = fleet.path("app", "dev", &config, "app");
    app.substitute = [("my-var".into(), "1".into())].into();
    fleet.path("job", "dev", &config, "job").substitute = [("TEXT".into(), "two\nlines".into())].into();
    expect(
        &mut fleet,
        &[
            "F0314 app.substitute: `my-var` cannot be a variable of Flux",
            "F0508 job.substitute: Flux takes the line breaks out of `TEXT`",
        ],
    );
}

#[test]
fn what_helm_cannot_do_is_refused() {
    let (mut fleet, config) = two_clusters();
    let charts = fleet.helm("charts");
    fleet.chart("nowhere", "dev", &charts, "1.0.0").namespace = None;
    fleet.chart("variables", "dev", &charts, "1.0.0").substitute = [("A".into(), "1".into())].into();
    fleet.chart("kept", "dev", &charts, "1.0.0").prune = false;
    let forced = fleet.chart("forced", "dev", &charts, "1.0.0");
    (forced.force, forced.server_side) = (true, true);
    let Content::Chart(chart) = &mut fleet.chart("values", "dev", &charts, "1.0.0").content else { unreachable!() };
    chart.values_files = vec![ValuesFile { source: config.clone(), path: "far.yaml".into(), text: None }];
    let Content::Chart(chart) = &mut fleet.chart("large", "dev", &charts, "1.0.0").content else { unreachable!() };
    let text = Some("a: 1 \n".repeat(200_000).into());
    chart.values_files = vec![ValuesFile { source: config, path: "large.yaml".into(), text }];
    expect(
        &mut fleet,
        &[
            "F0308 nowhere: `nowhere` is a chart and has no namespace",
            "F0508 variables.substitute: Flux substitutes variables in manifests, not in a chart",
            "F0508 kept.prune: Helm keeps what left the chart only if it also keeps it when the release goes",
            "F0508 forced.force: Helm does not replace objects that it applies on the server's side",
            "F0508 values.values-files: `far.yaml` is in another repository, where Flux cannot read it for a chart",
            "F0508 large.values-files: the values files of `large-dev` hold 1200000 bytes, and a ConfigMap takes 1 MiB",
        ],
    );
}

#[test]
fn an_order_needs_a_health_check_on_what_comes_first() {
    let (mut fleet, config) = two_clusters();
    let charts = fleet.helm("charts");
    for cluster in ["dev", "prod"] {
        fleet.path("app", cluster, &config, "app").wait = false;
        fleet.chart("operator", cluster, &charts, "1.0.0").wait = false;
        let web = fleet.path("web", cluster, &config, "web");
        web.after = Arc::new(["operator".into()]);
    }
    fleet.rollout("staged", &STAGES);
    stage(&mut fleet, "app");
    expect(
        &mut fleet,
        &[
            "F0509 app.wait: the next stage waits for `app`, and nothing says when that is healthy",
            "F0509 web.after: `web` waits for `operator`, and nothing says when that is healthy",
        ],
    );
}

#[test]
fn the_last_stage_needs_no_health_check() {
    let (mut fleet, config) = two_clusters();
    fleet.path("app", "dev", &config, "app");
    fleet.path("app", "prod", &config, "app").wait = false;
    fleet.rollout("staged", &STAGES);
    stage(&mut fleet, "app");
    expect(&mut fleet, &[]);
}

#[test]
fn stages_read_one_source() {
    let (mut fleet, config) = two_clusters();
    let other = fleet.git("other");
    fleet.path("app", "dev", &config, "app");
    fleet.path("app", "prod", &other, "app");
    fleet.rollout("staged", &STAGES);
    stage(&mut fleet, "app");
    expect(&mut fleet, &["F0512 app.rollout: the clusters of `app` read different sources, so Flux cannot order them"]);
}

#[test]
fn a_range_of_versions_would_pass_the_stages_by() {
    for (version, exact) in
        [("1.2.3", true), ("v1.2.3-rc.1+b", true), ("1.2", false), ("1.x", false), (">=1.0.0", false)]
    {
        let (mut fleet, _) = two_clusters();
        let charts = fleet.helm("charts");
        fleet.chart("app", "dev", &charts, version);
        fleet.chart("app", "prod", &charts, version);
        fleet.rollout("staged", &STAGES);
        stage(&mut fleet, "app");
        assert_eq!(fleet.check().is_empty(), exact, "{version}");
    }
}

#[test]
fn after_and_rollouts_that_cross_are_a_cycle() {
    let (mut fleet, config) = two_clusters();
    for component in ["app", "web"] {
        for cluster in ["dev", "prod"] {
            fleet.path(component, cluster, &config, component);
        }
    }
    let backwards: [StageOf; 2] = [("prod", &["prod"], None, false), ("dev", &["dev"], None, false)];
    fleet.rollout("staged", &STAGES);
    fleet.rollout("backwards", &backwards);
    stage(&mut fleet, "app");
    stage(&mut fleet, "web");
    for deployment in &mut fleet.plan.deployments {
        match (deployment.component.as_ref(), deployment.cluster.as_ref()) {
            ("app", "dev") => deployment.after = Arc::new(["web".into()]),
            ("web", "prod") => deployment.after = Arc::new(["app".into()]),
            _ => {}
        }
        if deployment.component.as_ref() == "web" {
            deployment.rollout = Some("backwards".into());
        }
    }
    expect(
        &mut fleet,
        &["F0403 app.after: `after` and the rollouts wait for each other: \
           `app-dev` waits for `web-dev` waits for `web-prod` waits for `app-prod` waits for `app-dev`"],
    );
}

#[test]
fn two_objects_or_files_of_one_name_are_refused() {
    let (mut fleet, config) = two_clusters();
    let charts = fleet.helm("charts");
    fleet.path("app", "dev", &config, "app").name = "same".into();
    fleet.path("web", "dev", &config, "web").name = "same".into();
    fleet.path("root", "dev", &config, "root").name = "flux-system".into();
    for component in ["one", "two"] {
        let deployment = fleet.chart(component, "dev", &charts, "1.0.0");
        deployment.namespace = Some("shared".into());
        let Content::Chart(chart) = &mut deployment.content else { unreachable!() };
        chart.release = "release".into();
    }
    fleet.cluster("Prod");
    expect(
        &mut fleet,
        &[
            "F0408 cluster prod: the clusters `Prod` and `prod` would share a file where case does not count",
            "F0408 web: two Kustomizations would be named `same`",
            "F0408 root: the Kustomization `flux-system` would replace the one that `flux bootstrap` made",
            "F0408 two.release: two releases on `dev` would be named `release`",
        ],
    );
}

#[test]
fn names_that_do_not_fit_are_refused() {
    let (mut fleet, config) = two_clusters();
    let long = "x".repeat(64);
    fleet.path("app", "dev", &config, "app").name = long.as_str().into();
    let charts = fleet.helm("charts");
    let Content::Chart(chart) = &mut fleet.chart("chart", "dev", &charts, "1.0.0").content else { unreachable!() };
    chart.release = "y".repeat(54);
    fleet.cluster("../up");
    let release = format!("F0307 chart.release: `{}` has more than 53 characters", "y".repeat(54));
    expect(
        &mut fleet,
        &[
            &format!("F0307 app: `{long}` has more than 63 characters"),
            &release,
            "F0307 cluster ../up: the cluster `../up` cannot be the name of a file",
        ],
    );
}

/// A fleet in pull mode whose component `app` is under a rollout of these stages.
fn pulled(stages: &[StageOf]) -> Fleet {
    let (mut fleet, config) = two_clusters();
    fleet.settings.mode = FluxMode::Pull;
    fleet.rollout("staged", stages);
    for (stage, clusters, ..) in stages {
        for cluster in *clusters {
            let app = fleet.path("app", cluster, &config, "app");
            app.rollout = Some("staged".into());
            app.stage = Some((*stage).into());
        }
    }
    fleet
}

const NOT_KEPT: &str = "F0508 app.rollout: no Flux can keep the rollout of `app`: each one sees its own cluster only";

#[test]
fn a_flux_in_each_cluster_keeps_no_order_of_clusters() {
    expect(&mut pulled(&STAGES), &[NOT_KEPT]);
    expect(&mut pulled(&[("all", &["dev", "prod"], Some(Max::Percent(50)), false)]), &[NOT_KEPT]);
    expect(&mut pulled(&[("all", &["dev", "prod"], None, true)]), &[NOT_KEPT]);
    let mut baked = pulled(&[("all", &["dev", "prod"], None, false)]);
    expect(&mut baked, &[]);
    baked.plan.rollouts[0].stages[0].bake = Some(Duration { milliseconds: 3_600_000 });
    expect(&mut baked, &[NOT_KEPT]);
}

#[test]
fn what_only_a_hub_needs_is_no_matter_without_one() {
    let (mut fleet, _) = two_clusters();
    fleet.settings.mode = FluxMode::Pull;
    fleet.cluster("aws").kubeconfig = Kubeconfig::ConfigMap { name: "aws-identity".into() };
    // Nothing reads the fleet's own source here, so it need not say which branch.
    fleet.plan.home = Some(fleet.source("home", SourceKind::Git, "https://host/home", Revision::Default));
    fleet.version(5);
    expect(&mut fleet, &[]);
    let charts = fleet.helm("charts");
    fleet.chart("app", "dev", &charts, "1.0.0");
    expect(&mut fleet, &["F0308 source home: source `home` names no branch, tag, range or commit"]);
}

#[test]
fn one_mistake_on_many_clusters_is_said_once() {
    let mut fleet = Fleet::new();
    let config = fleet.plan.home.clone().unwrap();
    for cluster in 0..100 {
        let cluster = format!("c{cluster:03}");
        fleet.cluster(&cluster);
        fleet.path("app", &cluster, &config, "app").sync_options = vec!["Validate=false".into()];
    }
    assert_eq!(fleet.check().len(), 1);
}
