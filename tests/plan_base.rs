//! `fleetc plan --base REV`, by the real program in real repositories.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

mod folder;

use std::process::Command;

use folder::Folder;

const FLEET: &str = r#"fleet home { source = home, protected = env == prod }
source home { git = "https://github.com/acme/home", branch = "main" }
source charts { helm = "https://charts.example.com" }
argocd { }
label env: dev | prod
cluster dev { env = dev }
cluster prod { env = prod }
component certs on all { source = charts, chart = "certs", version = "1.0.0", namespace = certs }
"#;

const WEB: &str = "component web on all { source = charts, chart = \"web\", version = \"2.0.0\", namespace = web }\n";

fn git(folder: &Folder, arguments: &[&str]) {
    let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
    let output = Command::new("git").arg("-C").arg(folder.root()).args(identity).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A repository in which the fleet is committed, in a folder of its own.
fn repository() -> Folder {
    let folder = Folder::with(&[("fleet/main.fleet", &format!("{FLEET}{WEB}"))]);
    git(&folder, &["init", "-q", "-b", "main"]);
    git(&folder, &["add", "-A"]);
    git(&folder, &["commit", "-q", "-m", "first"]);
    folder
}

/// The exit code, what was printed and what was said, without colours.
fn plan(folder: &Folder, at: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fleetc"));
    command.current_dir(folder.path(at)).arg("plan").args(arguments).env("NO_COLOR", "1");
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn what_is_not_committed_is_compared_with_what_is() {
    let folder = repository();
    let (code, same, _) = plan(&folder, "fleet", &["--base", "HEAD", "--exit-code"]);
    assert!(code == Some(0) && same.contains("nothing changes"), "{same}");
    folder.write("fleet/main.fleet", format!("{}{WEB}", FLEET.replace("1.0.0", "1.1.0")));
    let (code, text, said) = plan(&folder, "fleet", &["--base", "HEAD"]);
    assert_eq!(code, Some(0), "{said}");
    for part in ["certs", "1.0.0", "1.1.0", "main.fleet:8"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("web"), "{text}");
    // The same from the root of the repository, with the paths that are right there.
    let (code, text, _) = plan(&folder, ".", &["-C", "fleet", "--base", "main", "--format", "json", "--exit-code"]);
    let change: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, change["schema"].as_str()), (Some(3), Some("fleetc.change/1")));
}

#[test]
fn what_goes_from_protected_clusters_is_a_high_risk() {
    let folder = repository();
    folder.write("fleet/main.fleet", FLEET);
    let (code, text, _) = plan(&folder, "fleet", &["--base", "HEAD", "--format", "markdown", "--exit-code"]);
    assert_eq!(code, Some(3));
    assert!(text.contains("web") && text.to_lowercase().contains("high") && text.contains("prod"), "{text}");
}

#[test]
fn where_there_was_no_fleet_all_is_new() {
    let folder = repository();
    git(&folder, &["checkout", "-q", "--orphan", "empty"]);
    git(&folder, &["rm", "-q", "-r", "--cached", "."]);
    git(&folder, &["commit", "-q", "--allow-empty", "-m", "nothing"]);
    let (code, text, said) = plan(&folder, "fleet", &["--base", "empty", "--exit-code"]);
    assert_eq!(code, Some(3));
    assert!(said.contains("there is no fleet in `empty`") && text.contains("certs"), "{said}{text}");
}

#[test]
fn what_cannot_be_compared_is_never_no_change() {
    let folder = repository();
    let (code, text, said) = plan(&folder, "fleet", &["--base", "nowhere"]);
    assert!(code == Some(2) && text.is_empty() && said.contains("there is no commit `nowhere` here"), "{said}");
    folder.write("fleet/main.fleet", FLEET.replace("env == prod", "env == pord"));
    git(&folder, &["commit", "-q", "-a", "-m", "broken"]);
    folder.write("fleet/main.fleet", FLEET);
    let (code, text, said) = plan(&folder, "fleet", &["--base", "HEAD"]);
    assert!(code == Some(2) && text.is_empty(), "{said}");
    assert!(said.contains("has errors: main.fleet:1:") && said.contains("[F0302]"), "{said}");
    let alone = Folder::with(&[("main.fleet", FLEET)]);
    let (code, _, said) = plan(&alone, ".", &["--base", "HEAD"]);
    assert!(code == Some(2) && said.contains("is in no Git repository"), "{said}");
    let (code, _, said) = plan(&folder, "fleet", &["--simulate", "--base", "HEAD"]);
    assert!(code == Some(2) && said.contains("says nothing of a change"), "{said}");
    assert_eq!(plan(&folder, "fleet", &["--exit-code"]).0, Some(2));
}
