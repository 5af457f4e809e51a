//! Which paths a generated file may have.
//!
//! The same on every machine: what is written here is checked out there, also where names differ only by case or
//! where `aux.yaml` is a device.

use std::borrow::Cow;

use foldhash::{HashMap, HashMapExt as _};

use super::LOCK;

/// Names that Windows takes for devices, with any extension.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// The longest part of a path, in bytes.
const LONGEST: usize = 120;

/// Says what is wrong with the first of `paths` that cannot be written, or that cannot stand beside another.
pub fn check<'a>(paths: impl IntoIterator<Item = &'a str>) -> Result<(), String> {
    // Every file and every folder, in lower case, as it is spelled and whether it is a folder.
    let mut seen: HashMap<Cow<str>, (&str, bool)> = HashMap::new();
    let mut last = "";
    for path in paths {
        check_path(path)?;
        // The folders that it has in common with the path before were looked at with that one.
        let known = path.bytes().zip(last.bytes()).take_while(|(a, b)| a == b).count();
        let ends = path.match_indices('/').map(|(at, _)| at).filter(|at| *at >= known);
        let folders = ends.filter_map(|at| path.get(..at)).map(|folder| (folder, true));
        for (spelled, is_folder) in folders.chain([(path, false)]) {
            let there = seen.entry(in_lower_case(spelled)).or_insert((spelled, is_folder));
            if there.0 != spelled {
                return Err(format!("`{spelled}` and `{}` differ only in upper and lower case", there.0));
            }
            if there.1 != is_folder {
                return Err(format!("`{spelled}` would be a file and a folder"));
            }
        }
        last = path;
    }
    Ok(())
}

fn in_lower_case(path: &str) -> Cow<'_, str> {
    if path.bytes().any(|byte| byte.is_ascii_uppercase()) { path.to_ascii_lowercase().into() } else { path.into() }
}

/// Says what is wrong with `path` by itself.
pub fn check_path(path: &str) -> Result<(), String> {
    if path.eq_ignore_ascii_case(LOCK) {
        return Err(format!("`{LOCK}` is the lock's own name"));
    }
    match path.split('/').find_map(wrong_with) {
        Some(reason) => Err(format!("`{}` is not a safe path: {reason}", path.escape_debug())),
        None => Ok(()),
    }
}

fn wrong_with(part: &str) -> Option<&'static str> {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if part.is_empty() {
        Some("a part of it is empty")
    } else if part.starts_with(['.', '-']) || part.ends_with('.') {
        Some("a part of it begins with `.` or `-`, or ends with `.`")
    } else if !part.bytes().all(safe) {
        Some("it holds something other than ASCII letters, digits, `.`, `_` and `-`")
    } else if part.len() > LONGEST {
        Some("a part of it has more than 120 characters")
    } else if is_device(part.split('.').next().unwrap_or(part)) {
        Some("Windows takes a part of it for a device")
    } else {
        None
    }
}

fn is_device(stem: &str) -> bool {
    let is_numbered = || {
        let (name, number) = stem.split_at_checked(3)?;
        let is_one = name.eq_ignore_ascii_case("com") || name.eq_ignore_ascii_case("lpt");
        Some(is_one && matches!(number.as_bytes(), [b'1'..=b'9']))
    };
    DEVICES.iter().any(|device| stem.eq_ignore_ascii_case(device)) || is_numbered().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_path_is_safe_everywhere() {
        assert_eq!(check_path("flux/hub/clusters/10.edge_a-b.yaml"), Ok(()));
        assert_eq!(check_path("apps/command.yaml"), Ok(()));
        for path in [
            "",
            "/etc/x",
            "a//b",
            "../a",
            "a/../b",
            "a/.",
            "./a",
            ".git/config",
            "-x",
            "a./b",
            "a b",
            "a\\b",
            "a\nb",
            "é",
            "a/AUX.yaml",
            "com1",
            "lpt9.x.yaml",
            "fleet.lock",
            "Fleet.Lock",
        ] {
            assert!(check_path(path).is_err(), "{path:?}");
        }
        assert!(check_path(&"x".repeat(121)).is_err());
    }

    #[test]
    fn paths_that_only_case_tells_apart_cannot_stand_together() {
        assert!(check(["a/x.yaml", "a/y.yaml"]).is_ok());
        assert!(check(["a/x.yaml", "a/X.yaml"]).is_err());
        assert!(check(["a/x.yaml", "A/y.yaml"]).is_err());
        assert!(check(["a", "a/x.yaml"]).is_err());
        assert!(check(["a/b/x.yaml", "a/b"]).is_err());
        assert!(check(["a/b/x.yaml", "a/B/x.yaml"]).is_err());
        assert!(check(["a/bc/x.yaml", "a/b/x.yaml", "a/b/y.yaml"]).is_ok());
    }
}
