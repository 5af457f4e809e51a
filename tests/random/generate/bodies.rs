//! What stands inside a component, a template, the defaults, an `on` block.

use std::collections::BTreeMap;

use super::super::model::{Body, Change, Expr, Ignore, On, Patch, Safety, Type, text};
use super::places::Place;
use super::strings::{HIDDEN, PLAIN, TRICKY};
use super::{Generator, hole, literal, named};

type Map = BTreeMap<String, Expr>;

/// Keys whose values are scalars, keys whose values are maps, and one that is either.
const SCALARS: [&str; 14] = [
    "replicas",
    "mode",
    "greeting",
    "level",
    "enabled",
    "no",
    "012",
    "a.b/c",
    "with space",
    "if",
    "component",
    "x_1",
    "quote\"d",
    "ключ",
];
const MAPS: [&str; 5] = ["image", "resources", "config", "nested map", "on"];

impl Generator {
    /// A body with some attributes, fewer for an `on` block.
    pub(super) fn body(&mut self, place: &Place, often: usize) -> Body {
        let mut body = Body::default();
        self.switches(&mut body, place, often);
        if self.rng.chance(often) {
            let value = Expr::Duration((*self.rng.pick(&["10m", "1h30m", "90s", "1m500ms", "1h"])).into());
            body.attributes.insert("interval".into(), value);
        }
        if place.chart == Some(true) && self.rng.chance(often * 4) {
            let values = self.tree(place, 3);
            body.maps.insert("values".into(), values);
        }
        if place.chart == Some(false) && !place.steady {
            if self.rng.chance(often * 2) {
                body.patches = self.patches(place);
            }
            if self.rng.chance(often) {
                body.maps.insert("images".into(), self.images(place));
            }
        }
        if !place.steady || often > 10 {
            if self.rng.chance(often) {
                let labels = self.labels(place);
                body.maps.insert("labels".into(), labels);
            }
            if self.rng.chance(often) {
                let annotations = self.annotations(place);
                body.maps.insert("annotations".into(), annotations);
            }
            if self.rng.chance(often) {
                body.ignores = self.ignores();
            }
        }
        body
    }

    fn switches(&mut self, body: &mut Body, place: &Place, often: usize) {
        for (key, rare) in [("prune", 1), ("self-heal", 1), ("create-namespace", 1), ("server-side", 1), ("force", 3)] {
            // Argo CD's automated sync cannot force, nor can Helm on the server's side; Helm prunes what left a chart.
            let possible = match key {
                "force" => self.fleet.argocd.is_none() && place.chart == Some(false),
                "prune" => self.fleet.flux.is_none() || place.chart == Some(false),
                _ => true,
            };
            if possible && self.rng.chance(often / rare) && (!place.steady || often > 10) {
                let value = self.switch(place);
                body.attributes.insert(key.into(), value);
            }
        }
    }

    /// A bool: literal, a label or fact, `if`, or a predicate.
    fn switch(&mut self, place: &Place) -> Expr {
        if place.steady {
            return Expr::Bool(self.rng.chance(50));
        }
        match self.rng.below(8) {
            0 => self.reference(place, &Type::Bool).unwrap_or(Expr::Bool(true)),
            1 => {
                let bare = Place { guarded: Vec::new(), ..place.clone() };
                self.choice(&bare, |generator| Expr::Bool(generator.rng.chance(50)))
            }
            2 => Expr::Pred(self.comparing()),
            _ => Expr::Bool(self.rng.chance(50)),
        }
    }

    /// Helm values.
    pub(super) fn tree(&mut self, place: &Place, depth: usize) -> Map {
        let mut map = Map::new();
        for _ in 0..self.rng.between(1, 4) {
            match self.rng.below(8) {
                0 | 1 if depth > 0 => {
                    let key = *self.rng.pick(&MAPS);
                    let value = Expr::Map(self.tree(place, depth - 1));
                    map.insert(key.into(), value);
                }
                2 => {
                    let value = match self.rng.below(3) {
                        0 => Expr::Map(self.tree(place, 0)),
                        1 if !place.steady => Expr::Map(Map::new()),
                        _ => self.leaf(place),
                    };
                    map.insert("mixed".into(), value);
                }
                _ => {
                    let key = *self.rng.pick(&SCALARS);
                    let value = self.leaf(place);
                    map.insert(key.into(), value);
                }
            }
        }
        map
    }

    /// A value that is no map, or hardly one.
    pub(super) fn leaf(&mut self, place: &Place) -> Expr {
        match self.rng.below(16) {
            // Section 2: null only inside `values`.
            0 if place.chart == Some(true) => Expr::Null,
            0 | 1 => Expr::Bool(self.rng.chance(50)),
            2 => Expr::Int(*self.rng.pick(&[0, 1, -1, 3, 8080, 9_007_199_254_740_993, -40])),
            3 => Expr::Float(*self.rng.pick(&[0.5, -3.75, 1.25, 100.125])),
            4 | 5 => {
                let types = [Type::Text, Type::Int, Type::Bool, Type::List];
                let ty = self.rng.pick(&types).clone();
                self.reference(place, &ty).unwrap_or_else(|| named("cluster"))
            }
            6 => {
                let labels: Vec<String> = place.known.iter().map(|known| known.name.clone()).collect();
                named(self.rng.pick(&labels))
            }
            7 | 8 => self.woven("x", place, Safety::Text, 3),
            9 => self.choice(place, Self::scalar),
            10 => {
                let items = (0..self.rng.below(4)).map(|_| self.item(place)).collect();
                Expr::List(items)
            }
            11 => Expr::Pred(self.comparing()),
            12 => {
                let pool = self.tricky();
                let names = place.names(Safety::Text);
                let name = self.rng.pick(&names).clone();
                Self::text_of(vec![literal(pool), hole(&name), literal(" ")])
            }
            _ => self.scalar(),
        }
    }

    fn item(&mut self, place: &Place) -> Expr {
        match self.rng.below(6) {
            0 => Expr::Map(self.tree(place, 0)),
            1 => Expr::List((0..self.rng.below(3)).map(|_| self.scalar()).collect()),
            2 => named("cluster"),
            3 => self.woven("item", place, Safety::Text, 1),
            _ => self.scalar(),
        }
    }

    fn scalar(&mut self) -> Expr {
        match self.rng.below(6) {
            0 => Expr::Int(self.rng.below(100) as i64),
            1 => text(*self.rng.pick(&PLAIN)),
            _ => text(self.tricky()),
        }
    }

    fn tricky(&mut self) -> &'static str {
        let pool: &[&'static str] = if self.rng.chance(75) { &TRICKY } else { &HIDDEN };
        pool[self.rng.below(pool.len())]
    }

    fn patches(&mut self, place: &Place) -> Vec<Patch> {
        let mut targets = vec![("Deployment", "web"), ("HelmRelease", "stack"), ("ConfigMap", "settings.v1")];
        self.rng.shuffle(&mut targets);
        targets.truncate(self.rng.between(1, 2));
        targets.into_iter().map(|(kind, name)| self.patch(place, kind, name)).collect()
    }

    fn patch(&mut self, place: &Place, kind: &str, name: &str) -> Patch {
        let change = if self.rng.chance(35) {
            let mut fields = self.tree(place, 1);
            fields.remove("mixed");
            Change::Merge(BTreeMap::from([("spec".to_string(), Expr::Map(fields))]))
        } else {
            let pointers =
                ["/spec/replicas", "/metadata/annotations/a~1b", "/spec/values/global/clusterName", "/data/-"];
            let operations = (0..self.rng.between(1, 3))
                .map(|_| {
                    let word = *self.rng.pick(&["add", "replace", "remove", "test"]);
                    let value = (word != "remove").then(|| match self.rng.chance(20) {
                        true => Expr::Map(self.tree(place, 0)),
                        false => self.leaf(place),
                    });
                    (word.to_string(), (*self.rng.pick(&pointers)).to_string(), value)
                })
                .collect();
            Change::Operations(operations)
        };
        Patch { kind: kind.into(), name: name.into(), change }
    }

    fn images(&mut self, place: &Place) -> Map {
        let mut images = Map::new();
        for image in self.rng.some(&["nginx", "ghcr.io/org/app", "redis"], 2) {
            let value = match self.rng.below(3) {
                0 => text("mirror.example.com/library/image:1.27"),
                1 => self.woven("mirror.example.com/app:v1", place, Safety::Name, 1),
                _ => text(format!("registry.example.com/app@sha256:{}", "ab12cd34".repeat(8))),
            };
            images.insert(image.into(), value);
        }
        images
    }

    fn labels(&mut self, place: &Place) -> Map {
        let mut labels = Map::new();
        for key in self.rng.some(&["team", "example.com/owner", "app.kubernetes.io/part-of"], 2) {
            let value = match self.rng.below(4) {
                0 => text("no"),
                1 => text("payments_2"),
                2 => named("component"),
                _ => self.woven("t", place, Safety::Name, 1),
            };
            labels.insert(key.into(), value);
        }
        labels
    }

    fn annotations(&mut self, place: &Place) -> Map {
        let mut annotations = Map::new();
        for key in self.rng.some(&["example.com/note", "contact", "example.com/cluster"], 2) {
            let value = match self.rng.below(4) {
                0 => named("cluster"),
                1 => self.woven("see", place, Safety::Text, 2),
                _ => text(self.tricky()),
            };
            annotations.insert(key.into(), value);
        }
        annotations
    }

    fn ignores(&mut self) -> Vec<Ignore> {
        let targets =
            ["apps/Deployment", "apps/Deployment/web", "admissionregistration.k8s.io/ValidatingWebhookConfiguration"];
        let fields = ["/spec/replicas", "/webhooks/0/clientConfig/caBundle"];
        let mut ignores = Vec::new();
        for target in self.rng.some(&targets, 2) {
            let mut chosen: Vec<String> = self.rng.some(&fields, 2).into_iter().map(String::from).collect();
            if chosen.is_empty() {
                chosen.push(fields[0].into());
            }
            ignores.push(Ignore { target: target.into(), fields: chosen });
        }
        ignores
    }

    /// Up to `most` `on` blocks, later stripped of what contradicts.
    pub(super) fn on_blocks(
        &mut self,
        most: usize,
        mut body: impl FnMut(&mut Self, &super::super::model::Pred) -> Body,
    ) -> Vec<On> {
        let mut blocks: Vec<On> = Vec::new();
        for _ in 0..self.rng.below(most + 1) {
            let mut on = self.selecting();
            if let Some(before) = blocks.last()
                && self.rng.chance(40)
            {
                // Nested: some of the clusters of the block before.
                let narrower = super::super::model::Pred::And(vec![before.on.clone(), on.clone()]);
                if !self.clusters_of(&narrower).is_empty() {
                    on = narrower;
                }
            }
            let body = body(self, &on);
            if !body.is_empty() {
                blocks.push(On { on, body });
            }
        }
        blocks
    }
}
