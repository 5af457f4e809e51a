//! What becomes other in the output: its differences, equal ones told once, below the line of the sources they come from.
//!
//! Takes the files that differ and the [`Change`] of the plan, gives one [`Difference`], from which every format is
//! computed. Reads no disk and no Git.
//!
//! Invariant (`tests/difference.rs`): what the hunks say, laid over the old files, gives the new ones.

mod causes;
mod hunks;
pub mod json;
pub mod markdown;
mod owner;
pub mod text;

use std::collections::BTreeMap;

use crate::change::{Cause, Change, Side};
use crate::plan::Plan;

/// A file that is there before or after.
#[derive(Clone, Copy, Debug)]
pub struct File<'a> {
    /// Its path below the output folder.
    pub path: &'a str,
    /// The path that is shown.
    pub shown: &'a str,
    /// Its text before; none where it is new.
    pub before: Option<&'a str>,
    /// Its text after; none where it goes.
    pub after: Option<&'a str>,
}

/// All that becomes other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The fleet's name.
    pub fleet: String,
    /// How many files are new.
    pub added: usize,
    /// How many files go.
    pub removed: usize,
    /// How many files stay and are other.
    pub changed: usize,
    /// The differences by what caused them, in the order of the sources; what has no cause comes last.
    pub groups: Vec<Group>,
}

/// What comes from the same lines of the sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The lines, sorted. None where the sources say nothing of it: the output was not built, or was edited.
    pub lines: Vec<Line>,
    /// Its differences, sorted by their first place.
    pub hunks: Vec<Hunk>,
}

/// A line of the sources that something comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// Where it is.
    pub cause: Cause,
    /// What it says, without the blanks around it.
    pub text: String,
}

/// A stretch of lines that becomes other, and wherever else it does in the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hunk {
    /// The lines at the first place, those around them included.
    pub lines: Vec<(Sign, String)>,
    /// The places, sorted. At the others the lines that come and go are the same but for the cluster's name and digests, and those
    /// around them may be others.
    pub places: Vec<Place>,
}

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sign {
    /// It stays.
    Same,
    /// It goes.
    Removed,
    /// It is new.
    Added,
}

/// Where a hunk is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The path of the file, as it is shown.
    pub file: String,
    /// The first line and how many there are, before; the first is 0 where there is no file.
    pub old: (usize, usize),
    /// The same after.
    pub new: (usize, usize),
    /// The cluster that it is for; none where it is for several, or for the hub.
    pub cluster: Option<String>,
}

impl Difference {
    /// How many files are other.
    pub fn files(&self) -> usize {
        self.added + self.removed + self.changed
    }

    /// How many places there are, and how many hunks tell of them.
    pub fn hunks(&self) -> (usize, usize) {
        let all = || self.groups.iter().flat_map(|group| &group.hunks);
        (all().map(|hunk| hunk.places.len()).sum(), all().count())
    }
}

impl Sign {
    /// The character before the line.
    pub fn char(self) -> char {
        match self {
            Self::Same => ' ',
            Self::Removed => '-',
            Self::Added => '+',
        }
    }
}

/// What is other in `files`, which are sorted by path, where the plan became other as `change` says, which was made of
/// `old` and `new`. Files that are equal say nothing.
pub fn difference<'a>(files: &[File], change: &'a Change, old: &Side<'a>, new: &Side<'a>) -> Difference {
    let mut told = Difference { fleet: change.fleet.clone(), added: 0, removed: 0, changed: 0, groups: Vec::new() };
    let mut groups: BTreeMap<(bool, Vec<Cause>), BTreeMap<String, Hunk>> = BTreeMap::new();
    let known = causes::Causes::of(change, old, new);
    for file in files.iter().filter(|file| file.before != file.after) {
        *match (file.before, file.after) {
            (None, _) => &mut told.added,
            (_, None) => &mut told.removed,
            _ => &mut told.changed,
        } += 1;
        let documents = |text, plan: Option<&Plan>| {
            owner::Documents::of(file.path, text, plan.map_or("", |plan| &plan.label_prefix))
        };
        let (before, after) =
            (documents(file.before, old.plan.or(new.plan)), documents(file.after, new.plan.or(old.plan)));
        for hunk in hunks::of(file.before.unwrap_or_default(), file.after.unwrap_or_default()) {
            let owner = match hunk.first_change {
                (Sign::Removed, line) => before.owner(line),
                (_, line) => after.owner(line),
            };
            let causes = known.of_owner(&owner, file.path);
            let key = hunks::key(&hunk.lines, owner.cluster.as_deref());
            let place =
                Place { file: file.shown.to_string(), old: hunk.old, new: hunk.new, cluster: owner.cluster.clone() };
            let group = groups.entry((causes.is_empty(), causes)).or_default();
            let lines = hunk.lines;
            group.entry(key).or_insert_with(|| Hunk { lines, places: Vec::new() }).places.push(place);
        }
    }
    for ((_, causes), hunks) in groups {
        let lines = causes.into_iter().map(|cause| line(cause, old, new)).collect();
        let mut hunks: Vec<Hunk> = hunks.into_values().collect();
        hunks.sort_by(|one, other| one.places.cmp(&other.places));
        told.groups.push(Group { lines, hunks });
    }
    told
}

fn line(cause: Cause, old: &Side, new: &Side) -> Line {
    let sources = if cause.old { old.sources } else { new.sources };
    let file = sources.iter().find(|(_, file)| file.path == cause.file);
    let text = file.and_then(|(_, file)| file.text.lines().nth(cause.line.saturating_sub(1) as usize));
    Line { text: text.unwrap_or_default().trim().to_string(), cause }
}
