//! `fleet.lock`: which files the last build wrote, and what ran where.
//!
//! It is committed with the output, so it is the baseline that the next build is compared with. Its text is JSON with
//! sorted keys and one line an entry, so that a diff of it reads like a list of what changed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::names;
use crate::plan::Plan;
use crate::target::Engines;

/// The format, and the only one that is read.
const SCHEMA: &str = "fleetc.lock/1";

/// `<engine>/component/<name>` with the clusters it runs on.
pub type Identities = BTreeMap<String, BTreeSet<String>>;

/// The contents of a lock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    /// The fleet's name.
    pub fleet: String,
    /// Every owned file, below the output folder, with the SHA-256 of its bytes in hexadecimal as `sha256sum` prints it.
    pub files: BTreeMap<String, String>,
    /// What runs where.
    pub identities: Identities,
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
        let value: Value = serde_json::from_str(text).map_err(|error| LockError {
            message: "is not JSON".into(),
            at: Some((error.line(), error.column())),
            help: RESTORE,
        })?;
        match value.get("schema").and_then(Value::as_str) {
            Some(SCHEMA) => {}
            Some(other) if other.starts_with("fleetc.lock/") => {
                let message = format!("has the format `{other}`, and this fleetc reads `{SCHEMA}`");
                let help = "build with the version of fleetc that wrote it, or a newer one";
                return Err(LockError { message, at: None, help });
            }
            _ => return Err(wrong(format!("has no `schema` of `{SCHEMA}`"))),
        }
        Self::of(&value)
            .ok_or_else(|| wrong("lacks an entry, or has one of the wrong type".into()))
            .and_then(Self::checked)
    }

    fn of(value: &Value) -> Option<Self> {
        let mut lock = Self { fleet: value.get("fleet")?.as_str()?.to_string(), ..Self::default() };
        for (path, hash) in value.get("files")?.as_object()? {
            lock.files.insert(path.clone(), hash.as_str()?.to_string());
        }
        for (identity, clusters) in value.get("identities")?.as_object()? {
            let names = clusters.as_array()?.iter().map(|name| Some(name.as_str()?.to_string()));
            lock.identities.insert(identity.clone(), names.collect::<Option<_>>()?);
        }
        Some(lock)
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
        let mut text = String::new();
        _ = write!(text, "{{\n  \"schema\": {},\n  \"fleet\": {},\n", quote(SCHEMA), quote(&self.fleet));
        let files: Vec<_> =
            self.files.iter().map(|(path, hash)| format!("    {}: {}", quote(path), quote(hash))).collect();
        let identities: Vec<_> = self
            .identities
            .iter()
            .map(|(identity, clusters)| {
                let clusters: Vec<_> = clusters.iter().map(|cluster| quote(cluster)).collect();
                format!("    {}: [{}]", quote(identity), clusters.join(", "))
            })
            .collect();
        _ = write!(text, "  \"files\": {},\n  \"identities\": {}\n}}\n", block(&files), block(&identities));
        text
    }
}

/// The identities of `plan` for `engines`.
pub fn identities(plan: &Plan, engines: &Engines) -> Identities {
    let mut identities = Identities::new();
    let argocd: Vec<_> = plan.argocd.iter().filter(|_| engines.argocd).map(|settings| &settings.instance).collect();
    let flux: Vec<_> = plan.flux.iter().filter(|_| engines.flux).map(|settings| &settings.instance).collect();
    for (engine, instances) in [("argocd", argocd), ("flux", flux)] {
        let serves = |cluster: &str| instances.iter().any(|instance| instance.serves(cluster));
        for deployment in plan.deployments.iter().filter(|deployment| serves(&deployment.cluster)) {
            let identity = format!("{engine}/component/{}", deployment.component);
            identities.entry(identity).or_default().insert(deployment.cluster.to_string());
        }
    }
    identities
}

/// The SHA-256 of `bytes`, as the lock writes it.
pub(super) fn hash(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

fn wrong(message: String) -> LockError {
    LockError { message, at: None, help: RESTORE }
}

fn quote(text: &str) -> String {
    Value::from(text).to_string()
}

fn block(lines: &[String]) -> String {
    if lines.is_empty() { "{}".to_string() } else { format!("{{\n{}\n  }}", lines.join(",\n")) }
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
            identities: [("argocd/component/web".into(), clusters(&["prod", "dev"]))].into(),
        }
    }

    #[test]
    fn the_text_has_one_line_an_entry_and_reads_back() {
        assert_eq!(
            lock().text(),
            r#"{
  "schema": "fleetc.lock/1",
  "fleet": "my-org",
  "files": {
    "argocd/root.yaml": "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
    "flux/hub/x.yaml": "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d"
  },
  "identities": {
    "argocd/component/web": ["dev", "prod"]
  }
}
"#
        );
        assert_eq!(Lock::parse(&lock().text()).unwrap(), lock());
        assert_eq!(Lock::parse(&Lock::default().text()).unwrap(), Lock::default());
        assert_eq!(Lock::parse(&lock().text().replace('\n', "\r\n")).unwrap(), lock());
    }

    #[test]
    fn a_lock_that_cannot_be_trusted_is_refused() {
        let good = lock().text();
        for (from, to, message) in [
            ("lock/1", "lock/2", "has the format `fleetc.lock/2`"),
            ("\"fleetc.lock/1\"", "3", "has no `schema`"),
            ("argocd/root.yaml", "../../etc/passwd", "owns a file that no build writes"),
            ("argocd/root.yaml", "/etc/passwd", "owns a file that no build writes"),
            ("3e23", "3E23", "has no SHA-256 for `flux/hub/x.yaml`"),
            ("[\"dev\", \"prod\"]", "\"dev\"", "lacks an entry"),
            ("  \"files\"", "<<<<<<< HEAD\n  \"files\"", "holds Git's conflict markers"),
            ("  \"fleet\"", "  fleet", "is not JSON"),
        ] {
            let error = Lock::parse(&good.replace(from, to)).unwrap_err();
            assert!(error.message.starts_with(message), "{error:?}");
        }
        assert_eq!(Lock::parse(&good.replace("  \"fleet\"", "  fleet")).unwrap_err().at, Some((3, 3)));
    }
}
