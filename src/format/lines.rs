//! The lines that have been written, with their comments beside them until all are known.

/// A comment at the end of a line.
struct Trailing {
    text: String,
    /// The column in which its author put it.
    column: usize,
}

#[derive(Default)]
struct Line {
    indent: usize,
    /// May hold line ends, those of text over several lines.
    code: String,
    comment: Option<Trailing>,
    /// Whether it ended with a line feed alone, which stays: a string that nobody closed would hold what comes before it.
    bare: bool,
}

impl Line {
    /// The column behind the code.
    fn column(&self) -> usize {
        match self.code.rsplit_once('\n') {
            Some((_, last)) => last.chars().count(),
            None if self.code.is_empty() => 0,
            None => self.indent + self.code.chars().count(),
        }
    }

    fn is_several(&self) -> bool {
        self.code.contains('\n')
    }
}

/// Lines in the making.
#[derive(Default)]
pub(super) struct Lines {
    done: Vec<Line>,
}

impl Lines {
    /// Begins a line.
    pub fn line(&mut self, indent: usize) {
        self.done.push(Line { indent, ..Line::default() });
    }

    /// Leaves a line empty.
    pub fn blank(&mut self) {
        self.done.push(Line::default());
    }

    /// Writes on the current line.
    pub fn code(&mut self, code: &str) {
        if let Some(line) = self.done.last_mut() {
            line.code.push_str(code);
            line.bare &= code.is_empty();
        }
    }

    /// Writes what stays as it stood, with what stood `behind` it.
    pub fn verbatim(&mut self, code: &str, behind: &str) {
        self.code(code);
        if let Some(line) = self.done.last_mut() {
            line.bare = behind.starts_with('\n');
        }
    }

    /// Writes `count` blanks on the current line.
    pub fn blanks(&mut self, count: usize) {
        if let Some(line) = self.done.last_mut() {
            line.code.extend(std::iter::repeat_n(' ', count));
        }
    }

    /// Puts a comment, which stood in `column`, behind the current line.
    pub fn comment(&mut self, text: &str, column: usize) {
        if let Some(line) = self.done.last_mut() {
            line.comment = Some(Trailing { text: text.to_owned(), column });
        }
    }

    /// The column at which the current line goes on.
    pub fn column(&self) -> usize {
        self.done.last().map_or(0, |line| if line.code.is_empty() { line.indent } else { line.column() })
    }

    /// Whether the current line holds its end, in a string that nobody closed.
    pub fn is_ended(&self) -> bool {
        self.done.last().is_some_and(|line| line.code.ends_with('\n'))
    }

    /// How far the current line is indented.
    pub fn indent(&self) -> usize {
        self.done.last().map_or(0, |line| line.indent)
    }

    /// The text, with `end` behind each line.
    pub fn text(&self, end: &str) -> String {
        let mut out = String::new();
        let runs = self
            .done
            .chunk_by(|a, b| a.comment.is_some() && b.comment.is_some() && a.indent == b.indent && !b.is_several());
        for run in runs {
            let column = column_of(run);
            for line in run {
                if !line.code.is_empty() {
                    out.extend(std::iter::repeat_n(' ', line.indent));
                }
                out.push_str(&line.code);
                if let Some(comment) = &line.comment {
                    out.extend(std::iter::repeat_n(' ', column.saturating_sub(line.column()).max(2)));
                    out.push_str(&comment.text);
                }
                // A string that nobody closed holds the end of its line.
                match line.code.as_bytes() {
                    [.., b'\n'] => {}
                    [.., b'\r'] => out.push('\n'),
                    _ if line.bare && line.comment.is_none() => out.push('\n'),
                    _ => out.push_str(end),
                }
            }
        }
        out
    }
}

/// The column of the comments of neighbouring lines: that of their author, if it is one and they fit there; else two
/// blanks behind the longest.
fn column_of(run: &[Line]) -> usize {
    let least = run.iter().map(|line| line.column() + 2).max().unwrap_or(0);
    let mut columns = run.iter().filter_map(|line| line.comment.as_ref()).map(|comment| comment.column);
    let first = columns.next().unwrap_or(0);
    if first >= least && columns.all(|column| column == first) { first } else { least }
}
