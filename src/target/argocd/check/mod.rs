//! What Argo CD cannot do of what the fleet says.
//!
//! Each file holds the rules of one kind beside their diagnostics. A rule speaks once for a text of the fleet, however
//! many deployments it reaches.

mod app_of_apps;
mod expressible;
mod names;
mod order;
mod projects;
mod register;
mod rollout;
mod version;

use std::collections::BTreeSet;

use super::{Component, Context, sets};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::plan::space::Space;
use crate::plan::{ArgoCd, ArgoCdLayout, Plan};
use crate::source::Span;

/// Says what Argo CD, as `settings` declares it, cannot do of the plan.
pub fn check(plan: &Plan, settings: &ArgoCd, diagnostics: &mut Diagnostics) {
    let context = Context::new(plan, settings, None);
    register::check(&context, &mut Report { diagnostics, said: BTreeSet::new() });
    check_context(&context, diagnostics);
}

/// The same over the label space.
pub fn check_over(space: &Space, settings: &ArgoCd, diagnostics: &mut Diagnostics) {
    check_context(&Context::new(&space.plan, settings, Some(space)), diagnostics);
}

fn check_context(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let mut report = Report { diagnostics, said: BTreeSet::new() };
    expressible::check(context, &mut report);
    version::check(context, &mut report);
    projects::check(context, &mut report);
    if context.settings.layout == ArgoCdLayout::AppOfApps {
        app_of_apps::check(context, &mut report);
        return;
    }
    order::check(context, &mut report);
    let components: Vec<Component<'_>> = context.components().collect();
    let mut names = names::Names::new(context, &mut report);
    let all: BTreeSet<&str> = components.iter().map(|component| component.name).collect();
    for component in &components {
        // How many there are is dear to find out, and decides only under a rollout and where a further one may have the
        // name of another component.
        let may_matter = !component.stages.is_empty() || has_numbered(&all, component.name);
        let sets = if may_matter { sets::of(context, component) } else { Vec::new() };
        rollout::check(context, component, &sets, &mut report);
        names.add(component, &sets, &mut report);
    }
}

/// Whether one of `all` is called `name` with a number behind it, as a further ApplicationSet of `name` is.
fn has_numbered(all: &BTreeSet<&str>, name: &str) -> bool {
    let start = format!("{name}-");
    let mut like = all.range(start.as_str()..).map_while(|other| other.strip_prefix(&start));
    like.any(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Takes diagnostics, each but once for a code and a place.
struct Report<'a> {
    diagnostics: &'a mut Diagnostics,
    said: BTreeSet<(&'static str, Span)>,
}

impl Report<'_> {
    /// Adds what `make` gives, unless the code was given for this place.
    fn once(&mut self, code: &'static Code, span: Span, make: impl FnOnce(Diagnostic) -> Diagnostic, message: String) {
        if self.said.insert((code.id, span)) {
            self.diagnostics.push(make(Diagnostic::new(code, span, message)));
        }
    }
}

/// `a`, `b` and 3 more.
fn some_of<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 3;
    let names: Vec<&str> = names.into_iter().collect();
    let mut shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    if names.len() > SHOWN {
        shown.push(format!("{} more", names.len() - SHOWN));
    }
    match shown.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}
