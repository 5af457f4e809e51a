//! Label selectors: a box of combinations as a `selector` of the clusters generator.
//!
//! Facts (Argo CD 3.5, applicationset/generators/cluster.go, with Kubernetes' label selectors): all expressions must
//! hold; `NotIn` and `DoesNotExist` hold without the label, too; an empty selector also finds the hub itself, which need
//! not have a Secret.

use serde_json::{Map, Value, json};

use crate::plan::space::{Coordinate, Dimension, Space};

/// The label of every cluster Secret.
const SECRET_TYPE: (&str, &str) = ("argocd.argoproj.io/secret-type", "cluster");

/// The selector for the clusters of a box, or for all of the fleet.
pub(super) fn of(space: &Space, part: Option<&Vec<Vec<usize>>>) -> Value {
    let mut wanted: Vec<(&str, Wanted<'_>)> = Vec::new();
    for (place, dimension) in space.dimensions.iter().enumerate() {
        let all: Vec<usize> = (0..dimension.coordinates.len()).collect();
        let chosen = part.and_then(|part| part.get(place)).unwrap_or(&all);
        wanted.extend(of_dimension(dimension, chosen).into_iter().map(|one| (dimension.key.as_str(), one)));
    }
    // Only a cluster with the labels that all clusters of the fleet have is one of them.
    for required in space.required.iter().filter(|r| space.dimensions.iter().all(|d| d.key != r.key)) {
        wanted.push((
            &required.key,
            match &required.values {
                Some(values) => Wanted::In(values.iter().map(String::as_str).collect()),
                None => Wanted::Exists,
            },
        ));
    }
    wanted.sort();
    let mut labels = Map::new();
    let mut expressions = Vec::new();
    for (key, wanted) in wanted {
        match wanted {
            Wanted::In(values) if values.len() == 1 => _ = labels.insert(key.to_owned(), json!(values.first())),
            Wanted::In(values) => expressions.push(json!({ "key": key, "operator": "In", "values": values })),
            Wanted::NotIn(values) => expressions.push(json!({ "key": key, "operator": "NotIn", "values": values })),
            Wanted::Exists => expressions.push(json!({ "key": key, "operator": "Exists" })),
            Wanted::DoesNotExist => expressions.push(json!({ "key": key, "operator": "DoesNotExist" })),
        }
    }
    if labels.is_empty() && expressions.is_empty() {
        labels.insert(SECRET_TYPE.0.to_owned(), json!(SECRET_TYPE.1));
    }
    let mut selector = Map::new();
    if !labels.is_empty() {
        selector.insert("matchLabels".to_owned(), Value::Object(labels));
    }
    if !expressions.is_empty() {
        selector.insert("matchExpressions".to_owned(), Value::Array(expressions));
    }
    Value::Object(selector)
}

/// What a label must be.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Wanted<'s> {
    DoesNotExist,
    Exists,
    In(Vec<&'s str>),
    NotIn(Vec<&'s str>),
}

/// What a label with one of the `chosen` coordinates must be, and no other has.
fn of_dimension<'s>(dimension: &'s Dimension, chosen: &[usize]) -> Vec<Wanted<'s>> {
    let is_chosen = |wanted: &Coordinate| {
        dimension.coordinates.iter().enumerate().any(|(place, one)| one == wanted && chosen.contains(&place))
    };
    let values = |of_chosen: bool| -> Vec<&'s str> {
        let all = dimension.coordinates.iter().enumerate();
        let kept = all.filter(|(place, _)| chosen.contains(place) == of_chosen);
        let mut values: Vec<&str> = kept
            .filter_map(|(_, coordinate)| match coordinate {
                Coordinate::Value(value) => Some(value.as_str()),
                Coordinate::Other | Coordinate::Absent => None,
            })
            .collect();
        values.sort_unstable();
        values
    };
    let (absent, other) = (is_chosen(&Coordinate::Absent), is_chosen(&Coordinate::Other));
    let mut wanted = Vec::new();
    if !absent && !other {
        return vec![Wanted::In(values(true))];
    }
    if absent && !other && values(true).is_empty() {
        return vec![Wanted::DoesNotExist];
    }
    if !absent {
        wanted.push(Wanted::Exists);
    }
    let refused = values(false);
    if !refused.is_empty() {
        wanted.push(Wanted::NotIn(refused));
    }
    wanted
}

/// `part` as boxes that a selector can say each. To lack a label or to have one of some values is two things where there
/// may be values that nobody can list.
pub(super) fn sayable(space: &Space, part: Vec<Vec<usize>>) -> Vec<Vec<Vec<usize>>> {
    let mut parts = vec![part];
    for (place, dimension) in space.dimensions.iter().enumerate() {
        let at = |wanted: &Coordinate| dimension.coordinates.iter().position(|one| one == wanted);
        let (Some(other), Some(absent)) = (at(&Coordinate::Other), at(&Coordinate::Absent)) else { continue };
        let mut split = Vec::new();
        for mut part in parts {
            let chosen = part.get(place).cloned().unwrap_or_default();
            if chosen.contains(&absent) && !chosen.contains(&other) && chosen.len() > 1 {
                let mut lacking = part.clone();
                if let (Some(lacking), Some(having)) = (lacking.get_mut(place), part.get_mut(place)) {
                    *lacking = vec![absent];
                    having.retain(|coordinate| *coordinate != absent);
                }
                split.push(lacking);
            }
            split.push(part);
        }
        parts = split;
    }
    parts
}
