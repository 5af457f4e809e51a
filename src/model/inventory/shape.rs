//! Where the clusters are in a data file: a list, a map of them by name, Terraform's outputs, objects of Kubernetes, or the
//! user's own shape.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::asked::{Asked, Pointer};
use super::kubernetes;
use crate::data::{Entry, Kind, Node, pointer};
use crate::diag::{Diagnostic, Diagnostics, codes, one_of};
use crate::model::field::Field;
use crate::source::Span;

/// A cluster that was found.
#[derive(Debug)]
pub struct Found<'n> {
    /// Its name and where it stands; none when that was reported.
    pub name: Option<(String, Span)>,
    /// The whole entry.
    pub span: Span,
    /// What is said of it.
    pub settings: Vec<Setting<'n>>,
}

/// A label, fact or attribute of a cluster.
#[derive(Debug)]
pub struct Setting<'n> {
    /// The key.
    pub key: String,
    /// The place of the key.
    pub at: Span,
    /// The value.
    pub value: Cow<'n, Node>,
    /// What else text may stand for.
    pub text: Texts,
}

/// What text may stand for, beside itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Texts {
    /// Nothing else: there are numbers and bools beside it.
    Themselves,
    /// A number, and `true` and `false`: where it is there is nothing but text.
    Values,
    /// The same, and `TRUE` and `FALSE`, as spreadsheets write them.
    Cells,
}

/// The search through one file.
pub struct Reading<'r, 'a, 'd> {
    /// What is searched for.
    pub asked: &'r Asked<'a>,
    /// The labels and facts of the fleet.
    pub fields: &'r [Field<'a>],
    /// The path of the file.
    pub path: &'r str,
    /// Whether the file is a table, which holds nothing but text.
    pub table: bool,
    /// What was found.
    pub found: Vec<Found<'r>>,
    /// Whether something could not be read, which was reported.
    pub unsure: bool,
    /// The places of the pointers that led to something.
    pub led: &'d mut BTreeSet<Span>,
    /// Where problems go.
    pub diagnostics: &'d mut Diagnostics,
}

impl<'r> Reading<'r, '_, '_> {
    /// Searches the documents of the file.
    pub fn documents(&mut self, documents: &'r [Node]) {
        if documents.is_empty() {
            self.refuse(super::holds_no_cluster(self.asked, self.path, "nothing in it"));
        }
        for document in documents {
            match &self.asked.each {
                Some(each) => self.each(document, each),
                None if self.asked.is_own() => self.own(document),
                None => self.shape(document),
            }
        }
    }

    /// Reports `diagnostic`, after which not all clusters are known.
    pub fn refuse(&mut self, diagnostic: Diagnostic) {
        self.unsure = true;
        self.diagnostics.push(diagnostic);
    }

    /// F0012 at the inventory.
    fn unknown(&self, why: &str, each: &str) -> Diagnostic {
        let message = format!("`{}` does not hold clusters in a shape that fleetc knows", self.path);
        Diagnostic::new(codes::UNKNOWN_SHAPE, self.asked.at, message)
            .label(why.to_owned())
            .help(format!("say where they are: `each = \"{each}\", name = \"/metadata/name\"`, and a pointer for each label"))
            .note("known are a list of `{ name, labels, server }`, `terraform output -json`, Secrets of Argo CD and Clusters of Cluster API")
    }

    /// F0012 for `node`, with the first key below which there is more.
    fn not_known(&self, node: &Node) -> Diagnostic {
        let list = node.entries().iter().find(|entry| matches!(entry.value.kind, Kind::List(_)));
        let likely = list.or_else(|| node.entries().iter().find(|entry| holds_more(&entry.value)));
        let each = likely.map_or("/items".to_owned(), |entry| format!("/{}", escaped(&entry.key)));
        self.unknown(&format!("it holds {}", what_holds(node)), &each)
    }

    /// The clusters that `each` points to.
    fn each(&mut self, document: &'r Node, each: &Pointer) {
        let mut node = document;
        let mut way = String::new();
        for part in &each.parts {
            if is_output(node) && !self.readable(&way, node) {
                return;
            }
            // Behind the name of an output, `value` may be left out.
            let value = node.get("value").filter(|_| is_output(node) && part != "value");
            let Some(next) = pointer::step(value.unwrap_or(node), part) else {
                let diagnostic = leads_nowhere(each, self.path, &way, value.unwrap_or(node));
                return self.refuse(diagnostic);
            };
            way = format!("{way}/{}", escaped(part));
            node = next;
        }
        if is_output(node) {
            return self.output(&way, node);
        }
        match (&node.kind, self.asked.is_own()) {
            (Kind::Map(entries), true) => entries.iter().for_each(|entry| self.own_entry(&entry.value, Some(entry))),
            (_, true) => self.own(node),
            (_, false) => self.shape(node),
        }
    }

    /// Clusters in a shape of the user's own: a list, or one of them.
    fn own(&mut self, node: &'r Node) {
        match &node.kind {
            Kind::List(items) => items.iter().for_each(|item| self.own_entry(item, None)),
            Kind::Map(_) if self.asked.each.is_some() || self.has_name(node) => self.own_entry(node, None),
            _ => self.refuse(self.not_known(node)),
        }
    }

    /// Whether something stands in `node` where the name of a cluster would be.
    fn has_name(&self, node: &Node) -> bool {
        let pointer = self.asked.name.as_ref().map(|pointer| pointer::follow(node, &pointer.parts));
        pointer.unwrap_or_else(|| node.get("name")).is_some()
    }

    fn own_entry(&mut self, node: &'r Node, key: Option<&'r Entry>) {
        let asked = self.asked;
        if !node.is_map() {
            return self.not_a_map(node);
        }
        let name = match (&asked.name, key) {
            (Some(pointer), _) => {
                let found = pointer::follow(node, &pointer.parts).filter(|name| !name.is_null());
                self.name(found, node, &pointer.text)
            }
            (None, Some(key)) => Some((key.key.clone(), key.at)),
            (None, None) => self.name(node.get("name"), node, "/name"),
        };
        let server = asked.server.iter().map(|pointer| ("server", pointer));
        let all = server.chain(asked.fields.iter().map(|(key, pointer)| (*key, pointer)));
        let text = if self.table { Texts::Cells } else { Texts::Values };
        let settings = all.filter_map(|(key, pointer)| {
            let value = pointer::follow(node, &pointer.parts)?;
            self.led.insert(pointer.at);
            Some(Setting { key: key.to_owned(), at: value.span, value: Cow::Borrowed(value), text })
        });
        let settings = settings.collect();
        self.add(Found { name, span: node.span, settings });
    }

    /// Clusters in one of the known shapes.
    pub fn shape(&mut self, node: &'r Node) {
        match &node.kind {
            Kind::List(items) => items.iter().for_each(|item| self.entry(item, None)),
            Kind::Map(_) if kubernetes::is_object(node) => kubernetes::object(self, node),
            Kind::Map(entries) if !entries.is_empty() && entries.iter().all(|entry| is_output(&entry.value)) => {
                self.outputs(entries);
            }
            Kind::Map(_) if node.get("name").is_some_and(|name| !name.is_map()) => self.entry(node, None),
            Kind::Map(entries) if !entries.is_empty() && entries.iter().all(|entry| is_cluster(&entry.value)) => {
                entries.iter().for_each(|entry| self.entry(&entry.value, Some(entry)));
            }
            _ => self.refuse(self.not_known(node)),
        }
    }

    /// An item of a list, or an entry of a map by name.
    fn entry(&mut self, node: &'r Node, key: Option<&'r Entry>) {
        if kubernetes::is_object(node) {
            return kubernetes::object(self, node);
        }
        if !node.is_map() {
            return self.not_a_map(node);
        }
        let name = match (node.get("name"), key) {
            (None, Some(key)) => Some((key.key.clone(), key.at)),
            (name, _) => self.name(name, node, "/name"),
        };
        let mut settings = Vec::new();
        for entry in node.entries().iter().filter(|entry| entry.key != "name") {
            let nested = matches!(entry.key.as_str(), "labels" | "facts") && !self.is_field(&entry.key);
            match &entry.value.kind {
                Kind::Map(inner) if nested => settings.extend(inner.iter().map(|inner| self.setting(inner))),
                Kind::Null if nested => {}
                _ if nested => self.refuse(
                    Diagnostic::new(
                        codes::WRONG_TYPE,
                        entry.value.place(),
                        format!("expected a map in `{}`", entry.key),
                    )
                    .label(format!("found {}", entry.value.describe()))
                    .help(format!("write `\"{}\": {{ \"env\": \"prod\" }}`", entry.key)),
                ),
                _ => settings.push(self.setting(entry)),
            }
        }
        self.add(Found { name, span: node.span, settings });
    }

    fn setting(&self, entry: &'r Entry) -> Setting<'r> {
        // A label may go by its key in Kubernetes.
        let by_key = self.fields.iter().find(|field| field.key == Some(entry.key.as_str()));
        let key = match by_key {
            Some(field) if !self.is_field(&entry.key) => field.name.text.clone(),
            _ => entry.key.clone(),
        };
        let text = if self.table { Texts::Cells } else { Texts::Themselves };
        Setting { key, at: entry.at, value: Cow::Borrowed(&entry.value), text }
    }

    fn is_field(&self, name: &str) -> bool {
        self.fields.binary_search_by(|field| field.name.text.as_str().cmp(name)).is_ok()
    }

    /// Adds a cluster.
    pub fn add(&mut self, found: Found<'r>) {
        self.unsure |= found.name.is_none();
        self.found.push(found);
    }

    /// The name of the cluster `whole`, which is looked for at `pointer`.
    pub fn name(&mut self, node: Option<&Node>, whole: &Node, pointer: &str) -> Option<(String, Span)> {
        let (node, text) = match node.map(|node| (node, node.text())) {
            Some((node, Some(text))) if !text.is_empty() => (node, text),
            other => {
                let wrong = other.map(|(node, _)| node).filter(|node| !node.is_null());
                let found =
                    wrong.map_or("nothing", |node| if node.text().is_some() { "no text" } else { node.describe() });
                let at = wrong.map_or(whole.place(), Node::place);
                let is_there = wrong
                    .is_some_and(|node| !node.is_map() && !matches!(node.kind, Kind::List(_)) && node.text().is_none());
                let help = match is_there {
                    true => "put the name into quotes",
                    false => "let the data name each cluster, or say where the name is: `name = \"/metadata/name\"`",
                };
                self.refuse(
                    Diagnostic::new(codes::UNNAMED_CLUSTER, at, "this cluster has no name")
                        .label(format!("expected text at `{pointer}`, found {found}"))
                        .help(help),
                );
                return None;
            }
        };
        Some((text.to_owned(), node.span))
    }

    fn not_a_map(&mut self, node: &Node) {
        self.refuse(
            Diagnostic::new(codes::FOREIGN_DATA, node.place(), "this is no cluster")
                .label(format!("expected a map, found {}", node.describe()))
                .help("let each item be a map: `{ \"name\": \"prod-eu\", \"labels\": { \"env\": \"prod\" } }`"),
        );
    }

    /// All outputs of Terraform.
    fn outputs(&mut self, entries: &'r [Entry]) {
        match entries {
            [only] => self.output(&format!("/{}", escaped(&only.key)), &only.value),
            several => {
                let names = one_of(several.iter().map(|entry| entry.key.as_str()));
                let message = format!("`{}` holds several outputs of Terraform", self.path);
                // Clusters are in a list or map.
                let likely = several.iter().find(|entry| entry.value.get("value").is_some_and(holds_more));
                let first = likely.or(several.first()).map_or("", |entry| &entry.key);
                self.refuse(
                    Diagnostic::new(codes::UNKNOWN_SHAPE, self.asked.at, message)
                        .label("which of them holds the clusters is not said")
                        .help(format!("name {names}: `each = \"/{}\"`", escaped(first))),
                );
            }
        }
    }

    fn output(&mut self, way: &str, node: &'r Node) {
        if !self.readable(way, node) {
            return;
        }
        match node.get("value") {
            Some(value) if self.asked.is_own() => match &value.kind {
                Kind::Map(entries) => entries.iter().for_each(|entry| self.own_entry(&entry.value, Some(entry))),
                _ => self.own(value),
            },
            Some(value) => self.shape(value),
            None => {}
        }
    }

    /// Whether the output `node` may be read; says so where it may not.
    fn readable(&mut self, way: &str, node: &Node) -> bool {
        let secret = node.get("sensitive").filter(|sensitive| !matches!(sensitive.kind, Kind::Bool(false)));
        if let Some(secret) = secret {
            let name = way.trim_start_matches('/');
            self.refuse(
                Diagnostic::new(codes::FOREIGN_DATA, secret.span, format!("the output `{name}` is sensitive"))
                    .label("not read")
                    .help("give names and labels an output of their own that is not sensitive: `output \"clusters\" { … }`")
                    .note("what is sensitive has no place in Git, and fleetc shows nothing of it"),
            );
        }
        secret.is_none()
    }
}

/// F0012 for a pointer that ends at `node`, to which `way` leads.
fn leads_nowhere(each: &Pointer, path: &str, way: &str, node: &Node) -> Diagnostic {
    let found = Diagnostic::new(codes::UNKNOWN_SHAPE, each.at, format!("`{}` leads to nothing in `{path}`", each.text));
    let place = if way.is_empty() { "the file".to_owned() } else { format!("`{way}`") };
    let keys: Vec<&str> = node.entries().iter().take(8).map(|entry| entry.key.as_str()).collect();
    if keys.is_empty() {
        return found.label(format!("{place} holds {}", node.describe())).help("point to the list of clusters");
    }
    let pointers: Vec<String> = keys.iter().map(|key| format!("{way}/{}", escaped(key))).collect();
    found
        .label(format!("{place} has other keys"))
        .help(format!("write {}", one_of(pointers.iter().map(String::as_str))))
}

/// Whether `node` is an output of Terraform.
fn is_output(node: &Node) -> bool {
    node.get("value").is_some() && node.get("sensitive").is_some()
}

/// Whether `node`, an entry of a map, may be the cluster of that name: a map of more than maps, or of labels.
fn is_cluster(node: &Node) -> bool {
    let entries = node.entries();
    let says = |entry: &Entry| !entry.value.is_map() || matches!(entry.key.as_str(), "labels" | "facts");
    node.is_map() && (entries.is_empty() || entries.iter().any(says)) && !kubernetes::is_object(node)
}

/// Whether `node` is a list or map with something in it.
fn holds_more(node: &Node) -> bool {
    matches!(&node.kind, Kind::List(items) if !items.is_empty()) || !node.entries().is_empty()
}

/// What `node` holds, in words.
fn what_holds(node: &Node) -> String {
    let keys: Vec<String> = node.entries().iter().take(5).map(|entry| format!("`{}`", entry.key)).collect();
    if keys.is_empty() { node.describe().to_owned() } else { format!("a map with {}", keys.join(", ")) }
}

/// A part of a pointer.
fn escaped(part: &str) -> String {
    part.replace('~', "~0").replace('/', "~1")
}
