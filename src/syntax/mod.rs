//! From text to a tree.
//!
//! Takes one file's text, gives a lossless [`Cst`], the typed [`ast::File`] and the syntax errors. Never fails:
//! a broken place becomes a hole. Knows nothing of names, types or engines; pest is known to `parser` alone.

pub mod ast;
pub mod cst;
mod errors;
mod habits;
pub mod kind;
pub mod limits;
mod lower;
mod parser;

use std::sync::Arc;

use crate::diag::Diagnostics;
use crate::source::{SourceId, Span};
use cst::Cst;
use errors::Sink;

/// What a text was read as.
#[derive(Clone, Debug)]
pub struct Parse {
    /// Every token, comment and line end.
    pub cst: Arc<Cst>,
    /// The declarations. What is kept of a text for an editor is shared, and not copied at each key.
    pub file: Arc<ast::File>,
    /// What is wrong with the syntax, in the order of the text.
    pub diagnostics: Diagnostics,
}

impl Parse {
    /// Declarations that stand in no text of the language, such as the clusters of a data file.
    pub fn of(file: ast::File) -> Self {
        Self { cst: Cst::new(file.source, Vec::new()).into(), file: file.into(), diagnostics: Diagnostics::default() }
    }
}

/// Reads `text`, the whole of the file `source`, in time and memory linear in its length.
pub fn parse(source: SourceId, text: &str) -> Parse {
    let mut sink = Sink::new(source, text);
    let starts = limits::check(source, text, &mut sink);
    let text: &str = &habits::mend(source, text, &mut sink);
    let cst = parser::parse(source, text, &starts).unwrap_or_else(|failure| {
        match failure {
            parser::Failure::NotRead => {}
            parser::Failure::TooComplex => sink.push(errors::too_complex(Span::new(source, 0, 0))),
            parser::Failure::Bug(at) => sink.push(errors::bug(Span::new(source, at, at))),
        }
        Cst::unparsed(source, text)
    });
    let file = lower::lower(&cst, text, &mut sink);
    let diagnostics = sink.finish(&cst);
    Parse { cst: cst.into(), file: file.into(), diagnostics }
}
