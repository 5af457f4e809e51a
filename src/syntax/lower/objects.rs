//! The fields of an object: `spec { … }` says the same as `spec = { … }`.

use crate::syntax::ast::{Attribute, Block, Entry, Expr, ExprKind};

/// The blocks of an object that are no fields of it.
const OWN: [&str; 4] = ["on", "labels", "annotations", "retry"];

/// Turns the blocks of an object that are fields of it into attributes, also in its `on` blocks. One that holds something
/// else than attributes stays, to be reported.
pub(super) fn free_blocks_as_attributes(body: &mut Block) {
    for entry in &mut body.entries {
        let Entry::Block(block) = entry else { continue };
        if block.keyword.text == "on" {
            free_blocks_as_attributes(&mut block.body);
        }
        let plain = block.arguments.is_empty() && block.on.is_none();
        if OWN.contains(&block.keyword.text.as_str()) || !plain {
            continue;
        }
        let attributes: Option<Vec<Attribute>> = block
            .body
            .entries
            .iter()
            .map(|entry| match entry {
                Entry::Attribute(attribute) => Some(attribute.clone()),
                _ => None,
            })
            .collect();
        if let Some(attributes) = attributes {
            let value = Expr { span: block.body.span, kind: ExprKind::Map(attributes) };
            *entry = Entry::Attribute(Attribute { key: block.keyword.clone(), value });
        }
    }
}
