//! Objects of one kind that would have the same name (F0408).

use std::collections::BTreeMap;

use super::{Component, Context, Report};
use crate::diag::codes::NAME_COLLISION;
use crate::plan::ArgoCdLayout;
use crate::source::Span;
use crate::target::argocd::{app_of_apps, root, sets::Set};

/// The names that are taken, by kind, each with where it comes from.
pub(super) struct Names {
    taken: BTreeMap<(&'static str, String), (Span, String)>,
}

impl Names {
    /// With the names of the roots.
    pub(super) fn new(context: &Context<'_>, report: &mut Report<'_>) -> Self {
        let mut names = Self { taken: BTreeMap::new() };
        let Some(home) = &context.plan.home else { return names };
        let name = root::name(context.plan, context.settings);
        let what = "the root Application over the output".to_owned();
        names.take("Application", &name, home.span, what, report);
        if context.settings.layout == ArgoCdLayout::AppOfApps {
            for cluster in app_of_apps::clusters(context).iter().filter_map(|name| context.clusters.get(name)) {
                let name = root::cluster_name(context.plan, context.settings, &cluster.name);
                let what = format!("the root Application of `{}`", cluster.name);
                names.take("Application", &name, cluster.span, what, report);
            }
        }
        names
    }

    /// Adds the names of a component and its ApplicationSets. The first of those is called as the component; of the others only
    /// such names decide as are in `sets`.
    pub(super) fn add(&mut self, component: &Component<'_>, sets: &[Set<'_>], report: &mut Report<'_>) {
        let Some(first) = component.deployments.first() else { return };
        let span = first.origin.component;
        for deployment in component.deployments {
            let what = format!("`{}` on `{}`", deployment.component, deployment.cluster);
            self.take("Application", &deployment.name, span, what, report);
        }
        for name in std::iter::once(component.name).chain(sets.iter().skip(1).map(|set| set.name.as_str())) {
            self.take("ApplicationSet", name, span, format!("`{}`", component.name), report);
        }
    }

    fn take(&mut self, kind: &'static str, name: &str, span: Span, what: String, report: &mut Report<'_>) {
        let Some((other_span, other)) = self.taken.get(&(kind, name.to_owned())) else {
            self.taken.insert((kind, name.to_owned()), (span, what));
            return;
        };
        let message = format!("two objects of kind {kind} would be named `{name}`");
        report.once(
            NAME_COLLISION,
            span,
            |d| d.label(what).related(*other_span, other.clone()).help("rename one of the components or clusters"),
            message,
        );
    }
}
