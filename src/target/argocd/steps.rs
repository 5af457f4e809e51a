//! Which step of a rolling sync takes an Application, and how many of a step change at once, as Argo CD decides it.
//!
//! Takes what stands in an ApplicationSet and the labels of one generated Application. The rules are those of Argo CD 3.5
//! (applicationset/progressivesync, `buildAppDependencyList` and `UpdateApplicationSetApplicationStatusProgress`), quirks
//! included; `tests/conformance/argocd.sh` compares them with the engine's.

use std::collections::BTreeMap;

/// A step of a rolling sync.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// What the labels of its Applications must satisfy, all of it.
    pub expressions: Vec<Expression>,
    /// How many of them change at once; all without it.
    pub max_update: Option<MaxUpdate>,
}

/// An entry of `matchExpressions`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expression {
    /// The key of a label.
    pub key: String,
    /// As written: Argo CD knows `In` and `NotIn` and refuses no other word.
    pub operator: String,
    /// What the label is compared with.
    pub values: Vec<String>,
}

/// How many Applications of a step change at once, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MaxUpdate {
    /// A number.
    Count(i64),
    /// A text, which is to be a percentage.
    Text(String),
}

impl Step {
    /// Whether an Application with these labels is of this step. A step without expressions takes all.
    pub fn selects(&self, labels: &BTreeMap<String, String>) -> bool {
        self.expressions.iter().all(|expression| expression.holds(labels))
    }
}

impl Expression {
    /// A label that is missing fails `In` alone. So every word that is no operator, `Exists` too, selects exactly the
    /// Applications without the label.
    fn holds(&self, labels: &BTreeMap<String, String>) -> bool {
        match (labels.get(&self.key), self.operator.as_str()) {
            (Some(value), "In") => self.values.contains(value),
            (Some(value), "NotIn") => !self.values.contains(value),
            (Some(_), _) => false,
            (None, operator) => operator != "In",
        }
    }
}

/// The step of an Application with these labels: the place of the first one that selects it, from 0. One that no step
/// selects is never synced, and its automated sync is off all the same; Argo CD shows it as step -1.
pub fn step_of(labels: &BTreeMap<String, String>, steps: &[Step]) -> Option<usize> {
    steps.iter().position(|step| step.selects(labels))
}

impl MaxUpdate {
    /// How many of `total` Applications may change at once; 0 means that Argo CD starts none.
    ///
    /// Percentages are rounded down, but every text other than `0%` means at least one, also one that is no percentage.
    pub fn of(&self, total: usize) -> usize {
        match self {
            Self::Count(count) => usize::try_from(*count).unwrap_or(0),
            Self::Text(text) if text == "0%" => 0,
            Self::Text(text) => percent(text).map_or(0, |percent| share(percent, total)).max(1),
        }
    }
}

/// The number before `%`, as Go's `strconv.Atoi` reads it.
fn percent(text: &str) -> Option<i64> {
    text.strip_suffix('%')?.parse().ok()
}

fn share(percent: i64, total: usize) -> usize {
    let share = i128::from(percent) * total as i128 / 100;
    usize::try_from(share).unwrap_or(if share < 0 { 0 } else { usize::MAX })
}
