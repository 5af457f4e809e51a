//! Fleets with one part less, for finding the smallest that still fails.

use super::model::{Body, Expr, Fleet};

/// `fleet` without its part number `index`; none when it has fewer parts.
pub fn without(fleet: &Fleet, index: usize) -> Option<Fleet> {
    let mut fleet = fleet.clone();
    let mut left = index;
    cut(&mut fleet, &mut left).then_some(fleet)
}

/// Removes item `left` of `items`, or lowers `left` by their number.
fn drop_item<T>(items: &mut Vec<T>, left: &mut usize) -> bool {
    let hit = *left < items.len();
    if hit {
        items.remove(*left);
    } else {
        *left -= items.len();
    }
    hit
}

fn drop_entry<V>(map: &mut std::collections::BTreeMap<String, V>, left: &mut usize) -> bool {
    let Some(key) = map.keys().nth(*left).cloned() else {
        *left -= map.len();
        return false;
    };
    map.remove(&key).is_some()
}

fn cut(fleet: &mut Fleet, left: &mut usize) -> bool {
    if *left < fleet.components.len() {
        let name = fleet.components[*left].name.clone();
        super::generate::remove_component(fleet, &name);
        return true;
    }
    *left -= fleet.components.len();
    let parts = drop_item(&mut fleet.clusters, left)
        || drop_option(&mut fleet.defaults, left)
        || drop_item(&mut fleet.templates, left)
        || drop_item(&mut fleet.rollouts, left)
        || drop_item(&mut fleet.projects, left)
        || drop_item(&mut fleet.groups, left)
        || drop_item(&mut fleet.fields, left)
        || drop_item(&mut fleet.sources, left)
        || drop_option(&mut fleet.protected, left)
        || drop_option(&mut fleet.argocd, left)
        || drop_option(&mut fleet.flux, left)
        || drop_entry(&mut fleet.cluster_defaults, left);
    parts
        || fleet
            .components
            .iter_mut()
            .any(|component| drop_item(&mut component.from, left) || in_body(&mut component.body, left))
        || fleet
            .templates
            .iter_mut()
            .any(|template| drop_item(&mut template.params, left) || in_body(&mut template.body, left))
        || fleet.defaults.iter_mut().any(|body| in_body(body, left))
        || fleet.rollouts.iter_mut().any(|rollout| drop_item(&mut rollout.stages, left))
        || fleet.clusters.iter_mut().any(|cluster| {
            drop_item(&mut cluster.with, left)
                || drop_item(&mut cluster.without, left)
                || drop_item(&mut cluster.bindings, left)
                || drop_entry(&mut cluster.fields, left)
                || drop_option(&mut cluster.server, left)
        })
}

fn drop_option<T>(option: &mut Option<T>, left: &mut usize) -> bool {
    if option.is_none() {
        return false;
    }
    if *left == 0 {
        *option = None;
        return true;
    }
    *left -= 1;
    false
}

fn in_body(body: &mut Body, left: &mut usize) -> bool {
    drop_item(&mut body.on, left)
        || drop_entry(&mut body.attributes, left)
        || drop_entry(&mut body.maps, left)
        || drop_item(&mut body.patches, left)
        || drop_item(&mut body.ignores, left)
        || body.maps.values_mut().any(|map| in_map(map, left))
        || body.on.iter_mut().any(|block| in_body(&mut block.body, left))
}

fn in_map(map: &mut std::collections::BTreeMap<String, Expr>, left: &mut usize) -> bool {
    drop_entry(map, left)
        || map.values_mut().any(|value| match value {
            Expr::Map(map) => in_map(map, left),
            Expr::List(items) => drop_item(items, left),
            _ => false,
        })
}
