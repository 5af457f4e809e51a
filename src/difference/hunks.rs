//! The stretches of lines that two texts differ by.

use similar::{ChangeTag, DiffOp, TextDiff};

use super::Sign;
use crate::output;

/// How many lines are shown around what is other.
const AROUND: usize = 3;
/// What stands for the name of a cluster, or for a digest. No manifest holds it.
const ANY: &str = "\0";
/// What stands before a digest that fleetc makes of other fields, which differs wherever those do.
const BEFORE_DIGESTS: [&str; 4] = ["/digest: ", "/digest'].orValue('') == '", "-gate-", "-values-"];

/// A stretch in one file.
pub struct Stretch {
    /// Its first line and how many, before and after.
    pub old: (usize, usize),
    pub new: (usize, usize),
    pub lines: Vec<(Sign, String)>,
    /// What becomes of the first line that is other, and its number in the text that has it, from 0.
    pub first_change: (Sign, usize),
}

/// The stretches from `before` to `after`, in order.
pub fn of(before: &str, after: &str) -> Vec<Stretch> {
    let diff = TextDiff::configure().timeout(output::DIFF_PATIENCE).diff_lines(before, after);
    let stretch = |ops: &Vec<DiffOp>| {
        let mut stretch = Stretch {
            old: range(ops, DiffOp::old_range),
            new: range(ops, DiffOp::new_range),
            lines: Vec::new(),
            first_change: (Sign::Same, 0),
        };
        for change in ops.iter().flat_map(|op| diff.iter_changes(op)) {
            let (sign, number) = match change.tag() {
                ChangeTag::Equal => (Sign::Same, change.new_index()),
                ChangeTag::Delete => (Sign::Removed, change.old_index()),
                ChangeTag::Insert => (Sign::Added, change.new_index()),
            };
            if stretch.first_change.0 == Sign::Same && sign != Sign::Same {
                stretch.first_change = (sign, number.unwrap_or_default());
            }
            stretch.lines.push((sign, change.value().trim_end_matches('\n').to_string()));
        }
        stretch
    };
    diff.grouped_ops(AROUND).iter().map(stretch).collect()
}

/// The first line and how many there are, as unified diffs number them: the line before where there are none.
fn range(ops: &[DiffOp], side: impl Fn(&DiffOp) -> std::ops::Range<usize>) -> (usize, usize) {
    let start = ops.first().map_or(0, |op| side(op).start);
    let end = ops.last().map_or(0, |op| side(op).end);
    let count = end.saturating_sub(start);
    (if count == 0 { start } else { start + 1 }, count)
}

/// What is the same for stretches that are told once: the lines that come and go, but for the cluster's name and digests.
pub fn key(lines: &[(Sign, String)], cluster: Option<&str>) -> String {
    let mut key = String::new();
    for (sign, text) in lines.iter().filter(|(sign, _)| *sign != Sign::Same) {
        let text = match cluster {
            Some(name) => without_name(text, name),
            None => text.clone(),
        };
        key.push(sign.char());
        key.push_str(&without_digests(&text));
        key.push('\n');
    }
    key
}

/// `text` without the words that are `name`: a cluster may have the name of a letter.
fn without_name(text: &str, name: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((head, tail)) = rest.split_once(name) {
        out.push_str(head);
        let inside = out.ends_with(char::is_alphanumeric) || tail.starts_with(char::is_alphanumeric);
        out.push_str(if inside { name } else { ANY });
        rest = tail;
    }
    out.push_str(rest);
    out
}

fn without_digests(text: &str) -> String {
    let mut text = text.to_string();
    for before in BEFORE_DIGESTS {
        let Some((head, digest)) = text.split_once(before) else { continue };
        // A digest of digits alone is quoted.
        let digest = digest.strip_prefix('"').unwrap_or(digest);
        let rest = digest.trim_start_matches(|c: char| c.is_ascii_digit() || ('a'..='f').contains(&c));
        if matches!(digest.len() - rest.len(), 8 | 16) {
            text = format!("{head}{before}{ANY}{}", rest.strip_prefix('"').unwrap_or(rest));
        }
    }
    text
}
