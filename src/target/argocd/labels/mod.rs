//! `membership = labels`: from Applications over the label space to generators that make them at run time.
//!
//! Takes the Applications of a component, one for each combination of labels and one for each declared cluster. Those
//! that say the same of every cluster are one class; a class becomes as few generators of kind `clusters` as cover its
//! combinations (`cover.rs`), each with the class's `values`. A declared cluster that differs from what its labels say,
//! because something names it, is taken out of those by its name and gets a generator of its own.
//!
//! Invariant: what the generators make of the declared clusters is the plan, and what they make of another one is the
//! plan of the fleet that declares it (`tests/labels.rs`, `tests/conformance/argocd`).

mod runtime;
mod selector;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::cover::cover;
use super::template::{Applications, Folded, Naming, Refer, Whole, escape, fold};
use super::{Component, Context, application};
use crate::plan::Deployment;
use crate::plan::space::{Dimension, Space};
pub(super) use runtime::Runtimes;

/// What a template and its generators are made of.
pub(super) struct Made {
    /// The template of the ApplicationSet.
    pub(super) template: Value,
    /// Its generators.
    pub(super) generators: Vec<Value>,
}

/// Applications that say the same of every cluster.
struct Class<'a> {
    /// What they say.
    manifest: Value,
    /// The combinations.
    points: Vec<&'a [usize]>,
    /// Declared clusters that only their name tells apart.
    names: Vec<&'a str>,
}

/// The template and the generators for `members`, which have one shape.
pub(super) fn made<'a>(
    context: &Context<'a>,
    space: &'a Space,
    component: &Component<'a>,
    members: &[(&'a Deployment, &Value)],
    naming: &Naming<'_>,
) -> Made {
    let runtimes = Runtimes::new(space);
    let read = space.read.get(component.name);
    let reads = |place: usize| read.is_none_or(|read| read.contains(&place));
    // Where a declared cluster may be found. A component is looked at once for all that differ only in labels that it does
    // not read.
    let places_of = |coordinates: &[Vec<usize>]| -> Vec<Vec<usize>> {
        let mut all = vec![Vec::new()];
        for (place, own) in coordinates.iter().enumerate() {
            let own = if reads(place) { own.clone() } else { vec![0] };
            all =
                all.iter().flat_map(|row: &Vec<usize>| own.iter().map(|c| [row.as_slice(), &[*c]].concat())).collect();
        }
        all
    };
    let mut classes: Vec<Class<'_>> = Vec::new();
    // Which class each combination has.
    let mut class_at: BTreeMap<Vec<usize>, usize> = BTreeMap::new();
    for (deployment, manifest) in members {
        let Some(point) = space.points.get(&deployment.cluster) else { continue };
        let index = class_of(&mut classes, manifest);
        class_at.insert(point.clone(), index);
        if let Some(class) = classes.get_mut(index) {
            class.points.push(point);
        }
    }
    // The classes that a declared cluster may be found by; none where its labels say something else than the plan.
    let mut at_home: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for (deployment, manifest) in members {
        let cluster = &*deployment.cluster;
        if space.points.contains_key(cluster) {
            continue;
        }
        let is = |class: &Class<'_>| runtimes.on(&class.manifest, context, cluster) == **manifest;
        let places = space.declared.get(cluster).map(|coordinates| places_of(coordinates)).unwrap_or_default();
        let found: Option<BTreeSet<usize>> = places.iter().map(|place| class_at.get(place).copied()).collect();
        let found = found.filter(|found| !found.is_empty() && found.iter().filter_map(|i| classes.get(*i)).all(is));
        if let Some(found) = found {
            at_home.insert(cluster, found);
            continue;
        }
        // Found by its name, it need not have the labels that a class of others reads.
        let is_plain = |class: &Class<'_>| !runtimes.reads_more_than_names(&class.manifest);
        let index = match classes.iter().position(|class| is_plain(class) && is(class)) {
            Some(index) => index,
            None => class_of(&mut classes, &application::of_any_cluster(context, component, deployment)),
        };
        if let Some(class) = classes.get_mut(index) {
            class.names.push(cluster);
        }
    }
    let manifests: Vec<Value> = classes.iter().map(|class| runtimes.written(&class.manifest)).collect();
    let applications =
        Applications { classes: manifests.iter().collect(), class_of: (0..manifests.len()).collect(), own: &Whole };
    let Folded { template, parameters } = fold(&applications, &[], naming, &Refer::Values(&runtimes));
    let size = |(place, dimension): (usize, &Dimension)| if reads(place) { dimension.coordinates.len() } else { 1 };
    let sizes: Vec<usize> = space.dimensions.iter().enumerate().map(size).collect();
    let whole = |part: Vec<Vec<usize>>| -> Vec<Vec<usize>> {
        let places = space.dimensions.iter().enumerate().zip(part);
        let all = |((place, dimension), own): ((usize, &Dimension), Vec<usize>)| {
            if reads(place) { own } else { (0..dimension.coordinates.len()).collect() }
        };
        places.map(all).collect()
    };
    let mut generators = Vec::new();
    for (index, class) in classes.iter().enumerate() {
        let value = |(name, texts): &(String, Vec<String>)| Some((name.clone(), json!(escape(texts.get(index)?))));
        let values = runtimes.expressed(&Value::Object(parameters.iter().filter_map(value).collect()));
        let points: Vec<Vec<usize>> = class.points.iter().map(|point| point.to_vec()).collect();
        for part in cover(&sizes, &points).into_iter().flat_map(|part| selector::sayable(space, whole(part))) {
            let inside = |coordinates: &Vec<Vec<usize>>| {
                part.iter().zip(coordinates).all(|(all, own)| own.iter().any(|coordinate| all.contains(coordinate)))
            };
            let is_home = |name: &str| at_home.get(name).is_some_and(|classes| classes.contains(&index));
            let strangers = space.declared.iter().filter(|(_, coordinates)| inside(coordinates));
            let strangers: Vec<&str> = strangers.map(|(name, _)| &**name).filter(|name| !is_home(name)).collect();
            generators.push(generator(selector::of(space, Some(&part)), &values, Names::Without(&strangers)));
        }
        if !class.names.is_empty() {
            generators.push(generator(selector::of(space, None), &values, Names::Only(&class.names)));
        }
    }
    Made { template: runtimes.expressed(&named(context, component, template)), generators }
}

fn class_of<'a>(classes: &mut Vec<Class<'a>>, manifest: &Value) -> usize {
    classes.iter().position(|class| class.manifest == *manifest).unwrap_or_else(|| {
        classes.push(Class { manifest: manifest.clone(), points: Vec::new(), names: Vec::new() });
        classes.len() - 1
    })
}

/// Which clusters of those that a selector finds.
enum Names<'n> {
    /// All but these.
    Without(&'n [&'n str]),
    /// Only these.
    Only(&'n [&'n str]),
}

/// A generator. The names stand beside it: a selector that is applied to its parameters, of which one is the name
/// (argocd.md 2.3), so that no label need repeat it.
fn generator(selector: Value, values: &Value, names: Names<'_>) -> Value {
    let mut clusters = Map::new();
    clusters.insert("selector".to_owned(), selector);
    if values.as_object().is_some_and(|values| !values.is_empty()) {
        clusters.insert("values".to_owned(), values.clone());
    }
    let mut generator = Map::new();
    generator.insert("clusters".to_owned(), Value::Object(clusters));
    let (operator, names) = match names {
        Names::Without(names) => ("NotIn", names),
        Names::Only(names) => ("In", names),
    };
    if !names.is_empty() {
        let expression = json!([{ "key": "name", "operator": operator, "values": names }]);
        generator.insert("selector".to_owned(), json!({ "matchExpressions": expression }));
    }
    Value::Object(generator)
}

/// The template with names that are shortened as the plan shortens them, where one of them may be too long.
fn named(context: &Context<'_>, component: &Component<'_>, mut template: Value) -> Value {
    let plain = |d: &Deployment| *d.name == format!("{}-{}", d.component, d.cluster);
    let declared = |d: &&Deployment| context.space.is_some_and(|space| !space.points.contains_key(&d.cluster));
    let short = component.deployments.iter().filter(declared).all(plain);
    if short && !context.space.is_some_and(|space| space.open) {
        return template;
    }
    if let Some(name) = template.pointer_mut("/metadata/name") {
        *name = json!(runtime::shortened(component.name));
    }
    template
}
