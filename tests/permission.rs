//! What a project permits, against what Argo CD 3.5 answers. Each answer was got from Argo CD's own functions
//! (`IsSourcePermitted`, `isDestinationMatched`) with gobwas/glob 0.2.3.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "random/rng.rs"]
#[allow(dead_code)]
mod rng;

use std::io::Write as _;

use rng::Rng;
use serde_json::json;

use fleetc::plan::permission::{
    DestinationItem, argocd_patterns, destination_permitted, kind_permitted, source_permitted, unsound_glob,
};
use fleetc::plan::{GroupKind, ObjectRef, Project, ProjectClusters};

fn permitted(patterns: &[&str], url: &str) -> bool {
    let patterns: Vec<String> = patterns.iter().map(|&pattern| pattern.to_owned()).collect();
    source_permitted(&patterns, url)
}

/// Patterns, URL, whether it is permitted.
const SOURCES: &[(&[&str], &str, bool)] = &[
    // `*` alone is everything; else it stops at a slash, and `**` does not.
    (&["*"], "https://github.com/org/repo.git", true),
    (&["https://github.com/*"], "https://github.com/org/repo.git", false),
    (&["https://github.com/org/*"], "https://github.com/org/repo.git", true),
    (&["https://github.com/**"], "https://github.com/org/repo", true),
    (&["https://github.com/org/**"], "https://github.com/org", false),
    (&["*github.com*"], "https://github.com/org/repo", false),
    (&["**github.com**"], "https://github.com/org/repo", true),
    (&[], "https://github.com/org/repo", false),
    (&[""], "https://github.com/org/repo", false),
    // Case, `.git` and the two spellings of ssh do not matter; a last slash and https against ssh do.
    (&["https://GitHub.com/Org/Repo"], "https://github.com/org/repo.git", true),
    (&["https://github.com/org/repo.git"], "https://github.com/org/repo", true),
    (&["git@github.com:org/repo"], "ssh://git@github.com/org/repo.git", true),
    (&["git@github.com:org/*"], "git@github.com:org/repo.git", true),
    (&["https://github.com/org/repo/"], "https://github.com/org/repo", false),
    (&["https://github.com/org/repo"], "git@github.com:org/repo", false),
    (&["https://github.com/org/repo"], "https://bot@github.com/org/repo", false),
    (&["https://git.example.com/*"], "https://git.example.com:8443/repo", false),
    (&["https://git.example.com:8443/*"], "https://git.example.com:8443/repo", true),
    // Single characters and classes.
    (&["https://github.com/org/repo-?"], "https://github.com/org/repo-1", true),
    (&["https://github.com/org/repo-?"], "https://github.com/org/repo-12", false),
    (&["https://github.com/org?repo"], "https://github.com/org/repo", false),
    (&["https://github.com/[no]rg/*"], "https://github.com/org/repo", true),
    (&["https://github.com/[a-m]rg/*"], "https://github.com/org/repo", false),
    (&["https://github.com/org/[!r]*"], "https://github.com/org/repo", false),
    // Going through Go's URL spoils braces, and what it cannot parse permits nothing.
    (&["https://github.com/{a,b}/*"], "https://github.com/a/repo", false),
    (&["https://github.com/a b/*"], "https://github.com/a%20b/repo", false),
    (&["https://h:*/x"], "https://h:80/x", false),
    // Registries have no scheme with charts.
    (&["ghcr.io/org/*"], "ghcr.io/org/charts", true),
    (&["registry.local:5000/org/*"], "registry.local:5000/org/charts", true),
    (&["oci://ghcr.io/org/**"], "oci://ghcr.io/org/charts/app", true),
    (&["oci://ghcr.io/org/*"], "ghcr.io/org/charts", false),
    // Refusals: one that hits ends it; one that does not hit counts as a match.
    (&["*", "!https://github.com/evil/*"], "https://github.com/evil/repo", false),
    (&["*", "!https://github.com/evil/*"], "https://github.com/org/repo", true),
    (&["!https://gitlab.com/**"], "https://github.com/org/repo", true),
    (&["!https://gitlab.com/**"], "https://gitlab.com/org/repo", false),
    (&["!*"], "https://github.com/org/repo", true),
    (&["!https://github.com/["], "https://github.com/org/repo", true),
];

#[test]
fn sources_are_permitted_as_argo_cd_does() {
    for (patterns, url, expected) in SOURCES {
        assert_eq!(permitted(patterns, url), *expected, "{patterns:?} for {url}");
    }
}

fn item(name: &str, server: &str, namespace: &str) -> DestinationItem {
    DestinationItem { name: name.to_owned(), server: server.to_owned(), namespace: namespace.to_owned() }
}

/// Items (name, server, namespace), then server, name and namespace, then whether that is permitted.
type Destination = (&'static [(&'static str, &'static str, &'static str)], [&'static str; 3], bool);

const DESTINATIONS: &[Destination] = &[
    (&[("prod-*", "", "payments")], ["https://a", "prod-eu", "payments"], true),
    (&[("prod-*", "", "payments")], ["https://a", "prod-eu", "default"], false),
    (&[("prod-*", "", "payments")], ["https://a", "dev-eu", "payments"], false),
    (&[("Prod-*", "", "*")], ["https://a", "prod-eu", "x"], false),
    (&[("*-{eu,us}", "", "*")], ["https://a", "prod-us", "x"], true),
    (&[("*-{eu,us}", "", "*")], ["https://a", "prod-ap", "x"], false),
    (&[("prod-[0-9]", "", "team-?")], ["https://a", "prod-7", "team-a"], true),
    (&[("prod\\*", "", "*")], ["https://a", "prod*", "x"], true),
    // Without separators `*` crosses slashes.
    (&[("", "https://*", "*")], ["https://a/b", "", "x"], true),
    (&[("", "https://b/", "*")], ["https://b", "b", "x"], false),
    // Name and server of an item are alternatives.
    (&[("other", "*", "*")], ["https://a", "prod-eu", "x"], true),
    (&[("*", "", "*")], ["https://a", "", "x"], false),
    // An empty namespace is matched by `*` and by the empty pattern.
    (&[("*", "", "*")], ["https://a", "a", ""], true),
    (&[("*", "", "")], ["https://a", "a", ""], true),
    (&[("*", "", "")], ["https://a", "a", "x"], false),
    (&[("*", "", "?")], ["https://a", "a", ""], true),
    // A refusal of a namespace needs the server to match.
    (&[("", "*", "*"), ("", "*", "!kube-system")], ["https://a", "a", "kube-system"], false),
    (&[("in-cluster", "", "!kube-system"), ("in-cluster", "", "*")], ["https://a", "in-cluster", "kube-system"], true),
    (&[("", "*", "allowed"), ("", "*", "!kyverno")], ["https://a", "a", "anything"], true),
    // A refusal of a name holds in every namespace, of a server only where the namespace matches.
    (&[("*", "", "*"), ("!prod", "", "x")], ["https://a", "prod", "y"], false),
    (&[("", "*", "*"), ("", "!https://a", "x")], ["https://a", "a", "y"], true),
    (&[("", "*", "*"), ("", "!https://a", "x")], ["https://a", "a", "x"], false),
    (&[("!in-cluster", "*", "*")], ["https://a", "in-cluster", "x"], true),
    (&[], ["https://a", "a", "x"], false),
];

#[test]
fn destinations_are_permitted_as_argo_cd_does() {
    for (items, [server, name, namespace], expected) in DESTINATIONS {
        let list: Vec<DestinationItem> = items.iter().map(|(n, s, ns)| item(n, s, ns)).collect();
        let actual = destination_permitted(&list, server, name, namespace);
        assert_eq!(actual, *expected, "{items:?} for {server} {name} {namespace}");
    }
}

#[test]
fn a_glob_is_matched_without_backtracking() {
    let pattern = format!("{}b", "*a".repeat(2_000));
    let text = "a".repeat(2_000);
    assert!(!destination_permitted(&[item(&pattern, "", "*")], "s", &text, "n"));
    let nested = "{".repeat(100_000);
    assert!(!destination_permitted(&[item(&nested, "", "*")], "s", "x", "n"));
}

#[test]
fn globs_over_registries_permit_charts_and_artifacts() {
    let patterns = ["oci://ghcr.io/org/*".to_owned(), "!oci://ghcr.io/evil/*".to_owned(), "https://a/*".to_owned()];
    let expected = ["ghcr.io/org/*", "oci://ghcr.io/org/*", "!ghcr.io/evil/*", "!oci://ghcr.io/evil/*", "https://a/*"];
    assert_eq!(argocd_patterns(&patterns), expected);
}

/// Pieces of URLs and globs over them, few enough to meet.
const PIECES: [&str; 40] = [
    "https://",
    "http://",
    "ssh://",
    "git@",
    "oci://",
    "github.com",
    "GitHub.com",
    "ghcr.io",
    ":",
    "/",
    "/",
    "/",
    "org",
    "Org",
    "repo",
    "repo",
    ".git",
    "a",
    "b",
    "x",
    "-",
    "*",
    "*",
    "*",
    "**",
    "?",
    "[ab]",
    "[!a]",
    "[a-c]",
    "{a,b}",
    "{org,repo}",
    "{",
    "[",
    "\\",
    "%20",
    " ",
    "8443",
    "é",
    ".",
    "!",
];

/// Names of clusters and namespaces, servers, and globs over them.
const NAMES: [&str; 24] = [
    "*",
    "*",
    "**",
    "prod-*",
    "prod-eu",
    "prod-us",
    "*-eu",
    "?",
    "prod-?u",
    "[pd]*",
    "{prod,dev}-eu",
    "dev-eu",
    "",
    "!*",
    "!prod-*",
    "!dev-eu",
    "https://a",
    "https://*",
    "https://a/b",
    "!https://a",
    "kube-*",
    "kube-system",
    "shop",
    "!kube-*",
];

fn url(rng: &mut Rng) -> String {
    let roots = ["https://github.com/org/repo", "git@github.com:org/repo.git", "oci://ghcr.io/org/a", "ghcr.io/org/a"];
    let mut text = if rng.chance(60) { (*rng.pick(&roots)).to_owned() } else { String::new() };
    for _ in 0..rng.below(4) {
        text += *rng.pick(&PIECES);
    }
    text
}

fn project() -> Project {
    Project {
        span: fleetc::source::Span::new(fleetc::source::SourceId::default(), 0, 0),
        name: "team".into(),
        description: None,
        sources: Vec::new(),
        clusters: ProjectClusters::All,
        namespaces: Vec::new(),
        cluster_resources: Vec::new(),
        deny_cluster_resources: Vec::new(),
        namespace_resources: None,
        deny_namespace_resources: Vec::new(),
        source_namespaces: Vec::new(),
        service_account: None,
        windows: Vec::new(),
        roles: Vec::new(),
        orphaned_resources: None,
    }
}

fn kinds(text: &[&str]) -> Vec<GroupKind> {
    let kind = |text: &&str| {
        let (group, kind) = text.split_once('/').unwrap();
        GroupKind { group: group.into(), kind: kind.into() }
    };
    text.iter().map(kind).collect()
}

fn object(group: &str, kind: &str, namespaced: bool) -> ObjectRef {
    let api_version = if group.is_empty() { "v1".to_owned() } else { format!("{group}/v1") };
    let namespace = namespaced.then(|| "x".to_owned());
    ObjectRef { api_version, kind: kind.into(), namespace, name: "x".into() }
}

#[test]
fn kinds_are_permitted_as_argo_cd_does() {
    let store = object("external-secrets.io", "ClusterSecretStore", false);
    let map = object("", "ConfigMap", true);
    let base = project();
    assert!(!kind_permitted(&base, &store) && kind_permitted(&base, &map));
    let lists =
        [("*/*", true), ("external-secrets.io/Cluster*", true), ("/ClusterSecretStore", false), ("*/ConfigMap", false)];
    for (list, permitted) in lists {
        let project = Project { cluster_resources: kinds(&[list]), ..project() };
        assert_eq!(kind_permitted(&project, &store), permitted, "{list}");
        assert!(kind_permitted(&project, &map));
        let denied = Project { deny_cluster_resources: kinds(&["external-secrets.io/*"]), ..project };
        assert!(!kind_permitted(&denied, &store));
    }
    assert!(!kind_permitted(&Project { namespace_resources: Some(Vec::new()), ..project() }, &map));
    assert!(kind_permitted(&Project { namespace_resources: Some(kinds(&["/Config?ap"])), ..project() }, &map));
    assert!(!kind_permitted(&Project { deny_namespace_resources: kinds(&["/*"]), ..project() }, &map));
}

/// A random project's lists of kinds, an object, and what we say of it.
fn kind_case(rng: &mut Rng) -> serde_json::Value {
    const KINDS: [&str; 22] = [
        "*/*",
        "/*",
        "*/Config*",
        "apps/*",
        "a*/D?ploy*",
        "/ConfigMap",
        "apps/{Deployment,Job}",
        "*s/[A-M]*",
        "batch/Job",
        "[a-c]*/*",
        "[^a]*/*",
        "[!a]*/J*",
        "*/[",
        "*/[]*",
        "*/Conf\\ig*",
        "*/*\\",
        "*/[A-]*",
        "*/[JD][a-z]*",
        "*/**ob",
        "*/*[!]",
        "*/[\\J]ob",
        "*/[-J]ob",
    ];
    let list = |rng: &mut Rng| -> Vec<&str> { (0..rng.below(3)).map(|_| *rng.pick(&KINDS)).collect() };
    let (allow, deny, inner_deny) = (list(rng), list(rng), list(rng));
    let inner = rng.chance(50).then(|| list(rng));
    let (group, kind) = *rng.pick(&[("", "ConfigMap"), ("apps", "Deployment"), ("batch", "Job"), ("", "Namespace")]);
    let namespaced = rng.chance(50);
    let project = Project {
        cluster_resources: kinds(&allow),
        deny_cluster_resources: kinds(&deny),
        namespace_resources: inner.as_ref().map(|list| kinds(list)),
        deny_namespace_resources: kinds(&inner_deny),
        ..project()
    };
    let permitted = kind_permitted(&project, &object(group, kind, namespaced));
    json!({
        "kinds": [allow, deny, inner_deny], "namespaceKinds": inner, "group": group, "kind": kind, "namespaced": namespaced,
        "permitted": permitted,
    })
}

/// `tests/conformance/argocd.sh` sets `FLEETC_PERMISSION_CORPUS`; without it there is nothing to do. Writes
/// `FLEETC_PERMISSION_CASES` random cases (200,000), a third each of sources, destinations and kinds, with what we say of each.
#[test]
fn the_corpus_is_written_where_it_is_asked_for() {
    let Some(path) = std::env::var_os("FLEETC_PERMISSION_CORPUS") else { return };
    let cases = std::env::var("FLEETC_PERMISSION_CASES").map_or(200_000, |count| count.parse().unwrap());
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    let mut rng = Rng::new(1, 1);
    for case in 0..cases {
        let line = if case % 3 == 2 {
            kind_case(&mut rng)
        } else if case % 3 == 0 {
            // What stands in a source is a URL: never empty, without the characters of globs.
            let url: String = url(&mut rng).chars().filter(|c| !"*?[]{}\\! ".contains(*c)).collect();
            let url = if url.is_empty() { "https://github.com/org/repo".to_owned() } else { url };
            let mut patterns: Vec<String> = (0..rng.between(1, 3)).map(|_| self::url(&mut rng)).collect();
            // These are refused before anybody is asked.
            patterns.retain(|pattern| unsound_glob(pattern).is_none());
            for pattern in &mut patterns {
                // Near to the URL, so that many match.
                if rng.chance(50) {
                    let from = rng.below(url.chars().count() + 1);
                    let head: String = url.chars().take(from).collect();
                    *pattern = format!("{head}{}", rng.pick(&["*", "**", "?", "", ".git", "/*"]));
                }
                if rng.chance(15) {
                    pattern.insert(0, '!');
                }
            }
            json!({ "patterns": patterns, "url": url, "permitted": source_permitted(&patterns, &url) })
        } else {
            let text = |rng: &mut Rng| (*rng.pick(&NAMES)).to_owned();
            let items: Vec<[String; 3]> =
                (0..rng.between(1, 3)).map(|_| [text(&mut rng), text(&mut rng), text(&mut rng)]).collect();
            let [name, server, namespace] = [text(&mut rng), text(&mut rng), text(&mut rng)];
            let list: Vec<DestinationItem> = items.iter().map(|[n, s, ns]| item(n, s, ns)).collect();
            let permitted = destination_permitted(&list, &server, &name, &namespace);
            json!({ "items": items, "name": name, "server": server, "namespace": namespace, "permitted": permitted })
        };
        writeln!(file, "{line}").unwrap();
    }
}
