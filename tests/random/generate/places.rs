//! Which names may be used where a value stands.

use std::collections::BTreeSet;

use super::super::model::{Expr, Field, Part, Pred, Presence, Safety, Type};
use super::clusters::joined;
use super::{Generator, hole, literal, named};

/// A name that may stand in `${…}`.
#[derive(Clone, Debug)]
pub struct Known {
    pub name: String,
    pub ty: Type,
    pub safety: Safety,
}

/// Where a value stands.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// Names that are there on every cluster that reads this.
    pub known: Vec<Known>,
    /// Optional labels that some of those clusters lack: only behind `has`.
    pub guarded: Vec<Known>,
    /// Whether it belongs to a chart or to a folder; none for templates and defaults that serve both.
    pub chart: Option<bool>,
    /// Whether it must be the same on all clusters but for values, paths and versions.
    pub steady: bool,
}

impl Place {
    /// Adds the parameters of a template.
    pub fn with_params(mut self, params: &[Field]) -> Self {
        self.known.extend(params.iter().map(Known::from));
        self
    }

    /// Names that are at least that safe and no list.
    pub fn names(&self, safety: Safety) -> Vec<String> {
        let fitting = self.known.iter().filter(|known| known.safety <= safety && known.ty != Type::List);
        fitting.map(|known| known.name.clone()).collect()
    }

    /// Names of a type.
    pub fn typed(&self, ty: &Type, safety: Safety) -> Vec<String> {
        let fitting = self.known.iter().filter(|known| known.ty == *ty && known.safety <= safety);
        fitting.map(|known| known.name.clone()).collect()
    }
}

impl From<&Field> for Known {
    fn from(field: &Field) -> Self {
        Self { name: field.name.clone(), ty: field.ty.clone(), safety: field.safety }
    }
}

impl Generator {
    /// The place of a value that is read on `clusters`, or, when none, on any cluster.
    pub(super) fn place(&self, clusters: Option<&BTreeSet<String>>) -> Place {
        let reference = self.so_far();
        let mut place = Place { steady: self.steady, ..Place::default() };
        for field in &self.fleet.fields {
            let has = |name: &String| {
                let cluster = reference.clusters.iter().find(|cluster| cluster.name == *name);
                cluster.is_some_and(|cluster| cluster.values.contains_key(&field.name))
            };
            let there = match clusters {
                Some(clusters) if !clusters.is_empty() => clusters.iter().all(has),
                _ => self.everywhere(field),
            };
            if there {
                place.known.push(field.into());
            } else if !field.fact && matches!(field.presence, Presence::Optional) && field.ty != Type::Bool {
                place.guarded.push(field.into());
            }
        }
        let dotted = reference.clusters.iter().any(|cluster| cluster.name.contains('.'));
        let safety = if dotted { Safety::Label } else { Safety::Name };
        place.known.push(Known { name: "cluster".into(), ty: Type::Text, safety });
        place.known.push(Known { name: "component".into(), ty: Type::Text, safety: Safety::Name });
        place
    }

    /// `prefix` and some names behind it.
    pub(super) fn woven(&mut self, prefix: &str, place: &Place, safety: Safety, most: usize) -> Expr {
        let mut parts = vec![literal(prefix)];
        let names = place.names(safety);
        for name in self.rng.some(&names, most) {
            parts.extend([literal("-"), hole(&name)]);
        }
        Expr::Text(joined(parts))
    }

    /// `if P then A else B`, sometimes longer, sometimes behind `has`.
    pub(super) fn choice(&mut self, place: &Place, mut value: impl FnMut(&mut Self) -> Expr) -> Expr {
        let mut branches = Vec::new();
        if !place.guarded.is_empty() && self.rng.chance(30) {
            let known = self.rng.pick(&place.guarded).clone();
            let label = if self.rng.chance(50) && known.ty == Type::Text {
                named(&known.name)
            } else {
                Expr::Text(vec![literal("g-"), hole(&known.name)])
            };
            branches.push((Pred::Has(known.name), label));
        }
        while branches.is_empty() || self.rng.chance(25) {
            let depth = self.rng.below(2);
            branches.push((self.pred(depth, true), value(self)));
        }
        let otherwise = value(self);
        Expr::If(branches, Box::new(otherwise))
    }

    /// A reference to a name of this type, if there is one.
    pub(super) fn reference(&mut self, place: &Place, ty: &Type) -> Option<Expr> {
        let names = place.typed(ty, Safety::Text);
        (!names.is_empty()).then(|| named(self.rng.pick(&names)))
    }

    /// The text of `parts`, as an expression.
    pub(super) fn text_of(parts: Vec<Part>) -> Expr {
        Expr::Text(joined(parts))
    }
}
