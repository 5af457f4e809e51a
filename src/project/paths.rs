//! Paths relative to the project root, as text with `/` between the parts.

use std::path::Path;

/// `path` without `.`, empty parts and `x/..`. Gives `.` for the root itself and keeps a leading `..`; none when `path`
/// is absolute or holds a character that no path on every machine may hold.
pub fn normalise(path: &str) -> Option<String> {
    if path.starts_with('/') || path.contains(['\\', '\0']) || path.get(1..2) == Some(":") {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    Some(if parts.is_empty() { ".".to_string() } else { parts.join("/") })
}

/// The folder that holds the normalised `path`, and its name there; none for `.` and for what ends in `..`.
pub fn split_last(path: &str) -> Option<(&str, &str)> {
    let (folder, name) = path.rsplit_once('/').unwrap_or((".", path));
    (name != "." && name != "..").then_some((folder, name))
}

/// How many `..` the normalised `path` begins with.
pub fn levels_up(path: &str) -> usize {
    path.split('/').take_while(|part| *part == "..").count()
}

/// The path of `name` in `folder`.
pub fn join(folder: &str, name: &str) -> String {
    if folder == "." { name.to_string() } else { format!("{folder}/{name}") }
}

/// The path from `ancestor`, such as `..`, down to the folder `root`, which is absolute; empty for `.`, none for what is
/// no folder above.
pub fn from_ancestor(root: &Path, ancestor: &str) -> Option<String> {
    let ancestor = normalise(ancestor)?;
    if split_last(&ancestor).is_some() {
        return None;
    }
    let above = root.ancestors().nth(levels_up(&ancestor))?;
    let parts: Option<Vec<&str>> =
        root.strip_prefix(above).ok()?.components().map(|part| part.as_os_str().to_str()).collect();
    Some(parts?.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_one_spelling() {
        for (written, one) in
            [("", "."), ("./a//b/", "a/b"), ("a/../..", ".."), ("../../x/.", "../../x"), ("a/./b/../c", "a/c")]
        {
            assert_eq!(normalise(written).as_deref(), Some(one), "{written}");
        }
        for refused in ["/etc", "a\\b", "a\0b", "C:/x"] {
            assert_eq!(normalise(refused), None, "{refused}");
        }
    }

    #[test]
    fn a_path_has_a_folder_and_a_name() {
        assert_eq!(split_last("a/b/c"), Some(("a/b", "c")));
        assert_eq!(split_last("a"), Some((".", "a")));
        assert_eq!(split_last("../a"), Some(("..", "a")));
        assert_eq!(split_last("."), None);
        assert_eq!(split_last("../.."), None);
    }
}
