//! The Kustomizations and HelmReleases that the emitted files hold, and whether they are those of the plan.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::super::model::Max;
use super::super::reference::Deployment;
use super::{Expected, Tree, differences, objects, patches, text};

const KUSTOMIZE: &str = "kustomize.toolkit.fluxcd.io/";

/// Everything that is not as the plan says.
pub fn compare(expected: &Expected, tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    let mut all: BTreeMap<&str, (&str, &Value)> = BTreeMap::new();
    for (file, object) in objects(tree, "flux/hub/", "Kustomization") {
        if !text(object, "/apiVersion").starts_with(KUSTOMIZE) {
            continue;
        }
        let name = text(object, "/metadata/name");
        if all.insert(name, (file, object)).is_some() {
            found.push(format!("two Kustomizations are named {name}"));
        }
        let written = ["interval", "retryInterval", "timeout", "prune", "wait"];
        for key in written.iter().filter(|key| object["spec"][**key].is_null()) {
            found.push(format!("{name}: no {key}"));
        }
    }
    for deployment in &expected.deployments {
        match all.get(deployment.name.as_str()) {
            Some((file, object)) => {
                if *file != format!("flux/hub/clusters/{}.yaml", deployment.cluster) {
                    found.push(format!("{} is in {file}", deployment.name));
                }
                match deployment.source["chart"].is_null() {
                    true => folder(expected, tree, deployment, object, &mut found),
                    false => chart(expected, tree, deployment, object, &mut found),
                }
            }
            None => found.push(format!("no Kustomization {}", deployment.name)),
        }
    }
    let names: BTreeSet<&str> = expected.deployments.iter().map(|it| it.name.as_str()).collect();
    for (name, (file, _)) in all.iter().filter(|(name, _)| !names.contains(*name)) {
        if !file.starts_with("flux/hub/rollouts/") {
            found.push(format!("the Kustomization {name} in {file} is not in the plan"));
        }
    }
    releases(expected, tree, &mut found);
    listed(tree, &mut found);
    order(expected, &all, &mut found);
    found
}

/// A deployment of a folder.
fn folder(expected: &Expected, tree: &Tree, deployment: &Deployment, object: &Value, found: &mut Vec<String>) {
    let spec = &object["spec"];
    let (url, revision) = source(tree, &spec["sourceRef"]);
    let objects = spec["healthChecks"].as_array().cloned().unwrap_or_default();
    let health: Vec<String> = objects
        .iter()
        .map(|it| {
            let part = |key: &str| it[key].as_str().unwrap_or_default();
            format!("{}/{}/{}/{}", part("apiVersion"), part("kind"), part("namespace"), part("name"))
        })
        .collect();
    let mut images: Vec<String> = spec["images"].as_array().into_iter().flatten().map(image).collect();
    images.sort();
    let actual = json!({
        "url": url, "revision": revision, "path": spec["path"].as_str().map(|it| it.trim_start_matches("./")),
        "namespace": spec["targetNamespace"], "prune": spec["prune"], "wait": spec["wait"], "health": health,
        "kubeconfig": spec["kubeConfig"]["secretRef"]["name"], "suspend": spec["suspend"] == json!(true),
        "marked": object["metadata"]["labels"], "noted": object["metadata"]["annotations"],
        "patches": patches(&spec["patches"]), "images": images,
    });
    let mut wanted = json!({
        "marked": deployment.rest["labels"],
        "url": deployment.source["url"], "revision": deployment.source["revision"], "path": deployment.source["path"],
        "namespace": deployment.namespace, "prune": deployment.prune, "wait": deployment.wait,
        "health": deployment.health, "kubeconfig": kubeconfig(expected, deployment),
        "suspend": deployment.rest["suspend"], "patches": deployment.patches,
        "images": expected.images(deployment),
    });
    if deployment.rest["annotations"] != json!({}) {
        wanted["noted"] = deployment.rest["annotations"].clone();
    }
    differences(&wanted, &actual, &deployment.name, found);
}

/// `name=new`
fn image(image: &Value) -> String {
    let (name, new) = (text(image, "/name"), text(image, "/newName"));
    match (text(image, "/newTag"), text(image, "/digest")) {
        (tag, "") => format!("{name}={new}:{tag}"),
        (_, digest) => format!("{name}={new}@{digest}"),
    }
}

/// A deployment of a chart: the Kustomization on the hub applies the one HelmRelease in its folder.
fn chart(expected: &Expected, tree: &Tree, deployment: &Deployment, object: &Value, found: &mut Vec<String>) {
    let home = &expected.reference.fleet.home;
    let home = expected.reference.fleet.sources.iter().find(|source| source.name == *home).expect("the home source");
    let path = format!("flux/releases/{}/{}", deployment.cluster, deployment.component);
    let (url, _) = source(tree, &object["spec"]["sourceRef"]);
    if url != json!(home.url) || !text(object, "/spec/path").trim_end_matches('/').ends_with(&path) {
        found.push(format!("{} applies {} of {url}", deployment.name, object["spec"]["path"]));
    }
    if !object["spec"]["kubeConfig"].is_null() {
        found.push(format!("{}: a HelmRelease lives on the hub, but there is a kubeConfig", deployment.name));
    }
    let releases = objects(tree, &format!("{path}/"), "HelmRelease");
    let [(_, release)] = releases.as_slice() else {
        found.push(format!("{} HelmReleases in {path}", releases.len()));
        return;
    };
    let spec = &release["spec"];
    let (url, chart, version) = match &spec["chartRef"] {
        Value::Null => {
            let chart = &spec["chart"]["spec"];
            (source(tree, &chart["sourceRef"]).0, chart["chart"].clone(), chart["version"].clone())
        }
        reference => {
            let (url, version) = source(tree, reference);
            let url = url.as_str().unwrap_or_default().to_string();
            let (url, chart) = url.rsplit_once('/').unwrap_or_default();
            (json!(url), json!(chart), version)
        }
    };
    let actual = json!({
        "name": release["metadata"]["name"], "url": url, "chart": chart, "version": version,
        "namespace": spec["targetNamespace"], "release": spec["releaseName"],
        "kubeconfig": spec["kubeConfig"]["secretRef"]["name"],
        "values": if spec["values"].is_null() { json!({}) } else { spec["values"].clone() },
    });
    let wanted = json!({
        "name": deployment.name, "url": deployment.source["url"], "chart": deployment.source["chart"],
        "version": deployment.source["revision"], "namespace": deployment.namespace,
        "release": deployment.rest["release"].as_str().unwrap_or(&deployment.component),
        "kubeconfig": kubeconfig(expected, deployment), "values": deployment.values,
    });
    differences(&wanted, &actual, &deployment.name, found);
}

/// The Secret with a cluster's kubeconfig.
fn kubeconfig(expected: &Expected, deployment: &Deployment) -> String {
    let flux = expected.reference.fleet.flux.as_ref().expect("Flux");
    let (before, after) = flux.kubeconfig.clone().unwrap_or((String::new(), "-kubeconfig".into()));
    format!("{before}{}{after}", deployment.cluster)
}

/// The URL and the revision of the source that a reference names.
fn source(tree: &Tree, reference: &Value) -> (Value, Value) {
    let (kind, name) = (text(reference, "/kind"), text(reference, "/name"));
    let objects = objects(tree, "flux/hub/sources/", kind);
    let Some((_, object)) = objects.into_iter().find(|(_, object)| text(object, "/metadata/name") == name) else {
        return (json!(format!("no {kind} {name}")), Value::Null);
    };
    let revision = object["spec"]["ref"].as_object().and_then(|it| it.values().next().cloned()).unwrap_or(Value::Null);
    (object["spec"]["url"].clone(), revision)
}

/// No HelmRelease without a deployment.
fn releases(expected: &Expected, tree: &Tree, found: &mut Vec<String>) {
    let charts = expected.deployments.iter().filter(|it| !it.source["chart"].is_null());
    let wanted: BTreeSet<&str> = charts.map(|it| it.name.as_str()).collect();
    let actual: BTreeSet<&str> =
        objects(tree, "flux/", "HelmRelease").into_iter().map(|(_, it)| text(it, "/metadata/name")).collect();
    if wanted != actual {
        found.push(format!("HelmReleases: expected {wanted:?}, found {actual:?}"));
    }
}

/// `hub/kustomization.yaml` lists every file of the hub.
fn listed(tree: &Tree, found: &mut Vec<String>) {
    let index = tree.get("flux/hub/kustomization.yaml").and_then(|documents| documents.first());
    let resources = index.map_or(Value::Null, |index| index["resources"].clone());
    let listed: BTreeSet<&str> = resources.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let files = tree.keys().filter_map(|path| path.strip_prefix("flux/hub/"));
    let files: BTreeSet<&str> = files.filter(|path| *path != "kustomization.yaml").collect();
    if listed != files {
        found.push(format!("hub/kustomization.yaml lists {listed:?}, there are {files:?}"));
    }
}

/// `dependsOn` has no cycle, names what is there, and keeps `after` and the stages.
fn order(expected: &Expected, all: &BTreeMap<&str, (&str, &Value)>, found: &mut Vec<String>) {
    let edges = edges(all, |_| true);
    for (name, targets) in &edges {
        for target in targets.iter().filter(|target| !edges.contains_key(*target)) {
            found.push(format!("{name} depends on {target}, which is not there"));
        }
        if reachable(name, &edges).contains(name) {
            found.push(format!("{name} depends on itself"));
        }
    }
    // kustomize-controller skips its own tests of a dependency that has a readyExpr.
    let tested = self::edges(all, |entry| entry["readyExpr"].is_null());
    let reach: BTreeMap<&str, BTreeSet<&str>> = tested.keys().map(|name| (*name, reachable(name, &tested))).collect();
    let waits = |later: &str, earlier: &str| reach.get(later).is_some_and(|reached| reached.contains(earlier));
    for deployment in &expected.deployments {
        for after in &deployment.after {
            let earlier = expected.find(after, &deployment.cluster).map(|it| it.name.clone()).unwrap_or_default();
            if !waits(&deployment.name, &earlier) {
                found.push(format!("{} does not wait for {earlier}", deployment.name));
            }
        }
    }
    for deployment in expected.deployments.iter().filter(|it| it.rollout.is_some() && expected.stage(it).manual) {
        let held = |name: &&str| {
            all.get(*name).is_some_and(|(file, object)| {
                file.starts_with("flux/hub/rollouts/") && object["spec"]["suspend"] == json!(true)
            })
        };
        if !reach.get(deployment.name.as_str()).is_some_and(|reached| reached.iter().any(held)) {
            found.push(format!("nothing holds {}", deployment.name));
        }
    }
    let quiet = expected.deployments.iter().all(|it| it.after.is_empty());
    for component in expected.components() {
        let batches = batches(expected, &component);
        for (index, batch) in batches.iter().enumerate() {
            let earlier = batches[..index].iter().flatten();
            for (later, earlier) in earlier.flat_map(|earlier| batch.iter().map(move |later| (later, earlier))) {
                if !waits(later, earlier) {
                    found.push(format!("{later} does not wait for {earlier}, which is in an earlier stage or batch"));
                }
            }
            let beside = batch.iter().flat_map(|a| batch.iter().map(move |b| (a, b)));
            for (a, b) in beside.filter(|(a, b)| a != b && quiet && waits(a, b)) {
                found.push(format!("{a} waits for {b}, which is in the same batch"));
            }
        }
    }
}

/// What each Kustomization names in the entries of its `dependsOn` that count.
fn edges<'e>(
    all: &BTreeMap<&'e str, (&str, &'e Value)>,
    counts: fn(&Value) -> bool,
) -> BTreeMap<&'e str, Vec<&'e str>> {
    let targets = |object: &'e Value| {
        let entries = object["spec"]["dependsOn"].as_array().into_iter().flatten();
        entries.filter(|entry| counts(entry)).map(|entry| text(entry, "/name")).collect()
    };
    all.iter().map(|(name, (_, object))| (*name, targets(object))).collect()
}

/// What a Kustomization waits for, directly and not.
fn reachable<'e>(from: &str, edges: &BTreeMap<&'e str, Vec<&'e str>>) -> BTreeSet<&'e str> {
    let mut reached = BTreeSet::new();
    let mut left: Vec<&str> = edges.get(from).cloned().unwrap_or_default();
    while let Some(next) = left.pop() {
        if reached.insert(next) {
            left.extend(edges.get(next).into_iter().flatten());
        }
    }
    reached
}

/// The deployments of a component that may change together: a stage, cut by its `max` in name order.
fn batches(expected: &Expected, component: &str) -> Vec<Vec<String>> {
    let mut batches = Vec::new();
    for (_, deployments) in expected.stages(component) {
        let size = match expected.stage(deployments[0]).max {
            None => deployments.len(),
            Some(Max::Count(count)) => count,
            Some(Max::Percent(percent)) => deployments.len() * percent / 100,
        };
        for batch in deployments.chunks(size.max(1)) {
            batches.push(batch.iter().map(|it| it.name.clone()).collect());
        }
    }
    batches
}
