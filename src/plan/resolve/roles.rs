//! The roles of a project, and whether Argo CD looks for orphaned resources.
//!
//! As with windows, Argo CD checks them only when its own API writes the AppProject; a policy that it cannot read later
//! makes it ignore the policies of the whole project. So the rules of `ValidateProject` are kept here.

use super::check::{group_kind, invalid};
use super::projects::{description, texts};
use super::settings::Fixed;
use super::windows::{report_globs, report_unknown};
use crate::diag::{Diagnostic, Diagnostics, codes, did_you_mean, one_of};
use crate::model::{Model, body, schema};
use crate::plan::{OrphanedResources, Role};
use crate::syntax::ast::{self, Entry, NestedBlock};

/// What a role may do with Applications (argo-cd, `validActions`); `action/…`, `update/…` and `delete/…` beside these.
const ACTIONS: [&str; 7] = ["get", "create", "update", "delete", "sync", "override", "*"];
/// What a policy of a project may speak of.
const RESOURCES: [&str; 6] = ["applications", "applicationsets", "repositories", "exec", "logs", "clusters"];

fn blocks<'b>(project: &'b ast::Block, keyword: &'b str) -> impl Iterator<Item = &'b NestedBlock> {
    project.entries.iter().filter_map(move |entry| match entry {
        Entry::Block(block) if block.keyword.text == keyword => Some(block),
        _ => None,
    })
}

/// The roles of the project `name` with this body, in the order written.
pub fn roles(model: &Model, name: &str, project: &ast::Block, diagnostics: &mut Diagnostics) -> Vec<Role> {
    blocks(project, "role").filter_map(|block| role(model, name, block, diagnostics)).collect()
}

fn role(model: &Model, project: &str, block: &NestedBlock, diagnostics: &mut Diagnostics) -> Option<Role> {
    let argument = block.arguments.first()?;
    let name = argument.as_literal()?;
    let fixed = Fixed::new(model, &schema::ROLE, &block.body, false);
    report_globs(&block.body, &fixed, "components", diagnostics);
    report_unknown(model, &fixed, diagnostics);
    if let Some(key) = fixed.key("components").filter(|_| body::find(&block.body, "actions").is_none()) {
        diagnostics.push(
            Diagnostic::new(codes::MISSING_ATTRIBUTE, key, format!("the role `{name}` does not say what it may do"))
                .label("with these components")
                .help("write for example `actions = [get, sync]`"),
        );
    }
    Some(Role {
        span: argument.span,
        name: name.to_string(),
        description: description(&fixed, diagnostics),
        groups: once(&fixed, "groups", diagnostics, group),
        actions: once(&fixed, "actions", diagnostics, action),
        components: texts(&fixed, "components"),
        policies: once(&fixed, "policies", diagnostics, |text| policy(text, project, name)),
    })
}

/// The items of the list `name` as `read` gives them, each but once; what it refuses is reported.
fn once(
    fixed: &Fixed,
    name: &str,
    diagnostics: &mut Diagnostics,
    read: impl Fn(&str) -> Result<String, Refused>,
) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    for (text, span) in fixed.texts(name).unwrap_or_default() {
        match read(&text) {
            Ok(item) if items.contains(&item) => diagnostics.push(
                Diagnostic::new(codes::DUPLICATE_ENTRY, span, format!("`{text}` is there twice"))
                    .label("said again here")
                    .related(fixed.key(name).unwrap_or(span), "in this list")
                    .help("keep one of them"),
            ),
            Ok(item) => items.push(item),
            Err((message, label, help)) => diagnostics.push(invalid(span, message, label, help)),
        }
    }
    items
}

/// Message, label and help.
type Refused = (String, String, String);

fn action(text: &str) -> Result<String, Refused> {
    let of_resource =
        ["action/", "update/", "delete/"].iter().any(|prefix| text.len() > prefix.len() && text.starts_with(prefix));
    if ACTIONS.contains(&text) || (of_resource && !text.contains(|c: char| c == ',' || c.is_whitespace())) {
        return Ok(text.to_string());
    }
    let help = match did_you_mean(text, ACTIONS) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("write {}, or `action/…`, `update/…`, `delete/…` with a kind", one_of(ACTIONS)),
    };
    Err((format!("`{text}` is no action of Argo CD"), "nobody could do that with an Application".to_owned(), help))
}

/// A group as it stands in a policy: in quotes where it holds a comma.
fn group(text: &str) -> Result<String, Refused> {
    let wrong = |why: &str| {
        let help = "write the group as the sign-in gives it".to_owned();
        Err((format!("the group `{text}` {why}"), "Argo CD takes no such group".to_owned(), help))
    };
    match text {
        "" => wrong("is empty"),
        _ if text.trim() != text => wrong("begins or ends with a space"),
        _ if text.contains(['"', '\n', '\r', '\t']) => wrong("holds a quote, a tab or a line break"),
        _ if text.contains(',') => Ok(format!("\"{text}\"")),
        _ => Ok(text.to_string()),
    }
}

/// `p, proj:<project>:<role>, <resource>, <action>, <project>/<object>, <effect>`, with a space behind each comma.
fn policy(text: &str, project: &str, role: &str) -> Result<String, Refused> {
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    let subject = format!("proj:{project}:{role}");
    let form = format!("write `p, {subject}, applications, sync, {project}/*, allow`");
    let wrong =
        |why: String| Err((format!("the policy `{text}` {why}"), "Argo CD would not read it".to_owned(), form.clone()));
    let ["p", of, resource, verb, object, effect] = parts.as_slice() else {
        return wrong("does not begin with `p` or has not six parts".to_owned());
    };
    if *of != subject {
        return wrong(format!("speaks of `{of}` and not of `{subject}`"));
    }
    if !RESOURCES.contains(resource) {
        return wrong(format!("speaks of `{resource}`, which is none of {}", RESOURCES.join(", ")));
    }
    if action(verb).is_err() {
        return wrong(format!("has no action in `{verb}`"));
    }
    let plain = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "*-_.".contains(c));
    let of_project = object.strip_prefix(project).and_then(|rest| rest.strip_prefix('/'));
    let named = of_project.map(|rest| rest.split('/').collect::<Vec<_>>());
    if !named.is_some_and(|parts| parts.len() <= 2 && parts.iter().all(|part| plain(part))) {
        return wrong(format!("names the object `{object}`, which is not `{project}/<application>`"));
    }
    if !["allow", "deny"].contains(effect) {
        return wrong(format!("ends with `{effect}` and not with `allow` or `deny`"));
    }
    Ok(parts.join(", "))
}

/// How the project with this body looks for objects that belong to nothing.
pub fn orphaned_resources(
    model: &Model,
    project: &ast::Block,
    diagnostics: &mut Diagnostics,
) -> Option<OrphanedResources> {
    let block = blocks(project, "orphaned-resources").next()?;
    let fixed = Fixed::new(model, &schema::ORPHANED_RESOURCES, &block.body, false);
    let mut ignore = Vec::new();
    for (text, span) in fixed.texts("ignore").unwrap_or_default() {
        let parts: Vec<&str> = text.split('/').collect();
        let found = match parts.as_slice() {
            [group, kind] => group_kind(&format!("{group}/{kind}")).map(|kind| (kind, None)),
            [group, kind, name] if !name.is_empty() => {
                group_kind(&format!("{group}/{kind}")).map(|kind| (kind, Some((*name).to_string())))
            }
            _ => None,
        };
        match found {
            Some(found) => ignore.push(found),
            None => diagnostics.push(invalid(
                span,
                format!("`{text}` names no objects"),
                "expected `group/Kind` or `group/Kind/name`, with nothing before the `/` for the core group",
                "write for example `/ConfigMap/kube-root-ca.crt`",
            )),
        }
    }
    let warn = body::find(&block.body, "warn").is_none() || fixed.flag("warn");
    Some(OrphanedResources { warn, ignore })
}
