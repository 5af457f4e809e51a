//! `fleetc adopt`, by the real program in real folders.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

#[path = "folder/fleet.rs"]
mod fleet;
mod folder;
#[path = "folder/program.rs"]
mod program;

use folder::Folder;

const SET: &str = "gitops/argocd/applicationsets/web.yaml";
const FLUX: &str = "gitops/flux/hub/clusters/a.yaml";

/// The small fleet, and hand-written files where two of its manifests go; `more` stands in the first.
fn with_files_in_the_way(more: &str) -> Folder {
    let folder = fleet::fleet();
    folder.write(SET, format!("apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{ name: web, namespace: argocd }}\n{more}"));
    folder.write(FLUX, "# nothing yet\n");
    folder
}

#[test]
fn what_is_in_the_way_is_listed_and_nothing_is_written() {
    let folder = with_files_in_the_way("");
    let before = folder.tree(".");
    folder
        .fleetc(&["adopt"])
        .ends_with(3)
        .stdout(&format!("{SET}\n{FLUX}\n"))
        .stderr_has("2 files that no build wrote are in the way");
    assert_eq!(folder.tree("."), before);
    // The paths lead there from where it was asked.
    let there = folder.fleetc(&["adopt"]).started_in(folder.path("apps"));
    there.ends_with(3).stdout(&format!("../{SET}\n../{FLUX}\n"));
    let folder = fleet::built();
    folder.fleetc(&["adopt"]).ends_with(0).stdout("").stderr_has("no file is in the way");
}

#[test]
fn only_what_is_named_is_taken_over() {
    let folder = with_files_in_the_way("");
    let before = folder.tree(".");
    let program = folder.fleetc(&["adopt", SET]).ends_with(1);
    let text = program.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("F0602") && text.contains(&format!("fleetc adopt {FLUX}`")), "{text}");
    assert!(!text.contains(SET), "{text}");
    assert_eq!(folder.tree("."), before);
    folder.fleetc(&["adopt", SET, "gitops/flux"]).ends_with(0).stderr_has("files written");
    assert_eq!(folder.tree("gitops"), fleet::built().tree("gitops"));
    folder.fleetc(&["build", "--check"]).ends_with(0);
}

#[test]
fn a_path_that_is_in_the_way_of_nothing_is_an_error() {
    let folder = with_files_in_the_way("");
    let before = folder.tree(".");
    for path in ["gitops/argocd/root.yaml", "apps/web.fleet", "nowhere"] {
        folder
            .fleetc(&["adopt", SET, FLUX, path])
            .ends_with(2)
            .stderr_has(&format!("`{path}` is in the way of nothing"));
    }
    assert_eq!(folder.tree("."), before);
}

#[test]
fn what_a_file_holds_and_the_build_does_not_is_no_ones_to_delete() {
    for (more, said) in [
        (
            "---\napiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: { name: old, namespace: argocd }\n",
            "takes Application `argocd/old` away",
        ),
        ("---\nkind: Kustomization\nresources: [extra.yaml]\n", "takes `extra.yaml`, which it lists, away"),
        (
            "spec: { generators: [{ list: { elements: [{ cluster: a }, { cluster: c }] } }] }\n",
            "takes the Application of `web` on `c` away",
        ),
        ("---\n&a b: *a\n", "cannot be read as YAML"),
    ] {
        let folder = with_files_in_the_way(more);
        let before = folder.tree(".");
        let program = folder.fleetc(&["adopt", "gitops"]).ends_with(1);
        let text = program.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains("F0604") && text.contains(said), "{said}: {}", program.stderr);
        assert_eq!(folder.tree("."), before, "{said}");
    }
    let kept = "spec: { generators: [{ list: { elements: [{ cluster: a }, { cluster: b }] } }] }\n";
    with_files_in_the_way(kept).fleetc(&["adopt", "gitops"]).ends_with(0);
}

#[test]
fn what_is_no_file_cannot_be_taken_over() {
    let folder = fleet::fleet();
    folder.write(&format!("{SET}/x"), "");
    folder.fleetc(&["adopt"]).ends_with(0).stdout("").stderr_has("a folder is in the way, and cannot be taken over");
    folder.fleetc(&["adopt", SET]).ends_with(2).stderr_has("is in the way of nothing");
}
