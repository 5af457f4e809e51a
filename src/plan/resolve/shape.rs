//! The values of clusters that are alike: what they have in common is made once, and the rest for each of them.

use std::sync::Arc;

use super::layers::Candidate;
use super::pick::{Findings, Keys, Picked, Spot, sorted};
use super::words::Varying;
use crate::plan::values::{Part, Shape, Values};
use crate::syntax::ast::{Expr, ExprKind};

/// How values are made on the clusters of a class.
pub struct Shaped<'a> {
    shape: Arc<Shape>,
    /// What says the values that stand in its places, by number.
    places: Vec<Place<'a>>,
}

/// What says the value of a key.
struct Place<'a> {
    key: &'a str,
    /// All that count on the clusters, in the order of their layers.
    candidates: Vec<Candidate<'a>>,
}

impl<'a> Shaped<'a> {
    /// How the values of the class of `spot` are made; none where a cluster decides more than the values of some keys, or
    /// where there is something to report.
    pub fn new(spot: &Spot<'_, 'a>, varying: &Varying) -> Option<Self> {
        let mut shaper = Shaper { spot, varying, findings: Findings::default(), places: Vec::new() };
        let mut keys = Keys::new();
        for part in spot.layers.maps.get("values").into_iter().flatten() {
            if part.expr.is_some_and(|expr| is_chosen(expr) && varying.is_read(expr)) {
                return None;
            }
            keys.extend(spot.keys(part, &mut shaper.findings).ok()?);
        }
        let shape = shaper.shape(keys).ok().filter(|_| shaper.findings.is_empty())?;
        Some(Self { shape: Arc::new(shape), places: shaper.places })
    }

    /// The values on the cluster of `spot`.
    pub fn values(&self, spot: &Spot<'_, 'a>, findings: &mut Findings) -> Picked<Values> {
        let own = self.places.iter().map(|place| spot.value_of(place.key, &place.candidates, findings));
        Ok(Values::new(self.shape.clone(), own.collect::<Picked<_>>()?))
    }
}

struct Shaper<'s, 'm, 'a> {
    spot: &'s Spot<'m, 'a>,
    varying: &'s Varying,
    findings: Findings,
    places: Vec<Place<'a>>,
}

impl<'a> Shaper<'_, '_, 'a> {
    fn shape(&mut self, keys: Keys<'a>) -> Picked<Shape> {
        let mut entries = Vec::new();
        for same in sorted(keys).chunk_by(|(one, _), (other, _)| one == other) {
            let Some((key, _)) = same.first() else { continue };
            let candidates: Vec<Candidate> = same.iter().map(|(_, candidate)| *candidate).collect();
            let part = if !candidates.iter().any(|candidate| self.varying.is_read(candidate.expr)) {
                Part::Value(self.spot.value_of(key, &candidates, &mut self.findings)?)
            } else if let Some(below) = self.keys_below(&candidates)? {
                Part::Map(self.shape(below)?)
            } else {
                self.places.push(Place { key, candidates });
                Part::Own(self.places.len() - 1)
            };
            entries.push(((*key).to_owned(), part));
        }
        Ok(Shape::new(entries))
    }

    /// The keys of the map that `candidates` say, if it is one on whichever cluster.
    fn keys_below(&mut self, candidates: &[Candidate<'a>]) -> Picked<Option<Keys<'a>>> {
        if candidates.iter().any(|candidate| is_chosen(candidate.expr)) {
            return Ok(None);
        }
        self.spot.keys_below(candidates, &mut self.findings)
    }
}

/// Whether a condition chooses what counts.
fn is_chosen(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::If { .. })
}
