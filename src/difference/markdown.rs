//! The difference as Markdown that fits into a comment: a block of diff below each line that caused it.
//!
//! It measures itself: what does not fit is left out from the end, and it says how much that is.

use std::fmt::Write as _;

use super::{Difference, Group, Hunk, text};
use crate::plan::markdown::{LONGEST, escaped};
use crate::plan::text::counted;

/// What is kept for the line that says what was left out.
const REST: usize = 200;

/// All of it, or as much as fits.
pub fn markdown(difference: &Difference) -> String {
    let mut out = format!("{}\n", escaped(&text::summary(difference)));
    let mut length = out.chars().count() + REST;
    let mut left = difference.hunks().1;
    'groups: for group in &difference.groups {
        let mut heading = Some(heading(group));
        for one in &group.hunks {
            let part = format!("{}{}", heading.take().unwrap_or_default(), hunk(one));
            length += part.chars().count();
            if length > LONGEST {
                break 'groups;
            }
            out += &part;
            left -= 1;
        }
    }
    if left > 0 {
        _ = write!(out, "\nLeft out, to fit here: the last {}.\n", counted(left, "change"));
    }
    out
}

fn heading(group: &Group) -> String {
    if group.lines.is_empty() {
        return "\n**no line of the sources**\n".to_string();
    }
    let mut heading = String::new();
    for line in &group.lines {
        _ = write!(heading, "\n**{}** {}\n", escaped(&text::place(line)), escaped(&line.text));
    }
    heading
}

/// A block that nothing in it can end.
fn hunk(hunk: &Hunk) -> String {
    let diff = text::hunk(hunk, "");
    let longest = diff.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    let also = text::also(hunk);
    let also =
        if also.is_empty() { also } else { format!("\n{}\n", escaped(also.trim_start_matches("= ").trim_end())) };
    format!("\n{fence}diff\n{diff}{fence}\n{also}")
}
