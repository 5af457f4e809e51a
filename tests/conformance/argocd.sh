#!/usr/bin/env bash
# Gives what fleetc writes to Argo CD's own packages: they expand the ApplicationSets, put the Applications into steps and
# judge them by their projects, read the Secrets of clusters, their repo server reads the folders of the roots, their settings and Lua judge the health
# of Applications by the patch of `argocd-cm`, and the result must be the plan.
#
# Needs cargo, go and the Go module proxy. FLEETC_SEEDS says how many random fleets (500), FLEETC_PERMISSION_CASES how many
# random cases of what a project permits (200,000), which are compared with the engine's AppProject, and
# FLEETC_PREDICTIONS_CASES how many of the steps, label selectors and names of ApplicationSets (200,000 each), which are
# compared with the engine's functions. FLEETC_ROLLOUTS_CASES says through how many random ApplicationSets (2,000) the
# engine's state machine takes a change, which is compared with the simulation. Prints what each side found and
# `N passed, M failed`.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Some of these fleets have thousands of label combinations, so the compiler is an optimised one, and its fleets are
# written on one core while the others keep the second busy.
(cd "$here/../.." && FLEETC_LABELS_CORPUS="$work/labels.jsonl" cargo test --quiet --locked --profile conformance \
    --test random_fleets the_corpus_of_labels_is_written_where_it_is_asked_for) >"$work/labels.cargo.log" 2>&1 &
labels=$!

corpus() {
    (cd "$here/../.." && cargo test --quiet --locked --test "$1" the_corpus_is_written_where_it_is_asked_for) \
        >"$work/cargo.log" 2>&1 || { cat "$work/cargo.log" >&2; exit 2; }
}
FLEETC_ARGOCD_CORPUS="$work/sets.jsonl" corpus argocd
FLEETC_FLEETS_CORPUS="$work/fleets.jsonl" corpus random_fleets
FLEETC_PERMISSION_CORPUS="$work/permission.jsonl" corpus permission
FLEETC_PROJECTS_CORPUS="$work/projects.jsonl" corpus windows
FLEETC_STEPS_CORPUS="$work/steps.jsonl" FLEETC_SELECTORS_CORPUS="$work/selectors.jsonl" \
    FLEETC_NAMES_CORPUS="$work/names.jsonl" corpus predictions
FLEETC_ROLLOUTS_CORPUS="$work/rollouts.jsonl" corpus simulate
FLEETC_REGISTRATION_CORPUS="$work/registration.jsonl" corpus registration
wait $labels || { cat "$work/labels.cargo.log" >&2; exit 2; }

cp "$work/fleets.jsonl" "$work/health.jsonl"
suites="sets fleets health permission projects steps selectors names rollouts labels registration"
for suite in $suites; do
    test -s "$work/$suite.jsonl" || { echo "the corpus of $suite was not written" >&2; exit 2; }
done

(cd "$here/argocd" && go build -o "$work/argocd" .)
status=0
for suite in $suites; do
    "$work/argocd" "$suite" "$work/$suite.jsonl" >"$work/$suite.log" || status=1
    cat "$work/$suite.log"
done
awk -v suites="$(echo "$suites" | wc -w)" '/^[a-z]+: .* passed, .* failed$/ { passed += $2; failed += $4; seen++ }
    END { printf "%d passed, %d failed\n", passed, failed; exit !(seen == suites && failed == 0) }' \
    "$work"/*.log || status=1
exit $status
