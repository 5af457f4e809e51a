//! Inventories on disk: bounds, links, and what is no file; and what the commands say of a data file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use fleetc::analysis::compile;
use fleetc::project::Project;

use super::{HEAD, clusters};

const ONE: &str = "[{ \"name\": \"one\", \"env\": \"prod\" }]\n";

/// A repository with a fleet in its folder `fleet`, and a folder beside the repository.
fn repository(inventory: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("repo");
    fs::create_dir_all(root.join("fleet")).unwrap();
    fs::create_dir_all(root.join(".git")).unwrap();
    fs::write(root.join(".git/config"), "").unwrap();
    fs::write(root.join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
    fs::create_dir_all(folder.path().join("outside")).unwrap();
    fs::write(folder.path().join("outside/clusters.json"), ONE).unwrap();
    fs::write(root.join("fleet/main.fleet"), format!("{HEAD}inventory \"{inventory}\"\n")).unwrap();
    folder
}

fn fleet(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("repo/fleet")
}

/// The clusters, or the codes and messages of what is wrong.
fn found(fleet: &Path) -> String {
    let compilation = compile(&Project::discover(fleet).unwrap(), &[]);
    if compilation.plan.is_some() {
        return clusters(&compilation).split(' ').next().unwrap().to_owned();
    }
    let lines: Vec<String> =
        compilation.diagnostics.iter().map(|found| format!("{} {}", found.code.id, found.message)).collect();
    lines.join("\n")
}

#[test]
fn a_file_may_lie_above_the_project_and_not_above_the_repository() {
    let folder = repository("../shared/clusters.json");
    fs::create_dir_all(folder.path().join("repo/shared")).unwrap();
    fs::write(folder.path().join("repo/shared/clusters.json"), ONE).unwrap();
    assert_eq!(found(&fleet(&folder)), "one");
    let folder = repository("../../outside/clusters.json");
    assert_eq!(found(&fleet(&folder)), "F0316 `../../outside/clusters.json` leaves the repository");
    let folder = repository("../../outside");
    assert_eq!(found(&fleet(&folder)), "F0316 `../../outside` leaves the repository");
}

#[test]
fn the_name_of_a_file_is_spelled_exactly() {
    let folder = repository("Clusters.json");
    fs::write(fleet(&folder).join("clusters.json"), ONE).unwrap();
    assert_eq!(found(&fleet(&folder)), "F0009 there is no file `Clusters.json`");
}

#[test]
fn a_folder_that_is_named_like_a_file_is_a_folder() {
    let folder = repository("clusters.json");
    fs::create_dir_all(fleet(&folder).join("clusters.json/inner")).unwrap();
    assert_eq!(found(&fleet(&folder)), "F0009 the folder `clusters.json` holds no data file");
    fs::write(fleet(&folder).join("clusters.json/inner/a.json"), ONE).unwrap();
    assert_eq!(found(&fleet(&folder)), "F0009 the folder `clusters.json` holds no data file");
    fs::write(fleet(&folder).join("clusters.json/a.json"), ONE).unwrap();
    assert_eq!(found(&fleet(&folder)), "one");
}

#[test]
fn a_file_that_is_too_large_is_not_read() {
    let folder = repository("clusters.json");
    let file = fs::File::create(fleet(&folder).join("clusters.json")).unwrap();
    file.set_len(1 << 40).unwrap();
    assert_eq!(
        found(&fleet(&folder)),
        "F0001 `clusters.json` has more than the 67108864 bytes (64 MiB) that a data file may have"
    );
}

#[cfg(unix)]
#[test]
fn links_are_followed_within_the_repository_alone() {
    use std::os::unix::fs::symlink;
    let folder = repository("clusters.json");
    fs::write(folder.path().join("repo/real.json"), ONE).unwrap();
    symlink("../real.json", fleet(&folder).join("clusters.json")).unwrap();
    assert_eq!(found(&fleet(&folder)), "one");
    fs::remove_file(fleet(&folder).join("clusters.json")).unwrap();
    symlink("../../outside/clusters.json", fleet(&folder).join("clusters.json")).unwrap();
    assert_eq!(found(&fleet(&folder)), "F0009 `clusters.json` cannot be read: permission denied");
    fs::remove_file(fleet(&folder).join("clusters.json")).unwrap();
    symlink("/dev/zero", fleet(&folder).join("clusters.json")).unwrap();
    assert_eq!(found(&fleet(&folder)), "F0009 `clusters.json` cannot be read: permission denied");
    fs::remove_file(fleet(&folder).join("clusters.json")).unwrap();
    symlink("nowhere.json", fleet(&folder).join("clusters.json")).unwrap();
    assert_eq!(found(&fleet(&folder)), "F0009 there is no file `clusters.json`");
}

fn fleetc(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fleetc"));
    command.current_dir(folder).args(arguments).env("FLEETC_BUILD_NO_CACHE", "1").output().unwrap()
}

fn printed(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn every_command_speaks_of_the_data_file() {
    let folder = repository("../shared/clusters.json");
    let shared = folder.path().join("repo/shared");
    fs::create_dir_all(&shared).unwrap();
    fs::write(shared.join("clusters.json"), ONE).unwrap();
    let fleet = fleet(&folder);
    assert_eq!(fleetc(&fleet, &["build", "--no-baseline"]).status.code(), Some(0));
    let why = printed(&fleetc(&fleet, &["why", "one", "web", "--format", "text"]));
    assert!(why.contains("runs on one"), "{why}");
    let plan = printed(&fleetc(&fleet, &["plan"]));
    assert!(plan.contains("web") && plan.contains("one"), "{plan}");

    fs::write(shared.join("clusters.json"), ONE.replace("prod", "pord")).unwrap();
    let concise = |from: &Path, directory: &str| {
        printed(&fleetc(from, &["check", "-C", directory, "--format", "concise"])).lines().next().unwrap().to_owned()
    };
    assert!(concise(&fleet, ".").starts_with("../shared/clusters.json:1:26: error[F0302]"), "{}", concise(&fleet, "."));
    let sarif = printed(&fleetc(&fleet, &["check", "--format", "sarif"]));
    assert!(sarif.contains("\"uri\":\"shared/clusters.json\""), "{sarif}");
    let json: serde_json::Value =
        serde_json::from_str(&printed(&fleetc(&fleet, &["check", "--format", "json"]))).unwrap();
    assert_eq!(json["diagnostics"][0]["file"], "../shared/clusters.json");
    assert_eq!(json["diagnostics"][0]["item"], "cluster one");
    assert_eq!(json["diagnostics"][0]["fixes"], serde_json::json!([]));
    assert_eq!(json["summary"]["files"], 2);
    let fixed = fleetc(&fleet, &["check", "--fix", "--unsafe"]);
    assert_eq!(fixed.status.code(), Some(1));
    assert!(fs::read_to_string(shared.join("clusters.json")).unwrap().contains("pord"));
}
