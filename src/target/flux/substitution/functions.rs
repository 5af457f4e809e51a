//! What the operators of variables do to a value. Lengths and places are in bytes, so a result may be no UTF-8.

use super::SubstitutionError;
use super::glob::{next_char, trimmed};

/// What is done to a variable's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    /// `${v}`
    Value,
    /// `${#v}`
    Length,
    /// `${v^}` and its like.
    Case(Case),
    /// `${v:1}`, `${v:1:2}`
    Part,
    /// `${v#x}`, `${v%x}`; doubled, the longest that matches.
    Trim(Side, bool),
    /// `${v/x/y}` and its like.
    Replace(Replaced),
    /// `${v=x}`, `${v:=x}`, `${v:-x}`; `${v:?x}` and `${v:+x}` are the same, whatever a shell does.
    Default,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    Upper,
    UpperFirst,
    Lower,
    LowerFirst,
    Same,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Start,
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Replaced {
    First,
    All,
    Start,
    End,
}

pub(super) fn evaluate(function: Function, value: &str, operands: &[Vec<u8>]) -> Result<Vec<u8>, SubstitutionError> {
    let plain = || value.as_bytes().to_vec();
    Ok(match (function, operands) {
        (Function::Length, _) => value.len().to_string().into_bytes(),
        (Function::Case(case), _) => cased(case, value).into_bytes(),
        (Function::Part, operands) => part(value.as_bytes(), operands)?.to_vec(),
        (Function::Trim(Side::Start, longest), [pattern, ..]) => trimmed(value.as_bytes(), pattern, longest).to_vec(),
        (Function::Trim(Side::End, longest), [pattern, ..]) => {
            reversed(trimmed(&reversed(value.as_bytes()), &reversed(pattern), longest))
        }
        (Function::Replace(which), [old]) => match which {
            Replaced::First => replaced(value, old, b"", 1),
            Replaced::All => replaced(value, old, b"", usize::MAX),
            Replaced::Start | Replaced::End => plain(),
        },
        (Function::Replace(which), [old, new, ..]) => match which {
            Replaced::First => replaced(value, old, new, 1),
            Replaced::All => replaced(value, old, new, usize::MAX),
            Replaced::Start if value.as_bytes().starts_with(old) => replaced(value, old, new, 1),
            Replaced::End => match value.as_bytes().strip_suffix(old.as_slice()) {
                Some(kept) => [kept, new].concat(),
                None => plain(),
            },
            Replaced::Start => plain(),
        },
        (Function::Default, operands) if value.is_empty() => operands.concat(),
        (Function::Value | Function::Default | Function::Trim(..) | Function::Replace(_), _) => plain(),
    })
}

/// From a place on, with a second number only so many; negative numbers count from the end. What is no number leaves
/// the value as it is.
fn part<'v>(value: &'v [u8], operands: &[Vec<u8>]) -> Result<&'v [u8], SubstitutionError> {
    let number = |operand: &Vec<u8>| std::str::from_utf8(operand).ok()?.parse::<i64>().ok();
    let size = i64::try_from(value.len()).unwrap_or(i64::MAX);
    let between = |start: i64, end: i64| {
        let place = |at: i64| usize::try_from(at).unwrap_or_default();
        value.get(place(start)..place(end)).unwrap_or_default()
    };
    let Some(start) = operands.first().and_then(number) else { return Ok(value) };
    let start = if start < 0 { size.saturating_add(start).max(0) } else { start };
    let end = match operands.get(1) {
        None => size,
        Some(operand) => match number(operand) {
            None => return Ok(value),
            Some(length) if length < 0 => size.saturating_add(length),
            Some(length) => start.checked_add(length).ok_or(SubstitutionError::Overflow)?.min(size),
        },
    };
    Ok(if end < start { &[] } else { between(start, end) })
}

/// `value` with up to `most` occurrences of `old` as `new`. Nothing occurs at the start and behind every character.
fn replaced(value: &str, old: &[u8], new: &[u8], most: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = value.as_bytes();
    let mut left = most;
    if old.is_empty() {
        out.extend_from_slice(new);
        for c in value.chars() {
            left -= 1;
            if left == 0 {
                break;
            }
            let (head, tail) = rest.split_at_checked(c.len_utf8()).unwrap_or((rest, &[]));
            out.extend_from_slice(head);
            out.extend_from_slice(new);
            rest = tail;
        }
    } else {
        while left > 0
            && let Some(at) = rest.windows(old.len()).position(|window| window == old)
        {
            let (head, tail) = rest.split_at_checked(at).unwrap_or((rest, &[]));
            out.extend_from_slice(head);
            out.extend_from_slice(new);
            rest = tail.strip_prefix(old).unwrap_or(tail);
            left -= 1;
        }
    }
    out.extend_from_slice(rest);
    out
}

/// The characters from last to first; a byte that is none becomes U+FFFD, as Go does it.
fn reversed(text: &[u8]) -> Vec<u8> {
    let mut characters = Vec::new();
    let mut rest = text;
    while let Some((c, behind)) = next_char(rest) {
        characters.push(c.unwrap_or(char::REPLACEMENT_CHARACTER));
        rest = behind;
    }
    characters.into_iter().rev().collect::<String>().into_bytes()
}

fn cased(case: Case, value: &str) -> String {
    let mut rest = value.chars();
    match case {
        Case::Upper => rest.map(upper).collect(),
        Case::Lower => rest.map(lower).collect(),
        Case::UpperFirst => rest.next().map(upper).into_iter().chain(rest).collect(),
        Case::LowerFirst => rest.next().map(lower).into_iter().chain(rest).collect(),
        Case::Same => value.to_owned(),
    }
}

/// One character for one, where Rust has several for some.
fn upper(c: char) -> char {
    let code = u32::from(c);
    let other = match code {
        0x1f80..=0x1f87 | 0x1f90..=0x1f97 | 0x1fa0..=0x1fa7 => code + 8,
        0x1fb3 | 0x1fc3 | 0x1ff3 => code + 9,
        _ => return one_for_one(c, c.to_uppercase()),
    };
    char::from_u32(other).unwrap_or(c)
}

fn lower(c: char) -> char {
    if c == 'İ' { 'i' } else { one_for_one(c, c.to_lowercase()) }
}

fn one_for_one(c: char, mut mapped: impl Iterator<Item = char>) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(one), None) if !is_new(c) && !is_new(one) => one,
        _ => c,
    }
}

/// Whether Unicode 15, which Go 1.26 knows, has no such letter yet.
fn is_new(c: char) -> bool {
    matches!(c,
        '\u{1c89}' | '\u{1c8a}'
        | '\u{a7cb}'..='\u{a7cf}'
        | '\u{a7d2}'..='\u{a7d5}'
        | '\u{a7da}'..='\u{a7dc}'
        | '\u{10d50}'..='\u{10d85}'
        | '\u{16ea0}'..='\u{16ed3}')
}
