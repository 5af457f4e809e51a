//! Heads: what stands between a keyword and its block.

use super::{Lower, errors, is_string};
use crate::source::Span;
use crate::syntax::ast::{Binding, Expr, ExprKind, Field, Name, Path, Text, TextPart, TypeExpr};
use crate::syntax::cst::NodeRef;
use crate::syntax::kind::SyntaxKind as K;

/// The words that are never names.
pub(super) const RESERVED: [&str; 19] = [
    "if", "then", "else", "and", "or", "not", "in", "like", "has", "true", "false", "null", "on", "from", "as", "for",
    "all", "none", "rest",
];

/// A part of a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clause {
    As,
    Type,
    Value,
    From,
    On,
    For,
}

impl Clause {
    fn of(kind: K) -> Option<Self> {
        Some(match kind {
            K::AsClause => Self::As,
            K::TypeClause => Self::Type,
            K::ValueClause => Self::Value,
            K::FromClause => Self::From,
            K::OnClause => Self::On,
            K::ForClause => Self::For,
            _ => return None,
        })
    }

    fn word(self) -> &'static str {
        match self {
            Self::As => "as",
            Self::Type => ":",
            Self::Value => "=",
            Self::From => "from",
            Self::On => "on",
            Self::For => "for",
        }
    }
}

/// The parts of a head, sorted out.
pub(super) struct Head<'c> {
    pub(super) node: NodeRef<'c>,
    pub(super) keyword: NodeRef<'c>,
    /// What an object says that it is, where a name follows.
    pub(super) kind: Option<NodeRef<'c>>,
    pub(super) subject: Option<NodeRef<'c>>,
    pub(super) on: Option<NodeRef<'c>>,
    pub(super) block: Option<NodeRef<'c>>,
    pub(super) extra: Option<NodeRef<'c>>,
    clauses: Vec<(Clause, NodeRef<'c>)>,
}

impl<'c> Head<'c> {
    /// Sorts the parts of a declaration or parameter; none when it has not even a keyword.
    pub(super) fn read(node: NodeRef<'c>) -> Option<Self> {
        let mut parts = node.parts();
        let keyword = parts.next()?;
        let clauses = Vec::new();
        let mut head = Self { node, keyword, kind: None, subject: None, on: None, block: None, extra: None, clauses };
        for part in parts {
            match (part.kind(), Clause::of(part.kind())) {
                (_, Some(clause)) => head.clauses.push((clause, part)),
                (K::Block, _) => head.block = Some(part),
                (K::Extra, _) => head.extra = head.extra.or(Some(part)),
                _ => head.kind = head.subject.replace(part),
            }
        }
        head.on = head.find(Clause::On);
        Some(head)
    }

    /// The first clause of a kind.
    pub(super) fn find(&self, clause: Clause) -> Option<NodeRef<'c>> {
        self.clauses.iter().find(|(kind, _)| *kind == clause).map(|(_, node)| *node)
    }

    /// Whether it reads `word = …` or `word: …`: an entry without a block around it.
    /// A keyword that takes such a clause lacks its name instead.
    pub(super) fn is_assignment(&self, allowed: &[Clause]) -> bool {
        match self.clauses.first() {
            Some((clause @ (Clause::Value | Clause::Type), _)) => !allowed.contains(clause),
            _ => false,
        }
    }

    /// Whether the last clause lacks its value, so that text behind it is part of the same mistake.
    fn ends_in_hole(&self) -> bool {
        let last = self.clauses.last().and_then(|(_, node)| node.descendants().last());
        last.is_some_and(|last| last.kind() == K::Missing)
    }

    /// From the keyword to the last part before the block.
    pub(super) fn span_without_block(&self) -> Span {
        let last = self.node.parts().take_while(|part| part.kind() != K::Block).last();
        last.map_or(self.keyword.span(), |last| self.keyword.span().to(last.span()))
    }
}

impl Lower<'_> {
    /// Reports clauses that do not belong, stand twice or in the wrong order, and text that nobody expects.
    pub(super) fn check_head(&mut self, head: &Head<'_>, keyword: &str, allowed: &[Clause]) {
        let mut reported = false;
        for (index, (clause, node)) in head.clauses.iter().enumerate() {
            let first = head.clauses.iter().take(index).find(|(kind, _)| kind == clause);
            if !allowed.contains(clause) {
                self.sink.push(errors::unexpected_clause(node.span(), clause.word(), keyword));
                reported = true;
            } else if let Some((_, first)) = first {
                self.sink.push(errors::clause_twice(node.span(), first.span(), clause.word()));
                reported = true;
            }
        }
        if let (Some(from), Some(on)) = (head.find(Clause::From), head.on)
            && on.span().start < from.span().start
            && allowed.contains(&Clause::From)
        {
            self.sink.push(errors::clause_order(from.span(), on.span()));
        }
        if let Some(block) = head.block
            && matches!(keyword, "label" | "fact" | "group" | "param")
        {
            self.sink.push(errors::unexpected_clause(block.span(), "{ … }", keyword));
        }
        if let Some(extra) = head.extra
            && !reported
            && !head.ends_in_hole()
            && !self.is_reserved_subject(head, extra)
        {
            let in_head = head.block.is_none_or(|block| extra.span().start < block.span().start);
            let no_block = matches!(keyword, "label" | "fact" | "group" | "param");
            self.unexpected(extra, if in_head && !no_block { "`{` or a newline" } else { "a newline" });
        }
    }

    /// Whether the text nobody expects is a reserved word where the name should be; reports it as that.
    fn is_reserved_subject(&mut self, head: &Head<'_>, extra: NodeRef<'_>) -> bool {
        let word = self.text_of(extra).split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or("");
        if head.subject.is_some() || !RESERVED.contains(&word) {
            return false;
        }
        let end = extra.span().start + u32::try_from(word.len()).unwrap_or(0);
        self.sink.push(errors::reserved_word(Span { end, ..extra.span() }, word));
        true
    }

    /// The name of a declaration that needs one.
    pub(super) fn name(&mut self, head: &Head<'_>, keyword: &str) -> Option<Name> {
        if let Some(subject) = head.subject {
            let name = self.subject_name(subject)?;
            if is_string(subject.kind()) && RESERVED.contains(&name.text.as_str()) {
                self.sink.push(errors::reserved_word(name.span, &name.text));
                return None;
            }
            return Some(name);
        }
        if head.extra.is_none() {
            self.sink.push(errors::missing_name(head.keyword.span(), keyword));
        }
        None
    }

    /// A name, bare or quoted.
    pub(super) fn subject_name(&mut self, node: NodeRef<'_>) -> Option<Name> {
        let span = node.span();
        let text = self.text_of(node);
        if is_string(node.kind()) {
            let read = self.string(node)?;
            if let Some(name) = first_interpolation(&read) {
                self.sink.push(errors::interpolation_in_name(name.span));
            }
            return Some(Name { text: read.as_literal()?.to_owned(), span });
        }
        match node.kind() {
            K::Path | K::Word if RESERVED.contains(&text) => {
                self.sink.push(errors::reserved_word(span, text));
                return None;
            }
            K::Path if text.ends_with('.') => {
                self.sink.push(errors::dangling_dot(Span { start: span.end, ..span }, text));
                return None;
            }
            K::Path if text.contains('.') => self.sink.push(errors::name_wants_quotes(span, text)),
            K::BareText | K::Number => self.sink.push(errors::name_wants_quotes(span, text)),
            K::Path | K::Word => {}
            _ => return None,
        }
        Some(Name { text: text.to_owned(), span })
    }

    /// The name of a cluster, which may hold `${…}` when it has `for` variables.
    pub(super) fn cluster_name(&mut self, head: &Head<'_>) -> Option<Text> {
        let Some(subject) = head.subject.filter(|subject| is_string(subject.kind())) else {
            return self.name(head, "cluster").map(text_of_name);
        };
        let read = self.string(subject)?;
        if let Some(name) = first_interpolation(&read).filter(|_| head.find(Clause::For).is_none()) {
            self.sink.push(errors::interpolation_without_for(name.span, &name.text));
            return None;
        }
        match read.as_literal().filter(|text| RESERVED.contains(text)) {
            Some(word) => {
                self.sink.push(errors::reserved_word(subject.span(), word));
                None
            }
            None => Some(read),
        }
    }

    /// The predicate of an `on` clause.
    pub(super) fn predicate(&mut self, on: Option<NodeRef<'_>>) -> Option<Expr> {
        let on = on?;
        Some(match on.child(K::Expr) {
            Some(expr) => self.expr(expr),
            None => {
                let keyword = on.child(K::Keyword).map_or(on.span(), NodeRef::span);
                self.sink.push(errors::missing_value(keyword.after(), "on").help("write which clusters: `on all`"));
                Expr { span: keyword.after(), kind: ExprKind::Error }
            }
        })
    }

    /// The paths of a `from` clause.
    pub(super) fn templates(&mut self, head: &Head<'_>) -> Vec<Path> {
        let Some(clause) = head.find(Clause::From) else { return Vec::new() };
        let mut found = Vec::new();
        for part in clause.parts() {
            match part.kind() {
                K::Path => found.extend(self.path(part)),
                K::Missing => self.sink.push(errors::missing_part(part.span(), "a template", "write `from TEMPLATE`")),
                K::Keyword | K::Comma => {}
                _ => {
                    if let Some(name) = self.subject_name(part) {
                        found.push(Path { span: name.span, parts: vec![name] });
                    }
                }
            }
        }
        found
    }

    /// The variables of a `for` clause.
    pub(super) fn bindings(&mut self, head: &Head<'_>) -> Vec<Binding> {
        let Some(clause) = head.find(Clause::For) else { return Vec::new() };
        clause.parts().filter(|part| part.kind() == K::Binding).filter_map(|part| self.binding(part)).collect()
    }

    fn binding(&mut self, node: NodeRef<'_>) -> Option<Binding> {
        const HELP: &str = "write `for label in [a, b]`";
        if let Some(missing) = node.child(K::Missing) {
            let what = if node.child(K::Word).is_none() {
                "a variable"
            } else if node.child(K::Operator).is_none() {
                "`in`"
            } else {
                "a list"
            };
            self.sink.push(errors::missing_part(missing.span(), what, HELP));
        }
        let name = self.subject_name(node.child(K::Word)?)?;
        let list = node.parts().find(|part| matches!(part.kind(), K::List | K::Path));
        let values = match list {
            Some(list) => self.operand(list),
            None => Expr { span: node.span().after(), kind: ExprKind::Error },
        };
        Some(Binding { name, values })
    }

    /// A label, fact or parameter: name, type and value.
    pub(super) fn field(&mut self, head: &Head<'_>, keyword: &str) -> Field {
        let subject = match head.subject.filter(|_| head.find(Clause::As).is_some()) {
            Some(key) => self.subject_name(key),
            None => self.name(head, keyword),
        };
        let renamed = head.find(Clause::As).map(|clause| match clause.parts().nth(1) {
            Some(node) if node.kind() != K::Missing => self.subject_name(node),
            _ => {
                self.sink.push(errors::missing_name(clause.span(), "as"));
                None
            }
        });
        let ty = head.find(Clause::Type).and_then(|clause| self.type_of(clause));
        let value = head.find(Clause::Value).and_then(|clause| clause.child(K::Expr)).map(|expr| self.expr(expr));
        let bare = ty.is_none() && head.find(Clause::Type).is_none();
        if let Some(subject) = head.subject.filter(|_| bare && head.extra.is_none()) {
            match &value {
                None => {
                    let help = format!("write `{keyword} NAME: a | b` or `{keyword} NAME: string`");
                    self.sink.push(errors::missing_part(head.node.span().after(), "a type", &help));
                }
                // What a component may give it does not follow from its default.
                Some(default) if keyword == "param" => {
                    self.sink.push(errors::parameter_without_type(subject.span().after(), default));
                }
                Some(_) => {}
            }
        }
        match renamed {
            Some(name) => Field { key: subject, name, ty, value },
            None => Field { key: None, name: subject, ty, value },
        }
    }

    fn type_of(&mut self, clause: NodeRef<'_>) -> Option<TypeExpr> {
        const HELP: &str = "write `string`, `bool`, `int`, or the allowed values: `a | b | c`";
        let Some(node) = clause.child(K::TypeExpr) else {
            self.sink.push(errors::missing_part(clause.span().after(), "a type", HELP));
            return None;
        };
        let mut alternatives = Vec::new();
        for part in node.parts() {
            match part.kind() {
                K::Pipe | K::Question => {}
                K::Missing => self.sink.push(errors::missing_part(part.span(), "an alternative", HELP)),
                _ => alternatives.extend(self.subject_name(part)),
            }
        }
        Some(TypeExpr { span: node.span(), alternatives, optional: node.child(K::Question).is_some() })
    }

    /// The predicate of a group.
    pub(super) fn group_predicate(&mut self, head: &Head<'_>) -> Expr {
        if let Some(expr) = head.find(Clause::Value).and_then(|clause| clause.child(K::Expr)) {
            return self.expr(expr);
        }
        let at = head.node.span().after();
        if head.subject.is_some() && head.extra.is_none() && head.block.is_none() {
            self.sink.push(errors::missing_part(at, "a predicate", "write `group NAME = PREDICATE`"));
        }
        Expr { span: at, kind: ExprKind::Error }
    }
}

fn first_interpolation(text: &Text) -> Option<&Name> {
    text.parts.iter().find_map(|part| match part {
        TextPart::Name(name) => Some(name),
        TextPart::Literal(_) => None,
    })
}

fn text_of_name(name: Name) -> Text {
    let parts = if name.text.is_empty() { Vec::new() } else { vec![TextPart::Literal(name.text)] };
    Text { span: name.span, parts }
}
