//! The texts of deployments' objects. Those of deployments that share their settings differ in the texts of their clusters
//! ([`Own`]) and in the places of their values alone, so what they have in common is written once.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _};
use serde_json::Value;

use super::hub::Hub;
use super::own::{Form, Own, Part};
use super::patches::{self, Variables};
use super::rollout::Order;
use super::{kustomization, release};
use crate::plan::values::Shape;
use crate::plan::{Chart, Content, Deployment, OnDelete, Patch, Settings};
use crate::target::yaml::{Filling, Stencil, Stream};

/// What is written of the deployments of an instance.
pub(super) struct Stencils<'h, 'a> {
    hub: &'h Hub<'a>,
    order: &'h Order<'a>,
    /// How many deployments have each list of patches.
    patched: HashMap<*const Vec<Patch>, usize>,
    /// How many deployments share what their objects are made from: what is written once and never again is not kept.
    sharing: HashMap<Shared<'a>, usize>,
    kustomizations: HashMap<Class<'a>, Option<Stencil>>,
    releases: HashMap<Class<'a>, ReleaseStencils>,
}

/// What objects are made from: addresses, where it is shared. A Kustomization has no values, and that of a chart no patches.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Shared<'a> {
    settings: *const Settings,
    patches: Patches<'a>,
    values: Option<*const Shape>,
}

/// The patches of deployments that are written alike.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Patches<'a> {
    None,
    /// They share a list.
    Same(*const Vec<Patch>),
    /// Each has its own, of the same objects by kind and name.
    Own(Vec<(&'a str, &'a str)>),
}

/// Deployments whose objects differ in nothing but the texts of their clusters.
#[derive(PartialEq, Eq, Hash)]
struct Class<'a> {
    shared: Shared<'a>,
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
        let (sharing, kustomizations, releases) = (HashMap::new(), HashMap::new(), HashMap::new());
        let mut stencils = Self { hub, order, patched: HashMap::new(), sharing, kustomizations, releases };
        for deployment in &hub.plan.deployments {
            *stencils.patched.entry(Arc::as_ptr(&deployment.patches)).or_default() += 1;
        }
        for deployment in &hub.plan.deployments {
            for shared in [stencils.of_kustomization(deployment), stencils.of_release(deployment)] {
                *stencils.sharing.entry(shared).or_default() += 1;
            }
        }
        stencils
    }

    fn of_kustomization(&self, deployment: &'a Deployment) -> Shared<'a> {
        let is_patched = matches!(deployment.content, Content::Path(_));
        let patches = if is_patched { self.patches(deployment) } else { Patches::None };
        Shared { settings: Arc::as_ptr(&deployment.settings), patches, values: None }
    }

    fn of_release(&self, deployment: &'a Deployment) -> Shared<'a> {
        let (settings, patches) = (Arc::as_ptr(&deployment.settings), self.patches(deployment));
        Shared { settings, patches, values: Some(Arc::as_ptr(deployment.values.shape())) }
    }

    fn patches(&self, deployment: &'a Deployment) -> Patches<'a> {
        let list = Arc::as_ptr(&deployment.patches);
        if deployment.patches.is_empty() {
            Patches::None
        } else if self.patched.get(&list) > Some(&1) {
            Patches::Same(list)
        } else {
            Patches::Own(patches::objects(&deployment.patches).collect())
        }
    }

    /// The file with what is in `stream` and the Kustomizations of `deployments`, if there are any.
    pub(super) fn kustomizations(
        &mut self,
        mut stream: Stream,
        deployments: Vec<(usize, &'a Deployment)>,
    ) -> Option<String> {
        let mut any = false;
        for (index, deployment) in deployments {
            let mut own = Own::of(self.hub, self.order, index, deployment);
            let shared = self.of_kustomization(deployment);
            if let Patches::Own(_) = shared.patches {
                own.push_patches(deployment, kustomization::variables(deployment));
            }
            let class = self.class(shared, deployment, &own);
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
    pub(super) fn release(&mut self, deployment: &'a Deployment) -> Option<Release> {
        let Content::Chart(chart) = &deployment.content else { return None };
        let mut own = Own::without_order(self.hub, deployment);
        let shared = self.of_release(deployment);
        if let Patches::Own(_) = shared.patches {
            own.push_patches(deployment, Variables::Kept);
        }
        let class = self.class(shared, deployment, &own);
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

    fn class(&self, shared: Shared<'a>, deployment: &Deployment, own: &Own) -> Class<'a> {
        Class {
            shared,
            keeps: deployment.on_delete == OnDelete::Keep,
            is_suspended: self.hub.is_suspended(deployment),
            form: own.form(),
        }
    }

    fn is_shared(&self, class: &Class<'a>) -> bool {
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
