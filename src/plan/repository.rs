//! How Argo CD writes and compares the URLs of repositories.
//!
//! Takes URLs as the fleet writes them. Knows nothing of projects or Applications.

use std::net::Ipv6Addr;

use super::{Content, Source, SourceKind};

const OCI: &str = "oci://";

/// The `repoURL` of a source as Argo CD wants it.
///
/// Argo CD 3.5, docs/user-guide/helm.md: with `chart` set, a registry is written without `oci://`; every other source
/// is written as it is, and `oci://` is what makes it one of the OCI sources that came with 3.1.
pub fn argocd_url<'a>(source: &'a Source, content: &Content) -> &'a str {
    match content {
        Content::Chart(chart) if source.kind == SourceKind::Oci && !chart.name.is_empty() => {
            source.url.strip_prefix(OCI).unwrap_or(&source.url)
        }
        _ => &source.url,
    }
}

/// The `sourceRepos` of an AppProject for the globs of a project.
///
/// A glob that begins with `oci://` stands for both spellings that [`argocd_url`] may give.
pub fn argocd_patterns(patterns: &[String]) -> Vec<String> {
    let mut all = Vec::new();
    for pattern in patterns {
        let (deny, glob) = pattern.strip_prefix('!').map_or(("", pattern.as_str()), |glob| ("!", glob));
        if let Some(registry) = glob.strip_prefix(OCI) {
            push_new(&mut all, format!("{deny}{registry}"));
        }
        push_new(&mut all, pattern.clone());
    }
    all
}

fn push_new(all: &mut Vec<String>, pattern: String) {
    if !all.contains(&pattern) {
        all.push(pattern);
    }
}

/// What Argo CD compares in place of a URL or a glob over URLs; empty when it cannot read it.
///
/// Argo CD 3.5, util/git/git.go `NormalizeGitURL`: lower case, the first `:` of `git@host:path` becomes `/`, a final
/// `.git` goes, then Go's `url.Parse` and back to text, then a leading `ssh://` goes. Going through Go's URL is what
/// turns `https://host/{a,b}/*` into `https://host/%7Ba,b%7D/%2A`, a glob that matches nothing.
pub(super) fn normalize(url: &str) -> String {
    let mut url = url.trim().to_lowercase();
    if is_ssh(&url) && !url.starts_with("ssh://") {
        url = format!("ssh://{}", url.replacen(':', "/", 1));
    }
    let url = url.strip_suffix(".git").unwrap_or(&url);
    let text = reparse(url).unwrap_or_default();
    text.strip_prefix("ssh://").unwrap_or(&text).to_owned()
}

/// Go's `^(ssh://)?([^/:]*?)@[^@]+$`.
fn is_ssh(url: &str) -> bool {
    let rest = url.strip_prefix("ssh://").unwrap_or(url);
    rest.rsplit_once('@').is_some_and(|(user, host)| !user.contains(['/', ':']) && !host.is_empty())
}

/// Go's `url.Parse` followed by `URL.String` (Go 1.26, net/url), for text in lower case; none for its errors.
fn reparse(url: &str) -> Option<String> {
    if url.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
        return None;
    }
    let (url, fragment) = url.split_once('#').map_or((url, None), |(url, fragment)| (url, Some(fragment)));
    let (scheme, rest) = scheme(url)?;
    let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
    let mut text = String::new();
    if let Some(scheme) = scheme {
        text.push_str(scheme);
        text.push(':');
    }
    match scheme {
        Some(_) if !rest.starts_with('/') => text.push_str(rest),
        _ => hierarchy(scheme, rest, &mut text)?,
    }
    if let Some(query) = query {
        text.push('?');
        text.push_str(query);
    }
    if let Some(fragment) = fragment.filter(|fragment| !fragment.is_empty()) {
        text.push('#');
        text.push_str(&escaped(fragment, Part::Fragment)?);
    }
    Some(text)
}

/// `//user@host/path` or a path.
fn hierarchy(scheme: Option<&str>, rest: &str, text: &mut String) -> Option<()> {
    if !rest.starts_with('/') {
        let segment = rest.split('/').next().unwrap_or_default();
        if segment.contains(':') {
            return None;
        }
    }
    let mut path = rest;
    let authority = rest.strip_prefix("//").filter(|_| scheme.is_some() || !rest.starts_with("///"));
    if let Some(authority) = authority {
        let end = authority.find('/').unwrap_or(authority.len());
        let (authority, rest) = authority.split_at_checked(end)?;
        path = rest;
        if !authority.is_empty() || (scheme.is_some() && !path.is_empty()) {
            text.push_str("//");
        }
        write_authority(scheme, authority, text)?;
    }
    text.push_str(&escaped(path, Part::Path)?);
    Some(())
}

fn write_authority(scheme: Option<&str>, authority: &str, text: &mut String) -> Option<()> {
    let host = match authority.rsplit_once('@') {
        Some((user, host)) => {
            let valid = |c: char| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c);
            if !user.chars().all(valid) {
                return None;
            }
            let plain = |c: char| c.is_ascii_alphanumeric() || "-._~$&+,;=:%".contains(c);
            user.chars().for_each(|c| if plain(c) { text.push(c) } else { percent(c, text) });
            text.push('@');
            host
        }
        None => authority,
    };
    let allowed = |c: char| c.is_ascii_alphanumeric() || !c.is_ascii() || "-_.~!$&'()*+,;=:[]<>\"".contains(c);
    if !host.chars().all(allowed) {
        return None;
    }
    // Brackets hold an IPv6 address, which is the whole of a host.
    if host.rfind('[').is_some_and(|at| at > 0) {
        return None;
    }
    let port = match host.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.rsplit_once(']')?;
            address.parse::<Ipv6Addr>().ok()?;
            if port.is_empty() { "" } else { port.strip_prefix(':')? }
        }
        // Go 1.26, with which 3.5 is built, refuses a second colon under these two schemes.
        None if !matches!(scheme, Some("http" | "https")) => host.rsplit_once(':').map_or("", |(_, port)| port),
        None => host.split_once(':').map_or("", |(_, port)| port),
    };
    if !port.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    // Non-ASCII characters of a host come back percent-encoded.
    host.chars().for_each(|c| if c.is_ascii() { text.push(c) } else { percent(c, text) });
    Some(())
}

/// The scheme, if there is one, and what follows its `:`.
fn scheme(url: &str) -> Option<(Option<&str>, &str)> {
    let letter = |c: char| c.is_ascii_lowercase();
    match url.split_once(|c: char| !letter(c) && !c.is_ascii_digit() && !"+-.".contains(c)) {
        Some(("", _)) if url.starts_with(':') => None,
        Some((scheme, rest)) if scheme.starts_with(letter) && url.get(scheme.len()..)?.starts_with(':') => {
            Some((Some(scheme), rest))
        }
        _ => Some((None, url)),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Path,
    Fragment,
}

/// Go keeps the text as written when each of its characters may stand there; one that may not makes it decode the
/// whole part and encode all of it anew, in which even `*` becomes `%2A`.
fn escaped(part: &str, kind: Part) -> Option<String> {
    let decoded = decode(part)?;
    let plain = |c: char| {
        c.is_ascii_alphanumeric() || "-_.~$&+,/:;=@".contains(c) || (kind == Part::Fragment && "?!()*".contains(c))
    };
    if part == "*" || part.chars().all(|c| plain(c) || "!'()*[]%".contains(c)) {
        return Some(part.to_owned());
    }
    let mut text = String::new();
    for byte in decoded {
        let c = char::from(byte);
        if plain(c) { text.push(c) } else { text.push_str(&format!("%{byte:02X}")) }
    }
    Some(text)
}

fn percent(c: char, text: &mut String) {
    let mut buffer = [0; 4];
    for byte in c.encode_utf8(&mut buffer).bytes() {
        text.push_str(&format!("%{byte:02X}"));
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::new();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
            let (high, low) = (digit(bytes.next())?, digit(bytes.next())?);
            decoded.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            decoded.push(byte);
        }
    }
    Some(decoded)
}
