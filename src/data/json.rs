//! JSON (RFC 8259), with places.

use super::{Counter, Entry, Format, Kind, MAX_DEPTH, Node, Refused, invalid, span, too_deep, unique};
use crate::source::{SourceId, Span};

/// Reads one document.
pub fn read(source: SourceId, text: &str) -> Result<Node, Refused> {
    let at = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let mut reader = Reader { source, text, bytes: text.as_bytes(), at, counter: Counter::default() };
    reader.blanks();
    let node = reader.value(0)?;
    reader.blanks();
    if reader.at < text.len() {
        return Err(reader.expected("expected the end of the file"));
    }
    Ok(node)
}

struct Reader<'t> {
    source: SourceId,
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    counter: Counter,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn span_from(&self, start: usize) -> Span {
        span(self.source, start, self.at)
    }

    /// F0010 at the next character.
    fn expected(&self, expected: &str) -> Refused {
        let rest = self.text.get(self.at..).unwrap_or("");
        let width = rest.chars().next().map_or(0, char::len_utf8);
        let found = invalid(span(self.source, self.at, self.at + width), Format::Json, expected);
        Box::new(match rest.chars().next() {
            None => found.help("the file ends too early; let the other tool write it again"),
            Some('#' | '/') => found.help("JSON has no comments; take it out, or name the file `.yaml`"),
            Some('\'') => found.help("JSON puts text into double quotes"),
            Some(_) => found.help("let the other tool write it again, or name the file by what it is"),
        })
    }

    fn value(&mut self, depth: usize) -> Result<Node, Refused> {
        let start = self.at;
        let kind = match self.peek() {
            Some(b'{') => self.map(depth)?,
            Some(b'[') => self.list(depth)?,
            Some(b'"') => Kind::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => self.word()?,
        };
        let node = Node { span: self.span_from(start), kind };
        self.counter.count(node.span)?;
        Ok(node)
    }

    fn word(&mut self) -> Result<Kind, Refused> {
        let rest = self.text.get(self.at..).unwrap_or("");
        let words = [("null", Kind::Null), ("true", Kind::Bool(true)), ("false", Kind::Bool(false))];
        for (word, kind) in words {
            if rest.starts_with(word) {
                self.at += word.len();
                return Ok(kind);
            }
        }
        Err(self.expected("expected a value"))
    }

    fn open(&mut self, depth: usize) -> Result<(), Refused> {
        if depth >= MAX_DEPTH {
            return Err(too_deep(span(self.source, self.at, self.at + 1)));
        }
        self.at += 1;
        self.blanks();
        Ok(())
    }

    /// Whether another item follows; behind the last one is `close`.
    fn goes_on(&mut self, close: u8, expected: &str) -> Result<bool, Refused> {
        self.blanks();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                self.blanks();
                Ok(true)
            }
            Some(byte) if byte == close => {
                self.at += 1;
                Ok(false)
            }
            _ => Err(self.expected(expected)),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Kind, Refused> {
        self.open(depth)?;
        let mut items = Vec::new();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Kind::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            if !self.goes_on(b']', "expected `,` or `]`")? {
                return Ok(Kind::List(items));
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Kind, Refused> {
        self.open(depth)?;
        let mut entries = Vec::new();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Kind::Map(entries));
        }
        loop {
            let start = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.expected("expected a key in double quotes"));
            }
            let key = self.string()?;
            let at = self.span_from(start);
            self.blanks();
            if self.peek() != Some(b':') {
                return Err(self.expected("expected `:`"));
            }
            self.at += 1;
            self.blanks();
            entries.push(Entry { key, at, value: self.value(depth + 1)? });
            if !self.goes_on(b'}', "expected `,` or `}`")? {
                unique(&entries)?;
                return Ok(Kind::Map(entries));
            }
        }
    }

    fn string(&mut self) -> Result<String, Refused> {
        self.at += 1;
        let mut whole = String::new();
        loop {
            let start = self.at;
            while self.peek().is_some_and(|byte| byte != b'"' && byte != b'\\' && byte >= 0x20) {
                self.at += 1;
            }
            whole.push_str(self.text.get(start..self.at).unwrap_or(""));
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(whole);
                }
                Some(b'\\') => whole.push(self.escape()?),
                _ => return Err(self.expected("expected the end of the string")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Refused> {
        let start = self.at;
        let made = match self.bytes.get(self.at + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode().ok_or_else(|| self.bad_escape(start)),
            _ => return Err(self.bad_escape(start)),
        };
        self.at += 2;
        Ok(made)
    }

    fn bad_escape(&self, start: usize) -> Refused {
        Box::new(
            invalid(span(self.source, start, start + 1), Format::Json, "an escape that JSON does not have")
                .help("write `\\\\` for a backslash"),
        )
    }

    /// `\u` and four digits, or two of them for a character beyond U+FFFF.
    fn unicode(&mut self) -> Option<char> {
        let high = self.unit()?;
        if !(0xD800..0xDC00).contains(&high) {
            return char::from_u32(high);
        }
        let low = self.unit().filter(|low| (0xDC00..0xE000).contains(low))?;
        char::from_u32(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
    }

    fn unit(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 6)?.strip_prefix("\\u")?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        self.at += 6;
        u32::from_str_radix(digits, 16).ok()
    }

    fn digits(&mut self) -> Result<(), Refused> {
        if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return Err(self.expected("expected a digit"));
        }
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Kind, Refused> {
        let start = self.at;
        self.at += usize::from(self.peek() == Some(b'-'));
        if self.peek() == Some(b'0') && self.bytes.get(self.at + 1).is_some_and(u8::is_ascii_digit) {
            return Err(self.expected("a number has no zero before its digits"));
        }
        self.digits()?;
        let mut whole = true;
        if self.peek() == Some(b'.') {
            whole = false;
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            whole = false;
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            self.digits()?;
        }
        let text = self.text.get(start..self.at).unwrap_or("");
        Ok(match (whole, text.parse::<i64>(), text.parse::<f64>()) {
            (true, Ok(number), _) => Kind::Int(number),
            (false, _, Ok(number)) if number.is_finite() => Kind::Float(number),
            _ => Kind::Unclear("a number that not every reader can hold"),
        })
    }
}
