//! The patterns of `${v#pattern}` and `${v%pattern}`: `*` is anything, `?` a character, `[a-c]` and `[^a-c]` one of some.
//!
//! A star takes as little as lets the part behind it match, and is never tried again; only what is behind the last star
//! is sought up to the end. And a pattern that is wrong is only noticed where it is reached. Both are as in Flux.

/// A pattern is wrong: a class that does not end, or a `\\` with nothing behind it.
struct Malformed;

/// `value` without the shortest or longest start that `pattern` matches and that is not empty.
pub(super) fn trimmed<'v>(value: &'v [u8], pattern: &[u8], longest: bool) -> &'v [u8] {
    let mut rest = value;
    for size in (1..=value.len()).rev() {
        let Some((start, behind)) = value.split_at_checked(size) else { break };
        match matches(pattern, start) {
            Err(Malformed) => return value,
            Ok(true) if longest => return behind,
            Ok(true) => rest = behind,
            Ok(false) => {}
        }
    }
    rest
}

fn matches(mut pattern: &[u8], mut text: &[u8]) -> Result<bool, Malformed> {
    while !pattern.is_empty() {
        let (star, part, behind) = split(pattern);
        pattern = behind;
        if star && part.is_empty() {
            return Ok(true);
        }
        // What is left must be nothing when no part follows.
        let fits = |left: &&[u8]| left.is_empty() || !behind.is_empty();
        let mut found = after(part, text)?.filter(fits);
        let mut places = text;
        while star
            && found.is_none()
            && let Some((_, next)) = places.split_first()
        {
            found = after(part, next)?.filter(fits);
            places = next;
        }
        let Some(left) = found else { return Ok(false) };
        text = left;
    }
    Ok(text.is_empty())
}

/// Whether there are stars, what follows up to the next one, and the rest.
fn split(pattern: &[u8]) -> (bool, &[u8], &[u8]) {
    let stars = pattern.iter().take_while(|&&byte| byte == b'*').count();
    let part = pattern.get(stars..).unwrap_or_default();
    let (mut escaped, mut class) = (false, false);
    let end = part.iter().position(|&byte| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'[' => class = true,
            b']' => class = false,
            b'*' => return !class,
            _ => {}
        }
        false
    });
    let (part, rest) = part.split_at_checked(end.unwrap_or(part.len())).unwrap_or((part, &[]));
    (stars > 0, part, rest)
}

/// What is left of `text` behind what a part without stars matches at its start.
fn after<'t>(mut part: &[u8], mut text: &'t [u8]) -> Result<Option<&'t [u8]>, Malformed> {
    while let Some((&byte, behind)) = part.split_first() {
        let Some((&first, tail)) = text.split_first() else { return Ok(None) };
        part = behind;
        match byte {
            b'[' => {
                let Some((c, rest)) = next_char(text) else { return Ok(None) };
                let (within, behind) = class(part, c.unwrap_or(char::REPLACEMENT_CHARACTER))?;
                if !within {
                    return Ok(None);
                }
                (part, text) = (behind, rest);
            }
            b'?' => text = next_char(text).map_or(tail, |(_, rest)| rest),
            b'\\' => {
                let Some((&literal, behind)) = part.split_first() else { return Err(Malformed) };
                if literal != first {
                    return Ok(None);
                }
                (part, text) = (behind, tail);
            }
            literal if literal == first => text = tail,
            _ => return Ok(None),
        }
    }
    Ok(Some(text))
}

/// Whether a class, whose `[` is taken, matches `c`, and what is behind its `]`.
fn class(mut pattern: &[u8], c: char) -> Result<(bool, &[u8]), Malformed> {
    let negated = pattern.first() == Some(&b'^');
    pattern = pattern.get(usize::from(negated)..).unwrap_or_default();
    let (mut within, mut first) = (false, true);
    loop {
        match pattern.split_first() {
            Some((b']', behind)) if !first => return Ok((within != negated, behind)),
            _ => {}
        }
        let low;
        (low, pattern) = bound(pattern)?;
        let mut high = low;
        if let Some((b'-', behind)) = pattern.split_first() {
            (high, pattern) = bound(behind)?;
        }
        within |= (low..=high).contains(&c);
        first = false;
    }
}

/// A character of a class, behind which the class goes on.
fn bound(pattern: &[u8]) -> Result<(char, &[u8]), Malformed> {
    let pattern = match pattern.split_first() {
        None | Some((b'-' | b']', _)) => return Err(Malformed),
        Some((b'\\', behind)) => behind,
        Some(_) => pattern,
    };
    match next_char(pattern) {
        Some((Some(c), behind)) if !behind.is_empty() => Ok((c, behind)),
        _ => Err(Malformed),
    }
}

/// The first character, none for a byte that begins none, and what is behind it.
pub(super) fn next_char(text: &[u8]) -> Option<(Option<char>, &[u8])> {
    let found = (1..=4).find_map(|size| {
        let (head, tail) = text.split_at_checked(size)?;
        Some((std::str::from_utf8(head).ok()?.chars().next()?, tail))
    });
    match found {
        Some((c, tail)) => Some((Some(c), tail)),
        None => text.split_first().map(|(_, tail)| (None, tail)),
    }
}
