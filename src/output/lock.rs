//! `fleet.lock`: which files the last build wrote, and what ran where.
//!
//! It is committed with the output, so it is the baseline that the next build is compared with. Its text is JSON with
//! sorted keys and one line an entry, so that a diff of it reads like a list of what changed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use foldhash::HashMap;
use rayon::prelude::*;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::names;
use crate::plan::{Content, Deployment, Instance, ObjectRef, OnDelete, Plan, json};
use crate::target::Engines;

/// The format that is written.
const SCHEMA: &str = "fleetc.lock/3";
/// Its number.
const VERSION: u8 = 3;
/// The format before, which does not know where workloads are.
const SCHEMA_2: &str = "fleetc.lock/2";
/// The one before that, which knows neither what is protected nor how something goes, and has no digest.
const SCHEMA_1: &str = "fleetc.lock/1";

/// `<engine>/component/<name>`, for a named instance `<engine>/<instance>/component/<name>`, with the clusters it runs on.
pub type Identities = BTreeMap<String, BTreeSet<String>>;

/// By identity and by place, the protected clusters where its workloads are there. A place is a namespace; with a slash
/// and the release for a chart; the objects, for a declaration that makes some.
pub type Places = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

/// What a build runs where, and how it would go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// What runs where.
    pub identities: Identities,
    /// The protected clusters; none when that was not recorded.
    pub protected: Option<BTreeSet<String>>,
    /// Those of the identities whose workloads go with what deploys them.
    pub cascade: Identities,
    /// Where the workloads on protected clusters are. An engine deletes them when they are elsewhere from then on.
    pub places: Places,
    /// For each identity the hash of what it is, but for its name.
    pub contents: BTreeMap<String, String>,
}

/// The contents of a lock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    /// The fleet's name.
    pub fleet: String,
    /// Every owned file, below the output folder, with the SHA-256 of its bytes in hexadecimal as `sha256sum` prints it.
    pub files: BTreeMap<String, String>,
    /// What runs where.
    pub record: Arc<Record>,
}

/// What says how the rest of a lock is read, of whatever format.
#[derive(Deserialize)]
struct Head {
    schema: Option<Value>,
    digest: Option<Value>,
}

/// The entries of a lock as they are written. What not every format has may be missing.
#[derive(Deserialize)]
struct Written {
    fleet: String,
    files: BTreeMap<String, String>,
    identities: Identities,
    protected: Option<BTreeSet<String>>,
    cascade: Option<Identities>,
    places: Option<Places>,
    contents: Option<BTreeMap<String, String>>,
}

/// Why a text is no lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockError {
    /// What is wrong, after "`fleet.lock` ".
    pub message: String,
    /// The line and the column in bytes, from 1, where that is known.
    pub at: Option<(usize, usize)>,
    /// What to do.
    pub help: &'static str,
}

const RESTORE: &str = "restore it from Git (`git checkout HEAD -- fleet.lock` in its folder) and build again";

impl Lock {
    /// Reads the text of a lock. Nothing in it is trusted: a path that no build would write is an error.
    pub fn parse(text: &str) -> Result<Self, LockError> {
        if let Some(line) = text.lines().position(|line| line.starts_with("<<<<<<<") || line.starts_with(">>>>>>>")) {
            let help = "take either side (`git checkout --ours fleet.lock` in its folder) and build again with \
                        `--overwrite-edits`";
            return Err(LockError { message: "holds Git's conflict markers".into(), at: Some((line + 1, 1)), help });
        }
        let head: Head = match serde_json::from_str(text) {
            Ok(head) => head,
            Err(error) if error.is_data() => return Err(wrong(format!("has no `schema` of `{SCHEMA}`"))),
            Err(error) => {
                let at = Some((error.line(), error.column()));
                return Err(LockError { message: "is not JSON".into(), at, help: RESTORE });
            }
        };
        let version = match head.schema.as_ref().and_then(Value::as_str) {
            Some(SCHEMA) => 3,
            Some(SCHEMA_2) => 2,
            Some(SCHEMA_1) => 1,
            Some(other) if other.starts_with("fleetc.lock/") => {
                let message = format!("has the format `{other}`, and this fleetc reads `{SCHEMA}`");
                let help = "build with the version of fleetc that wrote it, or a newer one";
                return Err(LockError { message, at: None, help });
            }
            _ => return Err(wrong(format!("has no `schema` of `{SCHEMA}`"))),
        };
        let written: Result<Written, _> = serde_json::from_str(text);
        let lock = written
            .ok()
            .and_then(|written| Self::of(written, version))
            .ok_or_else(|| wrong("lacks an entry, or has one of the wrong type".into()))
            .and_then(Self::checked)?;
        // The first format had no digest. One that has is a lock of today whose `schema` somebody lowered, which would do
        // away with the digest and with what is protected.
        let sound = match version {
            1 => head.digest.is_none(),
            _ => head.digest.as_ref().and_then(Value::as_str) == Some(&lock.digest(version)),
        };
        if !sound {
            let help = "restore it from Git; after a merge, take either side and build again with `--overwrite-edits`";
            return Err(LockError { message: "is not as a build wrote it".into(), at: None, help });
        }
        Ok(lock)
    }

    fn of(written: Written, version: u8) -> Option<Self> {
        let mut record = Record { identities: written.identities, ..Record::default() };
        if version > 1 {
            record.cascade = written.cascade?;
            record.protected = Some(written.protected?);
            record.contents = written.contents?;
        }
        if version > 2 {
            record.places = written.places?;
        }
        Some(Self { fleet: written.fleet, files: written.files, record: Arc::new(record) })
    }

    fn checked(self) -> Result<Self, LockError> {
        for (path, hash) in &self.files {
            names::check_path(path).map_err(|reason| wrong(format!("owns a file that no build writes: {reason}")))?;
            if hash.len() != 64 || !hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
                return Err(wrong(format!("has no SHA-256 for `{path}`")));
            }
        }
        Ok(self)
    }

    /// The text of the lock.
    pub fn text(&self) -> String {
        let entries = self.entries(VERSION);
        let digest = hash(entries.as_bytes());
        // Of a large fleet it is megabytes, so it takes no more room than it needs.
        [&format!("{{\n  \"schema\": \"{SCHEMA}\",\n  \"digest\": \"{digest}\",\n"), &*entries, "}\n"].concat()
    }

    /// The hash of all entries. So two branches that both changed what is built collide when they are merged, and the
    /// merge is built anew.
    fn digest(&self, version: u8) -> String {
        hash(self.entries(version).as_bytes())
    }

    /// The entries, as the format of this version has them.
    fn entries(&self, version: u8) -> String {
        let record = &self.record;
        let mut text = Entries::default();
        text.key("fleet", |text| text.quote(&self.fleet));
        text.key("protected", |text| text.list(record.protected.iter().flatten()));
        text.block("files", &self.files, |text, hash| text.quote(hash));
        text.block("identities", &record.identities, |text, names| text.list(names));
        text.block("cascade", &record.cascade, |text, names| text.list(names));
        if version > 2 {
            text.block("places", &record.places, |text, places| {
                text.between(("{", "}"), places, |text, (place, names)| {
                    text.quote(place);
                    text.0.extend(b": ");
                    text.list(names);
                });
            });
        }
        text.block("contents", &record.contents, |text, hash| text.quote(hash));
        text.finish()
    }
}

/// The files that the text of a lock lists, with their hashes; none where it is not as [`Lock::text`] writes it. It reads the
/// lines of that entry alone, and judges nothing: for a text that is known by its hash.
pub(super) fn files_of(text: &str) -> Option<Vec<(&str, &str)>> {
    let (_, rest) = text.split_once("\n  \"files\": {\n")?;
    let (files, _) = rest.split_once("\n  }")?;
    fn file(line: &str) -> Option<(&str, &str)> {
        line.strip_prefix("    \"")?.trim_end_matches(',').strip_suffix('"')?.split_once("\": \"")
    }
    files.lines().map(file).collect()
}

/// The text of entries: JSON with a line for each.
#[derive(Default)]
struct Entries(Vec<u8>);

impl Entries {
    fn quote(&mut self, text: &str) {
        // Writing to memory cannot fail.
        _ = serde_json::to_writer(&mut self.0, text);
    }

    fn list<'a>(&mut self, names: impl IntoIterator<Item = &'a String>) {
        self.between(("[", "]"), names, |text, name| text.quote(name));
    }

    fn between<T>(
        &mut self,
        (open, close): (&str, &str),
        items: impl IntoIterator<Item = T>,
        one: impl Fn(&mut Self, T),
    ) {
        self.0.extend(open.as_bytes());
        for (place, item) in items.into_iter().enumerate() {
            if place > 0 {
                self.0.extend(b", ");
            }
            one(self, item);
        }
        self.0.extend(close.as_bytes());
    }

    /// An entry of the lock, on its own line.
    fn key(&mut self, name: &str, value: impl FnOnce(&mut Self)) {
        if !self.0.is_empty() {
            self.0.extend(b",\n");
        }
        self.0.extend(b"  ");
        self.quote(name);
        self.0.extend(b": ");
        value(self);
    }

    /// An entry with a line for each of the keys in it.
    fn block<T>(&mut self, name: &str, entries: &BTreeMap<String, T>, value: impl Fn(&mut Self, &T)) {
        self.key(name, |text| {
            text.0.push(b'{');
            for (place, (key, entry)) in entries.iter().enumerate() {
                text.0.extend(if place == 0 { &b"\n    "[..] } else { b",\n    " });
                text.quote(key);
                text.0.extend(b": ");
                value(text, entry);
            }
            text.0.extend(if entries.is_empty() { &b"}"[..] } else { b"\n  }" });
        });
    }

    fn finish(mut self) -> String {
        self.0.push(b'\n');
        // JSON is UTF-8.
        String::from_utf8(self.0).unwrap_or_default()
    }
}

/// What an instance of an engine runs of a component.
#[derive(Default)]
struct Found {
    clusters: BTreeSet<String>,
    cascade: BTreeSet<String>,
    places: BTreeMap<String, BTreeSet<String>>,
    content: Sha256,
}

impl Found {
    /// What each of so many instances runs of a component, whose deployments these are; `serving` are the instances of each
    /// cluster.
    fn of(deployments: &[Deployment], serving: &HashMap<&str, Vec<usize>>, instances: usize) -> Vec<Option<Self>> {
        let mut all: Vec<Option<Self>> = (0..instances).map(|_| None).collect();
        let mut content = Vec::new();
        for deployment in deployments {
            content.clear();
            for place in serving.get(&*deployment.cluster).into_iter().flatten() {
                let Some(found) = all.get_mut(*place) else { continue };
                if content.is_empty() {
                    json::content(deployment, &mut content);
                }
                found.get_or_insert_with(Self::default).add(deployment, &content);
            }
        }
        all
    }

    fn add(&mut self, deployment: &Deployment, content: &[u8]) {
        let cluster = deployment.cluster.to_string();
        if deployment.protected {
            self.places.entry(place_of(deployment)).or_default().insert(cluster.clone());
        }
        if deployment.on_delete == OnDelete::Cascade {
            self.cascade.insert(cluster.clone());
        }
        self.clusters.insert(cluster);
        self.content.update(content);
    }
}

impl Record {
    /// What `plan` runs with `engines`.
    pub fn of(plan: &Plan, engines: &Engines) -> Self {
        let protected = plan.clusters.iter().filter(|cluster| cluster.protected);
        let protected = Some(protected.map(|cluster| cluster.name.to_string()).collect());
        let mut record = Self { protected, ..Self::default() };
        let argocd: Vec<_> = plan.argocd.iter().filter(|_| engines.argocd).map(|settings| &settings.instance).collect();
        let flux: Vec<_> = plan.flux.iter().filter(|_| engines.flux).map(|settings| &settings.instance).collect();
        let mut contents: BTreeMap<String, Sha256> = BTreeMap::new();
        let instances: Vec<(&str, &Instance)> = [("argocd", &argocd), ("flux", &flux)]
            .into_iter()
            .flat_map(|(engine, all)| all.iter().map(move |instance| (engine, *instance)))
            .collect();
        let serving: HashMap<&str, Vec<usize>> = plan
            .clusters
            .iter()
            .map(|cluster| {
                let serves = |place: &usize| instances.get(*place).is_some_and(|(_, one)| one.serves(&cluster.name));
                (&*cluster.name, (0..instances.len()).filter(serves).collect())
            })
            .collect();
        let components: Vec<&[Deployment]> = plan.deployments.chunk_by(|a, b| a.component == b.component).collect();
        let found: Vec<_> = components.par_iter().map(|all| Found::of(all, &serving, instances.len())).collect();
        for (all, found) in components.into_iter().zip(found) {
            let Some(first) = all.first() else { continue };
            for ((engine, instance), found) in instances.iter().zip(found) {
                let Some(found) = found else { continue };
                let identity = identity(engine, instance.name.as_deref(), &first.component);
                if !found.cascade.is_empty() {
                    record.cascade.insert(identity.clone(), found.cascade);
                }
                if !found.places.is_empty() {
                    record.places.insert(identity.clone(), found.places);
                }
                record.identities.insert(identity.clone(), found.clusters);
                contents.insert(identity, found.content);
            }
        }
        // What an object on the hub is for is what would miss it.
        for object in &plan.hub_objects {
            let keeps = ObjectRef::of(&object.object).takes_others_along();
            for (engine, instances) in [("argocd", &argocd), ("flux", &flux)] {
                for instance in instances {
                    let served = object.clusters.iter().filter(|cluster| instance.serves(cluster));
                    let served: Vec<String> = served.map(|cluster| cluster.to_string()).collect();
                    if !served.is_empty() {
                        let identity = identity(engine, instance.name.as_deref(), &object.name);
                        contents.entry(identity.clone()).or_default().update(object.object.to_string().as_bytes());
                        if !keeps {
                            record.cascade.entry(identity.clone()).or_default().extend(served.iter().cloned());
                        }
                        record.identities.entry(identity).or_default().extend(served);
                    }
                }
            }
        }
        record.contents =
            contents.into_iter().map(|(identity, hash)| (identity, format!("{:x}", hash.finalize()))).collect();
        record
    }
}

/// Where the workloads of a deployment are.
fn place_of(deployment: &Deployment) -> String {
    let namespace = deployment.namespace.as_deref().unwrap_or_default();
    match &deployment.content {
        Content::Path(_) => namespace.to_string(),
        Content::Chart(chart) => format!("{namespace}/{}", chart.release),
        Content::Objects(objects) => {
            let objects: Vec<_> = objects.iter().map(|object| json::object_ref(&ObjectRef::of(object))).collect();
            objects.join(" ")
        }
    }
}

/// The identity of a component in an engine.
fn identity(engine: &str, instance: Option<&str>, component: &str) -> String {
    match instance {
        Some(instance) => format!("{engine}/{instance}/component/{component}"),
        None => format!("{engine}/component/{component}"),
    }
}

/// The SHA-256 of `bytes`, as the lock writes it.
pub(super) fn hash(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

fn wrong(message: String) -> LockError {
    LockError { message, at: None, help: RESTORE }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn lock() -> Lock {
        let clusters = |names: &[&str]| names.iter().map(|name| (*name).to_string()).collect();
        Lock {
            fleet: "my-org".into(),
            files: [("argocd/root.yaml".into(), hash(b"a")), ("flux/hub/x.yaml".into(), hash(b"b"))].into(),
            record: Arc::new(Record {
                identities: [("argocd/component/web".into(), clusters(&["prod", "dev"]))].into(),
                protected: Some(clusters(&["prod"])),
                cascade: [("argocd/component/web".into(), clusters(&["dev"]))].into(),
                places: [("argocd/component/web".into(), [("web".into(), clusters(&["prod"]))].into())].into(),
                contents: [("argocd/component/web".into(), hash(b"c"))].into(),
            }),
        }
    }

    #[test]
    fn the_files_of_a_text_are_those_of_the_lock() {
        for files in [1, 2] {
            let lock = Lock { files: lock().files.into_iter().take(files).collect(), ..lock() };
            let found: BTreeMap<String, String> =
                files_of(&lock.text()).unwrap().into_iter().map(|(path, hash)| (path.into(), hash.into())).collect();
            assert_eq!(found, lock.files);
        }
        assert_eq!(files_of(&Lock::default().text()), None);
        assert_eq!(files_of("{}"), None);
    }

    #[test]
    fn the_text_has_one_line_an_entry_and_reads_back() {
        assert_eq!(
            lock().text(),
            r#"{
  "schema": "fleetc.lock/3",
  "digest": "DIGEST",
  "fleet": "my-org",
  "protected": ["prod"],
  "files": {
    "argocd/root.yaml": "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
    "flux/hub/x.yaml": "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d"
  },
  "identities": {
    "argocd/component/web": ["dev", "prod"]
  },
  "cascade": {
    "argocd/component/web": ["dev"]
  },
  "places": {
    "argocd/component/web": {"web": ["prod"]}
  },
  "contents": {
    "argocd/component/web": "2e7d2c03a9507ae265ecf5b5356885a53393a2029d241394997265a1a25aefc6"
  }
}
"#
            .replace("DIGEST", &lock().digest(VERSION))
        );
        assert_eq!(Lock::parse(&lock().text()).unwrap(), lock());
        let record = Record { protected: Some(BTreeSet::new()), ..Record::default() };
        let empty = Lock { record: Arc::new(record), ..Lock::default() };
        assert_eq!(Lock::parse(&empty.text()).unwrap(), empty);
        assert_eq!(Lock::parse(&lock().text().replace('\n', "\r\n")).unwrap(), lock());
    }

    #[test]
    fn a_lock_of_the_format_before_is_read_and_has_its_own_digest() {
        let record = Record { places: Places::new(), ..(*lock().record).clone() };
        let old = Lock { record: Arc::new(record), ..lock() };
        let text = old.text().replace("lock/3", "lock/2").replace("  \"places\": {},\n", "");
        let text = text.replace(&old.digest(VERSION), &old.digest(2));
        assert_eq!(Lock::parse(&text).unwrap(), old);
        assert!(Lock::parse(&text.replace("[\"dev\"]", "[]")).is_err());
    }

    #[test]
    fn a_lock_that_cannot_be_trusted_is_refused() {
        let good = lock().text();
        for (from, to, message) in [
            ("lock/3", "lock/4", "has the format `fleetc.lock/4`"),
            ("my-org", "my-firm", "is not as a build wrote it"),
            ("lock/3", "lock/2", "is not as a build wrote it"),
            ("lock/3", "lock/1", "is not as a build wrote it"),
            ("\"fleetc.lock/3\"", "3", "has no `schema`"),
            ("argocd/root.yaml", "../../etc/passwd", "owns a file that no build writes"),
            ("argocd/root.yaml", "/etc/passwd", "owns a file that no build writes"),
            ("3e23", "3E23", "has no SHA-256 for `flux/hub/x.yaml`"),
            ("[\"dev\", \"prod\"]", "\"dev\"", "lacks an entry"),
            ("{\"web\": [\"prod\"]}", "[\"prod\"]", "lacks an entry"),
            ("\"web\": [\"prod\"]", "", "is not as a build wrote it"),
            ("  \"files\"", "<<<<<<< HEAD\n  \"files\"", "holds Git's conflict markers"),
            ("  \"fleet\"", "  fleet", "is not JSON"),
        ] {
            let error = Lock::parse(&good.replace(from, to)).unwrap_err();
            assert!(error.message.starts_with(message), "{error:?}");
        }
        assert_eq!(Lock::parse(&good.replace("  \"fleet\"", "  fleet")).unwrap_err().at, Some((4, 3)));
    }
}
