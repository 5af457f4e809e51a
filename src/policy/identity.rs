//! What a diagnostic is known by from run to run.

use std::fmt::Write as _;

use foldhash::{HashMap, HashMapExt as _};
use sha2::{Digest, Sha256};

use crate::diag::{Diagnostics, Identity};
use crate::source::{Sources, Span};
use crate::syntax::Parse;
use crate::syntax::ast::{Declaration, DeclarationKind, Text};

/// How much of a marked text counts: a name or a value is shorter, and a block may be edited at its end.
const MARKED: usize = 80;

/// Gives every diagnostic its identity. They must be in order: of several alike, the first stays the first.
///
/// The fingerprint is made of the code, the file, the declaration and the marked text, never of a line or of the words of
/// the message, so it outlives edits elsewhere and a new version of fleetc.
pub fn identify(parsed: &[Parse], sources: &Sources, diagnostics: &mut Diagnostics) {
    let declarations: HashMap<_, &[Declaration]> =
        parsed.iter().map(|parse| (parse.cst.source, parse.file.declarations.as_slice())).collect();
    let mut alike: HashMap<String, usize> = HashMap::new();
    for diagnostic in diagnostics.iter_mut() {
        let span = diagnostic.primary.span;
        let around = declarations.get(&span.source).and_then(|all| around(all, span));
        let item = around.map(|declaration| title(declaration, sources));
        let marked: String = sources.text(span).chars().take(MARKED).collect();
        let path = &sources.file(span.source).path;
        let known = format!("{}\0{path}\0{}\0{marked}", diagnostic.code.id, item.as_deref().unwrap_or_default());
        let count = alike.entry(known.clone()).or_default();
        let digest = Sha256::digest(format!("{known}\0{count}"));
        *count += 1;
        let fingerprint = digest.iter().take(8).fold(String::new(), |mut hex, byte| {
            _ = write!(hex, "{byte:02x}");
            hex
        });
        diagnostic.identity = Identity { item, fingerprint };
    }
}

/// The declaration in which `span` begins.
pub fn around(declarations: &[Declaration], span: Span) -> Option<&Declaration> {
    let before = declarations.partition_point(|declaration| declaration.span.start <= span.start);
    let last = declarations.get(before.checked_sub(1)?)?;
    (span.start <= last.span.end).then_some(last)
}

/// The keyword and the name as they are written, without quotes: `component web`.
fn title(declaration: &Declaration, sources: &Sources) -> String {
    if let DeclarationKind::Cluster(cluster) = &declaration.kind
        && declaration.keyword.is_empty()
    {
        // It stands in the data of an inventory, without a keyword and perhaps in other letters.
        return format!("cluster {}", cluster.name.as_ref().and_then(Text::as_literal).unwrap_or_default());
    }
    let keyword = sources.text(declaration.keyword);
    match declaration.kind.name_span() {
        Some(name) => format!("{keyword} {}", sources.text(name).trim_matches('"')),
        None => keyword.to_owned(),
    }
}
