//! The plan over the label space: what would run on a cluster that nobody declared.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::{Instance, Plan};

/// What holds for every combination of labels that a cluster may register with.
#[derive(Clone, Debug)]
pub struct Space {
    /// A plan in which a cluster stands for each combination, beside the declared ones.
    pub plan: Plan,
    /// The labels that tell combinations apart, in the order of their coordinates.
    pub dimensions: Vec<Dimension>,
    /// For each component, the places of the dimensions that it may read. It is looked at with the first coordinate in the
    /// others.
    pub read: BTreeMap<String, BTreeSet<usize>>,
    /// The combination of each cluster that stands for one, by its name.
    pub points: BTreeMap<Arc<str>, Vec<usize>>,
    /// The coordinates that each declared cluster may have in each dimension, where it has some: what it has by default its
    /// Secret may say or not.
    pub declared: BTreeMap<Arc<str>, Vec<Vec<usize>>>,
    /// The labels that every cluster of the fleet has, and that decide nothing.
    pub required: Vec<Required>,
    /// The text that stands for a cluster's name.
    pub cluster: String,
    /// The text that stands for the URL of its API server.
    pub server: String,
    /// What stands for other things that are known at run time only.
    pub runtime: Vec<Runtime>,
    /// Whether clusters that are not declared may join.
    pub open: bool,
}

impl Space {
    /// The space as `instance` sees it: only clusters that it serves. The other declared ones stay known, since their labels
    /// may be those of a cluster that it does serve.
    pub fn of(&self, instance: &Instance) -> Self {
        let mut space = self.clone();
        space.plan = self.plan.of(instance).into_owned();
        space.points.retain(|cluster, _| instance.serves(cluster));
        space
    }
}

/// A label by which combinations differ.
#[derive(Clone, Debug)]
pub struct Dimension {
    /// Its key in Kubernetes.
    pub key: String,
    /// What a cluster may have there.
    pub coordinates: Vec<Coordinate>,
}

/// What a cluster may have for a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Coordinate {
    /// This value.
    Value(String),
    /// A value that the fleet nowhere compares it with.
    Other,
    /// Nothing.
    Absent,
}

/// A label that every cluster of the fleet has.
#[derive(Clone, Debug)]
pub struct Required {
    /// Its key in Kubernetes.
    pub key: String,
    /// Its values; any when absent.
    pub values: Option<Vec<String>>,
}

/// Something that is known at run time only.
#[derive(Clone, Debug)]
pub struct Runtime {
    /// The text or number that stands for it.
    pub token: Value,
    /// Where it is to be read.
    pub place: RuntimePlace,
    /// What it is where a cluster says nothing.
    pub default: Option<String>,
    /// What it is on each declared cluster.
    pub declared: BTreeMap<Arc<str>, Value>,
    /// The declared clusters that have none; nothing that runs there reads it.
    pub lacking: BTreeSet<Arc<str>>,
}

/// Where a cluster says something of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuntimePlace {
    /// A label of its Secret, by key.
    Label(String),
    /// An annotation of its Secret, by key.
    Annotation(String),
}
