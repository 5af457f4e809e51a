//! Scripts for a POSIX shell.

use std::fmt::Write as _;

use super::yaml::HEADER;

/// What shows that a name was asked for. Names that no cluster has are counted, and said at the end of a script.
const WANTED: &str = "\
# wanted NAME ARGUMENT...: whether NAME is one of the arguments, or there are none.
left=$#
wanted() {
  name=$1
  shift
  [ $# -gt 0 ] || return 0
  for one in \"$@\"; do
    if [ \"$one\" = \"$name\" ]; then
      left=$((left - 1))
      return 0
    fi
  done
  return 1
}
";

/// What stands at the end of a script that takes names.
const LEFT: &str = "
if [ \"$left\" -gt 0 ]; then
  echo \"$left of the arguments are no clusters of this script\" >&2
  exit 1
fi
";

/// `text` as one word of a shell, whatever is in it.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The head of a script: what it is for, in lines without line breaks, and that it ends where something fails.
pub(super) fn head(about: &[&str]) -> String {
    let mut text = format!("#!/bin/sh\n{HEADER}#\n");
    for line in about {
        _ = writeln!(text, "{}", format!("# {line}").trim_end());
    }
    text.push_str("set -eu\n\n");
    text
}

/// A script of one part for each name, of which its arguments pick some.
pub(super) fn of_names(head: &str, functions: &str, parts: &[(&str, String)]) -> String {
    let mut text = format!("{head}{WANTED}\n{functions}");
    for (name, commands) in parts {
        _ = write!(text, "\nif wanted {} \"$@\"; then\n{commands}fi\n", quoted(name));
    }
    text.push_str(LEFT);
    text
}

/// A command over several lines: its first words, then an argument or a flag with its value on each line.
pub(super) fn command(first: &str, arguments: &[String]) -> String {
    let mut text = format!("  {first}");
    for argument in arguments {
        _ = write!(text, " \\\n    {argument}");
    }
    text.push('\n');
    text
}
