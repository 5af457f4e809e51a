//! The terms of the language, for `fleetc explain`: every block and attribute, and the ideas that need a page.
//!
//! Blocks and attributes come from the one table, [`schema`]; ideas are the pages of `docs/`. A word that is both has
//! one page, the idea first. Gives Markdown; how a terminal shows it is [`explain`]'s.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::diag::explain;
use crate::model::schema::{self, Attribute, Block};

/// What kind of word a term is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An idea that has a page of its own; it may be a block or an attribute too.
    Concept,
    /// The keyword of a block.
    Block,
    /// An attribute.
    Attribute,
}

impl Kind {
    /// The word in every output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Concept => "concept",
            Self::Block => "block",
            Self::Attribute => "attribute",
        }
    }
}

/// A term with its page.
#[derive(Clone, Debug)]
pub struct Term {
    /// How it is asked for: `stage`, `after`, `stage.max`.
    pub name: String,
    /// What kind of word it is.
    pub kind: Kind,
    /// One line: what it means.
    pub title: String,
    /// The page, as Markdown.
    pub page: String,
}

/// An idea.
#[derive(Debug)]
pub struct Concept {
    /// Its name.
    pub name: &'static str,
    /// What else people call it.
    pub aliases: &'static [&'static str],
    /// Its page, without what the table of blocks and attributes adds.
    pub page: &'static str,
}

macro_rules! concepts {
    ($($name:literal $aliases:expr;)*) => {
        /// Every idea, by name.
        pub static CONCEPTS: &[Concept] = &[$(Concept {
            name: $name,
            aliases: &$aliases,
            page: include_str!(concat!("docs/", $name, ".md")),
        }),*];
    };
}

concepts! {
    "after" ["dependency"];
    "allowance" ["allow", "allow-comment", "baseline", "suppression"];
    "defaults" ["default"];
    "derived-label" [];
    "duration" [];
    "fact" ["facts"];
    "gate" ["gates"];
    "group" ["groups"];
    "interpolation" ["interpolate", "${}"];
    "label" ["labels-of-clusters"];
    "lock-file" ["lock", "fleet.lock"];
    "membership" [];
    "open-fleet" ["closed-fleet", "open"];
    "precedence" ["override", "overrides", "layers"];
    "predicate" ["predicates", "selector"];
    "project" ["projects"];
    "protected" ["protection"];
    "rollout" ["rollouts"];
    "share" ["percentage"];
    "stage" ["stages"];
    "std" ["standard-library"];
    "template" ["templates", "param"];
    "test" ["tests", "testing"];
}

/// An attribute in its block.
type Place = (&'static Block, &'static Attribute);

/// Every block, outer ones before the inner ones that stand in them.
fn blocks() -> Vec<&'static Block> {
    let mut found: Vec<&'static Block> = schema::BLOCKS.to_vec();
    let mut next = 0;
    while let Some(block) = found.get(next) {
        found.extend(block.blocks);
        next += 1;
    }
    found
}

fn blocks_named(keyword: &str) -> Vec<&'static Block> {
    blocks().into_iter().filter(|block| block.keyword == keyword).collect()
}

fn places(name: &str) -> Vec<Place> {
    blocks().into_iter().filter_map(|block| block.attribute(name).map(|attribute| (block, attribute))).collect()
}

/// Every term by name, those of one attribute in its block (`stage.max`) left out.
pub fn all() -> Vec<Term> {
    let mut names: BTreeSet<&str> = CONCEPTS.iter().map(|concept| concept.name).collect();
    for block in blocks() {
        names.insert(block.keyword);
        names.extend(block.names());
    }
    names.into_iter().filter_map(find).collect()
}

/// Every name that [`find`] knows, sorted.
pub fn names() -> Vec<String> {
    let mut names: BTreeSet<String> = all().into_iter().map(|term| term.name).collect();
    names.extend(CONCEPTS.iter().flat_map(|concept| concept.aliases).map(|alias| (*alias).to_string()));
    for block in blocks() {
        names.extend(block.names().map(|name| format!("{}.{name}", block.keyword)));
        names.extend(block.blocks.iter().map(|inner| format!("{}.{}", block.keyword, inner.keyword)));
    }
    names.into_iter().collect()
}

/// The term `name`: an idea, a block, an attribute, or `block.attribute`. Case, and blanks for hyphens, do not matter.
pub fn find(name: &str) -> Option<Term> {
    let name = name.trim().to_lowercase().replace([' ', '_'], "-");
    let exact = CONCEPTS.iter().find(|concept| concept.name == name);
    let concept = exact.or_else(|| CONCEPTS.iter().find(|concept| concept.aliases.contains(&name.as_str())));
    if let Some(concept) = concept {
        return Some(of_concept(concept, &name));
    }
    let term = of_words(&name, &blocks_named(&name), &places(&name));
    term.or_else(|| {
        let (outer, inner) = name.rsplit_once('.')?;
        let outer = outer.rsplit('.').next().unwrap_or(outer);
        let within = blocks_named(outer);
        let inner_blocks: Vec<&Block> = within.iter().filter_map(|block| block.block(inner)).collect();
        let attribute = |block: &&'static Block| block.attribute(inner).map(|attribute| (*block, attribute));
        let places: Vec<Place> = within.iter().filter_map(attribute).collect();
        of_words(&name, &inner_blocks, &places)
    })
}

/// The page of an idea, and behind it the blocks and attributes that `asked`, its name or another for it, is.
fn of_concept(concept: &Concept, asked: &str) -> Term {
    let heading = concept.page.lines().next().unwrap_or_default();
    let title = heading.split_once(": ").map_or(heading, |(_, title)| title);
    let mut page = concept.page.to_string();
    let mut seen = BTreeSet::new();
    for word in [concept.name, asked] {
        if seen.insert(word) {
            add_blocks(&mut page, &blocks_named(word));
            add_places(&mut page, &places(word));
        }
    }
    Term { name: concept.name.to_string(), kind: Kind::Concept, title: title.to_string(), page }
}

fn of_words(name: &str, blocks: &[&'static Block], places: &[Place]) -> Option<Term> {
    let (kind, title) = match (blocks, places) {
        ([], []) => return None,
        // One that may be written both ways (`values`) means the same in both.
        ([block, ..], _) => (Kind::Block, block.doc.to_string()),
        ([], [(_, attribute), rest @ ..]) if rest.iter().all(|(_, other)| other.doc == attribute.doc) => {
            (Kind::Attribute, attribute.doc.to_string())
        }
        ([], several) => (Kind::Attribute, format!("an attribute of {} blocks", several.len())),
    };
    let mut page = format!("# {name}: {title}\n");
    add_blocks(&mut page, blocks);
    add_places(&mut page, places);
    Some(Term { name: name.to_string(), kind, title, page })
}

fn add_blocks(page: &mut String, blocks: &[&'static Block]) {
    for block in blocks {
        _ = write!(page, "\n## The block `{}`\n\n{}.\n", block.keyword, upper(block.doc));
        if !block.attributes.is_empty() {
            page.push_str("\nAttributes:\n\n");
        }
        for attribute in block.attributes {
            _ = writeln!(page, "- `{}` ({}): {}", attribute.name, facts(attribute), attribute.doc);
        }
        if !block.blocks.is_empty() {
            page.push_str("\nBlocks in it:\n\n");
        }
        for inner in block.blocks {
            _ = writeln!(page, "- `{}`: {}", inner.keyword, inner.doc);
        }
        if block.attributes.is_empty() && block.blocks.is_empty() && block.keyword != "on" {
            page.push_str("\nIts keys are free.\n");
        }
    }
}

fn add_places(page: &mut String, places: &[Place]) {
    if places.is_empty() {
        return;
    }
    page.push_str("\n## The attribute\n\n");
    for (block, attribute) in places {
        _ = writeln!(page, "- `{}.{}` ({}): {}", block.keyword, attribute.name, facts(attribute), attribute.doc);
    }
}

/// Type and default in words.
fn facts(attribute: &Attribute) -> String {
    let mut text = attribute.ty.words();
    if !attribute.default.is_empty() {
        _ = write!(text, "; without it: {}", attribute.default);
    }
    text
}

fn upper(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// The codes and the terms with their pages, as one JSON object on one line.
pub fn registry_json() -> String {
    let mut registry = explain::registry();
    if let Value::Object(members) = &mut registry {
        members.insert("terms".to_string(), all().iter().map(value).collect());
    }
    format!("{registry}\n")
}

/// One term as it stands in [`registry_json`], on one line.
pub fn term_json(term: &Term) -> String {
    format!("{}\n", value(term))
}

fn value(term: &Term) -> Value {
    json!({ "term": term.name, "kind": term.kind.word(), "title": term.title, "page": term.page })
}
