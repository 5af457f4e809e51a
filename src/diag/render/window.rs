//! Which lines of which files a diagnostic shows, and where its marks stand in them.
//!
//! Takes the labels of a diagnostic, gives [`Window`]s: a few lines of one file, already as the terminal shows them,
//! with marks that speak of the shown text. Whoever draws them can trust them: marks lie in the text, do not
//! overlap, and nothing in them needs escaping. Knows nothing of miette.

use super::Look;
use super::line::{Shown, show};
use super::text::{escape, width, wrap};
use crate::diag::diagnostic::{Diagnostic, Label};
use crate::source::{SourceFile, SourceId, Sources};

/// Marked lines that are this near are shown together, with the lines between.
const NEAR: usize = 3;

/// A mark over more lines than this marks only its first.
const MAX_LINES: usize = 8;

/// How many labels of a diagnostic are shown.
const MAX_LABELS: usize = 24;

/// A label is wrapped to no fewer columns than this, even if it then leaves the terminal.
const LEAST_LABEL: usize = 16;

/// Lines of one file.
#[derive(Debug)]
pub(super) struct Window {
    /// The file's path.
    pub(super) path: String,
    /// The first line, from 0.
    pub(super) first_line: usize,
    /// How many lines.
    pub(super) lines: usize,
    /// The lines as they are shown, each with its `\n`.
    pub(super) text: String,
    /// The marks, sorted by where they start.
    pub(super) marks: Vec<Mark>,
}

impl Window {
    /// How many digits the line numbers take.
    pub(super) fn number_width(&self) -> usize {
        digits(self.first_line + self.lines)
    }
}

/// A marked piece of a window.
#[derive(Debug)]
pub(super) struct Mark {
    /// Where it starts in the window's text, in bytes.
    pub(super) start: usize,
    /// Its length in bytes; 0 for a place between characters.
    pub(super) len: usize,
    /// The label, in lines; may be empty.
    pub(super) label: String,
    /// Whether it is the diagnostic's own place.
    pub(super) primary: bool,
    /// The line in the source, from 0.
    pub(super) line: usize,
    /// The column in the source in code points, from 0.
    pub(super) column: usize,
}

/// All that a diagnostic shows.
pub(super) struct Windows {
    /// The windows, the one with the diagnostic's own place first.
    pub(super) list: Vec<Window>,
    /// The widest line number.
    pub(super) gutter: usize,
    /// How many labels were left out.
    pub(super) hidden: usize,
}

/// A label's place in its file.
struct Place<'a> {
    source: SourceId,
    file: &'a SourceFile,
    start: usize,
    end: usize,
    first: usize,
    last: usize,
    text: &'a str,
    primary: bool,
}

/// The windows of `diagnostic`.
pub(super) fn windows(diagnostic: &Diagnostic, sources: &Sources, look: &Look) -> Windows {
    let labels = std::iter::once(&diagnostic.primary).chain(&diagnostic.related);
    let places: Vec<Place<'_>> = labels
        .take(MAX_LABELS)
        .enumerate()
        .map(|(number, label)| place(label, sources.file(label.span.source), number == 0))
        .collect();
    let hidden = (diagnostic.related.len() + 1).saturating_sub(places.len());
    let groups: Vec<_> = groups(places).into_iter().map(|group| (lines_of(&group), group)).collect();
    let gutter = groups.iter().map(|((_, last), _)| digits(last + 1)).max().unwrap_or(1);
    let list = groups.iter().map(|((first, last), group)| window(group, *first, *last, gutter, look)).collect();
    Windows { list, gutter, hidden }
}

/// How many columns of a line of source fit beside a gutter of `gutter` digits.
pub(super) fn room(gutter: usize, look: &Look) -> usize {
    look.columns().saturating_sub(gutter + 4).max(20)
}

/// The offsets of a line's text, without its end.
pub(super) fn content(file: &SourceFile, line: usize) -> (usize, usize) {
    let start = file.lines().start_of(line).map_or(file.text.len(), |start| start as usize);
    let end = file.lines().start_of(line + 1).map_or(file.text.len(), |end| end as usize);
    let text = file.text.get(start..end).unwrap_or("");
    let text = text.strip_suffix('\n').unwrap_or(text);
    (start, start + text.strip_suffix('\r').unwrap_or(text).len())
}

fn digits(number: usize) -> usize {
    number.checked_ilog10().map_or(1, |digits| digits as usize + 1)
}

/// Where a label stands. Offsets are moved to where something can be marked: into the file, to the start of a
/// character, out of the end of a line.
fn place<'a>(label: &'a Label, file: &'a SourceFile, primary: bool) -> Place<'a> {
    let start = boundary(&file.text, label.span.start);
    let end = boundary(&file.text, label.span.end).max(start);
    let line_of = |offset: usize| file.lines().line_of(u32::try_from(offset).unwrap_or(u32::MAX));
    let first = line_of(start);
    let start = start.min(content(file, first).1);
    let mut last = line_of(end);
    if last > first && end == content(file, last).0 {
        last -= 1;
    }
    if last - first > MAX_LINES {
        last = first;
    }
    let end = end.min(content(file, last).1).max(start);
    Place { source: label.span.source, file, start, end, first, last, text: &label.text, primary }
}

/// The start of the character in which `offset` lies.
fn boundary(text: &str, offset: u32) -> usize {
    let mut at = (offset as usize).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Puts places that are near each other together. `places` begins with the primary one, whose group comes first.
fn groups(places: Vec<Place<'_>>) -> Vec<Vec<Place<'_>>> {
    let mut files: Vec<SourceId> = Vec::new();
    for place in &places {
        if !files.contains(&place.source) {
            files.push(place.source);
        }
    }
    let order = |place: &Place<'_>| files.iter().position(|source| *source == place.source);
    let mut out: Vec<Vec<Place<'_>>> = Vec::new();
    let mut rest = places;
    while !rest.is_empty() {
        let (mut kept, spilled) = apart(rest);
        kept.sort_by_key(|place| (order(place), place.start, place.end));
        let from = out.len();
        for place in kept {
            match out.get_mut(from..).and_then(<[_]>::last_mut) {
                Some(group) if is_near(group, &place) => group.push(place),
                _ => out.push(vec![place]),
            }
        }
        rest = spilled;
    }
    out.sort_by_key(|group| !group.iter().any(|place| place.primary));
    out
}

/// The places that can be marked together, and those that overlap one of them in its line.
fn apart(places: Vec<Place<'_>>) -> (Vec<Place<'_>>, Vec<Place<'_>>) {
    let mut kept: Vec<Place<'_>> = Vec::new();
    let mut spilled = Vec::new();
    for place in places {
        let clashes = |other: &Place<'_>| {
            let in_one_line = other.first == other.last && place.first == place.last;
            let overlap = place.start == other.start || (place.start < other.end && other.start < place.end);
            place.source == other.source && in_one_line && overlap
        };
        if kept.iter().any(clashes) { spilled.push(place) } else { kept.push(place) }
    }
    (kept, spilled)
}

fn is_near(group: &[Place<'_>], place: &Place<'_>) -> bool {
    group.iter().any(|other| other.source == place.source && place.first <= other.last + NEAR)
}

/// The first and the last line of a group: its marks and a line around them, unless that is blank.
fn lines_of(group: &[Place<'_>]) -> (usize, usize) {
    let mut first = group.iter().map(|place| place.first).min().unwrap_or(0);
    let mut last = group.iter().map(|place| place.last).max().unwrap_or(0);
    let Some(file) = group.first().map(|place| place.file) else { return (first, last) };
    let is_blank = |line: usize| {
        let (start, end) = content(file, line);
        file.text.get(start..end).is_none_or(|text| text.trim().is_empty())
    };
    if first > 0 && !is_blank(first - 1) {
        first -= 1;
    }
    if last + 1 < file.lines().len() && !is_blank(last + 1) {
        last += 1;
    }
    (first, last)
}

fn window(group: &[Place<'_>], first: usize, last: usize, gutter: usize, look: &Look) -> Window {
    let drawn_over_lines = group.iter().filter(|place| place.first != place.last).count();
    let room = room(gutter, look).saturating_sub(if drawn_over_lines == 0 { 0 } else { drawn_over_lines + 3 });
    let mut text = String::new();
    let mut shown: Vec<Line> = Vec::new();
    let path = group.first().map_or("", |place| &place.file.path);
    for number in first..=last {
        let Some(file) = group.first().map(|place| place.file) else { break };
        let (start, end) = content(file, number);
        let source = file.text.get(start..end).unwrap_or("");
        let (keep, label) = kept(group, number, start, end);
        let line = show(source, keep, label, room, look);
        shown.push(Line { start, at: text.len(), shown: line });
        text.push_str(shown.last().map_or("", |line| &line.shown.text));
        text.push('\n');
    }
    let marks = group.iter().filter_map(|place| mark(place, &shown, first, room)).collect();
    Window { path: escape(path).into_owned(), first_line: first, lines: shown.len(), text, marks }
}

/// A line of a window.
struct Line {
    /// Where it starts in the file.
    start: usize,
    /// Where it starts in the window.
    at: usize,
    shown: Shown,
}

/// What of the line `number`, which lies from `start` to `end`, should be seen, and how wide the widest label is.
fn kept(group: &[Place<'_>], number: usize, start: usize, end: usize) -> (Option<(usize, usize)>, usize) {
    let mut keep: Option<(usize, usize)> = None;
    let mut label = 0;
    for place in group.iter().filter(|place| place.first == number || place.last == number) {
        let from = if place.first == number { place.start } else { place.end };
        let to = if place.last == number { place.end } else { from };
        let here = (from.clamp(start, end) - start, to.clamp(start, end) - start);
        keep = Some(keep.map_or(here, |(low, high)| (low.min(here.0), high.max(here.1))));
        if place.first == place.last {
            label = label.max(width(place.text));
        }
    }
    (keep, label)
}

/// The mark of `place` in the lines `shown`, which begin with the line `first` of the file.
fn mark(place: &Place<'_>, shown: &[Line], first: usize, room: usize) -> Option<Mark> {
    let from = shown.get(place.first - first)?;
    let to = shown.get(place.last - first)?;
    let start = from.at + from.shown.start_of(place.start - from.start);
    let end = to.at + to.shown.end_of(place.end - to.start);
    let columns = if place.first == place.last {
        let middle = from.shown.middle_of((place.start - from.start, place.end - from.start));
        room.saturating_sub(middle + 4)
    } else {
        room
    };
    let lines = wrap(&escape(place.text), columns.max(LEAST_LABEL), "", "");
    let before = place.file.text.get(from.start..place.start).unwrap_or("");
    Some(Mark {
        start,
        len: end.saturating_sub(start),
        label: lines.join("\n"),
        primary: place.primary,
        line: place.first,
        column: before.chars().count(),
    })
}
