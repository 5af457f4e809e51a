//! What the documents show is true: tables are generated, examples compile, output is the compiler's.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]
#![allow(missing_docs)]

#[path = "support/golden.rs"]
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use fleetc::kinds::{Object, When};
use fleetc::model::schema::{self, Block};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

fn table(block: &Block) -> String {
    let mut table = String::from("| attribute | type | default | meaning |\n|---|---|---|---|\n");
    for attribute in block.attributes {
        let line =
            [format!("`{}`", attribute.name), attribute.ty.words(), attribute.default.into(), attribute.doc.into()];
        table.push_str(&format!("| {} |\n", line.join(" | ")));
    }
    table
}

#[test]
fn the_reference_lists_every_attribute() {
    let blocks: [&Block; 17] = [
        &schema::FLEET,
        &schema::ARGOCD,
        &schema::FLUX,
        &schema::SOURCE,
        &schema::CLUSTER,
        &schema::INVENTORY,
        &schema::PROJECT,
        &schema::WINDOW,
        &schema::ROLE,
        &schema::ORPHANED_RESOURCES,
        &schema::COMPONENT,
        &schema::RETRY,
        &schema::STAGE,
        &schema::EXPECT,
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
    let mut command = Command::new(env!("CARGO_BIN_EXE_fleetc"));
    command.args(args).current_dir(root()).env("FLEETC_BUILD_NO_CACHE", "1").output().unwrap()
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
    for example in ["article", "my-org", "hub-and-spoke", "three-tier"] {
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
    let keywords = [
        &keywords[..],
        &["template", "defaults", "rollout", "moved", "removed", "test", "inventory", "store", "secret", "object"],
    ]
    .concat();
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

/// The fleets of the page build, the second in the first one's place, and the Secret that is shown is one that is written.
#[test]
fn the_page_of_registration_shows_what_is_built() {
    let page = read("docs/registration.md");
    let blocks = fleet_blocks(&page);
    let [whole, flux] = blocks.as_slice() else { panic!("two fleets: {}", blocks.len()) };
    let folder = scratch("registration");
    fs::write(folder.join("fleet.fleet"), whole).unwrap();
    let output = fleetc(&["build", "-C", folder.to_str().unwrap()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let secret = fs::read_to_string(folder.join("gitops/argocd/clusters/dev.yaml")).unwrap();
    let (_, secret) = secret.split_once('\n').unwrap();
    let shown = fenced(&page, "yaml");
    support::golden("docs/registration.md", &page.replace(shown, &format!("# argocd/clusters/dev.yaml\n{secret}")));
    let rest = "fleet demo { source = config }
source config { git = \"https://github.com/acme/config\", branch = \"main\" }
component web on all { path = \"web\", namespace = web }
";
    let folder = scratch("registration-flux");
    fs::write(folder.join("fleet.fleet"), format!("{rest}{flux}")).unwrap();
    let output = fleetc(&["build", "-C", folder.to_str().unwrap()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(folder.join("gitops/flux/hub/kubeconfigs/dev.yaml").exists());
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

#[test]
fn the_page_of_the_simulation_shows_what_fleetc_prints() {
    shows_what_fleetc_prints("docs/simulate.md", 0);
}

#[test]
fn the_page_of_pictures_shows_what_fleetc_prints() {
    shows_what_fleetc_prints("docs/pictures.md", 0);
}

#[test]
fn the_page_of_tests_shows_what_fleetc_prints() {
    shows_what_fleetc_prints("docs/testing.md", 1);
}

/// The fleet of the page is the one that its commands are run on, and below each stands what it prints. `code` is what the
/// first of them ends with.
fn shows_what_fleetc_prints(name: &str, code: i32) {
    let folder = scratch(&name.replace('/', "-"));
    fs::write(folder.join("fleet.fleet"), fenced(&read(name), "fleet")).unwrap();
    shows_what_commands_print(name, &folder, &[code]);
}

/// Below each command of the page stands what it prints in `folder`. `codes` is what the first of them end with, the rest
/// with 0.
fn shows_what_commands_print(name: &str, folder: &Path, codes: &[i32]) {
    let page = read(name);
    let mut codes = codes.iter();
    let mut expected = String::new();
    let mut rest = page.as_str();
    while let Some((before, after)) = rest.split_once("```console\n$ fleetc ") {
        let (block, after) = after.split_once("```").unwrap();
        let command = block.lines().next().unwrap();
        let arguments: Vec<&str> = command.split(' ').chain(["-C", folder.to_str().unwrap()]).collect();
        let output = fleetc(&arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), codes.next().or(Some(&0)).copied(), "{command}: {errors}");
        let printed = String::from_utf8(output.stdout).unwrap();
        expected += &format!("{before}```console\n$ fleetc {command}\n{printed}```");
        rest = after;
    }
    assert!(!expected.is_empty());
    support::golden(name, &(expected + rest));
}

/// The first two fleets of the page are committed, the third comes in place of the second, and below each command stands
/// what it prints then.
#[test]
fn the_page_of_reviews_shows_what_fleetc_prints() {
    let page = read("docs/review.md");
    let blocks = fleet_blocks(&page);
    let [shared, before, after] = blocks.as_slice() else { panic!("three fleets: {}", blocks.len()) };
    let folder = scratch("review");
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
        let output = Command::new("git").arg("-C").arg(&folder).args(identity).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    fs::write(folder.join("fleet.fleet"), shared).unwrap();
    fs::write(folder.join("components.fleet"), before).unwrap();
    assert!(fleetc(&["build", "-C", folder.to_str().unwrap()]).status.success());
    for arguments in [["init", "-q"].as_slice(), &["add", "-A"], &["commit", "-q", "-m", "first"]] {
        git(arguments);
    }
    fs::write(folder.join("components.fleet"), after).unwrap();
    shows_what_commands_print("docs/review.md", &folder, &[0, 3]);
}

#[test]
fn the_tests_of_the_examples_pass() {
    for example in ["article", "my-org", "hub-and-spoke", "three-tier"] {
        let output = fleetc(&["test", "-C", &format!("examples/{example}")]);
        assert!(output.status.success(), "{example}: {}", String::from_utf8_lossy(&output.stdout));
    }
    let output = fleetc(&["test", "-C", "examples/my-org"]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "1 test passed, 0 failed\n");
}

/// Below each command of the example of the guide stands what it prints there.
#[test]
fn the_example_of_the_guide_shows_what_fleetc_prints() {
    let page = read("examples/article/README.md");
    let mut expected = String::new();
    let mut rest = page.as_str();
    let mut codes = vec![Some(3), Some(0)];
    while let Some((before, after)) = rest.split_once("```console\n$ fleetc ") {
        let (block, after) = after.split_once("```").unwrap();
        let command = block.lines().next().unwrap();
        let arguments: Vec<&str> = command.split(' ').chain(["-C", "examples/article"]).collect();
        let output = fleetc(&arguments);
        assert_eq!(output.status.code(), codes.pop().unwrap(), "{}", String::from_utf8_lossy(&output.stderr));
        let printed = String::from_utf8(output.stdout).unwrap();
        expected += &format!("{before}```console\n$ fleetc {command}\n{printed}```");
        rest = after;
    }
    assert_eq!(codes, [], "commands that are not shown");
    support::golden("examples/article/README.md", &(expected + rest));
}

/// The guide's fleet is short: comments and empty lines count.
#[test]
fn the_example_of_the_guide_has_fewer_than_120_lines() {
    let sources = files(&root().join("examples/article")).into_iter().filter(|(name, _)| name.ends_with(".fleet"));
    let lines: Vec<(String, usize)> = sources.map(|(name, text)| (name, text.lines().count())).collect();
    assert_eq!(lines.len(), 4, "{lines:?}");
    assert!(lines.iter().map(|(_, count)| count).sum::<usize>() < 120, "{lines:?}");
}

/// Every inventory of the page reads the data below it, and the last data is a mistake, with what fleetc says of it.
#[test]
fn the_page_of_inventories_builds() {
    let page = read("docs/inventory.md");
    let mut blocks = Vec::new();
    for (index, part) in page.split("\n```").enumerate().filter(|(index, _)| index % 2 == 1) {
        let (language, text) = part.split_once('\n').unwrap();
        blocks.push((index, language, text));
    }
    let shared = blocks.remove(0).2;
    let mut inventory: Option<&str> = None;
    let mut built = 0;
    let mut answer = String::new();
    for (_, language, text) in blocks {
        let data = matches!(language, "json" | "yaml" | "csv");
        match (language, inventory.take()) {
            ("fleet", _) => inventory = Some(text),
            (_, asked) if data => {
                let wrong = asked.is_none();
                let asked = asked.unwrap_or("inventory \"clusters.json\"\n");
                let path = asked.split('"').nth(1).unwrap();
                let path = if path.ends_with('/') { format!("{path}one.{language}") } else { path.to_owned() };
                assert!(path.ends_with(language), "{path} is shown as {language}");
                let folder = scratch(&format!("inventory-{built}"));
                fs::create_dir_all(folder.join(&path).parent().unwrap()).unwrap();
                fs::write(folder.join("fleet.fleet"), format!("{shared}\n{asked}\n")).unwrap();
                fs::write(folder.join(&path), format!("{text}\n")).unwrap();
                let command = if wrong { "check" } else { "build" };
                let output = fleetc(&[command, "-C", folder.to_str().unwrap(), "--color", "never"]);
                answer = String::from_utf8(output.stdout).unwrap();
                assert_eq!(output.status.success(), !wrong, "{path}: {answer}");
                assert!(wrong || files(&folder.join("gitops")).iter().any(|(_, text)| text.contains("prod-eu")));
                built += 1;
            }
            _ => {}
        }
    }
    assert_eq!(built, 8);
    let (before, after) = page.split_once("## What is said of a mistake").unwrap();
    let (shown, rest) = after.split_once("```text\n").unwrap();
    let (_, rest) = rest.split_once("```").unwrap();
    support::golden(
        "docs/inventory.md",
        &format!("{before}## What is said of a mistake{shown}```text\n{answer}```{rest}"),
    );
}

/// The page of drift: the fleet and the state stand on it, and below the command what it prints.
#[test]
fn the_page_of_drift_shows_what_fleetc_prints() {
    let page = read("docs/drift.md");
    let folder = scratch("drift");
    fs::write(folder.join("fleet.fleet"), fenced(&page, "fleet")).unwrap();
    fs::write(folder.join("state.yaml"), fenced(&page, "yaml")).unwrap();
    let (before, after) = page.split_once("```console\n$ fleetc ").unwrap();
    let (block, after) = after.split_once("```").unwrap();
    let command = block.lines().next().unwrap();
    let arguments: Vec<&str> = command.split(' ').chain(["-C", folder.to_str().unwrap()]).collect();
    let output = fleetc(&arguments);
    assert_eq!(output.status.code(), Some(3), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    support::golden("docs/drift.md", &format!("{before}```console\n$ fleetc {command}\n{printed}```{after}"));
}

/// The fleet of the page builds, the file below it is the one that is written, and the table lists what is not free.
#[test]
fn the_page_of_raw_fields_shows_what_is_built_and_what_is_not_free() {
    let page = read("docs/raw-fields.md");
    let folder = scratch("raw-fields");
    fs::write(folder.join("fleet.fleet"), fenced(&page, "fleet")).unwrap();
    let output = fleetc(&["build", "-C", folder.to_str().unwrap()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let (before, rest) = page.split_once("```yaml ").unwrap();
    let (path, rest) = rest.split_once('\n').unwrap();
    let (_, rest) = rest.split_once("```").unwrap();
    let written = fs::read_to_string(folder.join("gitops").join(path)).unwrap();
    let (middle, rest) = rest.split_once("<!-- owned -->\n").unwrap();
    let (_, after) = rest.split_once("<!-- /owned -->").unwrap();
    let mut table = String::from("\n| object | field | write instead |\n|---|---|---|\n");
    for object in Object::ALL {
        for owned in object.owned() {
            let beside = match owned.when {
                When::Always => String::new(),
                When::Says(words) => format!(", beside `{}`", words.join("`, `")),
            };
            table += &format!("| {} | `{}`{beside} | {} |\n", object.names().1, owned.path, owned.instead);
        }
    }
    let whole = format!("{before}```yaml {path}\n{written}```{middle}<!-- owned -->\n{table}\n<!-- /owned -->{after}");
    support::golden("docs/raw-fields.md", &whole);
}
