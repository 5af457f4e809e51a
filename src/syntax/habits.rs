//! What people write out of habit, and what would make several errors of one: merge conflicts, commas between the values of
//! a label, `=` before the block of a declaration.
//!
//! Reports each and gives a text of the same length in which it is mended, so that everything behind it sees what was meant
//! and every offset stays.

use std::borrow::Cow;

use super::errors::{self, Sink};
use crate::source::{SourceId, Span};

/// Words that begin a block with more than its own word before the `{`.
const HEADS: [&str; 13] = [
    "cluster",
    "component",
    "defaults",
    "fleet",
    "ignore",
    "inventory",
    "patch",
    "project",
    "rollout",
    "source",
    "stage",
    "template",
    "window",
];

/// `text` as it was meant.
pub(super) fn mend<'t>(source: SourceId, text: &'t str, sink: &mut Sink) -> Cow<'t, str> {
    let mut lines = Lines { source, text, sink, changes: Vec::new(), conflict: None };
    let mut start = 0;
    let mut quoted = false;
    for line in text.split_inclusive('\n') {
        if !lines.conflict_marker(start, line) && !quoted {
            lines.comma_in_type(start, line);
            lines.equals_before_block(start, line);
        }
        // What stands in a `"""` over several lines is text.
        if line.matches("\"\"\"").count() % 2 == 1 {
            quoted = !quoted;
        }
        start += line.len();
    }
    let changes = lines.changes;
    if changes.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(changed(text, &changes)) }
}

/// `text` with each range replaced: by one character, or by blanks that keep the ends of lines.
fn changed(text: &str, changes: &[(usize, usize, Option<char>)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (start, end, by) in changes {
        out.push_str(text.get(at..*start).unwrap_or(""));
        match by {
            Some(by) => out.push(*by),
            None => {
                let gone = text.get(*start..*end).unwrap_or("").bytes();
                out.extend(gone.map(|byte| if matches!(byte, b'\n' | b'\r') { char::from(byte) } else { ' ' }));
            }
        }
        at = *end;
    }
    out.push_str(text.get(at..).unwrap_or(""));
    out
}

/// A conflict that is open: where it begins, how long its first line is, and where its second half begins.
struct Conflict {
    start: usize,
    len: usize,
    other: Option<usize>,
}

struct Lines<'t, 's> {
    source: SourceId,
    text: &'t str,
    sink: &'s mut Sink,
    /// In the order of the text.
    changes: Vec<(usize, usize, Option<char>)>,
    conflict: Option<Conflict>,
}

impl Lines<'_, '_> {
    /// Whether the line belongs to a conflict's markers or its second half. What stands in the first half is kept.
    fn conflict_marker(&mut self, start: usize, line: &str) -> bool {
        let content = line.trim_end();
        if content == "<<<<<<<" || content.starts_with("<<<<<<< ") {
            self.conflict = Some(Conflict { start, len: content.len(), other: None });
            return self.closes_later(start);
        }
        let Some(conflict) = &mut self.conflict else { return false };
        if conflict.other.is_none() && (content == "=======" || content.starts_with("|||||||")) {
            conflict.other = Some(start);
            return true;
        }
        if let Some(other) = conflict.other.filter(|_| content == ">>>>>>>" || content.starts_with(">>>>>>> ")) {
            let (first, len) = (conflict.start, conflict.len);
            self.conflict = None;
            self.sink
                .push(errors::merge_conflict(self.span(first, first + len), self.span(start, start + content.len())));
            self.changes.push((first, first + len, None));
            self.changes.push((other, start + content.len(), None));
            // Changes in the half that is kept came before.
            self.changes.sort_unstable();
            return true;
        }
        conflict.other.is_some()
    }

    /// Whether the conflict that begins at `start` is one: a line of `=======` and one of `>>>>>>>` follow.
    fn closes_later(&mut self, start: usize) -> bool {
        let rest = self.text.get(start..).unwrap_or("");
        let middle = rest.find("\n=======");
        let whole = middle.is_some_and(|middle| rest.get(middle..).is_some_and(|rest| rest.contains("\n>>>>>>>")));
        if !whole {
            self.conflict = None;
        }
        whole
    }

    /// `label env: dev, prod`
    fn comma_in_type(&mut self, start: usize, line: &str) {
        let words = ["label ", "fact "];
        if !words.iter().any(|word| line.starts_with(word)) {
            return;
        }
        let Some(colon) = line.find(':') else { return };
        let end = line.find('#').unwrap_or(line.len()).max(colon + 1);
        let values = line.get(colon + 1..end).unwrap_or("");
        let is_type =
            |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ',' | '|' | ' ' | '\t' | '?' | '\r' | '\n');
        if !values.contains(',') || !values.chars().all(is_type) {
            return;
        }
        let commas: Vec<usize> = values.match_indices(',').map(|(at, _)| start + colon + 1 + at).collect();
        let spans: Vec<Span> = commas.iter().map(|at| self.span(*at, at + 1)).collect();
        if let Some(made) = errors::comma_in_type(&spans) {
            self.sink.push(made);
        }
        self.changes.extend(commas.iter().map(|at| (*at, at + 1, Some('|'))));
    }

    /// `patch Deployment web = {`
    fn equals_before_block(&mut self, start: usize, line: &str) {
        let code = line.trim_start();
        let Some((head, _)) = code.split_once('=') else { return };
        let mut words = head.split_whitespace();
        let is_head = words.next().is_some_and(|word| HEADS.contains(&word)) && words.next().is_some();
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '"' | ' ' | '\t');
        let at = line.len() - code.len() + head.len();
        let opens = line.get(at + 1..).is_some_and(|rest| rest.trim_start().starts_with('{'));
        if !is_head || !opens || !head.chars().all(plain) {
            return;
        }
        let at = start + at;
        self.sink.push(errors::equals_before_block(self.span(at, at + 1)));
        self.changes.push((at, at + 1, Some(' ')));
    }

    fn span(&self, start: usize, end: usize) -> Span {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Span::new(self.source, offset(start), offset(end))
    }
}
