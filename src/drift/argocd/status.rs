//! Words and numbers of the status of an Application.

use serde_json::Value;

use super::super::position::Progress;
use crate::plan::text::some_of;
use crate::simulate::manifests::{entries, text};

/// A condition that is an error.
pub(super) fn error(value: &Value) -> Option<String> {
    let is_error = |condition: &&Value| text(condition, "/type").ends_with("Error");
    let condition = entries(value, "/status/conditions").iter().find(is_error)?;
    Some(said(text(condition, "/type"), text(condition, "/message")))
}

pub(super) fn health_message(value: &Value) -> String {
    let own = text(value, "/status/health/message");
    if !own.is_empty() {
        return own.to_owned();
    }
    let ill = entries(value, "/status/resources")
        .iter()
        .find(|resource| !matches!(text(resource, "/health/status"), "" | "Healthy" | "Progressing" | "Suspended"));
    ill.map(|one| said(&object(one), text(one, "/health/message"))).unwrap_or_default()
}

/// The objects that are not as the source says, of which it names some.
pub(super) fn resources(value: &Value) -> String {
    let all: Vec<String> = entries(value, "/status/resources")
        .iter()
        .filter(|resource| text(resource, "/status") == "OutOfSync")
        .map(object)
        .collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    if all.is_empty() { String::new() } else { some_of(&all) }
}

pub(super) fn object(resource: &Value) -> String {
    format!("{} {}", text(resource, "/kind"), text(resource, "/name"))
}

pub(super) fn said(what: &str, message: &str) -> String {
    match (what, message) {
        (what, "") => what.to_owned(),
        ("", message) => message.to_owned(),
        (what, message) => format!("{what}: {message}"),
    }
}

/// How far an Application is: as its ApplicationSet says, or as it says itself.
pub(super) fn progress(sync: &str, phase: &str, health: &str, rolling: Option<&Value>) -> Progress {
    match rolling.map(|status| text(status, "/status")) {
        Some("Waiting") => Progress::Waiting,
        Some("Pending" | "Progressing") => Progress::UnderWay,
        _ if sync == "Synced" && health == "Healthy" => Progress::Done,
        _ if phase == "Running" || health == "Progressing" => Progress::UnderWay,
        _ => Progress::Stopped,
    }
}
