//! Diagnostics that outlive the process that found them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Diagnostic, Diagnostics};
use crate::source::{Origin, SourceFile, Sources};

/// Diagnostics, and the texts they speak of that whoever shows them again has not got.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Kept {
    items: Vec<Diagnostic>,
    /// The files behind those that are known: path, origin, and the text if one of the diagnostics speaks of it.
    others: Vec<(String, Origin, String)>,
}

impl Kept {
    /// `diagnostics`, whose places are in `sources`; the first `known` of these are there when they are shown again.
    pub fn of(diagnostics: &Diagnostics, sources: &Sources, known: usize) -> Self {
        let items: Vec<Diagnostic> = diagnostics.iter().cloned().collect();
        let meant: BTreeSet<_> = items.iter().flat_map(Diagnostic::spans).map(|span| span.source).collect();
        let others = sources.iter().skip(known).map(|(id, file)| {
            let text = if meant.contains(&id) { file.text.to_string() } else { String::new() };
            (file.path.clone(), file.origin, text)
        });
        Self { others: others.collect(), items }
    }

    /// The diagnostics, with places in `sources`, to which the other files are added; none where one of them has no place
    /// there, because what was kept is not what [`Kept::of`] made of these sources.
    pub fn into_diagnostics(self, sources: &mut Sources) -> Option<Diagnostics> {
        for (path, origin, text) in self.others {
            sources.add(SourceFile::new(path, origin, text));
        }
        let mut diagnostics = Diagnostics::default();
        for item in self.items {
            if !item.spans().all(|span| sources.has(span)) {
                return None;
            }
            diagnostics.push(item);
        }
        Some(diagnostics)
    }
}
