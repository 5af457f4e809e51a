//! What can be seen of a deployment's content where its source is this repository.

use std::collections::BTreeMap;

use super::deployment::Sinks;
use super::folders::Folders;
use super::substitution;
use crate::diag::Diagnostics;
use crate::plan::{Content, Deployment};
use crate::source::Span;

/// Where the parts of a deployment are written that are looked for in its folder.
pub struct Places<'p> {
    /// Its patches.
    pub patches: &'p [Span],
    /// Its kustomize components.
    pub components: &'p [Span],
    /// Its variables, by name.
    pub variables: &'p BTreeMap<String, Span>,
}

/// What can be seen of the content in this repository.
pub fn check(checkout: &str, deployment: &Deployment, places: Places, sinks: &mut Sinks) {
    let Content::Path(path) = &deployment.content else { return };
    let span = deployment.origin.of("path");
    if !sinks.folders.check_folder(checkout, path, span, sinks.diagnostics) {
        return;
    }
    substitution::check(checkout, path, (deployment, places.variables), sinks);
    for (component, span) in deployment.components.iter().zip(places.components) {
        sinks.folders.check_component(checkout, component, *span, sinks.diagnostics);
    }
    check_patches(checkout, deployment, places.patches, sinks.folders, sinks.diagnostics);
}

/// Whether what the patches of `deployment`, which stand at `places`, change is in its folder.
pub fn check_patches(
    checkout: &str,
    deployment: &Deployment,
    places: &[Span],
    folders: &mut Folders,
    diagnostics: &mut Diagnostics,
) {
    let Content::Path(path) = &deployment.content else { return };
    // What a component adds is not known.
    let patches = deployment.patches.iter().zip(places).filter(|_| deployment.components.is_empty());
    for (patch, span) in patches {
        folders.check_patch((checkout, path, *span), &patch.kind, &patch.name, diagnostics);
    }
}
