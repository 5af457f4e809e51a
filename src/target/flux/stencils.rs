//! The texts of deployments' objects. Those of deployments that share their settings differ in the texts of their clusters
//! alone ([`Own`]), so what they have in common is written once.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::hub::Hub;
use super::own::{Form, Own, Part};
use super::rollout::Order;
use super::{kustomization, release};
use crate::plan::values::Shape;
use crate::plan::{Chart, Content, Deployment, OnDelete, Patch, Settings};
use crate::target::yaml::{Filling, Stencil, Stream};

/// What is written of the deployments of an instance.
pub(super) struct Stencils<'h, 'a> {
    hub: &'h Hub<'a>,
    order: &'h Order<'a>,
    /// How many deployments share what their objects are made from: what is written once and never again is not kept.
    sharing: HashMap<Shared, usize>,
    kustomizations: HashMap<Class, Option<Stencil>>,
    releases: HashMap<Class, ReleaseStencils>,
}

/// The addresses of what deployments share. A Kustomization has no values.
type Shared = (*const Settings, *const Vec<Patch>, Option<*const Shape>);

fn of_kustomization(deployment: &Deployment) -> Shared {
    (Arc::as_ptr(&deployment.settings), Arc::as_ptr(&deployment.patches), None)
}

fn of_release(deployment: &Deployment) -> Shared {
    let (settings, patches, _) = of_kustomization(deployment);
    (settings, patches, Some(Arc::as_ptr(deployment.values.shape())))
}

/// Deployments whose objects differ in nothing but the texts of their clusters.
#[derive(PartialEq, Eq, Hash)]
struct Class {
    shared: Shared,
    keeps: bool,
    is_suspended: bool,
    form: Form,
}

struct ReleaseStencils {
    helm_release: Stencil,
    /// The ConfigMap with the values files, and how its name ends.
    config_map: Option<(Stencil, String)>,
}

/// The files of a release.
pub(super) struct Release {
    pub(super) helm_release: String,
    pub(super) config_map: Option<String>,
}

impl<'h, 'a> Stencils<'h, 'a> {
    pub(super) fn new(hub: &'h Hub<'a>, order: &'h Order<'a>) -> Self {
        let mut sharing = HashMap::new();
        for deployment in &hub.plan.deployments {
            *sharing.entry(of_kustomization(deployment)).or_default() += 1;
            *sharing.entry(of_release(deployment)).or_default() += 1;
        }
        Self { hub, order, sharing, kustomizations: HashMap::new(), releases: HashMap::new() }
    }

    /// The file with what is in `stream` and the Kustomizations of `deployments`, if there are any.
    pub(super) fn kustomizations(
        &mut self,
        mut stream: Stream,
        deployments: Vec<(usize, &Deployment)>,
    ) -> Option<String> {
        let mut any = false;
        for (index, deployment) in deployments {
            let own = Own::of(self.hub, self.order, index, deployment);
            let class = self.class(of_kustomization(deployment), deployment, &own);
            let make = || kustomization::deployment(self.hub, deployment, &own.holes()).map(|it| Stencil::new(&it));
            let made;
            let stencil = if self.is_shared(&class) {
                self.kustomizations.entry(class).or_insert_with(make)
            } else {
                made = make();
                &made
            };
            if let Some(stencil) = stencil {
                stream.fill(stencil, |number| Filling::Text(own.at(number).unwrap_or_default()));
                any = true;
            }
        }
        stream.into_text().filter(|_| any)
    }

    /// The files of the release of a deployment; none when it is no chart.
    pub(super) fn release(&mut self, deployment: &Deployment) -> Option<Release> {
        let Content::Chart(chart) = &deployment.content else { return None };
        let mut own = Own::without_order(self.hub, deployment);
        let class = self.class(of_release(deployment), deployment, &own);
        let hub = self.hub;
        let make = || ReleaseStencils::new(hub, deployment, chart, own.holes());
        let made;
        let stencils = if self.is_shared(&class) {
            self.releases.entry(class).or_insert_with(make)
        } else {
            made = make();
            &made
        };
        if let Some((_, ending)) = &stencils.config_map {
            own.push(Part::ValuesFiles, format!("{}-{ending}", deployment.name));
        }
        let file = |stencil: &Stencil| {
            let mut stream = Stream::default();
            stream.fill(stencil, |number| filling(&own, number, deployment.values.own()));
            stream.into_text()
        };
        Some(Release {
            helm_release: file(&stencils.helm_release)?,
            config_map: stencils.config_map.as_ref().and_then(|(stencil, _)| file(stencil)),
        })
    }

    fn class(&self, shared: Shared, deployment: &Deployment, own: &Own) -> Class {
        Class {
            shared,
            keeps: deployment.on_delete == OnDelete::Keep,
            is_suspended: self.hub.is_suspended(deployment),
            form: own.form(),
        }
    }

    fn is_shared(&self, class: &Class) -> bool {
        self.sharing.get(&class.shared) > Some(&1)
    }
}

impl ReleaseStencils {
    /// Those of a deployment with `holes`, but for the one of the ConfigMap.
    fn new(hub: &Hub, deployment: &Deployment, chart: &Chart, mut holes: Own<'static>) -> Self {
        let ending = release::config_map_ending(chart);
        if ending.is_some() {
            holes.push_hole(Part::ValuesFiles);
        }
        let config_map = release::config_map(hub, deployment, chart, &holes).map(|it| Stencil::new(&it));
        Self {
            helm_release: Stencil::new(&release::helm_release(hub, deployment, chart, &holes)),
            config_map: config_map.zip(ending),
        }
    }
}

/// A text of the cluster's, or behind all of them what stands in a place of its values.
fn filling<'f>(own: &'f Own, number: usize, values: &'f [Value]) -> Filling<'f> {
    match own.at(number) {
        Some(text) => Filling::Text(text),
        // There are as many fillings as holes.
        None => Filling::Value(values.get(number - own.len()).unwrap_or(&Value::Null)),
    }
}
