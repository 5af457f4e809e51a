//! Whether a text holds the `fleet` declaration: a scan, cheap enough for every file of every folder above.
//!
//! Knows of the language only comments, strings and that a declaration begins a line. It works on bytes, so that a
//! file which is no UTF-8 is still seen to be the root's.

/// Whether a line of `text`, outside of comments and strings, begins with `fleet` and a name or a `{`.
///
/// The declaration need not be right: a fleet with a typo in its first line is still the fleet that is meant. Depth
/// does not count, because a keyword of the top level never begins an entry of a block unless `=` follows.
pub fn holds_fleet(text: &[u8]) -> bool {
    let mut rest = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    let mut line_start = true;
    while let Some((&byte, tail)) = rest.split_first() {
        if line_start && begins_fleet(rest) {
            return true;
        }
        (rest, line_start) = match byte {
            b'\n' => (tail, true),
            b' ' | b'\t' | b'\r' => (tail, line_start),
            b'#' => (behind_line(tail), true),
            b'"' => (behind_string(rest), false),
            _ => (tail, false),
        };
    }
    false
}

/// Whether `text` begins with the word `fleet`, blanks, and a name, a quoted name or a brace.
fn begins_fleet(text: &[u8]) -> bool {
    let Some(tail) = text.strip_prefix(b"fleet") else { return false };
    let blanks = tail.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    match tail.get(blanks) {
        Some(b'{' | b'"') => true,
        Some(byte) => blanks > 0 && (byte.is_ascii_alphanumeric() || *byte == b'_' || !byte.is_ascii()),
        None => false,
    }
}

/// What follows the line that `text` is in.
fn behind_line(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|byte| *byte == b'\n').map_or(text.len(), |newline| newline + 1);
    text.get(end..).unwrap_or_default()
}

/// What follows the string that `text` begins with. One without a closing quote ends at its line's end, so that it
/// does not hide what stands below; one of several lines ends with the text.
fn behind_string(text: &[u8]) -> &[u8] {
    if let Some(body) = text.strip_prefix(b"\"\"\"") {
        let end = body.windows(3).position(|three| three == b"\"\"\"").map_or(body.len(), |at| at + 3);
        return body.get(end..).unwrap_or_default();
    }
    let mut rest = text.get(1..).unwrap_or_default();
    while let Some((&byte, tail)) = rest.split_first() {
        match byte {
            b'"' => return tail,
            b'\n' => return rest,
            b'\\' if tail.first() != Some(&b'\n') => rest = tail.get(1..).unwrap_or_default(),
            _ => rest = tail,
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::holds_fleet;

    #[test]
    fn a_declaration_is_found_where_it_begins_a_line() {
        for text in [
            "fleet my-org { }",
            "# a comment\n\tfleet my-org {\n}",
            "\u{feff}fleet my-org {}",
            "fleet \"10.org\" {}",
            "group a = all\r\nfleet my-org\r\n{",
            "cluster a {\nfleet my-org { }",
            "x = \"no closing quote\nfleet my-org { }",
            "fleet{}",
        ] {
            assert!(holds_fleet(text.as_bytes()), "{text:?}");
        }
    }

    #[test]
    fn nothing_else_is_taken_for_one() {
        for text in [
            "",
            "fleet",
            "# fleet my-org {",
            "x = \"\"\"\nfleet my-org {\n\"\"\"",
            "x = \"a \\\" b\" # \"\nfleets x {",
            "values { fleet my-org {",
            "fleet = home",
            "fleet-config x {",
            "fleet : string",
        ] {
            assert!(!holds_fleet(text.as_bytes()), "{text:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_do_not_matter() {
        assert!(holds_fleet(b"# caf\xE9\nfleet my-org {"));
    }
}
