//! Sources: what they are, and where they are checked out.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::check::{invalid, not_a_ref, unsafe_path, unusable};
use super::settings::Fixed;
use crate::diag::{Diagnostic, Diagnostics, codes, one_of};
use crate::model::{Model, schema};
use crate::plan::{Revision, Source, SourceKind};
use crate::project::Files;
use crate::source::Span;
use crate::syntax::limits::is_invisible;

/// A source and what only the checks need of it.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The source.
    pub source: Arc<Source>,
    /// Where it is checked out, from the project root, when that is known; no `/` at the end.
    pub checkout: Option<String>,
    /// What `local` says.
    pub local: Option<String>,
}

/// Every source by its key in [`Names`](crate::model::names::Names).
pub type Table = BTreeMap<String, Resolved>;

/// Resolves every source.
pub fn resolve(model: &Model, files: &dyn Files, diagnostics: &mut Diagnostics) -> Table {
    let repository = files.repository();
    let mut table = Table::new();
    for (key, declared) in &model.names.sources {
        let fixed = Fixed::new(model, &schema::SOURCE, &declared.node.body, declared.std);
        let Some(source) = source(&declared.name.text, declared.name.span, &fixed, diagnostics) else { continue };
        let local = fixed.text("local").and_then(|(text, span)| local_folder(text, span, files, diagnostics));
        let is_remote = |url: &str| {
            repository.as_ref().is_some_and(|found| found.remotes.iter().any(|remote| same_repository(remote, url)))
        };
        let said = fixed.value("local").is_some();
        let checkout = match (&local, source.kind) {
            (Some(local), _) => Some(local.clone()),
            (None, SourceKind::Git) if !said && is_remote(&source.url) => {
                repository.as_ref().map(|found| found.root.clone())
            }
            _ => None,
        };
        table.insert(key.clone(), Resolved { source: Arc::new(source), checkout, local });
    }
    table
}

/// Where `local` says that a source is checked out, if that is a folder.
fn local_folder(text: String, span: Span, files: &dyn Files, diagnostics: &mut Diagnostics) -> Option<String> {
    let folder = text.trim_end_matches('/');
    let why = match unsafe_path(&text) {
        Some(_) if text.starts_with('/') => Some("begins with `/`"),
        // A source may be checked out above the project.
        Some(_) if text.contains('\\') || text.contains(char::is_control) => unsafe_path(&text),
        _ => None,
    };
    if let Some(why) = why {
        diagnostics.push(
            Diagnostic::new(codes::UNSAFE_PATH, span, format!("the path `{text}` {why}"))
                .label("must be a path from the root of the project")
                .help("write for example `.` or `../other`"),
        );
        return None;
    }
    if !files.has_folder(if folder.is_empty() { "." } else { folder }) {
        diagnostics.push(
            Diagnostic::new(codes::PATH_NOT_FOUND, span, format!("the folder `{text}` does not exist"))
                .label("the source is not checked out there")
                .help("write where it is from the root of the project, or leave `local` out"),
        );
        return None;
    }
    Some(folder.to_string())
}

fn source(name: &str, span: Span, fixed: &Fixed, diagnostics: &mut Diagnostics) -> Option<Source> {
    let kinds = [SourceKind::Git, SourceKind::Helm, SourceKind::Oci, SourceKind::Bucket];
    let mut given = kinds.iter().filter_map(|kind| fixed.text(kind.word()).map(|(url, at)| (*kind, url, at)));
    let Some((kind, url, at)) = given.next() else {
        diagnostics.push(
            Diagnostic::new(codes::MISSING_ATTRIBUTE, span, format!("the source `{name}` says nothing of where it is"))
                .label("needs one of `git`, `helm`, `oci` and `bucket`")
                .help("write for example `git = \"https://github.com/…\"`"),
        );
        return None;
    };
    if let Some((other, _, second)) = given.next() {
        diagnostics.push(exclusive(second, other.word(), at, kind.word(), "a source is one thing"));
    }
    check_url(kind, &url, at, diagnostics);
    let revision = revision(kind, fixed, diagnostics);
    let secret = fixed.text("secret").map(|(text, _)| text);
    Some(Source { span, name: name.to_string(), kind, url, revision, secret })
}

/// F0315: `name` at `span` together with `other`.
pub fn exclusive(span: Span, name: &str, other_span: Span, other: &str, why: &str) -> Diagnostic {
    Diagnostic::new(codes::CONFLICTING_ATTRIBUTES, span, format!("`{name}` and `{other}` exclude each other"))
        .label("one of the two too many")
        .related(other_span, format!("`{other}` is set here"))
        .help("keep one of them")
        .note(why.to_string())
}

/// What each kind of source may be pinned by.
fn pins(kind: SourceKind) -> &'static [&'static str] {
    match kind {
        SourceKind::Git => &["branch", "tag", "semver", "commit"],
        SourceKind::Oci => &["tag", "semver", "digest"],
        SourceKind::Helm | SourceKind::Bucket => &[],
    }
}

fn revision(kind: SourceKind, fixed: &Fixed, diagnostics: &mut Diagnostics) -> Revision {
    let mut found: Option<(Revision, &str, Span)> = None;
    for name in ["branch", "tag", "semver", "commit", "digest"] {
        let Some((text, span)) = fixed.text(name) else { continue };
        if !pins(kind).contains(&name) {
            let allowed = pins(kind);
            let help = if allowed.is_empty() {
                "leave it out; a chart's `version` is set in the component".to_string()
            } else {
                format!("write {}", one_of(allowed.iter().copied()))
            };
            diagnostics.push(
                Diagnostic::new(codes::UNKNOWN_ATTRIBUTE, span, format!("a `{}` source has no `{name}`", kind.word()))
                    .label("does not belong here")
                    .help(help),
            );
            continue;
        }
        let why = not_a_ref(&text).filter(|_| matches!(name, "branch" | "tag"));
        let not_a_ref = |why| {
            let message = format!("Git takes no {name} that {why}");
            invalid(span, message, "cannot be fetched", "write the name as `git` prints it")
        };
        if let Some(wrong) = unusable(span, name, &text).or_else(|| why.map(not_a_ref)) {
            diagnostics.push(wrong);
            continue;
        }
        if let Some((_, first, at)) = &found {
            diagnostics.push(exclusive(span, name, *at, first, "a source has one revision"));
            continue;
        }
        let revision = match name {
            "branch" => Revision::Branch(text),
            "tag" => Revision::Tag(text),
            "semver" => Revision::Semver(text),
            "commit" => Revision::Commit(text),
            _ => Revision::Digest(text),
        };
        found = Some((revision, name, span));
    }
    found.map_or(Revision::Default, |(revision, _, _)| revision)
}

fn check_url(kind: SourceKind, url: &str, span: Span, diagnostics: &mut Diagnostics) {
    if super::credentials::has_password(url) {
        return;
    }
    let (ok, expected): (bool, &str) = match kind {
        SourceKind::Git => {
            let scp = url.split_once(':').is_some_and(|(host, path)| host.contains('@') && !path.starts_with("//"));
            (
                scp || ["https://", "http://", "ssh://"].iter().any(|scheme| url.starts_with(scheme)),
                "`https://…` or `ssh://…`",
            )
        }
        SourceKind::Helm => (url.starts_with("https://") || url.starts_with("http://"), "`https://…`"),
        SourceKind::Oci => (url.starts_with("oci://"), "`oci://…`"),
        SourceKind::Bucket => (url.starts_with("https://") || url.starts_with("http://"), "`https://endpoint/name`"),
    };
    // A host that begins with `-` is an option to `ssh`.
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    let clean = !url.chars().any(|c| c.is_whitespace() || is_invisible(c)) && !host.starts_with('-');
    if ok && clean && url.len() <= 2048 {
        return;
    }
    let help = match kind {
        SourceKind::Helm if url.starts_with("oci://") => "write `oci = …` in place of `helm = …`".to_string(),
        _ => format!("write {expected}"),
    };
    diagnostics.push(
        Diagnostic::new(codes::INVALID_VALUE, span, format!("`{url}` is no URL of a `{}` source", kind.word()))
            .label(format!("expected {expected}"))
            .help(help),
    );
}

/// Whether two URLs name the same repository: host and path without scheme, user, port of the scheme and `.git`.
fn same_repository(a: &str, b: &str) -> bool {
    fn plain(url: &str) -> String {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let rest = rest.split_once('@').map_or(rest, |(_, rest)| rest);
        let rest = if url.contains("://") { rest.to_string() } else { rest.replacen(':', "/", 1) };
        rest.trim_end_matches('/').trim_end_matches(".git").to_ascii_lowercase()
    }
    plain(a) == plain(b)
}

#[cfg(test)]
mod tests {
    use super::same_repository;

    #[test]
    fn the_forms_of_a_git_url_name_one_repository() {
        assert!(same_repository("git@github.com:my-org/Fleet.git", "https://github.com/my-org/fleet"));
        assert!(!same_repository("https://github.com/my-org/fleet", "https://github.com/my-org/other"));
    }
}
