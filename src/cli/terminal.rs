//! Where output goes, and how it looks there.

use std::borrow::Cow;
use std::io::{self, IsTerminal as _, Write as _};

use serde::Serialize;
use terminal_size::{Width, terminal_size_of};

use super::colour::{self, Choice, variable};
use super::{Failure, Global};
use crate::diag::render::Look;
use crate::diag::render::text::{escape, harmless_json, is_direction, visible};
use crate::diag::{Diagnostics, Severity, render};
use crate::picture::Canvas;
use crate::source::Sources;

/// The narrowest and the widest that text is wrapped at.
const NARROWEST: usize = 40;
const WIDEST: usize = 120;

/// Stdout and stderr of the process.
///
/// A reader that goes away (`fleetc check | head`) ends the writing and nothing else; `print!` would panic.
pub struct Terminal {
    colour: Choice,
    ascii: bool,
    quiet: bool,
    verbose: bool,
    /// What went wrong with stdout, unless its reader went away.
    broken: Option<io::Error>,
}

impl Terminal {
    /// As the flags want it.
    pub fn new(global: &Global) -> Self {
        Self { colour: global.color, ascii: global.ascii, quiet: global.quiet, verbose: global.verbose, broken: None }
    }

    /// Prints a command's result: as it is where a program or a file takes it, harmless where a terminal does.
    pub fn result(&mut self, text: &str) {
        let stdout = io::stdout();
        let text = if stdout.is_terminal() { harmless(text, self.look().colour) } else { Cow::Borrowed(text) };
        let mut stdout = stdout.lock();
        if let Err(error) = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            self.broken = Some(error);
        }
    }

    /// Says a line about what was done, unless that is not wanted.
    pub fn say(&self, line: &str) {
        if !self.quiet {
            let lines: Vec<_> = line.lines().map(escape).collect();
            self.log(&format!("{}\n", lines.join("\n")));
        }
    }

    /// Says a line that is wanted with `--verbose` only; none where there is nothing to say.
    pub fn detail(&self, line: &str) {
        if self.verbose && !line.is_empty() {
            self.log(&format!("{line}\n"));
        }
    }

    /// Whether lines about what was done are not wanted.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Shows diagnostics that are not the result; notes are no problems, and go when only those are wanted.
    pub fn diagnostics(&self, diagnostics: &Diagnostics, sources: &Sources) {
        let mut shown = Diagnostics::default();
        for diagnostic in diagnostics.iter().filter(|one| !self.quiet || one.severity != Severity::Note) {
            shown.push(diagnostic.clone());
        }
        if !shown.is_empty() {
            self.log(&render::full(&shown, sources, &self.look_of_stderr()));
        }
    }

    /// Says why a command could not do its work.
    pub fn failure(&self, failure: &Failure) {
        let (red, blue, off) =
            if self.look_of_stderr().colour { ("\x1b[1;31m", "\x1b[1;34m", "\x1b[0m") } else { ("", "", "") };
        // Only the words are painted.
        self.log(&format!("{red}error{off}: {}\n", harmless(&failure.message, false)));
        if let Some(help) = &failure.help {
            self.log(&format!("{blue}help{off}: {}\n", harmless(help, false)));
        }
    }

    /// The error that stdout ended with.
    pub fn broken(&mut self) -> Option<io::Error> {
        self.broken.take()
    }

    /// How diagnostics look on stdout.
    pub fn look(&self) -> Look {
        let stdout = io::stdout();
        self.look_of(stdout.is_terminal(), terminal_size_of(&stdout).map(|(width, _)| width))
    }

    /// What pictures are drawn on, on stdout. They use all of the width.
    pub fn canvas(&self) -> Canvas {
        let width = columns(terminal_size_of(io::stdout()).map(|(width, _)| width));
        Canvas { width: width.max(NARROWEST), unicode: self.look().unicode }
    }

    /// How diagnostics look on stderr.
    pub fn look_of_stderr(&self) -> Look {
        let stderr = io::stderr();
        self.look_of(stderr.is_terminal(), terminal_size_of(&stderr).map(|(width, _)| width))
    }

    fn look_of(&self, is_terminal: bool, width: Option<Width>) -> Look {
        let width = columns(width);
        Look {
            colour: colour::decide(self.colour, variable, is_terminal),
            width: width.clamp(NARROWEST, WIDEST),
            unicode: !self.ascii && speaks_unicode(variable),
            // The pages of the codes are in the program; there is nothing to link to.
            links: false,
        }
    }

    /// Prints text beside the result.
    pub fn log(&self, text: &str) {
        let text = harmless(text, self.look_of_stderr().colour);
        // There is nobody left to tell when this fails.
        _ = io::stderr().lock().write_all(text.as_bytes());
    }
}

/// `value` as a result.
pub fn json(value: &impl Serialize) -> String {
    // What is printed are texts, numbers and lists, which JSON always takes.
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    harmless_json(text + "\n")
}

/// `text` with what a terminal would obey written as escapes: names of files, words of `git` and `kubectl` and generated
/// files that somebody edited may hold anything. Where `colour`, our colours stay, and those of others with them: they move
/// and hide nothing that a person cannot mark.
pub fn harmless(text: &str, colour: bool) -> Cow<'_, str> {
    let plain = |byte: u8| matches!(byte, b'\n' | b'\t' | b' '..=b'~');
    if text.bytes().all(plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let behind = rest.get(c.len_utf8()..).unwrap_or_default();
        let paints = if colour && c == '\u{1b}' { colour_at(rest) } else { None };
        if let Some((paint, after)) = paints {
            out.push_str(paint);
            rest = after;
            continue;
        }
        match c {
            '\n' | '\t' => out.push(c),
            '\r' if behind.starts_with('\n') => out.push(c),
            c if c.is_control() || is_direction(c) => out.push_str(&visible(c, ' ')),
            c => out.push(c),
        }
        rest = behind;
    }
    Cow::Owned(out)
}

/// The colour that `text` begins with, and what is behind it.
fn colour_at(text: &str) -> Option<(&str, &str)> {
    let parameters = text.strip_prefix("\u{1b}[")?;
    let end = parameters.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    parameters.get(end..)?.starts_with('m').then(|| text.split_at_checked(end + 3))?
}

/// How wide the output is, as the environment or else the terminal says.
fn columns(width: Option<Width>) -> usize {
    let columns = variable("COLUMNS").and_then(|text| text.parse().ok());
    columns.or(width.map(|Width(columns)| usize::from(columns))).unwrap_or(100)
}

/// Whether the locale is one of UTF-8. One that is not set at all, as in a container, is taken for one: every current
/// terminal and every log viewer shows it.
fn speaks_unicode(variable: impl Fn(&str) -> Option<String>) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(variable).find(|value| !value.is_empty());
    locale.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

#[cfg(test)]
mod tests {
    use super::{harmless, speaks_unicode};

    #[test]
    fn a_terminal_is_given_nothing_to_obey() {
        for (text, shown) in [
            ("a\n\tb\r\n", "a\n\tb\r\n"),
            ("\u{1b}[2Ja\u{7}\u{9b}31m", "\\u{1b}[2Ja\\u{7}\\u{9b}31m"),
            ("\u{1b}]8;;https://example.com\u{1b}\\x", "\\u{1b}]8;;https://example.com\\u{1b}\\x"),
            ("a\rb\u{202e}\u{200b}é", "a\\rb\\u{202e}\u{200b}é"),
            ("\u{1b}[1;31", "\\u{1b}[1;31"),
        ] {
            assert_eq!(harmless(text, false), shown);
            assert_eq!(harmless(text, true), shown);
        }
        assert_eq!(harmless("\u{1b}[1;31mred\u{1b}[0m", false), "\\u{1b}[1;31mred\\u{1b}[0m");
        assert_eq!(harmless("\u{1b}[1;31mred\u{1b}[0m", true), "\u{1b}[1;31mred\u{1b}[0m");
    }

    #[test]
    fn the_first_locale_that_is_set_decides() {
        let with = |variables: &'static [(&'static str, &'static str)]| {
            speaks_unicode(|name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_string()))
        };
        assert!(with(&[]));
        assert!(with(&[("LANG", "de_DE.UTF-8")]));
        assert!(with(&[("LC_ALL", ""), ("LC_CTYPE", "C.utf8"), ("LANG", "C")]));
        assert!(!with(&[("LC_ALL", "C"), ("LANG", "de_DE.UTF-8")]));
    }
}
