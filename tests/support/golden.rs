//! Expected texts in files beside the tests.

use std::fs;
use std::path::Path;

/// Compares `actual` with the file `path` of this repository, and with `FLEETC_BLESS=1` writes it there.
pub fn golden(path: &str, actual: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let expected = fs::read_to_string(&file).unwrap_or_default();
    if expected == actual {
        return;
    }
    assert!(std::env::var_os("FLEETC_BLESS").is_some(), "{}", differs(path, &expected, actual));
    fs::write(&file, actual).unwrap();
}

fn differs(path: &str, expected: &str, actual: &str) -> String {
    let diff = similar::TextDiff::from_lines(expected, actual);
    format!("{path} differs; if that is right, run with FLEETC_BLESS=1\n{}", diff.unified_diff())
}
