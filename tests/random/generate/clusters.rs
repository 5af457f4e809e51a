//! Labels, facts, clusters and groups.

use std::collections::BTreeMap;

use super::super::model::{Cluster, Expr, Field, Part, Presence, Safety, Type, text};
use super::super::reference::Reference;
use super::strings::{HIDDEN, TRICKY};
use super::{Generator, hole, literal, named};

const CHOICES: [(&str, &[&str], Safety); 6] = [
    ("env", &["dev", "staging", "prod"], Safety::Name),
    ("region", &["us-east-1", "eu-west-1", "ap-south-1"], Safety::Name),
    ("ring", &["r0", "r1", "r2"], Safety::Name),
    ("provider", &["aws", "gcp", "azure"], Safety::Name),
    ("switch", &["yes", "no", "012", "1e3"], Safety::Name),
    ("flavor", &["Small_1", "Large.2", "plain", "env"], Safety::Label),
];
const ZONES: [&str; 5] = ["eu-west-1a", "zone_b", "3", "Z.9", "true"];

impl Generator {
    /// Labels, then derived labels, then facts: each needs only earlier ones.
    pub(super) fn fields(&mut self) {
        for (index, (name, values, safety)) in CHOICES.into_iter().enumerate() {
            if index > 0 && !self.rng.chance(if index == 1 { 70 } else { 35 }) {
                continue;
            }
            let values: Vec<String> = values.iter().map(|value| value.to_string()).collect();
            let default = named(self.rng.pick(&values));
            let presence = if index == 0 && self.rng.chance(60) { Presence::Required } else { self.presence(default) };
            let key = self.rng.chance(15).then(|| format!("topology.example.com/{name}"));
            self.add(Field { name: name.into(), key, fact: false, ty: Type::Choice(values), presence, safety });
        }
        for name in ["zone", "cell"] {
            if self.rng.chance(30) {
                let presence = self.presence(text("x-1"));
                let key = (name == "zone" && self.rng.chance(50)).then(|| "topology.kubernetes.io/zone".into());
                self.add(Field {
                    name: name.into(),
                    key,
                    fact: false,
                    ty: Type::Text,
                    presence,
                    safety: Safety::Label,
                });
            }
        }
        for (name, ty) in [("spot", Type::Bool), ("fenced", Type::Bool), ("weight", Type::Int), ("slots", Type::Int)] {
            if self.rng.chance(30) {
                let default = if ty == Type::Bool { Expr::Bool(false) } else { Expr::Int(2) };
                let presence = self.presence(default);
                self.add(Field { name: name.into(), key: None, fact: false, ty, presence, safety: Safety::Name });
            }
        }
        for _ in 0..self.rng.below(4) {
            self.derived();
        }
        self.facts();
    }

    fn add(&mut self, field: Field) {
        if self.fleet.field(&field.name).is_none() {
            self.fleet.fields.push(field);
        }
    }

    fn presence(&mut self, default: Expr) -> Presence {
        match self.rng.below(3) {
            0 => Presence::Required,
            1 => Presence::Optional,
            _ => Presence::Default(default),
        }
    }

    fn derived(&mut self) {
        let (name, ty, expr, safety) = match self.rng.below(4) {
            0 => {
                let values = ["production", "non-production", "lab"];
                let count = self.rng.between(1, 3);
                let branches = (0..count).map(|_| (self.pred(1, false), named(self.rng.pick(&values)))).collect();
                let expr = Expr::If(branches, Box::new(named(self.rng.pick(&values))));
                let ty = Type::Choice(leaves(&expr));
                ("class", ty, expr, Safety::Name)
            }
            1 if self.rng.chance(50) => {
                let pred = self.comparing();
                ("big", Type::Bool, Expr::Pred(pred), Safety::Name)
            }
            1 => {
                let branches = vec![(self.pred(1, false), Expr::Bool(true))];
                ("big", Type::Bool, Expr::If(branches, Box::new(Expr::Bool(false))), Safety::Name)
            }
            2 => {
                let branches = vec![(self.pred(1, false), Expr::Int(1)), (self.pred(0, false), Expr::Int(3))];
                ("scale", Type::Int, Expr::If(branches, Box::new(Expr::Int(40))), Safety::Name)
            }
            _ => {
                // Text only when a `${…}` is in it; else its type would be the closed one of what it can be.
                let names = self.always_there(Safety::Label);
                let Some(first) = names.first().cloned() else { return };
                let mut parts = vec![literal("s-"), hole(first)];
                for name in self.rng.some(&names, 1) {
                    parts.extend([literal("-"), hole(&name)]);
                }
                let expr = match self.rng.below(2) {
                    0 => Expr::Text(parts),
                    _ => Expr::If(vec![(self.pred(1, false), Expr::Text(parts))], Box::new(text("other"))),
                };
                ("slug", Type::Text, expr, Safety::Label)
            }
        };
        let field = Field { name: name.into(), key: None, fact: false, ty, presence: Presence::Derived(expr), safety };
        self.add(field);
    }

    /// A predicate that shows by its form that it is one.
    pub(super) fn comparing(&mut self) -> super::super::model::Pred {
        use super::super::model::Pred;
        match self.pred(1, false) {
            pred @ (Pred::Name(_) | Pred::All | Pred::None) => Pred::Not(Box::new(pred)),
            pred => pred,
        }
    }

    /// Labels that every cluster has and that are at least that safe.
    fn always_there(&self, safety: Safety) -> Vec<String> {
        let fields = self.fleet.fields.iter();
        let there = fields.filter(|field| !field.fact && field.safety <= safety && self.everywhere(field));
        there.map(|field| field.name.clone()).collect()
    }

    fn facts(&mut self) {
        let all: [(&str, Type, Safety); 9] = [
            ("account", Type::Text, Safety::Name),
            ("domain", Type::Text, Safety::Label),
            ("motto", Type::Text, Safety::Text),
            ("chart-version", Type::Text, Safety::Label),
            ("replica-count", Type::Int, Safety::Name),
            ("offset", Type::Int, Safety::Text),
            ("debug", Type::Bool, Safety::Name),
            ("cidrs", Type::List, Safety::Text),
            ("size", Type::Choice(vec!["small".into(), "large".into()]), Safety::Name),
        ];
        for (name, ty, safety) in all {
            if self.rng.chance(40) {
                let mut field =
                    Field { name: name.into(), key: None, fact: true, ty, presence: Presence::Required, safety };
                let default = self.field_value(&field, &[]);
                field.presence = self.presence(default);
                self.add(field);
            }
        }
    }

    /// A value for a field of a cluster; `variables` are those of its `for`.
    fn field_value(&mut self, field: &Field, variables: &[String]) -> Expr {
        let plain = match (field.name.as_str(), &field.ty) {
            (_, Type::Choice(values)) => named(self.rng.pick(values)),
            (_, Type::Bool) => Expr::Bool(self.rng.chance(50)),
            ("offset", _) => Expr::Int(*self.rng.pick(&[-1, -40, 0, 9_000_000_000])),
            (_, Type::Int) => Expr::Int(self.rng.below(4) as i64),
            (_, Type::List) => {
                let items = self.rng.some(&["10.0.0.0/8", "192.168.0.0/16", "::/0", "no"], 3);
                Expr::List(items.into_iter().map(text).collect())
            }
            ("account", _) => text(*self.rng.pick(&["111122223333", "4444", "acct-a"])),
            ("chart-version", _) => text(*self.rng.pick(&["1.2.3", "v2.0.0", "0.10.0"])),
            ("domain", _) => self.domain(variables),
            ("motto", _) => {
                let pool: &[&str] = if self.rng.chance(70) { &TRICKY } else { &HIDDEN };
                text(*self.rng.pick(pool))
            }
            _ if !variables.is_empty() && self.rng.chance(30) => {
                Expr::Text(vec![literal("z-"), hole(self.rng.pick(variables))])
            }
            _ => text(*self.rng.pick(&ZONES)),
        };
        if field.fact && field.ty != Type::List && self.rng.chance(12) {
            let other = self.field_value(&Field { fact: false, ..field.clone() }, variables);
            return Expr::If(vec![(self.pred(1, false), plain)], Box::new(other));
        }
        plain
    }

    fn domain(&mut self, variables: &[String]) -> Expr {
        let mut names = self.always_there(Safety::Label);
        names.push("cluster".into());
        names.extend(variables.to_vec());
        match self.rng.below(3) {
            0 => text("example.com"),
            1 => Expr::Text(vec![hole("cluster"), literal(".example.com")]),
            _ => Expr::Text(vec![hole(self.rng.pick(&names)), literal("."), hole(self.rng.pick(&names))]),
        }
    }

    pub(super) fn clusters(&mut self) {
        if self.rng.chance(30) {
            let fields: Vec<Field> = self.fleet.fields.clone();
            for field in fields {
                if !matches!(field.presence, Presence::Derived(_)) && self.rng.chance(30) {
                    let value = self.field_value(&field, &[]);
                    self.fleet.cluster_defaults.insert(field.name, value);
                }
            }
        }
        let mut stems = vec!["alpha", "bravo", "charlie-2", "delta", "root", "foxtrot-in-a-far-away-place"];
        self.rng.shuffle(&mut stems);
        let by_server = self.fleet.argocd.as_ref().is_some_and(|argocd| argocd.by_server);
        let servers = by_server || self.rng.chance(20);
        for stem in stems.into_iter().take(self.rng.between(1, 5)) {
            let mut cluster = self.cluster(stem);
            if servers && (by_server || self.rng.chance(60)) {
                let mut server = vec![literal("https://")];
                server.extend(cluster.name.clone());
                server.push(literal(".k8s.example.com:6443"));
                cluster.server = Some(joined(server));
            }
            self.fleet.clusters.push(cluster);
            self.clusters = Reference::new(&self.fleet).clusters;
        }
        self.check_required_labels();
    }

    fn cluster(&mut self, stem: &str) -> Cluster {
        let choices: Vec<Field> = self
            .fleet
            .fields
            .iter()
            .filter(|field| matches!(field.ty, Type::Choice(_)) && field.safety == Safety::Name && !field.fact)
            .filter(|field| !matches!(field.presence, Presence::Derived(_)))
            .cloned()
            .collect();
        let mut bindings: Vec<(String, Vec<Expr>)> = Vec::new();
        if self.rng.chance(45) {
            for field in self.rng.some(&choices, 2) {
                let Type::Choice(values) = &field.ty else { continue };
                let mut chosen = self.rng.some(values, 3);
                if chosen.is_empty() {
                    chosen.push(values[0].clone());
                }
                bindings.push((field.name.clone(), chosen.iter().map(named).collect()));
            }
            if bindings.len() < 2 && self.rng.chance(35) {
                bindings.push(("n".into(), (1..=self.rng.between(1, 3)).map(|n| Expr::Int(n as i64)).collect()));
            }
        }
        let name = self.cluster_name(stem, &bindings);
        let variables: Vec<String> = bindings.iter().map(|(name, _)| name.clone()).collect();
        let mut fields = BTreeMap::new();
        for field in self.fleet.fields.clone() {
            let set = match field.presence {
                Presence::Derived(_) => false,
                _ if variables.contains(&field.name) => false,
                Presence::Required if self.fleet.cluster_defaults.contains_key(&field.name) => self.rng.chance(40),
                Presence::Required => !field.fact || self.rng.chance(85),
                _ => self.rng.chance(45),
            };
            if set {
                let value = self.field_value(&field, &variables);
                fields.insert(field.name, value);
            }
        }
        Cluster { name, bindings, fields, with: Vec::new(), without: Vec::new(), server: None }
    }

    fn cluster_name(&mut self, stem: &str, bindings: &[(String, Vec<Expr>)]) -> Vec<Part> {
        let mut parts = Vec::new();
        if bindings.is_empty() && self.rng.chance(12) {
            return vec![literal(format!("10.{stem}"))];
        }
        let stem_first = self.rng.chance(50);
        if stem_first {
            parts.push(literal(stem));
        }
        for (variable, _) in bindings {
            if !parts.is_empty() {
                parts.push(literal("-"));
            }
            parts.push(hole(variable));
        }
        if !stem_first {
            parts.push(literal(if parts.is_empty() { stem.to_string() } else { format!("-{stem}") }));
        }
        joined(parts)
    }

    /// A required label is on every cluster. A required fact need not be: the bodies see which clusters have it.
    fn check_required_labels(&self) {
        for cluster in self.clusters.clone() {
            for field in self.fleet.fields.iter().filter(|field| !field.fact && self.everywhere(field)) {
                assert!(cluster.values.contains_key(&field.name), "{} lacks {}", cluster.name, field.name);
            }
        }
    }

    pub(super) fn groups(&mut self) {
        for name in ["production-like", "canaries", "g3"] {
            if self.rng.chance(45) {
                let pred = if self.rng.chance(85) { self.selecting() } else { self.pred(1, false) };
                self.fleet.groups.push((name.into(), pred));
            }
        }
    }

    pub(super) fn protected(&mut self) {
        if self.rng.chance(55) {
            self.fleet.protected = Some(self.selecting());
        }
    }
}

/// The values that an `if` chain can give.
fn leaves(expr: &Expr) -> Vec<String> {
    let mut values = Vec::new();
    if let Expr::If(branches, otherwise) = expr {
        for value in branches.iter().map(|(_, value)| value).chain([otherwise.as_ref()]) {
            if let Expr::Name(name) = value
                && !values.contains(name)
            {
                values.push(name.clone());
            }
        }
    }
    values
}

/// No two literals side by side.
pub(super) fn joined(parts: Vec<Part>) -> Vec<Part> {
    let mut result: Vec<Part> = Vec::new();
    for part in parts {
        match (result.last_mut(), part) {
            (Some(Part::Literal(before)), Part::Literal(after)) => before.push_str(&after),
            (_, part) => result.push(part),
        }
    }
    result
}
