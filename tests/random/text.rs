//! The smallest pieces of `.fleet` text: names, strings, comments.

use super::model::Part;
use super::rng::Rng;

/// Words that are never names.
const RESERVED: [&str; 19] = [
    "if", "then", "else", "and", "or", "not", "in", "like", "has", "true", "false", "null", "on", "from", "as", "for",
    "all", "none", "rest",
];

/// Whether `name` needs no quotes.
pub fn bare_name(name: &str) -> bool {
    let first = name.chars().next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
    first
        && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_' || char == '-')
        && !RESERVED.contains(&name)
}

/// A string without `${…}`, in plain quotes.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text, false))
}

/// A string, in one of the ways to write it.
pub fn string(parts: &[Part], rng: &mut Rng) -> String {
    if tripled(parts) && rng.chance(70) {
        return triple(parts);
    }
    let mut text = String::from("\"");
    for (index, part) in parts.iter().enumerate() {
        let before_hole = matches!(parts.get(index + 1), Some(Part::Hole(_)));
        text += &match part {
            Part::Literal(literal) => escaped(literal, before_hole),
            Part::Hole(name) => format!("${{{name}}}"),
        };
    }
    text + "\""
}

/// `"` and `\` escaped, what cannot be seen written as `\u{…}`, `${` as `$${`. A `$` that would change the meaning of
/// what follows (a `${…}`, or a `$${`) is written as `\u{24}`.
fn escaped(text: &str, before_hole: bool) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut result = String::new();
    for (index, &char) in chars.iter().enumerate() {
        let next = chars.get(index + 1);
        let dollar_next = next == Some(&'$') && chars.get(index + 2) == Some(&'{');
        result += &match char {
            '$' if dollar_next || (next.is_none() && before_hole) => "\\u{24}".to_string(),
            '$' if next == Some(&'{') => "$$".to_string(),
            '"' | '\\' => format!("\\{char}"),
            '\n' => "\\n".into(),
            '\t' => "\\t".into(),
            _ if hidden(char) => format!("\\u{{{:x}}}", char as u32),
            _ => char.to_string(),
        };
    }
    result
}

/// Characters that a source may not show as they are, or that are better not.
fn hidden(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{a0}' | '\u{ad}' | '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
}

/// Whether the string can stand between `"""` without any doubt: several lines, none of them only blanks, one of them
/// at the margin, nothing to escape, no newline at either end.
fn tripled(parts: &[Part]) -> bool {
    let shape: String = parts
        .iter()
        .map(|part| match part {
            Part::Literal(text) => text.as_str(),
            Part::Hole(_) => "x",
        })
        .collect();
    let lines: Vec<&str> = shape.split('\n').collect();
    lines.len() > 1
        && !shape.chars().any(|char| matches!(char, '"' | '\\' | '\t' | '$') || (hidden(char) && char != '\n'))
        && lines.iter().all(|line| line.is_empty() || !line.trim().is_empty())
        && lines.iter().any(|line| !line.is_empty() && !line.starts_with(' '))
        && !shape.starts_with('\n')
        && !shape.ends_with('\n')
}

fn triple(parts: &[Part]) -> String {
    let text: String = parts
        .iter()
        .map(|part| match part {
            Part::Literal(text) => text.clone(),
            Part::Hole(name) => format!("${{{name}}}"),
        })
        .collect();
    format!("\"\"\"\n{}\"\"\"", indent(&text))
}

/// Two blanks before every line that is not empty.
pub fn indent(text: &str) -> String {
    let lines: Vec<String> =
        text.split('\n').map(|line| if line.is_empty() { String::new() } else { format!("  {line}") }).collect();
    lines.join("\n")
}

/// A comment, often one that looks like something else.
pub fn comment(rng: &mut Rng) -> String {
    let texts = [
        "# why not",
        "# } closes nothing {",
        "# component x on all { path = \"a\" }",
        "# \"an open quote and ${nothing}",
        "#",
        "# ünïcode 漢字",
        "#no blank, \\ and \"\"\"",
    ];
    (*rng.pick(&texts)).to_string()
}
