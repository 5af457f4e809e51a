//! From byte offsets to lines and columns.

/// A place as people and editors count it. Lines and columns begin at 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The column in code points.
    pub column: u32,
    /// The column in UTF-16 units.
    pub utf16: u32,
    /// The column in bytes.
    pub byte: u32,
    /// Bytes from the start of the file, from 0.
    pub offset: u32,
}

/// The starts of the lines of a text. A line ends behind `\n`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineIndex {
    starts: Vec<u32>,
    marks: Vec<Mark>,
}

/// How much of the text stands before an offset. Every so often one is kept, so that a place far inside of a long line
/// need not be counted from its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Mark {
    offset: usize,
    chars: usize,
    utf16: usize,
}

/// Bytes between two marks; a tenth of a percent of memory, and at most that many bytes are looked at for a position.
const BETWEEN_MARKS: usize = 4096;

impl LineIndex {
    /// Reads `text` once.
    pub fn new(text: &str) -> Self {
        let mut starts = vec![0];
        for (offset, byte) in text.bytes().enumerate() {
            if byte == b'\n' {
                starts.push(u32::try_from(offset + 1).unwrap_or(u32::MAX));
            }
        }
        let mut marks = vec![Mark::default()];
        let mut mark = Mark::default();
        for (offset, c) in text.char_indices() {
            if offset >= mark.offset + BETWEEN_MARKS {
                mark.offset = offset;
                marks.push(mark);
            }
            mark.chars += 1;
            mark.utf16 += c.len_utf16();
        }
        Self { starts, marks }
    }

    /// How many code points and UTF-16 units stand before `offset`, the start of a character.
    fn before(&self, text: &str, offset: usize) -> (usize, usize) {
        let mark = self.marks.partition_point(|mark| mark.offset <= offset).saturating_sub(1);
        let mark = self.marks.get(mark).copied().unwrap_or_default();
        let rest = text.get(mark.offset..offset).unwrap_or("");
        (mark.chars + rest.chars().count(), mark.utf16 + rest.encode_utf16().count())
    }

    /// How many lines there are; at least one.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether there are no lines, which is never the case.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// The line, from 0, in which `offset` lies.
    pub fn line_of(&self, offset: u32) -> usize {
        self.starts.partition_point(|start| *start <= offset).saturating_sub(1)
    }

    /// The offset at which the line `line` (from 0) starts, if there is such a line.
    pub fn start_of(&self, line: usize) -> Option<u32> {
        self.starts.get(line).copied()
    }

    /// The position of `offset` in `text`, the text this index was made from.
    pub fn position(&self, text: &str, offset: u32) -> Position {
        let mut end = (offset as usize).min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let offset = u32::try_from(end).unwrap_or(u32::MAX);
        let line = self.line_of(offset);
        let start = self.start_of(line).unwrap_or(0);
        let (line_chars, line_utf16) = self.before(text, start as usize);
        let (chars, utf16) = self.before(text, end);
        let count = |n: usize| u32::try_from(n + 1).unwrap_or(u32::MAX);
        Position {
            line: count(line),
            column: count(chars.saturating_sub(line_chars)),
            utf16: count(utf16.saturating_sub(line_utf16)),
            byte: count(end.saturating_sub(start as usize)),
            offset,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_counted_in_three_units() {
        let text = "a\né😀x";
        let index = LineIndex::new(text);
        let at = index.position(text, 8);
        assert_eq!(at, Position { line: 2, column: 3, utf16: 4, byte: 7, offset: 8 });
    }

    #[test]
    fn columns_of_a_long_line_are_counted_from_its_start() {
        let text = format!("é\n{}", "aé😀日".repeat(5_000));
        let index = LineIndex::new(&text);
        for (count, (offset, _)) in text.char_indices().enumerate().skip(2) {
            let at = index.position(&text, u32::try_from(offset).unwrap_or(0));
            assert_eq!((at.line as usize, at.column as usize, at.byte as usize), (2, count - 1, offset - 2));
        }
    }

    #[test]
    fn an_offset_behind_the_end_is_the_end() {
        let index = LineIndex::new("ab\n");
        assert_eq!(index.position("ab\n", 99).line, 2);
    }
}
