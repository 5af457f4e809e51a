//! What a component adds to a folder and to the namespace that is made for it.

use std::collections::BTreeMap;

use super::check::{clean_path, unsafe_path, unsafe_path_diagnostic};
use super::deployment::{Attributes, check_labels};
use super::pick::{Picked, Poison};
use super::sources::exclusive;
use crate::diag::{Diagnostic, Diagnostics, codes};
use crate::plan::{Content, Deployment};
use crate::source::Span;

/// The kustomize components of a folder, each with its place, when the content is not known to be a chart.
pub fn components(at: &mut Attributes, content: Option<&Content>) -> Picked<Vec<(String, Span)>> {
    let mut found: Vec<(String, Span)> = Vec::new();
    let items = at.items("components")?;
    if let (Some(Content::Chart(_)), false) = (content, items.is_empty()) {
        let (span, chart) = (at.span("components"), at.span("chart"));
        at.report(exclusive(span, "components", chart, "chart", "kustomize components belong to folders"));
        return Err(Poison);
    }
    for (path, span) in items {
        if let Some(why) = unsafe_path(&path) {
            at.report(unsafe_path_diagnostic(span, &path, why));
            return Err(Poison);
        }
        let path = clean_path(&path);
        match found.iter().find(|(other, _)| *other == path) {
            Some((_, first)) if *first != span => {
                let diagnostic = Diagnostic::new(codes::DUPLICATE_ENTRY, span, format!("`{path}` is there twice"))
                    .label("named again here")
                    .related(*first, "first named here")
                    .help("keep one of them");
                at.report(diagnostic);
                return Err(Poison);
            }
            _ => found.push((path, span)),
        }
    }
    Ok(found)
}

/// Labels and annotations.
type Metadata = (BTreeMap<String, String>, BTreeMap<String, String>);

/// Labels and annotations of the namespace that is made.
pub fn namespace_metadata(at: &mut Attributes, namespace: Option<&str>) -> Picked<Metadata> {
    let (labels, annotations) = (at.text_map("namespace-labels"), at.text_map("namespace-annotations"));
    let (labels, annotations) = (labels?, annotations?);
    check_labels("namespace-labels", &labels, at);
    let maps = [("namespace-labels", labels.is_empty()), ("namespace-annotations", annotations.is_empty())];
    let Some((name, _)) = maps.into_iter().find(|(_, is_empty)| !is_empty) else { return Ok((labels, annotations)) };
    let span = at.span(name);
    let made = at.flag("create-namespace", true)?;
    if !made {
        let no = at.span("create-namespace");
        let why = "nothing is said of a namespace that is not made";
        at.report(exclusive(span, name, no, "create-namespace = false", why));
        return Err(Poison);
    }
    if namespace.is_none() {
        at.report_missing(
            Diagnostic::new(codes::MISSING_ATTRIBUTE, span, format!("`{name}` is of no namespace"))
                .label("the component sets no `namespace`")
                .help("write `namespace = …`"),
        );
    }
    Ok((labels, annotations))
}

/// F0321 for components that say different things of one namespace of a cluster: each would undo what the other did.
pub fn report_different_namespaces(deployments: &[Deployment], diagnostics: &mut Diagnostics) {
    let mut said: BTreeMap<(&str, &str), &Deployment> = BTreeMap::new();
    let mut reported: Vec<(Span, Span)> = Vec::new();
    let place = |deployment: &Deployment| {
        let name = if deployment.namespace_labels.is_empty() { "namespace-annotations" } else { "namespace-labels" };
        deployment.origin.of(name)
    };
    for deployment in deployments {
        let is_silent = deployment.namespace_labels.is_empty() && deployment.namespace_annotations.is_empty();
        let Some(namespace) = deployment.namespace.as_deref().filter(|_| !is_silent) else { continue };
        let first = *said.entry((&deployment.cluster, namespace)).or_insert(deployment);
        let same = first.namespace_labels == deployment.namespace_labels
            && first.namespace_annotations == deployment.namespace_annotations;
        let places = (place(first), place(deployment));
        if same || reported.contains(&places) {
            continue;
        }
        reported.push(places);
        let message = format!(
            "`{}` and `{}` say different things of the namespace `{namespace}` on `{}`",
            first.component, deployment.component, deployment.cluster
        );
        diagnostics.push(
            Diagnostic::new(codes::NAMESPACE_DIFFERS, places.1, message)
                .label("one of them")
                .related(places.0, "the other one")
                .help("let one of the two say it, or both the same"),
        );
    }
}
