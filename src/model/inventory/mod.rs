//! Inventories: clusters from data that another tool writes.
//!
//! Takes the declarations and the files they name, gives a cluster declaration for each cluster of the data, with places
//! in the data file. From there on it is a cluster like any other: names, types, missing labels and duplicates are judged
//! where those of a written one are, so there is no second opinion. Values stand for themselves: no `${…}`, no `if`.

mod asked;
mod cluster;
mod files;
mod kubernetes;
mod mask;
mod settle;
mod shape;

use std::collections::{BTreeMap, BTreeSet};

use super::body::find;
use super::field::{self, Field};
use super::names;
use crate::data::{self, Format, Node};
use crate::diag::{Diagnostic, Diagnostics, codes};
use crate::project::Files;
use crate::source::{Origin, SourceFile, SourceId, Sources, Span};
use crate::syntax::Parse;
use crate::syntax::ast;
use asked::Asked;
use files::Loaded;

pub use asked::check;
pub use settle::{missing_together, settle};

/// At most this many clusters, as everywhere.
const MAX_CLUSTERS: usize = 1_000_000;

/// What was read for the inventories of a project.
#[derive(Debug, Default)]
pub struct Inventories {
    /// The clusters, a tree for each data file.
    pub clusters: Vec<Parse>,
    /// For each data file, where an inventory names it.
    named: BTreeMap<SourceId, Span>,
}

/// Reads what the inventories of `files` name, and adds it to `sources`.
///
/// Where something cannot be read, its tree has a cluster without a name: which clusters there are is not known then.
pub fn read(files: &[Parse], sources: &mut Sources, disk: &dyn Files, diagnostics: &mut Diagnostics) -> Inventories {
    // What is wrong with the declarations is reported when the model is made.
    let mut silent = Diagnostics::default();
    let names = names::collect(files, sources, &mut silent);
    if names.inventories.is_empty() {
        return Inventories::default();
    }
    let fields = field::fields(&names, &mut silent);
    let asked: Vec<Asked> = names.inventories.iter().filter_map(|node| Asked::of(node, &fields)).collect();
    let asked = without_duplicates(asked, diagnostics);
    let mut found: Vec<(&Asked, Vec<String>)> = Vec::new();
    let mut all: BTreeMap<String, Span> = BTreeMap::new();
    for one in &asked {
        let paths = files::find(disk, one, diagnostics);
        for path in &paths {
            all.entry(path.clone()).or_insert(one.at);
        }
        found.push((one, paths));
    }
    let mut loaded = BTreeMap::new();
    let mut inventories = Inventories::default();
    for (path, at) in all {
        let file = files::load(disk, &path, at, sources, diagnostics);
        inventories.named.insert(file.source, at);
        loaded.insert(path, file);
    }
    let mut declarations: BTreeMap<SourceId, Vec<ast::Declaration>> = BTreeMap::new();
    for (one, paths) in found {
        if paths.is_empty() || !one.sound {
            // Its own source, so that no declaration of the project loses its place.
            let source = sources.add(SourceFile::new(one.path.clone(), Origin::Data, ""));
            declarations.entry(source).or_default().push(cluster::unknown(Span::new(source, 0, 0)));
        }
        let mut led = BTreeSet::new();
        let mut known = !paths.is_empty();
        for file in paths.iter().filter(|_| one.sound).filter_map(|path| loaded.get(path)) {
            let found = clusters(one, file, &fields, &mut led, diagnostics);
            known &= found.iter().all(|declaration| declaration.kind.name_span().is_some());
            declarations.entry(file.source).or_default().extend(found);
        }
        if known && one.sound {
            report_leading_nowhere(one, &led, &names, &fields, diagnostics);
        }
    }
    report_too_many(&asked, &declarations, diagnostics);
    for (source, mut declarations) in declarations {
        declarations.sort_by_key(|declaration| declaration.span);
        inventories.clusters.push(Parse::of(ast::File { source, declarations }));
    }
    inventories
}

/// F0212 for an inventory that reads the same of the same file as one before it.
fn without_duplicates<'a>(asked: Vec<Asked<'a>>, diagnostics: &mut Diagnostics) -> Vec<Asked<'a>> {
    let mut kept: Vec<Asked> = Vec::new();
    for one in asked {
        match kept.iter().find(|other| other.path == one.path && other.each_text() == one.each_text()) {
            Some(first) => {
                let name = ast::Name { text: one.path.clone(), span: one.at };
                diagnostics.push(names::duplicate("inventory", &name, first.at));
            }
            None => kept.push(one),
        }
    }
    kept
}

/// The clusters that `asked` finds in `file`.
fn clusters(
    asked: &Asked,
    file: &Loaded,
    fields: &[Field],
    led: &mut BTreeSet<Span>,
    diagnostics: &mut Diagnostics,
) -> Vec<ast::Declaration> {
    let start = Span::new(file.source, 0, 0);
    let Some(documents) = &file.documents else { return vec![cluster::unknown(start)] };
    let mut reading = shape::Reading {
        asked,
        fields,
        path: &file.path,
        table: file.format == Format::Csv,
        found: Vec::new(),
        unsure: false,
        led,
        diagnostics,
    };
    reading.documents(documents);
    let (found, mut unsure) = (reading.found, reading.unsure);
    if found.is_empty() && !unsure {
        unsure = true;
        diagnostics.push(holds_no_cluster(asked, &file.path, "a list without anything in it"));
    }
    let mut declarations: Vec<ast::Declaration> =
        found.into_iter().map(|found| cluster::declaration(found, fields, diagnostics)).collect();
    if unsure {
        declarations.push(cluster::unknown(start));
    }
    declarations
}

/// F0012 for the file `path`, in which there is `what` where clusters are looked for.
fn holds_no_cluster(asked: &Asked, path: &str, what: &str) -> Diagnostic {
    Diagnostic::new(codes::UNKNOWN_SHAPE, asked.at, format!("`{path}` holds no cluster"))
        .label(what.to_owned())
        .help("let the other tool write it again, or take the inventory out")
}

/// F0012 for pointers that led to nothing in any cluster: a typo would take a label away from all of them.
fn report_leading_nowhere(
    asked: &Asked,
    led: &BTreeSet<Span>,
    names: &names::Names,
    fields: &[Field],
    diagnostics: &mut Diagnostics,
) {
    let by_default = |key: &str| names.cluster_defaults.is_some_and(|node| find(&node.body, key).is_some());
    // Clusters that lack what they need are reported as that.
    let needed = |key: &str| {
        let field = fields.iter().find(|field| field.name.text == key);
        !by_default(key) && field.is_some_and(|field| !field.fact && !field.optional && field.default.is_none())
    };
    let fields = asked.fields.iter().filter(|(key, _)| !needed(key)).map(|(_, pointer)| pointer);
    for pointer in asked.server.iter().chain(fields).filter(|pointer| !led.contains(&pointer.at)) {
        let message = format!("`{}` leads to nothing in any cluster of `{}`", pointer.text, asked.path);
        diagnostics.push(
            Diagnostic::new(codes::UNKNOWN_SHAPE, pointer.at, message)
                .label("no cluster has this")
                .help("point to where it is, or leave it out as long as no cluster has it"),
        );
    }
}

fn report_too_many(
    asked: &[Asked],
    declarations: &BTreeMap<SourceId, Vec<ast::Declaration>>,
    diagnostics: &mut Diagnostics,
) {
    let total: usize = declarations.values().map(Vec::len).sum();
    if let Some(first) = asked.first().filter(|_| total > MAX_CLUSTERS) {
        diagnostics.push(
            Diagnostic::new(codes::TOO_MANY_DEPLOYMENTS, first.at, "these are more than 1,000,000 clusters")
                .label(format!("{total} clusters in all inventories"))
                .help("divide the fleet"),
        );
    }
}

/// The names of the labels and facts, for suggestions.
fn names_of<'f>(fields: &'f [Field]) -> BTreeSet<&'f str> {
    fields.iter().map(|field| field.name.text.as_str()).collect()
}

/// The documents of `text`, and `text` without what may be secret.
fn parsed(source: SourceId, text: &str, format: Format) -> (Result<Vec<Node>, data::Refused>, Option<String>) {
    match data::read(source, text, format) {
        Ok(documents) => {
            let masked = mask::secrets(text, &documents);
            (Ok(documents), masked)
        }
        Err(refused) => (Err(refused), mask::unread(text)),
    }
}
