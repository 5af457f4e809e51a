//! What a change means, from two texts: `tests/change/NAME/` holds both and what is to be said.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::string_slice)]
#![allow(missing_docs)]

#[path = "support/golden.rs"]
mod golden;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use fleetc::analysis::{self, Compilation};
use fleetc::change::{Change, Kind, Level, Side, compare, html, json, markdown, text};
use fleetc::project::MemoryFiles;

fn compiled(fleet: &str) -> Compilation {
    let compilation = analysis::compile(&MemoryFiles::new().file("fleet.fleet", fleet).into_project(), &[]);
    let said: Vec<_> = compilation.diagnostics.iter().map(|found| &found.message).collect();
    assert!(compilation.plan.is_some(), "{said:?}");
    compilation
}

fn side(compilation: &Compilation) -> Side<'_> {
    Side { plan: compilation.plan.as_ref(), sources: &compilation.sources }
}

fn change(old: &str, new: &str) -> Change {
    let (old, new) = (compiled(old), compiled(new));
    compare(&side(&old), &side(&new))
}

fn texts(name: &str) -> (String, String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/change").join(name);
    let read = |file: &str| fs::read_to_string(folder.join(file)).unwrap();
    (read("old.fleet"), read("new.fleet"))
}

fn names() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/change");
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// What a page says: without its style and script, which all pages have.
fn main_of(page: &str) -> &str {
    let (from, to) = (page.find("<main>").unwrap(), page.find("<footer").unwrap());
    &page[from..to]
}

#[test]
fn a_page_has_what_is_folded_elsewhere_and_runs_nothing_of_others() {
    let (old, new) = texts("web");
    let new = new.replace("path = \"web/v2\"", "path = \"<img src=x onerror=alert(1)>\"");
    let page = html::html(&change(&old, &new));
    assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;") && !page.contains("<img"), "{page}");
    assert!(page.contains("Content-Security-Policy") && page.matches("<script").count() == 1);
    let many: String = (0..50).map(|number| format!("cluster more-{number} {{ env = prod }}\n")).collect();
    let page = html::html(&change(&format!("{old}{many}"), &format!("{}{many}", texts("web").1)));
    for part in ["52 clusters, 52 protected", "more-49 (protected)"] {
        assert!(page.contains(part), "{part}: {page}");
    }
}

#[test]
fn changes_are_told_as_expected() {
    for name in names() {
        let (old, new) = texts(&name);
        let change = change(&old, &new);
        golden::golden(&format!("tests/change/{name}/change.txt"), &text::text(&change));
        golden::golden(&format!("tests/change/{name}/change.md"), &markdown::markdown(&change));
        golden::golden(&format!("tests/change/{name}/change.html"), main_of(&html::html(&change)));
        golden::golden(&format!("tests/change/{name}/change.json"), &format!("{:#}\n", json::json(&change)));
    }
}

#[test]
fn a_plan_compared_with_itself_is_no_change() {
    for (old, new) in names().iter().map(|name| texts(name)) {
        for fleet in [old, new] {
            let change = change(&fleet, &fleet);
            assert!(!change.is_any(), "{change:?}");
            assert_eq!(change.risk.level, Level::Low);
        }
    }
}

#[test]
fn each_deployment_is_in_one_group_or_unchanged() {
    for (old, new) in names().iter().map(|name| texts(name)) {
        let after = compiled(&new);
        let change = change(&old, &new);
        let mut met = BTreeSet::new();
        for group in change.groups.iter().filter(|group| group.kind != Kind::Removed) {
            for cluster in &group.clusters {
                assert!(met.insert((group.component.clone(), cluster.clone())), "{group:?}");
            }
        }
        assert_eq!(met.len() + change.unchanged, after.plan.as_ref().unwrap().deployments.len());
    }
}

#[test]
fn where_no_fleet_was_everything_is_added() {
    let (_, new) = texts("web");
    let new = compiled(&new);
    let nothing = fleetc::source::Sources::default();
    let change = compare(&Side { plan: None, sources: &nothing }, &side(&new));
    assert!(change.groups.iter().all(|group| group.kind == Kind::Added));
    assert_eq!(change.unchanged, 0);
    assert_eq!(change.groups.iter().map(|group| group.clusters.len()).sum::<usize>(), 7);
}

#[test]
fn protection_that_is_lost_is_a_high_risk() {
    let (old, _) = texts("web");
    let lost = old.replace("env == prod\n", "name == one\n");
    let change = change(&old, &lost);
    assert_eq!(change.risk.level, Level::High);
    assert_eq!(change.risk.reasons, ["cluster `two` is protected no more"]);
}

#[test]
fn workloads_in_another_namespace_are_a_high_risk() {
    let (old, _) = texts("web");
    let moved = old.replacen("namespace = web }", "namespace = api }", 1).replace("[\"web\"]", "[\"web\", \"api\"]");
    let reasons = change(&old, &moved).risk.reasons;
    assert!(
        reasons.iter().any(|reason| reason.ends_with("are made anew elsewhere on 2 protected clusters")),
        "{reasons:?}"
    );
}

#[test]
fn a_comment_fits_and_says_what_is_left_out() {
    let (old, new) = texts("web");
    let mut change = change(&old, &new);
    let one = change.groups.first().unwrap().clone();
    for count in [100, 600, 5_000] {
        change.groups = vec![one.clone(); count];
        let text = markdown::markdown(&change);
        assert!(text.chars().count() <= 65_536, "{count}");
        assert_eq!(text.contains("Left out"), count == 5_000, "{count}");
    }
}

#[test]
fn nobody_is_mentioned_in_a_comment() {
    let (old, new) = texts("web");
    let mut change = change(&old, &new);
    change.groups.first_mut().unwrap().component = "@team|`x`<b>".to_owned();
    let text = markdown::markdown(&change);
    for raw in ["@team", "`x`", "<b>"] {
        assert!(!text.contains(raw), "{raw}");
    }
}

#[test]
fn what_changes_every_manifest_is_no_silence() {
    let (old, _) = texts("web");
    let change = change(&old, &old.replace("source = home\n", "source = home\n  output = \"elsewhere\"\n"));
    assert!(change.is_any());
    assert_eq!(change.risk.reasons, ["settings of `demo` change"]);
}

#[test]
fn the_settings_of_an_engine_are_told_as_they_are_written() {
    let fleet = "fleet demo { source = home }\nsource home { git = \"https://github.com/acme/home\", branch = \"main\" }\n\
                 cluster a { }\ncomponent web on all { path = \"web\", namespace = web }\nflux { interval = 10m }\n";
    let told = text::text(&change(fleet, &fleet.replace("10m", "1h30m")));
    assert!(told.contains("~ engine flux changed") && told.contains("interval  10m -> 1h30m"), "{told}");
}
