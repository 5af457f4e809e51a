//! Values and patches that are made for each cluster, of deployments that have all else in common.
//!
//! They read nothing but the model, so components are seen to side by side. What is found is taken in their order.

use std::collections::BTreeSet;
use std::sync::Arc;

use rayon::prelude::*;
use serde_json::{Map, Value};

use super::checkout::check_patches;
use super::deployment::Sinks;
use super::layers::Layers;
use super::parts;
use super::pick::{Findings, Picked, Spot};
use crate::diag::Diagnostics;
use crate::model::Model;
use crate::model::scope::Place;
use crate::plan::{Deployment, Patch};
use crate::source::Span;

/// What there is to make.
pub struct Own {
    /// The cluster that it is for.
    pub cluster: usize,
    /// Where the source is checked out, if it is this repository.
    pub checkout: Option<Arc<str>>,
}

/// The places in the plan of a component's deployments, with what there is to make for each.
pub struct OfComponent<'m> {
    /// The component.
    pub layers: Layers<'m>,
    /// By place.
    pub own: Vec<(usize, Own)>,
}

/// The values, and the patches with their places.
type Made = (Map<String, Value>, Vec<(Patch, Span)>);

/// Makes what is own to each of `deployments`, and takes those away for which something was reported; gives the components of
/// these.
pub fn fill(
    model: &Model,
    components: &[OfComponent],
    deployments: &mut Vec<Deployment>,
    sinks: &mut Sinks,
) -> BTreeSet<String> {
    let known = &*deployments;
    let of_component = |component: &OfComponent| {
        let (mut findings, mut diagnostics) = (Findings::default(), Diagnostics::default());
        let made = component.own.iter().map(|(place, own)| {
            let namespace = known.get(*place).and_then(|deployment| deployment.namespace.as_deref());
            make(model, (&component.layers, own.cluster, namespace), &mut findings, &mut diagnostics)
        });
        (made.collect::<Vec<_>>(), findings, diagnostics)
    };
    let made: Vec<_> = components.par_iter().map(of_component).collect();
    let (mut lost, mut doubtful) = (BTreeSet::new(), BTreeSet::new());
    for (component, (made, findings, diagnostics)) in components.iter().zip(made) {
        sinks.findings.extend(findings);
        sinks.diagnostics.extend(diagnostics);
        for ((place, own), made) in component.own.iter().zip(made) {
            let Some(deployment) = deployments.get_mut(*place) else { continue };
            let Ok((values, patches)) = made else {
                lost.insert(*place);
                doubtful.insert(component.layers.name.text.clone());
                continue;
            };
            let (patches, places): (Vec<_>, Vec<_>) = patches.into_iter().unzip();
            deployment.values = Arc::new(values);
            // Whether they are shared tells the engines which deployments are alike.
            if *deployment.patches != patches {
                deployment.patches = Arc::new(patches);
            }
            if let Some(checkout) = &own.checkout {
                check_patches(checkout, deployment, &places, sinks.folders, sinks.diagnostics);
            }
        }
    }
    if !lost.is_empty() {
        let mut place = 0..;
        deployments.retain(|_| place.next().is_none_or(|place| !lost.contains(&place)));
    }
    doubtful
}

fn make(
    model: &Model,
    (layers, cluster, namespace): (&Layers, usize, Option<&str>),
    findings: &mut Findings,
    diagnostics: &mut Diagnostics,
) -> Picked<Made> {
    let spot = Spot { model, layers, cluster, params: &[], place: Place::Parameter, namespace: None };
    let params = spot.params(findings);
    let spot = Spot { params: &params, place: Place::Body, namespace, ..spot };
    let values = spot.map("values", findings);
    let patches = parts::patches(&spot, findings, diagnostics);
    Ok((values?, patches?))
}
