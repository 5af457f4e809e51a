//! Blocks, maps and their entries.

use super::head::{Clause, Head};
use super::{Lower, errors, is_string};
use crate::source::Span;
use crate::syntax::ast::{
    Attribute, Block, Entry, Expr, ExprKind, Name, NestedBlock, Operation, Param, Text, TextPart,
};
use crate::syntax::cst::NodeRef;
use crate::syntax::kind::SyntaxKind as K;
use crate::syntax::lower::text::is_bare_name;

/// The blocks whose entries are the entries of a map.
const MAPS: [&str; 8] =
    ["values", "labels", "annotations", "substitute", "images", "merge", "namespace-labels", "namespace-annotations"];

/// The words that begin a block whose argument could be taken for a value, were the block missing.
const BLOCKS: [&str; 5] = ["ignore", "patch", "retry", "window", "values"];

/// What other tools call the operations of a patch (RFC 6902 has `move` and `copy` too, which would need a second
/// pointer).
const FOREIGN_OPERATIONS: [&str; 6] = ["copy", "delete", "insert", "move", "set", "update"];

impl Lower<'_> {
    /// A block of a declaration or a nested one.
    pub(super) fn block(&mut self, node: NodeRef<'_>) -> Block {
        let entries = self.entries(node);
        self.report_unclosed_block(node);
        Block { span: node.span(), entries }
    }

    /// The entries of a map.
    pub(super) fn map(&mut self, node: NodeRef<'_>) -> Vec<Attribute> {
        let mut separators = Separators::default();
        let mut found = Vec::new();
        for part in node.parts() {
            self.check_separator(&mut separators, part);
            found.extend(self.map_entry(part));
        }
        self.report_unclosed_block(node);
        found
    }

    fn map_entry(&mut self, part: NodeRef<'_>) -> Option<Attribute> {
        match part.kind() {
            K::Attribute => return self.attribute(part),
            K::Nested | K::Expectation => return self.nested_in_map(part),
            K::OnBlock => self.sink.push(errors::entry_in_map(first_span(part), "an `on` block")),
            K::Operation => self.sink.push(errors::entry_in_map(first_span(part), "an operation of a patch")),
            K::Parameter => self.sink.push(errors::entry_in_map(first_span(part), "a `param`")),
            _ => self.broken_entry(part),
        }
        None
    }

    fn entries(&mut self, node: NodeRef<'_>) -> Vec<Entry> {
        self.entries_but(node, &mut |_, _| false)
    }

    /// The entries of a block but for those that `taken` says to be something else.
    pub(super) fn entries_but(
        &mut self,
        node: NodeRef<'_>,
        taken: &mut dyn FnMut(&mut Self, NodeRef<'_>) -> bool,
    ) -> Vec<Entry> {
        let mut separators = Separators::default();
        let mut found = Vec::new();
        for part in node.parts() {
            self.check_separator(&mut separators, part);
            if taken(self, part) {
                continue;
            }
            match part.kind() {
                K::Attribute => found.extend(self.attribute(part).map(Entry::Attribute)),
                K::Nested => found.extend(self.nested(part)),
                K::Expectation => self.sink.push(errors::misplaced_expect(first_span(part))),
                K::OnBlock => found.push(Entry::Block(self.on_block(part))),
                K::Operation => found.extend(self.operation(part).map(Entry::Operation)),
                K::Parameter => found.extend(self.parameter(part).map(Entry::Param)),
                _ => self.broken_entry(part),
            }
        }
        found
    }

    fn broken_entry(&mut self, part: NodeRef<'_>) {
        match part.kind() {
            K::Stray if self.is_caused(part.span()) => {}
            K::Stray => self.sink.push(errors::stray_close(part.span(), self.text_of(part))),
            // A YAML list behind a key whose value is missing: that was said.
            K::Junk if self.text_of(part).starts_with("- ") && self.follows_missing_value(part.span()) => {
                self.missing = Some(part.span().end);
            }
            K::Junk => self.unexpected(part, "an entry"),
            _ => {}
        }
    }

    /// Whether nothing but blanks and ends of lines stands between `span` and a value that is missing.
    fn follows_missing_value(&self, span: Span) -> bool {
        let between = self.missing.and_then(|missing| self.text.get(missing as usize..span.start as usize));
        between.is_some_and(|between| between.trim().is_empty())
    }

    fn check_separator(&mut self, separators: &mut Separators, part: NodeRef<'_>) {
        match part.kind() {
            K::Comma => {
                if !separators.entry_before {
                    self.sink.push(errors::comma_too_many(part.span()));
                }
                separators.entry_before = false;
                separators.end = None;
            }
            K::OpenBrace | K::CloseBrace | K::Unclosed | K::Stray => separators.end = None,
            _ => {
                let start = part.span().start;
                let before = separators.end.filter(|end| !self.separated(*end, start));
                if let (Some(end), false) = (before, separators.broken) {
                    self.sink.push(errors::same_line_entry(first_span(part), end));
                }
                separators.entry_before = true;
                separators.broken = part.kind() == K::Junk;
                separators.end = Some(part.span().end);
            }
        }
    }

    /// `key = value`
    fn attribute(&mut self, node: NodeRef<'_>) -> Option<Attribute> {
        let mut parts = node.parts();
        let key = self.key(parts.next()?)?;
        let mut value = Expr { span: node.span().after(), kind: ExprKind::Error };
        for part in parts {
            match part.kind() {
                K::WrongSeparator => {
                    let glued = key.span.end == part.span().start;
                    let made = errors::wrong_separator(part.span(), self.text_of(part), &key.text, glued);
                    self.sink.push(made);
                }
                K::Expr => value = self.expr(part),
                K::Tagged => value = self.tagged(part),
                K::Extra if !is_hole(&value) => {
                    self.unexpected(part, "a comma or a newline");
                    value.kind = ExprKind::Error;
                }
                _ => {}
            }
        }
        Some(Attribute { key, value })
    }

    fn tagged(&mut self, node: NodeRef<'_>) -> Expr {
        let kind = match (node.child(K::Word), node.child(K::Block)) {
            (Some(word), Some(block)) => {
                let name = Name { text: self.text_of(word).to_owned(), span: word.span() };
                ExprKind::Tagged(name, self.map(block))
            }
            _ => ExprKind::Error,
        };
        Expr { span: node.span(), kind }
    }

    /// A key: any word, or a string.
    fn key(&mut self, node: NodeRef<'_>) -> Option<Name> {
        if is_string(node.kind()) {
            return self.subject_name(node);
        }
        let text = self.text_of(node);
        if !is_bare_name(text) {
            self.sink.push(errors::key_wants_quotes(node.span(), text));
        }
        Some(Name { text: text.to_owned(), span: node.span() })
    }

    fn parameter(&mut self, node: NodeRef<'_>) -> Option<Param> {
        let head = Head::read(node)?;
        self.check_head(&head, "param", &[Clause::Type, Clause::Value]);
        let field = self.field(&head, "param");
        Some(Param { span: node.span(), doc: self.doc(node.span()), field })
    }

    fn operation(&mut self, node: NodeRef<'_>) -> Option<Operation> {
        let mut parts = node.parts();
        let word = parts.next()?;
        let word = Name { text: self.text_of(word).to_owned(), span: word.span() };
        let pointer = self.argument(parts.next()?)?;
        let mut value = None;
        for part in parts {
            match part.kind() {
                K::Expr => value = Some(self.expr(part)),
                K::Extra if !value.as_ref().is_some_and(is_hole) => self.unexpected(part, "a comma or a newline"),
                _ => {}
            }
        }
        Some(Operation { span: node.span(), word, pointer, value })
    }

    fn on_block(&mut self, node: NodeRef<'_>) -> NestedBlock {
        let clause = node.child(K::OnClause);
        let keyword = clause.and_then(|clause| clause.child(K::Keyword)).map_or(first_span(node), NodeRef::span);
        let on = self.predicate(clause);
        self.check_extra(node);
        let body = self.nested_body(node);
        if node.child(K::Block).is_none() && node.child(K::Extra).is_none() && !on.as_ref().is_some_and(is_hole) {
            self.sink.push(errors::missing_block(node.span(), "on"));
        }
        let keyword = Name { text: "on".to_owned(), span: keyword };
        NestedBlock { span: node.span(), keyword, arguments: Vec::new(), on, body }
    }

    fn nested(&mut self, node: NodeRef<'_>) -> Option<Entry> {
        let word = node.parts().next()?;
        let keyword = self.text_of(word);
        if word.kind() != K::Word {
            self.unexpected(word, "an entry");
            return None;
        }
        if is_control_word(keyword) {
            self.sink.push(errors::control_entry(word.span(), keyword));
            return None;
        }
        let name = Name { text: keyword.to_owned(), span: word.span() };
        let block = node.child(K::Block);
        let on = node.child(K::OnClause);
        let complete = block.is_some() || on.is_some() || node.child(K::Extra).is_some() || keyword == "stage";
        let arguments: Vec<NodeRef<'_>> = node.parts().skip(1).filter(|part| is_argument(part.kind())).collect();
        // `set "/pointer" = value`
        if let [value] = arguments.as_slice()
            && is_string(value.kind())
            && FOREIGN_OPERATIONS.contains(&keyword)
            && node.child(K::Extra).is_some_and(|extra| self.text_of(extra).starts_with('='))
        {
            self.sink.push(errors::unknown_operation(word.span(), keyword));
            return None;
        }
        if !complete {
            match arguments.as_slice() {
                [] => return Some(Entry::Attribute(self.lone_word(name))),
                [value] if is_string(value.kind()) && FOREIGN_OPERATIONS.contains(&keyword) => {
                    self.sink.push(errors::unknown_operation(word.span(), keyword));
                    return None;
                }
                [value] if !BLOCKS.contains(&keyword) => {
                    return Some(Entry::Attribute(self.unseparated(name, *value)));
                }
                _ => self.sink.push(errors::missing_block(node.span(), keyword)),
            }
        }
        self.check_extra(node);
        let arguments = arguments.into_iter().filter_map(|argument| self.argument(argument)).collect();
        let on = self.predicate(on);
        let body = match block {
            Some(block) if MAPS.contains(&keyword) => {
                let entries = self.map(block).into_iter().map(Entry::Attribute).collect();
                Block { span: block.span(), entries }
            }
            _ => self.nested_body(node),
        };
        Some(Entry::Block(NestedBlock { span: node.span(), keyword: name, arguments, on, body }))
    }

    /// A word alone: an attribute that is being typed.
    fn lone_word(&mut self, key: Name) -> Attribute {
        let made = errors::missing_value(key.span.after(), &key.text).help(format!("write `{} = …`", key.text));
        self.sink.push(made);
        Attribute { value: Expr { span: key.span.after(), kind: ExprKind::Error }, key }
    }

    /// `key value`
    fn unseparated(&mut self, key: Name, value: NodeRef<'_>) -> Attribute {
        self.sink.push(errors::missing_separator(key.span, &key.text));
        Attribute { value: self.operand(value), key }
    }

    /// `key { … }` in a map, which should be `key = { … }`.
    fn nested_in_map(&mut self, node: NodeRef<'_>) -> Option<Attribute> {
        let key = self.key(node.parts().next()?)?;
        let mut rest = node.parts().skip(1);
        match (rest.next(), rest.next()) {
            (None, _) => Some(self.lone_word(key)),
            (Some(block), None) if block.kind() == K::Block => {
                self.sink.push(errors::block_in_map(key.span, &key.text));
                let value = Expr { span: block.span(), kind: ExprKind::Map(self.map(block)) };
                Some(Attribute { key, value })
            }
            (Some(value), None) if is_argument(value.kind()) => Some(self.unseparated(key, value)),
            _ => {
                self.sink.push(errors::entry_in_map(node.span(), "a block with arguments"));
                None
            }
        }
    }

    pub(super) fn nested_body(&mut self, node: NodeRef<'_>) -> Block {
        match node.child(K::Block) {
            Some(block) => self.block(block),
            None => Block { span: node.span().after(), entries: Vec::new() },
        }
    }

    pub(super) fn check_extra(&mut self, node: NodeRef<'_>) {
        let block = node.child(K::Block).map(NodeRef::span);
        if let Some(extra) = node.child(K::Extra) {
            let behind = block.is_some_and(|block| block.end <= extra.span().start);
            self.unexpected(extra, if behind { "a comma or a newline" } else { "`{`" });
        }
    }

    /// A bare name or string where either may stand.
    fn argument(&mut self, node: NodeRef<'_>) -> Option<Text> {
        let span = node.span();
        if is_string(node.kind()) {
            return self.string(node);
        }
        let text = self.text_of(node);
        match node.kind() {
            K::BareText | K::Number => self.sink.push(errors::text_wants_quotes(span, text)),
            K::Path if text.ends_with('.') => self.sink.push(errors::dangling_dot(span.after(), text)),
            K::Path => {}
            _ => return None,
        }
        Some(Text { span, parts: vec![TextPart::Literal(text.to_owned())] })
    }
}

/// What stands before the next entry of a block.
#[derive(Default)]
struct Separators {
    /// Whether an entry stands between the last comma and here.
    entry_before: bool,
    /// Whether the entry before could not be read.
    broken: bool,
    /// Where the entry before ends, when no comma follows it.
    end: Option<u32>,
}

pub(super) fn is_argument(kind: K) -> bool {
    is_string(kind) || matches!(kind, K::Path | K::Number | K::BareText)
}

fn is_control_word(word: &str) -> bool {
    ["if", "then", "else", "and", "or", "not", "in", "like", "has", "from", "as", "for"].contains(&word)
}

fn is_hole(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Error)
}

fn first_span(node: NodeRef<'_>) -> Span {
    node.descendants().find(|part| part.children().next().is_none()).map_or(node.span(), NodeRef::span)
}
