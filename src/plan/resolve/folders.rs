//! What can be looked up in this repository: folders, values files, the objects that patches name.

use std::collections::BTreeSet;
use std::io;
use std::rc::Rc;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _};

use super::substitution::{self, Lone};
use crate::diag::{Applicability, Code, Diagnostic, Diagnostics, codes, did_you_mean, one_of};
use crate::project::{Entry, Files};
use crate::source::{Sources, Span};

/// At most this many files of a folder are read to find an object.
const MAX_FILES: usize = 500;
/// The most bytes of a file that is looked into: 4 MiB, as of a source.
const LARGEST: u64 = 4 * 1024 * 1024;
/// At most this deep, so that kustomizations that name each other end.
const MAX_DEPTH: usize = 20;

/// What kustomize calls the file of a folder.
pub(super) const KUSTOMIZATIONS: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Kind and name of objects.
type Objects = BTreeSet<(String, String)>;

/// Looks things up once and remembers.
pub struct Folders<'f> {
    files: &'f dyn Files,
    /// What the fleet says, for fixes.
    sources: &'f Sources,
    /// What folders hold, sorted by name; none for what is no folder.
    listings: HashMap<String, Option<Rc<[Entry]>>>,
    checked: HashMap<String, Option<Problem>>,
    /// The texts of values files, and what such a file holds in place of a map.
    texts: HashMap<String, (Arc<str>, Option<&'static str>)>,
    /// The objects of folders as kustomize sees them; none where they cannot all be known.
    objects: HashMap<String, Option<Rc<Objects>>>,
    /// The variables that stand alone in the files of folders.
    lone: HashMap<String, Rc<Vec<Lone>>>,
    /// How many files may still be read for the folder that is looked at.
    left: usize,
    reported: BTreeSet<(Span, String)>,
}

/// Why a path is not there.
#[derive(Clone, Debug)]
enum Problem {
    /// The part of the path that is not there, the folder it would be in and what that holds.
    Missing { part: String, folder: String, present: Vec<String> },
    /// The path as it is spelled on disk.
    Case { spelled: String },
    /// A file where a folder is needed, or the other way round.
    Kind { is_dir: bool },
}

impl<'f> Folders<'f> {
    /// Looks into `files`.
    pub fn new(files: &'f dyn Files, sources: &'f Sources) -> Self {
        Self {
            files,
            sources,
            listings: HashMap::new(),
            checked: HashMap::new(),
            texts: HashMap::new(),
            objects: HashMap::new(),
            lone: HashMap::new(),
            left: 0,
            reported: BTreeSet::new(),
        }
    }

    /// What `folder` holds, if it is one.
    pub(super) fn list(&mut self, folder: &str) -> Option<Rc<[Entry]>> {
        if let Some(known) = self.listings.get(folder) {
            return known.clone();
        }
        let listing = self.files.list(folder).map(Rc::from);
        self.listings.insert(folder.to_string(), listing.clone());
        listing
    }

    /// Reports, once for each place and path, a folder that is not there in the source checked out at `checkout`.
    /// Gives whether it is there.
    pub fn check_folder(&mut self, checkout: &str, path: &str, span: Span, diagnostics: &mut Diagnostics) -> bool {
        let Some(problem) = self.problem(checkout, path, true) else { return true };
        if self.reported.insert((span, path.to_string())) {
            diagnostics.push(self.not_found(codes::PATH_NOT_FOUND, "folder", path, span, &problem));
        }
        false
    }

    /// The text of the values file `path` in the source checked out at `checkout`.
    ///
    /// # Errors
    /// Gives the diagnostic, when the file is not there.
    pub fn values_file(&mut self, checkout: &str, path: &str, span: Span) -> Result<Arc<str>, Box<Diagnostic>> {
        if let Some(problem) = self.problem(checkout, path, false) {
            return Err(Box::new(self.not_found(codes::VALUES_FILE_NOT_FOUND, "values file", path, span, &problem)));
        }
        let place = join(checkout, path);
        let (text, wrong) = match self.texts.get(&place) {
            Some(known) => known.clone(),
            None => {
                let read = self.files.read_at_most(&place, LARGEST);
                let unread = read.as_ref().err().map(|error| match error.kind() {
                    io::ErrorKind::FileTooLarge => "more than 4 MiB",
                    _ => "what cannot be read",
                });
                let text: Arc<str> = Arc::from(String::from_utf8_lossy(&read.unwrap_or_default()).as_ref());
                let wrong = unread.or_else(|| no_map(&text));
                self.texts.insert(place, (text.clone(), wrong));
                (text, wrong)
            }
        };
        match wrong {
            None => Ok(text),
            Some(wrong) => Err(Box::new(
                Diagnostic::new(codes::INVALID_VALUE, span, format!("the values file `{path}` holds {wrong}"))
                    .label("values are a map")
                    .help("write `key: value` in it, or name another file"),
            )),
        }
    }

    fn not_found(&self, code: &'static Code, what: &str, path: &str, span: Span, problem: &Problem) -> Diagnostic {
        match problem {
            Problem::Case { spelled } => {
                let diagnostic = Diagnostic::new(
                    codes::PATH_CASE,
                    span,
                    format!("the {what} `{path}` is spelled `{spelled}` in this repository"),
                )
                .label("differs in upper and lower case")
                .help(format!("write `{spelled}`"))
                .note("Git and the clusters tell upper and lower case apart, even where this file system does not");
                self.rewritten(diagnostic, path, spelled, Applicability::Safe)
            }
            Problem::Kind { is_dir: true } => Diagnostic::new(code, span, format!("`{path}` is a folder"))
                .label("expected a file")
                .help("name a file in it"),
            Problem::Kind { is_dir: false } => Diagnostic::new(code, span, format!("`{path}` is a file"))
                .label("expected a folder")
                .help("name its folder"),
            Problem::Missing { part, folder, present } => {
                let place =
                    if folder.is_empty() { "the root of the source".to_string() } else { format!("`{folder}`") };
                let diagnostic =
                    Diagnostic::new(code, span, format!("the {what} `{path}` does not exist in this repository"))
                        .label(format!("{place} has no `{part}`"));
                match did_you_mean(part, present.iter().map(String::as_str)) {
                    Some(near) => {
                        let head = if folder.is_empty() { String::new() } else { format!("{folder}/") };
                        let rest = path.strip_prefix(&format!("{head}{part}")).unwrap_or_default();
                        let diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
                        self.rewritten(diagnostic, path, &format!("{head}{near}{rest}"), Applicability::Unsafe)
                    }
                    None if present.is_empty() => diagnostic.help("create it, or change the path"),
                    None => diagnostic.help(format!("there is {}", one_of(present.iter().map(String::as_str)))),
                }
            }
        }
    }

    /// With the fix that writes `meant` in place of `path`, where that is all that is written: a path with `${…}` is
    /// another one on every cluster.
    fn rewritten(&self, diagnostic: Diagnostic, path: &str, meant: &str, applicability: Applicability) -> Diagnostic {
        let span = diagnostic.primary.span;
        if self.sources.text(span) != format!("\"{path}\"") {
            return diagnostic;
        }
        diagnostic.fix(format!("write `{meant}`"), applicability, span, format!("\"{meant}\""))
    }

    fn problem(&mut self, checkout: &str, path: &str, folder: bool) -> Option<Problem> {
        let key = format!("{}\n{checkout}\n{path}", if folder { "folder" } else { "file" });
        if let Some(known) = self.checked.get(&key) {
            return known.clone();
        }
        let problem = self.look(checkout, path, folder);
        self.checked.insert(key, problem.clone());
        problem
    }

    /// Walks the path part by part, because a file system may not tell upper and lower case apart while Git and the engines do.
    fn look(&mut self, checkout: &str, path: &str, folder: bool) -> Option<Problem> {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
        let mut here = checkout.to_string();
        let mut spelled: Vec<String> = Vec::new();
        let mut differs = false;
        let mut is_dir = true;
        for part in parts {
            let Some(entry) = self.files.find(&here, part) else {
                let entries = self.list(&here).unwrap_or_default();
                let present =
                    entries.iter().filter(|e| e.is_dir == folder || e.is_dir).map(|e| e.name.clone()).collect();
                return Some(Problem::Missing { part: part.to_string(), folder: spelled.join("/"), present });
            };
            differs |= entry.name != part;
            spelled.push(entry.name.clone());
            is_dir = entry.is_dir;
            here = join(&here, &entry.name);
        }
        if differs {
            return Some(Problem::Case { spelled: spelled.join("/") });
        }
        (is_dir != folder).then_some(Problem::Kind { is_dir })
    }

    /// The variables that stand alone in the files of `folder`.
    pub(super) fn lone_variables(&mut self, folder: &str) -> Rc<Vec<Lone>> {
        if let Some(known) = self.lone.get(folder) {
            return known.clone();
        }
        self.left = MAX_FILES;
        let found = Rc::new(substitution::find(self, folder));
        self.lone.insert(folder.to_string(), found.clone());
        found
    }

    /// Whether `what` was not reported at `span` before.
    pub(super) fn is_new(&mut self, span: Span, what: String) -> bool {
        self.reported.insert((span, what))
    }

    /// Reports, once for each place and path, a folder of `components` that is not there or is no kustomize component.
    pub fn check_component(&mut self, checkout: &str, path: &str, span: Span, diagnostics: &mut Diagnostics) {
        if !self.check_folder(checkout, path, span, diagnostics) {
            return;
        }
        let folder = join(checkout, path);
        let entries = self.list(&folder).unwrap_or_default();
        let file = entries.iter().find(|entry| KUSTOMIZATIONS.contains(&entry.name.as_str()));
        self.left = MAX_FILES;
        let kind = match file {
            None => None,
            Some(file) => {
                let Some(documents) = self.documents(&join(&folder, &file.name)) else { return };
                let first = documents.into_iter().next().unwrap_or_default();
                first.get("kind").and_then(|kind| kind.as_str()).map(str::to_owned)
            }
        };
        if kind.as_deref() == Some("Component") || !self.reported.insert((span, format!("component {path}"))) {
            return;
        }
        let label = match (file, &kind) {
            (None, _) => "holds no `kustomization.yaml`".to_owned(),
            (Some(_), Some(kind)) => format!("is of kind `{kind}`"),
            (Some(_), None) => "does not say its kind, and so is a Kustomization".to_owned(),
        };
        diagnostics.push(
            Diagnostic::new(codes::NOT_A_COMPONENT, span, format!("the folder `{path}` is no kustomize component"))
                .label(label)
                .help("let its `kustomization.yaml` say `apiVersion: kustomize.config.k8s.io/v1alpha1` and `kind: Component`")
                .note("kustomize refuses to build a folder with such a component"),
        );
    }

    /// Reports, once for each place, a patch whose object is certainly not in `path`.
    pub fn check_patch(&mut self, at: (&str, &str, Span), kind: &str, name: &str, diagnostics: &mut Diagnostics) {
        let (checkout, path, span) = at;
        let folder = join(checkout, path);
        self.left = MAX_FILES;
        let Some(objects) = self.objects_of(&folder, 0) else { return };
        if objects.contains(&(kind.to_string(), name.to_string()))
            || !self.reported.insert((span, format!("{kind}/{name}")))
        {
            return;
        }
        let of_kind: Vec<&str> = objects.iter().filter(|(k, _)| k == kind).map(|(_, n)| n.as_str()).collect();
        let diagnostic =
            Diagnostic::new(codes::PATCH_TARGET_NOT_FOUND, span, format!("`{path}` has no {kind} `{name}`"))
                .label("changes nothing: a patch without its object is silently left out");
        diagnostics.push(match did_you_mean(name, of_kind.iter().copied()) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None if of_kind.is_empty() => {
                let kinds: BTreeSet<&str> = objects.iter().map(|(kind, _)| kind.as_str()).collect();
                if kinds.is_empty() {
                    diagnostic.help("the folder holds no objects; patch what it will hold, or change the path")
                } else if kinds.len() == 1 {
                    diagnostic.help(format!("there is no {kind} there; the only kind is {}", one_of(kinds)))
                } else {
                    diagnostic.help(format!("there is no {kind} there; it has {}", one_of(kinds)))
                }
            }
            None => diagnostic.help(format!("name {}", one_of(of_kind))),
        });
    }

    /// The objects of `folder` as kustomize sees them, when all are known.
    fn objects_of(&mut self, folder: &str, depth: usize) -> Option<Rc<Objects>> {
        if let Some(known) = self.objects.get(folder) {
            return known.clone();
        }
        if depth > MAX_DEPTH {
            return None;
        }
        let mut found = Objects::new();
        let found = self.gather(folder, depth, &mut found).then(|| Rc::new(found));
        self.objects.insert(folder.to_string(), found.clone());
        found
    }

    fn gather_folder(&mut self, folder: &str, depth: usize, found: &mut Objects) -> bool {
        match self.objects_of(folder, depth + 1) {
            Some(objects) => found.extend(objects.iter().cloned()),
            None => return false,
        }
        true
    }

    /// Adds the objects of `folder`; gives whether all are known.
    fn gather(&mut self, folder: &str, depth: usize, found: &mut Objects) -> bool {
        let Some(entries) = self.list(folder) else { return false };
        if let Some(kustomization) = entries.iter().find(|entry| KUSTOMIZATIONS.contains(&entry.name.as_str())) {
            return self.gather_kustomization(folder, &kustomization.name, depth, found);
        }
        entries.iter().all(|entry| {
            let path = join(folder, &entry.name);
            let yaml = entry.name.ends_with(".yaml") || entry.name.ends_with(".yml");
            match (entry.is_dir, yaml) {
                (true, _) => self.gather_folder(&path, depth, found),
                (false, true) => self.gather_file(&path, found),
                (false, false) => !entry.name.ends_with(".json"),
            }
        })
    }

    fn gather_kustomization(&mut self, folder: &str, file: &str, depth: usize, found: &mut Objects) -> bool {
        let Some(document) = self.documents(&join(folder, file)).and_then(|documents| documents.into_iter().next())
        else {
            return false;
        };
        // Whatever makes or renames objects leaves their names unknown.
        let plain = ["apiVersion", "kind", "metadata", "resources", "patches", "images", "labels", "commonLabels"];
        let more =
            ["commonAnnotations", "namespace", "replicas", "replacements", "patchesStrategicMerge", "patchesJson6902"];
        let known = document.as_object().is_some_and(|fields| {
            fields.keys().all(|key| plain.contains(&key.as_str()) || more.contains(&key.as_str()))
        });
        let resources =
            document.get("resources").and_then(|resources| resources.as_array()).cloned().unwrap_or_default();
        known
            && resources.iter().all(|resource| {
                let Some(resource) = resource.as_str().filter(|resource| !resource.contains("://")) else {
                    return false;
                };
                let path = join(folder, resource);
                if self.list(&path).is_some() {
                    self.gather_folder(&path, depth, found)
                } else {
                    self.gather_file(&path, found)
                }
            })
    }

    fn gather_file(&mut self, path: &str, found: &mut Objects) -> bool {
        let Some(documents) = self.documents(path) else { return false };
        documents.iter().all(|document| {
            if document.is_null() {
                return true;
            }
            let kind = document.get("kind").and_then(|kind| kind.as_str());
            let name =
                document.get("metadata").and_then(|metadata| metadata.get("name")).and_then(|name| name.as_str());
            match (kind, name) {
                (Some(kind), Some(name)) => {
                    found.insert((kind.to_string(), name.to_string()));
                    !kind.ends_with("List")
                }
                _ => false,
            }
        })
    }

    /// The YAML documents of the file `path`, unless too many were read or it cannot be.
    pub(super) fn documents(&mut self, path: &str) -> Option<Vec<serde_json::Value>> {
        self.left = self.left.checked_sub(1)?;
        let bytes = self.files.read_at_most(path, LARGEST).ok()?;
        let text = std::str::from_utf8(&bytes).ok()?;
        serde_saphyr::from_multiple(text).ok()
    }
}

/// What a values file holds, where that is certainly no map; Helm takes an empty one.
fn no_map(text: &str) -> Option<&'static str> {
    let documents: Vec<serde_json::Value> = serde_saphyr::from_multiple(text).ok()?;
    match documents.first()? {
        serde_json::Value::Object(_) | serde_json::Value::Null => None,
        serde_json::Value::Array(_) => Some("a list"),
        _ => Some("a single value"),
    }
}

/// Joins two paths; resolves `..` of the second as far as the first goes.
pub(super) fn join(base: &str, path: &str) -> String {
    let mut parts: Vec<&str> = base.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." && parts.last().is_some_and(|last| *last != "..") {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    if parts.is_empty() { ".".to_string() } else { parts.join("/") }
}
