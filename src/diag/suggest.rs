//! "did you mean": the nearest of the names that would have been right.

/// How many names are suggested at most.
const MOST: usize = 3;

/// The name of `known` that is nearest to `written`, if it is near enough to be what was meant.
pub fn did_you_mean<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    nearest(written, known).first().copied()
}

/// The names of `known` that are equally near to `written`, at most three, the likeliest first.
///
/// Near enough is a restricted Damerau-Levenshtein distance of at most a third of the longer name, at least one; upper
/// and lower case, `_` and `-` count as the same. Names of the same parts in another order, or with one part more or
/// less, are near as well. Among names that are equally far, the slips of a hand come first, then a longer common
/// beginning, then the order of `known`.
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let plain = normal(written);
    let length = plain.chars().count();
    let mut found: Vec<(usize, usize, usize, &str)> = Vec::new();
    for name in known {
        let other = name.chars().count();
        let limit = (length.max(other) / 3).max(1);
        let parted = length.min(other) >= 4 && plain.contains('-') && name.contains(['-', '_']);
        // Names whose lengths differ by more than the limit are further apart than it; most are, so most cost nothing.
        if name == written || (length.abs_diff(other) > limit && !parted) {
            continue;
        }
        let name_plain = normal(name);
        let distance = strsim::osa_distance(&plain, &name_plain);
        let parts = if parted { parts_apart(&plain, &name_plain) } else { None };
        let near = if distance <= limit { Some(parts.map_or(distance, |parts| parts.min(distance))) } else { parts };
        if let Some(near) = near {
            let common = plain.chars().zip(name_plain.chars()).take_while(|(a, b)| a == b).count();
            found.push((near, slips(&plain, &name_plain), usize::MAX - common, name));
        }
    }
    found.sort_by_key(|(near, slips, common, _)| (*near, *slips, *common));
    let least = found.first().map(|(near, ..)| *near);
    let mut names: Vec<&str> = Vec::new();
    for (near, _, _, name) in found {
        if Some(near) == least && !names.contains(&name) && names.len() < MOST {
            names.push(name);
        }
    }
    names
}

/// "did you mean `a`?", or "did you mean `a`, `b` or `c`?".
pub fn question(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("did you mean {} or {last}?", rest.join(", ")),
        _ => format!("did you mean {}?", names.concat()),
    }
}

/// What is compared: no upper case, no `_`.
fn normal(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}

/// One when both have the same parts between their hyphens in another order, two when one has a single part more and
/// the rest is most of it.
fn parts_apart(written: &str, name: &str) -> Option<usize> {
    let (mut left, mut right): (Vec<&str>, Vec<&str>) = (written.split('-').collect(), name.split('-').collect());
    if left.len() < right.len() {
        std::mem::swap(&mut left, &mut right);
    }
    if left.len() == right.len() {
        left.sort_unstable();
        right.sort_unstable();
        return (left == right && written != name).then_some(1);
    }
    let mut kept = right.iter().peekable();
    for part in &left {
        kept.next_if(|wanted| *wanted == part);
    }
    (left.len() == right.len() + 1 && right.len() >= 2 && kept.peek().is_none()).then_some(2)
}

/// Zero for what a hand does by itself: a key beside the right one, one letter twice or two letters swapped; one else.
fn slips(written: &str, name: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (written.chars().collect(), name.chars().collect());
    let same = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let (a, b) = (a.get(same..).unwrap_or_default(), b.get(same..).unwrap_or_default());
    let slip = match (a, b) {
        ([x, y, rest @ ..], [v, w, behind @ ..]) if x == w && y == v && rest == behind => true,
        ([x, rest @ ..], [v, behind @ ..]) if rest == behind => neighbours(*x, *v),
        ([x, rest @ ..], behind) | (behind, [x, rest @ ..]) if rest == behind => {
            same > 0 && written.chars().nth(same - 1) == Some(*x)
        }
        _ => false,
    };
    usize::from(!slip)
}

/// Whether two keys are side by side.
fn neighbours(a: char, b: char) -> bool {
    ["1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"].iter().any(|row| match (row.find(a), row.find(b)) {
        (Some(a), Some(b)) => a.abs_diff(b) == 1,
        _ => false,
    })
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

    #[test]
    fn parts_may_be_swapped_missing_or_too_many() {
        let known = ["prod-us-east-1", "prod-eu-west-1", "staging"];
        for written in ["us-prod-east-1", "us-east-1", "prod-us-east", "PROD_US_EAST_1", "prod-us-east-1-a"] {
            assert_eq!(did_you_mean(written, known), Some("prod-us-east-1"), "{written}");
        }
    }

    #[test]
    fn equally_near_names_are_all_said_the_likeliest_first() {
        let known = ["prod-eu-1", "prod-us-1", "prod-ap-1", "prod-sa-1"];
        assert_eq!(nearest("prod-xx-1", known).len(), 3);
        assert_eq!(nearest("prod-us1", known), ["prod-us-1"]);
        assert_eq!(nearest("prod-us-q", ["prod-us-1", "prod-us-w"]), ["prod-us-w", "prod-us-1"]);
        assert_eq!(question(&["a", "b", "c"]), "did you mean `a`, `b` or `c`?");
        assert_eq!(question(&["a"]), "did you mean `a`?");
    }
}
