//! The order that follows from secrets: a store comes after what installs the operator, a secret after its store, and what
//! runs in the secret's namespace after the secret.
//!
//! Nobody wrote it, so it gives way: it is left out where no engine of the cluster keeps an order, where it would close a
//! circle, where nothing says when the other one is healthy, and where that one follows a rollout of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::engines::Engines;
use super::objects::{EXTERNAL_SECRETS, SECRET_KIND, STORE_KIND};
use super::order::made_from;
use crate::diag::{Diagnostic, Diagnostics, codes};
use crate::model::Model;
use crate::plan::{Content, Deployment, ObjectRef};
use crate::source::Span;
use crate::syntax::ast::Form;

/// The template of the standard library that installs the operator.
const OPERATOR: &str = "std.external-secrets";

/// Who waits for whom, on which clusters; the number is the order in which they are looked at.
type Wanted = BTreeMap<(u8, Arc<str>, Arc<str>), Clusters>;

/// Who waits for whom, on which clusters.
type Added = BTreeMap<Arc<str>, BTreeMap<Arc<str>, Clusters>>;

type Clusters = BTreeSet<Arc<str>>;

/// What each component waits for, on any cluster.
type Needs = BTreeMap<Arc<str>, BTreeSet<Arc<str>>>;

/// Adds the order to `after` of the deployments, and reports secrets whose store is not on their cluster.
pub fn add(
    model: &Model,
    engines: &Engines,
    deployments: &mut [Deployment],
    doubtful: &BTreeSet<String>,
    diagnostics: &mut Diagnostics,
) {
    let has_secrets = model.names.components.values().any(|d| matches!(d.node.form, Form::Store | Form::Secret));
    if !has_secrets {
        return;
    }
    let (wanted, lost) = wanted(model, engines, deployments);
    report_lost(model, lost, doubtful, diagnostics);
    let mut needs = Needs::new();
    for deployment in deployments.iter() {
        needs.entry(deployment.component.clone()).or_default().extend(deployment.after.iter().cloned());
    }
    let mut added = Added::new();
    for ((_, waiting, target), clusters) in wanted {
        if !reaches(&needs, &target, &waiting) {
            needs.entry(waiting.clone()).or_default().insert(target.clone());
            added.entry(waiting).or_default().entry(target).or_default().extend(clusters);
        }
    }
    for deployment in deployments {
        let Some(targets) = added.get(&deployment.component) else { continue };
        let here = targets.iter().filter(|(_, clusters)| clusters.contains(&deployment.cluster));
        // Sorted, as the targets are.
        let implied: Arc<[_]> =
            here.map(|(target, _)| target.clone()).filter(|target| !deployment.after.contains(target)).collect();
        if !implied.is_empty() {
            let after: BTreeSet<_> = deployment.after.iter().chain(&*implied).cloned().collect();
            deployment.after = after.into_iter().collect();
            deployment.implied = implied;
        }
    }
}

/// The places of secrets whose store is not there: the secret, the store, the clusters.
type Lost = BTreeMap<(Span, Arc<str>, String), Vec<Arc<str>>>;

fn wanted(model: &Model, engines: &Engines, deployments: &[Deployment]) -> (Wanted, Lost) {
    let made = made_from(model);
    let operators = made.get(OPERATOR).map(Vec::as_slice).unwrap_or_default();
    let mut by_cluster: BTreeMap<&Arc<str>, BTreeMap<&str, &Deployment>> = BTreeMap::new();
    for deployment in deployments {
        by_cluster.entry(&deployment.cluster).or_default().insert(&deployment.component, deployment);
    }
    let (mut wanted, mut lost) = (Wanted::new(), Lost::new());
    for (cluster, here) in by_cluster {
        let ordered = engines.keep_order(cluster);
        let mut want = |number: u8, waiting: &Deployment, target: &Deployment| {
            if ordered && gives_way(waiting, target) {
                let pair = (number, waiting.component.clone(), target.component.clone());
                wanted.entry(pair).or_default().insert(cluster.clone());
            }
        };
        let mut secrets: BTreeMap<&str, Vec<&Deployment>> = BTreeMap::new();
        for deployment in here.values() {
            if is_own(deployment, STORE_KIND) {
                let operators = operators.iter().filter_map(|operator| here.get(operator.as_ref()));
                operators.for_each(|operator| want(0, deployment, operator));
            }
            let Some(store) = store_of(deployment) else { continue };
            match here.get(store).filter(|store| is_own(store, STORE_KIND)) {
                Some(store) => want(1, deployment, store),
                None => {
                    let key = (deployment.origin.of("store"), deployment.component.clone(), store.to_owned());
                    lost.entry(key).or_default().push(cluster.clone());
                }
            }
            if let Some(namespace) = &deployment.namespace {
                secrets.entry(namespace).or_default().push(deployment);
            }
        }
        for deployment in here.values().filter(|deployment| may_read(deployment)) {
            let Some(namespace) = &deployment.namespace else { continue };
            for secret in secrets.get(namespace.as_str()).into_iter().flatten() {
                want(2, deployment, secret);
            }
        }
    }
    (wanted, lost)
}

/// Whether an order that nobody wrote may be added: `target` says when it is healthy, and has no rollout of its own.
fn gives_way(waiting: &Deployment, target: &Deployment) -> bool {
    let is_judged = target.wait || !target.health.is_empty();
    is_judged && (target.rollout.is_none() || target.rollout == waiting.rollout)
}

/// Whether the deployment is the one object of a `store` or `secret`.
fn is_own(deployment: &Deployment, kind: &str) -> bool {
    let Content::Objects(objects) = &deployment.content else { return false };
    // An object of the same kind that is written out is judged as a whole, by `wait`.
    let of_kind = |object: &ObjectRef| object.api_version == EXTERNAL_SECRETS && object.kind == kind;
    !deployment.wait && objects.iter().map(ObjectRef::of).any(|object| of_kind(&object))
}

/// Whether it may read a Secret: a component may, and of single objects only those that run something. Others may well be
/// what the secret or its store needs.
fn may_read(deployment: &Deployment) -> bool {
    const RUN: [&str; 7] = ["CronJob", "DaemonSet", "Deployment", "Job", "Pod", "ReplicaSet", "StatefulSet"];
    let Content::Objects(objects) = &deployment.content else { return true };
    objects.iter().any(|object| RUN.contains(&ObjectRef::of(object).kind.as_str()))
}

/// The store that a secret reads.
fn store_of(deployment: &Deployment) -> Option<&str> {
    let object = deployment.objects().first().filter(|_| is_own(deployment, SECRET_KIND))?;
    object.pointer("/spec/secretStoreRef/name")?.as_str()
}

/// Whether `from` waits, through others or not, for `to`.
fn reaches(needs: &Needs, from: &Arc<str>, to: &Arc<str>) -> bool {
    let mut seen: BTreeSet<&Arc<str>> = BTreeSet::new();
    let mut open = vec![from];
    while let Some(here) = open.pop() {
        if here == to {
            return true;
        }
        if seen.insert(here) {
            open.extend(needs.get(here).into_iter().flatten());
        }
    }
    false
}

/// F0417, once for each secret and store.
fn report_lost(model: &Model, lost: Lost, doubtful: &BTreeSet<String>, diagnostics: &mut Diagnostics) {
    for ((span, secret, store), clusters) in lost {
        // What is no store was reported.
        let declared = model.names.components.get(&store).filter(|declared| declared.node.form == Form::Store);
        let Some(declared) = declared.filter(|_| !doubtful.contains(&store)) else { continue };
        let on = model.list_clusters(clusters.iter().filter_map(|cluster| model.find_cluster(cluster)));
        let message = format!("the store `{store}` is not on {on}, where `{secret}` reads it");
        diagnostics.push(
            Diagnostic::new(codes::STORE_NOT_HERE, span, message)
                .label("would stay empty there")
                .related(declared.name.span, "the store is declared here")
                .help(format!("let `{store}` be there, too: without `on` it is wherever a secret reads it")),
        );
    }
}
