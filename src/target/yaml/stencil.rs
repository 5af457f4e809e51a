//! Documents that differ in a few places: written once, with holes, and filled for each.
//!
//! A hole is a whole value of a key and what fills it is written as any other value there, so a filled stencil is the
//! document that would have been written.

use serde_json::Value;

use super::{INDENT, Page, behind_key, key, node, pad, string};

/// What fills a hole.
#[derive(Clone, Copy, Debug)]
pub enum Filling<'f> {
    /// A text.
    Text(&'f str),
    /// A value.
    Value(&'f Value),
    /// A list of maps, of each key the texts at these places.
    Rows {
        /// The keys, each with all its texts.
        columns: &'f [(String, Vec<String>)],
        /// The places.
        places: &'f [usize],
    },
}

/// The text of a document with holes.
#[derive(Debug, Default)]
pub struct Stencil {
    holes: Vec<Hole>,
    /// What is being written, and in the end stands behind the last hole.
    rest: String,
}

/// A place to be filled.
#[derive(Debug)]
struct Hole {
    /// What stands before it, down to the hole before.
    before: String,
    number: usize,
    /// By how much what fills it is indented.
    indent: usize,
}

/// What stands for the place with this number in the value of a [`Stencil`]. No text of a fleet has its first character
/// ([`super::writable`]).
#[must_use]
pub fn hole(number: usize) -> String {
    format!("\0{number}")
}

impl Stencil {
    /// The text of `value`, in which some values of keys are a [`hole`].
    #[must_use]
    pub fn new(value: &Value) -> Self {
        let mut stencil = Self::default();
        node(&mut stencil, value, 0);
        stencil
    }

    /// Writes the document with `filling`, by number, in its holes.
    pub(super) fn fill<'f>(&self, out: &mut String, filling: impl Fn(usize) -> Filling<'f>) {
        for Hole { before, number, indent } in &self.holes {
            out.push_str(before);
            match filling(*number) {
                Filling::Value(value) => behind_key(out, value, *indent),
                Filling::Rows { columns, places } => rows(out, columns, places, *indent),
                Filling::Text(text) => {
                    out.push(' ');
                    string(out, text, *indent);
                    out.push('\n');
                }
            }
        }
        out.push_str(&self.rest);
    }
}

/// Writes a list, which is not empty, of maps, which are not either.
fn rows(out: &mut String, columns: &[(String, Vec<String>)], places: &[usize], indent: usize) {
    let keys: Vec<String> = columns
        .iter()
        .map(|(name, _)| {
            let mut text = String::new();
            key(&mut text, name, indent + INDENT);
            text
        })
        .collect();
    out.push('\n');
    for place in places {
        pad(out, indent);
        out.push_str("- ");
        let texts = keys.iter().zip(columns).filter_map(|(key, (_, texts))| Some((key, texts.get(*place)?)));
        for (position, (key, text)) in texts.enumerate() {
            if position > 0 {
                pad(out, indent + INDENT);
            }
            out.push_str(key);
            out.push(' ');
            string(out, text, indent + 2 * INDENT);
            out.push('\n');
        }
    }
}

impl Page for Stencil {
    fn text(&mut self) -> &mut String {
        &mut self.rest
    }

    fn takes_hole(&mut self, value: &Value, indent: usize) -> bool {
        let number = value.as_str().and_then(|text| text.strip_prefix('\0')?.parse().ok());
        if let Some(number) = number {
            self.holes.push(Hole { before: std::mem::take(&mut self.rest), number, indent });
        }
        number.is_some()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use serde_json::json;

    use super::super::document;
    use super::*;

    #[test]
    fn a_filled_stencil_is_the_document_that_would_have_been_written() {
        let texts = ["plain", "", "yes", "1", "a: b", "two\nlines\n", "  two\nlines", "back\\slash \"", "\ttab"];
        let values =
            [json!({}), json!({ "a": { "b": [1, "x\ny\n"] }, "no": null }), json!([]), json!([1, "a\n"]), json!(1.5)];
        for text in texts {
            for value in &values {
                let object = |text: Value, value: Value, rows: Value| json!({ "a": text, "b": { "c": [{ "d": text, "e": 1 }, { "values": value }] }, "values": value, "r": rows, "z": "end" });
                let columns = [("one".to_owned(), vec![text.to_owned(); 3]), ("y".to_owned(), vec!["x".to_owned(); 3])];
                let rows = Filling::Rows { columns: &columns, places: &[0, 2] };
                let written = json!([{ "one": text, "y": "x" }, { "one": text, "y": "x" }]);
                let stencil = Stencil::new(&object(json!(hole(0)), json!(hole(1)), json!(hole(2))));
                let mut filled = String::new();
                let fillings = [Filling::Text(text), Filling::Value(value), rows];
                stencil.fill(&mut filled, |number| fillings[number]);
                assert_eq!(filled, document(&object(json!(text), value.clone(), written)));
            }
        }
    }
}
