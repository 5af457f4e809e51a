//! Manifests with one thing wrong: the comparison must notice each of them.

use serde_json::{Value, json};

use super::expand::Tree;

/// A way to spoil manifests; false when there is nothing to spoil.
pub type Tamper = (&'static str, fn(&mut Tree) -> bool);

/// All of them.
pub const ALL: [Tamper; 28] = [
    ("an Application is missing", |tree| elements(tree, |elements| elements.pop().is_some())),
    ("an Application comes twice", |tree| {
        elements(tree, |elements| {
            let first = elements[0].clone();
            elements.push(first);
            true
        })
    }),
    ("a parameter is another text", |tree| {
        elements(tree, |elements| {
            let last = elements[0].as_object_mut().unwrap().values_mut().next_back().unwrap();
            *last = json!(format!("{}x", last.as_str().unwrap()));
            true
        })
    }),
    ("another project", |tree| sets(tree, "/spec/template/spec/project", "elsewhere")),
    ("another namespace in Argo CD", |tree| sets(tree, "/spec/template/spec/destination/namespace", "elsewhere")),
    ("another repository", |tree| sets(tree, "/spec/template/spec/source/repoURL", "https://elsewhere.example.com")),
    ("another revision", |tree| sets(tree, "/spec/template/spec/source/targetRevision", "elsewhere")),
    ("other values in Argo CD", |tree| {
        sets(tree, "/spec/template/spec/source/helm/values", "{}")
            || sets(tree, "/spec/template/spec/source/helm/valuesObject", "{}")
    }),
    ("steps in the wrong order", |tree| {
        change(tree, "argocd/applicationsets/", |set| {
            let steps = set.pointer_mut("/spec/strategy/rollingSync/steps").and_then(Value::as_array_mut);
            steps.is_some_and(|steps| steps.len() > 1 && swap(steps))
        })
    }),
    ("an Application in no step", |tree| {
        change(tree, "argocd/applicationsets/", |set| {
            let steps = set.pointer_mut("/spec/strategy/rollingSync/steps").and_then(Value::as_array_mut);
            steps.is_some_and(|steps| steps.pop().is_some())
        })
    }),
    ("no waves", |tree| {
        let mut any = false;
        each(tree, "argocd/applicationsets/", &mut |set| {
            let annotations = set.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut);
            any |= annotations.is_some_and(|it| it.remove("argocd.argoproj.io/sync-wave").is_some());
        });
        any
    }),
    ("a project that permits no cluster", |tree| {
        change(tree, "argocd/projects/", |project| {
            let items = project.pointer_mut("/spec/destinations").and_then(Value::as_array_mut);
            items.is_some_and(|items| !std::mem::take(items).is_empty())
        })
    }),
    ("an Application that is written out is missing", |tree| {
        let path = tree.keys().find(|path| path.starts_with("argocd/apps/") && path.matches('/').count() == 3).cloned();
        path.is_some_and(|path| tree.remove(&path).is_some())
    }),
    ("an Application of another cluster's root", |tree| {
        let written_out = |path: &&String| path.starts_with("argocd/apps/") && path.matches('/').count() == 3;
        let Some(path) = tree.keys().find(written_out).cloned() else { return false };
        let documents = tree.remove(&path).unwrap();
        tree.insert(path.replace("argocd/apps/", "argocd/apps/not-"), documents).is_none()
    }),
    ("another project of an Application that is written out", |tree| {
        change(tree, "argocd/apps/", |it| {
            let project = it.pointer_mut("/spec/project").unwrap();
            std::mem::replace(project, json!("elsewhere")) != json!("elsewhere")
        })
    }),
    ("Applications without waves", |tree| {
        let mut any = false;
        each(tree, "argocd/apps/", &mut |it| {
            let annotations = it.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut);
            any |= annotations.is_some_and(|it| it.remove("argocd.argoproj.io/sync-wave").is_some());
        });
        any
    }),
    ("a cluster without a root", |tree| {
        let path = tree.keys().find(|path| path.starts_with("argocd/apps/") && path.matches('/').count() == 2).cloned();
        path.is_some_and(|path| tree.remove(&path).is_some())
    }),
    ("a root of a cluster that leaves its Applications behind", |tree| {
        let roots =
            tree.iter_mut().filter(|(path, _)| path.starts_with("argocd/apps/") && path.matches('/').count() == 2);
        roots.flat_map(|(_, documents)| documents).any(|root| {
            root["metadata"].as_object_mut().is_some_and(|metadata| metadata.remove("finalizers").is_some())
        })
    }),
    ("a Kustomization is missing", |tree| {
        let documents = tree.iter_mut().find(|(path, _)| path.starts_with("flux/hub/clusters/"));
        documents.is_some_and(|(_, documents)| documents.pop().is_some())
    }),
    ("another namespace in Flux", |tree| hub(tree, "/spec/targetNamespace", json!("elsewhere"))),
    ("another folder", |tree| hub(tree, "/spec/path", json!("./elsewhere"))),
    ("does not prune", |tree| {
        change(tree, "flux/hub/clusters/", |it| {
            // A folder's Kustomization reaches the cluster itself; a chart's applies the HelmRelease on the hub.
            let folder = it.pointer("/spec/kubeConfig").is_some();
            let prune = it.pointer_mut("/spec/prune").filter(|prune| folder && **prune == json!(true));
            prune.is_some_and(|prune| std::mem::replace(prune, json!(false)) == json!(true))
        })
    }),
    ("other values in Flux", |tree| {
        change(tree, "flux/releases/", |release| {
            let values = release.pointer_mut("/spec/values").and_then(Value::as_object_mut);
            values.is_some_and(|values| values.insert("more".into(), json!(1)).is_none())
        })
    }),
    ("a file that the hub does not list", |tree| {
        let index = tree.get_mut("flux/hub/kustomization.yaml").and_then(|documents| documents.first_mut());
        index.is_some_and(|index| index["resources"].as_array_mut().unwrap().pop().is_some())
    }),
    ("nothing waits", |tree| {
        let mut any = false;
        each(tree, "flux/hub/", &mut |it| {
            any |= it["spec"].as_object_mut().is_some_and(|spec| spec.remove("dependsOn").is_some());
        });
        any
    }),
    ("an open gate", |tree| {
        let mut any = false;
        each(tree, "flux/hub/rollouts/", &mut |it| {
            any |= it["spec"].as_object_mut().is_some_and(|spec| spec.remove("suspend") == Some(json!(true)));
        });
        any
    }),
    ("a gate that waits for one less", |tree| {
        change(tree, "flux/hub/rollouts/", |it| {
            let edges = it.pointer_mut("/spec/dependsOn").and_then(Value::as_array_mut);
            edges.is_some_and(|edges| edges.pop().is_some())
        })
    }),
    ("a circle", |tree| {
        change(tree, "flux/hub/clusters/", |it| {
            let name = it["metadata"]["name"].clone();
            it["spec"]["dependsOn"] = json!([{ "name": name }]);
            true
        })
    }),
];

/// Changes the first list of elements that can be changed.
fn elements(tree: &mut Tree, mut spoil: impl FnMut(&mut Vec<Value>) -> bool) -> bool {
    change(tree, "argocd/applicationsets/", |set| {
        let elements = set.pointer_mut("/spec/generators/0/list/elements").and_then(Value::as_array_mut);
        elements.is_some_and(|elements| !elements.is_empty() && spoil(elements))
    })
}

fn sets(tree: &mut Tree, pointer: &str, value: &str) -> bool {
    change(tree, "argocd/applicationsets/", |set| {
        let place = set.pointer_mut(pointer);
        place.is_some_and(|place| std::mem::replace(place, json!(value)) != json!(value))
    })
}

fn hub(tree: &mut Tree, pointer: &str, value: Value) -> bool {
    change(tree, "flux/hub/clusters/", |it| {
        let place = it.pointer_mut(pointer);
        place.is_some_and(|place| std::mem::replace(place, value.clone()) != value)
    })
}

fn swap(items: &mut [Value]) -> bool {
    items.swap(0, 1);
    true
}

/// Changes the first object below a folder that `spoil` can change.
fn change(tree: &mut Tree, folder: &str, mut spoil: impl FnMut(&mut Value) -> bool) -> bool {
    let files = tree.iter_mut().filter(|(path, _)| path.starts_with(folder));
    files.flat_map(|(_, documents)| documents).any(|document| document["kind"].is_string() && spoil(document))
}

fn each(tree: &mut Tree, folder: &str, spoil: &mut dyn FnMut(&mut Value)) {
    let files = tree.iter_mut().filter(|(path, _)| path.starts_with(folder));
    files.flat_map(|(_, documents)| documents).for_each(spoil);
}
