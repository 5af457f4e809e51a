//! Which versions stand still.
//!
//! The rules are those of Helm's constraints (Masterminds/semver), which Argo CD and Flux share: a version of three
//! numbers is that version, anything less is a range.

/// Whether `version` may mean another version tomorrow: a range, a part of a version, or `latest`.
pub fn floats(version: &str) -> bool {
    let version = version.trim();
    if version.eq_ignore_ascii_case("latest") || version.is_empty() {
        return true;
    }
    if version.contains([' ', ',', '|', '*', '<', '>', '^', '~', '!']) {
        return true;
    }
    let bare = version.trim_start_matches('=').trim_start_matches(['v', 'V']);
    let core = bare.split(['-', '+']).next().unwrap_or(bare);
    let parts: Vec<&str> = core.split('.').collect();
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_open = |part: &&str| matches!(*part, "x" | "X");
    let known = parts.iter().all(|part| is_number(part) || is_open(part));
    // Anything else is no version but a tag, which is what it is.
    known && (parts.len() < 3 || parts.iter().any(is_open))
}

#[cfg(test)]
mod tests {
    use super::floats;

    #[test]
    fn only_a_whole_version_stands_still() {
        for version in ["1.2.3", "v1.2.3", "=1.2.3", "1.2.3-rc.1", "1.2.3-x.2", "1.2.3+build", "release-7", "main"] {
            assert!(!floats(version), "{version}");
        }
        for version in ["*", "1", "1.2", "v1", "1.x", "1.2.X", ">=1.0.0", "^1.2.3", "~1.2.3", "1.0.0 - 2.0.0"] {
            assert!(floats(version), "{version}");
        }
        for version in ["latest", "Latest", ">1.0.0,<2.0.0", "1.2.3 || 2.0.0", "!=1.2.3", ""] {
            assert!(floats(version), "{version}");
        }
    }
}
