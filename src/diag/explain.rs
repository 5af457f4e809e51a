//! The pages of the codes, for `fleetc explain`.
//!
//! Takes a [`Code`], gives its page as a terminal shows it, or the registry as JSON. Knows only as much Markdown as
//! the pages of `docs/` use: headings, paragraphs, lists and fenced blocks.

use serde_json::{Value, json};

use super::codes::{self, Code, Severity};
use super::render::Look;
use super::render::text::{Paint, Style, escape, wrap};

/// How far a block of code stands in.
const INDENT: &str = "    ";

/// The whole page of `code` as Markdown: for a warning or note also how it is allowed, which is the same for all.
pub fn markdown(code: &Code) -> String {
    let (id, slug) = (code.id, code.slug);
    let silence = match code.severity {
        Severity::Error => return code.page.to_owned(),
        Severity::Warning | Severity::Note => format!(
            "\n## To allow it\n\nIn one place, with `# fleetc: allow({id}) reason=\"…\"` above the declaration or entry, or behind it on its\n\
             line. In the whole fleet, with `allow = [{slug}]` in the `fleet` block. `deny = [{slug}]` there makes an\nerror of it.\n"
        ),
    };
    format!("{}{silence}", code.page)
}

/// The page of `code` for a terminal.
pub fn explain(code: &Code, look: &Look) -> String {
    show(&markdown(code), Style::of(code.severity), look)
}

/// A page that is of no code, for a terminal.
pub fn page(markdown: &str, look: &Look) -> String {
    show(markdown, Style::Strong, look)
}

fn show(markdown: &str, heading: Style, look: &Look) -> String {
    let paint = Paint::new(look);
    let mut page = Page { out: String::new(), paragraph: String::new(), look, paint };
    let mut fenced = false;
    for line in markdown.lines() {
        if line.starts_with("```") {
            page.end_paragraph();
            fenced = !fenced;
        } else if fenced {
            page.code(line);
        } else if let Some(title) = line.strip_prefix("# ") {
            page.out += &format!("{}\n", paint.text(heading, title));
        } else if let Some(title) = line.strip_prefix("## ") {
            page.end_paragraph();
            page.out += &format!("{}\n", paint.text(Style::Strong, title));
        } else if line.trim().is_empty() {
            page.end_paragraph();
            page.blank();
        } else {
            page.prose(line);
        }
    }
    page.end_paragraph();
    page.out
}

/// All codes with their pages, as a JSON object.
pub fn registry() -> Value {
    let all: Vec<Value> = codes::ALL.iter().map(|code| value(code)).collect();
    json!({ "schema": 1, "tool": "fleetc", "version": env!("CARGO_PKG_VERSION"), "codes": all })
}

/// One code as it stands in [`registry`], on one line.
pub fn code_json(code: &Code) -> String {
    format!("{}\n", value(code))
}

fn value(code: &Code) -> Value {
    json!({
        "code": code.id,
        "slug": code.slug,
        "severity": code.severity.word(),
        "title": code.title,
        "page": markdown(code),
    })
}

/// A page that is being written.
struct Page<'a> {
    out: String,
    paragraph: String,
    look: &'a Look,
    paint: Paint,
}

impl Page<'_> {
    /// A line of a paragraph; an item of a list begins one of its own.
    fn prose(&mut self, line: &str) {
        if line.starts_with("- ") {
            self.end_paragraph();
        }
        if !self.paragraph.is_empty() {
            self.paragraph.push(' ');
        }
        self.paragraph.push_str(line.trim());
    }

    /// Writes the paragraph out, wrapped.
    fn end_paragraph(&mut self) {
        let paragraph = std::mem::take(&mut self.paragraph);
        if paragraph.is_empty() {
            return;
        }
        let rest = if paragraph.starts_with("- ") { "  " } else { "" };
        let mut in_code = false;
        for line in wrap(&paragraph, self.look.columns(), "", rest) {
            self.out += &self.inline(&line, &mut in_code);
            self.out.push('\n');
        }
    }

    /// A wrapped line with what stands between backticks in colour; a piece of code may go on in the next line.
    fn inline(&self, line: &str, in_code: &mut bool) -> String {
        let mut out = String::new();
        for (number, piece) in line.split('`').enumerate() {
            if number > 0 {
                out.push('`');
                *in_code = !*in_code;
            }
            out += &if *in_code { self.paint.text(Style::Code, piece) } else { piece.to_owned() };
        }
        out
    }

    /// A line of a fenced block; the name of a further file stands out of it.
    fn code(&mut self, line: &str) {
        let line: &str = &escape(line);
        if let Some(path) = line.strip_prefix("#! file: ") {
            self.blank();
            self.out += &format!("  {}\n", self.paint.text(Style::Strong, &format!("{path}:")));
            return;
        }
        let style = if line.trim_start().starts_with('#') { Style::Faint } else { Style::Code };
        self.out += format!("{INDENT}{}", self.paint.text(style, line)).trim_end();
        self.out.push('\n');
    }

    /// One empty line, never two.
    fn blank(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }
}
