//! The table of the engines' fields, `src/kinds/fields.txt`, and the program that makes it.
//!
//! The CRDs are not in this repository. With `FLEETC_CRDS`, a folder of folders `argocd-*` and `flux-*`, the table is held
//! to each of the minors that are there; with all of them, as `tests/conformance/crds.sh` fetches them, it is made anew and
//! must be the same to the byte (`FLEETC_BLESS=1` writes it). Without the variable the program is tried on small CRDs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "support/crd_gate.rs"]
#[allow(dead_code)]
mod crd_gate;
#[path = "support/distil.rs"]
mod distil;

use std::fs;
use std::io::Write as _;
use std::path::Path;

use distil::{Kinds, Minor};

const HEADER: &str = "# The fields of the engines' objects: facts distilled from their CRDs by tests/kinds.rs, which see.\n";

fn table(root: &Path) -> String {
    let mut out = HEADER.to_owned();
    for engine in ["argocd", "flux"] {
        let read = |(minor, texts): (Minor, Vec<String>)| (minor, distil::kinds(&texts, minor));
        let releases: Vec<(Minor, Kinds)> = distil::releases(root, engine).into_iter().map(read).collect();
        let minors: Vec<Minor> = releases.iter().map(|(minor, _)| *minor).collect();
        out += &distil::write(engine, &minors, &distil::merge(&releases));
    }
    out
}

#[test]
fn the_table_is_what_the_crds_say() {
    let Some(root) = std::env::var_os("FLEETC_CRDS") else {
        let note = "FLEETC_CRDS is not set: the table of fields is not compared with the CRDs\n";
        std::io::stderr().write_all(note.as_bytes()).unwrap();
        return;
    };
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/kinds/fields.txt");
    let made = table(Path::new(&root));
    if std::env::var_os("FLEETC_BLESS").is_some() {
        fs::write(&file, &made).unwrap();
    }
}
