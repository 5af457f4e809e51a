//! Applying fixes to text.

use std::collections::BTreeMap;

use super::diagnostic::{Applicability, Diagnostics, Edit, Fix};
use crate::source::{Origin, SourceFile, SourceId, Sources};

/// `text` with `edits`, which are all of its file; none when two of them overlap or one does not lie in the text.
pub fn apply(text: &str, edits: &[Edit]) -> Option<String> {
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    sorted.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for edit in sorted {
        let (start, end) = (edit.span.start as usize, edit.span.end as usize);
        // Both borders must lie between characters, and the range must run forward.
        text.get(start..end)?;
        out.push_str(text.get(at..start)?);
        out.push_str(&edit.text);
        at = end;
    }
    out.push_str(text.get(at..)?);
    Some(out)
}

/// The edits of the fixes that can be applied together, by file, and how many fixes that are.
#[derive(Debug, Default)]
pub struct Together {
    /// By file.
    pub edits: BTreeMap<SourceId, Vec<Edit>>,
    /// How many fixes.
    pub count: usize,
}

/// The first fix that is allowed of each diagnostic, unless it touches what one before it changes: that one waits for
/// the next round. A fix is taken whole or not at all, and only where it changes files that `may_change` says yes to.
pub fn together(
    diagnostics: &Diagnostics,
    sources: &Sources,
    allowed: Applicability,
    may_change: impl Fn(&SourceFile) -> bool,
) -> Together {
    let mut taken = Together::default();
    for diagnostic in diagnostics.iter() {
        let here = |edit: &Edit| {
            let file = sources.file(edit.span.source);
            file.origin == Origin::Project && may_change(file)
        };
        let is_allowed = |fix: &&Fix| allowed == Applicability::Unsafe || fix.applicability == Applicability::Safe;
        let fix = diagnostic.fixes.iter().filter(is_allowed).find(|fix| fix.edits.iter().all(here));
        let Some(fix) = fix else { continue };
        if fits(fix, &taken, sources) {
            for edit in &fix.edits {
                taken.edits.entry(edit.span.source).or_default().push(edit.clone());
            }
            taken.count += 1;
        }
    }
    taken
}

/// Whether `fix` lies apart from everything taken, and its edits in their texts.
fn fits(fix: &Fix, taken: &Together, sources: &Sources) -> bool {
    fix.edits.iter().all(|edit| {
        let mut others = taken.edits.get(&edit.span.source).into_iter().flatten();
        let apart = others.all(|other| edit.span.end < other.span.start || other.span.end < edit.span.start);
        apart && apply(&sources.file(edit.span.source).text, std::slice::from_ref(edit)).is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    fn edits(all: &[(u32, u32, &str)]) -> Vec<Edit> {
        let span = |start, end| Span::new(SourceId::default(), start, end);
        all.iter().map(|(start, end, text)| Edit { span: span(*start, *end), text: (*text).to_owned() }).collect()
    }

    #[test]
    fn edits_are_applied_in_any_order() {
        let text = "env = pord";
        assert_eq!(apply(text, &edits(&[(6, 10, "prod"), (0, 3, "tier")])).as_deref(), Some("tier = prod"));
        assert_eq!(apply(text, &edits(&[(10, 10, " }")])).as_deref(), Some("env = pord }"));
    }

    #[test]
    fn edits_that_make_no_sense_are_refused() {
        for wrong in [&[(0, 3, "a"), (2, 4, "b")][..], &[(0, 99, "")], &[(3, 1, "")]] {
            assert_eq!(apply("éé = pord", &edits(wrong)), None, "{wrong:?}");
        }
        assert_eq!(apply("é", &edits(&[(1, 1, "x")])), None);
    }
}
