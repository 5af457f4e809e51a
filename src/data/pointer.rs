//! JSON pointers (RFC 6901).

use super::{Kind, Node};

/// The parts of a pointer that is well formed, without escapes.
pub fn parts(pointer: &str) -> Vec<String> {
    pointer.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~")).collect()
}

/// What `parts` lead to from `node`; none where something on the way is not there.
pub fn follow<'n>(node: &'n Node, parts: &[String]) -> Option<&'n Node> {
    let mut node = node;
    for part in parts {
        node = step(node, part)?;
    }
    Some(node)
}

/// One step of [`follow`].
pub fn step<'n>(node: &'n Node, part: &str) -> Option<&'n Node> {
    match &node.kind {
        Kind::Map(_) => node.get(part),
        Kind::List(items) => items.get(index(part)?),
        _ => None,
    }
}

/// An index of a list, which has no zero before its digits.
fn index(part: &str) -> Option<usize> {
    let plain = part == "0" || (!part.starts_with('0') && part.bytes().all(|byte| byte.is_ascii_digit()));
    part.parse().ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn escapes_are_taken_out_once() {
        assert_eq!(parts("/metadata/labels/example.com~1env"), ["metadata", "labels", "example.com/env"]);
        assert_eq!(parts("/a~01"), ["a~1"]);
        assert!(parts("").is_empty());
        assert_eq!(parts("/"), [""]);
    }
}
