//! Objects of Kubernetes that are clusters: Secrets of Argo CD and Clusters of Cluster API.
//!
//! Labels and annotations that the fleet does not declare are no business of it. Of a Secret only the name and the server
//! are read. Any other object is refused, so that nothing hides between clusters.

use std::borrow::Cow;

use super::shape::{Found, Reading, Setting, Texts};
use crate::data::{Entry, Kind, Node};
use crate::diag::{Diagnostic, codes};
use crate::source::Span;

/// What marks the Secret of a cluster, and how.
const SECRET_TYPE: &str = "argocd.argoproj.io/secret-type";
const SECRETS: &str =
    "get nothing else: `kubectl get secrets -n argocd -l argocd.argoproj.io/secret-type=cluster -o json`";

/// Whether `node` is an object of Kubernetes.
pub fn is_object(node: &Node) -> bool {
    node.get("kind").is_some_and(|kind| kind.text().is_some()) && node.get("apiVersion").is_some()
}

/// Reads an object, or the items of a list of them.
pub fn object<'r>(reading: &mut Reading<'r, '_, '_>, node: &'r Node) {
    let kind = node.get("kind").and_then(Node::text).unwrap_or("");
    let version = node.get("apiVersion").and_then(Node::text).unwrap_or("");
    match (kind, node.get("items").map(|items| &items.kind)) {
        (list, Some(Kind::List(items))) if list.ends_with("List") => {
            for item in items {
                // `kubectl get secrets -o json` writes a List; items of a SecretList have no kind of their own.
                match (is_object(item), list.strip_suffix("List")) {
                    (true, _) => object(reading, item),
                    (false, Some("Secret")) if version == "v1" => secret(reading, item),
                    (false, Some("Cluster")) if is_cluster_api(version) => cluster(reading, item),
                    _ => foreign(reading, item, item.place(), "an item without a kind"),
                }
            }
        }
        ("Secret", _) if version == "v1" => secret(reading, node),
        ("Cluster", _) if is_cluster_api(version) => cluster(reading, node),
        _ => {
            let name = node.get("metadata").and_then(|metadata| metadata.get("name")).and_then(Node::text);
            let what = format!("the {kind} `{}` of `{version}`", name.unwrap_or(""));
            let at = node.get("kind").map_or(node.place(), |kind| kind.span);
            foreign(reading, node, at, &what);
        }
    }
}

fn is_cluster_api(version: &str) -> bool {
    version.starts_with("cluster.x-k8s.io/")
}

/// F0013 for an object that is no cluster.
fn foreign(reading: &mut Reading, node: &Node, at: Span, what: &str) {
    let help = match node.get("kind").and_then(Node::text) {
        Some("Secret") => SECRETS,
        _ => "take it out of the file, or point to what else is a cluster: `each = …, name = …`",
    };
    reading.refuse(
        Diagnostic::new(codes::FOREIGN_DATA, at, format!("{what} is no cluster"))
            .label("neither a cluster Secret of Argo CD nor a Cluster of Cluster API")
            .help(help),
    );
}

fn metadata<'n>(node: &'n Node, part: &str) -> &'n [Entry] {
    node.get("metadata").and_then(|metadata| metadata.get(part)).map(Node::entries).unwrap_or_default()
}

/// The labels that the fleet declares, by their keys in Kubernetes, and its facts, which are annotations.
fn settings<'r>(reading: &Reading<'r, '_, '_>, node: &'r Node) -> Vec<Setting<'r>> {
    let mut settings = Vec::new();
    for (part, fact) in [("labels", false), ("annotations", true)] {
        for entry in metadata(node, part) {
            let is_it = |key: Option<&str>, name: &str| key.unwrap_or(name) == entry.key;
            let mut fields = reading.fields.iter().filter(|field| field.fact == fact && field.derived.is_none());
            if let Some(field) = fields.find(|field| is_it(field.key, &field.name.text)) {
                let (key, value) = (field.name.text.clone(), Cow::Borrowed(&entry.value));
                settings.push(Setting { key, at: entry.at, value, text: Texts::Values });
            }
        }
    }
    settings
}

fn cluster<'r>(reading: &mut Reading<'r, '_, '_>, node: &'r Node) {
    let name = node.get("metadata").and_then(|metadata| metadata.get("name"));
    let name = reading.name(name, node, "/metadata/name");
    let mut settings = settings(reading, node);
    settings.extend(endpoint(node));
    reading.add(Found { name, span: node.span, settings });
}

/// The server of a Cluster. Cluster API writes an empty host and the port 0 until there is one.
fn endpoint(node: &Node) -> Option<Setting<'_>> {
    let endpoint = node.get("spec")?.get("controlPlaneEndpoint")?;
    let host = endpoint.get("host")?;
    let (Some(text), Some(Kind::Int(port))) = (host.text(), endpoint.get("port").map(|port| &port.kind)) else {
        return None;
    };
    if text.is_empty() || *port == 0 {
        return None;
    }
    let text = if text.contains(':') && !text.starts_with('[') { format!("[{text}]") } else { text.to_owned() };
    let value = Node { span: host.span, kind: Kind::Text(format!("https://{text}:{port}")) };
    Some(Setting { key: "server".to_owned(), at: host.span, value: Cow::Owned(value), text: Texts::Values })
}

fn secret<'r>(reading: &mut Reading<'r, '_, '_>, node: &'r Node) {
    let mark = metadata(node, "labels").iter().find(|entry| entry.key == SECRET_TYPE);
    let object = node.get("metadata").and_then(|metadata| metadata.get("name"));
    if mark.and_then(|mark| mark.value.text()) != Some("cluster") {
        let name = object.and_then(Node::text).unwrap_or("");
        let at = mark.map(|mark| mark.value.span).or(node.get("kind").map(|kind| kind.span));
        return foreign(reading, node, at.unwrap_or(node.place()), &format!("the Secret `{name}`"));
    }
    let Ok(name) = value(reading, node, "name") else { return reading.unsure = true };
    let Ok(server) = value(reading, node, "server") else { return reading.unsure = true };
    let name = reading.name(name.as_ref(), node, "/data/name");
    let mut settings = settings(reading, node);
    settings.extend(server.map(|node| Setting {
        key: "server".to_owned(),
        at: node.span,
        value: Cow::Owned(node),
        text: Texts::Values,
    }));
    reading.add(Found { name, span: node.span, settings });
}

/// A key of a Secret, from `stringData` or, in base64, from `data`.
///
/// # Errors
/// What is no base64 is reported.
fn value(reading: &mut Reading, node: &Node, key: &str) -> Result<Option<Node>, ()> {
    if let Some(plain) = node.get("stringData").and_then(|data| data.get(key)) {
        return Ok(Some(plain.clone()));
    }
    let Some(coded) = node.get("data").and_then(|data| data.get(key)) else { return Ok(None) };
    let decoded = coded.text().and_then(decode).and_then(|bytes| String::from_utf8(bytes).ok());
    let Some(text) = decoded else {
        reading.refuse(
            Diagnostic::new(codes::INVALID_DATA, coded.span, format!("`{key}` is no text in base64"))
                .label("Kubernetes keeps the data of a Secret in base64")
                .help("let kubectl write the file, or put plain text into `stringData`"),
        );
        return Err(());
    };
    Ok(Some(Node { span: coded.span, kind: Kind::Text(text) }))
}

/// What `text` is in base64 (RFC 4648, with padding).
fn decode(text: &str) -> Option<Vec<u8>> {
    let plain = text.trim_end_matches('=');
    if !text.len().is_multiple_of(4) || text.len() - plain.len() > 2 {
        return None;
    }
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0u32, 0u32);
    for byte in plain.bytes() {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(six)) & 0xFFFF;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xFF).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn base64_is_read_as_kubernetes_writes_it() {
        for (text, bytes) in [("", ""), ("cA==", "p"), ("cHI=", "pr"), ("cHJv", "pro"), ("cHJvZC1ldQ==", "prod-eu")] {
            assert_eq!(decode(text).as_deref(), Some(bytes.as_bytes()), "{text}");
        }
        for wrong in ["c", "cA", "cA=", "c===", "cHJv\n", "c-_v"] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
    }
}
