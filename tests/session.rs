//! What a process keeps that compiles again and again changes nothing but the time it takes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "support/pages.rs"]
mod pages;

use fleetc::analysis::{Compilation, Session, compile};
use fleetc::project::{MemoryFiles, Project};
use fleetc::source::SourceId;

fn project(files: &pages::Files) -> Project {
    let files = files.iter().fold(MemoryFiles::new(), |all, (path, text)| all.file(path, text.as_str()));
    files.into_project()
}

/// Everything that is said, and whether there is a plan.
fn said(compilation: &Compilation) -> String {
    let lines = compilation.diagnostics.iter().map(|found| format!("{found:?}\n"));
    format!("{}{}", lines.collect::<String>(), compilation.plan.is_some())
}

fn codes(compilation: &Compilation) -> Vec<&str> {
    compilation.diagnostics.iter().map(|found| found.code.id).collect()
}

const FLEET: &str = "fleet demo { source = config }\nargocd { version = \"3.5\" }\n\
                     source config { git = \"https://example.com/config\" }\n";
const CLUSTERS: &str = "label env: dev | prod\ncluster a { env = dev }\ncluster b { env = prod }\n";
const WEB: &str = "component web on env == prod { path = \"web\" }\n";

fn demo() -> (Project, Vec<SourceId>) {
    let files = [("clusters.fleet", CLUSTERS), ("fleet.fleet", FLEET), ("web.fleet", WEB)];
    let project = project(&files.map(|(path, text)| (path.to_owned(), text.to_owned())).to_vec());
    let ids = project.sources.iter().map(|(id, _)| id).collect();
    (project, ids)
}

/// Every wrong example, then the right one of the same code in the same session, and back: the texts differ, the numbers of
/// the files do not.
#[test]
fn a_session_says_what_a_new_compilation_says() {
    let mut session = Session::default();
    let right = pages::right_examples();
    for (code, files) in pages::wrong_examples() {
        let twin = right.iter().find(|(other, _)| other.id == code.id).map(|(_, files)| files.clone());
        for files in [Some(files.clone()), twin, Some(files)].into_iter().flatten() {
            let project = project(&files);
            assert_eq!(said(&session.compile(&project, &[])), said(&compile(&project, &[])), "{}", code.id);
        }
    }
}

#[test]
fn only_the_file_that_changed_is_read_again() {
    let (mut project, ids) = demo();
    let mut session = Session::default();
    session.compile(&project, &[]);
    assert_eq!(session.reads(), 3);
    session.look(&project);
    assert_eq!(session.reads(), 3);
    project.sources.replace(ids[2], WEB.replace("prod", "dev"));
    session.look(&project);
    assert_eq!(session.reads(), 4);
    let compilation = session.compile(&project, &[]);
    assert_eq!(session.reads(), 4);
    assert_eq!(&*compilation.plan.unwrap().deployments[0].cluster, "a");
}

#[test]
fn a_look_says_what_is_wrong_with_names_and_types() {
    let (mut project, ids) = demo();
    project.sources.replace(ids[2], WEB.replace("prod", "prood").replace("path = \"web\"", "path = 1"));
    let looked = Session::default().look(&project);
    assert_eq!(codes(&looked), codes(&compile(&project, &[])));
    assert!(looked.diagnostics.has_errors() && looked.plan.is_none());
}

#[test]
fn a_look_leaves_to_the_plan_what_only_a_plan_can_tell() {
    let (mut project, ids) = demo();
    project.sources.replace(ids[2], WEB.replace("path = \"web\"", "after = [web]"));
    assert!(compile(&project, &[]).diagnostics.has_errors());
    let looked = Session::default().look(&project);
    assert_eq!((codes(&looked), looked.plan.is_some()), (Vec::new(), false));
}

/// An allowance whose diagnostic only the plan brings is not called useless.
#[test]
fn a_look_does_not_judge_allowances() {
    let (mut project, ids) = demo();
    project.sources.replace(ids[2], format!("# fleetc: allow(F0505) reason=\"an old engine\"\n{WEB}"));
    let looked = Session::default().look(&project);
    assert_eq!(codes(&looked), Vec::<&str>::new());
}
