//! What makes the Applications of a component alike where that changes nothing.
//!
//! An ApplicationSet can give its Applications different strings but not different fields, so clusters that differ in
//! fields need several. Two things speak against that: a rolling sync orders only within one ApplicationSet
//! (argocd.md 4.5), and an Application that moves to another ApplicationSet is deleted by the one and made anew by the
//! other (argocd.md 2.5). So where an Application lacks a field that another one of the component has, it gets one that
//! says nothing.

use crate::plan::{Content, Deployment, Image, Patch};

use super::Context;

/// The fields that every Application of a component has.
pub(super) struct Alignment<'a> {
    /// Helm values, `{}` where there are none.
    pub(super) values: bool,
    /// The annotation that pauses, `"false"` where it does not.
    pub(super) suspend: bool,
    /// One patch for each place in the list; it is aimed at nothing where a deployment has none there.
    pub(super) patches: Vec<&'a Patch>,
    /// The number of replaced images.
    pub(super) images: usize,
    /// The number of values files, where there are any; the last one is repeated, which changes nothing.
    pub(super) values_files: usize,
}

impl<'a> Alignment<'a> {
    pub(super) fn new(context: &Context<'_>, deployments: &'a [Deployment]) -> Self {
        let mut patches: Vec<&Patch> = Vec::new();
        for deployment in deployments {
            patches.extend(deployment.patches.iter().skip(patches.len()));
        }
        let chart = |d: &'a Deployment| match &d.content {
            Content::Chart(chart) => Some(chart),
            Content::Path(_) | Content::Objects(_) => None,
        };
        let replaced = |d: &Deployment| d.images.iter().filter(|image| replaces(image)).count();
        Self {
            values: deployments.iter().any(|deployment| !deployment.values.is_empty()),
            suspend: deployments.iter().any(|d| context.is_suspended(d)),
            patches,
            images: deployments.iter().map(replaced).max().unwrap_or_default(),
            values_files: deployments.iter().filter_map(chart).map(|c| c.values_files.len()).max().unwrap_or_default(),
        }
    }
}

/// Whether an image changes anything.
pub(super) fn replaces(image: &Image) -> bool {
    image.new_name.is_some() || image.tag.is_some() || image.digest.is_some()
}
