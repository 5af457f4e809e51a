//! `fleetc explain` for terms of the language: what a page says is true, and every word of the table has one.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod folder;
#[path = "folder/program.rs"]
mod program;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use fleetc::analysis::compile;
use fleetc::diag::Report;
use fleetc::diag::codes::find_code;
use fleetc::diag::explain;
use fleetc::diag::render::{Look, concise};
use fleetc::model::schema::{self, Block};
use fleetc::project::MemoryFiles;
use fleetc::terms::{self, CONCEPTS, Kind};
use folder::Folder;
use serde_json::Value;

fn example(name: &str, page: &str) -> String {
    let pieces: Vec<&str> = page.split("```").collect();
    assert_eq!(pieces.len(), 3, "{name}: one example");
    pieces[1].strip_prefix("fleet\n").unwrap_or_else(|| panic!("{name}: the example is no fleet text")).to_string()
}

#[test]
fn examples_compile() {
    let mut wrong = Vec::new();
    for concept in CONCEPTS {
        let memory = MemoryFiles::new().file("demo.fleet", example(concept.name, concept.page));
        let compilation = compile(&memory.into_project(), &[]);
        if !compilation.diagnostics.is_empty() {
            wrong.push(format!(
                "{}:\n{}",
                concept.name,
                concise(&Report::new(&compilation.diagnostics, &compilation.sources))
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn pages_of_ideas_have_one_form() {
    for concept in CONCEPTS {
        let name = concept.name;
        assert!(concept.page.starts_with(&format!("# {name}: ")), "{name}: the heading");
        assert!(concept.page.lines().count() <= 50, "{name}: too long to be read");
        assert!(concept.page.lines().all(|line| line.chars().count() <= 120), "{name}: a line is too long");
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/terms/docs");
    let pages: BTreeSet<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let concepts: BTreeSet<String> = CONCEPTS.iter().map(|concept| format!("{}.md", concept.name)).collect();
    assert_eq!(pages, concepts);
}

#[test]
fn codes_that_pages_name_exist() {
    for term in terms::all() {
        for word in term.page.split(|c: char| !c.is_ascii_alphanumeric()) {
            if word.len() == 5 && word.strip_prefix('F').is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit())) {
                assert!(find_code(word).is_some(), "{}: {word}", term.name);
            }
        }
    }
}

#[test]
fn no_name_means_two_ideas_and_none_is_a_code() {
    let mut seen = BTreeSet::new();
    for name in CONCEPTS.iter().flat_map(|concept| concept.aliases.iter().chain([&concept.name])) {
        assert!(seen.insert(name), "{name} is there twice");
    }
    for name in terms::names() {
        assert!(find_code(&name).is_none(), "{name} is a code");
        assert!(terms::find(&name).is_some(), "{name} is listed and not found");
    }
}

fn each(block: &'static Block, see: &mut impl FnMut(&'static Block)) {
    see(block);
    for inner in block.blocks {
        each(inner, see);
    }
}

#[test]
fn every_block_and_attribute_is_explained() {
    for block in schema::BLOCKS {
        each(block, &mut |block| {
            let page = terms::find(block.keyword).unwrap().page;
            for attribute in block.attributes {
                assert!(
                    page.contains(&format!("- `{}` (", attribute.name)),
                    "{} lacks {}",
                    block.keyword,
                    attribute.name
                );
                let qualified = format!("{}.{}", block.keyword, attribute.name);
                for name in [attribute.name, &qualified] {
                    let page = terms::find(name).unwrap_or_else(|| panic!("{name}")).page;
                    assert!(page.contains(&format!("- `{qualified}` (")) && page.contains(attribute.doc), "{name}");
                }
            }
        });
    }
}

#[test]
fn an_attribute_of_several_blocks_lists_them() {
    let page = terms::find("interval").unwrap().page;
    assert!(page.starts_with("# interval: an attribute of 6 blocks\n"), "{page}");
    assert!(
        page.contains("- `flux.interval` (duration; without it: 10m)") && page.contains("- `component.interval` (")
    );
    let one = terms::find("flux.interval").unwrap().page;
    assert!(!one.contains("component.interval"), "{one}");
}

#[test]
fn an_idea_that_is_also_a_block_has_both() {
    let stage = terms::find("stage").unwrap();
    assert_eq!(stage.kind, Kind::Concept);
    assert!(stage.page.contains("## The block `stage`") && stage.page.contains("- `max` (count or share"));
    let after = terms::find("after").unwrap();
    assert!(after.page.contains("- `component.after` (list of components)"), "{}", after.page);
    assert_eq!(terms::find("Open Fleet").unwrap().name, "open-fleet");
    assert_eq!(terms::find("fleet.lock").unwrap().name, "lock-file");
}

#[test]
fn every_page_fits_the_terminal() {
    for term in terms::all() {
        let page = explain::page(&term.page, &Look::plain(40));
        assert!(!page.contains("```") && !page.contains("\n\n\n"), "{}:\n{page}", term.name);
        let mut prose = page.lines().skip(1).filter(|line| !line.starts_with("    "));
        assert!(prose.all(|line| line.chars().count() <= 40), "{}:\n{page}", term.name);
    }
}

#[test]
fn the_program_explains_terms_in_three_formats() {
    let folder = Folder::new();
    let text = folder.fleetc(&["explain", "stage.max"]).ends_with(0).stderr("").stdout;
    assert!(text.starts_with("stage.max: how many change at once\n"), "{text}");
    let markdown = folder.fleetc(&["explain", "stage.max", "--format", "markdown"]).ends_with(0).stdout;
    assert!(markdown.starts_with("# stage.max: how many change at once\n"), "{markdown}");
    folder.fleetc(&["explain", "stage.max", "--format", "md"]).ends_with(0).stdout(&markdown);
    let json = folder.fleetc(&["explain", "stage.max", "--format", "json"]).ends_with(0).stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&json["term"], &json["kind"], &json["page"]),
        (&"stage.max".into(), &"attribute".into(), &markdown.into())
    );
    let code = folder.fleetc(&["explain", "F0414", "--format", "md"]).ends_with(0).stdout;
    assert_eq!(code, explain::markdown(find_code("F0414").unwrap()));
}

#[test]
fn an_unknown_term_is_answered_with_the_nearest_name() {
    let folder = Folder::new();
    let names = [
        ("predicat", "predicate"),
        ("compnent", "component"),
        ("stage.maxx", "stage.max"),
        ("runs-nowere", "runs-nowhere"),
    ];
    for (name, near) in names {
        let said = format!("error: no diagnostic or term is named `{name}`\nhelp: did you mean `{near}`?\n");
        folder.fleetc(&["explain", name]).ends_with(2).stdout("").stderr(&said);
    }
}

#[test]
fn the_registry_lists_codes_and_terms() {
    let folder = Folder::new();
    let all = folder.fleetc(&["explain", "--all", "--format", "json"]).ends_with(0).stdout;
    let all: Value = serde_json::from_str(&all).unwrap();
    assert_eq!(all["schema"], 1);
    assert!(all["codes"].as_array().unwrap().len() > 80);
    let listed: Vec<&str> =
        all["terms"].as_array().unwrap().iter().map(|term| term["term"].as_str().unwrap()).collect();
    assert_eq!(listed, terms::all().iter().map(|term| term.name.clone()).collect::<Vec<_>>());
    folder.fleetc(&["explain", "--all"]).ends_with(0).stdout_has("concept    rollout ");
    folder
        .fleetc(&["explain", "--all", "--format", "md"])
        .ends_with(0)
        .stdout_has("| `rollout` | concept | ")
        .stdout_has("| F0414 | `runs-nowhere` | warning |");
}
