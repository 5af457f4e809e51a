//! What a change of the sources means: two plans, and what becomes other between them.
//!
//! Takes the plan of before and that of now, gives one [`Change`], from which every format is computed. What is equal on
//! many clusters of a stage is one [`Group`]. Knows nothing of Git, of manifests and of the language.
//!
//! Invariant (`tests/change.rs`): a plan compared with itself is no change, and the groups name each deployment once.

mod causes;
mod compare;
mod declared;
mod fields;
pub mod html;
pub mod json;
pub mod markdown;
mod risk;
pub mod text;

use serde_json::Value;

pub use compare::{Side, compare};
pub use risk::{Level, Risk};

/// All that a change means.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The fleet's name.
    pub fleet: String,
    /// How careful a reviewer must be, and why.
    pub risk: Risk,
    /// What becomes of deployments, sorted by component, stage and kind.
    pub groups: Vec<Group>,
    /// What becomes of what is declared beside them: engines, clusters, rollouts, projects and objects on the hub.
    pub declared: Vec<Declared>,
    /// How many deployments stay as they are.
    pub unchanged: usize,
    /// How many clusters there are now.
    pub clusters: usize,
}

/// What becomes of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// It is new.
    Added,
    /// It goes.
    Removed,
    /// It has another name.
    Renamed,
    /// Another engine or instance deploys it.
    Moved,
    /// It stays, and is other than it was.
    Changed,
}

/// What becomes of the workloads of a deployment that goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// They are deleted.
    Deleted,
    /// They stay, and nothing deploys them.
    Orphaned,
    /// They stay, and what deploys them now takes them over.
    TakenOver,
}

/// The same change of one component on clusters of one stage.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The component; of one that goes, as it was called.
    pub component: String,
    /// What becomes of it.
    pub kind: Kind,
    /// The rollout that it follows, or followed where it goes.
    pub rollout: Option<String>,
    /// The stage of it.
    pub stage: Option<String>,
    /// The number of the stage, from 1; 0 without one.
    pub number: usize,
    /// The clusters, sorted.
    pub clusters: Vec<String>,
    /// Those of them that are protected, or were.
    pub protected: Vec<String>,
    /// The component's name before, where that is another one.
    pub was: Option<String>,
    /// What deploys it before: `argocd`, `flux/east`.
    pub owners_before: Vec<String>,
    /// What deploys it now.
    pub owners: Vec<String>,
    /// What becomes of its workloads, where something goes.
    pub fate: Option<Fate>,
    /// What is other, sorted by name; nothing where it is new or goes.
    pub fields: Vec<Field>,
    /// Where it was said, sorted.
    pub causes: Vec<Cause>,
}

/// A field that is other than it was.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The name in the plan's JSON, dotted.
    pub name: String,
    /// What it was; null when it was not there.
    pub old: Value,
    /// What it is; null when it is not there.
    pub new: Value,
}

/// A place that a change comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cause {
    /// Whether the place is in the old sources: something was taken away there.
    pub old: bool,
    /// The path of the file from the project root.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// From 1, in code points.
    pub column: u32,
}

/// What becomes of something that is declared beside components.
#[derive(Clone, Debug, PartialEq)]
pub struct Declared {
    /// `fleet`, `engine`, `cluster`, `rollout`, `project` or `hub object`.
    pub what: &'static str,
    /// Its name.
    pub name: String,
    /// What becomes of it.
    pub kind: Kind,
    /// Whether it is a protected cluster, or was.
    pub protected: bool,
    /// Of a project: whether it permits something that it did not.
    pub widened: bool,
    /// Of a project: whether it permits something no more. Of a rollout: whether less holds it up.
    pub narrowed: bool,
    /// What is other.
    pub fields: Vec<Field>,
    /// Where it is declared, or was.
    pub cause: Option<Cause>,
}

impl Change {
    /// Whether anything is other.
    pub fn is_any(&self) -> bool {
        !self.groups.is_empty() || !self.declared.is_empty()
    }
}

/// By rollout and the number of the stage: its name, and how many deployments are changed, added and removed there.
type Stages<'c> = std::collections::BTreeMap<(&'c str, usize), (&'c str, [usize; 3])>;

impl Change {
    /// What each stage of a rollout sees, in their order.
    fn stages(&self) -> Stages<'_> {
        let mut stages = Stages::new();
        for group in &self.groups {
            let (Some(rollout), Some(stage)) = (&group.rollout, &group.stage) else { continue };
            let (_, [changed, added, removed]) = stages.entry((rollout, group.number)).or_insert((stage, [0; 3]));
            *match group.kind {
                Kind::Added => added,
                Kind::Removed => removed,
                Kind::Renamed | Kind::Moved | Kind::Changed => changed,
            } += group.clusters.len();
        }
        stages
    }
}

impl Declared {
    /// What it permits or holds up otherwise than before, in words.
    fn shifts(&self) -> Vec<&'static str> {
        match (self.what, self.widened, self.narrowed) {
            ("project", true, true) => vec!["permits more", "permits less"],
            ("project", true, false) => vec!["permits more"],
            ("project", false, true) => vec!["permits less"],
            ("rollout", _, true) => vec!["less holds it up"],
            _ => Vec::new(),
        }
    }
}

impl Kind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Renamed => "renamed",
            Self::Moved => "moved",
            Self::Changed => "changed",
        }
    }

    /// The sign before the word, so that a column of them can be seen through.
    pub fn sign(self) -> char {
        match self {
            Self::Added => '+',
            Self::Removed => '-',
            Self::Renamed | Self::Moved => '>',
            Self::Changed => '~',
        }
    }
}

impl Fate {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Orphaned => "orphaned",
            Self::TakenOver => "taken over",
        }
    }
}
