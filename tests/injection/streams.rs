//! Whatever a project, its data, its output folder and its engines hold: nothing that a program prints is obeyed by a
//! terminal, a page or a comment.

use std::process::Command;

use fleetc::syntax::limits::is_invisible;
use fleetc::target::yaml::writable;
use serde_json::{Value, json};

use super::folder::Folder;
use super::{texts, written};

const HEAD: &str = r#"fleet demo { source = home, migrating = true }
argocd { progressive-syncs = true }
flux { }
source home { git = "https://github.com/acme/home", branch = "main" }
source charts { helm = "https://charts.example.com" }
label env: dev | prod
label note: string = "none"
fact told: string = "none"
cluster one { env = dev, server = "https://one.example.com" }
cluster two { env = prod, server = "https://two.example.com" }
rollout slow { stage dev on env == dev { }, stage prod on rest { } }
"#;

/// What may be said of every program that prints for people or for programs.
const RUNS: &[(&[&str], &[&str])] = &[
    (&["check"], &["full", "concise", "json", "jsonl", "sarif", "github", "gitlab", "junit", "rdjson", "agent"]),
    (&["plan"], &["text", "json", "markdown", "html"]),
    (&["plan", "--base", "HEAD"], &["text", "json", "markdown"]),
    (&["plan", "--simulate"], &["text", "json"]),
    (&["graph"], &["ascii", "mermaid", "dot", "svg", "html"]),
    (&["matrix"], &["ascii", "mermaid", "dot", "svg", "html", "csv"]),
    (&["why", "two", "told"], &["text", "json"]),
    (&["why", "two", "told", "values"], &["text", "json"]),
    (&["diff"], &["text", "json", "markdown"]),
    (&["diff", "--base", "HEAD"], &["text", "json", "markdown"]),
    (&["drift", "--from", "live.json"], &["text", "json", "markdown"]),
    (&["test"], &["full", "concise", "json", "junit"]),
    (&["build", "--check"], &[]),
    (&["build", "--dry-run"], &[]),
    (&["build", "-o", "-"], &[]),
    (&["fmt", "--check"], &[]),
];

fn git(folder: &Folder, arguments: &[&str]) {
    let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
    let output = Command::new("git").arg("-C").arg(folder.root()).args(identity).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Every text in every place that takes any, `turn` further along.
fn components(turn: usize) -> String {
    let texts: Vec<String> = texts().into_iter().map(|(_, text)| text).filter(|text| writable(text).is_ok()).collect();
    let text = |number: usize| written(&texts[(number + turn) % texts.len()]);
    let mut out = String::new();
    let values: Vec<String> = (0..texts.len()).map(|number| format!("k{number} = \"{}\"", text(number))).collect();
    let keys: Vec<String> = (0..texts.len()).map(|number| format!("\"{}\" = {turn}", text(number))).collect();
    let (values, keys) = (values.join(", "), keys.join(", "));
    out += &format!(
        "component told on all {{ source = charts, chart = \"c\", version = \"1.0.{turn}\", namespace = n, rollout = slow, \
         values {{ told = told, {values} }}, on env == prod {{ values {{ {keys} }} }} }}\n"
    );
    let notes: Vec<String> =
        (0..texts.len()).map(|number| format!("\"example.com/a{number}\" = \"{}\"", text(number))).collect();
    out +=
        &format!("component noted on all {{ path = \"p\", namespace = n, annotations {{ {} }} }}\n", notes.join(", "));
    // Versions are what pictures and tables show.
    for (number, version) in
        texts.iter().enumerate().filter(|(_, text)| !text.contains(|c: char| c.is_control() || is_invisible(c)))
    {
        out += &format!(
            "component v{number} on all {{ source = charts, chart = \"c\", version = \"1.0.{turn}-{}\", namespace = n }}\n",
            written(version)
        );
    }
    out
}

/// What an engine reports, with `text` wherever it may say something.
fn live() -> String {
    let objects: Vec<Value> = texts()
        .into_iter()
        .flat_map(|(_, text)| {
            let named = |name: &str| {
                json!({
                    "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
                    "metadata": { "name": name, "namespace": "argocd", "labels": { "fleetc.dev/component": text } },
                    "spec": { "project": text, "source": { "repoURL": text, "targetRevision": text, "path": text } },
                    "status": {
                        "health": { "status": "Degraded", "message": text },
                        "sync": { "status": "OutOfSync", "revision": text },
                        "conditions": [{ "type": "SyncError", "message": text }],
                        "operationState": { "phase": "Failed", "message": text },
                    },
                })
            };
            [named("told-two"), named(&text)]
        })
        .collect();
    json!({ "apiVersion": "v1", "kind": "List", "items": objects }).to_string()
}

fn project() -> Folder {
    let folder = Folder::with(&[("main.fleet", HEAD), ("live.json", &live())]);
    folder.write("components.fleet", components(0));
    folder.fleetc(&["build"]).ends_with(0);
    git(&folder, &["init", "-q", "-b", "main"]);
    git(&folder, &["add", "-A"]);
    git(&folder, &["commit", "-q", "-m", "first"]);
    folder.write("components.fleet", components(1));
    folder
}

/// Whether a terminal would obey `c`.
fn obeyed(c: char) -> bool {
    let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() && c != '\n' || turns
}

/// `text` without the colours that fleetc itself writes.
fn without_colours(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut out = parts.next().unwrap().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_digit() && c != ';').unwrap_or(part.len());
        match part[end..].strip_prefix('m') {
            Some(rest) => out += rest,
            None => out += &format!("\u{1b}[{part}"),
        }
    }
    out
}

/// Markdown without its code, in which nothing is markup.
fn without_fences(text: &str) -> String {
    let mut out = String::new();
    let mut open: Option<String> = None;
    for line in text.lines() {
        let fence: String = line.chars().take_while(|c| *c == '`').collect();
        match &open {
            Some(begun) if *begun == line => open = None,
            Some(_) => {}
            None if fence.len() >= 3 => open = Some(fence),
            // `\\`` is a character, not a mark.
            None => out += &format!("{}\n", line.replace("\\`", "").split('`').step_by(2).collect::<String>()),
        }
    }
    assert!(open.is_none(), "a block is not closed:\n{text}");
    out
}

fn judge(run: &str, format: &str, text: &str) {
    let allowed = |c: char| {
        (format == "csv" && c == '\r')
            || (matches!(format, "json" | "jsonl" | "sarif" | "gitlab" | "rdjson") && !c.is_control())
    };
    if let Some(at) = text.find(|c| obeyed(c) && !allowed(c)) {
        let start = text[..at].char_indices().rev().nth(60).map_or(0, |(at, _)| at);
        panic!("{run} --format {format}: {:?}", text[start..].chars().take(120).collect::<String>());
    }
    let text = if format == "markdown" { &without_fences(text) } else { text };
    let forbidden: &[&str] = match format {
        "html" | "svg" => &["<script>alert", "<img src=x", "</script><script>"],
        "markdown" => &["<img", "<script", "@everyone", "](https://evil", "www.evil"],
        "mermaid" => &["<img", "<script", "\"] -->"],
        _ => &[],
    };
    for word in forbidden {
        assert!(!text.contains(word), "{run} --format {format}: {word} in\n{text}");
    }
}

/// Every program, in every format and in colour where it is `sound`: of what is not, only `check` prints more than problems.
fn run_all(folder: &Folder, sound: bool) {
    for (arguments, formats) in RUNS {
        let formats: Vec<&str> = formats.iter().copied().filter(|_| sound || arguments[0] == "check").collect();
        let formats = if formats.is_empty() { vec![""] } else { formats };
        let both = formats.iter().flat_map(|format| [(*format, "never"), (*format, "always")]);
        let paints = |format: &str| matches!(format, "full" | "text" | "ascii") || format.is_empty();
        for (format, colour) in both.filter(|(format, colour)| *colour == "never" || paints(format)) {
            let mut all = [*arguments, &["--color", colour]].concat();
            if !format.is_empty() {
                all.extend(["--format", format]);
            }
            let ran = folder.fleetc(&all).env("PATH", &std::env::var("PATH").unwrap()).output();
            assert!(!ran.stdout.is_empty() || !ran.stderr.is_empty(), "{all:?} says nothing");
            assert!(!ran.stderr.contains("try '--help'"), "{all:?}: {}", ran.stderr);
            for (format, text) in [(format, &ran.stdout), ("", &ran.stderr)] {
                let text = if colour == "always" { without_colours(text) } else { text.clone() };
                judge(&arguments.join(" "), format, &text);
            }
        }
    }
}

#[test]
fn nothing_that_is_printed_of_a_sound_project_is_obeyed() {
    run_all(&project(), true);
}

/// The names of files, what is broken in them, and data of others.
#[test]
#[cfg(unix)]
fn nothing_that_is_printed_of_a_broken_project_is_obeyed() {
    let folder = project();
    for (number, (_, text)) in texts().into_iter().enumerate() {
        let name: String = text.chars().filter(|c| *c != '/' && *c != '\0').take(60).collect();
        folder.write(
            &format!("broken/{number}{name}.fleet"),
            format!("component c{number} on \"{text}\" {{ path = {text} }}\n# {text}\n"),
        );
        let rows = json!([{ "name": text, "env": text, "note": text, "told": text, text.as_str(): text }]);
        folder.write(&format!("data/{number}.json"), rows.to_string());
    }
    folder.write("data.fleet", "inventory \"data/*.json\"\n");
    run_all(&folder, false);
}

/// A file that somebody edited is shown as a diff: on a terminal and in colour nothing of it is obeyed.
#[test]
fn a_generated_file_that_was_edited_colours_nothing() {
    let folder = project();
    let edited: String = texts().into_iter().map(|(_, text)| format!("# {text}\n")).collect();
    folder.write("gitops/argocd/root.yaml", edited);
    let shown = folder.fleetc(&["build", "--diff", "--color", "always"]).output().stdout;
    assert!(shown.contains("\\u{1b}]8;;https://evil.example.com"), "{shown}");
    judge("build --diff", "text", &without_colours(&shown).replace('\t', ""));
}
