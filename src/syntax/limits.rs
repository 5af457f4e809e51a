//! The fixed limits of the language, checked before parsing: size, nesting, characters that cannot be seen.
//!
//! The same on every machine. The nesting is counted on the raw text, outside strings and comments, so that no later
//! pass, all of which recurse over brackets only, can run out of stack.

use super::errors::{self, Sink};
use crate::source::{SourceId, Span};

/// The most bytes of a file: 4 MiB.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;

/// The most brackets open at once.
pub const MAX_DEPTH: u32 = 64;

/// The keywords that begin a declaration, and so end whatever is open when they stand in the first column.
pub(super) const DECLARATION_WORDS: [&str; 20] = [
    "argocd",
    "cluster",
    "component",
    "defaults",
    "fact",
    "fleet",
    "flux",
    "group",
    "inventory",
    "label",
    "moved",
    "object",
    "project",
    "removed",
    "rollout",
    "secret",
    "source",
    "store",
    "template",
    "test",
];

/// The most times that parsing starts anew behind a `"""` that is never closed: each looks at the rest of the text.
const MOST_SEGMENTS: usize = 16;

/// Reports what exceeds a limit. Returns the offsets at which to start parsing; none when the text may not be parsed.
///
/// There is more than one where a `"""` is never closed: it ends at the next declaration instead of the end of the text.
pub(super) fn check(source: SourceId, text: &str, sink: &mut Sink) -> Vec<usize> {
    if text.len() > MAX_BYTES {
        sink.push(errors::file_too_large(Span::new(source, 0, 0), text.len()));
        return Vec::new();
    }
    for (offset, character) in text.char_indices() {
        let first = offset == 0 && character == '\u{feff}';
        if !first && is_invisible(character) {
            let start = to_u32(offset);
            let span = Span::new(source, start, start + to_u32(character.len_utf8()));
            sink.push(errors::invisible_character(span, character));
        }
    }
    let mut starts = Vec::new();
    let mut next = Some(0);
    while let Some(start) = next.filter(|_| starts.len() < MOST_SEGMENTS) {
        starts.push(start);
        next = match scan(text.as_bytes(), start) {
            End::Sound => None,
            End::TooDeep(at) => {
                sink.push(errors::nested_too_deep(Span::new(source, to_u32(at), to_u32(at + 1)), MAX_DEPTH));
                return Vec::new();
            }
            End::OpenString(at) => declaration_behind(text.as_bytes(), at),
        };
    }
    starts
}

/// Whether a reader of the source could be deceived by `character`, or would not see it: control characters other
/// than line ends and tabs, zero-width characters, bidirectional controls ("Trojan Source", CVE-2021-42574) and
/// non-characters.
pub fn is_invisible(character: char) -> bool {
    match character {
        '\n' | '\r' | '\t' => false,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' => true,
        '\u{ad}' | '\u{61c}' | '\u{180e}' => true,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' => true,
        '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206f}' => true,
        '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' => true,
        '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' => true,
        '\u{e0000}'..='\u{e007f}' => true,
        _ => false,
    }
}

fn to_u32(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Where the scan stands.
#[derive(Clone, Copy)]
enum Mode {
    Code,
    Comment,
    /// In `"…"`, which ends with its line.
    Short,
    /// In `"""…"""`.
    Long,
}

/// How a scan ended.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Sound,
    /// At the bracket that is nested too deep.
    TooDeep(usize),
    /// In the `"""` that begins here.
    OpenString(usize),
}

/// Looks for brackets that are nested too deep and for a `"""` that is never closed, from `start` on.
fn scan(text: &[u8], start: usize) -> End {
    let mut mode = Mode::Code;
    let mut depth = 0_u32;
    let mut opened = start;
    let mut at = start;
    while let Some(byte) = text.get(at).copied() {
        let rest = text.get(at..).unwrap_or_default();
        let mut step = 1;
        match (mode, byte) {
            (Mode::Code, b'"') if rest.starts_with(b"\"\"\"") => (mode, step, opened) = (Mode::Long, 3, at),
            (Mode::Code, b'"') => mode = Mode::Short,
            (Mode::Code, b'#') => mode = Mode::Comment,
            (Mode::Code, b'\n') if begins_declaration(rest.get(1..).unwrap_or_default()) => depth = 0,
            (Mode::Code, b'{' | b'[' | b'(') => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return End::TooDeep(at);
                }
            }
            (Mode::Code, b'}' | b']' | b')') => depth = depth.saturating_sub(1),
            (Mode::Comment | Mode::Short, b'\n') => (mode, step) = (Mode::Code, 0),
            (Mode::Short, b'"') => mode = Mode::Code,
            (Mode::Long, b'"') if rest.starts_with(b"\"\"\"") => (mode, step) = (Mode::Code, 3),
            (Mode::Short, b'\\') if rest.get(1) == Some(&b'\n') => {}
            (Mode::Short | Mode::Long, b'\\') => step = 2,
            _ => {}
        }
        at += step;
    }
    if matches!(mode, Mode::Long) { End::OpenString(opened) } else { End::Sound }
}

/// Where the first declaration behind `at` begins its line.
fn declaration_behind(text: &[u8], at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    let ends = rest.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(index, _)| at + index + 1);
    ends.into_iter().find(|start| begins_declaration(text.get(*start..).unwrap_or_default()))
}

/// The scan's twin of the grammar's `declaration_start`.
fn begins_declaration(line: &[u8]) -> bool {
    let length = line.iter().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')).count();
    let (word, rest) = line.split_at_checked(length).unwrap_or_default();
    let known = DECLARATION_WORDS.iter().any(|keyword| keyword.as_bytes() == word);
    let rest = {
        let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r')).count();
        rest.get(blanks..).unwrap_or_default()
    };
    known && !rest.starts_with(b"\"/") && !matches!(rest.first(), Some(b'=' | b':' | b',' | b'}' | b')' | b']' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deep(text: &str) -> Option<usize> {
        match scan(text.as_bytes(), 0) {
            End::TooDeep(at) => Some(at),
            End::Sound | End::OpenString(_) => None,
        }
    }

    #[test]
    fn a_long_string_without_its_end_is_found_with_the_next_declaration() {
        let text = "a = \"\"\"\n x\ncomponent b";
        assert_eq!(scan(text.as_bytes(), 0), End::OpenString(4));
        assert_eq!(declaration_behind(text.as_bytes(), 4), Some(11));
    }

    #[test]
    fn the_sixty_fifth_bracket_is_too_deep() {
        assert_eq!(deep(&"[".repeat(64)), None);
        assert_eq!(deep(&"({[".repeat(30)), Some(64));
    }

    #[test]
    fn brackets_in_strings_and_comments_do_not_count() {
        let brackets = "[".repeat(99);
        assert_eq!(deep(&format!("\"{brackets}\" # {brackets}\n\"\"\"\n{brackets}\"\"\"")), None);
        assert_eq!(deep(&format!("\"\\\"{brackets}\"")), None);
    }

    #[test]
    fn an_unclosed_string_ends_with_its_line() {
        assert_eq!(deep(&format!("\"\n{}", "(".repeat(65))), Some(66));
    }

    #[test]
    fn a_declaration_in_the_first_column_starts_anew() {
        assert_eq!(deep(&"component a {\n".repeat(99)), None);
        assert!(deep(&"  component a {\n".repeat(99)).is_some());
    }
}
