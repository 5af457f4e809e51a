//! The difference for reading: a unified diff below each line of the sources that caused a part of it.
//!
//! Takes a [`Difference`], gives text whose form is no contract; programs read the JSON. Each hunk is shown
//! at its first place.

use std::fmt::Write as _;

use super::{Difference, Group, Hunk, Line, Place};
use crate::diag::render::text::escape;
use crate::output;
use crate::plan::text::{counted, some_of};

/// All of it; with colours, where `coloured` says so.
pub fn text(difference: &Difference, coloured: bool) -> String {
    let mut text = String::new();
    for group in &difference.groups {
        let heading = heading(group);
        _ = if coloured { writeln!(text, "\x1b[1;34m{heading}\x1b[0m") } else { writeln!(text, "{heading}") };
        let mut file = "";
        for one in &group.hunks {
            let hunk = hunk(one, file);
            file = one.places.first().map(|place| place.file.as_str()).unwrap_or_default();
            text += &if coloured { output::coloured(&hunk) } else { hunk };
            text += &also(one);
        }
        text.push('\n');
    }
    text
}

/// What it is in one line.
pub fn summary(difference: &Difference) -> String {
    if difference.files() == 0 {
        return format!("{}: no file differs", difference.fleet);
    }
    let mut text = format!("{}: {}", difference.fleet, differ(difference.files()));
    let parts = [(difference.added, "new"), (difference.removed, "gone")];
    let parts: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    if !parts.is_empty() {
        _ = write!(text, " ({})", parts.join(", "));
    }
    let (places, distinct) = difference.hunks();
    _ = write!(text, ", {}", counted(places, "change"));
    if distinct < places {
        _ = write!(text, ", {distinct} of them distinct");
    }
    text
}

fn differ(files: usize) -> String {
    format!("{} {}", counted(files, "file"), if files == 1 { "differs" } else { "differ" })
}

/// The lines that caused it, with what they say.
fn heading(group: &Group) -> String {
    if group.lines.is_empty() {
        return "no line of the sources".to_string();
    }
    let one = |line: &Line| format!("{}: {}", place(line), escape(&line.text));
    group.lines.iter().map(one).collect::<Vec<_>>().join("\n")
}

/// The file and the line.
pub(super) fn place(line: &Line) -> String {
    let before = if line.cause.old { " (before)" } else { "" };
    format!("{}:{}{before}", escape(&line.cause.file), line.cause.line)
}

/// The hunk at its first place, as a unified diff; `file` is that of the hunk before.
pub(super) fn hunk(hunk: &Hunk, file: &str) -> String {
    let mut text = String::new();
    if let Some(place) = hunk.places.first() {
        let name = |side: &str, (first, count): (usize, usize)| match (first, count) {
            (0, 0) => "/dev/null".to_string(),
            _ => format!("{side}/{}", escape(&place.file)),
        };
        let (old, new) = (place.old, place.new);
        if place.file != file {
            _ = writeln!(text, "--- {}\n+++ {}", name("a", old), name("b", new));
        }
        _ = writeln!(text, "@@ -{} +{} @@", range(old), range(new));
    }
    for (sign, line) in &hunk.lines {
        _ = writeln!(text, "{}{}", sign.char(), escape(line));
    }
    text
}

fn range((first, count): (usize, usize)) -> String {
    if count == 1 { first.to_string() } else { format!("{first},{count}") }
}

/// Where else it is; nothing where that is nowhere.
pub(super) fn also(hunk: &Hunk) -> String {
    let others = hunk.places.get(1..).unwrap_or_default();
    if others.is_empty() {
        return String::new();
    }
    let shown = |place: &Place| format!("{}:{}", escape(&place.file), place.new.0.max(place.old.0));
    let others: Vec<String> = others.iter().map(shown).collect();
    let names: Vec<&str> = others.iter().map(String::as_str).collect();
    format!("= in {}, too: {}\n", counted(names.len(), "place"), some_of(&names))
}
