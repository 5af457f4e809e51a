//! A simulation for reading: the consequence first, then a timeline for each component that has an order.
//!
//! Takes a [`Simulation`], gives text whose form is no contract; programs read the JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{Cause, Component, Engine, Frozen, Instance, Kind, Opening, Simulation};
use crate::plan::text::{counted, some_of};

/// How often kustomize-controller looks again at what a Kustomization depends on, unless it is started otherwise.
const POLL: &str = "30s";

/// From how many rounds of one stage on they are one row.
const FOLDED: usize = 4;

/// The whole simulation, or one component of it.
pub fn text(simulation: &Simulation, component: Option<&str>) -> String {
    let shown = |instance| -> Vec<&Component> { shown(instance, component) };
    let mut text = heading(simulation);
    let consequence: String = simulation.instances.iter().map(|one| not_reached(one, &shown(one))).collect();
    match simulation.unhealthy.len() {
        1 if consequence.is_empty() => text += "\nnothing waits for it\n",
        2.. if consequence.is_empty() => text += "\nnothing waits for them\n",
        _ => {}
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
    let mut rows = opened(component);
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

/// A row for each opening; many of one stage, one after the other, are one row.
fn opened(component: &Component) -> Vec<[String; 4]> {
    let mut openings: Vec<(usize, &Opening)> = Vec::new();
    for round in &component.rounds {
        openings.extend(round.opens.iter().map(|opening| (round.number, opening)));
    }
    let is_plain = |opening: &Opening| {
        let is_ill = component.unhealthy.iter().any(|ill| opening.clusters.contains(&ill.cluster));
        opening.by_hand.is_none() && opening.bake.is_none() && !is_ill
    };
    let goes_on = |(number, one): &(usize, &Opening), (next, other): &(usize, &Opening)| {
        is_plain(one) && is_plain(other) && one.stage == other.stage && number + 1 == *next
    };
    let runs = openings.chunk_by(goes_on);
    runs.flat_map(|run| if run.len() < FOLDED { single(component, run) } else { folded(run) }).collect()
}

fn single(component: &Component, openings: &[(usize, &Opening)]) -> Vec<[String; 4]> {
    let row = |(number, opening): &(usize, &Opening)| {
        let bake = opening.bake.as_ref().map(|bake| format!("after {bake} of bake"));
        let by_hand = opening.by_hand.as_ref().map(|command| format!("by hand: {command}"));
        let remarks: Vec<String> = bake.into_iter().chain(by_hand).collect();
        [
            format!("round {number}"),
            opening.stage.clone().unwrap_or_default(),
            started(component, opening),
            remarks.join(", "),
        ]
    };
    openings.iter().map(row).collect()
}

fn folded(openings: &[(usize, &Opening)]) -> Vec<[String; 4]> {
    let (Some((first, opening)), Some((last, _))) = (openings.first(), openings.last()) else { return Vec::new() };
    let clusters: Vec<&str> = openings.iter().flat_map(|(_, one)| &one.clusters).map(String::as_str).collect();
    let most = openings.iter().map(|(_, one)| one.clusters.len()).max().unwrap_or(0);
    let stage = opening.stage.clone().unwrap_or_default();
    vec![[format!("rounds {first}-{last}"), stage, some_of(&clusters), format!("{most} at a time")]]
}

/// What is frozen in a stage for one reason.
struct Held<'c> {
    first: &'c Frozen,
    clusters: Vec<&'c str>,
    /// How many more gates of the same stage are closed for the same.
    more: usize,
}

/// A row for all that is frozen in a stage for one reason. What a row is owed to is said where it is another than that of
/// the row above, so that the rows read as a chain.
fn frozen(component: &Component) -> Vec<[String; 4]> {
    let mut above: &[Cause] = &[];
    let mut rows = Vec::new();
    for held in folded_gates(held(component)) {
        let first = held.first;
        let is_said = first.because == above && !first.waits_for.is_empty();
        let reason = if is_said { waits(first, held.more) } else { reason(component, first, held.more) };
        above = if is_suspended(first) { &[] } else { &first.because };
        let label = if is_suspended(first) { "suspended" } else { "frozen" };
        rows.push([label.to_owned(), first.stage.clone().unwrap_or_default(), some_of(&held.clusters), reason]);
    }
    rows
}

fn held(component: &Component) -> Vec<Held<'_>> {
    let mut all: Vec<(String, Held)> = Vec::new();
    for one in &component.frozen {
        let reason = reason(component, one, 0);
        match all.last_mut().filter(|(said, held)| held.first.stage == one.stage && *said == reason) {
            Some((_, held)) => held.clusters.push(&one.cluster),
            None => all.push((reason, Held { first: one, clusters: vec![&one.cluster], more: 0 })),
        }
    }
    all.into_iter().map(|(_, held)| held).collect()
}

/// Many gates of one stage that are closed for the same are one row.
fn folded_gates(all: Vec<Held<'_>>) -> Vec<Held<'_>> {
    let alike = |one: &Held, other: &Held| {
        let what = |held: &Held| (held.first.stage.clone(), held.first.state, held.first.because.clone());
        what(one) == what(other) && !one.first.waits_for.is_empty()
    };
    let mut folded = Vec::new();
    for run in all.chunk_by(alike) {
        let fold = run.len() >= FOLDED;
        for (place, held) in run.iter().enumerate().filter(|(place, _)| *place == 0 || !fold) {
            let of = if fold { run } else { run.get(place..=place).unwrap_or_default() };
            let clusters = of.iter().flat_map(|held| held.clusters.iter().copied()).collect();
            folded.push(Held { first: held.first, clusters, more: of.len().saturating_sub(1) });
        }
    }
    folded
}

fn is_suspended(frozen: &Frozen) -> bool {
    frozen.state == "Suspended"
}

/// `Waiting for step 1 (dev)`
fn waits(one: &Frozen, more: usize) -> String {
    if one.waits_for.is_empty() {
        return one.state.to_owned();
    }
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{} for {}{more}", one.state, one.waits_for.join(" and "))
}

/// `Waiting for step 1 (dev): dev-eu is not healthy`
fn reason(component: &Component, one: &Frozen, more: usize) -> String {
    if is_suspended(one) {
        return String::new();
    }
    let waits = waits(one, more);
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
