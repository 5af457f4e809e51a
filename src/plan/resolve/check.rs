//! Small checks of values that several declarations share.

use crate::diag::{Diagnostic, codes};
use crate::plan::GroupKind;
use crate::source::Span;
use crate::syntax::limits::is_invisible;

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

/// F0314 for a `name` that an engine gives to a command or shows as a name, and that would deceive there: nothing, an option,
/// something that nobody sees.
pub fn unusable(span: Span, name: &str, text: &str) -> Option<Diagnostic> {
    if text.is_empty() {
        return Some(empty(span, name));
    }
    if text.starts_with('-') {
        let message = format!("`{name}` begins with `-`");
        let label = "a command would take it for an option";
        return Some(invalid(span, message, label, "write what it is called, without a `-` in front"));
    }
    let hidden = text.chars().find(|c| is_invisible(*c) || matches!(c, '\n' | '\r' | '\t'))?;
    let message = format!("`{name}` holds a character that cannot be seen");
    Some(invalid(span, message, format!("holds U+{:04X}", u32::from(hidden)), "take it out"))
}

/// What is wrong with the name of a branch or tag, if anything: the rules of `git check-ref-format`, which Argo CD and Flux
/// fetch by.
pub fn not_a_ref(text: &str) -> Option<&'static str> {
    let is_odd = |c: char| c == ' ' || c.is_control() || "~^:?*[\\".contains(c);
    if text.contains(is_odd) {
        Some("holds a blank or one of `~^:?*[\\`")
    } else if text.contains("..") || text.contains("//") || text.contains("@{") || text == "@" {
        Some("holds `..`, `//` or `@{`, or is `@`")
    } else if text.starts_with('/') || text.ends_with(['/', '.']) {
        Some("begins with `/`, or ends with `/` or `.`")
    } else if text.split('/').any(|part| part.starts_with('.') || part.ends_with(".lock")) {
        Some("has a part that begins with `.` or ends with `.lock`")
    } else {
        None
    }
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
    if path.contains(|c: char| is_invisible(c) || c.is_control()) {
        return Some("holds a character that cannot be seen");
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
    fn only_what_git_takes_is_a_ref() {
        for text in ["main", "release/1.2", "v1.2.3+x", "refs/heads/main", "größe", "a@b"] {
            assert_eq!(not_a_ref(text), None, "{text}");
        }
        for text in
            ["a b", "a:b", "a^", "a..b", "/a", "a/", "a//b", "a.", "a/.b", "a.lock/b", "a@{b", "@", "a\\b", "v1.*"]
        {
            assert!(not_a_ref(text).is_some(), "{text}");
        }
    }

    #[test]
    fn paths_that_leave_their_source_are_unsafe() {
        for path in ["/etc", "../x", "a/../../b", "a\\b", "a\nb", "a\u{202e}b"] {
            assert!(unsafe_path(path).is_some(), "{path}");
        }
        assert_eq!(unsafe_path("a/..b/c"), None);
        assert_eq!(clean_path("./a//b/"), "a/b");
    }
}
