//! The Applications that are emitted or that the emitted ApplicationSets generate, and whether they are those of the
//! plan.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::super::model::Max;
use super::super::reference::{Cluster, Deployment, matches};
use super::app_of_apps;
use super::gotemplate::render;
use super::{Expected, Tree, differences, objects, patches, text};

/// An ApplicationSet with the Applications it generates.
struct Set<'t> {
    object: &'t Value,
    applications: Vec<Value>,
}

/// Everything that is not as the plan says.
pub fn compare(expected: &Expected, tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    if expected.reference.fleet.argocd.as_ref().is_some_and(|argocd| argocd.app_of_apps) {
        app_of_apps::compare(expected, tree, &mut found);
        return found;
    }
    let sets: Vec<Set> = objects(tree, "argocd/applicationsets/", "ApplicationSet")
        .into_iter()
        .filter_map(|(file, object)| match generate(object) {
            Ok(applications) => Some(Set { object, applications }),
            Err(why) => {
                found.push(format!("{file}: {why}"));
                None
            }
        })
        .collect();
    let mut seen: BTreeMap<String, (&Set, &Value)> = BTreeMap::new();
    for set in &sets {
        for application in &set.applications {
            let name = text(application, "/metadata/name").to_string();
            if seen.insert(name.clone(), (set, application)).is_some() {
                found.push(format!("two Applications are named {name}"));
            }
        }
        steps(set, &mut found);
    }
    for deployment in &expected.deployments {
        match seen.remove(&deployment.name) {
            Some((set, application)) => {
                let preserved = set.object["spec"]["syncPolicy"]["preserveResourcesOnDeletion"] == json!(true);
                let actual = resolved(preserved, application);
                differences(&wanted(expected, deployment), &actual, &deployment.name, &mut found);
                permitted(expected, tree, deployment, application, &mut found);
            }
            None => found.push(format!("no Application {}", deployment.name)),
        }
    }
    found.extend(seen.keys().map(|name| format!("the Application {name} is not in the plan")));
    projects(expected, tree, &mut found);
    rollouts(expected, &sets, &mut found);
    waves(expected, &sets, &mut found);
    root(tree, &mut found);
    found
}

/// Argo CD renders the template once for each element of each list generator.
fn generate(set: &Value) -> Result<Vec<Value>, String> {
    if set["spec"]["goTemplate"] != json!(true) {
        return Err("no goTemplate".into());
    }
    if set["spec"]["goTemplateOptions"] != json!(["missingkey=error"]) {
        return Err("no missingkey=error".into());
    }
    if !set["spec"]["templatePatch"].is_null() {
        return Err("the tests cannot render a templatePatch".into());
    }
    let mut applications = Vec::new();
    for generator in set["spec"]["generators"].as_array().ok_or("no generators")? {
        let elements = generator["list"]["elements"].as_array().ok_or("a generator without a list")?;
        if elements.len() > 400 {
            return Err(format!("{} elements", elements.len()));
        }
        for element in elements {
            let element: BTreeMap<String, String> =
                serde_json::from_value(element.clone()).map_err(|error| format!("{error} in {element}"))?;
            applications.push(render(&set["spec"]["template"], &element)?);
        }
    }
    Ok(applications)
}

/// An Application, in the words of the plan. Without a finalizer its workloads go with its ApplicationSet, unless
/// `preserved`.
pub(super) fn resolved(preserved: bool, application: &Value) -> Value {
    let spec = &application["spec"];
    let sources = spec["sources"].as_array().into_iter().flatten();
    let content = |source: &&Value| source["path"].is_string() || source["chart"].is_string();
    let source = sources.chain([&spec["source"]]).find(content).unwrap_or(&Value::Null);
    let helm = &source["helm"];
    let values = match (&helm["valuesObject"], helm["values"].as_str()) {
        (object @ Value::Object(_), _) => object.clone(),
        (_, Some(values)) => serde_yaml::from_str(values).unwrap_or_else(|error| json!(error.to_string())),
        _ => json!({}),
    };
    let revision = match source["targetRevision"].as_str() {
        None | Some("" | "HEAD") => Value::Null,
        Some(revision) => json!(revision),
    };
    let options = spec["syncPolicy"]["syncOptions"].as_array().cloned().unwrap_or_default();
    let finalizers = application["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
    let mut images = source["kustomize"]["images"].as_array().cloned().unwrap_or_default();
    images.sort_by_key(Value::to_string);
    images.dedup();
    // Where one cluster of a template replaces an image and another does not: an image that nothing has.
    images.retain(|image| image != "fleetc.dev/none:none");
    let mut result = json!({
        "destination": { "name": spec["destination"]["name"], "server": spec["destination"]["server"] },
        "namespace": spec["destination"]["namespace"],
        "project": spec["project"],
        "source": {
            "url": text(source, "/repoURL").trim_start_matches("oci://"),
            "revision": revision,
            "path": source["path"].as_str().filter(|_| source["chart"].is_null()).map(|it| it.trim_start_matches("./")),
            "chart": source["chart"],
        },
        "values": values,
        "patches": patches(&source["kustomize"]["patches"]),
        "images": images,
        "marked": application["metadata"]["labels"],
        "noted": application["metadata"]["annotations"],
        "create_namespace": options.contains(&json!("CreateNamespace=true")),
        "cascade": !finalizers.is_empty() || !preserved,
    });
    let automated = &spec["syncPolicy"]["automated"];
    if automated.is_object() {
        result["prune"] = json!(automated["prune"] == json!(true));
        result["self_heal"] = json!(automated["selfHeal"] == json!(true));
    }
    result
}

/// A deployment, in the same words.
pub(super) fn wanted(expected: &Expected, deployment: &Deployment) -> Value {
    let argocd = expected.reference.fleet.argocd.as_ref().expect("Argo CD");
    let cluster = cluster(expected, deployment);
    let source = &deployment.source;
    let mut result = json!({
        "destination": if argocd.by_server { json!({ "name": null, "server": cluster.server }) }
            else { json!({ "name": cluster.name, "server": null }) },
        "namespace": deployment.namespace,
        "project": deployment.project.as_deref().unwrap_or("default"),
        "source": {
            "url": text(source, "/url").trim_start_matches("oci://"),
            "revision": source["revision"], "path": source["path"], "chart": source["chart"],
        },
        "values": deployment.values,
        "patches": deployment.patches,
        "images": expected.images(deployment),
        "marked": deployment.rest["labels"],
        "cascade": cascade(expected, deployment),
    });
    if deployment.rest["annotations"] != json!({}) {
        result["noted"] = deployment.rest["annotations"].clone();
    }
    // Without a namespace there is none to make.
    if deployment.namespace.is_some() {
        result["create_namespace"] = json!(deployment.create_namespace);
    }
    if deployment.rest["suspend"] == json!(false) {
        result["prune"] = json!(deployment.prune);
        result["self_heal"] = json!(deployment.self_heal);
    }
    // Under a rolling sync, Argo CD switches automated sync off; what is written there has no effect.
    if !argocd.app_of_apps && expected.ordered(&deployment.component) {
        let result = result.as_object_mut().expect("an object");
        result.remove("self_heal");
        result.remove("prune");
    }
    result
}

fn cluster<'e>(expected: &'e Expected, deployment: &Deployment) -> &'e Cluster {
    let clusters = &expected.reference.clusters;
    clusters.iter().find(|cluster| cluster.name == deployment.cluster).expect("a declared cluster")
}

/// Whether workloads go with their Application: as said, else not on protected clusters; one answer under a rollout.
fn cascade(expected: &Expected, deployment: &Deployment) -> bool {
    match deployment.rest["on_delete"].as_str() {
        Some(said) => said == "cascade",
        None if deployment.rollout.is_some() => {
            let mut own = expected.deployments.iter().filter(|it| it.component == deployment.component);
            !own.any(|it| it.protected)
        }
        None => !deployment.protected,
    }
}

/// Argo CD 3.5, app_project_types.go: what the emitted AppProject permits.
pub(super) fn permitted(
    expected: &Expected,
    tree: &Tree,
    deployment: &Deployment,
    application: &Value,
    found: &mut Vec<String>,
) {
    let Some(project) = &deployment.project else { return };
    let file = format!("argocd/projects/{project}.yaml");
    let Some(object) = tree.get(&file).and_then(|documents| documents.iter().find(|it| it["kind"] == "AppProject"))
    else {
        found.push(format!("no AppProject in {file}"));
        return;
    };
    let spec = &object["spec"];
    let url = text(application, "/spec/source/repoURL").to_lowercase();
    let url = url.trim_end_matches(".git").trim_start_matches("ssh://");
    let repositories = spec["sourceRepos"].as_array().cloned().unwrap_or_default();
    let permits = |pattern: &Value| {
        let pattern = pattern.as_str().unwrap_or_default().to_lowercase();
        pattern == "*" || pattern.trim_end_matches(".git").trim_start_matches("ssh://") == url
    };
    if !repositories.iter().any(permits) {
        found.push(format!("{}: {project} does not permit {url}", deployment.name));
    }
    let cluster = cluster(expected, deployment);
    let server = server(cluster);
    let namespace = deployment.namespace.clone().unwrap_or_default();
    let permits = |item: &Value| {
        (matches(text(item, "/name"), &cluster.name) || matches(text(item, "/server"), &server))
            && matches(text(item, "/namespace"), &namespace)
    };
    if !spec["destinations"].as_array().into_iter().flatten().any(permits) {
        found.push(format!("{}: {project} does not permit {namespace:?} there", deployment.name));
    }
}

/// The API server of a cluster; Argo CD knows it even where the fleet does not say it.
fn server(cluster: &Cluster) -> String {
    cluster.server.clone().unwrap_or("https://somewhere.example.com".into())
}

/// Every AppProject permits what its project says.
pub(super) fn projects(expected: &Expected, tree: &Tree, found: &mut Vec<String>) {
    let plan = expected.reference.plan();
    for project in plan["projects"].as_array().into_iter().flatten() {
        let name = text(project, "/name");
        let objects = objects(tree, &format!("argocd/projects/{name}.yaml"), "AppProject");
        let [(_, object)] = objects.as_slice() else {
            found.push(format!("{} AppProjects for {name}", objects.len()));
            continue;
        };
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        for source in list(&project["sources"]) {
            if !list(&object["spec"]["sourceRepos"]).contains(&source) {
                found.push(format!("the AppProject {name} does not permit {source}"));
            }
        }
        let chosen = list(&project["clusters"]);
        for cluster in &expected.reference.clusters {
            let permitted = |namespace: &Value| {
                list(&object["spec"]["destinations"]).iter().any(|item| {
                    item["namespace"] == *namespace
                        && (matches(text(item, "/name"), &cluster.name)
                            || matches(text(item, "/server"), &server(cluster)))
                })
            };
            let wanted = chosen.iter().any(|glob| matches(glob.as_str().unwrap_or_default(), &cluster.name));
            for namespace in list(&project["namespaces"]).iter().filter(|namespace| permitted(namespace) != wanted) {
                found.push(format!("the AppProject {name}, {namespace} on {}: expected {wanted}", cluster.name));
            }
        }
    }
}

/// The steps that an Application is in, from 0. Argo CD 3.5: all expressions hold; `In` needs the label.
fn steps_of(set: &Set, application: &Value) -> Vec<usize> {
    let steps = set.object["spec"]["strategy"]["rollingSync"]["steps"].as_array().cloned().unwrap_or_default();
    let label = |key: &str| application["metadata"]["labels"].get(key);
    let holds = |expression: &Value| {
        let values = expression["values"].as_array().cloned().unwrap_or_default();
        let value = label(text(expression, "/key"));
        match text(expression, "/operator") {
            "In" => value.is_some_and(|value| values.contains(value)),
            "NotIn" => value.is_none_or(|value| !values.contains(value)),
            other => panic!("the operator {other} of a step"),
        }
    };
    let all = |step: &Value| step["matchExpressions"].as_array().into_iter().flatten().all(holds);
    (0..steps.len()).filter(|&index| all(&steps[index])).collect()
}

/// Each Application is in exactly one step.
fn steps(set: &Set, found: &mut Vec<String>) {
    let strategy = &set.object["spec"]["strategy"];
    if strategy.is_null() {
        return;
    }
    if strategy["type"] != "RollingSync" {
        found.push(format!("{}: the strategy {}", text(set.object, "/metadata/name"), strategy["type"]));
    }
    for application in &set.applications {
        let steps = steps_of(set, application);
        if steps.len() != 1 {
            found.push(format!("{} is in the steps {steps:?}", text(application, "/metadata/name")));
        }
    }
}

/// Under a rollout, one ApplicationSet holds all of a component and its steps follow the stages.
fn rollouts(expected: &Expected, sets: &[Set], found: &mut Vec<String>) {
    for component in expected.components() {
        let stages = expected.stages(&component);
        let mut last: Option<usize> = None;
        let mut owners = BTreeSet::new();
        for (stage, deployments) in &stages {
            let mut here = BTreeSet::new();
            for deployment in deployments {
                let Some((set, application)) = find(sets, &deployment.name) else { continue };
                owners.insert(text(set.object, "/metadata/name"));
                here.extend(steps_of(set, application));
                if !expected.ordered(&component) || set.object["spec"]["strategy"]["type"] != "RollingSync" {
                    found.push(format!("{} has no RollingSync", deployment.name));
                }
                // Argo CD 3.5: a step of 0 is synced by hand, and the next one waits for it.
                let said = expected.stage(deployment);
                let max = match said.max {
                    _ if said.manual => json!(0),
                    None => Value::Null,
                    Some(Max::Count(count)) => json!(count),
                    Some(Max::Percent(percent)) => json!(format!("{percent}%")),
                };
                for step in steps_of(set, application) {
                    let actual = &set.object["spec"]["strategy"]["rollingSync"]["steps"][step]["maxUpdate"];
                    if max != *actual {
                        found.push(format!("{}: maxUpdate is {actual}, the stage's max is {max}", deployment.name));
                    }
                }
            }
            if here.len() != 1 || here.first().is_some_and(|&step| last.is_some_and(|last| step <= last)) {
                found.push(format!("{component}: the stage {stage} is in the steps {here:?} behind {last:?}"));
            }
            last = here.first().copied().or(last);
        }
        if owners.len() > 1 {
            found.push(format!("{component}: its rollout is spread over {owners:?}"));
        }
    }
}

fn find<'s, 't>(sets: &'s [Set<'t>], name: &str) -> Option<(&'s Set<'t>, &'s Value)> {
    sets.iter().find_map(|set| {
        let application = set.applications.iter().find(|it| text(it, "/metadata/name") == name)?;
        Some((set, application))
    })
}

/// `after`: the ApplicationSets of what comes first have an earlier sync wave, and all of them are rolling.
fn waves(expected: &Expected, sets: &[Set], found: &mut Vec<String>) {
    let wave = |set: &Set| -> i64 {
        let waves = &set.object["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"];
        waves.as_str().and_then(|wave| wave.parse().ok()).unwrap_or(0)
    };
    for deployment in &expected.deployments {
        for after in &deployment.after {
            let first = expected.find(after, &deployment.cluster).map(|it| it.name.clone()).unwrap_or_default();
            let (Some((earlier, _)), Some((later, _))) = (find(sets, &first), find(sets, &deployment.name)) else {
                continue;
            };
            if wave(earlier) >= wave(later) {
                found.push(format!("{} does not come after {first}", deployment.name));
            }
            if earlier.object["spec"]["strategy"]["type"] != "RollingSync" {
                found.push(format!("nothing waits for {first}: its ApplicationSet is not rolling"));
            }
        }
    }
}

/// The root Application reads the folder of the others.
pub(super) fn root(tree: &Tree, found: &mut Vec<String>) {
    let root = tree.get("argocd/root.yaml").and_then(|documents| documents.first()).unwrap_or(&Value::Null);
    if root["kind"] != "Application" || !text(root, "/spec/source/path").trim_end_matches('/').ends_with("argocd") {
        found.push(format!("argocd/root.yaml is {root}"));
    }
}

impl Expected<'_> {
    /// Whether Argo CD must order this component's Applications: a rollout, or an end of an `after`.
    pub fn ordered(&self, component: &str) -> bool {
        let own = |it: &&Deployment| it.component == component;
        self.deployments.iter().filter(own).any(|it| it.rollout.is_some() || !it.after.is_empty())
            || self.deployments.iter().any(|it| it.after.iter().any(|after| after == component))
    }
}
