//! A change as a unified diff, which `git apply` and reviewers read.

use std::time::Duration;

use similar::TextDiff;

use super::compare::{Change, Kind};
use super::place::Place;

/// After how long a smaller diff is no longer looked for. A file that is turned around takes `similar` 0.24 s.
const PATIENCE: Duration = Duration::from_secs(1);

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
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(&*before, after);
    let mut unified = diff.unified_diff();
    unified.header(&name(change.before.is_some(), "a"), &name(change.after.is_some(), "b"));
    text.push_str(&unified.to_string());
    text
}
