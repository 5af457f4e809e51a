//! The picture of versions: a row for clusters that are alike, a column for each component.

use std::collections::{BTreeMap, BTreeSet};

use super::{Scope, alike};
use crate::plan::{Cluster, Content, Deployment, Plan, Revision};
use crate::source::{Sources, Span};

/// How much of a commit or a digest is shown.
const SHORT: usize = 12;

/// The whole picture.
#[derive(Clone, Debug)]
pub struct Matrix {
    /// The fleet's name.
    pub fleet: String,
    /// The label by which rows are grouped.
    pub by: Option<String>,
    /// The components, sorted.
    pub components: Vec<String>,
    /// The clusters, those that are alike in one row.
    pub rows: Vec<Row>,
    /// Where pinned versions are said, each place once, in the order of the files.
    pub notes: Vec<Note>,
    /// The components that have more than one version, with how many clusters have which.
    pub versions: Vec<Versions>,
}

/// A cluster, or several that are alike.
#[derive(Clone, Debug)]
pub struct Row {
    /// `prod-eu`, `prod x12`
    pub label: String,
    /// Their names, sorted.
    pub clusters: Vec<String>,
    /// What runs there: as many as there are components.
    pub cells: Vec<Option<Cell>>,
}

/// A component on a cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// The version of a chart, the revision of a source; `objects` for what fleetc writes itself.
    pub version: String,
    /// Whether another place says it than the one that says it for most clusters.
    pub pinned: bool,
    /// Whether it is another than most clusters have.
    pub differs: bool,
    /// Whether it is paused.
    pub suspended: bool,
}

/// Where a pinned version is said.
#[derive(Clone, Debug)]
pub struct Note {
    /// The component.
    pub component: String,
    /// What is said there.
    pub version: String,
    /// `clusters/ap.fleet:12`
    pub place: String,
    /// The clusters it is for.
    pub clusters: Vec<String>,
}

/// The versions of a component, the most common first.
#[derive(Clone, Debug)]
pub struct Versions {
    /// The component.
    pub component: String,
    /// Each version and how many clusters have it.
    pub counts: Vec<(String, usize)>,
}

impl Cell {
    /// The version, cut where it is a hash.
    pub fn short(&self) -> String {
        let hash = self.version.strip_prefix("sha256:").unwrap_or(&self.version);
        let is_hash = hash.len() >= 40 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_hash { hash.chars().take(SHORT).collect() } else { self.version.clone() }
    }

    /// The marks behind the version: `*` pinned, `!` differs, `~` suspended.
    pub fn marks(&self) -> String {
        let marks = [(self.pinned, '*'), (self.differs, '!'), (self.suspended, '~')];
        marks.into_iter().filter(|(is, _)| *is).map(|(_, mark)| mark).collect()
    }

    /// The same in words.
    pub fn words(&self) -> Vec<&'static str> {
        let words =
            [(self.pinned, "pinned"), (self.differs, "not the most common version"), (self.suspended, "suspended")];
        words.into_iter().filter(|(is, _)| *is).map(|(_, word)| word).collect()
    }
}

/// What runs on a cluster: as many as there are components.
type Cells = Vec<Option<Cell>>;

/// What a component has on most clusters.
struct Common<'c> {
    version: Option<String>,
    place: Option<Span>,
    deployments: Vec<&'c Deployment>,
}

/// The picture of `plan`, as far as `scope` goes; `by` is a label of the clusters.
pub fn matrix(plan: &Plan, sources: &Sources, scope: &Scope, by: Option<&str>) -> Matrix {
    let mut components: BTreeMap<&str, Vec<&Deployment>> = BTreeMap::new();
    for deployment in scope.deployments(plan) {
        components.entry(&deployment.component).or_default().push(deployment);
    }
    let common: BTreeMap<&str, Common> =
        components.into_iter().map(|(name, deployments)| (name, common(deployments))).collect();
    let mut clusters: BTreeMap<&str, Cells> = BTreeMap::new();
    for (place, one) in common.values().enumerate() {
        for deployment in &one.deployments {
            let row = clusters.entry(&deployment.cluster).or_insert_with(|| vec![None; common.len()]);
            if let Some(slot) = row.get_mut(place) {
                *slot = Some(cell(one, deployment));
            }
        }
    }
    // A cluster on which nothing runs is shown too, unless only some are asked for.
    if scope.components.is_empty() && scope.rollouts.is_empty() {
        for cluster in &plan.clusters {
            if scope.clusters.is_empty() || scope.clusters.contains(&*cluster.name) {
                clusters.entry(&cluster.name).or_insert_with(|| vec![None; common.len()]);
            }
        }
    }
    Matrix {
        fleet: plan.fleet.clone(),
        by: by.map(str::to_owned),
        components: common.keys().map(|name| (*name).to_owned()).collect(),
        rows: rows(plan, scope, by, clusters),
        notes: notes(&common, sources),
        versions: common.iter().filter_map(|(name, one)| versions(name, one)).collect(),
    }
}

fn version(deployment: &Deployment) -> String {
    let said = said(deployment);
    // What a terminal would obey is shown, not sent.
    said.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn said(deployment: &Deployment) -> String {
    match &deployment.content {
        Content::Chart(chart) => chart.version.clone(),
        Content::Objects(_) => "objects".to_owned(),
        Content::Path(_) => match &deployment.source.revision {
            Revision::Default => "default".to_owned(),
            revision => revision.text().unwrap_or_default().to_owned(),
        },
    }
}

/// Where the version was said.
fn place(deployment: &Deployment) -> Span {
    let attributes = &deployment.origin.attributes;
    let said = match &deployment.content {
        Content::Chart(_) => attributes.get("version"),
        Content::Path(_) | Content::Objects(_) => attributes.get("source"),
    };
    said.copied().unwrap_or(deployment.origin.component)
}

fn common(deployments: Vec<&Deployment>) -> Common<'_> {
    let version = most(deployments.iter().map(|one| version(one)));
    let place = most(deployments.iter().map(|one| place(one)));
    Common { version, place, deployments }
}

/// What is there more often than anything else.
fn most<T: Ord + Clone>(all: impl Iterator<Item = T>) -> Option<T> {
    let mut counts: BTreeMap<T, usize> = BTreeMap::new();
    for one in all {
        *counts.entry(one).or_default() += 1;
    }
    let top = counts.values().copied().max()?;
    let mut first = counts.iter().filter(|(_, count)| **count == top);
    let found = first.next().map(|(one, _)| one.clone());
    if first.next().is_some() { None } else { found }
}

fn cell(common: &Common, deployment: &Deployment) -> Cell {
    let version = version(deployment);
    Cell {
        pinned: common.place.is_some_and(|most| most != place(deployment)),
        differs: common.version.as_ref().is_some_and(|most| *most != version),
        suspended: deployment.suspend,
        version,
    }
}

fn rows(plan: &Plan, scope: &Scope, by: Option<&str>, clusters: BTreeMap<&str, Cells>) -> Vec<Row> {
    let known: BTreeMap<&str, &Cluster> = plan.clusters.iter().map(|cluster| (&*cluster.name, cluster)).collect();
    let value = |name: &str| known.get(name)?.labels.get(by?).cloned();
    let protected = |name: &str| known.get(name).is_some_and(|cluster| cluster.protected);
    // A protected cluster is never in one row with others.
    let mut alike: BTreeMap<(bool, Option<String>, Cells), Vec<String>> = BTreeMap::new();
    let mut groups: Vec<(Option<String>, Vec<String>, Cells)> = Vec::new();
    for (cluster, cells) in clusters {
        let value = value(cluster);
        if scope.each {
            groups.push((value, vec![cluster.to_owned()], cells));
        } else {
            alike.entry((protected(cluster), value, cells)).or_default().push(cluster.to_owned());
        }
    }
    groups.extend(alike.into_iter().map(|((_, value, cells), members)| (value, members, cells)));
    // What has no value of the label comes last.
    groups.sort_by(|one, other| (one.0.is_none(), one).cmp(&(other.0.is_none(), other)));
    let labels = alike::labels(&groups.iter().map(|(_, members, _)| members.clone()).collect::<Vec<_>>());
    let mut rows = Vec::new();
    for ((value, clusters, cells), label) in groups.into_iter().zip(labels) {
        let label = match (by, value) {
            (None, _) => label,
            (Some(_), Some(value)) => format!("{value}: {label}"),
            (Some(by), None) => format!("no {by}: {label}"),
        };
        rows.push(Row { label, clusters, cells });
    }
    rows
}

fn notes(common: &BTreeMap<&str, Common>, sources: &Sources) -> Vec<Note> {
    let mut notes: BTreeMap<(String, u32, &str, String), BTreeSet<String>> = BTreeMap::new();
    for (component, one) in common {
        for deployment in one.deployments.iter().filter(|deployment| cell(one, deployment).pinned) {
            let span = place(deployment);
            let file = sources.file(span.source);
            let line = file.position(span.start).line;
            let key = (file.path.clone(), line, *component, version(deployment));
            notes.entry(key).or_default().insert(deployment.cluster.to_string());
        }
    }
    let note = |((file, line, component, version), clusters): ((String, u32, &str, String), BTreeSet<String>)| Note {
        component: component.to_owned(),
        version,
        place: format!("{file}:{line}"),
        clusters: clusters.into_iter().collect(),
    };
    notes.into_iter().map(note).collect()
}

fn versions(component: &str, common: &Common) -> Option<Versions> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for one in &common.deployments {
        *counts.entry(version(one)).or_default() += 1;
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    (counts.len() > 1).then(|| Versions { component: component.to_owned(), counts })
}
