//! Lays out the text of a `.fleet` file anew.
//!
//! Takes a text, gives the same tokens and comments with other blanks between them. Knows nothing of names, types or the
//! disk. `shape` says what fits on a line and what is broken, `entries` what stands between two brackets, `columns` what
//! is aligned, `print` writes, `lines` holds what was written, `sound` proves that nothing was lost.
//!
//! Invariant: what was formatted stays as it is when it is formatted again; `tests/format.rs` holds it.

mod columns;
mod entries;
mod lines;
mod print;
mod shape;
mod sound;

use crate::diag::{Diagnostic, Diagnostics, codes};
use crate::source::{SourceId, Span};
use crate::syntax::{self, kind::SyntaxKind};
use print::Printer;
use shape::Shape;

/// The widest line that is not broken.
const WIDTH: usize = 120;

/// What became of a text.
#[derive(Debug)]
pub enum Formatted {
    /// The text as it should be, equal to the old one where nothing is to do.
    Text {
        /// The text.
        text: String,
        /// Whether it has syntax errors, around which it was formatted.
        broken: bool,
    },
    /// It exceeds a limit of the language, which the diagnostics say.
    Unread(Diagnostics),
    /// The result would have said something else although the text has no errors: a bug in fleetc.
    Bug(Box<Diagnostic>),
}

/// Formats `text`, the whole of the file `source`, in time linear in its length.
pub fn format(source: SourceId, text: &str) -> Formatted {
    let parse = syntax::parse(source, text);
    let Some(root) = parse.cst.root().filter(|root| root.kind() == SyntaxKind::File) else {
        return Formatted::Unread(parse.diagnostics);
    };
    let broken = parse.diagnostics.has_errors();
    let shape = Shape::of(root, text);
    // An open merge conflict: what its other half says is nobody's to guess.
    if shape.is_verbatim(root) {
        return Formatted::Text { text: text.to_owned(), broken };
    }
    let formatted = Printer::new(text, &shape).file(root);
    match sound::difference(&parse.cst, text, &formatted) {
        None => Formatted::Text { text: formatted, broken },
        // Where nothing is what it should be, a line end more can make something else of it.
        Some(_) if broken => Formatted::Text { text: text.to_owned(), broken },
        Some(at) => Formatted::Bug(Box::new(bug(Span::new(source, at, at)))),
    }
}

fn bug(span: Span) -> Diagnostic {
    Diagnostic::new(
        codes::INTERNAL_ERROR,
        span,
        "formatting would change what this file says, which is a bug in fleetc",
    )
    .label("from here on; nothing was written")
    .help(format!("please report it with this file and the version {}", env!("CARGO_PKG_VERSION")))
}
