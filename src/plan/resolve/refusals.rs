//! What a project does not permit its components.

use std::collections::BTreeMap;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _, HashSet, HashSetExt as _};

use super::projects::Projects;
use crate::diag::{Diagnostic, Diagnostics, codes};
use crate::model::Model;
use crate::plan::permission::{Refusal, kind_permitted, project_permits};
use crate::plan::{Cluster, Content, Deployment, ObjectRef, Project, ProjectClusters};
use crate::source::Span;

/// F0406, F0407 and F0416, once for each place.
pub fn report(
    model: &Model,
    projects: &Projects,
    deployments: &[Deployment],
    clusters: &[Cluster],
    diagnostics: &mut Diagnostics,
) {
    let by_name: HashMap<&str, &Cluster> = clusters.iter().map(|cluster| (cluster.name.as_ref(), cluster)).collect();
    let sound = projects.all.iter().filter(|project| !projects.doubtful.contains(&project.name));
    let projects: BTreeMap<&str, &Project> = sound.map(|project| (project.name.as_str(), project)).collect();
    report_kinds(&projects, deployments, diagnostics);
    let mut refused: BTreeMap<(Span, bool, &str, String), Vec<usize>> = BTreeMap::new();
    // What was asked before: a fleet has many deployments and few answers.
    let mut asked: HashMap<Question, Option<Refusal>> = HashMap::new();
    // The settings that are permitted on whatever cluster.
    let mut permitted = HashSet::new();
    for deployment in deployments {
        if permitted.contains(&Arc::as_ptr(&deployment.settings)) {
            continue;
        }
        let project = deployment.project.as_deref().and_then(|name| projects.get(name).copied());
        let (Some(project), Some(cluster)) = (project, by_name.get(deployment.cluster.as_ref())) else { continue };
        let answer = asked
            .entry(question(project, deployment))
            .or_insert_with(|| project_permits(project, deployment, cluster).err());
        if answer.is_none() && project.clusters == ProjectClusters::All {
            permitted.insert(Arc::as_ptr(&deployment.settings));
        }
        if let Some(refusal) = answer.clone() {
            let (span, is_source, what) = match refusal {
                Refusal::Source { url } => (deployment.origin.of("source"), true, url),
                Refusal::Destination => {
                    (deployment.origin.of("namespace"), false, deployment.namespace.clone().unwrap_or_default())
                }
            };
            let key = (span, is_source, project.name.as_str(), what);
            refused.entry(key).or_default().extend(model.find_cluster(&deployment.cluster));
        }
    }
    for ((span, is_source, name, what), on) in refused {
        let Some(project) = projects.get(name) else { continue };
        let of_any_name = on.iter().any(|place| model.clusters.get(*place).is_some_and(|c| c.assigned.is_some()));
        let on = model.list_clusters(on.into_iter());
        diagnostics.push(if is_source {
            source_refused(span, project, &what)
        } else {
            let refused = destination_refused(span, project, &what, &on);
            if of_any_name && matches!(project.clusters, ProjectClusters::Globs(_)) {
                refused.note("globs over names do not say whether a cluster is permitted that is not known: write `clusters = all`")
            } else {
                refused
            }
        });
    }
}

/// F0416, once for each declaration and kind.
fn report_kinds(projects: &BTreeMap<&str, &Project>, deployments: &[Deployment], diagnostics: &mut Diagnostics) {
    let mut refused: BTreeMap<(Span, String), (&Project, ObjectRef)> = BTreeMap::new();
    for deployment in deployments {
        let Some(project) = deployment.project.as_deref().and_then(|name| projects.get(name)) else { continue };
        for object in deployment.objects().iter().map(ObjectRef::of) {
            if !kind_permitted(project, &object) {
                let kind = format!("{}/{}", object.group(), object.kind);
                refused.entry((deployment.origin.component, kind)).or_insert((project, object));
            }
        }
    }
    for ((span, kind), (project, object)) in refused {
        let name = &project.name;
        let (list, deny) = match object.namespace {
            Some(_) => ("namespace-resources", "deny-namespace-resources"),
            None => ("cluster-resources", "deny-cluster-resources"),
        };
        let message = format!("the project `{name}` does not permit objects of the kind {}", object.kind);
        diagnostics.push(
            Diagnostic::new(codes::KIND_NOT_PERMITTED, span, message)
                .label(format!("becomes a {}", object.kind))
                .related(project.span, "the project is declared here")
                .help(format!("add `\"{kind}\"` to the `{list}` of `{name}`, and leave it out of `{deny}`")),
        );
    }
}

/// All that an answer depends on: the project, the URLs, the namespace, and the cluster unless all are permitted.
type Question<'d> = (&'d str, Vec<&'d str>, Option<&'d str>, Option<&'d str>);

fn question<'d>(project: &'d Project, deployment: &'d Deployment) -> Question<'d> {
    let mut urls = vec![deployment.source.url.as_str()];
    if let Content::Chart(chart) = &deployment.content {
        urls.push(&chart.name);
        urls.extend(chart.values_files.iter().map(|file| file.source.url.as_str()));
    }
    let cluster = (project.clusters != ProjectClusters::All).then_some(&*deployment.cluster);
    (&project.name, urls, deployment.namespace.as_deref(), cluster)
}

fn source_refused(span: Span, project: &Project, url: &str) -> Diagnostic {
    let name = &project.name;
    Diagnostic::new(
        codes::SOURCE_NOT_PERMITTED,
        span,
        format!("the project `{name}` does not permit the source `{url}`"),
    )
    .label("comes from there")
    .related(project.span, "the project is declared here")
    .help(format!("add `\"{url}\"` to the `sources` of `{name}`"))
    .note("in `sources`, `*` stays inside one part of a URL and `**` crosses `/`, as Argo CD matches them")
}

fn destination_refused(span: Span, project: &Project, namespace: &str, on: &str) -> Diagnostic {
    let name = &project.name;
    let (place, help) = if namespace.is_empty() {
        let help = format!("add `\"\"` to the `namespaces` of `{name}`, and look whether its `clusters` are these");
        ("objects without a namespace".to_string(), help)
    } else {
        let help = format!("add it to the `namespaces` and `clusters` of `{name}`");
        (format!("the namespace `{namespace}`"), help)
    };
    Diagnostic::new(
        codes::DESTINATION_NOT_PERMITTED,
        span,
        format!("the project `{name}` does not permit {place} on {on}"),
    )
    .label("goes there")
    .related(project.span, "the project is declared here")
    .help(help)
}
