//! Whether to use colours.

use std::ffi::OsString;

use clap::{ColorChoice, ValueEnum};

/// What `--color` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Choice {
    /// On a terminal, unless the environment says otherwise
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// `--color`, then NO_COLOR, CLICOLOR_FORCE or FORCE_COLOR, CLICOLOR=0, TERM=dumb, and at last whether it is a terminal.
pub fn decide(choice: Choice, variable: impl Fn(&str) -> Option<String>, is_terminal: bool) -> bool {
    let set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    let forced = |name: &str| variable(name).is_some_and(|value| !value.is_empty() && value != "0");
    match choice {
        Choice::Always => true,
        Choice::Never => false,
        Choice::Auto if set("NO_COLOR") => false,
        Choice::Auto if forced("CLICOLOR_FORCE") || forced("FORCE_COLOR") => true,
        Choice::Auto if variable("CLICOLOR").as_deref() == Some("0") => false,
        Choice::Auto if variable("TERM").as_deref() == Some("dumb") => false,
        Choice::Auto => is_terminal,
    }
}

/// A variable of the environment, if it is text.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// What `--color` or `FLEETC_COLOR` will say, before the arguments are parsed: their errors have colours too.
pub fn typed(arguments: &[OsString]) -> Choice {
    let mut words = arguments.iter().filter_map(|word| word.to_str()).skip(1);
    let mut value = variable("FLEETC_COLOR");
    while let Some(word) = words.next() {
        match word.strip_prefix("--color") {
            Some("") => value = words.next().map(str::to_string),
            Some(rest) => value = rest.strip_prefix('=').map(str::to_string).or(value),
            None => {}
        }
    }
    value.and_then(|value| Choice::from_str(&value, true).ok()).unwrap_or(Choice::Auto)
}

/// The same for clap, which asks for each stream whether it is a terminal, and needs to be told of the variables that
/// it reads differently.
pub fn for_clap(choice: Choice) -> ColorChoice {
    match (decide(choice, variable, true), decide(choice, variable, false)) {
        (true, true) => ColorChoice::Always,
        (false, false) => ColorChoice::Never,
        _ => ColorChoice::Auto,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_precedence_is_kept() {
        type Row = (Choice, &'static [(&'static str, &'static str)], bool, bool);
        let rows: [Row; 15] = [
            (Choice::Auto, &[], false, false),
            (Choice::Auto, &[], true, true),
            (Choice::Auto, &[("NO_COLOR", "1")], true, false),
            (Choice::Auto, &[("NO_COLOR", "")], true, true),
            (Choice::Auto, &[("TERM", "dumb")], true, false),
            (Choice::Auto, &[("CLICOLOR_FORCE", "1")], false, true),
            (Choice::Auto, &[("CLICOLOR_FORCE", "0")], false, false),
            (Choice::Auto, &[("FORCE_COLOR", "1")], false, true),
            (Choice::Auto, &[("CLICOLOR", "0")], true, false),
            (Choice::Auto, &[("NO_COLOR", "1"), ("FORCE_COLOR", "1")], false, false),
            (Choice::Auto, &[("CLICOLOR", "0"), ("FORCE_COLOR", "1")], false, true),
            (Choice::Auto, &[("TERM", "dumb"), ("CLICOLOR_FORCE", "1")], false, true),
            (Choice::Always, &[("NO_COLOR", "1"), ("TERM", "dumb")], false, true),
            (Choice::Never, &[("FORCE_COLOR", "1")], true, false),
            (Choice::Auto, &[("CLICOLOR", "1")], false, false),
        ];
        for (choice, variables, is_terminal, colours) in rows {
            let variable =
                |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_string());
            assert_eq!(decide(choice, variable, is_terminal), colours, "{choice:?} {variables:?} {is_terminal}");
        }
    }
}
