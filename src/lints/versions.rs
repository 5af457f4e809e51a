//! What protected clusters run that may change without a commit to the fleet.
//!
//! A branch of one's own repositories is how GitOps works, and is not reported. A range of versions, `latest`, and a
//! repository of others that is followed are.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use foldhash::{HashSet, HashSetExt as _};

use super::version::floats;
use super::{Subject, listed, literal};
use crate::diag::{Code, Diagnostic, Diagnostics, codes};
use crate::model::body;
use crate::plan::{Content, Deployment, Image, Revision, Source, SourceKind};
use crate::source::Span;

/// One cause, and what it reaches.
struct Found {
    code: &'static Code,
    message: String,
    label: &'static str,
    help: String,
    components: BTreeSet<String>,
    clusters: BTreeSet<String>,
}

/// What was found, by place.
type Findings = BTreeMap<(Span, &'static str), Found>;

/// Reports what is not pinned on protected clusters.
pub fn check(subject: Subject, diagnostics: &mut Diagnostics) {
    let mut findings = Findings::new();
    // The settings in which there is nothing to find.
    let mut sound = HashSet::new();
    for deployment in subject.deployments().filter(|deployment| deployment.protected) {
        let settings = Arc::as_ptr(&deployment.settings);
        if !sound.contains(&settings) {
            let found = content(subject, deployment, &mut findings) | images(subject, deployment, &mut findings);
            if !found {
                sound.insert(settings);
            }
        }
        if let Some(key) = deployment.values.find(&is_latest) {
            latest(subject, deployment, &format!("the value `{key}`"), &mut findings);
        }
    }
    let declared: BTreeSet<&str> = subject.plan.clusters.iter().map(|cluster| &*cluster.name).collect();
    for ((span, _), found) in findings {
        let known = found.clusters.iter().map(String::as_str).filter(|cluster| declared.contains(cluster));
        let (components, clusters) = (listed(found.components.iter().map(String::as_str)), listed(known));
        let place =
            if clusters.is_empty() { "protected clusters".to_owned() } else { format!("the protected {clusters}") };
        let verb = if found.components.len() == 1 { "runs" } else { "run" };
        let message = format!("{}, and {components} {verb} it on {place}", found.message);
        let diagnostic = Diagnostic::new(found.code, span, message).label(found.label).help(found.help);
        diagnostics.push(subject.beside_protected(diagnostic));
    }
}

fn add(
    findings: &mut Findings,
    span: Span,
    deployment: &Deployment,
    found: impl FnOnce() -> Found,
    code: &'static Code,
) {
    let found = findings.entry((span, code.id)).or_insert_with(found);
    if !found.components.contains(&*deployment.component) {
        found.components.insert(deployment.component.to_string());
    }
    if !found.clusters.contains(&*deployment.cluster) {
        found.clusters.insert(deployment.cluster.to_string());
    }
}

fn found(code: &'static Code, message: String, label: &'static str, help: impl Into<String>) -> Found {
    Found { code, message, label, help: help.into(), components: BTreeSet::new(), clusters: BTreeSet::new() }
}

/// Whether something was found.
fn content(subject: Subject, deployment: &Deployment, findings: &mut Findings) -> bool {
    match &deployment.content {
        // They are in this output, and change with it.
        Content::Objects(_) => false,
        Content::Path(_) => revision(subject, deployment, &deployment.source, findings),
        Content::Chart(chart) => {
            let is_floating = floats(&chart.version);
            if is_floating {
                let message = || format!("`{}` is not one version of a chart", chart.version);
                let make = || {
                    let help = "write the whole version, such as `version = \"1.2.3\"`";
                    found(codes::FLOATING_VERSION, message(), "the newest that matches", help)
                };
                let whole = deployment.origin.of("version");
                let written = literal::find(subject.model, &deployment.component, &|text| text == chart.version);
                let inside = |at: &Span| at.source == whole.source && whole.start <= at.start && at.end <= whole.end;
                let span = written.filter(inside).unwrap_or(whole);
                add(findings, span, deployment, make, codes::FLOATING_VERSION);
            }
            let files = chart.values_files.iter();
            files.fold(is_floating, |found, file| found | revision(subject, deployment, &file.source, findings))
        }
    }
}

/// The revision of a source that is not a chart's. Whether something was found.
fn revision(subject: Subject, deployment: &Deployment, source: &Source, findings: &mut Findings) -> bool {
    let name = &source.name;
    let (code, attribute, message, label, help) = match (&source.revision, source.kind) {
        (Revision::Semver(range), _) => (
            codes::FLOATING_VERSION,
            "semver",
            format!("`{range}` follows every new tag of `{name}`"),
            "the newest tag that matches",
            "pin it with `tag` or `commit`, and let a commit to the fleet move it".to_owned(),
        ),
        (Revision::Tag(tag), _) if tag == "latest" => (
            codes::FLOATING_VERSION,
            "tag",
            format!("the tag `latest` of `{name}` moves"),
            "whatever was pushed last",
            "write the tag of a release, or `digest`".to_owned(),
        ),
        (Revision::Default, SourceKind::Oci) => (
            codes::FLOATING_VERSION,
            "oci",
            format!("`{name}` has neither a tag nor a digest, which means `latest`"),
            "whatever was pushed last",
            "write `tag` or `digest`".to_owned(),
        ),
        (Revision::Default | Revision::Branch(_), SourceKind::Git) if is_foreign(subject, &source.url) => (
            codes::FOREIGN_BRANCH,
            if source.revision == Revision::Default { "git" } else { "branch" },
            format!("`{name}` follows a branch of another owner's repository"),
            "moves when they push",
            "pin it with `tag` or `commit`, or use a copy of your own".to_owned(),
        ),
        (Revision::Default, SourceKind::Git) => (
            codes::NO_REVISION,
            "git",
            format!("`{name}` does not say which branch, tag or commit"),
            "whatever the engine takes without one",
            "write `branch = \"main\"`, or `tag` or `commit`".to_owned(),
        ),
        _ => return false,
    };
    let span = place(subject, source, attribute).unwrap_or(source.span);
    add(findings, span, deployment, || found(code, message, label, help), code);
    true
}

/// Where `source` says `attribute`.
fn place(subject: Subject, source: &Source, attribute: &str) -> Option<Span> {
    let declared = subject.model.names.sources.values().find(|declared| declared.name.span == source.span)?;
    body::find(&declared.node.body, attribute).map(|attribute| attribute.value.span)
}

/// Whether a repository belongs to somebody else than the fleet's own one.
fn is_foreign(subject: Subject, url: &str) -> bool {
    let Some(home) = &subject.plan.home else { return false };
    match (owner(&home.url), owner(url)) {
        (Some(own), Some(other)) => own != other,
        _ => false,
    }
}

/// Host and owner of a repository's URL: `github.com/my-org`.
fn owner(url: &str) -> Option<String> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split_once('@').map_or(rest, |(_, rest)| rest);
    let rest = if url.contains("://") { rest.to_owned() } else { rest.replacen(':', "/", 1) };
    let (host, path) = rest.split_once('/')?;
    let host = host.split(':').next().unwrap_or(host);
    // A host without owners has nothing but repositories.
    let (owner, _) = path.split_once('/')?;
    Some(format!("{host}/{owner}").to_ascii_lowercase())
}

/// Whether something was found.
fn images(subject: Subject, deployment: &Deployment, findings: &mut Findings) -> bool {
    let is_latest = |image: &&Image| image.tag.as_deref() == Some("latest") && image.digest.is_none();
    for image in deployment.images.iter().filter(is_latest) {
        let name = image.new_name.as_deref().unwrap_or(&image.name);
        latest(subject, deployment, &format!("the image `{name}`"), findings);
    }
    deployment.images.iter().any(|image| is_latest(&image))
}

fn latest(subject: Subject, deployment: &Deployment, what: &str, findings: &mut Findings) {
    let wanted = |text: &str| text == "latest" || text.ends_with(":latest");
    let span = literal::find(subject.model, &deployment.component, &wanted).unwrap_or(deployment.origin.component);
    let make = || {
        let help = "write the tag of a release, or a digest";
        found(codes::FLOATING_IMAGE, format!("{what} has the tag `latest`"), "whatever was pushed last", help)
    };
    add(findings, span, deployment, make, codes::FLOATING_IMAGE);
}

/// Whether the text of a key of values is an image tag that is `latest`.
fn is_latest(key: &str, text: &str) -> bool {
    (key == "tag" && text == "latest") || (key == "image" && text.ends_with(":latest"))
}

#[cfg(test)]
mod tests {
    use super::owner;

    #[test]
    fn the_owner_of_a_repository() {
        for url in
            ["https://github.com/My-Org/fleet", "git@github.com:my-org/other.git", "ssh://git@github.com/my-org/x"]
        {
            assert_eq!(owner(url).as_deref(), Some("github.com/my-org"), "{url}");
        }
        assert_eq!(owner("https://git.example.com/fleet.git"), None);
    }
}
