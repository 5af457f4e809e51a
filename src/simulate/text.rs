//! A simulation for reading: the consequence first, then a timeline for each component that has an order.
//!
//! Takes a [`Simulation`], gives text whose form is no contract; programs read the JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{Cause, Component, Engine, Frozen, Instance, Kind, Opening, Round, Simulation};
use crate::plan::text::{counted, some_of};

/// How often kustomize-controller looks again at what a Kustomization depends on, unless it is started otherwise.
const POLL: &str = "30s";

/// The whole simulation, or one component of it.
pub fn text(simulation: &Simulation, component: Option<&str>) -> String {
    let shown = |instance| -> Vec<&Component> { shown(instance, component) };
    let mut text = heading(simulation);
    let consequence: String = simulation.instances.iter().map(|one| not_reached(one, &shown(one))).collect();
    if consequence.is_empty() && !simulation.unhealthy.is_empty() {
        text += "\nnothing waits for it\n";
    }
    text += &consequence;
    for instance in simulation.instances.iter().filter(|instance| !shown(instance).is_empty()) {
        text += &self::instance(instance, &shown(instance));
    }
    text
}

fn shown<'i>(instance: &'i Instance, component: Option<&str>) -> Vec<&'i Component> {
    instance.components.iter().filter(|one| component.is_none_or(|name| one.name == name)).collect()
}

fn heading(simulation: &Simulation) -> String {
    let clusters: Vec<&str> = simulation.unhealthy.iter().map(String::as_str).collect();
    let ill = match clusters.as_slice() {
        [] => String::new(),
        [one] => format!(", while {one} stays unhealthy"),
        some => format!(", while {} stay unhealthy", some.join(", ")),
    };
    format!("{}: a change of every component{ill}\n", simulation.fleet)
}

/// The consequence: what an instance never comes to.
fn not_reached(instance: &Instance, shown: &[&Component]) -> String {
    let frozen: Vec<&&Component> = shown.iter().filter(|one| !one.frozen.is_empty()).collect();
    if frozen.is_empty() {
        return String::new();
    }
    let count: usize = frozen.iter().map(|one| one.frozen.len()).sum();
    let price = match instance.engine {
        Engine::ArgoCd => "",
        Engine::Flux => ", and meanwhile neither corrected nor pruned",
    };
    let all = counted(instance.deployments(), "deployment");
    let mut text = format!("\nnot reached by {}{price}: {count} of {all}\n", instance.words());
    let width = frozen.iter().map(|one| one.name.chars().count()).max().unwrap_or(0);
    for component in frozen {
        let mut clusters: Vec<&str> = component.frozen.iter().map(|one| one.cluster.as_str()).collect();
        clusters.sort_unstable();
        _ = writeln!(text, "  {:width$}  {}", component.name, some_of(&clusters));
    }
    text
}

fn instance(instance: &Instance, shown: &[&Component]) -> String {
    let mut text = format!("\n{}: {}\n", instance.words(), counted(instance.rounds, "round"));
    let (lines, timelines): (Vec<&Component>, Vec<&Component>) = shown.iter().copied().partition(|one| is_line(one));
    let width = lines.iter().map(|one| one.name.chars().count()).max().unwrap_or(0);
    for component in lines {
        let (number, openings) = match component.rounds.as_slice() {
            [round, ..] => (round.number, round.opens.as_slice()),
            [] => (0, [].as_slice()),
        };
        let clusters = openings.iter().map(|opening| started(component, opening)).collect::<String>();
        _ = writeln!(text, "  {:width$}  round {number}  {clusters}", component.name);
    }
    for component in timelines {
        text += &timeline(instance.engine, component);
    }
    text + &prices(shown)
}

/// Whether a component starts at once and whole: nothing is to say but where.
fn is_line(component: &Component) -> bool {
    let starts = component.rounds.iter().flat_map(|round| &round.opens).count();
    starts == 1 && component.frozen.is_empty() && component.prices.is_empty()
}

/// The clusters of an opening, and which of them stay as they are then.
fn started(component: &Component, opening: &Opening) -> String {
    let clusters: Vec<&str> = opening.clusters.iter().map(String::as_str).collect();
    let ill: Vec<_> = component.unhealthy.iter().filter(|ill| opening.clusters.contains(&ill.cluster)).collect();
    let names: Vec<&str> = ill.iter().map(|ill| ill.cluster.as_str()).collect();
    let stays = match (ill.first(), names.as_slice()) {
        (None, _) => String::new(),
        (Some(one), [_]) if clusters.len() == 1 => format!(" (stays {})", one.state),
        (Some(first), names) if names.len() == clusters.len() => format!(" (all stay {})", first.state),
        (Some(one), [name]) => format!(" ({name} stays {})", one.state),
        (Some(first), names) => format!(" ({} stay {})", some_of(names), first.state),
    };
    format!("{}{stays}", some_of(&clusters))
}

fn timeline(engine: Engine, component: &Component) -> String {
    let mut rows: Vec<[String; 4]> = component.rounds.iter().flat_map(|round| opened(component, round)).collect();
    rows.extend(frozen(component));
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths = [width(0), width(1), width(2), width(3)];
    let mut text = format!("  {}{}\n", component.name, remarks(component));
    for row in &rows {
        let filled = row.iter().zip(widths).filter(|(_, width)| *width > 0);
        let cells: Vec<String> = filled.map(|(cell, width)| format!("{cell:width$}")).collect();
        _ = writeln!(text, "    {}", cells.join("  ").trim_end());
    }
    text + &times(engine, component)
}

/// `  (after cert-manager; rollout progressive)`
fn remarks(component: &Component) -> String {
    let said = |word: &str, names: &[String]| (!names.is_empty()).then(|| format!("{word} {}", names.join(", ")));
    let remarks: Vec<String> =
        [said("after", &component.after), said("rollout", &component.rollouts)].into_iter().flatten().collect();
    if remarks.is_empty() { String::new() } else { format!("  ({})", remarks.join("; ")) }
}

fn opened(component: &Component, round: &Round) -> Vec<[String; 4]> {
    let row = |opening: &Opening| {
        let bake = opening.bake.as_ref().map(|bake| format!("after {bake} of bake"));
        let by_hand = opening.by_hand.as_ref().map(|command| format!("by hand: {command}"));
        let remarks: Vec<String> = bake.into_iter().chain(by_hand).collect();
        [
            format!("round {}", round.number),
            opening.stage.clone().unwrap_or_default(),
            started(component, opening),
            remarks.join(", "),
        ]
    };
    round.opens.iter().map(row).collect()
}

/// A row for all that is frozen in a stage for one reason. What a row is owed to is said where it is another than that of
/// the row above, so that the rows read as a chain.
fn frozen(component: &Component) -> Vec<[String; 4]> {
    let mut rows: Vec<(&Frozen, String, Vec<&str>)> = Vec::new();
    for one in &component.frozen {
        let reason = reason(component, one);
        match rows.last_mut().filter(|(other, said, _)| other.stage == one.stage && *said == reason) {
            Some((_, _, clusters)) => clusters.push(&one.cluster),
            None => rows.push((one, reason, vec![&one.cluster])),
        }
    }
    let mut above: &[Cause] = &[];
    let mut shown = Vec::new();
    for (one, mut reason, clusters) in rows {
        let label = if is_suspended(one) { "suspended" } else { "frozen" };
        if one.because == above && !one.waits_for.is_empty() {
            reason = waits(one);
        }
        above = if is_suspended(one) { &[] } else { &one.because };
        shown.push([label.to_owned(), one.stage.clone().unwrap_or_default(), some_of(&clusters), reason]);
    }
    shown
}

fn is_suspended(frozen: &Frozen) -> bool {
    frozen.state == "Suspended"
}

/// `Waiting for step 1 (dev)`
fn waits(one: &Frozen) -> String {
    if one.waits_for.is_empty() {
        one.state.to_owned()
    } else {
        format!("{} for {}", one.state, one.waits_for.join(" and "))
    }
}

/// `Waiting for step 1 (dev): dev-eu is not healthy`
fn reason(component: &Component, one: &Frozen) -> String {
    if is_suspended(one) {
        return String::new();
    }
    let waits = waits(one);
    match (one.waits_for.as_slice(), one.because.as_slice()) {
        ([other], [cause]) if *other == cause.component && cause.cluster == one.cluster => {
            format!("{waits}, which is {} there", cause.reason)
        }
        (_, because) => format!("{waits}: {}", causes(component, because)),
    }
}

/// `dev-eu is not healthy; cert-manager, issuers on dev-eu are not healthy`
fn causes(component: &Component, because: &[Cause]) -> String {
    // The clusters of each component and reason, then the components of the same clusters and reason.
    let mut clusters: BTreeMap<(bool, &str, &str), Vec<&str>> = BTreeMap::new();
    for cause in because {
        let key = (cause.component != component.name, cause.component.as_str(), cause.reason.as_str());
        clusters.entry(key).or_default().push(&cause.cluster);
    }
    let mut components: BTreeMap<(bool, &str, Vec<&str>), Vec<&str>> = BTreeMap::new();
    for ((other, name, reason), clusters) in clusters {
        components.entry((other, reason, clusters)).or_default().push(name);
    }
    let words = |((other, reason, clusters), names): (&(bool, &str, Vec<&str>), &Vec<&str>)| {
        let of = if *other { format!("{} on ", some_of(names)) } else { String::new() };
        let several = clusters.len() > 1 || *other && names.len() > 1;
        let verb = match (*reason, several) {
            ("not healthy" | "suspended", true) => " are",
            ("not healthy" | "suspended", false) => " is",
            _ => ":",
        };
        format!("{of}{}{verb} {reason}", some_of(clusters))
    };
    components.iter().map(words).collect::<Vec<_>>().join("; ")
}

/// What is known of time, on one line.
fn times(engine: Engine, component: &Component) -> String {
    let times = &component.times;
    let Some(polls) = times.polls.filter(|polls| *polls > 0 && engine == Engine::Flux) else { return String::new() };
    let all = |texts: &BTreeSet<String>| texts.iter().map(String::as_str).collect::<Vec<_>>().join(" or ");
    let bake = if times.bake.is_empty() { String::new() } else { format!(", bake {}", times.bake.join(" and ")) };
    let (polls, retry, timeout) = (counted(polls, "poll"), all(&times.retry), all(&times.timeout));
    format!("    time: up to {polls} of {POLL} on the longest way{bake}; retry {retry}, timeout {timeout}\n")
}

/// What the gates of these components cost, each kind once.
fn prices(shown: &[&Component]) -> String {
    let kinds: BTreeSet<Kind> = shown.iter().flat_map(|one| &one.prices).map(|price| price.kind).collect();
    let width = kinds.iter().map(|kind| kind.word().len()).max().unwrap_or(0);
    let line = |kind: &Kind| format!("    {:width$}  {}\n", kind.word(), kind.price());
    let lines: String = kinds.iter().map(line).collect();
    if lines.is_empty() { lines } else { format!("  prices\n{lines}") }
}
