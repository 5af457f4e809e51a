//! A change as a unified diff, which `git apply` and reviewers read.

use std::fmt::Write as _;
use std::time::Duration;

use similar::TextDiff;

use super::compare::{Change, Kind};
use super::place::Place;
use crate::diag::render::text::escape;

/// After how long a smaller diff is no longer looked for. A file that is turned around takes `similar` 0.24 s.
pub const PATIENCE: Duration = Duration::from_secs(1);

/// The diff of `change` from what is there to what the build writes, with paths relative to the project root.
pub fn unified(change: &Change, place: &Place) -> String {
    let path = place.show(&change.path);
    let before = change.before.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
    let after = change.after.as_deref().unwrap_or_default();
    let name = |there: bool, side: &str| if there { format!("{side}/{path}") } else { "/dev/null".to_string() };
    let mut text = match change.kind {
        Kind::Foreign(what) if change.before.is_none() => format!("# {path}: {what} is in the way\n"),
        _ => String::new(),
    };
    let (old, new) = (name(change.before.is_some(), "a"), name(change.after.is_some(), "b"));
    text.push_str(&unified_texts((&old, &before), (&new, after)));
    text
}

/// The diff from one text to another, each with its name; empty when they are equal.
pub fn unified_texts(before: (&str, &str), after: (&str, &str)) -> String {
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(before.1, after.1);
    diff.unified_diff().header(before.0, after.0).to_string()
}

/// A diff with the colours that Git gives it, for a terminal: nothing in its lines colours anything itself.
pub fn coloured(diff: &str) -> String {
    let mut text = String::new();
    for line in diff.lines() {
        let colour = match line.as_bytes() {
            [b'-', b'-', b'-', b' ', ..] | [b'+', b'+', b'+', b' ', ..] => "\x1b[1m",
            [b'-', ..] => "\x1b[31m",
            [b'+', ..] => "\x1b[32m",
            [b'@', ..] => "\x1b[36m",
            _ => "",
        };
        let off = if colour.is_empty() { "" } else { "\x1b[0m" };
        let line: Vec<_> = line.split('\t').map(escape).collect();
        _ = writeln!(text, "{colour}{}{off}", line.join("\t"));
    }
    text
}
