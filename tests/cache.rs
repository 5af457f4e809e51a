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
        assert_eq!(cached.stdout, compiled.stdout, "{arguments:?}");
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
fn a_folder_below_sees_paths_from_there() {
    let pair = Pair::new();
    pair.settle();
    let said = |folder: &Folder, cache: &str| {
        let run = folder.fleetc(&["build"]).started_in(folder.path("apps")).env("XDG_CACHE_HOME", cache);
        run.ends_with(0).stderr_has("idle.fleet:1:11").stderr
    };
    assert_eq!(said(&pair.cached, &pair.cache()), said(&pair.compiled, ""));
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
fn what_is_old_goes() {
    let pair = Pair::new();
    let days = |days: u64| std::time::SystemTime::now() - std::time::Duration::from_secs(days * 86_400);
    for (name, age) in [("old.json", 31), ("young.json", 29), ("old.txt", 31)] {
        pair.caches.write(&format!("caches/fleetc/{name}"), "");
        let file = fs::File::options().write(true).open(pair.caches.path("caches/fleetc").join(name)).unwrap();
        file.set_modified(days(age)).unwrap();
    }
    pair.build(&[]);
    let left = pair.caches.paths("caches/fleetc");
    assert!(left.len() == 3 && left.contains(&"young.json".into()) && left.contains(&"old.txt".into()), "{left:?}");
}
