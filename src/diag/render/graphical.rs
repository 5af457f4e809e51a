//! Draws a [`Window`] with miette, which nothing else in the compiler names.
//!
//! miette draws one file at a time, counts columns in bytes, walks a source from its start for each label, and trusts
//! its text; so it is given only the few lines of a window, made ready, with the positions computed here.
//! Its header and its footer are not used: the first line of a report, which holds only the icon, is dropped.

use std::fmt;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode,
    SourceSpan, SpanContents, ThemeCharacters, ThemeStyles,
};

use super::Look;
use super::window::{Mark, Window};
use crate::diag::codes::Severity;

/// The window as lines with their numbers, the marks below them; the numbers are `gutter` digits wide.
pub(super) fn draw(window: &Window, severity: Severity, gutter: usize, look: &Look) -> String {
    let handler = GraphicalReportHandler::new_themed(theme(window, severity, look))
        .with_links(false)
        .with_width(look.columns())
        .with_context_lines(1)
        .without_cause_chain()
        .without_syntax_highlighting();
    let mut report = String::new();
    // Writing to a string does not fail, and a window holds all its marks, so there is nothing to tell.
    let _ = handler.render_report(&mut report, &Report { window });
    let indent = " ".repeat(gutter.saturating_sub(window.number_width()));
    let mut out = String::new();
    for line in report.lines().skip(1) {
        out.push_str(&indent);
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// The characters and colours. miette gives the marks the colours of `highlights` in the order in which they start.
fn theme(window: &Window, severity: Severity, look: &Look) -> GraphicalTheme {
    let characters = if look.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() };
    if !look.colour {
        return GraphicalTheme { characters, styles: ThemeStyles::none() };
    }
    let mut styles = ThemeStyles::ansi();
    let own = match severity {
        Severity::Error => styles.error,
        Severity::Warning => styles.warning,
        Severity::Note => styles.advice,
    };
    let other = styles.advice;
    styles.highlights = window.marks.iter().map(|mark| if mark.primary { own.bold() } else { other }).collect();
    GraphicalTheme { characters, styles }
}

/// A window as a diagnostic of miette: no code, no message, only labels.
#[derive(Debug)]
struct Report<'a> {
    window: &'a Window,
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Report<'_> {}

impl Diagnostic for Report<'_> {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self.window)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.window.marks.iter().map(labeled)))
    }
}

fn labeled(mark: &Mark) -> LabeledSpan {
    let label = (!mark.label.is_empty()).then(|| mark.label.clone());
    if mark.primary {
        LabeledSpan::new_primary_with_span(label, (mark.start, mark.len))
    } else {
        LabeledSpan::new(label, mark.start, mark.len)
    }
}

impl SourceCode for Window {
    /// The whole window, whatever is asked for: it is what should be shown.
    ///
    /// Without lines around it miette asks for the position to print above the snippet: that of the mark in its file,
    /// in code points. miette 7.6: `line_count` must be that of the contents; a larger one joins distant labels.
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let mut position = (self.first_line, 0);
        if before == 0 && after == 0 {
            let is_it = |mark: &&Mark| mark.start == span.offset() && mark.len == span.len();
            let mark = self.marks.iter().find(is_it).ok_or(MietteError::OutOfBounds)?;
            position = (mark.line, mark.column);
        }
        Ok(Box::new(MietteSpanContents::new_named(
            self.path.clone(),
            self.text.as_bytes(),
            (0, self.text.len()).into(),
            position.0,
            position.1,
            self.lines,
        )))
    }
}
