//! Text of engines and commands for reading. What an engine reports may be anything.

use serde_json::Value;

use super::{Drift, Finding};
use crate::diag::render::text::escape;
use crate::plan::text::{counted, some_of};

/// How much of a message is shown.
const LONGEST: usize = 300;

/// How much of a value is shown.
const LONGEST_VALUE: usize = 60;

/// A message on one line, with nothing in it that a terminal takes for a command, and not too long.
pub fn message(text: &str) -> String {
    shown(text, LONGEST)
}

/// A name that stands in a table.
pub(super) fn name(text: &str) -> String {
    shown(text, 253)
}

fn shown(text: &str, most: usize) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ");
    let cut: String = text.chars().take(most).collect();
    let end = if cut.len() < text.len() { "..." } else { "" };
    format!("{}{end}", escape(&cut))
}

/// A value in a sentence: `main`, `3`, `{"a":1}`.
pub(super) fn value(value: &Value) -> String {
    match value {
        Value::String(text) if !text.is_empty() => shown(text, LONGEST_VALUE),
        other => shown(&other.to_string(), LONGEST_VALUE),
    }
}

/// What is wrong with an object, and why, in one line.
pub(super) fn sentence(finding: &Finding) -> String {
    let field = finding.field.as_deref().map(|field| compared(finding, &message(field)));
    let why = finding.why.as_deref().map(message);
    field.into_iter().chain(why).collect::<Vec<_>>().join("; ")
}

fn compared(finding: &Finding, field: &str) -> String {
    match (&finding.wanted, &finding.live) {
        (Some(wanted), Some(live)) => format!("{field} is {}, not {}", value(live), value(wanted)),
        (None, Some(live)) => format!("{field} is {}, and the plan does not say it", value(live)),
        (Some(_), None) if finding.hidden => format!("{field} is not what the plan says"),
        (None, None) if finding.hidden => format!("{field} is there, and the plan does not say it"),
        (Some(wanted), None) => format!("{field} is not there, and the plan says {}", value(wanted)),
        (None, None) => field.to_owned(),
    }
}

/// What an object is called: by its component where it is the deployment of one, else by its kind and name.
pub(super) fn object(finding: &Finding) -> String {
    match &finding.component {
        Some(component) if finding.is_deployment && finding.kind == super::Kind::HelmRelease => {
            format!("{} ({})", name(component), finding.kind.word())
        }
        Some(component) if finding.is_deployment => name(component),
        _ => format!("{} {}", finding.kind.word(), name(&finding.name)),
    }
}

/// The heading that a finding stands under.
pub(super) fn group(finding: &Finding) -> String {
    match (&finding.rollout, &finding.stage, &finding.cluster) {
        (Some(rollout), Some(stage), _) => format!("rollout {rollout}, stage {stage}"),
        (Some(rollout), None, _) => format!("rollout {rollout}"),
        (None, _, None) => "shared".to_owned(),
        (None, _, Some(_)) => "no rollout".to_owned(),
    }
}

/// The consequence: how much drifts, and where.
pub(super) fn summary(drift: &Drift) -> String {
    let all = counted(drift.deployments(), "deployment");
    let clusters = drift.clusters().len();
    if !drift.is_any() {
        let verb = if drift.deployments() == 1 { "is" } else { "are" };
        return format!("no drift: {all} on {} {verb} as the plan says", counted(clusters, "cluster"));
    }
    let others = drift.findings().filter(|finding| !finding.is_deployment).count();
    let joined = if drift.drifting() == 0 { ", but there" } else { "; and there" };
    let others = match others {
        0 => String::new(),
        1 => format!("{joined} is 1 other finding"),
        count => format!("{joined} are {count} other findings"),
    };
    let known = drift.clusters();
    let touched = drift.drifting_clusters(false).intersection(&known).count();
    let places =
        if touched == 0 { String::new() } else { format!(", on {touched} of {}", counted(clusters, "cluster")) };
    let protected: Vec<String> = drift.drifting_clusters(true).into_iter().map(name).collect();
    let protected: Vec<&str> = protected.iter().map(String::as_str).collect();
    let protected = if protected.is_empty() { String::new() } else { format!("; protected: {}", some_of(&protected)) };
    let verb = if drift.drifting() == 1 && drift.deployments() == 1 { "drifts" } else { "drift" };
    format!("{} of {all} {verb}{places}{others}{protected}", drift.drifting())
}

/// Where a rollout is, unless it is through: `web has come to stage prod: 1 of 3 clusters done, 2 wait`.
pub(super) fn position(position: &super::Position) -> Option<String> {
    let at = position.stage.as_ref()?;
    let stage = position.stages.iter().find(|stage| stage.stage == *at)?;
    let some = |clusters: &[String], words: &str| {
        let names: Vec<&str> = clusters.iter().map(String::as_str).collect();
        (!clusters.is_empty()).then(|| format!("{words} {}", some_of(&names)))
    };
    let mut parts = vec![format!("{} of {} done", stage.done.len(), counted(stage.clusters(), "cluster"))];
    parts.extend(some(&stage.progressing, "under way"));
    parts.extend(some(&stage.waiting, "waiting"));
    parts.extend(some(&stage.stopped, "stopped"));
    let closed = if stage.is_closed { ", which somebody opens" } else { "" };
    Some(format!("{} has come to stage {at}{closed}: {}", position.component, parts.join(", ")))
}

/// What commands are told besides names.
const FLAGS: [&str; 6] =
    ["--cascade=false", "--cascade=orphan", "--refresh", "--with-source", "--sync-policy=automated", "-l"];

/// A command with a namespace; nothing where a name in it is none that Kubernetes takes, which nobody should paste into a
/// shell: it may be a flag, or what a shell reads as more than a word.
pub(super) fn command(words: &[&str], flag: &str, namespace: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._/=,".contains(c);
    let is_name = |word: &str| word.starts_with(|c: char| c.is_ascii_alphanumeric()) && word.chars().all(is_plain);
    if !words.iter().chain([&namespace]).all(|word| FLAGS.contains(word) || is_name(word)) {
        return String::new();
    }
    format!("{} {flag} {namespace}", words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::{command, message};

    #[test]
    fn what_an_engine_says_moves_no_cursor() {
        assert_eq!(message("a\n  b\u{1b}[31m\u{202e}"), "a b\\u{1b}[31m\\u{202e}");
        assert_eq!(message(&"x".repeat(400)).len(), 303);
    }

    #[test]
    fn no_command_is_made_of_a_name_that_a_shell_reads_otherwise() {
        assert_eq!(command(&["kubectl", "get", "web-dev"], "-n", "argocd"), "kubectl get web-dev -n argocd");
        for name in ["a;b", "$(a)", "", "a b", "a\nb", "--all", "-A"] {
            assert_eq!(command(&["kubectl", "get", name], "-n", "argocd"), "", "{name:?}");
        }
    }
}
