//! Writes the ApplicationSets of random plans, with the Applications they are to become, for Go to expand.

use std::io::Write as _;

use fleetc::target::argocd;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::expand::with_plain_values;
use crate::property::{application_sets, random_plan};

/// `tests/conformance/argocd.sh` sets `FLEETC_ARGOCD_CORPUS`; without it there is nothing to do.
#[test]
fn the_corpus_is_written_where_it_is_asked_for() {
    let Some(path) = std::env::var_os("FLEETC_ARGOCD_CORPUS") else { return };
    let mut file = std::fs::File::create(path).unwrap();
    let mut runner = TestRunner::deterministic();
    for _ in 0..200 {
        let plan = random_plan().new_tree(&mut runner).unwrap().current();
        let applications = argocd::applications(&plan, plan.argocd.first().unwrap());
        let applications: Vec<Value> = applications.into_iter().map(with_plain_values).collect();
        writeln!(file, "{}", json!({ "sets": application_sets(&plan), "applications": applications })).unwrap();
    }
}
