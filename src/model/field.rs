//! Labels and facts: their types.

use std::collections::BTreeMap;

use foldhash::{HashSet, HashSetExt as _};
use serde_json::Value;

use super::names::{Names, duplicate};
use super::schema::CLUSTER;
use super::value::describe;
use crate::diag::{Diagnostic, Diagnostics, codes, did_you_mean, one_of};
use crate::source::Span;
use crate::syntax::ast::{self, Expr, ExprKind};

/// The type of a label, a fact or a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// One of these, in the order of the declaration.
    Choice(Vec<String>),
    /// Any string.
    Text,
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Int,
    /// A list.
    List,
    /// Not readable, reported already; everything fits.
    Error,
}

impl FieldType {
    /// The type in words.
    pub fn words(&self) -> String {
        match self {
            Self::Choice(values) => one_of(values.iter().map(String::as_str)),
            Self::Text => "a string".into(),
            Self::Bool => "`true` or `false`".into(),
            Self::Int => "a whole number".into(),
            Self::List => "a list".into(),
            Self::Error => "a value".into(),
        }
    }
}

/// A label or a fact.
#[derive(Debug)]
pub struct Field<'a> {
    /// The name in its declaration.
    pub name: &'a ast::Name,
    /// The key in Kubernetes, when it is not the name.
    pub key: Option<&'a str>,
    /// Whether it is a fact.
    pub fact: bool,
    /// The type.
    pub ty: FieldType,
    /// Whether a cluster may lack it.
    pub optional: bool,
    /// The default.
    pub default: Option<&'a Expr>,
    /// What it is derived from.
    pub derived: Option<&'a Expr>,
}

impl Field<'_> {
    /// `label` or `fact`.
    pub fn what(&self) -> &'static str {
        if self.fact { "fact" } else { "label" }
    }
}

/// Names that `${…}` and predicates give to something else.
const TAKEN: [&str; 4] = ["cluster", "component", "namespace", "name"];

/// What is wrong with `name` as the name of a label or fact, if it means something else already.
fn taken_as(name: &str) -> Option<&'static str> {
    if TAKEN.contains(&name) {
        return Some("means something else in `${…}` and predicates");
    }
    CLUSTER.attribute(name).map(|_| "already an attribute of a cluster")
}

/// The fields of `names`, sorted by name.
pub fn fields<'a>(names: &Names<'a>, diagnostics: &mut Diagnostics) -> Vec<Field<'a>> {
    let mut fields: BTreeMap<&str, Field<'a>> = BTreeMap::new();
    let mut keys: BTreeMap<&str, Span> = BTreeMap::new();
    for (node, fact) in &names.fields {
        let Some(name) = &node.name else { continue };
        let taken = taken_as(&name.text);
        if let Some(why) = taken {
            diagnostics.push(taken_name(name, why));
        }
        if let Some(first) = fields.get_mut(name.text.as_str()) {
            diagnostics.push(duplicate(if *fact { "fact" } else { "label" }, name, first.name.span));
            // Which of the two is meant is not known, so every value fits.
            first.ty = FieldType::Error;
            continue;
        }
        let (key, key_span) = node.key.as_ref().map_or((&name.text, name.span), |key| (&key.text, key.span));
        if !fact && !is_label_key(key) {
            diagnostics.push(invalid_key(key, key_span, "a label"));
        }
        if !fact {
            match keys.get(key.as_str()) {
                Some(first) => diagnostics.push(same_key(key, key_span, *first)),
                None => _ = keys.insert(key, key_span),
            }
        }
        let (ty, derived) = match (&node.ty, &node.value) {
            (Some(ty), _) => (written_type(ty, *fact, diagnostics), None),
            (None, Some(value)) => (derived_type(name, *fact, value, diagnostics), Some(value)),
            (None, None) => (FieldType::Error, None),
        };
        let ty = if taken.is_some() { FieldType::Error } else { ty };
        let default = if derived.is_some() { None } else { node.value.as_ref() };
        let optional = node.ty.as_ref().is_some_and(|ty| ty.optional);
        let key = node.key.as_ref().map(|key| key.text.as_str());
        fields.insert(&name.text, Field { name, key, fact: *fact, ty, optional, default, derived });
    }
    fields.into_values().collect()
}

/// Kubernetes, values of labels: at most 63 characters, letters, digits, `-`, `_`, `.`, with a letter or digit at both ends, or
/// empty.
pub fn is_label_text(text: &str) -> bool {
    let ends = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    text.len() <= 63
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
        && ends(bytes.first())
        && ends(bytes.last())
}

/// F0306 for a value of a label.
pub fn invalid_value(span: Span, text: &str) -> Diagnostic {
    Diagnostic::new(codes::INVALID_LABEL_VALUE, span, format!("Kubernetes does not take `{text}` as a label's value"))
        .help("use at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends")
}

/// F0307 for a key of a label or annotation.
pub fn invalid_key(key: &str, span: Span, what: &str) -> Diagnostic {
    Diagnostic::new(codes::INVALID_NAME, span, format!("Kubernetes does not take `{key}` as the key of {what}"))
        .label(format!("written as the key of {what}"))
        .help("use at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends")
        .note("before it may stand a DNS name and `/`, such as `topology.kubernetes.io/zone`")
}

fn same_key(key: &str, span: Span, first: Span) -> Diagnostic {
    Diagnostic::new(codes::DUPLICATE_DECLARATION, span, format!("two labels are written with the key `{key}`"))
        .label("the key again")
        .related(first, "first used here")
        .help("give one of them another key: `label \"…\" as NAME`")
}

/// Kubernetes: an optional DNS name and `/`, then at most 63 letters, digits, `-`, `_`, `.`, beginning and ending with a
/// letter or digit.
pub fn is_label_key(key: &str) -> bool {
    let (prefix, name) = key.rsplit_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = name.as_bytes();
    prefix.is_none_or(super::cluster::is_dns_subdomain)
        && name.len() <= 63
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
        && ends(bytes.first())
        && ends(bytes.last())
}

fn taken_name(name: &ast::Name, why: &'static str) -> Diagnostic {
    Diagnostic::new(codes::RESERVED_NAME, name.span, format!("the name `{}` is taken by the language", name.text))
        .label(why)
        .help("choose another name")
}

/// The type that `ty` writes; lists only for facts and parameters.
pub fn written_type(ty: &ast::TypeExpr, lists: bool, diagnostics: &mut Diagnostics) -> FieldType {
    if let [only] = ty.alternatives.as_slice() {
        match only.text.as_str() {
            "string" => return FieldType::Text,
            "bool" => return FieldType::Bool,
            "int" => return FieldType::Int,
            "list" if lists => return FieldType::List,
            "list" => {
                diagnostics.push(
                    Diagnostic::new(codes::WRONG_TYPE, only.span, "a label holds no list")
                        .label("Kubernetes takes only text as a label's value")
                        .help("declare it with `fact`"),
                );
                return FieldType::Error;
            }
            word => {
                if let Some(near) = did_you_mean(word, ["string", "bool", "int", "list"]) {
                    diagnostics.push(
                        Diagnostic::new(codes::UNKNOWN_VALUE, only.span, format!("no type is named `{word}`"))
                            .label("expected `string`, `bool`, `int`, or values such as `a | b`")
                            .help(format!("did you mean `{near}`?"))
                            .fix(format!("write `{near}`"), crate::diag::Applicability::Unsafe, only.span, near),
                    );
                    return FieldType::Error;
                }
            }
        }
    }
    let mut values: Vec<String> = Vec::new();
    let mut seen: HashSet<&str> = HashSet::new();
    for alternative in &ty.alternatives {
        if !seen.insert(&alternative.text) {
            diagnostics.push(
                Diagnostic::new(
                    codes::DUPLICATE_ENTRY,
                    alternative.span,
                    format!("`{}` is listed twice", alternative.text),
                )
                .label("already a value of this type")
                .help("leave one of them out"),
            );
        } else {
            values.push(alternative.text.clone());
        }
    }
    if values.is_empty() { FieldType::Error } else { FieldType::Choice(values) }
}

/// The type of a derived label or fact: its values are what the expression can give.
fn derived_type(name: &ast::Name, fact: bool, value: &Expr, diagnostics: &mut Diagnostics) -> FieldType {
    let mut leaves = Vec::new();
    collect_leaves(value, &mut leaves);
    let mut ty: Option<FieldType> = None;
    for leaf in leaves {
        let this = match &leaf.kind {
            ExprKind::Path(path) if path.parts.len() == 1 => FieldType::Choice(vec![path.text()]),
            ExprKind::Text(text) => match text.as_literal() {
                Some(text) => FieldType::Choice(vec![text.to_string()]),
                None => FieldType::Text,
            },
            ExprKind::Int(_) => FieldType::Int,
            ExprKind::Bool(_) | ExprKind::Not(_) | ExprKind::And(_) | ExprKind::Or(_) => FieldType::Bool,
            ExprKind::Compare { .. } | ExprKind::In { .. } | ExprKind::Like { .. } | ExprKind::Has(_) => {
                FieldType::Bool
            }
            ExprKind::Error => FieldType::Error,
            _ => {
                diagnostics.push(not_derivable(name, if fact { "fact" } else { "label" }, leaf));
                FieldType::Error
            }
        };
        ty = Some(match ty {
            None => this,
            Some(before) => join(before, this),
        });
    }
    ty.unwrap_or(FieldType::Error)
}

/// F0301 for a value whose type is none of a label or fact, or is not known from it.
fn not_derivable(name: &ast::Name, what: &str, leaf: &Expr) -> Diagnostic {
    let found = if let ExprKind::Path(_) = leaf.kind { "a name with a dot" } else { describe(leaf) };
    let help = match leaf.kind {
        ExprKind::Path(_) | ExprKind::Duration(_) | ExprKind::Share(_) | ExprKind::Float(_) => {
            "write it in quotes if it is text".to_owned()
        }
        ExprKind::List(_) if what == "fact" => format!("say that it is one: `fact {}: list = …`", name.text),
        _ => "write a word, a string, a whole number, or `true` or `false`".to_owned(),
    };
    Diagnostic::new(codes::WRONG_TYPE, leaf.span, format!("the {what} `{}` cannot be {found}", name.text))
        .label("expected a text, a whole number, or `true` or `false`")
        .help(help)
}

fn join(a: FieldType, b: FieldType) -> FieldType {
    match (a, b) {
        (FieldType::Choice(mut values), FieldType::Choice(more)) => {
            for value in more {
                if !values.contains(&value) {
                    values.push(value);
                }
            }
            FieldType::Choice(values)
        }
        (FieldType::Text, FieldType::Choice(_)) | (FieldType::Choice(_), FieldType::Text) => FieldType::Text,
        (a, b) if a == b => a,
        (a, _) => a,
    }
}

/// The values an expression can take, looking through `if`.
pub fn collect_leaves<'a>(expr: &'a Expr, leaves: &mut Vec<&'a Expr>) {
    match &expr.kind {
        ExprKind::If { branches, otherwise } => {
            for branch in branches {
                collect_leaves(&branch.value, leaves);
            }
            collect_leaves(otherwise, leaves);
        }
        _ => leaves.push(expr),
    }
}

/// A value as text, as a label or `${…}` writes it; none for lists, maps and null.
pub fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Where a field is declared, for related labels.
pub fn declared_here(field: &Field) -> (Span, String) {
    (field.name.span, format!("the {} is declared here", field.what()))
}
