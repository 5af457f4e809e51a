//! The schedules of windows: five fields of cron, as Argo CD reads them.
//!
//! Argo CD parses with robfig/cron v3 and the fields minute, hour, day of the month, month and day of the week, and
//! nothing else: no seconds, no `@daily`, no 7 for Sunday. It does so at run time only, and a window that it cannot read
//! counts for nothing.

/// What a field may hold.
struct Field {
    name: &'static str,
    least: u32,
    most: u32,
    words: &'static [&'static str],
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const FIELDS: [Field; 5] = [
    Field { name: "minute", least: 0, most: 59, words: &[] },
    Field { name: "hour", least: 0, most: 23, words: &[] },
    Field { name: "day of the month", least: 1, most: 31, words: &[] },
    Field { name: "month", least: 1, most: 12, words: &MONTHS },
    Field { name: "day of the week", least: 0, most: 6, words: &DAYS },
];

/// Why Argo CD does not read `schedule`, in words that follow "the schedule `…` "; nothing when it does.
pub fn problem(schedule: &str) -> Option<String> {
    let parts: Vec<&str> = schedule.split_whitespace().collect();
    if schedule.trim_start().starts_with('@') {
        return Some("is a word, and a window takes the five fields of cron".to_owned());
    }
    if schedule.starts_with("TZ=") || schedule.starts_with("CRON_TZ=") {
        return Some("names a time zone, which belongs into `timezone`".to_owned());
    }
    if parts.len() != FIELDS.len() {
        return Some(format!("has {} fields and not five", parts.len()));
    }
    FIELDS.iter().zip(parts).find_map(|(field, text)| {
        let wrong = text.split(',').find(|range| !field.reads(range))?;
        Some(format!("says `{wrong}` for the {}, which is {} to {}", field.name, field.least, field.most))
    })
}

impl Field {
    /// `*`, `?`, `5`, `1-5`, `*/15`, `1-30/2`, `5/2`.
    fn reads(&self, text: &str) -> bool {
        let (range, step) = text.split_once('/').map_or((text, None), |(range, step)| (range, Some(step)));
        let step_is_fine = step.is_none_or(|step| digits(step).is_some_and(|step| step > 0));
        let (first, last) = range.split_once('-').map_or((range, None), |(first, last)| (first, Some(last)));
        let range_is_fine = match (first, last) {
            ("*" | "?", None) => true,
            (one, None) => self.number(one).is_some(),
            (first, Some(last)) => match (self.number(first), self.number(last)) {
                (Some(first), Some(last)) => first <= last,
                _ => false,
            },
        };
        range_is_fine && step_is_fine
    }

    fn number(&self, text: &str) -> Option<u32> {
        let word = text.to_ascii_lowercase();
        let named = self.words.iter().zip(self.least..).find(|(name, _)| **name == word).map(|(_, number)| number);
        named.or_else(|| digits(text)).filter(|number| (self.least..=self.most).contains(number))
    }
}

fn digits(text: &str) -> Option<u32> {
    if text.chars().all(|c| c.is_ascii_digit()) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::problem;

    #[test]
    fn what_argo_cd_reads_is_read() {
        for fine in
            ["* * * * *", "0 22 * * 5", "*/15 0-6 1,15 jan-MAR sun,Mon", "5/20 ? 1-30/2 12 6", "  0  8 * * 1-5 "]
        {
            assert_eq!(problem(fine), None, "{fine}");
        }
    }

    #[test]
    fn what_argo_cd_does_not_read_is_not() {
        let wrong = ["", "@daily", "0 22 * *", "0 0 22 * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *"];
        let more =
            ["* * * * 7", "5-1 * * * *", "*/0 * * * *", "* * * foo *", "*-5 * * * *", "1-2-3 * * * *", ", * * * *"];
        let zones = ["TZ=UTC 0 0 * * *", "+1 * * * *", "1/ * * * *", "** * * * *"];
        for wrong in wrong.iter().chain(&more).chain(&zones) {
            assert!(problem(wrong).is_some(), "{wrong}");
        }
    }
}
