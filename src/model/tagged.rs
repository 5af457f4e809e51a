//! Values that are one of several words, each with attributes of its own: `eks { role = … }`, `gke`.
//!
//! On a cluster such a value is an object with one entry: under the word an object with what the braces say.

use serde_json::{Map, Value};

use super::eval::{At, Evaluator};
use super::schema::{Attribute as Known, Tag};
use super::scope::Scope;
use super::value::{Checker, describe};
use crate::diag::{Applicability, Diagnostic, codes, did_you_mean, one_of};
use crate::syntax::ast::{Attribute, Expr, ExprKind, Name};

impl Checker<'_, '_> {
    /// Checks `expr` as one of `tags`.
    pub fn tagged(&mut self, tags: &'static [Tag], expr: &Expr, scope: &Scope) {
        let (word, entries) = match &expr.kind {
            ExprKind::Tagged(word, entries) => (word.clone(), entries.as_slice()),
            ExprKind::Path(path) => (Name { text: path.text(), span: path.span }, &[][..]),
            _ => {
                let expected = format!("expected {}", words(tags));
                let diagnostic = Diagnostic::new(codes::WRONG_TYPE, expr.span, expected);
                let example = tags.first().map(|tag| tag.word).unwrap_or_default();
                let help = match self.is_data(expr) {
                    true => {
                        "say it in `defaults cluster`, where it may use labels and facts of each cluster".to_owned()
                    }
                    false => format!("write a word, such as `{example} {{ … }}`"),
                };
                self.diagnostics.push(diagnostic.label(format!("found {}", describe(expr))).help(help));
                return;
            }
        };
        let Some(tag) = tags.iter().find(|tag| tag.word == word.text) else {
            self.diagnostics.push(unknown_word(tags, &word));
            return;
        };
        self.keys(entries.iter().map(|entry| &entry.key));
        for entry in entries {
            match tag.attributes.iter().find(|known| known.name == entry.key.text) {
                Some(known) => self.attribute(&known.ty, &entry.value, scope),
                None => self.diagnostics.push(unknown_key(tag, &entry.key)),
            }
        }
    }
}

impl Evaluator {
    /// The value of a checked word with its attributes.
    pub fn tagged(&mut self, at: At, tags: &'static [Tag], expr: &Expr) -> Option<Value> {
        let (word, entries) = match &expr.kind {
            ExprKind::Tagged(word, entries) => (word.text.clone(), entries.as_slice()),
            ExprKind::Path(path) => (path.text(), &[][..]),
            _ => return None,
        };
        let tag = tags.iter().find(|tag| tag.word == word)?;
        let mut said = Map::new();
        // In the order of the table, so that no order of the source matters.
        for known in tag.attributes {
            if let Some(value) = self.entry(at, known, entries)? {
                said.insert(known.name.to_owned(), value);
            }
        }
        Some(Value::Object([(word, Value::Object(said))].into_iter().collect()))
    }

    fn entry(&mut self, at: At, known: &Known, entries: &[Attribute]) -> Option<Option<Value>> {
        let Some(entry) = entries.iter().find(|entry| entry.key.text == known.name) else { return Some(None) };
        // A number where a text belongs was reported.
        if matches!(entry.value.kind, ExprKind::Int(_) | ExprKind::Float(_) | ExprKind::Bool(_)) {
            return None;
        }
        self.attribute(at, &known.ty, &entry.value).map(Some)
    }
}

fn words(tags: &[Tag]) -> String {
    one_of(tags.iter().map(|tag| tag.word))
}

fn unknown_word(tags: &[Tag], word: &Name) -> Diagnostic {
    let message = format!("`{}` is not a value of this attribute", word.text);
    let diagnostic =
        Diagnostic::new(codes::UNKNOWN_VALUE, word.span, message).label(format!("expected {}", words(tags)));
    match did_you_mean(&word.text, tags.iter().map(|tag| tag.word)) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
            format!("write `{near}`"),
            Applicability::Unsafe,
            word.span,
            near,
        ),
        None => diagnostic.help(format!("write {}", words(tags))),
    }
}

fn unknown_key(tag: &Tag, key: &Name) -> Diagnostic {
    let message = format!("`{}` has no attribute `{}`", tag.word, key.text);
    let diagnostic = Diagnostic::new(codes::UNKNOWN_ATTRIBUTE, key.span, message).label("not one of its attributes");
    let known = || tag.attributes.iter().map(|known| known.name);
    match did_you_mean(&key.text, known()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
            format!("write `{near}`"),
            Applicability::Unsafe,
            key.span,
            near,
        ),
        None if tag.attributes.is_empty() => diagnostic.help(format!("write `{}` and nothing behind it", tag.word)),
        None => diagnostic.help(format!("it has {}", one_of(known()))),
    }
}
