//! The declarations of a file.

use super::head::{Clause, Head};
use super::{Lower, errors};
use crate::diag::did_you_mean;
use crate::source::Span;
use crate::syntax::ast::{
    Block, Cluster, Component, Declaration, DeclarationKind, Engine, EngineKind, Form, Group, Name, Named,
};
use crate::syntax::cst::NodeRef;
use crate::syntax::kind::SyntaxKind as K;
use crate::syntax::limits::DECLARATION_WORDS;

/// Which clauses a keyword takes.
fn clauses_of(keyword: &str) -> &'static [Clause] {
    match keyword {
        "argocd" | "flux" => &[Clause::On],
        "label" => &[Clause::As, Clause::Type, Clause::Value],
        "fact" => &[Clause::Type, Clause::Value],
        "cluster" => &[Clause::For],
        "group" => &[Clause::Value],
        "component" => &[Clause::From, Clause::On],
        "store" | "secret" | "object" => &[Clause::On],
        _ => &[],
    }
}

/// What came before, for the words of the next error.
#[derive(Default)]
struct Before {
    /// The end of the last declaration, and what it was.
    block: Option<(Span, String)>,
    /// Whether the entries of a block that was closed too early are being skipped.
    outside: bool,
}

impl Lower<'_> {
    /// All declarations of the file.
    pub(super) fn file(&mut self, root: NodeRef<'_>) -> Vec<Declaration> {
        let mut declarations = Vec::new();
        let mut before = Before::default();
        let mut end = None;
        for node in root.parts() {
            let swallowed = std::mem::take(&mut self.swallowed);
            if !swallowed
                && end.is_some_and(|end| !self.separated(end, node.span().start))
                && node.kind() == K::Declaration
            {
                self.sink.push(errors::same_line_declaration(self.keyword_span(node)));
            }
            end = matches!(node.kind(), K::Declaration | K::Change).then_some(node.span().end);
            match node.kind() {
                K::Declaration => declarations.extend(self.declaration(node, &mut before)),
                K::Change => {
                    before.outside = false;
                    declarations.extend(self.change(node));
                }
                K::Stray if before.outside || self.is_caused(node.span()) => {}
                K::Stray => self.sink.push(errors::stray_close(node.span(), self.text_of(node))),
                K::Junk if before.outside => {}
                K::Junk => self.unexpected(node, "a declaration"),
                _ => {}
            }
        }
        declarations
    }

    fn keyword_span(&self, node: NodeRef<'_>) -> Span {
        node.parts().next().map_or(node.span(), NodeRef::span)
    }

    fn declaration(&mut self, node: NodeRef<'_>, before: &mut Before) -> Option<Declaration> {
        let head = Head::read(node)?;
        let written = self.text_of(head.keyword);
        let known = DECLARATION_WORDS.contains(&written);
        if head.subject.is_none() && (head.is_assignment(clauses_of(written)) || (!known && before.outside)) {
            if !before.outside {
                self.sink.push(errors::outside_of_block(head.keyword.span(), written, before.block.clone()));
            }
            before.outside = true;
            return None;
        }
        if !known && before.outside && !(self.begins_column_one(node) && self.near_keyword(written).is_some()) {
            return None;
        }
        before.outside = std::mem::take(&mut self.nested);
        if let Some(block) = head.block {
            let close = block.child(K::CloseBrace);
            before.block = close.map(|close| (close.span(), format!("the block of this `{written}`")));
        }
        let keyword = if known { written } else { self.guess_keyword(&head, written)? };
        self.check_head(&head, keyword, clauses_of(keyword));
        let kind = self.declared(&head, keyword)?;
        let doc = self.doc(node.span());
        Some(Declaration { span: node.span(), keyword: head.keyword.span(), doc, kind })
    }

    /// The keyword that was meant by a misspelt one. It is read as that, so that what it declares is declared.
    fn guess_keyword(&mut self, head: &Head<'_>, written: &str) -> Option<&'static str> {
        let near = self.near_keyword(written);
        self.sink.push(errors::unknown_keyword(head.keyword.span(), written, near));
        // What has a form of its own was not read as that.
        near.filter(|near| !matches!(*near, "moved" | "removed" | "object"))
    }

    /// The keyword that is nearest to a word; none once that has been asked more often than errors are kept.
    fn near_keyword(&mut self, written: &str) -> Option<&'static str> {
        self.guesses += 1;
        if self.guesses > 1_000 { None } else { did_you_mean(written, DECLARATION_WORDS) }
    }

    fn begins_column_one(&self, node: NodeRef<'_>) -> bool {
        self.line_before(node.span()).is_empty()
    }

    fn declared(&mut self, head: &Head<'_>, keyword: &str) -> Option<DeclarationKind> {
        Some(match keyword {
            "fleet" => DeclarationKind::Fleet(self.named(head, keyword)),
            "source" => DeclarationKind::Source(self.named(head, keyword)),
            "project" => DeclarationKind::Project(self.named(head, keyword)),
            "template" => {
                self.demand_block(head, keyword);
                DeclarationKind::Template(self.named(head, keyword))
            }
            "rollout" => DeclarationKind::Rollout(self.named(head, keyword)),
            "inventory" => DeclarationKind::Inventory(self.named(head, keyword)),
            "defaults" => {
                self.demand_block(head, keyword);
                let name = self.defaults_name(head);
                DeclarationKind::Defaults(Named { name, body: self.body(head) })
            }
            "argocd" => DeclarationKind::Engine(self.engine(head, keyword, EngineKind::ArgoCd)),
            "flux" => DeclarationKind::Engine(self.engine(head, keyword, EngineKind::Flux)),
            "label" => DeclarationKind::Label(self.field(head, keyword)),
            "fact" => DeclarationKind::Fact(self.field(head, keyword)),
            "cluster" => DeclarationKind::Cluster(Cluster {
                name: self.cluster_name(head),
                bindings: self.bindings(head),
                body: self.body(head),
            }),
            "group" => {
                let name = self.name(head, keyword);
                DeclarationKind::Group(Group { name, predicate: self.group_predicate(head) })
            }
            "store" => DeclarationKind::Component(self.objects(head, keyword, Form::Store)),
            "secret" => DeclarationKind::Component(self.objects(head, keyword, Form::Secret)),
            "object" => DeclarationKind::Component(self.object(head)),
            "component" => DeclarationKind::Component(Component {
                form: Form::Component,
                name: self.name(head, keyword),
                from: self.templates(head),
                on: self.predicate(head.on),
                body: self.body(head),
            }),
            "test" => DeclarationKind::Test(self.test(head)),
            _ => return None,
        })
    }

    fn named(&mut self, head: &Head<'_>, keyword: &str) -> Named {
        Named { name: self.name(head, keyword), body: self.body(head) }
    }

    /// A component whose content is objects of the fleet.
    fn objects(&mut self, head: &Head<'_>, keyword: &str, form: Form) -> Component {
        self.demand_block(head, keyword);
        let name = self.name(head, keyword);
        Component { form, name, from: Vec::new(), on: self.predicate(head.on), body: self.body(head) }
    }

    /// `object "apiVersion/Kind" NAME`
    fn object(&mut self, head: &Head<'_>) -> Component {
        let (kind, name) = match (head.kind, head.subject) {
            (Some(kind), Some(name)) => (Some(kind), Some(name)),
            // One of the two is missing: what holds a slash is no name.
            (None, Some(only)) if self.text_of(only).contains('/') => (Some(only), None),
            (_, name) => (None, name),
        };
        if head.extra.is_none() {
            match (kind, name) {
                (None, _) => self.sink.push(errors::missing_object_kind(head.keyword.span())),
                (Some(kind), None) => self.sink.push(errors::missing_object_name(kind.span())),
                (Some(_), Some(_)) => {}
            }
        }
        let kind = kind.and_then(|kind| self.subject_name(kind));
        let name = name.and_then(|_| self.name(head, "object"));
        self.demand_block(head, "object");
        let mut body = self.body(head);
        super::objects::free_blocks_as_attributes(&mut body);
        Component { form: Form::Object(kind), name, from: Vec::new(), on: self.predicate(head.on), body }
    }

    fn engine(&mut self, head: &Head<'_>, keyword: &str, engine: EngineKind) -> Engine {
        self.demand_block(head, keyword);
        let name = head.subject.and_then(|subject| self.subject_name(subject));
        Engine { engine, name, on: self.predicate(head.on), body: self.body(head) }
    }

    pub(super) fn demand_block(&mut self, head: &Head<'_>, keyword: &str) {
        if head.block.is_none() && head.extra.is_none() {
            self.sink.push(errors::missing_block(head.span_without_block(), keyword));
        }
    }

    fn defaults_name(&mut self, head: &Head<'_>) -> Option<Name> {
        let Some(subject) = head.subject else {
            self.sink.push(errors::missing_defaults(head.keyword.span()));
            return None;
        };
        self.subject_name(subject)
    }

    /// The block of a declaration; an empty one behind the head when there is none.
    fn body(&mut self, head: &Head<'_>) -> Block {
        match head.block {
            Some(block) => self.block(block),
            None => Block { span: head.span_without_block().after(), entries: Vec::new() },
        }
    }
}
