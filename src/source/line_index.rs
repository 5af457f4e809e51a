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
}

impl LineIndex {
    /// Reads `text` once.
    pub fn new(text: &str) -> Self {
        let mut starts = vec![0];
        for (offset, byte) in text.bytes().enumerate() {
            if byte == b'\n' {
                starts.push(u32::try_from(offset + 1).unwrap_or(u32::MAX));
            }
        }
        Self { starts }
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
        let before = text.get(start as usize..end).unwrap_or("");
        let count = |n: usize| u32::try_from(n + 1).unwrap_or(u32::MAX);
        Position {
            line: count(line),
            column: count(before.chars().count()),
            utf16: count(before.encode_utf16().count()),
            byte: count(before.len()),
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
    fn an_offset_behind_the_end_is_the_end() {
        let index = LineIndex::new("ab\n");
        assert_eq!(index.position("ab\n", 99).line, 2);
    }
}
