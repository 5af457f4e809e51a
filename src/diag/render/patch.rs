//! A fix as the lines that go and the lines that come.

use super::Look;
use super::line::show;
use super::text::{Paint, Style, escape, wrap};
use super::window::{content, room};
use crate::diag::diagnostic::{Applicability, Edit, Fix};
use crate::source::{SourceFile, SourceId, Sources};

/// How many lines of each kind a change shows.
const MAX_LINES: usize = 8;

/// The title of `fix` and its changes; a file other than `home` is named. Numbers are `gutter` digits wide.
pub(super) fn draw(fix: &Fix, home: SourceId, sources: &Sources, gutter: usize, look: &Look) -> String {
    let paint = Paint::new(look);
    let mut out = title(fix, look, paint);
    let mut edits: Vec<&Edit> = fix.edits.iter().collect();
    edits.sort_by_key(|edit| edit.span);
    for of_file in edits.chunk_by(|a, b| a.span.source == b.span.source) {
        let Some(source) = of_file.first().map(|edit| edit.span.source) else { continue };
        let file = sources.file(source);
        if source != home {
            out += &format!("{} {}\n", " ".repeat(gutter + 1), paint.text(Style::Faint, &escape(&file.path)));
        }
        let nearby = |a: &&Edit, b: &&Edit| line_of(file, b.span.start) <= line_of(file, a.span.end) + 1;
        for edits in of_file.chunk_by(nearby) {
            out += &Change::new(file, edits).draw(gutter, look, paint);
        }
    }
    out
}

/// `  fix: …`
fn title(fix: &Fix, look: &Look, paint: Paint) -> String {
    let word = match fix.applicability {
        Applicability::Safe => "fix",
        Applicability::Unsafe => "fix (unsafe)",
    };
    let first = format!("  {word}: ");
    let mut out = String::new();
    for line in wrap(&escape(&fix.title), look.columns(), &first, &" ".repeat(first.len())) {
        match line.strip_prefix(&first) {
            Some(title) if out.is_empty() => out += &format!("  {}: {title}\n", paint.text(Style::Help, word)),
            _ => out += &format!("{line}\n"),
        }
    }
    out
}

fn line_of(file: &SourceFile, offset: u32) -> usize {
    file.lines().line_of(offset)
}

/// What neighbouring edits do to the lines they touch, without those at both ends that stay as they are.
struct Change {
    /// The number of the first line.
    number: usize,
    old: Vec<String>,
    new: Vec<String>,
}

impl Change {
    fn new(file: &SourceFile, edits: &[&Edit]) -> Self {
        let first = edits.first().map_or(0, |edit| edit.span.start);
        let last = edits.iter().map(|edit| edit.span.end).max().unwrap_or(first);
        let line = line_of(file, first);
        let start = content(file, line).0;
        let end = content(file, line_of(file, last)).1.max(last as usize).min(file.text.len());
        let new = edited(file, edits, start, end);
        let mut old: Vec<&str> = file.text.get(start..end).unwrap_or("").lines().collect();
        let mut new: Vec<&str> = new.lines().collect();
        let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
        old.drain(..same);
        new.drain(..same);
        let tail = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
        old.truncate(old.len() - tail);
        new.truncate(new.len() - tail);
        let owned = |lines: Vec<&str>| lines.into_iter().map(str::to_owned).collect();
        Self { number: line + same + 1, old: owned(old), new: owned(new) }
    }

    fn draw(&self, gutter: usize, look: &Look, paint: Paint) -> String {
        let shown = self.old.len().max(self.new.len()).min(MAX_LINES);
        let gutter = gutter.max((self.number + shown).to_string().len());
        let keep = differs(self.old.first(), self.new.first());
        let mut out = String::new();
        for (sign, style, lines) in [('-', Style::Removed, &self.old), ('+', Style::Added, &self.new)] {
            for (index, line) in lines.iter().take(MAX_LINES).enumerate() {
                let text = show(line, keep.filter(|_| index == 0), 0, room(gutter, look), look).text;
                let number = paint.text(Style::Faint, &format!("{:gutter$}", self.number + index));
                out += &format!(" {number} {}\n", paint.text(style, format!("{sign} {text}").trim_end()));
            }
            if lines.len() > MAX_LINES {
                let rest = lines.len() - MAX_LINES;
                out += &format!(" {:gutter$} {sign} {} {rest} more\n", "", look.ellipsis());
            }
        }
        out
    }
}

/// The text from `start` to `end` with `edits` applied; one that overlaps the one before it is left out.
fn edited(file: &SourceFile, edits: &[&Edit], start: usize, end: usize) -> String {
    let mut out = String::new();
    let mut at = start;
    for edit in edits.iter().filter(|edit| edit.span.start <= edit.span.end) {
        let from = edit.span.start as usize;
        if let Some(kept) = file.text.get(at..from) {
            out.push_str(kept);
            out.push_str(&edit.text);
            at = edit.span.end as usize;
        }
    }
    out.push_str(file.text.get(at..end).unwrap_or(""));
    out
}

/// Where two lines begin to differ.
fn differs(old: Option<&String>, new: Option<&String>) -> Option<(usize, usize)> {
    let same = old?.chars().zip(new?.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    Some((same, same))
}
