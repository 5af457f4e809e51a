//! CSV (RFC 4180), with places. The first row has the names; a cell without anything is nothing, and so is a row of such
//! cells, which spreadsheets write for an empty row.

use super::{Counter, Entry, Format, Kind, Node, Refused, invalid, span, unique};
use crate::diag::Diagnostic;
use crate::source::{SourceId, Span};

/// Reads the rows as a list of maps.
pub fn read(source: SourceId, text: &str) -> Result<Node, Refused> {
    let at = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let mut reader = Reader { source, text, at, counter: Counter::default() };
    let whole = span(source, at, text.len());
    let header = header(&mut reader)?;
    let mut rows = Vec::new();
    while let Some(cells) = reader.row()? {
        let nothing = cells.len() > 1 && cells.iter().all(|cell| cell.text.is_empty() && !cell.quoted);
        if !nothing {
            rows.push(row(&header, cells)?);
        }
    }
    Ok(Node { span: whole, kind: Kind::List(rows) })
}

/// The names of the columns; none in a file without anything.
fn header(reader: &mut Reader) -> Result<Vec<Cell>, Refused> {
    let header = reader.row()?.unwrap_or_default();
    let mut names = Vec::new();
    if let [only] = header.as_slice()
        && let Some(other) = [';', '\t', '|'].into_iter().find(|other| only.text.contains(*other))
    {
        let found = invalid(only.span, Format::Csv, "one column");
        return Err(Box::new(
            found.help(format!("put a comma between the cells in place of `{}`", other.escape_default())),
        ));
    }
    for cell in &header {
        if cell.text.is_empty() {
            let found = invalid(cell.span, Format::Csv, "a column without a name");
            return Err(Box::new(found.help("name every column in the first row")));
        }
        if cell.text.trim() != cell.text {
            let message = format!("the column `{}` has spaces around its name", cell.text);
            let found = Diagnostic { message, ..invalid(cell.span, Format::Csv, "a space is part of the cell") };
            return Err(Box::new(found.help("write the cells of all rows without spaces around them")));
        }
        let value = Node { span: cell.span, kind: Kind::Null };
        names.push(Entry { key: cell.text.clone(), at: cell.span, value });
    }
    unique(&names)?;
    Ok(header)
}

fn row(header: &[Cell], cells: Vec<Cell>) -> Result<Node, Refused> {
    let first = cells.first().map(|cell| cell.span);
    let last = cells.last().map(|cell| cell.span);
    if cells.len() != header.len() {
        let at = cells.get(header.len()).map(|cell| cell.span).or(last.map(Span::after));
        let message = format!("this row has {} cells, and the first row {}", cells.len(), header.len());
        let at = at.unwrap_or_else(|| Span::new(SourceId::default(), 0, 0));
        let found = Diagnostic { message, ..invalid(at, Format::Csv, "another number of cells") };
        let found = header.first().map_or_else(|| found.clone(), |cell| found.clone().related(cell.span, "the names"));
        return Err(Box::new(found.help("put a cell with a comma in it into double quotes")));
    }
    let entries: Vec<Entry> = header
        .iter()
        .zip(cells)
        .map(|(name, cell)| {
            let nothing = cell.text.is_empty() && !cell.quoted;
            let kind = if nothing { Kind::Null } else { Kind::Text(cell.text) };
            Entry { key: name.text.clone(), at: name.span, value: Node { span: cell.span, kind } }
        })
        .collect();
    let whole = match (first, last) {
        (Some(first), Some(last)) => first.to(last),
        _ => Span::new(SourceId::default(), 0, 0),
    };
    Ok(Node { span: whole, kind: Kind::Map(entries) })
}

struct Cell {
    text: String,
    span: Span,
    quoted: bool,
}

struct Reader<'t> {
    source: SourceId,
    text: &'t str,
    at: usize,
    counter: Counter,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// The next row that is no empty line; none at the end.
    fn row(&mut self) -> Result<Option<Vec<Cell>>, Refused> {
        while self.line_end() {}
        if self.rest().is_empty() {
            return Ok(None);
        }
        let mut cells = Vec::new();
        loop {
            let cell = self.cell()?;
            self.counter.count(cell.span)?;
            cells.push(cell);
            if self.rest().starts_with(',') {
                self.at += 1;
            } else if self.rest().is_empty() || self.line_end() {
                return Ok(Some(cells));
            } else {
                return Err(self.stray());
            }
        }
    }

    fn line_end(&mut self) -> bool {
        let width = match self.rest() {
            rest if rest.starts_with("\r\n") => 2,
            rest if rest.starts_with('\n') => 1,
            _ => 0,
        };
        self.at += width;
        width > 0
    }

    fn cell(&mut self) -> Result<Cell, Refused> {
        let start = self.at;
        if self.rest().starts_with('"') {
            let text = self.quoted()?;
            return Ok(Cell { text, span: span(self.source, start, self.at), quoted: true });
        }
        let rest = self.rest();
        let end = rest.find([',', '\n', '\r', '"']).unwrap_or(rest.len());
        let text = rest.get(..end).unwrap_or("").to_owned();
        self.at += end;
        Ok(Cell { text, span: span(self.source, start, self.at), quoted: false })
    }

    fn quoted(&mut self) -> Result<String, Refused> {
        let start = self.at;
        self.at += 1;
        let mut whole = String::new();
        loop {
            let rest = self.rest();
            let Some(end) = rest.find('"') else {
                let found = invalid(span(self.source, start, start + 1), Format::Csv, "a quote that is never closed");
                return Err(Box::new(found.help("close it, and write `\"\"` for a quote inside of a cell")));
            };
            let part = rest.get(..end).unwrap_or("").to_owned();
            whole.push_str(&part);
            self.at += end + 1;
            if !self.rest().starts_with('"') {
                return Ok(whole);
            }
            whole.push('"');
            self.at += 1;
        }
    }

    /// F0010 for what may not stand behind a cell.
    fn stray(&self) -> Refused {
        let width = self.rest().chars().next().map_or(0, char::len_utf8);
        let at = span(self.source, self.at, self.at + width);
        Box::new(match self.rest().starts_with('"') {
            true => invalid(at, Format::Csv, "a quote inside of a cell")
                .help("put the whole cell into quotes, and write `\"\"` for a quote inside of it"),
            false if self.rest().starts_with('\r') => invalid(at, Format::Csv, "a carriage return without a line feed")
                .help("let the other tool write it again, with `\\n` or `\\r\\n` at the end of each line"),
            false => {
                invalid(at, Format::Csv, "expected `,` or the end of the row").help("let the other tool write it again")
            }
        })
    }
}
