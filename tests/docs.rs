//! What the documents show is true: tables are generated, examples compile, output is the compiler's.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]
#![allow(missing_docs)]

#[path = "support/golden.rs"]
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use fleetc::model::schema::{self, Block, Status};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

fn table(block: &Block) -> String {
    let mut table = String::from("| attribute | type | default | meaning |\n|---|---|---|---|\n");
    for attribute in block.attributes {
        let later = if attribute.status == Status::Later { " *(not supported yet)*" } else { "" };
        let line =
            [format!("`{}`", attribute.name), attribute.ty.words(), attribute.default.into(), attribute.doc.into()];
        table.push_str(&format!("| {}{later} |\n", line.join(" | ")));
    }
    table
}

#[test]
fn the_reference_lists_every_attribute() {
    let blocks: [&Block; 12] = [
        &schema::FLEET,
        &schema::ARGOCD,
        &schema::FLUX,
        &schema::SOURCE,
        &schema::CLUSTER,
        &schema::PROJECT,
        &schema::COMPONENT,
        &schema::RETRY,
        &schema::STAGE,
        &schema::STORE,
        &schema::SECRET,
        &schema::OBJECT,
    ];
    let mut text = read("docs/language.md");
    for block in blocks {
        let opening = format!("<!-- attributes:{} -->\n", block.keyword);
        let start = text.find(&opening).unwrap_or_else(|| panic!("no table for `{}`", block.keyword)) + opening.len();
        let end = start + text[start..].find("<!-- /attributes -->").unwrap();
        text.replace_range(start..end, &format!("\n{}\n", table(block)));
    }
    support::golden("docs/language.md", &text);
}

fn fleetc(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fleetc")).args(args).current_dir(root()).output().unwrap()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Every file below `folder`, with its path from there.
fn files(folder: &Path) -> Vec<(String, String)> {
    fn walk(folder: &Path, prefix: &str, found: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.file_type().unwrap().is_dir() {
                walk(&entry.path(), &format!("{name}/"), found);
            } else {
                found.push((name, fs::read_to_string(entry.path()).unwrap()));
            }
        }
    }
    let mut found = Vec::new();
    if folder.exists() {
        walk(folder, "", &mut found);
    }
    found.sort();
    found
}

/// A folder of this test's own, empty.
fn scratch(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn committed_output_is_what_a_build_writes() {
    for example in ["my-org", "hub-and-spoke", "three-tier"] {
        let source = root().join("examples").join(example);
        let target = scratch(&format!("example-{example}"));
        copy(&source, &target);
        fs::remove_dir_all(target.join("gitops")).ok();
        let output = fleetc(&["build", "-C", target.to_str().unwrap()]);
        assert!(output.status.success(), "{example}: {}", String::from_utf8_lossy(&output.stderr));
        if std::env::var_os("FLEETC_BLESS").is_some() {
            fs::remove_dir_all(source.join("gitops")).ok();
            copy(&target.join("gitops"), &source.join("gitops"));
        }
        let (committed, built) = (files(&source.join("gitops")), files(&target.join("gitops")));
        let names = |files: &[(String, String)]| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&committed), names(&built), "{example}: other files");
        for ((name, before), (_, after)) in committed.iter().zip(&built) {
            assert_eq!(before, after, "{example}/gitops/{name} differs from what a build writes");
        }
    }
}

/// The text between the fences of the block that begins with `opening`.
fn fenced<'t>(text: &'t str, opening: &str) -> &'t str {
    let (_, rest) = text.split_once(&format!("```{opening}\n")).unwrap();
    rest.split_once("```").unwrap().0
}

#[test]
fn the_commands_of_the_readme_are_the_ones_of_ci() {
    let readme = read("README.md");
    let commands: Vec<String> =
        fenced(&readme, "sh").lines().map(|line| line.split('#').next().unwrap().trim().to_string()).collect();
    let [build, test] = commands.as_slice() else { panic!("two commands: {commands:?}") };
    assert_eq!(build, "cargo run -- build -C examples/my-org");
    let ci = read(".ci/run");
    assert!(ci.lines().any(|line| line == test), "{test} is not in .ci/run");
}

#[test]
fn the_excerpt_of_the_readme_compiles() {
    let readme = read("README.md");
    let folder = scratch("readme-excerpt");
    fs::write(folder.join("excerpt.fleet"), fenced(&readme, "fleet")).unwrap();
    fs::write(folder.join("rest.fleet"), README_REST).unwrap();
    let output = fleetc(&["check", "-C", folder.to_str().unwrap()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// What the excerpt leaves out.
const README_REST: &str = r#"
fleet my-org { source = fleet-config }
argocd { progressive-syncs = true }
source fleet-config { git = "https://github.com/my-org/fleet-config", branch = "main" }
source payments-api { git = "https://github.com/my-org/payments-api", branch = "main" }
rollout progressive {
  stage dev  on env == dev
  stage rest on rest
}
"#;

#[test]
fn the_diagnostic_of_the_readme_is_real() {
    let readme = read("README.md");
    let shown = fenced(&readme, "text");
    let folder = scratch("readme-diagnostic");
    fs::write(folder.join("fleet.fleet"), MISTAKE).unwrap();
    let output = fleetc(&["check", "-C", folder.to_str().unwrap(), "--color", "never"]);
    let printed = String::from_utf8(output.stdout).unwrap();
    let (diagnostic, _summary) = printed.trim_end().rsplit_once('\n').unwrap();
    if std::env::var_os("FLEETC_BLESS").is_some() {
        fs::write(root().join("README.md"), readme.replace(shown, &format!("{}\n", diagnostic.trim_end()))).unwrap();
        return;
    }
    assert_eq!(shown.trim_end(), diagnostic.trim_end());
}

/// The mistake that the README shows.
const MISTAKE: &str = r#"fleet my-org { source = fleet-config }
argocd { }
source fleet-config { git = "https://github.com/my-org/fleet-config", branch = "main" }

label env: dev | staging | prod
cluster prod-eu-west-1 { env = prod }

component web on env == pord { path = "web", namespace = web }
"#;

/// The fleet blocks of a page.
fn fleet_blocks(text: &str) -> Vec<&str> {
    text.split("```fleet\n").skip(1).map(|rest| rest.split_once("```").unwrap().0).collect()
}

#[test]
fn the_blocks_of_the_reference_are_fleet_text() {
    let keywords = ["fleet", "argocd", "flux", "source", "label", "fact", "cluster", "group", "project", "component"];
    let keywords = [&keywords[..], &["template", "defaults", "rollout", "store", "secret", "object"]].concat();
    let text = read("docs/language.md");
    for block in fleet_blocks(&text) {
        // What stands inside of a declaration is shown without it.
        let first = block.lines().find(|line| !line.starts_with('#') && !line.is_empty()).unwrap();
        let whole = if keywords.iter().any(|word| first.starts_with(&format!("{word} "))) {
            block.to_string()
        } else {
            format!("component shown {{\n{block}\n}}\n")
        };
        let mut sources = fleetc::source::Sources::default();
        let origin = fleetc::source::Origin::Project;
        let id = sources.add(fleetc::source::SourceFile::new("shown.fleet", origin, whole.as_str()));
        let parse = fleetc::syntax::parse(id, &whole);
        assert!(
            parse.diagnostics.is_empty(),
            "{}",
            fleetc::diag::render::concise(&fleetc::diag::Report::new(&parse.diagnostics, &sources)) + &whole
        );
    }
}

#[test]
fn the_whole_fleet_of_the_reference_compiles() {
    let text = read("docs/language.md");
    let whole = fleet_blocks(&text).into_iter().find(|block| block.starts_with("fleet my-org")).unwrap();
    let folder = scratch("reference");
    fs::write(folder.join("fleet.fleet"), whole).unwrap();
    let output = fleetc(&["check", "-C", folder.to_str().unwrap()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// The first fleet of each page is built, and a file that is shown is what was written; what else is shown compiles with it.
#[test]
fn the_pages_of_secrets_and_objects_show_what_is_built() {
    for name in ["secrets", "objects"] {
        let page = read(&format!("docs/{name}.md"));
        let blocks = fleet_blocks(&page);
        let folder = scratch(&format!("page-{name}"));
        fs::write(folder.join("fleet.fleet"), blocks[0]).unwrap();
        let output = fleetc(&["build", "-C", folder.to_str().unwrap()]);
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        let mut expected = String::new();
        let mut rest = page.as_str();
        while let Some((before, after)) = rest.split_once("```yaml\n# ") {
            let (block, after) = after.split_once("```").unwrap();
            let path = block.lines().next().unwrap();
            let written = fs::read_to_string(folder.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
            let written = written.strip_prefix(fleetc::target::yaml::HEADER).unwrap();
            expected += &format!("{before}```yaml\n# {path}\n{written}```");
            rest = after;
        }
        assert!(!expected.is_empty());
        support::golden(&format!("docs/{name}.md"), &(expected + rest));
        for more in blocks.iter().skip(1) {
            fs::write(folder.join("more.fleet"), more).unwrap();
            let output = fleetc(&["check", "-C", folder.to_str().unwrap(), "--deny-warnings"]);
            assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stdout));
        }
    }
}

/// What the mistakes of the comparison stand in.
const COMPARED: &str = r#"fleet demo { source = config }
argocd { progressive-syncs = true }
source config { git = "https://github.com/acme/config", branch = "main" }
label env: dev | staging | prod
cluster one { env = dev }
"#;

/// Every fleet block of the comparison is a mistake, and the text block below it is what fleetc says of it.
#[test]
fn the_comparison_shows_what_fleetc_prints() {
    let page = read("docs/comparison.md");
    let mut expected = String::new();
    let mut rest = page.as_str();
    let mut count = 0;
    while let Some((before, after)) = rest.split_once("```fleet\n") {
        let (mistake, after) = after.split_once("```\n\n```text\n").unwrap();
        let (_, after) = after.split_once("```").unwrap();
        count += 1;
        let folder = scratch(&format!("comparison-{count}"));
        fs::write(folder.join("fleet.fleet"), COMPARED).unwrap();
        fs::write(folder.join("web.fleet"), mistake).unwrap();
        let output = fleetc(&["check", "-C", folder.to_str().unwrap(), "--color", "never"]);
        assert_eq!(output.status.code(), Some(1), "{mistake}");
        let printed = String::from_utf8(output.stdout).unwrap();
        assert!(printed.ends_with("\n") && printed.matches("error[").count() == 1, "{printed}");
        expected += &format!("{before}```fleet\n{mistake}```\n\n```text\n{printed}```");
        rest = after;
    }
    assert_eq!(count, 6);
    support::golden("docs/comparison.md", &(expected + rest));
}

/// The fleet of the page is the one that its commands are run on, and below each stands what it prints.
#[test]
fn the_page_of_the_simulation_shows_what_fleetc_prints() {
    let page = read("docs/simulate.md");
    let folder = scratch("simulate");
    fs::write(folder.join("fleet.fleet"), fenced(&page, "fleet")).unwrap();
    let mut expected = String::new();
    let mut rest = page.as_str();
    while let Some((before, after)) = rest.split_once("```console\n$ fleetc ") {
        let (block, after) = after.split_once("```").unwrap();
        let command = block.lines().next().unwrap();
        let arguments: Vec<&str> = command.split(' ').chain(["-C", folder.to_str().unwrap()]).collect();
        let output = fleetc(&arguments);
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        let printed = String::from_utf8(output.stdout).unwrap();
        expected += &format!("{before}```console\n$ fleetc {command}\n{printed}```");
        rest = after;
    }
    assert!(!expected.is_empty());
    support::golden("docs/simulate.md", &(expected + rest));
}
