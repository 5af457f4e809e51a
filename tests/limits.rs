//! What is more than a limit is refused before it takes the memory: by the real program, which may have little of it.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod folder;

use std::fmt::Write as _;
use std::fs::File;
use std::process::{Command, Stdio};

use folder::Folder;

/// The memory that a run may take, its own text included: in KiB.
const MEMORY: u32 = 700 * 1024;

const HEAD: &str = r#"fleet demo { source = home }
argocd { }
source home { git = "https://github.com/acme/home", branch = "main", local = "." }
source charts { helm = "https://charts.example.com" }
label env: dev | prod
"#;
const CLUSTER: &str = "cluster one { env = dev }\n";
const CHART: &str = "source = charts, chart = \"c\", version = \"1.0.0\", namespace = n";

/// Runs fleetc with so much memory, and gives its exit code and what it says.
fn run(folder: &Folder, arguments: &str) -> (Option<i32>, String) {
    let script = format!("ulimit -v {MEMORY}; exec \"$FLEETC\" {arguments}");
    let mut command = Command::new("sh");
    command.args(["-c", &script]).current_dir(folder.root()).stdin(Stdio::null());
    let output = command.env("FLEETC", env!("CARGO_BIN_EXE_fleetc")).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&said).chars().take(4_000).collect())
}

fn refuses(files: &[(&str, &str)], huge: &[&str], arguments: &str, code: i32, words: &str) {
    let folder = Folder::with(&[("main.fleet", HEAD)]);
    for (path, text) in files {
        folder.write(path, text);
    }
    for path in huge {
        folder.write(path, "");
        // It takes no room on the disk.
        File::options().write(true).open(folder.path(path)).unwrap().set_len(20 << 30).unwrap();
    }
    let (ended, said) = run(&folder, arguments);
    assert!(ended == Some(code) && said.contains(words), "{arguments}: {ended:?}\n{said}");
}

#[test]
fn a_sound_fleet_has_room() {
    let web = format!("{CLUSTER}component web on all {{ {CHART} }}\n");
    refuses(&[("more.fleet", &web)], &[], "check", 0, "0710");
}

#[test]
fn the_product_of_all_bindings_is_not_made() {
    let values: Vec<String> = (0..100).map(|value| format!("v{value}")).collect();
    let mut line = "cluster \"".to_owned();
    (0..12).for_each(|name| _ = write!(line, "${{n{name}}}"));
    line += "\" for ";
    let bindings: Vec<String> = (0..12).map(|name| format!("n{name} in [{}]", values.join(", "))).collect();
    line += &bindings.join(", ");
    refuses(&[("more.fleet", &format!("{line} {{ env = dev }}\n"))], &[], "check", 1, "clusters");
}

#[test]
fn more_pairs_than_the_limit_are_not_resolved() {
    let values = |count: usize| (0..count).map(|value| format!("v{value}")).collect::<Vec<_>>().join(", ");
    let clusters =
        format!("cluster \"${{a}}-${{b}}\" for a in [{}], b in [{}] {{ env = dev }}\n", values(50), values(60));
    let components: String = (0..1_700).map(|number| format!("component c{number} on all {{ {CHART} }}\n")).collect();
    refuses(&[("more.fleet", &format!("{clusters}{components}"))], &[], "check", 1, "error[F0413]");
}

#[test]
fn the_combinations_of_labels_are_not_made() {
    let labels: Vec<String> = (0..12).map(|label| format!("l{label}")).collect();
    let set: Vec<String> = labels.iter().map(|label| format!("{label} = a")).collect();
    let mut more = format!("cluster hub {{ env = dev, {} }}\n", set.join(", "));
    for label in &labels {
        _ = writeln!(more, "label {label}: a | b | c | d | e | f");
    }
    let texts: Vec<String> = labels.iter().map(|label| format!("{label} = \"${{{label}}}\"")).collect();
    let tests: Vec<String> =
        labels.iter().map(|label| format!("on {label} == a {{ values {{ x = {label} }} }}")).collect();
    _ = writeln!(more, "component web on all {{ {CHART}\n values {{ {} }}\n {} }}", texts.join(", "), tests.join("\n"));
    let head = HEAD.replace("argocd { }", "argocd { membership = labels }");
    refuses(&[("main.fleet", &head), ("more.fleet", &more)], &[], "check", 1, "combinations");
}

#[test]
fn huge_files_are_not_read() {
    let component =
        format!("{CLUSTER}component web on all {{ {CHART}, values-source = home, values-files = [\"v.yaml\"] }}\n");
    refuses(&[("more.fleet", CLUSTER)], &["huge.fleet"], "check", 1, "error[F0001]");
    refuses(&[("more.fleet", "inventory \"data.json\"\n")], &["data.json"], "check", 1, "error[F0001]");
    refuses(&[("more.fleet", &component)], &["v.yaml"], "check", 1, "more than 4 MiB");
    refuses(&[("more.fleet", CLUSTER)], &["state.json"], "drift --from state.json", 2, "cannot read `state.json`");
}

#[test]
fn a_stream_without_an_end_is_not_read() {
    refuses(&[("more.fleet", CLUSTER)], &[], "check - < /dev/zero", 1, "error[F0001]");
    refuses(&[("more.fleet", CLUSTER)], &[], "fmt - < /dev/zero", 2, "error[F0001]");
}

/// Ten times ten times ten… of the same.
#[test]
fn a_small_text_that_means_a_lot_is_refused() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let last = format!("*a{}", level - 1);
        _ = writeln!(bomb, "a{level}: &a{level} [{}]", [last.as_str(); 10].join(", "));
    }
    let component =
        format!("{CLUSTER}component web on all {{ {CHART}, values-source = home, values-files = [\"v.yaml\"] }}\n");
    let more = ("more.fleet", CLUSTER);
    refuses(&[("more.fleet", "inventory \"data.yaml\"\n"), ("data.yaml", &bomb)], &[], "check", 1, "error[F0011]");
    refuses(&[more, ("live.yaml", &bomb)], &[], "drift --from live.yaml", 2, "cannot read a state");
    // Helm reads it, or does not; fleetc only looks whether it is a map.
    refuses(&[("more.fleet", &component), ("v.yaml", &bomb)], &[], "check", 0, "");
}

#[test]
fn brackets_without_an_end_are_refused() {
    let open = "[".repeat(4 * 1024 * 1024 - 100);
    refuses(&[("more.fleet", CLUSTER), ("deep.fleet", &format!("group g = {open}"))], &[], "check", 1, "error[F0102]");
    refuses(&[("more.fleet", CLUSTER), ("live.json", &open)], &[], "drift --from live.json", 2, "cannot read a state");
    refuses(&[("more.fleet", CLUSTER), ("gitops/fleet.lock", &open)], &[], "build", 1, "fleet.lock` is not JSON");
}
