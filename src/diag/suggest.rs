//! "did you mean": the nearest of the names that would have been right.

/// The name of `known` that is nearest to `written`, if it is near enough to be what was meant.
///
/// Near enough is a restricted Damerau-Levenshtein distance of at most a third of the longer name, at least one;
/// the first of equally near names in the order of `known` is taken.
pub fn did_you_mean<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut best: Option<(usize, &str)> = None;
    let lower = written.to_ascii_lowercase();
    let length = lower.chars().count();
    for name in known {
        let other = name.chars().count();
        let limit = (length.max(other) / 3).max(1);
        // Names whose lengths differ by more than the limit are further apart than it; most are, so most cost nothing.
        if length.abs_diff(other) > limit {
            continue;
        }
        let distance = strsim::osa_distance(&lower, &name.to_ascii_lowercase());
        if name != written && distance <= limit && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, name));
        }
    }
    best.map(|(_, name)| name)
}

/// "one of `a`, `b` and `c`" for at most eight names, "one of `a`, `b`, … (12 in all)" for more; empty for none.
pub fn one_of<'a>(known: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = known.into_iter().map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) if names.len() <= 8 => format!("one of {} and {last}", rest.join(", ")),
        Some(_) => {
            let shown: Vec<&str> = names.iter().take(8).map(String::as_str).collect();
            format!("one of {}, … ({} in all)", shown.join(", "), names.len())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_name_is_suggested_and_a_far_one_is_not() {
        let known = ["prod-us-east-1", "staging"];
        assert_eq!(did_you_mean("stagign", known), Some("staging"));
        assert_eq!(did_you_mean("zebra", known), None);
    }
}
