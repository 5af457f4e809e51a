//! What the fleet says of removals.

use super::rollouts::share;
use super::settings::{Fixed, FleetSettings};
use crate::diag::{Diagnostic, Diagnostics, codes};
use crate::model::predicate::select;
use crate::model::{Model, body, changes, schema};
use crate::plan::Deployment;
use crate::plan::guards::{Changed, Guards, MAX_REMOVALS};
use crate::syntax::ast::{Change, ChangeOf};

/// Reads `protected`, `max-removals`, and every `moved` and `removed`. One that speaks of what is among `deployments` is
/// F0217.
pub fn read(model: &Model, fleet: &FleetSettings, deployments: &[Deployment], diagnostics: &mut Diagnostics) -> Guards {
    let mut guards = Guards::new(fleet.span);
    if let Some((node, _)) = model.names.fleet {
        let fixed = Fixed::new(model, &schema::FLEET, &node.body, false);
        guards.protected = body::find(&node.body, "protected").map(|attribute| attribute.value.span);
        guards.max_removals = share(&fixed, "max-removals", diagnostics).unwrap_or(MAX_REMOVALS);
        guards.max_removals_at = fixed.value("max-removals").map(|(_, span)| span);
    }
    guards.changes = model.names.changes.iter().map(|change| changed(model, change)).collect();
    for change in &guards.changes {
        report_still_running(change, deployments, diagnostics);
    }
    guards
}

/// F0217 where `removed component … on …` covers a cluster that the component runs on: the line would let it go from there
/// later, unseen.
fn report_still_running(change: &Changed, deployments: &[Deployment], diagnostics: &mut Diagnostics) {
    let Some(on) = &change.on else { return };
    let runs = deployments.iter().find(|known| *known.component == *change.name && on.contains(&known.cluster));
    let Some(runs) = runs else { return };
    let (name, cluster) = (&change.name, &runs.cluster);
    let message = format!("`{name}` was removed from `{cluster}`, and still runs there");
    diagnostics.push(
        Diagnostic::new(codes::STILL_DECLARED, change.span, message)
            .label("would let it go from there later, unseen")
            .related(runs.origin.component, "declared here")
            .help(format!("take it from `{cluster}`, write an `on …` without that cluster, or remove this line")),
    );
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
