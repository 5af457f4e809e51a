#!/usr/bin/env bash
# Gives what fleetc writes to Argo CD's own packages: they expand the ApplicationSets, put the Applications into steps and
# judge them by their projects, their repo server reads the folders of the roots, their settings and Lua judge the health
# of Applications by the patch of `argocd-cm`, and the result must be the plan.
#
# Needs cargo, go and the Go module proxy. FLEETC_SEEDS says how many random fleets (500), FLEETC_PERMISSION_CASES how many
# random cases of what a project permits (200,000), which are compared with the engine's AppProject. Prints what each side found and
# `N passed, M failed`.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

corpus() {
    (cd "$here/../.." && cargo test --quiet --locked --test "$1" the_corpus_is_written_where_it_is_asked_for) \
        >"$work/cargo.log" 2>&1 || { cat "$work/cargo.log" >&2; exit 2; }
}
FLEETC_ARGOCD_CORPUS="$work/sets.jsonl" corpus argocd
FLEETC_FLEETS_CORPUS="$work/fleets.jsonl" corpus random_fleets
FLEETC_PERMISSION_CORPUS="$work/permission.jsonl" corpus permission
test -s "$work/sets.jsonl" && test -s "$work/fleets.jsonl" && test -s "$work/permission.jsonl" || { echo "the corpus was not written" >&2; exit 2; }

(cd "$here/argocd" && go build -o "$work/argocd" .)
status=0
cp "$work/fleets.jsonl" "$work/health.jsonl"
for kind in sets fleets health permission; do
    "$work/argocd" "$kind" "$work/$kind.jsonl" >"$work/$kind.log" || status=1
    cat "$work/$kind.log"
done
awk '/^(sets|fleets|health|permission): .* passed, .* failed$/ { passed += $2; failed += $4; sides++ }
    END { printf "%d passed, %d failed\n", passed, failed; exit !(sides == 4 && failed == 0) }' \
    "$work/sets.log" "$work/fleets.log" "$work/health.log" "$work/permission.log" || status=1
exit $status
