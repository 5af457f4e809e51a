//! Where every code marks its page's wrong example: the line and the underlined text, one row a diagnostic.
//!
//! `tests/places/places.txt` is the table; it is to be read: a row marks a key, a name or a value, never a block.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]
#![allow(missing_docs)]

#[path = "support/golden.rs"]
mod golden;
#[path = "support/pages.rs"]
mod pages;

use fleetc::diag::render::{Look, full};
use fleetc::source::{Sources, Span};

/// `demo.fleet:5 "stagign"`.
fn place(span: Span, sources: &Sources) -> String {
    let file = sources.file(span.source);
    let at = file.position(span.start);
    let marked = sources.text(span);
    format!("{}:{}:{} {:?}", file.path, at.line, at.column, marked)
}

#[test]
fn dump() {
    let look = Look { colour: false, width: 110, unicode: true, links: false };
    let mut out = String::new();
    for (_, files) in pages::wrong_examples() {
        let compilation = pages::compiled(&files);
        out += &full(&compilation.diagnostics, &compilation.sources, &look);
        out += "\n";
    }
    std::fs::write("/tmp/dump.txt", out).unwrap();
}

#[test]
fn every_code_marks_the_smallest_wrong_text() {
    let mut table = String::new();
    for (code, files) in pages::wrong_examples() {
        let compilation = pages::compiled(&files);
        for diagnostic in compilation.diagnostics.iter().filter(|found| found.code == code) {
            table += &format!("{} {}\n", code.id, place(diagnostic.primary.span, &compilation.sources));
            for label in &diagnostic.related {
                table += &format!("      and {}: {}\n", place(label.span, &compilation.sources), label.text);
            }
        }
    }
    golden::golden("tests/places/places.txt", &table);
}
