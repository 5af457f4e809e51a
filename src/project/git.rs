//! The Git repository around a folder, without running Git.
//!
//! Reads `.git` (a folder, or the file of a worktree or submodule) and the remotes in its configuration. It reads no
//! configuration of the user and no environment variable: the same checkout gives the same answer everywhere.

use std::fs;
use std::path::{Path, PathBuf};

use super::Repository;

/// The repository that holds `folder`, which is absolute.
pub fn find(folder: &Path) -> Option<Repository> {
    let (depth, git) =
        folder.ancestors().enumerate().find_map(|(depth, above)| Some((depth, git_folder(&above.join(".git"))?)))?;
    let root = if depth == 0 { ".".to_string() } else { vec![".."; depth].join("/") };
    let config = fs::read(common_folder(&git).join("config")).unwrap_or_default();
    Some(Repository { root, remotes: remotes(&String::from_utf8_lossy(&config)) })
}

/// The folder with Git's data for `dot_git`: itself, or where the file of a worktree or submodule points.
fn git_folder(dot_git: &Path) -> Option<PathBuf> {
    if dot_git.is_dir() {
        // Git itself takes a folder without `HEAD` for no repository.
        return dot_git.join("HEAD").exists().then(|| dot_git.to_path_buf());
    }
    let text = fs::read_to_string(dot_git).ok()?;
    let target = text.strip_prefix("gitdir:")?.trim();
    let folder = dot_git.parent()?.join(target);
    folder.is_dir().then_some(folder)
}

/// The folder that all worktrees of a repository share, which holds the configuration.
fn common_folder(git: &Path) -> PathBuf {
    match fs::read_to_string(git.join("commondir")) {
        Ok(text) => git.join(text.trim()),
        Err(_) => git.to_path_buf(),
    }
}

/// The URLs of the remotes in the text of a Git configuration, sorted, each once.
fn remotes(config: &str) -> Vec<String> {
    let mut urls = Vec::new();
    let mut in_remote = false;
    let joined = config.replace("\\\r\n", "").replace("\\\n", "");
    for line in joined.lines() {
        let mut line = line.trim();
        if let Some(header) = line.strip_prefix('[') {
            // `[remote "a]b"]` is possible; the header ends at the bracket behind the last quote.
            let end = header.rfind("\"]").map(|at| at + 1).or_else(|| header.find(']'));
            let (name, rest) = end.and_then(|at| header.split_at_checked(at)).unwrap_or((header, ""));
            in_remote = name.split_whitespace().next().is_some_and(|word| word.eq_ignore_ascii_case("remote"));
            line = rest.strip_prefix(']').unwrap_or(rest).trim();
        }
        if let Some((key, value)) = line.split_once('=')
            && in_remote
            && key.trim().eq_ignore_ascii_case("url")
        {
            urls.push(unquoted(value.trim()));
        }
    }
    urls.sort();
    urls.dedup();
    urls
}

/// A value without its quotes, escapes and the comment behind it.
fn unquoted(value: &str) -> String {
    let mut text = String::new();
    let mut quoted = false;
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => quoted = !quoted,
            '\\' => text.extend(characters.next()),
            '#' | ';' if !quoted => break,
            character => text.push(character),
        }
    }
    text.trim_end().to_string()
}

#[cfg(test)]
mod tests {
    use super::remotes;

    #[test]
    fn remotes_are_read_from_a_configuration() {
        let config = r#"
[core]
	bare = false
	url = https://example.com/not-a-remote
[remote "origin"] url = https://example.com/one-line
[Remote "up]stream"]
	fetch = +refs/heads/*:refs/remotes/origin/*
	URL = "https://example.com/quoted#1" ; a comment
	pushurl = https://example.com/push
	url = git@example.com:my-org/\
config.git
[remote "again"]
	url = https://example.com/one-line # the same
[branch "remote"]
	url = x
"#;
        assert_eq!(
            remotes(config),
            ["git@example.com:my-org/config.git", "https://example.com/one-line", "https://example.com/quoted#1"]
        );
    }
}
