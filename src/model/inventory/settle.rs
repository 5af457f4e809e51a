//! What is said of a data file: with the inventory that reads it, once for each mistake, and without fixes, because another
//! tool writes the file.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::{HashMap, HashMapExt as _};

use super::Inventories;
use crate::diag::{Diagnostics, Label};
use crate::model::Model;
use crate::source::{Origin, SourceId, Sources, Span};

/// At most this many of one code in one file.
const MOST: usize = 20;

/// Brings what was found in data files into its last form.
pub fn settle(inventories: &Inventories, sources: &Sources, diagnostics: &mut Diagnostics) {
    if inventories.named.is_empty() {
        return;
    }
    let is_data = |source: SourceId| sources.file(source).origin == Origin::Data;
    diagnostics.sort();
    let mut kept: HashMap<(&str, SourceId), usize> = HashMap::new();
    let mut first: HashMap<(&str, SourceId, String), Span> = HashMap::new();
    let mut alike: HashMap<Span, BTreeSet<Span>> = HashMap::new();
    let mut more: HashMap<Span, usize> = HashMap::new();
    let mut last: HashMap<(&str, SourceId), Span> = HashMap::new();
    diagnostics.retain(|found| {
        let span = found.primary.span;
        let (id, source) = (found.code.id, span.source);
        if !is_data(source) {
            return true;
        }
        if let Some(known) = first.get(&(id, source, found.message.clone())) {
            alike.entry(*known).or_default().insert(span);
            return false;
        }
        let count = kept.entry((id, source)).or_default();
        *count += 1;
        if *count > MOST {
            last.get(&(id, source)).into_iter().for_each(|last| *more.entry(*last).or_default() += 1);
            return false;
        }
        first.insert((id, source, found.message.clone()), span);
        last.insert((id, source), span);
        true
    });
    for found in diagnostics.iter_mut() {
        found.fixes.retain(|fix| fix.edits.iter().all(|edit| !is_data(edit.span.source)));
        let span = found.primary.span;
        if let Some(at) = inventories.named.get(&span.source)
            && !found.related.iter().any(|label| label.span == *at)
        {
            found.related.push(Label { span: *at, text: "the inventory that reads this file".to_owned() });
        }
        match alike.get(&span).map_or(0, |spans| spans.iter().filter(|other| **other != span).count()) {
            0 => {}
            1 => found.notes.push("the same in one more place of the file".to_owned()),
            count => found.notes.push(format!("the same in {count} more places of the file")),
        }
        if let Some(count) = more.get(&span).filter(|_| last.get(&(found.code.id, span.source)) == Some(&span)) {
            found.notes.push(format!("{count} more of this kind in the file are not shown"));
        }
    }
}

/// The labels that clusters lack, and those clusters, by a place.
type Missing = BTreeMap<Span, (BTreeSet<usize>, BTreeSet<usize>)>;

/// Clusters of one data file that lack the same labels are one mistake, which is the first one's.
pub fn missing_together(model: &Model, missing: Missing) -> Missing {
    let mut first: HashMap<(SourceId, BTreeSet<usize>), Span> = HashMap::new();
    let mut together = Missing::new();
    for (span, (fields, clusters)) in missing {
        let at = match model.sources.file(span.source).origin {
            Origin::Data => *first.entry((span.source, fields.clone())).or_insert(span),
            _ => span,
        };
        let all = together.entry(at).or_default();
        all.0.extend(fields);
        all.1.extend(clusters);
    }
    together
}
