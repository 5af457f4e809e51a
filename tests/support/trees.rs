//! Two small output trees, one after the other, and a build as the command line does it.

use std::time::Duration;

use fleetc::output::{Permit, Place, Record, Trouble, Wanted, compare};
use fleetc::source::Sources;

pub fn wanted(files: &[(&str, &str)]) -> Wanted {
    let tree = files.iter().map(|(path, text)| ((*path).to_string(), (*text).to_string())).collect();
    let record = Record { fleet: "home".into(), ..Record::default() };
    Wanted { tree, record: record.into(), ..Wanted::default() }
}

/// Builds as the command line does.
pub fn build(place: Result<Place, Trouble>, wanted: &Wanted) -> Result<(), Trouble> {
    let place = place?;
    let held = place.hold(Duration::ZERO)?;
    let mut sources = Sources::default();
    let changes = compare(&place, wanted, &mut sources)?;
    let refusals = changes.refusals(&Permit::default(), &mut sources);
    if !refusals.is_empty() {
        return Err(Trouble::Refused(refusals));
    }
    changes.write(&held, &|| false)
}

pub const OLD: &[(&str, &str)] = &[
    ("argocd/applicationsets/shop.yaml", "old set\n"),
    ("argocd/applicationsets/gone.yaml", "gone set\n"),
    ("flux/hub/clusters/a.yaml", "old a\n"),
    ("flux/hub/clusters/b.yaml", "old b\n"),
    ("flux/hub/kustomization.yaml", "- clusters/a.yaml\n- clusters/b.yaml\n"),
    ("flux/releases/b/shop/release.yaml", "release\n"),
];
pub const NEW: &[(&str, &str)] = &[
    ("argocd/applicationsets/shop.yaml", "new set\n"),
    ("flux/hub/clusters/a.yaml", "new a\n"),
    ("flux/hub/clusters/c.yaml", "new c\n"),
    ("flux/hub/kustomization.yaml", "- clusters/a.yaml\n- clusters/c.yaml\n"),
    ("flux/releases/c/shop/release.yaml", "release\n"),
];
