//! The difference as JSON: a public contract with the schema `fleetc.diff/1`.

use serde_json::{Value, json};

use super::{Difference, Group, Hunk, Line, Place};

/// All of it.
pub fn json(difference: &Difference) -> Value {
    let (places, distinct) = difference.hunks();
    json!({
        "schema": "fleetc.diff/1",
        "fleet": difference.fleet,
        "summary": {
            "files": difference.files(),
            "added": difference.added,
            "removed": difference.removed,
            "changed": difference.changed,
            "hunks": places,
            "distinct": distinct,
        },
        "groups": difference.groups.iter().map(group).collect::<Vec<_>>(),
    })
}

fn group(group: &Group) -> Value {
    json!({
        "causes": group.lines.iter().map(line).collect::<Vec<_>>(),
        "hunks": group.hunks.iter().map(hunk).collect::<Vec<_>>(),
    })
}

fn line(line: &Line) -> Value {
    json!({
        "side": if line.cause.old { "old" } else { "new" },
        "file": line.cause.file,
        "line": line.cause.line,
        "column": line.cause.column,
        "text": line.text,
    })
}

fn hunk(hunk: &Hunk) -> Value {
    let lines = hunk.lines.iter().map(|(sign, text)| format!("{}{text}", sign.char()));
    json!({
        "lines": lines.collect::<Vec<_>>(),
        "places": hunk.places.iter().map(place).collect::<Vec<_>>(),
    })
}

fn place(place: &Place) -> Value {
    json!({
        "file": place.file,
        "old_start": place.old.0,
        "old_lines": place.old.1,
        "new_start": place.new.0,
        "new_lines": place.new.1,
        "cluster": place.cluster,
    })
}
