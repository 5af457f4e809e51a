//! Rollouts, templates, defaults and components.

use std::collections::{BTreeMap, BTreeSet};

use super::super::model::{
    Body, Clusters, Component, Expr, Field, Max, Pred, Presence, Project, Repository, Rollout, Safety, Stage, Template,
    Type, text,
};
use super::places::Place;
use super::strings::TRICKY;
use super::{Flavour, Generator, named, repair};

const NAMES: [&str; 14] = [
    "cert-manager",
    "ingress",
    "web",
    "payments-api",
    "dns",
    "a",
    "metrics-collector-with-a-long-name",
    "observability-agent-for-everything-else",
    "env",
    "billing-2",
    "kustomization",
    "queue",
    "b",
    "monitoring",
];

impl Generator {
    pub(super) fn rollouts(&mut self) {
        for name in ["progressive", "careful-2"] {
            if self.rng.chance(40) {
                let rollout = self.rollout(name);
                self.fleet.rollouts.push(rollout);
            }
        }
    }

    fn rollout(&mut self, name: &str) -> Rollout {
        let mut names = vec!["dev", "canary", "wave-1", "wave-2", "last", "prod"];
        self.rng.shuffle(&mut names);
        let mut left: BTreeSet<String> = self.clusters_of(&Pred::All);
        let mut stages = Vec::new();
        for _ in 0..self.rng.between(1, 4) {
            // Rather some of the clusters than all that are left.
            let mut preds: Vec<Pred> = (0..4).map(|_| self.selecting()).collect();
            let some = |pred: &Pred| left.iter().any(|cluster| !self.clusters_of(pred).contains(cluster));
            let pred = preds.remove(preds.iter().position(some).unwrap_or(0));
            let received: Vec<String> = self.clusters_of(&pred).intersection(&left).cloned().collect();
            if !received.is_empty() {
                left.retain(|cluster| !received.contains(cluster));
                let stage = self.stage(names.remove(0), Some(pred));
                stages.push(stage);
            }
        }
        if !left.is_empty() && (stages.is_empty() || self.rng.chance(90)) {
            let stage = self.stage(names.remove(0), None);
            stages.push(stage);
        }
        Rollout { name: name.into(), stages }
    }

    fn stage(&mut self, name: &str, on: Option<Pred>) -> Stage {
        Stage { name: name.into(), on, max: self.max(), manual: self.rng.chance(12) }
    }

    fn max(&mut self) -> Option<Max> {
        match self.rng.below(5) {
            0 => Some(Max::Count(self.rng.between(1, 3))),
            1 => Some(Max::Percent(*self.rng.pick(&[1, 10, 25, 33, 50, 99, 100]))),
            _ => None,
        }
    }

    /// Names and clusters of the components, before any of them says anything.
    pub(super) fn skeletons(&mut self) {
        let mut names = NAMES.to_vec();
        self.rng.shuffle(&mut names);
        for name in names.into_iter().take(self.rng.between(1, 7)) {
            let on = match self.rng.below(20) {
                0 => None,
                1 => Some(Pred::None),
                2..9 => Some(Pred::All),
                _ => Some(self.selecting()),
            };
            self.fleet.components.push(Component { name: name.into(), from: Vec::new(), on, body: Body::default() });
        }
        let names: Vec<String> = self.fleet.components.iter().map(|component| component.name.clone()).collect();
        for index in 0..self.fleet.clusters.len() {
            if self.rng.chance(30) {
                let with = self.rng.some(&names, 2);
                let without = self.rng.some(&names, 1);
                let cluster = &mut self.fleet.clusters[index];
                cluster.without = without.into_iter().filter(|name| !with.contains(name)).collect();
                cluster.with = with;
            }
        }
    }

    /// Templates, defaults, and the names of the projects.
    pub(super) fn layers(&mut self) {
        for name in ["platform", "team-a", "restricted"] {
            if self.rng.chance(60) {
                let project = Project {
                    name: name.into(),
                    description: self.rng.chance(30).then(|| (*self.rng.pick(&TRICKY)).into()),
                    sources: Vec::new(),
                    clusters: None,
                    namespaces: Vec::new(),
                };
                self.fleet.projects.push(project);
            }
        }
        self.steady = !self.fleet.rollouts.is_empty();
        for name in ["service", "base.one", "careful", "agent"] {
            if self.rng.chance(40) {
                let template = self.template(&name.replace('.', "-"));
                self.fleet.templates.push(template);
            }
        }
        if self.rng.chance(60) {
            self.fleet.defaults = Some(self.defaults());
        }
    }

    fn template(&mut self, name: &str) -> Template {
        let chart = match self.flavour {
            Flavour::Mixed => *self.rng.pick(&[None, Some(true), Some(false)]),
            Flavour::Charts => *self.rng.pick(&[None, Some(true), Some(true)]),
            Flavour::Folders => *self.rng.pick(&[None, Some(false), Some(false)]),
        };
        let letter = &name[..1];
        let all = [
            ("size", Type::Choice(vec!["small".into(), "medium".into(), "no".into()]), Safety::Name),
            ("host", Type::Text, Safety::Label),
            ("note", Type::Text, Safety::Text),
            ("count", Type::Int, Safety::Name),
            ("flag", Type::Bool, Safety::Name),
            ("list", Type::List, Safety::Text),
        ];
        let mut params = Vec::new();
        for (param, ty, safety) in self.rng.some(&all, 3) {
            let mut field = Field {
                name: format!("{param}-{letter}"),
                key: None,
                fact: false,
                ty,
                presence: Presence::Required,
                safety,
            };
            if self.rng.chance(60) {
                field.presence = Presence::Default(self.argument(&field, &Place::default()));
            }
            params.push(field);
        }
        let place = Place { chart, ..self.place(None) }.with_params(&params);
        let mut body = self.body(&place, 15);
        match chart {
            Some(true) => self.chart(&mut body, &place, 60),
            Some(false) if self.rng.chance(50) => {
                let path = self.path(&place);
                body.attributes.insert("path".into(), path);
            }
            _ => {}
        }
        self.whole_rollout(&mut body, 10);
        body.on = self.on_blocks(2, |generator, _| generator.on_body(&place, false));
        Template { name: name.into(), params, body }
    }

    fn defaults(&mut self) -> Body {
        let chart = match self.flavour {
            Flavour::Mixed => None,
            Flavour::Charts => Some(true),
            Flavour::Folders => Some(false),
        };
        let place = Place { chart, ..self.place(None) };
        let mut body = self.body(&place, 15);
        if !self.fleet.projects.is_empty() && self.rng.chance(60) {
            let project = self.project_name(&place);
            body.attributes.insert("project".into(), project);
        }
        if self.rng.chance(25) {
            let namespace = self.namespace(&place);
            body.attributes.insert("namespace".into(), namespace);
        }
        if chart == Some(false) && self.rng.chance(50) {
            let path = self.path(&place);
            body.attributes.insert("path".into(), path);
        }
        self.whole_rollout(&mut body, 12);
        body.on = self.on_blocks(2, |generator, _| generator.on_body(&place, false));
        body
    }

    /// A rollout that covers every cluster, for a layer that many components share.
    fn whole_rollout(&mut self, body: &mut Body, percent: usize) {
        let reference = self.so_far();
        let whole = |rollout: &&Rollout| {
            reference.clusters.iter().all(|cluster| reference.stage(&rollout.name, cluster).is_some())
        };
        let rollout = self.fleet.rollouts.iter().find(whole).map(|rollout| rollout.name.clone());
        if let Some(name) = rollout
            && self.rng.chance(percent)
        {
            body.attributes.insert("rollout".into(), named(&name));
        }
    }

    pub(super) fn components(&mut self) {
        for index in 0..self.fleet.components.len() {
            let component = self.fleet.components[index].clone();
            let component = self.component(component);
            self.fleet.components[index] = component;
        }
        self.steady = false;
    }

    fn component(&mut self, mut component: Component) -> Component {
        let clusters: BTreeSet<String> = {
            let reference = self.so_far();
            let runs = reference.clusters.iter().filter(|cluster| reference.runs(&component, cluster));
            runs.map(|cluster| cluster.name.clone()).collect()
        };
        let chart = match self.flavour {
            Flavour::Mixed => self.rng.chance(50),
            flavour => flavour == Flavour::Charts,
        };
        let inherited = self.fleet.defaults.iter().any(|body| body.attributes.contains_key("rollout"));
        let rollout = (!self.fleet.rollouts.is_empty() && self.rng.chance(50))
            .then(|| self.rng.pick(&self.fleet.rollouts.clone()).name.clone());
        self.steady = inherited || rollout.is_some();

        let (templates, contested) = self.templates_for(chart);
        let params: Vec<Field> = templates.iter().flat_map(|template| template.params.clone()).collect();
        let below: Vec<Body> =
            self.fleet.defaults.iter().chain(templates.iter().map(|template| &template.body)).cloned().collect();
        let mut place = Place { chart: Some(chart), ..self.place(Some(&clusters)) }.with_params(&params);

        let mut body = Body::default();
        let has_namespace = below.iter().any(|body| body.attributes.contains_key("namespace")) || {
            // Flux needs to know where a chart goes.
            let said = (chart && self.fleet.flux.is_some()) || self.rng.chance(80);
            if said {
                let namespace = self.namespace(&place);
                body.attributes.insert("namespace".into(), namespace);
            }
            said
        };
        if has_namespace {
            place.known.push(super::places::Known { name: "namespace".into(), ty: Type::Text, safety: Safety::Name });
        }
        let more = self.body(&place, 15);
        body.attributes.extend(more.attributes.clone());
        body = Body { attributes: body.attributes, ..more };
        self.content(&mut body, &below, &place, chart);
        self.rest(&mut body, &place, has_namespace);
        if let Some(rollout) = rollout {
            body.attributes.insert("rollout".into(), named(&rollout));
        }
        for param in &params {
            if matches!(param.presence, Presence::Required) || self.rng.chance(40) {
                let argument = self.argument(param, &self.place(Some(&clusters)));
                body.attributes.insert(param.name.clone(), argument);
            }
        }
        for key in contested {
            let value = below.iter().rev().find_map(|body| body.attributes.get(&key)).cloned();
            body.attributes.entry(key).or_insert(value.unwrap_or(Expr::Bool(true)));
        }
        body.on = self.on_blocks(3, |generator, on| generator.component_on(on, &clusters, &place, &params));
        component.from = templates.into_iter().map(|template| template.name).collect();
        component.body = body;
        component
    }

    /// Up to two templates that fit and do not contradict each other, and the attributes that both set.
    fn templates_for(&mut self, chart: bool) -> (Vec<Template>, Vec<String>) {
        let fits = |template: &Template| repair::flavour(&template.body).is_none_or(|it| it == chart);
        let fitting: Vec<Template> = self.fleet.templates.iter().filter(|template| fits(template)).cloned().collect();
        let mut chosen = self.rng.some(&fitting, 2);
        self.rng.shuffle(&mut chosen);
        let mut contested = Vec::new();
        if let [a, b] = chosen.as_slice() {
            match repair::contested(&a.body, &b.body) {
                Some(keys) => contested = keys,
                None => chosen.truncate(1),
            }
        }
        (chosen, contested)
    }

    /// An `on` block of a component: it sees what is there on its own clusters.
    fn component_on(&mut self, on: &Pred, clusters: &BTreeSet<String>, place: &Place, params: &[Field]) -> Body {
        let own: BTreeSet<String> = self.clusters_of(on).intersection(clusters).cloned().collect();
        let mut here = Place { chart: place.chart, ..self.place(Some(if own.is_empty() { clusters } else { &own })) };
        here = here.with_params(params);
        let namespace = place.known.iter().find(|known| known.name == "namespace");
        here.known.extend(namespace.cloned());
        let mut body = self.on_body(&here, true);
        if namespace.is_some() && self.rng.chance(12) {
            let mut outside = here.clone();
            outside.known.retain(|known| known.name != "namespace");
            body.attributes.insert("namespace".into(), self.namespace(&outside));
        }
        for param in params {
            if self.rng.chance(8) {
                let argument = self.argument(param, &self.place(Some(clusters)));
                body.attributes.insert(param.name.clone(), argument);
            }
        }
        body
    }

    /// What an `on` block says.
    fn on_body(&mut self, place: &Place, own: bool) -> Body {
        let mut body = self.body(place, 10);
        if own && place.chart == Some(false) && self.rng.chance(40) {
            let path = self.path(place);
            body.attributes.insert("path".into(), path);
        }
        if own && place.chart == Some(true) && self.rng.chance(25) {
            body.attributes.insert("version".into(), text(*self.rng.pick(&["2.0.0", "9.9.9-rc.1"])));
        }
        if own && !place.steady && !self.fleet.projects.is_empty() && self.rng.chance(12) {
            let project = self.project_name(place);
            body.attributes.insert("project".into(), project);
        }
        if place.known.iter().any(|known| known.name == "namespace") && !place.steady && self.rng.chance(12) {
            let health = self.health(place);
            body.attributes.insert("health".into(), health);
        }
        body
    }

    /// Where a component comes from, unless a layer below says so.
    fn content(&mut self, body: &mut Body, below: &[Body], place: &Place, chart: bool) {
        let said = |key: &str| below.iter().any(|body| body.attributes.contains_key(key));
        if chart {
            let whole = said("chart") && said("version") && said("source");
            if !whole || self.rng.chance(25) {
                self.chart(body, place, 100);
            }
            if self.rng.chance(15) {
                // Two releases in a namespace may not share a name.
                let parts = vec![super::literal("rel-"), super::hole("component")];
                let release = Expr::Text(parts);
                body.attributes.insert("release".into(), release);
            }
            return;
        }
        if !said("path") || self.rng.chance(40) {
            let path = self.path(place);
            body.attributes.insert("path".into(), path);
        }
        if self.rng.chance(60) {
            let folders: Vec<String> =
                self.fleet.sources.iter().filter(|source| !source.charts).map(|source| source.name.clone()).collect();
            let name = self.rng.pick(&folders).clone();
            let mut source = named(&name);
            if !place.steady && self.rng.chance(15) {
                let bare = Place { guarded: Vec::new(), ..place.clone() };
                source = self.choice(&bare, |generator| named(generator.rng.pick(&folders)));
            }
            body.attributes.insert("source".into(), source);
        }
    }

    fn chart(&mut self, body: &mut Body, place: &Place, version: usize) {
        let charts: Vec<String> =
            self.fleet.sources.iter().filter(|source| source.charts).map(|source| source.name.clone()).collect();
        body.attributes.insert("source".into(), named(self.rng.pick(&charts)));
        let chart = match self.rng.below(4) {
            0 => named("component"),
            1 => self.woven("chart", place, Safety::Name, 0),
            _ => text(*self.rng.pick(&["cert-manager", "podinfo", "kube-prometheus-stack"])),
        };
        body.attributes.insert("chart".into(), chart);
        if self.rng.chance(version) {
            let fact = place.known.iter().any(|known| known.name == "chart-version");
            let version = match self.rng.below(5) {
                0 if fact => named("chart-version"),
                1 => {
                    let bare = Place { guarded: Vec::new(), ..place.clone() };
                    self.choice(&bare, |generator| text(*generator.rng.pick(&["1.0.0", "1.1.0", "2.3.4"])))
                }
                _ => text(*self.rng.pick(&["v1.16.2", "1.0.0", "0.3.1"])),
            };
            body.attributes.insert("version".into(), version);
        }
    }

    fn path(&mut self, place: &Place) -> Expr {
        let names = place.names(Safety::Label);
        let mut parts = vec![super::literal(self.rng.pick(&["apps", "k8s/overlays", "platform/a.b/c_d"]))];
        for name in self.rng.some(&names, 2) {
            parts.extend([super::literal("/"), super::hole(&name)]);
        }
        Self::text_of(parts)
    }

    fn namespace(&mut self, place: &Place) -> Expr {
        match self.rng.below(8) {
            0 => self.woven("ns", place, Safety::Name, 1),
            1 => Expr::Text(vec![super::hole("component")]),
            2 => self.woven("team", place, Safety::Name, 1),
            // A name, although there are labels of these names.
            3 => named(self.rng.pick(&["env", "region", "spot"])),
            4 if !place.steady => {
                let bare = Place { guarded: Vec::new(), ..place.clone() };
                self.choice(&bare, |generator| named(generator.rng.pick(&["monitoring", "payments"])))
            }
            _ => named(self.rng.pick(&["monitoring", "payments", "kube-system", "cert-manager"])),
        }
    }

    fn project_name(&mut self, place: &Place) -> Expr {
        let names: Vec<String> = self.fleet.projects.iter().map(|project| project.name.clone()).collect();
        if !place.steady && self.rng.chance(12) {
            let bare = Place { guarded: Vec::new(), ..place.clone() };
            return self.choice(&bare, |generator| named(generator.rng.pick(&names)));
        }
        named(self.rng.pick(&names))
    }

    /// Project, health, waiting, deletion.
    fn rest(&mut self, body: &mut Body, place: &Place, has_namespace: bool) {
        if !self.fleet.projects.is_empty() && self.rng.chance(40) {
            let project = self.project_name(place);
            body.attributes.insert("project".into(), project);
        }
        if has_namespace && self.rng.chance(35) {
            let health = self.health(place);
            body.attributes.insert("health".into(), health);
        } else if self.rng.chance(15) {
            body.attributes.insert("wait".into(), Expr::Bool(self.rng.chance(30)));
        }
        if self.rng.chance(10) {
            body.attributes.insert("on-delete".into(), named(self.rng.pick(&["keep", "cascade"])));
        }
    }

    fn health(&mut self, place: &Place) -> Expr {
        let mut objects = Vec::new();
        for kind in self.rng.some(&["Deployment", "StatefulSet", "DaemonSet", "Job"], 2) {
            let name = self.woven(&format!("{kind}/web"), place, Safety::Name, 1);
            objects.push(name);
        }
        if objects.is_empty() || self.rng.chance(25) {
            objects.push(text("Deployment/kube-system/coredns"));
        }
        if self.rng.chance(25) {
            objects.push(text("argoproj.io/v1alpha1/Rollout/apps/web"));
        }
        Expr::List(objects)
    }

    /// A value for a parameter.
    fn argument(&mut self, param: &Field, place: &Place) -> Expr {
        let bare = Place { guarded: Vec::new(), ..place.clone() };
        let plain = match &param.ty {
            Type::Choice(values) => named(self.rng.pick(values)),
            Type::Int if self.rng.chance(30) => self.reference(place, &Type::Int).unwrap_or(Expr::Int(7)),
            Type::Int => Expr::Int(self.rng.below(9) as i64),
            Type::Bool if self.rng.chance(30) => self.reference(place, &Type::Bool).unwrap_or(Expr::Bool(true)),
            Type::Bool => Expr::Bool(self.rng.chance(50)),
            Type::List => Expr::List(self.rng.some(&["a", "no", "{{ x }}", "${y}"], 3).into_iter().map(text).collect()),
            Type::Text if param.safety == Safety::Text => match self.rng.below(3) {
                0 => self.woven("note", place, Safety::Text, 2),
                _ => text(*self.rng.pick(&TRICKY)),
            },
            Type::Text => match self.rng.below(3) {
                0 => self.woven("host", place, Safety::Label, 1),
                _ => text(*self.rng.pick(&["example.com", "a_b.c", "x"])),
            },
        };
        if !place.known.is_empty() && self.rng.chance(15) {
            let mut simple = param.clone();
            simple.presence = Presence::Required;
            let other = self.argument(&simple, &Place::default());
            return self
                .choice(&bare, |generator| if generator.rng.chance(50) { plain.clone() } else { other.clone() });
        }
        plain
    }

    /// Fills in the projects so that they permit what runs.
    pub(super) fn projects(&mut self) {
        let deployments = self.so_far().deployments();
        for index in 0..self.fleet.projects.len() {
            let name = self.fleet.projects[index].name.clone();
            let own: Vec<_> = deployments.iter().filter(|it| it.project.as_ref() == Some(&name)).collect();
            let mut namespaces: BTreeMap<String, ()> = BTreeMap::new();
            let any = own.iter().any(|it| it.namespace.is_none());
            namespaces.extend(own.iter().filter_map(|it| Some((it.namespace.clone()?, ()))));
            let clusters: BTreeSet<String> = own.iter().map(|it| it.cluster.clone()).collect();
            let sources: BTreeSet<(String, String)> = own
                .iter()
                .map(|it| (it.source["name"].as_str().unwrap().into(), it.source["url"].as_str().unwrap().into()))
                .collect();
            let project_clusters = self.project_clusters(&clusters);
            let project_sources = self.project_sources(&sources);
            let project = &mut self.fleet.projects[index];
            project.clusters = project_clusters;
            project.sources = project_sources;
            project.namespaces = namespaces.into_keys().collect();
            if any || project.namespaces.is_empty() || self.rng.chance(50) {
                project.namespaces = vec!["*".into()];
            }
        }
    }

    fn project_sources(&mut self, used: &BTreeSet<(String, String)>) -> Vec<Repository> {
        let oci = used.iter().any(|(_, url)| url.starts_with("oci://"));
        if oci || used.is_empty() || self.rng.chance(40) {
            return vec![Repository::Glob("*".into())];
        }
        used.iter()
            .map(|(name, url)| match self.rng.below(3) {
                0 => Repository::Glob(url.clone()),
                1 if *name == self.fleet.home => Repository::Home,
                _ => Repository::Source(name.clone()),
            })
            .collect()
    }

    fn project_clusters(&mut self, used: &BTreeSet<String>) -> Option<Clusters> {
        match self.rng.below(4) {
            0 => Some(Clusters::Globs(vec!["*".into()])),
            1 if !used.is_empty() => Some(Clusters::Globs(used.iter().cloned().collect())),
            2 => {
                let preds: Vec<Pred> = (0..8).map(|_| self.selecting()).collect();
                // What is true by its form alone may stand for all clusters, later ones too.
                let covers = |pred: &Pred| !pred.mentions_all() && used.is_subset(&self.clusters_of(pred));
                preds.into_iter().find(covers).map(Clusters::Pred)
            }
            _ => None,
        }
    }
}
