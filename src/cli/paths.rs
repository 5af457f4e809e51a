//! Paths as the reader of an output needs them.

use std::path::{Component, Path, PathBuf};

use crate::source::{Origin, Sources};

/// `sources`, whose paths are relative to `root`, with paths relative to `base`: what a person who works there, or a
/// program that was started there, can open. Both are absolute, without symbolic links.
pub fn relative_to(base: &Path, root: &Path, sources: &Sources) -> Sources {
    if base == root {
        return sources.clone();
    }
    sources.renamed(|file| match file.origin {
        Origin::Project => relative(base, &root.join(&file.path)),
        // A data file may lie above the root, up to that of the repository.
        Origin::Data => relative(base, &below(root, &file.path)),
        Origin::StandardLibrary => file.path.clone(),
    })
}

/// The place of `path`, which may begin with `..`, seen from `root`.
fn below(root: &Path, path: &str) -> PathBuf {
    let rest = path.trim_start_matches("../");
    let up = (path.len() - rest.len()) / "../".len();
    root.ancestors().nth(up).unwrap_or(root).join(rest)
}

/// The way from the folder `base` to `path`, with `/` between the parts.
pub fn relative(base: &Path, path: &Path) -> String {
    let (mut from, mut to) = (base.components().peekable(), path.components().peekable());
    while from.peek().is_some() && from.peek() == to.peek() {
        from.next();
        to.next();
    }
    let up = from.map(|_| "..".to_owned());
    let down = to.filter(|part| !matches!(part, Component::RootDir | Component::Prefix(_)));
    let parts: Vec<String> = up.chain(down.map(|part| part.as_os_str().to_string_lossy().into_owned())).collect();
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

#[cfg(test)]
mod tests {
    use super::relative;
    use std::path::Path;

    #[test]
    fn the_way_goes_up_and_down() {
        for (base, path, way) in [
            ("/a", "/a/b/c", "b/c"),
            ("/a/b", "/a/c.fleet", "../c.fleet"),
            ("/a/b", "/x", "../../x"),
            ("/a", "/a", "."),
        ] {
            assert_eq!(relative(Path::new(base), Path::new(path)), way);
        }
    }
}
