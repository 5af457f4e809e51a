//! Pictures as SVG: one file with its own style, dark or light as the viewer is, with a title and a description for those
//! who do not see it.
//!
//! All text is in a monospaced font, so its width is known without a font.

mod graph;
mod matrix;
mod order;

use std::fmt::Write as _;

use textwrap::core::display_width;

use crate::diag::render::text::{is_direction, visible};

pub use graph::graph;
pub use matrix::matrix;

/// How wide a column of text is, with some room, and how high a line.
const COLUMN: usize = 8;
const LINE: usize = 20;
/// The room around everything.
const MARGIN: usize = 16;
/// Where what stands side by side goes on below.
const WIDEST: usize = 1100;

/// The style of all pictures. The names begin with `fp-`, so that a page may hold a picture.
pub(super) const STYLE: &str = include_str!("style.css");

/// What is drawn so far.
#[derive(Default)]
struct Sheet {
    body: String,
    width: usize,
    height: usize,
}

impl Sheet {
    fn covers(&mut self, right: usize, bottom: usize) {
        self.width = self.width.max(right);
        self.height = self.height.max(bottom);
    }

    /// A line of text, whose base line is at `y`.
    fn text(&mut self, x: usize, y: usize, class: &str, text: &str) {
        _ = writeln!(self.body, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{}</text>", xml(text));
        self.covers(x + columns(text), y + 6);
    }

    fn boxed(&mut self, x: usize, y: usize, width: usize, height: usize, class: &str) {
        _ = writeln!(
            self.body,
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"6\"/>"
        );
        self.covers(x + width, y + height);
    }

    /// An arrow that ends at the second place. It leaves and comes in horizontally.
    fn arrow(&mut self, (x, y): (usize, usize), (to_x, to_y): (usize, usize)) {
        let tip = to_x.saturating_sub(7);
        let bend = (tip.saturating_sub(x) / 2).max(12);
        _ = writeln!(
            self.body,
            "<path class=\"fp-line\" d=\"M{x} {y}C{} {y} {} {to_y} {tip} {to_y}\"/>\
             <path class=\"fp-head\" d=\"M{to_x} {to_y}l-8 -4v8z\"/>",
            x + bend,
            tip.saturating_sub(bend)
        );
        self.covers(to_x, to_y.max(y));
    }

    /// The file. `name` tells the ids of pictures on one page apart.
    fn finish(self, name: &str, title: &str, description: &str) -> String {
        let (width, height) = (self.width + MARGIN, self.height + MARGIN);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"fp\" role=\"img\" aria-labelledby=\"{name}-title {name}-desc\" \
             width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n\
             <title id=\"{name}-title\">{}</title>\n<desc id=\"{name}-desc\">{}</desc>\n<style>\n{STYLE}</style>\n\
             <rect class=\"fp-paper\" width=\"{width}\" height=\"{height}\"/>\n{}</svg>\n",
            xml(title),
            xml(description),
            self.body
        )
    }
}

/// How wide `text` is.
fn columns(text: &str) -> usize {
    display_width(text) * COLUMN
}

/// Text of XML and HTML, also between double quotes. What neither may hold is replaced.
pub(crate) fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            '\n' | '\t' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c if is_direction(c) => out += &visible(c, ' '),
            c => out.push(c),
        }
    }
    out
}
