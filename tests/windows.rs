//! Windows and roles reach the Applications that they are meant for and no others, by the rules of Argo CD.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::string_slice)]

#[path = "random/rng.rs"]
#[allow(dead_code)]
mod rng;

use std::io::Write as _;

use fleetc::analysis::compile;
use fleetc::plan::Plan;
use fleetc::project::MemoryFiles;
use fleetc::target::argocd;
use rng::Rng;
use serde_json::{Value, json};

/// `web` on `admin-z` is named as if it were of `web-admin`, and `api` on `gateway-x` as of `api-gateway`.
const COMPONENTS: [&str; 6] = ["api", "api-gateway", "web", "web-admin", "gateway", "a"];
const CLUSTERS: [(&str, &str); 4] = [("dev-1", "dev"), ("gateway-x", "prod"), ("prod-1", "prod"), ("admin-z", "dev")];
const GLOBS: [&str; 7] = ["api", "api*", "web", "web-*", "*", "*-*", "gateway"];

fn planned(text: &str) -> Result<Plan, Vec<String>> {
    let compilation = compile(&MemoryFiles::new().file("fleet.fleet", text).into_project(), &[]);
    let errors = compilation.diagnostics.iter().filter(|d| d.severity == fleetc::diag::Severity::Error);
    let errors: Vec<String> = errors.map(|d| format!("{} {}", d.code.id, d.message)).collect();
    if errors.is_empty() { Ok(compilation.plan.unwrap()) } else { Err(errors) }
}

/// A fleet with one window and one role that speak of something, and what they speak of.
struct Case {
    text: String,
    components: Vec<&'static str>,
    clusters: usize,
    namespace: Option<&'static str>,
}

fn case(rng: &mut Rng) -> Case {
    let mut text = "fleet demo { source = home }\n\
        source home { git = \"https://github.com/acme/home\", branch = \"main\" }\n\
        label env: dev | prod\n"
        .to_owned();
    text += if rng.chance(50) { "argocd { }\n" } else { "argocd { destination = server }\n" };
    for (name, env) in CLUSTERS {
        text += &format!("cluster {name} {{ env = {env}, server = \"https://{name}.acme.org\" }}\n");
    }
    let mut declared = Vec::new();
    for component in COMPONENTS {
        if component == "a" || rng.chance(80) {
            let project = if component == "a" || rng.chance(80) { "shop" } else { "other" };
            let namespace = if rng.chance(50) { "shop" } else { "web" };
            declared.push(component);
            text += &format!(
                "component {component} on all {{ path = \"{component}\", namespace = {namespace}, project = {project} }}\n"
            );
        }
    }
    let mut components: Vec<&'static str> = Vec::new();
    for _ in 0..rng.below(3) {
        let glob = GLOBS[rng.below(GLOBS.len())];
        if !components.contains(&glob) && declared.iter().any(|name| matches(glob, name)) {
            components.push(glob);
        }
    }
    let clusters = rng.below(4);
    let namespace = [None, Some("shop"), Some("s*")][rng.below(3)];
    let list = |items: &[&str]| format!("{items:?}");
    let said = if components.is_empty() { String::new() } else { format!(", components = {}", list(&components)) };
    let on = ["", ", clusters = env == prod", ", clusters = [\"*-1\"]", ", clusters = [\"gateway-x\", \"admin-*\"]"]
        [clusters];
    let within = namespace.map_or_else(String::new, |namespace| format!(", namespaces = {}", list(&[namespace])));
    text += "project other { sources = [fleet], namespaces = [\"*\"] }\n";
    text += &format!(
        "project shop {{\n  sources = [fleet], namespaces = [\"*\"]\n  \
         window deny {{ schedule = \"0 22 * * 5\", duration = 8h{said}{on}{within} }}\n  \
         role ops {{ actions = [sync]{said} }}\n}}\n"
    );
    Case { text, components, clusters, namespace }
}

/// Whether the glob, of which only `*` is used, matches.
fn matches(glob: &str, text: &str) -> bool {
    match glob.split_once('*') {
        None => glob == text,
        Some((head, rest)) => text.starts_with(head) && (head.len()..=text.len()).any(|at| matches(rest, &text[at..])),
    }
}

impl Case {
    fn of_component(&self, component: &str) -> bool {
        self.components.is_empty() || self.components.iter().any(|glob| matches(glob, component))
    }

    fn of_window(&self, component: &str, cluster: &str, namespace: &str) -> bool {
        let on = match self.clusters {
            0 => true,
            1 => cluster == "prod-1" || cluster == "gateway-x",
            2 => cluster.ends_with("-1"),
            _ => cluster == "gateway-x" || cluster == "admin-z",
        };
        self.of_component(component) && on && self.namespace.is_none_or(|glob| matches(glob, namespace))
    }
}

fn texts(value: &Value) -> Option<Vec<&str>> {
    value.as_array().map(|items| items.iter().filter_map(Value::as_str).collect())
}

/// What Argo CD does with a window of an AppProject (`SyncWindows.Matches`).
fn holds(window: &Value, application: &Value) -> bool {
    let text = |pointer: &str| application.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let (name, server) = (text("/spec/destination/name"), text("/spec/destination/server"));
    let parts = [
        ("applications", vec![text("/metadata/name")]),
        ("clusters", if name.is_empty() { vec![server] } else { vec![name] }),
        ("namespaces", vec![text("/spec/destination/namespace")]),
    ];
    let said: Vec<bool> = parts
        .iter()
        .filter_map(|(key, texts_of)| {
            let globs = texts(&window[*key])?;
            Some(globs.iter().any(|glob| texts_of.iter().any(|text| matches(glob, text))))
        })
        .collect();
    if window["andOperator"] == json!(true) { said.iter().all(|one| *one) } else { said.iter().any(|one| *one) }
}

/// The AppProject `shop`, and for each of its Applications whether window and role are for it.
fn judged(case: &Case) -> (Value, Vec<(Value, bool, bool)>) {
    let plan = planned(&case.text).unwrap_or_else(|errors| panic!("{errors:?}\n{}", case.text));
    let settings = &plan.argocd[0];
    let tree = argocd::build(&plan, settings);
    let project: Value = serde_saphyr::from_str(&tree["argocd/projects/shop.yaml"]).unwrap();
    let applications = argocd::applications(&plan, settings);
    let both = plan.deployments.iter().zip(applications).filter(|(d, _)| d.project.as_deref() == Some("shop"));
    let meant = both.map(|(d, application)| {
        let namespace = d.namespace.as_deref().unwrap();
        let window = case.of_window(&d.component, &d.cluster, namespace);
        (application, window, case.of_component(&d.component))
    });
    let meant = meant.collect();
    (project, meant)
}

#[test]
fn windows_and_roles_reach_what_is_meant_and_nothing_else() {
    let mut rng = Rng::new(7, 0);
    for _ in 0..60 {
        let case = case(&mut rng);
        let (project, applications) = judged(&case);
        for (application, window, role) in applications {
            let name = application["metadata"]["name"].as_str().unwrap();
            let windows = project["spec"]["syncWindows"].as_array().cloned().unwrap_or_default();
            let held = windows.iter().any(|window| holds(window, &application));
            assert_eq!(held, window, "{name}\n{}\n{project:#}", case.text);
            let policies = texts(&project["spec"]["roles"][0]["policies"]).unwrap_or_default();
            let object = format!("shop/{name}");
            let allowed = policies.iter().any(|policy| matches(policy.split(", ").nth(4).unwrap(), &object));
            assert_eq!(allowed, role, "{name}\n{}\n{project:#}", case.text);
        }
    }
}

/// A schedule of five fields, or nearly.
fn schedule(rng: &mut Rng) -> String {
    const FIELDS: [&str; 22] = [
        "*", "?", "0", "5", "12", "31", "59", "60", "7", "6", "1-5", "5-1", "*/15", "*/0", "1,3", "jan", "MON",
        "mon-fri", "5/2", "1-30/7", "x", "0-6",
    ];
    let count = if rng.chance(90) { 5 } else { 4 + rng.below(3) };
    let fields: Vec<&str> =
        (0..count).map(|_| FIELDS[if rng.chance(50) { 0 } else { rng.below(FIELDS.len()) }]).collect();
    fields.join(" ")
}

/// `tests/conformance/argocd.sh` sets `FLEETC_PROJECTS_CORPUS`; without it there is nothing to do.
#[test]
fn the_corpus_is_written_where_it_is_asked_for() {
    let Some(path) = std::env::var_os("FLEETC_PROJECTS_CORPUS") else { return };
    let mut file = std::fs::File::create(path).unwrap();
    let mut rng = Rng::new(11, 0);
    for _ in 0..500 {
        let (project, applications) = judged(&case(&mut rng));
        let applications: Vec<Value> = applications
            .into_iter()
            .map(|(application, window, role)| json!({ "application": application, "window": window, "role": role }))
            .collect();
        writeln!(file, "{}", json!({ "project": project, "applications": applications })).unwrap();
    }
    for _ in 0..500 {
        let schedule = schedule(&mut rng);
        let fleet = format!(
            "fleet demo {{ source = home }}\nargocd {{ }}\n\
             source home {{ git = \"https://github.com/acme/home\", branch = \"main\" }}\ncluster one {{ }}\n\
             project shop {{ window deny {{ schedule = \"{schedule}\", duration = 1h }} }}\n"
        );
        let taken = planned(&fleet).is_ok();
        writeln!(file, "{}", json!({ "schedule": schedule, "taken": taken })).unwrap();
    }
}
