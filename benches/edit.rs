//! How long an editor waits after a key: `cargo bench --bench edit`.
//!
//! A project of 200 files and 1 MiB is checked once by the program, started anew, and then, in one process that keeps what the
//! files were read as, after each of many edits of one file. The last table is in `docs/performance.md`.

#![allow(missing_docs, clippy::expect_used, clippy::indexing_slicing)]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use fleetc::analysis::Session;
use fleetc::project::Project;
use fleetc::source::SourceId;

const FILES: usize = 200;
const BYTES: usize = 1024 * 1024;
const CLUSTERS: usize = 40;
const EDITS: usize = 50;
const STARTS: usize = 9;

fn main() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("edit");
    _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder can be made");
    let files = files();
    for (path, text) in &files {
        fs::write(folder.join(path), text).expect("a file can be written");
    }
    let cold = median((0..STARTS).map(|_| start(&folder)).collect());
    let mut project = Project::discover(&folder).expect("a project");
    let mut session = Session::default();
    assert!(!session.compile(&project, &[]).diagnostics.has_errors(), "the project is right");
    let ids: Vec<SourceId> = project.sources.iter().map(|(id, _)| id).collect();
    let mut edit = |number: usize, then: &dyn Fn(&mut Session, &Project)| {
        let id = ids.get(1 + number % (FILES - 1)).copied().expect("so many files");
        let text = project.sources.file(id).text.replacen("level: 1", "level: 2", 1) + "\n";
        let begin = Instant::now();
        project.sources.replace(id, text);
        then(&mut session, &project);
        begin.elapsed()
    };
    let look = median((0..EDITS).map(|number| edit(number, &|session, project| drop(session.look(project)))).collect());
    let whole = median(
        (0..EDITS).map(|number| edit(number, &|session, project| drop(session.compile(project, &[])))).collect(),
    );
    let size: usize = files.iter().map(|(_, text)| text.len()).sum();
    println!("{} files, {:.2} MiB, {CLUSTERS} clusters", files.len(), size as f64 / BYTES as f64);
    println!("\n| | time, ms | of a cold `check` |\n|---|--:|--:|");
    for (name, time) in [("`check`, started anew", cold), ("a look after an edit", look), ("all after an edit", whole)]
    {
        let share = time.as_secs_f64() / cold.as_secs_f64();
        println!("| {name} | {:.1} | {share:.2} |", time.as_secs_f64() * 1e3);
    }
}

/// One file for the fleet and its clusters, all others a component each.
fn files() -> Vec<(String, String)> {
    let mut fleet = String::from(
        "fleet bench { source = config }\nsource config { git = \"https://github.com/example/config\", branch = \"main\" }\n\
         source charts { helm = \"https://charts.example.com\" }\nargocd { version = \"3.5\" }\n\
         label env: dev | staging | prod\nlabel region: eu | us | ap\nfact domain: string\n\n",
    );
    for number in 0..CLUSTERS {
        let (env, region) = (["dev", "staging", "prod"][number % 3], ["eu", "us", "ap"][number / 3 % 3]);
        writeln!(
            fleet,
            "cluster c-{number:03} {{ env = {env}, region = {region}, domain = \"c-{number:03}.example.com\" }}"
        )
        .expect("a text takes all");
    }
    let mut files = vec![("fleet.fleet".to_owned(), fleet)];
    for number in 1..FILES {
        files.push((format!("service-{number:03}.fleet"), component(number)));
    }
    files
}

fn component(number: usize) -> String {
    let mut text = format!(
        "component service-{number:03} on env == prod or region == eu {{\n  source    = charts\n  chart     = \
         \"service\"\n  version   = \"1.{number}.0\"\n  namespace = service-{number:03}\n  values {{\n"
    );
    for key in 0.. {
        if text.len() + 60 > BYTES / FILES {
            break;
        }
        writeln!(
            text,
            "    setting{key:03} = {{ name = \"part-{key}\", enabled = true, region = region, note = \"level: 1\" }}"
        )
        .expect("a text takes all");
    }
    text + "  }\n  on env == dev { version = \"2.0.0\" }\n}\n"
}

fn start(folder: &Path) -> Duration {
    let begin = Instant::now();
    let status = Command::new(env!("CARGO_BIN_EXE_fleetc"))
        .args(["check"])
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("the program runs");
    assert!(status.success(), "the project is right");
    begin.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
