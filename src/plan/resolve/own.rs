//! Values and patches that are made for each cluster, of deployments that have all else in common.
//!
//! Of values, what the clusters of a class have in common is made once ([`Shaped`]). They read nothing but the model, so
//! components are seen to side by side. What is found is taken in their order.

use std::collections::BTreeSet;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _};
use rayon::prelude::*;

use super::checkout::check_patches;
use super::deployment::Sinks;
use super::layers::Layers;
use super::parts;
use super::pick::{Findings, Picked, Spot};
use super::shape::Shaped;
use super::words::Varying;
use crate::diag::Diagnostics;
use crate::model::scope::Place;
use crate::model::{Model, Slot};
use crate::plan::values::Values;
use crate::plan::{Deployment, Patch};
use crate::source::Span;

/// What there is to make.
pub struct Own {
    /// The cluster that it is for.
    pub cluster: usize,
    /// Its class, of those of the component.
    pub class: usize,
    /// Where the source is checked out, if it is this repository.
    pub checkout: Option<Arc<str>>,
}

/// The places in the plan of a component's deployments, with what there is to make for each.
pub struct OfComponent<'m> {
    /// The component.
    pub layers: Layers<'m>,
    /// What tells the clusters of a class apart.
    pub varying: Varying,
    /// By place.
    pub own: Vec<(usize, Own)>,
}

/// What was made for a cluster; none of what is as it is on the others of its class.
struct Made {
    values: Option<Values>,
    /// With their places.
    patches: Option<Vec<(Patch, Span)>>,
}

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
        let mut classes = HashMap::new();
        let made = component.own.iter().map(|(place, own)| {
            let namespace = known.get(*place).and_then(|deployment| deployment.namespace.as_deref());
            let class = classes.entry(own.class).or_default();
            make(model, component, (own.cluster, namespace), class, &mut findings, &mut diagnostics)
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
            let Ok(Made { values, patches }) = made else {
                lost.insert(*place);
                doubtful.insert(component.layers.name.text.clone());
                continue;
            };
            if let Some(values) = values {
                deployment.values = values;
            }
            // What the others of the class have was looked at.
            let Some(patches) = patches else { continue };
            let (mut patches, places): (Vec<_>, Vec<_>) = patches.into_iter().unzip();
            patches.shrink_to_fit();
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

/// What is known of a class.
#[derive(Default)]
struct Class<'m> {
    /// The parameters, where they are the same on all clusters.
    params: Option<Vec<Vec<Slot>>>,
    /// How values are made, once that was asked; none where they are made anew for each.
    shaped: Option<Option<Shaped<'m>>>,
}

fn make<'m>(
    model: &Model<'m>,
    OfComponent { layers, varying, .. }: &OfComponent<'m>,
    (cluster, namespace): (usize, Option<&str>),
    class: &mut Class<'m>,
    findings: &mut Findings,
    diagnostics: &mut Diagnostics,
) -> Picked<Made> {
    let spot = Spot { model, layers, cluster, params: &[], place: Place::Parameter, namespace: None };
    let params = match class.params.take() {
        Some(params) => params,
        None => spot.params(findings),
    };
    let spot = Spot { params: &params, place: Place::Body, namespace, ..spot };
    let values = varying.values.then(|| {
        let shaped = class.shaped.get_or_insert_with(|| Shaped::new(&spot, varying));
        match shaped {
            Some(shaped) => shaped.values(&spot, findings),
            None => spot.map("values", findings).map(Values::from),
        }
    });
    let patches = varying.patches.then(|| parts::patches(&spot, findings, diagnostics));
    if !varying.params {
        class.params = Some(params);
    }
    Ok(Made { values: values.transpose()?, patches: patches.transpose()? })
}
