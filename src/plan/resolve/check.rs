//! Small checks of values that several declarations share.

use crate::diag::{Diagnostic, codes};
use crate::plan::GroupKind;
use crate::source::Span;

/// F0307 for `text`, which becomes `what`.
pub fn invalid_name(span: Span, text: &str, what: &str, limit: usize) -> Diagnostic {
    Diagnostic::new(codes::INVALID_NAME, span, format!("Kubernetes does not take `{text}` as the name of {what}"))
        .label(format!("becomes {what}"))
        .help(format!("use at most {limit} lower-case letters, digits and `-`, with a letter or digit at both ends"))
}

/// F0314 for a value that cannot be used.
pub fn invalid(
    span: Span,
    message: impl Into<String>,
    label: impl Into<String>,
    help: impl Into<String>,
) -> Diagnostic {
    Diagnostic::new(codes::INVALID_VALUE, span, message).label(label).help(help)
}

/// F0314 for an empty `name`.
pub fn empty(span: Span, name: &str) -> Diagnostic {
    let help = if name == "path" {
        "write `\".\"` for the root of the source".to_string()
    } else {
        format!("write the {name}, or leave it out")
    };
    invalid(span, format!("`{name}` is empty"), "says nothing", help)
}

/// F0314 for the duration `name` of nothing.
pub fn zero(span: Span, name: &str) -> Diagnostic {
    invalid(span, format!("`{name}` cannot be zero"), "too short", "write for example `10m`")
}

/// What is wrong with a path inside a source, if anything.
pub fn unsafe_path(path: &str) -> Option<&'static str> {
    if path.starts_with('/') {
        return Some("begins with `/`");
    }
    if path.contains('\\') {
        return Some("holds a backslash");
    }
    if path.contains(|c: char| c.is_control()) {
        return Some("holds a control character");
    }
    if path.split('/').any(|part| part == "..") {
        return Some("leaves its source with `..`");
    }
    None
}

/// F0316 for `path`.
pub fn unsafe_path_diagnostic(span: Span, path: &str, why: &str) -> Diagnostic {
    Diagnostic::new(codes::UNSAFE_PATH, span, format!("the path `{path}` {why}"))
        .label("must stay inside its source")
        .help("write a path from the root of the source, with `/` between its parts")
}

/// A path without `./` in front, doubled `/`, and `/` at the end; `.` for the root.
pub fn clean_path(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if parts.is_empty() { ".".to_string() } else { parts.join("/") }
}

/// `"group/Kind"`, `"/Kind"` for the core group, `"*/*"`.
pub fn group_kind(text: &str) -> Option<GroupKind> {
    let (group, kind) = text.rsplit_once('/')?;
    let ok = !kind.is_empty() && !group.contains('/') && !text.chars().any(|c| c.is_whitespace() || c.is_control());
    ok.then(|| GroupKind { group: group.to_string(), kind: kind.to_string() })
}

/// What Kubernetes calls `kind` when nothing else is said: its `apiVersion`, and whether it has a namespace.
pub fn known_kind(kind: &str) -> Option<(&'static str, bool)> {
    Some(match kind {
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" => ("apps/v1", true),
        "Job" | "CronJob" => ("batch/v1", true),
        "Service" | "Pod" | "ConfigMap" | "Secret" | "ServiceAccount" | "PersistentVolumeClaim" => ("v1", true),
        "Namespace" | "Node" | "PersistentVolume" => ("v1", false),
        "Ingress" | "NetworkPolicy" => ("networking.k8s.io/v1", true),
        "IngressClass" => ("networking.k8s.io/v1", false),
        "HorizontalPodAutoscaler" => ("autoscaling/v2", true),
        "PodDisruptionBudget" => ("policy/v1", true),
        "StorageClass" => ("storage.k8s.io/v1", false),
        "Role" | "RoleBinding" => ("rbac.authorization.k8s.io/v1", true),
        "ClusterRole" | "ClusterRoleBinding" => ("rbac.authorization.k8s.io/v1", false),
        "CustomResourceDefinition" => ("apiextensions.k8s.io/v1", false),
        "APIService" => ("apiregistration.k8s.io/v1", false),
        "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration" => ("admissionregistration.k8s.io/v1", false),
        "Certificate" | "Issuer" => ("cert-manager.io/v1", true),
        "ClusterIssuer" => ("cert-manager.io/v1", false),
        "HelmRelease" => ("helm.toolkit.fluxcd.io/v2", true),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_leave_their_source_are_unsafe() {
        for path in ["/etc", "../x", "a/../../b", "a\\b", "a\nb"] {
            assert!(unsafe_path(path).is_some(), "{path}");
        }
        assert_eq!(unsafe_path("a/..b/c"), None);
        assert_eq!(clean_path("./a//b/"), "a/b");
    }
}
