//! `moved` and `removed`: what became of a name that an earlier build knew.

use super::{Lower, errors};
use crate::syntax::ast::{Change, ChangeOf, Declaration, DeclarationKind, Name};
use crate::syntax::cst::NodeRef;
use crate::syntax::kind::SyntaxKind as K;

impl Lower<'_> {
    /// The declaration; none where something is missing, which is reported.
    pub(super) fn change(&mut self, node: NodeRef<'_>) -> Option<Declaration> {
        let mut words = node.parts().filter(|part| part.kind() == K::Word);
        let keyword = words.next()?;
        let word = self.text_of(keyword).to_string();
        let moved = word == "moved";
        let shape = if moved { "moved component OLD to NEW" } else { "removed component NAME" };
        let help = format!("write `{shape}`");
        let Some(what) = words.next() else {
            self.sink.push(errors::missing_part(keyword.span().after(), "`component` or `cluster`", &help));
            return None;
        };
        let of = match self.text_of(what) {
            "component" => ChangeOf::Component,
            "cluster" => ChangeOf::Cluster,
            other => {
                self.sink.push(errors::unknown_change(what.span(), &word, other));
                return None;
            }
        };
        let name = node.parts().find(|part| is_name(part.kind()) && part.span().start > what.span().start);
        let Some(name) = name else {
            let missing = if moved { "the old name" } else { "the name" };
            self.sink.push(errors::missing_part(what.span().after(), missing, &help));
            return None;
        };
        let name = self.subject_name(name)?;
        let to = self.destination(node, moved, &name, &help)?;
        if let Some(extra) = node.child(K::Extra) {
            self.unexpected(extra, "a newline");
        }
        let on = node.child(K::OnClause);
        if let Some(on) = on.filter(|_| moved || of == ChangeOf::Cluster) {
            self.sink.push(errors::unexpected_clause(on.span(), "on", &format!("{word} {}", self.text_of(what))));
        }
        let change = Change { of, name, to, on: self.predicate(on) };
        let doc = self.doc(node.span());
        Some(Declaration { span: node.span(), keyword: keyword.span(), doc, kind: DeclarationKind::Change(change) })
    }

    /// The new name of what was moved; none where it is missing, which is reported.
    fn destination(&mut self, node: NodeRef<'_>, moved: bool, name: &Name, help: &str) -> Option<Option<Name>> {
        let clause = node.child(K::Destination);
        let to = clause.and_then(|clause| clause.parts().find(|part| is_name(part.kind())));
        match (moved, clause, to) {
            (true, _, Some(to)) => self.subject_name(to).map(Some),
            (true, clause, None) => {
                let behind = clause.map_or(name.span, NodeRef::span);
                let what = if clause.is_some() { "the new name" } else { "`to` and the new name" };
                self.sink.push(errors::missing_part(behind.after(), what, help));
                None
            }
            (false, Some(clause), _) => {
                self.sink.push(errors::removed_to(clause.span()));
                None
            }
            (false, None, _) => Some(None),
        }
    }
}

fn is_name(kind: K) -> bool {
    super::is_string(kind) || matches!(kind, K::Path | K::BareText | K::Number)
}
