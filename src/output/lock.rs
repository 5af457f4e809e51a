//! `fleet.lock`: which files the last build wrote, and what ran where.
//!
//! It is committed with the output, so it is the baseline that the next build is compared with. Its text is JSON with
//! sorted keys and one line an entry, so that a diff of it reads like a list of what changed.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use foldhash::HashMap;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::hash::Hash;
use super::names;
use super::record::{Clusters, Record};

/// The format that is written.
const SCHEMA: &str = "fleetc.lock/3";
/// Its number.
const VERSION: u8 = 3;
/// The format before, which does not know where workloads are.
const SCHEMA_2: &str = "fleetc.lock/2";
/// The one before that, which knows neither what is protected nor how something goes, and has no digest.
const SCHEMA_1: &str = "fleetc.lock/1";

/// The contents of a lock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    /// Every owned file, below the output folder, with the hash of its bytes.
    pub files: BTreeMap<String, Hash>,
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
///
/// Neither a hash nor the name of a cluster holds what JSON escapes, so they are not copied.
#[derive(Deserialize)]
struct Written<'t> {
    fleet: String,
    #[serde(borrow)]
    files: BTreeMap<String, &'t str>,
    #[serde(borrow)]
    identities: BTreeMap<String, Vec<&'t str>>,
    #[serde(borrow)]
    protected: Option<Vec<&'t str>>,
    #[serde(borrow)]
    cascade: Option<BTreeMap<String, Vec<&'t str>>>,
    #[serde(borrow)]
    places: Option<BTreeMap<String, BTreeMap<String, Vec<&'t str>>>>,
    #[serde(borrow)]
    contents: Option<BTreeMap<String, &'t str>>,
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
        let lock = Self::of(written.map_err(|_| lacking())?, version)?;
        // The first format had no digest. One that has is a lock of today whose `schema` somebody lowered, which would do
        // away with the digest and with what is protected.
        let sound = match version {
            1 => head.digest.is_none(),
            _ => head.digest.as_ref().and_then(Value::as_str) == Some(&*lock.digest(version).to_string()),
        };
        if !sound {
            let help = "restore it from Git; after a merge, take either side and build again with `--overwrite-edits`";
            return Err(LockError { message: "is not as a build wrote it".into(), at: None, help });
        }
        Ok(lock)
    }

    fn of(written: Written, version: u8) -> Result<Self, LockError> {
        let mut names = Names::default();
        let (since_2, since_3) = (version > 1, version > 2);
        let cascade = required(written.cascade, since_2)?;
        let contents = required(written.contents, since_2)?;
        let places = required(written.places, since_3)?.into_iter();
        let record = Record {
            fleet: written.fleet,
            identities: names.lists(written.identities),
            protected: required(written.protected, since_2)?.map(|protected| names.list(protected)),
            cascade: names.lists(cascade.unwrap_or_default()),
            places: places.flatten().map(|(identity, places)| (identity, names.lists(places))).collect(),
            contents: hashes(contents.unwrap_or_default())?,
        };
        for path in written.files.keys() {
            names::check_path(path).map_err(|reason| wrong(format!("owns a file that no build writes: {reason}")))?;
        }
        Ok(Self { files: hashes(written.files)?, record: Arc::new(record) })
    }

    /// The text of the lock.
    pub fn text(&self) -> String {
        let digest = self.digest(VERSION);
        let mut text = Vec::with_capacity(self.room());
        text.extend(format!("{{\n  \"schema\": \"{SCHEMA}\",\n  \"digest\": \"{digest}\",\n").bytes());
        let mut text = self.entries(VERSION, text);
        text.extend(b"}\n");
        // JSON is UTF-8.
        String::from_utf8(text).unwrap_or_default()
    }

    /// The hash of all entries. So two branches that both changed what is built collide when they are merged, and the
    /// merge is built anew.
    fn digest(&self, version: u8) -> Hash {
        self.entries(version, Sha256::new()).into()
    }

    /// Writes the entries, as the format of this version has them.
    fn entries<W: Write>(&self, version: u8, to: W) -> W {
        let record = &self.record;
        let mut text = Entries { to, any: false };
        text.key("fleet", |text| text.quote(&record.fleet));
        text.key("protected", |text| text.list(record.protected.iter().flatten()));
        text.block("files", &self.files, |text, hash| text.quote(&hash.to_string()));
        text.block("identities", &record.identities, |text, names| text.list(names));
        text.block("cascade", &record.cascade, |text, names| text.list(names));
        if version > 2 {
            text.block("places", &record.places, |text, places| {
                text.between(("{", "}"), places, |text, (place, names)| {
                    text.quote(place);
                    text.put(b": ");
                    text.list(names);
                });
            });
        }
        text.block("contents", &record.contents, |text, hash| text.quote(&hash.to_string()));
        text.put(b"\n");
        text.to
    }

    /// About how many bytes its text has: of a large fleet it is megabytes, and growing by halves would take them twice.
    fn room(&self) -> usize {
        let record = &self.record;
        let list = |names: &Clusters| names.iter().map(|name| name.len() + 4).sum::<usize>();
        let lists = |all: &BTreeMap<String, Clusters>| {
            all.iter().map(|(key, names)| key.len() + 12 + list(names)).sum::<usize>()
        };
        let hashes = |all: &BTreeMap<String, Hash>| all.keys().map(|key| key.len() + 76).sum::<usize>();
        let places = record.places.iter().map(|(key, places)| key.len() + 12 + lists(places)).sum::<usize>();
        let protected = record.protected.as_ref().map_or(0, list);
        let lists = lists(&record.identities) + lists(&record.cascade);
        400 + record.fleet.len() + protected + lists + places + hashes(&self.files) + hashes(&record.contents)
    }
}

/// An entry of a lock whose format has it, or one that is not read.
fn required<T>(entry: Option<T>, has_it: bool) -> Result<Option<T>, LockError> {
    match entry.filter(|_| has_it) {
        None if has_it => Err(lacking()),
        entry => Ok(entry),
    }
}

fn hashes(written: BTreeMap<String, &str>) -> Result<BTreeMap<String, Hash>, LockError> {
    let hash = |(name, text): (String, &str)| match Hash::parse(text) {
        Some(hash) => Ok((name, hash)),
        None => Err(wrong(format!("has no SHA-256 for `{name}`"))),
    };
    written.into_iter().map(hash).collect()
}

/// The names of clusters. Each is held once, however often a lock has it.
#[derive(Default)]
struct Names<'t>(HashMap<&'t str, Arc<str>>);

impl<'t> Names<'t> {
    fn list(&mut self, names: Vec<&'t str>) -> Clusters {
        names.into_iter().map(|name| Arc::clone(self.0.entry(name).or_insert_with(|| name.into()))).collect()
    }

    fn lists(&mut self, lists: BTreeMap<String, Vec<&'t str>>) -> BTreeMap<String, Clusters> {
        lists.into_iter().map(|(key, names)| (key, self.list(names))).collect()
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

/// What writes the text of entries: JSON with a line for each.
struct Entries<W> {
    to: W,
    /// Whether there is one.
    any: bool,
}

impl<W: Write> Entries<W> {
    fn put(&mut self, bytes: &[u8]) {
        // What is written to, memory or a hash, cannot fail.
        _ = self.to.write_all(bytes);
    }

    fn quote(&mut self, text: &str) {
        // As above.
        _ = serde_json::to_writer(&mut self.to, text);
    }

    fn list<'a>(&mut self, names: impl IntoIterator<Item = &'a Arc<str>>) {
        self.between(("[", "]"), names, |text, name| text.quote(name));
    }

    fn between<T>(
        &mut self,
        (open, close): (&str, &str),
        items: impl IntoIterator<Item = T>,
        one: impl Fn(&mut Self, T),
    ) {
        self.put(open.as_bytes());
        for (place, item) in items.into_iter().enumerate() {
            if place > 0 {
                self.put(b", ");
            }
            one(self, item);
        }
        self.put(close.as_bytes());
    }

    /// An entry of the lock, on its own line.
    fn key(&mut self, name: &str, value: impl FnOnce(&mut Self)) {
        self.put(if self.any { b",\n  " } else { b"  " });
        self.any = true;
        self.quote(name);
        self.put(b": ");
        value(self);
    }

    /// An entry with a line for each of the keys in it.
    fn block<T>(&mut self, name: &str, entries: &BTreeMap<String, T>, value: impl Fn(&mut Self, &T)) {
        self.key(name, |text| {
            text.put(b"{");
            for (place, (key, entry)) in entries.iter().enumerate() {
                text.put(if place == 0 { b"\n    " } else { b",\n    " });
                text.quote(key);
                text.put(b": ");
                value(text, entry);
            }
            text.put(if entries.is_empty() { b"}" } else { b"\n  }" });
        });
    }
}

fn lacking() -> LockError {
    wrong("lacks an entry, or has one of the wrong type".into())
}

fn wrong(message: String) -> LockError {
    LockError { message, at: None, help: RESTORE }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn lock() -> Lock {
        let clusters = |names: &[&str]| names.iter().map(|name| Arc::from(*name)).collect();
        Lock {
            files: [("argocd/root.yaml".into(), Hash::of(b"a")), ("flux/hub/x.yaml".into(), Hash::of(b"b"))].into(),
            record: Arc::new(Record {
                fleet: "my-org".into(),
                identities: [("argocd/component/web".into(), clusters(&["prod", "dev"]))].into(),
                protected: Some(clusters(&["prod"])),
                cascade: [("argocd/component/web".into(), clusters(&["dev"]))].into(),
                places: [("argocd/component/web".into(), [("web".into(), clusters(&["prod"]))].into())].into(),
                contents: [("argocd/component/web".into(), Hash::of(b"c"))].into(),
            }),
        }
    }

    #[test]
    fn the_files_of_a_text_are_those_of_the_lock() {
        for files in [1, 2] {
            let lock = Lock { files: lock().files.into_iter().take(files).collect(), ..lock() };
            let text = lock.text();
            let found = files_of(&text).unwrap().into_iter();
            let found: BTreeMap<String, Hash> =
                found.map(|(path, hash)| (path.into(), Hash::parse(hash).unwrap())).collect();
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
            .replace("DIGEST", &lock().digest(VERSION).to_string())
        );
        assert_eq!(Lock::parse(&lock().text()).unwrap(), lock());
        let record = Record { protected: Some(Clusters::new()), ..Record::default() };
        let empty = Lock { record: Arc::new(record), ..Lock::default() };
        assert_eq!(Lock::parse(&empty.text()).unwrap(), empty);
        assert_eq!(Lock::parse(&lock().text().replace('\n', "\r\n")).unwrap(), lock());
    }

    #[test]
    fn a_lock_of_the_format_before_is_read_and_has_its_own_digest() {
        let record = Record { places: BTreeMap::new(), ..(*lock().record).clone() };
        let old = Lock { record: Arc::new(record), ..lock() };
        let text = old.text().replace("lock/3", "lock/2").replace("  \"places\": {},\n", "");
        let text = text.replace(&old.digest(VERSION).to_string(), &old.digest(2).to_string());
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
