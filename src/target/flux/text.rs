//! Texts that Flux and Kubernetes want in a certain form.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::plan::Duration;

/// The longest name of a Kustomization: kustomize-controller writes it into the label
/// `kustomize.toolkit.fluxcd.io/name` of all that it applies (fluxcd/pkg, ssa/manager.go), and a label's value has at
/// most 63 characters.
pub(super) const LONGEST_NAME: usize = 63;

/// The duration as Flux takes it, `1h30m`: its pattern is `^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`, which has no days.
pub(super) fn duration(duration: Duration) -> String {
    let mut rest = duration.milliseconds;
    let mut text = String::new();
    for (unit, size) in [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)] {
        if rest >= size {
            let _ = write!(text, "{}{unit}", rest / size);
            rest %= size;
        }
    }
    if text.is_empty() { "0s".into() } else { text }
}

/// The first `length` hexadecimal digits of the SHA-256 of `text`.
pub(super) fn digest(text: &str, length: usize) -> String {
    let mut hex = String::new();
    for byte in Sha256::digest(text.as_bytes()) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex.truncate(length);
    hex
}

/// `text` as the name of an object of at most `longest` characters. What does not fit or is not allowed gives way to a
/// digest of the whole, so that different texts stay different.
pub(super) fn object_name(text: &str, longest: usize) -> String {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let clean: String =
        text.chars().map(|c| c.to_ascii_lowercase()).map(|c| if plain(c) || c == '.' { c } else { '-' }).collect();
    let whole = clean == text && text.starts_with(plain) && text.ends_with(plain) && !text.contains("..");
    if whole && text.len() <= longest {
        return clean;
    }
    let kept: String = clean.replace('.', "-").chars().take(longest.saturating_sub(9)).collect();
    format!("{}-{}", kept.trim_matches('-'), digest(text, 8)).trim_start_matches('-').to_owned()
}

/// Whether Kubernetes takes `text` as a label's value.
pub(super) fn is_label_value(text: &str) -> bool {
    let edge = |c: char| c.is_ascii_alphanumeric();
    text.len() <= 63
        && text.chars().all(|c| edge(c) || matches!(c, '-' | '_' | '.'))
        && (text.is_empty() || text.starts_with(edge) && text.ends_with(edge))
}

/// A regular expression of Go that matches `text` and nothing else, where the whole is anchored: kustomize and Flux
/// read a selector's kind and name as `^(?:…)$`.
pub(super) fn literal_pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '.' | '+' | '*' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

/// `text` so that one pass of Flux's substitution gives it back.
///
/// fluxcd/pkg, envsubst: every `$$` becomes `$`, with a brace behind it or not, and `${` begins a variable; a lone `$`
/// stays. So runs of two and more, and those before a brace, are doubled.
pub(super) fn escape_variables(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        escaped.push_str(before);
        let behind = after.trim_start_matches('$');
        let run = 1 + after.len() - behind.len();
        let active = run > 1 || behind.starts_with('{');
        escaped.push_str(&"$".repeat(if active { 2 * run } else { run }));
        rest = behind;
    }
    escaped.push_str(rest);
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_no_days_and_no_empty_units() {
        let text = |milliseconds| duration(Duration { milliseconds });
        assert_eq!(text(600_000), "10m");
        assert_eq!(text(5_400_000), "1h30m");
        assert_eq!(text(49 * 3_600_000), "49h");
        assert_eq!(text(1_500), "1s500ms");
        assert_eq!(text(0), "0s");
    }

    #[test]
    fn a_name_that_fits_is_kept_and_others_stay_apart() {
        assert_eq!(object_name("payments-prod-gate", 63), "payments-prod-gate");
        assert_eq!(
            object_name("payments-Prod-gate", 63),
            format!("payments-prod-gate-{}", digest("payments-Prod-gate", 8))
        );
        assert_ne!(object_name("a_b", 63), object_name("a-b", 63));
        let long = "x".repeat(80);
        assert_eq!(object_name(&long, 54).len(), 54);
        assert!(is_label_value(&object_name("___", 63)));
    }

    #[test]
    fn one_substitution_gives_escaped_text_back() {
        for (text, escaped) in
            [("${a}", "$${a}"), ("a$b", "a$b"), ("$$", "$$$$"), ("$${a}", "$$$${a}"), ("$$$", "$$$$$$"), ("5$", "5$")]
        {
            assert_eq!(escape_variables(text), escaped);
        }
    }

    #[test]
    fn a_pattern_matches_only_its_text() {
        assert_eq!(literal_pattern("a.b"), r"a\.b");
        assert_eq!(literal_pattern("system:node"), "system:node");
    }
}
