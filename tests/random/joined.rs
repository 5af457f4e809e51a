//! Random fleets whose clusters are found by labels, for the engine's own packages.
//!
//! A line of the corpus holds a fleet built with `membership = labels`,
//! the same fleet with more clusters built with `membership = static`, and a Secret for every cluster. The generators of
//! the first, given the Secrets, must make the Applications of the second.
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::generate::generate;
use super::harness::output;
use super::model::{Body, Change, Cluster, Expr, Field, Fleet, Part, Pred, Presence, Stage, Type, text};
use super::reference::Reference;
use super::rng::Rng;

/// A value that a cluster might register with.
fn value(field: &Field, rng: &mut Rng) -> Expr {
    match (&field.ty, field.name.as_str()) {
        (Type::Choice(values), _) => Expr::Name(rng.pick(values).clone()),
        (Type::Bool, _) => Expr::Bool(rng.chance(50)),
        (Type::Int, _) => Expr::Int(rng.below(4) as i64),
        (Type::List, _) => Expr::List(vec![text("10.1.0.0/16")]),
        (_, "chart-version") => text("1.2.3"),
        (_, "domain") => text("joined.example.com"),
        (_, "motto") => text("12: {{ .x }}"),
        (_, name) => text(*rng.pick(&["zone-a", "zone-b", name, "j1"])),
    }
}

/// A cluster that nobody declared, with some combination of labels.
fn joined(fleet: &Fleet, number: usize, rng: &mut Rng) -> Cluster {
    let mut cluster = Cluster {
        name: vec![Part::Literal(format!("joined-{number}"))],
        bindings: Vec::new(),
        fields: BTreeMap::new(),
        with: Vec::new(),
        without: Vec::new(),
        server: Some(vec![Part::Literal(format!("https://joined-{number}.example.com"))]),
    };
    for field in &fleet.fields {
        let has = match field.presence {
            Presence::Required => true,
            Presence::Optional | Presence::Default(_) => rng.chance(60),
            Presence::Derived(_) => false,
        };
        if has {
            cluster.fields.insert(field.name.clone(), value(field, rng));
        }
    }
    cluster
}

/// The Secret of a cluster as a registration would make it. What the cluster does not say itself is left out of that of a
/// joined one, where the default must hold, and may be of that of a declared one.
fn secret(fleet: &Fleet, cluster: &super::reference::Cluster, joined: Option<&Cluster>, rng: &mut Rng) -> Value {
    let mut labels = BTreeMap::new();
    let mut annotations = BTreeMap::new();
    for field in &fleet.fields {
        let derived = matches!(field.presence, Presence::Derived(_));
        let declared = &fleet.clusters[cluster.declaration];
        let bound = declared.bindings.iter().any(|(name, _)| *name == field.name);
        let says = declared.fields.contains_key(&field.name) || bound;
        let unsaid = !derived && !says && (joined.is_some() || (!field.fact && rng.chance(50)));
        let Some(value) = cluster.values.get(&field.name).filter(|_| !unsaid) else { continue };
        let written = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let key = field.key.clone().unwrap_or_else(|| field.name.clone());
        if field.fact {
            annotations.insert(key, written)
        } else {
            labels.insert(key, written)
        };
    }
    json!({
        "name": cluster.name,
        "server": cluster.server.clone().unwrap_or_else(|| format!("https://{}.example.com", cluster.name)),
        "labels": labels,
        "annotations": annotations,
        "joined": joined.is_some(),
    })
}

/// The fleet with nothing that an open one refuses: what asks for a fact or a glob asks for a label instead, projects permit
/// all clusters, and switches are labels.
fn opened(fleet: &Fleet) -> Fleet {
    let mut open = fleet.clone();
    for field in open.fields.iter_mut().filter(|field| field.fact && field.ty == Type::Bool) {
        field.fact = false;
    }
    let tame = Tame { fleet: &open.clone() };
    open.groups.iter_mut().for_each(|(_, pred)| tame.pred(pred));
    open.protected.iter_mut().for_each(|pred| tame.pred(pred));
    open.projects.iter_mut().for_each(|project| project.clusters = None);
    open.rollouts.iter_mut().flat_map(|rollout| &mut rollout.stages).for_each(|stage| tame.stage(stage));
    for field in &mut open.fields {
        if let Presence::Derived(expr) | Presence::Default(expr) = &mut field.presence {
            tame.expr(expr);
        }
    }
    for component in &mut open.components {
        component.on.iter_mut().for_each(|pred| tame.pred(pred));
        tame.body(&mut component.body);
    }
    open.templates.iter_mut().for_each(|template| tame.body(&mut template.body));
    open.defaults.iter_mut().for_each(|body| tame.body(body));
    open
}

struct Tame<'f> {
    fleet: &'f Fleet,
}

impl Tame<'_> {
    /// What a predicate asks for instead.
    fn instead(&self) -> Pred {
        let choices =
            self.fleet.fields.iter().filter(|field| !field.fact && !matches!(field.presence, Presence::Derived(_)));
        let mut found = choices.filter_map(|field| match &field.ty {
            Type::Choice(values) => Some((field.name.clone(), values.first()?.clone())),
            _ => None,
        });
        found.next().map_or(Pred::All, |(label, value)| Pred::Equal {
            label,
            negated: false,
            value: Box::new(Expr::Name(value)),
        })
    }

    fn is_unknown(&self, name: &str, glob: bool) -> bool {
        self.fleet.field(name).is_some_and(|field| {
            let derived = matches!(field.presence, Presence::Derived(_));
            field.fact || (field.ty == Type::Text && (glob || derived))
        })
    }

    fn pred(&self, pred: &mut Pred) {
        let wild = match pred {
            Pred::Like { label, .. } => label.as_ref().is_none_or(|label| self.is_unknown(label, true)),
            Pred::Equal { label, .. } | Pred::In { label, .. } => self.is_unknown(label, false),
            Pred::Has(name) | Pred::Name(name) => self.is_unknown(name, false),
            _ => false,
        };
        match pred {
            _ if wild => *pred = self.instead(),
            Pred::Not(inner) => self.pred(inner),
            Pred::And(parts) | Pred::Or(parts) => parts.iter_mut().for_each(|part| self.pred(part)),
            _ => {}
        }
    }

    fn stage(&self, stage: &mut Stage) {
        stage.on.iter_mut().for_each(|pred| self.pred(pred));
    }

    fn expr(&self, expr: &mut Expr) {
        match expr {
            Expr::List(items) => items.iter_mut().for_each(|item| self.expr(item)),
            Expr::Map(entries) => entries.values_mut().for_each(|value| self.expr(value)),
            Expr::Pred(pred) => self.pred(pred),
            Expr::If(branches, otherwise) => {
                for (pred, value) in branches {
                    self.pred(pred);
                    self.expr(value);
                }
                self.expr(otherwise);
            }
            _ => {}
        }
    }

    fn body(&self, body: &mut Body) {
        body.attributes.values_mut().for_each(|value| self.expr(value));
        body.maps.values_mut().flat_map(|map| map.values_mut()).for_each(|value| self.expr(value));
        for patch in &mut body.patches {
            match &mut patch.change {
                Change::Operations(operations) => {
                    operations.iter_mut().filter_map(|(_, _, value)| value.as_mut()).for_each(|value| self.expr(value));
                }
                Change::Merge(entries) => entries.values_mut().for_each(|value| self.expr(value)),
            }
        }
        for on in &mut body.on {
            self.pred(&mut on.on);
            self.body(&mut on.body);
        }
    }
}

/// One line of the corpus; none when the fleet cannot be built so.
pub fn case(seed: u64, open: bool) -> Option<Value> {
    let mut fleet = generate(seed);
    let mut rng = Rng::new(seed, 77);
    fleet.flux = None;
    let argocd = fleet.argocd.get_or_insert_default();
    argocd.progressive_syncs = true;
    argocd.app_of_apps = false;
    fleet.open = open;
    if open {
        fleet = opened(&fleet);
    }
    let by_labels = |fleet: &Fleet| {
        let mut fleet = fleet.clone();
        fleet.argocd.as_mut()?.labels = true;
        output(&fleet, seed)
    };
    let labels = by_labels(&fleet)?;
    fleet.open = false;
    // A cluster that the fleet has no place for may not join.
    let mut guests = Vec::new();
    for number in 0..6 {
        let mut wider = fleet.clone();
        let guest = joined(&fleet, number, &mut rng);
        wider.clusters.push(guest.clone());
        if output(&wider, seed).is_some() {
            fleet = wider;
            guests.push(guest);
        }
    }
    let listed = output(&fleet, seed)?;
    let reference = Reference::new(&fleet);
    let guest_of = |cluster: &super::reference::Cluster| {
        guests.iter().find(|guest| matches!(guest.name.as_slice(), [Part::Literal(name)] if *name == cluster.name))
    };
    let secrets: Vec<Value> =
        reference.clusters.iter().map(|cluster| secret(&fleet, cluster, guest_of(cluster), &mut rng)).collect();
    let name = format!("seed {seed}{}", if open { ", open" } else { "" });
    let required = fleet.fields.iter().any(|field| {
        let said = fleet.cluster_defaults.contains_key(&field.name);
        !field.fact && !said && matches!(field.presence, Presence::Required)
    });
    Some(
        json!({ "name": name, "open": open, "required": required, "secrets": secrets, "labels": labels, "listed": listed }),
    )
}
