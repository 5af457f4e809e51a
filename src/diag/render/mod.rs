//! How diagnostics are shown. Everything is computed from [`Diagnostics`] and [`Sources`].
//!
//! [`full`] takes what was found and the texts it was found in; every other form is a function of a [`Report`], which is
//! the JSON. Does not know terminals, flags or streams: the caller has asked
//! the terminal already and says what it can do with [`Look`].
//!
//! Invariant: only `graphical` names miette. Invariant: no character of a source or of a message reaches a
//! terminal as a control character (`tests/render.rs`).

mod agent;
mod concise;
mod github;
mod gitlab;
mod graphical;
mod json;
mod jsonl;
mod junit;
mod line;
mod patch;
mod plain;
mod rdjson;
mod sarif;
pub(crate) mod text;
mod window;

use super::diagnostic::{Diagnostic, Diagnostics};
use super::report::Report;
use crate::source::Sources;
use text::{Paint, Style};

pub use agent::agent;
pub use concise::concise;
pub use github::github;
pub use gitlab::gitlab;
pub use json::json;
pub use jsonl::jsonl;
pub use junit::junit;
pub use plain::plain;
pub use rdjson::rdjson;
pub use sarif::sarif;

/// What the terminal can do, and how wide it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Whether to colour with ANSI escapes.
    pub colour: bool,
    /// In how many columns to fit; less than 40 is taken as 40.
    pub width: usize,
    /// Whether to draw with Unicode; ASCII otherwise. Sources are shown as they are in both cases.
    pub unicode: bool,
    /// Whether the terminal follows OSC 8 links. Nothing is linked as long as the pages of the codes are only
    /// inside the compiler.
    pub links: bool,
}

impl Look {
    /// No colour, ASCII, `width` columns: what every terminal and every file can hold.
    pub fn plain(width: usize) -> Self {
        Self { colour: false, width, unicode: false, links: false }
    }

    /// The width to fit in.
    pub(crate) fn columns(&self) -> usize {
        self.width.max(40)
    }

    /// What stands where text was cut off.
    pub(crate) fn ellipsis(&self) -> &'static str {
        if self.unicode { "…" } else { "..." }
    }
}

/// Every diagnostic with its source, for people. One block each, an empty line between two.
pub fn full(diagnostics: &Diagnostics, sources: &Sources, look: &Look) -> String {
    let blocks: Vec<String> = diagnostics.iter().map(|diagnostic| block(diagnostic, sources, look)).collect();
    blocks.join("\n")
}

/// How much was found: `2 errors, 1 warning in 3 files (1 fixable with --fix)`. The files are those of the project.
pub fn summary(report: &Report) -> String {
    let summary = &report.summary;
    let counts = [(summary.errors, "error"), (summary.warnings, "warning"), (summary.notes, "note")];
    let counts: Vec<String> = counts.into_iter().filter(|(n, _)| *n > 0).map(|(n, word)| counted(n, word)).collect();
    let found = if counts.is_empty() { "no problems".to_owned() } else { counts.join(", ") };
    let mut text = format!("{found} in {}", counted(summary.files, "file"));
    let mut more = Vec::new();
    let safe = report.diagnostics.iter().filter(|finding| finding.fixes.iter().any(|fix| fix.applicability == "safe"));
    let safe = safe.count();
    if safe > 0 {
        more.push(format!("{safe} fixable with --fix"));
    }
    if summary.fixable > safe {
        let also = if safe > 0 { "more " } else { "" };
        more.push(format!("{} {also}fixable with --fix --unsafe", summary.fixable - safe));
    }
    if summary.hidden > 0 {
        more.push(format!("{} not shown", summary.hidden));
    }
    if summary.suppressed > 0 {
        more.push(format!("{} allowed", summary.suppressed));
    }
    if !more.is_empty() {
        text += &format!(" ({})", more.join(", "));
    }
    text
}

fn counted(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

/// One diagnostic: the header, the snippets, what to do, the changes, the rules behind it.
fn block(diagnostic: &Diagnostic, sources: &Sources, look: &Look) -> String {
    let paint = Paint::new(look);
    let mut out = header(diagnostic, look, paint);
    let windows = window::windows(diagnostic, sources, look);
    for window in &windows.list {
        out += &graphical::draw(window, diagnostic.severity, windows.gutter, look);
    }
    if windows.hidden > 0 {
        out += &format!("  {} and {}\n", look.ellipsis(), counted(windows.hidden, "other place"));
    }
    for help in &diagnostic.helps {
        // A fix says the same again and shows it.
        if !diagnostic.fixes.iter().any(|fix| fix.title == *help) {
            out += &remark("help", help, Style::Help, look, paint);
        }
    }
    for fix in &diagnostic.fixes {
        out += &patch::draw(fix, diagnostic.primary.span.source, sources, windows.gutter, look);
    }
    for note in &diagnostic.notes {
        out += &remark("note", note, Style::Strong, look, paint);
    }
    out
}

/// `error[F0201]: no cluster is named …`
fn header(diagnostic: &Diagnostic, look: &Look, paint: Paint) -> String {
    let severity = diagnostic.severity;
    let mark = format!("{}[{}]", severity.word(), diagnostic.code.id);
    let message = format!("{mark}: {}", text::escape(&diagnostic.message));
    let mut out = String::new();
    for line in text::wrap(&message, look.columns(), "", "  ") {
        match line.strip_prefix(&mark) {
            Some(rest) if out.is_empty() => {
                out += &paint.text(Style::of(severity), &mark);
                out += &paint.text(Style::Strong, rest);
            }
            _ => out += &paint.text(Style::Strong, &line),
        }
        out.push('\n');
    }
    out
}

/// `  help: …`, each line of `said` wrapped on its own, so that a drawing keeps its lines.
fn remark(word: &str, said: &str, style: Style, look: &Look, paint: Paint) -> String {
    let first = format!("  {word}: ");
    let rest = " ".repeat(first.len());
    let mut out = String::new();
    for (number, line) in said.lines().enumerate() {
        let initial = if number == 0 { first.as_str() } else { rest.as_str() };
        for wrapped in text::wrap(&text::escape(line), look.columns(), initial, &rest) {
            match wrapped.strip_prefix(&first) {
                Some(said) if out.is_empty() => {
                    out += &format!("  {}: {said}", paint.text(style, word));
                }
                _ => out += &wrapped,
            }
            out.push('\n');
        }
    }
    out
}
