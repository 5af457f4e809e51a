//! What a build may take away, through the public doors: two fleets, one after the other, and what is said of the second.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::string_slice)]
#![allow(missing_docs)]

mod folder;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::process::{Command, Output};
use std::sync::Arc;

use fleetc::diag::{Diagnostics, Severity};
use fleetc::guard::Baseline;
use fleetc::output::{Lock, Record};
use fleetc::project::MemoryFiles;
use fleetc::target::Engines;
use fleetc::{analysis, guard};
use folder::Folder;

const HEAD: &str = "source home { git = \"https://github.com/acme/home\", branch = \"main\" }
label env: dev | prod
";

/// A fleet that protects what is `prod`, with these lines.
fn fleet(lines: &str) -> String {
    format!("fleet demo {{ source = home, protected = env == prod }}\n{HEAD}{lines}")
}

const CLUSTERS: &str =
    "cluster dev { env = dev }\ncluster one { env = prod }\ncluster two { env = prod }\nargocd { }\n";

fn component(name: &str, on: &str, more: &str) -> String {
    format!("component {name} on {on} {{ path = \"web\", namespace = web{more} }}\n")
}

struct Built {
    record: Arc<Record>,
    compilation: analysis::Compilation,
}

fn build(text: &str) -> Built {
    let compilation = analysis::compile(&MemoryFiles::new().file("fleet.fleet", text).into_project(), &[]);
    let errors: Vec<_> =
        compilation.diagnostics.iter().filter(|found| found.code.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "{errors:?}\n{text}");
    let plan = compilation.plan.as_ref().unwrap();
    let record = Record::of(plan, &Engines { argocd: true, flux: true });
    Built { record: record.into(), compilation }
}

/// The text of the lock that it leaves.
fn locked(built: Built) -> String {
    Lock { record: built.record, ..Lock::default() }.text()
}

/// `code message` for all that is said of a build of `after` where `before` was committed.
fn judged_by(before: Arc<Record>, after: &str) -> Vec<String> {
    let after = build(after);
    let mut found = Diagnostics::default();
    let plan = after.compilation.plan.as_ref().unwrap();
    guard::check(&Baseline::Committed(before), &after.record, plan, &after.compilation.sources, &mut found);
    found.iter().map(|found| format!("{} {}", found.code.id, found.message)).collect()
}

fn judged(before: &str, after: &str) -> Vec<String> {
    // As the next build reads it.
    judged_by(Lock::parse(&locked(build(before))).unwrap().record, after)
}

const NOTHING: [&str; 0] = [];

#[test]
fn what_is_equal_or_more_is_fine() {
    let before = fleet(&format!("{CLUSTERS}{}", component("web", "all", "")));
    assert_eq!(judged(&before, &before), NOTHING);
    let more = format!("{before}{}cluster three {{ env = prod }}\n", component("shop", "all", ""));
    assert_eq!(judged(&before, &more), NOTHING);
}

#[test]
fn a_component_that_goes_from_protected_clusters_must_be_named() {
    let shop = component("shop", "all", "");
    let before = fleet(&format!("{CLUSTERS}{shop}{}", component("web", "all", ", interval = 1m")));
    let gone = fleet(&format!("{CLUSTERS}{shop}"));
    let refused = "F0610 this build removes `web` from 2 protected clusters";
    assert_eq!(judged(&before, &gone), [refused]);
    assert_eq!(judged(&before, &format!("{gone}removed component web\n")), NOTHING);
    let only_dev = format!("{gone}{}", component("web", "env == dev", ", interval = 1m"));
    assert_eq!(judged(&before, &only_dev), [refused]);
    assert_eq!(judged(&before, &format!("{only_dev}removed component web on one or two\n")), NOTHING);
    let one = "F0610 this build removes `web` from the protected cluster `two`";
    assert_eq!(judged(&before, &format!("{only_dev}removed component web on one\n")), [one]);
}

#[test]
fn a_protected_cluster_that_goes_must_be_named() {
    let before = fleet(&format!("{CLUSTERS}{}", component("web", "all", "")));
    let gone = before.replace("cluster two { env = prod }\n", "");
    assert_eq!(judged(&before, &gone), ["F0610 this build removes the protected cluster `two`, with 1 component"]);
    assert_eq!(judged(&before, &format!("{gone}removed cluster two\n")), NOTHING);
}

#[test]
fn what_is_on_the_hub_for_protected_clusters_must_be_named() {
    let object = "object \"v1/ConfigMap\" list { hub = true, namespace = argocd }\n";
    let web = format!("{CLUSTERS}{}", component("web", "all", ""));
    let before = fleet(&format!("{web}{object}"));
    let gone = fleet(&web);
    assert_eq!(judged(&before, &gone)[0], "F0610 this build removes `list` from 2 protected clusters");
    assert_eq!(judged(&before, &format!("{gone}removed component list\n")), NOTHING);
    let secret = "store vault { provider = gcp-secret-manager, gcp-project = \"acme\" }\n\
                  secret login on all { store = vault, namespace = web, from = \"login\" }\n";
    let said = judged(&fleet(&format!("{web}{secret}")), &gone);
    assert!(said.contains(&"F0610 this build removes `login` from 2 protected clusters".to_owned()), "{said:?}");
}

#[test]
fn taking_the_protection_away_in_the_same_commit_does_not_help() {
    let before =
        fleet(&format!("{CLUSTERS}{}{}", component("web", "all", ""), component("shop", "all", ", interval = 1m")));
    let gone = fleet(&format!("{CLUSTERS}{}", component("web", "all", ""))).replace(", protected = env == prod", "");
    let said = judged(&before, &gone);
    assert_eq!(said[0], "F0610 this build removes `shop` from 2 protected clusters");
    assert!(said.iter().any(|said| said.starts_with("F0614 ")), "{said:?}");
}

#[test]
fn objects_are_guarded_also_where_they_stand_on_the_hub() {
    let object =
        |more: &str| format!("object \"v1/ConfigMap\" info {more} {{ namespace = web, data {{ a = cluster }} }}\n");
    let hub = |on: &str| object(on).replace("{ namespace", "{ hub = true, name = \"info-${cluster}\", namespace");
    let with = |object: &str| fleet(&format!("{CLUSTERS}{}{object}", component("web", "all", "")));
    let refused = "F0610 this build removes `info` from 2 protected clusters";
    for before in [with(&object("on all")), with(&hub("on all"))] {
        assert_eq!(judged(&before, &with("")), [refused]);
        assert_eq!(judged(&before, &with("removed component info\n")), NOTHING);
    }
    let two = "F0610 this build removes `info` from the protected cluster `two`";
    assert_eq!(judged(&with(&hub("on all")), &with(&hub("on not two"))), [two]);
    let named = format!("{}removed component info on two\n", hub("on not two"));
    assert_eq!(judged(&with(&hub("on all")), &with(&named)), NOTHING);
}

#[test]
fn protection_that_is_lost_is_said() {
    let before = fleet(&format!("{CLUSTERS}{}", component("web", "all", ", on-delete = keep")));
    let lost = before.replace("env == prod }\nsource", "name == one }\nsource");
    assert_eq!(judged(&before, &lost), ["F0614 `two` is no longer protected"]);
}

#[test]
fn elsewhere_no_more_than_max_removals_may_go() {
    let many: String = (0..20).fold(String::new(), |mut text, n| {
        _ = writeln!(text, "cluster c{n} {{ env = dev }}");
        text
    });
    let before = fleet(&format!("{many}argocd {{ }}\n{}", component("web", "all", "")))
        .replace("protected = env == prod", "protected = none");
    let without = |count: usize, more: &str| {
        let gone =
            (0..count).fold(before.clone(), |text, n| text.replace(&format!("cluster c{n} {{ env = dev }}\n"), ""));
        gone.replace("fleet demo { ", &format!("fleet demo {{ {more}"))
    };
    assert_eq!(judged(&before, &without(2, "")), NOTHING);
    let too_many =
        "F0611 this build removes 3 of 20 deployments from clusters that are not protected, and 2 may go".to_string();
    assert_eq!(judged(&before, &without(3, "")), [too_many.as_str()]);
    assert_eq!(judged(&before, &without(3, "max-removals = 15%, ")), NOTHING);
    assert_eq!(judged(&before, &without(3, "max-removals = 3, ")), NOTHING);
    assert_eq!(judged(&before, &format!("{}removed cluster c1\n", without(3, ""))), NOTHING);
    let none = "F0611 this build removes 1 of 20 deployments from clusters that are not protected, and 0 may go";
    assert_eq!(judged(&before, &without(1, "max-removals = 0, ")), [none]);
}

#[test]
fn what_was_never_committed_is_only_guarded_where_it_is_protected() {
    let before = build(&fleet(&format!("{CLUSTERS}{}{}", component("web", "all", ""), component("shop", "all", ""))));
    let after =
        build(&fleet(&format!("{CLUSTERS}{}{}", component("web", "one", ""), component("shop", "not dev", ""))));
    let mut found = Diagnostics::default();
    let plan = after.compilation.plan.as_ref().unwrap();
    guard::check(&Baseline::Built(before.record), &after.record, plan, &after.compilation.sources, &mut found);
    let found: Vec<_> = found.iter().map(|found| found.message.as_str()).collect();
    assert_eq!(found, ["this build removes `web` from the protected cluster `two`"]);
}

#[test]
fn a_component_that_was_renamed_may_be_moved() {
    let before = fleet(&format!("{CLUSTERS}{}", component("web", "all", "")));
    let renamed = fleet(&format!("{CLUSTERS}{}", component("shop", "all", "")));
    assert_eq!(judged(&before, &renamed), ["F0610 this build removes `web` from 2 protected clusters"]);
    assert_eq!(judged(&before, &format!("{renamed}moved component web to shop\n")), NOTHING);
    let twice = fleet(&format!("{CLUSTERS}{}", component("store", "all", "")));
    let moves = "moved component web to shop\nmoved component shop to store\n";
    assert_eq!(judged(&before, &format!("{twice}{moves}")), NOTHING);
    // It does not run where it did.
    let elsewhere = fleet(&format!("{CLUSTERS}{}", component("shop", "not two", "")));
    assert_eq!(
        judged(&before, &format!("{elsewhere}moved component web to shop\n")),
        ["F0610 this build removes `web` from the protected cluster `two`"]
    );
}

#[test]
fn what_ran_beside_it_already_is_not_what_a_component_or_a_cluster_became() {
    let before = fleet(&format!("{CLUSTERS}{}{}", component("web", "all", ""), component("shop", "all", "")));
    let after = fleet(&format!("{CLUSTERS}{}moved component web to shop\n", component("shop", "all", "")));
    assert_eq!(judged(&before, &after), ["F0610 this build removes `web` from 2 protected clusters"]);
    let gone = before.replace("cluster two { env = prod }\n", "");
    assert_eq!(
        judged(&before, &format!("{gone}moved cluster two to one\n")),
        ["F0610 this build removes the protected cluster `two`, with 2 components"]
    );
}

#[test]
fn the_line_that_a_rename_wants_is_offered_as_a_fix() {
    let before = build(&fleet(&format!("{CLUSTERS}{}", component("web", "all", ""))));
    let after = build(&fleet(&format!("{CLUSTERS}{}", component("shop", "all", ""))));
    let mut found = Diagnostics::default();
    let plan = after.compilation.plan.as_ref().unwrap();
    guard::check(
        &Baseline::Committed(before.record.clone()),
        &after.record,
        plan,
        &after.compilation.sources,
        &mut found,
    );
    let fix = &found.iter().next().unwrap().fixes[0];
    assert_eq!(fix.edits[0].text, "moved component web to shop\n");
    let offered = |before: &str, after: &str| {
        let (before, after) = (build(before), build(after));
        let mut found = Diagnostics::default();
        let plan = after.compilation.plan.as_ref().unwrap();
        guard::check(
            &Baseline::Committed(before.record.clone()),
            &after.record,
            plan,
            &after.compilation.sources,
            &mut found,
        );
        found.iter().flat_map(|found| &found.fixes).map(|fix| fix.edits[0].text.clone()).collect::<Vec<_>>()
    };
    let two = fleet(&format!("{CLUSTERS}{}", component("web", "all", "")));
    assert_eq!(offered(&two, &two.replace("cluster two", "cluster zwei")), ["moved cluster two to zwei\n"]);
    // Another component that is new is no rename.
    let other = fleet(&format!("{CLUSTERS}{}", component("shop", "all", ", interval = 7m")));
    assert_eq!(offered(&two, &other), NOTHING);
}

#[test]
fn a_cluster_that_was_renamed_may_be_moved() {
    let before = fleet(&format!("{CLUSTERS}{}", component("web", "all", "")));
    let renamed = before.replace("cluster two", "cluster zwei");
    assert_eq!(judged(&before, &format!("{renamed}moved cluster two to zwei\n")), NOTHING);
}

#[test]
fn a_move_that_would_delete_workloads_is_refused() {
    let before = fleet(&format!("{CLUSTERS}{}", component("web", "all", ", on-delete = cascade")));
    let renamed = fleet(&format!("{CLUSTERS}{}", component("shop", "all", ", on-delete = cascade")));
    assert_eq!(
        judged(&before, &format!("{renamed}moved component web to shop\n")),
        ["F0612 moving `web` would delete its workloads on 2 protected clusters"]
    );
}

#[test]
fn another_engine_may_take_over_what_is_kept() {
    let before = fleet(&format!("{CLUSTERS}{}", component("web", "all", "")));
    let flux = before.replace("argocd { }", "flux { }");
    assert_eq!(judged(&before, &flux), NOTHING);
    let before = fleet(&format!("{CLUSTERS}{}", component("web", "all", ", on-delete = cascade")));
    let flux = before.replace("argocd { }", "flux { }");
    assert_eq!(judged(&before, &flux), ["F0612 moving `web` would delete its workloads on 2 protected clusters"]);
    // Where nothing is protected it counts as much, and nothing that is still declared can be named.
    let open = |text: &str| text.replace("protected = env == prod", "protected = none");
    let said = judged(&open(&before), &open(&flux));
    let too_many = "F0611 this build removes 3 of 3 deployments from clusters that are not protected, and 1 may go";
    assert_eq!(said, [too_many]);
    // Also while both deploy it: what goes takes the workloads of the other with it.
    let both = before
        .replace("fleet demo { ", "fleet demo { migrating = true, ")
        .replace("argocd { }", "argocd { }\nflux { }");
    assert_eq!(judged(&both, &flux), ["F0612 moving `web` would delete its workloads on 2 protected clusters"]);
}

#[test]
fn another_instance_may_take_over_what_is_kept() {
    let instances = |east: &str, west: &str, more: &str| {
        fleet(&format!(
            "cluster one {{ env = prod }}\ncluster two {{ env = prod }}\nargocd east on {east} {{ }}\nargocd west on {west} {{ }}\n{}",
            component("web", "all", more)
        ))
    };
    assert_eq!(judged(&instances("one", "two", ""), &instances("two", "one", "")), NOTHING);
    let cascade = ", on-delete = cascade";
    assert_eq!(
        judged(&instances("one", "two", cascade), &instances("two", "one", cascade)),
        ["F0612 moving `web` would delete its workloads on 2 protected clusters"]
    );
}

#[test]
fn workloads_that_stayed_may_not_go_by_a_word_elsewhere() {
    let before = fleet(&format!("{CLUSTERS}{}", component("web", "all", "")));
    let engine = before.replace("argocd { }", "argocd { on-delete = cascade }");
    assert_eq!(
        judged(&before, &engine),
        ["F0613 the workloads of `web` would from now on go with it on 2 protected clusters"]
    );
    let said = fleet(&format!("{CLUSTERS}{}", component("web", "all", ", on-delete = cascade")));
    assert_eq!(judged(&before, &said), NOTHING);
}

#[test]
fn workloads_that_would_be_made_anew_elsewhere_are_guarded() {
    let web = |more: &str| fleet(&format!("{CLUSTERS}{}", component("web", "all", more)));
    let refused = "F0616 the workloads of `web` would be deleted on 2 protected clusters";
    let before = web("");
    assert_eq!(judged(&before, &before.replace("namespace = web", "namespace = shop")), [refused]);
    assert_eq!(
        judged(&before, &before.replace("namespace = web", "namespace = web, on name == two { namespace = shop }")),
        ["F0616 the workloads of `web` would be deleted on the protected cluster `two`"]
    );
    assert_eq!(judged(&before, &web(", on env == dev { namespace = shop }")), NOTHING);
    let said = before.replace("namespace = web", "namespace = shop, on-delete = cascade");
    assert_eq!(judged(&before, &said), NOTHING);
    // A word elsewhere does not say it of this component.
    let elsewhere =
        before.replace("namespace = web", "namespace = shop").replace("argocd { }", "argocd { on-delete = cascade }");
    assert!(judged(&before, &elsewhere).contains(&refused.to_owned()));
}

#[test]
fn a_release_and_an_object_with_another_name_are_guarded() {
    let chart = |release: &str| {
        let charts = "source charts { helm = \"https://charts.example.com\" }\n";
        fleet(&format!(
            "{CLUSTERS}{charts}component web on all {{ source = charts, chart = \"web\", version = \"1.0.0\", \
             namespace = web, release = {release} }}\n"
        ))
    };
    let refused = "F0616 the workloads of `web` would be deleted on 2 protected clusters";
    assert_eq!(judged(&chart("web"), &chart("web-2")), [refused]);
    let object = |namespace: &str| {
        fleet(&format!("{CLUSTERS}object \"v1/ConfigMap\" settings on all {{ namespace = {namespace} }}\n"))
    };
    let refused = "F0616 the workloads of `settings` would be deleted on 2 protected clusters";
    assert_eq!(judged(&object("one"), &object("two")), [refused]);
}

#[test]
fn a_lock_of_the_format_before_is_judged_by_what_is_protected_now() {
    let after = fleet(&format!("{CLUSTERS}{}", component("shop", "all", ", interval = 7m")));
    let lock = "{\"schema\": \"fleetc.lock/1\", \"fleet\": \"demo\", \"files\": {},
        \"identities\": {\"argocd/component/web\": [\"dev\", \"one\"]}}";
    assert_eq!(
        judged_by(Lock::parse(lock).unwrap().record, &after),
        ["F0610 this build removes `web` from the protected cluster `one`"]
    );
}

#[test]
fn a_lock_that_was_changed_by_hand_is_no_baseline() {
    let text = locked(build(&fleet(&format!("{CLUSTERS}{}", component("web", "all", "")))));
    for (from, to) in
        [("[\"one\", \"two\"]", "[\"one\"]"), ("\"dev\", ", ""), ("lock/3", "lock/4"), ("\"digest\"", "\"diggest\"")]
    {
        assert!(text.contains(from), "{text}");
        assert!(Lock::parse(&text.replacen(from, to, 1)).is_err(), "{from}");
    }
}

/// A machine-independent source of choices.
struct Choices(u64);

impl Choices {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

/// A fleet of some of four components on some of four clusters, with some declarations of what went.
fn random(choices: &mut Choices) -> String {
    let clusters: Vec<String> =
        ["a", "b", "c", "d"].iter().filter(|_| choices.below(5) > 0).map(|c| (*c).to_string()).collect();
    let clusters = if clusters.is_empty() { vec!["a".to_string()] } else { clusters };
    let mut text = String::new();
    for cluster in &clusters {
        _ = writeln!(text, "cluster {cluster} {{ env = {} }}", ["dev", "prod", "prod"][choices.below(3)]);
    }
    let mut declared = BTreeSet::new();
    for name in ["w", "x", "y", "z"] {
        if choices.below(4) > 0 {
            let on = clusters[choices.below(clusters.len())].clone();
            let on = if choices.below(2) == 0 { "all".to_string() } else { on };
            let more = ["", "", ", on-delete = keep", ", on-delete = cascade"][choices.below(4)];
            let namespace = ["web", "web", "web", "shop"][choices.below(4)];
            text.push_str(&component(name, &on, more).replace("namespace = web", &format!("namespace = {namespace}")));
            declared.insert(name);
        }
    }
    for name in ["w", "x", "y", "z"] {
        if !declared.contains(name) && choices.below(3) == 0 {
            let to = declared.iter().next();
            match (choices.below(2), to) {
                (0, Some(to)) => _ = writeln!(text, "moved component {name} to {to}"),
                _ => _ = writeln!(text, "removed component {name}"),
            }
        }
    }
    for name in ["a", "b", "c", "d"] {
        if !clusters.iter().any(|known| known == name) && choices.below(3) == 0 {
            _ = writeln!(text, "removed cluster {name}");
        }
    }
    let engine = ["argocd { }", "flux { }", "argocd { on-delete = cascade }"][choices.below(3)];
    let protected = ["env == prod", "env == prod", "none", "name == a"][choices.below(4)];
    format!("fleet demo {{ source = home, max-removals = 100%, protected = {protected} }}\n{HEAD}{text}{engine}\n")
        .replace("protected = name == a", if clusters[0] == "a" { "protected = name == a" } else { "protected = none" })
        .replace(
            "protected = env == prod",
            if text.contains("env = prod") { "protected = env == prod" } else { "protected = none" },
        )
}

/// Where each component runs, in whatever engine.
fn running(record: &Record) -> BTreeMap<String, BTreeSet<Arc<str>>> {
    let mut running: BTreeMap<String, BTreeSet<Arc<str>>> = BTreeMap::new();
    for (identity, clusters) in &record.identities {
        let component = identity.rsplit('/').next().unwrap().to_string();
        running.entry(component).or_default().extend(clusters.iter().cloned());
    }
    running
}

#[test]
fn no_sequence_of_accepted_builds_takes_away_what_is_protected_unless_it_is_named() {
    let mut choices = Choices(7);
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..20 {
        let mut base = build(&random(&mut choices)).record;
        for _ in 0..15 {
            let text = random(&mut choices);
            let next = build(&text);
            let mut found = Diagnostics::default();
            let plan = next.compilation.plan.as_ref().unwrap();
            guard::check(&Baseline::Committed(base.clone()), &next.record, plan, &next.compilation.sources, &mut found);
            if found.has_errors() {
                refused += 1;
                continue;
            }
            accepted += 1;
            let (before, now) = (running(&base), running(&next.record));
            for (component, clusters) in &before {
                for cluster in clusters.iter().filter(|cluster| base.protected.as_ref().unwrap().contains(*cluster)) {
                    let there = now.get(component).is_some_and(|now| now.contains(cluster));
                    let named = text.contains(&format!("removed component {component}\n"))
                        || text.contains(&format!("moved component {component} to "))
                        || text.contains(&format!("removed cluster {cluster}\n"));
                    assert!(there || named, "{component} on {cluster} went:\n{text}");
                }
            }
            for (identity, places) in &base.places {
                let Some(now) = next.record.places.get(identity) else { continue };
                for (place, clusters) in places {
                    let mut elsewhere = now.iter().filter(|(now, _)| *now != place).flat_map(|(_, clusters)| clusters);
                    let moved = elsewhere.find(|cluster| clusters.contains(*cluster));
                    let named = text.lines().any(|line| {
                        line.starts_with(&format!("component {} ", identity.rsplit('/').next().unwrap()))
                            && line.contains("on-delete = cascade")
                    });
                    assert!(moved.is_none() || named, "{identity} is made anew on {moved:?}:\n{text}");
                }
            }
            base = next.record;
        }
    }
    assert!(accepted > 30 && refused > 30, "{accepted} accepted, {refused} refused");
}

fn fleetc(folder: &Folder, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fleetc"));
    command
        .current_dir(folder.root())
        .args(arguments)
        .env("NO_COLOR", "1")
        .env("FLEETC_BUILD_NO_CACHE", "1")
        .output()
        .unwrap()
}

fn git(folder: &Folder, arguments: &[&str]) {
    let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
    let output = Command::new("git").arg("-C").arg(folder.root()).args(identity).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A repository in which a fleet with `web` and `shop` is committed with what was built.
fn repository() -> Folder {
    let folder = Folder::new();
    folder.write(
        "fleet.fleet",
        fleet(&format!("{CLUSTERS}{}{}", component("web", "all", ""), component("shop", "all", "")))
            .replace("source = home", "source = home, output = \"out\""),
    );
    folder.write("web/kustomization.yaml", "resources: []\n");
    git(&folder, &["init", "-q", "-b", "main"]);
    let built = fleetc(&folder, &["build"]);
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    git(&folder, &["add", "-A"]);
    git(&folder, &["commit", "-q", "-m", "first"]);
    folder
}

/// Takes `shop` out of the fleet.
fn without_shop(folder: &Folder) {
    let text = folder.read("fleet.fleet");
    let text: String = text.lines().filter(|line| !line.contains("shop")).map(|line| format!("{line}\n")).collect();
    folder.write("fleet.fleet", text);
}

#[test]
fn a_build_is_judged_by_the_last_commit_and_writes_nothing_when_it_is_refused() {
    let folder = repository();
    without_shop(&folder);
    let before = folder.tree("out");
    for arguments in [&["build"][..], &["build", "--check"], &["build", "--dry-run"], &["build", "--base", "main"]] {
        let output = fleetc(&folder, arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("F0610") && said.contains("removed component shop"), "{said}");
    }
    assert_eq!(folder.tree("out"), before);
    // The lock on disk does not count, nor that it is gone.
    folder.remove("out/fleet.lock");
    assert_eq!(fleetc(&folder, &["build", "--overwrite-edits"]).status.code(), Some(1));
    folder.write("more.fleet", "removed component shop\n");
    let output = fleetc(&folder, &["build", "--overwrite-edits"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[cfg(unix)]
#[test]
fn git_may_say_more_than_fits_into_a_pipe() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = repository();
    let path = std::env::var("PATH").unwrap();
    let build = |script: &str| {
        let noise = "noise() { head -c 200000 /dev/zero; }";
        folder.write("bin/git", format!("#!/bin/sh\nPATH='{path}'\n{noise}\n{script}\n"));
        std::fs::set_permissions(folder.path("bin/git"), std::fs::Permissions::from_mode(0o755)).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_fleetc"));
        command.current_dir(folder.root()).args(["build", "--no-cache"]).env("NO_COLOR", "1");
        command.env("PATH", format!("{}:{path}", folder.path("bin").display()));
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, text) = build("noise >&2; git \"$@\"; code=$?; noise >&2; exit $code");
    assert!(code == Some(0) && text.contains(" unchanged"), "{text}");
    // It goes on talking where its answer makes no sense, and complains only then.
    let talk = "cat >/dev/null; printf 'a b c\\n' && noise && echo 'fatal: no heart' >&2; exit 128";
    let (code, text) = build(&format!("case \"$*\" in *cat-file*) {talk};; esac\ngit \"$@\""));
    assert!(code == Some(1) && text.contains("F0609") && text.contains("`git` says: fatal: no heart"), "{text}");
}

#[test]
fn a_baseline_that_cannot_be_read_is_an_error() {
    let folder = repository();
    without_shop(&folder);
    let said = |arguments: &[&str], path: Option<&str>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fleetc"));
        command.current_dir(folder.root()).args(arguments).env("NO_COLOR", "1").env("FLEETC_BUILD_NO_CACHE", "1");
        if let Some(path) = path {
            command.env("PATH", path);
        }
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let before = folder.tree("out");
    let (code, text) = said(&["build"], Some("/nowhere"));
    assert!(code == Some(1) && text.contains("F0609") && text.contains("`git` cannot be run"), "{text}");
    let (code, text) = said(&["build", "--base", "v1"], None);
    assert!(code == Some(1) && text.contains("F0609") && text.contains("no such commit"), "{text}");
    let (code, text) = said(&["build", "--no-baseline"], Some("/nowhere"));
    assert!(code == Some(1) && text.contains("F0610"), "{text}");
    assert_eq!(folder.tree("out"), before);
    folder.write("out/fleet.lock", folder.read("out/fleet.lock").replace("shop", "chop"));
    git(&folder, &["commit", "-q", "-a", "-m", "by hand"]);
    let (code, text) = said(&["build"], None);
    assert!(code == Some(1) && text.contains("F0603"), "{text}");
    // What the message says leads out.
    git(&folder, &["checkout", "-q", "HEAD^", "--", "out/fleet.lock"]);
    let (code, text) = said(&["build"], None);
    assert!(code == Some(1) && text.contains("`HEAD:out/fleet.lock`") && text.contains("--base"), "{text}");
    let (code, text) = said(&["build", "--base", "HEAD^1"], None);
    assert!(code == Some(1) && text.contains("F0610"), "{text}");
    git(&folder, &["checkout", "-q", "HEAD^", "--", "fleet.fleet"]);
    assert_eq!(said(&["build", "--base", "HEAD^1"], None).0, Some(0));
    git(&folder, &["commit", "-q", "-a", "-m", "mended"]);
    assert_eq!(said(&["build"], None).0, Some(0));
}

#[test]
fn however_a_repository_is_checked_out_its_last_commit_guards() {
    let folder = repository();
    let from = format!("file://{}", folder.root().display());
    let run = |at: &Folder, arguments: &[&str]| {
        git(at, &[&["-c", "protocol.file.allow=always"], arguments].concat());
    };
    let checkouts = Folder::new();
    for (name, commands) in [
        (
            "detached",
            vec![vec!["clone", "-q", &from, "detached"], vec!["-C", "detached", "checkout", "-q", "--detach"]],
        ),
        ("shallow", vec![vec!["clone", "-q", "--depth=1", &from, "shallow"]]),
        (
            "sparse",
            vec![
                vec!["clone", "-q", "--sparse", &from, "sparse"],
                vec!["-C", "sparse", "sparse-checkout", "set", "web"],
            ],
        ),
        ("tree", vec![vec!["clone", "-q", &from, "whole"], vec!["-C", "whole", "worktree", "add", "-q", "../tree"]]),
        (
            "above/below",
            vec![vec!["init", "-q", "above"], vec!["-C", "above", "submodule", "-q", "add", &from, "below"]],
        ),
    ] {
        for command in &commands {
            run(&checkouts, command);
        }
        let path = format!("{name}/fleet.fleet");
        let text = checkouts.read(&path);
        let build = || {
            let output = fleetc(&checkouts, &["build", "-C", name, "--dry-run"]);
            (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
        };
        assert_eq!(build().0, Some(0), "{name}: {}", build().1);
        let lines = text.lines().filter(|line| !line.contains("shop"));
        checkouts.write(&path, lines.map(|line| format!("{line}\n")).collect::<String>());
        let (code, said) = build();
        assert!(code == Some(1) && said.contains("F0610"), "{name}: {said}");
    }
    // What a shallow clone lacks is not taken for nothing.
    git(&folder, &["commit", "-q", "--allow-empty", "-m", "second"]);
    run(&checkouts, &["clone", "-q", "--depth=1", &from, "shallower"]);
    let output = fleetc(&checkouts, &["build", "-C", "shallower", "--base", "HEAD~1"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("F0609"));
}

#[test]
fn a_head_that_git_has_lost_is_no_empty_repository() {
    let folder = repository();
    for part in [".git/HEAD", ".git/refs/heads/main"] {
        let was = folder.read(part);
        folder.write(part, format!("{}\n", "1234567890".repeat(4)));
        let output = fleetc(&folder, &["build"]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("F0609"), "{part}: {said}");
        folder.write(part, was);
    }
    let hash = Command::new("git").arg("-C").arg(folder.root()).args(["rev-parse", "HEAD:out/fleet.lock"]).output();
    let hash = String::from_utf8(hash.unwrap().stdout).unwrap();
    folder.remove(&format!(".git/objects/{}/{}", &hash[..2], hash[2..].trim()));
    let output = fleetc(&folder, &["build"]);
    let said = String::from_utf8_lossy(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("F0609") && said.contains("has lost"), "{said}");
}

#[test]
fn generated_files_that_were_committed_without_their_lock_are_no_empty_baseline() {
    let folder = repository();
    git(&folder, &["rm", "-q", "--cached", "out/fleet.lock"]);
    git(&folder, &["commit", "-q", "-m", "no lock"]);
    without_shop(&folder);
    // The lock in the folder still guards.
    assert!(String::from_utf8_lossy(&fleetc(&folder, &["build"]).stderr).contains("F0610"));
    folder.remove("out/fleet.lock");
    let before = folder.tree("out");
    let output = fleetc(&folder, &["build", "--overwrite-edits"]);
    let said = String::from_utf8_lossy(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("F0609") && said.contains("is committed without it"), "{said}");
    assert_eq!(folder.tree("out"), before);
}

#[test]
fn an_output_folder_that_moves_takes_its_guards_along() {
    let folder = repository();
    let text = folder.read("fleet.fleet").replace("output = \"out\"", "output = \"there/out\"");
    folder.write("fleet.fleet", &text);
    let output = fleetc(&folder, &["build", "--dry-run"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    without_shop(&folder);
    let output = fleetc(&folder, &["build"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("F0610"));
    // A folder of one's own is for looking at what would be built.
    let output = fleetc(&folder, &["build", "-o", "preview"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn an_output_folder_that_moves_keeps_its_guards_under_another_name_of_the_fleet() {
    let folder = repository();
    without_shop(&folder);
    let text = folder.read("fleet.fleet").replace("output = \"out\"", "output = \"there\"");
    folder.write("fleet.fleet", text.replace("fleet demo", "fleet other"));
    // Beside output that stays it is another fleet.
    let output = fleetc(&folder, &["build", "--dry-run"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::remove_dir_all(folder.path("out")).unwrap();
    let output = fleetc(&folder, &["build"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("F0610") && said.contains("F0615"), "{said}");
    assert!(folder.tree("there").is_empty(), "{:?}", folder.tree("there"));
}

#[test]
fn a_fleet_of_argocd_that_is_renamed_is_told_of_its_root() {
    let before = fleet(&format!("{CLUSTERS}{}", component("web", "all", "")));
    let old = Record { fleet: "old".into(), ..(*build(&before).record).clone() };
    let said = "F0615 the fleet was called `old`, so its root Application has another name from now on";
    assert_eq!(judged_by(old.into(), &before), [said]);
    let flux = before.replace("argocd { }", "flux { }");
    let old = Record { fleet: "old".into(), ..(*build(&flux).record).clone() };
    assert_eq!(judged_by(old.into(), &flux), NOTHING);
}

/// Nothing may go then, but that says nothing of what was protected.
#[test]
fn without_a_baseline_no_protection_is_said_to_be_lost() {
    let folder = repository();
    let unprotected = folder.read("out/fleet.lock").contains("dev");
    let output = fleetc(&folder, &["build", "--no-baseline"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(unprotected && output.status.success() && !said.contains("F0614"), "{said}");
}

#[test]
fn generated_files_without_any_lock_are_not_overwritten_as_edits() {
    let folder = repository();
    folder.remove("out/fleet.lock");
    without_shop(&folder);
    folder.write("fleet.fleet", folder.read("fleet.fleet").replace("namespace = web", "namespace = other"));
    let before = folder.tree("out");
    let output = fleetc(&folder, &["build", "--no-baseline"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("F0602"));
    let output = fleetc(&folder, &["build", "--no-baseline", "--overwrite-edits"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("F0609") && said.contains("`out/fleet.lock` is not there"), "{said}");
    std::fs::remove_dir_all(folder.path(".git")).unwrap();
    let output = fleetc(&folder, &["build", "--overwrite-edits"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("F0609"));
    assert_eq!(folder.tree("out"), before);
}

#[test]
fn a_folder_without_commits_is_judged_by_the_last_build() {
    let folder = Folder::new();
    folder.write("web/kustomization.yaml", "resources: []\n");
    folder.write(
        "fleet.fleet",
        fleet(&format!("{CLUSTERS}{}{}", component("web", "all", ""), component("shop", "all", ""))),
    );
    assert!(fleetc(&folder, &["build"]).status.success());
    without_shop(&folder);
    let output = fleetc(&folder, &["build"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("F0610"));
    git(&folder, &["init", "-q"]);
    let output = fleetc(&folder, &["build"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("F0610"));
}
