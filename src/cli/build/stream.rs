//! All that is built as one YAML stream.

use std::fmt::Write as _;

use rayon::prelude::*;

use crate::target::OutputTree;

/// What stands between two documents.
const SEPARATOR: &str = "---\n";

/// How many files are one piece.
const AT_ONCE: usize = 64;

/// How many pieces are made before they are printed.
const PIECES: usize = 16;

/// Gives the whole tree as one YAML stream to `print`, piece by piece. In it every document stands below a line with its path.
/// A file that is no manifest is a comment: the stream may be given to `kubectl apply`.
pub(super) fn print(tree: &OutputTree, mut print: impl FnMut(&str)) {
    let files: Vec<(&String, &String)> = tree.iter().collect();
    let mut begun = false;
    for files in files.chunks(AT_ONCE * PIECES) {
        let pieces: Vec<String> = files.par_chunks(AT_ONCE).map(piece).collect();
        for piece in pieces.iter().filter(|piece| !piece.is_empty()) {
            print(if begun { piece } else { piece.strip_prefix(SEPARATOR).unwrap_or(piece) });
            begun = true;
        }
    }
}

/// The documents of `files`, each behind a separator.
fn piece(files: &[(&String, &String)]) -> String {
    let mut text = String::with_capacity(files.iter().map(|(path, file)| path.len() + file.len() + 8).sum());
    for (path, file) in files {
        if path.ends_with(".yaml") {
            for document in documents(file).filter(|document| !document.trim().is_empty()) {
                _ = write!(text, "{SEPARATOR}# {path}\n{document}");
            }
        } else {
            _ = writeln!(text, "{SEPARATOR}# {path}");
            for line in file.lines() {
                _ = writeln!(text, "{}", format!("# {line}").trim_end());
            }
        }
    }
    text
}

/// The documents of a file, without the lines between them.
fn documents(file: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(file);
    std::iter::from_fn(move || {
        let all = rest?;
        // Within a text the writer indents every line, so this line can be nothing else.
        for (at, dashes) in all.match_indices("---") {
            let (before, behind) = all.split_at(at);
            let (line, next) = behind.split_once('\n').map_or((behind, ""), |(line, next)| (line, next));
            if (before.is_empty() || before.ends_with('\n')) && line.trim_end() == dashes {
                rest = Some(next);
                return Some(before);
            }
        }
        rest = None;
        Some(all)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_document_of_a_stream_stands_below_its_path() {
        let tree: OutputTree = [
            ("a.yaml".to_string(), "# generated\nkind: A\ntext: |\n  ---\n  x\n---\nkind: B\n".to_string()),
            ("b/c.yaml".to_string(), "kind: C\n".to_string()),
            ("d.patch".to_string(), "# by hand\nkind: D\n\nx: 1\n".to_string()),
        ]
        .into();
        let manifests =
            "# a.yaml\n# generated\nkind: A\ntext: |\n  ---\n  x\n---\n# a.yaml\nkind: B\n---\n# b/c.yaml\nkind: C\n";
        let printed = |tree: &OutputTree| {
            let mut text = String::new();
            print(tree, |piece| text.push_str(piece));
            text
        };
        assert_eq!(printed(&tree), format!("{manifests}---\n# d.patch\n# # by hand\n# kind: D\n#\n# x: 1\n"));
        assert_eq!(printed(&OutputTree::new()), "");
    }
}
