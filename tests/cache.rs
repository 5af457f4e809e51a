//! What the last build is known by: a build that it spares compiling does and says the same as one that compiles, and
//! whatever changed is seen.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

#[path = "folder/fleet.rs"]
mod fleet;
mod folder;
#[path = "folder/program.rs"]
mod program;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use fleet::{API, IDLE, WEB};
use folder::Folder;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// What `--verbose` says when nothing is compiled.
const KNOWN: &str = "nothing changed since the last build, so nothing is compiled\n";

/// A fleet for one engine, checked out where it is written.
const FLEET: &str = r#"fleet home {
  source = config
}
argocd { }
source config { git = "https://example.com/config", branch = "main", local = "." }
cluster a { }
cluster b { }
"#;

/// A component with values from a file, and a cluster that a data file names.
const CHART: &str = r#"source charts { helm = "https://charts.example.com" }
component cache on all {
  source = charts
  chart = "cache"
  version = "1.0.0"
  namespace = cache
  values-files = ["values/cache.yaml"]
}
inventory "clusters.json"
"#;

const CLUSTERS: &str = r#"[{"name": "c"}]"#;

/// Something that somebody does in a folder, or to a file.
type Change = fn(&Folder);
type ChangeOf = fn(&Path);

/// Two copies of one fleet, one of which is built with a cache, and the cache.
struct Pair {
    cached: Folder,
    compiled: Folder,
    caches: Folder,
}

impl Pair {
    fn new() -> Self {
        let files = [
            ("main.fleet", FLEET),
            ("apps/web.fleet", WEB),
            ("apps/idle.fleet", IDLE),
            ("chart.fleet", CHART),
            ("clusters.json", CLUSTERS),
            ("values/cache.yaml", "size: 1\n"),
            ("web/web.yaml", "kind: X\n"),
            ("shop/shop.yaml", "kind: X\n"),
            ("api/api.yaml", "kind: X\n"),
            ("late/late.yaml", "kind: X\n"),
        ];
        let pair = Self { cached: Folder::with(&files), compiled: Folder::with(&files), caches: Folder::new() };
        pair.each(|folder| git(folder, &["init", "-q", "-b", "main"]));
        pair
    }

    fn each(&self, change: impl Fn(&Folder)) {
        change(&self.cached);
        change(&self.compiled);
    }

    /// Runs `fleetc build` with these arguments in both; gives whether it was spared compiling.
    fn build(&self, arguments: &[&str]) -> bool {
        let arguments = [&["build", "-v"], arguments].concat();
        let cached = self.cached.fleetc(&arguments).env("XDG_CACHE_HOME", &self.cache()).output();
        let compiled = self.compiled.fleetc(&arguments).output();
        let known = cached.stderr.contains(KNOWN);
        let root = |folder: &Folder| format!("root: {}\n", folder.root().display());
        let said = cached.stderr.replace(KNOWN, "").replace(&root(&self.cached), "");
        assert_eq!(said, compiled.stderr.replace(&root(&self.compiled), ""), "{arguments:?}");
        assert_eq!((cached.code, cached.stdout), (compiled.code, compiled.stdout), "{arguments:?}");
        assert_eq!(self.cached.tree("gitops"), self.compiled.tree("gitops"), "{arguments:?}");
        known
    }

    /// Builds until nothing is left to do, and is known not to be.
    fn settle(&self) {
        self.build(&[]);
        assert!(self.build(&[]), "nothing changed: {}", self.cached.fleetc(&["build"]).output().stderr);
    }

    fn cache(&self) -> String {
        self.caches.path("caches").display().to_string()
    }

    /// The one file of the cache.
    fn kept(&self) -> PathBuf {
        let mut files = fs::read_dir(self.caches.path("caches/fleetc")).unwrap();
        let file = files.next().unwrap().unwrap().path();
        assert!(files.next().is_none(), "a project is kept in one file");
        file
    }
}

fn git(folder: &Folder, arguments: &[&str]) {
    let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
    let output = Command::new("git").arg("-C").arg(folder.root()).args(identity).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn commit(folder: &Folder) {
    git(folder, &["add", "-A"]);
    git(folder, &["commit", "-q", "-m", "x"]);
}

/// A generated file.
fn generated(folder: &Folder) -> PathBuf {
    let path = folder.paths("gitops").into_iter().find(|path| path.contains("/applicationsets/")).unwrap();
    folder.path("gitops").join(path)
}

#[test]
fn what_did_not_change_is_not_compiled() {
    let pair = Pair::new();
    assert!(!pair.build(&[]), "the first build");
    for arguments in [&[][..], &["--check"], &["--diff"], &["--dry-run"], &["--no-baseline"], &["--overwrite-edits"]] {
        assert!(pair.build(arguments), "{arguments:?}");
    }
    // What asks Git for more, or is about something else, is compiled.
    for arguments in
        [&["--no-cache"][..], &["--fail-on-change"], &["--target", "argocd"], &["-o", "-"], &["-o", "other"]]
    {
        assert!(!pair.build(arguments), "{arguments:?}");
    }
    pair.each(|folder| fs::remove_dir_all(folder.path("other")).unwrap());
    assert!(pair.build(&[]), "nothing of that is kept");
}

#[test]
fn paths_are_seen_from_where_a_build_is_started() {
    let pair = Pair::new();
    // A warning in a data file, which is no source.
    pair.each(|folder| folder.write("clusters.json", r#"[{"name": "c", "with": ["web"]}]"#));
    let said = |folder: &Folder, from: &str, cache: &str| {
        let run = folder.fleetc(&["build"]).started_in(folder.path(from)).env("XDG_CACHE_HOME", cache);
        run.ends_with(0).stderr
    };
    for (kept, known) in [("apps", "."), ("apps", "apps"), (".", "apps")] {
        pair.each(|folder| _ = fs::remove_dir_all(folder.path("gitops")));
        said(&pair.cached, kept, &pair.cache());
        said(&pair.compiled, kept, "");
        let (one, other) = (said(&pair.cached, known, &pair.cache()), said(&pair.compiled, known, ""));
        assert!(one.contains("clusters.json:1:") && one.contains("idle.fleet:1:"), "{one}");
        assert_eq!(one, other, "kept in {kept}, known in {known}");
    }
    assert!(pair.build(&[]));
}

#[test]
fn what_a_build_makes_may_be_read_by_the_next() {
    let pair = Pair::new();
    // Everything below the path of a component is searched for variables, and the output comes to be there.
    pair.each(|folder| {
        fs::remove_file(folder.path("chart.fleet")).unwrap();
        let fleet = FLEET.replace("source = config\n", "source = config\n  output = \"apps/out\"\n");
        folder.write("main.fleet", fleet.replace("argocd { }", "flux { }"));
        let charts = "source charts { helm = \"https://charts.example.com\" }\n";
        let web =
            "component web on all { path = \"apps\", namespace = web, substitute = { account = \"*.example.com\" } }\n";
        let chart = "source = charts, chart = \"cache\", version = \"1.0.0\", namespace = cache";
        let cache = format!("component cache on all {{ {chart}, values = {{ host = \"$${{account}}\" }} }}\n");
        folder.write("apps/web.fleet", [charts, web, &cache].concat());
    });
    for _ in 0..3 {
        pair.build(&[]);
    }
    let said = pair.compiled.fleetc(&["build"]).ends_with(1).stderr;
    assert!(said.contains("F0523"), "{said}");
}

#[test]
fn whatever_changed_is_seen() {
    let pair = Pair::new();
    pair.settle();
    let changes: [(&str, Change); 15] = [
        ("a source", |folder| folder.write("apps/web.fleet", WEB.replace("web", "shop"))),
        ("a new source", |folder| folder.write("deep/down/api.fleet", API)),
        ("a new source among the output", |folder| {
            folder.write("gitops/argocd/late.fleet", API.replace("api", "late"))
        }),
        ("a source that went", |folder| folder.remove("apps/idle.fleet")),
        ("a source that was renamed", |folder| fs::rename(folder.path("chart.fleet"), folder.path("z.fleet")).unwrap()),
        ("a file that a source names", |folder| folder.write("values/cache.yaml", "size: 2\n")),
        ("a data file", |folder| folder.write("clusters.json", CLUSTERS.replace('c', "d"))),
        ("a remote", |folder| git(folder, &["remote", "add", "origin", "https://example.com/config"])),
        ("a generated file that went", |folder| fs::remove_file(generated(folder)).unwrap()),
        ("a folder that went", |folder| fs::remove_dir_all(generated(folder).parent().unwrap()).unwrap()),
        ("the lock that went", |folder| {
            git(folder, &["rm", "-q", "--cached", "--ignore-unmatch", "gitops/fleet.lock"]);
            folder.remove("gitops/fleet.lock");
            fs::remove_dir_all(folder.path("gitops")).unwrap();
        }),
        ("a file that is ignored now", |folder| folder.write(".gitignore", "deep\n")),
        ("a build that was interrupted", |folder| {
            folder.write("gitops/.fleetc-build/journal", r#"{"schema":"fleetc.journal/1","files":{}}"#);
        }),
        ("the output folder", |folder| {
            folder.write("main.fleet", FLEET.replace("source = config\n", "source = config\n  output = \"out\"\n"))
        }),
        ("the fleet's name", |folder| folder.write("main.fleet", FLEET.replace("fleet home", "fleet house"))),
    ];
    for (what, change) in changes {
        pair.each(change);
        assert!(!pair.build(&["--check"]), "{what}");
        assert!(!pair.build(&[]), "{what}");
        assert!(pair.build(&[]), "{what}, built: {}", pair.cached.fleetc(&["build"]).output().stderr);
    }
}

#[test]
fn what_stands_in_the_way_is_seen() {
    let pair = Pair::new();
    pair.settle();
    let changes: [(&str, ChangeOf); 4] = [
        ("an edit", |file| fs::write(file, fs::read_to_string(file).unwrap() + "# by hand\n").unwrap()),
        ("an edit that is as long", |file| {
            fs::write(file, fs::read_to_string(file).unwrap().replace("kind", "dnik")).unwrap();
        }),
        ("a folder", |file| {
            fs::remove_file(file).unwrap();
            fs::create_dir(file).unwrap();
        }),
        #[cfg(unix)]
        ("a link to the same bytes", |file| {
            let copy = file.with_extension("copy");
            fs::rename(file, &copy).unwrap();
            std::os::unix::fs::symlink(copy, file).unwrap();
        }),
    ];
    for (what, change) in changes {
        let before = fs::read(generated(&pair.cached)).unwrap();
        let files = [generated(&pair.cached), generated(&pair.compiled)];
        files.iter().for_each(|file| change(file));
        // Links say where they are.
        let shown =
            |folder: &Folder| folder.fleetc(&["build"]).env("XDG_CACHE_HOME", &pair.cache()).ends_with(1).stderr;
        assert_eq!(shown(&pair.cached), shown(&pair.compiled), "{what}");
        for file in files {
            _ = fs::remove_dir(&file);
            _ = fs::remove_file(&file);
            fs::write(file, &before).unwrap();
        }
        assert!(pair.build(&[]), "{what}, taken back");
    }
}

#[test]
fn a_commit_takes_nothing_away() {
    let pair = Pair::new();
    pair.settle();
    pair.each(commit);
    assert!(pair.build(&[]), "what was built is what was committed");
    // What was committed is not what is built, so removals are judged by that.
    pair.each(|folder| folder.write("apps/web.fleet", format!("{API}removed component web\n")));
    pair.settle();
    pair.each(|folder| git(folder, &["commit", "-q", "--allow-empty", "-m", "x"]));
    assert!(pair.build(&[]), "the same lock is committed");
    pair.each(commit);
    assert!(pair.build(&[]));
    pair.each(|folder| git(folder, &["checkout", "-q", "HEAD~2"]));
    assert!(!pair.build(&[]), "another commit, with its sources and its output");
    assert!(!pair.build(&["--base", "nothing"]), "a commit that is not there");
}

#[test]
fn what_is_said_beside_a_commit_is_said_again() {
    let pair = Pair::new();
    let unprotected = format!("{FLEET}defaults component {{ on-delete = keep }}\n");
    let protected = unprotected.replace("source = config\n", "source = config\n  protected = a\n");
    pair.each(|folder| folder.write("main.fleet", &protected));
    pair.settle();
    pair.each(commit);
    // A warning beside the commit, which goes when the loss of protection is committed.
    pair.each(|folder| folder.write("main.fleet", &unprotected));
    pair.settle();
    let said = pair.cached.fleetc(&["build"]).env("XDG_CACHE_HOME", &pair.cache()).ends_with(0).stderr;
    assert!(said.contains("F0614"), "{said}");
    pair.each(commit);
    assert!(pair.build(&[]));
    let said = pair.cached.fleetc(&["build"]).env("XDG_CACHE_HOME", &pair.cache()).ends_with(0).stderr;
    assert!(!said.contains("F0614"), "{said}");
}

#[test]
fn a_cache_that_is_broken_is_none() {
    let pair = Pair::new();
    pair.settle();
    let file = pair.kept();
    let text = fs::read_to_string(&file).unwrap();
    let (_, entry) = text.split_once('\n').unwrap();
    for broken in
        ["", "x", "\n", entry, &text.replace("idle", "lazy"), &text[..text.len() / 2], &text.replace('\n', "\n ")]
    {
        fs::write(&file, broken).unwrap();
        assert!(!pair.build(&["--check"]), "{broken}");
        assert!(!pair.build(&[]), "{broken}");
        assert!(pair.build(&[]), "it is kept anew");
    }
    fs::write(&file, [0xff, 0x0a]).unwrap();
    assert!(!pair.build(&[]));
    fs::write(&file, text).unwrap();
    assert!(pair.build(&[]));
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    assert!(!pair.build(&[]));
    pair.each(|folder| folder.write("apps/web.fleet", WEB.replace("web", "shop")));
    assert!(!pair.build(&[]), "it cannot be kept, which is no matter");
}

#[test]
fn a_cache_that_lies_does_no_harm() {
    let pair = Pair::new();
    pair.settle();
    let file = pair.kept();
    let (_, entry) =
        fs::read_to_string(&file).unwrap().split_once('\n').map(|(a, b)| (a.to_string(), b.to_string())).unwrap();
    let entry: Value = serde_json::from_str(&entry).unwrap();
    let lies: [(&str, Value); 8] = [
        ("/left/lock", json!("0")),
        ("/left/object", json!(1)),
        ("/output", json!("../..")),
        ("/output", json!(".git")),
        ("/found/items/0/primary/span/start", json!(u32::MAX)),
        ("/found/items/0/primary/span/source", json!(u32::MAX)),
        ("/found/items/0/code", json!("F9999")),
        ("/answers", json!([[{ "Read": "../../../etc/hostname" }, "0"]])),
    ];
    for (place, lie) in lies {
        let mut forged = entry.clone();
        *forged.pointer_mut(place).unwrap_or_else(|| panic!("{place} in {entry}")) = lie;
        let text = forged.to_string();
        let mut hash = Sha256::new();
        hash.update(text.len().to_le_bytes());
        hash.update(&text);
        fs::write(&file, format!("{:x}\n{text}", hash.finalize())).unwrap();
        assert!(!pair.build(&["--check"]), "{place}");
    }
    assert!(!pair.build(&[]));
    assert!(pair.build(&[]));
}

/// Builds once while somebody does `what` to the repository as soon as Git was asked what is committed.
#[cfg(unix)]
fn build_while(pair: &Pair, what: &str) {
    use std::os::unix::fs::PermissionsExt;
    pair.each(|folder| {
        let bin = Folder::new();
        let script = format!(
            "#!/bin/sh\nPATH=/usr/bin:/bin\nif [ \"$*\" = \"${{*%cat-file --batch}}\" ]; then exec git \"$@\"; fi\n\
             git \"$@\"\ncode=$?\ngit -C '{}' {what} >/dev/null 2>&1\nexit $code\n",
            folder.root().display()
        );
        bin.write("git", script);
        fs::set_permissions(bin.path("git"), PermissionsExt::from_mode(0o755)).unwrap();
        let path = format!("{}:/usr/bin:/bin", bin.root().display());
        folder.fleetc(&["build"]).env("PATH", &path).env("XDG_CACHE_HOME", &pair.cache()).ends_with(0);
    });
}

#[test]
#[cfg(unix)]
fn what_somebody_does_meanwhile_is_seen() {
    let pair = Pair::new();
    let protected = format!("{FLEET}defaults component {{ on-delete = keep }}\n");
    let protected = protected.replace("source = config\n", "source = config\n  protected = a\n");
    pair.each(|folder| folder.write("main.fleet", &protected));
    pair.each(|folder| folder.write("apps/api.fleet", API));
    pair.build(&[]);
    pair.each(commit);
    pair.each(|folder| git(folder, &["branch", "with"]));
    pair.each(|folder| folder.write("apps/api.fleet", "removed component api\n"));
    pair.build(&[]);
    pair.each(commit);
    pair.each(|folder| folder.write("apps/api.fleet", "# gone\n"));
    // The commit is another one as soon as it was asked: what stands against a removal there was not judged.
    build_while(&pair, "reset -q --soft with");
    pair.build(&["--check"]);
    let said = pair.compiled.fleetc(&["build", "--check"]).output();
    assert!(said.code == Some(1) && said.stderr.contains("F0610"), "{}", said.stderr);
    pair.each(|folder| git(folder, &["reset", "-q", "--soft", "main@{1}"]));
    // The output is another one as soon as it was compared.
    pair.each(|folder| folder.write("chart.fleet", CHART.replace("1.0.0", "1.0.1")));
    pair.build(&[]);
    fs::remove_dir_all(pair.caches.path("caches")).unwrap();
    build_while(&pair, "checkout -q HEAD -- gitops");
    pair.build(&["--check"]);
    pair.build(&[]);
    assert!(pair.build(&["--check"]));
}

#[test]
fn what_only_looks_keeps_nothing() {
    let pair = Pair::new();
    for arguments in [&["--check"][..], &["--diff"], &["--dry-run"], &["-o", "-"], &["--no-cache"], &["-o", "other"]] {
        pair.build(arguments);
        assert!(!pair.caches.path("caches").exists(), "{arguments:?}");
    }
    assert!(!pair.build(&[]));
    let kept = (pair.kept(), fs::read(pair.kept()).unwrap(), fs::metadata(pair.kept()).unwrap().modified().unwrap());
    assert!(pair.build(&[]));
    assert_eq!(
        kept,
        (pair.kept(), fs::read(pair.kept()).unwrap(), fs::metadata(pair.kept()).unwrap().modified().unwrap())
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(pair.kept()), mode(pair.caches.path("caches/fleetc"))), (0o600, 0o700));
    }
}

#[test]
fn what_is_old_and_was_kept_goes() {
    let pair = Pair::new();
    let days = |days: u64| std::time::SystemTime::now() - std::time::Duration::from_secs(days * 86_400);
    let kept = |first: char| format!("{}.json", first.to_string().repeat(64));
    let files = [(kept('a'), 31), (kept('b'), 29), (".unfinished-x".into(), 31), ("package.json".into(), 31)];
    for (name, age) in &files {
        pair.caches.write(&format!("caches/fleetc/{name}"), "");
        let file = fs::File::options().write(true).open(pair.caches.path("caches/fleetc").join(name)).unwrap();
        file.set_modified(days(*age)).unwrap();
    }
    fs::create_dir(pair.caches.path("caches/fleetc").join(kept('0'))).unwrap();
    pair.build(&[]);
    let left = pair.caches.paths("caches/fleetc");
    assert!(left.len() == 3 && left.contains(&kept('b')) && left.contains(&"package.json".into()), "{left:?}");
}
