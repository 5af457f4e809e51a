//! Drawings that stand in a note, in characters that every terminal has.

use crate::source::{Sources, Span};

/// A circle, one line a step with the place where it is made, and the way back.
pub fn drawn_loop(sources: &Sources, does: &str, steps: &[(&str, Span)]) -> String {
    let width = steps.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let mut drawn = match steps {
        [_] => format!("it {does} itself"),
        _ => format!("each {does} the next, and the last the first"),
    };
    for (index, (name, span)) in steps.iter().enumerate() {
        let file = sources.file(span.source);
        let corner = match index {
            0 => "+->",
            _ if index + 1 == steps.len() => "+--",
            _ => "|  ",
        };
        drawn += &format!("\n{corner} {name:width$}  {}:{}", file.path, file.position(span.start).line);
    }
    drawn
}
