//! A small fleet for both engines.

#![allow(dead_code)]

use crate::folder::Folder;

pub const FLEET: &str = r#"fleet home {
  source = config
  migrating = true
}
argocd { }
flux { }
source config { git = "https://example.com/config", branch = "main" }
cluster a { }
cluster b { }
"#;

pub const WEB: &str = r#"component web on all { path = "web", namespace = web }
"#;

pub const API: &str = r#"component api on all { path = "api", namespace = api }
"#;

/// A component that runs nowhere: a warning.
pub const IDLE: &str = r#"component idle { path = "idle", namespace = idle }
"#;

/// A declaration with a typo: an error.
pub const WRONG: &str = "clsuter c { }\n";

/// The fleet above with one component, in two files.
pub fn fleet() -> Folder {
    Folder::with(&[("main.fleet", FLEET), ("apps/web.fleet", WEB)])
}

/// The same, built.
pub fn built() -> Folder {
    let folder = fleet();
    folder.fleetc(&["build"]).ends_with(0);
    folder
}
