//! Text on a terminal: escaping, widths, wrapping and colour.
//!
//! Knows nothing of diagnostics.

use std::borrow::Cow;

use textwrap::core::display_width;
use textwrap::{Options, WordSeparator, WordSplitter};

use super::Look;
use crate::diag::codes::Severity;

/// What a piece of text is painted as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// The word `error`.
    Error,
    /// The word `warning`.
    Warning,
    /// The word `note`.
    Note,
    /// The word `help`, `fix`.
    Help,
    /// A message.
    Strong,
    /// What matters less.
    Faint,
    /// A line that goes.
    Removed,
    /// A line that comes.
    Added,
    /// Code in a page.
    Code,
}

impl Style {
    /// The style of a severity.
    pub(crate) fn of(severity: Severity) -> Self {
        match severity {
            Severity::Error => Self::Error,
            Severity::Warning => Self::Warning,
            Severity::Note => Self::Note,
        }
    }

    /// The parameters of the escape. Only the eight base colours, which every theme of a terminal remaps legibly.
    fn parameters(self) -> &'static str {
        match self {
            Self::Error => "1;31",
            Self::Warning => "1;33",
            Self::Note | Self::Help => "1;36",
            Self::Strong => "1",
            Self::Faint => "2",
            Self::Removed => "31",
            Self::Added => "32",
            Self::Code => "36",
        }
    }
}

/// Paints text, or leaves it as it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint {
    colour: bool,
}

impl Paint {
    /// Paints when `look` says so.
    pub(crate) fn new(look: &Look) -> Self {
        Self { colour: look.colour }
    }

    /// `text` in `style`.
    pub(crate) fn text(self, style: Style, text: &str) -> String {
        if self.colour && !text.is_empty() {
            format!("\u{1b}[{}m{text}\u{1b}[0m", style.parameters())
        } else {
            text.to_owned()
        }
    }
}

/// The text with everything that would move the cursor, colour the terminal or not be seen written as an escape.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    for c in text.chars() {
        out.push_str(&visible(c, before));
        before = c;
    }
    Cow::Owned(out)
}

/// How `c`, which stands behind `before`, is shown: as itself or as an escape of the language.
pub(crate) fn visible(c: char, before: char) -> String {
    match c {
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        '\t' => "\\t".to_owned(),
        c if is_hidden(c, before) => format!("\\u{{{:x}}}", u32::from(c)),
        c => c.to_string(),
    }
}

/// Whether a terminal shows nothing for `c`, or something else than it.
///
/// The joiner and the variation selectors stay behind a character that is not ASCII: emoji are made of them.
fn is_hidden(c: char, before: char) -> bool {
    match c {
        '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' => before.is_ascii(),
        c if c.is_control() => true,
        '\u{ad}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' => true,
        _ => false,
    }
}

/// Whether `c` changes the order in which text is shown.
pub(crate) fn is_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// JSON that means the same, in which nothing stands by itself that a terminal would obey or that changes the order of the
/// text. JSON asks for escapes below U+0020 only, and takes them for every character of a string.
pub(crate) fn harmless_json(json: String) -> String {
    let obeyed = |c: char| c.is_control() && c != '\n' || is_direction(c);
    if !json.contains(obeyed) {
        return json;
    }
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if obeyed(c) {
            out += &format!("\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// How many columns `text` takes.
pub(crate) fn width(text: &str) -> usize {
    display_width(text)
}

/// `text` in lines of at most `columns`, the first behind `initial`, the others behind `rest`. Never empty.
///
/// Breaks at blanks only, so that a name with a hyphen stays whole; a word longer than a line is cut.
pub(crate) fn wrap(text: &str, columns: usize, initial: &str, rest: &str) -> Vec<String> {
    let options = Options::new(columns)
        .initial_indent(initial)
        .subsequent_indent(rest)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
        .break_words(true);
    textwrap::wrap(text, options).into_iter().map(Cow::into_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_written_out() {
        assert_eq!(escape("a\u{1b}[31m\u{202e}\n\u{0}"), "a\\u{1b}[31m\\u{202e}\\n\\u{0}");
        assert_eq!(escape("größe 日本 👩\u{200d}🚀"), "größe 日本 👩\u{200d}🚀");
        assert_eq!(escape("a\u{200d}b"), "a\\u{200d}b");
    }

    #[test]
    fn names_with_hyphens_stay_whole() {
        assert_eq!(wrap("use prod-us-east-1", 10, "", "  "), ["use", "  prod-us-", "  east-1"]);
        assert_eq!(wrap("use prod-us", 9, "", ""), ["use", "prod-us"]);
    }
}
