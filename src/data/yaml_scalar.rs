//! What a plain scalar of YAML is.
//!
//! YAML 1.1 and 1.2 do not agree on `no`, `010`, `1_000`, `12:30` and dates, and tools speak either. Such a word is nothing
//! that could be guessed.

use super::Kind;

/// The words that YAML 1.1 takes for a bool and YAML 1.2 for text.
const OLD_BOOLS: [&str; 8] = ["y", "yes", "on", "n", "no", "off", "Y", "N"];

/// What the plain scalar `text` is.
pub fn resolve(text: &str) -> Kind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Kind::Null,
        "true" | "True" | "TRUE" => return Kind::Bool(true),
        "false" | "False" | "FALSE" => return Kind::Bool(false),
        _ => {}
    }
    let lower = text.to_ascii_lowercase();
    if OLD_BOOLS.contains(&text) || (is_one_case(text, &lower) && OLD_BOOLS.contains(&lower.as_str())) {
        return Kind::Unclear("true or false to some readers, text to others");
    }
    let begins_number = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'));
    if begins_number { number(text, &lower) } else { Kind::Text(text.to_owned()) }
}

/// Whether `text` is in lower or upper case or has a capital: `no`, `NO`, `No`.
fn is_one_case(text: &str, lower: &str) -> bool {
    let rest = text.get(1..).unwrap_or("");
    text == lower || text == text.to_ascii_uppercase() || lower.get(1..) == Some(rest)
}

fn number(text: &str, lower: &str) -> Kind {
    let digits = lower.trim_start_matches(['-', '+']);
    let signs = lower.len() - digits.len();
    if matches!(digits, ".inf" | ".nan") {
        return Kind::Unclear("no number to some readers");
    }
    if signs > 1 || !digits.bytes().any(|byte| byte.is_ascii_digit()) {
        return Kind::Text(text.to_owned());
    }
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    if plain && (digits == "0" || !digits.starts_with('0')) && !text.starts_with('+') {
        return text.parse().map_or(Kind::Unclear("a number that not every reader can hold"), Kind::Int);
    }
    let (mantissa, exponent) = digits.split_once('e').map_or((digits, None), |(before, after)| (before, Some(after)));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_float = whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit())
        && (!whole.is_empty() || !fraction.is_empty())
        && exponent.is_none_or(|exponent| {
            let bare = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
            !bare.is_empty() && bare.bytes().all(|byte| byte.is_ascii_digit())
        });
    if is_float && !plain {
        let value = text.parse::<f64>().ok().filter(|value| value.is_finite());
        return value.map_or(Kind::Unclear("a number that not every reader can hold"), Kind::Float);
    }
    let other_base = ["0x", "0o", "0b"].iter().any(|base| digits.starts_with(base));
    let clock = digits.contains(':') && digits.bytes().all(|byte| is_digit(&byte) || matches!(byte, b':' | b'.'));
    let grouped = digits.contains('_') && digits.bytes().all(|byte| is_digit(&byte) || matches!(byte, b'_' | b'.'));
    if plain || other_base || clock || grouped {
        return Kind::Unclear("a number to some readers, text or another number to others");
    }
    if is_date(digits) {
        return Kind::Unclear("a date to some readers, text to others");
    }
    Kind::Text(text.to_owned())
}

/// `2026-01-31`, perhaps with a time behind it.
fn is_date(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let (Some(year), Some(month), Some(rest)) = (parts.next(), parts.next(), parts.next()) else { return false };
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let day: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let behind = rest.get(day.len()..).unwrap_or("");
    year.len() == 4
        && number(year)
        && number(month)
        && month.len() <= 2
        && (1..=2).contains(&day.len())
        && (behind.is_empty() || behind.starts_with(['t', ' ']))
}

#[cfg(test)]
mod tests {
    use super::resolve;
    use crate::data::Kind;

    #[test]
    fn what_readers_agree_on_is_that() {
        for text in ["eu-west-1", "v1.2", "1.2.3", "3a", "-", "10.0.0.1", "a:b", "Nope", "nO", "01-eu", "2026-edge"] {
            assert!(matches!(resolve(text), Kind::Text(found) if found == text), "{text}");
        }
        assert!(matches!(resolve("-7"), Kind::Int(-7)));
        for text in ["1.30", "1e3", ".5", "-0.5", "+1.5"] {
            assert!(matches!(resolve(text), Kind::Float(_)), "{text}");
        }
    }

    #[test]
    fn what_they_do_not_agree_on_is_unclear() {
        for text in [
            "no",
            "NO",
            "Yes",
            "off",
            "y",
            "010",
            "0x1f",
            "0o17",
            "1_000",
            "12:30",
            "2026-01-31",
            "2026-01-31T10:00:00Z",
            "+1",
            ".inf",
            "012345678901",
            "99999999999999999999",
        ] {
            assert!(matches!(resolve(text), Kind::Unclear(_)), "{text}");
        }
    }
}
