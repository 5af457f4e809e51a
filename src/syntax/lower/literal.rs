//! Numbers, durations and shares.

use super::{Lower, errors};
use crate::syntax::ast::ExprKind;
use crate::syntax::cst::NodeRef;

/// Why a word that begins like a number is none: what it is, and what to write (empty: quote it).
type Refusal = (&'static str, String);

impl Lower<'_> {
    /// The value of a number node.
    pub(super) fn number(&mut self, node: NodeRef<'_>) -> ExprKind {
        let text = self.text_of(node);
        read(text).unwrap_or_else(|(why, help)| {
            self.sink.push(errors::bad_literal(node.span(), text, why, &help));
            ExprKind::Error
        })
    }
}

fn read(text: &str) -> Result<ExprKind, Refusal> {
    let quote = |why: &'static str| Err((why, String::new()));
    let digits = text.strip_prefix('-').unwrap_or(text);
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let zero_led = digits.len() > 1 && digits.starts_with('0') && all_digits(digits.get(1..2).unwrap_or(""));
    if all_digits(digits) {
        if zero_led {
            return quote("no number: one does not begin with `0`");
        }
        return text.parse().map(ExprKind::Int).or(quote("too large for a number"));
    }
    if let Some(share) = text.strip_suffix('%').filter(|share| all_digits(share)) {
        return match share.parse() {
            Ok(share) if !zero_led => Ok(ExprKind::Share(share)),
            _ => Err(("no share", "a share is written `25%`".to_owned())),
        };
    }
    if let Some((whole, fraction)) = digits.split_once('.')
        && all_digits(whole)
        && all_digits(fraction)
        && !zero_led
    {
        return text.parse().map(ExprKind::Float).or(quote("no number"));
    }
    if digits.ends_with(|c: char| c.is_ascii_alphabetic()) && digits.len() == text.len() {
        return duration(text);
    }
    quote(if digits.ends_with('%') { "no share: one is a whole number of percent" } else { "no number" })
}

/// A duration as Go writes it, in milliseconds. Flux takes exactly `^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$` (its CRDs).
fn duration(text: &str) -> Result<ExprKind, Refusal> {
    let mut total = Some(0_u64);
    let mut rest = text;
    while !rest.is_empty() {
        let number_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, behind) = rest.split_at_checked(number_end).unwrap_or((rest, ""));
        let unit_end = behind.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(behind.len());
        let (unit, next) = behind.split_at_checked(unit_end).unwrap_or((behind, ""));
        let scale = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => return Err(wrong_unit(text, number, unit)),
        };
        let Some(part) = scaled(number, scale) else {
            return Err((
                "no duration of whole milliseconds",
                "durations are written like `30s`, `10m`, `1h30m`".to_owned(),
            ));
        };
        total = total.and_then(|total| total.checked_add(part));
        rest = next;
    }
    total.map(ExprKind::Duration).ok_or(("too long for a duration", "write a shorter one".to_owned()))
}

/// `number` times `scale`, when that is a whole number.
fn scaled(number: &str, scale: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if whole.is_empty() || fraction.is_empty() || fraction.contains('.') {
        return None;
    }
    let whole = whole.parse::<u64>().ok()?.checked_mul(scale)?;
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() {
        return Some(whole);
    }
    let parts = fraction.parse::<u64>().ok()?.checked_mul(scale)?;
    let of = 10_u64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    if parts % of == 0 { whole.checked_add(parts / of) } else { None }
}

fn wrong_unit(text: &str, number: &str, unit: &str) -> Refusal {
    let factor = match unit {
        "d" | "day" | "days" => 24,
        "w" | "week" | "weeks" => 168,
        "min" | "mins" | "sec" | "secs" | "hour" | "hours" | "M" | "H" | "S" => {
            return ("no duration", "the units are `ms`, `s`, `m` and `h`".to_owned());
        }
        _ => return ("no number and no duration", String::new()),
    };
    let whole = text.len() == number.len() + unit.len();
    match number.parse::<u64>().ok().and_then(|days| days.checked_mul(factor)) {
        Some(hours) if whole => ("no duration: there are no days", format!("write `{hours}h`")),
        _ => ("no duration: there are no days", "write hours, `h`".to_owned()),
    }
}
