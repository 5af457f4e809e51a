//! Texts that would be something else than text to whoever reads them: YAML, Go templates, variables of Flux, Markdown,
//! HTML, terminals. `tests/data/hostile-texts.json` holds them; each stands in every place where a text may stand.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]
#![allow(missing_docs)]

#[path = "argocd/expand.rs"]
mod expand;
mod folder;
#[path = "injection/places.rs"]
mod places;
#[path = "folder/program.rs"]
mod program;
#[path = "injection/streams.rs"]
mod streams;

/// The texts by name.
pub fn texts() -> Vec<(String, String)> {
    let read: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(include_str!("data/hostile-texts.json")).unwrap();
    let texts: Vec<(String, String)> =
        read.into_iter().map(|(name, text)| (name, text.as_str().unwrap().to_owned())).collect();
    assert!(texts.len() > 100);
    texts
}

/// `text` inside of quotes of the language: `"`, `\` and `${` escaped, and what may not stand in a source by itself.
pub fn written(text: &str) -> String {
    let mut out = String::new();
    for (at, c) in text.char_indices() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out += "\\n",
            '\t' => out += "\\t",
            // A `$` that would begin or escape something.
            '$' if text[at + 1..].starts_with(['$', '{']) => out += "\\u{24}",
            c if c.is_ascii_graphic() || c == ' ' => out.push(c),
            c => out += &format!("\\u{{{:x}}}", u32::from(c)),
        }
    }
    out
}
