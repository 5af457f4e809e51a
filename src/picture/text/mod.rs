//! Pictures for a terminal, in a fixed grid of columns.

pub mod graph;
pub mod matrix;

use textwrap::core::display_width;

/// What is drawn on.
#[derive(Clone, Copy, Debug)]
pub struct Canvas {
    /// How many columns there are.
    pub width: usize,
    /// Whether lines are drawn with Unicode; ASCII otherwise.
    pub unicode: bool,
}

/// The characters that are drawn with.
struct Pen {
    corners: [char; 4],
    horizontal: char,
    vertical: char,
    head: char,
    absent: char,
    more: &'static str,
}

impl Canvas {
    fn pen(self) -> Pen {
        if self.unicode {
            Pen {
                corners: ['┌', '┐', '└', '┘'], horizontal: '─', vertical: '│', head: '▶', absent: '·', more: "…"
            }
        } else {
            Pen { corners: ['+'; 4], horizontal: '-', vertical: '|', head: '>', absent: '.', more: "..." }
        }
    }

    /// `text` below `first`, each further line as far to the right as `first` is wide.
    fn hung(self, first: &str, text: &str) -> String {
        let indent = " ".repeat(display_width(first));
        let options = textwrap::Options::new(self.width.max(display_width(first) + 20))
            .initial_indent(first)
            .subsequent_indent(&indent)
            .break_words(false)
            .word_separator(textwrap::WordSeparator::AsciiSpace)
            .word_splitter(textwrap::WordSplitter::NoHyphenation);
        let lines = textwrap::wrap(text, options);
        lines.iter().map(|line| format!("{}\n", line.trim_end())).collect()
    }
}

/// `text` and as many spaces as it lacks of `width` columns.
fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(display_width(text))))
}
