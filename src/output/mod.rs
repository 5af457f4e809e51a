//! The output folder: what it holds, what a build would change there, and the change itself.
//!
//! Takes the generated files and the project's root, gives [`Changes`], which can be shown, refused or written. Only
//! this room and `project` touch the disk. Knows nothing of the language and nothing of what the files say.
//!
//! Invariant (`tests/output.rs`): a file that the lock does not own, or that was edited since, is neither overwritten
//! nor deleted unless that was asked for.

mod baseline;
mod compare;
mod diff;
mod disk;
mod hash;
mod journal;
mod left;
mod lock;
mod names;
mod pieces;
mod place;
mod record;
mod walk;
mod write;

use std::fmt;
use std::io;

pub use baseline::{Committed, CommittedObject, built, committed, committed_lock, committed_object};
pub use compare::{Change, Changes, Kind, Permit, Wanted, compare};
pub use diff::{PATIENCE as DIFF_PATIENCE, coloured, unified, unified_texts};
pub use disk::{Disk, Folder, Found, Hold, OpenFolder};
pub use hash::Hash;
pub use left::Left;
pub use lock::{Lock, LockError};
pub use place::{Held, Place};
pub use record::{Clusters, Identities, Places, Record};

use crate::diag::Diagnostics;
use crate::project::reason;

/// How long a build waits for another one.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

/// The name of the lock file in the output folder.
pub const LOCK: &str = "fleet.lock";

/// Why the output folder cannot be compared or written.
#[derive(Debug)]
pub enum Trouble {
    /// The folder, or a file in it, cannot be used; the text says why.
    Unusable(String),
    /// The lock speaks against it.
    Refused(Diagnostics),
    /// Somebody asked to stop; nothing was changed.
    Interrupted,
    /// The disk says no.
    Io {
        /// What was tried: `open`, `lock`, `read`, `write`, `remove`.
        action: &'static str,
        /// On which path.
        path: String,
        /// What it says.
        error: io::Error,
    },
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unusable(text) => f.write_str(text),
            Self::Refused(_) => f.write_str("the output folder holds something that would be lost"),
            Self::Interrupted => f.write_str("interrupted; nothing was changed"),
            Self::Io { action, path, error } => write!(f, "cannot {action} `{path}`: {}", reason(error)),
        }
    }
}

impl std::error::Error for Trouble {}
