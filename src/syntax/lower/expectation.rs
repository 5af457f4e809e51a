//! The `expect` entries of a `test`.

use super::block::is_argument;
use super::head::Head;
use super::{Lower, errors, is_string};
use crate::source::Span;
use crate::syntax::ast::{Block, Expectation, ExpectationKind as Kind, Expr, Name, Test};
use crate::syntax::cst::NodeRef;
use crate::syntax::kind::SyntaxKind as K;

/// What to write, for each form.
const COMPONENT: &str = "write `expect component NAME on PREDICATE`";
const NOT_COMPONENT: &str = "write `expect not component NAME on PREDICATE`";
const CLUSTER: &str = "write `expect cluster NAME runs [a, b]`";
const DEPLOYMENT: &str = "write `expect NAME on PREDICATE { version = \"…\" }`";

/// The parts of an `expect`, sorted out.
struct Parts<'c> {
    node: NodeRef<'c>,
    negation: Option<NodeRef<'c>>,
    arguments: Vec<NodeRef<'c>>,
    on: Option<NodeRef<'c>>,
    list: Option<NodeRef<'c>>,
    block: Option<NodeRef<'c>>,
    /// Whether text stands there that nobody expects, which has been reported.
    extra: bool,
}

impl<'c> Parts<'c> {
    fn read(node: NodeRef<'c>) -> Self {
        Self {
            node,
            negation: node.child(K::Keyword),
            arguments: node.parts().skip(1).filter(|part| is_argument(part.kind())).collect(),
            on: node.child(K::OnClause),
            list: node.child(K::List),
            block: node.child(K::Block),
            extra: node.child(K::Extra).is_some(),
        }
    }

    /// Behind the last part of the head.
    fn behind(&self) -> Span {
        let head = self.node.parts().take_while(|part| part.kind() != K::Block).last();
        head.map_or(self.node.span(), NodeRef::span).after()
    }
}

impl Lower<'_> {
    /// A test: its name, what it expects, and what does not belong there.
    pub(super) fn test(&mut self, head: &Head<'_>) -> Test {
        self.demand_block(head, "test");
        // A sentence, so that no word is reserved.
        let name = match head.subject {
            Some(subject) if is_string(subject.kind()) => self.subject_name(subject),
            _ => self.name(head, "test"),
        };
        let mut expectations = Vec::new();
        let Some(block) = head.block else {
            let body = Block { span: head.span_without_block().after(), entries: Vec::new() };
            return Test { name, expectations, body };
        };
        let entries = self.entries_but(block, &mut |lower, part| {
            let kind = match part.kind() {
                K::Expectation => lower.expectation(part),
                // `expect { … }`
                K::Nested if part.child(K::Word).is_some_and(|word| lower.text_of(word) == "expect") => {
                    let word = part.child(K::Word).map_or(part.span(), NodeRef::span);
                    lower.sink.push(errors::missing_part(word.after(), "a name", DEPLOYMENT));
                    Kind::Error
                }
                _ => return false,
            };
            expectations.push(Expectation { span: part.span(), kind });
            true
        });
        self.report_unclosed_block(block);
        Test { name, expectations, body: Block { span: block.span(), entries } }
    }

    fn expectation(&mut self, node: NodeRef<'_>) -> Kind {
        let parts = Parts::read(node);
        let word = parts.arguments.first().map(|first| self.text_of(*first));
        let several = parts.arguments.len() > 1;
        let found = match word {
            None if parts.negation.is_some() => self.expected_component(&parts),
            // A component may have such a name, too: `expect cluster on all { … }`.
            Some("component") if several || parts.block.is_none() => self.expected_component(&parts),
            Some("cluster") if several || parts.list.is_some() || parts.block.is_none() => {
                self.expected_cluster(&parts)
            }
            _ => self.expected_deployment(&parts),
        };
        found.unwrap_or(Kind::Error)
    }

    /// `component NAME on PREDICATE`
    fn expected_component(&mut self, parts: &Parts<'_>) -> Option<Kind> {
        let help = if parts.negation.is_some() { NOT_COMPONENT } else { COMPONENT };
        let sound = self.refuse(parts, 2, &[parts.list, parts.block], help);
        let name = self.expected_name(parts, 1, help);
        let on = self.expected_on(parts, sound && name.is_some(), help);
        Some(Kind::Component { negated: parts.negation.is_some(), name: name?, on: on? })
    }

    /// `cluster NAME runs [a, b]`
    fn expected_cluster(&mut self, parts: &Parts<'_>) -> Option<Kind> {
        let sound = self.refuse(parts, 3, &[parts.negation, parts.on, parts.block], CLUSTER);
        let name = self.expected_name(parts, 1, CLUSTER)?;
        match parts.arguments.get(2).map(|word| (*word, self.text_of(*word))) {
            Some((_, "runs")) => {}
            Some((word, _)) if sound => {
                let made = errors::unexpected_text(word.span(), self.text_of(word), "`runs`");
                self.sink.push(errors::instead(made, CLUSTER));
                return None;
            }
            None if sound && !parts.extra => {
                self.sink.push(errors::missing_part(name.span.after(), "`runs`", CLUSTER));
                return None;
            }
            _ => return None,
        }
        match parts.list {
            Some(list) => Some(Kind::Cluster { name, components: self.operand(list) }),
            None => {
                if sound && !parts.extra {
                    self.sink.push(errors::missing_part(parts.behind(), "a list of components", CLUSTER));
                }
                None
            }
        }
    }

    /// `NAME on PREDICATE { … }`
    fn expected_deployment(&mut self, parts: &Parts<'_>) -> Option<Kind> {
        let refused = if parts.negation.is_some() { NOT_COMPONENT } else { DEPLOYMENT };
        let mut sound = self.refuse(parts, 1, &[parts.negation, parts.list], refused);
        let name = self.expected_name(parts, 0, DEPLOYMENT);
        sound &= name.is_some();
        let on = self.expected_on(parts, sound, DEPLOYMENT);
        let body = parts.block.map(|block| self.block(block));
        let hole = on.as_ref().is_none_or(Expr::kind_is_error);
        if body.is_none() && sound && !hole && !parts.extra {
            let made = errors::missing_part(parts.behind(), "a block with what is expected", DEPLOYMENT);
            self.sink.push(made.help(COMPONENT));
        }
        Some(Kind::Deployment { name: name?, on: on?, body: body? })
    }

    /// Reports the first of `parts` that does not belong to the form, or the first argument too many. Whether all is well.
    fn refuse(&mut self, parts: &Parts<'_>, arguments: usize, others: &[Option<NodeRef<'_>>], help: &str) -> bool {
        let unexpected =
            others.iter().flatten().chain(parts.arguments.get(arguments)).min_by_key(|part| part.span().start);
        let Some(part) = unexpected else {
            self.check_extra(parts.node);
            return true;
        };
        let found = match part.kind() {
            K::Block => "{ … }",
            K::List => "[ … ]",
            _ => self.text_of(*part),
        };
        let made = errors::unexpected_clause(part.span(), found, "expect");
        self.sink.push(errors::instead(made, help));
        false
    }

    fn expected_name(&mut self, parts: &Parts<'_>, index: usize, help: &str) -> Option<Name> {
        if let Some(argument) = parts.arguments.get(index) {
            return self.subject_name(*argument);
        }
        if !parts.extra {
            let before = index.checked_sub(1).and_then(|before| parts.arguments.get(before));
            let word = before.copied().or(parts.negation).or_else(|| parts.node.parts().next());
            let at = word.map_or(parts.node.span(), NodeRef::span).after();
            self.sink.push(errors::missing_part(at, "a name", help));
        }
        None
    }

    fn expected_on(&mut self, parts: &Parts<'_>, sound: bool, help: &str) -> Option<Expr> {
        let on = self.predicate(parts.on);
        if on.is_none() && sound && !parts.extra {
            let last = parts.arguments.last().map_or(parts.node.span(), |last| last.span());
            self.sink.push(errors::missing_part(last.after(), "`on` with a predicate", help));
        }
        on
    }
}
