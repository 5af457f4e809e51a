//! The parts of a deployment that are written as short strings or blocks: health, ignores, images, patches, retry.

use serde_json::{Map, Value};

use super::check::{invalid, known_kind};
use super::layers::Candidate;
use super::pick::{Eval, Findings, Picked, Poison, Spot};
use crate::diag::{Diagnostic, Diagnostics, codes, one_of};
use crate::model::body;
use crate::model::eval::At;
use crate::model::schema::{self, Type};
use crate::plan::{Change, Duration, Ignore, Image, ObjectRef, Patch, Retry};
use crate::source::Span;
use crate::syntax::ast::{self, Entry, NestedBlock};

/// `"Kind/name"`, `"Kind/namespace/name"`, `"group/version/Kind/namespace/name"`.
///
/// Without `namespace` one that is needed is missing, unless that is `doubtful`.
pub fn object_ref(
    text: &str,
    span: Span,
    (namespace, doubtful): (Option<&str>, bool),
    diagnostics: &mut Diagnostics,
) -> Option<ObjectRef> {
    let parts: Vec<&str> = text.split('/').collect();
    let (api_version, kind, given, name): (Option<String>, &str, Option<&str>, &str) = match parts.as_slice() {
        [kind, name] => (None, kind, None, name),
        [kind, namespace, name] => (None, kind, Some(namespace), name),
        [version, kind, namespace, name] => (Some((*version).to_string()), kind, Some(namespace), name),
        [group, version, kind, namespace, name] => (Some(format!("{group}/{version}")), kind, Some(namespace), name),
        _ => (None, "", None, ""),
    };
    if kind.is_empty() || name.is_empty() {
        diagnostics.push(invalid(
            span,
            format!("`{text}` names no object"),
            "expected `Kind/name`",
            "write `Kind/name`, `Kind/namespace/name` or `group/version/Kind/namespace/name`",
        ));
        return None;
    }
    let known = known_kind(kind);
    let api_version = api_version.or_else(|| known.map(|(api_version, _)| api_version.to_string()));
    let Some(api_version) = api_version else {
        diagnostics.push(invalid(
            span,
            format!("fleetc does not know the API group of `{kind}`"),
            "not one of Kubernetes' own kinds",
            format!("write it out: `group/version/{kind}/namespace/{name}`"),
        ));
        return None;
    };
    let namespaced = known.is_none_or(|(_, namespaced)| namespaced);
    let namespace = if namespaced { given.filter(|given| !given.is_empty()).or(namespace) } else { None };
    if namespaced && namespace.is_none() && parts.len() == 2 && doubtful {
        return None;
    }
    if namespaced && namespace.is_none() && parts.len() == 2 {
        diagnostics.push(
            Diagnostic::new(codes::MISSING_ATTRIBUTE, span, format!("the namespace of `{text}` is not known"))
                .label("the component sets no `namespace`")
                .help(format!("set `namespace`, or write `{kind}/namespace/{name}`")),
        );
        return None;
    }
    Some(ObjectRef {
        api_version,
        kind: kind.to_string(),
        namespace: namespace.map(String::from),
        name: name.to_string(),
    })
}

/// `new-name:tag@digest`, each part optional.
pub fn image(name: &str, text: &str) -> Image {
    let (rest, digest) = match text.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest.to_string())),
        None => (text, None),
    };
    let slash = rest.rfind('/').map_or(0, |at| at + 1);
    let (new_name, tag) = match rest.rfind(':') {
        Some(colon) if colon >= slash => (rest.get(..colon).unwrap_or(""), rest.get(colon + 1..).map(String::from)),
        _ => (rest, None),
    };
    let new_name = if new_name.is_empty() { None } else { Some(new_name.to_string()) };
    Image { name: name.to_string(), new_name, tag, digest }
}

/// Whether `image` holds nothing that stands in no image. kustomize takes its name for a pattern, and Argo CD gives it to
/// `kustomize edit set image` (3.5, util/kustomize), where one that begins with `-` would be an option.
pub fn may_be_image(image: &Image) -> bool {
    let is_made_of = |text: &str, marks: &str| {
        text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
            && text.chars().all(|c| c.is_ascii_alphanumeric() || marks.contains(c))
    };
    let is_name = |name: &String| is_made_of(name, "._-/:");
    let may_be =
        |part: &Option<String>, marks| part.as_ref().is_none_or(|part| part.is_empty() || is_made_of(part, marks));
    is_name(&image.name)
        && image.new_name.as_ref().is_none_or(is_name)
        && may_be(&image.tag, "._-")
        && may_be(&image.digest, "._-+:")
}

/// `"group/Kind"`, `"group/Kind/name"`, `"Kind"`, `"Kind/name"`, `"/Kind/name"`; kinds begin with a capital.
fn ignore_target(text: &str) -> Option<(String, String, Option<String>)> {
    let capital = |part: &str| part.starts_with(|c: char| c.is_ascii_uppercase());
    let parts: Vec<&str> = text.split('/').collect();
    let (group, kind, name) = match parts.as_slice() {
        [kind] if capital(kind) => (own_group(kind), *kind, None),
        [kind, name] if capital(kind) => (own_group(kind), *kind, Some(*name)),
        [group, kind] if capital(kind) => ((*group).to_string(), *kind, None),
        [group, kind, name] if capital(kind) => ((*group).to_string(), *kind, Some(*name)),
        _ => return None,
    };
    let named = name.is_none_or(|name| !name.is_empty());
    named.then(|| (group, kind.to_string(), name.map(String::from)))
}

fn own_group(kind: &str) -> String {
    known_kind(kind)
        .and_then(|(api_version, _)| api_version.split_once('/'))
        .map_or_else(String::new, |(group, _)| group.into())
}

/// The patches of a component on a cluster, lowest layer first, with the place of the object's name.
pub fn patches(spot: &Spot, findings: &mut Findings, diagnostics: &mut Diagnostics) -> Picked<Vec<(Patch, Span)>> {
    let mut patches = Vec::new();
    for (layer, block) in blocks(spot, "patch") {
        let [kind, name] = block.arguments.as_slice() else { return Err(Poison) };
        let (span, of_kind) = (name.span, kind.span);
        let (kind, name) =
            spot.with(layer, |at| (findings.evaluator.text(at, kind), findings.evaluator.text(at, name)));
        let (kind, name) = (kind.ok_or(Poison)?, name.ok_or(Poison)?);
        // For kustomize nothing means any.
        let parts = [(&kind, of_kind, "kind"), (&name, span, "name")];
        if let Some((_, span, what)) = parts.into_iter().find(|(text, ..)| text.is_empty()) {
            let message = format!("the {what} of a patch is empty");
            diagnostics.push(invalid(
                span,
                message,
                "names no object",
                "write for example `patch Deployment web { … }`",
            ));
            return Err(Poison);
        }
        let mut operations = Vec::with_capacity(block.body.entries.len());
        let mut merges = Vec::new();
        for entry in &block.body.entries {
            match entry {
                Entry::Operation(operation) => {
                    operations.push(spot.with(layer, |at| operation_of(at, operation, findings)).ok_or(Poison)?);
                }
                Entry::Block(inner) => merges.push(spot.with(layer, |at| merge_of(at, inner, findings)).ok_or(Poison)?),
                _ => return Err(Poison),
            }
        }
        let patch = |change| (Patch { kind: kind.clone(), name: name.clone(), change }, span);
        if !operations.is_empty() {
            patches.push(patch(Change::Operations(operations)));
        }
        patches.extend(merges.into_iter().map(|merge| patch(Change::Merge(merge))));
    }
    Ok(patches)
}

fn blocks<'a>(spot: &Spot<'_, 'a>, keyword: &str) -> Vec<(usize, &'a NestedBlock)> {
    let covers = |layer: usize| spot.layers.layer(layer).is_some_and(|layer| layer.covers(spot.cluster));
    let found = spot.layers.blocks.iter().filter(|(layer, block)| block.keyword.text == keyword && covers(*layer));
    found.copied().collect()
}

fn operation_of(at: At, operation: &ast::Operation, findings: &mut Findings) -> Option<Value> {
    let mut object = Map::with_capacity(3);
    object.insert("op".into(), operation.word.text.clone().into());
    object.insert("path".into(), findings.evaluator.text(at, &operation.pointer)?.into());
    if let Some(value) = &operation.value {
        object.insert("value".into(), findings.evaluator.free(at, value)?);
    }
    Some(Value::Object(object))
}

fn merge_of(at: At, block: &NestedBlock, findings: &mut Findings) -> Option<Map<String, Value>> {
    let mut sorted = std::collections::BTreeMap::new();
    for entry in &block.body.entries {
        let Entry::Attribute(attribute) = entry else { return None };
        sorted.insert(attribute.key.text.clone(), findings.evaluator.free(at, &attribute.value)?);
    }
    Some(sorted.into_iter().collect())
}

/// The ignored fields of a component on a cluster, lowest layer first.
pub fn ignores(spot: &Spot, findings: &mut Findings, diagnostics: &mut Diagnostics) -> Picked<Vec<Ignore>> {
    let blocks = blocks(spot, "ignore").into_iter();
    let read: Vec<_> = blocks.map(|(layer, block)| ignore(spot, layer, block, findings, diagnostics)).collect();
    read.into_iter().collect()
}

fn ignore(
    spot: &Spot,
    layer: usize,
    block: &NestedBlock,
    findings: &mut Findings,
    diagnostics: &mut Diagnostics,
) -> Picked<Ignore> {
    let [target] = block.arguments.as_slice() else { return Err(Poison) };
    let text = spot.with(layer, |at| findings.evaluator.text(at, target)).ok_or(Poison)?;
    let Some((group, kind, name)) = ignore_target(&text) else {
        diagnostics.push(invalid(
            target.span,
            format!("`{text}` names no kind"),
            "expected `group/Kind` or `group/Kind/name`",
            "write for example `apps/Deployment`, or `/Secret/tls` for the core group",
        ));
        return Err(Poison);
    };
    let fields = list_of(spot, layer, block, "fields", findings)?;
    for diagnostic in fields.iter().filter_map(|(pointer, span)| body::not_a_pointer(pointer, *span)) {
        diagnostics.push(diagnostic);
    }
    let fields = fields.into_iter().map(|(text, _)| text).collect();
    let jq = list_of(spot, layer, block, "jq", findings)?.into_iter().map(|(text, _)| text).collect();
    Ok(Ignore { group, kind, name, fields, jq })
}

fn list_of(
    spot: &Spot,
    layer: usize,
    block: &NestedBlock,
    name: &str,
    findings: &mut Findings,
) -> Picked<Vec<(String, Span)>> {
    let Some(attribute) = body::find(&block.body, name) else { return Ok(Vec::new()) };
    let value = spot.with(layer, |at| findings.evaluator.attribute(at, &Type::List(&Type::Text), &attribute.value));
    let value = value.ok_or(Poison)?;
    let items = value.as_array().ok_or(Poison)?;
    let span_of = |index: usize| match &attribute.value.kind {
        ast::ExprKind::List(items) => items.get(index).map_or(attribute.value.span, |item| item.span),
        _ => attribute.value.span,
    };
    let texts = items.iter().enumerate();
    texts.map(|(index, text)| text.as_str().map(|text| (text.to_string(), span_of(index))).ok_or(Poison)).collect()
}

/// How failures are repeated: of the `retry` blocks, each key by itself as if it were an attribute.
pub fn retry(spot: &Spot, findings: &mut Findings, diagnostics: &mut Diagnostics) -> Picked<Option<Retry>> {
    let blocks = blocks(spot, "retry");
    if blocks.is_empty() {
        return Ok(None);
    }
    let mut retry = Retry { limit: 5, duration: None, factor: None, max_duration: None };
    for known in schema::RETRY.attributes {
        let candidates = blocks.iter().filter_map(|(layer, block)| {
            let attribute = body::find(&block.body, known.name)?;
            Some(Candidate { layer: *layer, key: attribute.key.span, expr: &attribute.value })
        });
        let candidates: Vec<Candidate> = candidates.collect();
        let eval: Eval = &|evaluator, at, expr| evaluator.attribute(at, &known.ty, expr);
        let Some((value, chosen)) = spot.choose(known.name, &candidates, findings, eval)? else { continue };
        let value = value.as_i64().ok_or(Poison)?;
        let span = chosen.expr.span;
        if value < if known.name == "limit" { -1 } else { 0 } {
            diagnostics.push(invalid(
                span,
                format!("`{}` cannot be {value}", known.name),
                "too small",
                "write a positive number",
            ));
        }
        let duration = u64::try_from(value).ok().map(|milliseconds| Duration { milliseconds });
        match known.name {
            "limit" => retry.limit = value,
            "factor" => retry.factor = Some(value),
            "duration" => retry.duration = duration,
            _ => retry.max_duration = duration,
        }
    }
    Ok(Some(retry))
}

/// Argo CD 3.5, sync options of an Application that have no attribute of their own; any other text is silently ignored there.
const SYNC_OPTIONS: [&str; 16] = [
    "ApplyOutOfSyncOnly=true",
    "ClientSideApplyMigration=false",
    "Delete=confirm",
    "Delete=false",
    "FailOnSharedResource=true",
    "Prune=confirm",
    "Prune=false",
    "PruneLast=true",
    "PrunePropagationPolicy=background",
    "PrunePropagationPolicy=foreground",
    "PrunePropagationPolicy=orphan",
    "Replace=true",
    "RespectIgnoreDifferences=true",
    "SkipDryRunOnMissingResource=true",
    "Validate=false",
    "Validate=true",
];

/// F0302 for a sync option that Argo CD would silently ignore.
pub fn check_sync_option(text: &str, span: Span, diagnostics: &mut Diagnostics) {
    if SYNC_OPTIONS.contains(&text) {
        return;
    }
    let typed = match text.split('=').next().unwrap_or("") {
        "CreateNamespace" => Some("create-namespace"),
        "ServerSideApply" => Some("server-side"),
        _ => None,
    };
    let diagnostic = Diagnostic::new(codes::UNKNOWN_VALUE, span, format!("`{text}` is no sync option"))
        .label("Argo CD would ignore it without a word");
    diagnostics.push(match (typed, crate::diag::did_you_mean(text, SYNC_OPTIONS)) {
        (Some(attribute), _) => diagnostic.help(format!("set the attribute `{attribute}`")),
        (None, Some(near)) => diagnostic.help(format!("did you mean `{near}`?")).fix(
            format!("write `{near}`"),
            crate::diag::Applicability::Unsafe,
            span,
            format!("\"{near}\""),
        ),
        (None, None) => diagnostic.help(format!("write {}", one_of(SYNC_OPTIONS))),
    });
}
