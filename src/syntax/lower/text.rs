//! Strings: escapes, `${…}`, and the indentation of `"""`.

use super::{Lower, errors};
use crate::source::Span;
use crate::syntax::ast::{Name, Text, TextPart};
use crate::syntax::cst::NodeRef;
use crate::syntax::kind::SyntaxKind as K;
use crate::syntax::lower::head::RESERVED;

/// Whether a manifest can hold `character`, so that an escape may make it.
///
/// No YAML reader keeps NUL, and they disagree about U+007F to U+009F, U+FFFE and U+FFFF: YAML 1.2.2, 5.1, excludes
/// all but U+0085 from what a document may hold, and U+0085 is a line break to YAML 1.1.
pub(in crate::syntax) fn may_be_escaped(character: char) -> bool {
    !matches!(character, '\0' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
}

/// A piece of a string before the indentation is taken out.
enum Piece {
    /// As written, or by escape; only what was written can be indentation.
    Written(String),
    Escaped(String),
    Name(Name),
}

impl Lower<'_> {
    /// A string of any form; none, and reported, when a part of it cannot be read.
    pub(super) fn string(&mut self, node: NodeRef<'_>) -> Option<Text> {
        let span = node.span();
        if node.kind() == K::PlainString {
            let text = self.text_of(node);
            let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or("");
            return Some(Text { span, parts: join(vec![Piece::Written(inner.to_owned())]) });
        }
        let long = node.kind() == K::LongString;
        let mut pieces = Vec::new();
        let mut broken = false;
        for part in node.parts() {
            let piece = match part.kind() {
                K::StringText if long => Some(Piece::Written(self.text_of(part).replace("\r\n", "\n"))),
                K::StringText => Some(Piece::Written(self.text_of(part).to_owned())),
                K::Escape => self.escape(part).map(|character| Piece::Escaped(character.to_string())),
                K::Dollar => Some(Piece::Escaped("${".to_owned())),
                K::Interpolation => self.interpolation(part).map(Piece::Name),
                K::UnclosedString => {
                    let open = node.parts().next().map_or(span, NodeRef::span);
                    self.sink.push(errors::unclosed_string(open, long));
                    self.swallowed |= long;
                    None
                }
                _ => continue,
            };
            broken |= piece.is_none();
            pieces.extend(piece);
        }
        let pieces = if long { unindent(pieces) } else { pieces };
        (!broken).then(|| Text { span, parts: join(pieces) })
    }

    fn escape(&mut self, node: NodeRef<'_>) -> Option<char> {
        let text = self.text_of(node);
        let made = match text.strip_prefix('\\').unwrap_or("") {
            "\"" => '"',
            "\\" => '\\',
            "n" => '\n',
            "t" => '\t',
            other => return self.unicode_escape(node.span(), text, other),
        };
        Some(made)
    }

    fn unicode_escape(&mut self, span: Span, text: &str, escape: &str) -> Option<char> {
        let Some(digits) = escape.strip_prefix("u{").and_then(|rest| rest.strip_suffix('}')) else {
            let why = if escape.starts_with('u') {
                "no escape: `{`, hexadecimal digits and `}` follow `\\u`"
            } else {
                "no escape"
            };
            self.sink.push(errors::bad_escape(span, text, why));
            return None;
        };
        let plain = digits.len() <= 6 && !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u32::from_str_radix(digits, 16).ok().filter(|_| plain);
        match (number, number.and_then(char::from_u32)) {
            (_, Some(character)) if may_be_escaped(character) => Some(character),
            (Some(number), Some(_)) => {
                self.sink.push(errors::forbidden_character(span, number));
                None
            }
            (Some(_), None) => {
                self.sink.push(errors::bad_escape(span, text, "no character"));
                None
            }
            (None, _) => {
                self.sink.push(errors::bad_escape(
                    span,
                    text,
                    "no escape: one to six hexadecimal digits name a character",
                ));
                None
            }
        }
    }

    fn interpolation(&mut self, node: NodeRef<'_>) -> Option<Name> {
        let inner = node.child(K::InterpolationText);
        let text = inner.map_or("", |inner| self.text_of(inner));
        let closed = node.child(K::CloseBrace).is_some();
        let name = text.trim_matches([' ', '\t']);
        let start = inner.map_or(node.span().start, |inner| inner.span().start);
        let blanks = text.len() - text.trim_start_matches([' ', '\t']).len();
        let from = start + u32::try_from(blanks).unwrap_or(0);
        let span = Span { start: from, end: from + u32::try_from(name.len()).unwrap_or(0), ..node.span() };
        if !closed || !is_bare_name(name) {
            self.sink.push(errors::bad_interpolation(node.span(), text, closed));
            return None;
        }
        if RESERVED.contains(&name) {
            self.sink.push(errors::reserved_word(span, name));
            return None;
        }
        Some(Name { text: name.to_owned(), span })
    }
}

/// Whether `text` can be written as a name without quotes.
pub(super) fn is_bare_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// Joins literals that stand side by side.
fn join(pieces: Vec<Piece>) -> Vec<TextPart> {
    let mut parts = Vec::new();
    for piece in pieces {
        match (piece, parts.last_mut()) {
            (Piece::Written(text) | Piece::Escaped(text), _) if text.is_empty() => {}
            (Piece::Written(text) | Piece::Escaped(text), Some(TextPart::Literal(last))) => last.push_str(&text),
            (Piece::Written(text) | Piece::Escaped(text), _) => parts.push(TextPart::Literal(text)),
            (Piece::Name(name), _) => parts.push(TextPart::Name(name)),
        }
    }
    parts
}

/// Takes out of a `"""` string the line end behind the opening quotes, and from each line the blanks that all lines
/// with text have in common. The line of the closing quotes counts too, so that they can set the margin; its own
/// blanks are never part of the string. Text behind the opening quotes is a line without indentation.
fn unindent(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut lines = lines(pieces);
    let many = lines.len() > 1;
    let opening_is_blank = many && lines.first().is_some_and(|line| is_blank(line));
    let last = lines.len().saturating_sub(1);
    let margin = lines
        .iter()
        .enumerate()
        .filter(|(index, line)| *index > 0 && (*index == last || !is_blank(line)))
        .map(|(_, line)| indentation(line))
        .min()
        .unwrap_or(0);
    for (index, line) in lines.iter_mut().enumerate() {
        if many && is_blank(line) {
            line.clear();
        } else if let (Some(Piece::Written(text)), true) = (line.first_mut(), index > 0) {
            *text = text.get(margin..).unwrap_or("").to_owned();
        }
    }
    if opening_is_blank {
        lines.remove(0);
    }
    let mut pieces = Vec::new();
    for (index, line) in lines.into_iter().enumerate() {
        if index > 0 {
            pieces.push(Piece::Written("\n".to_owned()));
        }
        pieces.extend(line);
    }
    pieces
}

/// The pieces line by line; a line that begins with an escape or a `${…}` has no indentation.
fn lines(pieces: Vec<Piece>) -> Vec<Vec<Piece>> {
    let mut lines = vec![Vec::new()];
    for piece in pieces {
        let Piece::Written(text) = &piece else {
            push(&mut lines, piece);
            continue;
        };
        for (index, line) in text.split('\n').enumerate() {
            if index > 0 {
                lines.push(Vec::new());
            }
            if !line.is_empty() {
                push(&mut lines, Piece::Written(line.to_owned()));
            }
        }
    }
    lines
}

fn push(lines: &mut [Vec<Piece>], piece: Piece) {
    if let Some(line) = lines.last_mut() {
        line.push(piece);
    }
}

fn is_blank(line: &[Piece]) -> bool {
    line.iter().all(|piece| matches!(piece, Piece::Written(text) if text.trim_matches([' ', '\t', '\r']).is_empty()))
}

fn indentation(line: &[Piece]) -> usize {
    match line.first() {
        Some(Piece::Written(text)) => text.len() - text.trim_start_matches([' ', '\t']).len(),
        _ => 0,
    }
}
