//! One line of a source as a terminal shows it: tabs expanded, what cannot be seen escaped, cut to a width.
//!
//! Cost: grows with the width, not with the line, so that a line of megabytes is no trouble.

use super::Look;
use super::text::{visible, width};

/// Columns between tab stops.
const TAB: usize = 4;

/// Characters looked at for each column; more than one for those that take no column.
const CHARACTERS_A_COLUMN: usize = 4;

/// Columns that a label behind its mark must at least have before the line is moved to the left for it.
const LABEL_COLUMNS: usize = 16;

/// A shown line, and where its characters went.
#[derive(Debug)]
pub(super) struct Shown {
    /// What is shown.
    pub(super) text: String,
    cells: Vec<Cell>,
    /// The offset in the source line up to which it is shown.
    end: usize,
    /// The length of the ellipsis behind it; 0 when the line is shown to its end.
    tail: usize,
}

/// A shown character.
#[derive(Clone, Copy, Debug)]
struct Cell {
    /// Its offset in the source line.
    source: usize,
    /// Its offset in the shown text.
    shown: usize,
    /// The column behind it.
    column: usize,
}

impl Shown {
    /// The place in the shown text at which a mark that starts at `offset` starts.
    pub(super) fn start_of(&self, offset: usize) -> usize {
        if offset >= self.end {
            return self.text.len() - self.tail;
        }
        let behind = self.cells.partition_point(|cell| cell.source <= offset);
        behind.checked_sub(1).and_then(|at| self.cells.get(at)).map_or(0, |cell| cell.shown)
    }

    /// The place in the shown text at which a mark that ends at `offset` ends; the ellipsis belongs to what goes on.
    pub(super) fn end_of(&self, offset: usize) -> usize {
        if offset > self.end { self.text.len() } else { self.start_of(offset) }
    }

    /// The column, from 0, at which a label of the mark `range` hangs.
    pub(super) fn middle_of(&self, range: (usize, usize)) -> usize {
        let column = |at: usize| self.text.get(..at).map_or(0, width);
        let start = column(self.start_of(range.0));
        let end = column(self.end_of(range.1)).max(start + 1);
        usize::midpoint(start, end)
    }
}

/// Shows `line` in `room` columns, so that the bytes `keep` can be seen and a label of `label` columns fits behind them.
pub(super) fn show(line: &str, keep: Option<(usize, usize)>, label: usize, room: usize, look: &Look) -> Shown {
    let whole = fill(line, 0, room, look);
    let Some(range) = keep else { return whole };
    let behind = |most: usize| if label == 0 { 0 } else { label.min(most) + 4 };
    if range.1 <= whole.end && whole.middle_of(range) + behind(LABEL_COLUMNS) <= room {
        return whole;
    }
    let mark = (range.1 - range.0).min(room / 2);
    let before = room.saturating_sub(mark + behind(room / 2)).clamp(room / 4, room * 2 / 3);
    fill(line, back(line, range.0, before), room, look)
}

/// The offset `columns` columns before `from`.
fn back(line: &str, from: usize, columns: usize) -> usize {
    let mut taken = 0;
    let mut at = from;
    let before = line.get(..from).unwrap_or("");
    for (offset, c) in before.char_indices().rev().take(columns * CHARACTERS_A_COLUMN) {
        taken += width(&visible(c, ' '));
        if taken > columns {
            break;
        }
        at = offset;
    }
    at
}

/// Shows `line` from the offset `from` on.
fn fill(line: &str, from: usize, room: usize, look: &Look) -> Shown {
    let ellipsis = look.ellipsis();
    let mut shown = Shown { text: String::new(), cells: Vec::new(), end: line.len(), tail: 0 };
    let mut column = 0;
    if from > 0 {
        shown.text.push_str(ellipsis);
        column = width(ellipsis);
    }
    let mut before = ' ';
    for (offset, c) in line.get(from..).unwrap_or("").char_indices() {
        let piece = if c == '\t' { " ".repeat(TAB - column % TAB) } else { visible(c, before) };
        column += width(&piece);
        if column > room || shown.cells.len() >= room * CHARACTERS_A_COLUMN {
            shown.tail = ellipsis.len();
            shown.end = from + offset;
            break;
        }
        shown.cells.push(Cell { source: from + offset, shown: shown.text.len(), column });
        shown.text.push_str(&piece);
        before = c;
    }
    if shown.tail > 0 {
        let room = room.saturating_sub(width(ellipsis));
        while let Some(cell) = shown.cells.pop_if(|cell| cell.column > room) {
            shown.text.truncate(cell.shown);
            shown.end = cell.source;
        }
        shown.text.push_str(ellipsis);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str, keep: (usize, usize)) -> String {
        show(line, Some(keep), 0, 20, &Look::plain(40)).text
    }

    #[test]
    fn a_long_line_is_cut_around_its_mark() {
        let line = "0123456789".repeat(1000);
        assert_eq!(shown(&line, (3, 5)), "01234567890123456...");
        assert_eq!(shown(&line, (5003, 5005)), "...01234567890123...");
        assert_eq!(shown(&line, (9998, 10_000)), "...567890123456789");
    }

    #[test]
    fn tabs_and_wide_characters_keep_their_columns() {
        let look = Look::plain(40);
        let line = show("\tx日\ty", None, 0, 20, &look);
        assert_eq!(line.text, "    x日 y");
        assert_eq!(line.start_of(2), 5);
        assert_eq!(line.middle_of((2, 5)), 6);
    }

    #[test]
    fn a_flood_of_characters_without_width_ends() {
        let line = "\u{301}".repeat(100_000);
        assert!(show(&line, None, 0, 20, &Look::plain(40)).text.len() < 400);
    }
}
