//! What the fleet says of removals.

use super::rollouts::share;
use super::settings::{Fixed, FleetSettings};
use crate::diag::Diagnostics;
use crate::model::predicate::select;
use crate::model::{Model, body, changes, schema};
use crate::plan::guards::{Changed, Guards, MAX_REMOVALS};
use crate::syntax::ast::{Change, ChangeOf};

/// Reads `protected`, `max-removals`, and every `moved` and `removed`.
pub fn read(model: &Model, fleet: &FleetSettings, diagnostics: &mut Diagnostics) -> Guards {
    let mut guards = Guards::new(fleet.span);
    if let Some((node, _)) = model.names.fleet {
        let fixed = Fixed::new(model, &schema::FLEET, &node.body, false);
        guards.protected = body::find(&node.body, "protected").map(|attribute| attribute.value.span);
        guards.max_removals = share(&fixed, "max-removals", diagnostics).unwrap_or(MAX_REMOVALS);
        guards.max_removals_at = fixed.value("max-removals").map(|(_, span)| span);
    }
    guards.changes = model.names.changes.iter().map(|change| changed(model, change)).collect();
    guards
}

fn changed(model: &Model, change: &Change) -> Changed {
    let to = change
        .to
        .as_ref()
        .map(|to| changes::last_name(model, change.of, &change.name.text).unwrap_or(&to.text).to_string());
    let set = change.on.as_ref().and_then(|on| model.conditions.get(&on.span)).map(|on| select(model, on).set);
    let clusters = set.map(|set| {
        set.iter().filter_map(|place| model.clusters.get(place)).map(|cluster| cluster.name.clone()).collect()
    });
    Changed {
        span: change.name.span,
        cluster: change.of == ChangeOf::Cluster,
        name: change.name.text.clone(),
        to,
        on: clusters,
    }
}
