//! Where a field that is other was said.

use std::collections::BTreeSet;

use super::compare::Side;
use super::{Cause, Field};
use crate::plan::Deployment;
use crate::source::Span;

/// The place of `span`, in the old sources or in the new ones.
pub fn place(side: &Side, old: bool, span: Span) -> Cause {
    let file = side.sources.file(span.source);
    let position = file.position(span.start);
    Cause { old, file: file.path.clone(), line: position.line, column: position.column }
}

/// Where the differences between two deployments come from: the new place, or the old one where it was taken away.
pub fn of(old: (&Side, &Deployment), new: (&Side, &Deployment), fields: &[Field]) -> Vec<Cause> {
    let mut causes = BTreeSet::new();
    for field in fields {
        causes.insert(match (said(new.1, field), said(old.1, field)) {
            (Some(span), _) => place(new.0, false, span),
            (None, Some(span)) => place(old.0, true, span),
            (None, None) => place(new.0, false, new.1.origin.component),
        });
    }
    causes.into_iter().collect()
}

fn said(deployment: &Deployment, field: &Field) -> Option<Span> {
    let mut parts = field.name.splitn(2, '.');
    let (first, rest) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let attributes = &deployment.origin.attributes;
    let source = deployment.source.span;
    match (first, rest) {
        ("source", "revision") => attributes.get("version").copied().or(Some(source)),
        ("source", "path" | "chart") => attributes.get(rest).copied(),
        ("source", "name") => attributes.get("source").copied(),
        ("source", _) => Some(source),
        ("argocd" | "flux", path) => {
            let keys = deployment.raw.keys.iter();
            keys.filter(|key| path == key.path || path.strip_prefix("release.") == Some(&key.path))
                .map(|key| key.span)
                .next()
        }
        ("values_file_texts" | "missing_values_files", _) => attributes.get("values-files").copied(),
        _ => attributes.get(first.replace('_', "-").as_str()).copied(),
    }
}
