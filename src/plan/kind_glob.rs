//! The globs of the lists of kinds in Argo CD's projects.
//!
//! Argo CD 3.5 matches these with Go's `filepath.Match` (pkg/apis/application/v1alpha1/types.go, `isResourceInList`), another
//! dialect than that of sources and destinations: braces and `!` mean themselves, a class is negated by `^`, and a pattern
//! that cannot be read matches nothing.

/// One step of a pattern.
enum Step {
    Any,
    One,
    Char(char),
    Class { negated: bool, ranges: Vec<(char, char)> },
}

impl Step {
    fn takes(&self, c: char) -> bool {
        match self {
            Self::Any => false,
            Self::One => true,
            Self::Char(own) => *own == c,
            Self::Class { negated, ranges } => ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated,
        }
    }
}

/// Whether the whole of `text`, which holds no `/`, matches.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let Some(steps) = steps(pattern) else { return false };
    // The places in the pattern that the text read so far may stand at.
    let mut places = vec![0];
    settle(&steps, &mut places);
    for c in text.chars() {
        let mut next = Vec::new();
        for place in places {
            match steps.get(place) {
                Some(Step::Any) => next.push(place),
                Some(step) if step.takes(c) => next.push(place + 1),
                _ => {}
            }
        }
        places = next;
        settle(&steps, &mut places);
    }
    places.contains(&steps.len())
}

/// Adds the places behind stars, which may stand for nothing.
fn settle(steps: &[Step], places: &mut Vec<usize>) {
    let mut index = 0;
    while let Some(place) = places.get(index).copied() {
        if matches!(steps.get(place), Some(Step::Any)) && !places.contains(&(place + 1)) {
            places.push(place + 1);
        }
        index += 1;
    }
    places.sort_unstable();
    places.dedup();
}

/// The steps of a pattern; none when Go would not read it.
fn steps(pattern: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = pattern.chars().peekable();
    while let Some(c) = rest.next() {
        steps.push(match c {
            '*' => Step::Any,
            '?' => Step::One,
            '\\' => Step::Char(rest.next()?),
            '[' => class(&mut rest)?,
            c => Step::Char(c),
        });
    }
    Some(steps)
}

fn class(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<Step> {
    let negated = rest.next_if_eq(&'^').is_some();
    let mut ranges = Vec::new();
    loop {
        if !ranges.is_empty() && rest.next_if_eq(&']').is_some() {
            return Some(Step::Class { negated, ranges });
        }
        let low = end(rest)?;
        let high = if rest.next_if_eq(&'-').is_some() { end(rest)? } else { low };
        ranges.push((low, high));
    }
}

/// One end of a range, of which a class must have more.
fn end(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<char> {
    let c = rest.next().filter(|c| !matches!(c, '-' | ']'))?;
    let c = if c == '\\' { rest.next()? } else { c };
    rest.peek().map(|_| c)
}
