//! Names of objects: what Kubernetes takes, and that no two are the same.

use std::collections::BTreeMap;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _};

use super::check;
use super::settings::FleetSettings;
use crate::diag::{Diagnostic, Diagnostics, codes};
use crate::model::cluster::{is_dns_label, is_dns_subdomain};
use crate::model::{Model, body};
use crate::plan::{Content, Deployment, Source};
use crate::syntax::ast;

/// Component names begin object names.
pub fn check_component(name: &ast::Name, diagnostics: &mut Diagnostics) {
    if !is_dns_label(&name.text) {
        diagnostics.push(check::invalid_name(name.span, &name.text, "an object", 63));
    }
}

/// Names that become names of objects, or parts of them.
pub fn check_all(model: &Model, fleet: &FleetSettings, diagnostics: &mut Diagnostics) {
    if !fleet.name.is_empty() && !is_dns_label(&fleet.name) {
        diagnostics.push(check::invalid_name(fleet.span, &fleet.name, "an Application", 63));
    }
    let sources = model.names.sources.values().map(|declared| (declared.name, "a source"));
    let rollouts = model.names.rollouts.values().map(|declared| (declared.name, "a part of an object's name"));
    for (name, what) in sources.chain(rollouts) {
        if !is_dns_label(&name.text) {
            diagnostics.push(check::invalid_name(name.span, &name.text, what, 63));
        }
    }
    for declared in model.names.rollouts.values() {
        for stage in declared.node.body.entries.iter().filter_map(|entry| match entry {
            ast::Entry::Block(block) => block.arguments.first(),
            _ => None,
        }) {
            if let Some(text) = stage.as_literal()
                && !is_dns_label(text)
            {
                diagnostics.push(check::invalid_name(stage.span, text, "a part of an object's name", 63));
            }
        }
    }
    if !is_dns_subdomain(&fleet.label_prefix) {
        let span = model.names.fleet.and_then(|(node, _)| body::find(&node.body, "label-prefix"));
        let span = span.map_or(fleet.span, |attribute| attribute.value.span);
        diagnostics.push(check::invalid(
            span,
            format!("`{}` is no DNS name", fleet.label_prefix),
            "stands before the `/` of a label's key",
            "write for example `fleetc.dev`",
        ));
    }
}

/// F0408 for deployments of one name.
pub fn report_collisions(deployments: &[Deployment], diagnostics: &mut Diagnostics) {
    let mut names: HashMap<&str, &Deployment> = HashMap::with_capacity(deployments.len());
    for deployment in deployments {
        match names.get(&*deployment.name) {
            Some(first) => diagnostics.push(
                Diagnostic::new(
                    codes::NAME_COLLISION,
                    deployment.origin.component,
                    format!(
                        "`{}` on `{}` and `{}` on `{}` would both be named `{}`",
                        deployment.component, deployment.cluster, first.component, first.cluster, deployment.name
                    ),
                )
                .label("named after the component and the cluster")
                .related(first.origin.component, "the other one")
                .help("rename one of the components"),
            ),
            None => {
                names.insert(&deployment.name, deployment);
            }
        }
    }
}

/// The sources that are read, sorted by name; F0408 for two of one name.
pub fn used_sources(
    deployments: &[Deployment],
    home: Option<&Arc<Source>>,
    diagnostics: &mut Diagnostics,
) -> Vec<Arc<Source>> {
    let mut used: BTreeMap<&str, &Arc<Source>> = BTreeMap::new();
    // Those next to each other mostly share their settings.
    let alike = |one: &Deployment, other: &Deployment| Arc::ptr_eq(&one.settings, &other.settings);
    let deployments: Vec<&Deployment> = deployments.chunk_by(alike).filter_map(<[_]>::first).collect();
    let files = deployments.iter().flat_map(|deployment| match &deployment.content {
        Content::Chart(chart) => chart.values_files.iter().map(|file| &file.source).collect(),
        Content::Path(_) | Content::Objects(_) => Vec::new(),
    });
    for source in deployments.iter().map(|deployment| &deployment.source).chain(files).chain(home) {
        match used.get(source.name.as_str()) {
            Some(first) if first.span != source.span => diagnostics.push(
                Diagnostic::new(codes::NAME_COLLISION, source.span, format!("two sources are named `{}`", source.name))
                    .label("one of them")
                    .related(first.span, "the other one")
                    .help("rename yours; the other belongs to the standard library"),
            ),
            _ => {
                used.insert(&source.name, source);
            }
        }
    }
    used.into_values().cloned().collect()
}
