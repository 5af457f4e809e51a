//! Pictures of small fleets in every format, and what holds for all of them.
//!
//! `tests/picture/*.txt` each hold a fleet, and below it commands with what they print.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod folder;
#[path = "folder/program.rs"]
mod program;
#[path = "support/golden.rs"]
mod support;

use std::fs;
use std::path::Path;

use fleetc::analysis;
use fleetc::picture::{self, Canvas, Cell, Matrix, Row, Scope, html, markdown};
use fleetc::plan::base64;
use fleetc::plan::markdown::LONGEST;
use fleetc::project::MemoryFiles;
use folder::Folder;
use sha2::{Digest as _, Sha256};
use textwrap::core::display_width;

#[test]
fn the_pictures_are_these() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/picture");
    let mut names: Vec<String> =
        fs::read_dir(&cases).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    for name in names {
        let text = fs::read_to_string(cases.join(&name)).unwrap();
        let (fleet, _) = text.split_once("\n$ ").unwrap();
        let folder = Folder::with(&[("fleet.fleet", fleet)]);
        let mut expected = format!("{fleet}\n");
        for command in text.lines().filter_map(|line| line.strip_prefix("$ fleetc ")) {
            let arguments: Vec<&str> = command.split(' ').collect();
            let ran = folder.fleetc(&arguments).env("COLUMNS", "90").ends_with(0);
            expected += &format!("$ fleetc {command}\n{}\n", ran.stdout.replace('\r', ""));
        }
        support::golden(&format!("tests/picture/{name}"), &format!("{}\n", expected.trim_end()));
    }
}

/// A fleet of many clusters and components, of which some are pinned.
fn large() -> String {
    let mut fleet = String::from(
        "fleet big {\n  source = apps\n  protected = env == prod\n}\nflux { }\n\
         source apps { git = \"https://github.com/acme/apps\", branch = \"main\" }\nlabel env: dev | prod\n",
    );
    for number in 0..1000 {
        let env = if number < 300 { "dev" } else { "prod" };
        fleet += &format!("cluster {env}-{number:04} {{ env = {env} }}\n");
    }
    for number in 0..20 {
        fleet += &format!("component c{number:02} on all {{ path = \"c{number}\", wait = true, rollout = careful }}\n");
    }
    fleet + "rollout careful {\n  stage dev on env == dev\n  stage prod on rest { max = 10% }\n}\n"
}

#[test]
fn a_large_fleet_stays_small() {
    let project = MemoryFiles::new().file("main.fleet", large()).into_project();
    let compilation = analysis::compile(&project, &[]);
    let plan = compilation.plan.unwrap();
    let report = html::report(&plan, &compilation.sources);
    assert!(report.len() < 400_000, "{}", report.len());
    assert!(report.contains("id=\"cluster-prod-0999\""));
    assert!(markdown::markdown(&plan, &compilation.sources).contains("| prod x700 |"));
    let graph = picture::graph(&plan, &Scope::default());
    assert!(picture::graph_svg(&graph).len() < 10_000);
}

/// 1,000 clusters that are not alike do not fit, and what is left out is said.
#[test]
fn what_does_not_fit_is_said() {
    let mut fleet = large();
    for number in 0..1000 {
        let env = if number < 300 { "dev" } else { "prod" };
        fleet += &format!(
            "component only-{number:04} on {env}-{number:04} {{ path = \"o\", wait = true, after = [c00] }}\n"
        );
    }
    let project = MemoryFiles::new().file("main.fleet", fleet).into_project();
    let compilation = analysis::compile(&project, &[]);
    let plan = compilation.plan.unwrap();
    let text = markdown::markdown(&plan, &compilation.sources);
    assert!(text.chars().count() <= LONGEST, "{}", text.chars().count());
    assert!(text.contains("rows of versions (`fleetc matrix`)"));
    let mermaid = picture::graph_mermaid(&picture::graph(&plan, &Scope::default()));
    assert!(mermaid.len() <= 50_000 && mermaid.matches("-->").count() <= 500);
    assert!(mermaid.contains("the order of components (1000 arrows) does not fit here"));
    let report = html::report(&plan, &compilation.sources);
    assert!(report.contains("500 more rows are not shown"));
}

/// The policy of a page allows its script, and nothing else.
#[test]
fn a_page_runs_its_own_script_only() {
    let project = MemoryFiles::new().file("main.fleet", large()).into_project();
    let compilation = analysis::compile(&project, &[]);
    let page = html::report(&compilation.plan.unwrap(), &compilation.sources);
    let (_, rest) = page.split_once("<script>").unwrap();
    let (script, rest) = rest.split_once("</script>").unwrap();
    let hash = base64::encode(&Sha256::digest(script.as_bytes()));
    assert!(page.contains(&format!("script-src 'sha256-{hash}';")));
    assert!(!rest.contains("<script") && !page.contains("http-equiv=\"refresh\""));
    for word in [" src=", "@import", "url(", "<link", "<iframe", " onclick="] {
        assert!(!page.contains(word), "{word}");
    }
}

/// Versions of texts that no fleet has: nothing may rest on what names may be today.
fn hostile() -> Matrix {
    let cell =
        |version: &str| Some(Cell { version: version.to_owned(), pinned: false, differs: true, suspended: false });
    let row = |name: &str, versions: [&str; 2]| Row {
        label: name.to_owned(),
        clusters: vec![name.to_owned()],
        cells: versions.map(cell).to_vec(),
    };
    Matrix {
        fleet: "a\" -> b <script>x</script>".to_owned(),
        by: None,
        components: vec!["<img src=x>\" onload=\"y".to_owned(), "日本語".to_owned()],
        rows: vec![row("=1+1", ["a,\"b\"", "v1"]), row("日本", ["]]> &amp; `x` | @all", "v\u{7}2\\"])],
        notes: Vec::new(),
        versions: Vec::new(),
    }
}

#[test]
fn no_text_becomes_markup() {
    let matrix = hostile();
    let written = [
        html::matrix(&matrix),
        picture::matrix_svg(&matrix),
        picture::matrix_mermaid(&matrix),
        picture::matrix_dot(&matrix).split_once('\n').unwrap().1.to_owned(),
    ];
    for text in written {
        for word in ["<script>x", "<img", "\" onload", "]]> &amp; ", "\u{7}"] {
            assert!(!text.contains(word), "{word} in {text}");
        }
    }
    assert!(picture::matrix_dot(&matrix).starts_with("digraph \"a\\\" -> b <script>x</script>\" {\n"));
    let csv = picture::csv(&matrix);
    assert!(csv.contains("\r\n'=1+1,\"a,\"\"b\"\"\",v1\r\n"), "{csv}");
}

/// A wide character is two columns.
#[test]
fn wide_characters_keep_the_columns() {
    let text = picture::matrix_text(&hostile(), Canvas { width: 120, unicode: true });
    let lines: Vec<&str> = text.lines().skip(2).take(3).collect();
    let before = |line: &str, end: &str| display_width(line.split_once(end).unwrap().0);
    let places = [before(lines[0], "日本語"), before(lines[1], "v1"), before(lines[2], "v\u{7}2")];
    assert!(places.iter().all(|place| *place == places[0]), "{text}");
}

#[test]
fn a_name_that_is_not_known_is_said_with_the_one_that_was_meant() {
    let folder = Folder::with(&[(
        "fleet.fleet",
        "fleet acme { source = apps }\nflux { }\nlabel env: dev\ncluster dev { env = dev }\n\
         source apps { git = \"https://github.com/acme/apps\", branch = \"main\" }\n\
         component web on all { path = \"web\", wait = true }\n",
    )]);
    let wrong = [
        (["graph", "--component", "wbe"], "no component is named `wbe`", "did you mean `web`?"),
        (["graph", "--cluster", "dve"], "no cluster is named `dve`", "did you mean `dev`?"),
        (["matrix", "--by", "evn"], "no label is named `evn`", "did you mean `env`?"),
    ];
    for (arguments, message, help) in wrong {
        folder.fleetc(&arguments).ends_with(2).stderr_has(message).stderr_has(help).stdout("");
    }
    let simulated = ["plan", "--simulate", "--format", "html"];
    folder.fleetc(&simulated).ends_with(2).stderr_has("a simulation is printed as text or JSON only");
}
