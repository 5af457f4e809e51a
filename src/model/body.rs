//! Bodies against the table of attributes.
//!
//! Takes any block and its row of [`schema`]; reports keys and blocks that do not belong, what comes
//! twice, and values of the wrong type.

use super::field::{invalid_key, is_label_key};
use super::schema::{self, Block};
use super::scope::{Place, Scope};
use super::shapes;
use super::value::Checker;
use crate::diag::{Applicability, Diagnostic, codes, did_you_mean, one_of};
use crate::kinds::Object;
use crate::source::Span;
use crate::syntax::ast::{self, Entry, ExprKind};

/// Checks `body`, the block of `owner` (in words, such as "a component"), against `table`.
pub fn check(checker: &mut Checker, body: &ast::Block, table: &'static Block, scope: &Scope, owner: &str) {
    once(checker, body);
    for entry in &body.entries {
        match entry {
            Entry::Attribute(attribute) => check_attribute(checker, attribute, table, scope, owner),
            Entry::Block(block) => check_block(checker, block, table, scope, owner),
            Entry::Param(_) if owner == "a template" => {}
            Entry::Param(param) => checker.diagnostics.push(misplaced_param(param, owner)),
            Entry::Operation(operation) => checker.diagnostics.push(misplaced(&operation.word, owner, &[])),
        }
    }
}

/// F0213 for attributes and free blocks that come twice in one body.
fn once(checker: &mut Checker, body: &ast::Block) {
    let keys = body.entries.iter().filter_map(|entry| match entry {
        Entry::Attribute(attribute) => Some(&attribute.key),
        Entry::Block(block) if is_free(&block.keyword.text) || is_single(&block.keyword.text) => Some(&block.keyword),
        _ => None,
    });
    checker.keys(keys.collect::<Vec<_>>().into_iter());
}

/// Whether the block `keyword` stands at most once in another.
fn is_single(keyword: &str) -> bool {
    matches!(keyword, "retry" | "orphaned-resources" | "argocd" | "flux")
}

/// What the fields of an object are together, as a map.
pub const OBJECT_FIELDS: &str = "fields";

/// Whether the block `keyword` is a free-form map that may also be written as an attribute.
pub fn is_free(keyword: &str) -> bool {
    matches!(
        keyword,
        "values"
            | "labels"
            | "annotations"
            | "substitute"
            | "images"
            | "keys"
            | "namespace-labels"
            | "namespace-annotations"
            | OBJECT_FIELDS
    )
}

/// Whether the map `name` may hold anything, so that it is merged key by key at every depth.
pub fn is_nested(name: &str) -> bool {
    matches!(name, "values" | OBJECT_FIELDS) || Object::of_block(name).is_some()
}

fn check_attribute(
    checker: &mut Checker,
    attribute: &ast::Attribute,
    table: &'static Block,
    scope: &Scope,
    owner: &str,
) {
    if let Some(param) = scope.params.iter().find(|param| param.name == attribute.key.text) {
        let what = format!("the parameter `{}`", param.name);
        let outside = Scope { params: &[], place: Place::Parameter, ..*scope };
        let declared = (param.span, "the parameter is declared here".to_string());
        checker.field(&param.ty, &attribute.value, &outside, &what, declared, true);
        return;
    }
    match table.attribute(&attribute.key.text) {
        Some(known) => {
            checker.attribute(&known.ty, &attribute.value, &within(known.name, scope));
            if let ExprKind::Map(entries) = &attribute.value.kind {
                check_keys(checker, known.name, entries.iter().map(|entry| &entry.key));
            }
        }
        None if table.block(&attribute.key.text).is_some() => {
            let name = &attribute.key.text;
            checker.diagnostics.push(
                Diagnostic::new(
                    codes::UNKNOWN_ATTRIBUTE,
                    attribute.key.span,
                    format!("{owner} has no attribute `{name}`"),
                )
                .label("is a block")
                .help(format!("write `{name} {{ … }}`, without `=`")),
            );
        }
        None if table.keyword == "object" => super::object::check_field(checker, attribute, scope),
        None => {
            let mut known: Vec<&str> = scope.params.iter().map(|param| param.name.as_str()).collect();
            known.extend(table.names());
            known.extend(table.blocks.iter().map(|block| block.keyword));
            checker.diagnostics.push(unknown_attribute(&attribute.key, &known, owner));
        }
    }
}

/// The scope of the value of the attribute `name`: some belong to no cluster, and the namespace is not known to itself.
fn within<'s>(name: &str, scope: &Scope<'s>) -> Scope<'s> {
    let place = match (scope.place, name) {
        (Place::Engine, "kubeconfig" | "kubeconfig-key" | "kubeconfig-map") => Place::Engine,
        (Place::Engine, "register-store" | "register-key") => Place::Engine,
        (Place::Engine, _) | (Place::Body, "allow-empty" | "hub") => Place::Fixed,
        (Place::Body, "namespace") => Place::Parameter,
        (place, _) => place,
    };
    Scope { place, ..*scope }
}

/// F0210 for `key`, which is none of the `known` of `owner`.
pub fn unknown_attribute(key: &ast::Name, known: &[&str], owner: &str) -> Diagnostic {
    let diagnostic =
        Diagnostic::new(codes::UNKNOWN_ATTRIBUTE, key.span, format!("{owner} has no attribute `{}`", key.text))
            .label("not known here");
    match did_you_mean(&key.text, known.iter().copied()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
            format!("write `{near}`"),
            Applicability::Unsafe,
            key.span,
            near,
        ),
        None if known.is_empty() => diagnostic.help("leave it out"),
        None => diagnostic.help(format!("it has {}", one_of(known.iter().copied()))),
    }
}

fn check_block(checker: &mut Checker, block: &ast::NestedBlock, table: &'static Block, scope: &Scope, owner: &str) {
    let Some(known) = table.block(&block.keyword.text) else {
        if table.keyword == "object" && block.arguments.is_empty() {
            return check_free(checker, &block.body, "values", scope);
        }
        if let Some(attribute) = table.attribute(&block.keyword.text) {
            checker.diagnostics.push(no_block(block, attribute, owner));
            return;
        }
        checker.diagnostics.push(misplaced(&block.keyword, owner, table.blocks));
        return;
    };
    match known.keyword {
        "on" => check_override(checker, block, table, scope),
        "patch" => check_patch(checker, block, scope),
        "ignore" => {
            arguments(checker, block, 1, "`ignore \"apps/Deployment\" { … }`", scope);
            check(checker, &block.body, known, scope, "`ignore`");
            check_ignored(checker, &block.body);
        }
        "retry" => check(checker, &block.body, known, scope, "`retry`"),
        "stage" | "window" | "role" => {}
        "orphaned-resources" => {
            arguments(checker, block, 0, "`orphaned-resources { … }`", scope);
            check(checker, &block.body, known, scope, "`orphaned-resources`");
        }
        "argocd" => {
            arguments(checker, block, 0, "`argocd { … }`", scope);
            check_raw(checker, &block.body, Object::Application, scope);
        }
        "flux" => {
            arguments(checker, block, 0, "`flux { … }`", scope);
            check_raw(checker, &block.body, Object::Kustomization, scope);
        }
        _ => {
            arguments(checker, block, 0, &format!("`{} {{ … }}`", known.keyword), scope);
            check_free(checker, &block.body, known.keyword, scope);
        }
    }
}

/// F0109 or F0211 for an attribute that is written as a block.
pub fn no_block(block: &ast::NestedBlock, attribute: &schema::Attribute, owner: &str) -> Diagnostic {
    let name = &block.keyword.text;
    if matches!(attribute.ty, schema::Type::TextMap | schema::Type::Map) && block.arguments.is_empty() {
        return missing_equals(block);
    }
    Diagnostic::new(codes::UNKNOWN_BLOCK, block.keyword.span, format!("{owner} has no block `{name}`"))
        .label("is an attribute")
        .help(format!("write `{name} = …`"))
}

/// Raw fields of `object`. Those of a HelmRelease stand in a block of their own among those of its Kustomization.
fn check_raw(checker: &mut Checker, body: &ast::Block, object: Object, scope: &Scope) {
    let keys = body.entries.iter().filter_map(|entry| match entry {
        Entry::Attribute(attribute) => Some(&attribute.key),
        Entry::Block(block) if is_release(block, object) => Some(&block.keyword),
        _ => None,
    });
    checker.keys(keys.collect::<Vec<_>>().into_iter());
    let what = format!("`{}`", object.block().rsplit(' ').next().unwrap_or_default());
    for entry in &body.entries {
        match entry {
            // What is in the way as a whole need not be right besides.
            Entry::Attribute(attribute) if object.is_never_free(&attribute.key.text) => {}
            Entry::Attribute(attribute) => checker.free(&attribute.value, scope),
            Entry::Block(block) if is_release(block, object) => {
                arguments(checker, block, 0, "`release { … }`", scope);
                check_raw(checker, &block.body, Object::Release, scope);
            }
            Entry::Block(block) => checker.diagnostics.push(missing_equals(block)),
            Entry::Param(param) => checker.diagnostics.push(misplaced_param(param, &what)),
            Entry::Operation(operation) => checker.diagnostics.push(misplaced(&operation.word, &what, &[])),
        }
    }
    shapes::check_raw(checker, object, attributes(body), scope);
}

/// Whether `block`, among the raw fields of `object`, holds those of the HelmRelease.
fn is_release(block: &ast::NestedBlock, object: Object) -> bool {
    object == Object::Kustomization && block.keyword.text == "release"
}

/// The attributes of `body`.
pub fn attributes(body: &ast::Block) -> impl Iterator<Item = &ast::Attribute> {
    body.entries.iter().filter_map(|entry| match entry {
        Entry::Attribute(attribute) => Some(attribute),
        _ => None,
    })
}

/// The pointers of an `ignore` that are written out.
fn check_ignored(checker: &mut Checker, body: &ast::Block) {
    let Some(ExprKind::List(items)) = find(body, "fields").map(|fields| &fields.value.kind) else { return };
    for item in items {
        if let ExprKind::Text(text) = &item.kind
            && let Some(pointer) = text.as_literal()
        {
            check_pointer(checker, pointer, item.span);
        }
    }
}

fn check_override(checker: &mut Checker, block: &ast::NestedBlock, table: &'static Block, scope: &Scope) {
    if let Some(on) = &block.on {
        let fixed = Scope { params: &[], place: Place::Fixed, ..*scope };
        checker.condition(on, &fixed);
        if !super::declarations::allows_empty(&block.body) {
            super::declarations::selects_something(checker, on);
        }
    }
    once(checker, &block.body);
    for entry in &block.body.entries {
        match entry {
            Entry::Block(inner) if inner.keyword.text == "on" => checker.diagnostics.push(
                Diagnostic::new(codes::UNKNOWN_BLOCK, inner.keyword.span, "an `on` block does not stand in another")
                    .label("already inside one")
                    .related(block.keyword.span, "the outer one")
                    .help("join the predicates with `and` in a block of its own"),
            ),
            Entry::Attribute(attribute) if attribute.key.text == "rollout" => {
                checker
                    .diagnostics
                    .push(of_the_whole(attribute, &format!("a rollout belongs to the whole {}", table.keyword)));
            }
            Entry::Attribute(attribute) if attribute.key.text == "hub" && table.keyword == "object" => {
                checker.diagnostics.push(of_the_whole(attribute, "an object is on the hub or on clusters, as a whole"));
            }
            Entry::Attribute(attribute) => check_attribute(checker, attribute, table, scope, table.owner()),
            Entry::Block(inner) => check_block(checker, inner, table, scope, table.owner()),
            Entry::Param(param) => checker.diagnostics.push(misplaced_param(param, "an `on` block")),
            Entry::Operation(operation) => checker.diagnostics.push(misplaced(&operation.word, "an `on` block", &[])),
        }
    }
}

/// F0210 for an attribute that an `on` block cannot have.
fn of_the_whole(attribute: &ast::Attribute, message: &str) -> Diagnostic {
    Diagnostic::new(codes::UNKNOWN_ATTRIBUTE, attribute.key.span, message)
        .label("not in an `on` block")
        .help(format!("set `{}` in the declaration's own body", attribute.key.text))
}

/// The entries of a free-form block as attributes, checked.
fn check_free(checker: &mut Checker, body: &ast::Block, keyword: &str, scope: &Scope) {
    checker.keys(body.entries.iter().filter_map(|entry| match entry {
        Entry::Attribute(attribute) => Some(&attribute.key),
        _ => None,
    }));
    check_keys(
        checker,
        keyword,
        body.entries.iter().filter_map(|entry| match entry {
            Entry::Attribute(attribute) => Some(&attribute.key),
            _ => None,
        }),
    );
    for entry in &body.entries {
        match entry {
            Entry::Attribute(attribute) if matches!(keyword, "values" | "merge") => {
                checker.free(&attribute.value, scope)
            }
            Entry::Attribute(attribute) => checker.attribute(&schema::Type::Text, &attribute.value, scope),
            Entry::Block(block) => checker.diagnostics.push(missing_equals(block)),
            Entry::Param(param) => checker.diagnostics.push(misplaced_param(param, &format!("`{keyword}`"))),
            Entry::Operation(operation) => {
                checker.diagnostics.push(misplaced(&operation.word, &format!("`{keyword}`"), &[]));
            }
        }
    }
}

/// F0307 for keys that Kubernetes does not take.
fn check_keys<'n>(checker: &mut Checker, keyword: &str, keys: impl Iterator<Item = &'n ast::Name>) {
    let what = match keyword {
        "labels" | "namespace-labels" => "a label",
        "annotations" | "namespace-annotations" => "an annotation",
        _ => return,
    };
    for key in keys.filter(|key| !is_label_key(&key.text)) {
        checker.diagnostics.push(invalid_key(&key.text, key.span, what));
    }
}

fn missing_equals(block: &ast::NestedBlock) -> Diagnostic {
    let key = &block.keyword;
    Diagnostic::new(codes::WRONG_SEPARATOR, key.span, format!("expected `=` behind `{}`", key.text))
        .label("a key of a map")
        .help(format!("write `{} = {{ … }}`", key.text))
        .fix("add `=`", Applicability::Safe, key.span.after(), " =")
}

fn check_patch(checker: &mut Checker, block: &ast::NestedBlock, scope: &Scope) {
    arguments(checker, block, 2, "`patch Deployment web { … }`", scope);
    for entry in &block.body.entries {
        match entry {
            Entry::Operation(operation) => {
                checker.text(&operation.pointer, scope);
                if let Some(pointer) = operation.pointer.as_literal() {
                    check_pointer(checker, pointer, operation.pointer.span);
                }
                if let Some(value) = &operation.value {
                    checker.free(value, scope);
                }
            }
            Entry::Block(inner) if inner.keyword.text == "merge" => check_free(checker, &inner.body, "merge", scope),
            Entry::Block(inner) => checker.diagnostics.push(misplaced(&inner.keyword, "`patch`", schema::PATCH.blocks)),
            Entry::Attribute(attribute) => checker.diagnostics.push(
                Diagnostic::new(
                    codes::UNKNOWN_ATTRIBUTE,
                    attribute.key.span,
                    format!("`patch` has no attribute `{}`", attribute.key.text),
                )
                .label("not an operation")
                .help("write `replace \"/spec/replicas\" = 3`, or put fields into `merge { … }`"),
            ),
            Entry::Param(param) => checker.diagnostics.push(misplaced_param(param, "`patch`")),
        }
    }
}

fn check_pointer(checker: &mut Checker, pointer: &str, span: Span) {
    if let Some(diagnostic) = not_a_pointer(pointer, span) {
        checker.diagnostics.push(diagnostic);
    }
}

/// F0314 for what is no JSON pointer. RFC 6901: empty, or `/` before every part; `~` only as `~0` and `~1`.
pub fn not_a_pointer(pointer: &str, span: Span) -> Option<Diagnostic> {
    let bad_tilde = pointer.split('~').skip(1).any(|rest| !rest.starts_with(['0', '1']));
    if pointer.is_empty() || (pointer.starts_with('/') && !bad_tilde) {
        return None;
    }
    let help = if bad_tilde { "write `~0` for `~` and `~1` for `/`" } else { "begin it with `/`" };
    Some(
        Diagnostic::new(codes::INVALID_VALUE, span, format!("`{pointer}` is no JSON pointer"))
            .label("expected for example `/spec/replicas`")
            .help(help),
    )
}

/// F0111 or F0101 for a block that does not have exactly as many `expected` arguments, or has a predicate.
pub fn arguments(checker: &mut Checker, block: &ast::NestedBlock, expected: usize, example: &str, scope: &Scope) {
    for argument in &block.arguments {
        checker.text(argument, scope);
    }
    if let Some(extra) = block.arguments.get(expected) {
        checker.diagnostics.push(
            Diagnostic::new(codes::UNEXPECTED_TEXT, extra.span, "expected `{` here")
                .label("does not belong here")
                .help(format!("write {example}")),
        );
    } else if block.arguments.len() < expected {
        checker.diagnostics.push(
            Diagnostic::new(
                codes::MISSING_NAME,
                block.keyword.span,
                format!("`{}` needs to say what it is for", block.keyword.text),
            )
            .label("expected a name behind it")
            .help(format!("write {example}")),
        );
    }
    if let Some(on) = &block.on {
        checker.diagnostics.push(
            Diagnostic::new(codes::UNEXPECTED_TEXT, on.span, format!("`{}` takes no predicate", block.keyword.text))
                .label("does not belong here")
                .help("put it into an `on … { … }` block"),
        );
    }
    if block.keyword.text == "ignore" && block.body.entries.is_empty() {
        checker.diagnostics.push(
            Diagnostic::new(codes::MISSING_ATTRIBUTE, block.keyword.span, "`ignore` names no fields")
                .label("ignores nothing")
                .help("write `fields = [\"/spec/replicas\"]`"),
        );
    }
}

/// F0211 for a `param` outside a template.
pub fn misplaced_param(param: &ast::Param, owner: &str) -> Diagnostic {
    let word = u32::try_from("param".len()).unwrap_or(0);
    let span = Span { end: (param.span.start + word).min(param.span.end), ..param.span };
    misplaced(&ast::Name { text: "param".into(), span }, owner, &[])
}

/// F0211: `keyword` does not belong into `owner`.
pub fn misplaced(keyword: &ast::Name, owner: &str, known: &[&'static Block]) -> Diagnostic {
    let diagnostic =
        Diagnostic::new(codes::UNKNOWN_BLOCK, keyword.span, format!("{owner} has no block `{}`", keyword.text))
            .label("does not belong here");
    let names: Vec<&str> = known.iter().map(|block| block.keyword).collect();
    match did_you_mean(&keyword.text, names.iter().copied()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
            format!("write `{near}`"),
            Applicability::Unsafe,
            keyword.span,
            near,
        ),
        None if names.is_empty() => diagnostic.help("leave it out, or move it to where it belongs"),
        None => diagnostic.help(format!("it has {}", one_of(names))),
    }
}

/// The attribute `name` of `body`.
pub fn find<'b>(body: &'b ast::Block, name: &str) -> Option<&'b ast::Attribute> {
    body.entries.iter().find_map(|entry| match entry {
        Entry::Attribute(attribute) if attribute.key.text == name => Some(attribute),
        _ => None,
    })
}

/// Whether `attribute` is written as the word `word`.
pub fn is_word(attribute: &ast::Attribute, word: &str) -> bool {
    matches!(&attribute.value.kind, ExprKind::Path(path) if path.text() == word)
}
