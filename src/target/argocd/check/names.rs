//! Objects of one kind that would have the same name (F0408).

use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::fmt;

use foldhash::{HashMap, HashMapExt as _};

use super::{Component, Context, Report};
use crate::diag::codes::NAME_COLLISION;
use crate::plan::{ArgoCdLayout, Deployment};
use crate::source::Span;
use crate::target::argocd::{app_of_apps, root, sets::Set};

/// The names that are taken, by kind, each with where it comes from.
pub(super) struct Names<'a> {
    taken: HashMap<(&'static str, Cow<'a, str>), (Span, What<'a>)>,
}

/// What takes a name.
#[derive(Clone)]
enum What<'a> {
    Deployment(&'a Deployment),
    Component(&'a str),
    Root(String),
}

impl fmt::Display for What<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deployment(deployment) => write!(f, "`{}` on `{}`", deployment.component, deployment.cluster),
            Self::Component(name) => write!(f, "`{name}`"),
            Self::Root(what) => f.write_str(what),
        }
    }
}

impl<'a> Names<'a> {
    /// With the names of the roots.
    pub(super) fn new(context: &Context<'a>, report: &mut Report<'_>) -> Self {
        let mut names = Self { taken: HashMap::with_capacity(context.plan.deployments.len()) };
        let Some(home) = &context.plan.home else { return names };
        let name = root::name(context.plan, context.settings);
        let what = What::Root("the root Application over the output".to_owned());
        names.take("Application", name.into(), home.span, what, report);
        if context.settings.layout == ArgoCdLayout::AppOfApps {
            for cluster in app_of_apps::clusters(context).iter().filter_map(|name| context.clusters.get(name)) {
                let name = root::cluster_name(context.plan, context.settings, &cluster.name);
                let what = What::Root(format!("the root Application of `{}`", cluster.name));
                names.take("Application", name.into(), cluster.span, what, report);
            }
        }
        names
    }

    /// Adds the names of a component and its ApplicationSets. The first of those is called as the component; of the others only
    /// such names decide as are in `sets`.
    pub(super) fn add(&mut self, component: &Component<'a>, sets: &[Set<'_>], report: &mut Report<'_>) {
        let Some(first) = component.deployments.first() else { return };
        let span = first.origin.component;
        for deployment in component.deployments {
            self.take("Application", (*deployment.name).into(), span, What::Deployment(deployment), report);
        }
        let further = sets.iter().skip(1).map(|set| set.name.clone().into());
        for name in std::iter::once(component.name.into()).chain(further) {
            self.take("ApplicationSet", name, span, What::Component(component.name), report);
        }
    }

    fn take(&mut self, kind: &'static str, name: Cow<'a, str>, span: Span, what: What<'a>, report: &mut Report<'_>) {
        let (name, (other_span, other)) = match self.taken.entry((kind, name)) {
            Entry::Vacant(entry) => {
                entry.insert((span, what));
                return;
            }
            Entry::Occupied(entry) => (entry.key().1.clone(), entry.get().clone()),
        };
        let message = format!("two objects of kind {kind} would be named `{name}`");
        report.once(
            NAME_COLLISION,
            span,
            |d| {
                d.label(what.to_string())
                    .related(other_span, other.to_string())
                    .help("rename one of the components or clusters")
            },
            message,
        );
    }
}
