//! The registry of codes and its pages: every code has a page, and what a page shows is true.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]
#![allow(missing_docs)]

#[path = "support/pages.rs"]
mod pages;
#[path = "support/golden.rs"]
mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use fleetc::diag::codes::{ALL, find_code};
use fleetc::diag::explain::{explain, markdown, registry};
use fleetc::diag::render::Look;
use fleetc::diag::{Code, codes};
use pages::{Files, MAIN};

/// Codes whose cause cannot stand on a page, and the test that raises each.
const NOT_SHOWN: &[(&str, &str)] = &[
    ("F0001", "tests/project.rs"),
    ("F0002", "tests/project.rs"),
    ("F0004", "tests/project.rs"),
    ("F0114", "tests/syntax/hostile.rs"),
    ("F0413", "tests/diagnostics.rs"),
    ("F0601", "tests/output.rs"),
    ("F0602", "tests/output.rs"),
    ("F0603", "tests/output.rs"),
    ("F0604", "tests/adopt.rs"),
    ("F0609", "tests/guard.rs"),
    ("F0610", "tests/guard.rs"),
    ("F0611", "tests/guard.rs"),
    ("F0612", "tests/guard.rs"),
    ("F0613", "tests/guard.rs"),
    ("F0614", "tests/guard.rs"),
    ("F0615", "tests/guard.rs"),
    ("F0616", "tests/guard.rs"),
    ("F0734", "tests/lints.rs"),
    ("F0735", "tests/lints.rs"),
    ("F0901", "src/cli/panic.rs"),
];

/// The test of a code that its page does not show; for one that nothing raises any more, the list that says so.
fn own_test(code: &Code) -> Option<&'static str> {
    if codes::RETIRED.contains(&code.id) {
        return Some("src/diag/codes.rs");
    }
    NOT_SHOWN.iter().find(|(id, _)| *id == code.id).map(|(_, test)| *test)
}

/// Codes whose cause brings another one with it: what its example raises besides, which its page says.
const ALSO: &[(&str, &str)] = &[("F0510", "F0505")];

/// The text below the heading `## name`, if the page has it.
fn section<'a>(code: &'a Code, name: &str) -> Option<&'a str> {
    let (_, rest) = code.page.split_once(&format!("\n## {name}\n"))?;
    Some(rest.split("\n## ").next().unwrap_or(rest))
}

/// Every page with an example: its code, the wrong and the right files.
fn examples() -> Vec<(&'static Code, Files, Files)> {
    let shown = ALL.iter().copied().filter(|code| own_test(code).is_none());
    let (wrong, right) = (pages::wrong_examples(), pages::right_examples());
    let of = |examples: &[(&Code, Files)], code: &Code| {
        let found = examples.iter().find(|(known, _)| known.id == code.id);
        found.map(|(_, files)| files.clone()).unwrap_or_else(|| panic!("{}: no example", code.id))
    };
    shown.map(|code| (code, of(&wrong, code), of(&right, code))).collect()
}

/// The ids of the codes that fleetc reports for a project of these files, in the order of the report.
fn codes_of(files: &Files) -> Vec<String> {
    pages::compiled(files).diagnostics.iter().map(|found| found.code.id.to_owned()).collect()
}

#[test]
fn every_code_is_one_of_a_kind() {
    let ids: Vec<&str> = ALL.iter().map(|code| code.id).collect();
    assert!(ids.is_sorted(), "{ids:?}");
    for code in ALL {
        assert!(code.id.len() == 5 && code.id.starts_with('F'), "{}", code.id);
        let slug = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(code.slug.chars().all(slug), "{}", code.slug);
        assert!(!code.title.ends_with('.') && !code.title.is_empty(), "{}", code.title);
    }
    let slugs: BTreeSet<&str> = ALL.iter().map(|code| code.slug).collect();
    assert_eq!(slugs.len(), ALL.len());
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ALL.len());
}

/// The list only grows: a code that was ever there keeps its number and its name. `FLEETC_BLESS=1` adds new ones and
/// takes none away.
#[test]
fn no_code_is_ever_taken_back() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/codes.txt");
    let known = fs::read_to_string(&path).unwrap_or_default();
    for line in known.lines() {
        let (id, slug) = line.split_once(' ').unwrap();
        assert_eq!(find_code(id).map(|code| code.slug), Some(slug), "{id} was `{slug}` and is for ever");
    }
    let lines: String = ALL.iter().map(|code| format!("{} {}\n", code.id, code.slug)).collect();
    support::golden("tests/golden/codes.txt", &lines);
}

#[test]
fn a_code_is_found_by_number_and_slug() {
    for name in ["F0201", "f0201", "unknown-cluster"] {
        assert_eq!(find_code(name), Some(codes::UNKNOWN_CLUSTER), "{name}");
    }
    assert_eq!(find_code("F9999"), None);
}

#[test]
fn every_code_has_a_page_of_the_same_form() {
    for code in ALL {
        let id = code.id;
        assert!(code.page.starts_with(&format!("# {id}: {}\n\n", code.title)), "{id}: the title differs");
        assert!(code.page.lines().count() <= 60, "{id}: too long to be read");
        assert!(code.page.lines().all(|line| line.chars().count() <= 120), "{id}: a line is too long");
        let headings: Vec<&str> = code.page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        if own_test(code).is_some() {
            assert_eq!(headings, ["Right", "Why"], "{id}");
            assert!(code.page.contains("\nNot shown by an example: "), "{id}: does not say why it has no example");
        } else {
            assert_eq!(headings, ["Wrong", "Right", "Why"], "{id}");
        }
        let prose = code.page.lines().nth(2).unwrap();
        assert!(!prose.is_empty() && !prose.starts_with('#'), "{id}: does not say what it means");
        assert!(section(code, "Why").is_some_and(|why| why.trim().len() > 40), "{id}: does not say why");
    }
}

/// What can be allowed says how; what cannot, does not.
#[test]
fn the_page_of_a_warning_says_how_it_is_allowed() {
    for code in ALL {
        let page = markdown(code);
        let says = page.contains(&format!("# fleetc: allow({}) reason=", code.id));
        assert_eq!(says, code.severity != fleetc::diag::Severity::Error, "{}", code.id);
        assert!(page.starts_with(code.page), "{}", code.id);
    }
}

#[test]
fn every_page_belongs_to_a_code() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/diag/docs");
    let pages: BTreeSet<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let codes: BTreeSet<String> = ALL.iter().map(|code| format!("{}.md", code.id)).collect();
    assert_eq!(pages, codes);
}

#[test]
fn examples_are_projects() {
    for (code, wrong, right) in examples() {
        assert_ne!(wrong, right, "{}", code.id);
        for files in [wrong, right] {
            assert!(files[0].1.starts_with("fleet demo {"), "{}", code.id);
            let paths: BTreeSet<&String> = files.iter().map(|(path, _)| path).collect();
            assert_eq!(paths.len(), files.len(), "{}: a file is given twice", code.id);
        }
    }
}

/// One mistake, one diagnostic: the wrong example raises its code once and nothing else.
#[test]
fn a_wrong_example_raises_its_code_alone() {
    let mut failed = Vec::new();
    for (code, wrong, _) in examples() {
        let also = ALSO.iter().filter(|(id, _)| *id == code.id).map(|(_, also)| *also);
        let mut expected: Vec<&str> = also.chain([code.id]).collect();
        expected.sort_unstable();
        let mut found = codes_of(&wrong);
        found.sort_unstable();
        if found != expected {
            failed.push(format!("{} ({}): found {found:?}", code.id, code.slug));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn what_an_example_raises_besides_is_said() {
    for (id, also) in ALSO {
        assert!(find_code(id).unwrap().page.contains(&format!("{also} is noted")), "{id}");
    }
}

#[test]
fn a_right_example_raises_nothing() {
    let mut failed = Vec::new();
    for (code, _, right) in examples() {
        let found = codes_of(&right);
        if !found.is_empty() {
            failed.push(format!("{} ({}): found {found:?}", code.id, code.slug));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn the_table_of_codes_is_up_to_date() {
    let mut table = String::from(
        "# Diagnostics\n\n<!-- Generated from src/diag/codes.rs: FLEETC_BLESS=1 cargo test --test diagnostics -->\n\n\
         `fleetc explain CODE` prints a page, by number or by name. Its wrong example raises just that code and its right\n\
         one nothing, which the test named here compiles; a page without examples says why, and has the test that raises it.\n\n\
         | code | name | severity | what is wrong | test |\n|---|---|---|---|---|\n",
    );
    for code in ALL {
        let title = code.title.replace('|', "\\|");
        let severity = code.severity.word();
        let test = own_test(code).unwrap_or("tests/diagnostics.rs");
        let page = format!("[{0}](../src/diag/docs/{0}.md)", code.id);
        table += &format!("| {page} | `{}` | {severity} | {title} | [{test}](../{test}) |\n", code.slug);
    }
    support::golden("docs/diagnostics.md", &table);
}

/// The test that a code without examples names must speak of it.
#[test]
fn a_code_without_examples_has_a_test_that_raises_it() {
    for (id, test) in NOT_SHOWN {
        let name = format!("{:?}", find_code(id).unwrap().slug).replace('-', "_").replace('"', "").to_uppercase();
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(test)).unwrap();
        assert!(
            text.contains(&format!("codes::{name}")) || *test != "tests/diagnostics.rs" && text.contains(id),
            "{id} in {test}"
        );
    }
}

/// 3,025 clusters by 1,700 components: too many to write down, and refused before anything is made of them.
#[test]
fn too_many_pairs_are_refused() {
    let numbers: Vec<String> = (0..55).map(|number| format!("n{number}")).collect();
    let values = numbers.join(", ");
    let mut text = format!(
        "fleet demo {{ source = home }}\nargocd {{ }}\n\
         source home {{ git = \"https://github.com/acme/home\", branch = \"main\" }}\n\
         cluster \"${{a}}-${{b}}\" for a in [{values}], b in [{values}] {{ }}\n"
    );
    for number in 0..1700 {
        text += &format!("component c{number} on all {{ path = \"web\", namespace = web }}\n");
    }
    assert_eq!(codes_of(&vec![(MAIN.to_owned(), text)]), ["F0413"], "{}", codes::TOO_MANY_DEPLOYMENTS.title);
}

#[test]
fn a_page_on_the_terminal() {
    let look = Look { colour: false, width: 60, unicode: true, links: false };
    support::golden("tests/render/explain.txt", &explain(codes::PATH_NOT_FOUND, &look));
    let colour = Look { colour: true, ..look };
    support::golden("tests/render/explain-colour.txt", &explain(codes::PATH_NOT_FOUND, &colour));
}

#[test]
fn every_page_fits_the_terminal() {
    for code in ALL {
        let page = explain(code, &Look::plain(40));
        assert!(!page.contains("```") && !page.contains("\n\n\n"), "{}:\n{page}", code.id);
        assert!(page.chars().all(|c| c == '\n' || !c.is_control()), "{}:\n{page}", code.id);
        assert!(!page.contains('\u{202e}'), "{}: a character that cannot be seen", code.id);
        let mut prose = page.lines().skip(1).filter(|line| !line.starts_with("    "));
        assert!(prose.all(|line| line.chars().count() <= 40), "{}:\n{page}", code.id);
    }
}

#[test]
fn the_registry_as_json() {
    let registry = registry();
    let all = registry["codes"].as_array().unwrap();
    assert_eq!(registry["schema"], 1);
    assert_eq!(all.len(), ALL.len());
    for (value, code) in all.iter().zip(ALL) {
        assert_eq!(value["code"], code.id);
        assert_eq!(value["slug"], code.slug);
        assert_eq!(value["severity"], code.severity.word());
        assert_eq!(value["title"], code.title);
        assert_eq!(value["page"], markdown(code));
    }
}
