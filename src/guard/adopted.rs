//! What goes when a file that no build wrote is taken over.
//!
//! No lock says what such a file runs, so the file is asked itself: an object in it that the new output does not hold is
//! one that Argo CD or Flux would delete. The same goes for what an index lists, and for the clusters of a list that an
//! ApplicationSet is generated from.

use std::collections::BTreeSet;

use crate::data::{self, Format, Kind, Node};
use crate::diag::{Diagnostic, Diagnostics, codes};
use crate::source::{Origin, SourceFile, SourceId, Sources, Span};
use crate::target::OutputTree;

/// A file that is taken over.
#[derive(Clone, Debug)]
pub struct Adopted {
    /// Its path below the output folder.
    pub path: String,
    /// The path that is shown.
    pub shown: String,
    /// What it says.
    pub text: String,
}

/// What a manifest gives to an engine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Given {
    /// An object: the API group, the kind, the namespace and the name.
    Object([String; 4]),
    /// An entry of the index at a path.
    Listed(String, String),
    /// An Application for a cluster, of the ApplicationSet with a name.
    Generated(String, String),
}

/// Reports what of `adopted` `tree`, which is to be written, does not hold: F0604.
pub fn check_adopted(adopted: &[Adopted], tree: &OutputTree, sources: &mut Sources, diagnostics: &mut Diagnostics) {
    let manifests = adopted.iter().filter(|file| Format::of(&file.path) == Some(Format::Yaml));
    let manifests: Vec<&Adopted> = manifests.collect();
    if manifests.is_empty() {
        return;
    }
    let mut kept = BTreeSet::new();
    let mut scratch = Sources::default();
    for (path, text) in tree.iter().filter(|(path, _)| Format::of(path) == Some(Format::Yaml)) {
        let id = scratch.add(SourceFile::new(path.as_str(), Origin::Project, ""));
        kept.extend(given(path, id, text).unwrap_or_default().into_iter().map(|(given, _)| given));
    }
    for file in manifests {
        let id = sources.add(SourceFile::new(file.shown.as_str(), Origin::Project, file.text.as_str()));
        match given(&file.path, id, &file.text) {
            Ok(all) => {
                for (lost, at) in all.iter().filter(|(given, _)| !kept.contains(given)) {
                    diagnostics.push(goes(file, lost, *at));
                }
            }
            Err(at) => diagnostics.push(
                Diagnostic::new(codes::ADOPTED_OBJECT_LOST, at, format!("`{}` cannot be read as YAML", file.shown))
                    .label("from here on")
                    .note("so nobody knows what would go with it, and nothing was written")
                    .help("look at what it holds, remove it by hand, and build again"),
            ),
        }
    }
}

fn goes(file: &Adopted, lost: &Given, at: Span) -> Diagnostic {
    let what = match lost {
        Given::Object([_, kind, namespace, name]) if namespace.is_empty() => format!("{kind} `{name}`"),
        Given::Object([_, kind, namespace, name]) => format!("{kind} `{namespace}/{name}`"),
        Given::Listed(_, entry) => format!("`{entry}`, which it lists,"),
        Given::Generated(set, cluster) => format!("the Application of `{set}` on `{cluster}`"),
    };
    Diagnostic::new(codes::ADOPTED_OBJECT_LOST, at, format!("taking over `{}` takes {what} away", file.shown))
        .label("nothing that is built holds this")
        .note("what the output no longer holds, Argo CD and Flux delete from the clusters")
        .help("declare it in the fleet, or move it to a file beside; if it is to go, remove the file by hand")
}

/// What the documents of `text` give, each with its place; where it cannot be read, the place of that.
fn given(path: &str, id: SourceId, text: &str) -> Result<Vec<(Given, Span)>, Span> {
    let documents = data::read(id, text, Format::Yaml).map_err(|refused| refused.primary.span)?;
    let mut found = Vec::new();
    for document in &documents {
        add(path, document, &mut found);
    }
    Ok(found)
}

fn add(path: &str, object: &Node, found: &mut Vec<(Given, Span)>) {
    let text = |node: Option<&Node>| node.and_then(Node::text).unwrap_or_default().to_string();
    let kind = text(object.get("kind"));
    let version = text(object.get("apiVersion"));
    let group = version.split_once('/').map_or("", |(group, _)| group).to_string();
    if let Some(items) = object.get("items").filter(|_| kind.ends_with("List")) {
        list(Some(items)).iter().for_each(|item| add(path, item, found));
        return;
    }
    let metadata = object.get("metadata");
    let name = metadata.and_then(|metadata| metadata.get("name"));
    if group == "kustomize.config.k8s.io" || name.is_none() {
        for key in ["resources", "bases", "components"] {
            for entry in list(object.get(key)) {
                let listed = Given::Listed(path.to_string(), entry.text().unwrap_or_default().to_string());
                found.push((listed, entry.place()));
            }
        }
        return;
    }
    let namespace = text(metadata.and_then(|metadata| metadata.get("namespace")));
    let place = name.map_or_else(|| object.place(), Node::place);
    let name = text(name);
    if kind == "ApplicationSet" {
        for generator in list(object.get("spec").and_then(|spec| spec.get("generators"))) {
            for element in list(generator.get("list").and_then(|list| list.get("elements"))) {
                if let Some(cluster) = element.get("cluster") {
                    found.push((Given::Generated(name.clone(), text(Some(cluster))), cluster.place()));
                }
            }
        }
    }
    found.push((Given::Object([group, kind, namespace, name]), place));
}

fn list(node: Option<&Node>) -> &[Node] {
    match node.map(|node| &node.kind) {
        Some(Kind::List(items)) => items,
        _ => &[],
    }
}
