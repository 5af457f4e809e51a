//! What Flux makes of its manifests: Kustomizations, each behind those of its `dependsOn`.
//!
//! Everything was Ready before, and every source has a new revision. A Kustomization is reconciled when all of its
//! `dependsOn` are Ready and, where they read the source that it reads, with the new revision
//! (kustomize-controller 1.9, `checkDependencies`). Where each cluster has its own Flux, Kustomizations know only those
//! of their cluster.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::flow::What;
use super::manifests::{Object, entries, objects, overlaid, text};
use super::{Kind, Reading, SUSPENDED};
use crate::plan::{Flux, FluxMode, Plan};
use crate::target::OutputTree;

const API: &str = "kustomize.toolkit.fluxcd.io/";

/// The folder of what clusters have in common, which none of them takes as it is.
const BASE: &str = "base/";

const NOT_THERE: &str = "it depends on a Kustomization that is not there";

/// What a bake time is written behind.
const AT_LEAST: &str = ">= duration('";

struct Kustomization<'o> {
    object: &'o Object,
    part: usize,
    is_deployment: bool,
}

/// The flow of an instance, read from its manifests.
pub(super) fn read(plan: &Plan, settings: &Flux, tree: &OutputTree) -> Reading {
    let folder = settings.instance.folder("flux");
    let mut objects = objects(tree, &folder, API, "Kustomization");
    objects.retain(|object| !object.path.starts_with(BASE));
    objects.extend(overlaid(tree, &folder, API, "Kustomization"));
    let places = plan.deployments.iter().enumerate().map(|(index, d)| (&*d.name, index)).collect();
    let mut reading = Reading::default();
    let all = parts(settings.mode, &objects, &places, &mut reading);
    for ((scope, _), kustomization) in &all {
        let mut held = None;
        for name in depends_on(&kustomization.object.value) {
            match all.get(&(*scope, name)) {
                Some(other) if passes(kustomization, other) => {}
                Some(other) => {
                    reading.flow.change(kustomization.part, |part| part.behind.push(other.part));
                    if !other.is_deployment && is_suspended(other.object) {
                        held = Some(resume(other.object, settings));
                    }
                }
                None => reading.flow.change(kustomization.part, |part| part.stuck = Some(NOT_THERE)),
            }
        }
        reading.flow.change(kustomization.part, |part| part.by_hand = held);
    }
    add_prices(&all, &mut reading);
    reading
}

/// By folder of one Flux and name.
type All<'o> = BTreeMap<(&'o str, &'o str), Kustomization<'o>>;

fn parts<'o>(mode: FluxMode, objects: &'o [Object], places: &BTreeMap<&str, usize>, reading: &mut Reading) -> All<'o> {
    let mut all = BTreeMap::new();
    for object in objects {
        let place = places.get(object.name()).copied();
        let what = place.map_or_else(|| What::Gate(format!("gate {}", object.name())), What::Deployment);
        let part = reading.flow.add(what);
        let spec = |field: &str| object.text(&format!("/spec/{field}")).to_owned();
        reading.flow.change(part, |part| {
            part.stuck = (place.is_some() && is_suspended(object)).then_some(SUSPENDED);
            part.bake = bake(&object.value);
            part.times = Some((spec("retryInterval"), spec("timeout")));
        });
        let kustomization = Kustomization { object, part, is_deployment: place.is_some() };
        all.insert((scope(mode, &object.path), object.name()), kustomization);
    }
    all
}

/// Whose Flux reads a file: the hub's, which has no name, or that of the cluster whose folder it is in.
fn scope(mode: FluxMode, path: &str) -> &str {
    match mode {
        FluxMode::Hub => "",
        FluxMode::Pull => path.split('/').nth(1).unwrap_or_default(),
    }
}

fn depends_on(object: &Value) -> BTreeSet<&str> {
    entries(object, "/spec/dependsOn").iter().map(|entry| text(entry, "/name")).collect()
}

fn is_suspended(object: &Object) -> bool {
    object.value.pointer("/spec/suspend") == Some(&Value::Bool(true))
}

/// Whether a suspended deployment lets another pass: it stays Ready as it was, and its revision is looked at only where
/// both read one source.
fn passes(one: &Kustomization, other: &Kustomization) -> bool {
    other.is_deployment && is_suspended(other.object) && source(one) != source(other)
}

fn source<'o>(of: &Kustomization<'o>) -> Option<&'o Value> {
    of.object.value.pointer("/spec/sourceRef")
}

fn resume(gate: &Object, settings: &Flux) -> String {
    let namespace =
        if settings.namespace == "flux-system" { String::new() } else { format!(" -n {}", settings.namespace) };
    format!("flux resume kustomization {}{namespace}", gate.name())
}

/// The longest time that an entry of `dependsOn` asks for.
fn bake(object: &Value) -> Option<String> {
    let expressions = entries(object, "/spec/dependsOn").iter().map(|entry| text(entry, "/readyExpr"));
    let mut times = expressions.filter_map(|text| text.split_once(AT_LEAST)?.1.split_once('\'').map(|(time, _)| time));
    times.next().map(str::to_owned)
}

/// Every gate has its price, and so has every `after`.
fn add_prices(all: &All, reading: &mut Reading) {
    let mut behind: BTreeMap<usize, Vec<&Kustomization>> = BTreeMap::new();
    for one in all.values().filter(|one| one.is_deployment) {
        for other in reading.flow.parts.get(one.part).map(|part| part.behind.as_slice()).unwrap_or_default() {
            behind.entry(*other).or_default().push(one);
        }
    }
    for one in all.values() {
        let Some(held) = behind.remove(&one.part) else { continue };
        let name = one.object.name();
        let (same, others): (Vec<_>, Vec<_>) = held.into_iter().partition(|held| source(held) == source(one));
        let parts = |held: Vec<&Kustomization>| held.iter().map(|held| held.part).collect::<Vec<_>>();
        if one.is_deployment {
            reading.price(Kind::After, name.to_owned(), parts(same));
            reading.price(Kind::LooseAfter, name.to_owned(), parts(others));
            continue;
        }
        let held = parts(same.into_iter().chain(others).collect());
        if reading.flow.parts.get(one.part).is_some_and(|part| part.bake.is_some()) {
            reading.price(Kind::Bake, name.to_owned(), held.clone());
        }
        let kind = if is_suspended(one.object) { Kind::HeldGate } else { Kind::Gate };
        reading.price(kind, name.to_owned(), held);
    }
}
