//! The one diagnostic type.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::codes::{Code, Severity};
use crate::source::Span;

/// A place with a remark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What this place is; may be empty for a primary label that needs no words.
    pub text: String,
}

/// Whether a fix may be applied without a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Applicability {
    /// Keeps the meaning or restores the only possible one.
    Safe,
    /// A good guess.
    Unsafe,
}

/// One replacement of text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// What is replaced; empty to insert.
    pub span: Span,
    /// By what.
    pub text: String,
}

/// A change of the source that removes the diagnostic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    /// What it does, in the imperative.
    pub title: String,
    /// Whether it may be applied unseen.
    pub applicability: Applicability,
    /// The replacements, which do not overlap.
    pub edits: Vec<Edit>,
}

/// One thing that is wrong, or worth saying.
///
/// The message says what is wrong, the label what the marked text is, `related` where the other party
/// stands (in any file), `helps` what to type, `notes` which rule demands it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Which kind it is.
    #[serde(with = "super::codes::by_id")]
    pub code: &'static Code,
    /// How serious it is: as its code says, unless the fleet says otherwise.
    pub severity: Severity,
    /// What is wrong: lower case, no final stop, user text in backticks.
    pub message: String,
    /// The smallest wrong text.
    pub primary: Label,
    /// Other places that matter.
    pub related: Vec<Label>,
    /// What to do.
    pub helps: Vec<String>,
    /// Which rule demands it.
    pub notes: Vec<String>,
    /// Changes that an editor may offer.
    pub fixes: Vec<Fix>,
    /// What it is known by from run to run; known only once everything is found.
    pub identity: Identity,
}

/// What a diagnostic is known by from run to run, though lines above it come and go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The declaration it stands in, such as `component web`.
    pub item: Option<String>,
    /// 16 hex digits of its code, file, declaration, marked text, and which of several alike it is.
    pub fingerprint: String,
}

impl Diagnostic {
    /// A diagnostic at `span`, whose label is empty.
    pub fn new(code: &'static Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity,
            message: message.into(),
            primary: Label { span, text: String::new() },
            related: Vec::new(),
            helps: Vec::new(),
            notes: Vec::new(),
            fixes: Vec::new(),
            identity: Identity::default(),
        }
    }

    /// Every place that it speaks of.
    pub(super) fn spans(&self) -> impl Iterator<Item = Span> {
        let labels = std::iter::once(&self.primary).chain(&self.related).map(|label| label.span);
        labels.chain(self.fixes.iter().flat_map(|fix| &fix.edits).map(|edit| edit.span))
    }

    /// Says what the marked text is.
    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.primary.text = text.into();
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn related(mut self, span: Span, text: impl Into<String>) -> Self {
        self.related.push(Label { span, text: text.into() });
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.helps.push(text.into());
        self
    }

    /// Adds the rule behind it.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Adds a fix that replaces `span` by `text`.
    #[must_use]
    pub fn fix(
        mut self,
        title: impl Into<String>,
        applicability: Applicability,
        span: Span,
        text: impl Into<String>,
    ) -> Self {
        let edits = vec![Edit { span, text: text.into() }];
        self.fixes.push(Fix { title: title.into(), applicability, edits });
        self
    }
}

/// All that was found in one run.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    items: Vec<Diagnostic>,
    /// How many are allowed, and therefore not among the items.
    suppressed: usize,
    /// The severities of those that a limit left out.
    hidden: Vec<Severity>,
}

impl Diagnostics {
    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.items.push(diagnostic);
    }

    /// Adds all of `other`.
    pub fn extend(&mut self, other: Diagnostics) {
        self.items.extend(other.items);
        self.suppressed += other.suppressed;
        self.hidden.extend(other.hidden);
    }

    /// Takes out those that `allowed` says yes to, and counts them.
    pub fn suppress(&mut self, mut allowed: impl FnMut(&Diagnostic) -> bool) {
        let before = self.items.len();
        self.items.retain(|item| !allowed(item));
        self.suppressed += before - self.items.len();
    }

    /// Keeps those that `wanted` says yes to; the others are neither shown nor counted.
    pub fn retain(&mut self, wanted: impl FnMut(&Diagnostic) -> bool) {
        self.items.retain(wanted);
    }

    /// How many are allowed and therefore not here.
    pub fn suppressed(&self) -> usize {
        self.suppressed
    }

    /// Whether one of them is an error.
    pub fn has_errors(&self) -> bool {
        self.severities().any(|severity| severity == Severity::Error)
    }

    fn severities(&self) -> impl Iterator<Item = Severity> {
        self.items.iter().map(|item| item.severity).chain(self.hidden.iter().copied())
    }

    /// Keeps the `most` worst, in their order; the others are counted and not shown.
    pub fn limit(&mut self, most: usize) {
        let mut ranked: Vec<usize> = (0..self.items.len()).collect();
        ranked.sort_by_key(|index| self.items.get(*index).map(|item| item.severity));
        let kept: BTreeSet<usize> = ranked.into_iter().take(most).collect();
        let items = std::mem::take(&mut self.items);
        for (index, item) in items.into_iter().enumerate() {
            if kept.contains(&index) { self.items.push(item) } else { self.hidden.push(item.severity) }
        }
    }

    /// How many a limit left out.
    pub fn hidden(&self) -> usize {
        self.hidden.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// How many of them have this severity, also of those that a limit left out.
    pub fn count(&self, severity: Severity) -> usize {
        self.severities().filter(|other| *other == severity).count()
    }

    /// All of them, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Diagnostic> {
        self.items.iter_mut()
    }

    /// All of them, in the order of [`Diagnostics::sort`] when that was called.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.items.iter()
    }

    /// Sorts by file, place and code, and keeps one of several with the same code at the same place.
    pub fn sort(&mut self) {
        let key = |d: &Diagnostic| (d.primary.span, d.code.id, d.message.clone());
        self.items.sort_by_cached_key(key);
        self.items.dedup_by(|b, a| a.primary.span == b.primary.span && a.code.id == b.code.id);
    }
}
