//! Clusters that change together and should not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Subject, listed};
use crate::diag::{Diagnostic, Diagnostics, codes};
use crate::plan::{Cluster, Deployment};

/// The label by which a fleet says where its clusters are.
pub(super) const REGION: &str = "region";

/// A rollout, a stage of it, and a component in that.
type Step<'p> = (&'p Arc<str>, &'p Arc<str>, &'p Arc<str>);

/// Reports stages and regions.
pub fn check(subject: Subject, diagnostics: &mut Diagnostics) {
    mixed_stages(subject, diagnostics);
    lone_regions(subject, diagnostics);
}

/// F0732 for stages in which a component changes on protected and other clusters at once.
fn mixed_stages(subject: Subject, diagnostics: &mut Diagnostics) {
    let mut of: BTreeMap<Step, [Option<&Deployment>; 2]> = BTreeMap::new();
    for deployment in subject.deployments() {
        if let (Some(rollout), Some(stage)) = (&deployment.rollout, &deployment.stage) {
            let both = of.entry((rollout, stage, &deployment.component)).or_default();
            let slot = both.get_mut(usize::from(deployment.protected));
            slot.into_iter().for_each(|slot| _ = slot.get_or_insert(deployment));
        }
    }
    let mut said = BTreeSet::new();
    for ((rollout, stage, component), both) in of {
        let [Some(other), Some(protected)] = both else { continue };
        if !said.insert((rollout, stage)) {
            continue;
        }
        let declared = subject.plan.rollouts.iter().find(|one| one.name == *rollout);
        let Some(at) = declared.and_then(|one| one.stages.iter().find(|one| one.name == *stage)) else { continue };
        let declared = |cluster: &str| subject.model.find_cluster(cluster).is_some();
        let message = if declared(&protected.cluster) && declared(&other.cluster) {
            format!(
                "the stage `{stage}` changes `{component}` on `{}`, which is protected, together with `{}`, which is not",
                protected.cluster, other.cluster
            )
        } else {
            format!("the stage `{stage}` changes `{component}` on protected clusters together with others")
        };
        let diagnostic = Diagnostic::new(codes::MIXED_STAGE, at.span, message)
            .label("production and other clusters at once")
            .help("give the clusters that are not protected a stage of their own before it: `stage early on not (…)`");
        diagnostics.push(subject.beside_protected(diagnostic));
    }
}

/// What tells clusters apart besides their region: every label that a cluster is given.
type Kind<'p> = Vec<(&'p str, &'p str)>;

/// The protected clusters that have a region, by their other labels and then by region.
fn by_kind<'p>(subject: Subject<'p, '_>) -> BTreeMap<Kind<'p>, BTreeMap<&'p str, Vec<&'p Cluster>>> {
    let fields = &subject.model.fields;
    let given: BTreeSet<&str> =
        fields.iter().filter(|field| field.derived.is_none()).map(|field| field.name.text.as_str()).collect();
    let mut kinds: BTreeMap<Kind, BTreeMap<&str, Vec<&Cluster>>> = BTreeMap::new();
    for cluster in subject.plan.clusters.iter().filter(|cluster| cluster.protected && !cluster.many) {
        let Some(region) = cluster.labels.get(REGION) else { continue };
        let labels = cluster.labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let kind = labels.filter(|(name, _)| *name != REGION && given.contains(name)).collect();
        kinds.entry(kind).or_default().entry(region).or_default().push(cluster);
    }
    kinds
}

/// F0733, once, for regions with one protected cluster where others have several of the same kind.
fn lone_regions(subject: Subject, diagnostics: &mut Diagnostics) {
    let mut lone: BTreeMap<&str, &Cluster> = BTreeMap::new();
    let mut redundant: Option<&Cluster> = None;
    for regions in by_kind(subject).into_values() {
        let Some(several) = regions.values().find(|clusters| clusters.len() > 1) else { continue };
        for (region, clusters) in &regions {
            if let [only] = clusters.as_slice() {
                lone.entry(region).or_insert(only);
                redundant = redundant.or(several.first().copied());
            }
        }
    }
    let (Some(other), Some((_, first))) = (redundant, lone.first_key_value()) else { return };
    let (names, several) = (listed(lone.keys().copied()), lone.len() > 1);
    let message = if several {
        format!("the regions {names} have one protected cluster each, where others have several")
    } else {
        format!("the region {names} has one protected cluster, where others have several")
    };
    let diagnostic = Diagnostic::new(codes::LONE_REGION, first.span, message)
        .label("what fails here, fails in the whole region")
        .related(other.span, format!("one of several in `{}`", other.labels.get(REGION).map_or("", String::as_str)))
        .help("add a cluster there, or let its stage come last and one at a time: `{ max = 1, gate = manual }`");
    let label = subject.model.find_field(REGION).and_then(|index| subject.model.fields.get(index));
    diagnostics.push(match label {
        Some(label) => diagnostic.related(label.name.span, "regions are the values of this label"),
        None => diagnostic,
    });
}
