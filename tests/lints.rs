//! Lints: what no case can hold, because it is large or because it is about levels; and their page in the documents.
//!
//! What each lint reports and what it lets pass is in `tests/cases/lints.md`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]
#![allow(missing_docs)]

#[path = "support/golden.rs"]
mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use fleetc::analysis::{Compilation, compile};
use fleetc::diag::codes;
use fleetc::diag::codes::ALL;
use fleetc::project::MemoryFiles;

fn compiled(text: &str) -> Compilation {
    compile(&MemoryFiles::new().file("main.fleet", text).into_project(), &[])
}

/// `severity code "marked text": message` of each finding.
fn found(compilation: &Compilation) -> Vec<String> {
    let one = |found: &fleetc::diag::Diagnostic| {
        let text = compilation.sources.text(found.primary.span);
        format!("{} {} {text:?}: {}", found.severity.word(), found.code.id, found.message)
    };
    compilation.diagnostics.iter().map(one).collect()
}

/// A fleet of `clusters` in a square of at least that many, and `components`, each on all of them.
fn square(engine: &str, side: usize, components: usize) -> String {
    let numbers: Vec<String> = (0..side).map(|number| format!("n{number}")).collect();
    let mut text = format!(
        "fleet demo {{ source = home }}\n{engine}\n\
         source home {{ git = \"https://github.com/acme/home\", branch = \"main\" }}\n\
         cluster \"${{a}}-${{b}}\" for a in [{0}], b in [{0}] {{ }}\n",
        numbers.join(", ")
    );
    for number in 0..components {
        text += &format!("component c{number} on all {{ path = \"web\", namespace = web }}\n");
    }
    text
}

/// F0734, of Applications: 10,000 are not too many.
#[test]
fn an_argocd_with_many_applications() {
    assert_eq!(codes::LARGE_INSTANCE.id, "F0734");
    assert_eq!(found(&compiled(&square("argocd { }", 20, 25))), [""; 0]);
    let large = found(&compiled(&square("argocd { }", 20, 26)));
    assert_eq!(large, ["note F0734 \"argocd\": this Argo CD would run 10400 Applications on 400 clusters"]);
    // Each instance counts by itself.
    let two = "argocd a on name like \"n1*\" { }\nargocd b on not name like \"n1*\" { }";
    assert_eq!(found(&compiled(&square(two, 20, 26))), [""; 0]);
}

/// F0735, of both engines.
#[test]
fn roots_that_hold_much() {
    assert_eq!(codes::LARGE_ROOT.id, "F0735");
    let roots = found(&compiled(&square("argocd { layout = app-of-apps }", 45, 1)));
    assert_eq!(roots, ["note F0735 \"argocd\": the root of this Argo CD would read 2025 roots of clusters"]);
    let kustomizations = found(&compiled(&square("flux { interval = 1h }", 45, 3)));
    assert_eq!(kustomizations, ["note F0735 \"flux\": one Kustomization of this Flux would hold 6075 others"]);
    assert_eq!(found(&compiled(&square("argocd { }", 45, 1))), [""; 0]);
}

/// What is wrong may be why something seems to be unused.
#[test]
fn nothing_is_said_beside_an_error() {
    let text =
        square("argocd { }", 1, 0) + "group edge = all\ncomponent web on edg { path = \"web\", namespace = web }\n";
    assert_eq!(found(&compiled(&text)), ["error F0202 \"edg\": no group or cluster is named `edg`"]);
}

#[test]
fn every_lint_may_be_allowed_where_it_stands() {
    let lints = ALL.iter().filter(|code| ("F0710".."F0740").contains(&code.id));
    let mut failed = Vec::new();
    for code in lints {
        let Some((_, rest)) = code.page.split_once("\n## Wrong\n\n```fleet\n") else { continue };
        let text = rest.split_once("```").unwrap().0;
        let compilation = compiled(text);
        let place = compilation.diagnostics.iter().next().unwrap().primary.span;
        let line = text[..place.start as usize].matches('\n').count();
        let lines: Vec<String> = text
            .lines()
            .enumerate()
            .map(|(number, text)| match number == line {
                true => format!("{text} # fleetc: allow({}) reason=\"known\"\n", code.slug),
                false => format!("{text}\n"),
            })
            .collect();
        let allowed = compiled(&lines.concat());
        let denied = compiled(&text.replacen("fleet demo { ", &format!("fleet demo {{ deny = [{}], ", code.slug), 1));
        if !allowed.diagnostics.is_empty() || denied.plan.is_some() {
            failed.push(format!("{}: {:?}", code.id, found(&allowed)));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// The cells of the rows about codes.
fn rows(page: &str) -> Vec<Vec<&str>> {
    let rows = page.lines().filter(|line| line.starts_with("| [F07"));
    rows.map(|line| line.split('|').map(str::trim).collect()).collect()
}

#[test]
fn the_page_lists_every_lint_with_its_level() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/lints.md")).unwrap();
    let listed: Vec<(String, String, String)> =
        rows(&page).iter().map(|cells| (cells[1].to_owned(), cells[2].to_owned(), cells[3].to_owned())).collect();
    let expected: Vec<(String, String, String)> = ALL
        .iter()
        .filter(|code| ("F0710".."F0740").contains(&code.id))
        .map(|code| {
            let link = format!("[{0}](../src/diag/docs/{0}.md)", code.id);
            (link, format!("`{}`", code.slug), code.severity.word().to_owned())
        })
        .collect();
    assert_eq!(listed, expected);
}

/// The fleet of the page is the one that its commands are run on, and below each stands what it prints.
#[test]
fn the_page_shows_what_fleetc_prints() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/lints.md")).unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("lints-page");
    fs::create_dir_all(&folder).unwrap();
    let (_, fleet) = page.split_once("```fleet\n").unwrap();
    fs::write(folder.join("fleet.fleet"), fleet.split_once("```").unwrap().0).unwrap();
    let mut expected = String::new();
    let mut rest = page.as_str();
    while let Some((before, after)) = rest.split_once("```console\n$ fleetc ") {
        let (block, after) = after.split_once("```").unwrap();
        let command = block.lines().next().unwrap();
        let arguments = command.split(' ').chain(["-C", folder.to_str().unwrap()]);
        let output = Command::new(env!("CARGO_BIN_EXE_fleetc")).args(arguments).output().unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        let printed = printed.replace(&format!("{}/", folder.display()), "");
        expected += &format!("{before}```console\n$ fleetc {command}\n{printed}```");
        rest = after;
    }
    assert!(!expected.is_empty());
    support::golden("docs/lints.md", &(expected + rest));
}

/// A fleet of which each label, fact, source, group and project is read somewhere, each in another part of the language.
const SANE: &str = r#"
fleet shop { source = config, protected = production, migrating = true }
argocd { }
flux { kubeconfig-map = "${cluster}-${hub}" }
source config { git = "https://github.com/acme/config", branch = "main" }
source apps { git = "https://github.com/acme/apps", branch = "main" }
label env: dev | prod
label region: string
label kind: app | data = app
fact hub: string = "hub"
fact account: string
fact role: string = "deployer"
fact note: string = "none"
fact store-path: string = "database"
fact site: string = "dublin"
fact expected: string = "web"
group production = env == prod
group europe = region like "eu-*"
group tested = kind == app
defaults cluster {
  auth        = eks { role = "arn:aws:iam::${account}:role/${role}", cluster = "arn:aws:eks:${region}:${account}:cluster/x" }
  annotations = { "acme.org/note" = note }
}
inventory "clusters.json"
project platform {
  sources = [fleet], clusters = europe, namespaces = ["*"], cluster-resources = ["*/*"]
}
project team { sources = [apps], namespaces = ["web"] }
defaults component { project = platform }
component web on all { source = apps, path = "web", namespace = web, project = team }
store aws { provider = aws-secrets-manager, region = region, project = platform }
secret database on all { store = aws, namespace = data, from = store-path, project = platform }
object "v1/ConfigMap" info on all { namespace = data, project = platform, data { site = site } }
test "web is where it should be" { expect web on tested { path = expected } }
"#;

const CLUSTERS: &str = r#"[
  { "name": "dev", "env": "dev", "region": "eu-west-1", "account": "111122223333", "nodes": 3 },
  { "name": "prod", "env": "prod", "region": "eu-west-1", "account": "444455556666", "kind": "data" }
]"#;

/// Nothing that any part of the language reads is unused; what only an inventory sets, is.
#[test]
fn what_inventories_registrations_secrets_objects_and_tests_read_is_used() {
    let with = |fleet: String| {
        let files = MemoryFiles::new().file("main.fleet", fleet).file("clusters.json", CLUSTERS);
        found(&compile(&files.into_project(), &[]))
    };
    let sane = format!("{SANE}fact nodes: int?\n");
    let unread = ["note F0710 \"nodes\": nothing uses the fact `nodes`"];
    assert_eq!(with(sane.clone()), unread);
    let pointers =
        "{ env = \"/env\", region = \"/region\", account = \"/account\", nodes = \"/nodes\", kind = \"/kind\" }";
    let pointed = sane.replace("inventory \"clusters.json\"", &format!("inventory \"clusters.json\" {pointers}"));
    assert_eq!(with(pointed), unread);
    let register = "argocd { register = external-secrets, register-store = hub }";
    assert_eq!(with(sane.replace("argocd { }", register)), [""; 0]);
}
