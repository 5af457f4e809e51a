//! Random valid fleets: the same seed gives the same fleet.
//!
//! Built from the ground up so that each choice can see what it stands on: fields, clusters, groups, which component
//! runs where, then the bodies, whose `${…}` and predicates are chosen from what those clusters have. `repair` takes
//! away what would be an error.

mod bodies;
mod clusters;
mod components;
mod order;
mod places;
mod predicates;
mod repair;
mod strings;

use std::collections::BTreeMap;

use super::model::{ArgoCd, Expr, Fleet, Flux, Part, Source};
use super::reference::{Cluster, Reference};
use super::rng::Rng;

pub use repair::remove_component;

/// A valid fleet.
pub fn generate(seed: u64) -> Fleet {
    let mut generator = Generator {
        rng: Rng::new(seed, 1),
        fleet: empty(),
        steady: false,
        flavour: Flavour::Mixed,
        clusters: Vec::new(),
    };
    generator.engines();
    generator.sources();
    generator.fields();
    generator.clusters();
    generator.groups();
    generator.protected();
    generator.rollouts();
    generator.skeletons();
    generator.layers();
    generator.components();
    generator.after();
    repair::repair(&mut generator.fleet);
    generator.projects();
    generator.layout();
    generator.progressive_syncs();
    generator.fleet
}

/// What the fleet is made with.
struct Generator {
    rng: Rng,
    fleet: Fleet,
    /// What is being made must look the same on all clusters: it runs under a rollout, perhaps.
    steady: bool,
    flavour: Flavour,
    /// The clusters, once they are declared.
    clusters: Vec<Cluster>,
}

/// What the components of a fleet are: when all are alike, the defaults can say more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flavour {
    Mixed,
    Charts,
    Folders,
}

fn empty() -> Fleet {
    Fleet {
        name: String::new(),
        home: String::new(),
        open: false,
        protected: None,
        label_prefix: None,
        argocd: None,
        flux: None,
        sources: Vec::new(),
        fields: Vec::new(),
        cluster_defaults: BTreeMap::new(),
        clusters: Vec::new(),
        groups: Vec::new(),
        projects: Vec::new(),
        rollouts: Vec::new(),
        templates: Vec::new(),
        defaults: None,
        components: Vec::new(),
    }
}

impl Generator {
    /// The interpreter over what there is so far.
    fn so_far(&self) -> Reference<'_> {
        Reference { fleet: &self.fleet, clusters: self.clusters.clone() }
    }

    fn engines(&mut self) {
        self.fleet.name = (*self.rng.pick(&["my-org", "edge", "f", "acme-platform-2"])).into();
        if self.rng.chance(15) {
            self.fleet.label_prefix = Some("fleet.example.com".into());
        }
        let which = self.rng.below(4);
        if which != 1 {
            self.fleet.argocd = Some(ArgoCd {
                version: self.rng.chance(50).then(|| "3.5".into()),
                namespace: self.rng.chance(15).then(|| "argo".into()),
                by_server: self.rng.chance(20),
                progressive_syncs: self.rng.chance(30),
                labels: false,
                app_of_apps: false,
            });
        }
        if which != 0 {
            self.fleet.flux = Some(Flux {
                version: self.rng.chance(50).then(|| "2.9".into()),
                namespace: self.rng.chance(15).then(|| "flux-hub".into()),
                hub_said: self.rng.chance(50),
                pull: false,
                overlays: false,
                interval: self.rng.chance(40).then(|| (*self.rng.pick(&["10m", "1h", "1h30m", "90s"])).into()),
                kubeconfig: self.rng.chance(20).then(|| ("kc-".into(), ".admin".into())),
            });
        }
    }

    fn sources(&mut self) {
        self.flavour = *self.rng.pick(&[Flavour::Mixed, Flavour::Mixed, Flavour::Charts, Flavour::Folders]);
        let mut sources = vec![Source {
            name: "fleet-config".into(),
            kind: "git",
            url: "https://git.example.com/org/fleet-config".into(),
            revision: Some(("branch", "main".into())),
            charts: false,
        }];
        self.fleet.home = "fleet-config".into();
        for (name, url) in
            [("apps", "https://git.example.com/org/apps.git"), ("infra", "ssh://git@git.example.com/infra")]
        {
            if self.rng.chance(60) {
                let revision = self.git_revision();
                sources.push(Source { name: name.into(), kind: "git", url: url.into(), revision, charts: false });
            }
        }
        if self.rng.chance(25) {
            let revision = match self.rng.below(3) {
                0 => Some(("tag", "1.4.0".to_string())),
                1 => Some(("digest", format!("sha256:{}", "0f1e2d3c".repeat(8)))),
                _ => Some(("tag", "latest".to_string())),
            };
            let url = "oci://registry.example.com/manifests/base".into();
            sources.push(Source { name: "bundles".into(), kind: "oci", url, revision, charts: false });
        }
        let chart_sources: [(&str, &'static str, &str); 3] = [
            ("jetstack", "helm", "https://charts.jetstack.io"),
            ("charts", "helm", "https://charts.example.com/stable"),
            ("oci-charts", "oci", "oci://registry.example.com/charts"),
        ];
        let must = self.rng.below(chart_sources.len());
        for (index, (name, kind, url)) in chart_sources.into_iter().enumerate() {
            if index == must || self.rng.chance(40) {
                sources.push(Source { name: name.into(), kind, url: url.into(), revision: None, charts: true });
            }
        }
        self.fleet.sources = sources;
    }

    fn git_revision(&mut self) -> Option<(&'static str, String)> {
        match self.rng.below(5) {
            0 => Some(("tag", "v1.2.3".into())),
            1 => Some(("semver", ">=1.0.0 <2.0.0".into())),
            2 => Some(("commit", "c0ffee00".repeat(5))),
            // Without one, Flux reads `master`, whatever the repository's own default is.
            3 if self.fleet.flux.is_none() => None,
            _ => Some(("branch", "release/1.x".into())),
        }
    }

    /// Some fleets of Argo CD alone have their Applications written out, which nothing rolls out in stages.
    fn layout(&mut self) {
        if self.fleet.flux.is_some() || !self.rng.chance(60) {
            return;
        }
        self.fleet.argocd.as_mut().expect("Argo CD alone").app_of_apps = true;
        let templates = self.fleet.templates.iter_mut().map(|template| &mut template.body);
        let components = self.fleet.components.iter_mut().map(|component| &mut component.body);
        for body in templates.chain(components).chain(&mut self.fleet.defaults) {
            body.attributes.remove("rollout");
        }
    }

    /// Argo CD keeps an order of ApplicationSets only with progressive syncs.
    fn progressive_syncs(&mut self) {
        let ordered = self.fleet.components.iter().any(|component| {
            let mut bodies = vec![&component.body];
            bodies.extend(component.from.iter().map(|name| &self.fleet.template(name).body));
            bodies.extend(&self.fleet.defaults);
            let nested: Vec<_> = bodies.iter().flat_map(|body| body.on.iter().map(|on| &on.body)).collect();
            bodies.extend(nested);
            bodies.iter().any(|body| body.attributes.contains_key("after") || body.attributes.contains_key("rollout"))
        });
        if let Some(argocd) = self.fleet.argocd.as_mut().filter(|argocd| !argocd.app_of_apps) {
            argocd.progressive_syncs |= ordered;
        }
    }
}

/// A name as it is.
fn named(name: impl AsRef<str>) -> Expr {
    Expr::Name(name.as_ref().into())
}

/// Literal text.
fn literal(text: impl AsRef<str>) -> Part {
    Part::Literal(text.as_ref().into())
}

/// `${name}`
fn hole(name: impl AsRef<str>) -> Part {
    Part::Hole(name.as_ref().into())
}
