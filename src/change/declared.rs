//! What becomes of what is declared beside components.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::compare::Side;
use super::{Declared, Field, Kind, causes, fields};
use crate::plan::registration::Auth;
use crate::plan::{ArgoCd, Flux, Kubeconfig, Max, ObjectRef, Plan, Registration, json as form};
use crate::source::Span;

type Known = BTreeMap<(usize, &'static str, String), (Value, Span)>;

/// The differences between what is declared on both sides, sorted by what it is and its name.
pub fn compare(old: &Side, new: &Side) -> Vec<Declared> {
    let known = |side: &Side| side.plan.map(known).unwrap_or_default();
    let (before, now) = (known(old), known(new));
    let mut keys: Vec<_> = before.keys().chain(now.keys()).collect();
    keys.sort();
    keys.dedup();
    let mut found = Vec::new();
    for key in keys {
        let (was, is) = (before.get(key), now.get(key));
        let (kind, fields) = match (was, is) {
            (Some((was, _)), Some((is, _))) if was == is => continue,
            (Some((was, _)), Some((is, _))) => (Kind::Changed, fields::differences(was, is)),
            (None, _) => (Kind::Added, Vec::new()),
            (_, None) => (Kind::Removed, Vec::new()),
        };
        let cause = match (is, was) {
            (Some((_, span)), _) => Some(causes::place(new, false, *span)),
            (None, Some((_, span))) => Some(causes::place(old, true, *span)),
            (None, None) => None,
        };
        let is_protected = |side: Option<&(Value, Span)>| {
            side.and_then(|(value, _)| value.get("protected")).and_then(Value::as_bool).unwrap_or_default()
        };
        let (mut widened, mut narrowed) = (false, false);
        if key.1 == "project" {
            for field in &fields {
                let (more, less) = direction(field);
                widened |= more;
                narrowed |= less;
            }
        }
        let protected = key.1 == "cluster" && (is_protected(was) || is_protected(is));
        if key.1 == "rollout" && kind == Kind::Changed {
            narrowed = is_looser(was, is);
        }
        found.push(Declared { what: key.1, name: key.2.clone(), kind, protected, widened, narrowed, fields, cause });
    }
    found
}

fn known(plan: &Plan) -> Known {
    let mut known = Known::new();
    let mut add = |rank: usize, what: &'static str, name: &str, value: Value, span: Span| {
        known.insert((rank, what, name.to_owned()), (value, span));
    };
    add(0, "fleet", &plan.fleet, fleet(plan), plan.guards.fleet);
    for settings in &plan.argocd {
        add(0, "engine", &settings.instance.folder("argocd"), argocd(settings), settings.span);
    }
    for settings in &plan.flux {
        add(0, "engine", &settings.instance.folder("flux"), flux(settings), settings.span);
    }
    for cluster in &plan.clusters {
        let mut value = form::cluster(cluster);
        if let Some(fields) = value.as_object_mut() {
            fields.insert("kubeconfig".to_owned(), kubeconfig(&cluster.kubeconfig));
            fields.insert("registration".to_owned(), registration(&cluster.registration));
        }
        add(1, "cluster", &cluster.name, value, cluster.span);
    }
    for rollout in &plan.rollouts {
        add(2, "rollout", &rollout.name, by_stage(&form::rollout(rollout)), rollout.span);
    }
    for project in &plan.projects {
        add(3, "project", &project.name, form::project(project), project.span);
    }
    for object in &plan.hub_objects {
        let of = ObjectRef::of(&object.object);
        let name = format!("{}: {} {}", object.name, of.kind, of.name);
        let clusters: Vec<&str> = object.clusters.iter().map(|cluster| &**cluster).collect();
        add(4, "hub object", &name, json!({ "object": object.object, "clusters": clusters }), object.span);
    }
    known
}

/// What of a fleet is in every manifest, how much may go, and what runs on clusters that nobody declared.
fn fleet(plan: &Plan) -> Value {
    let home = plan.home.as_ref().map(
        |home| json!({ "name": home.name, "url": home.url, "revision": home.revision.text(), "secret": home.secret }),
    );
    let max_removals = match plan.guards.max_removals {
        Max::Count(count) => Value::from(count),
        Max::Percent(percent) => format!("{percent}%").into(),
    };
    json!({
        "label_prefix": plan.label_prefix,
        "source": home,
        "output": plan.home_path,
        "max_removals": max_removals,
        "undeclared_clusters": plan.space.as_ref().map(|space| form::json(&space.plan)),
    })
}

/// A rollout with its stages by name and their order, so that one stage is told by itself.
fn by_stage(rollout: &Value) -> Value {
    let stages = rollout.get("stages").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let name = |stage: &Value| stage.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let order: Vec<String> = stages.iter().map(name).collect();
    let each = stages.iter().map(|stage| {
        let mut fields = stage.as_object().cloned().unwrap_or_default();
        fields.remove("name");
        (name(stage), Value::Object(fields))
    });
    json!({ "order": order, "stages": each.collect::<serde_json::Map<_, _>>() })
}

fn kubeconfig(kubeconfig: &Kubeconfig) -> Value {
    match kubeconfig {
        Kubeconfig::Secret { name, key } => json!({ "secret": name, "key": key }),
        Kubeconfig::ConfigMap { name } => json!({ "config_map": name }),
    }
}

/// What is written where a cluster is registered. No credential is among it: it only names them.
fn registration(of: &Registration) -> Value {
    json!({
        "labels": of.labels,
        "annotations": of.annotations,
        "auth": of.auth.as_ref().map(auth),
        "ca": of.ca,
        "projects": of.projects,
        "shard": of.shard,
        "namespaces": of.namespaces,
        "store": of.store,
        "store_key": of.store_key,
    })
}

fn auth(auth: &Auth) -> Value {
    match auth {
        Auth::Eks { role, cluster, profile } => {
            json!({ "kind": "eks", "role": role, "cluster": cluster, "profile": profile })
        }
        Auth::Gke { cluster } => json!({ "kind": "gke", "cluster": cluster }),
        Auth::Aks { client, tenant, environment, cluster } => json!({
            "kind": "aks",
            "client": client,
            "tenant": tenant,
            "environment": environment,
            "cluster": cluster,
        }),
        Auth::None => json!({ "kind": "none" }),
    }
}

fn argocd(settings: &ArgoCd) -> Value {
    json!({
        "membership": word(&settings.membership),
        "layout": word(&settings.layout),
        "version": format!("{}.{}", settings.version.major, settings.version.minor),
        "namespace": settings.namespace,
        "destination": word(&settings.destination),
        "progressive_syncs": settings.progressive_syncs,
        "register": word(&settings.register),
    })
}

fn flux(settings: &Flux) -> Value {
    json!({
        "mode": word(&settings.mode),
        "layout": word(&settings.layout),
        "version": format!("{}.{}", settings.version.major, settings.version.minor),
        "namespace": settings.namespace,
        "provisioner": word(&settings.provisioner),
        "interval": form::duration(settings.interval),
        "retry": form::duration(settings.retry),
        "timeout": form::duration(settings.timeout),
        "shards": settings.shards,
        "multi_tenant": settings.multi_tenant,
    })
}

/// The word of a setting without fields: `AppOfApps` is `app of apps`.
fn word(setting: &impl std::fmt::Debug) -> String {
    let mut text = String::new();
    for c in format!("{setting:?}").chars() {
        if c.is_ascii_uppercase() && !text.is_empty() && text.ends_with(|c: char| c.is_ascii_lowercase()) {
            text.push(' ');
        }
        text.push(c.to_ascii_lowercase());
    }
    text
}

/// Whether a field of a project permits more, and whether it permits less.
fn direction(field: &Field) -> (bool, bool) {
    let permits = match field.name.as_str() {
        "sources" | "clusters" | "namespaces" | "cluster_resources" | "namespace_resources" | "source_namespaces" => {
            true
        }
        "deny_cluster_resources" | "deny_namespace_resources" => false,
        // Roles and windows are told and not weighed; what may be more counts as more.
        name => return (name.starts_with("roles") || name.starts_with("windows"), false),
    };
    let list = |value: &Value| value.as_array().cloned();
    let (old, new) = match (list(&field.old), list(&field.new)) {
        (Some(old), Some(new)) => (old, new),
        // No list is no limit.
        (None, _) => return (false, true),
        (_, None) => return (true, false),
    };
    let (more, less) = (new.iter().any(|one| !old.contains(one)), old.iter().any(|one| !new.contains(one)));
    if permits { (more, less) } else { (less, more) }
}

/// Whether a rollout lost a stage, a gate or a pause, or stages changed places.
fn is_looser(was: Option<&(Value, Span)>, is: Option<&(Value, Span)>) -> bool {
    let (Some((was, _)), Some((is, _))) = (was, is) else { return false };
    let order = |side: &Value| side.get("order").and_then(Value::as_array).cloned().unwrap_or_default();
    let now = order(is);
    let mut places = Vec::new();
    for name in order(was) {
        let Some(place) = now.iter().position(|other| *other == name) else { return true };
        places.push(place);
        let setting = |side: &Value, what: &str| -> Option<Value> {
            let of_stage = side.get("stages")?.get(name.as_str()?)?;
            of_stage.get(what).filter(|value| !value.is_null()).cloned()
        };
        let lost = |what: &str| setting(was, what).is_some_and(|before| setting(is, what) != Some(before));
        if ["gate", "bake", "max"].into_iter().any(lost) {
            return true;
        }
    }
    !places.is_sorted()
}
