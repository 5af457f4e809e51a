//! Values and predicates: precedence over the flat sequence of tokens of an expression.
//!
//! `or` binds weaker than `and`, `and` weaker than `not`, `not` weaker than a comparison; comparisons do not chain.

use super::head::RESERVED;
use super::{Lower, errors, is_string};
use crate::source::Span;
use crate::syntax::ast::{Branch, Expr, ExprKind, Name, Path};
use crate::syntax::cst::NodeRef;
use crate::syntax::kind::SyntaxKind as K;

/// The tokens of one expression, read from left to right.
struct Tokens<'c> {
    nodes: Vec<NodeRef<'c>>,
    next: usize,
    /// Where the token before the next one is.
    last: Span,
    /// Whether something is missing already: of several holes in one expression the first is reported.
    broken: bool,
}

impl<'c> Tokens<'c> {
    fn peek(&self) -> Option<NodeRef<'c>> {
        self.nodes.get(self.next).copied()
    }

    fn take(&mut self) -> Option<NodeRef<'c>> {
        let node = self.peek()?;
        self.next += 1;
        self.last = node.span();
        Some(node)
    }
}

fn hole(span: Span) -> Expr {
    Expr { span, kind: ExprKind::Error }
}

impl Lower<'_> {
    /// An [`K::Expr`] node.
    pub(super) fn expr(&mut self, node: NodeRef<'_>) -> Expr {
        let span = node.span();
        let start = self.behind(span);
        let mut tokens = Tokens { nodes: node.parts().collect(), next: 0, last: start, broken: false };
        let conditional = self.at_word(&tokens, "if");
        let value = if conditional { self.conditional(&mut tokens, span) } else { self.or(&mut tokens) };
        if let Some(rest) = tokens.peek().filter(|_| !tokens.broken) {
            self.unexpected(rest, "the end of this value");
        }
        value
    }

    /// Whether the next token is this keyword or operator.
    fn at_word(&self, tokens: &Tokens<'_>, word: &str) -> bool {
        tokens.peek().is_some_and(|node| matches!(node.kind(), K::Keyword | K::Operator) && self.text_of(node) == word)
    }

    /// The `=` before an expression, for the words of what is missing; else the empty span before it.
    fn behind(&self, span: Span) -> Span {
        let before = self.text.get(..span.start as usize).unwrap_or("").trim_end_matches([' ', '\t', '\r']);
        let end = u32::try_from(before.len()).unwrap_or(span.start);
        if before.ends_with('=') { Span { start: end - 1, end, ..span } } else { Span { end: span.start, ..span } }
    }

    fn conditional(&mut self, tokens: &mut Tokens<'_>, span: Span) -> Expr {
        let mut branches = Vec::new();
        let otherwise = loop {
            tokens.take();
            let condition = self.or(tokens);
            let value = self.behind_word(tokens, "then");
            branches.push(Branch { condition, value });
            let another = tokens.nodes.get(tokens.next + 1).is_some_and(|node| self.text_of(*node) == "if");
            if !(self.at_word(tokens, "else") && another) {
                break self.behind_word(tokens, "else");
            }
            tokens.take();
        };
        Expr { span, kind: ExprKind::If { branches, otherwise: Box::new(otherwise) } }
    }

    /// The value behind `then` or `else`; the word may be missing, and stands as a hole among the tokens then.
    fn behind_word(&mut self, tokens: &mut Tokens<'_>, word: &str) -> Expr {
        if self.at_word(tokens, word) {
            tokens.take();
            return self.or(tokens);
        }
        if tokens.peek().is_some_and(|node| node.kind() == K::Missing) {
            tokens.take();
        }
        let at = tokens.last.after();
        if !tokens.broken {
            tokens.broken = true;
            let help = "write `if PREDICATE then A else B`";
            self.sink.push(errors::missing_part(at, &format!("`{word}`"), help));
        }
        hole(at)
    }

    fn or(&mut self, tokens: &mut Tokens<'_>) -> Expr {
        self.chain(tokens, "or", Self::and, ExprKind::Or)
    }

    fn and(&mut self, tokens: &mut Tokens<'_>) -> Expr {
        self.chain(tokens, "and", Self::not, ExprKind::And)
    }

    fn chain(
        &mut self,
        tokens: &mut Tokens<'_>,
        word: &str,
        part: fn(&mut Self, &mut Tokens<'_>) -> Expr,
        make: fn(Vec<Expr>) -> ExprKind,
    ) -> Expr {
        let first = part(self, tokens);
        let mut parts = vec![first];
        while self.at_joint(tokens, word) {
            self.operator(tokens);
            parts.push(part(self, tokens));
        }
        let span = match (parts.first(), parts.last()) {
            (Some(first), Some(last)) => first.span.to(last.span),
            _ => tokens.last,
        };
        match (parts.pop(), parts.is_empty()) {
            (Some(only), true) => only,
            (Some(last), false) => {
                parts.push(last);
                Expr { span, kind: make(parts) }
            }
            (None, _) => hole(span),
        }
    }

    /// Whether `and` or `or` follows, or what other languages write for it.
    fn at_joint(&self, tokens: &Tokens<'_>, word: &str) -> bool {
        let foreign: &[&str] = if word == "and" { &["&&", "&"] } else { &["||", "|", "+"] };
        self.at_word(tokens, word)
            || tokens
                .peek()
                .is_some_and(|node| node.kind() == K::WrongOperator && foreign.contains(&self.text_of(node)))
    }

    /// Takes an operator and reports one that does not exist.
    fn operator(&mut self, tokens: &mut Tokens<'_>) -> &str {
        let Some(node) = tokens.take() else { return "" };
        let text = self.slice(node.span());
        if node.kind() == K::WrongOperator && !tokens.broken {
            self.sink.push(errors::wrong_operator(node.span(), text));
            tokens.broken = !matches!(text, "&&" | "||" | "&" | "=");
        }
        text
    }

    /// `not not … P`; an even number of them is none.
    fn not(&mut self, tokens: &mut Tokens<'_>) -> Expr {
        let mut first = None;
        let mut negated = false;
        while self.at_word(tokens, "not") {
            let node = tokens.take();
            first = first.or(node.map(NodeRef::span));
            negated = !negated;
        }
        let inner = self.comparison(tokens);
        let Some(first) = first else { return inner };
        let span = first.to(inner.span);
        if negated { Expr { span, kind: ExprKind::Not(Box::new(inner)) } } else { Expr { span, kind: inner.kind } }
    }

    fn comparison(&mut self, tokens: &mut Tokens<'_>) -> Expr {
        let left = self.value(tokens);
        if !self.at_comparison(tokens) {
            return left;
        }
        let operator = self.operator(tokens).to_owned();
        let right = self.right_side(tokens);
        if let Some(next) = tokens.peek().filter(|_| self.at_comparison(tokens)) {
            if !tokens.broken {
                self.sink.push(errors::chained_comparison(next.span(), self.text_of(next)));
                tokens.broken = true;
            }
            while self.at_comparison(tokens) {
                tokens.take();
                self.right_side(tokens);
            }
        }
        let span = left.span.to(right.span);
        let (left, right) = (Box::new(left), Box::new(right));
        let kind = match operator.as_str() {
            "==" | "=" => ExprKind::Compare { left, negated: false, right },
            "!=" => ExprKind::Compare { left, negated: true, right },
            "in" => ExprKind::In { left, negated: false, values: right },
            "like" => ExprKind::Like { left, pattern: right },
            other if other.starts_with("not") => ExprKind::In { left, negated: true, values: right },
            _ => ExprKind::Error,
        };
        Expr { span, kind }
    }

    fn at_comparison(&self, tokens: &Tokens<'_>) -> bool {
        tokens.peek().is_some_and(|node| {
            let joint = ["and", "or"].contains(&self.text_of(node));
            match node.kind() {
                K::Operator => !joint,
                K::WrongOperator => !self.at_joint(tokens, "and") && !self.at_joint(tokens, "or"),
                _ => false,
            }
        })
    }

    /// The right side of a comparison, before which no `not` can stand.
    fn right_side(&mut self, tokens: &mut Tokens<'_>) -> Expr {
        while self.at_word(tokens, "not") {
            if let Some(node) = tokens.take().filter(|_| !tokens.broken) {
                self.sink.push(errors::misplaced_not(node.span()));
                tokens.broken = true;
            }
        }
        self.value(tokens)
    }

    fn value(&mut self, tokens: &mut Tokens<'_>) -> Expr {
        if self.at_word(tokens, "has") {
            return self.has(tokens);
        }
        let behind = tokens.last;
        match tokens.take() {
            Some(node) if node.kind() == K::Missing => {
                self.missing_value(tokens, behind);
                hole(behind.after())
            }
            Some(node) => self.operand(node),
            None => hole(behind.after()),
        }
    }

    fn missing_value(&mut self, tokens: &mut Tokens<'_>, behind: Span) {
        if tokens.broken {
            return;
        }
        tokens.broken = true;
        let rest = self.text.get(behind.end as usize..).unwrap_or("").trim_start_matches([' ', '\t', '\r']);
        let word = rest.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or("");
        self.missing = Some(behind.end);
        let made = errors::missing_value(behind.after(), self.slice(behind));
        self.sink.push(match word {
            "if" => made.help("put an `if` inside of a value in parentheses: `( if … )`"),
            word if RESERVED.contains(&word) => {
                made.help(format!("`{word}` is a word of the language; for text, write `\"{word}\"`"))
            }
            _ => made,
        });
    }

    fn has(&mut self, tokens: &mut Tokens<'_>) -> Expr {
        let start = tokens.take().map_or(tokens.last, NodeRef::span);
        while self.at_word(tokens, "has") || self.at_word(tokens, "not") {
            if let Some(node) = tokens.take().filter(|_| !tokens.broken) {
                self.sink.push(errors::unexpected_text(node.span(), self.slice(node.span()), "a label"));
                tokens.broken = true;
            }
        }
        let Some(node) = tokens.peek() else { return hole(start) };
        let span = start.to(node.span());
        let text = self.text_of(node);
        if node.kind() == K::Path && !text.contains('.') && !RESERVED.contains(&text) {
            tokens.take();
            let name = Name { text: text.to_owned(), span: node.span() };
            return Expr { span, kind: ExprKind::Has(name) };
        }
        if is_string(node.kind()) {
            tokens.take();
            let name = self.subject_name(node);
            return Expr { span, kind: name.map_or(ExprKind::Error, ExprKind::Has) };
        }
        let value = self.value(tokens);
        if !tokens.broken && !matches!(value.kind, ExprKind::Error) {
            self.sink.push(errors::unexpected_text(node.span(), text, "a label"));
            tokens.broken = true;
        }
        hole(span)
    }

    /// One operand.
    pub(super) fn operand(&mut self, node: NodeRef<'_>) -> Expr {
        let span = node.span();
        let kind = match node.kind() {
            K::PlainString | K::ShortString | K::LongString => {
                self.string(node).map_or(ExprKind::Error, ExprKind::Text)
            }
            K::Number => self.number(node),
            K::Path => return self.path_value(node),
            K::List => ExprKind::List(self.items(node)),
            K::Group => return self.group(node),
            K::Block => ExprKind::Map(self.map(node)),
            K::BareText => {
                self.sink.push(errors::text_wants_quotes(span, self.text_of(node)));
                ExprKind::Error
            }
            K::Misplaced | K::StrayWord => {
                self.sink.push(errors::reserved_value(span, self.text_of(node)));
                ExprKind::Error
            }
            _ => {
                self.unexpected(node, "a value");
                ExprKind::Error
            }
        };
        Expr { span, kind }
    }

    fn path_value(&mut self, node: NodeRef<'_>) -> Expr {
        let kind = match self.text_of(node) {
            "true" => ExprKind::Bool(true),
            "false" => ExprKind::Bool(false),
            "null" => ExprKind::Null,
            _ => self.path(node).map_or(ExprKind::Error, ExprKind::Path),
        };
        Expr { span: node.span(), kind }
    }

    /// Names joined by dots.
    pub(super) fn path(&mut self, node: NodeRef<'_>) -> Option<Path> {
        let span = node.span();
        let text = self.text_of(node);
        let mut parts = Vec::new();
        let mut start = span.start;
        for part in text.split('.') {
            let end = start + u32::try_from(part.len()).unwrap_or(0);
            if part.is_empty() {
                self.sink.push(errors::dangling_dot(Span { start, end, ..span }, text));
                return None;
            }
            parts.push(Name { text: part.to_owned(), span: Span { start, end, ..span } });
            start = end + 1;
        }
        Some(Path { parts, span })
    }

    /// The items of a list or group.
    fn items(&mut self, node: NodeRef<'_>) -> Vec<Expr> {
        let mut items = Vec::new();
        let mut before = K::Comma;
        let mut open = node.span();
        let mut first = true;
        let mut end = node.span();
        let unclosed = node.child(K::Unclosed).is_some();
        for part in node.parts() {
            match part.kind() {
                // The block of the declaration around, which the list took for an item because it was never closed.
                _ if unclosed && !first && before != K::Comma && self.opens_block(part) => {
                    self.unclosed_list(node, open, end.after());
                    // What the block says is lost, so nothing may be made of the list either.
                    items.push(hole(part.span()));
                    break;
                }
                K::OpenBracket | K::OpenParen => open = part.span(),
                K::CloseBracket | K::CloseParen => {}
                K::Comma => {
                    if before == K::Comma {
                        self.sink.push(errors::comma_too_many(part.span()));
                    }
                    before = K::Comma;
                }
                K::Unclosed => self.unclosed_list(node, open, part.span()),
                kind => {
                    if before != K::Comma && !first && before != K::StrayWord && node.kind() == K::List {
                        self.sink.push(errors::missing_comma(part.span(), end));
                    }
                    let item = if kind == K::Expr { self.expr(part) } else { self.operand(part) };
                    items.push(item);
                    before = kind;
                    first = false;
                    end = part.span();
                }
            }
        }
        items
    }

    fn opens_block(&self, part: NodeRef<'_>) -> bool {
        self.text.get(part.span().start as usize..).is_some_and(|text| text.starts_with('{'))
    }

    fn unclosed_list(&mut self, node: NodeRef<'_>, open: Span, at: Span) {
        let (what, close) = if node.kind() == K::List { ("list", ']') } else { ("parenthesis", ')') };
        let rest = self.text.get(at.end as usize..).unwrap_or("");
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        let found = rest.trim_start_matches([' ', '\t']).chars().next().filter(|c| matches!(c, ']' | ')'));
        let start = at.end + u32::try_from(blanks).unwrap_or(0);
        let place = if found.is_some() { Span { start, end: start + 1, ..at } } else { at };
        // A bracket of another kind right here: either this one is wrong, or it closes what is around.
        if !self.swallowed {
            self.sink.push(errors::unclosed_bracket(open, place, what, close, found));
        }
        self.cut = Some(at.end);
    }

    fn group(&mut self, node: NodeRef<'_>) -> Expr {
        let span = node.span();
        let mut items = self.items(node);
        let closed = node.child(K::CloseParen).is_some();
        let has_comma = node.child(K::Comma).is_some();
        match (items.pop(), items.is_empty()) {
            (Some(only), true) => {
                if has_comma && closed {
                    self.sink.push(errors::not_one_value(span, false));
                    return hole(span);
                }
                Expr { span, kind: only.kind }
            }
            (Some(_), false) => {
                if closed {
                    self.sink.push(errors::not_one_value(span, false));
                }
                hole(span)
            }
            (None, _) => {
                if closed && !has_comma {
                    self.sink.push(errors::not_one_value(span, true));
                }
                hole(span)
            }
        }
    }
}
