//! Credentials that have no place in Git.

use crate::diag::{Diagnostic, Diagnostics, codes};
use crate::source::Span;
use crate::syntax::ast::{
    Attribute, Block, Declaration, DeclarationKind, Entry, ExpectationKind, Expr, ExprKind, File, Form, Text, TextPart,
};

/// How well-known tokens begin, and how long they are at least.
const TOKENS: [(&str, usize, &str); 15] = [
    ("ghp_", 36, "a GitHub token"),
    ("gho_", 36, "a GitHub token"),
    ("ghs_", 36, "a GitHub token"),
    ("github_pat_", 40, "a GitHub token"),
    ("glpat-", 20, "a GitLab token"),
    ("AKIA", 20, "an AWS access key"),
    ("ASIA", 20, "an AWS access key"),
    ("xoxb-", 20, "a Slack token"),
    ("xoxp-", 20, "a Slack token"),
    ("sk_live_", 20, "a Stripe key"),
    ("AIza", 35, "a Google API key"),
    ("hvs.", 24, "a Vault token"),
    ("dckr_pat_", 20, "a Docker token"),
    ("npm_", 36, "an npm token"),
    ("eyJhbGciOi", 40, "a JSON web token"),
];

/// F0008 for every string of `file` that looks like a credential.
pub fn check(file: &File, diagnostics: &mut Diagnostics) {
    for declaration in &file.declarations {
        if let DeclarationKind::Component(node) = &declaration.kind
            && let Form::Object(Some(kind)) = &node.form
            && kind.text == "v1/Secret"
        {
            secret_values(&node.body, diagnostics);
        }
        declared(declaration, &mut |text| {
            if let Some(what) = text_is(text) {
                diagnostics.push(found(text.span, what));
            }
        });
    }
}

/// F0008 for the values of a Secret that is written out.
fn secret_values(body: &Block, diagnostics: &mut Diagnostics) {
    for entry in &body.entries {
        match entry {
            Entry::Attribute(attribute) if matches!(attribute.key.text.as_str(), "data" | "stringData") => {
                diagnostics.push(
                    Diagnostic::new(
                        codes::CREDENTIAL_IN_SOURCE,
                        attribute.key.span,
                        "the values of a Secret have no place in Git",
                    )
                    .label("everybody who can read the repository can read them")
                    .help("keep them in a store, and write a `secret` that says where: `secret NAME { store = …, from = \"…\" }`")
                    .note("base64 hides nothing"),
                );
            }
            Entry::Block(inner) => secret_values(&inner.body, diagnostics),
            _ => {}
        }
    }
}

/// F0008 for something that is `what`.
pub fn found(span: Span, what: &str) -> Diagnostic {
    Diagnostic::new(codes::CREDENTIAL_IN_SOURCE, span, format!("this looks like {what}"))
        .label("everybody who can read the repository can use it")
        .help("take it out, make a new one, and name the Secret that holds it: `secret = …`")
        .note("what was committed once stays in the history")
}

fn text_is(text: &Text) -> Option<&'static str> {
    text.parts.iter().find_map(|part| match part {
        TextPart::Literal(literal) => looks_like(literal),
        TextPart::Name(_) => None,
    })
}

/// What kind of credential `text` holds, if any.
pub fn looks_like(text: &str) -> Option<&'static str> {
    if text.contains("-----BEGIN ") && text.contains("PRIVATE KEY-----") {
        return Some("a private key");
    }
    if has_password(text) {
        return Some("a URL with a password");
    }
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || "_-.".contains(c)));
    for word in words {
        for (prefix, length, what) in TOKENS {
            if word.starts_with(prefix) && word.len() >= length {
                return Some(what);
            }
        }
    }
    None
}

/// Whether `url` holds `user:password@`.
pub fn has_password(url: &str) -> bool {
    let Some((_, rest)) = url.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    authority
        .rsplit_once('@')
        .is_some_and(|(user, _)| user.split_once(':').is_some_and(|(_, password)| !password.is_empty()))
}

fn declared<'f>(declaration: &'f Declaration, visit: &mut dyn FnMut(&'f Text)) {
    match &declaration.kind {
        DeclarationKind::Fleet(node)
        | DeclarationKind::Source(node)
        | DeclarationKind::Project(node)
        | DeclarationKind::Template(node)
        | DeclarationKind::Defaults(node)
        | DeclarationKind::Rollout(node)
        | DeclarationKind::Inventory(node) => block(&node.body, visit),
        DeclarationKind::Engine(node) => block(&node.body, visit),
        DeclarationKind::Label(node) | DeclarationKind::Fact(node) => {
            if let Some(value) = &node.value {
                expr(value, visit);
            }
        }
        DeclarationKind::Cluster(node) => block(&node.body, visit),
        DeclarationKind::Component(node) => block(&node.body, visit),
        DeclarationKind::Test(test) => {
            for expectation in &test.expectations {
                if let ExpectationKind::Deployment { body, .. } = &expectation.kind {
                    block(body, visit);
                }
            }
        }
        DeclarationKind::Group(_) | DeclarationKind::Change(_) => {}
    }
}

fn block<'f>(body: &'f Block, visit: &mut dyn FnMut(&'f Text)) {
    for entry in &body.entries {
        match entry {
            Entry::Attribute(attribute) => expr(&attribute.value, visit),
            Entry::Block(inner) => block(&inner.body, visit),
            Entry::Param(param) => {
                if let Some(value) = &param.field.value {
                    expr(value, visit);
                }
            }
            Entry::Operation(operation) => {
                if let Some(value) = &operation.value {
                    expr(value, visit);
                }
            }
        }
    }
}

fn expr<'f>(value: &'f Expr, visit: &mut dyn FnMut(&'f Text)) {
    match &value.kind {
        ExprKind::Text(text) => visit(text),
        ExprKind::List(items) => items.iter().for_each(|item| expr(item, visit)),
        ExprKind::Map(entries) | ExprKind::Tagged(_, entries) => {
            entries.iter().for_each(|Attribute { value, .. }| expr(value, visit));
        }
        ExprKind::If { branches, otherwise } => {
            branches.iter().for_each(|branch| expr(&branch.value, visit));
            expr(otherwise, visit);
        }
        _ => {}
    }
}
