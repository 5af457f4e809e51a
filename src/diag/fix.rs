//! Applying the edits of a fix.

use super::diagnostic::Edit;

/// `text` with `edits` made, which all belong to this one text and may come in any order.
///
/// None when two of them overlap, or one lies outside the text or does not begin and end between two characters: then
/// nothing is changed. Insertions at the same place are made in the order given.
pub fn apply(text: &str, edits: &[Edit]) -> Option<String> {
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    sorted.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for edit in sorted {
        let (start, end) = (usize::try_from(edit.span.start).ok()?, usize::try_from(edit.span.end).ok()?);
        // A start before `done` makes a range that runs backwards, which `get` refuses as it refuses half characters.
        out.push_str(text.get(done..start)?);
        text.get(start..end)?;
        out.push_str(&edit.text);
        done = end;
    }
    out.push_str(text.get(done..)?);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{SourceId, Span};

    fn edit(start: u32, end: u32, text: &str) -> Edit {
        Edit { span: Span::new(SourceId::default(), start, end), text: text.to_owned() }
    }

    #[test]
    fn edits_are_made_in_any_order() {
        let made = apply("env = prd, tier = x", &[edit(18, 19, "y"), edit(6, 9, "prod"), edit(0, 0, "# ")]);
        assert_eq!(made.as_deref(), Some("# env = prod, tier = y"));
        assert_eq!(apply("ab", &[edit(1, 1, "x"), edit(1, 1, "y")]).as_deref(), Some("axyb"));
        assert_eq!(apply("ab", &[edit(0, 1, "x"), edit(1, 2, "y")]).as_deref(), Some("xy"));
        assert_eq!(apply("ab", &[]).as_deref(), Some("ab"));
    }

    #[test]
    fn edits_that_overlap_are_refused() {
        assert_eq!(apply("abcd", &[edit(0, 3, "x"), edit(2, 4, "y")]), None);
        assert_eq!(apply("abcd", &[edit(0, 3, "x"), edit(1, 1, "y")]), None);
    }

    #[test]
    fn edits_within_a_character_or_outside_of_the_text_are_refused() {
        assert_eq!(apply("é", &[edit(1, 2, "x")]), None);
        assert_eq!(apply("é", &[edit(0, 1, "x")]), None);
        assert_eq!(apply("ab", &[edit(1, 3, "x")]), None);
        assert_eq!(apply("ab", &[edit(2, 1, "x")]), None);
    }
}
