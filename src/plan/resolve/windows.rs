//! The windows of a project: when syncs are allowed or denied.
//!
//! Argo CD validates an AppProject only when its API writes it, never when a controller applies it; then a window that it
//! cannot read counts for nothing. So what its API refuses is refused here (`ValidateProject`, `SyncWindow.Validate`).

use super::check::{invalid, zero};
use super::cron;
use super::projects::{clusters, description, texts};
use super::settings::Fixed;
use crate::diag::{Diagnostic, Diagnostics, codes, did_you_mean};
use crate::model::{Model, body, project, schema};
use crate::plan::permission::unsound_glob;
use crate::plan::{Duration, ProjectClusters, Window};
use crate::source::Span;
use crate::syntax::ast::{self, Entry, ExprKind, NestedBlock};

/// The areas of the time zone database.
const AREAS: [&str; 11] = [
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Etc",
    "Indian",
    "Pacific",
];

/// The windows of the project with this body, in the order written.
pub fn windows(model: &Model, project: &ast::Block, diagnostics: &mut Diagnostics) -> Vec<Window> {
    let mut windows: Vec<Window> = Vec::new();
    for entry in &project.entries {
        let Entry::Block(block) = entry else { continue };
        if block.keyword.text != "window" {
            continue;
        }
        let Some(window) = window(model, block, diagnostics) else { continue };
        match windows.iter().find(|other| is_same(other, &window)) {
            Some(first) => diagnostics.push(
                Diagnostic::new(codes::DUPLICATE_ENTRY, window.span, "this window is there twice")
                    .label("says the same again")
                    .related(first.span, "first written here")
                    .help("keep one of them"),
            ),
            None => windows.push(window),
        }
    }
    windows
}

/// What Argo CD knows a window by (`HashIdentity`).
fn is_same(one: &Window, other: &Window) -> bool {
    let timezone = |window: &Window| window.timezone.clone().unwrap_or_else(|| "UTC".to_owned());
    (one.allow, &one.schedule, one.duration, &one.components, &one.clusters, &one.namespaces, timezone(one))
        == (
            other.allow,
            &other.schedule,
            other.duration,
            &other.components,
            &other.clusters,
            &other.namespaces,
            timezone(other),
        )
}

fn window(model: &Model, block: &NestedBlock, diagnostics: &mut Diagnostics) -> Option<Window> {
    let fixed = Fixed::new(model, &schema::WINDOW, &block.body, false);
    for name in ["components", "namespaces", "clusters"] {
        report_globs(&block.body, &fixed, name, diagnostics);
    }
    report_unknown(model, &fixed, diagnostics);
    let (schedule, duration) = (schedule(&fixed, block, diagnostics), duration(&fixed, block, diagnostics));
    let window = Window {
        span: block.keyword.span,
        allow: project::allows(block)?,
        description: description(&fixed, diagnostics),
        timezone: timezone(&fixed, diagnostics),
        manual_sync: fixed.flag("manual-sync"),
        components: texts(&fixed, "components"),
        clusters: clusters(model, &block.body, &fixed),
        namespaces: texts(&fixed, "namespaces"),
        schedule: schedule?,
        duration: duration?,
    };
    for (name, is_empty) in [
        ("components", window.components.is_empty()),
        ("namespaces", window.namespaces.is_empty()),
        ("clusters", window.clusters == ProjectClusters::Globs(Vec::new())),
    ] {
        if let Some((_, span)) = fixed.value(name).filter(|_| is_empty && body::find(&block.body, name).is_some()) {
            diagnostics.push(invalid(
                span,
                format!("`{name}` is empty"),
                "a window for nothing",
                format!("leave `{name}` out to mean all of them"),
            ));
        }
    }
    Some(window)
}

fn missing(block: &NestedBlock, what: &str, help: &str) -> Diagnostic {
    Diagnostic::new(codes::MISSING_ATTRIBUTE, block.keyword.span, format!("this window has no `{what}`"))
        .label(if what == "schedule" { "when does it begin?" } else { "how long does it last?" })
        .help(help)
}

fn schedule(fixed: &Fixed, block: &NestedBlock, diagnostics: &mut Diagnostics) -> Option<String> {
    if body::find(&block.body, "schedule").is_none() {
        diagnostics.push(missing(
            block,
            "schedule",
            "write for example `schedule = \"0 22 * * 5\"`, each Friday at 22:00",
        ));
        return None;
    }
    let (text, span) = fixed.text("schedule")?;
    if let Some(why) = cron::problem(&text) {
        diagnostics.push(invalid(
            span,
            format!("the schedule `{text}` {why}"),
            "not a schedule that Argo CD reads",
            "write minute, hour, day of the month, month and day of the week, for example `0 22 * * 1-5`",
        ));
        return None;
    }
    Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn duration(fixed: &Fixed, block: &NestedBlock, diagnostics: &mut Diagnostics) -> Option<Duration> {
    if body::find(&block.body, "duration").is_none() {
        diagnostics.push(missing(block, "duration", "write for example `duration = 8h`"));
        return None;
    }
    let (value, span) = fixed.value("duration")?;
    let milliseconds = value.as_u64()?;
    if milliseconds == 0 {
        diagnostics.push(zero(span, "duration"));
        return None;
    }
    Some(Duration { milliseconds })
}

/// Argo CD takes UTC for a time zone that it does not know, and says so only in its log. Which cities there are is not
/// known here; the area is.
fn timezone(fixed: &Fixed, diagnostics: &mut Diagnostics) -> Option<String> {
    let (text, span) = fixed.text("timezone")?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+' | '/');
    let area = text.split_once('/').map(|(area, _)| area);
    if text == "UTC" || (area.is_some_and(|area| AREAS.contains(&area)) && text.chars().all(plain)) {
        return Some(text);
    }
    let near = area.and_then(|area| did_you_mean(area, AREAS));
    let help = match (near, area) {
        (Some(near), Some(area)) => format!("did you mean `{near}{}`?", text.strip_prefix(area).unwrap_or_default()),
        _ => "write `UTC`, or an area and a city, such as `Europe/Berlin`".to_owned(),
    };
    let diagnostic = invalid(span, format!("`{text}` is no time zone"), "Argo CD would take UTC and say nothing", help);
    diagnostics.push(diagnostic);
    None
}

/// F0314 for globs that Argo CD does not read as they are meant. In a window a `!` refuses nothing.
pub fn report_globs(block: &ast::Block, fixed: &Fixed, name: &str, diagnostics: &mut Diagnostics) {
    if !body::find(block, name).is_some_and(|attribute| matches!(attribute.value.kind, ExprKind::List(_))) {
        return;
    }
    for (glob, span) in fixed.texts(name).unwrap_or_default() {
        let why = if glob.starts_with('!') {
            Some("begins with `!`, which excepts nothing here")
        } else {
            unsound_glob(&glob)
        };
        if let Some(why) = why {
            diagnostics.push(invalid(
                span,
                format!("the glob `{glob}` {why}"),
                "not a glob that Argo CD reads as it is meant",
                "a glob is made of text, `*`, `?`, `[abc]` and `{a,b}`; name what is meant",
            ));
        }
    }
}

/// F0314 for globs over components that are the name of none.
pub fn report_unknown(model: &Model, fixed: &Fixed, diagnostics: &mut Diagnostics) {
    let names: Vec<&str> = model.names.components.values().map(|declared| declared.name.text.as_str()).collect();
    for (glob, span) in fixed.texts("components").unwrap_or_default() {
        let sound = unsound_glob(&glob).is_none() && !glob.starts_with('!');
        if sound && !names.iter().any(|name| crate::plan::permission::glob_matches(&glob, name)) {
            diagnostics.push(no_component(&glob, span, &names));
        }
    }
}

fn no_component(glob: &str, span: Span, names: &[&str]) -> Diagnostic {
    let help = match did_you_mean(glob, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "name components of the project, or leave `components` out to mean all of them".to_owned(),
    };
    invalid(span, format!("no component is named `{glob}`"), "matches nothing", help)
}
