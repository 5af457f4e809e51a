//! Which objects a patch is for: those of its kind and name, whatever their API group, version and namespace, under the
//! name that they have or had. Both engines are told so by regular expressions, which `tests/conformance/flux.sh` gives
//! to kustomize.

#![allow(missing_docs, dead_code, clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice)]

#[path = "flux/fleet.rs"]
mod fleet;
#[path = "random/rng.rs"]
mod rng;

use std::sync::Arc;

use std::io::Write as _;

use fleet::Fleet;
use fleetc::plan::{ArgoCd, Change, Destination, Patch, Version};
use fleetc::target::{argocd, flux};
use rng::Rng;
use serde_json::{Value, json};

/// What kinds and names are made of, what a regular expression means something else by included. No commas, in lists of
/// which kustomize keeps former names.
const PIECES: [&str; 44] = [
    "a", "b", "A", "B", "web", "api", "Config", "Map", "settings", "v1", "1", "0", "-", "-", ".", ".", "_", "+", "*",
    "?", "(", ")", "|", "[", "]", "[a-c]", "{", "}", "{2}", "^", "$", "\\", "\\d", "\\Q", ".*", "(?i)", "#", " ", "é",
    "É", "日本", "😀", "/", ":",
];

fn word(rng: &mut Rng) -> String {
    match rng.below(4) {
        0 => (*rng.pick(&["Deployment", "ConfigMap", "web", "settings.v1", "api-server", "system:node"])).to_owned(),
        _ => (0..rng.between(1, 4)).map(|_| *rng.pick(&PIECES)).collect(),
    }
}

/// A text near to `text`: the same, or one that a pattern which is not quite right takes for it.
fn near(rng: &mut Rng, text: &str) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    let at = rng.below(characters.len());
    match rng.below(9) {
        0..=3 => {}
        4 => characters[at] = *rng.pick(&['x', 'a', '.', '1', 'É', '\n']),
        5 => characters.insert(at, characters[at]),
        6 => characters.push(*rng.pick(&['x', '\n', '-', '$'])),
        7 => characters.insert(0, *rng.pick(&['x', '^', ' '])),
        _ => return if rng.chance(50) { text.to_uppercase() } else { text.to_lowercase() },
    }
    characters.into_iter().collect()
}

/// An object: API version, kind, namespace, name, and the name that it had before somebody renamed it.
type Object = (String, String, String, String, Option<String>);

fn object(rng: &mut Rng, kind: &str, name: &str) -> Object {
    let version = *rng.pick(&["v1", "apps/v1", "example.com/v1beta1"]);
    let namespace = *rng.pick(&["", "default", "web", "other"]);
    let kind = near(rng, kind);
    let (now, before) = (near(rng, name), rng.chance(25).then(|| near(rng, name)));
    (version.to_owned(), kind, namespace.to_owned(), now, before)
}

/// Whether a patch for this kind and name is for this object.
fn is_meant(kind: &str, name: &str, object: &Object) -> bool {
    object.1 == kind && (object.3 == name || object.4.as_deref() == Some(name))
}

fn argocd_settings(fleet: &Fleet) -> ArgoCd {
    ArgoCd {
        span: fleet.settings.span,
        version: Version { major: 3, minor: 5 },
        namespace: "argocd".to_owned(),
        destination: Destination::Name,
        progressive_syncs: true,
        register: fleetc::plan::Register::None,
        on_delete: None,
        instance: fleetc::plan::Instance::default(),
        membership: fleetc::plan::Membership::Static,
        layout: fleetc::plan::ArgoCdLayout::ApplicationSets,
    }
}

/// For patches of these kinds and names the targets that are written for Flux, for Argo CD, and for Argo CD on a cluster
/// that lacks them, where something has to stand all the same.
fn targets(words: &[(String, String)]) -> Vec<[Value; 3]> {
    let mut fleet = Fleet::new();
    let source = fleet.git("apps");
    for cluster in ["one", "two"] {
        fleet.cluster(cluster);
        fleet.path("web", cluster, &source, "web");
    }
    let patch = |(kind, name): &(String, String)| Patch {
        kind: kind.clone(),
        name: name.clone(),
        change: Change::Operations(vec![json!({ "op": "remove", "path": "/data" })]),
    };
    fleet.plan.deployments[0].patches = Arc::new(words.iter().map(patch).collect());

    let tree = flux::build(&fleet.plan, &fleet.settings);
    let object: Value = serde_yaml::from_str(&tree["flux/hub/clusters/one.yaml"]).unwrap();
    let for_flux = object["spec"]["patches"].as_array().unwrap().clone();
    let applications = argocd::applications(&fleet.plan, &argocd_settings(&fleet));
    let of = |index: usize| applications[index]["spec"]["source"]["kustomize"]["patches"].as_array().unwrap().clone();
    let all = for_flux.into_iter().zip(of(0)).zip(of(1));
    let targets: Vec<_> = all.map(|((flux, one), two)| [flux, one, two].map(|patch| patch["target"].clone())).collect();
    assert_eq!(targets.len(), words.len());
    targets
}

/// `tests/conformance/flux.sh` sets `FLEETC_TARGETS_CORPUS`; without it there is nothing to do. Writes
/// `FLEETC_TARGETS_CASES` random patches (200,000), a line each: the targets, objects, and which of these are meant.
#[test]
fn the_corpus_is_written_where_it_is_asked_for() {
    let Some(path) = std::env::var_os("FLEETC_TARGETS_CORPUS") else { return };
    let mut left = std::env::var("FLEETC_TARGETS_CASES").map_or(200_000, |count| count.parse().unwrap());
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    let mut rng = Rng::new(1, 1);
    while left > 0 {
        let count = left.min(500);
        left -= count;
        let words: Vec<_> = (0..count).map(|_| (word(&mut rng), word(&mut rng))).collect();
        for ((kind, name), [flux, argocd, nothing]) in words.iter().zip(targets(&words)) {
            let objects: Vec<_> = (0..rng.between(1, 4)).map(|_| object(&mut rng, kind, name)).collect();
            let meant: Vec<bool> = objects.iter().map(|object| is_meant(kind, name, object)).collect();
            let line = json!({
                "kind": kind, "name": name, "targets": { "flux": flux, "argocd": argocd }, "nothing": nothing,
                "objects": objects, "meant": meant,
            });
            writeln!(file, "{line}").unwrap();
        }
    }
}

#[test]
fn half_of_the_objects_are_meant() {
    let mut rng = Rng::new(2, 1);
    let mut counts = [0, 0];
    for _ in 0..10_000 {
        let (kind, name) = (word(&mut rng), word(&mut rng));
        counts[usize::from(is_meant(&kind, &name, &object(&mut rng, &kind, &name)))] += 1;
    }
    assert!(counts.iter().all(|count| *count > 2_000), "{counts:?}");
}

#[test]
fn a_target_is_a_literal() {
    let words = [("Deployment".to_owned(), "web".to_owned()), ("A.b".to_owned(), r"a+b\(c)[d]{e}^$|*?".to_owned())];
    let literal = json!({ "kind": r"A\.b", "name": r"a\+b\\\(c\)\[d\]\{e\}\^\$\|\*\?" });
    let targets = targets(&words);
    assert_eq!(targets[0][0], json!({ "kind": "Deployment", "name": "web" }));
    assert_eq!(targets[1], [literal.clone(), literal, json!({ "kind": r"A\.b", "name": "^$" })]);
}
