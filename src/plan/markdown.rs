//! What all Markdown of ours keeps to: it fits into a comment, and text of others stays text in it.

use std::fmt::Write as _;

use crate::diag::render::text::is_direction;

/// How many characters a comment of GitHub and of others may have.
pub const LONGEST: usize = 65_536;

/// What is between two characters that would be something together. Nobody sees it.
const APART: char = '\u{200b}';

/// Text that is text and nothing else. What makes mentions and links of text looks at it once it is HTML, so what stands
/// behind `@`, `#`, `://` and `www` is cut off from it.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '|' | '~' | '!' => {
                out.push('\\');
                out.push(c);
            }
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '&' => out += "&amp;",
            '@' | '#' => {
                out.push(c);
                out.push(APART);
            }
            '/' if out.ends_with(':') => {
                out.push(APART);
                out.push(c);
            }
            '.' if out.to_ascii_lowercase().ends_with("www") => {
                out.push(APART);
                out.push(c);
            }
            // A line break would end a row of a table.
            c if c.is_control() => out.push(' '),
            // What turns the order of the text around is shown, not done; its braces are no markup.
            c if is_direction(c) => {
                _ = write!(out, "\\\\u{:x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}
