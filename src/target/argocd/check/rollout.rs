//! A rollout is ordered only within one ApplicationSet (F0510).

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Context, Report, some_of};
use crate::diag::codes::SPLIT_ROLLOUT;
use crate::kinds::Object;
use crate::plan::Deployment;
use crate::source::Span;
use crate::target::argocd::sets::{self, Group, Set};
use crate::target::argocd::template::difference;
use crate::target::argocd::{Component, application, split};

pub(super) fn check(context: &Context<'_>, component: &Component<'_>, sets: &[Set<'_>], report: &mut Report<'_>) {
    for rollout in component.stages.keys() {
        let of_rollout = |other: Option<&str>| other == Some(*rollout);
        if sets.iter().filter(|set| of_rollout(set.rollout)).count() < 2 {
            continue;
        }
        let groups = sets::groups(context, component);
        let groups: Vec<&Group<'_>> = groups.iter().filter(|group| of_rollout(group.rollout)).collect();
        match groups.as_slice() {
            [one, two, ..] => differs(context, component, (one, two), report),
            [one] => too_many(component, one, report),
            [] => {}
        }
    }
}

fn differs(
    context: &Context<'_>,
    component: &Component<'_>,
    (one, two): (&Group<'_>, &Group<'_>),
    report: &mut Report<'_>,
) {
    let (Some((a, _)), Some((b, _))) = (one.members.first(), two.members.first()) else { return };
    // Whole, for what has a hole is like nothing else.
    let [a_manifest, b_manifest] = [a, b].map(|member| application::manifest(context, component, member));
    let path = difference(&a_manifest, &b_manifest).unwrap_or_default();
    let raw = [a, b].into_iter().find_map(|deployment| raw_place(deployment, &path));
    let attribute = match raw {
        _ if one.on_delete != two.on_delete => "on-delete",
        Some(_) => "argocd",
        None => attribute(&path, &a_manifest, &b_manifest),
    };
    let clusters = |group: &Group<'_>| some_of(group.members.iter().map(|(member, _)| &*member.cluster));
    let mut places: BTreeSet<_> = [a, b].iter().filter_map(|d| d.origin.attributes.get(attribute)).copied().collect();
    places.extend(raw.filter(|_| attribute == "argocd"));
    let message = format!("`{}` has a rollout, but `{attribute}` is not alike on its clusters", component.name);
    report.once(
        SPLIT_ROLLOUT,
        a.origin.of("rollout"),
        |mut d| {
            for place in places {
                d = d.related(place, format!("`{attribute}` is said here"));
            }
            d.label("Argo CD orders the Applications of one ApplicationSet, which must have the same fields")
                .note(format!("one way on {}; another on {}", clusters(one), clusters(two)))
                .help(format!(
                    "{}, or write a second component, with a rollout of its own, for the clusters that differ",
                    remedy(attribute)
                ))
        },
        message,
    );
}

/// Where the raw field at `path` of an Application is written, or the field that it is in.
fn raw_place(deployment: &Deployment, path: &[String]) -> Option<Span> {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let below = match path.as_slice() {
        ["spec", "sources", "0", rest @ ..] => [&["source"], rest].concat(),
        ["spec", rest @ ..] => rest.to_vec(),
        _ => return None,
    };
    (1..=below.len()).rev().find_map(|depth| deployment.raw.span(Object::Application, &below.get(..depth)?.join(".")))
}

fn remedy(attribute: &str) -> String {
    match attribute {
        "labels" | "annotations" => format!("give `{attribute}` the same keys on all clusters (values may differ)"),
        "values-files" => "name a values file for all clusters or for none".to_owned(),
        "namespace" => "set `namespace` on all clusters or on none".to_owned(),
        "argocd" => "give the raw fields of `argocd` the same keys on all clusters (texts may differ)".to_owned(),
        "source" => "take a chart on all clusters or a path on all".to_owned(),
        attribute => format!("give `{attribute}` one value on all clusters"),
    }
}

/// The attribute of the language that makes Applications differ at `path`.
fn attribute(path: &[String], a: &Value, b: &Value) -> &'static str {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match path.as_slice() {
        ["metadata", "labels", ..] => "labels",
        ["metadata", "annotations", ..] => "annotations",
        ["metadata", "finalizers", ..] => "on-delete",
        ["spec", "project"] => "project",
        ["spec", "destination", ..] => "namespace",
        ["spec", "syncPolicy", "automated", "prune"] => "prune",
        ["spec", "syncPolicy", "automated", ..] => "self-heal",
        ["spec", "syncPolicy", "retry", ..] => "retry",
        ["spec", "syncPolicy", "managedNamespaceMetadata", ..] => "namespace-labels",
        ["spec", "syncPolicy", ..] => option_attribute(a, b),
        ["spec", "ignoreDifferences", ..] => "ignore",
        ["spec", "sources", ..] | ["spec", "source", "helm", "valueFiles", ..] => "values-files",
        ["spec", "source"] => "values-files",
        ["spec", "source", "kustomize", "images", ..] => "images",
        ["spec", "source", "kustomize", "components", ..] => "components",
        ["spec", "source", "kustomize"] if has_only_components(a) && has_only_components(b) => "components",
        ["spec", "source", "kustomize", ..] => "patch",
        _ => "source",
    }
}

/// Whether nothing but components is said of a folder, if anything is.
fn has_only_components(manifest: &Value) -> bool {
    let block = manifest.pointer("/spec/source/kustomize").and_then(Value::as_object);
    block.is_none_or(|block| block.keys().all(|key| key == "components"))
}

/// The attribute behind the first sync option that only one of them has.
fn option_attribute(a: &Value, b: &Value) -> &'static str {
    let options = |value: &Value| -> BTreeSet<String> {
        let list = value.pointer("/spec/syncPolicy/syncOptions").and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let (a, b) = (options(a), options(b));
    match a.symmetric_difference(&b).next().map(String::as_str) {
        Some("CreateNamespace=true") => "create-namespace",
        Some("ServerSideApply=true") => "server-side",
        Some("RespectIgnoreDifferences=true") => "ignore",
        _ => "sync-options",
    }
}

fn too_many(component: &Component<'_>, group: &Group<'_>, report: &mut Report<'_>) {
    let Some((first, _)) = group.members.first() else { return };
    let count = group.members.len();
    let (message, note) = if count > split::MAX_ELEMENTS {
        (
            format!(
                "`{}` has a rollout over {count} clusters, {} at most are possible",
                component.name,
                split::MAX_ELEMENTS
            ),
            format!("more than {} Applications do not fit into one ApplicationSet", split::MAX_ELEMENTS),
        )
    } else {
        (
            format!("`{}` has a rollout, but what differs between its {count} clusters is too large", component.name),
            format!("more than {} KiB do not fit into one ApplicationSet", split::MAX_BYTES / 1024),
        )
    };
    report.once(
        SPLIT_ROLLOUT,
        first.origin.of("rollout"),
        |d| {
            d.label("Argo CD orders a rollout only within one ApplicationSet")
                .note(note)
                .help("split the component, for instance by region, into several with a rollout each")
        },
        message,
    );
}
