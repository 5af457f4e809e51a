//! Takes away what would be an error, by the words of the specification.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::super::model::{Body, Expr, Fleet};
use super::super::reference::{Deployment, Reference};

/// Removes contradictions until there are none.
pub fn repair(fleet: &mut Fleet) {
    collisions(fleet);
    while let Some((owner, block)) = contradiction(fleet) {
        body_mut(fleet, &owner).on.remove(block);
    }
    while let Some((component, _)) = unruly(fleet) {
        drop_rollout(fleet, &component);
    }
    waiting(fleet);
}

/// Whose body.
#[derive(Clone, Debug)]
enum Owner {
    Defaults,
    Template(usize),
    Component(usize),
}

fn owners(fleet: &Fleet) -> Vec<Owner> {
    let mut owners: Vec<Owner> = (0..fleet.components.len()).map(Owner::Component).collect();
    owners.extend((0..fleet.templates.len()).map(Owner::Template));
    owners.extend(fleet.defaults.iter().map(|_| Owner::Defaults));
    owners
}

fn body<'a>(fleet: &'a Fleet, owner: &Owner) -> &'a Body {
    match owner {
        Owner::Defaults => fleet.defaults.as_ref().expect("defaults"),
        Owner::Template(index) => &fleet.templates[*index].body,
        Owner::Component(index) => &fleet.components[*index].body,
    }
}

fn body_mut<'a>(fleet: &'a mut Fleet, owner: &Owner) -> &'a mut Body {
    match owner {
        Owner::Defaults => fleet.defaults.as_mut().expect("defaults"),
        Owner::Template(index) => &mut fleet.templates[*index].body,
        Owner::Component(index) => &mut fleet.components[*index].body,
    }
}

/// Two objects may not have the same name.
fn collisions(fleet: &mut Fleet) {
    loop {
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let deployments = Reference::new(fleet).deployments();
        let Some(twice) = deployments.into_iter().find(|deployment| !seen.insert(deployment.name.clone())) else {
            return;
        };
        remove_component(fleet, &twice.component);
    }
}

/// Removes a component and every mention of it.
pub fn remove_component(fleet: &mut Fleet, name: &str) {
    fleet.components.retain(|component| component.name != name);
    for cluster in &mut fleet.clusters {
        cluster.with.retain(|it| it != name);
        cluster.without.retain(|it| it != name);
    }
    for component in &mut fleet.components {
        let blocks = component.body.on.iter_mut().map(|block| &mut block.body.attributes);
        for attributes in blocks.chain([&mut component.body.attributes]) {
            if let Some(Expr::List(items)) = attributes.get_mut("after") {
                items.retain(|item| *item != Expr::Name(name.into()));
            }
        }
    }
}

/// Two `on` blocks of one body that set the same thing on a cluster differently, neither of which is the narrower one.
/// Patches of two blocks are kept apart as well: nothing says in which order they come.
fn contradiction(fleet: &Fleet) -> Option<(Owner, usize)> {
    let reference = Reference::new(fleet);
    for owner in owners(fleet) {
        let blocks = &body(fleet, &owner).on;
        for (second, b) in blocks.iter().enumerate() {
            for a in &blocks[..second] {
                let (on_a, on_b) = (reference.selected(&a.on), reference.selected(&b.on));
                if !clash(&a.body, &b.body) || on_a.is_disjoint(&on_b) {
                    continue;
                }
                let patches = !a.body.patches.is_empty() && !b.body.patches.is_empty();
                let ignores = !a.body.ignores.is_empty() && !b.body.ignores.is_empty();
                let everywhere: Vec<BTreeSet<String>> = readers(&reference, fleet, &owner);
                let narrower = everywhere.iter().all(|clusters| {
                    let a: BTreeSet<_> = on_a.intersection(clusters).collect();
                    let b: BTreeSet<_> = on_b.intersection(clusters).collect();
                    a.is_disjoint(&b) || (a != b && (a.is_subset(&b) || b.is_subset(&a)))
                });
                let nested = on_a != on_b && (on_a.is_subset(&on_b) || on_b.is_subset(&on_a));
                if patches || ignores || !nested || !narrower {
                    return Some((owner, second));
                }
            }
        }
    }
    None
}

/// The clusters of each component that reads this body.
fn readers(reference: &Reference, fleet: &Fleet, owner: &Owner) -> Vec<BTreeSet<String>> {
    let reads = |index: usize| match owner {
        Owner::Defaults => true,
        Owner::Template(template) => fleet.components[index].from.contains(&fleet.templates[*template].name),
        Owner::Component(own) => *own == index,
    };
    let clusters = |index: usize| {
        let runs = reference.clusters.iter().filter(|cluster| reference.runs(&fleet.components[index], cluster));
        runs.map(|cluster| cluster.name.clone()).collect()
    };
    (0..fleet.components.len()).filter(|&index| reads(index)).map(clusters).collect()
}

/// Whether two bodies set something differently, or both add patches or ignores.
fn clash(a: &Body, b: &Body) -> bool {
    let scalar = a.attributes.iter().any(|(key, value)| b.attributes.get(key).is_some_and(|other| other != value));
    let map = a.maps.iter().any(|(key, map)| b.maps.get(key).is_some_and(|other| maps_clash(map, other)));
    let patches = !a.patches.is_empty() && !b.patches.is_empty();
    let ignores = !a.ignores.is_empty() && !b.ignores.is_empty();
    scalar || map || patches || ignores
}

fn maps_clash(a: &BTreeMap<String, Expr>, b: &BTreeMap<String, Expr>) -> bool {
    a.iter().any(|(key, value)| match (value, b.get(key)) {
        (_, None) => false,
        (Expr::Map(a), Some(Expr::Map(b))) => maps_clash(a, b),
        (a, Some(b)) => a != b,
    })
}

/// Whether a body is for charts, for folders, or for both.
pub fn flavour(body: &Body) -> Option<bool> {
    let bodies = || body.on.iter().map(|block| &block.body).chain([body]);
    let chart = bodies().any(|body| body.attributes.contains_key("chart") || body.maps.contains_key("values"));
    let folder = bodies().any(|body| {
        let own = ["path", "prune", "force"].iter().any(|key| body.attributes.contains_key(*key));
        own || body.maps.contains_key("images") || !body.patches.is_empty()
    });
    match (chart, folder) {
        (false, false) => None,
        (chart, _) => Some(chart),
    }
}

/// The attributes that two templates both set and a component must decide; none when it cannot.
pub fn contested(a: &Body, b: &Body) -> Option<Vec<String>> {
    let with_blocks =
        |body: &Body| body.on.iter().map(|block| block.body.clone()).chain([body.clone()]).collect::<Vec<_>>();
    let (all_a, all_b) = (with_blocks(a), with_blocks(b));
    for (index_a, one) in all_a.iter().enumerate() {
        for (index_b, other) in all_b.iter().enumerate() {
            let bodies = index_a + 1 == all_a.len() && index_b + 1 == all_b.len();
            let maps =
                one.maps.iter().any(|(key, map)| other.maps.get(key).is_some_and(|other| maps_clash(map, other)));
            let scalars = one.attributes.keys().any(|key| other.attributes.contains_key(key));
            // Nothing says whether the patches of an `on` block come before those of the next template.
            let patches = !one.patches.is_empty() && !other.patches.is_empty();
            if maps || ((scalars || patches) && !bodies) {
                return None;
            }
        }
    }
    let differs =
        |(key, value): (&String, &Expr)| b.attributes.get(key).is_some_and(|other| other != value).then(|| key.clone());
    Some(a.attributes.iter().filter_map(differs).collect())
}

/// A component under a rollout that an engine could not roll out, and why.
fn unruly(fleet: &Fleet) -> Option<(String, &'static str)> {
    let deployments = Reference::new(fleet).deployments();
    for component in &fleet.components {
        let own: Vec<&Deployment> = deployments.iter().filter(|it| it.component == component.name).collect();
        if own.iter().all(|it| it.rollout.is_none()) {
            continue;
        }
        if own.iter().any(|it| it.stage.is_none()) {
            return Some((component.name.clone(), "a cluster is in no stage"));
        }
        if own.iter().any(|it| structure(it) != structure(own[0])) {
            return Some((component.name.clone(), "its clusters differ in structure"));
        }
        let linked = linked(fleet, &deployments, &component.name);
        let others = deployments.iter().filter(|it| linked.contains(&it.component));
        if others.filter_map(|it| it.rollout.as_ref()).any(|rollout| Some(rollout) != own[0].rollout.as_ref()) {
            return Some((component.name.clone(), "components that wait for each other have different rollouts"));
        }
    }
    None
}

/// What one ApplicationSet cannot vary.
fn structure(deployment: &Deployment) -> Value {
    let keys = |map: &Value| map.as_object().map(|map| map.keys().cloned().collect::<Vec<_>>());
    let rest = &deployment.rest;
    json!([
        deployment.rollout,
        deployment.project,
        deployment.namespace.is_some(),
        deployment.source["name"],
        deployment.source["chart"],
        deployment.patches,
        deployment.wait,
        deployment.health.is_empty(),
        deployment.prune,
        deployment.self_heal,
        deployment.create_namespace,
        rest["server_side"],
        rest["suspend"],
        rest["force"],
        rest["on_delete"],
        rest["release"],
        rest["images"],
        keys(&rest["labels"]),
        keys(&rest["annotations"]),
        rest["ignore"],
        rest["interval"],
        deployment.values == json!({}),
    ])
}

/// The components that `after` links with this one, in both directions.
fn linked(fleet: &Fleet, deployments: &[Deployment], component: &str) -> BTreeSet<String> {
    let mut linked = BTreeSet::from([component.to_string()]);
    for _ in 0..fleet.components.len() {
        for deployment in deployments {
            for after in &deployment.after {
                if linked.contains(after) || linked.contains(&deployment.component) {
                    linked.extend([after.clone(), deployment.component.clone()]);
                }
            }
        }
    }
    linked
}

/// Takes the rollout away where it is said last.
fn drop_rollout(fleet: &mut Fleet, name: &str) {
    let component = fleet.components.iter_mut().find(|component| component.name == name).expect("a component");
    if component.body.attributes.remove("rollout").is_some() {
        return;
    }
    let from = component.from.clone();
    for template in fleet.templates.iter_mut().rev().filter(|template| from.contains(&template.name)) {
        if template.body.attributes.remove("rollout").is_some() {
            return;
        }
    }
    fleet.defaults.as_mut().expect("defaults").attributes.remove("rollout");
}

/// Whatever something waits for has a health gate, and nothing waits for what is paused. To wait for everything and to
/// name what to wait for exclude each other.
fn waiting(fleet: &mut Fleet) {
    let deployments = Reference::new(fleet).deployments();
    let mut gates: BTreeSet<String> = deployments.iter().flat_map(|it| it.after.clone()).collect();
    gates.extend(deployments.iter().filter(|it| it.rollout.is_some()).map(|it| it.component.clone()));
    gates.extend(deployments.iter().filter(|it| it.wait && !it.health.is_empty()).map(|it| it.component.clone()));
    for component in fleet.components.iter_mut().filter(|component| gates.contains(&component.name)) {
        component.body.attributes.remove("wait");
        component.body.attributes.remove("suspend");
    }
}
