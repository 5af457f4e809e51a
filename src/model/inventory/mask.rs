//! Hides what may be secret in a data file, so that no message shows it: a message shows the lines around its place.
//!
//! Every byte that goes is replaced by one, so that all places stay.

use crate::data::{Kind, Node};
use crate::source::Span;

/// What kubectl keeps of an object that was applied, secrets included.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// `text` without the data of Secrets but for the name and the server of a cluster, and without Terraform's sensitive
/// outputs; none when there is nothing to hide.
pub fn secrets(text: &str, documents: &[Node]) -> Option<String> {
    let mut hidden = Vec::new();
    documents.iter().for_each(|node| gather(node, &mut hidden));
    if hidden.is_empty() {
        return None;
    }
    hidden.sort();
    let mut masked = String::with_capacity(text.len());
    let mut at = 0usize;
    for span in hidden {
        let (start, end) = (span.start as usize, span.end as usize);
        if start < at {
            continue;
        }
        masked.push_str(text.get(at..start).unwrap_or(""));
        text.get(start..end).unwrap_or("").chars().for_each(|c| hide(c, !c.is_whitespace(), &mut masked));
        at = end;
    }
    masked.push_str(text.get(at..).unwrap_or(""));
    Some(masked)
}

/// `text` that could not be read, when it may hold secrets.
pub fn unread(text: &str) -> Option<String> {
    let doubtful = ["Secret", "sensitive", "password", "token"].iter().any(|word| text.contains(word));
    doubtful.then(|| everything(text))
}

/// `text` without a letter or digit.
pub fn everything(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    text.chars().for_each(|c| hide(c, c.is_alphanumeric(), &mut masked));
    masked
}

fn hide(c: char, hidden: bool, masked: &mut String) {
    if hidden {
        masked.extend(std::iter::repeat_n('*', c.len_utf8()));
    } else {
        masked.push(c);
    }
}

fn gather(node: &Node, hidden: &mut Vec<Span>) {
    match &node.kind {
        Kind::List(items) => items.iter().for_each(|item| gather(item, hidden)),
        Kind::Map(_) if node.get("kind").and_then(Node::text) == Some("Secret") => secret(node, hidden),
        Kind::Map(_) if node.get("sensitive").is_some_and(|node| matches!(node.kind, Kind::Bool(true))) => {
            node.get("value").into_iter().for_each(|value| scalars(value, hidden));
        }
        Kind::Map(entries) => entries.iter().for_each(|entry| gather(&entry.value, hidden)),
        _ => {}
    }
}

fn secret(node: &Node, hidden: &mut Vec<Span>) {
    for entry in node.entries() {
        match entry.key.as_str() {
            "apiVersion" | "kind" => {}
            "metadata" => {
                let annotations = entry.value.get("annotations").map(Node::entries).unwrap_or_default();
                let applied = annotations.iter().filter(|entry| entry.key == LAST_APPLIED);
                applied.for_each(|entry| scalars(&entry.value, hidden));
            }
            "data" | "stringData" if entry.value.is_map() => {
                let secret = entry.value.entries().iter();
                let secret = secret.filter(|inner| inner.key != "name" && inner.key != "server");
                secret.for_each(|inner| scalars(&inner.value, hidden));
            }
            _ => scalars(&entry.value, hidden),
        }
    }
}

fn scalars(node: &Node, hidden: &mut Vec<Span>) {
    match &node.kind {
        Kind::List(items) => items.iter().for_each(|item| scalars(item, hidden)),
        Kind::Map(entries) => entries.iter().for_each(|entry| scalars(&entry.value, hidden)),
        _ => hidden.push(node.span),
    }
}
