//! `# fleetc: allow(F0505, runs-nowhere) reason="…"` in comments.
//!
//! On a line of its own an allowance holds for the declaration or entry below it, at the end of a line for that line. It
//! needs a reason, names warnings and notes only, and is a warning itself when there is nothing to allow.

use super::{Reach, nearest_lint};
use crate::diag::codes::find_code;
use crate::diag::{Applicability, Code, Diagnostic, Diagnostics, Severity, codes, did_you_mean};
use crate::source::{SourceFile, SourceId, Sources, Span};
use crate::syntax::Parse;
use crate::syntax::cst::{Cst, Node};
use crate::syntax::kind::SyntaxKind;

/// What makes a comment speak to fleetc.
const MARK: &str = "fleetc:";

/// One code of an allowance.
struct Allowed {
    code: &'static Code,
    /// The code's word.
    at: Span,
    /// What goes when the code is taken out of the list.
    piece: Span,
    /// The text it holds for.
    scope: Span,
    used: bool,
}

/// Applies the allowances in the comments of `parse`.
pub fn apply(parse: &Parse, sources: &Sources, reach: Reach, diagnostics: &mut Diagnostics) {
    let file = sources.file(parse.cst.source);
    if !file.text.contains(MARK) {
        return;
    }
    let mut allowed = Vec::new();
    for comment in parse.cst.leaves().filter(|node| node.kind == SyntaxKind::Comment) {
        let mut reader = Reader::new(parse.cst.source, file, comment);
        match reader.read() {
            Ok(None) => {}
            Ok(Some(listed)) => {
                let scope = scope(&parse.cst, file, comment);
                allowed.extend(listed.into_iter().map(|(code, at, piece)| Allowed {
                    code,
                    at,
                    piece,
                    scope,
                    used: false,
                }));
            }
            Err(diagnostic) => diagnostics.push(*diagnostic),
        }
    }
    diagnostics.suppress(|diagnostic| {
        let at = diagnostic.primary.span;
        let holds = |one: &&mut Allowed| {
            let inside =
                at.source == one.scope.source && one.scope.start <= at.start && at.start < one.scope.end.max(1);
            inside && one.code == diagnostic.code && diagnostic.severity != Severity::Error
        };
        let mut hit = false;
        for one in allowed.iter_mut().filter(holds) {
            one.used = true;
            hit = true;
        }
        hit
    });
    if reach == Reach::Whole {
        for one in allowed.iter().filter(|one| !one.used) {
            diagnostics.push(unused(one));
        }
    }
}

/// The text that the allowance in `comment` holds for.
fn scope(cst: &Cst, file: &SourceFile, comment: &Node) -> Span {
    let line = file.lines().line_of(comment.start);
    let line_start = file.lines().start_of(line).unwrap_or(0);
    let before = file.text.get(line_start as usize..comment.start as usize).unwrap_or("");
    if !before.trim().is_empty() {
        return Span::new(cst.source, line_start, comment.start);
    }
    // The nodes are in pre-order, so that their starts never fall.
    let behind = cst.nodes().partition_point(|node| node.start < comment.end);
    let behind = cst.nodes().get(behind..).unwrap_or_default();
    let next = behind.iter().find(|node| node.subtree == 1 && !node.kind.is_trivia());
    let Some(start) = next.map(|node| node.start) else { return Span::new(cst.source, comment.end, comment.end) };
    let item =
        behind.iter().take_while(|node| node.start <= start).find(|node| node.start == start && is_item(node.kind));
    let line_end = file.lines().start_of(file.lines().line_of(start) + 1);
    let end_of_file = u32::try_from(file.text.len()).unwrap_or(u32::MAX);
    let end = item.map_or_else(|| line_end.unwrap_or(end_of_file), |node| node.end);
    Span::new(cst.source, start, end)
}

/// Whether such a node is a declaration or an entry.
fn is_item(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        SyntaxKind::Declaration
            | SyntaxKind::Attribute
            | SyntaxKind::Parameter
            | SyntaxKind::Operation
            | SyntaxKind::OnBlock
            | SyntaxKind::Nested
            | SyntaxKind::Expectation
    )
}

type Listed = Vec<(&'static Code, Span, Span)>;
type Refused = Box<Diagnostic>;

/// Reads one comment.
struct Reader<'t> {
    source: SourceId,
    /// The text of the file.
    file: &'t str,
    /// Offset of the comment in the file.
    start: usize,
    /// The comment.
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn new(source: SourceId, file: &'t SourceFile, comment: &Node) -> Self {
        let text = file.text.get(comment.start as usize..comment.end as usize).unwrap_or("");
        Self { source, file: &file.text, start: comment.start as usize, text: text.trim_end(), at: 0 }
    }

    /// The codes, or none when the comment does not speak to fleetc.
    fn read(&mut self) -> Result<Option<Listed>, Refused> {
        self.skip(|c| c == '#' || c == ' ' || c == '\t');
        if !self.eat(MARK) {
            return Ok(None);
        }
        self.blanks();
        let word = self.word();
        if self.of(word) != "allow" {
            return Err(self.unknown_word(word));
        }
        self.blanks();
        if !self.eat("(") {
            return Err(self.malformed("a `(` with the codes is missing"));
        }
        let listed = self.codes()?;
        self.reason()?;
        Ok(Some(listed))
    }

    fn codes(&mut self) -> Result<Listed, Refused> {
        let mut listed: Vec<(&'static Code, Span)> = Vec::new();
        // Behind the parenthesis or comma before each code.
        // Behind the parenthesis or comma before each code.
        let mut starts = Vec::new();
        loop {
            starts.push(self.at);
            self.blanks();
            let word = self.word();
            if word.0 == word.1 {
                return Err(self.malformed("a code is missing"));
            }
            listed.push((self.code(word)?, self.span(word)));
            self.blanks();
            if self.eat(")") {
                break;
            }
            if !self.eat(",") {
                return Err(self.malformed("a `,` or `)` is missing"));
            }
        }
        let piece = |index: usize, at: Span| match (listed.get(1), starts.get(index)) {
            (Some((_, next)), _) if index == 0 => Span { end: next.start, ..at },
            // The comma before it goes, too.
            (Some(_), Some(start)) => Span { start: self.span((start - 1, start - 1)).start, ..at },
            _ => self.whole(),
        };
        Ok(listed.iter().enumerate().map(|(index, (code, at))| (*code, *at, piece(index, *at))).collect())
    }

    /// The comment with the blanks before it, and with its line when it stands alone.
    fn whole(&self) -> Span {
        let before = self.file.get(..self.start).unwrap_or("");
        let kept = before.trim_end_matches([' ', '\t']).len();
        let alone = kept == 0 || before.get(..kept).is_some_and(|kept| kept.ends_with('\n'));
        let end = self.start + self.text.len();
        let behind = self.file.get(end..).unwrap_or("");
        let line_end = if !alone {
            0
        } else if behind.starts_with("\r\n") {
            2
        } else {
            usize::from(behind.starts_with('\n'))
        };
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Span::new(self.source, offset(kept), offset(end + line_end))
    }

    fn code(&self, word: (usize, usize)) -> Result<&'static Code, Refused> {
        let written = self.of(word);
        let at = self.span(word);
        match find_code(written) {
            Some(code) if code.severity == Severity::Error => Err(Box::new(
                Diagnostic::new(
                    codes::INVALID_ALLOWANCE,
                    at,
                    format!("`{}` ({}) is an error, and errors cannot be allowed", code.id, code.slug),
                )
                .label("always an error")
                .help("mend what it says, and leave this out"),
            )),
            Some(code) => Ok(code),
            None => {
                let message = format!("no diagnostic has the code or name `{written}`");
                let diagnostic = Diagnostic::new(codes::INVALID_ALLOWANCE, at, message).label("not known");
                Err(Box::new(match nearest_lint(written) {
                    Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
                        format!("write `{near}`"),
                        Applicability::Unsafe,
                        at,
                        near,
                    ),
                    None => diagnostic.help("`fleetc explain --all` lists every code"),
                }))
            }
        }
    }

    fn reason(&mut self) -> Result<(), Refused> {
        self.blanks();
        if self.at == self.text.len() {
            let at = self.span((self.at, self.at));
            return Err(Box::new(
                Diagnostic::new(codes::INVALID_ALLOWANCE, at, "the allowance has no reason")
                    .label("expected `reason=\"…\"`")
                    .help("say for the next reader why this is fine: `reason=\"…\"`"),
            ));
        }
        if !self.eat("reason") {
            return Err(self.malformed("`reason=\"…\"` is expected here"));
        }
        self.blanks();
        if !self.eat("=") {
            return Err(self.malformed("a `=` is missing"));
        }
        self.blanks();
        let rest = self.text.get(self.at..).unwrap_or("");
        let inside = rest.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        match inside {
            Some(text) if !text.trim().is_empty() => Ok(()),
            Some(_) => Err(self.malformed("the reason is empty")),
            None => Err(self.malformed("the reason stands in double quotes, and nothing behind it")),
        }
    }

    fn unknown_word(&self, word: (usize, usize)) -> Refused {
        let written = self.of(word);
        let message = match written {
            "" => "a comment for fleetc says nothing".to_owned(),
            _ => format!("a comment cannot tell fleetc to `{written}`"),
        };
        let at = self.span(word);
        let diagnostic = Diagnostic::new(codes::INVALID_ALLOWANCE, at, message).label("expected `allow`");
        Box::new(match did_you_mean(written, ["allow"]) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
                format!("write `{near}`"),
                Applicability::Unsafe,
                at,
                near,
            ),
            None => diagnostic.help("write `# fleetc: allow(CODE) reason=\"…\"`"),
        })
    }

    fn malformed(&self, message: &str) -> Refused {
        let at = self.span((self.at, self.text.len()));
        Box::new(
            Diagnostic::new(codes::INVALID_ALLOWANCE, at, format!("the allowance cannot be read: {message}"))
                .label("not understood")
                .help("write `# fleetc: allow(CODE) reason=\"…\"`"),
        )
    }

    fn eat(&mut self, word: &str) -> bool {
        let there = self.text.get(self.at..).is_some_and(|rest| rest.starts_with(word));
        if there {
            self.at += word.len();
        }
        there
    }

    fn blanks(&mut self) {
        self.skip(|c| c == ' ' || c == '\t');
    }

    fn skip(&mut self, skipped: impl Fn(char) -> bool) {
        let rest = self.text.get(self.at..).unwrap_or("");
        self.at += rest.find(|c| !skipped(c)).unwrap_or(rest.len());
    }

    /// The letters, digits and hyphens from here.
    fn word(&mut self) -> (usize, usize) {
        let start = self.at;
        self.skip(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        (start, self.at)
    }

    fn of(&self, range: (usize, usize)) -> &'t str {
        self.text.get(range.0..range.1).unwrap_or("")
    }

    fn span(&self, range: (usize, usize)) -> Span {
        let offset = |at: usize| u32::try_from(self.start + at).unwrap_or(u32::MAX);
        Span::new(self.source, offset(range.0), offset(range.1))
    }
}

/// F0701, with the fix that takes it out.
fn unused(one: &Allowed) -> Diagnostic {
    let code = one.code;
    let message = format!("nothing here raises `{}` ({})", code.id, code.slug);
    Diagnostic::new(codes::UNUSED_ALLOWANCE, one.at, message)
        .label("allows nothing")
        .fix("take it out", Applicability::Safe, one.piece, "")
        .note("on a line of its own an allowance holds for the declaration or entry below it, else for its line")
}
