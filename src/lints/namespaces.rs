//! Namespaces that are one slip of the hand away from one that everybody knows.
//!
//! Kubernetes makes whatever namespace is asked for, so that what belongs into `kube-system` runs happily in `kube-sytem`,
//! where nothing finds it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Subject, listed};
use crate::diag::{Applicability, Diagnostic, Diagnostics, codes};
use crate::model::names::quoted;
use crate::model::{Model, body};
use crate::source::Span;
use crate::syntax::ast::{ExprKind, TextPart};

/// The namespaces that every cluster has. `default` is left out: `defaults` is a name like any other.
const OF_KUBERNETES: [&str; 3] = ["kube-node-lease", "kube-public", "kube-system"];

/// Reports namespaces that are nearly one that is known.
pub fn check(subject: Subject, diagnostics: &mut Diagnostics) {
    let known = known(subject.model);
    let mut judged: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    let mut found: BTreeMap<Span, (&str, &str, BTreeSet<&str>)> = BTreeMap::new();
    for deployment in subject.deployments() {
        let Some(namespace) = deployment.namespace.as_deref() else { continue };
        let near = *judged.entry(namespace).or_insert_with(|| slip_of(namespace, &known));
        if let Some(near) = near {
            let (.., components) =
                found.entry(deployment.origin.of("namespace")).or_insert_with(|| (namespace, near, BTreeSet::new()));
            components.insert(&*deployment.component);
        }
    }
    for (span, (namespace, near, components)) in found {
        let message = format!("`{namespace}`, the namespace of {}, is nearly `{near}`", listed(components));
        let diagnostic = Diagnostic::new(codes::NAMESPACE_TYPO, span, message)
            .label("one letter away")
            .help(format!("did you mean `{near}`?"));
        let written = subject.model.text(span);
        diagnostics.push(if written.trim_matches('"') == namespace {
            let near_written = if written.starts_with('"') { format!("\"{near}\"") } else { quoted(near) };
            diagnostic.fix(format!("write `{near}`"), Applicability::Unsafe, span, near_written)
        } else {
            diagnostic
        });
    }
}

/// The namespaces of Kubernetes and of the standard library.
fn known<'a>(model: &Model<'a>) -> BTreeSet<&'a str> {
    let library = model.names.templates.values().filter(|template| template.std);
    let said = library.filter_map(|template| body::find(&template.node.body, "namespace"));
    let names = said.filter_map(|attribute| match &attribute.value.kind {
        ExprKind::Path(path) => path.parts.first().map(|name| name.text.as_str()),
        ExprKind::Text(text) => match text.parts.as_slice() {
            [TextPart::Literal(text)] => Some(text.as_str()),
            _ => None,
        },
        _ => None,
    });
    // In a short word, one letter makes another word.
    names.filter(|name| name.len() > 7).chain(OF_KUBERNETES).collect()
}

/// The known name that `namespace` was to be.
fn slip_of<'k>(namespace: &str, known: &BTreeSet<&'k str>) -> Option<&'k str> {
    if known.contains(namespace) {
        return None;
    }
    // A second one of a kind has a number.
    let numbered = namespace.contains(|c: char| c.is_ascii_digit());
    let near = known.iter().find(|name| strsim::osa_distance(name, namespace) == 1);
    near.copied().filter(|_| !numbered)
}
