//! What Argo CD makes of a name in its `normalize` function and in the `nameNormalized` of a cluster.
//!
//! The rules are those of Argo CD 3.5 (applicationset/utils/template_functions.go, `SanitizeName`);
//! `tests/conformance/argocd.sh` compares them with the engine's.

/// The longest name, in bytes.
const LONGEST: usize = 253;

/// The name in lower case, with `-` for every character but letters of ASCII, digits, `-` and `.`, cut, and without
/// `-` and `.` at its ends. So the result may be empty or no DNS name (`a..b`), and two names may have one result.
pub fn normalize_name(name: &str) -> String {
    // Go knows one lower-case character for each: `İ` becomes `i` alone.
    let lower = |c: char| c.to_lowercase().next().unwrap_or(c);
    let plain = |c: char| if c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' { c } else { '-' };
    let cut: String = name.chars().map(lower).map(plain).take(LONGEST).collect();
    cut.trim_matches(['-', '.']).to_owned()
}
