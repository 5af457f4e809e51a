//! Predicates that are well typed and select something.

use std::collections::BTreeSet;

use super::super::model::{Expr, Field, Pred, Presence, Type, text};
use super::{Generator, named};

impl Generator {
    /// A predicate for `on`, `stage`, `protected`: at least one cluster satisfies it.
    pub(super) fn selecting(&mut self) -> Pred {
        for _ in 0..20 {
            let depth = *self.rng.pick(&[0, 0, 1, 1, 2]);
            let pred = self.pred(depth, false);
            if !self.clusters_of(&pred).is_empty() {
                return pred;
            }
        }
        Pred::All
    }

    /// The names of the clusters that satisfy `pred`.
    pub(super) fn clusters_of(&self, pred: &Pred) -> BTreeSet<String> {
        self.so_far().selected(pred)
    }

    /// Any well-typed predicate; facts stand only in the condition of an `if`.
    pub(super) fn pred(&mut self, depth: usize, facts: bool) -> Pred {
        if depth == 0 {
            return self.atom(facts);
        }
        match self.rng.below(6) {
            0 => Pred::Not(Box::new(self.pred(depth - 1, facts))),
            1 | 2 => Pred::And((0..self.rng.between(2, 3)).map(|_| self.pred(depth - 1, facts)).collect()),
            3 | 4 => Pred::Or((0..self.rng.between(2, 3)).map(|_| self.pred(depth - 1, facts)).collect()),
            _ => self.atom(facts),
        }
    }

    fn atom(&mut self, facts: bool) -> Pred {
        match self.rng.below(12) {
            0 => self.selector(),
            1 => self.name_glob(),
            2 => match self.optional_labels() {
                labels if labels.is_empty() => Pred::All,
                labels => Pred::Has(self.rng.pick(&labels).clone()),
            },
            _ => {
                let fields: Vec<Field> = self
                    .fleet
                    .fields
                    .iter()
                    .filter(|field| field.ty != Type::List && (!field.fact || (facts && self.everywhere(field))))
                    .cloned()
                    .collect();
                let field = self.rng.pick(&fields).clone();
                self.comparison(&field)
            }
        }
    }

    fn optional_labels(&self) -> Vec<String> {
        let fields = self.fleet.fields.iter();
        let optional = fields.filter(|field| !field.fact && matches!(field.presence, Presence::Optional));
        optional.map(|field| field.name.clone()).collect()
    }

    /// A group, a cluster or a bool label.
    fn selector(&mut self) -> Pred {
        let mut names: Vec<String> = self.fleet.groups.iter().map(|(name, _)| name.clone()).collect();
        names.extend(names.clone());
        let labels = self.fleet.fields.iter().filter(|field| !field.fact && field.ty == Type::Bool);
        names.extend(labels.map(|label| label.name.clone()));
        names.extend(self.clusters.iter().map(|cluster| cluster.name.clone()));
        if names.is_empty() { Pred::All } else { Pred::Name(self.rng.pick(&names).clone()) }
    }

    fn name_glob(&mut self) -> Pred {
        let clusters = self.clusters.clone();
        let Some(name) = (!clusters.is_empty()).then(|| self.rng.pick(&clusters).name.clone()) else {
            return Pred::All;
        };
        Pred::Like { label: None, glob: self.glob(&name) }
    }

    /// A glob that `name` matches.
    pub(super) fn glob(&mut self, name: &str) -> String {
        let cut = self.rng.between(1, name.len());
        match self.rng.below(4) {
            0 => format!("*{}", &name[name.len() - cut..]),
            1 => format!("{}*", &name[..cut]),
            2 => format!("{}?{}", &name[..cut - 1], &name[cut..]),
            _ => format!("*{}*", &name[cut / 2..cut]),
        }
    }

    fn comparison(&mut self, field: &Field) -> Pred {
        let label = field.name.clone();
        let negated = self.rng.chance(35);
        if field.ty == Type::Bool {
            return match self.rng.below(2) {
                0 if !field.fact => Pred::Name(label),
                _ => Pred::Equal { label, negated, value: Box::new(Expr::Bool(self.rng.chance(50))) },
            };
        }
        let values = self.comparable(field);
        let textual = matches!(field.ty, Type::Choice(_) | Type::Text);
        match self.rng.below(4) {
            0 => {
                let mut chosen = self.rng.some(&values, values.len());
                if chosen.is_empty() {
                    chosen.push(self.rng.pick(&values).clone());
                }
                Pred::In { label, negated, values: chosen }
            }
            1 if textual => {
                let sample = match self.rng.pick(&values) {
                    Expr::Name(name) => name.clone(),
                    _ => "eu-central".to_string(),
                };
                Pred::Like { label: Some(label), glob: self.glob(&sample) }
            }
            _ => Pred::Equal { label, negated, value: Box::new(self.rng.pick(&values).clone()) },
        }
    }

    /// Values that a field can be compared with; for a closed type all of them.
    fn comparable(&mut self, field: &Field) -> Vec<Expr> {
        match &field.ty {
            Type::Choice(values) => values.iter().map(named).collect(),
            Type::Int => vec![Expr::Int(0), Expr::Int(1), Expr::Int(2), Expr::Int(3), Expr::Int(40)],
            _ => {
                let mut seen: BTreeSet<String> = BTreeSet::from(["elsewhere".into()]);
                for cluster in self.clusters.clone() {
                    seen.extend(cluster.values.get(&field.name).and_then(|value| Some(value.as_str()?.to_string())));
                }
                seen.into_iter().map(text).collect()
            }
        }
    }

    /// Whether every cluster has a value for this field.
    pub(super) fn everywhere(&self, field: &Field) -> bool {
        let required_label = !field.fact && matches!(field.presence, Presence::Required);
        required_label || matches!(field.presence, Presence::Default(_) | Presence::Derived(_))
    }
}
