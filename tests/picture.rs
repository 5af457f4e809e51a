//! Pictures of small fleets in every format, and what holds for all of them.
//!
//! `tests/picture/*.txt` each hold a fleet, and below it commands with what they print.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod folder;
#[path = "folder/program.rs"]
mod program;
#[path = "support/golden.rs"]
mod support;

use std::fs;
use std::path::Path;

use fleetc::analysis;
use fleetc::picture::{self, Scope, html, markdown};
use fleetc::plan::base64;
use fleetc::project::MemoryFiles;
use folder::Folder;
use sha2::{Digest as _, Sha256};

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
    assert!(text.chars().count() <= markdown::LONGEST, "{}", text.chars().count());
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

/// Text that is written for another reader stays text.
#[test]
fn no_text_becomes_markup() {
    let fleet = "fleet acme { source = apps }\nflux { }\nlabel note: text\n\
        source apps { git = \"https://github.com/acme/apps\", branch = \"<script>x</script>\\\"&'|`\" }\n\
        cluster a { note = \"<img src=x>\\\" onload=1\" }\ncomponent web on all { path = \"<b>\", wait = true }\n";
    let project = MemoryFiles::new().file("main.fleet", fleet).into_project();
    let compilation = analysis::compile(&project, &[]);
    let plan = compilation.plan.unwrap_or_else(|| panic!("{:?}", compilation.diagnostics));
    let (graph, matrix) = (
        picture::graph(&plan, &Scope::default()),
        picture::matrix(&plan, &compilation.sources, &Scope::default(), Some("note")),
    );
    let written = [
        html::report(&plan, &compilation.sources),
        html::graph(&graph),
        html::matrix(&matrix),
        picture::matrix_svg(&matrix),
        picture::matrix_mermaid(&matrix),
        picture::matrix_dot(&matrix),
        markdown::markdown(&plan, &compilation.sources),
    ];
    for text in written {
        for word in ["<script>x", "<img", "<b>&", "\" onload"] {
            assert!(!text.contains(word), "{word} in {text}");
        }
    }
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
