//! Which Applications of a project some of its components have, as globs over their names.
//!
//! Windows and policies choose Applications by name, and an Application is named `<component>-<cluster>`. A glob
//! `<component>-*` stays as it is when a cluster joins, so it is written wherever it reaches nothing else; where it would,
//! the names are written out.

use std::collections::BTreeSet;

use super::Context;
use crate::plan::permission::glob_matches;
use crate::plan::{Deployment, MAX_NAME};

/// What a name keeps of itself when it is shortened.
const KEPT: usize = MAX_NAME - "-12345678".len();

/// The globs over the names of Applications of `project` whose components match one of `globs`; all when there are none.
///
/// # Errors
/// Gives the two components that cannot be told apart by name on a cluster that nobody declared.
pub(super) fn applications<'a>(
    context: &Context<'a>,
    project: &str,
    globs: &[String],
) -> Result<Vec<String>, (&'a str, &'a str)> {
    if globs.is_empty() {
        return Ok(vec!["*".to_owned()]);
    }
    let of_project = context.plan.deployments.iter().filter(|d| d.project.as_deref() == Some(project));
    let meant = |d: &&Deployment| globs.iter().any(|glob| glob_matches(glob, &d.component));
    let (meant, others): (Vec<&Deployment>, Vec<&Deployment>) = of_project.partition(meant);
    let mut found = BTreeSet::new();
    for own in meant.chunk_by(|a, b| a.component == b.component) {
        let Some(component) = own.first().map(|deployment| &*deployment.component) else { continue };
        let begin = format!("{component}-");
        let is_short = own.iter().all(|deployment| deployment.name.starts_with(&begin)) && begin.len() <= KEPT;
        if context.space.is_some() {
            let near = |other: &str| other.starts_with(&begin) || component.starts_with(&format!("{other}-"));
            if let Some(other) = others.iter().find(|other| near(&other.component) || !is_short) {
                return Err((component, &other.component));
            }
        }
        if is_short && !others.iter().any(|other| other.name.starts_with(&begin)) {
            found.insert(format!("{begin}*"));
        } else {
            found.extend(own.iter().map(|deployment| deployment.name.to_string()));
        }
    }
    Ok(found.into_iter().collect())
}
