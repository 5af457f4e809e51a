//! What Argo CD cannot do: one plan, and the code, place and words of what is said about it.

use std::sync::Arc;

use fleetc::diag::{Diagnostic, Diagnostics};
use fleetc::plan::*;
use fleetc::target::argocd;
use serde_json::json;

use crate::builder::*;

fn check(plan: &Plan) -> Vec<Diagnostic> {
    let mut diagnostics = Diagnostics::default();
    argocd::check(plan, plan.argocd.first().unwrap(), &mut diagnostics);
    diagnostics.sort();
    diagnostics.iter().cloned().collect()
}

/// Code, start of the place, message.
fn said_about(plan: &Plan) -> Vec<(&'static str, u32, String)> {
    check(plan).into_iter().map(|d| (d.code.id, d.primary.span.start, d.message)).collect()
}

fn expect(plan: &Plan, expected: &[(&'static str, u32, &str)]) {
    let actual = said_about(plan);
    let actual: Vec<_> = actual.iter().map(|(code, at, message)| (*code, *at, message.as_str())).collect();
    assert_eq!(actual, expected);
}

/// Every one of these deployments under a rollout of one stage.
fn rolling(deployments: Vec<Deployment>) -> Plan {
    let clusters: Vec<String> = deployments.iter().map(|d| d.cluster.to_string()).collect();
    let clusters: Vec<&str> = clusters.iter().map(String::as_str).collect();
    let rollout = rollout("r", &[("all", &clusters)]);
    let mut plan = plan(deployments.into_iter().map(|d| said(under(&rollout, d), "rollout", 20)).collect());
    plan.rollouts.push(rollout);
    plan
}

#[test]
fn a_plain_fleet_is_fine() {
    expect(&plan(vec![deployment("web", "dev"), deployment("web", "prod")]), &[]);
}

#[test]
fn an_order_needs_progressive_syncs_and_says_so_once() {
    let mut plan = rolling(vec![deployment("web", "dev"), deployment("web", "prod")]);
    plan.deployments.push(deployment("zoo", "dev"));
    plan.deployments[2].after = Arc::new(["web".into()]);
    plan.deployments[2] = said(plan.deployments[2].clone(), "after", 21);
    plan.argocd.first_mut().unwrap().progressive_syncs = false;
    expect(&plan, &[("F0503", 20, "Argo CD keeps the order of `web` and `zoo` only with progressive syncs")]);
    assert!(!check(&plan)[0].helps.iter().any(|help| help.contains("app-of-apps")));
    plan.deployments.iter_mut().for_each(|d| d.rollout = None);
    assert!(check(&plan)[0].helps[1].contains("`layout = app-of-apps`"));
}

#[test]
fn an_order_switches_automated_sync_off_which_is_said_once_for_a_fleet() {
    let mut plan = rolling(vec![deployment("web", "dev"), deployment("web", "prod")]);
    plan.deployments.push(deployment("zoo", "dev"));
    plan.deployments[2].after = Arc::new(["web".into()]);
    expect(&plan, &[("F0505", 20, "with `rollout`, Argo CD syncs only when the order says so")]);
}

#[test]
fn self_heal_in_an_order_is_a_warning_instead() {
    let mut plan = rolling(vec![deployment("web", "dev"), deployment("web", "prod")]);
    for deployment in &mut plan.deployments {
        deployment.self_heal = true;
        *deployment = said(deployment.clone(), "self-heal", 22);
    }
    expect(&plan, &[("F0504", 22, "Argo CD will not undo changes by hand of `web`")]);
}

#[test]
fn self_heal_of_what_others_wait_for_is_a_warning_too() {
    let mut plan = plan(vec![deployment("app", "dev"), deployment("crds", "dev"), deployment("other", "dev")]);
    plan.deployments[0].after = Arc::new(["crds".into()]);
    for (index, deployment) in plan.deployments.iter_mut().enumerate() {
        deployment.self_heal = index > 0;
        *deployment = said(deployment.clone(), "self-heal", 30 + index as u32);
    }
    expect(&plan, &[("F0504", 31, "Argo CD will not undo changes by hand of `crds`")]);
}

/// Which attribute F0510 names when the second of two clusters differs by `change`.
fn split_by(change: impl FnOnce(&mut Deployment)) -> Option<String> {
    let mut plan = rolling(vec![deployment("web", "dev"), deployment("web", "prod")]);
    change(&mut plan.deployments[1]);
    let found = check(&plan).into_iter().find(|d| d.code.id == "F0510")?;
    assert_eq!(found.primary.span, span(20));
    Some(found.message.split('`').nth(3).unwrap().to_owned())
}

#[test]
fn a_rollout_over_clusters_that_differ_in_fields_names_the_attribute() {
    let ignore = || Ignore {
        group: String::new(),
        kind: "Secret".to_owned(),
        name: None,
        fields: vec!["/data".to_owned()],
        jq: Vec::new(),
    };
    assert_eq!(split_by(|d| d.prune = false).as_deref(), Some("prune"));
    assert_eq!(split_by(|d| d.self_heal = true).as_deref(), Some("self-heal"));
    assert_eq!(split_by(|d| d.server_side = true).as_deref(), Some("server-side"));
    assert_eq!(split_by(|d| d.create_namespace = false).as_deref(), Some("create-namespace"));
    assert_eq!(split_by(|d| d.sync_options.push("PruneLast=true".to_owned())).as_deref(), Some("sync-options"));
    assert_eq!(split_by(|d| d.ignore.push(ignore())).as_deref(), Some("ignore"));
    assert_eq!(split_by(|d| d.project = Some("p".to_owned())).as_deref(), Some("project"));
    assert_eq!(split_by(|d| d.namespace = None).as_deref(), Some("namespace"));
    assert_eq!(split_by(|d| d.on_delete = OnDelete::Keep).as_deref(), Some("on-delete"));
    assert_eq!(split_by(|d| d.content = Content::Chart(chart("c", "1", "r"))).as_deref(), Some("source"));
    assert_eq!(split_by(|d| drop(d.labels.insert("a".to_owned(), "b".to_owned()))).as_deref(), Some("labels"));
    assert_eq!(
        split_by(|d| drop(d.annotations.insert("a".to_owned(), "b".to_owned()))).as_deref(),
        Some("annotations")
    );
    let retry = Retry { limit: 1, duration: None, factor: None, max_duration: None };
    assert_eq!(split_by(|d| d.retry = Some(retry)).as_deref(), Some("retry"));
}

#[test]
fn a_rollout_over_clusters_that_differ_in_strings_patches_or_pauses_is_one() {
    assert_eq!(split_by(|d| d.namespace = Some("other".to_owned())), None);
    assert_eq!(split_by(|d| d.suspend = true), None);
    assert_eq!(split_by(|d| d.images.push(image("a"))), None);
    let change = Change::Operations(vec![json!({ "op": "remove", "path": "/x" })]);
    let patch = Patch { kind: "Deployment".to_owned(), name: "web".to_owned(), change };
    assert_eq!(split_by(|d| Arc::make_mut(&mut d.patches).push(patch)), None);
}

fn image(name: &str) -> Image {
    Image { name: name.to_owned(), new_name: None, tag: Some("1".to_owned()), digest: None }
}

#[test]
fn a_split_rollout_says_which_clusters_differ_and_where_that_is_said() {
    let names = ["a", "b", "c", "d", "e", "f"];
    let mut plan = rolling(names.map(|cluster| deployment("web", cluster)).to_vec());
    plan.deployments[0].prune = false;
    plan.deployments[0] = said(plan.deployments[0].clone(), "prune", 23);
    let found = check(&plan).into_iter().find(|d| d.code.id == "F0510").unwrap();
    assert_eq!(found.notes, ["one way on `b`, `c`, `d` and 2 more; another on `a`"]);
    assert_eq!(found.related.iter().map(|label| label.span).collect::<Vec<_>>(), [span(23)]);
    assert!(found.helps[0].starts_with("give `prune` one value on all clusters, or "), "{:?}", found.helps);
}

#[test]
fn a_rollout_over_more_clusters_than_one_application_set_holds_is_refused() {
    let all = |count: usize| rolling((0..count).map(|index| deployment("web", &format!("c{index}"))).collect());
    let note = ("F0505", 20, "with `rollout`, Argo CD syncs only when the order says so");
    expect(&all(400), &[note]);
    let refused = ("F0510", 20, "`web` has a rollout over 401 clusters, 400 at most are possible");
    expect(&all(401), &[note, refused]);
}

#[test]
fn opposite_orders_on_different_clusters_cannot_be_kept() {
    let mut plan = plan(vec![deployment("a", "x"), deployment("a", "y"), deployment("b", "x"), deployment("b", "y")]);
    for (index, after, place) in [(0, "b", 40), (3, "a", 41)] {
        plan.deployments[index].after = Arc::new([after.into()]);
        plan.deployments[index] = said(plan.deployments[index].clone(), "after", place);
    }
    expect(
        &plan,
        &[
            ("F0505", 40, "with `after`, Argo CD syncs only when the order says so"),
            ("F0508", 40, "`a` and `b` wait for each other, on different clusters"),
        ],
    );
}

#[test]
fn what_argo_cd_has_no_field_for_is_refused_where_it_is_said() {
    let mut d = deployment("web", "dev");
    d.substitute.insert("domain".to_owned(), "acme.com".to_owned());
    d.force = true;
    d.service_account = Some("deployer".to_owned());
    let d = said(said(said(d, "substitute", 50), "force", 51), "service-account", 52);
    let mut on_chart = deployment("zoo", "dev");
    on_chart.content = Content::Chart(chart("zoo", "1.0.0", "zoo"));
    on_chart.images.push(image("zoo"));
    let on_chart = said(on_chart, "images", 53);
    // The account of a project is no matter of the Application.
    let mut tenant = deployment("tenant", "dev");
    tenant.service_account = Some("tenant".to_owned());
    expect(
        &plan(vec![d, on_chart, tenant]),
        &[
            ("F0508", 50, "Argo CD cannot do what `substitute` of `web` says"),
            ("F0508", 51, "Argo CD cannot do what `force` of `web` says"),
            ("F0508", 52, "Argo CD cannot do what `service-account` of `web` says"),
            ("F0508", 53, "Argo CD cannot do what `images` of `zoo` says"),
        ],
    );
}

#[test]
fn buckets_and_values_files_outside_git_cannot_be_read() {
    let mut plain = deployment("web", "dev");
    plain.source = source("artifacts", SourceKind::Bucket, "https://s3.acme.com/artifacts", Revision::Default);
    let mut values = deployment("zoo", "dev");
    let mut chart = chart("zoo", "1.0.0", "zoo");
    let registry = source("registry", SourceKind::Oci, "oci://ghcr.io/acme/values", Revision::Default);
    chart.values_files.push(ValuesFile { source: registry, path: "values.yaml".to_owned(), text: None });
    values.content = Content::Chart(chart);
    let mut plan = plan(vec![said(plain, "source", 60), said(values, "values-source", 61)]);
    plan.home = Some(source("artifacts", SourceKind::Bucket, "https://s3.acme.com/artifacts", Revision::Default));
    expect(
        &plan,
        &[
            ("F0511", 1, "Argo CD cannot read this from a bucket"),
            ("F0511", 60, "Argo CD cannot read this from a bucket"),
            ("F0511", 61, "Argo CD cannot read this from an OCI registry"),
        ],
    );
}

#[test]
fn a_cluster_addressed_by_its_server_needs_one() {
    let mut plan = plan(vec![deployment("web", "dev"), deployment("zoo", "dev"), deployment("web", "prod")]);
    plan.clusters[1].server = Some("https://prod.acme.com".to_owned());
    plan.argocd.first_mut().unwrap().destination = Destination::Server;
    expect(&plan, &[("F0308", 3, "cluster `dev` has no `server`")]);
}

#[test]
fn names_are_unique_among_applications_and_among_application_sets() {
    let mut same = plan(vec![deployment("a", "b-c"), deployment("a-b", "c")]);
    same.deployments[1].origin.component = span(11);
    expect(&same, &[("F0408", 11, "two objects of kind Application would be named `a-b-c`")]);

    let mut root = plan(vec![deployment("acme", "root")]);
    root.deployments[0].origin.component = span(11);
    expect(&root, &[("F0408", 11, "two objects of kind Application would be named `acme-root`")]);

    let mut sets = plan(vec![deployment("web", "x"), deployment("web", "y"), deployment("web-2", "z")]);
    sets.deployments[1].prune = false;
    sets.deployments[2].origin.component = span(11);
    expect(&sets, &[("F0408", 11, "two objects of kind ApplicationSet would be named `web-2`")]);
}

#[test]
fn what_the_declared_version_lacks_is_refused() {
    let mut artifact = deployment("web", "dev");
    artifact.source = source("oci", SourceKind::Oci, "oci://ghcr.io/acme/web", Revision::Tag("v1".to_owned()));
    let mut chart_ = artifact.clone();
    chart_.component = "zoo".into();
    chart_.name = "zoo-dev".into();
    chart_.content = Content::Chart(chart("zoo", "1.0.0", "zoo"));
    chart_.sync_options = vec!["Prune=confirm".to_owned(), "PruneLast=true".to_owned()];
    let mut plan = plan(vec![said(artifact, "source", 70), said(chart_, "sync-options", 71)]);
    let mut at = |minor| {
        plan.argocd.first_mut().unwrap().version = Version { major: 3, minor };
        said_about(&plan).into_iter().map(|(code, at, message)| format!("{code} {at} {message}")).collect::<Vec<_>>()
    };
    let prune = "F0501 71 the sync option `Prune=confirm` of an Application needs Argo CD 3.4";
    assert_eq!(at(0), ["F0501 70 an OCI source without the name of a chart needs Argo CD 3.1", prune]);
    assert_eq!(at(1), [prune]);
    assert_eq!(at(4), Vec::<String>::new());
}

fn app_of_apps(plan: &mut Plan) {
    plan.argocd.first_mut().unwrap().layout = ArgoCdLayout::AppOfApps;
    plan.argocd.first_mut().unwrap().progressive_syncs = false;
}

#[test]
fn applications_that_are_written_out_keep_an_order_without_progressive_syncs() {
    let mut plan = plan(vec![deployment("a", "x"), deployment("a", "y"), deployment("b", "x"), deployment("b", "y")]);
    for (index, after, place) in [(0, "b", 40), (3, "a", 41)] {
        plan.deployments[index].after = Arc::new([after.into()]);
        plan.deployments[index].self_heal = true;
        plan.deployments[index] = said(plan.deployments[index].clone(), "after", place);
    }
    app_of_apps(&mut plan);
    let message = "Argo CD keeps this order only with the health check in `argocd/argocd-cm-health.patch`";
    expect(&plan, &[("F0516", 40, message)]);
    plan.argocd.first_mut().unwrap().instance.name = Some("east".to_owned());
    assert!(said_about(&plan)[0].2.ends_with("`argocd/east/argocd-cm-health.patch`"));
}

#[test]
fn a_rollout_needs_application_sets_unless_it_orders_nothing() {
    let mut plan = rolling(vec![deployment("web", "dev"), deployment("web", "prod")]);
    app_of_apps(&mut plan);
    expect(&plan, &[]);
    let refused = [("F0508", 20, "Argo CD cannot roll `web` out in stages with `layout = app-of-apps`")];
    let changes: [fn(&mut Stage); 3] = [
        |stage| stage.max = Some(Max::Count(1)),
        |stage| stage.manual = true,
        |stage| stage.bake = Some(Duration { milliseconds: 1 }),
    ];
    for change in changes {
        let mut plan = plan.clone();
        change(&mut plan.rollouts[0].stages[0]);
        expect(&plan, &refused);
    }
    let rollout = rollout("r", &[("first", &["dev"]), ("second", &["prod"]), ("none", &[])]);
    for deployment in &mut plan.deployments {
        *deployment = under(&rollout, deployment.clone());
    }
    plan.rollouts = vec![rollout];
    expect(&plan, &refused);
    plan.deployments.pop();
    expect(&plan, &[]);
}

#[test]
fn applications_that_are_written_out_differ_as_they_like() {
    let mut plan = rolling(vec![deployment("web", "dev"), deployment("web", "prod")]);
    plan.deployments[1].prune = false;
    plan.deployments[1].self_heal = true;
    app_of_apps(&mut plan);
    expect(&plan, &[]);
}

#[test]
fn roots_of_clusters_have_names_that_no_application_may_have() {
    let mut same = plan(vec![deployment("acme", "dev-root"), deployment("web", "dev")]);
    same.deployments[0].origin.component = span(11);
    expect(&same, &[]);
    app_of_apps(&mut same);
    expect(&same, &[("F0408", 11, "two objects of kind Application would be named `acme-dev-root`")]);
    // The names of ApplicationSets are no matter here.
    let mut sets = plan(vec![deployment("web", "x"), deployment("web", "y"), deployment("web-2", "z")]);
    sets.deployments[1].prune = false;
    app_of_apps(&mut sets);
    expect(&sets, &[]);
}

#[test]
fn a_wave_by_hand_beside_after_is_refused_on_the_same_cluster() {
    let mut plan = plan(vec![deployment("a", "x"), deployment("b", "x"), deployment("b", "y"), deployment("c", "z")]);
    for (index, place) in [(0, 50), (2, 51), (3, 52)] {
        plan.deployments[index].annotations.insert("argocd.argoproj.io/sync-wave".to_owned(), "5".to_owned());
        plan.deployments[index] = said(plan.deployments[index].clone(), "annotations", place);
    }
    plan.deployments[1].after = Arc::new(["a".into()]);
    plan.deployments[1] = said(plan.deployments[1].clone(), "after", 60);
    app_of_apps(&mut plan);
    let found = said_about(&plan);
    assert_eq!(found.iter().map(|(code, at, _)| (*code, *at)).collect::<Vec<_>>(), [("F0315", 50), ("F0516", 60)]);
    assert_eq!(found[0].2, "`annotations` and `after` both give Applications of `x` a wave");
}
