//! What a locked down Flux would refuse, and labels that would move an object to another shard.

use super::super::hub::Hub;
use super::super::shards;
use super::Report;
use crate::diag::{Diagnostic, codes};
use crate::plan::Deployment;

/// The accounts of Flux's own controllers, which may do anything on the cluster.
const CONTROLLERS: [&str; 7] = [
    "kustomize-controller",
    "helm-controller",
    "source-controller",
    "notification-controller",
    "image-reflector-controller",
    "image-automation-controller",
    "source-watcher",
];

pub(super) fn check(hub: &Hub, report: &mut Report) {
    for deployment in &hub.plan.deployments {
        if hub.settings.multi_tenant {
            check_account(hub, deployment, report);
        }
        if hub.settings.shards > 1 && deployment.labels.contains_key(shards::KEY) {
            let message = format!("`{}` says which shard serves an object, and so does `shards`", shards::KEY);
            report.add(
                Diagnostic::new(codes::CONFLICTING_ATTRIBUTES, deployment.origin.of("labels"), message)
                    .label("one of these labels")
                    .related(hub.settings.span, "`shards` is said here")
                    .help("leave the label out: a cluster's shard follows from its name"),
            );
        }
    }
}

fn check_account(hub: &Hub, deployment: &Deployment, report: &mut Report) {
    let component = &deployment.component;
    let project = hub.plan.projects.iter().find(|project| deployment.project.as_ref() == Some(&project.name));
    let declared = "`multi-tenant = true` is said here";
    match (hub.service_account(deployment), project) {
        (Some(account), _) if CONTROLLERS.contains(&account) => {
            let at = match project {
                Some(project) if deployment.service_account.is_none() => project.span,
                _ => deployment.origin.of("service-account"),
            };
            let message = format!("`{component}` would be applied as `{account}`, which is Flux itself");
            report.add(
                Diagnostic::new(codes::INVALID_VALUE, at, message)
                    .label("may do anything on the cluster")
                    .related(hub.settings.span, declared)
                    .help("write the name of an account that has only the rights of this tenant"),
            );
        }
        (Some(_), _) => {}
        (None, Some(project)) => {
            let message = format!("the project `{}` has no `service-account`", project.name);
            report.add(
                Diagnostic::new(codes::MISSING_ATTRIBUTE, project.span, message)
                    .label("as whom does Flux apply its components?")
                    .related(hub.settings.span, declared)
                    .help("write `service-account = …`: without one a locked down Flux applies nothing"),
            );
        }
        (None, None) => {
            let message = format!("`{component}` has no `service-account`");
            report.add(
                Diagnostic::new(codes::MISSING_ATTRIBUTE, deployment.origin.component, message)
                    .label("as whom does Flux apply it?")
                    .related(hub.settings.span, declared)
                    .help("write `service-account = …`, or give it a project that has one"),
            );
        }
    }
}
